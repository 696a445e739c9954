//! Matrices of power series, read as power series of matrices: the base domain's own linear algebra does the constant
//! term, the rest follows coefficient by coefficient.

use super::Series;
use crate::domain::linear::{multiply, transpose};
use crate::domain::{Domain, Stop};

/// A power series with `rows × cols` matrices as coefficients.
struct Matrices<T> {
    terms: Vec<Vec<T>>,
    rows: usize,
    cols: usize,
}

impl<T: Clone> Matrices<T> {
    fn empty(rows: usize, cols: usize) -> Self {
        Matrices { terms: Vec::new(), rows, cols }
    }

    /// The coefficients of the transpose.
    fn transposed(&self) -> Self {
        let terms = self.terms.iter().map(|m| transpose(m, self.rows, self.cols)).collect();
        Matrices { terms, rows: self.cols, cols: self.rows }
    }

    /// Series as entries of one matrix.
    fn into_entries(self) -> Vec<Vec<T>> {
        (0..self.rows * self.cols).map(|at| self.terms.iter().map(|m| m[at].clone()).collect()).collect()
    }
}

/// The coefficient of `t^n` in `A B`, as far as both are known.
fn product_at<D: Domain>(d: &D, a: &Matrices<D::Elem>, b: &Matrices<D::Elem>, n: usize) -> Vec<D::Elem> {
    let mut out = vec![d.zero(); a.rows * b.cols];
    for (k, left) in a.terms.iter().enumerate().take(n + 1) {
        if let Some(right) = b.terms.get(n - k) {
            let part = multiply(d, left, right, a.rows, a.cols, b.cols);
            out = out.iter().zip(&part).map(|(x, y)| d.add(x, y)).collect();
        }
    }
    out
}

/// `1 - m` at the constant term (`n = 0`), else `-m`, for a square matrix.
fn complement<D: Domain>(d: &D, m: &[D::Elem], size: usize, n: usize) -> Vec<D::Elem> {
    let one = d.one();
    let diagonal = |at: usize| n == 0 && at / size == at % size;
    m.iter().enumerate().map(|(at, x)| if diagonal(at) { d.sub(&one, x) } else { d.neg(x) }).collect()
}

impl<D: Domain> Series<D> {
    fn matrices(&self, m: &[Vec<D::Elem>], rows: usize, cols: usize) -> Matrices<D::Elem> {
        let term = |n| m.iter().map(|x| self.coefficient(x, n)).collect();
        Matrices { terms: (0..self.order).map(term).collect(), rows, cols }
    }

    /// The derivative, with one coefficient less.
    fn derivative(&mut self, m: &Matrices<D::Elem>) -> Result<Matrices<D::Elem>, Stop> {
        let mut terms = Vec::with_capacity(m.terms.len());
        for (k, term) in m.terms.iter().enumerate().skip(1) {
            terms.push(term.iter().map(|x| self.times_natural(x, k)).collect::<Result<_, _>>()?);
        }
        Ok(Matrices { terms, rows: m.rows, cols: m.cols })
    }

    /// From `A X = 1`.
    pub(in crate::domain) fn series_inverse(
        &mut self,
        m: &[Vec<D::Elem>],
        n: usize,
    ) -> Result<Vec<Vec<D::Elem>>, Stop> {
        let a = self.matrices(m, n, n);
        Ok(self.inverse_terms(&a)?.into_entries())
    }

    fn inverse_terms(&mut self, a: &Matrices<D::Elem>) -> Result<Matrices<D::Elem>, Stop> {
        let n = a.rows;
        let first = self.base.inverse(&a.terms[0], n)?;
        let mut out = Matrices { terms: vec![first], rows: n, cols: n };
        for k in 1..self.order {
            // The coefficient of A X, its last summand being unknown.
            let rest = product_at(&self.base, a, &out, k);
            let next = multiply(&self.base, &out.terms[0], &rest, n, n, n);
            out.terms.push(next.iter().map(|x| self.base.neg(x)).collect());
        }
        Ok(out)
    }

