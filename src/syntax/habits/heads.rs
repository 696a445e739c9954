//! Faults in the heads of declarations, and in checks.

use super::Place;
use crate::syntax::grammar::Rule;
use crate::syntax::habit_words::meant_verdict;
use crate::syntax::scan::{is_word_char, word};

impl Place<'_, '_> {
    /// A fault in the head of a declaration, or between it and its body.
    pub(super) fn head(&self) -> Option<String> {
        let (item, entry) = self.inside();
        let token = self.found.token;
        if item == "morphism" && self.expects(&[Rule::equals]) && token == ":" {
            return Some(
                "a `morphism` names a path, `morphism M = f ; g`; a map is a `reparam`, a `projection` or an `embedding`"
                    .to_owned(),
            );
        }
        if entry == "param" && token == "=" && self.expects(&[Rule::arrow]) {
            return Some("a parameter ranges over its whole type and takes no value".to_owned());
        }
        if self.expects(&[Rule::kw_over]) && matches!(token, "for" | "with" | "where" | "n") {
            return Some("the index stands behind `over`: `over n in 1..8`".to_owned());
        }
        if self.last == "over" && !self.found.is_word() {
            return Some("an index has a name: `over n in 1..8`".to_owned());
        }
        let calls = self.expects(&[Rule::infix, Rule::add]) && self.expects(&[Rule::close_paren]);
        let ranges = self.found.rest.split('\n').next().is_some_and(|line| line.contains(".."));
        if token == "=" && calls && ranges {
            return Some(format!("an index runs over a range: `{} in 0..n`", self.last));
        }
        if token == "=" && calls && matches!(self.last, "axis" | "dim" | "dims" | "keepdims" | "keepdim") {
            return Some(
                "there are no named arguments, and what is summed is summed over all entries; row by row it is `[i in 0..n: sum(A[i])]`".to_owned(),
            );
        }
        if token == "=" && calls {
            return Some("functions take their arguments in order, without names".to_owned());
        }
        if self.before.ends_with(':') && self.expects(&[Rule::close_square]) {
            return Some("a range is written `a..b`, half open: `v[0..n]`".to_owned());
        }
        if self.expects(&[Rule::def_params]) || item == "def" && self.expects(&[Rule::open_paren]) {
            return Some("a function names its arguments: `def f(x) = …`; a constant is a `let`".to_owned());
        }
        if item == "def" && token == ":" {
            let inner = self.expects(&[Rule::comma]);
            let help = if inner {
                "arguments of a `def` have no type: any shapes that fit may be given"
            } else {
                "its value is given with `=`: `def f(x) = …`"
            };
            return Some(help.to_owned());
        }
        if self.expects(&[Rule::value, Rule::equals]) && matches!(token, "{" | ":" | "->" | "=>" | ",") {
            if entry == "let" || item == "let" {
                return Some(match token {
                    ":" => "a `let` has no type: `let x = …`".to_owned(),
                    "," => "a `let` gives one name: write one for each".to_owned(),
                    _ => "its value is given with `=`: `let x = …`".to_owned(),
                });
            }
            if token != "," && !self.expects(&[Rule::item, Rule::close_brace]) {
                return Some("its value is given with `=`".to_owned());
            }
        }
        if item == "let" || entry == "let" {
            if self.expects(&[Rule::value, Rule::equals]) && token == "(" {
                return Some("a function is declared at top level: `def f(x) = …`".to_owned());
            }
            if self.expects(&[Rule::value, Rule::equals]) && token == "'" {
                return Some("a new value is given without `let`: `m' = …`".to_owned());
            }
            if self.expects(&[Rule::value, Rule::equals]) && self.found.is_word() && self.found.continues_line() {
                let name = self.found.token;
                return Some(format!("a `let` is one name and its value: `let {name} = …`"));
            }
        }
        if self.expects(&[Rule::kw_in]) && token == "=" {
            return Some(format!("an index runs over a range: `{} in 1..8`", self.last));
        }
        if self.expects(&[Rule::at_least]) && token == ">" {
            return Some("an index without end is written `n >= 1`".to_owned());
        }
        if self.expects(&[Rule::domain]) && token == "[" {
            return Some("parameters stand in `(…)`: `reparam F : (a, b : R) -> Target { … }`".to_owned());
        }
        let morphism = matches!(item, "reparam" | "projection" | "embedding");
        if morphism && self.expects(&[Rule::colon]) && !self.expects(&[Rule::comma]) {
            return Some(format!("source and target stand behind a colon: `{item} F : Source -> Target {{ … }}`"));
        }
        if morphism && self.expects(&[Rule::arrow]) && (self.is("-") || self.is("→") || self.is("to")) {
            return None;
        }
        if item == "data" && self.expects(&[Rule::colon]) && !self.expects(&[Rule::close_paren]) {
            let name = if self.last.is_empty() { "x" } else { self.last };
            return Some(format!("data have a type behind a colon: `data {name} : R[3]`"));
        }
        if entry == "state" && self.expects(&[Rule::colon]) {
            return Some(
                "a state has a type: `tangent`, `cotangent`, `metric`, `diagonal`, `R`, …; where it starts stands behind: `state m : cotangent = 0`"
                    .to_owned(),
            );
        }
        if self.last == "param" && token == "(" {
            return Some("names stand without parentheses: `param a, b : R`".to_owned());
        }
        if self.before.ends_with("->") && token == "(" && !self.expects(&[Rule::ty]) {
            return Some(
                "the target is an architecture that is declared; only a source may be written inline: `reparam F : (a, b : R) -> Target { … }`"
                    .to_owned(),
            );
        }
        if item == "def" && token == "->" {
            return Some(
                "a function gives no type: `def f(x) = …`; a map between architectures is a `reparam`, a `projection` or an `embedding`"
                    .to_owned(),
            );
        }
        if entry == "param" && self.expects(&[Rule::colon]) {
            return Some("a parameter has a type: `param a, b : R`".to_owned());
        }
        if morphism && self.expects(&[Rule::open_brace]) && matches!(token, "^" | "[") {
            return Some(
                "the target is an architecture that is declared: `reparam F : (a, b : R) -> Target { … }`".to_owned(),
            );
        }
        if self.expects(&[Rule::open_brace]) {
            return Some(match self.last {
                "flow" => "a flow is `flow { d/dt params = … }`".to_owned(),
                _ if token == "=" => "the body follows without `=`, in braces: `{ … }`".to_owned(),
                _ => "its body stands in braces: `{ … }`".to_owned(),
            });
        }
        if self.last == "step" && self.expects(&[Rule::open_paren])
            || entry == "step" && self.expects(&[Rule::close_paren]) && !self.expects(&[Rule::add])
            || self.before.ends_with("step(")
        {
            return Some("a step names its learning rate, and nothing else: `step(lr) { … }`".to_owned());
        }
        if (self.before.ends_with("d/dt") || self.before.ends_with("D/dt")) && token == "(" {
            return Some("the derivative of the parameters is `d/dt params = …`".to_owned());
        }
        if entry == "each" && self.expects(&[Rule::kw_in]) {
            return Some("the blocks are run through by `each W in params { … }`".to_owned());
        }
        if morphism && matches!(token, ">" | "<" | ">=" | "<=" | "!=") && !self.before.contains("->") {
            let name = if self.last.is_empty() { "a" } else { self.last };
            return Some(format!(
                "conditions stand behind `where`, after the type: `({name} : R where {name} {token} 0)`"
            ));
        }
        if item == "use" && (self.is("/") || self.is("::")) {
            return Some("the names of a library are joined by points: `use std.optimizers`".to_owned());
        }
        None
    }

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
            let capital = token.chars().next().is_some_and(char::is_uppercase);
            if let "naturality" | "Natural" | "nat" | "equivariance" | "equivariant" = token {
                return Some("write `check natural O along F`".to_owned());
            }
            if capital && self.found.rest.contains("along") {
                return Some(format!("write `check natural {token} along …`"));
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
            return Some("each optimizer has a check of its own: `check natural O along F`".to_owned());
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
            let asked = ["training", "transfer", "natural"].into_iter().find(|w| self.before.contains(w));
            return Some(format!(
                "`{0}` is asked along a morphism: `check {0} O along F`; two optimizers on one architecture are `check same O == P on A`",
                asked.unwrap_or("natural")
            ));
        }
        if self.expects(&[Rule::kw_along]) {
            return Some("what it is asked along stands behind `along`: `check natural O along F`".to_owned());
        }
        if self.expects(&[Rule::equality]) {
            return Some("the two sides are compared with `==`".to_owned());
        }
        if self.expects(&[Rule::ask_preserves, Rule::kw_loss]) && self.inside().0 == "check" {
            return Some("a morphism preserves `loss` or `output`: `check preserves loss F`".to_owned());
        }
        None
    }
}
