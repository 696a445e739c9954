//! Refutes factors of hyperparameters by several steps, or by several coefficients in `t`, together.
//!
//! Every hyperparameter has in every block a factor of its own, as a symbol, and one more for what belongs to no block: a
//! number with a weight or a matrix on all parameters may be computed with whatever somebody likes. If some factors made the
//! runs correspond, `y_j = F(x_j)` would hold for all `j`: so the target is led along the source's course, and its move in step
//! `k + 1` from `F(x_k)`, with states that the factors made, has to be `F(x_{k+1}) - F(x_k)`. Where a move depends on
//! factors by a power product alone and is a constant multiple of what it has to be, the value of that product is
//! **forced**, and one factor is eliminated. Whatever else a move demands is refuted by [`super::refute::moves_differ`], or,
//! for all steps up to now together, by [`super::linear`].

use rustc_hash::FxHashMap;

use super::entries::{of_block, vanish};
use super::powers::{at_one, exponents, jumps_at_ranks, signs, with_free};
use super::prove::{Factors, Scaled, with_factors};
use super::refute::{moves_differ, narrow, taylor};
use super::{Asked, Factor, Layout, fresh, linear};
use crate::check::decide::{Difference, Disagreement, Sign, positive};
use crate::check::field::Trial;
use crate::check::sample::Sampler;
use crate::check::witness::{self, Goal};
use crate::check::{Budget, rate};
use crate::core::variance::Variance;
use crate::domain::Rational;
use crate::model::architecture::Block;
use crate::term::{Node, Program, Seeds, SymbolId, Term};
use crate::verdict::Finding;

/// Steps that are looked at.
const STEPS: usize = 7;
/// Steps that may be left open in a block.
const OPEN: usize = 2;
/// Coefficients of a flow.
const COEFFICIENTS: usize = 3;
/// Programs of more operations are not looked at.
const MAX_OPERATIONS: usize = 400_000;

/// Refutes all factors at once; see the module.
///
/// # Errors
/// If two engines contradict each other.
pub fn fails(asked: &mut Asked, mixing: &str, budget: &Budget) -> Result<Option<Finding>, Disagreement> {
    let kept = asked.factors.len();
    let factors = free_factors(asked);
    let found = if asked.rate.is_some() { steps(asked, &factors, budget) } else { flow(asked, &factors, budget) };
    asked.factors.truncate(kept);
    let Some((b, order, mut difference)) = found? else { return Ok(None) };
    let block = &asked.target.blocks[b].name;
    difference.message = format!("no factors of the hyperparameters work in `{block}`: {}{mixing}", difference.message);
    Ok(Some(difference.of_order(order)))
}

/// The hyperparameters that may be scaled: all on which no fixed state depends.
fn scalable(asked: &Asked) -> Vec<usize> {
    let fixed = asked.target.states.iter().enumerate().filter(|(_, s)| s.variance == Variance::Fixed && !s.each);
    let terms: Vec<Term> = fixed.flat_map(|(i, s)| [asked.target.next[i + 1], s.initial]).collect();
    let read = asked.problem.setting.store.free_symbols(&terms);
    (0..asked.factors.len()).filter(|&j| !read.contains(&asked.factors[j].symbol)).collect()
}

/// A symbol for each factor in each block and outside of them, put behind the factors of the question.
fn free_factors(asked: &mut Asked) -> Factors {
    let scalable = scalable(asked);
    let mut all = Factors::ones(asked);
    let names: Vec<String> = asked.target.blocks.iter().map(|b| b.name.clone()).collect();
    let lists = all.blocks.iter_mut().zip(names).chain([(&mut all.rest, "no block".to_owned())]);
    for (list, block) in lists {
        for &j in &scalable {
            let name = format!("{}({block})", asked.factors[j].name);
            let store = &mut asked.problem.setting.store;
            let (symbol, term) = store.symbol(name.clone(), &[]);
            store.assume_positive(term);
            asked.factors.push(Factor { name, symbol });
            list[j] = term;
        }
    }
    all
}

/// The places of the factors that a term reads.
fn read(asked: &Asked, t: Term) -> Vec<usize> {
    let symbols = asked.problem.setting.store.free_symbols(&[t]);
    (0..asked.factors.len()).filter(|&j| symbols.contains(&asked.factors[j].symbol)).collect()
}

/// The target led along the source's course.
struct Led {
    /// The source's point and states.
    source: Vec<Term>,
    /// `F` of that point.
    image: Term,
    /// The target's states.
    states: Vec<Term>,
    /// The target's rules, with their factors, and the symbols by which they read each other.
    rules: Vec<Term>,
    names: Vec<SymbolId>,
}

