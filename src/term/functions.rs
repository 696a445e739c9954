//! Entrywise functions, powers and extrema, with constants folded.

use super::build::{NONE, exact_power, half, is_even};
use super::store::{Node, Store, Term};
use crate::core::prim::Parity;
use crate::domain::{Fun, Rational};

impl Store {
    /// `f` entry by entry.
    pub fn map(&mut self, f: Fun, x: Term) -> Term {
        let shape = self.shape(x).clone();
        if let Some(q) = self.as_fill(x).cloned()
            && let Some(value) = f.exact_value(&q)
        {
            return self.fill(value, &shape);
        }
        if let Node::Literal(values) = self.node(x)
            && let Some(values) = values.iter().map(|q| f.exact_value(q)).collect::<Option<Vec<_>>>()
        {
            return self.literal(values, &shape);
        }
        if matches!(f, Fun::Sin | Fun::Cos)
            && let Some(value) = self.circular(f, x)
        {
            return value;
        }
        let (c, rest) = self.split_coefficient(x);
        let negative = c < Rational::ZERO;
        if f == Fun::Sign && !c.is_one() {
            let s = self.map(Fun::Sign, rest);
            return if negative { self.neg(s) } else { s };
        }
        if negative {
            let minus = self.neg(x);
            match f.row().parity {
                Parity::Odd => {
                    let s = self.map(f, minus);
                    return self.neg(s);
                }
                Parity::Even => return self.map(f, minus),
                Parity::Neither => {}
            }
        }
        match f {
            Fun::Sign if matches!(self.node(x), Node::Map(g, _) if g.row().range.is_positive()) => {
                self.fill(Rational::ONE, &shape)
            }
            Fun::Sign if matches!(self.node(x), Node::Map(Fun::Sign, _)) => x,
            Fun::Log if matches!(self.node(x), Node::Map(Fun::Exp, _)) => self.node(x).operands()[0],
            Fun::Exp if matches!(self.node(x), Node::Map(Fun::Log, y) if self.nonnegative(*y)) => {
                self.node(x).operands()[0]
            }
            // A number raised to a number, whichever way it is written.
            Fun::Exp if self.is_logarithm_of_number(rest) => {
                let base = self.node(rest).operands()[0];
                self.power(base, &c)
            }
            Fun::Sign if self.positive(x) => self.fill(Rational::ONE, &shape),
            Fun::Sign if self.bounds(x).negated().positive() => self.fill(Rational::NEG_ONE, &shape),
            Fun::Sign => (self.signs_of_constant(x))
                .or_else(|| self.sign_of_power(x))
                .unwrap_or_else(|| self.intern(Node::Map(f, x), shape)),
            _ => self.intern(Node::Map(f, x), shape),
        }
    }

    fn is_logarithm_of_number(&self, x: Term) -> bool {
        matches!(self.node(x), Node::Map(Fun::Log, y) if self.as_fill(*y).is_some_and(|q| *q > Rational::ZERO))
    }

    /// `sign(y^n) = sign(y)^n` for a whole `n`, and of a product with such a power each sign by itself: then the signs of `y`
    /// and of its powers are known to be one. `sign(y^q) = sign(y)` for a root of `y ≥ 0`. A factor with one sign at all points
    /// has no part in the sign of a product. The same for tensors that are put together of such.
    fn sign_of_power(&mut self, x: Term) -> Option<Term> {
        match self.node(x).clone() {
            Node::Power(y, n) if n.is_int() => {
                let s = self.map(Fun::Sign, y);
                Some(if is_even(&n) { self.power(s, &Rational::from(2)) } else { s })
            }
            // A root of what is never negative is zero where that is.
            Node::Power(y, n) if n > Rational::ZERO && self.nonnegative(y) => Some(self.map(Fun::Sign, y)),
            Node::Product { a, b, la, lb, out } if la.iter().chain(&lb).all(|l| out.contains(l)) => {
                // A factor with one sign at all points has no part in it.
                let alone = |t: Term| {
                    let whole = matches!(self.node(t), Node::Power(_, n) if n.is_int());
                    whole || self.bounds(t).positive() || self.bounds(t).negated().positive()
                };
                if !alone(a) && !alone(b) {
                    return None;
                }
                let (s, t) = (self.map(Fun::Sign, a), self.map(Fun::Sign, b));
                Some(self.product(s, &la, t, &lb, &out))
            }
            Node::Gather(y, map) => {
                let shape = self.shape(x).clone();
                let sign = self.sign_of_power(y)?;
                Some(self.gather(sign, map.to_vec(), &shape))
            }
            Node::Join(parts) => {
                let signs = self.signs_of_parts(&parts)?;
                Some(self.join(&signs))
            }
            // Blocks at places of their own, as a differential puts them together.
            Node::Sum(list) => {
                let mut taken = vec![false; self.size(x)];
                for (_, t) in list.iter() {
                    let Node::Gather(_, map) = self.node(*t) else { return None };
                    for (taken, _) in taken.iter_mut().zip(map.iter()).filter(|(_, from)| **from != NONE) {
                        if std::mem::replace(taken, true) {
                            return None;
                        }
                    }
                }
                let parts: Vec<Term> = list.iter().map(|p| p.1).collect();
                let signs = self.signs_of_parts(&parts)?;
                let sign = |q: &Rational| if *q < Rational::ZERO { Rational::NEG_ONE } else { Rational::ONE };
                let shape = self.shape(x).clone();
                Some(self.sum(list.iter().map(|(q, _)| sign(q)).zip(signs).collect(), &shape))
            }
            _ => None,
        }
    }

