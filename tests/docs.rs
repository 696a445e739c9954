//! The commands that the pages show, run as they stand there: they end as they should, and what is shown of their output
//! is in it. What is not run says why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Beginnings of commands that are not run here.
const NOT_RUN: [(&str, &str); 5] = [
    ("cargo ", "builds and tests are what runs this"),
    ("nat naturalize FILE", "a form, with a name in the place of a file"),
    ("nat watch", "does not end"),
    ("nat man check | man", "`man` may not be there"),
    ("nat completions bash >", "writes into the home of who runs it"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages, each with its text.
fn pages() -> Vec<(String, String)> {
    let mut found = vec!["README.md".to_owned(), "GUIDE.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs/src")).expect("the book") {
        let name = entry.expect("a page").file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            found.push(format!("docs/src/{name}"));
        }
    }
    found.sort();
    found.into_iter().map(|name| (name.clone(), std::fs::read_to_string(root().join(&name)).expect("a page"))).collect()
}

/// What a page tells its reader to do.
enum Step {
    /// To save a block in a file of this name: it stands behind "Save this as".
    Save(String, String),
    /// To run a command, with the lines that are shown below it.
    Run(String, Vec<String>),
}

/// The steps of a page, in order.
fn steps(text: &str) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    let mut fence: Option<&str> = None;
    let mut before = String::new();
    for line in text.lines() {
        match (fence, line.strip_prefix("```")) {
            (None, Some(kind)) => {
                fence = Some(kind);
                let name = before.rsplit_once("Save this as\n").or(before.rsplit_once("Save this as "));
                let name = name.and_then(|(_, name)| name.trim().strip_prefix('`')?.strip_suffix("`:"));
                if let Some(name) = name.filter(|_| kind.starts_with("nat")) {
                    all.push(Step::Save(name.to_owned(), String::new()));
                }
            }
            (Some(_), Some("")) => {
                fence = None;
                before.clear();
            }
            (None, None) => before.push_str(&format!("{line}\n")),
            (Some("console"), _) => match line.strip_prefix("$ ") {
                Some(command) => {
                    let command = command.split("  #").next().unwrap_or(command).trim_end();
                    all.push(Step::Run(command.to_owned(), Vec::new()));
                }
                None => {
                    if let Some(Step::Run(_, shown)) = all.last_mut() {
                        shown.push(line.to_owned());
                    }
                }
            },
            (Some(kind), _) if kind.starts_with("nat") => {
                if let Some(Step::Save(_, block)) = all.last_mut() {
                    block.push_str(&format!("{line}\n"));
                }
            }
            (Some(_), _) => {}
        }
    }
    all
}

/// A line without the times in it, and without spaces at its end.
fn timeless(line: &str) -> String {
    let words: Vec<&str> = line.trim_end().split(' ').collect();
    let is_time = |i: usize| {
        let unit = words.get(i + 1).is_some_and(|u| ["ms", "s"].contains(u));
        unit && words[i].parse::<f64>().is_ok()
    };
    let number = |i: usize| if is_time(i) { "#" } else { words[i] };
    let text: Vec<&str> = (0..words.len()).map(number).filter(|w| !w.is_empty()).collect();
    format!("{}{}", &line[..line.len() - line.trim_start().len()], text.join(" ")).replace("# ms", "# s")
}

/// A folder with the examples, and with what the pages suppose.
fn place() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("docs-{}", std::process::id()));
    std::fs::create_dir_all(place.join("models")).expect("a folder");
    std::fs::create_dir_all(place.join("tests")).expect("a folder");
    std::fs::create_dir_all(place.join("examples")).expect("a folder");
    for entry in std::fs::read_dir(root().join("examples")).expect("the examples") {
        let entry = entry.expect("an example");
        std::fs::copy(entry.path(), place.join("examples").join(entry.file_name())).expect("a copy");
    }
    for copy in ["model.nat", "models/one.nat", "tests/two.nat"] {
        std::fs::copy(root().join("examples/01_quickstart.nat"), place.join(copy)).expect("a copy");
    }
    place
}

