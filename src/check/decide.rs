//! From a problem to a finding: claims first, then proof, rate, order and refutation, with numbers beside all of them.

mod claims;
mod examine;
mod members;
mod rank;
mod rates;
mod small;
mod step;

pub(in crate::check) use claims::claims;
use claims::{scaled_permutations, seem_scaled_permutations};
use examine::residuals;
pub(in crate::check) use examine::{Standing, examine, proof_text};
pub(in crate::check) use rates::{Sign, agree, expected_rate, is_one, looks_like_one, positive, rate_text, up_to_rate};
use rates::{is_rate, proved_rate};
pub(in crate::check) use small::depends_at_zero;
pub(in crate::check) use step::{rate_of, step};

use super::algebra::{self, Atoms, Identity, stop_text};
use super::certify;
use super::numeric::{self, Sampled};
use super::special;
use super::witness::{self, Goal};
use super::written;
use super::{Budget, Equation, Problem, Shape};
use crate::domain::Stop;
use crate::term::Term;
use crate::verdict::{Answer, Equality, Extent, Failure, Finding, Ground, NO_NUMBERS, Residual, Witness};

/// One engine proved what another refutes: a defect of `nat`, which stops the run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "{engine} proved what another engine contradicts: relative residual {residual:.3e}, rounding {noise:.1e}, in {place}"
)]
pub struct Disagreement {
    /// Whose proof it is.
    pub engine: &'static str,
    /// The largest relative residual.
    pub residual: f64,
    /// The noise floor.
    pub noise: f64,
    /// Where.
    pub place: String,
}

/// Decides a problem: for general members, and then for those at which it is another one.
///
/// # Errors
/// If two engines contradict each other.
pub fn decide(problem: &mut Problem, budget: &Budget) -> Result<Finding, Disagreement> {
    /// Parameters that are set one after the other.
    const DEEPEST: usize = 2;
    decide_with(problem, (DEEPEST, true), budget)
}

/// Decides a problem and its special members, to a depth; with `written`, as it is written, and not as terms have made it.
fn decide_with(
    problem: &mut Problem,
    (depth, written): (usize, bool),
    budget: &Budget,
) -> Result<Finding, Disagreement> {
    let lr = if let Shape::Step(lr) = problem.shape { Some(lr) } else { None };
    let specials = special::members(problem, lr, &problem.equation.sides(), budget);
    let finding = match decide_generally(problem, written, budget) {
        // A proof for general members is not contradicted by a special one.
        Err(_) if !specials.are_none() => Finding::undecided(
            "it is proved for general members, and a point was found at which the sides differ: at a special member, or by a defect of nat",
        ),
        other => other?,
    };
    if finding.equality().is_none() {
        return Ok(finding);
    }
    members::weakest(problem, finding, &specials, depth, budget)
}

fn decide_generally(problem: &mut Problem, as_written: bool, budget: &Budget) -> Result<Finding, Disagreement> {
    if let Some(reason) = &problem.invalid {
        return Ok(Finding::invalid(reason.clone()));
    }
    if let Some(reason) = &problem.open {
        let message = format!("as far as is proved the question makes no sense, but numbers say otherwise: {reason}");
        return Ok(Finding::undecided(message));
    }
    if as_written {
        let built = problem.setting.store.len();
        problem.setting.written = written::removed(&mut problem.setting, &problem.equation.sides(), built);
    }
    if let Some(broken) = claims(problem, budget)? {
        return Ok(broken);
    }
    let mut finding = match problem.shape {
        Shape::Plain => plain(problem, budget)?,
        Shape::Flow => flow(problem, budget)?,
        Shape::Step(lr) => step(problem, lr, budget)?,
    };
    if unscaled(problem, budget)
        && let Some(jacobians) = &problem.diagonal
    {
        let why = "a `diagonal` or `entries` state is carried functorially only by maps whose Jacobian is a scaled permutation, and this one's is not";
        finding = match finding.answer {
            Answer::Invalid { .. } => finding,
            Answer::Fails(_) => Finding { message: format!("{}; {why}", finding.message), ..finding },
            // Sides that differ fail, were there a witness.
            Answer::Undecided { .. } if finding.residual.is_some_and(|r| r.max > 1e-6 && r.max > 1e3 * r.noise) => {
                Finding { message: format!("{}; {why}", finding.message), ..finding }
            }
            Answer::Undecided { .. } | Answer::Holds(_) => {
                if seem_scaled_permutations(problem, jacobians, budget) {
                    Finding::undecided(format!("{why}, as far as is proved; numbers say that it is"))
                } else {
                    Finding::invalid(format!("{why}, so that `S` is no functor along it")).beside(finding.residual)
                }
            }
        };
    }
    if as_written && let Some(empty) = written::vacuous(problem, &finding, budget) {
        finding = empty;
    }
    if finding.equality().is_some() && finding.residual.is_none() {
        finding.message.push_str(&format!("; no sample could be evaluated in floating point, {NO_NUMBERS}"));
    }
    finding.assumptions = std::mem::take(&mut problem.assumptions).into_iter().chain(finding.assumptions).collect();
    finding.sampled_claims = std::mem::take(&mut problem.sampled_claims);
    Ok(finding)
}

