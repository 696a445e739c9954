//! Diagrams and terms to findings.
//!
//! [`lower`] is the only place where paths of a diagram become terms. A [`Problem`] is an equation between two lists of
//! terms over a [`Setting`]; the engines look at problems and know nothing of architectures:
//!
//! - [`task`] is a check with what has to be decided, [`expected`] what it expects, [`auto`] the reading that is told,
//! - [`algebra`] proves identities, [`witness`] refutes them, [`numeric`] looks at both with sampled numbers,
//! - `rate` finds the constant of `up to rate`, `order` the order of a step's defect,
//! - [`decide`] puts their answers together into one [`crate::verdict::Finding`],
//! - [`class`] answers questions about every architecture, from types and examples; [`repair`] looks for changes that work,
//! - [`training`] follows two runs from fresh states, for ever,
//! - [`trace`] makes the experiment beside that question, in floating point,
//! - [`system`] asks for all squares of a system and draws the conclusions for the whole.

pub mod algebra;
pub mod auto;
mod boundary;
mod cells;
mod certify;
pub mod class;
pub mod decide;
mod degenerate;
pub mod expected;
mod field;
mod formula;
mod generic;
mod inhabited;
pub mod lower;
pub mod naturalize;
pub mod numeric;
mod order;
mod places;
mod posed;
mod rate;
pub mod repair;
pub mod replay;
pub mod sample;
mod singular;
mod special;
pub mod system;
pub mod task;
pub mod trace;
pub mod training;
pub mod uniform;
mod uses;
pub mod witness;
mod written;

pub use task::{Ask, Kind, Task};

use std::time::Instant;

use rustc_hash::FxHashMap;

use crate::core::variance::Variance;
use crate::model::elaborate::{Constraint, Quantified, Shown};
use crate::source::Span;
use crate::term::{Store, SymbolId, Term};

/// What a question ranges over: terms, symbols and the conditions on them.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The terms.
    pub store: Store,
    /// The symbols, with how they are drawn.
    pub quantified: Vec<Quantified>,
    /// The conditions on members and data.
    pub constraints: Vec<Constraint>,
    /// What to show at a witness.
    pub shown: Vec<Shown>,
    /// Members that are orthogonal matrices.
    pub orthogonal: Vec<Term>,
    /// Operations that the file asks for and that are gone from the sides, as terms have made them: a point at which one has
    /// no value is none of the question.
    pub written: Vec<Term>,
    /// Finite matrix members whose maps compose as the matrices do: for what passes to composites (a commuting square, a
    /// preserved function), generators of the group stand for all. A rate does not pass: see [`Problem::for_every_member`].
    pub generated: Vec<SymbolId>,
    /// Where functions are read: what the point there, and the states, are in terms of the source's. Along a path its start
    /// and the ends of its parts; of a question about training, or two programs, where the left and where the right one is read first.
    pub images: Vec<FxHashMap<SymbolId, Term>>,
}

/// One component of an equation between paths.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name: a parameter block, or a state.
    pub name: String,
    /// Labels of its entries, if they have names of their own.
    pub entries: Vec<String>,
    /// Where its rule is written.
    pub span: Option<Span>,
}

/// Two paths as lists of terms, component by component.
#[derive(Debug, Clone)]
pub struct Equation {
    /// Along the first path.
    pub left: Vec<Term>,
    /// Along the second path.
    pub right: Vec<Term>,
    /// What the components are.
    pub components: Vec<Component>,
    /// The first path in words.
    pub left_path: String,
    /// The second path in words.
    pub right_path: String,
}

impl Equation {
    /// Both sides, one behind the other.
    pub fn sides(&self) -> Vec<Term> {
        self.left.iter().chain(&self.right).copied().collect()
    }

    /// The equation of a question that makes no sense.
    pub fn empty() -> Self {
        Equation {
            left: Vec::new(),
            right: Vec::new(),
            components: Vec::new(),
            left_path: String::new(),
            right_path: String::new(),
        }
    }
}

/// A claim that has to hold before the question makes sense.
#[derive(Debug, Clone)]
pub struct Claim {
    /// What it says.
    pub kind: ClaimKind,
    /// The morphism's name.
    pub morphism: String,
    /// Where the morphism is declared.
    pub span: Span,
    /// The conditions on the source.
    pub domain: Vec<Constraint>,
}

