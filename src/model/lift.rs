//! Indexed expressions as whole tensors.
//!
//! `sum(i in 0..n: (c[i] - b(i))^2)` unrolled is a sum of `n` scalar terms, whose gradient is a sum of `n` vectors of
//! length `n`. If every operation of the body acts entry by entry, or picks an entry by an index that is a number, then
//! the body at all values of the index at once is one vector, and the sum is its total: `Σᵢ f(xᵢ)` is the total of
//! `f(x)`. The terms differ, the values do not; what the body cannot do in this way is unrolled as before.

use super::elaborate::{Elaborator, Reported};
use super::operators::Pending;
use super::optimizer::Over;
use crate::core::error::ModelError;
use crate::core::names::{DataId, LetId, Model};
use crate::core::prim::{Composed, Fun, Row};
use crate::core::words::{Calculus, Word};
use crate::domain::Rational;
use crate::read::{Algebra, Arg, At, Choice, Each, Indexed, Names, Whole, expr};
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Comparison, Condition, Expr, Ident, Instance, Param, Reduction};
use crate::term::Term;

/// Shorter indexed expressions are unrolled: their terms are shown to people.
const SHORTEST: usize = 8;

/// The values of an expression at all values of the indices.
#[derive(Debug, Clone)]
pub(super) enum Lifted {
    /// The same everywhere: a term of any shape.
    Same(Term),
    /// A number at each.
    Numbers(Vec<Rational>),
    /// A scalar at each: a vector with one entry for each.
    Each(Term),
}

/// The left side of operators.
#[derive(Debug, Clone)]
pub(super) enum Chain {
    /// Of what is the same everywhere.
    Same(Pending),
    /// Of anything.
    Lifted(Lifted),
}

/// The expression has to be unrolled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unrolled;

impl From<Reported> for Unrolled {
    fn from(_: Reported) -> Self {
        Unrolled
    }
}

type Lift = Result<Lifted, Unrolled>;

/// The algebra of lifted values, over `count` values of the indices.
pub(super) struct Lifting<'a, 'm> {
    e: &'a mut Elaborator<'m>,
    count: usize,
}

impl<'m> Elaborator<'m> {
    /// The body of an indexed expression at all values of its indices, as a vector; `None` if it has to be unrolled. For
    /// each index its value at each place.
    pub(super) fn lifted<'e>(&mut self, values: &[Vec<i64>], body: &Indexed<'e, Self>) -> Option<Term>
    where
        'm: 'e,
    {
        let count = values.first().map_or(0, Vec::len);
        if count < SHORTEST {
            return None;
        }
        let mut scope = body.scope.map(|t| Some(Lifted::Same(t)));
        for (b, v) in body.binders.iter().zip(values) {
            let numbers = Lifted::Numbers(v.iter().copied().map(Rational::from).collect());
            scope.bind(&b.name.name, crate::read::Local::Value(numbers));
        }
        let before = self.errors.len();
        let mut lifting = Lifting { e: self, count };
        let lifted = expr(&mut lifting, body.body, &scope).and_then(|x| lifting.entries(&x));
        // A fault is reported by the unrolled expression, where it belongs to one value of the index.
        let clean = self.errors.len() == before;
        self.errors.truncate(before);
        lifted.ok().filter(|_| clean)
    }
}

impl Lifting<'_, '_> {
    /// As a vector; tensors are none.
    fn entries(&mut self, x: &Lifted) -> Result<Term, Unrolled> {
        match x {
            Lifted::Same(t) if self.e.store.shape(*t).is_empty() => Ok(self.e.store.broadcast(*t, &[self.count])),
            Lifted::Same(_) => Err(Unrolled),
            Lifted::Numbers(values) => Ok(self.e.store.literal(values.clone(), &[self.count])),
            Lifted::Each(t) => Ok(*t),
        }
    }

    /// As numbers, if they are.
    fn numbers(&self, x: &Lifted) -> Option<Vec<Rational>> {
        match x {
            Lifted::Numbers(values) => Some(values.clone()),
            Lifted::Same(t) if self.e.store.shape(*t).is_empty() => {
                self.e.store.as_fill(*t).map(|q| vec![q.clone(); self.count])
            }
            Lifted::Same(_) | Lifted::Each(_) => None,
        }
    }

