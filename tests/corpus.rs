//! The corpus: files of the language with what is expected of them written in their comments.
//!
//! - `model/pass`: declarations without a fault; checks as expected.
//! - `model/fail`: every fault is marked on its line, `// ERROR nat::code::of_error`; nothing else may be reported.
//! - `check`: checks with `expect`, and behind them what else their answers must say: `// evidence: algebra`,
//!   `// order: 2`, `// rate: a^2`, `// says: part of the message`.
//! - `system`: the same for checks of and along systems and cones.
//!
//! The expectations come from mathematics, never from the program.

mod support;
#[path = "systems/answers.rs"]
mod systems;

use std::collections::BTreeSet;

use support::{check, conclude, corpus, files, mismatches, read, short};

/// Lines on which the program is known to differ from what the corpus expects, with the reason. Each must still differ:
/// a line that starts to agree has to leave this list.
const KNOWN_DIFFERENCES: &[(&str, usize, &str)] = &[
    ("check/claims.nat", 122, "an inverse that has no value on half of the target passes"),
    ("check/expressions.nat", 130, "a difference that is rounding alone beside 0: floating point sees nothing"),
    ("check/expressions.nat", 134, "as above"),
];

/// Removes the known differences from those found, and complains of known ones that are gone.
fn unknown(folder: &str, found: Vec<(String, usize, String)>) -> Vec<String> {
    let mut differences = Vec::new();
    let known = |file: &str, line: usize| KNOWN_DIFFERENCES.iter().any(|(f, l, _)| *f == file && *l == line);
    for (file, line, reason) in KNOWN_DIFFERENCES.iter().filter(|(f, ..)| f.starts_with(folder)) {
        if !found.iter().any(|(f, l, _)| f == file && l == line) {
            differences.push(format!("{file}:{line}: agrees now; remove it from the known differences ({reason})"));
        }
    }
    let new = found.into_iter().filter(|(f, l, _)| !known(f, *l));
    differences.extend(new.map(|(file, line, d)| format!("{file}:{line}: {d}")));
    differences
}

/// The differences of all files of a folder, by name and line.
fn all(folder: &str, of_file: impl Fn(&str, &str) -> Vec<(usize, String)>) -> Vec<(String, usize, String)> {
    let mut found = Vec::new();
    for path in files(&corpus(folder)) {
        let name = short(&path);
        found.extend(of_file(&name, &read(&path)).into_iter().map(|(line, d)| (name.clone(), line, d)));
    }
    found
}

/// The faults that a file marks, as line and code.
fn marked(text: &str) -> BTreeSet<(usize, String)> {
    let faults = text.lines().enumerate().flat_map(|(i, line)| {
        line.split("// ERROR ").skip(1).map(move |code| (i + 1, code.trim().trim_end_matches("//").trim().to_owned()))
    });
    faults.collect()
}

#[test]
fn checks_are_answered_as_mathematics_says() {
    conclude(&unknown("check/", all("check", mismatches)));
}

#[test]
fn systems_are_answered_as_mathematics_says() {
    conclude(&unknown("system/", all("system", mismatches)));
}

#[test]
fn sound_declarations_pass() {
    let of_file = |name: &str, text: &str| {
        let (sources, report) = check(name, text);
        let errors = report.errors.iter().map(|e| (sources.place(e.span()).1, format!("unexpected error: {e}")));
        let answers = report.answers.iter().filter(|a| !a.ok);
        let answers =
            answers.map(|a| (sources.place(a.task.span).1, format!("{}: {}", a.task.text, a.finding.message)));
        errors.chain(answers).collect()
    };
    conclude(&unknown("model/pass", all("model/pass", of_file)));
}

#[test]
fn faults_are_reported_where_they_are() {
    let of_file = |name: &str, text: &str| {
        let (sources, report) = check(name, text);
        let code = |e: &nat::InputError| miette::Diagnostic::code(e).map(|c| c.to_string()).unwrap_or_default();
        let got: BTreeSet<(usize, String)> =
            report.errors.iter().map(|e| (sources.place(e.span()).1, code(e))).collect();
        let wanted = marked(text);
        assert!(!wanted.is_empty(), "{name} marks no fault");
        let missing = wanted.difference(&got).map(|(l, c)| (*l, format!("{c} is not reported")));
        let extra = got.difference(&wanted).map(|(l, c)| (*l, format!("{c} is reported")));
        missing.chain(extra).collect()
    };
    conclude(&unknown("model/fail", all("model/fail", of_file)));
}

#[test]
fn every_code_of_the_model_stage_is_provoked() {
    let mut provoked: BTreeSet<String> = BTreeSet::new();
    for path in files(&corpus("model/fail")) {
        provoked.extend(marked(&read(&path)).into_iter().map(|(_, code)| code));
    }
    let codes = [
        "nat::architecture::incomplete",
        "nat::assignment::twice",
        "nat::call::argument",
        "nat::call::arity",
        "nat::condition::violated",
        "nat::def::recursive",
        "nat::index::out_of_range",
        "nat::morphism::dimension",
        "nat::morphism::missing_target",
        "nat::name::duplicate",
        "nat::name::kind",
        "nat::name::unknown",
        "nat::optimizer::body",
        "nat::path::mismatch",
        "nat::range::reversed",
        "nat::shape::expected",
        "nat::shape::mismatch",
        "nat::size::not_natural",
        "nat::size::too_large",
        "nat::system::cycle",
        "nat::system::mixed",
        "nat::system::empty",
        "nat::system::leg_missing",
        "nat::system::leg_source",
        "nat::system::leg_target",
        "nat::system::leg_twice",
        "nat::system::member",
        "nat::system::mismatch",
        "nat::system::reversed",
        "nat::system::too_large",
        "nat::system::two_architectures",
        "nat::system::unconnected",
        "nat::types::unknown",
        "nat::value::undefined",
    ];
    let missing: Vec<String> =
        codes.iter().filter(|c| !provoked.contains(**c)).map(|c| format!("{c}: no file")).collect();
    conclude(&missing);
}
