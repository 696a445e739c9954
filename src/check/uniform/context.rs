//! What is known of the variables, and proofs by cases.
//!
//! A computation that needs to know more than its [`Context`] implies stops with a [`Need`]; [`Cases`] then runs it again
//! in every case of the missing fact. So each case is computed under hypotheses that settle all of its comparisons, and
//! the cases cover the whole by construction.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::core::size::{FIRST_FREE, Lin, Product, Unit, Var, gcd};

/// Why a computation stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Whether this form is `≥ 0` or `≤ -1`.
    Split(Lin),
    /// What this form is modulo a number.
    Residue(Lin, i128),
    /// It cannot go on: the reason.
    Stuck(String),
}

/// A result, or what was missing.
pub type Res<T> = Result<T, Need>;

/// Stops for good.
pub fn stuck<T>(reason: impl Into<String>) -> Res<T> {
    Err(Need::Stuck(reason.into()))
}

/// A form that may have become too large.
pub fn moderate(l: Option<Lin>) -> Res<Lin> {
    l.map_or_else(|| stuck("a size or an index is beyond this prover"), Ok)
}

/// Inequalities `form ≥ 0` that hold.
#[derive(Debug, Clone, Default)]
pub struct Context {
    facts: Rc<Vec<Lin>>,
}

/// Constraints that one elimination may make.
const MAX_CONSTRAINTS: usize = 160;

impl Context {
    /// With one more fact.
    #[must_use]
    pub fn with(&self, fact: Lin) -> Self {
        let mut facts = (*self.facts).clone();
        facts.push(fact);
        Context { facts: Rc::new(facts) }
    }

    /// The facts.
    pub fn facts(&self) -> &[Lin] {
        &self.facts
    }

    /// With `lo ≤ v < hi`.
    #[must_use]
    pub fn within(&self, v: &Lin, lo: &Lin, hi: &Lin) -> Self {
        self.with(v.sub(lo)).with(hi.sub(v).plus(-1))
    }

    /// With a variable replaced in every fact.
    fn substitute(&self, v: Var, by: &Lin) -> Res<Self> {
        let facts: Res<Vec<Lin>> = self.facts.iter().map(|f| moderate(f.substitute(v, by))).collect();
        Ok(Context { facts: Rc::new(facts?) })
    }

    /// Whether the facts imply `form ≥ 0`. `false` says nothing.
    pub fn implies(&self, form: &Lin) -> bool {
        match form.as_num() {
            Some(c) if c >= 0 => true,
            _ => self.with(form.neg().plus(-1)).contradictory(),
        }
    }

    /// Whether no integers satisfy the facts, as far as Fourier–Motzkin elimination over the rationals sees, with
    /// products and powers as unknowns of their own that have a few properties of theirs.
    pub fn contradictory(&self) -> bool {
        let mut system: Vec<Lin> = self.facts.iter().filter_map(tighten).collect();
        if self.facts.iter().any(|f| f.as_num().is_some_and(|c| c < 0)) {
            return true;
        }
        self.properties(&mut system);
        eliminate(system)
    }

    /// What is known of `bᵏ` and of products, from the lower bounds that the facts give directly.
    fn properties(&self, system: &mut Vec<Lin>) {
        let products: BTreeSet<Product> = self.facts.iter().flat_map(|f| f.terms().map(|(p, _)| p.clone())).collect();
        let low = |u: Unit| -> Option<i128> {
            let known = self.facts.iter().filter_map(|f| match f.linear_in(u.var()) {
                Some((1, rest)) => rest.as_num().map(|c| -c),
                _ => None,
            });
            let v = known.max()?;
            match u {
                Unit::Var(_) => Some(v),
                Unit::Exp(b, _) => i128::from(b).checked_pow(u32::try_from(v.clamp(0, 40)).ok()?),
            }
        };
        for p in &products {
            if let [(u @ Unit::Exp(b, v), 1)] = p[..]
                && let Some(l) = low(u)
            {
                let e = Lin::unit(u);
                system.push(e.plus(-l));
                // bᵏ ≥ 1 + (b - 1) k for natural k.
                if self
                    .facts
                    .iter()
                    .any(|f| f.linear_in(v).is_some_and(|(a, r)| a == 1 && r.as_num().is_some_and(|c| c <= 0)))
                {
                    let linear = Lin::var(v).mul(&Lin::num(i128::from(b) - 1));
                    system.extend(linear.map(|l| e.sub(&l).plus(-1)));
                }
            }
            // (x - a)(y - b) ≥ 0 for x ≥ a ≥ 0 and y ≥ b ≥ 0.
            let pair = match p[..] {
                [(x, 1), (y, 1)] => Some((x, y)),
                [(x, 2)] => Some((x, x)),
                _ => None,
            };
            if let Some((x, y)) = pair
                && let (Some(a), Some(b)) = (low(x), low(y))
                && a >= 0
                && b >= 0
            {
                system.extend(Lin::unit(x).plus(-a).mul(&Lin::unit(y).plus(-b)));
            }
        }
    }

