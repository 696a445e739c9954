//! Conditions on what a question ranges over: those of a `where`, and those behind `assume`.

use super::elaborate::{Constraint, ConstraintKind, Elab, Elaborator, Role, text_of};
use crate::core::error::ModelError;
use crate::domain::Rational;
use crate::read::Arg;
use crate::source::Span;
use crate::syntax::tree::{Comparison, Condition};
use crate::term::Term;

impl Elaborator<'_> {
    /// Adds a condition.
    pub fn constrain(&mut self, term: Term, kind: ConstraintKind, text: String, span: Span) {
        if kind == ConstraintKind::Positive && !self.at_a_point {
            self.store.assume_positive(term);
            // x > c with c ≥ 0 makes x positive, too.
            if let crate::term::Node::Sum(parts) = self.store.node(term).clone()
                && parts.len() == 2
            {
                for ((c, x), (d, one)) in [(&parts[0], &parts[1]), (&parts[1], &parts[0])] {
                    if c.is_one() && self.store.as_fill(*one).is_some() && *d < Rational::ZERO {
                        self.store.assume_positive(*x);
                    }
                }
            }
        }
        self.constraints.push(Constraint { term, kind, text, assumed: false, span });
    }

    /// One comparison of a `where`, recorded or, if it is between constants, checked at `used`.
    pub(super) fn compared(
        &mut self,
        op: Comparison,
        left: Arg<Term>,
        right: Arg<Term>,
        written: &Condition,
        used: Span,
    ) -> Elab<()> {
        let difference = match op {
            Comparison::Lt | Comparison::Le => self.broadcast_sum("comparison", right, left, true)?,
            Comparison::Gt | Comparison::Ge | Comparison::Ne => self.broadcast_sum("comparison", left, right, true)?,
        };
        let before = self.constraints.len();
        let outer = self.at_a_point;
        self.at_a_point |= written.assumed && self.reads_a_point(difference);
        let done = self.condition(difference, op, condition_text(written), written.span, used);
        self.at_a_point = outer;
        done?;
        if written.assumed {
            self.constraints.iter_mut().skip(before).for_each(|c| c.assumed = true);
            let text = condition_text(written);
            if !self.assumed.contains(&text) {
                self.assumed.push(text);
            }
        }
        Ok(())
    }

    fn reads_a_point(&self, t: Term) -> bool {
        let read = self.store.free_symbols(&[t]);
        self.quantified.iter().any(|q| q.role == Role::Point && read.contains(&q.symbol))
    }

    /// Takes out the conditions since there were `before` of them that are assumed of points.
    pub(super) fn assumed_of_points(&mut self, before: usize) -> Vec<Constraint> {
        let new = self.constraints.split_off(before);
        let (own, others) = new.into_iter().partition(|c| c.assumed && self.reads_a_point(c.term));
        self.constraints.extend::<Vec<Constraint>>(others);
        own
    }

    fn condition(&mut self, difference: Term, op: Comparison, text: String, span: Span, used: Span) -> Elab<()> {
        if let Some(values) = self.constant(difference) {
            let holds = |q: &Rational| match op {
                Comparison::Lt | Comparison::Gt => *q > Rational::ZERO,
                Comparison::Le | Comparison::Ge => *q >= Rational::ZERO,
                Comparison::Ne => !q.is_zero(),
            };
            if !values.iter().all(holds) {
                return self.fail(ModelError::Violated { condition: text, span: used });
            }
            return Ok(());
        }
        let kind = if op == Comparison::Ne { ConstraintKind::NonZero } else { ConstraintKind::Positive };
        self.constrain(difference, kind, text, span);
        Ok(())
    }
}

/// The source text of a condition, for messages.
pub(super) fn condition_text(c: &Condition) -> String {
    c.rest.iter().fold(text_of(&c.first), |text, (op, e)| {
        let word = match op {
            Comparison::Lt => "<",
            Comparison::Le => "<=",
            Comparison::Gt => ">",
            Comparison::Ge => ">=",
            Comparison::Ne => "!=",
        };
        format!("{text} {word} {}", text_of(e))
    })
}
