//! Steps whose sides are not smooth at `lr = 0`: signs, roots and pseudo-inverses of what vanishes there. What such a step
//! does for small learning rates is read off its power series as `lr` tends to 0 from above, never by putting `lr = 0`.

use rustc_hash::FxHashMap;

use super::step::whole_order;
use super::{
    Difference, Disagreement, Sign, Standing, examine, expected_rate, hunt, is_one, looks_like_one, numbers, positive,
    rate_text, up_to_rate,
};
use crate::check::algebra::Identity;
use crate::check::numeric::Sampled;
use crate::check::order::{self, Defect};
use crate::check::sample::Sampler;
use crate::check::witness::Goal;
use crate::check::{Budget, Problem, cells, numeric};
use crate::domain::prime::{Prime, PseudoInverses, Random, Signs};
use crate::domain::{Domain, Fun, Rational};
use crate::term::{Node, Program, Singular, SymbolId, Term};
use crate::verdict::{Extent, Failure, Finding, Ground, Limit, Rate, Witness};

/// Whether to put `lr = 0` may lie on a kink, at the start of a root or where a rank drops: whether the argument of a sign
/// or of a root that reads `lr` has an entry that vanishes at `lr = 0`, or the rank of a matrix under a pseudo-inverse is
/// another one there.
pub(in crate::check) fn depends_at_zero(problem: &mut Problem, lr: SymbolId, roots: &[Term], budget: &Budget) -> bool {
    let store = &mut problem.setting.store;
    let (mut arguments, mut matrices): (Vec<Term>, Vec<Term>) = (Vec::new(), Vec::new());
    for t in store.reachable(roots) {
        let Some(Singular { read, .. }) = store.singular(t) else { continue };
        if !store.free_symbols(&[read]).contains(&lr) {
            continue;
        }
        match store.node(t) {
            Node::PseudoInverse(_) | Node::Inverse(_) => matrices.push(read),
            _ => arguments.push(read),
        }
    }
    if arguments.is_empty() && matrices.is_empty() {
        return false;
    }
    // On which pieces a rank is another one is not known.
    if store.any_node(&matrices, |n| matches!(n, Node::Map(Fun::Sign, _))) {
        return true;
    }
    let shapes: Vec<(usize, usize)> = matrices.iter().map(|m| (store.shape(*m)[0], store.shape(*m)[1])).collect();
    let zero = store.num(0);
    let by: FxHashMap<_, _> = [(lr, zero)].into_iter().collect();
    // The arguments at 0, the matrices at 0, and the matrices beside it.
    arguments.extend(&matrices);
    let split = arguments.len() - matrices.len();
    let mut there = store.substitute(&arguments, &by);
    there.extend(matrices);
    let sampler = Sampler::new(&problem.setting, &there, &problem.domain);
    let program = Program::new(&problem.setting.store, &there);
    if program.operations() > budget.operations / 1024 {
        // What cannot be looked at may be so.
        return true;
    }
    for seed in 0..4 {
        let label = format!("at zero/{seed}");
        let mut random = Random::new(budget.seed, &label);
        let field = Random::new(budget.seed, &format!("{label}/field"));
        let mut prime = Prime::new(field, Signs::Free, PseudoInverses::ByRank);
        let Ok(point) = sampler.prime(&mut prime, &mut random, None) else { continue };
        if let Ok(values) = program.run(&mut prime, |s| point.get(&s).cloned()) {
            let (vanishing, both) = values.split_at(split);
            let (at_zero, beside) = both.split_at(shapes.len());
            let mut rank = |m: &[u64], (rows, cols): (usize, usize)| {
                prime.pseudo_inverse(m, rows, cols).ok()?;
                prime.ranks.last().copied()
            };
            let mut drops = false;
            for ((a, b), shape) in at_zero.iter().zip(beside).zip(shapes) {
                let ranks = (rank(a, shape), rank(b, shape));
                drops |= ranks.0.is_none() || ranks.0 != ranks.1;
            }
            return drops
                || vanishing.iter().flatten().any(|x| *x == 0)
                || vanishes_on_a_piece(problem, &there[..split]);
        }
    }
    // Without a value at lr = 0 there is nothing to be put there.
    true
}

