//! From a failure of the grammar to a message: what was found, what could have stood there, and what was probably
//! meant.

use pest::error::{Error, ErrorVariant, InputLocation};

use crate::source::{SourceId, Span};

use super::error::SyntaxError;
use super::grammar::Rule;
use super::rule_names::phrase;
use super::scan::{ENTRY_WORDS, ITEM_WORDS, is_reserved, is_word_char, word};

/// Where the grammar got stuck, and what it tried there.
#[derive(Debug)]
pub(super) struct Failure {
    /// The offset in the whole text.
    pub at: usize,
    tried: Vec<Rule>,
}

impl Failure {
    /// Reads a failure of pest on a slice that begins at `base`.
    pub fn new(error: &Error<Rule>, base: usize) -> Failure {
        let at = match error.location {
            InputLocation::Pos(at) => at,
            InputLocation::Span((start, _)) => start,
        };
        let tried = match &error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives.clone(),
            ErrorVariant::CustomError { .. } => Vec::new(),
        };
        Failure { at: base + at, tried }
    }

    /// Whether this could have stood there.
    pub fn expects(&self, rule: Rule) -> bool {
        self.tried.contains(&rule)
    }

    fn expects_expression(&self) -> bool {
        self.tried.iter().any(|&rule| phrase(rule) == phrase(Rule::expr))
    }

    fn expects_operator(&self) -> bool {
        self.tried.iter().any(|&rule| phrase(rule) == phrase(Rule::add))
    }

    /// What could have stood there, in words. Operators can follow any expression, so that they are only named if
    /// there is nothing else to name.
    fn expected(&self) -> String {
        let weak = |rule: Rule| {
            rule == Rule::kw_in || rule == Rule::EOI || phrase(rule) == phrase(Rule::add) && rule != Rule::colon
        };
        let mut strong: Vec<Rule> = self.tried.iter().copied().filter(|&rule| !weak(rule)).collect();
        if strong.is_empty() {
            strong.clone_from(&self.tried);
        }
        let mut phrases: Vec<&str> = Vec::new();
        for text in strong.into_iter().map(phrase) {
            if !phrases.contains(&text) {
                phrases.push(text);
            }
        }
        match phrases.split_last() {
            None => "something else".to_owned(),
            Some((last, [])) => (*last).to_owned(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        }
    }
}

/// The message for a failure.
pub(super) fn diagnose(id: SourceId, text: &str, failure: &Failure) -> SyntaxError {
    let found = Found::at(id, text, failure.at);
    mistake(text, failure, &found).unwrap_or_else(|| SyntaxError::Unexpected {
        expected: failure.expected(),
        help: advice(text, failure, &found),
        found: found.words(),
        span: found.span,
    })
}

/// What stands at the place of a failure.
#[derive(Debug)]
struct Found<'t> {
    /// The token; empty at the end of the text.
    token: &'t str,
    /// What follows it, on its line.
    rest: &'t str,
    /// What stands before it.
    before: &'t str,
    /// Its place.
    span: Span,
}

