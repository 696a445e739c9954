//! The constant of `up to rate` for all members: a monomial in sizes and in the parameters of morphism and optimizer.

use std::rc::Rc;

use super::context::{Context, Res, stuck};
use super::evident::{as_lin, content};
use super::normal::Prover;
use super::poly::{Atom, Mono, Poly, Symbol, Words, even};
use crate::core::size::{Lin, Var};
use crate::domain::Rational;

/// Both sides at a general entry in one case, and the index there.
pub struct Sides {
    /// Along the first path.
    pub left: Poly,
    /// Along the second.
    pub right: Poly,
    /// The index of the system in this case.
    pub n: Lin,
    /// The component and the place in it: a block, and the index in the block.
    pub place: (Option<usize>, usize, Vec<Lin>),
    /// What is known in this case.
    pub context: Context,
}

/// A rate `c > 0` as a function of the index: the target's learning rate is `c` times the source's.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// The formula.
    pub text: String,
    coefficient: Rational,
    sizes: Option<Vec<(Lin, i32)>>,
    index: Var,
}

impl Rate {
    /// Its value at an index, if it depends on that alone and is rational.
    pub fn at(&self, n: u64) -> Option<Rational> {
        let by = Lin::num(i128::from(n));
        let mut out = self.coefficient.clone();
        for (l, e) in self.sizes.as_ref()? {
            let size = Rational::from(dashu_int::IBig::from(l.substitute(self.index, &by)?.as_num()?));
            if size.is_zero() {
                return None;
            }
            for _ in 0..e.abs() {
                out = if *e > 0 { out * &size } else { out / &size };
            }
        }
        Some(out)
    }

    /// The number, if it is the same for every member.
    pub fn constant(&self) -> Option<&Rational> {
        self.sizes.as_ref().filter(|s| s.is_empty()).map(|_| &self.coefficient)
    }
}

/// Whether an atom may occur in a rate.
fn coefficient(a: &Atom) -> bool {
    match a {
        Atom::Unit(_) => true,
        Atom::Entry(e) => matches!(e.symbol, Symbol::Member(..)),
        Atom::Base(p) => p.0.keys().flat_map(|m| &m.0).all(|(a, _)| coefficient(a)),
        Atom::Fun(..) | Atom::Sum(..) => false,
    }
}

fn is_rate(a: &Atom) -> bool {
    matches!(a, Atom::Entry(e) if e.symbol == Symbol::Rate)
}

/// The part of a polynomial in coefficients beside one product of other atoms; for a step, of what is linear in the
/// small parameter.
fn beside(p: &Poly, state: &Mono) -> Poly {
    let mut out = Poly::default();
    for (m, c) in &p.0 {
        let (own, rest): (Vec<_>, Vec<_>) = m.0.iter().cloned().partition(|(a, _)| coefficient(a));
        if rest == state.0 {
            out.push(Mono(own), c.clone());
        }
    }
    out
}

/// The rate that all cases have in common, proved.
///
/// # Errors
/// If there is none of this form, or it cannot be shown to be positive.
pub fn common(
    prover: &Prover,
    all: &[Sides],
    index: Var,
    step: bool,
    positive: &[Poly],
    context: &Context,
    name: &dyn Fn(Var) -> String,
) -> Res<Rate> {
    let differ = "the sides have different normal forms, and no constant that was tried makes them equal";
    let mut candidate = None;
    for s in all.iter().filter(|s| s.n == Lin::var(index)) {
        let states = s.right.0.keys().map(|m| Mono(m.0.iter().filter(|(a, _)| !coefficient(a)).cloned().collect()));
        let linear = |m: &Mono| !step || m.0.iter().any(|(a, e)| is_rate(a) && e.is_one());
        let Some(state) = states.into_iter().find(linear) else { continue };
        let (l, r) = (beside(&s.left, &state), beside(&s.right, &state));
        if l.is_zero() || r.is_zero() {
            return stuck(differ);
        }
        let inverse = prover.pow(context, &r, &Rational::NEG_ONE)?;
        candidate = Some(prover.mul(&l, &inverse)?);
        break;
    }
    let Some(c) = candidate else { return stuck(differ) };
    for s in all {
        let c = prover.replace(context, &c, index, &s.n)?;
        let right = if step {
            prover.substitute(context, &s.right, &|_, x| {
                if x.symbol != Symbol::Rate {
                    return Ok(None);
                }
                prover.mul(&c, &Poly::atom(Atom::Entry(x.clone()))).map(Some)
            })?
        } else {
            prover.mul(&c, &s.right)?
        };
        if !prover.vanishes(&s.left.clone().plus(&Rational::NEG_ONE, &right))? {
            return stuck(differ);
        }
    }
    let (q, m, rest) = content(&c);
    let mut factors = m.0;
    if !rest.is_zero() && rest.as_num().is_none() {
        factors.push((Atom::Base(Rc::new(rest)), Rational::ONE));
    }
    if q <= Rational::ZERO {
        return stuck("the sides agree with a rate that is not positive");
    }
    let mut sizes = Some(Vec::new());
    for (a, e) in &factors {
        let size = match a {
            Atom::Unit(u) => Some(Lin::unit(*u)),
            Atom::Base(p) => as_lin(p).filter(|l| Poly::lin(l) == **p),
            _ => None,
        };
        let plain = size.as_ref().is_some_and(|l| l.vars() == [index] && context.implies(&l.plus(-1)));
        let known = positive.contains(&Poly::atom(a.clone()));
        let squared = matches!(a, Atom::Entry(_)) && e.is_int() && even(e);
        if !plain && !known && !squared {
            return stuck("a rate that cannot be shown to be positive");
        }
        let exponent = i32::try_from(e.numerator().clone()).ok().filter(|_| e.is_int());
        sizes = match (sizes, size.filter(|_| plain), exponent) {
            (Some(mut all), Some(l), Some(k)) => {
                all.push((l, k));
                Some(all)
            }
            _ => None,
        };
    }
    // A rate reads sizes and parameters of the optimizer alone.
    let symbol = |s: &Symbol, _: usize| match s {
        Symbol::Member(_, m, _) => m.clone(),
        _ => String::new(),
    };
    Ok(Rate { text: c.text(&Words { var: name, symbol: &symbol }), coefficient: q, sizes, index })
}
