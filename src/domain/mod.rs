//! What a term is read in: floating point, prime fields, exact rationals, intervals and power series.
//!
//! A [`Domain`] says how the primitives of the term language act on one kind of scalar. The evaluator in
//! [`crate::term`] is written once, generic over this trait, so that every engine computes the same function. A
//! primitive that has no value at a point, or none that this domain can represent, answers with a [`Stop`]; nothing is
//! ever guessed.

use dashu_ratio::RBig;

pub mod degree;
pub mod digits;
pub mod exact;
pub mod float;
mod halfspaces;
pub mod interval;
pub mod laurent;
pub mod linear;
pub mod polynomial;
pub mod prime;
pub mod roots;
pub mod scaled;
pub mod series;
pub mod surd;
#[cfg(test)]
mod testing;

pub use crate::core::prim::Fun;

/// Exact rational numbers.
pub type Rational = RBig;

/// Why a primitive has no value here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stop {
    /// Division by zero, or the inverse of a singular matrix.
    Pole,
    /// The sign of zero: the point lies on a kink.
    Kink,
    /// Outside the domain of definition: the logarithm or an even root of a negative number.
    OutOfDomain,
    /// The domain cannot tell whether a number is zero (an interval around zero), so a pivot, a rank or a sign is open.
    Unclear,
    /// The value exists but this domain cannot represent it (`exp 1` as a rational).
    Unsupported,
    /// Not a finite number.
    Overflow,
    /// The budget ran out.
    Budget,
}

/// What exact evaluation met on its way: the signs it took and the ranks it found, in the order of evaluation.
///
/// Evaluation of one program visits its nodes in a fixed order, so two evaluations of it in different domains can be
/// compared entry by entry. That is how a witness is shown to lie off kinks and rank drops.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The value of every [`Fun::Sign`], `-1` or `1`.
    pub signs: Vec<i8>,
    /// The rank of every pseudo-inverted matrix.
    pub ranks: Vec<usize>,
    /// The rank of every matrix of which the polar factor was taken: where it is lower than nearby the factor jumps.
    pub polar_ranks: Vec<usize>,
    /// The sign of the determinant of every polar factor of a square matrix, 0 where the rank is lower. Matrices of full rank with
    /// either sign are apart, and the factor is one analytic function on each side alone. Enclosures and floating point note it.
    pub branches: Vec<i8>,
}

/// Scalars of one kind and the primitives on them. Matrices are row-major slices.
pub trait Domain {
    /// A scalar.
    type Elem: Clone + std::fmt::Debug;

    /// The value of an exact rational constant.
    ///
    /// # Errors
    /// [`Stop::Pole`] when the denominator is zero in this domain.
    fn rational(&mut self, q: &Rational) -> Result<Self::Elem, Stop>;

    /// `a + b`
    fn add(&self, a: &Self::Elem, b: &Self::Elem) -> Self::Elem;

    /// `a - b`
    fn sub(&self, a: &Self::Elem, b: &Self::Elem) -> Self::Elem;

    /// `a · b`
    fn mul(&self, a: &Self::Elem, b: &Self::Elem) -> Self::Elem;

    /// `-a`
    fn neg(&self, a: &Self::Elem) -> Self::Elem;

    /// Zero.
    fn zero(&self) -> Self::Elem;

    /// One.
    fn one(&self) -> Self::Elem;

    /// `acc += a · b`
    fn mul_add(&self, acc: &mut Self::Elem, a: &Self::Elem, b: &Self::Elem) {
        *acc = self.add(acc, &self.mul(a, b));
    }

    /// `Σ aᵢ · bᵢ` over at least one pair, from the first to the last.
    fn sum_of_products<'e>(&self, pairs: impl IntoIterator<Item = (&'e Self::Elem, &'e Self::Elem)>) -> Self::Elem
    where
        Self: Sized,
        Self::Elem: 'e,
    {
        let mut pairs = pairs.into_iter();
        let Some((a, b)) = pairs.next() else { return self.zero() };
        let mut acc = self.mul(a, b);
        for (a, b) in pairs {
            self.mul_add(&mut acc, a, b);
        }
        acc
    }

