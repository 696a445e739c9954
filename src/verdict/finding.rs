//! The answer to one check, with what stands beside it.

use indexmap::IndexMap;

use super::{Answer, Blame, Equality, Evidence, Extent, Factors, Failure, Ground, Repair, Residual, Verdict, Witness};
use crate::core::class::Class;
use crate::domain::Rational;

/// What an equality without a residual says.
pub const NO_NUMBERS: &str = "so that no number stands beside the proof";

/// How an assumption ends that the file itself states.
pub const STATED: &str = " is stated in the file, not proved";

/// What is said where the time of the run was over.
const LATE: &str = "the time limit was reached";
const UNFINISHED: &str = "not finished within ";

/// The answer to one check.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What is said of the diagram.
    pub answer: Answer,
    /// One sentence for the user.
    pub message: String,
    /// The numbers beside the answer.
    pub residual: Option<Residual>,
    /// The rate or the factor that the check expected, where another one was found; beside an equality whose rate is one as
    /// well.
    pub rate_differs: Option<String>,
    /// For a square that is weaker than expected, a failure or a defect: a change of the optimizer that was seen to mend it.
    pub repair: Option<Repair>,
    /// For a failure or a defect along a class: a file that shows it when it is checked.
    pub example: Option<String>,
    /// Side conditions that were assumed and not proved.
    pub assumptions: Vec<String>,
    /// Those of the assumptions that are claims which were only seen to hold at sampled points.
    pub sampled_claims: Vec<String>,
    /// What was tried without success, and what an `auto` state was read as.
    pub tried: Vec<String>,
}

impl Finding {
    /// An answer without particulars.
    pub fn new(answer: impl Into<Answer>, message: impl Into<String>) -> Self {
        Finding {
            answer: answer.into(),
            message: message.into(),
            residual: None,
            rate_differs: None,
            repair: None,
            example: None,
            assumptions: Vec::new(),
            sampled_claims: Vec::new(),
            tried: Vec::new(),
        }
    }

    /// The question makes no sense, for the reason given.
    pub fn invalid(message: impl Into<String>) -> Self {
        Finding::new(Answer::Invalid { witness: None }, message)
    }

    /// Neither proved nor refuted.
    pub fn undecided(message: impl Into<String>) -> Self {
        Finding::new(Answer::OPEN, message)
    }

    /// The time of the run was over before the search was.
    pub fn late() -> Self {
        Finding::undecided(LATE)
    }

    /// The time of the run was over before there was an answer.
    pub fn unfinished(after: &str) -> Self {
        Finding::undecided(format!("{UNFINISHED}{after}"))
    }

    /// Whether it was time that was missing, and not work that was allowed.
    pub fn is_late(&self) -> bool {
        self.verdict() == Verdict::Undecided && (self.message == LATE || self.message.starts_with(UNFINISHED))
    }

    /// What is left of an equality that was found for general members, where that is no answer for all of them.
    #[must_use]
    pub fn only_in_general(self, why: &str) -> Self {
        let message = format!("for general members it is `{}`, but {why}; {}", self.verdict().text(), self.message);
        let Finding { assumptions, sampled_claims, residual, tried, .. } = self;
        Finding { assumptions, sampled_claims, residual, tried, ..Finding::undecided(message) }
    }

    /// The sides differ at a point.
    pub fn fails(witness: Witness, message: impl Into<String>) -> Self {
        Finding::new(Failure::at(witness), message)
    }

    /// The sides are equal so far.
    pub fn holds(extent: Extent, ground: Ground, message: impl Into<String>) -> Self {
        Finding::new(Equality::new(extent, ground), message)
    }

    /// The sides are equal.
    pub fn commutes(ground: Ground, message: impl Into<String>) -> Self {
        Finding::holds(Extent::Commutes, ground, message)
    }

    /// The same with the numbers beside it.
    #[must_use]
    pub fn beside(self, residual: Option<Residual>) -> Self {
        Finding { residual, ..self }
    }

    /// The finding itself; without a message nothing is claimed, and the internal error is said. An equality beside which no
    /// numbers stand says so.
    #[must_use]
    pub fn checked(mut self) -> Self {
        if self.message.is_empty() {
            let (verdict, evidence) = (self.verdict().text(), self.evidence().text());
            return Finding::undecided(format!("internal error: it says nothing (`{verdict}`, {evidence})"));
        }
        if self.equality().is_some() && self.residual.is_none() && !self.message.contains(NO_NUMBERS) {
            self.message.push_str(&format!("; no sample was evaluated in floating point, {NO_NUMBERS}"));
        }
        self
    }

    /// The answer in a word.
    pub fn verdict(&self) -> Verdict {
        self.answer.verdict()
    }

    /// Why it is believed, in a word.
    pub fn evidence(&self) -> Evidence {
        self.answer.evidence()
    }

    /// In what sense the sides are equal, if they are.
    pub fn equality(&self) -> Option<&Equality> {
        match &self.answer {
            Answer::Holds(equality) => Some(equality),
            Answer::Invalid { .. } | Answer::Fails(_) | Answer::Undecided { .. } => None,
        }
    }

    /// As [`Finding::equality`], to add to it.
    pub fn equality_mut(&mut self) -> Option<&mut Equality> {
        match &mut self.answer {
            Answer::Holds(equality) => Some(equality),
            Answer::Invalid { .. } | Answer::Fails(_) | Answer::Undecided { .. } => None,
        }
    }

