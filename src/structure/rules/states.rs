//! The laws of states and points, and of wholes made of blocks.

use super::{Typed, Typer};
use crate::core::class::Jacobian;
use crate::core::variance::Variance;
use crate::domain::Rational;
use crate::structure::body::{Id, Kind};
use crate::structure::law::{Axis, Form, Law, is_conformal, keeps_axes, keeps_blocks, separates_blocks};

impl Typer {
    /// The law of a state, which its declaration fixes.
    pub fn state_law(&self, i: usize, at: Id) -> Typed {
        let keeps = keeps_axes(self.class);
        Ok(match self.body.states[i].variance {
            // One number for each block stays with its block; as the power of a length of the differential on that block it has
            // units.
            Variance::Fixed if self.body.states[i].each && separates_blocks(self.class) => Law::plain(Form::Numbers),
            Variance::Scalar(k) if self.body.states[i].each && keeps_blocks(self.class) => {
                Law { weight: self.units(&-k.value()), ..Law::plain(Form::Numbers) }
            }
            Variance::Fixed | Variance::Scalar(_) if self.body.states[i].each => {
                return self.fault(at, "numbers for each block are carried only by maps that keep the blocks apart");
            }
            // |c|⁻ᵏ z for c times an isometry.
            Variance::Scalar(k) if is_conformal(self.class) => Law { weight: self.units(&-k.value()), ..Law::scalar() },
            Variance::Scalar(_) => {
                return self.fault(at, "a `scalar` state is carried only by multiples of isometries");
            }
            // z times the -k-th powers of the factors, with their signs if odd.
            Variance::Entries(k, odd) if keeps => self.vector(Axis { weight: -k.value(), odd }),
            Variance::Entries(..) if self.lenient => self.vector(Axis::plain()),
            Variance::Entries(..) => {
                return self.fault(at, "an `entries` state is carried only by maps that keep the coordinate axes");
            }
            // f(z)
            Variance::Point => self.point(),
            // Carried by the identity.
            Variance::Fixed => match self.body.node(at).kind {
                Kind::Scalar => Law::scalar(),
                Kind::Fixed => Law::plain(Form::Fixed),
                _ => return self.fault(at, "a fixed state is not shaped like the parameters"),
            },
            // J z, J⁻ᵀ z, J⁻ᵀ z J⁻¹, J z Jᵀ.
            Variance::Tangent => self.vector(Axis::up()),
            Variance::Cotangent => self.vector(Axis::down()),
            Variance::Metric => self.matrix(Axis::down(), Axis::down()),
            Variance::Cometric => self.matrix(Axis::up(), Axis::up()),
            // The diagonal of J⁻ᵀ diag(z) J⁻¹ is z with the squares of the inverse factors, if J is a scaled permutation.
            Variance::Diagonal if keeps => self.vector(Axis { weight: Rational::from(-2), odd: false }),
            Variance::Diagonal if self.lenient => self.vector(Axis::plain()),
            Variance::Diagonal => {
                return self.fault(at, "a `diagonal` state is carried only by maps that keep the coordinate axes");
            }
            // W ↦ Q W P: |P|⁻² Q⁻ᵀ z Q⁻¹ and |Q|⁻² P⁻¹ z P⁻ᵀ, sums of squares of the differential.
            Variance::Left | Variance::Right if keeps_blocks(self.class) => {
                let left = self.body.states[i].variance == Variance::Left;
                let weight = self.units(&Rational::from(-2));
                Law { weight, form: Form::Sides(left), twist: Vec::new() }
            }
            Variance::Left | Variance::Right => {
                return self.fault(at, "a state on rows or columns is carried only by maps W ↦ Q W P of each block");
            }
        })
    }

    /// The law of a point.
    pub(in crate::structure) fn point(&self) -> Law {
        match self.class.facts().jacobian {
            Jacobian::One => Law::plain(Form::Shift(Rational::ONE)),
            Jacobian::Varies => Law::plain(Form::Point),
            Jacobian::Constant => self.vector(Axis::up()),
        }
    }

    /// The weight of what has these units: only maps that multiply everything alike see it.
    pub(super) fn units(&self, w: &Rational) -> Rational {
        if self.class.facts().scales { w.clone() } else { Rational::ZERO }
    }

    /// The one law of the rules of several sets of blocks. Maps that mix the blocks need one rule for all.
    pub(super) fn alike(&self, id: Id, rules: &[Id], laws: &[Law]) -> Typed {
        if !separates_blocks(self.class) && rules.iter().any(|&r| !self.body.same(r, rules[0])) {
            return self.fault(id, self.mixes_blocks());
        }
        let Some(law) = laws.iter().find(|l| !l.is_zero()) else { return Ok(Law::plain(Form::Zero)) };
        let moves = matches!(law.form, Form::Shift(_) | Form::Point);
        match laws.iter().find(|l| if l.is_zero() { moves } else { *l != law }) {
            Some(other) => self.fault(id, self.mismatch(law, other)),
            None => Ok(law.clone()),
        }
    }

    /// The block of a vector has the vector's law, entry by entry; under `biorthogonal` it is `Q z P`.
    pub(super) fn block_of(&self, id: Id, a: &Law) -> Typed {
        Ok(match &a.form {
            Form::Vector(x) => a.with(Form::Block(x.clone())),
            Form::Sides(left) => a.with(Form::Side(*left)),
            Form::Numbers => a.with(Form::Scalar),
            Form::Zero | Form::Shift(_) => a.clone(),
            _ => return self.fault(id, "a block of what is not a vector over the parameters"),
        })
    }
}
