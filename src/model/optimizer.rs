//! Optimizers read over an architecture: state, flow and step as terms.

mod calculus;
mod initial;

use std::rc::Rc;

use indexmap::IndexMap;
use rustc_hash::FxHashMap;

use super::architecture::Architecture;
use super::elaborate::{Constraint, ConstraintKind, Draw, Elab, Elaborator, Local, Reported, Role, Scope};
use super::error::ModelError;
use super::names::{Declared, OptimizerId, nearest};
use super::suggest::{Kind, unknown_item};
use crate::source::Span;
use crate::syntax::tree::{self, Expr, Ident, Instance, Place, Statement, StatementKind, Type};
use crate::term::{Shape, SymbolId, Term};

/// Words with a meaning of their own inside an optimizer.
pub const WORDS: [&str; 5] = ["params", "loss", "output", "metric", "dim"];
/// Functions that exist only inside an optimizer.
pub const FUNCTIONS: [&str; 10] =
    ["d", "grad", "raise", "lower", "natgrad", "hess", "covhess", "christoffel", "blockdiag", "at"];

/// How a morphism carries a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variance {
    /// A fixed space: carried by the identity.
    Fixed,
    /// A tangent vector: `J z`.
    Tangent,
    /// A covector: `J⁻ᵀ z`.
    Cotangent,
    /// A symmetric covariant 2-tensor: `J⁻ᵀ z J⁻¹`.
    Metric,
    /// A symmetric contravariant 2-tensor: `J z Jᵀ`.
    Cometric,
    /// The diagonal of a covariant 2-tensor.
    Diagonal,
    /// For each block, as a matrix, a symmetric matrix on its rows.
    Left,
    /// For each block, as a matrix, a symmetric matrix on its columns.
    Right,
}

impl Variance {
    /// All variances in the order in which `auto` tries them.
    pub const ALL: [Variance; 8] = [
        Variance::Fixed,
        Variance::Tangent,
        Variance::Cotangent,
        Variance::Metric,
        Variance::Cometric,
        Variance::Diagonal,
        Variance::Left,
        Variance::Right,
    ];

    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Variance::Fixed => "R",
            Variance::Tangent => "tangent",
            Variance::Cotangent => "cotangent",
            Variance::Metric => "metric",
            Variance::Cometric => "cometric",
            Variance::Diagonal => "diagonal",
            Variance::Left => "left",
            Variance::Right => "right",
        }
    }

    fn of_word(word: &str) -> Option<Variance> {
        Variance::ALL.into_iter().skip(1).find(|v| v.word() == word)
    }
}

/// A state of an optimizer over one architecture.
#[derive(Debug, Clone)]
pub struct State {
    /// Its name.
    pub name: String,
    /// How it is carried.
    pub variance: Variance,
    /// Its symbol.
    pub symbol: SymbolId,
    /// Its value as a free variable.
    pub term: Term,
    /// A general point of its fibre as a function of free symbols: `L Lᵀ` where it is positive definite.
    pub general: Term,
    /// Conditions on those symbols.
    pub domain: Vec<Constraint>,
    /// Its value at the start of training, as a function of the point and the hyperparameters.
    pub initial: Term,
    /// Where it is declared.
    pub span: Span,
}

/// Where an optimizer's body is being read.
#[derive(Debug, Clone)]
pub struct Over {
    /// The architecture.
    pub architecture: Rc<Architecture>,
    /// The new values of a step, held as symbols until all are known; `params` among them.
    pub primed: IndexMap<String, (SymbolId, Term)>,
    /// The optimizer's name, for messages.
    pub optimizer: String,
    /// Sizes of the blocks of left and right states, by state name.
    layouts: FxHashMap<String, Variance>,
}

/// An optimizer over one architecture: a vector field, or a family of step maps, on its state space.
#[derive(Debug, Clone)]
pub struct OptimizerOn {
    /// Its name with its arguments.
    pub name: String,
    /// The architecture.
    pub architecture: Rc<Architecture>,
    /// The states in order of declaration.
    pub states: Vec<State>,
    /// The small parameter, for a step; `None` for a flow.
    pub rate: Option<SymbolId>,
    /// For a flow the components of the field, for a step the new values: the point first, then each state.
    pub components: Vec<Term>,
    /// Where each component is given.
    pub spans: Vec<Span>,
    /// Whether a state was declared `auto`.
    pub auto: bool,
}

