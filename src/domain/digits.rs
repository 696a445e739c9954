//! Floating point with many digits: numbers that agree to twelve digits are looked at with a hundred.
//!
//! Nothing here is verified: a difference that shows is no proof, and neither is one that does not. It keeps from saying that
//! sides agree where ordinary floating point has lost what they differ in: `cos(1e-9)` is 1 there.

use std::cell::{Cell, RefCell};

use astro_float_num::{BigFloat, Consts, Radix, RoundingMode};

use super::{Domain, Fun, Rational, Stop, Trace};

/// Bits of a number.
const BITS: usize = 448;
/// The error function is summed for arguments up to this one, beyond which it is one but for `2^-472`.
const ERF: f64 = 18.0;
/// Beyond this argument tanh is one to all digits.
const TANH: f64 = 156.0;
/// Sweeps of Jacobi's method, at most.
const SWEEPS: usize = 40;
/// An eigenvalue below the largest by so many binary places is not zero, and one by more than those is.
const NONZERO: i64 = 144;
const ZERO: i64 = 320;
const RM: RoundingMode = RoundingMode::ToEven;

/// The domain of numbers with 448 bits.
pub struct Digits {
    consts: RefCell<Consts>,
    /// The ranks that were met.
    pub trace: Trace,
    /// Whether a summand left no trace in its sum, or a function was taken where it is its asymptote to all digits.
    absorbed: Cell<bool>,
}

impl Digits {
    /// `None` if there is no memory for the constants.
    pub fn new() -> Option<Self> {
        let consts = RefCell::new(Consts::new().ok()?);
        Some(Digits { consts, trace: Trace::default(), absorbed: Cell::new(false) })
    }

    /// Whether since the last call something was too small beside what it was added to: `exp(-1000) + 1` is 1 here, and what
    /// sides differ by may be lost.
    pub fn has_absorbed(&self) -> bool {
        self.absorbed.take()
    }

    /// Takes note of two summands of which the smaller one has no digit in the sum.
    fn note_sum(&self, a: &BigFloat, b: &BigFloat) {
        if !a.is_zero() && !b.is_zero() && Self::exponent(a).abs_diff(Self::exponent(b)) > BITS as u64 + 1 {
            self.absorbed.set(true);
        }
    }

    /// The nearest number to π.
    pub fn pi(&self) -> BigFloat {
        self.consts.borrow_mut().pi(BITS, RM)
    }

    /// The binary exponent of a number, that of zero below all others: `|x| < 2^e`.
    pub fn exponent(x: &BigFloat) -> i64 {
        if x.is_zero() { i64::MIN } else { x.exponent().map_or(i64::MAX, i64::from) }
    }

    fn number(&self, x: f64) -> BigFloat {
        BigFloat::from_f64(x, BITS)
    }

    fn finite(x: BigFloat) -> Result<BigFloat, Stop> {
        if x.is_nan() || x.is_inf() { Err(Stop::OutOfDomain) } else { Ok(x) }
    }

    fn exp(&self, x: &BigFloat) -> BigFloat {
        x.exp(BITS, RM, &mut self.consts.borrow_mut())
    }

    /// `exp(-x²) 2/√π`
    fn gauss(&self, x: &BigFloat) -> BigFloat {
        let root = self.pi().sqrt(BITS, RM);
        let square = self.mul(x, x).neg();
        self.exp(&square).mul(&self.number(2.0), BITS, RM).div(&root, BITS, RM)
    }

    /// `erf(x) = 2/√π exp(-x²) Σ 2^n x^(2n+1) / (2n+1)!!`, a sum without cancellation (NIST Digital Library of Mathematical
    /// Functions, 7.6.2).
    fn erf(&self, x: &BigFloat) -> BigFloat {
        let limit = self.number(ERF);
        if x.abs().sub(&limit, BITS, RM).is_positive() {
            self.absorbed.set(true);
            return if x.is_negative() { self.one().neg() } else { self.one() };
        }
        let twice = self.mul(x, x).mul(&self.number(2.0), BITS, RM);
        let (mut term, mut sum, mut n) = (x.clone(), x.clone(), 1.0);
        while !term.is_zero() && Self::exponent(&term) + BITS as i64 > Self::exponent(&sum) {
            n += 2.0;
            term = self.mul(&term, &twice).div(&self.number(n), BITS, RM);
            sum = self.add(&sum, &term);
        }
        self.mul(&sum, &self.gauss(x))
    }

