//! Where to look: values that a text singles out, and points far out.

use super::sample::{Point, Sampler};
use crate::domain::Rational;
use crate::domain::prime::Random;
use crate::term::{Node, Store, SymbolId, Term};

/// Values taken from a text.
const MOST: usize = 24;

/// Constants of a text with more bits than this are no places to look at.
const BITS: usize = 96;

/// Numbers at which something may happen: those that occur in the terms, their quotients where they stand together, with
/// both signs, and small numbers. The smallest come first.
pub fn special_values(store: &Store, roots: &[Term]) -> Vec<Rational> {
    let mut found: Vec<Rational> = [0, 1, -1, 2, -2].into_iter().map(Rational::from).collect();
    found.push(Rational::from_parts(1.into(), 2u8.into()));
    let mut add = |q: Rational| {
        use dashu_int::ops::BitTest;
        let small = q.numerator().bit_len() + q.denominator().bit_len() <= BITS;
        for q in [-q.clone(), q] {
            if small && found.len() < MOST && !found.contains(&q) {
                found.push(q);
            }
        }
    };
    for t in store.reachable(roots) {
        match store.node(t) {
            Node::Sum(parts) => {
                // c x + d is zero at -d / c.
                let constant = parts.iter().find(|(_, p)| store.as_fill(*p).is_some());
                for (c, p) in parts.iter().filter(|(c, p)| !c.is_zero() && store.as_fill(*p).is_none()) {
                    if let Some((d, u)) = constant
                        && let Some(u) = store.as_fill(*u)
                    {
                        add(d * u / c);
                    }
                    let _ = p;
                }
            }
            Node::Fill(q) => add(q.clone()),
            Node::Literal(values) => values.iter().take(4).for_each(|q| add(q.clone())),
            _ => {}
        }
    }
    found
}

/// A point of the domain with some entries far out, or close to a bound that the conditions give; by powers of ten up to
/// the given one.
pub fn far(sampler: &Sampler, random: &mut Random, power: u64) -> Option<Point<Rational>> {
    let mut point = sampler.simple(random, 1)?;
    let mut symbols: Vec<SymbolId> = sampler.movable().collect();
    symbols.sort_unstable();
    for s in symbols {
        let bounds = sampler.bounds(s);
        let Some(values) = point.get_mut(&s) else { continue };
        for (x, (low, high)) in values.iter_mut().zip(bounds) {
            if random.below(3) == 0 {
                continue;
            }
            let scale = Rational::from(10u64.pow(1 + random.below(power.max(1)) as u32));
            let inward = random.below(2) == 0;
            *x = match (low, high) {
                (None, None) => &*x * scale,
                (Some(a), None) if inward => &a + (&*x - &a) / scale,
                (Some(a), None) => &a + (&*x - &a) * scale,
                (None, Some(b)) if inward => &b + (&*x - &b) / scale,
                (None, Some(b)) => &b + (&*x - &b) * scale,
                (Some(a), Some(_)) if inward => &a + (&*x - &a) / scale,
                (Some(_), Some(b)) => &b + (&*x - &b) / scale,
            };
        }
    }
    sampler.satisfied(&point).then_some(point)
}

/// A point of the domain with some entries at special values; what has as many entries as a square matrix is a multiple of the
/// identity now and then.
pub fn special(sampler: &Sampler, random: &mut Random, values: &[Rational]) -> Option<Point<Rational>> {
    let mut point = sampler.simple(random, 1)?;
    let mut symbols: Vec<SymbolId> = sampler.movable().collect();
    symbols.sort_unstable();
    for s in symbols {
        let entries = point.get_mut(&s)?;
        let n = entries.len().isqrt();
        if n > 1 && n * n == entries.len() && !values.is_empty() && random.below(4) == 0 {
            let c = &values[random.below(values.len() as u64) as usize];
            let entry = |k: usize| if k / n == k % n { c.clone() } else { Rational::ZERO };
            *entries = (0..n * n).map(entry).collect();
            continue;
        }
        for x in entries {
            if !values.is_empty() && random.below(3) != 0 {
                *x = values[random.below(values.len() as u64) as usize].clone();
            }
        }
    }
    sampler.satisfied(&point).then_some(point)
}

/// A floating-point point of the domain near special values, for functions that change quickly there.
pub fn near(sampler: &Sampler, random: &mut Random, values: &[Rational]) -> Option<Point<f64>> {
    let mut point = sampler.float(random)?;
    let reference = point.clone();
    let mut symbols: Vec<SymbolId> = sampler.movable().collect();
    symbols.sort_unstable();
    for s in symbols {
        let bounds = sampler.bounds(s);
        for (x, (low, high)) in point.get_mut(&s)?.iter_mut().zip(bounds) {
            if low.is_none() && high.is_none() && !values.is_empty() {
                let centre = values[random.below(values.len() as u64) as usize].to_f64().value();
                *x = centre + 4.0 * random.unit() - 2.0;
            }
        }
    }
    sampler.inside_float(&point, &reference).then_some(point)
}

/// The point a part `t` of the way from one point to another; discrete values have to be the same.
pub fn between(from: &Point<f64>, to: &Point<f64>, t: f64) -> Point<f64> {
    let mix = |(s, a): (&SymbolId, &Vec<f64>)| (*s, a.iter().zip(&to[s]).map(|(x, y)| x + t * (y - x)).collect());
    from.iter().map(mix).collect()
}

/// Whether the way between two points lies in the domain, as far as some points on it tell.
pub fn joined(sampler: &Sampler, from: &Point<f64>, to: &Point<f64>) -> bool {
    (0..=32).all(|k| sampler.inside_float(&between(from, to, f64::from(k) / 32.0), from))
}

/// Where a number that depends on `0 ≤ t ≤ 1` loses the sign that it has at 0, by bisection: the last place found with that
/// sign, and the first without it. None if it has no value on the way.
pub fn crossing(value: impl Fn(f64) -> Option<f64>) -> Option<(f64, f64)> {
    let start = value(0.0)?;
    let (mut lo, mut hi) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (lo + hi) / 2.0;
        if value(middle)? * start > 0.0 {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    Some((lo, hi))
}