    /// The signs of some terms, if that of one of them is more than a sign and a number before it.
    fn signs_of_parts(&mut self, parts: &[Term]) -> Option<Vec<Term>> {
        let signs: Vec<Term> = parts.iter().map(|p| self.map(Fun::Sign, *p)).collect();
        let plain = |s: &Term| matches!(self.node(self.split_coefficient(*s).1), Node::Map(Fun::Sign, _));
        (!signs.iter().all(plain)).then_some(signs)
    }

    /// `x^q` entry by entry.
    pub fn power(&mut self, x: Term, q: &Rational) -> Term {
        let shape = self.shape(x).clone();
        if q.is_zero() {
            return self.fill(Rational::ONE, &shape);
        }
        if q.is_one() {
            return x;
        }
        let (c, rest) = self.split_coefficient(x);
        if let Some(value) = self.as_fill(x).and_then(|v| exact_power(v, q)) {
            return self.fill(value, &shape);
        }
        if let Node::Literal(values) = self.node(x)
            && let Some(values) = values.iter().map(|v| exact_power(v, q)).collect::<Option<Vec<_>>>()
        {
            return self.literal(values, &shape);
        }
        if !c.is_one()
            && let Some(cq) = exact_power(&c, q)
            && (q.is_int() || c > Rational::ZERO)
        {
            let inner = self.power(rest, q);
            return self.scale(cq, inner);
        }
        if (q == &half() || q == &-half())
            && let Some(root) = self.denested(x)
        {
            return if *q == half() { root } else { self.power(root, &Rational::NEG_ONE) };
        }
        match self.node(x).clone() {
            Node::Power(y, p) => {
                let pq = &p * q;
                let even = p.is_int() && is_even(&p);
                // Both exponents are whole, or no point is gained or lost.
                let safe = q.is_int() && p.is_int() || !even && !pq.is_int() || self.nonnegative(y);
                if safe {
                    return self.power(y, &pq);
                }
                if even && pq.is_one() {
                    return self.abs(y);
                }
                self.intern(Node::Power(x, q.clone()), shape)
            }
            // An odd power of -1, 0 or 1 is itself. An even one is not 1: the sign is 0 on a piece where its argument is.
            Node::Map(Fun::Sign, _) if q.is_int() && !is_even(q) && *q > Rational::ZERO => x,
            // |y|^(2k) = y^(2k).
            Node::Product { a, b, la, lb, out } if q.is_int() && is_even(q) && la == lb && la == out => {
                for (y, s) in [(a, b), (b, a)] {
                    if *self.node(s) == Node::Map(Fun::Sign, y) {
                        return self.power(y, q);
                    }
                }
                self.intern(Node::Power(x, q.clone()), shape)
            }
            _ => self.intern(Node::Power(x, q.clone()), shape),
        }
    }

    /// `|x| = x · sign x`
    pub fn abs(&mut self, x: Term) -> Term {
        let s = self.map(Fun::Sign, x);
        self.mul(x, s)
    }

    /// `relu x = (x + |x|) / 2`
    pub fn relu(&mut self, x: Term) -> Term {
        let a = self.abs(x);
        let s = self.add(x, a);
        self.scale(half(), s)
    }

    /// `max(x, y) = (x + y + |x - y|) / 2`
    pub fn max(&mut self, x: Term, y: Term) -> Term {
        let d = self.sub(x, y);
        let a = self.abs(d);
        let s = self.add(x, y);
        let s = self.add(s, a);
        self.scale(half(), s)
    }

    /// `min(x, y) = (x + y - |x - y|) / 2`
    pub fn min(&mut self, x: Term, y: Term) -> Term {
        let d = self.sub(x, y);
        let a = self.abs(d);
        let s = self.add(x, y);
        let s = self.sub(s, a);
        self.scale(half(), s)
    }
}