/// Whether a `diagonal` or `entries` state is asked to be carried by a map whose Jacobian is no scaled permutation.
pub(in crate::check) fn unscaled(problem: &Problem, budget: &Budget) -> bool {
    problem.diagonal.as_ref().is_some_and(|j| scaled_permutations(problem, j, budget) == Some(false))
}

/// The finding when neither proof nor witness was found, from the numbers alone: the sides are equal so far, if anything.
fn by_numbers(
    extent: Extent,
    (identity, sampled, on_pieces): (&Identity, &Sampled, bool),
    tried: Vec<String>,
) -> Finding {
    let mut tried = tried;
    tried.insert(0, identity_text(identity));
    // Without atoms a residual that is not zero is proved so; with signs, a piece on which the sides differ may simply
    // not have been sampled.
    let believable = match identity {
        _ if sampled.hidden => false,
        Identity::Open(Atoms::None) | Identity::Unconfirmed => false,
        Identity::Open(Atoms::Kinks) => on_pieces,
        _ => true,
    };
    let mut finding = if sampled.agrees() && believable {
        let r = sampled.residual.map_or(0, |r| r.samples);
        let seen = if on_pieces {
            format!(
                "; on each of the {} pieces met they agree exactly, and whether there are others is open",
                sampled.pieces.len()
            )
        } else {
            String::new()
        };
        let message = format!("the sides agree within rounding at {r} sampled points; this is not proved{seen}");
        Finding::holds(extent, Ground::Numeric, message)
    } else {
        let message = match (sampled.residual, sampled.inside, sampled.stopped) {
            (Some(_), ..) if sampled.agrees() && matches!(identity, Identity::Open(Atoms::Kinks)) => {
                "the sides agree at the sampled points, but some choice of the signs at kinks makes them differ, and whether it occurs is open".to_owned()
            }
            (Some(_), ..) if sampled.agrees() && sampled.hidden => {
                "the sides agree at the sampled points, but these do not reach every piece between kinks and every member that there may be".to_owned()
            }
            (Some(_), ..) if sampled.agrees() && *identity == Identity::Unconfirmed => {
                "the sides agree at the sampled points, but whether a quantity that they divide by, invert or take the sign of is different from zero anywhere is open".to_owned()
            }
            (Some(_), ..) if sampled.drowned => {
                "the sides agree in every digit of floating point, but their difference, without what they have in common, is not zero".to_owned()
            }
            (Some(_), ..) if sampled.finer == numeric::Finer::Blind => {
                "the sides agree in floating point, but they could not be computed with a hundred digits at any point that was tried, so that too little is seen of them".to_owned()
            }
            (Some(_), ..) if sampled.finer == numeric::Finer::Differ => {
                "the sides agree in floating point, but with a hundred digits they differ, which is no proof".to_owned()
            }
            (Some(_), ..) if sampled.absorbed => {
                "the sides agree in floating point, but a summand is lost there in the rounding of its sum at every sampled point, so that nothing is seen of it".to_owned()
            }
            (Some(_), ..) if sampled.unseen => {
                "a component is zero in floating point on both sides at every sampled point, though it is not written as zero: it may have vanished by underflow".to_owned()
            }
            (None, true, None) if sampled.blind > 0 => {
                "at every sampled point rounding is as large as the values, or a function has come to its limit, so that floating point sees nothing".to_owned()
            }
            (Some(_), ..) if sampled.agrees() => "the sides are different functions, but no simple point was found that shows it".to_owned(),
            (Some(_), ..) => unproved_difference(sampled).to_owned(),
            (None, false, _) => "no point was found that satisfies the conditions".to_owned(),
            (None, true, Some(stop)) => format!("no sampled point has a value on both sides: {}", stop_text(stop)),
            (None, true, None) => {
                "the values vanish in floating point at every sampled point, so that nothing is seen of the sides".to_owned()
            }
        };
        let seen = Some(Box::new(Equality::new(extent, Ground::Numeric)));
        Finding::new(Answer::Undecided { seen }, message)
    };
    finding.residual = sampled.residual;
    finding.tried = tried;
    finding
}