    /// From `(det A)' = det A · tr(A⁻¹ A')`, where the matrix is invertible at `t = 0`.
    pub(super) fn series_determinant(&mut self, m: &[Vec<D::Elem>], n: usize) -> Result<Vec<D::Elem>, Stop> {
        let a = self.matrices(m, n, n);
        let inverse = self.inverse_terms(&a).map_err(|stop| match stop {
            // The determinant vanishes at t = 0, but to which order is open.
            Stop::Pole => Stop::Unclear,
            other => other,
        })?;
        let slope = self.derivative(&a)?;
        let mut det = vec![self.base.determinant(&a.terms[0], n)?];
        let mut traces = Vec::with_capacity(self.order);
        for k in 1..self.order {
            let product = product_at(&self.base, &inverse, &slope, k - 1);
            traces.push((0..n).fold(self.base.zero(), |sum, i| self.base.add(&sum, &product[i * n + i])));
            let mut sum = self.base.zero();
            for (x, y) in det.iter().zip(traces.iter().rev()) {
                self.base.mul_add(&mut sum, x, y);
            }
            det.push(self.over_natural(&sum, k)?);
        }
        Ok(det)
    }

    /// The Moore–Penrose inverse `P` along a curve of constant rank, from
    /// `P' = -P A' P + P Pᵀ A'ᵀ (1 - A P) + (1 - P A) A'ᵀ Pᵀ P` (Golub and Pereyra 1973).
    ///
    /// The base finds `P` and the rank at `t = 0`. That the rank stays is checked to the order: `A P A = A`.
    pub(in crate::domain) fn series_pseudo_inverse(
        &mut self,
        m: &[Vec<D::Elem>],
        rows: usize,
        cols: usize,
    ) -> Result<Vec<Vec<D::Elem>>, Stop> {
        let a = self.matrices(m, rows, cols);
        let slope = self.derivative(&a)?;
        let first = self.base.pseudo_inverse(&a.terms[0], rows, cols)?;
        let mut p = Matrices { terms: vec![first], rows: cols, cols: rows };
        // Named by their factors: E = 1 - A P, F = 1 - P A, Q = A' P, Z = P A'.
        let (mut e, mut f) = (Matrices::empty(rows, rows), Matrices::empty(cols, cols));
        let (mut q, mut z) = (Matrices::empty(rows, rows), Matrices::empty(cols, cols));
        let (mut qe, mut fz) = (Matrices::empty(rows, rows), Matrices::empty(cols, cols));
        for n in 0..self.order {
            e.terms.push(complement(&self.base, &product_at(&self.base, &a, &p, n), rows, n));
            if n + 1 == self.order {
                break;
            }
            f.terms.push(complement(&self.base, &product_at(&self.base, &p, &a, n), cols, n));
            q.terms.push(product_at(&self.base, &slope, &p, n));
            z.terms.push(product_at(&self.base, &p, &slope, n));
            qe.terms.push(product_at(&self.base, &q.transposed(), &e, n));
            fz.terms.push(product_at(&self.base, &f, &z.transposed(), n));
            let inner = product_at(&self.base, &p, &q, n);
            let left = product_at(&self.base, &p, &qe, n);
            let right = product_at(&self.base, &fz, &p, n);
            let mut next = Vec::with_capacity(inner.len());
            for ((x, y), z) in inner.iter().zip(&left).zip(&right) {
                let sum = self.base.sub(&self.base.add(y, z), x);
                next.push(self.over_natural(&sum, n + 1)?);
            }
            p.terms.push(next);
        }
        if !self.rank_is_constant(&a, &e)? {
            return Err(Stop::Unclear);
        }
        Ok(p.into_entries())
    }

    /// Whether `E A = (1 - A P) A` vanishes, as far as the base can tell: exactly, or because the rank is full at
    /// `t = 0`. Rounded numbers are believed.
    fn rank_is_constant(&mut self, a: &Matrices<D::Elem>, e: &Matrices<D::Elem>) -> Result<bool, Stop> {
        let arithmetic = self.arithmetic()?;
        if arithmetic == Some(false) {
            return Ok(true);
        }
        let base = &self.base;
        let zero = (0..self.order).all(|n| product_at(base, e, a, n).iter().all(|x| base.is_zero(x) == Some(true)));
        if zero || arithmetic == Some(true) {
            return Ok(zero);
        }
        let wide = a.rows <= a.cols;
        let m = &a.terms[0];
        let m_t = transpose(m, a.rows, a.cols);
        let (size, gram) = if wide {
            (a.rows, multiply(base, m, &m_t, a.rows, a.cols, a.rows))
        } else {
            (a.cols, multiply(base, &m_t, m, a.cols, a.rows, a.cols))
        };
        Ok(self.base.inverse(&gram, size).is_ok())
    }
}
