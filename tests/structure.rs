//! Proofs by types against numbers: of each rule on random expressions, of the library, of mutants of it; and the maps
//! and files that answers along classes rest on.

mod support;

#[path = "structure/examples.rs"]
mod examples;
#[path = "structure/expressions.rs"]
mod expressions;
#[path = "structure/lab.rs"]
mod lab;
#[path = "structure/library.rs"]
mod library;
#[path = "structure/limits.rs"]
mod limits;
#[path = "structure/mutants.rs"]
mod mutants;
#[path = "structure/rules.rs"]
mod rules;
#[path = "structure/smooth.rs"]
mod smooth;
#[path = "structure/weights.rs"]
mod weights;
