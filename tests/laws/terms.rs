//! Random terms, built by the smart constructors from a list of small numbers.
//!
//! A recipe is a list of steps; each step picks an operation and operands among what was built before. Next to each
//! term goes its value at one rational point, computed here from the definition of the operation and not by the
//! program under test.

use nat::check::sample::Point;
use nat::domain::exact::Exact;
use nat::domain::{Domain, Fun, Rational, linear};
use nat::term::{NONE, Store, SymbolId, Term};
use proptest::prelude::*;

/// One step: an operation and what chooses its operands.
pub type Step = (u8, u8, u8, u8);

/// What a recipe may contain beyond sums, products and reshaping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Inverses, determinants and smooth functions.
    Smooth,
    /// Signs, roots, logarithms, pseudo-inverses, polar factors, powers of matrices and eigenvectors too.
    Any,
}

/// A recipe of up to `n` steps.
pub fn recipe(n: usize) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(any::<Step>(), 1..=n)
}

/// Terms with their values at one point.
pub struct Built {
    /// Owns the terms.
    pub store: Store,
    /// The free symbols, one of each shape.
    pub symbols: Vec<(SymbolId, Term)>,
    /// What was built, the symbols first.
    pub pool: Vec<Term>,
    /// The value of each at the point, from the definitions; none where it has none or is not rational.
    pub values: Vec<Option<Vec<Rational>>>,
    /// The point.
    pub point: Point<Rational>,
}

/// A small fraction chosen by a number.
pub fn fraction(k: u64) -> Rational {
    let numerator = (k % 13) as i64 - 6;
    Rational::from(numerator) / Rational::from(1 + (k / 13) % 4)
}

