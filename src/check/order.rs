//! How the defect of a step behaves as the learning rate tends to 0 from above: from power series at random points.

use super::sample::{Point, Sampler};
use super::{Budget, Setting};
use crate::domain::float::Float;
use crate::domain::prime::{Prime, PseudoInverses, Random, Signs};
use crate::domain::series::Series;
use crate::domain::{Fun, Rational};
use crate::model::elaborate::Constraint;
use crate::term::{Node, Program, SymbolId, Term};

/// Defects are expanded up to, and without, this power of `lr`.
pub const TERMS: usize = 8;
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
    },
    /// All coefficients that were computed vanish: for small `lr` the sides agree, as far as the series tell.
    Flat,
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
    let expansion = Expansion { program, sampler, split: left.len(), rate, kinks, budget };
    ROOTS.into_iter().find_map(|root| expansion.run(root)).unwrap_or(Defect::Unknown)
}

/// Both sides of a step, ready to be expanded.
struct Expansion<'a> {
    program: Program,
    sampler: Sampler,
    split: usize,
    rate: SymbolId,
    kinks: bool,
    budget: &'a Budget,
}

/// What one point shows: the first power at which the sides differ, and whether no rate mends that.
struct Seen {
    own: Option<usize>,
    no_rate: bool,
}

impl Expansion<'_> {
    /// Expands in powers of `lr^(1/root)`; `None` if that gives no series.
    fn run(&self, root: usize) -> Option<Defect> {
        let terms = TERMS * root.min(3);
        if self.program.operations().saturating_mul(terms * terms) > self.budget.operations {
            return None;
        }
        let signs: Vec<Signs> = match self.kinks {
            true => self.pieces(root).into_iter().take(8).map(Signs::Pinned).collect(),
            false => vec![Signs::Free],
        };
        let (mut found, mut least, mut no_rate) = (0, None::<usize>, false);
        for seed in 0..12 * signs.len() {
            if found >= 2 * signs.len() {
                break;
            }
            let Some(seen) = self.look(root, terms, signs[seed % signs.len()].clone(), seed) else { continue };
            found += 1;
            if let Some(k) = seen.own {
                match least {
                    Some(l) if l < k => {}
                    Some(l) if l == k => no_rate |= seen.no_rate,
                    _ => (least, no_rate) = (Some(k), seen.no_rate),
                }
            }
        }
        match least {
            _ if found == 0 => None,
            None => Some(Defect::Flat),
            Some(k) => Some(Defect::Order { power: Rational::from(k) / Rational::from(root), no_rate }),
        }
    }

    /// The signs taken at kinks as `lr` tends to 0, at points of the domain.
    fn pieces(&self, root: usize) -> Vec<Vec<i8>> {
        let mut random = Random::new(self.budget.seed, "order/pieces");
        let mut pieces: Vec<Vec<i8>> = Vec::new();
        for k in 0..LOOKS {
            let Some(point) = self.sampler.float_scaled(&mut random, [1.0, 1.0, 4.0, 0.25][k % 4]) else { continue };
            let mut series = Series::new(Float::default(), TERMS * root.min(3));
            let variable = variable(&series, root);
            let input = |s: SymbolId| match s == self.rate {
                true => Some(vec![variable.clone()]),
                false => point.get(&s).map(|v| v.iter().map(|x| vec![*x]).collect()),
            };
            if self.program.run(&mut series, input).is_ok() && !pieces.contains(&series.base.trace.signs) {
                pieces.push(series.base.trace.signs);
            }
        }
        pieces
    }

    fn look(&self, root: usize, terms: usize, signs: Signs, seed: usize) -> Option<Seen> {
        let label = format!("order/{root}/{seed}");
        let mut random = Random::new(self.budget.seed, &label);
        let field = Random::new(self.budget.seed, &format!("{label}/field"));
        let mut prime = Prime::new(field, signs, PseudoInverses::ByRank);
        let first = self.sampler.prime(&mut prime, &mut random, None).ok()?;
        let (mut prime, l, r, trust) = self.expand(root, terms, prime, &first)?;
        let at = |v: &[Vec<u64>], k: usize| -> Vec<u64> { v.iter().map(|x| x.get(k).copied().unwrap_or(0)).collect() };
        let own = (0..trust).find(|&k| at(&l, k) != at(&r, k));
        let moves = (1..trust).find(|&k| at(&l, k).iter().chain(&at(&r, k)).any(|x| *x != 0));
        let no_rate = match (own, moves) {
            (None, _) => false,
            (Some(0), _) | (Some(_), None) => true,
            // The leading terms agree, so that the rate is 1.
            (Some(k), Some(m)) if k > m => true,
            (Some(_), Some(m)) => match ratio(&prime, &at(&l, m), &at(&r, m)) {
                None => true,
                Some(c) => {
                    // The same members at another point.
                    let second = self.sampler.prime_with(&mut prime, &mut random, None, Some(&first)).ok();
                    let there = second.and_then(|p| self.expand(root, terms, prime, &p));
                    there.is_some_and(|(prime, l, r, trust)| {
                        m < trust && ratio(&prime, &at(&l, m), &at(&r, m)) != Some(c)
                    })
                }
            },
        };
        Some(Seen { own, no_rate })
    }

    /// The coefficients of all entries of both sides, and how many of each are right.
    #[expect(clippy::type_complexity, reason = "the two sides, entry by entry")]
    fn expand(
        &self,
        root: usize,
        terms: usize,
        mut prime: Prime,
        point: &Point<u64>,
    ) -> Option<(Prime, Vec<Vec<u64>>, Vec<Vec<u64>>, usize)> {
        prime.zero_signs.clear();
        let mut series = Series::new(prime, terms);
        let variable = variable(&series, root);
        let input = |s: SymbolId| match s == self.rate {
            true => Some(vec![variable.clone()]),
            false => point.get(&s).map(|v| v.iter().map(|x| vec![*x]).collect()),
        };
        let mut values = self.program.run(&mut series, input).ok()?;
        let right = values.split_off(self.split);
        let trust = series.order.checked_sub(series.lost).filter(|t| *t > 2 * root)?;
        let flat = |v: Vec<Vec<Vec<u64>>>| v.into_iter().flatten().collect();
        Some((series.base, flat(values), flat(right), trust))
    }
}

/// `t^root`
fn variable<D: crate::domain::Domain>(series: &Series<D>, root: usize) -> Vec<D::Elem> {
    let mut out = vec![series.base.zero(); series.order];
    if let Some(x) = out.get_mut(root) {
        *x = series.base.one();
    }
    out
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
