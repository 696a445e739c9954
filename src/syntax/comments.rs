//! Comments of other languages: one error for the first of them, and then they count as comments, so that what is written
//! in them is not read as text of the language.

use crate::source::{SourceId, Span};

use super::error::SyntaxError;

/// The text with such comments replaced by spaces, and the error for the first; none if there are none.
pub(super) fn without_foreign(id: SourceId, text: &str) -> Option<(String, SyntaxError)> {
    if !["#", "/*", "\"\"\"", "(*", "{-"].iter().any(|sign| text.contains(sign)) {
        return None;
    }
    let mut clean = String::with_capacity(text.len());
    let mut first = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let here = &text[at..];
        let to_line_end = here.find('\n').unwrap_or(here.len());
        if here.starts_with("//") {
            clean.push_str(&here[..to_line_end]);
            at += to_line_end;
            continue;
        }
        if let Some((length, sign)) = foreign(here, to_line_end) {
            first.get_or_insert_with(|| error(here, Span::new(id, at, at + sign.len()), sign));
            clean.extend(here[..length].bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }));
            at += length;
            continue;
        }
        // The path of a `use` stands on one line, and may hold any sign.
        let path = here.strip_prefix('"').and_then(|inner| inner[..to_line_end - 1].find('"'));
        let length = path.map_or(c.len_utf8(), |end| end + 2);
        clean.push_str(&here[..length]);
        at += length;
    }
    Some((clean, first?))
}

/// The length and the sign of a foreign comment that begins here.
fn foreign(here: &str, to_line_end: usize) -> Option<(usize, &'static str)> {
    let block = |open: &'static str, close: &str| {
        let inner = here.strip_prefix(open)?;
        // `(*)` and `^{-1}` are none.
        let spaced = inner.starts_with(|c: char| c.is_whitespace() || matches!(c, '*' | '#' | '|'));
        if matches!(open, "(*" | "{-") && !spaced {
            return None;
        }
        // One that is not closed takes its line.
        let length = inner.find(close).map_or(to_line_end, |end| open.len() + end + close.len());
        Some((length, open))
    };
    if here.starts_with('#') {
        return Some((to_line_end, "#"));
    }
    // No expression begins with `*`, and no body with `-`.
    let signs = [("/*", "*/"), ("\"\"\"", "\"\"\""), ("(*", "*)"), ("{-", "-}")];
    signs.into_iter().find_map(|(open, close)| block(open, close))
}

fn error(here: &str, span: Span, sign: &str) -> SyntaxError {
    let include = ["#include", "#import"].iter().any(|word| here.starts_with(word));
    let help = match sign {
        "#" if include => "declarations come from a library by `use std.optimizers`, from a file by `use \"path.nat\"`",
        "\"\"\"" => "`///` begins the doc comment of a declaration, `//` any other comment",
        _ => "a comment begins with `//` and ends with its line",
    };
    let expected = "a declaration or a comment `//`".to_owned();
    SyntaxError::Unexpected { expected, found: format!("`{sign}`"), span, help: Some(help.to_owned()) }
}
