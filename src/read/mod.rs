//! The one reader of the language: what an expression means, in any algebra.
//!
//! The rules of the language stand here, once: what a name means (a local, a block, a word of an optimizer, a name of the
//! file, a function of the table), that a `def` sees nothing but its arguments and the file, how arguments meet parameters,
//! what a chain of comparisons says, which component a rule belongs to. What a *value* is, and what an operation does to
//! it, is the matter of an [`Algebra`]:
//!
//! | algebra | a value is | for |
//! | --- | --- | --- |
//! | [`crate::model::elaborate::Elaborator`] | a term with all sizes known | everything that is decided at numbers |
//! | the shapes of [`crate::model`] | a shape over symbolic sizes | faults of declarations |
//! | the lifting of [`crate::model`] | the terms at all values of an index, as one vector | long sums |
//! | [`crate::check::uniform`] | an entry as a function of a symbolic index | proofs for all sizes |
//! | [`crate::structure::body`] | a node of the graph of operations, for any architecture | transformation laws |
//!
//! So the algebras cannot disagree about the language. To read it into something new, implement [`Algebra`].

mod bind;
mod body;
mod call;
mod expr;
mod scope;

use crate::core::error::ModelError;
use crate::core::names::{DataId, LetId, Model};
use crate::core::prim::{Composed, Fun, Row};
use crate::core::words::{Calculus, Word};
use crate::domain::Rational;
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Binder, Comparison, Condition, Expr, Ident, Instance, Param, Reduction, Type};

pub use bind::{Bound, bind, conditions};
pub use body::{Part, Rule, equations, parts, rules};
pub use call::{block_written, entrywise, is_free};
pub use expr::{declared, expr};
pub use scope::{Local, Scope};

/// A value with the place where it is written.
pub type Arg<V> = (V, Span);

/// The local names of an algebra.
pub type Names<'e, A> = Scope<<A as Algebra<'e>>::Value, <A as Algebra<'e>>::Block, <A as Algebra<'e>>::Over>;

/// What reading gives in an algebra.
pub type Read<'e, A, T> = Result<T, <A as Algebra<'e>>::Stop>;

/// Blocks, each with the names that lines about it see.
pub type Blocks<'e, A> = Vec<(<A as Algebra<'e>>::Block, Names<'e, A>)>;

/// What a condition says before its branches are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<V> {
    /// It always holds: only the first branch is read.
    Then,
    /// It never holds: only the second branch is read.
    Otherwise,
    /// `1` where it holds and `0` where it does not.
    Weight(V),
}

/// One subscript.
#[derive(Debug, Clone)]
pub enum At<V> {
    /// An index.
    Index(Arg<V>),
    /// `lo..hi`, half open; what is left out is the end of the axis.
    Slice {
        /// The first index.
        lo: Option<Arg<V>>,
        /// The end.
        hi: Option<Arg<V>>,
        /// Whether the end is the last index itself.
        inclusive: bool,
    },
    /// The whole axis.
    All,
}

/// A vector over the parameters, as far as the language knows it by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole<'n> {
    /// A component: `params`, or a state by its name; its value or its new value.
    Component(&'n str),
    /// Any other.
    Other,
}

/// `each VAR : SHAPE in OVER - EXCEPT`
#[derive(Debug, Clone, Copy)]
pub struct Each<'e> {
    /// The block variable.
    pub var: &'e Ident,
    /// The shape of the blocks that are meant, whose new names are sizes.
    pub shape: Option<&'e Type>,
    /// `params`, or a group.
    pub over: &'e Ident,
    /// The blocks and groups that are left out.
    pub except: &'e [Ident],
}

/// The body of an indexed expression, with its ranges.
pub struct Indexed<'e, A: Algebra<'e>> {
    /// The indices.
    pub binders: &'e [Binder],
    /// The range of each.
    pub ranges: Vec<A::Range>,
    /// The body.
    pub body: &'e Expr,
    /// The names that it sees, but for the indices.
    pub scope: Names<'e, A>,
}

impl<'e, A: Algebra<'e>> Indexed<'e, A> {
    /// The body at values of the indices.
    ///
    /// # Errors
    /// Those of the body.
    pub fn at(&self, a: &mut A, values: impl IntoIterator<Item = A::Value>) -> Read<'e, A, A::Value> {
        let mut scope = self.scope.clone();
        for (b, v) in self.binders.iter().zip(values) {
            scope.bind(&b.name.name, Local::Value(v));
        }
        expr(a, self.body, &scope)
    }

    /// Where the body is written.
    pub fn span(&self) -> Span {
        self.scope.place(self.body.span)
    }
}

