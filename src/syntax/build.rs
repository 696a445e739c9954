//! Walking the grammar's pairs: the small tools with which the tree is built.
//!
//! The grammar has already accepted the text, so a missing part would be a disagreement between the grammar and this
//! code. It is reported as an ordinary syntax error at its place, never as a panic.

use crate::source::{SourceId, Span};

use super::error::SyntaxError;
use super::grammar::{Node, Nodes, Rule};
use super::rule_names::phrase;
use super::tree::Ident;

/// The result of building a part of the tree.
pub(super) type Built<T> = Result<T, SyntaxError>;

/// Where the text that was parsed lies: in which source, and at which offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Builder {
    pub source: SourceId,
    pub base: usize,
    /// How many operators that nest to the right are open around the expression being built.
    pub chain: usize,
}

impl Builder {
    /// The place of a node, without the white space and comments that pest counts to a rule with an absent tail.
    pub fn span(self, node: &Node<'_>) -> Span {
        let start = node.as_span().start();
        let mut last = node.clone();
        // Such a tail ends in white space, since the line end behind a comment belongs to it.
        while last.as_str().ends_with(char::is_whitespace) {
            match last.clone().into_inner().next_back() {
                Some(inner) => last = inner,
                None => break,
            }
        }
        let end = last.as_span().end();
        Span::new(self.source, self.base + start, self.base + end)
    }

    /// An identifier; of a primed one the prime is left off.
    pub fn ident(self, node: &Node<'_>) -> Ident {
        Ident { name: node.as_str().trim_end_matches('\'').to_owned(), span: self.span(node) }
    }

    /// The parts of a node.
    pub fn parts(self, node: Node<'_>) -> Parts<'_> {
        let whole = self.span(&node);
        let mut parts = Parts { builder: self, nodes: node.into_inner(), next: None, whole };
        parts.advance();
        parts
    }
}

/// The parts of a node one after the other, punctuation left out.
#[derive(Debug)]
pub(super) struct Parts<'i> {
    builder: Builder,
    nodes: Nodes<'i>,
    next: Option<Node<'i>>,
    whole: Span,
}

impl<'i> Parts<'i> {
    fn advance(&mut self) {
        self.next = self.nodes.by_ref().find(|node| !is_punctuation(node.as_rule()));
    }

    /// The place of the node whose parts these are.
    pub fn whole(&self) -> Span {
        self.whole
    }

    /// The rule of the next part.
    pub fn peek(&self) -> Option<Rule> {
        self.next.as_ref().map(Node::as_rule)
    }

    /// The next part, whatever it is.
    pub fn any(&mut self) -> Option<Node<'i>> {
        let node = self.next.take();
        self.advance();
        node
    }

    /// The next part if it is of this rule.
    pub fn take(&mut self, rule: Rule) -> Option<Node<'i>> {
        if self.peek() == Some(rule) { self.any() } else { None }
    }

    /// The next part, which the grammar says is of this rule.
    pub fn need(&mut self, rule: Rule) -> Built<Node<'i>> {
        self.take(rule).ok_or_else(|| self.missing(rule))
    }

    /// The next part, an identifier.
    pub fn ident(&mut self) -> Built<Ident> {
        Ok(self.builder.ident(&self.need(Rule::ident)?))
    }

    /// All identifiers that follow directly.
    pub fn idents(&mut self) -> Vec<Ident> {
        let builder = self.builder;
        std::iter::from_fn(|| self.take(Rule::ident)).map(|node| builder.ident(&node)).collect()
    }

    /// The error of a grammar that did not keep its word.
    pub fn missing(&self, rule: Rule) -> SyntaxError {
        SyntaxError::Unexpected {
            expected: phrase(rule).to_owned(),
            found: "something else".to_owned(),
            span: self.next.as_ref().map_or(self.whole, |node| self.builder.span(node)),
            help: None,
        }
    }
}

/// Signs that only separate.
fn is_punctuation(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::open_paren
            | Rule::close_paren
            | Rule::open_square
            | Rule::close_square
            | Rule::open_brace
            | Rule::close_brace
            | Rule::comma
            | Rule::colon
            | Rule::semicolon
            | Rule::dot
            | Rule::arrow
            | Rule::equals
            | Rule::equality
            | Rule::EOI
    )
}
