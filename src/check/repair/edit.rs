//! Edits of an optimizer's text: the repairs that the literature knows.

use crate::domain::Rational;
use crate::source::Span;
use crate::syntax::tree::{
    BinaryOp, Expr, ExprKind, Ident, Optimizer, Place, State, Statement, StatementKind, Type, Weight,
};
use crate::verdict::Change;

/// One kind of change, made everywhere in a body where it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// `grad(e)` becomes `natgrad(e)`.
    NaturalGradient,
    /// A differential that is used as a step is raised: `d(e)` becomes `natgrad(e)` in the rule of the point.
    RaisedStep,
    /// `hess(e)` becomes `covhess(e)`.
    CovariantHessian,
    /// `d/dt z` of a tangent or cotangent state becomes `D/dt z`.
    CovariantDerivative,
    /// A cotangent momentum becomes a Hamiltonian one: `- d(dot(p, raise(metric, p)) / 2)`.
    Hamiltonian,
    /// A cotangent momentum becomes a tangent one, fed by the natural gradient.
    TangentMomentum,
    /// `eye(dim)` becomes `diag(diagonal(metric))`.
    MetricDamping,
    /// `sqrt(s)` becomes `s`.
    NoRoot,
    /// Decay of `params` becomes decay of the way gone since the start, a tangent state of its own.
    OwnDecay,
    /// A hyperparameter, by number, becomes zero.
    Without(usize),
    /// A state, by number, is carried as another type.
    Carried(usize, Carrying),
}

