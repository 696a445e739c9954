//! Enclosures against exact reference values.

use super::{Interval, Intervals};
use crate::domain::exact::Exact;
use crate::domain::linear::{multiply, transpose};
use crate::domain::testing::{ACCURACY, Rng, exp, random_rational, sin_cos};
use crate::domain::{Domain, Fun, Rational, Stop};
use dashu_int::UBig;

fn q(n: i32, d: u32) -> Rational {
    Rational::from_parts(n.into(), d.into())
}

fn exact(x: f64) -> Rational {
    Rational::try_from(x).unwrap()
}

/// What the reference values may be off by.
fn slack() -> Rational {
    Rational::from_parts(1.into(), UBig::ONE << ACCURACY)
}

/// Whether `f(x)` lies in `y`, up to the accuracy of the reference. Inverse functions are judged by their inverses.
fn holds(f: Fun, x: f64, y: &Interval) -> bool {
    let between = |lo: Rational, value: Rational, hi: Rational| {
        let slack = slack() * &value * value.signum();
        &lo - &slack <= value && value <= &hi + &slack
    };
    let (lo, hi) = (y.lo(), y.hi());
    let inside = |value: Rational| between(exact(lo), value, exact(hi));
    match f {
        Fun::Exp => inside(exp(x)),
        Fun::Log => between(exp(lo), exact(x), exp(hi)),
        Fun::Sin => inside(sin_cos(x).0),
        Fun::Cos => inside(sin_cos(x).1),
        Fun::Atan => {
            let below = |(sin, cos): (Rational, Rational)| cos < Rational::ZERO || sin - exact(x) * cos <= slack();
            let above = |(sin, cos): (Rational, Rational)| cos < Rational::ZERO || exact(x) * cos - sin <= slack();
            (lo <= -1.6 || below(sin_cos(lo))) && (hi >= 1.6 || above(sin_cos(hi)))
        }
        Fun::Tanh => {
            let e = exp(2.0 * x);
            inside((&e - Rational::ONE) / (&e + Rational::ONE))
        }
        Fun::Sigmoid => inside(Rational::ONE / (Rational::ONE + exp(-x))),
        Fun::Softplus => between(exp(lo), Rational::ONE + exp(x), exp(hi)),
        Fun::Sign => inside(Rational::from(if x > 0.0 { 1 } else { -1 })),
        Fun::Erf | Fun::Gauss => unreachable!("judged against their series in tests/primitives.rs"),
    }
}

/// A random argument: moderate, small, or large within `limit`.
fn argument(rng: &mut Rng, limit: f64) -> f64 {
    match rng.below(4) {
        0 => rng.uniform(-1.0, 1.0) * (2.0f64).powi(-(rng.below(60) as i32)),
        1 => rng.uniform(-limit, limit),
        2 => f64::from(rng.below(17) as i32 - 8) / 4.0,
        _ => rng.uniform(-4.0, 4.0),
    }
}

#[test]
fn functions_enclose_the_truth() {
    let mut rng = Rng(21);
    let mut d = Intervals::default();
    let functions = [
        (Fun::Exp, 700.0),
        (Fun::Log, 1e15),
        (Fun::Sin, 1e6),
        (Fun::Cos, 1e6),
        (Fun::Atan, 1e6),
        (Fun::Tanh, 300.0),
        (Fun::Sigmoid, 300.0),
        (Fun::Softplus, 300.0),
    ];
    for (f, limit) in functions {
        for _ in 0..1000 {
            let mut x = argument(&mut rng, limit);
            if f == Fun::Log {
                x = x.abs().max(1e-100);
            }
            let y = d.apply(f, &Interval::point(x)).unwrap();
            assert!(holds(f, x, &y), "{f:?} {x:e} {y:?}");
            let ulp = y.magnitude().next_up() - y.magnitude();
            assert!(y.hi() - y.lo() <= 24.0 * ulp, "{f:?} {x:e} {y:?} is wide");
            // The reference tells an enclosure from its neighbour.
            let off = Interval::new(y.hi() + ulp, y.hi() + 24.0 * ulp);
            assert!(y.is_zero() || !holds(f, x, &off), "{f:?} {x:e} {off:?} should be refused");
            // A wide argument: the value at a point inside stays inside.
            let (a, b) = (argument(&mut rng, limit).abs(), argument(&mut rng, 4.0).abs());
            let wide = Interval::new(x - a.min(x.abs() * 0.5), x + b);
            let y = d.apply(f, &wide).unwrap();
            let inside = x + b * 0.5;
            assert!(holds(f, x, &y) && holds(f, inside.min(wide.hi()), &y), "{f:?} {wide:?} {y:?}");
        }
    }
}

