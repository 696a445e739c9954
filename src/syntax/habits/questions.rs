//! Faults in checks, and in experiments.

use super::Place;
use crate::syntax::grammar::Rule;
use crate::syntax::habit_words::meant_verdict;
use crate::syntax::scan::{is_word_char, word};
use crate::syntax::vocabulary::QUESTIONS;

impl Place<'_, '_> {
    /// A fault in a check.
    pub(super) fn check(&self) -> Option<String> {
        let token = self.found.token;
        let quoted = token.trim_matches('"');
        if self.expects(&[Rule::verdict, Rule::kw_limit, Rule::kw_rate, Rule::kw_to]) {
            let said: String = self.before.rsplit("expect").next().unwrap_or_default().to_owned();
            let meant = meant_verdict(if said.trim().is_empty() { quoted } else { said.trim() });
            return Some(match meant {
                Some(verdict) => format!("write `expect {verdict}`"),
                None => {
                    "a verdict is `commutes`, `up to rate`, `in limit`, `fails`, `undecided` or `invalid`".to_owned()
                }
            });
        }
        let (item, _) = self.inside();
        if item != "check" && item != "classify" {
            return None;
        }
        let asked = self.asked();
        if let Some(said) = self.path_of(asked) {
            return Some(said);
        }
        let next = word(self.found.rest.trim_start_matches(|c: char| !is_word_char(c) && c != '\n'));
        if self.expects(&[Rule::expect, Rule::kw_expect]) && self.found.continues_line() {
            let verdict = meant_verdict(token).or_else(|| meant_verdict(next));
            if let Some(verdict) = verdict.filter(|_| matches!(token, "=" | ":" | "==") || self.found.is_word()) {
                return Some(format!("what is expected stands behind `expect`: `expect {verdict}`"));
            }
            if let "expects" | "expected" | "should" | "is" | "must" = token {
                return Some("what is expected stands behind `expect`: `expect fails`".to_owned());
            }
        }
        if self.expects(&[Rule::semicolon]) && matches!(token, "then" | "o" | "and" | "after") {
            return Some("a path is written `f ; g`: first `f`, then `g`".to_owned());
        }
        if self.last == "natural" && token == "(" {
            return Some("it is asked in words: `check natural O along F`".to_owned());
        }
        if self.expects(&[Rule::question, Rule::ask_natural]) && self.found.is_word() {
            if token == "classify" {
                return Some("a table is asked for without `check`: `classify O`".to_owned());
            }
            if token == "trace" {
                return Some("an experiment stands without `check`: `trace O along F { … }`".to_owned());
            }
            if let "equal" | "equals" | "equivalent" | "identical" | "eq" | "compare" = token {
                return Some(
                    "two optimizers are compared by `check same O == P`, two maps by `check commutes f == g`"
                        .to_owned(),
                );
            }
            let capital = token.chars().next().is_some_and(char::is_uppercase);
            if let "naturality" | "Natural" | "nat" | "equivariance" | "equivariant" = token {
                return Some("write `check natural O along F`".to_owned());
            }
            if capital && self.found.rest.contains("along") {
                return Some(format!("write `check natural {token} along …`"));
            }
            if capital && self.found.rest.contains("==") {
                return Some(format!(
                    "write `check same {token} == …` for optimizers, `check commutes {token} == …` for maps"
                ));
            }
            if capital {
                return Some(format!(
                    "write `check system {token}`, `check natural … along …`, `check commutes …`, `check preserves loss …` or `check same …`"
                ));
            }
        }
        if self.last == "check" && token == ":" {
            return Some("the question follows without a colon: `check natural O along F`".to_owned());
        }
        if self.expects(&[Rule::kw_along]) && token == "," {
            return Some(format!("each optimizer has a check of its own: `check {asked} O along F`"));
        }
        if token == "along" && self.expects(&[Rule::on, Rule::kw_on]) && self.before.contains("==") {
            return Some("two optimizers are compared on an architecture: `check same O == P on A`".to_owned());
        }
        if token == "(" && matches!(self.last, "commutes" | "along" | "loss" | "output" | "system" | "same") {
            return Some("names and paths stand without parentheses: `f ; g`".to_owned());
        }
        if matches!(token, "or" | "and" | "|" | "/")
            && ["commutes", "fails", "rate", "limit", "undecided"].contains(&self.last)
        {
            return Some("a check expects one verdict".to_owned());
        }
        if self.expects(&[Rule::kw_along]) && token == "on" {
            return Some(format!(
                "`{asked}` is asked along a morphism: `check {asked} O along F`; two optimizers on one architecture are `check same O == P on A`",
            ));
        }
        if self.expects(&[Rule::kw_along]) {
            return Some(match self.last == "along" && self.found.is_word() {
                true => format!("an optimizer stands before `along`: `check {asked} O along {token}`"),
                false => format!("what it is asked along stands behind `along`: `check {asked} O along F`"),
            });
        }
        if self.expects(&[Rule::equality]) && token == "along" && asked == "commutes" {
            let name = if self.last.is_empty() { "O" } else { self.last };
            return Some(format!(
                "an optimizer is asked about by `check natural {name} along …`; `commutes` compares two maps: `check commutes f == g`"
            ));
        }
        if self.expects(&[Rule::equality]) {
            return Some("the two sides are compared with `==`".to_owned());
        }
        if self.expects(&[Rule::ask_preserves, Rule::kw_loss]) && self.inside().0 == "check" {
            return Some("a morphism preserves `loss` or `output`: `check preserves loss F`".to_owned());
        }
        None
    }

