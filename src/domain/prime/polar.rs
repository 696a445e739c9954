//! Polar factors: `polar(A) = A (AᵀA)^{+1/2} = (AAᵀ)^{+1/2} A`, of any rank.
//!
//! The atom is the root of the Gram matrix, a free symmetric matrix for each Gram matrix met. So isometries on the side
//! away from it need not be known to be recognised: rows that are repeated, exchanged, negated or padded with zeros
//! change nothing. The larger Gram matrix has a root that follows from the smaller one's, `(AAᵀ)^{+1/2} = A (AᵀA)^{-3/2} Aᵀ`,
//! and recognises isometries on its side as well. Otherwise on the other side rows and columns that repeat each other are gathered first, `A = Q M Pᵀ` with
//! `QᵀQ = q·1` and `PᵀP = p·1`, for which `polar(A) = Q polar(M) Pᵀ / √(qp)`; and a Gram matrix is looked for among
//! the multiples and the signed permutations of those known.

use super::super::{Domain, Rational, Stop, linear};
use super::Prime;
use super::matrices::MatrixAtom;

/// Gram matrices of more rows are not looked for on the larger side.
const MAX_LARGE: usize = 48;

/// Rows of a matrix as multiples of a few of them.
struct Gathered {
    /// For each row the number of its representative among those kept, and the factor; nothing for a row of zeros.
    rows: Vec<Option<(usize, u64)>>,
    /// The rows that are kept.
    kept: Vec<usize>,
    /// The sum of the squared factors, the same for every representative.
    weight: u64,
}

impl Prime {
    /// The polar factor of a matrix.
    pub(super) fn polar_factor(&mut self, m: &[u64], rows: usize, cols: usize) -> Result<Vec<u64>, Stop> {
        let rank = linear::rank(self, m, rows, cols)?;
        self.polar_ranks.push(rank);
        if m.iter().all(|v| *v == 0) {
            return Ok(m.to_vec());
        }
        if rank == 1 {
            // A matrix of rank one has one singular value, its norm.
            let square = m.iter().fold(0, |sum, x| self.field.add(sum, self.field.mul(*x, *x)));
            let scale = self.power(&square, &Rational::from_parts((-1).into(), 2u8.into()))?;
            return Ok(m.iter().map(|x| self.field.mul(*x, scale)).collect());
        }
        let across = Self::transposed(m, rows, cols);
        let (left, right) = (self.gather_rows(m, rows, cols), self.gather_rows(&across, cols, rows));
        let (r, c) = (left.kept.len(), right.kept.len());
        let small: Vec<u64> = left.kept.iter().flat_map(|&i| right.kept.iter().map(move |k| m[i * cols + k])).collect();
        let value = self.full_polar(&small, r, c)?;
        let weight = self.field.mul(left.weight, right.weight);
        let scale = if weight == self.field.one {
            weight
        } else {
            self.power(&weight, &Rational::from_parts((-1).into(), 2u8.into()))?
        };
        let mut out = vec![0; rows * cols];
        for (i, row) in left.rows.iter().enumerate() {
            for (k, column) in right.rows.iter().enumerate() {
                if let (Some((a, x)), Some((b, y))) = (row, column) {
                    let factor = self.field.mul(self.field.mul(*x, *y), scale);
                    out[i * cols + k] = self.field.mul(factor, value[a * c + b]);
                }
            }
        }
        Ok(out)
    }

    /// Rows that are multiples of each other, if every one that is kept stands for the same sum of squares; else the rows
    /// as they are, without those of zeros.
    fn gather_rows(&mut self, m: &[u64], rows: usize, cols: usize) -> Gathered {
        let row = |i: usize| &m[i * cols..(i + 1) * cols];
        let zero = |i: usize| row(i).iter().all(|v| *v == 0);
        let one = self.field.one;
        let plain = || {
            let kept: Vec<usize> = (0..rows).filter(|&i| !zero(i)).collect();
            let rows = (0..rows).map(|i| kept.iter().position(|k| *k == i).map(|k| (k, one))).collect();
            Gathered { rows, kept, weight: one }
        };
        // Columns of one entry are all multiples of each other; their norm is for the roots to take.
        if cols == 1 {
            return plain();
        }
        let mut found = Gathered { rows: Vec::new(), kept: Vec::new(), weight: one };
        let mut weights: Vec<u64> = Vec::new();
        for i in 0..rows {
            if zero(i) {
                found.rows.push(None);
                continue;
            }
            let known = found.kept.iter().enumerate().find_map(|(k, &base)| {
                self.collisions += 1.0;
                self.multiple(row(base), row(i)).map(|x| (k, x))
            });
            let (k, x) = known.unwrap_or((found.kept.len(), one));
            if known.is_none() {
                found.kept.push(i);
                weights.push(0);
            }
            weights[k] = self.field.add(weights[k], self.field.mul(x, x));
            found.rows.push(Some((k, x)));
        }
        match weights.first() {
            Some(&w) if w != 0 && weights.iter().all(|v| *v == w) => Gathered { weight: w, ..found },
            _ => plain(),
        }
    }

    /// The factor `x` with `b = x a`.
    fn multiple(&self, a: &[u64], b: &[u64]) -> Option<u64> {
        let k = a.iter().position(|v| *v != 0)?;
        let x = self.field.mul(b[k], self.field.inv(a[k])?);
        (x != 0 && a.iter().zip(b).all(|(v, w)| self.field.mul(*v, x) == *w)).then_some(x)
    }

