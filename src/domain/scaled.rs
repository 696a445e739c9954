//! Intervals beside powers of small positive unknowns, for what happens when a number leaves all bounds.
//!
//! An element is `wᵖ v`: a product of powers of the unknowns, of which only `0 < w ≤ δ` is known, times some `v` of an
//! interval. Products add powers; of a sum the lowest powers stand in front, and what is left of the higher ones lies between 0
//! and a power of `δ`. So a quotient has a limit where numerator and denominator grow alike, which unbounded intervals lose.
//! As for intervals, what an element excludes is excluded.

use super::interval::{Interval, Intervals};
use super::{Domain, Fun, Rational, Stop};

/// Unknowns, at most.
pub const UNKNOWNS: usize = 2;
/// Exponents are whole multiples of one over this.
const UNIT: i64 = 5040;

/// `wᵖ v`; see the module.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaled {
    /// The exponents of the unknowns, in units.
    powers: [i64; UNKNOWNS],
    value: Interval,
}

impl Scaled {
    /// A number of an interval.
    pub fn new(value: Interval) -> Scaled {
        Scaled { powers: [0; UNKNOWNS], value }
    }

    /// An unknown, or one over it.
    pub fn unknown(k: usize, inverse: bool) -> Scaled {
        let mut powers = [0; UNKNOWNS];
        powers[k] = if inverse { -UNIT } else { UNIT };
        Scaled { powers, value: Interval::ONE }
    }

    /// What is beside the powers: the element is positive, negative or zero where this is.
    pub fn value(&self) -> Interval {
        self.value
    }
}

/// The domain of such elements.
#[derive(Debug, Clone, Default)]
pub struct Scales {
    /// For each unknown the exponent `t` of its bound `δ = 2^-t`, not negative.
    pub bounds: [f64; UNKNOWNS],
}

/// A little more than a positive number, for the error of a power.
fn above(x: f64) -> f64 {
    (x * (1.0 + 1e-12)).next_up()
}

impl Scales {
    /// What a power of the unknowns lies between.
    fn range(&self, powers: &[i64; UNKNOWNS]) -> Interval {
        powers.iter().zip(self.bounds).filter(|(p, _)| **p != 0).fold(Interval::ONE, |all, (p, bound)| {
            let top = (-bound * (*p as f64 / UNIT as f64)).exp2();
            let own = match *p > 0 {
                true => Interval::new(0.0, above(top)),
                false => Interval::new(top * (1.0 - 1e-12), f64::INFINITY),
            };
            all.times(&own)
        })
    }

    /// The interval that an element lies in.
    pub fn plain(&self, x: &Scaled) -> Interval {
        if x.powers == [0; UNKNOWNS] { x.value } else { x.value.times(&self.range(&x.powers)) }
    }

    fn sum(&self, a: &Scaled, b: &Scaled) -> Scaled {
        if a.value.is_zero() {
            return *b;
        }
        if b.value.is_zero() {
            return *a;
        }
        if a.powers == b.powers {
            return Scaled { powers: a.powers, value: a.value.plus(&b.value) };
        }
        let mut powers = a.powers;
        powers.iter_mut().zip(b.powers).for_each(|(p, q)| *p = (*p).min(q));
        let rest = |x: &Scaled| {
            let mut left = x.powers;
            left.iter_mut().zip(powers).for_each(|(p, q)| *p = p.saturating_sub(q));
            x.value.times(&self.range(&left))
        };
        Scaled { powers, value: rest(a).plus(&rest(b)) }
    }
}

/// Any number whatever: what is left where exponents run over.
const ANY: Scaled = Scaled { powers: [0; UNKNOWNS], value: Interval::ALL };

fn combined(a: &[i64; UNKNOWNS], b: &[i64; UNKNOWNS], of: impl Fn(i64, i64) -> Option<i64>) -> Option<[i64; UNKNOWNS]> {
    /// Larger ones would lose digits as floating-point numbers.
    const LARGEST: i64 = 1 << 40;
    let mut all = *a;
    for (p, q) in all.iter_mut().zip(b) {
        *p = of(*p, *q).filter(|p| p.abs() < LARGEST)?;
    }
    Some(all)
}

impl Domain for Scales {
    type Elem = Scaled;

    fn rational(&mut self, q: &Rational) -> Result<Scaled, Stop> {
        Ok(Scaled::new(Interval::enclose(q)))
    }

    fn add(&self, a: &Scaled, b: &Scaled) -> Scaled {
        self.sum(a, b)
    }

    fn sub(&self, a: &Scaled, b: &Scaled) -> Scaled {
        self.sum(a, &self.neg(b))
    }

    fn mul(&self, a: &Scaled, b: &Scaled) -> Scaled {
        if a.value.is_zero() || b.value.is_zero() {
            return self.zero();
        }
        match combined(&a.powers, &b.powers, i64::checked_add) {
            Some(powers) => Scaled { powers, value: a.value.times(&b.value) },
            None => ANY,
        }
    }

