//! Degrees of what a list of terms stands for, as rational functions of drawn values and atoms.
//!
//! Two bounds are made and the smaller one taken. One runs the terms entry by entry ([`crate::domain::degree`]), and adds
//! up the denominators of every sum. The other looks at whole terms: all entries of a term are written over one common
//! denominator, a product of *units*: one for each entry of an exponential, a root or a reciprocal. A sum then has the
//! least common multiple of the denominators of its summands, so that equal ones are not added up: the degree of a
//! gradient grows with the number of units of a net, and not with the product over its layers.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::core::prim::{Growth, Plane};
use crate::domain::degree::{Degree, Degrees};
use crate::domain::prime::GREAT;
use crate::domain::{Fun, Rational};
use crate::term::{Node, Program, Store, Term};

/// Units of denominators that are kept, of all terms together.
const MOST_UNITS: usize = 1 << 20;

/// A drawn value may be a power of what was drawn: a positive one is the 12th power of a random square.
const DRAWN: f64 = 24.0;

/// Bounds for a list of terms.
pub(super) struct Bounds {
    /// Of the terms.
    pub(super) degree: f64,
    /// Of the arguments of atoms in them, at least one.
    pub(super) argument_degree: f64,
}

/// Bounds for the degrees of terms; `program` computes them.
pub(super) fn bounds(store: &Store, terms: &[Term], program: &Program) -> Bounds {
    let common = common(store, terms);
    let mut degrees = Degrees::default();
    let drawn = Degree { top: DRAWN, ..Degree::VARIABLE };
    let input = |s| Some(vec![drawn; store.symbol_info(s).shape.iter().product()]);
    let Ok(values) = program.run(&mut degrees, input) else {
        let degree = f64::INFINITY;
        return Bounds { degree, argument_degree: degree };
    };
    let apart = values.iter().flatten().map(|d| d.top.max(d.bottom)).fold(1.0, f64::max);
    Bounds { degree: apart.min(common.degree), argument_degree: degrees.arguments.min(common.argument_degree).max(1.0) }
}

/// Units of a denominator with their exponents, in order.
type Units = SmallVec<[(u32, f64); 4]>;

/// All entries of a term over one denominator.
#[derive(Clone, Default)]
struct Fraction {
    /// The degree of the numerators.
    top: f64,
    /// The denominator.
    units: Units,
}

/// The bounds over common denominators.
fn common(store: &Store, terms: &[Term]) -> Bounds {
    let order = store.reachable(terms);
    let signs_divide = order.iter().any(|&t| inverts_signs(store.node(t)));
    let mut table = Table { arguments: 1.0, signs_divide, ..Table::default() };
    let mut held = 0;
    for t in order {
        let fraction = table.fraction(store, t);
        held += fraction.units.len();
        if held > MOST_UNITS {
            return Bounds { degree: f64::INFINITY, argument_degree: f64::INFINITY };
        }
        table.known.insert(t, fraction);
    }
    let of = |t: &Term| table.known.get(t).map_or(0.0, |f| f.top.max(table.total(&f.units)));
    Bounds { degree: terms.iter().map(of).fold(1.0, f64::max), argument_degree: table.arguments }
}

/// What is known so far.
#[derive(Default)]
struct Table {
    known: FxHashMap<Term, Fraction>,
    /// The degrees of the units.
    degrees: Vec<f64>,
    /// Powers of one base share their unit, and so do inverses of one matrix.
    unit_of: FxHashMap<(Term, bool), u32>,
    /// The largest degree of an argument.
    arguments: f64,
    /// Whether the sign of a factor may be a quotient of others.
    signs_divide: bool,
}

impl Table {
    /// The degree of a denominator.
    fn total(&self, units: &Units) -> f64 {
        units.iter().map(|&(id, e)| self.degrees[id as usize] * e).sum()
    }

    fn below(&self, x: Term) -> Fraction {
        self.known.get(&x).cloned().unwrap_or_default()
    }

    fn unit(&mut self, key: (Term, bool), degree: f64, exponent: f64) -> Units {
        let id = *self.unit_of.entry(key).or_insert(self.degrees.len() as u32);
        if id as usize == self.degrees.len() {
            self.degrees.push(degree);
        }
        Units::from_iter([(id, exponent)])
    }

