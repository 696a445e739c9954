//! The language server, spoken to over standard input and output as an editor does.

mod editor;
mod rename;

use std::time::Duration;

use editor::{Editor, URI};
use serde_json::{Value, json};

const TEXT: &str = "\
/// A θ-plane.
architecture Plane { param θ, y : R  output = [θ, y]  loss = θ^2 + 3 * y^2 }
reparam Stretch : (u, v : R) -> Plane { θ = 2 * u  y = v }
optimizer Gradient { flow { d/dt params = -grad(loss) } }
check natural Gradient along Stretch
check natural Gradient along id(Plane)
";

#[test]
fn answers_are_shown_where_the_checks_stand() {
    let mut editor = Editor::new(TEXT);
    let diagnostics = editor.diagnostics();
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    assert_eq!(diagnostics[0]["code"], "nat::verdict::fails");
    assert_eq!(diagnostics[0]["range"]["start"], json!({ "line": 4, "character": 0 }));
    let related = diagnostics[0]["relatedInformation"][0]["location"]["range"]["start"].clone();
    assert_eq!(related["line"], 3, "the blame is shown in the optimizer");

    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let whole = json!({ "textDocument": { "uri": URI }, "range": range });
    let hints = editor.ask("textDocument/inlayHint", whole);
    let labels: Vec<&str> = hints.as_array().expect("hints").iter().filter_map(|h| h["label"].as_str()).collect();
    assert_eq!(labels.len(), 2, "{hints}");
    assert!(labels[0].starts_with("✗ fails (counterexample)") && labels[1].starts_with("✓ commutes"), "{labels:?}");

    let hover = editor.at("textDocument/hover", "check natural", 0, &[]);
    let text = hover["contents"]["value"].as_str().expect("a text").to_owned();
    assert!(text.contains("**fails** (counterexample)"), "{text}");

    let context = json!({ "diagnostics": [] });
    let place = json!({ "start": { "line": 4, "character": 3 }, "end": { "line": 4, "character": 3 } });
    let asked = json!({ "textDocument": { "uri": URI }, "range": place, "context": context });
    let actions = editor.ask("textDocument/codeAction", asked);
    let edit = |title: &str| {
        let all = actions.as_array().expect("actions");
        let action = all.iter().find(|a| a["title"].as_str().is_some_and(|t| t.starts_with(title)));
        action.unwrap_or_else(|| panic!("`{title}` in {actions}"))["edit"]["changes"][URI][0].clone()
    };
    assert_eq!(edit("Repair the optimizer")["newText"], "natgrad(loss)");
    assert_eq!(edit("Repair the optimizer")["range"]["start"]["line"], 3);
    assert_eq!(edit("Write `expect fails`")["newText"], " expect fails");

    editor.change(&TEXT.replace("-grad(loss)", "-natgrad(loss)"));
    assert!(editor.diagnostics().is_empty());
    editor.end();
}

#[test]
fn names_are_known() {
    let mut editor = Editor::new(TEXT);
    let hover = editor.at("textDocument/hover", "Plane {", 1, &[]);
    let text = hover["contents"]["value"].as_str().expect("a text").to_owned();
    assert!(text.contains("A θ-plane.") && text.contains("param θ, y : R"), "{text}");
    // Columns count in UTF-16, and `θ` left of `=` is the parameter of the target.
    let definition = editor.at("textDocument/definition", "θ = 2", 0, &[]);
    assert_eq!(definition["range"]["start"], json!({ "line": 1, "character": 27 }));
    let references =
        editor.at("textDocument/references", "θ", 1, &[("context", json!({ "includeDeclaration": true }))]);
    assert_eq!(references.as_array().expect("places").len(), 4, "{references}");
    let renamed = editor.at("textDocument/rename", "Stretch", 0, &[("newName", json!("Widen"))]);
    assert_eq!(renamed["changes"][URI].as_array().expect("edits").len(), 2, "{renamed}");
    let asked = editor.place("Stretch", 0, &[("newName", json!("Plane"))]);
    let refused = editor.answer("textDocument/rename", asked);
    assert_eq!(refused["error"]["message"], "`Plane` is no name, or stands for something else here");
    let range = json!({ "start": { "line": 2, "character": 8 }, "end": { "line": 2, "character": 15 } });
    assert_eq!(editor.at("textDocument/prepareRename", "Stretch", 0, &[]), range);
    assert!(editor.at("textDocument/prepareRename", "grad(", 0, &[]).is_null());
    let others =
        editor.at("textDocument/references", "Stretch", 0, &[("context", json!({ "includeDeclaration": false }))]);
    assert_eq!(others.as_array().expect("places").len(), 1, "{others}");
    let marked = editor.at("textDocument/documentHighlight", "Stretch", 0, &[]);
    assert_eq!(marked.as_array().expect("places").len(), 2, "{marked}");
    let symbols = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    let names: Vec<&str> = symbols.as_array().expect("symbols").iter().filter_map(|s| s["name"].as_str()).collect();
    assert_eq!(names[..3], ["Plane", "Stretch", "Gradient"]);
    let tokens = editor.ask("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": URI } }));
    assert!(tokens["data"].as_array().expect("tokens").len() > 5 * 20, "{tokens}");
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let asked = json!({ "textDocument": { "uri": URI }, "options": options });
    assert_eq!(editor.ask("textDocument/formatting", asked.clone()), json!([]));
    editor.change(&TEXT.replace("θ = 2 * u", "θ=2*u"));
    let edits = editor.ask("textDocument/formatting", asked);
    assert_eq!(edits[0]["newText"], TEXT);
    editor.end();
}

