//! Constants of a matrix class have to be members of it.

use super::elaborate::{Elab, Elaborator, Scope};
use crate::core::error::ModelError;
use crate::core::matrices::Matrices;
use crate::domain::exact::Exact;
use crate::domain::{Domain, Rational, linear};
use crate::source::Span;
use crate::syntax::tree::Type;
use crate::term::Term;

impl Elaborator<'_> {
    /// Requires a value to have the shape of a type and, if it is a constant, to belong to the type's class.
    pub(super) fn expect_member(&mut self, t: Term, ty: &Type, scope: &Scope, place: &str, span: Span) -> Elab<()> {
        if ty.name.name == "R" {
            let shape = self.extents(ty, scope)?;
            return self.expect_shape(t, &shape, place, span);
        }
        let (Some(size), Some(class)) = (ty.dims.first(), Matrices::of(&ty.name.name)) else { return Ok(()) };
        let n = self.natural(size, scope, "the size of the matrix")?;
        self.expect_shape(t, &[n, n], place, span)?;
        match self.constant(t) {
            Some(m) if !belongs(class, &m, n) => {
                let condition = format!("{place} is a member of {}[{n}]", class.word());
                self.fail(ModelError::Violated { condition, span })
            }
            _ => Ok(()),
        }
    }
}

/// Whether an `n × n` matrix, row by row, is a member of a class.
fn belongs(class: Matrices, m: &[Rational], n: usize) -> bool {
    let at = |i: usize, j: usize| &m[i * n + j];
    let all = |f: &dyn Fn(usize, usize) -> bool| (0..n).all(|i| (0..n).all(|j| f(i, j)));
    let symmetric = || all(&|i, j| at(i, j) == at(j, i));
    let diagonal = || all(&|i, j| i == j || at(i, j).is_zero());
    let orthogonal = || {
        all(&|i, j| {
            let product = (0..n).fold(Rational::ZERO, |sum, k| sum + at(k, i) * at(k, j));
            if i == j { product.is_one() } else { product.is_zero() }
        })
    };
    let minor = |k: usize| -> Option<Rational> {
        let part: Vec<Rational> = (0..k * k).map(|e| at(e / k, e % k).clone()).collect();
        linear::determinant(&mut Exact::default(), &part, k).ok()
    };
    match class {
        Matrices::Invertible => minor(n).is_none_or(|d| Exact::default().is_zero(&d) == Some(false)),
        Matrices::Orthogonal => orthogonal(),
        Matrices::Symmetric => symmetric(),
        // Sylvester's criterion.
        Matrices::Definite => symmetric() && (1..=n).all(|k| minor(k).is_none_or(|d| d > Rational::ZERO)),
        Matrices::Skew => all(&|i, j| *at(i, j) == -at(j, i).clone()),
        Matrices::Diagonal => diagonal(),
        Matrices::Permutation => orthogonal() && m.iter().all(|q| q.is_zero() || q.is_one()),
        Matrices::SignedPermutation => {
            orthogonal() && m.iter().all(|q| q.is_zero() || q.is_one() || (-q.clone()).is_one())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(entries: [i32; 4]) -> Vec<Rational> {
        entries.map(Rational::from).to_vec()
    }

    #[test]
    fn members_and_others() {
        let cases = [
            (Matrices::Invertible, [1, 2, 2, 5], [1, 2, 2, 4]),
            (Matrices::Orthogonal, [0, -1, 1, 0], [1, 1, 0, 1]),
            (Matrices::Symmetric, [1, 2, 2, 0], [1, 2, 3, 4]),
            (Matrices::Definite, [2, 1, 1, 2], [1, 2, 2, 1]),
            (Matrices::Skew, [0, 1, -1, 0], [0, 1, 1, 0]),
            (Matrices::Diagonal, [1, 0, 0, 2], [1, 1, 0, 2]),
            (Matrices::Permutation, [0, 1, 1, 0], [0, -1, 1, 0]),
            (Matrices::SignedPermutation, [0, -1, 1, 0], [1, 0, 1, 0]),
        ];
        for (class, member, other) in cases {
            assert!(belongs(class, &matrix(member), 2), "{class:?}");
            assert!(!belongs(class, &matrix(other), 2), "{class:?}");
        }
    }
}
