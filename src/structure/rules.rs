//! The table of rules: the law of each primitive from the laws of its operands.
//!
//! Every rule is a small theorem. Its proof, or the reason why it needs a side condition, stands at the rule. `ρ` is the
//! representation of an operand's law, `J` the Jacobian of the map, and "keeps the axes" means that `J` is a scaled
//! permutation. What no rule covers has no law, and the [`Fault`] says why and where.

use rustc_hash::FxHashMap;

use super::body::{Body, Entrywise, Id, Kind, Op};
use super::class::Class;
use super::law::{Axis, Form, Law, keeps_axes, keeps_blocks};
use crate::domain::Rational;
use crate::model::optimizer::Variance;

/// Why a node has no law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The node at which the law is lost; its operands have laws.
    pub at: Id,
    /// A sentence for a practitioner.
    pub why: String,
}

/// The law of a value, or why it has none.
pub type Typed = Result<Law, Fault>;

/// Reads a body under one class.
pub struct Typer {
    /// The body; derivatives of it are added at the end.
    pub body: Body,
    /// The class. `affine` is read through its generators.
    pub class: Class,
    /// Under `scaling`: the weight that `lr` is given.
    pub rate: Rational,
    /// Nodes that are taken to have a law: the ablated ones.
    pub given: FxHashMap<Id, Law>,
    /// Whether `diagonal` states are taken as lists of numbers where the class cannot carry them: only to find what else
    /// is to blame.
    pub lenient: bool,
    memo: FxHashMap<Id, Typed>,
    visiting: Vec<Id>,
    pub(super) keys: super::smooth::Keys,
}

impl Typer {
    /// A reader of `body` under `class`, with the weight of `lr` as given.
    pub fn new(body: &Body, class: Class, rate: Rational) -> Self {
        Typer {
            body: body.clone(),
            class,
            rate,
            given: FxHashMap::default(),
            lenient: false,
            memo: FxHashMap::default(),
            visiting: Vec::new(),
            keys: super::smooth::Keys::default(),
        }
    }

    /// Takes a node to have a law, and forgets all laws that were found without that.
    pub fn ablate(&mut self, id: Id, law: Law) {
        self.given.insert(id, law);
        self.memo.clear();
    }

    /// The law of a node.
    ///
    /// # Errors
    /// If it has none.
    pub fn law(&mut self, id: Id) -> Typed {
        if let Some(law) = self.given.get(&id) {
            return Ok(law.clone());
        }
        if let Some(known) = self.memo.get(&id) {
            return known.clone();
        }
        if self.visiting.contains(&id) || self.visiting.len() > 512 {
            return self.fault(id, "it depends on itself, or is nested too deeply");
        }
        self.visiting.push(id);
        let law = self.rule(id).or_else(|fault| self.unmoved(id).ok_or(fault));
        self.visiting.pop();
        self.memo.insert(id, law.clone());
        law
    }

    /// Along translations `J = 1`: whatever is computed from values that do not change does not change.
    fn unmoved(&mut self, id: Id) -> Option<Law> {
        let node = self.body.node(id).clone();
        // What `at` looks at has to move with the point.
        if self.class != Class::Translation || node.args.is_empty() || node.op == Op::At {
            return None;
        }
        for &a in &node.args {
            let law = self.law(a).ok()?;
            if !self.still(&law) {
                return None;
            }
        }
        Some(if node.kind == Kind::Scalar { Law::scalar() } else { self.vector(Axis::plain()) })
    }

    pub(super) fn fault<T>(&self, at: Id, why: impl Into<String>) -> Result<T, Fault> {
        Err(Fault { at, why: why.into() })
    }

    fn vector(&self, axis: Axis) -> Law {
        Law::vector(self.class, axis)
    }

    fn matrix(&self, a: Axis, b: Axis) -> Law {
        Law::matrix(self.class, a, b)
    }

