//! Functions of intervals.
//!
//! `pxfm` documents a maximal error of half a unit in the last place for each function used here. Bounds are moved by
//! [`STEPS`] units, several times that.

use super::number::{Interval, power_down, power_up, sqrt_down, sqrt_up};
use crate::domain::{Fun, Rational, Stop};
use dashu_int::Sign;
use dashu_int::ops::BitTest;

/// By how many floating-point numbers a computed bound is moved outward.
const STEPS: usize = 3;

/// The largest index of a root that is bracketed.
const MAX_ROOT: u64 = 1 << 20;

/// Beyond this size the turning points of sine and cosine are not located.
const MAX_ANGLE: f64 = 1e9;

/// Attempts at bracketing a root, each with twice the distance.
const BRACKET_STEPS: usize = 60;

fn lower(x: f64) -> f64 {
    (0..STEPS).fold(x, |x, _| x.next_down())
}

fn upper(x: f64) -> f64 {
    (0..STEPS).fold(x, |x, _| x.next_up())
}

/// Values around a computed `y`.
fn around(y: f64) -> Interval {
    Interval::new(lower(y), upper(y))
}

/// An increasing function with values in `range`, given by enclosures at points.
fn increasing(x: &Interval, range: (f64, f64), at: impl Fn(f64) -> Interval) -> Interval {
    let lo = at(x.lo()).lo().clamp(range.0, range.1.min(f64::MAX));
    let hi = at(x.hi()).hi().clamp(range.0.max(f64::MIN), range.1);
    Interval::new(lo, hi)
}

fn exp_at(x: f64) -> Interval {
    if x == 0.0 { Interval::ONE } else { around(pxfm::f_exp(x)) }
}

fn log_at(x: f64) -> Interval {
    match x {
        1.0 => Interval::ZERO,
        f64::INFINITY => Interval::new(0.0, x),
        _ => around(pxfm::f_log(x)),
    }
}

/// Zero at zero, else around `f(x)`.
fn odd_at(f: impl Fn(f64) -> f64, x: f64) -> Interval {
    if x == 0.0 { Interval::ZERO } else { around(f(x)) }
}

/// `1 / (1 + exp(-x))` at a point.
fn sigmoid_at(x: f64) -> Interval {
    if x == f64::INFINITY {
        return Interval::ONE;
    }
    let e = increasing(&Interval::point(-x.abs()), (0.0, 1.0), exp_at);
    let numerator = if x >= 0.0 { Interval::ONE } else { e };
    if x == f64::NEG_INFINITY {
        return Interval::ZERO;
    }
    numerator.over(&Interval::ONE.plus(&e)).unwrap_or(Interval::new(0.0, 1.0))
}

/// `log(1 + exp x)` at a point, written so that the exponential does not overflow.
fn softplus_at(x: f64) -> Interval {
    if x == f64::NEG_INFINITY {
        return Interval::ZERO;
    }
    if x == f64::INFINITY {
        return Interval::new(f64::MAX, f64::INFINITY);
    }
    let e = increasing(&Interval::point(-x.abs()), (0.0, 1.0), exp_at);
    let log = increasing(&e, (0.0, 1.0), |y| around(pxfm::f_log1p(y)));
    log.plus(&Interval::point(x.max(0.0)))
}

/// Sine or cosine. Its maxima lie at `kπ/2` with `k ≡ peak (mod 4)`, its minima two further.
fn wave(x: &Interval, f: impl Fn(f64) -> f64, peak: i64) -> Interval {
    let full = Interval::new(-1.0, 1.0);
    if x.magnitude() > MAX_ANGLE {
        return full;
    }
    // Quarter turns passed: the whole numbers in an enclosure of 2x/π include those in the exact range.
    let per_turn = Interval::new(std::f64::consts::FRAC_2_PI.next_down(), std::f64::consts::FRAC_2_PI.next_up());
    let turns = x.times(&per_turn);
    let (first, last) = (turns.lo().ceil() as i64, turns.hi().floor() as i64);
    if last - first >= 4 {
        return full;
    }
    let mut out = around(f(x.lo())).join(&around(f(x.hi())));
    for k in first..=last {
        match (k - peak).rem_euclid(4) {
            0 => out = out.join(&Interval::ONE),
            2 => out = out.join(&Interval::point(-1.0)),
            _ => {}
        }
    }
    out.meet(&full).unwrap_or(full)
}

/// `2/√π exp(-x²)`
fn gauss(x: &Interval) -> Interval {
    let square = natural_power(x, 2).negated();
    let value = increasing(&square, (0.0, 1.0), exp_at);
    let height = std::f64::consts::FRAC_2_SQRT_PI;
    value.times(&Interval::new(height.next_down(), height.next_up()))
}