    /// Scalars at each place, as numbers if they are.
    fn collected(&mut self, entries: &[Term]) -> Lifted {
        let numbers: Option<Vec<Rational>> = entries.iter().map(|&t| self.e.store.as_fill(t).cloned()).collect();
        numbers.map_or_else(|| Lifted::Each(self.e.store.join(entries)), Lifted::Numbers)
    }

    /// What is the same everywhere, as terms; if anything is not, the operation cannot be lifted.
    fn same(args: &[Arg<Lifted>]) -> Result<Vec<Arg<Term>>, Unrolled> {
        let one = |(x, at): &Arg<Lifted>| match x {
            Lifted::Same(t) => Ok((*t, *at)),
            Lifted::Numbers(_) | Lifted::Each(_) => Err(Unrolled),
        };
        args.iter().map(one).collect()
    }

    fn binary(&mut self, op: BinaryOp, x: &Lifted, y: &Lifted, right: Span) -> Lift {
        if let (Some(a), Some(b)) = (self.numbers(x), self.numbers(y)) {
            if matches!(op, BinaryOp::Div | BinaryOp::EntryDiv) && b.iter().any(Rational::is_zero) {
                return Err(Unrolled);
            }
            let both = a.into_iter().zip(b);
            return Ok(Lifted::Numbers(match op {
                BinaryOp::Add => both.map(|(a, b)| a + b).collect(),
                BinaryOp::Sub => both.map(|(a, b)| a - b).collect(),
                BinaryOp::Mul | BinaryOp::EntryMul => both.map(|(a, b)| a * b).collect(),
                BinaryOp::Div | BinaryOp::EntryDiv => both.map(|(a, b)| a / b).collect(),
            }));
        }
        let (a, b) = (self.entries(x)?, self.entries(y)?);
        Ok(Lifted::Each(match op {
            BinaryOp::Add => self.e.store.add(a, b),
            BinaryOp::Sub => self.e.store.sub(a, b),
            BinaryOp::Mul | BinaryOp::EntryMul => self.e.store.mul(a, b),
            BinaryOp::Div | BinaryOp::EntryDiv => {
                self.e.no_zero_entries(b, right)?;
                self.e.store.div(a, b)
            }
        }))
    }
}

impl<'e, 'm: 'e> Algebra<'e> for Lifting<'_, 'm> {
    type Value = Lifted;
    type Block = usize;
    type Over = Over;
    type Range = (i64, i64);
    type Chain = Chain;
    type Stop = Unrolled;

    const RECOVERS: bool = false;

