//! Tokens and comments to lines, and lines to text.

use super::tokens::{Kind, Token};

/// A part of a line: a token or a comment.
#[derive(Debug)]
struct Piece {
    text: String,
    /// Its column in the file as it was.
    column: usize,
    /// How many spaces stand before it if nothing is aligned.
    space: usize,
    /// Whether the writer left more than that.
    wide: bool,
    /// Whether it is a comment.
    comment: bool,
    /// How many spaces more stand before it so that it is aligned.
    pad: usize,
}

#[derive(Debug, Default)]
struct Line {
    indent: usize,
    /// Whether an empty line stands before it.
    apart: bool,
    pieces: Vec<Piece>,
}

/// A bracket that is open: whether it is a brace, and the indentation of the line on which it was opened.
#[derive(Debug, Clone, Copy)]
struct Open {
    brace: bool,
    indent: usize,
}

struct Layout<'t> {
    text: &'t str,
    lines: Vec<Line>,
    open: Vec<Open>,
    /// The column, as it was and as it is, of the line on which the current entry begins.
    entry: (usize, usize),
}

/// The text of these tokens and of the comments between them.
pub(super) fn layout(text: &str, tokens: &[Token], aligned: bool) -> String {
    let mut layout = Layout { text, lines: Vec::new(), open: Vec::new(), entry: (0, 0) };
    let mut at = 0;
    let mut before: Option<&Token> = None;
    for token in tokens {
        layout.gap(at, token.start, before, Some(token));
        layout.token(token);
        at = token.end;
        before = Some(token);
    }
    layout.gap(at, text.len(), before, None);
    if aligned {
        align(&mut layout.lines);
    }
    print(&layout.lines)
}

impl Layout<'_> {
    /// What stands between two tokens: comments, and where lines end.
    fn gap(&mut self, from: usize, to: usize, before: Option<&Token>, next: Option<&Token>) {
        let gap = &self.text[from..to];
        let mut breaks = if before.is_none() { 1 } else { 0 };
        let mut at = from;
        for (i, part) in gap.split('\n').enumerate() {
            if i > 0 {
                breaks += 1;
            }
            if let Some(start) = part.find("//") {
                let comment = part[start..].trim_end().to_owned();
                self.comment(comment, self.column(at + start), breaks, before, next);
                breaks = 0;
            }
            at += part.len() + 1;
        }
        let Some(next) = next else { return };
        let after_comment = self.lines.last().and_then(|l| l.pieces.last()).is_some_and(|p| p.comment);
        let joined = next.kind == Kind::OpenBrace && !after_comment;
        if before.is_none() || (breaks > 0 || next.item) && !joined {
            let line =
                Line { indent: self.indent(next, self.column(next.start)), apart: breaks > 1, ..Line::default() };
            self.begin(line, before, Some(next));
        } else {
            let (space, source) = (space(before, next), to - from);
            let wide = breaks == 0 && source > space.max(1) && !joined;
            self.push(next, space, wide);
            return;
        }
        self.push(next, 0, false);
    }

    fn push(&mut self, token: &Token, space: usize, wide: bool) {
        let text = token.canonical.map_or_else(|| self.text[token.start..token.end].to_owned(), str::to_owned);
        let piece = Piece { text, column: self.column(token.start), space, wide, comment: false, pad: 0 };
        if let Some(line) = self.lines.last_mut() {
            line.pieces.push(piece);
        }
    }

    /// A new line; no empty line stands behind an opening brace or before a closing one.
    fn begin(&mut self, mut line: Line, before: Option<&Token>, next: Option<&Token>) {
        let after_comment = self.lines.last().and_then(|l| l.pieces.last()).is_some_and(|p| p.comment);
        let opened = before.is_some_and(|t| t.kind == Kind::OpenBrace) && !after_comment;
        let closes = next.is_some_and(|t| t.kind == Kind::CloseBrace);
        line.apart &= !self.lines.is_empty() && !opened && !closes;
        self.lines.push(line);
    }

    fn comment(&mut self, text: String, column: usize, breaks: usize, before: Option<&Token>, next: Option<&Token>) {
        let trailing = breaks == 0 && before.is_some();
        if trailing {
            let piece = Piece { text, column, space: 2, wide: false, comment: true, pad: 0 };
            if let Some(line) = self.lines.last_mut() {
                line.pieces.push(piece);
            }
            return;
        }
        let indent = match next {
            Some(t) if t.kind != Kind::CloseBrace => self.indent(t, column),
            _ => self.open.last().map_or(0, |o| o.indent + 2),
        };
        let line = Line { indent, apart: breaks > 1, ..Line::default() };
        self.begin(line, before, None);
        let piece = Piece { text, column, space: 0, wide: false, comment: true, pad: 0 };
        if let Some(line) = self.lines.last_mut() {
            line.pieces.push(piece);
        }
    }

    /// The indentation of a line that begins with this token.
    fn indent(&self, token: &Token, column: usize) -> usize {
        let open = self.open.last();
        if token.kind == Kind::CloseBrace {
            return open.map_or(0, |o| o.indent);
        }
        if token.item {
            return 0;
        }
        if token.entry {
            return open.map_or(0, |o| o.indent + 2);
        }
        let (was, is) = self.entry;
        if token.kind == Kind::Close {
            return open.map_or(is, |o| o.indent);
        }
        // A line that goes on keeps its distance from the line on which its entry begins.
        is + column.saturating_sub(was).max(2)
    }

    fn token(&mut self, token: &Token) {
        let Some(line) = self.lines.last() else { return };
        let indent = line.indent;
        if token.item || token.entry {
            let was = line.pieces.first().map_or(0, |p| p.column);
            self.entry = (was, indent);
        }
        match token.kind {
            Kind::OpenBrace | Kind::Open | Kind::OpenTight => {
                self.open.push(Open { brace: token.kind == Kind::OpenBrace, indent });
            }
            Kind::Close if self.open.last().is_some_and(|o| !o.brace) => {
                self.open.pop();
            }
            Kind::CloseBrace => while self.open.pop().is_some_and(|o| !o.brace) {},
            _ => {}
        }
    }

    /// The column of a byte, from 0, counted in characters.
    fn column(&self, at: usize) -> usize {
        let start = self.text[..at].rfind('\n').map_or(0, |i| i + 1);
        self.text[start..at].chars().count()
    }
}

