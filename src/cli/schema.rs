//! `nat schema`.

use crate::report::json::Report;

/// Prints the JSON Schema of reports.
pub fn run() -> u8 {
    let schema = schemars::schema_for!(Report);
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    super::print(&format!("{text}\n"))
}
