//! What `in limit` of a step says of a whole run.
//!
//! A defect of order lr² in each of `T / lr` steps makes a difference of order lr at the time `T` if steps do not make
//! differences larger: at `lr = 0` the parameters rest, and the states contract, rest, or are equal on both sides. This is
//! asked of the form of the rules; what has another form is left open. (Hairer, Nørsett and Wanner, *Solving Ordinary
//! Differential Equations I*, section II.3: consistency and stability make convergence.)

use rustc_hash::FxHashMap;

use super::entries::vanish;
use super::{Asked, Side};
use crate::check::{Budget, rate};
use crate::domain::Rational;
use crate::model::elaborate::Role;
use crate::term::{Seeds, SymbolId, Term};

/// Whether steps of the target keep differences of its states small.
pub(super) fn stable(asked: &mut Asked, budget: &Budget) -> bool {
    let Some(lr) = asked.rate else { return false };
    let (source, target) = (asked.source.clone(), asked.target.clone());
    let exact = exact_states(asked, &source, &target);
    let factors: Vec<SymbolId> = asked.factors.iter().map(|f| f.symbol).collect();
    let store = &mut asked.problem.setting.store;
    let (zero, one) = (store.num(0), store.num(1));
    let still: FxHashMap<SymbolId, Term> = factors.iter().map(|f| (*f, one)).chain([(lr, zero)]).collect();
    let next = store.substitute(&target.next, &still);
    let point = store.symbol_term(target.point);
    if next[0] != point {
        return false;
    }
    (0..target.states.len()).filter(|i| !exact[*i]).all(|i| {
        let rests = next[i + 1] == target.states[i].term;
        rests || contracts(asked, &target, &exact, (i, next[i + 1]), budget)
    })
}

/// Which states of the target are those of the source at every step: numbers that are made of nothing but such, with the
/// same rule and the same fresh value.
fn exact_states(asked: &mut Asked, source: &Side, target: &Side) -> Vec<bool> {
    let partner = |name: &str| source.states.iter().position(|s| s.name == name);
    let members: Vec<SymbolId> =
        asked.problem.setting.quantified.iter().filter(|q| q.role == Role::Member).map(|q| q.symbol).collect();
    let store = &mut asked.problem.setting.store;
    let to_source: FxHashMap<SymbolId, Term> = (target.states.iter())
        .filter_map(|t| partner(&t.name).map(|k| (t.symbol, source.states[k].term)))
        .filter(|(s, t)| store.symbol_info(*s).shape == *store.shape(*t))
        .collect();
    let mut exact: Vec<bool> = (target.states.iter().enumerate())
        .map(|(i, t)| {
            let Some(k) = partner(&t.name).filter(|_| to_source.contains_key(&t.symbol)) else { return false };
            store.substitute_one(target.next[i + 1], &to_source) == source.next[k + 1]
                && t.initial == source.states[k].initial
                && store.free_symbols(&[t.initial]).iter().all(|s| members.contains(s))
        })
        .collect();
    loop {
        let known: Vec<SymbolId> = target
            .states
            .iter()
            .zip(&exact)
            .filter(|(_, e)| **e)
            .map(|(s, _)| s.symbol)
            .chain(members.clone())
            .collect();
        let kept: Vec<bool> = (0..exact.len())
            .map(|i| exact[i] && store.free_symbols(&[target.next[i + 1]]).iter().all(|s| known.contains(s)))
            .collect();
        if kept == exact {
            return exact;
        }
        exact = kept;
    }
}

/// Whether a state's rule at `lr = 0` is `b z` with a number `|b| < 1` and something of the parameters, of states that are
/// equal on both sides, and of states declared before it.
fn contracts(asked: &mut Asked, side: &Side, exact: &[bool], (i, next): (usize, Term), budget: &Budget) -> bool {
    let own = &side.states[i];
    let store = &mut asked.problem.setting.store;
    let read = store.free_symbols(&[next]);
    let unsettled = |k: &usize| !exact[*k] && read.contains(&side.states[*k].symbol);
    if (i + 1..side.states.len()).any(|k| unsettled(&k)) {
        return false;
    }
    if !read.contains(&own.symbol) {
        return true;
    }
    let Ok(slope) = store.tangent(next, &Seeds::along([(own.symbol, own.term)])) else { return false };
    let zero = store.zero(&store.shape(own.term).clone());
    let constant = store.substitute_one(next, &[(own.symbol, zero)].into_iter().collect());
    let sum = store.add(constant, slope);
    let rest = store.sub(next, sum);
    let general: FxHashMap<SymbolId, Term> = side.states.iter().map(|s| (s.symbol, s.general)).collect();
    let (slope, rest) = (store.substitute_one(slope, &general), store.substitute_one(rest, &general));
    let outer = asked.problem.domain.len();
    asked.problem.domain.extend(side.states.iter().flat_map(|s| s.domain.clone()));
    let found = is_multiple(asked, (slope, own.general), rest, budget);
    asked.problem.domain.truncate(outer);
    found
}

/// Whether the rule is affine, and its slope a multiple of the state by less than one.
fn is_multiple(asked: &mut Asked, (slope, state): (Term, Term), rest: Term, budget: &Budget) -> bool {
    let domain = asked.problem.domain.clone();
    let candidate = rate::candidate(&mut asked.problem.setting, (&[slope], &[state]), &domain, budget);
    let rate::Ratio::Constant(b) = candidate else { return false };
    if rate::constant(&asked.problem.setting, b).is_none_or(|b| b.square >= Rational::ONE) {
        return false;
    }
    let store = &mut asked.problem.setting.store;
    let scaled = store.scalar_mul(b, state);
    let difference = store.sub(slope, scaled);
    vanish(&mut asked.problem, &[difference, rest], budget, "states contract")
}
