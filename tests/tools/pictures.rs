//! Diagrams: what is marked in them, and where things stand.

use super::run::Folder;

/// Two sizes, and one square of the grid that does not commute.
const GRID: &str = "\
architecture Net(w : N, d : N) { param W : R[d, w]  loss = sum(W^2) }
projection Narrow(w : N, d : N) : Net(w + 1, d) -> Net(w, d) { W = W[:, 0..w] }
projection Shallow(w : N, d : N) : Net(w, d + 1) -> Net(w, d) { W = W[0..d, :] }
projection Rescaled(w : N, d : N) : Net(w, d + 1) -> Net(w, d) { W = 2 * W[0..d, :] }
system Twisted {
  Narrow(w, d)   over w in 1..3, d in 1..=2
  Shallow(w, d)  over w in 2..=3, d in 1..2
  Rescaled(1, 1)
}
check system Twisted
";

fn chain(length: usize) -> String {
    format!(
        "architecture Series(n : N) {{ param c : R[n]  loss = sum(c^2) }}\n\
         projection Forget(n : N) : Series(n + 1) -> Series(n) {{ c = c[0..n] }}\n\
         system Spectrum = Forget over n in 1..{length}\n\
         check system Spectrum\n"
    )
}

#[test]
fn the_paths_that_are_not_equal_are_marked() {
    let folder = Folder::new("twisted");
    folder.file("a.nat", GRID);
    let unequal = "Narrow(1, 2) ; Rescaled(1, 1)  ≠  Shallow(2, 1) ; Narrow(1, 1)";
    let text = folder.run(&["draw", "a.nat"]).stdout();
    assert!(text.contains(unequal), "{text}");
    for (arrow, sign) in [("Narrow(1, 1)", '✗'), ("Shallow(2, 1)", '✗'), ("Narrow(2, 1)", '✓'), ("Shallow(3, 1)", '✓')]
    {
        let line =
            text.lines().find(|l| l.contains(&format!("──{arrow}─"))).unwrap_or_else(|| panic!("{arrow} in {text}"));
        assert!(line.ends_with(sign), "{line}");
    }
    let draw = |format: &str| folder.run(&["draw", "--format", format, "a.nat"]).stdout();
    let svg = draw("svg");
    assert_eq!(svg.matches("<path class=\"fails\"").count(), 4, "{svg}");
    assert!(svg.contains("≠"), "{svg}");
    let tikz = draw("tikz");
    assert_eq!(tikz.matches("}\", red]").count(), 4, "{tikz}");
    assert!(tikz.contains("align=center, red") && tikz.contains("$\\ne$"), "{tikz}");
    assert_eq!(draw("dot").matches("color=red,").count(), 4);
    assert_eq!(draw("mermaid").matches("stroke:red").count(), 4);
    let report = folder.json(&["a.nat"]);
    let diagram = &report["checks"][0]["diagram"];
    assert_eq!(diagram["notes"][0], unequal);
    let place = |name: &str| {
        let node = diagram["nodes"].as_array().expect("nodes").iter().find(|n| n["label"] == name).expect("a node");
        (node["column"].as_u64().expect("a number"), node["row"].as_u64().expect("a number"))
    };
    assert_eq!(
        (place("Net(3, 2)"), place("Net(1, 2)"), place("Net(3, 1)"), place("Net(1, 1)")),
        ((0, 0), (2, 0), (0, 1), (2, 1))
    );
}

#[test]
fn long_chains_are_no_wider_than_a_page() {
    let folder = Folder::new("chain");
    folder.file("a.nat", chain(64));
    let svg = folder.run(&["draw", "--format", "svg", "a.nat"]).stdout();
    let width: usize =
        svg.split("width=\"").nth(1).and_then(|t| t.split('"').next()).and_then(|t| t.parse().ok()).expect("a width");
    assert!(width < 1500, "{width}");
    let tikz = folder.run(&["draw", "--format", "tikz", "a.nat"]).stdout();
    assert!(tikz.lines().all(|line| line.matches(" & ").count() <= 6), "{tikz}");
}

