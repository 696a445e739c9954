//! Whether operations have values at a point, with a hundred digits: what rounding takes to the boundary of a domain, such as
//! `sqrt(sigmoid(x) - 1)` far out, has a value in floating point alone.

use super::certify::exactly;
use super::sample::{Point, embed};
use super::written;
use crate::domain::digits::Digits;
use crate::domain::{Domain, Fun, Rational, Stop};
use crate::term::{Node, Program, Store, Term};

/// Larger programs are left to floating point.
const OPERATIONS: usize = 20_000;

/// What is below `2^-200` in size, or conditioned worse, is taken for the boundary: numbers have 448 bits.
const NEAR: i64 = 200;

/// The first of the partial operations in `terms` that has no value at a point, as far as a hundred digits tell; an error if
/// they need not be asked, as no operand has functions, roots or quotients in it, or cannot be.
pub fn without_value(store: &Store, terms: &[Term], point: &Point<Rational>) -> Result<Option<Term>, Untold> {
    without_value_where(store, terms, || Some(point.clone()))
}

/// The same at a point that is asked for only if the digits are.
fn without_value_where(
    store: &Store,
    terms: &[Term],
    point: impl FnOnce() -> Option<Point<Rational>>,
) -> Result<Option<Term>, Untold> {
    let partial: Vec<(Term, Term)> = store
        .reachable(terms)
        .into_iter()
        .filter(|t| written::is_partial(store, *t))
        .filter_map(|t| store.singular(t).map(|s| (t, s.read)))
        .filter(|(_, read)| store.any_node(&[*read], is_rounded))
        .collect();
    if partial.is_empty() {
        return Err(Untold);
    }
    let operands = partial.iter().map(|p| p.1);
    let inverses = partial.iter().map(|p| p.0).filter(|t| matches!(store.node(*t), Node::Inverse(_)));
    let roots: Vec<Term> = terms.iter().copied().chain(operands).chain(inverses).collect();
    let program = Program::new(store, &roots);
    if program.operations() > OPERATIONS {
        return Err(Untold);
    }
    let mut digits = Digits::new().ok_or(Untold)?;
    let embedded = embed(&mut digits, &point().ok_or(Untold)?);
    let values = match program.run(&mut digits, |s| embedded.get(&s).cloned()) {
        Ok(values) => values,
        Err(f) => {
            let spectral = matches!(store.node(f.term), Node::PowerSpd(..) | Node::Eigenvectors(_));
            let nowhere = matches!(f.stop, Stop::Pole | Stop::OutOfDomain) || spectral;
            return if nowhere { Ok(Some(f.term)) } else { Err(Untold) };
        }
    };
    let exponents = |v: &[<Digits as Domain>::Elem]| -> Vec<i64> { v.iter().map(Digits::exponent).collect() };
    let (operands, mut inverses) = values[terms.len()..].split_at(partial.len());
    for ((t, read), value) in partial.iter().zip(operands) {
        let sizes = exponents(value);
        let outside = match store.node(*t) {
            Node::Inverse(_) => {
                let (first, rest) = inverses.split_first().ok_or(Untold)?;
                inverses = rest;
                let largest = |v: Vec<i64>| v.into_iter().max().unwrap_or(0);
                largest(exponents(first)).saturating_add(largest(sizes)) > NEAR
            }
            Node::Power(_, q) if !q.is_int() && *q > Rational::ZERO && store.bounds(*read).nonnegative() => false,
            Node::Power(..) | Node::Map(Fun::Log, _) => sizes.into_iter().any(|e| e < -NEAR),
            _ => false,
        };
        if outside {
            return Ok(Some(*t));
        }
    }
    Ok(None)
}

/// The same at a point of floating-point numbers, which are taken as they are.
pub fn without_value_at(store: &Store, terms: &[Term], point: &Point<f64>) -> Result<Option<Term>, Untold> {
    without_value_where(store, terms, || exactly(point))
}

/// A hundred digits say nothing.
pub struct Untold;

/// Whether floating point rounds a value that may be another one by far.
fn is_rounded(node: &Node) -> bool {
    match node {
        Node::Map(f, _) => *f != Fun::Sign,
        Node::Power(_, q) => !q.is_int() || *q < Rational::ZERO,
        Node::Inverse(_) | Node::PseudoInverse(_) | Node::Polar(_) | Node::PowerSpd(..) | Node::Eigenvectors(_) => true,
        _ => false,
    }
}
