//! Two programs, one algorithm: whether a map between their states carries one step, or field, into the other.

use rustc_hash::FxHashMap;

use super::Asked;
use super::entries::{examine_entries, vanish};
use super::powers::{affine, at_one, homogeneous};
use super::refute::singled_out;
use crate::check::algebra::{Atoms, Identity, stop_text};
use crate::check::decide::{
    Disagreement, Sign, Standing, depends_at_zero, expected_rate, guarded, hunt, is_one, looks_like_one, positive,
    rate_of, rate_text, step, unproved_difference, up_to_rate,
};
use crate::check::witness::Goal;
use crate::check::{Budget, Equation, Problem, degenerate, numeric, rate, special};
use crate::model::elaborate::Constraint;
use crate::term::{Seeds, Store, SymbolId, Term};
use crate::verdict::{Extent, Finding, Ground, Verdict, Witness};

/// The two sides of the square, the target's with its rate free, and the moves of the parameters.
struct Square {
    left: Vec<Term>,
    right: Vec<Term>,
    moves: (Term, Term),
}

/// Answers `check same`.
///
/// # Errors
/// If two engines contradict each other.
pub fn answer(asked: &mut Asked, budget: &Budget) -> Result<Finding, Disagreement> {
    if let Some(reason) = &asked.problem.invalid {
        return Ok(Finding::invalid(reason.clone()));
    }
    let states: Vec<Constraint> = asked.source.states.iter().flat_map(|s| s.domain.clone()).collect();
    asked.problem.domain.extend(states);
    let Some(square) = square(asked) else {
        let message = "the map between the states has a derivative that is not available";
        return Ok(Finding::undecided(message));
    };
    let finding = decided(asked, &square, budget)?;
    let mut finding = weakest(asked, &square, finding, budget)?;
    let mut assumptions = std::mem::take(&mut asked.problem.assumptions);
    assumptions.append(&mut finding.assumptions);
    finding.assumptions = assumptions;
    Ok(finding)
}

/// What a finding for general members is worth for all: a member at which the two programs differ answers for all, and where
/// nobody knows, the answer is open.
fn weakest(asked: &mut Asked, square: &Square, finding: Finding, budget: &Budget) -> Result<Finding, Disagreement> {
    if finding.equality().is_none() {
        return Ok(finding);
    }
    let one = asked.problem.setting.store.num(1);
    let right = asked.factors.first().map_or(square.right.clone(), |f| {
        asked.problem.setting.store.substitute(&square.right, &[(f.symbol, one)].into_iter().collect())
    });
    let sides: Vec<Term> = square.left.iter().chain(&right).copied().collect();
    let specials = special::members(&asked.problem, asked.rate, &sides, budget);
    let mut asked_there = asked.clone();
    let n = square.left.len();
    let left = square.left.iter().copied().chain([square.moves.0]).collect();
    let right = square.right.iter().copied().chain([square.moves.1]).chain(right).collect();
    asked_there.problem.equation = Equation { left, right, ..asked_there.problem.equation };
    for special in &specials.members {
        let mut there = asked_there.clone();
        there.problem = asked_there.problem.at(special);
        let (left, right) = (there.problem.equation.left.clone(), there.problem.equation.right.clone());
        let sides = (&left[..n], &right[n + 1..]);
        if finding.verdict() == Verdict::Commutes
            && let Standing::Proved(..) = examine_entries(&mut there.problem, sides, budget, "same, at a member")?
        {
            continue;
        }
        let own = Square { left: left[..n].to_vec(), right: right[..n].to_vec(), moves: (left[n], right[n]) };
        let found = decided(&mut there, &own, budget)?;
        if found.verdict() == Verdict::Fails {
            let message = format!("at the member {}, which others do not show: {}", special.text, found.message);
            return Ok(Finding { message, ..found });
        }
        return Ok(finding.only_in_general(&special::another(&special.text)));
    }
    let Equation { left, right, .. } = &asked_there.problem.equation;
    Ok(match &specials.open {
        Some(at) => finding.only_in_general(&special::another(at)),
        None if special::signs_may_vanish(&asked.problem, (&left[..n], &right[n + 1..]), &specials, budget) => {
            finding.only_in_general(special::ZERO_ON_A_PIECE)
        }
        None => finding,
    })
}

