//! States at which a step is another one than at almost all others: what is proved of free states need not hold there.

use rustc_hash::{FxHashMap, FxHashSet};

use super::orbit::{Argument, Kind, Moves, Orbit, System, first_met, generic_ranks, orbit};
use super::pieced::made_in_pieces;
use super::powers::at_one;
use super::prove::{Factors, Scaled};
use super::refute::{MAX_OPERATIONS, courses};
use super::{Asked, Side};
use crate::check::field::ranks;
use crate::check::sample::Sampler;
use crate::check::{Budget, Problem, algebra};
use crate::domain::Fun;
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::model::elaborate::Role;
use crate::term::{Node, Program, Seeds, Singular, Singularity, Store, SymbolId, Term};

/// What may be wrong with a proof for almost all states, at the states of runs.
pub(super) enum Exceptions {
    /// Nothing.
    None,
    /// Runs come to an exception, or may: in words.
    Met(String),
    /// No run that was followed comes to one: in words.
    NotSeen(String),
}

/// Steps in which states that depend on nothing but hyperparameters are looked at one by one, such as counters.
const ALONE: usize = 4_096;

/// Steps in which all others are.
const TOGETHER: usize = 48;

/// Derivatives along a flow that are looked at.
const ORDERS: usize = 3;

/// Whether runs of both sides come to states at which a sign is that of zero, a denominator vanishes or a rank is lost: a step
/// that commutes at almost all states need not do so there. The first step is left out, for it is proved by itself.
///
/// What vanishes at `general` states, for which the proof was made, is no exception.
///
/// With `free_signs` the proof holds whatever values signs have, that of zero among them: signs are no exceptions then.
pub(super) fn exceptions(
    asked: &mut Asked,
    factors: &Factors,
    (general, free_signs, first_proved): (&FxHashMap<SymbolId, Term>, bool, bool),
    budget: &Budget,
) -> Exceptions {
    let mut systems = systems(asked, factors);
    for argument in systems.iter_mut().flat_map(|(_, system)| &mut system.arguments) {
        let store = &mut asked.problem.setting.store;
        let read = store.substitute_one(argument.read, general);
        argument.always_zero = vanishing_entries(&asked.problem, read, budget).unwrap_or_default();
    }
    for (_, system) in &mut systems {
        system.first_proved = first_proved;
        // What every run divides by when it is zero ends all of them.
        if let Some(rate) = asked.rate {
            for (part, steps) in [(autonomous(&asked.problem, system), ALONE), (system.clone(), TOGETHER)] {
                let arguments = part.arguments.iter().filter(|a| a.kind == Kind::Pole && a.whole.is_none());
                let poles = System { arguments: arguments.cloned().collect(), ..part };
                if let Some(k) = first_met(&asked.problem, &poles, rate, steps, budget) {
                    return Exceptions::Met(format!("at step {} no run has a value", k + 1));
                }
            }
        }
        // Elsewhere a side without a value is one of which nothing is said.
        system.arguments.retain(|a| match a.kind {
            Kind::Sign => !free_signs,
            Kind::PseudoInverse | Kind::Polar => true,
            Kind::Pole => false,
        });
        if clamped(asked, system) && !system.arguments.is_empty() {
            return Exceptions::Met("a step takes its result in pieces, and may come to an exception by that".into());
        }
    }
    let mut seen = Exceptions::None;
    for (name, system) in systems {
        let Some(rate) = asked.rate else {
            if unsmooth(asked, &system) {
                return Exceptions::Met("the flow is not smooth, and may come to an exception in finite time".into());
            }
            if starts_at_an_exception(asked, &system, ORDERS, budget) {
                return Exceptions::Met(
                    "the states start where a sign or a rank is another one, and may stay there".into(),
                );
            }
            continue;
        };
        let alone = autonomous(&asked.problem, &system);
        let only_polars = system.arguments.iter().all(|a| a.kind == Kind::Polar);
        for (who, part, steps) in
            [("states that depend on nothing else", &alone, ALONE), ("the states", &system, TOGETHER)]
        {
            match orbit(&asked.problem, part, rate, steps, budget) {
                // One member says nothing of others: counters may come to an exception at some.
                Orbit::Regular if !part.arguments.is_empty() && reads_members(&asked.problem, part) => {
                    return Exceptions::Met(format!(
                        "whether {who} come, at some member, to values at which a step of `{name}` is another one is open"
                    ));
                }
                Orbit::Regular => {}
                Orbit::Meets(k) => {
                    let step = k + 1;
                    return Exceptions::Met(format!(
                        "at step {step} {who} come to values at which a step of `{name}` is another one"
                    ));
                }
                Orbit::Open if only_polars && steps == TOGETHER => {
                    // A smooth state that has the rank at one start has it at almost all.
                    let pieces = part.arguments.iter().any(|a| made_in_pieces(&asked.problem, part, a, None));
                    if pieces && differ_where_ranks_are_lost(asked, factors, budget) {
                        return Exceptions::Met(format!("runs of `{name}` differ from where a matrix loses rank"));
                    }
                    seen = Exceptions::NotSeen(format!(
                        "no run of `{name}` comes to states at which a matrix of `polar` has a lower rank: so in the first \
                         {TOGETHER} steps, not proved"
                    ));
                }
                Orbit::Open => {
                    return Exceptions::Met(format!(
                        "whether {who} come to values at which a step of `{name}` is another one is open"
                    ));
                }
            }
        }
    }
    seen
}

