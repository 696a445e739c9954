//! Questions as they are reported when nothing could be found out about them: from their text alone.

use crate::check::{Equation, Shape, Task};
use crate::core::error::ModelError;
use crate::core::names::{Declared, Model};
use crate::model::morphism::instance_text;
use crate::source::Span;
use crate::syntax::tree::{Check, Classify, Instance, Question};

use super::{optimizer_places, path_text, problem, task};

/// The task of a check, without anything to decide it by.
pub fn unanswered(check: &Check) -> Task {
    let question = Check { expect: None, ..check.clone() };
    let text = question.to_string();
    let text = text.strip_prefix("check ").unwrap_or(&text).to_owned();
    let kind = match &check.question {
        Question::Natural { .. } => "natural",
        Question::Commutes { .. } => "commutes",
        Question::Preserves { .. } => "preserves",
        Question::Training { .. } => "training",
        Question::Transfer { .. } => "transfer",
        Question::Same { .. } | Question::SameTraining { .. } => "same",
        Question::System { .. } => "system",
        Question::Trace(_) => "trace",
    };
    let mut task = task(check, kind, text);
    match &check.question {
        Question::Natural { optimizer, along, on } => {
            task.optimizer = Some(instance_text(optimizer));
            task.along = Some(path_text(along));
            task.on = on.as_ref().map(instance_text);
        }
        Question::Preserves { path, .. } => task.along = Some(path_text(path)),
        Question::Commutes { left, right } => task.sides = Some((path_text(left), path_text(right))),
        Question::Training { optimizer, along } | Question::Transfer { optimizer, along } => {
            task.optimizer = Some(instance_text(optimizer));
            task.along = Some(path_text(along));
        }
        Question::Same { left, right, on, .. } | Question::SameTraining { left, right, on } => {
            task.sides = Some((instance_text(left), instance_text(right)));
            task.on = on.as_ref().map(instance_text);
        }
        Question::System { system } => task.along = Some(system.name.clone()),
        Question::Trace(trace) => {
            task.optimizer = Some(trace.optimizers.iter().map(instance_text).collect::<Vec<_>>().join(", "));
            task.along = Some(path_text(&trace.along));
        }
    }
    task
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
    let inside =
        |e: &ModelError| matches!(e, ModelError::Undefined { span, .. } if bodies.iter().any(|b| b.overlaps(*span)));
    let [ModelError::Undefined { message, .. }, ..] = faults else { return None };
    if !faults.iter().all(inside) {
        return None;
    }
    let mut task = unanswered(check);
    task.optimizers = places;
    let mut only = problem(Shape::Plain, Equation::empty(), Vec::new(), Vec::new());
    only.invalid = Some(format!("a side is defined at no point: {message}"));
    task.problems.push(only);
    Some(task)
}

/// The task of a `classify`, without its table.
pub fn unfilled(request: &Classify) -> Task {
    let text = request.to_string();
    let system = crate::syntax::tree::Ident { name: String::new(), span: request.span };
    let check = Check { question: Question::System { system }, expect: None, span: request.span };
    let mut task = task(&check, "classify", text);
    task.optimizer = request.optimizer.as_ref().map(instance_text);
    task.on = request.on.as_ref().map(instance_text);
    task
}
