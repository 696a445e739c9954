//! Moves that depend on factors in pieces, such as `min(1, bound / norm(g))`.
//!
//! On each piece, a choice of the signs that the factors decide, each part of the target's move is a power product of the
//! factors times something without them. Whatever the factors are, every point lies on some piece, and there the source's
//! move demands the value of that product. Points of one member for which every choice of a piece each leads to
//! contradicting demands refute all factors at once. The demands differ near the points as well, so that points on a kink
//! are no way out, unless some factor puts a whole neighbourhood on it, as `sign(c * k - 4)` with a constant `k`: so zero is
//! a third choice of a sign, and its argument `p + c q = 0` demands that factor. Where signs are taken entry by entry, two
//! entries of the block are looked at.

use rustc_hash::FxHashMap;

use super::Asked;
use super::entries::Entries;
use super::powers::{Choice, affine, at_one, choices_of_signs, exponents, signs};
use super::regular::Regular;
use crate::check::Budget;
use crate::check::decide::Difference;
use crate::check::sample::{Point, embed};
use crate::check::witness::{Number, shown_values};
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::domain::{Fun, Rational};
use crate::model::elaborate::Role;
use crate::term::{Node, Program, SymbolId, Term};
use crate::verdict::Witness;

/// Pieces are made by at most this many signs.
const MAX_SIGNS: usize = 3;
/// Ways in which points may lie on pieces; points that leave more of them show nothing.
const MAX_WAYS: usize = 20_000;
/// Points that are tried.
const TRIED: usize = 160;
/// Points that are looked at together.
const TOGETHER: usize = 5;
/// Some points are closer to zero by this factor.
const SMALL: u64 = 64;
/// Entries of a block among which two are chosen, and so many pairs of them.
const MAX_ENTRIES: usize = 48;
const MAX_PAIRS: usize = 12;
/// Entries that are looked at alone.
const MAX_SINGLE: usize = 2;
/// Halvings of a way between two points.
const HALVINGS: usize = 26;

/// A part of the moves: that of the source, and that of the target without its factors; places in the list of roots.
#[derive(Debug, Clone)]
struct Part {
    /// The number of the first entry; none for the argument of a sign.
    first: Option<usize>,
    exponents: Vec<Rational>,
    left: usize,
    right: usize,
}

/// Refutes that factors exist, as the module says.
pub fn differ(
    asked: &mut Asked,
    (left, right): (Term, Term),
    (factors, quantity): (&[usize], &str),
    budget: &Budget,
) -> Option<Difference> {
    let kinks = signs(asked, right, factors);
    let scalar = |t: &Term| asked.problem.setting.store.shape(*t).is_empty();
    if kinks.iter().all(scalar) {
        return on_pieces(asked, &[(0, left, right)], (factors, quantity), TRIED, budget);
    }
    let count = asked.problem.setting.store.size(right).min(MAX_ENTRIES);
    let mut pairs: Vec<(usize, usize)> = (0..count).flat_map(|k| (0..k).map(move |i| (i, k))).collect();
    // Entries far apart belong to different units most often.
    pairs.sort_by_key(|(i, k)| std::cmp::Reverse(k - i));
    let mut entries = Entries::default();
    for i in (0..count).take(MAX_SINGLE) {
        let store = &mut asked.problem.setting.store;
        let part = (i, entries.of(store, left, i), entries.of(store, right, i));
        if let Some(found) = on_pieces(asked, &[part], (factors, quantity), TRIED / 4, budget) {
            return Some(found);
        }
    }
    for (i, k) in pairs.into_iter().take(MAX_PAIRS) {
        let store = &mut asked.problem.setting.store;
        let parts = [i, k].map(|i| (i, entries.of(store, left, i), entries.of(store, right, i)));
        if let Some(found) = on_pieces(asked, &parts, (factors, quantity), TRIED / 4, budget) {
            return Some(found);
        }
    }
    None
}

