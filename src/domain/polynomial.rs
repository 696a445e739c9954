//! Polynomials in what a program reads and in what is no polynomial of it, on one piece of it after the other.
//!
//! A value is a sum of monomials with rational coefficients. Functions, roots, quotients and matrix functions are further
//! variables, **atoms**: equal ones where they are given equal arguments. What is zero here is zero; what is not may be, if it
//! has atoms.
//!
//! A sign is chosen, and what it was taken of is kept as a condition. Where the conditions leave no choice none is made:
//! monomials are taken for coordinates, so that conditions are halfspaces, and if these do not meet (`halfspaces`) no
//! point has those signs. The pieces that are visited, [`Polynomials::next_piece`], are therefore all that there are, and
//! perhaps some more.

mod determinant;
mod pieces;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::prime::Random;
use super::{Domain, Fun, Rational, Stop};
use crate::core::prim::Bound;

/// Monomials of one polynomial.
const MOST_TERMS: usize = 256;

/// Variables and atoms.
const MOST_VARIABLES: usize = 512;

/// Things known not to be negative.
const MOST_FACTS: usize = 64;

/// Random values for all variables, by which most choices are seen to be there.
const POOL: usize = 96;

/// Determinants of so many rows are expanded.
const SMALL: usize = 3;

/// Powers by multiplication.
const HIGHEST: i32 = 8;

/// Exponents by the number of the variable, in order; none is zero, and those of variables may be negative.
pub type Monomial = SmallVec<[(u32, i32); 4]>;

/// A sum of different monomials in order, with coefficients that are not zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Polynomial(Arc<Vec<(Monomial, Rational)>>);

impl Polynomial {
    fn new(terms: Vec<(Monomial, Rational)>) -> Self {
        Polynomial(Arc::new(terms))
    }

    fn sorted(mut terms: Vec<(Monomial, Rational)>) -> Self {
        terms.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Self::new(terms)
    }

    /// A number.
    pub fn constant(q: Rational) -> Self {
        if q.is_zero() { Self::default() } else { Self::new(vec![(Monomial::new(), q)]) }
    }

    fn variable(v: u32) -> Self {
        Self::new(vec![(Monomial::from_slice(&[(v, 1)]), Rational::ONE)])
    }

    /// Whether no monomial is left.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Its value, if it has no variables.
    fn number(&self) -> Option<Rational> {
        match &self.0[..] {
            [] => Some(Rational::ZERO),
            [(m, c)] if m.is_empty() => Some(c.clone()),
            _ => None,
        }
    }

    fn scaled(&self, c: &Rational) -> Self {
        Self::new(self.0.iter().map(|(m, x)| (m.clone(), x * c)).collect())
    }

    /// Its values in floating point.
    fn values(&self) -> impl Fn(&[f64]) -> f64 + '_ {
        let monomial = |at: &[f64], m: &Monomial| m.iter().fold(1.0, |p, (v, e)| p * at[*v as usize].powi(*e));
        let coefficients: Vec<f64> = self.0.iter().map(|(_, c)| c.to_f64().value()).collect();
        move |at| self.0.iter().zip(&coefficients).fold(0.0, |sum, ((m, _), c)| sum + c * monomial(at, m))
    }
}

/// What an atom is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Atom {
    Function(Fun, Polynomial),
    Power(Polynomial, Rational),
    /// The inverse of a factor with several monomials.
    Reciprocal(Polynomial),
    /// An entry of a function of a matrix.
    Matrix(MatrixFunction, Vec<Polynomial>, usize, usize),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum MatrixFunction {
    Inverse,
    PseudoInverse,
    Determinant,
    Polar,
    Eigenvectors,
    Power(Rational),
}

/// A sign that was chosen.
#[derive(Debug, Clone)]
struct Choice {
    sign: i8,
    /// Whether the other sign has to be visited, too.
    open: bool,
}

/// The domain of polynomials on one piece.
#[derive(Debug)]
pub struct Polynomials {
    /// For each variable whether it is positive wherever it has a value.
    positive: Vec<bool>,
    /// The number of variables that are no atoms; they come first.
    inputs: u32,
    /// For each variable whether it is one of a member, or an atom of such alone.
    of_members: Vec<bool>,
    /// For each variable whether it is an atom that reads members and points.
    of_both: Vec<bool>,
    /// What an atom is zero with: roots, and functions that are zero at zero alone.
    vanishing_with: FxHashMap<u32, Polynomial>,
    /// Whether a sign was taken of what may vanish for some member at all points.
    vanishes_at_member: bool,
    /// Of each of these lists something is positive at the members that are asked for.
    elsewhere: Vec<Vec<Polynomial>>,
    /// What an inverse is taken of, which has the same sign.
    reciprocals: FxHashMap<u32, Polynomial>,
    atoms: FxHashMap<Atom, u32>,
    /// What is not negative: of atoms with bounds, and squares of sums.
    facts: RefCell<Vec<Polynomial>>,
    /// What is positive wherever the question is asked.
    conditions: Vec<Polynomial>,
    /// What is positive on this piece.
    known: Vec<Polynomial>,
    signs_of: FxHashMap<Polynomial, i8>,
    choices: Vec<Choice>,
    /// How many of them this run has made.
    made: usize,
    pool: Vec<Vec<f64>>,
    alive: Vec<bool>,
    random: Random,
    /// Operations with rational numbers that are left.
    work: Cell<usize>,
    overflow: Cell<bool>,
    empty: bool,
    /// The value of every sign of this run, in the order of evaluation.
    pub signs: Vec<i8>,
}

