//! Whether what is written has a value anywhere: vacuous truth is told apart.
//!
//! The terms of a question are in normal form, and `z / z` or `0 * log(-1 - x^2)` is gone from them. What was built on the
//! way is still in the store: every division, root, logarithm and inverse that the file asks for.

use indexmap::IndexSet;

use super::field::Trial;
use super::inhabited::{self, Search};
use super::sample::{Point, Sampler, embed};
use super::{Budget, Problem, Setting, boundary, certify};
use crate::domain::exact::{Exact, ZeroSign};
use crate::domain::float::Float;
use crate::domain::interval::Intervals;
use crate::domain::prime::Random;
use crate::domain::{Fun, Rational, Stop};
use crate::term::{Node, Program, Singularity, Store, SymbolId, Term};
use crate::verdict::{Finding, Verdict};

/// Partial operations that are looked at.
pub const MOST: usize = 512;

/// The partial operations that the file asks for and that are in no side any more, at all places where the question reads
/// them. `built` is the number of terms that lowering built.
pub fn removed(setting: &mut Setting, sides: &[Term], built: usize) -> Vec<Term> {
    let Setting { store, quantified, images, .. } = setting;
    let seen = store.reachable(sides);
    let partial: Vec<Term> =
        store.terms(built).filter(|t| is_partial(store, *t) && seen.binary_search(t).is_err()).take(MOST).collect();
    let symbols: Vec<Vec<SymbolId>> = partial.iter().map(|t| store.free_symbols(&[*t])).collect();
    // The point of another architecture has no place of its own in the question, nor has a raw state that something stands for.
    let read = store.free_symbols(sides);
    let drawn: Vec<SymbolId> = quantified.iter().map(|q| q.symbol).collect();
    let stood_for = |s: &SymbolId| images.iter().any(|at| at.contains_key(s));
    let own = |s: &SymbolId| !stood_for(s) || drawn.contains(s) && read.contains(s);
    let known: Vec<SymbolId> = read.iter().chain(&drawn).copied().filter(own).collect();
    let mut found: IndexSet<Term> = IndexSet::new();
    for (&t, symbols) in partial.iter().zip(&symbols) {
        if symbols.iter().all(|s| known.contains(s)) {
            found.insert(t);
        }
        for at in images.iter().filter(|at| symbols.iter().any(|s| at.contains_key(s))) {
            if symbols.iter().all(|s| known.contains(s) || at.contains_key(s)) {
                let image = store.substitute_one(t, at);
                // In its place it may be `-inv(A)` or have a value always, or be one of the sides' operations.
                let parts = store.reachable(&[image]).into_iter();
                found.extend(parts.filter(|t| is_partial(store, *t) && seen.binary_search(t).is_err()));
            }
        }
    }
    found.into_iter().take(MOST).collect()
}

/// Whether some operation has no value at a point, or at no point around it; those that read what the point does not give are
/// left out. What neither exact numbers nor enclosures tell, floating point does.
pub fn is_undefined(store: &Store, removed: &[Term], point: &Point<Rational>) -> bool {
    let given = |t: &&Term| store.free_symbols(&[**t]).iter().all(|s| point.contains_key(s));
    let removed: Vec<Term> = removed.iter().filter(given).copied().collect();
    if removed.is_empty() {
        return false;
    }
    let program = Program::new(store, &removed);
    // What all together leave open, by an operation that is none of numbers, each may settle.
    undefined_at(&program, point).unwrap_or_else(|| {
        let one = |t: &Term| undefined_at(&Program::new(store, &[*t]), point) == Some(true);
        let rounded = || matches!(boundary::without_value(store, &removed, point), Ok(Some(_)));
        removed.iter().any(one) || !has_values(&program, &embed(&mut Float::default(), point)) || rounded()
    }) || !around(&program, point)
}

/// Whether a program has no value at a point; `None` if that is open.
fn undefined_at(program: &Program, point: &Point<Rational>) -> Option<bool> {
    let nowhere = |stop: Stop| matches!(stop, Stop::Pole | Stop::OutOfDomain);
    // The sign of zero is a value.
    let mut exact = Exact::with_limit(1 << 12);
    exact.zero_sign = ZeroSign::Zero;
    let run = program.run(&mut exact, |s| point.get(&s).cloned());
    match run {
        Ok(_) if !exact.oversized() => return Some(false),
        Err(f) if !exact.oversized() && nowhere(f.stop) => return Some(true),
        Ok(_) | Err(_) => {}
    }
    let mut domain = Intervals::default();
    let embedded = embed(&mut domain, point);
    match program.run(&mut domain, |s| embedded.get(&s).cloned()) {
        Ok(_) => Some(false),
        Err(f) if nowhere(f.stop) => Some(true),
        Err(_) => None,
    }
}

/// Whether floating point finds values; where it can compute nothing it does not say that there are none.
fn has_values(program: &Program, point: &Point<f64>) -> bool {
    let run = program.run(&mut Float::default(), |s| point.get(&s).cloned());
    run.is_ok() || run.is_err_and(|f| !matches!(f.stop, Stop::Pole | Stop::OutOfDomain))
}

