//! The naturality square of an optimizer along one projection of every size.

use std::cell::RefCell;
use std::rc::Rc;

use super::architecture::Arch;
use super::context::{Context, Need, Res, stuck};
use super::evident::reason;
use super::normal::{Obligation, Prover};
use super::optimizer::Over;
use super::poly::{Atom, Entry, Poly, Symbol, Words};
use super::rate::{self, Sides};
use super::reading::{Env, Sizes};
use super::value::{At, Layout, Shape, Value};
use super::{Family, Outcome, Proof};
use crate::core::names::{DataId, Declared};
use crate::core::size::{Lin, Var};
use crate::core::variance::Variance;
use crate::domain::Rational;
use crate::read::{Local, bind, equations};
use crate::syntax::tree::{Domain, Instance, Morphism, MorphismKind, Optimizer};

/// A projection of a symbolic size.
pub struct Projection<'e> {
    /// Where it starts.
    pub source: Rc<Arch<'e>>,
    /// Where it ends.
    pub target: Rc<Arch<'e>>,
    /// The target's blocks as functions of the source's point.
    pub map: Vec<Value<'e>>,
    /// What is positive among the parameters that are quantified over.
    pub positive: Vec<Poly>,
}

/// The declaration of a family's generator.
pub fn declaration<'m>(family: &Family<'m>) -> Res<&'m Morphism> {
    match family.model.resolve(&family.generator.name.name, family.generator.name.span) {
        Some(Declared::Morphism(id)) if family.model[id].kind == MorphismKind::Projection => Ok(&family.model[id]),
        _ => stuck(format!("`{}` is no projection given by equations", family.generator.name.name)),
    }
}

impl<'e> Prover<'e> {
    /// The projection at an index.
    ///
    /// # Errors
    /// If it is outside of what is read here.
    pub fn projection(&'e self, family: &Family<'e>, n: &Lin, context: &Context) -> Res<Projection<'e>> {
        let (decl, generator) = (declaration(family)?, family.generator);
        let outer = Env::default().value(&family.index.name, Value::size(n.clone()));
        let mut reading = Sizes::new(self, context).with_index(generator, &decl.params, n);
        let env = bind(&mut reading, generator, &decl.params, &outer, Some(0))?.scope;
        let conditions = std::mem::take(&mut reading.conditions);
        let Domain::Named(source) = &decl.source else {
            return stuck("a source that is written inline");
        };
        let source = self.architecture(source, &env, 0, context)?;
        let target = self.architecture(&decl.target, &env, 1, context)?;
        let mut env = env;
        for (name, value) in &source.blocks {
            env = env.value(name, value.clone());
        }
        let mut given: Vec<Option<Value>> = vec![None; target.layout.blocks.len()];
        equations(&mut reading, &decl.body, &mut env, &mut |reading, name, e, env| {
            let value = reading.eval(e, env)?;
            let Some(b) = target.layout.blocks.iter().position(|b| b.0 == name.name) else {
                return stuck("an equation for what is no parameter");
            };
            if value.extents() != Some(&target.layout.blocks[b].1) {
                return stuck(format!("the size of `{}` is not plainly that of the target", name.name));
            }
            given[b] = Some(value);
            Ok(())
        })?;
        let map: Vec<Value> = given.into_iter().flatten().collect();
        if map.len() != target.layout.blocks.len() {
            return stuck("a parameter of the target without an equation");
        }
        let mut positive = Vec::new();
        for (v, _) in conditions.iter().filter(|(v, strict)| *strict && v.is_scalar()) {
            positive.push(v.get(context)?);
        }
        Ok(Projection { source, target, map, positive })
    }

    /// Whether an index lies in a block.
    ///
    /// # Errors
    /// What has to be known of it.
    pub fn inside(&self, context: &Context, layout: &Layout, block: usize, index: &[Lin]) -> Res<bool> {
        let Some((_, dims)) = layout.blocks.get(block) else { return Ok(false) };
        for (i, n) in index.iter().zip(dims) {
            if !context.decide(i)? || !context.decide(&n.sub(i).plus(-1))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The derivative of a function of the source along a vector field. Entries outside of their range, which cancel,
    /// are given a direction of their own.
    fn along(&'e self, context: &Context, p: &Poly, layout: &Layout, fields: &[(Symbol, Value<'e>)]) -> Res<Poly> {
        self.tangent(context, p, &|c, x| {
            let Some(k) = fields.iter().position(|(s, _)| *s == x.symbol) else { return Ok(None) };
            if self.inside(c, layout, x.block, &x.index)? {
                (fields[k].1.at)(c, &At { block: x.block, index: x.index.clone() }).map(Some)
            } else {
                let formal = Entry { symbol: Symbol::Formal(k), ..x.clone() };
                Ok(Some(Poly::atom(Atom::Entry(formal))))
            }
        })
    }

    /// A function with the entries of some symbols replaced by those of vectors, where they are in range.
    pub fn at_point(&'e self, context: &Context, p: &Poly, layout: &Layout, by: &[(Symbol, Value<'e>)]) -> Res<Poly> {
        self.substitute(context, p, &|c, x| {
            let Some((_, value)) = by.iter().find(|(s, _)| *s == x.symbol) else { return Ok(None) };
            if self.inside(c, layout, x.block, &x.index)? {
                (value.at)(c, &At { block: x.block, index: x.index.clone() }).map(Some)
            } else {
                Ok(None)
            }
        })
    }
}

