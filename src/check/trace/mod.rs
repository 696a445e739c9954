//! Experiments: both runs of a square in floating point, beside what is proved of it.
//!
//! `trace O along F` starts `O` at a point of the source and at its image, follows both, and measures how far `F` of the
//! one run is from the other. It decides nothing: the report of an experiment is printed as one, and says next to it what
//! the checker finds about the same question.
//!
//! | part | what it does |
//! | --- | --- |
//! | `run` | one run: a point with its states, step after step, or a flow by an adaptive integrator |
//! | [`answer`] | all runs of an experiment, and what is measured |

pub mod answer;
mod run;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Setting, training::Side};
use crate::model::architecture::Block;
use crate::model::elaborate::Constraint;
use crate::syntax::tree::{Instance, Trace};
use crate::term::{SymbolId, Term};

/// Learning rate of an experiment that names none.
pub const LR: f64 = 0.1;
/// Steps of an experiment that names none.
pub const STEPS: usize = 100;
/// The largest number of steps of one run.
pub const MAX_STEPS: usize = 10_000_000;
/// Relative tolerance of the integrator, per step, for an experiment that names none.
pub const TOLERANCE: f64 = 1e-9;

/// An experiment as terms over one setting.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The item as written.
    pub written: Trace,
    /// Terms, data, members.
    pub setting: Setting,
    /// The conditions on the source's point.
    pub domain: Vec<Constraint>,
    /// The architectures: source, target.
    pub places: [Place; 2],
    /// `F`: the target's point as a term in the source's.
    pub map: Term,
    /// The optimizers, in order.
    pub pairs: Vec<Pair>,
    /// The small parameter that all steps share, if one of the optimizers is a step.
    pub rate: Option<SymbolId>,
    /// Where the source starts: blocks with their values; blocks that are not named are drawn from the seed.
    pub start: Vec<(usize, Term)>,
    /// The numbers of the experiment.
    pub settings: Settings,
}

/// An architecture with what is measured in it.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// The symbol of its point.
    pub point: SymbolId,
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// Its loss, as a term in the point.
    pub loss: Option<Term>,
    /// Its output, flattened.
    pub output: Option<Term>,
}

/// An optimizer over the source and over the target.
#[derive(Debug, Clone)]
pub struct Pair {
    /// As it is written.
    pub optimizer: Instance,
    /// Its name with its arguments.
    pub name: String,
    /// Whether it is a flow.
    pub flow: bool,
    /// Over the source, over the target.
    pub sides: [Side; 2],
}

/// The numbers of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The learning rate.
    pub lr: f64,
    /// The number of steps at that rate.
    pub steps: usize,
    /// How long a flow is followed: `lr · steps` where nothing else is said.
    pub time: f64,
    /// The integrator's relative tolerance.
    pub tolerance: f64,
    /// Further learning rates, at which the runs are as long in time.
    pub repeat: Vec<f64>,
    /// The loss whose first time below is looked for.
    pub until: Option<f64>,
}

/// What an experiment measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The source's name.
    pub source: String,
    /// The target's name.
    pub target: String,
    /// The learning rate.
    pub lr: f64,
    /// The steps at that rate.
    pub steps: usize,
    /// How long flows are followed.
    pub time: f64,
    /// The relative tolerance of the integrator of flows.
    pub tolerance: f64,
    /// The loss that `until` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
    /// Numbers that the file leaves open and the seed gave: the name and its first entries.
    pub drawn: Vec<Drawn>,
    /// The runs, one pair for each optimizer.
    pub courses: Vec<Course>,
    /// Why there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A value that was drawn from the seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drawn {
    /// What it is called.
    pub name: String,
    /// The number of its entries.
    pub entries: usize,
    /// The first of them, at most eight.
    pub first: Vec<f64>,
}

/// One optimizer in both charts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Course {
    /// The optimizer with its arguments.
    pub optimizer: String,
    /// Whether it is a flow.
    pub flow: bool,
    /// What the checker finds about training from fresh states: verdict and evidence.
    pub checked: Option<Checked>,
    /// What was measured, at times that lie apart evenly; the start and the end are among them.
    pub rows: Vec<Row>,
    /// Why the run ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// When the loss fell below the level first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Below>,
    /// The distance at the same time for smaller learning rates, the rate of the experiment first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shrinking: Vec<Shrink>,
    /// The slope of that distance against the rate, on logarithmic axes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope: Option<f64>,
}

/// What the checker finds about the question of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// The verdict, with its rate or order if it has one.
    pub verdict: String,
    /// The evidence.
    pub evidence: String,
}

/// When each run came below a level first: after how many steps, or of a flow at which time; nothing if it did not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Below {
    /// The source.
    pub source: Option<f64>,
    /// The target.
    pub target: Option<f64>,
}

/// Both runs at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// Steps taken; of a flow, how many of the reported times.
    pub step: usize,
    /// The time: steps times the rate.
    pub time: f64,
    /// The loss of the source, where it has one.
    pub source_loss: Option<f64>,
    /// The loss of the target, where it has one.
    pub target_loss: Option<f64>,
    /// The distance of `F` of the source's point from the target's point, relative to the way that the longer of both has gone.
    pub distance: f64,
    /// The same for the outputs, where both have one of the same length.
    pub output_distance: Option<f64>,
}

/// The distance at the end for one learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shrink {
    /// The rate.
    pub lr: f64,
    /// The number of steps.
    pub steps: usize,
    /// The relative distance after them.
    pub distance: f64,
}
