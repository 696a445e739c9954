//! Roots: elements whose powers are the radicands.
//!
//! The fields have `p ≡ 3` modulo 4, so that the squares are a group of odd order `N = (p - 1)/2` and exactly one of `x`
//! and `-x` is in it. A square has one square root that is a square, and so has every power of two; with `N` coprime to
//! 3, 5, 7, 11 and 13 it has one root of every small exponent. These roots obey all laws of the roots of positive real
//! numbers. A radicand that is no square has none, and the evaluation is *refused*: another point has to be drawn.
//!
//! One thing needs care. Where a radicand is the square of something that is not known as a factor, `a = b²`, its root is
//! `b` or `-b`, and an identity would be tested on one of two pieces only. But then `a` is a square at every point. So a
//! root counts as true only if some other point of the same field, with the earlier roots in place, was refused there: the
//! radicand is no square of anything, the cover that all roots define is irreducible, and what vanishes at its random
//! points vanishes on it. Every other root is *formal*, a free element, which proves less and never too much, or it is
//! taken all the same and noted as one that tests a single piece at each point ([`Roots::perfect`]): `b` is a square at one
//! half of the points, so that many points test both pieces. Signs fit to such roots if the sign of an element says whether
//! it is a square ([`Signs::Character`]): then `√(b²) = sign(b) b`. Whoever draws the points keeps the books ([`Roots`]).

use super::super::{Domain, Rational, Stop};
use super::factors::{Factor, Root};
use super::{Prime, ROOTS, Signs};

/// After so many independent radicands their roots are no factors themselves.
const MOST_REMEMBERED: usize = 4096;

/// Which roots are true, in the order in which an evaluation asks for them first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roots {
    /// Whether true roots are taken at all.
    pub true_ones: bool,
    /// Roots that stay formal.
    pub formal: Vec<usize>,
    /// True roots that every point seems to have: each point tests one of two pieces.
    pub perfect: Vec<usize>,
    /// From this one on all are formal; `None` for no limit.
    pub limit: Option<usize>,
    /// How many roots were asked for and could have been refused.
    pub met: usize,
    /// The root at which the evaluation was refused.
    pub refused: Option<Refused>,
}

/// What had no root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The radicand of this number: another point may do.
    Radicand(usize),
    /// A prime number: another field may do.
    Number,
    /// Something positive is no square, where signs are characters: another point may do.
    Condition,
}

impl Roots {
    /// Roots that are true where they can be.
    pub fn true_ones() -> Self {
        Roots { true_ones: true, ..Roots::default() }
    }

    /// The same choice of roots for another point.
    pub fn again(&self) -> Self {
        Roots { met: 0, refused: None, ..self.clone() }
    }

