//! From a problem to a finding: claims first, then proof, rate, order and refutation, with numbers beside all of them.

use rustc_hash::FxHashMap;

use super::algebra::{self, Atoms, Identity, stop_text};
use super::numeric::{self, Sampled};
use super::rate::{self, Ratio};
use super::witness::{self, Goal};
use super::{Budget, ClaimKind, Equation, Problem, Shape, order};
use crate::domain::float::Float;
use crate::domain::prime::{Prime, PseudoInverses, Random, Signs};
use crate::domain::{Domain, Rational, Stop};
use crate::model::elaborate::{Constraint, ConstraintKind};
use crate::term::{Program, Seeds, SymbolId, Term};
use crate::verdict::{Evidence, Finding, Residual, Verdict};

use super::sample::Sampler;

/// One engine proved what another refutes: a defect of `nat`, which stops the run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "the algebra engine proved an identity that sampled numbers contradict: relative residual {residual:.3e}, rounding {noise:.1e}, in {place}"
)]
pub struct Disagreement {
    /// The middle relative residual.
    pub residual: f64,
    /// The noise floor.
    pub noise: f64,
    /// Where.
    pub place: String,
}

/// Decides a problem.
///
/// # Errors
/// If two engines contradict each other.
pub fn decide(problem: &mut Problem, budget: &Budget) -> Result<Finding, Disagreement> {
    if let Some(reason) = &problem.invalid {
        return Ok(Finding::new(Verdict::Invalid, Evidence::Claim, reason.clone()));
    }
    let mut assumptions = std::mem::take(&mut problem.assumptions);
    if let Some(broken) = claims(problem, budget, &mut assumptions)? {
        return Ok(broken);
    }
    let mut finding = match problem.shape {
        Shape::Plain => plain(problem, budget)?,
        Shape::Flow => flow(problem, budget)?,
        Shape::Step(lr) => step(problem, lr, budget)?,
    };
    if let Some(jacobians) = &problem.diagonal
        && let Some(false) = scaled_permutations(problem, jacobians, budget)
    {
        let why = "a `diagonal` state is carried functorially only by maps whose Jacobian is a scaled permutation, and this one's is not";
        if finding.verdict == Verdict::Fails {
            finding.message = format!("{}; {why}", finding.message);
        } else if finding.verdict > Verdict::Fails {
            let mut invalid =
                Finding::new(Verdict::Invalid, Evidence::Claim, format!("{why}, so that `S` is no functor along it"));
            invalid.residual = finding.residual;
            finding = invalid;
        }
    }
    finding.assumptions =
        assumptions.into_iter().chain(std::mem::take(&mut problem.assumptions)).chain(finding.assumptions).collect();
    Ok(finding)
}

/// How an equation between two lists of terms stands.
enum Standing {
    Proved(Evidence, String, Residual2),
    Unproved(Identity, Sampled),
}

/// The residual that goes with a proof; absent when no sample could be evaluated.
type Residual2 = Option<Residual>;

fn residuals(problem: &mut Problem, left: &[Term], right: &[Term]) -> Vec<Term> {
    left.iter().zip(right).map(|(&l, &r)| problem.setting.store.sub(l, r)).collect()
}

