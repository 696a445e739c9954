//! Smart constructors: the only way to make a term, and the owners of the normal form.
//!
//! Callers owe shapes that fit; the model checks every shape that a user wrote before it builds anything. A violated
//! precondition is a defect of the caller and caught by debug assertions.

use super::store::{Labels, Node, Shape, Store, Term};
use crate::domain::Rational;

/// In the map of a [`Node::Gather`]: this entry of the result is zero.
pub const NONE: u32 = u32::MAX;

impl Store {
    /// The tensor with `q` in every entry.
    pub fn fill(&mut self, q: Rational, shape: &[usize]) -> Term {
        self.intern(Node::Fill(q), Shape::from_slice(shape))
    }

    /// The scalar `q`.
    pub fn num(&mut self, q: impl Into<Rational>) -> Term {
        self.fill(q.into(), &[])
    }

    /// The zero tensor.
    pub fn zero(&mut self, shape: &[usize]) -> Term {
        self.fill(Rational::ZERO, shape)
    }

    /// A constant array, row major.
    pub fn literal(&mut self, values: Vec<Rational>, shape: &[usize]) -> Term {
        debug_assert_eq!(values.len(), shape.iter().product::<usize>());
        match values.first() {
            Some(first) if values.iter().all(|v| v == first) => {
                let q = first.clone();
                self.fill(q, shape)
            }
            None => self.zero(shape),
            _ => self.intern(Node::Literal(values.into()), Shape::from_slice(shape)),
        }
    }

    /// The `n × n` identity matrix.
    pub fn eye(&mut self, n: usize) -> Term {
        let one = self.fill(Rational::ONE, &[]);
        if n == 1 {
            return self.fill(Rational::ONE, &[1, 1]);
        }
        let mut map = vec![NONE; n * n];
        for i in 0..n {
            map[i * n + i] = 0;
        }
        let t = self.gather_raw(one, map, &[n, n]);
        self.identities.insert(t);
        t
    }

    /// The value if the term is the same constant in every entry.
    pub fn as_fill(&self, t: Term) -> Option<&Rational> {
        match self.node(t) {
            Node::Fill(q) => Some(q),
            _ => None,
        }
    }

    /// Whether the term is the constant zero.
    pub fn is_zero(&self, t: Term) -> bool {
        self.as_fill(t).is_some_and(Rational::is_zero)
    }

    /// A coefficient and the rest: `c · t` for a sum of one part, `1 · t` otherwise.
    pub fn split_coefficient(&self, t: Term) -> (Rational, Term) {
        match self.node(t) {
            Node::Sum(parts) if parts.len() == 1 => parts[0].clone(),
            _ => (Rational::ONE, t),
        }
    }

    /// Whether one term is seen to be a multiple of another by a number.
    pub fn proportional(&self, a: Term, b: Term) -> bool {
        self.split_coefficient(a).1 == self.split_coefficient(b).1
    }

    /// The linear combination `Σ cᵢ tᵢ` of terms of the given shape.
    pub fn sum(&mut self, parts: Vec<(Rational, Term)>, shape: &[usize]) -> Term {
        let mut flat: Vec<(Rational, Term)> = Vec::with_capacity(parts.len());
        let mut constant = Rational::ZERO;
        for (c, t) in parts {
            debug_assert_eq!(self.shape(t).as_slice(), shape, "summands of one shape");
            match self.node(t) {
                Node::Fill(q) => constant += c * q.clone(),
                Node::Sum(inner) => {
                    for (ci, ti) in inner.iter() {
                        match self.node(*ti) {
                            Node::Fill(q) => constant += &c * ci * q.clone(),
                            _ => flat.push((&c * ci, *ti)),
                        }
                    }
                }
                _ => flat.push((c, t)),
            }
        }
        flat.sort_by_key(|(_, t)| *t);
        let mut merged: Vec<(Rational, Term)> = Vec::with_capacity(flat.len() + 1);
        for (c, t) in flat {
            match merged.last_mut() {
                Some((last, u)) if *u == t => *last += c,
                _ => merged.push((c, t)),
            }
        }
        merged.retain(|(c, _)| !c.is_zero());
        if merged.is_empty() {
            return self.fill(constant, shape);
        }
        if !constant.is_zero() {
            let one = self.fill(Rational::ONE, shape);
            merged.push((constant, one));
            merged.sort_by_key(|(_, t)| *t);
        }
        if merged.len() == 1 && merged[0].0.is_one() {
            return merged[0].1;
        }
        self.intern(Node::Sum(merged.into()), Shape::from_slice(shape))
    }

