//! Points beside kinks: what lies behind a kink far out, or between two that are close, no random sample meets.

use crate::check::sample::{Point, Sampler};
use crate::check::{Setting, cells, places};
use crate::domain::Rational;
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::term::{Node, Program, SymbolId, Term};

/// Arguments of signs that are looked at, entry by entry.
const MOST: usize = 48;

/// Scalar operations of all looks.
const OPERATIONS: usize = 40_000_000;

/// So many members of a finite family are met by random points.
const MEMBERS: u64 = 8;

/// Points from which the other side of a kink is looked for.
const BASES: usize = 24;

/// Looks for the other side of one kink.
const LOOKS: usize = 240;

/// How far beside a kink its points lie, relative to the way across it.
const BESIDE: [f64; 5] = [0.3, 1e-2, 1e-4, 1e-6, 1e-9];

/// Where sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// At few points: they are proved equal.
    BesideProof,
    /// At random points and beside kinks.
    AtRandom,
    /// On every piece, too.
    OnPieces,
}

/// Points on either side of each kink of some terms, near it and nearer, and whether some kink has none: its argument is not
/// of one sign by its form, and yet no point was found on its other side.
pub fn points(setting: &Setting, roots: &[Term], sampler: &Sampler, seed: u64) -> (Vec<Point<f64>>, bool) {
    let store = &setting.store;
    let mut arguments: Vec<Term> = store
        .reachable(roots)
        .into_iter()
        .filter_map(|t| match store.node(t) {
            Node::Map(crate::domain::Fun::Sign, x) => Some(*x),
            _ => None,
        })
        .collect();
    arguments.sort_unstable();
    arguments.dedup();
    let entries: usize = arguments.iter().map(|t| store.size(*t)).sum();
    let program = Program::new(store, &arguments);
    if arguments.is_empty() || entries > MOST || program.operations().saturating_mul(entries * LOOKS) > OPERATIONS {
        return (Vec::new(), false);
    }
    let special = places::special_values(store, &arguments);
    let mut random = Random::new(seed, "kinks");
    let bases: Vec<Point<f64>> = (0..BASES)
        .filter_map(|k| match k % 3 {
            2 => places::near(sampler, &mut random, &special),
            _ => sampler.float_scaled(&mut random, [1.0, 4.0, 0.25, 64.0][k / 3 % 4]),
        })
        .collect();
    let values = |p: &Point<f64>| -> Option<Vec<f64>> {
        let run = program.run(&mut Float::default(), |s| p.get(&s).cloned()).ok()?;
        Some(run.into_iter().flatten().collect())
    };
    let valued: Vec<(&Point<f64>, Vec<f64>)> = bases.iter().filter_map(|p| Some((p, values(p)?))).collect();
    let (mut found, mut hidden) = (Vec::new(), false);
    let mut j = 0;
    for argument in &arguments {
        let bounds = store.bounds(*argument);
        let one_sign = bounds.nonnegative() || bounds.negative();
        for _ in 0..store.size(*argument) {
            let at = |p: &Point<f64>| values(p).map(|v| v[j]);
            let Some((first, here)) = valued.iter().map(|(p, v)| (*p, v[j])).find(|(_, v)| *v != 0.0) else {
                j += 1;
                continue;
            };
            let other = valued.iter().find(|(p, v)| v[j] * here < 0.0 && same_member(sampler, first, p));
            let beyond = match other {
                Some((p, _)) => Some((first.clone(), (*p).clone())),
                None if one_sign => None,
                None => across(sampler, &valued, &special, &mut random, (j, &at)),
            };
            match beyond {
                Some((from, to)) => found.extend(beside(sampler, &from, &to, &at)),
                None => hidden |= !one_sign,
            }
            j += 1;
        }
    }
    (found, hidden)
}

/// A point on each piece of some terms, and whether some piece has none that was found, though it may exist, or the pieces are
/// not known.
pub fn on_pieces(setting: &Setting, roots: &[Term], sampler: &Sampler) -> (Vec<Point<f64>>, bool) {
    let program = Program::new(&setting.store, roots);
    let signs = |p: &Point<f64>| {
        let mut float = Float::default();
        program.run(&mut float, |s| p.get(&s).cloned()).ok()?;
        Some(float.trace.signs)
    };
    let (mut found, mut unmet) = (Vec::new(), false);
    let (members, exhaustive) = sampler.members();
    if !exhaustive {
        return (found, true);
    }
    let Some(pieces) = cells::pieces(setting, roots, &sampler.constraints) else {
        // Of pieces that are not known some may be met by no point.
        let kinks = setting.store.any_node(roots, |n| matches!(n, Node::Map(crate::domain::Fun::Sign, _)));
        return (found, kinks || members > MEMBERS);
    };
    for piece in pieces.all {
        let lies_there = |p: &Point<f64>| {
            let same = |(a, b): (&i8, &i8)| *b == 0 || a == b;
            sampler.inside_float(p, p) && signs(p).is_some_and(|s| s.iter().zip(&piece.signs).all(same))
        };
        match piece.points.iter().find(|p| lies_there(p)) {
            Some(p) => found.push(p.clone()),
            None => unmet = true,
        }
    }
    (found, unmet)
}

