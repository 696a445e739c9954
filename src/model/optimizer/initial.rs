//! Fresh states: `state z : TYPE = e`.

use std::rc::Rc;

use indexmap::IndexMap;
use rustc_hash::FxHashMap;

use super::{Over, State, Variance, side};
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Elab, Elaborator, Scope};
use crate::syntax::tree::Expr;
use crate::term::Term;

impl Over {
    /// Where a value at the start of training is read: there are no new values yet.
    pub(super) fn fresh(a: &Rc<Architecture>, optimizer: &str) -> Over {
        Over {
            architecture: Rc::clone(a),
            primed: IndexMap::new(),
            optimizer: optimizer.to_owned(),
            layouts: FxHashMap::default(),
        }
    }
}

impl Elaborator<'_> {
    /// The value of a state at the start of training. A number in place of a matrix over the parameters is that multiple of
    /// the identity, in place of anything else every entry.
    pub(super) fn initial(&mut self, e: &Expr, state: &State, a: &Architecture, scope: &mut Scope) -> Elab<Term> {
        let value = self.expr(e, scope)?;
        let shape = self.store.shape(state.term).clone();
        if !self.store.shape(value).is_empty() {
            self.expect_shape(value, &shape, &format!("the first value of `{}`", state.name), e.span)?;
            return Ok(value);
        }
        Ok(match state.variance {
            Variance::Metric | Variance::Cometric => self.multiple_of_one(value, a.dim),
            Variance::Left | Variance::Right => {
                let sizes: Vec<usize> = a.blocks.iter().map(|b| side(&b.shape, state.variance)).collect();
                let parts: Vec<Term> = sizes.into_iter().map(|n| self.multiple_of_one(value, n)).collect();
                self.store.join(&parts)
            }
            _ => self.store.broadcast(value, &shape),
        })
    }

    fn multiple_of_one(&mut self, c: Term, n: usize) -> Term {
        let one = self.store.eye(n);
        self.store.scalar_mul(c, one)
    }
}
