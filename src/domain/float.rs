//! Double precision: where samples, residuals and trajectories are computed. Suggests, never proves.

#[cfg(test)]
mod tests;

use super::{Domain, Fun, Rational, Stop, Trace};
use nalgebra::{DMatrix, SymmetricEigen};

/// Eigenvalues and singular values below `n` times this, relative to the largest, count as zero.
const RANK_TOLERANCE: f64 = 1e-12;

/// Inverses with a condition number above this carry no correct digit: the matrix counts as singular.
const WORST_CONDITION: f64 = 1e15;

/// Iterations granted to an eigenvalue decomposition.
const EIGEN_STEPS: usize = 10_000;

/// The domain of double precision numbers.
///
/// Functions come from `pxfm`, whose results do not depend on the platform. Overflow is caught by the operations that
/// can fail; sums and products of finite numbers may overflow silently, so a caller checks the final values.
#[derive(Debug, Clone, Default)]
pub struct Float {
    /// The signs and ranks met.
    pub trace: Trace,
    /// For the signs to come, in order: whether their argument is known to be identically zero, whatever rounding makes of it.
    pub zero_signs: Vec<bool>,
    /// Whether a function came so close to a limit that its value is the limit: `tanh(40) = 1`. Nothing is seen of what it
    /// was given.
    pub saturated: bool,
}

/// A finite number, or overflow.
fn finite(x: f64) -> Result<f64, Stop> {
    if x.is_finite() { Ok(x) } else { Err(Stop::Overflow) }
}

/// A fraction as the nearest number. Most are small: the quotient of two small numbers is rounded once, as the conversion of
/// a fraction is.
fn nearest(q: &Rational) -> Result<f64, Stop> {
    match (i32::try_from(q.numerator()), u32::try_from(q.denominator())) {
        (Ok(n), Ok(d)) => Ok(f64::from(n) / f64::from(d)),
        _ => finite(q.to_f64().value()),
    }
}

/// Whether `m` equals its transpose, exactly.
fn is_symmetric(m: &[f64], n: usize) -> bool {
    (0..n).all(|i| (0..i).all(|j| m[i * n + j] == m[j * n + i]))
}

/// A matrix scaled to largest entry 1, and the factor taken out; `None` if it is zero.
fn scaled(m: &[f64], rows: usize, cols: usize) -> Result<Option<(DMatrix<f64>, f64)>, Stop> {
    let mut size = 0.0f64;
    for &x in m {
        size = size.max(finite(x)?.abs());
    }
    Ok((size > 0.0).then(|| (DMatrix::from_fn(rows, cols, |i, j| m[i * cols + j] / size), size)))
}

/// Row-major entries; an error unless all are finite.
fn entries(m: &DMatrix<f64>) -> Result<Vec<f64>, Stop> {
    m.transpose().iter().map(|&x| finite(x)).collect()
}

/// The eigenvalues and eigenvectors of a symmetric matrix with finite entries.
fn eigen(m: DMatrix<f64>) -> Result<SymmetricEigen<f64, nalgebra::Dyn>, Stop> {
    SymmetricEigen::try_new(m, f64::EPSILON, EIGEN_STEPS).ok_or(Stop::Unclear)
}

/// `f(A)` for a symmetric `A`, where `f` acts on the eigenvalues and `None` drops one; also the number kept.
fn spectral(m: DMatrix<f64>, f: impl Fn(f64, f64) -> Option<f64>) -> Result<(DMatrix<f64>, usize), Stop> {
    let n = m.nrows();
    let eigen = eigen(m)?;
    let largest = eigen.eigenvalues.amax();
    let mut out = DMatrix::zeros(n, n);
    let mut kept = 0;
    for (k, &value) in eigen.eigenvalues.iter().enumerate() {
        if let Some(new) = f(value, largest) {
            let v = eigen.eigenvectors.column(k);
            out.ger(new, &v, &v, 1.0);
            kept += 1;
        }
    }
    Ok((out, kept))
}

/// The symmetric matrix `[0 A; Aᵀ 0]`. Its eigenvalues are `±σ` for the singular values `σ` of `A`, so odd functions of
/// it are functions of singular values at full accuracy, which the Gram matrix would square away.
fn doubled(m: &DMatrix<f64>) -> DMatrix<f64> {
    let (r, c) = m.shape();
    let mut out = DMatrix::zeros(r + c, r + c);
    out.view_mut((0, r), (r, c)).copy_from(m);
    out.view_mut((r, 0), (c, r)).copy_from(&m.transpose());
    out
}

/// The inverse by LU with the product of norms as condition number; `None` if the matrix is singular.
fn lu_inverse(m: &DMatrix<f64>) -> Option<(DMatrix<f64>, f64)> {
    let norm = m.norm();
    let out = m.clone().lu().try_inverse()?;
    let condition = norm * out.norm();
    condition.is_finite().then_some((out, condition))
}

