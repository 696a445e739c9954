//! The machine-readable report: one object on standard output.

use indexmap::IndexMap;
use miette::Diagnostic;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::excerpt::Style;
use super::made::{PartitionEntry, SourceEntry, ToolEntry};
use super::picture::Drawing;
use super::system::{SquareEntry, SystemEntry};
use crate::check::Kind;
use crate::core::class::Class;
use crate::model::warnings::Warning;
use crate::source::{Sources, Span};
use crate::verdict::{Blame, Change, Finding, Repair, Residual, Witness};
use crate::{Answer, InputError, Options};

/// The version of the format of reports.
pub const VERSION: u32 = 1;

/// The edition of the language.
pub const EDITION: &str = "2026";

/// The whole report.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this format.
    pub version: u32,
    /// What made the report.
    pub tool: ToolEntry,
    /// The edition of the language.
    pub language: String,
    /// The seed of all sampling.
    pub seed: u64,
    /// Floating-point samples for each square.
    pub samples: usize,
    /// What every search budget was multiplied by.
    pub effort: usize,
    /// Which part of the questions was asked, if it was not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<PartitionEntry>,
    /// The texts that were read, those that are used included.
    pub sources: Vec<SourceEntry>,
    /// All checks of all files, in order.
    pub checks: Vec<CheckEntry>,
    /// All errors of all files, in order.
    pub errors: Vec<ErrorEntry>,
    /// All warnings of all files, in order; they change no answer.
    #[serde(default)]
    pub warnings: Vec<ErrorEntry>,
}

impl Report {
    /// A report without checks, of a run with these options.
    pub fn new(options: &Options) -> Self {
        Report {
            version: VERSION,
            tool: ToolEntry { name: "nat".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            language: EDITION.to_owned(),
            seed: options.seed,
            samples: options.samples,
            effort: options.effort,
            partition: None,
            sources: Vec::new(),
            checks: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The report as text, ending in a line end.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.unwrap_or_else(|e| format!("{{\"version\": {VERSION}, \"error\": {:?}}}", e.to_string())) + "\n"
    }
}

/// One check.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CheckEntry {
    /// The file, as named on the command line.
    pub file: String,
    /// Line of the word `check`, from 1.
    pub line: usize,
    /// Column of the word `check`, from 1.
    pub column: usize,
    /// Line of the end of the check, from 1.
    pub end_line: usize,
    /// Column behind its last character, from 1.
    pub end_column: usize,
    /// The question as it is written, without `check` and `expect`.
    pub question: String,
    /// `natural`, `commutes`, `preserves`, `same`, `system`, `training`, `transfer`, `classify` or `trace`.
    pub kind: String,
    /// The optimizer of a `natural`.
    pub optimizer: Option<String>,
    /// The path of a `natural` or `preserves`.
    pub along: Option<String>,
    /// The architecture after `on`.
    pub on: Option<String>,
    /// The left side of `commutes` and `same`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// The right side of `commutes` and `same`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// What was found.
    pub verdict: Option<String>,
    /// What the check expects; nothing for `classify`.
    pub expected: Option<String>,
    /// Whether they agree.
    pub ok: bool,
    /// Why the verdict is believed.
    pub evidence: Option<String>,
    /// The order of the defect in `lr`.
    pub order: Option<usize>,
    /// The rate, as a formula.
    pub rate: Option<String>,
    /// For a transfer: for each block of the target the factors of its hyperparameters that are not one, as formulas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rates: Option<IndexMap<String, IndexMap<String, String>>>,
    /// For a statement about all steps of training: the equations between the states of both runs that prove it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invariant: Vec<String>,
    /// The numbers beside the evidence.
    pub residual: Option<Residual>,
    /// The point that proves a `fails`.
    pub witness: Option<Witness>,
    /// What the statement says of architectures: properties that a proof by types used.
    pub hypotheses: Vec<String>,
    /// Side conditions that were not proved.
    pub assumptions: Vec<String>,
    /// Those of the assumptions that are claims which were only seen to hold at sampled points.
    pub sampled_claims: Vec<String>,
    /// For the evidence `generic`: what the instances were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<String>,
    /// For a `fails`: causes that lie not in the text of the optimizer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// For a step whose sides differ by an order in the learning rate: the difference at rates that grow smaller.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shrinking: Vec<ShrinkingEntry>,
    /// What was tried without success.
    pub tried: Vec<String>,
    /// A change of the optimizer that was seen to mend the square: what stands in the file and what should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<RepairEntry>,
    /// The squares of a check of or along a system, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub squares: Option<Vec<SquareEntry>>,
    /// What the squares of a system say together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemEntry>,
    /// Where naturality is lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blame: Vec<BlameEntry>,
    /// For a `fails` that was not expected: the largest classes along which types prove the optimizer natural.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub natural_along: Vec<String>,
    /// A file that shows the failure when it is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// For `classify`: the answer along each class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<IndexMap<String, CellEntry>>,
    /// For a `trace`: what was measured, in floating point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<crate::check::trace::Report>,
    /// Its diagram, with the arrows that are to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagram: Option<Drawing>,
    /// For an answer that is not as expected: the full report of it, as `nat check` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// One sentence.
    pub message: String,
}

/// How far the sides of a step differ at one learning rate.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ShrinkingEntry {
    /// The learning rate.
    pub lr: f64,
    /// The largest difference of two entries, at a random point.
    pub difference: f64,
}

