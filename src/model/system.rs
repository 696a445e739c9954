//! Systems and cones: which generators there are, and between which architectures they go.
//!
//! A generator at one value of its indices is an ordinary use of a morphism with numbers for arguments, so that
//! everything that reads a check of one morphism reads its squares too. Ends and shapes are worked out here from sizes
//! alone; no loss, no output and no map is built.

mod chain;
mod cone;
mod indices;

use indexmap::IndexMap;

use super::elaborate::{Elab, Elaborator, Local, Reported, Scope, shape_text};
use super::morphism::instance_text;
use super::suggest::{Kind, unknown_item};
use crate::core::error::ModelError;
use crate::core::names::{ConeId, Declared, Model, SystemId};
use crate::core::system_error::SystemError;
use crate::source::Span;
use crate::syntax::tree::{ArchitectureEntry, Binder, Domain, Generator, Ident, Instance, MorphismKind, Over, Param};
use crate::term::{Shape, Term};

/// The largest number of generators of one system, each at one value of its indices.
pub const MAX_ARROWS: usize = 100_000;
/// Values of an unbounded index that are looked at one by one, at an effort of 1.
pub const MEMBERS: u64 = 12;
/// An unbounded index is followed no further than to objects of this many parameters, at an effort of 1, but for the
/// first [`FEWEST`] values.
const MEMBER_SIZE: usize = 256;
/// Members beyond those, by the value of their index, that are looked at too where they are not too large.
const BEYOND: [u64; 5] = [13, 17, 23, 29, 41];
/// The squares of the numbers of parameters of all members beyond add up to no more than this, at an effort of 1.
const BEYOND_SIZE: usize = 200_000;
/// Values of an unbounded index that are looked at whatever their size.
const FEWEST: u64 = 3;

/// An object of a system: a member of a family of architectures, or the source that a morphism writes in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name with its arguments: `Series(3)`.
    pub label: String,
    /// The name with the parameters and their shapes, for messages.
    pub text: String,
    /// The declared name of its family.
    pub family: String,
    /// The number of its parameters.
    pub dim: usize,
}

/// A generator at one value of its indices.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrow {
    /// The use of the morphism, with numbers for arguments.
    pub instance: Instance,
    /// The same as text.
    pub label: String,
    /// Which generator of the declaration.
    pub generator: usize,
    /// The values of its indices, in order.
    pub index: Vec<(String, u64)>,
    /// Where it starts, as a number of an object.
    pub source: usize,
    /// Where it ends.
    pub target: usize,
}

/// A generator over an unbounded index.
#[derive(Debug, Clone, PartialEq)]
pub struct Unbounded {
    /// Which generator.
    pub generator: usize,
    /// The generator as written.
    pub instance: Instance,
    /// The index.
    pub index: Ident,
    /// Its first value.
    pub from: u64,
    /// The last value that was looked at, with every value of the other indices.
    pub to: u64,
    /// Whether it is the only index of the generator.
    pub alone: bool,
    /// Some members beyond: they are no part of the diagram, but no statement about all members may contradict them.
    pub beyond: Vec<Arrow>,
}

/// The chain that a single generator over a single index makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The index.
    pub index: String,
    /// For each object, by its number, the value of the index that it belongs to: the projection `P(n)` goes from `n + 1`
    /// to `n`, or from `n` to `n + 1` where its source is the smaller one.
    pub values: Vec<u64>,
}

/// A system or a cone before its arrows are known to make an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// Its objects in the order in which they are met.
    pub objects: Vec<Object>,
    /// Its generators, each at each value of its indices.
    pub arrows: Vec<Arrow>,
    /// Where each generator is written.
    pub places: Vec<Span>,
    /// Generators that go on for ever; what is listed of them is their beginning.
    pub unbounded: Vec<Unbounded>,
    /// The chain, if it is one.
    pub chain: Option<Chain>,
    /// Whether it is a direct system: its generators are embeddings, and its limit is a colimit.
    pub direct: bool,
}

/// A cone over a system.
#[derive(Debug, Clone, PartialEq)]
pub struct Cone {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// The system below. The apex is one of its objects, or the last one.
    pub system: Family,
    /// The apex, as a number of an object.
    pub apex: usize,
    /// The legs, one for each object of the system, in the order of the objects; an apex that is an object of the system
    /// may have a leg to itself.
    pub legs: Vec<Arrow>,
    /// Where the legs are written.
    pub place: Span,
}

/// What an object is the same as.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Architecture(usize, Vec<Term>),
    Inline(usize, Vec<Term>),
}

struct Resolver<'m> {
    e: Elaborator<'m>,
    system: String,
    effort: u64,
    objects: IndexMap<Key, Object>,
    arrows: IndexMap<(String, usize, usize), Arrow>,
    /// The first projection and the first embedding that were met.
    kinds: [Option<String>; 2],
}

