//! The report as a LaTeX table, to be input by a paper: it needs the package `longtable`.

use super::json::{CheckEntry, Report};
use super::markup::{files, summary, verdict};

/// The report, ending in a line end.
pub fn render(report: &Report) -> String {
    let mut text = format!(
        "% nat {}, seed {}, effort {}\n\\begin{{longtable}}{{@{{}}lp{{0.48\\linewidth}}lll@{{}}}}\n\
         \\hline\n & check & verdict & evidence & expected \\\\\n\\hline\n\\endhead\n",
        report.tool.version, report.seed, report.effort
    );
    for file in files(report) {
        text.push_str(&format!("\\multicolumn{{5}}{{@{{}}l}}{{\\texttt{{{}}}}} \\\\\n", escape(file)));
        for check in report.checks.iter().filter(|c| c.file == file) {
            match &check.table {
                None => text.push_str(&row(check)),
                Some(table) => {
                    for (class, cell) in table {
                        let rate = cell.rate.as_ref().map(|r| format!(" {r}")).unwrap_or_default();
                        text.push_str(&format!(
                            " & {} along {class} & {} & {} & \\\\\n",
                            escape(&check.question),
                            escape(&format!("{}{rate}", cell.verdict)),
                            escape(&cell.evidence)
                        ));
                    }
                }
            }
        }
        for e in report.errors.iter().filter(|e| e.file == file) {
            text.push_str(&format!(
                "{} & \\multicolumn{{4}}{{p{{0.8\\linewidth}}@{{}}}}{{error: {}}} \\\\\n",
                e.line,
                escape(&e.message)
            ));
        }
    }
    text.push_str(&format!("\\hline\n\\end{{longtable}}\n% {}\n", summary(report)));
    text
}

fn row(check: &CheckEntry) -> String {
    let mark = if check.ok { "" } else { "\\textbf{!} " };
    format!(
        "{mark}{} & {} & {} & {} & {} \\\\\n",
        check.line,
        escape(&check.question),
        escape(&verdict(check)),
        escape(check.evidence.as_deref().unwrap_or("")),
        escape(check.expected.as_deref().unwrap_or(""))
    )
}

/// Text in which nothing is a command.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '`' => out.push('\''),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
