//! Why a law is lost, in sentences for practitioners.

use super::Typer;
use crate::core::class::Class;
use crate::domain::Rational;
use crate::structure::law::{Form, Law};

impl Typer {
    pub(super) fn needs_axes(&self, what: &str) -> String {
        format!("{what} depends on the coordinate axes, which {} do not keep", self.class.maps())
    }

    pub(super) fn mixes_blocks(&self) -> String {
        if self.class == Class::Diagonal {
            return "it treats each parameter as a whole, and diagonal maps scale the entries of one differently"
                .into();
        }
        format!("it treats each parameter as a matrix of its own, and {} mix the parameters", self.class.maps())
    }

    pub(super) fn unnatural_vector(&self, a: &Law, b: &Law) -> String {
        if matches!(a.form, Form::Shift(_)) || matches!(b.form, Form::Shift(_)) {
            return "`params` moves with the origin, so this product does".into();
        }
        if matches!(a.form, Form::Point) || matches!(b.form, Form::Point) {
            return "along a nonlinear map a point is no vector".into();
        }
        format!("the product sums over axes that {} change differently", self.class.maps())
    }

    /// Why two values cannot be added or compared.
    pub(super) fn mismatch(&self, a: &Law, b: &Law) -> String {
        if a.form == Form::Point || b.form == Form::Point {
            return "along a nonlinear map a point is no vector, and nothing can be added to it".into();
        }
        let units = |w: &Rational| match w {
            w if w.is_zero() => "no units".to_owned(),
            w if w.is_one() => "units a".to_owned(),
            w => format!("units a^{w}"),
        };
        match self.class {
            Class::Scaling if a.form == b.form || a.weight != b.weight => {
                format!("it combines a quantity with {} and one with {}", units(&a.weight), units(&b.weight))
            }
            Class::Diagonal => "it combines quantities with different units in each coordinate".into(),
            Class::SignedPermutation => {
                "it combines a quantity that changes sign with a coordinate and one that does not".into()
            }
            Class::Linear | Class::Affine | Class::Diffeo => {
                "it combines quantities that transform differently, such as a vector and a covector".into()
            }
            _ => format!("it combines quantities that {} change differently", self.class.maps()),
        }
    }
}
