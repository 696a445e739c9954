//! The rows of the table.

use super::super::formula::Formula::{Neg, Number, Of, Product, Reciprocal, Sum, X, Y};
use super::{
    AtZero, Bound, Composed, Defined, Fun, Growth, Homogeneity, Is, Kernel, Monotone, Parity, Plane, Range, Ratio,
    Regularity, Row, Takes,
};

const ZERO: Ratio = Ratio(0, 1);
const ONE: Ratio = Ratio(1, 1);
const MINUS_ONE: Ratio = Ratio(-1, 1);
const ALL: Range = Range { lo: Bound::None, hi: Bound::None };
const POSITIVE: Range = Range { lo: Bound::Open(ZERO), hi: Bound::None };
const NONNEGATIVE: Range = Range { lo: Bound::Closed(ZERO), hi: Bound::None };
const UNIT: Range = Range { lo: Bound::Open(ZERO), hi: Bound::Open(ONE) };
const SYMMETRIC: Range = Range { lo: Bound::Open(MINUS_ONE), hi: Bound::Open(ONE) };
const CLOSED: Range = Range { lo: Bound::Closed(MINUS_ONE), hi: Bound::Closed(ONE) };

/// Up to three atoms in powers of at most 72 (six times a twelfth's root) each, in numerator and denominator.
const EXPONENTIAL: Growth = Growth { argument: 1.0, top: 432.0, bottom: 432.0 };
/// One atom, or a product of few.
const ATOM: Growth = Growth { argument: 1.0, top: 16.0, bottom: 16.0 };
/// A sum of logarithms of factors.
const LOGARITHM: Growth = Growth { argument: 1.0, top: 8.0, bottom: 0.0 };

pub(super) static EXP: Row = Row {
    name: "exp",
    is: Is::Kernel(Kernel { fun: Fun::Exp, derivative: Y, zero: None, growth: EXPONENTIAL, plane: Plane::Meromorphic }),
    parity: Parity::Neither,
    homogeneity: Homogeneity::None,
    range: POSITIVE,
    at_zero: AtZero::Is(ONE),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::Increasing,
};

pub(super) static LOG: Row = Row {
    name: "log",
    is: Is::Kernel(Kernel {
        fun: Fun::Log,
        derivative: Reciprocal(&X),
        zero: Some(ONE),
        growth: LOGARITHM,
        plane: Plane::Branched,
    }),
    parity: Parity::Neither,
    homogeneity: Homogeneity::None,
    range: ALL,
    at_zero: AtZero::Undefined,
    defined: Defined::Positive,
    regularity: Regularity::Analytic,
    monotone: Monotone::Increasing,
};

pub(super) static SIN: Row = Row {
    name: "sin",
    is: Is::Kernel(Kernel {
        fun: Fun::Sin,
        derivative: Of(Fun::Cos),
        zero: Some(ZERO),
        growth: EXPONENTIAL,
        plane: Plane::Meromorphic,
    }),
    parity: Parity::Odd,
    homogeneity: Homogeneity::None,
    range: CLOSED,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::No,
};

pub(super) static COS: Row = Row {
    name: "cos",
    is: Is::Kernel(Kernel {
        fun: Fun::Cos,
        derivative: Neg(&Of(Fun::Sin)),
        zero: None,
        growth: EXPONENTIAL,
        plane: Plane::Meromorphic,
    }),
    parity: Parity::Even,
    homogeneity: Homogeneity::None,
    range: CLOSED,
    at_zero: AtZero::Is(ONE),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::No,
};

pub(super) static ATAN: Row = Row {
    name: "atan",
    is: Is::Kernel(Kernel {
        fun: Fun::Atan,
        derivative: Reciprocal(&Sum(&Number(1), &Product(&X, &X))),
        zero: Some(ZERO),
        growth: ATOM,
        plane: Plane::Branched,
    }),
    parity: Parity::Odd,
    homogeneity: Homogeneity::None,
    range: Range { lo: Bound::Open(Ratio(-11, 7)), hi: Bound::Open(Ratio(11, 7)) },
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::Increasing,
};

pub(super) static TANH: Row = Row {
    name: "tanh",
    is: Is::Kernel(Kernel {
        fun: Fun::Tanh,
        derivative: Sum(&Number(1), &Neg(&Product(&Y, &Y))),
        zero: Some(ZERO),
        growth: EXPONENTIAL,
        plane: Plane::Meromorphic,
    }),
    parity: Parity::Odd,
    homogeneity: Homogeneity::None,
    range: SYMMETRIC,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::Increasing,
};

pub(super) static SIGMOID: Row = Row {
    name: "sigmoid",
    is: Is::Kernel(Kernel {
        fun: Fun::Sigmoid,
        derivative: Product(&Y, &Sum(&Number(1), &Neg(&Y))),
        zero: None,
        growth: EXPONENTIAL,
        plane: Plane::Meromorphic,
    }),
    parity: Parity::Neither,
    homogeneity: Homogeneity::None,
    range: UNIT,
    at_zero: AtZero::Is(Ratio(1, 2)),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::Increasing,
};

