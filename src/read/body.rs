//! The lines of architectures, morphisms and optimizers.

use super::bind::conditions;
use super::call::block_index;
use super::expr::{expr, placed};
use super::{Algebra, Arg, Each, Local, Names, Read};
use crate::core::error::ModelError;
use crate::core::words::Word;
use crate::source::Span;
use crate::syntax::tree::{
    Architecture, ArchitectureEntry, Equation, Expr, Ident, Let, Place, Statement, StatementKind,
};

/// A rule of a flow or a step: the derivative, or the new value, of a component or of a block of one.
pub struct Rule<'e, A: Algebra<'e>> {
    /// `params`, or the name of a state; whether there is such a state has not been looked at.
    pub component: &'e str,
    /// Where it is named.
    pub named: Span,
    /// The block, if it is the rule of one.
    pub block: Option<A::Block>,
    /// What the rule gives.
    pub value: Arg<A::Value>,
    /// Whether it is a covariant derivative.
    pub covariant: bool,
    /// Whether it stands in an `each` over all blocks, whatever their shapes.
    pub general: bool,
    /// The whole line.
    pub span: Span,
}

/// Takes one rule after another.
pub type Take<'t, 'e, A> = &'t mut dyn FnMut(&mut A, Rule<'e, A>) -> Read<'e, A, ()>;

/// What an `each` says of the lines inside it.
#[derive(Clone, Copy)]
struct Inside {
    each: bool,
    general: bool,
}

/// Reads the lines of a flow, or of a step, and gives each rule to `take`; lines in `each` once for each block.
///
/// # Errors
/// Those of the lines and of `take`. An algebra that recovers reads the other lines before it gives the last of them.
pub fn rules<'e, A: Algebra<'e>>(
    a: &mut A,
    body: &'e [Statement],
    step: bool,
    scope: &Names<'e, A>,
    take: Take<'_, 'e, A>,
) -> Read<'e, A, ()> {
    let outside = Inside { each: false, general: false };
    lines(a, body, step, &mut scope.clone(), outside, take)
}

fn lines<'e, A: Algebra<'e>>(
    a: &mut A,
    body: &'e [Statement],
    step: bool,
    scope: &mut Names<'e, A>,
    inside: Inside,
    take: Take<'_, 'e, A>,
) -> Read<'e, A, ()> {
    let mut result = Ok(());
    for s in body {
        let done = match &s.kind {
            StatementKind::Let(l) => self::let_line(a, l, scope),
            StatementKind::Derivative(p, e) if !step => rule(a, (p, e, s.span), false, scope, inside, take),
            StatementKind::Covariant(p, e) if !step => rule(a, (p, e, s.span), true, scope, inside, take),
            StatementKind::Update(p, e) if step => rule(a, (p, e, s.span), false, scope, inside, take),
            StatementKind::Update(p, _) => {
                let message = format!("`{0}' = …` belongs in a `step`; a `flow` says `d/dt {0} = …`", p.name.name);
                Err(a.fault(ModelError::OptimizerBody { message, help: None, span: s.span }))
            }
            StatementKind::Derivative(p, _) | StatementKind::Covariant(p, _) => {
                let message = format!("`d/dt` belongs in a `flow`; a `step` says `{}' = …`", p.name.name);
                Err(a.fault(ModelError::OptimizerBody { message, help: None, span: s.span }))
            }
            StatementKind::Each { var, .. } if inside.each => {
                let message = "an `each` cannot stand inside another `each`".to_owned();
                Err(a.fault(ModelError::OptimizerBody { message, help: None, span: var.span }))
            }
            StatementKind::Each { var, shape, over, except, body } => {
                let each = Each { var, shape: shape.as_ref(), over, except };
                let general = shape.is_none() && except.is_empty() && over.name == Word::Params.name();
                self::each(a, each, body, step, scope, general, take)
            }
        };
        if done.is_err() {
            result = done;
            if !A::RECOVERS {
                break;
            }
        }
    }
    result
}

/// `let x = e`; after a fault nothing is said of the name again.
fn let_line<'e, A: Algebra<'e>>(a: &mut A, l: &'e Let, scope: &mut Names<'e, A>) -> Read<'e, A, ()> {
    let value = expr(a, &l.value, scope);
    scope.bind_result(&l.name.name, &value);
    value.map(|_| ())
}

fn each<'e, A: Algebra<'e>>(
    a: &mut A,
    each: Each<'e>,
    body: &'e [Statement],
    step: bool,
    scope: &Names<'e, A>,
    general: bool,
    take: Take<'_, 'e, A>,
) -> Read<'e, A, ()> {
    let local = std::iter::once(each.over).chain(each.except).find(|n| scope.has(&n.name));
    if let Some(local) = local {
        let message = format!("`each` runs over the blocks of `params` or of a group; `{}` is neither", local.name);
        let help = Some("write `each W in params { … }`".to_owned());
        return Err(a.fault(ModelError::OptimizerBody { message, help, span: local.span }));
    }
    let mut result = Ok(());
    for (_, mut scope) in a.each(each, scope)? {
        let done = lines(a, body, step, &mut scope, Inside { each: true, general }, take);
        if done.is_err() {
            result = done;
            if !A::RECOVERS {
                break;
            }
        }
    }
    a.each_ends();
    result
}

