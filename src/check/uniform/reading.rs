//! The language read for all sizes at once: values are functions of a symbolic index.

use super::architecture::symbolic;
use super::context::{Context, Need, Res, stuck};
use super::expr::{Body, Range};
use super::normal::Prover;
use super::optimizer::Over;
use super::poly::{Atom, Entry, Poly, Symbol};
use super::value::{Shape, Value};
use crate::core::error::ModelError;
use crate::core::names::{DataId, Model};
use crate::core::prim::{Composed, Fun, Row};
use crate::core::size::Lin;
use crate::core::words::{Calculus, Word};
use crate::domain::Rational;
use crate::read::{Algebra, Arg, At, Choice, Each, Indexed, Local, Scope, Whole, expr};
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Comparison, Condition, Expr, Ident, Instance, Param, Reduction};

/// Local names, and the optimizer whose body is read.
pub type Env<'e> = Scope<Value<'e>, usize, Over<'e>>;

/// Differences that are positive, or not zero, entry by entry; those that are positive with `true`.
pub type Conditions<'e> = Vec<(Value<'e>, bool)>;

/// The algebra of values of symbolic size, in a case of a proof.
pub struct Sizes<'e, 'c> {
    /// The proof.
    pub prover: &'e Prover<'e>,
    /// What is known of the indices.
    pub context: &'c Context,
    /// The conditions met so far that are not between sizes.
    pub conditions: Conditions<'e>,
    /// A use that is written without its only size, and what stands for it.
    implied: Option<(&'e Instance, Lin)>,
}

impl<'e, 'c> Sizes<'e, 'c> {
    /// A reading in a case.
    pub fn new(prover: &'e Prover<'e>, context: &'c Context) -> Self {
        Sizes { prover, context, conditions: Vec::new(), implied: None }
    }

    /// The reading in which an index stands for the only size of a generator that is written without it.
    #[must_use]
    pub fn with_index(self, generator: &'e Instance, params: &[Param], index: &Lin) -> Self {
        let sizes = params.iter().filter(|p| p.is_natural()).count();
        let implied = (generator.args.is_empty() && sizes == 1).then(|| (generator, index.clone()));
        Sizes { implied, ..self }
    }

    /// An expression.
    ///
    /// # Errors
    /// If it is outside of what is read here, or a range or index cannot be shown to be right.
    pub fn eval(&mut self, e: &'e Expr, env: &Env<'e>) -> Res<Value<'e>> {
        expr(self, e, env)
    }

    /// A size.
    ///
    /// # Errors
    /// If it is no integer polynomial in sizes and indices.
    pub fn extent(&mut self, e: &'e Expr, env: &Env<'e>) -> Res<Lin> {
        let value = self.eval(e, env)?;
        self.prover.lin(&value, self.context)
    }
}

impl<'e> Algebra<'e> for Sizes<'e, '_> {
    type Value = Value<'e>;
    type Block = usize;
    type Over = Over<'e>;
    type Range = Range;
    type Chain = Value<'e>;
    type Stop = Need;

    const RECOVERS: bool = false;

