//! What is evident of a polynomial: its content, whether it is a size, and whether it vanishes or is positive anywhere.

use super::context::Need;
use super::poly::{Atom, Mono, Poly, even};
use crate::core::size::Lin;
use crate::domain::{Fun, Rational};

/// Whether a polynomial reads sizes and indices alone.
pub(super) fn of_sizes(p: &Poly) -> bool {
    p.0.keys().all(|m| m.0.iter().all(|(a, _)| matches!(a, Atom::Unit(_))))
}

/// One half.
pub fn half() -> Rational {
    Rational::from_parts(1.into(), 2u8.into())
}

pub(super) fn number_power(c: &Rational, k: i64) -> Rational {
    let base = if k < 0 { Rational::ONE / c } else { c.clone() };
    (0..k.unsigned_abs()).fold(Rational::ONE, |acc, _| acc * &base)
}

/// `(outside, inside)` with `size^q = outside · inside^q`: a root that is rational is taken.
pub(super) fn rational_root(size: &Rational, q: &Rational) -> (Rational, Rational) {
    let (Ok(k), Ok(degree)) = (i64::try_from(q.numerator().clone()), u32::try_from(q.denominator().clone())) else {
        return (Rational::ONE, size.clone());
    };
    let exact = |n: &dashu_int::UBig| -> Option<dashu_int::UBig> {
        let mut lo = dashu_int::UBig::ONE;
        let mut hi = n.clone();
        if *n > dashu_int::UBig::from(1u64 << 40) {
            return None;
        }
        while lo <= hi {
            let mid = (&lo + &hi) / dashu_int::UBig::from(2u8);
            let power = mid.pow(degree as usize);
            match power.cmp(n) {
                std::cmp::Ordering::Equal => return Some(mid),
                std::cmp::Ordering::Less => lo = mid + dashu_int::UBig::ONE,
                std::cmp::Ordering::Greater => hi = mid - dashu_int::UBig::ONE,
            }
        }
        None
    };
    let numerator = dashu_int::UBig::try_from(size.numerator().clone()).ok();
    match (numerator.as_ref().and_then(exact), exact(size.denominator())) {
        (Some(a), Some(b)) if k.abs() <= 16 && degree <= 4 => {
            (number_power(&Rational::from_parts(a.into(), b), k), Rational::ONE)
        }
        _ => (Rational::ONE, size.clone()),
    }
}

/// `(c, m, rest)` with `p = c · m · rest`: `rest` has leading coefficient one and no atom common to all of its terms.
pub fn content(p: &Poly) -> (Rational, Mono, Poly) {
    let Some(first) = p.0.keys().next() else {
        return (Rational::ONE, Mono::default(), Poly::default());
    };
    let exponent = |m: &Mono, a: &Atom| match m.0.binary_search_by(|x| x.0.cmp(a)) {
        Ok(i) => m.0[i].1.clone(),
        Err(_) => Rational::ZERO,
    };
    // The least power of each atom; one that is negative in some term is taken out of all, except that powers of
    // polynomials and of signs stay where they are unless all terms have them.
    let mut candidates: Vec<&Atom> = first.0.iter().map(|x| &x.0).collect();
    for m in p.0.keys() {
        candidates.extend(
            m.0.iter()
                .filter(|(a, e)| *e < Rational::ZERO && matches!(a, Atom::Unit(_) | Atom::Entry(_)))
                .map(|x| &x.0),
        );
    }
    candidates.sort();
    candidates.dedup();
    let mut common: Vec<(Atom, Rational)> = Vec::new();
    for a in candidates {
        let powers: Vec<Rational> = p.0.keys().map(|m| exponent(m, a)).collect();
        let (Some(least), Some(most)) = (powers.iter().min().cloned(), powers.iter().max().cloned()) else { continue };
        let plain = matches!(a, Atom::Unit(_) | Atom::Entry(_));
        if least > Rational::ZERO || (plain && least < Rational::ZERO) {
            common.push((a.clone(), least));
        } else if most < Rational::ZERO {
            common.push((a.clone(), most));
        }
    }
    // A sign is its own inverse, and its powers are reduced: it divides only what it is a factor of.
    let inverse = Mono(common.iter().map(|(a, e)| (a.clone(), -e.clone())).collect());
    let mut rest = Poly::default();
    for (m, c) in &p.0 {
        rest.push(m.times(&inverse), c.clone());
    }
    let lead = rest.0.values().next().cloned().unwrap_or(Rational::ONE);
    (lead.clone(), Mono(common), rest.scale(&(Rational::ONE / lead)))
}

