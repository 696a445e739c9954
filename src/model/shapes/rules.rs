//! The rules of an optimizer over any architecture: which components have one, and which have two.

use super::blocks::{Block, Which, block_in};
use super::known::{Number, Reads};
use super::optimizers::Over;
use super::{Done, Shapes};
use crate::core::error::ModelError;
use crate::model::faults;
use crate::read::Rule;
use crate::source::Span;

/// The rules of one component.
#[derive(Default)]
struct Given {
    whole: Option<Span>,
    blocks: Vec<(Block, Span)>,
    reads: Reads,
}

/// The rules met so far, by component.
pub(super) struct Rules(Vec<Given>);

impl Rules {
    pub(super) fn new(over: &Over) -> Self {
        Rules(over.components.iter().map(|_| Given::default()).collect())
    }
}

impl Given {
    /// Where a rule is that a rule of the whole component would repeat.
    fn before_whole(&self) -> Option<Span> {
        self.whole.or_else(|| self.blocks.first().map(|b| b.1))
    }

    /// Where a rule is that a rule of a block repeats, on every architecture that both can be read over.
    fn before_block(&self, block: &Block) -> Option<Span> {
        let whole = self.whole.filter(|_| !matches!(block.which, Which::Some(_)));
        let same = |b: &Block| match (&b.which, &block.which) {
            (Which::Named, Which::Named) => b.name == block.name,
            (a, b) => a == b,
        };
        self.blocks.iter().find(|(b, _)| same(b)).map(|b| b.1).or(whole)
    }
}

impl<'e> Shapes<'e> {
    /// Keeps a rule, whose component and shape are looked at.
    pub(super) fn rule(&mut self, rule: Rule<'e, Self>, over: &Over, rules: &mut Rules) -> Done {
        let Rule { component: name, named, block, value: (value, at), covariant, general, span } = rule;
        let Some((i, component)) = over.component(name) else {
            let states = over.components.iter().skip(1).map(|c| c.name.as_str());
            return Err(self.report(faults::no_such_state(name, states, !over.step, named)));
        };
        let given = &mut rules.0[i];
        given.reads = given.reads | value.reads;
        if let Some(block) = block {
            let wanted = block_in(component.layout, &block);
            if let Some(wanted) = wanted.extents {
                self.expect(&value, &wanted, &format!("the block of `{name}`"), at)?;
            }
            if covariant {
                return Err(self.report(faults::covariant_block(span)));
            }
            if let Some(first) = given.before_block(&block) {
                let name = match block.which {
                    Which::All => name.to_owned(),
                    _ => format!("{name}[{}]", block.name),
                };
                return Err(self.report(ModelError::AssignedTwice { name, first, span }));
            }
            given.blocks.push((block, span));
            return Ok(());
        }
        // A constant is every entry.
        let spread = value.is_scalar() && value.number != Number::Varies;
        if let Some(wanted) = component.value.extents.as_deref().filter(|_| !spread) {
            self.expect(&value, wanted, &format!("the rule for `{name}`"), at)?;
        }
        if let Some(first) = given.before_whole() {
            return Err(self.report(ModelError::AssignedTwice { name: name.to_owned(), first, span }));
        }
        if general {
            return Err(self.report(faults::whole_in_each(name, span)));
        }
        if covariant && !component.linear {
            return Err(self.report(faults::covariant_of_other(name, span)));
        }
        given.whole = Some(span);
        Ok(())
    }

    /// Every component has a rule, and no new values are given by each other.
    pub(super) fn complete(&mut self, rules: &Rules, over: &Over, head: Span) -> Done {
        let mut done = Ok(());
        for (component, given) in over.components.iter().zip(&rules.0) {
            if given.before_whole().is_none() {
                // The state is what lacks a rule; for the point it is the optimizer.
                let span = component.span.unwrap_or(head);
                done = Err(self.report(faults::no_rule(&over.optimizer, &component.name, !over.step, span)));
            }
        }
        done?;
        let mut open: Vec<usize> = (0..rules.0.len()).collect();
        let reads = |i: usize, open: &[usize]| {
            let new = rules.0[i].reads.new;
            open.iter().any(|&k| Reads::new_value(k).new & new != 0)
        };
        while let Some(ready) = open.iter().position(|&i| !reads(i, &open)) {
            open.remove(ready);
        }
        let Some(&first) = open.first() else { return Ok(()) };
        let span = rules.0[first].before_whole().unwrap_or(head);
        let names = open.iter().map(|&i| over.components[i].name.as_str());
        Err(self.report(faults::circle(names, span)))
    }
}
