//! `nat`: a small category-theory modelling language for neural-network optimizers, and its checker.
//!
//! A file passes through these stages, in this order; each is one module, and arrows between modules point backward in
//! this list only.
//!
//! | stage | from → to | main types |
//! | --- | --- | --- |
//! | [`source`] | bytes → text with places | [`source::Source`], [`source::Span`] |
//! | [`syntax`] | text → spanned tree | [`syntax::tree::File`] |
//! | [`uses`] | file → the files and libraries that it uses | [`uses::Files`], [`uses::Part`] |
//! | [`core`] | what a file declares, the table of functions, the classes and variances | [`core::names::Model`], [`core::prim::Row`] |
//! | [`domain`] | the scalars that terms are read in | [`domain::Domain`] |
//! | [`verdict`] | what is claimed, and on what evidence; a leaf | [`verdict::Finding`] |
//! | [`read`] | the one reader of the language, in any algebra | [`read::Algebra`] |
//! | [`term`] | the calculus: tensor terms and their derivatives | [`term::Store`], [`term::Program`] |
//! | [`model`] | tree → declarations, and from them shapes and terms | [`core::names::Model`], [`model::elaborate::Elaborator`] |
//! | [`diagram`] | objects, arrows, paths, parallel pairs; no algebra | [`diagram::Diagram`] |
//! | [`structure`] | optimizers → transformation laws: proofs for every architecture | [`structure::rules::Typer`], [`structure::prove`] |
//! | [`check`] | diagram, terms and laws → findings | [`check::Problem`], [`check::decide`], [`check::class`] |
//! | [`explain`] | codes → pages about them | [`explain::Page`] |
//! | [`report`] | findings → terminal and JSON | [`report::text`], [`report::json`] |
//! | [`driver`] | a source → its answers | [`check_source`] |
//! | [`cli`] | the command line | [`cli::run`] |
//!
//! They are apart so that each can be trusted by itself: the syntax knows no meaning, the terms know no categories, the
//! diagram knows no algebra, and the only place where paths become terms is [`check::lower`].
//!
//! [`check_source`] puts them together; [`load`] stops before anything is decided. A text alone is read by
//! [`syntax::parse()`] and printed by the `Display` of its tree:
//!
//! ```
//! use nat::source::{Source, SourceId};
//! use nat::syntax;
//!
//! let source = Source::new("a.nat", "let half=1/2");
//! let (file, errors) = syntax::parse(SourceId::default(), &source);
//! assert!(errors.is_empty());
//! assert_eq!(file.to_string().trim(), "let half = 1 / 2");
//!
//! // What is printed is read as the same tree.
//! let again = Source::new("b.nat", &file.to_string());
//! let (other, _) = syntax::parse(SourceId::default(), &again);
//! assert_eq!(other.to_string(), file.to_string());
//! ```
#![forbid(unsafe_code)]
// No input makes the program stop half-way, and only the command line speaks to the world.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::exit,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]

pub mod check;
pub mod cli;
pub mod core;
pub mod diagram;
pub mod domain;
pub mod driver;
pub mod explain;
pub mod model;
pub mod read;
pub mod refs;
pub mod report;
pub mod source;
pub mod structure;
pub mod syntax;
pub mod term;
pub mod uses;
pub mod verdict;

use std::time::{Duration, Instant};

use miette::Diagnostic;
use thiserror::Error;

use check::Task;
pub use check::expected::expected_verdict;
use check::system::{Progress, Silent};
use core::class::Class;
use core::error::ModelError;
pub use driver::{check_source, check_source_for, check_source_with, load, warnings_of};
use model::warnings::Warning;
use source::{Sources, Span};
use syntax::SyntaxError;
use syntax::tree::{Check, Classify};
use uses::error::UseError;
use verdict::Finding;

/// A fault of the input, from whichever stage found it.
#[derive(Debug, Clone, PartialEq, Error, Diagnostic)]
pub enum InputError {
    /// The text does not follow the grammar.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Syntax(#[from] SyntaxError),
    /// A `use` brings nothing.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Use(#[from] UseError),
    /// Names, shapes or sizes do not fit.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Model(#[from] ModelError),
    /// As [`InputError::Model`], in a used file, found when a check brought it together with something else.
    #[error("{error}")]
    #[diagnostic(forward(error))]
    Asked {
        /// The fault.
        error: ModelError,
        /// The check.
        check: Span,
    },
}

