//! Notations of other languages that the grammar meets only some signs later: comments, brackets, lists, functions
//! without a name.

use super::{Habit, Place, word_before};
use crate::source::Span;
use crate::syntax::grammar::Rule;
use crate::syntax::habit_words::{APPLIED, LOADERS, full_width, meant_function};
use crate::syntax::scan::{is_word_char, word};

const COMMENT: &str = "a comment begins with `//`";
const NO_LAMBDA: &str = "there are no functions without a name: one is declared at top level, `def f(x) = …`";

impl Place<'_, '_> {
    /// The innermost bracket that is open here, and what stands before it.
    pub(super) fn open(&self) -> Option<(char, &str)> {
        let text = self.found.before;
        let (mut end, mut depth) = (text.len(), 0_usize);
        loop {
            let start = text[..end].rfind('\n').map_or(0, |i| i + 1);
            let code = text[start..end].split("//").next().unwrap_or_default();
            for (i, c) in code.char_indices().rev() {
                match c {
                    ')' | ']' | '}' => depth += 1,
                    '(' | '[' | '{' if depth == 0 => return Some((c, &text[..start + i])),
                    '(' | '[' | '{' => depth -= 1,
                    _ => {}
                }
            }
            end = start.checked_sub(1)?;
        }
    }

    /// Whether the innermost bracket begins a list, and not subscripts or sizes.
    fn in_list(&self) -> bool {
        self.open().is_some_and(|(bracket, before)| {
            let before = before.trim_end();
            let operand = before.ends_with(|c: char| is_word_char(c) || matches!(c, ')' | ']' | '\''));
            bracket == '[' && (!operand || APPLIED.contains(&word_before(before)))
        })
    }

    /// The function that the innermost bracket belongs to; empty if it belongs to none.
    pub(super) fn applied(&self) -> &str {
        self.open().filter(|(bracket, _)| *bracket == '(').map_or("", |(_, before)| word_before(before))
    }

    /// The code of the line before the place.
    fn line(&self) -> (usize, &str) {
        let start = self.found.before.rfind('\n').map_or(0, |i| i + 1);
        (start, &self.found.before[start..])
    }

    /// A notation that is none here.
    pub(super) fn notation(&self) -> Option<Habit> {
        let stays = |help: &str| Some(Habit { help: help.to_owned(), moved: None });
        if let Some(comment) = self.dashes() {
            return Some(comment);
        }
        if let Some(sign) = full_width(self.found.token) {
            return stays(&format!("write `{sign}`"));
        }
        let ended = self.before.ends_with(|c: char| is_word_char(c) || matches!(c, ')' | ']' | '}' | '"' | '\''));
        let digits = self.last.starts_with(|c: char| c.is_ascii_digit());
        if self.is(".") && ended && !digits && self.found.rest.trim().is_empty() {
            return stays("a line ends without a sign: remove the point");
        }
        self.pointed()
            .or_else(|| self.operator())
            .or_else(|| self.function())
            .or_else(|| self.bracketed())
            .or_else(|| self.named())
    }

    /// `-- a comment`, which is two signs and names.
    fn dashes(&self) -> Option<Habit> {
        let (start, line) = self.line();
        let code = line.split("//").next().unwrap_or_default();
        let at = if self.is("--") { code.len() } else { code.find("--")? };
        let inside = code.get(at..)?.trim_start_matches('-');
        let words = inside.chars().all(|c| is_word_char(c) || c.is_whitespace() || matches!(c, ',' | '.' | '\''));
        let arrow = self.is("-->") || code[at..].starts_with("-->");
        if arrow || !words || !self.is("--") && !inside.starts_with(' ') {
            return None;
        }
        let at = start + at;
        let span = Span { start: at, end: at + 2, ..self.found.span };
        Some(Habit { help: COMMENT.to_owned(), moved: Some((span, "`--`".to_owned(), "a comment `//`")) })
    }

    /// `x -> e`, `\x -> e`, `x => e`, where there is no type.
    fn function(&self) -> Option<Habit> {
        let arrow = |text: &str| ["->", "=>", "↦", "\\mapsto"].iter().any(|sign| text.starts_with(sign));
        let value = self.expects(&[Rule::add, Rule::infix]) && !self.expects(&[Rule::where_clause, Rule::kw_where]);
        let lambda = self.is("\\") && self.found.rest.contains("->") && self.failure.expects_expression();
        let inside = self.open().is_some_and(|(bracket, _)| bracket == '(') || !self.expects(&[Rule::close_brace]);
        if lambda || value && arrow(self.here) && inside && !self.expects(&[Rule::kw_else, Rule::kw_then]) {
            return Some(Habit { help: NO_LAMBDA.to_owned(), moved: None });
        }
        None
    }

