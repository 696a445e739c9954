//! Every row of the table of rules against numbers: random expressions get laws by types, and the square that says so is
//! looked at on three architectures.
//!
//! An expression with a law is brought to the law of some state, by multiplying with powers of `abs(d(loss))` and signs,
//! which the class keeps, or with the metric; then it is the derivative of that state, and the point rests. The number of
//! expressions is `NAT_SOUNDNESS` times the usual one, if that is set.

use std::collections::BTreeMap;

use nat::core::class::Class;
use nat::domain::Rational;
use nat::structure::body::{Body, Id, Op};
use nat::structure::law::{Axis, Form, Law};
use nat::structure::prove::{Proof, prove};
use nat::structure::rules::Typer;
use rayon::prelude::*;

use crate::expressions::{Random, Sort, expression, states};
use crate::lab::{Lab, NETS, Seen, with_stack};
use crate::support::conclude;

/// How many times the usual number of cases is wanted.
pub fn effort() -> usize {
    std::env::var("NAT_SOUNDNESS").ok().and_then(|v| v.parse().ok()).unwrap_or(1)
}

/// Along affine maps types read through translations and linear maps.
const CLASSES: [Class; 9] = [
    Class::Translation,
    Class::Scaling,
    Class::Diagonal,
    Class::Permutation,
    Class::SignedPermutation,
    Class::Orthogonal,
    Class::Linear,
    Class::Diffeo,
    Class::Biorthogonal,
];

const HEAD: &str = "(h : R where h > 0, free : R)";

/// An optimizer in which an expression is the derivative of a state of some variance.
fn optimizer(name: &str, sort: Sort, variance: &str, e: &str) -> String {
    let (declared, used) = states(&[e], &[("z", variance)]);
    let zeros: String = used.iter().map(|s| format!("d/dt {s} = 0 * {s} ")).collect();
    let zero = |s: &str| if s == "n" { "d/dt n = 0 ".to_owned() } else { String::new() };
    let zeros = if used.contains(&"n") { zeros.replace("d/dt n = 0 * n ", &zero("n")) } else { zeros };
    let rule = match sort {
        Sort::Scalar | Sort::Vector | Sort::Matrix => format!("d/dt z = {e}"),
        _ => format!("each W in params {{ d/dt z[W] = {e} }}"),
    };
    format!("optimizer {name}{HEAD} {{ {declared}flow {{ d/dt params = zeros(dim)  {zeros} {rule} }} }}\n")
}

/// The variance with which an expression is first read: only its kind matters.
fn first_variance(sort: Sort) -> &'static str {
    match sort {
        Sort::Scalar => "R",
        Sort::Vector | Sort::Block => "tangent",
        Sort::Matrix => "metric",
        Sort::Left => "left",
        Sort::Right => "right",
    }
}

fn state_component(body: &Body) -> Id {
    let i = body.states.iter().position(|s| s.name == "z").expect("the state");
    body.components[i + 1]
}

fn times(e: &str, factor: &str, exponent: &Rational) -> String {
    if exponent.is_zero() { e.to_owned() } else { format!("({e}) .* {factor}^({exponent})") }
}

