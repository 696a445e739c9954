//! Points of the space that a question quantifies over, drawn in each domain.

use rustc_hash::FxHashMap;

use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::interval::{Interval, Intervals};
use crate::domain::polynomial::{Polynomial, Polynomials};
use crate::domain::prime::{Prime, Random};
use crate::domain::{Domain, Rational, Stop};
use crate::model::elaborate::{Constraint, ConstraintKind, Draw, Role};
use crate::term::{Node, Program, SymbolId, Term};

use super::Setting;
use plan::{Plan, float_entry, note_bounds, simple_entry};

mod plan;

/// A point: the entries of every symbol's value.
pub type Point<E> = FxHashMap<SymbolId, Vec<E>>;

/// The number of discrete members (permutations, signs) that are tried one by one; beyond it they are drawn.
pub const MAX_MEMBERS: u64 = 720;

/// Up to this many entries of a point are known to a prime field as factors of products.
const MAX_FACTORS: usize = 24;

/// Larger matrices are not looked at for whether they are orthogonal.
const MAX_ROTATION: usize = 24;
/// So many are looked at.
const MAX_ROTATIONS: usize = 16;

/// Where matrix functions meet them: the square matrices in some terms that are made of numbers and members alone, such as
/// the rotations of a map. Some are orthogonal.
fn constant_squares(setting: &Setting, terms: &[Term]) -> Vec<Term> {
    let store = &setting.store;
    if !store.any_node(terms, |n| matches!(n, Node::Polar(_) | Node::PowerSpd(..) | Node::Eigenvectors(_))) {
        return Vec::new();
    }
    let members: Vec<SymbolId> =
        setting.quantified.iter().filter(|q| q.role == Role::Member).map(|q| q.symbol).collect();
    let square = |t: &Term| match store.shape(*t)[..] {
        [m, n] => m == n && (2..=MAX_ROTATION).contains(&n) && !matches!(store.node(*t), Node::Fill(_)),
        _ => false,
    };
    let constant = |t: &Term| store.free_symbols(&[*t]).iter().all(|s| members.contains(s));
    store.reachable(terms).into_iter().filter(|t| square(t) && constant(t)).take(MAX_ROTATIONS).collect()
}

/// Draws points for a fixed list of symbols.
pub struct Sampler {
    plans: Vec<Plan>,
    /// The conditions that speak of these symbols.
    pub constraints: Vec<Constraint>,
    program: Program,
    /// Members that are orthogonal matrices.
    rotations: Program,
}

impl Sampler {
    /// A sampler for the symbols of some terms and of the conditions on them.
    pub fn new(setting: &Setting, terms: &[Term], extra: &[Constraint]) -> Self {
        let store = &setting.store;
        let mut symbols = store.free_symbols(terms);
        let mut constraints: Vec<Constraint> = Vec::new();
        let all: Vec<(&Constraint, Vec<SymbolId>)> =
            setting.constraints.iter().chain(extra).map(|c| (c, store.free_symbols(&[c.term]))).collect();
        let mut taken = vec![false; all.len()];
        // Conditions tie symbols together; take all that are tied to those asked for.
        while let Some(i) =
            (0..all.len()).find(|&i| !taken[i] && all[i].1.iter().any(|s| symbols.binary_search(s).is_ok()))
        {
            taken[i] = true;
            constraints.push(all[i].0.clone());
            symbols.extend(all[i].1.iter().copied());
            symbols.sort_unstable();
            symbols.dedup();
        }
        let mut plans: Vec<Plan> = Vec::new();
        for q in &setting.quantified {
            if symbols.binary_search(&q.symbol).is_ok() {
                let size = setting.store.symbol_info(q.symbol).shape.iter().product();
                plans.push(Plan {
                    symbol: q.symbol,
                    role: q.role,
                    draw: q.draw,
                    size,
                    low: vec![None; size],
                    high: vec![None; size],
                    floats: Vec::new(),
                    generated: setting.generated.contains(&q.symbol),
                });
            }
        }
        for c in &constraints {
            if c.kind == ConstraintKind::Positive {
                note_bounds(store, c.term, &mut plans);
            }
        }
        plans.iter_mut().for_each(Plan::note_floats);
        let program = Program::new(store, &constraints.iter().map(|c| c.term).collect::<Vec<_>>());
        let known = |t: &Term| store.free_symbols(&[*t]).iter().all(|s| symbols.binary_search(s).is_ok());
        let mut rotations: Vec<Term> = setting.orthogonal.iter().copied().filter(known).collect();
        rotations.extend(constant_squares(setting, terms));
        let rotations = Program::new(store, &rotations);
        Sampler { plans, constraints, program, rotations }
    }

