//! Systems over an index without end: what the members that were looked at tell of all.

use super::Context;
use crate::verdict::{Evidence, Finding, Verdict};

/// Turns what holds for the members looked at into an answer for all: a failing member refutes it, and what holds for all
/// members up to a bound is `undecided` with that bound, unless it is proved for every value of the index.
pub(super) fn conclude(c: &Context<'_>, finding: Finding) -> Finding {
    let all = &c.system.family.unbounded;
    if all.is_empty() || finding.verdict <= Verdict::Undecided {
        return finding;
    }
    let bounds: Vec<String> = all
        .iter()
        .map(|u| format!("{} <= {}", u.index.name, u.to))
        .collect::<indexmap::IndexSet<_>>()
        .into_iter()
        .collect();
    let held = match (finding.verdict, &finding.rate) {
        (Verdict::UpToRate, Some(rate)) => format!("`up to rate {rate}`"),
        (v, _) => format!("`{}`", v.text()),
    };
    let message =
        format!("{held} holds for {}, and is not proved for larger members: {}", bounds.join(" and "), finding.message);
    let mut open = Finding::new(Verdict::Undecided, Evidence::None, message);
    open.residual = finding.residual;
    open.rate = finding.rate;
    open.order = finding.order;
    open.assumptions = finding.assumptions;
    open.tried = finding.tried;
    open.tried.push(format!("the members with {}, one by one", bounds.join(" and ")));
    open
}
