//! The layout of a text: the same tokens and comments, with spaces and indentation as they should be.
//!
//! Lines are broken where the writer broke them, and signs that the writer put below each other stay below each other.
//! Everything else follows from the tokens: one space around operators, two between entries on a line, two for each
//! brace that is open, at most one empty line. A text and its layout have the same tree; that is not only meant but
//! looked at before a layout is returned.

mod layout;
mod tokens;

use crate::source::{Source, SourceId};

use super::error::SyntaxError;
use super::parse;

/// How often a layout is laid out again before it has to be its own.
const TURNS: usize = 6;

/// Why a text has no layout.
#[derive(Debug, Clone, PartialEq)]
pub enum Unformatted {
    /// It has errors.
    Faulty(Vec<SyntaxError>),
    /// Its layout would say something else, which is a defect of this module.
    Changed,
}

/// The text in its layout, ending in a line end; of a text without tokens and comments the empty text.
///
/// # Errors
/// If the text has errors of syntax.
pub fn format(id: SourceId, source: &Source) -> Result<String, Unformatted> {
    let (before, errors) = parse(id, source);
    if !errors.is_empty() {
        return Err(Unformatted::Faulty(errors));
    }
    let Some(text) = settled(&source.text) else { return Err(Unformatted::Changed) };
    let (after, errors) = parse(id, &Source::new(source.name.clone(), &text));
    let same =
        errors.is_empty() && after.to_string() == before.to_string() && comments(&text) == comments(&source.text);
    if same { Ok(text) } else { Err(Unformatted::Changed) }
}

/// A layout that is its own layout. Signs that come to stand below each other by chance are kept there the next time, so
/// that it may take some turns; where that does not end, nothing is put below each other.
fn settled(text: &str) -> Option<String> {
    let turn = |text: &str, aligned: bool| Some(layout::layout(text, &tokens::tokens(text)?, aligned));
    let mut text = text.to_owned();
    for _ in 0..TURNS {
        let next = turn(&text, true)?;
        if next == text {
            return Some(text);
        }
        text = next;
    }
    turn(&text, false)
}

/// The comments of a text, in order.
fn comments(text: &str) -> Vec<String> {
    let Some(tokens) = tokens::tokens(text) else { return Vec::new() };
    let mut found = Vec::new();
    let mut at = 0;
    for end in tokens.iter().map(|t| Some(t.start)).chain([None]) {
        let gap = &text[at..end.unwrap_or(text.len())];
        found.extend(gap.lines().filter_map(|l| l.find("//").map(|i| l[i..].trim_end().to_owned())));
        at = tokens.iter().find(|t| Some(t.start) == end).map_or(text.len(), |t| t.end);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::format;
    use crate::source::{Source, SourceId};

    fn formatted(text: &str) -> String {
        format(SourceId(0), &Source::new("a.nat", text)).unwrap_or_else(|e| panic!("{e:?} in {text}"))
    }

    #[test]
    fn spaces_follow_from_tokens() {
        for (text, expected) in [
            ("let a=1 / 2+x^2/3 + 1/2^n", "let a = 1/2 + x^2 / 3 + 1 / 2^n\n"),
            ("let a = x ^ T + x^- 1 + x^ -1.5", "let a = x^ T + x^- 1 + x^-1.5\n"),
            ("let  a =  - (1+2)*x [ 0 , 1 ]^T^-1", "let a = -(1 + 2) * x[0, 1]^T^-1\n"),
            ("let a = sum ( i in 0 .. n , j in 0..=m :i*j )", "let a = sum(i in 0..n, j in 0..=m: i * j)\n"),
            ("let v = w [ 1 .. ] + A[ : , 2 ]", "let v = w[1..] + A[:, 2]\n"),
            ("data X(d:N):R[d,5]  where 0<d", "data X(d : N) : R[d, 5] where 0 < d\n"),
            ("data b:N->R  // noise", "data b : N -> R  // noise\n"),
            (
                "check natural O(eps=0)along f;g  expect up to rate a ^ 2",
                "check natural O(eps = 0) along f ; g expect up to rate a^2\n",
            ),
            ("use std . optimizers", "use std.optimizers\n"),
            ("optimizer O{step( lr ){ m' [W]=-x' } }", "optimizer O { step(lr) { m'[W] = -x' } }\n"),
            (
                "optimizer O { flow { D / dt v=1 d/dt params= v } }",
                "optimizer O { flow { D/dt v = 1  d/dt params = v } }\n",
            ),
            (
                "reparam F(a:R where a>0):(u,v:R)->P{x=u y=v}",
                "reparam F(a : R where a > 0) : (u, v : R) -> P { x = u  y = v }\n",
            ),
            ("architecture A { }  let b = 1", "architecture A {}\nlet b = 1\n"),
        ] {
            assert_eq!(formatted(text), expected);
        }
    }

    #[test]
    fn lines_are_kept_and_indented() {
        let text = "\n\n\narchitecture A\n{\n// inside\nparam x : R // the point\n\n\n  loss = x\n     + 1\n   // last\n}\n\n\n\nlet b = [\n1,\n 2\n]";
        let expected = "architecture A {\n  // inside\n  param x : R  // the point\n\n  loss = x\n     + 1\n  // last\n}\n\nlet b = [\n  1,\n  2\n]\n";
        assert_eq!(formatted(text), expected);
        assert_eq!(formatted(expected), expected);
    }

    #[test]
    fn what_stood_below_each_other_does_so_afterwards() {
        let text = "architecture A {\n   output=x\n   loss  =x^2    // one\n   let y =1      // two\n}\n";
        let expected = "architecture A {\n  output=x\n";
        let found = formatted(text);
        assert!(
            found.contains("\n  loss = x^2   // one\n  let y = 1    // two\n") || !found.contains(expected),
            "{found}"
        );
        let text = "check natural GradientFlow    along Endpoints expect fails\ncheck natural NaturalGradient along Endpoints expect commutes\n";
        assert_eq!(formatted(text), text);
        let text = "let a    = 1\nlet long = 2\nlet b = 3\n";
        assert_eq!(formatted(text), text);
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(formatted(""), "");
        assert_eq!(formatted(" \n\n"), "");
        assert_eq!(formatted("  // only\n\n\n//  comments  "), "// only\n\n//  comments\n");
    }
}
