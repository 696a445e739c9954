//! What a check expects, and how a finding differs from it.

use super::Task;
use crate::core::error::ModelError;
use crate::core::names::{Declared, Model};
use crate::syntax::tree::{Check, ExpectedVerdict, Instance, Question};
use crate::verdict::{Finding, Verdict};

/// In what a finding is not what its check expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unexpected<'a> {
    /// Another rate, or factor: the expected one.
    Rate(&'a str),
    /// Another order of the defect: the expected one.
    Order(usize),
    /// The verdict is the expected one, and more evidence is asked for.
    Evidence,
    /// The verdict.
    Verdict,
}

impl<'a> Unexpected<'a> {
    /// The difference that is told of a finding that is not as expected.
    pub fn of(task: &Task, finding: &'a Finding) -> Self {
        match (&finding.rate_differs, order_differs(task.expected.as_ref(), finding)) {
            (Some(rate), _) => Unexpected::Rate(rate),
            (None, Some(order)) if finding.verdict() == task.expects() => Unexpected::Order(order),
            (None, _) if finding.verdict() == task.expects() => Unexpected::Evidence,
            (None, _) => Unexpected::Verdict,
        }
    }
}

/// The order of the defect that a check expects, if it is another than the one found.
pub fn order_differs(expected: Option<&ExpectedVerdict>, finding: &Finding) -> Option<usize> {
    match expected {
        Some(ExpectedVerdict::InLimit(Some(order))) if finding.order() != Some(*order) => Some(*order),
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

/// The error of an expected order in something else than the learning rate: `in limit (eps^2)`. It is called `lr`, as
/// reports print it, or as a step of the question names it.
pub fn misnamed_rate(model: &Model, check: &Check) -> Option<ModelError> {
    let rate = check.expect.as_ref()?.rate.as_ref()?;
    let optimizers: Vec<&Instance> = match &check.question {
        Question::Natural { optimizer, .. }
        | Question::Training { optimizer, .. }
        | Question::Transfer { optimizer, .. } => {
            vec![optimizer]
        }
        Question::Same { left, right, .. } | Question::SameTraining { left, right, .. } => vec![left, right],
        Question::Commutes { .. } | Question::Preserves { .. } | Question::System { .. } | Question::Trace(_) => {
            Vec::new()
        }
    };
    let named = |o: &&Instance| {
        let Some(Declared::Optimizer(id)) = model.resolve(&o.name.name, o.name.span) else { return false };
        model[id].dynamics.iter().any(|d| d.step.as_ref().is_some_and(|s| s.name == rate.name))
    };
    if rate.name == "lr" || optimizers.iter().any(named) {
        return None;
    }
    let help = Some("the order of a defect is a power of the learning rate: `expect in limit (lr^2)`".to_owned());
    Some(ModelError::UnknownName { what: "learning rate", name: rate.name.clone(), help, span: rate.span })
}
