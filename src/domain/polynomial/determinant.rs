//! Determinants of small matrices.

use super::{Polynomial, Polynomials};
use crate::domain::Domain;

impl Polynomials {
    /// A determinant, expanded along its first row.
    pub(super) fn expanded(&self, m: &[Polynomial], n: usize) -> Polynomial {
        if n == 0 {
            return self.one();
        }
        (0..n).fold(self.zero(), |sum, k| {
            let minor: Vec<Polynomial> = (n..n * n).filter(|i| i % n != k).map(|i| m[i].clone()).collect();
            let part = self.mul(&m[k], &self.expanded(&minor, n - 1));
            if k % 2 == 0 { self.add(&sum, &part) } else { self.sub(&sum, &part) }
        })
    }
}