    /// The number of discrete members, and whether all of them can be tried.
    pub fn members(&self) -> (u64, bool) {
        let count = self.plans.iter().map(Plan::visited).try_fold(1u64, u64::checked_mul).unwrap_or(u64::MAX);
        // Where not all can be visited nothing is proved, and a few will do to see a difference.
        if count <= MAX_MEMBERS { (count, true) } else { (24, false) }
    }

    /// The discrete values of member number `k`, or random ones.
    fn discrete(&self, member: Option<u64>, random: &mut Random) -> FxHashMap<SymbolId, Vec<i64>> {
        let mut k = member.unwrap_or(0);
        let mut values = FxHashMap::default();
        for p in self.plans.iter().filter(|p| p.discrete()) {
            let own = match member {
                Some(_) => {
                    let own = k % p.visited();
                    k /= p.visited();
                    own
                }
                None => random.below(p.members()),
            };
            let generator = p.generators().filter(|_| member.is_some()).and_then(|g| g.get(own as usize).cloned());
            values.insert(p.symbol, generator.unwrap_or_else(|| p.member(own)));
        }
        values
    }

    /// A random point of a prime field, with the positive quantities made known to it as such.
    ///
    /// # Errors
    /// If a condition has no value at the point.
    pub fn prime(&self, prime: &mut Prime, random: &mut Random, member: Option<u64>) -> Result<Point<u64>, Stop> {
        self.prime_with(prime, random, member, None)
    }

    /// As [`Sampler::prime`], with the values of the members kept from another point of the same field.
    ///
    /// # Errors
    /// As [`Sampler::prime`].
    pub fn prime_with(
        &self,
        prime: &mut Prime,
        random: &mut Random,
        member: Option<u64>,
        keep: Option<&Point<u64>>,
    ) -> Result<Point<u64>, Stop> {
        let discrete = self.discrete(member, random);
        let mut point: Point<u64> = FxHashMap::default();
        for p in &self.plans {
            if let Some(kept) = keep.and_then(|k| k.get(&p.symbol)).filter(|_| p.role == Role::Member || p.discrete()) {
                point.insert(p.symbol, kept.clone());
                continue;
            }
            let values = match discrete.get(&p.symbol) {
                Some(entries) => entries.iter().map(|&e| prime.rational(&e.into())).collect::<Result<_, _>>()?,
                None => (0..p.size)
                    .map(|i| match &p.low[i] {
                        Some(low) if *low >= Rational::ZERO => prime.draw_positive(),
                        _ => prime.draw(),
                    })
                    .collect(),
            };
            point.insert(p.symbol, values);
        }
        let rotations = self.rotations.run(prime, |s| point.get(&s).cloned()).map_err(|f| f.stop)?;
        for m in rotations {
            prime.know_orthogonal(m);
        }
        let run = self.program.run(prime, |s| point.get(&s).cloned()).map_err(|f| f.stop)?;
        for (c, values) in self.constraints.iter().zip(run) {
            if c.kind == ConstraintKind::Positive {
                values.into_iter().for_each(|v| prime.assume_positive(v));
            }
        }
        // Signs and roots of products are products of signs and roots: let the factors be known first.
        if self.plans.iter().map(|p| p.size).sum::<usize>() <= MAX_FACTORS {
            for p in self.plans.iter().filter(|p| !p.discrete()) {
                point[&p.symbol].iter().for_each(|v| prime.make_known(*v));
            }
        }
        Ok(point)
    }

    /// A random floating-point point that satisfies the conditions; `None` if this draw does not.
    pub fn float(&self, random: &mut Random) -> Option<Point<f64>> {
        self.float_scaled(random, 1.0)
    }

    /// As [`Sampler::float`], with entries up to `2 · scale` in size where no condition bounds them.
    pub fn float_scaled(&self, random: &mut Random, scale: f64) -> Option<Point<f64>> {
        let discrete = self.discrete(None, random);
        let mut point: Point<f64> = FxHashMap::default();
        for p in &self.plans {
            let values = match (discrete.get(&p.symbol), p.draw) {
                (Some(entries), _) => entries.iter().map(|&e| e as f64).collect(),
                (None, Draw::Pi) => vec![std::f64::consts::PI],
                (None, _) => {
                    // A learning rate stays small: what happens far from 0 is no matter of limits, and overflows.
                    let scale = if p.role == Role::Rate { 1.0 } else { scale };
                    (0..p.size)
                        .map(|i| float_entry(random, scale, p.floats.get(i).copied().unwrap_or([None; 2])))
                        .collect()
                }
            };
            point.insert(p.symbol, values);
        }
        let run = self.program.run(&mut Float::default(), |s| point.get(&s).cloned()).ok()?;
        let holds = self.constraints.iter().zip(run).all(|(c, values)| {
            values.iter().all(|&v| if c.kind == ConstraintKind::Positive { v > 0.0 } else { v.abs() > 1e-9 })
        });
        holds.then_some(point)
    }

