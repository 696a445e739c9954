//! Maps that fall apart: groups of coordinates, each of which is taken to a group of entries of its own. In the right order
//! the Jacobian of such a map is block-diagonal. It is singular exactly where one of the blocks is, and the blocks are much
//! smaller: `Q A` for a square matrix `A` of width `w` is `Q` on each column, once and not `w²` rows and columns.

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::monomial::places;
use crate::domain::Rational;
use crate::term::{NONE, Node, Seeds, Store, SymbolId, Term};

/// Readings of a coordinate by a contraction that are followed.
const MOST: usize = 1 << 24;

/// Entries of the part of a Jacobian that holds the blocks.
const LARGEST: usize = 1 << 22;

/// Distinct blocks; a map with more of them is better looked at as a whole.
const DISTINCT: usize = 16;

/// The distinct blocks of the Jacobian of a map of as many entries as coordinates; `None` if it does not fall apart, or not
/// into square blocks.
pub(super) fn blocks(store: &mut Store, map: Term, point: SymbolId) -> Option<Vec<Term>> {
    let n: usize = store.symbol_info(point).shape.iter().product();
    if store.size(map) != n {
        return None;
    }
    let groups = groups(store, map, point, n)?;
    let widest = groups.iter().map(|g| g.coordinates.len()).max()?;
    if groups.len() < 2 || groups.iter().any(|g| g.coordinates.len() != g.entries.len()) || n * widest > LARGEST {
        return None;
    }
    // One direction for the first coordinates of all groups, one for the second ones …: an entry moves with its own alone.
    let mut seed = vec![NONE; n * widest];
    for group in &groups {
        group.coordinates.iter().enumerate().for_each(|(k, c)| seed[c * widest + k] = 0);
    }
    let one = store.num(1);
    let shape: Vec<usize> = store.symbol_info(point).shape.iter().copied().chain([widest]).collect();
    let directions = store.gather(one, seed, &shape);
    let seeds =
        Seeds { directions: [(point, directions)].into_iter().collect(), extra: [widest].into_iter().collect() };
    let moved = store.tangent(map, &seeds).ok()?;
    let mut found: IndexSet<Term, FxBuildHasher> = IndexSet::default();
    let mut known: FxHashMap<Vec<Entry>, Term> = FxHashMap::default();
    for group in &groups {
        let size = group.entries.len();
        let cells = || group.entries.iter().flat_map(|e| (0..size).map(move |k| e * widest + k));
        let reader = Reader { store, one, directions };
        let entries: Vec<Entry> = cells().map(|k| reader.entry(moved, k)).collect();
        // Blocks that are written alike are one.
        let block = match known.get(&entries) {
            Some(block) => *block,
            None => {
                let block = written(store, &entries, size);
                known.insert(entries, block);
                block
            }
        };
        found.insert(block);
        if found.len() > DISTINCT {
            return None;
        }
    }
    Some(found.into_iter().collect())
}

/// Coordinates, and the entries of the map that depend on them and on no others.
#[derive(Default)]
struct Group {
    coordinates: Vec<usize>,
    entries: Vec<usize>,
}

