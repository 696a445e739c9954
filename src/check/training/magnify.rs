//! Hyperparameters that are too small to be seen, such as `eps = 1e-15`.
//!
//! Floating point does not see what they do, so factors are guessed for the same optimizer with larger values of them, on both
//! sides; whether they serve the optimizer as it is written, identities decide.

use rustc_hash::FxHashMap;

use super::guess::{Guess, guess};
use super::prove::Factors;
use super::run::{Courses, PerBlock, Runner};
use super::{Asked, Side};
use crate::check::Budget;
use crate::domain::Rational;
use crate::domain::float::Float;
use crate::term::{Node, Program, Store, SymbolId, Term};

/// What is smaller than this is made about as large as [`LARGE`].
const SMALL: f64 = 1.0 / 48.0;
const LARGE: f64 = 0.25;

/// For each factor, by how much its hyperparameter is made larger; nothing if none is small. The first is the rate.
pub fn scales(store: &Store, target: &Side, factors: &[SymbolId]) -> Option<Vec<Rational>> {
    let mut smallest = vec![f64::INFINITY; factors.len()];
    let roots: Vec<Term> = target.next.iter().copied().chain(target.states.iter().map(|s| s.initial)).collect();
    for t in store.reachable(&roots) {
        let Node::Sum(parts) = store.node(t) else { continue };
        for (c, part) in parts.iter() {
            for own in multiplied(store, *part) {
                if let Some(j) = factors.iter().position(|f| *f == own) {
                    smallest[j] = smallest[j].min(c.to_f64().value().abs());
                }
            }
        }
    }
    let scale = |(j, c): (usize, f64)| match j > 0 && c < SMALL && c > 0.0 {
        true => Rational::try_from((LARGE / c).log2().round().exp2()).unwrap_or(Rational::ONE),
        false => Rational::ONE,
    };
    let all: Vec<Rational> = smallest.into_iter().enumerate().map(scale).collect();
    all.iter().any(|s| !s.is_one()).then_some(all)
}

/// The symbols that multiply a term: it, or those of the sides of a product.
fn multiplied(store: &Store, t: Term) -> Vec<SymbolId> {
    match store.node(t) {
        Node::Symbol(s) => vec![*s],
        Node::Gather(x, _) => multiplied(store, *x),
        Node::Product { a, b, .. } => [*a, *b].iter().flat_map(|&x| multiplied(store, x)).collect(),
        _ => Vec::new(),
    }
}

/// Factors guessed with larger hyperparameters; their numbers are those at the given courses.
pub(super) fn guess_magnified(
    asked: &mut Asked,
    courses: &Courses,
    (count, tolerance): (usize, f64),
    budget: &Budget,
) -> Option<Guess> {
    let source = asked.source_with_factors.clone()?;
    let symbols: Vec<SymbolId> = asked.factors.iter().map(|f| f.symbol).collect();
    let scales = scales(&asked.problem.setting.store, &asked.target, &symbols)?;
    let store = &mut asked.problem.setting.store;
    let (mut larger, mut larger_times_factor) = (FxHashMap::default(), FxHashMap::default());
    for (&s, scale) in symbols.iter().zip(&scales) {
        let (fixed, free) = (store.num(scale.clone()), store.symbol_term(s));
        larger.insert(s, fixed);
        larger_times_factor.insert(s, store.scale(scale.clone(), free));
    }
    let source = with(store, &source, &larger);
    let target = with(store, &asked.target, &larger_times_factor);
    let sides = (std::mem::replace(&mut asked.source, source), std::mem::replace(&mut asked.target, target));
    let found = Runner::new(asked).ok().and_then(|runner| {
        let drawn = Courses::draw(&runner, &asked.problem, courses.groups.len(), count, budget)?;
        guess(asked, &runner, &drawn, tolerance).0
    });
    (asked.source, asked.target) = sides;
    let found = found?;
    let numbers = courses.groups.iter().map(|g| numbers(asked, &found.terms, g)).collect::<Option<Vec<_>>>()?;
    Some(Guess { numbers, ..found })
}

fn with(store: &mut Store, side: &Side, by: &FxHashMap<SymbolId, Term>) -> Side {
    let mut changed = side.clone();
    changed.next = store.substitute(&side.next, by);
    for state in &mut changed.states {
        state.initial = store.substitute_one(state.initial, by);
    }
    for (_, rule) in &mut changed.rules {
        *rule = store.substitute_one(*rule, by);
    }
    changed
}

/// The numbers that factors are at the member of a group of courses.
fn numbers(asked: &Asked, factors: &Factors, group: &[super::run::Course]) -> Option<PerBlock> {
    let point = &group.first()?.point;
    let value = |list: &Vec<Term>| -> Option<Vec<f64>> {
        let run = Program::new(&asked.problem.setting.store, list)
            .run(&mut Float::default(), |s| point.get(&s).cloned())
            .ok()?;
        run.into_iter().map(|v| v.first().copied()).collect()
    };
    Some(PerBlock { blocks: factors.blocks.iter().map(value).collect::<Option<_>>()?, rest: value(&factors.rest)? })
}