    /// Whether `form ≥ 0`.
    ///
    /// # Errors
    /// A need to split if the facts leave it open.
    pub fn decide(&self, form: &Lin) -> Res<bool> {
        if self.implies(form) {
            Ok(true)
        } else if self.implies(&form.neg().plus(-1)) {
            Ok(false)
        } else {
            Err(Need::Split(form.clone()))
        }
    }

    /// Whether `form = 0`.
    ///
    /// # Errors
    /// A need to split if the facts leave it open.
    pub fn decide_zero(&self, form: &Lin) -> Res<bool> {
        if let Some(c) = form.as_num() {
            return Ok(c == 0);
        }
        let g = form.content();
        let (form, rest) = form.div_rem(g);
        if rest != Lin::default() {
            return Ok(false);
        }
        Ok(self.decide(&form)? && self.decide(&form.neg())?)
    }
}

/// `form ≥ 0` with its content divided out; `None` if it says nothing.
fn tighten(form: &Lin) -> Option<Lin> {
    let g = form.content();
    match g {
        0 => None,
        1 => Some(form.clone()),
        g => Some(form.div_rem(g).0),
    }
}

fn eliminate(mut system: Vec<Lin>) -> bool {
    system.sort_unstable();
    system.dedup();
    loop {
        let products: BTreeSet<&Product> = system.iter().flat_map(|f| f.terms().map(|(p, _)| p)).collect();
        let coefficient = |f: &Lin, p: &Product| f.terms().find(|(q, _)| *q == p).map_or(0, |(_, c)| c);
        let cost = |p: &Product| {
            let signs = system.iter().map(|f| coefficient(f, p).signum());
            let (up, down) = signs.fold((0, 0), |(u, d), s| (u + usize::from(s > 0), d + usize::from(s < 0)));
            up * down
        };
        let Some(p) = products.into_iter().min_by_key(|p| cost(p)).cloned() else {
            return false;
        };
        let (with, without): (Vec<Lin>, Vec<Lin>) = system.iter().cloned().partition(|f| coefficient(f, &p) != 0);
        let mut next = without;
        for a in with.iter().filter(|f| coefficient(f, &p) > 0) {
            for b in with.iter().filter(|f| coefficient(f, &p) < 0) {
                let (ca, cb) = (coefficient(a, &p), -coefficient(b, &p));
                let g = gcd(ca, cb);
                let sum = match (a.mul(&Lin::num(cb / g)), b.mul(&Lin::num(ca / g))) {
                    (Some(x), Some(y)) => x.add(&y),
                    _ => return false,
                };
                if sum.as_num().is_some_and(|c| c < 0) {
                    return true;
                }
                next.extend(tighten(&sum));
            }
        }
        next.sort_unstable();
        next.dedup();
        if next.len() > MAX_CONSTRAINTS {
            return false;
        }
        system = next;
    }
}

/// The variables of a proof by cases, each as a form in what is left of them.
pub type Values = Vec<Lin>;

/// How many cases one proof may have.
pub const MAX_CASES: usize = 10_000;

/// The cases that are left to look at, and fresh variables.
#[derive(Debug)]
pub struct Cases {
    /// The next fresh variable.
    pub next: std::cell::Cell<Var>,
    /// How many cases were looked at.
    pub seen: std::cell::Cell<usize>,
}

impl Default for Cases {
    fn default() -> Self {
        Cases { next: std::cell::Cell::new(FIRST_FREE), seen: std::cell::Cell::new(0) }
    }
}

impl Cases {
    /// A variable that occurs nowhere.
    pub fn fresh(&self) -> Var {
        let v = self.next.get();
        self.next.set(v + 1);
        v
    }

    /// Runs `goal` in every case until each has a result. `values` are the variables of this proof: a case may pin one
    /// of them, or fix its residue, and hands the goal the values that it is left with.
    ///
    /// # Errors
    /// What stops the goal in some case; the residue of a variable that is not among `values`; too many cases.
    pub fn all<T>(&self, context: &Context, values: Values, goal: &dyn Fn(&Context, &[Lin]) -> Res<T>) -> Res<Vec<T>> {
        let mut out = Vec::new();
        let mut open = vec![(context.clone(), values)];
        while let Some((context, values)) = open.pop() {
            self.seen.set(self.seen.get() + 1);
            if self.seen.get() > MAX_CASES {
                return stuck(format!("the proof needs more than {MAX_CASES} cases"));
            }
            if context.contradictory() {
                continue;
            }
            match goal(&context, &values) {
                Ok(t) => out.push(t),
                Err(Need::Split(form)) => {
                    // What this proof has no variables for is left to the one that it is part of.
                    if !form.vars().iter().any(|v| values.iter().any(|x| x.mentions(*v))) {
                        return Err(Need::Split(form));
                    }
                    let known = |v: &Var| context.facts.iter().chain(&values).any(|x| x.mentions(*v));
                    if !form.vars().iter().all(known) {
                        return stuck("a comparison with the index of a sum could not be settled");
                    }
                    let no = form.neg().plus(-1);
                    // Last in, first out: the case in which the form is negative comes second.
                    open.push(pinned(&context.with(no.clone()), &no, values.clone())?);
                    open.push(pinned(&context.with(form.clone()), &form, values)?);
                }
                Err(Need::Residue(form, m)) => {
                    let split = values.iter().flat_map(Lin::vars).find(|&v| {
                        // Powers of the variable would leave the form no simpler.
                        form.linear_in(v).is_some_and(|(a, _)| gcd(a, m) == 1)
                            && context.facts.iter().chain(&values).all(|f| f.linear_in(v).is_some())
                    });
                    let Some(v) = split else { return Err(Need::Residue(form, m)) };
                    for s in (0..m).rev() {
                        let by = moderate(Lin::var(self.fresh()).mul(&Lin::num(m)))?.plus(s);
                        let values: Res<Values> = values.iter().map(|x| moderate(x.substitute(v, &by))).collect();
                        open.push((context.substitute(v, &by)?, values?));
                    }
                }
                Err(stop) => return Err(stop),
            }
        }
        Ok(out)
    }
}