/// The variance of a state, and the expression brought to its law; `None` if it is zero or there is no such state.
fn brought(class: Class, law: &Law, sort: Sort, e: &str) -> Option<(&'static str, String)> {
    let minus = |w: &Rational, k: i32| w - Rational::from(k);
    let block = matches!(sort, Sort::Block);
    let d = if matches!(sort, Sort::Block | Sort::Left | Sort::Right) { "d(loss, W)" } else { "d(loss)" };
    let length = format!("norm({d})");
    let entries = format!("abs({d})");
    if !law.twist.is_empty() {
        return None;
    }
    Some(match (class, &law.form) {
        (_, Form::Zero | Form::Point | Form::Fixed) => return None,
        (Class::Translation, Form::Shift(k)) if block => ("tangent", format!("{e} - ({k}) * W")),
        (Class::Translation, Form::Shift(k)) => ("tangent", format!("{e} - ({k}) * params")),
        (Class::Translation, _) => (first_variance(sort), e.to_owned()),
        (Class::Scaling, form) => match (sort, form) {
            (Sort::Scalar, _) => ("R", times(e, &length, &law.weight)),
            (Sort::Vector | Sort::Block, _) => ("tangent", times(e, &length, &minus(&law.weight, 1))),
            (Sort::Matrix, _) => ("metric", times(e, &length, &minus(&law.weight, -2))),
            (Sort::Left, _) => ("left", times(e, &length, &minus(&law.weight, -2))),
            (Sort::Right, _) => ("right", times(e, &length, &minus(&law.weight, -2))),
        },
        (_, Form::Scalar) => ("R", e.to_owned()),
        (Class::Diagonal, Form::Vector(x) | Form::Block(x)) => ("tangent", times(e, &entries, &minus(&x.weight, 1))),
        (Class::Diagonal, Form::Diagonal(x)) => {
            ("diagonal", times(&format!("diagonal({e})"), &entries, &minus(&x.weight, -2)))
        }
        (Class::Diagonal, Form::Matrix(x, y)) => {
            let power = |a: &Axis| format!("{entries}^({})", minus(&a.weight, -1));
            ("metric", format!("({e}) .* outer({}, {})", power(x), power(y)))
        }
        (Class::SignedPermutation, Form::Vector(x) | Form::Block(x)) => {
            ("tangent", if x.odd { e.to_owned() } else { format!("({e}) .* sign({d})") })
        }
        (Class::SignedPermutation, Form::Diagonal(x)) => {
            let entries = format!("diagonal({e})");
            ("tangent", if x.odd { entries } else { format!("({entries}) .* sign({d})") })
        }
        (Class::SignedPermutation, Form::Matrix(x, y)) => {
            let sign = |a: &Axis| if a.odd { "ones(dim)" } else { "sign(d(loss))" };
            ("cometric", format!("({e}) .* outer({}, {})", sign(x), sign(y)))
        }
        (Class::Linear | Class::Diffeo, Form::Vector(x)) => {
            (if x.weight.is_one() { "tangent" } else { "cotangent" }, e.to_owned())
        }
        (Class::Linear | Class::Diffeo, Form::Endomorphism) => ("metric", format!("metric * ({e})")),
        (Class::Linear | Class::Diffeo, Form::Matrix(x, y)) => match (x.weight.is_one(), y.weight.is_one()) {
            (true, true) => ("cometric", e.to_owned()),
            (false, false) => ("metric", e.to_owned()),
            (true, false) => ("metric", format!("metric * ({e})")),
            (false, true) => ("metric", format!("({e}) * metric")),
        },
        _ => (first_variance(sort), e.to_owned()),
    })
}

/// The primitives below a node.
fn primitives(body: &Body, id: Id, found: &mut Vec<String>) {
    let name = match &body.node(id).op {
        Op::State(i) => format!("state {}", body.states[*i].variance.word()),
        op => format!("{op:?}").split('(').next().unwrap_or_default().to_owned(),
    };
    if !found.contains(&name) {
        found.push(name);
    }
    for &a in &body.node(id).args {
        primitives(body, a, found);
    }
}

/// The sorts that expressions are drawn from.
const SORTS: [Sort; 9] = [
    Sort::Scalar,
    Sort::Vector,
    Sort::Vector,
    Sort::Vector,
    Sort::Matrix,
    Sort::Matrix,
    Sort::Block,
    Sort::Block,
    Sort::Left,
];

type Counts = BTreeMap<(Class, String), usize>;

/// One round: draws expressions, and tests those that hold primitives not yet seen often enough along a class.
fn round(seed: u64, drawn: usize, enough: usize, counts: &mut Counts) -> Vec<String> {
    let mut r = Random::new(seed);
    let mut sorts = Vec::with_capacity(drawn);
    let mut text = String::new();
    for i in 0..drawn {
        let sort = if r.below(12) == 0 { Sort::Right } else { SORTS[r.below(SORTS.len())] };
        let depth = 1 + r.below(3);
        let e = expression(&mut r, sort, depth, matches!(sort, Sort::Block | Sort::Left | Sort::Right));
        text.push_str(&optimizer(&format!("E{i}"), sort, first_variance(sort), &e));
        sorts.push((sort, e));
    }
    let names: Vec<String> = (0..drawn).map(|i| format!("E{i}")).collect();
    let first = Lab::new(&text, &[]);
    let mut wanted: Vec<(String, Class)> = Vec::new();
    let mut text = String::new();
    for (name, (sort, e)) in names.iter().zip(&sorts) {
        let body = first.body(name);
        let at = state_component(&body);
        let mut found = Vec::new();
        primitives(&body, at, &mut found);
        for class in CLASSES {
            let Ok(law) = Typer::new(&body, class, Rational::ZERO).law(at) else { continue };
            // The block of a state, or a whole one, is no longer told apart.
            let law = match law.form.clone() {
                Form::Vector(x) if *sort == Sort::Block => law.with(Form::Block(x)),
                _ => law,
            };
            let Some((variance, e)) = brought(class, &law, *sort, e) else { continue };
            let few = |p: &String| counts.get(&(class, p.clone())).copied().unwrap_or(0) < enough;
            if !found.iter().any(few) {
                continue;
            }
            let tested = format!("{name}{}", class.word());
            let target =
                if variance == "diagonal" || *sort != Sort::Matrix || variance == "R" { *sort } else { Sort::Matrix };
            text.push_str(&optimizer(&tested, target, variance, &e));
            wanted.push((tested, class));
            for p in &found {
                *counts.entry((class, p.clone())).or_default() += 1;
            }
        }
    }
    let all: Vec<String> = wanted.iter().map(|(n, _)| n.clone()).collect();
    let lab = Lab::new(&text, &all);
    let results: Vec<(usize, Vec<String>, Class, Vec<String>)> = wanted
        .par_iter()
        .map(|(name, class)| {
            let body = lab.body(name);
            let mut found = Vec::new();
            primitives(&body, state_component(&body), &mut found);
            let proof = prove(&body, *class);
            let mut bad = Vec::new();
            let mut seen = 0;
            if proof == Proof::Commutes {
                for net in NETS {
                    match lab.test(name, net, *class, &proof) {
                        Seen::Agrees => seen += 1,
                        Seen::Nothing => {}
                        Seen::Refuted(why) => bad.push(format!("along {class} on {net}: {why}\n{}", lab.source(name))),
                    }
                }
            }
            (seen, bad, *class, found)
        })
        .collect();
    let mut bad = Vec::new();
    for (seen, differences, class, found) in results {
        bad.extend(differences);
        // What numbers have not seen does not count.
        if seen == 0 {
            for p in found {
                if let Some(n) = counts.get_mut(&(class, p)) {
                    *n = n.saturating_sub(1);
                }
            }
        }
    }
    bad
}

