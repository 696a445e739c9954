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
    Ok(if shift < 0 { RBig::from_parts(digits, power) } else { RBig::from(digits * IBig::from(power)) })
}

/// A numeral with this value: the parser reads it back exactly.
///
/// Every number that can be written is a decimal. Other rationals can only come from a tree that was not parsed; they
/// are shown as a quotient in parentheses.
pub(super) fn numeral(value: &RBig) -> String {
    let ten = UBig::from(10u8);
    let Some(places) = decimal_places(value.denominator()) else {
        return format!("({} / {})", value.numerator(), value.denominator());
    };
    let mantissa = value.numerator() * IBig::from(ten.pow(places)) / IBig::from(value.denominator().clone());
    let digits = mantissa.to_string();
    let Ok(places) = i64::try_from(places) else {
        return digits;
    };
    if digits.starts_with('-') {
        return format!("(-{})", numeral(&-value.clone()));
    }
    let significant = digits.trim_end_matches('0');
    let (Ok(dropped), Ok(length)) = (i64::try_from(digits.len() - significant.len()), i64::try_from(significant.len()))
    else {
        return digits;
    };
    let shift = dropped - places;
    if length == 0
        || (0..=6).contains(&shift)
        || (-12..0).contains(&shift) && length - shift < 20 && shift + length > -4
    {
        return decimal(significant, shift);
    }
    let limit = i64::from(MAX_EXPONENT);
    let exponent = (shift + length - 1).clamp(-limit, limit);
    format!("{}e{exponent}", decimal(significant, shift - exponent))
}

/// The least power of ten that the denominator divides, if there is one.
fn decimal_places(denominator: &UBig) -> Option<usize> {
    let twos = denominator.trailing_zeros().unwrap_or(0);
    let mut rest = denominator >> twos;
    let mut fives = 0;
    let five = UBig::from(5u8);
    while &rest % &five == UBig::ZERO {
        rest /= &five;
        fives += 1;
    }
    (rest == UBig::ONE).then_some(twos.max(fives))
}

/// The digits times a power of ten, written without an exponent.
fn decimal(digits: &str, shift: i64) -> String {
    let zeros = usize::try_from(shift.unsigned_abs()).unwrap_or(0);
    if digits.is_empty() {
        return "0".to_owned();
    }
    if shift >= 0 {
        return format!("{digits}{}", "0".repeat(zeros));
    }
    match digits.len().checked_sub(zeros) {
        Some(whole) if whole > 0 => format!("{}.{}", &digits[..whole], &digits[whole..]),
        _ => format!("0.{}{digits}", "0".repeat(zeros - digits.len())),
    }
}
