//! From a source to its answers: what it uses is gathered, its questions become tasks, and each task is decided.
//!
//! [`check_source`] is the whole of it; a [`Listener`] hears of every step.

use std::sync::OnceLock;
use std::time::Instant;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::check::auto::Strongest;
use crate::check::class::{ClassQuestion, Examples};
use crate::check::decide::Disagreement;
use crate::check::expected::{misnamed_rate, order_differs};
use crate::check::lower::system::Systems;
use crate::check::system::{Progress, Silent, Stopped};
use crate::check::{self, Ask, Budget, Task};
use crate::core::class::Class;
use crate::core::error::ModelError;
use crate::core::names::Model;
use crate::model;
use crate::model::validate::MAX_FAULTS;
use crate::model::warnings::{Warning, one_size, warnings};
use crate::source::{SourceId, Sources, Span};
use crate::syntax::tree::{Check, Question};
use crate::term;
use crate::uses::Files;
use crate::uses::error::UseError;
use crate::verdict::{self, Evidence, Finding};
use crate::{Answer, FileReport, InputError, Listener, Options};

/// Questions that are read into terms beside each other, before it is asked whether there are too many faults to go on.
const AT_ONCE: usize = 1 << 10;

/// Questions whose terms are kept while faults are looked for in all of them. Terms are large: those of later questions
/// are made again when their turn comes, which costs less than keeping them.
const KEPT: usize = 1 << 12;

/// A source with all that it uses, parsed and resolved; the errors of its text, and those of its names and shapes.
fn resolve(sources: &mut Sources, id: SourceId, files: &mut Files<'_>) -> (Model, Vec<InputError>, Vec<ModelError>) {
    let gathered = files.gather(sources, id);
    let (mut model, mut faults) = Model::join(&gathered.parts);
    // A file that is missing may declare any name.
    model.lost.any |= gathered.errors.iter().any(|e| !matches!(e, UseError::Data { .. }));
    let mut errors: Vec<InputError> = gathered.syntax.into_iter().map(InputError::from).collect();
    errors.extend(gathered.errors.into_iter().map(InputError::from));
    faults.extend(model::validate::validate(&model));
    (model, errors, faults)
}

/// Parses and resolves one source with all that it uses.
///
/// # Errors
/// All faults of the input, in order of place.
///
/// # Examples
/// ```
/// use nat::source::{Source, Sources};
/// use nat::uses::{Files, NoFiles};
///
/// let mut sources = Sources::default();
/// let id = sources.add(Source::new("line.nat", "architecture Line { param x : R  loss = x^2 }"));
/// let model = nat::load(&mut sources, id, &mut Files::new(&NoFiles)).expect("no errors");
/// assert_eq!(model.declarations().filter(|(name, ..)| *name == "Line").count(), 1);
///
/// // A name that is not declared is an error, with its place.
/// let id = sources.add(Source::new("slip.nat", "architecture Line { param x : R  loss = z^2 }"));
/// let errors = nat::load(&mut sources, id, &mut Files::new(&NoFiles)).expect_err("`z` is unknown");
/// assert_eq!(sources.place(errors[0].span()), ("slip.nat", 1, 41));
/// ```
pub fn load(sources: &mut Sources, id: SourceId, files: &mut Files<'_>) -> Result<Model, Vec<InputError>> {
    let (model, mut errors, mut faults) = resolve(sources, id, files);
    faults.retain(|e| !model.is_lost(e));
    errors.extend(faults.into_iter().map(InputError::from));
    errors.sort_by_key(InputError::span);
    if errors.is_empty() { Ok(model) } else { Err(errors) }
}

