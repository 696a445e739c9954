//! The report as JUnit XML, which every CI reads: a suite for each file, a case for each check.

use super::github::title;
use super::json::{CheckEntry, ErrorEntry, Report};
use super::markup::{escape, files};

/// The report, ending in a line end.
pub fn render(report: &Report) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let unexpected = report.checks.iter().filter(|c| !c.ok).count();
    let (tests, errors) = (report.checks.len() + report.errors.len(), report.errors.len());
    text.push_str(&format!(
        "<testsuites name=\"nat\" tests=\"{tests}\" failures=\"{unexpected}\" errors=\"{errors}\">\n"
    ));
    for file in files(report) {
        let checks: Vec<&CheckEntry> = report.checks.iter().filter(|c| c.file == file).collect();
        let errors: Vec<&ErrorEntry> = report.errors.iter().filter(|e| e.file == file).collect();
        text.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n",
            escape(file),
            checks.len() + errors.len(),
            checks.iter().filter(|c| !c.ok).count(),
            errors.len()
        ));
        text.push_str(&format!(
            "    <properties>\n      <property name=\"version\" value=\"{}\"/>\n      <property name=\"seed\" value=\"{}\"/>\n    </properties>\n",
            escape(&report.tool.version),
            report.seed
        ));
        checks.iter().for_each(|c| text.push_str(&case(c)));
        for e in errors {
            let help = e.help.as_ref().map(|h| format!("\n{h}")).unwrap_or_default();
            text.push_str(&format!(
                "    <testcase classname=\"{}\" name=\"{}:{}\" file=\"{}\" line=\"{}\">\n      <error type=\"{}\" message=\"{}\">{}</error>\n    </testcase>\n",
                escape(&e.file),
                e.line,
                e.column,
                escape(&e.file),
                e.line,
                escape(&e.code),
                escape(&e.message),
                escape(&format!("{}:{}:{}: {}{help}", e.file, e.line, e.column, e.message))
            ));
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn case(check: &CheckEntry) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\"",
        escape(&check.file),
        escape(&format!("{} (line {})", check.question, check.line)),
        escape(&check.file),
        check.line
    );
    if check.ok {
        return format!("{head}/>\n");
    }
    let mut body = format!("{}:{}:{}: {}", check.file, check.line, check.column, check.message);
    if let Some(w) = &check.witness {
        let point: Vec<String> = w.point.iter().map(|g| format!("{} = {}", g.name, g.value)).collect();
        body.push_str(&format!("\nwitness: {}\n{}: {} and {}", point.join(", "), w.component, w.left, w.right));
    }
    for b in &check.blame {
        body.push_str(&format!("\n{}:{}:{}: {}: {}", b.file, b.line, b.column, b.text, b.why));
    }
    format!(
        "{head}>\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
        escape(check.verdict.as_deref().unwrap_or(super::markup::without_verdict(check))),
        escape(&title(check)),
        escape(&body)
    )
}
