//! What a verdict for general members is worth at special ones.

use super::{Disagreement, decide_with};
use crate::check::special::{Special, Specials};
use crate::check::{Budget, Problem};
use crate::verdict::{Answer, Finding, Verdict};

/// The weakest of a finding for general members and of those for special ones.
///
/// # Errors
/// If two engines contradict each other.
pub(super) fn weakest(
    problem: &Problem,
    general: Finding,
    specials: &Specials,
    depth: usize,
    budget: &Budget,
) -> Result<Finding, Disagreement> {
    let mut general = general;
    for special in &specials.members {
        let mut there = problem.at(special);
        let found = if depth == 0 {
            Finding::undecided("members with several parameters set are not looked at")
        } else {
            decide_with(&mut there, (depth - 1, false), budget)?
        };
        match standing(&general, &found, &there) {
            Standing::Kept => {}
            Standing::Weaker => {
                let Special { text, .. } = special;
                let message = format!("at the member {text}, which others do not show: {}", found.message);
                let assumptions = general.assumptions;
                let found = Finding { assumptions, message, ..found };
                if found.equality().is_none() {
                    return Ok(found);
                }
                general = found;
            }
            Standing::Open => {
                let message = format!(
                    "so it is for general members, but what it is at {} is open: {}",
                    special.text, found.message
                );
                return Ok(undecided(general, message));
            }
        }
    }
    // A member that fails answers for all; one that is not looked at, for none.
    if let Some(at) = &specials.open {
        let message =
            format!("so it is for general members, but at {at} the sides are made in another way; {}", general.message);
        return Ok(undecided(general, message));
    }
    Ok(general)
}

/// How the finding at a special member stands to that for general ones.
enum Standing {
    /// What holds in general holds there, or there is no such member.
    Kept,
    /// Less holds there.
    Weaker,
    /// Nobody knows.
    Open,
}

fn standing(general: &Finding, there: &Finding, problem: &Problem) -> Standing {
    let verdict = there.verdict();
    match (&there.answer, general.verdict()) {
        // Where a side has no value there is no member.
        (Answer::Invalid { .. }, _) => Standing::Kept,
        (Answer::Fails(_), _) => Standing::Weaker,
        (Answer::Undecided { .. }, _) => {
            let sides: Vec<_> = problem.equation.left.iter().chain(&problem.equation.right).copied().collect();
            let defined = crate::check::witness::defined_somewhere(&problem.setting, &sides, &problem.domain);
            if defined { Standing::Open } else { Standing::Kept }
        }
        // One rate for general members and none, or another one, at special ones is no formula.
        (Answer::Holds(_), Verdict::Commutes) if verdict == Verdict::UpToRate => Standing::Open,
        (Answer::Holds(_), general_verdict) if verdict < general_verdict => Standing::Weaker,
        (Answer::Holds(_), Verdict::InLimit) if verdict == Verdict::InLimit && there.order() < general.order() => {
            Standing::Weaker
        }
        (Answer::Holds(_), _) => Standing::Kept,
    }
}

fn undecided(general: Finding, message: String) -> Finding {
    let Finding { assumptions, sampled_claims, residual, tried, .. } = general;
    Finding { assumptions, sampled_claims, residual, tried, ..Finding::undecided(message) }
}