    /// A fraction of its own in each entry of a term, of something of degree `argument`.
    fn atom(&mut self, t: Term, size: f64, growth: Growth, argument: f64) -> Fraction {
        self.arguments = self.arguments.max(growth.argument * argument);
        if growth.bottom == 0.0 {
            return Fraction { top: growth.top, units: Units::new() };
        }
        let whole = size * growth.bottom;
        Fraction { top: growth.top + whole - growth.bottom, units: self.unit((t, false), whole, 1.0) }
    }

    fn sum(&self, parts: impl Iterator<Item = Term>) -> Fraction {
        let parts: Vec<Fraction> = parts.map(|p| self.below(p)).collect();
        let units = parts.iter().fold(Units::new(), |acc, p| merge(&acc, &p.units, f64::max));
        let whole = self.total(&units);
        let top = parts.iter().map(|p| p.top + whole - self.total(&p.units)).fold(0.0, f64::max);
        Fraction { top, units }
    }

    fn fraction(&mut self, store: &Store, t: Term) -> Fraction {
        let size = store.size(t) as f64;
        let node = store.node(t);
        match node {
            Node::Fill(_) | Node::Literal(_) => return Fraction::default(),
            Node::Symbol(_) => return Fraction { top: DRAWN, units: Units::new() },
            Node::Sum(parts) => return self.sum(parts.iter().map(|p| p.1)),
            Node::Join(parts) => return self.sum(parts.iter().copied()),
            Node::Product { a, b, .. } => {
                let (a, b) = (self.below(*a), self.below(*b));
                return Fraction { top: a.top + b.top, units: merge(&a.units, &b.units, |x, y| x + y) };
            }
            _ => {}
        }
        let Some(&x) = node.operands().first() else { return Fraction::default() };
        let base = self.below(x);
        let bottom = self.total(&base.units);
        let extents = store.shape(x);
        match node {
            Node::Map(f, _) => self.atom(t, size, growth(*f, self.signs_divide), base.top.max(bottom)),
            Node::Power(_, q) => {
                let e = exponent(q);
                if e.is_infinite() {
                    // Digits and atoms: left to the other bound.
                    Fraction { top: f64::INFINITY, units: Units::new() }
                } else if !q.is_int() {
                    // As in `Degrees::power`.
                    let d = q.denominator().to_f64().value();
                    let (up, down) = if *q < Rational::ZERO { (bottom, base.top) } else { (base.top, bottom) };
                    let formal = 288.0 * e / d;
                    let growth = Growth {
                        argument: 1.0,
                        top: (up * e / d + down * e).max(formal),
                        bottom: (down * e).max(formal),
                    };
                    self.atom(t, size, growth, base.top.max(bottom))
                } else if *q > Rational::ZERO {
                    power(&base, e)
                } else {
                    // 1 / x_i over the product of the numerators of all entries.
                    let all = store.size(x) as f64 * base.top;
                    Fraction { top: e * (bottom + all - base.top), units: self.unit((x, false), all, e) }
                }
            }
            // The adjugate over the determinant of the numerators.
            Node::Inverse(_) => {
                let n = extents.first().map_or(0.0, |n| *n as f64);
                let top = (n - 1.0) * base.top + bottom;
                Fraction { top, units: self.unit((x, true), n * base.top, 1.0) }
            }
            Node::Determinant(_) => power(&base, extents.first().map_or(0.0, |n| *n as f64)),
            // As in `Degrees::pseudo_inverse`.
            Node::PseudoInverse(_) => {
                let r = extents.iter().copied().min().unwrap_or(0) as f64;
                let own = (base.top + bottom + 1.0) * (8.0 * r * r + 8.0 * r);
                self.atom(t, size, Growth { argument: 0.0, top: own, bottom: own }, 0.0)
            }
            // As in `Degrees::matrix_atom`.
            Node::Polar(_) | Node::PowerSpd(..) | Node::Eigenvectors(_) => {
                let argument = base.top + bottom + 2.0;
                let own = 256.0 + base.top + bottom;
                self.atom(t, size, Growth { argument: 1.0, top: own, bottom: own }, argument)
            }
            Node::Gather(..)
            | Node::Fill(_)
            | Node::Literal(_)
            | Node::Symbol(_)
            | Node::Sum(_)
            | Node::Product { .. }
            | Node::Join(_) => base,
        }
    }
}

