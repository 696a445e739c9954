//! Replacement of variables and of entries, and derivatives.

use std::rc::Rc;

use super::context::{Context, Res, moderate};
use super::normal::Prover;
use super::poly::{Atom, Entry, Mono, Poly};
use crate::core::formula::Formula;
use crate::core::size::{Lin, Unit, Var};
use crate::domain::{Fun, Rational};

/// What an entry is replaced by, or its derivative; `None` leaves it as it is.
pub type OfEntry<'b> = &'b dyn Fn(&Context, &Entry) -> Res<Option<Poly>>;

impl Prover<'_> {
    /// A polynomial with a variable replaced. Prefix sums are functions on all integers, so nothing need be known of
    /// their indices.
    ///
    /// # Errors
    /// If the result has no normal form.
    pub fn replace(&self, context: &Context, p: &Poly, v: Var, by: &Lin) -> Res<Poly> {
        if !p.mentions(v) {
            return Ok(p.clone());
        }
        self.rebuild(
            p,
            &|atom| {
                Ok(match atom {
                    Atom::Unit(u) if u.var() == v => Poly::lin(&moderate(Lin::unit(*u).substitute(v, by))?),
                    Atom::Unit(_) => Poly::atom(atom.clone()),
                    Atom::Entry(e) => {
                        let index: Res<Vec<Lin>> = e.index.iter().map(|l| moderate(l.substitute(v, by))).collect();
                        Poly::atom(Atom::Entry(Entry { index: index?, ..e.clone() }))
                    }
                    Atom::Fun(f, q) => self.fun(context, *f, &self.replace(context, q, v, by)?)?,
                    Atom::Base(q) => self.replace(context, q, v, by)?,
                    Atom::Sum(h, m, bound) => {
                        let h = moderate(h.substitute(v, by))?;
                        let fresh = self.cases.fresh();
                        let opened = rename(&Poly::single((**m).clone(), Rational::ONE), *bound, fresh)?;
                        let index = Lin::var(fresh);
                        let inside = match context.implies(&h.plus(-1)) {
                            true => context.within(&index, &Lin::default(), &h),
                            false => context.clone(),
                        };
                        let body = self.replace(&inside, &opened, v, by)?;
                        self.between(&inside, &body, fresh, &Lin::default(), &h)?
                    }
                })
            },
            context,
        )
    }

    /// A polynomial with entries replaced. Sums are opened, so that what replaces an entry may depend on where its
    /// index stands in the range.
    ///
    /// # Errors
    /// What a replacement needs to know.
    pub fn substitute(&self, context: &Context, p: &Poly, of: OfEntry) -> Res<Poly> {
        self.rebuild(
            p,
            &|atom| {
                Ok(match atom {
                    Atom::Unit(_) => Poly::atom(atom.clone()),
                    Atom::Entry(e) => of(context, e)?.unwrap_or_else(|| Poly::atom(atom.clone())),
                    Atom::Fun(f, q) => self.fun(context, *f, &self.substitute(context, q, of)?)?,
                    Atom::Base(q) => self.substitute(context, q, of)?,
                    Atom::Sum(h, m, bound) => self.resum(context, h, &|context, i| {
                        let body = self.instance(context, m, *bound, i)?;
                        self.substitute(context, &body, of)
                    })?,
                })
            },
            context,
        )
    }

    /// The derivative along a direction that is given by entries; `None` is zero.
    ///
    /// # Errors
    /// What the direction needs to know.
    pub fn tangent(&self, context: &Context, p: &Poly, along: OfEntry) -> Res<Poly> {
        let mut out = Poly::default();
        for (m, c) in &p.0 {
            for (k, (atom, e)) in m.0.iter().enumerate() {
                let d = self.tangent_of(context, atom, along)?;
                if d.is_zero() {
                    continue;
                }
                let mut rest = m.0.clone();
                rest.remove(k);
                let lower = Mono(rest).times(&Mono::of(atom.clone(), e - Rational::ONE));
                let term = self.mul(&Poly::single(lower, c * e), &d)?;
                out = out.plus(&Rational::ONE, &term);
            }
        }
        Ok(out)
    }

    fn tangent_of(&self, context: &Context, atom: &Atom, along: OfEntry) -> Res<Poly> {
        match atom {
            Atom::Unit(_) | Atom::Fun(Fun::Sign, _) => Ok(Poly::default()),
            Atom::Entry(e) => Ok(along(context, e)?.unwrap_or_default()),
            Atom::Base(q) => self.tangent(context, q, along),
            Atom::Fun(f, q) => {
                let d = self.tangent(context, q, along)?;
                if d.is_zero() {
                    return Ok(d);
                }
                let own = Poly::atom(atom.clone());
                let factor = self.formula(context, f.derivative(), q, &own)?;
                self.mul(&factor, &d)
            }
            Atom::Sum(h, m, bound) => self.resum(context, h, &|context, i| {
                let body = self.instance(context, m, *bound, i)?;
                self.tangent(context, &body, along)
            }),
        }
    }

    /// A formula of the table.
    fn formula(&self, context: &Context, formula: &Formula, x: &Poly, y: &Poly) -> Res<Poly> {
        let inner = |a: &Formula| self.formula(context, a, x, y);
        match formula {
            Formula::X => Ok(x.clone()),
            Formula::Y => Ok(y.clone()),
            Formula::Number(n) => Ok(Poly::num(Rational::from(*n))),
            Formula::Neg(a) => Ok(inner(a)?.scale(&Rational::NEG_ONE)),
            Formula::Sum(a, b) => Ok(inner(a)?.plus(&Rational::ONE, &inner(b)?)),
            Formula::Product(a, b) => self.mul(&inner(a)?, &inner(b)?),
            Formula::Reciprocal(a) => self.pow(context, &inner(a)?, &Rational::NEG_ONE),
            Formula::Of(g) => self.fun(context, *g, x),
        }
    }

    /// The body of a sum at an index.
    fn instance(&self, context: &Context, m: &Mono, bound: Var, i: &Lin) -> Res<Poly> {
        let body = Poly::single(m.clone(), Rational::ONE);
        if let [v] = i.vars()[..]
            && *i == Lin::var(v)
        {
            return rename(&body, bound, v);
        }
        let fresh = self.cases.fresh();
        self.replace(context, &rename(&body, bound, fresh)?, fresh, i)
    }

    /// Puts a polynomial together from what its atoms become; powers are taken of the whole.
    fn rebuild(&self, p: &Poly, of: &dyn Fn(&Atom) -> Res<Poly>, context: &Context) -> Res<Poly> {
        let mut out = Poly::default();
        for (m, c) in &p.0 {
            let mut term = Poly::num(c.clone());
            for (a, e) in &m.0 {
                let value = of(a)?;
                let power = self.pow(context, &value, e)?;
                term = self.mul(&term, &power)?;
            }
            out = out.plus(&Rational::ONE, &term);
        }
        Ok(out)
    }
}