/// Refutes factors that make these parts of the moves equal: each with the number of its first entry, the source's move and
/// the target's.
fn on_pieces(
    asked: &mut Asked,
    parts: &[(usize, Term, Term)],
    (factors, quantity): (&[usize], &str),
    tried: usize,
    budget: &Budget,
) -> Option<Difference> {
    let mut kinks: Vec<Term> = parts.iter().flat_map(|(_, _, right)| signs(asked, *right, factors)).collect();
    kinks.sort_unstable();
    kinks.dedup();
    if kinks.len() > MAX_SIGNS || !kinks.iter().all(|t| asked.problem.setting.store.shape(*t).is_empty()) {
        return None;
    }
    let mut roots: Vec<Term> = parts.iter().map(|(_, left, _)| *left).collect();
    let mut pieces = Vec::new();
    for Choice { zero, by } in choices_of_signs(&mut asked.problem.setting.store, &kinks) {
        let mut piece = Vec::new();
        for &kink in &zero {
            piece.extend(zero_part(asked, kink, &by, factors, &mut roots, budget));
        }
        for (i, (first, _, right)) in parts.iter().enumerate() {
            let smooth = asked.problem.setting.store.replace(&[*right], &by)[0];
            let Some(exponents) = exponents(asked, smooth, factors, budget) else {
                if zero.is_empty() {
                    return None;
                }
                continue;
            };
            roots.push(at_one(asked, smooth, factors));
            piece.push(Part { first: Some(*first), exponents, left: i, right: roots.len() - 1 });
        }
        pieces.push(piece);
    }
    search(asked, &roots, &pieces, (tried, quantity), budget)
}

/// What the argument of a sign demands of the factors where it vanishes near a point, if it is a power product of them times
/// something, or a sum `p + c q` of two such.
fn zero_part(
    asked: &mut Asked,
    kink: Term,
    by: &FxHashMap<Term, Term>,
    factors: &[usize],
    roots: &mut Vec<Term>,
    budget: &Budget,
) -> Option<Part> {
    let Node::Map(Fun::Sign, argument) = *asked.problem.setting.store.node(kink) else { return None };
    let argument = asked.problem.setting.store.replace(&[argument], by)[0];
    let mut demand = |asked: &mut Asked, exponents, left: Term, right: Term| {
        let right = at_one(asked, right, factors);
        roots.extend([left, right]);
        Some(Part { first: None, exponents, left: roots.len() - 2, right: roots.len() - 1 })
    };
    if let Some(exponents) = exponents(asked, argument, factors, budget) {
        let zero = asked.problem.setting.store.num(0);
        return demand(asked, exponents, zero, argument);
    }
    for (k, &j) in factors.iter().enumerate() {
        let Some((constant, slope)) = affine(asked, argument, j, budget) else { continue };
        let (Some(a), Some(b)) =
            (exponents(asked, constant, factors, budget), exponents(asked, slope, factors, budget))
        else {
            continue;
        };
        let mut both: Vec<Rational> = a.iter().zip(&b).map(|(a, b)| b - a).collect();
        both[k] += Rational::ONE;
        let constant = at_one(asked, constant, factors);
        let minus = asked.problem.setting.store.neg(constant);
        return demand(asked, both, minus, slope);
    }
    None
}

/// The moves at a point.
struct Demand {
    /// The number of the try.
    id: usize,
    point: Point<Rational>,
    values: Vec<Vec<Number>>,
}

impl Demand {
    /// Whether the demands of two points, or of one, certainly contradict each other if both lie on the given pieces.
    fn contradicts(&self, mine: &[Part], other: &Demand, theirs: &[Part]) -> bool {
        mine.iter().any(|a| {
            theirs.iter().filter(|b| a.exponents == b.exponents).any(|b| {
                let (l, r) = (&self.values[a.left], &self.values[a.right]);
                let (l2, r2) = (&other.values[b.left], &other.values[b.right]);
                // t r = l and t r2 = l2 have a common t only if l r2 = l2 r, entry against entry.
                (0..l.len()).any(|i| (0..l2.len()).any(|k| l[i].times(&r2[k]).differs(&l2[k].times(&r[i]))))
            })
        })
    }