    /// Lists, rows, sizes and exponents in the brackets of other languages.
    fn bracketed(&self) -> Option<Habit> {
        let stays = |help: &str| Some(Habit { help: help.to_owned(), moved: None });
        let token = self.found.token;
        let list = self.in_list();
        let operator = self.expects(&[Rule::add, Rule::infix]);
        let operand = self.found.is_word() || token.starts_with(|c: char| c.is_ascii_digit()) || token == "[";
        if list && operator && !matches!(token, "for" | "if") && (operand || token == ";") {
            return stays(
                "the entries of a list are separated by commas, `[1, 2]`, and a matrix is a list of its rows: `[[1, 2], [3, 4]]`",
            );
        }
        let indexed = ["<-", "∈", " in ", "←"].iter().any(|sign| self.found.rest.contains(sign));
        if token == "|" && indexed {
            return stays("over an index a list is written `[i in 0..n: …]`, and a sum `sum(i in 0..n: …)`");
        }
        if list && operator && matches!(token, ".." | "..=") {
            return stays("a range as a list is `[i in 1..5: i]`, half open, or `[i in 1..=5: i]`");
        }
        if token == "{"
            && self.last.len() > 1
            && self.last.ends_with('_')
            && self.before.len() == self.found.before.len()
        {
            let index = word(&self.here[1..]);
            return stays(&format!("a name is one word: `{}{index}`; an entry is `v[i]`", self.last));
        }
        if token == "{" && self.failure.expects_expression() {
            let inner = self.here[1..].split(['}', '\n']).next().unwrap_or_default().trim();
            let plain = !inner.is_empty() && inner.chars().all(is_word_char);
            let inner =
                if plain { inner.to_owned() } else { format!("({})", if inner.is_empty() { "…" } else { inner }) };
            return stays(&match self.before.ends_with('^') {
                true => format!("an exponent needs no braces: `^{inner}`"),
                false => "parts of an expression stand in parentheses: `(…)`".to_owned(),
            });
        }
        let (item, entry) = self.inside();
        if token == "(" && self.before.ends_with(':') && (matches!(entry, "param" | "state") || item == "data") {
            let sizes = self.here[1..].split([')', '\n']).next().unwrap_or_default().trim().trim_end_matches(',');
            let names = sizes.split(',').any(|s| matches!(s.trim(), "R" | "ℝ" | "float" | ""));
            let sizes = if names { "3" } else { sizes };
            return stays(&format!("sizes stand behind `R`, in square brackets: `R[{sizes}]`"));
        }
        let tuple = self.open().is_some_and(|(bracket, before)| {
            bracket == '(' && !before.trim_end().ends_with(|c: char| is_word_char(c) || c == '\'')
        });
        if token == "," && tuple && operator && item == "optimizer" && entry.is_empty() {
            return stays("hyperparameters are numbers, one for each name: `beta1 = 0.9, beta2 = 0.999`");
        }
        if token == "," && tuple && operator && self.expects(&[Rule::close_paren]) {
            return stays("a list stands in square brackets: `[1, 2]`");
        }
        None
    }

