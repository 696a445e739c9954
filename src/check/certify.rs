//! Certificates from the other side: that something is *not* zero.
//!
//! A prime field has fewer relations than the real numbers as soon as atoms are in play. What vanishes there vanishes;
//! what does not may still vanish. So a rank, or a quantity that has to differ from zero, is confirmed by one real point of
//! the same piece and the same member at which it is so in exact numbers or in intervals.

use rustc_hash::FxHashMap;

use super::field::Trial;
use super::sample::{Point, Sampler, embed};
use super::witness::Number;
use super::{Budget, Setting, numeric};
use crate::core::prim::Plane;
use crate::domain::digits::Digits;
use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::interval::{Interval, Intervals};
use crate::domain::prime::Random;
use crate::domain::{Domain, Fun, Rational};
use crate::model::elaborate::{Constraint, Draw};
use crate::term::{Node, Program, Term};

/// Tensors of up to so many entries are looked at entry by entry.
const MOST_ENTRIES: usize = 256;

/// Programs of up to so many operations are.
const FEW_OPERATIONS: usize = 200_000;

/// Points tried for one certificate.
const POINTS: usize = 48;

/// Points at which what has neither signs nor ranks in it is tried before a prime field is asked what vanishes.
const FIRST_POINTS: usize = 8;

/// Points tried in the search for one on a given piece.
const PIECE_POINTS: usize = 400;

/// Points tried in the search for sides of polar factors.
const SIDE_POINTS: usize = 96;

/// Sides that are confirmed one by one.
const MOST_SIDES: usize = 16;

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
    !setting.store.any_node(terms, |n| n.plane() == Some(Plane::Branched))
}

/// Why sides that agree in numbers may be different elsewhere, in words.
pub const BRANCHES: &str = "the sides agree at the sampled points, but they have roots or other functions with branches in them, which may be others where no sample lies";

