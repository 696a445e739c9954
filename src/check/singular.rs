//! Where a function vanishes, and proofs that it does not: for Jacobians and for conditions.

use super::field::{Drawn, Trial};
use super::sample::{Point, Sampler};
use super::{Budget, Problem, algebra, places, witness};
use crate::domain::Rational;
use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::interval::Intervals;
use crate::domain::prime::Random;
use crate::model::elaborate::{Constraint, ConstraintKind};
use crate::term::{Program, Store, SymbolId, Term};

/// Points between which a change of sign is looked for.
const SIGN_POINTS: usize = 144;

/// The largest matrix whose determinant is written out where zeros allow it.
const LARGEST_EXPANDED: usize = 32;

/// The largest one that is expanded by minors.
const LARGEST_MINORS: usize = 3;

/// Scalar operations of an evaluation over a whole domain.
const LARGEST_RANGE: usize = 1_000_000;

/// A point of the domain at which a scalar term is zero: as text, and whether it is exact.
///
/// Simple rational points are tried exactly. After that, two points at which the term has opposite signs are joined by
/// a segment inside the domain, on which it must vanish by continuity; the zero is found by bisection, and a pole is
/// told from a zero by the size of the term there.
pub fn find(problem: &Problem, term: Term, budget: &Budget) -> Option<(String, bool)> {
    let sampler = Sampler::new(&problem.setting, &[term], &problem.domain);
    let program = Program::new(&problem.setting.store, &[term]);
    if program.operations() * 200 > budget.operations {
        return None;
    }
    let mut random = Random::new(budget.seed, "singular");
    let special = places::special_values(&problem.setting.store, &[term]);
    let generic = generic_ranks(&sampler, &program, budget.seed);
    for tried in 0..320 {
        let point = match tried % 4 {
            2 => places::special(&sampler, &mut random, &special),
            3 => places::far(&sampler, &mut random, 4),
            _ => sampler.simple(&mut random, tried / 120),
        };
        let Some(point) = point else { continue };
        // On a kink one-sided values count: u·|u| is no diffeomorphism at 0.
        let mut exact = Exact::default();
        exact.zero_sign = crate::domain::exact::ZeroSign::Zero;
        let value = program.run(&mut exact, |s| point.get(&s).cloned());
        // Where a rank drops the derivative at constant rank is that of no point nearby.
        let ranks = [exact.trace.ranks, exact.trace.polar_ranks].concat();
        if value.is_ok_and(|v| v[0][0].is_zero()) && ranks.iter().zip(&generic).all(|(here, there)| here >= there) {
            return Some((point_text(problem, &point), true));
        }
    }
    let point = sign_change(&sampler, &program, &special, &mut random)?;
    Some((approximately(&problem.setting.store, &point), false))
}

/// The ranks of pseudo-inverses and then of polar factors at random points, the largest of each.
fn generic_ranks(sampler: &Sampler, program: &Program, seed: u64) -> Vec<usize> {
    let mut random = Random::new(seed, "ranks");
    let mut generic: Vec<usize> = Vec::new();
    for point in (0..8).filter_map(|_| sampler.float(&mut random)) {
        let mut float = Float::default();
        if program.run(&mut float, |s| point.get(&s).cloned()).is_ok() {
            let ranks = [float.trace.ranks, float.trace.polar_ranks].concat();
            generic.resize(ranks.len(), 0);
            generic.iter_mut().zip(ranks).for_each(|(most, here)| *most = (*most).max(here));
        }
    }
    generic
}

