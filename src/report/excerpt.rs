//! Diagnostics for a terminal: a title, the lines of a text that matter with what is said of their parts, and what helps.
//!
//! A line is found by the index of its source, so that a diagnostic costs as much as the lines that it shows. What is to
//! blame is red and what belongs to it blue, in the bright variants that can be read on light and on dark ground; lines
//! that would be too long are cut around their labels, and nothing is wrapped that is a drawing.

use unicode_width::UnicodeWidthChar;

use crate::source::{Source, Span, shown};

/// How a diagnostic is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether there are colours.
    pub colour: bool,
}

/// What a label says of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is to blame.
    Blame,
    /// It belongs to the matter.
    Context,
    /// It is hardly meant.
    Doubt,
}

/// A place and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is said, in one line; may be empty.
    pub text: String,
    /// Its part in the matter.
    pub kind: Kind,
}

/// A part of what is said below the excerpts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words, which may be broken into lines.
    Words(String),
    /// Lines that are shown as they are: a drawing, a table, a text in the language.
    Lines(String),
}

/// The places in one text.
#[derive(Debug, Clone, Copy)]
pub struct Excerpt<'a> {
    /// The text.
    pub source: &'a Source,
    /// What is shown in the head: line and column.
    pub at: usize,
    /// The places.
    pub labels: &'a [Label],
}

const RESET: &str = "\u{1b}[0m";
const BOLD: &str = "\u{1b}[1m";
const FAINT: &str = "\u{1b}[2m";

impl Kind {
    fn colour(self) -> &'static str {
        match self {
            Kind::Blame => "\u{1b}[91m",
            Kind::Context => "\u{1b}[94m",
            Kind::Doubt => "\u{1b}[33m",
        }
    }

    /// The sign before the title.
    fn sign(self) -> char {
        match self {
            Kind::Blame => '×',
            Kind::Context => '→',
            Kind::Doubt => '⚠',
        }
    }
}

impl Style {
    /// Without colours, in 80 columns.
    pub const PLAIN: Style = Style { width: 80, colour: false };

