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
//! | [`read`] | the one reader of the language, in any algebra | [`read::Algebra`] |
//! | [`term`] | the calculus: tensor terms and their derivatives | [`term::Store`], [`term::Program`] |
//! | [`model`] | tree → declarations, and from them shapes and terms | [`core::names::Model`], [`model::elaborate::Elaborator`] |
//! | [`diagram`] | objects, arrows, paths, parallel pairs; no algebra | [`diagram::Diagram`] |
//! | [`structure`] | optimizers → transformation laws: proofs for every architecture | [`structure::rules::Typer`], [`structure::prove`] |
//! | [`verdict`] | what is claimed, and on what evidence | [`verdict::Finding`] |
//! | [`check`] | diagram, terms and laws → findings | [`check::Problem`], [`check::decide`], [`check::class`] |
//! | [`explain`] | codes → pages about them | [`explain::Page`] |
//! | [`report`] | findings → terminal and JSON | [`report::text`], [`report::json`] |
//! | [`cli`] | the command line | [`cli::run`] |
//!
//! They are apart so that each can be trusted by itself: the syntax knows no meaning, the terms know no categories, the
//! diagram knows no algebra, and the only place where paths become terms is [`check::lower`].
//!
//! [`check_source`] is the driver.
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

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use miette::Diagnostic;
use rayon::prelude::*;
use thiserror::Error;

use check::class::Examples;
use check::decide::Disagreement;
use check::lower::system::Systems;
use check::system::{Progress, Silent, Stopped};
use check::{Budget, Task};
use core::class::Class;
use core::error::ModelError;
use core::names::Model;
use model::warnings::{Warning, one_size, warnings};
use source::{SourceId, Sources, Span};
use syntax::SyntaxError;
use syntax::tree::{Check, Classify, Ident, Instance, Path, Question};
use uses::Files;
use uses::error::UseError;
pub use verdict::expected_verdict;
use verdict::{Evidence, Finding, Verdict};

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
    /// Whether a verdict that rests on an assumption counts as unexpected.
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
    /// Whether this is the table of a `classify`, which has no verdict of its own.
    pub fn is_table(&self) -> bool {
        !self.task.table.is_empty()
    }

    /// Whether this has a verdict: a table and an experiment have none.
    pub fn has_verdict(&self) -> bool {
        !self.is_table() && self.trace.is_none()
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

/// A source with all that it uses, parsed and resolved; the errors of its text, and those of its names and shapes.
fn resolve(sources: &mut Sources, id: SourceId, files: &mut Files<'_>) -> (Model, Vec<InputError>, Vec<ModelError>) {
    let gathered = files.gather(sources, id);
    let (model, mut faults) = Model::join(&gathered.parts);
    let mut errors: Vec<InputError> = gathered.syntax.into_iter().map(InputError::from).collect();
    errors.extend(gathered.errors.into_iter().map(InputError::from));
    // After an error of syntax, or a file that is missing, names may be missing that are declared.
    if errors.is_empty() {
        faults.extend(model::validate::validate(&model));
    }
    (model, errors, faults)
}

/// Parses and resolves one source with all that it uses.
///
/// # Errors
/// All faults of the input, in order of place.
pub fn load(sources: &mut Sources, id: SourceId, files: &mut Files<'_>) -> Result<Model, Vec<InputError>> {
    let (model, mut errors, faults) = resolve(sources, id, files);
    errors.extend(faults.into_iter().map(InputError::from));
    errors.sort_by_key(InputError::span);
    if errors.is_empty() { Ok(model) } else { Err(errors) }
}

/// Parses, resolves and checks one source with all that it uses. A source with errors, or one that uses a source with
/// errors, is not checked.
///
/// # Errors
/// If two engines contradict each other, which is a defect of `nat` and stops the run.
pub fn check_source(
    sources: &mut Sources,
    id: SourceId,
    files: &mut Files<'_>,
    options: &Options,
) -> Result<FileReport, Disagreement> {
    check_source_with(sources, id, files, options, &Silent)
}

/// As [`check_source`], with a listener that hears how far long checks have come.
///
/// # Errors
/// As [`check_source`].
pub fn check_source_with(
    sources: &mut Sources,
    id: SourceId,
    files: &mut Files<'_>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<FileReport, Disagreement> {
    check_source_for(sources, id, files, options, &Heard(progress))
}

/// A listener to progress alone.
struct Heard<'a>(&'a dyn Progress);