/// Looks at an equation symbolically and numerically.
fn examine(
    problem: &mut Problem,
    left: &[Term],
    right: &[Term],
    budget: &Budget,
    purpose: &str,
) -> Result<Standing, Disagreement> {
    let residual = residuals(problem, left, right);
    let operations = Program::new(&problem.setting.store, &residual).operations();
    let identity = if operations > budget.operations / 4 {
        Identity::Stuck(format!(
            "the residual has {operations} scalar operations, more than the budget of {}",
            budget.operations / 4
        ))
    } else {
        algebra::vanishes(&problem.setting, &residual, &problem.domain, budget, purpose)
    };
    let sampled = numeric::compare(&problem.setting, (left, right), &problem.domain, budget, purpose);
    if !identity.holds() {
        return Ok(Standing::Unproved(identity, sampled));
    }
    if Sampler::new(&problem.setting, &residual, &problem.domain).contradictory() {
        return Ok(Standing::Unproved(Identity::Stuck("the conditions contradict each other".into()), sampled));
    }
    if sampled.disagrees() {
        // Floating point only suspects; a point that refutes the proof exactly would be a defect of nat.
        let goal = (Goal::Differ, &sampled.suspects[..]);
        let (found, _) = witness::search(&problem.setting, (left, right), &problem.domain, goal, budget, purpose);
        if found.is_some() {
            let noise = sampled.residual.map_or(0.0, |r| r.noise);
            return Err(Disagreement { residual: sampled.median, noise, place: purpose.to_owned() });
        }
    }
    let identity =
        if sampled.residual.is_none() { nowhere(problem, left, right, identity, &sampled) } else { identity };
    if !identity.holds() {
        return Ok(Standing::Unproved(identity, sampled));
    }
    let (evidence, text) = match identity {
        Identity::Trivial => (Evidence::Algebra, "both sides have the same normal form".to_owned()),
        Identity::Proved { bits, trials } => {
            let bits = bits.min(9999.0).floor();
            (
                Evidence::Algebra,
                format!(
                    "proved by {trials} exact evaluations over random prime fields, error probability below 2^-{bits}"
                ),
            )
        }
        _ => (Evidence::None, String::new()),
    };
    Ok(Standing::Proved(evidence, text, sampled.residual))
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

/// The finding when neither proof nor witness was found, from the numbers alone.
fn by_numbers(
    verdict: Verdict,
    (identity, sampled, on_pieces): (&Identity, &Sampled, bool),
    tried: Vec<String>,
) -> Finding {
    let mut tried = tried;
    tried.insert(0, identity_text(identity));
    // Without atoms a residual that is not zero is proved so; with signs, a piece on which the sides differ may simply
    // not have been sampled.
    let believable = match identity {
        Identity::Open(Atoms::None) => false,
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
        Finding::new(
            verdict,
            Evidence::Numeric,
            format!("the sides agree within rounding at {r} sampled points; this is not proved{seen}"),
        )
    } else {
        let message = match (sampled.residual, sampled.inside, sampled.stopped) {
            (Some(_), ..) if sampled.agrees() && matches!(identity, Identity::Open(Atoms::Kinks)) => {
                "the sides agree at the sampled points, but some choice of the signs at kinks makes them differ, and whether it occurs is open".to_owned()
            }
            (Some(_), ..) if sampled.agrees() => "the sides are different functions, but no simple point was found that shows it".to_owned(),
            (Some(_), ..) => "the sides differ numerically, but no point was found that proves it".to_owned(),
            (None, false, _) => "no point was found that satisfies the conditions".to_owned(),
            (None, true, Some(stop)) => format!("no sampled point has a value on both sides: {}", stop_text(stop)),
            (None, true, None) => "no point could be evaluated".to_owned(),
        };
        Finding::new(Verdict::Undecided, Evidence::None, message)
    };
    finding.residual = sampled.residual;
    finding.tried = tried;
    finding
}

/// [`by_numbers`], after a look at the pieces that the samples met.
fn numbers(
    problem: &mut Problem,
    verdict: Verdict,
    (left, right): (&[Term], &[Term]),
    (identity, sampled): (&Identity, &Sampled),
    budget: &Budget,
    tried: Vec<String>,
) -> Finding {
    let kinks = *identity == Identity::Open(Atoms::Kinks) && sampled.agrees() && !sampled.pieces.is_empty();
    let on_pieces = kinks && {
        let roots: Vec<Term> = left.iter().chain(right).copied().collect();
        algebra::agree_on_pieces(&problem.setting, &roots, left.len(), &problem.domain, &sampled.pieces, budget)
    };
    by_numbers(verdict, (identity, sampled, on_pieces), tried)
}

fn identity_text(identity: &Identity) -> String {
    match identity {
        Identity::Trivial | Identity::Proved { .. } => "algebra: proved".into(),
        Identity::Open(Atoms::None) => "algebra: the residual is not zero".into(),
        Identity::Open(Atoms::Kinks) => "algebra: the residual does not vanish for every choice of signs".into(),
        Identity::Open(Atoms::Analytic) => "algebra: the residual does not vanish for independent atoms".into(),
        Identity::Stuck(why) => format!("algebra: {why}"),
        Identity::Undefined(stop, _) => format!("algebra: a side has no value at random points ({})", stop_text(*stop)),
    }
}

/// `invalid` if a side has no value at any point, as far as exact and floating-point sampling can see.
fn undefined(problem: &Problem, identity: &Identity, sampled: &Sampled) -> Option<Finding> {
    let Identity::Undefined(stop, at) = identity else {
        return None;
    };
    if sampled.residual.is_some() || *stop != Stop::Pole {
        return None;
    }
    let what = problem.setting.store.describe_partial(*at);
    let message = format!("a side is defined at no point: {what} is singular everywhere");
    Some(Finding::new(Verdict::Invalid, Evidence::Claim, message))
}

fn plain(problem: &mut Problem, budget: &Budget) -> Result<Finding, Disagreement> {
    let (left, right) = (problem.equation.left.clone(), problem.equation.right.clone());
    match examine(problem, &left, &right, budget, "equation")? {
        Standing::Proved(evidence, text, residual) => {
            let mut f = Finding::new(Verdict::Commutes, evidence, text);
            f.residual = residual;
            Ok(f)
        }
        Standing::Unproved(identity, sampled) => {
            if let Some(f) = undefined(problem, &identity, &sampled) {
                return Ok(f);
            }
            let (found, tried) =
                hunt(problem, &left, &right, Goal::Differ, (&identity, &sampled), budget, "the two sides");
            match found {
                Some(mut f) => {
                    f.residual = sampled.residual;
                    Ok(f)
                }
                None => Ok(numbers(problem, Verdict::Commutes, (&left, &right), (&identity, &sampled), budget, tried)),
            }
        }
    }
}

/// Searches for a witness, unless the numbers agree so well that there is none to be expected.
fn hunt(
    problem: &Problem,
    left: &[Term],
    right: &[Term],
    goal: Goal,
    (identity, sampled): (&Identity, &Sampled),
    budget: &Budget,
    quantity: &str,
) -> (Option<Finding>, Vec<String>) {
    let different = matches!(identity, Identity::Open(Atoms::None | Atoms::Kinks));
    // Numbers only say how hard to look.
    let hopeless = sampled.agrees() && !different;
    let points = if hopeless { budget.points / 10 } else { budget.points };
    let smaller = Budget { points, ..Budget::new(budget.seed, budget.samples, 1) };
    let smaller = Budget { trials: budget.trials, operations: budget.operations, ..smaller };
    let (found, tried) = witness::search(
        &problem.setting,
        (left, right),
        &problem.domain,
        (goal, &sampled.suspects),
        &smaller,
        quantity,
    );
    let note = format!("witness: {tried} simple points");
    let Some(found) = found else { return (None, vec![note]) };
    let equation = Equation { left: left.to_vec(), right: right.to_vec(), ..problem.equation.clone() };
    let w = witness::describe(&problem.setting, &equation, &found, quantity);
    let message = format!("{} differ in {}", w.quantity, w.component);
    let mut finding = Finding::new(Verdict::Fails, Evidence::Counterexample, message);
    finding.witness = Some(w);
    (Some(finding), vec![note])
}

/// `c · right`, component by component.
fn scaled(problem: &mut Problem, c: Term, right: &[Term]) -> Vec<Term> {
    right.iter().map(|&r| problem.setting.store.scalar_mul(c, r)).collect()
}

/// A rate that is proved and positive: its term, its proof, and the residual.
fn proved_rate(
    problem: &mut Problem,
    left: &[Term],
    right: &[Term],
    budget: &Budget,
) -> Result<Option<(Term, String, Option<Residual>)>, Disagreement> {
    let domain = problem.domain.clone();
    let Ratio::Constant(c) = rate::candidate(&mut problem.setting, (left, right), &domain, budget) else {
        return Ok(None);
    };
    let sign = positive(problem, c, budget);
    if sign == Sign::No {
        return Ok(None);
    }
    if sign == Sign::Sampled {
        let text =
            format!("the rate {} is positive: holds at all members tried, not proved", problem.setting.store.text(c));
        problem.assumptions.push(text);
    }
    let right = scaled(problem, c, right);
    Ok(match examine(problem, left, &right, budget, "rate")? {
        Standing::Proved(_, text, residual) => Some((c, text, residual)),
        Standing::Unproved(..) => None,
    })
}

/// What is known of the sign of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Positive for every member.
    Proved,
    /// Positive at every member tried.
    Sampled,
    /// Zero or negative for some member.
    No,
}

