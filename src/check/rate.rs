//! The constant of `up to rate`: a formula in the parameters of the morphism and the optimizer.

use super::field::{Drawn, Trial};
use super::sample::{Point, Sampler};
use super::{Budget, Setting};
use crate::domain::float::Float;
use crate::domain::prime::{Prime, Random};
use crate::domain::surd::{Surd, Surds};
use crate::domain::{Domain, Fun, Rational};
use crate::model::elaborate::{Constraint, Draw, Role};
use crate::term::{Node, Program, SymbolId, Term};

/// Exponents of a monomial rate are sought between minus and plus this.
const MAX_EXPONENT: i64 = 4;

/// What the ratio of two vector fields looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ratio {
    /// Parallel, with a ratio that depends on the members alone: a candidate formula, still to be proved.
    Constant(Term),
    /// Not parallel, or with a ratio that depends on more than the members.
    None,
    /// No point could be evaluated.
    Unknown,
}

/// Looks for a formula `c` such that `left = c · right` might hold. What it returns is a guess from exact values at
/// random points; the caller proves it.
pub fn candidate(
    setting: &mut Setting,
    (left, right): (&[Term], &[Term]),
    extra: &[Constraint],
    budget: &Budget,
) -> Ratio {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let formal = candidate_with(setting, (left, right), &roots, extra, (budget, false));
    let found = match formal {
        // Roots have more ratios than free quantities.
        Ratio::None | Ratio::Unknown if super::algebra::takes_roots(setting, &roots) => {
            candidate_with(setting, (left, right), &roots, extra, (budget, true))
        }
        _ => formal,
    };
    match found {
        // Nor do free signs know that they are those of numbers, as in `abs(k)^2`.
        Ratio::None | Ratio::Unknown if setting.store.any_node(&roots, |n| matches!(n, Node::Map(Fun::Sign, _))) => {
            fitted(setting, (left, right), extra, budget).map_or(found, Ratio::Constant)
        }
        _ => found,
    }
}

fn candidate_with(
    setting: &mut Setting,
    (left, right): (&[Term], &[Term]),
    roots: &[Term],
    extra: &[Constraint],
    (budget, true_roots): (&Budget, bool),
) -> Ratio {
    let sampler = Sampler::new(setting, roots, extra);
    let program = Program::new(&setting.store, roots);
    if program.operations() > budget.operations / 16 {
        return Ratio::Unknown;
    }
    for seed in 0..6 {
        let label = format!("rate/{seed}");
        let draw = Trial { roots: true_roots, ..Trial::new(&sampler, &program, budget.seed, &label) };
        let Ok(first) = draw.draw() else { continue };
        let Some(c) = common_ratio(&first.prime, &first.values, left.len()) else { continue };
        let Some(c) = c else { return Ratio::None };
        // The same member at another point must have the same ratio.
        let Some(second) = first.again(&draw) else { continue };
        match common_ratio(&second.prime, &second.values, left.len()) {
            None => continue,
            Some(other) if other != Some(c) => return Ratio::None,
            Some(_) => {}
        }
        let Drawn { mut prime, point: first, .. } = first;
        if let Some(t) = formula(setting, &mut prime, &first, c) {
            return Ratio::Constant(t);
        }
        if let Some(t) = fitted(setting, (left, right), extra, budget) {
            return Ratio::Constant(t);
        }
        return specialised(setting, (left, right)).map_or(Ratio::None, Ratio::Constant);
    }
    Ratio::Unknown
}

/// The value of a rate without members, where its square is rational.
pub fn constant(setting: &Setting, c: Term) -> Option<Surd> {
    let values = Program::new(&setting.store, &[c]).run(&mut Surds, |_| None).ok()?;
    values.into_iter().flatten().next().flatten()
}

/// The rate in its shortest form: `1/2` or `sqrt(1/2)` for a constant that was found as the ratio of the sides at a point.
pub fn simplified(setting: &mut Setting, c: Term) -> Term {
    let Some(value) = constant(setting, c) else { return c };
    let store = &mut setting.store;
    let half = Rational::from_parts(1.into(), 2u8.into());
    let square = store.num(value.square);
    let root = store.power(square, &half);
    if value.negative { store.neg(root) } else { root }
}

