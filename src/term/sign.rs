//! Signs that follow from the form of a term and from the conditions of a question.

use super::build::{NONE, is_even};
use super::store::{Node, Store, Term};
use crate::domain::Rational;

impl Store {
    /// Declares that every entry of a term is positive wherever the question is asked: a condition of the file.
    pub fn assume_positive(&mut self, t: Term) {
        self.positives.insert(t);
    }

    /// Whether every entry is certainly positive, from conditions and from the form of the term.
    pub fn positive(&self, t: Term) -> bool {
        self.sign_from_form(t, true, 6) || self.bounds(t).positive()
    }

    /// Whether every entry is certainly not negative.
    pub fn nonnegative(&self, t: Term) -> bool {
        self.sign_from_form(t, false, 6) || self.bounds(t).nonnegative()
    }

    /// Whether a square matrix is certainly positive semidefinite, given some that are: a sum of such with positive
    /// coefficients, `a aᵀ`, or a diagonal matrix without negative entries.
    pub fn semidefinite(&self, t: Term, known: &[Term]) -> bool {
        if known.contains(&t) || self.identities.contains(&t) || self.is_zero(t) {
            return true;
        }
        match self.node(t) {
            Node::Sum(parts) => parts.iter().all(|(c, p)| *c > Rational::ZERO && self.semidefinite(*p, known)),
            Node::Product { a, b, la, lb, .. } if la.is_empty() || lb.is_empty() => {
                let (s, m) = if la.is_empty() { (*a, *b) } else { (*b, *a) };
                self.nonnegative(s) && self.semidefinite(m, known)
            }
            Node::Product { .. } => self.is_gram(t),
            Node::Gather(x, map) => {
                let n = self.shape(t).last().copied().unwrap_or(1);
                let diagonal = map.iter().enumerate().all(|(k, &m)| m == NONE || k / n == k % n);
                diagonal && self.nonnegative(t) || self.shape(*x).is_empty() && n == 1 && self.nonnegative(*x)
            }
            _ => self.size(t) == 1 && self.nonnegative(t),
        }
    }

    /// Whether a matrix is written `a aᵀ`.
    fn is_gram(&self, x: Term) -> bool {
        let Node::Product { a, b, la, lb, out } = self.node(x) else { return false };
        let [p, q] = out[..] else { return false };
        let ((a, la), (b, lb)) = if la.contains(&p) { ((a, la), (b, lb)) } else { ((b, lb), (a, la)) };
        if let ([_], [_]) = (&la[..], &lb[..]) {
            return a == b;
        }
        let ([_, _], [_, _]) = (&la[..], &lb[..]) else { return false };
        let place = |labels: &[u8], l: u8| labels.iter().position(|x| *x == l);
        let (Some(row), Some(column)) = (place(la, p), place(lb, q)) else { return false };
        if la[1 - row] != lb[1 - column] {
            return false;
        }
        // What both read, entry by entry.
        let reads = |t: Term, k: usize| match self.node(t) {
            Node::Gather(x, map) => (*x, map[k]),
            _ => (t, k as u32),
        };
        let (rows, inner) = (self.shape(*a)[row], self.shape(*a)[1 - row]);
        let at = |t: Term, along: usize, i: usize, k: usize| {
            let width = self.shape(t)[1];
            reads(t, if along == 0 { i * width + k } else { k * width + i })
        };
        self.shape(*b)[column] == rows
            && (0..rows).all(|i| (0..inner).all(|k| at(*a, row, i, k) == at(*b, column, i, k)))
    }

    /// Whether a map reads the diagonal of `a aᵀ` alone, which is made of sums of squares.
    fn reads_squares(&self, x: Term, map: &[u32]) -> bool {
        let n = self.shape(x).last().copied().unwrap_or(0);
        self.is_gram(x) && map.iter().all(|&m| m == NONE || m as usize / n == m as usize % n)
    }

    fn sign_from_form(&self, t: Term, strictly: bool, depth: usize) -> bool {
        if self.positives.contains(&t) {
            return true;
        }
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        match self.node(t) {
            Node::Fill(q) => *q > Rational::ZERO || !strictly && q.is_zero(),
            Node::Literal(v) => v.iter().all(|q| *q > Rational::ZERO || !strictly && q.is_zero()),
            Node::Map(f, _) => {
                let range = &f.row().range;
                if strictly { range.is_positive() } else { range.is_nonnegative() }
            }
            Node::Power(x, q) => {
                // A power that is not whole is defined for positive bases only, and zero only at zero.
                let even = q.is_int() && is_even(q) || !q.is_int();
                if strictly {
                    self.sign_from_form(*x, true, depth)
                } else {
                    even || self.sign_from_form(*x, false, depth)
                }
            }
            Node::Sum(parts) => {
                let sign = |strictly| {
                    move |(c, p): &(Rational, Term)| *c > Rational::ZERO && self.sign_from_form(*p, strictly, depth)
                };
                parts.iter().all(sign(false)) && (!strictly || parts.iter().any(sign(true)))
            }
            Node::Product { a, b, la, lb, .. } => {
                let square = !strictly && a == b && la == lb;
                let full = self.size(*a) > 0 && self.size(*b) > 0;
                square || full && self.sign_from_form(*a, strictly, depth) && self.sign_from_form(*b, strictly, depth)
            }
            Node::Gather(x, map) if !strictly && self.reads_squares(*x, map) => true,
            Node::Gather(x, map) => (!strictly || !map.contains(&NONE)) && self.sign_from_form(*x, strictly, depth),
            Node::Join(parts) => parts.iter().all(|p| self.sign_from_form(*p, strictly, depth)),
            _ => false,
        }
    }
}
