//! The claims that `nat` makes, and what each of them rests on.
//!
//! A [`Finding`] is the answer to one check. Its [`Verdict`] is a statement about *generic* points: both sides of a
//! diagram are piecewise analytic, and the diagram commutes when they agree wherever both are defined, off poles, kinks
//! and the points where a rank drops below what it is nearby. Its [`Evidence`] says why the statement is believed:
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
//! A `fails` is never said without a [`Witness`], and a search that ends without a result is `undecided`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::core::class::Class;
use crate::domain::Rational;
use crate::source::Span;
use crate::structure::blame::Blame;
use crate::syntax::tree::ExpectedVerdict;

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
    /// architecture with the properties in [`Finding::hypotheses`].
    Structure,
    /// Exact computation.
    Algebra,
    /// A replayed point at which the sides differ.
    Counterexample,
    /// Exact computation on generic instances, within [`Finding::bounds`]; believed for the rest.
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

/// The answer to one check.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The verdict.
    pub verdict: Verdict,
    /// Its evidence.
    pub evidence: Evidence,
    /// For a step, the order in `lr` at which the defect vanishes.
    pub order: Option<usize>,
    /// The rate as a formula in the morphism's and the optimizer's parameters.
    pub rate: Option<String>,
    /// The rate, if it is a number.
    pub rate_exact: Option<Rational>,
    /// The rate that the check expected, where it is another function than [`Finding::rate`].
    pub rate_differs: Option<String>,
    /// For a transfer: for each block of the target the factors of hyperparameters that are not one, as formulas.
    pub rates: IndexMap<String, IndexMap<String, String>>,
    /// The squares of those factors that are roots of fractions: block, hyperparameter, square.
    pub rate_squares: Vec<(String, String, Rational)>,
    /// For a statement about all steps of training: the equations between the states of both runs that prove it, in words.
    pub invariant: Vec<String>,
    /// The numbers beside the evidence.
    pub residual: Option<Residual>,
    /// For `fails`, and for `invalid` where a claim is refuted by a point.
    pub witness: Option<Witness>,
    /// For a square that is weaker than expected: a change of the optimizer that was seen to mend it.
    pub repair: Option<Repair>,
    /// Where naturality is lost, each place confirmed by ablation; see [`crate::structure::blame`].
    pub blame: Vec<Blame>,
    /// For a `fails`: the largest classes along which types prove that the optimizer is natural.
    pub natural_along: Vec<Class>,
    /// For a `fails` along a class: a file that shows the failure when it is checked.
    pub example: Option<String>,
    /// One sentence for the user.
    pub message: String,
    /// What the statement says of architectures, as in "for every architecture with a non-singular metric": properties that
    /// a proof by types used, and that the question grants.
    pub hypotheses: Vec<String>,
    /// For [`Evidence::Generic`]: what the instances were, "dimensions 1 to 3, derivatives to order 4".
    pub bounds: Option<String>,
    /// For a `fails`: causes that lie not in the text of the optimizer, such as a singular metric.
    pub causes: Vec<String>,
    /// Side conditions that were assumed and not proved.
    pub assumptions: Vec<String>,
    /// Those of the assumptions that are claims which were only seen to hold at sampled points.
    pub sampled_claims: Vec<String>,
    /// For `undecided` and numeric verdicts: what was tried.
    pub tried: Vec<String>,
}

