//! Calls: definitions, data, the functions of the table and of an optimizer's body; and the blocks that names mean.

use super::expr::{all, expr, ident, placed};
use super::{Algebra, Arg, Local, Names, Read};
use crate::core::defined::{Definition, definition};
use crate::core::error::ModelError;
use crate::core::names::Declared;
use crate::core::prim::{self, Is, Row};
use crate::core::words::{Calculus, Word};
use crate::source::Span;
use crate::syntax::tree::{Expr, ExprKind, Ident, Subscript};

/// `f(x, …)`
pub(super) fn call<'e, A: Algebra<'e>>(
    a: &mut A,
    f: &'e Ident,
    args: &'e [Expr],
    span: Span,
    scope: &Names<'e, A>,
) -> Read<'e, A, A::Value> {
    let declared = if scope.is_of_the_table() { None } else { a.model().resolve(&f.name, f.span) };
    match declared {
        Some(Declared::Def(id)) => {
            let def = &a.model()[id];
            if def.params.len() != args.len() {
                let (name, expected) = (
                    f.name.clone(),
                    match def.params.len() {
                        0 => "no arguments".to_owned(),
                        1 => "one argument".to_owned(),
                        n => format!("{n} arguments"),
                    },
                );
                return Err(a.fault(ModelError::Arity { name, expected, found: args.len(), span }));
            }
            // By value, and in a scope of their own: a definition sees its arguments and the file.
            let mut inner = Names::<A>::default();
            for (p, e) in def.params.iter().zip(args) {
                let value = expr(a, e, scope)?;
                inner.bind(&p.name, Local::Value(value));
            }
            a.enter(&f.name, span)?;
            let value = expr(a, &def.body, &inner);
            a.leave();
            value.map(|v| a.called(v, span))
        }
        Some(Declared::Data(id)) => {
            let values = all(a, args, scope)?;
            a.data(id, &values, span)
        }
        Some(other) => {
            let (name, found, expected) = (f.name.clone(), other.kind(), "a function or a family of data");
            Err(a.fault(ModelError::WrongKind { name, found, expected, span: scope.place(f.span) }))
        }
        None => function(a, f, args, span, scope),
    }
}

fn function<'e, A: Algebra<'e>>(
    a: &mut A,
    f: &'e Ident,
    args: &'e [Expr],
    span: Span,
    scope: &Names<'e, A>,
) -> Read<'e, A, A::Value> {
    let name = f.name.as_str();
    if let Some(function) = Calculus::of(name) {
        return calculus(a, function, args, (span, scope.place(f.span)), scope);
    }
    if !prim::is_function(name) {
        return Err(a.unknown("function", name, scope.place(f.span), scope));
    }
    if let ("reshape", [x, shape], Some(over)) = (name, args, &scope.over)
        && let Some(block) = block_written(a, shape, scope)?
    {
        let x = placed(a, x, scope)?;
        return a.in_shape_of(x, &block, over, span);
    }
    let values = all(a, args, scope)?;
    if let (Some(row), [x]) = (prim::entrywise(name), &values[..]) {
        return entrywise(a, row, x.clone(), span);
    }
    if let Some(c) = prim::composed(name, values.len()) {
        return match a.composed(c, &values, span)? {
            Some(value) => Ok(value),
            None => defined(a, definition(name, values.len()), &values, span),
        };
    }
    a.operation(name, &values, scope, span)
}

/// An entrywise function of the table, by its definition if it has one that the algebra wants.
///
/// # Errors
/// Those of the algebra.
pub fn entrywise<'e, A: Algebra<'e>>(
    a: &mut A,
    row: &'static Row,
    x: Arg<A::Value>,
    span: Span,
) -> Read<'e, A, A::Value> {
    if let Some(value) = a.entrywise(row, x.clone(), span)? {
        return Ok(value);
    }
    match row.is {
        Is::Kernel(k) => a.kernel(k.fun, x),
        Is::Power(q) => {
            let q = a.number(&q.value(), span);
            a.power(x, (q, span), span)
        }
        Is::Defined(_) => defined(a, definition(row.name, 1), &[x], span),
    }
}

/// A function that the table defines in the language: its faults are reported at its first argument.
fn defined<'e, A: Algebra<'e>>(
    a: &mut A,
    definition: Option<&'static Definition>,
    values: &[Arg<A::Value>],
    span: Span,
) -> Read<'e, A, A::Value> {
    let Some(definition) = definition else { return Err(a.poisoned("a function of the table")) };
    let mut inner = Names::<A>::of_the_table(values.first().map_or(span, |v| v.1));
    for (p, (v, _)) in definition.params.iter().zip(values) {
        inner.bind(p, Local::Value(v.clone()));
    }
    expr(a, &definition.body, &inner)
}