fn square(asked: &mut Asked) -> Option<Square> {
    let (source, target, via, flow) =
        (asked.source.clone(), asked.target.clone(), asked.via.clone(), asked.rate.is_none());
    let store = &mut asked.problem.setting.store;
    let own: Vec<SymbolId> = source.symbols().collect();
    let next: FxHashMap<SymbolId, Term> = own.iter().copied().zip(source.next.iter().copied()).collect();
    let left = if flow {
        let seeds = Seeds::along(next);
        via.iter().map(|&t| store.tangent(t, &seeds)).collect::<Result<Vec<Term>, _>>().ok()?
    } else {
        store.substitute(&via, &next)
    };
    let there: FxHashMap<SymbolId, Term> = target.symbols().zip(via.iter().copied()).collect();
    let right = store.substitute(&target.next, &there);
    let general: FxHashMap<SymbolId, Term> = source.states.iter().map(|s| (s.symbol, s.general)).collect();
    let left = store.substitute(&left, &general);
    let right = store.substitute(&right, &general);
    let start = store.substitute_one(via[0], &general);
    let moves = if flow { (left[0], right[0]) } else { (store.sub(left[0], start), store.sub(right[0], start)) };
    Some(Square { left, right, moves })
}

fn decided(asked: &mut Asked, square: &Square, budget: &Budget) -> Result<Finding, Disagreement> {
    let factor = [0];
    let set = |asked: &mut Asked, c: Term| {
        let by = [(asked.factors[0].symbol, c)].into_iter().collect();
        asked.problem.setting.store.substitute(&square.right, &by)
    };
    let one = asked.problem.setting.store.num(1);
    let right = set(asked, one);
    let (identity, sampled) = match examine_entries(&mut asked.problem, (&square.left, &right), budget, "same")? {
        Standing::Proved(text, residual) => {
            let proof = Finding::commutes(Ground::Algebra, text).beside(residual);
            return Ok(everywhere(asked, (&square.left, &right), true, budget).unwrap_or(proof));
        }
        Standing::Unproved(identity, sampled) => (identity, sampled),
    };
    let plain = at_one(asked, square.moves.1, &factor);
    // `left = r₀ + c r₁`: a rate works only where `left - r₀` is its multiple of `r₁`.
    let split = match homogeneous(asked, square.moves.1, &factor, budget) {
        true => Some((square.moves.0, plain)),
        false => affine(asked, square.moves.1, 0, budget)
            .map(|(constant, slope)| (asked.problem.setting.store.sub(square.moves.0, constant), slope)),
    };
    let (wanted, unit) = split.unwrap_or((square.moves.0, plain));
    let domain = asked.problem.domain.clone();
    let candidate = rate::candidate(&mut asked.problem.setting, (&[wanted], &[unit]), &domain, budget);
    let mut only = None;
    if let rate::Ratio::Constant(c) = candidate {
        let c = rate::simplified(&mut asked.problem.setting, c);
        only = Some(c);
        let scaled = set(asked, c);
        if !is_one(&asked.problem, c)
            && !looks_like_one(&mut asked.problem, c, budget)
            && let sign @ (Sign::Proved | Sign::Sampled) = positive(&mut asked.problem, c, budget)
            && let Standing::Proved(text, residual) =
                examine_entries(&mut asked.problem, (&square.left, &scaled), budget, "same up to rate")?
        {
            if let Some(open) = everywhere(asked, (&square.left, &scaled), true, budget) {
                return Ok(open);
            }
            let mut f = up_to_rate(&mut asked.problem, c, &text, residual, budget);
            if sign == Sign::Sampled {
                let of = rate_text(&mut asked.problem, c, budget).map_or(String::new(), |text| format!(" {text}"));
                f.assumptions.push(format!("the rate{of} is positive: holds at all members tried, not proved"));
            }
            expected_rate(&mut asked.problem, c, budget, &mut f);
            return Ok(f);
        }
    }
    if let Some(lr) = asked.rate
        && let Some(f) = small(asked, square, (lr, &right), budget)?
    {
        let open = f.equality().and_then(|_| everywhere(asked, (&square.left, &right), false, budget));
        return Ok(open.unwrap_or(f));
    }
    // Refuted at one point if no rate is left, or if the moves of the parameters leave one only.
    let open = Identity::Open(Atoms::None);
    let independent = !depends(asked, &square.right);
    // Of steps the first order in lr decides, and it was looked at.
    let refutable = asked.rate.is_none();
    let mut found = None;
    if let (true, false, Some((left, right))) = (refutable, independent, split) {
        let mut moves = numeric::compare(&asked.problem.setting, (&[left], &[right]), &domain, budget, "moves");
        moves.drowned = sampled.drowned;
        let quantity = "the moves of the parameters";
        found = hunt(&asked.problem, &[left], &[right], Goal::NoRate, (&open, &moves), budget, quantity).0;
    }
    if refutable && found.is_none() {
        let rate = only.unwrap_or(one);
        if independent || singled_out(asked, square.moves, rate, 0, budget) {
            let scaled = set(asked, rate);
            let mut seen =
                numeric::compare(&asked.problem.setting, (&square.left, &scaled), &domain, budget, "same at rate");
            seen.drowned = sampled.drowned;
            let quantity = Witness::SIDES;
            found = hunt(&asked.problem, &square.left, &scaled, Goal::Differ, (&open, &seen), budget, quantity).0;
        }
    }
    if let Some(difference) = found {
        return Ok(Finding::from(difference).beside(sampled.residual));
    }
    // A residual that is not zero without atoms, or on some piece, is no rounding.
    let believable = sampled.agrees()
        && matches!(identity, Identity::Stuck(_) | Identity::Open(Atoms::Analytic))
        && guarded(&asked.problem, &square.left, &right, budget);
    let stopped = sampled.stopped.filter(|_| sampled.residual.is_none());
    let nowhere = stopped.map(|stop| format!("no sampled point has a value on both sides: {}", stop_text(stop)));
    let message = if believable {
        "the sides agree at the sampled points, but this is not proved"
    } else if let Some(nowhere) = &nowhere {
        nowhere
    } else if sampled.agrees()
        || sampled.residual.is_none()
        || sampled.drowned
        || sampled.absorbed
        || sampled.told_apart()
    {
        "neither proved nor refuted, and floating point cannot tell the sides apart from rounding"
    } else {
        unproved_difference(&sampled)
    };
    let f = if believable { Finding::commutes(Ground::Numeric, message) } else { Finding::undecided(message) };
    let mut f = f.beside(sampled.residual);
    f.tried.push(crate::check::decide::identity_text(&identity));
    let open = f.equality().and_then(|_| everywhere(asked, (&square.left, &right), true, budget));
    Ok(open.unwrap_or(f))
}

