//! Truncated power series in one variable `t` over any domain.
//!
//! A function of a series is computed from the differential equation that the function satisfies, coefficient by
//! coefficient. A term without a power series at `t = 0` stops; series that start with any power of `t` are those of
//! [`super::laurent`].

mod functions;
mod matrix;
#[cfg(test)]
mod tests;

use super::{Domain, Fun, Rational, Stop, linear};

/// The domain of power series up to, and without, the power `order` of `t`.
///
/// An element lists coefficients from the constant term on. A constant may have length 1; every other element has length
/// `order`. An element that is zero is zero *to the order*; a rank is the rank at `t = 0`, and where the ranks of the
/// coefficients allow more, the base's trace should be compared with the rank at a generic point.
#[derive(Debug, Clone)]
pub struct Series<D: Domain> {
    /// The domain of the coefficients. It keeps the trace.
    pub base: D,
    /// The number of coefficients, at least 1.
    pub order: usize,
}

impl<D: Domain> Series<D> {
    /// Series with `order` coefficients; at least one.
    pub fn new(base: D, order: usize) -> Self {
        Series { base, order: order.max(1) }
    }

    /// The variable `t`.
    pub fn variable(&self) -> Vec<D::Elem> {
        let mut out = vec![self.base.zero(); self.order];
        if let Some(x) = out.get_mut(1) {
            *x = self.base.one();
        }
        out
    }

    /// Whether every entry is a constant.
    fn are_constant(m: &[Vec<D::Elem>]) -> bool {
        m.iter().all(|x| x.len() == 1)
    }

    /// The constant terms.
    fn constants(&self, m: &[Vec<D::Elem>]) -> Vec<D::Elem> {
        m.iter().map(|x| self.coefficient(x, 0)).collect()
    }

    /// The coefficient of `t^n`.
    pub fn coefficient(&self, x: &[D::Elem], n: usize) -> D::Elem {
        x.get(n).cloned().unwrap_or_else(|| self.base.zero())
    }

    /// Adds or subtracts coefficient by coefficient; `single` is what becomes of coefficients of `b` alone.
    fn zip(
        &self,
        a: &[D::Elem],
        b: &[D::Elem],
        both: impl Fn(&D::Elem, &D::Elem) -> D::Elem,
        single: impl Fn(&D::Elem) -> D::Elem,
    ) -> Vec<D::Elem> {
        (0..a.len().max(b.len()))
            .map(|k| match (a.get(k), b.get(k)) {
                (Some(x), Some(y)) => both(x, y),
                (Some(x), None) => x.clone(),
                (None, Some(y)) => single(y),
                (None, None) => self.base.zero(),
            })
            .collect()
    }
}

/// Constants as series.
fn lifted<T>(m: Vec<T>) -> Vec<Vec<T>> {
    m.into_iter().map(|x| vec![x]).collect()
}

impl<D: Domain> Domain for Series<D> {
    type Elem = Vec<D::Elem>;

    fn rational(&mut self, q: &Rational) -> Result<Self::Elem, Stop> {
        Ok(vec![self.base.rational(q)?])
    }

    fn add(&self, a: &Self::Elem, b: &Self::Elem) -> Self::Elem {
        self.zip(a, b, |x, y| self.base.add(x, y), Clone::clone)
    }

    fn sub(&self, a: &Self::Elem, b: &Self::Elem) -> Self::Elem {
        self.zip(a, b, |x, y| self.base.sub(x, y), |y| self.base.neg(y))
    }

    fn mul(&self, a: &Self::Elem, b: &Self::Elem) -> Self::Elem {
        if a.len() == 1 || b.len() == 1 {
            let (factor, x) = if a.len() == 1 { (&a[0], b) } else { (&b[0], a) };
            return x.iter().map(|c| self.base.mul(factor, c)).collect();
        }
        let mut out = vec![self.base.zero(); self.order];
        self.accumulate(&mut out, a, b);
        out
    }

