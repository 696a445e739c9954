//! Checks to problems: the only place where paths of a diagram become terms.
//!
//! A square is built as a diagram: objects `S(A)` and `TS(A)` (for a step `S(A)` twice), arrows for the optimizer and
//! for each morphism. Every arrow is interpreted by a `Function`; a path is interpreted by composing those of its
//! arrows, and the two sides of the square become the two sides of an [`Equation`].

mod bodies;
mod carry;
mod claims;
mod expected;
mod maps;
mod monomial;
mod names;
mod paths;
mod rows;
mod same;
mod split;
mod square;
pub mod system;
mod trace;
mod training;
mod unanswered;

pub use trace::traces;
pub use unanswered::{is_flow, unanswered, undefined, unfilled};

use rustc_hash::FxHashMap;

use super::{Ask, Claim, Equation, Kind, Problem, Setting, Shape, Task};
use claims::claims_of;
use expected::Expected;
use names::{component, components};
use paths::{commutes, preserves};
use same::difference;
pub use square::along;
use square::natural;
use training::{Compared, Pair};

use crate::check::generic::Size;
use crate::check::posed::Posed;
use crate::core::error::ModelError;
use crate::core::names::{Declared, Model};
use crate::diagram::Path;
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Constraint, Elab, Elaborator, Reported, Role};
use crate::model::morphism::{Morphism, instance_text};
use crate::model::optimizer::OptimizerOn;
use crate::model::suggest::{self, swapped, unknown_item};
use crate::syntax::tree::{Check, Classify, Ident, Instance, Path as TreePath, Question};
use crate::term::{Store, SymbolId, Term};
use crate::verdict::STATED;

/// A map between coordinate spaces: outputs as terms in the inputs.
#[derive(Debug, Clone)]
struct Function {
    inputs: Vec<SymbolId>,
    outputs: Vec<Term>,
}

/// Interprets a path: the coordinates of its end as functions of those of its start.
fn interpret(store: &mut Store, path: &Path, start: &[Term], functions: &[Function]) -> Vec<Term> {
    let mut at = start.to_vec();
    if let Path::Arrows(arrows) = path {
        for m in arrows {
            let f = &functions[m.index()];
            let by: FxHashMap<_, _> = f.inputs.iter().copied().zip(at).collect();
            at = store.substitute(&f.outputs, &by);
        }
    }
    at
}

/// The task of a check, or the errors in it.
///
/// # Errors
/// All faults that elaboration found.
pub fn lower(model: &Model, check: &Check) -> Result<Task, Vec<ModelError>> {
    lower_over(model, check, Size::Usual)
}

/// As [`lower`], with a generic architecture of this size where the check names none.
///
/// # Errors
/// All faults that elaboration found.
pub fn lower_over(model: &Model, check: &Check, size: Size) -> Result<Task, Vec<ModelError>> {
    if let Question::Natural { optimizer, along, .. } = &check.question
        && let Some(error) = swapped(model, optimizer, along)
    {
        return Err(vec![error]);
    }
    posed(model, check.into(), size)
}

/// As [`lower`], of a question as it is put.
///
/// # Errors
/// All faults that elaboration found.
pub fn posed(model: &Model, posed: Posed<'_>, size: Size) -> Result<Task, Vec<ModelError>> {
    let check = posed.check;
    let mut errors = Vec::new();
    let result = match &check.question {
        Question::Natural { on, .. } => natural(model, posed, on.as_ref(), &mut errors),
        Question::Commutes { left, right } => commutes(model, check, (left.into(), right.into()), &mut errors),
        Question::Preserves { what, path } => preserves(model, check, &what.name, path, &mut errors),
        Question::Training { .. } | Question::Transfer { .. } => training::along(model, posed, &mut errors),
        Question::SameTraining { left, right, on } => {
            let pair = Pair { left, right, on: on.as_ref(), compared: Compared::Training, size };
            training::same(model, check, pair, &Expected::of_two(posed), &mut errors)
        }
        Question::Same { left, right, on, via } => {
            let pair = Pair { left, right, on: on.as_ref(), compared: Compared::Step(via.as_ref()), size };
            training::same(model, check, pair, &Expected::of_two(posed), &mut errors)
        }
        Question::Trace(asked) => trace::trace(model, check, asked, &mut errors),
        Question::System { system } => {
            match model.resolve(&system.name, system.span) {
                // Those of systems that there are come from `system::Systems::task`.
                Some(other) => errors.push(ModelError::WrongKind {
                    name: system.name.clone(),
                    found: other.kind(),
                    expected: "a system",
                    span: system.span,
                }),
                None => errors.push(unknown_item(model, suggest::Kind::System, system)),
            }
            Err(Reported)
        }
    };
    told(check, result, errors)
}

