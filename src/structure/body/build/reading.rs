//! The language read into a graph of operations.

use super::{Builder, Each, Given, MAX_DEPTH, MAX_NODES, block_kind, whole_kind};
use crate::core::error::ModelError;
use crate::core::names::{DataId, Model};
use crate::core::prim::{Composed, Fun, Is, Row, choice_weights};
use crate::core::variance::Space;
use crate::core::words::{Calculus, Word};
use crate::domain::Rational;
use crate::read::{self, Algebra, Arg, At, Choice, Indexed, Local, Scope, Whole, is_free};
use crate::source::Span;
use crate::structure::body::{Id, Kind, Op};
use crate::syntax::tree::{BinaryOp, Comparison, Condition, Expr, ExprKind, Ident, Instance, Param, Reduction, Type};

/// A block as types know it.
#[derive(Debug, Clone, Copy)]
pub enum Block<'e> {
    /// Each of those that the `each` around it means.
    Each,
    /// That of a parameter of the architecture, of which types know the name only.
    Named(&'e str),
}

/// Why the reading stopped: the body is too large, or means nothing.
#[derive(Debug, Clone, Copy)]
pub struct Stopped;

/// Local names. An optimizer's body is read over nothing in particular.
pub type Names<'e> = Scope<Id, Block<'e>, ()>;

type Node = Result<Id, Stopped>;

impl Builder<'_> {
    fn fits(&self) -> Result<(), Stopped> {
        if self.body.nodes.len() > MAX_NODES { Err(Stopped) } else { Ok(()) }
    }

    /// An operation that reads entries of a whole.
    fn entries_of(&mut self, whole: Id, indices: Option<usize>, span: Span) -> Id {
        let kind = match (self.kind(whole), indices) {
            (Kind::Vector, Some(1)) | (Kind::Matrix, Some(2)) => Kind::Scalar,
            _ => Kind::Fixed,
        };
        self.function_of("an index that reads single entries", vec![whole], kind, span)
    }
}