    /// `a + b`
    pub fn add(&mut self, a: Term, b: Term) -> Term {
        let shape = self.shape(a).clone();
        self.sum(vec![(Rational::ONE, a), (Rational::ONE, b)], &shape)
    }

    /// `a - b`
    pub fn sub(&mut self, a: Term, b: Term) -> Term {
        let shape = self.shape(a).clone();
        self.sum(vec![(Rational::ONE, a), (Rational::NEG_ONE, b)], &shape)
    }

    /// `c · a` for a rational `c`
    pub fn scale(&mut self, c: Rational, a: Term) -> Term {
        let shape = self.shape(a).clone();
        self.sum(vec![(c, a)], &shape)
    }

    /// `-a`
    pub fn neg(&mut self, a: Term) -> Term {
        self.scale(Rational::NEG_ONE, a)
    }

    /// `x^p · x^q` entry by entry.
    pub(super) fn merge_powers(&mut self, a: Term, b: Term) -> Option<Term> {
        let (x, p) = self.split_power(a);
        let (y, q) = self.split_power(b);
        if x != y {
            return None;
        }
        // √x · √x is x only where √x exists.
        let enlarges = !(p.is_int() && q.is_int()) && (&p + &q).is_int();
        (!enlarges || self.nonnegative(x)).then(|| self.power(x, &(p + q)))
    }

    fn split_power(&self, t: Term) -> (Term, Rational) {
        match self.node(t) {
            Node::Power(x, p) => (*x, p.clone()),
            _ => (t, Rational::ONE),
        }
    }

    /// The entrywise product of two terms of one shape.
    pub fn mul(&mut self, a: Term, b: Term) -> Term {
        let labels: Labels = (0..self.shape(a).len() as u8).collect();
        self.product(a, &labels, b, &labels, &labels)
    }

    /// A scalar times a tensor.
    pub fn scalar_mul(&mut self, s: Term, t: Term) -> Term {
        let labels: Labels = (0..self.shape(t).len() as u8).collect();
        self.product(s, &[], t, &labels, &labels)
    }

    /// `a / b` entry by entry, or by a scalar `b`.
    pub fn div(&mut self, a: Term, b: Term) -> Term {
        let inverse = self.power(b, &Rational::NEG_ONE);
        if self.shape(b).is_empty() { self.scalar_mul(inverse, a) } else { self.mul(a, inverse) }
    }

    /// The matrix product of matrices, or of a matrix and a vector.
    pub fn matmul(&mut self, a: Term, b: Term) -> Term {
        match self.shape(b).len() {
            1 => self.product(a, &[0, 1], b, &[1], &[0]),
            _ => self.product(a, &[0, 1], b, &[1, 2], &[0, 2]),
        }
    }

    /// The sum of all entries of `a .* b`.
    pub fn dot(&mut self, a: Term, b: Term) -> Term {
        let labels: Labels = (0..self.shape(a).len() as u8).collect();
        self.product(a, &labels, b, &labels, &[])
    }

    /// The sum of all entries.
    pub fn total(&mut self, a: Term) -> Term {
        let labels: Labels = (0..self.shape(a).len() as u8).collect();
        let one = self.num(1);
        self.product(a, &labels, one, &[], &[])
    }

