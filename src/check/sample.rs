//! Points of the space that a question quantifies over, drawn in each domain.

use rustc_hash::FxHashMap;

use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::interval::{Interval, Intervals};
use crate::domain::prime::{Prime, Random};
use crate::domain::{Domain, Rational, Stop};
use crate::model::elaborate::{Constraint, ConstraintKind, Draw, Role};
use crate::term::{NONE, Node, Program, Store, SymbolId, Term};

use super::Setting;

/// A point: the entries of every symbol's value.
pub type Point<E> = FxHashMap<SymbolId, Vec<E>>;

/// The number of discrete members (permutations, signs) that are tried one by one; beyond it they are drawn.
pub const MAX_MEMBERS: u64 = 720;

/// Up to this many entries of a point are known to a prime field as factors of products.
const MAX_FACTORS: usize = 24;

#[derive(Debug, Clone)]
struct Plan {
    symbol: SymbolId,
    role: Role,
    draw: Draw,
    size: usize,
    /// Open bounds of each entry that the conditions give directly.
    low: Vec<Option<Rational>>,
    high: Vec<Option<Rational>>,
    /// Whether generators of the group stand for all members.
    generated: bool,
}

impl Plan {
    /// The members that a proof has to visit: all, or generators of the group if these are fewer.
    fn visited(&self) -> u64 {
        match self.generators() {
            Some(g) => g.len() as u64,
            None => self.members(),
        }
    }

    /// A transposition and a cycle generate the permutations, a change of one sign the signed ones.
    fn generators(&self) -> Option<Vec<Vec<i64>>> {
        if !self.generated || self.members() <= 24 {
            return None;
        }
        let n = (self.size as f64).sqrt().round() as usize;
        let matrix = |image: &dyn Fn(usize) -> (usize, i64)| {
            let mut m = vec![0; n * n];
            for row in 0..n {
                let (column, sign) = image(row);
                m[row * n + column] = sign;
            }
            m
        };
        let mut all = vec![matrix(&|i| (if i < 2 { 1 - i } else { i }, 1)), matrix(&|i| ((i + 1) % n, 1))];
        if self.draw == Draw::SignedPermutation {
            all.push(matrix(&|i| (i, if i == 0 { -1 } else { 1 })));
        }
        Some(all)
    }

    /// Whether the symbol has a list of values; the permutations of one thing are such a list.
    fn discrete(&self) -> bool {
        matches!(self.draw, Draw::Sign | Draw::Permutation | Draw::SignedPermutation)
    }

    /// The number of values of a discrete symbol; 1 for a continuous one.
    fn members(&self) -> u64 {
        let n = (self.size as f64).sqrt().round() as u64;
        let factorial = (1..=n).try_fold(1u64, u64::checked_mul).unwrap_or(u64::MAX);
        match self.draw {
            Draw::Real | Draw::Pi => 1,
            Draw::Sign => 2,
            Draw::Permutation => factorial,
            Draw::SignedPermutation => factorial.saturating_mul(1u64.checked_shl(n as u32).unwrap_or(u64::MAX)),
        }
    }

    /// The entries, in -1, 0 and 1, of discrete value number `k`.
    fn member(&self, mut k: u64) -> Vec<i64> {
        if self.draw == Draw::Sign {
            return vec![if k % 2 == 1 { -1 } else { 1 }];
        }
        let n = (self.size as f64).sqrt().round() as usize;
        let mut free: Vec<usize> = (0..n).collect();
        let mut m = vec![0; n * n];
        for row in 0..n {
            let left = free.len() as u64;
            let column = free.remove((k % left) as usize);
            k /= left;
            let sign = if self.draw == Draw::SignedPermutation && k % 2 == 1 { -1 } else { 1 };
            if self.draw == Draw::SignedPermutation {
                k /= 2;
            }
            m[row * n + column] = sign;
        }
        m
    }
}

/// Larger matrices are not looked at for whether they are orthogonal.
const MAX_ROTATION: usize = 24;
/// So many are looked at.
const MAX_ROTATIONS: usize = 16;