/// The most quantities that a formula is sought in.
const QUANTITIES: usize = 10;

/// Longer formulas are not printed.
const READABLE: usize = 120;

/// A rate as a formula of the language, short enough to be read: a number times powers of a few quantities that depend on
/// the members alone, shown to be the same function. `None` if there is none: a rate that was found as the ratio of the
/// sides at a point is no formula.
pub fn shown(setting: &mut Setting, c: Term, extra: &[Constraint], budget: &Budget) -> Option<Term> {
    let c = simplified(setting, c);
    if setting.store.as_fill(c).is_some() || constant(setting, c).is_some() {
        return Some(c);
    }
    let found = product(setting, c, extra, budget).or_else(|| {
        let one = setting.store.num(1);
        let found = fitted(setting, (&[c], &[one]), extra, budget)?;
        let difference = setting.store.sub(c, found);
        super::algebra::vanishes(setting, &[difference], extra, budget, "formula").holds().then_some(found)
    })?;
    let text = setting.store.text(found);
    (text.len() <= READABLE && !text.contains('…')).then_some(found)
}

/// The rate as text, if [`shown`] finds a formula.
pub fn text(setting: &mut Setting, c: Term, extra: &[Constraint], budget: &Budget) -> Option<String> {
    shown(setting, c, extra, budget).map(|t| setting.store.text(t))
}

/// The scalars below a term that depend on members, the smallest first: what a rate may be a product of.
fn quantities(setting: &Setting, c: Term) -> Vec<Term> {
    let store = &setting.store;
    let worth = |t: &Term| {
        let node = store.node(*t);
        let scalar = store.shape(*t).is_empty() && !store.free_symbols(&[*t]).is_empty();
        scalar
            && !matches!(node, Node::Product { .. } | Node::Power(..))
            && !matches!(node, Node::Sum(list) if list.len() == 1)
    };
    let mut found: Vec<(usize, Term)> =
        store.reachable(&[c]).into_iter().filter(worth).map(|t| (store.reachable(&[t]).len(), t)).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, t)| t).take(QUANTITIES).collect()
}

/// A formula that a rate may have, the simplest first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Guess {
    weight: i64,
    /// Quantities with their exponents.
    parts: Vec<(usize, i64)>,
    /// The number before them.
    number: Rational,
    /// Whether the root of the number is meant.
    rooted: bool,
}

/// A rational number, or the root of one, times whole powers of at most two [`quantities`], if the rate is one.
fn product(setting: &mut Setting, c: Term, extra: &[Constraint], budget: &Budget) -> Option<Term> {
    let bases = quantities(setting, c);
    let roots: Vec<Term> = std::iter::once(c).chain(bases.iter().copied()).collect();
    let sampler = Sampler::new(setting, &roots, extra);
    let program = Program::new(&setting.store, &roots);
    let drawn = Trial::new(&sampler, &program, budget.seed, "formula").draw().ok()?;
    let field = drawn.prime.field;
    let values: Vec<u64> = drawn.values.iter().map(|v| v[0]).collect();
    let power = |k: usize, e: i64| {
        let up = field.pow(values[k + 1], e.unsigned_abs());
        if e < 0 { field.inv(up) } else { Some(up) }
    };
    let mut guesses: Vec<Guess> = Vec::new();
    let exponents = || (-MAX_EXPONENT..=MAX_EXPONENT).filter(|e| *e != 0);
    let singles = (0..bases.len()).flat_map(|i| exponents().map(move |e| vec![(i, e)]));
    let pairs = (0..bases.len()).flat_map(|i| {
        (0..i).flat_map(move |j| exponents().flat_map(move |e| exponents().map(move |f| vec![(i, e), (j, f)])))
    });
    for parts in std::iter::once(Vec::new()).chain(singles).chain(pairs) {
        let Some(below) = parts.iter().try_fold(field.one, |m, &(k, e)| Some(field.mul(m, power(k, -e)?))) else {
            continue;
        };
        let rest = field.mul(values[0], below);
        let weight = parts.iter().map(|p| p.1.abs()).sum::<i64>() + parts.len() as i64;
        let plain = field.small_fraction(rest, 1 << 12).map(|q| (q, false));
        let square = || field.small_fraction(field.mul(rest, rest), 1 << 12).map(|q| (q, true));
        if let Some(((n, d), rooted)) = plain.or_else(square) {
            let number = Rational::from_parts(n.into(), d.into());
            guesses.push(Guess { weight: weight + i64::from(rooted), parts, number, rooted });
        }
    }
    guesses.sort();
    guesses.into_iter().take(4).find_map(|guess| {
        let store = &mut setting.store;
        let mut t = store.num(guess.number);
        if guess.rooted {
            t = store.power(t, &Rational::from_parts(1.into(), 2u8.into()));
        }
        for (k, e) in guess.parts {
            let factor = store.power(bases[k], &e.into());
            t = store.mul(t, factor);
        }
        let difference = store.sub(c, t);
        super::algebra::vanishes(setting, &[difference], extra, budget, "formula").holds().then_some(t)
    })
}

