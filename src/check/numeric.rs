//! The numeric engine: residuals at sampled points, with what rounding alone may cause.

mod absorbed;
mod finer;
mod kinks;
mod parallel;
mod rounding;

pub use absorbed::absorbs;
pub use finer::{Finer, finer, residual as fine_residual};
pub use kinks::{Looked, on_pieces};
pub use parallel::plainly_not_parallel;

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use rounding::{median, relative, relative_to_typical, rounded, shake, shortened};

use super::field::Trial;
use super::sample::{Point, Sampler};
use super::{Budget, Setting};
use crate::domain::float::Float;
use crate::domain::prime::{Random, Signs};
use crate::domain::{Rational, Stop};
use crate::model::elaborate::{Constraint, Role};
use crate::term::{Node, Program, Term};
use crate::verdict::Residual;

/// Draws tried for each sample before the search for a point of the domain is given up.
const DRAWS: usize = 24;

/// Scalar operations of the samples that stand beside a proof.
const BESIDE_PROOF: usize = 1 << 22;

/// Programs of more scalar operations are large.
const LARGE: usize = 1 << 19;

/// Samples of a large program at least.
const FEWEST: usize = 4;

/// So many signs are taken at one point that round numbers would lie on a kink.
pub const MANY_KINKS: usize = 64;

/// Numbers that all suspected points together have, but of a few points.
const MOST_SUSPECTED: usize = 1 << 17;

/// How much wider or narrower the boxes of samples are than the usual one.
const SCALES: [f64; 20] =
    [1.0, 1.0, 4.0, 1.0, 0.25, 1.0, 16.0, 1.0, 1.0, 256.0, 1.0, 1.0, 4.0, 1.0, 0.25, 1.0, 16.0, 1.0, 1.0, 65536.0];

/// Binary digits of the entries of a point on a thin piece.
const SHORT: i32 = 12;

/// A sample whose values change by more than this, relative to their size, when its inputs change in their last places
/// shows nothing.
const BLIND: f64 = 1e-3;

/// What sampling saw.
#[derive(Debug, Clone)]
pub struct Sampled {
    /// The residual, if a point could be evaluated at all.
    pub residual: Option<Residual>,
    /// Points that satisfy the conditions but have no value, and the last reason.
    pub stopped: Option<Stop>,
    /// Whether any point satisfied the conditions.
    pub inside: bool,
    /// Rational points near those at which the sides differ most, the simplest first.
    pub suspects: Vec<Point<Rational>>,
    /// The signs taken at kinks, for every piece that a sample lay on.
    pub pieces: Vec<Vec<i8>>,
    /// Samples left out because floating point found another rank than exact arithmetic has at generic points.
    pub misjudged: usize,
    /// Samples left out because rounding may be as large as the values.
    pub blind: usize,
    /// Whether some component was zero on both sides at every sample, though it is not written as zero: it may have
    /// vanished by underflow or cancellation.
    pub unseen: bool,
    /// Whether some kink was met on one side only, though nothing says that it has no other.
    pub hidden: bool,
    /// Whether at some point both sides have values, which are zero.
    pub vanishing: bool,
    /// Whether the difference of the sides, without what they have in common, is certainly not zero at some point.
    pub drowned: bool,
    /// Whether a summand is lost in the rounding of its sum at every point, so that floating point sees nothing of it.
    pub absorbed: bool,
    /// What more digits than those of floating point say of sides that agree.
    pub finer: Finer,
    /// Whether each sample agrees within its own rounding, and whether some sample differs far beyond it.
    judged: (bool, bool),
    /// Whether the sides are so large that nothing is looked at twice.
    large: bool,
}

impl Sampled {
    /// Whether the sides agree within rounding at every sample.
    pub fn agrees(&self) -> bool {
        let seen = !self.unseen && !self.drowned && !self.absorbed && !self.told_apart();
        self.residual.is_some() && self.judged.0 && seen
    }

    /// Whether the sides are so large that nothing is looked at twice.
    pub fn is_of_large(&self) -> bool {
        self.large
    }

    /// Whether more digits tell the sides apart, or could not be had.
    pub fn told_apart(&self) -> bool {
        matches!(self.finer, Finer::Differ | Finer::Blind)
    }

