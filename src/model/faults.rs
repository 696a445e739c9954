//! Faults that have nothing to do with sizes, in the words that every reading uses: the one into terms, and the one over
//! symbolic sizes that finds them in declarations.

use super::suggest::meant_type;
use crate::core::error::ModelError;
use crate::core::names::{DataDecl, nearest};
use crate::source::Span;
use crate::syntax::expr_to_string;
use crate::syntax::tree::{Dynamics, Equation, Expr, Ident, Optimizer, Param, Type};

/// A fault, if there is one.
pub(super) type Fault = Option<ModelError>;

/// The type of a tensor with more axes than there are.
pub(super) fn axes(ty: &Type) -> Fault {
    let message = format!("a tensor has at most two axes, not {}", ty.dims.len());
    (ty.dims.len() > 2).then_some(ModelError::BadType { message, help: None, span: ty.span })
}

/// A type that no data and no parameter of a family can have.
pub(super) fn type_of_value(ty: &Type) -> Fault {
    if ty.name.name == "R" && ty.arrow.is_none() {
        return axes(ty);
    }
    let classes = crate::syntax::vocabulary::MATRICES;
    if !classes.contains(&ty.name.name.as_str()) || ty.arrow.is_some() {
        let known: Vec<&str> = classes.iter().copied().chain(["R", "N"]).collect();
        let help = match ty.arrow {
            Some(_) => Some("a sequence is of type `N -> R` or `N -> R[n]`".to_owned()),
            None => meant_type(&ty.name.name, &known),
        };
        let message = format!("`{}` is not a type that a value here can have", ty.name.name);
        return Some(ModelError::BadType { message, help, span: ty.span });
    }
    let message = format!("`{0}` takes one size: `{0}[n]`", ty.name.name);
    (ty.dims.len() != 1).then_some(ModelError::BadType { message, help: None, span: ty.span })
}

/// A `param` without a type, with a value, or of a type that a parameter cannot have.
pub(super) fn type_of_param(p: &Param) -> Fault {
    let Some(ty) = &p.ty else {
        let message = format!("parameter `{}` needs a type", p.name.name);
        let help = Some(format!("for a real number write `{} : R`", p.name.name));
        return Some(ModelError::BadType { message, help, span: p.name.span });
    };
    if let Some(e) = &p.default {
        let message = "a `param` ranges over its whole type and takes no value".to_owned();
        return Some(ModelError::Argument { message, help: None, span: e.span });
    }
    match ty.name.name.as_str() {
        "R" if ty.arrow.is_none() => axes(ty),
        "GL" if ty.dims.len() == 1 => None,
        other => {
            let message = format!("a `param` is of type `R`, `R[n]`, `R[m, n]` or `GL[n]`, not `{other}`");
            let help = meant_type(other, &["R", "GL"]);
            Some(ModelError::BadType { message, help, span: ty.span })
        }
    }
}

/// A parameter of an architecture that is no size.
pub(super) fn type_of_size(architecture: &str, params: &[Param]) -> Fault {
    let p = params.iter().find(|p| !p.is_natural())?;
    let name = &p.name.name;
    let real = p.ty.as_ref().is_some_and(|ty| matches!(ty.name.name.as_str(), "R" | "ℝ" | "Real" | "float" | "Float"));
    let help = Some(match real {
        true => {
            format!("a number is `data {name} : R`, which is every number, or `let {name} = 2`; a size is `{name} : N`")
        }
        false => format!("a size is of type `N`: write `{name} : N`"),
    });
    let found = p.ty.as_ref().map_or("has no type".to_owned(), |ty| format!("is of type `{}`", ty.name.name));
    let message = format!("what `{architecture}` takes are sizes, of type `N`, but `{name}` {found}");
    let span = p.ty.as_ref().map_or(p.name.span, |ty| ty.span);
    Some(ModelError::BadType { message, help, span })
}

/// The shape of an `each` that no block has.
pub(super) fn shape_of_blocks(ty: &Type) -> Fault {
    let message = "the shape of a block is `R`, `R[n]` or `R[m, n]`".to_owned();
    let fits = ty.name.name == "R" && ty.arrow.is_none() && ty.dims.len() <= 2;
    (!fits).then_some(ModelError::BadType { message, help: None, span: ty.span })
}

