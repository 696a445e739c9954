//! Refutation: the simplest point at which two sides differ.
//!
//! Points of small integers are tried first, then small fractions, inside every condition. Both sides are evaluated
//! exactly, or in intervals that exclude zero; what is found is made simpler entry by entry, and then replayed by
//! [`super::replay`]. A point counts only if it is *regular*: off poles and kinks, and with every pseudo-inverted matrix
//! of the rank that it has nearby, which a prime field with the same signs tells.

mod number;
mod simpler;

use std::cell::Cell;

use number::told_apart;
pub use number::{Number, shown_values, significant};

use super::field::Trial;
use super::numeric::MANY_KINKS;
use super::sample::{Point, Sampler, embed};
use super::{Budget, Equation, Setting, replay, written};
use crate::domain::exact::{Exact, ZeroSign};
use crate::domain::interval::{Interval, Intervals};
use crate::domain::prime::{Prime, Random, Signs};
use crate::domain::{Fun, Rational, Stop, Trace};
use crate::model::elaborate::{Constraint, Role};
use crate::term::{Node, Program, Term};
use crate::verdict::Witness;

/// Up to this many entries the ratios of all pairs are compared.
const MOST_PAIRED: usize = 64;

/// Points that may lie on a kink until signs of zero are looked at: where a piece makes them identically zero, they are no
/// kinks.
const KINKS: usize = 3;

/// What a witness has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// The sides differ.
    Differ,
    /// The sides differ and no positive factor on the right mends it.
    NoRate,
}

/// A point at which two sides were seen to differ.
#[derive(Debug, Clone)]
pub struct Refutation {
    point: Point<Rational>,
    left: Vec<Number>,
    right: Vec<Number>,
    difference: Vec<Number>,
    /// Which entry, counted through all components.
    index: usize,
    no_rate: Option<String>,
    /// A second point of the same member, where the ratio of the sides is another one.
    other: Option<Point<Rational>>,
}

struct Evaluated {
    left: Vec<Number>,
    right: Vec<Number>,
    /// `left - right` as the store simplifies it, so that a common part is gone; empty if it is not asked for.
    difference: Vec<Number>,
    trace: Trace,
}

impl Evaluated {
    /// Whether the sides certainly differ in an entry.
    fn differs(&self, i: usize) -> bool {
        self.left[i].differs(&self.right[i]) || self.difference.get(i).is_some_and(Number::nonzero)
    }

    /// Whether the ratio of the sides in entry `i` is certainly another one than in entry `j` of `other`. As
    /// `l r' - l' r = (l - r) r' - (l' - r') r`, a common part need not drown what is left.
    fn other_ratio(&self, i: usize, other: &Evaluated, j: usize) -> bool {
        let apart = |a: &[Number], b: &[Number]| match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.times(&other.right[j]).differs(&y.times(&self.right[i])),
            _ => false,
        };
        apart(&self.left, &other.left) || apart(&self.difference, &other.difference)
    }
}

struct Search<'a> {
    setting: &'a Setting,
    roots: Vec<Term>,
    split: usize,
    program: Program,
    sampler: Sampler,
    /// What is evaluated to know which signs are identically zero and what ranks are generic: all, or the signs alone.
    told: (Sampler, Program),
    budget: &'a Budget,
    /// Ranks of pseudo-inverses at generic points, for the intervals.
    ranks: Vec<usize>,
    has_ranks: bool,
    has_polars: bool,
    /// The ranks of matrices with polar factors at generic points.
    polar_ranks: Vec<usize>,
    zero_signs: bool,
    /// Points that were met on a kink.
    kinks: Cell<usize>,
    /// How many of them there may be until signs of zero are looked at.
    most_kinks: usize,
    /// Signs of what is identically zero, in order of evaluation.
    zeros: Vec<bool>,
    /// Evaluations that may go into making a witness simpler.
    simplifications: usize,
}

/// Searches for a witness, among `suspects` and simple points; also tells how many points were tried.
pub fn search(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    extra: &[Constraint],
    (goal, suspects): (Goal, &[Point<Rational>]),
    budget: &Budget,
    purpose: &str,
) -> (Option<Refutation>, usize) {
    search_beside(setting, (left, right, &[]), extra, (goal, suspects), budget, purpose)
}

