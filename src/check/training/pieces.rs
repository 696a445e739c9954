//! Moves that depend on factors in pieces, such as `min(1, bound / norm(g))`.
//!
//! On each piece, a choice of the signs that the factors decide, the target's move is a power product of the factors times
//! something without them. If the source's move demands another product at each of `K + 1` points of one member, on every
//! one of the `K` pieces, then whatever the factors are two of the points lie on one piece and demand different things
//! of it. The demands differ near the points as well, so that points on a kink are no way out.

use rustc_hash::FxHashMap;

use super::Asked;
use super::refute::{at_one, exponents, signs};
use crate::check::decide::{Difference, Disagreement};
use crate::check::sample::{Point, Sampler, embed};
use crate::check::witness::{Number, shown_values};
use crate::check::{Budget, replay};
use crate::domain::Rational;
use crate::domain::exact::Exact;
use crate::domain::interval::Intervals;
use crate::domain::prime::Random;
use crate::model::elaborate::Role;
use crate::term::{Program, Store, Term};
use crate::verdict::Witness;

/// Pieces are made by at most this many signs.
const MAX_SIGNS: usize = 2;
/// Points that are tried.
const TRIED: usize = 160;

/// Refutes that factors exist, as the module says.
///
/// # Errors
/// None so far; the signature is that of the other refutations.
pub fn differ(
    asked: &mut Asked,
    (left, right): (Term, Term),
    factors: &[usize],
    budget: &Budget,
) -> Result<Option<Difference>, Disagreement> {
    let kinks = signs(asked, right, factors);
    let scalar = |t: &Term| asked.problem.setting.store.shape(*t).is_empty();
    if kinks.is_empty() || kinks.len() > MAX_SIGNS || !kinks.iter().all(scalar) {
        return Ok(None);
    }
    let mut pieces = Vec::new();
    for choice in 0..1usize << kinks.len() {
        let store = &mut asked.problem.setting.store;
        let sign = |store: &mut Store, k: usize| store.num(if choice >> k & 1 == 1 { -1 } else { 1 });
        let by: FxHashMap<Term, Term> = kinks.iter().enumerate().map(|(k, t)| (*t, sign(store, k))).collect();
        let piece = store.replace(&[right], &by)[0];
        if exponents(asked, piece, factors, budget).is_none() {
            return Ok(None);
        }
        pieces.push(at_one(asked, piece, factors));
    }
    Ok(search(asked, left, &pieces, budget))
}

/// The values of the roots, exactly or in intervals, by one evaluator and then by the other.
pub(super) fn values(
    asked: &Asked,
    program: &Program,
    roots: &[Term],
    point: &Point<Rational>,
) -> Option<Vec<Vec<Number>>> {
    let wrap = |run: Vec<Vec<Rational>>| run.into_iter().map(|v| v.into_iter().map(Number::Exact).collect()).collect();
    let mut exact = Exact::with_limit(1 << 13);
    if let Ok(run) = program.run(&mut exact, |s| point.get(&s).cloned())
        && !exact.oversized()
    {
        let again =
            replay::evaluate(&asked.problem.setting.store, roots, &mut Exact::with_limit(1 << 13), point).ok()?;
        return (again == run).then(|| wrap(run));
    }
    let mut domain = Intervals::default();
    let embedded = embed(&mut domain, point);
    program.run(&mut domain, |s| embedded.get(&s).cloned()).ok()?;
    let mut domain = Intervals::default();
    let embedded = embed(&mut domain, point);
    let run = replay::evaluate(&asked.problem.setting.store, roots, &mut domain, &embedded).ok()?;
    Some(run.into_iter().map(|v| v.into_iter().map(Number::Enclosed).collect()).collect())
}

/// What a point demands: the move of the source, and that of the target on each piece.
struct Demand {
    point: Point<Rational>,
    values: Vec<Vec<Number>>,
}

impl Demand {
    /// Whether on this piece the two points certainly demand different products.
    fn differs(&self, other: &Demand, piece: usize) -> bool {
        let (l, r) = (&self.values[0], &self.values[piece + 1]);
        let (l2, r2) = (&other.values[0], &other.values[piece + 1]);
        // t r = l and t r2 = l2 have a common t only if l r2 = l2 r, entry against entry.
        (0..l.len()).any(|i| (0..l2.len()).any(|k| l[i].times(&r2[k]).differs(&l2[k].times(&r[i]))))
    }
}

fn search(asked: &Asked, left: Term, pieces: &[Term], budget: &Budget) -> Option<Difference> {
    let roots: Vec<Term> = std::iter::once(left).chain(pieces.iter().copied()).collect();
    let program = Program::new(&asked.problem.setting.store, &roots);
    let sampler = Sampler::new(&asked.problem.setting, &roots, &asked.problem.domain);
    if program.operations().saturating_mul(TRIED * 100) > budget.operations {
        return None;
    }
    let mut random = Random::new(budget.seed, "pieces");
    let mut found: Vec<Demand> = Vec::new();
    for tried in 0..TRIED {
        let Some(mut point) = sampler.simple(&mut random, tried / 50) else { continue };
        if let Some(first) = found.first() {
            for (symbol, role, discrete) in sampler.symbols() {
                if role == Role::Member || discrete {
                    point.insert(symbol, first.point.get(&symbol)?.clone());
                }
            }
            if !sampler.satisfied(&point) {
                continue;
            }
        }
        let Some(values) = values(asked, &program, &roots, &point) else { continue };
        let now = Demand { point, values };
        // A source that stands still demands nothing that can be told apart.
        if !now.values[0].iter().any(Number::nonzero) {
            continue;
        }
        if found.iter().all(|d| (0..pieces.len()).all(|p| d.differs(&now, p))) {
            found.push(now);
        }
        if found.len() > pieces.len() {
            return Some(difference(asked, &found, pieces.len()));
        }
    }
    None
}

/// Points in words.
pub(super) fn points_text(asked: &Asked, points: &[Point<Rational>]) -> String {
    let shown = |point: &Point<Rational>| {
        let given = shown_values(&asked.problem.setting, point);
        given.iter().map(|g| format!("{} = {}", g.name, g.value)).collect::<Vec<_>>().join(", ")
    };
    points.iter().map(shown).collect::<Vec<_>>().join("; ")
}

fn difference(asked: &Asked, found: &[Demand], pieces: usize) -> Difference {
    let first = &found[0];
    let others: Vec<Point<Rational>> = found[1..].iter().map(|d| d.point.clone()).collect();
    let count = found.len();
    let no_rate = format!(
        "the target's move depends on its factors in {pieces} pieces, and these {count} points demand different factors on every one of them; \
         the other points: {}",
        points_text(asked, &others)
    );
    let component =
        asked.problem.equation.components.first().and_then(|c| c.entries.first().cloned()).unwrap_or_default();
    let exact = found.iter().flat_map(|d| d.values.iter().flatten()).all(|n| matches!(n, Number::Exact(_)));
    let index = (0..first.values[0].len()).find(|&i| first.values[0][i].nonzero()).unwrap_or(0);
    let message = format!("no factors make the moves in the first step equal: {count} points demand different ones");
    let witness = Witness {
        point: shown_values(&asked.problem.setting, &first.point),
        component,
        component_index: 0,
        quantity: "the moves of the parameters in the first step".into(),
        left: first.values[0][index].text(),
        right: first.values[1][index].text(),
        no_rate: Some(no_rate),
        exact,
    };
    Difference { witness, message, residual: None }
}
