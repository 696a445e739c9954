//! Completion: names of the kind that fits, words of the language, and names of libraries with the `use` that they need.

use lsp_types::{CompletionItem, CompletionItemKind, Position, Range, TextEdit};

use super::document::Document;
use super::names::visible;
use crate::core::names::CLASSES;
use crate::syntax::tree::{Item, ItemKind};

/// What fits at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Optimizer,
    Along,
    Architecture,
    Verdict,
    Question,
    Library,
    Type,
    Anything,
}

const WORDS: [&str; 20] = [
    "use",
    "data",
    "let",
    "def",
    "architecture",
    "reparam",
    "projection",
    "embedding",
    "morphism",
    "optimizer",
    "system",
    "cone",
    "check",
    "classify",
    "param",
    "state",
    "flow",
    "step",
    "inverse",
    "each",
];
const VERDICTS: [&str; 6] = ["commutes", "up to rate", "in limit", "fails", "undecided", "invalid"];
const QUESTIONS: [&str; 7] =
    ["natural", "commutes", "preserves loss", "preserves output", "same", "system", "training"];
const TYPES: [&str; 18] = [
    "R",
    "N",
    "GL",
    "O",
    "Sym",
    "SPD",
    "Skew",
    "Diag",
    "Perm",
    "SignedPerm",
    "tangent",
    "cotangent",
    "metric",
    "cometric",
    "diagonal",
    "left",
    "right",
    "auto",
];
const FUNCTIONS: [&str; 60] = [
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "sigmoid",
    "softplus",
    "relu",
    "abs",
    "sign",
    "max",
    "min",
    "sum",
    "prod",
    "mean",
    "dot",
    "norm",
    "trace",
    "det",
    "logsumexp",
    "concat",
    "vstack",
    "hstack",
    "vec",
    "reshape",
    "diag",
    "diagonal",
    "outer",
    "eye",
    "zeros",
    "ones",
    "softmax",
    "inv",
    "pinv",
    "solve",
    "polar",
    "powm",
    "d",
    "grad",
    "metric",
    "raise",
    "lower",
    "natgrad",
    "hess",
    "covhess",
    "christoffel",
    "blockdiag",
    "dim",
    "at",
    "params",
    "loss",
    "output",
    "expect",
    "along",
    "where",
];

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
        [.., "natural" | "classify" | "same" | "training" | "transfer"] => Wanted::Optimizer,
        [.., "same", _, "=="] => Wanted::Optimizer,
        [.., "along" | ";" | "loss" | "output" | "commutes"] if words.first() == Some(&"check") => Wanted::Along,
        [.., "on" | "->"] => Wanted::Architecture,
        [.., "expect"] => Wanted::Verdict,
        [.., ":"] if words.first() == Some(&"reparam") => Wanted::Architecture,
        [.., ":"] => Wanted::Type,
        _ => Wanted::Anything,
    }
}

fn fits(wanted: Wanted, kind: &ItemKind) -> bool {
    match wanted {
        Wanted::Optimizer => matches!(kind, ItemKind::Optimizer(_)),
        Wanted::Architecture => matches!(kind, ItemKind::Architecture(_)),
        Wanted::Along => {
            matches!(kind, ItemKind::Morphism(_) | ItemKind::Composite(_) | ItemKind::System(_) | ItemKind::Cone(_))
        }
        Wanted::Anything => true,
        _ => false,
    }
}

/// What can stand at a place.
pub fn complete(document: &Document, at: Position) -> Vec<CompletionItem> {
    let offset = document.offset(at);
    let text = &document.source.text;
    let start = text[..offset].rfind('\n').map_or(0, |i| i + 1);
    let line = &text[start..offset];
    if line.contains("//") {
        return Vec::new();
    }
    let wanted = wanted(line);
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
        Wanted::Verdict => all.extend(VERDICTS.iter().map(|w| word(w, keyword))),
        Wanted::Question => all.extend(QUESTIONS.iter().map(|w| word(w, keyword))),
        Wanted::Type => all.extend(TYPES.iter().map(|w| word(w, CompletionItemKind::TYPE_PARAMETER))),
        Wanted::Library => {
            all.extend(crate::uses::library::all().map(|l| word(&l.name, CompletionItemKind::MODULE)));
        }
        Wanted::Anything => {
            all.extend(WORDS.iter().map(|w| word(w, keyword)));
            all.extend(FUNCTIONS.iter().map(|w| word(w, CompletionItemKind::FUNCTION)));
            all.extend(locals(document, offset).iter().map(|w| word(&w.as_str(), CompletionItemKind::VARIABLE)));
        }
        Wanted::Optimizer | Wanted::Architecture => {}
    }
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

/// The edit that uses a library: behind the last `use`, or before the first item.
pub fn use_edit(document: &Document, library: &str) -> TextEdit {
    let mut uses = document.tree.items.iter().filter(|i| matches!(i.kind, ItemKind::Use(_)));
    let (offset, text) = match uses.next_back() {
        Some(last) => (last.span.end, format!("\nuse {library}")),
        None => (0, format!("use {library}\n\n")),
    };
    let at = document.position(offset);
    TextEdit { range: Range { start: at, end: at }, new_text: text }
}
