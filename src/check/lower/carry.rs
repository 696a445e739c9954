//! `S(f)`: how a morphism carries the states of an optimizer.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::monomial::Monomial;
use super::{Function, jacobian};
use crate::check::generic;
use crate::domain::Rational;
use crate::model::elaborate::{Elab, Elaborator};
use crate::model::error::ModelError;
use crate::model::morphism::{Morphism, MorphismPath};
use crate::model::optimizer::{OptimizerOn, Variance, side};
use crate::term::{Seeds, Store, SymbolId, Term};

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
        let covariant = o.states.iter().any(|s| matches!(s.variance, Variance::Cotangent | Variance::Diagonal));
        // Along a scaled permutation a covector needs no matrix.
        let form = match covariant {
            true => Monomial::of(&mut e.store, m.map, m.source.symbol).filter(Monomial::is_scaled_permutation),
            false => None,
        };
        let dense = |v: Variance| match v {
            Variance::Fixed | Variance::Tangent => false,
            Variance::Cotangent | Variance::Diagonal => form.is_none(),
            Variance::Metric | Variance::Cometric | Variance::Left | Variance::Right => true,
        };
        let j = if o.states.iter().any(|s| dense(s.variance)) { jacobian(e, m)? } else { m.map };
        for (i, s) in o.states.iter().enumerate() {
            inputs.push(s.symbol);
            let there = over.get(&m.target.symbol).and_then(|t| t.states.get(i)).map_or(s.term, |t| t.term);
            if s.variance == Variance::Fixed && e.store.shape(there) != e.store.shape(s.term) {
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
            match carry_state(e, m, j, s.variance, s.term) {
                Ok(t) => outputs.push(t),
                Err(reason) => return Ok(Err(format!("`{}` is {}: {reason}", s.name, with_article(s.variance)))),
            }
            if s.variance == Variance::Diagonal && !carried.diagonal.contains(&j) {
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
        other => format!("a `{}` state", other.word()),
    }
}

/// The table of section "state" of the language: how `f` with Jacobian `j` carries a state.
fn carry_state(e: &mut Elaborator<'_>, m: &Morphism, j: Term, v: Variance, z: Term) -> Result<Term, String> {
    let (rows, cols) = (m.target.dim, m.source.dim);
    let invertible = rows == cols;
    let refuse = |what: &str| {
        format!(
            "{what} has no push-forward along `{}`, which is not invertible ({cols} → {rows} parameters), so that `S` is no functor there; \
             `tangent`, `cometric` and fixed states are carried by every morphism",
            m.name
        )
    };
    let s = &mut e.store;
    match v {
        Variance::Fixed => Ok(z),
        Variance::Tangent => Ok(s.matmul(j, z)),
        Variance::Cometric => {
            let half = s.matmul(j, z);
            Ok(s.product(half, &[0, 1], j, &[2, 1], &[0, 2]))
        }
        Variance::Cotangent if invertible => {
            let inverse = s.inverse(j);
            Ok(s.product(inverse, &[0, 1], z, &[0], &[1]))
        }
        Variance::Metric if invertible => {
            let inverse = s.inverse(j);
            let half = s.product(inverse, &[0, 1], z, &[0, 2], &[1, 2]);
            Ok(s.matmul(half, inverse))
        }
        Variance::Diagonal if invertible => {
            let inverse = s.inverse(j);
            let square = s.mul(inverse, inverse);
            Ok(s.product(square, &[0, 1], z, &[0], &[1]))
        }
        Variance::Cotangent => Err(refuse("a covector")),
        Variance::Metric => Err(refuse("a covariant tensor")),
        Variance::Diagonal => Err(refuse("the diagonal of a covariant tensor")),
        Variance::Left | Variance::Right => two_sided(e, m, j, v, z),
    }
}

/// How the scalar that `W ↦ Q W P` leaves open is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gauge {
    /// `P` is the identity, `Q` is the whole map.
    Left,
    /// `Q` is the identity.
    Right,
    /// `P` is orthogonal, and `Q` takes the rest.
    RotationRight,
    /// `Q` is orthogonal, or at least of mean square one in each row, and `P` takes the rest.
    RotationLeft,
}

/// The gauge of a two-sided map from generic values of multiples of its factors.
fn gauge(f: &crate::domain::prime::Field, (fq, p): (&[u64], usize), (fp, q): (&[u64], usize)) -> Gauge {
    let scalar = |m: &[u64], n: usize| m.iter().enumerate().all(|(k, &v)| v == if k / n == k % n { m[0] } else { 0 });
    let conformal = |m: &[u64], n: usize| {
        let gram: Vec<u64> = (0..n * n)
            .map(|k| (0..n).fold(0, |acc, i| f.add(acc, f.mul(m[i * n + k / n], m[i * n + k % n]))))
            .collect();
        scalar(&gram, n)
    };
    if scalar(fp, q) {
        Gauge::Left
    } else if scalar(fq, p) {
        Gauge::Right
    } else if conformal(fp, q) {
        Gauge::RotationRight
    } else {
        Gauge::RotationLeft
    }
}