/// Whether an entry of some terms with signs in them vanishes on a piece: `min(0, z)` is not zero, but it is where z is
/// positive. What cannot be looked at may be so.
fn vanishes_on_a_piece(problem: &Problem, terms: &[Term]) -> bool {
    let store = &problem.setting.store;
    let kinked = |t: &Term| store.any_node(&[*t], |n| matches!(n, Node::Map(Fun::Sign, _) | Node::Polar(_)));
    let vanishes = |t: &Term| cells::may_vanish_on_a_piece(&problem.setting, *t, &problem.domain).unwrap_or(true);
    terms.iter().filter(|t| kinked(t)).any(vanishes)
}

/// Why a step has no verdict whose sides differ no sooner than it moves.
pub(super) const RATE_IS_OPEN: &str = "the sides agree to the order in lr at which the step begins to move, if it does, whatever their rate is, and that is open";

/// The finding for a step that is not smooth at `lr = 0`.
///
/// # Errors
/// If two engines contradict each other.
pub(super) fn near_zero(
    problem: &mut Problem,
    lr: SymbolId,
    (left, right): (&[Term], &[Term]),
    (identity, sampled): (&Identity, &Sampled),
    budget: &Budget,
) -> Result<Finding, Disagreement> {
    let (found, tried) = hunt(problem, left, right, Goal::Differ, (identity, sampled), budget, Witness::SIDES);
    let witness = found.map(|d| d.witness);
    if witness.is_none() && sampled.agrees() {
        return Ok(numbers(problem, Extent::Commutes, (left, right), (identity, sampled), budget, tried));
    }
    if let Some(found) = with_rate(problem, lr, (left, right), budget)? {
        return Ok(found);
    }
    let defect = order::of_defect(&problem.setting, (left, right), lr, &problem.domain, budget);
    let slope = numeric::slope(&problem.setting, (left, right), lr, &problem.domain, budget);
    let two = Rational::from(2u8);
    let seen = slope.map_or(String::new(), |s| format!("; numerically the defect shrinks like lr^{s:.2}"));
    // A coefficient that is not zero in a prime field proves nothing as long as atoms are in play: the numbers have to show
    // the same order, and that no rate mends it.
    let no_rate_is_seen = || {
        matches!(&defect, Defect::Order { power, .. } if power.is_zero())
            || numeric::no_rate_mends(&problem.setting, (left, right), lr, &problem.domain, budget)
    };
    let shrinking = |problem: &Problem, order: Option<usize>| match order {
        Some(_) => numeric::shrinking(&problem.setting, (left, right), lr, &problem.domain, budget),
        None => Vec::new(),
    };
    let f = match (&defect, witness) {
        // What differs at lr = 0 for certain needs no numbers beside it: no rate has anything to do with it.
        (Defect::Order { power, no_rate: true, .. }, Some(w))
            if *power < two
                && (power.is_zero() || slope.is_some_and(|s| (s - power.to_f64().value()).abs() < 0.25))
                && order::is_shown(&problem.setting, (left, right), lr, &problem.domain, (power, budget))
                && no_rate_is_seen() =>
        {
            let message = format!(
                "the two sides differ in {}, and as lr tends to 0 from above their difference is of order lr^{power}{seen}",
                w.component
            );
            let order = usize::try_from(power.floor()).ok();
            let failure = Failure { order, shrinking: shrinking(problem, order), ..Failure::at(w) };
            Finding::new(failure, message)
        }
        (Defect::Order { power, no_rate: true, everywhere: true }, Some(w))
            if *power >= two && slope.is_none_or(|s| (s - power.to_f64().value()).abs() < 0.5) =>
        {
            let message = format!(
                "as lr tends to 0 from above the defect of one step is of order lr^{power}, by its power series at random points{seen}"
            );
            let order = whole_order(power);
            let limit = Limit { order, shrinking: shrinking(problem, order), rate: None, witness: Some(w) };
            Finding::holds(Extent::InLimit(limit), Ground::Numeric, message)
        }
        (Defect::Flat { everywhere: true, .. }, Some(w)) => {
            let message =
                "for small lr the sides agree, by their power series at random points; beyond that they differ";
            let limit = Limit { witness: Some(w), ..Limit::default() };
            Finding::holds(Extent::InLimit(limit), Ground::Numeric, message)
        }
        // Below the order at which a step begins to move its sides agree whatever their rate is.
        (Defect::Order { power, no_rate: false, everywhere: true }, Some(_)) if *power >= two => {
            Finding { tried, ..Finding::undecided(RATE_IS_OPEN) }
        }
        _ => Finding { tried, ..Finding::undecided(unclear(&defect, slope)) },
    };
    Ok(f.beside(sampled.residual))
}

