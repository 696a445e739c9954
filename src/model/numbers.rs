//! The language read into terms, with all sizes known.

use super::elaborate::{Elaborator, Reported, Scope};
use super::operators::Pending;
use super::optimizer::Over;
use super::suggest::Around;
use crate::core::error::ModelError;
use crate::core::names::{DataId, LetId, Model};
use crate::core::prim::{Composed, Fun, Row};
use crate::core::words::{Calculus, Word};
use crate::domain::Rational;
use crate::read::{Algebra, Arg, At, Choice, Each, Indexed, Whole};
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Comparison, Condition, Expr, Ident, Instance, Param, Reduction};
use crate::term::Term;

impl<'e, 'm: 'e> Algebra<'e> for Elaborator<'m> {
    type Value = Term;
    type Block = usize;
    type Over = Over;
    type Range = (i64, i64);
    type Chain = Pending;
    type Stop = Reported;

    const RECOVERS: bool = true;

    fn model(&self) -> &'e Model {
        self.model
    }

    fn fault(&mut self, error: ModelError) -> Reported {
        self.report(error)
    }

    fn unknown(&mut self, what: &'static str, name: &str, at: Span, scope: &Scope) -> Reported {
        let flow = scope.over.as_ref().map(|over| over.primed.is_empty());
        let error = self.model.means_nothing(what, name, at, &Around { locals: scope.names(), flow });
        self.report(error)
    }

    fn poisoned(&mut self, _name: &str) -> Reported {
        Reported
    }

    fn enter(&mut self, name: &str, at: Span) -> Result<(), Reported> {
        self.enter_definition(name, at)
    }

    fn leave(&mut self) {
        self.calls.pop();
    }

    fn known(&mut self, id: LetId) -> Option<Result<Term, Reported>> {
        self.lets.get(&id).copied()
    }

    fn keep(&mut self, id: LetId, value: &Result<Term, Reported>) {
        self.lets.insert(id, *value);
    }

    fn number(&mut self, q: &Rational, _at: Span) -> Term {
        self.store.num(q.clone())
    }

    fn pi(&mut self, _at: Span) -> Term {
        self.constant_pi()
    }

    fn data(&mut self, id: DataId, args: &[Arg<Term>], at: Span) -> Result<Term, Reported> {
        self.datum(id, args, at)
    }

    fn word(&mut self, word: Word, over: &Over, at: Span) -> Result<Term, Reported> {
        self.optimizer_word(word, over, at)
    }

    fn primed(&mut self, name: &'e str, over: &Over, at: Span) -> Result<Term, Reported> {
        self.new_value(name, over, at)
    }

    fn negated(&mut self, x: Term, _at: Span) -> Term {
        self.store.neg(x)
    }

    fn chain(&mut self, first: Arg<Term>) -> Pending {
        Pending::from(first)
    }

    fn link(&mut self, left: Pending, op: BinaryOp, right: Arg<Term>, whole: Span) -> Result<Pending, Reported> {
        self.linked(left, op, right, whole)
    }

    fn closed(&mut self, chain: Pending) -> Term {
        self.gathered(chain)
    }

    fn power(&mut self, x: Arg<Term>, p: Arg<Term>, _at: Span) -> Result<Term, Reported> {
        self.raise_to(x, p)
    }

    fn transpose(&mut self, x: Term, _at: Span) -> Result<Term, Reported> {
        Ok(match self.store.shape(x).len() {
            0 => x,
            1 => {
                let n = self.store.size(x);
                self.store.reshape(x, &[1, n])
            }
            _ => self.store.transpose(x),
        })
    }

    fn inverse(&mut self, x: Arg<Term>, _at: Span) -> Result<Term, Reported> {
        self.invert(x.0, x.1)
    }

    fn choice(
        &mut self,
        comparison: Comparison,
        a: Arg<Term>,
        b: Arg<Term>,
        _at: Span,
    ) -> Result<Choice<Term>, Reported> {
        self.chosen(comparison, a, b)
    }

    fn choose(&mut self, weight: Arg<Term>, x: Arg<Term>, y: Arg<Term>, _at: Span) -> Result<Term, Reported> {
        self.between(weight, x, y)
    }

    fn list(&mut self, items: &[Arg<Term>], _at: Span) -> Result<Term, Reported> {
        self.listed(items)
    }

    fn index(&mut self, x: Term, base: &'e Expr, at: &[At<Term>], span: Span) -> Result<Term, Reported> {
        self.picked(x, base, at, span)
    }

    fn range(&mut self, lo: Arg<Term>, hi: Arg<Term>, inclusive: bool, at: Span) -> Result<(i64, i64), Reported> {
        self.ends(lo, hi, inclusive, at)
    }

    fn reduce(&mut self, kind: Reduction, body: Indexed<'e, Self>, _at: Span) -> Result<Term, Reported> {
        self.reduced(kind, &body)
    }

    fn comprehension(&mut self, body: Indexed<'e, Self>, at: Span) -> Result<Term, Reported> {
        self.tabulated(&body, at)
    }

    fn entrywise(&mut self, _row: &'static Row, _x: Arg<Term>, _at: Span) -> Result<Option<Term>, Reported> {
        Ok(None)
    }

    fn kernel(&mut self, f: Fun, x: Arg<Term>) -> Result<Term, Reported> {
        match f {
            Fun::Log => self.function_log(x.0, x.1),
            _ => Ok(self.store.map(f, x.0)),
        }
    }

    fn composed(&mut self, c: &'static Composed, args: &[Arg<Term>], _at: Span) -> Result<Option<Term>, Reported> {
        self.fitting(c, args).map(|()| None)
    }

    fn operation(&mut self, name: &str, args: &[Arg<Term>], _scope: &Scope, at: Span) -> Result<Term, Reported> {
        self.table_operation(name, args, at)
    }

    fn calculus(&mut self, f: Calculus, args: &[Arg<Term>], over: &Over, at: Span) -> Result<Term, Reported> {
        self.optimizer_function(f, args, over, at)
    }

    fn has_blocks(&self, component: &str, over: &Over) -> Option<bool> {
        over.has_blocks(component)
    }

    fn block_named(&self, name: &'e str, over: &Over) -> Option<usize> {
        over.architecture.block_named(name)
    }

    fn unknown_block(&mut self, name: &Ident, over: &Over) -> Reported {
        let error = self.no_such_block(name, &over.architecture);
        self.report(error)
    }

    fn block_of(
        &mut self,
        x: Arg<Term>,
        whole: Whole<'_>,
        block: &usize,
        over: &Over,
        at: Span,
    ) -> Result<Term, Reported> {
        self.block_of_whole(x.0, whole, *block, over, at)
    }

    fn in_shape_of(&mut self, x: Arg<Term>, block: &usize, over: &Over, _at: Span) -> Result<Term, Reported> {
        self.reshape_to_block(x.0, *block, over, x.1)
    }

    fn each(&mut self, each: Each<'e>, scope: &Scope) -> Result<Vec<(usize, Scope)>, Reported> {
        self.each_block(each, scope)
    }

    fn argument(&mut self, of: &'e Instance, p: &'e Param, value: Arg<Term>, scope: &Scope) -> Result<Term, Reported> {
        let (t, at) = value;
        if p.is_natural() {
            self.natural_term(t, at, &format!("the size `{}` of `{}`", p.name.name, of.name.name))?;
        } else {
            self.expect_type(t, p, scope, at)?;
        }
        Ok(t)
    }

    fn left_out(&mut self, of: &'e Instance, p: &'e Param, occurrence: usize, scope: &Scope) -> Result<Term, Reported> {
        self.member(&of.name, occurrence, p, scope)
    }

    fn condition(
        &mut self,
        comparison: Comparison,
        left: Arg<Term>,
        right: Arg<Term>,
        written: &'e Condition,
        used: Span,
    ) -> Result<(), Reported> {
        self.compared(comparison, left, right, written, used)
    }
}
