//! Certificates from the other side: that something is *not* zero.
//!
//! A prime field has fewer relations than the real numbers as soon as atoms are in play. What vanishes there vanishes;
//! what does not may still vanish. So a rank, or a quantity that has to differ from zero, is confirmed by one real point of
//! the same piece and the same member at which it is so in exact numbers or in intervals.

use super::field::Trial;
use super::sample::{Point, Sampler, embed};
use super::witness::Number;
use super::{Budget, Setting};
use crate::domain::exact::Exact;
use crate::domain::interval::Intervals;
use crate::domain::prime::Random;
use crate::domain::{Domain, Fun, Rational};
use crate::model::elaborate::Constraint;
use crate::term::{Node, Program, Term};

/// Points tried for one certificate.
const POINTS: usize = 48;

/// Points tried in the search for one on a given piece.
const PIECE_POINTS: usize = 400;

/// Scalar operations of an interval evaluation, all points together.
const OPERATIONS: usize = 50_000_000;

/// What an evaluation in a prime field took to be so.
pub struct Taken<'a> {
    /// The ranks of pseudo-inverses, in order.
    pub ranks: &'a [usize],
    /// The signs at kinks in order, if they matter.
    pub signs: Option<&'a [i8]>,
}

/// Whether the rank of a matrix below these terms is the same on all of a piece and beyond it, once the signs of the piece
/// are put in the place of all signs.
///
/// Rational operations and compositions of the functions that are meromorphic in the plane are single-valued and
/// holomorphic off a thin closed set, and what is left of complex space without that is connected. So a minor that is not
/// zero at one point, wherever that is, is not zero at generic points of the piece. Roots, logarithms and arc tangents
/// have branches: `atan(x) + atan(1/x)` is one constant for positive and another for negative numbers.
pub fn single_valued(setting: &Setting, terms: &[Term]) -> bool {
    !setting.store.any_node(terms, |n| match n {
        Node::Power(_, q) => !q.is_int(),
        Node::Map(f, _) => matches!(f, Fun::Log | Fun::Softplus | Fun::Atan),
        Node::Polar(_) | Node::PowerSpd(..) => true,
        _ => false,
    })
}

/// Whether at some real point of a discrete member all pseudo-inverted matrices have at least the given ranks, and all
/// partial operations a value. With `continued`, signs of a piece are taken for those of the point ([`single_valued`]).
pub fn ranks(
    sampler: &Sampler,
    program: &Program,
    member: Option<u64>,
    (taken, continued): (&Taken<'_>, bool),
    seed: u64,
) -> bool {
    let mut random = Random::new(seed, "certificate");
    let affordable = OPERATIONS / program.operations().max(1);
    let wanted = if taken.signs.is_some() && !continued { PIECE_POINTS } else { POINTS };
    (0..wanted.min(affordable.max(2))).any(|k| {
        let Some(point) = sampler.simple_of(&mut random, k * 8 / wanted, member) else { return false };
        let mut domain = Intervals::with_hints(taken.ranks.iter().copied());
        if continued {
            domain.pinned = taken.signs.map(<[i8]>::to_vec).unwrap_or_default();
        }
        let embedded = embed(&mut domain, &point);
        program.run(&mut domain, |s| embedded.get(&s).cloned()).is_ok()
            && domain.trace.ranks == taken.ranks
            && taken.signs.is_none_or(|signs| domain.trace.signs == signs)
    })
}

/// Whether a scalar is certainly not zero at some point of the domain.
pub fn somewhere_nonzero(setting: &Setting, term: Term, extra: &[Constraint], seed: u64) -> bool {
    let sampler = Sampler::new(setting, &[term], extra);
    let program = Program::new(&setting.store, &[term]);
    let mut random = Random::new(seed, "nonzero");
    let affordable = OPERATIONS / program.operations().saturating_mul(4).max(1);
    (0..POINTS.min(affordable.max(2)))
        .any(|k| sampler.simple(&mut random, k / 8).is_some_and(|point| nonzero_at(&program, &point)))
}

/// Whether one of the terms is certainly not zero at some simple point of the domain, in intervals. Pseudo-inverted matrices
/// have the ranks of generic points.
pub fn some_nonzero(setting: &Setting, terms: &[Term], extra: &[Constraint], budget: &Budget) -> bool {
    let sampler = Sampler::new(setting, terms, extra);
    let program = Program::new(&setting.store, terms);
    let operations = program.operations().saturating_mul(4).max(1);
    if operations > OPERATIONS {
        return false;
    }
    let generic = Trial::new(&sampler, &program, budget.seed, "generic ranks").draw().ok().map(|d| d.prime);
    let (ranks, zeros) = generic.map_or_else(Default::default, |p| (p.ranks, p.zero_signs));
    let mut random = Random::new(budget.seed, "some nonzero");
    (0..POINTS.min(OPERATIONS / operations)).any(|k| {
        let Some(point) = sampler.simple(&mut random, k / 12) else { return false };
        let mut domain = Intervals { zero_signs: zeros.clone(), ..Intervals::with_hints(ranks.clone()) };
        let embedded = embed(&mut domain, &point);
        let values = program.run(&mut domain, |s| embedded.get(&s).cloned());
        values.is_ok_and(|v| v.iter().flatten().any(|x| Number::Enclosed(*x).nonzero()))
    })
}

/// Whether the first value of a program is certainly not zero at a point.
pub fn nonzero_at(program: &Program, point: &Point<Rational>) -> bool {
    if let Ok(v) = program.run(&mut Exact::with_limit(1 << 12), |s| point.get(&s).cloned()) {
        return !v[0][0].is_zero();
    }
    let mut domain = Intervals::default();
    let embedded = embed(&mut domain, point);
    let values = program.run(&mut domain, |s| embedded.get(&s).cloned());
    values.is_ok_and(|v| domain.is_zero(&v[0][0]) == Some(false))
}
