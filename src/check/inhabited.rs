//! Points at which all of some terms have a value in floating point: drawn first, then looked for by climbing.

use rustc_hash::FxHashMap;

use super::sample::{Point, Sampler};
use super::{boundary, written};
use crate::domain::Stop;
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::model::elaborate::Role;
use crate::term::{Failure, Node, Program, Store, Term};

/// How far out points are drawn, one climb for each.
const SCALES: [f64; 4] = [1.0, 4.0, 0.25, 64.0];

/// Points drawn.
const POINTS: usize = 160;

/// Steps of the climbs from the best of them.
const STEPS: usize = 480;

/// Points with values in floating point alone, at most.
const ROUNDED: usize = 16;

/// What came of a search.
pub enum Search {
    /// At some point all have values.
    Found,
    /// At no point tried; this operation was passed by the fewest of the best.
    Never(Term),
    /// The terms are too large to be evaluated, or no point of the domain was met, or numbers overflow at all of them.
    Open,
}

/// How far the evaluation at a point came: the operation that stopped it, and how far its operand is from having a value.
struct Height {
    at: Term,
    short: f64,
}

/// Looks for a point of the domain at which all of `terms` have values, with at most `operations` scalar operations.
pub fn search(store: &Store, sampler: &Sampler, terms: &[Term], seed: u64, operations: usize) -> Search {
    let program = Program::new(store, terms);
    let tries = operations / program.operations().max(1);
    let mut random = Random::new(seed, "written");
    let mut operands: FxHashMap<Term, Program> = FxHashMap::default();
    let mut best: [Option<(Height, Point<f64>)>; SCALES.len()] = [const { None }; SCALES.len()];
    let mut rounded = Vec::new();
    for k in 0..(POINTS + STEPS).min(tries) {
        if rounded.len() == ROUNDED {
            break;
        }
        let best = &mut best[k % SCALES.len()];
        let drawn = match best {
            Some((_, from)) if k >= POINTS => beside(sampler, &mut random, from),
            _ => point(sampler, &mut random, k),
        };
        let Some(point) = drawn else { continue };
        match program.run(&mut Float::default(), |s| point.get(&s).cloned()) {
            Ok(_) => match boundary::without_value_at(store, terms, &point) {
                Ok(Some(at)) => rounded.push(at),
                Ok(None) | Err(_) => return Search::Found,
            },
            Err(Failure { stop: Stop::Pole | Stop::OutOfDomain, term }) if written::is_partial(store, term) => {
                let height = Height { at: term, short: short(store, &mut operands, term, &point) };
                if best.as_ref().is_none_or(|(b, _)| (height.at, b.short) > (b.at, height.short)) {
                    *best = Some((height, point));
                }
            }
            // Over- and underflow say nothing: the logarithm of `exp(x)` has a value far out, too.
            Err(_) => {}
        }
    }
    let last = best.into_iter().flatten().map(|(height, _)| height.at).chain(rounded).max();
    last.map_or(Search::Open, Search::Never)
}

/// How far an operation's operand is from having a value: how far below zero its least entry is, or the first pivot of a
/// matrix that is to be positive definite; 0 for what has no value at zero alone.
fn short(store: &Store, operands: &mut FxHashMap<Term, Program>, at: Term, point: &Point<f64>) -> f64 {
    let (Node::Map(_, operand) | Node::Power(operand, _) | Node::PowerSpd(operand, _)) = store.node(at) else {
        return 0.0;
    };
    let program = operands.entry(at).or_insert_with(|| Program::new(store, &[*operand]));
    let Ok(values) = program.run(&mut Float::default(), |s| point.get(&s).cloned()) else { return f64::INFINITY };
    match matches!(store.node(at), Node::PowerSpd(..)) {
        true => from_definite(&values[0], store.shape(*operand)[0]),
        false => values.iter().flatten().fold(0.0, |short: f64, v| short.max(-v)),
    }
}

/// How many pivots of a symmetric matrix are missing until all are positive, and how negative the first of these is.
fn from_definite(m: &[f64], n: usize) -> f64 {
    let mut work = m.to_vec();
    for k in 0..n {
        let pivot = work[k * n + k];
        if pivot <= 0.0 {
            return (n - k) as f64 - pivot / (1.0 - pivot);
        }
        for i in k + 1..n {
            let factor = work[i * n + k] / pivot;
            for j in k..n {
                work[i * n + j] -= factor * work[k * n + j];
            }
        }
    }
    0.0
}

/// A point of the domain, near or far; now and then one with all entries above zero, or all below.
fn point(sampler: &Sampler, random: &mut Random, k: usize) -> Option<Point<f64>> {
    let drawn = sampler.float_scaled(random, SCALES[k % SCALES.len()])?;
    let mut point = drawn.clone();
    let members: Vec<_> = sampler.symbols().filter(|x| x.1 == Role::Member).map(|x| x.0).collect();
    for symbol in sampler.movable().filter(|s| !members.contains(s)) {
        for x in point.get_mut(&symbol)? {
            match k / 4 % 3 {
                0 => {}
                1 => *x = x.abs(),
                _ => *x = -x.abs(),
            }
        }
    }
    Some(if sampler.inside_float(&point, &drawn) { point } else { drawn })
}

/// A point of the domain beside another one: one entry moved, or all, by a little or by much.
fn beside(sampler: &Sampler, random: &mut Random, from: &Point<f64>) -> Option<Point<f64>> {
    let size = 10f64.powf(4.0 * random.unit() - 2.0);
    let symbols: Vec<_> = sampler.movable().filter(|s| from.get(s).is_some_and(|v| !v.is_empty())).collect();
    let among = |random: &mut Random, n: usize| random.below(n as u64) as usize;
    let only = (random.unit() < 0.5 && !symbols.is_empty()).then(|| symbols[among(random, symbols.len())]);
    let mut point = from.clone();
    for s in symbols.iter().filter(|s| only.is_none_or(|o| o == **s)) {
        let values = point.get_mut(s)?;
        let entry = (random.unit() < 0.5).then(|| among(random, values.len()));
        for (i, x) in values.iter_mut().enumerate() {
            if entry.is_none_or(|e| e == i) {
                *x += size * (2.0 * random.unit() - 1.0);
            }
        }
    }
    sampler.inside_float(&point, from).then_some(point)
}