/// Data that is given another number of arguments than it takes, or that is a number by its type.
pub(super) fn arguments_of_data(decl: &DataDecl, found: usize, span: Span) -> Fault {
    let ty = &decl.decl.ty;
    // What has an arrow is meant as a sequence, whatever stands before it.
    let sequence = ty.name.name == "N" || ty.arrow.is_some();
    let name = decl.name.name.clone();
    let wanted = if sequence { 1 } else { decl.params.len() };
    if found != wanted {
        let expected = match wanted {
            0 if !ty.dims.is_empty() => format!("no arguments: an entry of it is `{name}[0]`"),
            0 => "no arguments".to_owned(),
            1 if sequence => format!("one argument, its index as in `{name}(i)`"),
            1 => "one argument".to_owned(),
            n => format!("{n} arguments"),
        };
        return Some(ModelError::Arity { name, expected, found, span });
    }
    let message = "data of type `N` is a constant: write `let`".to_owned();
    (ty.name.name == "N" && ty.arrow.is_none()).then_some(ModelError::BadType { message, help: None, span: ty.span })
}

/// An operation of the table that is given another number of arguments than it takes.
pub(super) fn arguments_of_operation(name: &str, found: usize, span: Span) -> Fault {
    let (fits, expected) = match name {
        "eye" => (found == 1, "one size"),
        "zeros" | "ones" => ((1..=2).contains(&found), "one size or two"),
        "reshape" => ((2..=3).contains(&found), "a tensor and one size or two"),
        "powm" => ((2..=3).contains(&found), "a matrix and a power"),
        "max" | "min" => ((1..=2).contains(&found), "one argument or two"),
        "dot" | "outer" | "solve" => (found == 2, "two arguments"),
        "concat" | "vstack" | "hstack" => (found > 0, "at least one argument"),
        _ => (found == 1, "one argument"),
    };
    (!fits).then(|| ModelError::Arity { name: name.to_owned(), expected: expected.to_owned(), found, span })
}

/// A tensor of so many axes with more subscripts, or none.
pub(super) fn subscripts(base: &Expr, axes: usize, found: usize, span: Span) -> Fault {
    let expected = match axes {
        0 => "no index: it is a scalar",
        1 => "one index",
        _ => "one index or two",
    };
    let name = || expr_to_string(base);
    (found > axes || found == 0).then(|| ModelError::Arity { name: name(), expected: expected.to_owned(), found, span })
}

/// A comprehension with more indices than a tensor has axes.
pub(super) fn indices(found: usize, span: Span) -> Fault {
    let message = "a comprehension has one index or two".to_owned();
    (found > 2).then_some(ModelError::Argument { message, help: None, span })
}

/// An `output metric` without an output before it.
pub(super) fn metric_of_no_output(architecture: &str, span: Span) -> ModelError {
    ModelError::Incomplete {
        architecture: architecture.to_owned(),
        part: "output",
        needed_by: "`output metric`".to_owned(),
        span,
        asked: None,
        elsewhere: None,
    }
}

/// The numbers of the members of a group among the parameters of its architecture. Of names already declared, the place
/// is given.
pub(super) fn group(
    name: &Ident,
    members: &[Ident],
    params: &[(&str, Span)],
    groups: &[(&str, Span)],
) -> Result<Vec<usize>, Box<ModelError>> {
    let declared = groups.iter().chain(params).find(|(n, _)| *n == name.name);
    if let Some(&(_, first)) = declared {
        return Err(Box::new(ModelError::DuplicateName { name: name.name.clone(), first, span: name.span }));
    }
    if name.name == "params" {
        let message = "`params` are all parameters; a group has another name".to_owned();
        return Err(Box::new(ModelError::Blocks { message, help: None, span: name.span }));
    }
    let mut numbers = Vec::with_capacity(members.len());
    for m in members {
        let Some(i) = params.iter().position(|(n, _)| *n == m.name) else {
            let help = nearest(&m.name, params.iter().map(|p| p.0)).map(|n| format!("did you mean `{n}`?"));
            let (what, name) = ("parameter", m.name.clone());
            return Err(Box::new(ModelError::UnknownName { what, name, help, span: m.span }));
        };
        if numbers.contains(&i) {
            let first = members.iter().find(|n| n.name == m.name).map_or(m.span, |n| n.span);
            return Err(Box::new(ModelError::DuplicateName { name: m.name.clone(), first, span: m.span }));
        }
        numbers.push(i);
    }
    Ok(numbers)
}