    /// Whether a floating-point point satisfies the conditions, with those of the form `≠ 0` on the same side as at
    /// `reference`.
    pub fn inside_float(&self, point: &Point<f64>, reference: &Point<f64>) -> bool {
        let run = |p: &Point<f64>| self.program.run(&mut Float::default(), |s| p.get(&s).cloned()).ok();
        let (Some(here), Some(there)) = (run(point), run(reference)) else {
            return false;
        };
        self.constraints.iter().zip(here.iter().zip(&there)).all(|(c, (a, b))| {
            a.iter().zip(b).all(|(x, y)| if c.kind == ConstraintKind::Positive { *x > 0.0 } else { x * y > 0.0 })
        })
    }

    /// A point of simple rational numbers that satisfies the conditions; the higher the level, the less simple.
    /// Entries are not 0 or 1 more often than need be: degenerate points prove little.
    pub fn simple(&self, random: &mut Random, level: usize) -> Option<Point<Rational>> {
        self.simple_of(random, level, None)
    }

    /// As [`Sampler::simple`], for a given discrete member.
    pub fn simple_of(&self, random: &mut Random, level: usize, member: Option<u64>) -> Option<Point<Rational>> {
        // A statement would hold for one rational number near π only.
        if self.pis().next().is_some() { None } else { self.simple_near_pi(random, level, member) }
    }

