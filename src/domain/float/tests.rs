//! Decompositions, and the points without a value.

use super::Float;
use crate::domain::linear::{multiply, transpose};
use crate::domain::testing::Rng;
use crate::domain::{Domain, Fun, Rational, Stop};

fn q(n: i8, d: u8) -> Rational {
    Rational::from_parts(n.into(), d.into())
}

fn close(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= tolerance)
}

#[test]
fn pseudo_inverse_satisfies_penrose() {
    let mut rng = Rng(11);
    let mut d = Float::default();
    for round in 0..300 {
        let (rows, cols) = (1 + rng.below(7), 1 + rng.below(7));
        let rank = rng.below(rows.min(cols) + 1);
        let left: Vec<f64> = (0..rows * rank).map(|_| rng.uniform(-1.0, 1.0)).collect();
        let right: Vec<f64> = (0..rank * cols).map(|_| rng.uniform(-1.0, 1.0)).collect();
        let mut a = multiply(&d, &left, &right, rows, rank, cols);
        let (mut m, mut n) = (rows, cols);
        if round % 2 == 0 {
            a = multiply(&d, &a, &transpose(&a, rows, cols), rows, cols, rows);
            (m, n) = (rows, rows);
        }
        let p = d.pseudo_inverse(&a, m, n).unwrap();
        assert_eq!(d.trace.ranks.last(), Some(&rank));
        let size = p.iter().fold(1.0f64, |s, x| s.max(x.abs()));
        let ap = multiply(&d, &a, &p, m, n, m);
        let pa = multiply(&d, &p, &a, n, m, n);
        assert!(close(&multiply(&d, &ap, &a, m, m, n), &a, 1e-11 * size));
        assert!(close(&multiply(&d, &pa, &p, n, n, m), &p, 1e-11 * size * size));
        assert!(close(&transpose(&ap, m, m), &ap, 1e-11 * size));
        assert!(close(&transpose(&pa, n, n), &pa, 1e-11 * size));
    }
}

#[test]
fn all_ones_have_the_known_pseudo_inverse_and_polar_factor() {
    let mut d = Float::default();
    for (rows, cols) in [(2, 2), (3, 3), (3, 5), (7, 4), (12, 12), (1, 6)] {
        let size = (rows * cols) as f64;
        let ones = vec![1.0; rows * cols];
        assert!(close(&d.pseudo_inverse(&ones, rows, cols).unwrap(), &vec![1.0 / size; rows * cols], 1e-13));
        assert!(close(&d.polar(&ones, rows, cols).unwrap(), &vec![1.0 / size.sqrt(); rows * cols], 1e-13));
    }
    assert!(d.trace.ranks.iter().all(|&r| r == 1));
}

#[test]
fn powers_of_positive_matrices_multiply() {
    let mut rng = Rng(12);
    let mut d = Float::default();
    for _ in 0..50 {
        let n = 1 + rng.below(5);
        let b: Vec<f64> = (0..n * n).map(|_| rng.uniform(-1.0, 1.0)).collect();
        let mut a = multiply(&d, &b, &transpose(&b, n, n), n, n, n);
        (0..n).for_each(|k| a[k * n + k] += 0.5);
        let root = d.power_spd(&a, n, &q(1, 2)).unwrap();
        assert!(close(&multiply(&d, &root, &root, n, n, n), &a, 1e-12));
        let inverse_quarter = d.power_spd(&a, n, &q(-1, 4)).unwrap();
        let half = multiply(&d, &inverse_quarter, &inverse_quarter, n, n, n);
        let inverse = multiply(&d, &half, &half, n, n, n);
        assert!(close(&inverse, &d.inverse(&a, n).unwrap(), 1e-10));
    }
    assert_eq!(d.power_spd(&[1.0, 2.0, 2.0, 1.0], 2, &q(1, 2)), Err(Stop::OutOfDomain));
    assert_eq!(d.power_spd(&[1.0, 2.0, 0.0, 1.0], 2, &q(1, 2)), Err(Stop::OutOfDomain));
}

#[test]
fn polar_factor_of_a_full_rank_matrix_is_orthogonal() {
    let mut rng = Rng(13);
    let mut d = Float::default();
    for _ in 0..50 {
        let (rows, cols) = (1 + rng.below(5), 1 + rng.below(5));
        let a: Vec<f64> = (0..rows * cols).map(|_| rng.uniform(-1.0, 1.0)).collect();
        let w = d.polar(&a, rows, cols).unwrap();
        let positive = multiply(&d, &transpose(&w, rows, cols), &a, cols, rows, cols);
        assert!(close(&transpose(&positive, cols, cols), &positive, 1e-12));
        assert!(close(&multiply(&d, &w, &positive, rows, cols, cols), &a, 1e-12));
    }
}

#[test]
fn undefined_values_stop() {
    let mut d = Float::default();
    assert_eq!(d.apply(Fun::Sign, &0.0), Ok(0.0), "zero at a random point is zero on a piece");
    assert_eq!(d.apply(Fun::Log, &0.0), Err(Stop::OutOfDomain));
    assert_eq!(d.apply(Fun::Exp, &1e4), Err(Stop::Overflow));
    assert_eq!(d.apply(Fun::Sin, &f64::NAN), Err(Stop::Overflow));
    assert_eq!(d.power(&0.0, &q(1, 3)), Ok(0.0));
    assert_eq!(d.power(&0.0, &q(-1, 3)), Err(Stop::Pole));
    assert_eq!(d.power(&-1.0, &q(1, 3)), Err(Stop::OutOfDomain));
    assert_eq!(d.power(&-2.0, &q(3, 1)), Ok(-8.0));
    assert_eq!(d.div(&1.0, &0.0), Err(Stop::Pole));
    assert_eq!(d.inverse(&[1.0, 2.0, 2.0, 4.0], 2), Err(Stop::Pole));
    assert_eq!(d.pseudo_inverse(&[f64::INFINITY], 1, 1), Err(Stop::Overflow));
    assert_eq!(d.polar(&[f64::NAN; 4], 2, 2), Err(Stop::Overflow));
    assert_eq!(d.apply(Fun::Softplus, &1e3), Ok(1e3));
    assert_eq!(d.apply(Fun::Sigmoid, &-1e3), Ok(0.0));
}
