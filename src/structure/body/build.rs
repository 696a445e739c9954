//! An optimizer read into its [`Body`].

mod functions;
mod operators;
mod reading;

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{Body, Given, Id, Kind, Node, Op, StateOf};
use crate::core::names::Model;
use crate::core::variance::{Space, Variance, Weight};
use crate::core::words::Word;
use crate::domain::Rational;
use crate::read::{Local, Rule, bind, expr, rules};
use crate::source::Span;
use crate::syntax::tree::{Dynamics, Instance, Optimizer, State};
use reading::{Block, Names, Stopped};

/// Definitions that use each other are expanded to this depth, and this often.
const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 1 << 16;

/// An `each` that is being read.
#[derive(Debug, Clone)]
struct Each {
    /// Its blocks in words.
    domain: String,
    /// Whether they are numbers, so that `*` and `/` are entrywise.
    numbers: bool,
}

struct Builder<'m> {
    model: &'m Model,
    body: Body,
    depth: usize,
    whole: FxHashMap<usize, (Id, Span)>,
    /// The rules by blocks: which blocks, and the rule.
    blocks: FxHashMap<usize, Vec<(String, Id, Span)>>,
    /// The `each` that is being read, if any.
    each: Option<Each>,
    covariant: Vec<usize>,
}

/// The body of an optimizer with its parameters set as in `instance`; states declared `auto` are read as `auto`. The
/// model has found the optimizer valid; what this reading cannot express becomes [`Op::Opaque`].
pub fn build<'e>(model: &'e Model, optimizer: &'e Optimizer, instance: &'e Instance, auto: Option<Variance>) -> Body {
    let body = Body {
        nodes: Vec::new(),
        states: Vec::new(),
        step: false,
        components: Vec::new(),
        news: Vec::new(),
        spans: Vec::new(),
        auto: false,
        needs_metric: false,
        nonnegative: Vec::new(),
    };
    let mut b = Builder {
        model,
        body,
        depth: 0,
        whole: FxHashMap::default(),
        blocks: FxHashMap::default(),
        each: None,
        covariant: Vec::new(),
    };
    b.optimizer(optimizer, instance, auto);
    b.body
}

impl<'m> Builder<'m> {
    fn push(&mut self, op: Op, args: Vec<Id>, kind: Kind, span: Span) -> Id {
        if matches!(op, Op::Metric | Op::NaturalGradient | Op::CovariantHessian | Op::Covariant) {
            self.body.needs_metric = true;
        }
        self.body.nodes.push(Node { op, args, kind, span });
        Id(self.body.nodes.len() - 1)
    }

    fn opaque(&mut self, why: impl Into<String>, kind: Kind, span: Span) -> Id {
        self.push(Op::Opaque(why.into()), Vec::new(), kind, span)
    }

    /// A function of its operands that types know nothing else of.
    fn function_of(&mut self, why: impl Into<String>, args: Vec<Id>, kind: Kind, span: Span) -> Id {
        self.push(Op::Opaque(why.into()), args, kind, span)
    }

    fn kind(&self, id: Id) -> Kind {
        self.body.node(id).kind
    }

    fn constant(&self, id: Id) -> Option<&Rational> {
        match &self.body.node(id).op {
            Op::Const(q) => Some(q),
            _ => None,
        }
    }

    fn constant_at(&mut self, q: Rational, span: Span) -> Id {
        self.push(Op::Const(q), Vec::new(), Kind::Scalar, span)
    }

    fn optimizer(&mut self, decl: &'m Optimizer, instance: &'m Instance, auto: Option<Variance>) {
        // A use that lacks arguments is a fault of its own; then nothing is known of the names.
        let mut scope = match bind(self, instance, &decl.params, &Names::default(), Some(0)) {
            Ok(bound) => bound.scope,
            Err(Stopped) => Names::default(),
        };
        self.read(decl, auto, &mut scope);
    }

