//! Optimizers read over an architecture of which nothing is known.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::blocks::Layout;
use super::known::{Number, Reads};
use super::rules::Rules;
use super::{Done, Names, Shape, Shaped, Shapes};
use crate::core::names::{Declared, Model};
use crate::core::size::Lin;
use crate::core::variance::{Space, Variance};
use crate::core::words::{Calculus, Word};
use crate::model::faults;
use crate::model::optimizer::{is_weighted, variance_of};
use crate::read::{self, Arg};
use crate::source::Span;
use crate::syntax::tree::{self, ArchitectureEntry, Domain, Optimizer};

/// What is said of shapes that differ in an optimizer, whatever the architecture is.
const FOR_NO_ARCHITECTURE: &str = "no architecture has parameters that this fits";

/// A component: the point, or a state.
#[derive(Debug, Clone)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) layout: Layout,
    pub(super) value: Shaped,
    /// Where a state is declared.
    pub(super) span: Option<Span>,
    /// Whether it is carried as a vector or a covector.
    pub(super) linear: bool,
}

/// Where an optimizer's body is read: an architecture whose sizes are variables.
#[derive(Debug, Clone)]
pub(super) struct Over {
    /// The optimizer's name.
    pub(super) optimizer: String,
    /// Whether there are new values.
    pub(super) step: bool,
    /// The point first.
    pub(super) components: Vec<Component>,
    /// The number of parameters, and of entries of the output.
    dim: Lin,
    outputs: Lin,
    /// The names that parameters have, where architectures are known.
    parameters: Option<Rc<FxHashSet<String>>>,
}

impl Over {
    /// A component by its name.
    pub(super) fn component(&self, name: &str) -> Option<(usize, &Component)> {
        self.components.iter().enumerate().find(|(_, c)| c.name == name)
    }

    /// Whether a parameter of some architecture may have this name.
    pub(super) fn may_have(&self, parameter: &str) -> bool {
        self.parameters.as_ref().is_none_or(|names| names.contains(parameter))
    }
}

impl<'e> Shapes<'e> {
    /// An optimizer over any architecture.
    pub(super) fn optimizer(&mut self, decl: &'e Optimizer) -> Done {
        self.never = Some(FOR_NO_ARCHITECTURE);
        let mut scope = Names::default();
        self.family(&decl.params, &mut scope);
        read::conditions(self, &decl.assumptions, &scope, decl.name.span)?;
        let (dim, outputs) = (self.variable("dim", false), self.variable("outputs", false));
        let point = Shaped::of(vec![dim.clone()]).reading(Reads::POINT);
        let name = Word::Params.name().to_owned();
        let point = Component { name, layout: Layout::Parameters, value: point, span: None, linear: false };
        let (optimizer, parameters) = (decl.name.name.clone(), parameters_of(self.model));
        let mut over = Over { optimizer, step: false, components: vec![point], dim, outputs, parameters };
        // Where a state starts may depend on the point and the hyperparameters, not on other states.
        let mut outside = scope.clone();
        outside.over = Some(Rc::new(over.clone()));
        for state in &decl.states {
            self.refuse(faults::state_declared_twice(decl, &state.name))?;
            let component = self.state(state, &over, &scope);
            let component = component.unwrap_or_else(|_| Component {
                name: state.name.name.clone(),
                layout: Layout::Unknown,
                value: Shaped::unknown(),
                span: Some(state.name.span),
                linear: true,
            });
            if let Some(e) = &state.initial
                && let Ok(value) = read::expr(self, e, &outside)
                && let Some(wanted) = component.value.extents.clone().filter(|_| !value.is_scalar())
            {
                let place = format!("the first value of `{}`", state.name.name);
                let _ = self.expect(&value, &wanted, &place, e.span);
            }
            Self::bind_value(&mut scope, &state.name.name, component.value.clone());
            over.components.push(component);
        }
        let dynamics = match faults::dynamics(decl) {
            Ok(dynamics) => dynamics,
            Err(fault) => return Err(self.report(*fault)),
        };
        if let Some(lr) = &dynamics.step {
            over.step = true;
            Self::bind_value(&mut scope, &lr.name, Shaped::scalar().varying());
        }
        scope.over = Some(Rc::new(over.clone()));
        for l in &decl.lets {
            let value = read::expr(self, &l.value, &scope);
            scope.bind_result(&l.name.name, &value);
        }
        let mut rules = Rules::new(&over);
        read::rules(self, &dynamics.body, over.step, &scope, &mut |shapes, rule| shapes.rule(rule, &over, &mut rules))?;
        self.complete(&rules, &over, decl.name.span)
    }

