//! The claims that `nat` makes, and what each of them rests on.
//!
//! A [`Finding`] is what is said of one check: an [`Answer`], which carries its point, its [`Ground`] or nothing, and what
//! stands beside it. The answer is a statement about *generic* points: both sides of a diagram are piecewise analytic, and
//! the diagram commutes when they agree wherever both are defined, off poles, kinks and the points where a rank drops below
//! what it is nearby. In a word it is a [`Verdict`], and why it is believed is in a word its [`Evidence`]:
//!
//! | evidence | what it is worth |
//! | --- | --- |
//! | [`Evidence::Structure`] | a proof from the form alone: along a class from transformation types, of two bodies from equal normal forms; for every architecture with the stated hypotheses |
//! | [`Evidence::Algebra`] | a proof by exact computation; a randomised test states its error bound, at most 2⁻¹⁰⁰ |
//! | [`Evidence::Counterexample`] | a point, exact or in verified intervals, at which the sides differ; replayed |
//! | [`Evidence::Generic`] | a proof on generic instances whose bounds are stated (dimensions, orders of derivatives); believed for the rest, and no proof |
//! | [`Evidence::Numeric`] | equality at sampled points within rounding; not a proof |
//! | [`Evidence::Pasting`] | follows from other squares |
//! | [`Evidence::Claim`] | for `invalid`: the question makes no sense, and this is why |
//!
//! There is no `fails` without a [`Witness`] and no equality without a ground; a search that ends without a result is
//! `undecided`, and rests on nothing. This module knows no question and no engine: it is what all of them speak in.

mod answer;
mod finding;

pub use answer::{Answer, Equality, Extent, Factors, Failure, Ground, Limit, Rate};
pub use finding::{Finding, NO_NUMBERS, STATED};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Span;

/// What is said of a diagram, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Verdict {
    /// The question makes no sense.
    #[serde(rename = "invalid")]
    Invalid,
    /// The sides differ, by more than a rate, and not only at second order.
    #[serde(rename = "fails")]
    Fails,
    /// Neither a proof nor a counterexample.
    #[serde(rename = "undecided")]
    Undecided,
    /// A step whose defect is `O(lr²)` but not zero.
    #[serde(rename = "in limit")]
    InLimit,
    /// Training is equal once hyperparameters are multiplied by a constant in each block of the target.
    #[serde(rename = "up to rates")]
    UpToRates,
    /// Equal once the target's learning rate is multiplied by a constant.
    #[serde(rename = "up to rate")]
    UpToRate,
    /// Equal.
    #[serde(rename = "commutes")]
    Commutes,
}

impl Verdict {
    /// The words of the language.
    pub fn text(self) -> &'static str {
        match self {
            Verdict::Invalid => "invalid",
            Verdict::Fails => "fails",
            Verdict::Undecided => "undecided",
            Verdict::InLimit => "in limit",
            Verdict::UpToRates => "up to rates",
            Verdict::UpToRate => "up to rate",
            Verdict::Commutes => "commutes",
        }
    }
}

/// Why a verdict is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The form alone: transformation types along a class, or equal normal forms of two bodies. It holds for every
    /// architecture with the properties in [`Equality::hypotheses`].
    Structure,
    /// Exact computation.
    Algebra,
    /// A replayed point at which the sides differ.
    Counterexample,
    /// Exact computation on generic instances, within the bounds of [`Ground::Generic`]; believed for the rest.
    Generic,
    /// Agreement at sampled points.
    Numeric,
    /// Other squares.
    Pasting,
    /// A broken claim, or a question without sense.
    Claim,
    /// Nothing: the verdict is `undecided`.
    None,
}

impl Evidence {
    /// Whether it proves what is said, for all that is spoken of.
    pub fn is_proof(self) -> bool {
        !matches!(self, Evidence::Generic | Evidence::Numeric)
    }

    /// One word.
    pub fn text(self) -> &'static str {
        match self {
            Evidence::Structure => "structure",
            Evidence::Algebra => "algebra",
            Evidence::Counterexample => "counterexample",
            Evidence::Generic => "generic",
            Evidence::Numeric => "numeric",
            Evidence::Pasting => "pasting",
            Evidence::Claim => "claim",
            Evidence::None => "none",
        }
    }
}

/// How the sides compare in floating point at sampled points, relative to their size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Residual {
    /// The largest relative difference.
    pub max: f64,
    /// The middle value, over the points, of the largest difference of two entries relative to the root mean square of the
    /// entries of the larger side. Unlike [`Residual::max`] it can be compared between spaces of different dimension: the
    /// root mean square settles as the number of entries grows, and a difference in a few entries does not vanish in it.
    pub defect: f64,
    /// What rounding alone may cause: the change of the sides when the inputs change in their last places.
    pub noise: f64,
    /// How many points.
    pub samples: usize,
}

impl Residual {
    /// At how many points, in words.
    pub fn points(&self) -> String {
        if self.samples == 1 { "1 point".to_owned() } else { format!("{} points", self.samples) }
    }

    /// The numbers of both together: the largest of each.
    #[must_use]
    pub fn with(self, other: Residual) -> Residual {
        Residual {
            max: self.max.max(other.max),
            noise: self.noise.max(other.noise),
            defect: self.defect.max(other.defect),
            samples: self.samples + other.samples,
        }
    }
}

/// A named value at a witness, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Given {
    /// The name in the file.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A point that proves that two sides differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Witness {
    /// The point: every quantified name that matters.
    pub point: Vec<Given>,
    /// Which component differs.
    pub component: String,
    /// Its number among the components of the equation.
    #[serde(skip)]
    pub component_index: usize,
    /// What the two values are: "the two sides", "their first derivatives in lr" …
    pub quantity: String,
    /// The value along the first path.
    pub left: String,
    /// The value along the second path.
    pub right: String,
    /// Why no rate mends it, where that is not plain.
    pub no_rate: Option<String>,
    /// Whether the values are exact; otherwise they are verified enclosures.
    pub exact: bool,
}

impl Witness {
    /// The quantity of an equation.
    pub const SIDES: &str = "the two sides";
    /// The quantity of a claim.
    pub const SIDES_OF_CLAIM: &str = "the two sides of the claim";
}

/// A subexpression at which naturality is lost: its operands change as they should under the maps in question, and if it
/// did, the square would commute (or would but for the other places that are blamed with it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blame {
    /// The subexpression.
    pub span: Span,
    /// Why it does not, in a sentence.
    pub why: String,
}

/// A repair that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The places to change: each with what stands there, empty for an addition, and what should.
    pub edits: Vec<Change>,
    /// The verdict after the change.
    pub verdict: Verdict,
    /// Why the old expression loses naturality.
    pub reasons: Vec<String>,
    /// Whether nothing but the types of states is changed.
    pub carrying: bool,
    /// The hyperparameters that become zero.
    pub zeros: Vec<String>,
}

/// A change at one place: what stands there, empty for an addition, and what should.
pub type Change = (Span, String, String);
