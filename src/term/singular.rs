//! Where an operation is not analytic in what it reads: the one table of it, exhaustive over nodes.

use super::store::{Node, Store, Term};
use crate::domain::{Fun, Rational};

/// What happens where something that is read vanishes or, of a matrix, has a lower rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Singularity {
    /// A sign jumps.
    Jump,
    /// A pseudo-inverse or a polar factor jumps where the rank of its matrix is lower.
    Rank,
    /// The polar factor of one row, which divides by its length, and is zero where the row is.
    Length,
    /// A quotient, a logarithm, an inverse or a power of a matrix has no value.
    Pole,
    /// A root has no derivative.
    Root,
}

/// An operation that is not analytic everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Singular {
    /// What it reads.
    pub read: Term,
    /// What happens.
    pub at: Singularity,
    /// Whether it reads a matrix as a whole, and not entry by entry.
    pub matrix: bool,
}

impl Store {
    /// What an operation reads, if it is not analytic everywhere in that; `None` if it is.
    pub fn singular(&self, t: Term) -> Option<Singular> {
        let entries = |read, at| Some(Singular { read, at, matrix: false });
        let matrix = |read, at| Some(Singular { read, at, matrix: true });
        match *self.node(t) {
            Node::Map(Fun::Sign, x) => entries(x, Singularity::Jump),
            Node::Map(Fun::Log, x) => entries(x, Singularity::Pole),
            Node::Power(x, _) if self.is_inverse_length(t) => entries(x, Singularity::Length),
            Node::Power(x, ref q) if *q < Rational::ZERO => entries(x, Singularity::Pole),
            Node::Power(x, ref q) if !q.is_int() => entries(x, Singularity::Root),
            Node::PseudoInverse(x) | Node::Polar(x) => matrix(x, Singularity::Rank),
            Node::Inverse(x) | Node::PowerSpd(x, _) | Node::Eigenvectors(x) => matrix(x, Singularity::Pole),
            Node::Map(
                Fun::Exp
                | Fun::Softplus
                | Fun::Sigmoid
                | Fun::Tanh
                | Fun::Sin
                | Fun::Cos
                | Fun::Erf
                | Fun::Gauss
                | Fun::Atan,
                _,
            )
            | Node::Power(..)
            | Node::Fill(_)
            | Node::Literal(_)
            | Node::Symbol(_)
            | Node::Sum(_)
            | Node::Product { .. }
            | Node::Gather(..)
            | Node::Join(_)
            | Node::Determinant(_) => None,
        }
    }
}
