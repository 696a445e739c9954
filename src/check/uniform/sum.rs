//! Indexed sums with symbolic bounds.
//!
//! A sum over `lo..hi` is `P(hi) - P(lo)` for the prefix sum `P` of its body, so that peeling terms, empty ranges and
//! ranges that are put together need no rules of their own. Prefix sums are brought to one form:
//!
//! - what does not depend on the index is taken out, and sums of powers of the index have closed forms;
//! - the index is shifted until the first entry that reads it does so without an offset, and reflected if it runs down;
//! - numbers are taken off the bound term by term, and a bound `g·h` becomes `h` with `g` terms at a time.
//!
//! In these identities the body is a function on all integers: entries outside their ranges are symbols like others.

use std::rc::Rc;

use super::context::{Context, Need, Res, moderate, stuck};
use super::derive::rename;
use super::normal::Prover;
use super::poly::{Atom, Mono, Poly};
use crate::core::size::{Lin, Unit, Var};
use crate::domain::Rational;

/// Terms that are taken off a bound one by one.
const MAX_PEELED: i128 = 64;
/// The largest number of terms taken at a time.
const MAX_STRIDE: i128 = 8;

/// The deepest nesting of sums, and of definitions that are read.
pub const MAX_NESTED: usize = 60;

/// A body of a sum at an index.
pub type Body<'b> = &'b dyn Fn(&Context, &Lin) -> Res<Poly>;

