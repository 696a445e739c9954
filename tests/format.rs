//! The layout of texts: over every text of the language that there is, it says the same and stays as it is.

use std::path::{Path, PathBuf};

use nat::source::{Source, SourceId};
use nat::syntax::format::{Unformatted, format};
use nat::syntax::parse;
use proptest::prelude::*;

/// All `.nat` files of the project.
fn texts() -> Vec<(PathBuf, String)> {
    let mut open: Vec<PathBuf> =
        ["examples", "tests", "src"].map(|f| Path::new(env!("CARGO_MANIFEST_DIR")).join(f)).to_vec();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "nat")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

fn tree(text: &str) -> String {
    let (file, errors) = parse(SourceId(0), &Source::new("text", text));
    assert!(errors.is_empty(), "{errors:?} in {text}");
    file.to_string()
}

/// The text in its layout, which says the same and is its own layout; none if it has errors.
fn formatted(text: &str) -> Option<String> {
    let of = |text: &str| format(SourceId(0), &Source::new("text", text));
    match of(text) {
        Ok(once) => {
            assert_eq!(tree(&once), tree(text));
            assert_eq!(of(&once).as_ref(), Ok(&once), "the layout of {once}");
            Some(once)
        }
        Err(Unformatted::Faulty(_)) => None,
        Err(Unformatted::Changed) => panic!("the layout says something else than {text}"),
    }
}

#[test]
fn orders_stand_apart() {
    let text = "check natural Flow along Turn expect in limit(lr^2)\n";
    assert_eq!(formatted(text).as_deref(), Some("check natural Flow along Turn expect in limit (lr^2)\n"));
}

#[test]
fn every_text_has_a_layout() {
    let (mut good, mut comments) = (0, 0);
    for (path, text) in texts() {
        let Some(laid_out) = formatted(&text) else { continue };
        good += 1;
        comments += text.matches("//").count();
        assert_eq!(laid_out.matches("//").count(), text.matches("//").count(), "comments of {}", path.display());
    }
    assert!(good > 60 && comments > 500, "{good} texts with {comments} comments");
}

#[test]
fn what_is_given_to_read_is_in_its_layout() {
    let mut read = 0;
    for (path, text) in texts() {
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("a file of the project");
        if !name.starts_with("tests") {
            read += 1;
            assert_eq!(formatted(&text).as_deref(), Some(text.as_str()), "`nat fmt {}`", path.display());
        }
    }
    assert!(read > 15, "{read} texts");
}

proptest! {
    /// White space between tokens means nothing to the layout but where lines end and what stands below what.
    #[test]
    fn any_white_space_is_laid_out(seed in 0usize..1000, cuts in prop::collection::vec((0usize..4000, 0usize..5), 0..60)) {
        let all = texts();
        let (_, text) = &all[seed % all.len()];
        let mut text: Vec<char> = text.chars().take(4000).collect();
        let blank = ["  ", "\n", "\n\n\n", " // x\n", "\t"];
        for (at, which) in cuts {
            // Blanks are added where there is one, so that no token is cut.
            if let Some(i) = (at..text.len()).find(|&i| text[i] == ' ') {
                let line = text[..i].iter().rposition(|&c| c == '\n').map_or(0, |l| l + 1);
                let rest: String = text[line..i].iter().collect();
                if !rest.contains("//") && !rest.contains('"') && !rest.ends_with(" d") {
                    text.splice(i..i, blank[which].chars());
                }
            }
        }
        formatted(&text.into_iter().collect::<String>());
    }
}
