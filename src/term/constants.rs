//! Values of functions at constants: circular functions at multiples of π, and roots of numbers with roots in them.

use super::build::half;
use super::program::Program;
use super::store::{Node, Store, Term};
use crate::domain::exact::Exact;
use crate::domain::interval::{Interval, Intervals};
use crate::domain::{Fun, Rational};

fn ratio(n: i64, d: u64) -> Rational {
    Rational::from_parts(n.into(), d.into())
}

/// Signs are looked for of constants of at most so many nodes and so many entries.
const MAX_NODES: usize = 48;
const MAX_ENTRIES: usize = 4096;

impl Store {
    /// The signs of a term without symbols, where they are certain: by fractions, or by intervals without zero.
    pub(super) fn signs_of_constant(&mut self, x: Term) -> Option<Term> {
        const BITS: usize = 1 << 10;
        if self.size(x) > MAX_ENTRIES || !self.is_small_constant(x, MAX_NODES) {
            return None;
        }
        let program = Program::new(self, &[x]);
        if program.operations() > 4 * MAX_ENTRIES {
            return None;
        }
        let shape = self.shape(x).clone();
        let mut exact = Exact::with_limit(BITS);
        let values = program.run(&mut exact, |_| None).ok().filter(|_| !exact.oversized());
        if let Some(values) = values {
            let signs = values.concat().iter().map(|q| Fun::Sign.exact_value(q)).collect::<Option<Vec<_>>>()?;
            return Some(self.literal(signs, &shape));
        }
        let values = program.run(&mut Intervals::default(), |_| None).ok()?;
        let sign = |v: &Interval| match (v.has_zero(), v.lo() > 0.0) {
            (true, _) => None,
            (false, true) => Some(Rational::ONE),
            (false, false) => Some(Rational::NEG_ONE),
        };
        let signs = values.concat().iter().map(sign).collect::<Option<Vec<_>>>()?;
        Some(self.literal(signs, &shape))
    }

    /// Declares that a scalar is π.
    pub fn assume_pi(&mut self, t: Term) {
        self.pi = Some(t);
    }

    /// `sin` or `cos` of a sum with a multiple of π in it, with that multiple reduced: by periods, by quarter turns, and to
    /// radicals where nothing else is in the sum and the circle is divided into 24 parts or fewer.
    pub(super) fn circular(&mut self, f: Fun, x: Term) -> Option<Term> {
        let pi = self.pi?;
        let parts: Vec<(Rational, Term)> = match self.node(x) {
            Node::Sum(parts) => parts.to_vec(),
            _ if x == pi => vec![(Rational::ONE, x)],
            _ => return None,
        };
        let turn = parts.iter().find(|(_, t)| *t == pi).map(|(c, _)| c.clone())?;
        let rest: Vec<(Rational, Term)> = parts.into_iter().filter(|(_, t)| *t != pi).collect();
        // cos(x) = sin(x + π/2), so that one function is left; then a number of half turns and a rest in [0, 1).
        let turn = if f == Fun::Cos { turn + half() } else { turn };
        let whole = turn.floor();
        let odd = (&whole % dashu_int::IBig::from(2)) != dashu_int::IBig::ZERO;
        let turn = turn - Rational::from(whole);
        let value = if rest.is_empty() {
            self.sine_of_turn(&turn)?
        } else {
            let shape = self.shape(x).clone();
            if turn.is_zero() {
                let rest = self.sum(rest, &shape);
                self.map(Fun::Sin, rest)
            } else if turn == half() {
                let rest = self.sum(rest, &shape);
                self.map(Fun::Cos, rest)
            } else if f == Fun::Sin && !odd {
                return None;
            } else {
                let own = if f == Fun::Cos { &turn - half() } else { turn };
                let sum = self.sum(rest.into_iter().chain([(own.clone(), pi)]).collect(), &shape);
                if sum == x {
                    return None;
                }
                self.intern(Node::Map(f, sum), shape)
            }
        };
        Some(if odd { self.neg(value) } else { value })
    }

