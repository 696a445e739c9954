//! `nat naturalize`: an optimizer changed so that it is natural along a class.

use super::Budget;
use super::class::{self, ClassQuestion, Examples};
use super::decide::Disagreement;
use super::repair::{Edit, search};
use crate::core::class::Class;
use crate::core::names::{Model, OptimizerId};
use crate::syntax::tree::{Instance, Optimizer};
use crate::verdict::{Finding, Repair, Verdict};

/// Classes that are tried when none is given, those that contain others first.
const WANTED: [Class; 8] = [
    Class::Diffeo,
    Class::Affine,
    Class::Linear,
    Class::Orthogonal,
    Class::Biorthogonal,
    Class::Diagonal,
    Class::SignedPermutation,
    Class::Scaling,
];

/// At most this many changed optimizers are judged for each class.
const RUNS: usize = 600;

/// What came of it.
#[derive(Debug)]
pub enum Naturalized {
    /// It is natural along the class already.
    Already(Class, Finding),
    /// A changed optimizer, the class, what was changed, and what the engines say of it.
    Changed(Box<Optimizer>, Class, Repair, Finding),
    /// No change that is known makes it so.
    None,
}

/// What a state is, the caller says.
fn keeps_states(edit: &Edit) -> bool {
    !matches!(edit, Edit::Carried(..))
}

/// Looks for a change of an optimizer that makes it natural along a class; without one, along the largest class for which
/// a change is found. What types prove is looked at in numbers as well before it is returned.
///
/// # Errors
/// If two engines contradict each other.
pub fn naturalize(
    model: &Model,
    id: OptimizerId,
    optimizer: &Instance,
    along: Option<Class>,
    budget: &Budget,
) -> Result<Naturalized, Disagreement> {
    let classes: &[Class] = along.as_ref().map_or(&WANTED, std::slice::from_ref);
    for &class in classes {
        let now = class::by_types(model, optimizer, class);
        if now == Some(Verdict::Commutes) {
            return Ok(Naturalized::Already(class, verify(model, optimizer, class, budget)?));
        }
        let judge = |o: &Optimizer| class::by_types(&model.with_optimizer(id, o.clone()), optimizer, class);
        let Some((changed, repair)) = search(&model[id], keeps_states, judge, (now, Verdict::Commutes), RUNS) else {
            continue;
        };
        // Of a class that was not asked for only a square that commutes will do, or the limit along nonlinear maps.
        let enough =
            repair.verdict == Verdict::Commutes || class == Class::Diffeo && repair.verdict == Verdict::InLimit;
        if along.is_none() && !enough {
            continue;
        }
        let finding = verify(&model.with_optimizer(id, changed.clone()), optimizer, class, budget)?;
        if finding.verdict() == repair.verdict {
            return Ok(Naturalized::Changed(Box::new(changed), class, repair, finding));
        }
    }
    Ok(Naturalized::None)
}

/// The answer to the square along the class, by all engines.
fn verify(model: &Model, optimizer: &Instance, class: Class, budget: &Budget) -> Result<Finding, Disagreement> {
    let question = ClassQuestion { optimizer: optimizer.clone(), class, then: Vec::new(), on: None };
    Ok(class::answer(&Examples::new(model), &question, None, budget)?.finding)
}
