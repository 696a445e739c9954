//! Renaming across files: those that are open, and those of the folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::TEXT;
use super::editor::Editor;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = Folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        std::fs::create_dir_all(&folder.0).expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.0.join(name), text).expect("a file");
        }
        folder
    }

    fn uri(&self, name: &str) -> String {
        lsp_types::Url::from_file_path(self.0.join(name)).expect("an address").to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const USER: &str = "use \"plane.nat\"\nuse std.optimizers\ncheck natural Gradient along Stretch\n\
                    reparam Swap : (a, b : R) -> Plane { θ = b  y = a }\ncheck natural Adam along Swap\n";
const THIRD: &str = "use \"user.nat\"\ncheck natural Gradient along Swap\n";
/// The same name for something else.
const OWN: &str = "optimizer Gradient { flow { d/dt params = -grad(loss) } }\nclassify Gradient\n";

/// The number of edits in each file, by its name.
fn edits(answer: &Value) -> Vec<(String, usize)> {
    let changes = answer["result"]["changes"].as_object().unwrap_or_else(|| panic!("edits: {answer}"));
    let name = |uri: &str| uri.rsplit('/').next().unwrap_or_default().to_owned();
    let mut all: Vec<_> = changes.iter().map(|(u, e)| (name(u), e.as_array().map_or(0, Vec::len))).collect();
    all.sort();
    all
}

#[test]
fn a_name_is_changed_in_every_file_that_uses_it() {
    let folder =
        Folder::new("rename", &[("plane.nat", TEXT), ("user.nat", USER), ("third.nat", THIRD), ("own.nat", OWN)]);
    let mut editor = Editor::within("", &json!(folder.uri("")));
    editor.open(&folder.uri("user.nat"), USER);
    let ask = |editor: &mut Editor, file: &str, line: u32, character: u32, name: &str| {
        let asked = json!({
            "textDocument": { "uri": folder.uri(file) },
            "position": { "line": line, "character": character },
            "newName": name,
        });
        editor.answer("textDocument/rename", asked)
    };
    let all = [("plane.nat", 3), ("third.nat", 1), ("user.nat", 1)].map(|(f, n)| (f.to_owned(), n));
    // From a file that uses it, and from the one that declares it.
    assert_eq!(edits(&ask(&mut editor, "user.nat", 2, 15, "Descent")), all);
    editor.open(&folder.uri("plane.nat"), TEXT);
    assert_eq!(edits(&ask(&mut editor, "plane.nat", 3, 12, "Descent")), all);

    let refused = |answer: Value| answer["error"]["message"].as_str().map(str::to_owned).unwrap_or_default();
    let taken = refused(ask(&mut editor, "user.nat", 2, 15, "Swap"));
    assert!(taken.starts_with("`Swap` is no name, or stands for something else"), "{taken}");
    let library = refused(ask(&mut editor, "user.nat", 2, 15, "Adam"));
    assert!(library.contains("stands for something else"), "{library}");
    let of_library = refused(ask(&mut editor, "user.nat", 4, 15, "Adamo"));
    assert_eq!(of_library, "`Adam` is declared in the library `std.optimizers`");
    // A parameter is set left of `=` in another file, where it might be that of another architecture.
    let parameter = refused(ask(&mut editor, "plane.nat", 1, 30, "z"));
    assert!(parameter.contains("user.nat may mean this `y`, too"), "{parameter}");

    // What is open counts, and not what is on disk.
    editor.open(&folder.uri("third.nat"), "use \"user.nat\"\n// nothing of Gradient\n");
    let fewer = edits(&ask(&mut editor, "plane.nat", 3, 12, "Descent"));
    assert_eq!(fewer, [("plane.nat", 3), ("user.nat", 1)].map(|(f, n)| (f.to_owned(), n)));
    editor.end();
}

#[test]
fn a_file_with_errors_is_not_renamed_in() {
    let broken = format!("{USER}check natural Gradient alonng Stretch\n");
    let folder = Folder::new("rename_broken", &[("plane.nat", TEXT), ("user.nat", &broken)]);
    let mut editor = Editor::within("", &json!(folder.uri("")));
    editor.open(&folder.uri("plane.nat"), TEXT);
    let asked = json!({
        "textDocument": { "uri": folder.uri("plane.nat") },
        "position": { "line": 3, "character": 12 },
        "newName": "Descent",
    });
    let answer = editor.answer("textDocument/rename", asked);
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(message.ends_with("user.nat uses the file and has errors of syntax: mend them first"), "{answer}");
    editor.end();
}

#[test]
fn references_are_found_in_files_that_use_it() {
    let folder = Folder::new("rename_places", &[("plane.nat", TEXT), ("user.nat", USER), ("own.nat", OWN)]);
    let mut editor = Editor::within("", &json!(folder.uri("")));
    editor.open(&folder.uri("plane.nat"), TEXT);
    for (declaration, places) in [(true, 4), (false, 3)] {
        let asked = json!({
            "textDocument": { "uri": folder.uri("plane.nat") },
            "position": { "line": 3, "character": 12 },
            "context": { "includeDeclaration": declaration },
        });
        let found = editor.ask("textDocument/references", asked);
        assert_eq!(found.as_array().expect("places").len(), places, "{found}");
    }
    editor.end();
}