impl Led {
    fn new(asked: &mut Asked, factors: &Factors) -> Led {
        let target = asked.target.clone();
        let layouts: Vec<Layout> = target.states.iter().map(|s| whole(asked, target.layout(s))).collect();
        let points = Layout::Blocks(target.blocks.iter().map(|b| b.offset..b.offset + b.size()).collect());
        let (names, written): (Vec<SymbolId>, Vec<Term>) = match target.rules.is_empty() {
            true => (Vec::new(), target.next.clone()),
            false => target.rules.iter().copied().unzip(),
        };
        let rules = (std::iter::once(&points).chain(&layouts).zip(written))
            .map(|(layout, t)| with_factors(asked, t, layout, factors))
            .collect();
        let fresh: Vec<Term> = (layouts.iter().zip(&target.states))
            .map(|(layout, s)| with_factors(asked, s.initial, layout, factors))
            .collect();
        let (point, map) = (asked.source.point, asked.map);
        let store = &mut asked.problem.setting.store;
        let x = store.symbol_term(point);
        let states = store.substitute(&fresh, &[(target.point, map)].into_iter().collect());
        let source = std::iter::once(x).chain(asked.source.states.iter().map(|s| s.initial)).collect();
        Led { source, image: map, states, rules, names }
    }

    /// A step: how the image has to move, and how the target's point moves.
    fn step(&mut self, asked: &mut Asked) -> Option<(Term, Term)> {
        let (source, target, map) = (asked.source.clone(), asked.target.clone(), asked.map);
        let by: FxHashMap<SymbolId, Term> = source.symbols().zip(self.source.iter().copied()).collect();
        fresh::reads_at(asked, &by);
        let store = &mut asked.problem.setting.store;
        self.source = store.substitute(&source.next, &by);
        let image = store.substitute_one(map, &[(source.point, self.source[0])].into_iter().collect());
        let here = std::iter::once(self.image).chain(self.states.iter().copied());
        let by: FxHashMap<SymbolId, Term> = target.symbols().zip(here).collect();
        fresh::reads_at(asked, &by);
        let store = &mut asked.problem.setting.store;
        let mut next = store.substitute(&self.rules, &by);
        if let Some((&point, others)) = self.names.split_first() {
            // What reads the new point reads the image of the source's.
            let read = store.substitute(&next[1..], &[(point, image)].into_iter().collect());
            let named: Vec<(SymbolId, Term)> = others.iter().copied().zip(read).collect();
            let states = store.put_into_each_other(&named).ok()?;
            let by: FxHashMap<SymbolId, Term> = others.iter().copied().zip(states.iter().copied()).collect();
            let moved = store.substitute_one(next[0], &by);
            next = std::iter::once(moved).chain(states).collect();
        }
        let sides = (store.sub(image, self.image), store.sub(next[0], self.image));
        self.image = image;
        self.states = next.split_off(1);
        Some(sides)
    }

    fn eliminate(&mut self, asked: &mut Asked, by: &FxHashMap<SymbolId, Term>) {
        let store = &mut asked.problem.setting.store;
        self.states = store.substitute(&self.states, by);
        self.rules = store.substitute(&self.rules, by);
    }
}

/// A matrix on all parameters belongs to no block where there are several.
fn whole(asked: &Asked, layout: Layout) -> Layout {
    if layout == Layout::Square && asked.target.blocks.len() > 1 { Layout::Whole } else { layout }
}

/// What was found: the block, the order of a flow, the point.
type Found = Option<(usize, Option<usize>, Difference)>;

fn steps(asked: &mut Asked, factors: &Factors, budget: &Budget) -> Result<Found, Disagreement> {
    let mut led = Led::new(asked, factors);
    let blocks: Vec<Block> = asked.target.blocks.clone();
    let mut before: Vec<Vec<(Term, Term)>> = vec![Vec::new(); blocks.len()];
    let mut open_steps = 0;
    for k in 1..=STEPS {
        // What two steps leave open the next ones do not decide.
        if open_steps >= OPEN {
            return Ok(None);
        }
        let Some((left, right)) = led.step(asked) else { return Ok(None) };
        let large = Program::new(&asked.problem.setting.store, &[left, right]).operations() > MAX_OPERATIONS;
        let mut open = if large { Vec::new() } else { vec![(left, right)] };
        if k == 1 {
            open.extend(for_small_rates(asked, (left, right), budget));
        }
        if open.is_empty() {
            return Ok(None);
        }
        let mut open_here = false;
        for b in 0..blocks.len() {
            for i in 0..open.len() {
                let sides = open[i];
                if budget.expired() {
                    return Ok(None);
                }
                let what = match (k, i == 0 && !large) {
                    (1, true) => "the moves of the parameters in the first step".to_owned(),
                    (1, false) => "the derivatives for small `lr` of the moves in the first step".to_owned(),
                    _ => format!("the moves of the parameters in step {k}"),
                };
                match look(asked, sides, &blocks[b], (&mut before[b], &what), budget)? {
                    Seen::Nothing => {}
                    Seen::Open => open_here = true,
                    Seen::Difference(d) => return Ok(Some((b, None, *d))),
                    Seen::Forced(symbol, value) => {
                        let by: FxHashMap<SymbolId, Term> = [(symbol, value)].into_iter().collect();
                        led.eliminate(asked, &by);
                        let store = &mut asked.problem.setting.store;
                        for (l, r) in open.iter_mut().chain(before.iter_mut().flatten()) {
                            (*l, *r) = (store.substitute_one(*l, &by), store.substitute_one(*r, &by));
                        }
                        break;
                    }
                }
            }
        }
        open_steps += usize::from(open_here);
    }
    Ok(None)
}

