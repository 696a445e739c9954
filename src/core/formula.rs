//! Formulas in `x` and `y = f(x)`: how the table writes the derivative of a function.
//!
//! A formula is data, so that one text serves all who differentiate: terms, symbolic sizes, and power series, which solve
//! `y' = g(x, y) x'` coefficient by coefficient. All operations are entry by entry.

use std::fmt;

use super::prim::Fun;

/// A formula in the argument `x` and the value `y` of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formula {
    /// The argument.
    X,
    /// The value of the function at the argument.
    Y,
    /// A whole number.
    Number(i32),
    /// `-a`
    Neg(&'static Formula),
    /// `a + b`
    Sum(&'static Formula, &'static Formula),
    /// `a · b`
    Product(&'static Formula, &'static Formula),
    /// `1 / a`
    Reciprocal(&'static Formula),
    /// Another function of the table at `x`.
    Of(Fun),
}

impl Formula {
    /// Whether the formula is made of `x` and numbers alone: neither `y` nor another function is in it.
    pub fn is_rational_in_x(&self) -> bool {
        match self {
            Formula::X | Formula::Number(_) => true,
            Formula::Y | Formula::Of(_) => false,
            Formula::Neg(a) | Formula::Reciprocal(a) => a.is_rational_in_x(),
            Formula::Sum(a, b) | Formula::Product(a, b) => a.is_rational_in_x() && b.is_rational_in_x(),
        }
    }

    /// The other functions that the formula is written with, in order.
    fn functions(&self, found: &mut Vec<Fun>) {
        match self {
            Formula::X | Formula::Y | Formula::Number(_) => {}
            Formula::Of(f) => found.push(*f),
            Formula::Neg(a) | Formula::Reciprocal(a) => a.functions(found),
            Formula::Sum(a, b) | Formula::Product(a, b) => {
                a.functions(found);
                b.functions(found);
            }
        }
    }
}

/// A function and those that its derivatives of all orders are written with: the unknowns of one system of differential
/// equations. The function itself comes first.
pub fn family(f: Fun) -> Vec<Fun> {
    let mut all = vec![f];
    let mut next = 0;
    while let Some(&g) = all.get(next) {
        let mut found = Vec::new();
        g.derivative().functions(&mut found);
        for h in found {
            if !all.contains(&h) {
                all.push(h);
            }
        }
        next += 1;
    }
    all
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Formula::X => f.write_str("x"),
            Formula::Y => f.write_str("y"),
            Formula::Number(n) => write!(f, "{n}"),
            Formula::Neg(a) => write!(f, "-{a}"),
            Formula::Sum(a, b) => write!(f, "({a} + {b})"),
            Formula::Product(a, b) => write!(f, "{a} * {b}"),
            Formula::Reciprocal(a) => write!(f, "1 / {a}"),
            Formula::Of(g) => write!(f, "{}(x)", g.name()),
        }
    }
}
