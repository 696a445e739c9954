//! How the defect of a step behaves as the learning rate tends to 0 from above: from power series at random points.

use super::sample::{Point, Sampler, embed};
use super::{Budget, Setting, cells, certify, written};
use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::interval::{Interval, Intervals};
use crate::domain::laurent::{Germ, Laurent};
use crate::domain::prime::{Prime, PseudoInverses, Random, Roots, Signs};
use crate::domain::{Domain, Fun, Rational, Stop};
use crate::model::elaborate::Constraint;
use crate::term::{Node, Program, SymbolId, Term};

/// Defects are expanded up to, and without, this power of `lr`.
pub const TERMS: usize = 8;
/// No polynomial in a root of `lr` that is looked at has more terms than this.
const WRITTEN: i64 = 3 * TERMS as i64;
/// Powers of `lr` may be multiples of one over these.
const ROOTS: [usize; 4] = [1, 2, 3, 4];
/// Points at which the signs at kinks near `lr = 0` are looked at.
const LOOKS: usize = 48;

/// What the series of both sides show.
#[derive(Debug, Clone, PartialEq)]
pub enum Defect {
    /// The defect starts with this power of `lr` at some point met.
    Order {
        /// The least power met.
        power: Rational,
        /// On some piece near `lr = 0` no rate of the target makes the sides agree to this power.
        no_rate: bool,
        /// Whether all pieces near `lr = 0` were looked at.
        everywhere: bool,
    },
    /// All coefficients that were computed vanish, those below this power of `lr`: for small `lr` the sides agree, as far
    /// as the series tell.
    Flat {
        /// The least power of which nothing is known.
        below: Rational,
        /// Whether all pieces near `lr = 0` were looked at.
        everywhere: bool,
    },
    /// A side has no series that could be computed.
    Unknown,
}

/// The least power of `rate` with a coefficient that is not zero in `left - right`, at random points of random prime
/// fields, on pieces that lie near `rate = 0`.
pub fn of_defect(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    rate: SymbolId,
    extra: &[Constraint],
    budget: &Budget,
) -> Defect {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let program = Program::new(&setting.store, &roots);
    let sampler = Sampler::new(setting, &roots, extra);
    let kinks = setting.store.any_node(&roots, |n| matches!(n, Node::Map(Fun::Sign, _)));
    let roots = super::algebra::takes_roots(setting, &roots);
    let expansion = Expansion { program, sampler, split: left.len(), rate, kinks, roots, budget };
    ROOTS
        .into_iter()
        .find_map(|root| expansion.run(root))
        .or_else(|| {
            // A point that has all roots may not be found.
            let formal = Expansion { roots: false, ..expansion };
            ROOTS.into_iter().find_map(|root| formal.run(root))
        })
        .unwrap_or(Defect::Unknown)
}

/// Whether at some simple point of the domain the difference of the sides has, as `rate` tends to 0 from above, a term of this
/// power at most, for certain.
pub fn is_shown(
    setting: &Setting,
    (left, right): (&[Term], &[Term]),
    rate: SymbolId,
    extra: &[Constraint],
    (power, budget): (&Rational, &Budget),
) -> bool {
    const POINTS: usize = 32;
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let program = Program::new(&setting.store, &roots);
    let sampler = Sampler::new(setting, &roots, extra);
    let expansion = Expansion { program, sampler, split: left.len(), rate, kinks: false, roots: false, budget };
    let mut random = Random::new(budget.seed, "order/shown");
    let ranks = expansion.ranks(&Signs::Free, "order/shown");
    (0..POINTS).any(|k| {
        let Some(point) = expansion.sampler.simple_near_pi(&mut random, k / 8, None) else { return false };
        if written::is_undefined(&setting.store, &setting.written, &point) {
            return false;
        }
        ROOTS.into_iter().any(|root| {
            let exact = expansion.at_point(root, Exact::with_limit(1 << 12), &point, &ranks);
            let found = exact.or_else(|| {
                let mut domain = Intervals::default();
                let mut embedded = embed(&mut domain, &point);
                embedded.extend(expansion.sampler.pis().map(|s| (s, vec![Interval::pi()])));
                expansion.at_point(root, domain, &embedded, &ranks)
            });
            found.is_some_and(|k| Rational::from(k) / Rational::from(root) <= *power)
        })
    })
}

