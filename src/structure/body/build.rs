//! From the syntax tree of an optimizer to its [`Body`].

mod functions;
mod operators;
mod statements;

use rustc_hash::FxHashMap;

use super::{Body, HYPERPARAMETER, Id, Kind, Node, Op, StateOf};
use crate::core::prim::{Fun, choice_weights};
use crate::domain::Rational;
use crate::model::names::{Declared, Model};
use crate::model::optimizer::Variance;
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Comparison, Conditional, Expr, ExprKind, Instance, Optimizer, State, Subscript};

/// Definitions that use each other are expanded to this depth, and this often.
const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 1 << 16;

/// What a local name stands for.
#[derive(Debug, Clone, Copy)]
enum Local {
    Value(Id),
    Block,
}

/// The names in sight; inner ones last.
#[derive(Debug, Clone, Default)]
struct Scope {
    names: Vec<(String, Local)>,
    /// Inside `def`: no words of an optimizer's body.
    inside_def: bool,
}

impl Scope {
    fn get(&self, name: &str) -> Option<Local> {
        self.names.iter().rev().find(|(n, _)| n == name).map(|&(_, l)| l)
    }

    fn bind(&mut self, name: &str, local: Local) {
        self.names.push((name.to_owned(), local));
    }
}

/// An `each` that is being read.
#[derive(Debug, Clone)]
struct Each {
    var: String,
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
pub fn build(model: &Model, optimizer: &Optimizer, instance: &Instance, auto: Option<Variance>) -> Body {
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

impl Builder<'_> {
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

    fn number(&mut self, q: Rational, span: Span) -> Id {
        self.push(Op::Const(q), Vec::new(), Kind::Scalar, span)
    }

    fn optimizer(&mut self, decl: &Optimizer, instance: &Instance, auto: Option<Variance>) {
        let mut scope = Scope::default();
        for (i, p) in decl.params.iter().enumerate() {
            let given = instance.args.iter().enumerate().find(|(k, a)| match &a.name {
                Some(n) => n.name == p.name.name,
                None => *k == i,
            });
            // A value is written where the optimizer is used, a default among the parameters before it.
            let id = match (given, &p.default) {
                (Some((_, a)), _) => self.expr(&a.value, &mut Scope { inside_def: true, ..Scope::default() }),
                (None, Some(e)) => self.expr(e, &mut Scope { inside_def: true, ..scope.clone() }),
                (None, None) => {
                    let number = p.ty.as_ref().is_none_or(|t| {
                        matches!(t.name.name.as_str(), "R" | "N") && t.dims.is_empty() && t.arrow.is_none()
                    });
                    let text = format!("{HYPERPARAMETER}{}", p.name.name);
                    let (op, kind) =
                        if number { (Op::Given(text), Kind::Scalar) } else { (Op::Fixed(text), Kind::Fixed) };
                    self.push(op, Vec::new(), kind, p.name.span)
                }
            };
            // The place to point at is where the optimizer names it.
            let id = match self.constant(id).cloned() {
                Some(q) => self.number(q, p.name.span),
                None => id,
            };
            scope.bind(&p.name.name, Local::Value(id));
        }
        self.conditions(decl, &scope);
        for state in &decl.states {
            let State { name, ty, .. } = state;
            let word = ty.name.name.as_str();
            let variance = self.variance(state, auto, &mut scope);
            self.body.auto |= word == "auto";
            let kind = match variance {
                Variance::Fixed | Variance::Scalar(_) if state.each => Kind::Numbers,
                Variance::Scalar(_) => Kind::Scalar,
                Variance::Fixed if word == "R" && ty.dims.is_empty() => Kind::Scalar,
                Variance::Fixed if word == "R" => Kind::Fixed,
                Variance::Metric | Variance::Cometric => Kind::Matrix,
                Variance::Left => Kind::Sides(true),
                Variance::Right => Kind::Sides(false),
                _ => Kind::Vector,
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
        for l in &decl.lets {
            let id = self.expr(&l.value, &mut scope);
            scope.bind(&l.name.name, Local::Value(id));
        }
        self.statements(&dynamics.body, &mut scope);
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

    /// Notes the hyperparameters that conditions such as `0 < c` or `c >= 0` keep from being negative.
    fn conditions(&mut self, decl: &Optimizer, scope: &Scope) {
        let name = |e: &Expr| match &e.kind {
            ExprKind::Name(n) => scope.get(n),
            _ => None,
        };
        let bound = |e: &Expr| matches!(&e.kind, ExprKind::Number(q) if *q >= Rational::ZERO);
        for condition in decl.params.iter().flat_map(|p| &p.conditions) {
            let mut left = &condition.first;
            for (comparison, right) in &condition.rest {
                let larger = match comparison {
                    Comparison::Lt | Comparison::Le if bound(left) => name(right),
                    Comparison::Gt | Comparison::Ge if bound(right) => name(left),
                    _ => None,
                };
                if let Some(Local::Value(id)) = larger {
                    self.body.nonnegative.push(id);
                }
                left = right;
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

    fn expr(&mut self, e: &Expr, scope: &mut Scope) -> Id {
        if self.body.nodes.len() > MAX_NODES {
            return self.opaque("the body is too large for types", Kind::Scalar, e.span);
        }
        match &e.kind {
            ExprKind::Number(q) => self.number(q.clone(), e.span),
            ExprKind::Name(n) => self.name(n, e.span, scope),
            ExprKind::Primed(n) => self.primed(n, e.span, scope),
            ExprKind::Neg(x) => {
                let x = self.expr(x, scope);
                self.negated(x, e.span)
            }
            ExprKind::Binary(op, a, b) => {
                let a = self.expr(a, scope);
                let b = self.expr(b, scope);
                self.binary(*op, a, b, e.span)
            }
            ExprKind::Power(a, b) => {
                let a = self.expr(a, scope);
                let b = self.expr(b, scope);
                self.power(a, b, e.span)
            }
            ExprKind::Transpose(x) => {
                let x = self.expr(x, scope);
                match self.kind(x) {
                    Kind::Scalar => x,
                    Kind::Matrix => self.push(Op::Transpose, vec![x], Kind::Matrix, e.span),
                    Kind::Block => self.push(Op::Transpose, vec![x], Kind::BlockTransposed, e.span),
                    Kind::BlockTransposed => self.push(Op::Transpose, vec![x], Kind::Block, e.span),
                    Kind::Side(l) => self.push(Op::Transpose, vec![x], Kind::Side(l), e.span),
                    k => self.function_of("the transpose of a vector", vec![x], k, e.span),
                }
            }
            ExprKind::Inverse(x) => {
                let x = self.expr(x, scope);
                self.inverse(x, e.span)
            }
            ExprKind::Call(f, args) => self.call(f, args, e.span, scope),
            ExprKind::If(c) => self.conditional(c, e.span, scope),
            ExprKind::Index(base, subscripts) => self.index(base, subscripts, e.span, scope),
            ExprKind::Reduce(..) => self.opaque("an indexed sum or product", Kind::Scalar, e.span),
            ExprKind::List(_) | ExprKind::Comprehension(..) => {
                self.opaque("a list of single entries", Kind::Vector, e.span)
            }
        }
    }

    /// `if a < b then x else y`, by the sign of the difference.
    fn conditional(&mut self, c: &Conditional, span: Span, scope: &mut Scope) -> Id {
        let [a, b, x, y] = c.parts().map(|e| self.expr(e, scope));
        let difference = self.binary(BinaryOp::Sub, a, b, span);
        let kind = self.kind(difference);
        let s = self.push(Op::Map(Fun::Sign.row()), vec![difference], kind, span);
        let square = self.binary(BinaryOp::EntryMul, s, s, span);
        let mut holds = None;
        for (part, weight) in [None, Some(s), Some(square)].into_iter().zip(choice_weights(c.comparison)) {
            let weight = weight.value();
            if weight.is_zero() {
                continue;
            }
            let weight = self.number(weight, span);
            let part = part.map_or(weight, |p| self.binary(BinaryOp::EntryMul, weight, p, span));
            holds = Some(holds.map_or(part, |h| self.binary(BinaryOp::Add, h, part, span)));
        }
        let Some(holds) = holds else { return y };
        let gain = self.binary(BinaryOp::Sub, x, y, span);
        let gained = self.binary(BinaryOp::EntryMul, holds, gain, span);
        self.binary(BinaryOp::Add, y, gained, span)
    }

    fn name(&mut self, n: &str, span: Span, scope: &Scope) -> Id {
        match scope.get(n) {
            Some(Local::Value(id)) => {
                // A constant is shown where it is used.
                return match self.constant(id).cloned() {
                    Some(q) => self.number(q, span),
                    None => id,
                };
            }
            Some(Local::Block) => {
                let params = self.push(Op::Params, Vec::new(), Kind::Vector, span);
                return self.push(Op::BlockOf, vec![params], Kind::Block, span);
            }
            None => {}
        }
        if !scope.inside_def {
            let word = match n {
                "params" => Some((Op::Params, Kind::Vector)),
                "loss" => Some((Op::Loss, Kind::Scalar)),
                "output" => Some((Op::Fixed("output".into()), Kind::Fixed)),
                "metric" => Some((Op::Metric, Kind::Matrix)),
                "dim" => Some((Op::Given("dim".into()), Kind::Scalar)),
                _ => None,
            };
            if let Some((op, kind)) = word {
                return self.push(op, Vec::new(), kind, span);
            }
        }
        match self.model.resolve(n, span) {
            Some(Declared::Let(id)) if self.depth < MAX_DEPTH => {
                self.depth += 1;
                let value = self.model[id].value.clone();
                let id = self.expr(&value, &mut Scope { inside_def: true, ..Scope::default() });
                self.depth -= 1;
                match self.constant(id).cloned() {
                    Some(q) => self.number(q, span),
                    None => id,
                }
            }
            Some(Declared::Data(id)) => {
                let ty = &self.model[id].decl.ty;
                let scalar = ty.name.name == "R" && ty.dims.is_empty() && ty.arrow.is_none();
                let kind = if scalar { Kind::Scalar } else { Kind::Fixed };
                let text = format!("datum {}", id.0);
                let op = if scalar { Op::Given(text) } else { Op::Fixed(text) };
                self.push(op, Vec::new(), kind, span)
            }
            None if n == "pi" => self.push(Op::Given("pi".into()), Vec::new(), Kind::Scalar, span),
            _ => self.opaque(format!("the name `{n}`"), Kind::Scalar, span),
        }
    }

    fn primed(&mut self, n: &str, span: Span, scope: &Scope) -> Id {
        if let Some(Local::Block) = scope.get(n) {
            return self.push(Op::PrimedBlock(0), Vec::new(), Kind::Block, span);
        }
        if n == "params" {
            return self.push(Op::Primed(0), Vec::new(), Kind::Vector, span);
        }
        let Some(i) = self.body.states.iter().position(|s| s.name == n) else {
            return self.opaque(format!("the new value of `{n}`"), Kind::Vector, span);
        };
        let state = (0..self.body.nodes.len()).map(Id).find(|&x| self.body.node(x).op == Op::State(i));
        let kind = state.map_or(Kind::Vector, |s| self.kind(s));
        self.push(Op::Primed(i + 1), Vec::new(), kind, span)
    }

    /// `z[W]`, and indices that read single entries.
    fn index(&mut self, base: &Expr, subscripts: &[Subscript], span: Span, scope: &mut Scope) -> Id {
        if let [Subscript::At(Expr { kind: ExprKind::Name(var), .. })] = subscripts
            && let Some(Local::Block) = scope.get(var)
        {
            if let ExprKind::Primed(n) = &base.kind
                && let Some(i) = self.body.states.iter().position(|s| s.name == *n)
            {
                let kind = block_kind(whole_kind(&self.body.states[i]));
                return self.push(Op::PrimedBlock(i + 1), Vec::new(), kind, span);
            }
            let whole = self.expr(base, scope);
            let kind = match self.kind(whole) {
                k @ (Kind::Vector | Kind::Sides(_) | Kind::Numbers) => block_kind(k),
                k => return self.opaque("a block of what has no blocks", k, span),
            };
            return self.push(Op::BlockOf, vec![whole], kind, span);
        }
        let whole = self.expr(base, scope);
        let entries = subscripts.iter().all(|s| matches!(s, Subscript::At(_)));
        let kind = match (self.kind(whole), subscripts.len()) {
            (Kind::Vector, 1) | (Kind::Matrix, 2) if entries => Kind::Scalar,
            _ => Kind::Fixed,
        };
        self.function_of("an index that reads single entries", vec![whole], kind, span)
    }
}

/// The kind of a state that has blocks.
fn whole_kind(state: &StateOf) -> Kind {
    match state.variance {
        _ if state.each => Kind::Numbers,
        Variance::Left => Kind::Sides(true),
        Variance::Right => Kind::Sides(false),
        _ => Kind::Vector,
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
