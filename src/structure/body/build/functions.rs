//! The functions of the language and of an optimizer's body.

use super::{Builder, Given};
use crate::core::prim::Fun;
use crate::core::words::Calculus;
use crate::domain::Rational;
use crate::source::Span;
use crate::structure::body::{Id, Kind, Node, Op};

impl Builder<'_> {
    /// A function of the table that is not entrywise.
    pub(super) fn function(&mut self, name: &str, v: &[Id], span: Span) -> Id {
        let kinds: Vec<Kind> = v.iter().map(|&x| self.kind(x)).collect();
        let first = kinds.first().copied().unwrap_or(Kind::Scalar);
        match (name, v) {
            // A block is a matrix already, whatever its shape; `hstack(x)` only says so.
            ("hstack", &[x]) if first == Kind::Block => x,
            ("hstack", &[_]) => self.opaque("`hstack`", first, span),
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
            ("inv", &[x]) => self.inverted(x, span),
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
            ("rows" | "cols" | "size", &[x]) => self.size_of(name, x, span),
            ("outer", &[a, b]) => self.push(Op::Outer, vec![a, b], Kind::Matrix, span),
            ("eye" | "zeros" | "ones", &[n]) if self.body.node(n).op == Op::Given(Given::Dim) => match name {
                "eye" => self.push(Op::Eye, Vec::new(), Kind::Matrix, span),
                "zeros" => self.push(Op::Zero, Vec::new(), Kind::Vector, span),
                _ => {
                    let c = self.constant_at(Rational::ONE, span);
                    self.spread(c, Kind::Vector, span)
                }
            },
            ("zeros", &[_, _]) => self.push(Op::Zero, Vec::new(), Kind::Matrix, span),
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

    /// A function of an optimizer's body, with as many arguments as it takes.
    pub(super) fn calculus_of(&mut self, f: Calculus, v: &[Id], span: Span) -> Id {
        let (op, kind) = match f {
            Calculus::Differential => (Op::Differential, Kind::Vector),
            Calculus::Gradient => (Op::Gradient, Kind::Vector),
            Calculus::NaturalGradient => (Op::NaturalGradient, Kind::Vector),
            Calculus::Raise => (Op::Raise, Kind::Vector),
            Calculus::Lower => (Op::Lower, Kind::Vector),
            Calculus::Hessian => (Op::Hessian, Kind::Matrix),
            Calculus::CovariantHessian => (Op::CovariantHessian, Kind::Matrix),
            Calculus::Christoffel => (Op::Christoffel, Kind::Vector),
            Calculus::BlockDiagonal => (Op::BlockDiag, Kind::Matrix),
            Calculus::At => (Op::At, v.last().map_or(Kind::Vector, |&e| self.kind(e))),
        };
        self.push(op, v.to_vec(), kind, span)
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
            (Kind::Scalar, _) | (Kind::Vector, "cols") => return self.constant_at(Rational::ONE, span),
            (Kind::Vector, _) | (Kind::Matrix, "rows" | "cols") => {
                return self.push(Op::Given(Given::Dim), Vec::new(), Kind::Scalar, span);
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
