//! Scalar functions of power series, each from its differential equation.

use super::Series;
use crate::core::formula::{self, Formula};
use crate::domain::{Domain, Fun, Rational, Stop};
use dashu_int::{IBig, Sign, UBig};

/// A derivative of the table, ready to be read coefficient by coefficient.
enum Piece<E> {
    /// A series that is known.
    Known(Vec<E>),
    /// The value of a function of the family, by its number.
    Value(usize),
    Neg(Box<Piece<E>>),
    Sum(Box<Piece<E>>, Box<Piece<E>>),
    Product(Box<Piece<E>>, Box<Piece<E>>),
}

impl<D: Domain> Series<D> {
    /// `acc += a · b` up to the length of `acc`.
    pub(in crate::domain) fn accumulate(&self, acc: &mut [D::Elem], a: &[D::Elem], b: &[D::Elem]) {
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

    /// `a / b`: from `q b = a`.
    pub(super) fn quotient(&mut self, a: &[D::Elem], b: &[D::Elem]) -> Result<Vec<D::Elem>, Stop> {
        if b.len() == 1 {
            return a.iter().map(|x| self.base.div(x, &b[0])).collect();
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

    /// `f(x)`
    pub(in crate::domain) fn function(&mut self, f: Fun, x: &[D::Elem]) -> Result<Vec<D::Elem>, Stop> {
        if x.len() == 1 {
            return Ok(vec![self.base.apply(f, &x[0])?]);
        }
        if f == Fun::Sign {
            // On the kink the sign is not constant.
            return match self.base.is_zero(&x[0]) {
                Some(true) => Err(Stop::Kink),
                _ => Ok(vec![self.base.apply(f, &x[0])?]),
            };
        }
        // f and the functions that its derivative is written with solve y' = g(x, y) x' together.
        let family = formula::family(f);
        let mut pieces = Vec::with_capacity(family.len());
        let mut values = Vec::with_capacity(family.len());
        for (own, &g) in family.iter().enumerate() {
            values.push(vec![self.base.apply(g, &x[0])?]);
            pieces.push(self.piece(g.derivative(), own, &family, x)?);
        }
        let slopes = self.slopes(x)?;
        let mut derivatives: Vec<Vec<D::Elem>> = vec![Vec::with_capacity(self.order); family.len()];
        for n in 1..self.order {
            for (g, piece) in derivatives.iter_mut().zip(&pieces) {
                g.push(self.piece_at(piece, &values, n - 1));
            }
            for (y, g) in values.iter_mut().zip(&derivatives) {
                let next = self.integral(&slopes, g, n)?;
                y.push(next);
            }
        }
        Ok(values.swap_remove(0))
    }

    /// A derivative of the table, with what is known of it before the values are: formulas in `x` alone.
    fn piece(&mut self, formula: &Formula, own: usize, family: &[Fun], x: &[D::Elem]) -> Result<Piece<D::Elem>, Stop> {
        if formula.is_rational_in_x() {
            return Ok(Piece::Known(self.rational_in_x(formula, x)?));
        }
        let mut inner = |a: &Formula| self.piece(a, own, family, x).map(Box::new);
        Ok(match formula {
            Formula::Y => Piece::Value(own),
            Formula::Of(g) => Piece::Value(family.iter().position(|h| h == g).unwrap_or(own)),
            Formula::Neg(a) => Piece::Neg(inner(a)?),
            Formula::Sum(a, b) => Piece::Sum(inner(a)?, inner(b)?),
            Formula::Product(a, b) => Piece::Product(inner(a)?, inner(b)?),
            // No row divides by a value.
            Formula::X | Formula::Number(_) | Formula::Reciprocal(_) => return Err(Stop::Unsupported),
        })
    }

    /// A formula without values of functions.
    fn rational_in_x(&mut self, formula: &Formula, x: &[D::Elem]) -> Result<Vec<D::Elem>, Stop> {
        Ok(match formula {
            Formula::X => x.to_vec(),
            Formula::Number(n) => vec![self.base.rational(&Rational::from(*n))?],
            Formula::Neg(a) => {
                let a = self.rational_in_x(a, x)?;
                self.neg(&a)
            }
            Formula::Sum(a, b) => {
                let (a, b) = (self.rational_in_x(a, x)?, self.rational_in_x(b, x)?);
                self.add(&a, &b)
            }
            Formula::Product(a, b) => {
                let (a, b) = (self.rational_in_x(a, x)?, self.rational_in_x(b, x)?);
                self.mul(&a, &b)
            }
            Formula::Reciprocal(a) => {
                let (one, a) = (vec![self.base.one()], self.rational_in_x(a, x)?);
                self.quotient(&one, &a)?
            }
            Formula::Y | Formula::Of(_) => return Err(Stop::Unsupported),
        })
    }

    /// The coefficient of `t^n` of a derivative, from the values' coefficients up to that of `t^n`.
    fn piece_at(&self, piece: &Piece<D::Elem>, values: &[Vec<D::Elem>], n: usize) -> D::Elem {
        match piece {
            Piece::Known(known) => self.coefficient(known, n),
            Piece::Value(k) => values[*k][n].clone(),
            Piece::Neg(a) => self.base.neg(&self.piece_at(a, values, n)),
            Piece::Sum(a, b) => self.base.add(&self.piece_at(a, values, n), &self.piece_at(b, values, n)),
            Piece::Product(a, b) => {
                let mut sum = self.base.zero();
                for k in 0..=n {
                    self.base.mul_add(&mut sum, &self.piece_at(a, values, k), &self.piece_at(b, values, n - k));
                }
                sum
            }
        }
    }

    /// `x^q`: by products for an integer `q`, else from `x y' = q y x'`, which needs a positive constant term.
    pub(in crate::domain) fn rational_power(&mut self, x: &[D::Elem], q: &Rational) -> Result<Vec<D::Elem>, Stop> {
        if x.len() == 1 {
            return Ok(vec![self.base.power(&x[0], q)?]);
        }
        if q.is_int() {
            let (sign, n) = q.numerator().clone().into_parts();
            let n = u64::try_from(n).map_err(|_| Stop::Budget)?;
            let power = self.natural_power(x, n);
            return if sign == Sign::Negative { self.quotient(&[self.base.one()], &power) } else { Ok(power) };
        }
        if self.base.is_zero(&x[0]) == Some(true) {
            return Err(if *q < Rational::ZERO { Stop::Pole } else { Stop::Kink });
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
    pub(in crate::domain) fn arithmetic(&mut self) -> Result<Option<bool>, Stop> {
        let fraction = self.base.rational(&Rational::from_parts(IBig::ONE, UBig::from(49u8)))?;
        let whole = self.times_natural(&fraction, 49)?;
        let one = self.base.one();
        Ok(self.base.is_zero(&self.base.sub(&whole, &one)))
    }
}
