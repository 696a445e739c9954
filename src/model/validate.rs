//! Elaborates every declaration of a file once, so that a fault is found whether or not a check uses it.
//!
//! Families are tried at a few small sizes; a declaration is faulty if it fails at all of them. Faults of shape in a
//! family that no check uses are left to the first use, since the sizes that make it fit may not be among those tried.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::elaborate::{EXPANSION, Elaborator, Local, Role, Scope};
use crate::core::error::ModelError;
use crate::core::names::{Declared, Model};
use crate::core::variance::Variance;
use crate::source::Span;
use crate::syntax::tree::{Argument, Expr, ExprKind, Ident, Instance, Param};

/// The sizes that families are tried at: parameter `i` of trial `t` is `TRIALS[t][i % 4]`.
const TRIALS: [[u64; 4]; 5] = [[2, 3, 4, 5], [1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3], [2, 3, 1, 1]];

/// All faults in the declarations of a file and of the files it uses, in order of place.
pub fn validate(model: &Model) -> Vec<ModelError> {
    let mut errors: Vec<ModelError> = Vec::new();
    for (name, declared, span) in model.declarations() {
        // The library is validated by the tests of this crate.
        if span.source.is_library() {
            continue;
        }
        // Declarations that use each other without end fail in every one of them; one report is enough.
        if errors.iter().any(|e| matches!(e, ModelError::TooLarge { what, .. } if what == EXPANSION)) {
            break;
        }
        errors.extend(super::scopes::duplicates(model, declared));
        let params = sizes_of(model, declared);
        let family = params.iter().any(is_size);
        let trials = if family { &TRIALS[..] } else { &TRIALS[..1] };
        let mut first: Option<Vec<ModelError>> = None;
        for sizes in trials {
            let found = attempt(model, name, declared, span, &params, sizes);
            if found.is_empty() {
                first = None;
                break;
            }
            first.get_or_insert(found);
        }
        let found = first.unwrap_or_default();
        errors.extend(found.into_iter().filter(|e| !family || !depends_on_size(e)));
    }
    sort(&mut errors);
    errors
}

