//! The binary from outside: exit statuses, formats, and what it does with bad input.

#[path = "cli/inputs.rs"]
mod inputs;
#[path = "cli/naturalize.rs"]
mod naturalize;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// One check that is as expected, one line of each other part of the language around it.
const GOOD: &str = "\
architecture Plane { param x, y : R  output = [x + y^2, y]  loss = x^2 + 3 * y^2 + x * y }
reparam Zoom(a : R where a > 0) : (u, v : R) -> Plane { x = a * u  y = a * v }
reparam Shear : (u, v : R) -> Plane { x = u  y = v + u^2 }
optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
optimizer NaturalStep { step(lr) { params' = params - lr * natgrad(loss) } }
check natural GradientFlow along Zoom expect up to rate a^2
check natural NaturalStep along Shear expect in limit
check natural GradientFlow along Shear expect fails
check commutes Zoom(2) == Zoom(2)
check preserves loss Shear
check same GradientFlow == GradientFlow on Plane
";

/// A check that is not as expected.
const UNEXPECTED: &str = "\
architecture Plane { param x, y : R  loss = x^2 + 3 * y^2 }
reparam Stretch : (u, v : R) -> Plane { x = 2 * u  y = v }
optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
check natural GradientFlow along Stretch
";

/// A fault on line 2.
const FAULTY: &str = "\
architecture Plane { param x, y : R  loss = x^2 + 3 * y^2 }
architecture Broken { param x : R  loss = x + undeclared }
";

/// A folder of its own for one test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Folder(path)
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file for the test");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn nat() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nat"));
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("FORCE_COLOR").env("COLUMNS", "80");
    command
}

fn run(arguments: &[&str]) -> Output {
    nat().args(arguments).stdin(Stdio::null()).output().expect("the binary runs")
}

fn run_on(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = nat()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // The binary may answer before it has read everything.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("the binary ends")
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("killed by a signal: {}", stderr(output)))
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e} in: {}", stdout(output)))
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("`{key}` is a list in {value}"))
}