/// One cell of a table of classes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CellEntry {
    /// What was found.
    pub verdict: String,
    /// The order of the defect in `lr`.
    pub order: Option<usize>,
    /// The rate, as a formula.
    pub rate: Option<String>,
    /// Why the verdict is believed.
    pub evidence: String,
    /// Whether the square commutes along this class and along none that contains it.
    pub largest: bool,
    /// What the statement says of architectures: properties that a proof by types used.
    pub hypotheses: Vec<String>,
    /// Side conditions that were not proved.
    pub assumptions: Vec<String>,
    /// For the evidence `generic`: what the instances were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<String>,
    /// Where naturality is lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blame: Vec<BlameEntry>,
    /// A file that shows the failure when it is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// One sentence.
    pub message: String,
}

/// A subexpression at which naturality is lost.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BlameEntry {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Line of its end, from 1.
    pub end_line: usize,
    /// Column behind its end, from 1.
    pub end_column: usize,
    /// The subexpression.
    pub text: String,
    /// Why.
    pub why: String,
}

/// A change of the optimizer that was seen to mend a square.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RepairEntry {
    /// The verdict after it.
    pub verdict: String,
    /// The changes, which belong together.
    pub edits: Vec<EditEntry>,
}

/// One change in the file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EditEntry {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Line of the end, from 1; for an addition the place itself.
    pub end_line: usize,
    /// Column behind the end, from 1.
    pub end_column: usize,
    /// What stands there.
    pub replace: String,
    /// What should stand there.
    pub by: String,
}

/// One error of the input.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ErrorEntry {
    /// Its stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Advice, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The file.
    pub file: String,
    /// Line, from 1; 0 where there is none.
    pub line: usize,
    /// Column, from 1; 0 where there is none.
    pub column: usize,
    /// Line of the end, from 1; 0 where there is none.
    pub end_line: usize,
    /// Column behind the end, from 1; 0 where there is none.
    pub end_column: usize,
    /// A second place that belongs to the error, in another file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<PlaceEntry>,
}

/// A place with what is there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlaceEntry {
    /// What is there.
    pub message: String,
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl CheckEntry {
    /// The entry of one answer.
    pub fn new(sources: &Sources, answer: &Answer) -> Self {
        let (file, line, column) = sources.place(answer.task.span);
        let (end_line, end_column) = sources.end(answer.task.span);
        let (left, right) = answer.task.sides.clone().unzip();
        let f = &answer.finding;
        let asked = answer.has_verdict();
        CheckEntry {
            file: file.to_owned(),
            line,
            column,
            end_line,
            end_column,
            question: answer.task.text.clone(),
            kind: answer.task.kind.word().to_owned(),
            optimizer: answer.task.optimizer.clone(),
            along: answer.task.along.clone(),
            on: answer.task.on.clone(),
            left,
            right,
            verdict: asked.then_some(f.verdict().text().to_owned()),
            expected: (asked && !answer.task.bare).then_some(answer.task.expects().text().to_owned()),
            ok: answer.ok,
            evidence: asked.then_some(f.evidence().text().to_owned()),
            order: f.order(),
            rate: f.rate().map(str::to_owned),
            rates: (answer.task.kind == Kind::Transfer).then(|| f.factors().cloned().unwrap_or_default()),
            invariant: f.invariant().to_vec(),
            residual: f.residual.filter(|r| r.max.is_finite() && r.noise.is_finite() && r.defect.is_finite()),
            witness: f.witness().cloned(),
            hypotheses: f.hypotheses().to_vec(),
            assumptions: f.assumptions.clone(),
            sampled_claims: f.sampled_claims.clone(),
            bounds: f.bounds().map(str::to_owned),
            causes: f.causes().to_vec(),
            shrinking: f.shrinking().iter().map(|&(lr, difference)| ShrinkingEntry { lr, difference }).collect(),
            tried: f.tried.clone(),
            repair: f.repair.as_ref().map(|r| RepairEntry::new(sources, r)),
            squares: answer.system.as_ref().map(super::system::square_entries),
            system: answer.system.as_ref().map(SystemEntry::new),
            blame: BlameEntry::all(sources, f),
            natural_along: f.natural_along().iter().map(|c| c.word().to_owned()).collect(),
            example: f.example.clone(),
            table: answer.is_table().then(|| table(sources, answer)),
            trace: answer.trace.clone(),
            diagram: Drawing::of(answer),
            report: (!answer.ok).then(|| super::text::unexpected(sources, answer).draw(sources, Style::PLAIN)),
            message: if answer.is_table() { String::new() } else { f.message.clone() },
        }
    }
}

