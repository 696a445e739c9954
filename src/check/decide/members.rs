//! What a verdict for general members is worth at special ones.

use rustc_hash::FxHashMap;

use super::rates::scaled;
use super::{Disagreement, decide_with};
use crate::check::special::{self, Specials};
use crate::check::{Budget, Problem, Shape, witness};
use crate::term::Term;
use crate::verdict::{Answer, Finding, Verdict};

/// The weakest of a finding for general members and of those for special ones. At the rate of general members, if they have
/// one, a special one has to agree as they do.
///
/// # Errors
/// If two engines contradict each other.
pub(super) fn weakest(
    problem: &mut Problem,
    general: Finding,
    specials: &Specials,
    depth: usize,
    budget: &Budget,
) -> Result<Finding, Disagreement> {
    let rated = at_the_rate(problem);
    let mut general = general;
    for special in &specials.members {
        let text = &special.text;
        if depth == 0 {
            return Ok(general.only_in_general(&format!("the member {text} was not looked at")));
        }
        let mut there = rated.at(special);
        let mut found = decide_with(&mut there, (depth - 1, false), budget)?;
        if rated.found_rate.is_some() && found.verdict() == Verdict::Fails {
            // Another rate might do at this member, but then there is no formula.
            let mut unrated = problem.at(special);
            found = decide_with(&mut unrated, (depth - 1, false), budget)?;
            if found.equality().is_some() {
                return Ok(general.only_in_general(&format!("its rate is none of the member {text}")));
            }
        }
        match standing(&general, &found, (&there, rated.found_rate.is_some())) {
            Standing::Kept => {
                let new: Vec<String> =
                    found.assumptions.into_iter().filter(|a| !general.assumptions.contains(a)).collect();
                general.assumptions.extend(new);
            }
            Standing::Weaker => {
                let message = format!("at the member {text}, which others do not show: {}", found.message);
                let weaker = Finding {
                    assumptions: [general.assumptions, found.assumptions].concat(),
                    sampled_claims: [general.sampled_claims, found.sampled_claims].concat(),
                    message,
                    ..found
                };
                if weaker.equality().is_none() {
                    return Ok(weaker);
                }
                general = weaker;
            }
            Standing::Open => {
                return Ok(general.only_in_general(&format!("what it is at {text} is open: {}", found.message)));
            }
        }
    }
    // A member that fails answers for all; one that is not looked at, for none.
    if let Some(at) = &specials.open {
        return Ok(general.only_in_general(&special::another(at)));
    }
    Ok(unless_signs_vanish(problem, general, specials, budget))
}

/// A finding, or that it is one for general members only, if there may be members but those that were found at which a sign is
/// taken of what is zero on a whole piece.
fn unless_signs_vanish(problem: &Problem, finding: Finding, known: &Specials, budget: &Budget) -> Finding {
    let rated = at_the_rate(problem);
    match special::signs_may_vanish(&rated, (&rated.equation.left, &rated.equation.right), known, budget) {
        true => finding.only_in_general(special::ZERO_ON_A_PIECE),
        false => finding,
    }
}

/// The same question with the target's learning rate multiplied by the rate that was found.
fn at_the_rate(problem: &Problem) -> Problem {
    let mut rated = problem.clone();
    let Some(c) = problem.found_rate else { return rated };
    let right = rated.equation.right.clone();
    rated.equation.right = match rated.shape {
        Shape::Step(lr) => {
            let store = &mut rated.setting.store;
            let t = store.symbol_term(lr);
            let by: FxHashMap<_, Term> = std::iter::once((lr, store.mul(c, t))).collect();
            store.substitute(&right, &by)
        }
        Shape::Plain | Shape::Flow => scaled(&mut rated, c, &right),
    };
    rated
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

fn standing(general: &Finding, there: &Finding, (problem, rated): (&Problem, bool)) -> Standing {
    let (verdict, in_general) = (there.verdict(), general.verdict());
    match &there.answer {
        // Where a side has no value there is no member.
        Answer::Invalid { .. } => Standing::Kept,
        Answer::Fails(_) => Standing::Weaker,
        Answer::Undecided { .. } => {
            let sides: Vec<Term> = problem.equation.sides();
            let defined = witness::defined_somewhere(&problem.setting, &sides, &problem.domain);
            if defined { Standing::Open } else { Standing::Kept }
        }
        // Numbers at one member are no proof for all.
        Answer::Holds(_) if general.evidence().is_proof() && !there.evidence().is_proof() => Standing::Open,
        // Another rate at one member is no formula.
        Answer::Holds(_) if verdict == Verdict::UpToRate => Standing::Open,
        Answer::Holds(_) if verdict == Verdict::InLimit => match (in_general, general.order(), there.order()) {
            (Verdict::InLimit, k, j) if k == j => Standing::Kept,
            (Verdict::InLimit, Some(k), Some(j)) if j > k => Standing::Kept,
            // An order that is no whole number, or none at all.
            (Verdict::InLimit, Some(_), None) => Standing::Open,
            // What the finding says of one member has no rate in it.
            _ if rated => Standing::Open,
            _ => Standing::Weaker,
        },
        Answer::Holds(_) => Standing::Kept,
    }
}
