//! Which values are rational, and which are refused.

use super::{Exact, ZeroSign};
use crate::domain::linear::multiply;
use crate::domain::{Domain, Fun, Rational, Stop};

fn q(n: i32, d: u32) -> Rational {
    Rational::from_parts(n.into(), d.into())
}

#[test]
fn powers_are_exact_or_refused() {
    let mut d = Exact::default();
    assert_eq!(d.power(&q(8, 27), &q(2, 3)), Ok(q(4, 9)));
    assert_eq!(d.power(&q(8, 27), &q(-2, 3)), Ok(q(9, 4)));
    assert_eq!(d.power(&q(2, 1), &q(1, 2)), Err(Stop::Unsupported));
    assert_eq!(d.power(&q(-8, 1), &q(1, 3)), Err(Stop::OutOfDomain));
    assert_eq!(d.power(&q(-2, 3), &q(-3, 1)), Ok(q(-27, 8)));
    assert_eq!(d.power(&q(0, 1), &q(1, 2)), Ok(q(0, 1)));
    assert_eq!(d.power(&q(0, 1), &q(-2, 1)), Err(Stop::Pole));
    assert_eq!(d.power(&q(1, 1), &q(1, 4_000_000_000)), Ok(q(1, 1)));
    assert_eq!(d.power(&q(4, 1), &q(1, 4_000_000_000)), Err(Stop::Unsupported));
    assert_eq!(d.power(&q(-1, 1), &q(-2_000_000_001, 1)), Ok(q(-1, 1)));
    assert_eq!(d.power(&q(3, 1), &q(2_000_000_000, 1)), Err(Stop::Budget));
}

#[test]
fn functions_have_their_rational_values_only() {
    let mut d = Exact::default();
    for (f, at, value) in [
        (Fun::Exp, 0, q(1, 1)),
        (Fun::Cos, 0, q(1, 1)),
        (Fun::Log, 1, q(0, 1)),
        (Fun::Sin, 0, q(0, 1)),
        (Fun::Atan, 0, q(0, 1)),
        (Fun::Tanh, 0, q(0, 1)),
        (Fun::Sigmoid, 0, q(1, 2)),
    ] {
        assert_eq!(d.apply(f, &q(at, 1)), Ok(value));
        assert_eq!(d.apply(f, &q(2, 1)), Err(Stop::Unsupported));
    }
    assert_eq!(d.apply(Fun::Softplus, &q(0, 1)), Err(Stop::Unsupported));
    assert_eq!(d.apply(Fun::Log, &q(-1, 1)), Err(Stop::OutOfDomain));
    assert_eq!(d.apply(Fun::Sign, &q(0, 1)), Err(Stop::Kink));
    d.zero_sign = ZeroSign::Zero;
    assert_eq!(d.apply(Fun::Sign, &q(0, 1)), Ok(q(0, 1)));
    assert_eq!(d.apply(Fun::Sign, &q(-3, 7)), Ok(q(-1, 1)));
    assert_eq!(d.trace.signs, [0, -1]);
}

#[test]
fn polar_and_matrix_powers_where_rational() {
    let mut d = Exact::default();
    assert_eq!(d.polar(&[q(-5, 3)], 1, 1), Ok(vec![q(-1, 1)]));
    assert_eq!(d.polar(&[q(3, 1), q(4, 1)], 1, 2), Ok(vec![q(3, 5), q(4, 5)]));
    assert_eq!(d.polar(&[q(3, 1), q(4, 1)], 2, 1), Ok(vec![q(3, 5), q(4, 5)]));
    assert_eq!(d.polar(&[q(1, 1), q(1, 1)], 2, 1), Err(Stop::Unsupported));
    assert_eq!(d.polar(&[q(0, 1), q(0, 1)], 2, 1), Err(Stop::Kink));
    let m = [q(3, 1), q(4, 1), q(-8, 1), q(6, 1)];
    assert_eq!(d.polar(&m, 2, 2), Ok(vec![q(3, 5), q(4, 5), q(-4, 5), q(3, 5)]));
    let columns = [q(3, 1), q(-8, 1), q(4, 1), q(6, 1)];
    assert_eq!(d.polar(&columns, 2, 2), Ok(vec![q(3, 5), q(-4, 5), q(4, 5), q(3, 5)]));
    let stretched = [q(3, 1), q(-4, 1), q(4, 1), q(3, 1), q(0, 1), q(0, 1)];
    assert_eq!(d.polar(&stretched, 3, 2).unwrap()[0], q(3, 5));
    let diagonal = [q(4, 1), q(0, 1), q(0, 1), q(9, 1)];
    assert_eq!(d.power_spd(&diagonal, 2, &q(-1, 2)), Ok(vec![q(1, 2), q(0, 1), q(0, 1), q(1, 3)]));
    let full = [q(2, 1), q(1, 1), q(1, 1), q(2, 1)];
    assert_eq!(d.power_spd(&full, 2, &q(1, 2)), Err(Stop::Unsupported));
    let inverse = d.power_spd(&full, 2, &q(-1, 1)).unwrap();
    assert_eq!(multiply(&d, &inverse, &full, 2, 2, 2), [q(1, 1), q(0, 1), q(0, 1), q(1, 1)]);
    assert_eq!(d.power_spd(&[q(1, 1), q(2, 1), q(2, 1), q(1, 1)], 2, &q(2, 1)), Err(Stop::OutOfDomain));
}

#[test]
fn large_numbers_raise_the_flag() {
    let mut d = Exact::with_limit(1000);
    let mut x = q(3, 7);
    for _ in 0..40 {
        x = d.mul(&x, &x);
    }
    assert!(d.oversized());
    assert_eq!(d.div(&q(1, 1), &q(2, 1)), Err(Stop::Budget));
    assert_eq!(d.rational(&q(1, 1)), Err(Stop::Budget));
    d.restart();
    assert_eq!(d.rational(&q(1, 1)), Ok(q(1, 1)));
}