    fn mul_add(&self, acc: &mut Self::Elem, a: &Self::Elem, b: &Self::Elem) {
        let length = if a.len() == 1 && b.len() == 1 { 1 } else { self.order };
        if acc.len() < length {
            acc.resize(length, self.base.zero());
        }
        self.accumulate(acc, a, b);
    }

    fn neg(&self, a: &Self::Elem) -> Self::Elem {
        a.iter().map(|x| self.base.neg(x)).collect()
    }

    fn zero(&self) -> Self::Elem {
        vec![self.base.zero()]
    }

    fn one(&self) -> Self::Elem {
        vec![self.base.one()]
    }

    fn div(&mut self, a: &Self::Elem, b: &Self::Elem) -> Result<Self::Elem, Stop> {
        self.quotient(a, b)
    }

    fn apply(&mut self, f: Fun, x: &Self::Elem) -> Result<Self::Elem, Stop> {
        self.function(f, x)
    }

    fn power(&mut self, x: &Self::Elem, q: &Rational) -> Result<Self::Elem, Stop> {
        self.rational_power(x, q)
    }

    fn is_zero(&self, x: &Self::Elem) -> Option<bool> {
        let mut answer = Some(true);
        for c in x {
            match self.base.is_zero(c) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => answer = None,
            }
        }
        answer
    }

    fn pivot_size(&self, x: &Self::Elem) -> f64 {
        self.base.pivot_size(&x[0])
    }

    fn note_rank(&mut self, rank: usize) {
        self.base.note_rank(rank);
    }

    fn rank_hint(&mut self) -> Option<usize> {
        self.base.rank_hint()
    }

    /// [`Stop::Pole`] if the matrix is singular at `t = 0`, as for division.
    fn inverse(&mut self, m: &[Self::Elem], n: usize) -> Result<Vec<Self::Elem>, Stop> {
        if Self::are_constant(m) {
            return Ok(lifted(self.base.inverse(&self.constants(m), n)?));
        }
        self.series_inverse(m, n)
    }

    fn pseudo_inverse(&mut self, m: &[Self::Elem], rows: usize, cols: usize) -> Result<Vec<Self::Elem>, Stop> {
        if Self::are_constant(m) {
            return Ok(lifted(self.base.pseudo_inverse(&self.constants(m), rows, cols)?));
        }
        self.series_pseudo_inverse(m, rows, cols)
    }

    fn determinant(&mut self, m: &[Self::Elem], n: usize) -> Result<Self::Elem, Stop> {
        if Self::are_constant(m) {
            return Ok(vec![self.base.determinant(&self.constants(m), n)?]);
        }
        match linear::determinant_by_minors(self, m, n) {
            Some(out) => Ok(out),
            None => self.series_determinant(m, n),
        }
    }

    /// Matrices of constants only.
    fn polar(&mut self, m: &[Self::Elem], rows: usize, cols: usize) -> Result<Vec<Self::Elem>, Stop> {
        if !Self::are_constant(m) {
            return Err(Stop::Unsupported);
        }
        Ok(lifted(self.base.polar(&self.constants(m), rows, cols)?))
    }

    /// Matrices of constants only.
    fn eigenvectors(&mut self, m: &[Self::Elem], n: usize) -> Result<Vec<Self::Elem>, Stop> {
        if !Self::are_constant(m) {
            return Err(Stop::Unsupported);
        }
        Ok(lifted(self.base.eigenvectors(&self.constants(m), n)?))
    }

    /// Matrices of constants only.
    fn power_spd(&mut self, m: &[Self::Elem], n: usize, q: &Rational) -> Result<Vec<Self::Elem>, Stop> {
        if !Self::are_constant(m) {
            return Err(Stop::Unsupported);
        }
        Ok(lifted(self.base.power_spd(&self.constants(m), n, q)?))
    }
}