/// Whether a program has values at some point around one: what has them on a line, or at a boundary alone, is not defined.
fn around(program: &Program, point: &Point<Rational>) -> bool {
    const TRIES: i32 = 24;
    let mut random = Random::new(0, "around");
    let centre = embed(&mut Float::default(), point);
    let mut symbols: Vec<SymbolId> = centre.keys().copied().collect();
    symbols.sort_unstable();
    (0..TRIES).any(|k| {
        let size = 10f64.powi(-2 - k % 6);
        let mut moved = |v: &f64| v + size * (1.0 + v.abs()) * (2.0 * random.unit() - 1.0);
        let near = symbols.iter().map(|s| (*s, centre[s].iter().map(&mut moved).collect())).collect();
        has_values(program, &near)
    })
}

/// What takes the place of a finding if what is written has values nowhere, as far as is seen. That both sides have some
/// at one point is seen by numbers or at a witness.
pub fn vacuous(problem: &Problem, finding: &Finding, budget: &Budget) -> Option<Finding> {
    let written = &problem.setting.written;
    let equal = finding.equality().is_some();
    if finding.verdict() == Verdict::Invalid || (written.is_empty() && (!equal || finding.residual.is_some())) {
        return None;
    }
    let sides = if equal { problem.equation.sides() } else { Vec::new() };
    let empty = nowhere(problem, &sides, written, budget)?;
    (finding.verdict() != Verdict::Undecided || empty.verdict() != Verdict::Undecided).then_some(empty)
}

/// The finding that no point of the domain has values for all that is written, `sides` and the operations of [`removed`]:
/// `invalid` if that is certain, else `undecided`.
pub fn nowhere(problem: &Problem, sides: &[Term], removed: &[Term], budget: &Budget) -> Option<Finding> {
    let store = &problem.setting.store;
    let all: Vec<Term> = sides.iter().chain(removed).copied().collect();
    if all.is_empty() {
        return None;
    }
    if let Some(at) = singular_everywhere(problem, removed, budget) {
        return Some(Finding::invalid(said(&format!("{} is singular everywhere", named(store, at)))));
    }
    let search = |terms: &[Term]| {
        let sampler = Sampler::new(&problem.setting, terms, &problem.domain);
        inhabited::search(store, &sampler, terms, budget.seed, budget.operations)
    };
    let at = match search(&all) {
        Search::Found => return uncertain(problem, removed, budget),
        Search::Open => return None,
        Search::Never(at) => at,
    };
    let operand = store.node(at).operands().first().copied();
    // A matrix with a negative diagonal is not definite. What is divided by may be negative.
    let asks_positive = match store.node(at) {
        Node::Power(_, q) => !q.is_int(),
        node => matches!(node, Node::Map(..) | Node::PowerSpd(..)),
    };
    if asks_positive && operand.is_some_and(|x| store.bounds(x).negative()) {
        let why = format!("{} is a logarithm or a root of what is nowhere positive", named(store, at));
        return Some(Finding::invalid(said(&why)));
    }
    let together = matches!(search(&[at]), Search::Found);
    let why = match together {
        true => "no point was found at which all that is written has a value: where all else has one, none was met for",
        false => "no point was found that has a value for",
    };
    Some(Finding::undecided(format!("{why} {}", named(store, at))))
}

/// An operation as a formula where that is short, else in words.
fn named(store: &Store, at: Term) -> String {
    const SHORT: usize = 60;
    let text = store.text(at);
    match text.chars().count() <= SHORT && !text.contains('…') {
        true => format!("`{text}`"),
        false => store.describe_partial(at),
    }
}

/// An operation that has no value at random points of prime fields.
fn singular_everywhere(problem: &Problem, removed: &[Term], budget: &Budget) -> Option<Term> {
    const FIELDS: usize = 4;
    let program = Program::new(&problem.setting.store, removed);
    if removed.is_empty() || program.operations() > budget.operations / FIELDS {
        return None;
    }
    let sampler = Sampler::new(&problem.setting, removed, &problem.domain);
    let mut last = None;
    for seed in 0..FIELDS {
        let label = format!("written/{seed}");
        match (Trial { roots: true, ..Trial::new(&sampler, &program, budget.seed, &label) }).draw() {
            Err((Stop::Pole, Some(at))) => last = Some(at),
            _ => return None,
        }
    }
    last
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
    Some(Finding::undecided(why))
}

/// Whether an operation has no value for some operands, as far as is known of these.
pub fn is_partial(store: &Store, t: Term) -> bool {
    let partial = store.singular(t).is_some_and(|s| !matches!(s.at, Singularity::Jump | Singularity::Rank));
    let inside = match store.node(t) {
        Node::Map(_, x) => store.bounds(*x).positive(),
        Node::Power(x, q) => store.bounds(*x).positive() || q.is_int() && store.bounds(*x).negative(),
        _ => false,
    };
    partial && !inside
}
