//! Text to syntax tree, and back.
//!
//! [`parse()`] turns a source into a [`tree::File`] and the errors found on the way; the printer (the `Display`
//! implementations of the tree) turns a tree into text that parses to the same tree.
//!
//! A text passes through three steps:
//!
//! 1. a scan of its brackets and item keywords (`scan`), which finds unclosed brackets, limits nesting and cuts the
//!    text into slices that can be parsed on their own if the whole cannot;
//! 2. the grammar (`grammar/nat.pest`, behind `grammar`), and where it fails the search for a message (`diagnose`);
//! 3. the construction of the tree from the grammar's pairs (`build_…`, `precedence`).

mod build;
mod build_check;
mod build_expr;
mod build_items;
mod build_morphism;
mod build_optimizer;
mod build_params;
mod comments;
mod diagnose;
pub mod error;
pub mod format;
mod found;
mod grammar;
mod habit_words;
mod habits;
mod lost;
mod meant;
mod number;
pub mod parse;
mod precedence;
pub mod print;
mod print_check;
mod print_expr;
mod print_items;
mod rule_names;
mod scan;
pub mod tree;
pub mod vocabulary;
pub mod words;

pub use error::SyntaxError;
pub use habit_words::{meant_function, meant_layer};
pub use meant::nearest;
pub use parse::{MAX_BYTES, parse};
pub use precedence::{MAX_CHAIN, MAX_DEPTH};
pub use print::{expr_to_string, via_to_string};
pub use scan::{MAX_NESTING, words};
