//! Sides that have no value at fresh states.

use rustc_hash::FxHashMap;

use super::Asked;
use super::orbit::System;
use super::powers::at_one;
use super::prove::Factors;
use super::refute::courses;
use crate::check::algebra::{self, Identity};
use crate::check::sample::Sampler;
use crate::check::{Budget, written};
use crate::domain::Stop;
use crate::domain::prime::{Prime, PseudoInverses, Random, Signs};
use crate::term::{Program, SymbolId, Term};

/// Whether a side has no value at fresh states: what is singular there.
pub fn undefined(asked: &mut Asked, budget: &Budget) -> Option<String> {
    let factors = Factors::ones(asked);
    let runs = courses(asked, &factors, 1);
    let sides = [(asked.source.name.clone(), runs.images[1]), (asked.target.name.clone(), runs.points[1])];
    let polar = |asked: &Asked, at: Term| asked.problem.setting.store.is_inverse_length(at);
    let told = |asked: &Asked, name: &str, at: Term| {
        let what = asked.problem.setting.store.describe_partial(at);
        format!("the first step from a fresh state is defined at no point of {name}: {what} is singular everywhere")
    };
    for (name, t) in sides {
        let purpose = format!("fresh {name}");
        let found = algebra::vanishes(&asked.problem.setting, &[t], &asked.problem.domain, budget, &purpose);
        if let Identity::Undefined(Stop::Pole, at) = found
            && !polar(asked, at)
        {
            return Some(told(asked, &name, at));
        }
    }
    // A zero in the place of a state may have simplified what has no value away: the step as it is, at the values.
    for (name, system) in super::exceptions::systems(asked, &factors) {
        if let Some(at) = pole_at_start(asked, &system, budget)
            && !polar(asked, at)
        {
            return Some(told(asked, &name, at));
        }
    }
    None
}

/// What is partial, was built on the way to the sides of a question about training, and is gone from them.
pub fn removed(asked: &Asked, built: usize) -> Vec<Term> {
    let store = &asked.problem.setting.store;
    let sides = [&asked.source, &asked.target];
    let kept: Vec<Term> =
        sides.iter().flat_map(|s| s.next.iter().copied().chain(s.states.iter().map(|s| s.initial))).collect();
    let seen = store.reachable(&kept);
    let own: Vec<Vec<SymbolId>> = sides.iter().map(|s| s.symbols().collect()).collect();
    let quantified = |s: &SymbolId| asked.problem.setting.quantified.iter().any(|q| q.symbol == *s);
    let factor = |s: &SymbolId| asked.factors.iter().any(|f| f.symbol == *s);
    let partial = |t: &Term| {
        written::is_partial(store, *t) && seen.binary_search(t).is_err() && {
            let read = store.free_symbols(&[*t]);
            own.iter().any(|own| {
                read.iter().any(|s| own.contains(s))
                    && read.iter().all(|s| own.contains(s) || quantified(s) || factor(s))
            })
        }
    };
    store.terms(built).filter(partial).take(written::MOST).collect()
}

/// Takes what is gone from the step of a side to the values that a run has there: at a point where it has none, the run has no
/// further step.
pub fn reads_at(asked: &mut Asked, values: &FxHashMap<SymbolId, Term>) {
    let Asked { removed, problem, .. } = asked;
    let setting = &mut problem.setting;
    for &t in removed.iter() {
        if setting.written.len() >= 2 * written::MOST {
            return;
        }
        if setting.store.free_symbols(&[t]).iter().any(|s| values.contains_key(s)) {
            let read = setting.store.substitute_one(t, values);
            if !setting.written.contains(&read) {
                setting.written.push(read);
            }
        }
    }
}

/// What was simplified away and has no value at fresh states, such as `(k - 1) / (k - 1)` where `k` starts at 1.
pub fn removed_pole(asked: &mut Asked, budget: &Budget) -> Option<Term> {
    if asked.removed.is_empty() {
        return None;
    }
    let factors = Factors::ones(asked);
    let all: Vec<usize> = (0..asked.factors.len()).collect();
    let removed: Vec<Term> = asked.removed.clone().into_iter().map(|t| at_one(asked, t, &all)).collect();
    let systems = super::exceptions::systems(asked, &factors);
    removed.into_iter().find(|t| {
        systems.iter().any(|(_, system)| {
            let (own, _) = system.moved(true);
            let read = asked.problem.setting.store.free_symbols(&[*t]);
            read.iter().any(|s| own.contains(s)) && pole_among(asked, system, &[*t], budget).is_some()
        })
    })
}

/// What has a pole in the first step from fresh states, in several prime fields.
fn pole_at_start(asked: &Asked, system: &System, budget: &Budget) -> Option<Term> {
    pole_among(asked, system, &system.moved(true).1, budget)
}

/// What has a pole in some terms at fresh states, in several prime fields.
fn pole_among(asked: &Asked, system: &System, next: &[Term], budget: &Budget) -> Option<Term> {
    const FIELDS: u64 = 3;
    let store = &asked.problem.setting.store;
    let (symbols, start) = system.first();
    let (first, step) = (Program::new(store, &start), Program::new(store, next));
    let all: Vec<Term> = start.iter().chain(next).copied().collect();
    let sampler = Sampler::new(&asked.problem.setting, &all, &asked.problem.domain);
    let mut pole = None;
    for seed in 0..FIELDS {
        let label = format!("fresh poles/{seed}");
        let mut random = Random::new(budget.seed, &label);
        let field = Random::new(budget.seed, &format!("{label}/field"));
        let mut prime = Prime::new(field, Signs::Free, PseudoInverses::ByRank);
        let mut at = sampler.prime(&mut prime, &mut random, None).ok()?;
        let values = first.run(&mut prime, |s| at.get(&s).cloned()).ok()?;
        symbols.iter().zip(values).for_each(|(s, v)| drop(at.insert(*s, v)));
        match step.run(&mut prime, |s| at.get(&s).cloned()) {
            Err(f) if f.stop == Stop::Pole => pole = Some(f.term),
            _ => return None,
        }
    }
    pole
}
