//! Polar factors and powers of matrices: atoms, with what orthogonal matrices and scalars do to them.

use super::super::{Stop, linear};
use super::Prime;

/// A matrix and the atom that stands for its polar factor or its power.
#[derive(Debug, Clone)]
pub(super) struct MatrixAtom {
    pub argument: Vec<u64>,
    pub rows: usize,
    pub cols: usize,
    pub value: Vec<u64>,
}

impl Prime {
    pub(super) fn transposed(m: &[u64], rows: usize, cols: usize) -> Vec<u64> {
        (0..rows * cols).map(|k| m[(k % rows) * cols + k / rows]).collect()
    }

    pub(super) fn matrix_product(&self, a: &[u64], b: &[u64], rows: usize, inner: usize, cols: usize) -> Vec<u64> {
        let mut out = vec![0; rows * cols];
        for i in 0..rows {
            for j in 0..cols {
                for k in 0..inner {
                    let x = self.field.mul(a[i * inner + k], b[k * cols + j]);
                    out[i * cols + j] = self.field.add(out[i * cols + j], x);
                }
            }
        }
        out
    }

    pub(super) fn identity(&self, n: usize) -> Vec<u64> {
        (0..n * n).map(|k| if k / n == k % n { self.field.one } else { 0 }).collect()
    }

    /// The factor of a multiple of the identity, if it is not zero.
    pub(super) fn multiple_of_identity(&mut self, m: &[u64], n: usize) -> Option<u64> {
        self.collisions += (n * n) as f64;
        let scale = *m.first()?;
        (scale != 0 && (0..n * n).all(|k| m[k] == if k / n == k % n { scale } else { 0 })).then_some(scale)
    }

    pub(super) fn sandwich(&self, left: &[u64], m: &[u64], right: &[u64], rows: usize, cols: usize) -> Vec<u64> {
        let half = self.matrix_product(left, m, rows, rows, cols);
        self.matrix_product(&half, right, rows, cols, cols)
    }

    /// Makes a square matrix known if it is orthogonal. One that is so for random members is so for all, but for the
    /// coincidence that is counted.
    pub fn know_orthogonal(&mut self, m: Vec<u64>) {
        let n = m.len().isqrt();
        let gram = self.matrix_product(&Self::transposed(&m, n, n), &m, n, n, n);
        // Its square has twice the degree.
        self.collisions += 2.0;
        let new = !self.orthogonal.iter().any(|(q, _)| *q == m);
        if new && n * n == m.len() && gram == self.identity(n) && m != self.identity(n) {
            self.orthogonal.push((m, n));
        }
    }

    /// The known orthogonal matrices of one size, their transposes and the identity.
    fn rotations(&self, n: usize) -> Vec<Vec<u64>> {
        let mut all = vec![self.identity(n)];
        for (q, _) in self.orthogonal.iter().filter(|(_, m)| *m == n) {
            all.push(q.clone());
            all.push(Self::transposed(q, n, n));
        }
        all
    }

    /// `V(c Q A Qᵀ) = Q V(A)` for the eigenvectors `V`, orthogonal `Q` and positive `c`; else a new orthogonal matrix, of which
    /// nothing else is known. As the sign of each column is free, all but the last start with something positive, and the
    /// determinant is one.
    pub(super) fn eigenvector_atom(&mut self, m: &[u64], n: usize) -> Result<Vec<u64>, Stop> {
        let known = std::mem::take(&mut self.eigenvectors);
        let mut found = None;
        for atom in known.iter().filter(|a| a.rows == n) {
            if let Some((left, _, scale)) = self.related(atom, m, true)
                && self.is_positive(scale)
            {
                found = Some(self.matrix_product(&left, &atom.value, n, n, n));
                break;
            }
        }
        self.eigenvectors = known;
        if let Some(value) = found {
            return Ok(value);
        }
        // By Cayley, from a skew matrix.
        let (mut minus, mut plus) = (self.identity(n), self.identity(n));
        for i in 0..n {
            for j in 0..i {
                let x = self.draw();
                for (a, b, x) in [(i, j, x), (j, i, self.field.sub(0, x))] {
                    plus[a * n + b] = self.field.add(plus[a * n + b], x);
                    minus[a * n + b] = self.field.sub(minus[a * n + b], x);
                }
            }
        }
        let inverse = linear::inverse(self, &plus, n)?;
        let value = self.matrix_product(&minus, &inverse, n, n, n);
        for first in &value[..n - 1] {
            self.learn_sign(*first, self.field.one);
        }
        self.eigenvectors.push(MatrixAtom { argument: m.to_vec(), rows: n, cols: n, value: value.clone() });
        Ok(value)
    }

    /// Orthogonal `Q`, `P` and a scalar `c` with `m = c Q A P`, if the known orthogonal matrices give one; with
    /// `congruent`, `P = Qᵀ`.
    pub(super) fn related(
        &mut self,
        atom: &MatrixAtom,
        m: &[u64],
        congruent: bool,
    ) -> Option<(Vec<u64>, Vec<u64>, u64)> {
        let (rows, cols) = (atom.rows, atom.cols);
        for left in self.rotations(rows) {
            let rights = if congruent { vec![Self::transposed(&left, rows, rows)] } else { self.rotations(cols) };
            for right in rights {
                let image = self.sandwich(&left, &atom.argument, &right, rows, cols);
                let Some(k) = image.iter().position(|&v| v != 0) else {
                    continue;
                };
                let scale = self.field.mul(m[k], self.field.inv(image[k])?);
                self.collisions += 1.0;
                if scale != 0 && image.iter().zip(m).all(|(&v, &w)| self.field.mul(v, scale) == w) {
                    return Some((left, right, scale));
                }
            }
        }
        None
    }
}
