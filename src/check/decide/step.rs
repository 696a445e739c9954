//! Squares of step maps: the defect at `lr = 0`, its first order, and the step as a whole.

use rustc_hash::FxHashMap;

use super::small::{RATE_IS_OPEN, depends_at_zero, near_zero, unclear};
use super::{
    Disagreement, Opening, Sign, Standing, examine, expected_rate, guarded, hunt, is_one, numbers, opening, positive,
    proved_rate, rate_text, up_to_rate,
};
use crate::check::algebra::{Atoms, Identity};
use crate::check::numeric::Sampled;
use crate::check::order::{self, Defect};
use crate::check::rate::{self, Ratio};
use crate::check::sample::Sampler;
use crate::check::witness::Goal;
use crate::check::{Budget, Problem, certify, numeric};
use crate::domain::Rational;
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::term::{Program, Seeds, SymbolId, Term};
use crate::verdict::{Extent, Finding, Ground, Limit, Rate};

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

/// An order, if it is a whole number.
pub(super) fn whole_order(power: &Rational) -> Option<usize> {
    usize::try_from(power.floor()).ok().filter(|_| power.is_int())
}

/// The rate of a step that is beyond the first order.
enum Later {
    /// Where the first terms that are not zero have one.
    Rate(Term),
    /// They have none.
    None,
    /// No terms were found.
    Beyond,
}

/// The rate of a step whose derivatives in `lr` at 0 vanish to first order beyond the carried state: the root of the ratio of
/// the first derivatives that do not. A guess; the caller proves it on the whole step.
fn later_rate(
    problem: &mut Problem,
    lr: SymbolId,
    (left, right): (&[Term], &[Term]),
    l1: &[Term],
    budget: &Budget,
) -> Result<Later, Disagreement> {
    const HIGHEST: u8 = 8;
    if !rests_at_order(problem, l1, budget)? {
        return Ok(Later::None);
    }
    let one = problem.setting.store.num(1);
    let zero = problem.setting.store.num(0);
    let seeds = Seeds::along([(lr, one)]);
    let by: FxHashMap<_, _> = [(lr, zero)].into_iter().collect();
    let (mut l, mut r) = (left.to_vec(), right.to_vec());
    for k in 1..=HIGHEST {
        let store = &mut problem.setting.store;
        let mut next =
            |terms: &[Term]| terms.iter().map(|&t| store.tangent(t, &seeds)).collect::<Result<Vec<_>, _>>().ok();
        let (Some(lk), Some(rk)) = (next(&l), next(&r)) else { return Ok(Later::Beyond) };
        (l, r) = (lk, rk);
        let (lk, rk) = (store.substitute(&l, &by), store.substitute(&r, &by));
        if rests_at_order(problem, &lk, budget)? {
            continue;
        }
        let domain = problem.domain.clone();
        let Ratio::Constant(power) = rate::candidate(&mut problem.setting, (&lk, &rk), &domain, budget) else {
            return no_rate(problem, (&lk, &rk), budget);
        };
        // c^k = power: a positive c has a positive power, whatever a root of it may simplify to.
        if positive(problem, power, budget) == Sign::No {
            return Ok(Later::None);
        }
        let c = problem.setting.store.power(power, &Rational::from_parts(1.into(), k.into()));
        let trivial = problem.setting.store.as_fill(c).is_some_and(Rational::is_one);
        let rate = !trivial && positive(problem, c, budget) != Sign::No;
        return Ok(if rate { Later::Rate(c) } else { Later::None });
    }
    let domain = problem.domain.clone();
    Ok(match order::leading_rate(&mut problem.setting, (left, right), lr, &domain, budget) {
        Some(c) if is_one(problem, c) => Later::None,
        Some(c) if positive(problem, c, budget) != Sign::No => Later::Rate(c),
        // A step that rests for small lr has every rate there.
        _ if rests(problem, lr, left, budget) => Later::None,
        _ => Later::Beyond,
    })
}

