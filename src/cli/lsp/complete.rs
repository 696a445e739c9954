//! Completion: names of the kind that fits, words of the language, and names of libraries with the `use` that they need.

use std::collections::BTreeSet;

use lsp_types::{CompletionItem, CompletionItemKind, Position, Range, TextEdit};

use super::document::Document;
use super::names::visible;
use crate::core::names::CLASSES;
use crate::core::prim;
use crate::core::words::{Calculus, Word};
use crate::syntax::tree::{Item, ItemKind};
use crate::syntax::vocabulary;

/// What fits at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Optimizer,
    Along,
    Architecture,
    Verdict,
    Question,
    Same,
    Preserved,
    Library,
    Type,
    Anything,
}

/// What fits, by the words before the place.
fn wanted(line: &str) -> Wanted {
    let typed = line.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    let words: Vec<&str> = typed.split_whitespace().collect();
    if typed.trim_end().ends_with("std.") {
        return Wanted::Library;
    }
    match words.as_slice() {
        ["use"] => Wanted::Library,
        [.., "check"] => Wanted::Question,
        [.., "same"] => Wanted::Same,
        [.., "preserves"] => Wanted::Preserved,
        [.., "natural" | "classify" | "training" | "transfer"] | ["trace"] => Wanted::Optimizer,
        [.., "=="] if words.contains(&"same") => Wanted::Optimizer,
        [.., "=="] if words.contains(&"commutes") => Wanted::Along,
        [.., "along" | ";" | "loss" | "output" | "commutes"]
            if matches!(words.first(), Some(&("check" | "transfer" | "trace"))) =>
        {
            Wanted::Along
        }
        [.., "on" | "->"] => Wanted::Architecture,
        [.., "expect"] => Wanted::Verdict,
        [.., ":"] if matches!(words.first(), Some(&("reparam" | "projection" | "embedding"))) => Wanted::Architecture,
        [.., ":"] => Wanted::Type,
        _ => Wanted::Anything,
    }
}

fn fits(wanted: Wanted, kind: &ItemKind) -> bool {
    match wanted {
        Wanted::Optimizer | Wanted::Same => matches!(kind, ItemKind::Optimizer(_)),
        Wanted::Architecture => matches!(kind, ItemKind::Architecture(_)),
        Wanted::Along => {
            matches!(kind, ItemKind::Morphism(_) | ItemKind::Composite(_) | ItemKind::System(_) | ItemKind::Cone(_))
        }
        Wanted::Anything => true,
        _ => false,
    }
}

/// What can stand at a place; behind a point that has just been typed, nothing but libraries.
pub fn complete(document: &Document, at: Position, point: bool) -> Vec<CompletionItem> {
    let offset = document.offset(at);
    let text = &document.source.text;
    let start = text[..offset].rfind('\n').map_or(0, |i| i + 1);
    let line = &text[start..offset];
    if line.contains("//") {
        return Vec::new();
    }
    let wanted = wanted(line);
    if point && wanted != Wanted::Library {
        return Vec::new();
    }
    let word = |w: &&str, kind: CompletionItemKind| CompletionItem {
        label: (*w).to_owned(),
        kind: Some(kind),
        ..CompletionItem::default()
    };
    let mut all: Vec<CompletionItem> = visible(document)
        .into_iter()
        .filter(|(_, item, library)| fits(wanted, &item.kind) && !(library.is_some() && wanted == Wanted::Anything))
        .map(|(name, item, library)| named(document, name, &item, library))
        .collect();
    let keyword = CompletionItemKind::KEYWORD;
    match wanted {
        Wanted::Along => all.extend(CLASSES.iter().map(|w| word(w, CompletionItemKind::CLASS))),
        Wanted::Verdict => all.extend(vocabulary::EXPECTED.iter().map(|w| word(w, keyword))),
        Wanted::Question => all.extend(vocabulary::ASKED.iter().map(|w| word(w, keyword))),
        Wanted::Type => all.extend(vocabulary::types().map(|w| word(&w, CompletionItemKind::TYPE_PARAMETER))),
        Wanted::Library => {
            // What is replaced is said: for editors `std.` is no part of a word.
            let begun = line.rfind(|c: char| c.is_whitespace()).map_or(0, |i| i + 1);
            let range = Range { start: document.position(start + begun), end: at };
            all.extend(crate::uses::library::all().map(|l| CompletionItem {
                text_edit: Some(TextEdit { range, new_text: l.name.to_owned() }.into()),
                filter_text: Some(l.name.to_owned()),
                ..word(&l.name, CompletionItemKind::MODULE)
            }));
        }
        Wanted::Anything => {
            let words =
                vocabulary::keywords().chain(vocabulary::LINES).chain(vocabulary::EXPERIMENTS).chain(["transfer"]);
            all.extend(words.map(|w| word(&w, keyword)));
            let functions = prim::names().chain(Calculus::ALL.map(Calculus::name)).filter(|f| !f.ends_with('\''));
            all.extend(functions.map(|w| word(&w, CompletionItemKind::FUNCTION)));
            all.extend(Word::ALL.map(|w| word(&w.name(), CompletionItemKind::VARIABLE)));
            all.extend(locals(document, offset).iter().map(|w| word(&w.as_str(), CompletionItemKind::VARIABLE)));
        }
        Wanted::Same => all.push(word(&"training", keyword)),
        Wanted::Preserved => all.extend(["loss", "output"].map(|w| word(&w, keyword))),
        Wanted::Optimizer | Wanted::Architecture => {}
    }
    // A word may have several meanings, and a function several forms.
    let mut offered = BTreeSet::new();
    all.retain(|item| offered.insert(item.label.clone()));
    all
}

