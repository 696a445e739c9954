//! Names that are declared twice in one scope.
//!
//! The elaborator finds those among the parameters and `let`s of an architecture and among states while it reads them.
//! Here are the scopes that it does not look at as a whole: parameters of families, `let`s of morphisms and optimizers.

use crate::core::error::ModelError;
use crate::core::names::{Declared, Model};
use crate::syntax::tree::{Domain, Equation, Ident, Optimizer, Param, Statement, StatementKind};

/// The names that one declaration declares twice in one scope.
pub(super) fn duplicates(model: &Model, declared: Declared) -> Vec<ModelError> {
    let mut scope = Names::default();
    match declared {
        Declared::Def(id) => model[id].params.iter().for_each(|p| scope.declare(p)),
        Declared::Data(id) => scope.params(&model[id].params),
        Declared::Architecture(id) => scope.params(&model[id].params),
        Declared::Composite(id) => scope.params(&model[id].params),
        Declared::Morphism(id) => {
            let m = &model[id];
            scope.params(&m.params);
            // Parameters of a named source are declared elsewhere, and a `let` may hide them.
            if let Domain::Inline(params, _) = &m.source {
                let family: Vec<&Ident> = m.params.iter().map(|p| &p.name).collect();
                let own = params.iter().map(|p| &p.name);
                own.filter(|n| family.iter().any(|f| f.name == n.name)).for_each(|n| scope.declare(n));
            }
            lets(&m.body, &mut scope);
            if let Some((_, body)) = &m.inverse {
                let mut inner = Names::default();
                lets(body, &mut inner);
                scope.errors.extend(inner.errors);
            }
        }
        Declared::Optimizer(id) => optimizer(&model[id], &mut scope),
        Declared::Let(_) | Declared::System(_) | Declared::Cone(_) => {}
    }
    scope.errors
}

fn lets(body: &[Equation], scope: &mut Names) {
    for equation in body {
        if let Equation::Let(l) = equation {
            scope.declare(&l.name);
        }
    }
}

fn optimizer(o: &Optimizer, scope: &mut Names) {
    scope.params(&o.params);
    o.lets.iter().for_each(|l| scope.declare(&l.name));
    for d in &o.dynamics {
        // The body is a scope of its own.
        let mut inner = Names::default();
        statements(&d.body, &mut inner);
        scope.errors.extend(inner.errors);
    }
}

fn statements(body: &[Statement], scope: &mut Names) {
    for s in body {
        match &s.kind {
            StatementKind::Let(l) => scope.declare(&l.name),
            StatementKind::Each { body, .. } => {
                let mut inner = Names::default();
                statements(body, &mut inner);
                scope.errors.append(&mut inner.errors);
            }
            _ => {}
        }
    }
}

/// The names of one scope so far.
#[derive(Default)]
struct Names {
    seen: Vec<Ident>,
    errors: Vec<ModelError>,
}

impl Names {
    fn params(&mut self, params: &[Param]) {
        params.iter().for_each(|p| self.declare(&p.name));
    }

    fn declare(&mut self, name: &Ident) {
        match self.seen.iter().find(|n| n.name == name.name) {
            Some(first) => {
                let (name, first, span) = (name.name.clone(), first.span, name.span);
                self.errors.push(ModelError::DuplicateName { name, first, span });
            }
            None => self.seen.push(name.clone()),
        }
    }
}
