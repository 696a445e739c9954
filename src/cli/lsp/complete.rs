//! Completion: names of the kind that fits, words of the language, and names of libraries with the `use` that they need.

use std::collections::BTreeSet;

use lsp_types::{CompletionItem, CompletionItemKind, Position, Range, TextEdit};

use super::document::Document;
use super::locals;
use super::names::visible;
use super::place::{Body, Place, Wanted, in_name, place, without_comments};
use crate::core::names::CLASSES;
use crate::core::prim;
use crate::core::words::{Calculus, Word};
use crate::syntax::tree::{Item, ItemKind};
use crate::syntax::vocabulary;

/// Whether something that is declared fits.
fn fits(wanted: Wanted, kind: &ItemKind) -> bool {
    match wanted {
        Wanted::Optimizer | Wanted::Same => matches!(kind, ItemKind::Optimizer(_)),
        Wanted::Architecture => matches!(kind, ItemKind::Architecture(_)),
        Wanted::Apex => matches!(kind, ItemKind::Architecture(_) | ItemKind::System(_)),
        Wanted::System => matches!(kind, ItemKind::System(_) | ItemKind::Cone(_)),
        Wanted::Morphism | Wanted::Line(Body::System) => matches!(kind, ItemKind::Morphism(_) | ItemKind::Composite(_)),
        Wanted::Along => {
            matches!(kind, ItemKind::Morphism(_) | ItemKind::Composite(_) | ItemKind::System(_) | ItemKind::Cone(_))
        }
        Wanted::Value(_) => matches!(kind, ItemKind::Data(_) | ItemKind::Let(_) | ItemKind::Def(_)),
        _ => false,
    }
}