/// The square at one index: both optimizers, and how the projection carries points and states.
pub struct Square<'e> {
    prover: &'e Prover<'e>,
    projection: Rc<Projection<'e>>,
    source: Rc<Over<'e>>,
    target: Rc<Over<'e>>,
    /// What is positive among the optimizer's parameters.
    positive: Vec<Poly>,
}

impl<'e> Square<'e> {
    /// The square of a use of an optimizer.
    ///
    /// # Errors
    /// If something is outside of what is read here.
    pub fn new(
        prover: &'e Prover<'e>,
        projection: Projection<'e>,
        decl: &'e Optimizer,
        instance: &'e Instance,
        context: &Context,
    ) -> Res<Self> {
        let mut reading = Sizes::new(prover, context);
        let names = bind(&mut reading, instance, &decl.params, &Env::default(), Some(0))?.scope;
        let conditions = reading.conditions;
        let source = prover.optimizer(decl, names.clone(), &projection.source, context)?;
        let target = prover.optimizer(decl, names, &projection.target, context)?;
        let mut positive = projection.positive.clone();
        for (v, _) in conditions.iter().filter(|(v, strict)| *strict && v.is_scalar()) {
            positive.push(v.get(context)?);
        }
        Ok(Square { prover, projection: Rc::new(projection), source, target, positive })
    }

    /// The image of the source's point.
    pub fn image(&self) -> Value<'e> {
        let projection = Rc::clone(&self.projection);
        Value::new(self.projection.target.shape(), move |c, at| {
            (projection.map[at.block].at)(c, &At::tensor(at.index.clone()))
        })
    }

    /// The image of state `k`, a tangent vector.
    fn image_of_state(&self, k: usize) -> Value<'e> {
        let (prover, image, source) = (self.prover, self.image(), Rc::clone(&self.projection.source));
        let velocity = super::architecture::symbolic(&source.layout, Symbol::State(k, 0));
        Value::new(self.projection.target.shape(), move |c, at| {
            let p = (image.at)(c, at)?;
            prover.along(c, &p, &source.layout, &[(Symbol::Point(0), velocity.clone())])
        })
    }

    fn is_tangent(&self, k: usize) -> bool {
        self.source.variances[k] == Variance::Tangent
    }

    /// The components: the point first, then each state.
    pub fn components(&self) -> Vec<Option<usize>> {
        std::iter::once(None).chain((0..self.source.decl.states.len()).map(Some)).collect()
    }

    fn name(&self, component: Option<usize>) -> &'e str {
        component.map_or("params", |k| &self.source.decl.states[k].name.name)
    }

    /// The blocks of a component with their extents.
    pub fn blocks(&self, component: Option<usize>, context: &Context) -> Res<Vec<Vec<Lin>>> {
        match component {
            Some(k) if !self.is_tangent(k) => {
                let value = self.prover.eval_name(self.name(component), &self.source.names, context)?;
                match value.shape {
                    Shape::Tensor(dims) => Ok(vec![dims]),
                    Shape::Over(_) => stuck("a fixed state over the parameters"),
                }
            }
            _ => Ok(self.projection.target.layout.blocks.iter().map(|b| b.1.clone()).collect()),
        }
    }

    /// A component of an optimizer, of the right shape.
    fn value(&self, over: &Rc<Over<'e>>, component: Option<usize>, context: &Context) -> Res<Value<'e>> {
        let value = self.prover.component(over, self.name(component), context)?;
        let fits = match component {
            Some(k) if !self.is_tangent(k) => {
                value.shape == self.prover.eval_name(self.name(component), &over.names, context)?.shape
            }
            _ => value.shape == over.arch.shape(),
        };
        if fits { Ok(value) } else { stuck(format!("the rule for `{}` has another shape", self.name(component))) }
    }

    /// Both sides of the square in one component at one place.
    ///
    /// # Errors
    /// What has to be known of the place.
    pub fn sides(&self, component: Option<usize>, at: &At, context: &Context) -> Res<(Poly, Poly)> {
        let prover = self.prover;
        let (source, target) = (&self.projection.source.layout, &self.projection.target.layout);
        let right = (self.value(&self.target, component, context)?.at)(context, at)?;
        let mut images = vec![(Symbol::Point(1), self.image())];
        images.extend(
            (0..self.source.decl.states.len())
                .filter(|&k| self.is_tangent(k))
                .map(|k| (Symbol::State(k, 1), self.image_of_state(k))),
        );
        let right = prover.at_point(context, &right, target, &images)?;
        // The source's field, or new values.
        let mut fields = vec![(Symbol::Point(0), self.value(&self.source, None, context)?)];
        for k in (0..self.source.decl.states.len()).filter(|&k| self.is_tangent(k)) {
            fields.push((Symbol::State(k, 0), self.value(&self.source, Some(k), context)?));
        }
        let carried = match component {
            None => self.image(),
            Some(k) if self.is_tangent(k) => self.image_of_state(k),
            Some(_) => {
                let left = (self.value(&self.source, component, context)?.at)(context, at)?;
                return Ok((left, right));
            }
        };
        let carried = (carried.at)(context, at)?;
        let left = match self.source.step {
            false => prover.along(context, &carried, source, &fields)?,
            true => prover.at_point(context, &carried, source, &fields)?,
        };
        Ok((left, right))
    }
}