#[test]
fn completion_offers_what_fits() {
    let text = TEXT.replace("check natural Gradient along Stretch", "check natural Gradient along ");
    let mut editor = Editor::new(&text);
    let labels = |found: &Value| -> Vec<String> {
        let all = found.as_array().expect("a list").iter();
        all.filter_map(|c| c["label"].as_str().map(str::to_owned)).collect()
    };
    let found = editor.at("textDocument/completion", "\ncheck natural Gradient along id", 0, &[]);
    let after = labels(&found);
    assert!(after.contains(&"Stretch".to_owned()) && after.contains(&"orthogonal".to_owned()), "{after:?}");
    assert!(!after.contains(&"Gradient".to_owned()), "{after:?}");
    let found = editor.at("textDocument/completion", "Gradient along", 0, &[]);
    let optimizers = labels(&found);
    assert!(optimizers.contains(&"Gradient".to_owned()) && !optimizers.contains(&"Plane".to_owned()), "{optimizers:?}");
    let adam = found.as_array().expect("a list").iter().find(|c| c["label"] == "Adam").expect("the library's").clone();
    assert_eq!(adam["additionalTextEdits"][0]["newText"], "use std.optimizers\n\n");
    editor.end();
}

#[test]
fn completion_knows_the_place() {
    let mut editor = Editor::new("");
    let mut offered = |line: &str, trigger: u32| -> Vec<Value> {
        editor.change(&format!("{TEXT}{line}"));
        let column = line.encode_utf16().count();
        let position = json!({ "line": TEXT.matches('\n').count(), "character": column });
        let context = json!({ "triggerKind": trigger });
        let asked = json!({ "textDocument": { "uri": URI }, "position": position, "context": context });
        editor.ask("textDocument/completion", asked).as_array().expect("a list").clone()
    };
    let has = |found: &[Value], label: &str| found.iter().any(|c| c["label"] == label);
    // What is replaced is all that has been typed: for editors a point ends a word.
    for line in ["use ", "use std.", "use std.op"] {
        let found = offered(line, 1);
        let library = found.iter().find(|c| c["label"] == "std.optimizers").expect("the library");
        assert_eq!(library["textEdit"]["range"]["start"]["character"], 4, "{line}");
        assert_eq!(library["textEdit"]["newText"], "std.optimizers", "{line}");
        assert_eq!(library["filterText"], "std.optimizers", "{line}");
    }
    assert!(has(&offered("use std.", 2), "std.optimizers"));
    assert!(offered("let a = b .", 2).is_empty());
    for line in
        ["check natural Gradient along ", "transfer Gradient along ", "trace Gradient along ", "check commutes F == "]
    {
        let found = offered(line, 1);
        assert!(has(&found, "Stretch") && !has(&found, "Plane"), "{line}: {found:?}");
    }
    for line in ["projection F : ", "embedding F : Pl"] {
        let found = offered(line, 1);
        assert!(has(&found, "Plane") && !has(&found, "R"), "{line}: {found:?}");
    }
    assert!(has(&offered("check same ", 1), "training") && has(&offered("check same training ", 1), "Gradient"));
    assert!(has(&offered("check same Gradient(a = 1) == ", 1), "Gradient"));
    assert!(has(&offered("check preserves ", 1), "loss"));
    let anything = offered("tra", 1);
    for (i, one) in anything.iter().enumerate() {
        assert!(anything[..i].iter().all(|c| c["label"] != one["label"]), "twice: {one}");
    }
    assert!(has(&anything, "transfer") && has(&anything, "trace"));
    editor.end();
}

