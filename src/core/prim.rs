//! The table of primitives: everything the project knows of a function of the language, and where it says so.
//!
//! Three kinds of functions:
//!
//! - **entrywise** functions of one argument ([`ENTRYWISE`]), a row of facts each: parity, homogeneity, range, value at
//!   zero, where it is defined and how regular it is there. The facts are used by the rules of transformation, by the
//!   normal forms of terms and of symbolic sizes, and by the expansion of steps. A row is either a **kernel function**
//!   ([`Fun`]), which every domain of scalars computes and whose derivative the row gives, or a definition in the
//!   language itself;
//! - **composed** functions ([`COMPOSED`]), definitions in the language with any shapes: `norm`, `softmax`;
//! - **operations** ([`OPERATIONS`]), which each reading of the language has code for.
//!
//! To add an entrywise function, write its row. `tests/primitives.rs` checks every fact of every row against numbers,
//! intervals, differences and power series.

mod rows;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use dashu_ratio::RBig;

use super::formula::Formula;
use crate::syntax::tree::Comparison;

pub use rows::{COMPOSED, ENTRYWISE, OPERATIONS};

listed! {
    /// The kernel functions: those that the domains of scalars compute. Everything else is written in terms of them, of powers
    /// and of the operations of fields.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Fun {
        /// `exp x`
        Exp,
        /// natural logarithm, defined for `x > 0`
        Log,
        /// `sin x`
        Sin,
        /// `cos x`
        Cos,
        /// inverse tangent with values in `(-π/2, π/2)`
        Atan,
        /// hyperbolic tangent
        Tanh,
        /// `1 / (1 + exp(-x))`
        Sigmoid,
        /// `log(1 + exp x)`
        Softplus,
        /// `-1` or `1`; a kink at zero
        Sign,
        /// the error function, `2/√π ∫ exp(-t²) dt` from 0 to `x`
        Erf,
        /// the derivative of the error function, `2/√π exp(-x²)`; it has no name in the language
        Gauss,
    }
}

/// What a change of sign of the argument does to the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// `f(-x) = -f(x)`
    Odd,
    /// `f(-x) = f(x)`
    Even,
    /// Neither.
    Neither,
}

/// A rational number in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio(pub i64, pub u64);

impl Ratio {
    /// As an exact number.
    pub fn value(self) -> RBig {
        RBig::from_parts(self.0.into(), self.1.into())
    }
}

/// What a positive factor of the argument does to the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Homogeneity {
    /// `f(c x) = c^k f(x)` for every `c > 0`.
    Degree(Ratio),
    /// For no power.
    None,
}

/// A bound for all values of a function. It holds; it need not be the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// There is none.
    None,
    /// Every value lies strictly beyond it.
    Open(Ratio),
    /// No value lies beyond it.
    Closed(Ratio),
}

/// Bounds for the values of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// From below.
    pub lo: Bound,
    /// From above.
    pub hi: Bound,
}

impl Range {
    /// Whether every value is positive.
    pub fn is_positive(&self) -> bool {
        match self.lo {
            Bound::Open(q) => q.0 >= 0,
            Bound::Closed(q) => q.0 > 0,
            Bound::None => false,
        }
    }

    /// Whether no value is negative.
    pub fn is_nonnegative(&self) -> bool {
        match self.lo {
            Bound::Open(q) | Bound::Closed(q) => q.0 >= 0,
            Bound::None => false,
        }
    }
}

/// The value of a function at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtZero {
    /// This rational number.
    Is(Ratio),
    /// A number that is not rational.
    Irrational,
    /// The function is not defined there.
    Undefined,
}

/// Where a function is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defined {
    /// At every real number.
    Everywhere,
    /// At positive numbers.
    Positive,
    /// At numbers that are not negative.
    NonNegative,
    /// Above -1.
    AboveMinusOne,
    /// Away from poles.
    OffPoles,
}

/// How regular a function is where it is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regularity {
    /// Analytic.
    Analytic,
    /// Locally Lipschitz, with kinks.
    Lipschitz,
    /// Continuous, with an infinite slope somewhere.
    Continuous,
    /// It jumps somewhere.
    Jumps,
}