impl Polynomials {
    /// The domain that may spend so many operations with rational numbers.
    pub fn with_work(work: usize) -> Self {
        Polynomials {
            positive: Vec::new(),
            inputs: 0,
            of_members: Vec::new(),
            of_both: Vec::new(),
            vanishing_with: FxHashMap::default(),
            vanishes_at_member: false,
            elsewhere: Vec::new(),
            reciprocals: FxHashMap::default(),
            atoms: FxHashMap::default(),
            facts: RefCell::default(),
            conditions: Vec::new(),
            known: Vec::new(),
            signs_of: FxHashMap::default(),
            choices: Vec::new(),
            made: 0,
            pool: vec![Vec::new(); POOL],
            alive: vec![true; POOL],
            random: Random::new(0, "polynomials"),
            work: Cell::new(work),
            overflow: Cell::new(false),
            empty: false,
            signs: Vec::new(),
        }
    }

    /// The operations that are left.
    pub fn work_left(&self) -> usize {
        self.work.get()
    }

    /// Counts operations; with too many of them no value of this run counts.
    pub fn spend(&self, operations: usize) {
        match self.work.get().checked_sub(operations) {
            Some(left) => self.work.set(left),
            None => self.overflow.set(true),
        }
    }

    /// A further variable. All are made before the first run.
    pub fn variable(&mut self) -> Polynomial {
        self.inputs += 1;
        Polynomial::variable(self.another(false))
    }

    /// Whether a value depends on points alone, as a polynomial: then it vanishes at hardly any point, or is written as zero.
    fn is_plain(&self, p: &Polynomial) -> bool {
        p.0.iter().flat_map(|(m, _)| m).all(|(v, _)| *v < self.inputs && !self.of_members[*v as usize])
    }

