//! Values at a witness: exact, or enclosed; and how they are shown.

use crate::check::Setting;
use crate::check::sample::{Point, embed};
use crate::domain::Rational;
use crate::domain::exact::Exact;
use crate::domain::interval::{Interval, Intervals};
use crate::model::elaborate::Shown;
use crate::term::Program;
use crate::verdict::Given;

/// A value at a witness.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// Exact.
    Exact(Rational),
    /// Enclosed in an interval.
    Enclosed(Interval),
}

impl Number {
    fn interval(&self) -> Interval {
        match self {
            Number::Exact(q) => Interval::enclose(q),
            Number::Enclosed(x) => *x,
        }
    }

    pub(in crate::check) fn minus(&self, other: &Number) -> Number {
        match (self, other) {
            (Number::Exact(a), Number::Exact(b)) => Number::Exact(a - b),
            _ => Number::Enclosed(self.interval().minus(&other.interval())),
        }
    }

    pub(in crate::check) fn times(&self, other: &Number) -> Number {
        match (self, other) {
            (Number::Exact(a), Number::Exact(b)) => Number::Exact(a * b),
            _ => Number::Enclosed(self.interval().times(&other.interval())),
        }
    }

    /// Certainly not zero.
    pub(in crate::check) fn nonzero(&self) -> bool {
        match self {
            Number::Exact(q) => !q.is_zero(),
            Number::Enclosed(x) => !x.has_zero() && x.lo().is_finite() && x.hi().is_finite(),
        }
    }

    /// Certainly zero.
    pub(super) fn zero(&self) -> bool {
        match self {
            Number::Exact(q) => q.is_zero(),
            Number::Enclosed(x) => x.is_zero(),
        }
    }

    pub(super) fn negative(&self) -> bool {
        match self {
            Number::Exact(q) => *q < Rational::ZERO,
            Number::Enclosed(x) => x.hi() < 0.0,
        }
    }

    pub(in crate::check) fn differs(&self, other: &Number) -> bool {
        self.minus(other).nonzero()
    }

    /// The number for the user: exact, or with the digits that are certain.
    pub fn text(&self) -> String {
        match self {
            Number::Exact(q) => rational_text(q),
            Number::Enclosed(x) => {
                let radius = (x.hi() - x.lo()) / 2.0;
                let size = x.magnitude().max(f64::MIN_POSITIVE);
                let digits =
                    if radius == 0.0 { 6 } else { ((size / radius).log10().floor() as i32).clamp(1, 6) as usize };
                format!("{}…", significant(x.middle(), digits))
            }
        }
    }
}

/// A rational as text; long ones as decimals.
fn rational_text(q: &Rational) -> String {
    let text = q.to_string();
    if text.len() <= 24 { text } else { format!("{}…", significant(q.to_f64().value(), 6)) }
}

/// A float with this many significant digits, without an exponent where that is short.
pub fn significant(x: f64, digits: usize) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    let exponent = x.abs().log10().floor() as i32;
    if !(-4..=9).contains(&exponent) {
        return format!("{x:.*e}", digits.saturating_sub(1));
    }
    format!("{x:.*}", (digits as i32 - 1 - exponent).max(0) as usize)
}

/// The named values of a point.
pub fn shown_values(setting: &Setting, point: &Point<Rational>) -> Vec<Given> {
    let store = &setting.store;
    let known = |s: &Shown| {
        let free = store.free_symbols(&[s.term]);
        !free.is_empty() && free.iter().all(|x| point.contains_key(x))
    };
    let mut shown: Vec<&Shown> = setting.shown.iter().filter(|s| known(s)).collect();
    shown.sort_by_key(|s| s.role);
    let mut result: Vec<Given> = Vec::new();
    for s in shown {
        let program = Program::new(store, &[s.term]);
        let exact = program.run(&mut Exact::default(), |x| point.get(&x).cloned());
        let numbers: Vec<Number> = match exact {
            Ok(mut run) => run.pop().unwrap_or_default().into_iter().map(Number::Exact).collect(),
            Err(_) => {
                let mut domain = Intervals::default();
                let embedded = embed(&mut domain, point);
                match program.run(&mut domain, |x| embedded.get(&x).cloned()) {
                    Ok(mut run) => run.pop().unwrap_or_default().into_iter().map(Number::Enclosed).collect(),
                    Err(_) => continue,
                }
            }
        };
        let value = tensor_text(&numbers, store.shape(s.term));
        if !result.iter().any(|g| g.name == s.name && g.value == value) {
            result.push(Given { name: s.name.clone(), value });
        }
    }
    result
}

/// A tensor in the notation of the language.
fn tensor_text(numbers: &[Number], shape: &[usize]) -> String {
    let list = |n: &[Number]| format!("[{}]", n.iter().map(Number::text).collect::<Vec<_>>().join(", "));
    match shape {
        [] => numbers.first().map(Number::text).unwrap_or_default(),
        [_] => list(numbers),
        [_, columns, ..] => {
            let rows: Vec<String> = numbers.chunks((*columns).max(1)).map(list).collect();
            format!("[{}]", rows.join(", "))
        }
    }
}