/// Where matrix functions meet them: the square matrices in some terms that are made of numbers and members alone, such as
/// the rotations of a map. Some are orthogonal.
fn constant_squares(setting: &Setting, terms: &[Term]) -> Vec<Term> {
    let store = &setting.store;
    if !store.any_node(terms, |n| matches!(n, Node::Polar(_) | Node::PowerSpd(..))) {
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
                    generated: setting.generated.contains(&q.symbol),
                });
            }
        }
        for c in &constraints {
            if c.kind == ConstraintKind::Positive {
                note_bounds(store, c.term, &mut plans);
            }
        }
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
                    (0..p.size).map(|i| float_entry(random, scale, p.low[i].as_ref(), p.high[i].as_ref())).collect()
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

/// Reads `x > c` and `x < c` off a condition, for entries `x` of symbols.
fn note_bounds(store: &Store, term: Term, plans: &mut [Plan]) {
    let (coefficient, base, offset) = match store.node(term) {
        Node::Sum(parts) => match &parts[..] {
            [(c, t)] => (c.clone(), *t, Rational::ZERO),
            [(c, t), (d, u)] if store.as_fill(*u).is_some() => (c.clone(), *t, d.clone()),
            [(d, u), (c, t)] if store.as_fill(*u).is_some() => (c.clone(), *t, d.clone()),
            _ => return,
        },
        _ => (Rational::ONE, term, Rational::ZERO),
    };
    let bound = -offset / coefficient.clone();
    let below = coefficient > Rational::ZERO;
    let mut note = |s: SymbolId, i: usize| {
        if let Some(p) = plans.iter_mut().find(|p| p.symbol == s) {
            let slot = if below { &mut p.low[i] } else { &mut p.high[i] };
            let tighter = slot.as_ref().is_none_or(|old| if below { bound > *old } else { bound < *old });
            if tighter {
                *slot = Some(bound.clone());
            }
        }
    };
    match store.node(base) {
        Node::Symbol(s) => (0..store.size(base)).for_each(|i| note(*s, i)),
        Node::Gather(t, map) => {
            if let Node::Symbol(s) = store.node(*t) {
                map.iter().filter(|&&m| m != NONE).for_each(|&m| note(*s, m as usize));
            }
        }
        _ => {}
    }
}

fn float_entry(random: &mut Random, scale: f64, low: Option<&Rational>, high: Option<&Rational>) -> f64 {
    let u = random.unit();
    match (low.map(|q| q.to_f64().value()), high.map(|q| q.to_f64().value())) {
        // Of wider boxes the ends of an interval, too.
        (Some(a), Some(b)) if scale > 1.0 => a + (b - a) / (1.0 + ((8.0 + scale.ln()) * (1.0 - 2.0 * u)).exp()),
        (Some(a), Some(b)) => a + (b - a) * (0.05 + 0.9 * u),
        (Some(a), None) => a + (3.0 * u - 1.5).exp() * scale,
        (None, Some(b)) => b - (3.0 * u - 1.5).exp() * scale,
        (None, None) => (4.0 * u - 2.0) * scale,
    }
}

fn simple_entry(random: &mut Random, level: usize, low: Option<&Rational>, high: Option<&Rational>) -> Rational {
    let fraction = |n: u64, d: u64| Rational::from_parts(n.into(), d.into());
    match (low, high) {
        (Some(a), Some(b)) => {
            let d = [2, 3, 5, 7][level.min(3)] + random.below(1 + level as u64);
            let n = 1 + random.below(d - 1);
            a + (b - a) * fraction(n, d)
        }
        (Some(a), None) => a + positive_entry(random, level),
        (None, Some(b)) => b - positive_entry(random, level),
        (None, None) => {
            let size = positive_entry(random, level);
            match random.below(6) {
                0 => Rational::ZERO,
                1 | 2 => -size,
                _ => size,
            }
        }
    }
}

fn positive_entry(random: &mut Random, level: usize) -> Rational {
    let pool: &[(u8, u8)] = match level {
        0 => &[(1, 1), (2, 1), (1, 1)],
        1 => &[(1, 1), (2, 1), (3, 1), (1, 2)],
        2 => &[(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (1, 2), (1, 3), (3, 2)],
        _ => &[
            (1, 1),
            (2, 1),
            (3, 1),
            (5, 1),
            (7, 1),
            (1, 2),
            (1, 3),
            (2, 3),
            (1, 4),
            (3, 4),
            (1, 10),
            (9, 10),
            (1, 100),
        ],
    };
    let (n, d) = pool[random.below(pool.len() as u64) as usize];
    Rational::from_parts(n.into(), d.into())
}
