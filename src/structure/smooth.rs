//! Nonlinear maps: terms in the second derivative of the map, and which of them cancel.
//!
//! Along a diffeomorphism `f` the derivative of a tangent state `v` is carried as `J v̇ + D²f(ẋ, v)`, that of a cotangent
//! state `p` as `J⁻ᵀ (ṗ - ⟨D²f(ẋ, ·), J⁻ᵀ p⟩)`. Connections and differentials of functions of the state have terms of the
//! same kind, and an optimizer is natural if they cancel. To see that, the arguments of `D²f` are compared as expressions,
//! through [`Keys`].

use rustc_hash::FxHashMap;

use super::body::{Id, Op, Reads};
use super::law::{Pair, Twist};
use super::rules::{Fault, Typer};
use crate::core::variance::Variance;
use crate::domain::Rational;

/// Numbers for expressions: equal numbers mean equal values at every state.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    table: FxHashMap<(Op, Vec<usize>), usize>,
}

impl Keys {
    fn number(&mut self, op: Op, args: Vec<usize>) -> usize {
        let next = self.table.len();
        *self.table.entry((op, args)).or_insert(next)
    }
}

/// The sum of two twists.
pub fn merge(a: &[(Pair, Rational)], b: &[(Pair, Rational)]) -> Twist {
    let mut all: Twist = a.to_vec();
    for (pair, c) in b {
        match all.iter_mut().find(|(p, _)| p == pair) {
            Some((_, sum)) => *sum += c.clone(),
            None => all.push((*pair, c.clone())),
        }
    }
    all.retain(|(_, c)| !c.is_zero());
    all.sort_by_key(|(p, _)| *p);
    all
}

impl Typer {
    /// A constant factor and the number of the rest.
    pub(super) fn key(&mut self, id: Id) -> (Rational, usize) {
        let node = self.body.node(id).clone();
        let constant = |t: &Typer, id: Id| match &t.body.node(id).op {
            Op::Const(q) if !q.is_zero() => Some(q.clone()),
            _ => None,
        };
        match node.op {
            Op::Neg => {
                let (c, k) = self.key(node.args[0]);
                return (-c, k);
            }
            Op::Scale => {
                if let Some(q) = constant(self, node.args[0]) {
                    let (c, k) = self.key(node.args[1]);
                    return (c * q, k);
                }
            }
            Op::Over => {
                if let Some(q) = constant(self, node.args[1]) {
                    let (c, k) = self.key(node.args[0]);
                    return (c / q, k);
                }
            }
            // The laws were computed first, and they refuse circles.
            Op::Primed(i) => {
                if let Some(&c) = self.body.news.get(i) {
                    return self.key(c);
                }
            }
            _ => {}
        }
        let mut args = Vec::with_capacity(node.args.len());
        for &a in &node.args {
            args.push(self.whole_key(a));
        }
        let key = match node.op {
            Op::NaturalGradient => {
                let d = self.keys.number(Op::Differential, args);
                let g = self.keys.number(Op::Metric, Vec::new());
                self.keys.number(Op::Raise, vec![g, d])
            }
            Op::Gradient => self.keys.number(Op::Differential, args),
            // Its text and operands do not tell what it does: `z[0]` and `z[1]` read alike.
            Op::Opaque(_) => self.keys.number(Op::Opaque(format!("node {}", id.0)), Vec::new()),
            op => self.keys.number(op, args),
        };
        (Rational::ONE, key)
    }

    fn whole_key(&mut self, id: Id) -> usize {
        let (c, k) = self.key(id);
        if c.is_one() { k } else { self.keys.number(Op::Const(c), vec![k]) }
    }

    /// The twist `q · D²f(u, v)`; of two vectors the order does not matter, of a vector and a covector it is given.
    pub(super) fn twist_of_pair(&mut self, u: Id, v: Id, q: &Rational, symmetric: bool) -> Twist {
        let ((a, k), (b, l)) = (self.key(u), self.key(v));
        let pair = if symmetric && l < k { (l, k) } else { (k, l) };
        vec![(pair, q * a * b)]
    }

    /// Whether the value of a node depends on a state, old or new.
    pub(super) fn depends_on_state(&self, id: Id) -> bool {
        let node = self.body.node(id);
        matches!(node.op.reads(), Reads::State(_) | Reads::New(_))
            || node.args.iter().any(|&a| self.depends_on_state(a))
    }

