//! The body of an optimizer as a graph of operations, for any architecture.
//!
//! Unlike the terms of [`crate::term`], which are built for one architecture with all sizes known, these nodes know only
//! *kinds*: the parameter vector and everything shaped like it is a [`Kind::Vector`], whatever its length. `let`s are
//! shared, `def`s are expanded, and constants folded. A node keeps the place where it was written.

mod build;

use crate::core::names::DataId;
use crate::core::prim::Row;
use crate::core::variance::Variance;
use crate::domain::Rational;
use crate::source::Span;

pub use build::build;

/// A node of a [`Body`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub usize);

/// The shape of a value, as far as it does not depend on the architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A real number.
    Scalar,
    /// A vector over the parameters, of length `dim`.
    Vector,
    /// A `dim × dim` matrix.
    Matrix,
    /// A tensor of a fixed space: an output, a state `R[k]`, data.
    Fixed,
    /// Inside `each`: a value of the shape of the block.
    Block,
    /// Inside `each`: the transpose of such a value.
    BlockTransposed,
    /// Inside `each`: a square matrix on the rows (`true`) or the columns of the block.
    Side(bool),
    /// Inside `each`: a vector on the rows (`true`) or the columns of the block.
    SideVector(bool),
    /// A whole `left` (`true`) or `right` state.
    Sides(bool),
    /// One number for each block.
    Numbers,
}

/// A constant of the question: no map changes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Given {
    /// A hyperparameter without a value.
    Hyperparameter(String),
    /// One of the other optimizer, where two are compared.
    OfTheOther(String),
    /// A datum.
    Datum(DataId),
    /// The output at the point, in its fixed space.
    Output,
    /// The number of parameters.
    Dim,
    /// π
    Pi,
    /// What tells tensors of one number in one kind of space from those in another.
    Space(Kind),
}

/// What a node does with its operands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// An exact constant.
    Const(Rational),
    /// A number that no map changes.
    Given(Given),
    /// The tensor that is zero everywhere.
    Zero,
    /// The small parameter of a step.
    Rate,
    /// The point.
    Params,
    /// The loss.
    Loss,
    /// A fixed tensor: the output, data.
    Fixed(Given),
    /// The pulled-back metric.
    Metric,
    /// A state, by number.
    State(usize),
    /// The new value of component `i`: 0 is the point, `i + 1` state `i`.
    Primed(usize),
    /// The block of the new value of component `i`.
    PrimedBlock(usize),
    /// `eye(dim)`
    Eye,
    /// A scalar in every entry of the node's kind.
    Spread,
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `-a`
    Neg,
    /// scalar · tensor
    Scale,
    /// tensor / scalar
    Over,
    /// The product of matrices, or of a matrix and a vector.
    Product,
    /// `a .* b`
    EntryMul,
    /// `a ./ b`
    EntryDiv,
    /// An entrywise rational power.
    Power(Rational),
    /// `a ^ b` with an exponent that is not constant.
    PowerBy,
    /// An entrywise function of the table.
    Map(&'static Row),
    /// `max(a, b)`
    Max,
    /// `min(a, b)`
    Min,
    /// `max(x)`: the largest entry.
    Largest,
    /// `min(x)`: the least entry.
    Least,
    /// `min(max(x, -c), c)`: an odd function of `x`.
    Clip,
    /// `sum`
    Sum,
    /// `mean`
    Mean,
    /// `dot(a, b)`
    Dot,
    /// `norm`
    Norm,
    /// `trace`
    Trace,
    /// `det`
    Det,
    /// `Aᵀ`
    Transpose,
    /// The inverse of a matrix.
    Inverse,
    /// The pseudo-inverse of a matrix.
    PseudoInverse,
    /// `solve(A, b)`
    Solve,
    /// `powm(A, q)`
    MatrixPower(Rational),
    /// `polar`
    Polar,
    /// `diag(v)`
    Diag,
    /// `diagonal(A)`
    DiagonalOf,
    /// `blockdiag(A)`
    BlockDiag,
    /// `outer(u, v)`
    Outer,
    /// `d(e)`
    Differential,
    /// `grad(e)`: the differential read as a vector.
    Gradient,
    /// `natgrad(e)`
    NaturalGradient,
    /// `raise(g, c)`
    Raise,
    /// `lower(g, v)`
    Lower,
    /// `hess(e)`
    Hessian,
    /// `covhess(e)`
    CovariantHessian,
    /// `christoffel(g, u, v)`
    Christoffel,
    /// `at(q, e)`
    At,
    /// The connection term that `D/dt z = e` stands for: `(velocity, z, e)`.
    Covariant,
    /// Inside `each`: the block of a vector over the parameters, or of a whole `left` or `right` state.
    BlockOf,
    /// Inside `each`: a size of the block, `rows`, `cols` or `size`.
    Size(String),
    /// The vector (or sides, or numbers) with these blocks: for each `each` the blocks that it means, in words that are
    /// equal only for equal sets of blocks, and in the order of the operands.
    Assembled(Vec<String>),
    /// Something that types know nothing of, and why. Without operands it may depend on anything, with operands on
    /// nothing else. The text does not tell two of them apart: see [`Body::same`].
    Opaque(String),
}