    /// The symbols that stand for π.
    pub fn pis(&self) -> impl Iterator<Item = SymbolId> + '_ {
        self.plans.iter().filter(|p| p.draw == Draw::Pi).map(|p| p.symbol)
    }

    /// As [`Sampler::simple_of`], with a rational number near π where π is read: for callers that put an enclosure in its
    /// place.
    pub fn simple_near_pi(&self, random: &mut Random, level: usize, member: Option<u64>) -> Option<Point<Rational>> {
        let discrete = self.discrete(member, random);
        let mut point: Point<Rational> = FxHashMap::default();
        for p in &self.plans {
            let values = match (discrete.get(&p.symbol), p.draw) {
                (Some(entries), _) => entries.iter().map(|&e| Rational::from(e)).collect(),
                (None, Draw::Pi) => vec![Rational::from_parts(245850922i64.into(), 78256779u64.into())],
                (None, _) => {
                    (0..p.size).map(|i| simple_entry(random, level, p.low[i].as_ref(), p.high[i].as_ref())).collect()
                }
            };
            point.insert(p.symbol, values);
        }
        self.satisfied(&point).then_some(point)
    }

    /// Whether a rational point certainly satisfies all conditions.
    pub fn satisfied(&self, point: &Point<Rational>) -> bool {
        if self.constraints.is_empty() {
            return true;
        }
        if let Ok(run) = self.program.run(&mut Exact::default(), |s| point.get(&s).cloned()) {
            return self.constraints.iter().zip(run).all(|(c, values)| {
                values.iter().all(|v| match c.kind {
                    ConstraintKind::Positive => *v > Rational::ZERO,
                    ConstraintKind::NonZero => !v.is_zero(),
                })
            });
        }
        let mut domain = Intervals::default();
        let embedded = embed(&mut domain, point);
        let Ok(run) = self.program.run(&mut domain, |s| embedded.get(&s).cloned()) else {
            return false;
        };
        self.constraints.iter().zip(run).all(|(c, values)| {
            values.iter().all(|v| match c.kind {
                ConstraintKind::Positive => v.lo() > 0.0,
                ConstraintKind::NonZero => domain.is_zero(v) == Some(false),
            })
        })
    }

    /// Scalar operations that the conditions of one point cost.
    pub fn operations(&self) -> usize {
        self.program.operations()
    }

    /// Whether some entry is bounded from below by what bounds it from above, so that no point exists.
    pub fn contradictory(&self) -> bool {
        self.plans
            .iter()
            .any(|p| p.low.iter().zip(&p.high).any(|(a, b)| matches!((a, b), (Some(a), Some(b)) if a >= b)))
    }

    /// Whether a point that satisfies the conditions is found.
    pub fn is_met(&self, seed: u64) -> bool {
        let mut random = Random::new(seed, "conditions");
        (0..400).any(|k| {
            self.float_scaled(&mut random, [1.0, 4.0, 0.25, 64.0][k % 4]).is_some()
                || self.simple(&mut random, k / 100).is_some()
        })
    }

    /// The open bounds that the conditions give the entries of a symbol directly.
    pub fn bounds(&self, symbol: SymbolId) -> Vec<(Option<Rational>, Option<Rational>)> {
        let plan = self.plans.iter().find(|p| p.symbol == symbol);
        plan.map(|p| p.low.iter().cloned().zip(p.high.iter().cloned()).collect()).unwrap_or_default()
    }

    /// Intervals that hold every value of the symbols.
    pub fn whole_domain(&self) -> Point<Interval> {
        let entry = |p: &Plan, i: usize| match p.draw {
            _ if p.discrete() => Interval::new(-1.0, 1.0),
            Draw::Pi => Interval::pi(),
            _ => {
                let low = p.low[i].as_ref().map_or(f64::NEG_INFINITY, |q| Interval::enclose(q).lo());
                let high = p.high[i].as_ref().map_or(f64::INFINITY, |q| Interval::enclose(q).hi());
                Interval::new(low, high)
            }
        };
        self.plans.iter().map(|p| (p.symbol, (0..p.size).map(|i| entry(p, i)).collect())).collect()
    }

    /// The symbols that take any real value, in order: neither discrete ones nor those that stand for π.
    pub fn movable(&self) -> impl Iterator<Item = SymbolId> + '_ {
        self.plans.iter().filter(|p| !p.discrete() && p.draw != Draw::Pi).map(|p| p.symbol)
    }

    /// The values of a member with variables for all that is not discrete, in the order of the symbols.
    pub fn symbolic(&self, domain: &mut Polynomials, member: u64) -> Point<Polynomial> {
        let discrete = self.discrete(Some(member), &mut Random::new(0, "no draw"));
        let mut point = Point::default();
        for p in &self.plans {
            let values = match discrete.get(&p.symbol) {
                Some(entries) => entries.iter().map(|&e| Polynomial::constant(e.into())).collect(),
                None => (0..p.size).map(|_| domain.variable()).collect(),
            };
            point.insert(p.symbol, values);
        }
        point
    }

    /// What the conditions say is not zero there, as far as those are polynomials.
    pub fn not_zero(&self, domain: &mut Polynomials, point: &Point<Polynomial>) -> Vec<Polynomial> {
        let Ok(run) = self.program.run(domain, |s| point.get(&s).cloned()) else { return Vec::new() };
        if !domain.signs.is_empty() {
            return Vec::new();
        }
        let kept = self.constraints.iter().zip(run).filter(|(c, _)| c.kind == ConstraintKind::NonZero);
        kept.flat_map(|(_, values)| values).collect()
    }

    /// What the conditions say is positive there; nothing if some condition is no polynomial.
    pub fn positive(&self, domain: &mut Polynomials, point: &Point<Polynomial>) -> Vec<Polynomial> {
        let Ok(run) = self.program.run(domain, |s| point.get(&s).cloned()) else { return Vec::new() };
        // A sign in a condition was chosen at will.
        if !domain.signs.is_empty() {
            return Vec::new();
        }
        let positive = self.constraints.iter().zip(run).filter(|(c, _)| c.kind == ConstraintKind::Positive);
        let mut conditions: Vec<Polynomial> = positive.flat_map(|(_, values)| values).collect();
        let pi = self.plans.iter().filter(|p| p.draw == Draw::Pi).flat_map(|p| &point[&p.symbol]);
        conditions.extend(pi.cloned());
        conditions
    }

    /// The point with these values for the variables of [`Sampler::symbolic`].
    pub fn at_variables(&self, member: u64, values: &[f64]) -> Point<f64> {
        let discrete = self.discrete(Some(member), &mut Random::new(0, "no draw"));
        let mut next = values.iter().copied();
        let own = |p: &Plan| match discrete.get(&p.symbol) {
            Some(entries) => entries.iter().map(|&e| e as f64).collect(),
            None if p.draw == Draw::Pi => next.by_ref().take(1).map(|_| std::f64::consts::PI).collect(),
            None => next.by_ref().take(p.size).collect(),
        };
        self.plans.iter().map(|p| p.symbol).zip(self.plans.iter().map(own).collect::<Vec<_>>()).collect()
    }

    /// The symbols in order, with the role of each and whether it is discrete.
    pub fn symbols(&self) -> impl Iterator<Item = (SymbolId, Role, bool)> {
        self.plans.iter().map(|p| (p.symbol, p.role, p.discrete()))
    }
}

/// A rational point in another domain.
pub fn embed<D: Domain>(domain: &mut D, point: &Point<Rational>) -> Point<D::Elem> {
    point
        .iter()
        .filter_map(|(s, values)| {
            let values: Result<Vec<_>, _> = values.iter().map(|q| domain.rational(q)).collect();
            values.ok().map(|v| (*s, v))
        })
        .collect()
}
