//! Series in `t` that may start with a negative power: what a step does as its learning rate tends to 0 from above, where
//! something that is divided by or inverted vanishes at 0.
//!
//! An element is `t^low (c₀ + c₁ t + …)`, and knows how far it is known. Precision is lost where leading terms cancel, by
//! quotients and by roots, and never silently: what vanishes to the precision known is not taken for zero. Functions and
//! regular matrices are those of [`Series`]; a matrix that is singular at `t = 0` is inverted by elimination, where the
//! pivot is an entry of lowest order.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::series::Series;
use super::{Domain, Fun, Rational, Stop, linear};

/// A rounded coefficient below this, relative to the largest of its series, counts as zero.
const ROUNDING: f64 = 1e-9;

/// `t^low (terms[0] + terms[1] t + …)`, for small positive `t`.
#[derive(Debug, Clone, PartialEq)]
pub struct Germ<E> {
    /// The power of `t` of the first term; a lower bound of the order.
    low: i64,
    /// The coefficients that are known.
    terms: Vec<E>,
    /// Whether all further coefficients are zero; otherwise they are unknown.
    exact: bool,
}

impl<E> Germ<E> {
    /// The power of `t` from which on nothing is known; none if everything is.
    pub fn precision(&self) -> Option<i64> {
        (!self.exact).then_some(self.low + self.terms.len() as i64)
    }

    /// The power of `t` below which all coefficients are zero, as far as it is written.
    pub fn low(&self) -> i64 {
        self.low
    }

    /// The coefficient of `t^n`, if it is written.
    pub fn at(&self, n: i64) -> Option<&E> {
        usize::try_from(n - self.low).ok().and_then(|k| self.terms.get(k))
    }

    /// What does not depend on `t`.
    pub fn constant(x: E) -> Self {
        Germ { low: 0, terms: vec![x], exact: true }
    }
}

/// The domain of such series over another domain, with at most `order` terms each.
#[derive(Debug, Clone)]
pub struct Laurent<D: Domain> {
    inner: Series<D>,
    order: usize,
    rounds: bool,
    /// The ranks of the pseudo-inverses to come at generic points, if they are known: a rank is never guessed from terms
    /// that vanish as far as they are known.
    pub ranks: VecDeque<usize>,
}

impl<D: Domain> Laurent<D> {
    /// Series with at most so many terms; at least one.
    ///
    /// # Errors
    /// What the base says to the number 1/49.
    pub fn new(base: D, order: usize) -> Result<Self, Stop> {
        let mut inner = Series::new(base, order);
        let rounds = inner.arithmetic()? == Some(false);
        Ok(Laurent { inner, order: order.max(1), rounds, ranks: VecDeque::new() })
    }

    /// The domain of the coefficients.
    pub fn base(&self) -> &D {
        &self.inner.base
    }

    /// The domain of the coefficients, taken out.
    pub fn into_base(self) -> D {
        self.inner.base
    }

    /// `t^n`
    pub fn variable(&self, n: i64) -> Germ<D::Elem> {
        Germ { low: n, terms: vec![self.base().one()], exact: true }
    }

    /// The place of the first term that is not zero. Rounded terms far below the largest one count as zero.
    fn leading(&self, x: &Germ<D::Elem>) -> Option<usize> {
        if !self.rounds {
            return x.terms.iter().position(|c| self.base().is_zero(c) != Some(true));
        }
        let largest = x.terms.iter().fold(0.0f64, |m, c| m.max(self.base().pivot_size(c)));
        x.terms.iter().position(|c| self.base().pivot_size(c) > ROUNDING * largest)
    }

    /// Cuts to the number of terms that are kept.
    fn cut(&self, mut x: Germ<D::Elem>) -> Germ<D::Elem> {
        if x.terms.len() > self.order {
            x.terms.truncate(self.order);
            x.exact = false;
        }
        x
    }

