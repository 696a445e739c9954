//! Single entries of tensors as scalars: what is under a sum, a function or a contraction is read entry by entry.

use rustc_hash::FxHashMap;

use super::build::NONE;
use super::store::{Labels, Node, Store, Term};
use crate::domain::Rational;

/// Terms that may be visited for one tensor; what lies beyond stays as it is.
const MOST: usize = 1 << 14;

/// Contractions over more summands are left alone.
const SUMMANDS: usize = 64;

impl Store {
    /// All entries of a tensor, row by row, each as a scalar that reads scalars as far as that can be seen.
    pub fn entries(&mut self, t: Term) -> Vec<Term> {
        let mut reader = Reader { known: FxHashMap::default(), left: MOST };
        (0..self.size(t)).map(|k| reader.entry(self, t, k)).collect()
    }
}

struct Reader {
    known: FxHashMap<(Term, usize), Term>,
    left: usize,
}

impl Reader {
    fn entry(&mut self, store: &mut Store, t: Term, k: usize) -> Term {
        if let Some(&known) = self.known.get(&(t, k)) {
            return known;
        }
        let found = match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.read(store, t, k)
            }
            None => store.gather(t, vec![k as u32], &[]),
        };
        self.known.insert((t, k), found);
        found
    }

    fn read(&mut self, store: &mut Store, t: Term, k: usize) -> Term {
        match store.node(t).clone() {
            Node::Sum(parts) => {
                let parts: Vec<(Rational, Term)> =
                    parts.iter().map(|(c, p)| (c.clone(), self.entry(store, *p, k))).collect();
                store.sum(parts, &[])
            }
            Node::Map(f, x) => {
                let x = self.entry(store, x, k);
                store.map(f, x)
            }
            Node::Power(x, q) => {
                let x = self.entry(store, x, k);
                store.power(x, &q)
            }
            Node::Gather(x, map) => match map[k] {
                NONE => store.num(0),
                from if store.size(x) == 1 && store.shape(x).is_empty() && from == 0 => x,
                from => self.entry(store, x, from as usize),
            },
            Node::Join(parts) => {
                let mut rest = k;
                for &part in parts.iter() {
                    let size = store.size(part);
                    if rest < size {
                        return self.entry(store, part, rest);
                    }
                    rest -= size;
                }
                store.gather(t, vec![k as u32], &[])
            }
            Node::Product { a, b, la, lb, out } => match self.contraction(store, t, (a, &la), (b, &lb), &out, k) {
                Some(sum) => sum,
                None => store.gather(t, vec![k as u32], &[]),
            },
            _ => store.gather(t, vec![k as u32], &[]),
        }
    }

    /// The entry of a contraction as a sum of products, if it has few summands.
    fn contraction(
        &mut self,
        store: &mut Store,
        t: Term,
        (a, la): (Term, &Labels),
        (b, lb): (Term, &Labels),
        out: &Labels,
        k: usize,
    ) -> Option<Term> {
        let (shape_a, shape_b, shape) = (store.shape(a).clone(), store.shape(b).clone(), store.shape(t).clone());
        let mut at: FxHashMap<u8, usize> = FxHashMap::default();
        let mut rest = k;
        for (axis, label) in out.iter().enumerate().rev() {
            at.insert(*label, rest % shape[axis]);
            rest /= shape[axis];
        }
        let mut summed: Vec<(u8, usize)> = Vec::new();
        for (label, extent) in la.iter().zip(&shape_a).chain(lb.iter().zip(&shape_b)) {
            if !out.contains(label) && !summed.iter().any(|s| s.0 == *label) {
                summed.push((*label, *extent));
            }
        }
        let count: usize = summed.iter().map(|s| s.1).product();
        if count > SUMMANDS {
            return None;
        }
        let place = |labels: &Labels, shape: &[usize], at: &FxHashMap<u8, usize>| {
            labels.iter().zip(shape).fold(0, |p, (l, n)| p * n + at.get(l).copied().unwrap_or(0))
        };
        let mut parts = Vec::with_capacity(count);
        for number in 0..count {
            let mut rest = number;
            for (label, extent) in &summed {
                at.insert(*label, rest % extent);
                rest /= extent;
            }
            let (i, j) = (place(la, &shape_a, &at), place(lb, &shape_b, &at));
            let (x, y) = (self.entry(store, a, i), self.entry(store, b, j));
            parts.push((Rational::ONE, store.mul(x, y)));
        }
        Some(store.sum(parts, &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_those_of_the_tensor() {
        let mut s = Store::new();
        let (_, v) = s.symbol("v", &[2]);
        let (_, m) = s.symbol("M", &[2, 2]);
        let product = s.matmul(m, v);
        let sine = s.map(crate::domain::Fun::Sin, product);
        let entries = s.entries(sine);
        let read = |s: &mut Store, t, k: u32| s.gather(t, vec![k], &[]);
        for (row, entry) in entries.into_iter().enumerate() {
            let parts: Vec<Term> = (0..2u32)
                .map(|c| {
                    let (x, y) = (read(&mut s, m, 2 * row as u32 + c), read(&mut s, v, c));
                    s.mul(x, y)
                })
                .collect();
            let sum = s.add(parts[0], parts[1]);
            assert_eq!(entry, s.map(crate::domain::Fun::Sin, sum));
        }
        // The Jacobian of an entrywise function is diagonal, and is seen to be.
        let (point, x) = s.symbol("x", &[2]);
        let e = s.map(crate::domain::Fun::Exp, x);
        let j = s.jacobian(e, point).unwrap();
        let entries = s.entries(j);
        assert!(s.is_zero(entries[1]) && s.is_zero(entries[2]) && !s.is_zero(entries[0]));
    }
}
