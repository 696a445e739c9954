//! Questions about training from fresh states.

use super::{optimizer_places, path_text, task};
use crate::check::Task;
use crate::model::elaborate::{Elab, Elaborator, Reported, Scope};
use crate::model::error::ModelError;
use crate::model::morphism::instance_text;
use crate::model::names::Model;
use crate::syntax::tree::{Check, Instance, Path as TreePath, Question};

/// `check training O along F` and `check transfer O along F`.
pub(super) fn along(
    model: &Model,
    check: &Check,
    optimizer: &Instance,
    along: &TreePath,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let kind = if matches!(check.question, Question::Training { .. }) { "training" } else { "transfer" };
    let mut t = task(check, kind, format!("{kind} {} along {}", instance_text(optimizer), path_text(along)));
    t.optimizer = Some(instance_text(optimizer));
    t.along = Some(path_text(along));
    t.optimizers = optimizer_places(model, [optimizer]);
    let mut e = Elaborator::new(model);
    let known = e.optimizer_id(&optimizer.name);
    let path = e.path(along, &mut Scope::default(), &mut rustc_hash::FxHashMap::default());
    if known.is_err() || path.is_err() {
        errors.extend(e.errors);
        return Err(Reported);
    }
    Ok(t)
}

/// `check same training O1 == O2 on A`.
pub(super) fn same(
    model: &Model,
    check: &Check,
    (left, right): (&Instance, &Instance),
    on: Option<&Instance>,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let mut text = format!("same training {} == {}", instance_text(left), instance_text(right));
    if let Some(on) = on {
        text = format!("{text} on {}", instance_text(on));
    }
    let mut t = task(check, "same", text);
    t.on = on.map(instance_text);
    t.sides = Some((instance_text(left), instance_text(right)));
    t.optimizers = optimizer_places(model, [left, right]);
    let mut e = Elaborator::new(model);
    let (l, r) = (e.optimizer_id(&left.name), e.optimizer_id(&right.name));
    if l.is_err() || r.is_err() {
        errors.extend(e.errors);
        return Err(Reported);
    }
    Ok(t)
}
