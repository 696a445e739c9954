//! `nat check`: what is asked, and what is printed of it.

use std::time::{Duration, Instant};

use super::run::{FAULTY, Folder, TEXT};

fn questions(report: &serde_json::Value) -> Vec<String> {
    let checks = report["checks"].as_array().expect("checks");
    checks.iter().map(|c| c["question"].as_str().expect("a question").to_owned()).collect()
}

#[test]
fn folders_and_patterns_name_files() {
    let folder = Folder::new("folders");
    let good = TEXT.replace("check natural Gradient along Stretch\n", "");
    folder.file("b.nat", &good);
    folder.file("deep/er/a.nat", &good);
    folder.file("deep/other.txt", "no text of the language");
    folder.file(".hidden/c.nat", FAULTY);
    let files = |arguments: &[&str]| {
        let report = folder.json(arguments);
        let mut files: Vec<String> = Vec::new();
        for check in report["checks"].as_array().expect("checks") {
            let file = check["file"].as_str().expect("a file").to_owned();
            if !files.contains(&file) {
                files.push(file);
            }
        }
        files
    };
    assert_eq!(files(&["."]), ["b.nat", "deep/er/a.nat"]);
    assert_eq!(files(&["deep", "b.nat"]), ["deep/er/a.nat", "b.nat"]);
    assert_eq!(files(&["*.nat"]), ["b.nat"]);
    assert_eq!(files(&["**/*.nat", "b.nat"]), ["b.nat", "deep/er/a.nat"]);
    for nothing in ["*.txt2", "deep/none.nat"] {
        let ran = folder.run(&["check", nothing]);
        assert_eq!(ran.status(), 2, "{}", ran.all());
    }
    std::fs::create_dir(folder.0.join("empty")).expect("a folder");
    let ran = folder.run(&["check", "empty"]);
    assert_eq!(ran.status(), 2);
    assert!(ran.stderr().contains("no .nat files"), "{}", ran.all());
}

#[test]
fn questions_are_chosen() {
    let folder = Folder::new("only");
    folder.file("a.nat", TEXT);
    folder.file("b.nat", TEXT.replace("Stretch", "Widen"));
    let asked = |only: &[&str]| {
        let arguments: Vec<&str> = only.iter().flat_map(|o| ["--only", o]).chain(["."]).collect();
        questions(&folder.json(&arguments))
    };
    assert_eq!(asked(&["Stretch"]), ["natural Natural along Stretch", "natural Gradient along Stretch"]);
    assert_eq!(asked(&["Gradient along Wid"]), ["natural Gradient along Widen"]);
    assert_eq!(asked(&["b.nat:7", "a.nat:6"]), ["natural Natural along Stretch", "natural Gradient along Zoom"]);
    assert!(asked(&["Widened"]).is_empty());
    let ran = folder.run(&["check", "--only", "Widened", "."]);
    assert_eq!(ran.status(), 2, "{}", ran.all());
    assert!(ran.stdout().contains("no check matches"), "{}", ran.all());
    assert_eq!(folder.run(&["check", "--only", "Widened", "--allow-empty", "."]).status(), 0);
    // What is not asked does not touch the status.
    assert_eq!(folder.run(&["check", "--only", "Natural", "."]).status(), 0);
    let ran = folder.run(&["check", "--list", "--only", "Zoom", "."]);
    assert_eq!(ran.stdout(), "a.nat:7:1: natural Gradient along Zoom\nb.nat:7:1: natural Gradient along Zoom\n");
    assert_eq!(ran.status(), 0);
}