/// [`search`], with the differences of the sides as the store simplifies them: where a common part is so large that it
/// drowns the difference in every digit of the sides, these show it.
pub fn search_beside(
    setting: &Setting,
    (left, right, differences): (&[Term], &[Term], &[Term]),
    extra: &[Constraint],
    (goal, suspects): (Goal, &[Point<Rational>]),
    budget: &Budget,
    purpose: &str,
) -> (Option<Refutation>, usize) {
    let roots: Vec<Term> = left.iter().chain(right).chain(differences).copied().collect();
    let program = Program::new(&setting.store, &roots);
    let has_ranks = setting.store.any_node(&roots, |n| matches!(n, Node::PseudoInverse(_)));
    let has_polars = setting.store.any_node(&roots, |n| matches!(n, Node::Polar(_)));
    let signs = setting.store.signs(&roots);
    let telling = if has_ranks || has_polars { &roots } else { &signs };
    let mut s = Search {
        setting,
        split: left.len(),
        told: (Sampler::new(setting, telling, extra), Program::new(&setting.store, telling)),
        sampler: Sampler::new(setting, &roots, extra),
        program,
        roots,
        budget,
        ranks: Vec::new(),
        has_ranks,
        has_polars,
        polar_ranks: Vec::new(),
        zero_signs: false,
        kinks: Cell::new(0),
        most_kinks: KINKS,
        zeros: Vec::new(),
        simplifications: 0,
    };
    // Exact numbers grow; an operation on them is counted as a hundred.
    let affordable = budget.operations / 100 / (s.program.operations() + s.sampler.operations()).max(1);
    if affordable == 0 {
        return (None, 0);
    }
    if let Some(prime) = s.generic(&Signs::Free, None) {
        // A sign below a sign: on some pieces what is inside may vanish identically, which no free sign shows.
        let nested = signs.iter().any(|t| match setting.store.node(*t) {
            Node::Map(Fun::Sign, x) => setting.store.any_node(&[*x], |n| matches!(n, Node::Map(Fun::Sign, _))),
            _ => false,
        });
        s.zero_signs = nested || prime.zero_signs.contains(&true);
        s.zeros = prime.zero_signs;
        s.ranks = prime.ranks;
        s.polar_ranks = prime.polar_ranks;
    }
    let mut random = Random::new(budget.seed, &format!("{purpose}/witness"));
    let mut earlier: Option<(Point<Rational>, Evaluated)> = None;
    let mut suspects = suspects.iter();
    let points = budget.points.min(affordable.max(4));
    s.simplifications = affordable.min(budget.simplifications);
    s.most_kinks = KINKS.min(points / 8);
    let many_kinks = s.signs() > MANY_KINKS;
    for tried in 1..=points {
        if budget.expired() {
            return (None, tried - 1);
        }
        let level = (tried * 4 / points.max(1)).min(3);
        // Every fourth point is near one at which floating point saw a difference; of many kinks simple points hit one.
        let near = if many_kinks || tried % 4 == 3 {
            suspects.next().cloned().filter(|p| s.sampler.satisfied(p))
        } else {
            None
        };
        let Some(mut point) = near.or_else(|| s.sampler.simple_near_pi(&mut random, level, None)) else {
            continue;
        };
        // Every other point shares its members with the first, to compare rates.
        if let Some((first, _)) = earlier.as_ref().filter(|_| goal == Goal::NoRate && tried % 2 == 0) {
            for (symbol, role, _) in s.sampler.symbols() {
                if role == Role::Member
                    && let Some(v) = first.get(&symbol)
                {
                    point.insert(symbol, v.clone());
                }
            }
            if !s.sampler.satisfied(&point) {
                continue;
            }
        }
        let Some(values) = s.evaluate(&point) else { continue };
        let mut other = None;
        let found = refute(&values, goal).or_else(|| {
            let (first, before) = earlier.as_ref()?;
            let same = s.sampler.symbols().all(|(x, role, _)| role != Role::Member || first.get(&x) == point.get(&x));
            if !same || goal != Goal::NoRate {
                return None;
            }
            other = Some(first.clone());
            different_rates(before, &values)
        });
        match found {
            Some((index, no_rate)) if s.regular(&values.trace, &point) => {
                let Evaluated { left, right, difference, .. } = values;
                let found = Refutation { point, left, right, difference, index, no_rate, other };
                let result = if found.other.is_some() { found } else { s.simplify(found, goal) };
                // A witness that the second evaluator does not confirm is none; the search goes on.
                if let Some(replayed) = s.replayed(result, goal) {
                    return (Some(replayed), tried);
                }
            }
            Some(_) => {}
            // A member under which the sides are equal at a point tells nothing of rates.
            None if earlier.is_none()
                && refute(&values, Goal::Differ).is_some()
                && s.regular(&values.trace, &point) =>
            {
                earlier = Some((point, values));
            }
            None => {}
        }
    }
    (None, points)
}