    /// A text in a colour.
    fn paint(self, colour: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("{colour}{text}{RESET}") } else { text.to_owned() }
    }

    /// The code of a diagnostic, above its title.
    pub fn code(self, kind: Kind, code: &str) -> String {
        self.paint(kind.colour(), code)
    }

    /// The title with its sign, in lines.
    pub fn title(self, kind: Kind, title: &str) -> Vec<String> {
        let lines = wrap(title, self.width.saturating_sub(4), 0);
        let sign = self.paint(kind.colour(), &kind.sign().to_string());
        let line = |(i, line): (usize, &String)| {
            let text = self.paint(BOLD, line);
            if i == 0 { format!("  {sign} {text}") } else { format!("    {text}") }
        };
        lines.iter().enumerate().map(line).collect()
    }

    /// What helps, in lines.
    pub fn help(self, parts: &[Part]) -> Vec<String> {
        const HEAD: &str = "  help: ";
        // The last column stays free: some terminals break a line that fills it.
        let room = self.width.saturating_sub(HEAD.len() + 1);
        let mut lines: Vec<String> = Vec::new();
        for part in parts {
            match part {
                Part::Words(text) => text.lines().for_each(|line| lines.extend(wrap(line, room, 0))),
                Part::Lines(text) => lines.extend(text.lines().map(str::to_owned)),
            }
        }
        let head = format!("  {} ", self.paint(Kind::Context.colour(), "help:"));
        let line = |(i, line): (usize, &String)| {
            let start = if i == 0 { head.as_str() } else { "        " };
            format!("{start}{line}").trim_end().to_owned()
        };
        lines.iter().enumerate().map(line).collect()
    }

    /// The lines of an excerpt, its frame included.
    pub fn excerpt(self, excerpt: &Excerpt<'_>) -> Vec<String> {
        let source = excerpt.source;
        let mut pieces: Vec<Piece<'_>> = excerpt.labels.iter().flat_map(|label| pieces(source, label)).collect();
        pieces.sort_by_key(|p| (p.line, p.start, p.end));
        let last = pieces.iter().map(|p| p.line).max().unwrap_or(1);
        let gutter = last.to_string().len();
        let bar = |sign: &str| self.paint(FAINT, &format!(" {:gutter$} {sign}", ""));
        let (line, column) = source.line_column(excerpt.at);
        let place = format!("{}:{line}:{column}", source.name);
        let mut lines = vec![format!("{}{place}{}", bar("╭─["), self.paint(FAINT, "]"))];
        let room = self.width.saturating_sub(gutter + 4).max(20);
        let mut before = None;
        let mut rest = pieces.as_slice();
        while let Some(first) = rest.first() {
            let length = rest.iter().take_while(|p| p.line == first.line).count();
            let (mine, behind) = rest.split_at(length);
            rest = behind;
            if before.is_some_and(|b| b + 1 < first.line) {
                lines.push(bar("┆"));
            }
            before = Some(first.line);
            let head = self.paint(FAINT, &format!(" {:>gutter$} │ ", first.line));
            let text = columns(&shown(source.line(first.line)));
            for row in rows(&text, mine, room) {
                lines.push(format!("{head}{}", row.text).trim_end().to_owned());
                lines
                    .extend(self.marks(&row).iter().map(|marks| format!("{} {marks}", bar("·")).trim_end().to_owned()));
            }
        }
        lines.push(bar("╰────"));
        lines
    }

    /// The lines below a row: what is underlined, and what is said of it, from right to left.
    fn marks(self, row: &Row<'_>) -> Vec<String> {
        let mut under = Canvas::default();
        for mark in &row.marks {
            let colour = mark.kind.colour();
            (mark.from..mark.to).for_each(|c| under.put(c, '─', colour));
            if !mark.text.is_empty() {
                under.put(mark.middle(), '┬', colour);
            }
        }
        let mut lines = vec![under.text(self)];
        let said: Vec<&Mark<'_>> = row.marks.iter().filter(|m| !m.text.is_empty()).collect();
        for (i, mark) in said.iter().enumerate().rev() {
            let left: Vec<&&Mark<'_>> = said[..i].iter().filter(|m| m.middle() != mark.middle()).collect();
            let free = left.iter().map(|m| m.middle() + 2).max().unwrap_or(0);
            let length = width(mark.text);
            let middle = mark.middle();
            let right = row.room.saturating_sub(middle + 4);
            let bars = |canvas: &mut Canvas| left.iter().for_each(|m| canvas.put(m.middle(), '│', m.kind.colour()));
            if length > right && free + length + 4 <= middle {
                let mut canvas = Canvas::default();
                bars(&mut canvas);
                canvas.write(middle - 3 - length, mark.text, "");
                canvas.write(middle - 2, "──╯", mark.kind.colour());
                lines.push(canvas.text(self));
                continue;
            }
            for (k, part) in wrap(mark.text, right.max(16), 0).iter().enumerate() {
                let mut canvas = Canvas::default();
                bars(&mut canvas);
                if k == 0 {
                    canvas.write(middle, "╰──", mark.kind.colour());
                }
                canvas.write(middle + 4, part, "");
                lines.push(canvas.text(self));
            }
        }
        lines
    }
}

/// A label, or the part of one that lies in one line; columns count characters of the line.
struct Piece<'a> {
    line: usize,
    start: usize,
    end: usize,
    text: &'a str,
    kind: Kind,
}

/// A label of several lines is shown at its first and its last one.
fn pieces<'a>(source: &Source, label: &'a Label) -> Vec<Piece<'a>> {
    let (first, start) = source.line_column(label.span.start);
    let (last, end) = source.line_column(label.span.end.max(label.span.start));
    let length = |line: usize| source.line(line).trim_end().chars().count();
    let piece =
        |line, start: usize, end: usize, text| Piece { line, start, end: end.max(start + 1), text, kind: label.kind };
    // A span that ends behind a line's end ends with that line.
    let (last, end) = if last > first && end == 1 { (last - 1, length(last - 1) + 1) } else { (last, end) };
    if first == last {
        return vec![piece(first, start - 1, end - 1, label.text.as_str())];
    }
    let line = source.line(last);
    let indent = line.chars().take_while(|c| c.is_whitespace()).count();
    vec![piece(first, start - 1, length(first), ""), piece(last, indent.min(end - 1), end - 1, label.text.as_str())]
}

/// The characters of a line, each with the column at which it is shown; the last entry is the width of the line.
fn columns(line: &str) -> Vec<(char, usize)> {
    let mut at = 0;
    let mut all: Vec<(char, usize)> = Vec::new();
    for c in line.trim_end().chars() {
        if c == '\t' {
            all.push((' ', at));
            at += 4;
        } else {
            all.push((c, at));
            at += c.width().unwrap_or(0);
        }
    }
    all.push((' ', at));
    all
}

