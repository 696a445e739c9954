//! How the map of the parameters acts: its Jacobian, entry by entry and block by block.

use super::Asked;
use crate::check::sample::Sampler;
use crate::check::{Budget, Problem};
use crate::domain::prime::{Prime, PseudoInverses, Random, Signs};
use crate::model::elaborate::Draw;
use crate::term::{NONE, Program, Term};

/// Jacobians with more entries than this are not built.
const MAX_JACOBIAN: usize = 1 << 22;

/// The Jacobian of `F`, target by source, and where it is not zero.
#[derive(Debug, Clone)]
pub struct Chart {
    /// The Jacobian `[m, n]`, a term in the source's point.
    pub jacobian: Term,
    /// The map is affine: its Jacobian is the same at all points.
    pub affine: bool,
    /// Rows (the target's entries) and columns (the source's).
    pub size: (usize, usize),
    /// For each target entry the only source entry that it depends on, [`NONE`] if there is none at all; absent if some
    /// entry depends on more, or if members decide.
    pub rows: Option<Vec<u32>>,
    /// For each source entry the only target entry that depends on it; absent likewise.
    pub columns: Option<Vec<u32>>,
    /// For each target block the source blocks that it depends on.
    pub blocks: Vec<Vec<usize>>,
}

impl Chart {
    /// Works out the Jacobian of a question's map.
    ///
    /// # Errors
    /// Why it is not available.
    pub fn new(asked: &mut Asked, budget: &Budget) -> Result<Chart, String> {
        let (m, n) = (asked.target.dim, asked.source.dim);
        if m * n > MAX_JACOBIAN {
            return Err(format!("the Jacobian of the map has {m} × {n} entries, more than are looked at"));
        }
        let x = asked.source.point;
        let store = &mut asked.problem.setting.store;
        let jacobian =
            store.jacobian(asked.map, x).map_err(|e| format!("the Jacobian of the map is not available: {e}"))?;
        let free = store.free_symbols(&[jacobian]);
        let affine = !free.contains(&x);
        let finite = asked.problem.setting.quantified.iter().any(|q| {
            free.contains(&q.symbol) && matches!(q.draw, Draw::Sign | Draw::Permutation | Draw::SignedPermutation)
        });
        let nonzero = nonzero(&asked.problem, jacobian, budget)
            .ok_or("the Jacobian of the map has no value at the points tried")?;
        let entry = |i: usize, j: usize| nonzero[i * n + j];
        let only = |mut candidates: Vec<usize>| match (candidates.pop(), candidates.pop()) {
            (None, _) => Some(NONE),
            (Some(k), None) => u32::try_from(k).ok(),
            _ => None,
        };
        // A sign may be 1 or −1 and is never zero; which entries a permutation fills is for its members to say.
        let rows = (0..m).map(|i| only((0..n).filter(|&j| entry(i, j)).collect())).collect::<Option<Vec<u32>>>();
        let columns = (0..n).map(|j| only((0..m).filter(|&i| entry(i, j)).collect())).collect::<Option<Vec<u32>>>();
        let touches = |i: usize, a: usize| {
            let (b, a) = (&asked.target.blocks[i], &asked.source.blocks[a]);
            (b.offset..b.offset + b.size()).any(|r| (a.offset..a.offset + a.size()).any(|c| entry(r, c)))
        };
        let sources = asked.source.blocks.len();
        let blocks =
            (0..asked.target.blocks.len()).map(|i| (0..sources).filter(|&a| touches(i, a)).collect()).collect();
        let keep = |x: Option<Vec<u32>>| x.filter(|_| !finite);
        Ok(Chart { jacobian, affine, size: (m, n), rows: keep(rows), columns: keep(columns), blocks })
    }

    /// Whether the Jacobian is square.
    pub fn square(&self) -> bool {
        self.size.0 == self.size.1
    }

    /// Whether the map is the identity on entries, up to factors: one entry of the target for each of the source.
    pub fn scaled_permutation(&self) -> bool {
        self.square() && self.rows.as_ref().is_some_and(|r| r.iter().all(|k| *k != NONE)) && self.columns.is_some()
    }
}

/// Which entries of a matrix are not zero at a random point and a random member. What is zero there by accident is so
/// with a probability of 2⁻⁵⁰, and costs an answer.
fn nonzero(problem: &Problem, t: Term, budget: &Budget) -> Option<Vec<bool>> {
    let sampler = Sampler::new(&problem.setting, &[t], &problem.domain);
    let program = Program::new(&problem.setting.store, &[t]);
    (0..4).find_map(|seed| {
        let label = format!("chart/{seed}");
        let field = Random::new(budget.seed, &format!("{label}/field"));
        let mut prime = Prime::new(field, Signs::Free, PseudoInverses::ByRank);
        let point = sampler.prime(&mut prime, &mut Random::new(budget.seed, &label), None).ok()?;
        let values = program.run(&mut prime, |s| point.get(&s).cloned()).ok()?;
        Some(values[0].iter().map(|v| *v != 0).collect())
    })
}
