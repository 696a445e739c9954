//! Whether the states of a run stay away from the exceptions of a step, for all steps.
//!
//! An identity that holds for almost all states says nothing of a run that comes, at some step, to states at which a sign is
//! that of zero, a denominator vanishes or a matrix loses rank, from wherever it starts. What such an **exception** is
//! taken of is a function `z_k(x₀, h, lr)` of the starting point, the hyperparameters and the rate. Where it is continuous
//! and not zero at one place it is not zero on a set of positive measure, so one place is looked for, and for **every** `k`
//! at once:
//!
//! - at `lr → 0` the parameters stay where they are, so that gradients do not change and the states are a dynamical system
//!   of their own; it is followed in intervals from the fresh values;
//! - after a number of steps a box is put round the states and widened until a step maps it into itself (an inductive
//!   invariant, found as in abstract interpretation by widening: P. Cousot, R. Cousot, POPL 1977). All later states are in
//!   it, so an exception that does not meet the box is never met.
//!
//! Where a counter starts again and again there is one box for each of its values. A step that does not come to rest at
//! `lr = 0` takes its point into the box.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::pieced::made_in_pieces;
use crate::check::certify::exactly;
use crate::check::field::drawn_freely;
use crate::check::sample::{Point, Sampler, embed};
use crate::check::{Budget, Problem};
use crate::domain::float::Float;
use crate::domain::interval::{Interval, Intervals};
use crate::domain::prime::Random;
use crate::domain::{Rational, Stop};
use crate::model::elaborate::{Draw, Role};
use crate::term::{Program, SymbolId, Term};

/// Steps that are followed before a box is put round the states, few at first.
const WARM: [usize; 4] = [2, 48, 600, 6_000];

/// Longer periods of states that come back are not looked for.
const LONGEST_PERIOD: usize = 64;

/// Scalar operations in intervals, all attempts together.
const OPERATIONS: usize = 40_000_000;

/// Starting points and hyperparameters tried.
const POINTS: usize = 6;

/// After so many widenings a bound that still moves becomes infinite.
const WIDENINGS: i32 = 40;

/// What a run does to its states, and where that is exceptional.
#[derive(Debug, Clone)]
pub struct System {
    /// The parameters; none if nothing else reads them.
    pub moves: Option<Moves>,
    /// The states' symbols.
    pub states: Vec<SymbolId>,
    /// Their fresh values, where a run starts.
    pub fresh: Vec<Term>,
    /// Their values after a step.
    pub next: Vec<Term>,
    /// What signs and logarithms are taken of, what is divided by, inverted, or has a rank.
    pub arguments: Vec<Argument>,
    /// Whether the first step is proved by itself, so that fresh states may be exceptions.
    pub first_proved: bool,
}

/// How parameters move.
#[derive(Debug, Clone, Copy)]
pub struct Moves {
    /// Their symbol.
    pub point: SymbolId,
    /// Where a run starts.
    pub start: Term,
    /// Their value after a step.
    pub next: Term,
}

/// Where an operation is not what it is almost everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A sign, which is zero there.
    Sign,
    /// A pseudo-inverse, which jumps where the rank is lower.
    PseudoInverse,
    /// A polar factor, likewise.
    Polar,
    /// A quotient, a logarithm, an inverse or a power of a matrix: it has no value there.
    Pole,
}

/// What an operation reads that is not continuous everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// What it is.
    pub kind: Kind,
    /// What is read.
    pub read: Term,
    /// The operation on a matrix as a whole, which has a value in intervals only where it is continuous; `None` if it acts
    /// entry by entry and is continuous where no entry vanishes.
    pub whole: Option<Term>,
    /// Which entries vanish always, not at exceptions alone; none if it is empty.
    pub always_zero: Vec<bool>,
}

impl Argument {
    /// Whether it is the length that the polar factor of one row divides by.
    pub fn is_length(&self) -> bool {
        self.kind == Kind::Polar && self.whole.is_none()
    }
}

impl System {
    /// The symbols that a step changes, and their new values; the parameters first, if they are wanted.
    pub fn moved(&self, point: bool) -> (Vec<SymbolId>, Vec<Term>) {
        let first = self.moves.filter(|_| point).map(|m| (m.point, m.next));
        first.into_iter().chain(self.states.iter().copied().zip(self.next.iter().copied())).unzip()
    }