/// A type of a state: its word, and its weight.
type Carrying = (&'static str, Option<u32>);

/// Types of states whose values have one shape.
const CARRIED: [&[Carrying]; 3] = [
    &[("tangent", None), ("cotangent", None), ("diagonal", None)],
    &[("metric", None), ("cometric", None)],
    &[("R", None), ("scalar", Some(2)), ("scalar", Some(1))],
];

/// As it is written in a file.
fn written((word, weight): Carrying) -> String {
    weight.map_or_else(|| word.to_owned(), |k| format!("{word}({k})"))
}

impl Edit {
    /// All edits that may apply to an optimizer, in the order in which they are tried.
    pub fn all(optimizer: &Optimizer) -> Vec<Edit> {
        let settable = optimizer.params.iter().enumerate().filter(|(_, p)| p.default.is_some());
        let summands = settable.filter(|(_, p)| is_summand(optimizer, &p.name.name));
        // The simplest first.
        let mut all: Vec<Edit> = summands.take(4).map(|(i, _)| Edit::Without(i)).collect();
        for (i, s) in optimizer.states.iter().enumerate().take(4) {
            let word = s.ty.name.name.as_str();
            let plain = s.ty.dims.is_empty() && s.weight.is_none() && !s.each;
            let kind = CARRIED.iter().find(|kind| plain && kind.contains(&(word, None)));
            let others = kind.into_iter().flat_map(|k| k.iter().copied()).filter(|c| *c != (word, None));
            all.extend(others.map(|w| Edit::Carried(i, w)));
        }
        all.extend([
            Edit::NaturalGradient,
            Edit::RaisedStep,
            Edit::CovariantHessian,
            Edit::CovariantDerivative,
            Edit::Hamiltonian,
            Edit::TangentMomentum,
            Edit::MetricDamping,
            Edit::NoRoot,
            Edit::OwnDecay,
        ]);
        all
    }

    /// The name of the hyperparameter that it sets to zero.
    pub fn zeroed(&self, optimizer: &Optimizer) -> Option<String> {
        match self {
            Edit::Without(i) => optimizer.params.get(*i).map(|p| p.name.name.clone()),
            _ => None,
        }
    }

    /// Whether it leaves the rules as they are written: a hyperparameter at zero, another type of a state.
    pub fn is_simple(&self) -> bool {
        matches!(self, Edit::Without(_) | Edit::Carried(..))
    }

    /// Whether it changes the type of a state, and nothing else.
    pub fn is_of_a_type(&self) -> bool {
        matches!(self, Edit::Carried(..))
    }

    /// What was wrong with what it replaces.
    pub fn reason(&self, optimizer: &Optimizer) -> String {
        match self {
            Edit::NaturalGradient => "`grad` reads the differential, a covector, as a vector; only orthogonal maps allow that. `natgrad` raises it with the metric".into(),
            Edit::RaisedStep => "the differential is a covector, and the point moves along vectors; `natgrad` raises it with the metric".into(),
            Edit::CovariantHessian => "the second partial derivatives are a tensor only along affine maps; `covhess` subtracts the connection".into(),
            Edit::CovariantDerivative => "along a nonlinear map the plain derivative of a state picks up second derivatives of the map; `D/dt` adds the connection that cancels them".into(),
            Edit::Hamiltonian => "along a nonlinear map the derivative of a covector picks up second derivatives of the map; the differential of the kinetic energy cancels them".into(),
            Edit::TangentMomentum => "a momentum that is a covector cannot move the point; one that is a tangent vector, fed by the natural gradient, can".into(),
            Edit::MetricDamping => "`eye(dim)` is no tensor: adding it to the metric fixes a scale for every coordinate".into(),
            Edit::NoRoot => "the root leaves a step without units, which moves every coordinate alike whatever its scale; without it the step has the units of the coordinate".into(),
            Edit::OwnDecay => "`params` depends on the origin of the coordinates; the way gone since the start is a vector that does not".into(),
            Edit::Carried(i, carrying) => {
                let word = written(*carrying);
                let (name, was) = optimizer.states.get(*i).map_or(("", ""), |s| (s.name.name.as_str(), s.ty.name.name.as_str()));
                format!("the answer hangs on the type of the state `{name}`: it is carried as `{was}`, and carried as `{word}` it fits")
            }
            Edit::Without(i) => {
                let name = optimizer.params.get(*i).map_or("", |p| p.name.name.as_str());
                format!("`{name}` is a constant beside quantities that change with the map, and fixes a scale for them")
            }
        }
    }

    /// The changed optimizer and where it changed; `None` if nothing does.
    pub fn apply(&self, optimizer: &Optimizer) -> Option<(Optimizer, Vec<Change>)> {
        let mut changed = optimizer.clone();
        let mut changes = Vec::new();
        match self {
            Edit::Without(i) => {
                let p = changed.params.get_mut(*i)?;
                let default = p.default.as_mut()?;
                if matches!(&default.kind, ExprKind::Number(q) if q.is_zero()) {
                    return None;
                }
                let old = format!("{} = {default}", p.name.name);
                let new = format!("{} = 0", p.name.name);
                changes.push((p.name.span.to(default.span), old, new));
                default.kind = ExprKind::Number(Rational::ZERO);
            }
            Edit::Carried(i, carrying) => {
                let s = changed.states.get_mut(*i)?;
                let (name, was) = (&s.name.name, &s.ty.name.name);
                let new = format!("{name} : {}", written(*carrying));
                changes.push((s.name.span.to(s.ty.span), format!("{name} : {was}"), new));
                let (word, weight) = *carrying;
                s.ty.name.name = word.to_owned();
                let number = |k: u32| Expr { kind: ExprKind::Number(Rational::from(k)), span: s.ty.span };
                s.weight = weight.map(|k| Weight { power: number(k), parity: None, span: s.ty.span });
            }
            Edit::CovariantDerivative => covariant(&mut changed, &mut changes),
            Edit::Hamiltonian => hamiltonian(&mut changed, &mut changes),
            Edit::TangentMomentum => tangent_momentum(&mut changed, &mut changes),
            Edit::OwnDecay => own_decay(&mut changed, &mut changes),
            Edit::RaisedStep => {
                let rules = changed.dynamics.iter_mut().flat_map(|d| &mut d.body);
                for s in rules {
                    if let StatementKind::Update(p, e) | StatementKind::Derivative(p, e) = &mut s.kind
                        && p.name.name == "params"
                    {
                        rewrite(e, &mut |e| renamed(e, "d", "natgrad"), &mut changes);
                    }
                }
            }
            _ => {
                for l in &mut changed.lets {
                    rewrite(&mut l.value, &mut |e| self.replaced(e), &mut changes);
                }
                for s in changed.dynamics.iter_mut().flat_map(|d| &mut d.body) {
                    in_statement(s, &mut |e| self.replaced(e), &mut changes);
                }
            }
        }
        (!changes.is_empty()).then_some((changed, changes))
    }

    /// What an expression becomes under one of the plain replacements.
    fn replaced(&self, e: &Expr) -> Option<Expr> {
        match self {
            Edit::NaturalGradient => renamed(e, "grad", "natgrad"),
            Edit::CovariantHessian => renamed(e, "hess", "covhess"),
            Edit::MetricDamping => match &e.kind {
                ExprKind::Call(f, args)
                    if f.name == "eye" && matches!(&args[..], [a] if a.kind == ExprKind::Name("dim".into())) =>
                {
                    let metric = named("metric", e.span);
                    Some(call("diag", vec![call("diagonal", vec![metric], e.span)], e.span))
                }
                _ => None,
            },
            Edit::NoRoot => match &e.kind {
                ExprKind::Call(f, args) if f.name == "sqrt" && args.len() == 1 => Some(args[0].clone()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether a hyperparameter occurs, and only as a summand, as `eps` does, or as the factor of one that is a decay or a damping.
/// Setting any other to zero would take something away that the optimizer is made of.
fn is_summand(optimizer: &Optimizer, name: &str) -> bool {
    let uses = Uses::of(optimizer, name);
    !uses.summands.is_empty() && uses.others == 0
}

/// Where a hyperparameter is used as a summand, or as the factor of one.
pub fn uses_of(optimizer: &Optimizer, name: &str) -> Vec<Span> {
    Uses::of(optimizer, name).summands
}

/// Counts how a name is used.
struct Uses<'n> {
    name: &'n str,
    /// The names of blocks in sight.
    blocks: Vec<String>,
    summands: Vec<Span>,
    others: usize,
}

impl<'n> Uses<'n> {
    fn of(optimizer: &Optimizer, name: &'n str) -> Self {
        let mut uses = Uses { name, blocks: Vec::new(), summands: Vec::new(), others: 0 };
        optimizer.lets.iter().for_each(|l| uses.expr(&l.value, false));
        for d in &optimizer.dynamics {
            d.body.iter().for_each(|s| uses.statement(s));
        }
        uses
    }

    fn statement(&mut self, s: &Statement) {
        match &s.kind {
            StatementKind::Let(l) => self.expr(&l.value, false),
            StatementKind::Derivative(_, e) | StatementKind::Covariant(_, e) | StatementKind::Update(_, e) => {
                self.expr(e, false);
            }
            StatementKind::Each { var, body, .. } => {
                self.blocks.push(var.name.clone());
                body.iter().for_each(|s| self.statement(s));
                self.blocks.pop();
            }
        }
    }

    /// `params`, a block of it, their lengths, or the identity: what decays and dampings are multiples of.
    fn decays(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Name(n) => n == "params" || self.blocks.contains(n),
            ExprKind::Call(f, args) if f.name == "norm" => args.iter().all(|a| self.decays(a)),
            ExprKind::Call(f, _) => f.name == "eye",
            _ => false,
        }
    }

    /// `summand` tells whether the expression is one of a sum's.
    fn expr(&mut self, e: &Expr, summand: bool) {
        match &e.kind {
            ExprKind::Name(n) if n == self.name && summand => self.summands.push(e.span),
            ExprKind::Name(n) if n == self.name => self.others += 1,
            ExprKind::Number(_) | ExprKind::Name(_) | ExprKind::Primed(_) => {}
            ExprKind::Neg(x) => self.expr(x, summand),
            ExprKind::Transpose(x) | ExprKind::Inverse(x) => self.expr(x, false),
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub, a, b) => {
                self.expr(a, true);
                self.expr(b, true);
            }
            ExprKind::Binary(BinaryOp::Mul, a, b) => {
                let fixed = self.decays(b);
                self.expr(a, summand && fixed);
                self.expr(b, false);
            }
            ExprKind::Binary(_, a, b) | ExprKind::Power(a, b) => {
                self.expr(a, false);
                self.expr(b, false);
            }
            ExprKind::Call(_, args) | ExprKind::List(args) => args.iter().for_each(|a| self.expr(a, false)),
            ExprKind::If(c) => c.parts().into_iter().for_each(|e| self.expr(e, false)),
            ExprKind::Reduce(_, _, body) | ExprKind::Comprehension(_, body) => self.expr(body, false),
            ExprKind::Index(base, _) => self.expr(base, false),
        }
    }
}

fn ident(name: &str, span: Span) -> Ident {
    Ident { name: name.to_owned(), span }
}

fn named(name: &str, span: Span) -> Expr {
    Expr { kind: ExprKind::Name(name.to_owned()), span }
}

fn call(f: &str, args: Vec<Expr>, span: Span) -> Expr {
    Expr { kind: ExprKind::Call(ident(f, span), args), span }
}

fn binary(op: BinaryOp, a: Expr, b: Expr) -> Expr {
    let span = a.span;
    Expr { kind: ExprKind::Binary(op, Box::new(a), Box::new(b)), span }
}

/// `f(e)` as `g(e)`; a call with a block variable is left alone.
fn renamed(e: &Expr, from: &str, to: &str) -> Option<Expr> {
    match &e.kind {
        ExprKind::Call(f, args) if f.name == from && args.len() == 1 => Some(call(to, args.clone(), e.span)),
        _ => None,
    }
}

/// Replaces the outermost expressions that `change` changes, and lists them.
fn rewrite(e: &mut Expr, change: &mut impl FnMut(&Expr) -> Option<Expr>, changes: &mut Vec<Change>) {
    if let Some(new) = change(e) {
        changes.push((e.span, e.to_string(), new.to_string()));
        *e = new;
        return;
    }
    match &mut e.kind {
        ExprKind::Number(_) | ExprKind::Name(_) | ExprKind::Primed(_) => {}
        ExprKind::Neg(x) | ExprKind::Transpose(x) | ExprKind::Inverse(x) => rewrite(x, change, changes),
        ExprKind::Binary(_, a, b) | ExprKind::Power(a, b) => {
            rewrite(a, change, changes);
            rewrite(b, change, changes);
        }
        ExprKind::Call(_, args) | ExprKind::List(args) => args.iter_mut().for_each(|a| rewrite(a, change, changes)),
        ExprKind::If(c) => c.parts_mut().into_iter().for_each(|e| rewrite(e, change, changes)),
        ExprKind::Reduce(_, _, body) | ExprKind::Comprehension(_, body) => rewrite(body, change, changes),
        ExprKind::Index(base, _) => rewrite(base, change, changes),
    }
}

fn in_statement(s: &mut Statement, change: &mut impl FnMut(&Expr) -> Option<Expr>, changes: &mut Vec<Change>) {
    match &mut s.kind {
        StatementKind::Let(l) => rewrite(&mut l.value, change, changes),
        StatementKind::Derivative(_, e) | StatementKind::Covariant(_, e) | StatementKind::Update(_, e) => {
            rewrite(e, change, changes);
        }
        StatementKind::Each { body, .. } => body.iter_mut().for_each(|s| in_statement(s, change, changes)),
    }
}

fn is_state(states: &[State], name: &str, kinds: &[&str]) -> bool {
    states.iter().any(|s| s.name.name == name && kinds.contains(&s.ty.name.name.as_str()))
}

fn covariant(optimizer: &mut Optimizer, changes: &mut Vec<Change>) {
    let states = optimizer.states.clone();
    for s in optimizer.dynamics.iter_mut().flat_map(|d| &mut d.body) {
        let StatementKind::Derivative(p, e) = &s.kind else { continue };
        if p.block.is_none() && is_state(&states, &p.name.name, &["tangent", "cotangent"]) {
            let name = p.name.name.clone();
            let place = Span::new(s.span.source, s.span.start, p.name.span.end);
            changes.push((place, format!("d/dt {name}"), format!("D/dt {name}")));
            s.kind = StatementKind::Covariant(p.clone(), e.clone());
        }
    }
}

fn hamiltonian(optimizer: &mut Optimizer, changes: &mut Vec<Change>) {
    let states = optimizer.states.clone();
    for s in optimizer.dynamics.iter_mut().flat_map(|d| &mut d.body) {
        let StatementKind::Derivative(p, e) = &mut s.kind else { continue };
        if p.block.is_some() || !is_state(&states, &p.name.name, &["cotangent"]) {
            continue;
        }
        let span = e.span;
        let momentum = named(&p.name.name, span);
        let velocity = call("raise", vec![named("metric", span), momentum.clone()], span);
        let energy = call("dot", vec![momentum, velocity], span);
        let two = Expr { kind: ExprKind::Number(Rational::from(2)), span };
        let force = call("d", vec![binary(BinaryOp::Div, energy, two)], span);
        let old = e.to_string();
        *e = binary(BinaryOp::Sub, e.clone(), force);
        changes.push((span, old, e.to_string()));
    }
}

fn tangent_momentum(optimizer: &mut Optimizer, changes: &mut Vec<Change>) {
    let mut turned = Vec::new();
    for State { name, ty, .. } in &mut optimizer.states {
        if ty.name.name == "cotangent" {
            changes.push((
                name.span.to(ty.span),
                format!("{} : cotangent", name.name),
                format!("{} : tangent", name.name),
            ));
            ty.name.name = "tangent".into();
            turned.push(name.name.clone());
        }
    }
    for s in optimizer.dynamics.iter_mut().flat_map(|d| &mut d.body) {
        let own = match &s.kind {
            StatementKind::Derivative(p, _) | StatementKind::Covariant(p, _) | StatementKind::Update(p, _) => {
                turned.contains(&p.name.name)
            }
            _ => false,
        };
        in_statement(
            s,
            &mut |e| match &e.kind {
                ExprKind::Call(f, args) if own && f.name == "d" && args.len() == 1 => {
                    Some(call("natgrad", args.clone(), e.span))
                }
                // What was raised is a vector now.
                ExprKind::Call(f, args) if f.name == "raise" && args.len() == 2 => match &args[1].kind {
                    ExprKind::Name(n) | ExprKind::Primed(n) if turned.contains(n) => Some(args[1].clone()),
                    _ => None,
                },
                _ => None,
            },
            changes,
        );
    }
}

/// Replaces `params` where it is a summand that decays by a new tangent state, which moves as `params` does.
fn own_decay(optimizer: &mut Optimizer, changes: &mut Vec<Change>) {
    let taken = |name: &str| {
        optimizer.states.iter().any(|s| s.name.name == name) || optimizer.params.iter().any(|p| p.name.name == name)
    };
    let Some(name) = ["moved", "way", "displacement"].into_iter().find(|n| !taken(n)) else { return };
    let span = optimizer.name.span;
    let mut found = Vec::new();
    for d in &mut optimizer.dynamics {
        let step = d.step.is_some();
        let mut rule = None;
        for s in &mut d.body {
            let (StatementKind::Derivative(p, e) | StatementKind::Update(p, e)) = &mut s.kind else { continue };
            if p.name.name != "params" || p.block.is_some() {
                continue;
            }
            // The leading `params` of a step is the point itself.
            let leading = e.span.start;
            rewrite(
                e,
                &mut |x| match &x.kind {
                    ExprKind::Name(n) if n == "params" && !(step && x.span.start == leading) => {
                        Some(named(name, x.span))
                    }
                    // Where the loss is looked at is a point, too.
                    ExprKind::Call(f, _) if f.name == "at" => None,
                    _ => None,
                },
                &mut found,
            );
            rule = Some(e.clone());
        }
        let Some(e) = rule.filter(|_| !found.is_empty()) else { return };
        let place = Place { name: ident(name, span), block: None };
        let kind = if step {
            let difference =
                binary(BinaryOp::Sub, Expr { kind: ExprKind::Primed("params".into()), span }, named("params", span));
            StatementKind::Update(place, binary(BinaryOp::Add, named(name, span), difference))
        } else {
            StatementKind::Derivative(place, e.clone())
        };
        let text = if step { format!("{name}' = {name} + params' - params") } else { format!("d/dt {name} = {e}") };
        // The state before the dynamics, its rule at their end.
        let at = |offset: usize| Span::new(d.span.source, offset, offset);
        changes.push((at(d.span.start), String::new(), format!("state {name} : tangent")));
        changes.push((at(d.span.end.saturating_sub(1)), String::new(), text));
        d.body.push(Statement { kind, span });
    }
    if !found.is_empty() {
        changes.splice(0..0, found);
        let ty = Type { name: ident("tangent", span), dims: Vec::new(), arrow: None, span };
        optimizer.states.push(State { name: ident(name, span), ty, weight: None, each: false, initial: None });
    }
}
