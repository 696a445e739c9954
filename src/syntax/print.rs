//! The canonical printer: a tree becomes text that parses to the same tree.
//!
//! White space never matters in the language, so a line that is too long may be broken at any space between two
//! tokens; this module decides where. What the tokens are is said in `print_expr` and `print_items`.

use std::fmt;

use super::tree::{Binder, Condition, Expr, File, Generator, Instance, Item, ItemKind, Path, Type, Via};

/// Lines are broken to stay within this width where that is possible.
const WIDTH: usize = 100;

/// The text of an expression, on one line.
pub fn expr_to_string(expr: &Expr) -> String {
    expr.to_string()
}

/// The text of the map of a `check same`, on one line.
pub fn via_to_string(via: &Via) -> String {
    super::print_check::via_text(via).flat()
}

/// Text with places at which a line may be broken.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    /// The parts between the places; a place is a space if the line is not broken there.
    words: Vec<String>,
}

impl Text {
    /// A text of one word.
    pub fn word(word: &str) -> Text {
        let mut text = Text::default();
        text.push(word);
        text
    }

    /// Adds to the last word.
    pub fn push(&mut self, text: &str) {
        match self.words.last_mut() {
            Some(last) => last.push_str(text),
            None => self.words.push(text.to_owned()),
        }
    }

    /// A space, at which the line may be broken.
    pub fn space(&mut self) {
        self.words.push(String::new());
    }

    /// Adds another text without a space.
    pub fn append(&mut self, text: Text) {
        let mut words = text.words.into_iter();
        if let Some(first) = words.next() {
            self.push(&first);
        }
        self.words.extend(words);
    }

    /// Adds texts with a comma and a space between them.
    pub fn list(&mut self, texts: impl IntoIterator<Item = Text>) {
        for (i, text) in texts.into_iter().enumerate() {
            if i > 0 {
                self.push(",");
                self.space();
            }
            self.append(text);
        }
    }

    /// The text on one line.
    pub fn flat(&self) -> String {
        self.words.join(" ")
    }

    /// The text in lines of at most [`WIDTH`] where possible; the first is indented by `indent`, the others by four
    /// more. `tail` columns are kept free behind the last word.
    fn fill(&self, out: &mut String, indent: usize, tail: usize) {
        out.push_str(&" ".repeat(indent));
        let mut column = indent;
        for (i, word) in self.words.iter().enumerate() {
            let length = word.chars().count();
            let tail = if i + 1 == self.words.len() { tail } else { 0 };
            if i > 0 && column + 1 + length + tail > WIDTH {
                out.push('\n');
                out.push_str(&" ".repeat(indent + 4));
                column = indent + 4;
            } else if i > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
    }
}

/// A line, or a head with a body in braces.
#[derive(Debug, Clone)]
pub(super) struct Block {
    head: Text,
    body: Option<Vec<Block>>,
    /// A body of at most so many lines may stand on the line of its head.
    inline: usize,
}

impl Block {
    /// A line.
    pub fn line(head: Text) -> Block {
        Block { head, body: None, inline: 0 }
    }

    /// A head with a body. Bodies of up to `inline` lines stand on one line if they fit.
    pub fn with_body(head: Text, body: Vec<Block>, inline: usize) -> Block {
        Block { head, body: Some(body), inline }
    }

    /// The block on one line, if it may stand there.
    fn flat(&self) -> Option<String> {
        let Some(body) = &self.body else {
            return Some(self.head.flat());
        };
        if body.len() > self.inline {
            return None;
        }
        let lines = body.iter().map(Block::flat).collect::<Option<Vec<String>>>()?;
        let head = self.head.flat();
        Some(if lines.is_empty() { format!("{head} {{}}") } else { format!("{head} {{ {} }}", lines.join("  ")) })
    }

    /// Writes the block; the recursion is as deep as the text nests braces.
    fn write(&self, out: &mut String, indent: usize) {
        if let Some(line) = self.flat().filter(|line| self.body.is_some() && indent + line.chars().count() <= WIDTH) {
            out.push_str(&" ".repeat(indent));
            out.push_str(&line);
            out.push('\n');
            return;
        }
        self.head.fill(out, indent, if self.body.is_some() { 2 } else { 0 });
        if let Some(body) = &self.body {
            out.push_str(" {\n");
            for line in body {
                line.write(out, indent + 2);
            }
            out.push_str(&" ".repeat(indent));
            out.push('}');
        }
        out.push('\n');
    }
}

impl fmt::Display for File {
    /// Items that fit on a line stand together with others of their kind; the rest have empty lines around them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before: Option<(&Item, bool)> = None;
        for item in &self.items {
            let text = item.to_string();
            let short = text.lines().count() == 1;
            if let Some((last, last_short)) = before
                && !(short && last_short && same_group(&last.kind, &item.kind))
            {
                writeln!(f)?;
            }
            f.write_str(&text)?;
            before = Some((item, short));
        }
        Ok(())
    }
}

fn same_group(a: &ItemKind, b: &ItemKind) -> bool {
    let group = |kind: &ItemKind| match kind {
        ItemKind::Data(_) | ItemKind::Let(_) | ItemKind::Def(_) => 0,
        ItemKind::Check(_) | ItemKind::Classify(_) | ItemKind::Transfer(_) | ItemKind::Trace(_) => 1,
        ItemKind::Use(_) => 2,
        ItemKind::Architecture(_) => 3,
        ItemKind::Morphism(_) | ItemKind::Composite(_) => 4,
        ItemKind::Optimizer(_) => 5,
        ItemKind::System(_) | ItemKind::Cone(_) => 6,
    };
    group(a) == group(b)
}

impl fmt::Display for Item {
    /// The item with its doc comment, ending in a newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.doc.is_empty() {
            for line in self.doc.split('\n') {
                writeln!(f, "{}", format!("/// {line}").trim_end())?;
            }
        }
        let mut out = String::new();
        self.kind.block().write(&mut out, 0);
        f.write_str(&out)
    }
}

/// `Display` on one line through a `text` method.
macro_rules! display_flat {
    ($($node:ty),*) => {
        $(impl fmt::Display for $node {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text().flat())
            }
        })*
    };
}

display_flat!(Expr, Binder, Type, Condition, Instance, Path, Generator);
