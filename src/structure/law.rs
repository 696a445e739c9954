//! Transformation laws: how a value over the source and the value of the same expression over the target are related.
//!
//! Let `f : A → B` be a map of a [`Class`] with Jacobian `J`, and `e_A`, `e_B` the values of one expression at a state of
//! `A` and at its image. A [`Law`] is a statement `e_B = ρ(f) e_A` with a representation `ρ` of the class. What a vector
//! over the parameters does is a *character* of its axis, an [`Axis`]:
//!
//! | class | `J` | a vector with axis `(w, odd)` |
//! | --- | --- | --- |
//! | `translation` | 1 | does not change |
//! | `scaling` | `a 1`, `a > 0` | is multiplied by `a^w` (kept in [`Law::weight`], as for scalars) |
//! | `diagonal` | `diag(a)`, `a > 0` | entry `i` is multiplied by `aᵢ^w` |
//! | `permutation` | `P` | its entries move as the coordinates do |
//! | `signed_permutation` | `P S` | the same, with the signs of the coordinates if `odd` |
//! | `orthogonal`, `biorthogonal` | `Q` | turns with `Q` |
//! | `linear` | `A` | `w = 1`: `A e` (up); `w = -1`: `A⁻ᵀ e` (down) |
//! | `diffeo` | `J(x)` | the same with `J(x)`, up to a [`Law::twist`] |
//!
//! A tangent vector is up, `(1, odd)`; a differential is down, `(-1, odd)`. Under the classes of the first five lines the
//! coordinate axes are kept, so entrywise functions have laws; under the others only tensor operations do. Two laws that
//! a class cannot tell apart are one law: [`Axis::reduced`] is the normal form.

use crate::core::class::Class;
use crate::domain::Rational;

/// The character of one axis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Axis {
    /// The exponent of the coordinate's factor.
    pub weight: Rational,
    /// Whether the sign of the coordinate is taken along.
    pub odd: bool,
}

impl Axis {
    /// The axis of a quantity that maps only move: a list of numbers, one for each coordinate.
    pub fn plain() -> Axis {
        Axis { weight: Rational::ZERO, odd: false }
    }

    /// The axis of a tangent vector.
    pub fn up() -> Axis {
        Axis { weight: Rational::ONE, odd: true }
    }

    /// The axis of a covector.
    pub fn down() -> Axis {
        Axis { weight: Rational::NEG_ONE, odd: true }
    }

    /// The part that a class can see.
    #[must_use]
    pub fn reduced(self, class: Class) -> Axis {
        match class {
            Class::Translation | Class::Scaling | Class::Permutation | Class::Orthogonal | Class::Biorthogonal => {
                Axis::plain()
            }
            Class::SignedPermutation => Axis { weight: Rational::ZERO, odd: self.odd },
            Class::Diagonal | Class::Linear | Class::Affine | Class::Diffeo => Axis { weight: self.weight, odd: false },
        }
    }

    /// The axis of an entrywise product.
    #[must_use]
    pub fn times(&self, other: &Axis) -> Axis {
        Axis { weight: &self.weight + &other.weight, odd: self.odd != other.odd }
    }

    /// The axis of an entrywise power; `None` if it does not exist for both signs.
    pub fn power(&self, q: &Rational) -> Option<Axis> {
        if !q.is_int() && self.odd {
            return None;
        }
        let odd = self.odd && q.is_int() && dashu_int::ops::BitTest::bit(q.numerator(), 0);
        Some(Axis { weight: &self.weight * q, odd })
    }

    /// The axis that contracts with this one to an invariant.
    #[must_use]
    pub fn dual(&self) -> Axis {
        Axis { weight: -self.weight.clone(), odd: self.odd }
    }

    /// Whether the sum over a common axis of two quantities is invariant: `Σᵢ uᵢ vᵢ`.
    ///
    /// Under `scaling` the weights are not on the axis; under `orthogonal`, `permutation` and `translation` every such sum
    /// is invariant since `J⁻ᵀ = J`.
    pub fn contracts(&self, other: &Axis) -> bool {
        *self == other.dual()
    }
}