/// The words that begin a line of a body.
fn lines(body: Body) -> &'static [&'static str] {
    match body {
        Body::Architecture => &["param", "let", "output", "output metric", "loss", "group", "assume"],
        Body::Morphism => &["let", "inverse", "assume"],
        Body::Optimizer => &["state", "let", "flow", "step", "assume"],
        Body::Flow => &["d/dt", "D/dt", "let", "each"],
        Body::Step => &["let", "each"],
        Body::Trace => &["lr", "steps", "time", "tolerance", "start", "repeat", "until"],
        Body::Equations => &["let"],
        Body::System | Body::None => &[],
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
    let code = without_comments(text);
    let place = place(&code, offset);
    if point && place.wanted != Wanted::Library {
        return Vec::new();
    }
    let visible = visible(document);
    let mut all: Vec<CompletionItem> = visible
        .iter()
        // Data and constants of a library that is not used are nothing that one asks for by name.
        .filter(|(_, item, library)| {
            let foreign = library.is_some() && matches!(item.kind, ItemKind::Data(_) | ItemKind::Let(_));
            fits(place.wanted, &item.kind) && !foreign
        })
        .map(|(name, item, library)| named(document, name.clone(), item, *library))
        .collect();
    if place.wanted == Wanted::Library {
        // What is replaced is said: for editors `std.` is no part of a word.
        let begun = line.rfind(|c: char| c.is_whitespace()).map_or(0, |i| i + 1);
        let range = Range { start: document.position(start + begun), end: at };
        all.extend(crate::uses::library::all().map(|l| CompletionItem {
            text_edit: Some(TextEdit { range, new_text: l.name.to_owned() }.into()),
            filter_text: Some(l.name.to_owned()),
            ..word(l.name, CompletionItemKind::MODULE)
        }));
    }
    let parameters = |name: &str| {
        let item = visible.iter().find(|(n, ..)| n == name).map(|(_, item, _)| item);
        item.map(locals::parameters).unwrap_or_default()
    };
    all.extend(words(&place, &code, &parameters, &visible));
    // A word may have several meanings, and a function several forms.
    let mut offered = BTreeSet::new();
    all.retain(|item| offered.insert(item.label.clone()));
    all
}

fn word(w: &str, kind: CompletionItemKind) -> CompletionItem {
    CompletionItem { label: w.to_owned(), kind: Some(kind), ..CompletionItem::default() }
}

/// What is offered beside declarations: local names, and words of the language.
fn words(
    place: &Place<'_>,
    code: &str,
    parameters: &dyn Fn(&str) -> Vec<String>,
    visible: &[(String, Item, Option<&'static str>)],
) -> Vec<CompletionItem> {
    let keyword = CompletionItemKind::KEYWORD;
    let variable = CompletionItemKind::VARIABLE;
    let keywords = |words: &[&str]| words.iter().map(|w| word(w, keyword)).collect::<Vec<_>>();
    let types = |words: &[&str]| words.iter().map(|w| word(w, CompletionItemKind::TYPE_PARAMETER)).collect::<Vec<_>>();
    let names = |names: Vec<String>| names.iter().map(|n| word(n, variable)).collect::<Vec<_>>();
    match place.wanted {
        Wanted::Item => keywords(&[&vocabulary::ITEMS[..], &["transfer", "trace", "assume"]].concat()),
        Wanted::Line(body) => {
            let mut all = keywords(lines(body));
            match body {
                Body::Morphism => all.extend(names(locals::of_map(place, parameters).1)),
                Body::Step => {
                    let states = std::iter::once("params".to_owned()).chain(locals::states(place));
                    all.extend(names(states.map(|s| format!("{s}'")).collect()));
                }
                _ => {}
            }
            all
        }
        Wanted::Value(body) => {
            let mut all = names(locals::known(place));
            if body == Body::Morphism {
                all.extend(names(locals::of_map(place, parameters).0));
            }
            let rules = place.keyword == "optimizer" && body != Body::None;
            if rules {
                all.extend(Word::ALL.map(|w| word(w.name(), variable)));
                all.extend(Calculus::ALL.map(|f| word(f.name(), CompletionItemKind::FUNCTION)));
            }
            if body == Body::Step {
                all.extend(names(locals::states(place).into_iter().map(|s| format!("{s}'")).collect()));
            }
            all.extend(prim::names().filter(|f| !f.ends_with('\'')).map(|f| word(f, CompletionItemKind::FUNCTION)));
            all.push(word("pi", CompletionItemKind::CONSTANT));
            all.extend(keywords(&["if", "then", "else", "in"]));
            if place.keyword == "data" {
                all.extend(keywords(&["read"]));
            }
            all
        }
        Wanted::Component => names(std::iter::once("params".to_owned()).chain(locals::states(place)).collect()),
        Wanted::Block if place.keyword == "optimizer" => names(vec!["params".to_owned()]),
        Wanted::Block => names(locals::known(place)),
        Wanted::Argument(at) => {
            let name = &code[at..at + code[at..].find(|c: char| !in_name(c)).unwrap_or(0)];
            let item = visible.iter().find(|(n, ..)| n == name).map(|(_, item, _)| item);
            let params = item.map(taken).unwrap_or_default();
            let argument = |p: &String| CompletionItem {
                insert_text: Some(format!("{p} = ")),
                ..word(p, CompletionItemKind::PROPERTY)
            };
            params.iter().map(argument).chain(names(locals::known(place))).collect()
        }
        Wanted::Along => CLASSES.iter().map(|w| word(w, CompletionItemKind::CLASS)).chain(keywords(&["id"])).collect(),
        Wanted::Verdict => keywords(&vocabulary::EXPECTED),
        Wanted::Question => keywords(&vocabulary::ASKED),
        Wanted::Same => keywords(&["training"]),
        Wanted::Preserved => keywords(&["loss", "output"]),
        Wanted::TypeOfValue => types(&[&["R", "N"][..], &vocabulary::MATRICES].concat()),
        Wanted::TypeOfParam => types(&["R", "GL"]),
        Wanted::TypeOfState => types(&[&["R"][..], &vocabulary::STATES].concat()),
        Wanted::TypeOfSize if place.keyword == "optimizer" => types(&["R"]),
        Wanted::TypeOfSize => types(&["N"]),
        Wanted::Joint => keywords(match place.keyword {
            "check" => &["along", "on", "via", "expect"],
            "classify" => &["on"],
            "transfer" | "trace" => &["along"],
            "system" | "cone" => &["over"],
            _ => &["where", "assume"],
        }),
        _ => Vec::new(),
    }
}

/// The names of what a declaration takes.
fn taken(item: &Item) -> Vec<String> {
    let params = match &item.kind {
        ItemKind::Architecture(a) => &a.params,
        ItemKind::Morphism(m) => &m.params,
        ItemKind::Composite(c) => &c.params,
        ItemKind::Optimizer(o) => &o.params,
        _ => return Vec::new(),
    };
    params.iter().map(|p| p.name.name.clone()).collect()
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
