//! Building morphisms.

use super::build::{Builder, Built, Parts};
use super::grammar::{Node, Rule};
use super::tree::{Composite, Condition, Domain, Equation, Morphism, MorphismKind};

impl Builder {
    pub(super) fn morphism(self, node: Node<'_>) -> Built<Morphism> {
        let mut parts = self.parts(node);
        let kind = match parts.any().map(|node| node.as_rule()) {
            Some(Rule::kw_projection) => MorphismKind::Projection,
            Some(Rule::kw_embedding) => MorphismKind::Embedding,
            _ => MorphismKind::Reparam,
        };
        let name = parts.ident()?;
        let params = self.optional_params(&mut parts)?;
        let source = parts.need(Rule::domain)?;
        let source_span = self.span(&source);
        let mut domain = self.parts(source);
        let source = match domain.take(Rule::params) {
            Some(node) => Domain::Inline(self.params(node)?, source_span),
            None => Domain::Named(self.instance(domain.need(Rule::instance)?)?),
        };
        let target = self.instance(parts.need(Rule::instance)?)?;
        let mut assumptions = Vec::new();
        let mut body = self.lines(&mut parts, &mut assumptions)?;
        let inverse = match parts.take(Rule::inverse) {
            Some(node) => {
                let mut inverse = self.parts(node);
                inverse.need(Rule::kw_inverse)?;
                Some((inverse.whole(), self.equations(&mut inverse)?))
            }
            None => None,
        };
        body.extend(self.lines(&mut parts, &mut assumptions)?);
        Ok(Morphism { kind, name, params, source, target, body, inverse, assumptions, span: parts.whole() })
    }

    /// Equations, with assumptions between them.
    fn lines(self, parts: &mut Parts<'_>, assumptions: &mut Vec<Condition>) -> Built<Vec<Equation>> {
        let mut equations = self.equations(parts)?;
        while let Some(node) = parts.take(Rule::assume) {
            assumptions.extend(self.assumptions(node)?);
            equations.extend(self.equations(parts)?);
        }
        Ok(equations)
    }

    pub(super) fn equations(self, parts: &mut Parts<'_>) -> Built<Vec<Equation>> {
        let mut equations = Vec::new();
        while let Some(node) = parts.take(Rule::equation) {
            let mut parts = self.parts(node);
            equations.push(match parts.take(Rule::let_item) {
                Some(node) => Equation::Let(self.let_item(node)?),
                None => Equation::Assign(parts.ident()?, self.value(parts.need(Rule::value)?)?),
            });
        }
        Ok(equations)
    }

    pub(super) fn composite(self, node: Node<'_>) -> Built<Composite> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_morphism)?;
        let name = parts.ident()?;
        let params = self.optional_params(&mut parts)?;
        Ok(Composite { name, params, path: self.path(parts.need(Rule::path)?)? })
    }
}