    /// Eigenvalues and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations (Golub and Van Loan, Matrix
    /// Computations, section 8.5).
    fn eigen(&self, m: &[BigFloat], n: usize) -> Result<(Vec<BigFloat>, Vec<BigFloat>), Stop> {
        let (one, two) = (self.one(), self.number(2.0));
        let mut a = m.to_vec();
        let mut v: Vec<BigFloat> = (0..n * n).map(|k| if k / n == k % n { self.one() } else { self.zero() }).collect();
        for _ in 0..SWEEPS {
            let largest = a.iter().map(Self::exponent).max().unwrap_or(i64::MIN);
            let off = |a: &[BigFloat], i: usize, j: usize| Self::exponent(&a[i * n + j]);
            let settled = |a: &[BigFloat], i: usize, j: usize| {
                off(a, i, j) == i64::MIN || off(a, i, j) < largest - BITS as i64 + 16
            };
            if (0..n).all(|i| (0..i).all(|j| settled(&a, i, j))) {
                return Ok(((0..n).map(|i| a[i * n + i].clone()).collect(), v));
            }
            for p in 0..n {
                for q in p + 1..n {
                    if a[p * n + q].is_zero() {
                        continue;
                    }
                    let gap = self.sub(&a[q * n + q], &a[p * n + p]);
                    let tau = gap.div(&self.mul(&two, &a[p * n + q]), BITS, RM);
                    let root = self.add(&one, &self.mul(&tau, &tau)).sqrt(BITS, RM);
                    let size = one.div(&self.add(&tau.abs(), &root), BITS, RM);
                    let t = if tau.is_negative() { size.neg() } else { size };
                    let c = one.div(&self.add(&one, &self.mul(&t, &t)).sqrt(BITS, RM), BITS, RM);
                    let s = self.mul(&t, &c);
                    let turn = |x: &BigFloat, y: &BigFloat| {
                        (self.sub(&self.mul(&c, x), &self.mul(&s, y)), self.add(&self.mul(&s, x), &self.mul(&c, y)))
                    };
                    for k in 0..n {
                        (a[k * n + p], a[k * n + q]) = turn(&a[k * n + p], &a[k * n + q]);
                    }
                    for k in 0..n {
                        (a[p * n + k], a[q * n + k]) = turn(&a[p * n + k], &a[q * n + k]);
                        (v[k * n + p], v[k * n + q]) = turn(&v[k * n + p], &v[k * n + q]);
                    }
                }
            }
        }
        Err(Stop::Unsupported)
    }

    /// The symmetric matrix with these eigenvalues and eigenvectors (columns).
    fn with_spectrum(&self, values: &[BigFloat], vectors: &[BigFloat], n: usize) -> Vec<BigFloat> {
        let scaled: Vec<BigFloat> = (0..n * n).map(|k| self.mul(&vectors[k], &values[k % n])).collect();
        self.product(&scaled, &transposed(vectors, n, n), n, n, n)
    }

    /// A power of a Gram matrix on its range, and zero on its kernel. An eigenvalue of which it is not clear whether it is
    /// zero has none. With the rank.
    fn on_range(&mut self, gram: &[BigFloat], n: usize, q: &Rational) -> Result<(Vec<BigFloat>, usize), Stop> {
        let (values, vectors) = self.eigen(gram, n)?;
        let largest = values.iter().map(Self::exponent).max().unwrap_or(i64::MIN);
        if largest == i64::MIN {
            return Err(Stop::Unsupported);
        }
        let mut powers = Vec::new();
        for value in &values {
            powers.push(match Self::exponent(value) {
                e if e >= largest - NONZERO && value.is_positive() => self.power(value, q)?,
                e if e < largest - ZERO => self.zero(),
                _ => return Err(Stop::Unsupported),
            });
        }
        let rank = powers.iter().filter(|p| !p.is_zero()).count();
        Ok((self.with_spectrum(&powers, &vectors, n), rank))
    }

