//! What can be done: formatting, repairs, expectations, uses of libraries; and the verdicts beside the checks.

use std::collections::HashMap;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, InlayHint, InlayHintLabel, InlayHintTooltip, Position, Range,
    TextEdit, WorkspaceEdit,
};

use super::analyse::Analysis;
use super::complete::use_edit;
use super::document::{Document, ID};
use super::missing::{given, meant};
use crate::source::Span;
use crate::syntax::format::format as layout;
use crate::syntax::tree::ItemKind;
use crate::uses::library;

/// The edit that sets the layout of the text; none if it has errors or is in its layout.
pub fn format(document: &Document) -> Vec<TextEdit> {
    match layout(ID, &document.source) {
        Ok(text) if *text != *document.source.text => {
            let end = document.position(document.source.text.len());
            vec![TextEdit { range: Range { start: Position::default(), end }, new_text: text }]
        }
        _ => Vec::new(),
    }
}

/// The verdicts, each behind its check.
pub fn hints(document: &Document, analysis: Option<&Analysis>) -> Vec<InlayHint> {
    let Some(analysis) = analysis else { return Vec::new() };
    let hint = |(span, entry): &(Span, crate::report::json::CheckEntry)| {
        if let Some(table) = &entry.table {
            return Some(hint_of_table(document.position(span.end), table));
        }
        let verdict = entry.verdict.as_ref()?;
        let shown = crate::report::verdict(entry);
        let mark = if entry.ok { "✓" } else { "✗" };
        let star = if entry.assumptions.is_empty() { "" } else { " *" };
        let evidence = entry.evidence.as_deref().unwrap_or("");
        let rates = entry.rates.iter().flatten().flat_map(|(block, factors)| {
            factors.iter().map(move |(name, factor)| format!("{name}({block}) = {factor}"))
        });
        let rates = rates.collect::<Vec<_>>().join(", ");
        let shown = if rates.is_empty() { shown } else { format!("{shown} {rates}") };
        Some(InlayHint {
            position: document.position(span.end),
            label: InlayHintLabel::String(format!("{mark} {shown} ({evidence}){star}")),
            kind: None,
            text_edits: None,
            tooltip: Some(InlayHintTooltip::String(format!("{verdict}: {}", entry.message))),
            padding_left: Some(true),
            padding_right: None,
            data: None,
        })
    };
    analysis.answers.iter().filter_map(hint).collect()
}

/// Of a table the largest classes along which the optimizer is natural.
fn hint_of_table(position: Position, table: &indexmap::IndexMap<String, crate::report::json::CellEntry>) -> InlayHint {
    let largest: Vec<&str> = table.iter().filter(|(_, cell)| cell.largest).map(|(class, _)| class.as_str()).collect();
    let label = match largest.is_empty() {
        true => "natural along no class".to_owned(),
        false => format!("natural along {}", largest.join(", ")),
    };
    let cells: Vec<String> = table.iter().map(|(class, cell)| format!("{class}: {}", cell.verdict)).collect();
    InlayHint {
        position,
        label: InlayHintLabel::String(label),
        kind: None,
        text_edits: None,
        tooltip: Some(InlayHintTooltip::String(cells.join("\n"))),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    }
}

/// What can be done at a place.
pub fn actions(document: &Document, analysis: Option<&Analysis>, range: Range) -> Vec<CodeActionOrCommand> {
    let mut all = Vec::new();
    let (from, to) = (document.offset(range.start), document.offset(range.end));
    let touches = |span: Span| span.start <= to && from <= span.end;
    if let Some(analysis) = analysis {
        for (number, (span, entry)) in analysis.answers.iter().enumerate().filter(|(_, (s, e))| touches(*s) && !e.ok) {
            if let (Some((_, edits)), Some(repair)) =
                (analysis.repairs.iter().find(|(n, _)| *n == number), &entry.repair)
            {
                let edits = edits.iter().map(|(s, new)| TextEdit { range: document.range(*s), new_text: new.clone() });
                let title = format!("Repair the optimizer: then {} (checked)", repair.verdict);
                all.push(action(document, title, edits.collect(), true));
            }
            if let Some(edit) = expectation(document, *span, entry) {
                all.push(action(document, format!("Write `{}`", edit.new_text.trim()), vec![edit], false));
            }
        }
        for d in &analysis.diagnostics {
            let here = document.offset(d.range.start)..=document.offset(d.range.end);
            if !touches(Span::new(ID, *here.start(), *here.end())) {
                continue;
            }
            if let Some((title, edits)) = meant(document, d) {
                all.push(action(document, title, edits, true));
            }
            all.extend(given(document, d).map(|(title, edit)| action(document, title, vec![edit], false)));
            let name = document.source.text.get(*here.start()..*here.end()).unwrap_or("");
            for l in library::all().filter(|l| declares(l, name)) {
                all.push(action(document, format!("use {}", l.name), vec![use_edit(document, l.name)], true));
            }
        }
    }
    all
}

fn declares(library: &library::Library, name: &str) -> bool {
    let name = name.split('(').next().unwrap_or(name).trim();
    let named = |kind: &ItemKind| match kind {
        ItemKind::Optimizer(o) => o.name.name == name,
        ItemKind::Architecture(a) => a.name.name == name,
        ItemKind::Morphism(m) => m.name.name == name,
        ItemKind::Def(d) => d.name.name == name,
        _ => false,
    };
    library.parsed().1.items.iter().any(|i| named(&i.kind))
}

fn expectation(document: &Document, span: Span, entry: &crate::report::json::CheckEntry) -> Option<TextEdit> {
    let check = document.tree.items.iter().find_map(|i| match &i.kind {
        ItemKind::Check(c) if c.span.start == span.start => Some(c),
        _ => None,
    })?;
    let words = match (entry.verdict.as_deref()?, &entry.rate) {
        ("up to rate", Some(rate)) => format!("expect up to rate {rate}"),
        (verdict, _) => format!("expect {verdict}"),
    };
    Some(match &check.expect {
        Some(e) => TextEdit { range: document.range(e.span), new_text: words },
        None => {
            let at = document.position(check.span.end);
            TextEdit { range: Range { start: at, end: at }, new_text: format!(" {words}") }
        }
    })
}

fn action(document: &Document, title: String, edits: Vec<TextEdit>, preferred: bool) -> CodeActionOrCommand {
    CodeActionOrCommand::CodeAction(CodeAction {
        title,
        kind: Some(CodeActionKind::QUICKFIX),
        edit: Some(WorkspaceEdit {
            changes: Some(HashMap::from([(document.uri.clone(), edits)])),
            ..WorkspaceEdit::default()
        }),
        is_preferred: Some(preferred),
        ..CodeAction::default()
    })
}
