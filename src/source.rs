//! Source texts and places in them: the only code that knows lines and columns.

use std::sync::Arc;

use miette::SourceSpan;

/// Which of the loaded sources a [`Span`] lies in: an index into [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SourceId(pub u32);

impl SourceId {
    /// Ids from here on belong to the texts of the standard library, which are parsed once for all runs.
    const LIBRARY: u32 = u32::MAX - 0xff;

    /// The id of the library text with this number, below 256.
    pub fn library(number: u8) -> Self {
        SourceId(SourceId::LIBRARY + u32::from(number))
    }

    /// Whether this is a text of the standard library.
    pub fn is_library(self) -> bool {
        self.0 >= SourceId::LIBRARY
    }
}

/// A half-open range of bytes in one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The text that the range lies in.
    pub source: SourceId,
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// A span of `source` from byte `start` up to, not including, byte `end`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Span { source, start, end }
    }

    /// The smallest span that covers both; both must lie in the same source.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.source, other.source, "a span cannot cross files");
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether the two spans share a byte.
    pub fn overlaps(self, other: Span) -> bool {
        self.source == other.source && self.start < other.end && other.start < self.end
    }
}

impl From<Span> for SourceSpan {
    fn from(span: Span) -> SourceSpan {
        (span.start, span.end.saturating_sub(span.start)).into()
    }
}

/// One text with the name it is reported under.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name as the user gave it: a path, or `<stdin>`; of a library text `<std.…>`.
    pub name: String,
    /// The text, always ending in a newline so that a label at the very end has a place to stand.
    pub text: Arc<str>,
    line_starts: Arc<[usize]>,
}

impl Source {
    /// A source from a name and its text. A byte-order mark is dropped and a final newline added if there is none; a
    /// carriage return that stands alone ends a line, too, so that no comment swallows what follows it.
    pub fn new(name: impl Into<String>, text: &str) -> Self {
        let mut text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        if text.contains('\r') {
            let ends: Vec<String> = text.split("\r\n").map(|part| part.replace('\r', "\n")).collect();
            text = ends.join("\r\n");
        }
        let mut line_starts = vec![0];
        line_starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        Source { name: name.into(), text: text.into(), line_starts: line_starts.into() }
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let line = self.line_starts.partition_point(|&start| start <= offset).max(1);
        let start = self.line_starts[line - 1];
        let column = self.text.get(start..offset).map_or(offset - start, |s| s.chars().count());
        (line, column + 1)
    }

    /// The text of a line, counted from 1, without its end; of a line that is not there, nothing.
    pub fn line(&self, line: usize) -> &str {
        let bound = |number: usize| self.line_starts.get(number).copied().unwrap_or(self.text.len());
        let text = self.text.get(bound(line.wrapping_sub(1))..bound(line)).unwrap_or("");
        text.trim_end_matches(['\n', '\r'])
    }

    /// The byte offset at which a line, counted from 1, begins.
    pub fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line.wrapping_sub(1)).copied().unwrap_or(self.text.len())
    }

    /// The text of a span, clamped to the source.
    pub fn slice(&self, span: Span) -> &str {
        let end = span.end.min(self.text.len());
        self.text.get(span.start.min(end)..end).unwrap_or("")
    }
}

/// Whether a terminal that shows this character may do something else than show it: control characters, and marks that
/// change the direction of writing.
fn steers(c: char) -> bool {
    let direction =
        matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    direction || c.is_control() && !matches!(c, '\n' | '\t')
}

/// A character of the same length in bytes that stands for one that is not shown.
fn stand_in(c: char) -> char {
    match c.len_utf8() {
        _ if c == '\r' => ' ',
        1 => '?',
        2 => '\u{b7}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// A text as it can be shown: every character is where it was, and none can steer a terminal.
pub fn shown(text: &str) -> String {
    text.chars().map(|c| if steers(c) { stand_in(c) } else { c }).collect()
}

/// All sources of one run; spans refer to them by [`SourceId`].
#[derive(Debug, Clone, Default)]
pub struct Sources {
    sources: Vec<Source>,
    library: Vec<(SourceId, Source)>,
}

impl Sources {
    /// Adds a source and returns its id.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.sources.push(source);
        SourceId(u32::try_from(self.sources.len() - 1).unwrap_or(u32::MAX))
    }

    /// Makes a library text known under its own id; once is enough.
    pub fn add_library(&mut self, id: SourceId, source: &Source) {
        if !self.library.iter().any(|(known, _)| *known == id) {
            self.library.push((id, source.clone()));
        }
    }

    /// The source with this id, which must have been added.
    pub fn get(&self, id: SourceId) -> &Source {
        match self.library.iter().find(|(known, _)| *known == id) {
            Some((_, source)) => source,
            None => &self.sources[id.0 as usize],
        }
    }

    /// Name, line and column (both from 1) of the start of a span.
    pub fn place(&self, span: Span) -> (&str, usize, usize) {
        let source = self.get(span.source);
        let (line, column) = source.line_column(span.start);
        (&source.name, line, column)
    }

    /// Line and column (both from 1) behind the end of a span.
    pub fn end(&self, span: Span) -> (usize, usize) {
        self.get(span.source).line_column(span.end.max(span.start))
    }

    /// All sources that were added, then the library texts.
    pub fn all(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().chain(self.library.iter().map(|(_, source)| source))
    }
}

/// The SHA-256 of these bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
