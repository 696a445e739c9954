//! Whether what is proved on a generic architecture holds on every one: a generic one has no rank that is lower, and no sign
//! that is zero, than another architecture may have at all of its points.

use rustc_hash::FxHashMap;

use super::{Budget, Problem, algebra};
use crate::domain::Fun;
use crate::domain::prime::PseudoInverses;
use crate::term::{Node, Store, Term};

/// Why the sides need not agree on every architecture, as they do on a generic one; `None` if they do, as far as ranks and
/// signs go. The matrices of `granted` are non-singular by assumption. Sides that are not `equal`, but up to a rate or in the
/// limit, are to read neither.
pub fn exception(
    problem: &Problem,
    (left, right): (&[Term], &[Term]),
    (equal, granted): (bool, &[Term]),
    budget: &Budget,
) -> Option<String> {
    let mut setting = problem.setting.clone();
    let store = &mut setting.store;
    let residual: Vec<Term> = match equal {
        true => left.iter().zip(right).map(|(l, r)| store.sub(*l, *r)).collect(),
        false => left.iter().chain(right).copied().collect(),
    };
    let mut inverses: FxHashMap<Term, Term> = FxHashMap::default();
    for t in store.reachable(&residual) {
        if let Node::PseudoInverse(x) = *store.node(t)
            && granted.contains(&x)
        {
            inverses.insert(t, store.inverse(x));
        }
    }
    let residual = store.replace(&residual, &inverses);
    let what = degenerate(store, &residual)?;
    let everywhere = algebra::vanishes_for_free_signs(
        &setting,
        &residual,
        &problem.domain,
        (budget, "every architecture"),
        PseudoInverses::Regularised,
    );
    (!everywhere).then(|| said(what))
}

const SINGULAR: &str = "a matrix that is pseudo-inverted may be singular";
const ZERO: &str = "a sign may be zero everywhere";

fn said(what: &str) -> String {
    format!(
        "so on a generic architecture, but on some architecture {what}, and whether the sides agree there is not proved; ask \
         `on` an architecture"
    )
}

/// What some architecture may have everywhere, and the generic one has not.
fn degenerate(store: &Store, terms: &[Term]) -> Option<&'static str> {
    let any = |wanted: fn(&Node) -> bool| store.any_node(terms, wanted);
    if any(|n| matches!(n, Node::PseudoInverse(_))) {
        return Some(SINGULAR);
    }
    if any(|n| matches!(n, Node::Polar(_))) {
        return Some("a matrix whose polar factor is taken may be of lower rank");
    }
    any(|n| matches!(n, Node::Map(Fun::Sign, _))).then_some(ZERO)
}

/// The same of programs whose runs were compared: what a proof may have used of generic ranks, or of `sign(x)^2 = 1`.
pub fn exception_of_runs(store: &Store, programs: &[Term]) -> Option<String> {
    if store.any_node(programs, |n| matches!(n, Node::PseudoInverse(_))) {
        return Some(said(SINGULAR));
    }
    let sign = |t: &Term| matches!(store.node(*t), Node::Map(Fun::Sign, _));
    let squared = store.any_node(programs, |n| matches!(n, Node::Power(x, _) if sign(x)));
    squared.then(|| said(ZERO))
}