struct Rule {
    value: Term,
    span: Span,
    covariant: bool,
}

#[derive(Default)]
struct Rules {
    whole: IndexMap<String, Rule>,
    blocks: IndexMap<(String, usize), (Term, Span)>,
}

impl Elaborator<'_> {
    /// Looks up an optimizer by name.
    pub fn optimizer_id(&mut self, name: &Ident) -> Elab<OptimizerId> {
        match self.model.resolve(&name.name, name.span) {
            Some(Declared::Optimizer(id)) => Ok(id),
            Some(other) => self.fail(ModelError::WrongKind {
                name: name.name.clone(),
                found: other.kind(),
                expected: "an optimizer",
                span: name.span,
            }),
            None => self.fail(unknown_item(self.model, Kind::Optimizer, name)),
        }
    }

    /// An optimizer over an architecture. States declared `auto` get the variance `auto`.
    pub fn optimizer(
        &mut self,
        instance: &Instance,
        a: &Rc<Architecture>,
        auto: Option<Variance>,
    ) -> Elab<OptimizerOn> {
        self.optimizer_with(instance, a, auto, &[])
    }

    /// As [`Elaborator::optimizer`], with some hyperparameters, the small parameter among them, multiplied by factors.
    pub fn optimizer_with(
        &mut self,
        instance: &Instance,
        a: &Rc<Architecture>,
        auto: Option<Variance>,
        factors: &[(String, Term)],
    ) -> Elab<OptimizerOn> {
        let id = self.optimizer_id(&instance.name)?;
        let decl = &self.model[id];
        let bound = self.bind(instance, &decl.params, &mut Scope::default(), Some(0))?;
        let mut scope = bound.scope;
        for (name, factor) in factors {
            if let Some(Local::Value(value)) = scope.get(name) {
                let scaled = self.store.mul(*factor, value);
                scope.bind(name, Local::Value(scaled));
            }
        }
        let mut states = Vec::with_capacity(decl.states.len());
        let mut layouts = FxHashMap::default();
        let mut has_auto = false;
        // Where a state starts may depend on the point and the hyperparameters, not on other states.
        let outside = scope.clone();
        for tree::State { name, ty, initial } in &decl.states {
            if let Some(first) =
                decl.states.iter().map(|s| &s.name).find(|n| n.name == name.name && n.span != name.span)
                && first.span < name.span
            {
                return self.fail(ModelError::DuplicateName {
                    name: name.name.clone(),
                    first: first.span,
                    span: name.span,
                });
            }
            has_auto |= ty.name.name == "auto";
            let mut state = self.state(name, ty, a, auto, &mut scope)?;
            if let Some(value) = initial {
                let mut scope = outside.clone();
                scope.over = Some(Rc::new(Over::fresh(a, &bound.label)));
                state.initial = self.initial(value, &state, a, &mut scope)?;
            }
            layouts.insert(state.name.clone(), state.variance);
            scope.bind(&state.name, Local::Value(state.term));
            states.push(state);
        }
        let dynamics = match &decl.dynamics[..] {
            [one] => one,
            [] => {
                let message = format!("optimizer `{}` has neither a `flow` nor a `step`", decl.name.name);
                let help = Some("for example `flow { d/dt params = -grad(loss) }`".to_owned());
                return self.fail(ModelError::OptimizerBody { message, help, span: decl.name.span });
            }
            [_, second, ..] => {
                let message = format!("optimizer `{}` has more than one `flow` or `step`", decl.name.name);
                return self.fail(ModelError::OptimizerBody { message, help: None, span: second.span });
            }
        };
        let mut primed = IndexMap::new();
        let mut rate = None;
        if let Some(lr) = &dynamics.step {
            let symbol = self.rate_symbol(&lr.name, lr.span);
            rate = Some(symbol);
            let mut t = self.store.symbol_term(symbol);
            if let Some((_, factor)) = factors.iter().find(|f| f.0 == lr.name) {
                t = self.store.mul(*factor, t);
            }
            scope.bind(&lr.name, Local::Value(t));
            primed.insert("params".to_owned(), self.store.symbol("params'", &[a.dim]));
            for s in &states {
                let shape = self.store.shape(s.term).clone();
                primed.insert(s.name.clone(), self.store.symbol(format!("{}'", s.name), &shape));
            }
        }
        let over = Over { architecture: Rc::clone(a), primed, optimizer: bound.label.clone(), layouts };
        scope.over = Some(Rc::new(over.clone()));
        for l in &decl.lets {
            let value = self.expr(&l.value, &mut scope);
            scope.bind_result(&l.name.name, value);
        }
        let mut rules = Rules::default();
        self.statements(&dynamics.body, rate.is_some(), &states, &over, &mut scope, &mut rules, None)?;
        let (components, spans) = self.collect_rules(rules, &states, &over, decl.name.span, rate.is_some())?;
        let components = if rate.is_some() { self.resolve_primes(components, &over, &spans)? } else { components };
        Ok(OptimizerOn {
            name: bound.label,
            architecture: Rc::clone(a),
            states,
            rate,
            components,
            spans,
            auto: has_auto,
        })
    }

    /// The small parameter: one symbol for all steps of a question, positive.
    fn rate_symbol(&mut self, name: &str, span: Span) -> SymbolId {
        let known = self.quantified.iter().find(|q| q.role == Role::Rate).map(|q| q.symbol);
        known.unwrap_or_else(|| {
            let (symbol, t) = self.quantify(name, &[], Draw::Real, Role::Rate);
            self.constrain(t, ConstraintKind::Positive, format!("{name} > 0"), span);
            self.show(name, t, Role::Rate);
            symbol
        })
    }

    fn state(
        &mut self,
        name: &Ident,
        ty: &Type,
        a: &Architecture,
        auto: Option<Variance>,
        scope: &mut Scope,
    ) -> Elab<State> {
        let word = ty.name.name.as_str();
        let n = a.dim;
        let variance = match word {
            "R" => Variance::Fixed,
            "auto" => auto.unwrap_or(Variance::Tangent),
            _ => match Variance::of_word(word) {
                Some(v) => v,
                None => {
                    let words = Variance::ALL.iter().map(|v| v.word()).chain(["auto"]);
                    let meant = match word {
                        "vector" | "velocity" | "params" | "point" => Some("tangent"),
                        "covector" | "gradient" | "grad" | "dual" => Some("cotangent"),
                        "diag" | "elementwise" => Some("diagonal"),
                        "matrix" | "tensor" | "hessian" => Some("metric"),
                        _ => None,
                    };
                    let near = meant.or_else(|| nearest(word, words)).map(|n| format!("did you mean `{n}`?"));
                    let help = near.or_else(|| {
                        Some("a state is `R`, `R[k]`, `tangent`, `cotangent`, `metric`, `cometric`, `diagonal`, `left`, `right` or `auto`".into())
                    });
                    let message = format!("`{word}` is not a type of state");
                    return self.fail(ModelError::BadType { message, help, span: ty.span });
                }
            },
        };
        if word != "R" && !ty.dims.is_empty() {
            let message = format!("a `{word}` state takes its size from the parameters");
            return self.fail(ModelError::BadType { message, help: None, span: ty.span });
        }
        let shape: Shape = match variance {
            Variance::Fixed if word == "R" => self.extents(ty, scope)?,
            Variance::Fixed | Variance::Tangent | Variance::Cotangent | Variance::Diagonal => Shape::from_slice(&[n]),
            Variance::Metric | Variance::Cometric => Shape::from_slice(&[n, n]),
            Variance::Left | Variance::Right => {
                let total = a.blocks.iter().map(|b| square_of(side(&b.shape, variance))).sum();
                Shape::from_slice(&[total])
            }
        };
        self.check_entries(&shape, "this state", ty.span)?;
        let (symbol, term) = self.store.symbol(&name.name, &shape);
        let before = self.constraints.len();
        let general = match variance {
            Variance::Metric | Variance::Cometric => {
                let (_, l) = self.quantify(&format!("root of {}", name.name), &shape, Draw::Real, Role::State);
                self.positive_definite(l, name)
            }
            Variance::Left | Variance::Right => {
                let mut parts = Vec::new();
                for b in &a.blocks {
                    let m = side(&b.shape, variance);
                    let label = format!("root of {}[{}]", name.name, b.name);
                    let (_, l) = self.quantify(&label, &[m, m], Draw::Real, Role::State);
                    parts.push(self.positive_definite(l, name));
                }
                self.store.join(&parts)
            }
            _ => {
                let (_, t) = self.quantify(&name.name, &shape, Draw::Real, Role::State);
                if variance == Variance::Diagonal {
                    self.constrain(t, ConstraintKind::Positive, format!("{} > 0", name.name), name.span);
                }
                t
            }
        };
        let domain = self.constraints.split_off(before);
        let initial = self.store.zero(&shape);
        let span = name.span.to(ty.span);
        Ok(State { name: name.name.clone(), variance, symbol, term, general, domain, initial, span })
    }

    fn positive_definite(&mut self, root: Term, name: &Ident) -> Term {
        let det = self.store.determinant(root);
        self.constrain(det, ConstraintKind::NonZero, format!("{} is positive definite", name.name), name.span);
        let t = self.store.transpose(root);
        self.store.matmul(root, t)
    }

    #[expect(clippy::too_many_arguments, reason = "the context of a body and where its rules go")]
    fn statements(
        &mut self,
        body: &[Statement],
        step: bool,
        states: &[State],
        over: &Over,
        scope: &mut Scope,
        rules: &mut Rules,
        block: Option<usize>,
    ) -> Elab<()> {
        let mut ok = true;
        for s in body {
            let done = match &s.kind {
                StatementKind::Let(l) => {
                    let value = self.expr(&l.value, scope);
                    scope.bind_result(&l.name.name, value);
                    value.map(|_| ())
                }
                StatementKind::Derivative(p, e) if !step => self.rule(p, e, s.span, false, states, over, scope, rules),
                StatementKind::Covariant(p, e) if !step => self.rule(p, e, s.span, true, states, over, scope, rules),
                StatementKind::Update(p, e) if step => self.rule(p, e, s.span, false, states, over, scope, rules),
                StatementKind::Update(p, _) => {
                    let message = format!("`{0}' = …` belongs in a `step`; a `flow` says `d/dt {0} = …`", p.name.name);
                    self.fail(ModelError::OptimizerBody { message, help: None, span: s.span })
                }
                StatementKind::Derivative(p, _) | StatementKind::Covariant(p, _) => {
                    let message = format!("`d/dt` belongs in a `flow`; a `step` says `{}' = …`", p.name.name);
                    self.fail(ModelError::OptimizerBody { message, help: None, span: s.span })
                }
                StatementKind::Each { var, over: word, body } => {
                    if word.name != "params" || block.is_some() {
                        let message =
                            "`each` runs over the blocks of `params`, and not inside another `each`".to_owned();
                        let help = Some(format!("write `each {} in params {{ … }}`", var.name));
                        self.fail(ModelError::OptimizerBody { message, help, span: word.span })
                    } else {
                        let depth = scope.depth();
                        let mut done = Ok(());
                        for i in 0..over.architecture.blocks.len() {
                            scope.bind(&var.name, Local::Block(i));
                            done = done.and(self.statements(body, step, states, over, scope, rules, Some(i)));
                            scope.truncate(depth);
                        }
                        done
                    }
                }
            };
            ok &= done.is_ok();
        }
        if ok { Ok(()) } else { Err(Reported) }
    }

    #[expect(clippy::too_many_arguments, reason = "one line of a body, its context and where its rule goes")]
    fn rule(
        &mut self,
        place: &Place,
        e: &Expr,
        span: Span,
        covariant: bool,
        states: &[State],
        over: &Over,
        scope: &mut Scope,
        rules: &mut Rules,
    ) -> Elab<()> {
        let name = &place.name.name;
        let value = self.expr(e, scope)?;
        let block = match &place.block {
            Some(b) => match scope.get(&b.name) {
                Some(Local::Block(i)) => Some((name.clone(), i)),
                _ => return self.unknown("block", &b.name, b.span, scope),
            },
            None => match scope.get(name) {
                Some(Local::Block(i)) => Some(("params".to_owned(), i)),
                _ => None,
            },
        };
        let target = block.as_ref().map_or(name.clone(), |(n, _)| n.clone());
        let state = states.iter().find(|s| s.name == target);
        if target != "params" && state.is_none() {
            let near = nearest(&target, states.iter().map(|s| s.name.as_str()).chain(["params"]));
            let point = if over.primed.is_empty() { "d/dt params = …" } else { "params' = …" };
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "states are declared with `state`; the parameters move together, `{point}`, or block by block in \
                     `each W in params {{ … }}`"
                ),
            };
            let help = Some(help);
            return self.fail(ModelError::UnknownName { what: "state", name: target, help, span: place.name.span });
        }
        if let Some((target, i)) = block {
            let shape = self.block_shape(&target, i, over);
            self.expect_shape(value, &shape, &format!("the block of `{target}`"), e.span)?;
            if covariant {
                let message = "`D/dt` is taken of a whole state, not of a block".to_owned();
                return self.fail(ModelError::OptimizerBody { message, help: None, span });
            }
            let before =
                rules.blocks.get(&(target.clone(), i)).map(|r| r.1).or(rules.whole.get(&target).map(|r| r.span));
            if let Some(first) = before {
                return self.fail(ModelError::AssignedTwice { name: target, first, span });
            }
            rules.blocks.insert((target, i), (value, span));
            return Ok(());
        }
        let shape = state.map_or(Shape::from_slice(&[over.architecture.dim]), |s| self.store.shape(s.term).clone());
        let value = if self.store.shape(value).is_empty() && self.constant(value).is_some() {
            self.store.broadcast(value, &shape)
        } else {
            value
        };
        self.expect_shape(value, &shape, &format!("the rule for `{target}`"), e.span)?;
        if let Some(first) = rules
            .whole
            .get(&target)
            .map(|r| r.span)
            .or_else(|| rules.blocks.iter().find(|((n, _), _)| *n == target).map(|(_, r)| r.1))
        {
            return self.fail(ModelError::AssignedTwice { name: target, first, span });
        }
        if covariant && !state.is_some_and(|s| matches!(s.variance, Variance::Tangent | Variance::Cotangent)) {
            let message =
                format!("`D/dt` is the covariant derivative of a tangent or cotangent state; `{target}` is neither");
            let help = Some("write `d/dt`".to_owned());
            return self.fail(ModelError::OptimizerBody { message, help, span });
        }
        rules.whole.insert(target, Rule { value, span, covariant });
        Ok(())
    }

    /// One term for each component, the point first.
    fn collect_rules(
        &mut self,
        mut rules: Rules,
        states: &[State],
        over: &Over,
        head: Span,
        step: bool,
    ) -> Elab<(Vec<Term>, Vec<Span>)> {
        let count = over.architecture.blocks.len();
        let mut components = Vec::new();
        let mut spans = Vec::new();
        let mut covariant = Vec::new();
        let mut ok = true;
        for name in std::iter::once("params").chain(states.iter().map(|s| s.name.as_str())) {
            if let Some(rule) = rules.whole.shift_remove(name) {
                if rule.covariant {
                    covariant.push(components.len());
                }
                components.push(rule.value);
                spans.push(rule.span);
                continue;
            }
            let blocks: Vec<(Term, Span)> =
                (0..count).filter_map(|i| rules.blocks.shift_remove(&(name.to_owned(), i))).collect();
            if count > 0 && blocks.len() == count {
                let terms: Vec<Term> = blocks.iter().map(|b| b.0).collect();
                components.push(self.store.join(&terms));
                spans.push(blocks[0].1);
                continue;
            }
            let (what, example) = if step {
                (format!("`{name}'`"), format!("{name}' = {name}"))
            } else {
                (format!("`d/dt {name}`"), format!("d/dt {name} = 0"))
            };
            let message = format!("optimizer `{}` gives no rule for {what}", over.optimizer);
            let help = Some(format!("a state that does not change says so: `{example}`"));
            // The state is what lacks a rule; for the point it is the optimizer.
            let span = states.iter().find(|s| s.name == name).map_or(head, |s| s.span);
            ok &= self.fail::<()>(ModelError::OptimizerBody { message, help, span }).is_ok();
        }
        if !ok {
            return Err(Reported);
        }
        for i in covariant {
            components[i] = self.covariant_rule(components[0], &states[i - 1], components[i], over, spans[i])?;
        }
        Ok((components, spans))
    }

    /// `d/dt z` from `D/dt z = e`: minus the connection on a tangent state, plus its dual on a cotangent one.
    fn covariant_rule(&mut self, velocity: Term, state: &State, e: Term, over: &Over, span: Span) -> Elab<Term> {
        let g = self.metric(over, "`D/dt`", span)?;
        let symbol = over.architecture.symbol;
        if state.variance == Variance::Tangent {
            let gamma = self.christoffel(g, velocity, state.term, symbol, span)?;
            return Ok(self.store.sub(e, gamma));
        }
        // Γᵏᵢⱼ ẋⁱ pₖ = ½ (∂ᵢ gₗⱼ + ∂ⱼ gₗᵢ - ∂ₗ gᵢⱼ) ẋⁱ wˡ with w = g⁻¹ p.
        let w = self.raise(g, state.term);
        let first = self.directional(g, symbol, velocity, span)?;
        let first = self.store.matmul(first, w);
        let second = self.gradient_of_pairing(g, velocity, w, symbol, span)?;
        let third = self.directional(g, symbol, w, span)?;
        let third = self.store.matmul(third, velocity);
        let n = over.architecture.dim;
        let h = crate::term::half();
        let parts = vec![(crate::domain::Rational::ONE, e), (h.clone(), first), (h.clone(), second), (-h, third)];
        Ok(self.store.sum(parts, &[n]))
    }

    /// Puts the new values into each other, in the order of their dependence.
    fn resolve_primes(&mut self, components: Vec<Term>, over: &Over, spans: &[Span]) -> Elab<Vec<Term>> {
        let symbols: Vec<SymbolId> = over.primed.values().map(|p| p.0).collect();
        let mut done: FxHashMap<SymbolId, Term> = FxHashMap::default();
        while done.len() < components.len() {
            let ready = (0..components.len()).find(|&i| {
                let needs = self.store.free_symbols(&[components[i]]);
                !done.contains_key(&symbols[i]) && needs.iter().all(|s| !symbols.contains(s) || done.contains_key(s))
            });
            let Some(i) = ready else {
                let stuck = (0..components.len()).find(|&i| !done.contains_key(&symbols[i])).unwrap_or(0);
                let names: Vec<String> = (0..components.len())
                    .filter(|&i| !done.contains_key(&symbols[i]))
                    .map(|i| format!("`{}'`", over.primed.get_index(i).map_or("", |p| p.0)))
                    .collect();
                let message = format!("the new values {} depend on each other in a circle", names.join(", "));
                return self.fail(ModelError::OptimizerBody { message, help: None, span: spans[stuck] });
            };
            let value = self.store.substitute_one(components[i], &done);
            done.insert(symbols[i], value);
        }
        Ok(symbols.iter().map(|s| done[s]).collect())
    }

    /// `z[W]` and `z'[W]`: a block of a state, or of any vector over the parameters.
    pub(super) fn block_of_state(&mut self, base: &Expr, block: usize, span: Span, scope: &mut Scope) -> Elab<Term> {
        let Some(over) = scope.over.clone() else {
            return Err(Reported);
        };
        let t = self.expr(base, scope)?;
        let name = match &base.kind {
            crate::syntax::tree::ExprKind::Name(n) | crate::syntax::tree::ExprKind::Primed(n) => n.as_str(),
            _ => "",
        };
        let shape = self.block_shape(name, block, &over);
        if let Some(&v) = over.layouts.get(name)
            && matches!(v, Variance::Left | Variance::Right)
        {
            let sizes: Vec<usize> = over.architecture.blocks.iter().map(|b| square_of(side(&b.shape, v))).collect();
            let start: usize = sizes[..block].iter().sum();
            let map = (start as u32..(start + sizes[block]) as u32).collect();
            return Ok(self.store.gather(t, map, &shape));
        }
        self.expect_shape(t, &[over.architecture.dim], "what is read block by block", span)?;
        Ok(over.architecture.block(&mut self.store, t, block))
    }

    fn block_shape(&self, state: &str, block: usize, over: &Over) -> Shape {
        let b = &over.architecture.blocks[block];
        match over.layouts.get(state) {
            Some(&v @ (Variance::Left | Variance::Right)) => {
                let m = side(&b.shape, v);
                Shape::from_slice(&[m, m])
            }
            _ => b.shape.clone(),
        }
    }
}

/// The rows or columns of a block read as a matrix; a vector is one column, a scalar one entry.
pub fn side(shape: &[usize], variance: Variance) -> usize {
    let (rows, columns) = match shape {
        [] => (1, 1),
        [n] => (*n, 1),
        [m, n, ..] => (*m, *n),
    };
    if variance == Variance::Left { rows } else { columns }
}

fn square_of(n: usize) -> usize {
    n * n
}