/// Parses, resolves and checks one source with all that it uses. A source with errors, or one that uses a source with
/// errors, is not checked.
///
/// # Errors
/// If two engines contradict each other, which is a defect of `nat` and stops the run.
///
/// # Examples
/// ```
/// use nat::source::{Source, Sources};
/// use nat::uses::{Files, NoFiles};
/// use nat::verdict::{Evidence, Verdict};
///
/// let text = "
/// architecture Plane { param x, y : R  output = [x, y]  loss = x^2 + 3 * y^2 }
/// reparam Stretch : (u, v : R) -> Plane { x = 2 * u  y = v }
/// optimizer Gradient { flow { d/dt params = -grad(loss) } }
/// check natural Gradient along Stretch
/// ";
/// let mut sources = Sources::default();
/// let id = sources.add(Source::new("plane.nat", text));
/// let report = nat::check_source(&mut sources, id, &mut Files::new(&NoFiles), &nat::Options::default())?;
///
/// let answer = &report.answers[0];
/// assert!(report.errors.is_empty() && !answer.ok);
/// assert_eq!(answer.finding.verdict(), Verdict::Fails);
/// assert_eq!(answer.finding.evidence(), Evidence::Counterexample);
/// // The point at which the two sides differ, and the change that was seen to mend it.
/// let witness = answer.finding.witness().expect("a point");
/// assert_ne!(witness.left, witness.right);
/// let repair = answer.finding.repair.as_ref().expect("a repair");
/// assert_eq!(repair.edits[0].2, "natgrad(loss)");
/// # Ok::<(), nat::check::decide::Disagreement>(())
/// ```
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
    let mut systems = Systems::resolve(&model, options.effort);
    faults.append(&mut systems.faults);
    faults.extend(model.checks.iter().filter_map(|c| misnamed_rate(&model, c)));
    let mut tasks = Vec::with_capacity(model.checks.len());
    let mut asked: Vec<(ModelError, Span)> = Vec::new();
    let mut met: FxHashSet<String> = FxHashSet::default();
    for some in model.checks.chunks(AT_ONCE) {
        let kept = tasks.len() < KEPT;
        let lower = |check| lowered(&model, &systems, check).map(|t| if kept { t } else { t.unmade() });
        let before = asked.len();
        let found: Vec<Result<Task, Vec<ModelError>>> = some.par_iter().map(lower).collect();
        for (result, check) in found.into_iter().zip(some) {
            match result {
                Ok(task) => tasks.push(task),
                Err(found) => asked.extend(found.into_iter().map(|e| (e, check.span))),
            }
        }
        met.extend(asked.iter().skip(before).map(|(e, _)| e.to_string()));
        if met.len() >= MAX_FAULTS {
            break;
        }
    }
    let mut tables = Vec::new();
    for request in &model.classifications {
        match check::lower::classify(&model, request) {
            Ok(found) => tables.extend(found),
            Err(found) => faults.extend(found),
        }
    }
    // Of a name that may be declared where the text is not understood nothing is said.
    faults.retain(|e| !model.is_lost(e));
    asked.retain(|(e, _)| !model.is_lost(e));
    errors.extend(input_errors(id, faults, asked));
    if !errors.is_empty() {
        errors.sort_by_key(InputError::span);
        return Ok(FileReport { errors, ..FileReport::default() });
    }
    listener.begun(&tasks.iter().chain(&tables).collect::<Vec<_>>());
    let asks = Asks { model: &model, examples: OnceLock::new(), options, listener };
    let tell = |answer: Answer| {
        listener.answered(&answer);
        answer
    };
    let answered: Vec<Option<Result<Answer, Stopped>>> = tasks
        .into_par_iter()
        .zip(&model.checks)
        .enumerate()
        .map(|(number, (task, check))| {
            (!listener.stopped()).then(|| {
                let made = if number < KEPT { Ok(task) } else { lowered(&model, &systems, check) };
                asks.answer(made.map_err(Stopped::Faults)?, check).map(tell)
            })
        })
        .collect();
    let tables: Result<Vec<Option<Answer>>, Disagreement> =
        tables.into_par_iter().map(|t| (!listener.stopped()).then(|| asks.table(t).map(tell)).transpose()).collect();
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

