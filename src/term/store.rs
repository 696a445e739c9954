//! Nodes, shapes and the store that owns them.

use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashSet};
use smallvec::SmallVec;

use crate::core::prim::Plane;
use crate::domain::{Fun, Rational};

/// A term of a [`Store`]. Equal ids mean equal normal forms; operands always have smaller ids than what is built of
/// them, so the order of ids is a topological order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term(pub(super) u32);

/// A symbol of a [`Store`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolId(pub(super) u32);

/// The extents of a tensor: empty for a scalar, one for a vector, two for a matrix (rows first).
pub type Shape = SmallVec<[usize; 4]>;

/// Axis labels of a contraction.
pub type Labels = SmallVec<[u8; 6]>;

/// A free variable of terms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Symbol {
    /// The name it is shown under. Names need not be unique; ids are.
    pub name: String,
    /// The extents of its value.
    pub shape: Shape,
}

/// One operation. See the smart constructors of [`Store`] for the invariants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Node {
    /// The same rational in every entry.
    Fill(Rational),
    /// A constant array, row major.
    Literal(Arc<[Rational]>),
    /// A free variable.
    Symbol(SymbolId),
    /// A linear combination of terms of one shape: sorted by id, no zero coefficient, no nested sum.
    Sum(Arc<[(Rational, Term)]>),
    /// `out[…] = Σ a[la] · b[lb]`, the sum over the labels that are not in `out`. No label occurs twice in one operand.
    Product {
        /// Left operand.
        a: Term,
        /// Right operand.
        b: Term,
        /// Labels of the axes of `a`.
        la: Labels,
        /// Labels of the axes of `b`.
        lb: Labels,
        /// Labels of the result.
        out: Labels,
    },
    /// An entrywise function.
    Map(Fun, Term),
    /// An entrywise rational power; the exponent is not 0 or 1.
    Power(Term, Rational),
    /// `out[i] = src[map[i]]` on row-major positions, 0 where the map says [`super::NONE`].
    Gather(Term, Arc<[u32]>),
    /// The entries of all operands one after the other, as a vector.
    Join(Arc<[Term]>),
    /// The inverse of a square matrix.
    Inverse(Term),
    /// The Moore–Penrose inverse of a matrix.
    PseudoInverse(Term),
    /// The determinant of a square matrix, a scalar.
    Determinant(Term),
    /// `U Vᵀ` of the compact singular value decomposition of a matrix.
    Polar(Term),
    /// A rational power of a symmetric positive definite matrix.
    PowerSpd(Term, Rational),
    /// Unit eigenvectors of a symmetric matrix with a simple spectrum as columns, by falling eigenvalue, each with any sign.
    Eigenvectors(Term),
}

impl Node {
    /// The operands, in order.
    pub fn operands(&self) -> SmallVec<[Term; 2]> {
        match self {
            Node::Fill(_) | Node::Literal(_) | Node::Symbol(_) => SmallVec::new(),
            Node::Sum(parts) => parts.iter().map(|(_, t)| *t).collect(),
            Node::Product { a, b, .. } => SmallVec::from_slice(&[*a, *b]),
            Node::Join(parts) => parts.iter().copied().collect(),
            Node::Map(_, t)
            | Node::Power(t, _)
            | Node::Gather(t, _)
            | Node::Inverse(t)
            | Node::PseudoInverse(t)
            | Node::Determinant(t)
            | Node::Polar(t)
            | Node::PowerSpd(t, _)
            | Node::Eigenvectors(t) => SmallVec::from_slice(&[*t]),
        }
    }
}

impl Node {
    /// What an operation is that is more than a rational one; `None` if it is rational, on each rank of its operand.
    pub fn plane(&self) -> Option<Plane> {
        match self {
            Node::Map(f, _) => Some(f.plane()),
            Node::Power(_, q) => (!q.is_int()).then_some(Plane::Branched),
            Node::Polar(_) | Node::PowerSpd(..) | Node::Eigenvectors(_) => Some(Plane::Branched),
            Node::Fill(_)
            | Node::Literal(_)
            | Node::Symbol(_)
            | Node::Sum(_)
            | Node::Product { .. }
            | Node::Gather(..)
            | Node::Join(_)
            | Node::Inverse(_)
            | Node::PseudoInverse(_)
            | Node::Determinant(_) => None,
        }
    }

    /// Whether it is more than a rational operation and more than a sign: a function, a root.
    pub fn is_atomic(&self) -> bool {
        matches!(self.plane(), Some(Plane::Meromorphic | Plane::Branched))
    }
}