#[test]
fn tails_stay_inside_their_range() {
    let mut d = Intervals::default();
    for x in [-1e300, -1e4, -745.5, -744.0, -710.0, 36.0, 40.0, 710.0, 1e4, 1e300] {
        for f in [Fun::Exp, Fun::Sin, Fun::Cos, Fun::Atan, Fun::Tanh, Fun::Sigmoid, Fun::Softplus] {
            let y = d.apply(f, &Interval::point(x)).unwrap();
            let (lo, hi) = match f {
                Fun::Exp | Fun::Softplus => (0.0, f64::INFINITY),
                Fun::Sigmoid => (0.0, 1.0),
                Fun::Atan => (-1.571, 1.571),
                _ => (-1.0, 1.0),
            };
            assert!(lo <= y.lo() && y.hi() <= hi, "{f:?} {x} {y:?}");
            assert!(f != Fun::Softplus || x < 40.0 || y.lo() <= x && x <= y.hi());
        }
    }
    assert_eq!(d.apply(Fun::Exp, &Interval::ALL), Ok(Interval::new(0.0, f64::INFINITY)));
    assert_eq!(d.apply(Fun::Sigmoid, &Interval::ALL), Ok(Interval::new(0.0, 1.0)));
    assert_eq!(d.apply(Fun::Tanh, &Interval::ALL), Ok(Interval::new(-1.0, 1.0)));
    assert_eq!(d.apply(Fun::Sin, &Interval::ALL), Ok(Interval::new(-1.0, 1.0)));
    assert_eq!(d.apply(Fun::Softplus, &Interval::ALL), Ok(Interval::new(0.0, f64::INFINITY)));
    assert_eq!(d.apply(Fun::Sin, &Interval::new(1.0, 2.0)).unwrap().hi(), 1.0);
    assert_eq!(d.apply(Fun::Cos, &Interval::new(3.0, 4.0)).unwrap().lo(), -1.0);
}

#[test]
fn arithmetic_encloses_and_is_exact_on_small_integers() {
    let mut rng = Rng(22);
    let (mut exact_domain, mut d) = (Exact::default(), Intervals::default());
    for _ in 0..3000 {
        let (x, y) = (random_rational(&mut rng, 50, 40), random_rational(&mut rng, 50, 40));
        let (a, b) = (Interval::enclose(&x), Interval::enclose(&y));
        assert!(a.contains(&x) && a.hi() <= a.lo().next_up());
        assert!(a.plus(&b).contains(&(&x + &y)));
        assert!(a.minus(&b).contains(&(&x - &y)));
        assert!(a.times(&b).contains(&(&x * &y)));
        match a.over(&b) {
            Some(c) => assert!(c.contains(&(&x / &y))),
            None => assert!(y.is_zero()),
        }
        if x.is_int() && y.is_int() {
            assert_eq!(a.times(&b).minus(&a), Interval::enclose(&(&x * &y - &x)));
        }
        let exponent = random_rational(&mut rng, 9, 5);
        let base = &x * x.signum();
        if let Ok(value) = exact_domain.power(&base, &exponent) {
            assert!(d.power(&Interval::enclose(&base), &exponent).unwrap().contains(&value));
        }
        if base.is_zero() || exponent.is_zero() {
            continue;
        }
        // The power of an irrational root: raise it to the denominator.
        let value = d.power(&Interval::enclose(&base), &exponent).unwrap();
        let (p, r) = (isize::try_from(exponent.numerator()).unwrap(), isize::try_from(exponent.denominator()).unwrap());
        let target = base.pow(p);
        assert!(exact(value.lo()).pow(r) <= target && target <= exact(value.hi()).pow(r));
        assert!(value.hi() - value.lo() <= 1e-13 * value.magnitude(), "{base} {exponent} {value:?}");
    }
    let huge = Interval::point(f64::MAX);
    assert_eq!(huge.times(&huge).hi(), f64::INFINITY);
    assert_eq!(huge.plus(&huge).lo(), f64::MAX);
    assert!(Interval::point(1e-200).times(&Interval::point(1e-200)).lo() <= 0.0);
    assert!(Interval::ALL.over(&Interval::new(1.0, f64::INFINITY)).unwrap() == Interval::ALL);
}

