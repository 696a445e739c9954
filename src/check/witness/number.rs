//! Values at a witness: exact, or enclosed; and how they are shown.

use dashu_int::{Sign, UBig};

use crate::check::Setting;
use crate::check::sample::{Point, embed};
use crate::domain::Rational;
use crate::domain::exact::Exact;
use crate::domain::interval::{Interval, Intervals};
use crate::model::elaborate::{Role, Shown};
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
    /// An interval around it.
    pub fn interval(&self) -> Interval {
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
    pub(in crate::check) fn zero(&self) -> bool {
        match self {
            Number::Exact(q) => q.is_zero(),
            Number::Enclosed(x) => x.is_zero(),
        }
    }

    pub(in crate::check) fn negative(&self) -> bool {
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
        self.with_digits(DIGITS)
    }

    /// So many digits, of those that are certain.
    fn decimals(&self, digits: usize) -> String {
        match self {
            Number::Exact(q) if digits > 15 => decimal(q, digits).map_or_else(|| q.to_string(), |d| format!("{d}…")),
            Number::Exact(q) if *q == Rational::ZERO => "0".to_owned(),
            Number::Exact(q) => format!("{}…", significant(q.to_f64().value(), digits)),
            Number::Enclosed(_) => self.with_digits(digits),
        }
    }

    /// The number, exact if that is short, else with so many of the digits that are certain.
    fn with_digits(&self, most: usize) -> String {
        match self {
            Number::Exact(q) => rational_text(q, most),
            Number::Enclosed(x) => {
                let radius = (x.hi() - x.lo()) / 2.0;
                let size = x.magnitude().max(f64::MIN_POSITIVE);
                // A double has no more than 17.
                let certain =
                    if radius == 0.0 { 17 } else { ((size / radius).log10().floor() as i32).clamp(1, 17) as usize };
                format!("{}…", significant(x.middle(), certain.min(most)))
            }
        }
    }
}

/// Digits that are shown of a long number, as a rule.
const DIGITS: usize = 6;

/// Digits up to which two numbers are told apart.
const MOST_DIGITS: usize = 60;

/// Two numbers with as many digits as it takes to see that they differ, if that can be seen at all; both exact or both as
/// decimals.
pub(super) fn told_apart(a: &Number, b: &Number) -> (String, String) {
    let (x, y) = (a.with_digits(DIGITS), b.with_digits(DIGITS));
    if x.ends_with('…') == y.ends_with('…') && x != y {
        return (x, y);
    }
    let with = |digits: usize| (a.decimals(digits), b.decimals(digits));
    (DIGITS..=MOST_DIGITS).map(with).find(|(x, y)| x != y).unwrap_or((x, y))
}

/// A rational as text; long ones as decimals.
fn rational_text(q: &Rational, digits: usize) -> String {
    let text = q.to_string();
    if text.len() <= 24 { text } else { format!("{}…", significant(q.to_f64().value(), digits)) }
}

/// The first digits of a rational number that floating point cannot tell, cut off; `None` if its size is out of the way.
fn decimal(q: &Rational, digits: usize) -> Option<String> {
    let size = q.to_f64().value().abs();
    let before = size.log10().floor() as i32;
    if !(-6..=15).contains(&before) {
        return None;
    }
    let places = usize::try_from(digits as i32 - 1 - before).ok()?;
    let (sign, top) = q.numerator().clone().into_parts();
    let scaled: UBig = top * UBig::from(10u8).pow(places) / q.denominator();
    let written = format!("{:0>width$}", scaled.to_string(), width = places + 1);
    let (whole, part) = written.split_at(written.len() - places);
    let minus = if sign == Sign::Negative { "-" } else { "" };
    Some(if part.is_empty() { format!("{minus}{whole}") } else { format!("{minus}{whole}.{part}") })
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
        // A parameter that is set at a special member has no symbol left.
        (s.role == Role::Member || !free.is_empty()) && free.iter().all(|x| point.contains_key(x))
    };
    let mut shown: Vec<&Shown> = setting.shown.iter().filter(|s| known(s)).collect();
    shown.sort_by_key(|s| s.role);
    let mut result: Vec<Given> = Vec::new();
    // A state and a parameter may have one name.
    let clash = |s: &Shown| shown.iter().any(|other| other.name == s.name && other.role != s.role);
    let name = |s: &Shown| match s.role {
        Role::State if clash(s) => format!("the state {}", s.name),
        Role::Member if clash(s) => format!("the constant {}", s.name),
        _ => s.name.clone(),
    };
    for s in &shown {
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
        let given = Given { name: name(s), value };
        if !result.contains(&given) {
            result.push(given);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_are_told_apart() {
        let q = |n: i64, d: u64| Number::Exact(Rational::from_parts(n.into(), d.into()));
        assert_eq!(told_apart(&q(1, 2), &q(2, 3)), ("1/2".into(), "2/3".into()));
        let apart = |a: &Number, b: &Number| {
            let (x, y) = told_apart(a, b);
            assert!(x != y && x.ends_with('…') == y.ends_with('…'), "{x} {y}");
            (x, y)
        };
        let long = q(-1_000_000_002_000_000_001, 1_000_000_000_000_000_000);
        assert_eq!(apart(&long, &q(-500_000_001, 500_000_000)).1, "-1.000000002000000000…");
        let near = q(1_000_000_000_000_000_003, 3_000_000_000_000_000_000);
        let nearer = q(1_000_000_000_000_000_001, 3_000_000_000_000_000_000);
        let (x, _) = apart(&near, &nearer);
        assert_eq!(x, "0.333333333333333334…");
    }
}
