//! Annotations as GitHub's workflows read them from standard output: a line for each answer that is not as expected and
//! for each error.

use super::json::{CheckEntry, Report};
use super::markup::steers;

/// The lines, each ending in a line end; none if there is nothing to say.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    for check in report.checks.iter().filter(|c| !c.ok) {
        let place = place(&check.file, (check.line, check.column), (check.end_line, check.end_column));
        let line = format!("::error {place},title={}::{}\n", property(&title(check)), data(&check.message));
        text.push_str(&line);
    }
    for e in &report.errors {
        let place = place(&e.file, (e.line, e.column), (e.end_line, e.end_column));
        let help = e.help.as_ref().map(|h| format!("\n{h}")).unwrap_or_default();
        text.push_str(&format!(
            "::error {place},title={}::{}\n",
            property(&e.code),
            data(&format!("{}{help}", e.message))
        ));
    }
    for w in &report.warnings {
        let place = place(&w.file, (w.line, w.column), (w.end_line, w.end_column));
        text.push_str(&format!("::warning {place},title={}::{}\n", property(&w.code), data(&w.message)));
    }
    text
}

/// `natural O along F: expected commutes, found fails`.
pub fn title(check: &CheckEntry) -> String {
    let (expected, found) = (check.expected.as_deref().unwrap_or("-"), check.verdict.as_deref().unwrap_or("-"));
    if expected == found {
        let how = match (&check.rate, check.evidence.as_deref()) {
            (_, Some(e @ "numeric")) => format!("on {e} evidence"),
            (Some(rate), _) => format!("with the rate {rate}"),
            (None, _) => "on other grounds".to_owned(),
        };
        return format!("{}: {found}, but {how}", check.question);
    }
    format!("{}: expected {expected}, found {found}", check.question)
}

fn place(file: &str, (line, column): (usize, usize), (end_line, end_column): (usize, usize)) -> String {
    if line == 0 {
        return format!("file={}", property(file));
    }
    let end = if end_line == line {
        format!(",endColumn={}", end_column.saturating_sub(1).max(column))
    } else {
        String::new()
    };
    format!("file={},line={line},endLine={end_line},col={column}{end}", property(file))
}

/// Text as the value of an annotation: it goes to a log as it is, so nothing in it may steer a terminal.
fn data(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c if steers(c) => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
