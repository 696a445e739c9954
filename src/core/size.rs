//! Sizes and indices with free variables: integer polynomials in natural numbers and in powers `bᵏ`, as linear forms
//! over their products.
//!
//! Two forms are equal as polynomials exactly when they are equal as values of this type; `2^(k+1)` is `2 · 2^k` by
//! construction. What cannot be written so is refused, never rounded.

use std::collections::BTreeMap;

/// A variable. Numbers below [`FIRST_FREE`] are bound, by the height of their binder.
pub type Var = u32;

/// The first variable that is not bound.
pub const FIRST_FREE: Var = 1 << 16;

/// No coefficient is larger than this; forms beyond it are refused.
const LIMIT: i128 = 1 << 60;

/// What products are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A variable.
    Var(Var),
    /// `bᵏ` for a natural number `b ≥ 2`.
    Exp(u32, Var),
}

impl Unit {
    /// Its variable.
    pub fn var(self) -> Var {
        match self {
            Unit::Var(v) | Unit::Exp(_, v) => v,
        }
    }
}

/// A product of units with their exponents, sorted; never empty.
pub type Product = Vec<(Unit, u32)>;

/// A linear form over products with integer coefficients. No coefficient is zero.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lin {
    terms: BTreeMap<Product, i128>,
    constant: i128,
}

impl Lin {
    /// A number.
    pub fn num(n: i128) -> Self {
        Lin { terms: BTreeMap::new(), constant: n }
    }

    /// A variable.
    pub fn var(v: Var) -> Self {
        Lin::unit(Unit::Var(v))
    }

    /// One unit.
    pub fn unit(u: Unit) -> Self {
        Lin { terms: [(vec![(u, 1)], 1)].into_iter().collect(), constant: 0 }
    }

    /// A product of units.
    pub fn product(p: &Product) -> Self {
        Lin { terms: [(p.clone(), 1)].into_iter().collect(), constant: 0 }
    }

    /// Its value, if it is a number.
    pub fn as_num(&self) -> Option<i128> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// The constant.
    pub fn constant(&self) -> i128 {
        self.constant
    }

    /// The products with their coefficients.
    pub fn terms(&self) -> impl Iterator<Item = (&Product, i128)> {
        self.terms.iter().map(|(p, &c)| (p, c))
    }

    /// `self + other`
    #[must_use]
    pub fn add(&self, other: &Lin) -> Lin {
        self.combine(other, 1)
    }

    /// `self - other`
    #[must_use]
    pub fn sub(&self, other: &Lin) -> Lin {
        self.combine(other, -1)
    }

    /// `self + n`
    #[must_use]
    pub fn plus(&self, n: i128) -> Lin {
        Lin { terms: self.terms.clone(), constant: self.constant.saturating_add(n) }
    }

    /// `-self`
    #[must_use]
    pub fn neg(&self) -> Lin {
        Lin::default().sub(self)
    }

    fn combine(&self, other: &Lin, sign: i128) -> Lin {
        let mut out = self.clone();
        out.constant = out.constant.saturating_add(sign.saturating_mul(other.constant));
        for (p, &c) in &other.terms {
            let slot = out.terms.entry(p.clone()).or_insert(0);
            *slot = slot.saturating_add(sign.saturating_mul(c));
        }
        out.terms.retain(|_, c| *c != 0);
        out
    }

    /// Whether every coefficient is far from what a number of this type can hold, so that no sum saturates.
    pub fn moderate(&self) -> bool {
        self.constant.abs() < LIMIT && self.terms.values().all(|c| c.abs() < LIMIT)
    }

    /// `self · other`, unless a coefficient becomes too large.
    pub fn mul(&self, other: &Lin) -> Option<Lin> {
        let mut out = Lin::default();
        let all = |l: &Lin| -> Vec<(Product, i128)> {
            l.terms.iter().map(|(p, &c)| (p.clone(), c)).chain([(Vec::new(), l.constant)]).collect()
        };
        for (p, c) in all(self) {
            for (q, d) in all(other) {
                let e = c.checked_mul(d)?;
                let product = multiply(&p, &q);
                if product.is_empty() {
                    out.constant = out.constant.checked_add(e)?;
                } else {
                    let slot = out.terms.entry(product).or_insert(0);
                    *slot = slot.checked_add(e)?;
                }
            }
        }
        out.terms.retain(|_, c| *c != 0);
        out.moderate().then_some(out)
    }

    /// `b ^ self` for a natural number `b`, where the exponent is a sum of variables and a number.
    pub fn exponential(b: u32, exponent: &Lin) -> Option<Lin> {
        if b < 2 {
            return Some(Lin::num(i128::from(b))).filter(|_| b == 1);
        }
        let mut product: Vec<(Unit, u32)> = Vec::new();
        for (p, &c) in &exponent.terms {
            let [(Unit::Var(v), 1)] = p[..] else { return None };
            product.push((Unit::Exp(b, v), u32::try_from(c).ok()?));
        }
        product.sort_unstable();
        // A negative constant would divide.
        let factor = i128::from(b).checked_pow(u32::try_from(exponent.constant).ok()?)?;
        let out = match product.is_empty() {
            true => Lin::num(factor),
            false => Lin { terms: [(product, factor)].into_iter().collect(), constant: 0 },
        };
        out.moderate().then_some(out)
    }

