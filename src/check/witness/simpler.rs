//! Making a witness simpler, entry by entry.
//!
//! An exact evaluation of a large program costs thousands of times what floating point costs. So numbers look at each
//! simpler point first, and where they are plain their word is taken on the way; where they are not, or where ranks matter,
//! the point is looked at modulo a prime. The point at the end is evaluated exactly. If that contradicts them, everything
//! is done again without them.

use super::{Goal, Refutation, Search, refute};
use crate::check::sample::{Point, embed};
use crate::domain::float::Float;
use crate::domain::prime::{Field, Prime, PseudoInverses, Random, Signs};
use crate::domain::{Rational, Stop};
use crate::term::{Node, SymbolId};

/// Below this many scalar operations a point is evaluated exactly at once.
const CHEAP: usize = 1 << 10;

/// Points with more than so many entries for each evaluation that can be afforded are left as they are: what could be made
/// simpler of them would not be noticed.
const FEW: usize = 16;

/// Relative differences above the first are plain, and so is equality below the second.
const PLAIN: (f64, f64) = (1e-6, 1e-12);

/// The values of a program at a rational point modulo a prime.
struct Modulo {
    field: Field,
    values: Vec<u64>,
    ranks: Vec<usize>,
}

/// What numbers say of a simpler point.
enum Look {
    /// It refutes.
    Refutes,
    /// It does not.
    Fails,
    /// They do not tell.
    Open,
}

