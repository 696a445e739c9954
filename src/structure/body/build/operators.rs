//! Operators, with constants folded and numbers spread over tensors.

use super::Builder;
use crate::domain::Rational;
use crate::source::Span;
use crate::structure::body::{Id, Kind, Op};
use crate::syntax::tree::BinaryOp;

impl Builder<'_> {
    pub(super) fn minus(&mut self, x: Id, span: Span) -> Id {
        match self.constant(x).cloned() {
            Some(q) => self.constant_at(-q, span),
            None => {
                let kind = self.kind(x);
                self.push(Op::Neg, vec![x], kind, span)
            }
        }
    }

    pub(super) fn inverted(&mut self, x: Id, span: Span) -> Id {
        match self.kind(x) {
            Kind::Matrix | Kind::Side(_) => {
                let kind = self.kind(x);
                self.push(Op::Inverse, vec![x], kind, span)
            }
            _ => {
                let minus = self.constant_at(Rational::NEG_ONE, span);
                self.raised(x, minus, span)
            }
        }
    }

    pub(super) fn raised(&mut self, a: Id, b: Id, span: Span) -> Id {
        let kind = self.kind(a);
        let Some(q) = self.constant(b).cloned() else {
            return if kind == Kind::Scalar && self.kind(b) == Kind::Scalar {
                self.push(Op::PowerBy, vec![a, b], Kind::Scalar, span)
            } else {
                self.function_of("a power with an exponent that varies", vec![a, b], kind, span)
            };
        };
        if let Some(value) = self.constant(a).and_then(|c| crate::domain::roots::rational_power(c, &q)) {
            return self.constant_at(value, span);
        }
        if q.is_one() {
            return a;
        }
        if q.is_zero() {
            let one = self.constant_at(Rational::ONE, span);
            return if kind == Kind::Scalar { one } else { self.spread(one, kind, span) };
        }
        self.push(Op::Power(q), vec![a], kind, span)
    }

    /// Two operands of one kind: a scalar is spread over the other's shape.
    pub(super) fn same_kind(&mut self, a: Id, b: Id) -> (Id, Id, Kind) {
        let (ka, kb) = (self.kind(a), self.kind(b));
        if ka == kb {
            (a, b, ka)
        } else if ka == Kind::Scalar {
            let span = self.body.node(a).span;
            (self.spread(a, kb, span), b, kb)
        } else if kb == Kind::Scalar {
            let span = self.body.node(b).span;
            (a, self.spread(b, ka, span), ka)
        } else {
            let span = self.body.node(a).span.to(self.body.node(b).span);
            (self.function_of("operands of different kinds", vec![a, b], ka, span), b, ka)
        }
    }

    pub(super) fn binary(&mut self, op: BinaryOp, a: Id, b: Id, span: Span) -> Id {
        if let (Some(x), Some(y)) = (self.constant(a).cloned(), self.constant(b).cloned()) {
            let folded = match op {
                BinaryOp::Add => Some(x + y),
                BinaryOp::Sub => Some(x - y),
                BinaryOp::Mul | BinaryOp::EntryMul => Some(x * y),
                BinaryOp::Div | BinaryOp::EntryDiv => (!y.is_zero()).then(|| x / y),
            };
            if let Some(q) = folded {
                return self.constant_at(q, span);
            }
        }
        let (ka, kb) = (self.kind(a), self.kind(b));
        // Blocks that are numbers multiply as numbers.
        let op = match (op, self.each.as_ref().is_some_and(|e| e.numbers)) {
            (BinaryOp::Mul, true) if ka == Kind::Block && kb == Kind::Block => BinaryOp::EntryMul,
            (BinaryOp::Div, true) if kb == Kind::Block => BinaryOp::EntryDiv,
            _ => op,
        };
        match op {
            BinaryOp::Add | BinaryOp::Sub => {
                let (a, b, kind) = self.same_kind(a, b);
                self.push(if op == BinaryOp::Add { Op::Add } else { Op::Sub }, vec![a, b], kind, span)
            }
            BinaryOp::Mul | BinaryOp::EntryMul if ka == Kind::Scalar || kb == Kind::Scalar => {
                let (s, t, kind) = if ka == Kind::Scalar { (a, b, kb) } else { (b, a, ka) };
                if self.constant(s).is_some_and(Rational::is_zero) {
                    return if kind == Kind::Scalar {
                        self.constant_at(Rational::ZERO, span)
                    } else {
                        self.push(Op::Zero, Vec::new(), kind, span)
                    };
                }
                self.push(Op::Scale, vec![s, t], kind, span)
            }
            BinaryOp::Div | BinaryOp::EntryDiv if kb == Kind::Scalar => self.push(Op::Over, vec![a, b], ka, span),
            BinaryOp::EntryMul | BinaryOp::EntryDiv => {
                let (a, b, kind) = self.same_kind(a, b);
                self.push(if op == BinaryOp::EntryMul { Op::EntryMul } else { Op::EntryDiv }, vec![a, b], kind, span)
            }
            BinaryOp::Mul => {
                let kind = match (ka, kb) {
                    (Kind::Matrix, Kind::Vector) => Kind::Vector,
                    (Kind::Matrix, Kind::Matrix) => Kind::Matrix,
                    (Kind::Side(true), Kind::Block) | (Kind::Block, Kind::Side(false)) => Kind::Block,
                    (Kind::Block, Kind::BlockTransposed) => Kind::Side(true),
                    (Kind::BlockTransposed, Kind::Block) => Kind::Side(false),
                    (Kind::Side(x), Kind::Side(y)) if x == y => Kind::Side(x),
                    (Kind::Fixed, Kind::Fixed) => Kind::Fixed,
                    _ => return self.function_of("a product of these kinds", vec![a, b], ka, span),
                };
                self.push(Op::Product, vec![a, b], kind, span)
            }
            BinaryOp::Div => self.function_of("a division of these kinds", vec![a, b], ka, span),
        }
    }
}