    /// Says which variables belong to members.
    pub fn know_members<'a>(&mut self, values: impl IntoIterator<Item = &'a Polynomial>) {
        for v in values.into_iter().flat_map(|p| p.0.iter()).flat_map(|(m, _)| m.iter().map(|(v, _)| *v)) {
            self.of_members[v as usize] = true;
        }
    }

    /// Only members count for [`Polynomials::vanishes_at_member`] at which something of each list is positive.
    pub fn only_members(&mut self, elsewhere: Vec<Vec<Polynomial>>) {
        self.elsewhere = elsewhere;
    }

    /// Whether in some run a sign was taken of what may vanish for some member at all points: the coefficients of the monomials
    /// of points may be zero together.
    pub fn vanishes_at_member(&self) -> bool {
        self.vanishes_at_member
    }

    fn another(&mut self, positive: bool) -> u32 {
        self.positive.push(positive);
        self.of_members.push(false);
        self.of_both.push(false);
        for values in &mut self.pool {
            let size = 10f64.powf(6.0 * self.random.unit() - 3.0);
            let sign = if positive || self.random.below(2) == 0 { 1.0 } else { -1.0 };
            values.push(sign * size);
        }
        (self.positive.len() - 1) as u32
    }

    /// Makes some things known to be positive wherever the question is asked, and starts with the first piece.
    pub fn assume(&mut self, conditions: Vec<Polynomial>) {
        self.conditions = conditions;
        self.choices.clear();
    }

    fn atom(&mut self, atom: Atom) -> Result<u32, Stop> {
        if let Some(v) = self.atoms.get(&atom) {
            return Ok(*v);
        }
        if self.positive.len() >= MOST_VARIABLES {
            return Err(Stop::Budget);
        }
        let bounds = match &atom {
            Atom::Function(f, _) => Some(f.row().range),
            Atom::Power(..) | Atom::Reciprocal(_) | Atom::Matrix(..) => None,
        };
        let v = self.another(matches!(atom, Atom::Power(..)) || bounds.is_some_and(|r| r.is_positive()));
        if let Some(range) = bounds {
            let x = Polynomial::variable(v);
            let number = |b: Bound| match b {
                Bound::None => None,
                Bound::Open(q) | Bound::Closed(q) => Some(Polynomial::constant(q.value())),
            };
            let facts = [number(range.lo).map(|lo| self.sub(&x, &lo)), number(range.hi).map(|hi| self.sub(&hi, &x))];
            self.facts.borrow_mut().extend(facts.into_iter().flatten());
        }
        let arguments = match &atom {
            Atom::Function(_, p) | Atom::Power(p, _) | Atom::Reciprocal(p) => std::slice::from_ref(p),
            Atom::Matrix(_, m, ..) => &m[..],
        };
        let mut variables = arguments.iter().flat_map(|p| p.0.iter()).flat_map(|(m, _)| m);
        let any = variables.clone().any(|(w, _)| self.of_members[*w as usize] || self.of_both[*w as usize]);
        self.of_members[v as usize] = variables.all(|(w, _)| self.of_members[*w as usize]);
        self.of_both[v as usize] = any && !self.of_members[v as usize];
        match &atom {
            Atom::Power(p, q) if *q > Rational::ZERO => drop(self.vanishing_with.insert(v, p.clone())),
            Atom::Function(Fun::Tanh | Fun::Atan | Fun::Erf, p) => drop(self.vanishing_with.insert(v, p.clone())),
            Atom::Function(..) | Atom::Power(..) | Atom::Reciprocal(_) | Atom::Matrix(..) => {}
        }
        if let Atom::Reciprocal(p) = &atom {
            self.reciprocals.insert(v, p.clone());
        }
        self.atoms.insert(atom, v);
        Ok(v)
    }

    fn entries(
        &mut self,
        f: &MatrixFunction,
        m: &[Polynomial],
        cols: usize,
        n: usize,
    ) -> Result<Vec<Polynomial>, Stop> {
        let entry = |k| self.atom(Atom::Matrix(f.clone(), m.to_vec(), cols, k)).map(Polynomial::variable);
        (0..n).map(entry).collect()
    }

    fn merged(a: &Polynomial, b: &Polynomial, sign: bool) -> Polynomial {
        let second = |c: &Rational| if sign { c.clone() } else { -c.clone() };
        let (mut x, mut y) = (a.0.iter().peekable(), b.0.iter().peekable());
        let mut out = Vec::with_capacity(a.0.len() + b.0.len());
        loop {
            match (x.peek(), y.peek()) {
                (None, None) => return Polynomial::new(out),
                (Some((m, _)), Some((n, _))) if m == n => {
                    if let (Some((m, c)), Some((_, d))) = (x.next(), y.next()) {
                        let sum = c + second(d);
                        if !sum.is_zero() {
                            out.push((m.clone(), sum));
                        }
                    }
                }
                (Some((m, _)), other) if other.is_none_or(|(n, _)| m < n) => out.extend(x.next().cloned()),
                _ => out.extend(y.next().map(|(n, d)| (n.clone(), second(d)))),
            }
        }
    }

    fn reciprocal(&mut self, p: &Polynomial) -> Result<Polynomial, Stop> {
        let Some((_, lead)) = p.0.first() else { return Err(Stop::Pole) };
        let inverse = Rational::ONE / lead.clone();
        if let [(m, _)] = &p.0[..] {
            return Ok(Polynomial::new(vec![(m.iter().map(|(v, e)| (*v, -e)).collect(), inverse)]));
        }
        let v = self.atom(Atom::Reciprocal(p.scaled(&inverse)))?;
        Ok(Polynomial::variable(v).scaled(&inverse))
    }
}

/// The product of two monomials.
fn product(a: &Monomial, b: &Monomial) -> Monomial {
    let mut out: Monomial = a.clone();
    for (v, e) in b {
        match out.binary_search_by_key(v, |(w, _)| *w) {
            Ok(i) => {
                out[i].1 += e;
                if out[i].1 == 0 {
                    out.remove(i);
                }
            }
            Err(i) => out.insert(i, (*v, *e)),
        }
    }
    out
}

impl Domain for Polynomials {
    type Elem = Polynomial;

    fn rational(&mut self, q: &Rational) -> Result<Polynomial, Stop> {
        Ok(Polynomial::constant(q.clone()))
    }

    fn add(&self, a: &Polynomial, b: &Polynomial) -> Polynomial {
        Self::merged(a, b, true)
    }

    fn sub(&self, a: &Polynomial, b: &Polynomial) -> Polynomial {
        Self::merged(a, b, false)
    }