impl Search<'_> {
    /// Replaces entries by simpler ones as long as the point still refutes.
    pub(super) fn simplify(&self, found: Refutation, goal: Goal) -> Refutation {
        let entries: usize = self.replaceable().iter().filter_map(|s| found.point.get(s)).map(Vec::len).sum();
        if entries > FEW * self.simplifications {
            return found;
        }
        let rational = !self.setting.store.any_node(&self.roots, Node::is_atomic);
        let looked = rational && self.sampler.pis().next().is_none() && self.program.operations() > CHEAP;
        if looked
            && let Some(point) = self.simpler_point(&found, goal)
            && let Some(simpler) = self.refuted_at(point, &found, goal)
        {
            return simpler;
        }
        self.simplify_exactly(found, goal)
    }

    /// The symbols whose entries may be replaced.
    fn replaceable(&self) -> Vec<SymbolId> {
        self.sampler.movable().collect()
    }

    /// Calls `accept` with the point in which one entry after the other has a simpler value; what is accepted stays.
    fn descend(&self, start: Point<Rational>, mut accept: impl FnMut(&Point<Rational>) -> bool) -> Point<Rational> {
        let candidates = [Rational::ZERO, Rational::ONE, Rational::NEG_ONE, Rational::from(2)];
        let mut left = self.simplifications;
        let mut point = start;
        for symbol in self.replaceable() {
            let n = point.get(&symbol).map_or(0, Vec::len);
            for i in 0..n {
                for candidate in &candidates {
                    let Some(slot) = point.get_mut(&symbol).and_then(|v| v.get_mut(i)) else { continue };
                    if *slot == *candidate {
                        break;
                    }
                    if left == 0 {
                        return point;
                    }
                    left -= 1;
                    let old = std::mem::replace(slot, candidate.clone());
                    if self.sampler.satisfied(&point) && accept(&point) {
                        break;
                    }
                    if let Some(slot) = point.get_mut(&symbol).and_then(|v| v.get_mut(i)) {
                        *slot = old;
                    }
                }
            }
        }
        point
    }

    fn simplify_exactly(&self, found: Refutation, goal: Goal) -> Refutation {
        let start = found.point.clone();
        let mut best = found;
        self.descend(start, |point| match self.refuted_at(point.clone(), &best, goal) {
            Some(simpler) => {
                best = simpler;
                true
            }
            None => false,
        });
        best
    }

    /// The refutation at another point, if it is one as good as what was found before.
    fn refuted_at(&self, point: Point<Rational>, before: &Refutation, goal: Goal) -> Option<Refutation> {
        let values = self.evaluate(&point)?;
        let (index, no_rate) = refute(&values, goal)?;
        let exact = |v: &[super::Number]| v.iter().all(|n| matches!(n, super::Number::Exact(_)));
        if exact(&before.left) && !exact(&values.left) || !self.regular(&values.trace, &point) {
            return None;
        }
        let super::Evaluated { left, right, difference, .. } = values;
        Some(Refutation { point, left, right, difference, index, no_rate, other: None })
    }

    /// The point that numbers find; `None` where they do not tell.
    fn simpler_point(&self, found: &Refutation, goal: Goal) -> Option<Point<Rational>> {
        let mut open = false;
        let point = self.descend(found.point.clone(), |point| match self.look(point, goal) {
            Look::Refutes => !open,
            Look::Fails => false,
            Look::Open => {
                open = true;
                false
            }
        });
        (!open).then_some(point)
    }

    /// Whether a point refutes, as far as floating point tells.
    fn look(&self, point: &Point<Rational>, goal: Goal) -> Look {
        let zeros = if self.zero_signs { self.zeros.clone() } else { Vec::new() };
        let mut float = Float { zero_signs: zeros, ..Float::default() };
        let number = |q: &Rational| q.to_f64().value();
        let values = match self.program.run(&mut float, |s| point.get(&s).map(|v| v.iter().map(number).collect())) {
            Ok(values) => values,
            Err(f) if matches!(f.stop, Stop::Pole | Stop::OutOfDomain | Stop::Kink) => return Look::Fails,
            Err(_) => return Look::Open,
        };
        let flat: Vec<f64> = values.into_iter().flatten().collect();
        if !self.has_ranks
            && let look @ (Look::Refutes | Look::Fails) = self.judge(&flat, None, goal)
        {
            return look;
        }
        // What numbers leave open, a prime field tells; of ranks they tell nothing.
        let Some(modulo) = self.modulo(&float.trace.signs, point) else { return Look::Open };
        if self.has_ranks {
            let generic = self.generic(&Signs::Pinned(float.trace.signs), Some(point));
            if generic.is_none_or(|p| p.ranks != modulo.ranks) {
                return Look::Fails;
            }
        }
        self.judge(&flat, Some(&modulo), goal)
    }

    /// The values of a rational program at a point modulo a random prime, with signs as they were taken elsewhere, and the
    /// ranks there. What is zero modulo the prime is zero but for an accident.
    fn modulo(&self, signs: &[i8], point: &Point<Rational>) -> Option<Modulo> {
        let random = Random::new(self.budget.seed, "simpler/field");
        let mut prime = Prime::new(random, Signs::Pinned(signs.to_vec()), PseudoInverses::ByRank);
        let embedded = embed(&mut prime, point);
        let values = self.program.run(&mut prime, |s| embedded.get(&s).cloned()).ok()?;
        Some(Modulo { field: prime.field, values: values.into_iter().flatten().collect(), ranks: prime.ranks })
    }

    /// What the values of both sides say, in floating point and perhaps modulo a prime.
    fn judge(&self, flat: &[f64], modulo: Option<&Modulo>, goal: Goal) -> Look {
        let sides: usize = self.roots[..self.split].iter().map(|t| self.setting.store.size(*t)).sum();
        let (left, right) = (&flat[..sides], &flat[sides..2 * sides]);
        let size = left.iter().chain(right).fold(0.0f64, |m, x| m.max(x.abs()));
        if !size.is_finite() {
            return Look::Open;
        }
        // Whether something is plainly zero, plainly not, or neither.
        let plainly = |x: f64, size: f64| match x.abs() {
            x if x > PLAIN.0 * size => Some(true),
            x if x <= PLAIN.1 * size => Some(false),
            _ => None,
        };
        let exact = modulo.map(|m| (m.field, &m.values[..sides], &m.values[sides..2 * sides]));
        let mut differs = false;
        for (i, (l, r)) in left.iter().zip(right).enumerate() {
            match exact.map(|(_, x, y)| x[i] != y[i]).or_else(|| plainly(l - r, size)) {
                Some(d) => differs |= d,
                None => return Look::Open,
            }
        }
        if goal == Goal::Differ || !differs {
            return if differs { Look::Refutes } else { Look::Fails };
        }
        // A rate mends the difference if all entries have one ratio, which is positive.
        let largest =
            (0..sides).max_by(|&i, &j| left[i].abs().max(right[i].abs()).total_cmp(&left[j].abs().max(right[j].abs())));
        let Some(most) = largest else { return Look::Fails };
        let (a, b) = (left[most], right[most]);
        let mut mended = true;
        for (i, (l, r)) in left.iter().zip(right).enumerate() {
            let told = exact.map(|(f, x, y)| (x[i] != 0, y[i] != 0, f.mul(x[i], y[most]) != f.mul(y[i], x[most])));
            let told =
                told.or_else(|| Some((plainly(*l, size)?, plainly(*r, size)?, plainly(l * b - r * a, size * size)?)));
            match told {
                Some((x, y, other)) => mended &= x == y && !other,
                None => return Look::Open,
            }
        }
        if mended && a * b > 0.0 { Look::Fails } else { Look::Refutes }
    }
}