impl<'t> Found<'t> {
    fn at(id: SourceId, text: &'t str, at: usize) -> Found<'t> {
        let at = skip_blank(text, at);
        let token = token(&text[at..]);
        let rest = &text[at + token.len()..];
        let rest = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let span = if token.is_empty() {
            // The end of the file: point behind the last thing that was written.
            let end = text.trim_end().len();
            Span::new(id, end, text.len().min(end + 1))
        } else {
            Span::new(id, at, at + token.len())
        };
        Found {
            token,
            rest,
            before: &text[..at],
            span,
        }
    }

    fn words(&self) -> String {
        if self.token.is_empty() {
            "the end of the file".to_owned()
        } else {
            format!("`{}`", self.token)
        }
    }

    fn is_word(&self) -> bool {
        self.token.starts_with(|c: char| is_word_char(c) && !c.is_ascii_digit())
    }

    /// Whether it stands on the line of what comes before it.
    fn continues_line(&self) -> bool {
        let gap = &self.before[self.before.trim_end().len()..];
        !gap.contains('\n')
    }
}

/// The mistakes that have an error of their own.
fn mistake(text: &str, failure: &Failure, found: &Found<'_>) -> Option<SyntaxError> {
    let span = found.span;
    let at = span.start;
    let next = found.rest.trim_start();
    if is_reserved(found.token) && names_it(failure, found, next) {
        return Some(SyntaxError::ReservedWord {
            word: found.token.to_owned(),
            span,
        });
    }
    match found.token {
        "==" if failure.expects(Rule::equals) || failure.expects(Rule::value) => {
            return Some(SyntaxError::DoubleEquals { span });
        }
        "'" => return Some(SyntaxError::StrayPrime { span }),
        "\"" => return Some(SyntaxError::UnclosedString { span }),
        "," | ";" if !failure.expects(Rule::comma) && ends_a_line(failure) => {
            let sign = if found.token == "," { ',' } else { ';' };
            return Some(SyntaxError::Separator { sign, span });
        }
        "." => {
            let whole = digits_before(text, at);
            let fraction = digits(found.rest);
            if !whole.is_empty() && failure.expects_operator() {
                let span = Span {
                    start: at - whole.len(),
                    end: span.end + fraction.len(),
                    ..span
                };
                return Some(SyntaxError::DecimalPoint {
                    suggestion: format!("{whole}.0"),
                    span,
                });
            }
            if !fraction.is_empty() && (failure.expects_expression() || failure.expects_operator()) {
                let span = Span {
                    end: span.end + fraction.len(),
                    ..span
                };
                return Some(SyntaxError::DecimalPoint {
                    suggestion: format!("0.{fraction}"),
                    span,
                });
            }
        }
        _ => {}
    }
    let only_arrow = failure
        .tried
        .iter()
        .all(|rule| matches!(rule, Rule::arrow | Rule::open_paren | Rule::arguments | Rule::params));
    if failure.expects(Rule::arrow) && only_arrow {
        return Some(SyntaxError::MissingArrow {
            found: found.words(),
            span,
        });
    }
    None
}

/// Whether a reserved word stands where a name was meant.
fn names_it(failure: &Failure, found: &Found<'_>, next: &str) -> bool {
    let name = failure.expects_expression()
        || [
            Rule::ident,
            Rule::data_name,
            Rule::instance,
            Rule::equation,
            Rule::statement,
            Rule::param_piece,
        ]
        .iter()
        .chain(&[
            Rule::generator,
            Rule::over,
            Rule::path,
            Rule::domain,
            Rule::ty,
            Rule::ty_atom,
            Rule::def_params,
        ])
        .any(|&rule| failure.expects(rule));
    let assigned = next.starts_with('\'') || next.starts_with('=') && !next.starts_with("==");
    let is_item = next.starts_with(|c: char| is_word_char(c) && !c.is_ascii_digit());
    name && (assigned || found.continues_line() && !is_item)
}

/// Whether a line of a body, or an item, may end at the failure.
fn ends_a_line(failure: &Failure) -> bool {
    [Rule::close_brace, Rule::item, Rule::EOI]
        .iter()
        .any(|&rule| failure.expects(rule))
}

/// Advice on mistakes that have no error of their own.
fn advice(text: &str, failure: &Failure, found: &Found<'_>) -> Option<String> {
    if let Some(sign) = meant_sign(found.token) {
        return Some(format!("write `{sign}`"));
    }
    let next = found.rest.trim_start();
    if failure.expects(Rule::statement) && found.is_word() && next.starts_with(['=', '[']) {
        let name = found.token;
        return Some(format!(
            "in a step write `{name}' = …`, in a flow `d/dt {name} = …`; `let {name} = …` for a name"
        ));
    }
    if found.token == "=" && (failure.expects(Rule::equality) || failure.expects(Rule::comparison)) {
        let sign = if failure.expects(Rule::equality) {
            "the two sides are compared with `==`"
        } else {
            CONDITIONS
        };
        return Some(sign.to_owned());
    }
    if found.token == "==" && failure.expects(Rule::comparison) {
        return Some(CONDITIONS.to_owned());
    }
    if failure.expects_expression() && starts_with_digit(found.token) && found.token.len() > 1 {
        let number = digits(found.token);
        let rest = &found.token[number.len()..];
        return Some(format!(
            "a name cannot begin with a digit; a product is written `{number} * {rest}`"
        ));
    }
    if failure.expects_operator() && found.continues_line() {
        if found.is_word() || starts_with_digit(found.token) || found.token == "(" {
            let close = words_near(found.token, failure);
            return Some(close.unwrap_or_else(|| "a product is written with `*`".to_owned()));
        }
    }
    if found.is_word() {
        return words_near(found.token, failure);
    }
    let _ = text;
    None
}

const CONDITIONS: &str = "conditions are written with `<`, `<=`, `>`, `>=` or `!=`";

/// The word that was probably meant, of those that can stand here.
fn words_near(token: &str, failure: &Failure) -> Option<String> {
    let mut words: Vec<&str> = Vec::new();
    if failure.expects(Rule::item) || failure.expects(Rule::EOI) {
        words.extend(ITEM_WORDS);
    }
    if failure.expects(Rule::close_brace) {
        words.extend(ENTRY_WORDS);
        words.extend(["let", "output", "loss"]);
    }
    for &rule in &failure.tried {
        words.extend(
            phrase(rule)
                .split('`')
                .skip(1)
                .step_by(2)
                .filter(|word| word.starts_with(char::is_alphabetic)),
        );
    }
    if failure.expects(Rule::verdict) {
        words.extend(["commutes", "fails", "undecided", "invalid"]);
    }
    let near = words
        .into_iter()
        .filter(|word| *word != token)
        .min_by_key(|word| distance(token, word))?;
    (distance(token, near) <= 1 + near.len() / 6).then(|| format!("did you mean `{near}`?"))
}

/// The number of letters to change, add, remove or swap to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(32).collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// The sign of the language for one that only looks like it.
fn meant_sign(token: &str) -> Option<&'static str> {
    Some(match token {
        "×" | "·" | "⋅" | "∗" | "**" => "*",
        "−" | "–" | "—" => "-",
        "→" | "=>" | "⟶" => "->",
        "≤" => "<=",
        "≥" => ">=",
        "≠" => "!=",
        "÷" => "/",
        "⊤" | "ᵀ" => "^T",
        "²" => "^2",
        "³" => "^3",
        "∘" => ";",
        "′" | "’" => "'",
        _ => return None,
    })
}

/// Skips white space and comments.
fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with("//") {
            return at;
        }
        at += trimmed.find('\n').unwrap_or(trimmed.len());
    }
}

/// The token at the start of a text: a word, a number or a sign.
fn token(text: &str) -> &str {
    let word = word(text);
    if !word.is_empty() {
        return word;
    }
    let signs = ["..=", "->", "=>", "==", "<=", ">=", "!=", "..", ".*", "./", "**"];
    if let Some(sign) = signs.iter().find(|sign| text.starts_with(**sign)) {
        return &text[..sign.len()];
    }
    text.chars().next().map_or("", |c| &text[..c.len_utf8()])
}

fn starts_with_digit(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
}

fn digits(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}

fn digits_before(text: &str, at: usize) -> &str {
    let before = &text[..at];
    &before[before.trim_end_matches(|c: char| c.is_ascii_digit()).len()..]
}
