//! Whether one list of terms may be a multiple of another, as far as floating point tells.

use super::rounding::shake;
use super::{DRAWS, zero_signs};
use crate::check::sample::{Point, Sampler};
use crate::check::{Budget, Setting};
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::model::elaborate::Constraint;
use crate::term::{Node, Program, Term};

/// Scalar operations below which exact arithmetic is asked at once.
const CHEAP: usize = 1 << 14;

/// Points that are looked at.
const POINTS: usize = 3;

/// The square of the sine of a plain angle, and by how much rounding may change it.
const PLAIN: (f64, f64) = (1e-3, 1e-6);

/// Whether the two sides of something large are plainly not parallel at some point, so that no rate can be found. Of ranks and
/// of functions of matrices floating point is not asked.
pub fn plainly_not_parallel(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    extra: &[Constraint],
    budget: &Budget,
) -> bool {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let program = Program::new(&setting.store, &roots);
    let spectral =
        |n: &Node| matches!(n, Node::PseudoInverse(_) | Node::Polar(_) | Node::PowerSpd(..) | Node::Eigenvectors(_));
    let affordable = CHEAP..budget.operations / 16;
    if !affordable.contains(&program.operations()) || setting.store.any_node(&roots, spectral) {
        return false;
    }
    let sampler = Sampler::new(setting, &roots, extra);
    let zeros = zero_signs(setting, &roots, extra, budget);
    let discrete = sampler.symbols().map(|(s, _, discrete)| (s, discrete)).collect();
    let run = |point: &Point<f64>| -> Option<Vec<f64>> {
        let mut float = Float { zero_signs: zeros.clone(), ..Float::default() };
        let values = program.run(&mut float, |s| point.get(&s).cloned()).ok()?;
        Some(values.into_iter().flatten().collect())
    };
    let mut random = Random::new(budget.seed, "parallel");
    let points = (0..DRAWS).filter_map(|_| {
        let point = sampler.float(&mut random)?;
        let moved = shake(&point, &discrete, &mut random);
        Some((sine(&run(&point)?)?, sine(&run(&moved)?)?))
    });
    points.take(POINTS).any(|(here, there)| here > PLAIN.0 && (here - there).abs() < PLAIN.1)
}

/// The square of the sine of the angle between the first half of some numbers and the second one; `None` if either vanishes or
/// is no number.
fn sine(values: &[f64]) -> Option<f64> {
    let (l, r) = values.split_at(values.len() / 2);
    // Scaled to largest entry 1: squares neither overflow nor vanish.
    let unit = |v: &[f64]| -> Option<Vec<f64>> {
        let size = v.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        (size > 0.0 && v.iter().all(|x| x.is_finite())).then(|| v.iter().map(|x| x / size).collect())
    };
    let (l, r) = (unit(l)?, unit(r)?);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let across = dot(&l, &r);
    Some(1.0 - across * across / (dot(&l, &l) * dot(&r, &r)))
}

#[cfg(test)]
mod tests {
    use super::sine;

    #[test]
    fn multiples_are_parallel() {
        assert!(sine(&[1.0, 2.0, 2.0, 4.0]).is_some_and(|s| s.abs() < 1e-12));
        assert!(sine(&[1e200, 0.0, 0.0, 1e-200]).is_some_and(|s| s == 1.0));
        assert_eq!(sine(&[0.0, 0.0, 1.0, 1.0]), None);
        assert_eq!(sine(&[f64::NAN, 0.0, 1.0, 1.0]), None);
    }
}
