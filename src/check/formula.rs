//! From numbers at several members to a formula: a root of a fraction times powers of members.
//!
//! A guess from floating point; identities decide whether it is right.

use nalgebra::{DMatrix, DVector};

use crate::check::Setting;
use crate::check::sample::Point;
use crate::domain::{Fun, Rational};
use crate::term::{SymbolId, Term};

/// Denominators of exponents.
const DENOMINATORS: [u64; 9] = [1, 2, 3, 4, 5, 6, 8, 10, 12];
/// An exponent found by least squares is a fraction that is as near as this.
const NEAR: f64 = 1e-5;
const MAX_EXPONENT: f64 = 6.0;
/// Numerators and denominators of constants stay below this.
const MAX_PART: u64 = 1 << 20;
/// A logarithm that differs by less is the same: what is fitted to the last digits of moves is known to a few of its own.
const TOLERANCE: f64 = 1e-5;

/// What a formula is made of: a positive number at each member, and its term.
struct Generator {
    logs: Vec<f64>,
    /// The signs of what stands between the bars, at each member.
    negative: Vec<bool>,
    inner: Term,
}

/// A formula in the members with these values at these points; `None` if none is seen.
pub fn fit(setting: &mut Setting, members: &[SymbolId], points: &[&Point<f64>], values: &[f64]) -> Option<Term> {
    if values.is_empty() || values.iter().any(|v| *v == 0.0 || !v.is_finite()) {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|v| v.abs().ln()).collect();
    let negative: Vec<bool> = values.iter().map(|v| *v < 0.0).collect();
    let same = |x: &[f64]| x.iter().all(|l| (l - x[0]).abs() < TOLERANCE);
    if same(&logs) {
        let signs_agree = negative.iter().all(|n| *n == negative[0]);
        let size = constant(setting, logs[0])?;
        return signs_agree.then(|| if negative[0] { setting.store.neg(size) } else { size });
    }
    let generators = generators(setting, members, points);
    // The simplest first: powers of members, their exponentials, and only then their distances from 1. What is the same at
    // all members is no generator.
    for kinds in [0..1, 3..4, 0..3] {
        let chosen: Vec<&Generator> = generators
            .iter()
            .flat_map(|g| g.get(kinds.clone()).unwrap_or_default())
            .filter(|g| g.logs.iter().all(|l| l.is_finite()) && !same(&g.logs))
            .collect();
        if chosen.is_empty() || chosen.len() + 2 > logs.len() {
            continue;
        }
        if let Some(found) = monomial(setting, &chosen, &logs, &negative) {
            return Some(found);
        }
    }
    None
}

/// For each scalar member `m`: `|m|`, `|1 − m|`, `|1 + m|`, `exp m`.
fn generators(setting: &mut Setting, members: &[SymbolId], points: &[&Point<f64>]) -> Vec<Vec<Generator>> {
    let mut all = Vec::new();
    for &s in members {
        let store = &mut setting.store;
        if !store.symbol_info(s).shape.is_empty() {
            continue;
        }
        let Some(values) =
            points.iter().map(|p| p.get(&s).and_then(|v| v.first()).copied()).collect::<Option<Vec<f64>>>()
        else {
            continue;
        };
        let m = store.symbol_term(s);
        let one = store.num(1);
        let (below, above) = (store.sub(one, m), store.add(one, m));
        let of = |inner: Term, f: &dyn Fn(f64) -> f64| Generator {
            logs: values.iter().map(|v| f(*v).abs().ln()).collect(),
            negative: values.iter().map(|v| f(*v) < 0.0).collect(),
            inner,
        };
        let grown = store.map(Fun::Exp, m);
        all.push(vec![of(m, &|v| v), of(below, &|v| 1.0 - v), of(above, &|v| 1.0 + v), of(grown, &|v| v.exp())]);
    }
    all
}

