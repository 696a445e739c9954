//! Optimizers read over an architecture: state, flow and step as terms.

mod blocks;
mod calculus;
mod initial;
mod rules;
mod state;

use std::rc::Rc;

use indexmap::IndexMap;
use rustc_hash::FxHashMap;

use super::architecture::Architecture;
use super::elaborate::{Constraint, ConstraintKind, Draw, Elab, Elaborator, Local, Role, Scope};
use super::faults;
use super::suggest::{Kind, unknown_item};
use crate::core::error::ModelError;
use crate::core::names::{Declared, OptimizerId};
use crate::source::Span;
use crate::syntax::tree::{self, Ident, Instance};
use crate::term::{SymbolId, Term};
use rules::Rules;

use crate::core::variance::Variance;
pub use blocks::{Layout, side};
pub(in crate::model) use state::{is_weighted, variance_of};

/// A state of an optimizer over one architecture.
#[derive(Debug, Clone)]
pub struct State {
    /// Its name.
    pub name: String,
    /// How it is carried.
    pub variance: Variance,
    /// Whether there is one for each block.
    pub each: bool,
    /// Its symbol.
    pub symbol: SymbolId,
    /// Its value as a free variable.
    pub term: Term,
    /// A general point of its fibre as a function of free symbols: `L Lᵀ` where it is positive definite.
    pub general: Term,
    /// Conditions on those symbols.
    pub domain: Vec<Constraint>,
    /// Its value at the start of training, as a function of the point and the hyperparameters.
    pub initial: Term,
    /// Where it is declared.
    pub span: Span,
}

/// Where an optimizer's body is being read.
#[derive(Debug, Clone)]
pub struct Over {
    /// The architecture.
    pub architecture: Rc<Architecture>,
    /// The new values of a step, held as symbols until all are known; `params` among them.
    pub primed: IndexMap<String, (SymbolId, Term)>,
    /// The optimizer's name, for messages.
    pub optimizer: String,
    /// How the states are laid out over the blocks, by name.
    layouts: FxHashMap<String, Layout>,
}

/// An optimizer over one architecture: a vector field, or a family of step maps, on its state space.
#[derive(Debug, Clone)]
pub struct OptimizerOn {
    /// Its name with its arguments.
    pub name: String,
    /// The architecture.
    pub architecture: Rc<Architecture>,
    /// The states in order of declaration.
    pub states: Vec<State>,
    /// The small parameter, for a step; `None` for a flow.
    pub rate: Option<SymbolId>,
    /// For a flow the components of the field, for a step the new values: the point first, then each state.
    pub components: Vec<Term>,
    /// For a step the components as they are written, each with the symbol of its new value: they may read those of others.
    pub rules: Vec<(SymbolId, Term)>,
    /// Where each component is given.
    pub spans: Vec<Span>,
    /// Whether a state was declared `auto`.
    pub auto: bool,
}

impl Over {
    /// Whether a component is laid out over the blocks; `None` if there is none of this name.
    pub(super) fn has_blocks(&self, component: &str) -> Option<bool> {
        self.layouts.get(component).map(|l| *l != Layout::Apart)
    }
}