/// A polynomial in sizes alone as a form, up to a positive factor.
pub fn as_lin(p: &Poly) -> Option<Lin> {
    let mut scale = dashu_int::UBig::ONE;
    for c in p.0.values() {
        scale *= c.denominator();
    }
    let scale = Rational::from(scale);
    let mut out = Lin::default();
    for (m, c) in &p.0 {
        let mut term = Lin::num(i128::try_from((c * &scale).numerator().clone()).ok()?);
        for (a, e) in &m.0 {
            let Atom::Unit(u) = a else { return None };
            let k = u32::try_from(e.numerator().clone()).ok().filter(|_| e.is_int())?;
            for _ in 0..k {
                term = term.mul(&Lin::unit(*u))?;
            }
        }
        out = out.add(&term);
    }
    out.moderate().then_some(out)
}

/// Whether a polynomial is certainly not the zero function, at any member: some monomial in entries alone has a number
/// as its coefficient, and all other atoms are entries or sizes.
pub(super) fn evidently_not_zero(p: &Poly) -> bool {
    let plain = |m: &Mono| m.0.iter().all(|(a, _)| matches!(a, Atom::Entry(_) | Atom::Unit(_)));
    if let Some((m, _)) = p.as_single()
        && m.0.iter().all(|(a, _)| matches!(a, Atom::Entry(_) | Atom::Fun(Fun::Exp | Fun::Sigmoid | Fun::Softplus, _)))
    {
        return true;
    }
    if !p.0.keys().all(plain) {
        return evidently_positive(p);
    }
    let part = |m: &Mono| Mono(m.0.iter().filter(|(a, _)| matches!(a, Atom::Entry(_))).cloned().collect());
    // Entries at different symbolic places may be the same entry at some member, so the symbols must differ.
    p.0.keys().any(|m| {
        part(m) == *m
            && p.0.keys().filter(|n| part(n) == *m).count() == 1
            && p.0.keys().all(|n| n == m || part(n) == *m || differs(m, n))
    })
}

/// Whether two monomials differ in the symbols that they read, not only in the places.
pub(super) fn differs(m: &Mono, n: &Mono) -> bool {
    let key = |m: &Mono| {
        let mut all: Vec<_> =
            m.0.iter()
                .filter_map(|(a, e)| match a {
                    Atom::Entry(x) => Some((x.symbol.clone(), x.block, e.clone())),
                    _ => None,
                })
                .collect();
        all.sort();
        all
    };
    key(m) != key(n)
}

/// Whether a polynomial is positive somewhere by its form: every term is a positive number times even powers, powers of
/// sizes, exponentials and roots, and one of them is not zero everywhere.
pub(super) fn evidently_positive(p: &Poly) -> bool {
    let fine = |m: &Mono| {
        m.0.iter().all(|(a, e)| match a {
            Atom::Unit(_) | Atom::Fun(Fun::Exp | Fun::Sigmoid | Fun::Softplus, _) => true,
            Atom::Sum(h, body, _) => {
                let squares = body.0.iter().all(|(a, e)| matches!(a, Atom::Entry(_)) && e.is_int() && even(e));
                squares && e.is_one() && h.constant() >= 0 && h.terms().all(|(_, c)| c > 0)
            }
            Atom::Base(_) if !e.is_int() => true,
            _ => e.is_int() && even(e),
        })
    };
    let solid = |m: &Mono| m.0.iter().all(|(a, _)| matches!(a, Atom::Entry(_) | Atom::Fun(Fun::Exp, _)));
    let alone = |m: &Mono| {
        m.0.len() == 1
            && matches!(&m.0[0].0, Atom::Entry(_) | Atom::Fun(Fun::Exp | Fun::Sigmoid, _))
            && m.0[0].1.is_one()
    };
    let one = p.as_single().is_some_and(|(m, c)| alone(m) && *c > Rational::ZERO);
    one || (p.0.iter().all(|(m, c)| *c > Rational::ZERO && fine(m)) && p.0.keys().any(solid))
}

/// The reason a computation stopped, for a user.
pub fn reason(need: &Need) -> String {
    match need {
        Need::Stuck(why) => why.clone(),
        Need::Split(_) => "a comparison of indices could not be settled".into(),
        Need::Residue(..) => "the remainder of an index could not be settled".into(),
    }
}
