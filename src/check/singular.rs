//! Where a function vanishes, and proofs that it does not: for Jacobians and for conditions.

use super::field::{Drawn, Trial};
use super::sample::{Point, Sampler};
use super::{Budget, Problem, algebra, witness};
use crate::domain::Rational;
use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::model::elaborate::{Constraint, ConstraintKind};
use crate::term::{Program, Term};

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
    for tried in 0..160 {
        let Some(point) = sampler.simple(&mut random, tried / 60) else {
            continue;
        };
        // On a kink one-sided values count: u·|u| is no diffeomorphism at 0.
        let mut exact = Exact::default();
        exact.zero_sign = crate::domain::exact::ZeroSign::Zero;
        let value = program.run(&mut exact, |s| point.get(&s).cloned());
        if value.is_ok_and(|v| v[0][0].is_zero()) {
            return Some((point_text(problem, &point), true));
        }
    }
    sign_change(&sampler, &program, &mut random).map(|point| {
        let values: Vec<String> = point
            .iter()
            .map(|(s, v)| {
                let name = &problem.setting.store.symbol_info(*s).name;
                let entries: Vec<String> = v.iter().map(|x| witness::significant(*x, 4)).collect();
                format!("{name} ≈ [{}]", entries.join(", "))
            })
            .collect();
        (values.join(", "), false)
    })
}

/// Bisection for a zero between sampled points.
fn sign_change(
    sampler: &Sampler,
    program: &Program,
    random: &mut Random,
) -> Option<Vec<(crate::term::SymbolId, Vec<f64>)>> {
    let points: Vec<Point<f64>> = (0..48).filter_map(|_| sampler.float(random)).collect();
    let value = |p: &Point<f64>| program.run(&mut Float::default(), |s| p.get(&s).cloned()).ok().map(|v| v[0][0]);
    let valued: Vec<(&Point<f64>, f64)> = points.iter().filter_map(|p| value(p).map(|v| (p, v))).collect();
    let discrete: Vec<_> = sampler.symbols().filter(|x| x.2).map(|x| x.0).collect();
    for (i, (p, vp)) in valued.iter().enumerate() {
        let Some((q, vq)) =
            valued[i + 1..].iter().find(|(q, vq)| vp * vq < 0.0 && discrete.iter().all(|d| p.get(d) == q.get(d)))
        else {
            continue;
        };
        let between = |t: f64| -> Point<f64> {
            p.iter().map(|(s, a)| (*s, a.iter().zip(&q[s]).map(|(x, y)| x + t * (y - x)).collect())).collect()
        };
        if !(0..=32).all(|k| sampler.inside_float(&between(f64::from(k) / 32.0), p)) {
            continue;
        }
        let (mut lo, mut hi) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = (lo + hi) / 2.0;
            match value(&between(middle)) {
                Some(v) if v * vp > 0.0 => lo = middle,
                Some(_) => hi = middle,
                None => break,
            }
        }
        let zero = between(hi);
        if value(&zero).is_some_and(|v| v.abs() < 1e-9 * vp.abs().min(vq.abs())) {
            let mut entries: Vec<_> = zero.into_iter().collect();
            entries.sort_by_key(|(s, _)| *s);
            return Some(entries);
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

/// Proves that a scalar term has no zero in the domain, by writing it as a rational number times powers of quantities
/// that the conditions keep away from zero.
pub fn nowhere_zero(problem: &mut Problem, term: Term) -> bool {
    if monomial(problem, term).is_some() {
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
            monomial(problem, entry).is_some_and(|positive| positive || c.kind == ConstraintKind::NonZero)
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
