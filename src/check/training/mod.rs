//! Training from fresh states: do two runs keep corresponding parameters for ever, and at which hyperparameters?
//!
//! A question compares two [`Side`]s, each an optimizer over an architecture with its fresh states, along a map `F` of the
//! parameters: `y_k = F(x_k)` for every number of steps `k`, where the target starts at `F(x₀)`. States are not compared.
//! A proof for all `k` is an **invariant** ([`relation::Relation`]): equations between the states of both sides which
//!
//! 1. hold for fresh states,
//! 2. hold again after a step of both sides, and
//! 3. make the parameters correspond after that step.
//!
//! Each of the three is an identity of terms over free points, data, members and the states that the equations leave
//! free, and is given to the same engines as every other identity. What the equations are, and with which constants,
//! is guessed from numbers:
//!
//! | stage | what it does |
//! | --- | --- |
//! | [`chart`] | how `F` acts, entry by entry and block by block |
//! | [`run`] | both sides in floating point, the target led along the source's course |
//! | [`factors`], [`guess`], [`magnify`] | which factors of hyperparameters make the target follow: least squares on logarithms |
//! | `formula` | numbers at several members to formulas in members, sizes and roots |
//! | [`relation`] | equations between states: what they may look like |
//! | [`detect`] | those that the numbers satisfy, with their constants |
//! | `beside` | those that the rules suggest: counters, running products, copies of the parameters |
//! | [`prove`], [`entries`], [`copies`] | the identities |
//! | [`powers`] | how a term depends on factors |
//! | [`refute`], [`pieces`], [`linear`], `rational`, `choices`, `boxes`, [`later`] | a point and a number of steps at which the parameters differ, exact or in intervals |
//! | [`exceptions`], [`orbit`] | states of a run at which what holds for almost all states may not |
//! | `fibres`, `limit` | states that leave the set of their type; what `in limit` of a step says of runs |
//! | [`answer`] | the finding |
//! | [`via`] | one step instead of all, along a given map between the states |
//!
//! Numbers only suggest: whatever they miss costs an answer and never makes a wrong one.

pub mod answer;
mod beside;
mod boxes;
pub mod chart;
mod choices;
pub mod copies;
pub mod detect;
pub mod entries;
pub mod exceptions;
pub mod factors;
mod fibres;
mod foreign;
pub mod fresh;
pub mod guess;
pub mod later;
mod limit;
pub mod linear;
pub mod magnify;
pub mod orbit;
mod pieced;
pub mod pieces;
pub mod powers;
pub mod prove;
mod rational;
pub mod refute;
mod regular;
pub mod relation;
pub mod run;
pub mod via;
pub mod words;

use super::decide::{Disagreement, decide};
use super::generic::Size;
use super::posed::Posed;
use super::{Ask, Budget, Problem, degenerate, lower, written};
use crate::core::names::{Declared, Model};
use crate::core::variance::Space;
use crate::model::architecture::Block;
use crate::model::optimizer::{State, side};
use crate::syntax::tree::{Check, Question};
use crate::term::{Node, SymbolId, Term};
use crate::verdict::{Extent, Finding, Ground, Verdict};

/// What is asked of two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `check training`: all hyperparameters are the same on both sides, but for one rate.
    Training,
    /// `check transfer`: a factor for each hyperparameter in each block of the target.
    Transfer,
    /// `check same training`: two optimizers on one architecture.
    Same,
    /// `check same`: one step or field of two optimizers, along a map between their states.
    Via,
}

/// An optimizer over an architecture, started with fresh states.
#[derive(Debug, Clone)]
pub struct Side {
    /// The architecture's name, for `same` the optimizer's.
    pub name: String,
    /// The symbol of the parameter vector.
    pub point: SymbolId,
    /// Its length.
    pub dim: usize,
    /// The `param`s in order of declaration.
    pub blocks: Vec<Block>,
    /// The states, with their fresh values.
    pub states: Vec<State>,
    /// For a step the new values, for a flow the field: the point first, then each state, in the raw symbols.
    pub next: Vec<Term>,
    /// For a step `next` before the new values are put into each other, each with the symbol of its own; empty for a flow.
    pub rules: Vec<(SymbolId, Term)>,
}

impl Side {
    /// How the entries of a state belong to the blocks.
    pub fn layout(&self, state: &State) -> Layout {
        if state.each {
            return Layout::consecutive(self.blocks.iter().map(|_| 1));
        }
        match state.variance.space() {
            // A number with a weight belongs to the only block; among several to none.
            Space::Number if self.blocks.len() == 1 => Layout::consecutive(std::iter::once(1)),
            Space::Own | Space::Number => Layout::Whole,
            Space::Matrix => Layout::Square,
            Space::Sides(_) => {
                let sizes = self.blocks.iter().map(|b| side(&b.shape, state.variance).pow(2));
                Layout::consecutive(sizes)
            }
            Space::Vector => Layout::consecutive(self.blocks.iter().map(Block::size)),
        }
    }