#[test]
fn a_change_does_not_check_other_texts_again() {
    const OTHER: &str = "untitled:other.nat";
    let mut editor = Editor::new(TEXT);
    let document = json!({ "uri": OTHER, "languageId": "nat", "version": 1, "text": TEXT });
    editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
    let of_other = |n: &Value| n["method"] == "textDocument/publishDiagnostics" && n["params"]["uri"] == OTHER;
    while !editor.notes.iter().any(of_other) {
        let message = editor.messages.recv_timeout(Duration::from_secs(120)).expect("diagnostics in time");
        editor.notes.push(message);
    }
    for i in 0..3 {
        editor.change(&format!("{TEXT}let _a{i} = {i}\n"));
        editor.diagnostics();
    }
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": OTHER } }));
    editor.change(TEXT);
    editor.diagnostics();
    // Once when it was opened, and once without any when it was closed.
    let found: Vec<usize> = editor
        .notes
        .iter()
        .filter(|n| of_other(n))
        .map(|n| n["params"]["diagnostics"].as_array().expect("a list").len())
        .collect();
    assert_eq!(found, [1, 0]);
    editor.end();
}

#[test]
fn a_text_with_errors_is_answered_as_far_as_it_is_sound() {
    let faulty = format!(
        "{TEXT}architecture Broken {{ param x : R  loss = undeclared }}\ncheck natural Adam along Stretch\nlet a = (1 +\n"
    );
    let mut editor = Editor::new(&faulty);
    let diagnostics = editor.diagnostics();
    let codes: Vec<&str> = diagnostics.iter().filter_map(|d| d["code"].as_str()).collect();
    assert!(codes.contains(&"nat::syntax::unclosed") || codes.contains(&"nat::syntax::incomplete"), "{codes:?}");
    assert!(codes.contains(&"nat::verdict::fails"), "the sound checks are answered: {codes:?}");
    let symbols = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    assert!(symbols.as_array().expect("symbols").len() >= 5, "{symbols}");

    // A name of the library: the use is offered.
    let without = TEXT.replace("natural Gradient along Stretch", "natural Adam along Stretch");
    editor.change(&without);
    assert!(editor.diagnostics().iter().any(|d| d["code"] == "nat::name::unknown"));
    let place = json!({ "start": { "line": 4, "character": 15 }, "end": { "line": 4, "character": 15 } });
    let asked = json!({ "textDocument": { "uri": URI }, "range": place, "context": { "diagnostics": [] } });
    let actions = editor.ask("textDocument/codeAction", asked);
    assert!(actions.as_array().expect("actions").iter().any(|a| a["title"] == "use std.optimizers"), "{actions}");
    editor.end();
}

#[test]
fn typing_does_not_wait_for_checks() {
    let mut editor = Editor::new(TEXT);
    for i in 0..40 {
        editor.change(&format!("{TEXT}let _a{i} = {i}\n"));
    }
    let hover = editor.at("textDocument/hover", "_a39", 0, &[]);
    assert!(hover["contents"]["value"].as_str().is_some_and(|t| t.contains("let _a39 = 39")), "{hover}");
    assert_eq!(editor.diagnostics().len(), 1);
    let stale = editor.notes.iter().filter(|n| n["method"] == "textDocument/publishDiagnostics").count();
    assert!(stale < 20, "{stale} diagnostics of texts that have changed");
    editor.end();
}

const NET: &str = "\
// About nets.

/// The inputs.
data X(d : N), Z(d : N) : R[d, 5]
architecture Net(d : N, h : N) {
  param U : R[h, d]
  let hidden = tanh(U * X(d))
  let both = hstack(hidden, hidden)
  output = vec(hidden)
  loss = norm(output)^2
}
architecture Plane { param x, y : R  loss = x^2 + y^2 }
reparam F : (u, v : R) -> Plane { x = u }
optimizer O {
  state m : tangent
  flow {
    d/dt params = m
  }
}
architecture Faulty { param x : R  loss = undeclared }
check preserves loss id(Net)
";

