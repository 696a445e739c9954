//! Series against the identities of the functions, exactly where the base is exact.

use super::Series;
use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::interval::Intervals;
use crate::domain::linear::{identity, multiply, transpose};
use crate::domain::testing::{Rng, random_rational};
use crate::domain::{Domain, Fun, Rational, Stop};

const ORDER: usize = 6;

type Exacts = Series<Exact>;

fn q(n: i32, d: u32) -> Rational {
    Rational::from_parts(n.into(), d.into())
}

/// A random series with the given constant term.
fn random_series(rng: &mut Rng, first: Rational) -> Vec<Rational> {
    (0..ORDER).map(|k| if k == 0 { first.clone() } else { random_rational(rng, 5, 4) }).collect()
}

fn derivative(x: &[Rational]) -> Vec<Rational> {
    x.iter().enumerate().skip(1).map(|(k, c)| c * Rational::from(k)).collect()
}

/// Products of derivatives are right up to one coefficient less.
fn short(x: &[Rational]) -> Vec<Rational> {
    x[..ORDER - 1].to_vec()
}

#[test]
fn functions_satisfy_their_identities_exactly() {
    let mut rng = Rng(31);
    let mut s = Exacts::new(Exact::default(), ORDER);
    let mut low = Exacts::new(Exact::default(), ORDER - 1);
    for _ in 0..60 {
        let x = random_series(&mut rng, q(0, 1));
        let y = random_series(&mut rng, q(1, 1));
        let log = s.apply(Fun::Log, &y).unwrap();
        assert_eq!(s.apply(Fun::Exp, &log).unwrap(), y);
        let exp = s.apply(Fun::Exp, &x).unwrap();
        assert_eq!(s.apply(Fun::Log, &exp).unwrap(), x);
        let (sin, cos) = (s.apply(Fun::Sin, &x).unwrap(), s.apply(Fun::Cos, &x).unwrap());
        let sum = s.add(&s.mul(&sin, &sin), &s.mul(&cos, &cos));
        assert_eq!(s.is_zero(&s.sub(&sum, &s.one())), Some(true));
        let tangent = s.div(&sin, &cos).unwrap();
        assert_eq!(s.apply(Fun::Atan, &tangent).unwrap(), x);
        // tanh' = (1 - tanh²) x', and tanh = (e² - 1) / (e² + 1)
        let tanh = s.apply(Fun::Tanh, &x).unwrap();
        let slope = s.sub(&s.one(), &s.mul(&tanh, &tanh));
        assert_eq!(derivative(&tanh), low.mul(&short(&slope), &derivative(&x)));
        let square = s.mul(&exp, &exp);
        let by_exp = s.div(&s.sub(&square, &s.one()), &s.add(&square, &s.one())).unwrap();
        assert_eq!(tanh, by_exp);
        let sigmoid = s.apply(Fun::Sigmoid, &x).unwrap();
        let by_exp = s.div(&exp, &s.add(&exp, &s.one())).unwrap();
        assert_eq!(sigmoid, by_exp);
        assert_eq!(s.apply(Fun::Softplus, &x), Err(Stop::Unsupported));
        // Powers.
        let cube_root = s.power(&y, &q(1, 3)).unwrap();
        assert_eq!(s.power(&cube_root, &q(3, 1)).unwrap(), y);
        let root = s.power(&y, &q(-3, 2)).unwrap();
        let cube = s.power(&y, &q(3, 1)).unwrap();
        let back = s.mul(&s.mul(&root, &root), &cube);
        assert_eq!(s.is_zero(&s.sub(&back, &s.one())), Some(true));
        assert_eq!(s.power(&x, &q(2, 1)).unwrap(), s.mul(&x, &x));
        low.base.restart();
    }
    assert!(!s.base.oversized());
}

