//! Faults in the heads of declarations.

use super::Place;
use crate::syntax::grammar::Rule;

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
        if morphism && token == "-" && self.expects(&[Rule::colon]) && !self.last.is_empty() {
            return Some(joined(self.last));
        }
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
                _ if token == "<" => "parameters stand in parentheses: `(h : N)`".to_owned(),
                last if token == "-" && !last.is_empty() => joined(last),
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
}

/// `Two-Layer`
fn joined(first: &str) -> String {
    format!("a name is letters, digits and `_`, without `-`: `{first}_…`, and its body stands in braces: `{{ … }}`")
}
