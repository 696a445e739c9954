//! Entrywise operations and sums of entries: they have laws only where the coordinate axes are kept.

use super::{Typed, Typer};
use crate::core::class::Jacobian;
use crate::core::prim::{Homogeneity, Parity, Row};
use crate::domain::Rational;
use crate::structure::body::{Id, Kind, Op};
use crate::structure::law::{Axis, Form, Law, keeps_axes, keeps_blocks};

impl Typer {
    /// A number in every entry: only maps that keep the axes keep it, as entries that merely move.
    pub(super) fn spread(&self, id: Id, kind: Kind, s: &Law) -> Typed {
        if s.is_zero() {
            return Ok(Law::plain(Form::Zero));
        }
        if kind == Kind::Fixed {
            return Ok(s.with(Form::Fixed));
        }
        if kind == Kind::Numbers {
            return Ok(s.with(Form::Numbers));
        }
        if self.class.facts().jacobian == Jacobian::One {
            return Ok(self.vector(Axis::plain()));
        }
        if !keeps_axes(self.class) {
            return self
                .fault(id, format!("the same number in every coordinate is no vector: {} turn it", self.class.maps()));
        }
        Ok(match kind {
            Kind::Vector => s.with(Form::Vector(Axis::plain())),
            Kind::Matrix => s.with(Form::Matrix(Axis::plain(), Axis::plain())),
            Kind::Block => s.with(Form::Block(Axis::plain())),
            Kind::SideVector(left) if keeps_blocks(self.class) => s.with(Form::SideVector(left)),
            _ => return self.fault(id, "a number in every entry of this has no law"),
        })
    }

    /// Entry by entry the factors of both operands multiply.
    pub(super) fn entry_mul(&self, id: Id, a: &Law, b: &Law) -> Typed {
        if a.is_zero() || b.is_zero() {
            return Ok(Law::plain(Form::Zero));
        }
        let class = self.class;
        let both = |x: &Axis, y: &Axis| x.times(y).reduced(class);
        let form = match (&a.form, &b.form) {
            (Form::Scalar, Form::Scalar) => Form::Scalar,
            (Form::Fixed, Form::Fixed) => Form::Fixed,
            _ if !keeps_axes(class) => return self.fault(id, self.needs_axes("an entrywise product or quotient")),
            (Form::Vector(x), Form::Vector(y)) => Form::Vector(both(x, y)),
            (Form::Block(x), Form::Block(y)) => Form::Block(both(x, y)),
            (Form::SideVector(x), Form::SideVector(y)) if x == y => Form::SideVector(*x),
            (Form::Matrix(x, y), Form::Matrix(z, w)) => Form::Matrix(both(x, z), both(y, w)),
            (Form::Diagonal(d), Form::Matrix(x, y)) | (Form::Matrix(x, y), Form::Diagonal(d)) => {
                Form::Diagonal(both(d, &x.times(y)))
            }
            (Form::Diagonal(d), Form::Diagonal(e)) => Form::Diagonal(both(d, e)),
            _ => return self.fault(id, self.unnatural_vector(a, b)),
        };
        Ok(Law { weight: &a.weight + &b.weight, form, twist: Vec::new() })
    }

    /// `(ρ e)^q = ρ^q e^q` for positive factors; a sign survives an odd whole power and is lost in an even one.
    pub(super) fn entry_power(&self, id: Id, a: &Law, q: &Rational) -> Typed {
        let class = self.class;
        let weight = &a.weight * q;
        let power = |x: &Axis| x.power(q).map(|y| y.reduced(class));
        let form = match &a.form {
            Form::Zero if *q > Rational::ZERO => Some(Form::Zero),
            Form::Scalar => Some(Form::Scalar),
            Form::Fixed => Some(Form::Fixed),
            Form::Vector(_) | Form::Block(_) | Form::Matrix(..) | Form::Diagonal(_) if !keeps_axes(class) => {
                return self.fault(id, self.needs_axes("an entrywise power or root"));
            }
            Form::Vector(x) => power(x).map(Form::Vector),
            Form::Block(x) => power(x).map(Form::Block),
            Form::SideVector(left) => Some(Form::SideVector(*left)),
            Form::Matrix(x, y) => power(x).zip(power(y)).map(|(x, y)| Form::Matrix(x, y)),
            Form::Diagonal(x) if *q > Rational::ZERO => power(x).map(Form::Diagonal),
            _ => None,
        };
        match form {
            Some(form) => Ok(Law { weight, form, twist: Vec::new() }),
            None => {
                self.fault(id, format!("the power of a quantity that {} change the sign of, or shift", class.maps()))
            }
        }
    }