/// Whether all terms have values at some simple point of the domain, exactly or in intervals.
pub fn defined_somewhere(setting: &Setting, roots: &[Term], extra: &[Constraint]) -> bool {
    let program = Program::new(&setting.store, roots);
    let sampler = Sampler::new(setting, roots, extra);
    let mut random = Random::new(0, "defined");
    let affordable = (10_000_000 / (program.operations() + sampler.operations()).max(1)).min(200);
    if affordable == 0 {
        return false;
    }
    // What intervals cannot see: which signs are those of zero, and ranks.
    let generic = Trial::new(&sampler, &program, 0, "defined").draw().ok().map(|d| d.prime);
    let (ranks, zeros) = generic.map_or_else(Default::default, |p| (p.ranks, p.zero_signs));
    (0..affordable).any(|k| {
        let Some(point) = sampler.simple(&mut random, k / 50) else {
            return false;
        };
        let exact = program.run(&mut Exact::with_limit(1 << 13), |s| point.get(&s).cloned());
        let open = matches!(&exact, Err(f) if matches!(f.stop, Stop::Unsupported | Stop::Budget | Stop::Kink));
        exact.is_ok()
            || open && {
                let mut domain = Intervals { zero_signs: zeros.clone(), ..Intervals::with_hints(ranks.clone()) };
                let embedded = embed(&mut domain, &point);
                program.run(&mut domain, |s| embedded.get(&s).cloned()).is_ok()
            }
    })
}

/// An entry at which the values refute the goal, and why no rate helps.
fn refute(values: &Evaluated, goal: Goal) -> Option<(usize, Option<String>)> {
    let (l, r) = (&values.left, &values.right);
    let first = (0..l.len()).find(|&i| values.differs(i))?;
    if goal == Goal::Differ {
        return Some((first, None));
    }
    for i in 0..l.len() {
        if (l[i].zero() && r[i].nonzero()) || (l[i].nonzero() && r[i].zero()) {
            return Some((i, Some("one side is zero and the other is not, which no rate mends".into())));
        }
        if l[i].times(&r[i]).negative() {
            return Some((i, Some("the sides have opposite signs, which no positive rate mends".into())));
        }
    }
    // All pairs of a few entries; of many each with the first that has a ratio.
    let few = l.len() <= MOST_PAIRED;
    let first = (0..l.len()).find(|&i| few || l[i].nonzero() && r[i].nonzero()).unwrap_or(l.len());
    let last = if few { l.len() } else { (first + 1).min(l.len()) };
    for i in first..last {
        let from = if few { i + 1 } else { 0 };
        for j in from..l.len() {
            if values.other_ratio(i, values, j) {
                let index = if values.differs(i) { i } else { j };
                return Some((
                    index,
                    Some("the ratio of the sides is not the same in every entry, so no rate mends it".into()),
                ));
            }
        }
    }
    None
}