    /// `a / b`
    ///
    /// # Errors
    /// [`Stop::Pole`] if `b` is zero, [`Stop::Unclear`] if it may be.
    fn div(&mut self, a: &Self::Elem, b: &Self::Elem) -> Result<Self::Elem, Stop>;

    /// `f(x)`
    ///
    /// # Errors
    /// Any [`Stop`] that applies.
    fn apply(&mut self, f: Fun, x: &Self::Elem) -> Result<Self::Elem, Stop>;

    /// `x^q` for a rational `q` that is not 0 or 1. For a non-integer `q`, `x` must be positive.
    ///
    /// # Errors
    /// Any [`Stop`] that applies.
    fn power(&mut self, x: &Self::Elem, q: &Rational) -> Result<Self::Elem, Stop>;

    /// Whether `x` is zero; `None` if the domain cannot tell.
    fn is_zero(&self, x: &Self::Elem) -> Option<bool>;

    /// A measure for the choice of pivots: the largest is taken. Exact domains need not care.
    fn pivot_size(&self, _x: &Self::Elem) -> f64 {
        1.0
    }

    /// Called with the rank found by a pseudo-inverse.
    fn note_rank(&mut self, _rank: usize) {}

    /// For domains that cannot see a zero: the rank that the next pseudo-inverse is known not to exceed.
    fn rank_hint(&mut self) -> Option<usize> {
        None
    }

    /// The inverse of a square `n × n` matrix.
    ///
    /// # Errors
    /// [`Stop::Pole`] if it is singular, [`Stop::Unclear`] if it may be.
    fn inverse(&mut self, m: &[Self::Elem], n: usize) -> Result<Vec<Self::Elem>, Stop>
    where
        Self: Sized,
    {
        linear::inverse(self, m, n)
    }

    /// The Moore–Penrose inverse (`cols × rows`) of a `rows × cols` matrix.
    ///
    /// # Errors
    /// [`Stop::Unclear`] if the rank is open.
    fn pseudo_inverse(&mut self, m: &[Self::Elem], rows: usize, cols: usize) -> Result<Vec<Self::Elem>, Stop>
    where
        Self: Sized,
    {
        linear::pseudo_inverse(self, m, rows, cols)
    }

    /// The determinant of a square matrix.
    ///
    /// # Errors
    /// [`Stop::Unclear`] if a pivot cannot be told from zero.
    fn determinant(&mut self, m: &[Self::Elem], n: usize) -> Result<Self::Elem, Stop>
    where
        Self: Sized,
    {
        linear::determinant(self, m, n)
    }

    /// `U Vᵀ` of the compact singular value decomposition of a `rows × cols` matrix.
    ///
    /// # Errors
    /// [`Stop::Unsupported`] unless the domain has square roots of matrices.
    fn polar(&mut self, _m: &[Self::Elem], _rows: usize, _cols: usize) -> Result<Vec<Self::Elem>, Stop> {
        Err(Stop::Unsupported)
    }

    /// Unit eigenvectors of a symmetric `n × n` matrix as columns, by falling eigenvalue, each with any sign.
    ///
    /// # Errors
    /// [`Stop::Unsupported`] unless the domain has eigenvectors; [`Stop::OutOfDomain`] if the matrix is not symmetric, and it or
    /// [`Stop::Unclear`] if its spectrum is not seen to be simple.
    fn eigenvectors(&mut self, _m: &[Self::Elem], _n: usize) -> Result<Vec<Self::Elem>, Stop> {
        Err(Stop::Unsupported)
    }

    /// The power `A^q` of a symmetric positive definite `n × n` matrix.
    ///
    /// # Errors
    /// [`Stop::Unsupported`] unless the domain has roots of matrices; [`Stop::OutOfDomain`] if `A` is not positive
    /// definite.
    fn power_spd(&mut self, _m: &[Self::Elem], _n: usize, _q: &Rational) -> Result<Vec<Self::Elem>, Stop> {
        Err(Stop::Unsupported)
    }
}