/// The kinds of claims.
#[derive(Debug, Clone)]
pub enum ClaimKind {
    /// Two terms are equal: the loss is preserved, an inverse is right …
    Equal {
        /// What is claimed to be preserved.
        what: &'static str,
        /// One side.
        left: Term,
        /// The other.
        right: Term,
    },
    /// A square Jacobian is non-singular at every point.
    NonSingular(Term),
    /// A Jacobian has full rank at generic points: the rank, and what it is the rank of.
    FullRank(Term, usize, &'static str),
    /// A condition on the target holds at every image point.
    Inside(Constraint),
    /// The differential of the target's loss, a term in the target's point, is not taken at a kink at all images of a map into
    /// a space of higher dimension.
    Differentiable {
        /// The loss, a term in the target's point.
        loss: Term,
        /// Its differential.
        differential: Term,
        /// The target's point.
        point: SymbolId,
        /// Its image, a term in the source's point.
        image: Term,
    },
}

/// What kind of question a problem is.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A static equation: two paths, a preserved function, two flows on one architecture.
    Plain,
    /// A square of vector fields, which may commute up to a rate.
    Flow,
    /// A square of step maps with this small parameter.
    Step(SymbolId),
}

/// A question ready to be decided.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What it ranges over.
    pub setting: Setting,
    /// What kind it is.
    pub shape: Shape,
    /// The two sides.
    pub equation: Equation,
    /// The conditions on the source.
    pub domain: Vec<Constraint>,
    /// What has to hold first.
    pub claims: Vec<Claim>,
    /// Why the question makes no sense, if that is known already.
    pub invalid: Option<String>,
    /// Why the question cannot be answered, if that is known already: it would make no sense, but for a relation that numbers
    /// see and no proof.
    pub open: Option<String>,
    /// Jacobians that must be scaled permutations for the `diagonal` states to be carried functorially.
    pub diagonal: Option<Vec<Term>>,
    /// The rate that the check expects, as a term.
    pub expected_rate: Option<Term>,
    /// The rate at which the sides were found to agree, wholly or to first order, if it is not 1.
    pub found_rate: Option<Term>,
    /// What an `auto` state was read as.
    pub auto: Option<Variance>,
    /// For a question about every architecture, asked on one generic architecture: its bounds, or why it does not stand for
    /// all.
    pub generic: Option<Result<String, String>>,
    /// For such a question: whether the two bodies have the same normal form, which proves it for every architecture.
    pub same_bodies: bool,
    /// For such a question: whether a body sums over coordinates, so that a rate found on one architecture may be another one
    /// where there are more of them.
    pub sums: bool,
    /// Assumptions that the question itself makes, and those that its answer needed.
    pub assumptions: Vec<String>,
    /// Those of the assumptions that are claims which sampled points agree with.
    pub sampled_claims: Vec<String>,
}

impl Problem {
    /// Notes an assumption that sampled points agree with, and that was not proved.
    pub fn assume_sampled(&mut self, text: String) {
        if self.sampled_claims.contains(&text) {
            return;
        }
        self.assumptions.push(text.clone());
        self.sampled_claims.push(text);
    }

    /// Runs something that has to visit every member of finite families, not generators alone.
    pub fn for_every_member<T>(&mut self, run: impl FnOnce(&mut Problem) -> T) -> T {
        let generated = std::mem::take(&mut self.setting.generated);
        let result = run(self);
        self.setting.generated = generated;
        result
    }
}

/// How much each engine may do. All budgets count work, not time, so that they never change an answer from run to run.
#[derive(Debug)]
pub struct Budget {
    /// The seed of all sampling.
    pub seed: u64,
    /// The number of floating-point samples.
    pub samples: usize,
    /// The number of exact trials of one identity.
    pub trials: usize,
    /// The number of points that the search for a witness tries.
    pub points: usize,
    /// The number of scalar operations of one evaluation.
    pub operations: usize,
    /// The number of evaluations that may go into making a witness simpler.
    pub simplifications: usize,
    /// When searches end, whatever is left of the budget.
    deadline: Option<Instant>,
}

impl Budget {
    /// The default budgets, multiplied by `effort`.
    pub fn new(seed: u64, samples: usize, effort: usize) -> Self {
        Budget {
            seed,
            samples,
            trials: 8192 * effort,
            points: 400 * effort,
            operations: 4_000_000_000usize.saturating_mul(effort),
            simplifications: 96,
            deadline: None,
        }
    }

    /// The same budget, with a time at which searches end. It is the one thing in a budget that counts time: with it,
    /// answers depend on the machine, so only a user's time limit sets it.
    #[must_use]
    pub fn until(self, deadline: Option<Instant>) -> Self {
        Budget { deadline, ..self }
    }

    /// Whether that time has come.
    pub fn expired(&self) -> bool {
        self.deadline.is_some_and(|d| Instant::now() >= d)
    }
}