impl Progress for Heard<'_> {
    fn begin(&self, what: &str, squares: usize) {
        self.0.begin(what, squares);
    }
    fn done(&self) {
        self.0.done();
    }
    fn end(&self) {
        self.0.end();
    }
}

impl Listener for Heard<'_> {}

/// As [`check_source`], with a listener that hears of every question and answer, and chooses among the questions.
///
/// # Errors
/// As [`check_source`].
pub fn check_source_for(
    sources: &mut Sources,
    id: SourceId,
    files: &mut Files<'_>,
    options: &Options,
    listener: &dyn Listener,
) -> Result<FileReport, Disagreement> {
    let (mut model, mut errors, mut faults) = resolve(sources, id, files);
    // A table of rates is a question for each of its optimizers, which expects nothing.
    let bare = check::lower::transfers(&model);
    model.checks.extend(bare);
    let traces: Vec<Check> = check::lower::traces(&model).collect();
    model.checks.extend(traces);
    listener.asked(sources, &model.checks, &model.classifications);
    model.checks.retain(|c| listener.wanted(c.span));
    model.classifications.retain(|c| listener.wanted(c.span));
    let mut systems = Systems::default();
    let lowered: Vec<Result<Task, Vec<ModelError>>> = match errors.is_empty() {
        true => {
            systems = Systems::resolve(&model, options.effort);
            let lower = |c| systems.task(&model, c).unwrap_or_else(|| check::lower::lower(&model, c));
            model.checks.par_iter().map(lower).collect()
        }
        false => Vec::new(),
    };
    faults.append(&mut systems.faults);
    let mut tasks = Vec::with_capacity(lowered.len());
    let mut asked: Vec<(ModelError, Span)> = Vec::new();
    for (result, check) in lowered.into_iter().zip(&model.checks) {
        let found = match result {
            Ok(mut task) => {
                let bare = matches!(check.question, Question::Trace(_));
                task.bare = bare || model.transfers.iter().any(|t| t.span == check.span);
                tasks.push(task);
                continue;
            }
            // An optimizer that divides by what is zero on this architecture has no value there; that is an answer.
            Err(found) => match check::lower::undefined(&model, check, &found) {
                Some(task) => {
                    tasks.push(task);
                    continue;
                }
                None => found,
            },
        };
        asked.extend(found.into_iter().map(|e| (e, check.span)));
    }
    let mut tables = Vec::new();
    if errors.is_empty() {
        for request in &model.classifications {
            match check::lower::classify(&model, request) {
                Ok(found) => tables.extend(found.into_iter().map(|t| (t, request))),
                Err(found) => faults.extend(found),
            }
        }
    }
    errors.extend(input_errors(id, faults, asked));
    if !errors.is_empty() {
        errors.sort_by_key(InputError::span);
        return Ok(FileReport { errors, ..FileReport::default() });
    }
    listener.begun(&tasks.iter().chain(tables.iter().map(|(t, _)| t)).collect::<Vec<_>>());
    let asks = Asks { model: &model, examples: OnceLock::new(), options, listener };
    let tell = |answer: Answer| {
        listener.answered(&answer);
        answer
    };
    let answered: Vec<Option<Result<Answer, Stopped>>> = tasks
        .into_par_iter()
        .zip(&model.checks)
        .map(|(t, c)| (!listener.stopped()).then(|| asks.answer(t, c).map(tell)))
        .collect();
    let tables: Result<Vec<Option<Answer>>, Disagreement> = tables
        .into_par_iter()
        .map(|(t, request)| (!listener.stopped()).then(|| asks.table(t, request).map(tell)).transpose())
        .collect();
    let mut answers = Vec::with_capacity(answered.len());
    let mut asked: Vec<(ModelError, Span)> = Vec::new();
    for (result, check) in answered.into_iter().zip(&model.checks) {
        match result {
            None => {}
            Some(Ok(a)) => answers.push(a),
            Some(Err(Stopped::Disagreement(d))) => return Err(d),
            Some(Err(Stopped::Faults(found))) => asked.extend(found.into_iter().map(|e| (e, check.span))),
        }
    }
    answers.extend(tables?.into_iter().flatten());
    answers.sort_by_key(|a| a.task.span);
    // Members of systems are elaborated one by one; a fault of one of them is a fault of the file.
    if !asked.is_empty() {
        answers.clear();
        errors.extend(input_errors(id, Vec::new(), asked));
        errors.sort_by_key(InputError::span);
    }
    let warnings = if errors.is_empty() { warnings_of(sources, id, files) } else { Vec::new() };
    Ok(FileReport { answers, errors, warnings })
}

