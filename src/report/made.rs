//! What a report says of the run that made it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Source;

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
}

/// The SHA-256 of these bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
