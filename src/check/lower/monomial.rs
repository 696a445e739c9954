//! Maps that take each coordinate from one coordinate: permutations, scalings, signs, duplications, translations. Their
//! Jacobians have one entry in each row, so that nothing over them needs a matrix: ranks, inverses and the carrying of
//! covectors are read from the form of the map, in time and memory linear in the parameters.

use std::rc::Rc;

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::term::{NONE, Node, Store, SymbolId, Term};

/// A map `y[i] = factor[i] · x[source[i]] + constant`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Monomial {
    /// For each entry of the value, its coordinate.
    source: Vec<u32>,
    /// For each entry of the value, the number of its factor.
    factor: Vec<u32>,
    /// The distinct factors, scalar terms free of the point. None is the number zero; whether a term among them may
    /// vanish is a claim.
    factors: Vec<Term>,
    /// The number of coordinates.
    dim: usize,
}

/// An entry: a constant, or a multiple of a coordinate.
type Entry = Option<(u32, Term)>;

impl Monomial {
    /// The form of a map, if it is seen to be one of these. Linear in the size of the terms.
    pub(super) fn of(store: &mut Store, map: Term, point: SymbolId) -> Option<Monomial> {
        let entries = Reader { store, point, known: FxHashMap::default() }.entries(map, 0)?;
        let mut factors: IndexSet<Term, FxBuildHasher> = IndexSet::default();
        let (mut source, mut factor) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        for entry in entries.iter() {
            let (i, c) = (*entry)?;
            if store.is_zero(c) {
                return None;
            }
            source.push(i);
            factor.push(u32::try_from(factors.insert_full(c).0).ok()?);
        }
        let dim = store.symbol_info(point).shape.iter().product();
        Some(Monomial { source, factor, factors: factors.into_iter().collect(), dim })
    }

    /// Whether each coordinate is taken once, by each entry another: a scaled permutation.
    pub(super) fn is_scaled_permutation(&self) -> bool {
        let mut seen = vec![false; self.dim];
        self.source.len() == self.dim && self.source.iter().all(|&i| !std::mem::replace(&mut seen[i as usize], true))
    }

    /// Whether each coordinate is taken at least once, each time with one and the same factor.
    pub(super) fn covers(&self) -> bool {
        let mut taken: Vec<Option<u32>> = vec![None; self.dim];
        for (&i, &f) in self.source.iter().zip(&self.factor) {
            if *taken[i as usize].get_or_insert(f) != f {
                return false;
            }
        }
        taken.iter().all(Option::is_some)
    }

    /// The factors that are no constants, as a diagonal matrix: the Jacobian has full rank where this is regular. `None`
    /// if all are constants.
    pub(super) fn open_factors(&self, store: &mut Store) -> Option<Term> {
        let open: Vec<Term> = self.factors.iter().copied().filter(|&f| store.as_fill(f).is_none()).collect();
        if open.is_empty() {
            return None;
        }
        let k = open.len();
        let vector = store.join(&open);
        let diagonal = (0..k * k).map(|e| if e / k == e % k { (e / k) as u32 } else { NONE }).collect();
        Some(store.gather(vector, diagonal, &[k, k]))
    }

    /// `y[i] = x[source[i]]`, without the factors, of a vector over the source.
    pub(super) fn taken(&self, store: &mut Store, z: Term) -> Term {
        store.gather(z, self.source.clone(), &[self.source.len()])
    }

    /// The factor of each entry, as a vector.
    pub(super) fn factor_of_each(&self, store: &mut Store) -> Term {
        let distinct = store.join(&self.factors);
        store.gather(distinct, self.factor.clone(), &[self.factor.len()])
    }

    /// For a scaled permutation: `J⁻ᵀ z`, a covector carried forward.
    pub(super) fn covector(&self, store: &mut Store, z: Term) -> Term {
        let (taken, factor) = (self.taken(store, z), self.factor_of_each(store));
        store.div(taken, factor)
    }

    /// For a scaled permutation: the diagonal of `J⁻ᵀ diag(z) J⁻¹`.
    pub(super) fn diagonal(&self, store: &mut Store, z: Term) -> Term {
        let once = self.covector(store, z);
        let factor = self.factor_of_each(store);
        store.div(once, factor)
    }

    /// The coordinate that each entry takes, and its factor.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, Term)> + '_ {
        self.source.iter().zip(&self.factor).map(|(&i, &f)| (i as usize, self.factors[f as usize]))
    }
}

