//! The other subcommands.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::Duration;

use super::run::{FAULTY, Folder, Ran, TEXT};

#[test]
fn fmt_sets_the_layout() {
    let folder = Folder::new("fmt");
    let untidy = "architecture A{param x:R // the point\nloss=x ^2}\n\n\n\nlet b=1/ 2\n";
    let tidy = "architecture A { param x : R  // the point\n  loss = x^2 }\n\nlet b = 1/2\n";
    folder.file("a.nat", untidy);
    folder.file("b.nat", tidy);
    let ran = folder.run(&["fmt", "--check", "."]);
    assert_eq!((ran.status(), ran.stdout().as_str()), (1, "a.nat\n"), "{}", ran.all());
    assert_eq!(folder.read("a.nat"), untidy, "--check changes nothing");
    assert_eq!(folder.run(&["fmt", "."]).status(), 0);
    assert_eq!(folder.read("a.nat"), tidy);
    assert_eq!(folder.run(&["fmt", "--check", "."]).status(), 0);
    let mut child =
        folder.nat().args(["fmt", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("a pipe").write_all(untidy.as_bytes()).expect("it reads");
    assert_eq!(Ran(child.wait_with_output().expect("it ends")).stdout(), tidy);
    folder.file("c.nat", "let a = (1\n");
    let ran = folder.run(&["fmt", "c.nat"]);
    assert_eq!(ran.status(), 2);
    assert!(ran.stderr().contains("nat::syntax::unclosed"), "{}", ran.all());
    assert_eq!(folder.read("c.nat"), "let a = (1\n");
}

#[test]
fn explain_knows_the_codes() {
    let folder = Folder::new("explain");
    let ran = folder.run(&["explain", "nat::shape::mismatch"]);
    assert_eq!(ran.status(), 0);
    assert!(ran.stdout().contains("```nat fails") && ran.stdout().contains("```nat passes"), "{}", ran.all());
    assert!(folder.run(&["explain"]).stdout().lines().count() > 50);
    let ran = folder.run(&["explain", "nat::shape::mismach"]);
    assert_eq!(ran.status(), 3);
    assert!(ran.stderr().contains("did you mean `nat::shape::mismatch`?"), "{}", ran.all());
}

#[test]
fn init_writes_a_file_that_passes() {
    let folder = Folder::new("init");
    let ran = folder.run(&["init", "new"]);
    assert_eq!(ran.status(), 0, "{}", ran.all());
    assert_eq!(folder.run(&["check", "new/first.nat"]).status(), 0);
    assert_eq!(folder.run(&["fmt", "--check", "new"]).status(), 0);
    let ran = folder.run(&["init", "new"]);
    assert_eq!(ran.status(), 2, "nothing is overwritten: {}", ran.all());
}

#[test]
fn fix_applies_what_was_checked() {
    let folder = Folder::new("fix");
    let alone = TEXT.replace("check natural Gradient along Zoom expect up to rate a^2\n", "");
    folder.file("a.nat", &alone);
    let ran = folder.run(&["fix", "--dry-run", "a.nat"]);
    assert_eq!(ran.status(), 0, "{}", ran.all());
    assert!(ran.stdout().contains("`grad(loss)` becomes `natgrad(loss)`"), "{}", ran.all());
    assert_eq!(folder.read("a.nat"), alone);
    assert_eq!(folder.run(&["fix", "a.nat"]).status(), 0);
    assert_eq!(folder.read("a.nat"), alone.replace("-grad(loss)", "-natgrad(loss)"));
    assert_eq!(folder.run(&["check", "a.nat"]).status(), 0);
    // A repair that would spoil another answer is left out.
    folder.file("b.nat", TEXT);
    let ran = folder.run(&["fix", "b.nat"]);
    assert_eq!(ran.status(), 1, "{}", ran.all());
    assert!(ran.stdout().contains("is left as it is"), "{}", ran.all());
    assert_eq!(folder.read("b.nat"), TEXT);
    assert_eq!(folder.run(&["fix", "none.nat"]).status(), 2);
    folder.file("c.nat", FAULTY);
    assert_eq!(folder.run(&["fix", "c.nat"]).status(), 2);
}

#[test]
fn fix_accepts_what_was_found() {
    let folder = Folder::new("accept");
    let text = format!("{}check natural Natural along Stretch expect fails // a comment\n", TEXT.replace(" a^2", ""));
    folder.file("a.nat", text.replace(" expect up to rate", ""));
    let ran = folder.run(&["fix", "--accept", "a.nat"]);
    assert_eq!(ran.status(), 0, "{}", ran.all());
    assert_eq!(ran.stdout().lines().count(), 3, "{}", ran.all());
    assert!(ran.stdout().contains("a.nat:8:1: natural Gradient along Stretch: now expect fails"), "{}", ran.all());
    let changed = folder.read("a.nat");
    assert!(changed.contains("along Zoom expect up to rate a^2\n"), "{changed}");
    assert!(changed.contains("check natural Gradient along Stretch expect fails\n"), "{changed}");
    assert!(changed.ends_with("check natural Natural along Stretch expect commutes // a comment\n"), "{changed}");
    assert_eq!(folder.run(&["check", "a.nat"]).status(), 0);
}

#[test]
fn shells_and_manuals() {
    let folder = Folder::new("shell");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = folder.run(&["completions", shell]);
        assert_eq!(ran.status(), 0);
        assert!(ran.stdout().contains("fail-fast"), "{shell}");
    }
    let ran = folder.run(&["man"]);
    assert!(ran.stdout().starts_with(".ie") || ran.stdout().contains(".TH nat"), "{}", ran.all());
    assert!(folder.run(&["man", "check"]).stdout().contains("fail\\-fast"));
    assert_eq!(folder.run(&["man", "chek"]).status(), 3);
}

#[test]
fn watch_checks_again_when_a_file_changes() {
    let folder = Folder::new("watch");
    folder.file("used.nat", "let one = 1\n");
    folder.file("p.csv", "1\n2\n");
    let good = format!(
        "use \"used.nat\"\ndata p : R[2] = read \"p.csv\"\n{}",
        TEXT.replace("check natural Gradient along Stretch\n", "")
    );
    let path = folder.file("a.nat", &good);
    let mut child = folder.nat().args(["watch", "a.nat"]).stdout(Stdio::piped()).spawn().expect("it runs");
    let (send, lines) = std::sync::mpsc::channel();
    let stdout = child.stdout.take().expect("a pipe");
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let wait = |part: &str| loop {
        let line = lines.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("`{part}` in time"));
        if line.contains(part) {
            return;
        }
    };
    wait("2 checks, all as expected");
    std::fs::write(&path, format!("{good}check natural Gradient along Stretch\n")).expect("a file");
    wait("changed: a.nat");
    wait("3 checks, 1 not as expected");
    folder.file("used.nat", "let one = 2\n");
    wait("changed: used.nat");
    wait("3 checks");
    folder.file("p.csv", "1\n3\n");
    wait("changed: p.csv");
    wait("3 checks");
    child.kill().expect("it is ended");
    let _ = child.wait();
}

