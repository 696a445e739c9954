//! The tables of the README and of the book are what the program finds: along which classes each optimizer of the library
//! is natural, and which rates it needs when a network is widened. The README has a row for each answer, the book one for
//! each optimizer.
//!
//! `UPDATE_TABLES=1 cargo test --test library table` writes them anew.

use std::collections::BTreeSet;
use std::path::Path;

use indexmap::IndexMap;
use nat::core::class::Class;
use nat::core::names::{Declared, Model};
use nat::report::table::largest;
use nat::source::{SourceId, Sources};
use nat::syntax;
use nat::uses::library;
use nat::verdict::{Blame, Finding, Verdict};
use nat::{Answer, FileReport};

use crate::support;

/// Settings beside the defaults that have a row of their own.
const VARIANTS: [&str; 16] = [
    "AdaGrad(eps = 1e-10)",
    "RmsProp(eps = 0)",
    "CentredRmsProp(eps = 0)",
    "RmsPropMomentum(eps = 0)",
    "Adam(eps = 0)",
    "AMSGrad(eps = 0)",
    "Adamax(eps = 0)",
    "NAdam(eps = 0)",
    "NAdamDecay(eps = 0)",
    "AdaDelta(eps = 0)",
    "Adan(eps = 0)",
    "AdEMAMix(eps = 0)",
    "AdaHessian(eps = 0)",
    "Prodigy(eps = 0)",
    "DAdaptAdam(eps = 0)",
    "AdamMini(eps = 0)",
];

/// The optimizers of the library, in its order, each followed by its variants.
fn optimizers() -> Vec<String> {
    let source = library::named("std.optimizers").expect("the library").parsed().0.clone();
    let (model, _) = Model::collect(syntax::parse(SourceId(0), &source).0);
    let declared = model.declarations().filter(|(_, d, _)| matches!(d, Declared::Optimizer(_)));
    let mut named: Vec<(usize, String)> = declared.map(|(name, _, span)| (span.start, name.to_owned())).collect();
    named.sort();
    let mut all = Vec::new();
    for (_, name) in named {
        let own = VARIANTS.iter().filter(|v| v.split('(').next() == Some(name.as_str()));
        let own: Vec<String> = own.map(|v| (*v).to_owned()).collect();
        all.push(name);
        all.extend(own);
    }
    all
}

fn answers<'a>(report: &'a FileReport, name: &str) -> &'a Answer {
    let found = report.answers.iter().find(|a| a.task.optimizer.as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("no answer for {name}"))
}

/// Where each optimizer has a row of its own.
const BOOK: &str = "docs/src/library.md";

/// Compares a table with the one of this name in a page, or writes it there.
fn compare(page: &str, name: &str, rows: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = support::read(&path);
    let (start, end) = (format!("<!-- table: {name} -->\n"), "<!-- end -->");
    let at = text.find(&start).unwrap_or_else(|| panic!("{page} has a table {name}")) + start.len();
    let length = text[at..].find(end).expect("the end of the table");
    let wanted = format!("\n{}\n\n", rows.join("\n"));
    if std::env::var_os("UPDATE_TABLES").is_some() {
        let updated = format!("{}{wanted}{}", &text[..at], &text[at + length..]);
        std::fs::write(&path, updated).expect("the page can be written");
        return;
    }
    let there: BTreeSet<&str> = text[at..at + length].trim().lines().collect();
    let found: BTreeSet<&str> = wanted.trim().lines().collect();
    let differences: Vec<String> = (found.difference(&there).map(|l| format!("is not there: {l}")))
        .chain(there.difference(&found).map(|l| format!("is there: {l}")))
        .collect();
    support::conclude(&differences);
    assert_eq!(text[at..at + length].trim(), wanted.trim(), "{page}: the order of the rows");
}

/// The optimizers with the same answer in one row, in the order of the first: the answer, then the optimizers.
fn grouped(head: &str, rows: &[(String, String)]) -> Vec<String> {
    let mut groups: IndexMap<&str, Vec<String>> = IndexMap::new();
    for (name, answer) in rows {
        groups.entry(answer).or_default().push(format!("`{name}`"));
    }
    let columns = head.matches('|').count() - 1;
    let mut table = vec![head.to_owned(), format!("|{}", " --- |".repeat(columns))];
    table.extend(groups.iter().map(|(answer, names)| format!("| {answer} | {} |", names.join(", "))));
    table
}

fn or_none(list: &[String], by: &str) -> String {
    if list.is_empty() { "–".to_owned() } else { list.join(by) }
}