/// What numbers say of sides that do not agree in them, where no witness was found.
pub(in crate::check) fn unproved_difference(sampled: &Sampled) -> &'static str {
    if sampled.disagrees() {
        "the sides differ in numbers, and neither a rate that mends it nor a point that proves it for every rate was found"
    } else {
        "neither proved nor refuted: the sides differ so little in numbers that it may be rounding"
    }
}

/// Whether what two sides divide by, invert and take signs of is certainly different from zero somewhere. In floating point
/// what is zero has a sign, that of its rounding.
pub(in crate::check) fn guarded(problem: &Problem, left: &[Term], right: &[Term], budget: &Budget) -> bool {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let guards = certify::Guards::of(&problem.setting, &roots);
    guards.are_none(true) || guards.hold(&problem.setting, &problem.domain, true, budget)
}

/// [`by_numbers`], after a look at the pieces that the samples met.
fn numbers(
    problem: &mut Problem,
    extent: Extent,
    (left, right): (&[Term], &[Term]),
    (identity, sampled): (&Identity, &Sampled),
    budget: &Budget,
    tried: Vec<String>,
) -> Finding {
    let unsure = sampled.agrees() && !guarded(problem, left, right, budget);
    let identity = if unsure { &Identity::Unconfirmed } else { identity };
    let kinks = *identity == Identity::Open(Atoms::Kinks) && sampled.agrees() && !sampled.pieces.is_empty();
    let roots = [left, right].concat();
    if sampled.agrees() && certify::may_have_branches(&problem.setting, &roots) {
        return Finding { tried, ..Finding::undecided(certify::BRANCHES).beside(sampled.residual) };
    }
    let on_pieces = kinks
        && algebra::agree_on_pieces(&problem.setting, &roots, left.len(), &problem.domain, &sampled.pieces, budget);
    by_numbers(extent, (identity, sampled, on_pieces), tried)
}

pub(in crate::check) fn identity_text(identity: &Identity) -> String {
    match identity {
        Identity::Trivial | Identity::Proved { .. } => "algebra: proved".into(),
        Identity::Open(Atoms::None) => "algebra: the residual is not zero".into(),
        Identity::Open(Atoms::Kinks) => "algebra: the residual does not vanish for every choice of signs".into(),
        Identity::Open(Atoms::Analytic) => "algebra: the residual does not vanish for independent atoms".into(),
        Identity::Unconfirmed => {
            "algebra: at no point could it be confirmed that a rank is as large, or a denominator or the argument of a sign \
             different from zero, as the proof would need it"
                .into()
        }
        Identity::Stuck(why) => format!("algebra: {why}"),
        Identity::Undefined(stop, _) => format!("algebra: a side has no value at random points ({})", stop_text(*stop)),
    }
}

/// `invalid` if a side has no value at any point, as far as exact and floating-point sampling can see.
fn undefined(problem: &Problem, identity: &Identity, sampled: &Sampled) -> Option<Finding> {
    let Identity::Undefined(stop, at) = identity else {
        return None;
    };
    if sampled.residual.is_some() || sampled.vanishing || *stop != Stop::Pole {
        return None;
    }
    let what = problem.setting.store.describe_partial(*at);
    let message = format!("a side is defined at no point: {what} is singular everywhere");
    Some(Finding::invalid(message))
}

/// What the sides of a problem come to before any rate is sought.
enum Opening {
    /// Equal, or defined nowhere: that is the finding.
    Settled(Box<Finding>),
    /// Not proved equal.
    Unproved(Identity, Sampled),
}

fn opening(problem: &mut Problem, left: &[Term], right: &[Term], budget: &Budget) -> Result<Opening, Disagreement> {
    Ok(match examine(problem, left, right, budget, "square")? {
        Standing::Proved(text, residual) => {
            Opening::Settled(Box::new(Finding::commutes(Ground::Algebra, text).beside(residual)))
        }
        Standing::Unproved(identity, sampled) => match undefined(problem, &identity, &sampled) {
            Some(f) => Opening::Settled(Box::new(f)),
            None => Opening::Unproved(identity, sampled),
        },
    })
}

