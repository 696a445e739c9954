//! Mutants of the library: a proof by types never survives a change that numbers refute.

use nat::core::class::Class;
use nat::structure::prove::{Proof, prove};
use rayon::prelude::*;

use crate::lab::{Lab, with_stack};
use crate::library::optimizers;
use crate::rules::effort;
use crate::support::conclude;

/// What is written, and what a mutant has in its place.
const CHANGES: &[(&str, &str)] = &[
    (" - ", " + "),
    (" + ", " - "),
    ("= -", "= "),
    ("natgrad(", "grad("),
    ("natgrad(", "d("),
    (" grad(", " natgrad("),
    (" grad(", " d("),
    ("-grad(", "-natgrad("),
    (" d(loss)", " natgrad(loss)"),
    ("covhess(", "hess("),
    ("hess(", "covhess("),
    ("D/dt", "d/dt"),
    ("d/dt v", "D/dt v"),
    ("d/dt p ", "D/dt p "),
    (": tangent", ": cotangent"),
    (": cotangent", ": tangent"),
    (": diagonal", ": cotangent"),
    (": diagonal", ": tangent"),
    (": metric", ": cometric"),
    (": left", ": right"),
    (": right", ": left"),
    ("^2", ""),
    ("^2", "^3"),
    ("sqrt(", "("),
    ("sqrt(", "exp("),
    ("abs(", "("),
    ("sign(", "tanh("),
    ("sign(", "("),
    ("max(", "min("),
    ("norm(", "sum("),
    ("polar(", "("),
    ("metric", "eye(dim)"),
    ("eye(dim)", "metric"),
    ("diagonal(metric)", "diagonal(hess(loss))"),
    ("blockdiag(metric)", "metric"),
    ("christoffel(metric", "-christoffel(metric"),
    ("lr *", "lr^2 *"),
    ("lr *", ""),
    (" .* ", " ./ "),
    (" ./ ", " .* "),
    (" * lr", ""),
    ("eps", "0"),
    ("params + ", "2 * params + "),
    ("-1/4", "-1/2"),
    ("^T", ""),
    ("'", ""),
    ("loss)", "loss + norm(params))"),
    ("loss)", "loss * 2 + 1)"),
    ("loss)", "loss) + 1/100 * params"),
    ("loss)", "loss) + 1/100"),
];

/// The text of one optimizer, without its documentation.
fn source(text: &str, name: &str) -> String {
    let head = [format!("optimizer {name} "), format!("optimizer {name}(")];
    let start = head.iter().find_map(|h| text.find(h)).expect("the optimizer");
    let end = text[start..].find("\n}").expect("its end") + start + 2;
    text[start..end].to_owned()
}

/// All texts with one place changed.
fn mutants(source: &str) -> Vec<String> {
    let body = source.find('{').unwrap_or(0);
    let mut found = Vec::new();
    for (from, to) in CHANGES {
        for (at, _) in source[body..].match_indices(from) {
            let at = body + at;
            // `grad(` is not the end of `natgrad(`, nor `hess(` that of `covhess(`.
            if from.starts_with(char::is_alphabetic) && source[..at].ends_with(char::is_alphanumeric) {
                continue;
            }
            found.push(format!("{}{to}{}", &source[..at], &source[at + from.len()..]));
        }
    }
    // A summand dropped: from a sign to the end of its line or bracket.
    for sign in [" + ", " - "] {
        for (at, _) in source[body..].match_indices(sign) {
            let rest = &source[body + at + sign.len()..];
            let mut depth = 0i32;
            let end = rest.find(|c: char| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                depth < 0 || c == '\n' || c == '}'
            });
            if let Some(end) = end {
                found.push(format!("{}{}", &source[..body + at], &rest[end..]));
            }
        }
    }
    found.sort();
    found.dedup();
    found.retain(|m| m != source);
    found
}

/// Whether a text can be read at all.
fn readable(text: &str) -> bool {
    let (file, errors) = nat::syntax::parse(nat::source::SourceId(0), &nat::source::Source::new("mutant", text));
    if !errors.is_empty() {
        return false;
    }
    let (model, errors) = nat::core::names::Model::collect(file);
    errors.is_empty() && nat::model::validate::validate(&model).is_empty()
}

#[test]
fn proofs_of_mutants_agree_with_numbers() {
    let (text, names) = optimizers();
    // One mutant in five is enough to notice a rule that has become too generous.
    let every = if effort() > 1 { 1 } else { 5 };
    let mut cases = Vec::new();
    for name in &names {
        let original = source(&text, name);
        let all = mutants(&original).into_iter().filter(|m| readable(m));
        cases.extend(all.enumerate().filter(|(i, _)| i % every == 0).map(|(_, m)| (name, original.clone(), m)));
    }
    let results: Vec<(usize, usize, Vec<String>)> = with_stack(|| {
        cases
            .par_iter()
            .map(|(name, original, mutant)| {
                let before = Lab::new(original, &[]).body(name);
                let lab = Lab::new(mutant, std::slice::from_ref(name));
                let after = lab.body(name);
                let differ = |&c: &Class| prove(&before, c) != prove(&after, c);
                let changed = Class::ALL.iter().filter(|c| differ(c)).count();
                let (bad, agreed) = lab.disagreements(name, &Class::ALL);
                (changed, agreed, bad)
            })
            .collect()
    });
    let changed = results.iter().filter(|(c, ..)| *c > 0).count();
    let lost: usize = results.iter().map(|(c, ..)| c).sum();
    let agreed: usize = results.iter().map(|(_, a, _)| a).sum();
    println!("{} mutants, {changed} with another verdict ({lost} verdicts), {agreed} proofs agree", cases.len());
    conclude(&results.into_iter().flat_map(|(.., bad)| bad).collect::<Vec<_>>());
    assert!(changed * 5 > cases.len(), "only {changed} of {} mutants are told from the library", cases.len());
}

/// The mutation is seen: dropping the natural gradient's metric loses every class that is not orthogonal.
#[test]
fn a_mutant_is_told_apart() {
    let (text, _) = optimizers();
    let mutant = source(&text, "NaturalGradient").replace("natgrad", "grad");
    let body = Lab::new(&mutant, &[]).body("NaturalGradient");
    assert_eq!(prove(&body, Class::Linear), Proof::Open);
}
