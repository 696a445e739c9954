//! Exact rational numbers: proofs on small terms, and counterexamples that no rounding can explain.

#[cfg(test)]
mod tests;

use super::{Domain, Fun, Rational, Stop, Trace, linear};
use dashu_int::ops::BitTest;
use dashu_int::{IBig, Sign, UBig};
use std::cell::Cell;

/// The default limit on the bits of one number.
const DEFAULT_LIMIT: usize = 1 << 16;

/// Beyond this many times the limit a number is not even computed.
const HARD_FACTOR: usize = 16;

/// What the sign of an exact zero is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZeroSign {
    /// No value: [`Stop::Kink`].
    #[default]
    Stop,
    /// Zero, recorded as `0` in [`Trace::signs`]. For asking what happens *on* a kink.
    Zero,
}

/// The domain of exact rational numbers.
///
/// Numbers are limited in size. The operations that can fail answer [`Stop::Budget`] once the limit is passed; sums and
/// products cannot fail and raise a flag instead. **A result counts only if [`Exact::oversized`] is false at the end**:
/// far beyond the limit, products are no longer computed.
#[derive(Debug, Clone)]
pub struct Exact {
    /// The signs and ranks met.
    pub trace: Trace,
    /// How to read the sign of zero.
    pub zero_sign: ZeroSign,
    /// The number of bits, numerator and denominator together, that a number may have.
    pub limit: usize,
    oversized: Cell<bool>,
}

impl Default for Exact {
    fn default() -> Self {
        Exact::with_limit(DEFAULT_LIMIT)
    }
}

/// The bits of numerator and denominator together.
fn bits(x: &Rational) -> usize {
    x.numerator().bit_len() + x.denominator().bit_len()
}

/// `a + b`; whole numbers, which most are, have nothing to reduce.
fn sum(a: &Rational, b: &Rational) -> Rational {
    match a.is_int() && b.is_int() {
        true => Rational::from(a.numerator() + b.numerator()),
        false => a + b,
    }
}

/// `a · b`, likewise.
fn product(a: &Rational, b: &Rational) -> Rational {
    match a.is_int() && b.is_int() {
        true => Rational::from(a.numerator() * b.numerator()),
        false => a * b,
    }
}

fn half() -> Rational {
    Rational::from_parts(IBig::ONE, UBig::from(2u8))
}

/// The `n`-th root of a natural number, if it is one.
fn integer_root(x: &UBig, n: usize) -> Option<UBig> {
    if x.is_zero() || x.is_one() {
        return Some(x.clone());
    }
    // 2^n > x leaves nothing between 1 and 2.
    if n >= x.bit_len() {
        return None;
    }
    let root = x.nth_root(n);
    (root.pow(n) == *x).then_some(root)
}

/// The positive `n`-th root of a positive rational, if it is rational.
fn rational_root(x: &Rational, n: usize) -> Option<Rational> {
    let (sign, numerator) = x.numerator().clone().into_parts();
    if sign == Sign::Negative {
        return None;
    }
    let numerator = integer_root(&numerator, n)?;
    let denominator = integer_root(x.denominator(), n)?;
    Some(Rational::from_parts(numerator.into(), denominator))
}

impl Exact {
    /// A domain whose numbers may have `limit` bits.
    pub fn with_limit(limit: usize) -> Self {
        Exact { trace: Trace::default(), zero_sign: ZeroSign::Stop, limit, oversized: Cell::new(false) }
    }

    /// Whether some number passed the limit. If so, nothing computed since the last [`Exact::restart`] counts.
    pub fn oversized(&self) -> bool {
        self.oversized.get()
    }

    /// Forgets the trace and the flag, for another evaluation.
    pub fn restart(&mut self) {
        self.trace = Trace::default();
        self.oversized.set(false);
    }

    /// Raises the flag if `x` is too large.
    fn watched(&self, x: Rational) -> Rational {
        if bits(&x) > self.limit {
            self.oversized.set(true);
        }
        x
    }

    /// Whether an operation on `a` and `b` must be skipped; raises the flag if so.
    fn hopeless(&self, a: &Rational, b: &Rational) -> bool {
        let skip = bits(a) + bits(b) > self.limit.saturating_mul(HARD_FACTOR);
        if skip {
            self.oversized.set(true);
        }
        skip
    }

    /// `x`, or [`Stop::Budget`] if the limit was passed here or before.
    fn checked(&self, x: Rational) -> Result<Rational, Stop> {
        let x = self.watched(x);
        if self.oversized() { Err(Stop::Budget) } else { Ok(x) }
    }