    /// A state as it is declared. Of one that is declared `auto` the shape is not known.
    fn state(&mut self, declared: &'e tree::State, over: &Over, scope: &Names) -> Result<Component, super::Stopped> {
        let tree::State { name, ty, each, weight, .. } = declared;
        let power = match weight {
            Some(w) if is_weighted(declared) => Some(read::expr(self, &w.power, scope)?.number),
            _ => None,
        };
        let variance = match variance_of(declared, None, power.as_ref().and_then(Number::is)) {
            Ok(variance) => variance,
            Err(fault) => return Err(self.report(*fault)),
        };
        let auto = ty.name.name == "auto";
        let n = &over.dim;
        let value = match variance.space() {
            _ if auto => Shaped::unknown(),
            _ if *each => Shaped::of(vec![self.variable("blocks", false)]),
            Space::Number => Shaped::scalar().varying(),
            Space::Own => {
                self.refuse(faults::axes(ty))?;
                self.of_type(ty, scope)?.varying()
            }
            Space::Vector => Shaped::of(vec![n.clone()]),
            Space::Matrix => Shaped::of(vec![n.clone(), n.clone()]),
            Space::Sides(_) => Shaped::of(vec![self.variable("sides", false)]),
        };
        let layout = match auto {
            true => Layout::Unknown,
            false => Layout::of(variance, *each),
        };
        let linear = auto || matches!(variance, Variance::Tangent | Variance::Cotangent);
        let (name, span) = (name.name.clone(), Some(name.span.to(ty.span)));
        Ok(Component { name, layout, value, span, linear })
    }

    /// A word of an optimizer's body.
    pub(super) fn word_of(&self, word: Word, over: &Over) -> Shaped {
        let n = &over.dim;
        match word {
            Word::Dim => Shaped::size(n.clone()),
            Word::Params => Shaped::of(vec![n.clone()]).reading(Reads::POINT),
            Word::Loss => Shaped::scalar().varying().reading(Reads::POINT),
            Word::Output => Shaped::of(vec![over.outputs.clone()]).reading(Reads::POINT),
            Word::Metric => Shaped::of(vec![n.clone(), n.clone()]).reading(Reads::POINT),
        }
    }

    /// A function of an optimizer's body, with as many arguments as it takes.
    pub(super) fn calculus_of(&mut self, f: Calculus, args: &[Arg<Shaped>], over: &Over) -> Shape {
        let n = || over.dim.clone();
        for (i, (x, span)) in args.iter().enumerate() {
            let (wanted, place) = match (f, i) {
                (Calculus::Raise | Calculus::Lower | Calculus::Christoffel | Calculus::BlockDiagonal, 0) => {
                    (vec![n(), n()], "a metric here")
                }
                (Calculus::Raise | Calculus::Lower | Calculus::Christoffel, _) => {
                    (vec![n()], "a vector over the parameters here")
                }
                (Calculus::At, 0) => (vec![n()], "the point"),
                (Calculus::CovariantHessian, _) => (Vec::new(), "the argument of `covhess`"),
                (Calculus::Differential | Calculus::Gradient | Calculus::NaturalGradient | Calculus::Hessian, _) => {
                    (Vec::new(), "what is differentiated")
                }
                (Calculus::At | Calculus::BlockDiagonal, _) => continue,
            };
            self.expect(x, &wanted, place, *span)?;
        }
        let reads = Reads::of(args.iter().map(|a| &a.0));
        let Some((x, _)) = args.first() else { return Ok(Shaped::unknown()) };
        let derivative = |extents: Vec<Lin>| {
            // What does not read the point has the derivative zero.
            let reads = if x.reads.point { x.reads } else { Reads::default() };
            Shaped::of(extents).reading(reads)
        };
        match f {
            Calculus::Differential | Calculus::Gradient | Calculus::NaturalGradient => Ok(derivative(vec![n()])),
            Calculus::Hessian | Calculus::CovariantHessian => Ok(derivative(vec![n(), n()])),
            Calculus::Christoffel | Calculus::Raise | Calculus::Lower => Ok(Shaped::of(vec![n()]).reading(reads)),
            Calculus::BlockDiagonal => Ok(Shaped::of(vec![n(), n()]).reading(reads)),
            Calculus::At => {
                let Some((e, _)) = args.get(1) else { return Ok(Shaped::unknown()) };
                // The point is put in for the point: what does not read it stays as it is.
                let reads = match e.reads.point {
                    true => Reads { point: x.reads.point, ..reads },
                    false => e.reads,
                };
                Ok(e.shape_only().reading(reads))
            }
        }
    }
}

/// The names of the parameters of all architectures, written inline or declared; `None` if there are no architectures.
fn parameters_of(model: &Model) -> Option<Rc<FxHashSet<String>>> {
    let mut names = FxHashSet::default();
    let mut some = false;
    for (_, declared, _) in model.declarations() {
        match declared {
            Declared::Architecture(id) => {
                some = true;
                for entry in &model[id].body {
                    if let ArchitectureEntry::Param(params) = entry {
                        names.extend(params.iter().map(|p| p.name.name.clone()));
                    }
                }
            }
            Declared::Morphism(id) => {
                if let Domain::Inline(params, _) = &model[id].source {
                    names.extend(params.iter().map(|p| p.name.name.clone()));
                }
            }
            _ => {}
        }
    }
    some.then(|| Rc::new(names))
}