    fn product(&self, a: &[BigFloat], b: &[BigFloat], rows: usize, inner: usize, cols: usize) -> Vec<BigFloat> {
        let mut out = vec![self.zero(); rows * cols];
        for i in 0..rows {
            for j in 0..cols {
                for k in 0..inner {
                    self.mul_add(&mut out[i * cols + j], &a[i * inner + k], &b[k * cols + j]);
                }
            }
        }
        out
    }
}

fn transposed(m: &[BigFloat], rows: usize, cols: usize) -> Vec<BigFloat> {
    (0..rows * cols).map(|k| m[(k % rows) * cols + k / rows].clone()).collect()
}

impl Domain for Digits {
    type Elem = BigFloat;

    fn rational(&mut self, q: &Rational) -> Result<BigFloat, Stop> {
        let mut consts = self.consts.borrow_mut();
        let mut part = |text: String| BigFloat::parse(&text, Radix::Dec, BITS, RM, &mut consts);
        let (n, d) = (part(q.numerator().to_string()), part(q.denominator().to_string()));
        Self::finite(n.div(&d, BITS, RM))
    }

    fn add(&self, a: &BigFloat, b: &BigFloat) -> BigFloat {
        self.note_sum(a, b);
        a.add(b, BITS, RM)
    }

    fn sub(&self, a: &BigFloat, b: &BigFloat) -> BigFloat {
        self.note_sum(a, b);
        a.sub(b, BITS, RM)
    }

    fn mul(&self, a: &BigFloat, b: &BigFloat) -> BigFloat {
        a.mul(b, BITS, RM)
    }

    fn neg(&self, a: &BigFloat) -> BigFloat {
        a.neg()
    }

    fn zero(&self) -> BigFloat {
        BigFloat::new(BITS)
    }

    fn one(&self) -> BigFloat {
        self.number(1.0)
    }

    fn div(&mut self, a: &BigFloat, b: &BigFloat) -> Result<BigFloat, Stop> {
        if b.is_zero() { Err(Stop::Pole) } else { Self::finite(a.div(b, BITS, RM)) }
    }

    fn apply(&mut self, f: Fun, x: &BigFloat) -> Result<BigFloat, Stop> {
        let one = self.one();
        let logistic = |x: &BigFloat| one.div(&self.add(&one, &self.exp(&x.neg())), BITS, RM);
        let value = match f {
            Fun::Exp => self.exp(x),
            Fun::Log if !x.is_positive() || x.is_zero() => return Err(Stop::OutOfDomain),
            Fun::Log => x.ln(BITS, RM, &mut self.consts.borrow_mut()),
            Fun::Sin => x.sin(BITS, RM, &mut self.consts.borrow_mut()),
            Fun::Cos => x.cos(BITS, RM, &mut self.consts.borrow_mut()),
            Fun::Atan => x.atan(BITS, RM, &mut self.consts.borrow_mut()),
            Fun::Tanh => {
                // 1 - tanh(x) is about 2 exp(-2x).
                let far = self.number(TANH);
                self.absorbed.set(self.absorbed.get() || x.abs().sub(&far, BITS, RM).is_positive());
                x.tanh(BITS, RM, &mut self.consts.borrow_mut())
            }
            Fun::Sigmoid => logistic(x),
            Fun::Softplus => self.add(&one, &self.exp(x)).ln(BITS, RM, &mut self.consts.borrow_mut()),
            Fun::Sign if x.is_zero() => return Err(Stop::Kink),
            Fun::Sign => {
                self.trace.signs.push(if x.is_negative() { -1 } else { 1 });
                x.signum()
            }
            Fun::Erf => self.erf(x),
            Fun::Gauss => self.gauss(x),
        };
        Self::finite(value)
    }

