//! Bounds of a term that follow from its form alone, for all values of its symbols, with exact rational ends.

use std::cell::Cell;

use super::build::{NONE, is_even};
use super::store::{Node, Store, Term};
use crate::core::prim::{Bound, Monotone, Parity, Range, Regularity};
use crate::domain::Rational;

/// Terms that one question may look at.
const VISITS: usize = 512;

/// How deep a question may go.
const DEPTH: usize = 16;

/// One end of a range: the number, and whether it is certainly not attained; no number is infinity.
type End = Option<(Rational, bool)>;

/// All entries of a term lie between these ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    low: End,
    high: End,
}

fn closed(q: Rational) -> End {
    Some((q, false))
}

fn open(q: Rational) -> End {
    Some((q, true))
}

/// The sum of two ends: not attained if one of them is not.
fn plus(a: &End, b: &End) -> End {
    let ((x, p), (y, q)) = (a.as_ref()?, b.as_ref()?);
    Some((x + y, *p || *q))
}

/// The product of two ends that are not negative. Zero is attained if it is attained by one factor.
fn times(a: &End, b: &End) -> End {
    let ((x, p), (y, q)) = (a.as_ref()?, b.as_ref()?);
    let not = match (x.is_zero(), y.is_zero()) {
        (true, true) => *p && *q,
        (true, false) => *p,
        (false, true) => *q,
        (false, false) => *p || *q,
    };
    Some((x * y, not))
}

impl Bounds {
    const ALL: Bounds = Bounds { low: None, high: None };

    fn new(low: End, high: End) -> Self {
        Bounds { low, high }
    }

    /// Whether everything in the range is above zero.
    pub fn positive(&self) -> bool {
        self.low.as_ref().is_some_and(|(q, open)| *q > Rational::ZERO || q.is_zero() && *open)
    }

    /// Whether nothing in the range is below zero.
    pub fn nonnegative(&self) -> bool {
        self.low.as_ref().is_some_and(|(q, _)| *q >= Rational::ZERO)
    }

    /// Whether everything in the range is below zero, or zero at most.
    pub fn negative(&self) -> bool {
        self.high.as_ref().is_some_and(|(q, _)| *q <= Rational::ZERO)
    }

    pub(super) fn negated(self) -> Self {
        let minus = |e: End| e.map(|(q, open)| (-q, open));
        Bounds::new(minus(self.high), minus(self.low))
    }

    fn scaled(self, c: &Rational) -> Self {
        let scale = |e: End| e.map(|(q, open)| (q * c, open));
        match c.cmp(&Rational::ZERO) {
            std::cmp::Ordering::Equal => Bounds::new(closed(Rational::ZERO), closed(Rational::ZERO)),
            std::cmp::Ordering::Greater => Bounds::new(scale(self.low), scale(self.high)),
            std::cmp::Ordering::Less => Bounds::new(scale(self.high), scale(self.low)),
        }
    }

    fn product(self, other: Self) -> Self {
        if self.nonnegative() && other.nonnegative() {
            return Bounds::new(times(&self.low, &other.low), times(&self.high, &other.high));
        }
        let (minus, flipped) = (self.clone().negated(), other.clone().negated());
        if minus.nonnegative() && other.nonnegative() {
            return minus.product(other).negated();
        }
        if self.nonnegative() && flipped.nonnegative() {
            return self.product(flipped).negated();
        }
        if minus.nonnegative() && flipped.nonnegative() {
            return minus.product(flipped);
        }
        match (self.magnitude(), other.magnitude()) {
            (Some(a), Some(b)) => {
                let size = a * b;
                Bounds::new(closed(-size.clone()), closed(size))
            }
            _ => Bounds::ALL,
        }
    }

    /// The largest absolute value of an end.
    fn magnitude(&self) -> Option<Rational> {
        let ((a, _), (b, _)) = (self.low.as_ref()?, self.high.as_ref()?);
        let size = |q: &Rational| if *q < Rational::ZERO { -q.clone() } else { q.clone() };
        Some(size(a).max(size(b)))
    }

    /// The even power of everything in the range.
    fn even(&self, n: usize) -> Self {
        let base = if self.nonnegative() {
            self.clone()
        } else if self.clone().negated().nonnegative() {
            self.clone().negated()
        } else {
            let high = self.magnitude().map(|size| {
                let not = |e: &End| e.as_ref().is_none_or(|(q, open)| *open || *q != size && -q.clone() != size);
                (size.clone(), not(&self.low) && not(&self.high))
            });
            Bounds::new(closed(Rational::ZERO), high)
        };
        let power = |e: &End| e.as_ref().map(|(q, open)| (q.pow(n.cast_signed()), *open));
        Bounds::new(power(&base.low), power(&base.high))
    }

