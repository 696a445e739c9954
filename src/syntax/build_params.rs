//! Building what the items share: types, conditions, parameter lists, instances and paths.

use super::build::{Builder, Built, Parts};
use super::error::SyntaxError;
use super::grammar::{Node, Rule};
use super::tree::{Argument, Comparison, Condition, Expr, Instance, Param, Path, Type};

/// The longest chain `N -> N -> …` of a type.
const MAX_ARROWS: usize = 64;

impl Builder {
    /// `= e`.
    pub(super) fn value(self, node: Node<'_>) -> Built<Expr> {
        self.expr(self.parts(node).need(Rule::expr)?)
    }

    /// A value and conditions, either of which may be absent, in either order.
    pub(super) fn value_and_conditions(self, parts: &mut Parts<'_>) -> Built<(Option<Expr>, Vec<Condition>)> {
        let (mut value, mut conditions) = (None, Vec::new());
        loop {
            if let Some(node) = parts.take(Rule::value) {
                value = Some(self.value(node)?);
            } else if let Some(node) = parts.take(Rule::where_clause) {
                conditions = self.conditions(node)?;
            } else {
                return Ok((value, conditions));
            }
        }
    }

    pub(super) fn conditions(self, node: Node<'_>) -> Built<Vec<Condition>> {
        node.into_inner().filter(|part| part.as_rule() == Rule::condition).map(|part| self.condition(part)).collect()
    }

    /// `assume c, d`
    pub(super) fn assumptions(self, node: Node<'_>) -> Built<Vec<Condition>> {
        let conditions = self.conditions(node)?;
        Ok(conditions.into_iter().map(|c| Condition { assumed: true, ..c }).collect())
    }

    pub(super) fn condition(self, node: Node<'_>) -> Built<Condition> {
        let mut parts = self.parts(node);
        let first = self.expr(parts.need(Rule::expr)?)?;
        let mut rest = Vec::new();
        while let Some(sign) = parts.take(Rule::comparison) {
            rest.push((comparison(&sign), self.expr(parts.need(Rule::expr)?)?));
        }
        Ok(Condition { first, rest, assumed: false, span: parts.whole() })
    }

    pub(super) fn ty(self, node: Node<'_>) -> Built<Type> {
        let whole = self.span(&node);
        let mut atoms = Vec::new();
        let mut parts = self.parts(node);
        while let Some(atom) = parts.take(Rule::ty_atom) {
            let mut parts = self.parts(atom);
            let name = parts.ident()?;
            let mut dims = Vec::new();
            if let Some(node) = parts.take(Rule::dims) {
                let mut parts = self.parts(node);
                while let Some(node) = parts.take(Rule::expr) {
                    dims.push(self.expr(node)?);
                }
            }
            atoms.push(Type { name, dims, arrow: None, span: parts.whole() });
        }
        if atoms.len() > MAX_ARROWS {
            return Err(SyntaxError::TooDeep { what: "chain of `->`", limit: MAX_ARROWS, span: whole });
        }
        let mut ty = atoms.pop().ok_or_else(|| parts.missing(Rule::ty))?;
        while let Some(mut domain) = atoms.pop() {
            domain.span = domain.span.to(ty.span);
            domain.arrow = Some(Box::new(ty));
            ty = domain;
        }
        Ok(ty)
    }

    pub(super) fn optional_params(self, parts: &mut Parts<'_>) -> Built<Vec<Param>> {
        parts.take(Rule::params).map_or(Ok(Vec::new()), |node| self.params(node))
    }

    /// A parameter list. Bare names take the type and the value of the next piece that has a type.
    pub(super) fn params(self, node: Node<'_>) -> Built<Vec<Param>> {
        let mut params: Vec<Param> = Vec::new();
        let mut bare = 0;
        for piece in node.into_inner().filter(|part| part.as_rule() == Rule::param_piece) {
            let mut parts = self.parts(piece);
            let name = parts.ident()?;
            let ty = parts.take(Rule::ty).map(|node| self.ty(node)).transpose()?;
            let (default, conditions) = self.value_and_conditions(&mut parts)?;
            if ty.is_some() {
                let start = params.len() - bare;
                for param in &mut params[start..] {
                    param.ty.clone_from(&ty);
                    param.default.clone_from(&default);
                }
            }
            let is_bare = ty.is_none() && default.is_none() && conditions.is_empty();
            bare = if is_bare { bare + 1 } else { 0 };
            params.push(Param { name, ty, default, conditions });
        }
        Ok(params)
    }

    pub(super) fn instance(self, node: Node<'_>) -> Built<Instance> {
        let mut parts = self.parts(node);
        let name = parts.ident()?;
        let mut args = Vec::new();
        if let Some(node) = parts.take(Rule::arguments) {
            let mut parts = self.parts(node);
            while let Some(node) = parts.take(Rule::argument) {
                let mut parts = self.parts(node);
                let name = parts.take(Rule::ident).map(|node| self.ident(&node));
                args.push(Argument { name, value: self.expr(parts.need(Rule::expr)?)? });
            }
        }
        Ok(Instance { name, args, span: parts.whole() })
    }

    pub(super) fn path(self, node: Node<'_>) -> Built<Path> {
        let mut parts = self.parts(node);
        let mut path = Path { parts: Vec::new(), span: parts.whole() };
        while let Some(node) = parts.take(Rule::instance) {
            path.parts.push(self.instance(node)?);
        }
        Ok(path)
    }
}

/// The comparison that a sign stands for.
pub(super) fn comparison(sign: &Node<'_>) -> Comparison {
    match sign.as_str() {
        "<" => Comparison::Lt,
        "<=" => Comparison::Le,
        ">" => Comparison::Gt,
        ">=" => Comparison::Ge,
        _ => Comparison::Ne,
    }
}