/// Whether what is taken a sign or a rank of is made of nothing but numbers and hyperparameters, and reads one of those.
fn reads_members(problem: &Problem, system: &System) -> bool {
    let store = &problem.setting.store;
    let all: Vec<Term> = system.next.iter().chain(&system.fresh).copied().collect();
    let read = store.free_symbols(&all);
    let member = |s: &SymbolId| problem.setting.quantified.iter().any(|q| q.symbol == *s && q.role == Role::Member);
    system.moves.is_none() && read.iter().any(member)
}

/// Whether a step makes the new parameters in pieces, as a projection onto a set does: runs then come to its boundary from
/// open sets of starts, and so may they to exceptions there.
fn clamped(asked: &Asked, system: &System) -> bool {
    let store = &asked.problem.setting.store;
    let (Some(rate), Some(m)) = (asked.rate, system.moves) else { return false };
    let reads_rate = |x: Term| store.free_symbols(&[x]).contains(&rate);
    store.reachable(&[m.next]).into_iter().any(|t| match store.node(t) {
        Node::Map(Fun::Sign, x) => reads_rate(*x),
        // `(z + √(z²)) / 2` as well.
        Node::Power(x, q) => !q.is_int() && reads_rate(*x),
        _ => false,
    })
}

/// Whether a flow with exceptions is not analytic: it may then come to them in finite time and stay there.
fn unsmooth(asked: &Asked, system: &System) -> bool {
    let store = &asked.problem.setting.store;
    let root = |n: &Node| matches!(n, Node::Power(_, q) if !q.is_int());
    let rough = |n: &Node| root(n) || matches!(n, Node::Map(Fun::Sign, _) | Node::PseudoInverse(_) | Node::Polar(_));
    system.arguments.iter().any(|a| {
        let read = store.free_symbols(&[a.read]);
        let states = read.iter().any(|s| system.states.contains(s)) && store.any_node(&system.next, rough);
        // The field of the parameters has the sign itself in it.
        let point = system
            .moves
            .is_some_and(|m| read.contains(&m.point) && (a.kind == Kind::Sign || store.any_node(&[m.next], root)));
        states || point
    })
}

/// Whether a flow starts where something that it takes a sign of, divides by or inverts vanishes: what the field is there says
/// nothing of the course, for it is there at one time only.
pub(super) fn starts_between_pieces(asked: &mut Asked, budget: &Budget) -> bool {
    let ones = Factors::ones(asked);
    asked.rate.is_none() && starts_between(asked, &ones, budget)
}

/// Whether something that a side takes a sign of, divides by or inverts vanishes for fresh states.
fn starts_between(asked: &mut Asked, factors: &Factors, budget: &Budget) -> bool {
    let systems = systems(asked, factors);
    systems.iter().any(|(_, system)| starts_at_an_exception(asked, system, 0, budget))
}

