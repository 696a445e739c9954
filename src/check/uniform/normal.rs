//! The ring operations of the normal form, and functions of what is in it.
//!
//! Every rule here is an identity of functions off zero denominators and kinks; where it also needs a quantity that is
//! not identically zero, the quantity is noted as an [`Obligation`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use super::context::{Cases, Context, Res, stuck};
use super::evident::{as_lin, content, evidently_not_zero, evidently_positive, number_power, of_sizes, rational_root};
use super::poly::{Atom, Mono, Poly, even};
use crate::core::names::Model;
use crate::core::prim::{AtZero, Parity};
use crate::core::size::Lin;
use crate::domain::{Fun, Rational};

/// Term multiplications that one proof may do.
const MAX_WORK: u64 = 3_000_000;
/// Terms that one polynomial may have.
const MAX_TERMS: usize = 3_000;
/// The largest power that is multiplied out.
const MAX_POWER: i64 = 12;

/// What a proof used and did not settle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obligation {
    /// A quantity is not zero everywhere: it stands in a denominator or under a sign.
    NotZero(Poly),
    /// A quantity is positive somewhere: a root or logarithm is taken of it.
    SomewherePositive(Poly),
}

/// One proof: its declarations, fresh variables and budgets.
pub struct Prover<'m> {
    /// The declarations.
    pub model: &'m Model,
    /// Fresh variables and the number of cases.
    pub cases: Cases,
    /// Side conditions met so far.
    pub obligations: RefCell<BTreeSet<Obligation>>,
    /// Definitions being read.
    pub depth: Cell<usize>,
    /// The names of the blocks and the states, for messages.
    pub names: RefCell<Names>,
    work: Cell<u64>,
}

/// Names in order of number.
#[derive(Debug, Default)]
pub struct Names {
    /// Of the blocks of the square's source.
    pub blocks: Vec<String>,
    /// Of the states.
    pub states: Vec<String>,
}

impl<'m> Prover<'m> {
    /// A proof about a file.
    pub fn new(model: &'m Model) -> Self {
        let (work, depth) = (Cell::new(0), Cell::new(0));
        Prover {
            model,
            cases: Cases::default(),
            obligations: RefCell::new(BTreeSet::new()),
            depth,
            names: RefCell::default(),
            work,
        }
    }

    /// Takes work from the budget.
    ///
    /// # Errors
    /// When it is used up.
    pub fn spend(&self, work: usize) -> Res<()> {
        self.work.set(self.work.get() + work as u64);
        if self.work.get() > MAX_WORK { stuck("the budget for normal forms ran out") } else { Ok(()) }
    }

    /// `a · b`
    ///
    /// # Errors
    /// When the budget is used up.
    pub fn mul(&self, a: &Poly, b: &Poly) -> Res<Poly> {
        self.spend(a.0.len() * b.0.len() + 1)?;
        let mut out = Poly::default();
        let mut again = Vec::new();
        for (m, c) in &a.0 {
            for (n, d) in &b.0 {
                let product = m.times(n);
                let q = c * d;
                match product.0.iter().position(|(a, e)| matches!(a, Atom::Base(_)) && *e >= Rational::ONE) {
                    None => out.push(product, q),
                    Some(i) => again.push((product, i, q)),
                }
            }
        }
        // Integer powers of polynomials are multiplied out.
        for (mut product, i, q) in again {
            let (atom, e) = product.0.remove(i);
            let Atom::Base(p) = atom else { continue };
            let whole = e.floor();
            let rest = &e - Rational::from(whole.clone());
            if !rest.is_zero() {
                product = product.times(&Mono::of(Atom::Base(Rc::clone(&p)), rest));
            }
            let Ok(k) = i64::try_from(whole) else { return stuck("a power is too large") };
            let expanded = self.repeated(&p, k)?;
            let term = self.mul(&Poly::single(product, q), &expanded)?;
            out = out.plus(&Rational::ONE, &term);
        }
        if out.0.len() > MAX_TERMS { stuck("a normal form has too many terms") } else { Ok(out) }
    }

    fn repeated(&self, p: &Poly, k: i64) -> Res<Poly> {
        if k > MAX_POWER && p.0.len() > 1 {
            return stuck("a power is too large to be multiplied out");
        }
        let mut out = Poly::num(1);
        for _ in 0..k {
            out = self.mul(&out, p)?;
        }
        Ok(out)
    }

