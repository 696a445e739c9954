//! Faults in bodies: what stands where an entry of an architecture, a rule or an operand does.

use super::{Habit, Place, word_before};
use crate::source::Span;
use crate::syntax::grammar::Rule;
use crate::syntax::habit_words::{meant_function, meant_layer};
use crate::syntax::scan::{is_word_char, word};
use crate::syntax::vocabulary::{MATRICES, NUMBERS, STATES};

impl Place<'_, '_> {
    /// A fault whose cause is the sign or the word before.
    pub(super) fn part(&self) -> Option<Habit> {
        self.operand().or_else(|| self.body().or_else(|| self.names()).map(|help| Habit { help, moved: None }))
    }

    /// `a +` at the end of a line: the next one goes on as an expression until its `=`.
    fn operand(&self) -> Option<Habit> {
        if !matches!(self.found.token, "=" | "'" | ":")
            || !self.expects(&[Rule::add, Rule::infix])
            || self.last.is_empty()
        {
            return None;
        }
        let ahead = self.before.strip_suffix(self.last)?;
        let end = ahead.trim_end();
        let sign = end.chars().next_back().filter(|c| matches!(c, '+' | '-' | '*' | '/' | '^'))?;
        // The point of an entrywise operator belongs to it.
        let point = usize::from(end.ends_with(".*") || end.ends_with("./"));
        if !ahead[end.len()..].contains('\n') {
            return None;
        }
        let span = Span { start: end.len() - 1 - point, end: end.len(), ..self.found.span };
        let help = format!("an operand is missing behind `{sign}`");
        Some(Habit { help, moved: Some((span, "the end of the line".to_owned(), "an expression")) })
    }

    /// An entry of an architecture, or a value in it.
    fn body(&self) -> Option<String> {
        let token = self.found.token;
        let (item, _) = self.inside();
        if token == "("
            && item == "architecture"
            && matches!(self.last, "output" | "loss")
            && self.expects(&[Rule::equals])
        {
            return Some(format!(
                "an architecture has no functions: write `{} = …`, with data for the argument",
                self.last
            ));
        }
        if self.expects(&[Rule::architecture_entry]) && matches!(token, "minimize" | "minimise" | "maximize") {
            return Some("the loss is given by `loss = …`".to_owned());
        }
        let operator = self.expects(&[Rule::add, Rule::infix]) && self.found.continues_line();
        if token == "where" && operator && item == "architecture" {
            return Some(
                "a condition stands behind a type, `param a : R where a > 0`, or in a line of its own: `assume a > 0`"
                    .to_owned(),
            );
        }
        let sign = matches!(token, "+" | "*" | "/" | ".*" | "./");
        if sign && self.failure.expects_expression() && self.before.ends_with(['(', ',']) {
            return Some(match meant_function(self.applied()) {
                Some(meant) => meant,
                None => "an operator stands between two expressions, and is no function".to_owned(),
            });
        }
        if token == "let" && self.failure.expects_expression() && !self.expects(&[Rule::close_brace]) {
            return Some("a `let` is a line of its own, above the one that uses its name".to_owned());
        }
        if token == "(" && operator && self.before.ends_with(')') {
            let called = called(self.before);
            return Some(match meant_function(called).filter(|_| called != "grad") {
                Some(meant) => meant,
                None if meant_layer(called).is_some() || called.starts_with(char::is_uppercase) => {
                    "layers are written out, one after the other: `let hidden = relu(U * X)`".to_owned()
                }
                None => {
                    "what stands before it is a value and takes no arguments; a product is written with `*`".to_owned()
                }
            });
        }
        if self.expects(&[Rule::statement]) {
            return self.statement();
        }
        None
    }

    /// A rule of an optimizer.
    fn statement(&self) -> Option<String> {
        let token = self.found.token;
        let next = self.found.rest.trim_start();
        let state = |name: &str| {
            let known = self.found.before.contains(&format!("state {name}"));
            if known { name.to_owned() } else { "params".to_owned() }
        };
        match token {
            "self" | "this" => Some(self.rule_of(&state(word(next.strip_prefix('.')?)))),
            "dt" | "return" => Some(self.rule_of("params")),
            _ if self.found.is_word() && next.starts_with(['′', '’']) => {
                Some(format!("a new value has a straight prime: `{token}' = …`"))
            }
            _ if self.found.is_word() && next.starts_with(',') => {
                Some(format!("each value is given by itself: {}", self.rule_of(&state(token))))
            }
            _ if token.ends_with("_dot") => Some(self.rule_of(token.trim_end_matches("_dot"))),
            "\\" if next.starts_with("frac{d") => Some(self.rule_of("params")),
            _ if self.found.is_word() && next.starts_with('.') => Some(self.rule_of(&state(token))),
            _ if self.found.is_word() && next.starts_with('(') && next.contains('=') => {
                Some(self.rule_of(&state(word(&next[1..]))))
            }
            _ => None,
        }
    }

