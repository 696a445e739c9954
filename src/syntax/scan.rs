//! The scan before the grammar: brackets, and where items begin.
//!
//! The grammar says only that it got stuck, far behind a bracket that was never closed; this scan says which one it
//! was. It also limits the nesting of brackets, the only way in which the grammar recurses, and cuts the text at the
//! item keywords that stand at the start of a line, so that one bad item does not hide the others.

use crate::source::{SourceId, Span};

use super::error::{MAX_ERRORS, SyntaxError};
use super::vocabulary::{ITEMS, is_reserved};

/// The deepest nesting of brackets.
pub const MAX_NESTING: usize = 256;

/// A part of the text that begins with an item.
#[derive(Debug, Clone)]
pub(super) struct Slice {
    /// Offset of its first byte.
    pub start: usize,
    /// Offset behind its last byte.
    pub end: usize,
    /// If its brackets are at fault: from where on a failure of the grammar is only a consequence.
    pub fault: Option<usize>,
    /// Whether a brace of it is not closed.
    pub open_brace: bool,
    /// Whether it must not be parsed, being nested too deeply.
    pub too_deep: bool,
}

/// What the scan found.
#[derive(Debug)]
pub(super) struct Scan {
    /// The text in parts, in order and without gaps.
    pub slices: Vec<Slice>,
    /// Errors of brackets.
    pub errors: Vec<SyntaxError>,
    /// The deepest nesting of brackets in the parts that are not too deep.
    pub depth: usize,
}

/// A bracket that is open.
#[derive(Debug, Clone, Copy)]
struct Open {
    bracket: char,
    at: usize,
    /// How far the line that it stands on is indented.
    indent: usize,
    /// A bracket inside it whose closing bracket, by its indentation, seems to belong to this one.
    suspect: Option<usize>,
}

struct Scanner<'t> {
    id: SourceId,
    text: &'t str,
    stack: Vec<Open>,
    current: Slice,
    scan: Scan,
}

/// Scans a text.
pub(super) fn scan(id: SourceId, text: &str) -> Scan {
    let mut scanner = Scanner {
        id,
        text,
        stack: Vec::new(),
        current: Slice { start: 0, end: 0, fault: None, open_brace: false, too_deep: false },
        scan: Scan { slices: Vec::new(), errors: Vec::new(), depth: 0 },
    };
    scanner.run();
    scanner.scan
}

