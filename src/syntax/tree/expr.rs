//! Expressions, with the place of every part.

use dashu_ratio::RBig;

use super::{Comparison, Ident};
use crate::source::Span;

/// An expression and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expressions. Parentheses leave no trace but widen the span.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number, as an exact rational.
    Number(RBig),
    /// `x`.
    Name(String),
    /// `x'`: the new value of `x` (the string is `x`).
    Primed(String),
    /// `-e`.
    Neg(Box<Expr>),
    /// `a + b` and its kin.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a ^ b`.
    Power(Box<Expr>, Box<Expr>),
    /// `e^T`.
    Transpose(Box<Expr>),
    /// `e^-1`.
    Inverse(Box<Expr>),
    /// `f(args)`; what is called is always a name.
    Call(Ident, Vec<Expr>),
    /// `if a < b then x else y`.
    If(Box<Conditional>),
    /// `sum(i in 0..n: e)`, `prod(…)`, `max(…)` and `min(…)`.
    Reduce(Reduction, Vec<Binder>, Box<Expr>),
    /// `e[…]`.
    Index(Box<Expr>, Vec<Subscript>),
    /// `[a, b, …]`; a matrix is a list of lists.
    List(Vec<Expr>),
    /// `[i in 0..n: e]`.
    Comprehension(Vec<Binder>, Box<Expr>),
}

/// `if left < right then … else …`, with any comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditional {
    /// The sign between the sides of the condition.
    pub comparison: Comparison,
    /// The left side of the condition.
    pub left: Expr,
    /// The right side of the condition.
    pub right: Expr,
    /// The value where the condition holds.
    pub then: Expr,
    /// The value elsewhere.
    pub otherwise: Expr,
}

impl Conditional {
    /// The expressions in the order in which they are written.
    pub fn parts(&self) -> [&Expr; 4] {
        [&self.left, &self.right, &self.then, &self.otherwise]
    }

    /// As [`Conditional::parts`], to be changed.
    pub fn parts_mut(&mut self) -> [&mut Expr; 4] {
        [&mut self.left, &mut self.right, &mut self.then, &mut self.otherwise]
    }
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `.*`
    EntryMul,
    /// `./`
    EntryDiv,
}

/// An indexed reduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// `sum`
    Sum,
    /// `prod`
    Prod,
    /// `max`
    Max,
    /// `min`
    Min,
}

/// `i in lo..hi` or `i in lo..=hi`.
#[derive(Debug, Clone, PartialEq)]
pub struct Binder {
    /// The index variable.
    pub name: Ident,
    /// First value.
    pub lo: Expr,
    /// Bound.
    pub hi: Expr,
    /// Whether the bound is included (`..=`).
    pub inclusive: bool,
    /// The whole binder.
    pub span: Span,
}

/// One subscript in `e[…]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Subscript {
    /// An index, or the block variable in `m[W]`.
    At(Expr),
    /// `a..b`, `a..`, `..b`, `a..=b`.
    Slice {
        /// Lower end, 0 if absent.
        lo: Option<Expr>,
        /// Upper end, the size if absent.
        hi: Option<Expr>,
        /// Whether the upper end is included.
        inclusive: bool,
    },
    /// `:`.
    All,
}
