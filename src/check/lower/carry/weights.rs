//! States with a weight, and numbers for each block.
//!
//! A `scalar(k)` state changes as the k-th power of a length of the differential: along a map whose Jacobian is `c` times an
//! isometry the differential at the source is `|c|` times as long, and `z ↦ |c|⁻ᵏ z`. An `entries(k)` state is the same entry by
//! entry along scaled permutations, with the sign of the factor if it is odd.

use crate::check::generic;
use crate::check::lower::monomial::Monomial;
use crate::core::variance::{Variance, Weight};
use crate::domain::{Fun, Rational};
use crate::model::architecture::Block;
use crate::model::elaborate::Elaborator;
use crate::model::morphism::Morphism;
use crate::model::optimizer::State;
use crate::term::{Store, Term};

/// A `scalar` state, or numbers for each block, carried along `m` with Jacobian `j`.
///
/// # Errors
/// Why it is not carried, as the rest of a sentence about the state.
pub(super) fn numbers(e: &mut Elaborator<'_>, m: &Morphism, j: Term, state: &State) -> Result<Term, String> {
    let weight = if let Variance::Scalar(k) = state.variance { Some(k) } else { None };
    if !state.each {
        let Some(k) = weight else { return Ok(state.term) };
        let square = conformal(e, j).ok_or_else(|| {
            format!(
                "it is carried only by maps whose Jacobian is a multiple of an isometry, and that of `{}` is not seen to be one",
                m.name
            )
        })?;
        return Ok(scaled(&mut e.store, state.term, square, k));
    }
    let pattern = generic::pattern(e, j);
    let mut parts = Vec::with_capacity(m.target.blocks.len());
    for b in &m.target.blocks {
        let source = pattern.as_ref().and_then(|p| only_source(p, m, b)).ok_or_else(|| {
            format!(
                "there is one number for each block, and along `{}` the block `{}` does not come from one block of the source",
                m.name, b.name
            )
        })?;
        let z = e.store.gather(state.term, vec![source as u32], &[]);
        parts.push(match weight {
            None => z,
            Some(k) => {
                let part = block_jacobian(&mut e.store, j, m, b, &m.source.blocks[source]);
                let square = conformal(e, part).ok_or_else(|| {
                    format!(
                        "it is carried only by maps whose Jacobian on each block is a multiple of an isometry, and that of `{}` on \
                         `{}` is not seen to be one",
                        m.name, b.name
                    )
                })?;
                scaled(&mut e.store, z, square, k)
            }
        });
    }
    Ok(e.store.join(&parts))
}

/// `|c|⁻ᵏ z` from `c²`.
fn scaled(s: &mut Store, z: Term, square: Term, k: Weight) -> Term {
    let factor = s.power(square, &(k.value() * crate::term::half() * Rational::NEG_ONE));
    s.mul(factor, z)
}

/// The square of the factor of a matrix `c Q` with `QᵀQ = 1`; `None` if it is not seen to be one.
fn conformal(e: &mut Elaborator<'_>, j: Term) -> Option<Term> {
    let n = *e.store.shape(j).get(1)?;
    let gram = e.store.product(j, &[0, 1], j, &[0, 2], &[1, 2]);
    let values = generic::pattern(e, gram)?;
    let multiple = |k: usize| values[k] == if k / n == k % n { values[0] } else { 0 };
    if n == 0 || !(0..n * n).all(multiple) {
        return None;
    }
    Some(e.store.gather(gram, vec![0], &[]))
}

fn block_jacobian(s: &mut Store, j: Term, m: &Morphism, b: &Block, a: &Block) -> Term {
    let (rows, columns, n) = (b.size(), a.size(), m.source.dim);
    let map = (0..rows * columns).map(|k| ((b.offset + k / columns) * n + a.offset + k % columns) as u32).collect();
    s.gather(j, map, &[rows, columns])
}

/// The one block of the source on which a block of the target depends.
fn only_source(pattern: &[u64], m: &Morphism, b: &Block) -> Option<usize> {
    let n = m.source.dim;
    let touches =
        |a: &Block| (0..b.size()).any(|r| (0..a.size()).any(|c| pattern[(b.offset + r) * n + a.offset + c] != 0));
    let mut all = (0..m.source.blocks.len()).filter(|&i| touches(&m.source.blocks[i]));
    all.next().filter(|_| all.next().is_none())
}

/// An `entries` state along a scaled permutation.
pub(super) fn entries(s: &mut Store, form: &Monomial, z: Term, k: Weight, odd: bool) -> Term {
    let (taken, factor) = (form.taken(s, z), form.factor_of_each(s));
    let by = power(s, factor, &-k.value(), odd);
    s.mul(taken, by)
}

/// An `entries` state along a map with a Jacobian whose form does not say that it is a scaled permutation; it is a functor only
/// where it is one. With `K` the inverse of the Jacobian and `rᵢ = Σⱼ Kⱼᵢ²` the single entry of a column is `±√rᵢ`, so that
/// `|K|ᵏ` is `rᵢ^(k/2 - 1) K²`, and with the sign `rᵢ^((k - 1)/2) K`: no power and no sign of a zero is taken.
pub(super) fn entries_by_jacobian(s: &mut Store, j: Term, z: Term, k: Weight, odd: bool) -> Term {
    let inverse = s.inverse(j);
    let square = s.mul(inverse, inverse);
    let n = s.shape(z)[0];
    let ones = s.fill(Rational::ONE, &[n]);
    let sizes = s.product(square, &[0, 1], ones, &[0], &[1]);
    let half = crate::term::half();
    let (carried, exponent) = match odd {
        true => (inverse, (k.value() - Rational::ONE) * half),
        false => (square, k.value() * half - Rational::ONE),
    };
    let carried = s.product(carried, &[0, 1], z, &[0], &[1]);
    let factor = s.power(sizes, &exponent);
    s.mul(factor, carried)
}

/// `|t|^q`, times the sign if odd, of what is not zero.
fn power(s: &mut Store, t: Term, q: &Rational, odd: bool) -> Term {
    let two = Rational::from(2);
    // An odd whole power keeps the sign, an even one loses it: no sign is needed then.
    if q.is_int() && !q.is_zero() {
        let even = (q / &two).is_int();
        if even != odd {
            return s.power(t, q);
        }
    }
    let sign = s.map(Fun::Sign, t);
    if q.is_zero() {
        return if odd { sign } else { s.mul(sign, sign) };
    }
    let magnitude = s.abs(t);
    let raised = s.power(magnitude, q);
    if odd { s.mul(sign, raised) } else { raised }
}