/// The question of one step in place of a question about training; it expects nothing.
///
/// # Errors
/// All faults that elaboration found, and none if there is no such question.
pub fn of_one_step(model: &Model, posed: Posed<'_>) -> Result<Task, Vec<ModelError>> {
    let (check, nothing) = (posed.check, Expected::default());
    let mut errors = Vec::new();
    let result = match (&check.question, posed.along()) {
        (Question::Training { .. }, Some(along)) => {
            square::problems(model, task(check), along, None, &nothing, &mut errors)
        }
        (Question::SameTraining { left, right, on }, _) => {
            let pair = Pair { left, right, on: on.as_ref(), compared: Compared::Step(None), size: Size::Usual };
            training::same(model, check, pair, &nothing, &mut errors)
        }
        _ => Err(Reported),
    };
    told(check, result, errors)
}

/// A task, or the faults that were found on the way to it.
fn told(check: &Check, result: Elab<Task>, mut errors: Vec<ModelError>) -> Result<Task, Vec<ModelError>> {
    match result {
        Ok(task) if errors.is_empty() => Ok(task),
        _ => {
            for e in &mut errors {
                match e {
                    ModelError::Incomplete { asked, span, elsewhere, .. } if span.source != check.span.source => {
                        *elsewhere = Some(std::mem::replace(span, check.span));
                        *asked = None;
                    }
                    ModelError::Incomplete { asked, span, .. } if !span.overlaps(check.span) => {
                        *asked = Some(check.span);
                    }
                    _ => {}
                }
            }
            crate::model::validate::sort(&mut errors);
            Err(errors)
        }
    }
}

/// The tasks of a `classify`: one for each optimizer.
///
/// # Errors
/// All faults that elaboration found.
pub fn classify(model: &Model, request: &Classify) -> Result<Vec<Task>, Vec<ModelError>> {
    let mut errors = Vec::new();
    let uses = match &request.optimizer {
        Some(instance) => vec![instance.clone()],
        None => optimizers_of(model, request),
    };
    let mut tasks = Vec::with_capacity(uses.len());
    for optimizer in uses {
        if let Ok(t) = square::table(model, request, &optimizer, &mut errors) {
            tasks.push(t);
        }
    }
    if errors.is_empty() {
        return Ok(tasks);
    }
    crate::model::validate::sort(&mut errors);
    Err(errors)
}

/// The optimizers that a file declares; of a file that declares none, those it uses.
fn optimizers_of(model: &Model, request: &Classify) -> Vec<Instance> {
    optimizers_at(model, request.span)
}

/// The questions of the `transfer` tables of a file: one for each optimizer, at the place of the table.
pub fn transfers(model: &Model) -> Vec<Check> {
    let mut all = Vec::new();
    for t in &model.transfers {
        let optimizers = t.optimizer.as_ref().map_or_else(|| optimizers_at(model, t.span), |o| vec![o.clone()]);
        all.extend(optimizers.into_iter().map(|optimizer| {
            let question = Question::Transfer { optimizer, along: t.along.clone() };
            Check { question, expect: None, span: t.span }
        }));
    }
    all
}

fn optimizers_at(model: &Model, span: crate::source::Span) -> Vec<Instance> {
    let all: Vec<(&str, crate::source::Span)> = model
        .declarations()
        .filter(|(_, d, _)| matches!(d, Declared::Optimizer(_)))
        .map(|(name, _, span)| (name, span))
        .collect();
    let own = all.iter().filter(|(_, s)| s.source == span.source).count();
    all.into_iter()
        .filter(|(_, s)| own == 0 || s.source == span.source)
        .map(|(name, _)| {
            let name = Ident { name: name.to_owned(), span };
            Instance { name, args: Vec::new(), span }
        })
        .collect()
}

fn path_text(p: &TreePath) -> String {
    p.parts.iter().map(instance_text).collect::<Vec<_>>().join(" ; ")
}

/// The task of a check as its text tells it, without anything to decide it by.
fn task(check: &Check) -> Task {
    let mut t = Task {
        span: check.span,
        kind: Kind::of(&check.question),
        text: String::new(),
        optimizer: None,
        along: None,
        on: None,
        sides: None,
        expected: check.expect.as_ref().map(|e| e.verdict.clone()),
        morphisms: Vec::new(),
        routes: Vec::new(),
        flow: false,
        optimizers: Vec::new(),
        ask: Ask::Problems,
        problems: Vec::new(),
        bare: false,
        maps: None,
    };
    match &check.question {
        Question::Natural { optimizer, along, on } => {
            t.optimizer = Some(instance_text(optimizer));
            t.along = Some(path_text(along));
            t.on = on.as_ref().map(instance_text);
        }
        Question::Preserves { path, .. } => t.along = Some(path_text(path)),
        Question::Commutes { left, right } => t.sides = Some((path_text(left), path_text(right))),
        Question::Training { optimizer, along } | Question::Transfer { optimizer, along } => {
            t.optimizer = Some(instance_text(optimizer));
            t.along = Some(path_text(along));
        }
        Question::Same { left, right, on, .. } | Question::SameTraining { left, right, on } => {
            t.sides = Some((instance_text(left), instance_text(right)));
            t.on = on.as_ref().map(instance_text);
        }
        Question::System { system } => t.along = Some(system.name.clone()),
        Question::Trace(trace) => {
            t.optimizer = Some(trace.optimizers.iter().map(instance_text).collect::<Vec<_>>().join(", "));
            t.along = Some(path_text(&trace.along));
        }
    }
    t.text = text(&check.question, &t);
    t
}

