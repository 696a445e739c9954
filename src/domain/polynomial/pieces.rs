//! Signs on one piece after the other, and which of them no point has.

use std::collections::BTreeMap;

use dashu_int::UBig;
use dashu_int::ops::SquareRoot;
use rustc_hash::FxHashMap;

use super::{Choice, Monomial, Polynomial, Polynomials};
use crate::domain::halfspaces::{self, Meeting, Row};
use crate::domain::{Domain, Rational, Stop};

/// Pivots of one system of halfspaces; without an answer its signs are taken for possible.
const PIVOTS: usize = 200;

/// So many ways to leave out members are looked at; with more of them nothing is left out.
const WAYS: usize = 64;

impl Polynomials {
    /// To be called before each run.
    pub fn begin(&mut self) {
        self.known.clear();
        self.signs_of.clear();
        self.signs.clear();
        self.made = 0;
        self.empty = false;
        self.alive = vec![true; self.pool.len()];
        for p in self.conditions.clone() {
            self.learn(p);
        }
    }

    /// Goes to the next piece; `false` if this was the last.
    pub fn next_piece(&mut self) -> bool {
        self.choices.truncate(self.made);
        while let Some(last) = self.choices.pop() {
            if last.open {
                self.choices.push(Choice { sign: -last.sign, open: false });
                return true;
            }
        }
        false
    }

    /// Whether the conditions of this piece were found to contradict each other.
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether a polynomial became too large, so that no value of this run counts.
    pub fn overflowed(&self) -> bool {
        self.overflow.get()
    }