    fn mul(&self, a: &Polynomial, b: &Polynomial) -> Polynomial {
        self.spend(a.0.len() * b.0.len());
        if a.0.len() * b.0.len() > 8 * MOST_TERMS || self.overflow.get() {
            self.overflow.set(true);
            return Polynomial::default();
        }
        let mut terms: FxHashMap<Monomial, Rational> = FxHashMap::default();
        let mut order: Vec<Monomial> = Vec::new();
        for (m, c) in a.0.iter() {
            for (n, d) in b.0.iter() {
                let monomial = product(m, n);
                match terms.get_mut(&monomial) {
                    Some(sum) => *sum += c * d,
                    None => {
                        order.push(monomial.clone());
                        terms.insert(monomial, c * d);
                    }
                }
            }
        }
        order.sort_unstable();
        let kept = order.into_iter().filter_map(|m| terms.remove(&m).filter(|c| !c.is_zero()).map(|c| (m, c)));
        let kept: Vec<_> = kept.collect();
        if kept.len() > MOST_TERMS {
            self.overflow.set(true);
            return Polynomial::default();
        }
        let product = Polynomial::new(kept);
        // Of a monomial this is seen without being told.
        if a.0.len() > 1 && a == b {
            let facts = &mut *self.facts.borrow_mut();
            if facts.len() < MOST_FACTS && !facts.contains(&product) {
                facts.push(product.clone());
            }
        }
        product
    }

    fn neg(&self, a: &Polynomial) -> Polynomial {
        a.scaled(&Rational::NEG_ONE)
    }

    fn zero(&self) -> Polynomial {
        Polynomial::default()
    }

    fn one(&self) -> Polynomial {
        Polynomial::constant(Rational::ONE)
    }

    fn div(&mut self, a: &Polynomial, b: &Polynomial) -> Result<Polynomial, Stop> {
        let inverse = self.reciprocal(b)?;
        Ok(self.mul(a, &inverse))
    }

    fn apply(&mut self, f: Fun, x: &Polynomial) -> Result<Polynomial, Stop> {
        if self.overflow.get() {
            return Err(Stop::Budget);
        }
        if f == Fun::Sign {
            // What is zero everywhere has the sign zero.
            let sign = self.sign_of(x)?;
            self.signs.push(sign);
            return Ok(Polynomial::constant(sign.into()));
        }
        if let Some(value) = x.number().and_then(|q| f.exact_value(&q)) {
            return Ok(Polynomial::constant(value));
        }
        if f == Fun::Log {
            self.learn(x.clone());
        }
        Ok(Polynomial::variable(self.atom(Atom::Function(f, x.clone()))?))
    }

    fn power(&mut self, x: &Polynomial, q: &Rational) -> Result<Polynomial, Stop> {
        if self.overflow.get() {
            return Err(Stop::Budget);
        }
        let whole = i32::try_from(q.numerator()).ok().filter(|e| q.is_int() && e.abs() <= HIGHEST);
        if let Some(e) = whole {
            let base = if e < 0 { self.reciprocal(x)? } else { x.clone() };
            return Ok((0..e.abs()).fold(self.one(), |product, _| self.mul(&product, &base)));
        }
        if x.is_zero() {
            return if *q < Rational::ZERO { Err(Stop::Pole) } else { Ok(x.clone()) };
        }
        if q.is_int() {
            return Err(Stop::Budget);
        }
        // What is zero has a root, if it is not divided by.
        if *q < Rational::ZERO || self.is_plain(x) {
            self.learn(x.clone());
        }
        Ok(Polynomial::variable(self.atom(Atom::Power(x.clone(), q.clone()))?))
    }

    fn is_zero(&self, x: &Polynomial) -> Option<bool> {
        x.number().map(|q| q.is_zero())
    }

    fn inverse(&mut self, m: &[Polynomial], n: usize) -> Result<Vec<Polynomial>, Stop> {
        self.entries(&MatrixFunction::Inverse, m, n, n * n)
    }

    fn pseudo_inverse(&mut self, m: &[Polynomial], rows: usize, cols: usize) -> Result<Vec<Polynomial>, Stop> {
        self.entries(&MatrixFunction::PseudoInverse, m, cols, rows * cols)
    }

    fn determinant(&mut self, m: &[Polynomial], n: usize) -> Result<Polynomial, Stop> {
        if n <= SMALL {
            return Ok(self.expanded(m, n));
        }
        let v = self.atom(Atom::Matrix(MatrixFunction::Determinant, m.to_vec(), n, 0))?;
        Ok(Polynomial::variable(v))
    }

    fn polar(&mut self, m: &[Polynomial], rows: usize, cols: usize) -> Result<Vec<Polynomial>, Stop> {
        self.entries(&MatrixFunction::Polar, m, cols, rows * cols)
    }

    fn eigenvectors(&mut self, m: &[Polynomial], n: usize) -> Result<Vec<Polynomial>, Stop> {
        self.entries(&MatrixFunction::Eigenvectors, m, n, n * n)
    }

    fn power_spd(&mut self, m: &[Polynomial], n: usize, q: &Rational) -> Result<Vec<Polynomial>, Stop> {
        self.entries(&MatrixFunction::Power(q.clone()), m, n, n * n)
    }
}
