//! Forward derivatives as terms.
//!
//! The tangent of a term along seeds is again a term. With extra axes on the seeds one pass gives a whole Jacobian, as
//! in the tensor calculus of Laue, Mitterreiter and Giesen, *Computing Higher Order Derivatives of Matrix and Tensor
//! Expressions* (NeurIPS 2018). Gradients of scalars are in [`super::reverse`].

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::build::NONE;
use super::store::{Labels, Node, Shape, Store, SymbolId, Term};
use crate::core::formula::Formula;
use crate::domain::{Fun, Rational};

/// Entries that a derivative, or a tensor on the way to it, may have.
const MAX_ENTRIES: usize = 1 << 24;

/// Why a term has no derivative that can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDifferentiable {
    /// The linear system for the derivative of a function of a matrix is too large.
    #[error("the derivative of `{primitive}` would be a system of {unknowns} unknowns, more than the limit of {limit}")]
    System {
        /// The function's name in the language.
        primitive: &'static str,
        /// How many.
        unknowns: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A power of a matrix has an exponent that is not simple enough.
    #[error("the derivative of `powm` takes exponents p/q with p and q up to {limit} in size")]
    Exponent {
        /// How large both may be.
        limit: i32,
    },
    /// It has too many entries.
    #[error("a derivative would have {entries} entries, more than the limit of {MAX_ENTRIES}")]
    TooLarge {
        /// How many.
        entries: usize,
    },
}

/// An error if a tensor of so many entries is not to be built.
fn affordable(entries: usize) -> Result<(), NotDifferentiable> {
    if entries > MAX_ENTRIES { Err(NotDifferentiable::TooLarge { entries }) } else { Ok(()) }
}

/// Directions of differentiation: for each symbol a term of the symbol's shape followed by `extra` axes.
#[derive(Debug, Clone, Default)]
pub struct Seeds {
    /// The directions.
    pub directions: FxHashMap<SymbolId, Term>,
    /// The extents of the extra axes: empty for one direction, `[n]` for a Jacobian.
    pub extra: Shape,
}

impl Seeds {
    /// One direction for each symbol.
    pub fn along(directions: impl IntoIterator<Item = (SymbolId, Term)>) -> Self {
        Seeds { directions: directions.into_iter().collect(), extra: Shape::new() }
    }
}

impl Store {
    /// The derivative of `f` in the direction of the seeds: a term of the shape of `f` followed by the extra axes.
    ///
    /// # Errors
    /// If the derivative would be too large.
    pub fn tangent(&mut self, f: Term, seeds: &Seeds) -> Result<Term, NotDifferentiable> {
        let mut memo: FxHashMap<Term, Term> = FxHashMap::default();
        for t in self.reachable(&[f]) {
            if let Some(d) = self.tangent_of_node(t, seeds, &memo)? {
                memo.insert(t, d);
            }
        }
        if let Some(&d) = memo.get(&f) {
            return Ok(d);
        }
        let mut shape = self.shape(f).clone();
        shape.extend_from_slice(&seeds.extra);
        Ok(self.zero(&shape))
    }

    /// The Jacobian `∂f/∂x`: the shape of `f` followed by the shape of `x`.
    ///
    /// # Errors
    /// As [`Store::tangent`].
    pub fn jacobian(&mut self, f: Term, x: SymbolId) -> Result<Term, NotDifferentiable> {
        let extra = self.symbol_info(x).shape.clone();
        let n: usize = extra.iter().product();
        affordable(n.max(self.size(f)).saturating_mul(n))?;
        let eye = self.eye(n);
        let both: Shape = extra.iter().chain(&extra).copied().collect();
        let seed = self.reshape(eye, &both);
        self.tangent(f, &Seeds { directions: [(x, seed)].into_iter().collect(), extra })
    }