    /// Names, types and texts as they are written elsewhere.
    fn named(&self) -> Option<Habit> {
        let stays = |help: &str| Some(Habit { help: help.to_owned(), moved: None });
        let token = self.found.token;
        let (item, entry) = self.inside();
        let condition = self.before.rfind("where").is_some_and(|at| !self.before[at..].contains(['{', '}', '\n']));
        if matches!(token, "in" | "∈") && condition && !self.last.is_empty() {
            return stays(&format!("an interval is a chain of comparisons: `0 < {} < 1`", self.last));
        }
        let typed = self.expects(&[Rule::where_clause, Rule::kw_where]);
        if token == "|" && typed && self.open().is_some_and(|(bracket, _)| bracket == '(') {
            return stays("conditions stand behind `where`: `(a, b : R where a < b)`");
        }
        if matches!(token, "from" | "∈" | "is") && !self.last.is_empty() {
            if self.expects(&[Rule::at_least]) {
                return stays(&format!("an index runs over a range: `{} in 1..=5`", self.last));
            }
            if self.expects(&[Rule::kw_in]) || token == "∈" && self.applied() != "" && self.expects(&[Rule::add]) {
                return stays(&format!("an index runs over a range: `{} in 0..n`", self.last));
            }
        }
        if token == "," && item == "architecture" && entry == "param" && self.found.rest.contains(':') {
            return stays(
                "each type has a `param` of its own: `param a : R` and `param b : R[3]`, on lines of their own",
            );
        }
        let map = matches!(item, "reparam" | "projection" | "embedding");
        if token == "," && map && self.expects(&[Rule::equals, Rule::value]) && !self.last.is_empty() {
            return stays(&format!("each parameter is given by itself: `{} = …`", self.last));
        }
        let head = map && self.before.contains(':') && self.expects(&[Rule::arrow]);
        let round = self.open().is_some_and(|(bracket, _)| bracket == '(');
        if head && round && (token == ";" || self.found.is_word()) && self.expects(&[Rule::comma]) {
            return stays("parameters of several types are separated by commas: `(a, b : R, v : R[3])`");
        }
        if head && !round && matches!(self.last, "R" | "ℝ" | "Real") {
            return stays("a source is an architecture, or its parameters: `(a, b : R) -> Target`");
        }
        let number = token.starts_with(|c: char| c.is_ascii_digit());
        let takes = self.expects(&[Rule::arguments, Rule::params, Rule::open_paren]) && !self.expects(&[Rule::add]);
        if matches!(token, "[" | "{") && takes && item != "data" && self.here.split(']').next().is_some_and(is_typed) {
            return stays("parameters stand in parentheses: `(a, b : R)`");
        }
        if (token == "[" || number) && takes && item != "data" && !self.last.is_empty() {
            let args = if number { token } else { self.here[1..].split([']', '\n']).next().unwrap_or("…") };
            return stays(&format!("arguments stand in parentheses: `{}({args})`", self.last));
        }
        if token == "[" && item == "system" && self.before.ends_with('=') {
            return stays("a system is a projection over an index: `system S = P over n in 1..5`");
        }
        let begun = self.found.before.rfind('\n').map_or(0, |i| i + 1);
        let target = word(self.found.before[begun..].trim_start_matches(|c: char| !is_word_char(c)));
        if self.failure.only(Rule::close_square)
            && item == "optimizer"
            && self.line().1.trim_start().starts_with(target)
        {
            return stays(&self.rule_of(target));
        }
        if token == "∈" {
            return stays(
                match self.expects(&[Rule::colon]) || self.expects(&[Rule::param_piece]) || entry == "param" {
                    true => "a type stands behind a colon: `a : R`",
                    false => "an index runs over a range, `i in 0..n`, and a type stands behind a colon, `a : R`",
                },
            );
        }
        if token == "$" && APPLIED.contains(&self.last) {
            return stays(&format!("a function takes its argument in parentheses: `{}(…)`", self.last));
        }
        let piece = self.expects(&[Rule::comma]) && self.expects(&[Rule::colon]);
        if piece && self.found.is_word() && self.found.continues_line() && !self.last.is_empty() {
            return stays(&format!("names are separated by commas: `{}, {token} : R`", self.last));
        }
        let limit = self.last == "limit" && self.before.trim_end_matches("limit").trim_end().ends_with("in");
        if limit && self.found.continues_line() && self.found.is_word() {
            return stays("the order stands in parentheses: `expect in limit (lr^2)`");
        }
        if self.expects(&[Rule::power]) && !self.expects(&[Rule::add]) {
            return stays("an order is a power of the learning rate: `expect in limit (lr^2)`");
        }
        if item == "use"
            && self.before[self.before.rfind('\n').map_or(0, |i| i + 1)..].trim_start().starts_with("use ")
            && self.found.continues_line()
            && (matches!(token, "as" | "(" | "{" | "*" | "," | "hiding" | "qualified" | "exposing" | "import" | "only")
                || token == ":" && !self.is("::"))
        {
            return stays("a `use` brings all names of one library or file, as they are: `use std.optimizers`");
        }
        if token == "in" && (entry == "let" || item == "let") {
            return stays("a `let` ends with its value, and the lines behind it know the name: there is no `in`");
        }
        None
    }

    /// `(+)`
    fn operator(&self) -> Option<Habit> {
        let sign = ["+", "*", "/", ".*", "./", "-"].into_iter().find(|sign| self.is(sign))?;
        let alone = self.before.ends_with('(') && self.here[sign.len()..].trim_start().starts_with(')');
        let help = "an operator stands between two expressions, and is no function".to_owned();
        alone.then_some(Habit { help, moved: None })
    }

    /// `*.` and `/.`, which begin with the point here.
    pub(super) fn pointed(&self) -> Option<Habit> {
        let sign = self.before.chars().next_back().filter(|c| matches!(c, '*' | '/'))?;
        // `.5` is a number that lacks a digit.
        if !self.is(".") || self.here[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return None;
        }
        Some(Habit { help: format!("entry by entry it is written `.{sign}`"), moved: None })
    }

    /// A text in quotation marks where there is none.
    pub(super) fn quoted(&self) -> String {
        let path = self.here[1..].split(['"', '\n']).next().unwrap_or_default();
        let file = path.rsplit('.').next().is_some_and(|end| matches!(end, "csv" | "npy"));
        let name = self.applied();
        if file || LOADERS.contains(&name) {
            let path = if file { path } else { "points.csv" };
            return format!("the numbers of a file are read by data alone: `data x : R[3] = read \"{path}\"`");
        }
        if !name.is_empty() {
            return match meant_function(name) {
                Some(meant) => meant,
                None => "no function takes a text".to_owned(),
            };
        }
        "only the paths of `use` and of `read` stand in quotation marks".to_owned()
    }
}

/// Whether what a bracket begins with is a list of names and their type: `[a : R`.
fn is_typed(text: &str) -> bool {
    let inner = text.get(1..).unwrap_or_default();
    let names = inner.split(':').next().unwrap_or_default();
    names.len() < inner.len() && names.chars().all(|c| is_word_char(c) || c == ',' || c == ' ')
}
