//! Scalars in normal form: polynomials with rational coefficients and rational exponents over atoms.
//!
//! Atoms are taken for independent: a polynomial that is zero here is zero as a function, whatever relations hold among
//! its atoms. The converse does not hold, and nothing is refuted by it.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::core::names::Declared;
use crate::core::prim::Plane;
use crate::core::size::{Lin, Unit, Var, unit_text};
use crate::domain::{Fun, Rational};

/// What entries belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// The point of the square's source (0) or target (1).
    Point(usize),
    /// A state, by its number, at the source or target.
    State(usize, usize),
    /// The direction of the entries of a vector, by its number, that are outside of its range; they cancel.
    Formal(usize),
    /// A fixed state, by its number: the same at both ends.
    Fixed(usize),
    /// Data, by the number of its declaration.
    Data(usize),
    /// π
    Pi,
    /// A parameter without a value of a morphism or an optimizer: the names of the declaration and of the parameter, which
    /// order normal forms, and the declaration. Parameters of one name in two declarations are two variables.
    Member(String, String, Declared),
    /// A new value of a step, before the rules are put together: of the parameters (0) or a state (from 1), at the source
    /// or target. Derivatives and `at` hold it fixed.
    Primed(usize, usize),
    /// The small parameter of a step.
    Rate,
}

/// A scalar that is quantified over: an entry of a symbol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// What it is an entry of.
    pub symbol: Symbol,
    /// For points and their states, the block.
    pub block: usize,
    /// The index; for a family of data its arguments come first.
    pub index: Vec<Lin>,
}

/// The words of the file for what a polynomial is made of.
pub struct Words<'a> {
    /// For sizes and indices.
    pub var: &'a dyn Fn(Var) -> String,
    /// For symbols, with the block.
    pub symbol: &'a dyn Fn(&Symbol, usize) -> String,
}

/// What monomials are made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Atom {
    /// A size or an index as a number. Natural.
    Unit(Unit),
    /// An entry.
    Entry(Entry),
    /// A function's value; the argument is no number.
    Fun(Fun, Rc<Poly>),
    /// A polynomial whose power, negative or fractional, is left as it is.
    Base(Rc<Poly>),
    /// `P(h)` for the function `P` with `P(0) = 0` and `P(i + 1) = P(i) + t(i)`, where the monomial `t` reads the bound
    /// variable: `Σ t(i)` over `i in lo..hi` is `P(hi) - P(lo)`.
    Sum(Lin, Rc<Mono>, Var),
}

/// A product of powers of atoms: sorted, no exponent zero.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Mono(pub Vec<(Atom, Rational)>);

impl Mono {
    /// One atom to a power.
    pub fn of(atom: Atom, e: Rational) -> Self {
        if e.is_zero() { Mono::default() } else { Mono(vec![(atom, e)]) }
    }

    /// The product. Powers of a sign are reduced: a sign is -1, 0 or 1. Its square is one where it cannot be 0 on a whole
    /// piece, which a [regular](Poly::regular) argument cannot (that it is not zero everywhere is noted with the sign).
    #[must_use]
    pub fn times(&self, other: &Mono) -> Mono {
        let mut out = self.0.clone();
        for (a, e) in &other.0 {
            match out.binary_search_by(|x| x.0.cmp(a)) {
                Ok(i) => out[i].1 += e,
                Err(i) => out.insert(i, (a.clone(), e.clone())),
            }
        }
        for (a, e) in &mut out {
            if let Atom::Fun(Fun::Sign, p) = a
                && e.is_int()
                && !e.is_zero()
            {
                *e = match (even(e), p.regular()) {
                    (false, _) => Rational::ONE,
                    (true, true) => Rational::ZERO,
                    (true, false) => Rational::from(2u8),
                };
            }
        }
        out.retain(|(_, e)| !e.is_zero());
        Mono(out)
    }

    fn regular(&self) -> bool {
        self.0.iter().all(|(a, e)| match a {
            Atom::Unit(_) => true,
            Atom::Entry(_) => e.is_int(),
            Atom::Fun(f, p) => f.plane() == Plane::Meromorphic && e.is_int() && p.regular(),
            Atom::Base(p) => e.is_int() && p.regular(),
            Atom::Sum(_, body, _) => e.is_int() && body.regular(),
        })
    }
}

/// Whether an integer is even.
pub fn even(e: &Rational) -> bool {
    (e / Rational::from(2u8)).is_int()
}

