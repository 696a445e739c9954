//! Architectures over their parameter vector.

use std::rc::Rc;

use super::elaborate::{Constraint, ConstraintKind, Draw, Elab, Elaborator, Local, Reported, Role, Scope};
use super::faults::{self, type_of_size};
use super::suggest::{Kind, unknown_item};
use crate::core::error::ModelError;
use crate::core::names::{ArchitectureId, Declared, Model};
use crate::read::{Arg, Part};
use crate::source::Span;
use crate::syntax::tree::{ArchitectureEntry, Ident, Instance, Param};
use crate::term::{Shape, Store, SymbolId, Term};

/// One `param`: a block of the parameter vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The parameter's name.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// Where its entries start in the parameter vector.
    pub offset: usize,
    /// Where it is declared.
    pub span: Span,
}

impl Block {
    /// The number of entries.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }
}

/// A name for some of the parameters: `group G = U, b`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The numbers of its blocks, in the order in which they are written.
    pub blocks: Vec<usize>,
    /// Where it is declared.
    pub span: Span,
}

/// An architecture: an open set of parameter vectors, a realisation and a loss, as terms in one symbol `point`.
#[derive(Debug, Clone)]
pub struct Architecture {
    /// Its name with its arguments: `Mlp(2, 3, 1)`.
    pub name: String,
    /// The architecture in whose body its output and loss are given: of a source written inline the target.
    pub given_by: String,
    /// The symbol of the parameter vector.
    pub symbol: SymbolId,
    /// The parameter vector, shape `[dim]`.
    pub point: Term,
    /// Its length.
    pub dim: usize,
    /// The `param`s in order of declaration.
    pub blocks: Vec<Block>,
    /// The names for some of them.
    pub groups: Vec<Group>,
    /// The realisation flattened to a vector, if there is one.
    pub output: Option<Term>,
    /// The metric of function space at the output; `None` is the identity.
    pub output_metric: Option<Term>,
    /// The loss, if there is one.
    pub loss: Option<Term>,
    /// The conditions that cut its domain out of the vector space.
    pub domain: Vec<Constraint>,
    /// Where it is declared.
    pub span: Span,
}

impl Architecture {
    /// Block `i` of a vector of length `dim`, in the block's own shape.
    pub fn block(&self, store: &mut Store, vector: Term, i: usize) -> Term {
        let b = &self.blocks[i];
        let map = (b.offset as u32..(b.offset + b.size()) as u32).collect();
        store.gather(vector, map, &b.shape)
    }

    /// The sizes of the blocks.
    pub fn sizes(&self) -> Vec<usize> {
        self.blocks.iter().map(Block::size).collect()
    }
}

/// The arguments of a use, matched with the parameters of what it names.
pub(super) struct Bound {
    pub scope: Scope,
    /// The name with its arguments, for messages.
    pub label: String,
    /// The arguments, as terms; what is left out is quantified over.
    pub values: Vec<Term>,
}

/// The architecture of this name.
pub(super) fn architecture_named(model: &Model, name: &Ident) -> Result<ArchitectureId, Box<ModelError>> {
    match model.resolve(&name.name, name.span) {
        Some(Declared::Architecture(id)) => Ok(id),
        Some(other) => {
            let (name, span, found, expected) = (name.name.clone(), name.span, other.kind(), "an architecture");
            Err(Box::new(ModelError::WrongKind { name, found, expected, span }))
        }
        None => Err(Box::new(unknown_item(model, Kind::Architecture, name))),
    }
}

