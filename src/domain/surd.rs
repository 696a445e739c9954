//! Numbers whose squares are rational: the values that constant rates take.
//!
//! A number `x` is kept as its sign and `x²`. Products, quotients and roots of rational numbers stay in the domain; a sum
//! stays where the ratio of its terms is rational. What leaves it has no value.

use dashu_int::ops::BitTest;

use super::roots::rational_power;
use super::{Domain, Fun, Rational, Stop};

/// Squares of more bits than this have no value.
const MAX_BITS: usize = 1 << 13;

/// A number with a rational square.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surd {
    /// Whether it is below zero; never set for zero.
    pub negative: bool,
    /// Its square.
    pub square: Rational,
}

impl Surd {
    fn new(negative: bool, square: Rational) -> Option<Self> {
        let bits = square.numerator().bit_len() + square.denominator().bit_len();
        let negative = negative && !square.is_zero();
        (bits <= MAX_BITS).then_some(Surd { negative, square })
    }
}

/// The domain of numbers with rational squares; `None` is a value that is not one, or too large.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surds;

fn half() -> Rational {
    Rational::from_parts(1.into(), 2u8.into())
}

impl Domain for Surds {
    type Elem = Option<Surd>;

    fn rational(&mut self, q: &Rational) -> Result<Option<Surd>, Stop> {
        Ok(Surd::new(*q < Rational::ZERO, q * q))
    }

    fn add(&self, a: &Option<Surd>, b: &Option<Surd>) -> Option<Surd> {
        let (a, b) = (a.as_ref()?, b.as_ref()?);
        if a.square.is_zero() {
            return Some(b.clone());
        }
        // a + b = a · (1 + b/a), where b/a has to be rational.
        let size = rational_power(&(&b.square / &a.square), &half())?;
        let ratio = if a.negative == b.negative { size } else { -size };
        let factor = Rational::ONE + ratio;
        Surd::new(a.negative != (factor < Rational::ZERO), &a.square * &factor * &factor)
    }

    fn sub(&self, a: &Option<Surd>, b: &Option<Surd>) -> Option<Surd> {
        self.add(a, &self.neg(b))
    }

    fn mul(&self, a: &Option<Surd>, b: &Option<Surd>) -> Option<Surd> {
        let (a, b) = (a.as_ref()?, b.as_ref()?);
        Surd::new(a.negative != b.negative, &a.square * &b.square)
    }

    fn neg(&self, a: &Option<Surd>) -> Option<Surd> {
        let a = a.as_ref()?;
        Surd::new(!a.negative, a.square.clone())
    }

    fn zero(&self) -> Option<Surd> {
        Surd::new(false, Rational::ZERO)
    }

    fn one(&self) -> Option<Surd> {
        Surd::new(false, Rational::ONE)
    }

    fn div(&mut self, a: &Option<Surd>, b: &Option<Surd>) -> Result<Option<Surd>, Stop> {
        let (Some(a), Some(b)) = (a, b) else { return Err(Stop::Unclear) };
        if b.square.is_zero() {
            return Err(Stop::Pole);
        }
        Ok(Surd::new(a.negative != b.negative, &a.square / &b.square))
    }

    fn apply(&mut self, f: Fun, x: &Option<Surd>) -> Result<Option<Surd>, Stop> {
        let x = x.as_ref().ok_or(Stop::Unclear)?;
        match f {
            Fun::Sign if x.square.is_zero() => Err(Stop::Kink),
            Fun::Sign => Ok(Surd::new(x.negative, Rational::ONE)),
            Fun::Exp
            | Fun::Log
            | Fun::Sin
            | Fun::Cos
            | Fun::Atan
            | Fun::Tanh
            | Fun::Sigmoid
            | Fun::Softplus
            | Fun::Erf
            | Fun::Gauss => Err(Stop::Unsupported),
        }
    }

    fn power(&mut self, x: &Option<Surd>, q: &Rational) -> Result<Option<Surd>, Stop> {
        let x = x.as_ref().ok_or(Stop::Unclear)?;
        if x.square.is_zero() {
            return if *q > Rational::ZERO { Ok(Some(x.clone())) } else { Err(Stop::Pole) };
        }
        if !q.is_int() && x.negative {
            return Err(Stop::OutOfDomain);
        }
        let odd = q.is_int() && q.numerator().bit(0);
        Ok(rational_power(&x.square, q).and_then(|square| Surd::new(x.negative && odd, square)))
    }

    fn is_zero(&self, x: &Option<Surd>) -> Option<bool> {
        x.as_ref().map(|x| x.square.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(a: i64, b: u64) -> Rational {
        Rational::from_parts(a.into(), b.into())
    }

    #[test]
    fn numbers_agree_with_floating_point_or_are_absent() {
        let mut d = Surds;
        let values = [q(2, 1), q(-3, 4), q(1, 8), q(0, 1), q(5, 3), q(1, 2)];
        let float = |x: &Surd| {
            let square = x.square.to_f64().value();
            if x.negative { -square.sqrt() } else { square.sqrt() }
        };
        let close = |x: &Option<Surd>, y: f64| x.as_ref().is_none_or(|x| (float(x) - y).abs() < 1e-12);
        let mut sums = 0;
        for a in &values {
            for b in &values {
                let (ra, rb) = (d.rational(a).unwrap(), d.rational(b).unwrap());
                let roots: Vec<_> = [&ra, &rb].iter().filter_map(|x| d.power(x, &half()).ok()).collect();
                let all: Vec<_> = [ra, rb].into_iter().chain(roots).collect();
                for x in &all {
                    for y in &all {
                        let (fx, fy) = (float(x.as_ref().unwrap()), float(y.as_ref().unwrap()));
                        sums += usize::from(d.add(x, y).is_some());
                        assert!(close(&d.add(x, y), fx + fy) && close(&d.sub(x, y), fx - fy), "{x:?} {y:?}");
                        assert!(close(&d.mul(x, y), fx * fy), "{x:?} {y:?}");
                        assert_eq!(d.div(x, y).is_err(), fy == 0.0);
                        assert!(d.div(x, y).map_or(true, |z| close(&z, fx / fy)), "{x:?} {y:?}");
                    }
                    let fx = float(x.as_ref().unwrap());
                    assert!(d.power(x, &q(3, 1)).map_or(true, |z| close(&z, fx.powi(3))));
                    assert!(d.power(x, &q(-2, 1)).map_or(fx == 0.0, |z| close(&z, fx.powi(-2))));
                }
            }
        }
        assert!(sums > 100);
        let root = d.rational(&q(2, 1)).and_then(|x| d.power(&x, &half())).unwrap();
        assert_eq!(d.add(&root, &d.one()), None);
        assert_eq!(d.add(&root, &d.neg(&root)), d.zero());
    }
}
