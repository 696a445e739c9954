//! `use`: other files and the library, through the driver and through the binary.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nat::source::{Source, Sources};
use nat::uses::{Files, Loader, Location, MAX_FILES};
use nat::{FileReport, Options, check_source};
use serde_json::Value;

// ---- the driver -----------------------------------------------------------------------------------------------------

/// Files in memory; a path is its own identity, without `./`. Counts the readings.
#[derive(Default)]
struct Memory {
    files: BTreeMap<String, String>,
    read: RefCell<Vec<String>>,
}

impl Memory {
    fn new(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
        Memory { files, read: RefCell::default() }
    }
}

impl Loader for Memory {
    fn locate(&self, _: &str, path: &str) -> Result<Location, (String, String)> {
        let name = path.trim_start_matches("./").to_owned();
        match self.files.contains_key(&name) {
            true => Ok(Location { identity: name.clone(), name }),
            false => Err((name, "it does not exist".to_owned())),
        }
    }

    fn read(&self, location: &Location) -> Result<String, String> {
        self.read.borrow_mut().push(location.name.clone());
        Ok(self.files[&location.name].clone())
    }

    fn bytes(&self, location: &Location) -> Result<Vec<u8>, String> {
        self.read(location).map(String::into_bytes)
    }
}

fn check(loader: &Memory, text: &str) -> (Sources, FileReport) {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("main.nat", text));
    let mut files = Files::new(loader);
    files.know("main.nat".to_owned(), id);
    let report = check_source(&mut sources, id, &mut files, &Options::default()).expect("no disagreement");
    (sources, report)
}

fn errors(loader: &Memory, text: &str) -> Vec<String> {
    let (sources, report) = check(loader, text);
    let show = |e: &nat::InputError| {
        let (file, line, column) = sources.place(e.span());
        format!("{file}:{line}:{column}: {e}")
    };
    report.errors.iter().map(show).collect()
}

#[test]
fn a_diamond_of_uses_is_one_set_of_declarations() {
    let memory = Memory::new(&[
        ("a.nat", "use \"c.nat\"\nlet a = c"),
        ("b.nat", "use \"./c.nat\"\nuse \"a.nat\"\nlet b = c"),
        ("c.nat", "let c = 1"),
    ]);
    let text = "use \"a.nat\"\nuse \"b.nat\"\nuse \"b.nat\"\nlet all = a + b + c";
    assert_eq!(errors(&memory, text), [""; 0]);
    assert_eq!(*memory.read.borrow(), ["a.nat", "c.nat", "b.nat"], "each file is read once");
}

#[test]
fn a_file_sees_what_it_uses_and_nothing_else() {
    let memory = Memory::new(&[("a.nat", "let a = main"), ("b.nat", "let b = 1"), ("c.nat", "let c = b")]);
    let found = errors(&memory, "use \"a.nat\"\nuse \"b.nat\"\nuse \"c.nat\"\nlet main = 2");
    assert_eq!(found, ["a.nat:1:9: unknown name `main`", "c.nat:1:9: unknown name `b`"]);
}

#[test]
fn circles_name_their_files() {
    let memory = Memory::new(&[("a.nat", "use \"b.nat\""), ("b.nat", "let b = 1\nuse \"a.nat\"")]);
    let found = errors(&memory, "use \"a.nat\"");
    assert_eq!(found, ["a.nat:1:1: these files use each other in a circle: a.nat → b.nat → a.nat"]);
    let found = errors(&memory, "use \"b.nat\"");
    assert_eq!(found, ["b.nat:2:1: these files use each other in a circle: b.nat → a.nat → b.nat"]);
    let memory = Memory::new(&[("main.nat", "")]);
    let found = errors(&memory, "use \"main.nat\"");
    assert_eq!(found, ["main.nat:1:1: these files use each other in a circle: main.nat → main.nat"]);
}