#[test]
fn hover_shows_shapes_and_comments() {
    let mut editor = Editor::new(NET);
    let mut hover = |part: &str, nth: usize| -> String {
        let found = editor.at("textDocument/hover", part, nth, &[]);
        found["contents"]["value"].as_str().unwrap_or_else(|| panic!("`{part}`: {found}")).to_owned()
    };
    assert!(hover("X(d)", 0).contains("The inputs."));
    assert!(hover("hidden", 0).contains("`hidden` has the shape `R[h, 5]`"), "{}", hover("hidden", 0));
    assert!(hover("both", 0).contains("`both` has the shape `R[h, 10]`"), "{}", hover("both", 0));
    assert!(hover("output", 0).contains("output : R[5 * h]"), "{}", hover("output", 0));
    assert!(hover("loss", 0).contains("loss : R\n"), "{}", hover("loss", 0));
    assert!(hover("norm", 0).contains("def norm(x) = sqrt(dot(x, x))"), "{}", hover("norm", 0));
    assert!(hover("hstack", 0).contains("matrices side by side"), "{}", hover("hstack", 0));
    assert!(hover("tangent", 0).contains("it becomes J v"), "{}", hover("tangent", 0));
    assert!(hover("params", 0).contains("a vector of length `dim`"), "{}", hover("params", 0));
    let symbols = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    let names: Vec<&str> = symbols.as_array().expect("symbols").iter().filter_map(|s| s["name"].as_str()).collect();
    assert_eq!(names[..3], ["X", "Z", "Net"], "each name of a line of data");
    editor.end();
}

#[test]
fn what_is_missing_is_offered() {
    let mut editor = Editor::new(NET);
    let diagnostics = editor.diagnostics();
    let mut offered = Vec::new();
    for d in &diagnostics {
        let asked = json!({ "textDocument": { "uri": URI }, "range": d["range"], "context": { "diagnostics": [] } });
        for action in editor.ask("textDocument/codeAction", asked).as_array().expect("actions") {
            let edit = &action["edit"]["changes"][URI][0];
            offered.push((action["title"].as_str().expect("a title").to_owned(), edit.clone()));
        }
    }
    let edit = |title: &str| {
        let found = offered.iter().find(|(t, _)| t == title);
        &found.unwrap_or_else(|| panic!("`{title}` in {offered:?}")).1
    };
    assert_eq!(edit("Give `y`")["newText"], "y = v ");
    assert_eq!(edit("Give the rule `d/dt m = 0`")["newText"], "  d/dt m = 0\n  ");
    assert_eq!(edit("Give the size: `Net(1, 1)`")["newText"], "(1, 1)");
    // With them made, these errors are gone.
    let mended = NET
        .replace("{ x = u }", "{ x = u y = v }")
        .replace("d/dt params = m\n", "d/dt params = m\n    d/dt m = 0\n")
        .replace("id(Net)", "id(Net(1, 1))");
    editor.change(&mended);
    let codes: Vec<Value> = editor.diagnostics().iter().map(|d| d["code"].clone()).collect();
    assert_eq!(codes, ["nat::name::unknown"], "the fault of another item is left");
    editor.end();
}

#[test]
fn a_use_stands_below_the_comment_of_the_file() {
    let mut editor = Editor::new(&NET.replace("check preserves loss id(Net)", "check natural "));
    let found = editor.at("textDocument/completion", "\narchitecture Faulty", 0, &[]);
    assert!(found.as_array().expect("a list").iter().any(|c| c["label"] == "architecture"), "{found}");
    let offset = editor.text.find("check natural ").expect("the check") + "check natural ".len();
    let line = editor.text[..offset].matches('\n').count();
    let asked = json!({ "textDocument": { "uri": URI }, "position": { "line": line, "character": 14 } });
    let found = editor.ask("textDocument/completion", asked);
    let adam = found.as_array().expect("a list").iter().find(|c| c["label"] == "Adam").expect("the library's").clone();
    assert_eq!(adam["additionalTextEdits"][0]["newText"], "use std.optimizers\n\n");
    assert_eq!(adam["additionalTextEdits"][0]["range"]["start"], json!({ "line": 2, "character": 0 }));
    editor.end();
}