    /// The transpose of a matrix.
    pub fn transpose(&mut self, a: Term) -> Term {
        let shape: Shape = self.shape(a).iter().rev().copied().collect();
        self.rearrange(a, &[0, 1], &[1, 0], &shape)
    }

    /// A tensor of another shape with the same entries in row-major order.
    pub fn reshape(&mut self, a: Term, shape: &[usize]) -> Term {
        debug_assert_eq!(self.size(a), shape.iter().product::<usize>());
        if self.shape(a).as_slice() == shape {
            return a;
        }
        let n = self.size(a) as u32;
        self.gather(a, (0..n).collect(), shape)
    }

    /// A scalar repeated in every entry.
    pub fn broadcast(&mut self, a: Term, shape: &[usize]) -> Term {
        let n = shape.iter().product();
        self.gather(a, vec![0; n], shape)
    }

    /// `out[i] = src[map[i]]` on row-major positions, 0 where the map says [`NONE`].
    pub fn gather(&mut self, src: Term, map: Vec<u32>, shape: &[usize]) -> Term {
        debug_assert_eq!(map.len(), shape.iter().product::<usize>());
        self.gather_raw(src, map, shape)
    }

    fn gather_raw(&mut self, src: Term, map: Vec<u32>, shape: &[usize]) -> Term {
        if map.iter().all(|&m| m == NONE) {
            return self.zero(shape);
        }
        let holes = map.contains(&NONE);
        let identity = || map.len() == self.size(src) && map.iter().enumerate().all(|(i, &m)| m as usize == i);
        if self.shape(src).as_slice() == shape && !holes && identity() {
            return src;
        }
        match self.node(src).clone() {
            Node::Fill(q) if !holes => self.fill(q, shape),
            Node::Literal(values) => {
                let picked = map.iter().map(|&m| values.get(m as usize).cloned().unwrap_or(Rational::ZERO)).collect();
                self.literal(picked, shape)
            }
            Node::Gather(inner, first) => {
                let composed = map.iter().map(|&m| if m == NONE { NONE } else { first[m as usize] }).collect();
                self.gather_raw(inner, composed, shape)
            }
            Node::Join(parts) => self.gather_of_join(src, &parts, map, shape),
            Node::Sum(parts) if parts.len() == 1 => {
                let (c, t) = parts[0].clone();
                let inner = self.gather_raw(t, map, shape);
                self.scale(c, inner)
            }
            _ => self.intern(Node::Gather(src, map.into()), Shape::from_slice(shape)),
        }
    }

    /// A gather that reads a single part of a join reads that part directly.
    fn gather_of_join(&mut self, src: Term, parts: &[Term], map: Vec<u32>, shape: &[usize]) -> Term {
        let mut start = 0u32;
        let first = map.iter().copied().filter(|&m| m != NONE).min().unwrap_or(0);
        let last = map.iter().copied().filter(|&m| m != NONE).max().unwrap_or(0);
        for &part in parts {
            let end = start + self.size(part) as u32;
            if start <= first && last < end {
                let moved = map.iter().map(|&m| if m == NONE { NONE } else { m - start }).collect();
                return self.gather_raw(part, moved, shape);
            }
            start = end;
        }
        self.intern(Node::Gather(src, map.into()), Shape::from_slice(shape))
    }