/// A factor on the target's learning rate under which the leading moves of both sides agree, if their ratio is one number
/// for each member that has a formula. A guess from one point of a prime field; the caller proves it.
pub fn leading_rate(
    setting: &mut Setting,
    (left, right): (&[Term], &[Term]),
    rate: SymbolId,
    extra: &[Constraint],
    budget: &Budget,
) -> Option<Term> {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let program = Program::new(&setting.store, &roots);
    let sampler = Sampler::new(setting, &roots, extra);
    let kinks = setting.store.any_node(&roots, |n| matches!(n, Node::Map(Fun::Sign, _)));
    let expansion = Expansion { program, sampler, split: left.len(), rate, kinks, roots: false, budget };
    let mut lead = ROOTS.into_iter().find_map(|root| expansion.lead(root))?;
    // left(lr) = right(c lr) and both start with lr^power: c^power is the ratio.
    let raised = super::rate::formula(setting, &mut lead.prime, &lead.point, lead.ratio)?;
    Some(setting.store.power(raised, &(Rational::ONE / lead.power)))
}

/// The leading moves of both sides at one point.
struct Lead {
    prime: Prime,
    point: Point<u64>,
    /// The power of `lr` that they start with.
    power: Rational,
    /// The ratio of left and right there.
    ratio: u64,
}

/// Both sides of a step, ready to be expanded.
struct Expansion<'a> {
    program: Program,
    sampler: Sampler,
    split: usize,
    rate: SymbolId,
    kinks: bool,
    /// Whether roots are true ones, whose squares are their radicands; a point at which one is missing says nothing.
    roots: bool,
    budget: &'a Budget,
}

/// What one point shows: the first power at which the sides differ, and whether no rate mends that.
struct Seen {
    own: Option<i64>,
    no_rate: bool,
    /// From this power on nothing is known.
    end: i64,
}

/// All entries of both sides at one point, as series.
struct Sides {
    prime: Prime,
    left: Vec<Germ<u64>>,
    right: Vec<Germ<u64>>,
}

impl Sides {
    /// The powers of `lr` whose coefficients are known in every entry; of polynomials, so many as can be written.
    fn powers(&self) -> std::ops::Range<i64> {
        let all = || self.left.iter().chain(&self.right);
        let low = all().map(Germ::low).fold(0, i64::min);
        low..all().filter_map(Germ::precision).min().unwrap_or(WRITTEN)
    }

    fn left_at(&self, k: i64) -> Vec<u64> {
        self.left.iter().map(|x| x.at(k).copied().unwrap_or(0)).collect()
    }

    fn right_at(&self, k: i64) -> Vec<u64> {
        self.right.iter().map(|x| x.at(k).copied().unwrap_or(0)).collect()
    }
}

