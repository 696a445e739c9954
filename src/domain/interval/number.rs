//! Closed intervals with outward rounding.
//!
//! Sums, products, quotients and square roots are rounded in the direction of their bound only if they are inexact,
//! which an error-free transformation tells. So integers of moderate size are computed exactly, and an exact zero is
//! seen to be one.

use crate::domain::Rational;
use std::cmp::Ordering;

/// Below this size the error of a product may itself be rounded; such results are always widened.
const TINY: f64 = 1e-280;

/// All real numbers between two bounds, which may be infinite. The lower bound is not above the upper one, neither is a
/// NaN, and the set is never empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    lo: f64,
    hi: f64,
}

/// The bound next to a computed `value`, given the sign of `exact - value` (NaN if it is not known).
fn down(value: f64, error: f64) -> f64 {
    if error >= 0.0 { value } else { value.next_down() }
}

fn up(value: f64, error: f64) -> f64 {
    if error <= 0.0 { value } else { value.next_up() }
}

/// `a + b` rounded to nearest, and the exact error (two-sum); NaN as error if something overflows.
fn sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    let error = (a - (s - t)) + (b - t);
    (s, if s.is_finite() && error.is_finite() { error } else { f64::NAN })
}

/// `a · b` rounded to nearest, and an error with the sign of the exact one. Zero times infinity is zero.
fn product(a: f64, b: f64) -> (f64, f64) {
    if a == 0.0 || b == 0.0 {
        return (0.0, 0.0);
    }
    let p = a * b;
    let known = p.is_finite() && p.abs() > TINY;
    (p, if known { a.mul_add(b, -p) } else { f64::NAN })
}

/// `a / b` for finite `a` and finite `b ≠ 0`, and an error with the sign of the exact one.
fn quotient(a: f64, b: f64) -> (f64, f64) {
    if a == 0.0 {
        return (0.0, 0.0);
    }
    let q = a / b;
    let known = q.is_finite() && q.abs() > TINY && a.abs() > TINY;
    (q, if known { (-q).mul_add(b, a) * b.signum() } else { f64::NAN })
}

/// A lower bound of `a · b`.
pub(super) fn mul_down(a: f64, b: f64) -> f64 {
    let (p, e) = product(a, b);
    down(p, e)
}

/// An upper bound of `a · b`.
pub(super) fn mul_up(a: f64, b: f64) -> f64 {
    let (p, e) = product(a, b);
    up(p, e)
}

/// An upper bound of `a + b`, neither being `-∞`.
pub(super) fn add_up(a: f64, b: f64) -> f64 {
    let (s, e) = sum(a, b);
    up(s, e)
}

/// A lower bound of `a + b`, neither being `∞`.
pub(super) fn add_down(a: f64, b: f64) -> f64 {
    let (s, e) = sum(a, b);
    down(s, e)
}

/// An upper bound of `√x` for `x ≥ 0`.
pub(super) fn sqrt_up(x: f64) -> f64 {
    let s = x.sqrt();
    up(s, root_error(x, s))
}

/// A lower bound of `√x` for `x ≥ 0`.
pub(super) fn sqrt_down(x: f64) -> f64 {
    let s = x.sqrt();
    down(s, root_error(x, s)).max(0.0)
}

fn root_error(x: f64, root: f64) -> f64 {
    if x == 0.0 {
        0.0
    } else if x > TINY && x.is_finite() {
        (-root).mul_add(root, x)
    } else {
        f64::NAN
    }
}

/// A bound of `x^n` for `x ≥ 0` by repeated squaring in the direction of `mul`.
fn natural_power(x: f64, n: u64, mul: fn(f64, f64) -> f64) -> f64 {
    let mut out = 1.0;
    for bit in (0..u64::BITS - n.leading_zeros()).rev() {
        out = mul(out, out);
        if n >> bit & 1 == 1 {
            out = mul(out, x);
        }
    }
    // Rounding down near zero may leave the range of squares.
    out.max(0.0)
}

/// A lower bound of `x^n` for `x ≥ 0`.
pub(super) fn power_down(x: f64, n: u64) -> f64 {
    natural_power(x, n, |a, b| mul_down(a, b).max(0.0))
}

/// An upper bound of `x^n` for `x ≥ 0`.
pub(super) fn power_up(x: f64, n: u64) -> f64 {
    natural_power(x, n, mul_up)
}

impl Interval {
    /// `[0, 0]`
    pub const ZERO: Interval = Interval { lo: 0.0, hi: 0.0 };
    /// `[1, 1]`
    pub const ONE: Interval = Interval { lo: 1.0, hi: 1.0 };
    /// All real numbers.
    pub const ALL: Interval = Interval { lo: f64::NEG_INFINITY, hi: f64::INFINITY };

    /// The interval between two bounds; all real numbers if they do not bound an interval.
    pub fn new(lo: f64, hi: f64) -> Self {
        if lo <= hi && lo < f64::INFINITY && hi > f64::NEG_INFINITY { Interval { lo, hi } } else { Interval::ALL }
    }

    /// π.
    pub fn pi() -> Self {
        Interval::new(std::f64::consts::PI.next_down(), std::f64::consts::PI.next_up())
    }

