//! Summands that rounding swallows.

use crate::check::sample::Sampler;
use crate::check::{Budget, Setting};
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::model::elaborate::Constraint;
use crate::term::{Node, Program, Term};

/// A summand below this part of its sum leaves no trace that floating point could compare.
const LOST: f64 = 1e-13;

/// Whether in some sum below the roots a summand that is not zero is lost in rounding at every point tried.
pub fn absorbs(setting: &Setting, roots: &[Term], extra: &[Constraint], budget: &Budget) -> bool {
    let store = &setting.store;
    let mut summands: Vec<Term> = Vec::new();
    let mut sums: Vec<Vec<(f64, usize)>> = Vec::new();
    for t in store.reachable(roots) {
        let Node::Sum(parts) = store.node(t) else { continue };
        let from = summands.len();
        summands.extend(parts.iter().map(|(_, p)| *p));
        sums.push(parts.iter().enumerate().map(|(i, (c, _))| (c.to_f64().value().abs(), from + i)).collect());
    }
    let sampler = Sampler::new(setting, roots, extra);
    let program = Program::new(store, &summands);
    if sums.is_empty() || program.operations() > budget.operations / 64 {
        return false;
    }
    let mut random = Random::new(budget.seed, "absorbs");
    let mut lost: Vec<Option<bool>> = vec![None; summands.len()];
    for draw in 0..48 {
        let Some(point) = sampler.float_scaled(&mut random, [1.0, 4.0, 0.25][draw % 3]) else { continue };
        let Ok(values) = program.run(&mut Float::default(), |s| point.get(&s).cloned()) else { continue };
        for sum in &sums {
            let size = |&(c, i): &(f64, usize)| c * values[i].iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let largest = sum.iter().map(size).fold(0.0, f64::max);
            for part in sum {
                let own = size(part);
                if own > 0.0 && largest.is_finite() {
                    let here = own < LOST * largest;
                    lost[part.1] = Some(lost[part.1].unwrap_or(true) && here);
                }
            }
        }
    }
    lost.contains(&Some(true))
}
