//! Rules that read what belongs to another block: the hyperparameters of that block then matter to this one.

use rustc_hash::FxHashMap;

use super::{Asked, Layout};
use crate::core::variance::Variance;
use crate::model::architecture::Block;
use crate::model::optimizer::State;
use crate::term::{NONE, Node, Store, SymbolId, Term};

/// By entry of a tensor, the blocks of those new states that it is made of: one bit for each.
type Blocks = Vec<u64>;

/// Blocks that have a bit of their own.
const MAX_BLOCKS: usize = 62;
/// The bit of what belongs to no block.
const NO_BLOCK: u64 = 1 << 63;

/// Whether some rule of the target reads entries of new states of another block than its own, or of states on all blocks
/// together, that factors of hyperparameters go into. Found from the form of the rules; what is not seen to be apart is
/// taken to be read.
pub fn reads_other_blocks(asked: &Asked) -> bool {
    let (store, target) = (&asked.problem.setting.store, &asked.target);
    if target.blocks.len() < 2 {
        return false;
    }
    if target.blocks.len() > MAX_BLOCKS {
        return true;
    }
    let points = Layout::consecutive(target.blocks.iter().map(Block::size));
    let layouts: Vec<Layout> = std::iter::once(points).chain(target.states.iter().map(|s| target.layout(s))).collect();
    let scaled = |t: Term| {
        let read = store.free_symbols(&[t]);
        asked.factors.iter().any(|f| read.contains(&f.symbol))
    };
    // A matrix on all parameters, or a number with a weight, has no block whose hyperparameters it could be computed with;
    // a number without one is said to depend on none that is scaled.
    let astray = |(i, s): (usize, &State)| {
        let of_all = layouts[i + 1] == Layout::Square || matches!(s.variance, Variance::Scalar(_)) && !s.each;
        of_all && (scaled(target.next[i + 1]) || scaled(s.initial))
    };
    if target.states.iter().enumerate().any(astray) {
        return true;
    }
    let marks: FxHashMap<SymbolId, Blocks> = (target.rules.iter().enumerate())
        .filter(|(i, _)| scaled(target.next[*i]))
        .map(|(i, (symbol, t))| (*symbol, marks(&layouts[i], store.size(*t))))
        .collect();
    if marks.is_empty() {
        return false;
    }
    let roots: Vec<Term> = target.rules.iter().map(|(_, t)| *t).collect();
    let found = spread(store, &roots, &marks);
    roots.iter().zip(&layouts).any(|(t, layout)| {
        let own = self::marks(layout, store.size(*t));
        found[t].iter().zip(own).any(|(read, own)| read & !own != 0)
    })
}

/// For every entry of a tensor of this layout its block.
fn marks(layout: &Layout, size: usize) -> Blocks {
    match layout {
        Layout::Whole | Layout::Square => vec![NO_BLOCK; size],
        Layout::Blocks(ranges) => {
            let mut all = vec![NO_BLOCK; size];
            for (b, r) in ranges.iter().enumerate() {
                all[r.clone()].fill(1 << b);
            }
            all
        }
    }
}

/// What the entries of all terms are made of, given the marks of some symbols.
fn spread(store: &Store, roots: &[Term], marks: &FxHashMap<SymbolId, Blocks>) -> FxHashMap<Term, Blocks> {
    let mut known: FxHashMap<Term, Blocks> = FxHashMap::default();
    for t in store.reachable(roots) {
        let size = store.size(t);
        let entries = match store.node(t) {
            Node::Symbol(s) => marks.get(s).cloned().unwrap_or_else(|| vec![0; size]),
            Node::Gather(x, map) => {
                let of = |m: &u32| if *m == NONE { 0 } else { known[x][*m as usize] };
                map.iter().map(of).collect()
            }
            Node::Join(parts) => parts.iter().flat_map(|p| known[p].iter().copied()).collect(),
            Node::Map(_, x) | Node::Power(x, _) => known[x].clone(),
            Node::Sum(parts) => (0..size).map(|i| parts.iter().fold(0, |all, (_, p)| all | known[p][i])).collect(),
            Node::Product { a, b, la, lb, out } if la == lb && la == out => {
                (0..size).map(|i| known[a][i] | known[b][i]).collect()
            }
            Node::Product { a, b, la, lb, out } if (la.is_empty() && lb == out) || (lb.is_empty() && la == out) => {
                let (scalar, tensor) = if la.is_empty() && lb == out { (a, b) } else { (b, a) };
                known[tensor].iter().map(|x| x | known[scalar].first().copied().unwrap_or(0)).collect()
            }
            // Any entry may be made of any other.
            node => {
                let all = node.operands().iter().flat_map(|o| &known[o]).fold(0, |all, x| all | x);
                vec![all; size]
            }
        };
        known.insert(t, entries);
    }
    known
}
