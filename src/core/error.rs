//! What can be wrong with a file whose syntax is right.

use miette::Diagnostic;
use thiserror::Error;

use super::system_error::SystemError;
use crate::source::Span;

/// A fault in the meaning of a file: names, shapes, sizes, or a construct where it does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum ModelError {
    /// A name that nothing declares.
    #[error("unknown {what} `{name}`")]
    #[diagnostic(code(nat::name::unknown))]
    UnknownName {
        /// The kind of thing looked for.
        what: &'static str,
        /// The name.
        name: String,
        /// A near miss, or what there is.
        #[help]
        help: Option<String>,
        /// Where it is used.
        #[label("not declared")]
        span: Span,
    },
    /// One name declared twice in one scope.
    #[error("`{name}` is declared twice")]
    #[diagnostic(code(nat::name::duplicate), help("names are unique in a scope, and at top level across all kinds"))]
    DuplicateName {
        /// The name.
        name: String,
        /// The first declaration.
        #[label("first declared here")]
        first: Span,
        /// The second.
        #[label("and again here")]
        span: Span,
    },
    /// One name declared in two files of which one uses the other, or a third uses both.
    #[error("`{name}` is declared twice, in two files")]
    #[diagnostic(
        code(nat::name::duplicate),
        help("a file and the files it uses share one scope; only names of the library may be declared anew")
    )]
    Clash {
        /// The name.
        name: String,
        /// The declaration in the other file.
        first: Span,
        /// The second.
        #[label("declared here, too")]
        span: Span,
    },
    /// A name of one kind where another is needed.
    #[error("`{name}` is {found}, but {expected} is needed here")]
    #[diagnostic(code(nat::name::kind))]
    WrongKind {
        /// The name.
        name: String,
        /// What it is.
        found: &'static str,
        /// What is needed.
        expected: &'static str,
        /// Where.
        #[label("{found}")]
        span: Span,
    },
    /// Two shapes that an operation cannot combine.
    #[error("shapes do not fit: {operation} of {left} and {right}")]
    #[diagnostic(code(nat::shape::mismatch))]
    ShapeMismatch {
        /// The operation in words.
        operation: String,
        /// The left shape.
        left: String,
        /// The right shape.
        right: String,
        /// What would fit.
        #[help]
        help: Option<String>,
        /// The left operand.
        #[label("{left}")]
        left_span: Span,
        /// The right operand.
        #[label("{right}")]
        right_span: Span,
    },
    /// A value of the wrong shape for the place where it stands.
    #[error("{place} must be {expected}, but this is {found}")]
    #[diagnostic(code(nat::shape::expected))]
    UnexpectedShape {
        /// The place in words.
        place: String,
        /// The shape needed.
        expected: String,
        /// The shape found.
        found: String,
        /// Advice.
        #[help]
        help: Option<String>,
        /// The value.
        #[label("{found}")]
        span: Span,
    },
    /// A type that does not exist or does not fit here.
    #[error("{message}")]
    #[diagnostic(code(nat::types::unknown))]
    BadType {
        /// What is wrong.
        message: String,
        /// Advice.
        #[help]
        help: Option<String>,
        /// The type.
        #[label("this type")]
        span: Span,
    },
    /// A size that is not a natural number.
    #[error("{what} must be a natural number known when the check runs, but it is {found}")]
    #[diagnostic(code(nat::size::not_natural))]
    NotNatural {
        /// Which number.
        what: String,
        /// Its value or kind.
        found: String,
        /// Advice.
        #[help]
        help: Option<String>,
        /// The expression.
        #[label("{found}")]
        span: Span,
    },
    /// A tensor or an unrolled loop beyond the size limit.
    #[error("{what} is too large: {size}, and the limit is {limit}")]
    #[diagnostic(code(nat::size::too_large), help("check a smaller member of the family"))]
    TooLarge {
        /// What.
        what: String,
        /// How large.
        size: String,
        /// The limit.
        limit: usize,
        /// Where.
        #[label("too large")]
        span: Span,
    },
    /// An index outside its axis.
    #[error("index {index} is outside 0..{size}")]
    #[diagnostic(code(nat::index::out_of_range), help("indices count from 0; slices are half open"))]
    OutOfRange {
        /// The index.
        index: String,
        /// The extent of the axis.
        size: String,
        /// Where.
        #[label("out of range")]
        span: Span,
    },
    /// A range whose end lies before its start.
    #[error("the range {lo}..{hi} is reversed")]
    #[diagnostic(
        code(nat::range::reversed),
        help("an empty range such as 3..3 is fine; one that runs backwards is not")
    )]
    ReversedRange {
        /// First value.
        lo: String,
        /// Bound.
        hi: String,
        /// Where.
        #[label("runs backwards")]
        span: Span,
    },
    /// A call with the wrong number of arguments.
    #[error("`{name}` takes {expected}{}", instead(expected, *found))]
    #[diagnostic(code(nat::call::arity))]
    Arity {
        /// The function or family.
        name: String,
        /// What it takes.
        expected: String,
        /// How many there are.
        found: usize,
        /// Where.
        #[label("{found} given")]
        span: Span,
    },
    /// A parameter that has to be given and is not, is given twice, or does not exist.
    #[error("{message}")]
    #[diagnostic(code(nat::call::argument))]
    Argument {
        /// What is wrong.
        message: String,
        /// Advice.
        #[help]
        help: Option<String>,
        /// Where.
        #[label("here")]
        span: Span,
    },
    /// A function that calls itself.
    #[error("`{name}` calls itself")]
    #[diagnostic(
        code(nat::def::recursive),
        help("a `def` is an abbreviation; write an indexed `sum` or `prod` for repetition")
    )]
    Recursive {
        /// The function.
        name: String,
        /// Where.
        #[label("recursive")]
        span: Span,
    },
    /// A constant expression without a value.
    #[error("{message}")]
    #[diagnostic(code(nat::value::undefined))]
    Undefined {
        /// What is undefined.
        message: String,
        /// Where.
        #[label("has no value")]
        span: Span,
    },
    /// A `where` condition that the given arguments violate.
    #[error("the condition `{condition}` does not hold")]
    #[diagnostic(code(nat::condition::violated))]
    Violated {
        /// The condition as written.
        condition: String,
        /// The offending use.
        #[label("with these values")]
        span: Span,
    },
    /// A part that an architecture lacks and a check needs.
    #[error("architecture `{architecture}` has no `{part}`, and {needed_by} needs it")]
    #[diagnostic(code(nat::architecture::incomplete), help("add `{part} = …` to the architecture"))]
    Incomplete {
        /// The architecture.
        architecture: String,
        /// `output` or `loss`.
        part: &'static str,
        /// Who needs it.
        needed_by: String,
        /// Where it is needed.
        #[label("needs `{part}`")]
        span: Span,
        /// The check that brings the two together, where there is one.
        #[label("asked here")]
        asked: Option<Span>,
        /// Where it is needed, if that is in another file than the check.
        elsewhere: Option<Span>,
    },
    /// A morphism that leaves out a parameter of its target.
    #[error("morphism `{morphism}` does not say what becomes of {missing}")]
    #[diagnostic(code(nat::morphism::missing_target), help("give every parameter of the target once: `{example} = …`"))]
    MissingTarget {
        /// The morphism.
        morphism: String,
        /// The parameters, quoted.
        missing: String,
        /// The first of them.
        example: String,
        /// The head of the morphism.
        #[label("{missing} missing")]
        span: Span,
    },
    /// The same target assigned twice.
    #[error("`{name}` is given twice")]
    #[diagnostic(code(nat::assignment::twice))]
    AssignedTwice {
        /// The name.
        name: String,
        /// First.
        #[label("first given here")]
        first: Span,
        /// Second.
        #[label("and again here")]
        span: Span,
    },
    /// A reparametrisation between different dimensions.
    #[error("a reparam needs equal dimensions, but `{morphism}` goes from {source_dim} to {target_dim}")]
    #[diagnostic(
        code(nat::morphism::dimension),
        help("a map onto fewer parameters is a `projection`, one into more an `embedding`")
    )]
    Dimension {
        /// The morphism.
        morphism: String,
        /// Dimension of the source.
        source_dim: String,
        /// Dimension of the target.
        target_dim: String,
        /// Where.
        #[label("{source_dim} → {target_dim}")]
        span: Span,
    },
    /// Paths or parts of paths that do not meet.
    #[error("{message}")]
    #[diagnostic(
        code(nat::path::mismatch),
        help("in `f ; g` the map `f` comes first, and `g` starts from where it ends")
    )]
    PathMismatch {
        /// What does not fit.
        message: String,
        /// Where.
        #[label("does not fit")]
        span: Span,
    },
    /// A fault in the body of an optimizer.
    #[error("{message}")]
    #[diagnostic(code(nat::optimizer::body))]
    OptimizerBody {
        /// What is wrong.
        message: String,
        /// Advice.
        #[help]
        help: Option<String>,
        /// Where.
        #[label("here")]
        span: Span,
    },
    /// What an optimizer says of blocks does not fit the architecture that it is asked about.
    #[error("{message}")]
    #[diagnostic(code(nat::optimizer::blocks))]
    Blocks {
        /// What does not fit.
        message: String,
        /// The blocks that there are.
        #[help]
        help: Option<String>,
        /// Where.
        #[label("here")]
        span: Span,
    },
    /// A fault of a system or a cone.
    #[error(transparent)]
    #[diagnostic(transparent)]
    System(#[from] SystemError),
}

