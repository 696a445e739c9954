//! Questions as they are reported when nothing could be found out about them: from their text alone.

use crate::check::{Equation, Kind, Shape, Task};
use crate::core::error::ModelError;
use crate::core::names::{Declared, Model};
use crate::core::system_error::SystemError;
use crate::model::morphism::instance_text;
use crate::source::Span;
use crate::syntax::tree::{Check, Classify, Instance, Path, Question};

use super::{optimizer_places, problem, task};

/// Whether the optimizer that a check is about is a flow.
pub fn is_flow(model: &Model, check: &Check) -> bool {
    let optimizer = match &check.question {
        Question::Natural { optimizer, .. }
        | Question::Training { optimizer, .. }
        | Question::Transfer { optimizer, .. }
        | Question::Same { left: optimizer, .. }
        | Question::SameTraining { left: optimizer, .. } => optimizer,
        Question::Commutes { .. } | Question::Preserves { .. } | Question::System { .. } | Question::Trace(_) => {
            return false;
        }
    };
    match model.lookup(&optimizer.name.name) {
        Some(Declared::Optimizer(id)) => model[id].dynamics.first().is_some_and(|d| d.step.is_none()),
        _ => false,
    }
}

/// The task of a check, without anything to decide it by.
pub fn unanswered(check: &Check) -> Task {
    let question = Check { expect: None, ..check.clone() };
    let text = question.to_string();
    let text = text.strip_prefix("check ").unwrap_or(&text).to_owned();
    Task { text, ..task(check) }
}

/// The task of a question about an optimizer that has no value on the architecture it is asked on; `None` for other faults.
/// What has no value on any architecture is a fault of the declaration, and reported there.
pub fn undefined(model: &Model, check: &Check, faults: &[ModelError]) -> Option<Task> {
    let optimizers: Vec<&Instance> = match &check.question {
        Question::Natural { optimizer, .. }
        | Question::Training { optimizer, .. }
        | Question::Transfer { optimizer, .. } => vec![optimizer],
        Question::Same { left, right, .. } | Question::SameTraining { left, right, .. } => vec![left, right],
        Question::Commutes { .. } | Question::Preserves { .. } | Question::System { .. } | Question::Trace(_) => {
            return None;
        }
    };
    let places = optimizer_places(model, optimizers.iter().copied());
    let bodies: Vec<Span> = optimizers
        .iter()
        .filter_map(|o| match model.lookup(&o.name.name) {
            Some(Declared::Optimizer(id)) => Some(model[id].span),
            _ => None,
        })
        .collect();
    let inside = |e: &ModelError| match at_member(e).0 {
        ModelError::Undefined { span, .. } => bodies.iter().any(|b| b.overlaps(*span)),
        _ => false,
    };
    let (ModelError::Undefined { message, .. }, member) = at_member(faults.first()?) else { return None };
    if !faults.iter().all(inside) {
        return None;
    }
    let member = member.map_or(String::new(), |m| format!(" at `{m}`"));
    let mut task = unanswered(check);
    task.optimizers = places;
    let mut only = problem(Shape::Plain, Equation::empty(), Vec::new(), Vec::new());
    only.invalid = Some(format!("a side is defined at no point{member}: {message}"));
    task.problems.push(only);
    Some(task)
}

/// A fault, and the member of a system at which it shows, if it is one of those.
fn at_member(fault: &ModelError) -> (&ModelError, Option<&str>) {
    match fault {
        ModelError::System(SystemError::Member { error, instance, .. }) => (error, Some(instance)),
        other => (other, None),
    }
}

/// The task of a `classify`, without its table.
pub fn unfilled(request: &Classify) -> Task {
    let nothing = Path { parts: Vec::new(), span: request.span };
    let question = Question::Commutes { left: nothing.clone(), right: nothing };
    let asked = Check { question, expect: None, span: request.span };
    Task {
        kind: Kind::Classify,
        text: request.to_string(),
        optimizer: request.optimizer.as_ref().map(instance_text),
        on: request.on.as_ref().map(instance_text),
        sides: None,
        ..task(&asked)
    }
}
