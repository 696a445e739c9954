//! Claims of full rank: refuted in a prime field, where a rank is never too small, and proved by a real point.

use super::claims::Claimed;
use crate::check::field::{Drawn, Trial};
use crate::check::sample::{Point, Sampler, embed};
use crate::check::{Budget, Problem, places, singular};
use crate::domain::float::Float;
use crate::domain::interval::Intervals;
use crate::domain::prime::{Random, Signs};
use crate::domain::{Rational, linear};
use crate::model::elaborate::Role;
use crate::term::{Program, SymbolId, Term};
use crate::verdict::{Evidence, Finding, Verdict};

/// Sizes of the boxes in which pieces are looked for.
const SCALES: [f64; 8] = [1.0, 4.0, 1.0, 64.0, 1.0, 1e3, 1e6, 1e9];

/// Points drawn in the search for pieces.
const DRAWS: usize = 128;

/// Real points on one piece that may confirm its rank.
const CONFIRMING: usize = 6;

/// Scalar operations of the search for special members.
const OPERATIONS: usize = 40_000_000;

/// A Jacobian that is claimed to have full rank.
struct Jacobian<'a> {
    sampler: Sampler,
    program: Program,
    rows: usize,
    cols: usize,
    rank: usize,
    budget: &'a Budget,
}

/// A piece that occurs, with the discrete members at which it does, and points on it.
struct Piece {
    signs: Vec<i8>,
    members: Vec<Vec<f64>>,
    points: Vec<Point<f64>>,
}

/// Decides the claim that the Jacobian has the given rank at generic points, for every member.
pub(super) fn full_rank(
    problem: &mut Problem,
    (j, rank, what): (Term, usize, &str),
    name: &str,
    budget: &Budget,
) -> Claimed {
    let sampler = Sampler::new(&problem.setting, &[j], &problem.domain);
    let program = Program::new(&problem.setting.store, &[j]);
    let (rows, cols) = (problem.setting.store.shape(j)[0], problem.setting.store.shape(j)[1]);
    let jacobian = Jacobian { sampler, program, rows, cols, rank, budget };
    let special = places::special_values(&problem.setting.store, &[j]);
    let pieces = jacobian.pieces(&special);
    if pieces.is_empty() {
        return Claimed::Sampled(format!("the Jacobian of `{name}` has full rank: could not be tried at any point"));
    }
    let mut proved = true;
    for piece in &pieces {
        let (best, exact) = jacobian.rank_on(piece);
        if best < rank {
            let place = if piece.signs.is_empty() { "random points" } else { "random points of a piece" };
            let message = format!("`{name}` is not {what}: the rank of its Jacobian is {best} at {place}, not {rank}");
            return Claimed::Broken(Box::new(Finding::new(Verdict::Invalid, Evidence::Claim, message)));
        }
        proved &= exact || piece.points.iter().any(|p| jacobian.confirmed_at(p));
    }
    if let Some((member, found)) = jacobian.special_member(problem, &special) {
        let message =
            format!("`{name}` is not {what} for {member}: the rank of its Jacobian is {found} there, not {rank}");
        return Claimed::Broken(Box::new(Finding::new(Verdict::Invalid, Evidence::Claim, message)));
    }
    if proved {
        return Claimed::Proved;
    }
    Claimed::Sampled(format!("the Jacobian of `{name}` has full rank: holds on the pieces tried, not proved"))
}

