//! How the value of one symbol is drawn: its bounds, its members, its entries.

use crate::domain::Rational;
use crate::domain::prime::Random;
use crate::model::elaborate::{Draw, Role};
use crate::term::{NONE, Node, Store, SymbolId, Term};

/// How the value of one symbol is drawn.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub symbol: SymbolId,
    pub role: Role,
    pub draw: Draw,
    pub size: usize,
    /// Open bounds of each entry that the conditions give directly.
    pub low: Vec<Option<Rational>>,
    pub high: Vec<Option<Rational>>,
    /// The same bounds in floating point; nothing if no entry has any.
    pub floats: Vec<[Option<f64>; 2]>,
    /// Whether generators of the group stand for all members.
    pub generated: bool,
}

impl Plan {
    /// Notes the bounds in floating point. Often it is one bound for many entries.
    pub fn note_floats(&mut self) {
        if self.low.iter().chain(&self.high).all(Option::is_none) {
            return;
        }
        let floats = |bounds: &[Option<Rational>]| -> Vec<Option<f64>> {
            let mut last: Option<(&Rational, f64)> = None;
            let mut float = |q| {
                let known = last.filter(|(old, _)| *old == q);
                last = known.or_else(|| Some((q, q.to_f64().value())));
                last.map(|(_, x)| x)
            };
            bounds.iter().map(|q| q.as_ref().and_then(&mut float)).collect()
        };
        self.floats = floats(&self.low).into_iter().zip(floats(&self.high)).map(|(a, b)| [a, b]).collect();
    }

    /// The members that a proof has to visit: all, or generators of the group if these are fewer.
    pub fn visited(&self) -> u64 {
        match self.generators() {
            Some(g) => g.len() as u64,
            None => self.members(),
        }
    }

    /// A transposition and a cycle generate the permutations, a change of one sign the signed ones.
    pub fn generators(&self) -> Option<Vec<Vec<i64>>> {
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
    pub fn discrete(&self) -> bool {
        matches!(self.draw, Draw::Sign | Draw::Permutation | Draw::SignedPermutation)
    }

    /// The number of values of a discrete symbol; 1 for a continuous one.
    pub fn members(&self) -> u64 {
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
    pub fn member(&self, mut k: u64) -> Vec<i64> {
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

/// Reads `x > c` and `x < c` off a condition, for entries `x` of symbols.
pub(super) fn note_bounds(store: &Store, term: Term, plans: &mut [Plan]) {
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

/// A number within bounds; without them about as large as the scale.
pub(super) fn float_entry(random: &mut Random, scale: f64, [low, high]: [Option<f64>; 2]) -> f64 {
    let u = random.unit();
    match (low, high) {
        // Of wider boxes the ends of an interval, too.
        (Some(a), Some(b)) if scale > 1.0 => a + (b - a) / (1.0 + ((8.0 + scale.ln()) * (1.0 - 2.0 * u)).exp()),
        (Some(a), Some(b)) => a + (b - a) * (0.05 + 0.9 * u),
        (Some(a), None) => a + (3.0 * u - 1.5).exp() * scale,
        (None, Some(b)) => b - (3.0 * u - 1.5).exp() * scale,
        (None, None) => (4.0 * u - 2.0) * scale,
    }
}

/// A fraction within bounds, less simple at a higher level.
pub(super) fn simple_entry(
    random: &mut Random,
    level: usize,
    low: Option<&Rational>,
    high: Option<&Rational>,
) -> Rational {
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