/// The sign of the determinant of an orthogonal matrix, up to rounding.
pub(super) fn determinant_sign(m: &DMatrix<f64>) -> i8 {
    if m.determinant() < 0.0 { -1 } else { 1 }
}

/// Eigenvalues that are closer than this, relative to the largest, count as equal.
const SIMPLE: f64 = 1e-9;

impl Domain for Float {
    type Elem = f64;

    fn rational(&mut self, q: &Rational) -> Result<f64, Stop> {
        nearest(q)
    }

    fn add(&self, a: &f64, b: &f64) -> f64 {
        a + b
    }

    fn sub(&self, a: &f64, b: &f64) -> f64 {
        a - b
    }

    fn mul(&self, a: &f64, b: &f64) -> f64 {
        a * b
    }

    fn neg(&self, a: &f64) -> f64 {
        -a
    }

    fn zero(&self) -> f64 {
        0.0
    }

    fn one(&self) -> f64 {
        1.0
    }

    fn div(&mut self, a: &f64, b: &f64) -> Result<f64, Stop> {
        if *b == 0.0 { Err(Stop::Pole) } else { finite(a / b) }
    }

    fn apply(&mut self, f: Fun, x: &f64) -> Result<f64, Stop> {
        let x = finite(*x)?;
        let value = match f {
            Fun::Exp => pxfm::f_exp(x),
            Fun::Log if x <= 0.0 => return Err(Stop::OutOfDomain),
            Fun::Log => pxfm::f_log(x),
            Fun::Sin => pxfm::f_sin(x),
            Fun::Cos => pxfm::f_cos(x),
            Fun::Atan => pxfm::f_atan(x),
            Fun::Tanh => pxfm::f_tanh(x),
            Fun::Sigmoid if x >= 0.0 => 1.0 / (1.0 + pxfm::f_exp(-x)),
            Fun::Sigmoid => pxfm::f_exp(x) / (1.0 + pxfm::f_exp(x)),
            Fun::Erf => pxfm::f_erf(x),
            Fun::Gauss => std::f64::consts::FRAC_2_SQRT_PI * pxfm::f_exp(-x * x),
            Fun::Softplus => x.max(0.0) + pxfm::f_log1p(pxfm::f_exp(-x.abs())),
            Fun::Sign => {
                // At a random point an argument is exactly zero where it is so on a whole piece: its sign is zero there.
                let zero = self.zero_signs.get(self.trace.signs.len()) == Some(&true);
                let sign = if x == 0.0 || zero {
                    0
                } else if x > 0.0 {
                    1
                } else {
                    -1
                };
                self.trace.signs.push(sign);
                f64::from(sign)
            }
        };
        let limit = match f {
            Fun::Exp | Fun::Gauss => value == 0.0,
            Fun::Tanh | Fun::Erf => value.abs() == 1.0,
            Fun::Sigmoid => value == 1.0 || value == 0.0,
            Fun::Softplus => value == 0.0,
            Fun::Log | Fun::Sin | Fun::Cos | Fun::Atan | Fun::Sign => false,
        };
        self.saturated |= limit;
        finite(value)
    }

    fn power(&mut self, x: &f64, q: &Rational) -> Result<f64, Stop> {
        let x = finite(*x)?;
        let exponent = nearest(q)?;
        if x == 0.0 {
            return if exponent > 0.0 { Ok(0.0) } else { Err(Stop::Pole) };
        }
        if q.is_int() {
            return finite(match i32::try_from(q.numerator()) {
                Ok(n) => x.powi(n),
                Err(_) => x.powf(exponent),
            });
        }
        if x < 0.0 {
            return Err(Stop::OutOfDomain);
        }
        if exponent == 0.5 {
            return Ok(x.sqrt());
        }
        if exponent == -0.5 {
            return finite(1.0 / x.sqrt());
        }
        finite(pxfm::f_pow(x, exponent))
    }

    fn is_zero(&self, x: &f64) -> Option<bool> {
        Some(*x == 0.0)
    }

    fn pivot_size(&self, x: &f64) -> f64 {
        x.abs()
    }

    fn note_rank(&mut self, rank: usize) {
        self.trace.ranks.push(rank);
    }

    /// [`Stop::Pole`] also for a matrix that is singular up to rounding.
    fn inverse(&mut self, m: &[f64], n: usize) -> Result<Vec<f64>, Stop> {
        if n == 0 {
            return Ok(Vec::new());
        }
        let (a, size) = scaled(m, n, n)?.ok_or(Stop::Pole)?;
        match lu_inverse(&a) {
            Some((out, condition)) if condition <= WORST_CONDITION => entries(&(out / size)),
            _ => Err(Stop::Pole),
        }
    }