fn rule<'e, A: Algebra<'e>>(
    a: &mut A,
    (place, e, span): (&'e Place, &'e Expr, Span),
    covariant: bool,
    scope: &Names<'e, A>,
    inside: Inside,
    take: Take<'_, 'e, A>,
) -> Read<'e, A, ()> {
    let value = placed(a, e, scope)?;
    let name = place.name.name.as_str();
    let (component, block) = match (&place.block, scope.get(name)) {
        (Some(b), _) => match (block_index(a, &b.name, scope), &scope.over) {
            (Some(block), _) => (name, Some(block)),
            (None, Some(over)) => return Err(a.unknown_block(b, over)),
            (None, None) => return Err(a.poisoned(&b.name)),
        },
        // The variable of an `each` is a block of the parameters.
        (None, Some(Local::Block(block))) => (Word::Params.name(), Some(block)),
        (None, _) => (name, None),
    };
    let (named, general) = (place.name.span, inside.general);
    take(a, Rule { component, named, block, value, covariant, general, span })
}

/// A part of an architecture.
#[derive(Debug, Clone, Copy)]
pub enum Part<'e> {
    /// `output = e`
    Output(&'e Expr),
    /// `output metric = e`
    OutputMetric(&'e Expr),
    /// `loss = e`
    Loss(&'e Expr),
    /// `group G = …`
    Group(&'e Ident, &'e [Ident]),
}

/// Takes one part after another: its place, and its value if it has one.
pub type TakePart<'t, 'e, A> =
    &'t mut dyn FnMut(&mut A, Part<'e>, Span, Option<Arg<<A as Algebra<'e>>::Value>>) -> Read<'e, A, ()>;

/// Reads the lines of an architecture but its parameters, which `scope` knows, and gives each part to `take`; groups come
/// with no value, and what is assumed comes last, as conditions. The output may be used in later lines, in its own shape.
///
/// # Errors
/// As [`rules`]; a part that is given twice, and a name that is declared twice in `scope` beyond its first `outer` names.
pub fn parts<'e, A: Algebra<'e>>(
    a: &mut A,
    decl: &'e Architecture,
    outer: usize,
    scope: &mut Names<'e, A>,
    take: TakePart<'_, 'e, A>,
) -> Read<'e, A, ()> {
    let mut result = Ok(());
    let mut given: Vec<(&str, Span)> = Vec::new();
    for entry in &decl.body {
        if result.is_err() && !A::RECOVERS {
            break;
        }
        let (part, word, span) = match entry {
            ArchitectureEntry::Param(_) => continue,
            ArchitectureEntry::Group(name, members) => {
                let done = take(a, Part::Group(name, members), name.span, None);
                result = done.and(result);
                continue;
            }
            ArchitectureEntry::Let(l) => {
                if scope.names().into_iter().skip(outer).any(|n| n == l.name.name) {
                    let (name, first, span) = (l.name.name.clone(), decl.name.span, l.name.span);
                    result = Err(a.fault(ModelError::DuplicateName { name, first, span }));
                }
                result = let_line(a, l, scope).and(result);
                continue;
            }
            ArchitectureEntry::Output(s, e) => (Part::Output(e), "output", *s),
            ArchitectureEntry::OutputMetric(s, e) => (Part::OutputMetric(e), "output metric", *s),
            ArchitectureEntry::Loss(s, e) => (Part::Loss(e), "loss", *s),
        };
        if let Some(&(_, first)) = given.iter().find(|(w, _)| *w == word) {
            result = Err(a.fault(ModelError::AssignedTwice { name: word.into(), first, span }));
        }
        given.push((word, span));
        let (Part::Output(e) | Part::OutputMetric(e) | Part::Loss(e)) = part else { continue };
        let value = placed(a, e, scope);
        if let Part::Output(_) = part {
            let value = value.as_ref().map(|v| v.0.clone()).map_err(|_| ());
            scope.bind_result("output", &value);
        }
        let done = value.and_then(|v| take(a, part, span, Some(v)));
        result = done.and(result);
    }
    if result.is_ok() {
        result = conditions(a, &decl.assumptions, scope, decl.name.span);
    }
    result
}

/// Takes one equation after another: its left side, its right side, and the names that this sees.
pub type TakeEquation<'t, 'e, A> = &'t mut dyn FnMut(&mut A, &'e Ident, &'e Expr, &Names<'e, A>) -> Read<'e, A, ()>;

/// Reads the equations of a morphism or of a `via`, and gives each that is no `let` to `take`, with the names it sees.
///
/// # Errors
/// As [`rules`].
pub fn equations<'e, A: Algebra<'e>>(
    a: &mut A,
    body: &'e [Equation],
    scope: &mut Names<'e, A>,
    take: TakeEquation<'_, 'e, A>,
) -> Read<'e, A, ()> {
    let mut result = Ok(());
    for equation in body {
        let done = match equation {
            Equation::Let(l) => let_line(a, l, scope),
            Equation::Assign(name, e) => take(a, name, e, scope),
        };
        if done.is_err() {
            result = done;
            if !A::RECOVERS {
                break;
            }
        }
    }
    result
}
