//! Calls: definitions, and the functions of the language and of an optimizer's body.

use super::{Builder, Local, MAX_DEPTH, Scope};
use crate::domain::Rational;
use crate::model::names::Declared;
use crate::source::Span;
use crate::structure::body::{Entrywise, Id, Kind, Node, Op};
use crate::syntax::tree::{Expr, ExprKind, Ident};

impl Builder<'_> {
    pub(super) fn call(&mut self, f: &Ident, args: &[Expr], span: Span, scope: &mut Scope) -> Id {
        match self.model.resolve(&f.name, f.span) {
            Some(Declared::Def(id)) if self.depth < MAX_DEPTH => {
                let def = self.model[id].clone();
                let mut inner = Scope { inside_def: true, ..Scope::default() };
                for (p, a) in def.params.iter().zip(args) {
                    let value = self.expr(a, scope);
                    inner.bind(&p.name, Local::Value(value));
                }
                self.depth += 1;
                let id = self.expr(&def.body, &mut inner);
                self.depth -= 1;
                // Blame falls on the call, not on the definition.
                let mut node = self.body.node(id).clone();
                node.span = span;
                self.body.nodes.push(node);
                return Id(self.body.nodes.len() - 1);
            }
            Some(_) => return self.opaque(format!("`{}`", f.name), Kind::Fixed, span),
            None => {}
        }
        // A block is a matrix already, whatever its shape; `hstack(x)` and `reshape(x, W)` only say so.
        let same = match (f.name.as_str(), args) {
            ("hstack", [x]) => Some(x),
            ("reshape", [x, Expr { kind: ExprKind::Name(w), .. }]) if matches!(scope.get(w), Some(Local::Block)) => {
                Some(x)
            }
            _ => None,
        };
        if let Some(x) = same {
            let id = self.expr(x, scope);
            let kind = self.kind(id);
            return if kind == Kind::Block { id } else { self.opaque(format!("`{}`", f.name), kind, span) };
        }
        let block = match (f.name.as_str(), args) {
            ("d" | "grad", [_, Expr { kind: ExprKind::Name(w), .. }]) => matches!(scope.get(w), Some(Local::Block)),
            _ => false,
        };
        let taken = if block { &args[..1] } else { args };
        let values: Vec<Id> = taken.iter().map(|a| self.expr(a, scope)).collect();
        let id = self.function(&f.name, &values, span);
        if block { self.push(Op::BlockOf, vec![id], Kind::Block, span) } else { id }
    }

    pub(super) fn function(&mut self, name: &str, v: &[Id], span: Span) -> Id {
        let kinds: Vec<Kind> = v.iter().map(|&x| self.kind(x)).collect();
        let first = kinds.first().copied().unwrap_or(Kind::Scalar);
        match (name, v) {
            ("sqrt", &[x]) => {
                let half = self.number(crate::term::half(), span);
                self.power(x, half, span)
            }
            ("sign", &[x]) => self.push(Op::Map(Entrywise::Sign, name.into()), vec![x], first, span),
            ("abs", &[x]) => self.push(Op::Map(Entrywise::Abs, name.into()), vec![x], first, span),
            ("relu", &[x]) => self.push(Op::Map(Entrywise::Relu, name.into()), vec![x], first, span),
            ("tanh" | "sin" | "atan" | "sinh" | "tan", &[x]) => {
                self.push(Op::Map(Entrywise::Odd, name.into()), vec![x], first, span)
            }
            ("cos" | "cosh", &[x]) => self.push(Op::Map(Entrywise::Even, name.into()), vec![x], first, span),
            ("exp" | "log" | "sigmoid" | "softplus", &[x]) => {
                self.push(Op::Map(Entrywise::Plain, name.into()), vec![x], first, span)
            }
            ("max" | "min", &[a, b]) => {
                if let Some((x, c)) = self.clipped(name, a, b) {
                    let (x, c, kind) = self.same_kind(x, c);
                    return self.push(Op::Clip, vec![x, c], kind, span);
                }
                let (a, b, kind) = self.same_kind(a, b);
                self.push(if name == "max" { Op::Max } else { Op::Min }, vec![a, b], kind, span)
            }
            ("sum" | "mean", &[x]) => {
                self.push(if name == "sum" { Op::Sum } else { Op::Mean }, vec![x], Kind::Scalar, span)
            }
            ("dot", &[a, b]) => self.push(Op::Dot, vec![a, b], Kind::Scalar, span),
            ("norm", &[x]) => self.push(Op::Norm, vec![x], Kind::Scalar, span),
            ("trace", &[x]) => self.push(Op::Trace, vec![x], Kind::Scalar, span),
            ("det", &[x]) => self.push(Op::Det, vec![x], Kind::Scalar, span),
            ("inv", &[x]) => self.inverse(x, span),
            ("pinv", &[x]) if matches!(first, Kind::Matrix | Kind::Side(_)) => {
                self.push(Op::PseudoInverse, vec![x], first, span)
            }
            ("solve", &[a, b]) => self.push(Op::Solve, vec![a, b], kinds[1], span),
            ("powm", &[a, q]) => match self.constant(q).cloned() {
                Some(q) => self.push(Op::MatrixPower(q), vec![a], first, span),
                None => self.opaque("`powm` with an exponent that varies", first, span),
            },
            ("polar", &[x]) if first == Kind::Scalar => {
                self.push(Op::Map(Entrywise::Sign, name.into()), vec![x], first, span)
            }
            ("polar", &[x]) => self.push(Op::Polar, vec![x], first, span),
            ("diag", &[x]) if matches!(first, Kind::Vector | Kind::SideVector(_)) => {
                let kind = if let Kind::SideVector(left) = first { Kind::Side(left) } else { Kind::Matrix };
                self.push(Op::Diag, vec![x], kind, span)
            }
            ("diagonal", &[x]) if matches!(first, Kind::Matrix | Kind::Side(_)) => {
                let kind = if let Kind::Side(left) = first { Kind::SideVector(left) } else { Kind::Vector };
                self.push(Op::DiagonalOf, vec![x], kind, span)
            }
            ("blockdiag", &[x]) => self.push(Op::BlockDiag, vec![x], Kind::Matrix, span),
            ("outer", &[a, b]) => self.push(Op::Outer, vec![a, b], Kind::Matrix, span),
            ("eye" | "zeros" | "ones", &[n]) if self.body.node(n).op == Op::Given("dim".into()) => match name {
                "eye" => self.push(Op::Eye, Vec::new(), Kind::Matrix, span),
                "zeros" => self.push(Op::Zero, Vec::new(), Kind::Vector, span),
                _ => {
                    let c = self.number(Rational::ONE, span);
                    self.spread(c, Kind::Vector, span)
                }
            },
            ("zeros", &[_, _]) => self.push(Op::Zero, Vec::new(), Kind::Matrix, span),
            ("d", &[e]) => self.push(Op::Differential, vec![e], Kind::Vector, span),
            ("grad", &[e]) => self.push(Op::Gradient, vec![e], Kind::Vector, span),
            ("natgrad", &[e]) => self.push(Op::NaturalGradient, vec![e], Kind::Vector, span),
            ("raise", &[g, c]) => self.push(Op::Raise, vec![g, c], Kind::Vector, span),
            ("lower", &[g, c]) => self.push(Op::Lower, vec![g, c], Kind::Vector, span),
            ("hess", &[e]) => self.push(Op::Hessian, vec![e], Kind::Matrix, span),
            ("covhess", &[e]) => self.push(Op::CovariantHessian, vec![e], Kind::Matrix, span),
            ("christoffel", &[g, u, w]) => self.push(Op::Christoffel, vec![g, u, w], Kind::Vector, span),
            ("at", &[q, e]) => self.push(Op::At, vec![q, e], kinds[1], span),
            _ => {
                // What is made of numbers, as `ones(2)` and `concat(loss, 0)`, is a tensor of a fixed space.
                let kind = match (name, first) {
                    ("prod" | "logsumexp", _) => Kind::Scalar,
                    (_, Kind::Scalar) => Kind::Fixed,
                    _ => first,
                };
                self.function_of(format!("`{name}`"), v.to_vec(), kind, span)
            }
        }
    }

    /// `x` and the upper bound `c` where `max(a, b)` or `min(a, b)` closes `min(max(x, -c), c)` or `max(min(x, c), -c)`.
    pub(super) fn clipped(&self, name: &str, a: Id, b: Id) -> Option<(Id, Id)> {
        let inner = if name == "min" { Op::Max } else { Op::Min };
        for (node, bound) in [(a, b), (b, a)] {
            let n = self.body.node(node);
            if n.op != inner {
                continue;
            }
            for (x, other) in [(n.args[0], n.args[1]), (n.args[1], n.args[0])] {
                if self.opposite(other, bound) {
                    return Some((x, if name == "min" { bound } else { other }));
                }
            }
        }
        None
    }

    /// Whether one of two nodes is written as minus the other; scalars may be spread.
    pub(super) fn opposite(&self, a: Id, b: Id) -> bool {
        let bare = |id: Id| match self.body.node(id) {
            Node { op: Op::Spread, args, .. } => args[0],
            _ => id,
        };
        let (a, b) = (bare(a), bare(b));
        if let (Some(x), Some(y)) = (self.constant(a), self.constant(b)) {
            return *x == -y.clone();
        }
        let minus = |x: Id, y: Id| {
            let n = self.body.node(x);
            n.op == Op::Neg && self.body.same(n.args[0], y)
        };
        minus(a, b) || minus(b, a)
    }
}