/// What a value is, apart from its weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Zero everywhere: it obeys every law.
    Zero,
    /// A number.
    Scalar,
    /// A vector over the parameters.
    Vector(Axis),
    /// A matrix over the parameters; both axes.
    Matrix(Axis, Axis),
    /// A diagonal matrix whose entries have this axis. It is a matrix with any axes whose product this is.
    Diagonal(Axis),
    /// Under `linear` and `diffeo`: the identity, an endomorphism of tangent as of cotangent vectors.
    Endomorphism,
    /// A tensor of a fixed space: it does not change.
    Fixed,
    /// Under `translation`: a vector that moves by this multiple of the translation.
    Shift(Rational),
    /// Under `diffeo`: the point itself.
    Point,
    /// The block of a vector over the parameters. Under `biorthogonal` it changes as `Q z P`.
    Block(Axis),
    /// The transpose of a block.
    BlockTransposed,
    /// A matrix on the rows (`true`) of a block, `Q z Qᵀ`, or on its columns, `Pᵀ z P`.
    Side(bool),
    /// A vector on the rows (`true`) or the columns of a block, which only maps that keep the axes carry.
    SideVector(bool),
    /// One number for each block.
    Numbers,
    /// One such matrix for each block.
    Sides(bool),
}

/// A pair of values that a second derivative of the map is applied to, as numbers of expressions.
pub type Pair = (usize, usize);

/// Multiples of second derivatives of the map, sorted by pair, none with coefficient zero.
pub type Twist = Vec<(Pair, Rational)>;

/// See the module documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Law {
    /// Under `scaling`: the exponent of `a`; otherwise 0.
    pub weight: Rational,
    /// The representation.
    pub form: Form,
    /// Under `diffeo`, the terms in the second derivative of `f`, sorted by pair, none with coefficient zero. For an up
    /// vector `e_B = J e_A + Σ k D²f(u, v)`, for a down vector `e_B = J⁻ᵀ (e_A - Σ k ⟨D²f(u, ·), J⁻ᵀ p⟩)`.
    pub twist: Twist,
}

impl Law {
    /// A law without weight and twist.
    pub fn plain(form: Form) -> Law {
        Law { weight: Rational::ZERO, form, twist: Vec::new() }
    }

    /// A number that no map changes.
    pub fn scalar() -> Law {
        Law::plain(Form::Scalar)
    }

    /// A vector with this axis.
    pub fn vector(class: Class, axis: Axis) -> Law {
        let weight = if class.facts().scales { axis.weight.clone() } else { Rational::ZERO };
        Law { weight, form: Form::Vector(axis.reduced(class)), twist: Vec::new() }
    }

    /// A matrix with these axes.
    pub fn matrix(class: Class, a: Axis, b: Axis) -> Law {
        let weight = if class.facts().scales { &a.weight + &b.weight } else { Rational::ZERO };
        Law { weight, form: Form::Matrix(a.reduced(class), b.reduced(class)), twist: Vec::new() }
    }

    /// The same with another form.
    #[must_use]
    pub fn with(&self, form: Form) -> Law {
        Law { form, ..self.clone() }
    }

    /// Whether it is zero everywhere.
    pub fn is_zero(&self) -> bool {
        self.form == Form::Zero
    }
}

/// See [`Facts::keeps_axes`](crate::core::class::Facts::keeps_axes).
pub fn keeps_axes(class: Class) -> bool {
    class.facts().keeps_axes
}

/// See [`Facts::conformal`](crate::core::class::Facts::conformal).
pub fn is_conformal(class: Class) -> bool {
    class.facts().conformal
}

/// See [`Facts::separates_blocks`](crate::core::class::Facts::separates_blocks).
pub fn separates_blocks(class: Class) -> bool {
    class.facts().separates_blocks
}

/// See [`Facts::keeps_blocks`](crate::core::class::Facts::keeps_blocks).
pub fn keeps_blocks(class: Class) -> bool {
    class.facts().keeps_blocks
}