    /// Names, their types and their conditions.
    fn names(&self) -> Option<String> {
        let token = self.found.token;
        let (item, entry) = self.inside();
        let number = token.starts_with(|c: char| c.is_ascii_digit());
        if item == "optimizer" && entry.is_empty() && number && self.before.ends_with(':') {
            let name = word_before(self.before.trim_end_matches(':').trim_end());
            let fraction: String = self.found.rest.chars().take_while(|&c| c == '.' || is_word_char(c)).collect();
            return Some(format!("its value is given with `=`: `{name} = {token}{fraction}`"));
        }
        let map = matches!(item, "reparam" | "projection" | "embedding");
        let round = self.open().is_some_and(|(bracket, _)| bracket == '(');
        let comma = self.expects(&[Rule::comma]);
        if map && round && comma && matches!(token, "such" | "with" | "if" | "when" | "st" | "satisfying") {
            return Some("conditions stand behind `where`: `(a : R where a > 0)`".to_owned());
        }
        if map && round && number && (self.before.ends_with('(') || self.before.ends_with(',')) && self.compares() {
            return Some(
                "a parameter has a name and a type, and conditions stand behind them: `(a : R where 0 < a)`".to_owned(),
            );
        }
        if comma && self.expects(&[Rule::colon]) && self.found.is_word() && self.found.continues_line() {
            if self.last == "where" {
                return Some("a condition follows the type without a comma: `(a : R where a > 0)`".to_owned());
            }
            if matches!(self.last, "forall" | "exists" | "all" | "any" | "∀") {
                return Some(format!(
                    "a parameter has a type, and conditions stand behind it: `({token} : R where {token} > 0)`"
                ));
            }
            let ty =
                NUMBERS.contains(&token) || MATRICES.contains(&token) || STATES.contains(&token) && entry == "state";
            if ty && !self.last.is_empty() {
                return Some(format!("a type stands behind a colon: `{} : {token}`", self.last));
            }
        }
        let head = map && self.before.contains("->") && self.expects(&[Rule::open_brace]);
        if head && self.found.is_word() && self.found.continues_line() && self.before.ends_with(self.last) {
            return Some(format!("sizes stand in parentheses: `{}({token})`", self.last));
        }
        self.index()
    }

    /// The range of an index.
    fn index(&self) -> Option<String> {
        let (item, _) = self.inside();
        if item != "system" && item != "cone" {
            return None;
        }
        let line = self.before.rsplit('\n').next().unwrap_or_default();
        let over = line.rsplit(" over ").next().filter(|rest| rest.len() < line.len())?;
        let name = word(over);
        let ranged = self.expects(&[Rule::range_sign, Rule::range_open, Rule::range_closed, Rule::range_tail]);
        let list = ranged && over.contains(" in ") && !self.found.continues_line();
        let alone = self.expects(&[Rule::at_least]) && !self.found.continues_line();
        let bounded = over.contains(">=") && matches!(self.found.token, "and" | "&" | "<" | "<=");
        (list || alone || bounded)
            .then(|| format!("an index runs over a range: `{name} in 1..5`, without the 5, or `{name} in 1..=5`"))
    }

    /// Whether the line goes on with a comparison.
    fn compares(&self) -> bool {
        self.found.rest.contains(['<', '>'])
    }
}

/// The function whose call ends a text.
fn called(text: &str) -> &str {
    let mut depth = 0_usize;
    for (i, c) in text.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' if depth == 1 => {
                return text[..i]
                    .trim_end_matches(|c| !is_word_char(c))
                    .rsplit(|c| !is_word_char(c))
                    .next()
                    .unwrap_or_default();
            }
            '(' => depth -= 1,
            _ => {}
        }
    }
    ""
}
