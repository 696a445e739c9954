//! The small architectures and maps on which squares along a class are tried, and files made of them.

use std::sync::{Arc, OnceLock};

use crate::core::class::Class;
use crate::core::names::{Declared, Model, MorphismId};
use crate::source::{Source, SourceId, Span};
use crate::syntax::tree::{
    Check, Domain, Expectation, ExpectedVerdict, File, Ident, Instance, Item, ItemKind, Path, Question,
};
use crate::verdict::{Finding, Verdict};

const TEXT: &str = include_str!("examples.nat");

/// The id of the examples' text; it sees no names but its own.
fn id() -> SourceId {
    SourceId::library(u8::MAX)
}

fn parsed() -> &'static Arc<File> {
    static PARSED: OnceLock<Arc<File>> = OnceLock::new();
    PARSED.get_or_init(|| Arc::new(crate::syntax::parse(id(), &Source::new("<examples>", TEXT)).0))
}

/// The capitalised name of a class, of which the names of the maps are made.
fn word(class: Class) -> String {
    let capitalised = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    class.word().split('_').map(capitalised).collect()
}

/// A file's model with the examples added.
#[derive(Debug)]
pub struct Examples {
    model: Model,
}

impl Examples {
    /// The examples for a file.
    pub fn new(model: &Model) -> Self {
        Examples { model: model.with_text(id(), parsed()) }
    }

    /// The file's model with the examples.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// A map of the examples.
    pub fn map(&self, name: &str) -> Option<MorphismId> {
        match self.model.resolve(name, Span::new(id(), 0, 0))? {
            Declared::Morphism(id) => Some(id),
            _ => None,
        }
    }

    fn names(class: Class, blocks: bool, suffix: &str) -> Vec<String> {
        let plane = format!("Plane{}{suffix}", word(class));
        let net = format!("Net{}{suffix}", word(class));
        match (class, blocks) {
            (Class::Biorthogonal, _) => vec![net],
            (_, true) => vec![net, plane],
            (_, false) => vec![plane, net],
        }
    }

    /// Single maps of a class, the simplest first. Along a class that contains others a map of those may fail already.
    pub fn maps(&self, class: Class, blocks: bool) -> Vec<String> {
        let mut all = Examples::names(class, blocks, "");
        for smaller in Class::ALL.into_iter().filter(|c| *c != class && class.contains(*c)) {
            all.extend(Examples::names(smaller, blocks, "").into_iter().take(1));
        }
        all
    }

    /// Families of maps of a class.
    pub fn families(&self, class: Class, blocks: bool) -> Vec<String> {
        Examples::names(class, blocks, "Family")
    }

    /// Maps of a class on architectures of one and of three dimensions, with a loss of high degree, and on one whose
    /// covariant Hessian is singular: for what is true in two dimensions, or of a simple loss, only.
    pub fn further(class: Class) -> Vec<String> {
        ["Line", "Space", "Ruled"].iter().map(|place| format!("{place}{}", word(class))).collect()
    }

    fn item(name: &str) -> Option<&'static Item> {
        parsed().items.iter().find(|i| match &i.kind {
            ItemKind::Morphism(m) => m.name.name == name,
            ItemKind::Architecture(a) => a.name.name == name,
            _ => false,
        })
    }

    /// A file that asks the same and expects what was found.
    pub fn source(&self, optimizer: &Instance, map: &str, finding: &Finding) -> Option<String> {
        let item = Examples::item(map)?;
        let ItemKind::Morphism(m) = &item.kind else { return None };
        let target: &Instance = &m.target;
        debug_assert!(matches!(m.source, Domain::Inline(..)));
        let architecture = Examples::item(&target.name.name)?;
        let span = m.name.span;
        let question = Question::Natural {
            optimizer: optimizer.clone(),
            along: Path { parts: vec![Instance { name: m.name.clone(), args: Vec::new(), span }], span },
            on: None,
        };
        let verdict = match finding.verdict() {
            Verdict::Fails => ExpectedVerdict::Fails,
            Verdict::InLimit => ExpectedVerdict::InLimit(None),
            _ => return None,
        };
        let check = Check { question, expect: Some(Expectation { rate: None, verdict, span }), span };
        let mut items = vec![architecture.clone(), item.clone()];
        items.iter_mut().for_each(|i| i.doc.clear());
        items.extend(self.optimizer_items(&optimizer.name)?);
        items.push(Item { doc: String::new(), span, kind: ItemKind::Check(check) });
        Some(File { items, ..File::default() }.to_string())
    }

    /// An optimizer with all that it uses, as items of a file.
    fn optimizer_items(&self, name: &Ident) -> Option<Vec<Item>> {
        let Some(Declared::Optimizer(id)) = self.model.resolve(&name.name, name.span) else { return None };
        let optimizer = self.model[id].clone();
        let span: Span = optimizer.span;
        let mut items = Vec::new();
        for used in super::super::uses::of_optimizer(&self.model, &optimizer) {
            let kind = match used {
                Declared::Let(id) => ItemKind::Let(self.model[id].clone()),
                Declared::Def(id) => ItemKind::Def(self.model[id].clone()),
                Declared::Data(id) => {
                    let d = &self.model[id];
                    let mut decl = d.decl.clone();
                    decl.names.retain(|(n, _)| n.name == d.name.name);
                    ItemKind::Data(decl)
                }
                _ => continue,
            };
            items.push(Item { doc: String::new(), span, kind });
        }
        items.push(Item { doc: String::new(), span, kind: ItemKind::Optimizer(optimizer) });
        Some(items)
    }
}
