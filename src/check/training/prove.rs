//! The proof for all steps: three families of identities.

use rustc_hash::FxHashMap;

use super::entries::examine_entries;
use super::relation::{Builder, Relation, Way};
use super::{Asked, Layout, Side};
use crate::check::algebra::{self, Identity};
use crate::check::decide::{Disagreement, Standing, identity_text};
use crate::check::{Budget, Problem};
use crate::domain::Fun;
use crate::domain::prime::PseudoInverses;
use crate::model::elaborate::Constraint;
use crate::model::optimizer::State;
use crate::term::{Node, Seeds, Store, SymbolId, Term};
use crate::verdict::Residual;

/// The factors of hyperparameters as terms, by block of the target; every list has all hyperparameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    /// By block.
    pub blocks: Vec<Vec<Term>>,
    /// For what belongs to no block.
    pub rest: Vec<Term>,
}

impl Factors {
    /// Ones everywhere.
    pub fn ones(asked: &mut Asked) -> Factors {
        let one = asked.problem.setting.store.num(1);
        let list = vec![one; asked.factors.len()];
        Factors { blocks: vec![list.clone(); asked.target.blocks.len()], rest: list }
    }

    /// The same factors everywhere.
    pub fn everywhere(asked: &Asked, list: Vec<Term>) -> Factors {
        Factors { blocks: vec![list.clone(); asked.target.blocks.len()], rest: list }
    }
}

/// A term of the target over a tensor of this layout, with each block computed with its own factors.
pub fn with_factors(asked: &mut Asked, t: Term, layout: &Layout, factors: &Factors) -> Term {
    let symbols: Vec<SymbolId> = asked.factors.iter().map(|f| f.symbol).collect();
    let store = &mut asked.problem.setting.store;
    let with = |store: &mut Store, list: &[Term]| {
        let by: FxHashMap<SymbolId, Term> = symbols.iter().copied().zip(list.iter().copied()).collect();
        store.substitute_one(t, &by)
    };
    let same = factors.blocks.iter().all(|b| *b == factors.rest);
    match layout {
        Layout::Blocks(ranges) if !same => {
            let parts: Vec<Term> = ranges
                .iter()
                .zip(&factors.blocks)
                .map(|(r, list)| {
                    let whole = with(store, list);
                    store.gather(whole, (r.start as u32..r.end as u32).collect(), &[r.len()])
                })
                .collect();
            store.join(&parts)
        }
        Layout::Square if !same => match factors.blocks.first() {
            Some(list) => with(store, list),
            None => with(store, &factors.rest),
        },
        _ => with(store, &factors.rest),
    }
}

/// The target's components with their factors: new values or field, and fresh states.
pub struct Scaled {
    /// The point's component first.
    pub next: Vec<Term>,
    /// By state.
    pub fresh: Vec<Term>,
}

impl Scaled {
    /// The target of a question with these factors.
    pub fn new(asked: &mut Asked, factors: &Factors) -> Scaled {
        let layouts: Vec<Layout> = asked.target.states.iter().map(|s| asked.target.layout(s)).collect();
        let points = Layout::Blocks(asked.target.blocks.iter().map(|b| b.offset..b.offset + b.size()).collect());
        // What a rule reads of another block's new state is computed with that block's factors.
        let rules = asked.target.rules.clone();
        let written: Vec<Term> =
            if rules.is_empty() { asked.target.next.clone() } else { rules.iter().map(|(_, t)| *t).collect() };
        let scaled: Vec<Term> = std::iter::once(&points)
            .chain(&layouts)
            .zip(written)
            .map(|(layout, t)| with_factors(asked, t, layout, factors))
            .collect();
        let fresh = (layouts.iter().enumerate())
            .map(|(i, layout)| with_factors(asked, asked.target.states[i].initial, layout, factors))
            .collect();
        let store = &mut asked.problem.setting.store;
        let named: Vec<(SymbolId, Term)> = rules.iter().map(|(s, _)| *s).zip(scaled.iter().copied()).collect();
        // There is no circle: the rules were put into each other before.
        let next = match rules.is_empty() {
            true => scaled,
            false => store.put_into_each_other(&named).unwrap_or(scaled),
        };
        Scaled { next, fresh }
    }
}

/// What a proof rests on.
pub struct Proof {
    /// How it was proved, in words.
    pub text: String,
    /// The numbers beside it.
    pub residual: Option<Residual>,
    /// What was put in the place of the raw symbols of both sides: general states that satisfy the relation.
    pub general: FxHashMap<SymbolId, Term>,
    /// Whether a step keeps the relation whatever values signs have.
    pub free_signs: bool,
}