    /// The symbols of the point and of each state.
    pub fn symbols(&self) -> impl Iterator<Item = SymbolId> + '_ {
        std::iter::once(self.point).chain(self.states.iter().map(|s| s.symbol))
    }
}

/// How the entries of a tensor belong to the blocks of the parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// To none in particular.
    Whole,
    /// One range of entries for each block.
    Blocks(Vec<std::ops::Range<usize>>),
    /// A matrix on all parameters.
    Square,
}

impl Layout {
    fn consecutive(sizes: impl Iterator<Item = usize>) -> Layout {
        let mut at = 0;
        let ranges = sizes.map(|n| {
            at += n;
            at - n..at
        });
        Layout::Blocks(ranges.collect())
    }
}

/// A hyperparameter of the target that may be multiplied: `lr` first, then the declared numbers in order.
#[derive(Debug, Clone)]
pub struct Factor {
    /// The hyperparameter's name.
    pub name: String,
    /// The factor's symbol in the target's terms. It is never quantified: a constant takes its place.
    pub symbol: SymbolId,
}

/// A question about training, as terms over the setting of its problem.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which question.
    pub kind: Kind,
    /// Setting, domain and claims; its own equation is empty, with the target's blocks as components.
    pub problem: Problem,
    /// The small parameter of a step; `None` for flows.
    pub rate: Option<SymbolId>,
    /// The left run.
    pub source: Side,
    /// The left run with the factors in it, where a hyperparameter is too small for numbers to see it.
    pub source_with_factors: Option<Side>,
    /// The right run.
    pub target: Side,
    /// `F`: the target's point as a term in the source's.
    pub map: Term,
    /// What may be multiplied in the target.
    pub factors: Vec<Factor>,
    /// The target's states as the language's functor carries them, in the raw symbols of the source; `None` where it does not.
    pub carried: Vec<Option<Term>>,
    /// For [`Kind::Via`]: the target's point and states as terms in the source's raw symbols.
    pub via: Vec<Term>,
    /// Divisions, roots and inverses that the file asks for and that are gone from the sides' normal forms.
    pub removed: Vec<Term>,
    /// Operations that searches for factors may still take, see [`refute::SEARCHES`].
    pub searches: usize,
    /// The factors that the check expects: block, factor, value.
    pub expected: Vec<(usize, usize, Term)>,
}

/// Both sides where they are read first, with no factors.
fn read_first(asked: &mut Asked) -> Vec<Term> {
    let places = asked.problem.setting.images.clone();
    let mut terms = Vec::new();
    for (k, next) in [asked.source.next.clone(), asked.target.next.clone()].into_iter().enumerate() {
        terms.extend(match places.get(k) {
            Some(at) => asked.problem.setting.store.substitute(&next, at),
            None => next,
        });
    }
    let all: Vec<usize> = (0..asked.factors.len()).collect();
    terms.into_iter().map(|t| powers::at_one(asked, t, &all)).collect()
}

