//! An open text, and places in it as editors count them: lines from 0, columns in UTF-16.

use std::collections::BTreeMap;
use std::sync::Arc;

use lsp_types::{Position, Range, Url};

use crate::source::{Source, SourceId, Span};
use crate::syntax;
use crate::syntax::tree::{File, Item, ItemKind, UseTarget};
use crate::syntax::words::{Word, origins, words};

/// An open text.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it is.
    pub uri: Url,
    /// The path under which it is reported, or the address if it is no file.
    pub name: String,
    /// Its text.
    pub source: Source,
    /// The number that the editor gives to this state of it.
    pub version: i32,
    /// Its items, but for those with errors.
    pub tree: Arc<File>,
    /// Its names, those of items with errors left out.
    pub words: Arc<[Word]>,
    /// For each name the one that declares or binds it, if that is in this text.
    pub origins: Arc<[Option<usize>]>,
    /// The texts that were open when it was asked about, by their names.
    pub open: Arc<BTreeMap<String, String>>,
    /// Whether some of its items have errors, and stand neither in the tree nor among the names.
    pub broken: bool,
}

/// The source that a document is in its own tree.
pub const ID: SourceId = SourceId(0);

impl Document {
    /// A text as it is now.
    pub fn new(uri: &Url, text: &str, version: i32) -> Self {
        let name =
            uri.to_file_path().ok().map_or_else(|| uri.to_string(), |p| super::super::files::shown(p.as_os_str()));
        let source = Source::new(&name, text);
        let (tree, errors) = syntax::parse(ID, &source);
        let sound = if errors.is_empty() { source.text.to_string() } else { without(&source.text, &tree, &[]) };
        let words: Vec<Word> = words(ID, &sound).unwrap_or_default();
        let origins = origins(&words);
        Document {
            uri: uri.clone(),
            name,
            source,
            version,
            tree: Arc::new(tree),
            words: words.into(),
            origins: origins.into(),
            open: Arc::default(),
            broken: !errors.is_empty(),
        }
    }

    /// Whether it reads no other file.
    pub fn is_alone(&self) -> bool {
        self.tree.items.iter().all(|i| match &i.kind {
            ItemKind::Use(u) => matches!(u, UseTarget::Library(_)),
            ItemKind::Data(d) => d.read.is_none(),
            _ => true,
        })
    }

    /// The place of a byte.
    pub fn position(&self, offset: usize) -> Position {
        position(&self.source, offset)
    }

    /// The place of a span.
    pub fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.start), end: self.position(span.end) }
    }

    /// The byte at a place.
    pub fn offset(&self, at: Position) -> usize {
        let text = &self.source.text;
        let start = self.source.line_start(at.line as usize + 1);
        let line = text[start..].split('\n').next().unwrap_or("");
        let mut units = 0;
        for (i, c) in line.char_indices() {
            if units >= at.character as usize {
                return start + i;
            }
            units += c.len_utf16();
        }
        start + line.len()
    }

    /// The number of the name at a place.
    pub fn word_at(&self, at: Position) -> Option<usize> {
        let offset = self.offset(at);
        // Of two names that touch, the first.
        let from = self.words.partition_point(|w| w.span.end < offset);
        self.words.get(from).filter(|w| w.span.start <= offset).map(|_| from)
    }
}

/// The place of a byte of a source.
pub fn position(source: &Source, offset: usize) -> Position {
    let offset = offset.min(source.text.len());
    let line = source.line_column(offset).0 - 1;
    let before = source.text.get(source.line_start(line + 1)..offset).unwrap_or("");
    let units: usize = before.chars().map(char::len_utf16).sum();
    Position { line: u32::try_from(line).unwrap_or(u32::MAX), character: u32::try_from(units).unwrap_or(u32::MAX) }
}

/// The text with blanks for everything but the items of the tree, and for these spans: every byte that is left is where it
/// was.
pub fn without(text: &str, tree: &File, faulty: &[Span]) -> String {
    let sound =
        |i: &&Item| !faulty.iter().any(|f| i.span.start <= f.start && f.start < i.span.end.max(i.span.start + 1));
    // The items stand in order, and so do the characters.
    let mut items = tree.items.iter().filter(sound).peekable();
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        while items.next_if(|i| i.span.end <= at).is_some() {}
        if c == '\n' || items.peek().is_some_and(|i| i.span.start <= at) {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n(' ', c.len_utf8()));
        }
    }
    out
}
