//! Products of known factors: signs, logarithms and roots are taken of them factor by factor.

use super::super::{Rational, Stop};
use super::angles::Angle;
use super::{MAX_FRUITLESS, Prime, ROOTS, Refused, Signs, UNRELATED, related};

/// Relations with two other factors are sought among this many.
const MAX_PAIRED: usize = 64;

/// Products whose multiples are recognised.
const MAX_PRODUCTS: usize = 64;

/// Numerators and denominators of rational numbers that are recognised as such.
const MAX_NUMBER: u64 = 1 << 10;

/// How many of them there are at most: a numerator of either sign and a denominator.
const NUMBERS: f64 = (1u64 << 21) as f64;

/// A [`ROOTS`]-th root of the absolute value of a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    /// Not asked for yet.
    Open,
    /// An element whose power it is, itself a square.
    True(u64),
    /// A free element.
    Formal(u64),
}

/// A value that is ± a product of powers of factors.
#[derive(Debug, Clone)]
pub(super) struct Product {
    value: u64,
    inverse: u64,
    minus: bool,
    parts: Vec<(usize, i64)>,
}

/// A factor: a value with its root, logarithm and sign.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factor {
    pub value: u64,
    pub inverse: u64,
    pub root: Root,
    pub log: u64,
    /// Its sign, once it was asked for.
    pub sign: Option<u64>,
    /// Whether it is a prime number.
    pub number: bool,
    /// Whether its root was drawn, so that it is a power of a free element: such a root adjoins nothing.
    pub drawn: bool,
}

impl Factor {
    /// A factor of which nothing is known.
    pub fn of(value: u64) -> Self {
        Factor { value, inverse: 0, root: Root::Open, log: 0, sign: None, number: false, drawn: false }
    }
}

impl Prime {
    /// Declares a value to be positive.
    pub fn assume_positive(&mut self, value: u64) {
        if value == 0 {
            return;
        }
        // A product of known factors stays one; a factor of its own learns its sign.
        let (minus, parts) = self.factorise(value);
        if let [(i, 1)] = parts[..]
            && !minus
        {
            self.factors[i].sign = Some(self.field.one);
            if self.signs == Signs::Character && !self.field.is_square(self.factors[i].value) {
                self.roots.refused = Some(Refused::Condition);
            }
        }
    }

    /// The free sign of a factor `x` where the root of `q x²` was taken before, for a number `q`: what makes `sign(x) x` the
    /// absolute value that this root is.
    fn sign_beside_root(&mut self, i: usize) -> Option<u64> {
        let inverse = self.factors[i].inverse;
        let below = self.field.mul(inverse, inverse);
        let half = Rational::from_parts(1.into(), 2u8.into());
        for j in 0..self.factors.len().min(MAX_PAIRED) {
            // What is a power of a free element has the root of nothing but another one of its powers, which is known.
            let Factor { value, root: Root::True(root) | Root::Formal(root), number: false, drawn: false, .. } =
                self.factors[j]
            else {
                continue;
            };
            let ratio = self.field.mul(value, below);
            self.collisions += (MAX_NUMBER * MAX_NUMBER) as f64;
            if j == i || self.field.small_fraction(ratio, MAX_NUMBER).is_none_or(|(n, _)| n <= 0) {
                continue;
            }
            self.decisions.push(j as u32);
            let scale = if ratio == self.field.one { ratio } else { self.root_power(ratio, &half).ok()? };
            let size = self.field.mul(self.field.pow(root, ROOTS / 2), self.field.inv(scale)?);
            return Some(self.field.mul(size, inverse));
        }
        self.decisions.push(UNRELATED);
        None
    }

    /// 1 for a square, -1 for any other element but zero.
    fn character(&self, x: u64) -> u64 {
        if self.field.is_square(x) { self.field.one } else { self.field.sub(0, self.field.one) }
    }

    /// Makes a value of unknown sign a factor of its own.
    pub fn make_known(&mut self, value: u64) {
        self.know_numbers();
        self.know_exponentials();
        if value != 0 && self.monomial(value).is_none() {
            self.new_factor(value, None);
        }
    }

