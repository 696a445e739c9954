//! Inverses, pseudo-inverses, determinants and matrix functions.

use super::store::{Node, Shape, Store, Term};
use crate::domain::{Fun, Rational};

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

    /// The factor `Q` of `A = Q R`, where `R` is upper triangular with a positive diagonal: Gram and Schmidt's orthonormal columns,
    /// in the order of operations that keeps them orthogonal in floating point (Golub and Van Loan, *Matrix Computations*,
    /// section 5.2.8). It has no value where columns depend on each other.
    pub fn orthonormal_columns(&mut self, a: Term) -> Term {
        let shape = self.shape(a).clone();
        let (rows, columns) = (shape[0], shape[1]);
        let column = |store: &mut Store, j: usize| {
            store.gather(a, (0..rows).map(|i| (i * columns + j) as u32).collect(), &[rows])
        };
        let mut left: Vec<Term> = (0..columns).map(|j| column(self, j)).collect();
        let mut done: Vec<Term> = Vec::with_capacity(columns);
        for j in 0..columns {
            let square = self.dot(left[j], left[j]);
            let inverse = self.power(square, &Rational::from_parts((-1).into(), 2u8.into()));
            let q = self.scalar_mul(inverse, left[j]);
            for rest in &mut left[j + 1..] {
                let part = self.dot(q, *rest);
                let part = self.scalar_mul(part, q);
                *rest = self.sub(*rest, part);
            }
            done.push(q);
        }
        if columns > 1 {
            // Read by no side: that it has no value tells, in numbers without roots, that columns depend on each other.
            let transposed = self.transpose(a);
            let gram = self.matmul(transposed, a);
            self.inverse(gram);
        }
        let all = self.join(&done);
        // The columns stand one behind the other.
        let map = (0..rows * columns).map(|k| (k % columns * rows + k / columns) as u32).collect();
        self.gather(all, map, &shape)
    }

    /// The unit eigenvectors of the symmetric part of a matrix as columns, by falling eigenvalue, the first entry of each positive;
    /// without a value where an eigenvalue is repeated or a first entry is zero.
    pub fn eigenvectors(&mut self, a: Term) -> Term {
        let n = self.shape(a)[0];
        let transposed = self.transpose(a);
        let twice = self.add(a, transposed);
        let a = self.scale(Rational::from_parts(1.into(), 2u8.into()), twice);
        let any = self.any_eigenvectors(a);
        let first = self.gather(any, (0..n as u32).collect(), &[n]);
        let signs = self.map(Fun::Sign, first);
        // Its own inverse, but zero has none.
        let signs = self.power(signs, &Rational::NEG_ONE);
        let signs = self.gather(signs, (0..n * n).map(|k| (k % n) as u32).collect(), &[n, n]);
        self.mul(any, signs)
    }

    /// The same, each column with any sign: only what does not depend on that may be made of it.
    pub(super) fn any_eigenvectors(&mut self, a: Term) -> Term {
        let shape = self.shape(a).clone();
        if shape[0] <= 1 {
            return self.fill(Rational::ONE, &shape);
        }
        self.intern(Node::Eigenvectors(a), shape)
    }

    /// The power `A^q` of a symmetric positive definite matrix.
    pub fn power_spd(&mut self, a: Term, q: &Rational) -> Term {
        let shape = self.shape(a).clone();
        if self.identities.contains(&a) {
            return a;
        }
        // Built also where it is something simpler: which matrices it is defined for is read off that.
        let power = self.intern(Node::PowerSpd(a, q.clone()), shape.clone());
        if q.is_zero() {
            return self.eye(shape[0]);
        }
        if q.is_one() {
            return a;
        }
        if shape[0] == 1 {
            return self.power(a, q);
        }
        if *q == Rational::NEG_ONE {
            return self.inverse(a);
        }
        power
    }
}