    /// Whether the point cannot lie on a piece at all: a positive factor takes nothing to zero, and zero to nothing else.
    fn impossible(&self, piece: &[Part]) -> bool {
        let alone = piece.iter().any(|a| {
            let sides = self.values[a.left].iter().zip(&self.values[a.right]);
            let fixed = a.exponents.iter().all(Rational::is_zero);
            sides.clone().any(|(l, r)| {
                l.zero() && r.nonzero() || l.nonzero() && r.zero() || l.times(r).negative() || fixed && l.differs(r)
            })
        });
        alone || self.contradicts(piece, self, piece)
    }
}

/// Which points may lie on which pieces together. Entries are compared with entries once, and asked for in many ways.
struct Ways<'a> {
    pieces: &'a [Vec<Part>],
    alone: FxHashMap<(usize, usize), bool>,
    beside: FxHashMap<(usize, usize, usize, usize), bool>,
}

impl Ways<'_> {
    fn fits_alone(&mut self, point: &Demand, piece: usize) -> bool {
        let pieces = self.pieces;
        *self.alone.entry((point.id, piece)).or_insert_with(|| !point.impossible(&pieces[piece]))
    }

    fn fit(&mut self, (a, on): (&Demand, usize), (b, other): (&Demand, usize)) -> bool {
        let pieces = self.pieces;
        let found = self.beside.entry((a.id, on, b.id, other));
        *found.or_insert_with(|| !a.contradicts(&pieces[on], b, &pieces[other]))
    }

    /// In how many ways all points may lie on pieces together, one each; no more than a limit are counted.
    fn count(&mut self, found: &[Demand], chosen: &mut Vec<usize>, count: &mut usize) {
        if *count > MAX_WAYS {
            return;
        }
        if chosen.len() == found.len() {
            *count += 1;
            return;
        }
        let now = &found[chosen.len()];
        for k in 0..self.pieces.len() {
            if self.fits_alone(now, k) && (0..chosen.len()).all(|i| self.fit((&found[i], chosen[i]), (now, k))) {
                chosen.push(k);
                self.count(found, chosen, count);
                chosen.pop();
            }
        }
    }
}

/// Points that refute every choice of pieces; each that is kept leaves fewer of them.
fn search(
    asked: &Asked,
    roots: &[Term],
    pieces: &[Vec<Part>],
    (tries, quantity): (usize, &str),
    budget: &Budget,
) -> Option<Difference> {
    let regular = Regular::new(asked, roots, budget);
    let sampler = &regular.sampler;
    if regular.program.operations().saturating_mul(tries * 100) > budget.operations {
        return None;
    }
    let moved = Program::new(&asked.problem.setting.store, &roots[..1]);
    let mut random = Random::new(budget.seed, "pieces");
    let mut found: Vec<Demand> = Vec::new();
    let mut left = f64::INFINITY;
    let mut ways = Ways { pieces, alone: FxHashMap::default(), beside: FxHashMap::default() };
    for tried in 0..tries {
        let Some(mut point) = sampler.simple(&mut random, tried * 3 / tries) else { continue };
        // Close to zero thresholds are not reached.
        if tried % 3 == 2 {
            let members: Vec<SymbolId> = sampler.symbols().filter(|x| x.1 == Role::Member).map(|x| x.0).collect();
            let small = Rational::from_parts(1.into(), SMALL.into());
            for symbol in sampler.movable().filter(|s| !members.contains(s)) {
                point.get_mut(&symbol)?.iter_mut().for_each(|x| *x *= &small);
            }
            if !sampler.satisfied(&point) {
                continue;
            }
        }
        if found.first().is_some_and(|first| !regular.beside(&first.point, &mut point)) {
            continue;
        }
        // Where the move changes its sign something smaller than a bound may be met.
        if tried % 4 == 1
            && let Some(first) = found.first()
            && let Some(between) = crossing(regular.sampler.movable(), &moved, (&first.point, &point))
        {
            point = between;
            if !sampler.satisfied(&point) {
                continue;
            }
        }
        let Some(values) = regular.values(&point) else { continue };
        found.push(Demand { id: tried, point, values });
        let mut count = 0;
        ways.count(&found, &mut Vec::new(), &mut count);
        if count == 0 {
            return difference(asked, &found, pieces, quantity);
        }
        // One more point multiplies the choices by the pieces that it may lie on.
        let share = count as f64 / (pieces.len() as f64).powi(found.len() as i32);
        if share < left && count <= MAX_WAYS && found.len() < TOGETHER {
            left = share;
        } else {
            found.pop();
        }
    }
    None
}

