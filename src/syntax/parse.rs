//! The entry point: a source becomes a file and the errors found on the way.

use crate::source::{Source, SourceId, Span};

use super::build::Builder;
use super::diagnose::{Failure, diagnose};
use super::error::{MAX_ERRORS, SyntaxError};
use super::grammar::{self, Node, Nodes, Rule};
use super::scan::{Slice, scan};
use super::tree::{File, Item};

/// The longest text that is parsed, in bytes.
pub const MAX_BYTES: usize = 32 << 20;

/// Parses a source.
///
/// All syntax errors are found in one run, in the order of the text, as far as one does not hide another inside the
/// same item; the file holds the items that have none.
pub fn parse(id: SourceId, source: &Source) -> (File, Vec<SyntaxError>) {
    let text: &str = &source.text;
    let mut reader = Reader {
        id,
        text,
        items: Vec::new(),
        errors: Vec::new(),
    };
    if text.len() > MAX_BYTES {
        reader.errors.push(SyntaxError::TooLarge {
            limit: MAX_BYTES,
            span: Span::new(id, 0, 0),
        });
    } else {
        reader.read();
    }
    reader
        .errors
        .sort_by_key(|error| (error.span().start, error.span().end));
    reader.errors.truncate(MAX_ERRORS);
    (File { items: reader.items }, reader.errors)
}

struct Reader<'t> {
    id: SourceId,
    text: &'t str,
    items: Vec<Item>,
    errors: Vec<SyntaxError>,
}

impl Reader<'_> {
    /// The whole text at once if it is free of faults, else slice by slice.
    fn read(&mut self) {
        let scan = scan(self.id, self.text);
        if scan.errors.is_empty()
            && let Ok(nodes) = grammar::file(self.text)
        {
            self.build(nodes, 0);
            return;
        }
        self.errors = scan.errors;
        for slice in scan.slices.iter().filter(|slice| !slice.too_deep) {
            self.read_slice(slice);
        }
    }

    /// The items at the start of a slice, and the error behind them if there is one.
    fn read_slice(&mut self, slice: &Slice) {
        let text = &self.text[slice.start..slice.end];
        match grammar::file(text) {
            Ok(nodes) => self.build(nodes, slice.start),
            Err(error) => {
                if let Ok(nodes) = grammar::items(text) {
                    self.build(nodes, slice.start);
                }
                let failure = Failure::new(&error, slice.start);
                if !is_consequence(&failure, slice) {
                    self.errors.push(diagnose(self.id, self.text, &failure));
                }
            }
        }
    }

    fn build(&mut self, nodes: Nodes<'_>, base: usize) {
        let builder = Builder { source: self.id, base };
        for root in nodes {
            for node in root.into_inner().filter(|node| node.as_rule() == Rule::item) {
                match self.item(builder, node) {
                    Ok(item) => self.items.push(item),
                    Err(error) => self.errors.push(error),
                }
            }
        }
    }

    fn item(&self, builder: Builder, node: Node<'_>) -> Result<Item, SyntaxError> {
        let span = builder.span(&node);
        let mut parts = builder.parts(node);
        let Some(node) = parts.any() else {
            return Err(parts.missing(Rule::item));
        };
        Ok(Item {
            doc: doc(self.text, span.start),
            span,
            kind: builder.item(node)?,
        })
    }
}

/// Whether a failure of the grammar only repeats what was said about the slice's brackets.
fn is_consequence(failure: &Failure, slice: &Slice) -> bool {
    slice.fault.is_some_and(|fault| failure.at >= fault)
        || slice.open_brace && (failure.at >= slice.end || failure.expects(Rule::close_brace))
}

/// The doc comment of the item at this offset: the `///` lines above it, with only empty lines and other comments
/// between.
fn doc(text: &str, at: usize) -> String {
    let mut lines = text[..at].split('\n').rev();
    if lines.next().is_some_and(|before| !before.trim().is_empty()) {
        return String::new();
    }
    let mut doc: Vec<&str> = lines
        .map(str::trim)
        .take_while(|line| line.is_empty() || line.starts_with("//"))
        .filter(|line| !line.starts_with("////"))
        .filter_map(|line| line.strip_prefix("///"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    doc.reverse();
    doc.join("\n")
}