#[test]
fn all_errors_are_reported_beside_one_of_syntax() {
    const FAULTY: &str = "\
data x : R[3]
architecture Line { param a, b : R  output = a * x + b  loss = sum((output - Y)^2) }
reparam F : (u, v : R) -> Line { a = u }
optimizer O { state m : tangent  flow { d/dt params = m } }
optimizer Broken { flow { d/dt params = = } }
architecture Lost { param w : R  loss = w ^ ^ 2 }
check natural Adam along F
check natural Broken along id(Line)
check natural O along id(Lost)
check natural O along
";
    let mut editor = Editor::new(FAULTY);
    let mut found: Vec<(u64, String)> = editor
        .diagnostics()
        .iter()
        .map(|d| (d["range"]["start"]["line"].as_u64().expect("a line"), d["code"].as_str().unwrap_or("").to_owned()))
        .collect();
    found.sort();
    let codes: Vec<(u64, &str)> = found.iter().map(|(line, code)| (*line, code.as_str())).collect();
    // Nothing is said of the names that the broken declarations have.
    assert_eq!(
        codes,
        [
            (1, "nat::name::unknown"),
            (2, "nat::morphism::missing_target"),
            (3, "nat::optimizer::body"),
            (4, "nat::syntax::unexpected"),
            (5, "nat::syntax::unexpected"),
            (6, "nat::name::unknown"),
            (9, "nat::syntax::incomplete"),
        ]
    );
    editor.end();
}

/// Every ¦ is a place: what is offered there, and what is not.
const PLACES: [(&str, &[&str], &[&str]); 22] = [
    (
        "data X : R[2]\narchitecture Net(h : N) { param U : R[h, 2]  param a : R[h]  let hidden = relu(U * X)  loss = ¦ }",
        &["U", "a", "hidden", "h", "X", "sum", "layernorm"],
        &["Adam", "Net", "architecture", "check", "grad", "params", "Scaling"],
    ),
    (
        "optimizer O(mu = 0.9) {\n  state v : tangent\n  flow {\n    d/dt params = v\n    d/dt v = -mu * v - ¦\n  }\n}",
        &["mu", "v", "params", "loss", "grad"],
        &["O", "optimizer", "Adam", "state", "Gradient"],
    ),
    ("optimizer O {\n  state v : tangent\n  flow { d/dt ¦ } }", &["params", "v"], &["grad", "loss"]),
    (
        "optimizer O {\n  state v : tangent\n  step(lr) {\n    v' = v\n    ¦\n  }\n}",
        &["params'", "v'"],
        &["grad", "d/dt"],
    ),
    (
        "optimizer O {\n  state v : tangent\n  step(rate) {\n    params' = params - ¦\n",
        &["rate", "v", "v'"],
        &["O", "state"],
    ),
    ("optimizer O {\n  state v : ¦\n", &["tangent", "scalar", "R"], &["GL", "Perm", "N", "grad"]),
    ("optimizer O { ¦", &["state", "flow", "step"], &["param", "grad", "check"]),
    ("reparam F : (l, r : R) -> Plane { θ = l  ¦ }", &["y", "θ", "let"], &["l", "r", "grad", "check"]),
    ("reparam F : (l, r : R) -> Plane { θ = ¦ }", &["l", "r", "sin"], &["grad", "Adam", "params", "Stretch"]),
    ("reparam F(k : R) : Plane -> Plane { θ = ¦ }", &["θ", "y", "k"], &["grad", "Adam"]),
    ("architecture A { param a : ¦ }", &["R", "GL"], &["tangent", "Perm", "N"]),
    ("architecture A(h : ¦", &["N"], &["R", "GL", "tangent"]),
    ("architecture A { ¦ }", &["param", "loss", "output metric"], &["state", "check", "sum"]),
    ("data X : ¦", &["R", "N", "Perm"], &["tangent", "auto"]),
    ("let n = ¦", &["sqrt", "pi"], &["Plane", "Adam", "check"]),
    ("def f(z) = ¦", &["z", "exp"], &["Plane", "grad"]),
    ("check system ¦", &[], &["Plane", "Gradient", "Stretch", "sum"]),
    ("system S = ¦", &["Stretch"], &["Plane", "Gradient", "orthogonal", "sum"]),
    ("use std.optimizers\ncheck natural Adam(¦", &["eps", "beta1"], &["Adam", "Plane", "sum"]),
    ("check natural Gradient ¦", &["along", "expect"], &["Gradient", "Plane", "sum"]),
    ("let s = sum(i in 0..3: ¦", &["i", "exp"], &["Plane", "check"]),
    ("¦", &["architecture", "check", "optimizer", "trace"], &["Plane", "Adam", "sum", "param"]),
];

