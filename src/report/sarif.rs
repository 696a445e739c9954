//! The report as SARIF 2.1.0, which code hosts and editors show beside the text. Repairs are fixes.

use serde_json::{Value, json};

use super::github::title;
use super::json::{BlameEntry, CheckEntry, ErrorEntry, RepairEntry, Report};

/// The report, ending in a line end.
pub fn render(report: &Report) -> String {
    let mut rules: Vec<String> = Vec::new();
    let mut results = Vec::new();
    for check in report.checks.iter().filter(|c| !c.ok) {
        let rule = format!("nat::verdict::{}", check.verdict.as_deref().unwrap_or("undecided").replace(' ', "_"));
        results.push(unexpected(check, rule_index(&mut rules, &rule), &rule));
    }
    for error in &report.errors {
        results.push(fault(error, rule_index(&mut rules, &error.code)));
    }
    for warning in &report.warnings {
        let mut entry = fault(warning, rule_index(&mut rules, &warning.code));
        entry["level"] = json!("warning");
        results.push(entry);
    }
    let artifacts: Vec<Value> = report
        .sources
        .iter()
        .map(|s| json!({ "location": { "uri": uri(&s.file) }, "hashes": { "sha-256": s.sha256 } }))
        .collect();
    let rules: Vec<Value> = rules
        .iter()
        .map(|r| json!({ "id": r, "shortDescription": { "text": describe(r) }, "help": { "text": format!("nat explain {r}") } }))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": report.tool.name,
                "version": report.tool.version,
                "semanticVersion": report.tool.version,
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "artifacts": artifacts,
            "properties": { "language": report.language, "seed": report.seed, "samples": report.samples, "effort": report.effort },
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn rule_index(rules: &mut Vec<String>, rule: &str) -> usize {
    match rules.iter().position(|r| r == rule) {
        Some(known) => known,
        None => {
            rules.push(rule.to_owned());
            rules.len() - 1
        }
    }
}

fn describe(rule: &str) -> String {
    rule.rsplit("::").next().unwrap_or(rule).replace('_', " ")
}

fn unexpected(check: &CheckEntry, index: usize, rule: &str) -> Value {
    let mut result = json!({
        "ruleId": rule,
        "ruleIndex": index,
        "level": "error",
        "kind": "fail",
        "message": { "text": format!("{}. {}", title(check), check.message) },
        "locations": [location(&check.file, check.line, check.column, check.end_line, check.end_column)],
        "properties": { "evidence": check.evidence, "assumptions": check.assumptions },
    });
    if !check.blame.is_empty() {
        result["relatedLocations"] = check.blame.iter().map(blamed).collect();
    }
    // A text of the library is part of the program, and cannot be changed.
    if let Some(repair) = check.repair.as_ref().filter(|r| r.edits.iter().all(|e| !e.file.starts_with('<'))) {
        result["fixes"] = json!([fix(repair)]);
    }
    result
}

fn blamed(blame: &BlameEntry) -> Value {
    let mut place = location(&blame.file, blame.line, blame.column, blame.end_line, blame.end_column);
    place["message"] = json!({ "text": blame.why });
    place
}

fn fix(repair: &RepairEntry) -> Value {
    let mut files: Vec<(String, Vec<Value>)> = Vec::new();
    for edit in &repair.edits {
        let change = json!({
            "deletedRegion": region(edit.line, edit.column, edit.end_line, edit.end_column),
            "insertedContent": { "text": edit.by },
        });
        match files.iter_mut().find(|(f, _)| *f == edit.file) {
            Some((_, changes)) => changes.push(change),
            None => files.push((edit.file.clone(), vec![change])),
        }
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(file, replacements)| json!({ "artifactLocation": { "uri": uri(&file) }, "replacements": replacements }))
        .collect();
    json!({
        "description": { "text": format!("After this change the answer is {} (checked).", repair.verdict) },
        "artifactChanges": changes,
    })
}

fn fault(error: &ErrorEntry, index: usize) -> Value {
    let help = error.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
    let place = if error.line == 0 {
        json!({ "physicalLocation": { "artifactLocation": { "uri": uri(&error.file) } } })
    } else {
        location(&error.file, error.line, error.column, error.end_line, error.end_column)
    };
    json!({
        "ruleId": error.code,
        "ruleIndex": index,
        "level": "error",
        "kind": "fail",
        "message": { "text": format!("{}{help}", error.message) },
        "locations": [place],
    })
}

fn location(file: &str, line: usize, column: usize, end_line: usize, end_column: usize) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(file) },
        "region": region(line, column, end_line, end_column),
    } })
}

fn region(line: usize, column: usize, end_line: usize, end_column: usize) -> Value {
    json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
}

/// A path as a relative reference, or an absolute one as a `file` URI.
fn uri(file: &str) -> String {
    let mut out = String::new();
    if file.starts_with('/') {
        out.push_str("file://");
    }
    for byte in file.trim_start_matches("./").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            b'\\' => out.push('/'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