/// `f(x)` for every function but the sign.
pub(super) fn apply(f: Fun, x: &Interval) -> Result<Interval, Stop> {
    Ok(match f {
        Fun::Exp => increasing(x, (0.0, f64::INFINITY), exp_at),
        Fun::Log if x.hi() <= 0.0 => return Err(Stop::OutOfDomain),
        Fun::Log if x.lo() <= 0.0 => return Err(Stop::Unclear),
        Fun::Log => increasing(x, (f64::NEG_INFINITY, f64::INFINITY), log_at),
        Fun::Sin if x.is_zero() => Interval::ZERO,
        Fun::Sin => wave(x, pxfm::f_sin, 1),
        Fun::Cos if x.is_zero() => Interval::ONE,
        Fun::Cos => wave(x, pxfm::f_cos, 0),
        Fun::Atan => increasing(x, (-2.0, 2.0), |y| odd_at(pxfm::f_atan, y)),
        Fun::Tanh => increasing(x, (-1.0, 1.0), |y| odd_at(pxfm::f_tanh, y)),
        Fun::Sigmoid => increasing(x, (0.0, 1.0), sigmoid_at),
        Fun::Softplus => increasing(x, (0.0, f64::INFINITY), softplus_at),
        Fun::Erf => increasing(x, (-1.0, 1.0), |y| odd_at(pxfm::f_erf, y)),
        Fun::Gauss => gauss(x),
        Fun::Sign => return sign(x).map(|s| Interval::point(f64::from(s))),
    })
}

/// The sign of `x`, if it is certain.
pub(super) fn sign(x: &Interval) -> Result<i8, Stop> {
    if x.is_zero() {
        Err(Stop::Kink)
    } else if x.has_zero() {
        Err(Stop::Unclear)
    } else {
        Ok(if x.lo() > 0.0 { 1 } else { -1 })
    }
}

/// `x^q` for a rational `q`.
pub(super) fn power(x: &Interval, q: &Rational) -> Result<Interval, Stop> {
    let (sign, numerator) = q.numerator().clone().into_parts();
    let odd = numerator.bit(0);
    let n = u64::try_from(numerator).ok();
    let r = u64::try_from(q.denominator().clone()).map_err(|_| Stop::Unsupported)?;
    let negative = sign == Sign::Negative;
    if x.is_zero() {
        return if negative { Err(Stop::Pole) } else { Ok(Interval::ZERO) };
    }
    if negative && x.has_zero() {
        return Err(if r > 1 && x.hi() <= 0.0 { Stop::OutOfDomain } else { Stop::Unclear });
    }
    let root = if r == 1 { *x } else { root(x, r)? };
    let value = n.map_or_else(|| great_power(&root, odd), |n| natural_power(&root, n));
    if !negative {
        return Ok(value);
    }
    // A root that was rounded down to zero, or a power that underflows.
    Interval::ONE.over(&value).ok_or(Stop::Unclear)
}

/// `x^n`, tight by parity.
fn natural_power(x: &Interval, n: u64) -> Interval {
    if n.is_multiple_of(2) {
        return Interval::new(power_down(x.mignitude(), n), power_up(x.magnitude(), n));
    }
    let lo = if x.lo() >= 0.0 { power_down(x.lo(), n) } else { -power_up(-x.lo(), n) };
    let hi = if x.hi() >= 0.0 { power_up(x.hi(), n) } else { -power_down(-x.hi(), n) };
    Interval::new(lo, hi)
}

/// `x^n` for any `n` of this parity that is no 64-bit number: nearer to 0, or to infinity, than the largest such power.
fn great_power(x: &Interval, odd: bool) -> Interval {
    let lo = if x.mignitude() >= 1.0 { power_down(x.mignitude(), u64::MAX) } else { 0.0 };
    let hi = if x.magnitude() <= 1.0 { power_up(x.magnitude(), u64::MAX) } else { f64::INFINITY };
    match (odd, x.lo() >= 0.0, x.hi() <= 0.0) {
        (false, ..) | (true, true, _) => Interval::new(lo, hi),
        (true, false, true) => Interval::new(-hi, -lo),
        (true, false, false) => Interval::new(-hi, hi),
    }
}

/// The non-negative `r`-th root.
fn root(x: &Interval, r: u64) -> Result<Interval, Stop> {
    if x.hi() < 0.0 {
        return Err(Stop::OutOfDomain);
    }
    if x.lo() < 0.0 {
        return Err(Stop::Unclear);
    }
    if r > MAX_ROOT {
        return Err(Stop::Unsupported);
    }
    if r.is_multiple_of(2) {
        let square_root = Interval::new(sqrt_down(x.lo()), sqrt_up(x.hi()));
        return if r == 2 { Ok(square_root) } else { root(&square_root, r / 2) };
    }
    Ok(if r == 1 { *x } else { Interval::new(root_down(x.lo(), r), root_up(x.hi(), r)) })
}

/// The largest found `y` with `y^r ≤ x`, shown by powers rounded upward.
fn root_down(x: f64, r: u64) -> f64 {
    let guess = pxfm::f_pow(x, 1.0 / r as f64);
    let candidates = std::iter::once(guess).chain(steps(guess).map(|step| guess - step));
    candidates.take(BRACKET_STEPS).find(|&y| y >= 0.0 && power_up(y, r) <= x).unwrap_or(0.0)
}

/// The smallest found `y` with `y^r ≥ x`, shown by powers rounded downward.
fn root_up(x: f64, r: u64) -> f64 {
    if x == f64::INFINITY {
        return x;
    }
    let guess = pxfm::f_pow(x, 1.0 / r as f64);
    let candidates = std::iter::once(guess).chain(steps(guess).map(|step| guess + step));
    candidates.take(BRACKET_STEPS).find(|&y| power_down(y, r) >= x).unwrap_or(f64::INFINITY)
}

/// Distances from a number: one unit in the last place, doubled again and again.
fn steps(x: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(x.abs().next_up() - x.abs()), |step| Some(2.0 * step))
}