/// Whether a function is monotone where it is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monotone {
    /// It never falls.
    Increasing,
    /// It never rises.
    Decreasing,
    /// It does both.
    No,
}

/// What the degree bound of the randomised test takes for a kernel function: its value is a rational function of the atoms
/// of its argument of at most these degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// The argument of the atoms has this many times the degree of the argument.
    pub argument: f64,
    /// Degree of the numerator.
    pub top: f64,
    /// Degree of the denominator.
    pub bottom: f64,
}

/// What a kernel function is in the complex plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// Meromorphic: it has one value off its poles, and so has what is composed of such functions.
    Meromorphic,
    /// It has branches.
    Branched,
    /// It is not analytic: it is constant on pieces of the line.
    Pieces,
}

/// What is known of a kernel function alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kernel {
    /// Which it is.
    pub fun: Fun,
    /// The derivative, where there is one.
    pub derivative: Formula,
    /// The rational number at which it vanishes, if there is one.
    pub zero: Option<Ratio>,
    /// For the degree bound.
    pub growth: Growth,
    /// What it is in the complex plane.
    pub plane: Plane,
}

/// What a function is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Is {
    /// A kernel function.
    Kernel(Kernel),
    /// The power with this exponent.
    Power(Ratio),
    /// An expression of the language in `x`, entry by entry.
    Defined(&'static str),
}

/// The row of an entrywise function of one argument.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// How it is written.
    pub name: &'static str,
    /// What it is.
    pub is: Is,
    /// What a change of sign does.
    pub parity: Parity,
    /// What a positive factor does.
    pub homogeneity: Homogeneity,
    /// Bounds of its values.
    pub range: Range,
    /// Its value at zero.
    pub at_zero: AtZero,
    /// Where it is defined.
    pub defined: Defined,
    /// How regular it is there.
    pub regularity: Regularity,
    /// Whether it is monotone there.
    pub monotone: Monotone,
}

impl Row {
    /// Whether it vanishes at zero.
    pub fn vanishes_at_zero(&self) -> bool {
        matches!(self.at_zero, AtZero::Is(Ratio(0, _)))
    }

    /// Whether it is defined and Lipschitz near every number: then its value at a nearby point is near, to first order.
    pub fn is_tame(&self) -> bool {
        let regular = match self.regularity {
            Regularity::Analytic | Regularity::Lipschitz => true,
            Regularity::Continuous | Regularity::Jumps => false,
        };
        regular && self.defined == Defined::Everywhere
    }
}

/// A function of the table is known by its name.
impl PartialEq for Row {
    fn eq(&self, other: &Row) -> bool {
        self.name == other.name
    }
}

impl Eq for Row {}

impl Hash for Row {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Fun {
    /// The row of the function.
    pub const fn row(self) -> &'static Row {
        match self {
            Fun::Exp => &rows::EXP,
            Fun::Log => &rows::LOG,
            Fun::Sin => &rows::SIN,
            Fun::Cos => &rows::COS,
            Fun::Atan => &rows::ATAN,
            Fun::Tanh => &rows::TANH,
            Fun::Sigmoid => &rows::SIGMOID,
            Fun::Softplus => &rows::SOFTPLUS,
            Fun::Sign => &rows::SIGN,
            Fun::Erf => &rows::ERF,
            Fun::Gauss => &rows::GAUSS,
        }
    }

