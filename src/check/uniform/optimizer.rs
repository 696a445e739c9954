//! Optimizers over an architecture of a symbolic size: the words and functions of their bodies, and their rules.

use std::rc::Rc;

use super::architecture::{Arch, symbolic};
use super::context::{Context, Res, stuck};
use super::normal::Prover;
use super::poly::{Atom, Entry, Poly, Symbol};
use super::reading::{Env, Sizes};
use super::value::{At, Layout, Shape, Value};
use crate::core::size::Lin;
use crate::core::variance::Variance;
use crate::core::words::{Calculus, Word};
use crate::domain::Rational;
use crate::read::rules;
use crate::syntax::tree::{Optimizer, State, Statement};

/// Where an optimizer's body is read.
pub struct Over<'e> {
    /// The architecture.
    pub arch: Rc<Arch<'e>>,
    /// The declaration.
    pub decl: &'e Optimizer,
    /// How each of its states is carried.
    pub variances: Vec<Variance>,
    /// Hyperparameters, states and the small parameter.
    pub names: Env<'e>,
    /// The lines of its flow or step.
    pub body: &'e [Statement],
    /// Whether it is a step.
    pub step: bool,
    point: Value<'e>,
}

impl<'e> Over<'e> {
    /// The parameters.
    pub fn point(&self) -> Value<'e> {
        self.point.clone()
    }

    /// The layout of vectors over the parameters.
    pub fn layout(&self) -> Rc<Layout> {
        Rc::clone(&self.arch.layout)
    }
}

/// What is to be proved of two places.
pub type OfPair<'b> = &'b dyn Fn(&Context, &[Lin], &[Lin]) -> Res<()>;

