//! The elaborator: turns resolved declarations into terms, checking every shape on the way.
//!
//! One elaborator serves one question. It owns the store of terms, the symbols that the question quantifies over with
//! the way in which each is drawn, and the conditions they satisfy.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::architecture::Architecture;
use super::faults;
use super::optimizer::Over;
use crate::core::error::ModelError;
use crate::core::names::{DataId, Declared, LetId, Model};
use crate::domain::Rational;
use crate::read::Arg;
use crate::source::Span;
use crate::syntax::expr_to_string;
use crate::syntax::tree::{Expr, Type};
use crate::term::{Shape, Store, SymbolId, Term};

/// The largest number of entries of one tensor.
pub const MAX_ENTRIES: usize = 1 << 22;
/// The largest number of terms that indexed expressions of one question may unroll to.
pub const MAX_UNROLLED: usize = 1 << 18;

/// Constants of more nodes than this are not worked out while elaborating.
const MAX_CONSTANT: usize = 256;
/// The deepest nesting of definitions that use each other.
pub const MAX_NESTED: usize = 256;
/// The largest number of definitions that one question may expand.
pub const MAX_EXPANSIONS: usize = 1 << 16;

/// What is too large when definitions use each other too often.
pub const EXPANSION: &str = "the expansion of definitions";

/// The error has been recorded; the caller only has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported;

/// A result whose error has been recorded.
pub type Elab<T> = Result<T, Reported>;

/// How values of a symbol are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// Any real tensor.
    Real,
    /// A permutation matrix.
    Permutation,
    /// A permutation matrix with signs.
    SignedPermutation,
    /// One of -1 and 1.
    Sign,
    /// The constant π.
    Pi,
}

/// What a symbol is to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A member of a family of morphisms, or a hyperparameter: what a rate may depend on.
    Member,
    /// Data, shared by everything in the file.
    Data,
    /// The point of an architecture.
    Point,
    /// A state of an optimizer.
    State,
    /// The small parameter of a step.
    Rate,
}

/// A symbol that the question quantifies over.
#[derive(Debug, Clone)]
pub struct Quantified {
    /// The symbol.
    pub symbol: SymbolId,
    /// How it is drawn.
    pub draw: Draw,
    /// What it is.
    pub role: Role,
}

/// A condition on quantified symbols, entry by entry.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// The term that the condition speaks of.
    pub term: Term,
    /// What it says.
    pub kind: ConstraintKind,
    /// The condition as it was written.
    pub text: String,
    /// Whether it is assumed: points where it does not hold are left out, and nothing claims that it holds.
    pub assumed: bool,
    /// Where it was written.
    pub span: Span,
}

/// What a condition says of the entries of its term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// Every entry is positive.
    Positive,
    /// Every entry is not zero.
    NonZero,
}

/// Something to show at a witness: a term with the name a user knows it by.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The name as written in the file.
    pub name: String,
    /// Its value.
    pub term: Term,
    /// What it is.
    pub role: Role,
}

/// A local name.
pub type Local = crate::read::Local<Term, usize>;

/// Local names, and the architecture that an optimizer's body is read over.
pub type Scope = crate::read::Scope<Term, usize, Over>;

