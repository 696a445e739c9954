//! Powers with great whole exponents.
//!
//! A polynomial of a degree near the size of the field is no polynomial to a random test. So `x^n` is taken apart: by the
//! factors of `x`, and by the digits of `n` to the base [`GREAT`]. The power of a factor with the exponent `GREAT^k` is an
//! atom; it is positive, and its logarithm and its roots are known. With digits between minus one half and one half of the
//! base, exponents that differ by little have the same higher digits, so that `x^n · x = x^(n + 1)`.

use dashu_int::ops::BitTest;
use dashu_int::{IBig, Sign, UBig};

use super::factors::{Factor, Root};
use super::{GREAT, Prime, ROOTS};
use crate::domain::Stop;

/// The most digits of an exponent.
pub const DIGITS: usize = 16;

/// The digits of a natural number, the lowest first; `None` if there are too many.
fn digits(n: &UBig) -> Option<Vec<i64>> {
    let mut rest = n.clone();
    let mut out = Vec::new();
    while rest != UBig::ZERO {
        if out.len() == DIGITS {
            return None;
        }
        let low: u64 = &rest % GREAT;
        rest /= GREAT;
        let carries = low > GREAT / 2;
        out.push(if carries { low.cast_signed() - GREAT.cast_signed() } else { low.cast_signed() });
        if carries {
            rest += UBig::ONE;
        }
    }
    Some(out)
}

impl Prime {
    /// `x^n` for a whole `n` of any size.
    pub(super) fn great_power(&mut self, x: u64, n: &IBig) -> Result<u64, Stop> {
        let (sign, magnitude) = n.clone().into_parts();
        if x == 0 {
            return if sign == Sign::Negative { Err(Stop::Pole) } else { Ok(0) };
        }
        self.atoms = true;
        let (minus, parts) = self.factorise(x);
        let mut power = self.field.one;
        for (i, e) in parts {
            let exponent = &magnitude * UBig::from(e.unsigned_abs());
            for (level, digit) in digits(&exponent).ok_or(Stop::Unsupported)?.into_iter().enumerate() {
                let base = self.great_factor(i, level);
                let digit = if e < 0 { -digit } else { digit };
                power = self.field.mul(power, self.signed_power(base, digit)?);
            }
        }
        if sign == Sign::Negative {
            power = self.field.inv(power).ok_or(Stop::Pole)?;
        }
        Ok(if minus && magnitude.bit(0) { self.field.sub(0, power) } else { power })
    }

    /// The factor to the power `GREAT^level`.
    fn great_factor(&mut self, i: usize, level: usize) -> u64 {
        if level == 0 {
            return self.factors[i].value;
        }
        if let Some(&value) = self.great.get(&(i, level)) {
            return value;
        }
        let root = self.draw_square();
        let value = self.field.pow(root, ROOTS);
        let scale = self.field.pow(self.field.embed(GREAT), level as u64);
        let log = self.field.mul(scale, self.factors[i].log);
        let sign = Some(self.field.one);
        self.add_factor(Factor { root: Root::True(root), log, sign, drawn: true, ..Factor::of(value) });
        self.great.insert((i, level), value);
        value
    }
}
