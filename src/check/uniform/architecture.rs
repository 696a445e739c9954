//! Architectures of a symbolic size: the layout of their parameters, and output and loss at the symbolic point.

use std::rc::Rc;

use super::context::{Context, Res, stuck};
use super::expr::Env;
use super::linear::Lin;
use super::normal::Prover;
use super::poly::{Atom, Entry, Poly, Symbol};
use super::value::{At, Layout, Shape, Value};
use crate::domain::Rational;
use crate::model::names::Declared;
use crate::syntax::tree::{ArchitectureEntry, Comparison, Condition, Expr, Instance, Param, Type};

/// The conditions of a domain: differences that are positive, or not zero, entry by entry.
pub type Conditions<'e> = Vec<(Value<'e>, bool)>;

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
        let (mut env, _) = self.bind(instance, &decl.params, env, context)?;
        let mut blocks = Vec::new();
        let params = decl.body.iter().filter_map(|e| if let ArchitectureEntry::Param(p) = e { Some(p) } else { None });
        let params: Vec<&Param> = params.flatten().collect();
        for p in &params {
            let dims = self.real(p.ty.as_ref(), &env, context)?;
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
        let mut domain = Vec::new();
        for p in &params {
            self.conditions(&p.conditions, &env, context, &mut domain)?;
        }
        if side == 0 {
            self.names.borrow_mut().blocks = named.iter().map(|(name, _)| name.clone()).collect();
        }
        let mut arch = Arch { side, layout, loss: None, output: None, output_metric: false, blocks: named, domain };
        for entry in &decl.body {
            match entry {
                ArchitectureEntry::Param(_) | ArchitectureEntry::Group(..) => {}
                ArchitectureEntry::Let(l) => {
                    let value = self.eval(&l.value, &env, context)?;
                    env = env.value(&l.name.name, value);
                }
                ArchitectureEntry::Output(_, e) => {
                    let value = self.eval(e, &env, context)?;
                    env = env.value("output", value.clone());
                    arch.output = Some(value);
                }
                ArchitectureEntry::OutputMetric(..) => arch.output_metric = true,
                ArchitectureEntry::Loss(_, e) => arch.loss = Some(self.eval(e, &env, context)?),
            }
        }
        Ok(Rc::new(arch))
    }

    /// The extents of a type `R…`.
    fn real(&'e self, ty: Option<&'e Type>, env: &Env<'e>, context: &Context) -> Res<Vec<Lin>> {
        let Some(ty) = ty.filter(|t| t.name.name == "R" && t.arrow.is_none()) else {
            return stuck("parameters that are not of a type `R…`");
        };
        let dims: Res<Vec<Lin>> = ty.dims.iter().map(|d| self.lin(d, env, context)).collect();
        let dims = dims?;
        if dims.len() > 2 {
            return stuck("a tensor of more than two axes");
        }
        for d in &dims {
            if !context.decide(d)? {
                return stuck("a size is negative at some member");
            }
        }
        Ok(dims)
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

    /// Matches the arguments of a use with parameters: sizes must be given, real parameters that are left out take their
    /// default or are quantified over. Gives the names and the conditions on what is quantified over.
    ///
    /// # Errors
    /// If they do not match, or a condition on a size does not hold at some member.
    pub fn bind(
        &'e self,
        instance: &'e Instance,
        params: &'e [Param],
        outer: &Env<'e>,
        context: &Context,
    ) -> Res<(Env<'e>, Conditions<'e>)> {
        let mut slots: Vec<Option<&'e Expr>> = vec![None; params.len()];
        for (i, a) in instance.args.iter().enumerate() {
            let slot = a.name.as_ref().map_or(Some(i), |n| params.iter().position(|p| p.name.name == n.name));
            match slot.and_then(|s| slots.get_mut(s)) {
                Some(slot @ None) => *slot = Some(&a.value),
                _ => return stuck(format!("the arguments of `{}`", instance.name.name)),
            }
        }
        let mut env = Env::default();
        let mut conditions = Vec::new();
        for (p, slot) in params.iter().zip(slots) {
            let natural = p.ty.as_ref().is_some_and(|t| t.name.name == "N");
            let value = match slot {
                Some(e) if natural => {
                    let l = self.lin(e, outer, context)?;
                    if !context.decide(&l)? {
                        return stuck("a size is negative at some member");
                    }
                    Value::size(l)
                }
                None if natural => return stuck(format!("`{}` needs its size `{}`", instance.name.name, p.name.name)),
                Some(e) => self.eval(e, outer, context)?,
                None => match &p.default {
                    Some(e) => self.eval(e, &env, context)?,
                    None => {
                        let dims = match &p.ty {
                            None => Vec::new(),
                            ty => self.real(ty.as_ref(), &env, context)?,
                        };
                        let symbol = Symbol::Member(instance.name.name.clone(), p.name.name.clone());
                        Value::new(Shape::Tensor(dims), move |_, at| {
                            let entry = Entry { symbol: symbol.clone(), block: 0, index: at.index.clone() };
                            Ok(Poly::atom(Atom::Entry(entry)))
                        })
                    }
                },
            };
            env = env.value(&p.name.name, value);
            self.conditions(&p.conditions, &env, context, &mut conditions)?;
        }
        Ok((env, conditions))
    }

    /// Conditions: those between sizes are decided, the others collected as differences.
    fn conditions(
        &'e self,
        conditions: &'e [Condition],
        env: &Env<'e>,
        context: &Context,
        out: &mut Conditions<'e>,
    ) -> Res<()> {
        for condition in conditions {
            let mut left = self.eval(&condition.first, env, context)?;
            for (op, e) in &condition.rest {
                let right = self.eval(e, env, context)?;
                if let (Some(a), Some(b)) = (&left.lin, &right.lin) {
                    let (less, strict) = match op {
                        Comparison::Lt => (b.sub(a), 1),
                        Comparison::Le => (b.sub(a), 0),
                        Comparison::Gt => (a.sub(b), 1),
                        Comparison::Ge => (a.sub(b), 0),
                        Comparison::Ne => {
                            if context.decide_zero(&a.sub(b))? {
                                return stuck("a condition on a size does not hold at some member");
                            }
                            left = right;
                            continue;
                        }
                    };
                    if !context.decide(&less.plus(-strict))? {
                        return stuck("a condition on a size does not hold at some member");
                    }
                } else {
                    let (above, below) = match op {
                        Comparison::Lt | Comparison::Le => (&right, &left),
                        _ => (&left, &right),
                    };
                    let difference = above.zip(below, |_, x, y| Ok(x.plus(&Rational::NEG_ONE, &y)))?;
                    out.push((difference, *op != Comparison::Ne));
                }
                left = right;
            }
        }
        Ok(())
    }
}
