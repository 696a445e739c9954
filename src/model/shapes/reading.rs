//! The language read into shapes.

use std::cmp::Ordering;

use super::blocks::Block;
use super::known::{Number, Reads};
use super::optimizers::Over;
use super::{Done, MAX_DEPTH, MAX_READ, Names, Shape, Shaped, Shapes, Stopped};
use crate::core::error::ModelError;
use crate::core::names::{DataId, LetId, Model};
use crate::core::prim::{Composed, Fun, Row, Takes};
use crate::core::size::Lin;
use crate::core::words::{Calculus, Word};
use crate::domain::Rational;
use crate::model::conditions::condition_text;
use crate::model::faults;
use crate::model::suggest::Around;
use crate::read::{Algebra, Arg, At, Blocks, Choice, Each, Indexed, Local, Whole};
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Comparison, Condition, Expr, Ident, Instance, Param, Reduction, Type};

impl<'e> Algebra<'e> for Shapes<'e> {
    type Value = Shaped;
    type Block = Block;
    type Over = Over;
    type Range = Option<Lin>;
    type Chain = Arg<Shaped>;
    type Stop = Stopped;

    const RECOVERS: bool = true;

    fn model(&self) -> &'e Model {
        self.model
    }

    fn fault(&mut self, error: ModelError) -> Stopped {
        self.report(error)
    }

    fn unknown(&mut self, what: &'static str, name: &str, at: Span, scope: &Names) -> Stopped {
        let flow = scope.over.as_ref().map(|over| !over.step);
        let fault = self.model.means_nothing(what, name, at, &Around { locals: scope.names(), flow });
        self.report(fault)
    }

    fn poisoned(&mut self, _name: &str) -> Stopped {
        Stopped
    }

    fn enter(&mut self, name: &str, at: Span) -> Done {
        if self.calls.iter().any(|c| c == name) {
            return Err(self.report(ModelError::Recursive { name: name.to_owned(), span: at }));
        }
        self.read += 1;
        if self.calls.len() >= MAX_DEPTH || self.read > MAX_READ {
            return Err(Stopped);
        }
        self.calls.push(name.to_owned());
        Ok(())
    }

    fn leave(&mut self) {
        self.calls.pop();
    }

    fn known(&mut self, id: LetId) -> Option<Shape> {
        self.lets.get(&id).cloned()
    }

    fn keep(&mut self, id: LetId, value: &Shape) {
        self.lets.insert(id, value.clone());
    }

    fn number(&mut self, q: &Rational, _at: Span) -> Shaped {
        Shaped::number(q)
    }

    fn pi(&mut self, _at: Span) -> Shaped {
        Shaped::scalar()
    }

    fn data(&mut self, id: DataId, args: &[Arg<Shaped>], at: Span) -> Shape {
        let decl = &self.model[id];
        self.refuse(faults::arguments_of_data(decl, args.len(), at))?;
        if self.calls.contains(&decl.name.name) {
            let name = decl.name.name.clone();
            return Err(self.report(ModelError::Recursive { name, span: at }));
        }
        self.follow(id)?;
        let mut scope = Names::default();
        for (p, a) in decl.params.iter().zip(args) {
            scope.bind(&p.name.name, Local::Value(a.0.clone()));
        }
        let ty = type_of_one(&decl.decl.ty);
        // A type that means nothing is a fault of the data.
        match faults::type_of_value(ty) {
            Some(_) => Err(Stopped),
            None => self.of_type(ty, &scope),
        }
    }

    fn word(&mut self, word: Word, over: &Over, _at: Span) -> Shape {
        Ok(self.word_of(word, over))
    }

    fn primed(&mut self, name: &'e str, over: &Over, at: Span) -> Shape {
        match over.component(name).filter(|_| over.step) {
            Some((i, c)) => Ok(c.value.clone().reading(Reads::new_value(i))),
            None => {
                let known = over.components.iter().map(|c| c.name.as_str());
                Err(self.report(faults::no_new_value(name, known, !over.step, at)))
            }
        }
    }

    fn negated(&mut self, x: Shaped, _at: Span) -> Shaped {
        Shaped { size: x.size.as_ref().map(Lin::neg), number: x.number.negated(), ..x }
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
            BinaryOp::Add => self.together("addition", &left, &right)?,
            BinaryOp::Sub => self.together("subtraction", &left, &right)?,
            BinaryOp::EntryMul => self.together("entrywise product", &left, &right)?,
            BinaryOp::EntryDiv => self.together("entrywise quotient", &left, &right)?,
            BinaryOp::Mul => self.product(&left, &right)?,
            BinaryOp::Div => {
                if let (Some(x), Some(y @ [_, ..])) = (left.0.extents.clone(), right.0.extents.as_deref()) {
                    let help = Some("`/` divides by a scalar; `./` divides entry by entry".to_owned());
                    self.equal(&Lin::num(1), &Lin::num(0), |s| {
                        super::fits::with_help(s.mismatch("division", (&x, left.1), (y, right.1)), help)
                    })?;
                }
                left.0.shape_only()
            }
        };
        let size = size.filter(Lin::moderate).filter(|_| value.is_scalar());
        let number = if value.is_scalar() { left.0.number.linked(op, &right.0.number) } else { Number::Unknown };
        let times = matches!(op, BinaryOp::Mul | BinaryOp::EntryMul);
        let nothing = times && (left.0.number.is_zero() || right.0.number.is_zero());
        let reads = if nothing { Reads::default() } else { left.0.reads | right.0.reads };
        Ok((Shaped { size, number, reads, ..value }, span))
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
        // Only an exponent that is a constant leaves the shape alone.
        let value = match p.0.constant() {
            Some(_) => x.0.shape_only(),
            None if p.0.is_scalar() => x.0.shape_only(),
            None => self.together("power", &p, &x)?,
        };
        let size = size.filter(Lin::moderate);
        Ok(size.map_or(value, Shaped::size).reading(x.0.reads | p.0.reads))
    }

    fn transpose(&mut self, x: Shaped, _at: Span) -> Shape {
        let turned = match x.extents.as_deref() {
            Some([]) => return Ok(x),
            Some([n]) => Shaped::of(vec![Lin::num(1), n.clone()]),
            Some([m, n]) => Shaped::of(vec![n.clone(), m.clone()]),
            _ => Shaped::unknown(),
        };
        Ok(turned.reading(x.reads))
    }

    fn inverse(&mut self, x: Arg<Shaped>, _at: Span) -> Shape {
        self.inverted(&x.0, x.1)
    }

    /// Which branch is read may depend on the sizes; between numbers it is known.
    fn choice(
        &mut self,
        comparison: Comparison,
        a: Arg<Shaped>,
        b: Arg<Shaped>,
        _at: Span,
    ) -> Result<Choice<Shaped>, Stopped> {
        if let (Some(x), Some(y)) = (a.0.constant(), b.0.constant()) {
            return Ok(if holds(comparison, x.cmp(y)) { Choice::Then } else { Choice::Otherwise });
        }
        let weight = self.together("comparison", &a, &b)?.reading(a.0.reads | b.0.reads);
        self.hidden += 1;
        Ok(Choice::Weight(weight))
    }

    fn unchosen(&mut self) {
        self.hidden -= 1;
    }

    fn choose(&mut self, weight: Arg<Shaped>, x: Arg<Shaped>, y: Arg<Shaped>, _at: Span) -> Shape {
        self.hidden -= 1;
        // Entry by entry: scalars are read with every entry of the others.
        let all = [&weight.0, &x.0, &y.0];
        let mut wide = all.into_iter().filter(|s| s.extents.as_ref().is_none_or(|e| !e.is_empty()));
        let value = match wide.next() {
            None => Shaped::scalar(),
            Some(first) if wide.all(|s| s.extents == first.extents) => first.shape_only(),
            Some(_) => Shaped::unknown(),
        };
        Ok(value.reading(weight.0.reads | x.0.reads | y.0.reads))
    }

    fn list(&mut self, items: &[Arg<Shaped>], _at: Span) -> Shape {
        let reads = Reads::of(items.iter().map(|i| &i.0));
        let Some(inner) = items.first().and_then(|(first, _)| first.extents.clone()) else {
            return Ok(Shaped::unknown().reading(reads));
        };
        for (x, span) in items {
            self.expect(x, &inner, "every entry of the list", *span)?;
        }
        if let [(first, span), ..] = items
            && inner.len() > 1
        {
            self.rank(first, 1, "a scalar or a vector", "an entry of a list", *span)?;
        }
        let all = std::iter::once(Lin::num(items.len() as i128)).chain(inner.iter().cloned());
        Ok(Shaped::of(all.collect()).reading(reads))
    }

    fn index(&mut self, x: Shaped, base: &'e Expr, at: &[At<Shaped>], span: Span) -> Shape {
        Ok(self.picked(&x, base, at, span)?.reading(x.reads))
    }

    fn range(&mut self, lo: Arg<Shaped>, hi: Arg<Shaped>, inclusive: bool, at: Span) -> Result<Option<Lin>, Stopped> {
        let (Some(lo), Some(hi)) = (lo.0.size, hi.0.size) else { return Ok(None) };
        let end = hi.plus(i128::from(inclusive));
        self.forward(&lo, &end, at)?;
        Ok(Some(end.sub(&lo)))
    }

    fn reduce(&mut self, _kind: Reduction, body: Indexed<'e, Self>, _at: Span) -> Shape {
        self.body(&body)
    }

    fn comprehension(&mut self, body: Indexed<'e, Self>, at: Span) -> Shape {
        self.refuse(faults::indices(body.binders.len(), at))?;
        let inner = self.body(&body)?;
        self.entries_of(&inner, body.ranges.len(), body.span())?;
        let reads = inner.reads;
        let (Some(lengths), Some(inner)) = (body.ranges.iter().cloned().collect::<Option<Vec<Lin>>>(), inner.extents)
        else {
            return Ok(Shaped::unknown().reading(reads));
        };
        Ok(Shaped::of(lengths.into_iter().chain(inner.iter().cloned()).collect()).reading(reads))
    }

    fn entrywise(&mut self, _row: &'static Row, x: Arg<Shaped>, _at: Span) -> Result<Option<Shaped>, Stopped> {
        Ok(Some(x.0.shape_only().reading(x.0.reads)))
    }

    fn kernel(&mut self, _f: Fun, x: Arg<Shaped>) -> Shape {
        Ok(x.0.shape_only().reading(x.0.reads))
    }

    fn composed(&mut self, c: &'static Composed, args: &[Arg<Shaped>], _at: Span) -> Result<Option<Shaped>, Stopped> {
        for ((x, at), (name, takes)) in args.iter().zip(c.params) {
            let (rank, word) = match takes {
                Takes::Any => continue,
                Takes::Vector => (1, "a vector"),
                Takes::Scalar => (0, "a scalar"),
            };
            let place = match args {
                [_] => format!("the argument of `{}`", c.name),
                _ => format!("the argument `{name}` of `{}`", c.name),
            };
            self.rank(x, rank, word, &place, *at)?;
        }
        Ok(None)
    }

    fn operation(&mut self, name: &str, args: &[Arg<Shaped>], _scope: &Names, at: Span) -> Shape {
        self.shape_of(name, args, at)
    }

    fn calculus(&mut self, f: Calculus, args: &[Arg<Shaped>], over: &Over, _at: Span) -> Shape {
        self.calculus_of(f, args, over)
    }

    fn has_blocks(&self, component: &str, over: &Over) -> Option<bool> {
        let (i, component) = over.component(component)?;
        // The point is known by its word.
        (i > 0).then(|| component.layout != super::blocks::Layout::Apart)
    }

    fn block_named(&self, name: &'e str, over: &Over) -> Option<Block> {
        Self::block_of_parameter(name, over)
    }

    fn unknown_block(&mut self, name: &Ident, _over: &Over) -> Stopped {
        self.no_such_block(name)
    }

    fn block_of(&mut self, x: Arg<Shaped>, whole: Whole<'_>, block: &Block, over: &Over, _at: Span) -> Shape {
        self.block_of_whole(x, whole, block, over)
    }

    fn in_shape_of(&mut self, x: Arg<Shaped>, block: &Block, _over: &Over, _at: Span) -> Shape {
        self.shaped_as(x, block)
    }

    fn each(&mut self, each: Each<'e>, scope: &Names) -> Result<Blocks<'e, Self>, Stopped> {
        self.each_block(each, scope)
    }

    fn argument(&mut self, _of: &'e Instance, p: &'e Param, value: Arg<Shaped>, scope: &Names) -> Shape {
        if let Some(ty) = p.ty.as_ref().filter(|ty| !p.is_natural() && faults::type_of_value(ty).is_none()) {
            let wanted = self.of_type(ty, scope)?;
            if let Some(extents) = &wanted.extents {
                self.expect(&value.0, extents, &format!("the argument `{}`", p.name.name), value.1)?;
            }
        }
        Ok(value.0)
    }

    fn left_out(&mut self, _of: &'e Instance, p: &'e Param, _occurrence: usize, scope: &Names) -> Shape {
        match &p.ty {
            Some(ty) if faults::type_of_value(ty).is_none() => Ok(self.of_type(ty, scope)?.varying()),
            Some(_) => Err(Stopped),
            None => Ok(Shaped::scalar().varying()),
        }
    }

    /// Between sizes it is a demand.
    fn condition(
        &mut self,
        comparison: Comparison,
        left: Arg<Shaped>,
        right: Arg<Shaped>,
        written: &'e Condition,
        used: Span,
    ) -> Done {
        let (Some(a), Some(b)) = (&left.0.size, &right.0.size) else { return Ok(()) };
        let fault = ModelError::Violated { condition: condition_text(written), span: used };
        match comparison {
            Comparison::Lt => self.compared(b, a, true, fault),
            Comparison::Le => self.compared(b, a, false, fault),
            Comparison::Gt => self.compared(a, b, true, fault),
            Comparison::Ge => self.compared(a, b, false, fault),
            Comparison::Ne => Ok(()),
        }
    }
}

/// The type of data, or of an entry of a sequence.
pub(super) fn type_of_one(ty: &Type) -> &Type {
    ty.arrow.as_deref().filter(|_| ty.name.name == "N").unwrap_or(ty)
}

fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Lt => order.is_lt(),
        Comparison::Le => order.is_le(),
        Comparison::Gt => order.is_gt(),
        Comparison::Ge => order.is_ge(),
        Comparison::Ne => order.is_ne(),
    }
}