#[test]
fn the_variable_has_no_inverse_and_no_root() {
    let mut s = Exacts::new(Exact::default(), ORDER);
    let t = s.variable();
    assert_eq!(s.div(&s.one(), &t), Err(Stop::Pole));
    assert_eq!(s.apply(Fun::Sign, &t), Err(Stop::Kink));
    assert_eq!(s.power(&t, &q(1, 2)), Err(Stop::Kink));
    assert_eq!(s.power(&t, &q(-1, 1)), Err(Stop::Pole));
    assert_eq!(s.inverse(std::slice::from_ref(&t), 1), Err(Stop::Pole));
    assert_eq!(s.pseudo_inverse(std::slice::from_ref(&t), 1, 1), Err(Stop::Unclear));
    assert_eq!(s.determinant(std::slice::from_ref(&t), 1), Ok(t.clone()));
    assert_eq!(s.is_zero(&t), Some(false));
    let shifted = s.add(&t, &vec![q(-2, 1)]);
    assert_eq!(s.apply(Fun::Sign, &shifted), Ok(vec![q(-1, 1)]));
}

fn random_matrix(rng: &mut Rng, rows: usize, cols: usize) -> Vec<Vec<Rational>> {
    let mut entry = || {
        let first = random_rational(rng, 3, 2);
        random_series(rng, first)
    };
    (0..rows * cols).map(|_| entry()).collect()
}

#[test]
fn matrices_of_series_have_exact_inverses() {
    let mut rng = Rng(32);
    let mut s = Exacts::new(Exact::default(), ORDER);
    let mut ranks = Vec::new();
    for _ in 0..30 {
        let (rows, cols) = (1 + rng.below(4), 1 + rng.below(4));
        let rank = 1 + rng.below(rows.min(cols));
        let (left, right) = (random_matrix(&mut rng, rows, rank), random_matrix(&mut rng, rank, cols));
        let a = multiply(&s, &left, &right, rows, rank, cols);
        let Ok(p) = s.pseudo_inverse(&a, rows, cols) else {
            continue;
        };
        ranks.push((rank, rows.min(cols)));
        let ap = multiply(&s, &a, &p, rows, cols, rows);
        let pa = multiply(&s, &p, &a, cols, rows, cols);
        assert_eq!(multiply(&s, &ap, &a, rows, rows, cols), a);
        assert_eq!(multiply(&s, &pa, &p, cols, cols, rows), p);
        assert_eq!(transpose(&ap, rows, rows), ap);
        assert_eq!(transpose(&pa, cols, cols), pa);
    }
    assert!(ranks.len() > 15 && ranks.iter().any(|(rank, full)| rank < full));
    let n = 4;
    let (a, b) = (random_matrix(&mut rng, n, n), random_matrix(&mut rng, n, n));
    let inverse = s.inverse(&a, n).unwrap();
    let one = identity(&s, n);
    let product = multiply(&s, &a, &inverse, n, n, n);
    assert!(product.iter().zip(&one).all(|(x, y)| s.is_zero(&s.sub(x, y)) == Some(true)));
    let ab = multiply(&s, &a, &b, n, n, n);
    let (det_a, det_b) = (s.series_determinant(&a, n).unwrap(), s.determinant(&b, n).unwrap());
    assert_eq!(s.determinant(&a, n).unwrap(), det_a);
    assert_eq!(s.determinant(&ab, n).unwrap(), s.mul(&det_a, &det_b));
}

