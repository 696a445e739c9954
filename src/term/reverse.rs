//! Gradients of scalars as terms, by reverse accumulation.

use rustc_hash::{FxHashMap, FxHashSet};

use super::build::NONE;
use super::derive::NotDifferentiable;
use super::store::{Labels, Node, Store, SymbolId, Term};
use crate::domain::{Fun, Rational};

impl Store {
    /// The gradient of a scalar term: the partial derivatives by the entries of `x`, in the shape of `x`.
    ///
    /// # Errors
    /// If the derivative would be too large.
    pub fn gradient(&mut self, f: Term, x: SymbolId) -> Result<Term, NotDifferentiable> {
        debug_assert!(self.shape(f).is_empty(), "the gradient of a scalar");
        let order = self.reachable(&[f]);
        let mut moving: FxHashSet<Term> = FxHashSet::default();
        for &t in &order {
            let depends = match self.node(t) {
                Node::Symbol(s) => *s == x,
                Node::Map(Fun::Sign, _) => false,
                node => node.operands().iter().any(|o| moving.contains(o)),
            };
            if depends {
                moving.insert(t);
            }
        }
        let mut adjoints: FxHashMap<Term, Vec<(Rational, Term)>> = FxHashMap::default();
        let one = self.num(1);
        adjoints.insert(f, vec![(Rational::ONE, one)]);
        let target = self.symbol_term(x);
        for &t in order.iter().rev() {
            if t == target || !moving.contains(&t) {
                continue;
            }
            let Some(parts) = adjoints.remove(&t) else { continue };
            let shape = self.shape(t).clone();
            let adjoint = self.sum(parts, &shape);
            if self.is_zero(adjoint) {
                continue;
            }
            for (operand, c, part) in self.pull_back(t, adjoint, &moving)? {
                adjoints.entry(operand).or_default().push((c, part));
            }
        }
        let shape = self.symbol_info(x).shape.clone();
        let parts = adjoints.remove(&target).unwrap_or_default();
        Ok(self.sum(parts, &shape))
    }

    /// What the adjoint `y` of node `t` contributes to each of its operands that moves.
    fn pull_back(
        &mut self,
        t: Term,
        y: Term,
        moving: &FxHashSet<Term>,
    ) -> Result<Vec<(Term, Rational, Term)>, NotDifferentiable> {
        let one = Rational::ONE;
        Ok(match self.node(t).clone() {
            Node::Fill(_) | Node::Literal(_) | Node::Symbol(_) | Node::Map(Fun::Sign, _) => Vec::new(),
            Node::Sum(parts) => {
                parts.iter().filter(|(_, p)| moving.contains(p)).map(|(c, p)| (*p, c.clone(), y)).collect()
            }
            Node::Product { a, b, la, lb, out } => {
                let mut result = Vec::new();
                if moving.contains(&a) {
                    result.push((a, one.clone(), self.adjoint_factor(y, &out, b, &lb, a, &la)));
                }
                if moving.contains(&b) {
                    result.push((b, one, self.adjoint_factor(y, &out, a, &la, b, &lb)));
                }
                result
            }
            Node::Map(f, x) => {
                let slope = self.slope(f, x);
                vec![(x, one, self.mul(y, slope))]
            }
            Node::Power(x, q) => {
                let slope = self.power_slope(x, &q);
                vec![(x, one, self.mul(y, slope))]
            }
            Node::Gather(x, map) => vec![(x, one, self.scatter(y, &map, x))],
            Node::Join(parts) => {
                let mut start = 0u32;
                let mut result = Vec::new();
                for &p in parts.iter() {
                    let end = start + self.size(p) as u32;
                    if moving.contains(&p) {
                        let shape = self.shape(p).clone();
                        result.push((p, Rational::ONE, self.gather(y, (start..end).collect(), &shape)));
                    }
                    start = end;
                }
                result
            }
            Node::Inverse(x) => {
                let inner = self.product(t, &[1, 0], y, &[1, 2], &[0, 2]);
                vec![(x, Rational::NEG_ONE, self.product(inner, &[0, 2], t, &[3, 2], &[0, 3]))]
            }
            Node::PseudoInverse(x) => self.pseudo_inverse_adjoint(t, x, y),
            Node::Determinant(x) => {
                let inverse = self.inverse(x);
                let cofactors = self.transpose(inverse);
                let scale = self.mul(t, y);
                vec![(x, one, self.scalar_mul(scale, cofactors))]
            }
            Node::Polar(x) => vec![(x, one, self.polar_adjoint(t, x, y)?)],
            Node::PowerSpd(x, q) => vec![(x, one, self.power_spd_adjoint((t, x, &q), y)?)],
            Node::Eigenvectors(x) => vec![(x, one, self.eigenvectors_adjoint(t, x, y))],
        })
    }

    /// The adjoint of one factor of a contraction: the other factor contracted with `y`, broadcast along axes that the
    /// contraction summed over alone.
    fn adjoint_factor(&mut self, y: Term, ly: &[u8], other: Term, lo: &[u8], own: Term, l: &[u8]) -> Term {
        let present: Labels = l.iter().copied().filter(|m| ly.contains(m) || lo.contains(m)).collect();
        let partial = self.product(y, ly, other, lo, &present);
        if present.len() == l.len() {
            return partial;
        }
        let shape = self.shape(own).clone();
        let ones = self.fill(Rational::ONE, &shape);
        self.product(partial, &present, ones, l, l)
    }

    /// The adjoint of a gather: every entry of the result goes back to where it was read, and repeated ones add up.
    fn scatter(&mut self, y: Term, map: &[u32], x: Term) -> Term {
        let n = self.size(x);
        let mut readers: Vec<Vec<u32>> = vec![Vec::new(); n];
        for (i, &m) in map.iter().enumerate() {
            if m != NONE {
                readers[m as usize].push(i as u32);
            }
        }
        let layers = readers.iter().map(Vec::len).max().unwrap_or(0);
        let shape = self.shape(x).clone();
        if layers <= 1 {
            let back = readers.iter().map(|r| r.first().copied().unwrap_or(NONE)).collect();
            return self.gather(y, back, &shape);
        }
        let mut back = Vec::with_capacity(n * layers);
        for r in &readers {
            back.extend((0..layers).map(|k| r.get(k).copied().unwrap_or(NONE)));
        }
        let spread = self.gather(y, back, &[n, layers]);
        let one = self.num(1);
        let summed = self.product(spread, &[0, 1], one, &[], &[0]);
        self.reshape(summed, &shape)
    }

    /// The adjoint of the formula in [`super::derive`] for the derivative of a pseudo-inverse.
    fn pseudo_inverse_adjoint(&mut self, p: Term, a: Term, y: Term) -> Vec<(Term, Rational, Term)> {
        let pt = self.transpose(p);
        let yt = self.transpose(y);
        let ppt = self.matmul(p, pt);
        let ptp = self.matmul(pt, p);
        let off_range = self.complement(a, p);
        let off_support = self.complement(p, a);
        let first = self.matmul(pt, y);
        let first = self.matmul(first, pt);
        let second = self.matmul(off_range, yt);
        let second = self.matmul(second, ppt);
        let third = self.matmul(ptp, yt);
        let third = self.matmul(third, off_support);
        vec![(a, Rational::NEG_ONE, first), (a, Rational::ONE, second), (a, Rational::ONE, third)]
    }
}