    /// What the check that the place is in asks: the word behind its `check`.
    fn asked(&self) -> &str {
        let text = self.before.rsplit("check").next().unwrap_or_default().trim_start();
        let said = word(text);
        if QUESTIONS.contains(&said) { said } else { "natural" }
    }

    /// What stands behind the path of a check and belongs to none.
    fn path_of(&self, asked: &str) -> Option<String> {
        let token = self.found.token;
        let line = self.before.rsplit('\n').next().unwrap_or_default();
        let expected = line.rsplit("expect ").next().filter(|said| said.len() < line.len()).unwrap_or_default();
        if token == "=" && expected.starts_with("up to rates") && self.expects(&[Rule::open_paren]) {
            return Some(format!("each factor names its block: `{0}(W) = 2`", self.last));
        }
        if token == "=" && expected.starts_with("up to rate ") {
            return Some("factors of blocks stand behind `rates`: `expect up to rates lr(W) = 2`".to_owned());
        }
        let ended = self.expects(&[Rule::semicolon, Rule::kw_along]) || !expected.is_empty();
        if !self.found.continues_line() || !ended {
            return None;
        }
        match token {
            "because" | "since" | "why" => Some("a reason stands in a comment: `// …`".to_owned()),
            "for" | "forall" | "∀" | "every" => Some(format!(
                "a check speaks of every value that is not given, and `check training` of every number of steps: `check {asked} O along F`"
            )),
            "where" | "with" if self.expects(&[Rule::semicolon]) => {
                let name = if self.last.is_empty() { "F" } else { self.last };
                Some(format!("an argument is given to what takes it: `{name}(a = 2)`"))
            }
            _ if self.expects(&[Rule::semicolon]) && token.starts_with(char::is_uppercase) => {
                Some(format!("a path is written `f ; g`, first `f`, then `g`: `{} ; {token}`", self.last))
            }
            _ => None,
        }
    }

    /// A fault in an experiment.
    pub(super) fn trace(&self) -> Option<String> {
        let begins = |line: &str| word(line) == "trace";
        let head = self.found.before.lines().rev().find(|line| line.starts_with(|c: char| is_word_char(c)))?;
        if !begins(head) {
            return None;
        }
        let token = self.found.token;
        if self.expects(&[Rule::kw_along]) {
            return Some("an experiment runs along a morphism: `trace O along F { … }`".to_owned());
        }
        let start = matches!(self.last, "start" | "init" | "initial" | "begin" | "from")
            || self.before.trim_end_matches('=').trim_end().ends_with("start");
        if token == "{" && start {
            return Some("a run starts at `start { U = 1  V = 0 }`, without `=`".to_owned());
        }
        if self.before.rsplit('\n').next().is_some_and(|line| line.contains("until"))
            || matches!(token, "while" | "stop" | "stop_when")
        {
            return Some("when a run comes below a loss first is asked by `until loss < 2`".to_owned());
        }
        None
    }
}