    /// `x^n` for an integer `n`.
    fn integer_power(&self, x: &Rational, n: &IBig) -> Result<Rational, Stop> {
        if x.is_zero() {
            return if n.sign() == Sign::Positive { Ok(Rational::ZERO) } else { Err(Stop::Pole) };
        }
        if x.is_one() {
            return Ok(Rational::ONE);
        }
        if *x == -Rational::ONE {
            return Ok(if n.bit(0) { -Rational::ONE } else { Rational::ONE });
        }
        let n = isize::try_from(n.clone()).map_err(|_| Stop::Budget)?;
        if bits(x).saturating_mul(n.unsigned_abs()) > self.limit.saturating_mul(2) {
            return Err(Stop::Budget);
        }
        self.checked(x.pow(n))
    }

    /// The sign of `x` under the rule for zero.
    fn sign(&mut self, x: &Rational) -> Result<Rational, Stop> {
        let sign: i8 = match (x.is_zero(), self.zero_sign) {
            (true, ZeroSign::Stop) => return Err(Stop::Kink),
            (true, ZeroSign::Zero) => 0,
            (false, _) if x.sign() == Sign::Negative => -1,
            (false, _) => 1,
        };
        self.trace.signs.push(sign);
        Ok(Rational::from(sign))
    }

    /// [`Stop::OutOfDomain`] unless the matrix is symmetric positive definite: all pivots of elimination without
    /// exchanges are positive.
    fn check_positive(&mut self, m: &[Rational], n: usize) -> Result<(), Stop> {
        if (0..n).any(|i| (0..i).any(|j| m[i * n + j] != m[j * n + i])) {
            return Err(Stop::OutOfDomain);
        }
        let mut work = m.to_vec();
        for k in 0..n {
            let (done, rest) = work.split_at_mut((k + 1) * n);
            let pivot_row = &done[k * n..];
            if pivot_row[k].is_zero() || pivot_row[k].sign() == Sign::Negative {
                return Err(Stop::OutOfDomain);
            }
            for row in rest.chunks_mut(n) {
                let factor = -self.div(&row[k], &pivot_row[k])?;
                for j in k..n {
                    self.mul_add(&mut row[j], &factor, &pivot_row[j]);
                }
            }
        }
        Ok(())
    }
}

/// Whether a square matrix is diagonal.
fn is_diagonal(m: &[Rational], n: usize) -> bool {
    (0..n).all(|i| (0..n).all(|j| i == j || m[i * n + j].is_zero()))
}

impl Domain for Exact {
    type Elem = Rational;

    fn rational(&mut self, q: &Rational) -> Result<Rational, Stop> {
        self.checked(q.clone())
    }

    fn add(&self, a: &Rational, b: &Rational) -> Rational {
        if self.hopeless(a, b) { Rational::ONE } else { self.watched(sum(a, b)) }
    }

    fn sub(&self, a: &Rational, b: &Rational) -> Rational {
        if self.hopeless(a, b) { Rational::ONE } else { self.watched(a - b) }
    }

    fn mul(&self, a: &Rational, b: &Rational) -> Rational {
        if self.hopeless(a, b) { Rational::ONE } else { self.watched(product(a, b)) }
    }

    fn neg(&self, a: &Rational) -> Rational {
        -a
    }

