//! The syntax tree: what was written, with the place of every part, before any name has a meaning.
//!
//! Words that are not reserved (`d`, `metric`, `loss`, `tangent`, class names …) are plain [`Ident`]s here; the model
//! decides what they mean where they stand.

mod check;
mod expr;

use crate::source::Span;

pub use check::{BlockRate, Check, Classify, Expectation, ExpectedVerdict, Question, Trace, Transfer, Via};
pub use expr::{BinaryOp, Binder, Conditional, Expr, ExprKind, Reduction, Subscript};

/// A whole file, in the order in which it is written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct File {
    /// The declarations and checks.
    pub items: Vec<Item>,
    /// What stands in declarations with errors, which are not among the items.
    pub lost: Lost,
}

/// What declarations with errors may have declared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lost {
    /// Names.
    pub names: Vec<String>,
    /// Whether any name may be meant: a `use` is not understood.
    pub any: bool,
}

/// An identifier and its place. The prime of `x'` is not part of the name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ident {
    /// The word.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// A declaration or a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The text of the `///` lines before it, without the slashes, joined by newlines; empty if there are none.
    pub doc: String,
    /// From its first keyword to its end.
    pub span: Span,
    /// What it is.
    pub kind: ItemKind,
}

/// The kinds of top-level items.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemKind {
    /// `use std.optimizers` or `use "path.nat"`.
    Use(UseTarget),
    /// `data x, y : R[3]`, `data X(d : N) : R[d, 5] = …`, `data b : N -> R`.
    Data(Data),
    /// `let n = 3`.
    Let(Let),
    /// `def f(a, b) = e`.
    Def(Def),
    /// `architecture Name(…) { … }`.
    Architecture(Architecture),
    /// `reparam`, `projection` or `embedding`.
    Morphism(Morphism),
    /// `morphism Name = f ; g`.
    Composite(Composite),
    /// `optimizer Name(…) { … }`.
    Optimizer(Optimizer),
    /// `system Name …`.
    System(System),
    /// `cone Name : Apex -> System = Leg over …`, of a direct system also `System -> Apex`.
    Cone(Cone),
    /// `check …`.
    Check(Check),
    /// `classify …`.
    Classify(Classify),
    /// `transfer …` without `check`.
    Transfer(Transfer),
    /// `trace …`.
    Trace(Box<Trace>),
}

/// What a `use` names.
#[derive(Debug, Clone, PartialEq)]
pub enum UseTarget {
    /// A dotted library name, `std.optimizers`.
    Library(Vec<Ident>),
    /// A quoted path, without the quotes, and its place.
    Path(String, Span),
}

/// `let name = value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Let {
    /// The name bound.
    pub name: Ident,
    /// Its value.
    pub value: Expr,
}

/// `def name(params) = body`.
#[derive(Debug, Clone, PartialEq)]
pub struct Def {
    /// The function's name.
    pub name: Ident,
    /// Parameter names.
    pub params: Vec<Ident>,
    /// The body.
    pub body: Expr,
}

/// A data declaration; several names share one type.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Each name with its family parameters (usually none).
    pub names: Vec<(Ident, Vec<Param>)>,
    /// The declared type.
    pub ty: Type,
    /// `where` conditions.
    pub conditions: Vec<Condition>,
    /// The value, if it is a constant.
    pub value: Option<Expr>,
    /// The path behind `read`, without the quotes, and the place of `read "…"`.
    pub read: Option<(String, Span)>,
}

/// A type as written: `R`, `R[m, n]`, `N`, `N -> R[2]`, `GL[n]`, `tangent` …
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// The word: `R`, `N`, `GL`, `tangent` …
    pub name: Ident,
    /// The sizes in brackets; empty when there are no brackets.
    pub dims: Vec<Expr>,
    /// For `N -> T`: the type `T`.
    pub arrow: Option<Box<Type>>,
    /// The whole type.
    pub span: Span,
}

/// One parameter of a parameter list. `(a, b : R where a > 0)` gives two of them with the same type; the conditions of
/// the group are attached to its last parameter. `(beta = 0.9)` has a value and no type.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// The parameter's name.
    pub name: Ident,
    /// Its type, if given.
    pub ty: Option<Type>,
    /// Its default value, if given.
    pub default: Option<Expr>,
    /// `where` conditions of the group that ends here.
    pub conditions: Vec<Condition>,
}

impl Param {
    /// Whether it is a natural number, such as a size.
    pub fn is_natural(&self) -> bool {
        self.ty.as_ref().is_some_and(|t| t.name.name == "N")
    }
}

/// A chain of comparisons, `0 < p < 1`: `first`, then operator and next expression. At least one link.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The leftmost expression.
    pub first: Expr,
    /// The comparisons, in order.
    pub rest: Vec<(Comparison, Expr)>,
    /// Whether it stands behind `assume`: a file relies on it, and no answer says that it holds.
    pub assumed: bool,
    /// The whole condition.
    pub span: Span,
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `!=`
    Ne,
}

/// `architecture Name(params) { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Architecture {
    /// Its name.
    pub name: Ident,
    /// Size parameters.
    pub params: Vec<Param>,
    /// The body in order.
    pub body: Vec<ArchitectureEntry>,
    /// What is assumed of its points.
    pub assumptions: Vec<Condition>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// A line of an architecture.
#[derive(Debug, Clone, PartialEq)]
pub enum ArchitectureEntry {
    /// `param a, b : R where …` (the group's conditions on the last).
    Param(Vec<Param>),
    /// `let x = e`.
    Let(Let),
    /// `output = e`; the span is that of the word `output`.
    Output(Span, Expr),
    /// `output metric = e`; the span is that of `output metric`.
    OutputMetric(Span, Expr),
    /// `loss = e`; the span is that of the word `loss`.
    Loss(Span, Expr),
    /// `group G = U, b`: a name for some of the parameters.
    Group(Ident, Vec<Ident>),
}

