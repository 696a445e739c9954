//! What types alone say of an optimizer along a class, for repairs, explanations and blame.

use super::blocks;
use super::cause::singular_metric;
use crate::check::{Ask, Task};
use crate::core::class::Class;
use crate::core::names::{Declared, Model};
use crate::model::morphism::Along;
use crate::structure::body::build;
use crate::structure::prove::{Proof, Theorem, prove, theorem};
use crate::structure::{blame, prove as types};
use crate::syntax::tree::{Check, Instance, Optimizer, Question};
use crate::verdict::{Blame, Failure, Verdict};

/// What types alone prove, as a verdict: for what has to be decided quickly and often, such as repairs.
pub fn by_types(model: &Model, optimizer: &Instance, class: Class) -> Option<Verdict> {
    let Some(Declared::Optimizer(id)) = model.lookup(&optimizer.name.name) else { return None };
    match prove(&build(model, &model[id], optimizer, None), class) {
        Proof::Commutes => Some(Verdict::Commutes),
        Proof::UpToRate(_) => Some(Verdict::UpToRate),
        Proof::InLimit => Some(Verdict::InLimit),
        Proof::Invalid(_) | Proof::Open => None,
    }
}

/// The largest classes along which types prove the optimizer of a `check natural` to be natural; for an architecture with
/// a singular metric, those whose proofs use no other, and for one architecture those that use no Hessian's inverse.
pub fn natural_along(model: &Model, check: &Check, (concrete, singular): (bool, bool)) -> Vec<Class> {
    let Question::Natural { optimizer, .. } = &check.question else { return Vec::new() };
    let Some(Declared::Optimizer(id)) = model.lookup(&optimizer.name.name) else { return Vec::new() };
    let body = build(model, &model[id], optimizer, None);
    let natural = |c: Class| {
        let t = theorem(&body, c);
        // Whether the Hessian of one architecture is singular is not asked here.
        let refuted = t.hypotheses.iter().any(|h| {
            singular && h.is_about_the_metric() || concrete && h.is_used_by_the_proof() && !h.is_about_the_metric()
        });
        t.proof == Proof::Commutes && !refuted
    };
    let proved: Vec<Class> = Class::ALL.into_iter().filter(|&c| natural(c)).collect();
    proved.iter().copied().filter(|c| !proved.iter().any(|d| d != c && d.contains(*c))).collect()
}

/// Adds to a `fails` what is known beside it: a singular metric as its cause, and the classes along which types prove that
/// the optimizer is natural on this architecture.
pub fn explain(model: &Model, check: &Check, task: &Task, failure: &mut Failure) {
    let Question::Natural { along, on, .. } = &check.question else { return };
    let of_class = matches!(task.ask, Ask::Class(_));
    let path = (!of_class && task.maps.is_some()).then_some(along);
    let singular = singular_metric(model, on.as_ref(), path);
    let concrete = on.is_some() || !of_class;
    failure.natural_along = natural_along(model, check, (concrete, singular.is_some()));
    if failure.causes.is_empty()
        && let (Some(singular), Some(class)) = (&singular, task.maps)
        && let Some(theorem) = theorem_of(model, check, class)
    {
        failure.causes.extend(singular.sentence(&theorem));
    }
}

/// What types prove of the optimizer of a `check natural` along a class.
pub fn theorem_of(model: &Model, check: &Check, class: Class) -> Option<Theorem> {
    let Question::Natural { optimizer, .. } = &check.question else { return None };
    let Some(Declared::Optimizer(id)) = model.resolve(&optimizer.name.name, optimizer.name.span) else { return None };
    let body = build(model, &model[id], optimizer, None);
    (!body.auto).then(|| theorem(&body, class))
}

/// What is to blame for a square that fails along maps of a class: of the smallest that holds them, where they are not of a
/// kind that the classes do not have, with factors of their own for the parameters.
pub fn blame_of(model: &Model, check: &Check, class: Class) -> Vec<Blame> {
    let Question::Natural { optimizer, .. } = &check.question else { return Vec::new() };
    let Some(Declared::Optimizer(id)) = model.resolve(&optimizer.name.name, optimizer.name.span) else {
        return Vec::new();
    };
    let body = build(model, &model[id], optimizer, None);
    if body.auto {
        return Vec::new();
    }
    let Question::Natural { along, .. } = &check.question else { return Vec::new() };
    let kept = blocks::kept(model, Along::from(along));
    if kept == blocks::Kept::Scaled && class == Class::Diagonal {
        return blame::blame_blockwise(&body);
    }
    let mut found = blame::blame(&body, class);
    // What is not lost along a class that holds the map as well is not to blame.
    if kept == blocks::Kept::TwoSided
        && matches!(class, Class::Permutation | Class::SignedPermutation | Class::Orthogonal)
    {
        let other = blame::blame(&body, Class::Biorthogonal);
        found.retain(|b| other.iter().any(|o| o.span == b.span));
    }
    found
}

/// Whether types prove the square of an optimizer along a path whose maps are of a class, or scale each parameter by a factor
/// of its own. For what has to be decided quickly; that the maps are of the class was seen at random members.
pub fn along_by_types(
    model: &Model,
    (changed, used): (&Optimizer, &Instance),
    (class, kept): (Class, blocks::Kept),
) -> Option<Verdict> {
    let body = build(model, changed, used, None);
    if kept == blocks::Kept::Scaled && types::commutes_blockwise(&body) {
        return Some(Verdict::Commutes);
    }
    match types::prove(&body, class) {
        Proof::Commutes => Some(Verdict::Commutes),
        Proof::InLimit => Some(Verdict::InLimit),
        _ => None,
    }
}
