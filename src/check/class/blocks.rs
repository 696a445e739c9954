//! How a map treats the parameters one by one, seen at a random point and random members: only for explanations, no verdict
//! rests on it.

use crate::check::generic;
use crate::core::names::Model;
use crate::model::elaborate::Elaborator;
use crate::model::morphism::Along;

/// What a map does to each parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Each is multiplied by a factor of its own.
    Scaled,
    /// Each matrix is multiplied from both sides, each vector from one.
    TwoSided,
    /// Neither, or it is not known.
    No,
}

/// The largest Jacobian that is looked at, in rows.
const MAX_DIM: usize = 128;

/// How the maps of a path treat the parameters.
pub fn kept(model: &Model, along: Along<'_>) -> Kept {
    read(model, along).unwrap_or(Kept::No)
}

fn read(model: &Model, along: Along<'_>) -> Option<Kept> {
    let mut e = Elaborator::new(model);
    let path = e.whole_path(along).ok()?;
    let n = path.source.dim;
    let shapes = |a: &crate::model::architecture::Architecture| -> Vec<Vec<usize>> {
        a.blocks.iter().map(|b| b.shape.to_vec()).collect()
    };
    if n > MAX_DIM || path.target.dim != n || shapes(&path.source) != shapes(&path.target) {
        return None;
    }
    let map = path.map(&mut e.store);
    let j = e.store.jacobian(map, path.source.symbol).ok()?;
    if e.store.free_symbols(&[j]).contains(&path.source.symbol) {
        return None;
    }
    let values = generic::pattern(&e, j)?;
    let zero = e.store.zero(&[n]);
    let start = e.store.substitute_one(map, &[(path.source.symbol, zero)].into_iter().collect());
    if generic::pattern(&e, start)?.iter().any(|v| *v != 0) {
        return None;
    }
    let mut owner = Vec::with_capacity(n);
    for (k, b) in path.source.blocks.iter().enumerate() {
        owner.extend(std::iter::repeat_n(k, b.size()));
    }
    let entry = |i: usize, k: usize| values[i * n + k];
    let apart = (0..n).all(|i| (0..n).all(|k| owner[i] == owner[k] || entry(i, k) == 0));
    if !apart {
        return None;
    }
    let scaled = (0..n).all(|i| (0..n).all(|k| i == k || entry(i, k) == 0))
        && path
            .source
            .blocks
            .iter()
            .all(|b| (0..b.size()).all(|i| entry(b.offset + i, b.offset + i) == entry(b.offset, b.offset)));
    if scaled {
        return Some(Kept::Scaled);
    }
    let field = generic::field();
    let two_sided = path.source.blocks.iter().all(|b| match b.shape[..] {
        [rows, cols] => {
            // A Kronecker product: its entries, sorted by rows and by columns of the parameter, are a matrix of rank one.
            let at = |i: usize, k: usize, c: usize, l: usize| entry(b.offset + i * cols + c, b.offset + k * cols + l);
            let pairs = |m: usize| (0..m).flat_map(move |i| (0..m).map(move |k| (i, k)));
            let pivot =
                pairs(rows).flat_map(|p| pairs(cols).map(move |q| (p, q))).find(|(p, q)| at(p.0, p.1, q.0, q.1) != 0);
            let Some((p, q)) = pivot else { return false };
            let whole = at(p.0, p.1, q.0, q.1);
            pairs(rows).all(|(i, k)| {
                pairs(cols)
                    .all(|(c, l)| field.mul(at(i, k, c, l), whole) == field.mul(at(i, k, q.0, q.1), at(p.0, p.1, c, l)))
            })
        }
        _ => true,
    });
    Some(if two_sided { Kept::TwoSided } else { Kept::No })
}