    /// What is to be computed where a run starts.
    pub fn first(&self) -> (Vec<SymbolId>, Vec<Term>) {
        let first = self.moves.map(|m| (m.point, m.start));
        first.into_iter().chain(self.states.iter().copied().zip(self.fresh.iter().copied())).unzip()
    }
}

/// Whether an exception is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Orbit {
    /// By no run from a generic place, at no step.
    Regular,
    /// By every run that was followed, at this step.
    Meets(usize),
    /// Nobody knows.
    Open,
}

/// The first of so many steps at which every run that is followed meets an exception, in numbers.
pub fn first_met(problem: &Problem, system: &System, rate: SymbolId, allowed: usize, budget: &Budget) -> Option<usize> {
    let store = &problem.setting.store;
    let states = |x: &&Argument| store.free_symbols(&[x.read]).iter().any(|s| system.states.contains(s));
    let arguments: Vec<Argument> = system.arguments.iter().filter(states).cloned().collect();
    if arguments.is_empty() { None } else { meets(problem, system, (&arguments, rate), allowed, budget) }
}

/// Follows a system to the exceptions of its steps: up to `allowed` of them in numbers, and all in intervals.
pub fn orbit(problem: &Problem, system: &System, rate: SymbolId, allowed: usize, budget: &Budget) -> Orbit {
    let store = &problem.setting.store;
    let moving = system.moves.is_none_or(|m| !rests(problem, m, rate, system, budget));
    let point = system.moves.filter(|_| moving).map(|m| m.point);
    let moved = |s: &SymbolId| system.states.contains(s) || point == Some(*s);
    // What reads the rate as well: it has to be continuous there for the limit to say anything.
    let matters = |x: &Argument| store.free_symbols(&[x.read]).iter().any(|s| moved(s) || !moving && *s == rate);
    let arguments: Vec<Argument> = system.arguments.iter().filter(|x| matters(x)).cloned().collect();
    if arguments.is_empty() {
        return Orbit::Regular;
    }
    if let Some(step) = meets(problem, system, (&arguments, rate), allowed, budget) {
        return Orbit::Meets(step);
    }
    // Where a state is made in pieces it may be zero on all of another piece.
    if arguments.iter().any(|a| (a.kind != Kind::Polar || a.is_length()) && made_in_pieces(problem, system, a, point)) {
        return Orbit::Open;
    }
    let still = Still { moving, rate, arguments: &arguments };
    if boxed(problem, system, &still, budget) { Orbit::Regular } else { Orbit::Open }
}

/// The ranks that pseudo-inverses and polar factors of a program have at generic points.
pub(super) fn generic_ranks(
    problem: &Problem,
    program: &Program,
    roots: &[Term],
    seed: u64,
) -> Option<(Vec<usize>, Vec<usize>)> {
    let (mut prime, at) = drawn_freely(problem, program, roots, seed)?;
    prime.ranks.clear();
    prime.polar_ranks.clear();
    program.run(&mut prime, |s| at.get(&s).cloned()).ok()?;
    Some((prime.ranks, prime.polar_ranks))
}

/// How the limit of small rates is followed.
struct Still<'a> {
    /// Whether the point is part of the system.
    moving: bool,
    rate: SymbolId,
    arguments: &'a [Argument],
}

/// Whether a step leaves the parameters where they are as the rate becomes small.
fn rests(problem: &Problem, moves: Moves, rate: SymbolId, system: &System, budget: &Budget) -> bool {
    const RATES: [f64; 3] = [0.0, 1e-9, 1e-12];
    let store = &problem.setting.store;
    let (symbols, start) = system.first();
    let (step, first) = (Program::new(store, &[moves.next]), Program::new(store, &start));
    let roots: Vec<Term> = start.iter().chain([&moves.next]).copied().collect();
    let sampler = Sampler::new(&problem.setting, &roots, &problem.domain);
    let mut random = Random::new(budget.seed, "at rest");
    let mut seen = false;
    for _ in 0..4 {
        let Some(mut point) = sampler.float(&mut random) else { continue };
        let Ok(states) = first.run(&mut Float::default(), |s| point.get(&s).cloned()) else { continue };
        symbols.iter().zip(states).for_each(|(s, v)| drop(point.insert(*s, v)));
        let Some(from) = point.get(&moves.point).cloned() else { return false };
        let size = from.iter().fold(1.0f64, |m, v| m.max(v.abs()));
        for lr in RATES {
            point.insert(rate, vec![lr]);
            let Ok(to) = step.run(&mut Float::default(), |s| point.get(&s).cloned()) else { continue };
            if to[0].iter().zip(&from).any(|(a, b)| (a - b).abs() > 1e-4 * size) {
                return false;
            }
            seen = true;
        }
    }
    seen
}