    fn sum(&self, a: &Germ<D::Elem>, b: &Germ<D::Elem>, minus: bool) -> Germ<D::Elem> {
        let of_b = |y: &D::Elem| if minus { self.base().neg(y) } else { y.clone() };
        if a.exact && a.terms.is_empty() {
            return Germ { terms: b.terms.iter().map(of_b).collect(), ..*b };
        }
        if b.exact && b.terms.is_empty() {
            return a.clone();
        }
        let end = |x: &Germ<D::Elem>| x.low + x.terms.len() as i64;
        let known = [a.precision(), b.precision()].into_iter().flatten().min();
        let end = known.unwrap_or_else(|| end(a).max(end(b)));
        let low = a.low.min(b.low).min(end);
        let entry = |n: i64| match (a.at(n), b.at(n)) {
            (Some(x), Some(y)) if minus => self.base().sub(x, y),
            (Some(x), Some(y)) => self.base().add(x, y),
            (Some(x), None) => x.clone(),
            (None, Some(y)) => of_b(y),
            (None, None) => self.base().zero(),
        };
        self.cut(Germ { low, terms: (low..end).map(entry).collect(), exact: known.is_none() })
    }

    fn quotient(&mut self, a: &Germ<D::Elem>, b: &Germ<D::Elem>) -> Result<Germ<D::Elem>, Stop> {
        let Some(k) = self.leading(b) else {
            return Err(if b.exact { Stop::Pole } else { Stop::Unclear });
        };
        if a.exact && a.terms.is_empty() {
            return Ok(a.clone());
        }
        let low = a.low - b.low - k as i64;
        let unit = &b.terms[k..];
        if b.exact && unit.len() == 1 {
            let terms = a.terms.iter().map(|x| self.inner.base.div(x, &unit[0])).collect::<Result<_, _>>()?;
            return Ok(Germ { low, terms, exact: a.exact });
        }
        let known = [(a.exact, a.terms.len()), (b.exact, unit.len())];
        let n = known.into_iter().filter(|x| !x.0).map(|x| x.1).fold(self.order, usize::min);
        let mut terms: Vec<D::Elem> = Vec::with_capacity(n);
        for i in 0..n {
            let mut rest = a.terms.get(i).cloned().unwrap_or_else(|| self.base().zero());
            for j in (1..=i).take_while(|j| *j < unit.len()) {
                let part = self.base().mul(&unit[j], &terms[i - j]);
                rest = self.base().sub(&rest, &part);
            }
            terms.push(self.inner.base.div(&rest, &unit[0])?);
        }
        Ok(Germ { low, terms, exact: false })
    }

    /// The value of an element that does not depend on `t`.
    fn value(&self, x: &Germ<D::Elem>) -> Option<D::Elem> {
        if !x.exact {
            return None;
        }
        let end = x.low + x.terms.len() as i64;
        let others = (x.low..end).filter(|n| *n != 0).filter_map(|n| x.at(n));
        let constant = others.into_iter().all(|c| self.base().is_zero(c) == Some(true));
        constant.then(|| x.at(0).cloned().unwrap_or_else(|| self.base().zero()))
    }

    /// The values of a matrix that does not depend on `t`.
    fn values(&self, m: &[Germ<D::Elem>]) -> Option<Vec<D::Elem>> {
        m.iter().map(|x| self.value(x)).collect()
    }

    /// The coefficients from `t^0` to the precision that all entries have.
    ///
    /// # Errors
    /// [`Stop::Pole`] if an entry starts with a negative power, [`Stop::Unclear`] if not even `t^0` is known.
    fn power_series(&mut self, m: &[Germ<D::Elem>]) -> Result<Vec<Vec<D::Elem>>, Stop> {
        for x in m {
            if self.leading(x).is_some_and(|k| x.low + (k as i64) < 0) {
                return Err(Stop::Pole);
            }
        }
        let known = m.iter().filter_map(Germ::precision).min();
        let length = known.map_or(self.order as i64, |k| k.min(self.order as i64));
        let length = usize::try_from(length).ok().filter(|n| *n > 0).ok_or(Stop::Unclear)?;
        self.inner.order = length;
        let entry = |x: &Germ<D::Elem>, n: usize| x.at(n as i64).cloned().unwrap_or_else(|| self.base().zero());
        Ok(m.iter().map(|x| (0..length).map(|n| entry(x, n)).collect()).collect())
    }

    /// `x^q` for a `q` that is no whole number.
    fn root(&mut self, x: &Germ<D::Elem>, q: &Rational) -> Result<Germ<D::Elem>, Stop> {
        // Zero as far as it is known: of its root nothing is known.
        let k = self.leading(x).ok_or(Stop::Kink)?;
        let order = q * Rational::from(x.low + k as i64);
        let low = i64::try_from(order.numerator().clone()).ok().filter(|_| order.is_int());
        let Some(low) = low else {
            return Err(if order < Rational::ZERO { Stop::Pole } else { Stop::Kink });
        };
        let unit = &x.terms[k..];
        if x.exact && unit.len() == 1 {
            return Ok(Germ { low, terms: vec![self.inner.base.power(&unit[0], q)?], exact: true });
        }
        let length = if x.exact { self.order } else { unit.len() };
        let mut unit = unit.to_vec();
        unit.resize(length, self.base().zero());
        self.inner.order = length;
        let terms = self.inner.rational_power(&unit, q)?;
        Ok(Germ { low, terms, exact: false })
    }

