//! The pages of `nat explain`: every code has one, and its examples do what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use miette::Diagnostic as _;
use nat::explain::{Page, page, pages};
use nat::source::{Source, Sources};
use nat::uses::{Files, Loader, Location};
use nat::verdict::Verdict;
use nat::{Options, check_source};

/// Codes without an example: of a defect there is none that stays one.
const WITHOUT_EXAMPLES: [&str; 1] = ["nat::internal::stopped"];

/// The files of a page.
struct Texts(BTreeMap<String, String>);

impl Loader for Texts {
    fn locate(&self, _: &str, path: &str) -> Result<Location, (String, String)> {
        if self.0.contains_key(path) {
            return Ok(Location { identity: path.to_owned(), name: path.to_owned() });
        }
        Err((path.to_owned(), "there is no such file".to_owned()))
    }

    fn read(&self, location: &Location) -> Result<String, String> {
        self.0.get(&location.name).cloned().ok_or_else(|| "gone".to_owned())
    }

    fn bytes(&self, location: &Location) -> Result<Vec<u8>, String> {
        self.read(location).map(String::into_bytes)
    }
}

/// The codes that a text is reported with.
fn codes(page: &str, text: &str, files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut texts = files.clone();
    texts.insert("example.nat".to_owned(), text.to_owned());
    let loader = Texts(texts);
    let mut sources = Sources::default();
    let id = sources.add(Source::new("example.nat", text));
    let mut files = Files::new(&loader);
    files.know("example.nat".to_owned(), id);
    let report = check_source(&mut sources, id, &mut files, &Options::default()).expect("no disagreement");
    let errors = report.errors.iter().filter_map(|e| e.code().map(|c| c.to_string()));
    let verdict = |v: Verdict| format!("nat::verdict::{}", v.text().replace(' ', "_"));
    let answers = report.answers.iter().filter(|a| !a.ok).map(|a| verdict(a.finding.verdict()));
    // Warnings count on the pages about warnings only: examples of other things are short.
    let warnings = report.warnings.iter().filter(|_| page.starts_with("nat::warning::"));
    let warnings = warnings.filter_map(|w| w.code().map(|c| c.to_string()));
    // What the command line says of a run without questions.
    let nothing = (report.answers.is_empty() && report.errors.is_empty() && page == "nat::source::nothing")
        .then(|| "nat::source::nothing".to_owned());
    errors.chain(answers).chain(warnings).chain(nothing).collect()
}

/// Whether the last command of an example succeeds in an empty folder, and what it prints.
fn shell(text: &str) -> (bool, String) {
    let folder = empty_folder(text);
    let bin = Path::new(env!("CARGO_BIN_EXE_nat")).parent().expect("a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).expect("a path");
    let commands: Vec<&str> = text.lines().map(|l| l.strip_prefix("$ ").unwrap_or_else(|| panic!("{l}"))).collect();
    let run = Command::new("bash").args(["-ec", &commands.join("\n")]).current_dir(&folder).env("PATH", path).output();
    let run = run.expect("a shell");
    std::fs::remove_dir_all(&folder).expect("the folder");
    (run.status.success(), String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned())
}

/// An empty folder for an example.
fn empty_folder(text: &str) -> PathBuf {
    let name = format!("explain-{}-{}", std::process::id(), text.len());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// All codes that stand in the sources of the program.
fn used() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            if path.extension().is_none_or(|e| e != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source file");
            for (at, _) in text
                .match_indices("code(nat::")
                .map(|(i, m)| (i + m.len() - 5, m))
                .chain(text.match_indices("\"nat::").map(|(i, m)| (i + 1, m)))
            {
                let code: String =
                    text[at..].chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
                if code.matches("::").count() == 2 && !code.ends_with(':') {
                    found.insert(code);
                }
            }
        }
    }
    found
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let described: BTreeSet<String> = pages().map(|p| p.code.to_owned()).collect();
    let used = used();
    assert!(used.len() > 50, "{used:?}");
    let missing: Vec<&String> = used.difference(&described).collect();
    assert!(missing.is_empty(), "these codes have no page in src/explain: {missing:?}");
    let gone: Vec<&String> = described.difference(&used).collect();
    assert!(gone.is_empty(), "these pages are about codes that nothing reports: {gone:?}");
    for page in pages() {
        assert!(page.summary().ends_with('.'), "{}: the first line is a sentence: {}", page.code, page.summary());
    }
}

#[test]
fn examples_do_what_their_pages_say() {
    let mut wrong = Vec::new();
    for page in pages() {
        let (mut fails, mut passes) = (0, 0);
        let mut files = BTreeMap::new();
        for block in page.blocks() {
            match block.kind {
                "nat fails" => {
                    fails += 1;
                    let found = codes(page.code, block.text, &files);
                    if found != BTreeSet::from([page.code.to_owned()]) {
                        wrong.push(format!("{}: {found:?} in {}", page.code, block.text));
                    }
                }
                "nat passes" => {
                    passes += 1;
                    let found = codes(page.code, block.text, &files);
                    if !found.is_empty() {
                        wrong.push(format!("{}: {found:?} in {}", page.code, block.text));
                    }
                }
                "console fails" => {
                    fails += 1;
                    let (ok, said) = shell(block.text);
                    if ok || !said.contains(page.code) {
                        wrong.push(format!("{}: {said} in {}", page.code, block.text));
                    }
                }
                "console passes" => {
                    passes += 1;
                    let (ok, said) = shell(block.text);
                    if !ok || said.contains(page.code) {
                        wrong.push(format!("{}: {said} in {}", page.code, block.text));
                    }
                }
                other => {
                    let name = other.strip_prefix("nat file=").unwrap_or_else(|| panic!("a block `{other}`"));
                    files.insert(name.to_owned(), block.text.to_owned());
                }
            }
        }
        let expected = if WITHOUT_EXAMPLES.contains(&page.code) { (0, 0) } else { (1, 1) };
        if (fails, passes) != expected {
            wrong.push(format!("{}: {fails} examples that fail and {passes} that pass", page.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_page_is_found_by_parts_of_its_code() {
    let code = |text: &str| page(text).map(|p: Page| p.code);
    assert_eq!(code("nat::shape::mismatch"), Some("nat::shape::mismatch"));
    assert_eq!(code("shape::mismatch"), Some("nat::shape::mismatch"));
    assert_eq!(code("unclosed"), Some("nat::syntax::unclosed"));
    assert_eq!(code("mismatch"), None, "three codes end so");
    assert_eq!(code("nothing_like_it"), None);
}

/// The page of the book that holds all pages, after a table of them.
fn index() -> String {
    let mut text = "# Error codes\n\n`nat explain CODE` prints these pages one by one. This file is made from them: \
                    `UPDATE=1 cargo test --test explain` writes it anew.\n\n| code | what it says |\n| --- | --- |\n"
        .to_owned();
    for page in pages() {
        let anchor = page.code.replace(':', "");
        text.push_str(&format!("| [`{}`](#{anchor}) | {} |\n", page.code, page.summary().replace('|', "\\|")));
    }
    for page in pages() {
        text.push_str(&format!("\n## {}\n\n{}\n", page.code, page.text));
    }
    text
}

#[test]
fn the_book_has_the_pages() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/errors.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, index()).expect("the page is written");
    }
    let found = std::fs::read_to_string(&path).expect("the page");
    assert!(found == index(), "docs/src/errors.md is not what the pages say: UPDATE=1 cargo test --test explain");
}
