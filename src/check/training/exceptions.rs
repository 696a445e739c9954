//! States at which a step is another one than at almost all others: what is proved of free states need not hold there.

use rustc_hash::FxHashMap;

use super::Asked;
use crate::check::sample::Sampler;
use crate::check::{Budget, algebra};
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::domain::{Fun, Rational};
use crate::model::elaborate::Role;
use crate::term::{Node, Program, Store, SymbolId, Term};

/// Whether states that depend on nothing but themselves and hyperparameters, such as counters, come to a value at which a sign
/// is that of zero or a denominator vanishes, in the first steps of a run: a step that commutes at almost all states need
/// not do so there.
pub(super) fn comes_to_an_exception(asked: &Asked, budget: &Budget) -> bool {
    const STEPS: usize = 512;
    const NOTHING: f64 = 1e-12;
    let Asked { problem, source, .. } = asked;
    let store = &problem.setting.store;
    let role = |s: &SymbolId| problem.setting.quantified.iter().find(|q| q.symbol == *s).map(|q| q.role);
    let constant = |s: &SymbolId| matches!(role(s), Some(Role::Member | Role::Rate));
    let mut own: Vec<usize> = (0..source.states.len()).collect();
    loop {
        let symbols: Vec<SymbolId> = own.iter().map(|i| source.states[*i].symbol).collect();
        let alone = |i: &usize| {
            let read = store.free_symbols(&[source.next[*i + 1], source.states[*i].initial]);
            read.iter().all(|s| constant(s) || symbols.contains(s))
        };
        let kept: Vec<usize> = own.iter().copied().filter(alone).collect();
        if kept.len() == own.len() {
            break;
        }
        own = kept;
    }
    let symbols: Vec<SymbolId> = own.iter().map(|i| source.states[*i].symbol).collect();
    let arguments: Vec<Term> = jumping(store, &source.next)
        .into_iter()
        .filter(|x| {
            let read = store.free_symbols(&[*x]);
            read.iter().any(|s| symbols.contains(s)) && read.iter().all(|s| constant(s) || symbols.contains(s))
        })
        .collect();
    if arguments.is_empty() || asked.rate.is_none() {
        return false;
    }
    let initial: Vec<Term> = own.iter().map(|i| source.states[*i].initial).collect();
    let mut next: Vec<Term> = own.iter().map(|i| source.next[*i + 1]).collect();
    let count = next.len();
    next.extend(&arguments);
    let sampler = Sampler::new(&problem.setting, &[initial.clone(), next.clone()].concat(), &problem.domain);
    let (fresh, step) = (Program::new(store, &initial), Program::new(store, &next));
    let mut random = Random::new(budget.seed, "exceptions");
    (0..3).any(|_| {
        let Some(mut point) = sampler.float(&mut random) else { return false };
        let Ok(mut values) = fresh.run(&mut Float::default(), |s| point.get(&s).cloned()) else { return true };
        (0..STEPS).any(|_| {
            symbols.iter().zip(&values).for_each(|(s, v)| drop(point.insert(*s, v.clone())));
            let Ok(mut found) = step.run(&mut Float::default(), |s| point.get(&s).cloned()) else { return true };
            let met = found.split_off(count).iter().flatten().any(|v| v.abs() < NOTHING);
            values = found;
            met
        })
    })
}

/// What signs and logarithms are taken of, what is divided by, inverted, or has a rank.
fn jumping(store: &Store, sides: &[Term]) -> Vec<Term> {
    let argument = |t: Term| match store.node(t) {
        Node::Map(Fun::Sign | Fun::Log, x) => Some(*x),
        Node::Power(x, q) if *q < Rational::ZERO => Some(*x),
        Node::Inverse(x) | Node::PseudoInverse(x) | Node::Polar(x) | Node::PowerSpd(x, _) => Some(*x),
        _ => None,
    };
    store.reachable(sides).into_iter().filter_map(argument).collect()
}

/// Whether both sides are continuous in the states: what holds for almost all states holds for fresh ones then, and for those
/// that a run comes to. A sign, a quotient or a rank may be another one at the states of a run than at all others.
pub(super) fn states_enter_continuously(asked: &Asked) -> bool {
    let store = &asked.problem.setting.store;
    let states: Vec<SymbolId> =
        [&asked.source, &asked.target].iter().flat_map(|s| &s.states).map(|s| s.symbol).collect();
    let sides: Vec<Term> = asked.source.next.iter().chain(&asked.target.next).copied().collect();
    store.free_symbols(&jumping(store, &sides)).iter().all(|s| !states.contains(s))
}

/// Whether the states with which the target starts are those with which the source starts, carried along the map.
pub(super) fn fresh_states_are_carried(asked: &mut Asked, budget: &Budget) -> bool {
    let mut differences = Vec::new();
    let store = &mut asked.problem.setting.store;
    let fresh: FxHashMap<_, _> = asked.source.states.iter().map(|s| (s.symbol, s.initial)).collect();
    let image: FxHashMap<_, _> = [(asked.target.point, asked.map)].into_iter().collect();
    for (state, carried) in asked.target.states.iter().zip(&asked.carried) {
        let Some(carried) = carried else { return false };
        let carried = store.substitute_one(*carried, &fresh);
        let own = store.substitute_one(state.initial, &image);
        if store.shape(carried) != store.shape(own) {
            return false;
        }
        differences.push(store.sub(carried, own));
    }
    asked.carried.len() == asked.target.states.len()
        && algebra::vanishes(&asked.problem.setting, &differences, &asked.problem.domain, budget, "fresh states")
            .holds()
}