/// Whether a rate is positive: by its form, by the conditions, or else at members of every size.
fn positive(problem: &mut Problem, c: Term, budget: &Budget) -> Sign {
    let condition = Constraint {
        term: c,
        kind: ConstraintKind::Positive,
        text: String::new(),
        span: crate::source::Span::default(),
    };
    if problem.setting.store.positive(c) || super::singular::certainly(problem, &condition) {
        return Sign::Proved;
    }
    let sampler = Sampler::new(&problem.setting, &[c], &problem.domain);
    let program = Program::new(&problem.setting.store, &[c]);
    let mut random = Random::new(budget.seed, "positive");
    let mut seen = 0;
    for k in 0..400 {
        let scale = [1.0, 8.0, 64.0, 1e4][k % 4];
        let Some(point) = sampler.float_scaled(&mut random, scale) else {
            continue;
        };
        match program.run(&mut Float::default(), |s| point.get(&s).cloned()) {
            Ok(v) if v[0][0] > 0.0 => seen += 1,
            Ok(_) => return Sign::No,
            Err(_) => {}
        }
    }
    if seen > 0 { Sign::Sampled } else { Sign::No }
}

fn up_to_rate(problem: &mut Problem, c: Term, proof: &str, residual: Option<Residual>) -> Finding {
    let text = problem.setting.store.text(c);
    let message = format!(
        "the sides agree once the target's learning rate is multiplied by {text} (the source's stays); {proof}"
    );
    let mut f = Finding::new(Verdict::UpToRate, Evidence::Algebra, message);
    f.rate = Some(text);
    f.residual = residual;
    f
}