/// How many spaces stand between two tokens on a line.
fn space(before: Option<&Token>, next: &Token) -> usize {
    let Some(before) = before else { return 0 };
    if next.apart {
        return 1;
    }
    if next.entry && before.kind != Kind::OpenBrace {
        return 2;
    }
    match (before.kind, next.kind) {
        (Kind::OpenBrace, Kind::CloseBrace) => 0,
        (Kind::OpenBrace | Kind::CloseBrace, _) | (_, Kind::OpenBrace | Kind::CloseBrace) => 1,
        (Kind::Open | Kind::OpenTight, _) | (_, Kind::Close | Kind::Comma) => 0,
        (Kind::Comma, _) => 1,
        (Kind::Prefix | Kind::Tight, Kind::Infix) => 1,
        // What follows `^T` is another postfix, an operator, or a new word.
        (Kind::Tight, Kind::Word | Kind::Open | Kind::Prefix) => 0,
        (_, Kind::Tight) | (Kind::Tight | Kind::Prefix, _) => 0,
        (Kind::Infix, _) | (_, Kind::Infix) => 1,
        (_, Kind::OpenTight) => 0,
        _ => 1,
    }
}

/// Puts below each other what stood below each other: in neighbouring lines, signs at one column of which at least one
/// was moved there by more than its space, and comments at one column.
fn align(lines: &mut [Line]) {
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        for piece in line.pieces.iter().skip(1).filter(|p| p.space > 0 && (p.wide || p.comment)) {
            starts.push((piece.column, i));
        }
    }
    starts.sort_unstable();
    let mut done: Vec<(usize, usize)> = Vec::new();
    for (column, at) in starts {
        if done.binary_search(&(column, at)).is_ok() {
            continue;
        }
        // What belongs to the sign before it is not moved away from it.
        let has = |i: usize| {
            let here = lines[i].pieces.iter().skip(1).position(|p| p.column == column && p.space > 0);
            here.map(|k| k + 1)
        };
        let mut first = at;
        while first > 0 && !lines[first].apart && has(first - 1).is_some() {
            first -= 1;
        }
        let mut last = at;
        while last + 1 < lines.len() && !lines[last + 1].apart && has(last + 1).is_some() {
            last += 1;
        }
        let members: Vec<(usize, usize)> = (first..=last).filter_map(|i| has(i).map(|k| (i, k))).collect();
        for (i, _) in &members {
            if let Err(place) = done.binary_search(&(column, *i)) {
                done.insert(place, (column, *i));
            }
        }
        if members.len() < 2 {
            continue;
        }
        let target = members.iter().map(|(i, k)| position(&lines[*i], *k)).max().unwrap_or(0);
        for (i, k) in members {
            let here = position(&lines[i], k);
            lines[i].pieces[k].pad += target - here;
        }
    }
}

/// The column at which a piece of a line stands.
fn position(line: &Line, piece: usize) -> usize {
    let before: usize = line.pieces[..piece].iter().map(|p| p.space + p.pad + p.text.chars().count()).sum();
    line.indent + before + line.pieces[piece].space + line.pieces[piece].pad
}

fn print(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        if line.apart {
            text.push('\n');
        }
        text.push_str(&" ".repeat(line.indent));
        for piece in &line.pieces {
            text.push_str(&" ".repeat(piece.space + piece.pad));
            text.push_str(&piece.text);
        }
        text.push('\n');
    }
    text
}