/// The parameters of a target, of which the equations of a morphism give each once.
pub(super) struct Targets<'n> {
    names: Vec<&'n str>,
    /// The architecture in words.
    described: String,
    seen: Vec<(Span, usize)>,
    /// Whether a parameter of the source stood left of `=`.
    reversed: bool,
}

impl<'n> Targets<'n> {
    pub(super) fn new(names: Vec<&'n str>, described: String) -> Self {
        Targets { names, described, seen: Vec::new(), reversed: false }
    }

    /// The number of the parameter that a left side names, for the first time. `known` says whether the right side knows the
    /// name: then the map is written the wrong way round, which is one fault.
    pub(super) fn meet(&mut self, name: &Ident, known: bool) -> Result<usize, Option<Box<ModelError>>> {
        let Some(i) = self.names.iter().position(|n| *n == name.name) else {
            let list = || self.names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            if self.reversed {
                return Err(None);
            }
            self.reversed = known;
            let help = Some(match known {
                true => format!(
                    "left of `=` stand the parameters of the target, {}, and right of it those of the source, as `{}`: write `{} = …`",
                    self.described,
                    name.name,
                    self.names.first().unwrap_or(&"a"),
                ),
                false => match nearest(&name.name, self.names.iter().copied()) {
                    Some(n) => format!("did you mean `{n}`?"),
                    None => format!("the parameters of {} are {}", self.described, list()),
                },
            });
            let (what, name, span) = ("parameter of the target", name.name.clone(), name.span);
            return Err(Some(Box::new(ModelError::UnknownName { what, name, help, span })));
        };
        if let Some(&(first, _)) = self.seen.iter().find(|(_, j)| *j == i) {
            let (name, span) = (name.name.clone(), name.span);
            return Err(Some(Box::new(ModelError::AssignedTwice { name, first, span })));
        }
        self.seen.push((name.span, i));
        Ok(i)
    }

    /// The parameters that were not met; `body` may name one by `let`.
    pub(super) fn missing(&self, body: &[Equation], morphism: &str, head: Span) -> Fault {
        let missing: Vec<&str> =
            (0..self.names.len()).filter(|i| !self.seen.iter().any(|(_, j)| j == i)).map(|i| self.names[i]).collect();
        let first = *missing.first()?;
        if let Some(span) = named_only(body, first) {
            let message = format!("morphism `{morphism}` names a value `{first}`, and does not say what becomes of it");
            let help = Some(format!("the parameter of the target is given without `let`: `{first} = …`"));
            return Some(ModelError::Argument { message, help, span });
        }
        let (morphism, example) = (morphism.to_owned(), first.to_owned());
        let missing = missing.iter().map(|m| format!("`{m}`")).collect::<Vec<_>>().join(", ");
        Some(ModelError::MissingTarget { morphism, missing, example, span: head })
    }
}

/// Where a body gives a name by `let`, if it does.
fn named_only(body: &[Equation], name: &str) -> Option<Span> {
    body.iter().find_map(|equation| match equation {
        Equation::Let(l) if l.name.name == name => Some(l.name.span),
        _ => None,
    })
}

/// The flow or the step of an optimizer, which has one.
pub(super) fn dynamics(decl: &Optimizer) -> Result<&Dynamics, Box<ModelError>> {
    match &decl.dynamics[..] {
        [one] => Ok(one),
        [] => {
            let message = format!("optimizer `{}` has neither a `flow` nor a `step`", decl.name.name);
            let help = Some("for example `flow { d/dt params = -grad(loss) }`".to_owned());
            Err(Box::new(ModelError::OptimizerBody { message, help, span: decl.name.span }))
        }
        [_, second, ..] => {
            let message = format!("optimizer `{}` has more than one `flow` or `step`", decl.name.name);
            Err(Box::new(ModelError::OptimizerBody { message, help: None, span: second.span }))
        }
    }
}