/// A polynomial: no coefficient is zero.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Poly(pub BTreeMap<Mono, Rational>);

impl Poly {
    /// A number.
    pub fn num(q: impl Into<Rational>) -> Self {
        Poly::single(Mono::default(), q.into())
    }

    /// A monomial with its coefficient.
    pub fn single(m: Mono, q: Rational) -> Self {
        let mut p = Poly::default();
        p.push(m, q);
        p
    }

    /// An atom.
    pub fn atom(a: Atom) -> Self {
        Poly::single(Mono::of(a, Rational::ONE), Rational::ONE)
    }

    /// A size or an index as a number.
    pub fn lin(l: &Lin) -> Self {
        let integer = |n: i128| Rational::from(dashu_int::IBig::from(n));
        let mut p = Poly::num(integer(l.constant()));
        for (product, c) in l.terms() {
            let mono = Mono(product.iter().map(|&(u, e)| (Atom::Unit(u), Rational::from(e))).collect());
            p.push(mono, integer(c));
        }
        p
    }

    /// Adds a term.
    pub fn push(&mut self, m: Mono, q: Rational) {
        if q.is_zero() {
            return;
        }
        match self.0.entry(m) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(q);
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                *slot.get_mut() += q;
                if slot.get().is_zero() {
                    slot.remove();
                }
            }
        }
    }

    /// Whether it is zero as a polynomial.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Its value, if it is a number.
    pub fn as_num(&self) -> Option<Rational> {
        match self.0.len() {
            0 => Some(Rational::ZERO),
            1 => self.0.iter().next().filter(|(m, _)| m.0.is_empty()).map(|(_, q)| q.clone()),
            _ => None,
        }
    }

    /// The only term, if there is one.
    pub fn as_single(&self) -> Option<(&Mono, &Rational)> {
        self.0.iter().next().filter(|_| self.0.len() == 1)
    }

    /// `self + q · other`
    #[must_use]
    pub fn plus(mut self, q: &Rational, other: &Poly) -> Self {
        for (m, c) in &other.0 {
            self.push(m.clone(), q * c);
        }
        self
    }

    /// `q · self`
    #[must_use]
    pub fn scale(&self, q: &Rational) -> Self {
        Poly::default().plus(q, self)
    }

    /// Whether it is zero everywhere once it is so on some piece: a meromorphic function that is continued in one way,
    /// without signs, roots, logarithms and inverse functions.
    pub fn regular(&self) -> bool {
        self.0.keys().all(Mono::regular)
    }

    /// Whether a variable occurs, bound ones included.
    pub fn mentions(&self, v: Var) -> bool {
        self.0.keys().any(|m| m.0.iter().any(|(a, _)| a.mentions(v)))
    }

    /// The same with one general index in the place of the index of all its entries, if they have one and it is the same:
    /// only to be shown.
    #[must_use]
    pub fn with_general_index(&self) -> Poly {
        let mut found: Vec<Vec<Lin>> = Vec::new();
        self.entries(&mut |e| {
            if !e.index.is_empty() && !found.contains(&e.index) {
                found.push(e.index.clone());
            }
        });
        let [only] = &found[..] else { return self.clone() };
        if only.len() != 1 || self.has_units() {
            return self.clone();
        }
        let general = vec![Lin::var(Var::MAX)];
        self.mapped(&|e: &Entry| {
            let index = if e.index.is_empty() { Vec::new() } else { general.clone() };
            Entry { index, ..e.clone() }
        })
    }

    fn entries(&self, see: &mut dyn FnMut(&Entry)) {
        for (a, _) in self.0.keys().flat_map(|m| &m.0) {
            match a {
                Atom::Entry(e) => see(e),
                Atom::Fun(_, p) | Atom::Base(p) => p.entries(see),
                Atom::Unit(_) | Atom::Sum(..) => {}
            }
        }
    }

    /// Whether a size or an index is read as a number, or a sum is.
    fn has_units(&self) -> bool {
        self.0.keys().flat_map(|m| &m.0).any(|(a, _)| match a {
            Atom::Unit(_) | Atom::Sum(..) => true,
            Atom::Fun(_, p) | Atom::Base(p) => p.has_units(),
            Atom::Entry(_) => false,
        })
    }

    fn mapped(&self, entry: &dyn Fn(&Entry) -> Entry) -> Poly {
        let mut out = Poly::default();
        for (m, c) in &self.0 {
            let mut product = Mono::default();
            for (a, e) in &m.0 {
                let a = match a {
                    Atom::Entry(x) => Atom::Entry(entry(x)),
                    Atom::Fun(f, p) => Atom::Fun(*f, Rc::new(p.mapped(entry))),
                    Atom::Base(p) => Atom::Base(Rc::new(p.mapped(entry))),
                    other => other.clone(),
                };
                product = product.times(&Mono::of(a, e.clone()));
            }
            out.push(product, c.clone());
        }
        out
    }

    /// The polynomial in words of the file.
    pub fn text(&self, words: &Words) -> String {
        if self.0.is_empty() {
            return "0".into();
        }
        let mut out = String::new();
        for (m, c) in &self.0 {
            let negative = *c < Rational::ZERO;
            out.push_str(match (out.is_empty(), negative) {
                (true, false) => "",
                (true, true) => "-",
                (false, false) => " + ",
                (false, true) => " - ",
            });
            let c = if negative { -c.clone() } else { c.clone() };
            let (mut above, mut below) = (Vec::new(), Vec::new());
            for (a, e) in &m.0 {
                let down = *e < Rational::ZERO;
                let e = if down { -e.clone() } else { e.clone() };
                if down { &mut below } else { &mut above }.push(power_text(a, &e, words));
            }
            let (num, den) = (c.numerator().to_string(), c.denominator().to_string());
            if num != "1" || above.is_empty() {
                above.insert(0, num);
            }
            if den != "1" {
                below.insert(0, den);
            }
            out.push_str(&above.join("*"));
            match below.len() {
                0 => {}
                1 => out.push_str(&format!("/{}", below[0])),
                _ => out.push_str(&format!("/({})", below.join("*"))),
            }
        }
        out
    }
}