impl Built {
    /// The symbols `s`, `v`, `w`, `A`, `B`, `C` at a point chosen by `seed`, and nothing else.
    pub fn new(seed: u64) -> Self {
        let mut store = Store::new();
        let shapes: [(&str, &[usize]); 6] =
            [("s", &[]), ("v", &[2]), ("w", &[3]), ("A", &[2, 3]), ("B", &[2, 2]), ("C", &[3, 3])];
        let symbols: Vec<_> = shapes.iter().map(|(name, shape)| store.symbol(*name, shape)).collect();
        let pool: Vec<Term> = symbols.iter().map(|s| s.1).collect();
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            fraction(state >> 33)
        };
        let mut point = Point::default();
        let mut values = Vec::new();
        for (symbol, term) in &symbols {
            let value: Vec<Rational> = (0..store.size(*term)).map(|_| next()).collect();
            point.insert(*symbol, value.clone());
            values.push(Some(value));
        }
        Built { store, symbols, pool, values, point }
    }

    /// What a recipe builds.
    pub fn of(recipe: &[Step], kind: Kind, seed: u64) -> Self {
        let mut built = Built::new(seed);
        built.extend(recipe, kind);
        built
    }

    /// Adds what a recipe builds of what is there.
    pub fn extend(&mut self, recipe: &[Step], kind: Kind) {
        for step in recipe {
            self.step(*step, kind);
        }
    }

    /// The last term.
    pub fn last(&self) -> Term {
        *self.pool.last().expect("the symbols are always there")
    }

    /// The sum of all entries of the last term: a scalar.
    pub fn last_total(&mut self) -> Term {
        let t = self.last();
        self.store.total(t)
    }

    fn pick(&self, k: u8, fits: impl Fn(&[usize]) -> bool) -> Option<usize> {
        // Later terms are preferred: they are the deeper ones.
        let candidates: Vec<usize> = (0..self.pool.len()).rev().filter(|&i| fits(self.shape(i))).collect();
        (!candidates.is_empty()).then(|| candidates[usize::from(k) % candidates.len()])
    }

    fn shape(&self, i: usize) -> &[usize] {
        self.store.shape(self.pool[i])
    }

    fn push(&mut self, t: Term, value: Option<Vec<Rational>>) {
        if let Some(v) = &value {
            assert_eq!(v.len(), self.store.size(t), "a value for each entry");
        }
        // Numbers of thousands of digits test nothing more.
        let small = |v: &Vec<Rational>| v.iter().all(|q| q.to_string().len() < 400);
        self.values.push(value.filter(small));
        self.pool.push(t);
    }

    /// Entry by entry, where every entry has a value.
    fn each(&self, i: usize, f: impl FnMut(&Rational) -> Option<Rational>) -> Option<Vec<Rational>> {
        self.values[i].as_ref()?.iter().map(f).collect()
    }

    fn pair(&self, i: usize, j: usize, f: impl Fn(&Rational, &Rational) -> Rational) -> Option<Vec<Rational>> {
        let (a, b) = (self.values[i].as_ref()?, self.values[j].as_ref()?);
        Some(a.iter().zip(b).map(|(x, y)| f(x, y)).collect())
    }

    fn step(&mut self, (op, a, b, c): Step, kind: Kind) {
        let operations = match kind {
            Kind::Smooth => 16,
            Kind::Any => 25,
        };
        // Operations without fitting operands are skipped.
        let _ = self.operation(op % operations, a, b, c);
    }

    fn operation(&mut self, op: u8, a: u8, b: u8, c: u8) -> Option<()> {
        let square = |s: &[usize]| s.len() == 2 && s[0] == s[1];
        let any = |_: &[usize]| true;
        let i = self.pick(a, any)?;
        let own = self.shape(i).to_vec();
        let same = |s: &[usize]| s == own.as_slice();
        match op {
            0 | 1 => {
                let j = self.pick(b, same)?;
                let (p, q) = (fraction(u64::from(c)), fraction(u64::from(c / 3) + 1));
                let t = self.store.sum(vec![(p.clone(), self.pool[i]), (q.clone(), self.pool[j])], &own);
                let value = self.pair(i, j, |x, y| &p * x + &q * y);
                self.push(t, value);
            }
            2 => {
                let j = self.pick(b, same)?;
                let t = self.store.mul(self.pool[i], self.pool[j]);
                let value = self.pair(i, j, |x, y| x * y);
                self.push(t, value);
            }
            3 => {
                let j = self.pick(b, <[usize]>::is_empty)?;
                let t = self.store.scalar_mul(self.pool[j], self.pool[i]);
                let s = self.values[j].clone();
                let value = s.and_then(|s| self.each(i, |x| Some(x * &s[0])));
                self.push(t, value);
            }
            4 => self.matrix_product(a, b)?,
            5 => {
                let j = self.pick(b, same)?;
                let t = self.store.dot(self.pool[i], self.pool[j]);
                let value =
                    self.pair(i, j, |x, y| x * y).map(|v| vec![v.into_iter().fold(Rational::ZERO, |s, x| s + x)]);
                self.push(t, value);
            }
            6 => {
                let i = self.pick(a, |s| s.len() == 2)?;
                let (m, n) = (self.shape(i)[0], self.shape(i)[1]);
                let t = self.store.transpose(self.pool[i]);
                let value = self.values[i].as_ref().map(|v| linear::transpose(v, m, n));
                self.push(t, value);
            }
            7 => self.shuffle(i, b, c),
            8 => {
                let j = self.pick(b, any)?;
                if self.store.size(self.pool[i]) + self.store.size(self.pool[j]) > 12 {
                    return None;
                }
                let t = self.store.join(&[self.pool[i], self.pool[j]]);
                let value = match (&self.values[i], &self.values[j]) {
                    (Some(x), Some(y)) => Some(x.iter().chain(y).cloned().collect()),
                    _ => None,
                };
                self.push(t, value);
            }
            9 => {
                let n = self.store.size(self.pool[i]);
                let literal: Vec<Rational> = (0..n).map(|k| fraction(u64::from(b) + k as u64 * u64::from(c))).collect();
                let t = self.store.literal(literal.clone(), &own);
                self.push(t, Some(literal));
            }
            10 => {
                let j = self.pick(b, same)?;
                let t = self.store.div(self.pool[i], self.pool[j]);
                let value = match self.each(j, |y| (!y.is_zero()).then(|| Rational::ONE / y)) {
                    Some(inverse) => {
                        self.values[i].as_ref().map(|v| v.iter().zip(inverse).map(|(x, y)| x * y).collect())
                    }
                    None => None,
                };
                self.push(t, value);
            }
            11 => {
                let q = [-2i8, -1, 2, 3, 4][usize::from(b) % 5];
                let t = self.store.power(self.pool[i], &Rational::from(q));
                let value = self.each(i, |x| power(x, q));
                self.push(t, value);
            }
            12 => {
                let i = self.pick(a, square)?;
                let n = self.shape(i)[0];
                let t = self.store.inverse(self.pool[i]);
                let value = self.values[i].as_ref().and_then(|v| inverse(v, n));
                self.push(t, value);
            }
            13 => {
                let i = self.pick(a, square)?;
                let n = self.shape(i)[0];
                let t = self.store.determinant(self.pool[i]);
                let value = self.values[i].as_ref().map(|v| vec![determinant(v, n)]);
                self.push(t, value);
            }
            14 | 15 => {
                let f = [Fun::Exp, Fun::Sin, Fun::Cos, Fun::Atan, Fun::Tanh, Fun::Sigmoid, Fun::Softplus]
                    [usize::from(b) % 7];
                let t = self.store.map(f, self.pool[i]);
                self.push(t, None);
            }
            16 => {
                let t = self.store.map(Fun::Sign, self.pool[i]);
                let value = self.each(i, sign);
                self.push(t, value);
            }
            17 => {
                let j = self.pick(b, same)?;
                let larger = c.is_multiple_of(2);
                let (x, y) = (self.pool[i], self.pool[j]);
                let t = if larger { self.store.max(x, y) } else { self.store.min(x, y) };
                let ties = self.pair(i, j, |x, y| x - y).is_some_and(|d| d.iter().any(Rational::is_zero));
                let choose = |x: &Rational, y: &Rational| if (x > y) == larger { x.clone() } else { y.clone() };
                let value = self.pair(i, j, choose).filter(|_| !ties);
                self.push(t, value);
            }
            18 => {
                let t = match b % 2 {
                    0 => self.store.abs(self.pool[i]),
                    _ => self.store.relu(self.pool[i]),
                };
                let value = self.each(i, |x| {
                    let s = sign(x)?;
                    Some(if b.is_multiple_of(2) || s > Rational::ZERO { x * s } else { Rational::ZERO })
                });
                self.push(t, value);
            }
            19 => {
                // The root of a square, or of whatever is there.
                let half = Rational::ONE / Rational::from(2);
                let t = self.store.power(self.pool[i], &half);
                let value = self.each(i, |x| Exact::default().power(x, &half).ok());
                self.push(t, value);
            }
            20 => {
                let t = self.store.map(Fun::Log, self.pool[i]);
                self.push(t, None);
            }
            21 => {
                let i = self.pick(a, |s| s.len() == 2 && s[0] > 1 && s[1] > 1)?;
                let t = self.store.polar(self.pool[i]);
                self.push(t, None);
            }
            22 => {
                // Positive definite: a square and the identity.
                let i = self.pick(a, square)?;
                let n = self.shape(i)[0];
                let across = self.store.transpose(self.pool[i]);
                let gram = self.store.matmul(self.pool[i], across);
                let eye = self.store.eye(n);
                let definite = self.store.add(gram, eye);
                let (r, s) = [(1, 2u8), (-1, 4), (-1, 2), (2, 3), (-3, 2), (2, 1), (-2, 1)][usize::from(b) % 7];
                let t = self.store.power_spd(definite, &Rational::from_parts(i64::into(r), s.into()));
                self.push(t, None);
            }
            23 => {
                let i = self.pick(a, square)?;
                let t = self.store.eigenvectors(self.pool[i]);
                self.push(t, None);
            }
            _ => {
                let i = self.pick(a, |s| s.len() == 2)?;
                let t = self.store.pseudo_inverse(self.pool[i]);
                // Compared across domains elsewhere; here only where it is the inverse.
                let [m, n] = self.shape(i)[..] else { return None };
                let value = if m == n { self.values[i].as_ref().and_then(|v| inverse(v, n)) } else { None };
                self.push(t, value);
            }
        }
        Some(())
    }

    fn matrix_product(&mut self, a: u8, b: u8) -> Option<()> {
        let i = self.pick(a, |s| s.len() == 2)?;
        let [m, n] = self.shape(i)[..] else { return None };
        let j = self.pick(b, |s| s.first() == Some(&n))?;
        let k = self.shape(j).get(1).copied().unwrap_or(1);
        let t = self.store.matmul(self.pool[i], self.pool[j]);
        let value = match (&self.values[i], &self.values[j]) {
            (Some(x), Some(y)) => {
                let entry = |r: usize, c: usize| (0..n).fold(Rational::ZERO, |s, l| s + &x[r * n + l] * &y[l * k + c]);
                Some((0..m * k).map(|at| entry(at / k, at % k)).collect())
            }
            _ => None,
        };
        self.push(t, value);
        Some(())
    }

    /// A gather with a map of no particular form, into one of the usual shapes.
    fn shuffle(&mut self, i: usize, b: u8, c: u8) {
        let shapes: [&[usize]; 6] = [&[], &[2], &[3], &[2, 3], &[2, 2], &[3, 3]];
        let shape = shapes[usize::from(b) % 6];
        let n = self.store.size(self.pool[i]);
        let size: usize = shape.iter().product();
        let at = |k: usize| (k * (1 + usize::from(c) % 5) + usize::from(c)) % (n + 1);
        let map: Vec<u32> = (0..size).map(|k| if at(k) == n { NONE } else { at(k) as u32 }).collect();
        let value = self.values[i]
            .as_ref()
            .map(|v| map.iter().map(|&m| if m == NONE { Rational::ZERO } else { v[m as usize].clone() }).collect());
        let t = self.store.gather(self.pool[i], map, shape);
        self.push(t, value);
    }
}