impl Prover<'_> {
    /// `Σ body(i)` over `i in lo..hi`. The range is cut where the body needs to know more of `i`.
    ///
    /// # Errors
    /// What the body needs to know of anything else; a reversed range.
    pub fn sum(&self, context: &Context, lo: &Lin, hi: &Lin, body: Body) -> Res<Poly> {
        self.spend(1)?;
        let length = hi.sub(lo);
        if !context.decide(&length)? {
            return stuck("a range is reversed at some member");
        }
        match length.as_num() {
            Some(0) => return Ok(Poly::default()),
            Some(1) => return body(context, lo),
            _ => {}
        }
        // What a range says of its index may be used only if the range is not empty.
        if !context.decide(&length.plus(-1))? {
            return Ok(Poly::default());
        }
        let v = self.cases.fresh();
        let i = Lin::var(v);
        match body(&context.within(&i, lo, hi), &i) {
            Ok(p) => self.between(&context.within(&i, lo, hi), &p, v, lo, hi),
            Err(Need::Split(form)) if form.mentions(v) => {
                let Some((a, rest)) = form.linear_in(v).filter(|(a, _)| *a != 0) else {
                    return stuck("a comparison is not linear in the index of a sum");
                };
                // The first index from which on the comparison has its later value.
                let cut = match a {
                    1 => rest.neg(),
                    -1 => rest.plus(1),
                    _ => {
                        let size = a.abs();
                        let (up, remainder) = if a > 0 { rest.neg() } else { rest.plus(1) }.div_rem(size);
                        match (remainder.as_num(), a > 0) {
                            (Some(0), _) => up,
                            // ⌈-r/a⌉ for a > 0; the first i with a·i + r < 0 is ⌊r/|a|⌋ + 1 otherwise.
                            (Some(_), true) => up.plus(1),
                            (Some(_), false) => rest.div_rem(size).0.plus(1),
                            (None, _) => return Err(Need::Residue(rest, size)),
                        }
                    }
                };
                let inside = context.decide(&cut.sub(lo).plus(-1))? && context.decide(&hi.sub(&cut).plus(-1))?;
                if !inside {
                    // Then the comparison has one value on the whole range, which the facts were too weak to tell.
                    return stuck("a comparison in a sum could not be settled");
                }
                let below = self.sum(context, lo, &cut, body)?;
                Ok(below.plus(&Rational::ONE, &self.sum(context, &cut, hi, body)?))
            }
            Err(Need::Residue(form, m)) if form.mentions(v) => {
                match form.linear_in(v) {
                    Some((a, rest)) if a % m == 0 => return Err(Need::Residue(rest, m)),
                    Some(_) => {}
                    None => return stuck("a remainder is not linear in the index of a sum"),
                }
                let mut out = Poly::default();
                for s in 0..m {
                    // i = m q + s in lo..hi means ⌈(lo - s)/m⌉ ≤ q < ⌈(hi - s)/m⌉.
                    let up = |bound: &Lin| -> Res<Lin> {
                        let (q, r) = bound.plus(-s).plus(m - 1).div_rem(m);
                        if r.as_num().is_none() { Err(Need::Residue(bound.clone(), m)) } else { Ok(q) }
                    };
                    let at = |c: &Context, q: &Lin| body(c, &moderate(q.mul(&Lin::num(m)))?.plus(s));
                    out = out.plus(&Rational::ONE, &self.sum(context, &up(lo)?, &up(hi)?, &at)?);
                }
                Ok(out)
            }
            Err(stop) => Err(stop),
        }
    }

    /// A prefix sum taken apart and put together again from another body: `P(h)` is `Σ` over `0..h`, or minus the sum
    /// over `h..0`.
    ///
    /// # Errors
    /// As [`Prover::sum`].
    pub fn resum(&self, context: &Context, h: &Lin, body: Body) -> Res<Poly> {
        if context.decide(h)? {
            self.sum(context, &Lin::default(), h, body)
        } else {
            Ok(self.sum(context, h, &Lin::default(), body)?.scale(&Rational::NEG_ONE))
        }
    }

    /// `P(hi) - P(lo)` for the prefix sum of a polynomial in `v`.
    pub(super) fn between(&self, context: &Context, p: &Poly, v: Var, lo: &Lin, hi: &Lin) -> Res<Poly> {
        let mut out = Poly::default();
        for (m, c) in &p.0 {
            let (own, outer): (Vec<_>, Vec<_>) = m.0.iter().cloned().partition(|(a, _)| a.mentions(v));
            let sum = self.normal_sum(context, &Mono(own), v, lo, hi)?;
            let term = self.mul(&sum, &Poly::single(Mono(outer), c.clone()))?;
            out = out.plus(&Rational::ONE, &term);
        }
        Ok(out)
    }

    /// As [`Prover::between`] for a monomial, with its index shifted.
    fn normal_sum(&self, context: &Context, m: &Mono, v: Var, lo: &Lin, hi: &Lin) -> Res<Poly> {
        self.spend(1)?;
        if lo == hi {
            return Ok(Poly::default());
        }
        if self.depth.get() > MAX_NESTED {
            return stuck("a sum is nested too deeply");
        }
        self.depth.set(self.depth.get() + 1);
        let shifted = self.shifted(context, m, v, lo, hi).or_else(|stop| match stop {
            // The body has a pole outside of the range: let the range start at zero instead.
            Need::Stuck(_) if *lo != Lin::default() => {
                let moved = self.replace(context, &Poly::single(m.clone(), Rational::ONE), v, &Lin::var(v).add(lo))?;
                self.each_term(&moved, v, &|m| self.prefix(context, m, v, &hi.sub(lo)))
            }
            other => Err(other),
        });
        self.depth.set(self.depth.get() - 1);
        shifted
    }

    fn shifted(&self, context: &Context, m: &Mono, v: Var, lo: &Lin, hi: &Lin) -> Res<Poly> {
        let at = |by: &Lin| self.replace(context, &Poly::single(m.clone(), Rational::ONE), v, by);
        if let Some((a, offset)) = lead(m, v) {
            if a < 0 {
                // Σ t(i) over lo..hi is Σ t(-i) over 1-hi..1-lo.
                let turned = at(&Lin::var(v).neg())?;
                let one = Lin::num(1);
                return self.between(context, &turned, v, &one.sub(hi), &one.sub(lo));
            }
            let (s, _) = offset.div_rem(a);
            if s != Lin::default() {
                let moved = at(&Lin::var(v).sub(&s))?;
                return self.each_term(&moved, v, &|m| self.difference(context, m, v, &lo.add(&s), &hi.add(&s)));
            }
        }
        self.difference(context, m, v, lo, hi)
    }

    /// A sum over the terms of a polynomial, what does not read `v` taken out of each.
    fn each_term(&self, p: &Poly, v: Var, of: &dyn Fn(&Mono) -> Res<Poly>) -> Res<Poly> {
        let mut out = Poly::default();
        for (m, c) in &p.0 {
            let (own, outer): (Vec<_>, Vec<_>) = m.0.iter().cloned().partition(|(a, _)| a.mentions(v));
            let term = self.mul(&of(&Mono(own))?, &Poly::single(Mono(outer), c.clone()))?;
            out = out.plus(&Rational::ONE, &term);
        }
        Ok(out)
    }

    fn difference(&self, context: &Context, m: &Mono, v: Var, lo: &Lin, hi: &Lin) -> Res<Poly> {
        let above = self.prefix(context, m, v, hi)?;
        Ok(above.plus(&Rational::NEG_ONE, &self.prefix(context, m, v, lo)?))
    }

    /// `P(h)`.
    fn prefix(&self, context: &Context, m: &Mono, v: Var, h: &Lin) -> Res<Poly> {
        self.spend(1)?;
        if h.as_num() == Some(0) {
            return Ok(Poly::default());
        }
        if m.0.is_empty() {
            return Ok(Poly::lin(h));
        }
        if let [(Atom::Unit(Unit::Var(w)), e)] = &m.0[..]
            && *w == v
            && let Some(closed) = power_sum(h, e)
        {
            return closed;
        }
        let at = |by: &Lin| self.replace(context, &Poly::single(m.clone(), Rational::ONE), v, by);
        let c = h.constant();
        let whole = h.plus(-c);
        if c != 0 {
            if c.abs() > MAX_PEELED {
                return stuck("a sum has more terms at its end than are written out");
            }
            let mut out = self.prefix(context, m, v, &whole)?;
            for k in if c > 0 { 0..c } else { c..0 } {
                out = out.plus(&Rational::from(c.signum() as i8), &at(&whole.plus(k))?);
            }
            return Ok(out);
        }
        let g = h.content();
        if (2..=MAX_STRIDE).contains(&g) {
            let mut out = Poly::default();
            for s in 0..g {
                let strided = at(&moderate(Lin::var(v).mul(&Lin::num(g)))?.plus(s))?;
                let part = self.between(context, &strided, v, &Lin::default(), &h.div_rem(g).0)?;
                out = out.plus(&Rational::ONE, &part);
            }
            return Ok(out);
        }
        let bound = 1 + m.0.iter().map(|(a, _)| a.height()).max().unwrap_or(0);
        let body = rename(&Poly::single(m.clone(), Rational::ONE), v, bound)?;
        let body = body.0.into_keys().next().unwrap_or_default();
        Ok(Poly::atom(Atom::Sum(h.clone(), Rc::new(body), bound)))
    }
}

