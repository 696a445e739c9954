//! Repairs: changes to an optimizer that make a failing square commute, found by trying them.
//!
//! The candidates are the repairs that the literature knows, [`Edit`]. The smallest set of them that reaches a stronger
//! verdict is suggested. Nothing is suggested that was not decided by the same engines as the check itself: by types along
//! a class, and by algebra along a morphism.

mod edit;

pub use edit::Edit;

use super::{Budget, class, decide, lower};
use crate::model::names::{Declared, Model};
use crate::syntax::tree::{Check, Optimizer, Question};
use crate::verdict::{Evidence, Repair, Verdict};

/// Sets of edits that are judged by running the engines, at most; by types many more can be.
const MAX_ENGINE_RUNS: usize = 24;
const MAX_TYPE_RUNS: usize = 600;
/// The largest set of edits that is tried.
const MAX_EDITS: usize = 3;

/// The smallest repair of the optimizer of a `check natural` that reaches a verdict stronger than `found`; of several
/// such of one size the strongest. One that reaches `wanted` is preferred to a smaller one that does not.
pub fn suggest(model: &Model, check: &Check, (found, wanted): (Verdict, Verdict), budget: &Budget) -> Option<Repair> {
    let Question::Natural { optimizer, .. } = &check.question else {
        return None;
    };
    let Some(Declared::Optimizer(id)) = model.resolve(&optimizer.name.name, optimizer.name.span) else {
        return None;
    };
    let task = lower::lower(model, check).ok()?;
    // What a check sets is not for the optimizer to change.
    let set: Vec<usize> = (0..model[id].params.len())
        .filter(|&i| {
            optimizer.args.iter().enumerate().any(|(k, a)| match &a.name {
                Some(n) => n.name == model[id].params[i].name.name,
                None => k == i,
            })
        })
        .collect();
    let allowed = |e: &Edit| !matches!(e, Edit::Without(i) if set.contains(i));
    let (found, wanted) = (Some(found), wanted);
    match &task.class {
        Some(question) if question.on.is_none() && question.then.is_empty() => {
            let judge =
                |o: &Optimizer| class::by_types(&model.with_optimizer(id, o.clone()), optimizer, question.class);
            search(&model[id], allowed, judge, (found, wanted), MAX_TYPE_RUNS).map(|r| r.1)
        }
        Some(_) => None,
        None => {
            let judge = |o: &Optimizer| proved(&model.with_optimizer(id, o.clone()), check, budget);
            search(&model[id], allowed, judge, (found, wanted), MAX_ENGINE_RUNS).map(|r| r.1)
        }
    }
}

/// Tries sets of edits, small ones first, until one reaches `wanted`; else the best that is stronger than `found`. At most
/// `runs` sets are judged. Also the repaired optimizer.
pub fn search(
    optimizer: &Optimizer,
    allowed: impl Fn(&Edit) -> bool,
    judge: impl Fn(&Optimizer) -> Option<Verdict>,
    (found, wanted): (Option<Verdict>, Verdict),
    runs: usize,
) -> Option<(Optimizer, Repair)> {
    let edits: Vec<Edit> = Edit::all(optimizer).into_iter().filter(allowed).collect();
    let edits: Vec<Edit> = edits.into_iter().filter(|e| e.apply(optimizer).is_some()).collect();
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    let mut best: Option<(Optimizer, Repair)> = None;
    let mut judged = 0;
    for _ in 0..MAX_EDITS {
        let mut larger = Vec::new();
        for set in &sets {
            let next = set.last().map_or(0, |l| l + 1);
            for k in next..edits.len() {
                let mut set = set.clone();
                set.push(k);
                let Some((changed, repair)) = apply_all(optimizer, &edits, &set) else { continue };
                if judged >= runs {
                    return best;
                }
                judged += 1;
                larger.push(set);
                let Some(verdict) = judge(&changed) else { continue };
                if Some(verdict) > best.as_ref().map_or(found, |b| Some(b.1.verdict)) {
                    best = Some((changed, Repair { verdict, ..repair }));
                }
            }
        }
        if best.as_ref().is_some_and(|b| b.1.verdict >= wanted) {
            return best;
        }
        sets = larger;
    }
    best
}

fn apply_all(optimizer: &Optimizer, edits: &[Edit], set: &[usize]) -> Option<(Optimizer, Repair)> {
    let mut changed = optimizer.clone();
    let mut repair = Repair { edits: Vec::new(), verdict: Verdict::Undecided, reasons: Vec::new() };
    for &k in set {
        let (next, changes) = edits[k].apply(&changed)?;
        changed = next;
        repair.edits.extend(changes);
        repair.reasons.push(edits[k].reason(optimizer));
    }
    Some((changed, repair))
}

/// The verdict of a check on a changed model, if it is proved.
fn proved(model: &Model, check: &Check, budget: &Budget) -> Option<Verdict> {
    let mut task = lower::lower(model, check).ok()?;
    let [problem] = &mut task.problems[..] else { return None };
    let finding = decide::decide(problem, budget).ok()?;
    (finding.evidence == Evidence::Algebra).then_some(finding.verdict)
}