pub(super) static SOFTPLUS: Row = Row {
    name: "softplus",
    is: Is::Kernel(Kernel {
        fun: Fun::Softplus,
        derivative: Of(Fun::Sigmoid),
        zero: None,
        growth: LOGARITHM,
        plane: Plane::Branched,
    }),
    parity: Parity::Neither,
    homogeneity: Homogeneity::None,
    range: POSITIVE,
    at_zero: AtZero::Irrational,
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::Increasing,
};

pub(super) static SIGN: Row = Row {
    name: "sign",
    is: Is::Kernel(Kernel {
        fun: Fun::Sign,
        derivative: Number(0),
        zero: Some(ZERO),
        growth: ATOM,
        plane: Plane::Pieces,
    }),
    parity: Parity::Odd,
    homogeneity: Homogeneity::Degree(ZERO),
    range: CLOSED,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Jumps,
    monotone: Monotone::Increasing,
};

pub(super) static ERF: Row = Row {
    name: "erf",
    is: Is::Kernel(Kernel {
        fun: Fun::Erf,
        derivative: Of(Fun::Gauss),
        zero: Some(ZERO),
        growth: ATOM,
        plane: Plane::Meromorphic,
    }),
    parity: Parity::Odd,
    homogeneity: Homogeneity::None,
    range: SYMMETRIC,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::Increasing,
};

/// An exponential of `-x²`, times one more atom for `2/√π`.
pub(super) static GAUSS: Row = Row {
    name: "erf'",
    is: Is::Kernel(Kernel {
        fun: Fun::Gauss,
        derivative: Product(&Number(-2), &Product(&X, &Y)),
        zero: None,
        growth: Growth { argument: 2.0, top: 448.0, bottom: 432.0 },
        plane: Plane::Meromorphic,
    }),
    parity: Parity::Even,
    homogeneity: Homogeneity::None,
    range: Range { lo: Bound::Open(ZERO), hi: Bound::Closed(Ratio(8, 7)) },
    at_zero: AtZero::Irrational,
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::No,
};

static SQRT: Row = Row {
    name: "sqrt",
    is: Is::Power(Ratio(1, 2)),
    parity: Parity::Neither,
    homogeneity: Homogeneity::Degree(Ratio(1, 2)),
    range: NONNEGATIVE,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::NonNegative,
    regularity: Regularity::Continuous,
    monotone: Monotone::Increasing,
};

/// The odd root: `-2` has the cube root `-∛2`.
static CBRT: Row = Row {
    name: "cbrt",
    is: Is::Defined("sign(x) .* abs(x)^(1/3)"),
    parity: Parity::Odd,
    homogeneity: Homogeneity::Degree(Ratio(1, 3)),
    range: ALL,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Continuous,
    monotone: Monotone::Increasing,
};

static TAN: Row = Row {
    name: "tan",
    is: Is::Defined("sin(x) ./ cos(x)"),
    parity: Parity::Odd,
    homogeneity: Homogeneity::None,
    range: ALL,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::OffPoles,
    regularity: Regularity::Analytic,
    monotone: Monotone::No,
};

static SINH: Row = Row {
    name: "sinh",
    is: Is::Defined("(exp(x) - exp(x)^(-1)) / 2"),
    parity: Parity::Odd,
    homogeneity: Homogeneity::None,
    range: ALL,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::Increasing,
};

static COSH: Row = Row {
    name: "cosh",
    is: Is::Defined("(exp(x) + exp(x)^(-1)) / 2"),
    parity: Parity::Even,
    homogeneity: Homogeneity::None,
    range: Range { lo: Bound::Closed(ONE), hi: Bound::None },
    at_zero: AtZero::Is(ONE),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::No,
};

static EXPM1: Row = Row {
    name: "expm1",
    is: Is::Defined("exp(x) - 1"),
    parity: Parity::Neither,
    homogeneity: Homogeneity::None,
    range: Range { lo: Bound::Open(MINUS_ONE), hi: Bound::None },
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::Increasing,
};

static LOG1P: Row = Row {
    name: "log1p",
    is: Is::Defined("log(1 + x)"),
    parity: Parity::Neither,
    homogeneity: Homogeneity::None,
    range: ALL,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::AboveMinusOne,
    regularity: Regularity::Analytic,
    monotone: Monotone::Increasing,
};

static ERFC: Row = Row {
    name: "erfc",
    is: Is::Defined("1 - erf(x)"),
    parity: Parity::Neither,
    homogeneity: Homogeneity::None,
    range: Range { lo: Bound::Open(ZERO), hi: Bound::Open(Ratio(2, 1)) },
    at_zero: AtZero::Is(ONE),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::Decreasing,
};

