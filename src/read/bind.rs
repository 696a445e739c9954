//! Arguments and conditions.

use super::expr::placed;
use super::{Algebra, Local, Names, Read};
use crate::core::error::ModelError;
use crate::source::Span;
use crate::syntax::nearest;
use crate::syntax::tree::{Condition, Expr, Ident, Instance, Param};

/// The arguments of a use, matched with the parameters of what it names.
pub struct Bound<'e, A: Algebra<'e>> {
    /// The parameters, as names.
    pub scope: Names<'e, A>,
    /// Their values in order.
    pub values: Vec<A::Value>,
    /// Their arguments as they are written, where they are given.
    pub given: Vec<Option<&'e Expr>>,
}

/// Matches the arguments of a use, which are read in `outer`, with parameters. With an `occurrence`, parameters that are
/// left out take their default or are quantified over; without, they must be given, as sizes always must.
///
/// # Errors
/// If they do not match, or a condition fails.
pub fn bind<'e, A: Algebra<'e>>(
    a: &mut A,
    instance: &'e Instance,
    params: &'e [Param],
    outer: &Names<'e, A>,
    occurrence: Option<usize>,
) -> Read<'e, A, Bound<'e, A>> {
    let given = slots(instance, params).map_err(|fault| a.fault(*fault))?;
    let mut bound = Bound { scope: Names::<A>::default(), values: Vec::with_capacity(params.len()), given };
    for (i, p) in params.iter().enumerate() {
        let implied = if bound.given[i].is_none() && p.is_natural() { a.implied(instance) } else { None };
        let value = match (bound.given[i], &p.default, occurrence) {
            (None, ..) if implied.is_some() => implied.ok_or_else(|| a.poisoned(&p.name.name))?,
            (Some(e), ..) => {
                let value = placed(a, e, outer)?;
                a.argument(instance, p, value, &bound.scope)?
            }
            (None, Some(e), Some(_)) if !p.is_natural() => placed(a, e, &bound.scope)?.0,
            (None, None, Some(occurrence)) if !p.is_natural() => a.left_out(instance, p, occurrence, &bound.scope)?,
            (None, ..) => {
                let name = &instance.name.name;
                let message = format!("`{name}` needs its size `{}`", p.name.name);
                // What has a default, or is free in a family, need not be given.
                let sizes: Vec<&str> = params
                    .iter()
                    .filter(|p| p.is_natural() && p.default.is_none())
                    .map(|p| p.name.name.as_str())
                    .collect();
                let first = params.iter().zip(&sizes).all(|(p, size)| p.name.name == *size);
                let all = match first {
                    true => sizes.join(", "),
                    false => sizes.iter().map(|s| format!("{s} = 2")).collect::<Vec<_>>().join(", "),
                };
                let help = Some(format!("write `{name}({all})`{}", if first { " with numbers" } else { "" }));
                return Err(a.fault(ModelError::Argument { message, help, span: instance.span }));
            }
        };
        let value = a.parameter(p, value);
        bound.scope.bind(&p.name.name, Local::Value(value.clone()));
        bound.values.push(value);
        conditions(a, &p.conditions, &bound.scope, instance.span)?;
    }
    Ok(bound)
}

/// For each parameter the argument that is given for it, by place or by name.
fn slots<'e>(instance: &'e Instance, params: &[Param]) -> Result<Vec<Option<&'e Expr>>, Box<ModelError>> {
    let name = &instance.name.name;
    let mut slots: Vec<Option<&Expr>> = vec![None; params.len()];
    for (i, argument) in instance.args.iter().enumerate() {
        let slot = match &argument.name {
            None => (i < params.len()).then_some(i),
            Some(n) => match params.iter().position(|p| p.name.name == n.name) {
                Some(i) => Some(i),
                None => return Err(Box::new(unknown_parameter(name, n, params))),
            },
        };
        let Some(slot) = slot else {
            let expected = match params.len() {
                0 => "no arguments".to_owned(),
                1 => "one argument".to_owned(),
                n => format!("{n} arguments"),
            };
            let (name, found) = (name.clone(), instance.args.len());
            return Err(Box::new(ModelError::Arity { name, expected, found, span: instance.span }));
        };
        if slots[slot].is_some() {
            let message = format!("the parameter `{}` of `{name}` is given twice", params[slot].name.name);
            return Err(Box::new(ModelError::Argument { message, help: None, span: argument.value.span }));
        }
        slots[slot] = Some(&argument.value);
    }
    Ok(slots)
}

/// The error of an argument by a name that no parameter has.
fn unknown_parameter(of: &str, name: &Ident, params: &[Param]) -> ModelError {
    let names: Vec<&str> = params.iter().map(|p| p.name.name.as_str()).collect();
    let help = match (nearest(&name.name, names.iter().copied()), &names[..]) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, _) if matches!(name.name.as_str(), "lr" | "learning_rate" | "eta" | "alpha") => {
            "a learning rate has no value here: a check speaks of every one".to_owned()
        }
        (None, []) => format!("`{of}` has no parameters"),
        (None, [one]) => format!("the only parameter of `{of}` is `{one}`"),
        (None, names) => {
            let names: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
            format!("the parameters of `{of}` are {}", names.join(", "))
        }
    };
    ModelError::UnknownName { what: "parameter", name: name.name.clone(), help: Some(help), span: name.span }
}

/// The conditions of a `where`: each comparison of each chain, for a use at `used`.
///
/// # Errors
/// Those of the algebra, such as a condition between constants that does not hold.
pub fn conditions<'e, A: Algebra<'e>>(
    a: &mut A,
    conditions: &'e [Condition],
    scope: &Names<'e, A>,
    used: Span,
) -> Read<'e, A, ()> {
    for condition in conditions {
        let mut left = placed(a, &condition.first, scope)?;
        for (comparison, e) in &condition.rest {
            let right = placed(a, e, scope)?;
            a.condition(*comparison, left, right.clone(), condition, used)?;
            left = right;
        }
    }
    Ok(())
}