fn same_member(sampler: &Sampler, p: &Point<f64>, q: &Point<f64>) -> bool {
    sampler.symbols().filter(|x| x.2).all(|x| p.get(&x.0) == q.get(&x.0))
}

type Side = (Point<f64>, Point<f64>);

/// The argument of a sign at a point.
type Argument<'a> = &'a dyn Fn(&Point<f64>) -> Option<f64>;

/// A point of the domain on the other side of kink `j`, with the one it was reached from: some entries far out, close to zero
/// or at numbers of the text.
fn across(
    sampler: &Sampler,
    valued: &[(&Point<f64>, Vec<f64>)],
    special: &[Rational],
    random: &mut Random,
    (j, at): (usize, Argument<'_>),
) -> Option<Side> {
    let mut symbols: Vec<SymbolId> = sampler.movable().collect();
    symbols.sort_unstable();
    for look in 0..LOOKS {
        let (base, values) = valued.get(look % valued.len().max(1))?;
        if values[j] == 0.0 {
            continue;
        }
        let mut point = (*base).clone();
        if look % 4 == 0 {
            if let Some(there) = descend(sampler, base, &symbols, random, at) {
                return Some(((*base).clone(), there));
            }
            continue;
        }
        let power = 10f64.powi(random.below(25) as i32 - 12);
        for s in &symbols {
            for x in point.get_mut(s)? {
                match random.below(4) {
                    0 => {}
                    1 if !special.is_empty() => {
                        let q = special[random.below(special.len() as u64) as usize].to_f64().value();
                        *x = q + (2.0 * random.unit() - 1.0) * power.min(1.0);
                    }
                    2 => *x *= -power,
                    _ => *x *= power,
                }
            }
        }
        if sampler.inside_float(&point, base) && at(&point).is_some_and(|v| v * values[j] < 0.0) {
            return Some(((*base).clone(), point));
        }
    }
    None
}

/// A point on the other side of a kink, by steps of Newton's method in one entry at a time that go beyond the zero.
fn descend(
    sampler: &Sampler,
    base: &Point<f64>,
    symbols: &[SymbolId],
    random: &mut Random,
    at: Argument<'_>,
) -> Option<Point<f64>> {
    const STEPS: usize = 6;
    let start = at(base)?;
    let mut point = base.clone();
    for _ in 0..STEPS {
        let s = symbols.get(random.below(symbols.len().max(1) as u64) as usize)?;
        let n = point.get(s)?.len().max(1) as u64;
        let i = random.below(n) as usize;
        let here = at(&point)?;
        let x = *point.get(s)?.get(i)?;
        let h = 1e-5 * x.abs().max(1e-3);
        *point.get_mut(s)?.get_mut(i)? = x + h;
        let slope = (at(&point)? - here) / h;
        let next = x - 1.5 * here / slope;
        *point.get_mut(s)?.get_mut(i)? = if next.is_finite() { next } else { x };
        if !sampler.inside_float(&point, base) {
            *point.get_mut(s)?.get_mut(i)? = x;
            continue;
        }
        if at(&point)? * start < 0.0 {
            return Some(point);
        }
    }
    None
}

/// Points on the way from one side of a kink to the other, beside the place where it is crossed.
fn beside(sampler: &Sampler, from: &Point<f64>, to: &Point<f64>, at: Argument<'_>) -> Vec<Point<f64>> {
    let between = |t: f64| places::between(from, to, t);
    let mut points = vec![to.clone()];
    let Some((lo, hi)) = places::crossing(|t| at(&between(t))) else { return points };
    for step in BESIDE {
        // Beside the kink by a part of what its own place is, so that narrow pieces at large numbers are met, too.
        for t in [lo - step, hi + step] {
            let point = between(t);
            if sampler.inside_float(&point, from) {
                points.push(point);
            }
        }
    }
    points
}
