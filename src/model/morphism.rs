//! Morphisms as maps between parameter vectors, and paths of them.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::architecture::{Architecture, Bound};
use super::elaborate::{Constraint, Elab, Elaborator, Reported, Scope};
use super::faults::Targets;
use super::suggest::{Kind, unknown_item};
use crate::core::error::ModelError;
use crate::core::names::{CLASSES, Declared, Model, MorphismId};
use crate::source::Span;
use crate::syntax::tree::{Condition, Domain, Equation, Expr, Ident, Instance, MorphismKind, Path};
use crate::term::{Store, Term};

/// A morphism with its parameters bound.
#[derive(Debug, Clone)]
pub struct Morphism {
    /// Its name with its arguments.
    pub name: String,
    /// What it claims to be.
    pub kind: MorphismKind,
    /// The source.
    pub source: Rc<Architecture>,
    /// The target.
    pub target: Rc<Architecture>,
    /// The target's parameter vector as a function of the source's.
    pub map: Term,
    /// The declared inverse: the source's parameter vector as a function of the target's, with its place.
    pub inverse: Option<(Term, Span)>,
    /// The declaration's name, as written.
    pub span: Span,
    /// Whether the source was written inline, so that output and loss are pulled back by definition.
    pub pulled_back: bool,
}

/// A composable path of morphisms; empty for an identity.
#[derive(Debug, Clone)]
pub struct MorphismPath {
    /// Where it starts.
    pub source: Rc<Architecture>,
    /// Where it ends.
    pub target: Rc<Architecture>,
    /// The parts in order of application.
    pub parts: Vec<Rc<Morphism>>,
    /// The parts as they are written, each with the name of what it ends in.
    pub written: Vec<(String, String)>,
    /// The path as written.
    pub label: String,
    /// Where it is written.
    pub span: Span,
}

/// A path as it is asked about: uses of morphisms one after the other, and the place that is meant.
#[derive(Debug, Clone, Copy)]
pub struct Along<'a> {
    /// The uses in order of application.
    pub parts: &'a [Instance],
    /// The place.
    pub span: Span,
}

impl<'a> From<&'a Path> for Along<'a> {
    fn from(path: &'a Path) -> Self {
        Along { parts: &path.parts, span: path.span }
    }
}

impl MorphismPath {
    /// The composite map: the target's parameter vector as a function of the source's.
    pub fn map(&self, store: &mut Store) -> Term {
        self.images(store).last().copied().unwrap_or(self.source.point)
    }

    /// The point at the end of each part as a function of the source's.
    pub fn images(&self, store: &mut Store) -> Vec<Term> {
        let mut at = self.source.point;
        let mut next = |m: &Rc<Morphism>| {
            at = store.substitute_one(m.map, &[(m.source.symbol, at)].into_iter().collect());
            at
        };
        self.parts.iter().map(&mut next).collect()
    }
}