impl Scanner<'_> {
    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        let (mut at, mut line, mut first, mut after_check) = (0, 0, true, false);
        let (mut indent, mut leading) = (0, false);
        while at < bytes.len() {
            let byte = bytes[at];
            let mut checked = false;
            match byte {
                b'\n' => {
                    at += 1;
                    (line, first) = (at, true);
                    continue;
                }
                b' ' | b'\t' | b'\r' => {
                    at += 1;
                    continue;
                }
                b'/' if bytes.get(at + 1) == Some(&b'/') => {
                    at += line_length(&self.text[at..]);
                    continue;
                }
                _ if first => {
                    // Look at the byte again, as a token.
                    indent = at - line;
                    first = false;
                    leading = true;
                    continue;
                }
                b'"' => {
                    let rest = &self.text[at + 1..];
                    let length = rest.find(['"', '\n']).unwrap_or(rest.len());
                    at += 1 + length + usize::from(rest[length..].starts_with('"'));
                }
                b'(' | b'[' | b'{' => {
                    self.open(char::from(byte), at, indent);
                    at += 1;
                }
                b')' | b']' | b'}' => {
                    self.close(char::from(byte), at, leading.then_some(indent));
                    at += 1;
                }
                _ => {
                    let word = word(&self.text[at..]);
                    if leading && is_reserved(word) && self.leads(word, at) {
                        self.leave_round();
                    }
                    if leading && !(after_check && word == "system") && self.begins_item(word, at) {
                        self.cut(at);
                    }
                    checked = word == "check";
                    at += word.len().max(self.text[at..].chars().next().map_or(1, char::len_utf8));
                }
            }
            (after_check, leading) = (checked, false);
        }
        self.cut(self.text.len());
        let end = self.text.len();
        self.scan.slices.retain(|slice| slice.start < slice.end || end == 0);
    }

    /// Whether the word at the start of a line begins an item. Inside braces it must also lead a line: there it is
    /// either an item behind an unclosed brace, or a reserved word used as a name. A `let` may always stand there.
    fn begins_item(&self, word: &str, at: usize) -> bool {
        let inside = word != "let" && self.leads(word, at) && !self.defines_rules(word, at);
        ITEMS.contains(&word) && (self.stack.is_empty() || inside)
    }

    /// `def step(lr)`: a method of an optimizer, as in other languages.
    fn defines_rules(&self, item: &str, at: usize) -> bool {
        let next = word(self.text[at + item.len()..].trim_start());
        item == "def" && matches!(next, "step" | "flow")
    }

    /// Whether the reserved word at this place is followed by what follows keywords: a word, a path or a brace.
    fn leads(&self, word: &str, at: usize) -> bool {
        let rest = &self.text[at + word.len()..];
        let rest = rest[..line_length(rest)].trim_start();
        rest.starts_with(|c: char| c == '"' || c == '{' || is_word_char(c) && !c.is_ascii_digit())
    }

    /// No declaration stands inside `(…)` or `[…]`: where one begins, they were forgotten to be closed.
    fn leave_round(&mut self) {
        let outer = self.stack.iter().rposition(|open| open.bracket == '{').map_or(0, |brace| brace + 1);
        if let (Some(open), false) = (self.stack.get(outer).copied(), self.current.too_deep) {
            self.unclosed(open);
        }
        self.stack.truncate(outer);
    }

    fn open(&mut self, bracket: char, at: usize, indent: usize) {
        if self.current.too_deep {
            return;
        }
        self.stack.push(Open { bracket, at, indent, suspect: None });
        self.scan.depth = self.scan.depth.max(self.stack.len());
        if self.stack.len() > MAX_NESTING {
            self.current.too_deep = true;
            let span = self.span(at);
            self.report(SyntaxError::TooDeep { what: "nesting of brackets", limit: MAX_NESTING, span });
        }
    }

    /// `column` is given for a bracket that is the first thing on its line.
    fn close(&mut self, bracket: char, at: usize, column: Option<usize>) {
        if self.current.too_deep {
            return;
        }
        let wanted = opening(bracket);
        let Some(matching) = self.stack.iter().rposition(|open| open.bracket == wanted) else {
            self.fault(at);
            let span = self.span(at);
            match self.stack.last().copied() {
                // `(a]`: a slip of the pen, which closes what is open.
                Some(open) if open.bracket != '{' => {
                    self.stack.pop();
                    let opened = self.span(open.at);
                    self.report(SyntaxError::Mismatched { open: open.bracket, found: bracket, span, opened });
                }
                _ => self.report(SyntaxError::Unmatched { bracket, span }),
            }
            return;
        };
        if let Some(inner) = self.stack.get(matching + 1).copied() {
            self.unclosed(inner);
        }
        self.stack.truncate(matching + 1);
        if let Some(closed) = self.stack.pop()
            && let Some(outer) = self.stack.last_mut()
            && outer.suspect.is_none()
        {
            let outdented = column.is_some_and(|column| column < closed.indent);
            outer.suspect = if outdented { Some(closed.at) } else { closed.suspect };
        }
    }

    fn unclosed(&mut self, open: Open) {
        let at = open.suspect.unwrap_or(open.at);
        if open.bracket == '{' {
            self.current.open_brace = true;
        } else {
            self.fault(at);
        }
        let line = &self.text[at..at + line_length(&self.text[at..])];
        let closes = |c: char| matches!(c, ')' | ']' | '}') && opening(c) == open.bracket;
        let comment = line.split_once("//").is_some_and(|(_, comment)| comment.contains(closes));
        self.report(SyntaxError::Unclosed { bracket: open.bracket, comment, span: self.span(at) });
    }

    /// Ends the current slice. What is still open is not closed any more; the outermost is named.
    fn cut(&mut self, at: usize) {
        if let (Some(open), false) = (self.stack.first().copied(), self.current.too_deep) {
            self.unclosed(open);
        }
        self.stack.clear();
        let next = Slice { start: at, end: at, fault: None, open_brace: false, too_deep: false };
        let mut slice = std::mem::replace(&mut self.current, next);
        slice.end = at;
        self.scan.slices.push(slice);
    }

    fn fault(&mut self, at: usize) {
        self.current.fault = Some(self.current.fault.map_or(at, |fault| fault.min(at)));
    }

    fn report(&mut self, error: SyntaxError) {
        if self.scan.errors.len() < MAX_ERRORS {
            self.scan.errors.push(error);
        }
    }

    fn span(&self, at: usize) -> Span {
        Span::new(self.id, at, at + 1)
    }
}

/// The opening partner of a closing bracket.
fn opening(bracket: char) -> char {
    match bracket {
        ')' => '(',
        ']' => '[',
        _ => '{',
    }
}

/// The length of the text up to the end of the line.
fn line_length(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// Whether a character belongs to words; the grammar's `word_char`, slightly widened.
pub(super) fn is_word_char(c: char) -> bool {
    c == '_' || c.is_alphanumeric() || ('\u{2080}'..='\u{209C}').contains(&c)
}

fn word_length(text: &str) -> usize {
    text.find(|c| !is_word_char(c)).unwrap_or(text.len())
}

/// The word at the start of a text; empty if there is none.
pub(super) fn word(text: &str) -> &str {
    &text[..word_length(text)]
}

/// The words of a text in order, comments left out; `x'` counts as `x`.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().map(|line| line.find("//").map_or(line, |at| &line[..at]));
    code.flat_map(|line| line.split(|c| !is_word_char(c))).filter(|word| !word.is_empty())
}