/// A label on a row: columns of the terminal.
struct Mark<'a> {
    from: usize,
    to: usize,
    text: &'a str,
    kind: Kind,
}

impl Mark<'_> {
    fn middle(&self) -> usize {
        self.from + (self.to - self.from - 1) / 2
    }
}

/// A line, or the part of one that is shown at once.
struct Row<'a> {
    text: String,
    marks: Vec<Mark<'a>>,
    room: usize,
}

/// A label needs so much of its text on its own side.
const TEXT: usize = 30;

/// The parts of a line that show all its labels in so many columns.
fn rows<'a>(line: &[(char, usize)], pieces: &[Piece<'a>], room: usize) -> Vec<Row<'a>> {
    let end = line.last().map_or(0, |l| l.1);
    let column = |character: usize| line.get(character).map_or(end + character.saturating_sub(line.len() - 1), |l| l.1);
    let mut rows: Vec<(usize, Vec<&Piece<'a>>)> = Vec::new();
    for piece in pieces {
        let (from, to) = (column(piece.start), column(piece.end));
        let needed = if end <= room { to } else { to.min(from + room / 2).max(from + piece.text.len().min(TEXT) + 4) };
        match rows.last_mut() {
            Some((start, mine)) if needed.saturating_sub(*start) <= room.saturating_sub(2) => mine.push(piece),
            None if needed <= room => rows.push((0, vec![piece])),
            _ => rows.push((from.saturating_sub(room / 3), vec![piece])),
        }
    }
    let row = |(start, mine): (usize, Vec<&Piece<'a>>)| {
        let (before, behind) = (usize::from(start > 0) * 2, usize::from(end > start + room) * 2);
        let shown = |at: usize| start <= at && at < start + room - before - behind;
        let text = spread(line, start, &shown);
        let text = format!("{}{text}{}", if before > 0 { "… " } else { "" }, if behind > 0 { " …" } else { "" });
        let place = |at: usize| (at + before).saturating_sub(start).min(room);
        let mark = |p: &&Piece<'a>| {
            let from = place(column(p.start)).min(room - 1);
            Mark { from, to: place(column(p.end)).max(from + 1), text: p.text, kind: p.kind }
        };
        Row { text, marks: mine.iter().map(mark).collect(), room }
    };
    rows.into_iter().map(row).collect()
}

/// The part of a line that is shown, every character at its column.
fn spread(line: &[(char, usize)], start: usize, shown: &dyn Fn(usize) -> bool) -> String {
    let mut text = String::new();
    let mut at = start;
    for (c, column) in line[..line.len() - 1].iter().filter(|(_, column)| shown(*column)) {
        while at < *column {
            text.push(' ');
            at += 1;
        }
        text.push(*c);
        at += c.width().unwrap_or(0);
    }
    text
}

/// A line that is written out of order.
#[derive(Default)]
struct Canvas(Vec<(char, &'static str)>);

impl Canvas {
    fn put(&mut self, at: usize, c: char, colour: &'static str) {
        if self.0.len() <= at {
            self.0.resize(at + 1, (' ', ""));
        }
        self.0[at] = (c, colour);
    }

    fn write(&mut self, at: usize, text: &str, colour: &'static str) {
        text.chars().enumerate().for_each(|(i, c)| self.put(at + i, c, colour));
    }

    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for run in self.0.chunk_by(|a, b| a.1 == b.1) {
            let part: String = run.iter().map(|(c, _)| *c).collect();
            text.push_str(&if run[0].1.is_empty() { part } else { style.paint(run[0].1, &part) });
        }
        text
    }
}

/// The columns that a text takes.
pub fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Words in lines of at most so many columns, longer words alone; each line begins as far to the right as the text does,
/// those after the first `hang` columns further.
pub fn wrap(text: &str, room: usize, hang: usize) -> Vec<String> {
    let indent = text.chars().take_while(|c| *c == ' ').count();
    let mut lines: Vec<(String, usize)> = Vec::new();
    for word in text.split_whitespace() {
        let wide = width(word);
        match lines.last_mut() {
            Some((line, used)) if *used + 1 + wide <= room => {
                line.push(' ');
                line.push_str(word);
                *used += 1 + wide;
            }
            last => {
                let start = indent + if last.is_some() { hang } else { 0 };
                lines.push((format!("{}{word}", " ".repeat(start)), start + wide));
            }
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}