    /// The pseudo-inverse along a curve whose rank at `t = 0` is the one beside it; none if that is not so.
    fn regular_pseudo_inverse(
        &mut self,
        m: &[Germ<D::Elem>],
        (rows, cols): (usize, usize),
        rank: Option<usize>,
    ) -> Option<Vec<Germ<D::Elem>>> {
        let a = self.power_series(m).ok()?;
        let p = self.inner.series_pseudo_inverse(&a, rows, cols).ok()?;
        if let Some(rank) = rank {
            // The trace of the projection A⁺ A.
            let base = &mut self.inner.base;
            let mut trace = base.rational(&Rational::from(rank)).ok()?;
            trace = base.neg(&trace);
            for (i, j) in (0..rows * cols).map(|k| (k / cols, k % cols)) {
                base.mul_add(&mut trace, &a[i * cols + j][0], &p[j * rows + i][0]);
            }
            let same = if self.rounds { base.pivot_size(&trace) < 0.5 } else { base.is_zero(&trace) == Some(true) };
            if !same {
                return None;
            }
        }
        Some(p.into_iter().map(|terms| Germ { low: 0, terms, exact: false }).collect())
    }
}

impl<D: Domain> Domain for Laurent<D> {
    type Elem = Germ<D::Elem>;

    fn rational(&mut self, q: &Rational) -> Result<Self::Elem, Stop> {
        Ok(Germ::constant(self.inner.base.rational(q)?))
    }

    fn add(&self, a: &Self::Elem, b: &Self::Elem) -> Self::Elem {
        self.sum(a, b, false)
    }

    fn sub(&self, a: &Self::Elem, b: &Self::Elem) -> Self::Elem {
        self.sum(a, b, true)
    }

    fn mul(&self, a: &Self::Elem, b: &Self::Elem) -> Self::Elem {
        let nothing = |x: &Self::Elem| x.exact && x.terms.is_empty();
        if nothing(a) || nothing(b) {
            return self.zero();
        }
        let whole = (a.terms.len() + b.terms.len()).saturating_sub(1);
        let known = [a, b].into_iter().filter(|x| !x.exact).map(|x| x.terms.len()).min();
        let length = known.unwrap_or(whole).min(self.order);
        let mut terms = vec![self.base().zero(); length];
        self.inner.accumulate(&mut terms, &a.terms, &b.terms);
        Germ { low: a.low + b.low, terms, exact: known.is_none() && whole <= self.order }
    }

    fn neg(&self, a: &Self::Elem) -> Self::Elem {
        Germ { terms: a.terms.iter().map(|x| self.base().neg(x)).collect(), ..*a }
    }

    fn zero(&self) -> Self::Elem {
        Germ { low: 0, terms: Vec::new(), exact: true }
    }

    fn one(&self) -> Self::Elem {
        Germ::constant(self.base().one())
    }

    fn div(&mut self, a: &Self::Elem, b: &Self::Elem) -> Result<Self::Elem, Stop> {
        self.quotient(a, b)
    }

    fn apply(&mut self, f: Fun, x: &Self::Elem) -> Result<Self::Elem, Stop> {
        if let Some(c) = self.value(x) {
            return Ok(Germ::constant(self.inner.base.apply(f, &c)?));
        }
        if f == Fun::Sign {
            // As for small positive t. What is zero as far as it is known lies on the kink, as far as can be seen.
            let k = self.leading(x).ok_or(Stop::Kink)?;
            return Ok(Germ::constant(self.inner.base.apply(f, &x.terms[k])?));
        }
        let mut series = self.power_series(std::slice::from_ref(x))?;
        let terms = series.pop().map(|s| self.inner.function(f, &s)).ok_or(Stop::Unclear)??;
        Ok(Germ { low: 0, terms, exact: false })
    }

