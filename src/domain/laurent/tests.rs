//! Series through poles and zeros, exactly over the rationals and against values at small arguments.

use super::{Germ, Laurent};
use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::linear::{identity, multiply, transpose};
use crate::domain::testing::{Rng, random_rational};
use crate::domain::{Domain, Fun, Rational, Stop};

const ORDER: usize = 8;

fn q(n: i32, d: u32) -> Rational {
    Rational::from_parts(n.into(), d.into())
}

fn exacts() -> Laurent<Exact> {
    Laurent::new(Exact::default(), ORDER).expect("a value")
}

/// Whether two series agree as far as both are known, and are known up to a power.
fn agree(d: &Laurent<Exact>, a: &Germ<Rational>, b: &Germ<Rational>, up_to: i64) -> bool {
    let difference = d.sub(a, b);
    difference.terms.iter().all(Rational::is_zero) && difference.precision().is_none_or(|k| k >= up_to)
}

fn polynomial(low: i64, c: &[i32]) -> Germ<Rational> {
    Germ { low, terms: c.iter().map(|x| q(*x, 1)).collect(), exact: true }
}

#[test]
fn signs_quotients_and_roots_are_those_of_small_positive_numbers() {
    let mut d = exacts();
    let t = d.variable(1);
    assert_eq!(d.apply(Fun::Sign, &t), Ok(d.one()));
    assert_eq!(d.apply(Fun::Sign, &polynomial(1, &[-3, 1])), Ok(polynomial(0, &[-1])));
    assert_eq!(d.apply(Fun::Sign, &polynomial(-2, &[0, 5, -1])), Ok(d.one()));
    // 1 / (t + t²) = 1/t - 1 + t - …
    let x = d.div(&d.one(), &polynomial(1, &[1, 1])).expect("a value");
    assert_eq!(
        (-1..4).map(|n| x.at(n).cloned().expect("a coefficient")).collect::<Vec<_>>(),
        [1, -1, 1, -1, 1].map(|c| q(c, 1))
    );
    assert_eq!(d.div(&t, &d.zero()), Err(Stop::Pole));
    // What vanishes as far as it is known is not zero.
    let sine = d.sub(&x, &x);
    assert_eq!((d.is_zero(&sine), d.div(&t, &sine)), (None, Err(Stop::Unclear)));
    assert_eq!(d.is_zero(&d.sub(&t, &t)), Some(true));
    assert_eq!(d.power(&t, &q(1, 2)), Err(Stop::Kink));
    assert_eq!(d.power(&t, &q(-2, 1)), Ok(d.variable(-2)));
    // sqrt((t + 3t²)²) = t + 3t²
    let x = polynomial(1, &[1, 3]);
    let square = d.mul(&x, &x);
    let root = d.power(&square, &q(1, 2)).expect("a value");
    assert!(agree(&d, &root, &x, 1 + ORDER as i64));
    // A function has no series at a pole.
    assert_eq!(d.apply(Fun::Tanh, &d.variable(-1)), Err(Stop::Pole));
    let tangent = d.apply(Fun::Tanh, &t).expect("a value");
    assert_eq!(tangent.at(3), Some(&q(-1, 3)));
}

fn random_germ(rng: &mut Rng, low: i64, length: usize) -> Germ<Rational> {
    Germ { low, terms: (0..length).map(|_| random_rational(rng, 4, 3)).collect(), exact: true }
}

