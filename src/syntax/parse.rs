//! The entry point: a source becomes a file and the errors found on the way.

use crate::source::{Source, SourceId, Span};

use super::build::Builder;
use super::comments::without_foreign;
use super::diagnose::{Failure, diagnose};
use super::error::{MAX_ERRORS, SyntaxError};
use super::found::skip_blank;
use super::grammar::{self, Node, Nodes, Rule};
use super::scan::{Scan, Slice, scan, word};
use super::tree::{File, Item, ItemKind, Lost};
use super::vocabulary::ITEMS;

/// The longest text that is parsed, in bytes.
pub const MAX_BYTES: usize = 16 << 20;

/// Errors are collected up to this number, then sorted; those of brackets come first and must not crowd out the rest.
const MAX_REPORTS: usize = 2 * MAX_ERRORS;

/// Brackets nested no deeper than this are read on the caller's stack; a worker thread's 2 MB are ample.
const SHALLOW: usize = 24;

/// The stack for deeper ones, up to the limit on nesting.
const LARGE_STACK: usize = 32 << 20;

/// Parses a source.
///
/// All syntax errors are found in one run, in the order of the text, as far as one does not hide another inside the
/// same item; the file holds the items that have none.
pub fn parse(id: SourceId, source: &Source) -> (File, Vec<SyntaxError>) {
    let whole: &str = &source.text;
    let foreign = (whole.len() <= MAX_BYTES).then(|| without_foreign(id, whole)).flatten();
    let text = foreign.as_ref().map_or(whole, |(clean, _)| clean);
    let mut reader = Reader { id, text, items: Vec::new(), errors: Vec::new(), lost: Lost::default() };
    if text.len() > MAX_BYTES {
        reader.errors.push(SyntaxError::TooLarge { limit: MAX_BYTES, span: Span::new(id, 0, 0) });
        reader.lost.any = true;
    } else {
        let scan = scan(id, text);
        if scan.depth <= SHALLOW {
            reader.read(scan);
        } else if let Err(error) = on_large_stack(|| reader.read(scan)) {
            let found = error.to_string();
            reader.lost.any = true;
            let expected = "a stack for deeply nested brackets".to_owned();
            reader.errors.push(SyntaxError::Unexpected { expected, found, span: Span::new(id, 0, 0), help: None });
        }
    }
    let (items, mut lost) = (reader.items, reader.lost);
    let mut errors = reader.errors;
    if let Some((_, error)) = foreign {
        // A comment that is none may be an `#include`.
        lost.add(whole.get(error.span().start..).and_then(|t| t.lines().next()).unwrap_or_default());
        errors.push(error);
    }
    errors.sort_by_key(|error| (error.span().start, error.span().end));
    errors.truncate(MAX_ERRORS);
    (File { items, lost }, errors)
}

/// Runs a function on a thread of its own, which has a stack of a known size.
fn on_large_stack(run: impl FnOnce() + Send) -> std::io::Result<()> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("nat-parse".to_owned()).stack_size(LARGE_STACK);
        if let Err(panic) = thread.spawn_scoped(scope, run)?.join() {
            std::panic::resume_unwind(panic);
        }
        Ok(())
    })
}

struct Reader<'t> {
    id: SourceId,
    text: &'t str,
    items: Vec<Item>,
    errors: Vec<SyntaxError>,
    lost: Lost,
}

