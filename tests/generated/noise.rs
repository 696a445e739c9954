//! How far a number can be trusted: the same evaluation is done again with every operation disturbed at random, far
//! more than rounding disturbs it. What moves is not to be relied on. On the way, the branches that are taken (signs at
//! kinks, ranks) are written down, for a branch that hangs on the disturbance tells nothing either.

use std::cell::{Cell, RefCell};

use super::random::Random;

/// The relative disturbance of each operation: about ten thousand times that of rounding, so that what is within it is
/// surely explained by rounding.
const DISTURBANCE: f64 = 1e-12;

/// The branches of one evaluation, in order.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// Numbers whose sign was asked for.
    pub kinks: Vec<f64>,
    /// Numbers that were divided by, or had a root taken of.
    pub poles: Vec<f64>,
    /// Ranks of matrices, with their numbers of columns.
    pub ranks: Vec<(usize, usize)>,
}

impl Trace {
    /// On which side of each kink this is. Functions are analytic where it is the same.
    pub fn side(&self) -> Vec<i8> {
        self.kinks.iter().map(|&x| i8::from(x > 0.0) - i8::from(x < 0.0)).collect()
    }

    /// Whether the branches are those of this disturbed evaluation, and none is close to another.
    fn stands(&self, disturbed: &Trace) -> bool {
        let clear = |(a, b): (&f64, &f64)| a.abs() > 1e3 * (a - b).abs() + 1e-9 || (*a, *b) == (0.0, 0.0);
        self.ranks == disturbed.ranks
            && self.kinks.len() == disturbed.kinks.len()
            && self.kinks.iter().zip(&disturbed.kinks).all(clear)
            && self.poles.iter().zip(&disturbed.poles).all(|(a, b)| *a > 1e3 * (a - b).abs())
    }
}

thread_local! {
    static RANDOM: Cell<Option<u64>> = const { Cell::new(None) };
    static TRACE: RefCell<Trace> = RefCell::default();
}

/// A result of an operation, disturbed if that is asked for.
pub fn disturbed(x: f64) -> f64 {
    within(x, DISTURBANCE)
}

/// A number that is known up to this relative error.
pub fn within(x: f64, error: f64) -> f64 {
    let Some(seed) = RANDOM.get() else { return x };
    let seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    RANDOM.set(Some(seed));
    x * (1.0 + error * Random::new(seed).symmetric())
}

/// Whether operations are disturbed now.
pub fn is_on() -> bool {
    RANDOM.get().is_some()
}

/// The sign of a number, which is written down.
pub fn sign(x: f64) -> f64 {
    TRACE.with_borrow_mut(|t| t.kinks.push(x));
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// Writes down a number that is divided by. If it is zero but for rounding there is no value, even where what comes of it
/// is small: `x / (1 + |x / 0|)`. Without its sign, for of two rows with pivots 1 and -1 either may come first.
pub fn pole(x: f64) {
    TRACE.with_borrow_mut(|t| t.poles.push(x.abs()));
}

/// A rank that has been decided.
pub fn rank(r: usize, of: usize) {
    TRACE.with_borrow_mut(|t| t.ranks.push((r, of)));
}

/// An evaluation with the branches that it takes.
pub fn traced<T>(f: impl Fn() -> T) -> (T, Trace) {
    TRACE.take();
    let value = f();
    (value, TRACE.take())
}

/// Numbers with the distances that they move under disturbance.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The numbers, without disturbance.
    pub value: Vec<f64>,
    /// How far they move.
    pub noise: Vec<f64>,
    /// The branches.
    pub trace: Trace,
}

/// An evaluation with its noise, if it has a value and its branches are clear.
pub fn measured(f: impl Fn() -> Vec<f64>) -> Option<Measured> {
    let (value, trace) = traced(&f);
    if !value.iter().all(|x| x.is_finite()) {
        return None;
    }
    let mut noise: Vec<f64> = value.iter().map(|x| 1e-15 * x.abs()).collect();
    for seed in [1, 2] {
        RANDOM.set(Some(seed << 40));
        let (again, other) = traced(&f);
        RANDOM.set(None);
        if !trace.stands(&other) || !again.iter().all(|x| x.is_finite()) {
            return None;
        }
        for ((n, x), y) in noise.iter_mut().zip(&value).zip(&again) {
            *n = n.max((x - y).abs());
        }
    }
    Some(Measured { value, noise, trace })
}