/// Whether what is seen of some terms near one point may say nothing of them near others, though no sign is taken: roots and
/// logarithms of what is not positive by its form, and functions with branches of what has poles. All else is analytic on the
/// line, or meromorphic, and so determined by its values on any open set.
pub fn may_have_branches(setting: &Setting, terms: &[Term]) -> bool {
    let store = &setting.store;
    let open = |x: &Term| !store.positive(*x);
    let broken = |n: &Node| match n {
        Node::Power(x, q) => (!q.is_int() || *q < Rational::ZERO) && open(x),
        Node::Map(Fun::Log, x) => open(x),
        n => matches!(n, Node::Inverse(_)),
    };
    store.any_node(terms, |n| match n {
        Node::Power(x, q) => !q.is_int() && open(x),
        Node::Map(Fun::Log, x) => open(x),
        Node::Map(f, x) => f.plane() == Plane::Branched && store.any_node(&[*x], broken),
        n => n.plane() == Some(Plane::Branched),
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
    let affordable = OPERATIONS / program.operations().max(1);
    let wanted = if taken.signs.is_some() && !continued { PIECE_POINTS } else { POINTS };
    let confirms = |point: &Point<Rational>, side: Option<&[i8]>| {
        let mut domain = Intervals::with_hints(taken.ranks.iter().copied());
        if continued {
            domain.pinned = taken.signs.map(<[i8]>::to_vec).unwrap_or_default();
        }
        let embedded = embed(&mut domain, point);
        program.run(&mut domain, |s| embedded.get(&s).cloned()).is_ok()
            && domain.trace.ranks == taken.ranks
            && taken.signs.is_none_or(|signs| domain.trace.signs == signs)
            && side.is_none_or(|side| domain.trace.branches == side)
    };
    let confirmed = |side: Option<&[i8]>| {
        let mut random = Random::new(seed, "certificate");
        (0..wanted.min(affordable.max(2))).any(|k| {
            let point = sampler.simple_of(&mut random, k * 8 / wanted, member);
            point.is_some_and(|point| confirms(&point, side))
        })
    };
    if !program.has_matrix_functions() {
        return confirmed(None);
    }
    match sides(sampler, program, member, taken, seed) {
        Some(sides) if sides.is_empty() => confirmed(None),
        Some(sides) => sides.iter().all(|side| confirmed(Some(side))),
        None => false,
    }
}

/// The sides of drops of rank on which polar factors of square matrices are found, each another function, as the determinants
/// of the factors; `None` if a sample has a rank that is lower than the one taken, or if there are too many sides. A function of
/// a matrix is analytic where it has a value, but what it reads may have its values in parts that are not connected.
fn sides(
    sampler: &Sampler,
    program: &Program,
    member: Option<u64>,
    taken: &Taken<'_>,
    seed: u64,
) -> Option<Vec<Vec<i8>>> {
    let mut random = Random::new(seed, "sides");
    let affordable = OPERATIONS / program.operations().max(1);
    let single = sampler.members().0 == 1;
    let mut found: Vec<Vec<i8>> = Vec::new();
    for k in 0..SIDE_POINTS.min(affordable.max(8)) {
        let point = match single {
            true => sampler.float_scaled(&mut random, [1.0, 4.0, 0.25][k % 3]),
            false => sampler.simple_of(&mut random, k % 8, member).and_then(|p| beside(sampler, &p, &mut random)),
        };
        let Some(point) = point else { continue };
        let mut float = Float::default();
        if program.run(&mut float, |s| point.get(&s).cloned()).is_err()
            || taken.signs.is_some_and(|signs| float.trace.signs != signs)
        {
            continue;
        }
        let lower = |ranks: &[usize]| ranks.iter().zip(taken.ranks).any(|(here, taken)| here < taken);
        if lower(&float.trace.ranks) && digits_ranks(program, &point).is_none_or(|ranks| lower(&ranks)) {
            return None;
        }
        if !found.contains(&float.trace.branches) {
            found.push(float.trace.branches);
        }
        if found.len() > MOST_SIDES {
            return None;
        }
    }
    Some(found)
}

/// A random point near a simple one of the same discrete member.
fn beside(sampler: &Sampler, point: &Point<Rational>, random: &mut Random) -> Option<Point<f64>> {
    let start = embed(&mut Float::default(), point);
    let mut moved = start.clone();
    for symbol in sampler.movable() {
        for x in moved.get_mut(&symbol)? {
            let share = random.below(1 << 20) as f64 / f64::from(1 << 20) - 0.5;
            *x += share * (1.0 + x.abs()) / 4.0;
        }
    }
    sampler.inside_float(&moved, &start).then_some(moved)
}

/// The ranks of pseudo-inverses at a point, with a hundred digits.
fn digits_ranks(program: &Program, point: &Point<f64>) -> Option<Vec<usize>> {
    let exact = exactly(point)?;
    let mut digits = Digits::new()?;
    let embedded = embed(&mut digits, &exact);
    program.run(&mut digits, |s| embedded.get(&s).cloned()).ok()?;
    Some(digits.trace.ranks)
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

/// A point of the domain at which one of the terms is certainly not zero, in intervals: a simple one, or one on each piece.
/// Pseudo-inverted matrices have the ranks of generic points.
pub fn some_nonzero(
    setting: &Setting,
    terms: &[Term],
    extra: &[Constraint],
    budget: &Budget,
) -> Option<Point<Rational>> {
    let sampler = Sampler::new(setting, terms, extra);
    let program = Program::new(&setting.store, terms);
    let operations = program.operations().saturating_mul(4).max(1);
    if operations > OPERATIONS {
        return None;
    }
    let generic = Trial::new(&sampler, &program, budget.seed, "generic ranks").draw().ok().map(|d| d.prime);
    let (ranks, zeros) = generic.map_or_else(Default::default, |p| (p.ranks, p.zero_signs));
    let mut random = Random::new(budget.seed, "some nonzero");
    let looks = OPERATIONS / operations;
    let nonzero = |point: &Point<Rational>| {
        // Intervals see nothing of what cancels.
        if let Ok(v) = program.run(&mut Exact::with_limit(1 << 12), |s| point.get(&s).cloned()) {
            return v.iter().flatten().any(|x| !x.is_zero());
        }
        let mut domain = Intervals { zero_signs: zeros.clone(), ..Intervals::with_hints(ranks.clone()) };
        let embedded = embed(&mut domain, point);
        let values = program.run(&mut domain, |s| embedded.get(&s).cloned());
        values.is_ok_and(|v| v.iter().flatten().any(|x| Number::Enclosed(*x).nonzero()))
    };
    let mut simple = (0..POINTS.min(looks)).filter_map(|k| sampler.simple(&mut random, k / 12));
    if let Some(found) = simple.find(&nonzero) {
        return Some(found);
    }
    // A piece may be so thin that no simple point lies on it.
    let (on_pieces, _) = numeric::on_pieces(setting, terms, &sampler);
    let exact = |point: Point<f64>| -> Option<Point<Rational>> {
        let entries = |v: Vec<f64>| v.into_iter().map(|x| Rational::try_from(x).ok()).collect::<Option<Vec<_>>>();
        point.into_iter().map(|(s, v)| entries(v).map(|v| (s, v))).collect()
    };
    on_pieces.into_iter().take(looks).filter_map(exact).find(nonzero)
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

/// Quantities that an evaluation took to be different from zero because they are in a prime field, and that have atoms in
/// them, so that this alone says nothing.
pub struct Guards {
    /// Arguments of signs.
    signs: Vec<Term>,
    /// Denominators and inverted matrices.
    divisors: Vec<Term>,
}

impl Guards {
    /// The guards of some terms.
    pub fn of(setting: &Setting, terms: &[Term]) -> Guards {
        let store = &setting.store;
        let (mut signs, mut divisors) = (Vec::new(), Vec::new());
        // Sums of exponentials, say, are not zero anywhere.
        let open = |x: Term| {
            let bounds = store.bounds(x);
            !bounds.positive() && !bounds.negative() && has_atoms(setting, x)
        };
        for t in store.reachable(terms) {
            match store.node(t) {
                Node::Map(Fun::Sign, x) if open(*x) => signs.push(*x),
                Node::Power(x, q) if *q < Rational::ZERO && open(*x) => divisors.push(*x),
                Node::Inverse(x) if has_atoms(setting, *x) => divisors.push(t),
                Node::Map(..)
                | Node::Power(..)
                | Node::Inverse(_)
                | Node::Fill(_)
                | Node::Literal(_)
                | Node::Symbol(_)
                | Node::Sum(_)
                | Node::Product { .. }
                | Node::Gather(..)
                | Node::Join(_)
                | Node::PseudoInverse(_)
                | Node::Determinant(_)
                | Node::Polar(_)
                | Node::PowerSpd(..)
                | Node::Eigenvectors(_) => {}
            }
        }
        Guards { signs, divisors }
    }

    /// Whether there is nothing to confirm; with `squares`, that the square of a sign is one was used.
    pub fn are_none(&self, squares: bool) -> bool {
        self.divisors.is_empty() && (self.signs.is_empty() || !squares)
    }

    /// Whether each of them is certainly different from zero at some real point of the domain; entries that vanish in a
    /// prime field vanish, and are no guards.
    pub fn hold(&self, setting: &Setting, extra: &[Constraint], squares: bool, budget: &Budget) -> bool {
        let signs = self.signs.iter().filter(|_| squares);
        signs.chain(&self.divisors).all(|t| each_somewhere_nonzero(setting, *t, extra, budget))
    }
}

/// Whether something below a term is more than rational operations on variables: a function, a root, π.
pub fn has_atoms(setting: &Setting, term: Term) -> bool {
    let pi = |s: &crate::term::SymbolId| setting.quantified.iter().any(|q| q.symbol == *s && q.draw == Draw::Pi);
    setting.store.any_node(&[term], |n| n.is_atomic() || matches!(n, Node::Symbol(s) if pi(s)))
}

/// Whether every entry of a term is certainly not zero at some point of the domain, each at one of its own, or vanishes in a
/// prime field. A matrix that is inverted has a value where its determinant is not zero; that is enough.
pub fn each_somewhere_nonzero(setting: &Setting, term: Term, extra: &[Constraint], budget: &Budget) -> bool {
    if all_somewhere_nonzero(setting, term, extra, budget) {
        return true;
    }
    // Entries of one tensor have their domains, and few points lie in all of them.
    let n = setting.store.size(term);
    let operations = Program::new(&setting.store, &[term]).operations();
    if !(2..=MOST_ENTRIES).contains(&n)
        || operations > FEW_OPERATIONS
        || matches!(setting.store.node(term), Node::Inverse(_))
    {
        return false;
    }
    let mut own = setting.clone();
    let entries = own.store.entries(term);
    entries.into_iter().all(|t| all_somewhere_nonzero(&own, t, extra, budget))
}

/// As [`each_somewhere_nonzero`], where all entries have values at the points that serve. Below a sign an argument is another
/// function on each piece: then each piece that was met has to confirm it, at points off all coincidences.
fn all_somewhere_nonzero(setting: &Setting, term: Term, extra: &[Constraint], budget: &Budget) -> bool {
    let sampler = Sampler::new(setting, &[term], extra);
    let program = Program::new(&setting.store, &[term]);
    let inverse = matches!(setting.store.node(term), Node::Inverse(_));
    let nested = setting.store.any_node(&[term], |n| matches!(n, Node::Map(Fun::Sign, _)));
    let ranked = |n: &Node| matches!(n, Node::PseudoInverse(_) | Node::Polar(_) | Node::PowerSpd(..));
    if !nested
        && !setting.store.any_node(&[term], ranked)
        && all_nonzero_at_simple_points((&sampler, &program), inverse, budget)
    {
        return true;
    }
    let generic = Trial::new(&sampler, &program, budget.seed, "guards").draw().ok();
    let open: Vec<bool> = match &generic {
        Some(drawn) if !inverse => drawn.values[0].iter().map(|v| *v != 0).collect(),
        _ => vec![true; setting.store.size(term)],
    };
    if !open.contains(&true) {
        return true;
    }
    let (ranks, zeros) = generic.map_or_else(Default::default, |d| (d.prime.ranks, d.prime.zero_signs));
    let affordable = OPERATIONS / program.operations().max(1);
    let mut random = Random::new(budget.seed, "guards");
    let mut pieces: FxHashMap<Vec<i8>, Vec<bool>> = FxHashMap::default();
    for k in 0..POINTS.min(affordable.max(2)) {
        let point = match nested {
            true => sampler.float(&mut random).and_then(|p| exactly(&p)).filter(|p| sampler.satisfied(p)),
            false => sampler.simple_near_pi(&mut random, k / 8, None),
        };
        let Some(point) = point else { continue };
        let mut domain = Intervals { zero_signs: zeros.clone(), ..Intervals::with_hints(ranks.clone()) };
        let mut embedded = embed(&mut domain, &point);
        for s in sampler.pis() {
            embedded.insert(s, vec![Interval::pi()]);
        }
        let Ok(values) = program.run(&mut domain, |s| embedded.get(&s).cloned()) else { continue };
        let left = pieces.entry(domain.trace.signs).or_insert_with(|| open.clone());
        for (left, value) in left.iter_mut().zip(&values[0]) {
            // What is plainly zero on a piece has the sign zero there in every domain.
            *left &= !inverse && value.has_zero() && !(nested && value.is_zero());
        }
        if !nested && !left.contains(&true) {
            return true;
        }
    }
    !pieces.is_empty() && pieces.values().all(|left| !left.contains(&true))
}

/// Whether each entry of a program's value is certainly not zero at one of the first points that [`all_somewhere_nonzero`]
/// looks at; for an inverse, whether it has a value at one.
fn all_nonzero_at_simple_points((sampler, program): (&Sampler, &Program), inverse: bool, budget: &Budget) -> bool {
    let affordable = (OPERATIONS / program.operations().max(1)).max(2);
    let mut random = Random::new(budget.seed, "guards");
    let mut left: Option<Vec<bool>> = None;
    (0..FIRST_POINTS.min(affordable)).any(|k| {
        let Some(point) = sampler.simple_near_pi(&mut random, k / 8, None) else { return false };
        let mut domain = Intervals::default();
        let mut embedded = embed(&mut domain, &point);
        embedded.extend(sampler.pis().map(|s| (s, vec![Interval::pi()])));
        let Ok(values) = program.run(&mut domain, |s| embedded.get(&s).cloned()) else { return false };
        let left = left.get_or_insert_with(|| vec![!inverse; values[0].len()]);
        left.iter_mut().zip(&values[0]).for_each(|(left, value)| *left &= value.has_zero());
        !left.contains(&true)
    })
}

/// A floating-point point as the rational numbers that it holds.
pub fn exactly(point: &Point<f64>) -> Option<Point<Rational>> {
    let exact = |v: &Vec<f64>| v.iter().map(|x| Rational::try_from(*x).ok()).collect::<Option<Vec<_>>>();
    point.iter().map(|(s, v)| Some((*s, exact(v)?))).collect()
}
