//! Claims of full rank: refuted in a prime field, where a rank is never too small, and proved by a real point.

use nalgebra::DMatrix;

use super::claims::Claimed;
use crate::check::field::{Drawn, Trial};
use crate::check::sample::{Point, Sampler, embed};
use crate::check::{Budget, Problem, certify, places, singular, witness};
use crate::domain::float::Float;
use crate::domain::interval::{Interval, Intervals};
use crate::domain::prime::{Random, Signs};
use crate::domain::{Rational, linear};
use crate::model::elaborate::Role;
use crate::term::{Program, Store, SymbolId, Term};
use crate::verdict::Finding;

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
    /// Whether it is more than rational in its variables.
    atoms: bool,
    budget: &'a Budget,
}

/// A piece that occurs, with the discrete members at which it does, and points on it.
struct Piece {
    signs: Vec<i8>,
    /// The sides on which polar factors are.
    branches: Vec<i8>,
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
    let atoms = certify::has_atoms(&problem.setting, j);
    let jacobian = Jacobian { sampler, program, rows, cols, rank, atoms, budget };
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
            return Claimed::Broken(Box::new(Finding::invalid(message)));
        }
        proved &= exact || piece.points.iter().any(|p| jacobian.confirmed_at(p));
    }
    if let Some((member, found)) = jacobian.special_member(problem, &special) {
        let message =
            format!("`{name}` is not {what} for {member}: the rank of its Jacobian is {found} there, not {rank}");
        return Claimed::Broken(Box::new(Finding::invalid(message)));
    }
    if let Some((member, found)) = jacobian.vanishing_member(problem) {
        let message = format!(
            "`{name}` is not {what} for {member}: the rank of its Jacobian is {found} there, not {rank} (found by bisection \
             between members at which a minor has opposite signs)"
        );
        return Claimed::Broken(Box::new(Finding::invalid(message)));
    }
    if proved && (jacobian.members().is_empty() || sure_minor(problem, j, rank)) {
        return Claimed::Proved;
    }
    if proved {
        let text = format!("the Jacobian of `{name}` has full rank for every member: holds at those tried, not proved");
        return Claimed::Sampled(text);
    }
    if atoms {
        let message = format!(
            "whether `{name}` is {what} is open: at no point tried could it be confirmed that its Jacobian has rank {rank}"
        );
        return Claimed::Broken(Box::new(Finding::undecided(message)));
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
            let (signs, branches) = (float.trace.signs, float.trace.branches);
            let here = |p: &&mut Piece| p.signs == signs && p.branches == branches && p.members == members;
            match pieces.iter_mut().find(here) {
                Some(piece) if piece.points.len() < CONFIRMING => piece.points.push(point),
                Some(_) => {}
                None => pieces.push(Piece { signs, branches, members, points: vec![point] }),
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
            let free = self.atoms || drawn.prime.atoms || !piece.signs.is_empty();
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
        let Some(point) = certify::exactly(point).filter(|p| self.sampler.satisfied(p)) else { return false };
        let mut domain = Intervals::default();
        let mut embedded = embed(&mut domain, &point);
        self.sampler.pis().for_each(|s| drop(embedded.insert(s, vec![Interval::pi()])));
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

    /// The members that are not one of a list.
    fn members(&self) -> Vec<SymbolId> {
        self.sampler.symbols().filter(|x| x.1 == Role::Member && !x.2).map(|x| x.0).collect()
    }

    /// The matrix at a floating-point point.
    fn at(&self, point: &Point<f64>) -> Option<DMatrix<f64>> {
        let values = self.program.run(&mut Float::default(), |s| point.get(&s).cloned()).ok()?;
        values[0].iter().all(|v| v.is_finite()).then(|| DMatrix::from_row_slice(self.rows, self.cols, &values[0]))
    }

    /// A member between two others at which a maximal minor changes its sign, and at which the rank is too small at other
    /// points of the source as well: there the smallest singular value is a rounding of what it is at the first member.
    /// Also the rank.
    fn vanishing_member(&self, problem: &Problem) -> Option<(String, usize)> {
        const MEMBERS: usize = 24;
        const SMALL: f64 = 1e-10;
        let members = self.members();
        let short = self.rows.min(self.cols);
        if members.is_empty() || self.rank != short || self.rows * self.cols > 256 || short > 8 {
            return None;
        }
        let mut random = Random::new(self.budget.seed, "vanishing member");
        let mut draw = |scale: f64| self.sampler.float_scaled(&mut random, scale);
        let start = (0..8).find_map(|_| draw(1.0))?;
        let first = self.at(&start)?;
        // The rows or the columns of a minor that is not small here.
        let tall = if self.rows >= self.cols { first } else { first.transpose() };
        let chosen: Vec<usize> = pivots(&tall)?;
        let minor = |point: &Point<f64>| {
            let m = self.at(point)?;
            let tall = if self.rows >= self.cols { m } else { m.transpose() };
            Some(tall.select_rows(&chosen).determinant())
        };
        let with = |other: &Point<f64>| {
            let mut point = start.clone();
            members.iter().for_each(|s| {
                if let Some(v) = other.get(s) {
                    point.insert(*s, v.clone());
                }
            });
            point
        };
        let here = minor(&start)?;
        let deficient = |member: &Point<f64>| -> Option<usize> {
            let mut random = Random::new(self.budget.seed, "deficient");
            let mut best = 0;
            for _ in 0..4 {
                let mut point = (0..8).find_map(|_| self.sampler.float(&mut random))?;
                let mut values_at = |own: &Point<f64>| {
                    members.iter().for_each(|s| drop(point.insert(*s, own[s].clone())));
                    Some(self.at(&point)?.singular_values())
                };
                let regular = values_at(&start)?.min();
                best = best.max(values_at(member)?.iter().filter(|v| **v > SMALL * regular).count());
            }
            (best < self.rank).then_some(best)
        };
        for k in 0..MEMBERS {
            let Some(other) = draw([1.0, 4.0, 1.0, 16.0][k % 4]) else { continue };
            let there = with(&other);
            if !minor(&there).is_some_and(|v| v * here < 0.0) {
                continue;
            }
            if !places::joined(&self.sampler, &start, &there) {
                continue;
            }
            let Some((_, hi)) = places::crossing(|t| minor(&places::between(&start, &there, t))) else { continue };
            let found = places::between(&start, &there, hi);
            if let Some(rank) = deficient(&found) {
                let name = |s: &SymbolId| problem.setting.store.symbol_info(*s).name.clone();
                let text = |s: &SymbolId| {
                    let entries: Vec<String> = found[s].iter().map(|x| witness::significant(*x, 4)).collect();
                    format!("{} ≈ [{}]", name(s), entries.join(", "))
                };
                return Some((members.iter().map(text).collect::<Vec<_>>().join(", "), rank));
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

/// The rows of a tall matrix that elimination with full pivots takes first; none if its rank is too small.
fn pivots(tall: &DMatrix<f64>) -> Option<Vec<usize>> {
    let mut m = tall.clone();
    let size = m.amax();
    let mut left: Vec<usize> = (0..m.nrows()).collect();
    let mut chosen = Vec::new();
    for column in 0..m.ncols() {
        let best = left.iter().copied().max_by(|a, b| m[(*a, column)].abs().total_cmp(&m[(*b, column)].abs()))?;
        if m[(best, column)].abs() <= 1e-9 * size {
            return None;
        }
        left.retain(|r| *r != best);
        chosen.push(best);
        for r in left.iter().copied() {
            let factor = m[(r, column)] / m[(best, column)];
            for c in column..m.ncols() {
                let take = factor * m[(best, c)];
                m[(r, c)] -= take;
            }
        }
    }
    chosen.sort_unstable();
    Some(chosen)
}

/// Whether a maximal minor is seen to vanish nowhere, whatever the members: of entries that are constant, or that the
/// conditions keep away from zero.
fn sure_minor(problem: &mut Problem, j: Term, rank: usize) -> bool {
    const LARGEST: usize = 4096;
    let store = &mut problem.setting.store;
    let (rows, cols) = (store.shape(j)[0], store.shape(j)[1]);
    if rank != rows.min(cols) || rows * cols > LARGEST {
        return false;
    }
    let entries = store.entries(j);
    // Lines of the short side, each with the entries along the long one.
    let line = |k: usize| -> Vec<Term> {
        if rows <= cols {
            entries[k * cols..(k + 1) * cols].to_vec()
        } else {
            (0..rows).map(|i| entries[i * cols + k]).collect()
        }
    };
    let lines: Vec<Vec<Term>> = (0..rank).map(line).collect();
    let Some(chosen) = choose(store, &lines) else { return false };
    let minor: Vec<Term> = lines.iter().flat_map(|l| chosen.iter().map(|c| l[*c]).collect::<Vec<_>>()).collect();
    let flat = store.join(&minor);
    let matrix = store.reshape(flat, &[rank, rank]);
    let det = store.determinant(matrix);
    singular::nowhere_singular(problem, matrix, det)
}

/// A place for each line, preferably at a constant, so that no place is taken twice.
fn choose(store: &Store, lines: &[Vec<Term>]) -> Option<Vec<usize>> {
    let mut chosen: Vec<usize> = Vec::new();
    for line in lines {
        let free = |c: &usize| !chosen.contains(c) && !store.is_zero(line[*c]);
        let constant = (0..line.len()).filter(free).find(|c| store.as_fill(line[*c]).is_some());
        // A place where the other lines have nothing makes the minor a product.
        let alone = (0..line.len()).filter(free).find(|c| lines.iter().filter(|l| !store.is_zero(l[*c])).count() == 1);
        chosen.push(constant.or(alone).or_else(|| (0..line.len()).find(free))?);
    }
    chosen.sort_unstable();
    Some(chosen)
}
