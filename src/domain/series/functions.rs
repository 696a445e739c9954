//! Scalar functions of power series, each from its differential equation.

use super::Series;
use crate::domain::{Domain, Fun, Rational, Stop};
use dashu_int::{IBig, Sign, UBig};

/// A rounded coefficient below this, relative to the largest of its series, counts as zero.
const ROUNDING: f64 = 1e-9;

impl<D: Domain> Series<D> {
    /// `acc += a · b` up to the length of `acc`.
    pub(super) fn accumulate(&self, acc: &mut [D::Elem], a: &[D::Elem], b: &[D::Elem]) {
        let length = acc.len();
        for (i, x) in a.iter().enumerate() {
            for (target, y) in acc[i.min(length)..].iter_mut().zip(b) {
                self.base.mul_add(target, x, y);
            }
        }
    }

    /// `x · n` for a natural number.
    pub(super) fn times_natural(&mut self, x: &D::Elem, n: usize) -> Result<D::Elem, Stop> {
        let n = self.base.rational(&Rational::from(n))?;
        Ok(self.base.mul(x, &n))
    }

    /// `x / n` for a natural number.
    pub(super) fn over_natural(&mut self, x: &D::Elem, n: usize) -> Result<D::Elem, Stop> {
        let n = self.base.rational(&Rational::from(n))?;
        self.base.div(x, &n)
    }

    /// The place of the first coefficient that is not zero; `None` if all are. Rounded coefficients far below the largest
    /// one count as zero.
    pub(super) fn leading(&mut self, x: &[D::Elem]) -> Result<Option<usize>, Stop> {
        let first = x.iter().position(|c| self.base.is_zero(c) != Some(true));
        if first == Some(0) && x.len() == 1 || first.is_none() || self.arithmetic()? != Some(false) {
            return Ok(first);
        }
        let largest = x.iter().fold(0.0f64, |m, c| m.max(self.base.pivot_size(c)));
        Ok(x.iter().position(|c| self.base.pivot_size(c) > ROUNDING * largest))
    }

    /// The coefficients from one place on, as a series.
    fn shifted_down(&self, x: &[D::Elem], by: usize) -> Vec<D::Elem> {
        (0..self.order).map(|k| self.coefficient(x, k + by)).collect()
    }

    /// `t^by · x`
    fn shifted_up(&self, x: &[D::Elem], by: usize) -> Vec<D::Elem> {
        (0..self.order)
            .map(|k| k.checked_sub(by).map_or_else(|| self.base.zero(), |k| self.coefficient(x, k)))
            .collect()
    }

    /// `a / b`: from `q b = a`. Where `b` starts with `t^k` so must `a`.
    pub(super) fn quotient(&mut self, a: &[D::Elem], b: &[D::Elem]) -> Result<Vec<D::Elem>, Stop> {
        if b.len() == 1 {
            return a.iter().map(|x| self.base.div(x, &b[0])).collect();
        }
        if let Some(k) = self.leading(b)?.filter(|k| *k > 0) {
            if self.leading(a)?.is_some_and(|own| own < k) {
                return Err(Stop::Pole);
            }
            self.lost += k;
            let (a, b) = (self.shifted_down(a, k), self.shifted_down(b, k));
            return self.quotient(&a, &b);
        }
        let mut out: Vec<D::Elem> = Vec::with_capacity(self.order);
        for n in 0..self.order {
            let mut rest = self.base.zero();
            for k in 1..=n {
                self.base.mul_add(&mut rest, &b[k], &out[n - k]);
            }
            let rest = self.base.sub(&self.coefficient(a, n), &rest);
            out.push(self.base.div(&rest, &b[0])?);
        }
        Ok(out)
    }

    /// The coefficients of `t x'`: those of `x`, each times its index.
    fn slopes(&mut self, x: &[D::Elem]) -> Result<Vec<D::Elem>, Stop> {
        x.iter().enumerate().map(|(k, c)| self.times_natural(c, k)).collect()
    }

    /// The coefficient of `t^n` in `y`, where `y' = g x'` and `slopes` belong to `x`: it takes `g` up to `n - 1`.
    fn integral(&mut self, slopes: &[D::Elem], g: &[D::Elem], n: usize) -> Result<D::Elem, Stop> {
        let mut sum = self.base.zero();
        for k in 1..=n {
            self.base.mul_add(&mut sum, &slopes[k], &g[n - k]);
        }
        self.over_natural(&sum, n)
    }

    /// The coefficient of `t^n` in `a · b`.
    fn product_at(&self, a: &[D::Elem], b: &[D::Elem], n: usize) -> D::Elem {
        let mut sum = self.base.zero();
        for k in 0..=n {
            self.base.mul_add(&mut sum, &a[k], &b[n - k]);
        }
        sum
    }