#[test]
fn open_questions_stay_open() {
    let mut d = Intervals::default();
    let around_zero = Interval::new(-1e-20, 1e-20);
    assert_eq!(d.apply(Fun::Sign, &around_zero), Err(Stop::Unclear));
    assert_eq!(d.apply(Fun::Sign, &Interval::ZERO), Err(Stop::Kink));
    assert_eq!(d.div(&Interval::ONE, &around_zero), Err(Stop::Unclear));
    assert_eq!(d.div(&Interval::ONE, &Interval::ZERO), Err(Stop::Pole));
    assert_eq!(d.apply(Fun::Log, &around_zero), Err(Stop::Unclear));
    assert_eq!(d.apply(Fun::Log, &Interval::ZERO), Err(Stop::OutOfDomain));
    assert_eq!(d.power(&Interval::new(-1.0, 4.0), &q(1, 2)), Err(Stop::Unclear));
    assert_eq!(d.power(&Interval::new(-2.0, -1.0), &q(1, 2)), Err(Stop::OutOfDomain));
    assert_eq!(d.power(&Interval::new(-2.0, 1.0), &q(2, 1)), Ok(Interval::new(0.0, 4.0)));
    assert_eq!(d.power(&Interval::new(-2.0, 1.0), &q(3, 1)), Ok(Interval::new(-8.0, 1.0)));
    assert_eq!(d.power(&Interval::new(4.0, 9.0), &q(-1, 2)).unwrap().hi(), 0.5);
    let singular = [0.1, 0.2, 0.3, 0.6].map(|x| Interval::enclose(&q((x * 10.0) as i32, 10)));
    assert_eq!(d.inverse(&singular, 2), Err(Stop::Unclear));
    assert_eq!(d.pseudo_inverse(&singular, 2, 2), Err(Stop::Unclear));
    d.hints.push_back(1);
    let p = d.pseudo_inverse(&singular, 2, 2).unwrap();
    let truth = Exact::default().pseudo_inverse(&[q(1, 10), q(1, 5), q(3, 10), q(3, 5)], 2, 2).unwrap();
    assert!(p.iter().zip(&truth).all(|(x, y)| x.contains(y)));
    assert!(d.hints.is_empty() && d.trace.ranks == [1]);
}

#[test]
fn inverses_enclose_exact_ones() {
    let mut rng = Rng(23);
    let (mut e, mut d) = (Exact::default(), Intervals::default());
    let mut found = 0;
    for round in 0..80 {
        let (rows, cols) = (1 + rng.below(8), 1 + rng.below(8));
        let cols = if round % 2 == 0 { rows } else { cols };
        let a: Vec<Rational> = (0..rows * cols).map(|_| random_rational(&mut rng, 9, 7)).collect();
        let enclosed: Vec<Interval> = a.iter().map(Interval::enclose).collect();
        let truth = e.pseudo_inverse(&a, rows, cols).unwrap();
        if let Ok(p) = d.pseudo_inverse(&enclosed, rows, cols) {
            assert!(p.iter().zip(&truth).all(|(x, y)| x.contains(y)));
            found += 1;
        }
        if rows == cols {
            let det = e.determinant(&a, rows).unwrap();
            assert!(d.determinant(&enclosed, rows).unwrap().contains(&det));
        }
    }
    assert!(found >= 70, "{found}");
}

