//! The parser that pest derives from `grammar/nat.pest`; nothing outside the syntax stage sees its rules.

use pest::Parser;
use pest::error::Error;
use pest::iterators::{Pair, Pairs};
use pest_derive::Parser;

#[derive(Parser)]
#[grammar = "grammar/nat.pest"]
struct NatParser;

pub(super) type Node<'i> = Pair<'i, Rule>;
pub(super) type Nodes<'i> = Pairs<'i, Rule>;

/// Parses a text as a whole file.
pub(super) fn file(text: &str) -> Result<Nodes<'_>, Box<Error<Rule>>> {
    NatParser::parse(Rule::file, text).map_err(Box::new)
}

/// Parses as many items as stand at the start of a text.
pub(super) fn items(text: &str) -> Result<Nodes<'_>, Box<Error<Rule>>> {
    NatParser::parse(Rule::items, text).map_err(Box::new)
}
