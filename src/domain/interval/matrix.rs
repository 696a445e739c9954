//! Verified linear algebra: a floating-point guess, and a proof in intervals of how far off it is.

use super::Intervals;
use super::number::{Interval, add_down, add_up, mul_down, mul_up, sqrt_down, sqrt_up};
use crate::domain::float::{Float, determinant_sign};
use crate::domain::linear::{multiply, transpose};
use crate::domain::{Domain, Rational, Stop};
use dashu_int::{IBig, UBig};
use nalgebra::DMatrix;

/// The share of the smallest eigenvalue that is verified: the rest pays for rounding.
const SHARE: f64 = 0.99;

/// The middle of each entry; an error if it is not finite.
fn middle(m: &[Interval]) -> Result<Vec<f64>, Stop> {
    m.iter().map(|x| Some(x.middle()).filter(|y| y.is_finite()).ok_or(Stop::Overflow)).collect()
}

fn points(m: &[f64]) -> Vec<Interval> {
    m.iter().map(|&x| Interval::point(x)).collect()
}

/// An upper bound of `√(Σ xᵢ²)` over all members.
fn frobenius(m: &[Interval]) -> f64 {
    let squares = m.iter().fold(0.0, |sum, x| add_up(sum, mul_up(x.magnitude(), x.magnitude())));
    sqrt_up(squares)
}

/// The largest absolute row sum, as an upper bound, and all of them.
fn row_sums(m: &[Interval], n: usize) -> Vec<f64> {
    m.chunks(n).map(|row| row.iter().fold(0.0, |sum, x| add_up(sum, x.magnitude()))).collect()
}

/// The inverse of every matrix in `m`, by a guess `R ≈ M⁻¹`.
///
/// With `E = 1 - R M` and `‖E‖ < 1` in the row-sum norm, `M` is invertible and `M⁻¹ - R = E M⁻¹` where
/// `M⁻¹ = (1 - E)⁻¹ R`, so column `j` of `M⁻¹` is at most `‖Rⱼ‖ / (1 - ‖E‖)` in size, and the entry `(i, j)` is off by no more
/// than the `i`-th row sum of `|E|` times that.
pub(super) fn verified_inverse(d: &mut Intervals, m: &[Interval], n: usize) -> Result<Vec<Interval>, Stop> {
    let guess = match Float::default().inverse(&middle(m)?, n) {
        Ok(guess) => guess,
        Err(Stop::Pole) => return Err(Stop::Unclear),
        Err(stop) => return Err(stop),
    };
    let inverse = points(&guess);
    let mut error = multiply(d, &inverse, m, n, n, n);
    for x in &mut error {
        *x = x.negated();
    }
    for k in 0..n {
        error[k * n + k] = error[k * n + k].plus(&Interval::ONE);
    }
    let sums = row_sums(&error, n);
    let gap = add_down(1.0, -sums.iter().copied().fold(0.0, f64::max));
    if !(gap > 0.0 && gap.is_finite()) {
        return Err(Stop::Unclear);
    }
    let gap = Interval::point(gap);
    let columns: Vec<Interval> = (0..n)
        .map(|j| (0..n).map(|i| guess[i * n + j].abs()).fold(0.0, f64::max))
        .map(|size| Interval::point(size).over(&gap).unwrap_or(Interval::ALL))
        .collect();
    let off = |at: usize| mul_up(sums[at / n], columns[at % n].hi());
    Ok(inverse.iter().enumerate().map(|(at, x)| x.widened(off(at))).collect())
}

/// Whether every symmetric matrix in `m` is positive definite: the pivots of elimination without exchanges, which are
/// those of `L D Lᵀ`, are positive.
fn is_positive_definite(m: &[Interval], n: usize) -> bool {
    let mut work = m.to_vec();
    for k in 0..n {
        let (done, rest) = work.split_at_mut((k + 1) * n);
        let pivot_row = &done[k * n..];
        if pivot_row[k].lo() <= 0.0 {
            return false;
        }
        for row in rest.chunks_mut(n) {
            let Some(factor) = row[k].over(&pivot_row[k]) else {
                return false;
            };
            for (x, y) in row.iter_mut().zip(pivot_row).skip(k) {
                *x = x.minus(&factor.times(y));
            }
        }
    }
    true
}

