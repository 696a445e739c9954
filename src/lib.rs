//! `nat`: under construction.
pub mod domain;
pub mod model;
pub mod source;
pub mod syntax;
pub mod term;
