//! Products, inverses and powers of matrices, and lengths: contractions of axes.

use super::{Typed, Typer};
use crate::core::variance::Variance;
use crate::domain::Rational;
use crate::structure::body::{Id, Op};
use crate::structure::hypothesis::{Hypothesis, needs_inverses};
use crate::structure::law::{Axis, Form, Law, is_conformal, keeps_axes, keeps_blocks};

impl Typer {
    /// `ρ_a M ρ_bᵀ · ρ_c v = ρ_a M v` if `b` and `c` contract; the same for two matrices.
    pub(super) fn product(&self, id: Id, a: &Law, b: &Law) -> Typed {
        if a.is_zero() || b.is_zero() {
            return Ok(Law::plain(Form::Zero));
        }
        let class = self.class;
        let blocks = |form: Form| if keeps_blocks(class) { Some(form) } else { None };
        let form = match (&a.form, &b.form) {
            (Form::Matrix(x, y), Form::Vector(z)) if y.contracts(z) => Some(Form::Vector(x.clone())),
            (Form::Matrix(x, y), Form::Matrix(z, w)) if y.contracts(z) => Some(Form::Matrix(x.clone(), w.clone())),
            // A diagonal matrix multiplies entry by entry.
            (Form::Diagonal(d), Form::Vector(z)) => Some(Form::Vector(d.times(z).reduced(class))),
            (Form::Diagonal(d), Form::Matrix(z, w)) => Some(Form::Matrix(d.times(z).reduced(class), w.clone())),
            (Form::Matrix(x, y), Form::Diagonal(d)) => Some(Form::Matrix(x.clone(), y.times(d).reduced(class))),
            (Form::Diagonal(d), Form::Diagonal(e)) => Some(Form::Diagonal(d.times(e).reduced(class))),
            (Form::Endomorphism, other) | (other, Form::Endomorphism) if *other != Form::Point => Some(other.clone()),
            (Form::Fixed, Form::Fixed) => Some(Form::Fixed),
            // Q z Qᵀ · Q W P = Q z W P, and so on.
            (Form::Side(true), Form::Block(_)) | (Form::Block(_), Form::Side(false)) => {
                blocks(Form::Block(Axis::plain()))
            }
            (Form::Block(_), Form::BlockTransposed) => blocks(Form::Side(true)),
            (Form::BlockTransposed, Form::Block(_)) => blocks(Form::Side(false)),
            (Form::Side(p), Form::Side(q)) if p == q => Some(Form::Side(*p)),
            _ => None,
        };
        match form {
            Some(form) if a.twist.is_empty() && b.twist.is_empty() => {
                Ok(Law { weight: &a.weight + &b.weight, form, twist: Vec::new() })
            }
            Some(_) => self.fault(id, "it multiplies a quantity that holds second derivatives of the map"),
            None if matches!(a.form, Form::Block(_) | Form::BlockTransposed | Form::Side(_)) => {
                self.fault(id, self.mixes_blocks())
            }
            None => self.fault(id, self.unnatural_vector(a, b)),
        }
    }

    /// `Σ uᵢ vᵢ`, and the sum of the products of all entries of matrices.
    pub(super) fn dot(&self, id: Id, a: &Law, b: &Law) -> Typed {
        if a.is_zero() || b.is_zero() {
            return Ok(Law::plain(Form::Zero));
        }
        let fits = match (&a.form, &b.form) {
            (Form::Scalar, Form::Scalar) | (Form::Fixed, Form::Fixed) => true,
            (Form::Vector(x), Form::Vector(y)) => x.contracts(y),
            (Form::Matrix(x, y), Form::Matrix(z, w)) => x.contracts(z) && y.contracts(w),
            (Form::Diagonal(x), Form::Diagonal(y)) => x.contracts(y),
            // tr((Q A P)ᵀ Q B P) = tr(Aᵀ B).
            (Form::Block(_), Form::Block(_)) => keeps_blocks(self.class),
            (Form::Side(p), Form::Side(q)) => p == q,
            _ => false,
        };
        if fits && a.twist.is_empty() && b.twist.is_empty() {
            return Ok(Law { weight: &a.weight + &b.weight, ..Law::scalar() });
        }
        if matches!(a.form, Form::Block(_)) {
            return self.fault(id, self.mixes_blocks());
        }
        if matches!(a.form, Form::Shift(_)) || matches!(b.form, Form::Shift(_)) {
            return self.fault(id, "`params` moves with the origin, and so does its length");
        }
        if a.form == Form::Point || b.form == Form::Point {
            return self.fault(id, "along a nonlinear map a point is no vector, and has no length");
        }
        self.fault(
            id,
            format!(
                "a length or product over coordinates is a number only where `J` is orthogonal; {} are not",
                self.class.maps()
            ),
        )
    }

    /// `(ρ_a M ρ_bᵀ)⁻¹ = ρ_b⁻ᵀ M⁻¹ ρ_a⁻¹`.
    pub(super) fn inverse(&self, id: Id, a: &Law) -> Typed {
        let weight = -a.weight.clone();
        let form = match &a.form {
            Form::Matrix(x, y) => Form::Matrix(y.dual(), x.dual()),
            Form::Diagonal(x) => Form::Diagonal(x.dual()),
            Form::Endomorphism => Form::Endomorphism,
            Form::Side(left) => Form::Side(*left),
            Form::Scalar => Form::Scalar,
            _ => return self.fault(id, "the inverse of what is no matrix with a law"),
        };
        Ok(Law { weight, form, twist: Vec::new() })
    }

