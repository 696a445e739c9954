//! An equation between two lists of terms, looked at symbolically and numerically.

use super::Disagreement;
use crate::check::algebra::{self, Identity};
use crate::check::numeric::{self, Looked, Sampled};
use crate::check::sample::Sampler;
use crate::check::witness::{self, Goal};
use crate::check::{Budget, Problem, certify, special};
use crate::term::{Program, Term};
use crate::verdict::Residual;

/// How an equation between two lists of terms stands.
pub(in crate::check) enum Standing {
    /// Proved by exact computation: in what words, and the numbers beside it.
    Proved(String, Residual2),
    /// Neither proved nor refuted.
    Unproved(Identity, Sampled),
}

/// The residual that goes with a proof; absent when no sample could be evaluated.
pub(in crate::check) type Residual2 = Option<Residual>;

pub(super) fn residuals(problem: &mut Problem, left: &[Term], right: &[Term]) -> Vec<Term> {
    left.iter().zip(right).map(|(&l, &r)| problem.setting.store.sub(l, r)).collect()
}

/// Scalar operations beyond which finer tests of an identity cost much more than numbers do.
const DEAR: usize = 1 << 14;

/// Sides that agree differ by no more than this with a hundred digits.
const FINE: f64 = 1e-60;

/// Looks at an equation symbolically and numerically.
pub(in crate::check) fn examine(
    problem: &mut Problem,
    left: &[Term],
    right: &[Term],
    budget: &Budget,
    purpose: &str,
) -> Result<Standing, Disagreement> {
    let residual = residuals(problem, left, right);
    let operations = Program::new(&problem.setting.store, &residual).operations();
    // Numbers are asked before finer tests that are dear: where the sides plainly differ, nothing is to be proved.
    let mut looked = None;
    let plainly_not = || {
        operations > DEAR && {
            let sides = (left, right);
            let sampled =
                numeric::compare_at(&problem.setting, sides, &problem.domain, (budget, Looked::OnPieces), purpose);
            looked.insert(sampled).disagrees()
        }
    };
    let identity = if operations > budget.operations / 16 {
        Identity::Stuck(format!(
            "the residual has {operations} scalar operations, more than the budget of {}",
            budget.operations / 16
        ))
    } else {
        algebra::vanishes_unless(&problem.setting, &residual, &problem.domain, budget, purpose, plainly_not)
    };
    let place = if identity.holds() { Looked::BesideProof } else { Looked::OnPieces };
    let mut sampled = match looked {
        Some(sampled) if !identity.holds() => sampled,
        _ => numeric::compare_at(&problem.setting, (left, right), &problem.domain, (budget, place), purpose),
    };
    if !identity.holds() {
        // What the sides have in common may be so large that no digit of them shows the difference.
        if sampled.agrees() {
            let sides = [left, right].concat();
            let not_zero = certify::some_nonzero(&problem.setting, &residual, &problem.domain, budget);
            sampled.drowned = not_zero.is_some();
            sampled.suspects.extend(not_zero);
            sampled.absorbed = numeric::absorbs(&problem.setting, &sides, &problem.domain, budget);
            sampled.finer = numeric::finer(&problem.setting, (left, right), &problem.domain, budget);
        }
        return Ok(Standing::Unproved(identity, sampled));
    }
    if Sampler::new(&problem.setting, &residual, &problem.domain).contradictory() {
        return Ok(Standing::Unproved(Identity::Stuck("the conditions contradict each other".into()), sampled));
    }
    if sampled.disagrees() {
        // Floating point only suspects; a point that refutes the proof exactly would be a defect of nat.
        let goal = (Goal::Differ, &sampled.suspects[..]);
        let (found, _) = witness::search(&problem.setting, (left, right), &problem.domain, goal, budget, purpose);
        if found.is_some() && special::some_sign_may_vanish(problem, &[left, right].concat(), budget) {
            return Ok(Standing::Unproved(Identity::Stuck("a special member is another".into()), sampled));
        }
        if found.is_some() {
            let (residual, noise) = sampled.residual.map_or((0.0, 0.0), |r| (r.max, r.noise));
            return Err(Disagreement { engine: "the algebra engine", residual, noise, place: purpose.into() });
        }
    }
    if sampled.residual.is_none() {
        sampled.residual = numeric::fine_residual(&problem.setting, (left, right), &problem.domain, budget);
        if sampled.residual.is_some_and(|r| r.max > FINE) {
            return Ok(Standing::Unproved(Identity::Stuck("a hundred digits contradict it".into()), sampled));
        }
    }
    let identity =
        if sampled.residual.is_none() { nowhere(problem, left, right, identity, &sampled) } else { identity };
    Ok(match identity {
        Identity::Trivial => Standing::Proved("both sides have the same normal form".to_owned(), sampled.residual),
        Identity::Proved { bits, trials } => Standing::Proved(proof_text("", bits, trials), sampled.residual),
        Identity::Open(_) | Identity::Unconfirmed | Identity::Stuck(_) | Identity::Undefined(..) => {
            Standing::Unproved(identity, sampled)
        }
    })
}

/// How something was proved, with an error of `2^-bits` if it took evaluations.
pub(in crate::check) fn proof_text(how: &str, bits: f64, trials: usize) -> String {
    if trials == 0 {
        return format!("proved{how}: the difference is the zero polynomial on every piece between kinks");
    }
    let bits = bits.min(9999.0).floor();
    format!("proved{how} by {trials} exact evaluations over random prime fields, error probability below 2^-{bits}")
}

/// What a proof is worth when no sample could be evaluated: as much as before, if some simple point has values on both
/// sides or if the samples only failed for lack of digits; otherwise the question may be about no point at all.
fn nowhere(problem: &Problem, left: &[Term], right: &[Term], identity: Identity, sampled: &Sampled) -> Identity {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    if sampled.misjudged > 0 || witness::defined_somewhere(&problem.setting, &roots, &problem.domain) {
        return identity;
    }
    let why = if sampled.inside {
        "no point was found at which both sides are defined"
    } else {
        "no point was found that satisfies the conditions"
    };
    Identity::Stuck(why.into())
}