    fn model(&self) -> &'e Model {
        self.e.model
    }

    fn fault(&mut self, _error: ModelError) -> Unrolled {
        Unrolled
    }

    fn unknown(&mut self, _what: &'static str, _name: &str, _at: Span, _scope: &Names<'e, Self>) -> Unrolled {
        Unrolled
    }

    fn poisoned(&mut self, _name: &str) -> Unrolled {
        Unrolled
    }

    fn enter(&mut self, name: &str, at: Span) -> Result<(), Unrolled> {
        Ok(self.e.enter_definition(name, at)?)
    }

    fn leave(&mut self) {
        self.e.leave();
    }

    fn known(&mut self, id: LetId) -> Option<Lift> {
        Some(self.e.known(id)?.map(Lifted::Same).map_err(Unrolled::from))
    }

    fn number(&mut self, q: &Rational, _at: Span) -> Lifted {
        Lifted::Same(self.e.store.num(q.clone()))
    }

    fn pi(&mut self, _at: Span) -> Lifted {
        Lifted::Same(self.e.constant_pi())
    }

    fn data(&mut self, id: DataId, args: &[Arg<Lifted>], at: Span) -> Lift {
        if let Ok(same) = Self::same(args) {
            return Ok(Lifted::Same(self.e.datum(id, &same, at)?));
        }
        let numbers: Vec<Vec<Rational>> =
            args.iter().map(|(x, _)| self.numbers(x)).collect::<Option<_>>().ok_or(Unrolled)?;
        let mut entries = Vec::with_capacity(self.count);
        for k in 0..self.count {
            let place: Vec<Arg<Term>> =
                numbers.iter().zip(args).map(|(v, a)| (self.e.store.num(v[k].clone()), a.1)).collect();
            let t = self.e.datum(id, &place, at)?;
            if !self.e.store.shape(t).is_empty() {
                return Err(Unrolled);
            }
            entries.push(t);
        }
        Ok(Lifted::Each(self.e.store.join(&entries)))
    }

    fn word(&mut self, word: Word, over: &Over, at: Span) -> Lift {
        Ok(Lifted::Same(self.e.word(word, over, at)?))
    }

    fn primed(&mut self, name: &'e str, over: &Over, at: Span) -> Lift {
        Ok(Lifted::Same(self.e.primed(name, over, at)?))
    }

    fn negated(&mut self, x: Lifted, _at: Span) -> Lifted {
        match x {
            Lifted::Same(t) => Lifted::Same(self.e.store.neg(t)),
            Lifted::Numbers(values) => Lifted::Numbers(values.into_iter().map(|v| -v).collect()),
            Lifted::Each(t) => Lifted::Each(self.e.store.neg(t)),
        }
    }

    fn chain(&mut self, (x, at): Arg<Lifted>) -> Chain {
        match x {
            Lifted::Same(t) => Chain::Same(self.e.chain((t, at))),
            x @ (Lifted::Numbers(_) | Lifted::Each(_)) => Chain::Lifted(x),
        }
    }

    fn link(&mut self, left: Chain, op: BinaryOp, right: Arg<Lifted>, whole: Span) -> Result<Chain, Unrolled> {
        match (left, right) {
            (Chain::Same(left), (Lifted::Same(t), at)) => Ok(Chain::Same(self.e.link(left, op, (t, at), whole)?)),
            (left, (y, at)) => {
                let x = self.closed(left);
                Ok(Chain::Lifted(self.binary(op, &x, &y, at)?))
            }
        }
    }

    fn closed(&mut self, chain: Chain) -> Lifted {
        match chain {
            Chain::Same(pending) => Lifted::Same(self.e.closed(pending)),
            Chain::Lifted(x) => x,
        }
    }

    fn power(&mut self, (x, sx): Arg<Lifted>, (p, sp): Arg<Lifted>, at: Span) -> Lift {
        if let (Lifted::Same(x), Lifted::Same(p)) = (&x, &p) {
            return Ok(Lifted::Same(self.e.power((*x, sx), (*p, sp), at)?));
        }
        let powers = self.numbers(&p);
        if let (Some(bases), Some(powers)) = (self.numbers(&x), &powers) {
            // Number by number, as unrolled: the root of 4 is 2, and no atom of its own.
            let mut entries = Vec::with_capacity(self.count);
            for (c, q) in bases.iter().zip(powers) {
                let (c, q) = (self.e.store.num(c.clone()), self.e.store.num(q.clone()));
                entries.push(self.e.raise_to((c, sx), (q, sp))?);
            }
            return Ok(self.collected(&entries));
        }
        let base = self.entries(&x)?;
        let exponent = match powers {
            // One rational exponent, as in `(c[i] - b(i))^2`.
            Some(q) if q.iter().all(|v| *v == q[0]) => self.e.store.num(q[0].clone()),
            // Entries with powers of their own are no entrywise power.
            Some(_) => return Err(Unrolled),
            None => self.entries(&p)?,
        };
        Ok(Lifted::Each(self.e.raise_to((base, sx), (exponent, sp))?))
    }

    fn transpose(&mut self, x: Lifted, at: Span) -> Lift {
        match x {
            Lifted::Same(t) => Ok(Lifted::Same(self.e.transpose(t, at)?)),
            scalars @ (Lifted::Numbers(_) | Lifted::Each(_)) => Ok(scalars),
        }
    }

    fn inverse(&mut self, (x, sx): Arg<Lifted>, at: Span) -> Lift {
        match x {
            Lifted::Same(t) => Ok(Lifted::Same(self.e.inverse((t, sx), at)?)),
            Lifted::Numbers(_) | Lifted::Each(_) => {
                let minus = self.number(&Rational::NEG_ONE, at);
                self.power((x, sx), (minus, at), at)
            }
        }
    }

    fn choice(
        &mut self,
        comparison: Comparison,
        a: Arg<Lifted>,
        b: Arg<Lifted>,
        at: Span,
    ) -> Result<Choice<Lifted>, Unrolled> {
        let [a, b] = Self::same(&[a, b])?[..] else { return Err(Unrolled) };
        Ok(match self.e.choice(comparison, a, b, at)? {
            Choice::Then => Choice::Then,
            Choice::Otherwise => Choice::Otherwise,
            Choice::Weight(t) => Choice::Weight(Lifted::Same(t)),
        })
    }

    fn choose(&mut self, weight: Arg<Lifted>, x: Arg<Lifted>, y: Arg<Lifted>, at: Span) -> Lift {
        let [weight, x, y] = Self::same(&[weight, x, y])?[..] else { return Err(Unrolled) };
        Ok(Lifted::Same(self.e.choose(weight, x, y, at)?))
    }

    fn list(&mut self, items: &[Arg<Lifted>], at: Span) -> Lift {
        let items = Self::same(items)?;
        Ok(Lifted::Same(self.e.list(&items, at)?))
    }

    /// `v[…]` and `A[…, …]` at indices that are numbers.
    fn index(&mut self, x: Lifted, base: &'e Expr, subscripts: &[At<Lifted>], span: Span) -> Lift {
        let Lifted::Same(t) = x else { return Err(Unrolled) };
        if let Some(same) = subscripts.iter().map(at_same).collect::<Option<Vec<At<Term>>>>() {
            return Ok(Lifted::Same(self.e.index(t, base, &same, span)?));
        }
        let shape = self.e.store.shape(t).clone();
        if subscripts.len() != shape.len() {
            return Err(Unrolled);
        }
        let mut map = vec![0usize; self.count];
        for (s, &extent) in subscripts.iter().zip(&shape) {
            let At::Index((index, _)) = s else { return Err(Unrolled) };
            for (place, q) in map.iter_mut().zip(self.numbers(index).ok_or(Unrolled)?) {
                let i = if q.is_int() { usize::try_from(q.numerator()).map_err(|_| Unrolled)? } else { usize::MAX };
                if i >= extent {
                    return Err(Unrolled);
                }
                *place = *place * extent + i;
            }
        }
        let map = map.into_iter().map(u32::try_from).collect::<Result<Vec<_>, _>>().map_err(|_| Unrolled)?;
        Ok(Lifted::Each(self.e.store.gather(t, map, &[self.count])))
    }

    fn range(&mut self, lo: Arg<Lifted>, hi: Arg<Lifted>, inclusive: bool, at: Span) -> Result<(i64, i64), Unrolled> {
        let [lo, hi] = Self::same(&[lo, hi])?[..] else { return Err(Unrolled) };
        Ok(self.e.range(lo, hi, inclusive, at)?)
    }

    fn reduce(&mut self, kind: Reduction, body: Indexed<'e, Self>, at: Span) -> Lift {
        let body = apart(body);
        Ok(Lifted::Same(self.e.reduce(kind, body, at)?))
    }

    fn comprehension(&mut self, body: Indexed<'e, Self>, at: Span) -> Lift {
        let body = apart(body);
        Ok(Lifted::Same(self.e.comprehension(body, at)?))
    }

    fn entrywise(&mut self, row: &'static Row, (x, at): Arg<Lifted>, span: Span) -> Result<Option<Lifted>, Unrolled> {
        let Lifted::Numbers(numbers) = x else { return Ok(None) };
        let mut entries = Vec::with_capacity(self.count);
        for q in numbers {
            let t = self.e.store.num(q);
            entries.push(crate::read::entrywise(self.e, row, (t, at), span)?);
        }
        Ok(Some(self.collected(&entries)))
    }

    fn kernel(&mut self, f: Fun, (x, at): Arg<Lifted>) -> Lift {
        Ok(match x {
            Lifted::Same(t) => Lifted::Same(self.e.kernel(f, (t, at))?),
            Lifted::Numbers(_) | Lifted::Each(_) => {
                let t = self.entries(&x)?;
                Lifted::Each(self.e.kernel(f, (t, at))?)
            }
        })
    }

    fn composed(&mut self, c: &'static Composed, args: &[Arg<Lifted>], at: Span) -> Result<Option<Lifted>, Unrolled> {
        // With shapes of their own: a scalar at each place is no vector.
        let same = Self::same(args)?;
        Ok(self.e.composed(c, &same, at)?.map(Lifted::Same))
    }

    fn operation(&mut self, name: &str, args: &[Arg<Lifted>], scope: &Names<'e, Self>, at: Span) -> Lift {
        if let Ok(same) = Self::same(args) {
            let scope = scope.map(|x| if let Lifted::Same(t) = x { Some(t) } else { None });
            return Ok(Lifted::Same(self.e.operation(name, &same, &scope, at)?));
        }
        match (name, args) {
            ("max" | "min", [(x, _), (y, _)]) => {
                let (x, y) = (self.entries(x)?, self.entries(y)?);
                let largest = name == "max";
                Ok(Lifted::Each(if largest { self.e.store.max(x, y) } else { self.e.store.min(x, y) }))
            }
            _ => Err(Unrolled),
        }
    }

    fn calculus(&mut self, f: Calculus, args: &[Arg<Lifted>], over: &Over, at: Span) -> Lift {
        let same = Self::same(args)?;
        Ok(Lifted::Same(self.e.calculus(f, &same, over, at)?))
    }

    fn has_blocks(&self, component: &str, over: &Over) -> Option<bool> {
        over.has_blocks(component)
    }

    fn block_named(&self, name: &'e str, over: &Over) -> Option<usize> {
        over.architecture.block_named(name)
    }

    fn unknown_block(&mut self, _name: &Ident, _over: &Over) -> Unrolled {
        Unrolled
    }

    fn block_of(&mut self, (x, sx): Arg<Lifted>, whole: Whole<'_>, block: &usize, over: &Over, at: Span) -> Lift {
        match x {
            Lifted::Same(t) => Ok(Lifted::Same(self.e.block_of((t, sx), whole, block, over, at)?)),
            Lifted::Numbers(_) | Lifted::Each(_) => Err(Unrolled),
        }
    }

    fn in_shape_of(&mut self, (x, sx): Arg<Lifted>, block: &usize, over: &Over, at: Span) -> Lift {
        match x {
            Lifted::Same(t) => Ok(Lifted::Same(self.e.in_shape_of((t, sx), block, over, at)?)),
            Lifted::Numbers(_) | Lifted::Each(_) => Err(Unrolled),
        }
    }

    // An indexed expression holds no lines and no uses of declarations with parameters.

    fn each(&mut self, _each: Each<'e>, _scope: &Names<'e, Self>) -> Result<Vec<(usize, Names<'e, Self>)>, Unrolled> {
        Err(Unrolled)
    }

    fn argument(&mut self, _of: &'e Instance, _p: &'e Param, _x: Arg<Lifted>, _scope: &Names<'e, Self>) -> Lift {
        Err(Unrolled)
    }

    fn left_out(&mut self, _of: &'e Instance, _p: &'e Param, _n: usize, _scope: &Names<'e, Self>) -> Lift {
        Err(Unrolled)
    }

    fn condition(
        &mut self,
        _comparison: Comparison,
        _left: Arg<Lifted>,
        _right: Arg<Lifted>,
        _written: &'e Condition,
        _used: Span,
    ) -> Result<(), Unrolled> {
        Err(Unrolled)
    }
}

/// A subscript that is the same everywhere.
fn at_same(s: &At<Lifted>) -> Option<At<Term>> {
    let one = |(x, at): &Arg<Lifted>| if let Lifted::Same(t) = x { Some((*t, *at)) } else { None };
    Some(match s {
        At::Index(x) => At::Index(one(x)?),
        At::Slice { lo, hi, inclusive } => {
            let end = |x: &Option<Arg<Lifted>>| x.as_ref().map_or(Some(None), |x| one(x).map(Some));
            At::Slice { lo: end(lo)?, hi: end(hi)?, inclusive: *inclusive }
        }
        At::All => At::All,
    })
}

/// An indexed expression inside the lifted one, apart from what varies: it is read only if it does not depend on that.
fn apart<'e, 'a, 'm: 'e>(body: Indexed<'e, Lifting<'a, 'm>>) -> Indexed<'e, Elaborator<'m>> {
    let scope = body.scope.map(|x| if let Lifted::Same(t) = x { Some(t) } else { None });
    Indexed { binders: body.binders, ranges: body.ranges, body: body.body, scope }
}