/// Answers a question about training.
///
/// # Errors
/// If two engines contradict each other.
pub fn question(model: &Model, posed: Posed<'_>, mut asked: Asked, budget: &Budget) -> Result<Finding, Disagreement> {
    let check = posed.check;
    let mut square = || square(model, posed, budget);
    let mixing = match &check.question {
        Question::Transfer { optimizer, .. } => match model.resolve(&optimizer.name.name, optimizer.name.span) {
            Some(Declared::Optimizer(id)) => words::mixing(&model[id]),
            _ => None,
        },
        _ => None,
    };
    let built = asked.problem.setting.store.len();
    asked.removed = fresh::removed(&asked, built);
    let sides: Vec<Term> = asked.source.next.iter().chain(&asked.target.next).copied().collect();
    asked.problem.setting.written = written::removed(&mut asked.problem.setting, &sides, built);
    // A search for later steps adds what they read.
    let written = asked.problem.setting.written.clone();
    let mut context = answer::Context { square: &mut square, mixing };
    let mut finding = match asked.kind {
        Kind::Via => via::answer(&mut asked, budget)?,
        _ => answer::answer(&mut asked, &mut context, budget)?,
    };
    let equal = finding.equality().is_some();
    let removed = !written.is_empty();
    if removed && finding.verdict() != Verdict::Invalid || equal && finding.residual.is_none() {
        let first = if equal { read_first(&mut asked) } else { Vec::new() };
        let empty = written::nowhere(&asked.problem, &first, &written, budget);
        // A witness stands unless it is certain that nothing has a value, and so does what is open.
        if let Some(empty) = empty.filter(|e| equal || e.verdict() == Verdict::Invalid) {
            finding = empty;
        }
    }
    let runs = asked.problem.generic.is_some() && asked.kind != Kind::Via && finding.equality().is_some();
    if runs
        && !asked.problem.same_bodies
        && let Some(why) = degenerate::exception_of_runs(&asked.problem.setting.store, &sides)
    {
        finding = Finding::undecided(why);
    }
    // One generic architecture is not every architecture.
    if let Some(generic) = &asked.problem.generic
        && let Some(equality) = finding.equality_mut()
    {
        match generic {
            _ if asked.problem.same_bodies && equality.extent == Extent::Commutes => {
                equality.ground = Ground::Structure;
                finding.message = "the bodies have the same normal form, whatever the architecture".into();
            }
            Ok(_) if asked.problem.sums && matches!(equality.extent, Extent::UpToRate(_)) => {
                let rate = finding.rate().map_or(String::new(), |r| format!(" {r}"));
                let message = format!(
                    "so up to the rate{rate} on a generic architecture of five parameters, but a body sums over coordinates, \
                     and where there are more of them the rate may be another one; ask `on` an architecture"
                );
                finding = Finding::undecided(message);
            }
            Ok(_) if equality.extent == Extent::Commutes && !commutes_on_fewer(model, check, budget)? => {
                let message = "so on a generic architecture of five parameters, but not on one of three; ask `on` an architecture";
                finding = Finding::undecided(message);
            }
            Ok(bounds) => {
                if equality.ground == Ground::Algebra {
                    equality.ground = Ground::Generic { bounds: bounds.clone() };
                }
                let inverted = |n: &Node| matches!(n, Node::Inverse(_) | Node::PseudoInverse(_) | Node::Determinant(_));
                // The generic architecture has no singular metric and no singular Hessian.
                if asked.problem.setting.store.any_node(&sides, inverted) {
                    let regular = "the metric and the Hessian, where they are inverted, are non-singular";
                    equality.hypotheses.push(regular.into());
                }
                finding.message = format!(
                    "so on a generic architecture: {bounds}; that others behave alike is not proved ({})",
                    finding.message
                );
            }
            Err(why) => {
                let message =
                    format!("so on a generic architecture, but that is not every one: {why}; ask `on` an architecture");
                finding = Finding::undecided(message);
            }
        }
    }
    Ok(finding)
}

/// Whether two optimizers are the same on a generic architecture of another size too.
fn commutes_on_fewer(model: &Model, check: &Check, budget: &Budget) -> Result<bool, Disagreement> {
    let Ok(mut task) = lower::lower_over(model, check, Size::Smaller) else { return Ok(false) };
    let Ask::Training(asked) = &mut task.ask else { return Ok(false) };
    asked.removed = fresh::removed(asked, asked.problem.setting.store.len());
    let finding = match asked.kind {
        Kind::Via => via::answer(asked, budget)?,
        _ => answer::answer(asked, &mut answer::Context { square: &mut || Ok(None), mixing: None }, budget)?,
    };
    Ok(finding.verdict() == Verdict::Commutes)
}

/// The square of one step in place of a question about training, if it is more than false.
fn square(model: &Model, posed: Posed<'_>, budget: &Budget) -> Result<Option<answer::Square>, Disagreement> {
    let Ok(mut task) = lower::of_one_step(model, posed) else { return Ok(None) };
    if let Ask::Training(asked) = &mut task.ask {
        let finding = via::answer(asked, budget)?;
        if finding.equality().is_none() {
            return Ok(None);
        }
        asked.carried = asked.via.iter().skip(1).copied().map(Some).collect();
        // What is proved along a run: not where a state may leave the set for which the square was decided.
        let kept = !fibres::loosen(asked);
        let fits =
            kept && exceptions::fresh_states_are_carried(asked, budget) && exceptions::holds_along_runs(asked, budget);
        return Ok(Some(answer::Square { finding, fits: Some(fits) }));
    }
    for p in &mut task.problems {
        let finding = decide(p, budget)?;
        let Some(equality) = finding.equality() else { continue };
        // What an `auto` state is read as there, it need not be here.
        if matches!(equality.extent, Extent::InLimit(_)) || p.auto.is_none() {
            return Ok(Some(answer::Square { finding, fits: None }));
        }
    }
    Ok(None)
}