/// Two points of one member with different ratios of the sides.
fn different_rates(before: &Evaluated, now: &Evaluated) -> Option<(usize, Option<String>)> {
    let pair = |e: &Evaluated| (0..e.left.len()).find(|&i| e.left[i].nonzero() && e.right[i].nonzero());
    let (i, j) = (pair(before)?, pair(now)?);
    let crossed = before.other_ratio(i, now, j);
    let index = (0..now.left.len()).find(|&k| now.differs(k));
    (crossed && index.is_some()).then(|| {
        let (l, r) = told_apart(&before.left[i], &before.right[i]);
        (
            index.unwrap_or(j),
            Some(format!(
                "at another point of the same map the sides are {l} and {r}, in another ratio, so no rate mends it"
            )),
        )
    })
}

impl Search<'_> {
    /// The number of signs that one evaluation takes.
    fn signs(&self) -> usize {
        let store = &self.setting.store;
        store.signs(&self.roots).into_iter().map(|t| store.size(t)).sum()
    }

    /// A run in a prime field, with signs as given and the discrete values of a point: generic ranks on a piece.
    fn generic(&self, signs: &Signs, at: Option<&Point<Rational>>) -> Option<Prime> {
        // Ranks are compared within one member.
        let members = self.sampler.symbols().filter(|x| x.2 || x.1 == Role::Member).map(|x| x.0);
        let keep = at.map(|p| members.filter_map(|s| p.get(&s).map(|v| (s, v.clone()))).collect());
        (0..4).find_map(|seed| {
            let label = format!("generic/{seed}");
            let draw = Trial::new(&self.told.0, &self.told.1, self.budget.seed, &label);
            Trial { signs, keep: keep.as_ref(), roots: self.has_ranks || self.has_polars, ..draw }
                .draw()
                .ok()
                .map(|d| d.prime)
        })
    }

    fn has_members(&self) -> bool {
        self.sampler.symbols().any(|x| x.2 || x.1 == Role::Member)
    }

    /// The ranks of pseudo-inverses near a point, for the intervals.
    fn hints(&self, point: &Point<Rational>) -> Vec<usize> {
        if !self.has_ranks || !self.has_members() {
            return self.ranks.clone();
        }
        self.generic(&Signs::Free, Some(point)).map(|p| p.ranks).unwrap_or_default()
    }

    /// Whether the point of this trace is regular: ranks as nearby, and signs of zero only where zero is identical.
    fn regular(&self, trace: &Trace, point: &Point<Rational>) -> bool {
        if written::is_undefined(&self.setting.store, &self.setting.written, point) {
            return false;
        }
        if !trace.signs.contains(&0) && !self.has_ranks && !self.has_polars {
            return true;
        }
        if trace.signs.is_empty() && !self.has_members() {
            return trace.ranks == self.ranks && trace.polar_ranks == self.polar_ranks;
        }
        let Some(prime) = self.generic(&Signs::Pinned(trace.signs.clone()), Some(point)) else { return false };
        let zeros_fit = trace.signs.iter().zip(&prime.zero_signs).all(|(s, z)| *s != 0 || *z);
        zeros_fit && prime.ranks == trace.ranks && prime.polar_ranks == trace.polar_ranks
    }

    /// A point in intervals, with an enclosure of π where π is read: no rational number stands for it.
    fn enclosed(&self, domain: &mut Intervals, point: &Point<Rational>) -> Point<Interval> {
        let mut embedded = embed(domain, point);
        for s in self.sampler.pis() {
            // π lies between the nearest double and the next one.
            let pi = std::f64::consts::PI;
            embedded.insert(s, vec![Interval::new(pi, pi.next_up())]);
        }
        embedded
    }

    fn evaluate(&self, point: &Point<Rational>) -> Option<Evaluated> {
        let mut exact = self.exact();
        let exactly = if self.sampler.pis().next().is_none() {
            self.program.run(&mut exact, |s| point.get(&s).cloned()).map_err(|f| f.stop)
        } else {
            Err(Stop::Unsupported)
        };
        match exactly {
            Ok(values) if !exact.oversized() => {
                let trace = std::mem::take(&mut exact.trace);
                return Some(self.split(values.into_iter().flatten().map(Number::Exact).collect(), trace));
            }
            Ok(_) => {}
            Err(Stop::Unsupported | Stop::Budget) => {}
            Err(Stop::Kink) => {
                self.kinks.set(self.kinks.get() + 1);
                return None;
            }
            Err(_) => return None,
        }
        let mut domain = Intervals { zero_signs: self.zeros.clone(), ..Intervals::with_hints(self.hints(point)) };
        let embedded = self.enclosed(&mut domain, point);
        let values = self.program.run(&mut domain, |s| embedded.get(&s).cloned()).ok()?;
        let trace = std::mem::take(&mut domain.trace);
        Some(self.split(values.into_iter().flatten().map(Number::Enclosed).collect(), trace))
    }

    fn exact(&self) -> Exact {
        let mut exact = Exact::with_limit(1 << 13);
        if self.zero_signs || self.kinks.get() >= self.most_kinks {
            exact.zero_sign = ZeroSign::Zero;
        }
        exact
    }

    fn split(&self, values: Vec<Number>, trace: Trace) -> Evaluated {
        let n: usize = self.roots[..self.split].iter().map(|t| self.setting.store.size(*t)).sum();
        let mut left = values;
        let mut right = left.split_off(n);
        let difference = right.split_off(n);
        Evaluated { left, right, difference, trace }
    }

    /// The refutation, if the second evaluator finds the same.
    fn replayed(&self, found: Refutation, goal: Goal) -> Option<Refutation> {
        let exact = found.left.iter().chain(&found.right).all(|n| matches!(n, Number::Exact(_)));
        let here = self.replay(&found.point, exact)?;
        let confirmed = match &found.other {
            None => refute(&here, goal).is_some() && here.differs(found.index),
            Some(other) => {
                let there = self.replay(other, exact).or_else(|| self.replay(other, false))?;
                different_rates(&there, &here).is_some()
            }
        };
        confirmed.then_some(found)
    }

    /// Both sides at a point by the second evaluator.
    fn replay(&self, point: &Point<Rational>, exactly: bool) -> Option<Evaluated> {
        let store = &self.setting.store;
        if exactly {
            let mut exact = self.exact();
            let run = replay::evaluate(store, &self.roots, &mut exact, point).ok().filter(|_| !exact.oversized())?;
            let numbers = run.into_iter().flatten().map(Number::Exact).collect();
            return Some(self.split(numbers, Trace::default()));
        }
        let mut domain = Intervals { zero_signs: self.zeros.clone(), ..Intervals::with_hints(self.hints(point)) };
        let embedded = self.enclosed(&mut domain, point);
        let run = replay::evaluate(store, &self.roots, &mut domain, &embedded).ok()?;
        Some(self.split(run.into_iter().flatten().map(Number::Enclosed).collect(), Trace::default()))
    }
}

