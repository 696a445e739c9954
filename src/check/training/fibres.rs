//! States that may leave the set that their type promises, such as a `diagonal` that becomes negative.
//!
//! A proof for all states of a type holds for those alone, and a rule may leave them: `s' = s - d(loss)^2`. Where the form of
//! the rule does not show that it stays, the proof has to do without the promise.

use rustc_hash::FxHashMap;

use super::powers::at_one;
use super::{Asked, Layout, Side};
use crate::core::variance::Space;
use crate::domain::Fun;
use crate::model::elaborate::{Draw, Quantified, Role};
use crate::model::optimizer::State;
use crate::term::{Node, Store, SymbolId, Term};

/// Takes the promise from the states of both sides that may leave it; whether there are any.
pub(super) fn loosen(asked: &mut Asked) -> bool {
    let flow = asked.rate.is_none();
    let mut any = false;
    let all: Vec<usize> = (0..asked.factors.len()).collect();
    for which in [0, 1] {
        let mut side = if which == 0 { asked.source.clone() } else { asked.target.clone() };
        side.next = side.next.iter().map(|t| at_one(asked, *t, &all)).collect();
        for i in leaving(&mut asked.problem.setting.store, &side, flow) {
            any = true;
            let symbol = side.states[i].symbol;
            let own = if which == 0 { &mut asked.source } else { &mut asked.target };
            own.states[i].general = own.states[i].term;
            own.states[i].domain.clear();
            let quantified = &mut asked.problem.setting.quantified;
            if quantified.iter().all(|q| q.symbol != symbol) {
                quantified.push(Quantified { symbol, draw: Draw::Real, role: Role::State });
            }
        }
    }
    any
}

/// The states that may leave their fibre, by number.
fn leaving(store: &mut Store, side: &Side, flow: bool) -> Vec<usize> {
    let general: FxHashMap<SymbolId, Term> = side.states.iter().map(|s| (s.symbol, s.general)).collect();
    let mut found = Vec::new();
    for (i, state) in side.states.iter().enumerate() {
        let leaves = match state.variance.space() {
            Space::Matrix | Space::Sides(_) => {
                let next = store.substitute_one(side.next[i + 1], &general);
                signs_read(store, side, state.symbol) && (flow || !stays_definite(store, side, state, next))
            }
            Space::Own | Space::Number | Space::Vector if state.variance.is_positive() => {
                let next = store.substitute_one(side.next[i + 1], &general);
                !store.nonnegative(state.initial) || !stays_positive(store, next, state.general, flow)
            }
            Space::Own | Space::Number | Space::Vector => false,
        };
        if leaves {
            found.push(i);
        }
    }
    found
}

/// Whether a rule shows that what is positive stays so; for a flow, that it does not decrease faster than in proportion to
/// what is there.
fn stays_positive(store: &mut Store, next: Term, own: Term, flow: bool) -> bool {
    if !flow {
        return store.nonnegative(next);
    }
    [0, 1, 32, 1024].into_iter().any(|k| {
        let kept = store.scale(k.into(), own);
        let sum = store.add(next, kept);
        store.nonnegative(sum)
    })
}

/// Whether the form of a rule shows that matrices without negative eigenvalues have none after it, block by block.
fn stays_definite(store: &mut Store, side: &Side, state: &State, next: Term) -> bool {
    let ranges = match side.layout(state) {
        Layout::Blocks(ranges) => ranges,
        Layout::Whole | Layout::Square => std::iter::once(0..store.size(next)).collect(),
    };
    ranges.into_iter().all(|r| {
        let n = (r.len() as f64).sqrt().round() as usize;
        let mut block = |t: Term| store.gather(t, (r.start as u32..r.end as u32).collect(), &[n, n]);
        let (now, fresh, after) = (block(state.general), block(state.initial), block(next));
        store.semidefinite(fresh, &[]) && store.semidefinite(after, &[now])
    })
}

/// Whether a sign reads a state. Of a matrix nothing else tells a positive definite one from others: what is rational is so
/// for all if it is so for these, and roots of others have no value.
fn signs_read(store: &Store, side: &Side, state: SymbolId) -> bool {
    store.reachable(&side.next).into_iter().any(|t| match store.node(t) {
        Node::Map(Fun::Sign, x) => store.free_symbols(&[*x]).contains(&state),
        _ => false,
    })
}
