//! Building expressions: operands, calls, lists, subscripts, binders.

use super::build::{Builder, Built};
use super::build_params::comparison;
use super::error::SyntaxError;
use super::grammar::{Node, Rule};
use super::number::number;
use super::precedence::{Deep, expression};
use super::tree::{Binder, Conditional, Expr, ExprKind, Ident, Reduction, Subscript};

impl Builder {
    /// The expression of an `expr` node.
    pub(super) fn expr(self, node: Node<'_>) -> Built<Expr> {
        expression(self, node).map(|deep| deep.expr)
    }
}

/// An operand without its postfix operators.
pub(super) fn primary(builder: Builder, node: Node<'_>) -> Built<Deep> {
    let span = builder.span(&node);
    let mut parts = builder.parts(node);
    let Some(inner) = parts.any() else {
        return Err(parts.missing(Rule::primary));
    };
    let leaf = |kind| Ok(Deep { expr: Expr { kind, span }, depth: 1 });
    match inner.as_rule() {
        Rule::number => leaf(ExprKind::Number(number(inner.as_str(), span)?)),
        Rule::primed => leaf(ExprKind::Primed(builder.ident(&inner).name)),
        Rule::conditional => conditional(builder, inner),
        Rule::call => call(builder, inner),
        Rule::list => list(builder, inner),
        _ => {
            let mut deep = expression(builder, builder.parts(inner).need(Rule::expr)?)?;
            deep.expr.span = span;
            Ok(deep)
        }
    }
}

/// `if a < b then x else y`.
fn conditional(builder: Builder, node: Node<'_>) -> Built<Deep> {
    let span = builder.span(&node);
    let mut parts = builder.parts(node);
    let mut depth = 0;
    parts.need(Rule::kw_if)?;
    let left = note(&mut depth, expression(builder, parts.need(Rule::expr)?)?);
    let comparison = comparison(&parts.need(Rule::comparison)?);
    let right = note(&mut depth, expression(builder, parts.need(Rule::expr)?)?);
    parts.need(Rule::kw_then)?;
    let then = note(&mut depth, expression(builder, parts.need(Rule::expr)?)?);
    parts.need(Rule::kw_else)?;
    let otherwise = note(&mut depth, expression(builder, parts.need(Rule::expr)?)?);
    let kind = ExprKind::If(Box::new(Conditional { comparison, left, right, then, otherwise }));
    Deep::above(depth, kind, span)
}

/// A name, a call, or an indexed reduction.
fn call(builder: Builder, node: Node<'_>) -> Built<Deep> {
    let span = builder.span(&node);
    let applied = node.clone().into_inner().any(|part| part.as_rule() == Rule::open_paren);
    let mut parts = builder.parts(node);
    let name = parts.ident()?;
    if !applied {
        return Ok(Deep { expr: Expr { kind: ExprKind::Name(name.name), span }, depth: 1 });
    }
    if let Some(node) = parts.take(Rule::indexed) {
        let reduction = reduction(&name)?;
        let (binders, body, depth) = indexed(builder, node)?;
        return Deep::above(depth, ExprKind::Reduce(reduction, binders, Box::new(body)), span);
    }
    let mut depth = 0;
    let mut arguments = Vec::new();
    while let Some(node) = parts.take(Rule::expr) {
        arguments.push(note(&mut depth, expression(builder, node)?));
    }
    Deep::above(depth, ExprKind::Call(name, arguments), span)
}

fn reduction(name: &Ident) -> Built<Reduction> {
    match name.name.as_str() {
        "sum" => Ok(Reduction::Sum),
        "prod" => Ok(Reduction::Prod),
        "max" => Ok(Reduction::Max),
        "min" => Ok(Reduction::Min),
        _ => Err(SyntaxError::IndexedCall { name: name.name.clone(), span: name.span }),
    }
}

/// A list of expressions, or a comprehension.
fn list(builder: Builder, node: Node<'_>) -> Built<Deep> {
    let span = builder.span(&node);
    let mut parts = builder.parts(node);
    if let Some(node) = parts.take(Rule::indexed) {
        let (binders, body, depth) = indexed(builder, node)?;
        return Deep::above(depth, ExprKind::Comprehension(binders, Box::new(body)), span);
    }
    let mut depth = 0;
    let mut entries = Vec::new();
    while let Some(node) = parts.take(Rule::expr) {
        entries.push(note(&mut depth, expression(builder, node)?));
    }
    Deep::above(depth, ExprKind::List(entries), span)
}

/// `i in a..b, …: e`; the third component is the depth of the deepest part.
fn indexed(builder: Builder, node: Node<'_>) -> Built<(Vec<Binder>, Expr, u32)> {
    let mut parts = builder.parts(node);
    let mut depth = 0;
    let mut binders = Vec::new();
    while let Some(node) = parts.take(Rule::binder) {
        let span = builder.span(&node);
        let mut parts = builder.parts(node);
        let name = parts.ident()?;
        parts.need(Rule::kw_in)?;
        let lo = note(&mut depth, expression(builder, parts.need(Rule::expr)?)?);
        let inclusive = inclusive(&parts.need(Rule::range_sign)?);
        let hi = note(&mut depth, expression(builder, parts.need(Rule::expr)?)?);
        binders.push(Binder { name, lo, hi, inclusive, span });
    }
    let body = note(&mut depth, expression(builder, parts.need(Rule::expr)?)?);
    Ok((binders, body, depth))
}

/// Whether a range sign or the tail of a range says `..=`.
pub(super) fn inclusive(node: &Node<'_>) -> bool {
    node.as_str().starts_with("..=")
}

/// A postfix operator applied to an operand.
pub(super) fn postfix(builder: Builder, operand: Deep, sign: Node<'_>) -> Built<Deep> {
    let span = operand.expr.span.to(builder.span(&sign));
    let mut depth = operand.depth;
    let operand = Box::new(operand.expr);
    let kind = match sign.as_rule() {
        Rule::transpose => ExprKind::Transpose(operand),
        Rule::reciprocal => ExprKind::Inverse(operand),
        Rule::index => {
            let mut subscripts = Vec::new();
            for node in sign.into_inner().filter(|node| node.as_rule() == Rule::subscript) {
                subscripts.push(subscript(builder, node, &mut depth)?);
            }
            ExprKind::Index(operand, subscripts)
        }
        _ => return Err(builder.parts(sign).missing(Rule::index)),
    };
    Deep::above(depth, kind, span)
}

fn subscript(builder: Builder, node: Node<'_>, depth: &mut u32) -> Built<Subscript> {
    let mut parts = builder.parts(node);
    let first = match parts.take(Rule::expr) {
        Some(node) => Some(note(depth, expression(builder, node)?)),
        None => None,
    };
    let Some(tail) = parts.take(Rule::range_tail) else {
        return Ok(first.map_or(Subscript::All, Subscript::At));
    };
    let inclusive = inclusive(&tail);
    let hi = match tail.into_inner().find(|node| node.as_rule() == Rule::expr) {
        Some(node) => Some(note(depth, expression(builder, node)?)),
        None => None,
    };
    Ok(Subscript::Slice { lo: first, hi, inclusive })
}

/// The expression of `deep`, whose depth is noted.
fn note(depth: &mut u32, deep: Deep) -> Expr {
    *depth = deep.depth.max(*depth);
    deep.expr
}