    /// The law of a state, which its declaration fixes.
    pub fn state_law(&self, i: usize, at: Id) -> Typed {
        let keeps = keeps_axes(self.class);
        Ok(match self.body.states[i].variance {
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
            // W ↦ Q W P: Q⁻ᵀ z Q⁻¹ and P⁻¹ z P⁻ᵀ; for W ↦ a W the factor a belongs to Q.
            Variance::Left | Variance::Right if keeps_blocks(self.class) => {
                let left = self.body.states[i].variance == Variance::Left;
                let weight = if left && self.class == Class::Scaling { Rational::from(-2) } else { Rational::ZERO };
                Law { weight, form: Form::Sides(left), twist: Vec::new() }
            }
            Variance::Left | Variance::Right => {
                return self.fault(at, "a state on rows or columns is carried only by maps W ↦ Q W P of each block");
            }
        })
    }

    fn rule(&mut self, id: Id) -> Typed {
        let node = self.body.node(id).clone();
        let mut laws = Vec::with_capacity(node.args.len());
        // At a function of the point alone the operand is not needed as a value.
        for &a in &node.args {
            laws.push(self.law(a)?);
        }
        let class = self.class;
        match (&node.op, &laws[..]) {
            // Numbers do not change. Under `scaling`, lr is given the weight that is being tried.
            (Op::Const(q), _) if q.is_zero() => Ok(Law::plain(Form::Zero)),
            (Op::Const(_) | Op::Given(_), _) => Ok(Law::scalar()),
            (Op::Zero, _) => Ok(Law::plain(Form::Zero)),
            (Op::Rate, _) => Ok(Law { weight: self.rate.clone(), ..Law::scalar() }),
            // The classes are asked for pulled-back losses, outputs and output metrics: loss_B ∘ f = loss_A.
            (Op::Loss, _) => Ok(Law::scalar()),
            (Op::Fixed(_), _) => Ok(Law::plain(Form::Fixed)),
            // The pullback of the output's metric: G_A = Jᵀ G_B J.
            (Op::Metric, _) => Ok(self.matrix(Axis::down(), Axis::down())),
            // A linear map sends the point x to J x; a translation moves it; along a nonlinear map it is no vector.
            (Op::Params, _) => Ok(match class {
                Class::Translation => Law::plain(Form::Shift(Rational::ONE)),
                Class::Diffeo => Law::plain(Form::Point),
                _ => self.vector(Axis::up()),
            }),
            (Op::State(i), _) => self.state_law(*i, id),
            (Op::Primed(i), _) => {
                let c = self.component(*i, id)?;
                self.law(c)
            }
            (Op::PrimedBlock(i), _) => {
                let c = self.component(*i, id)?;
                if let Op::Assembled = self.body.node(c).op {
                    let b = self.body.node(c).args[0];
                    return self.law(b);
                }
                let whole = self.law(c)?;
                self.block_of(id, &whole)
            }
            // 1 = J 1 J⁻¹ always; D 1 D and Q 1 Qᵀ where that is diagonal or 1.
            (Op::Eye, _) => Ok(Law::plain(match class {
                Class::Linear | Class::Affine | Class::Diffeo => Form::Endomorphism,
                Class::Orthogonal | Class::Biorthogonal => Form::Matrix(Axis::plain(), Axis::plain()),
                _ => Form::Diagonal(Axis::plain()),
            })),
            (Op::Spread, [s]) => self.spread(id, node.kind, s),
            (Op::Add | Op::Sub, [a, b]) => self.add(id, a, b, node.op == Op::Sub),
            (Op::Neg, [a]) => Ok(scaled(a, &Rational::NEG_ONE)),
            (Op::Scale, [s, t]) => self.scale(id, node.args[0], s, t, false),
            (Op::Over, [t, s]) => self.scale(id, node.args[1], s, t, true),
            (Op::Product, [a, b]) => self.product(id, a, b),
            (Op::EntryMul, [a, b]) => self.entry_mul(id, a, b),
            (Op::EntryDiv, [a, b]) => {
                let inverse = self.entry_power(id, b, &Rational::NEG_ONE)?;
                self.entry_mul(id, a, &inverse)
            }
            (Op::Power(q), [a]) => self.entry_power(id, a, q),
            // Both numbers are invariant.
            (Op::PowerBy, [a, b]) => {
                if invariant(a) && invariant(b) {
                    Ok(Law::scalar())
                } else {
                    self.fault(id, "a power of quantities that change with the map")
                }
            }
            (Op::Map(f, name), [a]) => self.map(id, *f, name, a),
            (Op::Max | Op::Min, [a, b]) => self.extremum(id, a, b),
            (Op::Clip, [x, c]) => self.clip(id, x, (node.args[1], c)),
            (Op::Sum | Op::Mean, [a]) => self.sum(id, a),
            (Op::Dot, [a, b]) => self.dot(id, a, b),
            // ‖x‖² = x·x, and the root of a weight is half of it.
            (Op::Norm, [a]) => {
                let square = self.dot(id, a, a)?;
                Ok(Law { weight: half(&square.weight), ..square })
            }
            (Op::Trace, [a]) => match &a.form {
                Form::Zero => Ok(Law::plain(Form::Zero)),
                // tr(ρ_a M ρ_bᵀ) = tr M if the axes contract.
                Form::Matrix(x, y) if x.contracts(y) => Ok(a.with(Form::Scalar)),
                Form::Diagonal(x) if *x == Axis::plain() => Ok(a.with(Form::Scalar)),
                Form::Endomorphism | Form::Side(_) => Ok(a.with(Form::Scalar)),
                _ => self.fault(id, "the trace of a matrix with two axes of the same kind depends on the coordinates"),
            },
            (Op::Det, [a]) => match &a.form {
                // det(ρ_a M ρ_bᵀ) = det(ρ_a) det(ρ_b) det M, which is 1 for dual axes, and for equal ones of ±1.
                Form::Matrix(x, y) if a.weight.is_zero() && (x.contracts(y) || x == y && x.weight.is_zero()) => {
                    Ok(Law::scalar())
                }
                Form::Endomorphism => Ok(Law::scalar()),
                _ => self.fault(id, "a determinant changes with the volume of the coordinates"),
            },
            (Op::Transpose, [a]) => Ok(match &a.form {
                Form::Matrix(x, y) => a.with(Form::Matrix(y.clone(), x.clone())),
                // The transpose forgets the axis, so the block must have none that the class can see.
                Form::Block(x) if *x == Axis::plain() => a.with(Form::BlockTransposed),
                Form::Block(_) => return self.fault(id, self.mixes_blocks()),
                Form::BlockTransposed => a.with(Form::Block(Axis::plain())),
                _ => a.clone(),
            }),
            (Op::Inverse, [a]) => self.inverse(id, a),
            (Op::PseudoInverse, [a]) => self.pseudo_inverse(id, node.args[0], a),
            // A⁻¹ b; where A is singular neither side is defined.
            (Op::Solve, [a, b]) => {
                let inverse = self.inverse(id, a)?;
                self.product(id, &inverse, b)
            }
            (Op::MatrixPower(q), [a]) => self.matrix_function(id, a, q),
            (Op::Polar, [a]) => match &a.form {
                // v/‖v‖
                Form::Vector(_) => {
                    let square = self.dot(id, a, a)?;
                    Ok(Law { weight: &a.weight - half(&square.weight), ..a.clone() })
                }
                // polar(Q W P) = Q polar(W) P, and a positive factor drops out.
                Form::Block(_) if keeps_blocks(class) => Ok(Law { weight: Rational::ZERO, ..a.clone() }),
                Form::Block(_) => self.fault(id, self.mixes_blocks()),
                Form::Diagonal(x) => {
                    // The signs of the entries.
                    let sign = Axis { weight: Rational::ZERO, odd: x.odd };
                    Ok(Law { weight: Rational::ZERO, ..a.with(Form::Diagonal(sign)) })
                }
                _ => self.matrix_function(id, a, &Rational::ZERO),
            },
            (Op::Diag, [a]) => match &a.form {
                Form::Zero => Ok(a.clone()),
                Form::Vector(x) if keeps_axes(class) => Ok(a.with(Form::Diagonal(x.clone()))),
                _ => self.fault(id, self.needs_axes("a diagonal matrix")),
            },
            (Op::DiagonalOf, [a]) => match &a.form {
                Form::Zero => Ok(a.clone()),
                // Mᵢᵢ is multiplied by the factors of both axes at i.
                Form::Matrix(x, y) if keeps_axes(class) => Ok(a.with(Form::Vector(x.times(y).reduced(class)))),
                Form::Diagonal(x) => Ok(a.with(Form::Vector(x.clone()))),
                _ => self.fault(id, self.needs_axes("the diagonal of a matrix")),
            },
            (Op::BlockDiag, [a]) => match &a.form {
                Form::Zero | Form::Diagonal(_) => Ok(a.clone()),
                // A block matrix J keeps which entries lie in a diagonal block.
                _ if keeps_blocks(class) || class == Class::Diagonal => Ok(a.clone()),
                _ => self.fault(id, self.mixes_blocks()),
            },
            (Op::Outer, [a, b]) => match (&a.form, &b.form) {
                (Form::Zero, _) | (_, Form::Zero) => Ok(Law::plain(Form::Zero)),
                (Form::Vector(x), Form::Vector(y)) if a.twist.is_empty() && b.twist.is_empty() => Ok(Law {
                    weight: &a.weight + &b.weight,
                    form: Form::Matrix(x.clone(), y.clone()),
                    twist: Vec::new(),
                }),
                _ => self.fault(id, self.unnatural_vector(a, b)),
            },
            (Op::Differential | Op::Gradient, [e]) => self.differential(id, node.args[0], e),
            (Op::NaturalGradient, [e]) => {
                let d = self.differential(id, node.args[0], e)?;
                let cometric = self.matrix(Axis::up(), Axis::up());
                self.product(id, &cometric, &d)
            }
            (Op::Raise, [g, c]) => {
                let inverse = self.pseudo_inverse(id, node.args[0], g)?;
                self.product(id, &inverse, c)
            }
            (Op::Lower, [g, v]) => self.product(id, g, v),
            (Op::Hessian, [e]) => self.hessian(id, node.args[0], e, false),
            (Op::CovariantHessian, [e]) => self.hessian(id, node.args[0], e, true),
            (Op::Christoffel, [g, u, v]) => {
                self.christoffel(id, (node.args[0], g), (node.args[1], u), (node.args[2], v))
            }
            (Op::At, [q, e]) => self.at(id, node.args[0], q, e),
            (Op::Covariant, [u, z, e]) => self.covariant(id, (node.args[0], u), (node.args[1], z), e),
            (Op::BlockOf, [a]) => self.block_of(id, a),
            (Op::Assembled, [a]) => Ok(match &a.form {
                Form::Block(x) => a.with(Form::Vector(x.clone())),
                Form::Side(left) => a.with(Form::Sides(*left)),
                _ => a.clone(),
            }),
            // A function of numbers that do not change does not change; along translations, of nothing that moves.
            (Op::Opaque(_), operands) if !operands.is_empty() && operands.iter().all(|a| self.still(a)) => {
                match node.kind {
                    Kind::Scalar => Ok(Law::scalar()),
                    Kind::Fixed => Ok(Law::plain(Form::Fixed)),
                    _ => self.fault(id, "this operation has no transformation law"),
                }
            }
            (Op::Opaque(why), _) => self.fault(id, format!("{why} has no transformation law")),
            _ => self.fault(id, "this operation has no transformation law"),
        }
    }

