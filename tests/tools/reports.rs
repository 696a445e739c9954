//! What runs say of themselves: parts without questions, time limits, refused warnings, texts for LaTeX and for people.

use super::run::{Folder, TEXT};

#[test]
fn nothing_to_do_is_accepted_where_that_is_meant() {
    let folder = Folder::new("nothing");
    std::fs::create_dir_all(folder.0.join("empty")).expect("a folder");
    for what in ["empty", "none*.nat"] {
        assert_eq!(folder.run(&["check", what]).status(), 2, "{what}");
        let ran = folder.run(&["check", "--allow-empty", what]);
        assert_eq!((ran.status(), ran.stdout().as_str()), (0, "there is nothing to check\n"), "{}", ran.all());
    }
    assert_eq!(folder.run(&["check", "--allow-empty", "none.nat"]).status(), 2, "a file that is named has to be there");
    // Three questions for five machines.
    folder.file("a.nat", TEXT);
    let mut statuses = Vec::new();
    for part in 1..=5 {
        let (which, output) = (format!("{part}/5"), format!("json=part{part}.json"));
        let ran = folder.run(&["check", "--partition", &which, "--output", &output, "a.nat"]);
        statuses.push(ran.status());
    }
    assert_eq!(statuses, [0, 0, 1, 0, 0]);
    let parts: Vec<String> = (1..=5).map(|part| format!("part{part}.json")).collect();
    let mut arguments = vec!["merge"];
    arguments.extend(parts.iter().map(String::as_str));
    let ran = folder.run(&arguments);
    assert_eq!(ran.status(), 1, "{}", ran.all());
    // Parts of nothing are no reason to believe that all is well.
    folder.file("b.nat", "let _one = 1\n");
    assert_eq!(folder.run(&["check", "--partition", "1/2", "b.nat"]).status(), 2);
}

#[test]
fn a_joined_report_explains_as_a_whole_one_does() {
    let folder = Folder::new("joined");
    folder.file("a.nat", format!("{TEXT}classify Gradient\n"));
    folder.run(&["check", "--output", "json=a.json", "--output", "text=a.txt", "a.nat"]);
    let ran = folder.run(&["merge", "a.json"]);
    assert_eq!(ran.status(), 1, "{}", ran.all());
    let whole = folder.run(&["check", "a.nat"]);
    assert_eq!(ran.stderr(), whole.stderr());
    for line in whole.stdout().lines().filter(|l| !l.contains(" ms ")) {
        assert!(line.contains("table") || ran.stdout().contains(line), "`{line}` in {}", ran.all());
    }
    // The text in a file is what is printed.
    let text = folder.read("a.txt");
    assert!(text.contains("nat::verdict::fails") && text.contains("3 checks, 1 not as expected"), "{text}");
    assert!(whole.stderr().lines().all(|line| text.contains(line)), "{text}");
}

#[test]
fn what_expects_nothing_fails_at_no_time_limit() {
    let folder = Folder::new("late");
    folder.file("a.nat", "use std.optimizers\nclassify\n");
    let report = folder.json(&["--timeout", "0.001", "a.nat"]);
    let check = &report["checks"][0];
    assert_eq!(
        (&check["kind"], &check["expected"], &check["ok"]),
        (&"classify".into(), &serde_json::Value::Null, &true.into())
    );
    let ran = folder.run(&["check", "--timeout", "0.001", "a.nat"]);
    assert_eq!(ran.status(), 0, "{}", ran.all());
    assert!(ran.stdout().contains("not finished within 0.001 s"), "{}", ran.all());
    // More work is no advice where time was missing.
    let mut text = TEXT.to_owned();
    text.push_str("check natural Natural along Zoom\n");
    folder.file("b.nat", text);
    let ran = folder.run(&["check", "--timeout", "0.000001", "b.nat"]);
    assert_eq!(ran.status(), 1, "{}", ran.all());
    assert!(ran.stderr().contains("More time can be given") && !ran.stderr().contains("--effort"), "{}", ran.all());
}

