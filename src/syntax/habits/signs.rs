//! Signs of other languages: marks, points, types as they are written elsewhere.

use super::{Habit, Place, word_before};
use crate::source::Span;
use crate::syntax::found::digits;
use crate::syntax::grammar::Rule;
use crate::syntax::habit_words::{APPLIED, LATEX, LAYOUT, LOADERS, MODULES, SIGNS, meant_function, meant_layer};
use crate::syntax::scan::{is_word_char, word};

const NO_INVERSE: &str = "a path runs through maps as they are declared: the way back is a map of its own";

impl Place<'_, '_> {
    /// A prime or a quotation mark.
    pub(super) fn mark(&self) -> Option<Habit> {
        let at = self.found.span.start;
        let stays = |help: &str| Some(Habit { help: help.to_owned(), moved: None });
        if self.is("\"") {
            let closed = self.here[1..].split('\n').next().is_some_and(|rest| rest.contains('"'));
            if self.is("\"\"\"") && self.expects(&[Rule::item]) {
                return stays("`///` begins the doc comment of a declaration, `//` any other comment");
            }
            return if closed { stays(&self.quoted()) } else { None };
        }
        if !self.is("'") || self.before.ends_with('\'') {
            return None;
        }
        let quoted = &self.here[1..];
        let inner = quoted.split('\'').next().filter(|inner| inner.len() < quoted.len() && !inner.contains('\n'));
        if matches!(self.inside().0, "reparam" | "projection" | "embedding")
            && quoted.trim_start().starts_with('=')
            && !self.last.is_empty()
        {
            let help = format!("a parameter of the target is given as it is called: `{} = …`", self.last);
            return Some(Habit { help, moved: None });
        }
        let spaced = self.before.len() < self.found.before.len();
        let (span, moved) = (Span { start: at, end: at + 1, ..self.found.span }, "an operator");
        match inner {
            Some(path) if self.last == "use" => {
                return stays(&format!("the path of a `use` stands in double quotation marks: `use \"{path}\"`"));
            }
            Some(_) if self.last.is_empty() && !self.before.ends_with([')', ']']) => {
                return stays("only the paths of `use` and of `read` stand in quotation marks, and in double ones");
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
    pub(super) fn point(&self) -> Option<Habit> {
        let stays = |help: &str| Some(Habit { help: help.to_owned(), moved: None });
        if self.is(".^") {
            return stays("a power is written `^`, and taken entry by entry");
        }
        if !self.is(".") || self.is(".*") || self.is("./") {
            return None;
        }
        if !self.last.is_empty() && !self.last.starts_with(|c: char| c.is_ascii_digit()) {
            if self.is(".(") {
                return stays("functions act entry by entry as they are: `f(x)`, without a point");
            }
            if self.is(".+") || self.is(".-") {
                return stays("sums and differences act entry by entry as they are: `a + b`, without a point");
            }
        }
        let name = word(&self.here[1..]);
        if self.expects(&[Rule::semicolon]) && matches!(name, "inv" | "inverse" | "T" | "pinv") {
            return stays(NO_INVERSE);
        }
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
        if self.expects(&[Rule::where_clause, Rule::kw_where]) && self.expects(&[Rule::arrow]) {
            return stays("a number is of type `R`, a vector of `R[n]`, a matrix of `R[m, n]`");
        }
        if MODULES.contains(&self.last) || self.last == "self" || self.last == "this" {
            let chain: String = self.here.chars().take_while(|&c| c == '.' || is_word_char(c)).collect();
            let called = chain.rsplit('.').next().unwrap_or_default();
            let applied = self.here[chain.len()..].starts_with('(');
            let help = if LOADERS.contains(&called) {
                let path = self.here.split(['"', '\'']).nth(1).filter(|p| !p.contains('\n')).unwrap_or("points.csv");
                format!("the numbers of a file are read by data alone: `data x : R[3] = read \"{path}\"`")
            } else if !applied && !MODULES.contains(&self.last) {
                format!("there is no `{}`: write `{called}`", self.last)
            } else if matches!(self.inside().0, "check" | "classify") {
                format!(
                    "names belong to no module: write `{called}`; those of the library come with `use std.optimizers`"
                )
            } else {
                match meant_function(called).or_else(|| meant_layer(called).map(|l| format!("`{l}(…)` of `std.nets`")))
                {
                    Some(meant) => format!("functions belong to no module: {meant}"),
                    None => format!("functions belong to no module: `{called}(…)` is called by its name alone"),
                }
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
    pub(super) fn kind_of_type(&self) -> Option<String> {
        let ended = self.expects(&[Rule::where_clause, Rule::kw_where]) && self.expects(&[Rule::arrow, Rule::ty]);
        if let (true, "<" | ">" | "<=" | ">=" | "!=") = (ended, self.found.token)
            && !self.here[1..].split('\n').next().is_some_and(|rest| rest.contains('>'))
        {
            let sign = self.found.token;
            return Some(format!("conditions stand behind `where`: `a : {} where a {sign} …`", self.last));
        }
        if ended && self.is("(") && crate::syntax::vocabulary::MATRICES.contains(&self.last) {
            let size = self.here[1..].split([')', '\n']).next().unwrap_or_default();
            return Some(format!("sizes stand in square brackets: write `{}[{size}]`", self.last));
        }
        let of_type = self.before.ends_with(']') || matches!(self.last, "R" | "N");
        if ended && of_type && self.is("[")
            || ended
                && matches!(self.last, "R" | "ℝ" | "Real" | "Float" | "float")
                && matches!(self.found.token, "^" | "(" | "{" | "<")
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
        let exponent = match self.found.token {
            "²" => Some('2'),
            "³" => Some('3'),
            "ⁿ" => Some('n'),
            _ => None,
        };
        if let Some(size) = exponent.filter(|_| ended) {
            return Some(format!("sizes stand in square brackets: write `R[{size}]`"));
        }
        let odd =
            matches!(self.found.token, "(" | "{" | "<" | "." | "→") || self.found.token.starts_with(char::is_numeric);
        let of_value =
            odd || self.found.is_word() && self.found.continues_line() && !self.expects(&[Rule::close_brace]);
        if ended && of_value && !self.last.is_empty() && !crate::syntax::vocabulary::STATES.contains(&self.last) {
            return Some("a number is of type `R`, a vector of `R[n]`, a matrix of `R[m, n]`".to_owned());
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
    pub(super) fn sign(&self) -> Option<String> {
        let at_item = self.expects(&[Rule::item]) && !self.found.continues_line() || self.before.is_empty();
        if at_item && (self.is("%") || self.is(";") || self.is("(*")) {
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
        if self.is(":") && self.before.ends_with(':') && self.inside().0 != "use" {
            return Some("a type stands behind one colon: `x : R[3]`".to_owned());
        }
        let piped = self.is("|>") || self.is("<|") || self.is(">>") && self.expects(&[Rule::add]);
        if piped {
            let rest = self.found.rest.trim_start_matches(['>', '|', ' ']);
            let name = if self.is("<|") { self.last } else { word(rest) };
            let name = if name.is_empty() { "f" } else { name };
            return Some(format!("a function takes its argument in parentheses: `{name}(…)`"));
        }
        if self.is("\\ ") && self.expects(&[Rule::add, Rule::infix]) {
            return Some("a system of equations is solved by `solve(A, b)`".to_owned());
        }
        if self.is("@.") {
            return Some("functions and operators act entry by entry as they are: there are no macros".to_owned());
        }
        let begins = at_item || !self.found.continues_line() && !self.expects(&[Rule::add]);
        if begins && self.is("@") {
            return Some("there are no decorators and no macros: a declaration begins with its kind".to_owned());
        }
        if let Some(rest) = self.here.strip_prefix('\\') {
            let name = word(rest);
            // `\sum_i` is one word.
            let command = name.split('_').next().unwrap_or_default();
            if rest.starts_with('|') {
                return Some("a norm is written `norm(v)`".to_owned());
            }
            if LAYOUT.contains(&command) {
                return Some("the text is plain: names, signs and parentheses, without commands of layout".to_owned());
            }
            return Some(match LATEX.iter().find(|(known, _)| *known == command) {
                Some((_, meant)) => format!("there are no backslashes: write `{meant}`"),
                None if APPLIED.contains(&command) => format!("there are no backslashes: write `{command}(x)`"),
                None => format!("names are written without a backslash: `{name}`"),
            });
        }
        if self.expects(&[Rule::semicolon]) && matches!(self.found.token, "^" | "⁻") {
            return Some(NO_INVERSE.to_owned());
        }
        if self.expects(&[Rule::semicolon]) && matches!(self.found.token, "∘" | ">" | "|" | "*" | "," | "." | "&" | "+")
        {
            return Some("a path is written `f ; g`: first `f`, then `g`".to_owned());
        }
        if (self.is("?") || matches!(self.found.token, ">" | "<" | ">=" | "<=" | "==" | "!="))
            && self.expects(&[Rule::add, Rule::infix])
            && !self.expects(&[Rule::kw_then])
        {
            return Some(
                "a choice is `if x > 0 then a else b`; a comparison stands nowhere else but behind `if` and `where`"
                    .to_owned(),
            );
        }
        if self.expects(&[Rule::kw_then]) && self.found.is_word() {
            return Some(match self.found.token {
                "and" | "or" | "not" => {
                    "a condition compares once: for `and` put one `if` into the other, `if a > 0 then (if b > 0 then x else y) else y`".to_owned()
                }
                _ => "a choice has a `then`: `if x > 0 then a else b`".to_owned(),
            });
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
}
