//! What `in limit` of a step says of a whole run.
//!
//! A defect of order lr² in each of `T / lr` steps makes a difference of order lr at the time `T` if steps do not make
//! differences larger: at `lr = 0` the parameters rest, the states contract or rest, nothing is divided by them or jumps with
//! them, and the rules are smooth in `lr`. This is asked of the form of the rules; what has another form is left open. (Hairer, Nørsett and Wanner, *Solving Ordinary
//! Differential Equations I*, section II.3: consistency and stability make convergence.)

use rustc_hash::FxHashMap;

use super::entries::vanish;
use super::exceptions::jumping;
use super::orbit::Kind;
use super::{Asked, Side};
use crate::check::{Budget, rate};
use crate::domain::Rational;
use crate::term::{Seeds, Singularity, Store, SymbolId, Term};

/// Whether steps of the target keep differences of its states small.
pub(super) fn stable(asked: &mut Asked, budget: &Budget) -> bool {
    let Some(lr) = asked.rate else { return false };
    let (source, target) = (asked.source.clone(), asked.target.clone());
    let factors: Vec<SymbolId> = asked.factors.iter().map(|f| f.symbol).collect();
    let store = &mut asked.problem.setting.store;
    let (zero, one) = (store.num(0), store.num(1));
    let still: FxHashMap<SymbolId, Term> = factors.iter().map(|f| (*f, one)).chain([(lr, zero)]).collect();
    let next = store.substitute(&target.next, &still);
    let point = store.symbol_term(target.point);
    let both: Vec<Term> = source.next.iter().chain(&target.next).copied().collect();
    let states: Vec<SymbolId> = source.states.iter().chain(&target.states).map(|z| z.symbol).collect();
    let reads_states = |store: &Store, t: Term| store.free_symbols(&[t]).iter().any(|s| states.contains(s));
    let partial = partial(store, &both);
    let moving = partial.iter().copied().filter(|x| store.free_symbols(&[*x]).contains(&lr)).collect::<Vec<Term>>();
    let moving = store.substitute(&moving, &still);
    let smooth = moving.iter().all(|&x| store.positive(x) || store.as_fill(x).is_some_and(|q| !q.is_zero()));
    let singular = !smooth || partial.iter().any(|&x| reads_states(store, x));
    // A state that starts on a jump, or comes to one, is put on either side of it by the smallest difference.
    let jumps = jumping(store, &both)
        .iter()
        .any(|a| a.kind == Kind::Sign && (reads_states(store, a.read) || store.free_symbols(&[a.read]).contains(&lr)));
    if next[0] != point || singular || jumps {
        return false;
    }
    (0..target.states.len()).all(|i| {
        let rests = next[i + 1] == target.states[i].term;
        rests || contracts(asked, &target, (i, next[i + 1]), budget)
    })
}

/// What a step divides by, or takes a root, a logarithm, an inverse or a polar factor of. If it is made of states, one that
/// comes to zero makes the defect of a step larger and larger, as in `lr^2 / (lr + z)`. If it reads `lr` and may vanish at
/// `lr = 0`, steps need not be
/// smooth at `lr = 0`, as `√lr`, or not to the same extent at all points, as `lr / (lr^2 + (loss - 1)^2)`.
fn partial(store: &Store, next: &[Term]) -> Vec<Term> {
    let singular = store.reachable(next).into_iter().filter_map(|t| store.singular(t));
    singular.filter(|s| s.at != Singularity::Jump).map(|s| s.read).collect()
}

/// Whether a state's rule at `lr = 0` is `b z` with a number `|b| < 1` and something of the parameters and of states
/// declared before it.
fn contracts(asked: &mut Asked, side: &Side, (i, next): (usize, Term), budget: &Budget) -> bool {
    let own = &side.states[i];
    let store = &mut asked.problem.setting.store;
    let read = store.free_symbols(&[next]);
    if (i + 1..side.states.len()).any(|k| read.contains(&side.states[k].symbol)) {
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
