//! Two programs, one algorithm: whether a map between their states carries one step, or field, into the other.

use rustc_hash::FxHashMap;

use super::Asked;
use super::entries::examine_entries;
use super::refute::{affine, at_one, homogeneous, singled_out};
use crate::check::algebra::{Atoms, Identity, stop_text};
use crate::check::decide::{
    Disagreement, Sign, Standing, expected_rate, guarded, hunt, is_one, looks_like_one, positive, rate_text, step,
    up_to_rate,
};
use crate::check::witness::Goal;
use crate::check::{Budget, numeric, rate};
use crate::model::elaborate::Constraint;
use crate::term::{Seeds, SymbolId, Term};
use crate::verdict::{Finding, Ground, Verdict};

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
    let mut finding = decided(asked, &square, budget)?;
    let mut assumptions = std::mem::take(&mut asked.problem.assumptions);
    assumptions.append(&mut finding.assumptions);
    finding.assumptions = assumptions;
    Ok(finding)
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
        Standing::Proved(text, residual) => return Ok(Finding::commutes(Ground::Algebra, text).beside(residual)),
        Standing::Unproved(identity, sampled) => (identity, sampled),
    };
    let plain = at_one(asked, square.moves.1, &factor);
    let domain = asked.problem.domain.clone();
    let candidate = rate::candidate(&mut asked.problem.setting, (&[square.moves.0], &[plain]), &domain, budget);
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
            let mut f = up_to_rate(&mut asked.problem, c, &text, residual, budget);
            if sign == Sign::Sampled {
                let of = rate_text(&mut asked.problem, c, budget).map_or(String::new(), |text| format!(" {text}"));
                f.assumptions.push(format!("the rate{of} is positive: holds at all members tried, not proved"));
            }
            expected_rate(&mut asked.problem, c, budget, &mut f);
            return Ok(f);
        }
    }
    let small = match asked.rate {
        Some(lr) => small(asked, square, (lr, &right), budget)?,
        None => Small::Differs,
    };
    if let Small::Settled(f) = small {
        return Ok(*f);
    }
    // Refuted at one point if no rate is left, or if the moves of the parameters leave one only.
    let open = Identity::Open(Atoms::None);
    let independent = !depends(asked, &square.right);
    let refutable = matches!(small, Small::Differs);
    let mut found = None;
    // `left = r₀ + c r₁`: no rate works where `left - r₀` is no multiple of `r₁`.
    let split = match homogeneous(asked, square.moves.1, &factor, budget) {
        true => Some((square.moves.0, plain)),
        false => affine(asked, square.moves.1, 0, budget)
            .map(|(constant, slope)| (asked.problem.setting.store.sub(square.moves.0, constant), slope)),
    };
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
            let quantity = "the two sides";
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
        || sampled.told_apart
    {
        "neither proved nor refuted, and floating point cannot tell the sides apart from rounding"
    } else {
        "the sides differ at the sampled points, but no point was found that proves it for every rate"
    };
    let f = if believable { Finding::commutes(Ground::Numeric, message) } else { Finding::undecided(message) };
    let mut f = f.beside(sampled.residual);
    f.tried.push(crate::check::decide::identity_text(&identity));
    Ok(f)
}

/// What small learning rates say of two steps.
enum Small {
    /// They decide the question.
    Settled(Box<Finding>),
    /// They may agree to first order at some rate: then nothing is refuted by what differs beyond.
    Open,
    /// They differ to first order at every rate, as far as numbers tell.
    Differs,
}

/// Decides two steps as a square is decided: the first order in the learning rate and its rate, then the whole. Where the map
/// between the states reads the learning rate the target's cannot be scaled by itself, and numbers say whether there is
/// something left to refute.
fn small(
    asked: &mut Asked,
    square: &Square,
    (lr, right): (SymbolId, &[Term]),
    budget: &Budget,
) -> Result<Small, Disagreement> {
    const STEEP: f64 = 1.25;
    let slope = |asked: &Asked, right: &[Term]| {
        let problem = &asked.problem;
        numeric::slope(&problem.setting, (&square.left, right), lr, &problem.domain, budget)
    };
    let reads = asked.problem.setting.store.free_symbols(&asked.via).contains(&lr);
    if reads && slope(asked, right).is_none_or(|s| s < STEEP) {
        let at_rate = first_rate(asked, square, lr, budget).map(|c| {
            let by = [(asked.factors[0].symbol, c)].into_iter().collect();
            asked.problem.setting.store.substitute(&square.right, &by)
        });
        let steep = at_rate.is_some_and(|right| slope(asked, &right).is_some_and(|s| s >= STEEP));
        return Ok(if steep { Small::Open } else { Small::Differs });
    }
    let problem = &mut asked.problem;
    let sides = (problem.equation.left.clone(), problem.equation.right.clone());
    (problem.equation.left, problem.equation.right) = (square.left.clone(), right.to_vec());
    let found = step(problem, lr, budget);
    (problem.equation.left, problem.equation.right) = sides;
    let found = found?;
    let wanted = match found.verdict() {
        Verdict::InLimit | Verdict::UpToRate => true,
        // A proof is this module's to give.
        Verdict::Fails | Verdict::Invalid => !reads,
        Verdict::Undecided | Verdict::UpToRates | Verdict::Commutes => false,
    };
    Ok(if wanted { Small::Settled(Box::new(found)) } else { Small::Open })
}

/// The rate at which the moves of the parameters agree to first order in the learning rate, as far as numbers tell.
fn first_rate(asked: &mut Asked, square: &Square, lr: SymbolId, budget: &Budget) -> Option<Term> {
    let plain = at_one(asked, square.moves.1, &[0]);
    let store = &mut asked.problem.setting.store;
    let (one, zero) = (store.num(1), store.num(0));
    let seeds = Seeds::along([(lr, one)]);
    let slopes = [store.tangent(square.moves.0, &seeds).ok()?, store.tangent(plain, &seeds).ok()?];
    let slopes = store.substitute(&slopes, &[(lr, zero)].into_iter().collect());
    let domain = asked.problem.domain.clone();
    match rate::candidate(&mut asked.problem.setting, (&slopes[..1], &slopes[1..]), &domain, budget) {
        rate::Ratio::Constant(c) => Some(c),
        _ => None,
    }
}

/// Whether terms depend on the rate of the target.
fn depends(asked: &Asked, terms: &[Term]) -> bool {
    asked.problem.setting.store.free_symbols(terms).contains(&asked.factors[0].symbol)
}