impl Elaborator<'_> {
    /// Looks up an architecture by name.
    pub fn architecture_id(&mut self, name: &Ident) -> Elab<ArchitectureId> {
        match architecture_named(self.model, name) {
            Ok(id) => Ok(id),
            Err(fault) => self.fail(*fault),
        }
    }

    /// A member of a family of architectures.
    pub fn architecture(&mut self, instance: &Instance, scope: &Scope) -> Elab<Rc<Architecture>> {
        let id = self.architecture_id(&instance.name)?;
        let decl = &self.model[id];
        if let Some(fault) = type_of_size(&decl.name.name, &decl.params) {
            return self.fail(fault);
        }
        let bound = self.bind(instance, &decl.params, scope, None)?;
        let key = (id.0, bound.values.clone());
        if let Some(known) = self.architectures.get(&key) {
            return known.clone();
        }
        self.enter_definition(&instance.name.name, instance.span)?;
        let built = self.build_architecture(id, bound).map(Rc::new);
        self.calls.pop();
        self.architectures.insert(key, built.clone());
        built
    }

    fn build_architecture(&mut self, id: ArchitectureId, bound: Bound) -> Elab<Architecture> {
        let decl = &self.model[id];
        let mut scope = bound.scope;
        let depth = scope.depth();
        let params: Vec<&Param> = decl
            .body
            .iter()
            .filter_map(|e| if let ArchitectureEntry::Param(p) = e { Some(p) } else { None })
            .flatten()
            .collect();
        let mut architecture = self.point(&bound.label, &params, decl.span, &mut scope)?;
        let part = &mut |e: &mut Self, part: Part<'_>, span: Span, value: Option<Arg<Term>>| {
            e.part(part, span, value, &mut architecture)
        };
        let before = self.constraints.len();
        crate::read::parts(self, decl, depth, &mut scope, part)?;
        architecture.domain.extend(self.assumed_of_points(before));
        Ok(architecture)
    }

    /// `output`, `output metric`, `loss` or a group.
    fn part(
        &mut self,
        part: Part<'_>,
        span: Span,
        value: Option<Arg<Term>>,
        architecture: &mut Architecture,
    ) -> Elab<()> {
        match (part, value) {
            (Part::Group(name, members), _) => self.group(name, members, architecture)?,
            (Part::Output(_), Some((t, _))) => {
                let n = self.store.size(t);
                architecture.output = Some(self.store.reshape(t, &[n]));
            }
            (Part::OutputMetric(_), Some((t, at))) => {
                let Some(n) = architecture.output.map(|o| self.store.size(o)) else {
                    return self.fail(faults::metric_of_no_output(&architecture.name, span));
                };
                self.expect_shape(t, &[n, n], "the output metric, on vec(output),", at)?;
                architecture.output_metric = Some(t);
            }
            (Part::Loss(_), Some((t, at))) => {
                self.expect_shape(t, &[], "the loss", at)?;
                architecture.loss = Some(t);
            }
            (Part::Output(_) | Part::OutputMetric(_) | Part::Loss(_), None) => {}
        }
        Ok(())
    }

    /// The vector space with these blocks: an architecture without output, loss and conditions.
    pub fn space(&mut self, name: &str, blocks: Vec<Block>, span: Span) -> Architecture {
        let dim = blocks.iter().map(Block::size).fold(0, usize::saturating_add);
        let (symbol, point) = self.quantify(name, &[dim], Draw::Real, Role::Point);
        Architecture {
            name: name.to_owned(),
            given_by: name.to_owned(),
            symbol,
            point,
            dim,
            blocks,
            groups: Vec::new(),
            output: None,
            output_metric: None,
            loss: None,
            domain: Vec::new(),
            span,
        }
    }

    /// The manifold with these parameters: an architecture without output and loss yet. Binds the parameters.
    pub(super) fn point(&mut self, name: &str, params: &[&Param], span: Span, scope: &mut Scope) -> Elab<Architecture> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut invertible = Vec::new();
        let mut dim = 0usize;
        let mut ok = true;
        for (i, p) in params.iter().enumerate() {
            if let Some(b) = blocks.iter().find(|b| b.name == p.name.name) {
                let first = b.span;
                ok &= self
                    .fail::<()>(ModelError::DuplicateName { name: p.name.name.clone(), first, span: p.name.span })
                    .is_ok();
                continue;
            }
            // Names without a type are one fault: `(a, b)` for `(a, b : R)`.
            let untyped = p.ty.is_none() && params[..i].iter().any(|q| q.ty.is_none());
            if untyped {
                continue;
            }
            let Ok(shape) = self.param_shape(p, scope) else {
                ok = false;
                continue;
            };
            if p.ty.as_ref().is_some_and(|t| t.name.name == "GL") {
                invertible.push(i);
            }
            let block = Block { name: p.name.name.clone(), shape, offset: dim, span: p.name.span };
            dim = dim.saturating_add(block.size());
            blocks.push(block);
        }
        self.check_entries(&[dim], "the parameter vector", span)?;
        if !ok {
            return Err(Reported);
        }
        let mut architecture = self.space(name, blocks, span);
        let point = architecture.point;
        for i in 0..architecture.blocks.len() {
            let t = architecture.block(&mut self.store, point, i);
            scope.bind(&architecture.blocks[i].name, Local::Value(t));
        }
        let before = self.constraints.len();
        self.at_a_point = true;
        let mut conditions = Ok(());
        for (i, p) in params.iter().enumerate() {
            if invertible.contains(&i) {
                let t = architecture.block(&mut self.store, point, i);
                let det = self.store.determinant(t);
                let text = format!("det({}) != 0", p.name.name);
                self.constrain(det, ConstraintKind::NonZero, text, p.name.span);
            }
            conditions = conditions.and(crate::read::conditions(self, &p.conditions, scope, span));
        }
        self.at_a_point = false;
        conditions?;
        architecture.domain = self.constraints.split_off(before);
        Ok(architecture)
    }

    /// The shape that a `param` declares.
    pub(super) fn param_shape(&mut self, p: &Param, scope: &Scope) -> Elab<Shape> {
        if let Some(fault) = faults::type_of_param(p) {
            return self.fail(fault);
        }
        let Some(ty) = &p.ty else { return Err(Reported) };
        match &ty.dims[..] {
            [size] if ty.name.name != "R" => {
                let n = self.natural(size, scope, "the size of the matrix")?;
                self.check_entries(&[n, n], "this matrix", ty.span)?;
                Ok(Shape::from_slice(&[n, n]))
            }
            _ => self.extents(ty, scope),
        }
    }

    /// Matches the arguments of a use with parameters, see [`crate::read::bind`].
    pub(super) fn bind(
        &mut self,
        instance: &Instance,
        params: &[Param],
        outer: &Scope,
        occurrence: Option<usize>,
    ) -> Elab<Bound> {
        let bound = crate::read::bind(self, instance, params, outer, occurrence)?;
        let name = &instance.name.name;
        let given = bound.given.iter().zip(&bound.values);
        let texts: Vec<String> = given
            .filter_map(|(e, &t)| match (e, self.store.as_fill(t)) {
                (Some(_), Some(q)) if self.store.shape(t).is_empty() => Some(q.to_string()),
                (Some(e), _) => Some(super::elaborate::text_of(e)),
                (None, _) => None,
            })
            .collect();
        let label = if texts.is_empty() { name.clone() } else { format!("{name}({})", texts.join(", ")) };
        Ok(Bound { scope: bound.scope, label, values: bound.values })
    }

    /// An argument must have the shape of its parameter's type.
    pub(super) fn expect_type(&mut self, t: Term, p: &Param, scope: &Scope, span: Span) -> Elab<()> {
        let place = format!("the argument `{}`", p.name.name);
        match &p.ty {
            None => self.expect_shape(t, &[], &place, span),
            Some(ty) => self.expect_member(t, ty, scope, &place, span),
        }
    }

    /// A parameter that a use leaves out: quantified over its type. One symbol serves the same occurrence on both
    /// sides of an equation.
    pub(super) fn member(&mut self, family: &Ident, occurrence: usize, p: &Param, scope: &Scope) -> Elab<Term> {
        let key = (self.model.resolve(&family.name, family.span), occurrence, p.name.name.clone());
        if let Some(&t) = self.members.get(&key) {
            return Ok(t);
        }
        let value = match &p.ty {
            Some(ty) => self.value_of_type(&p.name.name, ty, scope, Role::Member)?,
            None => self.quantify(&p.name.name, &[], Draw::Real, Role::Member).1,
        };
        let label = if occurrence == 0 { p.name.name.clone() } else { format!("{}{}", p.name.name, occurrence + 1) };
        self.show(&label, value, Role::Member);
        self.members.insert(key, value);
        Ok(value)
    }
}