/// A state with the name of an earlier one.
pub(super) fn state_declared_twice(decl: &Optimizer, name: &Ident) -> Fault {
    let first = decl.states.iter().map(|s| &s.name).find(|n| n.name == name.name)?;
    let (name, first, span) = (name.name.clone(), first.span, name.span);
    (first < span).then_some(ModelError::DuplicateName { name, first, span })
}

/// A new value in a flow, or of what has none.
pub(super) fn no_new_value<'n>(name: &str, known: impl Iterator<Item = &'n str>, flow: bool, span: Span) -> ModelError {
    if flow {
        let message = format!("`{name}'` is a new value, and only a `step` has those");
        let help = Some(format!("in a `flow`, `{name}` is the value and `d/dt {name} = …` gives its derivative"));
        return ModelError::OptimizerBody { message, help, span };
    }
    let help = nearest(name, known).map(|n| format!("did you mean `{n}'`?"));
    ModelError::UnknownName { what: "new value", name: format!("{name}'"), help, span }
}

/// A rule for what is neither the point nor a state.
pub(super) fn no_such_state<'n>(
    name: &str,
    states: impl Iterator<Item = &'n str>,
    flow: bool,
    span: Span,
) -> ModelError {
    let point = if flow { "d/dt params = …" } else { "params' = …" };
    let help = match nearest(name, states.chain(["params"])) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "states are declared with `state`; the parameters move together, `{point}`, or block by block in `each W in \
             params {{ … }}`"
        ),
    };
    ModelError::UnknownName { what: "state", name: name.to_owned(), help: Some(help), span }
}

/// A rule of a whole component that `each` makes for every block.
pub(super) fn whole_in_each(target: &str, span: Span) -> ModelError {
    let message = format!("inside `each` a rule is made for every block, and `{target}` is all of them");
    let help = match target == "params" {
        true => "the rule of a block is `W' = …`, with `grad(loss, W)` in it".to_owned(),
        false => format!("the part of a block is `{target}'[W] = …`"),
    };
    ModelError::OptimizerBody { message, help: Some(help), span }
}

/// `D/dt` of a block.
pub(super) fn covariant_block(span: Span) -> ModelError {
    let message = "`D/dt` is taken of a whole state, not of a block".to_owned();
    ModelError::OptimizerBody { message, help: None, span }
}

/// `D/dt` of what is no vector over the parameters.
pub(super) fn covariant_of_other(target: &str, span: Span) -> ModelError {
    let message = format!("`D/dt` is the covariant derivative of a tangent or cotangent state; `{target}` is neither");
    ModelError::OptimizerBody { message, help: Some("write `d/dt`".to_owned()), span }
}

/// A component without a rule.
pub(super) fn no_rule(optimizer: &str, name: &str, flow: bool, span: Span) -> ModelError {
    let (what, example) = match flow {
        true => (format!("`d/dt {name}`"), format!("d/dt {name} = 0")),
        false => (format!("`{name}'`"), format!("{name}' = {name}")),
    };
    let message = format!("optimizer `{optimizer}` gives no rule for {what}");
    let help = Some(format!("a state that does not change says so: `{example}`"));
    ModelError::OptimizerBody { message, help, span }
}

/// New values that are given by each other.
pub(super) fn circle<'n>(names: impl Iterator<Item = &'n str>, span: Span) -> ModelError {
    let names: Vec<String> = names.map(|n| format!("`{n}'`")).collect();
    let message = format!("the new values {} depend on each other in a circle", names.join(", "));
    ModelError::OptimizerBody { message, help: None, span }
}

/// What has no derivative that can be built.
pub(super) fn not_differentiable(message: String, span: Span) -> ModelError {
    ModelError::OptimizerBody { message, help: None, span }
}
