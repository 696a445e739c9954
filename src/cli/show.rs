//! Answers as they are printed and as they are kept: everything that the outputs of a run are made from.

use serde::{Deserialize, Serialize};

use super::printer::Printer;
use crate::check::expected::Unexpected;
use crate::model::warnings::Warning;
use crate::report::excerpt::{width, wrap};
use crate::report::json::{CheckEntry, ErrorEntry};
use crate::report::{system, table, text, trace};
use crate::source::{Sources, Span};
use crate::verdict::Verdict;
use crate::{Answer, InputError};

/// One answer, ready to be printed. It holds no terms and no places of this run, so it can be kept for another one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shown {
    /// Its entry in the report for machines.
    pub entry: CheckEntry,
    /// Its lines in the list of answers.
    pub lines: Vec<String>,
    /// What is assumed and not proved.
    pub assumptions: Vec<String>,
    /// For an answer that is not as expected: its place, the question, what is expected and what was found.
    pub short: Option<String>,
    /// For such an answer: the full report.
    pub report: Option<String>,
    /// Whether this is a table of `classify` or an experiment, which have no verdict.
    pub is_table: bool,
}

/// One error of the input, ready to be printed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// Its entry in the report for machines.
    pub entry: ErrorEntry,
    /// The full report.
    pub report: String,
}

impl Fault {
    /// An error with a place.
    pub fn new(sources: &Sources, error: &InputError, printer: &Printer) -> Self {
        Fault { entry: ErrorEntry::new(sources, error), report: printer.error(sources, error) }
    }

    /// A warning.
    pub fn warning(sources: &Sources, warning: &Warning, printer: &Printer) -> Self {
        let report = printer.warning(sources, warning);
        Fault { entry: ErrorEntry::of_warning(sources, warning), report }
    }
}

/// The answers to one question as they are printed: one, or for `classify` one for each optimizer in a common table.
pub fn group(sources: &Sources, answers: &[Answer], printer: &Printer) -> Vec<Shown> {
    let mut shown: Vec<Shown> = answers.iter().map(|a| one(sources, a, printer)).collect();
    if let [first, .., _] = answers
        && first.is_table()
    {
        let all = format!("classify\n{}", table::matrix(&answers.iter().collect::<Vec<_>>()));
        shown[0].lines = indented(&all);
        shown.iter_mut().skip(1).for_each(|s| s.lines.clear());
    }
    shown
}

fn one(sources: &Sources, answer: &Answer, printer: &Printer) -> Shown {
    let lines = if answer.is_table() {
        indented(&format!("{}\n{}", answer.task.text, table::list(sources, answer)))
    } else if let Some(found) = &answer.trace {
        indented(&format!("{}\n{}", answer.task.text, trace::lines(found).join("\n")))
    } else if !answer.has_verdict() {
        vec![format!("  {OPEN} {}: {}", answer.task.text, answer.finding.message)]
    } else {
        let (ok, line) = text::line(answer);
        let mark = match ok {
            true if answer.task.bare && answer.finding.verdict() == Verdict::Undecided => OPEN,
            true => "\u{1b}[32m✓\u{1b}[0m",
            false => "\u{1b}[31m✗\u{1b}[0m",
        };
        let mut first = vec![format!("  {mark} {line}")];
        // A long question stands on a line of its own, and the columns stay.
        if let Some(room) = printer.columns().filter(|room| width(&line) + 4 > *room) {
            let (columns, question) = line.split_at(line.len() - question(&line, answer));
            first = vec![format!("  {mark} {}", columns.trim_end())];
            first.extend(wrap(&format!("      {question}"), room, 2));
        }
        first.into_iter().chain(system::summary(answer).into_iter().map(|line| format!("      {line}"))).collect()
    };
    Shown {
        entry: CheckEntry::new(sources, answer),
        lines,
        assumptions: answer.assumptions().cloned().collect(),
        short: (!answer.ok).then(|| short(sources, answer)),
        report: (!answer.ok).then(|| printer.text(sources, &text::unexpected(sources, answer))),
        is_table: !answer.has_verdict(),
    }
}

/// The mark of a question that expects nothing and has no answer.
const OPEN: &str = "\u{1b}[33m–\u{1b}[0m";

/// The bytes that the question takes at the end of a line of the list.
fn question(line: &str, answer: &Answer) -> usize {
    line.rfind(&answer.task.text).map_or(0, |at| line.len() - at)
}

fn indented(text: &str) -> Vec<String> {
    text.lines().enumerate().map(|(i, line)| format!("{}{line}", if i == 0 { "  " } else { "    " })).collect()
}

/// `file:line:column: question: expected …, found …`.
fn short(sources: &Sources, answer: &Answer) -> String {
    let f = &answer.finding;
    if answer.trace.is_some() {
        return format!("{}: {}: {}", place(sources, answer.task.span), answer.task.text, f.message);
    }
    let expected = answer.task.expects();
    let what = match Unexpected::of(&answer.task, f) {
        Unexpected::Rate(rate) => format!("expected the rate {rate}, found {}", f.rate().unwrap_or("another")),
        Unexpected::Order(wanted) => {
            let found = f.order().map_or("another order".to_owned(), |k| format!("lr^{k}"));
            format!("expected the order lr^{wanted}, found {found}")
        }
        Unexpected::Evidence => {
            format!("{} expected as proved, found {}", expected.text(), f.evidence().text())
        }
        Unexpected::Verdict => format!("expected {}, found {}", expected.text(), f.verdict().text()),
    };
    format!("{}: {}: {what}", place(sources, answer.task.span), answer.task.text)
}

/// `file:line:column`.
pub fn place(sources: &Sources, span: Span) -> String {
    let (file, line, column) = sources.place(span);
    format!("{file}:{line}:{column}")
}