/// See the module documentation.
pub struct Elaborator<'m> {
    /// The file's declarations.
    pub model: &'m Model,
    /// The terms.
    pub store: Store,
    /// The errors found.
    pub errors: Vec<ModelError>,
    /// What is quantified over.
    pub quantified: Vec<Quantified>,
    /// The conditions on it.
    pub constraints: Vec<Constraint>,
    /// The conditions that the declarations state behind `assume`, as they are written.
    pub assumed: Vec<String>,
    /// What to show at a witness.
    pub shown: Vec<Shown>,
    /// Members of classes of orthogonal matrices.
    pub orthogonal: Vec<Term>,
    /// Finite matrix members whose maps compose as the matrices do.
    pub generated: Vec<SymbolId>,
    /// Where functions are read: what the point there, and the states, are in terms of the source's. Along a path its start
    /// and the ends of its parts; of a question about training, or two programs, where the left and where the right one is read first.
    pub images: Vec<FxHashMap<SymbolId, Term>>,
    pub(super) architectures: FxHashMap<(usize, Vec<Term>), Elab<Rc<Architecture>>>,
    pub(super) metrics: FxHashMap<SymbolId, Term>,
    /// Morphisms with their parameters bound: the same use is the same morphism, with the same source.
    pub(super) morphisms: FxHashMap<(usize, Vec<Term>), Rc<super::morphism::Morphism>>,
    /// Parameters of families that uses leave out, by declaration, occurrence and name.
    pub(super) members: FxHashMap<(Option<Declared>, usize, String), Term>,
    data: FxHashMap<(DataId, Vec<Term>), Term>,
    pub(super) lets: FxHashMap<LetId, Elab<Term>>,
    pub(super) calls: Vec<String>,
    pub(super) unrolled: usize,
    /// Whether the conditions read now are on the point of an architecture. They are not built into terms: `at(q, e)`
    /// may read those terms at a point where they do not hold.
    pub(super) at_a_point: bool,
    expansions: usize,
    pi: Option<Term>,
}

impl<'m> Elaborator<'m> {
    /// An elaborator for one question about a file.
    pub fn new(model: &'m Model) -> Self {
        Elaborator {
            model,
            store: Store::new(),
            errors: Vec::new(),
            quantified: Vec::new(),
            constraints: Vec::new(),
            assumed: Vec::new(),
            shown: Vec::new(),
            orthogonal: Vec::new(),
            generated: Vec::new(),
            images: Vec::new(),
            architectures: FxHashMap::default(),
            metrics: FxHashMap::default(),
            morphisms: FxHashMap::default(),
            members: FxHashMap::default(),
            data: FxHashMap::default(),
            lets: FxHashMap::default(),
            calls: Vec::new(),
            unrolled: 0,
            at_a_point: false,
            expansions: 0,
            pi: None,
        }
    }

    /// Records an error, once for each code and place.
    pub fn report(&mut self, error: ModelError) -> Reported {
        let same =
            |e: &ModelError| e.span() == error.span() && std::mem::discriminant(e) == std::mem::discriminant(&error);
        if !self.errors.iter().any(same) {
            self.errors.push(error);
        }
        Reported
    }

    /// Stops with an error, which is recorded.
    pub fn fail<T>(&mut self, error: ModelError) -> Elab<T> {
        Err(self.report(error))
    }

    /// A new quantified symbol.
    pub fn quantify(&mut self, name: &str, shape: &[usize], draw: Draw, role: Role) -> (SymbolId, Term) {
        let (symbol, term) = self.store.symbol(name, shape);
        self.quantified.push(Quantified { symbol, draw, role });
        (symbol, term)
    }

    /// Lists a term among those shown at a witness.
    pub fn show(&mut self, name: &str, term: Term, role: Role) {
        self.shown.push(Shown { name: name.to_owned(), term, role });
    }

    /// The constant π.
    pub(super) fn constant_pi(&mut self) -> Term {
        if let Some(t) = self.pi {
            return t;
        }
        let (_, t) = self.quantify("pi", &[], Draw::Pi, Role::Data);
        self.pi = Some(t);
        self.store.assume_pi(t);
        t
    }

    /// The extents of a term as the language writes them.
    pub fn shape_text(&self, t: Term) -> String {
        shape_text(self.store.shape(t))
    }

