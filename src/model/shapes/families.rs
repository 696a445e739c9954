//! Declarations but optimizers, read over symbolic sizes.

use super::fits::Holds;
use super::{Done, Names, Shaped, Shapes, Stopped};
use crate::core::error::ModelError;
use crate::core::names::{DataId, Declared};
use crate::core::size::Lin;
use crate::model::architecture::architecture_named;
use crate::model::faults::{self, Targets};
use crate::model::morphism::no_part;
use crate::read::{self, Local, Part};
use crate::source::Span;
use crate::syntax::tree::{
    Architecture, ArchitectureEntry, Composite, Def, Domain, Equation, Ident, Instance, Morphism, MorphismKind, Param,
    Type,
};

/// What is said of sizes that differ in a family, whatever the family's sizes are.
const FOR_NO_SIZE: &str = "the family fits for no size";

/// A parameter of an architecture, where it is declared, and its value.
type Blocks<'e> = Vec<(&'e Ident, Shaped)>;

impl<'e> Shapes<'e> {
    /// An architecture.
    pub(super) fn architecture(&mut self, decl: &'e Architecture) -> Done {
        self.refuse(faults::type_of_size(&decl.name.name, &decl.params))?;
        self.never = Some(FOR_NO_SIZE);
        let mut scope = Names::default();
        self.family(&decl.params, &mut scope);
        let outer = scope.depth();
        let params: Vec<&'e Param> = params_of(decl).collect();
        let blocks = self.point(&params, &mut scope)?;
        let names: Vec<(&str, Span)> = blocks.iter().map(|(p, _)| (p.name.as_str(), p.span)).collect();
        let mut groups: Vec<(&'e str, Span)> = Vec::new();
        let has_output = decl.body.iter().any(|e| matches!(e, ArchitectureEntry::Output(..)));
        let mut entries: Option<Lin> = None;
        read::parts(self, decl, outer, &mut scope, &mut |shapes, part, span, value| {
            match (part, value) {
                (Part::Group(name, members), _) => match faults::group(name, members, &names, &groups) {
                    Ok(_) => groups.push((&name.name, name.span)),
                    Err(fault) => return Err(shapes.report(*fault)),
                },
                (Part::Output(_), Some((value, _))) => entries = value.entries(),
                (Part::OutputMetric(_), Some(_)) if !has_output => {
                    return Err(shapes.report(faults::metric_of_no_output(&decl.name.name, span)));
                }
                (Part::OutputMetric(_), Some((value, at))) => {
                    let place = "the output metric, on vec(output),";
                    match &entries {
                        Some(n) => shapes.expect(&value, &[n.clone(), n.clone()], place, at)?,
                        None => shapes.rank(&value, 2, "a matrix", place, at)?,
                    }
                }
                (Part::Loss(_), Some((value, at))) => shapes.expect(&value, &[], "the loss", at)?,
                (Part::Output(_) | Part::OutputMetric(_) | Part::Loss(_), None) => {}
            }
            Ok(())
        })
    }

    /// The parameters of an architecture or of an inline source, bound in its scope, with their conditions.
    fn point(&mut self, params: &[&'e Param], scope: &mut Names) -> Result<Blocks<'e>, Stopped> {
        let mut blocks: Blocks<'e> = Vec::new();
        let mut done = Ok(());
        for (i, p) in params.iter().enumerate() {
            if let Some((first, _)) = blocks.iter().find(|(b, _)| b.name == p.name.name) {
                let (name, first, span) = (p.name.name.clone(), first.span, p.name.span);
                done = Err(self.report(ModelError::DuplicateName { name, first, span }));
                continue;
            }
            // Names without a type are one fault: `(a, b)` for `(a, b : R)`.
            if p.ty.is_none() && params[..i].iter().any(|q| q.ty.is_none()) {
                continue;
            }
            match self.param(p, scope) {
                Ok(value) => blocks.push((&p.name, value)),
                Err(stopped) => done = Err(stopped),
            }
        }
        done?;
        bind_blocks(&blocks, scope);
        let conditions =
            params.iter().map(|p| read::conditions(self, &p.conditions, scope, p.name.span)).collect::<Vec<Done>>();
        conditions.into_iter().collect::<Done>()?;
        Ok(blocks)
    }

    /// A parameter of an architecture.
    fn param(&mut self, p: &'e Param, scope: &Names) -> Result<Shaped, Stopped> {
        self.refuse(faults::type_of_param(p))?;
        match &p.ty {
            Some(ty) => self.of_type(ty, scope),
            None => Ok(Shaped::unknown()),
        }
    }

    /// The parameters of a use of an architecture. Its faults are its own.
    fn of_use(&mut self, instance: &'e Instance, scope: &Names) -> Result<Blocks<'e>, Stopped> {
        let id = match architecture_named(self.model, &instance.name) {
            Ok(id) => id,
            Err(fault) => return Err(self.report(*fault)),
        };
        let decl = &self.model[id];
        self.refuse(faults::type_of_size(&decl.name.name, &decl.params))?;
        let inner = read::bind(self, instance, &decl.params, scope, None)?.scope;
        let mut blocks: Blocks<'e> = Vec::new();
        for p in params_of(decl) {
            if blocks.iter().any(|(b, _)| b.name == p.name.name) {
                return Err(Stopped);
            }
            let known = faults::type_of_param(p).is_none();
            let Some(ty) = p.ty.as_ref().filter(|_| known) else { return Err(Stopped) };
            blocks.push((&p.name, self.of_type(ty, &inner)?));
        }
        Ok(blocks)
    }

    /// A morphism.
    pub(super) fn morphism(&mut self, decl: &'e Morphism) -> Done {
        self.never = Some(FOR_NO_SIZE);
        let mut scope = Names::default();
        self.family(&decl.params, &mut scope);
        let outside = scope.clone();
        let target = self.of_use(&decl.target, &scope)?;
        let source = match &decl.source {
            Domain::Named(instance) => {
                let blocks = self.of_use(instance, &scope)?;
                bind_blocks(&blocks, &mut scope);
                blocks
            }
            Domain::Inline(params, _) => {
                let list: Vec<&'e Param> = params.iter().collect();
                self.point(&list, &mut scope)?
            }
        };
        let name = decl.name.name.as_str();
        let target_name = &decl.target.name.name;
        self.equations(&decl.body, (target_name, &target), &mut scope, (name, decl.name.span))?;
        read::conditions(self, &decl.assumptions, &scope, decl.name.span)?;
        if let (MorphismKind::Reparam, Some(m), Some(n)) = (decl.kind, dimension(&source), dimension(&target)) {
            self.equal(&m, &n, |s| {
                let (source_dim, target_dim) = (s.size_text(&m), s.size_text(&n));
                ModelError::Dimension { morphism: name.to_owned(), source_dim, target_dim, span: decl.name.span }
            })?;
        }
        let Some((span, body)) = &decl.inverse else { return Ok(()) };
        let mut scope = outside;
        bind_blocks(&target, &mut scope);
        let source_name = match &decl.source {
            Domain::Named(instance) => instance.name.name.clone(),
            Domain::Inline(..) => format!("source of {name}"),
        };
        self.equations(body, (&source_name, &source), &mut scope, (&format!("inverse of {name}"), *span))
    }

    /// Equations: each gives a parameter of the target its value, and all are given.
    fn equations(
        &mut self,
        body: &'e [Equation],
        (target, blocks): (&str, &Blocks<'e>),
        scope: &mut Names,
        (morphism, head): (&str, Span),
    ) -> Done {
        let described = {
            let list: Vec<String> = blocks.iter().map(|(p, v)| format!("{} : {}", p.name, self.type_text(v))).collect();
            format!("{target} ({})", list.join(", "))
        };
        let mut targets = Targets::new(blocks.iter().map(|(p, _)| p.name.as_str()).collect(), described.clone());
        read::equations(self, body, scope, &mut |shapes, name, e, scope| {
            let i = match targets.meet(name, scope.has(&name.name)) {
                Ok(i) => i,
                Err(Some(fault)) => return Err(shapes.report(*fault)),
                Err(None) => return Err(Stopped),
            };
            let value = read::expr(shapes, e, scope)?;
            match &blocks[i].1.extents {
                Some(wanted) => shapes.expect(&value, wanted, &format!("`{}` of {described}", name.name), e.span),
                None => Ok(()),
            }
        })?;
        self.refuse(targets.missing(body, morphism, head))
    }

    fn type_text(&self, v: &Shaped) -> String {
        v.extents.as_deref().map_or_else(|| "R[…]".to_owned(), |e| self.text(e))
    }

    /// A named path: its parts and their arguments.
    pub(super) fn composite(&mut self, decl: &'e Composite) -> Done {
        let mut scope = Names::default();
        self.family(&decl.params, &mut scope);
        let mut done = Ok(());
        for part in &decl.path.parts {
            let params = match self.model.resolve(&part.name.name, part.name.span) {
                Some(Declared::Morphism(id)) => &self.model[id].params,
                Some(Declared::Composite(id)) => &self.model[id].params,
                None if part.name.name == "id" => continue,
                _ => {
                    done = Err(self.report(no_part(self.model, part)));
                    continue;
                }
            };
            done = read::bind(self, part, params, &scope, Some(0)).map(|_| ()).and(done);
        }
        done
    }

    /// Data, or a family of data.
    pub(super) fn declared_data(&mut self, id: DataId) -> Done {
        self.never = Some(FOR_NO_SIZE);
        self.data.insert(id);
        let decl = &self.model[id];
        let mut scope = Names::default();
        self.family(&decl.params, &mut scope);
        let data = &decl.decl;
        let taken = if data.ty.name.name == "N" { 1 } else { decl.params.len() };
        self.refuse(faults::arguments_of_data(decl, taken, decl.name.span))?;
        let ty = super::reading::type_of_one(&data.ty);
        let wanted = match (&data.value, &data.read) {
            (None, None) => self.value_of_type(ty, &scope)?,
            _ => {
                self.refuse(faults::axes(ty))?;
                self.of_type(ty, &scope)?
            }
        };
        if let Some(e) = &data.value {
            let name = &decl.name.name;
            let mut value = Shaped::unknown();
            self.inside(name, |s| {
                value = read::expr(s, e, &scope)?;
                Ok(())
            })?;
            if let Some(extents) = &wanted.extents {
                self.expect(&value, extents, &format!("the value of `{name}`"), e.span)?;
            }
        }
        if let Some((path, place)) = &data.read {
            self.numbers_of_file(id, (&data.ty, &wanted), path, *place)?;
        }
        scope.bind(&decl.name.name, Local::Value(wanted));
        read::conditions(self, &data.conditions, &scope, decl.name.span)
    }

    /// The shape of what a file holds is that of the type.
    fn numbers_of_file(&mut self, id: DataId, (ty, wanted): (&'e Type, &Shaped), path: &str, place: Span) -> Done {
        let Some(table) = self.model.table(&self.model[id].decl) else { return Ok(()) };
        let mut shape = table.shape.clone();
        if table.name.to_ascii_lowercase().ends_with(".csv") && ty.name.name == "R" && ty.dims.len() < 2 {
            shape.retain(|n| *n != 1);
        }
        let found = Shaped::of(shape.iter().map(|&n| Lin::num(n as i128)).collect());
        match &wanted.extents {
            Some(extents) => self.expect(&found, extents, &format!("\"{path}\""), place),
            None => Ok(()),
        }
    }

    /// A function: of its arguments nothing is known, and what it needs an architecture for is a matter of its use.
    pub(super) fn definition(&mut self, def: &'e Def) -> Done {
        let mut scope = Names::default();
        for p in &def.params {
            Self::bind_value(&mut scope, &p.name, Shaped::unknown());
        }
        let done = self.inside(&def.name.name, |s| read::expr(s, &def.body, &scope).map(|_| ()));
        self.errors.retain(|e| !matches!(e, ModelError::OptimizerBody { .. }));
        done
    }

    /// A family of data that is used: whether its value is given by itself.
    pub(super) fn follow(&mut self, id: DataId) -> Done {
        let decl = &self.model[id];
        let family = !decl.params.is_empty();
        let Some(e) = decl.decl.value.as_ref().filter(|_| family && self.data.insert(id)) else { return Ok(()) };
        let mut scope = Names::default();
        for p in &decl.params {
            let size = self.variable(&p.name.name, false);
            Self::bind_value(&mut scope, &p.name.name, Shaped::size(size));
        }
        // What it asks of its sizes is a matter of its own.
        self.hidden += 1;
        let done = self.inside(&decl.name.name, |s| read::expr(s, e, &scope).map(|_| ()));
        self.hidden -= 1;
        done
    }

    /// That a condition of a use can hold, or that one of the family itself does.
    pub(super) fn compared(&mut self, larger: &Lin, smaller: &Lin, strictly: bool, fault: ModelError) -> Done {
        let holds = Holds::NotNegative(larger.sub(smaller).plus(-i128::from(strictly)));
        if self.assumes {
            self.demands.push(super::Demand { holds, rounds: Vec::new(), fault: None });
            return Ok(());
        }
        self.demand(holds, fault)
    }
}

fn params_of(decl: &Architecture) -> impl Iterator<Item = &Param> {
    let lines = decl.body.iter().filter_map(|e| if let ArchitectureEntry::Param(p) = e { Some(p) } else { None });
    lines.flatten()
}

fn bind_blocks(blocks: &Blocks<'_>, scope: &mut Names) {
    for (p, value) in blocks {
        scope.bind(&p.name, Local::Value(value.clone()));
    }
}

/// The number of entries of all parameters.
fn dimension(blocks: &Blocks<'_>) -> Option<Lin> {
    blocks.iter().try_fold(Lin::default(), |all, (_, v)| Some(all.add(&v.entries()?)))
}
