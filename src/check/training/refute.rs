//! A point and a number of steps at which the parameters of both runs differ, and no factors mend it.

use rustc_hash::FxHashMap;

use super::entries::{of_block, vanish};
use super::fresh;
use super::powers::{affine, at_one, exponents, jumps_at_ranks, signs};
use super::prove::{Factors, Scaled};
use super::{Asked, Kind, boxes, choices};
use crate::check::algebra::{self, Identity};
use crate::check::decide::{Difference, Disagreement, hunt};
use crate::check::witness::{self, Goal};
use crate::check::{Budget, numeric, rate};
use crate::domain::Rational;
use crate::term::{Program, Store, SymbolId, Term};
use crate::verdict::Finding;

/// Steps that are looked at.
const STEPS: usize = 7;
/// Coefficients in t of a flow that are compared.
const COEFFICIENTS: usize = 5;
/// Programs of more operations are not searched for witnesses.
pub(super) const MAX_OPERATIONS: usize = 2_000_000;

/// Operations that go into searches for factors of one question, at most, those of a program that is searched, and what a
/// search over choices of signs is counted for, as a multiple of the moves' own.
pub const SEARCHES: usize = 40_000_000;
const MAX_SEARCHED: usize = 20_000;
const CHOICES: usize = 200;

/// Both runs after each number of steps: `F(x_k)` and `y_k`, `k = 0..=steps`.
pub struct Courses {
    /// What each side's step reads, by its symbols: for every step the source's, then the target's.
    pub values: Vec<[FxHashMap<SymbolId, Term>; 2]>,
    /// `F(x_k)`.
    pub images: Vec<Term>,
    /// `y_k`.
    pub points: Vec<Term>,
}

/// The runs from fresh states as terms, with these factors in the target.
pub fn courses(asked: &mut Asked, factors: &Factors, steps: usize) -> Courses {
    let scaled = Scaled::new(asked, factors);
    let (source, target, map) = (asked.source.clone(), asked.target.clone(), asked.map);
    let store = &mut asked.problem.setting.store;
    let x = store.symbol_term(source.point);
    let image = |store: &mut Store, x: Term| store.substitute_one(map, &[(source.point, x)].into_iter().collect());
    let start = image(store, x);
    let mut here: Vec<Term> = std::iter::once(x).chain(source.states.iter().map(|s| s.initial)).collect();
    let fresh = store.substitute(&scaled.fresh, &[(target.point, start)].into_iter().collect());
    let mut there: Vec<Term> = std::iter::once(start).chain(fresh).collect();
    let mut all = Courses { values: Vec::new(), images: vec![start], points: vec![start] };
    for _ in 0..steps {
        let by_source: FxHashMap<SymbolId, Term> = source.symbols().zip(here.iter().copied()).collect();
        let by_target: FxHashMap<SymbolId, Term> = target.symbols().zip(there.iter().copied()).collect();
        here = store.substitute(&source.next, &by_source);
        there = store.substitute(&scaled.next, &by_target);
        all.images.push(image(store, here[0]));
        all.points.push(there[0]);
        all.values.push([by_source, by_target]);
    }
    all
}

/// How both parameters move in the first step, or, for a flow, their velocities; the target's with free factors.
pub fn first_moves(asked: &mut Asked) -> Option<(Term, Term)> {
    let (source, target, map) = (asked.source.clone(), asked.target.clone(), asked.map);
    let flow = asked.rate.is_none();
    let store = &mut asked.problem.setting.store;
    let x = store.symbol_term(source.point);
    let image = map;
    let fresh = source.states.iter().map(|s| (s.symbol, s.initial)).chain([(source.point, x)]).collect();
    let moved = store.substitute_one(source.next[0], &fresh);
    let started: Vec<Term> = target.states.iter().map(|s| s.initial).collect();
    let started = store.substitute(&started, &[(target.point, image)].into_iter().collect());
    let fresh = target.states.iter().map(|s| s.symbol).zip(started).chain([(target.point, image)]).collect();
    let right = store.substitute_one(target.next[0], &fresh);
    if flow {
        let seeds = crate::term::Seeds::along([(source.point, moved)]);
        return Some((store.tangent(map, &seeds).ok()?, right));
    }
    let after = store.substitute_one(map, &[(source.point, moved)].into_iter().collect());
    Some((store.sub(after, image), store.sub(right, image)))
}