/// Whether terms are zero: what is not written as zero may be zero at every point.
fn rests_at_order(problem: &mut Problem, side: &[Term], budget: &Budget) -> Result<bool, Disagreement> {
    if side.iter().all(|&t| problem.setting.store.is_zero(t)) {
        return Ok(true);
    }
    if certify::some_nonzero(&problem.setting, side, &problem.domain, budget).is_some() {
        return Ok(false);
    }
    let store = &mut problem.setting.store;
    let nothing: Vec<Term> = side
        .iter()
        .map(|&t| {
            let shape = store.shape(t).to_vec();
            store.zero(&shape)
        })
        .collect();
    Ok(matches!(examine(problem, side, &nothing, budget, "term in lr")?, Standing::Proved(..)))
}

/// Whether the first terms of the sides that are not zero have no rate for certain. That they differ shows no more than that 1
/// is none, as steps of that order agree to all lower ones.
fn no_rate(problem: &mut Problem, (left, right): (&[Term], &[Term]), budget: &Budget) -> Result<Later, Disagreement> {
    let place = "the first derivatives of the two sides in lr at 0 that are not zero";
    let (identity, sampled) = match examine(problem, left, right, budget, "first term in lr")? {
        Standing::Proved(..) => return Ok(Later::None),
        Standing::Unproved(identity, sampled) => (identity, sampled),
    };
    let (found, _) = hunt(problem, left, right, Goal::NoRate, (&identity, &sampled), budget, place);
    Ok(if found.is_some() { Later::None } else { Later::Beyond })
}

/// Whether one side of a step does not move with `lr` as long as that is small, at sampled points.
fn rests(problem: &mut Problem, lr: SymbolId, side: &[Term], budget: &Budget) -> bool {
    const SMALL: [f64; 3] = [1e-3, 1e-5, 1e-8];
    const POINTS: usize = 8;
    let store = &mut problem.setting.store;
    let seeds = Seeds::along([(lr, store.num(1))]);
    // The derivative, in which what does not move drowns nothing.
    let moves: Result<Vec<Term>, _> = side.iter().map(|&t| store.tangent(t, &seeds)).collect();
    let Ok(moves) = moves else { return false };
    let sampler = Sampler::new(&problem.setting, &moves, &problem.domain);
    let program = Program::new(&problem.setting.store, &moves);
    let mut random = Random::new(budget.seed, "at rest");
    let mut seen = false;
    let moved = (0..POINTS).any(|_| {
        let Some(mut point) = sampler.float(&mut random) else { return false };
        SMALL.iter().any(|h| {
            point.insert(lr, vec![*h]);
            let Ok(values) = program.run(&mut Float::default(), |s| point.get(&s).cloned()) else { return true };
            seen = true;
            values.iter().flatten().any(|x| *x != 0.0)
        })
    });
    seen && !moved
}

/// Whether the order of a defect is more than what a prime field sees: a coefficient that is not zero there may still be
/// zero as soon as atoms are in play. Then numbers have to shrink so, or the coefficient is certainly not zero at some
/// point.
fn order_is_seen(
    problem: &mut Problem,
    lr: SymbolId,
    (left, right): (&[Term], &[Term]),
    (power, slope): (&Rational, Option<f64>),
    budget: &Budget,
) -> bool {
    const HIGHEST: usize = 6;
    let wanted = power.to_f64().value();
    if slope.is_some_and(|s| (s - wanted).abs() < 0.5) {
        return true;
    }
    let sides: Vec<Term> = left.iter().chain(right).copied().collect();
    if slope.is_some_and(|s| s < wanted) {
        return false;
    }
    if !sides.iter().any(|t| certify::has_atoms(&problem.setting, *t)) {
        return true;
    }
    let Some(k) = usize::try_from(power.floor()).ok().filter(|k| *k <= HIGHEST && power.is_int()) else { return false };
    let store = &mut problem.setting.store;
    let (zero, one) = (store.num(0), store.num(1));
    let by: FxHashMap<_, _> = [(lr, zero)].into_iter().collect();
    let seeds = Seeds::along([(lr, one)]);
    let mut terms: Vec<Term> = left.iter().zip(right).map(|(&l, &r)| store.sub(l, r)).collect();
    for _ in 0..k {
        let next: Result<Vec<Term>, _> = terms.iter().map(|&t| store.tangent(t, &seeds)).collect();
        let Ok(next) = next else { return false };
        terms = next;
    }
    let terms = store.substitute(&terms, &by);
    certify::some_nonzero(&problem.setting, &terms, &problem.domain, budget).is_some()
}