/// What the language is read into; `'e` is the lifetime of what is read.
///
/// Operations are given the values of their operands with the places where they are written. What does not fit is told by
/// a [`Algebra::Stop`]; the reader itself finds faults in names and in numbers of arguments, and hands them to
/// [`Algebra::fault`].
pub trait Algebra<'e>: Sized {
    /// A value.
    type Value: Clone;
    /// A block of the parameters, inside `each` or by its name.
    type Block: Clone;
    /// Where an optimizer's body is read.
    type Over;
    /// The values that an index takes.
    type Range;
    /// The left side of an operator that has not met all its operands: so sums of many terms can be made at once.
    type Chain;
    /// Why reading stopped.
    type Stop;

    /// Whether a line that has a fault is passed over, so that others are found, too.
    const RECOVERS: bool;

    /// What is declared.
    fn model(&self) -> &'e Model;
    /// A fault of the file.
    fn fault(&mut self, error: ModelError) -> Self::Stop;
    /// A name that means nothing.
    fn unknown(&mut self, what: &'static str, name: &str, at: Span, scope: &Names<'e, Self>) -> Self::Stop;
    /// The use of a name that is poisoned.
    fn poisoned(&mut self, name: &str) -> Self::Stop;

    /// Begins to read a definition of the file.
    ///
    /// # Errors
    /// If it is nested too deeply, or in itself.
    fn enter(&mut self, name: &str, at: Span) -> Result<(), Self::Stop>;
    /// Ends it.
    fn leave(&mut self);
    /// The value of a `let` of the file, if it was read before.
    fn known(&mut self, _id: LetId) -> Option<Result<Self::Value, Self::Stop>> {
        None
    }
    /// Keeps it.
    fn keep(&mut self, _id: LetId, _value: &Result<Self::Value, Self::Stop>) {}
    /// A value that is meant by a name, at the place of the name.
    fn mention(&mut self, value: Self::Value, _at: Span) -> Self::Value {
        value
    }
    /// The value of a `def`, at the place of the call.
    fn called(&mut self, value: Self::Value, _at: Span) -> Self::Value {
        value
    }
    /// A parameter with its value.
    fn parameter(&mut self, _p: &'e Param, value: Self::Value) -> Self::Value {
        value
    }

    /// A constant.
    fn number(&mut self, q: &Rational, at: Span) -> Self::Value;
    /// π
    fn pi(&mut self, at: Span) -> Self::Value;
    /// Data, or a member of a family of data.
    fn data(&mut self, id: DataId, args: &[Arg<Self::Value>], at: Span) -> Result<Self::Value, Self::Stop>;
    /// A word of an optimizer.
    fn word(&mut self, word: Word, over: &Self::Over, at: Span) -> Result<Self::Value, Self::Stop>;
    /// The new value of `params` or of a state.
    fn primed(&mut self, name: &'e str, over: &Self::Over, at: Span) -> Result<Self::Value, Self::Stop>;

    /// `-x`
    fn negated(&mut self, x: Self::Value, at: Span) -> Self::Value;
    /// The left side of operators.
    fn chain(&mut self, first: Arg<Self::Value>) -> Self::Chain;
    /// One operator more.
    fn link(
        &mut self,
        left: Self::Chain,
        op: BinaryOp,
        right: Arg<Self::Value>,
        whole: Span,
    ) -> Result<Self::Chain, Self::Stop>;
    /// The value of the chain.
    fn closed(&mut self, chain: Self::Chain) -> Self::Value;
    /// `x ^ p`
    fn power(&mut self, x: Arg<Self::Value>, p: Arg<Self::Value>, at: Span) -> Result<Self::Value, Self::Stop>;
    /// `xᵀ`
    fn transpose(&mut self, x: Self::Value, at: Span) -> Result<Self::Value, Self::Stop>;
    /// `x⁻¹`
    fn inverse(&mut self, x: Arg<Self::Value>, at: Span) -> Result<Self::Value, Self::Stop>;
    /// `if a < b`
    fn choice(
        &mut self,
        comparison: Comparison,
        a: Arg<Self::Value>,
        b: Arg<Self::Value>,
        at: Span,
    ) -> Result<Choice<Self::Value>, Self::Stop>;
    /// `then x else y`
    fn choose(
        &mut self,
        weight: Arg<Self::Value>,
        x: Arg<Self::Value>,
        y: Arg<Self::Value>,
        at: Span,
    ) -> Result<Self::Value, Self::Stop>;
    /// A branch has a fault, so that there is nothing to choose between.
    fn unchosen(&mut self) {}
    /// `[a, b, …]`
    fn list(&mut self, items: &[Arg<Self::Value>], at: Span) -> Result<Self::Value, Self::Stop>;
    /// `x[i, lo..hi]`; `base` is the expression that is indexed.
    fn index(
        &mut self,
        x: Self::Value,
        base: &'e Expr,
        at: &[At<Self::Value>],
        span: Span,
    ) -> Result<Self::Value, Self::Stop>;
    /// The values of an index.
    fn range(
        &mut self,
        lo: Arg<Self::Value>,
        hi: Arg<Self::Value>,
        inclusive: bool,
        at: Span,
    ) -> Result<Self::Range, Self::Stop>;
    /// `sum(i in lo..hi: e)`
    fn reduce(&mut self, kind: Reduction, body: Indexed<'e, Self>, at: Span) -> Result<Self::Value, Self::Stop>;
    /// `[i in lo..hi: e]`
    fn comprehension(&mut self, body: Indexed<'e, Self>, at: Span) -> Result<Self::Value, Self::Stop>;

    /// An entrywise function of the table; `None` if its definition in the language is to be read.
    fn entrywise(
        &mut self,
        row: &'static Row,
        x: Arg<Self::Value>,
        at: Span,
    ) -> Result<Option<Self::Value>, Self::Stop>;
    /// A kernel function.
    fn kernel(&mut self, f: Fun, x: Arg<Self::Value>) -> Result<Self::Value, Self::Stop>;
    /// A composed function of the table; `None` if its definition in the language is to be read.
    fn composed(
        &mut self,
        c: &'static Composed,
        args: &[Arg<Self::Value>],
        at: Span,
    ) -> Result<Option<Self::Value>, Self::Stop>;
    /// Any other function of the table.
    fn operation(
        &mut self,
        name: &str,
        args: &[Arg<Self::Value>],
        scope: &Names<'e, Self>,
        at: Span,
    ) -> Result<Self::Value, Self::Stop>;
    /// A function of an optimizer's body.
    fn calculus(
        &mut self,
        f: Calculus,
        args: &[Arg<Self::Value>],
        over: &Self::Over,
        at: Span,
    ) -> Result<Self::Value, Self::Stop>;

    /// Whether a component is laid out over the blocks; `None` if there is no such component.
    fn has_blocks(&self, component: &str, over: &Self::Over) -> Option<bool>;
    /// The block of a parameter of the architecture.
    fn block_named(&self, name: &'e str, over: &Self::Over) -> Option<Self::Block>;
    /// A name between brackets that means nothing.
    fn unknown_block(&mut self, name: &Ident, over: &Self::Over) -> Self::Stop;
    /// A block of a vector over the parameters, or of what else has blocks.
    fn block_of(
        &mut self,
        x: Arg<Self::Value>,
        whole: Whole<'_>,
        block: &Self::Block,
        over: &Self::Over,
        at: Span,
    ) -> Result<Self::Value, Self::Stop>;
    /// `reshape(x, W)`: in the shape of a block.
    fn in_shape_of(
        &mut self,
        x: Arg<Self::Value>,
        block: &Self::Block,
        over: &Self::Over,
        at: Span,
    ) -> Result<Self::Value, Self::Stop>;
    /// The blocks that an `each` means, each with the names that its body sees.
    fn each(&mut self, each: Each<'e>, scope: &Names<'e, Self>) -> Read<'e, Self, Blocks<'e, Self>>;
    /// The end of the body of an `each`.
    fn each_ends(&mut self) {}

    /// An argument for a parameter. `scope` holds the parameters before it.
    fn argument(
        &mut self,
        of: &'e Instance,
        p: &'e Param,
        value: Arg<Self::Value>,
        scope: &Names<'e, Self>,
    ) -> Result<Self::Value, Self::Stop>;
    /// The only size of a use that is written without it, where the index of a system stands for it.
    fn implied(&mut self, _of: &'e Instance) -> Option<Self::Value> {
        None
    }
    /// A parameter that is left out and has no default, at the occurrence of its owner in a question.
    fn left_out(
        &mut self,
        of: &'e Instance,
        p: &'e Param,
        occurrence: usize,
        scope: &Names<'e, Self>,
    ) -> Result<Self::Value, Self::Stop>;
    /// One comparison of a `where`, for a use at `used`.
    fn condition(
        &mut self,
        comparison: Comparison,
        left: Arg<Self::Value>,
        right: Arg<Self::Value>,
        written: &'e Condition,
        used: Span,
    ) -> Result<(), Self::Stop>;
}
