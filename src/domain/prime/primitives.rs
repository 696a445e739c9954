//! The primitives of the term language in a prime field with atoms.

use super::matrices::MatrixAtom;
use super::{GIVEN, GREAT, Prime, PseudoInverses, UNRELATED};
use crate::core::prim::Plane;
use crate::domain::{Domain, Fun, Rational, Stop, linear};

impl Domain for Prime {
    type Elem = u64;

    fn rational(&mut self, q: &Rational) -> Result<u64, Stop> {
        if let Some(&v) = self.constants.get(q) {
            return Ok(v);
        }
        let p = dashu_int::UBig::from(self.field.p);
        let (sign, magnitude) = q.numerator().clone().into_parts();
        let n = u64::try_from(magnitude % &p).map_err(|_| Stop::Unsupported)?;
        let d = u64::try_from(q.denominator() % &p).map_err(|_| Stop::Unsupported)?;
        let inverse = self.field.inv(self.field.embed(d)).ok_or(Stop::Pole)?;
        let v = self.field.mul(self.field.embed(n), inverse);
        let v = if sign == dashu_int::Sign::Negative { self.field.sub(0, v) } else { v };
        self.constants.insert(q.clone(), v);
        Ok(v)
    }

    fn add(&self, a: &u64, b: &u64) -> u64 {
        self.field.add(*a, *b)
    }

    fn sub(&self, a: &u64, b: &u64) -> u64 {
        self.field.sub(*a, *b)
    }

    fn mul(&self, a: &u64, b: &u64) -> u64 {
        self.field.mul(*a, *b)
    }

    fn neg(&self, a: &u64) -> u64 {
        self.field.sub(0, *a)
    }

    fn zero(&self) -> u64 {
        0
    }

    fn one(&self) -> u64 {
        self.field.one
    }

    fn div(&mut self, a: &u64, b: &u64) -> Result<u64, Stop> {
        Ok(self.field.mul(*a, self.field.inv(*b).ok_or(Stop::Pole)?))
    }

    fn apply(&mut self, f: Fun, x: &u64) -> Result<u64, Stop> {
        let one = self.field.one;
        match f.plane() {
            Plane::Pieces => self.kinks = true,
            Plane::Meromorphic | Plane::Branched => self.atoms = true,
        }
        match f {
            // Drawn without a relation to others.
            Fun::Atan | Fun::Erf => self.collisions += self.odd_atoms as f64,
            Fun::Exp
            | Fun::Log
            | Fun::Sin
            | Fun::Cos
            | Fun::Tanh
            | Fun::Sigmoid
            | Fun::Softplus
            | Fun::Sign
            | Fun::Gauss => {}
        }
        // An argument may agree with one that was met before by accident, or with zero.
        self.collisions += self.values.len() as f64 + 1.0;
        if f != Fun::Sign
            && let Some(&(v, number)) = self.values.get(&(f, *x))
        {
            self.decisions.extend([GIVEN, number]);
            return Ok(v);
        }
        let value = match f {
            Fun::Exp => self.exponential(*x),
            Fun::Log => self.logarithm(*x),
            Fun::Sin => Ok(self.circular(*x).1),
            Fun::Cos => Ok(self.circular(*x).0),
            // Atoms with no relation but that the function is odd.
            Fun::Atan | Fun::Erf => {
                self.decisions.extend([UNRELATED, u32::from(*x == 0)]);
                let v = if *x == 0 { 0 } else { self.draw() };
                self.odd_atoms += 2;
                self.remember(f, self.field.sub(0, *x), self.field.sub(0, v));
                Ok(v)
            }
            Fun::Gauss => {
                let height = self.gauss_height();
                let minus = self.field.sub(0, self.field.mul(*x, *x));
                let e = self.exponential(minus)?;
                Ok(self.field.mul(height, e))
            }
            Fun::Tanh => {
                let twice = self.field.add(*x, *x);
                let e = self.exponential(twice)?;
                let (n, d) = (self.field.sub(e, one), self.field.add(e, one));
                self.div(&n, &d)
            }
            Fun::Sigmoid => {
                let e = self.exponential(*x)?;
                let d = self.field.add(e, one);
                self.div(&e, &d)
            }
            Fun::Softplus => {
                let e = self.exponential(*x)?;
                let argument = self.field.add(e, one);
                self.assume_positive(argument);
                self.logarithm(argument)
            }
            Fun::Sign => self.sign(*x),
        };
        if let (Ok(v), true) = (&value, f != Fun::Sign) {
            // What is met later may offer another way to take the argument apart; its value stays.
            self.remember(f, *x, *v);
        }
        value
    }

