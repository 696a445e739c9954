//! What is asked, and what is expected of it.

use super::{Equation, Expr, Ident, Instance, Path};
use crate::source::Span;

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
    /// `trace …`, which is an item of its own and expects nothing.
    Trace(Box<Trace>),
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
    /// What the learning rate is called in the order, `lr` of `in limit (lr^2)`.
    pub rate: Option<Ident>,
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

/// `trace O, … along P { … }`: runs in floating point from one point and from its image.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The optimizers, at least one.
    pub optimizers: Vec<Instance>,
    /// The path.
    pub along: Path,
    /// `lr = …`, `steps = …` and the like, in order.
    pub settings: Vec<(Ident, Expr)>,
    /// `start { … }`: its place, and the blocks of the source with their values.
    pub start: Option<(Span, Vec<Equation>)>,
    /// `repeat lr / 2, …`: further learning rates.
    pub repeat: Vec<Expr>,
    /// `until loss < …`.
    pub until: Option<Expr>,
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