/// What is to be said instead of an answer for a generic architecture that is not one for every architecture.
fn everywhere(asked: &Asked, sides: (&[Term], &[Term]), equal: bool, budget: &Budget) -> Option<Finding> {
    asked.problem.generic.as_ref().filter(|_| !(equal && asked.problem.same_bodies))?;
    degenerate::exception(&asked.problem, sides, (equal, &[]), budget).map(Finding::undecided)
}

/// Decides two steps as a square is decided, by the first order in the learning rate and its rate, then the whole; nothing if
/// that decides nothing. What differs beyond the first order refutes nothing.
fn small(
    asked: &mut Asked,
    square: &Square,
    (lr, right): (SymbolId, &[Term]),
    budget: &Budget,
) -> Result<Option<Finding>, Disagreement> {
    if asked.problem.setting.store.free_symbols(&asked.via).contains(&lr) {
        return beside_map(asked, square, (lr, right), budget);
    }
    let found = as_square(asked, (&square.left, right), lr, budget)?;
    Ok(match found.verdict() {
        Verdict::InLimit | Verdict::UpToRate | Verdict::Fails | Verdict::Invalid => Some(found),
        // A proof is this module's to give.
        Verdict::Undecided | Verdict::UpToRates | Verdict::Commutes => None,
    })
}

/// Two sides decided as those of a square.
fn as_square(
    asked: &mut Asked,
    (left, right): (&[Term], &[Term]),
    lr: SymbolId,
    budget: &Budget,
) -> Result<Finding, Disagreement> {
    let problem = &mut asked.problem;
    let sides = (problem.equation.left.clone(), problem.equation.right.clone());
    (problem.equation.left, problem.equation.right) = (left.to_vec(), right.to_vec());
    let found = step(problem, lr, budget);
    (problem.equation.left, problem.equation.right) = sides;
    found
}

