//! Diagrams without cycles: which objects lie below which, and the fewest squares that make all parallel paths equal.
//!
//! Write `x ≥ z` if there is a path from `x` to `z`. A *diamond* under `x` is a pair of parallel paths `x → z` that begin
//! with different arrows. [`Poset::diamonds`] chooses diamonds as follows: for an object `x` with arrows `aᵢ : x → yᵢ` and
//! an object `z`, call `i` and `j` *joined above `z`* if some direct predecessor `p` of `z` lies below both `yᵢ` and `yⱼ`
//! (every object lies below itself). Among the arrows with `yᵢ ≥ z`, this generates an equivalence; with `k` classes,
//! `k - 1` diamonds to `z` connect them.
//!
//! **They suffice.** Let all paths that start strictly below `x` and are parallel be equal (induction on `x` from below),
//! and let all parallel paths from `x` to direct predecessors of `z` be equal (induction on `z` from above). Take paths
//! `p = aᵢ·r` and `q = aⱼ·s` from `x` to `z`. If `i = j`, then `r = s` by the first induction. If `i` and `j` are joined
//! by a predecessor `w` with `v : w → z`, there are paths `p' : yᵢ → w` and `q' : yⱼ → w`; `aᵢ·p' = aⱼ·q'` by the second
//! induction, `r = p'·v` and `s = q'·v` by the first, so `p = q`. If `aᵢ` and `aⱼ` are the ends of a chosen diamond, its
//! paths continue `aᵢ` and `aⱼ`, and differ from `r` and `s` only below `x`. Classes and diamonds connect all `i`, `j`.
//!
//! **None can be spared.** A relation between parallel paths acts on a path `x → z` by replacing a part of it. If the part
//! does not begin at `x`, the first arrow stays. If it does not end at `z`, both versions pass through the last arrow's
//! start, a predecessor of `z`, so that their first arrows are joined above `z`. Only relations between `x` and `z`
//! themselves connect different classes, and `k` classes need `k - 1` of them.

use dashu_int::UBig;
use fixedbitset::FixedBitSet;
use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::{Diagram, Mor, Ob, Parallel, Path};

/// A closed path: it shows that the arrows are no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<Mor>);

/// A pair of parallel paths that has to be equal for all parallel paths to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diamond {
    /// Where both paths start.
    pub top: Ob,
    /// Where both end.
    pub bottom: Ob,
    /// The paths; they begin with different arrows.
    pub pair: Parallel,
}

/// A diagram without cycles.
#[derive(Debug)]
pub struct Poset<'a> {
    diagram: &'a Diagram,
    /// Sources before targets.
    order: Vec<NodeIndex>,
}