    /// How the sides differ, if they do.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.answer {
            Answer::Fails(failure) => Some(failure),
            Answer::Invalid { .. } | Answer::Undecided { .. } | Answer::Holds(_) => None,
        }
    }

    /// As [`Finding::failure`], to add to it.
    pub fn failure_mut(&mut self) -> Option<&mut Failure> {
        match &mut self.answer {
            Answer::Fails(failure) => Some(failure),
            Answer::Invalid { .. } | Answer::Undecided { .. } | Answer::Holds(_) => None,
        }
    }

    /// The equality that holds, or that was seen to hold as far as was looked.
    fn equality_seen(&self) -> Option<&Equality> {
        match &self.answer {
            Answer::Holds(equality) => Some(equality),
            Answer::Undecided { seen } => seen.as_deref(),
            Answer::Invalid { .. } | Answer::Fails(_) => None,
        }
    }

    /// The point that refutes the equality or a claim, or that shows a defect.
    pub fn witness(&self) -> Option<&Witness> {
        match &self.answer {
            Answer::Invalid { witness } => witness.as_deref(),
            Answer::Fails(failure) => Some(&failure.witness),
            Answer::Undecided { .. } => None,
            Answer::Holds(equality) => match &equality.extent {
                Extent::InLimit(limit) => limit.witness.as_ref(),
                Extent::UpToRates | Extent::UpToRate(_) | Extent::Commutes => None,
            },
        }
    }

    /// For a step, the order in `lr` at which the sides differ; for a flow that in time.
    pub fn order(&self) -> Option<usize> {
        match &self.answer {
            Answer::Fails(failure) => failure.order,
            Answer::Invalid { .. } | Answer::Undecided { .. } | Answer::Holds(_) => {
                self.equality_seen().and_then(Equality::order)
            }
        }
    }

    /// For a step whose sides differ by an order in the learning rate: how the difference shrinks with it.
    pub fn shrinking(&self) -> &[(f64, f64)] {
        match &self.answer {
            Answer::Fails(failure) => &failure.shrinking,
            Answer::Invalid { .. } | Answer::Undecided { .. } => &[],
            Answer::Holds(equality) => match &equality.extent {
                Extent::InLimit(limit) => &limit.shrinking,
                Extent::UpToRates | Extent::UpToRate(_) | Extent::Commutes => &[],
            },
        }
    }

    /// The rate as a formula.
    pub fn rate(&self) -> Option<&str> {
        self.equality_seen().and_then(Equality::rate)?.text.as_deref()
    }

    /// The rate of an equality, if it is a number that is known exactly.
    pub fn rate_exact(&self) -> Option<&Rational> {
        self.equality().and_then(Equality::rate)?.exact.as_ref()
    }

    /// For a transfer: the factors of each block of the target; `None` if there are no blocks with factors.
    pub fn factors(&self) -> Option<&IndexMap<String, IndexMap<String, String>>> {
        let Factors { of_blocks, .. } = &self.equality_seen()?.factors;
        Some(of_blocks).filter(|blocks| !blocks.is_empty())
    }

    /// The equations between the states of both runs that prove a statement about training.
    pub fn invariant(&self) -> &[String] {
        self.equality_seen().map_or(&[], |equality| &equality.invariant)
    }

    /// Whether it assumes nothing but what the file states.
    pub fn is_granted(&self) -> bool {
        self.assumptions.iter().all(|a| a.ends_with(STATED))
    }

    /// What the statement says of architectures.
    pub fn hypotheses(&self) -> &[String] {
        self.equality().map_or(&[], |equality| &equality.hypotheses)
    }

    /// For [`Evidence::Generic`]: what the instances were.
    pub fn bounds(&self) -> Option<&str> {
        match &self.equality()?.ground {
            Ground::Generic { bounds } => Some(bounds),
            Ground::Structure | Ground::Algebra | Ground::Numeric | Ground::Pasting => None,
        }
    }

    /// Where naturality is lost.
    pub fn blame(&self) -> &[Blame] {
        self.failure().map_or(&[], |failure| &failure.blame)
    }

    /// Causes of a failure that lie not in the text of the optimizer.
    pub fn causes(&self) -> &[String] {
        self.failure().map_or(&[], |failure| &failure.causes)
    }

    /// For a failure: the largest classes along which types prove that the optimizer is natural.
    pub fn natural_along(&self) -> &[Class] {
        self.failure().map_or(&[], |failure| &failure.natural_along)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Rate;

    #[test]
    fn an_equality_without_numbers_says_so() {
        let proof = Finding::commutes(Ground::Structure, "proved");
        let seen = proof.clone().beside(Some(Residual { max: 0.0, defect: 0.0, noise: 0.0, samples: 1 }));
        assert_eq!(seen.clone().checked(), seen);
        assert!(proof.checked().message.ends_with(NO_NUMBERS));
        assert_eq!(Finding::undecided("not known").checked().message, "not known");
    }

    #[test]
    fn nothing_is_claimed_without_a_sentence() {
        assert_eq!(Finding::commutes(Ground::Algebra, "").checked().verdict(), Verdict::Undecided);
    }

    #[test]
    fn what_was_seen_is_no_answer() {
        let seen = Equality::new(Extent::UpToRate(Rate::written(Some("2".into()))), Ground::Numeric);
        let open = Finding::new(Answer::Undecided { seen: Some(Box::new(seen)) }, "not known");
        assert_eq!((open.verdict(), open.evidence()), (Verdict::Undecided, Evidence::None));
        assert_eq!(open.rate(), Some("2"));
        assert!(open.equality().is_none() && open.witness().is_none() && open.rate_exact().is_none());
    }
}
