//! Nonlinear maps: the terms in second derivatives of the map that cancel, and limits of steps, against numbers.

use std::collections::BTreeSet;

use nat::core::class::Class;
use nat::structure::prove::{Proof, prove};
use rayon::prelude::*;

use crate::expressions::{Random, states};
use crate::lab::{Lab, NETS, Seen, with_stack};
use crate::rules::effort;
use crate::support::conclude;

const VELOCITIES: [&str; 12] = [
    "v",
    "-v",
    "2 * v",
    "natgrad(loss)",
    "-natgrad(loss)",
    "loss * v",
    "n * v",
    "raise(metric, p)",
    "-raise(metric, p)",
    "v + natgrad(loss)",
    "raise(covhess(loss), p)",
    "v - raise(metric, p) / 2",
];

const VECTORS: [&str; 10] = [
    "christoffel(metric, U, v)",
    "christoffel(metric, v, U)",
    "christoffel(metric, v, v)",
    "christoffel(covhess(loss), U, v)",
    "christoffel(metric + outer(d(loss), d(loss)), v, U)",
    "natgrad(loss)",
    "n * v",
    "raise(metric, p)",
    "natgrad(dot(v, lower(metric, v)))",
    "raise(metric, lower(metric, v))",
];

const COVECTORS: [&str; 10] = [
    "d(dot(p, raise(metric, p)))",
    "d(dot(v, lower(metric, v)))",
    "d(dot(p, v))",
    "d(dot(p, natgrad(loss)))",
    "d(dot(v, d(loss)))",
    "d(dot(p, raise(covhess(loss), p)))",
    "d(loss)",
    "n * p",
    "lower(metric, v)",
    "lower(metric, U)",
];

const FACTORS: [&str; 6] = ["", "-", "1/2 * ", "-1/2 * ", "2 * ", "-2 * "];

fn sum(r: &mut Random, terms: &[&str], velocity: &str) -> String {
    let list: Vec<String> = (0..1 + r.below(3))
        .map(|_| format!("{}{}", r.of(&FACTORS), r.of(terms).replace('U', &format!("({velocity})"))))
        .collect();
    list.join(" + ").replace("+ -", "- ")
}

/// An optimizer whose point moves.
fn moving(r: &mut Random, name: &str) -> String {
    let velocity = r.of(&VELOCITIES);
    let step = r.below(3) == 0;
    let (v, p) = (sum(r, &VECTORS, velocity), sum(r, &COVECTORS, velocity));
    // Rules that are natural more often than by chance: the connection, its dual, and Hamilton's.
    let half = format!("-d({} * dot(p, raise(metric, p)))", r.of(&["1/2", "1"]));
    let v = if r.below(3) == 0 { format!("{v} - christoffel(metric, {velocity}, v)") } else { v };
    let p = if r.below(3) == 0 { format!("{half} - {}", r.of(&["d(loss)", "n * p", "d(dot(p, v))"])) } else { p };
    let both = r.below(3);
    let mut texts = vec![velocity];
    if both != 0 {
        texts.push(&v);
    }
    if both != 1 {
        texts.push(&p);
    }
    let reads = |name: &str| texts.iter().any(|t| t.split(|c: char| !c.is_alphanumeric()).any(|w| w == name));
    let mut rules = String::new();
    for (state, rule) in [("v", &v), ("p", &p)] {
        let given = texts.contains(&rule.as_str());
        let mark = if r.below(3) == 0 && !step { "D/dt" } else { "d/dt" };
        match (step, given, reads(state)) {
            (_, false, false) => {}
            (false, true, _) => rules.push_str(&format!("{mark} {state} = {rule} ")),
            (false, false, true) => rules.push_str(&format!("D/dt {state} = 0 * {state} ")),
            (true, true, _) => rules.push_str(&format!("{state}' = {state} + lr * ({rule}) ")),
            (true, false, true) => rules.push_str(&format!("{state}' = {state} ")),
        }
    }
    let also: Vec<(&str, &str)> = [("v", "tangent"), ("p", "cotangent")]
        .into_iter()
        .filter(|(s, _)| rules.contains(&format!("{s} =")) || rules.contains(&format!("{s}' =")))
        .collect();
    let (mut declared, _) = states(&texts, &also);
    let text = texts.join(" ");
    if text.split(|c: char| !c.is_alphanumeric()).any(|w| w == "n") {
        rules.push_str(if step { "n' = n " } else { "d/dt n = 0 " });
        if !declared.contains("state n ") {
            declared.push_str("state n : R ");
        }
    }
    if step {
        format!("optimizer {name} {{ {declared}step(lr) {{ params' = params + lr * ({velocity})  {rules}}} }}\n")
    } else {
        format!("optimizer {name} {{ {declared}flow {{ d/dt params = {velocity}  {rules}}} }}\n")
    }
}

#[test]
fn twists_and_limits_agree_with_numbers() {
    let mut r = Random::new(99);
    let drawn = 3000 * effort();
    let names: Vec<String> = (0..drawn).map(|i| format!("M{i}")).collect();
    let mut kept = BTreeSet::new();
    let mut proved: Vec<(String, String, Proof)> = Vec::new();
    for chunk in names.chunks(1500) {
        let texts: Vec<String> = chunk.iter().map(|n| moving(&mut r, n)).collect();
        let lab = Lab::new(&texts.concat(), &[]);
        for (name, text) in chunk.iter().zip(texts) {
            let proof = prove(&lab.body(name), Class::Diffeo);
            let bare = text.replacen(name.as_str(), "", 1);
            if matches!(proof, Proof::Commutes | Proof::InLimit) && kept.insert(bare) {
                proved.push((name.clone(), text, proof));
            }
        }
    }
    let results: Vec<(bool, Vec<String>)> = with_stack(|| {
        proved
            .par_iter()
            .map(|(name, text, proof)| {
                let lab = Lab::new(text, std::slice::from_ref(name));
                let mut bad = Vec::new();
                let mut seen = false;
                for net in NETS {
                    match lab.test(name, net, Class::Diffeo, proof) {
                        Seen::Agrees => seen = true,
                        Seen::Nothing => {}
                        Seen::Refuted(why) => bad.push(format!("{text} {proof:?} on {net}, but {why}")),
                    }
                }
                (seen, bad)
            })
            .collect()
    });
    let count =
        |wanted: Proof| proved.iter().zip(&results).filter(|((_, _, p), (seen, _))| *p == wanted && *seen).count();
    let (commute, limits) = (count(Proof::Commutes), count(Proof::InLimit));
    println!(
        "{} proved along diffeomorphisms, seen in numbers: {commute} commute, {limits} in the limit",
        proved.len()
    );
    conclude(&results.into_iter().flat_map(|(_, bad)| bad).collect::<Vec<_>>());
    assert!(commute > 50 && limits > 10);
}