/// If the new fact `form ≥ 0` makes `form = 0`, a variable with coefficient ±1 is replaced by what it is equal to.
fn pinned(context: &Context, form: &Lin, values: Values) -> Res<(Context, Values)> {
    let own: BTreeSet<Var> = values.iter().flat_map(Lin::vars).collect();
    let put = |v: Var, by: &Lin| -> Res<(Context, Values)> {
        let values: Res<Values> = values.iter().map(|x| moderate(x.substitute(v, by))).collect();
        Ok((context.substitute(v, by)?, values?))
    };
    if context.implies(&form.neg()) {
        // Youngest first, so that an index of an entry gives way to a size.
        for &v in own.iter().rev() {
            if let Some((a, rest)) = form.linear_in(v).filter(|(a, _)| a.abs() == 1)
                && let Ok((context, values)) = put(v, &if a == 1 { rest.neg() } else { rest })
            {
                return pinned(&context, &Lin::num(1), values);
            }
        }
    }
    // The bounds of a variable may have met, which a power of it does not show.
    for &v in &own {
        let bounds = context.facts.iter().filter_map(|f| match f.linear_in(v) {
            Some((1, rest)) => rest.as_num().map(|c| -c),
            _ => None,
        });
        if let Some(low) = bounds.max().map(Lin::num)
            && context.implies(&low.sub(&Lin::var(v)))
        {
            let (context, values) = put(v, &low)?;
            return pinned(&context, &Lin::num(1), values);
        }
    }
    // A power that is known gives its exponent.
    let powers: BTreeSet<Unit> = context.facts.iter().flat_map(Lin::units).collect();
    for u in powers {
        let Unit::Exp(b, v) = u else { continue };
        for e in (0..6).filter(|_| own.contains(&v)) {
            let difference = Lin::unit(u).plus(-i128::from(b).pow(e));
            if context.implies(&difference) && context.implies(&difference.neg()) {
                let (context, values) = put(v, &Lin::num(i128::from(e)))?;
                return pinned(&context, &Lin::num(1), values);
            }
        }
    }
    Ok((context.clone(), values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_implied() {
        let (n, j) = (Lin::var(FIRST_FREE), Lin::var(FIRST_FREE + 1));
        let context = Context::default().with(n.plus(-1)).within(&j, &Lin::num(0), &n);
        assert!(context.implies(&n.sub(&j)));
        assert!(!context.implies(&n.sub(&j).plus(-2)));
        assert_eq!(context.decide(&j.sub(&n)), Ok(false));
        assert!(context.with(j.sub(&n)).contradictory());
    }

    #[test]
    fn parity_decides_equality() {
        let (i, j) = (Lin::var(FIRST_FREE), Lin::var(FIRST_FREE + 1));
        let twice = |l: &Lin| l.add(l);
        assert_eq!(Context::default().decide_zero(&twice(&i).sub(&twice(&j)).plus(1)), Ok(false));
    }

    #[test]
    fn powers_outgrow_their_exponents() {
        let k = Lin::var(FIRST_FREE);
        let e = Lin::exponential(2, &k).expect("moderate");
        let context = Context::default().with(k.clone());
        assert!(context.implies(&e.sub(&k).plus(-1)));
        assert!(!context.implies(&e.sub(&k).plus(-2)));
    }

    #[test]
    fn every_case_is_visited_and_equal_variables_are_pinned() {
        let cases = Cases::default();
        let (n, j) = (Lin::var(cases.fresh()), Lin::var(cases.fresh()));
        let context = Context::default().with(n.plus(-1)).within(&j, &Lin::num(0), &n);
        let seen = cases
            .all(&context, vec![n, j], &|c, v| {
                let last = c.decide_zero(&v[0].sub(&v[1]).plus(-1))?;
                Ok((last, v[1].clone().sub(&v[0])))
            })
            .expect("finite");
        assert_eq!(seen.len(), 2);
        assert!(seen.contains(&(true, Lin::num(-1))));
    }
}
