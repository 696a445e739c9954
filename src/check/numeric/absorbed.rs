//! Summands that rounding swallows.

use crate::check::sample::Sampler;
use crate::check::{Budget, Setting};
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::domain::{Fun, Rational};
use crate::model::elaborate::Constraint;
use crate::term::{Node, Program, Term};
use dashu_int::ops::BitTest;

/// A summand below this part of its sum leaves no trace that floating point could compare.
const LOST: f64 = 1e-13;

/// Numbers whose parts have more bits than this say more than numbers in floating point that are compared to twelve digits.
const FINE: usize = 40;

/// Whether a term is made with a number such as `1 + 1e-16`, of which floating point keeps less than matters.
fn holds_a_fine_number(node: &Node) -> bool {
    let fine = |q: &Rational| {
        let large = q.numerator().bit_len() > FINE || q.denominator().bit_len() > FINE;
        large && Rational::try_from(q.to_f64().value()).ok().as_ref() != Some(q)
    };
    match node {
        Node::Fill(q) => fine(q),
        Node::Literal(all) => all.iter().any(fine),
        Node::Sum(parts) => parts.iter().any(|(c, _)| fine(c)),
        _ => false,
    }
}

/// Whether what a function adds to its asymptote is lost in rounding at an argument: `softplus(x)` is `x` there, `tanh(x)` is 1.
fn is_at_its_asymptote(f: Fun, x: f64) -> bool {
    match f {
        Fun::Softplus | Fun::Sigmoid => x.abs() > 30.0,
        Fun::Tanh => x.abs() > 15.0,
        Fun::Erf | Fun::Gauss => x.abs() > 5.5,
        Fun::Atan => x.abs() > 1e13,
        Fun::Exp => x < -700.0,
        Fun::Log | Fun::Sin | Fun::Cos | Fun::Sign => false,
    }
}

/// Whether in some sum below the roots a summand that is not zero is lost in rounding at every point tried, or what a function
/// adds to its asymptote.
pub fn absorbs(setting: &Setting, roots: &[Term], extra: &[Constraint], budget: &Budget) -> bool {
    let store = &setting.store;
    if store.reachable(roots).into_iter().any(|t| holds_a_fine_number(store.node(t))) {
        return true;
    }
    let mut summands: Vec<Term> = Vec::new();
    let mut sums: Vec<Vec<(f64, usize)>> = Vec::new();
    for t in store.reachable(roots) {
        let Node::Sum(parts) = store.node(t) else { continue };
        let from = summands.len();
        summands.extend(parts.iter().map(|(_, p)| *p));
        sums.push(parts.iter().enumerate().map(|(i, (c, _))| (c.to_f64().value().abs(), from + i)).collect());
    }
    // Arguments of functions stand behind the summands.
    let mapped: Vec<(Fun, Term)> = (store.reachable(roots).into_iter())
        .filter_map(|t| if let Node::Map(f, x) = *store.node(t) { Some((f, x)) } else { None })
        .collect();
    let arguments = summands.len();
    summands.extend(mapped.iter().map(|(_, x)| *x));
    let sampler = Sampler::new(setting, roots, extra);
    let program = Program::new(store, &summands);
    if summands.is_empty() || program.operations() > budget.operations / 64 {
        return false;
    }
    let mut random = Random::new(budget.seed, "absorbs");
    let mut lost: Vec<Option<bool>> = vec![None; summands.len()];
    for draw in 0..48 {
        let Some(point) = sampler.float_scaled(&mut random, [1.0, 4.0, 0.25][draw % 3]) else { continue };
        let Ok(values) = program.run(&mut Float::default(), |s| point.get(&s).cloned()) else { continue };
        for (k, (f, _)) in mapped.iter().enumerate() {
            let here = values[arguments + k].iter().any(|x| is_at_its_asymptote(*f, *x));
            lost[arguments + k] = Some(lost[arguments + k].unwrap_or(true) && here);
        }
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
