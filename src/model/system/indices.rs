//! Generators at values of their indices: numbers in place of names.

use super::Resolver;
use crate::core::error::ModelError;
use crate::core::names::Declared;
use crate::model::elaborate::{Elab, Scope};
use crate::syntax::tree::{Argument, Binder, Expr, ExprKind, Ident, Instance, Param, Subscript};

impl Resolver<'_> {
    /// The use of a morphism with its arguments as numbers. A use without arguments takes the indices: those whose name
    /// is that of an `N` parameter by name, the others in order.
    pub(super) fn applied(&mut self, written: &Instance, given: &[(String, u64)]) -> Elab<Instance> {
        let span = written.span;
        let number = |v: u64| Expr { kind: ExprKind::Number(v.into()), span };
        let mut instance = written.clone();
        let morphism = matches!(
            self.e.model.resolve(&written.name.name, written.name.span),
            Some(Declared::Morphism(_) | Declared::Composite(_))
        );
        if written.args.is_empty() && morphism {
            let sizes = self.sizes(&written.name);
            let mut taken: Vec<Option<u64>> = vec![None; sizes.len()];
            let mut rest = Vec::new();
            for (name, v) in given {
                match sizes.iter().position(|(_, n)| n == name) {
                    Some(i) => taken[i] = Some(*v),
                    None => rest.push(*v),
                }
            }
            let mut rest = rest.into_iter();
            for slot in taken.iter_mut().filter(|s| s.is_none()) {
                *slot = rest.next();
            }
            if rest.next().is_some() {
                let expected = match sizes.len() {
                    0 => "no size".to_owned(),
                    1 => "one size".to_owned(),
                    n => format!("{n} sizes"),
                };
                let name = written.name.name.clone();
                return self.e.fail(ModelError::Arity { name, expected, found: given.len(), span });
            }
            let leading =
                sizes.iter().enumerate().all(|(i, (place, _))| i == *place) && taken.iter().all(Option::is_some);
            for ((_, name), v) in sizes.iter().zip(taken) {
                let Some(v) = v else { continue };
                let name = (!leading).then(|| Ident { name: name.clone(), span });
                instance.args.push(Argument { name, value: number(v) });
            }
            return Ok(instance);
        }
        for a in &mut instance.args {
            replace(&mut a.value, given);
            if let Some(q) = self.constant_scalar(&a.value) {
                a.value.kind = ExprKind::Number(q);
            }
        }
        Ok(instance)
    }

    /// The value of an argument that is a number. Other arguments, and faulty ones, stay as they are written.
    fn constant_scalar(&mut self, e: &Expr) -> Option<crate::domain::Rational> {
        let before = self.e.errors.len();
        let t = self.e.expr(e, &Scope::default());
        self.e.errors.truncate(before);
        let t = t.ok()?;
        self.e.store.as_fill(t).filter(|_| self.e.store.shape(t).is_empty()).cloned()
    }

    /// The `N` parameters of a morphism, with their places in its parameter list.
    fn sizes(&self, name: &Ident) -> Vec<(usize, String)> {
        let model = self.e.model;
        let params: &[Param] = match model.resolve(&name.name, name.span) {
            Some(Declared::Morphism(id)) => &model[id].params,
            Some(Declared::Composite(id)) => &model[id].params,
            _ => &[],
        };
        let is_size = |p: &Param| p.ty.as_ref().is_some_and(|t| t.name.name == "N");
        params.iter().enumerate().filter(|(_, p)| is_size(p)).map(|(i, p)| (i, p.name.name.clone())).collect()
    }
}

/// Puts numbers for the indices into an expression.
fn replace(e: &mut Expr, given: &[(String, u64)]) {
    let without = |binders: &mut [Binder]| -> Vec<(String, u64)> {
        let mut left = given.to_vec();
        for b in binders {
            replace(&mut b.lo, given);
            replace(&mut b.hi, given);
            left.retain(|(n, _)| *n != b.name.name);
        }
        left
    };
    match &mut e.kind {
        ExprKind::Number(_) | ExprKind::Primed(_) => {}
        ExprKind::Name(n) => {
            if let Some((_, v)) = given.iter().find(|(name, _)| name == n) {
                e.kind = ExprKind::Number((*v).into());
            }
        }
        ExprKind::Neg(x) | ExprKind::Transpose(x) | ExprKind::Inverse(x) => replace(x, given),
        ExprKind::Binary(_, a, b) | ExprKind::Power(a, b) => {
            replace(a, given);
            replace(b, given);
        }
        ExprKind::Call(_, args) | ExprKind::List(args) => args.iter_mut().for_each(|a| replace(a, given)),
        ExprKind::If(c) => c.parts_mut().into_iter().for_each(|e| replace(e, given)),
        ExprKind::Reduce(_, binders, body) | ExprKind::Comprehension(binders, body) => {
            let left = without(binders);
            replace(body, &left);
        }
        ExprKind::Index(base, subscripts) => {
            replace(base, given);
            for s in subscripts {
                match s {
                    Subscript::At(x) => replace(x, given),
                    Subscript::Slice { lo, hi, .. } => lo.iter_mut().chain(hi).for_each(|x| replace(x, given)),
                    Subscript::All => {}
                }
            }
        }
    }
}