/// Proves that a relation is an invariant of both runs and makes their parameters correspond.
///
/// # Errors
/// If two engines contradict each other.
pub fn prove(
    asked: &mut Asked,
    builder: &Builder<'_>,
    relation: &Relation,
    factors: &Factors,
    budget: &Budget,
) -> Result<Result<Proof, String>, Disagreement> {
    let scaled = Scaled::new(asked, factors);
    let Some(mut equations) = equations(asked, builder, relation, &scaled) else {
        return Ok(Err("the step has no derivative".into()));
    };
    let general = equations.general;
    let outer = std::mem::replace(&mut asked.problem.domain, equations.domain);
    super::copies::rewrite(asked, builder, relation, [&mut equations.fresh, &mut equations.step], budget);
    let (left, right) = &equations.fresh;
    let fresh = examine_entries(&mut asked.problem, (left, right), budget, "fresh states");
    let step = match &fresh {
        Ok(Standing::Proved(..)) => {
            let (left, right) = &equations.step;
            Some(examine_entries(&mut asked.problem, (left, right), budget, "invariant"))
        }
        _ => None,
    };
    let free_signs = matches!(step, Some(Ok(Standing::Proved(..))))
        && holds_for_free_signs(&mut asked.problem, &equations.step, budget);
    asked.problem.domain = outer;
    let open = |what: &str, identity: &Identity| Ok(Err(format!("{what}: {}", identity_text(identity))));
    match (fresh?, step.transpose()?) {
        (_, Some(Standing::Proved(text, residual))) => Ok(Ok(Proof { text, residual, general, free_signs })),
        (_, Some(Standing::Unproved(identity, _))) => open("after a step", &identity),
        (Standing::Unproved(identity, _), None) => open("from fresh states", &identity),
        (Standing::Proved(..), None) => Ok(Err("nothing was asked after a step".into())),
    }
}

/// Whether sides are equal when signs are free numbers, with no square that is 1.
fn holds_for_free_signs(problem: &mut Problem, (left, right): &Sides, budget: &Budget) -> bool {
    let residual: Vec<Term> = left.iter().zip(right).map(|(&l, &r)| problem.setting.store.sub(l, r)).collect();
    !problem.setting.store.any_node(&residual, |n| matches!(n, Node::Map(Fun::Sign, _)))
        || algebra::vanishes_for_free_signs(
            &problem.setting,
            &residual,
            &problem.domain,
            (budget, "free signs"),
            PseudoInverses::ByRank,
        )
}

/// Left and right sides, one by one.
type Sides = (Vec<Term>, Vec<Term>);

/// Both families as lists of sides.
struct Equations {
    fresh: Sides,
    step: Sides,
    domain: Vec<Constraint>,
    general: FxHashMap<SymbolId, Term>,
}

/// A state that an equation gives, and what it is.
struct Given {
    way: Way,
    state: usize,
    term: Term,
}