    /// All entries of the parts one after the other, as a vector.
    pub fn join(&mut self, parts: &[Term]) -> Term {
        let mut flat: Vec<Term> = Vec::with_capacity(parts.len());
        for &p in parts {
            match self.node(p) {
                Node::Join(inner) => flat.extend(inner.iter().copied()),
                _ if self.size(p) == 0 => {}
                _ => flat.push(p),
            }
        }
        let n: usize = flat.iter().map(|&p| self.size(p)).sum();
        if let [only] = flat[..] {
            return self.reshape(only, &[n]);
        }
        if flat.iter().all(|&p| matches!(self.node(p), Node::Fill(_) | Node::Literal(_))) {
            let mut values = Vec::with_capacity(n);
            for &p in &flat {
                match self.node(p) {
                    Node::Fill(q) => values.extend(std::iter::repeat_n(q.clone(), self.size(p))),
                    Node::Literal(v) => values.extend(v.iter().cloned()),
                    _ => {}
                }
            }
            return self.literal(values, &[n]);
        }
        // Consecutive whole pieces of one vector are that vector again.
        if let Node::Gather(src, _) = self.node(flat[0]) {
            let src = *src;
            let mut map = Vec::with_capacity(n);
            let same = flat.iter().all(|&p| match self.node(p) {
                Node::Gather(s, m) if *s == src => {
                    map.extend(m.iter().copied());
                    true
                }
                _ => false,
            });
            if same {
                return self.gather_raw(src, map, &[n]);
            }
        }
        self.intern(Node::Join(flat.into()), Shape::from_slice(&[n]))
    }
}

/// 1/2.
pub(crate) fn half() -> Rational {
    Rational::from_parts(1.into(), 2u8.into())
}

/// The strides of a row-major tensor.
pub(super) fn row_major(shape: &[usize]) -> Shape {
    let mut strides = Shape::from_elem(1, shape.len());
    for axis in (0..shape.len().saturating_sub(1)).rev() {
        strides[axis] = strides[axis + 1] * shape[axis + 1];
    }
    strides
}

/// A map with one entry for each multi-index of `shape`, in row-major order.
pub(crate) fn positions(shape: &[usize], mut entry: impl FnMut(&[usize]) -> u32) -> Vec<u32> {
    let n: usize = shape.iter().product();
    let mut index = Shape::from_elem(0, shape.len());
    let mut map = Vec::with_capacity(n);
    for _ in 0..n {
        map.push(entry(&index));
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    map
}

pub(super) fn is_even(q: &Rational) -> bool {
    q.is_int() && !dashu_int::ops::BitTest::bit(q.numerator(), 0)
}

/// `c^q` where that is rational and not too large; a root is taken of a positive number only.
pub(super) fn exact_power(c: &Rational, q: &Rational) -> Option<Rational> {
    crate::domain::roots::rational_power(c, q)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Fun;

    #[test]
    fn like_terms_cancel_and_constants_fold() {
        let mut s = Store::new();
        let (_, x) = s.symbol("x", &[2]);
        let two = s.fill(2.into(), &[2]);
        let a = s.add(x, two);
        let b = s.sub(a, x);
        assert_eq!(b, two);
        let c = s.sub(a, a);
        assert!(s.is_zero(c));
    }

    #[test]
    fn root_of_a_square_is_not_the_base() {
        let mut s = Store::new();
        let (_, x) = s.symbol("x", &[]);
        let square = s.mul(x, x);
        let root = s.power(square, &half());
        assert_ne!(root, x);
        let abs = s.abs(x);
        assert_eq!(root, abs);
        let back = s.mul(root, root);
        assert_eq!(back, s.mul(x, x));
        let plain = s.power(x, &half());
        assert_ne!(s.mul(plain, plain), x, "the left side exists for positive x only");
    }

    #[test]
    fn the_square_of_a_sign_is_not_one() {
        let mut s = Store::new();
        let (_, x) = s.symbol("x", &[]);
        let r = s.relu(x);
        let sign = s.map(Fun::Sign, r);
        let square = s.mul(sign, sign);
        assert_eq!(s.as_fill(square), None);
        let e = s.map(Fun::Exp, x);
        let t = s.map(Fun::Sign, e);
        assert!(s.as_fill(t).is_some_and(Rational::is_one));
    }

    #[test]
    fn identity_matrices_disappear_from_products() {
        let mut s = Store::new();
        let (_, a) = s.symbol("A", &[2, 3]);
        let e = s.eye(3);
        assert_eq!(s.matmul(a, e), a);
        let t = s.transpose(a);
        assert_eq!(s.matmul(e, t), t);
        assert_eq!(s.transpose(t), a);
    }
}
