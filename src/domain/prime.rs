//! Prime fields with atoms: the domain of the exact randomised identity test.
//!
//! Rational operations are those of a random prime field. A transcendental or algebraic function of a value becomes an
//! *atom*: a random field element chosen once for each value of the argument, together with the relations that the real
//! function satisfies: `exp(u + v) = exp u · exp v`, the addition formulas of sine and cosine, and
//! `log`, roots and signs of products of positive factors. A residual that vanishes for independent atoms vanishes for
//! the real functions; a residual that does not may still vanish, so this domain proves and never refutes.
//!
//! An atom is recognised by the *value* of its argument, so two arguments that are equal as functions share it, and two
//! that differ share it only by a coincidence whose probability is part of the error bound ([`Prime::collisions`]).

mod field;
mod primitives;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;

pub use field::{Field, Random, is_prime};

use super::{Domain, Fun, Rational, Stop};

/// Atoms are powers of a random root with this exponent, so that halves, thirds and quarters of arguments exist.
const ROOTS: u64 = 12;

/// Relations with one other atom are sought among this many; later ones count as independent.
const MAX_RELATED: usize = 512;

/// How signs are treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signs {
    /// A sign is a free field element: what vanishes then vanishes on every piece.
    Free,
    /// The `k`-th independent sign met is -1 where bit `k` is set: one piece.
    Pattern(u64),
    /// Every sign is the one that another evaluation of the same program took, in order.
    Pinned(Vec<i8>),
}

/// How pseudo-inverses are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PseudoInverses {
    /// Exactly, by the rank found: right where the rank does not depend on the piece.
    ByRank,
    /// As `(AᵀA + λ)⁻¹ Aᵀ` with a free λ: an identity that holds so holds in the limit λ → 0, whatever the rank.
    Regularised,
}

/// A factor of known sign: a value with its formal root, logarithm and sign.
#[derive(Debug, Clone, Copy)]
struct Factor {
    value: u64,
    /// A formal [`ROOTS`]-th root.
    root: u64,
    log: u64,
    /// Its sign, once it was asked for.
    sign: Option<u64>,
}

/// An argument of an exponential or of a circular function, with the atoms that belong to it.
#[derive(Debug, Clone, Copy)]
struct Angle {
    argument: u64,
    /// `exp(argument / ROOTS)`
    exp: u64,
    /// Cosine and sine of `argument / ROOTS`.
    circle: (u64, u64),
}

/// A matrix and the atom that stands for its polar factor or its power.
#[derive(Debug, Clone)]
struct MatrixAtom {
    argument: Vec<u64>,
    rows: usize,
    cols: usize,
    value: Vec<u64>,
}

/// A prime field with atoms. One value of this type serves one evaluation.
#[derive(Debug, Clone)]
pub struct Prime {
    /// The field.
    pub field: Field,
    /// How signs are treated.
    pub signs: Signs,
    /// How pseudo-inverses are computed.
    pub pseudo_inverses: PseudoInverses,
    /// The number of comparisons of values that could have agreed by accident.
    pub collisions: f64,
    /// The number of independent signs met.
    pub sign_classes: usize,
    /// The ranks found by pseudo-inverses.
    pub ranks: Vec<usize>,
    /// For every sign taken, in order: whether its argument was zero.
    pub zero_signs: Vec<bool>,
    /// Matrices known to be orthogonal: values of members of matrix classes, with their sizes.
    pub orthogonal: Vec<(Vec<u64>, usize)>,
    polars: Vec<MatrixAtom>,
    powers: Vec<(MatrixAtom, Rational)>,
    /// Whether a transcendental or algebraic function was met: without one, a residual that is not zero is proved so.
    pub atoms: bool,
    /// Whether a sign was met.
    pub kinks: bool,
    random: Random,
    factors: Vec<Factor>,
    /// Monomials of one factor: value to (factor, exponent, negated).
    monomials: FxHashMap<u64, (usize, i64, bool)>,
    angles: Vec<Angle>,
    /// Rational multiples of one argument: value to (angle, multiple of a 12th).
    multiples: FxHashMap<u64, (usize, i64)>,
    /// How many values of odd functions without other relations there are.
    odd_atoms: usize,
    /// What stands for `2/√π`, once it was needed.
    height: Option<u64>,
    lambda: u64,
    constants: FxHashMap<Rational, u64>,
    /// Values of functions given before.
    values: FxHashMap<(Fun, u64), u64>,
}