    /// Entrywise functions: a homogeneous one keeps positive factors to its degree, an odd one keeps signs; any other needs
    /// entries that merely move.
    pub(super) fn map(&self, id: Id, f: &Row, a: &Law) -> Typed {
        let (class, name) = (self.class, f.name);
        if a.is_zero() && f.vanishes_at_zero() {
            return Ok(a.clone());
        }
        let scaled = |w: &Rational| match f.homogeneity {
            Homogeneity::Degree(k) => Some(w * k.value()),
            Homogeneity::None => w.is_zero().then_some(Rational::ZERO),
        };
        let axis = |x: &Axis| -> Result<Axis, String> {
            let Some(weight) = scaled(&x.weight) else {
                return Err(format!(
                    "`{name}` of a quantity with units: its value depends on the scale of each coordinate"
                ));
            };
            let odd = match f.parity {
                Parity::Odd => x.odd,
                Parity::Even => false,
                Parity::Neither if x.odd => {
                    return Err(format!("`{name}` of a quantity whose sign changes with that of a coordinate"));
                }
                Parity::Neither => false,
            };
            Ok(Axis { weight, odd })
        };
        let Some(weight) = scaled(&a.weight) else {
            return self.fault(
                id,
                format!("`{name}` of a quantity with units: its value depends on the scale of the parameters"),
            );
        };
        let form = match &a.form {
            Form::Scalar => Ok(Form::Scalar),
            Form::Fixed => Ok(Form::Fixed),
            Form::Zero => return self.fault(id, format!("`{name}` of zero, in every coordinate")),
            _ if !keeps_axes(class) => return self.fault(id, self.needs_axes(&format!("`{name}` entry by entry"))),
            Form::Vector(x) => axis(x).map(Form::Vector),
            Form::Block(x) => axis(x).map(Form::Block),
            _ => Err(format!("`{name}` of what is not a vector over the parameters")),
        };
        match form {
            Ok(form) => Ok(Law { weight, form, twist: Vec::new() }),
            Err(why) => self.fault(id, why),
        }
    }

    /// `max(ρ a, ρ b) = ρ max(a, b)` for positive factors; a sign would turn it into a minimum.
    pub(super) fn extremum(&self, id: Id, a: &Law, b: &Law) -> Typed {
        let law = if a.is_zero() { b } else { a };
        if !b.is_zero() && (a.form != b.form && !a.is_zero() || law.weight != b.weight) {
            return self.fault(id, self.mismatch(a, b));
        }
        let even = match &law.form {
            Form::Scalar | Form::Fixed | Form::Zero => true,
            Form::Vector(x) | Form::Block(x) => keeps_axes(self.class) && !x.odd,
            Form::SideVector(_) => true,
            _ => false,
        };
        if even {
            Ok(law.clone())
        } else {
            self.fault(id, self.needs_axes("an entrywise maximum or minimum, which knows signs,"))
        }
    }

    /// `min(max(x, -c), c)` is homogeneous in both, and for `c ≥ 0` odd in `x`; for `c < 0` it is `c` whatever `x` is.
    pub(super) fn clip(&self, id: Id, x: &Law, (ci, c): (Id, &Law)) -> Typed {
        let axes = match (&x.form, &c.form) {
            (Form::Scalar, Form::Scalar) => true,
            (Form::Vector(p), Form::Vector(q)) | (Form::Block(p), Form::Block(q)) => {
                if p.odd && !self.nonnegative(ci) {
                    return self
                        .fault(id, "clipping is odd only for a bound that is not negative, which is not known here");
                }
                keeps_axes(self.class) && p.weight == q.weight && !q.odd
            }
            _ => false,
        };
        if axes && x.weight == c.weight { Ok(x.clone()) } else { self.fault(id, self.mismatch(x, c)) }
    }

    /// Whether no entry of a value can be negative, by its form and by the conditions on hyperparameters.
    pub(super) fn nonnegative(&self, id: Id) -> bool {
        let node = self.body.node(id);
        let all = || node.args.iter().all(|&a| self.nonnegative(a));
        match &node.op {
            Op::Const(q) => *q >= Rational::ZERO,
            Op::Given(_) => self.body.nonnegative.contains(&id),
            Op::Zero | Op::Norm | Op::Size(_) => true,
            Op::Map(f) => f.range.is_nonnegative(),
            Op::State(i) => self.body.states[*i].variance.is_positive(),
            // A root exists for such a base only.
            Op::Power(q) => !q.is_int() || !dashu_int::ops::BitTest::bit(q.numerator(), 0) || all(),
            Op::EntryMul | Op::Dot if self.body.same(node.args[0], node.args[1]) => true,
            Op::Max => node.args.iter().any(|&a| self.nonnegative(a)),
            Op::Spread
            | Op::Add
            | Op::Scale
            | Op::Over
            | Op::EntryMul
            | Op::EntryDiv
            | Op::Min
            | Op::Largest
            | Op::Least
            | Op::Sum
            | Op::Mean
            | Op::Dot
            | Op::BlockOf => all(),
            _ => false,
        }
    }

    /// A sum of entries, their mean, the largest and the least are invariant under permutations; factors and signs must not
    /// be there.
    pub(super) fn sum(&self, id: Id, a: &Law) -> Typed {
        match &a.form {
            Form::Zero => Ok(a.clone()),
            Form::Scalar | Form::Fixed => Ok(a.with(Form::Scalar)),
            Form::Vector(x) if keeps_axes(self.class) && *x == Axis::plain() => Ok(a.with(Form::Scalar)),
            Form::Matrix(x, y) if keeps_axes(self.class) && *x == Axis::plain() && *y == Axis::plain() => {
                Ok(a.with(Form::Scalar))
            }
            Form::Block(_) if keeps_axes(self.class) && keeps_blocks(self.class) => Ok(a.with(Form::Scalar)),
            Form::SideVector(_) | Form::Numbers => Ok(a.with(Form::Scalar)),
            _ => {
                let what = match self.body.node(id).op {
                    Op::Largest => "the largest of the coordinates",
                    Op::Least => "the least of the coordinates",
                    _ => "a sum over coordinates",
                };
                self.fault(id, format!("{what} is a number only if all of them have the same units and signs"))
            }
        }
    }
}
