//! What a newcomer writes, and what is said of it: one error each, at its place, with the advice that helps.
//!
//! `tests/mistakes/table.txt` holds the mistakes, each a change of one of the good files beside it.

use std::path::Path;

use miette::Diagnostic;
use nat::source::{Source, Sources};
use nat::uses::{Files, NoFiles};
use nat::{FileReport, InputError, Options, check_source};

/// One row of the table.
struct Row<'t> {
    base: &'t str,
    from: String,
    to: String,
    line: usize,
    words: Vec<&'t str>,
}

fn row(line: &str) -> Row<'_> {
    let cells: Vec<&str> = line.split(" ¦").map(|cell| cell.strip_prefix(' ').unwrap_or(cell)).collect();
    let [base, from, to, line, words] = cells[..] else { panic!("five cells, not {}: {line}", cells.len()) };
    let text = |cell: &str| cell.replace("\\n", "\n");
    let words = words.split(';').map(str::trim).collect();
    Row { base, from: text(from), to: text(to), line: line.parse().expect("a line number"), words }
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

/// Checks a text in a thread with the stack of a worker of the binary.
fn check(name: &str, text: &str) -> (Sources, FileReport) {
    let mut sources = Sources::default();
    let id = sources.add(Source::new(name, text));
    let pool = rayon::ThreadPoolBuilder::new().stack_size(32 << 20).build().expect("worker threads");
    let options = Options { samples: 4, ..Options::default() };
    let report = pool.install(|| check_source(&mut sources, id, &mut Files::new(&NoFiles), &options));
    (sources, report.unwrap_or_else(|d| panic!("{name}: engines disagree: {d}")))
}

/// Message and advice of an error.
fn report(error: &InputError) -> String {
    let help = error.help().map(|h| h.to_string()).unwrap_or_default();
    format!("{error}\n{help}")
}

/// What is wrong with the report of one mistake; empty if nothing is.
fn fault(row: &Row<'_>, base: &str) -> String {
    assert!(base.contains(&row.from), "{}.nat has no `{}`", row.base, row.from);
    let text = base.replacen(&row.from, &row.to, 1);
    let (sources, found) = check(row.base, &text);
    let said: Vec<String> =
        found.errors.iter().map(|e| format!("    line {}: {}", sources.place(e.span()).1, report(e))).collect();
    let all = said.join("\n");
    match &found.errors[..] {
        [only] => {
            let (_, line, _) = sources.place(only.span());
            let text = report(only);
            // Quotation marks aside, which may stand around more than the word that matters.
            let plain = text.replace('`', "");
            let missing: Vec<&&str> = row.words.iter().filter(|w| !plain.contains(&w.replace('`', ""))).collect();
            if line != row.line {
                format!("on line {line}:\n{all}")
            } else if !missing.is_empty() {
                format!("without {missing:?}:\n{all}")
            } else {
                String::new()
            }
        }
        errors => format!("{} errors:\n{all}", errors.len()),
    }
}

#[test]
fn every_mistake_is_met_with_the_advice_that_helps() {
    let table = std::fs::read_to_string(folder().join("table.txt")).expect("the table");
    let mut faults = Vec::new();
    let mut rows = 0;
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with("//")) {
        let row = row(line);
        let base = std::fs::read_to_string(folder().join(format!("{}.nat", row.base))).expect("a base");
        let fault = fault(&row, &base);
        if !fault.is_empty() {
            faults.push(format!("{line}\n  {fault}"));
        }
        rows += 1;
    }
    assert!(rows > 600, "the table has been cut short: {rows} rows");
    assert!(faults.is_empty(), "{} of {rows} mistakes:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_good_files_have_no_errors() {
    for name in ["line", "net", "system", "train"] {
        let base = std::fs::read_to_string(folder().join(format!("{name}.nat"))).expect("a base");
        let (_, found) = check(name, &base);
        let said: Vec<String> = found.errors.iter().map(report).collect();
        assert!(said.is_empty() && found.answers.iter().all(|a| a.ok), "{name}: {said:?}");
    }
}

/// What is wrong with a text, as lines and messages.
fn said(text: &str) -> Vec<(usize, String)> {
    let (sources, found) = check("several", text);
    found.errors.iter().map(|e| (sources.place(e.span()).1, e.to_string())).collect()
}

#[test]
fn errors_of_names_stand_beside_errors_of_syntax() {
    let found = said(
        "data x : R[3]\narchitecture Line { param a : R  loss = sum((a * x - Y)^2) }\nlet half = 1 / / 2\n\
         reparam F : (u : R) -> Line { b = half * u }\noptimiser Descent { flow { d/dt params = -grad(loss) } }\n\
         check natural Descent along F\ncheck natural Adam along F expct fails\ncheck natural Adam along F\n",
    );
    let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 7, 8], "{found:?}");
}

#[test]
fn nothing_is_said_of_names_that_a_broken_declaration_may_have() {
    for broken in [
        "architecture Plane { param a b : R }",
        "architecture Plane(h : N) {\n  param a : R[h\n",
        "struct Plane { a : R }",
        "use std.maps as maps",
        "use \"plane.nat",
        "import plane",
        "data b : R = = 1\narchitecture Plane : { }",
    ] {
        let found = said(&format!("{broken}\nreparam F : (u : R) -> Plane {{ a = u }}\ncheck preserves loss F\n"));
        assert_eq!(found.iter().filter(|(line, _)| *line > 3).count(), 0, "{broken}: {found:?}");
        assert!(!found.is_empty() && !found.iter().any(|(_, m)| m.contains("unknown")), "{broken}: {found:?}");
    }
}

#[test]
fn all_operands_of_a_line_are_looked_at() {
    let found = said("architecture A { param a : R  loss = sum(outpt^2) + zz * max(p, q) }\n");
    let names: Vec<&str> = found.iter().filter_map(|(_, m)| m.split('`').nth(1)).collect();
    assert_eq!(names, ["outpt", "zz", "p", "q"], "{found:?}");
}

#[test]
fn a_part_that_an_architecture_lacks_is_asked_for_once() {
    let base = std::fs::read_to_string(folder().join("line.nat")).expect("a base");
    let lacks = base.replace("  loss   = sum((output - y)^2) / 2\n", "");
    let found = said(&format!("{lacks}check natural GradientFlow along Endpoints\ncheck preserves loss Endpoints\n"));
    assert!(matches!(&found[..], [(_, message)] if message.contains("`Line` has no `loss`")), "{found:?}");
}
