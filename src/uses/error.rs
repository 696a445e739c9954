//! What can be wrong with a `use`.

use miette::Diagnostic;
use thiserror::Error;

use crate::source::Span;

/// A `use` that brings nothing into scope.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum UseError {
    /// A library that does not exist.
    #[error("there is no library `{name}`")]
    #[diagnostic(code(nat::uses::unknown_library))]
    UnknownLibrary {
        /// Its name as written.
        name: String,
        /// A near miss, and what there is.
        #[help]
        help: String,
        /// The `use`.
        #[label("not a library")]
        span: Span,
    },
    /// A file that cannot be read, or whose bytes are no text.
    #[error("cannot use {file}: {reason}")]
    #[diagnostic(
        code(nat::uses::unreadable),
        help("a path is relative to the file that uses it, and from standard input to the working directory")
    )]
    Unreadable {
        /// The file as it was looked for.
        file: String,
        /// Why not.
        reason: String,
        /// The `use`.
        #[label("used here")]
        span: Span,
    },
    /// A file of numbers that cannot be read.
    #[error("cannot read numbers from {file}: {reason}")]
    #[diagnostic(
        code(nat::uses::data),
        help("numbers are read from `.npy` and `.csv` files; a path is relative to the file that names it")
    )]
    Data {
        /// The file as it was looked for.
        file: String,
        /// Why not.
        reason: String,
        /// `read "…"`.
        #[label("read here")]
        span: Span,
    },
    /// Files that use each other in a circle.
    #[error("these files use each other in a circle: {circle}")]
    #[diagnostic(code(nat::uses::cycle), help("put what they share into a file of its own, which uses none of them"))]
    Cycle {
        /// The files, joined by arrows; the first is also the last.
        circle: String,
        /// The `use` of the first of them.
        #[label("part of the circle")]
        span: Span,
    },
    /// More used files than the limit.
    #[error("more than {limit} files are used")]
    #[diagnostic(code(nat::uses::too_many), help("join some of them"))]
    TooMany {
        /// The limit.
        limit: usize,
        /// The first `use` beyond it.
        #[label("beyond the limit")]
        span: Span,
    },
}

impl UseError {
    /// The place of the `use`.
    pub fn span(&self) -> Span {
        match self {
            UseError::UnknownLibrary { span, .. }
            | UseError::Unreadable { span, .. }
            | UseError::Data { span, .. }
            | UseError::Cycle { span, .. }
            | UseError::TooMany { span, .. } => *span,
        }
    }
}
