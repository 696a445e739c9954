//! Conditions that are read otherwise than written, and those that nothing fulfils: bounds of one name by constants.

use std::collections::BTreeMap;

use super::Warning;
use crate::domain::Rational;
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Comparison, Condition, Expr, ExprKind, Param};

/// The warnings about the conditions of a parameter list.
pub(super) fn of_params(params: &[Param]) -> Vec<Warning> {
    let size = |name: &str| {
        let param = params.iter().find(|p| p.name.name == name);
        param.and_then(|p| p.ty.as_ref()).is_some_and(|t| t.name.name == "N")
    };
    let own = |name: &str| params.iter().any(|p| p.name.name == name);
    let all: Vec<&Condition> = params.iter().flat_map(|p| &p.conditions).collect();
    let mut found = closed(all.iter().copied(), |name| own(name) && !size(name));
    for p in params {
        if let Some(span) = empty(&all, &p.name.name, size(&p.name.name)) {
            let name = p.name.name.clone();
            found.push(if size(&name) { Warning::NoMember { name, span } } else { Warning::EmptyWhere { name, span } });
        }
    }
    if found.iter().any(|w| matches!(w, Warning::NoMember { .. } | Warning::EmptyWhere { .. })) {
        return found;
    }
    if let Some((name, span)) = circle(&all, &own, &size) {
        found.push(if size(&name) { Warning::NoMember { name, span } } else { Warning::EmptyWhere { name, span } });
    }
    found
}

/// Comparisons that are not strict, of which a side names a real number.
pub(super) fn closed<'c>(
    conditions: impl IntoIterator<Item = &'c Condition>,
    real: impl Fn(&str) -> bool,
) -> Vec<Warning> {
    let mut found = Vec::new();
    for condition in conditions {
        let of_reals = links(condition).any(|(left, _, right)| names(left, &real) || names(right, &real));
        let sign = condition.rest.iter().find_map(|(sign, _)| match sign {
            Comparison::Ge => Some((">=", ">")),
            Comparison::Le => Some(("<=", "<")),
            Comparison::Lt | Comparison::Gt | Comparison::Ne => None,
        });
        if let (true, Some((written, read))) = (of_reals, sign) {
            found.push(Warning::Closed { written, read, span: condition.span });
        }
    }
    found
}

/// The comparisons of a chain, one by one.
fn links(condition: &Condition) -> impl Iterator<Item = (&Expr, Comparison, &Expr)> {
    let left = std::iter::once(&condition.first).chain(condition.rest.iter().map(|(_, e)| e));
    left.zip(&condition.rest).map(|(left, (sign, right))| (left, *sign, right))
}

/// Whether an expression is such a name.
fn names(e: &Expr, fits: &impl Fn(&str) -> bool) -> bool {
    match &e.kind {
        ExprKind::Name(name) => fits(name),
        _ => false,
    }
}

/// What bounds a name.
#[derive(Default)]
struct Bounds {
    lower: Option<(Rational, bool)>,
    upper: Option<(Rational, bool)>,
}

impl Bounds {
    /// Takes in `name > bound` or `name >= bound`.
    fn above(&mut self, bound: Rational, strict: bool) {
        let tighter = self.lower.as_ref().is_none_or(|(known, s)| bound > *known || bound == *known && strict && !s);
        if tighter {
            self.lower = Some((bound, strict));
        }
    }

    /// Takes in `name < bound` or `name <= bound`.
    fn below(&mut self, bound: Rational, strict: bool) {
        let tighter = self.upper.as_ref().is_none_or(|(known, s)| bound < *known || bound == *known && strict && !s);
        if tighter {
            self.upper = Some((bound, strict));
        }
    }

    /// Whether nothing lies between them: no natural number of a size, no open interval of a real number.
    fn is_empty(&self, size: bool) -> bool {
        match (&self.lower, &self.upper) {
            (Some((low, _)), Some((high, _))) if !size => low >= high,
            (_, None) => false,
            (None, Some(_)) if !size => false,
            (lower, Some((high, open))) => {
                let least = lower.as_ref().map_or(Rational::ZERO, |(low, strict)| first(low, *strict));
                least > *high || least == *high && *open
            }
        }
    }
}

/// The least natural number above a bound, or from it on.
fn first(bound: &Rational, strict: bool) -> Rational {
    let ceiling = Rational::from(bound.ceil());
    let next = if strict && ceiling == *bound { ceiling + Rational::ONE } else { ceiling };
    next.max(Rational::ZERO)
}