/// The square of a family: see [`super::square()`].
pub fn prove(family: &Family, optimizer: &Instance) -> Outcome {
    let prover = Prover::new(family.model);
    match attempt(&prover, family, optimizer) {
        Ok(proof) => Outcome::Proved(proof),
        Err(need) => Outcome::Open { reason: reason(&need) },
    }
}

/// The index as a free variable, and what is known of it.
pub fn index(prover: &Prover, from: u64) -> Res<(Var, Context)> {
    let v = prover.cases.fresh();
    let Ok(from) = i64::try_from(from).map(i128::from) else { return stuck("an index beyond this prover") };
    if from > 1 << 32 {
        return stuck("an index beyond this prover");
    }
    Ok((v, Context::default().with(Lin::var(v).plus(-from))))
}

/// Both sides in all cases, with the index as a variable, what is positive, and whether they are steps.
pub struct Examined {
    /// The cases.
    pub all: Vec<Sides>,
    /// The index.
    pub index: Var,
    /// What is known of it.
    pub context: Context,
    positive: Vec<Poly>,
    step: bool,
}

/// Computes both sides of a family's square in all cases.
///
/// # Errors
/// What is not read here, or needs too much.
pub fn examine<'e>(prover: &'e Prover<'e>, family: &Family<'e>, optimizer: &'e Instance) -> Res<Examined> {
    declaration(family)?;
    let Some(Declared::Optimizer(id)) = family.model.resolve(&optimizer.name.name, optimizer.name.span) else {
        return stuck(format!("`{}` is no optimizer", optimizer.name.name));
    };
    let optimizer_decl: &'e Optimizer = &family.model[id];
    let (v, context) = index(prover, family.from)?;
    let build = |c: &Context, n: &Lin| -> Res<Square<'e>> {
        let projection = prover.projection(family, n, c)?;
        Square::new(prover, projection, optimizer_decl, optimizer, c)
    };
    // How many blocks a component has does not depend on the index.
    let shapes = prover.cases.all(&context, vec![Lin::var(v)], &|c, values| {
        let square = build(c, &values[0])?;
        let blocks: Res<Vec<(Option<usize>, Vec<usize>)>> = square
            .components()
            .into_iter()
            .map(|k| Ok((k, square.blocks(k, c)?.iter().map(Vec::len).collect())))
            .collect();
        Ok((blocks?, square.positive.clone(), square.source.step))
    })?;
    let Some((blocks, positive, step)) = shapes.into_iter().next() else {
        return stuck("there is no member");
    };
    let mut all: Vec<Sides> = Vec::new();
    for (component, axes) in &blocks {
        for (block, &rank) in axes.iter().enumerate() {
            let place: Vec<Lin> = (0..rank).map(|_| Lin::var(prover.cases.fresh())).collect();
            let values: Vec<Lin> = std::iter::once(Lin::var(v)).chain(place).collect();
            let goal = |c: &Context, values: &[Lin]| -> Res<Option<Sides>> {
                let square = build(c, &values[0])?;
                let dims = square.blocks(*component, c)?.get(block).cloned().unwrap_or_default();
                // The place ranges over the block; outside of it there is nothing to prove.
                for (i, n) in values[1..].iter().zip(&dims) {
                    if !c.decide(i)? || !c.decide(&n.sub(i).plus(-1))? {
                        return Ok(None);
                    }
                }
                let at = At { block, index: values[1..].to_vec() };
                let (left, right) = square.sides(*component, &at, c)?;
                let place = (*component, block, at.index);
                Ok(Some(Sides { left, right, n: values[0].clone(), place, context: c.clone() }))
            };
            all.extend(prover.cases.all(&context, values, &goal)?.into_iter().flatten());
        }
    }
    Ok(Examined { all, index: v, context, positive, step })
}