fn flow(asked: &mut Asked, factors: &Factors, budget: &Budget) -> Result<Found, Disagreement> {
    let scaled = Scaled::new(asked, factors);
    let Some(mut coefficients) = taylor(asked, &scaled, COEFFICIENTS) else { return Ok(None) };
    let blocks: Vec<Block> = asked.target.blocks.clone();
    for k in 0..coefficients.len() {
        if Program::new(&asked.problem.setting.store, &[coefficients[k].0, coefficients[k].1]).operations()
            > MAX_OPERATIONS
        {
            return Ok(None);
        }
        for (b, block) in blocks.iter().enumerate() {
            if budget.expired() {
                return Ok(None);
            }
            let what = match k {
                0 => "the velocities".to_owned(),
                _ => format!("the coefficients of t^{}, times {}!,", k + 1, k + 1),
            };
            match look(asked, coefficients[k], block, (&mut Vec::new(), &what), budget)? {
                Seen::Nothing | Seen::Open => {}
                Seen::Difference(d) => return Ok(Some((b, Some(k + 1), *d))),
                Seen::Forced(symbol, value) => {
                    let by: FxHashMap<SymbolId, Term> = [(symbol, value)].into_iter().collect();
                    let store = &mut asked.problem.setting.store;
                    for (_, r) in &mut coefficients {
                        *r = store.substitute_one(*r, &by);
                    }
                }
            }
        }
    }
    Ok(None)
}

/// What the moves of one block show.
enum Seen {
    /// They agree, or agree once what was forced is put in.
    Nothing,
    /// Neither.
    Open,
    Difference(Box<Difference>),
    /// A factor is forced to be this.
    Forced(SymbolId, Term),
}

fn look(
    asked: &mut Asked,
    (left, right): (Term, Term),
    block: &Block,
    (before, what): (&mut Vec<(Term, Term)>, &str),
    budget: &Budget,
) -> Result<Seen, Disagreement> {
    let entries = block.offset..block.offset + block.size();
    let store = &mut asked.problem.setting.store;
    let (l, r) = (of_block(store, left, &entries), of_block(store, right, &entries));
    if l == r {
        return Ok(Seen::Nothing);
    }
    let factors = read(asked, r);
    let difference = asked.problem.setting.store.sub(l, r);
    if factors.is_empty() && vanish(&mut asked.problem, &[difference], budget, "later steps") {
        return Ok(Seen::Nothing);
    }
    if let Some((symbol, value)) = forced(asked, (l, r), &factors, budget) {
        return Ok(value.map_or(Seen::Nothing, |v| Seen::Forced(symbol, v)));
    }
    if let Some(d) = moves_differ(asked, (left, right), entries.clone(), (&factors, what), budget)? {
        return Ok(Seen::Difference(Box::new(d)));
    }
    before.push((l, r));
    if before.len() < 2 {
        return Ok(Seen::Open);
    }
    let store = &mut asked.problem.setting.store;
    let (all_left, all_right): (Vec<Term>, Vec<Term>) = before.iter().copied().unzip();
    let (l, r) = (store.join(&all_left), store.join(&all_right));
    let factors = read(asked, r);
    let together = format!("{what} and before");
    let components = asked.problem.equation.components.clone();
    narrow(asked, &entries);
    let found = linear::differ(asked, (l, r), (&factors, &together), budget);
    asked.problem.equation.components = components;
    Ok(found.map_or(Seen::Open, |d| Seen::Difference(Box::new(d))))
}