    fn read(&mut self, decl: &'m Optimizer, auto: Option<Variance>, scope: &mut Names<'m>) {
        for state in &decl.states {
            let State { name, ty, .. } = state;
            let word = ty.name.name.as_str();
            let variance = self.variance(state, auto, scope);
            self.body.auto |= state.is_auto();
            let kind = match variance.space() {
                Space::Own | Space::Number if state.each => Kind::Numbers,
                Space::Number => Kind::Scalar,
                Space::Own if word == "R" && ty.dims.is_empty() => Kind::Scalar,
                Space::Own if word == "R" => Kind::Fixed,
                Space::Matrix => Kind::Matrix,
                Space::Sides(left) => Kind::Sides(left),
                Space::Own | Space::Vector => Kind::Vector,
            };
            let i = self.body.states.len();
            self.body.states.push(StateOf {
                name: name.name.clone(),
                variance,
                each: state.each,
                span: name.span.to(ty.span),
            });
            let id = self.push(Op::State(i), Vec::new(), kind, name.span);
            scope.bind(&name.name, Local::Value(id));
        }
        let Some(dynamics) = decl.dynamics.first() else { return };
        self.body.step = dynamics.step.is_some();
        if let Some(lr) = &dynamics.step {
            let id = self.push(Op::Rate, Vec::new(), Kind::Scalar, lr.span);
            scope.bind(&lr.name, Local::Value(id));
        }
        // What stops the reading leaves components without a rule.
        let _ = self.lines(decl, dynamics, scope);
        for i in 0..=self.body.states.len() {
            let (id, span) = match (self.whole.get(&i), self.blocks.remove(&i)) {
                (Some(&x), _) => x,
                (None, Some(rules)) => {
                    let span = rules[0].2;
                    let kind = if i == 0 { Kind::Vector } else { whole_kind(&self.body.states[i - 1]) };
                    let domains = rules.iter().map(|r| r.0.clone()).collect();
                    let args = rules.iter().map(|r| r.1).collect();
                    (self.push(Op::Assembled(domains), args, kind, span), span)
                }
                (None, None) => (self.opaque("no rule is given", Kind::Vector, decl.name.span), decl.name.span),
            };
            self.body.components.push(id);
            self.body.spans.push(span);
        }
        self.body.news = self.body.components.clone();
        for i in std::mem::take(&mut self.covariant) {
            let state = (0..self.body.nodes.len()).map(Id).find(|&n| self.body.node(n).op == Op::State(i - 1));
            let Some(state) = state else { continue };
            let e = self.body.components[i];
            let span = self.body.node(e).span;
            let velocity = self.body.components[0];
            self.body.components[i] = self.push(Op::Covariant, vec![velocity, state, e], Kind::Vector, span);
        }
    }

    /// The lines of a flow or a step.
    fn lines(&mut self, decl: &'m Optimizer, dynamics: &'m Dynamics, scope: &mut Names<'m>) -> Result<(), Stopped> {
        scope.over = Some(Rc::new(()));
        for l in &decl.lets {
            let id = expr(self, &l.value, scope)?;
            scope.bind(&l.name.name, Local::Value(id));
        }
        rules(self, &dynamics.body, self.body.step, scope, &mut |b: &mut Self, rule| {
            b.rule(rule);
            Ok(())
        })
    }

    /// Keeps a rule.
    fn rule(&mut self, rule: Rule<'m, Self>) {
        let Rule { component, block, value: (id, _), covariant, span, .. } = rule;
        let Some(i) = self.component(component) else { return };
        if covariant {
            self.covariant.push(i);
        }
        let (domain, id) = match block {
            None => {
                let id = self.whole_value(id, i);
                self.whole.insert(i, (id, span));
                return;
            }
            Some(Block::Each) => (self.each.as_ref().map_or_else(String::new, |e| e.domain.clone()), id),
            // Types know nothing of a block by its name.
            Some(Block::Named(name)) => {
                let (kind, at) = (self.kind(id), self.body.node(id).span);
                (format!("block {name}"), self.opaque("a rule for a block by its name", kind, at))
            }
        };
        self.blocks.entry(i).or_default().push((domain, id, span));
    }

    /// The number of a component.
    fn component(&self, name: &str) -> Option<usize> {
        match name == Word::Params.name() {
            true => Some(0),
            false => self.body.states.iter().position(|s| s.name == name).map(|i| i + 1),
        }
    }

    /// How a state is carried. The model has found its type valid.
    fn variance(&mut self, state: &'m State, auto: Option<Variance>, scope: &Names<'m>) -> Variance {
        let word = state.ty.name.name.as_str();
        match (&state.weight, word) {
            (None, "auto") => auto.unwrap_or(Variance::Tangent),
            (None, _) => Variance::of_word(word).unwrap_or(Variance::Fixed),
            (Some(w), _) => {
                let power = expr(self, &w.power, scope).ok();
                let k = power.and_then(|p| self.constant(p)).and_then(Weight::new);
                k.and_then(|k| Variance::with_weight(word, k, w.parity.is_some())).unwrap_or(Variance::Fixed)
            }
        }
    }

    /// A scalar zero given to a tensor component, and the like: brought to the kind of the component.
    fn whole_value(&mut self, id: Id, i: usize) -> Id {
        let wanted = if i == 0 {
            Kind::Vector
        } else {
            let state = (0..self.body.nodes.len()).map(Id).find(|&n| self.body.node(n).op == Op::State(i - 1));
            state.map_or(Kind::Vector, |s| self.kind(s))
        };
        if self.kind(id) == Kind::Scalar && wanted != Kind::Scalar {
            let span = self.body.node(id).span;
            return self.spread(id, wanted, span);
        }
        id
    }

    fn spread(&mut self, id: Id, kind: Kind, span: Span) -> Id {
        if self.constant(id).is_some_and(Rational::is_zero) {
            return self.push(Op::Zero, Vec::new(), kind, span);
        }
        self.push(Op::Spread, vec![id], kind, span)
    }
}

/// The kind of a state that has blocks.
fn whole_kind(state: &StateOf) -> Kind {
    match state.variance.space() {
        _ if state.each => Kind::Numbers,
        Space::Sides(left) => Kind::Sides(left),
        Space::Own | Space::Number | Space::Vector | Space::Matrix => Kind::Vector,
    }
}

/// The kind of a block of a whole.
fn block_kind(whole: Kind) -> Kind {
    match whole {
        Kind::Sides(left) => Kind::Side(left),
        Kind::Numbers => Kind::Scalar,
        _ => Kind::Block,
    }
}