/// A random expression of one series, evaluated in any domain; operations that have no value there are left out.
fn walk<D: Domain>(d: &mut D, seed: u64, start: D::Elem) -> Result<D::Elem, Stop> {
    let mut rng = Rng(seed);
    let mut x = start.clone();
    for _ in 0..6 {
        let c = d.rational(&random_rational(&mut rng, 4, 3))?;
        x = match rng.below(11) {
            0 => d.add(&x, &c),
            1 => d.mul(&x, &start),
            2 => d.sub(&c, &x),
            3 => d.apply(Fun::Tanh, &x)?,
            4 => d.apply(Fun::Sigmoid, &x)?,
            5 => d.apply(Fun::Sin, &x)?,
            6 => d.apply(Fun::Atan, &x)?,
            7 => d.apply(Fun::Softplus, &x)?,
            8 => {
                let square = d.mul(&x, &x);
                let bottom = d.add(&square, &d.one());
                d.power(&bottom, &q(-2, 3))?
            }
            9 => {
                let square = d.mul(&x, &x);
                let bottom = d.add(&square, &d.one());
                let log = d.apply(Fun::Log, &bottom)?;
                d.div(&log, &bottom)?
            }
            _ => d.apply(Fun::Cos, &x)?,
        };
    }
    Ok(x)
}

#[test]
fn domains_agree_on_random_expressions() {
    let mut rng = Rng(33);
    let (mut float, mut intervals) = (Float::default(), Intervals::default());
    let mut floats = Series::new(Float::default(), 4);
    let mut enclosed = Series::new(Intervals::default(), 4);
    for seed in 0..400 {
        let at = random_rational(&mut rng, 6, 5);
        let x = float.rational(&at).unwrap();
        let value = walk(&mut float, seed, x).unwrap();
        let start = intervals.rational(&at).unwrap();
        let enclosure = walk(&mut intervals, seed, start).unwrap();
        let tolerance = 1e-11 * (1.0 + value.abs());
        assert!(enclosure.lo() - tolerance <= value && value <= enclosure.hi() + tolerance);
        // Coefficients against enclosures, and the first against a difference quotient.
        let start = floats.add(&floats.variable(), &vec![x]);
        let series = walk(&mut floats, seed, start).unwrap();
        let first = enclosed.rational(&at).unwrap();
        let start = enclosed.add(&enclosed.variable(), &first);
        let bounds = walk(&mut enclosed, seed, start).unwrap();
        for (c, y) in series.iter().zip(&bounds) {
            let tolerance = 1e-9 * (1.0 + c.abs());
            assert!(y.lo() - tolerance <= *c && *c <= y.hi() + tolerance, "{seed} {c} {y:?}");
        }
        let h = 1e-5;
        let quotient = (walk(&mut float, seed, x + h).unwrap() - walk(&mut float, seed, x - h).unwrap()) / (2.0 * h);
        let slope = floats.coefficient(&series, 1);
        let scale = 1.0 + series.iter().fold(0.0f64, |size, c| size.max(c.abs()));
        assert!((quotient - slope).abs() <= 1e-5 * scale, "{seed} {quotient} {slope}");
    }
}

#[test]
fn pseudo_inverses_over_rounded_and_enclosing_bases() {
    let mut floats = Series::new(Float::default(), 3);
    let t = floats.variable();
    // v vᵀ for v = (1, 2 + t): rank one, with the pseudo-inverse v vᵀ / ‖v‖⁴.
    let v = [floats.one(), floats.add(&t, &vec![2.0])];
    let a = multiply(&floats, &v, &v, 2, 1, 2);
    let p = floats.pseudo_inverse(&a, 2, 2).unwrap();
    let square = floats.add(&floats.one(), &floats.mul(&v[1], &v[1]));
    let fourth = floats.mul(&square, &square);
    for (x, y) in p.iter().zip(&a) {
        let truth = floats.div(y, &fourth).unwrap();
        (0..3).for_each(|k| assert!((x[k] - floats.coefficient(&truth, k)).abs() < 1e-12));
    }
    let mut enclosed = Series::new(Intervals::default(), 3);
    let t = enclosed.variable();
    let third = enclosed.rational(&q(1, 3)).unwrap();
    let v = [third.clone(), enclosed.add(&t, &third)];
    let a = multiply(&enclosed, &v, &v, 2, 1, 2);
    assert_eq!(enclosed.pseudo_inverse(&a, 2, 2), Err(Stop::Unclear));
    assert!(enclosed.pseudo_inverse(&v, 2, 1).is_ok());
}