impl<'e> Algebra<'e> for Builder<'e> {
    type Value = Id;
    type Block = Block<'e>;
    type Over = ();
    type Range = ();
    type Chain = Id;
    type Stop = Stopped;

    const RECOVERS: bool = false;

    fn model(&self) -> &'e Model {
        self.model
    }

    fn fault(&mut self, _error: ModelError) -> Stopped {
        Stopped
    }

    fn unknown(&mut self, _what: &'static str, _name: &str, _at: Span, _scope: &Names<'e>) -> Stopped {
        Stopped
    }

    fn poisoned(&mut self, _name: &str) -> Stopped {
        Stopped
    }

    fn enter(&mut self, _name: &str, _at: Span) -> Result<(), Stopped> {
        self.fits()?;
        if self.depth >= MAX_DEPTH {
            return Err(Stopped);
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// A constant is shown where it is used.
    fn mention(&mut self, value: Id, at: Span) -> Id {
        match self.constant(value).cloned() {
            Some(q) => self.constant_at(q, at),
            None => value,
        }
    }

    /// Blame falls on the call, not on the definition.
    fn called(&mut self, value: Id, at: Span) -> Id {
        let mut node = self.body.node(value).clone();
        node.span = at;
        self.body.nodes.push(node);
        Id(self.body.nodes.len() - 1)
    }

    /// The place to point at is where the optimizer names it.
    fn parameter(&mut self, p: &'e Param, value: Id) -> Id {
        self.mention(value, p.name.span)
    }

    fn number(&mut self, q: &Rational, at: Span) -> Id {
        self.constant_at(q.clone(), at)
    }

    fn pi(&mut self, at: Span) -> Id {
        self.push(Op::Given(Given::Pi), Vec::new(), Kind::Scalar, at)
    }

    fn data(&mut self, id: DataId, args: &[Arg<Id>], at: Span) -> Node {
        let decl = &self.model[id];
        if !args.is_empty() {
            return Ok(self.opaque(format!("`{}`", decl.name.name), Kind::Fixed, at));
        }
        let ty = &decl.decl.ty;
        let scalar = ty.name.name == "R" && ty.dims.is_empty() && ty.arrow.is_none();
        let kind = if scalar { Kind::Scalar } else { Kind::Fixed };
        let op = if scalar { Op::Given(Given::Datum(id)) } else { Op::Fixed(Given::Datum(id)) };
        Ok(self.push(op, Vec::new(), kind, at))
    }

    fn word(&mut self, word: Word, _over: &(), at: Span) -> Node {
        let (op, kind) = match word {
            Word::Params => (Op::Params, Kind::Vector),
            Word::Loss => (Op::Loss, Kind::Scalar),
            Word::Output => (Op::Fixed(Given::Output), Kind::Fixed),
            Word::Metric => (Op::Metric, Kind::Matrix),
            Word::Dim => (Op::Given(Given::Dim), Kind::Scalar),
        };
        Ok(self.push(op, Vec::new(), kind, at))
    }

    fn primed(&mut self, name: &'e str, _over: &(), at: Span) -> Node {
        if name == Word::Params.name() {
            return Ok(self.push(Op::Primed(0), Vec::new(), Kind::Vector, at));
        }
        let i = self.body.states.iter().position(|s| s.name == name).ok_or(Stopped)?;
        let state = (0..self.body.nodes.len()).map(Id).find(|&x| self.body.node(x).op == Op::State(i));
        let kind = state.map_or(Kind::Vector, |s| self.kind(s));
        Ok(self.push(Op::Primed(i + 1), Vec::new(), kind, at))
    }

    fn negated(&mut self, x: Id, at: Span) -> Id {
        self.minus(x, at)
    }

    fn chain(&mut self, first: Arg<Id>) -> Id {
        first.0
    }

    fn link(&mut self, left: Id, op: BinaryOp, right: Arg<Id>, whole: Span) -> Node {
        self.fits()?;
        Ok(self.binary(op, left, right.0, whole))
    }

    fn closed(&mut self, chain: Id) -> Id {
        chain
    }

    fn power(&mut self, x: Arg<Id>, p: Arg<Id>, at: Span) -> Node {
        Ok(self.raised(x.0, p.0, at))
    }

    fn transpose(&mut self, x: Id, at: Span) -> Node {
        let kind = match self.kind(x) {
            Kind::Scalar => return Ok(x),
            Kind::Matrix => Kind::Matrix,
            Kind::Block => Kind::BlockTransposed,
            Kind::BlockTransposed => Kind::Block,
            Kind::Side(l) => Kind::Side(l),
            k @ (Kind::Vector | Kind::Fixed | Kind::SideVector(_) | Kind::Sides(_) | Kind::Numbers) => {
                return Ok(self.function_of("the transpose of a vector", vec![x], k, at));
            }
        };
        Ok(self.push(Op::Transpose, vec![x], kind, at))
    }

    fn inverse(&mut self, x: Arg<Id>, at: Span) -> Node {
        Ok(self.inverted(x.0, at))
    }

    /// By the sign of the difference.
    fn choice(&mut self, comparison: Comparison, a: Arg<Id>, b: Arg<Id>, at: Span) -> Result<Choice<Id>, Stopped> {
        let difference = self.binary(BinaryOp::Sub, a.0, b.0, at);
        let kind = self.kind(difference);
        let s = self.push(Op::Map(Fun::Sign.row()), vec![difference], kind, at);
        let square = self.binary(BinaryOp::EntryMul, s, s, at);
        let mut holds = None;
        for (part, weight) in [None, Some(s), Some(square)].into_iter().zip(choice_weights(comparison)) {
            let weight = weight.value();
            if weight.is_zero() {
                continue;
            }
            let weight = self.constant_at(weight, at);
            let part = part.map_or(weight, |p| self.binary(BinaryOp::EntryMul, weight, p, at));
            holds = Some(holds.map_or(part, |h| self.binary(BinaryOp::Add, h, part, at)));
        }
        Ok(holds.map_or(Choice::Otherwise, Choice::Weight))
    }

    fn choose(&mut self, weight: Arg<Id>, x: Arg<Id>, y: Arg<Id>, at: Span) -> Node {
        let gain = self.binary(BinaryOp::Sub, x.0, y.0, at);
        let gained = self.binary(BinaryOp::EntryMul, weight.0, gain, at);
        Ok(self.binary(BinaryOp::Add, y.0, gained, at))
    }

    fn list(&mut self, _items: &[Arg<Id>], at: Span) -> Node {
        Ok(self.opaque("a list of single entries", Kind::Vector, at))
    }

    fn index(&mut self, x: Id, _base: &'e Expr, at: &[At<Id>], span: Span) -> Node {
        let entries = at.iter().all(|s| matches!(s, At::Index(_)));
        Ok(self.entries_of(x, entries.then_some(at.len()), span))
    }

    fn range(&mut self, _lo: Arg<Id>, _hi: Arg<Id>, _inclusive: bool, _at: Span) -> Result<(), Stopped> {
        Ok(())
    }

    fn reduce(&mut self, _kind: Reduction, _body: Indexed<'e, Self>, at: Span) -> Node {
        Ok(self.opaque("an indexed sum or product", Kind::Scalar, at))
    }

    fn comprehension(&mut self, _body: Indexed<'e, Self>, at: Span) -> Node {
        Ok(self.opaque("a list of single entries", Kind::Vector, at))
    }

    /// The laws of functions are in their rows; only powers are read as what they are.
    fn entrywise(&mut self, row: &'static Row, x: Arg<Id>, at: Span) -> Result<Option<Id>, Stopped> {
        let kind = self.kind(x.0);
        Ok(match row.is {
            Is::Power(_) => None,
            Is::Kernel(_) | Is::Defined(_) => Some(self.push(Op::Map(row), vec![x.0], kind, at)),
        })
    }

    fn kernel(&mut self, f: Fun, x: Arg<Id>) -> Node {
        let kind = self.kind(x.0);
        Ok(self.push(Op::Map(f.row()), vec![x.0], kind, x.1))
    }

    fn composed(&mut self, c: &'static Composed, args: &[Arg<Id>], at: Span) -> Result<Option<Id>, Stopped> {
        let ids: Vec<Id> = args.iter().map(|a| a.0).collect();
        Ok(Some(self.function(c.name, &ids, at)))
    }

    fn operation(&mut self, name: &str, args: &[Arg<Id>], _scope: &Names<'e>, at: Span) -> Node {
        self.fits()?;
        let ids: Vec<Id> = args.iter().map(|a| a.0).collect();
        Ok(self.function(name, &ids, at))
    }

    fn calculus(&mut self, f: Calculus, args: &[Arg<Id>], _over: &(), at: Span) -> Node {
        let ids: Vec<Id> = args.iter().map(|a| a.0).collect();
        Ok(self.calculus_of(f, &ids, at))
    }

    fn has_blocks(&self, component: &str, _over: &()) -> Option<bool> {
        let state = self.body.states.iter().find(|s| s.name == component)?;
        Some(match state.variance.space() {
            Space::Own | Space::Number => state.each,
            Space::Matrix => false,
            Space::Vector | Space::Sides(_) => true,
        })
    }

    fn block_named(&self, name: &'e str, _over: &()) -> Option<Block<'e>> {
        Some(Block::Named(name))
    }

    fn unknown_block(&mut self, _name: &Ident, _over: &()) -> Stopped {
        Stopped
    }

    fn block_of(&mut self, x: Arg<Id>, _whole: Whole<'_>, block: &Block<'e>, _over: &(), at: Span) -> Node {
        let whole = x.0;
        if let Block::Named(_) = block {
            return Ok(self.entries_of(whole, Some(1), at));
        }
        if let Op::Primed(i) = self.body.node(whole).op {
            let kind = i.checked_sub(1).map_or(Kind::Vector, |i| whole_kind(&self.body.states[i]));
            return Ok(self.push(Op::PrimedBlock(i), Vec::new(), block_kind(kind), at));
        }
        let kind = match self.kind(whole) {
            k @ (Kind::Vector | Kind::Sides(_) | Kind::Numbers) => block_kind(k),
            k => return Ok(self.opaque("a block of what has no blocks", k, at)),
        };
        Ok(self.push(Op::BlockOf, vec![whole], kind, at))
    }

    /// A block is a matrix already, whatever its shape; `reshape(x, W)` only says so.
    fn in_shape_of(&mut self, x: Arg<Id>, _block: &Block<'e>, _over: &(), at: Span) -> Node {
        match self.kind(x.0) {
            Kind::Block => Ok(x.0),
            k => Ok(self.opaque("`reshape`", k, at)),
        }
    }

    fn each(&mut self, each: read::Each<'e>, scope: &Names<'e>) -> Result<Vec<(Block<'e>, Names<'e>)>, Stopped> {
        let mut inner = scope.clone();
        inner.bind(&each.var.name, Local::Block(Block::Each));
        let mut domain = each.shape.map_or_else(String::new, |t| self.shape(t, &mut inner));
        for name in std::iter::once(each.over).chain(each.except) {
            domain.push_str(" - ");
            domain.push_str(&name.name);
        }
        let numbers = each.shape.is_some_and(|t| t.dims.is_empty());
        self.each = Some(Each { domain, numbers });
        Ok(vec![(Block::Each, inner)])
    }

    fn each_ends(&mut self) {
        self.each = None;
    }

    fn argument(&mut self, _of: &'e Instance, _p: &'e Param, value: Arg<Id>, _scope: &Names<'e>) -> Node {
        Ok(value.0)
    }

    fn left_out(&mut self, _of: &'e Instance, p: &'e Param, _occurrence: usize, _scope: &Names<'e>) -> Node {
        let number =
            p.ty.as_ref()
                .is_none_or(|t| matches!(t.name.name.as_str(), "R" | "N") && t.dims.is_empty() && t.arrow.is_none());
        let given = Given::Hyperparameter(p.name.name.clone());
        let (op, kind) = if number { (Op::Given(given), Kind::Scalar) } else { (Op::Fixed(given), Kind::Fixed) };
        Ok(self.push(op, Vec::new(), kind, p.name.span))
    }

    /// Notes the hyperparameters that conditions such as `0 < c` or `c >= 0` keep from being negative.
    fn condition(
        &mut self,
        comparison: Comparison,
        left: Arg<Id>,
        right: Arg<Id>,
        written: &'e Condition,
        _used: Span,
    ) -> Result<(), Stopped> {
        // What is assumed is not used: a proof by types holds without it.
        if written.assumed {
            return Ok(());
        }
        let bound = |id: Id| self.constant(id).is_some_and(|q| *q >= Rational::ZERO);
        let larger = match comparison {
            Comparison::Lt | Comparison::Le if bound(left.0) => right.0,
            Comparison::Gt | Comparison::Ge if bound(right.0) => left.0,
            Comparison::Lt | Comparison::Le | Comparison::Gt | Comparison::Ge | Comparison::Ne => return Ok(()),
        };
        self.body.nonnegative.push(larger);
        Ok(())
    }
}

impl<'e> Builder<'e> {
    /// The shape of an `each` in words, with its new names by number; they are bound to the sizes of the block.
    fn shape(&mut self, ty: &'e Type, scope: &mut Names<'e>) -> String {
        let mut new: Vec<&str> = Vec::new();
        let mut text = String::from("R");
        for (e, word) in ty.dims.iter().zip(["rows", "cols"]) {
            text.push(' ');
            match &e.kind {
                ExprKind::Name(n) if new.contains(&n.as_str()) => {
                    text.push_str(&format!("n{}", new.iter().position(|m| m == n).unwrap_or(0)));
                }
                ExprKind::Name(n) if is_free(self, n, e.span, scope) => {
                    text.push_str(&format!("n{}", new.len()));
                    new.push(n);
                    let id = self.push(Op::Size(word.to_owned()), Vec::new(), Kind::Scalar, e.span);
                    scope.bind(n, Local::Value(id));
                }
                ExprKind::Number(q) => text.push_str(&q.to_string()),
                // A size that this reading does not know is like no other.
                _ => text.push_str(&format!("size at {:?}", e.span)),
            }
        }
        text
    }
}
