//! `check same` without `on`: what the bodies of two optimizers say for every architecture.

use crate::check::generic;
use crate::core::names::{Declared, Model};
use crate::core::variance::Variance;
use crate::structure::body::{Body, build};
use crate::structure::reach::reach;
use crate::syntax::tree::Instance;

/// The bodies of the two optimizers of a `same`, for any architecture.
pub(super) struct Bodies {
    left: Body,
    right: Body,
    /// Whether both are of one declaration, whose hyperparameters are the same variables.
    one: bool,
}

impl Bodies {
    pub(super) fn of(model: &Model, left: &Instance, right: &Instance) -> Option<Self> {
        let declared = |i: &Instance| match model.resolve(&i.name.name, i.name.span) {
            Some(Declared::Optimizer(id)) => Some(id),
            _ => None,
        };
        let (l, r) = (declared(left)?, declared(right)?);
        let body = |id, i| build(model, &model[id], i, Some(Variance::Tangent));
        Some(Bodies { left: body(l, left), right: body(r, right), one: l == r })
    }

    /// Whether they are the same function on every architecture, by their normal forms.
    pub(super) fn same(&self) -> bool {
        crate::structure::same::same(&self.left, &self.right, self.one)
    }

    /// Whether one of them sums over coordinates, so that a constant may depend on how many there are.
    pub(super) fn sums(&self) -> bool {
        [&self.left, &self.right].into_iter().any(|b| reach(b).is_ok_and(|r| r.degree > 0))
    }

    /// The order of derivatives that both read at a point, or why a generic architecture does not stand for all.
    pub(super) fn reach(&self) -> Result<usize, String> {
        let (l, r) = (reach(&self.left)?, reach(&self.right)?);
        if l.sized || r.sized {
            return Err("a body makes numbers of the number of parameters (`dim`, a trace, a sum over a matrix)".into());
        }
        let order = l.order.max(r.order);
        if order > generic::MAX_ORDER {
            return Err(format!(
                "a body reads derivatives of order {order}, and the generic architecture has free ones to order {}",
                generic::MAX_ORDER
            ));
        }
        Ok(order)
    }
}
