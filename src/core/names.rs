//! The names of a file and of what it uses: what is declared, as what, and where.

use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use rustc_hash::{FxHashMap, FxHashSet};

use super::class::Class;
use super::error::ModelError;
use crate::source::{SourceId, Span};
pub use crate::syntax::nearest;
use crate::syntax::tree::{
    Architecture, Check, Classify, Composite, Cone, Data, Def, File, Ident, ItemKind, Let, Lost, Morphism, Optimizer,
    Param, System, Trace, Transfer,
};
use crate::uses::Part;
use crate::uses::data::Table;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident => $field:ident : $ty:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub usize);
            impl std::ops::Index<$name> for Model {
                type Output = $ty;
                fn index(&self, id: $name) -> &$ty {
                    &self.$field[id.0]
                }
            }
        )*
    };
}

ids! {
    /// A name of a `data` declaration.
    DataId => data: DataDecl;
    /// A top-level `let`.
    LetId => lets: Let;
    /// A `def`.
    DefId => defs: Def;
    /// An architecture.
    ArchitectureId => architectures: Architecture;
    /// A morphism given by equations.
    MorphismId => morphisms: Morphism;
    /// A named path.
    CompositeId => composites: Composite;
    /// An optimizer.
    OptimizerId => optimizers: Optimizer;
    /// A system.
    SystemId => systems: System;
    /// A cone.
    ConeId => cones: Cone;
}

/// One name of a `data` declaration, with the declaration.
#[derive(Debug, Clone, PartialEq)]
pub struct DataDecl {
    /// The name.
    pub name: Ident,
    /// Family parameters.
    pub params: Vec<Param>,
    /// The declaration.
    pub decl: Data,
}

/// What a top-level name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Declared {
    /// Data.
    Data(DataId),
    /// A constant.
    Let(LetId),
    /// A function.
    Def(DefId),
    /// An architecture.
    Architecture(ArchitectureId),
    /// A morphism.
    Morphism(MorphismId),
    /// A named path.
    Composite(CompositeId),
    /// An optimizer.
    Optimizer(OptimizerId),
    /// A system.
    System(SystemId),
    /// A cone.
    Cone(ConeId),
}

impl Declared {
    /// The kind with its article, for messages.
    pub fn kind(self) -> &'static str {
        match self {
            Declared::Data(_) => "data",
            Declared::Let(_) => "a constant",
            Declared::Def(_) => "a function",
            Declared::Architecture(_) => "an architecture",
            Declared::Morphism(_) | Declared::Composite(_) => "a morphism",
            Declared::Optimizer(_) => "an optimizer",
            Declared::System(_) => "a system",
            Declared::Cone(_) => "a cone",
        }
    }
}

/// The classes of transformations that can stand where a morphism does.
pub const CLASSES: [&str; Class::ALL.len()] = {
    let mut words = [""; Class::ALL.len()];
    let mut i = 0;
    while i < words.len() {
        words[i] = Class::ALL[i].word();
        i += 1;
    }
    words
};

/// The declarations of a file by name, and its checks in order.
#[derive(Debug, Clone, Default)]
pub struct Model {
    data: Vec<DataDecl>,
    lets: Vec<Let>,
    defs: Vec<Def>,
    architectures: Vec<Architecture>,
    morphisms: Vec<Morphism>,
    composites: Vec<Composite>,
    optimizers: Vec<Optimizer>,
    systems: Vec<System>,
    cones: Vec<Cone>,
    /// The names that each source sees.
    scopes: FxHashMap<SourceId, Names>,
    /// The file that the model is of.
    main: SourceId,
    /// The checks of that file, in order.
    pub checks: Vec<Check>,
    /// The `classify` requests of that file, in order.
    pub classifications: Vec<Classify>,
    /// The `transfer` tables of that file, in order.
    pub transfers: Vec<Transfer>,
    /// The `trace`s of that file, in order.
    pub traces: Vec<Trace>,
    /// Numbers from files, by the place of `read "…"`.
    tables: FxHashMap<Span, Arc<Table>>,
    /// What the files may declare where they are not understood.
    pub lost: Lost,
}

/// Names with what they stand for and where they are declared.
type Names = IndexMap<String, (Declared, Span)>;

impl Model {
    /// Collects the names of one file; what it uses is left out. Duplicates are reported; the first declaration of a
    /// name counts.
    pub fn collect(file: File) -> (Self, Vec<ModelError>) {
        let id = file.items.first().map_or(SourceId::default(), |item| item.span.source);
        Model::join(&[Part { id, file: Arc::new(file), uses: Vec::new(), tables: Vec::new() }])
    }

    /// Joins a file, the last of the parts, with the files it uses.
    ///
    /// A name means what the file in which it is written sees: its own declarations, and those of what it uses, directly
    /// or not. So no declaration of a user changes what a library means. In one scope a name is declared once, but a
    /// declaration of a file hides one of the library. Checks are taken from the last part alone.
    pub fn join(parts: &[Part]) -> (Self, Vec<ModelError>) {
        let mut model = Model::default();
        let mut own: FxHashMap<SourceId, Vec<(Ident, Declared)>> = FxHashMap::default();
        for (i, part) in parts.iter().enumerate() {
            let names = model.add(&part.file, i + 1 == parts.len());
            own.insert(part.id, names);
            model.tables.extend(part.tables.iter().cloned());
            model.main = part.id;
            model.lost.names.extend(part.file.lost.names.iter().cloned());
            model.lost.any |= part.file.lost.any;
        }
        let mut reached: FxHashMap<SourceId, IndexSet<SourceId>> = FxHashMap::default();
        let mut errors = Vec::new();
        let mut clashes = FxHashSet::default();
        for part in parts {
            let used = part.uses.iter().filter_map(|u| reached.get(u)).flatten().copied();
            let visible: IndexSet<SourceId> = used.chain([part.id]).collect();
            let mut names = Names::default();
            for (name, what) in visible.iter().filter_map(|id| own.get(id)).flatten() {
                // What is not understood may hide it.
                if name.span.source.is_library() && part.file.lost.names.contains(&name.name) {
                    continue;
                }
                let known = names.get(&name.name).map(|&(_, first)| first);
                let Some(first) = known.filter(|f| !f.source.is_library() || name.span.source.is_library()) else {
                    names.insert(name.name.clone(), (*what, name.span));
                    continue;
                };
                let hidden = name.span.source.is_library() && !first.source.is_library();
                if !hidden && clashes.insert((first.min(name.span), first.max(name.span))) {
                    errors.push(duplicate(name, first));
                }
            }
            model.scopes.insert(part.id, names);
            reached.insert(part.id, visible);
        }
        (model, errors)
    }