/// `d(e)`, `grad(e, W)`, `at(q, e)`, …
fn calculus<'e, A: Algebra<'e>>(
    a: &mut A,
    f: Calculus,
    args: &'e [Expr],
    (span, head): (Span, Span),
    scope: &Names<'e, A>,
) -> Read<'e, A, A::Value> {
    let Some(over) = &scope.over else {
        let message = format!("`{}` needs an architecture; it has a meaning only inside an optimizer", f.name());
        return Err(a.fault(ModelError::OptimizerBody { message, help: None, span: head }));
    };
    let block = match args {
        [_, of] if f.by_block() => block_written(a, of, scope)?,
        _ => None,
    };
    let taken = if block.is_some() { &args[..1] } else { args };
    let values = all(a, taken, scope)?;
    if values.len() != f.arity() {
        let (name, expected) = (f.name().to_owned(), f.takes().to_owned());
        return Err(a.fault(ModelError::Arity { name, expected, found: args.len(), span }));
    }
    let value = a.calculus(f, &values, over, span)?;
    match block {
        Some(b) => a.block_of((value, span), super::Whole::Other, &b, over, span),
        None => Ok(value),
    }
}

/// Whether a name means nothing where it stands: a size that the shape of an `each` introduces, or a fault.
pub fn is_free<'e, A: Algebra<'e>>(a: &A, name: &str, at: Span, scope: &Names<'e, A>) -> bool {
    !scope.has(name) && a.model().resolve(name, at).is_none() && Word::of(name).is_none()
}

/// The block that a name between brackets means: the variable of an `each`, or a parameter of the architecture. A local
/// name and a constant of the file hide a parameter.
pub(super) fn block_index<'e, A: Algebra<'e>>(a: &A, name: &'e str, scope: &Names<'e, A>) -> Option<A::Block> {
    match scope.get(name) {
        Some(Local::Block(b)) => Some(b),
        Some(_) => None,
        None if matches!(a.model().lookup(name), Some(Declared::Let(_))) => None,
        None => a.block_named(name, scope.over.as_ref()?),
    }
}

/// The block that `base[name]` means, if it means one: any vector over the parameters has blocks inside `each`, the point,
/// the states and what a `let` computes from them also by name.
pub(super) fn block_meant<'e, A: Algebra<'e>>(
    a: &mut A,
    base: &'e Expr,
    name: &'e str,
    at: Span,
    scope: &Names<'e, A>,
) -> Read<'e, A, Option<A::Block>> {
    if let Some(Local::Block(b)) = scope.get(name) {
        return Ok(Some(b));
    }
    let Some(over) = &scope.over else { return Ok(None) };
    let blocks = match &base.kind {
        ExprKind::Name(n) | ExprKind::Primed(n) => {
            let laid_out = a.has_blocks(n, over);
            (!scope.has(n) || laid_out.is_some()) && (n == Word::Params.name() || laid_out == Some(true))
        }
        _ => false,
    };
    if !blocks {
        // A `let` may be a vector over the parameters, too; a name that means something else is an index of it.
        let local = matches!(&base.kind, ExprKind::Name(n) if matches!(scope.get(n), Some(Local::Value(_))));
        let named = local && is_free(a, name, at, scope);
        return Ok(if named { block_index(a, name, scope) } else { None });
    }
    match block_index(a, name, scope) {
        None if is_free(a, name, at, scope) => Err(a.unknown_block(&ident(name, at), over)),
        found => Ok(found),
    }
}

/// The block that an argument names: `W` inside `each`, `params[A]`.
///
/// # Errors
/// If it is a block of the point, and the name means nothing.
pub fn block_written<'e, A: Algebra<'e>>(
    a: &mut A,
    e: &'e Expr,
    scope: &Names<'e, A>,
) -> Read<'e, A, Option<A::Block>> {
    match &e.kind {
        ExprKind::Name(w) => Ok(match scope.get(w) {
            Some(Local::Block(b)) => Some(b),
            _ => None,
        }),
        ExprKind::Index(base, subscripts) => match (&base.kind, &subscripts[..]) {
            (ExprKind::Name(p), [Subscript::At(Expr { kind: ExprKind::Name(n), span })])
                if p == Word::Params.name() =>
            {
                block_meant(a, base, n, *span, scope)
            }
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}
