//! Calls: definitions, and the functions of the language and of an optimizer's body.

use super::{Builder, Local, MAX_DEPTH, Scope};
use crate::core::prim::{self, Fun, Is};
use crate::domain::Rational;
use crate::model::names::Declared;
use crate::source::Span;
use crate::structure::body::{Id, Kind, Node, Op};
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
        if let (Some(row), &[x]) = (prim::entrywise(name), v) {
            return match row.is {
                Is::Power(q) => {
                    let q = self.number(q.value(), span);
                    self.power(x, q, span)
                }
                Is::Kernel(_) | Is::Defined(_) => self.push(Op::Map(row), vec![x], first, span),
            };
        }
        match (name, v) {
            ("max" | "min", &[a, b]) => {
                if let Some((x, c)) = self.clipped(name, a, b) {
                    let (x, c, kind) = self.same_kind(x, c);
                    return self.push(Op::Clip, vec![x, c], kind, span);
                }
                let (a, b, kind) = self.same_kind(a, b);
                self.push(if name == "max" { Op::Max } else { Op::Min }, vec![a, b], kind, span)
            }
            ("max", &[x]) => self.push(Op::Largest, vec![x], Kind::Scalar, span),
            ("min", &[x]) => self.push(Op::Least, vec![x], Kind::Scalar, span),
            // A sum of squares, or of products entry by entry, needs no axes.
            ("sum" | "mean", &[x]) => match self.factors(x).filter(|_| name == "sum") {
                Some((a, b)) => self.push(Op::Dot, vec![a, b], Kind::Scalar, span),
                None => self.push(if name == "sum" { Op::Sum } else { Op::Mean }, vec![x], Kind::Scalar, span),
            },
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
            ("polar", &[x]) if first == Kind::Scalar => self.push(Op::Map(Fun::Sign.row()), vec![x], first, span),
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
            ("rows" | "cols" | "size", &[x]) => self.size_of(name, x, span),
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

    /// The two factors of an entrywise product or square of what is over the parameters.
    fn factors(&self, x: Id) -> Option<(Id, Id)> {
        let node = self.body.node(x);
        if !matches!(node.kind, Kind::Vector | Kind::Block) {
            return None;
        }
        match (&node.op, &node.args[..]) {
            (Op::EntryMul, &[a, b]) => Some((a, b)),
            (Op::Power(q), &[a]) if *q == Rational::from(2) => Some((a, a)),
            _ => None,
        }
    }

    /// `rows(x)`, `cols(x)`, `size(x)`
    fn size_of(&mut self, name: &str, x: Id, span: Span) -> Id {
        let word = match (self.kind(x), name) {
            (Kind::Scalar, _) | (Kind::Vector, "cols") => return self.number(Rational::ONE, span),
            (Kind::Vector, _) | (Kind::Matrix, "rows" | "cols") => {
                return self.push(Op::Given("dim".into()), Vec::new(), Kind::Scalar, span);
            }
            (Kind::Block, _) | (Kind::BlockTransposed, "size") => name,
            (Kind::BlockTransposed, "rows") | (Kind::Side(false), "rows" | "cols") => "cols",
            (Kind::BlockTransposed, _) | (Kind::Side(true), "rows" | "cols") => "rows",
            // The size of a fixed tensor does not change.
            (Kind::Fixed, _) => return self.function_of("the size of a tensor", vec![x], Kind::Scalar, span),
            _ => return self.opaque(format!("`{name}` of this"), Kind::Scalar, span),
        };
        self.push(Op::Size(word.to_owned()), Vec::new(), Kind::Scalar, span)
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
