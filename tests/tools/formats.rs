//! The formats of reports.

use serde_json::Value;

use super::run::{FAULTY, Folder, TEXT};

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.file("a b.nat", TEXT);
    folder.file("faulty.nat", FAULTY);
    folder
}

#[test]
fn json_says_what_a_report_rests_on() {
    let folder = folder("json");
    let report = folder.json(&["--seed", "3", "a b.nat"]);
    assert_eq!(report["tool"]["name"], "nat");
    assert_eq!(report["tool"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&report["seed"], &report["effort"]), (&3.into(), &1.into()));
    assert!(report["language"].is_string());
    // As `sha256sum` has it.
    let sums = report["sources"].as_array().expect("sources");
    assert_eq!(sums.len(), 1);
    assert_eq!(sums[0]["sha256"].as_str().map(str::len), Some(64));
    let check = &report["checks"][2];
    assert_eq!((&check["line"], &check["column"]), (&8.into(), &1.into()));
    assert_eq!((&check["end_line"], &check["end_column"]), (&8.into(), &37.into()));
    let edit = &check["repair"]["edits"][0];
    assert_eq!((&edit["line"], &edit["column"], &edit["end_column"]), (&4.into(), &44.into(), &54.into()));
    assert_eq!(edit["by"], "natgrad(loss)");
}

#[test]
fn several_reports_come_of_one_run() {
    let folder = folder("several");
    let ran = folder.run(&[
        "check",
        "--output",
        "sarif=r.sarif",
        "--output",
        "junit=r.xml",
        "--output",
        "html=r.html",
        "a b.nat",
    ]);
    assert_eq!(ran.status(), 1);
    assert!(ran.stdout().contains("3 checks, 1 not as expected"), "{}", ran.all());
    for name in ["r.sarif", "r.xml", "r.html"] {
        assert!(folder.read(name).len() > 500, "{name}");
    }
    for wrong in ["sarif", "sarif=", "pdf=r.pdf", "text="] {
        assert_eq!(folder.run(&["check", "--output", wrong, "a b.nat"]).status(), 3, "{wrong}");
    }
    let ran = folder.run(&["check", "--output", "sarif=none/r.sarif", "a b.nat"]);
    assert_eq!(ran.status(), 4, "{}", ran.all());
}

#[test]
fn sarif_carries_repairs_as_fixes() {
    let folder = folder("sarif");
    let ran = folder.run(&["check", "--format", "sarif", "a b.nat", "faulty.nat"]);
    let log: Value = serde_json::from_str(&ran.stdout()).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 2, "{results:?}");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("a small number");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["message"]["text"].is_string() && result["locations"][0]["physicalLocation"].is_object());
    }
    assert_eq!(results[0]["ruleId"], "nat::verdict::fails");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.nat");
    assert_eq!(place["region"]["startLine"], 8);
    let change = &results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(change["insertedContent"]["text"], "natgrad(loss)");
    // Made in the text, the change does what it says.
    let region = &change["deletedRegion"];
    let number = |key: &str| usize::try_from(region[key].as_u64().expect("a number")).expect("a small number");
    let mut lines: Vec<String> = TEXT.lines().map(str::to_owned).collect();
    let line = &mut lines[number("startLine") - 1];
    line.replace_range(number("startColumn") - 1..number("endColumn") - 1, "natgrad(loss)");
    folder.file("fixed.nat", lines.join("\n").replace(" expect up to rate a^2", ""));
    assert_eq!(folder.run(&["check", "fixed.nat"]).status(), 0);
}

#[test]
fn github_junit_markdown_and_latex_say_the_same() {
    let folder = folder("markup");
    let run = |format: &str| folder.run(&["check", "--format", format, "a b.nat", "faulty.nat"]).stdout();
    let github = run("github");
    let lines: Vec<&str> = github.lines().collect();
    assert_eq!(lines.len(), 2, "{github}");
    assert!(lines[0].starts_with("::error file=a b.nat,line=8,endLine=8,col=1,endColumn=36,title="), "{github}");
    assert!(lines[0].contains("expected commutes%2C found fails"), "{github}");
    assert!(lines[1].contains("file=faulty.nat,line=1") && lines[1].contains("nat%3A%3Aname%3A%3Aunknown"), "{github}");
    let junit = run("junit");
    assert!(junit.starts_with("<?xml") && junit.contains("tests=\"4\" failures=\"1\" errors=\"1\""), "{junit}");
    assert_eq!(junit.matches("<testcase").count(), 4);
    assert_eq!(junit.matches("<testcase").count(), junit.matches("</testcase>").count() + 2);
    let markdown = run("markdown");
    assert!(markdown.contains("| ✗ | 8 | `natural Gradient along Stretch` | fails |"), "{markdown}");
    assert!(markdown.contains("`grad(loss)` becomes `natgrad(loss)`"), "{markdown}");
    let latex = run("latex");
    assert!(latex.contains("up to rate a\\textasciicircum{}2"), "{latex}");
    assert_eq!(latex.matches("\\begin{longtable}").count(), 1);
}

#[test]
fn the_page_needs_nothing_else() {
    let folder = Folder::new("html");
    folder.file("a.nat", TEXT.replace("Stretch", "S").replace("// ", ""));
    folder.file("odd.nat", "// <script>alert(1)</script> & \u{1b}[31m\nlet a = 1\n");
    folder.file(
        "system.nat",
        "\
architecture Series(n : N) { param c : R[n]  loss = sum(c^2) }
projection Forget(n : N) : Series(n + 1) -> Series(n) { c = c[0..n] }
system Spectrum = Forget over n in 1..6
optimizer Gradient { flow { d/dt params = -grad(loss) } }
check natural Gradient along Spectrum
classify Gradient
",
    );
    let ran = folder.run(&["check", "--format", "html", "a.nat", "odd.nat", "system.nat"]);
    let page = ran.stdout();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{page}");
    for absent in ["<script", "http://", "https://", "src=", "@import", "url(", "\u{1b}"] {
        assert!(!page.contains(absent), "`{absent}` in the page");
    }
    for part in [
        "prefers-color-scheme: dark",
        "<svg",
        "<mark title=",
        "Repair, checked",
        "natural Gradient along S",
        "id=\"show-bad\"",
        "<code>grad</code> reads the differential",
        "<span class=\"verdict\">table</span> <span class=\"place\">line ",
        "<span class=\"n\">1</span>..<span class=\"n\">6</span>",
    ] {
        assert!(page.contains(part), "`{part}` in {page}");
    }
    for tag in ["article", "details", "section", "table", "ul", "svg", "pre", "mark"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}
