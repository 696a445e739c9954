//! The table of rules: the law of each primitive from the laws of its operands.
//!
//! Every rule is a small theorem. Its proof, or the reason why it needs a side condition, stands at the rule. `ρ` is the
//! representation of an operand's law, `J` the Jacobian of the map, and "keeps the axes" means that `J` is a scaled
//! permutation. What no rule covers has no law, and the [`Fault`] says why and where.

mod calculus;
mod entries;
mod reasons;
mod states;
mod tensors;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::body::{Body, Id, Kind, Op};
use super::hypothesis::{Hypothesis, needs_inverses};
use super::law::{Axis, Form, Law, is_conformal, keeps_axes, keeps_blocks, separates_blocks};
use crate::core::class::{Class, Jacobian};
use crate::domain::Rational;

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
    /// Under `scaling`: whether each parameter is scaled by a factor of its own, of which weights are the exponents.
    pub blockwise: bool,
    /// What the laws found so far use of the architecture.
    pub hypotheses: BTreeSet<Hypothesis>,
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
            blockwise: false,
            hypotheses: BTreeSet::new(),
            memo: FxHashMap::default(),
            visiting: Vec::new(),
            keys: super::smooth::Keys::default(),
        }
    }

    /// A reader of `body` under maps that scale each parameter by a factor of its own.
    pub fn blockwise(body: &Body) -> Self {
        Typer { blockwise: true, ..Typer::new(body, Class::Scaling, Rational::ZERO) }
    }

    /// The same, lenient with `diagonal` states.
    #[must_use]
    pub fn lenient(self) -> Self {
        Typer { lenient: true, ..self }
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
        let law = law.and_then(|law| self.apart(id, law));
        self.visiting.pop();
        self.memo.insert(id, law.clone());
        law
    }

    /// Where each parameter has a factor of its own, a weight counts that of the parameter at hand: a number summed over
    /// several has a law only without weight, and matrices over all parameters have two factors in each entry.
    fn apart(&self, id: Id, law: Law) -> Typed {
        if !self.blockwise || law.is_zero() {
            return Ok(law);
        }
        let node = self.body.node(id);
        let whole = |a: &Id| matches!(self.body.node(*a).kind, Kind::Vector | Kind::Matrix | Kind::Sides(_));
        let mixed = match &node.op {
            Op::NaturalGradient | Op::Raise | Op::Lower | Op::Christoffel | Op::Covariant => true,
            Op::Differential | Op::Gradient => law.weight != Rational::NEG_ONE,
            _ if node.kind == Kind::Matrix => true,
            _ => node.kind == Kind::Scalar && !law.weight.is_zero() && node.args.iter().any(whole),
        };
        if mixed {
            return self.fault(id, "it combines parameters that the map scales by different factors");
        }
        Ok(law)
    }

    /// Along translations `J = 1`: whatever is computed from values that do not change does not change.
    fn unmoved(&mut self, id: Id) -> Option<Law> {
        let node = self.body.node(id).clone();
        // What `at` looks at has to move with the point.
        if self.class.facts().jacobian != Jacobian::One || node.args.is_empty() || node.op == Op::At {
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

    /// The metric's pseudo-inverse is used as its inverse, where the class needs that.
    pub(super) fn metric_is_inverted(&mut self) {
        if needs_inverses(self.class) {
            self.hypotheses.insert(Hypothesis::MetricNonSingular);
        }
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
            (Op::Params, _) => Ok(self.point()),
            (Op::State(i), _) => self.state_law(*i, id),
            (Op::Primed(i), _) => {
                let c = self.component(*i, id)?;
                self.law(c)
            }
            (Op::PrimedBlock(i), _) => {
                let c = self.component(*i, id)?;
                let whole = self.law(c)?;
                self.block_of(id, &whole)
            }
            // 1 = J 1 J⁻¹ always; D 1 D and Q 1 Qᵀ where that is diagonal or 1.
            (Op::Eye, _) => Ok(Law::plain(if keeps_axes(class) {
                Form::Diagonal(Axis::plain())
            } else if is_conformal(class) {
                Form::Matrix(Axis::plain(), Axis::plain())
            } else {
                Form::Endomorphism
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
            (Op::Map(f), [a]) => self.map(id, f, a),
            (Op::Max | Op::Min, [a, b]) => self.extremum(id, a, b),
            (Op::Clip, [x, c]) => self.clip(id, x, (node.args[1], c)),
            (Op::Sum | Op::Mean | Op::Largest | Op::Least, [a]) => self.sum(id, a),
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
            (Op::Inverse, [a]) => {
                self.inverted(node.args[0]);
                self.inverse(id, a)
            }
            (Op::PseudoInverse, [a]) => self.pseudo_inverse(id, node.args[0], a),
            // A⁻¹ b; where A is singular neither side is defined.
            (Op::Solve, [a, b]) => {
                self.inverted(node.args[0]);
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
                Form::SideVector(left) => Ok(a.with(Form::Side(*left))),
                _ => self.fault(id, self.needs_axes("a diagonal matrix")),
            },
            (Op::DiagonalOf, [a]) => match &a.form {
                Form::Zero => Ok(a.clone()),
                // Mᵢᵢ is multiplied by the factors of both axes at i.
                Form::Matrix(x, y) if keeps_axes(class) => Ok(a.with(Form::Vector(x.times(y).reduced(class)))),
                Form::Diagonal(x) => Ok(a.with(Form::Vector(x.clone()))),
                // Where both sides keep their axes they are not mixed at all.
                Form::Side(left) if keeps_axes(class) && keeps_blocks(class) => Ok(a.with(Form::SideVector(*left))),
                _ => self.fault(id, self.needs_axes("the diagonal of a matrix")),
            },
            (Op::BlockDiag, [a]) => match &a.form {
                Form::Zero | Form::Diagonal(_) => Ok(a.clone()),
                // A block matrix J keeps which entries lie in a diagonal block.
                _ if separates_blocks(class) => Ok(a.clone()),
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
                self.metric_is_inverted();
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
            (Op::Assembled(_), blocks) => {
                let a = self.alike(id, &node.args, blocks)?;
                Ok(match &a.form {
                    Form::Block(x) => a.with(Form::Vector(x.clone())),
                    Form::Side(left) => a.with(Form::Sides(*left)),
                    Form::Scalar if node.kind == Kind::Numbers => a.with(Form::Numbers),
                    _ => a,
                })
            }
            // Maps that mix the blocks mix their sizes.
            (Op::Size(_), _) if separates_blocks(class) => Ok(Law::scalar()),
            (Op::Size(_), _) => self.fault(id, self.mixes_blocks()),
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
            _ if self.class.facts().jacobian == Jacobian::One => true,
            Form::Scalar | Form::Fixed | Form::Zero => a.weight.is_zero(),
            _ => false,
        }
    }

    pub(super) fn component(&self, i: usize, at: Id) -> Result<Id, Fault> {
        self.body.news.get(i).copied().map_or_else(|| self.fault(at, "no rule is given"), Ok)
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
        if class.facts().jacobian == Jacobian::One && self.still(a) && self.still(&b) {
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
