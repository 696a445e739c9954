//! Naturality from types: proofs for every architecture and every dimension at once.
//!
//! A square along a *class* of maps (`check natural O along orthogonal`) speaks of every architecture, so no terms can be
//! built for it. Instead every subexpression of the optimizer gets a *transformation law*, [`law::Law`], by the rules of
//! [`rules`], one for each primitive: how its value changes when the parameters are changed by a map of the class. If the
//! law of `d/dt params` is that of a tangent vector and each state's derivative has its state's law, the square commutes,
//! for all architectures. This is abstract interpretation; it takes time linear in the optimizer.
//!
//! | part | what it does |
//! | --- | --- |
//! | [`body`] | an optimizer's body as a graph of operations on values of unknown size |
//! | [`law`] | the laws |
//! | [`rules`] | the table: the law of each primitive from those of its operands, with the proof |
//! | `smooth` | what nonlinear maps add: terms in the second derivative of the map |
//! | `expand` | steps for small `lr` |
//! | [`hypothesis`] | what a proof uses of the architecture: a non-singular metric or Hessian |
//! | [`prove`] | from the laws of the components to a statement about the square |
//! | [`same`] | whether two bodies are one function |
//! | [`reach`] | how many derivatives a body reads, and what it makes of the dimension |
//! | [`blame`] | the smallest subexpression at which naturality is lost |
//!
//! Types prove; they never refute. What they leave open is for [`crate::check`] to decide on examples.

pub mod blame;
pub mod body;
mod expand;
pub mod hypothesis;
pub mod law;
pub mod prove;
pub mod reach;
pub mod rules;
pub mod same;
mod smooth;