#[test]
fn matrix_roots_enclose_known_roots() {
    let mut rng = Rng(24);
    let (mut e, mut d) = (Exact::default(), Intervals::default());
    for _ in 0..60 {
        // The square of a positive definite T has the root T.
        let n = 1 + rng.below(5);
        let b: Vec<Rational> = (0..n * n).map(|_| random_rational(&mut rng, 5, 4)).collect();
        let mut t = multiply(&e, &b, &transpose(&b, n, n), n, n, n);
        for k in 0..n {
            t[k * n + k] = &t[k * n + k] + q(1, 2);
        }
        let h: Vec<Interval> = multiply(&e, &t, &t, n, n, n).iter().map(Interval::enclose).collect();
        let root = d.power_spd(&h, n, &q(1, 2)).unwrap();
        assert!(root.iter().zip(&t).all(|(x, y)| x.contains(y) && x.hi() - x.lo() < 1e-8));
        let inverse = e.inverse(&t, n).unwrap();
        let root = d.power_spd(&h, n, &q(-1, 2)).unwrap();
        assert!(root.iter().zip(&inverse).all(|(x, y)| x.contains(y)));
        let h4: Vec<Interval> = t.iter().map(Interval::enclose).collect();
        let quarter = d.power_spd(&h4, n, &q(3, 4)).unwrap();
        let cube = multiply(&e, &multiply(&e, &t, &t, n, n, n), &t, n, n, n);
        let square = multiply(&d, &quarter, &quarter, n, n, n);
        let fourth = multiply(&d, &square, &square, n, n, n);
        assert!(fourth.iter().zip(&cube).all(|(x, y)| x.contains(y)));
    }
    let not_definite = [1, 2, 2, 1].map(|x| Interval::point(f64::from(x)));
    assert_eq!(d.power_spd(&not_definite, 2, &q(1, 2)), Err(Stop::Unclear));
    assert_eq!(d.power_spd(&not_definite, 2, &q(1, 3)), Err(Stop::Unclear));
    // By the spectrum: a repeated eigenvalue is not told apart.
    let root = |d: &mut Intervals, m: [i32; 4]| d.power_spd(&m.map(|x| Interval::point(f64::from(x))), 2, &q(-1, 3));
    let known = root(&mut d, [14, -13, -13, 14]).unwrap();
    // 27 and 1 along (1, -1) and (1, 1).
    let expected = [q(2, 3), q(1, 3), q(1, 3), q(2, 3)];
    assert!(known.iter().zip(&expected).all(|(x, y)| x.contains(y) && x.hi() - x.lo() < 1e-8), "{known:?}");
    let near = [1.0, 1e-300, 1e-300, 1.0].map(Interval::point);
    assert_eq!(d.power_spd(&near, 2, &q(1, 3)), Err(Stop::Unclear));
}

#[test]
fn polar_factors_enclose_known_factors() {
    let mut rng = Rng(25);
    let (mut e, mut d) = (Exact::default(), Intervals::default());
    for _ in 0..60 {
        // The Cayley transform Q of a skew matrix is orthogonal, and Q P has the polar factor Q.
        let n = 1 + rng.below(4);
        let k: Vec<Rational> = (0..n * n).map(|_| random_rational(&mut rng, 3, 3)).collect();
        let skew: Vec<Rational> = k.iter().zip(transpose(&k, n, n)).map(|(x, y)| x - y).collect();
        let one = crate::domain::linear::identity(&e, n);
        let plus: Vec<Rational> = one.iter().zip(&skew).map(|(x, y)| x + y).collect();
        let minus: Vec<Rational> = one.iter().zip(&skew).map(|(x, y)| x - y).collect();
        let minus = e.inverse(&minus, n).unwrap();
        let orthogonal = multiply(&e, &plus, &minus, n, n, n);
        let mut positive = multiply(&e, &k, &transpose(&k, n, n), n, n, n);
        for i in 0..n {
            positive[i * n + i] = &positive[i * n + i] + q(1, 1);
        }
        let a = multiply(&e, &orthogonal, &positive, n, n, n);
        let enclosed: Vec<Interval> = a.iter().map(Interval::enclose).collect();
        let factor = d.polar(&enclosed, n, n).unwrap();
        assert!(factor.iter().zip(&orthogonal).all(|(x, y)| x.contains(y) && x.hi() - x.lo() < 1e-6));
    }
    let v = [3, 4].map(|x| Interval::point(f64::from(x)));
    let unit = d.polar(&v, 1, 2).unwrap();
    assert!(unit[0].contains(&q(3, 5)) && unit[1].contains(&q(4, 5)));
    assert_eq!(d.polar(&v, 2, 1).unwrap(), unit);
    let deficient = [1, 2, 2, 4].map(|x| Interval::point(f64::from(x)));
    assert_eq!(d.polar(&deficient, 2, 2), Err(Stop::Unclear));
}