/// The coordinates in groups that no entry of the map mixes; `None` if an entry depends on none.
fn groups(store: &Store, map: Term, point: SymbolId, n: usize) -> Option<Vec<Group>> {
    let mut mixed = Mixed { parents: (0..n as u32).collect() };
    // For each entry of what moves with the point, a coordinate of its group.
    let mut known: FxHashMap<Term, Vec<u32>> = FxHashMap::default();
    for t in store.reachable(&[map]) {
        if let Some(found) = mixed.node(store, t, point, &known)? {
            known.insert(t, found);
        }
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut number: FxHashMap<u32, usize> = FxHashMap::default();
    for c in 0..n {
        let root = mixed.root(c as u32);
        let at = *number.entry(root).or_insert_with(|| {
            groups.push(Group::default());
            groups.len() - 1
        });
        groups[at].coordinates.push(c);
    }
    for (i, &c) in known.get(&map)?.iter().enumerate() {
        if c == NONE {
            return None;
        }
        let root = mixed.root(c);
        groups[number[&root]].entries.push(i);
    }
    Some(groups)
}

/// Which coordinates occur together: a forest with one tree for each group.
struct Mixed {
    parents: Vec<u32>,
}

impl Mixed {
    fn root(&mut self, mut c: u32) -> u32 {
        while self.parents[c as usize] != c {
            let above = self.parents[self.parents[c as usize] as usize];
            self.parents[c as usize] = above;
            c = above;
        }
        c
    }

    /// What depends on two coordinates, either of which may be none.
    fn both(&mut self, a: u32, b: u32) -> u32 {
        if a == NONE || b == NONE {
            return a.min(b);
        }
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
        a.min(b)
    }

    /// For each entry of a term a coordinate of its group, [`NONE`] for one that does not move; nothing for a term that
    /// does not move at all. The outer `None` is that there is too much to follow.
    fn node(
        &mut self,
        store: &Store,
        t: Term,
        point: SymbolId,
        known: &FxHashMap<Term, Vec<u32>>,
    ) -> Option<Option<Vec<u32>>> {
        let size = store.size(t);
        let node = store.node(t);
        if let Node::Symbol(s) = node {
            return Some((*s == point).then(|| (0..size as u32).collect()));
        }
        if !node.operands().iter().any(|o| known.contains_key(o)) {
            return Some(None);
        }
        Some(Some(match node {
            Node::Map(_, x) | Node::Power(x, _) => known[x].clone(),
            Node::Gather(x, map) => map.iter().map(|&m| if m == NONE { NONE } else { known[x][m as usize] }).collect(),
            Node::Join(parts) => {
                let still = |p: &Term| vec![NONE; store.size(*p)];
                parts.iter().flat_map(|p| known.get(p).cloned().unwrap_or_else(|| still(p))).collect()
            }
            Node::Sum(parts) => {
                let mut all = vec![NONE; size];
                for part in parts.iter().filter_map(|(_, p)| known.get(p)) {
                    all.iter_mut().zip(part).for_each(|(at, c)| *at = self.both(*at, *c));
                }
                all
            }
            Node::Product { a, b, la, lb, out } => {
                let mut labels: Vec<u8> = Vec::new();
                let mut extents: Vec<usize> = Vec::new();
                for (l, extent) in la.iter().zip(store.shape(*a)).chain(lb.iter().zip(store.shape(*b))) {
                    if !labels.contains(l) {
                        labels.push(*l);
                        extents.push(*extent);
                    }
                }
                if extents.iter().product::<usize>() > MOST {
                    return None;
                }
                let read = |l: &[u8], shape: &[usize]| places((&labels, &extents), (l, shape));
                let there = read(out, store.shape(t));
                let mut all = vec![NONE; size];
                for (x, l) in [(a, la), (b, lb)] {
                    let Some(part) = known.get(x) else { continue };
                    for (&to, from) in there.iter().zip(read(l, store.shape(*x))) {
                        all[to] = self.both(all[to], part[from]);
                    }
                }
                all
            }
            // Each entry depends on all there is.
            _ => {
                let parts: Vec<&Vec<u32>> = node.operands().iter().filter_map(|o| known.get(o)).collect();
                let all = parts.into_iter().flatten().fold(NONE, |c, d| self.both(c, *d));
                vec![all; size]
            }
        }))
    }
}

/// A multiple of an entry of a term; zero is that of nothing.
type Entry = Option<(Rational, Term, usize)>;

/// Reads the entries of a derivative along directions of zeros and ones.
struct Reader<'s> {
    store: &'s Store,
    one: Term,
    /// What is older than the directions is no part of the derivative, and is not taken apart.
    directions: Term,
}

