//! Of which class the maps of a path are, for explanations.

use indexmap::IndexSet;

use super::monomial::Monomial;
use crate::check::generic;
use crate::core::class::Class;
use crate::model::elaborate::Elaborator;
use crate::model::morphism::MorphismPath;
use crate::term::{SymbolId, Term};

/// Maps of more coordinates that are no scaled permutations are not classified for an explanation.
pub(super) const LARGEST_EXPLAINED: usize = 256;

/// The smallest class that holds the maps of an invertible path, seen at a random point and random members: only for
/// explanations, no verdict rests on it.
pub(super) fn class_of_maps(e: &mut Elaborator<'_>, path: &MorphismPath) -> Option<Class> {
    let n = path.source.dim;
    if n != path.target.dim || n == 0 {
        return None;
    }
    let map = path.map(&mut e.store);
    if let Some(form) = Monomial::of(&mut e.store, map, path.source.symbol).filter(Monomial::is_scaled_permutation) {
        let fixed = fixes_origin(e, map, path.source.symbol)?;
        return class_of_scaled_permutation(e, &form, fixed);
    }
    if n > LARGEST_EXPLAINED {
        return None;
    }
    let j = e.store.jacobian(map, path.source.symbol).ok()?;
    if e.store.free_symbols(&[j]).contains(&path.source.symbol) {
        return Some(Class::Diffeo);
    }
    let values = generic::pattern(e, j)?;
    let fixed = fixes_origin(e, map, path.source.symbol)?;
    let field = generic::field();
    let (one, minus) = (field.one, field.sub(0, field.one));
    let diagonal = |k: usize| k / n == k % n;
    let rows = |f: &dyn Fn(u64) -> bool| {
        (0..n).all(|i| (0..n).filter(|&c| values[i * n + c] != 0).count() == 1)
            && (0..n).all(|c| (0..n).filter(|&i| values[i * n + c] != 0).count() == 1)
            && values.iter().all(|&v| v == 0 || f(v))
    };
    let is_diagonal = (0..n * n).all(|k| diagonal(k) || values[k] == 0);
    let gram =
        |i: usize, k: usize| (0..n).fold(0, |acc, r| field.add(acc, field.mul(values[r * n + i], values[r * n + k])));
    let class = if is_diagonal && (0..n).all(|i| values[i * n + i] == one) {
        return Some(Class::Translation);
    } else if is_diagonal && (0..n).all(|i| values[i * n + i] == values[0]) && !rows(&|v| v == minus) {
        Class::Scaling
    } else if rows(&|v| v == one) {
        Class::Permutation
    } else if rows(&|v| v == one || v == minus) {
        Class::SignedPermutation
    } else if is_diagonal {
        Class::Diagonal
    } else if (0..n * n).all(|k| gram(k / n, k % n) == if diagonal(k) { one } else { 0 }) {
        Class::Orthogonal
    } else {
        Class::Linear
    };
    Some(if fixed { class } else { Class::Affine })
}

/// Whether an affine map takes the origin to the origin. Other maps may have no value there.
fn fixes_origin(e: &mut Elaborator<'_>, map: Term, point: SymbolId) -> Option<bool> {
    let shape = e.store.symbol_info(point).shape.clone();
    let zero = e.store.zero(&shape);
    let start = e.store.substitute_one(map, &[(point, zero)].into_iter().collect());
    Some(generic::pattern(e, start)?.iter().all(|v| *v == 0))
}

/// [`class_of_maps`] from the form of a scaled permutation.
fn class_of_scaled_permutation(e: &mut Elaborator<'_>, form: &Monomial, fixed: bool) -> Option<Class> {
    let (places, factors): (Vec<usize>, Vec<Term>) = form.entries().unzip();
    let distinct: IndexSet<Term> = factors.into_iter().collect();
    let all: Vec<Term> = distinct.into_iter().collect();
    let vector = e.store.join(&all);
    let values = generic::pattern(e, vector)?;
    let field = generic::field();
    let (one, minus) = (field.one, field.sub(0, field.one));
    let in_place = places.iter().enumerate().all(|(i, &k)| i == k);
    let ones = values.iter().all(|&v| v == one);
    let signs = values.iter().all(|&v| v == one || v == minus);
    let class = match (in_place, &values[..]) {
        (true, _) if ones => return Some(Class::Translation),
        (true, [v]) if *v != minus => Class::Scaling,
        _ if ones => Class::Permutation,
        _ if signs => Class::SignedPermutation,
        (true, _) => Class::Diagonal,
        (false, _) => Class::Linear,
    };
    Some(if fixed { class } else { Class::Affine })
}
