//! The names of a file: what is declared, as what, and where.

use indexmap::IndexMap;

use super::error::ModelError;
use crate::source::Span;
use crate::syntax::tree::{
    Architecture, Check, Classify, Composite, Cone, Data, Def, File, Ident, ItemKind, Let, Morphism, Optimizer, Param,
    System,
};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
pub const CLASSES: [&str; 10] = [
    "translation",
    "scaling",
    "diagonal",
    "permutation",
    "signed_permutation",
    "orthogonal",
    "linear",
    "affine",
    "diffeo",
    "biorthogonal",
];

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
    names: IndexMap<String, (Declared, Span)>,
    /// The checks, in order.
    pub checks: Vec<Check>,
    /// The `classify` requests, in order.
    pub classifications: Vec<Classify>,
    /// The `use` declarations.
    pub uses: Vec<Span>,
}

impl Model {
    /// Collects the names of a file. Duplicates are reported; the first declaration of a name counts.
    pub fn collect(file: File) -> (Self, Vec<ModelError>) {
        let mut model = Model::default();
        let mut errors = Vec::new();
        for item in file.items {
            let span = item.span;
            match item.kind {
                ItemKind::Use(_) => model.uses.push(span),
                ItemKind::Data(decl) => {
                    for (name, params) in &decl.names {
                        let id = DataId(model.data.len());
                        model.declare(name, Declared::Data(id), &mut errors);
                        model.data.push(DataDecl { name: name.clone(), params: params.clone(), decl: decl.clone() });
                    }
                }
                ItemKind::Let(x) => {
                    model.declare(&x.name, Declared::Let(LetId(model.lets.len())), &mut errors);
                    model.lets.push(x);
                }
                ItemKind::Def(x) => {
                    model.declare(&x.name, Declared::Def(DefId(model.defs.len())), &mut errors);
                    model.defs.push(x);
                }
                ItemKind::Architecture(x) => {
                    let id = ArchitectureId(model.architectures.len());
                    model.declare(&x.name, Declared::Architecture(id), &mut errors);
                    model.architectures.push(x);
                }
                ItemKind::Morphism(x) => {
                    model.declare(&x.name, Declared::Morphism(MorphismId(model.morphisms.len())), &mut errors);
                    model.morphisms.push(x);
                }
                ItemKind::Composite(x) => {
                    model.declare(&x.name, Declared::Composite(CompositeId(model.composites.len())), &mut errors);
                    model.composites.push(x);
                }
                ItemKind::Optimizer(x) => {
                    model.declare(&x.name, Declared::Optimizer(OptimizerId(model.optimizers.len())), &mut errors);
                    model.optimizers.push(x);
                }
                ItemKind::System(x) => {
                    model.declare(&x.name, Declared::System(SystemId(model.systems.len())), &mut errors);
                    model.systems.push(x);
                }
                ItemKind::Cone(x) => {
                    model.declare(&x.name, Declared::Cone(ConeId(model.cones.len())), &mut errors);
                    model.cones.push(x);
                }
                ItemKind::Check(x) => model.checks.push(x),
                ItemKind::Classify(x) => model.classifications.push(x),
            }
        }
        (model, errors)
    }

    fn declare(&mut self, name: &Ident, what: Declared, errors: &mut Vec<ModelError>) {
        match self.names.get(&name.name) {
            Some(&(_, first)) => {
                errors.push(ModelError::DuplicateName { name: name.name.clone(), first, span: name.span });
            }
            None => {
                self.names.insert(name.name.clone(), (what, name.span));
            }
        }
    }

    /// The same model with another body for one optimizer.
    #[must_use]
    pub fn with_optimizer(&self, id: OptimizerId, optimizer: Optimizer) -> Self {
        let mut model = self.clone();
        model.optimizers[id.0] = optimizer;
        model
    }

    /// What a top-level name stands for.
    pub fn lookup(&self, name: &str) -> Option<Declared> {
        self.names.get(name).map(|&(d, _)| d)
    }

    /// All declarations with their names, in order of declaration.
    pub fn declarations(&self) -> impl Iterator<Item = (&str, Declared, Span)> {
        self.names.iter().map(|(n, &(d, s))| (n.as_str(), d, s))
    }
}

/// The candidate nearest to `name` in edit distance, if it is near enough to be a slip.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 1 + name.chars().count() / 4;
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(&name.to_lowercase(), &c.to_lowercase()), c))
        .filter(|(d, _)| *d <= limit)
        .min()
        .map(|(_, c)| c)
}