impl InputError {
    /// Where the fault is.
    pub fn span(&self) -> Span {
        match self {
            InputError::Syntax(e) => e.span(),
            InputError::Use(e) => e.span(),
            InputError::Model(e) | InputError::Asked { error: e, .. } => e.span(),
        }
    }

    /// A second place that belongs to the fault, in another file, with its label.
    pub fn elsewhere(&self) -> Option<(Span, &'static str)> {
        match self {
            InputError::Syntax(_) | InputError::Use(_) => None,
            InputError::Model(e) => e.elsewhere(),
            InputError::Asked { check, .. } => Some((*check, "asked here")),
        }
    }
}

/// How to check.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The seed of all sampling.
    pub seed: u64,
    /// Floating-point samples for each square.
    pub samples: usize,
    /// Multiplies every search budget.
    pub effort: usize,
    /// Whether a verdict that is only numeric, or that rests on a claim that was only sampled, counts as unexpected.
    pub require_proof: bool,
    /// Whether a verdict that rests on an assumption which the file does not state counts as unexpected.
    pub deny_assumptions: bool,
    /// When searches give up, whatever their budgets; the answers of a run with one depend on the machine.
    pub deadline: Option<Instant>,
}

impl Default for Options {
    fn default() -> Self {
        Options { seed: 0, samples: 32, effort: 1, require_proof: false, deny_assumptions: false, deadline: None }
    }
}

/// Hears what a run does while it does it, and says what is asked for. It must not change any answer.
pub trait Listener: Progress {
    /// The names of a source are resolved; these are its questions, none of which has been looked at.
    fn asked(&self, _sources: &Sources, _checks: &[Check], _requests: &[Classify]) {}

    /// Whether the question at this place is to be answered. One that is not is not elaborated either.
    fn wanted(&self, _question: Span) -> bool {
        true
    }

    /// The source has no faults; these are the questions that are about to be answered, in no particular order.
    fn begun(&self, _tasks: &[&Task]) {}

    /// A question is answered.
    fn answered(&self, _answer: &Answer) {}

    /// Whether to begin no further question. What is not begun is left out.
    fn stopped(&self) -> bool {
        false
    }
}

impl Listener for Silent {}

/// The answer to one check.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked, and where.
    pub task: Task,
    /// What was found.
    pub finding: Finding,
    /// Whether that is what the check expects.
    pub ok: bool,
    /// How long it took.
    pub time: Duration,
    /// For a check of or along a system: its squares, and what they say together.
    pub system: Option<check::system::Report>,
    /// For `classify`: what was found along each class.
    pub table: Vec<(Class, Finding)>,
    /// For a `trace`: what was measured.
    pub trace: Option<check::trace::Report>,
}

impl Answer {
    /// The answer to a question that has neither squares nor a table.
    pub fn new(task: Task, finding: Finding, ok: bool, time: Duration) -> Self {
        Answer { task, finding, ok, time, system: None, table: Vec::new(), trace: None }
    }

    /// Whether this is the table of a `classify`, which has no verdict of its own.
    pub fn is_table(&self) -> bool {
        matches!(self.task.ask, check::Ask::Classes(_))
    }

    /// Whether this has a verdict: a table and an experiment have none, finished or not.
    pub fn has_verdict(&self) -> bool {
        !matches!(self.task.kind, check::Kind::Classify | check::Kind::Trace)
    }

    /// What was assumed and not proved, in the finding or in the cells of a table.
    pub fn assumptions(&self) -> impl Iterator<Item = &String> {
        self.finding.assumptions.iter().chain(self.table.iter().flat_map(|(_, f)| &f.assumptions))
    }
}

/// What came of one source.
#[derive(Debug, Default)]
pub struct FileReport {
    /// The answers in order; none if the source has errors.
    pub answers: Vec<Answer>,
    /// The errors in order of place, those of the files it uses among them.
    pub errors: Vec<InputError>,
    /// What is allowed and hardly meant, in order of place; nothing of a source with errors.
    pub warnings: Vec<Warning>,
}
