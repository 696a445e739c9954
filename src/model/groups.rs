//! Groups of parameters, and the blocks of an architecture by name.

use super::architecture::{Architecture, Group};
use super::elaborate::{Elab, Elaborator};
use crate::core::error::ModelError;
use crate::core::names::{Declared, Model, nearest};
use crate::syntax::tree::{ArchitectureEntry, Domain, Ident};

impl Architecture {
    /// The number of the block of this name.
    pub fn block_named(&self, name: &str) -> Option<usize> {
        self.blocks.iter().position(|b| b.name == name)
    }

    /// The blocks of a group.
    pub fn group(&self, name: &str) -> Option<&[usize]> {
        self.groups.iter().find(|g| g.name == name).map(|g| &g.blocks[..])
    }

    /// The groups of another architecture that can be read here: those all of whose members are parameters of this one,
    /// by name. A pulled-back source whose parameters have the names of the target's has the target's groups.
    pub fn inherit_groups(&mut self, from: &Architecture) {
        for g in &from.groups {
            let blocks: Option<Vec<usize>> = g.blocks.iter().map(|&i| self.block_named(&from.blocks[i].name)).collect();
            if let Some(blocks) = blocks {
                self.groups.push(Group { name: g.name.clone(), blocks, span: g.span });
            }
        }
    }

    /// The names of its blocks, and of its groups, in a sentence.
    pub fn blocks_in_words(&self) -> String {
        let list = |names: Vec<&str>| names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        let mut text = match self.blocks.len() {
            0 => format!("{} has no parameters", self.name),
            _ => format!(
                "the parameters of {} are {}",
                self.name,
                list(self.blocks.iter().map(|b| b.name.as_str()).collect())
            ),
        };
        if !self.groups.is_empty() {
            let groups = list(self.groups.iter().map(|g| g.name.as_str()).collect());
            text.push_str(&format!(", and its groups {groups}"));
        }
        text
    }
}

impl Elaborator<'_> {
    /// `group G = U, b`
    pub(super) fn group(&mut self, name: &Ident, members: &[Ident], a: &mut Architecture) -> Elab<()> {
        let first = a
            .groups
            .iter()
            .find(|g| g.name == name.name)
            .map(|g| g.span)
            .or_else(|| a.block_named(&name.name).map(|i| a.blocks[i].span));
        if let Some(first) = first {
            return self.fail(ModelError::DuplicateName { name: name.name.clone(), first, span: name.span });
        }
        if name.name == "params" {
            let message = "`params` are all parameters; a group has another name".to_owned();
            return self.fail(ModelError::Blocks { message, help: None, span: name.span });
        }
        let mut blocks = Vec::with_capacity(members.len());
        for m in members {
            let Some(i) = a.block_named(&m.name) else {
                let near = nearest(&m.name, a.blocks.iter().map(|b| b.name.as_str()));
                let help = near.map(|n| format!("did you mean `{n}`?"));
                return self.fail(ModelError::UnknownName {
                    what: "parameter",
                    name: m.name.clone(),
                    help,
                    span: m.span,
                });
            };
            if blocks.contains(&i) {
                let first = members.iter().find(|n| n.name == m.name).map_or(m.span, |n| n.span);
                return self.fail(ModelError::DuplicateName { name: m.name.clone(), first, span: m.span });
            }
            blocks.push(i);
        }
        a.groups.push(Group { name: name.name.clone(), blocks, span: name.span });
        Ok(())
    }
}

impl Model {
    /// Whether there are architectures, and none of them, written inline or declared, has a parameter of this name.
    pub(super) fn is_no_parameter(&self, name: &str) -> bool {
        let mut some = false;
        for (_, declared, _) in self.declarations() {
            let found = match declared {
                Declared::Architecture(id) => {
                    some = true;
                    self[id].body.iter().any(|entry| match entry {
                        ArchitectureEntry::Param(params) => params.iter().any(|p| p.name.name == name),
                        _ => false,
                    })
                }
                Declared::Morphism(id) => match &self[id].source {
                    Domain::Inline(params, _) => params.iter().any(|p| p.name.name == name),
                    Domain::Named(_) => false,
                },
                _ => false,
            };
            if found {
                return false;
            }
        }
        some
    }
}