/// Both enclosures of each pair of mirrored entries, intersected; `None` if some pair has nothing in common, so that no
/// member is symmetric.
pub(super) fn symmetric_part(m: &[Interval], n: usize) -> Option<Vec<Interval>> {
    let mut out = m.to_vec();
    for i in 0..n {
        for j in 0..i {
            let common = m[i * n + j].meet(&m[j * n + i])?;
            out[i * n + j] = common;
            out[j * n + i] = common;
        }
    }
    Some(out)
}

/// The positive definite square root `T` of every symmetric matrix `H` in `m`, all of which are shown to be positive
/// definite on the way.
///
/// For a guess `S` with `λmin(S) ≥ σ > 0` and `R = H - S²`, the smallest eigenvalue of `H = S² + R` is at least
/// `σ² - ‖R‖`. If that is positive, `T` exists with `λmin(T) ≥ τ = √(σ² - ‖R‖)`, and `X = T - S` solves `T X + X S = R`.
/// The eigenvalues of `X ↦ T X + X S` are sums of one of `T` and one of `S`, so `‖X‖ ≤ ‖R‖ / (σ + τ)` in the Frobenius
/// norm, and no entry of `T` is farther than that from `S`.
pub(super) fn square_root(d: &mut Intervals, m: &[Interval], n: usize) -> Result<Vec<Interval>, Stop> {
    let half = Rational::from_parts(IBig::ONE, UBig::from(2u8));
    let mut guess = Float::default().power_spd(&middle(m)?, n, &half).map_err(|_| Stop::Unclear)?;
    for i in 0..n {
        for j in 0..i {
            guess[j * n + i] = guess[i * n + j];
        }
    }
    // A bound, not an eigenvalue, is verified: any guess for it will do.
    let smallest = DMatrix::from_row_slice(n, n, &guess).symmetric_eigenvalues().min();
    let sigma = SHARE * smallest;
    if !(sigma > 0.0 && sigma.is_finite()) {
        return Err(Stop::Unclear);
    }
    let root = points(&guess);
    let mut shifted = root.clone();
    for k in 0..n {
        shifted[k * n + k] = shifted[k * n + k].minus(&Interval::point(sigma));
    }
    if !is_positive_definite(&shifted, n) {
        return Err(Stop::Unclear);
    }
    let square = multiply(d, &root, &root, n, n, n);
    let residual: Vec<Interval> = m.iter().zip(&square).map(|(h, s)| h.minus(s)).collect();
    let size = frobenius(&residual);
    let below = add_down(mul_down(sigma, sigma), -size);
    if !(below > 0.0 && size.is_finite()) {
        return Err(Stop::Unclear);
    }
    let radius = Interval::point(size).over(&Interval::point(add_down(sigma, sqrt_down(below))));
    let radius = radius.ok_or(Stop::Unclear)?.hi();
    Ok(root.iter().map(|x| x.widened(radius)).collect())
}

/// Unit eigenvectors of every symmetric matrix in `m`, by falling eigenvalue, with the signs of the guess.
///
/// For a guess `v` of length one with a number `λ` and `r = ‖A v - λ v‖` some eigenvalue is within `r` of `λ`; if these
/// intervals are disjoint, each has one. If all other eigenvalues are farther than `δ` from `λ`, then `sin θ ≤ r / δ` for the
/// angle `θ` between `v` and the line of its eigenvector (Davis and Kahan 1970), and the unit vector on the side of `v` is at
/// most `2 sin(θ/2) ≤ √2 sin θ` away.
pub(super) fn eigenvectors(d: &mut Intervals, m: &[Interval], n: usize) -> Result<Vec<Interval>, Stop> {
    const ROOT_OF_TWO: f64 = 1.415;
    let guess = Float::default().eigenvectors(&middle(m)?, n).map_err(|_| Stop::Unclear)?;
    let columns = points(&transpose(&guess, n, n));
    // Row j is A v_j, as A is symmetric.
    let images = multiply(d, &columns, m, n, n, n);
    let mut found: Vec<(f64, f64, Interval)> = Vec::with_capacity(n);
    for (v, image) in columns.chunks(n).zip(images.chunks(n)) {
        let square = v.iter().fold(Interval::point(0.0), |sum, x| sum.plus(&x.times(x)));
        let product = v.iter().zip(image).fold(Interval::point(0.0), |sum, (x, y)| sum.plus(&x.times(y)));
        let value = product.over(&square).ok_or(Stop::Unclear)?.middle();
        let at = Interval::point(value);
        let residual: Vec<Interval> = v.iter().zip(image).map(|(x, y)| y.minus(&at.times(x))).collect();
        let length = Interval::new(sqrt_down(square.lo()), sqrt_up(square.hi()));
        let radius = Interval::point(frobenius(&residual)).over(&length).ok_or(Stop::Unclear)?.hi();
        found.push((value, radius, length));
    }
    let mut out = vec![Interval::point(0.0); n * n];
    for (j, (value, radius, length)) in found.iter().enumerate() {
        let others = found.iter().enumerate().filter(|(k, _)| *k != j);
        let gap = others
            .map(|(_, (other, r, _))| add_down((value - other).abs().next_down(), -r))
            .fold(f64::INFINITY, f64::min);
        // Beyond the sum of both radii, so that the intervals are disjoint.
        if add_down(gap, -radius).partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
            return Err(Stop::Unclear);
        }
        let sine = Interval::point(*radius).over(&Interval::point(gap)).ok_or(Stop::Unclear)?.hi();
        let off = mul_up(ROOT_OF_TWO, sine);
        for i in 0..n {
            let entry = columns[j * n + i].over(length).ok_or(Stop::Unclear)?;
            out[i * n + j] = entry.widened(off);
        }
    }
    Ok(out)
}

