//! The tokens of a text, in order, with what the layout must know of each.

use pest::Token as Mark;

use crate::syntax::grammar::{self, Rule};

/// What a token does to the spaces around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, a number, a string: a space between two of them.
    Word,
    /// A sign with a space on each side.
    Infix,
    /// A sign that belongs to what follows.
    Prefix,
    /// A sign that belongs to both of its neighbours, or to what stands before it.
    Tight,
    /// `,`, and `:` behind a binder: a space behind it only.
    Comma,
    /// `(` or `[` that opens arguments or an index of what stands before it.
    OpenTight,
    /// `(` or `[` that begins a value.
    Open,
    /// `)` or `]`.
    Close,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
}

/// A token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Offset of its first byte.
    pub start: usize,
    /// Offset behind its last byte.
    pub end: usize,
    /// What it does to spaces.
    pub kind: Kind,
    /// Whether an item begins with it.
    pub item: bool,
    /// Whether an entry of a body begins with it.
    pub entry: bool,
    /// Whether it would be read as a part of another sign if nothing stood before it.
    pub apart: bool,
    /// The text that stands for it, if it is not the one in the file.
    pub canonical: Option<&'static str>,
}

/// The tokens of a text; none if it does not follow the grammar.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found: Vec<Token> = Vec::new();
    // The rules that are open, each with whether it holds another one.
    let mut open: Vec<(Rule, bool)> = Vec::new();
    let (mut item, mut entry) = (false, false);
    let mut rules: Vec<Rule> = Vec::new();
    for mark in grammar::file(text).ok()?.tokens() {
        match mark {
            Mark::Start { rule, .. } => {
                if let Some((_, holds)) = open.last_mut() {
                    *holds = true;
                }
                let parent = open.last().map(|(r, _)| *r);
                item |= rule == Rule::item;
                entry |= begins_entry(rule, parent) && !after_equals(&found, text, rule);
                open.push((rule, false));
            }
            Mark::End { rule, pos } => {
                let Some((_, holds)) = open.pop() else { continue };
                if holds {
                    continue;
                }
                let end = pos.pos();
                let start = begin(text, found.last().map_or(0, |t| t.end), end);
                if start == end || rule == Rule::EOI {
                    continue;
                }
                let parent = open.last().map(|(r, _)| *r);
                let kind = kind(rule, parent);
                // A sign that must not be followed by another one takes in the blanks behind it.
                let end = if kind == Kind::Word { end } else { start + sign(&text[start..end]) };
                found.push(Token { start, end, kind, item, entry, apart: false, canonical: canonical(rule) });
                rules.push(rule);
                (item, entry) = (false, false);
            }
        }
    }
    adapt(&mut found, &rules, text);
    Some(found)
}

/// Fractions of two numbers are written without spaces, and `^ T` and `^- 1` are not the signs `^T` and `^-1`.
fn adapt(tokens: &mut [Token], rules: &[Rule], text: &str) {
    let is = |i: usize, rule: Rule| rules.get(i) == Some(&rule);
    for i in 1..tokens.len() {
        let word = &text[tokens[i].start..tokens[i].end];
        let exponent = is(i - 1, Rule::power);
        let negative = i > 1 && is(i - 1, Rule::minus_sign) && is(i - 2, Rule::power);
        tokens[i].apart = exponent && word == "T" || negative && word == "1";
        let fraction = is(i, Rule::divide) && is(i - 1, Rule::number) && is(i + 1, Rule::number);
        let powers = i > 1 && is(i - 2, Rule::power) || is(i + 2, Rule::power);
        if fraction && !powers {
            tokens[i].kind = Kind::Tight;
        }
    }
}

/// The length of a sign at the start of a text, without what is blank behind it.
fn sign(text: &str) -> usize {
    let blank = text.find(char::is_whitespace).unwrap_or(text.len());
    text.find("//").map_or(blank, |comment| comment.min(blank))
}

/// Where the token that ends here begins: behind the blanks and comments after the one before it.
fn begin(text: &str, from: usize, end: usize) -> usize {
    let mut at = from;
    while at < end {
        let rest = &text[at..end];
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            at += blank;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else {
            break;
        }
    }
    at
}

fn begins_entry(rule: Rule, parent: Option<Rule>) -> bool {
    match rule {
        Rule::architecture_entry | Rule::equation | Rule::inverse | Rule::optimizer_entry | Rule::statement => true,
        Rule::trace_entry => true,
        Rule::generator => parent == Some(Rule::system),
        _ => false,
    }
}

/// Whether a generator is the value of a system and no entry of its body.
fn after_equals(found: &[Token], text: &str, rule: Rule) -> bool {
    rule == Rule::generator && found.last().is_some_and(|t| &text[t.start..t.end] == "=")
}

fn canonical(rule: Rule) -> Option<&'static str> {
    match rule {
        Rule::derivative_sign => Some("d/dt"),
        Rule::covariant_sign => Some("D/dt"),
        _ => None,
    }
}

fn kind(rule: Rule, parent: Option<Rule>) -> Kind {
    match rule {
        Rule::open_brace => Kind::OpenBrace,
        Rule::close_brace => Kind::CloseBrace,
        Rule::close_paren | Rule::close_square => Kind::Close,
        Rule::open_paren => match parent {
            Some(Rule::parenthesised | Rule::order) => Kind::Open,
            _ => Kind::OpenTight,
        },
        Rule::open_square => match parent {
            Some(Rule::list) => Kind::Open,
            _ => Kind::OpenTight,
        },
        Rule::comma => Kind::Comma,
        Rule::colon => match parent {
            Some(Rule::indexed) => Kind::Comma,
            Some(Rule::subscript) => Kind::Word,
            _ => Kind::Infix,
        },
        // `params - G`
        Rule::minus_sign if parent == Some(Rule::blocks) => Kind::Infix,
        Rule::minus_sign => Kind::Prefix,
        // `m[W]'`
        Rule::prime
        | Rule::power
        | Rule::dot
        | Rule::range_closed
        | Rule::range_open
        | Rule::transpose
        | Rule::reciprocal => Kind::Tight,
        Rule::add
        | Rule::subtract
        | Rule::multiply
        | Rule::divide
        | Rule::entry_multiply
        | Rule::entry_divide
        | Rule::comparison
        | Rule::below
        | Rule::at_least
        | Rule::equals
        | Rule::equality
        | Rule::arrow
        | Rule::semicolon => Kind::Infix,
        _ => Kind::Word,
    }
}