    fn is_formal(&self, index: usize) -> bool {
        !self.true_ones || self.formal.contains(&index) || self.limit.is_some_and(|l| index >= l)
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Prime {
    /// By how much the true roots taken so far multiply the chance that a random point is one of the zeros of a function:
    /// the degree of the cover that they define, over the part of the points that have them all; and the number of roots
    /// that only a part of the points has.
    ///
    /// Let `P` be a function of the coordinates and of the roots `r_1, …, r_m`, not zero on the cover, whose numerator grows
    /// along a generic line like the power `D` of the coordinate; a root `a^(1/e)` grows like the `e`-th part of `a`, which
    /// is how [`crate::domain::degree`] counts. The product of the numerator over its conjugates is a polynomial in the
    /// coordinates, for the numerator is integral over them. It has degree at most `e_1 ⋯ e_m D`, where `e_i` is the least
    /// common multiple of the exponents asked of `r_i`, and by the lemma of Schwartz and Zippel vanishes at no more than
    /// `e_1 ⋯ e_m D / p` of all points. Of those, all points with every root are one part in `2^k` where `k` roots were found
    /// by chance, up to a relative error of `2^k` times the degree of the radicands over `√p` (Weil's bound on sums of
    /// quadratic characters along a line), for which a further factor 2 is more than enough; the odd part of an exponent
    /// takes no points away. If the cover is reducible, the canonical roots of the point lie on one of its components, and the
    /// product is taken over the conjugates of that one: fewer.
    pub fn cover(&self) -> (f64, usize) {
        let chosen = self.covers.values().filter(|c| c.1).count();
        let degree = self.covers.values().fold(1.0, |product, c| product * c.0 as f64);
        let part = if chosen == 0 { 1.0 } else { 2f64.powi(i32::try_from(chosen + 1).unwrap_or(i32::MAX)) };
        (degree * part, chosen)
    }

    /// A random square that is not zero.
    pub(super) fn draw_square(&mut self) -> u64 {
        let t = self.draw();
        let square = self.field.mul(t, t);
        if square == 0 { self.field.one } else { square }
    }

    /// The base of a root or of a logarithm is positive wherever that is defined: one factor of unknown sign learns its
    /// sign from the others.
    ///
    /// # Errors
    /// [`Stop::OutOfDomain`] on a piece where the base is negative.
    pub(super) fn settle_signs(&mut self, minus: bool, parts: &[(usize, i64)]) -> Result<(), Stop> {
        let one = self.field.one;
        let mut product = if minus { self.field.sub(0, one) } else { one };
        let mut unknown: Vec<usize> = Vec::new();
        for &(i, _) in parts.iter().filter(|(_, e)| e % 2 != 0) {
            match self.factors[i].sign {
                Some(s) => product = self.field.mul(product, s),
                None => unknown.push(i),
            }
        }
        let Some(last) = unknown.pop() else {
            return if self.field.add(product, one) == 0 { Err(Stop::OutOfDomain) } else { Ok(()) };
        };
        for i in unknown {
            let sign = self.free_sign(i);
            product = self.field.mul(product, sign);
        }
        self.factors[last].sign = Some(self.field.inv(product).ok_or(Stop::Pole)?);
        Ok(())
    }

    /// `x^q` for a `q` that is not whole.
    pub(super) fn root_power(&mut self, x: u64, q: &Rational) -> Result<u64, Stop> {
        self.collisions += 1.0 + 2.0 * self.monomials.len() as f64;
        self.decisions.push(u32::from(x == 0));
        if x == 0 {
            return if *q > Rational::ZERO { Ok(0) } else { Err(Stop::Pole) };
        }
        let denominator = i64::try_from(q.denominator()).map_err(|_| Stop::Unsupported)?;
        let numerator = i64::try_from(q.numerator()).map_err(|_| Stop::Unsupported)?;
        if numerator.unsigned_abs() > 1 << 20 {
            return self.power_by_logarithm(x, q);
        }
        let (minus, parts) = self.factorise(x);
        self.settle_signs(minus, &parts)?;
        let mut result = self.field.one;
        for &(i, e) in &parts {
            match self.factor_power(i, e * numerator, denominator)? {
                Some(part) => result = self.field.mul(result, part),
                None => return self.power_by_logarithm(x, q),
            }
        }
        let new = self.monomial(result).is_none();
        self.decisions.push(u32::from(new));
        // Of very many roots none is sought again.
        if result != self.field.one && new && self.fruitless.0 < MOST_REMEMBERED {
            let mut log = 0;
            for &(i, e) in &parts {
                let scaled = self.field.mul(self.small(e), self.factors[i].log);
                log = self.field.add(log, scaled);
            }
            let scale = self.rational(q)?;
            let log = self.field.mul(scale, log);
            let all_true = parts.iter().all(|&(i, _)| matches!(self.factors[i].root, Root::True(_)));
            let root = if all_true { self.field.root_power(result, 1, ROOTS.cast_signed()) } else { None };
            let root = root.map_or(Root::Open, Root::True);
            self.add_factor(Factor { root, log, sign: Some(self.field.one), ..Factor::of(result) });
        }
        Ok(result)
    }

    /// `exp(q log x)`: a power of an exponent for which there is no root.
    fn power_by_logarithm(&mut self, x: u64, q: &Rational) -> Result<u64, Stop> {
        self.atoms = true;
        let log = self.logarithm(x)?;
        let scale = self.rational(q)?;
        self.exponential(self.field.mul(log, scale))
    }

    /// `|f|^(n/d)` of a factor; `None` if there is no root of this exponent.
    fn factor_power(&mut self, i: usize, n: i64, d: i64) -> Result<Option<u64>, Stop> {
        if n % d == 0 {
            let free = self.factors[i].sign.is_none() && !matches!(self.signs, Signs::Pattern(_));
            self.atoms |= free;
            let sign = self.sign_of_factor(i);
            let size = self.field.mul(sign, self.factors[i].value);
            return self.signed_power(size, n / d).map(Some);
        }
        let root = self.root_of_factor(i)?;
        if let (Root::True(_), false) = (root, self.factors[i].number) {
            let mut exponent = d.unsigned_abs() / gcd(n.unsigned_abs(), d.unsigned_abs()).max(1);
            if self.factors[i].drawn {
                exponent /= gcd(exponent, ROOTS).max(1);
            }
            let cover = self.covers.entry(i).or_insert((1, false));
            cover.0 = cover.0 / gcd(cover.0, exponent).max(1) * exponent;
        }
        let steps = n * ROOTS.cast_signed();
        match root {
            Root::True(r) | Root::Formal(r) if steps % d == 0 => self.signed_power(r, steps / d).map(Some),
            Root::True(r) => Ok(self.field.root_power(r, steps, d)),
            Root::Formal(_) | Root::Open => Ok(None),
        }
    }

    fn root_of_factor(&mut self, i: usize) -> Result<Root, Stop> {
        let factor = self.factors[i];
        if factor.root != Root::Open {
            return Ok(factor.root);
        }
        let root = self.new_root(i)?;
        self.factors[i].root = root;
        Ok(root)
    }

    /// The sign of a factor under a root together with others. A free sign is whatever makes a drawn root a true one.
    fn free_sign(&mut self, i: usize) -> u64 {
        if !self.roots.true_ones || matches!(self.signs, Signs::Pattern(_) | Signs::Character) {
            return self.sign_of_factor(i);
        }
        let root = self.draw_square();
        let sign = self.field.mul(self.field.pow(root, ROOTS), self.factors[i].inverse);
        self.factors[i] = Factor { root: Root::True(root), sign: Some(sign), drawn: true, ..self.factors[i] };
        self.sign_classes += 1;
        self.atoms = true;
        sign
    }

    fn new_root(&mut self, i: usize) -> Result<Root, Stop> {
        let sign = self.sign_of_factor(i);
        let size = self.field.mul(sign, self.factors[i].value);
        let number = self.factors[i].number;
        let index = self.roots.met;
        if !number {
            self.roots.met += 1;
        }
        // The smallest primes have roots in every field that is used.
        let formal = match number {
            true => !self.roots.true_ones && !self.field.is_square(size),
            false => self.roots.is_formal(index),
        };
        if formal {
            self.atoms = true;
            return Ok(Root::Formal(self.draw_square()));
        }
        match self.field.root_power(size, 1, ROOTS.cast_signed()) {
            Some(root) => {
                if !number {
                    self.covers.entry(i).or_insert((1, false)).1 = true;
                }
                Ok(Root::True(root))
            }
            None => {
                self.roots.refused = Some(if number { Refused::Number } else { Refused::Radicand(index) });
                Err(Stop::OutOfDomain)
            }
        }
    }
}