    /// Takes in the declarations of a file, and its checks if they are wanted; returns the names declared.
    fn add(&mut self, file: &File, checks: bool) -> Vec<(Ident, Declared)> {
        let mut names = Vec::new();
        for item in &file.items {
            match &item.kind {
                ItemKind::Use(_) => {}
                ItemKind::Data(decl) => {
                    for (name, params) in &decl.names {
                        names.push((name.clone(), Declared::Data(DataId(self.data.len()))));
                        self.data.push(DataDecl { name: name.clone(), params: params.clone(), decl: decl.clone() });
                    }
                }
                ItemKind::Let(x) => {
                    names.push((x.name.clone(), Declared::Let(LetId(self.lets.len()))));
                    self.lets.push(x.clone());
                }
                ItemKind::Def(x) => {
                    names.push((x.name.clone(), Declared::Def(DefId(self.defs.len()))));
                    self.defs.push(x.clone());
                }
                ItemKind::Architecture(x) => {
                    names.push((x.name.clone(), Declared::Architecture(ArchitectureId(self.architectures.len()))));
                    self.architectures.push(x.clone());
                }
                ItemKind::Morphism(x) => {
                    names.push((x.name.clone(), Declared::Morphism(MorphismId(self.morphisms.len()))));
                    self.morphisms.push(x.clone());
                }
                ItemKind::Composite(x) => {
                    names.push((x.name.clone(), Declared::Composite(CompositeId(self.composites.len()))));
                    self.composites.push(x.clone());
                }
                ItemKind::Optimizer(x) => {
                    names.push((x.name.clone(), Declared::Optimizer(OptimizerId(self.optimizers.len()))));
                    self.optimizers.push(x.clone());
                }
                ItemKind::System(x) => {
                    names.push((x.name.clone(), Declared::System(SystemId(self.systems.len()))));
                    self.systems.push(x.clone());
                }
                ItemKind::Cone(x) => {
                    names.push((x.name.clone(), Declared::Cone(ConeId(self.cones.len()))));
                    self.cones.push(x.clone());
                }
                ItemKind::Check(x) if checks => self.checks.push(x.clone()),
                ItemKind::Classify(x) if checks => self.classifications.push(x.clone()),
                ItemKind::Transfer(x) if checks => self.transfers.push(x.clone()),
                ItemKind::Trace(x) if checks => self.traces.push((**x).clone()),
                ItemKind::Check(_) | ItemKind::Classify(_) | ItemKind::Transfer(_) | ItemKind::Trace(_) => {}
            }
        }
        names
    }

    /// The numbers that data read from a file.
    pub fn table(&self, data: &Data) -> Option<&Arc<Table>> {
        data.read.as_ref().and_then(|(_, span)| self.tables.get(span))
    }

    /// The same model with the declarations of another text, which sees its own names only. The file does not see them.
    #[must_use]
    pub fn with_text(&self, id: SourceId, file: &File) -> Self {
        let mut model = self.clone();
        let names = model.add(file, false);
        model.scopes.insert(id, names.into_iter().map(|(name, what)| (name.name, (what, name.span))).collect());
        model
    }

    /// The same model with another body for one optimizer.
    #[must_use]
    pub fn with_optimizer(&self, id: OptimizerId, optimizer: Optimizer) -> Self {
        let mut model = self.clone();
        model.optimizers[id.0] = optimizer;
        model
    }

    /// What a top-level name stands for in the file that the model is of, as in its checks.
    pub fn lookup(&self, name: &str) -> Option<Declared> {
        self.scopes.get(&self.main)?.get(name).map(|&(d, _)| d)
    }

    /// What a top-level name stands for where it is written.
    pub fn resolve(&self, name: &str, at: Span) -> Option<Declared> {
        let scope = self.scopes.get(&at.source).or_else(|| self.scopes.get(&self.main))?;
        scope.get(name).map(|&(d, _)| d)
    }

    /// Whether an error may be one only because the text is not understood somewhere.
    pub fn is_lost(&self, error: &ModelError) -> bool {
        matches!(error, ModelError::UnknownName { name, .. } if self.lost.holds(name))
    }

    /// All declarations that the file sees, with their names: those of files it uses first, then its own, each in order
    /// of declaration. Which source one is from, its span says.
    pub fn declarations(&self) -> impl Iterator<Item = (&str, Declared, Span)> {
        let names = self.scopes.get(&self.main);
        names.into_iter().flatten().map(|(n, &(d, s))| (n.as_str(), d, s))
    }
}

/// The error of a name that is declared twice in one scope; the places may lie in two files.
fn duplicate(name: &Ident, first: Span) -> ModelError {
    let (name, span) = (name.name.clone(), name.span);
    if first.source == span.source {
        ModelError::DuplicateName { name, first, span }
    } else {
        ModelError::Clash { name, first, span }
    }
}
