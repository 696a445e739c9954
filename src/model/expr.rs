//! Expressions to terms: operators, indexing, lists and comprehensions, with every shape checked.

use dashu_int::ops::BitTest;

use super::elaborate::{Elab, Elaborator, Local, MAX_UNROLLED, Scope, shape_text};
use super::error::ModelError;
use super::names::{Declared, nearest};
use crate::core::prim::{Ratio, choice_weights};
use crate::domain::{Fun, Rational};
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Binder, Conditional, Expr, ExprKind, Ident, Reduction, Subscript};
use crate::term::{Shape, Term};

/// The largest size of an exact constant, in bits of numerator and denominator.
const MAX_BITS: usize = 1 << 16;

impl Elaborator<'_> {
    /// The term that an expression denotes.
    pub fn expr(&mut self, e: &Expr, scope: &mut Scope) -> Elab<Term> {
        match &e.kind {
            ExprKind::Number(q) => Ok(self.store.num(q.clone())),
            ExprKind::Name(name) => self.name(name, e.span, scope),
            ExprKind::Primed(name) => self.primed(name, e.span, scope),
            ExprKind::Neg(x) => {
                let x = self.expr(x, scope)?;
                Ok(self.store.neg(x))
            }
            ExprKind::Binary(..) => self.chain(e, scope),
            ExprKind::Power(base, exponent) => {
                let x = self.expr(base, scope)?;
                let p = self.expr(exponent, scope)?;
                self.raise_to((x, base.span), (p, exponent.span))
            }
            ExprKind::Transpose(x) => {
                let t = self.expr(x, scope)?;
                Ok(match self.store.shape(t).len() {
                    0 => t,
                    1 => {
                        let n = self.store.size(t);
                        self.store.reshape(t, &[1, n])
                    }
                    _ => self.store.transpose(t),
                })
            }
            ExprKind::Inverse(x) => {
                let t = self.expr(x, scope)?;
                self.invert(t, x.span)
            }
            ExprKind::Call(f, args) => self.call(f, args, e.span, scope),
            ExprKind::If(c) => self.conditional(c, scope),
            ExprKind::Reduce(kind, binders, body) => {
                let values = self.index_values(binders, body.span, scope)?;
                if *kind == Reduction::Sum
                    && let Some(vector) = self.lifted(values.named(binders), body, scope)
                {
                    return Ok(self.store.total(vector));
                }
                let terms = self.unroll(binders, &values, body, scope)?;
                self.reduce(*kind, &terms, body.span)
            }
            ExprKind::Index(base, subscripts) => self.index(base, subscripts, e.span, scope),
            ExprKind::List(items) => self.list(items, scope),
            ExprKind::Comprehension(binders, body) => {
                if binders.len() > 2 {
                    let message = "a comprehension has one index or two".to_owned();
                    return self.fail(ModelError::Argument { message, help: None, span: e.span });
                }
                let values = self.index_values(binders, body.span, scope)?;
                let mut shape = Shape::from_slice(&values.extents);
                if let Some(vector) = self.lifted(values.named(binders), body, scope) {
                    self.check_entries(&shape, "this tensor", e.span)?;
                    return Ok(self.store.reshape(vector, &shape));
                }
                let terms = self.unroll(binders, &values, body, scope)?;
                if let Some(&first) = terms.first() {
                    let inner = self.store.shape(first).clone();
                    for &t in &terms {
                        self.expect_shape(t, &inner, "every entry of the comprehension", body.span)?;
                    }
                    shape.extend_from_slice(&inner);
                }
                if shape.len() > 2 {
                    let found = format!("entries of shape {}", shape_text(&shape[values.extents.len()..]));
                    let place = "the body of the comprehension".to_owned();
                    let expected = "a scalar (or a vector, with one index)".to_owned();
                    return self.fail(ModelError::UnexpectedShape {
                        place,
                        expected,
                        found,
                        help: None,
                        span: body.span,
                    });
                }
                self.check_entries(&shape, "this tensor", e.span)?;
                let joined = self.store.join(&terms);
                Ok(self.store.reshape(joined, &shape))
            }
        }
    }

    /// A name: local, word of an optimizer's body, or file-level.
    fn name(&mut self, name: &str, span: Span, scope: &mut Scope) -> Elab<Term> {
        match scope.get(name) {
            Some(Local::Value(t)) => return Ok(t),
            Some(Local::Poisoned) => return Err(super::elaborate::Reported),
            Some(Local::Block(i)) => {
                let Some(over) = scope.over.clone() else {
                    return Err(super::elaborate::Reported);
                };
                return Ok(over.architecture.block(&mut self.store, over.architecture.point, i));
            }
            None => {}
        }
        if let Some(over) = scope.over.clone()
            && let Some(t) = self.optimizer_word(name, &over, span)?
        {
            return Ok(t);
        }
        if let Some(declared) = self.model.resolve(name, span) {
            return self.file_value(name, declared, span);
        }
        if name == "pi" {
            return Ok(self.pi());
        }
        self.unknown("name", name, span, scope)
    }

    fn primed(&mut self, name: &str, span: Span, scope: &mut Scope) -> Elab<Term> {
        let Some(over) = scope.over.clone() else {
            let message = format!("`{name}'` is the new value of a state; it has a meaning only inside `step`");
            return self.fail(ModelError::OptimizerBody { message, help: None, span });
        };
        if let Some(Local::Block(i)) = scope.get(name)
            && let Some(&(_, t)) = over.primed.get("params")
        {
            return Ok(over.architecture.block(&mut self.store, t, i));
        }
        match over.primed.get(name) {
            Some(&(_, t)) => Ok(t),
            None if over.primed.is_empty() => {
                let message = format!("`{name}'` is a new value, and only a `step` has those");
                let help =
                    Some(format!("in a `flow`, `{name}` is the value and `d/dt {name} = …` gives its derivative"));
                self.fail(ModelError::OptimizerBody { message, help, span })
            }
            None => {
                let near =
                    nearest(name, over.primed.keys().map(String::as_str)).map(|n| format!("did you mean `{n}'`?"));
                self.fail(ModelError::UnknownName { what: "new value", name: format!("{name}'"), help: near, span })
            }
        }
    }

    /// A chain of binary operators, left-nested to any depth: unwound first, so that long sums need no deep stack.
    fn chain(&mut self, e: &Expr, scope: &mut Scope) -> Elab<Term> {
        let mut spine = Vec::new();
        let mut at = e;
        while let ExprKind::Binary(op, left, right) = &at.kind {
            spine.push((*op, right.as_ref()));
            at = left;
        }
        let mut acc = self.expr(at, scope)?;
        let mut span = at.span;
        let mut pending: Vec<(Rational, Term)> = Vec::new();
        for (op, right) in spine.into_iter().rev() {
            let r = self.expr(right, scope)?;
            let whole = span.to(right.span);
            match op {
                BinaryOp::Add | BinaryOp::Sub => {
                    let sign = if op == BinaryOp::Add { Rational::ONE } else { Rational::NEG_ONE };
                    if self.store.shape(acc) == self.store.shape(r) {
                        // While summands gather in `pending`, `acc` only tells their shape.
                        if pending.is_empty() {
                            pending.push((Rational::ONE, acc));
                        }
                        pending.push((sign, r));
                    } else {
                        let left = self.flush(&mut pending, acc);
                        let (a, b) = self.same_shape(op_word(op), (left, span), (r, right.span))?;
                        pending = vec![(Rational::ONE, a), (sign, b)];
                        acc = a;
                    }
                }
                _ => {
                    let left = self.flush(&mut pending, acc);
                    acc = self.binary(op, (left, span), (r, right.span))?;
                    self.moderate_constant(acc, whole)?;
                }
            }
            span = whole;
        }
        Ok(self.flush(&mut pending, acc))
    }

    /// `if a < b then x else y`: by the sign of the difference; a condition between constants is decided now, and only the
    /// branch that is taken is read.
    fn conditional(&mut self, c: &Conditional, scope: &mut Scope) -> Elab<Term> {
        let (a, b) = (self.expr(&c.left, scope)?, self.expr(&c.right, scope)?);
        let difference = self.broadcast_sum("comparison", (a, c.left.span), (b, c.right.span), true)?;
        let s = self.store.map(Fun::Sign, difference);
        let shape = self.store.shape(s).clone();
        let square = self.store.mul(s, s);
        let one = self.store.fill(Rational::ONE, &shape);
        let parts = choice_weights(c.comparison).map(Ratio::value).into_iter().zip([one, s, square]);
        let holds = self.store.sum(parts.collect(), &shape);
        match self.store.as_fill(holds) {
            Some(q) if q.is_zero() => return self.expr(&c.otherwise, scope),
            Some(q) if q.is_one() => return self.expr(&c.then, scope),
            _ => {}
        }
        let (x, y) = (self.expr(&c.then, scope)?, self.expr(&c.otherwise, scope)?);
        let (then, otherwise) = ((x, c.then.span), (y, c.otherwise.span));
        let (x, y) = self.same_shape("choice between two values", then, otherwise)?;
        let whole = then.1.to(otherwise.1);
        let (holds, x) = self.same_shape("choice", (holds, c.left.span.to(c.right.span)), (x, whole))?;
        let shape = self.store.shape(x).clone();
        let y = if self.store.shape(y).is_empty() { self.store.broadcast(y, &shape) } else { y };
        let gain = self.store.sub(x, y);
        let gained = self.store.mul(holds, gain);
        Ok(self.store.add(y, gained))
    }

    fn flush(&mut self, pending: &mut Vec<(Rational, Term)>, acc: Term) -> Term {
        match pending.first() {
            None => acc,
            Some(&(_, first)) => {
                let shape = self.store.shape(first).clone();
                self.store.sum(std::mem::take(pending), &shape)
            }
        }
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

    /// The values that the indices of an indexed expression take together, in order.
    fn index_values(&mut self, binders: &[Binder], span: Span, scope: &mut Scope) -> Elab<IndexValues> {
        let mut ranges = Vec::with_capacity(binders.len());
        for b in binders {
            ranges.push(self.range(b, scope)?);
        }
        let extents: Vec<usize> = ranges.iter().map(|r| (r.1 - r.0).max(0) as usize).collect();
        let count = extents.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).unwrap_or(usize::MAX);
        self.unrolled = self.unrolled.saturating_add(count);
        if self.unrolled > MAX_UNROLLED {
            let what = "this indexed expression, with what it is nested in,".to_owned();
            let size = count.to_string();
            return self.fail(ModelError::TooLarge { what, size, limit: MAX_UNROLLED, span });
        }
        let mut values: Vec<Vec<i64>> = vec![Vec::with_capacity(count); binders.len()];
        for k in 0..count {
            let mut rest = k;
            for (i, &extent) in extents.iter().enumerate().rev() {
                values[i].push(ranges[i].0 + (rest % extent) as i64);
                rest /= extent;
            }
        }
        Ok(IndexValues { extents, count, values })
    }

    /// The body of an indexed expression at each value of its indices, in order.
    fn unroll(&mut self, binders: &[Binder], values: &IndexValues, body: &Expr, scope: &mut Scope) -> Elab<Vec<Term>> {
        let depth = scope.depth();
        let mut terms = Vec::with_capacity(values.count);
        for k in 0..values.count {
            for (b, v) in binders.iter().zip(&values.values) {
                let t = self.store.num(v[k]);
                scope.bind(&b.name.name, Local::Value(t));
            }
            let t = self.expr(body, scope);
            scope.truncate(depth);
            terms.push(t?);
        }
        Ok(terms)
    }

    /// A half-open range `lo..hi` of a binder.
    fn range(&mut self, b: &Binder, scope: &mut Scope) -> Elab<(i64, i64)> {
        let lo = self.integer(&b.lo, scope, "the start of a range")?;
        let hi = self.integer(&b.hi, scope, "the end of a range")?;
        let end = if b.inclusive { hi + 1 } else { hi };
        if end < lo {
            return self.fail(ModelError::ReversedRange { lo: lo.to_string(), hi: hi.to_string(), span: b.span });
        }
        Ok((lo, end))
    }

    fn reduce(&mut self, kind: Reduction, terms: &[Term], span: Span) -> Elab<Term> {
        let Some(&first) = terms.first() else {
            return match kind {
                Reduction::Sum => Ok(self.store.num(0)),
                Reduction::Prod => Ok(self.store.num(1)),
                Reduction::Max | Reduction::Min => self.extremum(kind == Reduction::Max, terms, span),
            };
        };
        let shape = self.store.shape(first).clone();
        for &t in terms {
            self.expect_shape(t, &shape, "every term of the reduction", span)?;
        }
        Ok(match kind {
            Reduction::Sum => self.store.sum(terms.iter().map(|&t| (Rational::ONE, t)).collect(), &shape),
            Reduction::Prod => terms[1..].iter().fold(first, |acc, &t| self.store.mul(acc, t)),
            Reduction::Max | Reduction::Min => self.extremum(kind == Reduction::Max, terms, span)?,
        })
    }

    fn list(&mut self, items: &[Expr], scope: &mut Scope) -> Elab<Term> {
        let mut terms = Vec::with_capacity(items.len());
        for item in items {
            terms.push(self.expr(item, scope)?);
        }
        let inner = terms.first().map(|&t| self.store.shape(t).clone()).unwrap_or_default();
        for (&t, item) in terms.iter().zip(items) {
            self.expect_shape(t, &inner, "every entry of the list", item.span)?;
        }
        if inner.len() > 1 {
            let span = items[0].span;
            let found = shape_text(&inner);
            let (place, expected) = ("an entry of a list".to_owned(), "a scalar or a vector".to_owned());
            return self.fail(ModelError::UnexpectedShape { place, expected, found, help: None, span });
        }
        let shape: Shape = std::iter::once(terms.len()).chain(inner).collect();
        let joined = self.store.join(&terms);
        Ok(self.store.reshape(joined, &shape))
    }

    fn index(&mut self, base: &Expr, subscripts: &[Subscript], span: Span, scope: &mut Scope) -> Elab<Term> {
        if let [Subscript::At(Expr { kind: ExprKind::Name(var), span: at })] = subscripts
            && let Some(block) = self.block_meant(base, &Ident { name: var.clone(), span: *at }, scope)?
        {
            return self.block_of_state(base, block, span, scope);
        }
        let t = self.expr(base, scope)?;
        let shape = self.store.shape(t).clone();
        if subscripts.len() > shape.len() || subscripts.is_empty() {
            let expected = match shape.len() {
                0 => "no index: it is a scalar".to_owned(),
                1 => "one index".to_owned(),
                _ => "one index or two".to_owned(),
            };
            let name = super::elaborate::text_of(base);
            return self.fail(ModelError::Arity { name, expected, found: subscripts.len(), span });
        }
        let mut kept = Shape::new();
        let mut picks: Vec<Vec<usize>> = Vec::new();
        for (axis, &extent) in shape.iter().enumerate() {
            match subscripts.get(axis) {
                Some(Subscript::At(e)) => {
                    let i = self.integer(e, scope, "an index")?;
                    if i < 0 || i >= extent as i64 {
                        return self.fail(ModelError::OutOfRange { index: i.to_string(), size: extent, span: e.span });
                    }
                    picks.push(vec![i as usize]);
                }
                Some(Subscript::Slice { lo, hi, inclusive }) => {
                    let lo = lo.as_ref().map_or(Ok(0), |e| self.integer(e, scope, "the start of a slice"))?;
                    let given =
                        hi.as_ref().map_or(Ok(extent as i64), |e| self.integer(e, scope, "the end of a slice"))?;
                    let end = if *inclusive && hi.is_some() { given + 1 } else { given };
                    if end < lo {
                        return self.fail(ModelError::ReversedRange {
                            lo: lo.to_string(),
                            hi: given.to_string(),
                            span,
                        });
                    }
                    if lo < 0 || end > extent as i64 {
                        let index = format!("{lo}..{end}");
                        return self.fail(ModelError::OutOfRange { index, size: extent, span });
                    }
                    picks.push((lo as usize..end as usize).collect());
                    kept.push((end - lo) as usize);
                }
                Some(Subscript::All) | None => {
                    picks.push((0..extent).collect());
                    kept.push(extent);
                }
            }
        }
        let map = match &picks[..] {
            [rows] => rows.iter().map(|&i| i as u32).collect(),
            [rows, columns] => {
                let width = shape[1];
                rows.iter().flat_map(|&i| columns.iter().map(move |&j| (i * width + j) as u32)).collect()
            }
            _ => Vec::new(),
        };
        Ok(self.store.gather(t, map, &kept))
    }

    fn call(&mut self, f: &Ident, args: &[Expr], span: Span, scope: &mut Scope) -> Elab<Term> {
        let declared = self.model.resolve(&f.name, f.span).filter(|_| !scope.is_of_the_table());
        match declared {
            Some(Declared::Def(id)) => {
                let def = &self.model[id];
                if def.params.len() != args.len() {
                    let expected = format!("{} argument(s)", def.params.len());
                    let name = f.name.clone();
                    return self.fail(ModelError::Arity { name, expected, found: args.len(), span });
                }
                let mut inner = Scope::default();
                for (p, a) in def.params.iter().zip(args) {
                    let value = self.expr(a, scope)?;
                    inner.bind(&p.name, Local::Value(value));
                }
                self.enter(&f.name, span)?;
                let value = self.expr(&def.body, &mut inner);
                self.calls.pop();
                value
            }
            Some(Declared::Data(id)) => {
                let mut values = Vec::with_capacity(args.len());
                for a in args {
                    values.push((self.expr(a, scope)?, a.span));
                }
                self.data(id, &values, span)
            }
            Some(other) => {
                let expected = "a function or a family of data";
                self.fail(ModelError::WrongKind { name: f.name.clone(), found: other.kind(), expected, span: f.span })
            }
            None => self.builtin(f, args, span, scope),
        }
    }
}

/// The values of the indices of an indexed expression.
struct IndexValues {
    /// How many each index takes.
    extents: Vec<usize>,
    /// How many they take together.
    count: usize,
    /// For each index, its value at each place.
    values: Vec<Vec<i64>>,
}

impl IndexValues {
    fn named(&self, binders: &[Binder]) -> Vec<(String, Vec<i64>)> {
        binders.iter().map(|b| b.name.name.clone()).zip(self.values.iter().cloned()).collect()
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
