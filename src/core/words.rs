//! The words and functions that have a meaning only inside an optimizer.

listed! {
    /// A word of an optimizer's body.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Word {
        /// The point, a vector of all parameters.
        Params,
        /// The loss at the point.
        Loss,
        /// The realisation at the point, as a vector.
        Output,
        /// The pulled-back metric at the point, `dim × dim`.
        Metric,
        /// The number of parameters.
        Dim,
    }
}

impl Word {
    /// How it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Word::Params => "params",
            Word::Loss => "loss",
            Word::Output => "output",
            Word::Metric => "metric",
            Word::Dim => "dim",
        }
    }

    /// The word that is written so.
    pub fn of(name: &str) -> Option<Word> {
        Word::ALL.into_iter().find(|w| w.name() == name)
    }
}

listed! {
    /// A function of the differential calculus over an architecture.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Calculus {
        /// `d(e)`: the differential of a scalar.
        Differential,
        /// `grad(e)`: the differential read as a vector.
        Gradient,
        /// `raise(g, c) = g⁺ c`
        Raise,
        /// `lower(g, v) = g v`
        Lower,
        /// `natgrad(e) = raise(metric, d(e))`
        NaturalGradient,
        /// `hess(e)`: the second partial derivatives of a scalar.
        Hessian,
        /// `covhess(e)`: its second covariant derivative for the Levi-Civita connection of `metric`.
        CovariantHessian,
        /// `christoffel(g, u, v)`: the connection of `g` along `u` and `v`.
        Christoffel,
        /// `blockdiag(g)`: what is outside of the diagonal blocks set to zero.
        BlockDiagonal,
        /// `at(q, e)`: the expression at another point.
        At,
    }
}

impl Calculus {
    /// How it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Calculus::Differential => "d",
            Calculus::Gradient => "grad",
            Calculus::Raise => "raise",
            Calculus::Lower => "lower",
            Calculus::NaturalGradient => "natgrad",
            Calculus::Hessian => "hess",
            Calculus::CovariantHessian => "covhess",
            Calculus::Christoffel => "christoffel",
            Calculus::BlockDiagonal => "blockdiag",
            Calculus::At => "at",
        }
    }

    /// The function that is written so.
    pub fn of(name: &str) -> Option<Calculus> {
        Calculus::ALL.into_iter().find(|f| f.name() == name)
    }

    /// How many arguments it takes, apart from the block that `d` and `grad` may be given.
    pub fn arity(self) -> usize {
        match self {
            Calculus::Raise | Calculus::Lower | Calculus::At => 2,
            Calculus::Christoffel => 3,
            Calculus::Differential
            | Calculus::Gradient
            | Calculus::NaturalGradient
            | Calculus::Hessian
            | Calculus::CovariantHessian
            | Calculus::BlockDiagonal => 1,
        }
    }

    /// Its arguments in words.
    pub fn takes(self) -> &'static str {
        match self {
            Calculus::Differential | Calculus::Gradient => {
                "one argument, or an expression and a block variable of `each`"
            }
            Calculus::Raise => "two arguments, a metric and a covector as in `raise(metric, d(loss))`",
            Calculus::Lower => "two arguments, a metric and a vector as in `lower(metric, v)`",
            Calculus::At => "a point and an expression",
            Calculus::Christoffel => "a metric and two vectors",
            Calculus::NaturalGradient | Calculus::Hessian | Calculus::CovariantHessian | Calculus::BlockDiagonal => {
                "one argument"
            }
        }
    }

    /// Whether it may be given a block: `d(loss, W)`.
    pub fn by_block(self) -> bool {
        matches!(self, Calculus::Differential | Calculus::Gradient)
    }
}