/// The condition that leaves a name without a value, if the bounds by constants do.
fn empty(conditions: &[&Condition], name: &str, size: bool) -> Option<Span> {
    let mut bounds = Bounds::default();
    for condition in conditions {
        for (left, sign, right) in links(condition) {
            let is_name = |e: &Expr| names(e, &|n: &str| n == name);
            let (bound, sign) = match (is_name(left), is_name(right)) {
                (true, false) => (constant(right), sign),
                (false, true) => (constant(left), mirrored(sign)),
                _ => continue,
            };
            let Some(bound) = bound else { continue };
            match sign {
                Comparison::Gt => bounds.above(bound, true),
                Comparison::Ge => bounds.above(bound, false),
                Comparison::Lt => bounds.below(bound, true),
                Comparison::Le => bounds.below(bound, false),
                Comparison::Ne => {}
            }
            if bounds.is_empty(size) {
                return Some(condition.span);
            }
        }
    }
    None
}

/// Names and numbers with what is known of their order: whether one is at most another, or less.
#[derive(Default)]
struct Order {
    terms: Vec<Result<String, Rational>>,
    /// Pairs of which the first is at most the second, and whether it is less.
    below: BTreeMap<(usize, usize), bool>,
}

impl Order {
    /// The number of a name or of a constant.
    fn term(&mut self, e: &Expr) -> Option<usize> {
        let term = match &e.kind {
            ExprKind::Name(name) => Ok(name.clone()),
            _ => Err(constant(e)?),
        };
        if let Some(known) = self.terms.iter().position(|t| *t == term) {
            return Some(known);
        }
        let new = self.terms.len();
        if let Err(value) = &term {
            for (old, other) in self.terms.iter().enumerate() {
                match other {
                    Err(other) if other < value => self.below.insert((old, new), true),
                    Err(_) => self.below.insert((new, old), true),
                    Ok(_) => None,
                };
            }
        }
        self.terms.push(term);
        Some(new)
    }

    /// Takes in that one is at most another; whether something is less than itself then.
    fn add(&mut self, low: usize, high: usize, less: bool) -> bool {
        *self.below.entry((low, high)).or_default() |= less;
        let all = 0..self.terms.len();
        for k in all.clone() {
            for i in all.clone() {
                for j in all.clone() {
                    if let (Some(a), Some(b)) = (self.below.get(&(i, k)), self.below.get(&(k, j))) {
                        let less = *a || *b;
                        *self.below.entry((i, j)).or_default() |= less;
                    }
                }
            }
        }
        all.into_iter().any(|i| self.below.get(&(i, i)) == Some(&true))
    }
}

/// The condition by which comparisons of names come back to where they began, as `m > k, m < k` do, with a name in it.
fn circle(
    conditions: &[&Condition],
    own: &dyn Fn(&str) -> bool,
    size: &dyn Fn(&str) -> bool,
) -> Option<(String, Span)> {
    const MOST: usize = 24;
    let mut order = Order::default();
    for condition in conditions {
        for (left, sign, right) in links(condition) {
            let named = [left, right].into_iter().find_map(|e| match &e.kind {
                ExprKind::Name(name) if own(name) => Some(name),
                _ => None,
            });
            let (Some(name), Some(a), Some(b)) = (named, order.term(left), order.term(right)) else { continue };
            // Of real numbers a comparison that is not strict is read as one that is.
            let (low, high, less) = match sign {
                Comparison::Lt => (a, b, true),
                Comparison::Le => (a, b, !size(name)),
                Comparison::Gt => (b, a, true),
                Comparison::Ge => (b, a, !size(name)),
                Comparison::Ne => continue,
            };
            if order.terms.len() > MOST {
                return None;
            }
            if order.add(low, high, less) {
                return Some((name.clone(), condition.span));
            }
        }
    }
    None
}

fn mirrored(sign: Comparison) -> Comparison {
    match sign {
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
        Comparison::Ne => Comparison::Ne,
    }
}

/// The value of an expression in numbers; chains are short here, and a long one has none.
fn constant(e: &Expr) -> Option<Rational> {
    match &e.kind {
        ExprKind::Number(q) => Some(q.clone()),
        ExprKind::Neg(inner) => Some(-constant(inner)?),
        ExprKind::Binary(op, left, right) => {
            let ExprKind::Number(right) = &right.kind else { return None };
            let ExprKind::Number(left) = &left.kind else { return None };
            match op {
                BinaryOp::Add => Some(left + right),
                BinaryOp::Sub => Some(left - right),
                BinaryOp::Mul => Some(left * right),
                BinaryOp::Div if !right.is_zero() => Some(left / right),
                BinaryOp::Div | BinaryOp::EntryMul | BinaryOp::EntryDiv => None,
            }
        }
        _ => None,
    }
}