#[test]
fn exit_statuses() {
    let folder = Folder::new("statuses");
    let good = folder.file("good.nat", GOOD);
    let unexpected = folder.file("unexpected.nat", UNEXPECTED);
    let faulty = folder.file("faulty.nat", FAULTY);
    assert_eq!(status(&run(&["check", &good])), 0);
    assert_eq!(status(&run(&["check", &unexpected])), 1);
    assert_eq!(status(&run(&["check", &faulty])), 2);
    assert_eq!(status(&run(&["check", &good, &unexpected])), 1);
    // Faulty input outweighs an unexpected verdict.
    assert_eq!(status(&run(&["check", &unexpected, &faulty])), 2);
    for wrong in [
        &["check"][..],
        &[],
        &["chek", &good],
        &["check", &good, "--seed", "many"],
        &["check", &good, "--format", "xml"],
        &["check", &good, "--frmat", "json"],
        &["check", &good, "--samples", "0"],
    ] {
        let output = run(wrong);
        assert_eq!(status(&output), 3, "{wrong:?}");
        assert!(stdout(&output).is_empty() && !stderr(&output).is_empty(), "{wrong:?}");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [&["--help"][..], &["check", "--help"], &["--version"]] {
        let output = run(arguments);
        assert_eq!(status(&output), 0, "{arguments:?}");
        assert!(!stdout(&output).is_empty() && stderr(&output).is_empty(), "{arguments:?}");
    }
    let help = stdout(&run(&["check", "--help"]));
    for word in ["--format", "--seed", "--samples", "--require-proof", "FILE", "Exit status"] {
        assert!(help.contains(word), "`{word}` in the help");
    }
    assert!(stdout(&run(&["--version"])).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_text_report() {
    let folder = Folder::new("text");
    let good = folder.file("good.nat", GOOD);
    let output = run(&["check", &good]);
    let text = stdout(&output);
    assert!(stderr(&output).is_empty(), "{}", stderr(&output));
    for (verdict, what) in [
        ("up to rate a^2", "natural GradientFlow along Zoom"),
        ("in limit", "natural NaturalStep along Shear"),
        ("fails", "natural GradientFlow along Shear"),
        ("commutes", "commutes Zoom(2) == Zoom(2)"),
        ("commutes", "preserves loss Shear"),
        ("commutes", "same GradientFlow == GradientFlow on Plane"),
    ] {
        let line = text.lines().find(|l| l.ends_with(what)).unwrap_or_else(|| panic!("a line for `{what}` in {text}"));
        assert!(line.contains(verdict), "{line}");
    }
    assert!(text.contains("6 checks, all as expected"), "{text}");

    let unexpected = folder.file("unexpected.nat", UNEXPECTED);
    let output = run(&["check", &unexpected]);
    assert!(stdout(&output).contains("not as expected"), "{}", stdout(&output));
    let report = stderr(&output);
    for part in ["expected `commutes`, found `fails`", "Stretch", "GradientFlow", "unexpected.nat"] {
        assert!(report.contains(part), "`{part}` in {report}");
    }
}

#[test]
fn the_json_report() {
    let folder = Folder::new("json");
    let good = folder.file("good.nat", GOOD);
    let output = run(&["check", "--format", "json", &good]);
    let report = json(&output);
    assert_eq!(report["version"], 1);
    assert!(array(&report, "errors").is_empty());
    let checks = array(&report, "checks");
    assert_eq!(checks.len(), 6);
    let fields = [
        "file",
        "line",
        "column",
        "kind",
        "optimizer",
        "along",
        "on",
        "verdict",
        "expected",
        "ok",
        "evidence",
        "order",
        "rate",
        "residual",
        "message",
    ];
    for check in checks {
        for field in fields {
            assert!(check.get(field).is_some(), "`{field}` in {check}");
        }
        assert_eq!(check["file"], good.as_str());
        assert_eq!(check["column"], 1);
        assert_eq!(check["ok"], true);
        let residual = &check["residual"];
        if !residual.is_null() {
            assert!(
                residual["max"].is_number() && residual["noise"].is_number() && residual["samples"].is_u64(),
                "{residual}"
            );
        }
    }
    let rate = &checks[0];
    assert_eq!((&rate["kind"], &rate["line"]), (&"natural".into(), &6.into()));
    assert_eq!(
        (&rate["optimizer"], &rate["along"], &rate["on"]),
        (&"GradientFlow".into(), &"Zoom".into(), &Value::Null)
    );
    assert_eq!((&rate["verdict"], &rate["rate"], &rate["order"]), (&"up to rate".into(), &"a^2".into(), &Value::Null));
    let limit = &checks[1];
    assert_eq!(
        (&limit["verdict"], &limit["order"], &limit["evidence"]),
        (&"in limit".into(), &2.into(), &"algebra".into())
    );
    let fails = &checks[2];
    assert_eq!((&fails["verdict"], &fails["evidence"]), (&"fails".into(), &"counterexample".into()));
    assert!(!array(&fails["witness"], "point").is_empty());
    let commutes = &checks[3];
    assert_eq!(
        (&commutes["kind"], &commutes["left"], &commutes["right"]),
        (&"commutes".into(), &"Zoom(2)".into(), &"Zoom(2)".into())
    );
    assert_eq!(checks[4]["kind"], "preserves");
    assert_eq!(checks[5]["kind"], "same");
    assert_eq!((&checks[5]["left"], &checks[5]["on"]), (&"GradientFlow".into(), &"Plane".into()));

    let faulty = folder.file("faulty.nat", FAULTY);
    let output = run(&["check", "--format", "json", &faulty]);
    let report = json(&output);
    assert!(array(&report, "checks").is_empty());
    let errors = array(&report, "errors");
    assert_eq!(errors.len(), 1, "{report}");
    let error = &errors[0];
    assert_eq!(
        (&error["code"], &error["line"], &error["column"]),
        (&"nat::name::unknown".into(), &2.into(), &47.into())
    );
    assert_eq!(error["file"], faulty.as_str());
    assert!(error["message"].as_str().is_some_and(|m| m.contains("undeclared")));
}

#[test]
fn standard_input() {
    let output = run_on(&["check", "-"], GOOD.as_bytes());
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let output = run_on(&["check", "--format", "json", "-"], FAULTY.as_bytes());
    assert_eq!(status(&output), 2);
    assert_eq!(json(&output)["errors"][0]["line"], 2);
    let output = run_on(&["check", "-"], b"");
    assert_eq!(status(&output), 2, "nothing was checked: {}", stderr(&output));
    let output = run_on(&["check", "--allow-empty", "-"], b"");
    assert_eq!(status(&output), 0, "an empty file has no faults: {}", stderr(&output));
}

#[test]
fn one_faulty_file_does_not_stop_the_others() {
    let folder = Folder::new("several");
    let good = folder.file("good.nat", GOOD);
    let faulty = folder.file("faulty.nat", FAULTY);
    let unexpected = folder.file("unexpected.nat", UNEXPECTED);
    let missing = folder.0.join("missing.nat").display().to_string();
    let output = run(&["check", "--format", "json", &faulty, &missing, &good, &unexpected]);
    assert_eq!(status(&output), 2);
    let report = json(&output);
    let file_of = |v: &Value| v["file"].as_str().unwrap_or_default().to_owned();
    let files: Vec<String> = array(&report, "checks").iter().map(file_of).collect();
    assert_eq!(files, [vec![good; 6], vec![unexpected]].concat());
    let files: Vec<String> = array(&report, "errors").iter().map(file_of).collect();
    assert_eq!(files, [faulty, missing]);
}

#[test]
fn unreadable_files() {
    let folder = Folder::new("unreadable");
    std::fs::create_dir(folder.0.join("empty")).expect("a folder");
    let here = folder.0.join("empty").display().to_string();
    let missing = folder.0.join("missing.nat").display().to_string();
    let latin = folder.file("latin.nat", b"let a = 1\n// caf\xe9\n");
    for (file, part) in [(&here, "folder"), (&missing, "missing.nat"), (&latin, "UTF-8")] {
        let output = run(&["check", file]);
        assert_eq!(status(&output), 2, "{file}");
        assert!(stderr(&output).contains(part), "`{part}` in {}", stderr(&output));
        let output = run(&["check", "--format", "json", file]);
        assert_eq!(status(&output), 2, "{file}");
        assert_eq!(array(&json(&output), "errors").len(), 1);
    }
}

#[test]
fn no_escape_codes_in_pipes() {
    let folder = Folder::new("colour");
    let unexpected = folder.file("unexpected.nat", UNEXPECTED);
    let faulty = folder.file("faulty.nat", FAULTY);
    for setting in [None, Some("NO_COLOR")] {
        let mut command = nat();
        if let Some(name) = setting {
            command.env(name, "1");
        }
        let output = command.args(["check", &unexpected, &faulty]).output().expect("the binary runs");
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{}", stderr(&output));
    }
}

#[test]
fn narrow_terminals_are_respected() {
    let folder = Folder::new("narrow");
    let unexpected = folder.file("u.nat", UNEXPECTED);
    let mut command = nat();
    command.env("COLUMNS", "60").current_dir(&folder.0);
    let output = command.args(["check", "u.nat"]).output().expect("the binary runs");
    assert!(Path::new(&unexpected).exists());
    // Lines of the user's own text are shown as they are; what is said about them is wrapped.
    // Labels stand below the user's text, wherever that is.
    let quoted = |l: &str| UNEXPECTED.lines().any(|u| l.ends_with(u)) || l.trim_start().starts_with('·');
    let said = stderr(&output);
    let long: Vec<&str> = said.lines().filter(|l| l.chars().count() > 60 && !quoted(l)).collect();
    assert!(long.is_empty(), "{long:#?}");
}

/// The answers without the times that they took.
fn untimed(output: &Output) -> Value {
    let mut report = json(output);
    for check in report["checks"].as_array_mut().expect("a list") {
        let entry = check.as_object_mut().expect("an object");
        entry.retain(|key, _| !key.contains("time") && !key.contains("seconds"));
    }
    report
}

#[test]
fn the_same_output_whatever_the_threads() {
    let folder = Folder::new("threads");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/check/conditions.nat"));
    let file = folder.file("conditions.nat", text.expect("a file of the corpus"));
    let with = |more: &[&str]| untimed(&run(&[&["check", "--format", "json", &file], more].concat()));
    let one = with(&["--threads", "1"]);
    assert_eq!(one, with(&["--threads", "2"]));
    assert_eq!(one, with(&["--threads", "1"]));
    assert_eq!(one, with(&["--seed", "0"]), "the default seed is 0");
    let other = with(&["--seed", "7", "--threads", "2"]);
    assert_eq!(other, with(&["--seed", "7", "--threads", "1"]));
    let verdicts = |v: &Value| array(v, "checks").iter().map(|c| c["verdict"].clone()).collect::<Vec<_>>();
    assert_eq!(verdicts(&one), verdicts(&other), "no verdict depends on the seed");
    let residuals = |v: &Value| array(v, "checks").iter().map(|c| c["residual"].to_string()).collect::<Vec<_>>();
    assert_ne!(residuals(&one), residuals(&other), "the samples do");
}

#[test]
fn numbers_of_samples() {
    let samples = |n: &str| json(&run_on(&["check", "--format", "json", "--samples", n, "-"], GOOD.as_bytes()));
    assert_eq!(samples("5")["checks"][0]["residual"]["samples"], 5);
    assert_eq!(samples("64")["checks"][0]["residual"]["samples"], 64);
}

#[test]
fn require_proof() {
    // The polar factor of a product of roots is beyond the exact engines.
    let text = "\
data A : R[2, 3]
architecture Two { param w : R[2]  output = w  loss = sum(w^2) }
optimizer Polar { flow { d/dt params = polar(A) * polar(A)^T * params } }
optimizer Identity { flow { d/dt params = params } }
check same Polar == Identity on Two
";
    let output = run_on(&["check", "--format", "json", "-"], text.as_bytes());
    let check = &json(&output)["checks"][0];
    assert_eq!((status(&output), &check["verdict"], &check["evidence"]), (0, &"commutes".into(), &"numeric".into()));
    let output = run_on(&["check", "--format", "json", "--require-proof", "-"], text.as_bytes());
    let check = &json(&output)["checks"][0];
    assert_eq!((status(&output), &check["ok"]), (1, &false.into()));
    // Proofs and counterexamples are not touched.
    assert_eq!(status(&run_on(&["check", "--require-proof", "-"], GOOD.as_bytes())), 0);
}

/// A text with measured numbers and error bounds left out: they are not what the reader is told.
fn masked(text: &str) -> String {
    let word = |w: &str| {
        let bare = w.trim_end_matches(|c: char| c.is_whitespace() || ".,;".contains(c));
        let measured = bare.contains("e-") && bare.parse::<f64>().is_ok() || bare.starts_with("2^-");
        if measured { w.replacen(bare, "#", 1) } else { w.to_owned() }
    };
    text.split_inclusive(char::is_whitespace).map(word).collect()
}

/// What a stranger reads, word for word, at 80 columns and without colour.
#[test]
fn diagnostics() {
    let plane = "\
architecture Plane {
  param x, y : R
  output = [x + y^2, x * y, y]
  loss   = x^2 + 3 * y^2 + x * y
}
optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
";
    let cases = [
        (
            "fails_with_a_witness",
            "reparam Stretch(a, b : R where a > 0, b > 0) : (u, v : R) -> Plane { x = a * u  y = b * v }\ncheck natural GradientFlow along Stretch\n",
        ),
        (
            "invalid_claim",
            "reparam Cubic : (u, v : R) -> Plane { x = u^3  y = v }\ncheck natural GradientFlow along Cubic\n",
        ),
        (
            "wrong_rate",
            "reparam Zoom(a : R where a > 0) : (u, v : R) -> Plane { x = a * u  y = a * v }\ncheck natural GradientFlow along Zoom expect up to rate a\n",
        ),
        (
            "system_that_fails",
            "\
data b : N -> R
architecture Coupled(n : N) {
  param c : R[n]
  loss = sum(i in 0..n: (c[i] - b(i))^2) / 2 + sum(i in 1..n: c[i] * c[i - 1]) / 2
}
projection Forget(n : N) : Coupled(n + 1) -> Coupled(n) { c = c[0..n] }
system Chained = Forget over n in 1..4
check natural GradientFlow along Chained
",
        ),
        ("unknown_name", "optimizer Newton { flow { d/dt params = -solve(hess(loos), d(loss)) } }\n"),
        ("shape_mismatch", "data A : R[2, 3]\narchitecture Fit { param w : R[2]  output = A * w  loss = sum(w^2) }\n"),
    ];
    for (name, text) in cases {
        let output = run_on(&["check", "-"], format!("{plane}{text}").as_bytes());
        let said = masked(&stderr(&output));
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, said));
    }
}
