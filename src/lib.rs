//! `nat`: under construction.
pub mod source;
pub mod syntax;
