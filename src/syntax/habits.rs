//! What users of other languages write, and how it is written here: advice for a failure of the grammar.
//!
//! The grammar stops where a text goes on in a way it does not know; a word such as `lambda` is a name to it, so the cause
//! is often the word before. Each rule looks at the place and at what could have stood there, and gives the advice; tables
//! of words are in [`super::habit_words`].

mod heads;
mod notation;
mod parts;
mod questions;
mod signs;

use crate::source::Span;

use super::diagnose::Failure;
use super::found::Found;
use super::grammar::Rule;
use super::habit_words::{APPLIED, ENTRIES, ITEMS, POINT, WORDS, entry_of, value_of};
use super::scan::{is_word_char, word};
use super::vocabulary;

/// What is said about a habit.
pub(super) struct Habit {
    /// How it is written here.
    pub help: String,
    /// The words that are at fault, what was found and what should stand there, if that is not the place of the failure.
    pub moved: Option<(Span, String, &'static str)>,
}

/// What the rules look at.
struct Place<'f, 't> {
    failure: &'f Failure,
    found: &'f Found<'t>,
    /// The text from the place on.
    here: &'t str,
    /// What stands before, without white space.
    before: &'t str,
    /// The word before, if one stands on the same line directly or after spaces.
    last: &'t str,
}

/// The habit that explains a failure, if one does.
pub(super) fn habit(text: &str, failure: &Failure, found: &Found<'_>) -> Option<Habit> {
    let at = found.before.len();
    let before = found.before.trim_end();
    let same_line = !found.before[before.len()..].contains('\n');
    let last = if same_line { word_before(before) } else { "" };
    let place = Place { failure, found, here: &text[at..], before, last };
    let stays = |help: String| Habit { help, moved: None };
    place
        .part()
        .or_else(|| place.trace().map(stays))
        .or_else(|| place.notation())
        .or_else(|| place.mark())
        .or_else(|| place.point())
        .or_else(|| place.kind_of_type().map(stays))
        .or_else(|| place.sign().map(stays))
        .or_else(|| place.head().map(stays))
        .or_else(|| place.check().map(stays))
        .or_else(|| place.word_before())
        .or_else(|| place.entry().map(stays))
        .or_else(|| place.application())
}

const BEGINS: &str = "a declaration begins with its kind: `data`, `let`, `def`, `architecture`, `reparam`, `projection`, \
                      `embedding`, `optimizer`, `system`, …; a question with `check`";

impl Place<'_, '_> {
    fn expects(&self, rules: &[Rule]) -> bool {
        rules.iter().any(|&rule| self.failure.expects(rule))
    }

    fn is(&self, sign: &str) -> bool {
        self.here.starts_with(sign)
    }

    /// The keyword of the item that the place is in, and the last keyword inside it.
    fn inside(&self) -> (&str, &str) {
        let mut item = "";
        let mut entry = "";
        for line in self.found.before.split('\n') {
            let code = line.split("//").next().unwrap_or_default();
            for part in code.split(|c| !is_word_char(c)) {
                if part != "let" && vocabulary::ITEMS.contains(&part) && !(part == "system" && item == "check") {
                    (item, entry) = (part, "");
                } else if vocabulary::ENTRIES.contains(&part) || part == "let" {
                    entry = part;
                }
            }
        }
        (item, entry)
    }

    /// Whether the place is in the body of a `step`.
    fn in_step(&self) -> bool {
        let (item, _) = self.inside();
        let step = self.found.before.rfind("step");
        item == "optimizer" && step > self.found.before.rfind("flow")
    }

    /// How the new value of a name is given where the place is.
    fn rule_of(&self, name: &str) -> String {
        // The point under its name elsewhere, or with a dot above it.
        let dotted = name.chars().any(|c| matches!(c, '\u{307}' | 'ẋ' | 'ẇ' | 'ż' | 'ẏ' | 'ṗ' | 'ṁ'));
        let name = match (dotted || POINT.contains(&name)) && !self.found.before.contains(&format!("state {name}")) {
            true => "params",
            false => name,
        };
        if self.in_step() {
            format!("a `step` gives the new value: `{name}' = …`")
        } else {
            format!("a `flow` gives the derivative: `d/dt {name} = …`")
        }
    }

    /// A word of another language, here or before.
    fn word_before(&self) -> Option<Habit> {
        let line = self.found.before.rsplit('\n').next().unwrap_or_default();
        let code = line.split("//").next().unwrap_or_default();
        if let Some((_, help)) = WORDS.iter().find(|(word, _)| *word == self.found.token) {
            return Some(Habit { help: (*help).to_owned(), moved: None });
        }
        let (at, word, help) = WORDS
            .iter()
            .filter(|(word, _)| *word == self.last)
            .filter_map(|(word, help)| Some((code.rfind(word)?, *word, *help)))
            .next()?;
        let start = self.found.before.len() - line.len() + at;
        let span = Span { start, end: start + word.len(), ..self.found.span };
        let ahead = code[..at].trim_end();
        let expected = match ahead.chars().next_back() {
            None | Some('{' | '}') => "a line of the language",
            Some(c) if is_word_char(c) || matches!(c, ')' | ']' | '\'') => "an operator",
            Some(_) => "an expression",
        };
        Some(Habit { help: help.to_owned(), moved: Some((span, format!("`{word}`"), expected)) })
    }