    /// The tangent of one node; `None` where it is identically zero.
    fn tangent_of_node(
        &mut self,
        t: Term,
        seeds: &Seeds,
        memo: &FxHashMap<Term, Term>,
    ) -> Result<Option<Term>, NotDifferentiable> {
        let shape = self.shape(t).clone();
        let rank = shape.len() as u8;
        let own: Labels = (0..rank).collect();
        let extra: Labels = (100..100 + seeds.extra.len() as u8).collect();
        let all: Labels = own.iter().chain(&extra).copied().collect();
        let mut full = shape.clone();
        full.extend_from_slice(&seeds.extra);
        if self.node(t).operands().iter().any(|x| memo.contains_key(x)) {
            affordable(full.iter().fold(1usize, |n, k| n.saturating_mul(*k)))?;
        }
        Ok(match self.node(t).clone() {
            Node::Fill(_) | Node::Literal(_) => None,
            Node::Symbol(s) => seeds.directions.get(&s).copied(),
            Node::Sum(parts) => {
                let moving: Vec<_> = parts.iter().filter_map(|(c, p)| memo.get(p).map(|&d| (c.clone(), d))).collect();
                (!moving.is_empty()).then(|| self.sum(moving, &full))
            }
            Node::Product { a, b, la, lb, out } => {
                let with = |l: &Labels| -> Labels { l.iter().chain(&extra).copied().collect() };
                let mut parts = SmallVec::<[Term; 2]>::new();
                if let Some(&da) = memo.get(&a) {
                    parts.push(self.product(da, &with(&la), b, &lb, &with(&out)));
                }
                if let Some(&db) = memo.get(&b) {
                    parts.push(self.product(a, &la, db, &with(&lb), &with(&out)));
                }
                match parts[..] {
                    [] => None,
                    [p] => Some(p),
                    [p, q, ..] => Some(self.add(p, q)),
                }
            }
            Node::Map(f, x) => match memo.get(&x) {
                Some(&dx) if f != Fun::Sign => {
                    let slope = self.slope(f, x);
                    Some(self.product(slope, &own, dx, &all, &all))
                }
                _ => None,
            },
            Node::Power(x, q) => memo.get(&x).copied().map(|dx| {
                let slope = self.power_slope(x, &q);
                self.product(slope, &own, dx, &all, &all)
            }),
            Node::Gather(x, map) => memo.get(&x).copied().map(|dx| {
                let k: usize = seeds.extra.iter().product();
                let mut moved = Vec::with_capacity(map.len() * k);
                for &m in map.iter() {
                    for e in 0..k as u32 {
                        moved.push(if m == NONE { NONE } else { m * k as u32 + e });
                    }
                }
                self.gather(dx, moved, &full)
            }),
            Node::Join(parts) => {
                if !parts.iter().any(|p| memo.contains_key(p)) {
                    return Ok(None);
                }
                let mut pieces = Vec::with_capacity(parts.len());
                for &p in parts.iter() {
                    let mut s = self.shape(p).clone();
                    s.extend_from_slice(&seeds.extra);
                    pieces.push(memo.get(&p).copied().unwrap_or_else(|| self.zero(&s)));
                }
                let joined = self.join(&pieces);
                Some(self.reshape(joined, &full))
            }
            Node::Inverse(x) => memo.get(&x).copied().map(|dx| {
                let with = |l: &[u8]| -> Labels { l.iter().chain(&extra).copied().collect() };
                let left = self.product(t, &[0, 1], dx, &with(&[1, 2]), &with(&[0, 2]));
                let both = self.product(left, &with(&[0, 2]), t, &[2, 3], &with(&[0, 3]));
                self.neg(both)
            }),
            Node::PseudoInverse(x) => memo.get(&x).copied().map(|dx| self.pseudo_inverse_tangent(t, x, dx, &extra)),
            Node::Determinant(x) => memo.get(&x).copied().map(|dx| {
                let inverse = self.inverse(x);
                let with: Labels = [0u8, 1].iter().chain(&extra).copied().collect();
                let trace = self.product(inverse, &[1, 0], dx, &with, &extra);
                self.product(t, &[], trace, &extra, &extra)
            }),
            Node::Polar(x) => match memo.get(&x) {
                Some(&dx) => Some(self.polar_tangent(t, x, dx, &extra)?),
                None => None,
            },
            Node::PowerSpd(x, q) => match memo.get(&x) {
                Some(&dx) => Some(self.power_spd_tangent((t, x, &q), dx, &extra)?),
                None => None,
            },
            Node::Eigenvectors(x) => memo.get(&x).copied().map(|dx| self.eigenvectors_tangent(t, x, dx, &extra)),
        })
    }

    /// The derivative of a pseudo-inverse at constant rank (Golub and Pereyra, 1973):
    /// `dP = -P dA P + P Pᵀ dAᵀ (1 - A P) + (1 - P A) dAᵀ Pᵀ P`.
    fn pseudo_inverse_tangent(&mut self, p: Term, a: Term, da: Term, extra: &[u8]) -> Term {
        let with = |l: &[u8]| -> Labels { l.iter().chain(extra).copied().collect() };
        let sandwich = |s: &mut Store, l: Term, middle: &[u8], r: Term| {
            let left = s.product(l, &[0, 1], da, &with(middle), &with(&[0, 2]));
            s.product(left, &with(&[0, 2]), r, &[2, 3], &with(&[0, 3]))
        };
        let pt = self.transpose(p);
        let ppt = self.matmul(p, pt);
        let ptp = self.matmul(pt, p);
        let off_range = self.complement(a, p);
        let off_support = self.complement(p, a);
        let first = sandwich(self, p, &[1, 2], p);
        let second = sandwich(self, ppt, &[2, 1], off_range);
        let third = sandwich(self, off_support, &[2, 1], ptp);
        let shape = self.shape(first).clone();
        let one = Rational::ONE;
        self.sum(vec![(Rational::NEG_ONE, first), (one.clone(), second), (one, third)], &shape)
    }

    /// `1 - a·b`
    pub(super) fn complement(&mut self, a: Term, b: Term) -> Term {
        let ab = self.matmul(a, b);
        let n = self.shape(ab)[0];
        let eye = self.eye(n);
        self.sub(eye, ab)
    }

    /// `f'(x)` entry by entry, where it exists.
    pub(super) fn slope(&mut self, f: Fun, x: Term) -> Term {
        let value = self.map(f, x);
        self.formula(f.derivative(), x, value)
    }

    /// A formula of the table at terms of one shape.
    fn formula(&mut self, formula: &Formula, x: Term, y: Term) -> Term {
        match formula {
            Formula::X => x,
            Formula::Y => y,
            Formula::Number(n) => {
                let shape = self.shape(x).clone();
                self.fill(Rational::from(*n), &shape)
            }
            Formula::Neg(a) => {
                let a = self.formula(a, x, y);
                self.neg(a)
            }
            Formula::Sum(a, b) => {
                let (a, b) = (self.formula(a, x, y), self.formula(b, x, y));
                self.add(a, b)
            }
            Formula::Product(a, b) => {
                let (a, b) = (self.formula(a, x, y), self.formula(b, x, y));
                self.mul(a, b)
            }
            Formula::Reciprocal(a) => {
                let a = self.formula(a, x, y);
                self.power(a, &Rational::NEG_ONE)
            }
            Formula::Of(g) => self.map(*g, x),
        }
    }

    /// `q x^(q-1)` entry by entry.
    pub(super) fn power_slope(&mut self, x: Term, q: &Rational) -> Term {
        let lower = self.power(x, &(q - Rational::ONE));
        self.scale(q.clone(), lower)
    }
}
