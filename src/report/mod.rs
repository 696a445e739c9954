//! Findings and errors to text, JSON and the formats made from it.

pub mod diagnosis;
pub mod excerpt;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod latex;
pub mod made;
pub mod markdown;
mod markup;
pub mod picture;
mod plot;
pub mod sarif;
pub mod standing;
pub mod system;
pub mod table;
pub mod text;
pub mod trace;

pub use github::title;
pub use markup::{steers, summary, verdict};
