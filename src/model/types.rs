//! Values that range over a whole type: tensors, and the classes of matrices.

use super::elaborate::{ConstraintKind, Draw, Elab, Elaborator, Role, Scope};
use super::faults::type_of_value;
use crate::core::matrices::Matrices;
use crate::domain::Rational;
use crate::source::Span;
use crate::syntax::tree::Type;
use crate::term::Term;

impl Elaborator<'_> {
    /// A value that ranges over a whole type: `R…` or one of the matrix classes.
    pub fn value_of_type(&mut self, name: &str, ty: &Type, scope: &Scope, role: Role) -> Elab<Term> {
        if let Some(fault) = type_of_value(ty) {
            return self.fail(fault);
        }
        let ([size], Some(class)) = (&ty.dims[..], Matrices::of(&ty.name.name)) else {
            return self.tensor_of_type(name, ty, scope, role);
        };
        let n = self.natural(size, scope, "the size of the matrices")?;
        self.check_entries(&[n, n], "this matrix", ty.span)?;
        Ok(self.matrix_of_class(class, n, name, role, ty.span))
    }

    fn tensor_of_type(&mut self, name: &str, ty: &Type, scope: &Scope, role: Role) -> Elab<Term> {
        let shape = self.extents(ty, scope)?;
        Ok(self.quantify(name, &shape, Draw::Real, role).1)
    }

    /// A general member of a matrix class, as a rational function of free symbols.
    pub fn matrix_of_class(&mut self, class: Matrices, n: usize, name: &str, role: Role, span: Span) -> Term {
        let m = self.member_of_class(class, n, name, role, span);
        if class.is_orthogonal() {
            self.orthogonal.push(m);
        }
        m
    }

    fn member_of_class(&mut self, class: Matrices, n: usize, name: &str, role: Role, span: Span) -> Term {
        let (draw, shape) = match class {
            Matrices::Permutation => (Draw::Permutation, [n, n]),
            Matrices::SignedPermutation => (Draw::SignedPermutation, [n, n]),
            Matrices::Diagonal => {
                let (_, v) = self.quantify(name, &[n], Draw::Real, role);
                return self.diagonal_matrix(v);
            }
            Matrices::Invertible | Matrices::Orthogonal | Matrices::Symmetric | Matrices::Definite | Matrices::Skew => {
                (Draw::Real, [n, n])
            }
        };
        let (_, m) = self.quantify(name, &shape, draw, role);
        let t = self.store.transpose(m);
        match class {
            Matrices::Symmetric => self.store.add(m, t),
            Matrices::Skew => self.store.sub(m, t),
            Matrices::Invertible | Matrices::Definite => {
                let det = self.store.determinant(m);
                self.constrain(det, ConstraintKind::NonZero, format!("det({name}) != 0"), span);
                if class == Matrices::Invertible { m } else { self.store.matmul(m, t) }
            }
            // Cayley: (1 - K)(1 + K)⁻¹ with skew K reaches an open dense part of the rotations; a sign in one row
            // reaches the other component.
            Matrices::Orthogonal => {
                let (_, sign) = self.quantify(&format!("sign of {name}"), &[], Draw::Sign, role);
                if n == 0 {
                    return m;
                }
                let skew = self.store.sub(m, t);
                let eye = self.store.eye(n);
                let minus = self.store.sub(eye, skew);
                let plus = self.store.add(eye, skew);
                let inverse = self.store.inverse(plus);
                let rotation = self.store.matmul(minus, inverse);
                let ones = self.store.fill(Rational::ONE, &[n - 1]);
                let signs = self.store.join(&[sign, ones]);
                self.store.product(signs, &[0], rotation, &[0, 1], &[0, 1])
            }
            Matrices::Permutation | Matrices::SignedPermutation | Matrices::Diagonal => m,
        }
    }

    /// `diag(v)`
    pub fn diagonal_matrix(&mut self, v: Term) -> Term {
        let n = self.store.size(v);
        let map = (0..n * n).map(|i| if i / n == i % n { (i / n) as u32 } else { crate::term::NONE }).collect();
        self.store.gather(v, map, &[n, n])
    }
}