#[test]
fn maps_are_drawn_between_the_members_that_they_join() {
    let folder = Folder::new("members");
    folder.file(
        "used.nat",
        "architecture Many(n : N) { param c : R[n]  loss = sum(c^2) }\n\
         projection Pool(k : N) : Many(2 * k) -> Many(k) { c = c[0..k] }\n",
    );
    folder.file(
        "a.nat",
        "use \"used.nat\"\noptimizer G { step(lr) { params' = params - lr * grad(loss) } }\n\
         check natural G along Pool(2)\ncheck natural G along Pool(2) ; Pool(1)\ncheck training G along Pool(2)\n",
    );
    let text = folder.run(&["draw", "--only", ":3", "a.nat"]).stdout();
    assert!(
        text.contains("S(Many(4))     ──G──▶ S(Many(4))") && text.contains("S(Many(2))     ──G──▶ S(Many(2))"),
        "{text}"
    );
    let path = folder.json(&["--only", ":4", "a.nat"]);
    assert_eq!(
        path["checks"][0]["diagram"]["nodes"].as_array().map(Vec::len),
        Some(6),
        "two squares, one on the other"
    );
}

#[test]
fn several_flowcharts_are_one_text() {
    let folder = Folder::new("mermaid");
    folder.file("a.nat", format!("{}{}", chain(3), "check system Spectrum expect commutes\n"));
    let text = folder.run(&["draw", "--format", "mermaid", "a.nat"]).stdout();
    assert_eq!((text.matches("flowchart").count(), text.matches("subgraph").count()), (1, 2), "{text}");
    let ascii = folder.run(&["draw", "--ascii", "--color", "always", "a.nat"]).stdout();
    assert!(ascii.is_ascii() && ascii.contains("\u{1b}[32m+"), "{ascii}");
}

#[test]
fn every_check_of_the_page_has_its_diagram() {
    let folder = Folder::new("diagrams");
    let text = format!(
        "{GRID}reparam Zoom : (V : R[1, 1]) -> Net(1, 1) {{ W = 2 * V }}\n\
         optimizer G {{ step(lr) {{ params' = params - lr * grad(loss) }} }}\n\
         check commutes Zoom == Zoom\ncheck preserves loss Zoom\ncheck natural G along Twisted\n\
         check natural G along Zoom\ncheck training G along Zoom\ncheck same G == G on Net(1, 1)\n\
         check natural G along scaling\ncheck transfer G along Zoom\n"
    );
    folder.file("a.nat", &text);
    let report = folder.json(&["a.nat"]);
    let checks = report["checks"].as_array().expect("checks");
    let without: Vec<&serde_json::Value> =
        checks.iter().filter(|c| c["diagram"].is_null()).map(|c| &c["question"]).collect();
    assert!(without.is_empty() && checks.len() == 9, "{without:?} of {}", checks.len());
    let page = folder.run(&["check", "--format", "html", "a.nat"]).stdout();
    assert_eq!(page.matches("<svg class=\"diagram").count(), 9, "{page}");
    assert!(page.contains("<path class=\"fails\"") && page.contains("S(source of Zoom)"), "{page}");
    assert!(!page.contains("TS("), "a step ends where it begins");
    // What is wrong is listed, with links; what rests on what is said.
    let bad = checks.iter().filter(|c| c["ok"] == false).count();
    assert!(bad > 1, "{report}");
    assert_eq!(page.matches("<li><a href=\"#check-").count(), bad, "{page}");
    assert!(page.contains("<h2>Not as expected</h2>") && page.contains(" proved"), "{page}");
    for number in page.split("href=\"#").skip(1).filter_map(|t| t.split('"').next()) {
        assert_eq!(page.matches(&format!("id=\"{number}\"")).count(), 1, "{number}");
    }
}
