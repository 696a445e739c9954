//! Whether two bodies are the same function, for every architecture.
//!
//! Expressions are brought to a normal form: linear combinations of atoms with rational coefficients, where atoms are
//! operations on normal forms, commutative ones with their operands in order. Equal normal forms mean equal values
//! wherever both have one; different ones mean nothing. A hyperparameter without a value is a variable of the optimizer
//! that declares it: those of two optimizers are two variables, whatever their names.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::body::{Body, Given, Id, Kind, Op};
use crate::domain::Rational;

/// A combination of atoms, by their numbers; none with coefficient zero.
type Combination = BTreeMap<usize, Rational>;

/// Sums of more terms than this are not multiplied out.
const MAX_TERMS: usize = 64;
/// Bodies are followed to this depth.
const MAX_DEPTH: usize = 256;

/// Whether two bodies, with states in the same order, have the same components; `one` tells whether they are of one
/// declaration, whose hyperparameters are the same.
pub fn same(a: &Body, b: &Body, one: bool) -> bool {
    if a.step != b.step || a.components.len() != b.components.len() {
        return false;
    }
    let mut atoms = Atoms::default();
    a.components.iter().zip(&b.components).all(|(&x, &y)| {
        atoms.other = false;
        let left = atoms.read(a, x, 0);
        atoms.other = !one;
        let right = atoms.read(b, y, 0);
        left.is_some() && left == right
    })
}

/// The atoms met so far.
#[derive(Default)]
struct Atoms {
    table: FxHashMap<(Op, Vec<Combination>), usize>,
    /// Whether the body that is read has hyperparameters of its own.
    other: bool,
}

impl Atoms {
    fn atom(&mut self, op: Op, operands: Vec<Combination>) -> Combination {
        let next = self.table.len();
        let number = *self.table.entry((op, operands)).or_insert(next);
        [(number, Rational::ONE)].into_iter().collect()
    }

    /// The number one.
    fn one(&mut self) -> Combination {
        self.atom(Op::Const(Rational::ONE), Vec::new())
    }

    /// The value of a combination that is a number other than zero.
    fn constant(&mut self, a: &Combination) -> Option<Rational> {
        let one = *self.one().keys().next()?;
        a.get(&one).filter(|_| a.len() == 1).cloned()
    }

    /// The normal form of a node; `None` where it holds something that types know nothing of.
    fn read(&mut self, body: &Body, id: Id, depth: usize) -> Option<Combination> {
        if depth > MAX_DEPTH {
            return None;
        }
        let node = body.node(id);
        match &node.op {
            Op::Opaque(_) => return None,
            Op::Primed(i) => return self.read(body, *body.news.get(*i)?, depth + 1),
            Op::Const(q) => return Some(scaled(self.one(), q)),
            Op::Zero => return Some(Combination::new()),
            Op::Given(Given::Hyperparameter(name)) if self.other => {
                return Some(self.atom(Op::Given(Given::OfTheOther(name.clone())), Vec::new()));
            }
            Op::Fixed(Given::Hyperparameter(name)) if self.other => {
                return Some(self.atom(Op::Fixed(Given::OfTheOther(name.clone())), Vec::new()));
            }
            _ => {}
        }
        let mut operands = Vec::with_capacity(node.args.len());
        for &a in &node.args {
            operands.push(self.read(body, a, depth + 1)?);
        }
        let minus = Rational::NEG_ONE;
        Some(match (node.op.clone(), &mut operands[..]) {
            (Op::Add, [a, b]) => sum(std::mem::take(a), b, &Rational::ONE),
            (Op::Sub, [a, b]) => sum(std::mem::take(a), b, &minus),
            (Op::Neg, [a]) => scaled(std::mem::take(a), &minus),
            (Op::Scale, [s, t]) => self.product(&Op::Scale, s, t)?,
            (Op::Over, [t, s]) => match self.constant(s) {
                Some(q) => scaled(std::mem::take(t), &(Rational::ONE / q)),
                None => {
                    let inverse = self.atom(Op::Power(minus), vec![std::mem::take(s)]);
                    self.product(&Op::Scale, &inverse, t)?
                }
            },
            (Op::EntryMul, [a, b]) => self.product(&Op::EntryMul, a, b)?,
            (Op::EntryDiv, [a, b]) => {
                let inverse = self.atom(Op::Power(minus), vec![std::mem::take(b)]);
                self.product(&Op::EntryMul, a, &inverse)?
            }
            (Op::Gradient, _) => self.atom(Op::Differential, operands),
            (Op::NaturalGradient, _) => {
                let d = self.atom(Op::Differential, operands);
                let metric = self.atom(Op::Metric, Vec::new());
                self.atom(Op::Raise, vec![metric, d])
            }
            (op @ (Op::Dot | Op::Max | Op::Min), _) => {
                operands.sort();
                self.atom(op, operands)
            }
            (op, _) => {
                // A tensor of one number differs from that number, and from one of another kind.
                let kind = matches!(op, Op::Spread | Op::Eye).then(|| Op::Given(Given::Space(space(node.kind))));
                if let Some(kind) = kind {
                    let kind = self.atom(kind, Vec::new());
                    operands.push(kind);
                }
                self.atom(op, operands)
            }
        })
    }

    /// A product of two combinations, multiplied out; constants are taken out of it.
    fn product(&mut self, op: &Op, a: &Combination, b: &Combination) -> Option<Combination> {
        if a.len() * b.len() > MAX_TERMS {
            return None;
        }
        let one = *self.one().keys().next()?;
        let mut out = Combination::new();
        for (x, p) in a {
            for (y, q) in b {
                let c = p * q;
                let single = |k: usize| -> Combination { [(k, Rational::ONE)].into_iter().collect() };
                let term = match (*x == one && *op == Op::Scale, *y == one && *op == Op::Scale) {
                    (true, _) => single(*y),
                    (_, true) => single(*x),
                    _ => {
                        let mut pair = vec![single(*x), single(*y)];
                        pair.sort();
                        self.atom(op.clone(), pair)
                    }
                };
                out = sum(out, &term, &c);
            }
        }
        Some(out)
    }
}

/// One kind for all whose tensors of one number are alike.
fn space(kind: Kind) -> Kind {
    match kind {
        Kind::Scalar | Kind::Vector | Kind::Matrix | Kind::Fixed | Kind::Numbers => kind,
        Kind::Block | Kind::BlockTransposed => Kind::Block,
        Kind::Side(_) | Kind::Sides(_) => Kind::Side(true),
        Kind::SideVector(_) => Kind::SideVector(true),
    }
}

fn scaled(mut a: Combination, q: &Rational) -> Combination {
    if q.is_zero() {
        return Combination::new();
    }
    a.values_mut().for_each(|c| *c *= q);
    a
}

fn sum(mut a: Combination, b: &Combination, q: &Rational) -> Combination {
    for (k, c) in b {
        *a.entry(*k).or_insert(Rational::ZERO) += c * q;
    }
    a.retain(|_, c| !c.is_zero());
    a
}
