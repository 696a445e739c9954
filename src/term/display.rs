//! Terms as a mathematician would write them.

use super::build::NONE;
use super::store::{Labels, Node, Store, Term};
use crate::domain::{Fun, Rational};

/// Longer texts are cut.
const MAX_LENGTH: usize = 400;

/// Binding strength: what is weaker than its surroundings gets parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Sum,
    Product,
    Power,
    Atom,
}

impl Store {
    /// The term as text, cut when it is very long.
    pub fn text(&self, t: Term) -> String {
        let mut budget = MAX_LENGTH;
        let (text, _) = self.write(t, &mut budget);
        if budget == 0 { format!("{text} …") } else { text }
    }

    /// What stopped an evaluation at a term, in words: the matrix or number that has no inverse.
    pub fn describe_partial(&self, t: Term) -> String {
        match self.node(t) {
            Node::Inverse(x) | Node::PseudoInverse(x) | Node::Determinant(x) => {
                let n = self.shape(*x)[0];
                format!("a {n} × {n} matrix that is inverted")
            }
            Node::PowerSpd(x, _) => {
                let n = self.shape(*x)[0];
                format!("a {n} × {n} matrix of which a power is taken")
            }
            Node::Eigenvectors(x) => {
                let n = self.shape(*x)[0];
                format!("a {n} × {n} matrix of which the eigenvectors are taken")
            }
            Node::Power(..) => "a number that is divided by".to_owned(),
            _ => "a subexpression".to_owned(),
        }
    }

    fn write(&self, t: Term, budget: &mut usize) -> (String, Strength) {
        if *budget == 0 {
            return ("…".into(), Strength::Atom);
        }
        let (text, strength) = self.write_node(t, budget);
        *budget = budget.saturating_sub(1 + text.len() / 16);
        (text, strength)
    }

    fn wrap(&self, t: Term, at_least: Strength, budget: &mut usize) -> String {
        let (text, strength) = self.write(t, budget);
        if strength < at_least { format!("({text})") } else { text }
    }

    fn write_node(&self, t: Term, budget: &mut usize) -> (String, Strength) {
        let atom = |s: String| (s, Strength::Atom);
        match self.node(t) {
            Node::Fill(q) => number(q),
            Node::Literal(values) => {
                let shown: Vec<String> = values.iter().take(8).map(ToString::to_string).collect();
                let more = if values.len() > 8 { ", …" } else { "" };
                atom(format!("[{}{more}]", shown.join(", ")))
            }
            Node::Symbol(s) => atom(self.symbol_info(*s).name.clone()),
            Node::Sum(parts) => self.write_sum(parts, budget),
            Node::Product { a, b, la, lb, out } => self.write_product((*a, la), (*b, lb), out, budget),
            Node::Map(f, x) => atom(format!("{}({})", f.name(), self.write(*x, budget).0)),
            Node::Power(x, q) => self.write_power(*x, q, budget),
            Node::Gather(x, map) => atom(self.write_gather(t, *x, map, budget)),
            Node::Join(parts) => {
                let inner: Vec<String> = parts.iter().map(|p| self.write(*p, budget).0).collect();
                atom(format!("[{}]", inner.join(", ")))
            }
            Node::Inverse(x) => (format!("{}^-1", self.wrap(*x, Strength::Atom, budget)), Strength::Power),
            Node::PseudoInverse(x) => atom(format!("pinv({})", self.write(*x, budget).0)),
            Node::Determinant(x) => atom(format!("det({})", self.write(*x, budget).0)),
            Node::Polar(x) => atom(format!("polar({})", self.write(*x, budget).0)),
            Node::Eigenvectors(x) => atom(format!("eigvecs({})", self.write(*x, budget).0)),
            Node::PowerSpd(x, q) => atom(format!("powm({}, {q})", self.write(*x, budget).0)),
        }
    }