impl Reader<'_> {
    /// The whole text at once if it is free of faults, else slice by slice.
    fn read(&mut self, scan: Scan) {
        if scan.errors.is_empty()
            && let Ok(nodes) = grammar::file(self.text)
        {
            self.build(nodes, 0);
            return;
        }
        self.errors = scan.errors;
        for slice in &scan.slices {
            match slice.too_deep {
                true => self.lost.add(&self.text[slice.start..slice.end]),
                false => self.read_slice(slice),
            }
        }
    }

    /// The items at the start of a slice, and the error behind them if there is one.
    fn read_slice(&mut self, slice: &Slice) {
        let text = &self.text[slice.start..slice.end];
        match grammar::file(text) {
            Ok(nodes) => self.build(nodes, slice.start),
            Err(error) => {
                let failure = Failure::new(&error, slice.start);
                let before = self.items.len();
                if let Ok(nodes) = grammar::items(text) {
                    self.build(nodes, slice.start);
                }
                if let Some(last) = self.items.get(before..).and_then(<[Item]>::last)
                    && self.is_cut_short(last, &failure)
                {
                    self.items.pop();
                }
                let sound = self.items.get(before..).and_then(<[Item]>::last).map_or(slice.start, |i| i.span.end);
                self.lost.add(self.text.get(sound..slice.end).unwrap_or_default());
                // A brace that closes nothing does so for want of the one that is missing.
                let before = self.errors.len();
                // So it is where the head is not understood.
                let begun = self.text[..failure.at].rfind('\n').map_or(0, |i| i + 1);
                let leads = self.text[begun..skip_blank(self.text, failure.at)].trim().is_empty();
                if leads && failure.expects(Rule::item) || failure.expects(Rule::open_brace) {
                    self.errors.retain(|error| match error {
                        SyntaxError::Unmatched { bracket: '}', span } => {
                            !(failure.at <= span.start && span.start < slice.end)
                        }
                        _ => true,
                    });
                }
                let explained = self.errors.len() < before;
                if self.errors.len() < MAX_REPORTS && (explained || !is_consequence(&failure, slice)) {
                    self.errors.push(diagnose(self.id, self.text, &failure));
                }
            }
        }
    }

    /// Whether the fault belongs to this item, the last one before it: `let b = 1` of `let b = 1 + * 2`. It does
    /// unless another item begins behind it, or what is not understood begins on a line of its own.
    fn is_cut_short(&self, item: &Item, failure: &Failure) -> bool {
        let next = skip_blank(self.text, item.span.end);
        let own_line = self.text[item.span.end..next].contains('\n');
        !(ITEMS.contains(&word(&self.text[next..])) || own_line && failure.at <= next)
    }

    fn build(&mut self, nodes: Nodes<'_>, base: usize) {
        let builder = Builder { source: self.id, base, chain: 0 };
        for root in nodes {
            for node in root.into_inner().filter(|node| node.as_rule() == Rule::item) {
                let span = builder.span(&node);
                if let Err(error) = self.item(builder, node) {
                    self.lost.add(&self.text[span.start..span.end]);
                    if self.errors.len() < MAX_REPORTS {
                        self.errors.push(error);
                    }
                }
            }
        }
    }

    fn item(&mut self, builder: Builder, node: Node<'_>) -> Result<(), SyntaxError> {
        let span = builder.span(&node);
        let mut parts = builder.parts(node);
        let Some(node) = parts.any() else {
            return Err(parts.missing(Rule::item));
        };
        if node.as_rule() == Rule::assume {
            return self.assume(builder, node, span);
        }
        self.items.push(Item { doc: doc(self.text, span.start), span, kind: builder.item(node)? });
        Ok(())
    }

    /// Adds what is assumed behind a declaration to it.
    fn assume(&mut self, builder: Builder, node: Node<'_>, span: Span) -> Result<(), SyntaxError> {
        let conditions = builder.assumptions(node)?;
        let before = self.items.last_mut().filter(|last| last.span.source == span.source);
        let list = before.and_then(|item| {
            item.span.end = span.end;
            match &mut item.kind {
                ItemKind::Data(d) => Some(&mut d.conditions),
                ItemKind::Architecture(a) => Some(&mut a.assumptions),
                ItemKind::Morphism(m) => Some(&mut m.assumptions),
                ItemKind::Optimizer(o) => Some(&mut o.assumptions),
                _ => None,
            }
        });
        let Some(list) = list else {
            let help = "it stands in the body of what it speaks of, or behind it: `data r : R  assume r > 0`";
            return Err(SyntaxError::Unexpected {
                expected: "data, an architecture, a morphism or an optimizer before it".into(),
                found: "an `assume` of nothing".into(),
                span,
                help: Some(help.into()),
            });
        };
        list.extend(conditions);
        Ok(())
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
    let before = text[..at].trim_end_matches([' ', '\t']);
    if !before.is_empty() && !before.ends_with('\n') {
        return String::new();
    }
    let lines = before.split('\n').rev().skip(1);
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
