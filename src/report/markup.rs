//! What the reports in markup languages share.

use super::json::{CheckEntry, Report};

/// The files of a report, in order of first mention.
pub(super) fn files(report: &Report) -> Vec<&str> {
    let all = report.checks.iter().map(|c| c.file.as_str()).chain(report.errors.iter().map(|e| e.file.as_str()));
    let files: indexmap::IndexSet<&str> = all.collect();
    files.into_iter().collect()
}

/// Whether a character changes the direction in which text is shown.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// Whether a character steers what shows it: a control character, or one that changes the direction of writing.
pub fn steers(c: char) -> bool {
    c.is_control() || is_direction(c)
}

/// A text inside XML or HTML; characters that XML cannot hold are replaced.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if steers(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

/// What an entry without a verdict is.
pub(super) fn without_verdict(check: &CheckEntry) -> &'static str {
    if check.trace.is_some() { "experiment" } else { "table" }
}

/// The verdict with its rate or order.
pub fn verdict(check: &CheckEntry) -> String {
    let word = check.verdict.as_deref().unwrap_or(without_verdict(check));
    match (&check.rate, check.order) {
        (Some(rate), _) if word == "up to rate" => format!("{word} {rate}"),
        (_, Some(order)) if word == "in limit" => format!("{word} (lr^{order})"),
        _ => word.to_owned(),
    }
}

/// How the checks of a report stand, in a sentence.
pub fn summary(report: &Report) -> String {
    let asked: Vec<&CheckEntry> = report.checks.iter().filter(|c| c.verdict.is_some()).collect();
    let unexpected = asked.iter().filter(|c| !c.ok).count();
    let mut text = match (asked.len(), unexpected) {
        (0, _) => "no checks".to_owned(),
        (1, 0) => "1 check, as expected".to_owned(),
        (1, _) => "1 check, not as expected".to_owned(),
        (n, 0) => format!("{n} checks, all as expected"),
        (n, k) => format!("{n} checks, {k} not as expected"),
    };
    match report.errors.len() {
        0 => {}
        1 => text.push_str("; 1 error"),
        n => text.push_str(&format!("; {n} errors")),
    }
    text
}
