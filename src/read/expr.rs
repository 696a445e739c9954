//! Expressions.

use super::call::{block_meant, call};
use super::{Algebra, At, Choice, Indexed, Local, Names, Read, Whole};
use crate::core::error::ModelError;
use crate::core::names::{Declared, LetId};
use crate::core::words::Word;
use crate::source::Span;
use crate::syntax::tree::{Binder, Conditional, Expr, ExprKind, Ident, Subscript};

/// The value of an expression.
///
/// # Errors
/// What stops the algebra, and faults of names and arguments.
pub fn expr<'e, A: Algebra<'e>>(a: &mut A, e: &'e Expr, scope: &Names<'e, A>) -> Read<'e, A, A::Value> {
    let span = scope.place(e.span);
    match &e.kind {
        ExprKind::Number(q) => Ok(a.number(q, span)),
        ExprKind::Name(name) => self::name(a, name, span, scope),
        ExprKind::Primed(name) => primed(a, name, span, scope),
        ExprKind::Neg(x) => {
            let x = expr(a, x, scope)?;
            Ok(a.negated(x, span))
        }
        ExprKind::Binary(..) => chain(a, e, scope),
        ExprKind::Power(base, exponent) => {
            let x = placed(a, base, scope)?;
            let p = placed(a, exponent, scope)?;
            a.power(x, p, span)
        }
        ExprKind::Transpose(x) => {
            let x = expr(a, x, scope)?;
            a.transpose(x, span)
        }
        ExprKind::Inverse(x) => {
            let x = placed(a, x, scope)?;
            a.inverse(x, span)
        }
        ExprKind::Call(f, args) => call(a, f, args, span, scope),
        ExprKind::If(c) => conditional(a, c, span, scope),
        ExprKind::Reduce(kind, binders, body) => {
            let body = indexed(a, binders, body, scope)?;
            a.reduce(*kind, body, span)
        }
        ExprKind::Comprehension(binders, body) => {
            let body = indexed(a, binders, body, scope)?;
            a.comprehension(body, span)
        }
        ExprKind::Index(base, subscripts) => index(a, base, subscripts, span, scope),
        ExprKind::List(items) => {
            let items = all(a, items, scope)?;
            a.list(&items, span)
        }
    }
}

/// A value with its place.
pub(super) fn placed<'e, A: Algebra<'e>>(
    a: &mut A,
    e: &'e Expr,
    scope: &Names<'e, A>,
) -> Read<'e, A, super::Arg<A::Value>> {
    Ok((expr(a, e, scope)?, scope.place(e.span)))
}

/// Values with their places, in order.
pub(super) fn all<'e, A: Algebra<'e>>(
    a: &mut A,
    items: &'e [Expr],
    scope: &Names<'e, A>,
) -> Read<'e, A, Vec<super::Arg<A::Value>>> {
    let mut values = Vec::with_capacity(items.len());
    let mut stopped = None;
    for e in items {
        match placed(a, e, scope) {
            Ok(value) => values.push(value),
            Err(stop) => {
                stopped.get_or_insert(stop);
                if !A::RECOVERS {
                    break;
                }
            }
        }
    }
    stopped.map_or(Ok(values), Err)
}

/// A name: a local, a word of an optimizer's body, a name of the file, π.
fn name<'e, A: Algebra<'e>>(a: &mut A, name: &'e str, span: Span, scope: &Names<'e, A>) -> Read<'e, A, A::Value> {
    match (scope.get(name), &scope.over) {
        (Some(Local::Value(v)), _) => return Ok(a.mention(v, span)),
        (Some(Local::Block(b)), Some(over)) => {
            let point = a.word(Word::Params, over, span)?;
            return a.block_of((point, span), Whole::Component(Word::Params.name()), &b, over, span);
        }
        (Some(Local::Poisoned | Local::Block(_)), _) => return Err(a.poisoned(name)),
        (None, _) => {}
    }
    if let (Some(over), Some(word)) = (&scope.over, Word::of(name)) {
        return a.word(word, over, span);
    }
    let meant = if scope.is_of_the_table() { None } else { a.model().resolve(name, span) };
    match meant {
        Some(Declared::Let(id)) => declared(a, id, name, span).map(|v| a.mention(v, span)),
        Some(Declared::Data(id)) => a.data(id, &[], span),
        Some(other) => {
            let (name, found, expected) = (name.to_owned(), other.kind(), "a value");
            Err(a.fault(ModelError::WrongKind { name, found, expected, span }))
        }
        None if name == "pi" => Ok(a.pi(span)),
        None => Err(a.unknown("name", name, span, scope)),
    }
}

/// The value of a `let` of the file, which is used at a place.
///
/// # Errors
/// Those of its expression; if it is defined by itself.
pub fn declared<'e, A: Algebra<'e>>(a: &mut A, id: LetId, name: &str, used: Span) -> Read<'e, A, A::Value> {
    if let Some(known) = a.known(id) {
        return known;
    }
    a.enter(name, used)?;
    let value = expr(a, &a.model()[id].value, &Names::<A>::default());
    a.leave();
    a.keep(id, &value);
    value
}