/// A point on the way between two others at which the first entry of a program nearly vanishes, if its sign changes there.
fn crossing(
    movable: impl Iterator<Item = SymbolId>,
    program: &Program,
    (from, to): (&Point<Rational>, &Point<Rational>),
) -> Option<Point<Rational>> {
    let sign = |point: &Point<Rational>| {
        let mut domain = Float::default();
        let embedded = embed(&mut domain, point);
        let values = program.run(&mut domain, |s| embedded.get(&s).cloned()).ok()?;
        Some(*values.first()?.first()? > 0.0)
    };
    let movable: Vec<SymbolId> = movable.collect();
    let (mut low, mut high) = (from.clone(), to.clone());
    let (below, above) = (sign(&low)?, sign(&high)?);
    if below == above {
        return None;
    }
    let half = Rational::from_parts(1.into(), 2u8.into());
    for _ in 0..HALVINGS {
        let mut middle = low.clone();
        for s in &movable {
            let (Some(a), Some(b)) = (middle.get_mut(s), high.get(s)) else { continue };
            a.iter_mut().zip(b).for_each(|(x, y)| *x = (&*x + y) * &half);
        }
        match sign(&middle)? == below {
            true => low = middle,
            false => high = middle,
        }
    }
    Some(low)
}

/// Points in words.
pub(super) fn points_text(asked: &Asked, points: &[Point<Rational>]) -> String {
    let shown = |point: &Point<Rational>| {
        let given = shown_values(&asked.problem.setting, point);
        given.iter().map(|g| format!("{} = {}", g.name, g.value)).collect::<Vec<_>>().join(", ")
    };
    points.iter().map(shown).collect::<Vec<_>>().join("; ")
}

fn difference(asked: &Asked, found: &[Demand], pieces: &[Vec<Part>], quantity: &str) -> Option<Difference> {
    let first = &found[0];
    let others: Vec<Point<Rational>> = found[1..].iter().map(|d| d.point.clone()).collect();
    let (count, many) = (found.len(), pieces.len());
    let points = match count {
        1 => "this point demands contradicting factors".to_owned(),
        _ => format!("these {count} points demand contradicting factors"),
    };
    let others =
        if others.is_empty() { String::new() } else { format!("; the other points: {}", points_text(asked, &others)) };
    let no_rate = format!(
        "the target's move depends on its factors in {many} pieces, and {points} whichever of them they lie on{others}"
    );
    let exact = found.iter().flat_map(|d| d.values.iter().flatten()).all(|n| matches!(n, Number::Exact(_)));
    let moves = || pieces.iter().flatten().filter_map(|p| Some((p, p.first?)));
    let shown = moves().find_map(|(p, start)| {
        let (l, r) = (&first.values[p.left], &first.values[p.right]);
        (0..l.len()).find(|&i| l[i].differs(&r[i])).map(|i| (p, start, i))
    });
    let (part, start, index) = shown.or_else(|| moves().next().map(|(p, start)| (p, start, 0)))?;
    let (left, right) = (first.values[part.left][index].text(), first.values[part.right][index].text());
    let labels = asked.problem.equation.components.first().map(|c| &c.entries);
    let component = labels.and_then(|l| l.get(start + index).cloned()).unwrap_or_default();
    let message = match count {
        1 => format!("no factors make {quantity} equal: at one point they demand different ones"),
        _ => format!("no factors make {quantity} equal: {count} points demand different ones"),
    };
    let witness = Witness {
        point: shown_values(&asked.problem.setting, &first.point),
        component,
        component_index: 0,
        quantity: quantity.to_owned(),
        left,
        right,
        no_rate: Some(no_rate),
        exact,
    };
    Some(Difference { witness, message, residual: None })
}
