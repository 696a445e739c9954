//! Operators on terms, with every shape checked.

use dashu_int::ops::BitTest;

use super::elaborate::{Elab, Elaborator};
use crate::core::error::ModelError;
use crate::core::prim::{Ratio, choice_weights};
use crate::domain::{Fun, Rational};
use crate::read::{Arg, Choice};
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Comparison};
use crate::term::{Shape, Term};

/// The largest size of an exact constant, in bits of numerator and denominator.
const MAX_BITS: usize = 1 << 16;

/// The left side of operators: a value, or the terms of a sum that may go on. Then the value only tells their shape.
#[derive(Debug, Clone)]
pub struct Pending {
    value: Term,
    span: Span,
    terms: Vec<(Rational, Term)>,
}

impl From<Arg<Term>> for Pending {
    fn from((value, span): Arg<Term>) -> Self {
        Pending { value, span, terms: Vec::new() }
    }
}

impl Elaborator<'_> {
    /// One operator more: while sums and differences of one shape follow each other, their terms are gathered.
    pub(super) fn linked(&mut self, mut left: Pending, op: BinaryOp, r: Arg<Term>, whole: Span) -> Elab<Pending> {
        match op {
            BinaryOp::Add | BinaryOp::Sub => {
                let sign = if op == BinaryOp::Add { Rational::ONE } else { Rational::NEG_ONE };
                if self.store.shape(left.value) == self.store.shape(r.0) {
                    if left.terms.is_empty() {
                        left.terms.push((Rational::ONE, left.value));
                    }
                    left.terms.push((sign, r.0));
                } else {
                    let span = left.span;
                    let a = self.gathered(left);
                    let (a, b) = self.same_shape(op_word(op), (a, span), r)?;
                    left = Pending { value: a, span, terms: vec![(Rational::ONE, a), (sign, b)] };
                }
            }
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::EntryMul | BinaryOp::EntryDiv => {
                let span = left.span;
                let a = self.gathered(left);
                let value = self.binary(op, (a, span), r)?;
                self.moderate_constant(value, whole)?;
                left = Pending::from((value, span));
            }
        }
        left.span = whole;
        Ok(left)
    }

    /// The value of a chain of operators.
    pub(super) fn gathered(&mut self, pending: Pending) -> Term {
        if pending.terms.is_empty() {
            return pending.value;
        }
        let shape = self.store.shape(pending.value).clone();
        self.store.sum(pending.terms, &shape)
    }

    /// `1` where a comparison holds, by the sign of the difference.
    pub(super) fn chosen(&mut self, comparison: Comparison, a: Arg<Term>, b: Arg<Term>) -> Elab<Choice<Term>> {
        let difference = self.broadcast_sum("comparison", a, b, true)?;
        let s = self.store.map(Fun::Sign, difference);
        let shape = self.store.shape(s).clone();
        let square = self.store.mul(s, s);
        let one = self.store.fill(Rational::ONE, &shape);
        let parts = choice_weights(comparison).map(Ratio::value).into_iter().zip([one, s, square]);
        let holds = self.store.sum(parts.collect(), &shape);
        Ok(match self.store.as_fill(holds) {
            Some(q) if q.is_zero() => Choice::Otherwise,
            Some(q) if q.is_one() => Choice::Then,
            _ => Choice::Weight(holds),
        })
    }

    /// `y + holds · (x - y)`
    pub(super) fn between(&mut self, (holds, at): Arg<Term>, then: Arg<Term>, otherwise: Arg<Term>) -> Elab<Term> {
        let whole = then.1.to(otherwise.1);
        let (x, y) = self.same_shape("choice between two values", then, otherwise)?;
        let (holds, x) = self.same_shape("choice", (holds, at), (x, whole))?;
        let shape = self.store.shape(x).clone();
        let y = if self.store.shape(y).is_empty() { self.store.broadcast(y, &shape) } else { y };
        let gain = self.store.sub(x, y);
        let gained = self.store.mul(holds, gain);
        Ok(self.store.add(y, gained))
    }

    /// Brings two operands to one shape: scalars broadcast, nothing else does.
    pub(super) fn same_shape(
        &mut self,
        word: &str,
        (a, sa): (Term, Span),
        (b, sb): (Term, Span),
    ) -> Elab<(Term, Term)> {
        let (left, right) = (self.store.shape(a).clone(), self.store.shape(b).clone());
        if left == right {
            Ok((a, b))
        } else if left.is_empty() {
            Ok((self.store.broadcast(a, &right), b))
        } else if right.is_empty() {
            Ok((a, self.store.broadcast(b, &left)))
        } else {
            let help = spread(&left, &right, word).unwrap_or_else(|| "only scalars broadcast".to_owned());
            self.shape_mismatch(word, (a, sa), (b, sb), Some(help))
        }
    }

    pub(super) fn shape_mismatch<T>(
        &mut self,
        operation: &str,
        (a, left_span): (Term, Span),
        (b, right_span): (Term, Span),
        help: Option<String>,
    ) -> Elab<T> {
        let (left, right) = (self.shape_text(a), self.shape_text(b));
        let operation = operation.to_owned();
        self.fail(ModelError::ShapeMismatch { operation, left, right, help, left_span, right_span })
    }

    /// `a ± b` with broadcasting.
    pub(super) fn broadcast_sum(&mut self, word: &str, a: (Term, Span), b: (Term, Span), minus: bool) -> Elab<Term> {
        let (x, y) = self.same_shape(word, a, b)?;
        Ok(if minus { self.store.sub(x, y) } else { self.store.add(x, y) })
    }

    fn binary(&mut self, op: BinaryOp, (a, sa): (Term, Span), (b, sb): (Term, Span)) -> Elab<Term> {
        let (left, right) = (self.store.shape(a).clone(), self.store.shape(b).clone());
        match op {
            BinaryOp::Add => self.broadcast_sum("addition", (a, sa), (b, sb), false),
            BinaryOp::Sub => self.broadcast_sum("subtraction", (a, sa), (b, sb), true),
            BinaryOp::EntryMul => {
                let (x, y) = self.same_shape("entrywise product", (a, sa), (b, sb))?;
                Ok(self.store.mul(x, y))
            }
            BinaryOp::EntryDiv => {
                self.no_zero_entries(b, sb)?;
                let (x, y) = self.same_shape("entrywise quotient", (a, sa), (b, sb))?;
                Ok(self.store.div(x, y))
            }
            BinaryOp::Div => {
                if !right.is_empty() {
                    let help = Some("`/` divides by a scalar; `./` divides entry by entry".to_owned());
                    return self.shape_mismatch("division", (a, sa), (b, sb), help);
                }
                self.no_zero_entries(b, sb)?;
                Ok(self.store.div(a, b))
            }
            BinaryOp::Mul => match (left.len(), right.len()) {
                (0, _) => Ok(self.store.scalar_mul(a, b)),
                (_, 0) => Ok(self.store.scalar_mul(b, a)),
                (2, _) if left[1] == right[0] => {
                    let shape: Shape = std::iter::once(left[0]).chain(right[1..].iter().copied()).collect();
                    self.check_entries(&shape, "this product", sa.to(sb))?;
                    Ok(self.store.matmul(a, b))
                }
                (1, 1) => {
                    let help =
                        Some("use `dot(u, v)` for the scalar product, `u .* v` for the entrywise one".to_owned());
                    self.shape_mismatch("product", (a, sa), (b, sb), help)
                }
                _ => {
                    let help = match (left.len(), left.last(), right.first()) {
                        (2, Some(n), Some(m)) => {
                            Some(format!("the {n} columns on the left would have to meet {n} rows, not {m}"))
                        }
                        _ => Some("a vector stands to the right of a matrix; `v^T` is a one-row matrix".to_owned()),
                    };
                    self.shape_mismatch("product", (a, sa), (b, sb), help)
                }
            },
        }
    }

    /// Refuses constants whose digits would fill the memory.
    fn moderate_constant(&mut self, t: Term, span: Span) -> Elab<()> {
        let bits = self.store.as_fill(t).map_or(0, |q| q.numerator().bit_len() + q.denominator().bit_len());
        if bits <= MAX_BITS {
            return Ok(());
        }
        let what = "this constant".to_owned();
        self.fail(ModelError::TooLarge { what, size: format!("{bits} bits"), limit: MAX_BITS, span })
    }

    /// Refuses division by a constant zero.
    pub(super) fn no_zero_entries(&mut self, t: Term, span: Span) -> Elab<()> {
        if self.constant(t).is_some_and(|v| v.iter().any(Rational::is_zero)) {
            return self.fail(ModelError::Undefined { message: "division by a constant zero".into(), span });
        }
        Ok(())
    }

    /// `^-1`: the inverse of a matrix, the reciprocal of a scalar, entrywise on a vector.
    pub(super) fn invert(&mut self, t: Term, span: Span) -> Elab<Term> {
        let shape = self.store.shape(t).clone();
        if shape.len() < 2 {
            self.no_zero_entries(t, span)?;
            return Ok(self.store.power(t, &Rational::NEG_ONE));
        }
        self.square(t, "the matrix to invert", span)?;
        let det = self.store.determinant(t);
        if self.constant(det).is_some_and(|v| v[0].is_zero()) {
            return self
                .fail(ModelError::Undefined { message: "the inverse of a constant singular matrix".into(), span });
        }
        Ok(self.store.inverse(t))
    }

    /// Requires a square matrix and returns its size.
    pub(super) fn square(&mut self, t: Term, what: &str, span: Span) -> Elab<usize> {
        match self.store.shape(t)[..] {
            [m, n] if m == n => Ok(n),
            _ => {
                let found = self.shape_text(t);
                let expected = "a square matrix".to_owned();
                self.fail(ModelError::UnexpectedShape { place: what.into(), expected, found, help: None, span })
            }
        }
    }

    /// `x ^ p`: a rational power, or `exp(p · log x)` for an exponent that is not constant.
    pub(super) fn raise_to(&mut self, (x, sx): (Term, Span), (p, sp): (Term, Span)) -> Elab<Term> {
        let constant = self.constant(p).filter(|_| self.store.shape(p).is_empty());
        if let Some(q) = constant.and_then(|mut v| v.pop()) {
            let values = self.constant(x);
            if q < Rational::ZERO {
                self.no_zero_entries(x, sx)?;
            }
            if !q.is_int() && values.is_some_and(|v| v.iter().any(|c| *c < Rational::ZERO)) {
                let message = format!("the power {q} of a negative constant");
                return self.fail(ModelError::Undefined { message, span: sx.to(sp) });
            }
            return Ok(self.store.power(x, &q));
        }
        let log = self.function_log(x, sx)?;
        let (p, log) = self.same_shape("power", (p, sp), (log, sx))?;
        let product = self.store.mul(p, log);
        Ok(self.store.map(Fun::Exp, product))
    }

    /// `log`, refused for constants that have none.
    pub(super) fn function_log(&mut self, x: Term, span: Span) -> Elab<Term> {
        if self.constant(x).is_some_and(|v| v.iter().any(|q| *q <= Rational::ZERO)) {
            let message = "the logarithm of a constant that is not positive".to_owned();
            return self.fail(ModelError::Undefined { message, span });
        }
        Ok(self.store.map(Fun::Log, x))
    }
}