/// Both sides with their names, from the point of the source and from its image.
pub(super) fn systems(asked: &mut Asked, factors: &Factors) -> [(String, System); 2] {
    let scaled = Scaled::new(asked, factors);
    let (source, target, map) = (asked.source.clone(), asked.target.clone(), asked.map);
    let all: Vec<usize> = (0..asked.factors.len()).collect();
    let removed: Vec<Term> = asked.removed.clone().into_iter().map(|t| at_one(asked, t, &all)).collect();
    let store = &mut asked.problem.setting.store;
    let start = store.symbol_term(source.point);
    let image: FxHashMap<SymbolId, Term> = [(target.point, map)].into_iter().collect();
    let image = store.substitute(&scaled.fresh, &image);
    let store = &asked.problem.setting.store;
    // What a normal form has lost has no value there all the same.
    let lost = |side: &Side| {
        let own: Vec<Term> = removed
            .iter()
            .copied()
            .filter(|t| side.symbols().any(|s| store.free_symbols(&[*t]).contains(&s)))
            .collect();
        jumping(store, &own).into_iter().filter(|a| a.kind == Kind::Pole).collect::<Vec<Argument>>()
    };
    let system = |side: &Side, start: Term, fresh: Vec<Term>, next: Vec<Term>| System {
        states: side.states.iter().map(|s| s.symbol).collect(),
        fresh,
        arguments: jumping(store, &next).into_iter().chain(lost(side)).collect(),
        moves: next.first().map(|n| Moves { point: side.point, start, next: *n }),
        next: next.into_iter().skip(1).collect(),
        first_proved: true,
    };
    let fresh = source.states.iter().map(|s| s.initial).collect();
    let own = system(&source, start, fresh, source.next.clone());
    let other = system(&target, map, image, scaled.next);
    [(source.name, own), (target.name, other)]
}

/// Whether, of the runs from several places, some come to a matrix of a lower rank than almost all others do, and end
/// apart, in numbers. A state that is zero on a whole set of starts, such as `relu(loss - 5)`, does so.
fn differ_where_ranks_are_lost(asked: &mut Asked, factors: &Factors, budget: &Budget) -> bool {
    const STEPS: usize = 4;
    const SCALES: [f64; 6] = [1.0, 0.3, 3.0, 0.1, 10.0, 0.03];
    const PLACES: usize = 8;
    const SMALL: f64 = 1.0 / 64.0;
    const APART: f64 = 1e-7;
    let of_rows = systems(asked, factors).iter().any(|(_, s)| s.arguments.iter().any(Argument::is_length));
    let runs = courses(asked, factors, STEPS);
    let (Some(&image), Some(&point)) = (runs.images.last(), runs.points.last()) else { return false };
    let program = Program::new(&asked.problem.setting.store, &[image, point]);
    if program.operations() > MAX_OPERATIONS {
        return false;
    }
    let Some((_, general)) = generic_ranks(&asked.problem, &program, &[image, point], budget.seed) else {
        return false;
    };
    let sampler = Sampler::new(&asked.problem.setting, &[image, point], &asked.problem.domain);
    let mut random = Random::new(budget.seed, "lost ranks");
    SCALES.iter().flat_map(|s| std::iter::repeat_n(*s, PLACES)).any(|scale| {
        let Some(mut at) = sampler.float_scaled(&mut random, scale) else { return false };
        if let Some(lr) = asked.rate.and_then(|r| at.get_mut(&r)) {
            lr.iter_mut().for_each(|x| *x *= SMALL);
        }
        let mut float = Float::default();
        // The polar factor of one row is written as a quotient, without a value where the row is zero.
        let Ok(ends) = program.run(&mut float, |s| at.get(&s).cloned()) else { return of_rows };
        let size = ends.iter().flatten().fold(0.0f64, |m, x| m.max(x.abs()));
        float.trace.polar_ranks != general && ends[0].iter().zip(&ends[1]).any(|(x, y)| (x - y).abs() > APART * size)
    })
}

