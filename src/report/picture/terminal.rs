//! Pictures as characters: squares and rows are drawn, larger diagrams are listed arrow by arrow.

use super::{Arrow, Drawing, Mark, Picture};

/// The signs of marks.
fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "",
        Mark::Commutes => " \u{1b}[32m✓\u{1b}[0m",
        Mark::Partly => " \u{1b}[33m~\u{1b}[0m",
        Mark::Fails => " \u{1b}[31m✗\u{1b}[0m",
    }
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.chars().count())))
}

pub(super) fn draw(picture: &Picture) -> String {
    let sign = if picture.verdict.is_empty() { "" } else { sign(picture.mark) };
    let notes: String = picture.drawing.notes.iter().map(|n| format!("\n  {n}")).collect();
    let body = square(&picture.drawing).unwrap_or_else(|| list(&picture.drawing));
    format!("{}{sign}{notes}\n\n{body}", picture.caption())
}

/// Four objects and four arrows around them.
fn square(picture: &Drawing) -> Option<String> {
    let at = |column: usize, row: usize| picture.nodes.iter().position(|n| (n.column, n.row) == (column, row));
    let (a, b, c, d) = (at(0, 0)?, at(1, 0)?, at(0, 1)?, at(1, 1)?);
    if picture.nodes.len() != 4 || picture.arrows.len() != 4 {
        return None;
    }
    let arrow = |from: usize, to: usize| picture.arrows.iter().find(|x| (x.from, x.to) == (from, to));
    let (top, bottom, left, right) = (arrow(a, b)?, arrow(c, d)?, arrow(a, c)?, arrow(b, d)?);
    let name = |i: usize| picture.nodes[i].label.as_str();
    let first = name(a).chars().count().max(name(c).chars().count()).max(left.label.chars().count() + 4);
    let line = top.label.chars().count().max(bottom.label.chars().count()) + 4;
    let horizontal = |x: &Arrow| {
        let n = line - x.label.chars().count();
        format!("{}{}{}▶", "─".repeat(n / 2), x.label, "─".repeat(n - n / 2))
    };
    let row = |i: usize, x: &Arrow, j: usize| format!("  {} {} {}", pad(name(i), first), horizontal(x), name(j));
    let gap = " ".repeat(line + 3);
    let down = |l: &str, r: &str| format!("  {}{gap}{r}", pad(l, first)).trim_end().to_owned();
    let lines = [
        row(a, top, b),
        down("  │", "  │"),
        down(&format!("  │ {}", left.label), &format!("  │ {}", right.label)),
        down("  ▼", "  ▼"),
        row(c, bottom, d),
    ];
    Some(lines.join("\n") + "\n")
}

/// A line for each path: arrows of which one ends where the next one starts stand on one line.
fn list(picture: &Drawing) -> String {
    let name = |i: usize| picture.nodes[i].label.as_str();
    let first = picture.arrows.iter().map(|a| name(a.from).chars().count()).max().unwrap_or(0);
    let label = picture.arrows.iter().map(|a| a.label.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    let mut before: Option<&Arrow> = None;
    for a in &picture.arrows {
        let goes_on = before.is_some_and(|b| b.to == a.from);
        if !goes_on {
            text.push_str(if before.is_some() { "\n  " } else { "  " });
            text.push_str(&pad(name(a.from), first));
        }
        let n = label - a.label.chars().count();
        text.push_str(&format!(" ──{}{}─▶ {}{}", a.label, "─".repeat(n + 1), name(a.to), sign(a.mark)));
        before = Some(a);
    }
    text + "\n"
}
