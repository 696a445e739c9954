//! The defining identities, exactly; floating point against exact numbers.

use super::{determinant, identity, inverse, multiply, pseudo_inverse, transpose};
use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::testing::{Rng, random_rational};
use crate::domain::{Domain, Rational, Stop};

fn random_matrix(rng: &mut Rng, rows: usize, cols: usize) -> Vec<Rational> {
    (0..rows * cols).map(|_| random_rational(rng, 5, 4)).collect()
}

/// A random matrix of rank at most `rank`.
fn deficient(rng: &mut Rng, rows: usize, cols: usize, rank: usize) -> Vec<Rational> {
    let d = Exact::default();
    multiply(&d, &random_matrix(rng, rows, rank), &random_matrix(rng, rank, cols), rows, rank, cols)
}

#[test]
fn pseudo_inverse_satisfies_penrose_exactly() {
    let mut rng = Rng(1);
    let mut d = Exact::default();
    for round in 0..200 {
        let (rows, cols) = (1 + rng.below(5), 1 + rng.below(5));
        let rank = round % (rows.min(cols) + 1);
        let a = deficient(&mut rng, rows, cols, rank);
        let p = pseudo_inverse(&mut d, &a, rows, cols).unwrap();
        let ap = multiply(&d, &a, &p, rows, cols, rows);
        let pa = multiply(&d, &p, &a, cols, rows, cols);
        assert_eq!(multiply(&d, &ap, &a, rows, rows, cols), a);
        assert_eq!(multiply(&d, &pa, &p, cols, cols, rows), p);
        assert_eq!(transpose(&ap, rows, rows), ap);
        assert_eq!(transpose(&pa, cols, cols), pa);
        assert!(d.trace.ranks[round] <= rank);
    }
    assert_eq!(d.trace.ranks.len(), 200);
}

#[test]
fn inverse_and_determinant_agree_with_products() {
    let mut rng = Rng(2);
    let mut d = Exact::default();
    for _ in 0..60 {
        let n = 1 + rng.below(6);
        let (a, b) = (random_matrix(&mut rng, n, n), random_matrix(&mut rng, n, n));
        let ab = multiply(&d, &a, &b, n, n, n);
        let (det_a, det_b) = (determinant(&mut d, &a, n).unwrap(), determinant(&mut d, &b, n).unwrap());
        assert_eq!(determinant(&mut d, &ab, n).unwrap(), &det_a * &det_b);
        match inverse(&mut d, &a, n) {
            Ok(inv) => assert_eq!(multiply(&d, &a, &inv, n, n, n), identity(&d, n)),
            Err(stop) => assert!(stop == Stop::Pole && det_a.is_zero()),
        }
    }
    let singular = deficient(&mut rng, 5, 5, 4);
    assert_eq!(inverse(&mut d, &singular, 5), Err(Stop::Pole));
    assert!(determinant(&mut d, &singular, 5).unwrap().is_zero());
}

#[test]
fn floats_agree_with_exact_numbers() {
    let mut rng = Rng(3);
    let (mut exact, mut float) = (Exact::default(), Float::default());
    for _ in 0..60 {
        let (rows, cols) = (1 + rng.below(5), 1 + rng.below(5));
        let rank = rng.below(rows.min(cols) + 1);
        let a = deficient(&mut rng, rows, cols, rank);
        let numbers: Vec<f64> = a.iter().map(|x| x.to_f64().value()).collect();
        let p = exact.pseudo_inverse(&a, rows, cols).unwrap();
        let q = float.pseudo_inverse(&numbers, rows, cols).unwrap();
        let size = p.iter().map(|x| x.to_f64().value().abs()).fold(1.0, f64::max);
        for (x, y) in p.iter().zip(&q) {
            assert!((x.to_f64().value() - y).abs() <= 1e-7 * size * size, "{x} {y}");
        }
    }
    assert_eq!(exact.trace.ranks, float.trace.ranks);
}
