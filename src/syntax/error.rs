//! What can be wrong with a text before any name has a meaning.

use miette::Diagnostic;
use thiserror::Error;

use crate::source::Span;

/// At most this many syntax errors are reported for one file.
pub const MAX_ERRORS: usize = 100;

/// An error of the syntax stage. Its spans refer to the source that was parsed.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum SyntaxError {
    /// Something stands where something else must stand.
    #[error("expected {expected}, found {found}")]
    #[diagnostic(code(nat::syntax::unexpected))]
    Unexpected {
        /// What could stand here, in words.
        expected: String,
        /// What does, in words.
        found: String,
        /// The place of what was found.
        #[label("not expected here")]
        span: Span,
        /// Advice, where there is some.
        #[help]
        help: Option<String>,
    },

    /// Something that must be continued is not.
    #[error("expected {expected} after `{after}`, found {found}")]
    #[diagnostic(code(nat::syntax::incomplete))]
    Incomplete {
        /// What must follow, in words.
        expected: String,
        /// The last token before.
        after: String,
        /// What follows instead, in words.
        found: String,
        /// The place of the last token before.
        #[label("something is missing after this")]
        span: Span,
        /// Advice, where there is some.
        #[help]
        help: Option<String>,
    },

    /// A bracket that nothing closes.
    #[error("this `{bracket}` is never closed")]
    #[diagnostic(code(nat::syntax::unclosed), help("{}", how_to_close(*bracket, *comment)))]
    Unclosed {
        /// The opening bracket.
        bracket: char,
        /// Whether the line ends in a comment that closes it.
        comment: bool,
        /// Its place.
        #[label("opened here")]
        span: Span,
    },

    /// A closing bracket that nothing opens.
    #[error("this `{bracket}` closes nothing")]
    #[diagnostic(code(nat::syntax::unmatched), help("remove it, or add the bracket that it closes"))]
    Unmatched {
        /// The closing bracket.
        bracket: char,
        /// Its place.
        #[label("nothing is open here")]
        span: Span,
    },

    /// A closing bracket of the wrong kind.
    #[error("expected `{}`, found `{found}`", closing(*open))]
    #[diagnostic(code(nat::syntax::mismatched), help("close the `{open}` with `{}` first", closing(*open)))]
    Mismatched {
        /// The opening bracket.
        open: char,
        /// The closing bracket found.
        found: char,
        /// The place of the closing bracket.
        #[label("does not close `{open}`")]
        span: Span,
        /// The place of the opening bracket.
        #[label("opened here")]
        opened: Span,
    },

    /// A quoted path without its second quotation mark.
    #[error("this quotation mark is never closed")]
    #[diagnostic(
        code(nat::syntax::unclosed_string),
        help("a path stands in quotation marks on one line: \"path.nat\"")
    )]
    UnclosedString {
        /// The place of the opening quotation mark.
        #[label("opened here")]
        span: Span,
    },

    /// `==` where a value is given.
    #[error("expected `=`, found `==`")]
    #[diagnostic(
        code(nat::syntax::double_equals),
        help("a value is given with one `=`; `==` compares paths in a check")
    )]
    DoubleEquals {
        /// The place of the sign.
        #[label("write `=`")]
        span: Span,
    },

    /// A comma or semicolon between lines or items.
    #[error("lines and declarations are not separated by `{sign}`")]
    #[diagnostic(code(nat::syntax::separator), help("remove it: white space is all that separates them"))]
    Separator {
        /// The sign.
        sign: char,
        /// Its place.
        #[label("not needed")]
        span: Span,
    },

    /// `.5` or `5.`.
    #[error("a number has a digit on both sides of its point")]
    #[diagnostic(code(nat::syntax::decimal_point), help("write `{suggestion}`"))]
    DecimalPoint {
        /// The number as it should be written.
        suggestion: String,
        /// The place of the number.
        #[label("a digit is missing")]
        span: Span,
    },

    /// A number beyond the limits.
    #[error("this number is too large or too precise")]
    #[diagnostic(
        code(nat::syntax::number),
        help("numbers are exact: they may have up to 4096 digits, and exponents from -4096 to 4096")
    )]
    NumberTooLarge {
        /// The place of the number.
        #[label("beyond the limits")]
        span: Span,
    },

    /// A reserved word as a name.
    #[error("`{word}` is a reserved word and cannot be a name")]
    #[diagnostic(code(nat::syntax::reserved_word), help("choose another name, such as `{word}_`"))]
    ReservedWord {
        /// The word.
        word: String,
        /// Its place.
        #[label("reserved")]
        span: Span,
    },

    /// A source without an arrow behind it.
    #[error("expected `->`, found {found}")]
    #[diagnostic(
        code(nat::syntax::missing_arrow),
        help("source and target are joined by an arrow: `reparam F : Source -> Target {{ … }}`")
    )]
    MissingArrow {
        /// What was found, in words.
        found: String,
        /// Its place.
        #[label("an arrow `->` is missing before this")]
        span: Span,
    },

    /// `x '`.
    #[error("a prime must follow its name directly")]
    #[diagnostic(code(nat::syntax::stray_prime), help("`x'`, without a space, is the new value of `x` in a step"))]
    StrayPrime {
        /// The place of the prime.
        #[label("belongs to no name")]
        span: Span,
    },

    /// `f(i in 0..n: e)` where `f` is neither `sum` nor `prod`.
    #[error("`{name}` does not take an index")]
    #[diagnostic(
        code(nat::syntax::indexed_call),
        help("only `sum` and `prod` do; of a list write `{name}([i in 0..n: …])`")
    )]
    IndexedCall {
        /// The function called.
        name: String,
        /// The place of its name.
        #[label("called with an index")]
        span: Span,
    },

    /// Brackets, operators or terms beyond the limits.
    #[error("this {what} is too deep: the limit is {limit}")]
    #[diagnostic(code(nat::syntax::too_deep), help("give parts of it names with `let`"))]
    TooDeep {
        /// What is too deep.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// The place at which the limit is passed.
        #[label("too deep from here")]
        span: Span,
    },

    /// A text beyond the limit.
    #[error("this file is too large: the limit is {limit} bytes")]
    #[diagnostic(code(nat::syntax::too_large), help("split it, and join the parts with `use`"))]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The start of the text.
        #[label("this file")]
        span: Span,
    },
}

impl SyntaxError {
    /// The place of the error.
    pub fn span(&self) -> Span {
        match self {
            SyntaxError::Unexpected { span, .. }
            | SyntaxError::Incomplete { span, .. }
            | SyntaxError::Unclosed { span, .. }
            | SyntaxError::Unmatched { span, .. }
            | SyntaxError::Mismatched { span, .. }
            | SyntaxError::UnclosedString { span }
            | SyntaxError::DoubleEquals { span }
            | SyntaxError::Separator { span, .. }
            | SyntaxError::DecimalPoint { span, .. }
            | SyntaxError::NumberTooLarge { span }
            | SyntaxError::ReservedWord { span, .. }
            | SyntaxError::MissingArrow { span, .. }
            | SyntaxError::StrayPrime { span }
            | SyntaxError::IndexedCall { span, .. }
            | SyntaxError::TooDeep { span, .. }
            | SyntaxError::TooLarge { span, .. } => *span,
        }
    }
}

fn how_to_close(bracket: char, comment: bool) -> String {
    let close = closing(bracket);
    match comment {
        true => format!("`//` begins a comment, and the `{close}` stands in it; a quotient is written with one `/`"),
        false => format!("add the closing `{close}`"),
    }
}

/// The closing partner of an opening bracket.
fn closing(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}
