//! Findings and errors to text and JSON.

pub mod elsewhere;
pub mod json;
pub mod system;
pub mod table;
pub mod text;
