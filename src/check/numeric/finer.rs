//! A second look with a hundred digits at sides that floating point cannot tell apart.

use crate::check::field::Trial;
use crate::check::sample::{Point, Sampler, embed};
use crate::check::{Budget, Setting};
use crate::domain::digits::Digits;
use crate::domain::prime::{Random, Signs};
use crate::domain::{Domain, Rational, Trace};
use crate::model::elaborate::Constraint;
use crate::term::{Node, Program, Term};
use crate::verdict::Residual;

/// Points that are looked at.
const POINTS: usize = 6;
/// Draws of points.
const DRAWS: usize = 48;
/// Programs of more operations are left alone.
const OPERATIONS: usize = 1 << 14;
/// A difference of the sides that is smaller than they are by so many binary places is none.
const PLACES: i64 = 256;

/// What a second look says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finer {
    /// Nothing: it was not asked for, or the program is too large.
    NotAsked,
    /// The sides agree there too.
    Agree,
    /// They differ.
    Differ,
    /// They could be computed at no point.
    Blind,
}

/// Looks at sides that agree in floating point with more digits, at rational points.
pub fn finer(setting: &Setting, (left, right): (&[Term], &[Term]), extra: &[Constraint], budget: &Budget) -> Finer {
    let Some(seen) = look(setting, (left, right), extra, (true, budget)) else { return Finer::NotAsked };
    let mut gaps = seen.iter().flatten().copied();
    if gaps.any(|(gap, largest)| gap > i64::MIN && gap > largest.saturating_sub(PLACES)) {
        return Finer::Differ;
    }
    if seen.is_empty() { Finer::Blind } else { Finer::Agree }
}

/// How the sides compare with a hundred digits, where floating point can evaluate them at no point: with exponents of any
/// size nothing under- or overflows.
pub fn residual(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    extra: &[Constraint],
    budget: &Budget,
) -> Option<Residual> {
    let seen = look(setting, (left, right), extra, (false, budget)).filter(|seen| !seen.is_empty())?;
    let relative = |(gap, largest): (i64, i64)| match gap == i64::MIN {
        true => 0.0,
        false => 2f64.powi(i32::try_from(gap.saturating_sub(largest)).unwrap_or(i32::MIN)),
    };
    let max = seen.iter().flatten().copied().map(relative).fold(0.0, f64::max);
    Some(Residual { max, defect: max, noise: 2f64.powi(-(PLACES as i32)), samples: seen.len() })
}

/// At each point for each component the binary exponents of the largest difference and of the largest entry.
type Gaps = Vec<Vec<(i64, i64)>>;

/// Compares the sides at a few points, if `whole` only at those where every summand counts; `None` if the program is too
/// large.
fn look(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    extra: &[Constraint],
    (whole, budget): (bool, &Budget),
) -> Option<Gaps> {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let program = Program::new(&setting.store, &roots);
    let sampler = Sampler::new(setting, &roots, extra);
    if program.operations() > OPERATIONS.min(budget.operations / 64) {
        return None;
    }
    let mut seen = Vec::new();
    let Some(mut digits) = Digits::new() else { return Some(seen) };
    let mut random = Random::new(budget.seed, "digits");
    // What holds at almost all points need not hold where a rank is lower.
    let ranks = setting.store.any_node(&roots, |n| matches!(n, Node::PseudoInverse(_) | Node::Polar(_)));
    let lower = |trace: &Trace| {
        let signs = Signs::Pinned(trace.signs.clone());
        let trial = Trial::new(&sampler, &program, budget.seed, "digits");
        let generic = Trial { signs: &signs, ..trial }.draw();
        generic.is_ok_and(|d| d.prime.ranks != trace.ranks || d.prime.polar_ranks != trace.polar_ranks)
    };
    for draw in 0..DRAWS {
        let Some(point) = sampler.simple_near_pi(&mut random, 1 + draw % 3, None) else { continue };
        digits.trace = Trace::default();
        digits.has_absorbed();
        let Some(values) = values(&mut digits, (&program, &sampler), &point) else { continue };
        if whole && digits.has_absorbed() {
            continue;
        }
        if ranks && lower(&digits.trace) {
            continue;
        }
        let size = |v: &[_]| v.iter().map(Digits::exponent).max().unwrap_or(i64::MIN);
        let compared = values[..left.len()].iter().zip(&values[left.len()..]).map(|(l, r)| {
            let gap = l.iter().zip(r).map(|(a, b)| Digits::exponent(&digits.sub(a, b))).max().unwrap_or(i64::MIN);
            (gap, size(l).max(size(r)))
        });
        seen.push(compared.collect());
        if seen.len() == POINTS {
            break;
        }
    }
    Some(seen)
}

type Values = Vec<Vec<<Digits as Domain>::Elem>>;

fn values(digits: &mut Digits, (program, sampler): (&Program, &Sampler), point: &Point<Rational>) -> Option<Values> {
    let mut embedded = embed(digits, point);
    for s in sampler.pis() {
        embedded.insert(s, vec![digits.pi()]);
    }
    program.run(digits, |s| embedded.get(&s).cloned()).ok()
}