#[test]
fn what_is_not_as_expected_is_listed_before_it_is_explained() {
    let folder = Folder::new("short");
    folder.file("a.nat", format!("{TEXT}check natural Natural along Stretch expect fails\n"));
    let ran = folder.run(&["check", "a.nat"]);
    assert_eq!(ran.status(), 1);
    let out = ran.stdout();
    let list = out.split("Not as expected:\n").nth(1).unwrap_or_else(|| panic!("a list in {}", ran.all()));
    assert_eq!(
        list.lines().take(2).collect::<Vec<_>>(),
        [
            "  a.nat:8:1: natural Gradient along Stretch: expected commutes, found fails",
            "  a.nat:9:1: natural Natural along Stretch: expected fails, found commutes"
        ]
    );
    assert!(out.ends_with("4 checks, 2 not as expected\n4 proved\n"), "{out}");
    assert_eq!(ran.stderr().matches("nat::verdict::").count(), 2);
    let ran = folder.run(&["check", "--max-reports", "1", "a.nat"]);
    assert_eq!(ran.stderr().matches("nat::verdict::").count(), 1);
    assert!(ran.stderr().contains("1 more answer is not shown in full; --max-reports 2 shows all"), "{}", ran.all());
    // One that has no report is told in a line as well.
    folder.file("b.nat", TEXT);
    let ran = folder.run(&["check", "--max-reports", "0", "b.nat"]);
    assert!(ran.stderr().starts_with("1 answer is not shown in full; --max-reports 1 shows all"), "{}", ran.all());
    assert!(ran.stdout().contains("  b.nat:8:1: natural Gradient along Stretch: expected commutes"), "{}", ran.all());
}

#[test]
fn quiet_says_only_what_is_wrong() {
    let folder = Folder::new("quiet");
    folder.file("a.nat", TEXT);
    folder.file("b.nat", TEXT.replace("check natural Gradient along Stretch\n", ""));
    let ran = folder.run(&["check", "-q", "b.nat"]);
    assert_eq!((ran.status(), ran.stdout().as_str(), ran.stderr().as_str()), (0, "", ""));
    let ran = folder.run(&["check", "-q", "b.nat", "a.nat"]);
    assert_eq!(ran.status(), 1);
    assert!(!ran.stdout().contains("b.nat") && !ran.stdout().contains("Zoom"), "{}", ran.all());
    assert!(ran.stdout().contains("a.nat\n  ✗ fails"), "{}", ran.all());
}

#[test]
fn colour_and_signs_are_a_choice() {
    let folder = Folder::new("colour");
    folder.file("a.nat", TEXT);
    let ran = folder.run(&["check", "a.nat"]);
    assert!(!ran.0.stdout.contains(&0x1b) && !ran.0.stderr.contains(&0x1b));
    let ran = folder.run(&["check", "--color", "always", "a.nat"]);
    assert!(ran.0.stdout.contains(&0x1b) && ran.0.stderr.contains(&0x1b), "{}", ran.all());
    let ran = folder.run(&["check", "--ascii", "a.nat"]);
    assert!(ran.0.stdout.is_ascii() && ran.0.stderr.is_ascii(), "{}", ran.all());
    assert!(ran.stdout().contains("  x fails") && ran.stdout().contains("  + commutes"), "{}", ran.all());
}

#[test]
fn the_first_failure_can_end_a_run() {
    let folder = Folder::new("fast");
    folder.file("a.nat", TEXT);
    folder.file("b.nat", FAULTY);
    folder.file("c.nat", TEXT);
    let ran = folder.run(&["check", "--fail-fast", "a.nat", "b.nat", "c.nat"]);
    assert_eq!(ran.status(), 1, "{}", ran.all());
    assert!(ran.stdout().contains("a.nat") && !ran.stdout().contains("c.nat"), "{}", ran.all());
    let ran = folder.run(&["check", "--fail-fast", "b.nat", "c.nat"]);
    assert_eq!(ran.status(), 2, "{}", ran.all());
    assert!(!ran.stdout().contains("c.nat"), "{}", ran.all());
}

#[test]
fn a_time_limit_ends_in_undecided() {
    let folder = Folder::new("timeout");
    // Much to do in each of many checks.
    let mut text = "\
architecture Net(n : N) { param U, V : R[n, n]  output = V * tanh(U * [i in 0..n: i + 1])  loss = sum(output^2) }
reparam Mix(Q : GL[6]) : (U, V : R[6, 6]) -> Net(6) { U = Q * U  V = V }
optimizer Natural { flow { d/dt params = -natgrad(loss) } }
"
    .to_owned();
    for _ in 0..20 {
        text.push_str("check natural Natural along Mix expect undecided\n");
    }
    text.push_str("check natural Natural along Mix\n");
    folder.file("a.nat", &text);
    let start = Instant::now();
    let ran = folder.run(&["check", "--timeout", "0.3", "--effort", "100", "a.nat"]);
    assert!(start.elapsed() < Duration::from_secs(30), "it took {:?}", start.elapsed());
    assert_eq!(ran.status(), 1, "{}", ran.all());
    assert!(ran.stdout().contains("undecided"), "{}", ran.all());
    assert!(ran.stdout().contains("the time limit was reached"), "{}", ran.all());
    for wrong in ["0", "-1", "soon", "inf"] {
        assert_eq!(folder.run(&["check", "--timeout", wrong, "a.nat"]).status(), 3, "{wrong}");
    }
    // A limit that is not reached changes nothing.
    folder.file("b.nat", TEXT);
    let ran = folder.run(&["check", "--timeout", "600", "b.nat"]);
    assert!(ran.stdout().ends_with("3 checks, 1 not as expected\n3 proved\n"), "{}", ran.all());
}