    /// The polar factor of a matrix whose rows and columns are not gathered any more.
    fn full_polar(&mut self, m: &[u64], rows: usize, cols: usize) -> Result<Vec<u64>, Stop> {
        let across = Self::transposed(m, rows, cols);
        let right = self.matrix_product(&across, m, cols, rows, cols);
        let left = self.matrix_product(m, &across, rows, cols, rows);
        let by_right = |p: &Prime, s: &[u64]| p.matrix_product(m, s, rows, cols, cols);
        let by_left = |p: &Prime, s: &[u64]| p.matrix_product(s, m, rows, rows, cols);
        if cols <= rows
            && let Some(s) = self.known_root(&right, cols)?
        {
            return Ok(by_right(self, &s));
        }
        if rows <= cols
            && let Some(s) = self.known_root(&left, rows)?
        {
            return Ok(by_left(self, &s));
        }
        let (small, n, large, other) = if cols <= rows { (right, cols, left, rows) } else { (left, rows, right, cols) };
        if let Some(s) = self.known_large(&large, other) {
            return Ok(if cols <= rows { by_left(self, &s) } else { by_right(self, &s) });
        }
        let gram = small;
        let mut s: Vec<u64> = (0..n * n).map(|_| self.draw()).collect();
        for i in 0..n {
            for j in 0..i {
                s[i * n + j] = s[j * n + i];
            }
        }
        // With B of full column rank, B = A or Aᵀ, and G = BᵀB: (BBᵀ)^{+1/2} = B s G⁻¹ Bᵀ for the atom s = G^{-1/2}.
        if other <= MAX_LARGE
            && let Ok(inverse) = linear::inverse(self, &gram, n)
        {
            let (b, b_t) = if cols <= rows { (m, &across[..]) } else { (&across[..], m) };
            let inner = self.matrix_product(&s, &inverse, n, n, n);
            let half = self.matrix_product(b, &inner, other, n, n);
            let value = self.matrix_product(&half, b_t, other, n, other);
            self.large_roots.push(MatrixAtom { argument: large, rows: other, cols: other, value });
        }
        self.polars.push(MatrixAtom { argument: gram, rows: n, cols: n, value: s.clone() });
        Ok(if cols <= rows { by_right(self, &s) } else { by_left(self, &s) })
    }

    /// The root of a Gram matrix on the larger side, if it is a known one.
    fn known_large(&mut self, gram: &[u64], n: usize) -> Option<Vec<u64>> {
        self.collisions += self.large_roots.len() as f64;
        self.large_roots.iter().find(|a| a.rows == n && a.argument == gram).map(|a| a.value.clone())
    }

    /// `G^{+1/2}` (the power −1/2 on the range) of a Gram matrix that is related to a known one, or to the identity: a multiple of it, between
    /// known orthogonal matrices, or with its axes exchanged and turned round.
    fn known_root(&mut self, gram: &[u64], n: usize) -> Result<Option<Vec<u64>>, Stop> {
        let known = std::mem::take(&mut self.polars);
        let mut found = self.multiple_of_identity(gram, n).map(|scale| (self.identity(n), scale));
        for atom in known.iter().filter(|a| a.rows == n) {
            if found.is_some() {
                break;
            }
            if let Some((left, right, scale)) = self.related(atom, gram, true) {
                found = Some((self.sandwich(&left, &atom.value, &right, n, n), scale));
                break;
            }
            if let Some((axes, scale)) = self.exchanged(&atom.argument, gram, n) {
                let entry = |k: usize| {
                    let ((i, s), (j, t)) = (axes[k / n], axes[k % n]);
                    self.field.mul(self.field.mul(s, t), atom.value[i * n + j])
                };
                found = Some(((0..n * n).map(entry).collect(), scale));
                break;
            }
        }
        self.polars = known;
        let Some((root, scale)) = found else { return Ok(None) };
        if scale == self.field.one {
            return Ok(Some(root));
        }
        let factor = self.power(&scale, &Rational::from_parts((-1).into(), 2u8.into()))?;
        Ok(Some(root.iter().map(|v| self.field.mul(*v, factor)).collect()))
    }

    /// Axes of `a` with signs, and a scalar, such that `b[i, j] = c s_i s_j a[axis_i, axis_j]`.
    fn exchanged(&mut self, a: &[u64], b: &[u64], n: usize) -> Option<(Vec<(usize, u64)>, u64)> {
        let trace = |m: &[u64]| (0..n).fold(0, |acc, i| self.field.add(acc, m[i * n + i]));
        let scale = self.field.mul(trace(b), self.field.inv(trace(a))?);
        if scale == 0 {
            return None;
        }
        self.collisions += (n * n) as f64;
        let at = |i: usize, j: usize| self.field.mul(scale, a[i * n + j]);
        let mut axes: Vec<(usize, u64)> = Vec::with_capacity(n);
        for i in 0..n {
            let axis = (0..n).find(|k| at(*k, *k) == b[i * n + i] && !axes.iter().any(|(u, _)| u == k))?;
            let mut sign = self.field.one;
            // The first axis is taken as it is; an entry beside it tells whether another is turned round.
            if let Some(&(first, s)) = axes.first() {
                let there = self.field.mul(s, at(first, axis));
                if there != 0 && there != b[i] {
                    sign = self.field.sub(0, sign);
                }
            }
            axes.push((axis, sign));
        }
        let fits = (0..n * n).all(|k| {
            let ((i, s), (j, t)) = (axes[k / n], axes[k % n]);
            self.field.mul(self.field.mul(s, t), at(i, j)) == b[k]
        });
        fits.then_some((axes, scale))
    }
}