/// The part of a system that depends on nothing but itself, members and hyperparameters.
fn autonomous(problem: &Problem, system: &System) -> System {
    let store = &problem.setting.store;
    let constant = |s: &SymbolId| {
        problem.setting.quantified.iter().any(|q| q.symbol == *s && matches!(q.role, Role::Member | Role::Rate))
    };
    let mut own: Vec<usize> = (0..system.states.len()).collect();
    loop {
        let symbols: Vec<SymbolId> = own.iter().map(|i| system.states[*i]).collect();
        let alone = |i: &usize| {
            let read = store.free_symbols(&[system.next[*i], system.fresh[*i]]);
            read.iter().all(|s| constant(s) || symbols.contains(s))
        };
        let kept: Vec<usize> = own.iter().copied().filter(alone).collect();
        if kept.len() == own.len() {
            break;
        }
        own = kept;
    }
    let states: Vec<SymbolId> = own.iter().map(|i| system.states[*i]).collect();
    // What the whole step takes signs of, as far as it reads these states alone.
    let arguments: Vec<Argument> = system
        .arguments
        .iter()
        .filter(|x| store.free_symbols(&[x.read]).iter().all(|s| constant(s) || states.contains(s)))
        .cloned()
        .collect();
    System {
        moves: None,
        fresh: own.iter().map(|i| system.fresh[*i]).collect(),
        next: own.iter().map(|i| system.next[*i]).collect(),
        states,
        arguments,
        first_proved: system.first_proved,
    }
}

/// Whether something that a flow takes a sign of, divides by or inverts vanishes for fresh states, and its derivatives along
/// the flow do as well, up to an order: it may then stay so.
fn starts_at_an_exception(asked: &mut Asked, system: &System, orders: usize, budget: &Budget) -> bool {
    let store = &mut asked.problem.setting.store;
    let start = system.moves.map(|m| (m.point, m.start));
    let fresh: FxHashMap<SymbolId, Term> =
        start.into_iter().chain(system.states.iter().copied().zip(system.fresh.iter().copied())).collect();
    let velocities: Vec<(SymbolId, Term)> = system
        .moves
        .map(|m| (m.point, m.next))
        .into_iter()
        .chain(system.states.iter().copied().zip(system.next.iter().copied()))
        .collect();
    let seeds = Seeds::along(velocities);
    // By argument: which entries vanished so far, in all derivatives.
    let mut open: Vec<(Term, Vec<bool>)> = system
        .arguments
        .iter()
        .filter(|x| store.free_symbols(&[x.read]).iter().any(|s| system.states.contains(s)))
        .map(|x| (x.read, vec![true; store.size(x.read)]))
        .collect();
    for order in 0..=orders {
        for (x, vanishing) in &mut open {
            let store = &mut asked.problem.setting.store;
            if order > 0 {
                let Ok(derivative) = store.tangent(*x, &seeds) else { return true };
                *x = derivative;
            }
            let at_start = store.substitute_one(*x, &fresh);
            if let Some(zero) = vanishing_entries(&asked.problem, at_start, budget) {
                vanishing.iter_mut().zip(zero).for_each(|(v, z)| *v &= z);
            }
        }
        open.retain(|(_, vanishing)| vanishing.contains(&true));
    }
    !open.is_empty() || loses_rank(asked, system, &fresh, budget)
}

/// Whether a matrix whose rank matters has a lower one for fresh states than for general ones.
fn loses_rank(asked: &mut Asked, system: &System, fresh: &FxHashMap<SymbolId, Term>, budget: &Budget) -> bool {
    let wanted: Vec<&Argument> = system
        .arguments
        .iter()
        .filter(|a| matches!(a.kind, Kind::PseudoInverse | Kind::Polar))
        .filter(|a| asked.problem.setting.store.free_symbols(&[a.read]).iter().any(|s| system.states.contains(s)))
        .collect();
    wanted.iter().any(|a| {
        let start = asked.problem.setting.store.substitute_one(a.read, fresh);
        let rank = |t: Term| ranks(&asked.problem, &[t], budget.seed);
        rank(start).is_none_or(|r| rank(a.read).is_none_or(|general| r != general))
    })
}

