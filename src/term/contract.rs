//! Contractions: the one product of the calculus, and what becomes of it with constant factors.

use super::build::{positions, row_major};
use super::store::{Labels, Node, Shape, Store, Term};
use crate::domain::Rational;

impl Store {
    /// The contraction `out[…] = Σ a[la] · b[lb]`. Labels of `out` that neither operand has are an error of the caller.
    pub fn product(&mut self, a: Term, la: &[u8], b: Term, lb: &[u8], out: &[u8]) -> Term {
        debug_assert_eq!(la.len(), self.shape(a).len());
        debug_assert_eq!(lb.len(), self.shape(b).len());
        let shape: Shape = out.iter().map(|&l| self.extent(l, a, la, b, lb)).collect();
        if self.is_zero(a) || self.is_zero(b) || shape.contains(&0) {
            return self.zero(&shape);
        }
        // A sum over an axis of extent 1 is none: a square is seen to be one.
        let thin: Labels = la.iter().chain(lb).copied().filter(|l| !out.contains(l)).collect();
        let thin: Labels = thin.into_iter().filter(|&l| self.extent(l, a, la, b, lb) == 1).collect();
        if !thin.is_empty() {
            let (a, la) = self.without_axes(a, la, &thin);
            let (b, lb) = self.without_axes(b, lb, &thin);
            return self.product(a, &la, b, &lb, out);
        }
        let (ca, a) = self.split_coefficient(a);
        let (cb, b) = self.split_coefficient(b);
        let c = ca * cb;
        if !c.is_one() {
            let inner = self.product(a, la, b, lb, out);
            return self.scale(c, inner);
        }
        if let Some(t) = self.product_with_identity(a, la, b, lb, out) {
            return t;
        }
        if let Some(q) = self.as_fill(a).cloned() {
            return self.product_with_fill(b, lb, q, a, la, out, &shape);
        }
        if let Some(q) = self.as_fill(b).cloned() {
            return self.product_with_fill(a, la, q, b, lb, out, &shape);
        }
        if la == lb
            && la == out
            && let Some(t) = self.merge_powers(a, b)
        {
            return t;
        }
        self.intern_product(a, la, b, lb, out, shape)
    }

    /// The tensor without some axes of extent 1.
    fn without_axes(&mut self, t: Term, labels: &[u8], dropped: &[u8]) -> (Term, Labels) {
        let kept: Labels = labels.iter().copied().filter(|l| !dropped.contains(l)).collect();
        let shape: Shape = kept.iter().map(|l| self.shape(t)[position(labels, *l)]).collect();
        (self.reshape(t, &shape), kept)
    }

    fn intern_product(&mut self, a: Term, la: &[u8], b: Term, lb: &[u8], out: &[u8], shape: Shape) -> Term {
        let (a, la, b, lb) = if (b, lb) < (a, la) { (b, lb, a, la) } else { (a, la, b, lb) };
        let mut order: Labels = Labels::new();
        for &l in out.iter().chain(la).chain(lb) {
            if !order.contains(&l) {
                order.push(l);
            }
        }
        let rename = |ls: &[u8]| -> Labels {
            ls.iter().filter_map(|l| order.iter().position(|o| o == l)).map(|p| p as u8).collect()
        };
        let node = Node::Product { a, b, la: rename(la), lb: rename(lb), out: rename(out) };
        self.intern(node, shape)
    }

    fn extent(&self, l: u8, a: Term, la: &[u8], b: Term, lb: &[u8]) -> usize {
        let in_a = la.iter().position(|&m| m == l).map(|p| self.shape(a)[p]);
        let in_b = lb.iter().position(|&m| m == l).map(|p| self.shape(b)[p]);
        debug_assert!(in_a.is_none() || in_b.is_none() || in_a == in_b, "contracted extents agree");
        in_a.or(in_b).unwrap_or(1)
    }

    /// A product with the identity matrix over one contracted axis only renames that axis.
    fn product_with_identity(&mut self, a: Term, la: &[u8], b: Term, lb: &[u8], out: &[u8]) -> Option<Term> {
        let (e, le, t, lt) = if self.identities.contains(&a) {
            (a, la, b, lb)
        } else if self.identities.contains(&b) {
            (b, lb, a, la)
        } else {
            return None;
        };
        debug_assert_eq!(self.shape(e).len(), 2);
        for (inner, outer) in [(le[0], le[1]), (le[1], le[0])] {
            let contracted = lt.contains(&inner) && !out.contains(&inner);
            if contracted && !lt.contains(&outer) && out.contains(&outer) {
                let renamed: Labels = lt.iter().map(|&l| if l == inner { outer } else { l }).collect();
                let one = self.num(1);
                return Some(self.product(t, &renamed, one, &[], out));
            }
        }
        None
    }

    /// A product with a constant tensor: a sum over axes, a permutation or a broadcast, times a number.
    #[expect(clippy::too_many_arguments, reason = "the two operands and the result with their labels")]
    fn product_with_fill(
        &mut self,
        t: Term,
        lt: &[u8],
        q: Rational,
        f: Term,
        lf: &[u8],
        out: &[u8],
        shape: &Shape,
    ) -> Term {
        let mut factor = q;
        for (axis, l) in lf.iter().enumerate() {
            if !lt.contains(l) && !out.contains(l) {
                factor *= Rational::from(self.shape(f)[axis] as u64);
            }
        }
        let kept: Labels = lt.iter().copied().filter(|l| out.contains(l)).collect();
        let reduced = if kept.len() == lt.len() {
            t
        } else if let Some(r) = self.as_fill(t).cloned() {
            let mut r = r;
            for (axis, l) in lt.iter().enumerate() {
                if !kept.contains(l) {
                    r *= Rational::from(self.shape(t)[axis] as u64);
                }
            }
            let s: Shape = kept.iter().map(|l| self.shape(t)[position(lt, *l)]).collect();
            self.fill(r, &s)
        } else {
            let one = self.num(1);
            let s: Shape = kept.iter().map(|l| self.shape(t)[position(lt, *l)]).collect();
            self.intern_product(t, lt, one, &[], &kept, s)
        };
        let spread = self.rearrange(reduced, &kept, out, shape);
        self.scale(factor, spread)
    }

    /// The tensor with axes `from` read along the axes `to`, broadcast along those it does not have.
    pub(super) fn rearrange(&mut self, t: Term, from: &[u8], to: &[u8], shape: &[usize]) -> Term {
        if from == to {
            return t;
        }
        let source = self.shape(t).clone();
        let strides = row_major(&source);
        let steps: Shape = to.iter().map(|l| from.iter().position(|m| m == l).map_or(0, |p| strides[p])).collect();
        let map = positions(shape, |index| index.iter().zip(&steps).map(|(i, s)| i * s).sum::<usize>() as u32);
        self.gather(t, map, shape)
    }
}

fn position(labels: &[u8], l: u8) -> usize {
    labels.iter().position(|&m| m == l).unwrap_or(0)
}
