//! Proofs for every size at once: the square of an optimizer along a family of projections `P(n)`, for all `n` from some
//! number on.
//!
//! The other engines ask their questions of one member: all sizes are numbers, and every sum is written out. Here the
//! size is a variable. Optimizer, loss and projection are read again from the syntax, as functions of a *symbolic index*
//! into tensors of *symbolic size*, and both sides of the square are computed at a general entry:
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`crate::core::size`] | sizes and indices: integer polynomials in variables and in powers `2^k` |
//! | `context` | what is known of the variables; proofs by cases |
//! | `poly`, `normal` | scalars in normal form and the operations on them |
//! | `sum` | indexed sums with symbolic bounds, as prefix sums |
//! | `derive` | derivatives, replacement of entries and of variables |
//! | `value`, `expr`, `functions` | tensors as functions of an index, and the operations on them |
//! | `reading` | the language read into them, see [`crate::read`] |
//! | `architecture`, `optimizer` | what is declared, at a symbolic size |
//! | `square`, `rate`, `claims` | the questions |
//!
//! **Soundness.** The derivative of `Σ t(i)` by the entry `j` needs to know whether an index in `t` *is* `j`. A
//! computation never guesses: it stops with the comparison that it needs, and is run again in every case of it, so that
//! the cases of a proof cover all indices by construction. Each rule of the normal form is an identity of functions at
//! generic points; what it divides by, or takes the sign of, must not vanish identically, and where that is not evident
//! it is listed among the proof's assumptions. Sizes in denominators are shown not to be zero at any member. Whatever is
//! not read here ends in [`Outcome::Open`] with the reason, and so does a budget that runs out: nothing is ever refuted.

mod architecture;
mod claims;
mod context;
mod derive;
mod evident;
mod expr;
mod functions;
mod normal;
mod optimizer;
mod poly;
mod rate;
mod reading;
pub mod square;
mod sum;
#[cfg(test)]
mod tests;
mod value;

pub use rate::Rate;

use crate::core::names::Model;
use crate::syntax::tree::{Ident, Instance};
use crate::verdict::Verdict;

/// The generator of an unbounded system as written, with `index` free in its arguments (`Forget`, `Forget(n)`,
/// `Pool(2^k)`): for all values of `index` from `from` on. Without arguments the index is the generator's only size.
#[derive(Debug, Clone, Copy)]
pub struct Family<'a> {
    /// The file's declarations.
    pub model: &'a Model,
    /// The projection.
    pub generator: &'a Instance,
    /// The index of the system.
    pub index: &'a Ident,
    /// Its first value.
    pub from: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A theorem about all members.
    Proved(Proof),
    /// Neither proved nor refuted.
    Open {
        /// What stood in the way.
        reason: String,
    },
}

/// A theorem about all members.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// The rate at which the sides are equal; `None` where they are so without one.
    pub rate: Option<Rate>,
    /// How it was proved, in a sentence.
    pub argument: String,
    /// Side conditions that it used and did not settle.
    pub assumptions: Vec<String>,
}

impl Proof {
    /// `commutes` or `up to rate`.
    pub fn verdict(&self) -> Verdict {
        if self.rate.is_none() { Verdict::Commutes } else { Verdict::UpToRate }
    }
}

/// The naturality square of an optimizer along every member of a family, for flows and for steps. That the members are
/// submersions is another question: [`submersion`].
pub fn square(family: &Family, optimizer: &Instance) -> Outcome {
    square::prove(family, optimizer)
}

/// That every member of a family is a submersion that maps the source's domain into the target's.
pub fn submersion(family: &Family) -> Outcome {
    claims::prove(family)
}
