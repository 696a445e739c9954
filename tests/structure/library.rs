//! The library: what types prove of it agrees with numbers, and its counterexamples are files that reproduce.

use std::path::Path;

use nat::core::class::Class;
use nat::syntax::tree::ItemKind;
use nat::uses::library;
use nat::verdict::Verdict;
use rayon::prelude::*;

use crate::lab::{Lab, with_stack};
use crate::support::{self, conclude};

/// The text of the library's optimizers, and their names.
pub fn optimizers() -> (String, Vec<String>) {
    let (_, file) = library::named("std.optimizers").expect("the library").parsed();
    let names = file.items.iter().filter_map(|i| match &i.kind {
        ItemKind::Optimizer(o) => Some(o.name.name.clone()),
        _ => None,
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/std/optimizers.nat");
    (support::read(&path), names.collect())
}

#[test]
fn proofs_of_the_library_agree_with_numbers() {
    let (text, names) = optimizers();
    let lab = Lab::new(&text, &names);
    let all: Vec<(Vec<String>, usize)> =
        with_stack(|| names.par_iter().map(|n| lab.disagreements(n, &Class::ALL)).collect());
    conclude(&all.iter().flat_map(|(d, _)| d.clone()).collect::<Vec<_>>());
    let agreed: usize = all.iter().map(|(_, n)| n).sum();
    println!("{agreed} proofs agree with numbers");
    assert!(agreed > 600, "only {agreed} proofs were seen in numbers");
}

/// Every counterexample that an answer along a class prints is a file which, checked, gives what it expects.
#[test]
fn printed_examples_reproduce() {
    let (_, names) = optimizers();
    let mut text = "use std.optimizers\n".to_owned();
    for name in &names {
        for class in Class::ALL {
            text.push_str(&format!("check natural {name} along {class}\n"));
        }
    }
    let (_, report) = support::check("classes.nat", &text);
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let wanted = |v: Verdict| matches!(v, Verdict::Fails | Verdict::InLimit);
    let missing = report.answers.iter().filter(|a| wanted(a.finding.verdict()) && a.finding.example.is_none());
    conclude(&missing.map(|a| format!("no example is printed for {}", a.task.text)).collect::<Vec<_>>());
    let examples: Vec<(&String, &String)> =
        report.answers.iter().filter_map(|a| Some((&a.task.text, a.finding.example.as_ref()?))).collect();
    let failed: Vec<String> = examples
        .par_iter()
        .flat_map_iter(|(task, example)| {
            let (_, report) = support::check("example.nat", example);
            let mut bad: Vec<String> = report.errors.iter().map(|e| format!("{task}: {e} in\n{example}")).collect();
            if report.answers.len() != 1 {
                bad.push(format!("{task}: {} answers", report.answers.len()));
            }
            let differ = report.answers.iter().filter(|a| !a.ok);
            bad.extend(differ.map(|a| format!("{task}: {} in\n{example}", a.finding.message)));
            bad
        })
        .collect();
    println!("{} printed examples", examples.len());
    conclude(&failed);
    assert!(examples.len() > 150, "only {} examples", examples.len());
}
