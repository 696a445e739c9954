//! The precedence of operators, and the construction of an expression from a flat row of operands and operators.

use std::sync::LazyLock;

use pest::pratt_parser::{Assoc, Op, PrattParser};

use crate::source::Span;

use super::build::{Builder, Built};
use super::build_expr::{postfix, primary};
use super::error::SyntaxError;
use super::grammar::{Node, Rule};
use super::tree::{BinaryOp, Expr, ExprKind};

/// The deepest expression tree that is built; `a + b + c + …` is one level deeper for each term.
pub const MAX_DEPTH: u32 = 12_000;

/// How many of the operators `^` and unary `-` may nest, by following one another or through brackets.
pub const MAX_CHAIN: usize = 512;

/// The table: loosest first.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    PrattParser::new()
        .op(Op::infix(Rule::add, Assoc::Left) | Op::infix(Rule::subtract, Assoc::Left))
        .op(Op::infix(Rule::multiply, Assoc::Left)
            | Op::infix(Rule::divide, Assoc::Left)
            | Op::infix(Rule::entry_multiply, Assoc::Left)
            | Op::infix(Rule::entry_divide, Assoc::Left))
        .op(Op::prefix(Rule::minus_sign))
        .op(Op::infix(Rule::power, Assoc::Right))
        .op(Op::postfix(Rule::transpose) | Op::postfix(Rule::reciprocal) | Op::postfix(Rule::index))
});

/// An expression and the depth of its tree.
pub(super) struct Deep {
    pub expr: Expr,
    pub depth: u32,
}

impl Deep {
    /// A node above parts of which the deepest has this depth; refused if the tree would become too deep.
    pub fn above(depth: u32, kind: ExprKind, span: Span) -> Built<Deep> {
        if depth >= MAX_DEPTH {
            // The parts are within the limit, so that dropping them here is safe.
            let span = Span { end: span.start + 1, ..span };
            return Err(SyntaxError::TooDeep { what: "expression", limit: MAX_DEPTH as usize, span });
        }
        Ok(Deep { expr: Expr { kind, span }, depth: depth + 1 })
    }
}

/// Builds the tree of an `expr`.
pub(super) fn expression(builder: Builder, node: Node<'_>) -> Built<Deep> {
    let builder = limit_chains(builder, &node)?;
    PRECEDENCE
        .map_primary(|node| primary(builder, node))
        .map_prefix(|sign, operand| {
            let operand = operand?;
            let span = builder.span(&sign).to(operand.expr.span);
            Deep::above(operand.depth, ExprKind::Neg(Box::new(operand.expr)), span)
        })
        .map_postfix(|operand, sign| postfix(builder, operand?, sign))
        .map_infix(|left, sign, right| infix(builder, left?, &sign, right?))
        .parse(node.into_inner())
}

fn infix(builder: Builder, left: Deep, sign: &Node<'_>, right: Deep) -> Built<Deep> {
    let span = left.expr.span.to(right.expr.span);
    let depth = left.depth.max(right.depth);
    let (left, right) = (Box::new(left.expr), Box::new(right.expr));
    let kind = match sign.as_rule() {
        Rule::add => ExprKind::Binary(BinaryOp::Add, left, right),
        Rule::subtract => ExprKind::Binary(BinaryOp::Sub, left, right),
        Rule::multiply => ExprKind::Binary(BinaryOp::Mul, left, right),
        Rule::divide => ExprKind::Binary(BinaryOp::Div, left, right),
        Rule::entry_multiply => ExprKind::Binary(BinaryOp::EntryMul, left, right),
        Rule::entry_divide => ExprKind::Binary(BinaryOp::EntryDiv, left, right),
        Rule::power => ExprKind::Power(left, right),
        _ => return Err(builder.parts(sign.clone()).missing(Rule::infix)),
    };
    Deep::above(depth, kind, span)
}

/// The builder for the operands of a row. `^` and unary `-` nest to the right, and the precedence parser recurses into
/// them, so that chains of them are limited before it runs.
fn limit_chains(builder: Builder, node: &Node<'_>) -> Built<Builder> {
    let (mut chain, mut longest) = (0, 0);
    for part in node.clone().into_inner() {
        match part.as_rule() {
            Rule::minus_sign | Rule::power => chain += 1,
            Rule::add | Rule::subtract | Rule::multiply | Rule::divide | Rule::entry_multiply | Rule::entry_divide => {
                chain = 0;
            }
            _ => {}
        }
        longest = longest.max(chain);
        if builder.chain + longest > MAX_CHAIN {
            let span = builder.span(&part);
            return Err(SyntaxError::TooDeep { what: "chain of `^` and `-`", limit: MAX_CHAIN, span });
        }
    }
    Ok(Builder { chain: builder.chain + longest, ..builder })
}
