//! What is missing, written where it belongs: parameters of the target of a map, rules of states, sizes of a family.

use lsp_types::{Diagnostic, NumberOrString, Range, TextEdit};

use super::complete::use_edit;
use super::document::Document;
use super::place::in_name;
use crate::syntax::tree::{Domain, ItemKind, Morphism};

/// The edit that gives what a diagnostic says is missing, and its title.
pub fn given(document: &Document, diagnostic: &Diagnostic) -> Option<(String, TextEdit)> {
    let Some(NumberOrString::String(code)) = &diagnostic.code else { return None };
    let message = diagnostic.message.split('\n').next()?;
    let at = document.offset(diagnostic.range.start);
    let (title, place, text) = match code.as_str() {
        "nat::morphism::missing_target" => parameters(document, message, at)?,
        "nat::optimizer::body" => rule(document, message, at)?,
        "nat::call::argument" => size(document, message, document.offset(diagnostic.range.end))?,
        _ => return None,
    };
    let at = document.position(place);
    Some((title, TextEdit { range: Range { start: at, end: at }, new_text: text }))
}

/// The edits that write what a diagnostic asks for, `did you mean …?`, with the `use` that it needs; and their title.
pub fn meant(document: &Document, diagnostic: &Diagnostic) -> Option<(String, Vec<TextEdit>)> {
    let advice = diagnostic.message.split_once("did you mean `")?.1;
    let (name, rest) = advice.split_once("`?")?;
    let (start, end) = (document.offset(diagnostic.range.start), document.offset(diagnostic.range.end));
    let written = document.source.text.get(start..end)?;
    // What is marked may be more than the name that is wrong.
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| in_name(c) || c == '\'');
    if !is_name(written) || !is_name(name) {
        return None;
    }
    let mut edits = vec![TextEdit { range: diagnostic.range, new_text: name.to_owned() }];
    let mut title = format!("Write `{name}`");
    if let Some((library, _)) = rest.split_once("begin the file with `use ").and_then(|(_, l)| l.split_once('`')) {
        edits.push(use_edit(document, library));
        title.push_str(&format!(", with `use {library}`"));
    }
    Some((title, edits))
}

/// The parts of a message that stand in quotation marks.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}

/// `name = name` where the source has a parameter of that name, else the first parameters of the source that no equation
/// uses, else 0: what is meant is for the writer to say.
fn parameters(document: &Document, message: &str, at: usize) -> Option<(String, usize, String)> {
    let map = morphism(document, at)?;
    let missing: Vec<&str> = quoted(message.split(" becomes of ").nth(1)?).collect();
    let body = document.source.slice(map.span).split_once('{')?.1;
    let names: Vec<&str> = match &map.source {
        Domain::Inline(params, _) => params.iter().map(|p| p.name.name.as_str()).collect(),
        Domain::Named(_) => Vec::new(),
    };
    let used = |name: &str| crate::syntax::words(body).any(|w| w == name);
    let mut free = names.iter().copied().filter(|n| !used(n) && !missing.contains(n));
    let named = matches!(map.source, Domain::Named(_));
    let lines: Vec<String> = missing
        .iter()
        .map(|m| match names.contains(m) || named {
            true => format!("{m} = {m}"),
            false => format!("{m} = {}", free.next().unwrap_or("0")),
        })
        .collect();
    let quoted: Vec<String> = missing.iter().map(|m| format!("`{m}`")).collect();
    Some((format!("Give {}", quoted.join(", ")), map.span.end - 1, before_brace(document, map.span.end - 1, &lines)))
}

fn morphism(document: &Document, at: usize) -> Option<&Morphism> {
    document.tree.items.iter().find_map(|i| match &i.kind {
        ItemKind::Morphism(m) if m.span.start <= at && at < m.span.end => Some(m),
        _ => None,
    })
}

/// A state without a rule stays as it is.
fn rule(document: &Document, message: &str, at: usize) -> Option<(String, usize, String)> {
    let what = quoted(message.split(" gives no rule for ").nth(1)?).next()?;
    let line = match what.strip_prefix("d/dt ") {
        Some(_) => format!("{what} = 0"),
        None => format!("{what} = {}", what.strip_suffix('\'')?),
    };
    let optimizer = document.tree.items.iter().find_map(|i| match &i.kind {
        ItemKind::Optimizer(o) if i.span.start <= at && at < i.span.end => Some(o),
        _ => None,
    })?;
    let end = optimizer.dynamics.last()?.span.end - 1;
    Some((format!("Give the rule `{line}`"), end, before_brace(document, end, &[line])))
}

/// A family without its sizes: its smallest member.
fn size(document: &Document, message: &str, end: usize) -> Option<(String, usize, String)> {
    let (family, _) = message.split_once(" needs its size")?;
    let family = quoted(family).next()?;
    let sizes = document.tree.items.iter().find_map(|i| match &i.kind {
        ItemKind::Architecture(a) if a.name.name == family => Some(a.params.len()),
        ItemKind::Morphism(m) if m.name.name == family => {
            Some(m.params.iter().filter(|p| p.ty.as_ref().is_some_and(|t| t.name.name == "N")).count())
        }
        _ => None,
    })?;
    let open = document.source.text.get(end..)?.starts_with('(');
    let text = format!("({})", vec!["1"; sizes].join(", "));
    (sizes > 0 && !open).then(|| (format!("Give the size: `{family}{text}`"), end, text.clone()))
}

/// Lines in front of a closing brace: on lines of their own if the brace stands on its own.
fn before_brace(document: &Document, brace: usize, lines: &[String]) -> String {
    let text = &document.source.text;
    let start = text[..brace].rfind('\n').map_or(0, |i| i + 1);
    let indent = &text[start..brace];
    if indent.trim().is_empty() {
        lines.iter().map(|l| format!("  {l}\n{indent}")).collect()
    } else {
        lines.iter().map(|l| format!("{l} ")).collect()
    }
}
