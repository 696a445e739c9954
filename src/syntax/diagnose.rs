//! From a failure of the grammar to a message: what was found, what could have stood there, and what was probably
//! meant.

use pest::error::{Error, ErrorVariant, InputLocation};

use crate::source::{SourceId, Span};

use super::error::SyntaxError;
use super::found::{Found, digits, digits_before, starts_with_digit, token_before};
use super::grammar::Rule;
use super::habits::{Habit, habit};
use super::meant::{meant_sign, nearest};
use super::rule_names::phrase;
use super::scan::{MAX_NESTING, is_word_char};
use super::vocabulary::{ENTRIES, ITEMS, is_reserved};

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
            // At the start of a text pest names what begins there, which is an item.
            ErrorVariant::ParsingError { positives, .. } => {
                let item = |&rule: &Rule| if matches!(rule, Rule::file | Rule::items) { Rule::item } else { rule };
                positives.iter().map(item).collect()
            }
            ErrorVariant::CustomError { .. } => Vec::new(),
        };
        Failure { at: base + at, tried }
    }

    /// Whether this could have stood there.
    pub fn expects(&self, rule: Rule) -> bool {
        self.tried.contains(&rule)
    }

    /// Whether nothing else could have stood there.
    pub fn only(&self, rule: Rule) -> bool {
        self.tried.iter().all(|&tried| tried == rule)
    }

    /// Whether an expression could have stood there.
    pub fn expects_expression(&self) -> bool {
        self.tried.iter().any(|&rule| phrase(rule) == phrase(Rule::expr))
    }

    fn expects_operator(&self) -> bool {
        self.tried.iter().any(|&rule| phrase(rule) == phrase(Rule::add))
    }

    /// Whether a line of a body, or an item, may end here.
    fn may_end(&self) -> bool {
        [Rule::close_brace, Rule::item, Rule::EOI].iter().any(|&rule| self.expects(rule))
    }

    /// What could have stood there, in words. What could also have been left out is only named if there is nothing
    /// else; an operator, which can follow any expression, also if the line goes on.
    fn expected(&self, continues_line: bool) -> String {
        let begins = |rule: Rule| {
            let starts = [Rule::item, Rule::architecture_entry, Rule::optimizer_entry, Rule::statement];
            starts.contains(&rule) || rule == Rule::close_brace || rule == Rule::equation
        };
        let fresh = self.tried.iter().any(|&rule| begins(rule) && rule != Rule::close_brace);
        let strength = |rule: Rule| match rule {
            Rule::kw_in | Rule::open_paren | Rule::open_square | Rule::EOI => 0,
            // On a line of its own something new begins.
            _ if !continues_line && fresh && !begins(rule) => 0,
            Rule::colon => 2,
            Rule::item if continues_line => 1,
            _ if phrase(rule) != phrase(Rule::add) => 2,
            _ => usize::from(continues_line) * 2,
        };
        let most = self.tried.iter().map(|&rule| strength(rule)).max().unwrap_or(0);
        let mut phrases: Vec<&str> = Vec::new();
        for text in self.tried.iter().filter(|&&rule| strength(rule) == most).map(|&rule| phrase(rule)) {
            if !phrases.contains(&text) {
                phrases.push(text);
            }
        }
        // Operators last, since they are the vaguest.
        phrases.sort_by_key(|text| *text == phrase(Rule::add));
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
    if failure.tried.is_empty() {
        // pest gave up on its own account, which it does only when the stack runs low.
        return SyntaxError::TooDeep { what: "nesting of brackets", limit: MAX_NESTING, span: found.span };
    }
    let names =
        is_reserved(found.token) && found.token != "classify" && names_it(failure, &found, found.rest.trim_start());
    let known = if names { None } else { habit(text, failure, &found) };
    if let Some(Habit { help, moved: Some((span, found, expected)) }) = known {
        let expected = expected.to_owned();
        return SyntaxError::Unexpected { expected, found, span, help: Some(help) };
    }
    if known.is_none()
        && let Some(error) = mistake(text, failure, &found)
    {
        return error;
    }
    let expected = failure.expected(found.continues_line());
    let ended =
        found.token.is_empty() || !found.continues_line() && (is_reserved(found.token) || !failure.expects_operator());
    if ended
        && !failure.may_end()
        && let Some((after, span)) = token_before(id, text, found.before.len())
    {
        let help = known.map(|habit| habit.help);
        return SyntaxError::Incomplete { expected, after, found: found.words(), span, help };
    }
    let help = known.map(|habit| habit.help).or_else(|| advice(failure, &found));
    SyntaxError::Unexpected { expected, found: found.words(), span: found.span, help }
}