/// The finding for a step whose sides agree, wholly or for small `lr`, once the target's learning rate is multiplied by the
/// factor under which the leading moves agree.
fn with_rate(
    problem: &mut Problem,
    lr: SymbolId,
    (left, right): (&[Term], &[Term]),
    budget: &Budget,
) -> Result<Option<Finding>, Disagreement> {
    let domain = problem.domain.clone();
    let Some(c) = order::leading_rate(&mut problem.setting, (left, right), lr, &domain, budget) else {
        return Ok(None);
    };
    let sign = positive(problem, c, budget);
    if is_one(problem, c) || looks_like_one(problem, c, budget) || sign == Sign::No {
        return Ok(None);
    }
    let positive: Vec<String> = (sign == Sign::Sampled)
        .then(|| "the rate is positive: holds at all members tried, not proved".to_owned())
        .into_iter()
        .collect();
    let t = problem.setting.store.symbol_term(lr);
    let faster = problem.setting.store.mul(c, t);
    let by: FxHashMap<_, _> = [(lr, faster)].into_iter().collect();
    let right = problem.setting.store.substitute(right, &by);
    let (identity, sampled) = match problem.for_every_member(|p| examine(p, left, &right, budget, "step up to rate"))? {
        Standing::Proved(proof, residual) => {
            let mut f = up_to_rate(problem, c, &proof, residual, budget);
            expected_rate(problem, c, budget, &mut f);
            return Ok(Some(f));
        }
        Standing::Unproved(identity, sampled) => (identity, sampled),
    };
    let (found, _) = hunt(problem, left, &right, Goal::Differ, (&identity, &sampled), budget, Witness::SIDES);
    let Some(Difference { witness, .. }) = found else { return Ok(None) };
    let defect = order::of_defect(&problem.setting, (left, &right), lr, &problem.domain, budget);
    let slope = numeric::slope(&problem.setting, (left, &right), lr, &problem.domain, budget);
    let (power, order) = match &defect {
        Defect::Order { power, everywhere: true, .. }
            if *power >= Rational::from(2u8) && slope.is_some_and(|s| s > power.to_f64().value() - 0.5) =>
        {
            (format!("is of order lr^{power}"), whole_order(power))
        }
        _ => return Ok(None),
    };
    problem.found_rate = Some(c);
    let rate = rate_text(problem, c, budget);
    let at = rate.as_deref().unwrap_or("one number for each member");
    let message = format!(
        "as lr tends to 0 from above the defect of one step at the rate {at} {power}, by its power series at random points"
    );
    let rate = Rate { text: rate, exact: problem.setting.store.as_fill(c).cloned() };
    let limit = Limit { order, shrinking: Vec::new(), rate: Some(rate), witness: Some(witness) };
    let mut f = Finding::holds(Extent::InLimit(limit), Ground::Numeric, message).beside(sampled.residual);
    f.assumptions = positive;
    Ok(Some(f))
}

/// Why the order of a defect is open.
pub(super) fn unclear(defect: &Defect, slope: Option<f64>) -> String {
    let seen = slope.map_or(String::new(), |s| format!("; numerically it shrinks like lr^{s:.2}"));
    let pieces = |everywhere: bool| if everywhere { "" } else { " on the pieces that were met, which may not be all" };
    match defect {
        Defect::Order { power, everywhere, .. } => format!(
            "by its power series the defect of one step is of order lr^{power}{}, but that is not settled{seen}",
            pieces(*everywhere)
        ),
        Defect::Flat { below, everywhere } => format!(
            "all powers of lr below lr^{below} are absent from the defect of one step{}, and {}{seen}",
            pieces(*everywhere),
            if *everywhere { "no point was found at which the sides differ" } else { "that is not settled" }
        ),
        Defect::Unknown => format!(
            "the sides have no power series in lr that could be computed, so that the order of the defect is open{seen}"
        ),
    }
}