/// The objects and arrows of a system.
///
/// # Errors
/// All faults found before the first member that does not fit.
pub fn system(model: &Model, id: SystemId, effort: usize) -> Result<Family, Vec<ModelError>> {
    let mut r = Resolver::new(model, &model[id].name.name, effort);
    r.family(id).map_err(|Reported| r.e.errors)
}

/// The legs of a cone and the system below.
///
/// # Errors
/// As [`system`]; faults of the system itself are not repeated.
pub fn cone(model: &Model, id: ConeId, effort: usize) -> Result<Cone, Vec<ModelError>> {
    let decl = &model[id];
    let mut r = Resolver::new(model, &decl.name.name, effort);
    r.cone(id).map_err(|Reported| r.e.errors)
}

impl<'m> Resolver<'m> {
    fn new(model: &'m Model, name: &str, effort: usize) -> Self {
        Resolver {
            e: Elaborator::new(model),
            system: name.to_owned(),
            effort: effort as u64,
            objects: IndexMap::new(),
            arrows: IndexMap::new(),
            kinds: [None, None],
        }
    }

    fn family(&mut self, id: SystemId) -> Elab<Family> {
        let decl = &self.e.model[id];
        let (name, span) = (decl.name.name.clone(), decl.name.span);
        if decl.generators.is_empty() {
            return self.e.fail(SystemError::NoGenerators { system: name, span }.into());
        }
        let mut unbounded = Vec::new();
        for (k, g) in decl.generators.iter().enumerate() {
            unbounded.extend(self.generator(g, k)?);
        }
        let objects: Vec<Object> = self.objects.values().cloned().collect();
        let arrows: Vec<Arrow> = std::mem::take(&mut self.arrows).into_values().collect();
        let places = decl.generators.iter().map(|g| g.span).collect();
        let mut family =
            Family { name, span, objects, arrows, places, unbounded, chain: None, direct: self.kinds[1].is_some() };
        if let [Generator { over, .. }] = &decl.generators[..]
            && over.len() == 1
        {
            family.chain = self.chain(&family)?;
        }
        Ok(family)
    }

    /// All instances of one generator; its unbounded indices, each with a bound up to which all its values were looked at
    /// together with those of the others.
    fn generator(&mut self, g: &Generator, number: usize) -> Elab<Vec<Unbounded>> {
        let mut names: Vec<&Ident> = Vec::new();
        for o in &g.over {
            let (Over::Range(Binder { name, .. }) | Over::From(name, _)) = o;
            if let Some(first) = names.iter().find(|n| n.name == name.name) {
                let first = first.span;
                let name = name.clone();
                return self.e.fail(ModelError::DuplicateName { name: name.name, first, span: name.span });
            }
            names.push(name);
        }
        let before = self.arrows.len();
        let mut empty: Option<SystemError> = None;
        let mut open = Vec::new();
        self.expand(g, number, &mut Vec::new(), &mut empty, &mut open)?;
        if let Some(error) = empty.filter(|_| self.arrows.len() == before) {
            return self.e.fail(error.into());
        }
        let alone = g.over.len() == 1;
        let mut unbounded: Vec<Unbounded> = Vec::new();
        for u in open {
            match unbounded.iter_mut().find(|other| other.index.name == u.index.name) {
                Some(other) => other.to = other.to.min(u.to),
                None => unbounded.push(Unbounded { alone, ..u }),
            }
        }
        if let [only] = &mut unbounded[..]
            && alone
        {
            only.beyond = self.beyond(g, number, only);
        }
        // The innermost comes first so far.
        unbounded.sort_by_key(|u| names.iter().position(|n| n.name == u.index.name));
        Ok(unbounded)
    }