/// The first step, of `allowed`, at which an exception is met from all of several places.
fn meets(
    problem: &Problem,
    system: &System,
    (arguments, rate): (&[Argument], SymbolId),
    allowed: usize,
    budget: &Budget,
) -> Option<usize> {
    const PLACES: usize = 3;
    const SMALL: f64 = 1.0 / 64.0;
    const NOTHING: f64 = 1e-12;
    let store = &problem.setting.store;
    let (symbols, next) = system.moved(true);
    let single: Vec<&Argument> = arguments.iter().filter(|a| a.whole.is_none()).collect();
    let roots: Vec<Term> = next.iter().copied().chain(single.iter().map(|a| a.read)).collect();
    // By entry of all arguments.
    let exempt: Vec<bool> =
        single.iter().flat_map(|a| (0..store.size(a.read)).map(|i| a.always_zero.get(i) == Some(&true))).collect();
    let (own, start) = system.first();
    let (step, first) = (Program::new(store, &roots), Program::new(store, &start));
    let all: Vec<Term> = roots.iter().chain(&start).copied().collect();
    let sampler = Sampler::new(&problem.setting, &all, &problem.domain);
    let mut random = Random::new(budget.seed, "exceptions");
    let steps = allowed.min(OPERATIONS / step.operations().max(1) / PLACES).max(4);
    let ranks = generic_ranks(problem, &step, &all, budget.seed);
    // Steps and entries at which all places so far met one. The first step is proved by itself.
    let mut met: Option<Vec<(usize, usize)>> = None;
    for _ in 0..PLACES {
        let Some(mut point) = sampler.float(&mut random) else { continue };
        let Ok(states) = first.run(&mut Float::default(), |s| point.get(&s).cloned()) else { continue };
        // Small enough for runs not to diverge; a run from one place is as good as from any other.
        point.entry(rate).and_modify(|v| v.iter_mut().for_each(|v| *v *= SMALL));
        let place = point.clone();
        own.iter().zip(states).for_each(|(s, v)| drop(point.insert(*s, v)));
        let mut here = Vec::new();
        for k in 0..steps {
            let mut float = Float::default();
            let mut values = match step.run(&mut float, |s| point.get(&s).cloned()) {
                Ok(values) => values,
                // Too large says nothing; else a step has no value there.
                Err(f) => {
                    if f.stop != Stop::Overflow && (k > 0 || !system.first_proved) {
                        here.push((k, usize::MAX));
                    }
                    break;
                }
            };
            let found = values.split_off(symbols.len());
            let lost = ranks.as_ref().is_some_and(|r| r.0 != float.trace.ranks);
            if lost && (k > 0 || !system.first_proved) {
                here.push((k, usize::MAX));
            }
            if k > 0 || !system.first_proved {
                let zero = found.iter().flatten().enumerate().filter(|(i, v)| v.abs() < NOTHING && !exempt[*i]);
                here.extend(zero.map(|(i, _)| (k, i)));
            }
            symbols.iter().zip(values).for_each(|(s, v)| drop(point.insert(*s, v)));
        }
        // What is small need not be zero, such as a sum of gradients that an optimizer multiplies by 1e-12.
        if let Some(last) = here.iter().filter(|(_, i)| *i != usize::MAX).map(|(k, _)| *k).max() {
            let certain = nonzero(problem, (&step, &first), (&own, &symbols), &place, last);
            here.retain(|(k, i)| certain.get(*k).is_none_or(|at| at.get(*i) != Some(&true)));
        }
        met = Some(match met {
            None => here,
            Some(before) => before.into_iter().filter(|k| here.contains(k)).collect(),
        });
    }
    met.and_then(|m| m.first().map(|(k, _)| *k))
}

