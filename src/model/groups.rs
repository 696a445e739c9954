//! Groups of parameters, and the blocks of an architecture by name.

use super::architecture::{Architecture, Group};
use super::elaborate::{Elab, Elaborator};
use super::faults;
use crate::source::Span;
use crate::syntax::tree::Ident;

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
        let params: Vec<(&str, Span)> = a.blocks.iter().map(|b| (b.name.as_str(), b.span)).collect();
        let groups: Vec<(&str, Span)> = a.groups.iter().map(|g| (g.name.as_str(), g.span)).collect();
        match faults::group(name, members, &params, &groups) {
            Ok(blocks) => a.groups.push(Group { name: name.name.clone(), blocks, span: name.span }),
            Err(fault) => return self.fail(*fault),
        }
        Ok(())
    }
}