    /// The sum is kept as a fraction that is not in lowest terms until the end: reducing it is dearer than all the rest.
    fn sum_of_products<'e>(&self, pairs: impl IntoIterator<Item = (&'e Rational, &'e Rational)>) -> Rational {
        let (mut n, mut d) = (IBig::ZERO, UBig::ONE);
        for (a, b) in pairs {
            if a.is_zero() || b.is_zero() {
                continue;
            }
            if self.hopeless(a, b) {
                return Rational::ONE;
            }
            let (top, bottom) = (a.numerator() * b.numerator(), a.denominator() * b.denominator());
            if bottom == d {
                n += top;
            } else if (&d % &bottom).is_zero() {
                n += top * IBig::from(&d / bottom);
            } else if (&bottom % &d).is_zero() {
                n = n * IBig::from(&bottom / &d) + top;
                d = bottom;
            } else {
                n = n * IBig::from(bottom.clone()) + top * IBig::from(d.clone());
                d *= bottom;
                (n, d) = Rational::from_parts(n, d).into_parts();
            }
            if n.bit_len() + d.bit_len() > self.limit.saturating_mul(HARD_FACTOR) {
                self.oversized.set(true);
                return Rational::ONE;
            }
        }
        self.watched(Rational::from_parts(n, d))
    }

    fn zero(&self) -> Rational {
        Rational::ZERO
    }

    fn one(&self) -> Rational {
        Rational::ONE
    }

    fn div(&mut self, a: &Rational, b: &Rational) -> Result<Rational, Stop> {
        if self.hopeless(a, b) {
            return Err(Stop::Budget);
        }
        if b.is_zero() { Err(Stop::Pole) } else { self.checked(a / b) }
    }

    fn apply(&mut self, f: Fun, x: &Rational) -> Result<Rational, Stop> {
        if self.oversized() {
            return Err(Stop::Budget);
        }
        match f {
            Fun::Sign => self.sign(x),
            Fun::Log if x.is_zero() || x.sign() == Sign::Negative => Err(Stop::OutOfDomain),
            Fun::Exp
            | Fun::Log
            | Fun::Sin
            | Fun::Cos
            | Fun::Atan
            | Fun::Tanh
            | Fun::Sigmoid
            | Fun::Softplus
            | Fun::Erf
            | Fun::Gauss => f.exact_value(x).ok_or(Stop::Unsupported),
        }
    }

    fn power(&mut self, x: &Rational, q: &Rational) -> Result<Rational, Stop> {
        if self.oversized() {
            return Err(Stop::Budget);
        }
        if q.is_int() {
            return self.integer_power(x, q.numerator());
        }
        if x.is_zero() {
            return if q.sign() == Sign::Positive { Ok(Rational::ZERO) } else { Err(Stop::Pole) };
        }
        if x.sign() == Sign::Negative {
            return Err(Stop::OutOfDomain);
        }
        // A denominator too large for the machine is larger than any number's length: only 1 has such a root.
        let index = usize::try_from(q.denominator().clone()).unwrap_or(usize::MAX);
        let root = rational_root(x, index).ok_or(Stop::Unsupported)?;
        self.integer_power(&root, q.numerator())
    }

    fn is_zero(&self, x: &Rational) -> Option<bool> {
        Some(x.is_zero())
    }

    /// Small numbers first: they keep the rest small.
    fn pivot_size(&self, x: &Rational) -> f64 {
        -(bits(x) as f64)
    }

    fn note_rank(&mut self, rank: usize) {
        self.trace.ranks.push(rank);
    }

    /// Only where the rows or the columns are orthogonal with rational lengths: `v / ‖v‖` for each. This covers
    /// numbers, vectors and diagonal matrices. The zero matrix has rank zero and lies on a kink.
    fn polar(&mut self, m: &[Rational], rows: usize, cols: usize) -> Result<Vec<Rational>, Stop> {
        let size = rows.min(cols);
        let m_t = linear::transpose(m, rows, cols);
        let by_rows = (rows <= cols).then(|| linear::multiply(self, m, &m_t, rows, cols, rows));
        let by_cols = (rows >= cols).then(|| linear::multiply(self, &m_t, m, cols, rows, cols));
        let diagonal = |gram: Option<Vec<Rational>>| gram.filter(|gram| is_diagonal(gram, size));
        let (wide, gram) = match (diagonal(by_rows), diagonal(by_cols)) {
            (Some(gram), _) => (true, gram),
            (None, Some(gram)) => (false, gram),
            (None, None) => return Err(Stop::Unsupported),
        };
        let mut scales = Vec::with_capacity(size);
        for k in 0..size {
            let length = &gram[k * size + k];
            scales.push(match (length.is_zero(), self.zero_sign) {
                (true, ZeroSign::Stop) => return Err(Stop::Kink),
                (true, ZeroSign::Zero) => Rational::ZERO,
                (false, _) => self.power(length, &-half())?,
            });
        }
        self.trace.polar_ranks.push(scales.iter().filter(|s| !s.is_zero()).count());
        let scale = |at: usize| &scales[if wide { at / cols } else { at % cols }];
        let out = m.iter().enumerate().map(|(at, x)| self.mul(x, scale(at))).collect();
        if self.oversized() { Err(Stop::Budget) } else { Ok(out) }
    }

    /// Whether there are any; they are seldom rational.
    fn eigenvectors(&mut self, m: &[Rational], n: usize) -> Result<Vec<Rational>, Stop> {
        let symmetric = (0..n).all(|i| (0..i).all(|j| m[i * n + j] == m[j * n + i]));
        if !symmetric || !linear::has_eigenvectors(self, m, n)? {
            return Err(if self.oversized() { Stop::Budget } else { Stop::OutOfDomain });
        }
        Err(Stop::Unsupported)
    }

    /// Integer powers of all, fractional powers of diagonal matrices with rational roots.
    fn power_spd(&mut self, m: &[Rational], n: usize, q: &Rational) -> Result<Vec<Rational>, Stop> {
        self.check_positive(m, n)?;
        if is_diagonal(m, n) {
            let mut out = m.to_vec();
            for k in 0..n {
                out[k * n + k] = self.power(&m[k * n + k], q)?;
            }
            return Ok(out);
        }
        if !q.is_int() {
            return Err(Stop::Unsupported);
        }
        let (sign, exponent) = q.numerator().clone().into_parts();
        let exponent = usize::try_from(exponent).map_err(|_| Stop::Budget)?;
        let base = if sign == Sign::Negative { self.inverse(m, n)? } else { m.to_vec() };
        let out = linear::integer_power(self, &base, n, exponent);
        if self.oversized() { Err(Stop::Budget) } else { Ok(out) }
    }
}