fn sign(x: &Rational) -> Option<Rational> {
    (!x.is_zero()).then(|| if *x > Rational::ZERO { Rational::ONE } else { Rational::NEG_ONE })
}

fn power(x: &Rational, q: i8) -> Option<Rational> {
    let up = (0..q.unsigned_abs()).fold(Rational::ONE, |p, _| p * x);
    match q > 0 {
        true => Some(up),
        false => (!up.is_zero()).then(|| Rational::ONE / up),
    }
}

/// By expansion along the first row.
fn determinant(m: &[Rational], n: usize) -> Rational {
    if n == 0 {
        return Rational::ONE;
    }
    (0..n).fold(Rational::ZERO, |sum, j| {
        let term = &m[j] * determinant(&minor(m, n, 0, j), n - 1);
        if j % 2 == 0 { sum + term } else { sum - term }
    })
}

fn minor(m: &[Rational], n: usize, row: usize, column: usize) -> Vec<Rational> {
    (0..n * n).filter(|k| k / n != row && k % n != column).map(|k| m[k].clone()).collect()
}

/// By cofactors.
fn inverse(m: &[Rational], n: usize) -> Option<Vec<Rational>> {
    let det = determinant(m, n);
    if det.is_zero() {
        return None;
    }
    let entry = |i: usize, j: usize| {
        let cofactor = determinant(&minor(m, n, j, i), n - 1) / &det;
        if (i + j).is_multiple_of(2) { cofactor } else { -cofactor }
    };
    Some((0..n * n).map(|k| entry(k / n, k % n)).collect())
}