impl Finding {
    /// What is missing from a finding, or contradicts itself: a `fails` without a witness, a proof with one, an answer that
    /// rests on nothing. `None` for a finding that can be published.
    pub fn malformed(&self) -> Option<&'static str> {
        let nothing = self.evidence == Evidence::None;
        match self.verdict {
            _ if self.message.is_empty() => Some("it says nothing"),
            Verdict::Fails if self.witness.is_none() => Some("a `fails` without a witness"),
            Verdict::Fails if self.evidence != Evidence::Counterexample => Some("a `fails` without a counterexample"),
            Verdict::Commutes | Verdict::UpToRate if self.witness.is_some() => Some("a witness beside an equality"),
            Verdict::Commutes | Verdict::UpToRate | Verdict::InLimit if nothing => Some("an answer without evidence"),
            Verdict::Commutes | Verdict::UpToRate | Verdict::InLimit
                if matches!(self.evidence, Evidence::Counterexample | Evidence::Claim) =>
            {
                Some("evidence of a failure beside an equality")
            }
            Verdict::Undecided if !nothing => Some("an `undecided` with evidence"),
            Verdict::Undecided if self.witness.is_some() => Some("a witness beside an `undecided`"),
            Verdict::Invalid if self.evidence != Evidence::Claim => {
                Some("an `invalid` without the claim that is broken")
            }
            _ if (self.evidence == Evidence::Generic) != self.bounds.is_some() => {
                Some("generic instances without their bounds, or bounds without them")
            }
            _ => None,
        }
    }

    /// The finding itself if it is well formed; otherwise nothing is claimed, and the internal error is said.
    #[must_use]
    pub fn checked(self) -> Self {
        match self.malformed() {
            None => self,
            Some(why) => {
                let message = format!("internal error: {why} (`{}`, {})", self.verdict.text(), self.evidence.text());
                Finding::new(Verdict::Undecided, Evidence::None, message)
            }
        }
    }

    /// A finding without particulars.
    pub fn new(verdict: Verdict, evidence: Evidence, message: impl Into<String>) -> Self {
        Finding {
            verdict,
            evidence,
            order: None,
            rate: None,
            rate_exact: None,
            rate_differs: None,
            rates: IndexMap::new(),
            rate_squares: Vec::new(),
            invariant: Vec::new(),
            residual: None,
            witness: None,
            repair: None,
            blame: Vec::new(),
            natural_along: Vec::new(),
            example: None,
            message: message.into(),
            hypotheses: Vec::new(),
            bounds: None,
            causes: Vec::new(),
            assumptions: Vec::new(),
            sampled_claims: Vec::new(),
            tried: Vec::new(),
        }
    }
}

/// The order of the defect that a check expects, if it is another than the one found.
pub fn order_differs(expected: Option<&ExpectedVerdict>, finding: &Finding) -> Option<usize> {
    match expected {
        Some(ExpectedVerdict::InLimit(Some(order))) if finding.order != Some(*order) => Some(*order),
        _ => None,
    }
}

/// The verdict that a check without `expect`, or with it, asks for.
pub fn expected_verdict(expected: Option<&ExpectedVerdict>) -> Verdict {
    match expected {
        None | Some(ExpectedVerdict::Commutes) => Verdict::Commutes,
        Some(ExpectedVerdict::UpToRate(_)) => Verdict::UpToRate,
        Some(ExpectedVerdict::UpToRates(_)) => Verdict::UpToRates,
        Some(ExpectedVerdict::InLimit(_)) => Verdict::InLimit,
        Some(ExpectedVerdict::Fails) => Verdict::Fails,
        Some(ExpectedVerdict::Undecided) => Verdict::Undecided,
        Some(ExpectedVerdict::Invalid) => Verdict::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_findings_claim_nothing() {
        let fails = Finding::new(Verdict::Fails, Evidence::Counterexample, "the sides differ");
        assert!(fails.malformed().is_some());
        assert_eq!(fails.checked().verdict, Verdict::Undecided);
        let proof = Finding::new(Verdict::Commutes, Evidence::Structure, "proved");
        assert_eq!(proof.clone().checked(), proof);
        let generic = Finding::new(Verdict::Commutes, Evidence::Generic, "proved on some");
        assert!(generic.malformed().is_some());
        assert_eq!(Finding { bounds: Some("dimension 2".into()), ..generic }.malformed(), None);
        assert!(Finding::new(Verdict::Commutes, Evidence::None, "why").malformed().is_some());
        assert!(Finding::new(Verdict::Undecided, Evidence::None, "not known").malformed().is_none());
    }
}