impl Elaborator<'_> {
    /// A path of morphisms. `used` counts uses of each family within one side of a question, so that the same place on
    /// either side of an equation gets the same members.
    pub fn path(
        &mut self,
        path: Along<'_>,
        scope: &Scope,
        used: &mut FxHashMap<Declared, usize>,
    ) -> Elab<MorphismPath> {
        let mut result: Option<MorphismPath> = None;
        let mut written = Vec::new();
        for part in path.parts {
            let next = self.path_part(part, scope, used)?;
            written.push((instance_text(part), next.target.name.clone()));
            result = Some(match result {
                None => next,
                Some(before) => self.compose(before, next, part.span)?,
            });
        }
        match result {
            Some(mut p) => {
                p.label = path.parts.iter().map(instance_text).collect::<Vec<_>>().join(" ; ");
                p.span = path.span;
                p.written = written;
                Ok(p)
            }
            None => Err(Reported),
        }
    }

    /// A path by itself.
    pub fn whole_path(&mut self, path: Along<'_>) -> Elab<MorphismPath> {
        let path = self.path(path, &Scope::default(), &mut FxHashMap::default())?;
        let images = path.images(&mut self.store);
        let places = path.parts.iter().map(|m| m.target.symbol);
        self.images.extend(places.zip(images).map(|at| [at].into_iter().collect()));
        Ok(path)
    }

    /// The path of one declared morphism over all its members.
    pub fn declared(&mut self, id: MorphismId) -> Elab<MorphismPath> {
        let name = self.model[id].name.clone();
        let span = name.span;
        self.whole_path(Along { parts: &[Instance { name, args: Vec::new(), span }], span })
    }

    /// The path of one invertible map into an architecture that no file declares: its source has the blocks of the target,
    /// with output and loss pulled back, and `image` gives the blocks of the target's point from the source.
    pub fn map_into(
        &mut self,
        name: &str,
        target: &Rc<Architecture>,
        image: impl FnOnce(&mut Store, &Architecture) -> Vec<Term>,
    ) -> Elab<MorphismPath> {
        let span = target.span;
        let source = self.space(&format!("source of {name}"), target.blocks.clone(), span);
        let blocks = image(&mut self.store, &source);
        let map = self.store.join(&blocks);
        let source = Rc::new(self.pull_back(&source, target, map));
        let source = self.assuming(source, &[], (target, map), &Scope::default(), span)?;
        let m = Morphism {
            name: name.to_owned(),
            kind: MorphismKind::Reparam,
            source: Rc::clone(&source),
            target: Rc::clone(target),
            map,
            inverse: None,
            span,
            pulled_back: true,
        };
        Ok(MorphismPath {
            source,
            target: Rc::clone(target),
            written: vec![(name.to_owned(), target.name.clone())],
            label: name.to_owned(),
            span,
            parts: vec![Rc::new(m)],
        })
    }

    fn compose(&mut self, before: MorphismPath, next: MorphismPath, span: Span) -> Elab<MorphismPath> {
        if before.target.symbol != next.source.symbol {
            let message = format!(
                "`{}` ends in {}, but `{}` starts from {}",
                before.label,
                describe(&before.target),
                next.label,
                describe(&next.source)
            );
            return self.fail(ModelError::PathMismatch { message, span });
        }
        // What is assumed of points on the way is assumed of those that come to them.
        let at = before.map(&mut self.store);
        let on_the_way: Vec<Constraint> = self.domain_at(&next.source, at).into_iter().filter(|c| c.assumed).collect();
        let mut source = before.source;
        if !on_the_way.is_empty() {
            Rc::make_mut(&mut source).domain.extend(on_the_way);
        }
        let parts = before.parts.into_iter().chain(next.parts).collect();
        let label = format!("{} ; {}", before.label, next.label);
        Ok(MorphismPath { source, target: next.target, parts, written: Vec::new(), label, span })
    }

    fn path_part(
        &mut self,
        part: &Instance,
        scope: &Scope,
        used: &mut FxHashMap<Declared, usize>,
    ) -> Elab<MorphismPath> {
        let name = &part.name.name;
        match self.model.resolve(name, part.name.span) {
            Some(family @ Declared::Morphism(id)) => {
                let occurrence = used.entry(family).or_insert(0);
                let index = *occurrence;
                *occurrence += 1;
                let m = self.morphism(id, part, scope, index)?;
                Ok(MorphismPath {
                    source: Rc::clone(&m.source),
                    target: Rc::clone(&m.target),
                    label: m.name.clone(),
                    span: part.span,
                    parts: vec![m],
                    written: Vec::new(),
                })
            }
            Some(family @ Declared::Composite(id)) => {
                let occurrence = used.entry(family).or_insert(0);
                let index = *occurrence;
                *occurrence += 1;
                let decl = &self.model[id];
                let bound = self.bind(part, &decl.params, scope, Some(index))?;
                self.enter_definition(name, part.span)?;
                let path = self.path(Along::from(&decl.path), &bound.scope, used);
                self.calls.pop();
                path.map(|p| MorphismPath { label: bound.label, ..p })
            }
            None if name == "id" => self.identity(part, scope),
            _ => self.fail(no_part(self.model, part)),
        }
    }

    /// `id(A)`
    fn identity(&mut self, part: &Instance, scope: &Scope) -> Elab<MorphismPath> {
        let argument = match &part.args[..] {
            [a] if a.name.is_none() => instance_of(&a.value),
            _ => None,
        };
        let Some(instance) = argument else {
            let message = "`id` takes one architecture: `id(Plane)`".to_owned();
            return self.fail(ModelError::Argument { message, help: None, span: part.span });
        };
        let a = self.architecture(&instance, scope)?;
        let label = format!("id({})", a.name);
        let written = Vec::new();
        Ok(MorphismPath { source: Rc::clone(&a), target: a, parts: Vec::new(), written, label, span: part.span })
    }

    /// A morphism with its parameters bound.
    pub fn morphism(
        &mut self,
        id: MorphismId,
        part: &Instance,
        outer: &Scope,
        occurrence: usize,
    ) -> Elab<Rc<Morphism>> {
        let decl = &self.model[id];
        let bound = self.bind(part, &decl.params, outer, Some(occurrence))?;
        let key = (id.0, bound.values.clone());
        if let Some(known) = self.morphisms.get(&key) {
            return Ok(Rc::clone(known));
        }
        let built = Rc::new(self.build_morphism(id, bound)?);
        self.morphisms.insert(key, Rc::clone(&built));
        Ok(built)
    }

    fn build_morphism(&mut self, id: MorphismId, bound: Bound) -> Elab<Morphism> {
        let decl = &self.model[id];
        let mut scope = bound.scope.clone();
        let target = self.architecture(&decl.target, &scope)?;
        let (source, pulled_back) = match &decl.source {
            Domain::Named(instance) => (self.architecture(instance, &scope)?, false),
            Domain::Inline(params, span) => {
                let name = format!("source of {}", bound.label);
                let list: Vec<_> = params.iter().collect();
                (Rc::new(self.point(&name, &list, *span, &mut scope)?), true)
            }
        };
        if !pulled_back {
            self.bind_blocks(&source, &mut scope);
        }
        let map = self.equations(&decl.body, &source, &target, &mut scope, &bound.label, decl.name.span)?;
        if decl.kind == MorphismKind::Reparam && source.dim != target.dim {
            return self.fail(ModelError::Dimension {
                morphism: bound.label,
                source_dim: source.dim.to_string(),
                target_dim: target.dim.to_string(),
                span: decl.name.span,
            });
        }
        let source = if pulled_back { Rc::new(self.pull_back(&source, &target, map)) } else { source };
        let source = self.assuming(source, &decl.assumptions, (&target, map), &scope, decl.name.span)?;
        let inverse = match &decl.inverse {
            None => None,
            Some((span, body)) => {
                let mut scope = bound.scope;
                self.bind_blocks(&target, &mut scope);
                let name = format!("inverse of {}", bound.label);
                Some((self.equations(body, &target, &source, &mut scope, &name, *span)?, *span))
            }
        };
        let kind = decl.kind;
        let span = decl.name.span;
        Ok(Morphism { name: bound.label, kind, source, target, map, inverse, span, pulled_back })
    }

    /// The source with what the morphism assumes of its points, and its target of their images, among its conditions.
    fn assuming(
        &mut self,
        source: Rc<Architecture>,
        assumptions: &[Condition],
        (target, map): (&Architecture, Term),
        scope: &Scope,
        used: Span,
    ) -> Elab<Rc<Architecture>> {
        let before = self.constraints.len();
        crate::read::conditions(self, assumptions, scope, used)?;
        let mut assumed = self.assumed_of_points(before);
        assumed.extend(self.domain_at(target, map).into_iter().filter(|c| c.assumed));
        if assumed.is_empty() {
            return Ok(source);
        }
        let domain = source.domain.iter().cloned().chain(assumed).collect();
        Ok(Rc::new(Architecture { domain, ..(*source).clone() }))
    }

    fn bind_blocks(&mut self, a: &Architecture, scope: &mut Scope) {
        for i in 0..a.blocks.len() {
            let t = a.block(&mut self.store, a.point, i);
            scope.bind(&a.blocks[i].name, super::elaborate::Local::Value(t));
        }
    }

    /// The equations of a morphism's body: every block of the target once, as a function of the source.
    fn equations(
        &mut self,
        body: &[Equation],
        source: &Architecture,
        target: &Architecture,
        scope: &mut Scope,
        morphism: &str,
        head: Span,
    ) -> Elab<Term> {
        let mut given: Vec<Option<Term>> = vec![None; target.blocks.len()];
        let names = target.blocks.iter().map(|b| b.name.as_str()).collect();
        let mut targets = Targets::new(names, describe(target));
        let read = &mut |e: &mut Self, name: &Ident, value: &Expr, scope: &Scope| {
            let i = match targets.meet(name, scope.has(&name.name)) {
                Ok(i) => i,
                Err(Some(fault)) => return e.fail(*fault),
                Err(None) => return Err(Reported),
            };
            let t = e.expr(value, scope)?;
            let place = format!("`{}` of {}", name.name, describe(target));
            e.expect_shape(t, &target.blocks[i].shape, &place, value.span)?;
            given[i] = Some(t);
            Ok(())
        };
        let ok = crate::read::equations(self, body, scope, read).is_ok();
        // What is given under a wrong name is not missing, too.
        if !ok {
            return Err(Reported);
        }
        if let Some(fault) = targets.missing(body, morphism, head) {
            return self.fail(fault);
        }
        debug_assert!(source.dim > 0 || target.dim == 0 || !given.is_empty());
        let terms: Vec<Term> = given.into_iter().flatten().collect();
        Ok(self.store.join(&terms))
    }

    /// The source of a morphism written inline: output, output metric and loss pulled back along `map`.
    fn pull_back(&mut self, source: &Architecture, target: &Architecture, map: Term) -> Architecture {
        let by: FxHashMap<_, _> = [(target.symbol, map)].into_iter().collect();
        let mut back = |t: Option<Term>| t.map(|t| self.store.substitute_one(t, &by));
        let mut pulled = Architecture {
            output: back(target.output),
            output_metric: back(target.output_metric),
            loss: back(target.loss),
            given_by: target.given_by.clone(),
            ..source.clone()
        };
        pulled.inherit_groups(target);
        pulled
    }

    /// The conditions of an architecture's domain at another point.
    pub fn domain_at(&mut self, a: &Architecture, point: Term) -> Vec<Constraint> {
        let by: FxHashMap<_, _> = [(a.symbol, point)].into_iter().collect();
        a.domain.iter().map(|c| Constraint { term: self.store.substitute_one(c.term, &by), ..c.clone() }).collect()
    }
}