    fn power(&mut self, x: &Self::Elem, q: &Rational) -> Result<Self::Elem, Stop> {
        if let Some(c) = self.value(x) {
            return Ok(Germ::constant(self.inner.base.power(&c, q)?));
        }
        if !q.is_int() {
            return self.root(x, q);
        }
        let n = u64::try_from(q.numerator().clone().into_parts().1).map_err(|_| Stop::Budget)?;
        let mut out = self.one();
        for bit in (0..u64::BITS - n.leading_zeros()).rev() {
            out = self.mul(&out, &out);
            if n >> bit & 1 == 1 {
                out = self.mul(&out, x);
            }
        }
        if *q < Rational::ZERO { self.quotient(&self.one(), &out) } else { Ok(out) }
    }

    /// Not known of what vanishes as far as it is known.
    fn is_zero(&self, x: &Self::Elem) -> Option<bool> {
        match self.leading(x) {
            Some(k) => (self.base().is_zero(&x.terms[k]) == Some(false)).then_some(false),
            None => x.exact.then_some(true),
        }
    }

    /// The lower the order, the larger; then by the leading terms.
    fn pivot_size(&self, x: &Self::Elem) -> f64 {
        let Some(k) = self.leading(x) else { return f64::NEG_INFINITY };
        let size = self.base().pivot_size(&x.terms[k]);
        let fraction = if size.is_finite() { size / (1.0 + size) } else { 1.0 };
        fraction - 2.0 * (x.low + k as i64) as f64
    }

    fn note_rank(&mut self, rank: usize) {
        self.inner.base.note_rank(rank);
    }

    fn rank_hint(&mut self) -> Option<usize> {
        self.ranks.pop_front()
    }

    fn inverse(&mut self, m: &[Self::Elem], n: usize) -> Result<Vec<Self::Elem>, Stop> {
        if let Some(values) = self.values(m) {
            return Ok(self.inner.base.inverse(&values, n)?.into_iter().map(Germ::constant).collect());
        }
        let regular = self.power_series(m).and_then(|a| self.inner.series_inverse(&a, n));
        match regular {
            Ok(inverse) => Ok(inverse.into_iter().map(|terms| Germ { low: 0, terms, exact: false }).collect()),
            Err(Stop::Pole | Stop::Unclear) => linear::inverse(self, m, n),
            Err(other) => Err(other),
        }
    }

    fn pseudo_inverse(&mut self, m: &[Self::Elem], rows: usize, cols: usize) -> Result<Vec<Self::Elem>, Stop> {
        let hint = self.ranks.pop_front();
        if let Some(values) = self.values(m) {
            return Ok(self.inner.base.pseudo_inverse(&values, rows, cols)?.into_iter().map(Germ::constant).collect());
        }
        if let Some(regular) = self.regular_pseudo_inverse(m, (rows, cols), hint) {
            return Ok(regular);
        }
        if let Some(hint) = hint {
            self.ranks.push_front(hint);
        }
        linear::pseudo_inverse(self, m, rows, cols)
    }

    fn determinant(&mut self, m: &[Self::Elem], n: usize) -> Result<Self::Elem, Stop> {
        if let Some(values) = self.values(m) {
            return Ok(Germ::constant(self.inner.base.determinant(&values, n)?));
        }
        match linear::determinant_by_minors(self, m, n) {
            Some(out) => Ok(out),
            None => linear::determinant(self, m, n),
        }
    }

    /// Matrices of constants only.
    fn polar(&mut self, m: &[Self::Elem], rows: usize, cols: usize) -> Result<Vec<Self::Elem>, Stop> {
        let values = self.values(m).ok_or(Stop::Unsupported)?;
        Ok(self.inner.base.polar(&values, rows, cols)?.into_iter().map(Germ::constant).collect())
    }

    /// Matrices of constants only.
    fn eigenvectors(&mut self, m: &[Self::Elem], n: usize) -> Result<Vec<Self::Elem>, Stop> {
        let values = self.values(m).ok_or(Stop::Unsupported)?;
        Ok(self.inner.base.eigenvectors(&values, n)?.into_iter().map(Germ::constant).collect())
    }

    fn power_spd(&mut self, m: &[Self::Elem], n: usize, q: &Rational) -> Result<Vec<Self::Elem>, Stop> {
        let values = self.values(m).ok_or(Stop::Unsupported)?;
        Ok(self.inner.base.power_spd(&values, n, q)?.into_iter().map(Germ::constant).collect())
    }
}