/// For each entry of a tensor over some labels, the entry that it reads of a tensor over fewer of them.
pub(super) fn places((out, extents): (&[u8], &[usize]), (labels, shape): (&[u8], &[usize])) -> Vec<usize> {
    let mut strides = vec![0; out.len()];
    let mut stride = 1;
    for (label, extent) in labels.iter().zip(shape).rev() {
        if let Some(axis) = out.iter().position(|l| l == label) {
            strides[axis] = stride;
        }
        stride *= extent;
    }
    let read = |mut entry: usize| {
        let mut place = 0;
        for (extent, stride) in extents.iter().zip(&strides).rev() {
            place += entry % extent * stride;
            entry /= extent;
        }
        place
    };
    (0..extents.iter().product()).map(read).collect()
}

/// How deep a map may be nested in joins, sums and products.
const DEEPEST: usize = 64;

struct Reader<'s> {
    store: &'s mut Store,
    point: SymbolId,
    known: FxHashMap<Term, Option<Rc<Vec<Entry>>>>,
}

impl Reader<'_> {
    fn entries(&mut self, t: Term, depth: usize) -> Option<Rc<Vec<Entry>>> {
        if let Some(r) = self.known.get(&t) {
            return r.clone();
        }
        let built = if depth > DEEPEST { None } else { self.node(t, depth + 1).map(Rc::new) };
        self.known.insert(t, built.clone());
        built
    }

    fn node(&mut self, t: Term, depth: usize) -> Option<Vec<Entry>> {
        let size = self.store.size(t);
        match self.store.node(t).clone() {
            Node::Fill(_) | Node::Literal(_) => Some(vec![None; size]),
            Node::Symbol(s) if s == self.point => {
                let one = self.store.num(1);
                Some((0..size as u32).map(|i| Some((i, one))).collect())
            }
            Node::Symbol(_) => Some(vec![None; size]),
            Node::Gather(x, map) => {
                let inner = self.entries(x, depth)?;
                Some(map.iter().map(|&m| if m == NONE { None } else { inner[m as usize] }).collect())
            }
            Node::Join(parts) => {
                let mut all = Vec::with_capacity(size);
                for &p in parts.iter() {
                    all.extend(self.entries(p, depth)?.iter().copied());
                }
                Some(all)
            }
            Node::Sum(parts) => {
                let mut all: Vec<Entry> = vec![None; size];
                for (c, p) in parts.iter() {
                    let c = self.store.fill(c.clone(), &[]);
                    for (at, entry) in all.iter_mut().zip(self.entries(p.to_owned(), depth)?.iter()) {
                        if let Some((i, f)) = *entry {
                            // Two coordinates in one entry, or one twice, are left to the general test.
                            if at.is_some() {
                                return None;
                            }
                            *at = Some((i, self.store.mul(c, f)));
                        }
                    }
                }
                Some(all)
            }
            // A multiple entry by entry, by a scalar or by a tensor that is repeated along some axes.
            Node::Product { a, b, la, lb, out } => {
                let ((constant, lc), (tensor, lt)) = match (self.moves(a), self.moves(b)) {
                    (false, false) => return Some(vec![None; size]),
                    (false, true) => ((a, la), (b, lb)),
                    (true, false) => ((b, lb), (a, la)),
                    (true, true) => return None,
                };
                if lc.iter().chain(&lt).any(|l| !out.contains(l)) {
                    return None;
                }
                let shape = self.store.shape(t).clone();
                let read = |store: &Store, of: Term, labels: &[u8]| places((&out, &shape), (labels, store.shape(of)));
                let (there, here) = (read(self.store, constant, &lc), read(self.store, tensor, &lt));
                let inner = self.entries(tensor, depth)?;
                let factors = self.scalars(constant);
                let mut all = Vec::with_capacity(size);
                for (i, k) in here.into_iter().zip(there) {
                    all.push(inner[i].map(|(from, f)| (from, self.store.mul(factors[k], f))));
                }
                Some(all)
            }
            _ if !self.moves(t) => Some(vec![None; size]),
            _ => None,
        }
    }

    /// The entries of a tensor, each as a scalar.
    fn scalars(&mut self, t: Term) -> Vec<Term> {
        let size = self.store.size(t);
        match self.store.node(t).clone() {
            Node::Fill(q) => vec![self.store.num(q); size],
            Node::Literal(values) => values.iter().map(|q| self.store.num(q.clone())).collect(),
            Node::Gather(x, map) if self.store.size(x) > 1 => {
                let (zero, inner) = (self.store.num(0), self.scalars(x));
                map.iter().map(|&m| if m == NONE { zero } else { inner[m as usize] }).collect()
            }
            Node::Join(parts) => parts.iter().flat_map(|&p| self.scalars(p)).collect(),
            _ => (0..size as u32).map(|k| self.store.gather(t, vec![k], &[])).collect(),
        }
    }

    /// Whether a term depends on the point.
    fn moves(&self, t: Term) -> bool {
        self.store.free_symbols(&[t]).contains(&self.point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Rational;

    #[test]
    fn forms_are_seen() {
        let mut s = Store::new();
        let (x, point) = s.symbol("x", &[4]);
        let (_, a) = s.symbol("a", &[]);
        let swapped = s.gather(point, vec![1, 0, 3, 2], &[4]);
        let m = Monomial::of(&mut s, swapped, x).expect("a permutation");
        assert!(m.is_scaled_permutation() && m.covers() && m.open_factors(&mut s).is_none());
        let scaled = s.scalar_mul(a, swapped);
        let m = Monomial::of(&mut s, scaled, x).expect("a scaled permutation");
        assert!(m.is_scaled_permutation() && m.open_factors(&mut s).is_some());
        let (_, z) = s.symbol("z", &[4]);
        let carried = m.covector(&mut s, z);
        let inverse = s.jacobian(scaled, x).map(|j| s.inverse(j)).expect("a Jacobian");
        let dense = s.product(inverse, &[0, 1], z, &[0], &[1]);
        let program = crate::term::Program::new(&s, &[carried, dense]);
        let mut float = crate::domain::float::Float::default();
        let value = |id| if s.symbol_info(id).shape.is_empty() { vec![3.0] } else { vec![3.0, 5.0, 7.0, 11.0] };
        let v = program.run(&mut float, |id| Some(value(id))).expect("values");
        let by_hand = [5.0 / 3.0, 1.0, 11.0 / 3.0, 7.0 / 3.0];
        assert!(v[0].iter().zip(&by_hand).all(|(p, q): (&f64, &f64)| (p - q).abs() < 1e-12), "{v:?}");
        assert!(v[0].iter().zip(&v[1]).all(|(p, q)| (p - q).abs() < 1e-12), "{v:?}");
        // Row by row other factors, numbers and members among them.
        let (_, rows) = s.symbol("r", &[2]);
        let matrix = s.reshape(point, &[2, 2]);
        let turned = s.transpose(matrix);
        let by_rows = s.product(rows, &[0], turned, &[0, 1], &[0, 1]);
        let m = Monomial::of(&mut s, by_rows, x).expect("a scaled permutation");
        let first = s.gather(rows, vec![0], &[]);
        assert!(m.is_scaled_permutation());
        assert_eq!(m.entries().take(2).collect::<Vec<_>>(), [(0, first), (2, first)]);
        let signs = s.literal([1, -1, 1, -1].map(Rational::from).to_vec(), &[4]);
        let flipped = s.mul(signs, point);
        let m = Monomial::of(&mut s, flipped, x).expect("a change of signs");
        assert!(m.is_scaled_permutation() && m.open_factors(&mut s).is_none());
        let summed = s.matmul(matrix, rows);
        assert_eq!(Monomial::of(&mut s, summed, x), None, "a sum mixes coordinates");
        let twice = s.gather(point, vec![0, 1, 2, 3, 0, 1, 2, 3], &[8]);
        let m = Monomial::of(&mut s, twice, x).expect("a duplication");
        assert!(!m.is_scaled_permutation() && m.covers());
        let dropped = s.gather(point, vec![0, 0, 1, 1], &[4]);
        assert!(!Monomial::of(&mut s, dropped, x).expect("two coordinates").covers());
        let added = s.add(point, swapped);
        assert_eq!(Monomial::of(&mut s, added, x), None, "two coordinates in one entry");
        let square = s.mul(point, point);
        assert_eq!(Monomial::of(&mut s, square, x), None, "not affine");
        let back = s.sub(point, swapped);
        assert_eq!(Monomial::of(&mut s, back, x), None);
        let moving = s.total(point);
        let product = s.scalar_mul(moving, point);
        assert_eq!(Monomial::of(&mut s, product, x), None, "the factor depends on the point");
    }
}
