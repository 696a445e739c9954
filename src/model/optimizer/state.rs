//! States: their types, and general points of their fibres.

use super::{State, side};
use crate::core::error::ModelError;
use crate::core::names::nearest;
use crate::core::variance::{Space, Variance, Weight};
use crate::domain::Rational;
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Constraint, ConstraintKind, Draw, Elab, Elaborator, Role, Scope};
use crate::source::Span;
use crate::syntax::tree::{self, Ident};
use crate::term::{Shape, Term};

/// The types of states in a sentence.
const TYPES: &str = "a state is `R`, `R[k]`, `R each`, `tangent`, `cotangent`, `metric`, `cometric`, `diagonal`, `left`, `right`, \
                     `point`, `scalar(k)`, `scalar(k) each`, `entries(k)`, `entries(k, odd)` or `auto`";

impl Elaborator<'_> {
    /// A state as it is declared.
    pub(super) fn state(
        &mut self,
        declared: &tree::State,
        a: &Architecture,
        auto: Option<Variance>,
        scope: &Scope,
    ) -> Elab<State> {
        let tree::State { name, ty, each, .. } = declared;
        let word = ty.name.name.as_str();
        let n = a.dim;
        let variance = self.variance(declared, auto, scope)?;
        let shape: Shape = match variance.space() {
            Space::Own | Space::Number if *each => Shape::from_slice(&[a.blocks.len()]),
            Space::Number => Shape::new(),
            Space::Own if word == "R" => self.extents(ty, scope)?,
            Space::Own | Space::Vector => Shape::from_slice(&[n]),
            Space::Matrix => Shape::from_slice(&[n, n]),
            Space::Sides(_) => {
                let total = a.blocks.iter().map(|b| side(&b.shape, variance).pow(2)).sum();
                Shape::from_slice(&[total])
            }
        };
        self.check_entries(&shape, "this state", ty.span)?;
        let (symbol, term) = self.store.symbol(&name.name, &shape);
        let before = self.constraints.len();
        let general = match variance.space() {
            Space::Matrix => {
                let (_, l) = self.quantify(&format!("root of {}", name.name), &shape, Draw::Real, Role::State);
                self.positive_definite(l, name)
            }
            Space::Sides(_) => {
                let mut parts = Vec::new();
                for b in &a.blocks {
                    let m = side(&b.shape, variance);
                    let label = format!("root of {}[{}]", name.name, b.name);
                    let (_, l) = self.quantify(&label, &[m, m], Draw::Real, Role::State);
                    parts.push(self.positive_definite(l, name));
                }
                self.store.join(&parts)
            }
            Space::Own | Space::Number | Space::Vector => {
                let (_, t) = self.quantify(&name.name, &shape, Draw::Real, Role::State);
                if variance == Variance::Point {
                    self.inside(t, a);
                }
                if variance.is_positive() {
                    self.constrain(t, ConstraintKind::Positive, format!("{} > 0", name.name), name.span);
                }
                t
            }
        };
        let domain = self.constraints.split_off(before);
        let initial = self.store.zero(&shape);
        let span = name.span.to(ty.span);
        Ok(State { name: name.name.clone(), variance, each: *each, symbol, term, general, domain, initial, span })
    }

    fn positive_definite(&mut self, root: Term, name: &Ident) -> Term {
        let det = self.store.determinant(root);
        self.constrain(det, ConstraintKind::NonZero, format!("{} is positive definite", name.name), name.span);
        let t = self.store.transpose(root);
        self.store.matmul(root, t)
    }

    /// The variance that a type names.
    fn variance(&mut self, declared: &tree::State, auto: Option<Variance>, scope: &Scope) -> Elab<Variance> {
        let power = match &declared.weight {
            Some(w) if is_weighted(declared) => {
                let t = self.expr(&w.power, scope)?;
                self.store.as_fill(t).cloned().filter(|_| self.store.shape(t).is_empty())
            }
            _ => None,
        };
        match variance_of(declared, auto, power.as_ref()) {
            Ok(variance) => Ok(variance),
            Err(fault) => self.fail(*fault),
        }
    }

    /// A second point keeps the conditions of the first.
    fn inside(&mut self, t: Term, a: &Architecture) {
        for c in &a.domain {
            let term = self.store.substitute_one(c.term, &[(a.symbol, t)].into_iter().collect());
            self.constraints.push(Constraint { term, ..c.clone() });
        }
    }
}