/// By step, up to a last one, which arguments are certainly not zero along the run from a place, followed in intervals.
fn nonzero(
    problem: &Problem,
    (step, first): (&Program, &Program),
    (own, symbols): (&[SymbolId], &[SymbolId]),
    place: &Point<f64>,
    last: usize,
) -> Vec<Vec<bool>> {
    let mut all = Vec::new();
    let Some(exact) = exactly(place) else { return all };
    let mut domain = Intervals::default();
    let mut at = embed(&mut domain, &exact);
    for q in problem.setting.quantified.iter().filter(|q| q.draw == Draw::Pi) {
        at.insert(q.symbol, vec![Interval::pi()]);
    }
    let Ok(states) = first.run(&mut domain, |s| at.get(&s).cloned()) else { return all };
    own.iter().zip(states).for_each(|(s, v)| drop(at.insert(*s, v)));
    for _ in 0..=last {
        let Ok(mut values) = step.run(&mut Intervals::default(), |s| at.get(&s).cloned()) else { return all };
        let arguments = values.split_off(symbols.len());
        all.push(arguments.iter().flatten().map(|x| !x.has_zero()).collect());
        symbols.iter().zip(values).for_each(|(s, v)| drop(at.insert(*s, v)));
    }
    all
}

/// Whether a box of states that a step maps into itself keeps away from all exceptions.
fn boxed(problem: &Problem, system: &System, still: &Still<'_>, budget: &Budget) -> bool {
    let store = &problem.setting.store;
    let (symbols, next) = system.moved(still.moving);
    let arguments = still.arguments.iter().map(|a| a.whole.unwrap_or(a.read));
    let roots: Vec<Term> = next.iter().copied().chain(arguments).collect();
    let step = Program::new(store, &roots);
    let Some(ranks) = generic_ranks(problem, &step, &roots, budget.seed) else { return false };
    let first_proved = system.first_proved;
    let follower = Follower { step, arguments: still.arguments, symbols, ranks, first_proved };
    let (own, start) = system.first();
    let first = Program::new(store, &start);
    let all: Vec<Term> = roots.iter().chain(&start).copied().collect();
    let sampler = Sampler::new(&problem.setting, &all, &problem.domain);
    let mut random = Random::new(budget.seed, "orbits");
    let mut left = OPERATIONS / follower.step.operations().max(1);
    for attempt in 0..POINTS {
        let Some(point) = place(problem, &sampler, &mut random, attempt) else { continue };
        let mut domain = Intervals::default();
        let mut at = embed(&mut domain, &point);
        for q in problem.setting.quantified.iter().filter(|q| q.draw == Draw::Pi) {
            at.insert(q.symbol, vec![Interval::pi()]);
        }
        if !still.moving {
            at.insert(still.rate, vec![Interval::ZERO]);
        }
        let Ok(states) = first.run(&mut domain, |s| at.get(&s).cloned()) else { continue };
        own.iter().zip(states).for_each(|(s, v)| drop(at.insert(*s, v)));
        let mut here: Vec<Vec<Interval>> = follower.symbols.iter().filter_map(|s| at.get(s).cloned()).collect();
        let mut taken = 0;
        let mut last: VecDeque<Vec<Vec<Interval>>> = VecDeque::from([here.clone()]);
        'warm: for warm in WARM {
            while taken < warm {
                if left == 0 {
                    return false;
                }
                left -= 1;
                let Some(next) = follower.after(&at, &here, taken == 0) else { break 'warm };
                here = next;
                taken += 1;
                last.push_back(here.clone());
                if last.len() > 2 * LONGEST_PERIOD {
                    last.pop_front();
                }
            }
            for period in [1].into_iter().chain(period(&last)) {
                let phases: Vec<Vec<Vec<Interval>>> = last.iter().skip(last.len() - period).cloned().collect();
                for widening in [Widening::Twice, Widening::ToZero, Widening::HalfToZero] {
                    if follower.stays(&at, &phases, widening, &mut left) {
                        return true;
                    }
                }
            }
        }
    }
    false
}

/// A place to start from, with hyperparameters near the ends of their ranges in every second one: averages that soon
/// forget leave small boxes.
fn place(problem: &Problem, sampler: &Sampler, random: &mut Random, attempt: usize) -> Option<Point<Rational>> {
    for _ in 0..24 {
        let Some(float) = sampler.float(random) else { continue };
        let Some(mut point) = exactly(&float) else { continue };
        if attempt % 2 == 1 {
            for q in problem.setting.quantified.iter().filter(|q| q.role == Role::Member && q.draw != Draw::Pi) {
                let bounds = sampler.bounds(q.symbol);
                let Some(values) = point.get_mut(&q.symbol) else { continue };
                for (v, (low, high)) in values.iter_mut().zip(bounds) {
                    if let (Some(low), Some(high)) = (low, high) {
                        *v = low.clone() + (high - low) / Rational::from(1 << 10);
                    }
                }
            }
        }
        if sampler.satisfied(&point) {
            return Some(point);
        }
    }
    None
}

