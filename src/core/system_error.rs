//! What can be wrong with a system or a cone.

use miette::Diagnostic;
use thiserror::Error;

use super::error::ModelError;
use crate::source::Span;

/// A fault of a system: its index, its generators or its shape.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum SystemError {
    /// An index range without a value.
    #[error("the range {lo}..{hi} of `{index}` is empty")]
    #[diagnostic(
        code(nat::system::empty),
        help("a system needs a projection; `{lo}..={hi}` takes in the end of the range")
    )]
    Empty {
        /// The index.
        index: String,
        /// First value.
        lo: String,
        /// Bound.
        hi: String,
        /// Where.
        #[label("no value of `{index}`")]
        span: Span,
    },
    /// A system without generators.
    #[error("the system `{system}` has no projections")]
    #[diagnostic(code(nat::system::empty), help("write `P(n) over n in 1..8` between the braces"))]
    NoGenerators {
        /// The system.
        system: String,
        /// Where.
        #[label("no projections")]
        span: Span,
    },
    /// An index range that runs backwards.
    #[error("the range {lo}..{hi} of `{index}` is reversed")]
    #[diagnostic(code(nat::system::reversed), help("write the smaller bound first"))]
    Reversed {
        /// The index.
        index: String,
        /// First value.
        lo: String,
        /// Bound.
        hi: String,
        /// Where.
        #[label("runs backwards")]
        span: Span,
    },
    /// More projections than are looked at.
    #[error("the system `{system}` has {found}, and the limit is {limit}")]
    #[diagnostic(code(nat::system::too_large), help("take a smaller range of the index"))]
    TooLarge {
        /// The system.
        system: String,
        /// How many of what.
        found: String,
        /// The limit.
        limit: usize,
        /// Where.
        #[label("too many")]
        span: Span,
    },
    /// A projection and an embedding in one system.
    #[error("`{projection}` is a projection and `{embedding}` an embedding, which do not mix in one system")]
    #[diagnostic(
        code(nat::system::mixed),
        help("projections make an inverse system, embeddings a direct one; a `reparam` goes with either")
    )]
    Mixed {
        /// The projection.
        projection: String,
        /// The embedding.
        embedding: String,
        /// Where the one that came second is used.
        #[label("of the other kind")]
        span: Span,
        /// Where it is declared.
        #[label("declared here")]
        declared: Span,
    },
    /// A fault that shows only at some member.
    #[error("`{instance}` of the system `{system}`: {error}")]
    #[diagnostic(code(nat::system::member))]
    Member {
        /// The member.
        instance: String,
        /// The system.
        system: String,
        /// What is wrong there.
        error: Box<ModelError>,
        /// Advice.
        #[help]
        help: Option<String>,
        /// Where the fault shows.
        #[label("at `{instance}`")]
        span: Span,
        /// The generator.
        #[label("this generator")]
        generator: Option<Span>,
    },
    /// Neighbours of a chain of different shapes.
    #[error("the chain `{system}` breaks between `{first}` and `{second}`: {message}")]
    #[diagnostic(
        code(nat::system::mismatch),
        help(
            "along a chain each projection ends where the next one starts: for all n the source of `P(n)` is the target of `P(n + 1)`, or the other way round"
        )
    )]
    Mismatch {
        /// The system.
        system: String,
        /// One generator.
        first: String,
        /// Its neighbour.
        second: String,
        /// The two objects that ought to be one.
        message: String,
        /// Where.
        #[label("does not compose")]
        span: Span,
    },
    /// Neighbours of a chain whose common object is two architectures.
    #[error("in the chain `{system}`, {index} is reached with two different architectures: {message}")]
    #[diagnostic(
        code(nat::system::two_architectures),
        help("the source of one projection and the target of its neighbour have to be the same architecture")
    )]
    TwoArchitectures {
        /// The system.
        system: String,
        /// The value of the index.
        index: String,
        /// The two objects.
        message: String,
        /// Where.
        #[label("two architectures for {index}")]
        span: Span,
    },
    /// A closed path.
    #[error("the system `{system}` has a cycle: {path}")]
    #[diagnostic(
        code(nat::system::cycle),
        help("the objects of an inverse system are ordered; no path of projections leads back to where it started")
    )]
    Cycle {
        /// The system.
        system: String,
        /// The objects on it.
        path: String,
        /// The first generator on it.
        #[label("on the cycle")]
        span: Span,
    },
    /// Objects that nothing connects.
    #[error("the system `{system}` falls apart: nothing connects {first} with {second}")]
    #[diagnostic(
        code(nat::system::unconnected),
        help("declare one system for each part, or add the projections between them")
    )]
    Unconnected {
        /// The system.
        system: String,
        /// An object of one part.
        first: String,
        /// An object of another.
        second: String,
        /// Where the system is declared.
        #[label("in {parts} parts")]
        span: Span,
        /// How many parts.
        parts: usize,
    },
    /// A leg that does not start at the apex.
    #[error("the leg `{leg}` of the cone `{cone}` starts from {found}, not from its apex {apex}")]
    #[diagnostic(code(nat::system::leg_source))]
    LegSource {
        /// The cone.
        cone: String,
        /// The leg.
        leg: String,
        /// Where it starts.
        found: String,
        /// Where it should.
        apex: String,
        /// Where.
        #[label("does not start at the apex")]
        span: Span,
    },
    /// A leg that does not end in the system.
    #[error("the leg `{leg}` of the cone `{cone}` ends in {found}, which is no object of `{system}`")]
    #[diagnostic(code(nat::system::leg_target))]
    LegTarget {
        /// The cone.
        cone: String,
        /// The leg.
        leg: String,
        /// Where it ends.
        found: String,
        /// The system.
        system: String,
        /// What there is.
        #[help]
        help: Option<String>,
        /// Where.
        #[label("ends outside the system")]
        span: Span,
    },
    /// Two legs to one object.
    #[error("the cone `{cone}` has two legs to {object}: `{first}` and `{second}`")]
    #[diagnostic(code(nat::system::leg_twice), help("a cone has one leg to each object"))]
    LegTwice {
        /// The cone.
        cone: String,
        /// The object.
        object: String,
        /// One leg.
        first: String,
        /// The other.
        second: String,
        /// Where.
        #[label("two legs to one object")]
        span: Span,
    },
    /// An object without a leg.
    #[error("the cone `{cone}` has no leg to {objects}")]
    #[diagnostic(
        code(nat::system::leg_missing),
        help(
            "a cone has a leg to every object; a system over `n in a..b` has one object more than it has projections"
        )
    )]
    LegMissing {
        /// The cone.
        cone: String,
        /// The objects.
        objects: String,
        /// Where.
        #[label("no leg to {objects}")]
        span: Span,
    },
}

impl SystemError {
    /// The place that the error is reported at.
    pub fn span(&self) -> Span {
        match self {
            SystemError::Empty { span, .. }
            | SystemError::NoGenerators { span, .. }
            | SystemError::Reversed { span, .. }
            | SystemError::TooLarge { span, .. }
            | SystemError::Mixed { span, .. }
            | SystemError::Member { span, .. }
            | SystemError::Mismatch { span, .. }
            | SystemError::TwoArchitectures { span, .. }
            | SystemError::Cycle { span, .. }
            | SystemError::Unconnected { span, .. }
            | SystemError::LegSource { span, .. }
            | SystemError::LegTarget { span, .. }
            | SystemError::LegTwice { span, .. }
            | SystemError::LegMissing { span, .. } => *span,
        }
    }
}
