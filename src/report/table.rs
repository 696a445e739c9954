//! Tables of `classify`: along which classes an optimizer is natural.

use indexmap::IndexMap;

use super::excerpt::width;
use super::json::CellEntry;
use crate::Answer;
use crate::core::class::Class;
use crate::source::Sources;
use crate::verdict::{Finding, Verdict};

/// The largest classes along which the square commutes: those that no other such class contains.
pub fn largest(table: &[(Class, Finding)]) -> Vec<Class> {
    let commuting: Vec<Class> =
        table.iter().filter(|(_, f)| f.verdict() == Verdict::Commutes).map(|(c, _)| *c).collect();
    commuting.iter().copied().filter(|c| !commuting.iter().any(|d| d != c && d.contains(*c))).collect()
}

/// The head of a column.
fn head(class: Class) -> &'static str {
    match class {
        Class::Translation => "transl",
        Class::Scaling => "scale",
        Class::Diagonal => "diag",
        Class::Permutation => "perm",
        Class::SignedPermutation => "sperm",
        Class::Orthogonal => "orth",
        Class::Linear => "lin",
        Class::Affine => "aff",
        Class::Diffeo => "diffeo",
        Class::Biorthogonal => "biorth",
    }
}

/// A verdict in a few characters.
fn cell(f: &Finding, largest: bool) -> String {
    let mark = if f.assumptions.is_empty() { "" } else { "*" };
    let text = match f.verdict() {
        Verdict::Commutes if largest => "#".to_owned(),
        Verdict::Commutes => "=".to_owned(),
        Verdict::UpToRates => "rates".to_owned(),
        Verdict::UpToRate => f.rate().unwrap_or("rate").to_owned(),
        Verdict::InLimit => f.order().map_or("lim".to_owned(), |k| format!("lr^{k}")),
        Verdict::Fails => "-".to_owned(),
        Verdict::Undecided => "?".to_owned(),
        Verdict::Invalid => "inv".to_owned(),
    };
    format!("{text}{mark}")
}

/// The columns that a table may take.
const WIDTH: usize = 76;

/// A table, its first column the names of the rows: where it would be too wide, several below each other, each with some
/// of the columns.
pub fn grid(head: &[String], rows: &[(String, Vec<String>)]) -> Vec<String> {
    let names = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let wide =
        |k: usize| rows.iter().filter_map(|(_, r)| r.get(k)).chain(head.get(k)).map(|c| width(c)).max().unwrap_or(0);
    let mut lines = Vec::new();
    let mut from = 0;
    while from < head.len() {
        let mut to = from;
        let mut taken = names;
        while to < head.len() && (to == from || taken + 2 + wide(to) <= WIDTH) {
            taken += 2 + wide(to);
            to += 1;
        }
        if from > 0 {
            lines.push(String::new());
        }
        let line = |name: &str, cells: &[String]| {
            let cell =
                |(k, c): (usize, &String)| format!("  {c}{}", " ".repeat(wide(from + k).saturating_sub(width(c))));
            let cells: String = cells.iter().enumerate().map(cell).collect();
            format!("{name}{}{cells}", " ".repeat(names.saturating_sub(width(name)))).trim_end().to_owned()
        };
        lines.push(line("", &head[from..to]));
        lines.extend(rows.iter().map(|(name, cells)| line(name, cells.get(from..to).unwrap_or(&[]))));
        from = to;
    }
    lines
}

/// One table for all optimizers of one request.
pub fn matrix(answers: &[&Answer]) -> String {
    let head: Vec<String> = Class::ALL.into_iter().map(|class| head(class).to_owned()).collect();
    let row = |a: &&Answer| {
        let best = largest(&a.table);
        let cells = a.table.iter().map(|(class, f)| cell(f, best.contains(class)));
        (a.task.optimizer.clone().unwrap_or_default(), cells.collect())
    };
    let mut lines = grid(&head, &answers.iter().map(row).collect::<Vec<_>>());
    lines.push(LEGEND.to_owned());
    lines.join("\n")
}

const LEGEND: &str = "\
= commutes, # and along no larger class;
a^2: up to that rate, x_target = a x_source;
lr^2: in the limit, a defect of that order;
- fails; ? undecided; inv: no functor there";

/// The table of one optimizer, a line for each class, with what is to blame where it fails.
pub fn list(sources: &Sources, answer: &Answer) -> String {
    cells(&super::json::table(sources, answer)).join("\n")
}

/// The same of a report that is kept.
pub fn cells(table: &IndexMap<String, CellEntry>) -> Vec<String> {
    let line = |(class, f): (&String, &CellEntry)| {
        let mut verdict = f.verdict.clone();
        if let Some(rate) = &f.rate {
            verdict = format!("{verdict} {rate}");
        }
        if let Some(order) = f.order.filter(|_| f.verdict == Verdict::InLimit.text()) {
            verdict = format!("{verdict} (lr^{order})");
        }
        let assumed = if f.assumptions.is_empty() { "" } else { " *" };
        let mut line = format!("{class:<19}{verdict:<18}{:<15}", f.evidence);
        if f.largest {
            line.push_str("largest");
        }
        let blamed: Vec<String> =
            f.blame.iter().map(|b| b.text.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        if !blamed.is_empty() {
            line.push_str(&shortened(&format!("lost at {}", blamed.join(" and ")), 80 - 4 - 52));
        }
        format!("{}{assumed}", line.trim_end())
    };
    table.iter().map(line).collect()
}

fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