    /// How it is written.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    const fn kernel(self) -> Option<&'static Kernel> {
        match &self.row().is {
            Is::Kernel(k) => Some(k),
            Is::Power(_) | Is::Defined(_) => None,
        }
    }

    /// What it is in the complex plane.
    pub fn plane(self) -> Plane {
        self.kernel().map_or(Plane::Pieces, |k| k.plane)
    }

    /// Its derivative, as a formula.
    pub fn derivative(self) -> &'static Formula {
        self.kernel().map_or(&Formula::Number(0), |k| &k.derivative)
    }

    /// For the degree bound.
    pub fn growth(self) -> Option<Growth> {
        self.kernel().map(|k| k.growth)
    }

    /// `f(q)` where the table says that it is rational. The sign of a constant zero is zero: it is identically zero.
    pub fn exact_value(self, q: &RBig) -> Option<RBig> {
        if self == Fun::Sign {
            return Some(match q.cmp(&RBig::ZERO) {
                Ordering::Less => RBig::NEG_ONE,
                Ordering::Equal => RBig::ZERO,
                Ordering::Greater => RBig::ONE,
            });
        }
        if q.is_zero() {
            return match self.row().at_zero {
                AtZero::Is(value) => Some(value.value()),
                AtZero::Irrational | AtZero::Undefined => None,
            };
        }
        let zero = self.kernel().and_then(|k| k.zero);
        zero.is_some_and(|z| z.value() == *q).then_some(RBig::ZERO)
    }
}

/// Every engine that asks for [`Fun::Sign`] takes for granted that no other kernel function has a kink or a jump, and for
/// [`Fun::Log`] that no other is undefined somewhere. A row that says otherwise has to be written in terms of these.
const _: () = {
    let mut i = 0;
    while i < Fun::ALL.len() {
        let fun = Fun::ALL[i];
        let row = fun.row();
        let Is::Kernel(kernel) = &row.is else { panic!("the row of a kernel function is that of a kernel function") };
        assert!(kernel.fun as usize == fun as usize, "the row of a kernel function is its own");
        let analytic = matches!(row.regularity, Regularity::Analytic) && !matches!(kernel.plane, Plane::Pieces);
        assert!(analytic != matches!(fun, Fun::Sign), "the engines know one function that is not analytic: the sign");
        let everywhere = matches!(row.defined, Defined::Everywhere);
        assert!(
            everywhere || matches!(fun, Fun::Log),
            "the engines know one function that is undefined: the logarithm"
        );
        i += 1;
    }
};

/// What shapes a composed function takes for an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A tensor of any shape.
    Any,
    /// A vector.
    Vector,
    /// A scalar.
    Scalar,
}

/// A function that is written in the language.
#[derive(Debug, Clone, Copy)]
pub struct Composed {
    /// How it is written.
    pub name: &'static str,
    /// Its parameters, and what each takes.
    pub params: &'static [(&'static str, Takes)],
    /// Its value.
    pub body: &'static str,
}

/// `1` where a condition `a < b` holds and `0` elsewhere, as `c₀ + c₁ s + c₂ s²` for `s = sign(a - b)`: right for all three
/// values of the sign, so that it is right, too, where the two sides are identically equal.
pub fn choice_weights(comparison: Comparison) -> [Ratio; 3] {
    let (half, minus_half) = (Ratio(1, 2), Ratio(-1, 2));
    match comparison {
        Comparison::Gt => [Ratio(0, 1), half, half],
        Comparison::Lt => [Ratio(0, 1), minus_half, half],
        Comparison::Ge => [Ratio(1, 1), half, minus_half],
        Comparison::Le => [Ratio(1, 1), minus_half, minus_half],
        Comparison::Ne => [Ratio(0, 1), Ratio(0, 1), Ratio(1, 1)],
    }
}

/// The entrywise function of a name.
pub fn entrywise(name: &str) -> Option<&'static Row> {
    ENTRYWISE.iter().copied().find(|row| row.name == name)
}

/// The composed function of a name with this many arguments.
pub fn composed(name: &str, arguments: usize) -> Option<&'static Composed> {
    COMPOSED.iter().find(|c| c.name == name && c.params.len() == arguments)
}

/// The names of all functions outside optimizers.
pub fn names() -> impl Iterator<Item = &'static str> {
    let rows = ENTRYWISE.iter().map(|row| row.name);
    rows.chain(COMPOSED.iter().map(|c| c.name)).chain(OPERATIONS)
}

/// Whether a name is that of a function outside optimizers.
pub fn is_function(name: &str) -> bool {
    names().any(|n| n == name)
}
