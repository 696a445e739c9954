//! What a report says of the run that made it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Source;
pub use crate::source::sha256;
use crate::uses::data::Table;

/// What made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolEntry {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A part of the questions of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartitionEntry {
    /// Which part, from 1.
    pub index: usize,
    /// How many parts.
    pub of: usize,
}

/// A text that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceEntry {
    /// Its name in this report.
    pub file: String,
    /// The SHA-256 of the text, as it was read: without a byte-order mark, and with a line end at its end.
    pub sha256: String,
}

impl SourceEntry {
    /// The entry of one source.
    pub fn new(source: &Source) -> Self {
        SourceEntry { file: source.name.clone(), sha256: sha256(source.text.as_bytes()) }
    }

    /// The entry of a file of numbers.
    pub fn of_table(table: &Table) -> Self {
        SourceEntry { file: table.name.clone(), sha256: table.sha256.clone() }
    }
}
