//! The language read into shapes.

use super::{MAX_DEPTH, MAX_READ, Names, Shape, Shaped, Shapes, Stopped};
use crate::core::error::ModelError;
use crate::core::names::{DataId, Model};
use crate::core::prim::{Composed, Fun, Row, Takes};
use crate::core::size::Lin;
use crate::core::words::{Calculus, Word};
use crate::domain::Rational;
use crate::read::{Algebra, Arg, At, Blocks, Choice, Each, Indexed, Local, Whole};
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Comparison, Condition, Expr, Ident, Instance, Param, Reduction};

fn is_scalar(x: &Shaped) -> bool {
    x.extents.as_deref().is_some_and(<[Lin]>::is_empty)
}

fn whole(q: &Rational) -> Option<Lin> {
    i128::try_from(q.numerator().clone()).ok().filter(|n| q.is_int() && n.abs() < 1 << 40).map(Lin::num)
}

impl<'e> Algebra<'e> for Shapes<'e> {
    type Value = Shaped;
    type Block = ();
    type Over = ();
    type Range = Option<Lin>;
    type Chain = Arg<Shaped>;
    type Stop = Stopped;

    const RECOVERS: bool = true;

    fn model(&self) -> &'e Model {
        self.model
    }

    fn fault(&mut self, _error: ModelError) -> Stopped {
        Stopped
    }

    fn unknown(&mut self, _what: &'static str, _name: &str, _at: Span, _scope: &Names) -> Stopped {
        Stopped
    }

    fn poisoned(&mut self, _name: &str) -> Stopped {
        Stopped
    }

    fn enter(&mut self, _name: &str, _at: Span) -> Result<(), Stopped> {
        self.read += 1;
        if self.depth >= MAX_DEPTH || self.read > MAX_READ {
            return Err(Stopped);
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn number(&mut self, q: &Rational, _at: Span) -> Shaped {
        Shaped { size: whole(q), ..Shaped::scalar() }
    }

    fn pi(&mut self, _at: Span) -> Shaped {
        Shaped::scalar()
    }

    fn data(&mut self, id: DataId, args: &[Arg<Shaped>], _at: Span) -> Shape {
        let decl = &self.model[id];
        if decl.decl.ty.arrow.is_some() || args.len() != decl.params.len() {
            return Ok(Shaped::unknown());
        }
        let mut scope = Names::default();
        for (p, a) in decl.params.iter().zip(args) {
            scope.bind(&p.name.name, Local::Value(a.0.clone()));
        }
        Ok(self.of_type(Some(&decl.decl.ty), &scope))
    }

    fn word(&mut self, _word: Word, _over: &(), _at: Span) -> Shape {
        Ok(Shaped::unknown())
    }

    fn primed(&mut self, _name: &'e str, _over: &(), _at: Span) -> Shape {
        Ok(Shaped::unknown())
    }

    fn negated(&mut self, x: Shaped, _at: Span) -> Shaped {
        Shaped { size: x.size.as_ref().map(Lin::neg), ..x }
    }

    fn chain(&mut self, first: Arg<Shaped>) -> Arg<Shaped> {
        first
    }

    fn link(
        &mut self,
        left: Arg<Shaped>,
        op: BinaryOp,
        right: Arg<Shaped>,
        span: Span,
    ) -> Result<Arg<Shaped>, Stopped> {
        let size = match (op, &left.0.size, &right.0.size) {
            (BinaryOp::Add, Some(x), Some(y)) => Some(x.add(y)),
            (BinaryOp::Sub, Some(x), Some(y)) => Some(x.sub(y)),
            (BinaryOp::Mul | BinaryOp::EntryMul, Some(x), Some(y)) => x.mul(y),
            _ => None,
        };
        let value = match op {
            BinaryOp::Add => self.together("addition", &left, &right),
            BinaryOp::Sub => self.together("subtraction", &left, &right),
            BinaryOp::EntryMul => self.together("entrywise product", &left, &right),
            BinaryOp::EntryDiv => self.together("entrywise quotient", &left, &right),
            BinaryOp::Mul => self.product(&left, &right),
            BinaryOp::Div => Shaped { extents: left.0.extents.clone(), size: None },
        };
        let size = size.filter(Lin::moderate);
        Ok((Shaped { size: size.filter(|_| is_scalar(&value)), ..value }, span))
    }

    fn closed(&mut self, chain: Arg<Shaped>) -> Shaped {
        chain.0
    }

    fn power(&mut self, x: Arg<Shaped>, p: Arg<Shaped>, _at: Span) -> Shape {
        let size = match (&x.0.size, &p.0.size) {
            (Some(base), Some(exponent)) => {
                match (base.as_num().and_then(|b| u32::try_from(b).ok()), exponent.as_num()) {
                    (Some(b), None) => Lin::exponential(b, exponent),
                    (_, Some(k)) if (0..=8).contains(&k) => (0..k).try_fold(Lin::num(1), |all, _| all.mul(base)),
                    _ => None,
                }
            }
            _ => None,
        };
        Ok(Shaped { size: size.filter(Lin::moderate), ..x.0 })
    }

    fn transpose(&mut self, x: Shaped, _at: Span) -> Shape {
        Ok(match x.extents.as_deref() {
            Some([]) => x,
            Some([n]) => Shaped::of(vec![Lin::num(1), n.clone()]),
            Some([m, n]) => Shaped::of(vec![n.clone(), m.clone()]),
            _ => Shaped::unknown(),
        })
    }

    fn inverse(&mut self, x: Arg<Shaped>, at: Span) -> Shape {
        if let Some([m, n]) = x.0.extents.as_deref() {
            let (m, n) = (m.clone(), n.clone());
            self.expect(&m, &n, "the matrix to invert", at);
        }
        Ok(Shaped { size: None, ..x.0 })
    }

    /// Which branch is read may depend on the sizes.
    fn choice(
        &mut self,
        _comparison: Comparison,
        _a: Arg<Shaped>,
        _b: Arg<Shaped>,
        _at: Span,
    ) -> Result<Choice<Shaped>, Stopped> {
        self.hidden += 1;
        Ok(Choice::Weight(Shaped::scalar()))
    }

    fn choose(&mut self, _weight: Arg<Shaped>, x: Arg<Shaped>, y: Arg<Shaped>, _at: Span) -> Shape {
        self.hidden -= 1;
        Ok(if x.0.extents == y.0.extents { Shaped { size: None, ..x.0 } } else { Shaped::unknown() })
    }

    fn list(&mut self, items: &[Arg<Shaped>], _at: Span) -> Shape {
        let Some((first, _)) = items.first() else { return Ok(Shaped::unknown()) };
        let Some(inner) = first.extents.clone() else { return Ok(Shaped::unknown()) };
        let all = std::iter::once(Lin::num(items.len() as i128)).chain(inner.iter().cloned());
        Ok(Shaped::of(all.collect()))
    }

    fn index(&mut self, x: Shaped, _base: &'e Expr, at: &[At<Shaped>], _span: Span) -> Shape {
        let Some(extents) = x.extents.as_deref() else { return Ok(Shaped::unknown()) };
        if at.len() > extents.len() {
            return Ok(Shaped::unknown());
        }
        let mut kept = Vec::new();
        for (k, extent) in extents.iter().enumerate() {
            match at.get(k) {
                Some(At::Index(_)) => {}
                Some(At::Slice { lo, hi, inclusive }) => {
                    let lo = lo.as_ref().map_or(Some(Lin::default()), |l| l.0.size.clone());
                    let end = match hi {
                        Some(h) => h.0.size.as_ref().map(|h| h.plus(i128::from(*inclusive))),
                        None => Some(extent.clone()),
                    };
                    let (Some(lo), Some(end)) = (lo, end) else { return Ok(Shaped::unknown()) };
                    kept.push(end.sub(&lo));
                }
                Some(At::All) | None => kept.push(extent.clone()),
            }
        }
        Ok(Shaped::of(kept))
    }

    fn range(&mut self, lo: Arg<Shaped>, hi: Arg<Shaped>, inclusive: bool, _at: Span) -> Result<Option<Lin>, Stopped> {
        Ok(match (lo.0.size, hi.0.size) {
            (Some(lo), Some(hi)) => Some(hi.sub(&lo).plus(i128::from(inclusive))),
            _ => None,
        })
    }

    fn reduce(&mut self, _kind: Reduction, body: Indexed<'e, Self>, _at: Span) -> Shape {
        self.body(&body)
    }

    fn comprehension(&mut self, body: Indexed<'e, Self>, _at: Span) -> Shape {
        let inner = self.body(&body)?;
        let (Some(lengths), Some(inner)) = (body.ranges.iter().cloned().collect::<Option<Vec<Lin>>>(), inner.extents)
        else {
            return Ok(Shaped::unknown());
        };
        Ok(Shaped::of(lengths.into_iter().chain(inner.iter().cloned()).collect()))
    }

    fn entrywise(&mut self, _row: &'static Row, x: Arg<Shaped>, _at: Span) -> Result<Option<Shaped>, Stopped> {
        Ok(Some(Shaped { size: None, ..x.0 }))
    }

    fn kernel(&mut self, _f: Fun, x: Arg<Shaped>) -> Shape {
        Ok(Shaped { size: None, ..x.0 })
    }

    fn composed(&mut self, c: &'static Composed, args: &[Arg<Shaped>], _at: Span) -> Result<Option<Shaped>, Stopped> {
        for ((x, at), (_, takes)) in args.iter().zip(c.params) {
            let (rank, word) = match takes {
                Takes::Any => continue,
                Takes::Vector => (1, "a vector"),
                Takes::Scalar => (0, "a scalar"),
            };
            if let Some(extents) = x.extents.as_deref().filter(|e| e.len() != rank) {
                let (place, expected) = (format!("an argument of `{}`", c.name), word.to_owned());
                let found = self.text(extents);
                let fault = ModelError::UnexpectedShape { place, expected, found, help: None, span: *at };
                self.demand(Lin::num(1), fault);
            }
        }
        Ok(None)
    }

    fn operation(&mut self, name: &str, args: &[Arg<Shaped>], _scope: &Names, _at: Span) -> Shape {
        Ok(self.shape_of(name, args))
    }

    fn calculus(&mut self, _f: Calculus, _args: &[Arg<Shaped>], _over: &(), _at: Span) -> Shape {
        Ok(Shaped::unknown())
    }

    fn has_blocks(&self, _component: &str, _over: &()) -> Option<bool> {
        None
    }

    fn block_named(&self, _name: &'e str, _over: &()) -> Option<()> {
        None
    }

    fn unknown_block(&mut self, _name: &Ident, _over: &()) -> Stopped {
        Stopped
    }

    fn block_of(&mut self, _x: Arg<Shaped>, _whole: Whole<'_>, _block: &(), _over: &(), _at: Span) -> Shape {
        Ok(Shaped::unknown())
    }

    fn in_shape_of(&mut self, _x: Arg<Shaped>, _block: &(), _over: &(), _at: Span) -> Shape {
        Ok(Shaped::unknown())
    }

    fn each(&mut self, _each: Each<'e>, _scope: &Names) -> Result<Blocks<'e, Self>, Stopped> {
        Err(Stopped)
    }

    fn argument(&mut self, _of: &'e Instance, _p: &'e Param, value: Arg<Shaped>, _scope: &Names) -> Shape {
        Ok(value.0)
    }

    fn left_out(&mut self, _of: &'e Instance, p: &'e Param, _occurrence: usize, scope: &Names) -> Shape {
        Ok(self.of_type(p.ty.as_ref(), scope))
    }

    fn condition(
        &mut self,
        _comparison: Comparison,
        _left: Arg<Shaped>,
        _right: Arg<Shaped>,
        _written: &'e Condition,
        _used: Span,
    ) -> Result<(), Stopped> {
        Ok(())
    }
}