impl Diagram {
    /// The diagram as a poset.
    ///
    /// # Errors
    /// If there is a closed path: one of the shortest.
    pub fn poset(&self) -> Result<Poset<'_>, Cycle> {
        match petgraph::algo::toposort(&self.graph, None) {
            Ok(order) => Ok(Poset { diagram: self, order }),
            Err(_) => Err(self.shortest_cycle()),
        }
    }

    fn shortest_cycle(&self) -> Cycle {
        let mut best: Option<Vec<Mor>> = None;
        // Only objects on cycles matter, and the first component that has one will do.
        let components = petgraph::algo::kosaraju_scc(&self.graph);
        let looped = |c: &Vec<NodeIndex>| c.len() > 1 || self.graph.find_edge(c[0], c[0]).is_some();
        let Some(component) = components.into_iter().filter(looped).min_by_key(|c| c.iter().min().copied()) else {
            return Cycle(Vec::new());
        };
        for &start in component.iter().take(64) {
            for (arrow, next) in self.out(start) {
                let Some(rest) = self.shortest_path(next, start) else { continue };
                let cycle: Vec<Mor> = std::iter::once(arrow).chain(rest).collect();
                if best.as_ref().is_none_or(|b| cycle.len() < b.len()) {
                    best = Some(cycle);
                }
            }
        }
        Cycle(best.unwrap_or_default())
    }

    /// The arrows that start from an object and where they end, in order of creation.
    fn out(&self, x: NodeIndex) -> Vec<(Mor, NodeIndex)> {
        let mut all: Vec<_> = self.graph.edges(x).map(|e| (Mor(e.id()), e.target())).collect();
        all.sort_unstable();
        all
    }

    /// A shortest path between two objects; empty if they are the same.
    fn shortest_path(&self, from: NodeIndex, to: NodeIndex) -> Option<Vec<Mor>> {
        let mut reached: rustc_hash::FxHashMap<NodeIndex, Option<(NodeIndex, Mor)>> =
            [(from, None)].into_iter().collect();
        let mut queue = std::collections::VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            if at == to {
                let mut arrows = Vec::new();
                let mut back = at;
                while let Some(Some((before, arrow))) = reached.get(&back) {
                    arrows.push(*arrow);
                    back = *before;
                }
                arrows.reverse();
                return Some(arrows);
            }
            for (arrow, next) in self.out(at) {
                if let std::collections::hash_map::Entry::Vacant(slot) = reached.entry(next) {
                    slot.insert(Some((at, arrow)));
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

impl Poset<'_> {
    /// Whether some object has two arrows to start with, so that there may be parallel paths.
    pub fn branches(&self) -> bool {
        self.order.iter().any(|&x| self.diagram.graph.edges(x).nth(1).is_some())
    }

    /// For each object, by its number, the objects below it, itself included. Quadratic in the number of objects.
    fn below(&self) -> Vec<FixedBitSet> {
        let n = self.order.len();
        let mut below = vec![FixedBitSet::with_capacity(n); n];
        for &x in self.order.iter().rev() {
            let mut own = FixedBitSet::with_capacity(n);
            own.insert(x.index());
            for y in self.diagram.graph.neighbors(x) {
                own.union_with(&below[y.index()]);
            }
            below[x.index()] = own;
        }
        below
    }

    /// The chosen diamonds (see the module documentation), from the top down.
    pub fn diamonds(&self) -> Vec<Diamond> {
        if !self.branches() {
            return Vec::new();
        }
        let below = self.below();
        let mut diamonds = Vec::new();
        for &x in &self.order {
            let arrows = self.diagram.out(x);
            if arrows.len() < 2 {
                continue;
            }
            for &z in &self.order {
                let reaching: Vec<usize> =
                    (0..arrows.len()).filter(|&i| below[arrows[i].1.index()].contains(z.index())).collect();
                if reaching.len() < 2 {
                    continue;
                }
                let mut class: Vec<usize> = (0..arrows.len()).collect();
                for p in self.diagram.graph.neighbors_directed(z, Direction::Incoming) {
                    let mut joined = reaching.iter().filter(|&&i| below[arrows[i].1.index()].contains(p.index()));
                    let Some(&first) = joined.next() else { continue };
                    for &i in joined {
                        let (a, b) = (class[first], class[i]);
                        class.iter_mut().filter(|c| **c == b).for_each(|c| *c = a);
                    }
                }
                let first = reaching[0];
                for &i in &reaching[1..] {
                    if class[i] == class[first] {
                        continue;
                    }
                    let (a, b) = (class[first], class[i]);
                    class.iter_mut().filter(|c| **c == b).for_each(|c| *c = a);
                    let through = |k: usize| {
                        let (arrow, y) = arrows[k];
                        let rest = self.diagram.shortest_path(y, z).unwrap_or_default();
                        Path::Arrows(std::iter::once(arrow).chain(rest).collect())
                    };
                    let pair = Parallel { left: through(first), right: through(i) };
                    diamonds.push(Diamond { top: Ob(x), bottom: Ob(z), pair });
                }
            }
        }
        diamonds
    }

    /// The number of paths of at least one arrow.
    pub fn paths(&self) -> UBig {
        let mut from = vec![UBig::ZERO; self.order.len()];
        let mut total = UBig::ZERO;
        for &x in self.order.iter().rev() {
            let own: UBig = self.diagram.graph.neighbors(x).map(|y| UBig::ONE + &from[y.index()]).sum();
            total += &own;
            from[x.index()] = own;
        }
        total
    }

    /// The objects from which no arrow starts.
    pub fn sinks(&self) -> Vec<Ob> {
        let mut all: Vec<Ob> =
            self.order.iter().filter(|&&x| self.diagram.graph.neighbors(x).next().is_none()).map(|&x| Ob(x)).collect();
        all.sort_unstable();
        all
    }

    /// The connected parts, arrows taken in both directions; each with its objects in order.
    pub fn parts(&self) -> Vec<Vec<Ob>> {
        let mut sets = petgraph::unionfind::UnionFind::new(self.order.len());
        for e in self.diagram.graph.edge_references() {
            sets.union(e.source().index(), e.target().index());
        }
        let mut parts: indexmap::IndexMap<usize, Vec<Ob>> = indexmap::IndexMap::new();
        for x in self.diagram.graph.node_indices() {
            parts.entry(sets.find(x.index())).or_default().push(Ob(x));
        }
        parts.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A diagram with arrows from smaller to larger numbers.
    fn diagram(n: usize, arrows: &[(usize, usize)]) -> Diagram {
        let mut d = Diagram::default();
        let obs: Vec<Ob> = (0..n).map(|i| d.object(format!("{i}"))).collect();
        for (k, &(a, b)) in arrows.iter().enumerate() {
            d.arrow(obs[a], obs[b], format!("f{k}"));
        }
        d
    }

    /// All paths of at least one arrow.
    fn all_paths(d: &Diagram) -> Vec<Vec<Mor>> {
        let mut found: Vec<Vec<Mor>> = Vec::new();
        let mut stack: Vec<(NodeIndex, Vec<Mor>)> = d.graph.node_indices().map(|x| (x, Vec::new())).collect();
        while let Some((at, path)) = stack.pop() {
            for (arrow, next) in d.out(at) {
                let mut longer = path.clone();
                longer.push(arrow);
                found.push(longer.clone());
                stack.push((next, longer));
            }
        }
        found
    }

    /// Whether relations between paths make all parallel paths equal: brute force over all replacements of a part.
    fn identifies_all(d: &Diagram, relations: &[(Vec<Mor>, Vec<Mor>)]) -> bool {
        let paths = all_paths(d);
        let number: std::collections::HashMap<&[Mor], usize> =
            paths.iter().enumerate().map(|(i, p)| (p.as_slice(), i)).collect();
        let mut sets = petgraph::unionfind::UnionFind::new(paths.len());
        for (i, p) in paths.iter().enumerate() {
            for (l, r) in relations {
                for at in 0..p.len() {
                    if p[at..].starts_with(l) {
                        let other: Vec<Mor> = [&p[..at], r, &p[at + l.len()..]].concat();
                        sets.union(i, number[other.as_slice()]);
                    }
                }
            }
        }
        let ends = |p: &Vec<Mor>| (d.ends(p[0]).unwrap().0, d.ends(p[p.len() - 1]).unwrap().1);
        (0..paths.len()).all(|i| (0..i).all(|j| ends(&paths[i]) != ends(&paths[j]) || sets.equiv(i, j)))
    }

    fn relations(diamonds: &[Diamond]) -> Vec<(Vec<Mor>, Vec<Mor>)> {
        let arrows = |p: &Path| match p {
            Path::Arrows(a) => a.clone(),
            Path::Identity(_) => Vec::new(),
        };
        diamonds.iter().map(|d| (arrows(&d.pair.left), arrows(&d.pair.right))).collect()
    }

    #[test]
    fn a_chain_has_no_diamonds_and_a_grid_one_for_each_cell() {
        let chain = diagram(5, &[(0, 1), (1, 2), (2, 3), (3, 4)]);
        assert!(chain.poset().unwrap().diamonds().is_empty());
        assert_eq!(chain.poset().unwrap().paths(), UBig::from(10u8));
        let at = |w: usize, h: usize| w * 4 + h;
        let mut arrows = Vec::new();
        for w in 0..4 {
            for h in 0..4 {
                if w < 3 {
                    arrows.push((at(w, h), at(w + 1, h)));
                }
                if h < 3 {
                    arrows.push((at(w, h), at(w, h + 1)));
                }
            }
        }
        let grid = diagram(16, &arrows);
        assert_eq!(grid.poset().unwrap().diamonds().len(), 9);
    }

    #[test]
    fn parallel_arrows_and_short_cuts_are_diamonds() {
        let double = diagram(3, &[(0, 1), (0, 1), (1, 2)]);
        assert_eq!(double.poset().unwrap().diamonds().len(), 1);
        let cut = diagram(3, &[(0, 1), (1, 2), (0, 2)]);
        assert_eq!(cut.poset().unwrap().diamonds().len(), 1);
    }

    #[test]
    fn cycles_are_found() {
        let mut d = diagram(3, &[(0, 1), (1, 2)]);
        assert!(d.poset().is_ok());
        d.arrow(Ob(NodeIndex::new(2)), Ob(NodeIndex::new(1)), "back");
        assert_eq!(d.poset().unwrap_err().0.len(), 2);
        let mut loops = diagram(1, &[]);
        loops.arrow(Ob(NodeIndex::new(0)), Ob(NodeIndex::new(0)), "loop");
        assert_eq!(loops.poset().unwrap_err().0.len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn diamonds_identify_all_parallel_paths_and_none_can_be_spared(
            raw in proptest::collection::vec((0usize..6, 0usize..6), 0..11)
        ) {
            let arrows: Vec<(usize, usize)> =
                raw.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b))).collect();
            let d = diagram(6, &arrows);
            let poset = d.poset().unwrap();
            let all = relations(&poset.diamonds());
            prop_assert_eq!(poset.paths(), UBig::from(all_paths(&d).len()));
            prop_assert!(identifies_all(&d, &all));
            for k in 0..all.len() {
                let mut fewer = all.clone();
                fewer.remove(k);
                prop_assert!(!identifies_all(&d, &fewer), "diamond {} could be spared", k);
            }
        }
    }
}