fn equations(asked: &mut Asked, builder: &Builder<'_>, relation: &Relation, scaled: &Scaled) -> Option<Equations> {
    let mut links: Vec<Given> = Vec::new();
    for l in &relation.links {
        let state = if l.way == Way::Forward { l.target } else { l.source };
        links.push(Given { way: l.way, state, term: builder.term(asked, l)? });
    }
    links.extend(relation.beside.iter().map(|o| Given { way: o.way, state: o.state, term: o.term }));
    let (source, target, map, flow) = (asked.source.clone(), asked.target.clone(), asked.map, asked.rate.is_none());
    let store = &mut asked.problem.setting.store;
    // Raw symbols of states that links give, in the free ones.
    let mut given: FxHashMap<SymbolId, Term> = FxHashMap::default();
    for l in links.iter().filter(|l| l.way == Way::Back) {
        given.insert(source.states[l.state].symbol, l.term);
    }
    let back = given.clone();
    for l in links.iter().filter(|l| l.way == Way::Forward) {
        let t = store.substitute_one(l.term, &back);
        given.insert(target.states[l.state].symbol, t);
    }
    let x = store.symbol_term(source.point);
    let source_next = store.substitute(&source.next, &back);
    let mut at_image = given.clone();
    at_image.insert(target.point, map);
    let target_next = store.substitute(&scaled.next, &at_image);
    let source_fresh: Vec<Term> = source.states.iter().map(|s| s.initial).collect();
    let target_fresh = store.substitute(&scaled.fresh, &[(target.point, map)].into_iter().collect());
    let (mut step, mut fresh) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    // Everything that a link's term may read, at fresh states and after a step.
    let values = |point: Term, sources: &[Term], targets: &[Term]| -> FxHashMap<SymbolId, Term> {
        let states = source.states.iter().map(|s| s.symbol).zip(sources.iter().copied());
        let others = target.states.iter().map(|s| s.symbol).zip(targets.iter().copied());
        others.chain(states).chain([(source.point, point)]).collect()
    };
    let now = values(x, &source_fresh, &target_fresh);
    if flow {
        let seeds = Seeds::along([(source.point, source_next[0])]);
        step.0.push(store.tangent(map, &seeds).ok()?);
    } else {
        step.0.push(store.substitute_one(map, &[(source.point, source_next[0])].into_iter().collect()));
    }
    step.1.push(target_next[0]);
    let after = values(source_next[0], &source_next[1..], &target_next[1..]);
    for l in &links {
        let t = l.term;
        let (made, first) = match l.way {
            Way::Forward => (target_next[l.state + 1], target_fresh[l.state]),
            Way::Back => (source_next[l.state + 1], source_fresh[l.state]),
        };
        fresh.0.push(store.substitute_one(t, &now));
        fresh.1.push(first);
        if flow {
            let velocities: Vec<(SymbolId, Term)> = after.iter().map(|(s, t)| (*s, *t)).collect();
            let moved = store.tangent(t, &Seeds::along(velocities)).ok()?;
            step.0.push(store.substitute_one(moved, &given));
        } else {
            step.0.push(store.substitute_one(t, &after));
        }
        step.1.push(made);
    }
    // General points of the fibres that are left free.
    let linked = |way: Way, i: usize| links.iter().any(|l| l.way == way && l.state == i);
    let free: Vec<State> = (0..source.states.len())
        .filter(|&i| !linked(Way::Back, i))
        .map(|i| source.states[i].clone())
        .chain((0..target.states.len()).filter(|&i| !linked(Way::Forward, i)).map(|i| target.states[i].clone()))
        .collect();
    let mut general: FxHashMap<SymbolId, Term> = free.iter().map(|s| (s.symbol, s.general)).collect();
    if let Some((l, r)) = relation.equal_traces {
        traces(store, &source, (l, r), &mut general, (&source_next, &source_fresh), (&mut step, &mut fresh))?;
    }
    let domain =
        asked.problem.domain.iter().chain(free.iter().flat_map(|s| &s.domain)).cloned().collect::<Vec<Constraint>>();
    let store = &mut asked.problem.setting.store;
    // The first step by itself: fresh states may lie on the edge of their fibres, where generic identities say nothing.
    let fresh_states: FxHashMap<SymbolId, Term> =
        now.iter().filter(|(s, _)| **s != source.point).map(|(s, t)| (*s, *t)).collect();
    if !flow {
        fresh.0.extend(store.substitute(&step.0, &fresh_states));
        fresh.1.extend(store.substitute(&step.1, &fresh_states));
    }
    step.0 = store.substitute(&step.0, &general);
    step.1 = store.substitute(&step.1, &general);
    for terms in [&mut step.0, &mut step.1] {
        super::beside::split_powers(store, terms);
    }
    let (symbols, terms): (Vec<SymbolId>, Vec<Term>) = at_image.into_iter().unzip();
    let terms = store.substitute(&terms, &general);
    general.extend(symbols.into_iter().zip(terms));
    Some(Equations { fresh, step, domain, general })
}

/// Adds the invariant that the traces of a `left` and a `right` state agree on every block: general points are scaled so
/// that they do, and after a step they have to again.
fn traces(
    store: &mut Store,
    source: &Side,
    (l, r): (usize, usize),
    general: &mut FxHashMap<SymbolId, Term>,
    (next, first): (&[Term], &[Term]),
    (step, fresh): (&mut Sides, &mut Sides),
) -> Option<()> {
    let ranges = |i: usize| match source.layout(&source.states[i]) {
        Layout::Blocks(ranges) => Some(ranges),
        _ => None,
    };
    let (left, right) = (ranges(l)?, ranges(r)?);
    let trace = |store: &mut Store, t: Term, range: &std::ops::Range<usize>| {
        let n = (range.len() as f64).sqrt().round() as usize;
        let diagonal = (0..n).map(|k| (range.start + k * n + k) as u32).collect();
        let d = store.gather(t, diagonal, &[n]);
        store.total(d)
    };
    let (zl, zr) = (source.states[l].general, *general.get(&source.states[r].symbol)?);
    let mut parts = Vec::new();
    for (a, b) in left.iter().zip(&right) {
        let (ta, tb) = (trace(store, zl, a), trace(store, zr, b));
        let ratio = store.div(ta, tb);
        let block = store.gather(zr, (b.start as u32..b.end as u32).collect(), &[b.len()]);
        parts.push(store.scalar_mul(ratio, block));
    }
    let scaled = store.join(&parts);
    general.insert(source.states[r].symbol, scaled);
    for (a, b) in left.iter().zip(&right) {
        for (sides, values) in [(&mut *step, &next[1..]), (&mut *fresh, first)] {
            let (ta, tb) = (trace(store, values[l], a), trace(store, values[r], b));
            sides.0.push(ta);
            sides.1.push(tb);
        }
    }
    Some(())
}