    /// The smallest primes are factors from the start.
    fn know_numbers(&mut self) {
        if self.factors.is_empty() {
            for p in [2, 3, 5, 7] {
                self.new_number(p);
            }
        }
    }

    /// The exponentials met so far are factors, once factors are asked for.
    fn know_exponentials(&mut self) {
        for factor in std::mem::take(&mut self.exponentials) {
            if self.monomial(factor.value).is_none() {
                self.push_factor(factor);
            }
        }
    }

    fn new_number(&mut self, p: u64) -> usize {
        let (value, log, sign) = (self.field.embed(p), self.draw(), Some(self.field.one));
        self.push_factor(Factor { log, sign, number: true, ..Factor::of(value) })
    }

    pub(super) fn new_factor(&mut self, value: u64, sign: Option<u64>) -> usize {
        let log = self.draw();
        self.add_factor(Factor { log, sign, ..Factor::of(value) })
    }

    pub(super) fn add_factor(&mut self, factor: Factor) -> usize {
        self.know_numbers();
        self.push_factor(factor)
    }

    fn push_factor(&mut self, mut factor: Factor) -> usize {
        let index = self.factors.len();
        if let Some(inverse) = self.field.inv(factor.value) {
            factor.inverse = inverse;
            let (mut up, mut down) = (factor.value, inverse);
            // Of very many only the whole and its inverse are recognised.
            let most = if self.fruitless.0 < MAX_FRUITLESS { 4 } else { 1 };
            for e in 1..=most {
                self.note_monomial(up, index, e);
                self.note_monomial(down, index, -e);
                up = self.field.mul(up, factor.value);
                down = self.field.mul(down, inverse);
            }
        }
        self.factors.push(factor);
        index
    }

    /// Writes a value that is not zero as ± a product of powers of known factors, adding it as a new factor if need be.
    pub(super) fn factorise(&mut self, value: u64) -> (bool, Vec<(usize, i64)>) {
        for (x, s) in std::mem::take(&mut self.pinned) {
            self.learn_sign(x, s);
        }
        self.know_numbers();
        self.know_exponentials();
        match self.known_product(value) {
            Some((minus, parts)) => {
                self.decide(minus, &parts);
                (minus, parts)
            }
            None => {
                self.decisions.push(UNRELATED);
                self.fruitless.0 += 1;
                let index = self.new_factor(value, None);
                (false, vec![(index, 1)])
            }
        }
    }

    /// A value as a product of factors that are known.
    fn known_product(&mut self, value: u64) -> Option<(bool, Vec<(usize, i64)>)> {
        // A number of the size of those that are recognised counts as one more comparison for each of them.
        self.collisions += 2.0 * self.monomials.len() as f64 + NUMBERS;
        if value == self.field.one {
            return Some((false, Vec::new()));
        }
        if self.field.add(value, self.field.one) == 0 {
            return Some((true, Vec::new()));
        }
        if let Some((i, e, minus)) = self.monomial(value) {
            return Some((minus, vec![(i, e)]));
        }
        let found = self.constant_factors(value);
        if found.is_some() {
            return found;
        }
        let several =
            self.known_multiple(value).or_else(|| self.two_factors(value)).or_else(|| self.three_factors(value));
        if let Some((minus, parts)) = &several
            && self.products.len() < MAX_PRODUCTS
            && !self.products.iter().any(|p| p.value == value)
            && let Some(inverse) = self.field.inv(value)
        {
            self.products.push(Product { value, inverse, minus: *minus, parts: parts.clone() });
        }
        several
    }