/// Sorts errors by place and drops repetitions: those of one kind at one place, and names that are unknown again.
pub fn sort(errors: &mut Vec<ModelError>) {
    errors.sort_by_key(|e| (e.span(), e.to_string()));
    errors.dedup_by(|a, b| a == b || same_fault(a, b));
    let mut unknown: FxHashSet<(&'static str, String)> = FxHashSet::default();
    errors.retain(|e| match e {
        ModelError::UnknownName { what, name, .. } => unknown.insert((*what, name.clone())),
        _ => true,
    });
}

/// Whether two errors are one: of one kind, at one place, as of the value of `data x, y`. Members of a system share the
/// place of their generator and may have faults of their own.
fn same_fault(a: &ModelError, b: &ModelError) -> bool {
    let kind = std::mem::discriminant(a) == std::mem::discriminant(b);
    kind && a.span() == b.span() && !matches!(a, ModelError::System(_))
}

fn is_size(p: &Param) -> bool {
    p.ty.as_ref().is_some_and(|t| t.name.name == "N")
}

/// Whether a fault may vanish at other sizes.
pub(crate) fn depends_on_size(e: &ModelError) -> bool {
    !matches!(
        e,
        ModelError::UnknownName { .. }
            | ModelError::DuplicateName { .. }
            | ModelError::Clash { .. }
            | ModelError::WrongKind { .. }
            | ModelError::BadType { .. }
            | ModelError::Arity { .. }
            | ModelError::AssignedTwice { .. }
            | ModelError::MissingTarget { .. }
            | ModelError::OptimizerBody { .. }
            | ModelError::Recursive { .. }
    )
}

fn sizes_of(model: &Model, declared: Declared) -> Vec<Param> {
    match declared {
        Declared::Data(id) => model[id].params.clone(),
        Declared::Architecture(id) => model[id].params.clone(),
        Declared::Morphism(id) => model[id].params.clone(),
        Declared::Composite(id) => model[id].params.clone(),
        Declared::Optimizer(id) => model[id].params.clone(),
        Declared::Let(_) | Declared::Def(_) | Declared::System(_) | Declared::Cone(_) => Vec::new(),
    }
}

/// Elaborates one declaration with its sizes set, and returns what went wrong.
fn attempt(
    model: &Model,
    name: &str,
    declared: Declared,
    span: Span,
    params: &[Param],
    sizes: &[u64; 4],
) -> Vec<ModelError> {
    let mut e = Elaborator::new(model);
    let mut scope = Scope::default();
    let args = params
        .iter()
        .filter(|p| is_size(p))
        .enumerate()
        .map(|(i, p)| Argument {
            name: Some(p.name.clone()),
            value: Expr { kind: ExprKind::Number(sizes[i % 4].into()), span },
        })
        .collect();
    let instance = Instance { name: Ident { name: name.to_owned(), span }, args, span };
    // Every result is either fine or already among the elaborator's errors.
    match declared {
        Declared::Let(id) => {
            let _ = crate::read::declared(&mut e, id, name, span);
        }
        Declared::Data(id) => {
            let mut args: Vec<_> = params.iter().enumerate().map(|(i, _)| (e.store.num(sizes[i % 4]), span)).collect();
            if model[id].decl.ty.name.name == "N" {
                args = vec![(e.store.num(0), span)];
            }
            let _ = e.datum(id, &args, span);
        }
        Declared::Def(id) => {
            for p in &model[id].params {
                let (_, t) = e.quantify(&p.name, &[], super::elaborate::Draw::Real, Role::Data);
                scope.bind(&p.name, Local::Value(t));
            }
            let _ = e.enter_definition(name, span);
            let _ = e.expr(&model[id].body, &scope);
            // The shapes that a function is made for are not known.
            e.errors.retain(|x| matches!(x, ModelError::UnknownName { .. } | ModelError::Recursive { .. }));
        }
        Declared::Architecture(_) => {
            let _ = e.architecture(&instance, &scope);
        }
        Declared::Morphism(id) => {
            let _ = e.morphism(id, &instance, &scope, 0);
        }
        Declared::Composite(id) => {
            if params.is_empty() {
                let _ = e.path(&model[id].path, &scope, &mut FxHashMap::default());
            }
        }
        Declared::Optimizer(_) => {
            let trial = trial_architecture(&mut e, span);
            let _ = e.optimizer(&instance, &Rc::new(trial), Some(Variance::Tangent));
            // A block of some shape that is given two rules: other architectures have none.
            let of_a_block = |x: &ModelError| matches!(x, ModelError::AssignedTwice { name, .. } if name.contains('['));
            e.errors.retain(|x| !depends_on_size(x) && !of_a_block(x));
        }
        Declared::System(_) | Declared::Cone(_) => {}
    }
    e.errors
}

/// The name of the trial architecture.
pub(super) const TRIAL_NAME: &str = "a trial architecture";

/// The parameters of the trial architecture: one of each shape.
const TRIAL: [(&str, &[usize]); 3] = [("W", &[2, 2]), ("w", &[2]), ("c", &[])];

/// A small architecture that optimizers are read over to find faults that do not depend on the architecture.
pub(crate) fn trial_architecture(e: &mut Elaborator<'_>, span: Span) -> super::architecture::Architecture {
    let mut blocks = Vec::new();
    let mut dim = 0;
    for (name, shape) in TRIAL {
        let shape = crate::term::Shape::from_slice(shape);
        let block = super::architecture::Block { name: name.into(), shape, offset: dim, span };
        dim += block.size();
        blocks.push(block);
    }
    let (symbol, point) = e.quantify("params", &[dim], super::elaborate::Draw::Real, Role::Point);
    let square = e.store.dot(point, point);
    super::architecture::Architecture {
        name: TRIAL_NAME.into(),
        symbol,
        point,
        dim,
        blocks,
        groups: Vec::new(),
        output: Some(point),
        output_metric: None,
        loss: Some(square),
        domain: Vec::new(),
        span,
    }
}