#[test]
fn clashes_between_files() {
    let memory = Memory::new(&[("a.nat", "let x = 1"), ("b.nat", "let x = 2"), ("c.nat", "use \"a.nat\"")]);
    let found = errors(&memory, "use \"a.nat\"\nlet x = 3");
    assert_eq!(found, ["main.nat:2:5: `x` is declared twice, in two files"]);
    let (_, report) = check(&memory, "use \"a.nat\"\nuse \"b.nat\"");
    assert_eq!(report.errors.len(), 1);
    assert!(report.errors[0].elsewhere().is_some());
    assert_eq!(errors(&memory, "use \"a.nat\"\nuse \"c.nat\""), [""; 0]);
    // A name of the library may be declared anew, in a used file too; but only once.
    let memory = Memory::new(&[
        ("a.nat", "use std.optimizers\noptimizer Adam { flow { d/dt params = params } }"),
        ("b.nat", "optimizer Adam { flow { d/dt params = -params } }"),
    ]);
    assert_eq!(errors(&memory, "use \"a.nat\"\nuse std.optimizers"), [""; 0]);
    assert_eq!(errors(&memory, "use std.optimizers\nuse \"a.nat\""), [""; 0]);
    let found = errors(&memory, "use \"a.nat\"\nuse \"b.nat\"");
    assert_eq!(found, ["b.nat:1:11: `Adam` is declared twice, in two files"]);
}

#[test]
fn the_number_of_files_is_limited() {
    let chain = |n: usize| {
        let file =
            |i: usize| (format!("{i}.nat"), if i < n { format!("use \"{}.nat\"", i + 1) } else { String::new() });
        Memory { files: (1..=n).map(file).collect(), read: RefCell::default() }
    };
    assert_eq!(errors(&chain(MAX_FILES), "use \"1.nat\""), [""; 0]);
    let found = errors(&chain(MAX_FILES + 1), "use \"1.nat\"");
    assert_eq!(found, [format!("{MAX_FILES}.nat:1:1: more than {MAX_FILES} files are used")]);
}

// ---- the binary -----------------------------------------------------------------------------------------------------

/// Runs the binary in a folder of the corpus.
fn run(folder: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nat"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/use").join(folder))
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("the binary ends")
}

/// Status, errors and number of checks of a run with `--format json`.
fn report(folder: &str, files: &[&str], input: &str) -> (Option<i32>, Vec<Value>, usize) {
    let output = run(folder, &[&["check", "--format", "json"], files].concat(), input);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let list = |key: &str| report[key].as_array().cloned().unwrap_or_default();
    (output.status.code(), list("errors"), list("checks").len())
}

/// `code file:line:column` of each error.
fn places(errors: &[Value]) -> Vec<String> {
    let text = |e: &Value, key: &str| e[key].as_str().unwrap_or_default().to_owned();
    errors.iter().map(|e| format!("{} {}:{}:{}", text(e, "code"), text(e, "file"), e["line"], e["column"])).collect()
}

#[test]
fn files_and_library_together() {
    let output = run("pass", &["check", "network.nat"], "");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let (status, errors, checks) = report("pass", &["network.nat"], "");
    assert_eq!((status, errors.len(), checks), (Some(0), 0, 5), "only the checks of the file itself");
    // The same from another folder: paths are relative to the file that says so.
    let (status, errors, checks) = report(".", &["pass/network.nat"], "");
    assert_eq!((status, errors.len(), checks), (Some(0), 0, 5));
}

#[test]
fn standard_input_uses_files_of_the_working_directory() {
    let text = "use \"parts/maps.nat\"\nuse std.optimizers\ncheck natural Muon along Zoom expect up to rate a\n";
    assert_eq!(report("pass", &["-"], text), (Some(0), vec![], 1));
    let (status, errors, _) = report("fail", &["-"], text);
    assert_eq!((status, places(&errors)), (Some(2), vec!["nat::uses::unreadable <stdin>:1:1".to_owned()]));
}