    /// A rational multiple of a product that was met before, which may have too many factors to be found again.
    fn known_multiple(&mut self, value: u64) -> Option<(bool, Vec<(usize, i64)>)> {
        if self.fruitless.0 >= MAX_FRUITLESS {
            return None;
        }
        self.collisions += self.products.len() as f64 * NUMBERS;
        for k in 0..self.products.len() {
            let ratio = self.field.mul(value, self.products[k].inverse);
            let number = if ratio == self.field.one {
                Some((false, Vec::new()))
            } else if self.field.add(ratio, self.field.one) == 0 {
                Some((true, Vec::new()))
            } else {
                self.constant_factors(ratio)
            };
            if let Some((minus, mut parts)) = number {
                let product = &self.products[k];
                for &(i, e) in &product.parts {
                    match parts.iter_mut().find(|(j, _)| *j == i) {
                        Some((_, f)) => *f += e,
                        None => parts.push((i, e)),
                    }
                }
                parts.retain(|(_, e)| *e != 0);
                return Some((minus != product.minus, parts));
            }
        }
        None
    }

    /// Two factors, the first one in a low power, and perhaps a rational number.
    fn two_factors(&mut self, value: u64) -> Option<(bool, Vec<(usize, i64)>)> {
        let all = self.fruitless.0 < MAX_FRUITLESS;
        let n = self.factors.len().min(related(self.fruitless.0));
        self.collisions += 2.0 * n as f64 * (2.0 * self.monomials.len() as f64 + if all { NUMBERS } else { 0.0 });
        for i in 0..n {
            let Factor { value: base, inverse, .. } = self.factors[i];
            for (e, power) in [(1i64, inverse), (-1, base)] {
                let rest = self.field.mul(value, power);
                if let Some((j, f, minus)) = self.monomial(rest) {
                    return Some((minus, vec![(i, e), (j, f)]));
                }
                if all && let Some((minus, mut parts)) = self.constant_factors(rest) {
                    parts.push((i, e));
                    return Some((minus, parts));
                }
            }
        }
        None
    }

    fn three_factors(&mut self, value: u64) -> Option<(bool, Vec<(usize, i64)>)> {
        let n = self.factors.len();
        if n > MAX_PAIRED {
            return None;
        }
        self.collisions += 2.0 * (n * n) as f64 * self.monomials.len() as f64;
        for i in 0..n {
            let rest = self.field.mul(value, self.factors[i].inverse);
            // The first two change places, and the smallest primes come first.
            for j in (i + 1).max(4)..n {
                let pair = self.field.mul(rest, self.factors[j].inverse);
                if let Some((k, f, minus)) = self.monomial(pair) {
                    return Some((minus, vec![(i, 1), (j, 1), (k, f)]));
                }
            }
        }
        None
    }

    /// The factors of a small rational number, as ± a product of prime numbers.
    fn constant_factors(&mut self, value: u64) -> Option<(bool, Vec<(usize, i64)>)> {
        let (n, d) = self.field.small_fraction(value, MAX_NUMBER)?;
        if n == 0 {
            return None;
        }
        let mut parts = Vec::new();
        for (mut m, direction) in [(n.unsigned_abs(), 1i64), (d, -1)] {
            let mut p = 2;
            while m > 1 {
                // What is left when no smaller number divides it is prime.
                if p * p > m {
                    p = m;
                }
                let mut e = 0;
                while m.is_multiple_of(p) {
                    m /= p;
                    e += direction;
                }
                if e != 0 {
                    parts.push((self.number(p), e));
                }
                p += 1;
            }
        }
        Some((n < 0, parts))
    }

    /// The factor of a prime number.
    fn number(&mut self, p: u64) -> usize {
        match self.monomial(self.field.embed(p)) {
            Some((i, 1, false)) if self.factors[i].number => i,
            _ => self.new_number(p),
        }
    }

    pub(super) fn signed_power(&self, base: u64, e: i64) -> Result<u64, Stop> {
        let up = self.field.pow(base, e.unsigned_abs());
        if e < 0 { self.field.inv(up).ok_or(Stop::Pole) } else { Ok(up) }
    }

    pub(super) fn sign(&mut self, x: u64) -> Result<u64, Stop> {
        let sign = self.sign_of(x)?;
        let one = self.field.one;
        let known = [(0, 0), (one, 1), (self.field.sub(0, one), -1)];
        self.taken_signs.push(known.iter().find(|(v, _)| *v == sign).map(|(_, s)| *s));
        Ok(sign)
    }