impl Prime {
    /// A random field and a stream of atoms.
    pub fn new(mut random: Random, signs: Signs, pseudo_inverses: PseudoInverses) -> Self {
        let field = Field::random(&mut random);
        let lambda = field.embed(random.next());
        let mut prime = Prime {
            field,
            signs,
            pseudo_inverses,
            collisions: 0.0,
            sign_classes: 0,
            ranks: Vec::new(),
            zero_signs: Vec::new(),
            atoms: false,
            kinks: false,
            orthogonal: Vec::new(),
            polars: Vec::new(),
            powers: Vec::new(),
            random,
            factors: Vec::new(),
            monomials: FxHashMap::default(),
            angles: Vec::new(),
            multiples: FxHashMap::default(),
            odd_atoms: 0,
            height: None,
            lambda,
            constants: FxHashMap::default(),
            values: FxHashMap::default(),
        };
        let one = prime.field.one;
        prime.new_angle(one);
        for p in [2, 3, 5, 7] {
            let value = prime.field.embed(p);
            prime.new_factor(value, Some(one));
        }
        prime
    }

    /// A random element.
    pub fn draw(&mut self) -> u64 {
        let n = self.random.below(self.field.p);
        self.field.embed(n)
    }

    /// A random number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.random.below(n)
    }

    /// A random element that stands for a positive number: its roots and its logarithm are known.
    pub fn draw_positive(&mut self) -> u64 {
        let root = self.draw();
        let value = self.field.pow(root, ROOTS);
        let log = self.draw();
        let sign = Some(self.field.one);
        self.add_factor(Factor { value, root, log, sign });
        value
    }

    /// The positive number `2/√π`: an atom, without the relation to π.
    fn gauss_height(&mut self) -> u64 {
        match self.height {
            Some(height) => height,
            None => {
                let height = self.draw_positive();
                self.height = Some(height);
                height
            }
        }
    }

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
        }
    }

    /// Makes a value of unknown sign a factor of its own.
    pub fn make_known(&mut self, value: u64) {
        if value != 0 && !self.monomials.contains_key(&value) {
            self.new_factor(value, None);
        }
    }

    fn new_factor(&mut self, value: u64, sign: Option<u64>) -> usize {
        let (root, log) = (self.draw(), self.draw());
        self.add_factor(Factor { value, root, log, sign })
    }

    fn add_factor(&mut self, factor: Factor) -> usize {
        let index = self.factors.len();
        self.factors.push(factor);
        if let Some(inverse) = self.field.inv(factor.value) {
            let (mut up, mut down) = (factor.value, inverse);
            for e in 1..=4 {
                for (v, e) in [(up, e), (down, -e)] {
                    let minus = self.field.sub(0, v);
                    self.monomials.entry(v).or_insert((index, e, false));
                    self.monomials.entry(minus).or_insert((index, e, true));
                }
                up = self.field.mul(up, factor.value);
                down = self.field.mul(down, inverse);
            }
        }
        index
    }

    /// Writes a value as ± a product of powers of known factors, adding it as a new factor if need be.
    fn factorise(&mut self, value: u64) -> (bool, Vec<(usize, i64)>) {
        self.collisions += self.monomials.len() as f64;
        if value == self.field.one {
            return (false, Vec::new());
        }
        if self.field.add(value, self.field.one) == 0 {
            return (true, Vec::new());
        }
        if let Some(&(i, e, minus)) = self.monomials.get(&value) {
            return (minus, vec![(i, e)]);
        }
        if let Some(found) = self.constant_factors(value) {
            return found;
        }
        // Two factors, the first one in a low power, and perhaps a rational number.
        let n = self.factors.len().min(MAX_RELATED);
        self.collisions += 8.0 * n as f64 * (self.monomials.len() as f64 + (1u64 << 21) as f64);
        for i in 0..n {
            let base = self.factors[i].value;
            let Some(inverse) = self.field.inv(base) else { continue };
            for (e, power) in [(1i64, inverse), (-1, base)] {
                let rest = self.field.mul(value, power);
                if let Some(&(j, f, minus)) = self.monomials.get(&rest) {
                    return (minus, vec![(i, e), (j, f)]);
                }
                if let Some((minus, mut parts)) = self.constant_factors(rest) {
                    parts.push((i, e));
                    return (minus, parts);
                }
            }
        }
        if n <= 64 {
            self.collisions += (n * n) as f64 * self.monomials.len() as f64;
            for i in 0..n {
                for j in 4..n {
                    if i == j {
                        continue;
                    }
                    let Some(inverse) = self.field.inv(self.factors[i].value) else {
                        continue;
                    };
                    let Some(other) = self.field.inv(self.factors[j].value) else {
                        continue;
                    };
                    let pair = self.field.mul(self.field.mul(value, inverse), other);
                    if let Some(&(k, f, minus)) = self.monomials.get(&pair) {
                        return (minus, vec![(i, 1), (j, 1), (k, f)]);
                    }
                }
            }
        }
        let index = self.new_factor(value, None);
        (false, vec![(index, 1)])
    }

    /// The factors of a small rational number, as ± a product of 2, 3, 5, 7 and further atoms.
    fn constant_factors(&mut self, value: u64) -> Option<(bool, Vec<(usize, i64)>)> {
        let (n, d) = self.field.small_fraction(value, 1 << 10)?;
        let mut parts = Vec::new();
        for (mut m, direction) in [(n.unsigned_abs(), 1i64), (d, -1)] {
            for (i, p) in [2u64, 3, 5, 7].into_iter().enumerate() {
                let mut e = 0;
                while m > 1 && m % p == 0 {
                    m /= p;
                    e += direction;
                }
                if e != 0 {
                    parts.push((i, e));
                }
            }
            if m > 1 {
                let v = self.field.embed(m);
                let index = match self.monomials.get(&v) {
                    Some(&(i, 1, false)) => i,
                    _ => {
                        let one = self.field.one;
                        self.new_factor(v, Some(one))
                    }
                };
                parts.push((index, direction));
            }
        }
        (n != 0).then_some((n < 0, parts))
    }

    fn signed_power(&self, base: u64, e: i64) -> Result<u64, Stop> {
        let up = self.field.pow(base, e.unsigned_abs());
        if e < 0 { self.field.inv(up).ok_or(Stop::Pole) } else { Ok(up) }
    }

    fn sign(&mut self, x: u64) -> Result<u64, Stop> {
        self.zero_signs.push(x == 0);
        if let Signs::Pinned(signs) = &self.signs {
            let s = *signs.get(self.zero_signs.len() - 1).ok_or(Stop::Unsupported)?;
            return Ok(self.small(i64::from(s)));
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

    /// The sign of a factor; the first time that it is asked for, it opens a new class.
    fn sign_of_factor(&mut self, i: usize) -> u64 {
        if let Some(s) = self.factors[i].sign {
            return s;
        }
        let s = match self.signs {
            Signs::Pattern(bits) if bits >> (self.sign_classes % 64) & 1 == 1 => self.field.sub(0, self.field.one),
            Signs::Pattern(_) => self.field.one,
            Signs::Free | Signs::Pinned(_) => self.draw(),
        };
        self.sign_classes += 1;
        self.factors[i].sign = Some(s);
        s
    }

    fn logarithm(&mut self, x: u64) -> Result<u64, Stop> {
        if x == 0 {
            return Err(Stop::Pole);
        }
        // Where the logarithm is defined it is that of the absolute value, which is multiplicative for every sign.
        let (_, parts) = self.factorise(x);
        let mut sum = 0;
        for (i, e) in parts {
            let factor = self.factors[i];
            let scale = self.small(e);
            sum = self.field.add(sum, self.field.mul(scale, factor.log));
            // Where the formal root is a true one, the exponential of the logarithm is known to be the factor.
            if self.field.pow(factor.root, ROOTS) == factor.value && !self.multiples.contains_key(&factor.log) {
                let w = self.draw();
                let circle = self.circle_point(w).unwrap_or((self.field.one, 0));
                self.add_angle(Angle { argument: factor.log, exp: factor.root, circle });
            }
        }
        Ok(sum)
    }

    fn small(&self, n: i64) -> u64 {
        let v = self.field.embed(n.unsigned_abs());
        if n < 0 { self.field.sub(0, v) } else { v }
    }

    fn root_power(&mut self, x: u64, q: &Rational) -> Result<u64, Stop> {
        if x == 0 {
            return if *q > Rational::ZERO { Ok(0) } else { Err(Stop::Pole) };
        }
        let denominator = u64::try_from(q.denominator()).map_err(|_| Stop::Unsupported)?;
        let numerator = i64::try_from(q.numerator()).map_err(|_| Stop::Unsupported)?;
        if !ROOTS.is_multiple_of(denominator) || numerator.unsigned_abs() > 1 << 20 {
            // The power of an exponent that 12 does not cover: by way of the logarithm.
            let log = self.logarithm(x)?;
            let scale = self.rational(q)?;
            let product = self.field.mul(log, scale);
            return self.exponential(product);
        }
        let steps = numerator * (ROOTS / denominator).cast_signed();
        // As for logarithms: where x^q is defined it is |x|^q.
        let (_, parts) = self.factorise(x);
        let mut result = self.field.one;
        for (i, e) in parts {
            let part = self.signed_power(self.factors[i].root, e * steps)?;
            result = self.field.mul(result, part);
        }
        Ok(result)
    }

    fn new_angle(&mut self, argument: u64) -> usize {
        let exp = self.draw();
        let w = self.draw();
        let circle = self.circle_point(w).unwrap_or((self.field.one, 0));
        self.add_angle(Angle { argument, exp, circle })
    }

    fn add_angle(&mut self, angle: Angle) -> usize {
        let index = self.angles.len();
        self.angles.push(angle);
        for a in 1..=6i64 {
            for b in [1i64, 2, 3, 4, 6, 12] {
                let Some(inverse) = self.field.inv(self.small(b)) else {
                    continue;
                };
                let scale = self.field.mul(self.small(a), inverse);
                let v = self.field.mul(angle.argument, scale);
                let minus = self.field.sub(0, v);
                let twelfths = a * 12 / b;
                self.multiples.entry(v).or_insert((index, twelfths));
                self.multiples.entry(minus).or_insert((index, -twelfths));
            }
        }
        index
    }

    /// The rational point of the unit circle with parameter `w`.
    fn circle_point(&self, w: u64) -> Option<(u64, u64)> {
        let f = &self.field;
        let square = f.mul(w, w);
        let scale = f.inv(f.add(f.one, square))?;
        let cosine = f.mul(f.sub(f.one, square), scale);
        let sine = f.mul(f.add(w, w), scale);
        Some((cosine, sine))
    }

    fn circle_mul(&self, (c1, s1): (u64, u64), (c2, s2): (u64, u64)) -> (u64, u64) {
        let f = &self.field;
        (f.sub(f.mul(c1, c2), f.mul(s1, s2)), f.add(f.mul(s1, c2), f.mul(c1, s2)))
    }

    fn circle_pow(&self, (c, s): (u64, u64), e: i64) -> (u64, u64) {
        let mut base = if e < 0 { (c, self.field.sub(0, s)) } else { (c, s) };
        let mut n = e.unsigned_abs();
        let mut result = (self.field.one, 0);
        while n > 0 {
            if n & 1 == 1 {
                result = self.circle_mul(result, base);
            }
            base = self.circle_mul(base, base);
            n >>= 1;
        }
        result
    }

    /// Writes an argument as a combination of known ones: pairs of an angle and a multiple in twelfths.
    fn combine(&mut self, u: u64) -> Vec<(usize, i64)> {
        if u == 0 {
            return Vec::new();
        }
        self.collisions += self.multiples.len() as f64;
        if let Some(&(i, m)) = self.multiples.get(&u) {
            return vec![(i, m)];
        }
        let n = self.angles.len().min(MAX_RELATED);
        self.collisions += 2.0 * n as f64 * self.multiples.len() as f64;
        for i in 0..n {
            for (a, m) in
                [(self.field.sub(u, self.angles[i].argument), 12), (self.field.add(u, self.angles[i].argument), -12)]
            {
                if let Some(&(j, k)) = self.multiples.get(&a) {
                    return vec![(i, m), (j, k)];
                }
            }
        }
        if n <= 48 {
            self.collisions += 4.0 * (n * n) as f64 * self.multiples.len() as f64;
            for i in 0..n {
                for j in 0..i {
                    for (si, sj) in [(12, 12), (12, -12), (-12, 12), (-12, -12)] {
                        let mut a = u;
                        for (k, s) in [(i, si), (j, sj)] {
                            let x = self.angles[k].argument;
                            a = if s > 0 { self.field.sub(a, x) } else { self.field.add(a, x) };
                        }
                        if let Some(&(k, m)) = self.multiples.get(&a) {
                            return vec![(i, si), (j, sj), (k, m)];
                        }
                    }
                }
            }
        }
        let i = self.new_angle(u);
        vec![(i, 12)]
    }

    fn transposed(m: &[u64], rows: usize, cols: usize) -> Vec<u64> {
        (0..rows * cols).map(|k| m[(k % rows) * cols + k / rows]).collect()
    }

    fn matrix_product(&self, a: &[u64], b: &[u64], rows: usize, inner: usize, cols: usize) -> Vec<u64> {
        let mut out = vec![0; rows * cols];
        for i in 0..rows {
            for j in 0..cols {
                for k in 0..inner {
                    let x = self.field.mul(a[i * inner + k], b[k * cols + j]);
                    out[i * cols + j] = self.field.add(out[i * cols + j], x);
                }
            }
        }
        out
    }

    fn identity(&self, n: usize) -> Vec<u64> {
        (0..n * n).map(|k| if k / n == k % n { self.field.one } else { 0 }).collect()
    }

    fn sandwich(&self, left: &[u64], m: &[u64], right: &[u64], rows: usize, cols: usize) -> Vec<u64> {
        let half = self.matrix_product(left, m, rows, rows, cols);
        self.matrix_product(&half, right, rows, cols, cols)
    }

    /// The known orthogonal matrices of one size, their transposes and the identity.
    fn rotations(&self, n: usize) -> Vec<Vec<u64>> {
        let mut all = vec![self.identity(n)];
        for (q, _) in self.orthogonal.iter().filter(|(_, m)| *m == n) {
            all.push(q.clone());
            all.push(Self::transposed(q, n, n));
        }
        all
    }

    /// Orthogonal `Q`, `P` and a scalar `c` with `m = c Q A P`, if the known orthogonal matrices give one; with
    /// `congruent`, `P = Qᵀ`.
    fn related(&mut self, atom: &MatrixAtom, m: &[u64], congruent: bool) -> Option<(Vec<u64>, Vec<u64>, u64)> {
        let (rows, cols) = (atom.rows, atom.cols);
        for left in self.rotations(rows) {
            let rights = if congruent { vec![Self::transposed(&left, rows, rows)] } else { self.rotations(cols) };
            for right in rights {
                let image = self.sandwich(&left, &atom.argument, &right, rows, cols);
                let Some(k) = image.iter().position(|&v| v != 0) else {
                    continue;
                };
                let scale = self.field.mul(m[k], self.field.inv(image[k])?);
                self.collisions += 1.0;
                if scale != 0 && image.iter().zip(m).all(|(&v, &w)| self.field.mul(v, scale) == w) {
                    return Some((left, right, scale));
                }
            }
        }
        None
    }

    fn exponential(&mut self, u: u64) -> Result<u64, Stop> {
        let parts = self.combine(u);
        let mut root = self.field.one;
        for &(i, m) in &parts {
            // Multiples count in twelfths of the argument, and the atom is the exponential of a twelfth.
            root = self.field.mul(root, self.signed_power(self.angles[i].exp, m)?);
        }
        if !self.monomials.contains_key(&root) && root != self.field.one {
            // exp u is positive with logarithm u; its formal roots are made of those of its atoms where these exist.
            let mut formal = self.field.one;
            let whole = parts.iter().all(|&(_, m)| m % ROOTS.cast_signed() == 0);
            for &(i, m) in &parts {
                formal = self.field.mul(formal, self.signed_power(self.angles[i].exp, m / ROOTS.cast_signed())?);
            }
            let formal = if whole { formal } else { self.draw() };
            let sign = Some(self.field.one);
            self.add_factor(Factor { value: root, root: formal, log: u, sign });
        }
        Ok(root)
    }

    fn circular(&mut self, u: u64) -> (u64, u64) {
        let parts = self.combine(u);
        parts.iter().fold((self.field.one, 0), |acc, &(i, m)| {
            let p = self.circle_pow(self.angles[i].circle, m);
            self.circle_mul(acc, p)
        })
    }
}