    fn power(&mut self, x: &u64, q: &Rational) -> Result<u64, Stop> {
        if q.is_int() {
            let e = i64::try_from(q.numerator()).ok().filter(|e| e.unsigned_abs() <= GREAT);
            let Some(e) = e else { return self.great_power(*x, q.numerator()) };
            return if e < 0 && *x == 0 { Err(Stop::Pole) } else { self.signed_power(*x, e) };
        }
        self.root_power(*x, q)
    }

    fn is_zero(&self, x: &u64) -> Option<bool> {
        Some(*x == 0)
    }

    fn note_rank(&mut self, rank: usize) {
        self.ranks.push(rank);
    }

    /// `polar(Q A P) = Q polar(A) P` for orthogonal `Q`, `P`, and `polar(c A) = ± polar(A)`; else a new atom.
    fn polar(&mut self, m: &[u64], rows: usize, cols: usize) -> Result<Vec<u64>, Stop> {
        self.atoms = true;
        self.polar_factor(m, rows, cols)
    }

    /// Those of `c Q A Qᵀ` follow from those of `A`; else a new atom.
    fn eigenvectors(&mut self, m: &[u64], n: usize) -> Result<Vec<u64>, Stop> {
        self.atoms = true;
        // A repeated eigenvalue, or a first entry that is zero, at all points.
        if !linear::has_eigenvectors(self, m, n)? {
            return Err(Stop::Pole);
        }
        self.eigenvector_atom(m, n)
    }

    /// `(Q A Qᵀ)^q = Q A^q Qᵀ` for orthogonal `Q`, and `(c A)^q = c^q A^q`, also of the identity; else a new atom.
    fn power_spd(&mut self, m: &[u64], n: usize, q: &Rational) -> Result<Vec<u64>, Stop> {
        self.atoms = true;
        if let Some(scale) = self.multiple_of_identity(m, n) {
            let value = self.power(&scale, q)?;
            return Ok((0..n * n).map(|k| if k / n == k % n { value } else { 0 }).collect());
        }
        let known = std::mem::take(&mut self.powers);
        let mut found = None;
        for (atom, _) in known.iter().filter(|(a, p)| a.rows == n && p == q) {
            if let Some((left, right, scale)) = self.related(atom, m, true) {
                let factor = if scale == self.field.one { scale } else { self.power(&scale, q)? };
                let value = self.sandwich(&left, &atom.value, &right, n, n);
                found = Some(value.iter().map(|v| self.field.mul(*v, factor)).collect());
                break;
            }
        }
        self.powers = known;
        if let Some(value) = found {
            return Ok(value);
        }
        let mut value: Vec<u64> = (0..n * n).map(|_| self.draw()).collect();
        for i in 0..n {
            for j in 0..i {
                value[i * n + j] = value[j * n + i];
            }
        }
        self.powers.push((MatrixAtom { argument: m.to_vec(), rows: n, cols: n, value: value.clone() }, q.clone()));
        Ok(value)
    }

    fn pseudo_inverse(&mut self, m: &[u64], rows: usize, cols: usize) -> Result<Vec<u64>, Stop> {
        if self.pseudo_inverses == PseudoInverses::ByRank {
            return linear::pseudo_inverse(self, m, rows, cols);
        }
        let mut gram = vec![0; cols * cols];
        for i in 0..cols {
            for j in 0..cols {
                let mut acc = if i == j { self.lambda } else { 0 };
                for k in 0..rows {
                    self.mul_add(&mut acc, &m[k * cols + i], &m[k * cols + j]);
                }
                gram[i * cols + j] = acc;
            }
        }
        let inverse = linear::inverse(self, &gram, cols)?;
        let mut result = vec![0; cols * rows];
        for i in 0..cols {
            for k in 0..rows {
                let mut acc = 0;
                for j in 0..cols {
                    self.mul_add(&mut acc, &inverse[i * cols + j], &m[k * cols + j]);
                }
                result[i * rows + k] = acc;
            }
        }
        Ok(result)
    }
}