    /// Whether the sides are plainly different at some sample, far beyond what rounding can explain.
    pub fn disagrees(&self) -> bool {
        self.judged.1
    }
}

/// Compares two lists of terms at sampled points.
pub fn compare(
    setting: &Setting,
    sides: (&[Term], &[Term]),
    extra: &[Constraint],
    budget: &Budget,
    purpose: &str,
) -> Sampled {
    compare_at(setting, sides, extra, (budget, Looked::AtRandom), purpose)
}

/// As [`compare`], at some of the points only, or at more.
pub fn compare_at(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    extra: &[Constraint],
    (budget, looked): (&Budget, Looked),
    purpose: &str,
) -> Sampled {
    let proved = looked == Looked::BesideProof;
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let sampler = Sampler::new(setting, &roots, extra);
    let program = Program::new(&setting.store, &roots);
    let discrete: FxHashMap<_, _> = sampler.symbols().map(|(s, _, d)| (s, d)).collect();
    let mut random = Random::new(budget.seed, &format!("{purpose}/numeric"));
    let mut sampled = Sampled {
        residual: None,
        stopped: None,
        inside: false,
        suspects: Vec::new(),
        pieces: Vec::new(),
        misjudged: 0,
        blind: 0,
        unseen: false,
        hidden: false,
        vanishing: false,
        drowned: false,
        absorbed: false,
        finer: Finer::NotAsked,
        judged: (true, false),
        large: program.operations() > LARGE,
    };
    let mut differences = Vec::new();
    let mut typical = Vec::new();
    let mut zeros = 0usize;
    // A component that is written as zero on both sides has been seen.
    let mut seen: Vec<bool> =
        left.iter().zip(right).map(|(&l, &r)| setting.store.is_zero(l) && setting.store.is_zero(r)).collect();
    let plainly_zero = seen.iter().all(|s| *s);
    let mut noise = f64::EPSILON;
    if program.operations() > budget.operations / 8 {
        sampled.stopped = Some(Stop::Budget);
        return sampled;
    }
    let mut wanted = samples_for(program.operations(), budget);
    if proved {
        wanted = wanted.min((BESIDE_PROOF / program.operations().max(1)).max(FEWEST));
    }
    let mut ranks = GenericRanks::new(setting, &roots, &sampler, &program, budget);
    let zero_signs = zero_signs(setting, &roots, extra, budget);
    // What is proved needs no points beside its kinks.
    let (beside, hidden) =
        if proved { (Vec::new(), false) } else { kinks::points(setting, &roots, &sampler, budget.seed) };
    sampled.hidden = hidden;
    let mut beside: VecDeque<Point<f64>> = beside.into();
    let mut pieces_asked = looked != Looked::OnPieces;
    let mut differing = 0usize;
    let mut beside_random = Random::new(budget.seed, "beside kinks");
    let mut draws_left = wanted * DRAWS + beside.len();
    let mut draw = 0;
    while draws_left > 0 {
        draws_left -= 1;
        draw += 1;
        let many = differences.len().max(sampled.misjudged) >= wanted || sampled.blind >= 4 * wanted;
        let enough = many || draws_left == 0;
        // What differs plainly wherever it was looked at need not be looked at longer.
        if sampled.large && differing >= 2 * FEWEST && differing == differences.len() {
            break;
        }
        if enough && beside.is_empty() && !pieces_asked && differing == 0 {
            pieces_asked = true;
            let (points, unmet) = kinks::on_pieces(setting, &roots, &sampler);
            sampled.hidden |= unmet;
            draws_left += points.len();
            beside.extend(points);
        }
        let given = if enough { beside.pop_front() } else { None };
        if enough && given.is_none() || budget.expired() {
            break;
        }
        // Now and then a wider or a narrower box: pieces and curvature may lie far out.
        let scale = SCALES[(draw - 1) % SCALES.len()];
        let chosen = given.is_some();
        let Some(point) = given.or_else(|| sampler.float_scaled(&mut random, scale)) else {
            continue;
        };
        sampled.inside = true;
        let mut float = Float { zero_signs: zero_signs.clone(), ..Float::default() };
        let values = match program.run(&mut float, |s| point.get(&s).cloned()) {
            Ok(values) => values,
            Err(f) => {
                sampled.stopped = Some(f.stop);
                continue;
            }
        };
        if ranks.near(&float.trace.signs).is_some_and(|r| *r != float.trace.ranks) {
            sampled.misjudged += 1;
            continue;
        }
        // Two sides that are both zero, or have vanished by underflow, tell nothing.
        if values.iter().flatten().all(|v| *v == 0.0) {
            zeros += 1;
            sampled.vanishing = true;
            continue;
        }
        if values.iter().flatten().any(|v| !v.is_finite()) {
            sampled.stopped = Some(Stop::Overflow);
            continue;
        }
        let shaken = shake(&point, &discrete, if chosen { &mut beside_random } else { &mut random });
        let mut again = Float { zero_signs: zero_signs.clone(), ..Float::default() };
        let Ok(moved) = program.run(&mut again, |s| shaken.get(&s).cloned()) else {
            sampled.blind += 1;
            continue;
        };
        let (difference, own) = relative(&values, &moved, left.len());
        let differs = difference > 1e-4 && difference > 1e4 * own;
        sampled.judged.1 |= differs;
        differing += usize::from(differs);
        let agree = difference <= (64.0 * own).max(1e-12);
        if (own.is_nan() || own > BLIND || float.saturated && agree) && !differs {
            sampled.blind += 1;
            continue;
        }
        sampled.judged.0 &= agree;
        for (i, s) in seen.iter_mut().enumerate() {
            *s |= values[i].iter().chain(&values[left.len() + i]).any(|v| *v != 0.0);
        }
        let entries: usize = point.values().map(Vec::len).sum();
        if difference > 1e-6 && sampled.suspects.len() < (MOST_SUSPECTED / entries.max(1)).clamp(FEWEST, 24) {
            // At round numbers one of many kinks is hit; a prime denominator keeps off them.
            if chosen {
                // Of a thin piece nothing is left by rounding to simple numbers.
                sampled.suspects.push(shortened(&point, SHORT));
            }
            match float.trace.signs.len() > MANY_KINKS {
                true => sampled.suspects.push(rounded(&point, 1009.0)),
                false => sampled.suspects.extend([1.0, 2.0, 8.0].map(|d| rounded(&point, d))),
            }
        }
        if !float.trace.signs.is_empty() && sampled.pieces.len() < 64 && !sampled.pieces.contains(&float.trace.signs) {
            sampled.pieces.push(float.trace.signs);
        }
        differences.push(difference);
        typical.push(relative_to_typical(&values, left.len()));
        noise = noise.max(own);
    }
    if differences.is_empty() && zeros > 0 && plainly_zero {
        // Zero on both sides, as it is written.
        differences.push(0.0);
    }
    sampled.unseen = !differences.is_empty() && seen.contains(&false);
    differences.sort_by(f64::total_cmp);
    if let Some(&max) = differences.last() {
        sampled.residual = Some(Residual { max, defect: median(typical), noise, samples: differences.len() });
    }
    sampled
}