#[test]
fn draw_draws_in_every_language() {
    let folder = Folder::new("draw");
    let text = format!(
        "{TEXT}check commutes Zoom(2) ; id(Plane) == Zoom(2)\ncheck preserves loss Stretch\ncheck same Gradient == Natural on Plane expect fails\n"
    );
    folder.file("a.nat", text);
    folder.file(
        "s.nat",
        "architecture Series(n : N) { param c : R[n]  loss = sum(c^2) }\n\
         projection Forget(n : N) : Series(n + 1) -> Series(n) { c = c[0..n] }\n\
         system Spectrum = Forget over n in 1..4\n",
    );
    let ran = folder.run(&["draw", "--only", ":8", "a.nat"]);
    assert_eq!(
        ran.stdout().lines().collect::<Vec<_>>(),
        [
            "natural Gradient along Stretch: fails ✗",
            "",
            "  S(source of Stretch) ──Gradient──▶ TS(source of Stretch)",
            "    │                                  │",
            "    │ S(Stretch)                       │ TS(Stretch)",
            "    ▼                                  ▼",
            "  S(Plane)             ──Gradient──▶ TS(Plane)",
        ],
        "{}",
        ran.all()
    );
    let system = folder.run(&["draw", "s.nat"]).stdout();
    assert!(system.contains("Series(4) ──Forget(3)──▶ Series(3)"), "{system}");
    let draw = |format: &str| folder.run(&["draw", "--format", format, "--only", ":8", "a.nat"]).stdout();
    let svg = draw("svg");
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && svg.contains("class=\"head fails\""), "{svg}");
    assert_eq!(svg.matches("<path").count(), 4);
    let tikz = draw("tikz");
    assert!(
        tikz.contains("\\begin{tikzcd}")
            && tikz.contains("natural Gradient along Stretch: fails};}]")
            && tikz.contains("\\arrow[r, \"\\text{Gradient}\", red]"),
        "{tikz}"
    );
    let quiver = draw("quiver");
    assert!(quiver.starts_with("https://q.uiver.app/#q=W"), "{quiver}");
    assert!(draw("dot").contains("n0 -> n1 [label=\"Gradient\", color=red"), "{}", draw("dot"));
    assert!(draw("mermaid").contains("p0n0 -->|\"Gradient\"| p0n1"), "{}", draw("mermaid"));
    assert_eq!(folder.run(&["draw", "--format", "svg", "a.nat"]).status(), 3, "several pictures are no SVG");
    let ran = folder.run(&["draw", "--format", "svg", "--out-dir", "pictures", "a.nat"]);
    assert_eq!(ran.stdout().lines().count(), 6, "{}", ran.all());
    assert_eq!(std::fs::read_dir(folder.0.join("pictures")).expect("a folder").count(), 6);
    assert_eq!(folder.run(&["draw", "none.nat"]).status(), 2);
}