    /// Whether a variable occurs.
    pub fn mentions(&self, v: Var) -> bool {
        self.terms.keys().flatten().any(|(u, _)| u.var() == v)
    }

    /// All variables that occur, in order.
    pub fn vars(&self) -> Vec<Var> {
        let mut all: Vec<Var> = self.terms.keys().flatten().map(|(u, _)| u.var()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The units that occur.
    pub fn units(&self) -> impl Iterator<Item = Unit> {
        self.terms.keys().flatten().map(|&(u, _)| u)
    }

    /// `(a, r)` with `self = a·v + r` and `r` free of `v`, if the form is linear in `v` with a number as coefficient.
    pub fn linear_in(&self, v: Var) -> Option<(i128, Lin)> {
        let mut rest = self.clone();
        let a = rest.terms.remove(&vec![(Unit::Var(v), 1)]).unwrap_or(0);
        (!rest.mentions(v)).then_some((a, rest))
    }

    /// The form with a variable replaced.
    pub fn substitute(&self, v: Var, by: &Lin) -> Option<Lin> {
        if !self.mentions(v) {
            return Some(self.clone());
        }
        let mut out = Lin::num(self.constant);
        for (p, &c) in &self.terms {
            let mut term = Lin::num(c);
            for &(u, e) in p {
                let factor = match u {
                    Unit::Var(w) if w == v => by.clone(),
                    Unit::Exp(b, w) if w == v => Lin::exponential(b, by)?,
                    other => Lin::unit(other),
                };
                for _ in 0..e {
                    term = term.mul(&factor)?;
                }
            }
            out = out.add(&term);
        }
        out.moderate().then_some(out)
    }

    /// `(q, r)` with `self = q·m + r`, coefficient by coefficient, those of `r` in `0..m`.
    pub fn div_rem(&self, m: i128) -> (Lin, Lin) {
        let mut q = Lin::num(self.constant.div_euclid(m));
        let mut r = Lin::num(self.constant.rem_euclid(m));
        for (p, &c) in &self.terms {
            for (part, value) in [(&mut q, c.div_euclid(m)), (&mut r, c.rem_euclid(m))] {
                if value != 0 {
                    part.terms.insert(p.clone(), value);
                }
            }
        }
        (q, r)
    }

    /// The greatest common divisor of the coefficients of the products; 0 for a number.
    pub fn content(&self) -> i128 {
        self.terms.values().fold(0, |g, &c| gcd(g, c))
    }

    /// The form in words; `name` gives the variables.
    pub fn text(&self, name: &dyn Fn(Var) -> String) -> String {
        let mut out = String::new();
        let mut push = |c: i128, body: &str| {
            let sign = match (out.is_empty(), c < 0) {
                (true, false) => "",
                (true, true) => "-",
                (false, false) => " + ",
                (false, true) => " - ",
            };
            out.push_str(sign);
            match (c.abs(), body) {
                (n, "") => out.push_str(&n.to_string()),
                (1, b) => out.push_str(b),
                (n, b) => out.push_str(&format!("{n}*{b}")),
            }
        };
        for (p, &c) in &self.terms {
            push(c, &p.iter().map(|&(u, e)| unit_text(u, e, name)).collect::<Vec<_>>().join("*"));
        }
        if self.constant != 0 || self.terms.is_empty() {
            push(self.constant, "");
        }
        out
    }
}

/// A unit to a power, in words.
pub fn unit_text(u: Unit, e: u32, name: &dyn Fn(Var) -> String) -> String {
    match (u, e) {
        (Unit::Var(v), 1) => name(v),
        (Unit::Var(v), e) => format!("{}^{e}", name(v)),
        (Unit::Exp(b, v), 1) => format!("{b}^{}", name(v)),
        (Unit::Exp(b, v), e) => format!("{b}^({e}*{})", name(v)),
    }
}

fn multiply(p: &Product, q: &Product) -> Product {
    let mut out = p.clone();
    for &(u, e) in q {
        match out.binary_search_by_key(&u, |x| x.0) {
            Ok(i) => out[i].1 += e,
            Err(i) => out.insert(i, (u, e)),
        }
    }
    out
}

/// The greatest common divisor, not negative.
pub fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_sums_split() {
        let k = Lin::var(FIRST_FREE);
        let twice = Lin::exponential(2, &k.plus(1)).expect("moderate");
        let one = Lin::exponential(2, &k).expect("moderate");
        assert_eq!(twice, one.add(&one));
        assert_eq!(one.substitute(FIRST_FREE, &Lin::num(3)), Some(Lin::num(8)));
    }

    #[test]
    fn division_leaves_coefficients_in_range() {
        let n = Lin::var(FIRST_FREE);
        let l = n.mul(&Lin::num(5)).expect("moderate").plus(-3);
        let (q, r) = l.div_rem(2);
        assert_eq!(q.add(&q).add(&r), l);
        assert_eq!(r, n.plus(1));
    }
}
