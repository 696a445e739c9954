//! Moves that depend on factors in any way: all positive factors are searched, in intervals.
//!
//! Factors that stand in front of the whole move are one unknown number `μ > 0`, so that `left = μ h(c)` for few other factors
//! `c`. Their values, from nothing to beyond all bounds, are cut into boxes: numbers between powers of two, and beside
//! them those that are smaller or larger than one, as powers of small unknowns ([`crate::domain::scaled`]). A box is excluded
//! where two of the equations, from entries of one block at points of one member, certainly leave no `μ`; whatever is not
//! excluded is cut in two. If all are, there are no factors. A sign that is open is any number between -1 and 1, so that factors
//! which put a point on a kink are excluded with the others.

use super::Asked;
use super::linear::difference;
use super::powers::{at_one, exponents, with_free};
use super::regular::Regular;
use crate::check::decide::Difference;
use crate::check::sample::Point;
use crate::check::witness::Number;
use crate::check::{Budget, replay};
use crate::domain::interval::Interval;
use crate::domain::prime::Random;
use crate::domain::scaled::{Scaled, Scales, UNKNOWNS};
use crate::domain::{Domain, Rational};
use crate::term::{Program, Store, SymbolId, Term};

/// Points of one member, at most.
const TOGETHER: usize = 4;
/// Members that are tried.
const TRIED: usize = 4;
/// Entries of a block that are looked at.
const MAX_ENTRIES: usize = 12;
/// Boxes for each point that is looked at.
const MAX_BOXES: usize = 500;
/// A factor beyond two to this, or below one over it, is very large or small at first, and at most.
const FIRST: f64 = 16.0;
const LAST: f64 = 128.0;
/// Boxes are not cut below this ratio of their ends, as a logarithm.
const NARROW: f64 = 1e-9;
/// Factors that are told apart; to prove how one stands in a move costs so many evaluations of it.
const MAX_FACTORS: usize = 6;
const PROOF: usize = 64;

const WHY: &str = "whatever the factors are, two of the entries here contradict each other: all positive values were excluded, in intervals that cover them";

/// Values of one factor: logarithms to the base two.
#[derive(Debug, Clone, Copy)]
enum Range {
    Between(f64, f64),
    /// Less than `2^-t`.
    Below(f64),
    /// More than `2^t`.
    Above(f64),
}

impl Range {
    fn halves(self) -> Option<[Range; 2]> {
        Some(match self {
            Range::Between(a, b) if b - a < NARROW => return None,
            Range::Between(a, b) => {
                let middle = f64::midpoint(a, b);
                [Range::Between(a, middle), Range::Between(middle, b)]
            }
            Range::Below(t) | Range::Above(t) if t >= LAST => return None,
            Range::Below(t) => [Range::Between(-2.0 * t, -t), Range::Below(2.0 * t)],
            Range::Above(t) => [Range::Between(t, 2.0 * t), Range::Above(2.0 * t)],
        })
    }

    /// How much there is to cut.
    fn width(self) -> f64 {
        match self {
            Range::Between(a, b) => b - a,
            Range::Below(t) | Range::Above(t) if t >= LAST => 0.0,
            Range::Below(_) | Range::Above(_) => 1.0,
        }
    }
}

/// Refutes that factors exist, as the module says.
pub fn differ(
    asked: &mut Asked,
    (left, right): (Term, Term),
    (factors, quantity): (&[usize], &str),
    budget: &Budget,
) -> Option<Difference> {
    let read = asked.problem.setting.store.free_symbols(&[right]);
    let used: Vec<usize> = factors.iter().copied().filter(|&j| read.contains(&asked.factors[j].symbol)).collect();
    let operations = Program::new(&asked.problem.setting.store, &[right]).operations().max(1);
    let proofs = PROOF.saturating_mul(operations * used.len());
    if used.len() > MAX_FACTORS || proofs > asked.searches {
        return None;
    }
    asked.searches -= proofs;
    let mut in_front = Vec::new();
    for &j in &used {
        let others: Vec<SymbolId> = used.iter().filter(|k| **k != j).map(|&k| asked.factors[k].symbol).collect();
        if with_free(asked, &others, |asked| exponents(asked, right, &[j], budget)).is_some() {
            in_front.push(j);
        }
    }
    let inside: Vec<usize> = used.iter().copied().filter(|j| !in_front.contains(j)).collect();
    if inside.is_empty() || inside.len() > UNKNOWNS {
        return None;
    }
    let move_of = at_one(asked, right, &in_front);
    let plain = at_one(asked, move_of, &inside);
    // Half of what is left: others may need theirs.
    let one = TOGETHER * operations;
    let mut boxes = (asked.searches / 2 / one).min(MAX_BOXES * TOGETHER * TRIED);
    let given = boxes;
    let found = search(asked, (left, plain, move_of), (&in_front, &inside), (quantity, &mut boxes), budget);
    asked.searches -= (given - boxes) * one;
    found
}

