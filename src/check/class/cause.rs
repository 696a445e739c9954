//! Why a square fails: because the metric is singular, or because of what is written.

use super::narrow::metric;
use crate::check::generic;
use crate::core::names::Model;
use crate::domain::linear;
use crate::domain::prime::{Prime, PseudoInverses, Random, Signs};
use crate::model::elaborate::{Elaborator, Scope};
use crate::model::morphism::Along;
use crate::structure::prove::{Proof, Theorem};
use crate::syntax::tree::{Instance, Path};

/// An architecture whose metric is singular.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Singular {
    /// The architecture.
    pub name: String,
    /// The rank of its metric at generic points is at most this.
    pub rank: usize,
    /// The number of its parameters.
    pub dim: usize,
}

impl Singular {
    /// That this is the cause, if types prove the square where the metric is non-singular.
    pub fn sentence(&self, theorem: &Theorem) -> Option<String> {
        let used = theorem.hypotheses.iter().any(|h| h.is_about_the_metric() && h.is_used_by_the_proof());
        (used && !matches!(theorem.proof, Proof::Open | Proof::Invalid(_))).then(|| {
            format!(
                "the metric of `{}` is singular, of rank {} of {}: its pseudo-inverse chooses among the vectors that it cannot \
                 tell apart, and the choice changes with the coordinates; with a non-singular metric the types prove the square",
                self.name, self.rank, self.dim
            )
        })
    }
}

/// The target of a path, or the architecture after `on`, if its metric is certainly singular: minors that vanish in a
/// prime field for free atoms vanish.
pub fn singular_metric(model: &Model, on: Option<&Instance>, along: Option<&Path>) -> Option<Singular> {
    let mut e = Elaborator::new(model);
    let a = match (on, along) {
        (Some(on), _) => e.architecture(on, &Scope::default()).ok()?,
        (None, Some(path)) => {
            let path = e.whole_path(Along::from(path)).ok()?;
            std::rc::Rc::clone(&path.target)
        }
        (None, None) => return None,
    };
    let g = metric(&mut e, &a)?;
    let values = generic::pattern(&e, g)?;
    let mut prime = Prime::new(Random::new(0, "pattern"), Signs::Free, PseudoInverses::ByRank);
    let rank = linear::rank(&mut prime, &values, a.dim, a.dim).ok()?;
    (rank < a.dim).then(|| Singular { name: a.name.clone(), rank, dim: a.dim })
}
