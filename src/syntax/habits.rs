//! What users of other languages write, and how it is written here: advice for a failure of the grammar.
//!
//! The grammar stops where a text goes on in a way it does not know; a word such as `lambda` is a name to it, so the cause
//! is often the word before. Each rule looks at the place and at what could have stood there, and gives the advice; tables
//! of words are in [`super::habit_words`].

use crate::source::Span;

use super::diagnose::Failure;
use super::found::{Found, digits};
use super::grammar::Rule;
use super::habit_words::{
    APPLIED, ENTRIES, ITEMS, LATEX, MODULES, SIGNS, WORDS, entry_of, meant_function, meant_verdict, value_of,
};
use super::scan::{ENTRY_WORDS, ITEM_WORDS, is_word_char, word};

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
        .mark()
        .or_else(|| place.point())
        .or_else(|| place.kind_of_type().map(stays))
        .or_else(|| place.sign().map(stays))
        .or_else(|| place.head().map(stays))
        .or_else(|| place.check().map(stays))
        .or_else(|| place.word_before())
        .or_else(|| place.entry().map(stays))
        .or_else(|| place.application())
}

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
                if part != "let" && ITEM_WORDS.contains(&part) && !(part == "system" && item == "check") {
                    (item, entry) = (part, "");
                } else if ENTRY_WORDS.contains(&part) || part == "let" {
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
        if self.in_step() {
            format!("a `step` gives the new value: `{name}' = …`")
        } else {
            format!("a `flow` gives the derivative: `d/dt {name} = …`")
        }
    }

    /// A prime or a quotation mark.
    fn mark(&self) -> Option<Habit> {
        let at = self.found.span.start;
        let stays = |help: &str| Some(Habit { help: help.to_owned(), moved: None });
        if self.is("\"") {
            let closed = self.here[1..].split('\n').next().is_some_and(|rest| rest.contains('"'));
            if self.is("\"\"\"") && self.expects(&[Rule::item]) {
                return stays("`///` begins the doc comment of a declaration, `//` any other comment");
            }
            return if closed { stays("only the path of a `use` stands in quotation marks") } else { None };
        }
        if !self.is("'") || self.before.ends_with('\'') {
            return None;
        }
        let quoted = &self.here[1..];
        let inner = quoted.split('\'').next().filter(|inner| inner.len() < quoted.len() && !inner.contains('\n'));
        let spaced = self.before.len() < self.found.before.len();
        let (span, moved) = (Span { start: at, end: at + 1, ..self.found.span }, "an operator");
        match inner {
            Some(path) if self.last == "use" => {
                return stays(&format!("the path of a `use` stands in double quotation marks: `use \"{path}\"`"));
            }
            Some(_) if self.last.is_empty() && !self.before.ends_with([')', ']']) => {
                return stays("only the path of a `use` stands in quotation marks, and in double ones");
            }
            _ => {}
        }
        if self.before.ends_with(']') && self.in_step() {
            let help = "the prime follows the name, and the block the prime: `m'[W]`".to_owned();
            return Some(Habit { help, moved: Some((span, "`'`".to_owned(), moved)) });
        }
        if self.before.ends_with([')', ']']) || !spaced && !self.in_step() && !self.last.is_empty() {
            let help = "the transpose is written `^T`; a prime is the new value of a name in a step".to_owned();
            return Some(Habit { help, moved: Some((span, "`'`".to_owned(), moved)) });
        }
        None
    }

    /// A point that begins the name of a method, or follows that of a module.
    fn point(&self) -> Option<Habit> {
        let stays = |help: &str| Some(Habit { help: help.to_owned(), moved: None });
        if self.is(".^") {
            return stays("a power is written `^`, and taken entry by entry");
        }
        if !self.is(".") || self.is(".*") || self.is("./") {
            return None;
        }
        let name = word(&self.here[1..]);
        if self.expects(&[Rule::semicolon]) {
            return stays("a path is written `f ; g`: first `f`, then `g`");
        }
        if self.before.ends_with("..") {
            return stays("a range is written `0..n`, half open, or `0..=n`");
        }
        if !digits(name).is_empty() || name.is_empty() {
            return None;
        }
        if self.expects(&[Rule::item]) && self.inside().0 == "use" {
            let rest: String = self.here.chars().take_while(|&c| c == '.' || is_word_char(c)).collect();
            return stays(&format!("a file is used by its path: `use \"{}{rest}\"`", self.last));
        }
        if let "T" | "t" | "mT" | "H" | "transpose" | "permute" = name {
            return stays("the transpose is written `^T`");
        }
        if let "shape" | "size" | "ndim" | "len" = name {
            return stays("a size is the number, or the parameter of type `N`, that the type was given");
        }
        if MODULES.contains(&self.last) {
            let chain: String = self.here.chars().take_while(|&c| c == '.' || is_word_char(c)).collect();
            let called = chain.rsplit('.').next().unwrap_or_default();
            let help = match meant_function(called) {
                Some(meant) => format!("functions belong to no module: {meant}"),
                None => format!("functions belong to no module: `{called}(…)` is called by its name alone"),
            };
            let start = self.before.len() - self.last.len();
            let span = Span { start, end: self.found.span.start + chain.len(), ..self.found.span };
            return Some(Habit { help, moved: Some((span, format!("`{}{chain}`", self.last), "an expression")) });
        }
        let help = match meant_function(name) {
            Some(meant) => format!("nothing has methods: {meant}"),
            None => format!("nothing has fields or methods; a function takes its argument in parentheses: `{name}(…)`"),
        };
        stays(&help)
    }

    /// What follows a type as in other languages: `R^2`, `R(3)`, `R > 0`.
    fn kind_of_type(&self) -> Option<String> {
        let ended = self.expects(&[Rule::where_clause, Rule::kw_where]) && self.expects(&[Rule::arrow, Rule::ty]);
        if let (true, "<" | ">" | "<=" | ">=" | "!=") = (ended, self.found.token)
            && !self.here[1..].split('\n').next().is_some_and(|rest| rest.contains('>'))
        {
            let sign = self.found.token;
            return Some(format!("conditions stand behind `where`: `a : {} where a {sign} …`", self.last));
        }
        let of_type = self.before.ends_with(']') || matches!(self.last, "R" | "N");
        if ended && of_type && self.is("[")
            || ended && self.last == "R" && matches!(self.found.token, "^" | "(" | "{" | "<")
        {
            let first = self.before[..self.before.len()].rsplit('[').next().unwrap_or_default().trim_end_matches(']');
            let inside = self.here.trim_start_matches('^').trim_start_matches(['(', '{', '<', '[']);
            let size: String =
                inside.chars().take_while(|&c| is_word_char(c) || c == ',' || c == ' ').collect::<String>();
            let size = size.split('\n').next().unwrap_or_default().trim();
            let plain =
                |s: &str| !s.is_empty() && s.split([',', ' ']).all(|p| p.parse::<u32>().is_ok() || p.is_empty());
            return Some(match (self.is("["), plain(size)) {
                (true, true) if plain(first) => format!("a matrix is `R[m, n]`: write `R[{first}, {size}]`"),
                (false, true) => format!("sizes stand in square brackets: write `R[{size}]`"),
                _ => "sizes stand in square brackets: a vector is `R[n]`, a matrix `R[m, n]`".to_owned(),
            });
        }
        if self.expects(&[Rule::close_square]) && matches!(self.found.token, "x" | "×" | "by") && self.inside_type() {
            return Some("sizes are separated by commas: a matrix is `R[m, n]`".to_owned());
        }
        None
    }

    fn inside_type(&self) -> bool {
        let open = self.before.rfind('[');
        open.is_some_and(|open| matches!(word_before(&self.before[..open]), "R" | "GL"))
    }

    /// A sign of another language.
    fn sign(&self) -> Option<String> {
        let at_item = self.expects(&[Rule::item]) && !self.found.continues_line() || self.before.is_empty();
        if at_item && (self.is("--") || self.is("%") || self.is(";") || self.is("(*")) {
            return Some("a comment begins with `//`".to_owned());
        }
        let value = self.expects(&[Rule::equals, Rule::value]);
        if value && (self.is(":=") || self.is("<-") || self.is("←") || self.is("->") || self.is("=>")) {
            return Some("a value is given with `=`".to_owned());
        }
        if value && ["+=", "-=", "*=", "/="].iter().any(|sign| self.is(sign)) {
            let (item, _) = self.inside();
            let name = self.last.trim_end_matches('\'');
            return Some(if item == "optimizer" { self.rule_of(name) } else { "a value is given with `=`".to_owned() });
        }
        if let Some(rest) = self.here.strip_prefix('\\') {
            let name = word(rest);
            return Some(match LATEX.iter().find(|(command, _)| *command == name) {
                Some((_, meant)) => format!("there are no backslashes: write `{meant}`"),
                None => format!("names are written without a backslash: `{name}`"),
            });
        }
        if self.expects(&[Rule::semicolon]) && matches!(self.found.token, "∘" | ">" | "|" | "*" | "," | "." | "&" | "+")
        {
            return Some("a path is written `f ; g`: first `f`, then `g`".to_owned());
        }
        let condition = self.inside().1 != "let" && self.before.rfind("where") > self.before.rfind(['{', '}']);
        if (self.is("&") || self.is("|")) && condition {
            return Some("conditions are joined by commas".to_owned());
        }
        if self.is("||") {
            return Some("a norm is written `norm(v)`".to_owned());
        }
        let square = |open: &str| self.before.rfind('[') > self.before.rfind(open);
        if self.is(":")
            && (square("(") && self.expects(&[Rule::range_tail, Rule::range_open, Rule::range_closed])
                || self.expects(&[Rule::range_sign, Rule::range_open]))
        {
            let called = self.before.ends_with(')') && self.before.rfind("range(") > self.before.rfind(" in ");
            let help = if called {
                "a range is written `0..n`, half open"
            } else {
                "a range is written `a..b`, half open, or `a..=b`"
            };
            return Some(help.to_owned());
        }
        let (_, meant) = SIGNS.iter().find(|(sign, _)| self.is(sign))?;
        Some((*meant).to_owned())
    }

    /// A fault in the head of a declaration, or between it and its body.
    fn head(&self) -> Option<String> {
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
        if self.last == "over" && !self.found.is_word() {
            return Some("an index has a name: `over n in 1..8`".to_owned());
        }
        let calls = self.expects(&[Rule::infix, Rule::add]) && self.expects(&[Rule::close_paren]);
        let ranges = self.found.rest.split('\n').next().is_some_and(|line| line.contains(".."));
        if token == "=" && calls && ranges {
            return Some(format!("an index runs over a range: `{} in 0..n`", self.last));
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
        if entry == "param" && self.expects(&[Rule::colon]) {
            return Some("a parameter has a type: `param a, b : R`".to_owned());
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
        if item == "use" && (self.is("/") || self.is("::")) {
            return Some("the names of a library are joined by points: `use std.optimizers`".to_owned());
        }
        None
    }

    /// A fault in a check.
    fn check(&self) -> Option<String> {
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
        if self.expects(&[Rule::kw_along]) && self.found.continues_line() {
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
        Some(Habit { help: help.to_owned(), moved: Some((span, format!("`{word}`"), "something else")) })
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
            let changed = ["+=", "-=", "*=", "/="].iter().any(|sign| next.starts_with(sign));
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
            if assigned || next.starts_with(':') && next.len() > 1 && value_of(token).is_some() {
                return Some(match value_of(token) {
                    Some(meant) => format!("write `{meant} = …`"),
                    None => format!("a name for a value is given by `let {token} = …`; the function is `output = …`"),
                });
            }
            if next.starts_with([',', ':']) {
                return Some(format!("parameters are declared by `param {token} : R`"));
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
            if let Some((_, meant)) = ITEMS.iter().find(|(word, _)| *word == token) {
                return Some((*meant).to_owned());
            }
        }
        if self.expects(&[Rule::kw_over]) && matches!(token, "for" | "with" | "where" | "n") {
            return Some("the index stands behind `over`: `over n in 1..8`".to_owned());
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