/// Which entries of a term vanish at all of a few places; `None` if it has no value there.
fn vanishing_entries(problem: &Problem, term: Term, budget: &Budget) -> Option<Vec<bool>> {
    const NOTHING: f64 = 1e-12;
    let sampler = Sampler::new(&problem.setting, &[term], &problem.domain);
    let program = Program::new(&problem.setting.store, &[term]);
    let mut random = Random::new(budget.seed, "vanishing entries");
    let mut zero = vec![true; problem.setting.store.size(term)];
    let mut places = 0;
    for _ in 0..8 {
        let Some(point) = sampler.float(&mut random) else { continue };
        let Ok(values) = program.run(&mut Float::default(), |s| point.get(&s).cloned()) else { continue };
        zero.iter_mut().zip(&values[0]).for_each(|(z, x)| *z &= x.abs() < NOTHING);
        places += 1;
    }
    (places > 1).then_some(zero)
}

/// What signs and logarithms are taken of, what is divided by, inverted, or has a rank. An absolute value is no exception:
/// it is continuous, and what holds on both sides of a kink of it holds on the kink.
pub(super) fn jumping(store: &Store, sides: &[Term]) -> Vec<Argument> {
    let reached = store.reachable(sides);
    let mut bare: FxHashSet<Term> = sides.iter().copied().collect();
    for t in &reached {
        match store.node(*t) {
            Node::Product { a, b, la, lb, out } if la == lb && la == out => {
                let absolute =
                    |x: Term, s: Term| matches!(store.node(s), Node::Map(Fun::Sign, y) if store.proportional(x, *y));
                if !absolute(*a, *b) && !absolute(*b, *a) {
                    bare.extend([*a, *b]);
                }
            }
            node => bare.extend(node.operands()),
        }
    }
    let argument = |t: Term| {
        let Singular { read, at, matrix } = store.singular(t)?;
        let kind = match at {
            Singularity::Jump if !bare.contains(&t) => return None,
            Singularity::Jump => Kind::Sign,
            Singularity::Rank if matches!(store.node(t), Node::PseudoInverse(_)) => Kind::PseudoInverse,
            // The polar factor of one row has a value at zero, which is another one.
            Singularity::Rank | Singularity::Length => Kind::Polar,
            Singularity::Pole => Kind::Pole,
            // It is continuous.
            Singularity::Root => return None,
        };
        Some(Argument { kind, read, whole: matrix.then_some(t), always_zero: Vec::new() })
    };
    reached.iter().copied().filter_map(argument).collect()
}

/// Whether what is proved of a step for almost all states holds at the states of runs as well: both sides are continuous in
/// the states, or runs meet no exception.
pub(super) fn holds_along_runs(asked: &mut Asked, budget: &Budget) -> bool {
    let store = &asked.problem.setting.store;
    let states: Vec<SymbolId> =
        [&asked.source, &asked.target].iter().flat_map(|s| &s.states).map(|s| s.symbol).collect();
    let sides: Vec<Term> = asked.source.next.iter().chain(&asked.target.next).copied().collect();
    let reads_none = |t: Term| store.free_symbols(&[t]).iter().all(|s| !states.contains(s));
    let continuous =
        jumping(store, &sides).iter().all(|x| reads_none(x.read)) && asked.removed.iter().all(|t| reads_none(*t));
    let factors = Factors::ones(asked);
    let systems = systems(asked, &factors);
    let boundary = systems.iter().any(|(_, system)| {
        clamped(asked, system) && system.arguments.iter().any(|a| a.kind != Kind::Pole)
            || asked.rate.is_none() && system.arguments.iter().any(|a| a.kind == Kind::Sign)
    });
    // The first step starts at fresh states, which may be exceptions themselves.
    if boundary || continuous {
        return !boundary;
    }
    !starts_between(asked, &factors, budget)
        && matches!(exceptions(asked, &factors, (&FxHashMap::default(), false, false), budget), Exceptions::None)
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