    fn write_sum(&self, parts: &[(Rational, Term)], budget: &mut usize) -> (String, Strength) {
        let mut text = String::new();
        for (i, (c, p)) in parts.iter().enumerate() {
            let negative = *c < Rational::ZERO;
            text.push_str(match (i, negative) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            });
            let size = if negative { -c.clone() } else { c.clone() };
            match self.as_fill(*p) {
                Some(q) => text.push_str(&number(&(size * q)).0),
                None if size.is_one() => text.push_str(&self.wrap(*p, Strength::Product, budget)),
                None => {
                    let (n, d) = size.into_parts();
                    let body = self.wrap(*p, Strength::Product, budget);
                    let scaled = if n.is_one() { body } else { format!("{n} * {body}") };
                    text.push_str(&if d.is_one() { scaled } else { format!("{scaled} / {d}") });
                }
            }
        }
        let strength = if parts.len() == 1 && parts[0].0 > Rational::ZERO { Strength::Product } else { Strength::Sum };
        (text, strength)
    }

    fn write_power(&self, x: Term, q: &Rational, budget: &mut usize) -> (String, Strength) {
        if *q == super::build::half() {
            return (format!("sqrt({})", self.write(x, budget).0), Strength::Atom);
        }
        if *q < Rational::ZERO {
            let positive = -q.clone();
            let below = if positive.is_one() {
                self.wrap(x, Strength::Power, budget)
            } else {
                self.write_power(x, &positive, budget).0
            };
            return (format!("1 / {below}"), Strength::Product);
        }
        let exponent = if q.is_int() { q.to_string() } else { format!("({q})") };
        (format!("{}^{exponent}", self.wrap(x, Strength::Atom, budget)), Strength::Power)
    }

    fn write_product(
        &self,
        (a, la): (Term, &Labels),
        (b, lb): (Term, &Labels),
        out: &Labels,
        budget: &mut usize,
    ) -> (String, Strength) {
        if self.as_fill(b).is_some_and(Rational::is_one) || self.as_fill(a).is_some_and(Rational::is_one) {
            let t = if self.as_fill(a).is_some() { b } else { a };
            return (format!("sum({})", self.write(t, budget).0), Strength::Atom);
        }
        let summed = la.iter().filter(|l| lb.contains(l) && !out.contains(l)).count();
        if summed == 0 && la == lb {
            for (x, sign) in [(a, b), (b, a)] {
                if matches!(self.node(sign), Node::Map(Fun::Sign, y) if *y == x) {
                    return (format!("abs({})", self.write(x, budget).0), Strength::Atom);
                }
            }
        }
        if summed == 0 && (la == lb || la.is_empty() || lb.is_empty()) {
            // A quotient reads better than a product with a reciprocal.
            for (n, d) in [(a, b), (b, a)] {
                if let Node::Power(x, q) = self.node(d)
                    && *q < Rational::ZERO
                {
                    let above = self.wrap(n, Strength::Product, budget);
                    let positive = -q.clone();
                    let below = if positive.is_one() {
                        self.wrap(*x, Strength::Power, budget)
                    } else {
                        self.write_power(*x, &positive, budget).0
                    };
                    return (format!("{above} / {below}"), Strength::Product);
                }
            }
        }
        let (mut left, mut right) = (self.wrap(a, Strength::Product, budget), self.wrap(b, Strength::Product, budget));
        let matrix = |l: &Labels| l.len() == 2;
        if out.is_empty() && la == lb && !la.is_empty() {
            return (format!("dot({left}, {right})"), Strength::Atom);
        }
        if summed == 1 && out.len() <= 2 && (matrix(la) || matrix(lb)) {
            let shared = la.iter().copied().find(|l| lb.contains(l) && !out.contains(l));
            // Put the factor that owns the first axis of the result on the left.
            let swap = out.first().is_some_and(|l| lb.contains(l));
            let (mut first, mut second) = (la, lb);
            if swap {
                std::mem::swap(&mut left, &mut right);
                (first, second) = (lb, la);
            }
            let turn = |labels: &Labels, wanted: usize, text: String| {
                if matrix(labels) && labels.get(wanted).copied() != shared { format!("{text}^T") } else { text }
            };
            return (format!("{} * {}", turn(first, 1, left), turn(second, 0, right)), Strength::Product);
        }
        let word = if la == lb && !la.is_empty() { ".*" } else { "*" };
        (format!("{left} {word} {right}"), Strength::Product)
    }

    fn write_gather(&self, t: Term, x: Term, map: &[u32], budget: &mut usize) -> String {
        let inner = self.wrap(x, Strength::Atom, budget);
        let (from, to) = (self.shape(x), self.shape(t));
        if self.identities.contains(&t) {
            return format!("eye({})", to[0]);
        }
        if self.size(x) == 1 {
            return inner;
        }
        if to.is_empty() {
            let i = map[0] as usize;
            return match from[..] {
                [_, n] => format!("{inner}[{}, {}]", i / n, i % n),
                _ => format!("{inner}[{i}]"),
            };
        }
        if from.len() == 2 && to.len() == 2 && from[0] == to[1] && from[1] == to[0] {
            let (m, n) = (from[0], from[1]);
            if map.iter().enumerate().all(|(k, &s)| s as usize == (k % m) * n + k / m) {
                return format!("{inner}^T");
            }
        }
        let consecutive = map.windows(2).all(|w| w[0] != NONE && w[1] == w[0].wrapping_add(1));
        if consecutive && map.first().is_some_and(|&m| m != NONE) {
            let (first, last) = (map[0], map[map.len() - 1] + 1);
            return if map.len() == self.size(x) { inner } else { format!("{inner}[{first}..{last}]") };
        }
        format!("{inner}[…]")
    }
}

fn number(q: &Rational) -> (String, Strength) {
    let strength = if *q < Rational::ZERO {
        Strength::Sum
    } else if q.is_int() {
        Strength::Atom
    } else {
        Strength::Product
    };
    (q.to_string(), strength)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_read_like_formulas() {
        let mut s = Store::new();
        let (_, a) = s.symbol("a", &[]);
        let (_, b) = s.symbol("b", &[]);
        let square = s.mul(a, a);
        assert_eq!(s.text(square), "a^2");
        let q = s.div(a, b);
        let h = s.scale(super::super::build::half(), q);
        assert_eq!(s.text(h), "a / b / 2");
        let (_, m) = s.symbol("M", &[2, 2]);
        let (_, v) = s.symbol("v", &[2]);
        let mt = s.transpose(m);
        let p = s.matmul(mt, v);
        assert_eq!(s.text(p), "M^T * v");
        let d = s.sub(a, b);
        let n = s.power(d, &Rational::NEG_ONE);
        assert_eq!(s.text(n), "1 / (a - b)");
    }
}