/// As [`small`] where the map between the states reads the learning rate: only the target's own is scaled. At `lr = 0` the
/// derivative of the right side is `a + c b` for a rate `c`, by the chain rule; `b` and the left side's derivative without
/// `a` have to be parallel.
fn beside_map(
    asked: &mut Asked,
    square: &Square,
    (lr, right): (SymbolId, &[Term]),
    budget: &Budget,
) -> Result<Option<Finding>, Disagreement> {
    let factor = asked.factors[0].symbol;
    let problem = &mut asked.problem;
    if depends_at_zero(problem, lr, &square.left, budget) || depends_at_zero(problem, lr, right, budget) {
        return Ok(None);
    }
    let store = &mut problem.setting.store;
    let (zero, one) = (store.num(0), store.num(1));
    let at = |s: SymbolId, t: Term| -> FxHashMap<SymbolId, Term> { [(s, t)].into_iter().collect() };
    let seeds = Seeds::along([(lr, one)]);
    let sides: Vec<Term> = square.left.iter().chain(&square.right).copied().collect();
    let slopes: Result<Vec<Term>, _> = sides.iter().map(|&t| store.tangent(t, &seeds)).collect();
    let Ok(slopes) = slopes else { return Ok(None) };
    let (values, slopes) = (store.substitute(&sides, &at(lr, zero)), store.substitute(&slopes, &at(lr, zero)));
    let split = square.left.len();
    let differences = |store: &mut Store, l: &[Term], r: &[Term]| -> Vec<Term> {
        l.iter().zip(r).map(|(&l, &r)| store.sub(l, r)).collect()
    };
    let start = differences(store, &values[..split], &values[split..]);
    let constant = store.substitute(&slopes[split..], &at(factor, zero));
    let unit = store.substitute(&slopes[split..], &at(factor, one));
    let wanted = differences(store, &slopes[..split], &constant);
    let linear = differences(store, &unit, &constant);
    if !vanish(problem, &start, budget, "same at lr = 0") {
        let (left, right) = values.split_at(split);
        return Ok(refuted(problem, (left, right), Goal::Differ, "the two sides at lr = 0", budget));
    }
    let domain = problem.domain.clone();
    let rate::Ratio::Constant(c) = rate::candidate(&mut problem.setting, (&wanted, &linear), &domain, budget) else {
        // No constant is in sight: two points, or entries, may demand different ones.
        let quantity = "the derivatives of the two sides in lr at 0, without what no rate multiplies,";
        return Ok(refuted(problem, (&wanted, &linear), Goal::NoRate, quantity, budget));
    };
    let c = rate::simplified(&mut problem.setting, c);
    let sign = positive(problem, c, budget);
    let store = &mut problem.setting.store;
    let scaled: Vec<Term> = linear.iter().map(|&b| store.scalar_mul(c, b)).collect();
    let residual = differences(store, &wanted, &scaled);
    // Without a term of first order a rate shows in a later one, which is not looked for here.
    let moves = vanish(problem, &linear, budget, "first order");
    if sign == Sign::No || moves || !vanish(problem, &residual, budget, "same at first order") {
        return Ok(None);
    }
    let at_rate = problem.setting.store.substitute(&square.right, &at(factor, c));
    let mut found = as_square(asked, (&square.left, &at_rate), lr, budget)?;
    if found.verdict() != Verdict::InLimit || found.rate().is_some() {
        return Ok(None);
    }
    let c = Some(c).filter(|&c| !is_one(&asked.problem, c));
    if let Some(rate) = rate_of(&mut asked.problem, c, budget)
        && let Some(Extent::InLimit(limit)) = found.equality_mut().map(|e| &mut e.extent)
    {
        let at = rate.text.as_ref().map_or("one rate for each member".to_owned(), |r| format!("the rate {r}"));
        limit.rate = Some(rate);
        found.message = format!("at {at} {}", found.message);
    }
    Ok(Some(found))
}

/// A refutation, if a point shows it.
fn refuted(
    problem: &Problem,
    (left, right): (&[Term], &[Term]),
    goal: Goal,
    quantity: &str,
    budget: &Budget,
) -> Option<Finding> {
    let open = Identity::Open(Atoms::None);
    let seen = numeric::compare(&problem.setting, (left, right), &problem.domain, budget, "small steps");
    let found = hunt(problem, left, right, goal, (&open, &seen), budget, quantity).0;
    found.map(|d| Finding::from(d).beside(seen.residual))
}

/// Whether terms depend on the rate of the target.
fn depends(asked: &Asked, terms: &[Term]) -> bool {
    asked.problem.setting.store.free_symbols(terms).contains(&asked.factors[0].symbol)
}