/// `x'`: the new value of a state, of the parameters, or of a block of them.
fn primed<'e, A: Algebra<'e>>(a: &mut A, name: &'e str, span: Span, scope: &Names<'e, A>) -> Read<'e, A, A::Value> {
    let Some(over) = &scope.over else {
        let message = format!("`{name}'` is the new value of a state; it has a meaning only inside `step`");
        let help = Some(format!("the transpose is written `{name}^T`"));
        return Err(a.fault(ModelError::OptimizerBody { message, help, span }));
    };
    match scope.get(name) {
        Some(Local::Block(b)) => {
            let params = Word::Params.name();
            let new = a.primed(params, over, span)?;
            a.block_of((new, span), Whole::Component(params), &b, over, span)
        }
        _ => a.primed(name, over, span),
    }
}

/// A chain of binary operators, left-nested to any depth: unwound first, so that long sums need no deep stack.
fn chain<'e, A: Algebra<'e>>(a: &mut A, e: &'e Expr, scope: &Names<'e, A>) -> Read<'e, A, A::Value> {
    let mut spine = Vec::new();
    let mut at = e;
    while let ExprKind::Binary(op, left, right) = &at.kind {
        spine.push((*op, right.as_ref(), at.span));
        at = left;
    }
    let mut chain = placed(a, at, scope).map(|first| a.chain(first));
    for (op, right, whole) in spine.into_iter().rev() {
        if chain.is_err() && !A::RECOVERS {
            break;
        }
        // Behind an operand with a fault the others are read for theirs.
        let right = placed(a, right, scope);
        chain = match (chain, right) {
            (Ok(left), Ok(right)) => a.link(left, op, right, scope.place(whole)),
            (Err(stop), _) | (Ok(_), Err(stop)) => Err(stop),
        };
    }
    chain.map(|chain| a.closed(chain))
}

/// `if a < b then x else y`: a condition that always holds, or never, is decided first, and only the branch that is taken
/// is read.
fn conditional<'e, A: Algebra<'e>>(
    a: &mut A,
    c: &'e Conditional,
    span: Span,
    scope: &Names<'e, A>,
) -> Read<'e, A, A::Value> {
    let (left, right) = (placed(a, &c.left, scope)?, placed(a, &c.right, scope)?);
    let whole = left.1.to(right.1);
    match a.choice(c.comparison, left, right, span)? {
        Choice::Then => expr(a, &c.then, scope),
        Choice::Otherwise => expr(a, &c.otherwise, scope),
        Choice::Weight(weight) => {
            let then = placed(a, &c.then, scope).inspect_err(|_| a.unchosen())?;
            let otherwise = placed(a, &c.otherwise, scope).inspect_err(|_| a.unchosen())?;
            a.choose((weight, whole), then, otherwise, span)
        }
    }
}

/// The ranges of the indices, none of which sees another, and the body.
fn indexed<'e, A: Algebra<'e>>(
    a: &mut A,
    binders: &'e [Binder],
    body: &'e Expr,
    scope: &Names<'e, A>,
) -> Read<'e, A, Indexed<'e, A>> {
    let mut ranges = Vec::with_capacity(binders.len());
    for b in binders {
        let (lo, hi) = (placed(a, &b.lo, scope)?, placed(a, &b.hi, scope)?);
        ranges.push(a.range(lo, hi, b.inclusive, scope.place(b.span))?);
    }
    Ok(Indexed { binders, ranges, body, scope: scope.clone() })
}

/// `z[W]`, a block; or `v[i]`, `A[lo..hi, j]`, entries.
fn index<'e, A: Algebra<'e>>(
    a: &mut A,
    base: &'e Expr,
    subscripts: &'e [Subscript],
    span: Span,
    scope: &Names<'e, A>,
) -> Read<'e, A, A::Value> {
    if let [Subscript::At(Expr { kind: ExprKind::Name(name), span: at })] = subscripts
        && let Some(block) = block_meant(a, base, name, *at, scope)?
        && let Some(over) = &scope.over
    {
        let whole = match &base.kind {
            ExprKind::Name(n) | ExprKind::Primed(n) => Whole::Component(n),
            _ => Whole::Other,
        };
        let x = placed(a, base, scope)?;
        return a.block_of(x, whole, &block, over, span);
    }
    let x = expr(a, base, scope)?;
    let mut at = Vec::with_capacity(subscripts.len());
    for s in subscripts {
        at.push(match s {
            Subscript::At(e) => At::Index(placed(a, e, scope)?),
            Subscript::Slice { lo, hi, inclusive } => {
                let lo = lo.as_ref().map(|e| placed(a, e, scope)).transpose()?;
                let hi = hi.as_ref().map(|e| placed(a, e, scope)).transpose()?;
                At::Slice { lo, hi, inclusive: *inclusive }
            }
            Subscript::All => At::All,
        });
    }
    a.index(x, base, &at, span)
}

/// An identifier that stands for a name between brackets.
pub(super) fn ident(name: &str, span: Span) -> Ident {
    Ident { name: name.to_owned(), span }
}