fn flow(problem: &mut Problem, budget: &Budget) -> Result<Finding, Disagreement> {
    let (left, right) = (problem.equation.left.clone(), problem.equation.right.clone());
    let (identity, sampled) = match examine(problem, &left, &right, budget, "flow")? {
        Standing::Proved(evidence, text, residual) => {
            let mut f = Finding::new(Verdict::Commutes, evidence, text);
            f.residual = residual;
            return Ok(f);
        }
        Standing::Unproved(identity, sampled) => (identity, sampled),
    };
    if let Some(f) = undefined(problem, &identity, &sampled) {
        return Ok(f);
    }
    let different = matches!(identity, Identity::Open(Atoms::None));
    if (!sampled.agrees() || different)
        && let Some((c, proof, residual)) = proved_rate(problem, &left, &right, budget)?
    {
        let mut f = up_to_rate(problem, c, &proof, residual);
        expected_rate(problem, c, budget, &mut f);
        return Ok(f);
    }
    let (found, tried) = hunt(problem, &left, &right, Goal::NoRate, (&identity, &sampled), budget, "the two sides");
    Ok(match found {
        Some(mut f) => {
            f.residual = sampled.residual;
            f
        }
        None => numbers(problem, Verdict::Commutes, (&left, &right), (&identity, &sampled), budget, tried),
    })
}

/// Compares a rate with the one that the check expects; a difference is said in the message.
fn expected_rate(problem: &mut Problem, c: Term, budget: &Budget, finding: &mut Finding) {
    let Some(expected) = problem.expected_rate else { return };
    let difference = problem.setting.store.sub(c, expected);
    if !algebra::vanishes(&problem.setting, &[difference], &problem.domain, budget, "expected rate").holds() {
        let text = problem.setting.store.text(expected);
        finding.rate_differs = Some(text);
    }
}

/// The terms with `lr` replaced, and their derivatives in `lr`, both at `lr = 0`.
fn at_zero(problem: &mut Problem, lr: SymbolId, terms: &[Term]) -> Option<(Vec<Term>, Vec<Term>)> {
    let store = &mut problem.setting.store;
    let zero = store.num(0);
    let one = store.num(1);
    let by: FxHashMap<_, _> = [(lr, zero)].into_iter().collect();
    let values = store.substitute(terms, &by);
    let seeds = Seeds::along([(lr, one)]);
    let slopes: Result<Vec<Term>, _> = terms.iter().map(|&t| store.tangent(t, &seeds)).collect();
    let slopes = store.substitute(&slopes.ok()?, &by);
    Some((values, slopes))
}