    /// The reciprocals of a range above zero.
    fn reciprocal(&self) -> Self {
        let flip = |e: &End| match e {
            Some((q, open)) if !q.is_zero() => Some((Rational::ONE / q, *open)),
            _ => None,
        };
        let low = self.high.as_ref().map_or(open(Rational::ZERO), |_| flip(&self.high));
        Bounds::new(low, flip(&self.low))
    }
}

impl Bounds {
    fn of_row(range: &Range) -> Bounds {
        let end = |b: Bound| match b {
            Bound::None => None,
            Bound::Open(q) => open(q.value()),
            Bound::Closed(q) => closed(q.value()),
        };
        Bounds::new(end(range.lo), end(range.hi))
    }
}

impl Store {
    /// Bounds of all entries of a term, from its form and from what is known to be positive.
    pub fn bounds(&self, t: Term) -> Bounds {
        self.bounds_of(t, DEPTH, &Cell::new(VISITS))
    }

    fn bounds_of(&self, t: Term, depth: usize, visits: &Cell<usize>) -> Bounds {
        let own = self.bounds_by_form(t, depth, visits);
        if self.positives.contains(&t) && !own.positive() {
            return Bounds::new(open(Rational::ZERO), own.high);
        }
        own
    }

    /// `a x² + b x` in a sum: the other parts, and the range of these two, `-b²/4a` and beyond.
    fn square_completed(&self, parts: &[(Rational, Term)]) -> Option<(Vec<(Rational, Term)>, Bounds)> {
        let two = Rational::from(2u8);
        parts.iter().enumerate().find_map(|(i, (a, square))| {
            let Node::Power(x, q) = self.node(*square) else { return None };
            let (j, (b, _)) = parts.iter().enumerate().find(|(_, (_, p))| *q == two && p == x)?;
            let end = closed(-(b * b) / (Rational::from(4u8) * a));
            let bounds = if *a > Rational::ZERO { Bounds::new(end, None) } else { Bounds::new(None, end) };
            let rest = parts.iter().enumerate().filter(|(k, _)| *k != i && *k != j).map(|(_, p)| p.clone()).collect();
            Some((rest, bounds))
        })
    }

