//! Reads every declaration of a file once, so that a fault is found whether or not a check uses it.
//!
//! What has no sizes is read into terms. A family, an optimizer and a function have no terms of their own: they are read
//! over symbolic sizes, see [`super::shapes`].

use rustc_hash::{FxHashMap, FxHashSet};

use super::elaborate::{EXPANSION, Elaborator, Scope};
use super::morphism::Along;
use super::shapes;
use crate::core::error::ModelError;
use crate::core::names::{Declared, Model};
use crate::core::system_error::SystemError;
use crate::source::Span;
use crate::syntax::tree::{Ident, Instance};

/// Declarations are looked at until there are so many faults: advice on a name that is unknown costs a look at all names.
pub const MAX_FAULTS: usize = 200;

/// The faults in the declarations of a file and of the files it uses, in order of place; of very many, the first
/// [`MAX_FAULTS`] or a few more.
pub fn validate(model: &Model) -> Vec<ModelError> {
    let mut errors: Vec<ModelError> = Vec::new();
    let mut quiet = Vec::new();
    for (name, declared, span) in model.declarations() {
        // The library is validated by the tests of this crate.
        if span.source.is_library() {
            continue;
        }
        // Declarations that use each other without end fail in every one of them; one report is enough.
        if errors.iter().any(|e| matches!(e, ModelError::TooLarge { what, .. } if what == EXPANSION)) {
            break;
        }
        if errors.len() >= MAX_FAULTS {
            break;
        }
        errors.extend(super::scopes::duplicates(model, declared));
        let found = match has_terms(model, declared) {
            true => elaborated(model, name, declared, span),
            false => shapes::read(model, declared).errors,
        };
        if let Declared::Morphism(id) = declared
            && found.iter().all(|e| !e.span().overlaps(model[id].span))
        {
            quiet.push(declared);
        }
        errors.extend(found);
    }
    // A map has no terms where its source or its target has a fault, but its own lines may have some, too.
    if !errors.is_empty() && errors.len() < MAX_FAULTS {
        for declared in quiet {
            errors.extend(shapes::read(model, declared).errors);
        }
    }
    sort(&mut errors);
    errors
}

/// Sorts errors by place and drops repetitions: those of one kind at one place, names that are unknown again, and parts
/// that an architecture lacks again.
pub fn sort(errors: &mut Vec<ModelError>) {
    errors.sort_by_key(|e| (e.span(), e.to_string()));
    errors.dedup_by(|a, b| a == b || same_fault(a, b));
    // What a member of a system shows at a place is a consequence of what its family, whatever the size, has there.
    let of_families: FxHashSet<Span> =
        errors.iter().filter(|e| !matches!(e, ModelError::System(_))).map(ModelError::span).collect();
    errors.retain(|e| !matches!(e, ModelError::System(SystemError::Member { span, .. }) if of_families.contains(span)));
    let mut unknown: FxHashSet<(&'static str, String)> = FxHashSet::default();
    errors.retain(|e| match e {
        ModelError::UnknownName { what, name, .. } => unknown.insert((*what, name.clone())),
        // However many checks need it, it is added once.
        ModelError::Incomplete { architecture, part, .. } => {
            unknown.insert((*part, format!("{architecture} lacks it")))
        }
        _ => true,
    });
}

/// Whether two errors are one: of one kind, at one place, as of the value of `data x, y`. Members of a system share the
/// place of their generator and may have faults of their own.
fn same_fault(a: &ModelError, b: &ModelError) -> bool {
    let kind = std::mem::discriminant(a) == std::mem::discriminant(b);
    kind && a.span() == b.span() && !matches!(a, ModelError::System(_))
}

/// Whether a fault may vanish with another type of a state.
pub(crate) fn depends_on_shapes(e: &ModelError) -> bool {
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

/// Whether a declaration can be read into terms as it stands.
fn has_terms(model: &Model, declared: Declared) -> bool {
    match declared {
        Declared::Def(_) | Declared::Optimizer(_) => false,
        Declared::Composite(id) => model[id].params.is_empty(),
        Declared::Data(id) => model[id].params.is_empty(),
        Declared::Let(_)
        | Declared::Architecture(_)
        | Declared::Morphism(_)
        | Declared::System(_)
        | Declared::Cone(_) => !shapes::is_family(model, declared),
    }
}

/// Elaborates one declaration, and returns what went wrong.
fn elaborated(model: &Model, name: &str, declared: Declared, span: Span) -> Vec<ModelError> {
    let mut e = Elaborator::new(model);
    let scope = Scope::default();
    let instance = Instance { name: Ident { name: name.to_owned(), span }, args: Vec::new(), span };
    // Every result is either fine or already among the elaborator's errors.
    match declared {
        Declared::Let(id) => {
            let _ = crate::read::declared(&mut e, id, name, span);
        }
        Declared::Data(id) => {
            // An entry of a sequence is like any other.
            let first = (e.store.num(0), span);
            let ty = &model[id].decl.ty;
            let args = if ty.name.name == "N" || ty.arrow.is_some() { vec![first] } else { Vec::new() };
            let _ = e.datum(id, &args, span);
        }
        Declared::Architecture(_) => {
            let _ = e.architecture(&instance, &scope);
        }
        Declared::Morphism(id) => {
            let _ = e.morphism(id, &instance, &scope, 0);
        }
        Declared::Composite(id) => {
            let _ = e.path(Along::from(&model[id].path), &scope, &mut FxHashMap::default());
        }
        Declared::Def(_) | Declared::Optimizer(_) | Declared::System(_) | Declared::Cone(_) => {}
    }
    e.errors
}