/// The rate of a step whose derivatives in `lr` at 0 vanish to first order beyond the carried state: the square root of
/// the ratio of the second derivatives. A guess; the caller proves it on the whole step.
fn second_order_rate(
    problem: &mut Problem,
    lr: SymbolId,
    left: &[Term],
    right: &[Term],
    l1: &[Term],
    budget: &Budget,
) -> Option<Term> {
    if !l1.iter().all(|&t| problem.setting.store.is_zero(t)) {
        return None;
    }
    let one = problem.setting.store.num(1);
    let zero = problem.setting.store.num(0);
    let seeds = Seeds::along([(lr, one)]);
    let by: FxHashMap<_, _> = [(lr, zero)].into_iter().collect();
    let mut second = |terms: &[Term]| -> Option<Vec<Term>> {
        let store = &mut problem.setting.store;
        let mut result = Vec::with_capacity(terms.len());
        for &t in terms {
            let d = store.tangent(t, &seeds).ok()?;
            result.push(store.tangent(d, &seeds).ok()?);
        }
        Some(store.substitute(&result, &by))
    };
    let (l2, r2) = (second(left)?, second(right)?);
    let domain = problem.domain.clone();
    let Ratio::Constant(square) = rate::candidate(&mut problem.setting, (&l2, &r2), &domain, budget) else {
        return None;
    };
    let c = problem.setting.store.power(square, &Rational::from_parts(1.into(), 2u8.into()));
    let trivial = problem.setting.store.as_fill(c).is_some_and(Rational::is_one);
    (!trivial && positive(problem, c, budget) != Sign::No).then_some(c)
}

fn step(problem: &mut Problem, lr: SymbolId, budget: &Budget) -> Result<Finding, Disagreement> {
    let (left, right) = (problem.equation.left.clone(), problem.equation.right.clone());
    let (identity, sampled) = match examine(problem, &left, &right, budget, "step")? {
        Standing::Proved(evidence, text, residual) => {
            let mut f = Finding::new(Verdict::Commutes, evidence, text);
            f.residual = residual;
            return Ok(f);
        }
        Standing::Unproved(identity, sampled) => (identity, sampled),
    };
    if let Some(f) = undefined(problem, &identity, &sampled) {
        return Ok(f);
    }
    let (Some((l0, l1)), Some((r0, r1))) = (at_zero(problem, lr, &left), at_zero(problem, lr, &right)) else {
        return Ok(numbers(
            problem,
            Verdict::Commutes,
            (&left, &right),
            (&identity, &sampled),
            budget,
            vec!["derivative in lr: not available".into()],
        ));
    };
    // Order zero: a defect that is there without any step.
    let zeroth = examine(problem, &l0, &r0, budget, "step at lr = 0")?;
    if let Standing::Unproved(zeroth, zero_sampled) = &zeroth {
        let (found, tried) =
            hunt(problem, &l0, &r0, Goal::Differ, (zeroth, zero_sampled), budget, "the two sides at lr = 0");
        if let Some(mut f) = found {
            f.message = format!("{}: the step moves its state by a fixed amount even at lr = 0", f.message);
            f.residual = zero_sampled.residual;
            f.order = Some(0);
            return Ok(f);
        }
        if sampled.agrees() || !zero_sampled.agrees() {
            let s = if sampled.agrees() { &sampled } else { zero_sampled };
            return Ok(numbers(
                problem,
                Verdict::Commutes,
                (&left, &right),
                (if sampled.agrees() { &identity } else { zeroth }, s),
                budget,
                tried,
            ));
        }
    }
    // Order one, up to a rate.
    let mut c = None;
    let mut first_identity = Identity::Trivial;
    let first = match examine(problem, &l1, &r1, budget, "derivative in lr at 0")? {
        Standing::Proved(_, proof, residual) => {
            // A step without a term of first order: its rate shows in the second.
            c = second_order_rate(problem, lr, &left, &right, &l1, budget);
            Some((proof, residual))
        }
        Standing::Unproved(open, _) => {
            first_identity = open;
            proved_rate(problem, &l1, &r1, budget)?.map(|(rate, proof, residual)| {
                c = Some(rate);
                (proof, residual)
            })
        }
    };
    let Some((proof, residual)) = first else {
        let slopes = numeric::compare(&problem.setting, (&l1, &r1), &problem.domain, budget, "slope");
        let (found, tried) = hunt(
            problem,
            &l1,
            &r1,
            Goal::NoRate,
            (&first_identity, &slopes),
            budget,
            "the derivatives of the two sides in lr at 0",
        );
        return Ok(match found {
            Some(mut f) => {
                f.residual = slopes.residual;
                f.order = Some(1);
                f
            }
            None => numbers(problem, Verdict::Commutes, (&left, &right), (&identity, &sampled), budget, tried),
        });
    };
    // The whole step, with the target's rate scaled.
    let scaled_right = match c {
        None => right,
        Some(c) => {
            let t = problem.setting.store.symbol_term(lr);
            let faster = problem.setting.store.mul(c, t);
            let by: FxHashMap<_, _> = [(lr, faster)].into_iter().collect();
            problem.setting.store.substitute(&right, &by)
        }
    };
    let whole = match c {
        None => Standing::Unproved(identity, sampled),
        Some(_) => examine(problem, &left, &scaled_right, budget, "step up to rate")?,
    };
    let (identity, sampled) = match (whole, c) {
        (Standing::Proved(_, proof, residual), Some(c)) => {
            let mut f = up_to_rate(problem, c, &proof, residual);
            expected_rate(problem, c, budget, &mut f);
            return Ok(f);
        }
        (Standing::Unproved(identity, sampled), _) => (identity, sampled),
        (Standing::Proved(..), None) => {
            return Ok(Finding::new(Verdict::Undecided, Evidence::None, "the proof came out differently twice"));
        }
    };
    if sampled.agrees() {
        let verdict = if c.is_some() { Verdict::UpToRate } else { Verdict::Commutes };
        let mut f = numbers(problem, verdict, (&left, &scaled_right), (&identity, &sampled), budget, Vec::new());
        f.rate = c.map(|c| problem.setting.store.text(c));
        return Ok(f);
    }
    // Of second order or smaller; a witness shows that it is not zero.
    let (found, tried) =
        hunt(problem, &left, &scaled_right, Goal::Differ, (&identity, &sampled), budget, "the two sides");
    let order = order::of_defect(&problem.setting, (&left, &scaled_right), lr, &problem.domain, budget);
    let slope = numeric::slope(&problem.setting, (&left, &scaled_right), lr, &problem.domain, budget);
    let seen = slope.map_or(String::new(), |s| format!("; numerically the defect shrinks like lr^{s:.2}"));
    let rate = c.map(|c| problem.setting.store.text(c));
    let at = rate.as_ref().map_or(String::new(), |r| format!(" at the rate {r}"));
    let power = order.map_or("lr^2 or smaller".to_owned(), |k| format!("lr^{k}"));
    let message =
        format!("the defect of one step{at} is of order {power}{seen}; that it vanishes to first order is {proof}");
    let mut f = Finding::new(Verdict::InLimit, Evidence::Algebra, message);
    f.order = order;
    f.rate = rate;
    f.residual = residual;
    match found.and_then(|x| x.witness) {
        Some(w) => f.witness = Some(w),
        None => {
            f.assumptions.push("that the defect is not zero was seen numerically and not proved".into());
            f.tried = tried;
        }
    }
    Ok(f)
}

