//! What a proof by types uses of the architecture: the hypotheses of its statement.
//!
//! A class is asked for architectures whose metric and whose Hessian of the loss are non-singular. A proof says which of
//! the two it used, so that its statement can be read as a theorem: "for every architecture with a non-singular metric".
//! Nothing else may be used: a covariant Hessian, say, may be singular where metric and Hessian are not.

use std::collections::BTreeSet;

use crate::core::class::Class;

/// A property of an architecture that a proof used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hypothesis {
    /// The metric is non-singular at generic points.
    MetricNonSingular,
    /// The metric is positive definite at generic points, so that its diagonal blocks are non-singular.
    MetricPositive,
    /// The Hessian of the loss is non-singular at generic points.
    HessianNonSingular,
    /// `inv` or `solve` of the metric has a value.
    MetricInverted,
    /// `inv` or `solve` of the Hessian of the loss has a value.
    HessianInverted,
    /// `inv` or `solve` of the covariant Hessian of the loss has a value.
    CovariantHessianInverted,
}

impl Hypothesis {
    /// Whether the proof itself is lost without it. Without the others a side has no value, and both sides agree where
    /// they have one.
    pub fn is_used_by_the_proof(self) -> bool {
        matches!(self, Hypothesis::MetricNonSingular | Hypothesis::MetricPositive | Hypothesis::HessianNonSingular)
    }

    /// Whether it speaks of the metric.
    pub fn is_about_the_metric(self) -> bool {
        matches!(self, Hypothesis::MetricNonSingular | Hypothesis::MetricPositive | Hypothesis::MetricInverted)
    }

    /// As it is named in a report: "metric non-singular".
    pub fn text(self) -> &'static str {
        match self {
            Hypothesis::MetricNonSingular | Hypothesis::MetricInverted => "metric non-singular",
            Hypothesis::MetricPositive => "metric positive definite",
            Hypothesis::HessianNonSingular | Hypothesis::HessianInverted => "hess(loss) non-singular",
            Hypothesis::CovariantHessianInverted => "covhess(loss) non-singular",
        }
    }

    /// As it follows "an architecture with".
    fn noun(self) -> &'static str {
        match self {
            Hypothesis::MetricNonSingular | Hypothesis::MetricInverted => "a non-singular metric",
            Hypothesis::MetricPositive => "a positive definite metric",
            Hypothesis::HessianNonSingular | Hypothesis::HessianInverted => "a non-singular hess(loss)",
            Hypothesis::CovariantHessianInverted => "a non-singular covhess(loss)",
        }
    }
}

/// Whether a pseudo-inverse has a law along the maps of a class only where it is an inverse. `(Q M P)⁺ = Pᵀ M⁺ Qᵀ` holds
/// for orthogonal `Q` and `P` and for numbers.
pub fn needs_inverses(class: Class) -> bool {
    !class.facts().conformal
}

/// The hypotheses of a statement, each once and none that another contains.
pub fn simplified(all: &BTreeSet<Hypothesis>) -> Vec<Hypothesis> {
    use Hypothesis::{HessianInverted, HessianNonSingular, MetricInverted, MetricNonSingular, MetricPositive};
    let implied = |h: Hypothesis| match h {
        MetricNonSingular => all.contains(&MetricPositive),
        MetricInverted => all.contains(&MetricPositive) || all.contains(&MetricNonSingular),
        HessianInverted => all.contains(&HessianNonSingular),
        _ => false,
    };
    all.iter().copied().filter(|&h| !implied(h)).collect()
}

/// "every architecture", with the hypotheses.
pub fn every_architecture(hypotheses: &[Hypothesis]) -> String {
    let nouns: Vec<&str> = hypotheses.iter().map(|h| h.noun()).collect();
    match &nouns[..] {
        [] => "every architecture".to_owned(),
        [only] => format!("every architecture with {only}"),
        [rest @ .., last] => format!("every architecture with {} and {last}", rest.join(", ")),
    }
}