/// Whether a node may give a factor the sign that makes a product positive, which divides by the other signs.
fn inverts_signs(node: &Node) -> bool {
    // An arc tangent is drawn, whatever the sign of its argument.
    node.plane() == Some(Plane::Branched) && !matches!(node, Node::Map(Fun::Atan, _))
}

/// The growth of a function. A sign is a product of free elements, and no fraction unless they are divided by.
fn growth(f: Fun, signs_divide: bool) -> Growth {
    let own = f.growth().unwrap_or(Growth { argument: 1.0, top: f64::INFINITY, bottom: 0.0 });
    if f == Fun::Sign && !signs_divide { Growth { bottom: 0.0, ..own } } else { own }
}

/// The size of an exponent's numerator, if powers with it are multiplied out.
fn exponent(q: &Rational) -> f64 {
    let small = i32::try_from(q.numerator()).ok().filter(|e| u64::from(e.unsigned_abs()) <= GREAT);
    small.map_or(f64::INFINITY, |e| f64::from(e.unsigned_abs()))
}

/// The least common multiple, or the product, of two denominators.
fn merge(a: &Units, b: &Units, both: impl Fn(f64, f64) -> f64) -> Units {
    let mut result = Units::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) if x.0 == y.0 => {
                result.push((x.0, both(x.1, y.1)));
                (i, j) = (i + 1, j + 1);
            }
            (Some(x), y) if y.is_none_or(|y| x.0 < y.0) => {
                result.push(*x);
                i += 1;
            }
            (_, Some(y)) => {
                result.push(*y);
                j += 1;
            }
            _ => break,
        }
    }
    result
}

fn power(a: &Fraction, e: f64) -> Fraction {
    Fraction { top: a.top * e, units: a.units.iter().map(|&(id, x)| (id, x * e)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn degree(s: &Store, t: Term) -> f64 {
        common(s, &[t]).degree
    }

    #[test]
    fn equal_denominators_are_not_added_up() {
        let mut s = Store::new();
        let (_, x) = s.symbol("x", &[]);
        let (_, y) = s.symbol("y", &[]);
        let inverse = s.power(x, &Rational::NEG_ONE);
        let other = s.power(y, &Rational::NEG_ONE);
        assert_eq!(degree(&s, inverse), DRAWN);
        // 1/x + y/x + 1/y = (y + y² + x) / (x y)
        let first = s.mul(y, inverse);
        let all = s.add(first, inverse);
        let all = s.add(all, other);
        assert_eq!(degree(&s, all), 2.0 * DRAWN);
        let mut deep = inverse;
        for _ in 0..20 {
            let t = s.mul(deep, y);
            deep = s.add(deep, t);
        }
        assert_eq!(degree(&s, deep), 20.0 * DRAWN, "(1 + y)^20 / x");
    }

    #[test]
    fn signs_are_no_fractions() {
        let mut s = Store::new();
        let (_, x) = s.symbol("x", &[8]);
        let (_, y) = s.symbol("y", &[8]);
        let sign = s.map(Fun::Sign, x);
        let sum = s.dot(sign, y);
        assert_eq!(degree(&s, sum), 16.0 + DRAWN);
        let root = s.power(y, &crate::term::half());
        let both = s.mul(sign, root);
        assert!(degree(&s, both) > 8.0 * 144.0, "a root may choose a sign");
    }

    #[test]
    fn entries_have_units_of_their_own() {
        let mut s = Store::new();
        let (_, x) = s.symbol("x", &[3]);
        let inverse = s.power(x, &Rational::NEG_ONE);
        let total = s.total(inverse);
        // (x1 x2 + x0 x2 + x0 x1) / (x0 x1 x2)
        assert_eq!(degree(&s, total), 3.0 * DRAWN);
        let (_, m) = s.symbol("m", &[3, 3]);
        let inverse = s.inverse(m);
        assert_eq!(degree(&s, inverse), 3.0 * DRAWN);
        let twice = s.matmul(inverse, inverse);
        assert_eq!(degree(&s, twice), 6.0 * DRAWN);
    }
}
