//! `auto` states: a question is asked with each variance, and the strongest answer is told.

use crate::core::variance::Variance;
use crate::verdict::{Finding, Verdict};

/// The strongest of the answers so far, with what the `auto` states were read as; the first of equal ones.
#[derive(Debug)]
pub struct Strongest<T> {
    best: Option<(Verdict, Option<Variance>, T)>,
    tried: Vec<String>,
}

impl<T> Default for Strongest<T> {
    fn default() -> Self {
        Strongest { best: None, tried: Vec::new() }
    }
}

/// What `auto` states were read as, and what other readings gave; nothing of an optimizer without such states.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The variance of the strongest answer.
    pub variance: Option<Variance>,
    tried: Vec<String>,
}

impl<T> Strongest<T> {
    /// Takes an answer into account: with `auto` states read as this, or of an optimizer without them.
    pub fn consider(&mut self, variance: Option<Variance>, verdict: Verdict, answer: T) {
        self.tried.extend(variance.map(|v| format!("{}: {}", v.word(), verdict.text())));
        if self.best.as_ref().is_none_or(|(best, ..)| verdict > *best) {
            self.best = Some((verdict, variance, answer));
        }
    }

    /// The strongest answer, and how it was read; `None` if there was no answer.
    pub fn best(self) -> Option<(T, Reading)> {
        let (_, variance, answer) = self.best?;
        Some((answer, Reading { variance, tried: self.tried }))
    }
}

impl Reading {
    /// Says in a finding what the states were read as.
    pub fn tell(&self, finding: &mut Finding) {
        if let Some(variance) = self.variance {
            finding.message = format!("with the `auto` states read as `{}`: {}", variance.word(), finding.message);
            finding.tried.push(format!("variances of the `auto` states: {}", self.tried.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_reading_is_told() {
        let mut strongest = Strongest::default();
        strongest.consider(Some(Variance::Tangent), Verdict::Fails, Finding::undecided("weak"));
        strongest.consider(Some(Variance::Cotangent), Verdict::Commutes, Finding::undecided("strong"));
        let (mut finding, reading) = strongest.best().expect("there were answers");
        reading.tell(&mut finding);
        assert!(finding.message.starts_with("with the `auto` states read as `cotangent`: strong"));
        assert_eq!(finding.tried.len(), 1);
    }
}
