//! Inputs and surroundings that break careless programs.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::run::{Folder, Ran, TEXT};

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let folder = Folder::new("full");
    folder.file("a.nat", TEXT);
    for arguments in [
        &["check", "a.nat"][..],
        &["check", "--format", "json", "a.nat"],
        &["check", "--list", "a.nat"],
        &["schema"],
        &["man"],
        &["completions", "bash"],
        &["explain"],
        &["explain", "nat::shape::mismatch"],
        &["draw", "a.nat"],
        &["--help"],
        &["check", "--help"],
        &["--version"],
        &["naturalize", "--optimizer", "Gradient", "a.nat"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("the full device");
        let output = folder.nat().args(arguments).stdout(full).stderr(Stdio::piped()).output().expect("it runs");
        let ran = Ran(output);
        assert_eq!(ran.status(), 4, "{arguments:?}: {}", ran.all());
        assert!(ran.stderr().contains("cannot write the output"), "{arguments:?}: {}", ran.all());
    }
    let ran = folder.run(&["check", "--output", "sarif=/dev/full", "--output", "json=a.json", "a.nat"]);
    assert_eq!(ran.status(), 4, "{}", ran.all());
    assert!(
        folder.read("a.json").ends_with("}\n"),
        "one file that cannot be written keeps no other from being written"
    );
    // Reports on standard error are a part of the output.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("the full device");
    let output = folder.nat().args(["check", "a.nat"]).stdout(Stdio::piped()).stderr(full).output().expect("it runs");
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn where_nothing_can_be_written_nothing_is_begun() {
    let folder = Folder::new("unwritable");
    folder.file("a.nat", TEXT);
    let ran = folder.run(&["check", "--output", "sarif=a.sarif", "--output", "json=none/a.json", "a.nat"]);
    assert_eq!(ran.status(), 4, "{}", ran.all());
    assert!(ran.stdout().is_empty() && ran.stderr().contains("cannot write none/a.json"), "{}", ran.all());
    assert!(!folder.0.join("a.sarif").exists(), "an empty report");
}

#[test]
fn nothing_in_a_log_steers_a_terminal() {
    let folder = Folder::new("steers");
    folder.file("a.nat", "architecture A { param w : R  loss = w^2 + \u{1b}[31mzz \u{202e} \u{9b}1m }\n");
    for format in ["text", "github", "junit", "sarif", "json", "markdown", "latex", "html"] {
        let ran = folder.run(&["check", "--format", format, "a.nat"]);
        let all = ran.stdout() + &ran.stderr();
        let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!all.contains(steers), "{format}: {all:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new("gone");
    folder.file("a.nat", TEXT);
    let mut child =
        folder.nat().args(["check", "a.nat"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    let ran = Ran(child.wait_with_output().expect("it ends"));
    assert!(ran.status() <= 1 && !ran.stderr().contains("panicked"), "{}", ran.all());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let folder = Folder::new("fifo");
    folder.file("a.nat", "use \"pipe.nat\"\nlet a = 1\n");
    let made = std::process::Command::new("mkfifo").arg(folder.0.join("pipe.nat")).status().expect("mkfifo runs");
    assert!(made.success());
    let start = Instant::now();
    let ran = folder.run(&["check", "a.nat"]);
    assert!(start.elapsed() < Duration::from_secs(60));
    assert_eq!(ran.status(), 2, "{}", ran.all());
    assert!(ran.stderr().contains("no regular file"), "{}", ran.all());
    // In a folder it is no file to check.
    let ran = folder.run(&["check", "."]);
    assert_eq!(ran.status(), 2, "{}", ran.all());
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_files_may_hold_any_byte() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::new("bytes");
    // Two folders that differ in bytes that are no text, each with a file that uses its neighbour.
    for (byte, good) in [(0xf0u8, true), (0xf1, false)] {
        let inner = folder.0.join(std::ffi::OsStr::from_bytes(&[b'd', byte]));
        std::fs::create_dir(&inner).expect("a folder");
        std::fs::write(inner.join("a.nat"), "use \"b.nat\"\ncheck natural Gradient along Stretch\n").expect("a file");
        let text = if good {
            TEXT.replace("-grad", "-natgrad").replace(" expect up to rate a^2", "")
        } else {
            TEXT.to_owned()
        };
        std::fs::write(inner.join("b.nat"), text).expect("a file");
    }
    let report = folder.json(&["."]);
    let found: Vec<(String, String)> = report["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter(|c| c["file"].as_str().is_some_and(|f| f.ends_with("a.nat")))
        .map(|c| (c["file"].as_str().unwrap_or("").to_owned(), c["verdict"].as_str().unwrap_or("").to_owned()))
        .collect();
    assert_eq!(found.len(), 2, "{report}");
    assert_ne!(found[0].0, found[1].0);
    assert_eq!((found[0].1.as_str(), found[1].1.as_str()), ("commutes", "fails"));
    // Control characters and marks of direction in names and texts never reach the terminal.
    let odd = folder.0.join("x\u{1b}[31m\u{202e}.nat");
    std::fs::write(&odd, format!("{TEXT}// \u{1b}]0;title\u{7} \u{202e}\nlet a = \u{1b}[2J\n")).expect("a file");
    let output = folder.nat().arg("check").arg(&odd).output().expect("it runs");
    let ran = Ran(output);
    assert_eq!(ran.status(), 2, "{}", ran.all());
    for text in [ran.stdout(), ran.stderr()] {
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn as_many_threads_as_there_are() {
    let folder = Folder::new("threads");
    folder.file("a.nat", TEXT);
    let ran = folder.run(&["check", "--threads", "1024", "a.nat"]);
    assert_eq!(ran.status(), 1, "{}", ran.all());
}

#[cfg(target_os = "linux")]
#[test]
fn fewer_threads_than_asked_for_are_enough() {
    let folder = Folder::new("few");
    folder.file("a.nat", TEXT);
    // So little address space that a thousand stacks do not fit.
    let script = format!("ulimit -v 4000000; exec '{}' check --threads 1024 a.nat", env!("CARGO_BIN_EXE_nat"));
    let output =
        std::process::Command::new("sh").args(["-c", &script]).current_dir(&folder.0).output().expect("sh runs");
    let ran = Ran(output);
    assert_eq!(ran.status(), 1, "{}", ran.all());
}

#[test]
fn very_long_lines_are_reported() {
    let folder = Folder::new("long");
    folder.file("a.nat", format!("let a = {}1 + undeclared\n", "1 + ".repeat(20_000)));
    let ran = folder.run(&["check", "a.nat"]);
    assert_eq!(ran.status(), 2, "{}", ran.stderr().len());
    assert!(!ran.stderr().contains("panicked"), "{}", ran.stderr());
    assert!(ran.stderr().len() < 20_000);
}

/// Very many errors are answered in a time that grows with their number, not with its square, and a few are shown.
#[test]
fn very_many_errors() {
    let folder = Folder::new("many");
    let names: String = (0..20_000).map(|i| format!("let a{i} = missing{i}\n")).collect();
    let checks: String = (0..20_000).map(|i| format!("check natural O{i} along id(A)\n")).collect();
    folder.file("names.nat", names);
    folder.file("checks.nat", format!("architecture A {{ param x : R  loss = x^2 }}\n{checks}"));
    // Questions are read a thousand at a time until there are so many faults.
    for (file, all) in [("names.nat", 200), ("checks.nat", 1024)] {
        let ran = folder.run(&["check", "--max-reports", "3", file]);
        assert_eq!(ran.status(), 2, "{}", ran.stderr());
        assert_eq!(ran.stderr().matches("nat::name::unknown").count(), 3, "{file}");
        let more = format!("{} more errors are not shown in full", all - 3);
        assert!(ran.stderr().contains(&more) && ran.stderr().contains("there may be more"), "{}", ran.stderr());
    }
}

/// A line that is longer than a terminal is cut around what is marked, and nothing is wider than asked for.
#[test]
fn long_lines_are_cut_around_what_is_marked() {
    let folder = Folder::new("long");
    let long = vec!["x"; 200].join(" + ");
    folder.file("a.nat", format!("architecture A {{ param x : R  loss = {long} + undeclared + {long} }}\n"));
    let ran = folder.run(&["check", "a.nat"]);
    let shown = ran.stderr();
    let line = shown.lines().find(|l| l.contains("undeclared") && l.contains('│')).expect("the line");
    assert!(line.contains("… ") && line.ends_with(" …"), "{shown}");
    assert!(shown.lines().all(|l| l.chars().count() <= 80), "{shown}");
    let below = shown.lines().skip_while(|l| *l != line).nth(1).expect("a mark");
    let (from, to) = (line.find("undeclared").expect("a name"), below.find('─').expect("a mark"));
    assert_eq!(line[..from].chars().count(), below[..to].chars().count(), "the mark is below the name:\n{shown}");
}