impl Reader<'_> {
    /// The entry of a tensor as a multiple of one entry of a simpler one, as far as it is written as that; a number is one
    /// of `one`.
    fn entry(&self, t: Term, k: usize) -> Entry {
        let number = |q: &Rational| (!q.is_zero()).then(|| (q.clone(), self.one, 0));
        let whole = || Some((Rational::ONE, t, k));
        match self.store.node(t) {
            Node::Fill(q) => number(q),
            Node::Literal(values) => number(&values[k]),
            Node::Gather(x, map) if *x == self.one => (map[k] != NONE).then_some((Rational::ONE, self.one, 0)),
            _ if t < self.directions => whole(),
            Node::Gather(x, map) => match map[k] {
                NONE => None,
                m => self.entry(*x, m as usize),
            },
            Node::Join(parts) => {
                let mut rest = k;
                for &part in parts.iter() {
                    let size = self.store.size(part);
                    if rest < size {
                        return self.entry(part, rest);
                    }
                    rest -= size;
                }
                whole()
            }
            Node::Sum(parts) => {
                let mut all: Entry = None;
                for (c, p) in parts.iter() {
                    if let Some((q, x, i)) = self.entry(*p, k) {
                        match &mut all {
                            None => all = Some((c * q, x, i)),
                            Some(_) => return whole(),
                        }
                    }
                }
                all
            }
            Node::Product { a, b, la, lb, out } => {
                self.contraction((*a, la), (*b, lb), (t, out), k).unwrap_or_else(whole)
            }
            _ => whole(),
        }
    }

    /// The entry of a contraction, if no more than one summand is seen not to vanish, and one factor of it is a number.
    fn contraction(
        &self,
        (a, la): (Term, &[u8]),
        (b, lb): (Term, &[u8]),
        (t, out): (Term, &[u8]),
        k: usize,
    ) -> Option<Entry> {
        let mut summed: Vec<(u8, usize)> = Vec::new();
        for (l, extent) in la.iter().zip(self.store.shape(a)).chain(lb.iter().zip(self.store.shape(b))) {
            if !out.contains(l) && !summed.iter().any(|(m, _)| m == l) {
                summed.push((*l, *extent));
            }
        }
        let mut at = [0usize; 256];
        let mut rest = k;
        for (l, extent) in out.iter().zip(self.store.shape(t)).rev() {
            at[*l as usize] = rest % extent;
            rest /= extent;
        }
        let read = |x: Term, labels: &[u8], at: &[usize; 256]| {
            let place = labels.iter().zip(self.store.shape(x)).fold(0, |p, (l, n)| p * n + at[*l as usize]);
            self.entry(x, place)
        };
        let mut all: Entry = None;
        for mut number in 0..summed.iter().map(|l| l.1).product::<usize>() {
            for (l, extent) in &summed {
                at[*l as usize] = number % extent;
                number /= extent;
            }
            let Some(x) = read(b, lb, &at) else { continue };
            let Some(y) = read(a, la, &at) else { continue };
            if all.is_some() {
                return None;
            }
            all = match (x.1 == self.one, y.1 == self.one) {
                (true, _) => Some((x.0 * y.0, y.1, y.2)),
                (_, true) => Some((x.0 * y.0, x.1, x.2)),
                _ => return None,
            };
        }
        Some(all)
    }
}

/// The square matrix of entries.
fn written(store: &mut Store, entries: &[Entry], size: usize) -> Term {
    let sources: IndexSet<Term> = entries.iter().flatten().map(|e| e.1).collect();
    let plain = entries.iter().flatten().all(|e| e.0.is_one());
    if let (true, [only]) = (plain, &sources.iter().copied().collect::<Vec<_>>()[..]) {
        let map = entries.iter().map(|e| e.as_ref().map_or(NONE, |e| e.2 as u32)).collect();
        return store.gather(*only, map, &[size, size]);
    }
    let mut scalars = Vec::with_capacity(entries.len());
    for e in entries {
        scalars.push(match e {
            None => store.num(0),
            Some((q, x, i)) => {
                let x = store.gather(*x, vec![*i as u32], &[]);
                store.scale(q.clone(), x)
            }
        });
    }
    let joined = store.join(&scalars);
    store.reshape(joined, &[size, size])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jacobians_fall_apart() {
        let mut s = Store::new();
        let (x, point) = s.symbol("x", &[10]);
        let (_, q) = s.symbol("Q", &[2, 2]);
        let a = s.gather(point, (0..6).collect(), &[2, 3]);
        let b = s.gather(point, (6..10).collect(), &[2, 2]);
        let left = s.matmul(q, a);
        let turned = s.transpose(q);
        let right = s.matmul(b, turned);
        let map = s.join(&[left, right]);
        // On columns and on rows it is one matrix.
        assert_eq!(blocks(&mut s, map, x), Some(vec![q]));
        let twice = s.scale(2.into(), right);
        let map = s.join(&[left, twice]);
        let found = blocks(&mut s, map, x).expect("blocks");
        assert_eq!(found.len(), 2);
        // A block that bends: its entries depend on the point.
        let bent = s.map(crate::domain::Fun::Exp, right);
        let map = s.join(&[left, bent]);
        assert_eq!(blocks(&mut s, map, x).map(|b| b.len()), Some(3));
        // What mixes all coordinates does not fall apart, nor does what leaves one out.
        let total = s.total(point);
        let all = s.broadcast(total, &[10]);
        let map = s.add(point, all);
        assert_eq!(blocks(&mut s, map, x), None);
        let doubled = s.gather(point, vec![0, 0, 1, 2, 3, 4, 5, 6, 7, 8], &[10]);
        assert_eq!(blocks(&mut s, doubled, x), None);
    }
}
