//! Building the top-level items, except optimizers.

use crate::source::Span;

use super::build::{Builder, Built, Parts};
use super::grammar::{Node, Rule};
use super::tree::{Architecture, ArchitectureEntry, Data, Def, ItemKind, Let, Param, UseTarget};

impl Builder {
    /// An item from its node (the one inside `item`).
    pub(super) fn item(self, node: Node<'_>) -> Built<ItemKind> {
        match node.as_rule() {
            Rule::use_item => self.use_item(node).map(ItemKind::Use),
            Rule::data_item => self.data(node).map(ItemKind::Data),
            Rule::let_item => self.let_item(node).map(ItemKind::Let),
            Rule::def_item => self.def(node).map(ItemKind::Def),
            Rule::architecture => self.architecture(node).map(ItemKind::Architecture),
            Rule::morphism => self.morphism(node).map(ItemKind::Morphism),
            Rule::composite => self.composite(node).map(ItemKind::Composite),
            Rule::optimizer => self.optimizer(node).map(ItemKind::Optimizer),
            Rule::system => self.system(node).map(ItemKind::System),
            Rule::cone => self.cone(node).map(ItemKind::Cone),
            Rule::check => self.check(node).map(ItemKind::Check),
            Rule::transfer => self.transfer(node).map(ItemKind::Transfer),
            Rule::trace => self.trace(node).map(|t| ItemKind::Trace(Box::new(t))),
            _ => self.classify(node).map(ItemKind::Classify),
        }
    }

    fn use_item(self, node: Node<'_>) -> Built<UseTarget> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_use)?;
        if let Some(path) = parts.take(Rule::string) {
            return Ok(UseTarget::Path(path.as_str().trim_matches('"').to_owned(), self.span(&path)));
        }
        Ok(UseTarget::Library(self.parts(parts.need(Rule::library)?).idents()))
    }

    fn data(self, node: Node<'_>) -> Built<Data> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_data)?;
        let mut names = Vec::new();
        while let Some(name) = parts.take(Rule::data_name) {
            let mut parts = self.parts(name);
            names.push((parts.ident()?, self.optional_params(&mut parts)?));
        }
        let ty = self.ty(parts.need(Rule::ty)?)?;
        let mut read = self.read(&mut parts)?;
        let (value, conditions) = self.value_and_conditions(&mut parts)?;
        if read.is_none() {
            read = self.read(&mut parts)?;
        }
        Ok(Data { names, ty, conditions, value, read })
    }

    fn read(self, parts: &mut Parts<'_>) -> Built<Option<(String, Span)>> {
        let Some(node) = parts.take(Rule::read) else { return Ok(None) };
        let mut parts = self.parts(node);
        let word = self.span(&parts.need(Rule::kw_read)?);
        let path = parts.need(Rule::string)?;
        Ok(Some((path.as_str().trim_matches('"').to_owned(), word.to(self.span(&path)))))
    }

    pub(super) fn let_item(self, node: Node<'_>) -> Built<Let> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_let)?;
        Ok(Let { name: parts.ident()?, value: self.value(parts.need(Rule::value)?)? })
    }

    fn def(self, node: Node<'_>) -> Built<Def> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_def)?;
        let name = parts.ident()?;
        let params = self.parts(parts.need(Rule::def_params)?).idents();
        Ok(Def { name, params, body: self.value(parts.need(Rule::value)?)? })
    }

    fn architecture(self, node: Node<'_>) -> Built<Architecture> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_architecture)?;
        let name = parts.ident()?;
        let params = self.optional_params(&mut parts)?;
        let (mut body, mut assumptions) = (Vec::new(), Vec::new());
        while let Some(entry) = parts.take(Rule::architecture_entry) {
            let mut entry = self.parts(entry);
            let Some(node) = entry.any() else {
                return Err(entry.missing(Rule::architecture_entry));
            };
            match node.as_rule() {
                Rule::assume => assumptions.extend(self.assumptions(node)?),
                _ => body.push(self.architecture_entry(node)?),
            }
        }
        Ok(Architecture { name, params, body, assumptions, span: parts.whole() })
    }

    fn architecture_entry(self, node: Node<'_>) -> Built<ArchitectureEntry> {
        if node.as_rule() == Rule::let_item {
            return self.let_item(node).map(ArchitectureEntry::Let);
        }
        let mut parts = self.parts(node);
        if parts.take(Rule::kw_param).is_some() {
            let names = parts.idents();
            let ty = self.ty(parts.need(Rule::ty)?)?;
            let (_, conditions) = self.value_and_conditions(&mut parts)?;
            let ty = Some(ty);
            let mut params: Vec<Param> = names
                .into_iter()
                .map(|name| Param { name, ty: ty.clone(), default: None, conditions: Vec::new() })
                .collect();
            if let Some(last) = params.last_mut() {
                last.conditions = conditions;
            }
            return Ok(ArchitectureEntry::Param(params));
        }
        if parts.take(Rule::kw_group).is_some() {
            let name = parts.ident()?;
            return Ok(ArchitectureEntry::Group(name, parts.idents()));
        }
        if let Some(word) = parts.take(Rule::kw_loss) {
            return Ok(ArchitectureEntry::Loss(self.span(&word), self.value(parts.need(Rule::value)?)?));
        }
        let word = self.span(&parts.need(Rule::kw_output)?);
        let metric = parts.take(Rule::kw_metric).map(|node| word.to(self.span(&node)));
        let value = self.value(parts.need(Rule::value)?)?;
        Ok(match metric {
            Some(words) => ArchitectureEntry::OutputMetric(words, value),
            None => ArchitectureEntry::Output(word, value),
        })
    }
}