/// Pieces of which the ranks are asked.
const PIECES: usize = 32;

/// The ranks of pseudo-inverses at generic points, of all pieces or of one.
struct GenericRanks<'a> {
    sampler: &'a Sampler,
    program: &'a Program,
    seed: u64,
    /// Where no rank can depend on a sign.
    everywhere: Option<Vec<usize>>,
    /// By the signs of the piece; asked for where there are signs.
    on_piece: Option<FxHashMap<Vec<i8>, Option<Vec<usize>>>>,
}

impl<'a> GenericRanks<'a> {
    fn new(
        setting: &Setting,
        roots: &[Term],
        sampler: &'a Sampler,
        program: &'a Program,
        budget: &Budget,
    ) -> GenericRanks<'a> {
        let mut ranks = GenericRanks { sampler, program, seed: budget.seed, everywhere: None, on_piece: None };
        if !setting.store.any_node(roots, |n| matches!(n, Node::PseudoInverse(_))) {
            return ranks;
        }
        match Trial::new(sampler, program, budget.seed, "generic ranks").draw() {
            Ok(drawn) if !drawn.prime.kinks => ranks.everywhere = Some(drawn.prime.ranks),
            // The signs of a sample belong to its own member of a finite class.
            _ if sampler.members().0 > 1 => {}
            _ => ranks.on_piece = Some(FxHashMap::default()),
        }
        ranks
    }

    /// The ranks near a sample that took these signs, if they are known.
    fn near(&mut self, signs: &[i8]) -> Option<&Vec<usize>> {
        let Some(known) = &mut self.on_piece else { return self.everywhere.as_ref() };
        if !known.contains_key(signs) && known.len() < PIECES {
            let pinned = Signs::Pinned(signs.to_vec());
            let trial = Trial::new(self.sampler, self.program, self.seed, "ranks of a piece");
            let drawn = Trial { signs: &pinned, ..trial }.draw();
            known.insert(signs.to_vec(), drawn.ok().map(|d| d.prime.ranks));
        }
        known.get(signs).and_then(Option::as_ref)
    }
}