impl Elaborator<'_> {
    /// Looks up an optimizer by name.
    pub fn optimizer_id(&mut self, name: &Ident) -> Elab<OptimizerId> {
        match self.model.resolve(&name.name, name.span) {
            Some(Declared::Optimizer(id)) => Ok(id),
            Some(other) => self.fail(ModelError::WrongKind {
                name: name.name.clone(),
                found: other.kind(),
                expected: "an optimizer",
                span: name.span,
            }),
            None => self.fail(unknown_item(self.model, Kind::Optimizer, name)),
        }
    }

    /// Looks up an optimizer, and the arguments that it is given.
    pub fn optimizer_with_arguments(&mut self, instance: &Instance) -> Elab<OptimizerId> {
        let id = self.optimizer_id(&instance.name)?;
        self.bind(instance, &self.model[id].params, &Scope::default(), Some(0))?;
        Ok(id)
    }

    /// An optimizer over an architecture. States declared `auto` get the variance `auto`.
    pub fn optimizer(
        &mut self,
        instance: &Instance,
        a: &Rc<Architecture>,
        auto: Option<Variance>,
    ) -> Elab<OptimizerOn> {
        self.optimizer_with(instance, a, auto, &[])
    }

    /// As [`Elaborator::optimizer`], with some hyperparameters, the small parameter among them, multiplied by factors.
    pub fn optimizer_with(
        &mut self,
        instance: &Instance,
        a: &Rc<Architecture>,
        auto: Option<Variance>,
        factors: &[(String, Term)],
    ) -> Elab<OptimizerOn> {
        let id = self.optimizer_id(&instance.name)?;
        let decl = &self.model[id];
        let bound = self.bind(instance, &decl.params, &Scope::default(), Some(0))?;
        let mut scope = bound.scope;
        crate::read::conditions(self, &decl.assumptions, &scope, instance.span)?;
        for (name, factor) in factors {
            if let Some(Local::Value(value)) = scope.get(name) {
                let scaled = self.store.mul(*factor, value);
                scope.bind(name, Local::Value(scaled));
            }
        }
        let mut states = Vec::with_capacity(decl.states.len());
        let mut layouts = FxHashMap::default();
        let mut has_auto = false;
        // Where a state starts may depend on the point and the hyperparameters, not on other states.
        let outside = scope.clone();
        for declared in &decl.states {
            let tree::State { name, initial, .. } = declared;
            if let Some(fault) = faults::state_declared_twice(decl, name) {
                return self.fail(fault);
            }
            has_auto |= declared.is_auto();
            let mut state = self.state(declared, a, auto, &scope)?;
            if let Some(value) = initial {
                let mut scope = outside.clone();
                scope.over = Some(Rc::new(Over::fresh(a, &bound.label)));
                state.initial = self.initial(value, &state, a, &scope)?;
            }
            layouts.insert(state.name.clone(), state.layout());
            scope.bind(&state.name, Local::Value(state.term));
            states.push(state);
        }
        let dynamics = match faults::dynamics(decl) {
            Ok(dynamics) => dynamics,
            Err(fault) => return self.fail(*fault),
        };
        let mut primed = IndexMap::new();
        let mut rate = None;
        if let Some(lr) = &dynamics.step {
            let symbol = self.rate_symbol(&lr.name, lr.span);
            rate = Some(symbol);
            let mut t = self.store.symbol_term(symbol);
            if let Some((_, factor)) = factors.iter().find(|f| f.0 == lr.name) {
                t = self.store.mul(*factor, t);
            }
            scope.bind(&lr.name, Local::Value(t));
            primed.insert("params".to_owned(), self.store.symbol("params'", &[a.dim]));
            for s in &states {
                let shape = self.store.shape(s.term).clone();
                primed.insert(s.name.clone(), self.store.symbol(format!("{}'", s.name), &shape));
            }
        }
        let over = Over { architecture: Rc::clone(a), primed, optimizer: bound.label.clone(), layouts };
        scope.over = Some(Rc::new(over.clone()));
        for l in &decl.lets {
            let value = self.expr(&l.value, &scope);
            scope.bind_result(&l.name.name, &value);
        }
        let mut rules = Rules::default();
        crate::read::rules(self, &dynamics.body, rate.is_some(), &scope, &mut |e, rule| {
            e.rule(rule, &states, &over, &mut rules)
        })?;
        let (components, spans) = self.collect_rules(rules, &states, &over, decl.name.span, rate.is_some())?;
        let rules: Vec<(SymbolId, Term)> = over.primed.values().map(|p| p.0).zip(components.iter().copied()).collect();
        let components = if rate.is_some() { self.resolve_primes(&rules, &over, &spans)? } else { components };
        Ok(OptimizerOn {
            name: bound.label,
            architecture: Rc::clone(a),
            states,
            rate,
            components,
            rules,
            spans,
            auto: has_auto,
        })
    }

    /// The small parameter: one symbol for all steps of a question, positive.
    fn rate_symbol(&mut self, name: &str, span: Span) -> SymbolId {
        let known = self.quantified.iter().find(|q| q.role == Role::Rate).map(|q| q.symbol);
        known.unwrap_or_else(|| {
            let (symbol, t) = self.quantify(name, &[], Draw::Real, Role::Rate);
            self.constrain(t, ConstraintKind::Positive, format!("{name} > 0"), span);
            self.show(name, t, Role::Rate);
            symbol
        })
    }
}