    /// Runs through the values of the indices after those given.
    fn expand(
        &mut self,
        g: &Generator,
        number: usize,
        given: &mut Vec<(String, u64)>,
        empty: &mut Option<SystemError>,
        open: &mut Vec<Unbounded>,
    ) -> Elab<()> {
        let Some(over) = g.over.get(given.len()) else {
            return self.instance(g, number, given);
        };
        let scope = self.scope(given);
        let (name, lo, hi) = match over {
            Over::Range(b) => {
                let lo = self.e.natural(&b.lo, &scope, "the start of an index")? as u64;
                let hi = self.e.natural(&b.hi, &scope, "the end of an index")? as u64;
                let end = if b.inclusive { hi + 1 } else { hi };
                let (index, lo_text, hi_text) = (b.name.name.clone(), lo.to_string(), hi.to_string());
                if end < lo {
                    let error = SystemError::Reversed { index, lo: lo_text, hi: hi_text, span: b.span };
                    return self.e.fail(error.into());
                }
                if end == lo {
                    empty.get_or_insert(SystemError::Empty { index, lo: lo_text, hi: hi_text, span: b.span });
                }
                (&b.name, lo, end)
            }
            Over::From(name, a) => {
                let lo = self.e.natural(a, &scope, "the start of an index")? as u64;
                (name, lo, lo + MEMBERS * self.effort)
            }
        };
        let unbounded = matches!(over, Over::From(..));
        let mut last = lo;
        for v in lo..hi {
            if unbounded && v >= lo + FEWEST && self.largest(number) > MEMBER_SIZE * self.effort as usize {
                break;
            }
            last = v;
            given.push((name.name.clone(), v));
            let result = self.expand(g, number, given, empty, open);
            given.pop();
            result?;
        }
        if unbounded {
            let instance = g.morphism.clone();
            let index = name.clone();
            let beyond = Vec::new();
            open.push(Unbounded { generator: number, instance, index, from: lo, to: last, alone: false, beyond });
        }
        Ok(())
    }

    /// Members beyond those that were looked at. Their ends are objects of no diagram, and their numbers mean nothing.
    fn beyond(&mut self, g: &Generator, number: usize, u: &Unbounded) -> Vec<Arrow> {
        let (objects, errors) = (self.objects.len(), self.e.errors.len());
        let mut found = Vec::new();
        let mut left = BEYOND_SIZE.saturating_mul(self.effort as usize);
        for n in [u.to + 1, u.to + 2].into_iter().chain(BEYOND).chain([u.from + BEYOND[3]]) {
            let next = found.last().map_or(u.to, |a: &Arrow| a.index[0].1);
            if n <= next {
                continue;
            }
            let Ok(arrow) = self.arrow(g, number, &[(u.index.name.clone(), n)]) else { break };
            let dim = self.objects[arrow.source].dim.max(self.objects[arrow.target].dim);
            let Some(rest) = left.checked_sub(dim.saturating_mul(dim)) else { break };
            left = rest;
            found.push(arrow);
        }
        self.objects.truncate(objects);
        self.e.errors.truncate(errors);
        found
    }

    /// The dimension of the largest object that the last arrow of a generator touches.
    fn largest(&self, generator: usize) -> usize {
        let last = self.arrows.values().rev().find(|a| a.generator == generator);
        last.map_or(0, |a| self.objects[a.source].dim.max(self.objects[a.target].dim))
    }

    fn scope(&mut self, given: &[(String, u64)]) -> Scope {
        let mut scope = Scope::default();
        for (name, v) in given {
            let t = self.e.store.num(*v);
            scope.bind(name, Local::Value(t));
        }
        scope
    }

    /// Adds a generator at one value of its indices.
    fn instance(&mut self, g: &Generator, number: usize, given: &[(String, u64)]) -> Elab<()> {
        let arrow = self.arrow(g, number, given)?;
        let key = (arrow.label.clone(), arrow.source, arrow.target);
        self.arrows.entry(key).or_insert(arrow);
        if self.arrows.len() > MAX_ARROWS {
            let found = format!("more than {MAX_ARROWS} projections");
            let system = self.system.clone();
            return self.e.fail(SystemError::TooLarge { system, found, limit: MAX_ARROWS, span: g.span }.into());
        }
        Ok(())
    }

    fn arrow(&mut self, g: &Generator, number: usize, given: &[(String, u64)]) -> Elab<Arrow> {
        let instance = self.applied(&g.morphism, given)?;
        let label = instance_text(&instance);
        let before = self.e.errors.len();
        let ends = self.ends(&instance, &Scope::default());
        let system = self.system.clone();
        let fresh = self.e.errors.split_off(before);
        self.e.errors.extend(fresh.into_iter().map(|error| at_member(error, &system, &label, g.span)));
        let (source, target) = ends?;
        Ok(Arrow { instance, label, generator: number, index: given.to_vec(), source, target })
    }