/// Which signs are taken of what is identically zero: rounding would make something else of it.
fn zero_signs(setting: &Setting, roots: &[Term], extra: &[Constraint], budget: &Budget) -> Vec<bool> {
    // What is computed of the signs says nothing of them, and may cost much more.
    let signs = setting.store.signs(roots);
    if signs.is_empty() {
        return Vec::new();
    }
    let (sampler, program) = (Sampler::new(setting, &signs, extra), Program::new(&setting.store, &signs));
    let trial = Trial::new(&sampler, &program, budget.seed, "zero signs");
    Trial { roots: false, ..trial }.draw().map(|d| d.prime.zero_signs).unwrap_or_default()
}

/// Fewer samples of very large programs, so that numbers never cost much more than proofs.
fn samples_for(operations: usize, budget: &Budget) -> usize {
    budget.samples.min((budget.operations / 4 / operations.max(1)).max(FEWEST)).max(1)
}

/// The slope of `log |defect|` against `log lr` at seeded points, for a defect given as two lists of terms and the
/// symbol of `lr`; the median over the points.
pub fn slope(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    rate: crate::term::SymbolId,
    extra: &[Constraint],
    budget: &Budget,
) -> Option<f64> {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let sampler = Sampler::new(setting, &roots, extra);
    let program = Program::new(&setting.store, &roots);
    if program.operations() > budget.operations / 256 {
        return None;
    }
    let mut random = Random::new(budget.seed, "slope");
    let mut slopes = Vec::new();
    for _ in 0..64 {
        if slopes.len() >= 8 {
            break;
        }
        let Some(mut point) = sampler.float(&mut random) else {
            continue;
        };
        let mut defect = |lr: f64| -> Option<f64> {
            point.insert(rate, vec![lr]);
            let values = program.run(&mut Float::default(), |s| point.get(&s).cloned()).ok()?;
            let (l, r) = values.split_at(left.len());
            let d = l.iter().flatten().zip(r.iter().flatten()).fold(0.0f64, |m, (x, y)| m.max((x - y).abs()));
            let size = l.iter().chain(r).flatten().fold(0.0f64, |m, x| m.max(x.abs()));
            // Far above rounding.
            (d > 1e-11 * size).then_some(d)
        };
        // Small enough for the leading order, large enough to stay above rounding.
        let estimates: Vec<f64> =
            [1e-2, 1e-3].iter().filter_map(|&lr| Some((defect(lr)? / defect(lr / 4.0)?).ln() / 4f64.ln())).collect();
        slopes.extend(estimates.first());
    }
    slopes.sort_by(f64::total_cmp);
    slopes.get(slopes.len() / 2).copied()
}