    /// A word that begins an item, an entry of a body or a rule.
    fn entry(&self) -> Option<String> {
        let token = self.found.token;
        let next = self.found.rest.trim_start();
        let assigned = next.starts_with('=') && !next.starts_with("==") || next.starts_with(":=");
        let (item, _) = self.inside();
        if self.expects(&[Rule::optimizer_entry]) && (token == "d" || token == "D") {
            return Some("the rules stand in `flow { … }` or `step(lr) { … }`".to_owned());
        }
        if self.expects(&[Rule::statement]) && self.found.is_word() {
            let signs = ["+=", "-=", "*=", "/=", ".=", "<-", "←"];
            if matches!(token, "self" | "this") && next.starts_with('.') {
                return Some(self.rule_of("params"));
            }
            // `v_{t+1}`, `params.dt`
            let indexed = token.ends_with('_') && next.starts_with('{');
            if indexed || token == "params" && next.starts_with('.') {
                return Some(self.rule_of(token.trim_end_matches('_')));
            }
            let changed = signs.iter().any(|sign| next.starts_with(sign));
            let other = token.strip_prefix('d').filter(|_| next.starts_with("/dt"));
            let name = match (other, token) {
                (Some(name), _) if !name.is_empty() => name,
                (None, "d") => word(next),
                _ => token,
            };
            if token == "for" || token == "foreach" {
                return Some("the blocks are run through by `each W in params { … }`".to_owned());
            }
            if changed || assigned || next.starts_with('[') || other.is_some() || token == "d" {
                let also = if assigned && !changed {
                    format!("; `let {token} = …` only names a value")
                } else {
                    String::new()
                };
                return Some(self.rule_of(name) + &also);
            }
        }
        if self.expects(&[Rule::architecture_entry]) && self.found.is_word() {
            if let Some(meant) = entry_of(token).filter(|_| !assigned) {
                return Some(meant.to_owned());
            }
            let called = next.starts_with('(') && next.contains('=');
            if let Some(meant) = value_of(token).filter(|_| called) {
                return Some(format!(
                    "an architecture has no functions: write `{meant} = …`, with data for the argument"
                ));
            }
            if assigned || next.starts_with(':') && next.len() > 1 && value_of(token).is_some() {
                let near = ["loss", "output"].into_iter().find(|w| strsim::damerau_levenshtein(w, token) <= 2);
                return Some(match value_of(token).or(near) {
                    Some(meant) => format!("write `{meant} = …`"),
                    None => format!("a name for a value is given by `let {token} = …`; the function is `output = …`"),
                });
            }
            if next.starts_with([',', ':']) {
                return Some(format!("parameters are declared by `param {token} : R`"));
            }
        }
        if self.expects(&[Rule::optimizer_entry]) && self.found.is_word() && next.starts_with(':') {
            return Some(format!("a state is declared by `state {token} : tangent`, `state {token} : cotangent`, …"));
        }
        if self.expects(&[Rule::optimizer_entry]) && self.found.is_word() {
            if token == "params" || next.starts_with('\'') {
                return Some(
                    "new values are given in `step(lr) { params' = … }`, derivatives in `flow { d/dt params = … }`"
                        .to_owned(),
                );
            }
            if assigned && !ENTRIES.iter().any(|(word, _)| *word == token) {
                return Some(format!(
                    "a state is declared by `state {token} : tangent`, a name for a value by `let {token} = …`"
                ));
            }
        }
        if self.expects(&[Rule::optimizer_entry])
            && let Some((_, meant)) = ENTRIES.iter().find(|(word, _)| *word == token)
        {
            return Some((*meant).to_owned());
        }
        if self.expects(&[Rule::item, Rule::EOI]) && self.found.is_word() && !self.found.continues_line()
            || self.before.is_empty() && self.found.is_word()
        {
            if item != "use" && assigned {
                return Some(format!("a constant is `let {token} = …`, data are `data {token} : R[n] = …`"));
            }
            let function = next.starts_with('(') && next.split('\n').next().is_some_and(|line| line.contains(") ="));
            if function {
                return Some(format!("a function is declared by `def {token}(x) = …`"));
            }
            let lower = token.to_lowercase();
            if let Some((_, meant)) = ITEMS.iter().find(|(word, _)| *word == token || *word == lower) {
                return Some((*meant).to_owned());
            }
            let near = super::meant::nearest(token, vocabulary::ITEMS).is_some();
            let word = WORDS.iter().any(|(word, _)| *word == token || *word == self.last);
            if !near && !word && !vocabulary::is_reserved(token) {
                let mapped = ["->", "→", "Hom"].iter().any(|sign| next.contains(sign));
                return Some(match next.chars().next() {
                    Some(':') if mapped => format!(
                        "a function is declared by `def {token}(x) = …`, a map between architectures by `reparam {token} : \
                         Source -> Target {{ … }}`"
                    ),
                    Some(',' | ':') => {
                        format!("data are declared by `data {token} : R[3]`, a function by `def {token}(x) = …`")
                    }
                    Some(c) if is_word_char(c) && next.contains('=') => {
                        format!("a function is declared by `def {token}(x) = …`, a constant by `let {token} = …`")
                    }
                    _ => BEGINS.to_owned(),
                });
            }
        }
        None
    }

    /// A function and its argument without parentheses, or with other brackets.
    fn application(&self) -> Option<Habit> {
        if !self.expects(&[Rule::add, Rule::multiply, Rule::infix]) || !APPLIED.contains(&self.last) {
            return None;
        }
        let name = self.last;
        let argument = self.found.token;
        let operand = self.found.is_word() || argument == "{";
        let inner = if argument == "{" { "…" } else { argument };
        let help = format!("a function takes its argument in parentheses: `{name}({inner})`, `{name}(…)`");
        operand.then_some(Habit { help, moved: None })
    }
}

/// The word that ends a text.
fn word_before(text: &str) -> &str {
    let text = text.strip_suffix('\'').unwrap_or(text);
    &text[text.trim_end_matches(is_word_char).len()..]
}