    fn model(&self) -> &'e Model {
        self.prover.model
    }

    fn fault(&mut self, error: ModelError) -> Need {
        Need::Stuck(error.to_string())
    }

    fn unknown(&mut self, _what: &'static str, name: &str, _at: Span, _scope: &Env<'e>) -> Need {
        Need::Stuck(format!("`{name}` is no value here"))
    }

    fn poisoned(&mut self, name: &str) -> Need {
        Need::Stuck(format!("`{name}` is no value here"))
    }

    fn enter(&mut self, _name: &str, _at: Span) -> Res<()> {
        self.prover.enter()
    }

    fn leave(&mut self) {
        self.prover.leave();
    }

    fn number(&mut self, q: &Rational, _at: Span) -> Value<'e> {
        self.prover.constant(q)
    }

    fn pi(&mut self, _at: Span) -> Value<'e> {
        let pi = Entry { symbol: Symbol::Pi, block: 0, index: Vec::new() };
        Value::scalar(Poly::atom(Atom::Entry(pi)))
    }

    fn data(&mut self, id: DataId, args: &[Arg<Value<'e>>], _at: Span) -> Res<Value<'e>> {
        let args: Res<Vec<Lin>> = args.iter().map(|(a, _)| self.prover.lin(a, self.context)).collect();
        self.prover.datum(id, args?, self.context)
    }

    fn word(&mut self, word: Word, over: &Over<'e>, _at: Span) -> Res<Value<'e>> {
        self.prover.word(word, over)
    }

    fn primed(&mut self, name: &'e str, over: &Over<'e>, _at: Span) -> Res<Value<'e>> {
        over.new_value(name)
    }

    fn negated(&mut self, x: Value<'e>, _at: Span) -> Value<'e> {
        let lin = x.lin.as_ref().map(Lin::neg);
        Value { lin, ..x.map(|_, p| Ok(p.scale(&Rational::NEG_ONE))) }
    }

    fn chain(&mut self, first: Arg<Value<'e>>) -> Value<'e> {
        first.0
    }

    fn link(&mut self, left: Value<'e>, op: BinaryOp, right: Arg<Value<'e>>, _whole: Span) -> Res<Value<'e>> {
        self.prover.spend(1)?;
        self.prover.binary(op, &left, &right.0)
    }

    fn closed(&mut self, chain: Value<'e>) -> Value<'e> {
        chain
    }

    fn power(&mut self, x: Arg<Value<'e>>, p: Arg<Value<'e>>, _at: Span) -> Res<Value<'e>> {
        self.prover.power(&x.0, &p.0, self.context)
    }

    fn transpose(&mut self, x: Value<'e>, _at: Span) -> Res<Value<'e>> {
        x.transposed()
    }

    fn inverse(&mut self, x: Arg<Value<'e>>, _at: Span) -> Res<Value<'e>> {
        let x = x.0;
        if x.extents().is_some_and(|d| d.len() > 1) {
            return stuck("the inverse of a matrix");
        }
        let prover = self.prover;
        Ok(x.map(move |c, p| prover.pow(c, &p, &Rational::NEG_ONE)))
    }

    fn choice(
        &mut self,
        comparison: Comparison,
        a: Arg<Value<'e>>,
        b: Arg<Value<'e>>,
        _at: Span,
    ) -> Res<Choice<Value<'e>>> {
        Ok(Choice::Weight(self.prover.holds(comparison, &a.0, &b.0)?))
    }

    fn choose(&mut self, weight: Arg<Value<'e>>, x: Arg<Value<'e>>, y: Arg<Value<'e>>, _at: Span) -> Res<Value<'e>> {
        self.prover.chosen(&weight.0, &x.0, &y.0)
    }

    fn list(&mut self, items: &[Arg<Value<'e>>], _at: Span) -> Res<Value<'e>> {
        self.prover.listed(items.iter().map(|i| i.0.clone()).collect())
    }

    fn index(&mut self, x: Value<'e>, _base: &'e Expr, at: &[At<Value<'e>>], _span: Span) -> Res<Value<'e>> {
        self.prover.picked(x, at, self.context)
    }

    fn range(&mut self, lo: Arg<Value<'e>>, hi: Arg<Value<'e>>, inclusive: bool, _at: Span) -> Res<Range> {
        self.prover.ends(&lo.0, &hi.0, inclusive, self.context)
    }

    fn reduce(&mut self, kind: Reduction, body: Indexed<'e, Self>, _at: Span) -> Res<Value<'e>> {
        match kind {
            Reduction::Sum => self.prover.summed(Body::new(body), self.context),
            Reduction::Prod => stuck("an indexed product"),
            Reduction::Max | Reduction::Min => stuck("an indexed maximum or minimum"),
        }
    }

    fn comprehension(&mut self, body: Indexed<'e, Self>, _at: Span) -> Res<Value<'e>> {
        self.prover.tabulated(Body::new(body), self.context)
    }

    fn entrywise(&mut self, _row: &'static Row, _x: Arg<Value<'e>>, _at: Span) -> Res<Option<Value<'e>>> {
        Ok(None)
    }

    fn kernel(&mut self, f: Fun, x: Arg<Value<'e>>) -> Res<Value<'e>> {
        let prover = self.prover;
        Ok(x.0.map(move |c, p| prover.fun(c, f, &p)))
    }

    fn composed(&mut self, _c: &'static Composed, _args: &[Arg<Value<'e>>], _at: Span) -> Res<Option<Value<'e>>> {
        Ok(None)
    }

    fn operation(&mut self, name: &str, args: &[Arg<Value<'e>>], scope: &Env<'e>, _at: Span) -> Res<Value<'e>> {
        let values: Vec<Value<'e>> = args.iter().map(|a| a.0.clone()).collect();
        self.prover.operation(name, &values, scope, self.context)
    }

    fn calculus(&mut self, f: Calculus, args: &[Arg<Value<'e>>], over: &Over<'e>, _at: Span) -> Res<Value<'e>> {
        let values: Vec<Value<'e>> = args.iter().map(|a| a.0.clone()).collect();
        self.prover.calculus(f, values, over)
    }

    fn has_blocks(&self, component: &str, over: &Over<'e>) -> Option<bool> {
        over.has_blocks(component)
    }

    fn block_named(&self, name: &'e str, over: &Over<'e>) -> Option<usize> {
        over.layout().blocks.iter().position(|b| b.0 == name)
    }

    fn unknown_block(&mut self, name: &Ident, _over: &Over<'e>) -> Need {
        Need::Stuck(format!("there is no block `{}`", name.name))
    }

    fn block_of(
        &mut self,
        x: Arg<Value<'e>>,
        _whole: Whole<'_>,
        block: &usize,
        _over: &Over<'e>,
        _at: Span,
    ) -> Res<Value<'e>> {
        self.prover.block(x.0, *block)
    }

    fn in_shape_of(&mut self, _x: Arg<Value<'e>>, _block: &usize, _over: &Over<'e>, _at: Span) -> Res<Value<'e>> {
        stuck("the function `reshape`")
    }

    fn each(&mut self, each: Each<'e>, scope: &Env<'e>) -> Res<Vec<(usize, Env<'e>)>> {
        let Some(over) = &scope.over else { return stuck("blocks outside of an optimizer") };
        if each.shape.is_some() || each.over.name != Word::Params.name() || !each.except.is_empty() {
            return stuck("rules for some of the blocks");
        }
        let inside = |b: usize| {
            let mut inner = scope.clone();
            inner.bind(&each.var.name, Local::Block(b));
            (b, inner)
        };
        Ok((0..over.layout().blocks.len()).map(inside).collect())
    }

    fn argument(&mut self, _of: &'e Instance, p: &'e Param, value: Arg<Value<'e>>, _scope: &Env<'e>) -> Res<Value<'e>> {
        match p.is_natural() {
            true => Ok(Value::size(self.prover.size(&value.0, self.context)?)),
            false => Ok(value.0),
        }
    }

    fn implied(&mut self, of: &'e Instance) -> Option<Value<'e>> {
        let (generator, index) = self.implied.as_ref()?;
        std::ptr::eq(*generator, of).then(|| Value::size(index.clone()))
    }

    fn left_out(&mut self, of: &'e Instance, p: &'e Param, _occurrence: usize, scope: &Env<'e>) -> Res<Value<'e>> {
        let dims = match &p.ty {
            None => Vec::new(),
            ty => self.real(ty.as_ref(), scope)?,
        };
        let Some(declared) = self.prover.model.resolve(&of.name.name, of.name.span) else {
            return stuck(format!("`{}` is not declared", of.name.name));
        };
        let symbol = Symbol::Member(of.name.name.clone(), p.name.name.clone(), declared);
        Ok(Value::new(Shape::Tensor(dims), move |_, at| {
            let entry = Entry { symbol: symbol.clone(), block: 0, index: at.index.clone() };
            Ok(Poly::atom(Atom::Entry(entry)))
        }))
    }

    /// Conditions between sizes are decided, the others collected as differences.
    fn condition(
        &mut self,
        comparison: Comparison,
        left: Arg<Value<'e>>,
        right: Arg<Value<'e>>,
        written: &'e Condition,
        _used: Span,
    ) -> Res<()> {
        // What is assumed is not used: a proof for all sizes holds without it.
        if written.assumed {
            return Ok(());
        }
        let (left, right) = (left.0, right.0);
        let never = || stuck("a condition on a size does not hold at some member");
        let (Some(a), Some(b)) = (&left.lin, &right.lin) else {
            let (above, below) = match comparison {
                Comparison::Lt | Comparison::Le => (&right, &left),
                Comparison::Gt | Comparison::Ge | Comparison::Ne => (&left, &right),
            };
            let difference = above.zip(below, |_, x, y| Ok(x.plus(&Rational::NEG_ONE, &y)))?;
            self.conditions.push((difference, comparison != Comparison::Ne));
            return Ok(());
        };
        let (less, strict) = match comparison {
            Comparison::Lt => (b.sub(a), 1),
            Comparison::Le => (b.sub(a), 0),
            Comparison::Gt => (a.sub(b), 1),
            Comparison::Ge => (a.sub(b), 0),
            Comparison::Ne => return if self.context.decide_zero(&a.sub(b))? { never() } else { Ok(()) },
        };
        if self.context.decide(&less.plus(-strict))? { Ok(()) } else { never() }
    }
}

impl<'e> Over<'e> {
    /// The new value of `params` or of a state, as a symbol.
    fn new_value(&self, name: &str) -> Res<Value<'e>> {
        if !self.step {
            return stuck("a new value outside of a step");
        }
        if name == Word::Params.name() {
            return Ok(symbolic(&self.layout(), Symbol::Primed(0, self.arch.side)));
        }
        let Some(k) = self.decl.states.iter().position(|s| s.name.name == name) else {
            return stuck(format!("no new value of `{name}`"));
        };
        let Some(Local::Value(now)) = self.names.get(name) else { return stuck(format!("no `{name}`")) };
        let side = self.arch.side;
        Ok(Value::new(now.shape, move |_, at| {
            let entry = Entry { symbol: Symbol::Primed(k + 1, side), block: at.block, index: at.index.clone() };
            Ok(Poly::atom(Atom::Entry(entry)))
        }))
    }

    /// Whether a component is laid out over the blocks; `None` if there is none of this name.
    fn has_blocks(&self, component: &str) -> Option<bool> {
        let state = self.decl.states.iter().find(|s| s.name.name == component)?;
        match self.names.get(&state.name.name) {
            Some(Local::Value(v)) => Some(v.extents().is_none()),
            _ => Some(false),
        }
    }
}