#[test]
fn matrices_that_are_singular_at_zero_have_inverses() {
    let mut rng = Rng(51);
    let mut d = exacts();
    let mut poles = 0;
    for _ in 0..40 {
        let n = 1 + rng.below(3);
        // A singular constant matrix and a regular one with a factor t.
        let column: Vec<_> = (0..n).map(|_| random_germ(&mut rng, 0, 1)).collect();
        let singular = multiply(&d, &column, &column, n, 1, n);
        let m: Vec<_> = singular.iter().map(|x| d.add(x, &random_germ(&mut rng, 1, 2))).collect();
        let Ok(inverse) = d.inverse(&m, n) else { continue };
        poles += usize::from(inverse.iter().any(|x| x.at(-1).is_some_and(|c| !c.is_zero())));
        let product = multiply(&d, &m, &inverse, n, n, n);
        assert!(product.iter().zip(&identity(&d, n)).all(|(x, y)| agree(&d, x, y, 1)));
        let pseudo = d.pseudo_inverse(&m, n, n).expect("a value");
        assert!(pseudo.iter().zip(&inverse).all(|(x, y)| agree(&d, x, y, 1)));
    }
    assert!(poles > 12, "{poles}");
}

#[test]
fn pseudo_inverses_need_the_rank_beside_zero() {
    let mut rng = Rng(52);
    for _ in 0..20 {
        let mut d = exacts();
        // (a, t b) (a, t b)ᵀ-like products of rank 2 whose rank at 0 is 1.
        let (left, right) = (
            (0..6).map(|k| random_germ(&mut rng, i64::from(k % 2 == 1), 2)).collect::<Vec<_>>(),
            (0..6).map(|_| random_germ(&mut rng, 0, 2)).collect::<Vec<_>>(),
        );
        let m = multiply(&d, &left, &right, 3, 2, 3);
        d.ranks = [2].into();
        let Ok(p) = d.pseudo_inverse(&m, 3, 3) else { continue };
        let mp = multiply(&d, &m, &p, 3, 3, 3);
        let pm = multiply(&d, &p, &m, 3, 3, 3);
        let back = multiply(&d, &mp, &m, 3, 3, 3);
        assert!(back.iter().zip(&m).all(|(x, y)| agree(&d, x, y, 1)));
        let back = multiply(&d, &pm, &p, 3, 3, 3);
        assert!(back.iter().zip(&p).all(|(x, y)| agree(&d, x, y, 0)));
        assert!(transpose(&mp, 3, 3).iter().zip(&mp).all(|(x, y)| agree(&d, x, y, 1)));
        assert!(transpose(&pm, 3, 3).iter().zip(&pm).all(|(x, y)| agree(&d, x, y, 1)));
    }
    // diag(1, t¹²): to eight terms the last entry is zero, but the rank is 2.
    let mut d = exacts();
    let zero = d.zero();
    let high = d.div(&d.variable(12), &polynomial(0, &[1, 1])).expect("a value");
    let tangent = d.apply(Fun::Tanh, &d.variable(1)).expect("a value");
    let blurred = d.sub(&d.add(&tangent, &high), &tangent);
    let m = [d.one(), zero.clone(), zero, blurred];
    d.ranks = [2].into();
    assert!(d.pseudo_inverse(&m, 2, 2).is_err());
}

#[test]
fn values_near_zero_are_those_of_floating_point() {
    let mut rng = Rng(53);
    for _ in 0..60 {
        let (a, b) = (rng.uniform(0.5, 2.0), rng.uniform(-2.0, 2.0));
        let mut series = Laurent::new(Float::default(), ORDER).expect("a value");
        let t = series.variable(1);
        // (exp(a t) - 1) / (t² sqrt(1 + b t)) starts with a / t.
        let linear = series.mul(&Germ::constant(a), &t);
        let e = series.apply(Fun::Exp, &linear).expect("a value");
        let top = series.sub(&e, &series.one());
        let inside = series.add(&series.one(), &series.mul(&Germ::constant(b), &t));
        let root = series.power(&inside, &q(1, 2)).expect("a value");
        let bottom = series.mul(&series.mul(&t, &t), &root);
        let x = series.div(&top, &bottom).expect("a value");
        let at: f64 = 1e-3;
        let value = ((a * at).exp() - 1.0) / (at * at * (1.0 + b * at).sqrt());
        let sum: f64 = (-1..5).map(|n| x.at(n).copied().unwrap_or(0.0) * at.powi(n as i32)).sum();
        assert!((value - sum).abs() < 1e-9 * value.abs(), "{value} {sum}");
    }
}
