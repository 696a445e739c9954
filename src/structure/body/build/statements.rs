//! The lines of a flow or a step, and the types of states.

use super::{Builder, Each, Local, Scope};
use crate::model::optimizer::{Variance, WORDS, Weight};
use crate::structure::body::{Id, Kind, Op};
use crate::syntax::tree::{ExprKind, Ident, Place, State, Statement, StatementKind, Type};

impl Builder<'_> {
    /// How a state is carried. The model has found its type valid.
    pub(super) fn variance(&mut self, state: &State, auto: Option<Variance>, scope: &mut Scope) -> Variance {
        let word = state.ty.name.name.as_str();
        match (&state.weight, word) {
            (None, "auto") => auto.unwrap_or(Variance::Tangent),
            (None, _) => Variance::of_word(word).unwrap_or(Variance::Fixed),
            (Some(w), _) => {
                let power = self.expr(&w.power, scope);
                let k = self.constant(power).and_then(Weight::new);
                k.and_then(|k| Variance::with_weight(word, k, w.parity.is_some())).unwrap_or(Variance::Fixed)
            }
        }
    }

    pub(super) fn statements(&mut self, statements: &[Statement], scope: &mut Scope) {
        for s in statements {
            match &s.kind {
                StatementKind::Let(l) => {
                    let id = self.expr(&l.value, scope);
                    scope.bind(&l.name.name, Local::Value(id));
                }
                StatementKind::Derivative(p, e) | StatementKind::Covariant(p, e) | StatementKind::Update(p, e) => {
                    let id = self.expr(e, scope);
                    let Some(i) = self.component(p) else { continue };
                    if matches!(s.kind, StatementKind::Covariant(..)) {
                        self.covariant.push(i);
                    }
                    match self.target(p, id) {
                        Some((domain, id)) => self.blocks.entry(i).or_default().push((domain, id, s.span)),
                        None => {
                            let id = self.whole_value(id, i);
                            self.whole.insert(i, (id, s.span));
                        }
                    }
                }
                StatementKind::Each { var, shape, over, except, body } => {
                    let depth = scope.names.len();
                    scope.bind(&var.name, Local::Block);
                    let mut domain = shape.as_ref().map_or_else(String::new, |t| self.shape(t, scope));
                    for name in std::iter::once(over).chain(except) {
                        domain.push_str(" - ");
                        domain.push_str(&name.name);
                    }
                    let numbers = shape.as_ref().is_some_and(|t| t.dims.is_empty());
                    self.each = Some(Each { var: var.name.clone(), domain, numbers });
                    self.statements(body, scope);
                    self.each = None;
                    scope.names.truncate(depth);
                }
            }
        }
    }

    /// For a rule of a block: the blocks that it is for, and its value. Types know nothing of a block by its name.
    fn target(&mut self, place: &Place, id: Id) -> Option<(String, Id)> {
        let each = self.each.clone();
        let of_each = |name: &Ident| each.as_ref().filter(|e| e.var == name.name);
        match &place.block {
            None => of_each(&place.name).map(|e| (e.domain.clone(), id)),
            Some(b) => Some(match of_each(b) {
                Some(e) => (e.domain.clone(), id),
                None => {
                    let span = self.body.node(id).span;
                    let kind = self.kind(id);
                    (format!("block {}", b.name), self.opaque("a rule for a block by its name", kind, span))
                }
            }),
        }
    }

    /// The component that a place belongs to.
    fn component(&self, place: &Place) -> Option<usize> {
        let name = place.name.name.as_str();
        if name == "params" || self.each.as_ref().is_some_and(|e| e.var == name && place.block.is_none()) {
            return Some(0);
        }
        self.body.states.iter().position(|s| s.name == name).map(|i| i + 1)
    }

    /// The shape of an `each` in words, with its new names by number; they are bound to the sizes of the block.
    fn shape(&mut self, ty: &Type, scope: &mut Scope) -> String {
        let mut new: Vec<&str> = Vec::new();
        let mut text = String::from("R");
        for (e, word) in ty.dims.iter().zip(["rows", "cols"]) {
            text.push(' ');
            match &e.kind {
                ExprKind::Name(n) if new.contains(&n.as_str()) => {
                    text.push_str(&format!("n{}", new.iter().position(|m| m == n).unwrap_or(0)));
                }
                ExprKind::Name(n)
                    if scope.get(n).is_none()
                        && self.model.resolve(n, e.span).is_none()
                        && !WORDS.contains(&n.as_str()) =>
                {
                    text.push_str(&format!("n{}", new.len()));
                    new.push(n);
                    let id = self.push(Op::Size(word.to_owned()), Vec::new(), Kind::Scalar, e.span);
                    scope.bind(n, Local::Value(id));
                }
                ExprKind::Number(q) => text.push_str(&q.to_string()),
                // A size that this reading does not know is like no other.
                _ => text.push_str(&format!("size at {:?}", e.span)),
            }
        }
        text
    }
}
