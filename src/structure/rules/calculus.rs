//! Derivatives, connections, and looks at other points.

use super::{Typed, Typer};
use crate::core::class::Jacobian;
use crate::domain::Rational;
use crate::structure::body::{Id, Op};
use crate::structure::law::{Axis, Form, Law};

impl Typer {
    /// `Jᵀ d(e_B) = d(e_A)` for an invariant function `e`; with a weight, the same times the factor. States are held
    /// fixed, which is harmless while they are carried by constant maps.
    pub(super) fn differential(&mut self, id: Id, of: Id, e: &Law) -> Typed {
        match e.form {
            Form::Zero => return Ok(e.clone()),
            Form::Scalar => {}
            _ => return self.fault(id, "the differential of what is no number"),
        }
        if matches!(self.body.node(of).op, Op::Const(_) | Op::Given(_)) {
            return Ok(Law::plain(Form::Zero));
        }
        let mut d = self.vector(Axis::down());
        d.weight = &d.weight + &e.weight;
        if self.class.is_curved() {
            d.twist = self.twist_of_differential(id, of)?;
        }
        Ok(d)
    }

    /// `Jᵀ hess(e_B) J = hess(e_A)` where `J` is constant. The covariant Hessian has that law along every map.
    pub(super) fn hessian(&mut self, id: Id, of: Id, e: &Law, covariant: bool) -> Typed {
        match e.form {
            Form::Zero => return Ok(e.clone()),
            Form::Scalar => {}
            _ => return self.fault(id, "second derivatives of what is no number"),
        }
        if self.class.is_curved() {
            if !covariant {
                return self.fault(
                    id,
                    "second partial derivatives are a tensor only along affine maps; `covhess` subtracts the connection",
                );
            }
            if self.depends_on_state(of) {
                return self.fault(id, "a covariant Hessian of a function of the state has no law here");
            }
        }
        if covariant {
            self.metric_is_inverted();
        }
        let mut h = self.matrix(Axis::down(), Axis::down());
        h.weight = &h.weight + &e.weight;
        Ok(h)
    }

    /// `Γ(u, v) = g⁺ ½(∂_u g v + ∂_v g u - ∂⟨u, g v⟩)`. With constant `J` each term is a contraction of tensors; along
    /// nonlinear maps `Γ_B(J u, J v) = J Γ_A(u, v) - D²f(u, v)`.
    pub(super) fn christoffel(
        &mut self,
        id: Id,
        (gi, g): (Id, &Law),
        (ui, u): (Id, &Law),
        (vi, v): (Id, &Law),
    ) -> Typed {
        if u.is_zero() || v.is_zero() || g.is_zero() {
            return Ok(Law::plain(Form::Zero));
        }
        let class = self.class;
        let up = self.vector(Axis::up()).form;
        let down = Axis::down().reduced(class);
        let metric = match &g.form {
            Form::Matrix(x, y) => *x == down && *y == down,
            Form::Diagonal(d) => *d == down.times(&down).reduced(class),
            _ => false,
        };
        let pseudo = self.pseudo_inverse(id, gi, g)?;
        if !metric || u.form != up || v.form != up || !u.twist.is_empty() || !v.twist.is_empty() {
            return self.fault(id, "the connection takes a metric and two tangent vectors");
        }
        let weight = self.units(&(&g.weight + &pseudo.weight + &u.weight + &v.weight - Rational::ONE));
        let mut law = Law { weight, form: up, twist: Vec::new() };
        if class.is_curved() {
            if self.depends_on_state(gi) {
                return self.fault(id, "the connection of a metric that depends on the state has no law here");
            }
            law.twist = self.twist_of_pair(ui, vi, &Rational::NEG_ONE, true);
        }
        Ok(law)
    }

    /// An expression at another point `q`: if `q_B = f(q_A)`, what holds at every point holds there.
    pub(super) fn at(&self, id: Id, point: Id, q: &Law, e: &Law) -> Typed {
        let lands = match self.class.facts().jacobian {
            Jacobian::One => q.form == Form::Shift(Rational::ONE),
            Jacobian::Varies => self.body.node(point).op == Op::Params,
            Jacobian::Constant => *q == self.vector(Axis::up()),
        };
        if lands {
            return Ok(e.clone());
        }
        self.fault(
            id,
            if self.class.is_curved() {
                "it looks at a point found by adding a vector to a point; nonlinear maps do not keep straight lines"
            } else {
                "the point that it looks at does not move with the map"
            },
        )
    }

    /// `D/dt z = e` says `d/dt z = e - Γ(u, z)` on a tangent state, `e + Γ(u, ·)ᵀ z` on a cotangent one, for the velocity
    /// `u`. Along nonlinear maps the connection supplies the terms that the derivative of `J z` needs.
    pub(super) fn covariant(&mut self, id: Id, (ui, u): (Id, &Law), (zi, z): (Id, &Law), e: &Law) -> Typed {
        let class = self.class;
        let up = self.vector(Axis::up());
        let velocity = u.is_zero() || u.form == up.form && u.twist.is_empty();
        if !velocity || !z.twist.is_empty() {
            return self.fault(id, "`D/dt` needs a velocity that is a tangent vector");
        }
        if !u.is_zero() {
            self.metric_is_inverted();
        }
        let mut connection = Law { weight: &u.weight + &z.weight - &up.weight, ..z.clone() };
        if class.is_curved() && !u.is_zero() {
            connection.twist = self.twist_of_pair(ui, zi, &Rational::ONE, *z == up);
        }
        if u.is_zero() {
            connection = Law::plain(Form::Zero);
        }
        self.add(id, e, &connection, false)
    }
}