/// Checks the claims of the morphisms; the finding if one is broken.
fn claims(
    problem: &mut Problem,
    budget: &Budget,
    assumptions: &mut Vec<String>,
) -> Result<Option<Finding>, Disagreement> {
    for claim in problem.claims.clone() {
        let name = claim.morphism.clone();
        let outer = std::mem::replace(&mut problem.domain, claim.domain.clone());
        let result = match &claim.kind {
            ClaimKind::Equal { what, left, right } => {
                equal_claim(problem, what, *left, *right, &name, budget, assumptions)?
            }
            ClaimKind::NonSingular(j) => non_singular(problem, *j, &name, budget, assumptions),
            ClaimKind::FullRank(j, rank, what) => full_rank(problem, *j, *rank, what, &name, budget, assumptions),
            ClaimKind::Inside(c) => inside(problem, c, &name, budget, assumptions),
        };
        problem.domain = outer;
        if result.is_some() {
            return Ok(result);
        }
    }
    Ok(None)
}

fn equal_claim(
    problem: &mut Problem,
    what: &str,
    left: Term,
    right: Term,
    name: &str,
    budget: &Budget,
    assumptions: &mut Vec<String>,
) -> Result<Option<Finding>, Disagreement> {
    let (identity, sampled) = match examine(problem, &[left], &[right], budget, "claim")? {
        Standing::Proved(..) => return Ok(None),
        Standing::Unproved(identity, sampled) => (identity, sampled),
    };
    let components = std::mem::take(&mut problem.equation.components);
    problem.equation.components = vec![super::Component { name: what.to_owned(), entries: Vec::new(), span: None }];
    let (found, _) =
        hunt(problem, &[left], &[right], Goal::Differ, (&identity, &sampled), budget, "the two sides of the claim");
    problem.equation.components = components;
    if let Some(f) = found {
        let message = match what {
            "inverse" => format!("the declared inverse of `{name}` is not its inverse"),
            _ => format!("`{name}` does not preserve the {what}, as its kind claims"),
        };
        let mut invalid = Finding::new(Verdict::Invalid, Evidence::Claim, message);
        invalid.witness = f.witness;
        invalid.residual = sampled.residual;
        return Ok(Some(invalid));
    }
    let seen = sampled.residual.map_or("could not be tried at any point".to_owned(), |r| {
        if sampled.agrees() {
            format!("holds at {} points tried, not proved", r.samples)
        } else {
            "could neither be proved nor refuted".into()
        }
    });
    assumptions.push(match what {
        "inverse" => format!("the `inverse` of `{name}` undoes it: {seen}"),
        _ => format!("`{name}` preserves the {what}: {seen}"),
    });
    Ok(None)
}

