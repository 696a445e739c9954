//! Inverses, pseudo-inverses, determinants and matrix functions.

use super::store::{Node, Shape, Store, Term};
use crate::domain::Rational;

impl Store {
    /// The inverse of a square matrix.
    pub fn inverse(&mut self, a: Term) -> Term {
        if self.identities.contains(&a) {
            return a;
        }
        let shape = self.shape(a).clone();
        debug_assert_eq!(shape[0], shape[1]);
        if shape[0] == 1 {
            return self.power(a, &Rational::NEG_ONE);
        }
        let (c, rest) = self.split_coefficient(a);
        if !c.is_one() {
            let inner = self.inverse(rest);
            return self.scale(Rational::ONE / c, inner);
        }
        match self.node(a) {
            Node::Inverse(b) => *b,
            _ => self.intern(Node::Inverse(a), shape),
        }
    }

    /// The Moore–Penrose inverse of a matrix.
    pub fn pseudo_inverse(&mut self, a: Term) -> Term {
        let shape = self.shape(a).clone();
        let transposed: Shape = shape.iter().rev().copied().collect();
        if self.identities.contains(&a) {
            return a;
        }
        if self.is_zero(a) {
            return self.zero(&transposed);
        }
        let (c, rest) = self.split_coefficient(a);
        if !c.is_one() {
            let inner = self.pseudo_inverse(rest);
            return self.scale(Rational::ONE / c, inner);
        }
        self.intern(Node::PseudoInverse(a), transposed)
    }

    /// The determinant of a square matrix.
    pub fn determinant(&mut self, a: Term) -> Term {
        match self.shape(a)[0] {
            0 => return self.num(1),
            1 => return self.reshape(a, &[]),
            _ if self.identities.contains(&a) => return self.num(1),
            _ => {}
        }
        self.intern(Node::Determinant(a), Shape::new())
    }

    /// `U Vᵀ` of the compact singular value decomposition of a matrix.
    pub fn polar(&mut self, a: Term) -> Term {
        let shape = self.shape(a).clone();
        self.intern(Node::Polar(a), shape)
    }

    /// The polar factor of a vector or of a matrix with one row or column of a given length: the same divided by its length,
    /// and zero where that is zero.
    pub fn polar_of_row(&mut self, a: Term, length: Term) -> Term {
        let inverse = self.power(length, &Rational::NEG_ONE);
        let before = self.reachable(&[a]);
        let new = |t: &Term| before.binary_search(t).is_err();
        // `1 / |k|` is `sign(k) / k`.
        let powers = self
            .reachable(&[inverse])
            .into_iter()
            .filter(|t| matches!(self.node(*t), Node::Power(_, q) if *q < Rational::ZERO) && new(t));
        let powers: Vec<Term> = powers.collect();
        self.inverse_lengths.extend(powers);
        self.scalar_mul(inverse, a)
    }

    /// Whether a term is the inverse length in a polar factor of one row.
    pub fn is_inverse_length(&self, t: Term) -> bool {
        self.inverse_lengths.contains(&t)
    }

    /// The power `A^q` of a symmetric positive definite matrix.
    pub fn power_spd(&mut self, a: Term, q: &Rational) -> Term {
        let shape = self.shape(a).clone();
        if q.is_zero() {
            return self.eye(shape[0]);
        }
        if q.is_one() || self.identities.contains(&a) {
            return a;
        }
        if shape[0] == 1 {
            return self.power(a, q);
        }
        if *q == Rational::NEG_ONE {
            return self.inverse(a);
        }
        self.intern(Node::PowerSpd(a, q.clone()), shape)
    }
}