/// A question in one line, without the settings of a `trace`.
fn text(question: &Question, t: &Task) -> String {
    let (optimizer, along) = (t.optimizer.as_deref().unwrap_or_default(), t.along.as_deref().unwrap_or_default());
    let on = t.on.as_ref().map_or(String::new(), |on| format!(" on {on}"));
    let sides = t.sides.as_ref().map_or(String::new(), |(left, right)| format!("{left} == {right}"));
    match question {
        Question::Natural { .. } => format!("natural {optimizer} along {along}{on}"),
        Question::Commutes { .. } => format!("commutes {sides}"),
        Question::Preserves { what, .. } => format!("preserves {} {along}", what.name),
        Question::Training { .. } => format!("training {optimizer} along {along}"),
        Question::Transfer { .. } => format!("transfer {optimizer} along {along}"),
        Question::Same { via: Some(via), .. } => format!("same {sides}{on} {}", crate::syntax::via_to_string(via)),
        Question::Same { via: None, .. } => format!("same {sides}{on}"),
        Question::SameTraining { .. } => format!("same training {sides}{on}"),
        Question::System { .. } => format!("system {along}"),
        Question::Trace(_) => format!("trace {optimizer} along {along}"),
    }
}

impl Problem {
    /// Gives a problem what its terms range over, and what the declarations behind them assume.
    fn take(&mut self, e: Elaborator<'_>) {
        self.assumptions.extend(e.assumed.iter().map(|c| format!("`{c}`{STATED}")));
        self.setting = setting(e);
    }
}

fn setting(e: Elaborator<'_>) -> Setting {
    Setting {
        store: e.store,
        quantified: e.quantified,
        constraints: e.constraints,
        shown: e.shown,
        orthogonal: e.orthogonal,
        written: Vec::new(),
        generated: e.generated,
        images: e.images,
    }
}

/// Puts the elaborator's terms into the task's only problem, or passes its errors on.
fn finish(e: Elaborator<'_>, result: Elab<Task>, errors: &mut Vec<ModelError>) -> Elab<Task> {
    errors.extend(e.errors.iter().cloned());
    let mut t = result?;
    if let [only] = &mut t.problems[..] {
        only.take(e);
    }
    Ok(t)
}

fn problem(shape: Shape, equation: Equation, domain: Vec<Constraint>, claims: Vec<Claim>) -> Problem {
    Problem {
        setting: Setting {
            store: Store::new(),
            quantified: Vec::new(),
            constraints: Vec::new(),
            shown: Vec::new(),
            orthogonal: Vec::new(),
            written: Vec::new(),
            generated: Vec::new(),
            images: Vec::new(),
        },
        shape,
        equation,
        domain,
        claims,
        invalid: None,
        open: None,
        diagonal: None,
        expected_rate: None,
        found_rate: None,
        auto: None,
        generic: None,
        same_bodies: false,
        sums: false,
        assumptions: Vec::new(),
        sampled_claims: Vec::new(),
    }
}

/// Lists the blocks of a point among what a witness shows.
fn show_point(e: &mut Elaborator<'_>, a: &Architecture) {
    for (i, b) in a.blocks.iter().enumerate() {
        let t = a.block(&mut e.store, a.point, i);
        e.show(&b.name, t, Role::Point);
    }
}

fn optimizer_places<'a>(
    model: &Model,
    uses: impl IntoIterator<Item = &'a Instance>,
) -> Vec<(String, crate::source::Span)> {
    uses.into_iter()
        .filter_map(|i| match model.lookup(&i.name.name) {
            Some(Declared::Optimizer(id)) => Some((i.name.name.clone(), model[id].name.span)),
            _ => None,
        })
        .collect()
}

fn show_state(e: &mut Elaborator<'_>, o: &OptimizerOn) {
    show_point(e, &o.architecture);
    for s in &o.states {
        e.show(&s.name, s.general, Role::State);
    }
}

fn jacobian(e: &mut Elaborator<'_>, m: &Morphism) -> Elab<Term> {
    match e.store.jacobian(m.map, m.source.symbol) {
        Ok(j) => Ok(j),
        Err(error) => {
            let message = format!("the Jacobian of `{}` is not available: {error}", m.name);
            e.fail(ModelError::OptimizerBody { message, help: None, span: m.span })
        }
    }
}
