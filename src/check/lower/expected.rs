//! The formulas behind `expect`, read as terms.

use crate::core::names::Declared;
use crate::model::elaborate::{Elab, Elaborator, Local, Role, Scope};
use crate::syntax::tree::{ExpectedVerdict, Instance};
use crate::term::Term;

/// What a check expects of a square, and the uses of morphisms whose arguments its formulas may name.
pub(super) struct Expected<'c> {
    pub verdict: Option<&'c ExpectedVerdict>,
    pub uses: &'c [Instance],
}

/// The rate after `expect up to rate`, read in the scope of the morphism's and the optimizer's parameters.
pub(super) fn expected_rate(e: &mut Elaborator<'_>, expected: &Expected<'_>) -> Elab<Option<Term>> {
    let Some(ExpectedVerdict::UpToRate(Some(formula))) = expected.verdict else {
        return Ok(None);
    };
    let scope = rate_scope(e, expected.uses)?;
    let t = e.expr(formula, &scope)?;
    e.expect_shape(t, &[], "a rate", formula.span)?;
    Ok(Some(t))
}

/// The names that a rate may use: the parameters of the morphism and of the optimizer.
pub(super) fn rate_scope(e: &mut Elaborator<'_>, uses: &[Instance]) -> Elab<Scope> {
    let mut scope = Scope::default();
    for s in e.shown.clone().into_iter().filter(|s| s.role == Role::Member) {
        scope.bind(&s.name, Local::Value(s.term));
    }
    // Parameters that the use gives have their values.
    if let [part] = uses
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
    Ok(scope)
}
