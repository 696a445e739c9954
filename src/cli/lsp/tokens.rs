//! Colours: what each word of a text is.

use lsp_types::{SemanticToken, SemanticTokenType, SemanticTokens, SemanticTokensLegend};

use super::document::Document;
use crate::syntax::tree::ItemKind;
use crate::syntax::vocabulary;
use crate::syntax::words::Role;

const KINDS: [SemanticTokenType; 8] = [
    SemanticTokenType::KEYWORD,
    SemanticTokenType::COMMENT,
    SemanticTokenType::NUMBER,
    SemanticTokenType::STRUCT,
    SemanticTokenType::FUNCTION,
    SemanticTokenType::CLASS,
    SemanticTokenType::PARAMETER,
    SemanticTokenType::TYPE,
];

/// The kinds of tokens, in the order of their numbers.
pub fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend { token_types: KINDS.to_vec(), token_modifiers: Vec::new() }
}

/// All tokens of a text that have a colour.
pub fn tokens(document: &Document) -> SemanticTokens {
    let text = &document.source.text;
    let mut found: Vec<(usize, usize, u32)> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if rest.starts_with("//") {
            let length = rest.find('\n').unwrap_or(rest.len());
            found.push((at, at + length, 1));
            length
        } else if c.is_alphanumeric() || c == '_' {
            // A name may hold marks that are no letters.
            let named =
                document.words.binary_search_by_key(&at, |w| w.span.start).map(|i| document.words[i].span.end - at);
            let other = || rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let length = named.ok().filter(|l| *l > 0).unwrap_or_else(other);
            if let Some(kind) = kind(document, at, &rest[..length]) {
                found.push((at, at + length, kind));
            }
            length
        } else {
            c.len_utf8()
        };
        at += length;
    }
    let (mut line, mut column) = (0, 0);
    let data = found.into_iter().map(|(start, end, kind)| {
        let place = document.position(start);
        let length: usize = text[start..end].chars().map(char::len_utf16).sum();
        let delta_line = place.line - line;
        let delta_start = if delta_line == 0 { place.character - column } else { place.character };
        (line, column) = (place.line, place.character);
        SemanticToken {
            delta_line,
            delta_start,
            length: u32::try_from(length).unwrap_or(u32::MAX),
            token_type: kind,
            token_modifiers_bitset: 0,
        }
    });
    SemanticTokens { result_id: None, data: data.collect() }
}

fn kind(document: &Document, at: usize, word: &str) -> Option<u32> {
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(2);
    }
    let number = document.words.binary_search_by_key(&at, |w| w.span.start);
    let Ok(number) = number else {
        return vocabulary::all().any(|w| w == word).then_some(0);
    };
    let origin = document.origins[number].map(|o| &document.words[o]);
    match (document.words[number].role, origin) {
        (Role::Type, _) => Some(7),
        (_, Some(w)) if w.role == Role::Declares => {
            let item = document.tree.items.iter().find(|i| i.span.overlaps(w.span))?;
            Some(match item.kind {
                ItemKind::Architecture(_) => 3,
                ItemKind::Optimizer(_) => 5,
                ItemKind::Data(_) | ItemKind::Let(_) => 6,
                _ => 4,
            })
        }
        (_, Some(_)) => Some(6),
        _ => None,
    }
}