    /// Values for all variables, those of atoms among them, that fulfil the conditions of this piece.
    pub fn points(&self) -> impl Iterator<Item = &[f64]> + '_ {
        self.pool.iter().zip(&self.alive).filter(|(_, alive)| **alive).map(|(p, _)| &p[..])
    }

    pub(super) fn learn(&mut self, p: Polynomial) {
        let at = p.values();
        for (values, alive) in self.pool.iter().zip(&mut self.alive) {
            *alive = *alive && at(values) > 0.0;
        }
        drop(at);
        self.known.push(p);
    }

    /// Numbers, variables and polynomials with the same sign as a product, of which the first coefficient is one; and the
    /// sign that is left.
    fn factors(&self, p: &Polynomial) -> (i8, Vec<Polynomial>) {
        let mut odd: Vec<Polynomial> = Vec::new();
        let Some((first, lead)) = p.0.first() else { return (0, odd) };
        // Of each variable the least exponent is taken out.
        let mut content: FxHashMap<u32, i32> = first.iter().copied().collect();
        for (m, _) in p.0.iter() {
            content.retain(|v, _| m.iter().any(|(w, _)| w == v));
            for (v, e) in m {
                if let Some(least) = content.get_mut(v) {
                    *least = (*least).min(*e);
                }
            }
        }
        let mut taken: Vec<(u32, i32)> = content.into_iter().collect();
        taken.sort_unstable();
        odd.extend(taken.iter().filter(|(_, e)| e % 2 != 0).map(|(v, _)| Polynomial::variable(*v)));
        let sign = if *lead > Rational::ZERO { 1 } else { -1 };
        if p.0.len() == 1 {
            return (sign, odd);
        }
        let inverse =
            Polynomial::new(vec![(taken.iter().map(|(v, e)| (*v, -e)).collect(), Rational::ONE / lead.clone())]);
        let rest = self.mul(p, &inverse);
        match self.difference_of_squares(&rest) {
            Some(parts) => {
                let mut sign = sign;
                for part in parts {
                    let (s, more) = self.factors(&part);
                    sign *= s;
                    odd.extend(more);
                }
                (sign, odd)
            }
            None => {
                odd.push(rest);
                (sign, odd)
            }
        }
    }

    /// `a² - b²` as `a - b` and `a + b`, for monomials `a` and `b`.
    fn difference_of_squares(&self, p: &Polynomial) -> Option<[Polynomial; 2]> {
        let [(m, c), (n, d)] = &p.0[..] else { return None };
        if d.signum() == c.signum() {
            return None;
        }
        let root = |m: &Monomial, c: &Rational| -> Option<Polynomial> {
            let half = m.iter().map(|(v, e)| (e % 2 == 0).then_some((*v, e / 2))).collect::<Option<Monomial>>()?;
            let whole = |n: &UBig| {
                let root = n.sqrt();
                (&root * &root == *n).then_some(root)
            };
            let size = if *c < Rational::ZERO { -c.clone() } else { c.clone() };
            let (top, bottom) = size.into_parts();
            let (top, bottom) = (whole(&top.into_parts().1)?, whole(&bottom)?);
            Some(Polynomial::new(vec![(half, Rational::from_parts(top.into(), bottom))]))
        };
        let (a, b) = (root(m, c)?, root(n, d)?);
        let (first, second) = if *c > Rational::ZERO { (a, b) } else { (b, a) };
        Some([self.sub(&first, &second), self.add(&first, &second)])
    }

    pub(super) fn sign_of(&mut self, p: &Polynomial) -> Result<i8, Stop> {
        let (mut sign, factors) = self.factors(p);
        self.note(p, &factors);
        for f in factors {
            sign *= self.sign_of_factor(&f)?;
        }
        Ok(sign)
    }

    /// Looks whether some values may vanish for some member, as if their signs were taken.
    pub fn look_at_members(&mut self, values: &[Polynomial]) {
        for p in values {
            let (_, factors) = self.factors(p);
            self.note(p, &factors);
        }
    }

    fn note(&mut self, p: &Polynomial, factors: &[Polynomial]) {
        // What is divided by is not zero.
        let divisor = |f: &Polynomial| matches!(&f.0[..], [(m, _)] if matches!(m[..], [(v, _)] if p.0.iter().flat_map(|(m, _)| m).any(|x| x.0 == v && x.1 < 0)));
        if !self.vanishes_at_member {
            self.vanishes_at_member = factors.iter().any(|f| !divisor(f) && self.may_vanish_at_member(f));
        }
    }

    fn sign_of_factor(&mut self, f: &Polynomial) -> Result<i8, Stop> {
        if let [(m, _)] = &f.0[..]
            && let [(v, _)] = m[..]
        {
            if self.positive[v as usize] {
                return Ok(1);
            }
            if let Some(p) = self.reciprocals.get(&v).cloned() {
                return self.sign_of(&p);
            }
        }
        if f.number().is_some() {
            return Ok(1);
        }
        if let Some(s) = self.signs_of.get(f) {
            return Ok(*s);
        }
        let sign = match self.choices.get(self.made) {
            Some(choice) => choice.sign,
            None => {
                let (plus, minus) = (self.is_possible(f)?, self.is_possible(&self.neg(f))?);
                self.empty |= !plus && !minus;
                let sign = if plus { 1 } else { -1 };
                self.choices.push(Choice { sign, open: plus && minus });
                sign
            }
        };
        self.made += 1;
        self.signs_of.insert(f.clone(), sign);
        self.learn(if sign > 0 { f.clone() } else { self.neg(f) });
        Ok(sign)
    }

    /// Whether something is zero at all points for some member. Where nothing reads both, that are the members at which the
    /// coefficients of all monomials of points are zero; else those at which it may be zero at some point.
    fn may_vanish_at_member(&self, f: &Polynomial) -> bool {
        if !f.0.iter().flat_map(|(m, _)| m).any(|(v, _)| self.of_members[*v as usize] || self.of_both[*v as usize]) {
            return false;
        }
        if let [(m, _)] = &f.0[..]
            && let [(v, _)] = m[..]
        {
            match self.vanishing_with.get(&v) {
                Some(p) => return p.is_zero() || self.factors(p).1.iter().any(|f| self.may_vanish_at_member(f)),
                None if self.positive[v as usize] || self.reciprocals.contains_key(&v) => return false,
                None => {}
            }
        }
        let mixed = f.0.iter().flat_map(|(m, _)| m).any(|(v, _)| self.of_both[*v as usize]);
        let mut coefficients: BTreeMap<Monomial, Vec<(Monomial, Rational)>> = BTreeMap::new();
        for (m, c) in f.0.iter() {
            let of_members = |(v, _): &(u32, i32)| mixed || self.of_members[*v as usize];
            let (member, point): (Monomial, Monomial) = m.iter().copied().partition(of_members);
            coefficients.entry(point).or_default().push((member, c.clone()));
        }
        if coefficients.values().any(|c| matches!(&c[..], [(m, _)] if m.is_empty())) {
            return false;
        }
        let zeros: Vec<Polynomial> = coefficients.into_values().map(Polynomial::sorted).collect();
        let weak: Vec<Polynomial> = zeros.iter().cloned().chain(zeros.iter().map(|c| self.neg(c))).collect();
        // One of each list, in all ways.
        let ways: usize = self.elsewhere.iter().map(Vec::len).fold(1, usize::saturating_mul);
        ways > WAYS
            || (0..ways).any(|mut way| {
                let mut strict = self.conditions.clone();
                for list in &self.elsewhere {
                    strict.push(list[way % list.len()].clone());
                    way /= list.len();
                }
                let (meeting, _, work) = self.halfspaces(&strict, &weak);
                self.spend(work);
                meeting != Some(Meeting::Nowhere)
            })
    }

    /// Whether something may be positive on this piece.
    fn is_possible(&mut self, p: &Polynomial) -> Result<bool, Stop> {
        let at = p.values();
        if self.points().any(|x| at(x) > 0.0) {
            return Ok(true);
        }
        if self.overflow.get() {
            return Err(Stop::Budget);
        }
        let strict: Vec<Polynomial> = self.known.iter().chain([p]).cloned().collect();
        let (meeting, monomials, work) = self.halfspaces(&strict, &[]);
        self.spend(work);
        match meeting {
            Some(Meeting::Nowhere) => Ok(false),
            Some(Meeting::At(y)) => {
                self.remember(&monomials, &y);
                Ok(true)
            }
            None => Ok(true),
        }
    }

    /// Whether some polynomials may be positive and others not negative, all at one point, with monomials for coordinates; the
    /// monomials, and the operations that it took.
    fn halfspaces(
        &self,
        positive: &[Polynomial],
        not_negative: &[Polynomial],
    ) -> (Option<Meeting>, Vec<Monomial>, usize) {
        // The coordinates: one, and the monomials.
        let mut coordinates: FxHashMap<Monomial, usize> = FxHashMap::default();
        let mut monomials = vec![Monomial::new()];
        coordinates.insert(Monomial::new(), 0);
        let mut row = |p: &Polynomial, all: bool| -> Option<Row> {
            let mut out: Row = Vec::with_capacity(p.0.len());
            for (m, c) in p.0.iter() {
                let next = monomials.len();
                let at = match coordinates.get(m) {
                    Some(at) => *at,
                    None if !all => return None,
                    None => {
                        monomials.push(m.clone());
                        coordinates.insert(m.clone(), next);
                        next
                    }
                };
                out.push((at, c.clone()));
            }
            Some(out)
        };
        let mut strict: Vec<Row> = vec![vec![(0, Rational::ONE)]];
        strict.extend(positive.iter().filter_map(|p| row(p, true)));
        let mut weak: Vec<Row> = not_negative.iter().filter_map(|p| row(p, true)).collect();
        weak.extend(self.facts.borrow().iter().filter_map(|f| row(f, false)));
        let never_negative = |m: &Monomial| m.iter().all(|(v, e)| e % 2 == 0 || self.positive[*v as usize]);
        for (i, m) in monomials.iter().enumerate().skip(1) {
            if never_negative(m) {
                weak.push(vec![(i, Rational::ONE)]);
            }
        }
        let (meeting, work) = halfspaces::meet(&strict, &weak, monomials.len(), PIVOTS);
        (meeting, monomials, work)
    }

    /// A point of the halfspaces, if it gives values for variables.
    fn remember(&mut self, monomials: &[Monomial], y: &[Rational]) {
        let mut values = self.pool[0].clone();
        for (m, x) in monomials.iter().zip(y).skip(1) {
            match m[..] {
                [(v, 1)] => values[v as usize] = (x / &y[0]).to_f64().value(),
                _ => return,
            }
        }
        let fulfils = self.known.iter().all(|k| k.values()(&values) > 0.0);
        self.pool.push(values);
        self.alive.push(fulfils);
    }
}