    /// The objects that a use of a morphism goes between, as numbers.
    fn ends(&mut self, instance: &Instance, scope: &Scope) -> Elab<(usize, usize)> {
        let model = self.e.model;
        match model.resolve(&instance.name.name, instance.name.span) {
            Some(Declared::Morphism(id)) => {
                let decl = &model[id];
                let slot = match decl.kind {
                    MorphismKind::Reparam => None,
                    MorphismKind::Projection => Some(0),
                    MorphismKind::Embedding => Some(1),
                };
                if let Some(k) = slot {
                    self.kinds[k].get_or_insert_with(|| decl.name.name.clone());
                }
                if let [Some(projection), Some(embedding)] = &self.kinds {
                    let (projection, embedding) = (projection.clone(), embedding.clone());
                    let (span, declared) = (instance.span, decl.name.span);
                    return self.e.fail(SystemError::Mixed { projection, embedding, span, declared }.into());
                }
                let bound = self.e.bind(instance, &decl.params, scope, Some(0))?;
                let inner = bound.scope;
                let source = match &decl.source {
                    Domain::Named(a) => self.object(a, &inner)?,
                    Domain::Inline(params, _) => {
                        let label = format!("source of {}", bound.label);
                        let params: Vec<&Param> = params.iter().collect();
                        let family = decl.name.name.clone();
                        self.known(Key::Inline(id.0, bound.values), label, family, &params, &inner)?
                    }
                };
                Ok((source, self.object(&decl.target, &inner)?))
            }
            Some(Declared::Composite(id)) => {
                let decl = &model[id];
                let bound = self.e.bind(instance, &decl.params, scope, Some(0))?;
                self.e.enter_definition(&decl.name.name, instance.span)?;
                let inner = bound.scope;
                let known = self.objects.len();
                let parts: Elab<Vec<_>> = decl.path.parts.iter().map(|p| self.ends(p, &inner)).collect();
                self.e.calls.pop();
                let parts = parts?;
                let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Err(Reported) };
                // What a path passes through on its way is no object of the system.
                let passed = self.objects.split_off(known);
                let mut end = |at: usize| match at.checked_sub(known).and_then(|i| passed.get_index(i)) {
                    Some((key, object)) => self.objects.insert_full(key.clone(), object.clone()).0,
                    None => at,
                };
                Ok((end(first.0), end(last.1)))
            }
            Some(other) => {
                let name = instance.name.name.clone();
                let (found, expected, span) = (other.kind(), "a projection", instance.name.span);
                self.e.fail(ModelError::WrongKind { name, found, expected, span })
            }
            None => self.e.fail(unknown_item(model, Kind::Morphism, &instance.name)),
        }
    }

    /// The number of a member of a family of architectures.
    fn object(&mut self, instance: &Instance, scope: &Scope) -> Elab<usize> {
        let id = self.e.architecture_id(&instance.name)?;
        let decl = &self.e.model[id];
        let bound = self.e.bind(instance, &decl.params, scope, None)?;
        let params: Vec<&Param> = decl
            .body
            .iter()
            .filter_map(|e| if let ArchitectureEntry::Param(p) = e { Some(p) } else { None })
            .flatten()
            .collect();
        let inner = bound.scope;
        let family = decl.name.name.clone();
        self.known(Key::Architecture(id.0, bound.values), bound.label, family, &params, &inner)
    }

    fn known(&mut self, key: Key, label: String, family: String, params: &[&Param], scope: &Scope) -> Elab<usize> {
        if let Some(i) = self.objects.get_index_of(&key) {
            return Ok(i);
        }
        let mut shapes: Vec<(String, Shape)> = Vec::with_capacity(params.len());
        for p in params {
            shapes.push((p.name.name.clone(), self.e.param_shape(p, scope)?));
        }
        let dim = shapes.iter().map(|(_, s)| s.iter().product::<usize>()).fold(0usize, usize::saturating_add);
        let list: Vec<String> = shapes.iter().map(|(n, s)| format!("{n} : {}", shape_text(s))).collect();
        let text = format!("{label} ({})", list.join(", "));
        Ok(self.objects.insert_full(key, Object { label, text, family, dim }).0)
    }
}

/// A few names, and how many more there are.
pub fn listed<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let few: Vec<&str> = names.by_ref().take(5).collect();
    match names.count() {
        0 => few.join(", "),
        more => format!("{} and {more} more", few.join(", ")),
    }
}

/// A fault that shows at one member: named with it, unless it has nothing to do with sizes.
pub fn at_member(error: ModelError, system: &str, instance: &str, generator: Span) -> ModelError {
    let shows_at_a_size = matches!(
        error,
        ModelError::ShapeMismatch { .. }
            | ModelError::UnexpectedShape { .. }
            | ModelError::NotNatural { .. }
            | ModelError::TooLarge { .. }
            | ModelError::OutOfRange { .. }
            | ModelError::ReversedRange { .. }
            | ModelError::Undefined { .. }
            | ModelError::Violated { .. }
            | ModelError::Dimension { .. }
            | ModelError::PathMismatch { .. }
    );
    if !shows_at_a_size {
        return error;
    }
    let span = error.span();
    let help = miette::Diagnostic::help(&error).map(|h| h.to_string());
    let generator = (!span.overlaps(generator)).then_some(generator);
    let (instance, system) = (instance.to_owned(), system.to_owned());
    SystemError::Member { instance, system, error: Box::new(error), help, span, generator }.into()
}