impl Jacobian<'_> {
    /// Pieces and discrete members that occur, near and far.
    fn pieces(&self, special: &[Rational]) -> Vec<Piece> {
        let mut random = Random::new(self.budget.seed, "rank");
        let discrete: Vec<SymbolId> = self.sampler.symbols().filter(|x| x.2).map(|x| x.0).collect();
        let mut pieces: Vec<Piece> = Vec::new();
        for draw in 0..DRAWS {
            let point = match draw % 3 {
                2 => places::near(&self.sampler, &mut random, special),
                _ => self.sampler.float_scaled(&mut random, SCALES[draw % SCALES.len()]),
            };
            let Some(point) = point else { continue };
            let mut float = Float::default();
            if self.program.run(&mut float, |s| point.get(&s).cloned()).is_err() {
                continue;
            }
            let members: Vec<Vec<f64>> = discrete.iter().map(|s| point[s].clone()).collect();
            let signs = float.trace.signs;
            match pieces.iter_mut().find(|p| p.signs == signs && p.members == members) {
                Some(piece) if piece.points.len() < CONFIRMING => piece.points.push(point),
                Some(_) => {}
                None => pieces.push(Piece { signs, members, points: vec![point] }),
            }
        }
        pieces
    }

    /// The rank at generic points of a piece, as a prime field sees it: never too small. Also whether it is exact.
    fn rank_on(&self, piece: &Piece) -> (usize, bool) {
        let discrete = self.sampler.symbols().filter(|x| x.2).map(|x| x.0);
        let rational = |v: &f64| Rational::from(*v as i64);
        let keep: Point<Rational> =
            discrete.zip(&piece.members).map(|(s, v)| (s, v.iter().map(rational).collect())).collect();
        let pinned = Signs::Pinned(piece.signs.clone());
        let (mut best, mut exact) = (0, false);
        for seed in 0..3 {
            let label = format!("rank/{seed}");
            let trial = Trial::new(&self.sampler, &self.program, self.budget.seed, &label);
            let Ok(drawn) = (Trial { signs: &pinned, keep: Some(&keep), ..trial }).draw() else { continue };
            let free = drawn.prime.atoms || !piece.signs.is_empty();
            let rank = self.rank_of(drawn);
            if rank >= best {
                (best, exact) = (rank, !free);
            }
        }
        (best, exact)
    }

    fn rank_of(&self, drawn: Drawn) -> usize {
        let Drawn { mut prime, values, .. } = drawn;
        prime.ranks.clear();
        match linear::pseudo_inverse(&mut prime, &values[0], self.rows, self.cols) {
            Ok(_) => prime.ranks.first().copied().unwrap_or(0),
            Err(_) => 0,
        }
    }

    /// Whether the rank is certainly full at a point, in intervals.
    fn confirmed_at(&self, point: &Point<f64>) -> bool {
        let exact = |v: &Vec<f64>| v.iter().map(|x| Rational::try_from(*x).ok()).collect::<Option<Vec<_>>>();
        let Some(point) = point.iter().map(|(s, v)| Some((*s, exact(v)?))).collect::<Option<Point<Rational>>>() else {
            return false;
        };
        if !self.sampler.satisfied(&point) {
            return false;
        }
        let mut domain = Intervals::default();
        let embedded = embed(&mut domain, &point);
        let Ok(values) = self.program.run(&mut domain, |s| embedded.get(&s).cloned()) else { return false };
        domain.hints = [self.rank].into();
        domain.trace.ranks.clear();
        linear::pseudo_inverse(&mut domain, &values[0], self.rows, self.cols).is_ok()
            && domain.trace.ranks.first() == Some(&self.rank)
    }

    /// A member of a family whose Jacobian has less than full rank at random points of the source: the claim is made of
    /// every member. All of a member, or one entry of it, is set to a special value. Also the rank.
    fn special_member(&self, problem: &Problem, special: &[Rational]) -> Option<(String, usize)> {
        let members: Vec<SymbolId> =
            self.sampler.symbols().filter(|x| x.1 == Role::Member && !x.2).map(|x| x.0).collect();
        let size = |s: &SymbolId| problem.setting.store.symbol_info(*s).shape.iter().product::<usize>();
        let ranges: Vec<(SymbolId, std::ops::Range<usize>)> = members
            .iter()
            .flat_map(|s| {
                let n = size(s);
                std::iter::once((*s, 0..n)).chain((0..if n > 1 { n } else { 0 }).map(move |i| (*s, i..i + 1)))
            })
            .collect();
        let mut left = OPERATIONS / self.program.operations().max(200);
        let mut random = Random::new(self.budget.seed, "special member");
        for value in special {
            for (symbol, range) in &ranges {
                left = left.checked_sub(1)?;
                let Some(mut point) = (0..8).find_map(|level| self.sampler.simple(&mut random, level / 2)) else {
                    continue;
                };
                point.get_mut(symbol)?.get_mut(range.clone())?.fill(value.clone());
                if !self.sampler.satisfied(&point) {
                    continue;
                }
                let kept: Point<Rational> = self
                    .sampler
                    .symbols()
                    .filter(|x| x.1 == Role::Member)
                    .filter_map(|x| point.get(&x.0).map(|v| (x.0, v.clone())))
                    .collect();
                if let Some(found) = self.lower_rank(&kept) {
                    return Some((singular::point_text(problem, &kept), found));
                }
            }
        }
        None
    }

    /// The rank at random points of a member, if it is too small at three of them.
    fn lower_rank(&self, member: &Point<Rational>) -> Option<usize> {
        let mut best = 0;
        for seed in 0..3 {
            let label = format!("special rank/{seed}");
            let trial = Trial::new(&self.sampler, &self.program, self.budget.seed, &label);
            let drawn = Trial { keep: Some(member), ..trial }.draw().ok()?;
            // The rank may depend on the piece, which free signs do not tell.
            if drawn.prime.kinks {
                return None;
            }
            best = best.max(self.rank_of(drawn));
            if best >= self.rank {
                return None;
            }
        }
        Some(best)
    }
}