static ABS: Row = Row {
    name: "abs",
    is: Is::Defined("x .* sign(x)"),
    parity: Parity::Even,
    homogeneity: Homogeneity::Degree(ONE),
    range: NONNEGATIVE,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Lipschitz,
    monotone: Monotone::No,
};

static RELU: Row = Row {
    name: "relu",
    is: Is::Defined("(x + abs(x)) / 2"),
    parity: Parity::Neither,
    homogeneity: Homogeneity::Degree(ONE),
    range: NONNEGATIVE,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Lipschitz,
    monotone: Monotone::Increasing,
};

/// With the slope 1/100 on the left, as the frameworks have it.
static LEAKY_RELU: Row = Row {
    name: "leaky_relu",
    is: Is::Defined("relu(x) - relu(-x) / 100"),
    parity: Parity::Neither,
    homogeneity: Homogeneity::Degree(ONE),
    range: ALL,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Lipschitz,
    monotone: Monotone::Increasing,
};

/// Exponential linear unit (Clevert, Unterthiner and Hochreiter, 2016) with α = 1. The exponential is taken of what is not
/// positive, so that it does not overflow where it does not count.
static ELU: Row = Row {
    name: "elu",
    is: Is::Defined("relu(x) + exp(-relu(-x)) - 1"),
    parity: Parity::Neither,
    homogeneity: Homogeneity::None,
    range: Range { lo: Bound::Open(MINUS_ONE), hi: Bound::None },
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Lipschitz,
    monotone: Monotone::Increasing,
};

/// Also called swish (Ramachandran, Zoph and Le, 2017). Its least value is about -0.2785.
static SILU: Row = Row {
    name: "silu",
    is: Is::Defined("x .* sigmoid(x)"),
    parity: Parity::Neither,
    homogeneity: Homogeneity::None,
    range: Range { lo: Bound::Open(Ratio(-2, 7)), hi: Bound::None },
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::No,
};

/// `x Φ(x)` for the normal distribution function Φ (Hendrycks and Gimpel, 2016), not its approximation by `tanh`. Its
/// least value is about -0.17.
static GELU: Row = Row {
    name: "gelu",
    is: Is::Defined("x .* (1 + erf(x / sqrt(2))) / 2"),
    parity: Parity::Neither,
    homogeneity: Homogeneity::None,
    range: Range { lo: Bound::Open(Ratio(-1, 5)), hi: Bound::None },
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Analytic,
    monotone: Monotone::No,
};

static SOFTSIGN: Row = Row {
    name: "softsign",
    is: Is::Defined("x ./ (1 + abs(x))"),
    parity: Parity::Odd,
    homogeneity: Homogeneity::None,
    range: SYMMETRIC,
    at_zero: AtZero::Is(ZERO),
    defined: Defined::Everywhere,
    regularity: Regularity::Lipschitz,
    monotone: Monotone::Increasing,
};

/// Every entrywise function of one argument that has a name in the language.
pub static ENTRYWISE: [&Row; 25] = [
    &EXP,
    &LOG,
    &SQRT,
    &CBRT,
    &SIN,
    &COS,
    &TAN,
    &ATAN,
    &SINH,
    &COSH,
    &TANH,
    &EXPM1,
    &LOG1P,
    &ERF,
    &ERFC,
    &SIGMOID,
    &SOFTPLUS,
    &SOFTSIGN,
    &RELU,
    &LEAKY_RELU,
    &ELU,
    &SILU,
    &GELU,
    &ABS,
    &SIGN,
];

/// Every function that is written in the language, but the entrywise ones of one argument.
pub static COMPOSED: [Composed; 5] = [
    Composed { name: "norm", params: &[("x", Takes::Any)], body: "sqrt(dot(x, x))" },
    Composed { name: "logsumexp", params: &[("x", Takes::Vector)], body: "log(sum(exp(x)))" },
    Composed { name: "softmax", params: &[("x", Takes::Vector)], body: "exp(x) / sum(exp(x))" },
    Composed {
        name: "leaky_relu",
        params: &[("x", Takes::Any), ("slope", Takes::Scalar)],
        body: "relu(x) - slope * relu(-x)",
    },
    Composed {
        name: "elu",
        params: &[("x", Takes::Any), ("alpha", Takes::Scalar)],
        body: "relu(x) + alpha * (exp(-relu(-x)) - 1)",
    },
];

/// Every function that each reading of the language has code for.
pub static OPERATIONS: [&str; 31] = [
    "max", "min", "sum", "prod", "mean", "dot", "trace", "det", "concat", "vstack", "hstack", "vec", "reshape", "diag",
    "diagonal", "outer", "eye", "zeros", "ones", "inv", "pinv", "solve", "polar", "powm", "eigvecs", "qr", "triu",
    "tril", "rows", "cols", "size",
];