/// The power of every symmetric positive definite matrix in `m`, by its eigenvectors and what they make of it.
pub(super) fn power_by_spectrum(
    d: &mut Intervals,
    m: &[Interval],
    n: usize,
    q: &Rational,
) -> Result<Vec<Interval>, Stop> {
    let vectors = eigenvectors(d, m, n)?;
    let images = multiply(d, m, &vectors, n, n, n);
    let mut scaled = vectors.clone();
    for j in 0..n {
        let value = (0..n).fold(Interval::point(0.0), |sum, i| sum.plus(&vectors[i * n + j].times(&images[i * n + j])));
        if value.lo() <= 0.0 {
            return Err(Stop::Unclear);
        }
        let power = super::functions::power(&value, q)?;
        for i in 0..n {
            scaled[i * n + j] = scaled[i * n + j].times(&power);
        }
    }
    let out = multiply(d, &scaled, &transpose(&vectors, n, n), n, n, n);
    symmetric_part(&out, n).ok_or(Stop::Unclear)
}

/// The polar factor of matrices of full rank: `(A Aᵀ)^(-1/2) A` or `A (Aᵀ A)^(-1/2)` on the smaller side.
pub(super) fn polar(d: &mut Intervals, m: &[Interval], rows: usize, cols: usize) -> Result<Vec<Interval>, Stop> {
    if m.iter().all(Interval::is_zero) {
        return Err(Stop::Kink);
    }
    // A matrix of lower rank has no enclosure here.
    d.trace.polar_ranks.push(rows.min(cols));
    if rows == 1 && cols == 1 {
        return super::functions::sign(&m[0]).map(|s| vec![Interval::point(f64::from(s))]);
    }
    let m_t = transpose(m, rows, cols);
    let (size, gram) = if rows <= cols {
        (rows, multiply(d, m, &m_t, rows, cols, rows))
    } else {
        (cols, multiply(d, &m_t, m, cols, rows, cols))
    };
    let gram = symmetric_part(&gram, size).ok_or(Stop::Unclear)?;
    let exponent = Rational::from_parts(-IBig::ONE, UBig::from(2u8));
    let factor = d.power_spd(&gram, size, &exponent).map_err(|stop| match stop {
        // A Gram matrix that is not positive definite belongs to a matrix of lower rank.
        Stop::OutOfDomain | Stop::Pole => Stop::Unclear,
        other => other,
    })?;
    let out = if rows <= cols {
        multiply(d, &factor, m, rows, rows, cols)
    } else {
        multiply(d, m, &factor, rows, cols, cols)
    };
    if rows == cols {
        // All members have full rank, and so the same sign: that of the middle.
        let middle = DMatrix::from_row_slice(rows, cols, &middle(&out)?);
        d.trace.branches.push(determinant_sign(&middle));
    }
    let unit = Interval::new(-1.0, 1.0);
    Ok(out.iter().map(|x| x.meet(&unit).unwrap_or(unit)).collect())
}