/// What an operation reads beside its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// Nothing but the point, data and hyperparameters.
    Nothing,
    /// The small parameter of a step.
    Rate,
    /// A state, by number.
    State(usize),
    /// A new value, by the number of the component.
    New(usize),
    /// That is not known, as of an [`Op::Opaque`].
    Unknown,
}

impl Op {
    /// What it reads beside its operands.
    pub fn reads(&self) -> Reads {
        match self {
            Op::Rate => Reads::Rate,
            Op::State(i) => Reads::State(*i),
            Op::Primed(i) | Op::PrimedBlock(i) => Reads::New(*i),
            Op::Opaque(_) => Reads::Unknown,
            Op::Const(_)
            | Op::Given(_)
            | Op::Zero
            | Op::Params
            | Op::Loss
            | Op::Fixed(_)
            | Op::Metric
            | Op::Eye
            | Op::Spread
            | Op::Add
            | Op::Sub
            | Op::Neg
            | Op::Scale
            | Op::Over
            | Op::Product
            | Op::EntryMul
            | Op::EntryDiv
            | Op::Power(_)
            | Op::PowerBy
            | Op::Map(_)
            | Op::Max
            | Op::Min
            | Op::Largest
            | Op::Least
            | Op::Clip
            | Op::Sum
            | Op::Mean
            | Op::Dot
            | Op::Norm
            | Op::Trace
            | Op::Det
            | Op::Transpose
            | Op::Inverse
            | Op::PseudoInverse
            | Op::Solve
            | Op::MatrixPower(_)
            | Op::Polar
            | Op::Diag
            | Op::DiagonalOf
            | Op::BlockDiag
            | Op::Outer
            | Op::Differential
            | Op::Gradient
            | Op::NaturalGradient
            | Op::Raise
            | Op::Lower
            | Op::Hessian
            | Op::CovariantHessian
            | Op::Christoffel
            | Op::At
            | Op::Covariant
            | Op::BlockOf
            | Op::Size(_)
            | Op::Assembled(_) => Reads::Nothing,
        }
    }
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// Its operands.
    pub args: Vec<Id>,
    /// The shape of its value.
    pub kind: Kind,
    /// Where it is written.
    pub span: Span,
}

/// A state of the optimizer.
#[derive(Debug, Clone)]
pub struct StateOf {
    /// Its name.
    pub name: String,
    /// How a morphism carries it.
    pub variance: Variance,
    /// Whether there is one for each block.
    pub each: bool,
    /// Where it is declared.
    pub span: Span,
}

/// An optimizer's body.
#[derive(Debug, Clone)]
pub struct Body {
    /// The nodes, operands first but for [`Op::Primed`].
    pub nodes: Vec<Node>,
    /// The states in order.
    pub states: Vec<StateOf>,
    /// Whether it is a step.
    pub step: bool,
    /// The component of the point and of each state: derivatives of a flow, new values of a step.
    pub components: Vec<Id>,
    /// What primed names stand for: the components of a step.
    pub news: Vec<Id>,
    /// Where each component is given.
    pub spans: Vec<Span>,
    /// Whether a state is declared `auto`.
    pub auto: bool,
    /// Whether the metric is used.
    pub needs_metric: bool,
    /// Hyperparameters that a condition keeps from being negative.
    pub nonnegative: Vec<Id>,
}

impl Body {
    /// The node of an id.
    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id.0]
    }

    /// Whether two nodes are the same expression. Of operations that types know nothing of, only a node and itself are.
    pub fn same(&self, a: Id, b: Id) -> bool {
        if a == b {
            return true;
        }
        let (x, y) = (self.node(a), self.node(b));
        !matches!(x.op, Op::Opaque(_))
            && x.op == y.op
            && x.args.len() == y.args.len()
            && x.args.iter().zip(&y.args).all(|(&p, &q)| self.same(p, q))
    }

    /// The name of a component.
    pub fn component_name(&self, i: usize) -> &str {
        if i == 0 { "params" } else { &self.states[i - 1].name }
    }
}