#[test]
fn parts_are_joined_to_the_whole() {
    let folder = Folder::new("merge");
    folder.file("a.nat", TEXT);
    folder.file("b.nat", TEXT.replace("Stretch", "Widen"));
    let whole = folder.json(&["a.nat", "b.nat"]);
    for part in ["1/3", "2/3", "3/3"] {
        let name = format!("json=part{}.json", &part[..1]);
        let ran = folder.run(&["check", "--partition", part, "--output", &name, "a.nat", "b.nat"]);
        assert!(ran.status() <= 1, "{}", ran.all());
    }
    let ran = folder.run(&["merge", "part2.json", "part1.json", "part3.json", "--format", "json"]);
    assert_eq!(ran.status(), 1, "{}", ran.all());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&ran.stdout()).expect("a report"), whole);
    let ran = folder.run(&["merge", "part1.json", "part2.json", "part3.json"]);
    assert!(ran.stdout().ends_with("6 checks, 2 not as expected\n6 proved\n"), "{}", ran.all());
    for (reports, why) in [
        (&["part1.json", "part3.json"][..], "parts are missing: 2/3"),
        (&["part1.json", "part1.json", "part2.json", "part3.json"], "is there twice"),
        (&["a.nat"], "no report"),
        (&["none.json"], "cannot read"),
    ] {
        let ran = folder.run(&[&["merge"], reports].concat());
        assert_eq!(ran.status(), 2, "{reports:?}");
        assert!(ran.stderr().contains(why), "{}", ran.all());
    }
    folder.file("b.nat", TEXT.replace("Stretch", "Wider"));
    folder.run(&["check", "--partition", "3/3", "--output", "json=part3.json", "a.nat", "b.nat"]);
    let ran = folder.run(&["merge", "part1.json", "part2.json", "part3.json"]);
    assert_eq!(ran.status(), 2);
    assert!(ran.stderr().contains("different texts of b.nat"), "{}", ran.all());
}

#[test]
fn kept_answers_are_those_of_the_same_texts_and_options() {
    let folder = Folder::new("cache");
    folder.file("used.nat", "optimizer Gradient { flow { d/dt params = -grad(loss) } }\n");
    let text = TEXT.replace("optimizer Gradient { flow { d/dt params = -grad(loss) } }", "use \"used.nat\"");
    folder.file("a.nat", &text);
    let kept = || std::fs::read_dir(folder.0.join("kept")).map_or(0, Iterator::count);
    let check = |more: &[&str]| folder.run(&[&["check", "--cache-dir", "kept", "a.nat"], more].concat());
    let first = check(&[]);
    assert_eq!((first.status(), kept()), (1, 1), "{}", first.all());
    // The times in it are those of the first run: nothing was decided anew.
    let again = check(&[]);
    assert_eq!((again.stdout(), again.stderr(), again.status()), (first.stdout(), first.stderr(), 1));
    let without = check(&["--no-cache"]);
    assert_eq!(without.status(), 1);
    check(&["--seed", "7"]);
    assert_eq!(kept(), 2, "another seed, another answer");
    folder.file("used.nat", "optimizer Gradient { flow { d/dt params = -natgrad(loss) } }\n");
    let changed = check(&[]);
    assert_eq!(kept(), 3, "a file that is used has changed");
    assert!(changed.stdout().contains("commutes           algebra"), "{}", changed.all());
    assert_ne!(changed.stdout(), first.stdout());
    // A damaged entry is none.
    for entry in std::fs::read_dir(folder.0.join("kept")).expect("a folder") {
        std::fs::write(entry.expect("an entry").path(), "{").expect("a file");
    }
    assert_eq!(check(&[]).status(), changed.status());
}