/// Points at which no factors inside of the move work.
fn search(
    asked: &Asked,
    (left, plain, move_of): (Term, Term, Term),
    (in_front, inside): (&[usize], &[usize]),
    (quantity, boxes): (&str, &mut usize),
    budget: &Budget,
) -> Option<Difference> {
    let regular = Regular::new(asked, &[left, plain], budget);
    let search = Search {
        store: &asked.problem.setting.store,
        program: Program::new(&asked.problem.setting.store, &[move_of]),
        root: move_of,
        symbols: inside.iter().map(|&j| asked.factors[j].symbol).collect(),
        free: !in_front.is_empty(),
    };
    let mut random = Random::new(budget.seed, "boxes");
    for tried in 0..TRIED {
        let mut points: Vec<Point<Rational>> = Vec::new();
        let mut equations: Vec<Vec<Number>> = Vec::new();
        let mut shown = None;
        for _ in 0..2 * TOGETHER {
            if points.len() == TOGETHER || *boxes == 0 || budget.expired() {
                break;
            }
            let Some((point, values)) = regular.draw(&mut random, 1 + tried % 3, &points) else { continue };
            if !values[0].iter().any(Number::nonzero) {
                continue;
            }
            equations.push(values[0].clone());
            points.push(point);
            shown.get_or_insert(values);
            if search.excludes_all((&points, &equations), boxes) {
                return difference(asked, &points, &shown?, (quantity, WHY));
            }
        }
    }
    None
}

/// What is searched.
struct Search<'a> {
    store: &'a Store,
    program: Program,
    root: Term,
    /// The factors that are not in front.
    symbols: Vec<SymbolId>,
    /// Whether the moves may be multiplied by any positive number.
    free: bool,
}

impl Search<'_> {
    /// Whether no box is left, within a number of boxes.
    fn excludes_all(&self, given: (&[Point<Rational>], &[Vec<Number>]), boxes: &mut usize) -> bool {
        let ranges = [Range::Between(-FIRST, FIRST), Range::Below(FIRST), Range::Above(FIRST)];
        let mut open: Vec<Vec<Range>> = vec![Vec::new()];
        for _ in &self.symbols {
            open = open.iter().flat_map(|b| ranges.map(|r| [&b[..], &[r]].concat())).collect();
        }
        let mut left = MAX_BOXES * given.0.len();
        while let Some(now) = open.pop() {
            if left == 0 || *boxes == 0 {
                return false;
            }
            left -= 1;
            *boxes -= 1;
            if self.excludes(&now, given, false) && self.excludes(&now, given, true) {
                continue;
            }
            let widest = (0..now.len()).max_by(|&a, &b| now[a].width().total_cmp(&now[b].width()));
            let Some((k, halves)) = widest.and_then(|k| Some((k, now[k].halves()?))) else { return false };
            for half in halves {
                let mut part = now.clone();
                part[k] = half;
                open.push(part);
            }
        }
        true
    }

    /// Whether a box has no factors that work, by one evaluator or the other.
    fn excludes(&self, ranges: &[Range], (points, wanted): (&[Point<Rational>], &[Vec<Number>]), again: bool) -> bool {
        let mut domain = Scales::default();
        let mut factors: Vec<Scaled> = Vec::new();
        for (k, range) in ranges.iter().enumerate() {
            factors.push(match *range {
                // Powers of two that are no whole ones are rounded, and outward by far more than that.
                Range::Between(a, b) => Scaled::new(Interval::new(a.exp2() * (1.0 - 1e-12), b.exp2() * (1.0 + 1e-12))),
                Range::Below(t) | Range::Above(t) => {
                    domain.bounds[k] = t;
                    Scaled::unknown(k, matches!(range, Range::Above(_)))
                }
            });
        }
        let mut equations: Vec<(Scaled, Scaled)> = Vec::new();
        for (point, wanted) in points.iter().zip(wanted) {
            let mut embedded: Point<Scaled> = (point.iter())
                .map(|(s, v)| (*s, v.iter().map(|q| Scaled::new(Interval::enclose(q))).collect()))
                .collect();
            embedded.extend(self.symbols.iter().copied().zip(factors.iter().map(|f| vec![*f])));
            let run = match again {
                false => self.program.run(&mut domain, |s| embedded.get(&s).cloned()).ok(),
                true => replay::evaluate(self.store, &[self.root], &mut domain, &embedded).ok(),
            };
            let Some(moves) = run.and_then(|mut r| r.pop()) else { continue };
            equations.extend(wanted.iter().zip(moves).take(MAX_ENTRIES).map(|(l, h)| (Scaled::new(l.interval()), h)));
        }
        let certain = |x: Interval| !x.has_zero() && x.magnitude().is_finite();
        let apart = |domain: &Scales, a: &Scaled, b: &Scaled| certain(domain.sub(a, b).value());
        if !self.free {
            return equations.iter().any(|(l, h)| apart(&domain, l, h));
        }
        // left = μ h: both are zero or of one sign, and the quotients of all equations are equal.
        let alone = |(l, h): &(Scaled, Scaled)| {
            let (l, h) = (l.value(), h.value());
            let product = l.times(&h);
            certain(product) && product.hi() < 0.0 || l.is_zero() && certain(h) || certain(l) && h.is_zero()
        };
        equations.iter().any(alone)
            || equations.iter().enumerate().any(|(i, (l, h))| {
                equations[..i].iter().any(|(m, g)| apart(&domain, &domain.mul(l, g), &domain.mul(m, h)))
            })
    }
}