#[test]
fn what_can_stand_at_a_place_is_offered_and_nothing_else() {
    let mut editor = Editor::new("");
    for (text, wanted, unwanted) in PLACES {
        let (before, after) = text.split_once('¦').expect("a place");
        editor.change(&format!("{TEXT}{before}{after}"));
        let ahead = format!("{TEXT}{before}");
        let column = ahead.rsplit('\n').next().unwrap_or("").encode_utf16().count();
        let position = json!({ "line": ahead.matches('\n').count(), "character": column });
        let asked = json!({ "textDocument": { "uri": URI }, "position": position });
        let found = editor.ask("textDocument/completion", asked);
        let offered: Vec<&str> = found.as_array().expect("a list").iter().filter_map(|c| c["label"].as_str()).collect();
        for label in wanted {
            assert!(offered.contains(label), "{text}: no `{label}` in {offered:?}");
        }
        for label in unwanted {
            assert!(!offered.contains(label), "{text}: `{label}` in {offered:?}");
        }
        if let Some(layer) = found.as_array().expect("a list").iter().find(|c| c["label"] == "layernorm") {
            assert_eq!(layer["additionalTextEdits"][0]["newText"], "use std.nets\n\n");
        }
    }
    editor.end();
}

#[test]
fn what_was_meant_is_written_by_an_action() {
    let faulty =
        TEXT.replace("θ = 2 * u", "θ = sqr(u) + Sqrt(u)").replace("natural Gradient along S", "natural adam along S");
    let mut editor = Editor::new(&faulty);
    let mut edits = Vec::new();
    for d in editor.diagnostics() {
        let asked = json!({ "textDocument": { "uri": URI }, "range": d["range"], "context": { "diagnostics": [] } });
        for action in editor.ask("textDocument/codeAction", asked).as_array().expect("actions") {
            edits.push((action["title"].as_str().unwrap_or("").to_owned(), action["edit"]["changes"][URI].clone()));
        }
    }
    let edit = |title: &str| &edits.iter().find(|(t, _)| t == title).unwrap_or_else(|| panic!("{title}: {edits:?}")).1;
    assert_eq!(edit("Write `sqrt`")[0]["newText"], "sqrt");
    let both = edit("Write `Adam`, with `use std.optimizers`");
    assert_eq!((&both[0]["newText"], &both[1]["newText"]), (&json!("Adam"), &json!("use std.optimizers\n\n")));
    editor.end();
}

#[test]
fn a_table_has_a_hint() {
    let mut editor = Editor::new(&format!("{TEXT}classify Gradient\n"));
    editor.diagnostics();
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let hints = editor.ask("textDocument/inlayHint", json!({ "textDocument": { "uri": URI }, "range": range }));
    let labels: Vec<&str> = hints.as_array().expect("hints").iter().filter_map(|h| h["label"].as_str()).collect();
    assert!(labels.contains(&"natural along translation, orthogonal"), "{labels:?}");
    editor.end();
}

#[test]
fn references_reach_the_file_that_declares_the_name() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("references");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("plane.nat"), TEXT).expect("a file");
    let uri = |name: &str| lsp_types::Url::from_file_path(folder.join(name)).expect("an address").to_string();
    let mut editor = Editor::new("");
    let text = "use \"plane.nat\"\ncheck natural Gradient along Stretch\n";
    let document = json!({ "uri": uri("user.nat"), "languageId": "nat", "version": 1, "text": text });
    editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
    for (declaration, places) in [(true, 4), (false, 3)] {
        let asked = json!({
            "textDocument": { "uri": uri("user.nat") },
            "position": { "line": 1, "character": 15 },
            "context": { "includeDeclaration": declaration },
        });
        let found = editor.ask("textDocument/references", asked);
        assert_eq!(found.as_array().expect("places").len(), places, "{found}");
    }
    editor.end();
    std::fs::remove_dir_all(&folder).expect("the folder");
}