/// How many arguments there are where others are taken; who takes none need not be told.
fn instead(expected: &str, found: usize) -> String {
    if expected.starts_with("no ") { String::new() } else { format!(", not {found}") }
}

impl ModelError {
    /// The place that the error is reported at.
    pub fn span(&self) -> Span {
        match self {
            ModelError::ShapeMismatch { left_span, right_span, .. } => left_span.to(*right_span),
            ModelError::Incomplete { span, asked, .. } => asked.unwrap_or(*span),
            ModelError::System(e) => e.span(),
            ModelError::UnknownName { span, .. }
            | ModelError::DuplicateName { span, .. }
            | ModelError::Clash { span, .. }
            | ModelError::WrongKind { span, .. }
            | ModelError::UnexpectedShape { span, .. }
            | ModelError::BadType { span, .. }
            | ModelError::NotNatural { span, .. }
            | ModelError::TooLarge { span, .. }
            | ModelError::OutOfRange { span, .. }
            | ModelError::ReversedRange { span, .. }
            | ModelError::Arity { span, .. }
            | ModelError::Argument { span, .. }
            | ModelError::Recursive { span, .. }
            | ModelError::Undefined { span, .. }
            | ModelError::Violated { span, .. }
            | ModelError::MissingTarget { span, .. }
            | ModelError::AssignedTwice { span, .. }
            | ModelError::Dimension { span, .. }
            | ModelError::PathMismatch { span, .. }
            | ModelError::OptimizerBody { span, .. }
            | ModelError::Blocks { span, .. } => *span,
        }
    }

    /// A second place that belongs to the error, in another file, with its label: labels of one diagnostic cannot span
    /// files.
    pub fn elsewhere(&self) -> Option<(Span, &'static str)> {
        match self {
            ModelError::Clash { first, .. } => Some((*first, "first declared here")),
            ModelError::Incomplete { elsewhere: Some(place), .. } => Some((*place, "needed here")),
            _ => None,
        }
    }
}
