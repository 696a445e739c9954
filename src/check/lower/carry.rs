//! `S(f)`: how a morphism carries the states of an optimizer.

mod sides;
mod weights;

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::monomial::Monomial;
use super::{Function, jacobian};
use crate::core::error::ModelError;
use crate::core::variance::Variance;
use crate::model::elaborate::{Elab, Elaborator};
use crate::model::morphism::{Morphism, MorphismPath};
use crate::model::optimizer::{OptimizerOn, State};
use crate::term::{Seeds, SymbolId, Term};

/// `S(f)` for each part of the path, in coordinates.
pub(super) struct Carried {
    pub(super) maps: Vec<Function>,
    /// Jacobians of the parts, if a `diagonal` state is carried along them.
    pub(super) diagonal: Vec<Term>,
}

pub(super) fn carry(
    e: &mut Elaborator<'_>,
    path: &MorphismPath,
    over: &FxHashMap<SymbolId, Rc<OptimizerOn>>,
) -> Elab<Result<Carried, String>> {
    let mut carried = Carried { maps: Vec::new(), diagonal: Vec::new() };
    for m in &path.parts {
        let o = Rc::clone(&over[&m.source.symbol]);
        let mut inputs = vec![m.source.symbol];
        let mut outputs = vec![m.map];
        let covariant = o
            .states
            .iter()
            .any(|s| matches!(s.variance, Variance::Cotangent | Variance::Diagonal | Variance::Entries(..)));
        // Along a scaled permutation a covector needs no matrix.
        let form = match covariant {
            true => Monomial::of(&mut e.store, m.map, m.source.symbol).filter(Monomial::is_scaled_permutation),
            false => None,
        };
        let dense = |s: &State| match s.variance {
            Variance::Fixed => s.each,
            Variance::Tangent | Variance::Point => false,
            Variance::Cotangent | Variance::Diagonal | Variance::Entries(..) => form.is_none(),
            Variance::Metric | Variance::Cometric | Variance::Left | Variance::Right | Variance::Scalar(_) => true,
        };
        if let Some((s, reason)) = o.states.iter().find_map(|s| refused(m, s.variance).map(|r| (s, r))) {
            return Ok(Err(format!("`{}` is {}: {reason}", s.name, with_article(s.variance))));
        }
        let j = if o.states.iter().any(dense) { jacobian(e, m)? } else { m.map };
        for (i, s) in o.states.iter().enumerate() {
            inputs.push(s.symbol);
            let there = over.get(&m.target.symbol).and_then(|t| t.states.get(i)).map_or(s.term, |t| t.term);
            if s.variance == Variance::Fixed && !s.each && e.store.shape(there) != e.store.shape(s.term) {
                // An `auto` state read as a fixed space has the size of the parameters.
                let reason = format!(
                    "along `{}` its space changes from {} to {}",
                    m.name,
                    e.shape_text(s.term),
                    e.shape_text(there)
                );
                return Ok(Err(format!("`{}` is {}: {reason}", s.name, with_article(s.variance))));
            }
            if s.variance == Variance::Tangent {
                outputs.push(push_forward(e, m, s.term)?);
                continue;
            }
            if let (Some(form), Variance::Cotangent) = (&form, s.variance) {
                outputs.push(form.covector(&mut e.store, s.term));
                continue;
            }
            if let (Some(form), Variance::Diagonal) = (&form, s.variance) {
                outputs.push(form.diagonal(&mut e.store, s.term));
                continue;
            }
            if let (Some(form), Variance::Entries(k, odd)) = (&form, s.variance) {
                outputs.push(weights::entries(&mut e.store, form, s.term, k, odd));
                continue;
            }
            match carry_state(e, m, j, &o.states, i) {
                Ok(t) => outputs.push(t),
                Err(reason) => return Ok(Err(format!("`{}` is {}: {reason}", s.name, with_article(s.variance)))),
            }
            if matches!(s.variance, Variance::Diagonal | Variance::Entries(..)) && !carried.diagonal.contains(&j) {
                carried.diagonal.push(j);
            }
        }
        carried.maps.push(Function { inputs, outputs });
    }
    Ok(Ok(carried))
}

/// `J z` as the derivative along `z`: no Jacobian is built.
fn push_forward(e: &mut Elaborator<'_>, m: &Morphism, z: Term) -> Elab<Term> {
    match e.store.tangent(m.map, &Seeds::along([(m.source.symbol, z)])) {
        Ok(t) => Ok(t),
        Err(error) => {
            let message = format!("the Jacobian of `{}` is not available: {error}", m.name);
            e.fail(ModelError::OptimizerBody { message, help: None, span: m.span })
        }
    }
}

fn with_article(v: Variance) -> String {
    match v {
        Variance::Fixed => "a fixed state".into(),
        other => format!("a `{}` state", other.text()),
    }
}

/// Why a state is carried by invertible maps alone, along a map that is not.
fn refused(m: &Morphism, v: Variance) -> Option<String> {
    let (rows, cols) = (m.target.dim, m.source.dim);
    let what = match v {
        _ if rows == cols => return None,
        Variance::Cotangent => "a covector",
        Variance::Metric => "a covariant tensor",
        Variance::Diagonal => "the diagonal of a covariant tensor",
        Variance::Entries(..) => "what changes entry by entry",
        Variance::Fixed | Variance::Scalar(_) | Variance::Point | Variance::Tangent | Variance::Cometric => {
            return None;
        }
        Variance::Left | Variance::Right => return None,
    };
    Some(format!(
        "{what} has no push-forward along `{}`, which is not invertible ({cols} → {rows} parameters), so that `S` is no functor there; \
         `tangent`, `cometric` and fixed states are carried by every morphism, and `check training` asks whether the \
         parameters of both runs correspond all the same",
        m.name
    ))
}

/// The table of section "state" of the language: how `f` with Jacobian `j` carries a state that is not [`refused`].
fn carry_state(e: &mut Elaborator<'_>, m: &Morphism, j: Term, states: &[State], i: usize) -> Result<Term, String> {
    let (v, z) = (states[i].variance, states[i].term);
    let s = &mut e.store;
    match v {
        Variance::Fixed | Variance::Scalar(_) => weights::numbers(e, m, j, &states[i]),
        Variance::Point => Ok(s.substitute_one(m.map, &[(m.source.symbol, z)].into_iter().collect())),
        Variance::Tangent => Ok(s.matmul(j, z)),
        Variance::Cometric => {
            let half = s.matmul(j, z);
            Ok(s.product(half, &[0, 1], j, &[2, 1], &[0, 2]))
        }
        Variance::Cotangent => {
            let inverse = s.inverse(j);
            Ok(s.product(inverse, &[0, 1], z, &[0], &[1]))
        }
        Variance::Metric => {
            let inverse = s.inverse(j);
            let half = s.product(inverse, &[0, 1], z, &[0, 2], &[1, 2]);
            Ok(s.matmul(half, inverse))
        }
        Variance::Diagonal => {
            let inverse = s.inverse(j);
            let square = s.mul(inverse, inverse);
            Ok(s.product(square, &[0, 1], z, &[0], &[1]))
        }
        Variance::Entries(k, odd) => Ok(weights::entries_by_jacobian(s, j, z, k, odd)),
        Variance::Left | Variance::Right => sides::carry(e, m, j, states, i),
    }
}