    fn power(&mut self, x: &BigFloat, q: &Rational) -> Result<BigFloat, Stop> {
        if x.is_zero() {
            return if *q < Rational::ZERO { Err(Stop::Pole) } else { Ok(self.zero()) };
        }
        if q.is_int() {
            let e = i64::try_from(q.numerator()).map_err(|_| Stop::Unsupported)?;
            let up = x.powi(usize::try_from(e.unsigned_abs()).map_err(|_| Stop::Unsupported)?, BITS, RM);
            return Self::finite(if e < 0 { self.one().div(&up, BITS, RM) } else { up });
        }
        if x.is_negative() {
            return Err(Stop::OutOfDomain);
        }
        // The library's own power rounds correctly, and does not come to an end where the root is exact.
        let (mut d, mut root) = (q.denominator().clone(), x.clone());
        while d.trailing_zeros().is_some_and(|k| k > 0) {
            d >>= 1;
            root = root.sqrt(BITS, RM);
        }
        if d.is_one() {
            return self.power(&root, &Rational::from_parts(q.numerator().clone(), d));
        }
        let log = root.ln(BITS, RM, &mut self.consts.borrow_mut());
        let e = self.rational(&Rational::from_parts(q.numerator().clone(), d))?;
        Self::finite(self.exp(&self.mul(&e, &log)))
    }

    fn is_zero(&self, x: &BigFloat) -> Option<bool> {
        Some(x.is_zero())
    }

    fn pivot_size(&self, x: &BigFloat) -> f64 {
        if x.is_zero() { 0.0 } else { f64::from(x.exponent().unwrap_or(0)).exp2() }
    }

    fn pseudo_inverse(&mut self, m: &[BigFloat], rows: usize, cols: usize) -> Result<Vec<BigFloat>, Stop> {
        let across = transposed(m, rows, cols);
        if rows < cols {
            let inner = self.pseudo_inverse(&across, cols, rows)?;
            return Ok(transposed(&inner, rows, cols));
        }
        // A⁺ = (AᵀA)⁺ Aᵀ.
        let gram = self.product(&across, m, cols, rows, cols);
        let (inverse, rank) = self.on_range(&gram, cols, &Rational::NEG_ONE)?;
        self.trace.ranks.push(rank);
        Ok(self.product(&inverse, &across, cols, cols, rows))
    }

    fn polar(&mut self, m: &[BigFloat], rows: usize, cols: usize) -> Result<Vec<BigFloat>, Stop> {
        let across = transposed(m, rows, cols);
        let half = Rational::from_parts((-1).into(), 2u8.into());
        Ok(if rows <= cols {
            let gram = self.product(m, &across, rows, cols, rows);
            let (root, rank) = self.on_range(&gram, rows, &half)?;
            self.trace.polar_ranks.push(rank);
            self.product(&root, m, rows, rows, cols)
        } else {
            let gram = self.product(&across, m, cols, rows, cols);
            let (root, rank) = self.on_range(&gram, cols, &half)?;
            self.trace.polar_ranks.push(rank);
            self.product(m, &root, rows, cols, cols)
        })
    }

