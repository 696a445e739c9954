//! The report as Markdown, for a comment or a page.

use super::github::title;
use super::json::{CheckEntry, Report};
use super::markup::{files, steers, summary, verdict};

/// The report, ending in a line end.
pub fn render(report: &Report) -> String {
    let mut text = format!("# nat: {}\n", summary(report));
    for file in files(report) {
        text.push_str(&format!("\n## {}\n\n", plain(file)));
        let checks: Vec<&CheckEntry> = report.checks.iter().filter(|c| c.file == file).collect();
        let asked: Vec<&&CheckEntry> = checks.iter().filter(|c| c.verdict.is_some()).collect();
        if !asked.is_empty() {
            text.push_str(
                "| | line | check | verdict | evidence | expected |\n| --- | ---: | --- | --- | --- | --- |\n",
            );
            for c in asked {
                text.push_str(&format!(
                    "| {} | {} | {} | {} | {} | {} |\n",
                    if c.ok { "✓" } else { "✗" },
                    c.line,
                    code(&c.question),
                    plain(&verdict(c)),
                    c.evidence.as_deref().unwrap_or(""),
                    c.expected.as_deref().unwrap_or("")
                ));
            }
        }
        checks.iter().filter(|c| c.table.is_some()).for_each(|c| text.push_str(&table(c)));
        for (c, trace) in checks.iter().filter_map(|c| c.trace.as_ref().map(|t| (c, t))) {
            let lines = super::trace::lines(trace).join("\n");
            text.push_str(&format!("\n{}\n\n```text\n{lines}\n```\n", code(&c.question)));
        }
        checks.iter().filter(|c| !c.ok).for_each(|c| text.push_str(&details(c)));
        for e in report.errors.iter().filter(|e| e.file == file) {
            text.push_str(&format!("\n- **{}** at {}:{}: {}", plain(&e.code), e.line, e.column, plain(&e.message)));
            if let Some(help) = &e.help {
                text.push_str(&format!("\n  ({})", plain(help)));
            }
            text.push('\n');
        }
    }
    text.push_str(&format!("\nnat {}, seed {}, effort {}\n", report.tool.version, report.seed, report.effort));
    text
}

fn table(check: &CheckEntry) -> String {
    let mut text = format!("\n{}\n\n| class | verdict | evidence |\n| --- | --- | --- |\n", code(&check.question));
    for (class, cell) in check.table.iter().flatten() {
        let rate = cell.rate.as_ref().map(|r| format!(" {r}")).unwrap_or_default();
        let order = cell.order.filter(|_| cell.verdict == "in limit").map(|k| format!(" (lr^{k})")).unwrap_or_default();
        let largest = if cell.largest { ", largest" } else { "" };
        text.push_str(&format!(
            "| {class} | {}{largest} | {} |\n",
            plain(&format!("{}{rate}{order}", cell.verdict)),
            cell.evidence
        ));
    }
    text
}

fn details(check: &CheckEntry) -> String {
    let mut text = format!("\n### Line {}: {}\n\n{}.\n", check.line, plain(&title(check)), plain(&check.message));
    if let Some(w) = &check.witness {
        let point: Vec<String> = w.point.iter().map(|g| format!("{} = {}", g.name, g.value)).collect();
        text.push_str(&format!(
            "\nWitness ({}): {}\n\n| {} | |\n| --- | --- |\n| first path | {} |\n| second path | {} |\n",
            if w.exact { "exact" } else { "verified in intervals" },
            if point.is_empty() { "everywhere".to_owned() } else { code(&point.join(", ")) },
            plain(&w.component),
            code(&w.left),
            code(&w.right)
        ));
    }
    for b in &check.blame {
        text.push_str(&format!("\n- lost at {} (line {}): {}\n", code(&b.text), b.line, plain(&b.why)));
    }
    if let Some(r) = &check.repair {
        text.push_str(&format!("\nRepair (checked; then {}):\n\n", r.verdict));
        for e in &r.edits {
            text.push_str(&match e.replace.is_empty() {
                true => format!("- line {}: {} added\n", e.line, code(e.by.trim_end())),
                false => format!("- line {}: {} becomes {}\n", e.line, code(&e.replace), code(&e.by)),
            });
        }
    }
    text
}

/// Text in which nothing is markup and nothing ends a cell.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_code = false;
    for c in text.chars() {
        match c {
            '`' => {
                in_code = !in_code;
                out.push(c);
            }
            '\n' => out.push(' '),
            '|' => out.push_str("\\|"),
            '*' | '_' | '<' | '[' | ']' | '#' if !in_code => {
                out.push('\\');
                out.push(c);
            }
            c if steers(c) => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

/// Text as code, inside a cell.
fn code(text: &str) -> String {
    let line: String = text.chars().map(|c| if steers(c) { ' ' } else { c }).collect();
    format!("`{}`", line.replace('`', "'").replace('|', "\\|"))
}