/// Refutes `check training`: a difference after `k` steps that no rate mends. `rate` is the only one that may work after
/// the first step, if there is one.
///
/// # Errors
/// If two engines contradict each other.
pub fn training(asked: &mut Asked, rate: Option<Term>, budget: &Budget) -> Result<Option<Finding>, Disagreement> {
    let Some((left, right)) = first_moves(asked) else { return Ok(None) };
    let all = 0..asked.target.dim;
    let only_rate: Vec<usize> = (0..asked.factors.len().min(1)).collect();
    if let Some(mut difference) = moves_differ(asked, (left, right), all, (&only_rate, first_quantity(asked)), budget)?
    {
        let quantity = if asked.rate.is_some() {
            "after 1 step from fresh states the parameters differ"
        } else {
            "the velocities at fresh states, the first coefficients in t, differ"
        };
        difference.message = format!("{quantity}: {}", difference.message);
        return Ok(Some(difference.of_order(asked.rate.is_none().then_some(1))));
    }
    let still = asked.problem.setting.store.is_zero(left) && asked.problem.setting.store.is_zero(right);
    let one = asked.problem.setting.store.num(1);
    let Some(rate) = rate.or((still && asked.rate.is_none()).then_some(one)) else { return Ok(None) };
    // Where something moves at first, that has to single out one rate.
    let unique = !still && !only_rate.is_empty() && singled_out(asked, (left, right), rate, 0, budget);
    if asked.rate.is_none() && (still || unique) {
        return flow_later(asked, rate, budget);
    }
    if !unique {
        return Ok(None);
    }
    let mut list = Factors::ones(asked).rest;
    if let Some(first) = list.first_mut() {
        *first = rate;
    }
    let factors = Factors::everywhere(asked, list);
    let runs = courses(asked, &factors, STEPS);
    for k in 2..=STEPS {
        runs.values[k - 1].iter().for_each(|values| fresh::reads_at(asked, values));
        let (left, right) = ([runs.images[k]], [runs.points[k]]);
        let program = crate::term::Program::new(&asked.problem.setting.store, &[left[0], right[0]]);
        if program.operations() > MAX_OPERATIONS {
            break;
        }
        let sampled = numeric::compare(&asked.problem.setting, (&left, &right), &asked.problem.domain, budget, "steps");
        if sampled.agrees() {
            continue;
        }
        let open = Identity::Open(algebra::Atoms::None);
        let purpose = format!("the parameters after {k} steps");
        let (found, _) = hunt(&asked.problem, &left, &right, Goal::Differ, (&open, &sampled), budget, &purpose);
        if let Some(mut difference) = found {
            let text = asked.problem.setting.store.text(rate);
            let one = crate::check::formula::is_one(&asked.problem.setting, rate);
            let only = if one {
                String::new()
            } else {
                format!(" at the rate {text}, the only one that makes the first step agree,")
            };
            let seen = difference.message;
            difference.message = format!("after {k} steps from fresh states{only} the parameters differ: {seen}");
            return Ok(Some(difference.into()));
        }
    }
    Ok(None)
}