    fn depends_on(&self, id: Id, i: usize) -> bool {
        let node = self.body.node(id);
        node.op == Op::State(i) || node.args.iter().any(|&a| self.depends_on(a, i))
    }

    /// The twist of `d(h)` for an invariant function `h` of the point and the states. Differentiating `h_B(f(x), S f z) =
    /// h_A(x, z)` at fixed `z` gives `Jᵀ d h_B = d h_A - ⟨∂h/∂z, ∂ₓ(S f z)⟩`: for a tangent state `v` with `q = ∂h/∂v` this is
    /// `⟨D²f(v, ·), q⟩`, for a cotangent state `p` with `w = ∂h/∂p` it is `-⟨D²f(w, ·), p⟩`.
    pub(super) fn twist_of_differential(&mut self, id: Id, h: Id) -> Result<Twist, Fault> {
        let mut twist = Vec::new();
        for i in 0..self.body.states.len() {
            if !self.depends_on(h, i) {
                continue;
            }
            let state = (0..self.body.nodes.len()).map(Id).find(|&n| self.body.node(n).op == Op::State(i));
            let variance = self.body.states[i].variance;
            let parts = self.partial(h, i);
            match (variance, state, parts) {
                (Variance::Fixed, _, _) => {}
                (Variance::Tangent | Variance::Cotangent, Some(state), Some(parts)) => {
                    let (c, z) = self.key(state);
                    for (q, k) in parts {
                        let (pair, sign) = if variance == Variance::Tangent {
                            ((z, k), Rational::ONE)
                        } else {
                            ((k, z), Rational::NEG_ONE)
                        };
                        twist = merge(&twist, &[(pair, sign * q * &c)]);
                    }
                }
                _ => return self.fault(id, "the differential, at a fixed state, of a function of the state"),
            }
        }
        if self.depends_on_primed(h) {
            return self.fault(id, "the differential, at a fixed new state, of a function of it");
        }
        Ok(twist)
    }

    /// Whether the value of a node depends on the new value of a component.
    pub(super) fn depends_on_primed(&self, id: Id) -> bool {
        let node = self.body.node(id);
        matches!(node.op.reads(), Reads::New(_)) || node.args.iter().any(|&a| self.depends_on_primed(a))
    }

    /// `∂h/∂z` for state `i` as a combination of expressions, where it is one of a few forms.
    fn partial(&mut self, h: Id, i: usize) -> Option<Vec<(Rational, usize)>> {
        if !self.depends_on(h, i) {
            return Some(Vec::new());
        }
        let node = self.body.node(h).clone();
        let times = |parts: Vec<(Rational, usize)>, q: &Rational| parts.into_iter().map(|(c, k)| (c * q, k)).collect();
        match node.op {
            Op::Neg => Some(times(self.partial(node.args[0], i)?, &Rational::NEG_ONE)),
            Op::Add | Op::Sub => {
                let mut parts = self.partial(node.args[0], i)?;
                let sign = if node.op == Op::Add { Rational::ONE } else { Rational::NEG_ONE };
                parts.extend(times(self.partial(node.args[1], i)?, &sign));
                Some(parts)
            }
            Op::Scale | Op::Over => {
                let (number, rest) = if node.op == Op::Scale { (0, 1) } else { (1, 0) };
                let Op::Const(q) = self.body.node(node.args[number]).op.clone() else { return None };
                if q.is_zero() {
                    return None;
                }
                let q = if node.op == Op::Scale { q } else { Rational::ONE / q };
                Some(times(self.partial(node.args[rest], i)?, &q))
            }
            Op::Dot => {
                for (a, b) in [(node.args[0], node.args[1]), (node.args[1], node.args[0])] {
                    if self.body.node(a).op != Op::State(i) {
                        continue;
                    }
                    let other = self.body.node(b).clone();
                    // z·b, or z·g z with a symmetric g that does not depend on z.
                    let quadratic = matches!(other.op, Op::Raise | Op::Lower)
                        && self.body.node(other.args[0]).op == Op::Metric
                        && self.body.node(other.args[1]).op == Op::State(i);
                    if quadratic || !self.depends_on(b, i) {
                        let (c, k) = self.key(b);
                        return Some(vec![(if quadratic { c * Rational::from(2) } else { c }, k)]);
                    }
                }
                None
            }
            _ => None,
        }
    }
}