/// A point in floating point by the names of the file: a number, or the entries of a tensor.
fn approximately(store: &Store, point: &Point<f64>) -> String {
    let mut values: Vec<(SymbolId, &Vec<f64>)> = point.iter().map(|(s, v)| (*s, v)).collect();
    values.sort_unstable_by_key(|(s, _)| *s);
    let text = |(s, v): &(SymbolId, &Vec<f64>)| {
        let info = store.symbol_info(*s);
        let entries: Vec<String> = v.iter().map(|x| witness::significant(*x, 4)).collect();
        let list = entries.join(", ");
        if info.shape.is_empty() { format!("{} ≈ {list}", info.name) } else { format!("{} ≈ [{list}]", info.name) }
    };
    values.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Bisection for a zero between sampled points.
fn sign_change(sampler: &Sampler, program: &Program, special: &[Rational], random: &mut Random) -> Option<Point<f64>> {
    // Near the origin, near the numbers of the text, and far out.
    let scales = [1.0, 4.0, 1e-3, 16.0, 1.0, 64.0, 1e-6, 1e3];
    let points: Vec<Point<f64>> = (0..SIGN_POINTS)
        .filter_map(|k| match k % 3 {
            2 => places::near(sampler, random, special),
            _ => sampler.float_scaled(random, scales[k / 3 % scales.len()]),
        })
        .collect();
    let value = |p: &Point<f64>| program.run(&mut Float::default(), |s| p.get(&s).cloned()).ok().map(|v| v[0][0]);
    let valued: Vec<(&Point<f64>, f64)> = points.iter().filter_map(|p| value(p).map(|v| (p, v))).collect();
    let discrete: Vec<_> = sampler.symbols().filter(|x| x.2).map(|x| x.0).collect();
    for (i, (p, vp)) in valued.iter().enumerate() {
        let Some((q, vq)) =
            valued[i + 1..].iter().find(|(q, vq)| vp * vq < 0.0 && discrete.iter().all(|d| p.get(d) == q.get(d)))
        else {
            continue;
        };
        if !places::joined(sampler, p, q) {
            continue;
        }
        let Some((_, hi)) = places::crossing(|t| value(&places::between(p, q, t))) else { continue };
        let zero = places::between(p, q, hi);
        // The way may lead through a gap of the domain that the places looked at do not show.
        if !sampler.inside_float(&zero, p) {
            continue;
        }
        if value(&zero).is_some_and(|v| v.abs() < 1e-9 * vp.abs().min(vq.abs())) {
            return Some(zero);
        }
    }
    None
}

/// A point by the names of the file.
pub fn point_text(problem: &Problem, point: &Point<Rational>) -> String {
    let shown = witness::shown_values(&problem.setting, point);
    if shown.is_empty() {
        return "every point".into();
    }
    shown.iter().map(|g| format!("{} = {}", g.name, g.value)).collect::<Vec<_>>().join(", ")
}

/// A place where the size of a scalar term has a minimum that floating point cannot tell from zero: there it may touch zero
/// without a change of sign. In words; nothing if none was found along the lines tried.
pub fn touches_zero(problem: &Problem, term: Term, budget: &Budget) -> Option<String> {
    const LINES: usize = 48;
    const REACH: f64 = 6.0;
    const STEPS: usize = 48;
    const NOTHING: f64 = 1e-13;
    let sampler = Sampler::new(&problem.setting, &[term], &problem.domain);
    let program = Program::new(&problem.setting.store, &[term]);
    if program.operations().saturating_mul(LINES * STEPS * 2) > budget.operations / 16 {
        return None;
    }
    let left_out = LeftOut::new(problem, &sampler);
    let mut random = Random::new(budget.seed, "touches zero");
    let mut symbols: Vec<_> = sampler.movable().collect();
    symbols.sort_unstable();
    for line in 0..LINES {
        let Some(base) = sampler.float(&mut random) else { continue };
        // Now one entry alone, now all of them.
        let alone = symbols.get(random.below(symbols.len().max(1) as u64) as usize).copied();
        let along = |t: f64| -> Point<f64> {
            let moved = |(s, v): (&crate::term::SymbolId, &Vec<f64>)| {
                let free = symbols.contains(s) && (line % 3 == 2 || Some(*s) == alone);
                let step = |(i, x): (usize, &f64)| if free { x + t * (1.0 + 0.37 * i as f64) } else { *x };
                (*s, v.iter().enumerate().map(step).collect())
            };
            base.iter().map(moved).collect()
        };
        let size = |t: f64| -> Option<f64> {
            let point = along(t);
            if !sampler.inside_float(&point, &base) {
                return None;
            }
            program.run(&mut Float::default(), |s| point.get(&s).cloned()).ok().map(|v| v[0][0].abs())
        };
        let at = |k: usize| REACH * (2.0 * k as f64 / STEPS as f64 - 1.0);
        let sizes: Vec<Option<f64>> = (0..=STEPS).map(|k| size(at(k))).collect();
        let typical = sizes.iter().flatten().fold(0.0f64, |m, v| m.max(*v));
        for k in 1..STEPS {
            let (Some(a), Some(b), Some(c)) = (sizes[k - 1], sizes[k], sizes[k + 1]) else { continue };
            if b >= a || b > c {
                continue;
            }
            let (mut lo, mut hi) = (at(k - 1), at(k + 1));
            for _ in 0..80 {
                let (p, q) = (lo + (hi - lo) / 3.0, hi - (hi - lo) / 3.0);
                match (size(p), size(q)) {
                    (Some(x), Some(y)) if x < y => hi = q,
                    (Some(_), Some(_)) => lo = p,
                    _ => break,
                }
            }
            let middle = (lo + hi) / 2.0;
            // At the border of the domain it is as small as one likes, and never zero.
            let within = [-BESIDE, BESIDE].iter().all(|d| size(middle + d).is_some());
            let within = within && !left_out.holds(&along(middle), &base);
            if within && size(middle).is_some_and(|v| v < NOTHING * typical) {
                return Some(approximately(&problem.setting.store, &along(middle)));
            }
        }
    }
    let found = descent(&sampler, &program, &left_out, &mut random)?;
    Some(approximately(&problem.setting.store, &found))
}

/// A place is beside another one if it is so far from it.
const BESIDE: f64 = 1e-6;

/// What conditions `… != 0` leave out of the domain: no such place is one of it, however close one comes.
struct LeftOut(Program);

impl LeftOut {
    fn new(problem: &Problem, sampler: &Sampler) -> LeftOut {
        let store = &problem.setting.store;
        let own: Vec<SymbolId> = sampler.symbols().map(|(s, ..)| s).collect();
        let among = |t: &Term| store.free_symbols(&[*t]).iter().all(|s| own.contains(s));
        let conditions = problem.setting.constraints.iter().chain(&problem.domain).map(|c| c.term);
        LeftOut(Program::new(store, &conditions.filter(among).collect::<Vec<_>>()))
    }

    /// Whether a condition is much smaller at a place than at a point of the domain.
    fn holds(&self, at: &Point<f64>, base: &Point<f64>) -> bool {
        let values = |p: &Point<f64>| {
            let run = self.0.run(&mut Float::default(), |s| p.get(&s).cloned()).ok()?;
            Some(run.into_iter().flatten().collect::<Vec<f64>>())
        };
        let (Some(there), Some(here)) = (values(at), values(base)) else { return true };
        there.iter().zip(&here).any(|(x, y)| x.abs() < BESIDE * y.abs())
    }
}

/// A place not far out at which a term in floating point is all but zero, by steps of Newton's method in the direction in which
/// the term changes most: a zero of a sum of squares is on no line that one would try.
fn descent(sampler: &Sampler, program: &Program, left_out: &LeftOut, random: &mut Random) -> Option<Point<f64>> {
    const STARTS: usize = 8;
    const STEPS: usize = 96;
    const ENTRIES: usize = 24;
    const REACH: f64 = 8.0;
    const NOTHING: f64 = 1e-13;
    let mut symbols: Vec<_> = sampler.movable().collect();
    symbols.sort_unstable();
    for _ in 0..STARTS {
        let Some(base) = sampler.float(random) else { continue };
        let places: Vec<(SymbolId, usize)> =
            (symbols.iter()).flat_map(|s| (0..base.get(s).map_or(0, Vec::len)).map(|i| (*s, i))).collect();
        if places.is_empty() || places.len() > ENTRIES {
            return None;
        }
        let value = |p: &Point<f64>| {
            let run = program.run(&mut Float::default(), |s| p.get(&s).cloned()).ok().map(|v| v[0][0]);
            run.filter(|v| v.is_finite() && sampler.inside_float(p, &base))
        };
        let moved = |p: &Point<f64>, (s, i): (SymbolId, usize), by: f64| {
            let mut p = p.clone();
            if let Some(x) = p.get_mut(&s).and_then(|v| v.get_mut(i)) {
                *x += by;
            }
            p
        };
        let Some(first) = value(&base).filter(|v| *v != 0.0) else { continue };
        let (mut at, mut length) = (base.clone(), false);
        for _ in 0..STEPS {
            let Some(here) = value(&at) else { break };
            // Differences across the zero would say nothing: a square is as far from it as its root says, a length as itself.
            let distance = if length { here.abs() } else { here.abs().sqrt() };
            let h = (1e-3 * distance).clamp(1e-12, 1e-6);
            let slopes: Option<Vec<f64>> = (places.iter())
                .map(|&x| Some((value(&moved(&at, x, h))? - value(&moved(&at, x, -h))?) / (2.0 * h)))
                .collect();
            let Some(slopes) = slopes else { break };
            let steepness: f64 = slopes.iter().map(|g| g * g).sum();
            // A high power is small where it is still far from its zero, which may be at the border of the domain.
            let arrived = here.abs() < (0.1 * BESIDE) * steepness.sqrt() || here == 0.0;
            if arrived && here.abs() < NOTHING * first.abs() {
                let inside = |&x: &_| [-BESIDE, BESIDE].iter().all(|d| value(&moved(&at, x, *d)).is_some());
                if places.iter().all(inside) && !left_out.holds(&at, &base) {
                    return Some(at);
                }
                break;
            }
            let mut next = at.clone();
            for (&x, g) in places.iter().zip(&slopes) {
                next = moved(&next, x, -here * g / steepness);
            }
            let near = places.iter().all(|(s, i)| (next[s][*i] - base[s][*i]).abs() <= REACH);
            let closer = near && value(&next).is_some_and(|v| v.abs() < here.abs());
            match (closer, length) {
                (true, _) => at = next,
                (false, false) => length = true,
                (false, true) => break,
            }
        }
    }
    None
}

/// Whether a scalar term has a value at some sampled point.
pub fn can_be_tried(problem: &Problem, term: Term, budget: &Budget) -> bool {
    let sampler = Sampler::new(&problem.setting, &[term], &problem.domain);
    let program = Program::new(&problem.setting.store, &[term]);
    let mut random = Random::new(budget.seed, "tried");
    let affordable = (budget.operations / 64 / program.operations().max(1)).clamp(1, 48);
    (0..affordable).any(|_| {
        let point = sampler.float(&mut random);
        point.is_some_and(|p| program.run(&mut Float::default(), |s| p.get(&s).cloned()).is_ok())
    })
}

/// The determinant of a matrix as a product or a sum of products of its entries, where zeros among them or a small size
/// allow that: rows and columns with one entry are taken out first.
pub fn expanded_determinant(store: &mut Store, matrix: Term) -> Option<Term> {
    let n = store.shape(matrix)[0];
    if n > LARGEST_EXPANDED {
        return None;
    }
    let entries = store.entries(matrix);
    let rows: Vec<Vec<Term>> = entries.chunks(n.max(1)).map(<[Term]>::to_vec).collect();
    expand(store, &rows)
}

fn expand(store: &mut Store, rows: &[Vec<Term>]) -> Option<Term> {
    let n = rows.len();
    if n == 0 {
        return Some(store.num(1));
    }
    let zeros = |store: &Store, line: &mut dyn Iterator<Item = Term>| line.filter(|t| store.is_zero(*t)).count();
    // The row or the column with the most zeros.
    let row = (0..n).max_by_key(|&i| (zeros(store, &mut rows[i].iter().copied()), n - i))?;
    let column = (0..n).max_by_key(|&j| (zeros(store, &mut rows.iter().map(|r| r[j])), n - j))?;
    let in_row = zeros(store, &mut rows[row].iter().copied());
    let in_column = zeros(store, &mut rows.iter().map(|r| r[column]));
    if in_row.max(in_column) + 1 < n && n > LARGEST_MINORS {
        return None;
    }
    let places: Vec<(usize, usize)> = match in_row >= in_column {
        true => (0..n).map(|j| (row, j)).collect(),
        false => (0..n).map(|i| (i, column)).collect(),
    };
    let mut parts = Vec::new();
    for (i, j) in places {
        if store.is_zero(rows[i][j]) {
            continue;
        }
        let rest: Vec<Vec<Term>> =
            (0..n).filter(|r| *r != i).map(|r| (0..n).filter(|c| *c != j).map(|c| rows[r][c]).collect()).collect();
        let minor = expand(store, &rest)?;
        let sign = if (i + j) % 2 == 0 { Rational::ONE } else { Rational::NEG_ONE };
        parts.push((sign, store.mul(rows[i][j], minor)));
    }
    Some(store.sum(parts, &[]))
}

/// Whether a scalar has one sign in the whole domain, by its form or in intervals: positive or negative.
fn one_sign(problem: &mut Problem, term: Term) -> Option<bool> {
    let conditions: Vec<Term> = problem
        .setting
        .constraints
        .iter()
        .chain(&problem.domain)
        .filter(|c| c.kind == ConstraintKind::Positive && problem.setting.store.shape(c.term).is_empty())
        .map(|c| c.term)
        .collect();
    conditions.into_iter().for_each(|c| problem.setting.store.assume_positive(c));
    if problem.setting.store.positive(term) {
        return Some(true);
    }
    let minus = problem.setting.store.neg(term);
    if problem.setting.store.positive(minus) {
        return Some(false);
    }
    let sampler = Sampler::new(&problem.setting, &[term], &problem.domain);
    let program = Program::new(&problem.setting.store, &[term]);
    if program.operations() > LARGEST_RANGE {
        return None;
    }
    let whole = sampler.whole_domain();
    let mut domain = Intervals::default();
    let values = program.run(&mut domain, |s| whole.get(&s).cloned()).ok()?;
    let range = values[0][0];
    match (range.lo() > 0.0, range.hi() < 0.0) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// Proves that the determinant of a matrix has no zero in the domain: by its sign, or by writing it as a rational number
/// times powers of quantities that the conditions keep away from zero.
pub fn nowhere_singular(problem: &mut Problem, matrix: Term, det: Term) -> bool {
    if let Some(expanded) = expanded_determinant(&mut problem.setting.store, matrix)
        && one_sign(problem, expanded).is_some()
    {
        return true;
    }
    nowhere_zero(problem, det)
}

/// Proves that a scalar term has no zero in the domain, by its sign, or by writing it as a rational number times powers
/// of quantities that the conditions keep away from zero.
pub fn nowhere_zero(problem: &mut Problem, term: Term) -> bool {
    if one_sign(problem, term).is_some() || monomial(problem, term).is_some() {
        return true;
    }
    // The determinant of a permutation is 1 or -1; its square is one monomial for all members.
    let square = problem.setting.store.mul(term, term);
    monomial(problem, square).is_some()
}

/// Proves a condition in the same way; every entry by itself.
pub fn certainly(problem: &mut Problem, c: &Constraint) -> bool {
    let n = problem.setting.store.size(c.term);
    n <= 16
        && (0..n).all(|i| {
            let entry = problem.setting.store.gather(c.term, vec![i as u32], &[]);
            if let Some(q) = problem.setting.store.as_fill(entry) {
                return if c.kind == ConstraintKind::NonZero { !q.is_zero() } else { *q > Rational::ZERO };
            }
            let wanted = |positive: bool| positive || c.kind == ConstraintKind::NonZero;
            one_sign(problem, entry).is_some_and(wanted) || monomial(problem, entry).is_some_and(wanted)
        })
}

/// Writes a scalar as `q · Π fᵢ^eᵢ` with factors from the conditions, and proves it. Answers whether it is positive
/// everywhere, as far as that follows.
fn monomial(problem: &mut Problem, term: Term) -> Option<bool> {
    problem.for_every_member(|p| monomial_of(p, term))
}

fn monomial_of(problem: &mut Problem, term: Term) -> Option<bool> {
    let budget = Budget::new(0, 1, 1);
    let mut factors: Vec<(Term, bool)> = Vec::new();
    let conditions: Vec<Constraint> = problem.setting.constraints.iter().chain(&problem.domain).cloned().collect();
    let free = problem.setting.store.free_symbols(&[term]);
    for c in conditions {
        for i in 0..problem.setting.store.size(c.term).min(8) {
            let entry = problem.setting.store.gather(c.term, vec![i as u32], &[]);
            let own = problem.setting.store.free_symbols(&[entry]);
            if own.iter().all(|s| free.contains(s)) && !factors.iter().any(|f| f.0 == entry) {
                factors.push((entry, c.kind == ConstraintKind::Positive));
            }
        }
    }
    factors.truncate(4);
    let mut roots = vec![term];
    roots.extend(factors.iter().map(|f| f.0));
    let sampler = Sampler::new(&problem.setting, &roots, &problem.domain);
    let program = Program::new(&problem.setting.store, &roots);
    let Drawn { prime, values, .. } = Trial::new(&sampler, &program, 0, "monomial").draw().ok()?;
    let base = 9i64;
    for k in 0..base.pow(factors.len() as u32) {
        let mut rest = k;
        let mut value = values[0][0];
        let mut exponents = Vec::new();
        for i in 0..factors.len() {
            // 0, 1, -1, 2, -2, …: small exponents first.
            let r = rest % base;
            rest /= base;
            let e = if r % 2 == 1 { (r + 1) / 2 } else { -(r / 2) };
            exponents.push(e);
            let power = prime.field.pow(values[i + 1][0], e.unsigned_abs());
            value = prime.field.mul(value, if e > 0 { prime.field.inv(power)? } else { power });
        }
        let Some((n, d)) = prime.field.small_fraction(value, 1 << 16) else {
            continue;
        };
        if n == 0 {
            return None;
        }
        let mut product = problem.setting.store.num(Rational::from_parts(n.into(), d.into()));
        let mut positive = n > 0;
        for ((f, sign), e) in factors.iter().zip(&exponents) {
            positive &= *sign || e % 2 == 0;
            let power = problem.setting.store.power(*f, &(*e).into());
            product = problem.setting.store.mul(product, power);
        }
        let difference = problem.setting.store.sub(term, product);
        let proved = algebra::vanishes(&problem.setting, &[difference], &problem.domain, &budget, "monomial").holds();
        return proved.then_some(positive);
    }
    None
}
