//! The syntax tree: what was written, with the place of every part, before any name has a meaning.
//!
//! Words that are not reserved (`d`, `metric`, `loss`, `tangent`, class names …) are plain [`Ident`]s here; the model
//! decides what they mean where they stand.

use dashu_ratio::RBig;

use crate::source::Span;

/// A whole file, in the order in which it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// The declarations and checks.
    pub items: Vec<Item>,
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
    /// `cone Name : Apex -> System = Leg over …`.
    Cone(Cone),
    /// `check …`.
    Check(Check),
    /// `classify …`.
    Classify(Classify),
    /// `transfer …` without `check`.
    Transfer(Transfer),
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
    /// The apex.
    pub apex: Instance,
    /// The system below.
    pub system: Ident,
    /// The family of legs.
    pub leg: Generator,
}

/// `check …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The question.
    pub question: Question,
    /// `expect …`; `None` means `commutes`.
    pub expect: Option<Expectation>,
    /// From `check` to the end of the expectation.
    pub span: Span,
}

/// What a check asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// `check natural O along P [on A]`.
    Natural {
        /// The optimizer.
        optimizer: Instance,
        /// A path; a system, cone or class is a path of one part without arguments.
        along: Path,
        /// `on A`.
        on: Option<Instance>,
    },
    /// `check commutes p == q`.
    Commutes {
        /// The left path.
        left: Path,
        /// The right path.
        right: Path,
    },
    /// `check preserves loss P`, `check preserves output P`.
    Preserves {
        /// The word `loss` or `output`.
        what: Ident,
        /// The path.
        path: Path,
    },
    /// `check training O along P`: from fresh states.
    Training {
        /// The optimizer.
        optimizer: Instance,
        /// A path; a system or cone is a path of one part without arguments.
        along: Path,
    },
    /// `check transfer O along P`: from fresh states, with a factor for each hyperparameter in each block.
    Transfer {
        /// The optimizer.
        optimizer: Instance,
        /// A path; a system or cone is a path of one part without arguments.
        along: Path,
    },
    /// `check same O1 == O2 [on A] [via { … }]`.
    Same {
        /// The left optimizer.
        left: Instance,
        /// The right optimizer.
        right: Instance,
        /// `on A`.
        on: Option<Instance>,
        /// The map from the states of the left optimizer to those of the right one.
        via: Option<Via>,
    },
    /// `check same training O1 == O2 on A`: equal parameters from fresh states.
    SameTraining {
        /// The left optimizer.
        left: Instance,
        /// The right optimizer.
        right: Instance,
        /// `on A`.
        on: Option<Instance>,
    },
    /// `check system S`.
    System {
        /// The system or cone.
        system: Ident,
    },
}

/// `via { v = -lr * b  params = params }`: left of `=` states of the right optimizer, right of it expressions in those of
/// the left one.
#[derive(Debug, Clone, PartialEq)]
pub struct Via {
    /// `let`s and equations, in order.
    pub body: Vec<Equation>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// `expect …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The verdict word(s).
    pub verdict: ExpectedVerdict,
    /// From `expect` to its end.
    pub span: Span,
}

/// A verdict as it can be expected.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectedVerdict {
    /// `commutes`
    Commutes,
    /// `up to rate`, perhaps with a formula.
    UpToRate(Option<Expr>),
    /// `up to rates`, perhaps with some of them.
    UpToRates(Vec<BlockRate>),
    /// `in limit`, perhaps with the order of the defect: `in limit (lr^2)`.
    InLimit(Option<usize>),
    /// `fails`
    Fails,
    /// `undecided`
    Undecided,
    /// `invalid`
    Invalid,
}

/// `lr(W) = 2`: the factor of a hyperparameter in a block of the target.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockRate {
    /// The hyperparameter.
    pub hyperparameter: Ident,
    /// The block.
    pub block: Ident,
    /// Its factor.
    pub value: Expr,
}

/// `transfer [O] along P`: a table of rates, which expects nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// The optimizer; `None` means every one of the file, or of what it uses.
    pub optimizer: Option<Instance>,
    /// A path; a system or cone is a path of one part without arguments.
    pub along: Path,
    /// The whole item.
    pub span: Span,
}

/// `classify [O] [on A]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Classify {
    /// The optimizer; `None` means every one of the file.
    pub optimizer: Option<Instance>,
    /// `on A`.
    pub on: Option<Instance>,
    /// The whole item.
    pub span: Span,
}

/// An expression and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expressions. Parentheses leave no trace but widen the span.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number, as an exact rational.
    Number(RBig),
    /// `x`.
    Name(String),
    /// `x'`: the new value of `x` (the string is `x`).
    Primed(String),
    /// `-e`.
    Neg(Box<Expr>),
    /// `a + b` and its kin.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a ^ b`.
    Power(Box<Expr>, Box<Expr>),
    /// `e^T`.
    Transpose(Box<Expr>),
    /// `e^-1`.
    Inverse(Box<Expr>),
    /// `f(args)`; what is called is always a name.
    Call(Ident, Vec<Expr>),
    /// `if a < b then x else y`.
    If(Box<Conditional>),
    /// `sum(i in 0..n: e)`, `prod(…)`, `max(…)` and `min(…)`.
    Reduce(Reduction, Vec<Binder>, Box<Expr>),
    /// `e[…]`.
    Index(Box<Expr>, Vec<Subscript>),
    /// `[a, b, …]`; a matrix is a list of lists.
    List(Vec<Expr>),
    /// `[i in 0..n: e]`.
    Comprehension(Vec<Binder>, Box<Expr>),
}

/// `if left < right then … else …`, with any comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditional {
    /// The sign between the sides of the condition.
    pub comparison: Comparison,
    /// The left side of the condition.
    pub left: Expr,
    /// The right side of the condition.
    pub right: Expr,
    /// The value where the condition holds.
    pub then: Expr,
    /// The value elsewhere.
    pub otherwise: Expr,
}

impl Conditional {
    /// The expressions in the order in which they are written.
    pub fn parts(&self) -> [&Expr; 4] {
        [&self.left, &self.right, &self.then, &self.otherwise]
    }

    /// As [`Conditional::parts`], to be changed.
    pub fn parts_mut(&mut self) -> [&mut Expr; 4] {
        [&mut self.left, &mut self.right, &mut self.then, &mut self.otherwise]
    }
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `.*`
    EntryMul,
    /// `./`
    EntryDiv,
}

/// An indexed reduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// `sum`
    Sum,
    /// `prod`
    Prod,
    /// `max`
    Max,
    /// `min`
    Min,
}

/// `i in lo..hi` or `i in lo..=hi`.
#[derive(Debug, Clone, PartialEq)]
pub struct Binder {
    /// The index variable.
    pub name: Ident,
    /// First value.
    pub lo: Expr,
    /// Bound.
    pub hi: Expr,
    /// Whether the bound is included (`..=`).
    pub inclusive: bool,
    /// The whole binder.
    pub span: Span,
}

/// One subscript in `e[…]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Subscript {
    /// An index, or the block variable in `m[W]`.
    At(Expr),
    /// `a..b`, `a..`, `..b`, `a..=b`.
    Slice {
        /// Lower end, 0 if absent.
        lo: Option<Expr>,
        /// Upper end, the size if absent.
        hi: Option<Expr>,
        /// Whether the upper end is included.
        inclusive: bool,
    },
    /// `:`.
    All,
}