/// The keyword of a morphism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MorphismKind {
    /// A diffeomorphism.
    Reparam,
    /// A submersion.
    Projection,
    /// An immersion.
    Embedding,
}

/// A morphism given by its equations.
#[derive(Debug, Clone, PartialEq)]
pub struct Morphism {
    /// Which keyword.
    pub kind: MorphismKind,
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Param>,
    /// The source.
    pub source: Domain,
    /// The target architecture.
    pub target: Instance,
    /// `let`s and equations, in order.
    pub body: Vec<Equation>,
    /// The `inverse { … }` block: its place and equations.
    pub inverse: Option<(Span, Vec<Equation>)>,
    /// What is assumed of the points of its source.
    pub assumptions: Vec<Condition>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// The source of a morphism.
#[derive(Debug, Clone, PartialEq)]
pub enum Domain {
    /// A declared architecture.
    Named(Instance),
    /// A parameter list written inline, and its place.
    Inline(Vec<Param>, Span),
}

/// A name with arguments: `Mlp(2, 3, 1)`, `Rescale(a = 2)`, `Adam(eps = 0)`, `Line`.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// The name.
    pub name: Ident,
    /// The arguments; empty with or without parentheses.
    pub args: Vec<Argument>,
    /// Name and arguments.
    pub span: Span,
}

/// A positional or named argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The name in `a = 2`.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// A line of a morphism's body.
#[derive(Debug, Clone, PartialEq)]
pub enum Equation {
    /// `let x = e`.
    Let(Let),
    /// `target = e`.
    Assign(Ident, Expr),
}

/// `morphism Name(params) = path`.
#[derive(Debug, Clone, PartialEq)]
pub struct Composite {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Param>,
    /// The path.
    pub path: Path,
}

/// `f ; g ; h`: first `f`. Never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The parts in order of application.
    pub parts: Vec<Instance>,
    /// The whole path.
    pub span: Span,
}

/// `optimizer Name(params) { state … flow|step … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer {
    /// Its name.
    pub name: Ident,
    /// Hyperparameters.
    pub params: Vec<Param>,
    /// State declarations in order; `state m, v : tangent` gives two.
    pub states: Vec<State>,
    /// What is assumed of its hyperparameters.
    pub assumptions: Vec<Condition>,
    /// File-level `let`s of the body, outside `flow` and `step`.
    pub lets: Vec<Let>,
    /// The dynamics; the model reports none, or more than one.
    pub dynamics: Vec<Dynamics>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// `state name : type = initial`.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The state's name.
    pub name: Ident,
    /// Its type, which says how it is carried.
    pub ty: Type,
    /// The weight behind the type, `(2)` or `(0, odd)`.
    pub weight: Option<Weight>,
    /// Whether there is one for each block: `R each`.
    pub each: bool,
    /// Its value at the start of training; zero without one.
    pub initial: Option<Expr>,
}

impl State {
    /// Whether it is left open how it is carried.
    pub fn is_auto(&self) -> bool {
        self.ty.name.name == "auto"
    }
}

/// The weight of a state, `scalar(2)` or `entries(0, odd)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    /// The exponent.
    pub power: Expr,
    /// The word behind it.
    pub parity: Option<Ident>,
    /// From bracket to bracket.
    pub span: Span,
}

/// A `flow` or `step` block.
#[derive(Debug, Clone, PartialEq)]
pub struct Dynamics {
    /// `None` for a flow; the name of the small parameter for a step.
    pub step: Option<Ident>,
    /// The lines.
    pub body: Vec<Statement>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// A line of `flow` or `step`.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it says.
    pub kind: StatementKind,
    /// The whole line.
    pub span: Span,
}

/// The kinds of lines in `flow` and `step`.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// `let x = e`.
    Let(Let),
    /// `d/dt x = e`.
    Derivative(Place, Expr),
    /// `D/dt x = e`: the covariant derivative.
    Covariant(Place, Expr),
    /// `x' = e`.
    Update(Place, Expr),
    /// `each W in params { … }`, `each W : R[m, n] in params - G { … }`.
    Each {
        /// The block variable.
        var: Ident,
        /// The shape that a block must have to be meant.
        shape: Option<Type>,
        /// The word after `in`: `params`, or a group of blocks.
        over: Ident,
        /// Groups or blocks that are left out.
        except: Vec<Ident>,
        /// The lines for each block.
        body: Vec<Statement>,
    },
}

/// What a line of the dynamics assigns: `m`, the block `m[W]` inside `each`, or the block `params[A]` of a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The state, `params`, or a block variable.
    pub name: Ident,
    /// The block in `m[W]`.
    pub block: Option<Ident>,
}

/// `system Name = P over …` or `system Name { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct System {
    /// Its name.
    pub name: Ident,
    /// Its generators.
    pub generators: Vec<Generator>,
}

/// `Narrow(w, d) over w in 1..4, d in 1..=3`.
#[derive(Debug, Clone, PartialEq)]
pub struct Generator {
    /// The projection.
    pub morphism: Instance,
    /// Its index ranges.
    pub over: Vec<Over>,
    /// The whole generator.
    pub span: Span,
}

/// An index range of a system.
#[derive(Debug, Clone, PartialEq)]
pub enum Over {
    /// `n in a..b`.
    Range(Binder),
    /// `n >= a`.
    From(Ident, Expr),
}

/// `cone Name : Apex -> System = Leg over …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cone {
    /// Its name.
    pub name: Ident,
    /// What stands before the arrow: the apex, or the system.
    pub from: Instance,
    /// What stands behind it.
    pub to: Instance,
    /// The family of legs.
    pub leg: Generator,
}
