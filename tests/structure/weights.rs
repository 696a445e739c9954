//! States with a weight, numbers for each block, points, and rules by shape: random optimizers of these, whose proofs by types
//! are held against numbers on three architectures.

use nat::core::class::Class;
use rayon::prelude::*;

use crate::expressions::Random;
use crate::lab::{Lab, with_stack};
use crate::rules::effort;
use crate::support::conclude;

const WEIGHTS: [&str; 6] = ["-1", "0", "1/2", "1", "2", "3"];
const FACTORS: [&str; 4] = ["1", "1/2", "h", "loss"];

fn power_of(r: &mut Random, e: &str) -> String {
    match r.below(6) {
        0 => e.to_owned(),
        1 => format!("{e}^2"),
        2 => format!("{e}^(-1)"),
        3 => format!("abs({e})^(1/2)"),
        4 => format!("abs({e})^(-1/2)"),
        _ => "1".to_owned(),
    }
}

/// One number that changes as a power of a length.
fn length(r: &mut Random) -> String {
    let seen = [
        "norm(d(loss))",
        "sum(d(loss)^2)",
        "dot(d(loss), grad(loss))",
        "loss",
        "norm(params)",
        "dot(d(loss), params)",
        "s",
    ];
    let number = r.of(&seen);
    let (more, used) = (power_of(r, number), power_of(r, "s'"));
    let vector = r.of(&["d(loss)", "natgrad(loss)", "sign(d(loss))", "params", "polar(d(loss))"]);
    format!(
        "state s : scalar({}) step(lr) {{ s' = {} * s + {more}  params' = params - lr * {used} * {vector} }}",
        r.of(&WEIGHTS),
        r.of(&FACTORS)
    )
}

/// A list of numbers that changes entry by entry.
fn entries(r: &mut Random) -> String {
    let vector = |r: &mut Random, e: &str| {
        let of =
            r.of(&["d(loss)", "params", "abs(d(loss))", "sign(d(loss))", "d(loss)^2", "natgrad(loss)", "1 ./ d(loss)"]);
        match r.below(7) {
            0 => e.to_owned(),
            1 => of.to_owned(),
            2 => format!("{e} .* ({of})"),
            3 => format!("({of}) ./ {e}"),
            4 => format!("max(abs({e}), {of})"),
            5 => format!("abs({e})^(1/2) .* ({of})"),
            _ => format!("sign({e}) .* ({of})"),
        }
    };
    let odd = r.of(&["", ", odd"]);
    let (first, second) = (vector(r, "e"), vector(r, "e'"));
    format!(
        "state e : entries({}{odd}) step(lr) {{ e' = {} * e + {first}  params' = params - lr * ({second}) }}",
        r.of(&WEIGHTS),
        r.of(&FACTORS)
    )
}

/// A second point.
fn point(r: &mut Random) -> String {
    if r.below(3) == 0 {
        let velocities =
            ["zeros(dim)", "natgrad(loss)", "params - q", "at(q, natgrad(loss))", "-d(loss)", "0 * q", "q"];
        let (a, b) = (r.of(&velocities), r.of(&velocities));
        return format!("state q : point flow {{ d/dt q = {a}  d/dt params = {b} }}");
    }
    let old = [
        "q",
        "params",
        "2 * q",
        "q + (params - q) / 2",
        "params - lr * natgrad(loss)",
        "q - lr * d(loss)",
        "-q",
        "at(q, params)",
    ];
    let all = [
        "q",
        "params'",
        "(q + params') / 2",
        "2 * params' - q",
        "params' + natgrad(loss)",
        "params",
        "at(q, params) + lr * natgrad(loss)",
    ];
    let (a, b) = (r.of(&old), r.of(&all));
    format!("state q : point step(lr) {{ params' = {a}  q' = {b} }}")
}

