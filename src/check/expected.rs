//! What a check expects, and how a finding differs from it.

use crate::syntax::tree::ExpectedVerdict;
use crate::verdict::{Finding, Verdict};

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