/// The mistakes that have an error of their own.
fn mistake(text: &str, failure: &Failure, found: &Found<'_>) -> Option<SyntaxError> {
    let span = found.span;
    let at = span.start;
    let next = found.rest.trim_start();
    if found.is_word() && next.len() < found.rest.len() && next.starts_with('\'') {
        let start = span.end + found.rest.len() - next.len();
        return Some(SyntaxError::StrayPrime { span: Span { start, end: start + 1, ..span } });
    }
    if is_reserved(found.token) && names_it(failure, found, next) {
        return Some(SyntaxError::ReservedWord { word: found.token.to_owned(), span });
    }
    match found.token {
        "==" if failure.expects(Rule::equals) || failure.expects(Rule::value) => {
            return Some(SyntaxError::DoubleEquals { span });
        }
        "'" => return Some(SyntaxError::StrayPrime { span }),
        "\"" => return Some(SyntaxError::UnclosedString { span }),
        "," | ";" if !failure.expects(Rule::comma) && !failure.expects(Rule::semicolon) && failure.may_end() => {
            let sign = if found.token == "," { ',' } else { ';' };
            return Some(SyntaxError::Separator { sign, span });
        }
        "." => {
            let whole = digits_before(text, at);
            let fraction = digits(found.rest);
            if !whole.is_empty() && failure.expects_operator() {
                let span = Span { start: at - whole.len(), end: span.end + fraction.len(), ..span };
                return Some(SyntaxError::DecimalPoint { suggestion: format!("{whole}.0"), span });
            }
            if !fraction.is_empty() && (failure.expects_expression() || failure.expects_operator()) {
                let span = Span { end: span.end + fraction.len(), ..span };
                return Some(SyntaxError::DecimalPoint { suggestion: format!("0.{fraction}"), span });
            }
        }
        _ => {}
    }
    let only_arrow = failure
        .tried
        .iter()
        .all(|rule| matches!(rule, Rule::arrow | Rule::open_paren | Rule::arguments | Rule::params));
    if failure.expects(Rule::arrow) && only_arrow {
        return Some(SyntaxError::MissingArrow { found: found.words(), span });
    }
    None
}

/// Whether a reserved word stands where a name was meant.
fn names_it(failure: &Failure, found: &Found<'_>, next: &str) -> bool {
    let name = failure.expects_expression()
        || [Rule::ident, Rule::data_name, Rule::instance, Rule::equation, Rule::statement, Rule::param_piece]
            .iter()
            .chain(&[Rule::generator, Rule::over, Rule::path, Rule::domain, Rule::ty, Rule::ty_atom, Rule::def_params])
            .any(|&rule| failure.expects(rule));
    let assigned = next.starts_with('\'') || next.starts_with('=') && !next.starts_with("==");
    let is_item = next.starts_with(|c: char| is_word_char(c) && !c.is_ascii_digit());
    name && (assigned || found.continues_line() && !is_item)
}

/// Advice on mistakes that have no error of their own.
fn advice(failure: &Failure, found: &Found<'_>) -> Option<String> {
    if let Some(sign) = meant_sign(found.token) {
        return Some(format!("write `{sign}`"));
    }
    if found.token == "*" && found.before.ends_with('*') {
        return Some("a power is written with `^`".to_owned());
    }
    if found.token == "," && failure.expects(Rule::semicolon) {
        return Some("a path is written `f ; g`".to_owned());
    }
    let next = found.rest.trim_start();
    if found.token == "step" && next.starts_with('=') && failure.expects(Rule::trace_entry) {
        return Some("the number of steps is written `steps = …`".to_owned());
    }
    if failure.expects(Rule::statement) && found.is_word() && next.starts_with(['=', '[']) {
        let name = found.token;
        return Some(format!(
            "in a step write `{name}' = …`, in a flow `d/dt {name} = …`; `let {name} = …` for a name"
        ));
    }
    if found.token == "=" && (failure.expects(Rule::equality) || failure.expects(Rule::comparison)) {
        let sign = if failure.expects(Rule::equality) { "the two sides are compared with `==`" } else { CONDITIONS };
        return Some(sign.to_owned());
    }
    if found.token == "==" && failure.expects(Rule::comparison) {
        return Some(CONDITIONS.to_owned());
    }
    if !failure.expects_operator() && starts_with_digit(found.token) && found.token.len() > 1 {
        let number = digits(found.token);
        let rest = &found.token[number.len()..];
        if rest.starts_with('_') && rest.chars().all(|c| c == '_' || c.is_ascii_digit()) {
            return Some(format!("digits stand without separators: `{}`", found.token.replace('_', "")));
        }
        if number == "0" && rest.starts_with(['x', 'b', 'o']) {
            return Some("numbers are decimal".to_owned());
        }
        return Some(format!("a name cannot begin with a digit; a product is written `{number} * {rest}`"));
    }
    let near = if found.is_word() { words_near(found.token, failure) } else { None };
    let operand = found.is_word() || starts_with_digit(found.token) || found.token == "(";
    let product = operand && failure.expects_operator() && found.continues_line();
    near.or_else(|| product.then(|| "a product is written with `*`".to_owned()))
}

const CONDITIONS: &str = "conditions are written with `<`, `<=`, `>`, `>=` or `!=`";

/// The word that was probably meant, of those that can stand here.
fn words_near(token: &str, failure: &Failure) -> Option<String> {
    let mut words: Vec<&str> = Vec::new();
    if failure.expects(Rule::item) || failure.expects(Rule::EOI) {
        words.extend(ITEMS);
    }
    if failure.expects(Rule::close_brace) {
        words.extend(ENTRIES);
        words.extend(["let", "output", "loss"]);
    }
    for &rule in &failure.tried {
        words.extend(phrase(rule).split('`').skip(1).step_by(2).filter(|word| word.starts_with(char::is_alphabetic)));
    }
    if failure.expects(Rule::verdict) {
        words.extend(["commutes", "fails", "undecided", "invalid"]);
    }
    nearest(token, words).map(|near| format!("did you mean `{near}`?"))
}
