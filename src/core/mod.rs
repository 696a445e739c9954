//! What the language is made of, said once for every engine.
//!
//! [`prim`] is the table of its functions. Terms, power series, symbolic sizes and transformation laws all read it, so
//! that a function is added by one row, and what the row does not say is an error of the compiler.

pub mod defined;
pub mod formula;
pub mod prim;