    /// `f(x)`
    pub(super) fn function(&mut self, f: Fun, x: &[D::Elem]) -> Result<Vec<D::Elem>, Stop> {
        if x.len() == 1 {
            return Ok(vec![self.base.apply(f, &x[0])?]);
        }
        if f == Fun::Sign {
            // As for small positive t. What is zero to the order lies on the kink, as far as can be seen.
            return match self.leading(x)? {
                None => Err(Stop::Kink),
                Some(k) => Ok(vec![self.base.apply(f, &x[k])?]),
            };
        }
        let first = match f {
            Fun::Sin | Fun::Cos => return self.sine_and_cosine(f, x),
            _ => self.base.apply(f, &x[0])?,
        };
        let slopes = self.slopes(x)?;
        match f {
            // y' = x' / x
            Fun::Log => {
                let one = vec![self.base.one()];
                let g = self.quotient(&one, x)?;
                self.integrate(first, &slopes, &g)
            }
            // y' = x' / (1 + x²)
            Fun::Atan => {
                let one = vec![self.base.one()];
                let square = self.mul(&x.to_vec(), &x.to_vec());
                let g = self.quotient(&one, &self.add(&one, &square))?;
                self.integrate(first, &slopes, &g)
            }
            // y' = sigmoid(x) x'
            Fun::Softplus => {
                let g = self.function(Fun::Sigmoid, x)?;
                self.integrate(first, &slopes, &g)
            }
            // y' = g(y) x' with g(y) = y, 1 - y² or y - y²
            _ => {
                let (mut y, mut g) = (vec![first], Vec::with_capacity(self.order));
                for n in 1..self.order {
                    g.push(self.own_slope(f, &y, n - 1));
                    let next = self.integral(&slopes, &g, n)?;
                    y.push(next);
                }
                Ok(y)
            }
        }
    }

    /// `∫ g x'` with the given constant term.
    fn integrate(&mut self, first: D::Elem, slopes: &[D::Elem], g: &[D::Elem]) -> Result<Vec<D::Elem>, Stop> {
        let mut y = vec![first];
        for n in 1..self.order {
            y.push(self.integral(slopes, g, n)?);
        }
        Ok(y)
    }

    /// The coefficient of `t^n` in the derivative of `f` written by its value `y`.
    fn own_slope(&self, f: Fun, y: &[D::Elem], n: usize) -> D::Elem {
        match f {
            Fun::Tanh => {
                let square = self.product_at(y, y, n);
                let one = if n == 0 { self.base.one() } else { self.base.zero() };
                self.base.sub(&one, &square)
            }
            Fun::Sigmoid => self.base.sub(&y[n], &self.product_at(y, y, n)),
            _ => y[n].clone(),
        }
    }

    /// Both at once, from `s' = c x'` and `c' = -s x'`.
    fn sine_and_cosine(&mut self, f: Fun, x: &[D::Elem]) -> Result<Vec<D::Elem>, Stop> {
        let slopes = self.slopes(x)?;
        let mut sin = vec![self.base.apply(Fun::Sin, &x[0])?];
        let mut cos = vec![self.base.apply(Fun::Cos, &x[0])?];
        for n in 1..self.order {
            let s = self.integral(&slopes, &cos, n)?;
            let c = self.integral(&slopes, &sin, n)?;
            sin.push(s);
            cos.push(self.base.neg(&c));
        }
        Ok(if f == Fun::Sin { sin } else { cos })
    }

    /// `x^q`: by products for an integer `q`, else from `x y' = q y x'`, which needs a positive constant term.
    pub(super) fn rational_power(&mut self, x: &[D::Elem], q: &Rational) -> Result<Vec<D::Elem>, Stop> {
        if x.len() == 1 {
            return Ok(vec![self.base.power(&x[0], q)?]);
        }
        if q.is_int() {
            let (sign, n) = q.numerator().clone().into_parts();
            let n = u64::try_from(n).map_err(|_| Stop::Budget)?;
            let power = self.natural_power(x, n);
            return if sign == Sign::Negative { self.quotient(&[self.base.one()], &power) } else { Ok(power) };
        }
        match self.leading(x)? {
            // Zero to the order: of its root nothing is known.
            None => return Err(Stop::Kink),
            Some(0) => {}
            Some(k) => {
                let power = q * Rational::from(k);
                let whole = usize::try_from(power.numerator().clone()).ok().filter(|_| power.is_int());
                let Some(whole) = whole else {
                    return Err(if power < Rational::ZERO { Stop::Pole } else { Stop::Kink });
                };
                self.lost += k.saturating_sub(whole);
                let rest = self.shifted_down(x, k);
                let root = self.rational_power(&rest, q)?;
                return Ok(self.shifted_up(&root, whole));
            }
        }
        let first = self.base.power(&x[0], q)?;
        let mut y = vec![first];
        for n in 1..self.order {
            let mut sum = self.base.zero();
            for k in 1..=n {
                let weight = q * Rational::from(k) - Rational::from(n - k);
                let weight = self.base.rational(&weight)?;
                let product = self.base.mul(&x[k], &y[n - k]);
                self.base.mul_add(&mut sum, &weight, &product);
            }
            let scaled = self.base.div(&sum, &x[0])?;
            y.push(self.over_natural(&scaled, n)?);
        }
        Ok(y)
    }

    /// `x^n` by repeated squaring.
    fn natural_power(&self, x: &[D::Elem], n: u64) -> Vec<D::Elem> {
        let x = x.to_vec();
        let mut out = self.one();
        for bit in (0..u64::BITS - n.leading_zeros()).rev() {
            out = self.mul(&out, &out);
            if n >> bit & 1 == 1 {
                out = self.mul(&out, &x);
            }
        }
        out
    }

    /// Whether the base computes exactly, encloses, or rounds, told by `49 · (1/49) - 1`: certainly zero, open, or not
    /// zero.
    pub(super) fn arithmetic(&mut self) -> Result<Option<bool>, Stop> {
        let fraction = self.base.rational(&Rational::from_parts(IBig::ONE, UBig::from(49u8)))?;
        let whole = self.times_natural(&fraction, 49)?;
        let one = self.base.one();
        Ok(self.base.is_zero(&self.base.sub(&whole, &one)))
    }
}
