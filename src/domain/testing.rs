//! What the tests of the domains share: random numbers and exact reference values.

use super::Rational;
use dashu_int::{IBig, UBig};

/// A small seeded generator (SplitMix64).
pub(super) struct Rng(pub u64);

impl Rng {
    /// The next 64 random bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A number in `[lo, hi)`.
    pub(super) fn uniform(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * ((self.next() >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// A fraction with numerator at most `top` in size and denominator at most `bottom`.
pub(super) fn random_rational(rng: &mut Rng, top: usize, bottom: usize) -> Rational {
    let numerator = rng.below(2 * top + 1) as i64 - top as i64;
    Rational::from_parts(IBig::from(numerator), UBig::from(1 + rng.below(bottom)))
}

/// Fractional bits of the reference values; they are correct to more than [`ACCURACY`] of them.
const BITS: usize = 640;

/// Reference values are off by less than two to the minus this, absolutely or, for [`exp`], relatively.
pub(super) const ACCURACY: usize = 560;

/// `x / 2^k` in fixed point, small enough for fast power series, and `k`.
fn reduced(x: f64) -> (IBig, usize) {
    let k = (x.abs().max(1.0).log2() as usize) + 9;
    let x = Rational::try_from(x).unwrap();
    (((x.numerator().clone() << (BITS - k)) / IBig::from(x.denominator().clone())), k)
}

fn rational(fixed: IBig) -> Rational {
    Rational::from_parts(fixed, UBig::ONE << BITS)
}

/// `exp x` for `|x| < 800`.
pub(super) fn exp(x: f64) -> Rational {
    if x < 0.0 {
        return Rational::ONE / exp(-x);
    }
    let (r, k) = reduced(x);
    let mut term = IBig::ONE << BITS;
    let mut sum = term.clone();
    for n in 1.. {
        term = ((term * &r) >> BITS) / IBig::from(n);
        if term.is_zero() {
            break;
        }
        sum += &term;
    }
    for _ in 0..k {
        sum = (&sum * &sum) >> BITS;
    }
    rational(sum)
}

/// `sin x` and `cos x` for `|x| ≤ 10^6`.
pub(super) fn sin_cos(x: f64) -> (Rational, Rational) {
    let (r, k) = reduced(x);
    let square = (&r * &r) >> BITS;
    let one = IBig::ONE << BITS;
    let (mut sin, mut cos) = (r.clone(), one.clone());
    let (mut s, mut c) = (r, one);
    for n in 1.. {
        c = -((c * &square) >> BITS) / IBig::from((2 * n - 1) * (2 * n));
        s = -((s * &square) >> BITS) / IBig::from((2 * n) * (2 * n + 1));
        if (-1..=1).any(|z| c == IBig::from(z)) {
            break;
        }
        sin += &s;
        cos += &c;
    }
    for _ in 0..k {
        let both = (&sin * &cos) >> (BITS - 1);
        cos = ((&cos * &cos) >> BITS) - ((&sin * &sin) >> BITS);
        sin = both;
    }
    (rational(sin), rational(cos))
}
