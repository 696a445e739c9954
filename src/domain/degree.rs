//! Bounds for the degrees of rational functions: what the error bound of the randomised test rests on.

use super::prime::{DIGITS, GREAT};
use super::{Domain, Fun, Rational, Stop};

/// Upper bounds for the degrees of numerator and denominator of a rational function of the drawn values and atoms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Degree {
    /// Of the numerator.
    pub top: f64,
    /// Of the denominator.
    pub bottom: f64,
}

impl Degree {
    /// A drawn value.
    pub const VARIABLE: Degree = Degree { top: 1.0, bottom: 0.0 };
    const CONSTANT: Degree = Degree { top: 0.0, bottom: 0.0 };

    fn max(self) -> f64 {
        self.top.max(self.bottom)
    }

    /// A rational function of an atom: a power of its root of at most this degree.
    fn atom(degree: f64) -> Degree {
        Degree { top: degree, bottom: degree }
    }
}

/// The domain of degree bounds.
#[derive(Debug, Clone, Default)]
pub struct Degrees {
    /// The largest degree of an argument of an atom.
    pub arguments: f64,
}

impl Degrees {
    /// Bounds for a matrix over one common denominator.
    fn common(m: &[Degree]) -> f64 {
        let bottom: f64 = m.iter().map(|d| d.bottom).sum();
        let top = m.iter().map(|d| d.top).fold(0.0, f64::max);
        top + bottom
    }

    fn matrix_atom(&mut self, m: &[Degree], n: usize) -> Vec<Degree> {
        self.arguments = self.arguments.max(Self::common(m) + 2.0);
        // An atom times two orthogonal matrices and a power of a factor.
        vec![Degree::atom(256.0 + Self::common(m)); n]
    }
}

impl Domain for Degrees {
    type Elem = Degree;

    fn rational(&mut self, _q: &Rational) -> Result<Degree, Stop> {
        Ok(Degree::CONSTANT)
    }

    fn add(&self, a: &Degree, b: &Degree) -> Degree {
        if a.bottom == 0.0 && b.bottom == 0.0 {
            return Degree { top: a.top.max(b.top), bottom: 0.0 };
        }
        Degree { top: (a.top + b.bottom).max(b.top + a.bottom), bottom: a.bottom + b.bottom }
    }

    fn sub(&self, a: &Degree, b: &Degree) -> Degree {
        self.add(a, b)
    }

    fn mul(&self, a: &Degree, b: &Degree) -> Degree {
        Degree { top: a.top + b.top, bottom: a.bottom + b.bottom }
    }

    fn neg(&self, a: &Degree) -> Degree {
        *a
    }

    fn zero(&self) -> Degree {
        Degree::CONSTANT
    }

    fn one(&self) -> Degree {
        Degree::CONSTANT
    }

    fn div(&mut self, a: &Degree, b: &Degree) -> Result<Degree, Stop> {
        Ok(Degree { top: a.top + b.bottom, bottom: a.bottom + b.top })
    }

    fn apply(&mut self, f: Fun, x: &Degree) -> Result<Degree, Stop> {
        let growth = f.growth().ok_or(Stop::Unsupported)?;
        self.arguments = self.arguments.max(growth.argument * x.max());
        Ok(Degree { top: growth.top, bottom: growth.bottom })
    }

    fn power(&mut self, x: &Degree, q: &Rational) -> Result<Degree, Stop> {
        let size = i64::try_from(q.numerator()).ok().filter(|e| e.unsigned_abs() <= GREAT);
        if q.is_int() && size.is_none() {
            // Digits of half the base, of the base itself and of atoms, of up to a dozen factors.
            self.arguments = self.arguments.max(x.max());
            return Ok(Degree::atom((x.max() + 288.0 * DIGITS as f64) * GREAT as f64 / 2.0));
        }
        let e = i32::try_from(q.numerator()).map_err(|_| Stop::Unsupported)?;
        if q.is_int() {
            let n = f64::from(e.unsigned_abs());
            let up = Degree { top: x.top * n, bottom: x.bottom * n };
            return Ok(if e < 0 { Degree { top: up.bottom, bottom: up.top } } else { up });
        }
        self.arguments = self.arguments.max(x.max());
        // A true root grows like its part of the radicand: (a/b)^(n/d) = (a b^(d-1))^(n/d) / b^n. A formal one is a power of a
        // free square, of at most a dozen factors.
        let n = f64::from(e.unsigned_abs());
        let d = q.denominator().to_f64().value();
        let (top, bottom) = if e < 0 { (x.bottom, x.top) } else { (x.top, x.bottom) };
        let formal = 288.0 * n / d;
        Ok(Degree { top: (top * n / d + bottom * n).max(formal), bottom: (bottom * n).max(formal) })
    }

    fn is_zero(&self, _x: &Degree) -> Option<bool> {
        None
    }

    fn inverse(&mut self, m: &[Degree], n: usize) -> Result<Vec<Degree>, Stop> {
        let d = Self::common(m);
        let bottom: f64 = m.iter().map(|d| d.bottom).sum();
        let n_f = n as f64;
        Ok(vec![Degree { top: (n_f - 1.0) * d + bottom, bottom: n_f * d }; n * n])
    }

    fn pseudo_inverse(&mut self, m: &[Degree], rows: usize, cols: usize) -> Result<Vec<Degree>, Stop> {
        // C and F of the factorisation have entries of degree r·d over a common denominator, their Gram matrices twice
        // that, the inverses r times as much; the regularised form has less.
        let r = rows.min(cols) as f64;
        let d = (Self::common(m) + 1.0) * (8.0 * r * r + 8.0 * r);
        Ok(vec![Degree { top: d, bottom: d }; rows * cols])
    }

    fn determinant(&mut self, m: &[Degree], n: usize) -> Result<Degree, Stop> {
        let bottom: f64 = m.iter().map(|d| d.bottom).sum();
        Ok(Degree { top: n as f64 * Self::common(m), bottom: n as f64 * bottom })
    }

    fn polar(&mut self, m: &[Degree], rows: usize, cols: usize) -> Result<Vec<Degree>, Stop> {
        let atoms = self.matrix_atom(m, rows * cols);
        // A root that is known on the larger side, B s (BᵀB)⁻¹ Bᵀ times the matrix, for another argument B met before.
        let n = rows.min(cols) as f64;
        let large = 1.0 + (2.0 * n + 4.0) * self.arguments;
        Ok(atoms.into_iter().map(|a| Degree::atom(a.max() + large)).collect())
    }

    fn eigenvectors(&mut self, m: &[Degree], n: usize) -> Result<Vec<Degree>, Stop> {
        // A free orthogonal matrix is a quotient of degree n.
        let atoms = self.matrix_atom(m, n * n);
        Ok(atoms.into_iter().map(|a| Degree::atom(a.max() + 2.0 * n as f64)).collect())
    }

    fn power_spd(&mut self, m: &[Degree], n: usize, _q: &Rational) -> Result<Vec<Degree>, Stop> {
        Ok(self.matrix_atom(m, n * n))
    }
}
