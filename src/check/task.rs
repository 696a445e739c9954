//! Checks as they are reported and answered: what is asked, in words and as what an engine decides.

use super::class::ClassQuestion;
use super::expected::expected_verdict;
use super::{Problem, system, trace, training};
use crate::core::class::Class;
use crate::source::Span;
use crate::syntax::tree::{ExpectedVerdict, Question};
use crate::verdict::Verdict;

/// What kind of thing is asked, as the report for machines names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whether an optimizer is natural along a path, a system or a class.
    Natural,
    /// Whether two paths are equal.
    Commutes,
    /// Whether a path preserves a function.
    Preserves,
    /// Whether two optimizers are one, in a step or in training.
    Same,
    /// Whether a system is one.
    System,
    /// Whether training corresponds along a path or a system.
    Training,
    /// At which hyperparameters it does.
    Transfer,
    /// Along which classes an optimizer is natural.
    Classify,
    /// What an experiment measures.
    Trace,
}

impl Kind {
    /// The kind of a question.
    pub fn of(question: &Question) -> Self {
        match question {
            Question::Natural { .. } => Kind::Natural,
            Question::Commutes { .. } => Kind::Commutes,
            Question::Preserves { .. } => Kind::Preserves,
            Question::Training { .. } => Kind::Training,
            Question::Transfer { .. } => Kind::Transfer,
            Question::Same { .. } | Question::SameTraining { .. } => Kind::Same,
            Question::System { .. } => Kind::System,
            Question::Trace(_) => Kind::Trace,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Natural => "natural",
            Kind::Commutes => "commutes",
            Kind::Preserves => "preserves",
            Kind::Same => "same",
            Kind::System => "system",
            Kind::Training => "training",
            Kind::Transfer => "transfer",
            Kind::Classify => "classify",
            Kind::Trace => "trace",
        }
    }
}

/// What has to be decided to answer a check.
#[derive(Debug, Clone)]
pub enum Ask {
    /// The task's own problems: one, or one for each variance of an `auto` state.
    Problems,
    /// Something of or along a system or a cone.
    System(system::Asked),
    /// Two runs from fresh states, or one step of two optimizers.
    Training(Box<training::Asked>),
    /// An experiment, which has no verdict.
    Trace(Box<trace::Asked>),
    /// A square along a class, which makes its own problems.
    Class(ClassQuestion),
    /// The squares of a table of `classify`.
    Classes(Vec<ClassQuestion>),
}

/// A path as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// What it starts in.
    pub source: String,
    /// Its parts as they are written, each with what it ends in.
    pub steps: Vec<(String, String)>,
    /// The morphisms that it is made of, with their places.
    pub morphisms: Vec<(String, Span)>,
}

impl Route {
    /// What it ends in.
    pub fn target(&self) -> &str {
        self.steps.last().map_or(self.source.as_str(), |(_, target)| target)
    }
}

/// A check as it is reported: its text, its places, and what is decided to answer it.
#[derive(Debug, Clone)]
pub struct Task {
    /// Where the check is written.
    pub span: Span,
    /// What kind of thing is asked.
    pub kind: Kind,
    /// The check as written, without `check` and `expect`.
    pub text: String,
    /// The optimizer, for `natural`.
    pub optimizer: Option<String>,
    /// The path, for `natural` and `preserves`.
    pub along: Option<String>,
    /// The architecture after `on`.
    pub on: Option<String>,
    /// The two sides, for `commutes` and `same`.
    pub sides: Option<(String, String)>,
    /// The expected verdict; `None` is `commutes`.
    pub expected: Option<ExpectedVerdict>,
    /// The declaration of the morphism or morphisms.
    pub morphisms: Vec<(String, Span)>,
    /// The paths that it is about, one for each side: none of a class or a system.
    pub routes: Vec<Route>,
    /// Whether its optimizer is a flow.
    pub flow: bool,
    /// Where the optimizers are declared.
    pub optimizers: Vec<(String, Span)>,
    /// What has to be decided.
    pub ask: Ask,
    /// The problems of [`Ask::Problems`]. Of another question, when it is answered, those of the square that the answer
    /// explains.
    pub problems: Vec<Problem>,
    /// Whether it was written without `check`, and expects nothing.
    pub bare: bool,
    /// For a square along an invertible path: the smallest class that holds all its members, as far as could be seen.
    pub maps: Option<Class>,
}

impl Task {
    /// The verdict that it expects.
    pub fn expects(&self) -> Verdict {
        expected_verdict(self.expected.as_ref())
    }

    /// The task without its terms: what it asks in words.
    #[must_use]
    pub fn unmade(self) -> Self {
        Task { ask: Ask::Problems, problems: Vec::new(), ..self }
    }

    /// Says along which paths it asks.
    pub fn along(&mut self, routes: Vec<Route>) {
        self.morphisms = routes.iter().flat_map(|r| r.morphisms.iter().cloned()).collect();
        self.routes = routes;
    }

    /// Takes the two runs out of a question about training, which are large; none of another question.
    pub fn take_training(&mut self) -> Option<Box<training::Asked>> {
        match std::mem::replace(&mut self.ask, Ask::Problems) {
            Ask::Training(asked) => Some(asked),
            other => {
                self.ask = other;
                None
            }
        }
    }
}
