//! The rules of a flow or a step: one for each component, whole or block by block.

use indexmap::IndexMap;

use super::{Over, State};
use crate::core::error::ModelError;
use crate::core::variance::Variance;
use crate::model::elaborate::{Elab, Elaborator, Reported};
use crate::model::faults;
use crate::read::Rule;
use crate::source::Span;
use crate::term::{Shape, SymbolId, Term};

/// The rule of a whole component.
struct OfWhole {
    value: Term,
    span: Span,
    covariant: bool,
}

/// The rule of a block.
#[derive(Clone, Copy)]
struct OfBlock {
    value: Term,
    span: Span,
    /// Whether it is one of all blocks, of any architecture.
    general: bool,
}

/// The rules met so far.
#[derive(Default)]
pub(super) struct Rules {
    whole: IndexMap<String, OfWhole>,
    blocks: IndexMap<(String, usize), OfBlock>,
}

impl<'m> Elaborator<'m> {
    /// Keeps a rule, whose component and shape are looked at.
    pub(super) fn rule<'e>(
        &mut self,
        rule: Rule<'e, Self>,
        states: &[State],
        over: &Over,
        rules: &mut Rules,
    ) -> Elab<()>
    where
        'm: 'e,
    {
        let Rule { component, named, block, value: (value, at), covariant, general, span } = rule;
        let target = component.to_owned();
        let state = states.iter().find(|s| s.name == target);
        if target != "params" && state.is_none() {
            let names = states.iter().map(|s| s.name.as_str());
            return self.fail(faults::no_such_state(component, names, over.primed.is_empty(), named));
        }
        if let Some(i) = block {
            let shape = self.block_shape(&target, i, over);
            self.expect_shape(value, &shape, &format!("the block of `{target}`"), at)?;
            if covariant {
                return self.fail(faults::covariant_block(span));
            }
            let same = rules.blocks.get(&(target.clone(), i)).map(|r| (r.span, r.general));
            if let Some((first, other)) = same.or(rules.whole.get(&target).map(|r| (r.span, true))) {
                let name = match general && other {
                    true => target,
                    false => format!("{target}[{}]", over.architecture.blocks[i].name),
                };
                return self.fail(ModelError::AssignedTwice { name, first, span });
            }
            rules.blocks.insert((target, i), OfBlock { value, span, general });
            return Ok(());
        }
        let shape = state.map_or(Shape::from_slice(&[over.architecture.dim]), |s| self.store.shape(s.term).clone());
        let value = if self.store.shape(value).is_empty() && self.constant(value).is_some() {
            self.store.broadcast(value, &shape)
        } else {
            value
        };
        self.expect_shape(value, &shape, &format!("the rule for `{target}`"), at)?;
        if let Some(first) = rules
            .whole
            .get(&target)
            .map(|r| r.span)
            .or_else(|| rules.blocks.iter().find(|((n, _), _)| *n == target).map(|(_, r)| r.span))
        {
            if first == span {
                // One rule that `each` makes once for every block.
                return self.fail(faults::whole_in_each(&target, span));
            }
            return self.fail(ModelError::AssignedTwice { name: target, first, span });
        }
        if covariant && !state.is_some_and(|s| matches!(s.variance, Variance::Tangent | Variance::Cotangent)) {
            return self.fail(faults::covariant_of_other(&target, span));
        }
        rules.whole.insert(target, OfWhole { value, span, covariant });
        Ok(())
    }

    /// One term for each component, the point first.
    pub(super) fn collect_rules(
        &mut self,
        mut rules: Rules,
        states: &[State],
        over: &Over,
        head: Span,
        step: bool,
    ) -> Elab<(Vec<Term>, Vec<Span>)> {
        let count = over.architecture.blocks.len();
        let mut components = Vec::new();
        let mut spans = Vec::new();
        let mut covariant = Vec::new();
        let mut ok = true;
        for name in std::iter::once("params").chain(states.iter().map(|s| s.name.as_str())) {
            if let Some(rule) = rules.whole.shift_remove(name) {
                if rule.covariant {
                    covariant.push(components.len());
                }
                components.push(rule.value);
                spans.push(rule.span);
                continue;
            }
            let given: Vec<Option<OfBlock>> =
                (0..count).map(|i| rules.blocks.shift_remove(&(name.to_owned(), i))).collect();
            let blocks: Vec<OfBlock> = given.iter().flatten().copied().collect();
            if let (Some(i), Some(&OfBlock { span, .. })) = (given.iter().position(Option::is_none), blocks.first()) {
                ok &= self.missing_block(name, i, over, span).is_ok();
                continue;
            }
            if count > 0 && blocks.len() == count {
                let terms: Vec<Term> = blocks.iter().map(|b| b.value).collect();
                components.push(self.store.join(&terms));
                spans.push(blocks[0].span);
                continue;
            }
            // The state is what lacks a rule; for the point it is the optimizer.
            let span = states.iter().find(|s| s.name == name).map_or(head, |s| s.span);
            ok &= self.fail::<()>(faults::no_rule(&over.optimizer, name, !step, span)).is_ok();
        }
        if !ok {
            return Err(Reported);
        }
        for i in covariant {
            components[i] = self.covariant_rule(components[0], &states[i - 1], components[i], over, spans[i])?;
        }
        Ok((components, spans))
    }

    /// `d/dt z` from `D/dt z = e`: minus the connection on a tangent state, plus its dual on a cotangent one.
    fn covariant_rule(&mut self, velocity: Term, state: &State, e: Term, over: &Over, span: Span) -> Elab<Term> {
        let g = self.metric(over, "`D/dt`", span)?;
        let symbol = over.architecture.symbol;
        if state.variance == Variance::Tangent {
            let gamma = self.christoffel(g, velocity, state.term, symbol, span)?;
            return Ok(self.store.sub(e, gamma));
        }
        // Γᵏᵢⱼ ẋⁱ pₖ = ½ (∂ᵢ gₗⱼ + ∂ⱼ gₗᵢ - ∂ₗ gᵢⱼ) ẋⁱ wˡ with w = g⁻¹ p.
        let w = self.raise(g, state.term);
        let first = self.directional(g, symbol, velocity, span)?;
        let first = self.store.matmul(first, w);
        let second = self.gradient_of_pairing(g, velocity, w, symbol, span)?;
        let third = self.directional(g, symbol, w, span)?;
        let third = self.store.matmul(third, velocity);
        let n = over.architecture.dim;
        let h = crate::term::half();
        let parts = vec![(crate::domain::Rational::ONE, e), (h.clone(), first), (h.clone(), second), (-h, third)];
        Ok(self.store.sum(parts, &[n]))
    }

    /// The new values without each other's symbols.
    pub(super) fn resolve_primes(
        &mut self,
        rules: &[(SymbolId, Term)],
        over: &Over,
        spans: &[Span],
    ) -> Elab<Vec<Term>> {
        self.store.put_into_each_other(rules).or_else(|stuck| {
            let names = stuck.iter().filter_map(|&i| over.primed.get_index(i)).map(|p| p.0.as_str());
            let span = stuck.first().map_or(Span::default(), |&i| spans[i]);
            let fault = faults::circle(names, span);
            self.fail(fault)
        })
    }
}