    /// The term that an expression denotes.
    pub fn expr<'e>(&mut self, e: &'e Expr, scope: &Scope) -> Elab<Term>
    where
        'm: 'e,
    {
        crate::read::expr(self, e, scope)
    }

    /// A natural number that is known now.
    pub fn natural<'e>(&mut self, e: &'e Expr, scope: &Scope, what: &str) -> Elab<usize>
    where
        'm: 'e,
    {
        let t = self.expr(e, scope)?;
        self.natural_term(t, e.span, what)
    }

    /// As [`Elaborator::natural`], of a term.
    pub fn natural_term(&mut self, t: Term, span: Span, what: &str) -> Elab<usize> {
        let value = self.store.as_fill(t).cloned().filter(|_| self.store.shape(t).is_empty());
        match value {
            Some(q) if q.is_int() && q >= Rational::ZERO => match usize::try_from(q.numerator()) {
                Ok(n) if n <= u32::MAX as usize => Ok(n),
                _ => {
                    self.fail(ModelError::TooLarge { what: what.into(), size: q.to_string(), limit: MAX_ENTRIES, span })
                }
            },
            Some(q) => self.fail(ModelError::NotNatural { what: what.into(), found: q.to_string(), help: None, span }),
            None => {
                let found = "not a constant".to_owned();
                let help = Some("sizes are numbers, `N` parameters and arithmetic on them".to_owned());
                self.fail(ModelError::NotNatural { what: what.into(), found, help, span })
            }
        }
    }

    /// An integer that is known now, perhaps negative.
    pub(super) fn integer_term(&mut self, t: Term, span: Span, what: &str) -> Elab<i64> {
        let value = self.store.as_fill(t).cloned().filter(|_| self.store.shape(t).is_empty());
        match value.filter(Rational::is_int).and_then(|q| i64::try_from(q.numerator()).ok()) {
            Some(n) => Ok(n),
            None => {
                let found = value_text(self.store.as_fill(t));
                self.fail(ModelError::NotNatural { what: what.into(), found, help: None, span })
            }
        }
    }

    /// The extents of a tensor type `R[…]`.
    pub fn extents(&mut self, ty: &Type, scope: &Scope) -> Elab<Shape> {
        let mut shape = Shape::new();
        for d in &ty.dims {
            shape.push(self.natural(d, scope, "a size")?);
        }
        if let Some(fault) = faults::axes(ty) {
            return self.fail(fault);
        }
        self.check_entries(&shape, "this tensor", ty.span)?;
        Ok(shape)
    }

    /// Refuses tensors beyond the size limit.
    pub fn check_entries(&mut self, shape: &[usize], what: &str, span: Span) -> Elab<()> {
        let size = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).filter(|&n| n <= MAX_ENTRIES);
        if size.is_some() {
            return Ok(());
        }
        let size = shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ");
        self.fail(ModelError::TooLarge { what: what.into(), size, limit: MAX_ENTRIES, span })
    }

    /// The exact value of a term without symbols, if it is rational and cheap.
    pub fn constant(&mut self, t: Term) -> Option<Vec<Rational>> {
        if let Some(q) = self.store.as_fill(t) {
            return Some(vec![q.clone(); self.store.size(t)]);
        }
        if !self.store.is_small_constant(t, MAX_CONSTANT) {
            return None;
        }
        let program = crate::term::Program::new(&self.store, &[t]);
        let mut exact = crate::domain::exact::Exact::default();
        program.run(&mut exact, |_| None).ok().and_then(|mut r| r.pop())
    }

    /// The exact value of a file-level expression, if it is a rational number.
    pub fn number(&mut self, e: &Expr) -> Option<Rational> {
        self.number_at(e, &[])
    }

    /// As [`Elaborator::number`], with values for indices that it may name.
    pub fn number_at(&mut self, e: &Expr, index: &[(String, u64)]) -> Option<Rational> {
        let mut scope = Scope::default();
        for (name, v) in index {
            let v = self.store.num(*v);
            scope.bind(name, Local::Value(v));
        }
        let t = self.expr(e, &scope).ok()?;
        self.constant(t)?.pop()
    }

    /// Guards against definitions that refer to themselves.
    pub(super) fn enter_definition(&mut self, name: &str, span: Span) -> Elab<()> {
        if self.calls.iter().any(|c| c == name) {
            return self.fail(ModelError::Recursive { name: name.into(), span });
        }
        self.expansions += 1;
        if self.calls.len() >= MAX_NESTED || self.expansions > MAX_EXPANSIONS {
            let what = EXPANSION.to_owned();
            let size = if self.calls.len() >= MAX_NESTED {
                format!("more than {MAX_NESTED} nested")
            } else {
                format!("more than {MAX_EXPANSIONS}")
            };
            return self.fail(ModelError::TooLarge { what, size, limit: MAX_EXPANSIONS, span });
        }
        self.calls.push(name.to_owned());
        Ok(())
    }

    /// A data item, a member of a family of data, or an entry of a sequence.
    pub(super) fn datum(&mut self, id: DataId, args: &[Arg<Term>], span: Span) -> Elab<Term> {
        let key = (id, args.iter().map(|a| a.0).collect::<Vec<_>>());
        if let Some(&t) = self.data.get(&key) {
            return Ok(t);
        }
        let decl = &self.model[id];
        if let Some(fault) = faults::arguments_of_data(decl, args.len(), span) {
            return self.fail(fault);
        }
        let mut scope = Scope::default();
        let mut label = decl.name.name.clone();
        let mut numbers = Vec::new();
        for (i, &(t, at)) in args.iter().enumerate() {
            let n = self.natural_term(t, at, "the index of a data family")?;
            numbers.push(n.to_string());
            if let Some(p) = decl.params.get(i) {
                scope.bind(&p.name.name, Local::Value(t));
            }
        }
        if !numbers.is_empty() {
            label = format!("{label}({})", numbers.join(", "));
        }
        let ty = match &decl.decl.ty.arrow {
            Some(inner) if decl.decl.ty.name.name == "N" => inner,
            _ => &decl.decl.ty,
        };
        for p in &decl.params {
            crate::read::conditions(self, &p.conditions, &scope, span)?;
        }
        if let Some((path, place)) = &decl.decl.read {
            let value = self.read_numbers(&decl.decl, ty, &scope, path, *place)?;
            scope.bind(&decl.name.name, Local::Value(value));
            self.data.insert(key, value);
            crate::read::conditions(self, &decl.decl.conditions, &scope, span)?;
            return Ok(value);
        }
        let value = match &decl.decl.value {
            Some(e) => {
                self.enter_definition(&decl.name.name, span)?;
                let value = self.expr(e, &scope);
                self.calls.pop();
                let value = value?;
                let place = format!("the value of `{}`", decl.name.name);
                self.expect_member(value, ty, &scope, &place, e.span)?;
                value
            }
            None => {
                let value = self.value_of_type(&label, ty, &scope, Role::Data)?;
                self.show(&label, value, Role::Data);
                value
            }
        };
        scope.bind(&decl.name.name, Local::Value(value));
        self.data.insert(key, value);
        crate::read::conditions(self, &decl.decl.conditions, &scope, span)?;
        Ok(value)
    }

    /// Requires a shape.
    pub fn expect_shape(&mut self, t: Term, shape: &[usize], place: &str, span: Span) -> Elab<()> {
        if self.store.shape(t).as_slice() == shape {
            return Ok(());
        }
        let (expected, found) = (shape_text(shape), self.shape_text(t));
        self.fail(ModelError::UnexpectedShape { place: place.into(), expected, found, help: None, span })
    }
}

/// Extents as the language writes them: `R`, `R[3]`, `R[2, 5]`.
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [] => "R".to_owned(),
        _ => format!("R[{}]", shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn value_text(q: Option<&Rational>) -> String {
    q.map_or_else(|| "not a constant".to_owned(), ToString::to_string)
}

/// The source text of an expression, for messages.
pub fn text_of(e: &Expr) -> String {
    expr_to_string(e)
}
