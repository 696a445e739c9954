//! Numbers: exact rationals, within limits that keep a few characters from asking for gigabytes.

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

use crate::source::Span;

use super::build::Built;
use super::error::SyntaxError;

/// The largest power of ten, in absolute value.
pub(super) const MAX_EXPONENT: u32 = 4096;

/// The largest number of digits before the exponent.
pub(super) const MAX_DIGITS: usize = 4096;

/// The value of a numeral of the grammar.
pub(super) fn number(text: &str, span: Span) -> Built<RBig> {
    let too_large = || SyntaxError::NumberTooLarge { span };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().map_err(|_| too_large())?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if exponent.unsigned_abs() > u64::from(MAX_EXPONENT) || whole.len() + fraction.len() > MAX_DIGITS {
        return Err(too_large());
    }
    let digits = IBig::from_str_radix(&format!("{whole}{fraction}"), 10).map_err(|_| too_large())?;
    let places = i64::try_from(fraction.len()).map_err(|_| too_large())?;
    let shift = exponent - places;
    let power = UBig::from(10u8).pow(usize::try_from(shift.unsigned_abs()).map_err(|_| too_large())?);
    Ok(if shift < 0 {
        RBig::from_parts(digits, power)
    } else {
        RBig::from(digits * IBig::from(power))
    })
}
