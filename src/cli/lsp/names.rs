//! Names: what they stand for, where they come from, and where else they are.

use lsp_types::{
    DocumentHighlight, DocumentSymbol, Hover, HoverContents, Location, MarkupContent, MarkupKind, Position, Range,
    SymbolKind, Url,
};

use super::analyse::Analysis;
use super::document::{Document, ID, position};
use super::meaning::{Place, meaning};
use super::open::Open;
use super::shapes::shape_at;
use crate::source::{Source, SourceId, Sources, Span};
use crate::syntax::tree::{ArchitectureEntry, File, Item, ItemKind};
use crate::syntax::words::{Role, Word, words};
use crate::uses::Files;

/// A declaration in another file.
pub struct Elsewhere {
    /// The text that declares it.
    pub source: Source,
    /// The name there.
    pub word: Word,
    item: Option<Item>,
}

/// The declaration of this name in the files and libraries that a document uses.
pub fn elsewhere(document: &Document, name: &str) -> Option<Elsewhere> {
    let disk = Open::new(&document.open);
    let mut sources = Sources::default();
    let mut files = Files::new(&disk);
    let id = sources.add(document.source.clone());
    for part in files.gather(&mut sources, id).parts.iter().rev().filter(|p| p.id != id) {
        let source = sources.get(part.id);
        let found = words(part.id, &source.text).unwrap_or_default();
        let word = found.into_iter().find(|w| w.role == Role::Declares && w.name == name);
        if let Some(word) = word {
            let item = item_at(&part.file, word.span.start).cloned();
            return Some(Elsewhere { source: source.clone(), word, item });
        }
    }
    None
}

fn item_at(file: &File, offset: usize) -> Option<&Item> {
    file.items.iter().find(|i| i.span.start <= offset && offset < i.span.end)
}

/// What is known of what stands at a place: of a check its answer, of a name its declaration.
pub fn hover(document: &Document, analysis: Option<&Analysis>, at: Position) -> Option<Hover> {
    let offset = document.offset(at);
    let word = document.word_at(at);
    let named = word.and_then(|i| describe(document, i));
    let answer = analysis.and_then(|a| {
        a.answers.iter().find(|(span, _)| span.start <= offset && offset <= span.end).map(|(_, entry)| entry)
    });
    let named = named.or_else(|| of_a_line(document, offset));
    let text = match (named, answer) {
        // The first word of a check is no name: there the answer is shown, and behind a name's declaration as well.
        (Some(named), Some(entry)) => format!("{named}\n\n---\n\n{}", answered(entry)),
        (Some(named), None) => named,
        (None, Some(entry)) => answered(entry),
        (None, None) => return None,
    };
    let range = word.map(|i| document.range(document.words[i].span));
    Some(Hover { contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: text }), range })
}

/// The shape of a line of an architecture whose first word is no name: `output`, `loss`.
fn of_a_line(document: &Document, offset: usize) -> Option<String> {
    let item = item_at(&document.tree, offset)?;
    let ItemKind::Architecture(architecture) = &item.kind else { return None };
    let line = architecture.body.iter().find_map(|entry| match entry {
        ArchitectureEntry::Output(span, _)
        | ArchitectureEntry::OutputMetric(span, _)
        | ArchitectureEntry::Loss(span, _) => (span.start <= offset && offset <= span.end).then_some(*span),
        _ => None,
    })?;
    Some(format!("```nat\n{} : {}\n```", document.source.slice(line), shape_at(document, line.start)?))
}

fn answered(entry: &crate::report::json::CheckEntry) -> String {
    let mut text = format!(
        "**{}** ({})\n\n{}.",
        crate::report::verdict(entry),
        entry.evidence.as_deref().unwrap_or("table"),
        entry.message
    );
    for assumption in &entry.assumptions {
        text.push_str(&format!("\n\nAssumed: {assumption}."));
    }
    if let Some(r) = &entry.residual {
        text.push_str(&format!(
            "\n\nLargest relative difference {:.1e} at {} points, noise {:.0e}.",
            r.max, r.samples, r.noise
        ));
    }
    text
}

fn describe(document: &Document, word: usize) -> Option<String> {
    let w = &document.words[word];
    match document.origins[word] {
        Some(origin) => {
            let origin = &document.words[origin];
            let item = item_at(&document.tree, origin.span.start);
            let doc = item.filter(|_| origin.role == Role::Declares).map_or("", |i| i.doc.as_str());
            let text = shown(&document.source, origin, item, doc);
            Some(match shape_at(document, origin.span.start) {
                Some(shape) => format!("{text}\n\n`{}` has the shape `{shape}`", origin.name),
                None => text,
            })
        }
        None if matches!(w.role, Role::Uses | Role::Size) => {
            let Some(found) = elsewhere(document, &w.name) else {
                let applied = document.source.text[w.span.end..].starts_with('(');
                return meaning(&w.name, if applied { Place::Applied } else { Place::Other });
            };
            let doc = found.item.as_ref().map_or("", |i| i.doc.as_str());
            let text = shown(&found.source, &found.word, found.item.as_ref(), doc);
            Some(format!("{text}\n\n{}", found.source.name))
        }
        None if w.role == Role::Type => meaning(&w.name, Place::Type),
        None => None,
    }
}