#[test]
fn uses_that_bring_nothing() {
    let (status, errors, _) = report("fail", &["unreadable.nat"], "");
    assert_eq!(status, Some(2));
    let at = |code: &str, line: usize| format!("nat::uses::{code} unreadable.nat:{line}:1");
    let wanted: Vec<String> = (1..=4).map(|l| at("unreadable", l)).collect();
    let libraries: Vec<String> = (5..=6).map(|l| at("unknown_library", l)).collect();
    assert_eq!(places(&errors), [wanted, libraries].concat());
    for (i, part) in ["parts/missing.nat", "folder", "UTF-8", "empty"].into_iter().enumerate() {
        assert!(errors[i]["message"].as_str().is_some_and(|m| m.contains(part)), "`{part}` in {}", errors[i]);
    }
    for (i, part) in [(4, "did you mean `std.optimizers`"), (4, "`std.maps`"), (5, "`std.optimizers`")] {
        assert!(errors[i]["help"].as_str().is_some_and(|m| m.contains(part)), "`{part}` in {}", errors[i]);
    }
}

#[test]
fn a_used_file_that_is_too_large() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = format!("large-{}.nat", std::process::id());
    std::fs::write(folder.join(&name), " ".repeat((16 << 20) + 1)).expect("a file for the test");
    let path = folder.join(&name).display().to_string();
    let (status, errors, _) = report("fail", &["-"], &format!("use \"{path}\""));
    let _ = std::fs::remove_file(folder.join(&name));
    assert_eq!((status, places(&errors)), (Some(2), vec!["nat::uses::unreadable <stdin>:1:1".to_owned()]));
    assert!(errors[0]["message"].as_str().is_some_and(|m| m.contains("16 MiB")));
}

#[test]
fn errors_point_into_the_file_that_has_them_and_come_once() {
    let (status, errors, checks) = report("fail", &["faulty.nat", "again.nat", "parts/broken.nat"], "");
    assert_eq!((status, checks), (Some(2), 0));
    assert_eq!(
        places(&errors),
        ["nat::name::unknown parts/faulty.nat:2:41", "nat::syntax::incomplete parts/broken.nat:2:7"]
    );
    let output = run("fail", &["check", "again.nat", "parts/broken.nat"], "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.matches("expected an expression").count(), 1, "{said}");
    assert!(said.contains("not checked: see the errors below"), "{said}");
}

#[test]
fn circles_are_reported_once() {
    let (status, errors, _) = report("fail", &["circle.nat", "parts/circle.nat"], "");
    assert_eq!((status, places(&errors)), (Some(2), vec!["nat::uses::cycle circle.nat:1:1".to_owned()]));
    let message = errors[0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("circle.nat → parts/circle.nat → circle.nat"), "{message}");
}

#[test]
fn both_places_of_a_clash_are_shown() {
    for (file, place, other) in [
        ("clash.nat", "nat::name::duplicate clash.nat:2:5", "parts/one.nat:1:5"),
        ("two.nat", "nat::name::duplicate parts/another.nat:2:5", "parts/one.nat:1:5"),
    ] {
        let (status, errors, _) = report("fail", &[file], "");
        assert_eq!((status, places(&errors)), (Some(2), vec![place.to_owned()]));
        assert_eq!(errors[0]["related"]["file"], "parts/one.nat");
        let said = String::from_utf8_lossy(&run("fail", &["check", file], "").stderr).into_owned();
        assert!(said.contains(other) && said.contains("first declared here"), "{said}");
    }
}

#[test]
fn a_check_that_a_used_optimizer_does_not_fit_is_named() {
    let (status, errors, _) = report("fail", &["asked.nat"], "");
    assert_eq!((status, places(&errors)), (Some(2), vec!["nat::architecture::incomplete asked.nat:4:1".to_owned()]));
    assert_eq!(errors[0]["related"]["file"], "parts/fine.nat");
    let said = String::from_utf8_lossy(&run("fail", &["check", "asked.nat"], "").stderr).into_owned();
    assert!(said.contains("natgrad(loss)") && said.contains("needed here"), "{said}");
}

#[test]
fn an_unexpected_verdict_shows_the_place_in_the_library() {
    let text = "use \"parts/maps.nat\"\nuse std.optimizers\ncheck natural Adam along Zoom\n";
    let output = run("pass", &["check", "-"], text);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in ["<std.optimizers>", "optimizer `Adam`", "parts/maps.nat", "along `Zoom`", "eps = 0"] {
        assert!(said.contains(part), "`{part}` in {said}");
    }
}
