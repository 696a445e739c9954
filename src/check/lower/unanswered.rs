//! Questions as they are reported when nothing could be found out about them: from their text alone.

use crate::check::Task;
use crate::model::morphism::instance_text;
use crate::syntax::tree::{Check, Classify, Question};

use super::{path_text, task};

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
    }
    task
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