/// A polynomial with one variable renamed to another that does not occur in it: atoms keep their form, so that nothing
/// need be known of either variable. Binders are opened and closed by it.
pub fn rename(p: &Poly, from: Var, to: Var) -> Res<Poly> {
    let by = Lin::var(to);
    let mut out = Poly::default();
    for (m, c) in &p.0 {
        let mut mono = Mono::default();
        for (a, e) in &m.0 {
            mono = mono.times(&Mono::of(rename_atom(a, from, to, &by)?, e.clone()));
        }
        out.push(mono, c.clone());
    }
    Ok(out)
}

fn rename_atom(a: &Atom, from: Var, to: Var, by: &Lin) -> Res<Atom> {
    Ok(match a {
        Atom::Unit(Unit::Var(w)) if *w == from => Atom::Unit(Unit::Var(to)),
        Atom::Unit(Unit::Exp(b, w)) if *w == from => Atom::Unit(Unit::Exp(*b, to)),
        Atom::Unit(_) => a.clone(),
        Atom::Entry(e) => {
            let index: Res<Vec<Lin>> = e.index.iter().map(|l| moderate(l.substitute(from, by))).collect();
            Atom::Entry(Entry { index: index?, ..e.clone() })
        }
        Atom::Fun(f, q) => Atom::Fun(*f, Rc::new(rename(q, from, to)?)),
        Atom::Base(q) => Atom::Base(Rc::new(rename(q, from, to)?)),
        // The binder's own variable is another one: binders are numbered by height, and free variables lie above all.
        Atom::Sum(h, m, w) => {
            let h = moderate(h.substitute(from, by))?;
            let m = rename(&Poly::single((**m).clone(), Rational::ONE), from, to)?;
            Atom::Sum(h, Rc::new(m.0.into_keys().next().unwrap_or_default()), *w)
        }
    })
}