/// `(a, o)` of the index `a·v + o` at which the body's first entry reads `v`, where first does not depend on offsets.
fn lead(m: &Mono, v: Var) -> Option<(i128, Lin)> {
    let mut found = Vec::new();
    let mut visit = |a: &Atom| {
        if let Atom::Entry(e) = a {
            for (k, l) in e.index.iter().enumerate() {
                if let Some((a, rest)) = l.linear_in(v).filter(|(a, _)| *a != 0) {
                    found.push(((e.symbol.clone(), e.block, k, a), rest));
                }
            }
        }
    };
    m.0.iter().for_each(|(a, _)| entries(a, &mut visit));
    found.into_iter().min().map(|((_, _, _, a), rest)| (a, rest))
}

/// Visits an atom and those inside it.
fn entries(a: &Atom, visit: &mut dyn FnMut(&Atom)) {
    visit(a);
    match a {
        Atom::Fun(_, p) | Atom::Base(p) => p.0.keys().flat_map(|m| &m.0).for_each(|(a, _)| entries(a, visit)),
        Atom::Sum(_, m, _) => m.0.iter().for_each(|(a, _)| entries(a, visit)),
        Atom::Unit(_) | Atom::Entry(_) => {}
    }
}

/// `Σ iᵉ` over `0..h` for `e` up to 3.
fn power_sum(h: &Lin, e: &Rational) -> Option<Res<Poly>> {
    let less = h.plus(-1);
    let twice = h.add(h).plus(-1);
    let (factors, divisor): (Vec<&Lin>, u8) = match i64::try_from(e.numerator().clone()) {
        Ok(1) if e.is_int() => (vec![h, &less], 2),
        Ok(2) if e.is_int() => (vec![h, &less, &twice], 6),
        Ok(3) if e.is_int() => (vec![h, h, &less, &less], 4),
        _ => return None,
    };
    let product = factors.into_iter().try_fold(Lin::num(1), |acc, f| acc.mul(f));
    Some(moderate(product).map(|p| Poly::lin(&p).scale(&(Rational::ONE / Rational::from(divisor)))))
}