/// `Q⁻ᵀ z Q⁻¹` or `P⁻¹ z P⁻ᵀ` from the four-index array `J[r, c, r', c'] = Q[r, r'] P[c', c]`.
fn carry_side(s: &mut Store, j: Term, z: Term, v: Variance, gauge: Gauge, (p, q): (usize, usize)) -> Term {
    // A factor up to a scalar: the other one contracted with fixed weights, which no permutation annihilates.
    let left = v == Variance::Left;
    let own = if left { p } else { q };
    let n = if left { q } else { p };
    let plain = gauge == Gauge::Left || gauge == Gauge::Right;
    let values = (0..n * n)
        .map(|k| Rational::from(if plain { u64::from(k == 0) } else { (k * k + 3 * k + 1) as u64 }))
        .collect();
    let w = s.literal(values, &[n, n]);
    let raw = if left {
        s.product(j, &[0, 1, 2, 3], w, &[1, 3], &[0, 2])
    } else {
        s.product(j, &[0, 1, 2, 3], w, &[0, 2], &[3, 1])
    };
    match (gauge, left) {
        // The other factor is the identity, and its corner entry is 1.
        (Gauge::Left, true) | (Gauge::Right, false) => {}
        (Gauge::Left, false) | (Gauge::Right, true) => return z,
        _ => {}
    }
    let inverse = s.inverse(raw);
    let carried = if left {
        let half = s.product(inverse, &[0, 1], z, &[0, 2], &[1, 2]);
        s.matmul(half, inverse)
    } else {
        let half = s.matmul(inverse, z);
        s.product(half, &[0, 1], inverse, &[2, 1], &[0, 2])
    };
    if plain {
        return carried;
    }
    // raw = κ F for the factor F, so the result has to be multiplied by κ² = ‖raw‖² / ‖F‖².
    let raw_norm = s.dot(raw, raw);
    let rotation = (gauge == Gauge::RotationLeft) == left;
    let square = if rotation {
        s.scale(Rational::ONE / Rational::from(own as u64), raw_norm)
    } else {
        // ‖J‖² = ‖Q‖² ‖P‖², and the norm of the rotation is its size.
        let all = s.dot(j, j);
        let ratio = s.div(raw_norm, all);
        s.scale(Rational::from(n as u64), ratio)
    };
    s.scalar_mul(square, carried)
}

/// `left` and `right` states, where `f` acts on each block as `W ↦ Q W P + C` with constant `Q` and `P`. The two factors
/// are only determined up to a scalar, which [`Gauge`] fixes.
fn two_sided(e: &mut Elaborator<'_>, m: &Morphism, j: Term, v: Variance, z: Term) -> Result<Term, String> {
    let word = format!("`{}` acts on each matrix as W ↦ Q W P + C with constant invertible Q and P", m.name);
    let refuse = || format!("it is carried only where {word}, which is not the case");
    if e.store.free_symbols(&[j]).contains(&m.source.symbol) || m.source.dim != m.target.dim {
        return Err(refuse());
    }
    let pattern = generic::pattern(e, j).ok_or_else(refuse)?;
    let n = m.source.dim;
    let mut parts = vec![None; m.target.blocks.len()];
    let mut starts = Vec::new();
    let mut start = 0;
    for b in &m.source.blocks {
        starts.push(start);
        start += side(&b.shape, v).pow(2);
    }
    for (bi, b) in m.target.blocks.iter().enumerate() {
        let touches = |a: &crate::model::architecture::Block| {
            (0..b.size()).any(|r| (0..a.size()).any(|c| pattern[(b.offset + r) * n + a.offset + c] != 0))
        };
        let sources: Vec<usize> = (0..m.source.blocks.len()).filter(|&i| touches(&m.source.blocks[i])).collect();
        let [ai] = sources[..] else { return Err(refuse()) };
        let a = &m.source.blocks[ai];
        let (p, q) = (side(&b.shape, Variance::Left), side(&b.shape, Variance::Right));
        if (p, q) != (side(&a.shape, Variance::Left), side(&a.shape, Variance::Right)) {
            return Err(refuse());
        }
        let at = |r: usize, c: usize, rr: usize, cc: usize| (b.offset + r * q + c) * n + a.offset + rr * q + cc;
        let reference = (0..p * q * p * q).map(|k| (k / (q * p * q), k / (p * q) % q, k / q % p, k % q));
        let Some((r0, c0, rr0, cc0)) = reference.into_iter().find(|&(r, c, rr, cc)| pattern[at(r, c, rr, cc)] != 0)
        else {
            return Err(refuse());
        };
        // J[(r,c),(r',c')] = Q[r,r'] P[c',c]: the matrix must have rank one in this arrangement.
        for k in 0..p * p * q * q {
            let (r, rr, c, cc) = (k / (p * q * q), k / (q * q) % p, k / q % q, k % q);
            let f = generic::field();
            let left = f.mul(pattern[at(r, c, rr, cc)], pattern[at(r0, c0, rr0, cc0)]);
            let right = f.mul(pattern[at(r, c0, rr, cc0)], pattern[at(r0, c, rr0, cc)]);
            if left != right {
                return Err(refuse());
            }
        }
        let f = generic::field();
        let factor_q: Vec<u64> = (0..p * p).map(|k| pattern[at(k / p, c0, k % p, cc0)]).collect();
        let factor_p: Vec<u64> = (0..q * q).map(|k| pattern[at(r0, k % q, rr0, k / q)]).collect();
        let gauge = gauge(&f, (&factor_q, p), (&factor_p, q));
        let s = &mut e.store;
        let map = (0..p * q * p * q).map(|k| at(k / (q * p * q), k / (p * q) % q, k / q % p, k % q) as u32).collect();
        let whole_j = s.gather(j, map, &[p, q, p, q]);
        let block = generic::square_block(s, z, starts[ai], if v == Variance::Left { p } else { q });
        let carried = carry_side(s, whole_j, block, v, gauge, (p, q));
        parts[bi] = Some(carried);
    }
    let parts: Vec<Term> = parts.into_iter().flatten().collect();
    Ok(e.store.join(&parts))
}