/// The error of what stands in a path and is no morphism.
pub(super) fn no_part(model: &Model, part: &Instance) -> ModelError {
    let name = &part.name.name;
    match model.resolve(name, part.name.span) {
        Some(d @ (Declared::System(_) | Declared::Cone(_))) => {
            let message = format!("`{name}` is {}, and no part of a path", d.kind());
            let help = Some(format!("a system or a cone stands alone: `check natural O along {name}`"));
            ModelError::Argument { message, help, span: part.span }
        }
        Some(other) => {
            let (name, span, found, expected) = (name.clone(), part.name.span, other.kind(), "a morphism");
            ModelError::WrongKind { name, found, expected, span }
        }
        None if CLASSES.contains(&name.as_str()) => {
            let message = format!("`{name}` is a class of transformations, and no part of a path of morphisms");
            let help = Some(format!(
                "`check natural O along {name}` asks for every architecture, `… on A` for one; otherwise declare a family such \
                 as `reparam Rotate(a : R) : (u, v : R) -> Plane {{ … }}`"
            ));
            ModelError::Argument { message, help, span: part.span }
        }
        None => unknown_item(model, Kind::Morphism, &part.name),
    }
}

/// An architecture with its parameters, for messages.
pub fn describe(a: &Architecture) -> String {
    let blocks: Vec<String> =
        a.blocks.iter().map(|b| format!("{} : {}", b.name, super::elaborate::shape_text(&b.shape))).collect();
    format!("{} ({})", a.name, blocks.join(", "))
}

/// A use as it was written.
pub fn instance_text(i: &Instance) -> String {
    if i.args.is_empty() {
        return i.name.name.clone();
    }
    let args: Vec<String> = i
        .args
        .iter()
        .map(|a| match &a.name {
            Some(n) => format!("{} = {}", n.name, super::elaborate::text_of(&a.value)),
            None => super::elaborate::text_of(&a.value),
        })
        .collect();
    format!("{}({})", i.name.name, args.join(", "))
}

/// Reads an expression as a use of a name: `Plane` or `Mlp(2, 3, 1)`.
fn instance_of(e: &crate::syntax::tree::Expr) -> Option<Instance> {
    use crate::syntax::tree::{Argument, ExprKind};
    match &e.kind {
        ExprKind::Name(n) => {
            Some(Instance { name: Ident { name: n.clone(), span: e.span }, args: Vec::new(), span: e.span })
        }
        ExprKind::Call(f, args) => {
            let args = args.iter().map(|a| Argument { name: None, value: a.clone() }).collect();
            Some(Instance { name: f.clone(), args, span: e.span })
        }
        _ => None,
    }
}
