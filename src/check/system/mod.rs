//! Checks of and along systems: many squares, and what they say together.
//!
//! A system is a diagram of generators. `check system` asks for the claims of every generator and for the diamonds from
//! which the equality of all parallel paths follows ([`crate::diagram::Poset::diamonds`]); `check natural … along` asks
//! for one square for each generator. The squares of composites follow by pasting: if `α` is carried by `f : A → B` and by
//! `g : B → C`, it is carried by `f ; g`, because `S` and `T` are functors. So nothing else needs to be looked at.
//!
//! Each square is lowered by the worker that decides it, and its terms are dropped afterwards; the answers come in the
//! order of the generators, whatever the number of threads.

mod defect;
mod laws;
mod limit;
mod rates;
mod squares;
mod training;
mod unbounded;

pub use defect::{Defects, Fit, Law, Row};
pub use rates::{Pace, Rates};
pub use training::BlockLaw;

use std::sync::Arc;

use super::decide::Disagreement;
use super::lower::system::System;
use super::{Budget, Task};
use crate::Options;
use crate::core::error::ModelError;
use crate::core::names::Model;
use crate::syntax::tree::{Check, Instance};
use crate::verdict::{Finding, Ground, Residual};

/// What a check asks of a system.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The system, or the cone with its system.
    pub system: Arc<System>,
    /// The question.
    pub ask: Ask,
}

/// The kinds of questions about a system.
#[derive(Debug, Clone)]
pub enum Ask {
    /// `check system S`.
    Laws,
    /// `check natural O along S`.
    Along(Instance),
    /// `check training O along S` and `check transfer O along S`.
    Training(Instance),
}

/// Why the squares of a system could not be answered.
#[derive(Debug)]
pub enum Stopped {
    /// Two engines contradict each other.
    Disagreement(Disagreement),
    /// Faults of the file that show at some member only.
    Faults(Vec<ModelError>),
}

impl From<Disagreement> for Stopped {
    fn from(d: Disagreement) -> Self {
        Stopped::Disagreement(d)
    }
}

impl From<Vec<ModelError>> for Stopped {
    fn from(faults: Vec<ModelError>) -> Self {
        Stopped::Faults(faults)
    }
}

/// Hears how far a long check has come. What it does with it must not change any answer.
pub trait Progress: Sync {
    /// So many squares are about to be looked at.
    fn begin(&self, what: &str, squares: usize);
    /// One of them is done.
    fn done(&self);
    /// The check is answered.
    fn end(&self);
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _squares: usize) {}
    fn done(&self) {}
    fn end(&self) {}
}

/// One square of a system: a generator's, a diamond, or the agreement of two legs.
#[derive(Debug, Clone)]
pub struct Square {
    /// The generator, or the two paths.
    pub name: String,
    /// The values of the indices, for a generator's square.
    pub index: Vec<(String, u64)>,
    /// What was found.
    pub finding: Finding,
    /// What the square says of the learning rates at its ends.
    pub pace: Pace,
}

/// What the squares of a system say together.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The system itself.
    pub system: Option<Arc<System>>,
    /// The number of objects.
    pub objects: usize,
    /// The number of generators.
    pub generators: usize,
    /// The squares that were asked for, in order.
    pub squares: Vec<Square>,
    /// For `check system`: how many of the squares are diamonds.
    pub diamonds: Option<usize>,
    /// For a system without end: which members were looked at one by one.
    pub beginning: Option<String>,
    /// The number of paths whose equality follows.
    pub paths: String,
    /// The learning rates that make the system commute, where the squares have rates.
    pub rates: Option<Rates>,
    /// What follows for the inverse limit.
    pub limit: Option<String>,
    /// For a transfer: how each hyperparameter of each block has to change.
    pub laws: Vec<BlockLaw>,
    /// Whether the generators are embeddings.
    pub direct: bool,
    /// How the defect behaves along the index, if squares fail.
    pub defects: Option<Defects>,
}

/// Everything that answering a question about a system needs.
pub(crate) struct Context<'a> {
    pub model: &'a Model,
    pub check: &'a Check,
    pub system: &'a System,
    pub options: &'a Options,
    pub progress: &'a dyn Progress,
}

impl Context<'_> {
    fn budget(&self) -> Budget {
        Budget::new(self.options.seed, self.options.samples, self.options.effort).until(self.options.deadline)
    }

    /// The same budget for a square that is not explained: any witness will do.
    fn quick(&self) -> Budget {
        Budget { simplifications: 0, ..self.budget() }
    }
}

/// Answers a check of a system; puts the square that the answer explains into the task.
///
/// # Errors
/// If engines contradict each other, or if some member of the system has faults.
pub fn answer(
    task: &mut Task,
    asked: &Asked,
    (model, check): (&Model, &Check),
    options: &Options,
    progress: &dyn Progress,
) -> Result<(Finding, Report), Stopped> {
    let context = Context { model, check, system: &asked.system, options, progress };
    let result = match &asked.ask {
        Ask::Laws => laws::laws(&context, task),
        Ask::Along(optimizer) => squares::along(&context, task, optimizer),
        Ask::Training(optimizer) => training::along(&context, task, optimizer),
    };
    progress.end();
    result.map(|(finding, report)| (finding, Report { system: Some(Arc::clone(&asked.system)), ..report }))
}

/// The number of the first square with the weakest verdict.
fn weakest(squares: &[Square]) -> Option<usize> {
    let verdict = squares.iter().map(|s| s.finding.verdict()).min()?;
    squares.iter().position(|s| s.finding.verdict() == verdict)
}

/// What the equality of a whole rests on whose squares hold: on the weakest of their grounds, if one of them is no proof.
fn ground(squares: &[Square], pasted: Ground) -> Ground {
    let own = || squares.iter().filter_map(|s| Some(&s.finding.equality()?.ground));
    let generic = |g: &&Ground| matches!(g, Ground::Generic { .. });
    own().find(|g| **g == Ground::Numeric).or_else(|| own().find(generic)).cloned().unwrap_or(pasted)
}

/// The assumptions of all squares, each once; of very many the first few.
fn assumptions(squares: &[Square]) -> Vec<String> {
    const SHOWN: usize = 4;
    let mut all: Vec<String> = Vec::new();
    let mut more = 0;
    for a in squares.iter().flat_map(|s| &s.finding.assumptions) {
        if all.contains(a) {
            continue;
        }
        if all.len() < SHOWN {
            all.push(a.clone());
        } else {
            more += 1;
        }
    }
    if more > 0 {
        all.push(format!("{more} more of this kind, for other members of the system"));
    }
    all
}

/// The claims of all squares that were only sampled, each once.
fn sampled_claims(squares: &[Square]) -> Vec<String> {
    let all: indexmap::IndexSet<&String> = squares.iter().flat_map(|s| &s.finding.sampled_claims).collect();
    all.into_iter().cloned().collect()
}

/// The numbers of all squares together: the largest residual and the largest noise.
fn residual(squares: &[Square]) -> Option<Residual> {
    squares.iter().filter_map(|s| s.finding.residual).reduce(Residual::with)
}
