//! Building optimizers: states, and the lines of a flow or a step.

use super::build::{Builder, Built, Parts};
use super::grammar::{Node, Rule};
use super::tree::{Dynamics, Ident, Optimizer, Place, State, Statement, StatementKind, Weight};

impl Builder {
    pub(super) fn optimizer(self, node: Node<'_>) -> Built<Optimizer> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_optimizer)?;
        let name = parts.ident()?;
        let params = self.optional_params(&mut parts)?;
        let span = parts.whole();
        let (states, lets, dynamics, assumptions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut optimizer = Optimizer { name, params, states, assumptions, lets, dynamics, span };
        while let Some(entry) = parts.take(Rule::optimizer_entry) {
            let mut entry = self.parts(entry);
            if let Some(node) = entry.take(Rule::let_item) {
                optimizer.lets.push(self.let_item(node)?);
            } else if let Some(node) = entry.take(Rule::assume) {
                optimizer.assumptions.extend(self.assumptions(node)?);
            } else if let Some(node) = entry.take(Rule::state_entry) {
                let mut state = self.parts(node);
                state.need(Rule::kw_state)?;
                let names = state.idents();
                let ty = self.ty(state.need(Rule::ty)?)?;
                let weight = state.take(Rule::weight).map(|node| self.weight(node)).transpose()?;
                let each = state.take(Rule::kw_each).is_some();
                let initial = state.take(Rule::value).map(|node| self.value(node)).transpose()?;
                let declared = names.into_iter().map(|name| State {
                    name,
                    ty: ty.clone(),
                    weight: weight.clone(),
                    each,
                    initial: initial.clone(),
                });
                optimizer.states.extend(declared);
            } else if let Some(node) = entry.any() {
                optimizer.dynamics.push(self.dynamics(node)?);
            }
        }
        Ok(optimizer)
    }

    fn dynamics(self, node: Node<'_>) -> Built<Dynamics> {
        let mut parts = self.parts(node);
        let keyword = parts.any().map(|node| node.as_rule());
        let step = if keyword == Some(Rule::kw_step) { Some(parts.ident()?) } else { None };
        Ok(Dynamics { step, body: self.statements(&mut parts)?, span: parts.whole() })
    }

    fn statements(self, parts: &mut Parts<'_>) -> Built<Vec<Statement>> {
        let mut statements = Vec::new();
        while let Some(node) = parts.take(Rule::statement) {
            let mut line = self.parts(node);
            let span = line.whole();
            let Some(node) = line.any() else {
                return Err(line.missing(Rule::statement));
            };
            statements.push(Statement { kind: self.statement(node)?, span });
        }
        Ok(statements)
    }

    fn statement(self, node: Node<'_>) -> Built<StatementKind> {
        let rule = node.as_rule();
        if rule == Rule::let_item {
            return self.let_item(node).map(StatementKind::Let);
        }
        let mut parts = self.parts(node);
        if rule == Rule::each {
            parts.need(Rule::kw_each)?;
            let var = parts.ident()?;
            let shape = parts.take(Rule::ty).map(|node| self.ty(node)).transpose()?;
            parts.need(Rule::kw_in)?;
            let mut blocks = self.parts(parts.need(Rule::blocks)?);
            let over = blocks.ident()?;
            let mut except = Vec::new();
            while blocks.take(Rule::minus_sign).is_some() {
                except.push(blocks.ident()?);
            }
            return Ok(StatementKind::Each { var, shape, over, except, body: self.statements(&mut parts)? });
        }
        if rule == Rule::update {
            let name = match parts.take(Rule::primed) {
                Some(node) => {
                    let mut name = self.ident(&node);
                    name.span.end -= 1;
                    name
                }
                None => parts.ident()?,
            };
            let place = self.place(name, &mut parts)?;
            parts.take(Rule::prime);
            return Ok(StatementKind::Update(place, self.value(parts.need(Rule::value)?)?));
        }
        parts.any();
        let name = parts.ident()?;
        let place = self.place(name, &mut parts)?;
        let value = self.value(parts.need(Rule::value)?)?;
        Ok(if rule == Rule::covariant {
            StatementKind::Covariant(place, value)
        } else {
            StatementKind::Derivative(place, value)
        })
    }

    /// `(2)`, `(0, odd)`
    fn weight(self, node: Node<'_>) -> Built<Weight> {
        let mut parts = self.parts(node);
        let span = parts.whole();
        let power = self.expr(parts.need(Rule::expr)?)?;
        let parity = parts.idents().into_iter().next();
        Ok(Weight { power, parity, span })
    }

    fn place(self, name: Ident, parts: &mut Parts<'_>) -> Built<Place> {
        let block = parts.take(Rule::block).map(|node| self.parts(node).ident()).transpose()?;
        Ok(Place { name, block })
    }
}
