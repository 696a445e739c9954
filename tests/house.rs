//! The house keeps its order: a stage uses only what stands before it on the front page, `src/lib.rs`, and nothing below
//! the command line speaks to the world.
//!
//! The exceptions are debts, and the lists of them must shrink: one that is not needed any more is a failure, too.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Arrows that point forward: a file, and the stage after its own that it uses.
const FORWARD: [(&str, &str); 1] = [("check/system/mod.rs", FRONT)];

/// Leaves: a stage, and the only stages that it may use. What they say is said of nothing in particular.
const LEAVES: [(&str, &[&str]); 1] = [("verdict", &["source", "core", "domain"])];

/// Files below the command line that read, print or ask for the environment.
const OUTSIDE: [&str; 0] = [];

/// What only the command line may name.
const WORLD: [&str; 9] = [
    "io::stdout",
    "io::stderr",
    "io::stdin",
    "anstream",
    "std::fs",
    "fs::read",
    "std::env",
    "std::process",
    "std::net",
];

/// The front page's own items, such as `crate::Answer`: after everything they are made of, before the reports.
const FRONT: &str = "the front page";

/// The stages in order, as the table of the front page lists them.
fn stages() -> Vec<String> {
    let page = fs::read_to_string(root().join("lib.rs")).expect("the front page");
    let rows = page.lines().filter_map(|line| line.strip_prefix("//! | [`")?.split('`').next());
    let mut stages: Vec<String> = rows.map(str::to_owned).collect();
    let reports = stages.iter().position(|stage| stage == "report").expect("the reports are a stage");
    stages.insert(reports, FRONT.to_owned());
    for module in page.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';')) {
        // A list of citations is no stage.
        assert!(module == "refs" || stages.iter().any(|s| s == module), "`{module}` has no row on the front page");
    }
    stages
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All Rust files under a folder but those of unit tests, in order of name.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !is_test(&path) {
            found.push(path);
        }
    }
}

fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem == "tests" || stem == "testing")
}

/// A file's name below `src`, and its lines without comments and without the unit tests at its end.
fn code(path: &Path) -> (String, Vec<String>) {
    let text = fs::read_to_string(path).expect("a source file");
    let name = path.strip_prefix(root()).expect("below src").to_string_lossy().replace('\\', "/");
    let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    let code = lines.filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned);
    (name, code.collect())
}

fn all_code() -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    files(&root(), &mut found);
    found.iter().map(|path| code(path)).collect()
}

/// The stage that a file belongs to; none for the front page itself, the binary and the citations.
fn stage_of(file: &str) -> Option<&str> {
    let stage = file.split('/').next()?.trim_end_matches(".rs");
    (!["lib", "main", "refs"].contains(&stage)).then_some(stage)
}

/// The stages that code names: `crate::term::Store`, `use crate::{check, Answer}`.
fn named<'s>(code: &str, stages: &'s [String]) -> Vec<&'s str> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let behind = &code[at + "crate::".len()..];
        let inner = behind.strip_prefix('{').map_or(behind, |list| list.split('}').next().unwrap_or(list));
        let parts = if behind.starts_with('{') { inner.split(',').collect() } else { vec![inner] };
        for part in parts {
            let word: String = part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let stage = stages.iter().find(|s| **s == word).map_or(FRONT, String::as_str);
            found.push(stage);
        }
    }
    found
}

#[test]
fn arrows_between_stages_point_backward() {
    let stages = stages();
    let place = |stage: &str| stages.iter().position(|s| s == stage);
    let mut needed: BTreeSet<(String, String)> = BTreeSet::new();
    for (file, lines) in all_code() {
        let Some(stage) = stage_of(&file) else { continue };
        let own = place(stage).unwrap_or_else(|| panic!("{file} belongs to no stage of the front page"));
        for used in named(&lines.join("\n"), &stages) {
            if place(used).is_some_and(|p| p > own) {
                needed.insert((file.clone(), used.to_owned()));
            }
        }
    }
    let listed: BTreeSet<(String, String)> =
        FORWARD.iter().map(|(file, stage)| ((*file).to_owned(), (*stage).to_owned())).collect();
    let new: Vec<_> = needed.difference(&listed).collect();
    assert!(new.is_empty(), "these arrows point forward, against the order of src/lib.rs: {new:#?}");
    let paid: Vec<_> = listed.difference(&needed).collect();
    assert!(paid.is_empty(), "these exceptions are not needed any more, strike them: {paid:#?}");
}