/// Owns terms and symbols; each distinct normal form exists once.
#[derive(Debug, Clone, Default)]
pub struct Store {
    nodes: IndexSet<(Node, Shape), FxBuildHasher>,
    symbols: Vec<Symbol>,
    pub(super) identities: FxHashSet<Term>,
    pub(super) positives: FxHashSet<Term>,
    pub(super) pi: Option<Term>,
    /// Inverse lengths that were written as the polar factor of one row: where the row is zero, so is the factor.
    pub(super) inverse_lengths: FxHashSet<Term>,
}

impl Store {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A new symbol, distinct from all others, and the term that is its value.
    pub fn symbol(&mut self, name: impl Into<String>, shape: &[usize]) -> (SymbolId, Term) {
        let id = SymbolId(self.symbols.len() as u32);
        self.symbols.push(Symbol { name: name.into(), shape: Shape::from_slice(shape) });
        let term = self.intern(Node::Symbol(id), Shape::from_slice(shape));
        (id, term)
    }

    /// The term of an existing symbol.
    pub fn symbol_term(&mut self, id: SymbolId) -> Term {
        let shape = self.symbols[id.0 as usize].shape.clone();
        self.intern(Node::Symbol(id), shape)
    }

    /// What is known of a symbol.
    pub fn symbol_info(&self, id: SymbolId) -> &Symbol {
        &self.symbols[id.0 as usize]
    }

    /// The operation at the root of a term.
    pub fn node(&self, t: Term) -> &Node {
        &self.nodes[t.0 as usize].0
    }

    /// The extents of a term's value.
    pub fn shape(&self, t: Term) -> &Shape {
        &self.nodes[t.0 as usize].1
    }

    /// The number of entries of a term's value.
    pub fn size(&self, t: Term) -> usize {
        self.shape(t).iter().product()
    }

    /// The number of distinct terms built so far.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was built yet.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The first `n` terms that were built, in order.
    pub fn terms(&self, n: usize) -> impl Iterator<Item = Term> {
        (0u32..).map(Term).take(n.min(self.nodes.len()))
    }

    /// All terms that the roots are built of, the roots included, operands first.
    pub fn reachable(&self, roots: &[Term]) -> Vec<Term> {
        let Some(top) = roots.iter().max() else {
            return Vec::new();
        };
        let mut seen = vec![false; top.0 as usize + 1];
        let mut stack: Vec<Term> = roots.to_vec();
        while let Some(t) = stack.pop() {
            if !std::mem::replace(&mut seen[t.0 as usize], true) {
                stack.extend(self.node(t).operands().iter().filter(|o| !seen[o.0 as usize]));
            }
        }
        (0u32..).zip(seen).filter(|(_, s)| *s).map(|(i, _)| Term(i)).collect()
    }

    /// The symbols that occur in the roots, in order of creation.
    pub fn free_symbols(&self, roots: &[Term]) -> Vec<SymbolId> {
        let mut found: Vec<SymbolId> = self
            .reachable(roots)
            .into_iter()
            .filter_map(|t| match self.node(t) {
                Node::Symbol(s) => Some(*s),
                _ => None,
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// Whether a term is built of at most `limit` nodes, none of them a symbol.
    pub fn is_small_constant(&self, t: Term, limit: usize) -> bool {
        let mut seen: FxHashSet<Term> = FxHashSet::default();
        let mut stack = vec![t];
        while let Some(t) = stack.pop() {
            if !seen.insert(t) {
                continue;
            }
            if seen.len() > limit || matches!(self.node(t), Node::Symbol(_)) {
                return false;
            }
            stack.extend(self.node(t).operands());
        }
        true
    }

    /// Whether a node that the predicate accepts occurs in the roots.
    pub fn any_node(&self, roots: &[Term], mut accept: impl FnMut(&Node) -> bool) -> bool {
        self.reachable(roots).into_iter().any(|t| accept(self.node(t)))
    }

    /// The signs that occur in the roots, in the order in which they are evaluated.
    pub fn signs(&self, roots: &[Term]) -> Vec<Term> {
        let sign = |t: &Term| matches!(self.node(*t), Node::Map(Fun::Sign, _));
        self.reachable(roots).into_iter().filter(sign).collect()
    }

    pub(super) fn intern(&mut self, node: Node, shape: Shape) -> Term {
        let (index, _) = self.nodes.insert_full((node, shape));
        Term(u32::try_from(index).unwrap_or(u32::MAX))
    }
}
