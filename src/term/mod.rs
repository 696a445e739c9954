//! The calculus: hash-consed tensor terms, their smart constructors, derivatives, substitution, evaluation and display.
//!
//! A [`Term`] denotes a real tensor-valued, piecewise analytic function of its [`Symbol`]s. Terms are built by the
//! methods of [`Store`] alone, so every term is in normal form: sums are flat with like terms collected, products are
//! binary contractions, and index shuffling of any kind (transpose, slice, reshape, broadcast, diagonal) is one node.
//! Few kinds of node keep the rules for derivatives few, and the language of derivatives is closed: the derivative of
//! a term is a term, to any depth.
//!
//! The algebra is that of *generic* equality: two terms are identified when they agree wherever both are defined, off
//! poles and kinks. `x · x⁻¹` may therefore become `1`, but `(x²)^(1/2)` never becomes `x`.
//!
//! Terms know nothing of architectures, morphisms or optimizers.

mod bounds;
mod build;
mod constants;
mod contract;
mod derive;
mod display;
mod entries;
mod functions;
mod matrices;
mod program;
mod reverse;
mod sign;
mod singular;
mod spectral;
mod store;
mod substitute;

pub use build::NONE;
pub(crate) use build::half;
pub use derive::{NotDifferentiable, Seeds};
pub use program::{Failure, Program};
pub use singular::{Singular, Singularity};
pub use store::{Labels, Node, Shape, Store, Symbol, SymbolId, Term};
