//! The formulas behind `expect`, read as terms.

use crate::check::posed::Posed;
use crate::core::names::Declared;
use crate::model::elaborate::{Elab, Elaborator, Local, Role, Scope};
use crate::model::morphism::Along;
use crate::syntax::tree::{ExpectedVerdict, Instance};
use crate::term::Term;

/// What a check expects of a square, and what its formulas may name.
#[derive(Clone, Copy, Default)]
pub(super) struct Expected<'c> {
    pub verdict: Option<&'c ExpectedVerdict>,
    /// The uses of morphisms, for their arguments.
    pub uses: &'c [Instance],
    /// The values of the indices of a system.
    pub index: &'c [(String, u64)],
}

impl<'c> Expected<'c> {
    /// What a question about two optimizers expects.
    pub(super) fn of_two(posed: Posed<'c>) -> Self {
        Expected { verdict: posed.expected(), ..Expected::default() }
    }

    /// What a question expects along a path.
    pub(super) fn of(posed: Posed<'c>, along: Along<'c>) -> Self {
        Expected { verdict: posed.expected(), uses: along.parts, index: posed.index() }
    }
}

/// The rate after `expect up to rate`, read in the scope of the morphism's and the optimizer's parameters.
pub(super) fn expected_rate(e: &mut Elaborator<'_>, expected: &Expected<'_>) -> Elab<Option<Term>> {
    let Some(ExpectedVerdict::UpToRate(Some(formula))) = expected.verdict else {
        return Ok(None);
    };
    let scope = rate_scope(e, expected)?;
    let t = e.expr(formula, &scope)?;
    e.expect_shape(t, &[], "a rate", formula.span)?;
    Ok(Some(t))
}

/// The names that a rate may use: the parameters of the morphism and of the optimizer, and the indices of a system. A name
/// that both have is the morphism's, on which rates depend.
pub(super) fn rate_scope(e: &mut Elaborator<'_>, expected: &Expected<'_>) -> Elab<Scope> {
    let mut scope = Scope::default();
    for s in e.shown.clone().into_iter().rev().filter(|s| s.role == Role::Member) {
        scope.bind(&s.name, Local::Value(s.term));
    }
    // Parameters that the use gives have their values.
    if let [part] = expected.uses
        && let Some(Declared::Morphism(id)) = e.model.lookup(&part.name.name)
    {
        for (i, p) in e.model[id].params.iter().enumerate() {
            let given =
                part.args.iter().enumerate().find(|(k, a)| a.name.as_ref().map_or(*k == i, |n| n.name == p.name.name));
            if let Some((_, a)) = given {
                let value = e.expr(&a.value, &Scope::default())?;
                scope.bind(&p.name.name, Local::Value(value));
            }
        }
    }
    for (name, v) in expected.index {
        let v = e.store.num(*v);
        scope.bind(name, Local::Value(v));
    }
    Ok(scope)
}