    /// Whether a value certainly does not change.
    fn still(&self, a: &Law) -> bool {
        match &a.form {
            Form::Shift(_) | Form::Point => false,
            _ if self.class == Class::Translation => true,
            Form::Scalar | Form::Fixed | Form::Zero => a.weight.is_zero(),
            _ => false,
        }
    }

    pub(super) fn component(&self, i: usize, at: Id) -> Result<Id, Fault> {
        self.body.news.get(i).copied().map_or_else(|| self.fault(at, "no rule is given"), Ok)
    }

    /// The block of a vector has the vector's law, entry by entry; under `biorthogonal` it is `Q z P`.
    fn block_of(&self, id: Id, a: &Law) -> Typed {
        Ok(match &a.form {
            Form::Vector(x) => a.with(Form::Block(x.clone())),
            Form::Sides(left) => a.with(Form::Side(*left)),
            Form::Zero | Form::Shift(_) => a.clone(),
            _ => return self.fault(id, "a block of what is not a vector over the parameters"),
        })
    }

    /// A number in every entry: only maps that keep the axes keep it, as entries that merely move.
    fn spread(&self, id: Id, kind: Kind, s: &Law) -> Typed {
        if s.is_zero() {
            return Ok(Law::plain(Form::Zero));
        }
        if kind == Kind::Fixed {
            return Ok(s.with(Form::Fixed));
        }
        if self.class == Class::Translation {
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
            _ => return self.fault(id, "a number in every entry of this has no law"),
        })
    }

    /// Linear combinations of values with one law have that law. A diagonal matrix is a matrix with any axes whose
    /// product is that of its entries, the identity an endomorphism.
    pub(super) fn add(&self, id: Id, a: &Law, b: &Law, minus: bool) -> Typed {
        let b = if minus { scaled(b, &Rational::NEG_ONE) } else { b.clone() };
        if a.is_zero() {
            return Ok(b);
        }
        if b.is_zero() {
            return Ok(a.clone());
        }
        let class = self.class;
        if class == Class::Translation && self.still(a) && self.still(&b) {
            return Ok(a.clone());
        }
        let form = match (&a.form, &b.form) {
            (Form::Shift(k), Form::Shift(l)) => Some(shift(k + l)),
            (Form::Shift(k), Form::Vector(_) | Form::Block(_)) | (Form::Vector(_) | Form::Block(_), Form::Shift(k)) => {
                Some(shift(k.clone()))
            }
            (Form::Diagonal(d), Form::Matrix(x, y)) | (Form::Matrix(x, y), Form::Diagonal(d))
                if x.times(y).reduced(class) == *d =>
            {
                Some(Form::Matrix(x.clone(), y.clone()))
            }
            (Form::Endomorphism, Form::Matrix(x, y)) | (Form::Matrix(x, y), Form::Endomorphism) if x.contracts(y) => {
                Some(Form::Matrix(x.clone(), y.clone()))
            }
            (x, y) if x == y && *x != Form::Point => Some(x.clone()),
            _ => None,
        };
        match form {
            Some(form) if a.weight == b.weight => {
                Ok(Law { weight: a.weight.clone(), form, twist: super::smooth::merge(&a.twist, &b.twist) })
            }
            _ => self.fault(id, self.mismatch(a, &b)),
        }
    }

    /// An invariant number times a value; with units the weights add.
    fn scale(&self, id: Id, number: Id, s: &Law, t: &Law, over: bool) -> Typed {
        if t.is_zero() || s.is_zero() && !over {
            return Ok(Law::plain(Form::Zero));
        }
        if s.form != Form::Scalar {
            return self.fault(id, "a factor that is no number");
        }
        let constant = match &self.body.node(number).op {
            Op::Const(q) if over && q.is_zero() => return self.fault(id, "a division by zero"),
            Op::Const(q) if over => Some(Rational::ONE / q),
            Op::Const(q) => Some(q.clone()),
            _ => None,
        };
        match (&constant, &t.form) {
            (Some(q), _) => return Ok(scaled(t, q)),
            (None, Form::Point) => {
                return self.fault(id, "along a nonlinear map a point cannot be scaled like a vector");
            }
            (None, Form::Shift(_)) => {
                return self.fault(id, "`params` moves with the origin, and a factor that varies does not cancel that");
            }
            _ => {}
        }
        if !t.twist.is_empty() {
            return self.fault(id, "a varying multiple of a second derivative of the map does not cancel");
        }
        let weight = if over { &t.weight - &s.weight } else { &t.weight + &s.weight };
        Ok(Law { weight, ..t.clone() })
    }

    /// `ρ_a M ρ_bᵀ · ρ_c v = ρ_a M v` if `b` and `c` contract; the same for two matrices.
    fn product(&self, id: Id, a: &Law, b: &Law) -> Typed {
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

    /// Entry by entry the factors of both operands multiply.
    fn entry_mul(&self, id: Id, a: &Law, b: &Law) -> Typed {
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
    fn entry_power(&self, id: Id, a: &Law, q: &Rational) -> Typed {
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
    fn map(&self, id: Id, f: Entrywise, name: &str, a: &Law) -> Typed {
        let class = self.class;
        if a.is_zero() && matches!(f, Entrywise::Sign | Entrywise::Abs | Entrywise::Relu | Entrywise::Odd) {
            return Ok(a.clone());
        }
        let axis = |x: &Axis| -> Result<Axis, String> {
            let bare = x.weight.is_zero();
            let units =
                || Err(format!("`{name}` of a quantity with units: its value depends on the scale of each coordinate"));
            let signs = || Err(format!("`{name}` of a quantity whose sign changes with that of a coordinate"));
            match f {
                Entrywise::Sign => Ok(Axis { weight: Rational::ZERO, odd: x.odd }),
                Entrywise::Abs => Ok(Axis { weight: x.weight.clone(), odd: false }),
                Entrywise::Relu if x.odd => signs(),
                Entrywise::Relu => Ok(x.clone()),
                _ if !bare => units(),
                Entrywise::Odd => Ok(x.clone()),
                Entrywise::Even => Ok(Axis::plain()),
                Entrywise::Plain if x.odd => signs(),
                Entrywise::Plain => Ok(x.clone()),
            }
        };
        let weight = match f {
            Entrywise::Sign => Rational::ZERO,
            Entrywise::Abs | Entrywise::Relu => a.weight.clone(),
            _ if a.weight.is_zero() => Rational::ZERO,
            _ => {
                return self.fault(
                    id,
                    format!("`{name}` of a quantity with units: its value depends on the scale of the parameters"),
                );
            }
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
    fn extremum(&self, id: Id, a: &Law, b: &Law) -> Typed {
        let law = if a.is_zero() { b } else { a };
        if !b.is_zero() && (a.form != b.form && !a.is_zero() || law.weight != b.weight) {
            return self.fault(id, self.mismatch(a, b));
        }
        let even = match &law.form {
            Form::Scalar | Form::Fixed | Form::Zero => true,
            Form::Vector(x) | Form::Block(x) => keeps_axes(self.class) && !x.odd,
            _ => false,
        };
        if even {
            Ok(law.clone())
        } else {
            self.fault(id, self.needs_axes("an entrywise maximum or minimum, which knows signs,"))
        }
    }

    /// `min(max(x, -c), c)` is homogeneous in both, and for `c ≥ 0` odd in `x`; for `c < 0` it is `c` whatever `x` is.
    fn clip(&self, id: Id, x: &Law, (ci, c): (Id, &Law)) -> Typed {
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
    fn nonnegative(&self, id: Id) -> bool {
        let node = self.body.node(id);
        let all = || node.args.iter().all(|&a| self.nonnegative(a));
        match &node.op {
            Op::Const(q) => *q >= Rational::ZERO,
            Op::Given(_) => self.body.nonnegative.contains(&id),
            Op::Zero | Op::Norm | Op::Map(Entrywise::Abs | Entrywise::Relu, _) => true,
            Op::Map(Entrywise::Plain, name) => name != "log",
            Op::State(i) => self.body.states[*i].variance == Variance::Diagonal,
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
            | Op::Sum
            | Op::Mean
            | Op::Dot
            | Op::BlockOf => all(),
            _ => false,
        }
    }

    /// A sum of entries is invariant under permutations; factors and signs must not be there.
    fn sum(&self, id: Id, a: &Law) -> Typed {
        match &a.form {
            Form::Zero => Ok(a.clone()),
            Form::Scalar | Form::Fixed => Ok(a.with(Form::Scalar)),
            Form::Vector(x) if keeps_axes(self.class) && *x == Axis::plain() => Ok(a.with(Form::Scalar)),
            Form::Matrix(x, y) if keeps_axes(self.class) && *x == Axis::plain() && *y == Axis::plain() => {
                Ok(a.with(Form::Scalar))
            }
            Form::Block(_) if keeps_axes(self.class) && keeps_blocks(self.class) => Ok(a.with(Form::Scalar)),
            _ => self.fault(id, "a sum over coordinates is a number only if all of them have the same units and signs"),
        }
    }

    /// `Σ uᵢ vᵢ`, and the sum of the products of all entries of matrices.
    fn dot(&self, id: Id, a: &Law, b: &Law) -> Typed {
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
    fn inverse(&self, id: Id, a: &Law) -> Typed {
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
    fn pseudo_inverse(&self, id: Id, of: Id, a: &Law) -> Typed {
        if a.is_zero() {
            return Ok(a.clone());
        }
        let needs = matches!(self.class, Class::Diagonal | Class::Linear | Class::Affine | Class::Diffeo);
        if needs && !self.invertible(of) {
            return self.fault(id, "the pseudo-inverse of a matrix that may be singular changes with the coordinates");
        }
        self.inverse(id, a)
    }

    /// Whether a matrix is invertible at generic points: the class is asked for architectures whose metric and Hessian
    /// are, and what is positive definite is.
    fn invertible(&self, id: Id) -> bool {
        let node = self.body.node(id);
        match &node.op {
            Op::Hessian | Op::CovariantHessian => self.body.node(node.args[0]).op == Op::Loss,
            Op::Inverse | Op::Transpose => self.invertible(node.args[0]),
            _ => self.definite(id),
        }
    }

    /// Whether a matrix is symmetric and positive definite by its form: the metric, tensor states, the identity; diagonals
    /// and diagonal blocks, inverses, positive multiples and sums of such.
    pub(super) fn definite(&self, id: Id) -> bool {
        let node = self.body.node(id);
        match &node.op {
            Op::Metric | Op::Eye => true,
            Op::State(i) => matches!(self.body.states[*i].variance, Variance::Metric | Variance::Cometric),
            Op::BlockDiag | Op::Inverse | Op::Transpose => self.definite(node.args[0]),
            Op::Diag => {
                let inner = self.body.node(node.args[0]);
                inner.op == Op::DiagonalOf && self.definite(inner.args[0])
            }
            Op::Scale => {
                matches!(&self.body.node(node.args[0]).op, Op::Const(q) if *q > Rational::ZERO)
                    && self.definite(node.args[1])
            }
            Op::Over => {
                matches!(&self.body.node(node.args[1]).op, Op::Const(q) if *q > Rational::ZERO)
                    && self.definite(node.args[0])
            }
            Op::Add => self.definite(node.args[0]) && self.definite(node.args[1]),
            _ => false,
        }
    }

    /// `(Q M Qᵀ)^q = Q M^q Qᵀ` for orthogonal `Q`; of a diagonal matrix entry by entry. With exponent 0 this is the polar
    /// factor, which forgets positive factors.
    fn matrix_function(&self, id: Id, a: &Law, q: &Rational) -> Typed {
        let class = self.class;
        let weight = &a.weight * q;
        let form = match &a.form {
            Form::Matrix(x, y) if x == y && x.weight.is_zero() && class != Class::Linear && class != Class::Diffeo => {
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

    /// `Jᵀ d(e_B) = d(e_A)` for an invariant function `e`; with a weight, the same times the factor. States are held
    /// fixed, which is harmless while they are carried by constant maps.
    fn differential(&mut self, id: Id, of: Id, e: &Law) -> Typed {
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
        if self.class == Class::Diffeo {
            d.twist = self.twist_of_differential(id, of)?;
        }
        Ok(d)
    }

    /// `Jᵀ hess(e_B) J = hess(e_A)` where `J` is constant. The covariant Hessian has that law along every map.
    fn hessian(&mut self, id: Id, of: Id, e: &Law, covariant: bool) -> Typed {
        match e.form {
            Form::Zero => return Ok(e.clone()),
            Form::Scalar => {}
            _ => return self.fault(id, "second derivatives of what is no number"),
        }
        if self.class == Class::Diffeo {
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
        let mut h = self.matrix(Axis::down(), Axis::down());
        h.weight = &h.weight + &e.weight;
        Ok(h)
    }

    /// `Γ(u, v) = g⁺ ½(∂_u g v + ∂_v g u - ∂⟨u, g v⟩)`. With constant `J` each term is a contraction of tensors; along
    /// nonlinear maps `Γ_B(J u, J v) = J Γ_A(u, v) - D²f(u, v)`.
    fn christoffel(&mut self, id: Id, (gi, g): (Id, &Law), (ui, u): (Id, &Law), (vi, v): (Id, &Law)) -> Typed {
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
        let weight = if class == Class::Scaling {
            &g.weight + &pseudo.weight + &u.weight + &v.weight - Rational::ONE
        } else {
            Rational::ZERO
        };
        let mut law = Law { weight, form: up, twist: Vec::new() };
        if class == Class::Diffeo {
            if self.depends_on_state(gi) {
                return self.fault(id, "the connection of a metric that depends on the state has no law here");
            }
            law.twist = self.twist_of_pair(ui, vi, &Rational::NEG_ONE, true);
        }
        Ok(law)
    }

    /// An expression at another point `q`: if `q_B = f(q_A)`, what holds at every point holds there.
    fn at(&self, id: Id, point: Id, q: &Law, e: &Law) -> Typed {
        let lands = match self.class {
            Class::Translation => q.form == Form::Shift(Rational::ONE),
            Class::Diffeo => self.body.node(point).op == Op::Params,
            _ => *q == self.vector(Axis::up()),
        };
        if lands {
            return Ok(e.clone());
        }
        self.fault(
            id,
            if self.class == Class::Diffeo {
                "it looks at a point found by adding a vector to a point; nonlinear maps do not keep straight lines"
            } else {
                "the point that it looks at does not move with the map"
            },
        )
    }

    /// `D/dt z = e` says `d/dt z = e - Γ(u, z)` on a tangent state, `e + Γ(u, ·)ᵀ z` on a cotangent one, for the velocity
    /// `u`. Along nonlinear maps the connection supplies the terms that the derivative of `J z` needs.
    fn covariant(&mut self, id: Id, (ui, u): (Id, &Law), (zi, z): (Id, &Law), e: &Law) -> Typed {
        let class = self.class;
        let up = self.vector(Axis::up());
        let velocity = u.is_zero() || u.form == up.form && u.twist.is_empty();
        if !velocity || !z.twist.is_empty() {
            return self.fault(id, "`D/dt` needs a velocity that is a tangent vector");
        }
        let mut connection = Law { weight: &u.weight + &z.weight - &up.weight, ..z.clone() };
        if class == Class::Diffeo && !u.is_zero() {
            connection.twist = self.twist_of_pair(ui, zi, &Rational::ONE, *z == up);
        }
        if u.is_zero() {
            connection = Law::plain(Form::Zero);
        }
        self.add(id, e, &connection, false)
    }

    fn needs_axes(&self, what: &str) -> String {
        format!("{what} depends on the coordinate axes, which {} do not keep", self.class.maps())
    }

    fn mixes_blocks(&self) -> String {
        if self.class == Class::Diagonal {
            return "it treats each parameter as a whole, and diagonal maps scale the entries of one differently"
                .into();
        }
        format!("it treats each parameter as a matrix of its own, and {} mix the parameters", self.class.maps())
    }

    fn unnatural_vector(&self, a: &Law, b: &Law) -> String {
        if matches!(a.form, Form::Shift(_)) || matches!(b.form, Form::Shift(_)) {
            return "`params` moves with the origin, so this product does".into();
        }
        if matches!(a.form, Form::Point) || matches!(b.form, Form::Point) {
            return "along a nonlinear map a point is no vector".into();
        }
        format!("the product sums over axes that {} change differently", self.class.maps())
    }

    /// Why two values cannot be added or compared.
    fn mismatch(&self, a: &Law, b: &Law) -> String {
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

fn invariant(a: &Law) -> bool {
    matches!(a.form, Form::Scalar | Form::Zero) && a.weight.is_zero()
}

fn shift(k: Rational) -> Form {
    if k.is_zero() { Form::Vector(Axis::plain()) } else { Form::Shift(k) }
}

fn half(w: &Rational) -> Rational {
    w * crate::term::half()
}

/// The law of a constant multiple.
pub(super) fn scaled(a: &Law, q: &Rational) -> Law {
    if q.is_zero() {
        return Law::plain(Form::Zero);
    }
    let form = match &a.form {
        Form::Shift(k) => shift(k * q),
        Form::Point if q.is_one() => Form::Point,
        // A multiple of a point is no point; as a vector it has no law, which `add` and the components refuse.
        other => other.clone(),
    };
    Law { weight: a.weight.clone(), form, twist: a.twist.iter().map(|(p, c)| (*p, c * q)).collect() }
}
