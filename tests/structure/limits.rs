//! Limits that types must not claim: what vanishes with `lr` may be divided by something that vanishes too, and primed names
//! are held fixed by derivatives.

use nat::core::class::Class;
use nat::structure::prove::{Proof, prove};

use crate::lab::Lab;
use crate::support;

/// Steps, with classes along which the defect is not of second order.
const STEPS: &[(&str, &[Class])] = &[
    ("step(lr) { params' = params - lr * ((lr * grad(loss)) / lr) }", &[Class::Linear, Class::Diagonal]),
    ("step(lr) { params' = params - lr * sign(lr * d(loss)) }", &[Class::Linear, Class::Orthogonal, Class::Diffeo]),
    ("step(lr) { params' = params - sqrt(lr) * (sqrt(lr) * grad(loss)) }", &[Class::Linear]),
    ("step(lr) { params' = params - lr * lr * (sum(i in 0..1: 1 / lr)) * grad(loss) }", &[Class::Linear]),
    ("step(lr) { params' = params - lr * (lr * (1 / lr) * grad(loss)) }", &[Class::Linear]),
    ("step(lr) { params' = params - lr * solve(lr * eye(dim), lr * grad(loss)) }", &[Class::Linear]),
    ("step(lr) { params' = params - lr * pinv(lr * metric) * (lr * params) }", &[Class::Affine, Class::Diffeo]),
    ("step(lr) { params' = params - lr * polar(lr * d(loss)) }", &[Class::Linear]),
    ("step(lr) { params' = params - lr * (lr * d(loss)) ./ (lr * abs(d(loss))) }", &[Class::Linear]),
    ("step(lr) { params' = params - lr * lr^2 * lr^(-2) * grad(loss) }", &[Class::Linear]),
    (
        "state v : tangent step(lr) { v' = natgrad(loss) + lr * v  params' = params - lr * natgrad(dot(v', d(loss))) }",
        &[Class::Diffeo],
    ),
    (
        "state m : metric state v : tangent
         step(lr) { m' = metric + lr * m  v' = v  params' = params - lr * (natgrad(loss) + christoffel(m', v, v)) }",
        &[Class::Diffeo],
    ),
];

#[test]
fn what_vanishes_with_the_rate_may_not_vanish_after_division() {
    let names: Vec<String> = (0..STEPS.len()).map(|i| format!("S{i}")).collect();
    let text: String = STEPS.iter().zip(&names).map(|((s, _), n)| format!("optimizer {n} {{ {s} }}\n")).collect();
    let lab = Lab::new(&text, &names);
    for ((step, classes), name) in STEPS.iter().zip(&names) {
        for &class in *classes {
            assert_eq!(prove(&lab.body(name), class), Proof::Open, "{step} along {class}");
        }
    }
}

/// Limits that are seen through denominators and inverses which stay away from zero.
#[test]
fn implicit_steps_keep_their_limits() {
    let text = "\
optimizer A { step(lr) { params' = params - lr * natgrad(loss) / (1 + lr) } }
optimizer B { step(lr) { params' = params - lr * solve(metric + lr * covhess(loss), d(loss)) } }
";
    let names = ["A", "B"].map(ToOwned::to_owned);
    let lab = Lab::new(text, &names);
    for name in &names {
        assert_eq!(prove(&lab.body(name), Class::Diffeo), Proof::InLimit, "{name}");
    }
}

/// Squares that laws a little too generous would prove.
#[test]
fn what_was_once_proved_wrongly() {
    let mut differences = Vec::new();
    for path in support::files(&support::corpus("structure/refuted")) {
        let name = support::short(&path);
        let found = support::mismatches(&name, &support::read(&path));
        differences.extend(found.into_iter().map(|(line, d)| format!("{name}:{line}: {d}")));
    }
    support::conclude(&differences);
}
