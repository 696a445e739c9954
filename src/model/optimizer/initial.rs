//! Values given to states from outside: fresh ones, `state z : TYPE = e`, and those of `via { z = e }`.

use std::rc::Rc;

use indexmap::IndexMap;
use rustc_hash::FxHashMap;

use super::{OptimizerOn, Over, State, side};
use crate::core::error::ModelError;
use crate::core::names::nearest;
use crate::core::variance::Space;
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Elab, Elaborator, Local, Scope};
use crate::syntax::tree::{Expr, Ident, Instance, Via};
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
    pub(super) fn initial(&mut self, e: &Expr, state: &State, a: &Architecture, scope: &Scope) -> Elab<Term> {
        self.value_of(e, state, a, scope, &format!("the first value of `{}`", state.name))
    }

    fn value_of(&mut self, e: &Expr, state: &State, a: &Architecture, scope: &Scope, what: &str) -> Elab<Term> {
        let value = self.expr(e, scope)?;
        let shape = self.store.shape(state.term).clone();
        if !self.store.shape(value).is_empty() {
            self.expect_shape(value, &shape, what, e.span)?;
            return Ok(value);
        }
        Ok(match state.variance.space() {
            Space::Matrix => self.multiple_of_one(value, a.dim),
            Space::Sides(_) => {
                let sizes: Vec<usize> = a.blocks.iter().map(|b| side(&b.shape, state.variance)).collect();
                let parts: Vec<Term> = sizes.into_iter().map(|n| self.multiple_of_one(value, n)).collect();
                self.store.join(&parts)
            }
            Space::Own | Space::Number | Space::Vector => self.store.broadcast(value, &shape),
        })
    }

    fn multiple_of_one(&mut self, c: Term, n: usize) -> Term {
        let one = self.store.eye(n);
        self.store.scalar_mul(c, one)
    }

    /// The map of `via { … }` from the states of one optimizer to those of another on the same architecture: the point, then
    /// the states of the second. What is not named goes to what has its name; `None` for a state that nothing goes to.
    pub fn state_map(
        &mut self,
        (left, right): (&Instance, &Instance),
        (source, target): (&OptimizerOn, &OptimizerOn),
        via: Option<&Via>,
    ) -> Elab<Vec<Option<Term>>> {
        let a = Rc::clone(&source.architecture);
        let same = |s: &State| source.states.iter().find(|t| t.name == s.name && t.variance == s.variance);
        let mut values: Vec<Option<Term>> =
            std::iter::once(Some(a.point)).chain(target.states.iter().map(|s| same(s).map(|t| t.term))).collect();
        let Some(via) = via else { return Ok(values) };
        let mut scope = self.outside((left, right), source)?;
        let mut given: Vec<&Ident> = Vec::new();
        crate::read::equations(self, &via.body, &mut scope, &mut |elaborator, name, e, scope| {
            if let Some(first) = given.iter().find(|n| n.name == name.name) {
                let (name, first, span) = (name.name.clone(), first.span, name.span);
                return elaborator.fail(ModelError::AssignedTwice { name, first, span });
            }
            given.push(name);
            let place = target.states.iter().position(|s| s.name == name.name);
            let what = format!("the value of `{}`", name.name);
            if let Some(i) = place {
                values[i + 1] = Some(elaborator.value_of(e, &target.states[i], &a, scope, &what)?);
            } else if name.name == "params" {
                let value = elaborator.expr(e, scope)?;
                elaborator.expect_shape(value, &[a.dim], &what, e.span)?;
                values[0] = Some(value);
            } else {
                let names = target.states.iter().map(|s| s.name.as_str()).chain(["params"]);
                let near = nearest(&name.name, names).map(|n| format!("did you mean `{n}`?"));
                let help =
                    near.or_else(|| Some(format!("left of `=` stand `params` and the states of `{}`", target.name)));
                let (what, name, span) = ("state", name.name.clone(), name.span);
                return elaborator.fail(ModelError::UnknownName { what, name, help, span });
            }
            Ok(())
        })?;
        Ok(values)
    }

    /// What the right sides of `via` may read: the point and the states of the left optimizer, the small parameter, and the
    /// hyperparameters of both, those of the left one first.
    fn outside(&mut self, (left, right): (&Instance, &Instance), source: &OptimizerOn) -> Elab<Scope> {
        let mut scope = Scope::default();
        for instance in [right, left] {
            let id = self.optimizer_id(&instance.name)?;
            let decl = &self.model[id];
            let bound = self.bind(instance, &decl.params, &Scope::default(), Some(0))?;
            for p in &decl.params {
                if let Some(local) = bound.scope.get(&p.name.name) {
                    scope.bind(&p.name.name, local);
                }
            }
            let rate = decl.dynamics.first().and_then(|d| d.step.as_ref());
            if let (Some(lr), Some(symbol)) = (rate, source.rate) {
                let t = self.store.symbol_term(symbol);
                scope.bind(&lr.name, Local::Value(t));
            }
        }
        for s in &source.states {
            scope.bind(&s.name, Local::Value(s.term));
        }
        let layouts = source.states.iter().map(|s| (s.name.clone(), s.layout())).collect();
        scope.over = Some(Rc::new(Over { layouts, ..Over::fresh(&source.architecture, &source.name) }));
        Ok(scope)
    }
}
