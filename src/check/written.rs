//! Whether what is written has a value anywhere: vacuous truth is told apart.
//!
//! The terms of a question are in normal form, and `z / z` or `0 * log(-1 - x^2)` is gone from them. What was built on the
//! way is still in the store: every division, root, logarithm and inverse that the file asks for.

use super::field::Trial;
use super::sample::{Point, Sampler, embed};
use super::{Budget, Problem, certify};
use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::interval::Intervals;
use crate::domain::prime::Random;
use crate::domain::{Fun, Rational, Stop};
use crate::model::elaborate::Role;
use crate::term::{Node, Program, Singularity, Store, Term};
use crate::verdict::Finding;

/// Partial operations that are looked at.
pub const MOST: usize = 512;

/// Up to this many operations are expected to have values together at one of the points tried.
const FEW: usize = 4;

/// Points tried.
const POINTS: usize = 160;

/// The partial operations that the file asks for and that are in no side any more. `built` is the number of terms that lowering
/// built.
pub fn removed(problem: &Problem, sides: &[Term], built: usize) -> Vec<Term> {
    let store = &problem.setting.store;
    let seen = store.reachable(sides);
    // Also points that no side reads any more, and those of a target, whose functions have to be defined somewhere as well.
    let mut known = store.free_symbols(sides);
    known.extend(problem.setting.quantified.iter().map(|q| q.symbol));
    let partial = |t: &Term| {
        is_partial(store, *t)
            && seen.binary_search(t).is_err()
            && store.free_symbols(&[*t]).iter().all(|s| known.contains(s))
    };
    store.terms(built).filter(partial).take(MOST).collect()
}

/// Whether some operation has no value at a point, for certain; those that read what the point does not give are left out.
pub fn is_undefined(store: &Store, removed: &[Term], point: &Point<Rational>) -> bool {
    removed.iter().any(|&t| {
        let program = Program::new(store, &[t]);
        if !program.inputs().iter().all(|s| point.contains_key(s)) {
            return false;
        }
        let nowhere = |stop: Stop| matches!(stop, Stop::Pole | Stop::OutOfDomain);
        match program.run(&mut Exact::with_limit(1 << 12), |s| point.get(&s).cloned()) {
            Ok(_) => false,
            Err(f) if nowhere(f.stop) => true,
            Err(_) => {
                let mut domain = Intervals::default();
                let embedded = embed(&mut domain, point);
                program.run(&mut domain, |s| embedded.get(&s).cloned()).is_err_and(|f| nowhere(f.stop))
            }
        }
    })
}

/// The finding that no point of the domain has values for all that is written: `invalid` if that is certain, else
/// `undecided`. Given are the operations of [`removed`].
pub fn nowhere(problem: &Problem, removed: &[Term], budget: &Budget) -> Option<Finding> {
    let store = &problem.setting.store;
    if removed.is_empty() {
        return None;
    }
    let sampler = Sampler::new(&problem.setting, removed, &problem.domain);
    let program = Program::new(store, removed);
    if program.operations().saturating_mul(POINTS) > budget.operations {
        return None;
    }
    let exact: Vec<(Stop, Term)> = (0..4)
        .map_while(|seed| {
            let label = format!("written/{seed}");
            match Trial::new(&sampler, &program, budget.seed, &label).draw() {
                Err((stop @ (Stop::Pole | Stop::OutOfDomain), Some(term))) => Some((stop, term)),
                _ => None,
            }
        })
        .collect();
    if let [(Stop::Pole, at), _, _, _] = exact[..] {
        return Some(Finding::invalid(said(&format!("{} is singular everywhere", store.describe_partial(at)))));
    }
    let mut random = Random::new(budget.seed, "written");
    let mut at = None;
    for k in 0..POINTS {
        let Some(point) = point(&sampler, &mut random, k) else { continue };
        match program.run(&mut Float::default(), |s| point.get(&s).cloned()) {
            Ok(_) => return uncertain(problem, removed, budget),
            Err(f) if matches!(f.stop, Stop::Pole | Stop::OutOfDomain) => at = Some(f.term),
            Err(_) => return None,
        }
    }
    let at = at?;
    // Many conditions at once are seldom met by chance; one operation that never has a value speaks for itself.
    if removed.iter().map(|t| store.size(*t)).sum::<usize>() > FEW {
        let alone = Program::new(store, &[at]);
        let defined = (0..POINTS).any(|k| {
            point(&sampler, &mut random, k)
                .is_some_and(|p| alone.run(&mut Float::default(), |s| p.get(&s).cloned()).is_ok())
        });
        if defined {
            return None;
        }
    }
    let what = store.describe_partial(at);
    let operand = store.node(at).operands().first().copied();
    // A matrix with a negative diagonal is not definite.
    let asks_positive = !matches!(store.node(at), Node::Inverse(_) | Node::Eigenvectors(_));
    if asks_positive && operand.is_some_and(|x| store.bounds(x).negative()) {
        let why = format!("{what} is a logarithm or a root of what is nowhere positive");
        return Some(Finding::invalid(said(&why)));
    }
    let why = format!("no point was found at which all that is written has a value: {what}");
    Some(Finding::undecided(said(&why)))
}

fn said(why: &str) -> String {
    format!("a side is defined at no point as it is written: {why}")
}

/// Why it is open whether an operation has a value anywhere, though floating point found one: its operand has functions or
/// roots in it, may vanish everywhere, and is certainly different from zero at none of the points tried.
fn uncertain(problem: &Problem, removed: &[Term], budget: &Budget) -> Option<Finding> {
    let store = &problem.setting.store;
    let open = removed.iter().find(|t| {
        let operand = store.node(**t).operands().first().copied();
        let inverted = matches!(store.node(**t), Node::Inverse(_));
        let guarded = if inverted { Some(**t) } else { operand };
        // The root of zero is zero.
        let inverse = match store.node(**t) {
            Node::Power(_, q) => *q < Rational::ZERO,
            Node::Map(Fun::Log, _) | Node::Inverse(_) => true,
            _ => false,
        };
        let atoms = operand.is_some_and(|x| certify::has_atoms(&problem.setting, x));
        inverse
            && atoms
            && guarded.is_some_and(|x| !certify::each_somewhere_nonzero(&problem.setting, x, &problem.domain, budget))
    })?;
    let what = store.describe_partial(*open);
    let why = format!("whether all that is written has a value anywhere is open: {what} may be singular everywhere");
    Some(Finding::undecided(said(&why)))
}

/// A point of the domain, near or far; now and then one with all entries above zero, or all below.
fn point(sampler: &Sampler, random: &mut Random, k: usize) -> Option<Point<f64>> {
    let drawn = sampler.float_scaled(random, [1.0, 4.0, 0.25, 64.0][k % 4])?;
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

/// Whether an operation has no value for some operands.
pub fn is_partial(store: &Store, t: Term) -> bool {
    store.singular(t).is_some_and(|s| !matches!(s.at, Singularity::Jump | Singularity::Rank))
}
