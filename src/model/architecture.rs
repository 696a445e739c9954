//! Architectures over their parameter vector.

use std::rc::Rc;

use super::elaborate::{Constraint, ConstraintKind, Draw, Elab, Elaborator, Local, Reported, Role, Scope};
use super::error::ModelError;
use super::names::{ArchitectureId, Declared};
use super::suggest::{Kind, unknown_item, unknown_parameter};
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

impl Elaborator<'_> {
    /// Looks up an architecture by name.
    pub fn architecture_id(&mut self, name: &Ident) -> Elab<ArchitectureId> {
        match self.model.resolve(&name.name, name.span) {
            Some(Declared::Architecture(id)) => Ok(id),
            Some(other) => self.fail(ModelError::WrongKind {
                name: name.name.clone(),
                found: other.kind(),
                expected: "an architecture",
                span: name.span,
            }),
            None => self.fail(unknown_item(self.model, Kind::Architecture, name)),
        }
    }

    /// A member of a family of architectures.
    pub fn architecture(&mut self, instance: &Instance, scope: &mut Scope) -> Elab<Rc<Architecture>> {
        let id = self.architecture_id(&instance.name)?;
        let decl = &self.model[id];
        let bound = self.bind(instance, &decl.params, scope, None)?;
        let key = (id.0, bound.values.clone());
        if let Some(known) = self.architectures.get(&key) {
            return known.clone();
        }
        self.enter(&instance.name.name, instance.span)?;
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
        let mut given: Vec<(&str, Span)> = Vec::new();
        let mut ok = true;
        for entry in &decl.body {
            let (word, span) = match entry {
                ArchitectureEntry::Param(_) => continue,
                ArchitectureEntry::Group(name, members) => {
                    ok &= self.group(name, members, &mut architecture).is_ok();
                    continue;
                }
                ArchitectureEntry::Let(l) => {
                    if scope.names().skip(depth).any(|n| n == l.name.name) {
                        let first = decl.name.span;
                        ok &= self
                            .fail::<()>(ModelError::DuplicateName {
                                name: l.name.name.clone(),
                                first,
                                span: l.name.span,
                            })
                            .is_ok();
                    }
                    let value = self.expr(&l.value, &mut scope);
                    ok &= value.is_ok();
                    scope.bind_result(&l.name.name, value);
                    continue;
                }
                ArchitectureEntry::Output(s, _) => ("output", *s),
                ArchitectureEntry::OutputMetric(s, _) => ("output metric", *s),
                ArchitectureEntry::Loss(s, _) => ("loss", *s),
            };
            if let Some(&(_, first)) = given.iter().find(|(w, _)| *w == word) {
                ok &= self.fail::<()>(ModelError::AssignedTwice { name: word.into(), first, span }).is_ok();
            }
            given.push((word, span));
            ok &= self.part(entry, &mut architecture, &mut scope).is_ok();
        }
        if ok { Ok(architecture) } else { Err(Reported) }
    }

    /// `output`, `output metric` or `loss`.
    fn part(&mut self, entry: &ArchitectureEntry, architecture: &mut Architecture, scope: &mut Scope) -> Elab<()> {
        match entry {
            ArchitectureEntry::Output(_, e) => {
                let value = self.expr(e, scope);
                // Later lines may use the output in its own shape; after a fault nothing is said of it again.
                scope.bind_result("output", value.as_ref().map_err(|_| Reported).copied());
                let t = value?;
                let n = self.store.size(t);
                architecture.output = Some(self.store.reshape(t, &[n]));
            }
            ArchitectureEntry::OutputMetric(s, e) => {
                let t = self.expr(e, scope)?;
                let Some(n) = architecture.output.map(|o| self.store.size(o)) else {
                    let name = architecture.name.clone();
                    let needed_by = "`output metric`".to_owned();
                    return self.fail(ModelError::Incomplete {
                        architecture: name,
                        part: "output",
                        needed_by,
                        span: *s,
                        asked: None,
                        elsewhere: None,
                    });
                };
                self.expect_shape(t, &[n, n], "the output metric, on vec(output),", e.span)?;
                architecture.output_metric = Some(t);
            }
            ArchitectureEntry::Loss(_, e) => {
                let t = self.expr(e, scope)?;
                self.expect_shape(t, &[], "the loss", e.span)?;
                architecture.loss = Some(t);
            }
            ArchitectureEntry::Param(_) | ArchitectureEntry::Let(_) | ArchitectureEntry::Group(..) => {}
        }
        Ok(())
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
        let (symbol, point) = self.quantify(name, &[dim], Draw::Real, Role::Point);
        let mut architecture = Architecture {
            name: name.to_owned(),
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
        };
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
            conditions = conditions.and(self.conditions(&p.conditions, scope, span));
        }
        self.at_a_point = false;
        conditions?;
        architecture.domain = self.constraints.split_off(before);
        Ok(architecture)
    }

    /// The shape that a `param` declares.
    pub(super) fn param_shape(&mut self, p: &Param, scope: &mut Scope) -> Elab<Shape> {
        let Some(ty) = &p.ty else {
            let message = format!("parameter `{}` needs a type", p.name.name);
            let help = Some(format!("for a real number write `{} : R`", p.name.name));
            return self.fail(ModelError::BadType { message, help, span: p.name.span });
        };
        if let Some(e) = &p.default {
            let message = "a `param` ranges over its whole type and takes no value".to_owned();
            return self.fail(ModelError::Argument { message, help: None, span: e.span });
        }
        match ty.name.name.as_str() {
            "R" if ty.arrow.is_none() => self.extents(ty, scope),
            "GL" if ty.dims.len() == 1 => {
                let n = self.natural(&ty.dims[0], scope, "the size of the matrix")?;
                self.check_entries(&[n, n], "this matrix", ty.span)?;
                Ok(Shape::from_slice(&[n, n]))
            }
            other => {
                let message = format!("a `param` is of type `R`, `R[n]`, `R[m, n]` or `GL[n]`, not `{other}`");
                let help = super::suggest::meant_type(other, &["R", "GL"]);
                self.fail(ModelError::BadType { message, help, span: ty.span })
            }
        }
    }

    /// Matches the arguments of a use with parameters. With `occurrence`, parameters that are left out take their
    /// default or are quantified over; without, they must be given.
    pub(super) fn bind(
        &mut self,
        instance: &Instance,
        params: &[Param],
        outer: &mut Scope,
        occurrence: Option<usize>,
    ) -> Elab<Bound> {
        let name = &instance.name.name;
        let mut slots: Vec<Option<(&crate::syntax::tree::Expr, Span)>> = vec![None; params.len()];
        for (i, a) in instance.args.iter().enumerate() {
            let slot = match &a.name {
                None => (i < params.len()).then_some(i),
                Some(n) => match params.iter().position(|p| p.name.name == n.name) {
                    Some(i) => Some(i),
                    None => return self.fail(unknown_parameter(name, n, params)),
                },
            };
            let Some(slot) = slot else {
                let expected = match params.len() {
                    0 => "no arguments".to_owned(),
                    1 => "one argument".to_owned(),
                    n => format!("{n} arguments"),
                };
                let found = instance.args.len();
                return self.fail(ModelError::Arity { name: name.clone(), expected, found, span: instance.span });
            };
            if slots[slot].is_some() {
                let message = format!("the parameter `{}` of `{name}` is given twice", params[slot].name.name);
                return self.fail(ModelError::Argument { message, help: None, span: a.value.span });
            }
            slots[slot] = Some((&a.value, a.value.span));
        }
        let mut bound = Bound { scope: Scope::default(), label: name.clone(), values: Vec::new() };
        let mut texts = Vec::new();
        for (p, slot) in params.iter().zip(slots) {
            let natural = p.ty.as_ref().is_some_and(|t| t.name.name == "N");
            let value = match slot {
                Some((e, at)) => {
                    let t = self.expr(e, outer)?;
                    if natural {
                        self.natural_term(t, at, &format!("the size `{}` of `{name}`", p.name.name))?;
                    } else {
                        self.expect_type(t, p, &mut bound.scope, at)?;
                    }
                    texts.push(match self.store.as_fill(t) {
                        Some(q) if self.store.shape(t).is_empty() => q.to_string(),
                        _ => super::elaborate::text_of(e),
                    });
                    t
                }
                None if natural || occurrence.is_none() => {
                    let message = format!("`{name}` needs its size `{}`", p.name.name);
                    let all = params.iter().map(|p| p.name.name.as_str()).collect::<Vec<_>>().join(", ");
                    let help = Some(format!("write `{name}({all})` with numbers"));
                    return self.fail(ModelError::Argument { message, help, span: instance.span });
                }
                None => match &p.default {
                    Some(e) => self.expr(e, &mut bound.scope.clone())?,
                    None => self.member(name, occurrence.unwrap_or(0), p, &mut bound.scope)?,
                },
            };
            bound.scope.bind(&p.name.name, Local::Value(value));
            bound.values.push(value);
            self.conditions(&p.conditions, &mut bound.scope, instance.span)?;
        }
        if !texts.is_empty() {
            bound.label = format!("{name}({})", texts.join(", "));
        }
        Ok(bound)
    }

    /// An argument must have the shape of its parameter's type.
    fn expect_type(&mut self, t: Term, p: &Param, scope: &mut Scope, span: Span) -> Elab<()> {
        let place = format!("the argument `{}`", p.name.name);
        match &p.ty {
            None => self.expect_shape(t, &[], &place, span),
            Some(ty) => self.expect_member(t, ty, scope, &place, span),
        }
    }

    /// A parameter that a use leaves out: quantified over its type. One symbol serves the same occurrence on both
    /// sides of an equation.
    fn member(&mut self, family: &str, occurrence: usize, p: &Param, scope: &mut Scope) -> Elab<Term> {
        let key = (family.to_owned(), occurrence, p.name.name.clone());
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