/// What is lost at the smallest classes: one term for each, and `…` if it is not the only one.
fn lost(sources: &Sources, table: &[(Class, Finding)]) -> String {
    let failing: Vec<&(Class, Finding)> = table.iter().filter(|(_, f)| f.verdict() == Verdict::Fails).collect();
    let smallest = failing.iter().filter(|(c, _)| !failing.iter().any(|(d, _)| d != c && c.contains(*d)));
    let text = |b: &Blame| sources.get(b.span.source).slice(b.span).split_whitespace().collect::<Vec<_>>().join(" ");
    let cells = smallest.map(|(c, f)| {
        let terms: BTreeSet<String> = f.blame().iter().map(text).collect();
        match terms.iter().min_by_key(|t| (t.chars().count(), (*t).clone())) {
            Some(t) => format!("{}: `{}`{}", c.word(), t.replace('|', "\\|"), if terms.len() > 1 { " …" } else { "" }),
            None => c.word().to_owned(),
        }
    });
    or_none(&cells.collect::<Vec<_>>(), "; ")
}

/// The classes along which an optimizer is natural, and what a rate or a small learning rate mends.
fn natural(table: &[(Class, Finding)]) -> String {
    let best: Vec<String> = largest(table).into_iter().map(|c| c.word().to_owned()).collect();
    let rates = table.iter().filter(|(_, f)| f.verdict() == Verdict::UpToRate);
    let limits = table.iter().filter(|(_, f)| f.verdict() == Verdict::InLimit);
    let open = table.iter().filter(|(_, f)| f.verdict() == Verdict::Undecided);
    let mut mended: Vec<String> =
        rates.map(|(c, f)| format!("{}: rate {}", c.word(), f.rate().unwrap_or_default())).collect();
    mended.extend(limits.map(|(c, f)| format!("{}: lr^{}", c.word(), f.order().unwrap_or(0))));
    mended.extend(open.map(|(c, _)| format!("{}: open", c.word())));
    format!("{} | {}", or_none(&best, ", "), or_none(&mended, "; "))
}

#[test]
fn the_table_of_classes() {
    let names = optimizers();
    let asked: String = names.iter().map(|n| format!("classify {n}\n")).collect();
    let (sources, report) = support::check("table.nat", &format!("use std.optimizers\n{asked}"));
    assert_eq!(report.errors.len(), 0);
    let found: Vec<(String, String)> = names.iter().map(|n| (n.clone(), natural(&answers(&report, n).table))).collect();
    compare("README.md", "classes", &grouped("| natural along | up to a rate, or in the limit | optimizers |", &found));
    let mut rows = vec![
        "| optimizer | natural along | up to a rate, or in the limit | lost, at the smallest classes, in |".to_owned(),
        "| --- | --- | --- | --- |".to_owned(),
    ];
    rows.extend(
        found
            .iter()
            .map(|(n, answer)| format!("| `{n}` | {answer} | {} |", lost(&sources, &answers(&report, n).table))),
    );
    compare(BOOK, "classes", &rows);
}

/// The hyperparameters of a transfer, and its blocks.
fn widths(a: &Answer) -> String {
    let f = &a.finding;
    let blocks = ["U", "b", "W", "a"];
    let rates = f.factors().cloned().unwrap_or_default();
    let of = |block: &str, word: &str| rates.get(block).and_then(|own| own.get(word)).cloned();
    match f.verdict() {
        Verdict::Commutes | Verdict::UpToRates => {}
        Verdict::Fails => return "none | | | |".to_owned(),
        other => return format!("{} | | | |", other.text()),
    }
    let lr: Vec<String> = blocks.iter().map(|b| of(b, "lr").unwrap_or_else(|| "1".to_owned())).collect();
    let others: BTreeSet<&String> = rates.values().flat_map(|own| own.keys()).filter(|w| *w != "lr").collect();
    let others: Vec<String> = others
        .into_iter()
        .map(|word| {
            let values: Vec<String> = blocks.iter().map(|b| of(b, word).unwrap_or_else(|| "1".to_owned())).collect();
            format!("{word} {}", values.join(", "))
        })
        .collect();
    format!("{} | {}", lr.join(" | "), others.join("; "))
}

/// The questions of the example, each settled.
#[test]
fn the_table_of_widths() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/18_width_table.nat");
    let (_, report) = support::check("18_width_table.nat", &support::read(&path));
    assert_eq!(report.errors.len(), 0);
    let open = report.answers.iter().filter(|a| a.finding.verdict() == Verdict::Undecided);
    support::conclude(&open.map(|a| format!("{}: {}", a.task.text, a.finding.message)).collect::<Vec<_>>());
    let name = |a: &Answer| a.task.optimizer.clone().unwrap_or_default();
    let found: Vec<(String, String)> = report.answers.iter().map(|a| (name(a), widths(a))).collect();
    compare(
        "README.md",
        "widths",
        &grouped("| lr of U | of b | of W | of a | others, of U, b, W, a | optimizers |", &found),
    );
}