fn power_text(a: &Atom, e: &Rational, words: &Words) -> String {
    if let (Atom::Unit(u), true) = (a, e.is_int())
        && let Ok(e) = u32::try_from(e.numerator().clone())
    {
        return unit_text(*u, e, words.var);
    }
    if e.is_one() {
        return a.text(words);
    }
    if *e == Rational::from_parts(1.into(), 2u8.into()) {
        return format!("sqrt({})", a.text(words).trim_start_matches('(').trim_end_matches(')'));
    }
    if e.is_int() { format!("{}^{e}", a.text(words)) } else { format!("{}^({e})", a.text(words)) }
}

impl Atom {
    /// Whether a variable occurs, bound ones included.
    pub fn mentions(&self, v: Var) -> bool {
        match self {
            Atom::Unit(u) => u.var() == v,
            Atom::Entry(e) => e.index.iter().any(|l| l.mentions(v)),
            Atom::Fun(_, p) | Atom::Base(p) => p.mentions(v),
            Atom::Sum(h, m, bound) => h.mentions(v) || (*bound != v && m.0.iter().any(|(a, _)| a.mentions(v))),
        }
    }

    /// The largest number of a bound variable inside, to bind above it.
    pub fn height(&self) -> Var {
        let poly = |p: &Poly| p.0.keys().flat_map(|m| &m.0).map(|(a, _)| a.height()).max().unwrap_or(0);
        match self {
            Atom::Unit(_) | Atom::Entry(_) => 0,
            Atom::Fun(_, p) | Atom::Base(p) => poly(p),
            Atom::Sum(_, _, bound) => *bound,
        }
    }

    fn text(&self, words: &Words) -> String {
        match self {
            Atom::Unit(u) => unit_text(*u, 1, words.var),
            Atom::Entry(e) => {
                let word = (words.symbol)(&e.symbol, e.block);
                let index: Vec<String> = e.index.iter().map(|l| l.text(words.var)).collect();
                match (&e.symbol, index.is_empty()) {
                    (_, true) => word,
                    (Symbol::Data(_), _) => format!("{word}({})", index.join(", ")),
                    _ => format!("{word}[{}]", index.join(", ")),
                }
            }
            Atom::Fun(f, p) => format!("{}({})", f.name(), p.text(words)),
            Atom::Base(p) => format!("({})", p.text(words)),
            Atom::Sum(h, m, bound) => {
                let body = Poly::single((**m).clone(), Rational::ONE).text(words);
                format!("sum({} in 0..{}: {body})", (words.var)(*bound), h.text(words.var))
            }
        }
    }
}