    fn sign_of(&mut self, x: u64) -> Result<u64, Stop> {
        self.zero_signs.push(x == 0);
        self.decisions.push(u32::from(x == 0));
        if let Signs::Pinned(signs) = &self.signs {
            let s = *signs.get(self.zero_signs.len() - 1).ok_or(Stop::Unsupported)?;
            let s = self.small(i64::from(s));
            self.pinned.push((x, s));
            return Ok(s);
        }
        if x == 0 {
            // The sign of what is identically zero is zero; a value that is zero by accident only costs a trial.
            return Ok(0);
        }
        let (minus, parts) = self.factorise(x);
        let mut s = self.field.one;
        for (i, e) in parts {
            // Not s² = 1 here: a factor that is zero on a piece has the sign zero there.
            let sign = self.sign_of_factor(i);
            s = self.field.mul(s, self.field.pow(sign, e.unsigned_abs()));
        }
        Ok(if minus { self.field.sub(0, s) } else { s })
    }

    /// Whether a number is positive because of the factors that are known to be.
    pub(super) fn is_positive(&mut self, x: u64) -> bool {
        if x == self.field.one {
            return true;
        }
        let (minus, parts) = self.factorise(x);
        let positive = |(i, e): &(usize, i64)| e % 2 == 0 || self.factors[*i].sign == Some(self.field.one);
        x != 0 && !minus && parts.iter().all(positive)
    }

    /// A factor whose sign was pinned knows it: its roots and logarithms agree with that.
    pub(super) fn learn_sign(&mut self, x: u64, s: u64) {
        if x == 0 || s == 0 {
            return;
        }
        if let (minus, parts) = self.factorise(x)
            && let [(i, e)] = parts[..]
            && e % 2 != 0
            && self.factors[i].sign.is_none()
        {
            self.factors[i].sign = Some(if minus { self.field.sub(0, s) } else { s });
        }
    }

    /// The sign of a factor; the first time that it is asked for, it opens a new class.
    pub(super) fn sign_of_factor(&mut self, i: usize) -> u64 {
        if let Some(s) = self.factors[i].sign {
            return s;
        }
        let s = match self.signs {
            Signs::Pattern(bits) if bits >> (self.sign_classes % 64) & 1 == 1 => self.field.sub(0, self.field.one),
            Signs::Pattern(_) => self.field.one,
            Signs::Character => self.character(self.factors[i].value),
            Signs::Free => self.sign_beside_root(i).unwrap_or_else(|| self.draw()),
            Signs::Pinned(_) => self.draw(),
        };
        self.sign_classes += 1;
        self.factors[i].sign = Some(s);
        s
    }

    pub(super) fn logarithm(&mut self, x: u64) -> Result<u64, Stop> {
        if x == 0 {
            return Err(Stop::Pole);
        }
        if self.signs == Signs::Character && !self.field.is_square(x) {
            self.roots.refused = Some(Refused::Condition);
            return Err(Stop::OutOfDomain);
        }
        let (minus, parts) = self.factorise(x);
        self.settle_signs(minus, &parts)?;
        let mut sum = 0;
        for (i, e) in parts {
            let factor = self.factors[i];
            let scale = self.small(e);
            sum = self.field.add(sum, self.field.mul(scale, factor.log));
            // Where the root is a true one, the exponential of the logarithm is known to be the factor.
            if let Root::True(root) = factor.root {
                let known = self.multiple_of_known(factor.log).is_some();
                self.collisions += 2.0 * self.multiples.len() as f64;
                self.decisions.push(u32::from(known));
                if known {
                    continue;
                }
                self.add_angle(Angle { argument: factor.log, exp: root, circle: None });
            }
        }
        Ok(sum)
    }

    /// A random element that stands for a positive number: its roots and its logarithm are known.
    pub fn draw_positive(&mut self) -> u64 {
        let root = self.draw_square();
        let value = self.field.pow(root, ROOTS);
        let log = self.draw();
        let sign = Some(self.field.one);
        self.add_factor(Factor { root: Root::True(root), log, sign, drawn: true, ..Factor::of(value) });
        value
    }
}
