//! The order in the learning rate at which a step's defect vanishes.

use super::sample::Sampler;
use super::{Budget, Setting};
use crate::domain::Fun;
use crate::domain::prime::{Prime, PseudoInverses, Random, Signs};
use crate::domain::series::Series;
use crate::model::elaborate::Constraint;
use crate::term::{Node, Program, SymbolId, Term};

/// Defects are expanded up to, and without, this power of `lr`.
pub const TERMS: usize = 8;

/// The least power of `rate` with a coefficient that is not zero in `left - right`, at random points of random prime
/// fields; the signs at kinks are those of `pieces`.
/// `None` if a side has no power series there, or if all coefficients below [`TERMS`] vanish.
pub fn of_defect(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    rate: SymbolId,
    extra: &[Constraint],
    pieces: &[Vec<i8>],
    budget: &Budget,
) -> Option<usize> {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let program = Program::new(&setting.store, &roots);
    if program.operations() * TERMS * TERMS > budget.operations {
        return None;
    }
    let sampler = Sampler::new(setting, &roots, extra);
    let mut order: Option<usize> = None;
    let kinks = setting.store.any_node(&roots, |n| matches!(n, Node::Map(Fun::Sign, _)));
    // With kinks, the order on each piece that a sample lay on; the least of them is the order.
    let signs: Vec<Signs> = match kinks {
        true => pieces.iter().take(8).map(|p| Signs::Pinned(p.clone())).collect(),
        false => vec![Signs::Free],
    };
    let mut found = 0;
    for seed in 0..12 * signs.len() {
        if found >= 2 * signs.len() {
            break;
        }
        let signs = signs[seed % signs.len()].clone();
        let label = format!("order/{seed}");
        let mut random = Random::new(budget.seed, &label);
        let field = Random::new(budget.seed, &format!("{label}/field"));
        let mut prime = Prime::new(field, signs, PseudoInverses::ByRank);
        let Ok(point) = sampler.prime(&mut prime, &mut random, None) else {
            continue;
        };
        prime.zero_signs.clear();
        let mut series = Series::new(prime, TERMS);
        let variable = series.variable();
        let input = |s: SymbolId| match s == rate {
            true => Some(vec![variable.clone()]),
            false => point.get(&s).map(|v| v.iter().map(|x| vec![*x]).collect()),
        };
        let Ok(values) = program.run(&mut series, input) else {
            continue;
        };
        let (l, r) = values.split_at(left.len());
        let own = (0..TERMS).find(|&k| {
            l.iter()
                .flatten()
                .zip(r.iter().flatten())
                .any(|(a, b)| series.coefficient(a, k) != series.coefficient(b, k))
        });
        found += 1;
        order = match (order, own) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    order
}
