//! Architectures of a symbolic size: the layout of their parameters, and output and loss at the symbolic point.

use std::rc::Rc;

use super::context::{Context, Res, stuck};
use super::linear::Lin;
use super::normal::Prover;
use super::poly::{Atom, Entry, Poly, Symbol};
use super::reading::{Conditions, Env, Sizes};
use super::value::{At, Layout, Shape, Value};
use crate::core::names::Declared;
use crate::read::{Part, bind, conditions, parts};
use crate::syntax::tree::{ArchitectureEntry, Instance, Param, Type};

/// An architecture at its symbolic point.
pub struct Arch<'e> {
    /// 0 for the source of a square, 1 for its target.
    pub side: usize,
    /// The blocks of its parameters.
    pub layout: Rc<Layout>,
    /// The loss.
    pub loss: Option<Value<'e>>,
    /// The output, in its own shape.
    pub output: Option<Value<'e>>,
    /// Whether it declares an output metric of its own.
    pub output_metric: bool,
    /// The names that its parameters have in a morphism's body.
    pub blocks: Vec<(String, Value<'e>)>,
    /// The conditions on the point; those that are positive with `true`.
    pub domain: Conditions<'e>,
}

impl Arch<'_> {
    /// The shape of vectors over the parameters.
    pub fn shape(&self) -> Shape {
        Shape::Over(Rc::clone(&self.layout))
    }
}

/// A vector over parameters whose entries are symbols.
pub fn symbolic<'e>(layout: &Rc<Layout>, symbol: Symbol) -> Value<'e> {
    Value::new(Shape::Over(Rc::clone(layout)), move |_, at| {
        let entry = Entry { symbol: symbol.clone(), block: at.block, index: at.index.clone() };
        Ok(Poly::atom(Atom::Entry(entry)))
    })
}

impl<'e> Prover<'e> {
    /// The architecture of a use, whose arguments are read in `env`.
    ///
    /// # Errors
    /// If it is declared with what is not read here.
    pub fn architecture(
        &'e self,
        instance: &'e Instance,
        env: &Env<'e>,
        side: usize,
        context: &Context,
    ) -> Res<Rc<Arch<'e>>> {
        let Some(Declared::Architecture(id)) = self.model.resolve(&instance.name.name, instance.name.span) else {
            return stuck(format!("`{}` is no architecture", instance.name.name));
        };
        let decl = &self.model[id];
        let mut reading = Sizes::new(self, context);
        let mut env = bind(&mut reading, instance, &decl.params, env, Some(0))?.scope;
        let params = decl.body.iter().filter_map(|e| if let ArchitectureEntry::Param(p) = e { Some(p) } else { None });
        let params: Vec<&Param> = params.flatten().collect();
        let mut blocks = Vec::new();
        for p in &params {
            let dims = reading.real(p.ty.as_ref(), &env)?;
            blocks.push((p.name.name.clone(), dims));
        }
        let layout = Rc::new(Layout { blocks });
        let point = symbolic(&layout, Symbol::Point(side));
        let mut named = Vec::new();
        for k in 0..layout.blocks.len() {
            let (name, _) = &layout.blocks[k];
            let value = self.block(point.clone(), k)?;
            env = env.value(name, value.clone());
            named.push((name.clone(), value));
        }
        reading.conditions.clear();
        for p in &params {
            conditions(&mut reading, &p.conditions, &env, instance.span)?;
        }
        let domain = std::mem::take(&mut reading.conditions);
        if side == 0 {
            self.names.borrow_mut().blocks = named.iter().map(|(name, _)| name.clone()).collect();
        }
        let mut arch = Arch { side, layout, loss: None, output: None, output_metric: false, blocks: named, domain };
        let depth = env.depth();
        parts(&mut reading, decl, depth, &mut env, &mut |_, part, _, value| {
            let value = value.map(|v| v.0);
            match part {
                Part::Output(_) => arch.output = value,
                Part::OutputMetric(_) => arch.output_metric = true,
                Part::Loss(_) => arch.loss = value,
                Part::Group(..) => {}
            }
            Ok(())
        })?;
        Ok(Rc::new(arch))
    }

    /// A block of a vector over the parameters, in its own shape.
    ///
    /// # Errors
    /// If it is no such vector.
    pub fn block(&'e self, x: Value<'e>, b: usize) -> Res<Value<'e>> {
        let Shape::Over(layout) = &x.shape else {
            return stuck("a block of what is no vector over the parameters");
        };
        let Some((_, dims)) = layout.blocks.get(b) else { return stuck("a block that does not exist") };
        let shape = Shape::Tensor(dims.clone());
        Ok(Value::new(shape, move |c, at| (x.at)(c, &At { block: b, index: at.index.clone() })))
    }
}

impl<'e> Sizes<'e, '_> {
    /// The extents of a type `R…`.
    ///
    /// # Errors
    /// If it is another type, or a size is negative at some member.
    pub fn real(&mut self, ty: Option<&'e Type>, env: &Env<'e>) -> Res<Vec<Lin>> {
        let Some(ty) = ty.filter(|t| t.name.name == "R" && t.arrow.is_none()) else {
            return stuck("parameters that are not of a type `R…`");
        };
        let mut dims = Vec::with_capacity(ty.dims.len());
        for d in &ty.dims {
            let value = self.eval(d, env)?;
            dims.push(self.prover.size(&value, self.context)?);
        }
        if dims.len() > 2 {
            return stuck("a tensor of more than two axes");
        }
        Ok(dims)
    }
}