/// For a flow whose velocities agree: the second coefficient in `t`.
fn flow_later(asked: &mut Asked, rate: Term, budget: &Budget) -> Result<Option<Finding>, Disagreement> {
    let mut list = Factors::ones(asked).rest;
    if let Some(first) = list.first_mut() {
        *first = rate;
    }
    let factors = Factors::everywhere(asked, list);
    let scaled = Scaled::new(asked, &factors);
    let Some(coefficients) = taylor(asked, &scaled, COEFFICIENTS) else { return Ok(None) };
    for (k, (left, right)) in coefficients.into_iter().enumerate().skip(1) {
        let order = k + 1;
        let program = crate::term::Program::new(&asked.problem.setting.store, &[left, right]);
        if program.operations() > MAX_OPERATIONS {
            break;
        }
        let sampled =
            numeric::compare(&asked.problem.setting, (&[left], &[right]), &asked.problem.domain, budget, "taylor");
        if sampled.agrees() {
            continue;
        }
        // Where all lower coefficients vanish the rate is not determined by them: its power is free.
        let open = Identity::Open(algebra::Atoms::None);
        let lower_vanish = never_moves_before(asked, order);
        let goal = if lower_vanish { Goal::NoRate } else { Goal::Differ };
        let purpose = format!("the coefficients of t^{order}, times {order}!,");
        let (found, _) = hunt(&asked.problem, &[left], &[right], goal, (&open, &sampled), budget, &purpose);
        if found.is_none() && lower_vanish {
            return higher_orders(asked, order, budget);
        }
        return Ok(found.map(|mut d| {
            d.message = format!("from fresh states the courses differ in the coefficient of t^{order}: {}", d.message);
            d.of_order(Some(order))
        }));
    }
    Ok(None)
}

/// For a flow that first moves at this order, where the moves are parallel: their ratio is a power of the only rate that is
/// left, and a later coefficient may refute that.
fn higher_orders(asked: &mut Asked, order: usize, budget: &Budget) -> Result<Option<Finding>, Disagreement> {
    let ones = Factors::ones(asked);
    let ones = Scaled::new(asked, &ones);
    let Some(first) = taylor(asked, &ones, order) else { return Ok(None) };
    let Some(&(left, right)) = first.last() else { return Ok(None) };
    let domain = asked.problem.domain.clone();
    let ratio = rate::candidate(&mut asked.problem.setting, (&[left], &[right]), &domain, budget);
    let rate::Ratio::Constant(ratio) = ratio else { return Ok(None) };
    let store = &mut asked.problem.setting.store;
    let scaled = store.scalar_mul(ratio, right);
    let difference = store.sub(left, scaled);
    let root = Rational::from_parts(1.into(), (order as u64).into());
    let c = store.power(ratio, &root);
    let shape = store.shape(left).clone();
    let zero = store.zero(&shape);
    if !vanish(&mut asked.problem, &[difference], budget, "only rate") {
        return Ok(None);
    }
    let moves = (Goal::Differ, &[][..]);
    if witness::search(&asked.problem.setting, (&[left], &[zero]), &domain, moves, budget, "moves").0.is_none() {
        return Ok(None);
    }
    let mut list = Factors::ones(asked).rest;
    if let Some(slot) = list.first_mut() {
        *slot = c;
    }
    let factors = Factors::everywhere(asked, list);
    let scaled = Scaled::new(asked, &factors);
    let Some(coefficients) = taylor(asked, &scaled, order + 1) else { return Ok(None) };
    let Some(&(left, right)) = coefficients.last() else { return Ok(None) };
    let next = order + 1;
    let sampled = numeric::compare(&asked.problem.setting, (&[left], &[right]), &domain, budget, "taylor");
    let open = Identity::Open(algebra::Atoms::None);
    let purpose = format!("the coefficients of t^{next}, times {next}!,");
    let (found, _) = hunt(&asked.problem, &[left], &[right], Goal::Differ, (&open, &sampled), budget, &purpose);
    let text = asked.problem.setting.store.text(c);
    Ok(found.map(|mut d| {
        d.message = format!(
            "from fresh states the courses agree to order {order} in t at the rate {text} alone, and differ there in the coefficient of t^{next}: {}",
            d.message
        );
        d.of_order(Some(next))
    }))
}