/// A reparametrisation's Jacobian: singular nowhere. Refuted by a point with determinant zero, or by a sign change of
/// the determinant along a segment inside the domain.
fn non_singular(
    problem: &mut Problem,
    j: Term,
    name: &str,
    budget: &Budget,
    assumptions: &mut Vec<String>,
) -> Option<Finding> {
    let det = problem.setting.store.determinant(j);
    if problem.setting.store.free_symbols(&[det]).is_empty() {
        if problem.setting.store.is_zero(det) {
            return Some(Finding::new(
                Verdict::Invalid,
                Evidence::Claim,
                format!("`{name}` is not a local diffeomorphism: its Jacobian is singular everywhere"),
            ));
        }
        if problem.setting.store.as_fill(det).is_some() {
            return None;
        }
    }
    if algebra::vanishes(&problem.setting, &[det], &problem.domain, budget, "determinant").holds() {
        let message = format!("`{name}` is not a local diffeomorphism: its Jacobian is singular everywhere");
        return Some(Finding::new(Verdict::Invalid, Evidence::Claim, message));
    }
    if super::singular::nowhere_zero(problem, det) {
        return None;
    }
    if let Some((point, exact)) = super::singular::find(problem, det, budget) {
        let seen = if exact {
            ""
        } else {
            " (found by bisection between two points where the determinant has opposite signs)"
        };
        let message = format!("`{name}` is not a local diffeomorphism: its Jacobian is singular at {point}{seen}");
        return Some(Finding::new(Verdict::Invalid, Evidence::Claim, message));
    }
    assumptions.push(format!("the Jacobian of `{name}` is non-singular: holds at all points tried, not proved"));
    None
}

fn full_rank(
    problem: &mut Problem,
    j: Term,
    rank: usize,
    what: &str,
    name: &str,
    budget: &Budget,
    assumptions: &mut Vec<String>,
) -> Option<Finding> {
    let sampler = Sampler::new(&problem.setting, &[j], &problem.domain);
    let program = Program::new(&problem.setting.store, &[j]);
    let (rows, cols) = (problem.setting.store.shape(j)[0], problem.setting.store.shape(j)[1]);
    // Pieces and discrete members that occur, from floating-point points; the rank of each from a prime field.
    let mut random = Random::new(budget.seed, "rank");
    let discrete: Vec<SymbolId> = sampler.symbols().filter(|x| x.2).map(|x| x.0).collect();
    let mut pieces: Vec<(Vec<i8>, Vec<Vec<f64>>)> = Vec::new();
    for _ in 0..64 {
        let Some(point) = sampler.float(&mut random) else {
            continue;
        };
        let mut float = Float::default();
        if program.run(&mut float, |s| point.get(&s).cloned()).is_ok() {
            let piece = (float.trace.signs, discrete.iter().map(|s| point[s].clone()).collect());
            if !pieces.contains(&piece) {
                pieces.push(piece);
            }
        }
    }
    if pieces.is_empty() {
        assumptions.push(format!("the Jacobian of `{name}` has full rank: could not be tried"));
        return None;
    }
    for (signs, members) in pieces {
        let mut best = 0;
        for seed in 0..3 {
            let label = format!("rank/{seed}");
            let mut random = Random::new(budget.seed, &label);
            let pinned = Signs::Pinned(signs.clone());
            let mut prime =
                Prime::new(Random::new(budget.seed, &format!("{label}/field")), pinned, PseudoInverses::ByRank);
            let mut keep = super::sample::Point::default();
            for (s, values) in discrete.iter().zip(&members) {
                let small: Result<Vec<u64>, Stop> =
                    values.iter().map(|v| prime.rational(&Rational::from(*v as i64))).collect();
                keep.extend(small.map(|v| (*s, v)));
            }
            let Ok(point) = sampler.prime_with(&mut prime, &mut random, None, Some(&keep)) else {
                continue;
            };
            prime.zero_signs.clear();
            let Ok(values) = program.run(&mut prime, |s| point.get(&s).cloned()) else {
                continue;
            };
            prime.ranks.clear();
            if crate::domain::linear::pseudo_inverse(&mut prime, &values[0], rows, cols).is_ok() {
                best = best.max(prime.ranks.first().copied().unwrap_or(0));
            }
        }
        if best < rank {
            let place = if signs.is_empty() { "random points" } else { "random points of a piece" };
            let message = format!("`{name}` is not {what}: the rank of its Jacobian is {best} at {place}, not {rank}");
            return Some(Finding::new(Verdict::Invalid, Evidence::Claim, message));
        }
    }
    None
}

