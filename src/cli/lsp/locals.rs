//! The names that are in scope at a place: parameters, states, `let`s and indices of the item around it, read off its
//! text, for the item may not be one of the language yet.

use super::place::{Body, Place, in_name, last_word};
use crate::syntax::tree::{ArchitectureEntry, Domain, Item, ItemKind};

/// The names of a list `a, b : R where a > 0, c = 1`.
fn listed(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut piece) = (0_usize, true);
    let mut word = String::new();
    for c in text.chars().chain([',']) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if piece && depth == 0 && in_name(c) {
            word.push(c);
        } else if piece && !word.is_empty() {
            if !word.starts_with(|c: char| c.is_ascii_digit()) {
                names.push(std::mem::take(&mut word));
            }
            word.clear();
            piece = false;
        }
        if c == ',' && depth == 0 {
            piece = true;
            word.clear();
        }
    }
    names
}

/// What stands between the round bracket that begins a text and the one that closes it.
fn bracketed(text: &str) -> Option<&str> {
    let inner = text.trim_start().strip_prefix('(')?;
    let mut depth = 1_usize;
    for (i, c) in inner.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '{' => return Some(&inner[..i]),
            _ => {}
        }
        if depth == 0 {
            return Some(&inner[..i]);
        }
    }
    Some(inner)
}

/// The words of a text with where they end.
fn words(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(in_name)?;
        let end = start + text[start..].find(|c: char| !in_name(c)).unwrap_or(text.len() - start);
        at = end;
        Some((&text[start..end], end))
    })
}

/// The names behind each keyword up to a colon or an `=`: of `param a, b : R` and `let c = 1`.
fn behind(text: &str, keyword: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (word, end) in words(text) {
        if word == keyword {
            let rest = &text[end..];
            let stop = rest.find([':', '=', '{', '}', '\n']).unwrap_or(rest.len());
            names.extend(listed(&rest[..stop]));
        }
    }
    names
}

/// What a declaration takes, by the text behind its name.
fn taken(item: &str) -> Vec<String> {
    let head = words(item).nth(1).map_or("", |(_, end)| &item[end..]);
    bracketed(head).map(listed).unwrap_or_default()
}

/// The parameters of an architecture.
pub fn parameters(item: &Item) -> Vec<String> {
    match &item.kind {
        ItemKind::Architecture(a) => {
            let params = a.body.iter().filter_map(|entry| match entry {
                ArchitectureEntry::Param(params) => Some(params.iter().map(|p| p.name.name.clone())),
                _ => None,
            });
            params.flatten().collect()
        }
        ItemKind::Morphism(m) => match &m.source {
            Domain::Inline(params, _) => params.iter().map(|p| p.name.name.clone()).collect(),
            Domain::Named(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The word that begins a text, if one does.
fn first(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let end = text.find(|c: char| !in_name(c)).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// The source of a map and its target, by the text of its head: names in brackets, or the name of an architecture.
fn ends(item: &str) -> (Vec<String>, Option<&str>, Option<&str>) {
    let head = &item[..item.find('{').unwrap_or(item.len())];
    // The colon that no bracket holds: parameters of the map have colons, too.
    let mut depth = 0_usize;
    let colon = head.char_indices().find(|&(_, c)| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ':' && depth == 0
    });
    let rest = colon.map_or("", |(i, _)| &head[i + 1..]);
    let (source, target) = rest.split_once("->").unwrap_or((rest, ""));
    (bracketed(source).map(listed).unwrap_or_default(), first(source), first(target))
}

/// The parameters of the source of a map and of its target; `visible` is what the text declares.
pub fn of_map(place: &Place<'_>, visible: &dyn Fn(&str) -> Vec<String>) -> (Vec<String>, Vec<String>) {
    let (inline, source, target) = ends(place.item);
    let source = if inline.is_empty() { source.map(visible).unwrap_or_default() } else { inline };
    (source, target.map(visible).unwrap_or_default())
}

/// The states of the optimizer around a place.
pub fn states(place: &Place<'_>) -> Vec<String> {
    behind(place.item, "state")
}

/// The names that an expression at a place can use, but for those of a map's source.
pub fn known(place: &Place<'_>) -> Vec<String> {
    let takes = ["architecture", "reparam", "projection", "embedding", "morphism", "optimizer", "def"];
    let mut names = if takes.contains(&place.keyword) { taken(place.item) } else { Vec::new() };
    names.extend(indices(place.before));
    names.extend(behind(place.before, "let").into_iter().filter(|_| place.body != Body::None));
    if place.keyword == "architecture" {
        names.extend(behind(place.item, "param"));
        if words(place.before).any(|(w, _)| w == "output") {
            names.push("output".to_owned());
        }
    }
    if place.keyword == "optimizer" {
        names.extend(states(place));
        names.extend(
            words(place.before)
                .filter(|(w, _)| *w == "each")
                .filter_map(|(_, end)| first(&place.before[end..]).map(str::to_owned)),
        );
        if place.body == Body::Step {
            let step = place.item.split("step").nth(1).and_then(bracketed);
            names.extend(step.map(listed).unwrap_or_default());
        }
    }
    names
}

/// The indices of the brackets that are open at the end of a text: `i` of `sum(i in 0..n: `.
fn indices(text: &str) -> Vec<String> {
    let mut starts = Vec::new();
    for (i, c) in text.char_indices() {
        match c {
            '(' | '[' => starts.push(i + 1),
            ')' | ']' => {
                starts.pop();
            }
            _ => {}
        }
    }
    let mut names = Vec::new();
    for start in starts {
        let inner = &text[start..];
        for (at, _) in inner.match_indices(" in ") {
            names.push(last_word(&inner[..at]).to_owned());
        }
    }
    names.retain(|n| !n.is_empty());
    names
}