impl<'e> Prover<'e> {
    /// An optimizer over an architecture.
    ///
    /// # Errors
    /// If it has states that are not carried along projections, or none or several rules.
    pub fn optimizer(
        &'e self,
        decl: &'e Optimizer,
        names: Env<'e>,
        arch: &Rc<Arch<'e>>,
        context: &Context,
    ) -> Res<Rc<Over<'e>>> {
        let [dynamics] = &decl.dynamics[..] else { return stuck("an optimizer with one flow or step") };
        let mut names = names;
        let mut reading = Sizes::new(self, context);
        self.names.borrow_mut().states = decl.states.iter().map(|s| s.name.name.clone()).collect();
        let mut variances = Vec::with_capacity(decl.states.len());
        for (k, State { name, ty, each, .. }) in decl.states.iter().enumerate() {
            let word = ty.name.name.as_str();
            let variance = Variance::of_word(word).filter(|_| ty.dims.is_empty()).unwrap_or(Variance::Fixed);
            let value = match (variance, word) {
                (Variance::Tangent, _) => symbolic(&arch.layout, Symbol::State(k, arch.side)),
                (Variance::Fixed, "R") if ty.arrow.is_none() && !each => {
                    let dims: Res<Vec<Lin>> = ty.dims.iter().map(|d| reading.extent(d, &names)).collect();
                    Value::new(Shape::Tensor(dims?), move |_, at| {
                        let entry = Entry { symbol: Symbol::Fixed(k), block: 0, index: at.index.clone() };
                        Ok(Poly::atom(Atom::Entry(entry)))
                    })
                }
                _ => return stuck(format!("states of type `{word}`")),
            };
            variances.push(variance);
            names = names.value(&name.name, value);
        }
        if let Some(lr) = &dynamics.step {
            let rate = Entry { symbol: Symbol::Rate, block: 0, index: Vec::new() };
            names = names.value(&lr.name, Value::scalar(Poly::atom(Atom::Entry(rate))));
        }
        let point = symbolic(&arch.layout, Symbol::Point(arch.side));
        let (arch, step) = (Rc::clone(arch), dynamics.step.is_some());
        Ok(Rc::new(Over { arch, decl, variances, names, body: &dynamics.body, step, point }))
    }

    /// The rule of a component, `params` or a state.
    ///
    /// # Errors
    /// If there is none, or what its expression needs.
    pub fn component(&'e self, over: &Rc<Over<'e>>, name: &str, context: &Context) -> Res<Value<'e>> {
        self.nested(|| {
            let mut env = over.names.clone();
            env.over = Some(Rc::clone(over));
            let mut reading = Sizes::new(self, context);
            for l in &over.decl.lets {
                let value = reading.eval(&l.value, &env)?;
                env = env.value(&l.name.name, value);
            }
            let layout = over.layout();
            let mut whole = None;
            let mut blocks: Vec<Option<Value>> = vec![None; layout.blocks.len()];
            rules(&mut reading, over.body, over.step, &env, &mut |_, rule| {
                if rule.component != name {
                    return Ok(());
                }
                if rule.covariant {
                    return stuck("the covariant derivative");
                }
                let value = rule.value.0;
                match rule.block {
                    None => whole = Some(value),
                    Some(b) if value.extents() == Some(&layout.blocks[b].1) => blocks[b] = Some(value),
                    Some(_) => return stuck("a rule for a block in another shape"),
                }
                Ok(())
            })?;
            if let Some(value) = whole {
                return Ok(self.with_new_values(value, over, context));
            }
            let Some(blocks) = blocks.into_iter().collect::<Option<Vec<Value>>>() else {
                return stuck(format!("no rule for `{name}`"));
            };
            let value =
                Value::new(Shape::Over(layout), move |c, at| (blocks[at.block].at)(c, &At::tensor(at.index.clone())));
            Ok(self.with_new_values(value, over, context))
        })
    }

    /// A rule's value with the new values that it reads put in: last of all, so that `d`, `grad` and `at` have held them
    /// fixed.
    fn with_new_values(&'e self, value: Value<'e>, over: &Rc<Over<'e>>, context: &Context) -> Value<'e> {
        if !over.step {
            return value;
        }
        let (over, shape, outer) = (Rc::clone(over), value.shape.clone(), context.clone());
        Value::new(shape, move |c, at| {
            let p = (value.at)(c, at)?;
            self.substitute(c, &p, &|c, x| {
                let Symbol::Primed(k, side) = x.symbol else { return Ok(None) };
                if side != over.arch.side {
                    return Ok(None);
                }
                let name = match k.checked_sub(1) {
                    None => "params",
                    Some(k) => over.decl.states[k].name.name.as_str(),
                };
                let new = self.component(&over, name, &outer)?;
                let inside = match &new.shape {
                    Shape::Over(layout) => self.inside(c, layout, x.block, &x.index)?,
                    Shape::Tensor(_) => true,
                };
                let at = At { block: x.block, index: x.index.clone() };
                if inside { self.nested(|| (new.at)(c, &at)).map(Some) } else { Ok(None) }
            })
        })
    }

    /// A word of an optimizer's body.
    ///
    /// # Errors
    /// If the architecture lacks what is asked for.
    pub fn word(&'e self, word: Word, over: &Over<'e>) -> Res<Value<'e>> {
        let part = |v: &Option<Value<'e>>| v.clone().map_or_else(|| stuck(format!("no {}", word.name())), Ok);
        match word {
            Word::Params => Ok(over.point()),
            Word::Dim => Ok(Value::size(self.size_of(&over.arch.shape())?)),
            Word::Loss => part(&over.arch.loss),
            // The vector of all entries: read as a vector, not in the output's own shape.
            Word::Output => match part(&over.arch.output)? {
                v if v.extents().is_some_and(|d| d.len() == 1) => Ok(v),
                _ => stuck("an output that is no vector, inside an optimizer"),
            },
            Word::Metric => Ok(Value {
                whole_metric: true,
                ..Value::new(Shape::Over(over.layout()), |_, _| stuck("the metric as a matrix"))
            }),
        }
    }

    /// A function of an optimizer's body.
    ///
    /// # Errors
    /// If it is not read here.
    pub fn calculus(&'e self, f: Calculus, args: Vec<Value<'e>>, over: &Over<'e>) -> Res<Value<'e>> {
        let mut args = args.into_iter();
        match (f, args.next(), args.next()) {
            (Calculus::Differential | Calculus::Gradient, Some(e), None) => self.gradient(e, over),
            (Calculus::NaturalGradient, Some(e), None) => {
                let d = self.gradient(e, over)?;
                self.raise(d, over)
            }
            (Calculus::Raise, Some(g), Some(c)) if g.whole_metric => self.raise(c, over),
            (Calculus::At, Some(q), Some(e)) => {
                if q.shape != over.arch.shape() {
                    return stuck("a point of another shape");
                }
                let (shape, side) = (e.shape.clone(), over.arch.side);
                Ok(Value::new(shape, move |c, at| {
                    let p = (e.at)(c, at)?;
                    self.substitute(c, &p, &|c, x| match x.symbol == Symbol::Point(side) {
                        true => (q.at)(c, &At { block: x.block, index: x.index.clone() }).map(Some),
                        false => Ok(None),
                    })
                }))
            }
            _ => stuck(format!("the function `{}`", f.name())),
        }
    }

    /// The differential of a scalar, entry by entry.
    fn gradient(&'e self, e: Value<'e>, over: &Over<'e>) -> Res<Value<'e>> {
        if !e.is_scalar() {
            return stuck("the derivative of what is no scalar");
        }
        let side = over.arch.side;
        Ok(Value::new(over.arch.shape(), move |c, at| {
            let p = e.get(c)?;
            self.partial(c, &p, side, at)
        }))
    }

    /// The partial derivative by an entry of the point.
    ///
    /// # Errors
    /// What has to be known of the entry's index.
    pub fn partial(&self, context: &Context, p: &Poly, side: usize, at: &At) -> Res<Poly> {
        self.tangent(context, p, &|c, x| {
            if x.symbol != Symbol::Point(side) || x.block != at.block || x.index.len() != at.index.len() {
                return Ok(None);
            }
            for (a, b) in x.index.iter().zip(&at.index) {
                if !c.decide_zero(&a.sub(b))? {
                    return Ok(None);
                }
            }
            Ok(Some(Poly::num(1)))
        })
    }

    /// `metric⁺ c`, where the metric is diagonal for all members, or the output is one number.
    fn raise(&'e self, covector: Value<'e>, over: &Over<'e>) -> Res<Value<'e>> {
        let arch = Rc::clone(&over.arch);
        let Some(output) = arch.output.clone() else { return stuck("no output") };
        if arch.output_metric {
            return stuck("an output metric");
        }
        if covector.shape != arch.shape() {
            return stuck("a covector of another shape");
        }
        let side = arch.side;
        // The rank of a metric that is zero on a whole piece is another one there.
        let regular = |g: &Poly| match g.regular() {
            true => Ok(()),
            false => stuck("a metric that may vanish on a whole piece"),
        };
        if self.size_of(&output.shape)?.as_num() == Some(1) {
            // G = u uᵀ for the gradient u of the only output, and G⁺ = u uᵀ / (uᵀu)².
            let only = At::tensor(vec![Lin::default(); output.extents().map_or(0, <[Lin]>::len)]);
            return Ok(Value::new(arch.shape(), move |c, at| {
                let u = (output.at)(c, &only)?;
                let dot = |c: &Context, other: &dyn Fn(&Context, &At) -> Res<Poly>| {
                    self.total(c, &arch.shape(), &|c, at| {
                        let own = self.partial(c, &u, side, at)?;
                        if own.is_zero() { Ok(own) } else { self.mul(&own, &other(c, at)?) }
                    })
                };
                let square = dot(c, &|c, at| self.partial(c, &u, side, at))?;
                let along = dot(c, &|c, at| (covector.at)(c, at))?;
                let own = self.partial(c, &u, side, at)?;
                if self.vanishes(&square)? {
                    return Ok(Poly::default());
                }
                regular(&square)?;
                let scale = self.pow(c, &square, &Rational::from(-2i8))?;
                self.mul(&self.mul(&own, &along)?, &scale)
            }));
        }
        Ok(Value::new(arch.shape(), move |c, at| {
            self.diagonal_metric(c, &output, &arch)?;
            let g = self.total(c, &output.shape, &|c, r| {
                let p = self.partial(c, &(output.at)(c, r)?, side, at)?;
                self.mul(&p, &p)
            })?;
            if self.vanishes(&g)? {
                // The pseudo-inverse of zero.
                return Ok(Poly::default());
            }
            regular(&g)?;
            let inverse = self.pow(c, &g, &Rational::NEG_ONE)?;
            self.mul(&inverse, &(covector.at)(c, at)?)
        }))
    }

    /// Proves `Σ ∂ₛout ∂ₜout = 0` for all different places `s` and `t` of the parameters.
    fn diagonal_metric(&'e self, context: &Context, output: &Value<'e>, arch: &Rc<Arch<'e>>) -> Res<()> {
        let blocks = &arch.layout.blocks;
        for (b, (_, first)) in blocks.iter().enumerate() {
            for (d, (_, second)) in blocks.iter().enumerate().skip(b) {
                self.for_pairs(context, (first, second, b == d), &|c, s, t| {
                    let (s, t) = (At { block: b, index: s.to_vec() }, At { block: d, index: t.to_vec() });
                    let product = self.total(c, &output.shape, &|c, r| {
                        let p = (output.at)(c, r)?;
                        let left = self.partial(c, &p, arch.side, &s)?;
                        if left.is_zero() { Ok(left) } else { self.mul(&left, &self.partial(c, &p, arch.side, &t)?) }
                    })?;
                    if self.vanishes(&product)? { Ok(()) } else { stuck("a metric that is not diagonal") }
                })?;
            }
        }
        Ok(())
    }

    /// Proves something for all pairs of places in two blocks; in one block, for those that differ, up to their order.
    ///
    /// # Errors
    /// What stops the proof in some case.
    pub fn for_pairs(&self, context: &Context, (first, second, same): (&[Lin], &[Lin], bool), goal: OfPair) -> Res<()> {
        let fresh = |dims: &[Lin]| -> Vec<Lin> { dims.iter().map(|_| Lin::var(self.cases.fresh())).collect() };
        let (s, t) = (fresh(first), fresh(second));
        let mut inside = context.clone();
        for (i, n) in s.iter().zip(first).chain(t.iter().zip(second)) {
            inside = inside.within(i, &Lin::default(), n);
        }
        // In one block: s before t in the order of rows. The first axis on which they differ decides.
        let orders = if same { first.len() } else { 1 };
        for axis in 0..orders {
            let mut ordered = inside.clone();
            let (s, mut t) = (s.clone(), t.clone());
            if same {
                ordered = ordered.with(t[axis].sub(&s[axis]).plus(-1));
                for k in 0..axis {
                    ordered = ordered.within(&s[k], &Lin::default(), &first[k]);
                    t[k] = s[k].clone();
                }
            }
            let count = s.len();
            let values: Vec<Lin> = s.into_iter().chain(t).collect();
            let run = |c: &Context, v: &[Lin]| goal(c, &v[..count], &v[count..]);
            self.cases.all(&ordered, values, &run)?;
        }
        Ok(())
    }
}
