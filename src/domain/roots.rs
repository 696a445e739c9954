//! Rational powers of rational numbers, where they are rational.

use dashu_int::ops::BitTest;
use dashu_int::{IBig, UBig};

use super::Rational;

/// Numbers of more bits than this are not computed as constants.
const MAX_BITS: usize = 1 << 14;

/// `c^q`, if that is a rational number of moderate size. Even roots are taken of positive numbers only, and are positive.
///
/// `None` for `0^q` with `q < 0`, for irrational powers, and for results of more than 2¹⁴ bits.
pub fn rational_power(c: &Rational, q: &Rational) -> Option<Rational> {
    if c.is_zero() {
        return (*q > Rational::ZERO).then_some(Rational::ZERO);
    }
    let root = usize::try_from(q.denominator()).ok()?;
    let exponent = isize::try_from(q.numerator()).ok()?;
    let base = if root == 1 { c.clone() } else { exact_root(c, root)? };
    let bits = base.numerator().bit_len() + base.denominator().bit_len();
    if bits.saturating_mul(exponent.unsigned_abs()) > MAX_BITS {
        return None;
    }
    let raised = base.pow(exponent.unsigned_abs().cast_signed());
    Some(if exponent < 0 { Rational::ONE / raised } else { raised })
}

/// The positive `n`-th root of a positive rational, if it is rational.
fn exact_root(c: &Rational, n: usize) -> Option<Rational> {
    if *c <= Rational::ZERO {
        return None;
    }
    let (numerator, denominator) = c.clone().into_parts();
    let (_, magnitude) = numerator.into_parts();
    let top = whole_root(&magnitude, n)?;
    let bottom = whole_root(&denominator, n)?;
    Some(Rational::from_parts(IBig::from(top), bottom))
}

fn whole_root(x: &UBig, n: usize) -> Option<UBig> {
    let root = x.nth_root(n);
    (root.pow(n) == *x).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_exact_or_absent() {
        let q = |a: i64, b: u64| Rational::from_parts(a.into(), b.into());
        assert_eq!(rational_power(&q(4, 9), &q(1, 2)), Some(q(2, 3)));
        assert_eq!(rational_power(&q(4, 9), &q(-3, 2)), Some(q(27, 8)));
        assert_eq!(rational_power(&q(2, 1), &q(1, 2)), None);
        assert_eq!(rational_power(&q(-4, 1), &q(1, 2)), None);
        assert_eq!(rational_power(&q(-2, 1), &q(3, 1)), Some(q(-8, 1)));
        assert_eq!(rational_power(&q(0, 1), &q(-1, 1)), None);
        assert_eq!(rational_power(&q(3, 1), &q(1_000_000, 1)), None);
    }
}