fn op_word(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "addition",
        BinaryOp::Sub => "subtraction",
        BinaryOp::Mul => "product",
        BinaryOp::Div => "division",
        BinaryOp::EntryMul => "entrywise product",
        BinaryOp::EntryDiv => "entrywise quotient",
    }
}

/// How a vector is added to each column, or to each row, of a matrix, which other languages do by broadcasting.
fn spread(left: &[usize], right: &[usize], word: &str) -> Option<String> {
    let sign = match word {
        "addition" => "+",
        "subtraction" => "-",
        _ => return None,
    };
    let (matrix, vector, first) = match (left, right) {
        ([m, n], [k]) => ([*m, *n], *k, true),
        ([k], [m, n]) => ([*m, *n], *k, false),
        _ => return None,
    };
    let said = |what: &str, spread: &str| {
        let sum = if first { format!("A {sign} {spread}") } else { format!("{spread} {sign} A") };
        Some(format!("only scalars broadcast; the vector `b` in each {what} of the matrix is written `{sum}`"))
    };
    match matrix {
        // Of a square matrix the columns are meant: `W * X + b`.
        [m, n] if m == vector => said("column", &format!("outer(b, ones({n}))")),
        [m, n] if n == vector => said("row", &format!("outer(ones({m}), b)")),
        _ => None,
    }
}