    fn bounds_by_form(&self, t: Term, depth: usize, visits: &Cell<usize>) -> Bounds {
        let (Some(depth), Some(left)) = (depth.checked_sub(1), visits.get().checked_sub(1)) else {
            return Bounds::ALL;
        };
        visits.set(left);
        let below = |x: &Term| self.bounds_of(*x, depth, visits);
        match self.node(t) {
            Node::Fill(q) => Bounds::new(closed(q.clone()), closed(q.clone())),
            Node::Literal(v) => {
                Bounds::new(v.iter().min().cloned().and_then(closed), v.iter().max().cloned().and_then(closed))
            }
            Node::Map(f, x) => {
                let row = f.row();
                let all = Bounds::of_row(&row.range);
                let rises = row.parity == Parity::Odd && row.monotone == Monotone::Increasing;
                if rises && row.regularity == Regularity::Analytic && below(x).positive() {
                    return Bounds::new(open(Rational::ZERO), all.high);
                }
                all
            }
            Node::Power(x, q) => {
                let base = below(x);
                match (q.is_int(), isize::try_from(q.numerator())) {
                    (true, Ok(n)) if n > 0 && n <= 64 && is_even(q) => base.even(n.unsigned_abs()),
                    (true, Ok(n)) if n < 0 && is_even(q) && n >= -64 => {
                        let even = base.even(n.unsigned_abs());
                        // The base is not zero where its reciprocal exists.
                        if even.positive() { even.reciprocal() } else { Bounds::new(open(Rational::ZERO), None) }
                    }
                    (true, Ok(-1)) if base.positive() => base.reciprocal(),
                    (true, Ok(-1)) if base.clone().negated().positive() => base.negated().reciprocal().negated(),
                    (true, _) if base.positive() => Bounds::new(open(Rational::ZERO), None),
                    (false, _) if *q < Rational::ZERO || base.positive() => Bounds::new(open(Rational::ZERO), None),
                    (false, _) => Bounds::new(closed(Rational::ZERO), None),
                    _ => Bounds::ALL,
                }
            }
            Node::Sum(parts) => {
                let parts = match self.square_completed(parts) {
                    Some((rest, bounds)) => {
                        return rest.iter().fold(bounds, |sum, (c, p)| {
                            let part = below(p).scaled(c);
                            Bounds::new(plus(&sum.low, &part.low), plus(&sum.high, &part.high))
                        });
                    }
                    None => parts,
                };
                let zero = || Bounds::new(closed(Rational::ZERO), closed(Rational::ZERO));
                parts.iter().fold(zero(), |sum, (c, p)| {
                    if sum == Bounds::ALL {
                        return sum;
                    }
                    let part = below(p).scaled(c);
                    Bounds::new(plus(&sum.low, &part.low), plus(&sum.high, &part.high))
                })
            }
            Node::Product { a, b, la, lb, out } => {
                if self.size(*a) == 0 || self.size(*b) == 0 {
                    return Bounds::ALL;
                }
                let summed = |labels: &super::store::Labels, x: Term| -> Vec<(u8, usize)> {
                    labels
                        .iter()
                        .copied()
                        .zip(self.shape(x).iter().copied())
                        .filter(|(l, _)| !out.contains(l))
                        .collect()
                };
                let mut extents = summed(la, *a);
                extents.extend(summed(lb, *b));
                extents.sort_unstable();
                extents.dedup();
                let count: usize = extents.iter().map(|e| e.1).product();
                let first = below(a);
                let one = if a == b && la == lb { first.even(2) } else { first.product(below(b)) };
                one.scaled(&Rational::from(count))
            }
            Node::Gather(x, map) => {
                let inner = below(x);
                if !map.contains(&NONE) {
                    return inner;
                }
                let zero = closed(Rational::ZERO);
                let low = inner.low.map(|(q, o)| if q >= Rational::ZERO { (Rational::ZERO, false) } else { (q, o) });
                let high = inner.high.map(|(q, o)| if q <= Rational::ZERO { (Rational::ZERO, false) } else { (q, o) });
                if map.iter().all(|&m| m == NONE) { Bounds::new(zero.clone(), zero) } else { Bounds::new(low, high) }
            }
            Node::Join(parts) => {
                let mut all = parts.iter().map(below);
                let Some(first) = all.next() else { return Bounds::ALL };
                all.fold(first, |acc, part| {
                    let lower = |a: End, b: End| {
                        Some(a.zip(b)).flatten().map(|(a, b)| if (&b.0, b.1) < (&a.0, a.1) { b } else { a })
                    };
                    let upper = |a: End, b: End| {
                        Some(a.zip(b)).flatten().map(|(a, b)| if (&b.0, !b.1) > (&a.0, !a.1) { b } else { a })
                    };
                    Bounds::new(lower(acc.low, part.low), upper(acc.high, part.high))
                })
            }
            _ => Bounds::ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Fun;

    #[test]
    fn signs_are_seen_where_a_mathematician_sees_them() {
        let mut s = Store::new();
        let (_, x) = s.symbol("x", &[]);
        let one = s.num(1);
        let two = s.num(2);
        let tanh = s.map(Fun::Tanh, x);
        let square = s.mul(tanh, tanh);
        let slope = s.sub(one, square);
        assert!(s.positive(slope), "1 - tanh(x)^2");
        let sine = s.map(Fun::Sin, x);
        let sum = s.add(two, sine);
        assert!(s.positive(sum), "2 + sin(x)");
        let close = s.add(one, sine);
        assert!(!s.positive(close) && s.nonnegative(close), "1 + sin(x)");
        let e = s.map(Fun::Exp, x);
        let less = s.sub(e, one);
        assert!(!s.positive(less) && !s.nonnegative(less), "exp(x) - 1");
        let bowl = s.mul(x, x);
        let bowl = s.add(bowl, one);
        let root = s.power(bowl, &crate::term::build::half());
        let far = s.add(root, e);
        assert!(s.positive(far), "sqrt(1 + x^2) + exp(x)");
        let inverse = s.power(bowl, &Rational::NEG_ONE);
        let below = s.sub(two, inverse);
        assert!(s.positive(below), "2 - 1 / (1 + x^2)");
        let sigmoid = s.map(Fun::Sigmoid, x);
        let rest = s.sub(one, sigmoid);
        let both = s.mul(sigmoid, rest);
        assert!(s.positive(both), "sigmoid(x) (1 - sigmoid(x))");
        assert!(!s.positive(x) && !s.positive(sine));
    }
}