#[test]
fn refused_warnings_are_said_and_counted() {
    let folder = Folder::new("denied");
    folder.file("a.nat", format!("let unused = 1\n{}", TEXT.replace("check natural Gradient along Stretch\n", "")));
    let ran = folder.run(&["check", "a.nat"]);
    assert!(ran.status() == 0 && ran.stdout().contains("2 checks, all as expected\n"), "{}", ran.all());
    assert!(ran.stderr().contains("⚠"), "{}", ran.all());
    for quiet in [&[][..], &["-q"]] {
        let ran = folder.run(&[&["check", "--deny", "warnings"], quiet, &["a.nat"]].concat());
        assert_eq!(ran.status(), 2, "{}", ran.all());
        assert!(ran.stdout().contains("1 warning, which counts as an error"), "{}", ran.all());
        assert!(ran.stderr().contains("× the constant `unused`") && !ran.stderr().contains("⚠"), "{}", ran.all());
    }
}

#[test]
fn latex_has_no_character_that_is_a_command() {
    let folder = Folder::new("latex");
    let text =
        TEXT.replace("Zoom", "Zoom_β").replace("a : R where a > 0", "α_1 : R where α_1 > 0").replace("a *", "α_1 *");
    folder.file("a_b.nat", format!("{}classify Gradient\n", text.replace("a^2", "α_1^2")));
    let table = folder.run(&["check", "--format", "latex", "a_b.nat"]).stdout();
    assert!(table.contains("signed\\_permutation") && table.contains("$\\alpha$\\_1"), "{table}");
    for line in table.lines().filter(|l| !l.starts_with('%')) {
        let mut before = ' ';
        for c in line.chars() {
            assert!(c.is_ascii(), "{c} in {line}");
            assert!(!matches!(c, '_' | '#' | '^') || before == '\\', "{c} in {line}");
            before = c;
        }
    }
}

#[test]
fn accepted_answers_keep_their_order_and_their_factors() {
    let folder = Folder::new("particular");
    folder.file(
        "a.nat",
        "architecture Plane { param x, y : R  output = [x + y^2, y]  loss = x^2 + 3 * y^2 }\n\
         reparam Shear : (u, v : R) -> Plane { x = u  y = v + u^2 }\n\
         architecture Two { param u, w : R  output = u + w  loss = (u + w - 1)^2 }\n\
         embedding Copy : (v : R) -> Two { u = v / 2  w = v / 2 }\n\
         optimizer Natural { step(lr) { params' = params - lr * natgrad(loss) } }\n\
         optimizer Sgd { step(lr) { params' = params - lr * grad(loss) } }\n\
         check natural Natural along Shear\n\
         check transfer Sgd along Copy\n",
    );
    let ran = folder.run(&["fix", "--accept", "a.nat"]);
    assert_eq!(ran.status(), 0, "{}", ran.all());
    assert!(ran.stdout().contains("now expect in limit (lr^2)\n"), "{}", ran.all());
    assert!(folder.read("a.nat").contains("expect up to rates lr(u) = 1/2, lr(w) = 1/2\n"), "{}", folder.read("a.nat"));
    assert_eq!(folder.run(&["check", "a.nat"]).status(), 0);
}

#[test]
fn line_ends_of_windows_stay() {
    let folder = Folder::new("crlf");
    folder.file("a.nat", "let a=1\r\nlet b = 2\r\n");
    assert_eq!(folder.run(&["fmt", "a.nat"]).status(), 0);
    assert_eq!(folder.read("a.nat"), "let a = 1\r\nlet b = 2\r\n");
    assert_eq!(folder.run(&["fmt", "--check", "a.nat"]).status(), 0);
    folder.file("b.nat", TEXT.replace('\n', "\r\n"));
    folder.run(&["fix", "b.nat"]);
    let fixed = folder.read("b.nat");
    assert_eq!(
        (fixed.matches('\n').count(), fixed.contains("natgrad")),
        (fixed.matches("\r\n").count(), true),
        "{fixed:?}"
    );
}

#[test]
fn legends_fit_into_eighty_columns() {
    let folder = Folder::new("legend");
    folder.file("a.nat", format!("{TEXT}classify\n"));
    let ran = folder.run(&["check", "a.nat"]);
    assert!(ran.stdout().contains("no functor there"), "{}", ran.all());
    let long: Vec<String> = ran.stdout().lines().filter(|l| l.chars().count() > 80).map(str::to_owned).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn standard_input_is_not_watched() {
    let folder = Folder::new("unwatched");
    let ran = folder.run(&["watch", "-"]);
    assert_eq!(ran.status(), 3, "{}", ran.all());
    assert!(ran.stderr().contains("cannot be watched"), "{}", ran.all());
}