/// A condition on the target at the image of the source.
fn inside(
    problem: &mut Problem,
    c: &Constraint,
    name: &str,
    budget: &Budget,
    assumptions: &mut Vec<String>,
) -> Option<Finding> {
    let given = problem.setting.constraints.iter().chain(&problem.domain).any(|d| d.term == c.term && d.kind == c.kind);
    if given || super::singular::certainly(problem, c) {
        return None;
    }
    let sampler = Sampler::new(&problem.setting, &[c.term], &problem.domain);
    let program = Program::new(&problem.setting.store, &[c.term]);
    let mut random = Random::new(budget.seed, "inside");
    for tried in 0..400 {
        let Some(point) = sampler.simple(&mut random, tried / 100) else {
            continue;
        };
        let mut exact = crate::domain::exact::Exact::default();
        let broken = match program.run(&mut exact, |s| point.get(&s).cloned()) {
            Ok(v) => v[0].iter().any(|q| match c.kind {
                ConstraintKind::Positive => *q <= Rational::ZERO,
                ConstraintKind::NonZero => q.is_zero(),
            }),
            Err(_) => {
                let mut domain = crate::domain::interval::Intervals::default();
                let embedded = super::sample::embed(&mut domain, &point);
                match program.run(&mut domain, |s| embedded.get(&s).cloned()) {
                    Ok(v) => c.kind == ConstraintKind::Positive && v[0].iter().any(|x| x.hi() < 0.0),
                    Err(_) => false,
                }
            }
        };
        if broken {
            let at = super::singular::point_text(problem, &point);
            let message =
                format!("`{name}` leaves the target's domain: `{}` does not hold for the image of {at}", c.text);
            return Some(Finding::new(Verdict::Invalid, Evidence::Claim, message));
        }
    }
    assumptions
        .push(format!("`{name}` maps into the target's domain (`{}`): holds at all points tried, not proved", c.text));
    None
}

/// Whether all these Jacobians have one non-zero entry in each row and column at a generic point.
fn scaled_permutations(problem: &Problem, jacobians: &[Term], budget: &Budget) -> Option<bool> {
    let sampler = Sampler::new(&problem.setting, jacobians, &problem.domain);
    let program = Program::new(&problem.setting.store, jacobians);
    let mut random = Random::new(budget.seed, "scaled permutation");
    let mut prime =
        Prime::new(Random::new(budget.seed, "scaled permutation/field"), Signs::Free, PseudoInverses::ByRank);
    let point = sampler.prime(&mut prime, &mut random, None).ok()?;
    let values = program.run(&mut prime, |s| point.get(&s).cloned()).ok()?;
    Some(values.iter().zip(jacobians).all(|(m, j)| {
        let n = problem.setting.store.shape(*j)[0];
        let one = |mut line: Box<dyn Iterator<Item = usize> + '_>| {
            let mut count = 0;
            for k in line.by_ref() {
                count += usize::from(m[k] != 0);
            }
            count == 1
        };
        (0..n).all(|i| one(Box::new((0..n).map(move |k| i * n + k))) && one(Box::new((0..n).map(move |k| k * n + i))))
    }))
}