fn attempt<'e>(prover: &'e Prover<'e>, family: &Family<'e>, optimizer: &'e Instance) -> Res<Proof> {
    let Examined { all, index: v, context, positive, step } = examine(prover, family, optimizer)?;
    let name = family.index.name.as_str();
    let mut equal = true;
    for s in &all {
        equal &= prover.vanishes(&s.left.clone().plus(&Rational::NEG_ONE, &s.right))?;
    }
    let name_of = |w: Var| if w == v { name.to_owned() } else { format!("i{w}") };
    let found = match equal {
        true => None,
        false => Some(rate::common(prover, &all, v, step, &positive, &context, &name_of)?),
    };
    let cases = match all.len() {
        1 => "one case".to_owned(),
        k => format!("{k} cases"),
    };
    let sides = match &found {
        None => "both sides have the same normal form".to_owned(),
        Some(c) => {
            format!("the sides have the same normal form once the target's learning rate is multiplied by {}", c.text)
        }
    };
    let argument =
        format!("{sides} at a general entry of every component, with indexed sums of symbolic length ({cases})");
    Ok(Proof { rate: found, argument, assumptions: assumptions(prover, &|w| (w == v).then(|| name.to_owned())) })
}

/// The side conditions that a proof used and that are not evident, in words of the file. General indices are called `i`,
/// `j` and so on in each of them, and what reads the same in several cases is said once.
pub fn assumptions(prover: &Prover, name: &dyn Fn(Var) -> Option<String>) -> Vec<String> {
    let names = prover.names.borrow();
    let symbol = |s: &Symbol, block: usize| -> String {
        let known = match s {
            Symbol::Point(_) => names.blocks.get(block).cloned(),
            Symbol::State(k, _) | Symbol::Fixed(k) => names.states.get(*k).cloned(),
            Symbol::Pi => Some("pi".to_owned()),
            Symbol::Data(k) => Some(prover.model[DataId(*k)].name.name.clone()),
            Symbol::Member(_, m, _) => Some(m.clone()),
            Symbol::Primed(..) | Symbol::Formal(_) => None,
            Symbol::Rate => Some("lr".to_owned()),
        };
        known.unwrap_or_else(|| "a quantity".to_owned())
    };
    let mut all: Vec<String> = prover
        .obligations
        .borrow()
        .iter()
        .map(|o| {
            let met: RefCell<Vec<Var>> = RefCell::default();
            let var = |v: Var| {
                name(v).unwrap_or_else(|| {
                    let mut met = met.borrow_mut();
                    let k = met.iter().position(|m| *m == v).unwrap_or_else(|| {
                        met.push(v);
                        met.len() - 1
                    });
                    ["i", "j", "k", "l"].get(k).map_or_else(|| format!("i{k}"), |w| (*w).to_owned())
                })
            };
            let (what, p) = match o {
                Obligation::NotZero(p) => ("what the sides divide by, or take the sign of, is not zero everywhere", p),
                Obligation::SomewherePositive(p) => ("what stands under a root or logarithm is positive somewhere", p),
            };
            format!("{what}: {}", p.with_general_index().text(&Words { var: &var, symbol: &symbol }))
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

impl<'e> Prover<'e> {
    /// The value of a local name.
    fn eval_name(&'e self, name: &str, env: &Env<'e>, _context: &Context) -> Res<Value<'e>> {
        match env.get(name) {
            Some(Local::Value(v)) => Ok(v),
            _ => Err(Need::Stuck(format!("no `{name}`"))),
        }
    }
}
