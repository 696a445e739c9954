//! What the answers of a run rest on, in one line.

use super::json::CheckEntry;
use crate::verdict::{Evidence, Verdict};

/// What the answers of a run rest on.
#[derive(Debug, Default)]
pub struct Standing {
    proved: usize,
    assumed: usize,
    generic: usize,
    numeric: usize,
    undecided: usize,
}

impl Standing {
    /// Counts the answers; tables have no verdict of their own.
    pub fn of<'a>(entries: impl Iterator<Item = &'a CheckEntry>) -> Self {
        let mut standing = Standing::default();
        for entry in entries.filter(|e| e.verdict.is_some()) {
            let (verdict, evidence) = (entry.verdict.as_deref(), entry.evidence.as_deref());
            *match evidence {
                _ if verdict == Some(Verdict::Undecided.text()) => &mut standing.undecided,
                Some(e) if e == Evidence::Numeric.text() => &mut standing.numeric,
                Some(e) if e == Evidence::Generic.text() => &mut standing.generic,
                _ if !(entry.assumptions.is_empty() && entry.sampled_claims.is_empty()) => &mut standing.assumed,
                _ => &mut standing.proved,
            } += 1;
        }
        standing
    }

    /// `7 proved, 2 under assumptions, 1 numeric`; a refutation is a proof.
    pub fn text(&self) -> Option<String> {
        let kinds = [
            (self.proved, "proved"),
            (self.assumed, "under assumptions"),
            (self.generic, "on generic instances"),
            (self.numeric, "numeric"),
            (self.undecided, "undecided"),
        ];
        let parts: Vec<String> = kinds.iter().filter(|k| k.0 > 0).map(|(n, what)| format!("{n} {what}")).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
