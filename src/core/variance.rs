//! How morphisms carry states.

use dashu_ratio::RBig as Rational;

/// A rational exponent: the weight of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weight {
    numerator: i32,
    denominator: i32,
}

impl Weight {
    /// The weight with this value, which must be small.
    pub fn new(q: &Rational) -> Option<Weight> {
        let numerator = i32::try_from(q.numerator()).ok()?;
        let denominator = i32::try_from(q.denominator()).ok()?;
        (numerator.abs() <= 1000 && denominator <= 1000).then_some(Weight { numerator, denominator })
    }

    /// Its value.
    pub fn value(self) -> Rational {
        Rational::from(self.numerator) / Rational::from(self.denominator)
    }

    /// Whether it is an even number other than 0: that of sums of squares, and of their powers.
    pub fn is_even(self) -> bool {
        self.denominator == 1 && self.numerator != 0 && self.numerator % 2 == 0
    }
}

/// How a morphism carries a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variance {
    /// A fixed space: carried by the identity.
    Fixed,
    /// A tangent vector: `J z`.
    Tangent,
    /// A covector: `J⁻ᵀ z`.
    Cotangent,
    /// A symmetric covariant 2-tensor: `J⁻ᵀ z J⁻¹`.
    Metric,
    /// A symmetric contravariant 2-tensor: `J z Jᵀ`.
    Cometric,
    /// The diagonal of a covariant 2-tensor.
    Diagonal,
    /// For each block, as a matrix, a symmetric matrix on its rows.
    Left,
    /// For each block, as a matrix, a symmetric matrix on its columns.
    Right,
    /// Another point: carried by the map itself.
    Point,
    /// A number that changes as this power of a length of the differential: `|c|^-k z` where `J` is `c` times an isometry.
    Scalar(Weight),
    /// The same entry by entry along scaled permutations, with the sign of the factor if odd. The even one of weight 2 is
    /// [`Variance::Diagonal`].
    Entries(Weight, bool),
}

/// What the values of a state are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// What its declaration says, whatever the architecture.
    Own,
    /// One number.
    Number,
    /// A vector over the parameters.
    Vector,
    /// A symmetric positive definite matrix over the parameters.
    Matrix,
    /// For each block such a matrix on its rows (`true`) or on its columns.
    Sides(bool),
}

impl Variance {
    /// What its values are made of.
    pub fn space(self) -> Space {
        match self {
            Variance::Fixed => Space::Own,
            Variance::Scalar(_) => Space::Number,
            Variance::Tangent | Variance::Cotangent | Variance::Diagonal | Variance::Point | Variance::Entries(..) => {
                Space::Vector
            }
            Variance::Metric | Variance::Cometric => Space::Matrix,
            Variance::Left => Space::Sides(true),
            Variance::Right => Space::Sides(false),
        }
    }

    /// All variances in the order in which `auto` tries them.
    pub const ALL: [Variance; 8] = [
        Variance::Fixed,
        Variance::Tangent,
        Variance::Cotangent,
        Variance::Metric,
        Variance::Cometric,
        Variance::Diagonal,
        Variance::Left,
        Variance::Right,
    ];

    /// The word of the language, without a weight.
    pub fn word(self) -> &'static str {
        match self {
            Variance::Fixed => "R",
            Variance::Tangent => "tangent",
            Variance::Cotangent => "cotangent",
            Variance::Metric => "metric",
            Variance::Cometric => "cometric",
            Variance::Diagonal => "diagonal",
            Variance::Left => "left",
            Variance::Right => "right",
            Variance::Point => "point",
            Variance::Scalar(_) => "scalar",
            Variance::Entries(..) => "entries",
        }
    }

    /// The type as it is written.
    pub fn text(self) -> String {
        match self {
            Variance::Scalar(k) => format!("scalar({})", k.value()),
            Variance::Entries(k, false) => format!("entries({})", k.value()),
            Variance::Entries(k, true) => format!("entries({}, odd)", k.value()),
            other => other.word().to_owned(),
        }
    }

    /// The variance of a word that takes no weight.
    pub fn of_word(word: &str) -> Option<Variance> {
        Variance::ALL.into_iter().skip(1).chain([Variance::Point]).find(|v| v.word() == word)
    }

    /// The variance of a word with a weight; `diagonal` where that is what is meant.
    pub fn with_weight(word: &str, k: Weight, odd: bool) -> Option<Variance> {
        match word {
            "scalar" if !odd => Some(Variance::Scalar(k)),
            "entries" if !odd && k.value() == Rational::from(2) => Some(Variance::Diagonal),
            "entries" => Some(Variance::Entries(k, odd)),
            _ => None,
        }
    }

    /// Whether the entries of its values are positive numbers.
    pub fn is_positive(self) -> bool {
        match self {
            Variance::Diagonal => true,
            Variance::Scalar(k) | Variance::Entries(k, false) => k.is_even(),
            Variance::Fixed
            | Variance::Tangent
            | Variance::Cotangent
            | Variance::Metric
            | Variance::Cometric
            | Variance::Left
            | Variance::Right
            | Variance::Point
            | Variance::Entries(_, true) => false,
        }
    }
}