/// How a bound that moves is moved on.
#[derive(Debug, Clone, Copy)]
enum Widening {
    /// Twice as far each time.
    Twice,
    /// To zero first, if zero lies that way.
    ToZero,
    /// Half the way to zero first.
    HalfToZero,
}

struct Follower<'a> {
    step: Program,
    /// The ranks of pseudo-inverses and of polar factors at generic points.
    ranks: (Vec<usize>, Vec<usize>),
    first_proved: bool,
    arguments: &'a [Argument],
    symbols: Vec<SymbolId>,
}

impl Follower<'_> {
    /// The states after a step, if no exception lies among those before it. The first step is proved by itself, so what is
    /// zero for all fresh states does no harm.
    fn after(&self, at: &Point<Interval>, states: &[Vec<Interval>], first: bool) -> Option<Vec<Vec<Interval>>> {
        let mut domain = Intervals::default();
        let by: FxHashMap<SymbolId, &Vec<Interval>> = self.symbols.iter().copied().zip(states).collect();
        let run = self.step.run(&mut domain, |s| by.get(&s).map(|v| (*v).clone()).or_else(|| at.get(&s).cloned()));
        let mut values = run.ok()?;
        let first = first && self.first_proved;
        if !first && domain.trace.ranks != self.ranks.0 {
            return None;
        }
        let arguments = values.split_off(self.symbols.len());
        let clear = arguments.iter().zip(self.arguments).all(|(values, argument)| {
            let exempt = |i: usize| argument.whole.is_some() || argument.always_zero.get(i) == Some(&true);
            values.iter().enumerate().all(|(i, x)| !x.has_zero() || exempt(i) || first && x.is_zero())
        });
        clear.then_some(values)
    }

    /// Whether boxes round these states are found that a step maps from each into the next, and from the last into the first,
    /// and that hold no exception.
    fn stays(&self, at: &Point<Interval>, phases: &[Vec<Vec<Interval>>], widening: Widening, left: &mut usize) -> bool {
        let mut boxes = phases.to_vec();
        for round in 0..=2 * WIDENINGS {
            let mut closed = true;
            for phase in 0..boxes.len() {
                if *left == 0 {
                    return false;
                }
                *left -= 1;
                let Some(after) = self.after(at, &boxes[phase], false) else { return false };
                let next = (phase + 1) % boxes.len();
                for (a, b) in boxes[next].iter_mut().flatten().zip(after.iter().flatten()) {
                    if b.lo() < a.lo() || b.hi() > a.hi() {
                        closed = false;
                        *a = widened(a, b, widening, round);
                    }
                }
            }
            if closed {
                return true;
            }
        }
        false
    }
}

/// The period of those entries of the states that come back to what they were, if some do: a counter that starts again.
fn period(last: &VecDeque<Vec<Vec<Interval>>>) -> Option<usize> {
    let flat: Vec<Vec<Interval>> = last.iter().map(|s| s.iter().flatten().copied().collect()).collect();
    let entries = flat.first().map_or(0, Vec::len);
    let changes = |c: usize| flat.windows(2).any(|w| w[0][c] != w[1][c]);
    (2..=LONGEST_PERIOD.min(flat.len() / 2))
        .find(|p| (0..entries).any(|c| changes(c) && (*p..flat.len()).all(|n| flat[n][c] == flat[n - p][c])))
}

/// An interval that holds both, and more where the first was left.
fn widened(a: &Interval, b: &Interval, how: Widening, round: i32) -> Interval {
    // The bound that moves, as if upwards.
    let upper = |a: f64, b: f64| {
        if b <= a {
            return a;
        }
        if round >= WIDENINGS {
            return f64::INFINITY;
        }
        match how {
            Widening::ToZero if b < 0.0 => 0.0,
            Widening::HalfToZero if b < 0.0 && round < 8 => b / 2.0,
            _ => b + (b - a) * 2f64.powi(round.min(60)) + b.abs() * f64::EPSILON * 4.0,
        }
    };
    Interval::new(-upper(-a.lo(), -b.lo()), upper(a.hi(), b.hi()))
}