/// The table of a `classify`.
pub(super) fn table(sources: &Sources, answer: &Answer) -> IndexMap<String, CellEntry> {
    let largest = crate::report::table::largest(&answer.table);
    let cell = |(class, f): &(Class, Finding)| {
        let entry = CellEntry {
            verdict: f.verdict().text().to_owned(),
            order: f.order(),
            rate: f.rate().map(str::to_owned),
            evidence: f.evidence().text().to_owned(),
            largest: largest.contains(class),
            hypotheses: f.hypotheses().to_vec(),
            assumptions: f.assumptions.clone(),
            bounds: f.bounds().map(str::to_owned),
            blame: BlameEntry::all(sources, f),
            example: f.example.clone(),
            message: f.message.clone(),
        };
        (class.word().to_owned(), entry)
    };
    answer.table.iter().map(cell).collect()
}

impl BlameEntry {
    fn all(sources: &Sources, finding: &Finding) -> Vec<Self> {
        finding.blame().iter().map(|b| BlameEntry::new(sources, b)).collect()
    }

    fn new(sources: &Sources, blame: &Blame) -> Self {
        let (file, line, column) = sources.place(blame.span);
        let (end_line, end_column) = sources.end(blame.span);
        let text = sources.get(blame.span.source).slice(blame.span).to_owned();
        BlameEntry { file: file.to_owned(), line, column, end_line, end_column, text, why: blame.why.clone() }
    }
}

impl RepairEntry {
    fn new(sources: &Sources, repair: &Repair) -> Self {
        let edits = repair.edits.iter().map(|change| EditEntry::new(sources, change)).collect();
        RepairEntry { verdict: repair.verdict.text().to_owned(), edits }
    }
}

impl EditEntry {
    fn new(sources: &Sources, (span, old, new): &Change) -> Self {
        let (file, line, column) = sources.place(*span);
        let (end_line, end_column) = if old.is_empty() { (line, column) } else { sources.end(*span) };
        // White space is all that separates an addition from what follows it.
        let by = if old.is_empty() { format!("{new} ") } else { new.clone() };
        EditEntry { file: file.to_owned(), line, column, end_line, end_column, replace: old.clone(), by }
    }
}

impl ErrorEntry {
    /// The entry of a fault without a place in a text.
    pub fn without_place(code: &str, file: &str, message: String) -> Self {
        ErrorEntry {
            code: code.to_owned(),
            message,
            help: None,
            file: file.to_owned(),
            line: 0,
            column: 0,
            end_line: 0,
            end_column: 0,
            related: None,
        }
    }

    /// The entry of a warning.
    pub fn of_warning(sources: &Sources, warning: &Warning) -> Self {
        ErrorEntry::placed(sources, warning, warning.span())
    }

    /// The entry of a fault with a place.
    pub fn new(sources: &Sources, error: &InputError) -> Self {
        let related = error.elsewhere().map(|(span, message)| {
            let (file, line, column) = sources.place(span);
            PlaceEntry { message: message.to_owned(), file: file.to_owned(), line, column }
        });
        ErrorEntry { related, ..ErrorEntry::placed(sources, error, error.span()) }
    }

    fn placed(sources: &Sources, diagnostic: &dyn Diagnostic, span: Span) -> Self {
        let (file, line, column) = sources.place(span);
        let (end_line, end_column) = sources.end(span);
        let code = diagnostic.code().map(|c| c.to_string()).unwrap_or_default();
        let help = diagnostic.help().map(|h| h.to_string());
        let entry = ErrorEntry::without_place(&code, file, diagnostic.to_string());
        ErrorEntry { help, line, column, end_line, end_column, ..entry }
    }
}