    /// Notes what the proof uses; what is evident is not noted.
    fn owe(&self, o: Obligation) {
        let evident = match &o {
            Obligation::NotZero(p) => evidently_not_zero(p),
            Obligation::SomewherePositive(p) => evidently_positive(p),
        };
        if !evident {
            self.obligations.borrow_mut().insert(o);
        }
    }

    /// `p ^ q`
    ///
    /// # Errors
    /// A power of zero that has no value; a need to know whether a size is zero.
    pub fn pow(&self, context: &Context, p: &Poly, q: &Rational) -> Res<Poly> {
        if q.is_zero() {
            return Ok(Poly::num(1));
        }
        if p.is_zero() {
            return if *q > Rational::ZERO { Ok(Poly::default()) } else { stuck("division by zero") };
        }
        if q.is_one() || p.as_num().is_some_and(|c| c.is_one()) {
            return Ok(p.clone());
        }
        if q.is_int() {
            let Ok(k) = i64::try_from(q.numerator().clone()) else { return stuck("a power is too large") };
            if k > 0 && p.0.len() > 1 {
                return self.repeated(p, k);
            }
            return self.integer_power(context, p, k);
        }
        self.root(context, p, q)
    }

    fn integer_power(&self, context: &Context, p: &Poly, k: i64) -> Res<Poly> {
        if k.abs() > 64 {
            return stuck("a power is too large");
        }
        if k < 0 {
            self.not_zero_sizes(context, p)?;
        }
        let q = Rational::from(k);
        let (coefficient, common, rest) = content(p);
        let mut out = Mono::default();
        for (a, e) in &common.0 {
            if k < 0 && !matches!(a, Atom::Unit(_)) {
                self.owe(Obligation::NotZero(Poly::atom(a.clone())));
            }
            out = out.times(&Mono::of(a.clone(), e * &q));
        }
        let factor = number_power(&coefficient, k);
        if rest.as_num().is_none() {
            if k < 0 && !of_sizes(&rest) {
                self.owe(Obligation::NotZero(rest.clone()));
            }
            out = out.times(&Mono::of(Atom::Base(Rc::new(rest)), q));
        }
        self.mul(&Poly::single(out, factor), &Poly::num(1))
    }

    /// Sizes in a denominator must not be zero at any member.
    fn not_zero_sizes(&self, context: &Context, p: &Poly) -> Res<()> {
        let (_, common, rest) = content(p);
        for (a, _) in &common.0 {
            if let Atom::Unit(u) = a
                && context.decide_zero(&Lin::unit(*u))?
            {
                return stuck("division by zero");
            }
        }
        if of_sizes(&rest) && rest.as_num().is_none() {
            let Some(l) = as_lin(&rest) else { return stuck("a denominator of sizes that may vanish") };
            if context.decide_zero(&l)? {
                return stuck("division by zero");
            }
        }
        Ok(())
    }

    /// A fractional power: positive sizes are taken out, roots of squares are not.
    fn root(&self, context: &Context, p: &Poly, q: &Rational) -> Res<Poly> {
        if *q < Rational::ZERO {
            self.not_zero_sizes(context, p)?;
        }
        let (coefficient, common, _) = content(p);
        let mut out = Mono::default();
        let mut taken = Mono::default();
        for (a, e) in &common.0 {
            if matches!(a, Atom::Unit(u) if context.implies(&Lin::unit(*u).plus(-1))) {
                out = out.times(&Mono::of(a.clone(), e * q));
                taken = taken.times(&Mono::of(a.clone(), -e.clone()));
            }
        }
        let size = if coefficient < Rational::ZERO { -coefficient } else { coefficient };
        let rest = self.mul(p, &Poly::single(taken, Rational::ONE / &size))?;
        let (outside, inside) = rational_root(&size, q);
        if !inside.is_one() {
            out = out.times(&Mono::of(Atom::Base(Rc::new(Poly::num(inside))), q.clone()));
        }
        match rest.as_num() {
            Some(c) if c < Rational::ZERO => return stuck("a root of a negative number"),
            Some(_) => {}
            None => {
                self.owe(Obligation::SomewherePositive(rest.clone()));
                if *q < Rational::ZERO {
                    self.owe(Obligation::NotZero(rest.clone()));
                }
                out = out.times(&Mono::of(Atom::Base(Rc::new(rest)), q.clone()));
            }
        }
        self.mul(&Poly::single(out, outside), &Poly::num(1))
    }