#[test]
fn leaves_use_leaf_data_only() {
    let stages = stages();
    let mut seen = BTreeSet::new();
    for (file, lines) in all_code() {
        let Some((stage, allowed)) = LEAVES.iter().find(|(leaf, _)| stage_of(&file) == Some(*leaf)) else { continue };
        seen.insert(*stage);
        let code = lines.join("\n");
        let beyond: Vec<&str> =
            named(&code, &stages).into_iter().filter(|used| used != stage && !allowed.contains(used)).collect();
        assert!(beyond.is_empty(), "{file} is part of a leaf and uses {beyond:?}");
        // The trees of declarations are of `core` as well, and no leaf data.
        assert!(!code.contains("core::names"), "{file} is part of a leaf and names declarations");
    }
    assert_eq!(seen.len(), LEAVES.len(), "every leaf is a stage");
}

#[test]
fn only_the_command_line_speaks_to_the_world() {
    let mut needed: BTreeSet<String> = BTreeSet::new();
    for (file, lines) in all_code() {
        let below = stage_of(&file).is_some_and(|stage| stage != "cli");
        if below && lines.iter().any(|line| WORLD.iter().any(|w| line.contains(w))) {
            needed.insert(file);
        }
    }
    let listed: BTreeSet<String> = OUTSIDE.iter().map(|f| (*f).to_owned()).collect();
    assert_eq!(needed, listed, "files that read, print or ask for the environment, and the list of exceptions");
}

/// Engines decide what is asked, and ask no new questions by making syntax: what they need is a value of the core, a path or
/// a term. A repair is a change of syntax; what a report prints of an example is a file; and a table of one line for each
/// optimizer stands for their uses.
const SYNTAX_MADE: [&str; 6] = [
    "check/class/examples.rs",
    "check/lower.rs",
    "check/lower/trace.rs",
    "check/lower/unanswered.rs",
    "check/repair/edit.rs",
    "check/trace/answer.rs",
];

/// Stages that are engines.
const ENGINES: [&str; 5] = ["domain", "term", "diagram", "structure", "check"];

/// Whether a line makes a node of the syntax tree, with a value for a field.
fn makes_syntax(line: &str) -> bool {
    const NODES: [&str; 10] =
        ["Check", "Instance", "Path", "TreePath", "Expr", "Ident", "Expectation", "Optimizer", "Statement", "Type"];
    let made = |node: &str| {
        line.match_indices(&format!("{node} {{ ")).any(|(at, found)| {
            let before = line[..at].chars().next_back();
            let own = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let field: String =
                line[at + found.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let behind = &line[at + found.len() + field.len()..];
            let pattern = line.contains("=>") || line.trim_start().starts_with("let ") && !line[..at].contains('=');
            own && !pattern && (behind.starts_with(": ") || behind.starts_with(", "))
        })
    };
    line.contains("syntax::parse(") || NODES.iter().any(|node| made(node))
}

#[test]
fn engines_make_no_syntax() {
    let mut needed: BTreeSet<String> = BTreeSet::new();
    for (file, lines) in all_code() {
        let engine = stage_of(&file).is_some_and(|stage| ENGINES.contains(&stage));
        let reads = lines.iter().any(|line| line.contains("syntax::tree") || line.contains("syntax::parse("));
        if engine && reads && lines.iter().any(|line| makes_syntax(line)) {
            needed.insert(file);
        }
    }
    let listed: BTreeSet<String> = SYNTAX_MADE.iter().map(|f| (*f).to_owned()).collect();
    assert_eq!(needed, listed, "engines that make syntax, and the list of exceptions");
}

/// A file that is read in one sitting.
const LONGEST: usize = 500;

#[test]
fn no_file_is_longer_than_one_reading() {
    let mut all = Vec::new();
    files(&root(), &mut all);
    let lines = |path: &PathBuf| fs::read_to_string(path).expect("a source file").lines().count();
    let long: Vec<String> = all
        .iter()
        .map(|path| (path, lines(path)))
        .filter(|(_, n)| *n > LONGEST)
        .map(|(path, n)| format!("{}: {n} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
