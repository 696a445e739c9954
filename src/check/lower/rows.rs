//! Maps that keep coordinates apart: full rank seen from their form.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::domain::Rational;
use crate::term::{NONE, Node, Store, SymbolId, Term};

/// Rows of more coordinates than this are left to the general test.
const WIDEST: usize = 64;

/// Which coordinates an entry is a linear combination of, with coefficients that are not zero.
type Row = SmallVec<[(u32, Rational); 2]>;

/// Whether a map has, in each entry of its value, a coordinate of the point that no other entry depends on, and is affine
/// in the point with constant coefficients. Its Jacobian then has full row rank everywhere: each row has a column of its
/// own. `false` means "not seen", and says nothing about the rank. Linear in the size of the terms.
pub(super) fn independent_by_form(store: &Store, map: Term, point: SymbolId) -> bool {
    let Some(rows) = rows(store, map, point, &mut FxHashMap::default(), 0) else { return false };
    let mut uses: FxHashMap<u32, u32> = FxHashMap::default();
    for (i, _) in rows.iter().flatten() {
        *uses.entry(*i).or_default() += 1;
    }
    rows.iter().all(|r| r.iter().any(|(i, _)| uses.get(i) == Some(&1)))
}

/// The entries of a term as linear combinations of the coordinates, constants left out; `None` if they are not seen to be.
fn rows(
    store: &Store,
    t: Term,
    point: SymbolId,
    known: &mut FxHashMap<Term, Option<std::rc::Rc<Vec<Row>>>>,
    depth: usize,
) -> Option<std::rc::Rc<Vec<Row>>> {
    if let Some(r) = known.get(&t) {
        return r.clone();
    }
    let size = store.size(t);
    let built: Option<Vec<Row>> = match store.node(t) {
        _ if depth > 64 => None,
        Node::Fill(_) | Node::Literal(_) => Some(vec![Row::new(); size]),
        Node::Symbol(s) if *s == point => {
            Some((0..size as u32).map(|i| SmallVec::from_iter([(i, Rational::ONE)])).collect())
        }
        // Data and members shift the map; only a product with them would change the rows.
        Node::Symbol(_) => Some(vec![Row::new(); size]),
        Node::Gather(x, map) => {
            let inner = rows(store, *x, point, known, depth + 1)?;
            Some(map.iter().map(|&m| if m == NONE { Row::new() } else { inner[m as usize].clone() }).collect())
        }
        Node::Join(parts) => {
            let mut all = Vec::with_capacity(size);
            for &p in parts.iter() {
                all.extend(rows(store, p, point, known, depth + 1)?.iter().cloned());
            }
            Some(all)
        }
        Node::Sum(parts) => {
            let mut all = vec![Row::new(); size];
            for (c, p) in parts.iter() {
                let inner = rows(store, *p, point, known, depth + 1)?;
                for (row, add) in all.iter_mut().zip(inner.iter()) {
                    for (i, q) in add {
                        add_to(row, *i, c * q);
                    }
                    if row.len() > WIDEST {
                        return None;
                    }
                }
            }
            Some(all)
        }
        _ if !store.free_symbols(&[t]).contains(&point) => Some(vec![Row::new(); size]),
        _ => None,
    };
    let built = built.map(std::rc::Rc::new);
    known.insert(t, built.clone());
    built
}

/// Adds to a coefficient; one that becomes zero is dropped.
fn add_to(row: &mut Row, i: u32, q: Rational) {
    match row.iter().position(|(j, _)| *j == i) {
        Some(k) => {
            row[k].1 += q;
            if row[k].1.is_zero() {
                row.remove(k);
            }
        }
        None => row.push((i, q)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_a_coordinate_of_their_own() {
        let mut s = Store::new();
        let (x, point) = s.symbol("x", &[6]);
        let first = s.gather(point, vec![0, 2, 4], &[3]);
        let second = s.gather(point, vec![1, 3, 5], &[3]);
        let pooled = s.add(first, second);
        assert!(independent_by_form(&s, first, x));
        assert!(independent_by_form(&s, pooled, x));
        let twice = s.gather(point, vec![0, 0], &[2]);
        assert!(!independent_by_form(&s, twice, x));
        let holes = s.gather(point, vec![0, NONE], &[2]);
        assert!(!independent_by_form(&s, holes, x));
        // Moving differences: the first row has no coordinate of its own, although the rank is full.
        let (left, right) = (s.gather(point, vec![0, 1], &[2]), s.gather(point, vec![1, 0], &[2]));
        let same_span = s.sub(left, right);
        assert!(!independent_by_form(&s, same_span, x), "x0 - x1 and x1 - x0 are dependent");
        let square = s.mul(first, first);
        assert!(!independent_by_form(&s, square, x), "not affine");
        let (_, a) = s.symbol("a", &[]);
        let scaled = s.scalar_mul(a, first);
        assert!(!independent_by_form(&s, scaled, x), "a coefficient that may vanish");
    }
}