/// The factor that has to have one value for these moves to agree, with the value; without one if they agree whatever it is.
fn forced(
    asked: &mut Asked,
    (left, right): (Term, Term),
    factors: &[usize],
    budget: &Budget,
) -> Option<(SymbolId, Option<Term>)> {
    let first = asked.factors.get(*factors.first()?)?.symbol;
    let depends_on_kinks = !signs(asked, right, factors).is_empty();
    if depends_on_kinks || jumps_at_ranks(asked, right, factors, budget) {
        return None;
    }
    let powers = exponents(asked, right, factors, budget)?;
    let plain = at_one(asked, right, factors);
    let domain = asked.problem.domain.clone();
    let store = &mut asked.problem.setting.store;
    if store.is_zero(left) && store.is_zero(plain) {
        return Some((first, None));
    }
    let rate::Ratio::Constant(q) = rate::candidate(&mut asked.problem.setting, (&[left], &[plain]), &domain, budget)
    else {
        return None;
    };
    let q = rate::simplified(&mut asked.problem.setting, q);
    let store = &mut asked.problem.setting.store;
    let scaled = store.scalar_mul(q, plain);
    let difference = store.sub(left, scaled);
    if !vanish(&mut asked.problem, &[difference], budget, "forced factors") {
        return None;
    }
    let shape = asked.problem.setting.store.shape(plain).clone();
    let zero = asked.problem.setting.store.zero(&shape);
    let moves = (Goal::Differ, &[][..]);
    let moving = witness::search(&asked.problem.setting, (&[plain], &[zero]), &domain, moves, budget, "moves").0;
    moving.as_ref()?;
    let place = powers.iter().position(|e| !e.is_zero())?;
    if !matches!(positive(&mut asked.problem, q, budget), Sign::Proved) {
        return None;
    }
    let symbol = asked.factors[factors[place]].symbol;
    let store = &mut asked.problem.setting.store;
    let mut value = q;
    for (k, (&j, e)) in factors.iter().zip(&powers).enumerate() {
        if k != place && !e.is_zero() {
            let c = store.symbol_term(asked.factors[j].symbol);
            let power = store.power(c, &-e.clone());
            value = store.mul(value, power);
        }
    }
    Some((symbol, Some(store.power(value, &(Rational::ONE / &powers[place])))))
}

/// The derivatives of the moves for `lr → 0` from above, where these are what the terms say: moves that agree for all `lr` have
/// equal ones.
fn for_small_rates(asked: &mut Asked, (left, right): (Term, Term), budget: &Budget) -> Option<(Term, Term)> {
    let lr = asked.rate?;
    let store = &mut asked.problem.setting.store;
    let depends = |store: &crate::term::Store, t: Term| store.free_symbols(&[t]).contains(&lr);
    let mut matrices = Vec::new();
    for t in store.reachable(&[left, right]) {
        match store.singular(t) {
            Some(s) if !depends(store, s.read) => {}
            Some(s) if matches!(store.node(t), Node::PseudoInverse(_)) => matrices.push(s.read),
            Some(_) => return None,
            None => {}
        }
    }
    let (one, zero) = (store.num(1), store.num(0));
    let seeds = Seeds::along([(lr, one)]);
    let (l, r) = (store.tangent(left, &seeds).ok()?, store.tangent(right, &seeds).ok()?);
    // Of moves in proportion to `lr` the derivatives say nothing new.
    if !depends(store, l) && !depends(store, r) {
        return None;
    }
    let at: FxHashMap<SymbolId, Term> = [(lr, zero)].into_iter().collect();
    let at_zero = store.substitute(&[l, r], &at);
    let limits = store.substitute(&matrices, &at);
    let keeps = matrices.into_iter().zip(limits).all(|(x, x0)| keeps_rank(asked, (x, x0), budget));
    keeps.then(|| (at_zero[0], at_zero[1]))
}

/// Whether a matrix has for small `lr` the rank that it has at `lr = 0`.
fn keeps_rank(asked: &mut Asked, (x, x0): (Term, Term), budget: &Budget) -> bool {
    let factors = read(asked, x);
    let symbols: Vec<SymbolId> = factors.iter().map(|&j| asked.factors[j].symbol).collect();
    with_free(asked, &symbols, |asked| {
        let mut rank = |x: Term| {
            let root = asked.problem.setting.store.pseudo_inverse(x);
            let program = Program::new(&asked.problem.setting.store, &[root]);
            let sampler = Sampler::new(&asked.problem.setting, &[root], &asked.problem.domain);
            let drawn = Trial::new(&sampler, &program, budget.seed, "rank at small rates").draw().ok()?;
            drawn.prime.ranks.last().copied()
        };
        let known = rank(x);
        known.is_some() && known == rank(x0)
    })
}
