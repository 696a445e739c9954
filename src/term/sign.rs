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
            Node::Gather(x, map) => (!strictly || !map.contains(&NONE)) && self.sign_from_form(*x, strictly, depth),
            Node::Join(parts) => parts.iter().all(|p| self.sign_from_form(*p, strictly, depth)),
            _ => false,
        }
    }
}