/// The common ratio of the sides: `None` if it has no value, `Some(None)` if they are not parallel.
fn common_ratio(prime: &Prime, values: &[Vec<u64>], split: usize) -> Option<Option<u64>> {
    let (l, r) = values.split_at(split);
    let mut ratio: Option<u64> = None;
    for (&a, &b) in l.iter().flatten().zip(r.iter().flatten()) {
        match (a, b) {
            (0, 0) => {}
            (0, _) | (_, 0) => return Some(None),
            _ => {
                let c = prime.field.mul(a, prime.field.inv(b)?);
                if ratio.is_some_and(|other| other != c) {
                    return Some(None);
                }
                ratio = Some(c);
            }
        }
    }
    // Two sides that are both zero everywhere are equal, and equality was asked for first.
    Some(ratio)
}

/// A rational number times a product of small powers of the scalar members, if the ratio is one.
pub(super) fn formula(setting: &mut Setting, prime: &mut Prime, point: &Point<u64>, c: u64) -> Option<Term> {
    let scalars: Vec<SymbolId> = setting
        .quantified
        .iter()
        .filter(|q| {
            q.role == Role::Member && q.draw == Draw::Real && setting.store.symbol_info(q.symbol).shape.is_empty()
        })
        .map(|q| q.symbol)
        .filter(|s| point.contains_key(s))
        .collect();
    if scalars.len() > 4 {
        return None;
    }
    // A member that may be negative enters a positive rate by its absolute value.
    let mut sizes = Vec::with_capacity(scalars.len());
    for s in &scalars {
        let sign = prime.apply(Fun::Sign, &point[s][0]).ok()?;
        sizes.push((point[s][0], prime.field.mul(sign, point[s][0])));
    }
    let field = prime.field;
    let mut exponents = vec![0i64; scalars.len()];
    let total = (2 * MAX_EXPONENT + 1).pow(scalars.len() as u32);
    let mut best: Option<(u64, Vec<i64>, bool, Rational)> = None;
    for k in 0..2 * total {
        let absolute = k >= total;
        let mut rest = k % total;
        for e in &mut exponents {
            *e = rest % (2 * MAX_EXPONENT + 1) - MAX_EXPONENT;
            rest /= 2 * MAX_EXPONENT + 1;
        }
        let mut value = c;
        for (&(plain, size), &e) in sizes.iter().zip(&exponents) {
            let power = field.pow(if absolute && e % 2 != 0 { size } else { plain }, e.unsigned_abs());
            let factor = if e > 0 { field.inv(power)? } else { power };
            value = field.mul(value, factor);
        }
        let Some((n, d)) = field.small_fraction(value, 1 << 16) else {
            continue;
        };
        let weight: u64 = exponents.iter().map(|e| e.unsigned_abs()).sum();
        if best.as_ref().is_none_or(|b| weight < b.0) {
            best = Some((weight, exponents.clone(), absolute, Rational::from_parts(n.into(), d.into())));
        }
    }
    let (_, exponents, absolute, coefficient) = best?;
    let mut t = setting.store.num(coefficient);
    for (s, e) in scalars.iter().zip(exponents) {
        let x = setting.store.symbol_term(*s);
        let x = if absolute && e % 2 != 0 { setting.store.abs(x) } else { x };
        let power = setting.store.power(x, &e.into());
        t = setting.store.mul(t, power);
    }
    Some(t)
}

