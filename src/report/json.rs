//! The machine-readable report: one object on standard output.

use indexmap::IndexMap;
use serde::Serialize;

use super::system::{SquareEntry, SystemEntry};
use crate::source::Sources;
use crate::structure::blame::Blame;
use crate::structure::class::Class;
use crate::verdict::{Finding, Residual, Witness};
use crate::{Answer, InputError, expected_verdict};

/// The whole report.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this format.
    pub version: u32,
    /// All checks of all files, in order.
    pub checks: Vec<CheckEntry>,
    /// All errors of all files, in order.
    pub errors: Vec<ErrorEntry>,
}

/// One check.
#[derive(Debug, Serialize)]
pub struct CheckEntry {
    /// The file, as named on the command line.
    pub file: String,
    /// Line of the word `check`, from 1.
    pub line: usize,
    /// Column of the word `check`, from 1.
    pub column: usize,
    /// `natural`, `commutes`, `preserves`, `same` or `system`.
    pub kind: &'static str,
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
    pub verdict: Option<&'static str>,
    /// What the check expects; nothing for `classify`.
    pub expected: Option<&'static str>,
    /// Whether they agree.
    pub ok: bool,
    /// Why the verdict is believed.
    pub evidence: Option<&'static str>,
    /// The order of the defect in `lr`.
    pub order: Option<usize>,
    /// The rate, as a formula.
    pub rate: Option<String>,
    /// For a transfer: for each block of the target the factors of its hyperparameters that are not one, as formulas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rates: Option<IndexMap<String, IndexMap<String, String>>>,
    /// For a statement about all steps of training: the equations between the states of both runs that prove it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub invariant: Vec<String>,
    /// The numbers beside the evidence.
    pub residual: Option<Residual>,
    /// The point that proves a `fails`.
    pub witness: Option<Witness>,
    /// Side conditions that were not proved.
    pub assumptions: Vec<String>,
    /// Those of the assumptions that are claims which were only seen to hold at sampled points.
    pub sampled_claims: Vec<String>,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blame: Vec<BlameEntry>,
    /// For a `fails` that was not expected: the largest classes along which types prove the optimizer natural.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub natural_along: Vec<&'static str>,
    /// A file that shows the failure when it is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// For `classify`: the answer along each class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<IndexMap<&'static str, CellEntry>>,
    /// One sentence.
    pub message: String,
}

/// One cell of a table of classes.
#[derive(Debug, Serialize)]
pub struct CellEntry {
    /// What was found.
    pub verdict: &'static str,
    /// The order of the defect in `lr`.
    pub order: Option<usize>,
    /// The rate, as a formula.
    pub rate: Option<String>,
    /// Why the verdict is believed.
    pub evidence: &'static str,
    /// Whether the square commutes along this class and along none that contains it.
    pub largest: bool,
    /// Side conditions that were not proved.
    pub assumptions: Vec<String>,
    /// Where naturality is lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blame: Vec<BlameEntry>,
    /// A file that shows the failure when it is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// One sentence.
    pub message: String,
}

/// A subexpression at which naturality is lost.
#[derive(Debug, Serialize)]
pub struct BlameEntry {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The subexpression.
    pub text: String,
    /// Why.
    pub why: String,
}

/// A change of the optimizer that was seen to mend a square.
#[derive(Debug, Serialize)]
pub struct RepairEntry {
    /// The verdict after it.
    pub verdict: &'static str,
    /// The changes, which belong together.
    pub edits: Vec<EditEntry>,
}

/// One change in the file.
#[derive(Debug, Serialize)]
pub struct EditEntry {
    /// What stands there.
    pub replace: String,
    /// What should stand there.
    pub by: String,
}

/// One error of the input.
#[derive(Debug, Serialize)]
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
    /// A second place that belongs to the error, in another file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<PlaceEntry>,
}

/// A place with what is there.
#[derive(Debug, Serialize)]
pub struct PlaceEntry {
    /// What is there.
    pub message: &'static str,
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
        let (left, right) = answer.task.sides.clone().unzip();
        let f = &answer.finding;
        let asked = answer.task.table.is_empty();
        CheckEntry {
            file: file.to_owned(),
            line,
            column,
            kind: answer.task.kind,
            optimizer: answer.task.optimizer.clone(),
            along: answer.task.along.clone(),
            on: answer.task.on.clone(),
            left,
            right,
            verdict: asked.then_some(f.verdict.text()),
            expected: asked.then_some(expected_verdict(answer.task.expected.as_ref()).text()),
            ok: answer.ok,
            evidence: asked.then_some(f.evidence.text()),
            order: f.order,
            rate: f.rate.clone(),
            rates: (answer.task.kind == "transfer").then(|| f.rates.clone()),
            invariant: f.invariant.clone(),
            residual: f.residual,
            witness: f.witness.clone(),
            assumptions: f.assumptions.clone(),
            sampled_claims: f.sampled_claims.clone(),
            tried: f.tried.clone(),
            repair: f.repair.as_ref().map(|r| RepairEntry {
                verdict: r.verdict.text(),
                edits: r.edits.iter().map(|(_, a, b)| EditEntry { replace: a.clone(), by: b.clone() }).collect(),
            }),
            squares: answer.system.as_ref().map(super::system::square_entries),
            system: answer.system.as_ref().map(SystemEntry::new),
            blame: f.blame.iter().map(|b| BlameEntry::new(sources, b)).collect(),
            natural_along: f.natural_along.iter().map(|c| c.word()).collect(),
            example: f.example.clone(),
            table: (!asked).then(|| table(sources, answer)),
            message: if asked { f.message.clone() } else { String::new() },
        }
    }
}

fn table(sources: &Sources, answer: &Answer) -> IndexMap<&'static str, CellEntry> {
    let largest = crate::report::table::largest(&answer.table);
    let cell = |(class, f): &(Class, Finding)| {
        let entry = CellEntry {
            verdict: f.verdict.text(),
            order: f.order,
            rate: f.rate.clone(),
            evidence: f.evidence.text(),
            largest: largest.contains(class),
            assumptions: f.assumptions.clone(),
            blame: f.blame.iter().map(|b| BlameEntry::new(sources, b)).collect(),
            example: f.example.clone(),
            message: f.message.clone(),
        };
        (class.word(), entry)
    };
    answer.table.iter().map(cell).collect()
}

impl BlameEntry {
    fn new(sources: &Sources, blame: &Blame) -> Self {
        let (file, line, column) = sources.place(blame.span);
        let text = sources.get(blame.span.source).slice(blame.span).to_owned();
        BlameEntry { file: file.to_owned(), line, column, text, why: blame.why.clone() }
    }
}

impl ErrorEntry {
    /// The entry of a fault with a place.
    pub fn new(sources: &Sources, error: &InputError) -> Self {
        let (file, line, column) = sources.place(error.span());
        ErrorEntry {
            code: miette::Diagnostic::code(error).map(|c| c.to_string()).unwrap_or_default(),
            message: error.to_string(),
            help: miette::Diagnostic::help(error).map(|h| h.to_string()),
            file: file.to_owned(),
            line,
            column,
            related: error.elsewhere().map(|(span, message)| {
                let (file, line, column) = sources.place(span);
                PlaceEntry { message, file: file.to_owned(), line, column }
            }),
        }
    }
}
