//! Indexed expressions as whole tensors.
//!
//! `sum(i in 0..n: (c[i] - b(i))^2)` unrolled is a sum of `n` scalar terms, whose gradient is a sum of `n` vectors of
//! length `n`. If every operation of the body acts entry by entry, or picks an entry by an index that is a number, then
//! the body at all values of the index at once is one vector, and the sum is its total: `Σᵢ f(xᵢ)` is the total of
//! `f(x)`. The terms differ, the values do not; what the body cannot do in this way is unrolled as before.

use super::elaborate::{Elaborator, Scope};
use super::names::Declared;
use crate::core::prim;
use crate::domain::Rational;
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Expr, ExprKind, Ident, Subscript};
use crate::term::Term;

/// Shorter indexed expressions are unrolled: their terms are shown to people.
const SHORTEST: usize = 8;

/// The values of an expression at all values of the indices.
#[derive(Debug, Clone)]
enum Lifted {
    /// The same everywhere: a term of any shape.
    Same(Term),
    /// A number at each.
    Numbers(Vec<Rational>),
    /// A scalar at each: a vector with one entry for each.
    Each(Term),
}

/// The indices, and parameters of functions that depend on them.
type Bound = Vec<(String, Lifted)>;

impl Elaborator<'_> {
    /// The body of an indexed expression at all values of its indices, as a vector; `None` if it has to be unrolled. Each
    /// index comes with its value at each place.
    pub(super) fn lifted(&mut self, indices: Vec<(String, Vec<i64>)>, body: &Expr, scope: &mut Scope) -> Option<Term> {
        let count = indices.first().map_or(0, |(_, v)| v.len());
        if count < SHORTEST {
            return None;
        }
        let bound: Bound = indices
            .into_iter()
            .map(|(name, values)| (name, Lifted::Numbers(values.into_iter().map(Rational::from).collect())))
            .collect();
        let before = self.errors.len();
        let lifted = self.lift(body, count, &bound, scope);
        // A fault is reported by the unrolled expression, where it belongs to one value of the index.
        let clean = self.errors.len() == before;
        self.errors.truncate(before);
        let lifted = lifted.filter(|_| clean)?;
        self.entries(&lifted, count)
    }

    /// As a vector; `None` for tensors.
    fn entries(&mut self, x: &Lifted, count: usize) -> Option<Term> {
        match x {
            Lifted::Same(t) if self.store.shape(*t).is_empty() => Some(self.store.broadcast(*t, &[count])),
            Lifted::Same(_) => None,
            Lifted::Numbers(values) => Some(self.store.literal(values.clone(), &[count])),
            Lifted::Each(t) => Some(*t),
        }
    }

    /// As numbers, if they are.
    fn numbers(&self, x: &Lifted, count: usize) -> Option<Vec<Rational>> {
        match x {
            Lifted::Numbers(values) => Some(values.clone()),
            Lifted::Same(t) if self.store.shape(*t).is_empty() => {
                self.store.as_fill(*t).map(|q| vec![q.clone(); count])
            }
            _ => None,
        }
    }

    /// Scalars at each place, as numbers if they are.
    fn collected(&mut self, entries: &[Term]) -> Lifted {
        let numbers: Option<Vec<Rational>> = entries.iter().map(|&t| self.store.as_fill(t).cloned()).collect();
        numbers.map_or_else(|| Lifted::Each(self.store.join(entries)), Lifted::Numbers)
    }

    fn lift(&mut self, e: &Expr, count: usize, bound: &Bound, scope: &mut Scope) -> Option<Lifted> {
        if !mentions(e, bound) {
            return self.expr(e, scope).ok().map(Lifted::Same);
        }
        match &e.kind {
            ExprKind::Name(n) => bound.iter().rev().find(|(b, _)| b == n).map(|(_, x)| x.clone()),
            ExprKind::Neg(x) => match self.lift(x, count, bound, scope)? {
                Lifted::Numbers(values) => Some(Lifted::Numbers(values.into_iter().map(|v| -v).collect())),
                other => {
                    let t = self.entries(&other, count)?;
                    Some(Lifted::Each(self.store.neg(t)))
                }
            },
            ExprKind::Binary(op, a, b) => {
                let (x, y) = (self.lift(a, count, bound, scope)?, self.lift(b, count, bound, scope)?);
                self.lift_binary(*op, &x, &y, b.span, count)
            }
            ExprKind::Power(base, exponent) => {
                let (x, p) = (self.lift(base, count, bound, scope)?, self.lift(exponent, count, bound, scope)?);
                self.lift_power((&x, base.span), (&p, exponent.span), count)
            }
            ExprKind::Call(f, args) => self.lift_call(f, args, e.span, count, bound, scope),
            ExprKind::Index(base, subscripts) => self.lift_index(base, subscripts, count, bound, scope),
            _ => None,
        }
    }

    fn lift_binary(&mut self, op: BinaryOp, x: &Lifted, y: &Lifted, right: Span, count: usize) -> Option<Lifted> {
        if let (Some(a), Some(b)) = (self.numbers(x, count), self.numbers(y, count)) {
            if matches!(op, BinaryOp::Div | BinaryOp::EntryDiv) && b.iter().any(Rational::is_zero) {
                return None;
            }
            let both = a.into_iter().zip(b);
            let values = match op {
                BinaryOp::Add => both.map(|(a, b)| a + b).collect(),
                BinaryOp::Sub => both.map(|(a, b)| a - b).collect(),
                BinaryOp::Mul | BinaryOp::EntryMul => both.map(|(a, b)| a * b).collect(),
                BinaryOp::Div | BinaryOp::EntryDiv => both.map(|(a, b)| a / b).collect(),
            };
            return Some(Lifted::Numbers(values));
        }
        let (a, b) = (self.entries(x, count)?, self.entries(y, count)?);
        Some(Lifted::Each(match op {
            BinaryOp::Add => self.store.add(a, b),
            BinaryOp::Sub => self.store.sub(a, b),
            BinaryOp::Mul | BinaryOp::EntryMul => self.store.mul(a, b),
            BinaryOp::Div | BinaryOp::EntryDiv => {
                self.no_zero_entries(b, right).ok()?;
                self.store.div(a, b)
            }
        }))
    }

    fn lift_power(&mut self, (x, sx): (&Lifted, Span), (p, sp): (&Lifted, Span), count: usize) -> Option<Lifted> {
        let powers = self.numbers(p, count);
        if let (Some(bases), Some(powers)) = (self.numbers(x, count), &powers) {
            // Number by number, as unrolled: the root of 4 is 2, and no atom of its own.
            let mut entries = Vec::with_capacity(count);
            for (c, q) in bases.iter().zip(powers) {
                let (c, q) = (self.store.num(c.clone()), self.store.num(q.clone()));
                entries.push(self.raise_to((c, sx), (q, sp)).ok()?);
            }
            return Some(self.collected(&entries));
        }
        let base = self.entries(x, count)?;
        let exponent = match powers {
            // One rational exponent, as in `(c[i] - b(i))^2`.
            Some(q) if q.iter().all(|v| *v == q[0]) => self.store.num(q[0].clone()),
            // Entries with powers of their own are no entrywise power.
            Some(_) => return None,
            None => self.entries(p, count)?,
        };
        self.raise_to((base, sx), (exponent, sp)).ok().map(Lifted::Each)
    }

    fn lift_call(
        &mut self,
        f: &Ident,
        args: &[Expr],
        span: Span,
        count: usize,
        bound: &Bound,
        scope: &mut Scope,
    ) -> Option<Lifted> {
        let mut values = Vec::with_capacity(args.len());
        for a in args {
            values.push(self.lift(a, count, bound, scope)?);
        }
        match self.model.resolve(&f.name, f.span) {
            Some(Declared::Def(id)) => {
                let def = &self.model[id];
                if def.params.len() != args.len() {
                    return None;
                }
                let inner: Bound = def.params.iter().map(|p| p.name.clone()).zip(values).collect();
                self.enter(&f.name, span).ok()?;
                let value = self.lift(&def.body, count, &inner, &mut Scope::default());
                self.leave();
                value
            }
            Some(Declared::Data(id)) => {
                let numbers: Vec<Vec<Rational>> =
                    values.iter().map(|v| self.numbers(v, count)).collect::<Option<_>>()?;
                let mut entries = Vec::with_capacity(count);
                for k in 0..count {
                    let at: Vec<(Term, Span)> =
                        numbers.iter().zip(args).map(|(v, a)| (self.store.num(v[k].clone()), a.span)).collect();
                    let t = self.data(id, &at, span).ok()?;
                    if !self.store.shape(t).is_empty() {
                        return None;
                    }
                    entries.push(t);
                }
                Some(Lifted::Each(self.store.join(&entries)))
            }
            Some(_) => None,
            None => {
                if let [x] = &values[..]
                    && prim::entrywise(&f.name).is_some()
                    && let Some(numbers) = self.numbers(x, count)
                {
                    let mut entries = Vec::with_capacity(count);
                    for q in numbers {
                        let t = self.store.num(q);
                        entries.push(self.unary(&f.name, t, args[0].span, span).ok()?);
                    }
                    return Some(self.collected(&entries));
                }
                let vectors: Vec<Term> = values.iter().map(|v| self.entries(v, count)).collect::<Option<_>>()?;
                match (f.name.as_str(), &vectors[..]) {
                    (name, &[x]) if prim::entrywise(name).is_some() => {
                        self.unary(name, x, args[0].span, span).ok().map(Lifted::Each)
                    }
                    ("max", &[x, y]) => Some(Lifted::Each(self.store.max(x, y))),
                    ("min", &[x, y]) => Some(Lifted::Each(self.store.min(x, y))),
                    _ => None,
                }
            }
        }
    }

    /// `v[…]` and `A[…, …]` at indices that are numbers.
    fn lift_index(
        &mut self,
        base: &Expr,
        subscripts: &[Subscript],
        count: usize,
        bound: &Bound,
        scope: &mut Scope,
    ) -> Option<Lifted> {
        let Lifted::Same(t) = self.lift(base, count, bound, scope)? else { return None };
        let shape = self.store.shape(t).clone();
        if subscripts.len() != shape.len() {
            return None;
        }
        let mut map = vec![0usize; count];
        for (s, &extent) in subscripts.iter().zip(&shape) {
            let Subscript::At(e) = s else { return None };
            let index = self.lift(e, count, bound, scope)?;
            for (place, q) in map.iter_mut().zip(self.numbers(&index, count)?) {
                let i = if q.is_int() { usize::try_from(q.numerator()).ok()? } else { return None };
                if i >= extent {
                    return None;
                }
                *place = *place * extent + i;
            }
        }
        let map = map.into_iter().map(u32::try_from).collect::<Result<Vec<_>, _>>().ok()?;
        Some(Lifted::Each(self.store.gather(t, map, &[count])))
    }
}