/// What is allowed in a source without errors, and hardly meant.
pub fn warnings_of(sources: &mut Sources, id: SourceId, files: &mut Files<'_>) -> Vec<Warning> {
    let gathered = files.gather(sources, id);
    let own = gathered.parts.iter().find(|part| part.id == id);
    let mut found = own.map(|part| warnings(&part.file, sources.get(id))).unwrap_or_default();
    let (model, _) = Model::join(&gathered.parts);
    found.extend(one_size(&model).into_iter().filter(|w| w.span().source == id));
    found.sort_by_key(Warning::span);
    found
}

/// The faults of declarations, and those that checks met, which may lie in a file that this one uses: each once.
fn input_errors(id: SourceId, mut faults: Vec<ModelError>, met: Vec<(ModelError, Span)>) -> Vec<InputError> {
    let mut asked: Vec<(ModelError, Span)> = Vec::new();
    for (error, check) in met {
        if error.span().source == id {
            faults.push(error);
        } else if !asked.iter().any(|(known, _)| *known == error) {
            asked.push((error, check));
        }
    }
    model::validate::sort(&mut faults);
    asked.retain(|(e, _)| !faults.contains(e));
    let asked = asked.into_iter().map(|(error, check)| InputError::Asked { error, check });
    faults.into_iter().map(InputError::from).chain(asked).collect()
}

/// What all answers of a file need.
struct Asks<'a> {
    model: &'a Model,
    /// Made when the first question along a class is met.
    examples: OnceLock<Examples>,
    options: &'a Options,
    listener: &'a dyn Listener,
}

