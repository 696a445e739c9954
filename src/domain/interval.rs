//! Intervals with outward rounding: what they exclude is excluded, whatever was rounded on the way.

mod functions;
mod matrix;
mod number;
#[cfg(test)]
mod tests;

pub use number::Interval;

use super::{Domain, Fun, Rational, Stop, Trace, linear};
use dashu_int::Sign;
use std::collections::VecDeque;

/// Up to this size elimination is tried before a verified guess: it is exact on small integers.
const SMALL: usize = 4;

/// The largest integer power of a matrix.
const MAX_POWER: usize = 1 << 10;

/// The domain of intervals. Every operation encloses all values that the members of its arguments have.
///
/// Rational constants are enclosed exactly, so the value of a term at a rational point is enclosed. An interval may be
/// unbounded; that says nothing and is no error.
#[derive(Debug, Clone, Default)]
pub struct Intervals {
    /// The signs and ranks met.
    pub trace: Trace,
    /// Proven upper bounds for the ranks of the pseudo-inverses to come, in the order of evaluation: one is taken for
    /// each. The queue may be empty.
    pub hints: VecDeque<usize>,
    /// For the signs to come, in order: whether their argument is known to be identically zero.
    pub zero_signs: Vec<bool>,
    /// For the signs to come, in order: what is put in their place, whatever their argument is. With the signs of a piece,
    /// this continues a function from there to any point.
    pub pinned: Vec<i8>,
}

impl Intervals {
    /// A domain that knows upper bounds for the ranks of the pseudo-inverses to come.
    pub fn with_hints(hints: impl IntoIterator<Item = usize>) -> Self {
        Intervals { hints: hints.into_iter().collect(), ..Intervals::default() }
    }
}

/// Whether all entries off the diagonal are exactly zero.
fn is_diagonal(m: &[Interval], n: usize) -> bool {
    m.iter().enumerate().all(|(at, x)| at / n == at % n || x.is_zero())
}

impl Domain for Intervals {
    type Elem = Interval;

    fn rational(&mut self, q: &Rational) -> Result<Interval, Stop> {
        Ok(Interval::enclose(q))
    }

    fn add(&self, a: &Interval, b: &Interval) -> Interval {
        a.plus(b)
    }

    fn sub(&self, a: &Interval, b: &Interval) -> Interval {
        a.minus(b)
    }

    fn mul(&self, a: &Interval, b: &Interval) -> Interval {
        a.times(b)
    }

    fn neg(&self, a: &Interval) -> Interval {
        a.negated()
    }

    fn zero(&self) -> Interval {
        Interval::ZERO
    }

    fn one(&self) -> Interval {
        Interval::ONE
    }

    fn div(&mut self, a: &Interval, b: &Interval) -> Result<Interval, Stop> {
        match a.over(b) {
            Some(out) => Ok(out),
            None if b.is_zero() => Err(Stop::Pole),
            None => Err(Stop::Unclear),
        }
    }

    fn apply(&mut self, f: Fun, x: &Interval) -> Result<Interval, Stop> {
        if f == Fun::Sign {
            if let Some(&sign) = self.pinned.get(self.trace.signs.len()) {
                self.trace.signs.push(sign);
                return Ok(Interval::point(f64::from(sign)));
            }
            if self.zero_signs.get(self.trace.signs.len()) == Some(&true) && x.has_zero() {
                self.trace.signs.push(0);
                return Ok(Interval::ZERO);
            }
            let sign = functions::sign(x)?;
            self.trace.signs.push(sign);
        }
        functions::apply(f, x)
    }

    fn power(&mut self, x: &Interval, q: &Rational) -> Result<Interval, Stop> {
        functions::power(x, q)
    }

    fn is_zero(&self, x: &Interval) -> Option<bool> {
        if x.is_zero() {
            Some(true)
        } else if x.has_zero() {
            None
        } else {
            Some(false)
        }
    }

    fn pivot_size(&self, x: &Interval) -> f64 {
        x.mignitude()
    }

    fn note_rank(&mut self, rank: usize) {
        self.trace.ranks.push(rank);
    }

    fn rank_hint(&mut self) -> Option<usize> {
        self.hints.pop_front()
    }

    fn inverse(&mut self, m: &[Interval], n: usize) -> Result<Vec<Interval>, Stop> {
        if n <= SMALL {
            return match linear::inverse(self, m, n) {
                Err(Stop::Unclear) => matrix::verified_inverse(self, m, n),
                done => done,
            };
        }
        match matrix::verified_inverse(self, m, n) {
            Ok(out) => Ok(out),
            Err(_) => linear::inverse(self, m, n),
        }
    }

    /// Every member of `m` must have full rank, which is shown on the way; otherwise [`Stop::Unclear`], or
    /// [`Stop::Kink`] for the zero matrix.
    fn polar(&mut self, m: &[Interval], rows: usize, cols: usize) -> Result<Vec<Interval>, Stop> {
        matrix::polar(self, m, rows, cols)
    }

    /// The caller owes symmetry: only the symmetric members of `m` are considered.
    fn eigenvectors(&mut self, m: &[Interval], n: usize) -> Result<Vec<Interval>, Stop> {
        let work = matrix::symmetric_part(m, n).ok_or(Stop::OutOfDomain)?;
        matrix::eigenvectors(self, &work, n)
    }

    /// Exponents `k / 2^j`; any exponent for diagonal matrices and for those with a simple spectrum. The caller owes symmetry: only the symmetric members of
    /// `m` are considered.
    fn power_spd(&mut self, m: &[Interval], n: usize, q: &Rational) -> Result<Vec<Interval>, Stop> {
        let mut work = matrix::symmetric_part(m, n).ok_or(Stop::OutOfDomain)?;
        if (0..n).any(|k| work[k * n + k].hi() <= 0.0) {
            return Err(Stop::OutOfDomain);
        }
        if is_diagonal(&work, n) {
            for k in 0..n {
                let x = work[k * n + k];
                if x.lo() <= 0.0 {
                    return Err(Stop::Unclear);
                }
                work[k * n + k] = functions::power(&x, q)?;
            }
            return Ok(work);
        }
        let mut index = usize::try_from(q.denominator().clone()).map_err(|_| Stop::Unsupported)?;
        if !index.is_power_of_two() {
            return matrix::power_by_spectrum(self, &work, n, q);
        }
        let (sign, exponent) = q.numerator().clone().into_parts();
        let exponent = usize::try_from(exponent).ok().filter(|&k| k <= MAX_POWER).ok_or(Stop::Unsupported)?;
        if index == 1 {
            // No root is asked for, but the roots show that the matrix is positive definite.
            matrix::square_root(self, &work, n)?;
        }
        while index > 1 {
            work = matrix::square_root(self, &work, n)?;
            index /= 2;
        }
        if sign == Sign::Negative {
            work = self.inverse(&work, n)?;
            work = matrix::symmetric_part(&work, n).ok_or(Stop::Unclear)?;
        }
        Ok(linear::integer_power(self, &work, n, exponent))
    }
}