/// Whether the type of a state has a weight.
pub(in crate::model) fn is_weighted(declared: &tree::State) -> bool {
    matches!(declared.ty.name.name.as_str(), "scalar" | "entries")
}

/// The variance that the type of a state names; `power` is the number of its weight, if it is a constant.
pub(in crate::model) fn variance_of(
    declared: &tree::State,
    auto: Option<Variance>,
    power: Option<&Rational>,
) -> Result<Variance, Box<ModelError>> {
    let tree::State { ty, weight, each, .. } = declared;
    let word = ty.name.name.as_str();
    let bad =
        |message: String, help: Option<String>, span: Span| Err(Box::new(ModelError::BadType { message, help, span }));
    let variance = match (word, weight) {
        ("scalar" | "entries", None) => {
            let help = Some(format!("write `{word}(2)` for what changes as the square of the differential"));
            return bad(format!("a `{word}` state has a weight"), help, ty.span);
        }
        ("scalar" | "entries", Some(w)) => weighted(word, w, power)?,
        (_, Some(w)) => {
            let help = Some("`scalar(k)` and `entries(k)` have one".to_owned());
            return bad(format!("a `{word}` state has no weight"), help, w.span);
        }
        ("R", None) => Variance::Fixed,
        ("auto", None) => auto.unwrap_or(Variance::Tangent),
        (_, None) => match Variance::of_word(word) {
            Some(v) => v,
            None => {
                let words = Variance::ALL.iter().map(|v| v.word()).chain(["auto", "point", "scalar", "entries"]);
                let meant = match word {
                    "vector" | "velocity" | "params" => Some("tangent"),
                    "covector" | "gradient" | "grad" | "dual" => Some("cotangent"),
                    "diag" | "elementwise" => Some("diagonal"),
                    "matrix" | "tensor" | "hessian" => Some("metric"),
                    _ => None,
                };
                let near = meant.or_else(|| nearest(word, words)).map(|n| format!("did you mean `{n}`?"));
                let help = near.or_else(|| Some(TYPES.into()));
                return bad(format!("`{word}` is not a type of state"), help, ty.span);
            }
        },
    };
    if *each && !(matches!(variance, Variance::Scalar(_)) || word == "R" && ty.dims.is_empty()) {
        let message = "`each` makes one number for each block".to_owned();
        let help = Some("write `R each` or `scalar(k) each`; the other types are over the blocks already".to_owned());
        return bad(message, help, ty.span);
    }
    if word != "R" && !ty.dims.is_empty() {
        return bad(format!("a `{word}` state takes its size from the parameters"), None, ty.span);
    }
    Ok(variance)
}

/// `scalar(k)`, `entries(k)`, `entries(k, odd)`
fn weighted(word: &str, w: &tree::Weight, power: Option<&Rational>) -> Result<Variance, Box<ModelError>> {
    let Some(k) = power.and_then(Weight::new) else {
        let message = "the weight of a state is a rational constant, at most 1000".to_owned();
        return Err(Box::new(ModelError::BadType { message, help: None, span: w.power.span }));
    };
    let odd = match &w.parity {
        None => false,
        Some(p) if p.name == "odd" && word == "entries" => true,
        Some(p) => {
            let message = format!("`{}` is no parity of a `{word}` state", p.name);
            let help = match word {
                "entries" => "`entries(k, odd)` takes the signs of the coordinates along, `entries(k)` does not",
                _ => "a length has no sign: write `scalar(k)`",
            };
            return Err(Box::new(ModelError::BadType { message, help: Some(help.to_owned()), span: p.span }));
        }
    };
    // `word` is one of the two.
    Ok(Variance::with_weight(word, k, odd).unwrap_or(Variance::Scalar(k)))
}