/// The names that are bound in the item at a place.
fn locals(document: &Document, offset: usize) -> Vec<String> {
    use crate::syntax::words::Role;
    let item = document.words.iter().rev().find(|w| w.span.start <= offset).map(|w| w.item);
    let mut names: Vec<String> = document
        .words
        .iter()
        .filter(|w| Some(w.item) == item && w.role == Role::Binds)
        .map(|w| w.name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn named(document: &Document, name: String, item: &Item, library: Option<&'static str>) -> CompletionItem {
    let kind = match &item.kind {
        ItemKind::Architecture(_) => CompletionItemKind::STRUCT,
        ItemKind::Morphism(_) | ItemKind::Composite(_) | ItemKind::Def(_) => CompletionItemKind::FUNCTION,
        ItemKind::Optimizer(_) => CompletionItemKind::CLASS,
        ItemKind::System(_) | ItemKind::Cone(_) => CompletionItemKind::MODULE,
        _ => CompletionItemKind::CONSTANT,
    };
    CompletionItem {
        label: name,
        kind: Some(kind),
        detail: library.map(|l| format!("use {l}")),
        documentation: (!item.doc.is_empty()).then(|| lsp_types::Documentation::String(item.doc.clone())),
        additional_text_edits: library.map(|l| vec![use_edit(document, l)]),
        ..CompletionItem::default()
    }
}

/// The edit that uses a library: behind the last `use`, or before the first item and what is said of it.
pub fn use_edit(document: &Document, library: &str) -> TextEdit {
    let mut uses = document.tree.items.iter().filter(|i| matches!(i.kind, ItemKind::Use(_)));
    let (offset, text) = match uses.next_back() {
        Some(last) => (last.span.end, format!("\nuse {library}")),
        None => (first_place(document), format!("use {library}\n\n")),
    };
    let at = document.position(offset);
    TextEdit { range: Range { start: at, end: at }, new_text: text }
}

/// Where the first item begins, with the comments right above it; a comment that an empty line follows speaks of the file.
fn first_place(document: &Document) -> usize {
    let text = &document.source.text;
    let Some(first) = document.tree.items.first() else { return 0 };
    let mut start = text[..first.span.start].rfind('\n').map_or(0, |i| i + 1);
    while let Some(above) = text[..start].strip_suffix('\n') {
        let line = above.rfind('\n').map_or(0, |i| i + 1);
        if !text[line..].trim_start_matches([' ', '\t']).starts_with("//") {
            break;
        }
        start = line;
    }
    start
}