    /// `f(p)`
    ///
    /// # Errors
    /// A logarithm of what is not positive.
    pub fn fun(&self, context: &Context, f: Fun, p: &Poly) -> Res<Poly> {
        let row = f.row();
        if p.is_zero() {
            return match row.at_zero {
                AtZero::Is(value) => Ok(Poly::num(value.value())),
                AtZero::Irrational => Ok(Poly::atom(Atom::Fun(f, Rc::new(Poly::default())))),
                AtZero::Undefined => stuck(format!("`{}` of zero", row.name)),
            };
        }
        if f == Fun::Sign {
            return self.sign(context, p);
        }
        if f == Fun::Log {
            match p.as_num() {
                Some(c) if c <= Rational::ZERO => return stuck("the logarithm of a number that is not positive"),
                Some(c) if c.is_one() => return Ok(Poly::default()),
                _ => self.owe(Obligation::SomewherePositive(p.clone())),
            }
        }
        let negative = p.0.values().next().is_some_and(|c| *c < Rational::ZERO);
        let of = |p: Poly| Poly::atom(Atom::Fun(f, Rc::new(p)));
        Ok(match row.parity {
            Parity::Odd if negative => of(p.scale(&Rational::NEG_ONE)).scale(&Rational::NEG_ONE),
            Parity::Even if negative => of(p.scale(&Rational::NEG_ONE)),
            Parity::Odd | Parity::Even | Parity::Neither => of(p.clone()),
        })
    }

    /// The sign, a product of the signs of factors.
    fn sign(&self, context: &Context, p: &Poly) -> Res<Poly> {
        let (coefficient, common, rest) = content(p);
        let mut out = Mono::default();
        for (a, e) in &common.0 {
            match a {
                Atom::Unit(u) => {
                    if context.decide_zero(&Lin::unit(*u))? {
                        return Ok(Poly::default());
                    }
                }
                Atom::Fun(Fun::Exp, _) => {}
                Atom::Base(p) if !e.is_int() => {
                    // A root is not negative, and zero where its radicand is.
                    if !p.regular() {
                        let radicand = Atom::Fun(Fun::Sign, Rc::clone(p));
                        out = out.times(&Mono::of(radicand, Rational::from(2u8)));
                    }
                }
                _ => {
                    let own = Poly::atom(a.clone());
                    self.owe(Obligation::NotZero(own.clone()));
                    let factor = match a {
                        Atom::Fun(Fun::Sign, _) => a.clone(),
                        _ => Atom::Fun(Fun::Sign, Rc::new(own)),
                    };
                    let power = if e.is_int() && even(e) { Rational::from(2u8) } else { Rational::ONE };
                    out = out.times(&Mono::of(factor, power));
                }
            }
        }
        let mut c = if coefficient < Rational::ZERO { Rational::NEG_ONE } else { Rational::ONE };
        if rest.as_num().is_none() {
            if let Some(l) = as_lin(&rest) {
                if context.decide_zero(&l)? {
                    return Ok(Poly::default());
                }
                if !context.decide(&l)? {
                    c = -c;
                }
            } else {
                self.owe(Obligation::NotZero(rest.clone()));
                out = out.times(&Mono::of(Atom::Fun(Fun::Sign, Rc::new(rest)), Rational::ONE));
            }
        }
        Ok(Poly::single(out, c))
    }

    /// Whether a polynomial is zero once its denominators are cleared.
    ///
    /// # Errors
    /// When the budget is used up.
    pub fn vanishes(&self, p: &Poly) -> Res<bool> {
        let mut p = p.clone();
        for _ in 0..32 {
            if p.is_zero() {
                return Ok(true);
            }
            let down = p.0.keys().flat_map(|m| &m.0).find(|(a, e)| matches!(a, Atom::Base(_)) && *e < Rational::ZERO);
            let Some((atom, _)) = down.cloned() else { return Ok(false) };
            let least = p.0.keys().filter_map(|m| m.0.iter().find(|(a, _)| *a == atom)).map(|x| x.1.clone()).min();
            let Some(e) = least else { return Ok(false) };
            p = self.mul(&p, &Poly::single(Mono::of(atom, -e), Rational::ONE))?;
        }
        Ok(false)
    }
}
