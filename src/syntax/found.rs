//! What stands at the place of a failure: tokens, as a reader sees them.

use crate::source::{SourceId, Span};

use super::scan::{is_word_char, word};

/// What stands at the place of a failure.
#[derive(Debug)]
pub(super) struct Found<'t> {
    /// The token; empty at the end of the text.
    pub token: &'t str,
    /// What follows it, on its line.
    pub rest: &'t str,
    /// What stands before it.
    pub before: &'t str,
    /// Its place.
    pub span: Span,
}

impl<'t> Found<'t> {
    /// Skips white space and comments from `at`.
    pub fn at(id: SourceId, text: &'t str, at: usize) -> Found<'t> {
        let at = skip_blank(text, at);
        let token = token(&text[at..]);
        let rest = &text[at + token.len()..];
        let rest = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let span = if token.is_empty() {
            // The end of the file: point behind the last thing that was written.
            let end = text.trim_end().len();
            Span::new(id, end, text.len().min(end + 1))
        } else {
            Span::new(id, at, at + token.len())
        };
        Found { token, rest, before: &text[..at], span }
    }

    /// What is found, in words.
    pub fn words(&self) -> String {
        if self.token.is_empty() { "the end of the file".to_owned() } else { format!("`{}`", self.token) }
    }

    /// Whether it is a word and not a number.
    pub fn is_word(&self) -> bool {
        self.token.starts_with(|c: char| is_word_char(c) && !c.is_ascii_digit())
    }

    /// Whether it stands on the line of what comes before it.
    pub fn continues_line(&self) -> bool {
        let gap = &self.before[self.before.trim_end().len()..];
        !gap.contains('\n')
    }
}

/// The last sign or word before an offset, and its place.
pub(super) fn token_before(id: SourceId, text: &str, at: usize) -> Option<(String, Span)> {
    let mut end = at;
    loop {
        end = text[..end].trim_end().len();
        let line = text[..end].rfind('\n').map_or(0, |newline| newline + 1);
        let comment = if text[line..end].contains('"') { None } else { text[line..end].find("//") };
        match comment {
            Some(comment) => end = line + comment,
            None => break,
        }
    }
    let last = text[..end].chars().next_back()?;
    let start =
        if is_word_char(last) { text[..end].trim_end_matches(is_word_char).len() } else { end - last.len_utf8() };
    Some((text[start..end].to_owned(), Span::new(id, start, end)))
}

/// Skips white space and comments.
pub(super) fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with("//") {
            return at;
        }
        at += trimmed.find('\n').unwrap_or(trimmed.len());
    }
}

/// The token at the start of a text: a word, a number or a sign.
fn token(text: &str) -> &str {
    let word = word(text);
    if !word.is_empty() {
        return word;
    }
    let signs = ["..=", "->", "=>", "==", "<=", ">=", "!=", "..", ".*", "./"];
    if let Some(sign) = signs.iter().find(|sign| text.starts_with(**sign)) {
        return &text[..sign.len()];
    }
    text.chars().next().map_or("", |c| &text[..c.len_utf8()])
}

/// Whether a token is a number, or begins like one.
pub(super) fn starts_with_digit(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
}

/// The digits at the start of a text.
pub(super) fn digits(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}

/// The digits that end at an offset.
pub(super) fn digits_before(text: &str, at: usize) -> &str {
    let before = &text[..at];
    &before[before.trim_end_matches(|c: char| c.is_ascii_digit()).len()..]
}
