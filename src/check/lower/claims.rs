//! What the kind of a morphism claims, as equations and conditions on terms.

use super::jacobian;
use super::monomial::Monomial;
use super::rows::independent_by_form;
use super::split::blocks;
use crate::check::{Claim, ClaimKind};
use crate::core::error::ModelError;
use crate::domain::Fun;
use crate::model::elaborate::{Elab, Elaborator};
use crate::model::morphism::Morphism;
use crate::syntax::tree::MorphismKind;
use crate::term::{Node, Term};

/// What a morphism's kind claims.
pub(super) fn claims_of(e: &mut Elaborator<'_>, m: &Morphism) -> Elab<Vec<Claim>> {
    let mut claims = Vec::new();
    let mut push = |kind: ClaimKind| {
        claims.push(Claim { kind, morphism: m.name.clone(), span: m.span, domain: m.source.domain.clone() });
    };
    let image =
        |e: &mut Elaborator<'_>, t: Term| e.store.substitute_one(t, &[(m.target.symbol, m.map)].into_iter().collect());
    for c in e.domain_at(&m.target, m.map).into_iter().filter(|c| !c.assumed) {
        push(ClaimKind::Inside(c));
    }
    let preserving = matches!(m.kind, MorphismKind::Reparam | MorphismKind::Embedding);
    if preserving
        && !m.pulled_back
        && let (Some(b), Some(a)) = (m.target.loss, m.source.loss)
    {
        push(ClaimKind::Equal { what: "loss", left: image(e, b), right: a });
    }
    if m.kind == MorphismKind::Embedding
        && let Some(loss) = m.target.loss
        && e.store.any_node(&[loss], |n| matches!(n, Node::Map(Fun::Sign, _)))
        && let Ok(d) = e.store.gradient(loss, m.target.symbol)
    {
        push(ClaimKind::Differentiable { loss, differential: d, point: m.target.symbol, image: m.map });
    }
    if m.kind == MorphismKind::Reparam
        && !m.pulled_back
        && let (Some(b), Some(a)) = (m.target.output, m.source.output)
    {
        let b = image(e, b);
        if e.store.shape(a) != e.store.shape(b) {
            let message = format!("`{}` is a reparam, but the outputs have different sizes", m.name);
            return e.fail(ModelError::PathMismatch { message, span: m.span });
        }
        push(ClaimKind::Equal { what: "output", left: b, right: a });
        if m.target.output_metric.is_some() || m.source.output_metric.is_some() {
            let n = e.store.size(a);
            let eye = e.store.eye(n);
            let target = m.target.output_metric.unwrap_or(eye);
            let source = m.source.output_metric.unwrap_or(eye);
            push(ClaimKind::Equal { what: "output metric", left: image(e, target), right: source });
        }
    }
    // A Jacobian has as many entries as the square of the dimension, which large members of a system cannot afford.
    if m.kind == MorphismKind::Projection && independent_by_form(&e.store, m.map, m.source.symbol) {
        return Ok(claims);
    }
    let form = Monomial::of(&mut e.store, m.map, m.source.symbol).filter(|f| match m.kind {
        MorphismKind::Reparam => f.is_scaled_permutation(),
        MorphismKind::Embedding => f.covers(),
        MorphismKind::Projection => false,
    });
    let reparam = m.kind == MorphismKind::Reparam;
    let split = match &form {
        None if reparam => blocks(&mut e.store, m.map, m.source.symbol),
        _ => None,
    };
    let matrices = match (form, split) {
        (Some(form), _) => form.open_factors(&mut e.store).map(|f| (f, e.store.shape(f)[0])).into_iter().collect(),
        (None, Some(blocks)) => blocks.into_iter().map(|b| (b, e.store.shape(b)[0])).collect(),
        (None, None) => {
            let rank = if m.kind == MorphismKind::Projection { m.target.dim } else { m.source.dim };
            vec![(jacobian(e, m)?, rank)]
        }
    };
    for (j, rank) in matrices {
        push(match m.kind {
            MorphismKind::Reparam => ClaimKind::NonSingular(j),
            MorphismKind::Projection => ClaimKind::FullRank(j, rank, "a submersion"),
            MorphismKind::Embedding => ClaimKind::FullRank(j, rank, "an immersion"),
        });
    }
    if let Some((inverse, _)) = m.inverse {
        let back = e.store.substitute_one(inverse, &[(m.target.symbol, m.map)].into_iter().collect());
        push(ClaimKind::Equal { what: "inverse", left: back, right: m.source.point });
        if m.source.symbol != m.target.symbol {
            let forth = e.store.substitute_one(m.map, &[(m.source.symbol, inverse)].into_iter().collect());
            claims.push(Claim {
                kind: ClaimKind::Equal { what: "inverse", left: forth, right: m.target.point },
                morphism: m.name.clone(),
                span: m.span,
                domain: m.target.domain.clone(),
            });
        }
    }
    Ok(claims)
}