/// Whether an expression depends on one of these names. An inner binder of the same name counts, too: that only means that
/// the expression is unrolled.
fn mentions(e: &Expr, bound: &Bound) -> bool {
    let any = |all: &[Expr]| all.iter().any(|x| mentions(x, bound));
    match &e.kind {
        ExprKind::Number(_) => false,
        ExprKind::Name(n) | ExprKind::Primed(n) => bound.iter().any(|(b, _)| b == n),
        ExprKind::Neg(x) | ExprKind::Transpose(x) | ExprKind::Inverse(x) => mentions(x, bound),
        ExprKind::Binary(_, a, b) | ExprKind::Power(a, b) => mentions(a, bound) || mentions(b, bound),
        ExprKind::Call(_, args) | ExprKind::List(args) => any(args),
        ExprKind::If(c) => c.parts().into_iter().any(|x| mentions(x, bound)),
        ExprKind::Reduce(_, binders, body) | ExprKind::Comprehension(binders, body) => {
            mentions(body, bound) || binders.iter().any(|b| mentions(&b.lo, bound) || mentions(&b.hi, bound))
        }
        ExprKind::Index(base, subscripts) => {
            let of = |s: &Subscript| match s {
                Subscript::At(x) => mentions(x, bound),
                Subscript::Slice { lo, hi, .. } => lo.iter().chain(hi).any(|x| mentions(x, bound)),
                Subscript::All => false,
            };
            mentions(base, bound) || subscripts.iter().any(of)
        }
    }
}