impl Expansion<'_> {
    /// Expands in powers of `lr^(1/root)`; `None` if that gives no series.
    fn run(&self, root: usize) -> Option<Defect> {
        let terms = TERMS * root.min(3);
        if self.program.operations().saturating_mul(terms * terms) > self.budget.operations {
            return None;
        }
        let (signs, mut everywhere) = self.all_signs(root, terms);
        let mut looked = vec![false; signs.len()];
        let (mut found, mut least, mut no_rate, mut below) = (0, None::<i64>, false, i64::MAX);
        let tries = if self.roots { 64 } else { 12 };
        for seed in 0..tries * signs.len() {
            if found >= 2 * signs.len() {
                break;
            }
            let Some(seen) = self.look(root, terms, signs[seed % signs.len()].clone(), seed) else { continue };
            found += 1;
            looked[seed % signs.len()] = true;
            below = below.min(seen.end);
            if let Some(k) = seen.own {
                match least {
                    Some(l) if l < k => {}
                    Some(l) if l == k => no_rate |= seen.no_rate,
                    _ => (least, no_rate) = (Some(k), seen.no_rate),
                }
            }
        }
        everywhere &= looked.iter().all(|l| *l);
        match least {
            _ if found == 0 => None,
            None => Some(Defect::Flat { below: Rational::from(below) / Rational::from(root), everywhere }),
            Some(k) => Some(Defect::Order { power: Rational::from(k) / Rational::from(root), no_rate, everywhere }),
        }
    }

    /// The signs on the pieces near `lr = 0`, and whether those are all. Where they cannot be counted they are those that
    /// random points meet.
    fn all_signs(&self, root: usize, terms: usize) -> (Vec<Signs>, bool) {
        const COUNTED: usize = 64;
        const MET: usize = 8;
        if !self.kinks {
            return (vec![Signs::Free], true);
        }
        let mut met = self.pieces(root);
        let all = cells::near_zero(&self.sampler, &self.program, self.rate, (root, terms));
        let mut signs = all.filter(|all| all.len() <= COUNTED).unwrap_or_default();
        let everywhere = !signs.is_empty() && met.iter().all(|m| signs.contains(m));
        met.retain(|m| !signs.contains(m));
        signs.extend(met.into_iter().take(MET));
        (signs.into_iter().map(Signs::Pinned).collect(), everywhere)
    }

    /// The least power of `lr` with a coefficient that is certainly not zero in the difference of the sides at a point.
    fn at_point<D: Domain>(&self, root: usize, base: D, point: &Point<D::Elem>, ranks: &[usize]) -> Option<i64> {
        let mut series = Laurent::new(base, TERMS * root.min(3)).ok()?;
        series.ranks = ranks.iter().copied().collect();
        let values = self.run_at(&mut series, root, point).ok()?;
        let (left, right) = values.split_at(self.split);
        let differences = left.iter().flatten().zip(right.iter().flatten()).map(|(l, r)| series.sub(l, r));
        let certain = |x: Germ<D::Elem>| {
            let known = x.precision().unwrap_or(WRITTEN);
            (x.low()..known).find(|k| x.at(*k).is_some_and(|c| series.base().is_zero(c) == Some(false)))
        };
        differences.filter_map(certain).min()
    }

    fn run_at<D: Domain>(
        &self,
        series: &mut Laurent<D>,
        root: usize,
        point: &Point<D::Elem>,
    ) -> Result<Vec<Vec<Germ<D::Elem>>>, Stop> {
        let rate = vec![series.variable(root as i64)];
        let input = |s: SymbolId| match s == self.rate {
            true => Some(rate.clone()),
            false => point.get(&s).map(|v| v.iter().cloned().map(Germ::constant).collect()),
        };
        self.program.run(series, input).map_err(|f| f.stop)
    }

    /// The first power at which a side moves, in powers of `lr^(1/root)`, and the ratio of the sides there, if it is a
    /// positive power and there is one ratio.
    fn lead(&self, root: usize) -> Option<Lead> {
        let terms = TERMS * root.min(3);
        if self.program.operations().saturating_mul(terms * terms) > self.budget.operations {
            return None;
        }
        let signs = if self.kinks { Signs::Pinned(self.pieces(root).into_iter().next()?) } else { Signs::Free };
        let label = format!("order/lead/{root}");
        let ranks = self.ranks(&signs, &label);
        let mut random = Random::new(self.budget.seed, &label);
        let field = Random::new(self.budget.seed, &format!("{label}/field"));
        let mut prime = Prime::new(field, signs, PseudoInverses::ByRank);
        let point = self.sampler.prime(&mut prime, &mut random, None).ok()?;
        let sides = self.expand(root, terms, prime, &point, &ranks)?;
        let mut powers = sides.powers();
        let moves = powers.find(|k| *k != 0 && sides.left_at(*k).iter().chain(&sides.right_at(*k)).any(|x| *x != 0))?;
        let ratio = ratio(&sides.prime, &sides.left_at(moves), &sides.right_at(moves)).filter(|_| moves > 0)?;
        let mut prime = sides.prime;
        // The formula may ask for the sign of a member, which no list of signs tells.
        prime.signs = Signs::Free;
        Some(Lead { prime, point, power: Rational::from(moves) / Rational::from(root), ratio })
    }

    /// The signs taken at kinks as `lr` tends to 0, at points of the domain.
    fn pieces(&self, root: usize) -> Vec<Vec<i8>> {
        let mut random = Random::new(self.budget.seed, "order/pieces");
        let mut pieces: Vec<Vec<i8>> = Vec::new();
        let ranks = self.ranks(&Signs::Free, "order/pieces");
        for k in 0..LOOKS {
            let Some(point) = self.sampler.float_scaled(&mut random, [1.0, 1.0, 4.0, 0.25][k % 4]) else { continue };
            // Exact numbers, where they do: small numbers are none to the rounded ones.
            let exact = certify::exactly(&point).and_then(|point| {
                let mut series = Laurent::new(Exact::with_limit(1 << 12), TERMS * root.min(3)).ok()?;
                self.run_at(&mut series, root, &point).ok()?;
                Some(series.into_base().trace.signs)
            });
            let rounded = || {
                let mut series = Laurent::new(Float::default(), TERMS * root.min(3)).ok()?;
                series.ranks = ranks.iter().copied().collect();
                self.run_at(&mut series, root, &point).ok()?;
                Some(series.into_base().trace.signs)
            };
            let Some(signs) = exact.or_else(rounded) else { continue };
            if !pieces.contains(&signs) {
                pieces.push(signs);
            }
        }
        pieces
    }

    /// The ranks of all pseudo-inverses at a generic point with `lr > 0`.
    fn ranks(&self, signs: &Signs, label: &str) -> Vec<usize> {
        let mut random = Random::new(self.budget.seed, &format!("{label}/ranks"));
        let field = Random::new(self.budget.seed, &format!("{label}/ranks/field"));
        let mut prime = Prime::new(field, signs.clone(), PseudoInverses::ByRank);
        let Ok(point) = self.sampler.prime(&mut prime, &mut random, None) else { return Vec::new() };
        prime.zero_signs.clear();
        prime.ranks.clear();
        let ran = self.program.run(&mut prime, |s| point.get(&s).cloned());
        if ran.is_ok() { prime.ranks } else { Vec::new() }
    }

    fn look(&self, root: usize, terms: usize, signs: Signs, seed: usize) -> Option<Seen> {
        let label = format!("order/{root}/{seed}");
        let ranks = self.ranks(&signs, &label);
        let mut random = Random::new(self.budget.seed, &label);
        let field = Random::new(self.budget.seed, &format!("{label}/field"));
        let mut prime = Prime::new(field, signs, PseudoInverses::ByRank);
        if self.roots {
            prime.roots = Roots::true_ones();
        }
        let first = self.sampler.prime(&mut prime, &mut random, None).ok()?;
        let here = self.expand(root, terms, prime, &first, &ranks)?;
        let powers = here.powers();
        let end = powers.end;
        let own = powers.clone().find(|&k| here.left_at(k) != here.right_at(k));
        let moves =
            powers.filter(|k| *k != 0).find(|&k| here.left_at(k).iter().chain(&here.right_at(k)).any(|x| *x != 0));
        let no_rate = match (own, moves) {
            (None, _) => false,
            (Some(..=0), _) | (Some(_), None) => true,
            // The leading terms agree, so that the rate is 1.
            (Some(k), Some(m)) if k > m => true,
            (Some(_), Some(m)) => match ratio(&here.prime, &here.left_at(m), &here.right_at(m)) {
                None => true,
                Some(c) => {
                    // The same members at another point.
                    let mut prime = here.prime;
                    let second = self.sampler.prime_with(&mut prime, &mut random, None, Some(&first)).ok();
                    let there = second.and_then(|p| self.expand(root, terms, prime, &p, &ranks));
                    there.is_some_and(|there| {
                        there.powers().contains(&m)
                            && ratio(&there.prime, &there.left_at(m), &there.right_at(m)) != Some(c)
                    })
                }
            },
        };
        Some(Seen { own, no_rate, end })
    }

    /// Both sides as series, if they are known beyond `lr²`.
    fn expand(
        &self,
        root: usize,
        terms: usize,
        mut prime: Prime,
        point: &Point<u64>,
        ranks: &[usize],
    ) -> Option<Sides> {
        prime.zero_signs.clear();
        let mut series = Laurent::new(prime, terms).ok()?;
        series.ranks = ranks.iter().copied().collect();
        let mut values = self.run_at(&mut series, root, point).ok()?;
        let right = values.split_off(self.split);
        let flat = |v: Vec<Vec<Germ<u64>>>| v.into_iter().flatten().collect();
        let sides = Sides { prime: series.into_base(), left: flat(values), right: flat(right) };
        (sides.powers().end > 2 * root as i64).then_some(sides)
    }
}

/// The ratio of two vectors, if they are parallel and not zero.
fn ratio(prime: &Prime, l: &[u64], r: &[u64]) -> Option<u64> {
    let mut ratio = None;
    for (&a, &b) in l.iter().zip(r) {
        match (a, b) {
            (0, 0) => {}
            (0, _) | (_, 0) => return None,
            _ => {
                let c = prime.field.mul(a, prime.field.inv(b)?);
                if ratio.is_some_and(|other| other != c) {
                    return None;
                }
                ratio = Some(c);
            }
        }
    }
    ratio
}