/// Reads one question into terms.
///
/// # Errors
/// The faults that it meets.
fn lowered(model: &Model, systems: &Systems, check: &Check) -> Result<Task, Vec<ModelError>> {
    let made = systems.task(model, check).unwrap_or_else(|| check::lower::lower(model, check));
    // An optimizer that divides by what is zero on this architecture has no value there; that is an answer.
    let mut task = made.or_else(|found| check::lower::undefined(model, check, &found).ok_or(found))?;
    let bare = matches!(check.question, Question::Trace(_));
    task.bare = bare || model.transfers.iter().any(|t| t.span == check.span);
    Ok(task)
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
        task.flow = check::lower::is_flow(self.model, check);
        // What is large is gone when the task is answered; what a report asks about stays.
        let mut finding = match std::mem::replace(&mut task.ask, Ask::Problems) {
            Ask::System(asked) => {
                let (finding, report) =
                    check::system::answer(&mut task, &asked, (self.model, check), self.options, self.listener)?;
                let finding = finding.checked();
                let ok = self.as_expected(&task, &finding);
                return Ok(Answer { system: Some(report), ..Answer::new(task, finding, ok, start.elapsed()) });
            }
            Ask::Trace(asked) => {
                let report = check::trace::answer::answer(self.model, &asked, &self.budget())?;
                let message = report.refused.clone().unwrap_or_else(|| "an experiment".to_owned());
                let finding = Finding::undecided(message);
                let (ok, time) = (report.refused.is_none(), start.elapsed());
                return Ok(Answer { trace: Some(report), ..Answer::new(task, finding, ok, time) });
            }
            Ask::Training(asked) => {
                let finding = check::training::question(self.model, check.into(), *asked, &self.budget())?;
                let ok = self.as_expected(&task, &finding);
                return Ok(Answer::new(task, finding, ok, start.elapsed()));
            }
            Ask::Class(question) => {
                let expected = task.expected.as_ref();
                let found = check::class::answer(self.examples(), &question, expected, &self.budget())?;
                task.problems.extend(found.problem);
                task.ask = Ask::Class(question);
                found.finding
            }
            Ask::Problems | Ask::Classes(_) => self.problems(&mut task)?,
        }
        .checked();
        // Searches that were cut short look like searches that found nothing.
        let proof = !matches!(finding.evidence(), Evidence::Numeric | Evidence::None);
        if !proof && self.options.deadline.is_some_and(|d| Instant::now() >= d) {
            finding = Finding::late();
        }
        let ok = self.as_expected(&task, &finding);
        check::repair::mend(self.model, check.into(), &mut finding, &self.budget());
        if let verdict::Answer::Fails(failure) = &mut finding.answer {
            // Where another type of a state is all that is needed, no subexpression is to blame.
            if finding.repair.as_ref().is_some_and(|r| r.carrying) {
                failure.blame.clear();
            } else if failure.blame.is_empty()
                && let Some(class) = task.maps
            {
                failure.blame = check::class::blame_of(self.model, check, class);
            }
            // Where fewer numbers at zero are all that is needed, they fix the scale.
            if let Some(repair) = &finding.repair {
                let scales = check::repair::scales(self.model, check, repair);
                if !scales.is_empty() && scales.len() < failure.blame.len() {
                    failure.blame = scales;
                }
            }
            if !ok {
                check::class::explain(self.model, check, &task, failure);
            }
        }
        // The terms are large and no longer needed.
        task.problems.iter_mut().for_each(|p| p.setting.store = term::Store::new());
        Ok(Answer::new(task, finding, ok, start.elapsed()))
    }

    /// Whether a finding is what its check expects.
    fn as_expected(&self, task: &Task, finding: &Finding) -> bool {
        if task.bare {
            return true;
        }
        let proved = !self.options.require_proof || finding.evidence().is_proof() && finding.sampled_claims.is_empty();
        let granted = !self.options.deny_assumptions || finding.is_granted();
        let expected = task.expected.as_ref();
        let verdict = finding.verdict() == task.expects() && finding.rate_differs.is_none();
        verdict && order_differs(expected, finding).is_none() && proved && granted
    }

    /// Fills the table of a `classify`, which expects nothing.
    fn table(&self, task: Task) -> Result<Answer, Disagreement> {
        let start = Instant::now();
        let questions: &[ClassQuestion] = match &task.ask {
            Ask::Classes(questions) => questions,
            Ask::Problems | Ask::System(_) | Ask::Training(_) | Ask::Trace(_) | Ask::Class(_) => &[],
        };
        let rows: Result<Vec<(Class, Finding)>, Disagreement> = questions
            .par_iter()
            .map(|question| {
                let found = check::class::answer(self.examples(), question, None, &self.budget())?;
                Ok((question.class, found.finding.checked()))
            })
            .collect();
        let finding = Finding::undecided("a table");
        Ok(Answer { table: rows?, ..Answer::new(task, finding, true, start.elapsed()) })
    }

    /// Decides the problems of a task: one, or one for each variance of its `auto` states.
    fn problems(&self, task: &mut Task) -> Result<Finding, Disagreement> {
        let mut strongest = Strongest::default();
        for problem in &mut task.problems {
            let finding = check::decide::decide(problem, &self.budget())?;
            strongest.consider(problem.auto, finding.verdict(), finding);
        }
        let Some((mut finding, reading)) = strongest.best() else { return Ok(Finding::undecided("nothing to decide")) };
        reading.tell(&mut finding);
        Ok(finding)
    }
}