/// Whether the source stands still to all orders below this one: only then does a rate remain free there.
fn never_moves_before(asked: &mut Asked, order: usize) -> bool {
    let factors = Factors::ones(asked);
    let scaled = Scaled::new(asked, &factors);
    taylor(asked, &scaled, order - 1).is_some_and(|c| {
        c.iter().all(|(l, r)| asked.problem.setting.store.is_zero(*l) && asked.problem.setting.store.is_zero(*r))
    })
}

/// Derivatives in `t` of `F(x(t))` and `y(t)` at fresh states, orders `1..=orders`.
pub fn taylor(asked: &mut Asked, scaled: &Scaled, orders: usize) -> Option<Vec<(Term, Term)>> {
    use crate::term::Seeds;
    let (source, target, map) = (asked.source.clone(), asked.target.clone(), asked.map);
    let store = &mut asked.problem.setting.store;
    let x = store.symbol_term(source.point);
    let along = |store: &mut Store, f: Term, symbols: &[SymbolId], field: &[Term]| {
        store.tangent(f, &Seeds::along(symbols.iter().copied().zip(field.iter().copied()))).ok()
    };
    let own: Vec<SymbolId> = source.symbols().collect();
    let other: Vec<SymbolId> = target.symbols().collect();
    let mut f = map;
    let mut g = store.symbol_term(target.point);
    let start: FxHashMap<SymbolId, Term> =
        source.states.iter().map(|s| (s.symbol, s.initial)).chain([(source.point, x)]).collect();
    let image = store.substitute(&scaled.fresh, &[(target.point, map)].into_iter().collect());
    let there: FxHashMap<SymbolId, Term> =
        target.states.iter().map(|s| s.symbol).zip(image).chain([(target.point, map)]).collect();
    let mut all = Vec::new();
    for _ in 0..orders {
        f = along(store, f, &own, &source.next)?;
        g = along(store, g, &other, &scaled.next)?;
        if Program::new(store, &[f, g]).operations() > MAX_OPERATIONS {
            break;
        }
        all.push((store.substitute_one(f, &start), store.substitute_one(g, &there)));
    }
    Some(all)
}

/// Whether no other rate than this one makes the first moves equal: the target's is a power of the rate times something,
/// or a constant and a multiple of the rate; this rate makes them equal; and what it multiplies is not zero. All of it is
/// proved.
pub fn singled_out(asked: &mut Asked, (left, right): (Term, Term), rate: Term, j: usize, budget: &Budget) -> bool {
    if !signs(asked, right, &[j]).is_empty() || jumps_at_ranks(asked, right, &[j], budget) {
        return false;
    }
    let multiplied = match exponents(asked, right, &[j], budget) {
        Some(e) if e.iter().all(Rational::is_zero) => return false,
        Some(_) => left,
        None => match affine(asked, right, j, budget) {
            Some((_, slope)) => slope,
            None => return false,
        },
    };
    let by: FxHashMap<SymbolId, Term> = [(asked.factors[j].symbol, rate)].into_iter().collect();
    let store = &mut asked.problem.setting.store;
    let right = store.substitute_one(right, &by);
    let difference = store.sub(left, right);
    let shape = store.shape(multiplied).clone();
    let zero = store.zero(&shape);
    if !vanish(&mut asked.problem, &[difference], budget, "only rate") {
        return false;
    }
    let (setting, domain) = (&asked.problem.setting, &asked.problem.domain);
    witness::search(setting, (&[multiplied], &[zero]), domain, (Goal::Differ, &[]), budget, "moves").0.is_some()
}

