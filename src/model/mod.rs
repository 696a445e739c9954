//! Syntax tree to resolved declarations and typed terms.
//!
//! [`crate::core::names::Model`] knows what a file declares. An [`elaborate::Elaborator`] answers one question about it: it binds
//! sizes and parameters, checks shapes, and turns architectures, morphisms and optimizers into [`crate::term`]s over
//! the symbols that the question quantifies over.

pub mod architecture;
mod conditions;
pub mod elaborate;
mod faults;
mod files;
mod functions;
mod groups;
mod indexed;
mod lift;
mod membership;
pub mod morphism;
mod numbers;
mod operators;
pub mod optimizer;
mod scopes;
pub mod shapes;
pub(crate) mod suggest;
pub mod system;
mod types;
pub mod validate;
pub mod warnings;