impl Asks<'_> {
    fn examples(&self) -> &Examples {
        self.examples.get_or_init(|| Examples::new(self.model))
    }

    fn budget(&self) -> Budget {
        Budget::new(self.options.seed, self.options.samples, self.options.effort).until(self.options.deadline)
    }

    /// Decides one task.
    fn answer(&self, mut task: Task, check: &Check) -> Result<Answer, Stopped> {
        let start = Instant::now();
        if let Some(asked) = task.system.take() {
            let (finding, report) =
                check::system::answer(&mut task, &asked, (self.model, check), self.options, self.listener)?;
            let finding = finding.checked();
            let ok = self.as_expected(&task, &finding);
            return Ok(Answer {
                task,
                finding,
                ok,
                time: start.elapsed(),
                table: Vec::new(),
                system: Some(report),
                trace: None,
            });
        }
        if let (Some(asked), Question::Trace(trace)) = (task.trace.take(), &check.question) {
            let report = check::trace::answer::answer(self.model, trace, &asked, &self.budget())?;
            let message = report.refused.clone().unwrap_or_else(|| "an experiment".to_owned());
            let finding = Finding::new(Verdict::Undecided, Evidence::None, message);
            let (ok, time) = (report.refused.is_none(), start.elapsed());
            return Ok(Answer { task, finding, ok, time, table: Vec::new(), system: None, trace: Some(report) });
        }
        let mut finding = match (&task.class, task.training.take()) {
            (None, Some(asked)) => {
                let mut finding = check::training::question(self.model, check, *asked, &self.budget())?;
                let ok = self.as_expected(&task, &finding);
                finding.natural_along.clear();
                return Ok(Answer {
                    task,
                    finding,
                    ok,
                    time: start.elapsed(),
                    table: Vec::new(),
                    system: None,
                    trace: None,
                });
            }
            (Some(question), _) => {
                let found = check::class::answer(self.examples(), check, question, &self.budget())?;
                task.problems.extend(found.problem);
                found.finding
            }
            (None, None) => self.problems(&mut task)?,
        }
        .checked();
        // Searches that were cut short look like searches that found nothing.
        let proof = !matches!(finding.evidence, Evidence::Numeric | Evidence::None);
        if !proof && self.options.deadline.is_some_and(|d| Instant::now() >= d) {
            finding = Finding::new(Verdict::Undecided, Evidence::None, "the time limit was reached");
        }
        let expected = expected_verdict(task.expected.as_ref());
        let ok = self.as_expected(&task, &finding);
        if finding.verdict < expected && matches!(finding.verdict, Verdict::Fails | Verdict::InLimit) {
            finding.repair = check::repair::suggest(self.model, check, (finding.verdict, expected), &self.budget());
        }
        // Where another type of a state is all that is needed, no subexpression is to blame.
        if finding.repair.as_ref().is_some_and(|r| r.carrying) {
            finding.blame.clear();
        } else if finding.verdict == Verdict::Fails
            && finding.blame.is_empty()
            && let Some(class) = task.maps
        {
            finding.blame = check::class::blame_of(self.model, check, class);
        }
        // Where fewer numbers at zero are all that is needed, they fix the scale.
        if let Some(repair) = finding.repair.as_ref().filter(|_| finding.verdict == Verdict::Fails) {
            let scales = check::repair::scales(self.model, check, repair);
            if !scales.is_empty() && scales.len() < finding.blame.len() {
                finding.blame = scales;
            }
        }
        if finding.verdict == Verdict::Fails && !ok {
            check::class::explain(self.model, check, &task, &mut finding);
        }
        // The terms are large and no longer needed.
        task.problems.iter_mut().for_each(|p| p.setting.store = term::Store::new());
        Ok(Answer { task, finding, ok, time: start.elapsed(), table: Vec::new(), system: None, trace: None })
    }

    /// Whether a finding is what its check expects.
    fn as_expected(&self, task: &Task, finding: &Finding) -> bool {
        if task.bare {
            return true;
        }
        let proved = !self.options.require_proof || finding.evidence.is_proof() && finding.sampled_claims.is_empty();
        let granted = !self.options.deny_assumptions || finding.assumptions.is_empty();
        let expected = task.expected.as_ref();
        let verdict = finding.verdict == expected_verdict(expected) && finding.rate_differs.is_none();
        verdict && verdict::order_differs(expected, finding).is_none() && proved && granted
    }

    /// Fills the table of a `classify`, which expects nothing.
    fn table(&self, task: Task, request: &Classify) -> Result<Answer, Disagreement> {
        let start = Instant::now();
        let rows: Result<Vec<(Class, Finding)>, Disagreement> = task
            .table
            .par_iter()
            .map(|question| {
                let name = Ident { name: question.class.word().to_owned(), span: request.span };
                let part = Instance { name, args: Vec::new(), span: request.span };
                let along = Path { parts: vec![part], span: request.span };
                let optimizer = question.optimizer.clone();
                let asked = Question::Natural { optimizer, along, on: question.on.clone() };
                let check = Check { question: asked, expect: None, span: request.span };
                let found = check::class::answer(self.examples(), &check, question, &self.budget())?;
                Ok((question.class, found.finding.checked()))
            })
            .collect();
        let finding = Finding::new(Verdict::Undecided, Evidence::None, "a table");
        Ok(Answer { task, finding, ok: true, time: start.elapsed(), table: rows?, system: None, trace: None })
    }

    /// Decides the problems of a task: one, or one for each variance of its `auto` states.
    fn problems(&self, task: &mut Task) -> Result<Finding, Disagreement> {
        let mut best: Option<Finding> = None;
        let mut tried = Vec::new();
        for problem in &mut task.problems {
            let budget = self.budget();
            let mut finding = check::decide::decide(problem, &budget)?;
            if let Some(variance) = problem.auto {
                tried.push(format!("{variance}: {}", finding.verdict.text()));
                finding.message = format!("with the `auto` states read as `{variance}`: {}", finding.message);
            }
            if best.as_ref().is_none_or(|b| finding.verdict > b.verdict) {
                best = Some(finding);
            }
        }
        let mut finding = best.unwrap_or_else(|| Finding::new(Verdict::Undecided, Evidence::None, "nothing to decide"));
        if !tried.is_empty() {
            finding.tried.push(format!("variances of the `auto` states: {}", tried.join(", ")));
        }
        Ok(finding)
    }
}