/// The primitives that must have been seen in numbers with a law along each of some classes.
fn must_be_seen() -> Vec<(Class, &'static str)> {
    use Class::{
        Biorthogonal, Diagonal, Diffeo, Linear, Orthogonal, Permutation, Scaling, SignedPermutation, Translation,
    };
    let all = &CLASSES[..];
    let tensors: [&[Class]; 2] = [all, &[Translation, Scaling, Diagonal, Permutation, SignedPermutation]];
    let entrywise = tensors[1];
    let affine =
        &[Translation, Scaling, Diagonal, Permutation, SignedPermutation, Orthogonal, Linear, Biorthogonal][..];
    let rotations = &[Translation, Scaling, Permutation, SignedPermutation, Orthogonal, Biorthogonal][..];
    let blocks = &[Translation, Scaling, Biorthogonal][..];
    let table: [(&[Class], &[&str]); 7] = [
        (
            all,
            &[
                "Loss",
                "Metric",
                "Differential",
                "Gradient",
                "NaturalGradient",
                "Add",
                "Sub",
                "Neg",
                "Scale",
                "Over",
                "Product",
                "Dot",
                "Trace",
                "Transpose",
                "Inverse",
                "PseudoInverse",
                "Solve",
                "Outer",
                "Raise",
                "Lower",
                "CovariantHessian",
                "state tangent",
                "state cotangent",
                "state metric",
                "state cometric",
                "Given",
                "Const",
                "Map",
            ],
        ),
        (affine, &["Hessian", "At", "Christoffel", "Params", "Eye"]),
        (rotations, &["Norm", "MatrixPower", "Polar"]),
        (
            entrywise,
            &[
                "EntryMul",
                "EntryDiv",
                "Power",
                "Spread",
                "Max",
                "Clip",
                "Diag",
                "DiagonalOf",
                "state diagonal",
                "BlockOf",
            ],
        ),
        (&[Scaling, Permutation], &["Sum", "Mean", "Min"]),
        (blocks, &["BlockDiag", "state left", "state right"]),
        (&[Permutation, Orthogonal, Diffeo], &["Det"]),
    ];
    let skipped = [(Diffeo, "Gradient"), (Linear, "Gradient"), (Diagonal, "Gradient")];
    let mut found = Vec::new();
    for (classes, names) in table {
        for &class in classes {
            found.extend(names.iter().map(|&n| (class, n)).filter(|p| !skipped.contains(p)));
        }
    }
    found
}

#[test]
fn every_rule_agrees_with_numbers() {
    let start = std::time::Instant::now();
    let effort = effort();
    let mut counts = Counts::new();
    let mut bad = Vec::new();
    with_stack(|| {
        for k in 0..8 * effort as u64 {
            bad.extend(round(k, 1500, 3 + 3 * k as usize, &mut counts));
            if effort > 1 {
                println!("round {k}: {} disagreements, {:?}", bad.len(), start.elapsed());
            }
        }
    });
    conclude(&bad);
    let seen = |p: &(Class, &str)| counts.get(&(p.0, p.1.to_owned())).copied().unwrap_or(0);
    let missing: Vec<String> = must_be_seen()
        .iter()
        .filter(|p| seen(p) < 2)
        .map(|p| format!("{} along {}: seen {} times", p.1, p.0, seen(p)))
        .collect();
    println!("{} pairs of a primitive and a class, {} in all", counts.len(), counts.values().sum::<usize>());
    conclude(&missing);
}