/// Refutes that any factors of these hyperparameters make the first moves equal on these entries: the moves depend on the
/// factors by a common factor alone, on each of a few pieces, and points of one member demand different ones.
///
/// # Errors
/// If two engines contradict each other.
pub fn moves_differ(
    asked: &mut Asked,
    (left, right): (Term, Term),
    entries: std::ops::Range<usize>,
    (factors, quantity): (&[usize], &str),
    budget: &Budget,
) -> Result<Option<Difference>, Disagreement> {
    let store = &mut asked.problem.setting.store;
    let (left, right) = (of_block(store, left, &entries), of_block(store, right, &entries));
    let program = crate::term::Program::new(store, &[left, right]);
    if program.operations() > MAX_OPERATIONS {
        return Ok(None);
    }
    let others: Vec<usize> = (0..asked.factors.len()).filter(|j| !factors.contains(j)).collect();
    let right = at_one(asked, right, &others);
    let mut goal = Goal::NoRate;
    let whole = (left, right);
    if jumps_at_ranks(asked, right, factors, budget) {
        return Ok(None);
    }
    // A sign may be zero for some factor at all points: pieces know that.
    let in_pieces = !signs(asked, right, factors).is_empty();
    let powers = if in_pieces { None } else { exponents(asked, right, factors, budget) };
    let (left, right) = if let Some(powers) = powers {
        // What no factor has an influence on none can mend.
        if powers.iter().all(Rational::is_zero) {
            goal = Goal::Differ;
        }
        (left, at_one(asked, right, factors))
    } else if let [j] = factors
        && !in_pieces
        && let Some((constant, slope)) = affine(asked, right, *j, budget)
    {
        (asked.problem.setting.store.sub(left, constant), slope)
    } else {
        let components = asked.problem.equation.components.clone();
        narrow(asked, &entries);
        let found = super::linear::differ(asked, (left, right), (factors, quantity), budget)
            .or_else(|| match in_pieces {
                true => None,
                false => super::rational::differ(asked, (left, right), (factors, quantity), budget),
            })
            .or_else(|| super::pieces::differ(asked, (left, right), (factors, quantity), budget));
        let found = found.or_else(|| searched(asked, (left, right), (factors, quantity), budget));
        asked.problem.equation.components = components;
        return Ok(found);
    };
    let sampled = numeric::compare(&asked.problem.setting, (&[left], &[right]), &asked.problem.domain, budget, "moves");
    let components = asked.problem.equation.components.clone();
    let found = {
        let open = Identity::Open(algebra::Atoms::None);
        narrow(asked, &entries);
        let one = hunt(&asked.problem, &[left], &[right], goal, (&open, &sampled), budget, quantity).0;
        // Where the moves are parallel at every point, two points may demand different factors.
        one.or_else(|| {
            (goal == Goal::NoRate).then(|| super::pieces::differ(asked, whole, (factors, quantity), budget)).flatten()
        })
    };
    asked.problem.equation.components = components;
    Ok(found)
}

/// Searches all choices of signs, and then all factors. One rate for all moves is not refuted so: what differs beyond the
/// first order in it may still agree in the limit.
fn searched(asked: &mut Asked, moves: (Term, Term), named: (&[usize], &str), budget: &Budget) -> Option<Difference> {
    let operations = Program::new(&asked.problem.setting.store, &[moves.0, moves.1]).operations().max(1000);
    let spent = operations * CHOICES;
    if asked.kind != Kind::Transfer || operations > MAX_SEARCHED || spent > asked.searches {
        return None;
    }
    asked.searches -= spent;
    choices::differ(asked, moves, named, budget).or_else(|| boxes::differ(asked, moves, named, budget))
}

/// What is compared first.
pub fn first_quantity(asked: &Asked) -> &'static str {
    if asked.rate.is_some() { "the moves of the parameters in the first step" } else { "the velocities" }
}

/// Leaves the labels of some entries of the target's point.
pub fn narrow(asked: &mut Asked, entries: &std::ops::Range<usize>) {
    if let Some(c) = asked.problem.equation.components.first_mut()
        && c.entries.len() >= entries.end
    {
        c.entries = c.entries[entries.clone()].to_vec();
    }
}