    fn pseudo_inverse(&mut self, m: &[f64], rows: usize, cols: usize) -> Result<Vec<f64>, Stop> {
        let Some((a, size)) = scaled(m, rows, cols)? else {
            self.note_rank(0);
            return Ok(vec![0.0; rows * cols]);
        };
        let cut = rows.max(cols) as f64 * RANK_TOLERANCE;
        let reciprocal = |x: f64, largest: f64| (x.abs() > cut * largest).then(|| 1.0 / x);
        // A condition number below the cut is what the spectrum would show too: full rank.
        if rows == cols
            && let Some((out, condition)) = lu_inverse(&a)
            && condition * cut < 1.0
        {
            self.note_rank(rows);
            return entries(&(out / size));
        }
        let (out, rank) = if rows == cols && is_symmetric(m, rows) {
            spectral(a, reciprocal)?
        } else {
            let (both, twice) = spectral(doubled(&a), reciprocal)?;
            (both.view((rows, 0), (cols, rows)).into_owned(), twice / 2)
        };
        // A A⁺ A = A up to what was cut off.
        let a = DMatrix::from_fn(rows, cols, |i, j| m[i * cols + j] / size);
        let residual = (&a * &out * &a - &a).norm();
        if residual > 1e-6 * a.norm() {
            return Err(Stop::Unclear);
        }
        self.note_rank(rank);
        entries(&(out / size))
    }

    fn determinant(&mut self, m: &[f64], n: usize) -> Result<f64, Stop> {
        for &x in m {
            finite(x)?;
        }
        finite(DMatrix::from_row_slice(n, n, m).determinant())
    }

    /// The factor of the compact decomposition: a rank-deficient matrix has a partial isometry, zero has zero.
    fn polar(&mut self, m: &[f64], rows: usize, cols: usize) -> Result<Vec<f64>, Stop> {
        let Some((a, _)) = scaled(m, rows, cols)? else {
            self.trace.polar_ranks.push(0);
            return Ok(vec![0.0; rows * cols]);
        };
        if rows.min(cols) == 1 {
            self.trace.polar_ranks.push(1);
            return entries(&(&a / a.norm()));
        }
        let cut = rows.max(cols) as f64 * RANK_TOLERANCE;
        let (both, kept) = spectral(doubled(&a), |x, largest| (x.abs() > cut * largest).then(|| x.signum()))?;
        // Each singular value is there twice, with either sign.
        self.trace.polar_ranks.push(kept / 2);
        let out = both.view((0, rows), (rows, cols)).into_owned();
        if rows == cols {
            self.trace.branches.push(if kept < 2 * rows { 0 } else { determinant_sign(&out) });
        }
        // With A = U Σ Vᵀ the factor W = U Vᵀ satisfies W Wᵀ W = W and W Aᵀ W = A.
        let isometry = (&out * out.transpose() * &out - &out).norm();
        let factor = (&out * a.transpose() * &out - &a).norm();
        if isometry > 1e-9 * out.norm() || factor > 1e-9 * a.norm() {
            return Err(Stop::Unclear);
        }
        entries(&out)
    }

    fn eigenvectors(&mut self, m: &[f64], n: usize) -> Result<Vec<f64>, Stop> {
        let (a, _) = scaled(m, n, n)?.ok_or(Stop::OutOfDomain)?;
        let symmetric = (&a + a.transpose()) * 0.5;
        if (&a - &symmetric).amax() > 1e-9 {
            return Err(Stop::OutOfDomain);
        }
        let eigen = eigen(symmetric)?;
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| eigen.eigenvalues[j].total_cmp(&eigen.eigenvalues[i]));
        let gap = SIMPLE * eigen.eigenvalues.amax();
        if order.windows(2).any(|w| eigen.eigenvalues[w[0]] - eigen.eigenvalues[w[1]] <= gap) {
            return Err(Stop::OutOfDomain);
        }
        let vectors = DMatrix::from_fn(n, n, |i, j| eigen.eigenvectors[(i, order[j])]);
        entries(&vectors)
    }

    fn power_spd(&mut self, m: &[f64], n: usize, q: &Rational) -> Result<Vec<f64>, Stop> {
        if n == 0 {
            return Ok(Vec::new());
        }
        let exponent = finite(q.to_f64().value())?;
        let (a, size) = scaled(m, n, n)?.ok_or(Stop::OutOfDomain)?;
        let symmetric = (&a + a.transpose()) * 0.5;
        if (&a - &symmetric).amax() > 1e-9 {
            return Err(Stop::OutOfDomain);
        }
        let (out, kept) = spectral(symmetric, |x, largest| {
            (x > n as f64 * f64::EPSILON * largest).then(|| pxfm::f_pow(x, exponent))
        })?;
        if kept < n {
            return Err(Stop::OutOfDomain);
        }
        entries(&(out * pxfm::f_pow(size, exponent)))
    }
}