    /// `sin(t π)` in radicals, for `0 ≤ t < 1`.
    fn sine_of_turn(&mut self, t: &Rational) -> Option<Term> {
        let t = if *t > half() { Rational::ONE - t } else { t.clone() };
        let root = |store: &mut Self, n: i64| {
            let n = store.num(n);
            store.power(n, &half())
        };
        let twelfths = &t * Rational::from(12);
        if !twelfths.is_int() {
            return None;
        }
        let twelfths = i64::try_from(twelfths.numerator()).ok()?;
        Some(match twelfths {
            0 => self.num(0),
            2 => self.num(half()),
            3 => {
                let r = root(self, 2);
                self.scale(half(), r)
            }
            4 => {
                let r = root(self, 3);
                self.scale(half(), r)
            }
            6 => self.num(1),
            // (√6 ∓ √2) / 4
            1 | 5 => {
                let (a, b) = (root(self, 6), root(self, 2));
                let b = if twelfths == 1 { self.neg(b) } else { b };
                let s = self.add(a, b);
                self.scale(ratio(1, 4), s)
            }
            _ => return None,
        })
    }

    /// `√(a + b√c)` of numbers as a sum of two roots, where `a² - b²c` is the square of a rational number `d`:
    /// `√((a + d)/2) ± √((a - d)/2)`.
    pub(super) fn denested(&mut self, x: Term) -> Option<Term> {
        let Node::Sum(parts) = self.node(x) else { return None };
        let [(p, s), (q, t)] = &**parts else { return None };
        let number = |store: &Self, c: &Rational, t: Term| store.as_fill(t).map(|v| c * v);
        let radical = |store: &Self, c: &Rational, t: Term| match store.node(t) {
            Node::Power(r, e) if *e == half() => store.as_fill(*r).map(|r| (c.clone(), r.clone())),
            _ => None,
        };
        let (a, (b, c)) = match (number(self, p, *s), number(self, q, *t)) {
            (Some(a), None) => (a, radical(self, q, *t)?),
            (None, Some(a)) => (a, radical(self, p, *s)?),
            _ => return None,
        };
        let d = super::build::exact_power(&(&a * &a - &b * &b * &c), &half())?;
        let (greater, less) = ((&a + &d) * half(), (&a - d) * half());
        if greater < Rational::ZERO || less < Rational::ZERO {
            return None;
        }
        let shape = self.shape(x).clone();
        let (greater, less) = (self.fill(greater, &shape), self.fill(less, &shape));
        let (greater, less) = (self.power(greater, &half()), self.power(less, &half()));
        Some(if b < Rational::ZERO { self.sub(greater, less) } else { self.add(greater, less) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::float::Float;
    use crate::term::Program;

    fn value(s: &Store, t: Term) -> f64 {
        let given = |id| if s.symbol_info(id).name == "pi" { std::f64::consts::PI } else { 0.7 };
        Program::new(s, &[t]).run(&mut Float::default(), |id| Some(vec![given(id)])).expect("a value")[0][0]
    }

    #[test]
    fn parts_of_a_turn_have_their_values() {
        for k in -40i64..40 {
            for d in [1u64, 2, 3, 4, 5, 12] {
                for beside in [false, true] {
                    let mut s = Store::new();
                    let (_, pi) = s.symbol("pi", &[]);
                    s.assume_pi(pi);
                    let (_, y) = s.symbol("y", &[]);
                    let x = s.scale(ratio(k, d), pi);
                    let x = if beside { s.add(x, y) } else { x };
                    let at = k as f64 / d as f64 * std::f64::consts::PI + if beside { 0.7 } else { 0.0 };
                    let (sine, cosine) = (s.map(Fun::Sin, x), s.map(Fun::Cos, x));
                    assert!((value(&s, sine) - at.sin()).abs() < 1e-12, "sin of {k}/{d} {beside}");
                    assert!((value(&s, cosine) - at.cos()).abs() < 1e-12, "cos of {k}/{d} {beside}");
                    if d != 5 {
                        assert!(beside || s.free_symbols(&[sine, cosine]).is_empty());
                    }
                }
            }
        }
    }

    #[test]
    fn roots_of_numbers_with_roots_come_apart() {
        for (a, b, c) in [(5, 2, 6), (5, -2, 6), (3, 2, 2), (3, -2, 2), (7, 4, 3), (4, 1, 7), (2, -1, 3)] {
            let mut s = Store::new();
            let c = s.num(c);
            let root = s.power(c, &half());
            let a = s.num(a);
            let b = s.scale(Rational::from(b), root);
            let x = s.add(a, b);
            let y = s.power(x, &half());
            assert!((value(&s, y) - value(&s, x).sqrt()).abs() < 1e-12);
        }
    }
}
