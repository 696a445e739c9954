//! Networks of hundreds to thousands of units: what is proved of small ones is proved of them, and what fails has its
//! witness. `benches/inputs.py` writes the same questions for any size, and `benches/compare.py` times them.

use nat::source::{Source, Sources};
use nat::uses::{Files, NoFiles};
use nat::verdict::{Evidence, Finding, Verdict};
use nat::{Options, check_source};

fn finding(text: &str) -> Finding {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("scale.nat", text));
    let options = Options { samples: 4, ..Options::default() };
    let report = check_source(&mut sources, id, &mut Files::new(&NoFiles), &options);
    let mut report = report.unwrap_or_else(|d| panic!("engines disagree: {d}"));
    assert!(report.errors.is_empty(), "{:?}\n{text}", report.errors);
    report.answers.remove(0).finding
}

/// A net with one hidden layer of an even number of units, and a square along a map of them.
fn net(optimizer: &str, map: &str, activation: &str, hidden: usize) -> String {
    let half = hidden / 2;
    let map = match map {
        "swap" => format!(
            "reparam Map : Net({hidden}) -> Net({hidden}) {{\
             U = vstack(U[{half}.., :], U[..{half}, :])  V = concat(V[{half}..], V[..{half}]) }}"
        ),
        "rescale" => {
            format!("reparam Map(a : R where a > 0) : Net({hidden}) -> Net({hidden}) {{ U = a * U  V = V / a }}")
        }
        "flip" => format!(
            "reparam Map : Net({hidden}) -> Net({hidden}) {{\
             U = [i in 0..{hidden}, j in 0..9: (-1)^i * U[i, j]]  V = [i in 0..{hidden}: (-1)^i * V[i]] }}"
        ),
        _ => format!("embedding Map : Net({half}) -> Net({hidden}) {{ U = vstack(U, U)  V = concat(V / 2, V / 2) }}"),
    };
    format!(
        "use std.optimizers
         data X : R[9, 4]
         data Y : R[4]
         architecture Net(h : N) {{
           param U : R[h, 9]
           param V : R[h]
           output = {activation}(U * X)^T * V
           loss   = sum((output - Y)^2) / 2
         }}
         {map}
         check natural {optimizer} along Map expect fails"
    )
}

fn proved(text: &str) {
    let found = finding(text);
    assert_eq!(
        (found.verdict(), found.evidence()),
        (Verdict::Commutes, Evidence::Algebra),
        "{}\n{text}",
        found.message
    );
    assert!(found.residual.is_some_and(|r| r.max < 1e-9), "numbers stand beside the proof");
}

#[test]
fn exchanging_halves_of_a_net_is_proved() {
    for optimizer in ["Sgd", "SignSgd", "Adam(eps = 0)"] {
        for activation in ["tanh", "relu"] {
            proved(&net(optimizer, "swap", activation, 200));
        }
    }
}

#[test]
fn signs_of_units_are_changed_without_a_matrix() {
    for optimizer in ["Sgd", "SignSgd", "Adam(eps = 0)"] {
        proved(&net(optimizer, "flip", "tanh", 400));
    }
}

#[test]
fn jacobians_fall_apart_into_blocks() {
    // As a whole the Jacobian would have millions of entries, and nothing could be said of its determinant.
    let n = 24;
    let found = finding(&format!(
        "use std.optimizers
         data X, Y : R[{n}, 2]
         architecture Net {{
           param A, B : R[{n}, {n}]
           loss = sum((tanh(B * A * X) - Y)^2) / 2
         }}
         reparam Rotate(Q : O[{n}]) : Net -> Net {{ A = Q * A  B = B * Q^T }}
         check natural GradientFlow along Rotate"
    ));
    assert_eq!((found.verdict(), found.evidence()), (Verdict::Commutes, Evidence::Algebra), "{}", found.message);
    assert!(found.assumptions.is_empty(), "{:?}", found.assumptions);
}

#[test]
fn other_maps_of_large_nets_fail_with_a_witness() {
    // A witness of signs in a relu net is found up to a few tens of units.
    for (optimizer, map, activation, hidden) in [
        ("Sgd", "rescale", "relu", 60),
        ("SignSgd", "rescale", "relu", 20),
        ("Sgd", "double", "tanh", 60),
        ("SignSgd", "double", "tanh", 60),
    ] {
        let found = finding(&net(optimizer, map, activation, hidden));
        assert_eq!(found.verdict(), Verdict::Fails, "{optimizer} along {map}: {}", found.message);
        assert!(found.witness().is_some());
    }
}

/// A deep net, along an exchange of the first two units of every layer.
fn deep(optimizer: &str, depth: usize) -> String {
    let rows = |t: &str| format!("vstack({t}[1..2, :], {t}[0..1, :], {t}[2.., :])");
    let columns = |t: &str| format!("hstack({t}[:, 1..2], {t}[:, 0..1], {t}[:, 2..])");
    let (mut params, mut layers, mut rules, mut last) = (String::new(), String::new(), String::new(), "X".to_owned());
    for i in 0..depth {
        let name = format!("W{i}");
        params += &format!("param {name} : R[3, 3]\n");
        layers += &format!("let h{i} = tanh({name} * {last})\n");
        let moved = rows(&name);
        let moved = if i == 0 { moved } else { columns(&format!("({moved})")) };
        rules += &format!("{name} = {moved}\n");
        last = format!("h{i}");
    }
    format!(
        "use std.optimizers
         data X : R[3, 2]
         data Y : R[2]
         architecture Net {{
           {params} param v : R[3]
           {layers} output = {last}^T * v
           loss = sum((output - Y)^2) / 2
         }}
         reparam Swap : Net -> Net {{ {rules} v = concat(v[1..2], v[0..1], v[2..]) }}
         check natural {optimizer} along Swap"
    )
}

#[test]
fn depth_is_no_limit_of_proofs() {
    proved(&deep("Sgd", 32));
    proved(&deep("SignSgd", 16));
}