/// The defect of [`slope`] at one seeded point, for learning rates from 1 downwards, as long as it can be told from
/// rounding: pairs of both, for a picture.
pub fn shrinking(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    rate: crate::term::SymbolId,
    extra: &[Constraint],
    budget: &Budget,
) -> Vec<(f64, f64)> {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let sampler = Sampler::new(setting, &roots, extra);
    let program = Program::new(&setting.store, &roots);
    let mut random = Random::new(budget.seed, "slope");
    let Some(mut point) = (0..64).find_map(|_| sampler.float(&mut random)) else { return Vec::new() };
    let mut found = Vec::new();
    for k in 0..12 {
        let lr = 10f64.powf(-f64::from(k) / 2.0);
        point.insert(rate, vec![lr]);
        let Ok(values) = program.run(&mut Float::default(), |s| point.get(&s).cloned()) else { continue };
        let (l, r) = values.split_at(left.len());
        let d = l.iter().flatten().zip(r.iter().flatten()).fold(0.0f64, |m, (x, y)| m.max((x - y).abs()));
        let size = l.iter().chain(r).flatten().fold(0.0f64, |m, x| m.max(x.abs()));
        if d.is_finite() && d > 1e-13 * size {
            found.push((lr, d));
        }
    }
    found
}

/// Whether, as far as floating point tells, no positive factor on the target's learning rate makes the leading moves of the
/// two sides agree: for small `lr` the moves have plainly different ratios, or opposite signs, in different entries or at
/// different points of one member; or they have the ratio 1, so that the rate could only be 1.
pub fn no_rate_mends(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    rate: crate::term::SymbolId,
    extra: &[Constraint],
    budget: &Budget,
) -> bool {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let sampler = Sampler::new(setting, &roots, extra);
    let program = Program::new(&setting.store, &roots);
    if program.operations() > budget.operations / 256 {
        return false;
    }
    // Roots of lr are small only where it is very small; what moves with its square is seen only where it is not.
    [1e-3, 1e-5, 1e-7].into_iter().any(|small| moves_differ(&sampler, &program, rate, small, budget.seed))
}

/// [`no_rate_mends`], for learning rates of one size.
fn moves_differ(sampler: &Sampler, program: &Program, rate: crate::term::SymbolId, small: f64, seed: u64) -> bool {
    let members: Vec<_> = sampler.symbols().filter(|x| x.1 == Role::Member && x.0 != rate).map(|x| x.0).collect();
    let mut random = Random::new(seed, "no rate");
    let mut first: Option<Point<f64>> = None;
    let (mut least, mut most, mut seen) = (f64::INFINITY, f64::NEG_INFINITY, 0);
    for _ in 0..64 {
        let Some(mut point) = sampler.float(&mut random).filter(|_| seen < 8) else { continue };
        if let Some(first) = &first {
            point.extend(members.iter().filter_map(|s| first.get(s).map(|v| (*s, v.clone()))));
        }
        let mut at = |lr: f64| -> Option<Vec<f64>> {
            point.insert(rate, vec![lr]);
            let values = program.run(&mut Float::default(), |s| point.get(&s).cloned()).ok()?;
            Some(values.into_iter().flatten().collect())
        };
        let (Some(far), Some(near)) = (at(small), at(small / 4.0)) else { continue };
        let size = far.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let moves: Vec<f64> = far.iter().zip(&near).map(|(x, y)| x - y).collect();
        let largest = moves.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        if !largest.is_finite() || largest <= 1e-9 * size {
            continue;
        }
        let (l, r) = moves.split_at(moves.len() / 2);
        for (x, y) in l.iter().zip(r).filter(|(x, y)| x.abs().max(y.abs()) > 0.1 * largest) {
            // The inverse of a ratio above 1 is taken from 2, so that a side that stays is no infinite ratio.
            let ratio = if x.abs() <= y.abs() { x / y } else { 2.0 - y / x };
            (least, most) = (least.min(ratio), most.max(ratio));
        }
        seen += 1;
        first.get_or_insert(point);
    }
    // A ratio below 0 or above 2 on this scale is one of opposite signs; 0 and 2 are those of a side that stays.
    let one_stays = least.abs() < 1e-3 || (most - 2.0).abs() < 1e-3;
    let one = least > 0.98 && most < 1.02;
    seen >= 2 && (one_stays || least < 0.0 || most > 2.0 || most - least > 0.05 || one)
}

/// Whether the symbols of a role occur among those that a term depends on.
pub fn depends_on_role(setting: &Setting, term: Term, role: Role) -> bool {
    let free = setting.store.free_symbols(&[term]);
    setting.quantified.iter().any(|q| q.role == role && free.contains(&q.symbol))
}