/// Exponents by least squares, rounded and tried.
fn monomial(setting: &mut Setting, generators: &[&Generator], logs: &[f64], negative: &[bool]) -> Option<Term> {
    let (rows, columns) = (logs.len(), generators.len() + 1);
    let matrix = DMatrix::from_fn(rows, columns, |i, j| generators.get(j).map_or(1.0, |g| g.logs[i]));
    let wanted = DVector::from_column_slice(logs);
    let gram = matrix.transpose() * &matrix;
    let solution = gram.lu().solve(&(matrix.transpose() * &wanted))?;
    let fractions: Vec<(f64, u64)> = (0..generators.len())
        .map(|j| {
            let scaled = |d: u64| (solution[j] * d as f64).round();
            let near = |d: &u64| (scaled(*d) / *d as f64 - solution[j]).abs() < NEAR;
            DENOMINATORS.into_iter().find(near).map(|d| (scaled(d), d))
        })
        .collect::<Option<_>>()?;
    let exponents: Vec<f64> = fractions.iter().map(|(n, d)| n / *d as f64).collect();
    if exponents.iter().any(|e| e.abs() > MAX_EXPONENT) {
        return None;
    }
    let rest: Vec<f64> = (0..rows)
        .map(|i| logs[i] - generators.iter().zip(&exponents).map(|(g, e)| e * g.logs[i]).sum::<f64>())
        .collect();
    if rest.iter().any(|r| (r - rest[0]).abs() > TOLERANCE) {
        return None;
    }
    let mut t = constant(setting, rest[0])?;
    // An odd power may carry the sign of the value; otherwise the size alone enters.
    let carries =
        |i: usize| generators.iter().zip(&exponents).filter(|(g, e)| g.negative[i] && *e % 2.0 != 0.0).count() % 2 == 1;
    let signed = (0..rows).all(|i| carries(i) == negative[i]) && exponents.iter().all(|e| e.fract() == 0.0);
    if !signed && negative.iter().any(|n| *n != negative[0]) {
        return None;
    }
    let store = &mut setting.store;
    for (g, (e, (n, d))) in generators.iter().zip(exponents.iter().zip(&fractions)).filter(|(_, (e, _))| **e != 0.0) {
        let plain = signed || e % 2.0 == 0.0 || store.positive(g.inner);
        let base = if plain { g.inner } else { store.abs(g.inner) };
        let exponent = Rational::from_parts((*n as i64).into(), (*d).into());
        let power = store.power(base, &exponent);
        t = store.mul(t, power);
    }
    if !signed && negative[0] {
        t = store.neg(t);
    }
    Some(t)
}

/// The number with this logarithm, as a root of a fraction.
fn constant(setting: &mut Setting, log: f64) -> Option<Term> {
    let near = || [1, 2].into_iter().find_map(|root| near_fraction((log * root as f64).exp()).map(|q| (root, q)));
    let close = DENOMINATORS.into_iter().find_map(|root| fraction((log * root as f64).exp()).map(|q| (root, q)));
    if let Some((root, q)) = close.or_else(near) {
        let store = &mut setting.store;
        let base = store.num(q);
        return Some(store.power(base, &Rational::from_parts(1.into(), root.into())));
    }
    None
}

/// A fraction of very small numbers that a positive number is, to five digits.
fn near_fraction(value: f64) -> Option<Rational> {
    const MOST: u64 = 32;
    (1..=MOST).find_map(|d| {
        let n = (value * d as f64).round();
        let fits = (1.0..=MOST as f64).contains(&n) && (n / d as f64 / value).ln().abs() < TOLERANCE;
        fits.then(|| Rational::from_parts((n as u64).into(), d.into()))
    })
}

/// A fraction of small numbers that a positive number is, to nine digits.
fn fraction(value: f64) -> Option<Rational> {
    if !(1e-6..1e6).contains(&value) {
        return None;
    }
    let (mut before, mut last) = ((0u64, 1u64), (1u64, 0u64));
    let mut rest = value;
    for _ in 0..24 {
        let whole = rest.floor();
        if whole >= MAX_PART as f64 {
            return None;
        }
        let next = |b: u64, l: u64| (whole as u64).checked_mul(l).and_then(|x| x.checked_add(b));
        let now = (next(before.0, last.0)?, next(before.1, last.1)?);
        (before, last) = (last, now);
        let found = last.0 as f64 / last.1 as f64;
        // The fraction has to be far simpler than the digits that it explains.
        if (found - value).abs() < 1e-9 * value {
            return (last.0.saturating_mul(last.1) <= MAX_PART)
                .then(|| Rational::from_parts(last.0.into(), last.1.into()));
        }
        rest = 1.0 / (rest - whole);
    }
    None
}

/// Whether a term is the number one.
pub fn is_one(setting: &Setting, t: Term) -> bool {
    setting.store.as_fill(t).is_some_and(Rational::is_one)
}

#[cfg(test)]
mod tests {
    use super::fraction;
    use crate::domain::Rational;

    #[test]
    fn small_fractions_are_recognised_and_others_are_not() {
        let q = |n: u32, d: u32| Some(Rational::from_parts(n.into(), d.into()));
        assert_eq!(fraction(1.0 / 3.0), q(1, 3));
        assert_eq!(fraction(2.0 / 7.0 * (1.0 + 1e-12)), q(2, 7));
        assert_eq!(fraction(64.0), q(64, 1));
        assert_eq!(fraction(std::f64::consts::SQRT_2), None);
        assert_eq!(fraction(std::f64::consts::PI), None);
    }
}