#[test]
fn commands_do_what_the_pages_show() {
    let place = place();
    let program = Path::new(env!("CARGO_BIN_EXE_nat")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut done: BTreeMap<String, (i32, String)> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut run = 0;
    for (page, text) in pages() {
        let mut saved = false;
        for step in steps(&text) {
            let (command, shown) = match step {
                Step::Run(command, shown) => (command, shown),
                Step::Save(name, block) => {
                    saved = true;
                    std::fs::write(place.join(name), block).expect("a file");
                    continue;
                }
            };
            // A command about a file that changes is run each time.
            if saved {
                done.remove(&command);
            }
            let known = NOT_RUN.iter().any(|(beginning, _)| command.starts_with(beginning)) || command == "echo $?";
            if known {
                continue;
            }
            run += 1;
            let (status, output) = done.entry(command.clone()).or_insert_with(|| {
                let output = Command::new("sh")
                    .args(["-c", &format!("{command} 2>&1")])
                    .current_dir(&place)
                    .env("PATH", &path)
                    .env("COLUMNS", "80")
                    .env_remove("CLICOLOR_FORCE")
                    .stdin(std::fs::File::open(place.join("model.nat")).expect("a file"))
                    .output()
                    .expect("a shell");
                (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
            });
            if *status > 1 {
                wrong.push(format!("{page}: `{command}` ends with {status}:\n{output}"));
                continue;
            }
            // Standard output and standard error are joined as they come: what is shown is there, each part in order.
            let found: Vec<String> = output.lines().map(timeless).collect();
            let missing = shown.iter().filter(|l| l.trim() != "…").map(|l| timeless(l)).find(|l| !found.contains(l));
            if let Some(line) = missing {
                wrong.push(format!("{page}: `{command}` does not print\n{line}\nbut\n{output}"));
            }
        }
    }
    let _ = std::fs::remove_dir_all(&place);
    assert!(run > 8, "{run} commands");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the README shows of a failing check is the end of what the check prints.
#[test]
fn the_failing_check_of_the_readme_is_printed() {
    let text = std::fs::read_to_string(root().join("examples/01_quickstart.nat")).expect("the example");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("readme-{}.nat", std::process::id()));
    std::fs::write(&file, text.replace(" expect fails", "")).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_nat")).arg("check").arg(&file).env("COLUMNS", "80").output();
    let _ = std::fs::remove_file(&file);
    let printed = String::from_utf8_lossy(&output.expect("it runs").stderr).into_owned();
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let block = readme.split("```console\n").find(|b| b.starts_with("  help:")).expect("the excerpt");
    let shown = block.split("```").next().unwrap_or_default();
    for line in shown.lines() {
        assert!(printed.lines().any(|l| l.trim_end() == line.trim_end()), "`{line}` in\n{printed}");
    }
}

/// The anchors of the headings of a page, as they are made from their words.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter_map(|l| l.strip_prefix('#')).map(|l| l.trim_start_matches('#').trim());
    let kept = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    headings.map(|h| h.chars().filter(|c| kept(*c)).collect::<String>().to_lowercase().replace(' ', "-")).collect()
}

/// The text of a page with what it includes.
fn whole(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    match text.split_once("{{#include ").and_then(|(_, rest)| rest.split_once("}}")) {
        Some((file, _)) => {
            let included = path.parent().expect("a folder").join(file);
            text.clone() + &std::fs::read_to_string(&included).unwrap_or_else(|e| panic!("{file}: {e}"))
        }
        None => text,
    }
}

/// Every link between pages leads somewhere: those of the book to pages of the book, those of the README to what the
/// package holds.
#[test]
fn links_lead_somewhere() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let excluded = manifest.lines().find_map(|l| l.strip_prefix("exclude = ")).expect("what the package leaves out");
    let excluded: Vec<&str> = excluded.split('"').filter(|p| p.starts_with('/')).map(|p| &p[1..]).collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    let more = ["CONTRIBUTING.md", "CHANGELOG.md", "grammar/README.md", "grammar/tree-sitter-nat/README.md"];
    let names = pages().into_iter().map(|(name, _)| name).chain(more.map(str::to_owned));
    for name in names {
        let path = root().join(&name);
        let text = std::fs::read_to_string(&path).expect("a page");
        let book = name.starts_with("docs/") || name == "GUIDE.md";
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.contains(char::is_whitespace) {
                continue;
            }
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let to = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            if !to.exists() {
                wrong.push(format!("{name}: {target} is not there"));
            } else if book && (file.starts_with("..") || file.contains('/')) {
                wrong.push(format!("{name}: {target} leaves the book"));
            } else if !anchor.is_empty() && !anchors(&whole(&to)).iter().any(|a| a == anchor) {
                wrong.push(format!("{name}: {target}: no such heading"));
            } else if name == "README.md" && excluded.iter().any(|e| file.starts_with(e)) {
                wrong.push(format!("{name}: {target} is not in the package"));
            }
        }
    }
    assert!(count > 80, "{count} links");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The README is a page to begin with.
#[test]
fn the_readme_is_short() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    assert!(readme.lines().count() <= 200, "{} lines", readme.lines().count());
}