    /// `(Q M P)⁺ = Pᵀ M⁺ Qᵀ` for orthogonal `Q`, `P` and for numbers; otherwise the matrix must be invertible.
    pub(super) fn pseudo_inverse(&mut self, id: Id, of: Id, a: &Law) -> Typed {
        if a.is_zero() {
            return Ok(a.clone());
        }
        if needs_inverses(self.class) && !self.invertible(of) {
            return self.fault(id, "the pseudo-inverse of a matrix that may be singular changes with the coordinates");
        }
        self.inverse(id, a)
    }

    /// Whether a matrix is invertible at generic points: the class is asked for architectures whose metric and Hessian
    /// are, and what is positive definite is. A covariant Hessian may be singular where both are not: in the coordinates
    /// in which the metric is constant, it is the Hessian of a loss that may be linear in one of them.
    pub(in crate::structure) fn invertible(&mut self, id: Id) -> bool {
        let node = self.body.node(id).clone();
        match &node.op {
            Op::Metric => {
                self.hypotheses.insert(Hypothesis::MetricNonSingular);
                true
            }
            Op::Hessian => {
                let of_loss = self.body.node(node.args[0]).op == Op::Loss;
                if of_loss {
                    self.hypotheses.insert(Hypothesis::HessianNonSingular);
                }
                of_loss
            }
            Op::Inverse | Op::Transpose | Op::Neg => self.invertible(node.args[0]),
            Op::Scale if self.nonzero_constant(node.args[0]) => self.invertible(node.args[1]),
            Op::Over if self.nonzero_constant(node.args[1]) => self.invertible(node.args[0]),
            _ => self.definite(id),
        }
    }

    fn nonzero_constant(&self, id: Id) -> bool {
        matches!(&self.body.node(id).op, Op::Const(q) if !q.is_zero())
    }

    /// Notes that a matrix is inverted by an operation that has no value where it is singular.
    pub(super) fn inverted(&mut self, id: Id) {
        let node = self.body.node(id).clone();
        let of_loss = || node.args.first().is_some_and(|&a| self.body.node(a).op == Op::Loss);
        let used = match &node.op {
            Op::Transpose => return self.inverted(node.args[0]),
            Op::Metric => Hypothesis::MetricInverted,
            Op::Hessian if of_loss() => Hypothesis::HessianInverted,
            Op::CovariantHessian if of_loss() => Hypothesis::CovariantHessianInverted,
            _ => return,
        };
        self.hypotheses.insert(used);
    }

    /// [`Typer::definite_by_form`], with the hypothesis that it rests on.
    pub(in crate::structure) fn definite(&mut self, id: Id) -> bool {
        let definite = self.definite_by_form(id);
        if definite && self.reads_metric(id) {
            self.hypotheses.insert(Hypothesis::MetricPositive);
        }
        definite
    }

    fn reads_metric(&self, id: Id) -> bool {
        let node = self.body.node(id);
        node.op == Op::Metric || node.args.iter().any(|&a| self.reads_metric(a))
    }

    /// Whether a matrix is symmetric and positive definite by its form: the metric, tensor states, the identity; diagonals
    /// and diagonal blocks, inverses, positive multiples and sums of such.
    fn definite_by_form(&self, id: Id) -> bool {
        let node = self.body.node(id);
        match &node.op {
            Op::Metric | Op::Eye => true,
            Op::State(i) => matches!(self.body.states[*i].variance, Variance::Metric | Variance::Cometric),
            Op::BlockDiag | Op::Inverse | Op::Transpose => self.definite_by_form(node.args[0]),
            Op::Diag => {
                let inner = self.body.node(node.args[0]);
                inner.op == Op::DiagonalOf && self.definite_by_form(inner.args[0])
            }
            Op::Scale => {
                matches!(&self.body.node(node.args[0]).op, Op::Const(q) if *q > Rational::ZERO)
                    && self.definite_by_form(node.args[1])
            }
            Op::Over => {
                matches!(&self.body.node(node.args[1]).op, Op::Const(q) if *q > Rational::ZERO)
                    && self.definite_by_form(node.args[0])
            }
            Op::Add => self.definite_by_form(node.args[0]) && self.definite_by_form(node.args[1]),
            _ => false,
        }
    }

    /// `(Q M Qᵀ)^q = Q M^q Qᵀ` for orthogonal `Q`; of a diagonal matrix entry by entry. With exponent 0 this is the polar
    /// factor, which forgets positive factors.
    pub(super) fn matrix_function(&self, id: Id, a: &Law, q: &Rational) -> Typed {
        let class = self.class;
        let weight = &a.weight * q;
        let form = match &a.form {
            Form::Matrix(x, y) if x == y && x.weight.is_zero() && (keeps_axes(class) || is_conformal(class)) => {
                a.form.clone()
            }
            Form::Diagonal(x) if !x.odd => match x.power(q) {
                Some(x) => Form::Diagonal(x.reduced(class)),
                None => return self.fault(id, "a root of a quantity that may be negative"),
            },
            Form::Endomorphism | Form::Side(_) => a.form.clone(),
            _ => {
                return self.fault(
                    id,
                    "a power of a matrix is natural only along orthogonal maps: others do not commute with it",
                );
            }
        };
        Ok(Law { weight, form, twist: Vec::new() })
    }
}
