//! What the pages show is true: every block of the language on them is checked, and each answer is as the page expects.

use std::path::{Path, PathBuf};

use crate::support;

/// The pages whose blocks are files of their own.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::fs::read_dir(root.join("docs/src")).expect("the book");
    let mut found: Vec<PathBuf> = folder.map(|e| e.expect("an entry").path()).collect();
    found.extend([root.join("README.md"), root.join("GUIDE.md")]);
    found.sort();
    found.retain(|p| p.extension().is_some_and(|e| e == "md"));
    found
}

/// The blocks of a page that are marked as text of the language, with the line at which each starts.
fn blocks(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, line) in text.lines().enumerate() {
        match &mut open {
            None if line.trim_end() == "```nat" => open = Some((at + 2, String::new())),
            None => {}
            Some(_) if line.starts_with("```") => found.extend(open.take()),
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    assert!(open.is_none(), "a block that does not end");
    found
}

#[test]
fn every_block_of_the_pages_is_as_it_says() {
    let mut differences = Vec::new();
    let mut count = 0;
    for page in pages() {
        let name = page.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        for (line, block) in blocks(&support::read(&page)) {
            count += 1;
            let (sources, report) = support::check(&name, &block);
            let place = |span| line - 1 + sources.place(span).1;
            differences.extend(report.errors.iter().map(|e| format!("{name}:{}: {e}", place(e.span()))));
            let wrong = report.answers.iter().filter(|a| !a.ok);
            differences.extend(
                wrong.map(|a| format!("{name}:{}: {}: {}", place(a.task.span), a.task.text, a.finding.message)),
            );
        }
    }
    support::conclude(&differences);
    assert!(count >= 20, "{count} blocks");
}

/// Every page of the book is in its list.
#[test]
fn the_book_lists_its_pages() {
    let summary = support::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/SUMMARY.md"));
    for page in pages() {
        let name = page.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if page.parent().is_some_and(|p| p.ends_with("src")) && name != "SUMMARY.md" {
            assert!(summary.contains(&format!("({name})")), "{name} in the summary");
        }
    }
}