/// What is known of a rate, if there is one.
pub(in crate::check) fn rate_of(problem: &mut Problem, c: Option<Term>, budget: &Budget) -> Option<Rate> {
    let c = c?;
    Some(Rate { text: rate_text(problem, c, budget), exact: problem.setting.store.as_fill(c).cloned() })
}

pub(in crate::check) fn step(problem: &mut Problem, lr: SymbolId, budget: &Budget) -> Result<Finding, Disagreement> {
    let (left, right) = (problem.equation.left.clone(), problem.equation.right.clone());
    let (identity, mut sampled) = match opening(problem, &left, &right, budget)? {
        Opening::Settled(f) => return Ok(*f),
        Opening::Unproved(identity, sampled) => (identity, sampled),
    };
    if depends_at_zero(problem, lr, &left, budget) || depends_at_zero(problem, lr, &right, budget) {
        return near_zero(problem, lr, (&left, &right), (&identity, &sampled), budget);
    }
    let (Some((l0, l1)), Some((r0, r1))) = (at_zero(problem, lr, &left), at_zero(problem, lr, &right)) else {
        return Ok(numbers(
            problem,
            Extent::Commutes,
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
        if let Some(mut difference) = found {
            difference.message.push_str(": the step moves its state by a fixed amount even at lr = 0");
            return Ok(difference.of_order(Some(0)));
        }
        let guessable = matches!(zeroth, Identity::Stuck(_) | Identity::Open(Atoms::Analytic));
        if sampled.agrees() {
            return Ok(numbers(problem, Extent::Commutes, (&left, &right), (&identity, &sampled), budget, tried));
        }
        if !zero_sampled.agrees() || !guessable {
            let message =
                "the sides differ at sampled points, and whether they agree at lr = 0 is neither proved nor refuted";
            let f = Finding::undecided(message).beside(sampled.residual);
            return Ok(Finding { tried, ..f });
        }
    }
    // Order one, up to a rate.
    let mut c = None;
    let mut first_identity = Identity::Trivial;
    let mut first_sampled = None;
    let first = match examine(problem, &l1, &r1, budget, "derivative in lr at 0")? {
        Standing::Proved(proof, residual) => {
            // A step without a term of first order: its rate shows in a later one.
            c = match later_rate(problem, lr, (&left, &right), &l1, budget)? {
                Later::Rate(c) => Some(c),
                Later::None => None,
                Later::Beyond => {
                    return Ok(Finding::undecided(RATE_IS_OPEN).beside(sampled.residual));
                }
            };
            Some((proof, residual))
        }
        Standing::Unproved(open, seen) => {
            first_identity = open;
            first_sampled = Some(seen);
            proved_rate(problem, &l1, &r1, budget)?.map(|(rate, proof, residual)| {
                c = Some(rate);
                (proof, residual)
            })
        }
    };
    let Some((proof, residual)) = first else {
        let first_drowned = first_sampled.as_ref().is_some_and(|s| s.drowned);
        let mut slopes = match first_sampled.filter(Sampled::is_of_large) {
            Some(sampled) => sampled,
            None => numeric::compare(&problem.setting, (&l1, &r1), &problem.domain, budget, "slope"),
        };
        // What the first order shows of the difference, the whole step may hide.
        slopes.drowned = first_drowned;
        sampled.drowned |= first_drowned;
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
            Some(difference) => difference.of_order(Some(1)),
            None => numbers(problem, Extent::Commutes, (&left, &right), (&identity, &sampled), budget, tried),
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
        Some(_) => problem.for_every_member(|p| examine(p, &left, &scaled_right, budget, "step up to rate"))?,
    };
    let (identity, sampled) = match (whole, c) {
        (Standing::Proved(proof, residual), Some(c)) => {
            let mut f = up_to_rate(problem, c, &proof, residual, budget);
            expected_rate(problem, c, budget, &mut f);
            return Ok(f);
        }
        (Standing::Unproved(identity, sampled), _) => (identity, sampled),
        (Standing::Proved(..), None) => {
            return Ok(Finding::undecided("the proof came out differently twice"));
        }
    };
    if sampled.agrees() {
        let c = c.map(|c| rate::simplified(&mut problem.setting, c)).filter(|&c| !is_one(problem, c));
        let extent = rate_of(problem, c, budget).map_or(Extent::Commutes, Extent::UpToRate);
        return Ok(numbers(problem, extent, (&left, &scaled_right), (&identity, &sampled), budget, Vec::new()));
    }
    // Of second order or smaller; a witness shows that it is not zero.
    let (found, tried) =
        hunt(problem, &left, &scaled_right, Goal::Differ, (&identity, &sampled), budget, "the two sides");
    let defect = order::of_defect(&problem.setting, (&left, &scaled_right), lr, &problem.domain, budget);
    let slope = numeric::slope(&problem.setting, (&left, &scaled_right), lr, &problem.domain, budget);
    let two = Rational::from(2u8);
    let seen = match &defect {
        Defect::Order { power, .. } => {
            guarded(problem, &left, &scaled_right, budget)
                && order_is_seen(problem, lr, (&left, &scaled_right), (power, slope), budget)
        }
        Defect::Flat { .. } | Defect::Unknown => true,
    };
    let (order, power) = match defect {
        Defect::Order { power, .. } if power >= two && seen => {
            (whole_order(&power), format!("the defect of one step{{at}} is of order lr^{power}"))
        }
        Defect::Flat { .. } if found.is_some() => {
            (None, "for small lr the defect of one step{at} vanishes, beyond that it does not".to_owned())
        }
        Defect::Flat { .. } | Defect::Unknown if found.is_none() && sampled.agrees() => {
            return Ok(numbers(
                problem,
                Extent::Commutes,
                (&left, &scaled_right),
                (&identity, &sampled),
                budget,
                tried,
            ));
        }
        other => {
            let f = Finding::undecided(unclear(&other, slope)).beside(sampled.residual);
            return Ok(Finding { tried, ..f });
        }
    };
    let seen = slope.map_or(String::new(), |s| format!("; numerically the defect shrinks like lr^{s:.2}"));
    let c = c.map(|c| rate::simplified(&mut problem.setting, c)).filter(|&c| !is_one(problem, c));
    problem.found_rate = c;
    let rate = rate_of(problem, c, budget);
    let at = match &rate {
        Some(Rate { text: Some(r), .. }) => format!(" at the rate {r}"),
        Some(Rate { text: None, .. }) => " at one rate for each member".to_owned(),
        None => String::new(),
    };
    let power = power.replace("{at}", &at);
    let message = format!("{power}{seen}; that it vanishes to first order is {proof}");
    let shrinking = numeric::shrinking(&problem.setting, (&left, &scaled_right), lr, &problem.domain, budget);
    let seen_only = matches!(zeroth, Standing::Unproved(..));
    let ground = if seen_only { Ground::Numeric } else { Ground::Algebra };
    let limit = Limit { order, shrinking, rate, witness: found.map(|difference| difference.witness) };
    let shown = limit.witness.is_some();
    let mut f = Finding::holds(Extent::InLimit(limit), ground, message).beside(residual);
    if seen_only {
        f.assumptions.push("the sides agree at lr = 0: holds at the points sampled, not proved".into());
    }
    if !shown {
        f.assumptions.push("that the defect is not zero was seen numerically and not proved".into());
        f.tried = tried;
    }
    Ok(f)
}