/// The head of a declaration, or the line that binds a name with its type.
fn shown(source: &Source, word: &Word, item: Option<&Item>, doc: &str) -> String {
    let text = &source.text;
    let head = match item {
        Some(item) if word.role == Role::Declares => {
            let all = &text[item.span.start..item.span.end];
            // A short body is shown with its head.
            let longest = match item.kind {
                ItemKind::Architecture(_) | ItemKind::Morphism(_) => 14,
                ItemKind::Optimizer(_) => 24,
                _ => 0,
            };
            let whole = all.lines().count() <= longest;
            let head = || all.split('{').next().unwrap_or(all).trim_end();
            if whole { all.to_owned() } else { head().to_owned() }
        }
        _ => {
            let start = text[..word.span.start].rfind('\n').map_or(0, |i| i + 1);
            let end = text[word.span.end..].find('\n').map_or(text.len(), |i| word.span.end + i);
            text[start..end].trim().to_owned()
        }
    };
    let doc = if doc.is_empty() { String::new() } else { format!("\n\n{doc}") };
    format!("```nat\n{head}\n```{doc}")
}

/// Where the name at a place is declared or bound.
pub fn definition(document: &Document, at: Position) -> Option<Location> {
    let word = document.word_at(at)?;
    if let Some(origin) = document.origins[word] {
        return Some(Location { uri: document.uri.clone(), range: document.range(document.words[origin].span) });
    }
    let found = elsewhere(document, &document.words[word].name)?;
    // The library is part of the program: there is no file to go to.
    let uri = Url::from_file_path(std::path::absolute(&found.source.name).ok().filter(|p| p.exists())?).ok()?;
    let span = found.word.span;
    let range = Range { start: position(&found.source, span.start), end: position(&found.source, span.end) };
    Some(Location { uri, range })
}

/// All places in the text of what the name at a place stands for.
pub fn same(document: &Document, at: Position) -> Vec<Span> {
    let Some(word) = document.word_at(at) else { return Vec::new() };
    let of = |i: usize| match document.origins[i] {
        Some(origin) => (Some(origin), ""),
        None => (None, document.words[i].name.as_str()),
    };
    (0..document.words.len()).filter(|&i| of(i) == of(word)).map(|i| document.words[i].span).collect()
}

/// As places to be marked.
pub fn highlights(document: &Document, at: Position) -> Vec<DocumentHighlight> {
    let mark = |span: Span| DocumentHighlight { range: document.range(span), kind: None };
    same(document, at).into_iter().map(mark).collect()
}

/// What the items of the text declare, and its checks.
#[expect(deprecated, reason = "the field `deprecated` of the protocol has to be filled")]
pub fn symbols(document: &Document) -> Vec<DocumentSymbol> {
    let symbol = |item: &Item, (name, place): (String, Span)| {
        let kind = match &item.kind {
            ItemKind::Architecture(_) => SymbolKind::STRUCT,
            ItemKind::Morphism(_) | ItemKind::Composite(_) | ItemKind::Def(_) => SymbolKind::FUNCTION,
            ItemKind::Optimizer(_) => SymbolKind::CLASS,
            ItemKind::System(_) | ItemKind::Cone(_) => SymbolKind::NAMESPACE,
            ItemKind::Data(_) | ItemKind::Let(_) => SymbolKind::CONSTANT,
            _ => SymbolKind::EVENT,
        };
        DocumentSymbol {
            name,
            detail: item.doc.lines().next().map(str::to_owned),
            kind,
            tags: None,
            deprecated: None,
            range: document.range(item.span),
            selection_range: document.range(place),
            children: None,
        }
    };
    // Data may declare several names.
    let named = |item: &Item| {
        let declares = |w: &&Word| w.role == Role::Declares && item.span.overlaps(w.span);
        let mut names: Vec<_> = document.words.iter().filter(declares).map(|w| (w.name.clone(), w.span)).collect();
        if names.is_empty() && !matches!(item.kind, ItemKind::Use(_)) {
            let text = document.source.slice(item.span);
            names.push((text.split_whitespace().collect::<Vec<_>>().join(" "), item.span));
        }
        names
    };
    document.tree.items.iter().flat_map(|i| named(i).into_iter().map(|n| symbol(i, n)).collect::<Vec<_>>()).collect()
}

/// The names that a document sees at top level, with their items: its own, then those of what it uses, and of libraries
/// that it could use, each with the name of the library.
pub fn visible(document: &Document) -> Vec<(String, Item, Option<&'static str>)> {
    let disk = Open::new(&document.open);
    let mut sources = Sources::default();
    let mut files = Files::new(&disk);
    let id = sources.add(document.source.clone());
    let parts = files.gather(&mut sources, id).parts;
    let mut all: Vec<(String, Item, Option<&'static str>)> = Vec::new();
    let mut add = |file: &File, source: SourceId, text: &str, library: Option<&'static str>| {
        for w in words(source, text).unwrap_or_default().into_iter().filter(|w| w.role == Role::Declares) {
            if let Some(item) = item_at(file, w.span.start).filter(|_| !all.iter().any(|(n, ..)| *n == w.name)) {
                all.push((w.name, item.clone(), library));
            }
        }
    };
    let sound = super::document::without(&document.source.text, &document.tree, &[]);
    add(&document.tree, ID, &sound, None);
    for part in parts.iter().filter(|p| p.id != id) {
        add(&part.file, part.id, &sources.get(part.id).text, None);
    }
    for library in crate::uses::library::all().filter(|l| !parts.iter().any(|p| p.id == l.id())) {
        let (source, file) = library.parsed();
        add(file, library.id(), &source.text, Some(library.name));
    }
    all
}