/// A root of a fraction times powers of the scalar members, from the ratio of the sides in numbers at several members: a
/// guess, with exponents that exact values do not show.
fn fitted(
    setting: &mut Setting,
    (left, right): (&[Term], &[Term]),
    extra: &[Constraint],
    budget: &Budget,
) -> Option<Term> {
    const SAME: f64 = 1e-9;
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let sampler = Sampler::new(setting, &roots, extra);
    let program = Program::new(&setting.store, &roots);
    if program.operations() > budget.operations / 64 {
        return None;
    }
    let members: Vec<SymbolId> = sampler
        .symbols()
        .filter(|(s, role, discrete)| {
            *role == Role::Member && !discrete && setting.store.symbol_info(*s).shape.is_empty()
        })
        .map(|(s, ..)| s)
        .collect();
    let wanted = 3 * members.len() + 4;
    let mut random = Random::new(budget.seed, "fitted rate");
    let (mut points, mut values) = (Vec::new(), Vec::new());
    for _ in 0..8 * wanted {
        if points.len() == wanted {
            break;
        }
        let Some(point) = sampler.float(&mut random) else { continue };
        let Ok(run) = program.run(&mut Float::default(), |s| point.get(&s).cloned()) else { continue };
        let (l, r) = run.split_at(left.len());
        let pairs = || l.iter().flatten().zip(r.iter().flatten());
        let size = pairs().map(|(_, b)| b * b).sum::<f64>();
        let ratio = pairs().map(|(a, b)| a * b).sum::<f64>() / size;
        if !(ratio.is_finite() && size > 0.0) {
            continue;
        }
        let rest = pairs().map(|(a, b)| (a - ratio * b).powi(2)).sum::<f64>();
        if rest > SAME * SAME * ratio * ratio * size {
            return None;
        }
        values.push(ratio);
        points.push(point);
    }
    let points: Vec<&Point<f64>> = points.iter().collect();
    (values.len() == wanted).then(|| super::formula::fit(setting, &members, &points, &values)).flatten()
}

/// The ratio of the sides at a fixed simple point, as a term in the members. A number is written in its shortest form: what
/// stands under its root would otherwise be a number like any other, whose own root nothing recognises.
fn specialised(setting: &mut Setting, (left, right): (&[Term], &[Term])) -> Option<Term> {
    let quantified: Vec<_> = setting.quantified.iter().map(|q| (q.symbol, q.role)).collect();
    for offset in 0..8u64 {
        let mut by = rustc_hash::FxHashMap::default();
        let mut next = offset;
        for (s, role) in &quantified {
            if *role == Role::Member {
                continue;
            }
            let shape = setting.store.symbol_info(*s).shape.clone();
            let n: usize = shape.iter().product();
            let values = (0..n)
                .map(|_| {
                    next = (next * 5 + 3) % 11;
                    Rational::from(next + 1)
                })
                .collect();
            let t = setting.store.literal(values, &shape);
            by.insert(*s, t);
        }
        for (&l, &r) in left.iter().zip(right) {
            let pair = setting.store.substitute(&[l, r], &by);
            for i in 0..setting.store.size(pair[0]) {
                let a = setting.store.gather(pair[0], vec![i as u32], &[]);
                let b = setting.store.gather(pair[1], vec![i as u32], &[]);
                if !setting.store.is_zero(b) && !setting.store.is_zero(a) {
                    let ratio = setting.store.div(a, b);
                    return Some(simplified(setting, ratio));
                }
            }
        }
    }
    None
}