/// Rules by blocks, with a number for each.
fn blocks(r: &mut Random) -> String {
    let rule = |r: &mut Random, w: &str| {
        let numbers = [
            format!("norm(d(loss, {w}))"),
            format!("sum(d(loss, {w})^2)"),
            format!("z[{w}]"),
            format!("(rows({w}) / cols({w}))"),
            format!("size({w})"),
            format!("norm({w})"),
            "norm(d(loss))".to_owned(),
        ];
        let number = |r: &mut Random| numbers[r.below(numbers.len())].clone();
        let (first, second) = (number(r), if r.below(2) == 0 { format!("z'[{w}]") } else { number(r) });
        let (first, second) = (power_of(r, &first), power_of(r, &second));
        let value = match r.below(5) {
            0 | 1 => format!("d(loss, {w})"),
            2 => format!("polar(d(loss, {w}))"),
            3 => format!("sign(d(loss, {w}))"),
            _ => w.to_owned(),
        };
        format!("z'[{w}] = z[{w}] + {first}  {w}' = {w} - lr * {second} * {value}")
    };
    let ty = match r.below(4) {
        0 => "R each".to_owned(),
        _ => format!("scalar({}) each", r.of(&WEIGHTS)),
    };
    let all = rule(r, "W");
    let lines = match r.below(3) {
        0 => format!("each W in params {{ {all} }}"),
        1 => format!(
            "each W : R[m, n] in params {{ {all} }} each W : R[n] in params {{ {all} }} each W : R in params {{ {all} }}"
        ),
        _ => {
            let (v, c) = (rule(r, "v"), rule(r, "c"));
            format!(
                "each W : R[m, n] in params {{ {all} }} each v : R[n] in params {{ {v} }} each c : R in params {{ {c} }}"
            )
        }
    };
    format!("state z : {ty} step(lr) {{ {lines} }}")
}

/// Rules by shape without a state, so that maps which mix the blocks are asked too.
fn shapes(r: &mut Random) -> String {
    let rule = |r: &mut Random, w: &str| {
        let factor = r.of(&["1", "2", "1/2", "h"]);
        let value = r.of(&["d(loss, W)", "sign(d(loss, W))", "W", "d(loss, W) / rows(W)", "natgrad(loss)[W]"]);
        format!("W' = W - lr * {factor} * {value}").replace('W', w)
    };
    let (all, other) = (rule(r, "W"), rule(r, "v"));
    match r.below(3) {
        0 => format!(
            "step(lr) {{ each W : R[m, n] in params {{ {all} }} each W : R[n] in params {{ {all} }} each W : R in params {{ {all} }} }}"
        ),
        1 => format!(
            "step(lr) {{ each W : R[m, n] in params {{ {all} }} each W : R[n] in params {{ {all} }} each v : R in params {{ {other} }} }}"
        ),
        _ => format!("step(lr) {{ each W in params {{ {all} }} }}"),
    }
}

#[test]
fn weights_and_shapes_agree_with_numbers() {
    let mut r = Random::new(17);
    let makers: [fn(&mut Random) -> String; 5] = [length, entries, point, blocks, shapes];
    let count = 300 * effort();
    let names: Vec<String> = (0..count).map(|i| format!("S{i}")).collect();
    let text: String = names
        .iter()
        .enumerate()
        .map(|(i, name)| format!("optimizer {name}(h = 3/4) {{ {} }}\n", makers[i % makers.len()](&mut r)))
        .collect();
    let lab = Lab::new(&text, &names);
    let all: Vec<(Vec<String>, usize)> =
        with_stack(|| names.par_iter().map(|n| lab.disagreements(n, &Class::ALL)).collect());
    conclude(&all.iter().flat_map(|(d, _)| d.clone()).collect::<Vec<_>>());
    let mut agreed = [0; 5];
    for (i, (_, n)) in all.iter().enumerate() {
        agreed[i % makers.len()] += n;
    }
    println!("proofs that numbers agree with, by kind: {agreed:?}");
    assert!(agreed.iter().all(|n| *n >= 20 * effort()), "too few proofs were seen in numbers: {agreed:?}");
}