fn plain(problem: &mut Problem, budget: &Budget) -> Result<Finding, Disagreement> {
    let (left, right) = (problem.equation.left.clone(), problem.equation.right.clone());
    let (identity, sampled) = match opening(problem, &left, &right, budget)? {
        Opening::Settled(f) => return Ok(*f),
        Opening::Unproved(identity, sampled) => (identity, sampled),
    };
    let (found, tried) = hunt(problem, &left, &right, Goal::Differ, (&identity, &sampled), budget, Witness::SIDES);
    Ok(match found {
        Some(difference) => difference.into(),
        None => numbers(problem, Extent::Commutes, (&left, &right), (&identity, &sampled), budget, tried),
    })
}

/// A point at which two sides differ, in a sentence, and the numbers beside it.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The point.
    pub witness: Witness,
    /// Where the sides differ.
    pub message: String,
    /// How they compare at sampled points.
    pub residual: Option<Residual>,
}

impl Difference {
    /// The failure that it shows, at an order in the learning rate or in time.
    pub fn of_order(self, order: Option<usize>) -> Finding {
        let Difference { witness, message, residual } = self;
        Finding::new(Failure { order, ..Failure::at(witness) }, message).beside(residual)
    }
}

impl From<Difference> for Finding {
    fn from(difference: Difference) -> Self {
        difference.of_order(None)
    }
}

/// Searches for a witness, unless the numbers agree so well that there is none to be expected.
pub(in crate::check) fn hunt(
    problem: &Problem,
    left: &[Term],
    right: &[Term],
    goal: Goal,
    (identity, sampled): (&Identity, &Sampled),
    budget: &Budget,
    quantity: &str,
) -> (Option<Difference>, Vec<String>) {
    let different = matches!(identity, Identity::Open(Atoms::None | Atoms::Kinks));
    // Numbers only say how hard to look.
    let hopeless = sampled.agrees() && !different;
    let points = if hopeless { budget.points / 10 } else { budget.points };
    let smaller = Budget { points, ..Budget::new(budget.seed, budget.samples, 1).until(budget.deadline) };
    let smaller = Budget {
        trials: budget.trials,
        operations: budget.operations,
        simplifications: budget.simplifications,
        ..smaller
    };
    let (found, tried) = witness::search(
        &problem.setting,
        (left, right),
        &problem.domain,
        (goal, &sampled.suspects),
        &smaller,
        quantity,
    );
    let note = format!("witness: {tried} simple points");
    let found = found.or_else(|| {
        let mut setting = sampled.drowned.then(|| problem.setting.clone())?;
        let differences: Vec<Term> = left.iter().zip(right).map(|(&l, &r)| setting.store.sub(l, r)).collect();
        let goal = (goal, &sampled.suspects[..]);
        witness::search_beside(&setting, (left, right, &differences), &problem.domain, goal, &smaller, quantity).0
    });
    let Some(found) = found else { return (None, vec![note]) };
    let equation = Equation { left: left.to_vec(), right: right.to_vec(), ..problem.equation.clone() };
    let witness = witness::describe(&problem.setting, &equation, &found, quantity);
    let hidden = found.hidden_difference();
    let hidden =
        hidden.map_or(String::new(), |d| format!(" (by {d}, which the digits shown of the sides do not tell)"));
    let message = format!("{} differ in {}{hidden}", witness.quantity, witness.component);
    (Some(Difference { witness, message, residual: sampled.residual }), vec![note])
}

fn flow(problem: &mut Problem, budget: &Budget) -> Result<Finding, Disagreement> {
    let (left, right) = (problem.equation.left.clone(), problem.equation.right.clone());
    let (identity, sampled) = match opening(problem, &left, &right, budget)? {
        Opening::Settled(f) => return Ok(*f),
        Opening::Unproved(identity, sampled) => (identity, sampled),
    };
    let different = matches!(identity, Identity::Open(Atoms::None));
    if (!sampled.agrees() || different)
        && guarded(problem, &left, &right, budget)
        && let Some((c, proof, residual)) = proved_rate(problem, &left, &right, budget)?
        && (sampled.residual.is_some() || different || is_rate(problem, c, (&left, &right), budget))
    {
        let mut f = up_to_rate(problem, c, &proof, residual, budget);
        expected_rate(problem, c, budget, &mut f);
        return Ok(f);
    }
    let (found, tried) = hunt(problem, &left, &right, Goal::NoRate, (&identity, &sampled), budget, Witness::SIDES);
    Ok(match found {
        Some(difference) => difference.into(),
        None => numbers(problem, Extent::Commutes, (&left, &right), (&identity, &sampled), budget, tried),
    })
}