    fn eigenvectors(&mut self, m: &[BigFloat], n: usize) -> Result<Vec<BigFloat>, Stop> {
        let (values, vectors) = self.eigen(m, n)?;
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| values[j].cmp(&values[i]).map_or(std::cmp::Ordering::Equal, |c| c.cmp(&0)));
        let largest = values.iter().map(Self::exponent).max().unwrap_or(0);
        // What is repeated but for rounding has no vectors here.
        let apart = |w: &[usize]| {
            let gap = self.sub(&values[w[0]], &values[w[1]]);
            gap.is_positive() && Self::exponent(&gap) >= largest - NONZERO
        };
        if !order.windows(2).all(apart) {
            return Err(Stop::Unsupported);
        }
        Ok((0..n * n).map(|k| vectors[k / n * n + order[k % n]].clone()).collect())
    }

    fn power_spd(&mut self, m: &[BigFloat], n: usize, q: &Rational) -> Result<Vec<BigFloat>, Stop> {
        let (values, vectors) = self.eigen(m, n)?;
        let largest = values.iter().map(Self::exponent).max().unwrap_or(0);
        // What is zero but for rounding has no power here.
        if values.iter().any(|v| !v.is_positive() || Self::exponent(v) < largest - BITS as i64 / 2) {
            return Err(Stop::Unsupported);
        }
        let powers: Result<Vec<BigFloat>, Stop> = values.iter().map(|v| self.power(v, q)).collect();
        Ok(self.with_spectrum(&powers?, &vectors, n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::float::Float;

    fn close(x: &BigFloat, y: &BigFloat, bits: i64) -> bool {
        Digits::exponent(&x.sub(y, BITS, RM)) <= Digits::exponent(y) - bits
    }

    #[test]
    fn functions_agree_with_floating_point_and_see_what_it_loses() {
        let mut d = Digits::new().expect("memory");
        let all = [
            Fun::Exp,
            Fun::Log,
            Fun::Sin,
            Fun::Cos,
            Fun::Atan,
            Fun::Tanh,
            Fun::Sigmoid,
            Fun::Softplus,
            Fun::Sign,
            Fun::Erf,
            Fun::Gauss,
        ];
        for f in all {
            for x in [0.25, 1.5, 3.0] {
                let exact = d.apply(f, &d.number(x)).expect("a value");
                let plain = Float::default().apply(f, &x).expect("a value");
                assert!(close(&exact, &d.number(plain), 45), "{f:?}({x})");
            }
        }
        // 1 - erf(13) = 1.74e-75, and 1 - erf(20) = 5.4e-176 is not seen.
        let far = [13.0, -13.0, 20.0].map(|x| d.erf(&d.number(x)));
        let gaps = [d.sub(&d.one(), &far[0]), d.add(&d.one(), &far[1]), d.sub(&d.one(), &far[2])];
        assert_eq!(gaps.map(|g| Digits::exponent(&g)), [-248, -248, i64::MIN]);
        let small = d.rational(&Rational::from_parts(1.into(), 1_000_000_000u64.into())).expect("a number");
        let cosine = d.apply(Fun::Cos, &small).expect("a value");
        let gap = d.sub(&cosine, &d.one());
        assert_eq!(Digits::exponent(&gap), -60);
    }

    #[test]
    fn roots_of_matrices_square_to_the_matrix() {
        let mut d = Digits::new().expect("memory");
        let m: Vec<BigFloat> = [4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 2.0].map(|x| d.number(x)).to_vec();
        let root = d.power_spd(&m, 3, &Rational::from_parts(1.into(), 2u8.into())).expect("a root");
        let square = d.product(&root, &root, 3, 3, 3);
        assert!(square.iter().zip(&m).all(|(a, b)| close(a, b, 400)));
        let low: Vec<BigFloat> = [1.0, 2.0, 2.0, 4.0, 3.0, 6.0].map(|x| d.number(x)).to_vec();
        let back = d.pseudo_inverse(&low, 3, 2).expect("an inverse");
        let twice = d.product(&d.product(&low, &back, 3, 2, 3), &low, 3, 3, 2);
        assert!(twice.iter().zip(&low).all(|(a, b)| close(a, b, 300)));
        let part = d.polar(&low, 3, 2).expect("a factor");
        let norm = part.iter().fold(d.zero(), |sum, x| d.add(&sum, &d.mul(x, x)));
        assert!(close(&norm, &d.one(), 300));
        let vectors = d.eigenvectors(&m, 3).expect("vectors");
        let image = d.product(&m, &vectors, 3, 3, 3);
        let turned = d.product(&transposed(&vectors, 3, 3), &image, 3, 3, 3);
        for i in 0..3 {
            for j in (0..3).filter(|j| *j != i) {
                assert!(Digits::exponent(&turned[i * 3 + j]) < -400, "diagonal");
            }
        }
        assert!(d.sub(&turned[0], &turned[4]).is_positive() && d.sub(&turned[4], &turned[8]).is_positive(), "falling");
        let repeated: Vec<BigFloat> = (0..9).map(|k| if k % 4 == 0 { d.one() } else { d.zero() }).collect();
        assert!(d.eigenvectors(&repeated, 3).is_err());
        let polar = d.polar(&m, 3, 3).expect("a factor");
        let unit = d.product(&transposed(&polar, 3, 3), &polar, 3, 3, 3);
        assert!((0..3).all(|i| close(&unit[i * 4], &d.one(), 400)));
    }
}