impl Refutation {
    /// The difference of the sides in the entry that differs, if the digits shown of the sides do not tell it.
    pub fn hidden_difference(&self) -> Option<String> {
        let i = self.index;
        let (left, right) = told_apart(&self.left[i], &self.right[i]);
        let same = left == right;
        self.difference.get(i).filter(|_| same).map(Number::text)
    }
}

/// A refutation as it is shown: the point by the names of the file, and the component that differs.
pub fn describe(setting: &Setting, equation: &Equation, found: &Refutation, quantity: &str) -> Witness {
    let store = &setting.store;
    let mut at = found.index;
    let mut component = String::new();
    let mut component_index = 0;
    for (k, (c, t)) in equation.components.iter().zip(&equation.left).enumerate() {
        let n = store.size(*t);
        if at < n {
            component_index = k;
            component = match c.entries.get(at) {
                Some(name) => name.clone(),
                None if n == 1 => c.name.clone(),
                None => format!("{}[{at}]", c.name),
            };
            break;
        }
        at -= n;
    }
    let exact = found.left.iter().chain(&found.right).all(|n| matches!(n, Number::Exact(_)));
    let (left, right) = told_apart(&found.left[found.index], &found.right[found.index]);
    Witness {
        point: shown_values(setting, &found.point),
        component,
        component_index,
        quantity: quantity.to_owned(),
        left,
        right,
        no_rate: found.no_rate.clone(),
        exact,
    }
}