    fn neg(&self, a: &Scaled) -> Scaled {
        Scaled { powers: a.powers, value: a.value.negated() }
    }

    fn zero(&self) -> Scaled {
        Scaled::new(Interval::ZERO)
    }

    fn one(&self) -> Scaled {
        Scaled::new(Interval::ONE)
    }

    fn div(&mut self, a: &Scaled, b: &Scaled) -> Result<Scaled, Stop> {
        let value = match a.value.over(&b.value) {
            Some(value) => value,
            None if b.value.is_zero() => return Err(Stop::Pole),
            None => return Err(Stop::Unclear),
        };
        if a.value.is_zero() {
            return Ok(self.zero());
        }
        Ok(combined(&a.powers, &b.powers, i64::checked_sub).map_or(ANY, |powers| Scaled { powers, value }))
    }

    /// A sign that is not certain is any number from -1 to 1: whatever it is at a kink lies there too.
    fn apply(&mut self, f: Fun, x: &Scaled) -> Result<Scaled, Stop> {
        if f == Fun::Sign {
            let sign = match (x.value.lo() > 0.0, x.value.hi() < 0.0) {
                (true, _) => Interval::ONE,
                (_, true) => Interval::point(-1.0),
                _ => Interval::new(-1.0, 1.0),
            };
            return Ok(Scaled::new(sign));
        }
        let plain = self.plain(x);
        let value = Intervals::default().apply(f, &plain)?;
        let small = x.powers.iter().all(|p| *p >= 0) && x.powers != [0; UNKNOWNS];
        let radius = plain.magnitude();
        // These are z g(z) with an even g that falls from 1 at 0, up to π at least.
        if small && matches!(f, Fun::Tanh | Fun::Atan | Fun::Sin) && radius > 0.0 && radius <= 3.0 {
            let end = Interval::point(radius);
            let at_end = Intervals::default().apply(f, &end)?;
            let least = at_end.over(&end).ok_or(Stop::Unclear)?;
            let slope = Interval::new(least.lo().min(1.0), 1.0);
            return Ok(Scaled { powers: x.powers, value: x.value.times(&slope) });
        }
        Ok(Scaled::new(value))
    }

    fn power(&mut self, x: &Scaled, q: &Rational) -> Result<Scaled, Stop> {
        let value = Intervals::default().power(&x.value, q)?;
        let over = i64::try_from(q.numerator().clone()).map_err(|_| Stop::Unsupported)?;
        let under = i64::try_from(q.denominator().clone()).map_err(|_| Stop::Unsupported)?;
        let scaled = |p: i64, _| p.checked_mul(over).filter(|n| n % under == 0).map(|n| n / under);
        let powers = combined(&x.powers, &x.powers, scaled).ok_or(Stop::Unsupported)?;
        Ok(Scaled { powers, value })
    }

    fn is_zero(&self, x: &Scaled) -> Option<bool> {
        match (x.value.is_zero(), x.value.has_zero()) {
            (true, _) => Some(true),
            (_, true) => None,
            _ => Some(false),
        }
    }

    fn pivot_size(&self, x: &Scaled) -> f64 {
        x.value.mignitude()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: i64) -> Scaled {
        Scaled::new(Interval::point(n as f64))
    }

    #[test]
    fn quotients_have_limits() {
        let mut d = Scales { bounds: [30.0, 30.0] };
        let huge = Scaled::unknown(0, true);
        let (top, bottom) = (d.add(&d.mul(&huge, &number(3)), &number(5)), d.add(&huge, &number(-7)));
        let q = d.div(&top, &bottom).unwrap();
        assert_eq!(q.powers, [0, 0]);
        assert!(q.value.lo() > 2.999 && q.value.hi() < 3.001);
    }

    #[test]
    fn roots_and_small_arguments() {
        let mut d = Scales { bounds: [30.0, 30.0] };
        let small = Scaled::unknown(1, false);
        let half = Rational::from_parts(1.into(), 2u8.into());
        let root = d.power(&d.mul(&small, &number(4)), &half).unwrap();
        assert!(root.value.lo() > 1.99 && root.powers == [0, UNIT / 2]);
        let tanh = d.apply(Fun::Tanh, &d.mul(&small, &number(4))).unwrap();
        let q = d.div(&tanh, &small).unwrap();
        assert!(q.value.lo() > 3.99 && q.value.hi() < 4.01 && q.powers == [0, 0]);
    }

    #[test]
    fn what_may_be_zero_is_not_excluded() {
        let d = Scales { bounds: [30.0, 30.0] };
        let (a, b) = (Scaled::unknown(0, true), Scaled::unknown(1, true));
        assert!(d.sub(&a, &b).value.has_zero());
        let sign = Scales::default().apply(Fun::Sign, &number(0)).unwrap();
        assert!(sign.value.lo() <= -1.0 && sign.value.hi() >= 1.0);
    }
}