    /// The interval of one finite number.
    pub fn point(x: f64) -> Self {
        Interval::new(x, x)
    }

    /// The smallest interval around a rational number, found by exact comparison.
    pub fn enclose(q: &Rational) -> Self {
        let guess = q.to_f64().value();
        if !guess.is_finite() {
            return if guess > 0.0 { Interval::new(f64::MAX, guess) } else { Interval::new(guess, f64::MIN) };
        }
        match Rational::try_from(guess).map(|exact| q.cmp(&exact)) {
            Ok(Ordering::Equal) => Interval::point(guess),
            Ok(Ordering::Less) => Interval::checked(guess.next_down(), guess, q),
            Ok(Ordering::Greater) => Interval::checked(guess, guess.next_up(), q),
            Err(_) => Interval::ALL,
        }
    }

    /// The interval between two bounds if `q` is in it, else all real numbers.
    fn checked(lo: f64, hi: f64, q: &Rational) -> Self {
        let candidate = Interval::new(lo, hi);
        if candidate.contains(q) { candidate } else { Interval::ALL }
    }

    /// Whether a rational number lies inside, decided exactly.
    pub fn contains(&self, q: &Rational) -> bool {
        let above = self.lo == f64::NEG_INFINITY || Rational::try_from(self.lo).is_ok_and(|lo| lo <= *q);
        let below = self.hi == f64::INFINITY || Rational::try_from(self.hi).is_ok_and(|hi| *q <= hi);
        above && below
    }

    /// The lower bound.
    pub fn lo(&self) -> f64 {
        self.lo
    }

    /// The upper bound.
    pub fn hi(&self) -> f64 {
        self.hi
    }

    /// A number near the middle.
    pub fn middle(&self) -> f64 {
        if self.lo == self.hi { self.lo } else { 0.5 * self.lo + 0.5 * self.hi }
    }

    /// Whether zero lies inside.
    pub fn has_zero(&self) -> bool {
        self.lo <= 0.0 && 0.0 <= self.hi
    }

    /// Whether this is exactly `[0, 0]`.
    pub fn is_zero(&self) -> bool {
        self.lo == 0.0 && self.hi == 0.0
    }

    /// The largest absolute value inside.
    pub fn magnitude(&self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }

    /// The smallest absolute value inside.
    pub fn mignitude(&self) -> f64 {
        if self.has_zero() { 0.0 } else { self.lo.abs().min(self.hi.abs()) }
    }

    /// `self + other`
    pub fn plus(&self, other: &Interval) -> Self {
        Interval::new(add_down(self.lo, other.lo), add_up(self.hi, other.hi))
    }

    /// `-self`
    pub fn negated(&self) -> Self {
        Interval { lo: -self.hi, hi: -self.lo }
    }

    /// `self - other`
    pub fn minus(&self, other: &Interval) -> Self {
        self.plus(&other.negated())
    }

    /// `self · other`
    pub fn times(&self, other: &Interval) -> Self {
        if self.lo == self.hi && other.lo == other.hi {
            let (p, e) = product(self.lo, other.lo);
            return Interval::new(down(p, e), up(p, e));
        }
        let corners = [(self.lo, other.lo), (self.lo, other.hi), (self.hi, other.lo), (self.hi, other.hi)];
        let lo = corners.iter().map(|&(a, b)| mul_down(a, b)).fold(f64::INFINITY, f64::min);
        let hi = corners.iter().map(|&(a, b)| mul_up(a, b)).fold(f64::NEG_INFINITY, f64::max);
        Interval::new(lo, hi)
    }

    /// `self / other`, or `None` if `other` contains zero.
    pub fn over(&self, other: &Interval) -> Option<Self> {
        if other.has_zero() {
            return None;
        }
        if !self.magnitude().is_finite() {
            return Some(Interval::ALL);
        }
        if !other.magnitude().is_finite() {
            // The reciprocals of an unbounded set lie between zero and that of its least element.
            let (lo, hi) = if other.lo > 0.0 { (other.lo, f64::INFINITY) } else { (f64::NEG_INFINITY, other.hi) };
            let nearest = if other.lo > 0.0 { lo } else { hi };
            let (q, e) = quotient(1.0, nearest);
            return Some(self.times(&Interval::new(down(q, e).min(0.0), up(q, e).max(0.0))));
        }
        let corners = [(self.lo, other.lo), (self.lo, other.hi), (self.hi, other.lo), (self.hi, other.hi)];
        let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
        for (a, b) in corners {
            let (q, e) = quotient(a, b);
            lo = lo.min(down(q, e));
            hi = hi.max(up(q, e));
        }
        Some(Interval::new(lo, hi))
    }

    /// The common part of two intervals.
    pub fn meet(&self, other: &Interval) -> Option<Self> {
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        (lo <= hi).then_some(Interval { lo, hi })
    }

    /// The smallest interval around both.
    pub fn join(&self, other: &Interval) -> Self {
        Interval { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// The interval widened by `radius ≥ 0` on both sides.
    pub fn widened(&self, radius: f64) -> Self {
        Interval::new(add_down(self.lo, -radius), add_up(self.hi, radius))
    }
}
