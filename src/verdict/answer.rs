//! What can be said of a diagram, each with what it rests on.

use indexmap::IndexMap;

use super::{Blame, Evidence, Verdict, Witness};
use crate::core::class::Class;
use crate::domain::Rational;

/// How a diagram stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The question makes no sense.
    Invalid {
        /// The point that refutes a claim on which the question rests, where it is one.
        witness: Option<Box<Witness>>,
    },
    /// The sides differ, by more than a rate, and not only at second order.
    Fails(Box<Failure>),
    /// Neither a proof nor a counterexample.
    Undecided {
        /// What would be said if what was looked at were all: of the members of a system without end that were looked at,
        /// or by numbers that are not believed.
        seen: Option<Box<Equality>>,
    },
    /// The sides are equal, in some sense.
    Holds(Box<Equality>),
}

impl Answer {
    /// Neither a proof nor a counterexample, and nothing that was seen to hold.
    pub const OPEN: Answer = Answer::Undecided { seen: None };

    /// Its word.
    pub fn verdict(&self) -> Verdict {
        match self {
            Answer::Invalid { .. } => Verdict::Invalid,
            Answer::Fails(_) => Verdict::Fails,
            Answer::Undecided { .. } => Verdict::Undecided,
            Answer::Holds(equality) => equality.extent.verdict(),
        }
    }

    /// Why it is believed.
    pub fn evidence(&self) -> Evidence {
        match self {
            Answer::Invalid { .. } => Evidence::Claim,
            Answer::Fails(_) => Evidence::Counterexample,
            Answer::Undecided { .. } => Evidence::None,
            Answer::Holds(equality) => equality.ground.evidence(),
        }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        Answer::Fails(Box::new(failure))
    }
}

impl From<Equality> for Answer {
    fn from(equality: Equality) -> Self {
        Answer::Holds(Box::new(equality))
    }
}

/// A point at which the sides differ, and what is known of the difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The point.
    pub witness: Witness,
    /// For a step the order in `lr` of the difference, for a flow the first order in time at which the courses differ.
    pub order: Option<usize>,
    /// For a step whose sides differ by an order in the learning rate: see [`Limit::shrinking`].
    pub shrinking: Vec<(f64, f64)>,
    /// Where naturality is lost, each place confirmed by ablation.
    pub blame: Vec<Blame>,
    /// Causes that lie not in the text of the optimizer, such as a singular metric.
    pub causes: Vec<String>,
    /// The largest classes along which types prove that the optimizer is natural.
    pub natural_along: Vec<Class>,
}

impl Failure {
    /// The difference at a point, and nothing else.
    pub fn at(witness: Witness) -> Self {
        Failure {
            witness,
            order: None,
            shrinking: Vec::new(),
            blame: Vec::new(),
            causes: Vec::new(),
            natural_along: Vec::new(),
        }
    }
}

/// What an equality rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// See [`Evidence::Structure`].
    Structure,
    /// See [`Evidence::Algebra`].
    Algebra,
    /// See [`Evidence::Generic`].
    Generic {
        /// What the instances were, "dimensions 1 to 3, derivatives to order 4".
        bounds: String,
    },
    /// See [`Evidence::Numeric`].
    Numeric,
    /// See [`Evidence::Pasting`].
    Pasting,
}

impl Ground {
    /// Its word.
    pub fn evidence(&self) -> Evidence {
        match self {
            Ground::Structure => Evidence::Structure,
            Ground::Algebra => Evidence::Algebra,
            Ground::Generic { .. } => Evidence::Generic,
            Ground::Numeric => Evidence::Numeric,
            Ground::Pasting => Evidence::Pasting,
        }
    }
}

/// How far two sides are equal, and why that is believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Equality {
    /// How far.
    pub extent: Extent,
    /// Why.
    pub ground: Ground,
    /// What the statement says of architectures, as in "for every architecture with a non-singular metric": properties that
    /// a proof by types used, and that the question grants.
    pub hypotheses: Vec<String>,
    /// For a statement about all steps of training: the equations between the states of both runs that prove it, in words.
    pub invariant: Vec<String>,
    /// For a transfer: the factors of hyperparameters; all of them are one where it commutes.
    pub factors: Factors,
}

impl Equality {
    /// An equality without particulars.
    pub fn new(extent: Extent, ground: Ground) -> Self {
        Equality { extent, ground, hypotheses: Vec::new(), invariant: Vec::new(), factors: Factors::default() }
    }

    /// The rate, if there is one.
    pub fn rate(&self) -> Option<&Rate> {
        match &self.extent {
            Extent::InLimit(limit) => limit.rate.as_ref(),
            Extent::UpToRate(rate) => Some(rate),
            Extent::UpToRates | Extent::Commutes => None,
        }
    }

    /// The order in `lr` of the defect that is left, if it is known.
    pub fn order(&self) -> Option<usize> {
        match &self.extent {
            Extent::InLimit(limit) => limit.order,
            Extent::UpToRates | Extent::UpToRate(_) | Extent::Commutes => None,
        }
    }
}

/// How far two sides are equal.
#[derive(Debug, Clone, PartialEq)]
pub enum Extent {
    /// A step whose defect is `O(lr²)` but not zero.
    InLimit(Limit),
    /// Training is equal once hyperparameters are multiplied by a constant in each block of the target: [`Equality::factors`].
    UpToRates,
    /// Equal once the target's learning rate is multiplied by a constant.
    UpToRate(Rate),
    /// Equal.
    Commutes,
}

impl Extent {
    /// Its word.
    pub fn verdict(&self) -> Verdict {
        match self {
            Extent::InLimit(_) => Verdict::InLimit,
            Extent::UpToRates => Verdict::UpToRates,
            Extent::UpToRate(_) => Verdict::UpToRate,
            Extent::Commutes => Verdict::Commutes,
        }
    }
}

/// What the target's learning rate is multiplied by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rate {
    /// As a formula in the morphism's and the optimizer's parameters; `None` if no short one was found.
    pub text: Option<String>,
    /// Its value, if it is a number that is known exactly.
    pub exact: Option<Rational>,
}

impl Rate {
    /// A rate of which the formula is known, or not even that.
    pub fn written(text: Option<String>) -> Self {
        Rate { text, exact: None }
    }
}

/// How a step is equal in the limit of small learning rates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limit {
    /// The order in `lr` at which the defect vanishes, if it is known.
    pub order: Option<usize>,
    /// The largest difference of the entries at a random point, for learning rates that grow smaller: pairs of both.
    pub shrinking: Vec<(f64, f64)>,
    /// The rate at which it does, where the target's learning rate has to be multiplied.
    pub rate: Option<Rate>,
    /// A point that shows that the defect is not zero.
    pub witness: Option<Witness>,
}

/// Factors of hyperparameters for a transfer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Factors {
    /// For each block of the target those that are not one, as formulas: block, hyperparameter, factor.
    pub of_blocks: IndexMap<String, IndexMap<String, String>>,
    /// The squares of those that are roots of fractions: block, hyperparameter, square.
    pub squares: Vec<(String, String, Rational)>,
}
