//! The language read into shapes over symbolic sizes: whether a family fits at all.
//!
//! A family of architectures or morphisms is read once, with its sizes as variables. Where two sizes have to be the same,
//! their difference is a polynomial in the variables: zero says that they are the same at every size, another constant
//! that they are so at none, and `n - 2` that they are at `n = 2` alone. What is not known to be a polynomial is not
//! judged: a shape that is unknown meets no demand, and what may not be read at all sizes (the body of an indexed sum
//! that may be empty, the branches of an `if`) makes none. So a family that is refused here fits at no size.

mod functions;
mod reading;

use std::rc::Rc;

use crate::core::error::ModelError;
use crate::core::names::{Declared, Model};
use crate::core::size::{Lin, Var};
use crate::read::{self, Arg, Local, Part, Scope};
use crate::source::Span;
use crate::syntax::tree::{Architecture, ArchitectureEntry, Domain, Instance, Morphism, Param, Type};

/// Definitions that use each other are read to this depth, and this often.
const MAX_DEPTH: usize = 64;
const MAX_READ: usize = 1 << 16;

/// The extents of a value; `None` if they are not known.
type Extents = Option<Rc<[Lin]>>;

/// What is known of a value.
#[derive(Debug, Clone)]
pub struct Shaped {
    extents: Extents,
    /// As a size or an index.
    size: Option<Lin>,
}

/// Why the reading stopped: a fault, which others report, or a definition that is too deep.
#[derive(Debug, Clone, Copy)]
pub struct Stopped;

/// That two sizes are the same.
struct Demand {
    /// Their difference.
    difference: Lin,
    /// The fault if they are not.
    fault: ModelError,
}

/// Whether, and for which sizes, a family fits.
#[derive(Debug, Clone, PartialEq)]
pub enum Fits {
    /// For all that is known here.
    Perhaps,
    /// For one value of a size alone.
    Only {
        /// The size.
        name: String,
        /// Its value.
        value: u64,
        /// Where the sizes meet.
        span: Span,
    },
    /// For none.
    Never(Box<ModelError>),
}

type Names = Scope<Shaped, (), ()>;
type Shape = Result<Shaped, Stopped>;

/// The algebra of shapes.
struct Shapes<'e> {
    model: &'e Model,
    /// The names of the size variables.
    sizes: Vec<String>,
    demands: Vec<Demand>,
    next: Var,
    depth: usize,
    read: usize,
    /// How many constructs around what is read now may leave it out.
    hidden: usize,
}

/// Whether a declaration fits for some values of its sizes; only families of architectures and of morphisms are judged.
pub fn of(model: &Model, declared: Declared) -> Fits {
    let family = |params: &[Param]| params.iter().any(Param::is_natural);
    match declared {
        Declared::Architecture(id) if family(&model[id].params) => architecture(model, &model[id]),
        Declared::Morphism(id) if family(&model[id].params) => morphism(model, &model[id]),
        _ => Fits::Perhaps,
    }
}

/// Whether an architecture fits for some values of its sizes.
fn architecture(model: &Model, decl: &Architecture) -> Fits {
    let mut shapes = Shapes::new(model);
    let mut scope = shapes.family(&decl.params);
    // What stops the reading is a fault that the elaborator reports.
    let _ = shapes.inside(decl, &mut scope);
    shapes.fits()
}

/// Whether a morphism fits for some values of its sizes.
fn morphism(model: &Model, decl: &Morphism) -> Fits {
    let mut shapes = Shapes::new(model);
    let mut scope = shapes.family(&decl.params);
    let _ = shapes.equations(decl, &mut scope);
    shapes.fits()
}

impl<'e> Shapes<'e> {
    fn new(model: &'e Model) -> Self {
        Shapes { model, sizes: Vec::new(), demands: Vec::new(), next: 0, depth: 0, read: 0, hidden: 0 }
    }

    fn variable(&mut self) -> Lin {
        self.next += 1;
        Lin::var(self.next - 1)
    }

    /// The parameters of a family, sizes as variables.
    fn family(&mut self, params: &'e [Param]) -> Names {
        let mut scope = Names::default();
        for p in params {
            let value = if p.is_natural() {
                let v = self.variable();
                self.sizes.push(p.name.name.clone());
                Shaped::size(v)
            } else {
                // A variable that is no size of the family keeps its number free.
                self.of_type(p.ty.as_ref(), &scope)
            };
            scope.bind(&p.name.name, Local::Value(value));
        }
        scope
    }

    /// A value of a type.
    fn of_type(&mut self, ty: Option<&'e Type>, scope: &Names) -> Shaped {
        let Some(ty) = ty else { return Shaped::scalar() };
        if ty.arrow.is_some() {
            return Shaped::unknown();
        }
        let dims: Option<Vec<Lin>> =
            ty.dims.iter().map(|d| read::expr(self, d, scope).ok().and_then(|v| v.size)).collect();
        match (ty.name.name.as_str(), dims) {
            ("R", Some(dims)) => Shaped::of(dims),
            ("N", _) => Shaped::unknown(),
            // The classes of matrices take one size.
            (_, Some(dims)) if dims.len() == 1 => Shaped::of(vec![dims[0].clone(), dims[0].clone()]),
            _ => Shaped::unknown(),
        }
    }

    /// The parameters of an architecture, bound in its scope.
    fn blocks(&mut self, decl: &'e Architecture, scope: &mut Names) -> Vec<(&'e str, Shaped)> {
        let mut blocks = Vec::new();
        for entry in &decl.body {
            let ArchitectureEntry::Param(params) = entry else { continue };
            for p in params {
                let value = self.of_type(p.ty.as_ref(), scope);
                blocks.push((p.name.name.as_str(), value));
            }
        }
        for (name, value) in &blocks {
            scope.bind(name, Local::Value(value.clone()));
        }
        blocks
    }

    /// The lines of an architecture.
    fn inside(&mut self, decl: &'e Architecture, scope: &mut Names) -> Result<(), Stopped> {
        let outer = scope.depth();
        self.blocks(decl, scope);
        let mut entries: Option<Lin> = None;
        read::parts(self, decl, outer, scope, &mut |shapes, part, _, value| {
            let Some((value, at)) = value else { return Ok(()) };
            match part {
                Part::Output(_) => entries = value.entries(),
                Part::OutputMetric(_) => {
                    if let (Some([m, n]), Some(all)) = (value.extents.as_deref(), &entries) {
                        let place = "the output metric, on vec(output),";
                        shapes.expect(m, all, place, at);
                        shapes.expect(n, all, place, at);
                    }
                }
                Part::Loss(_) => {
                    if let Some(extents @ [_, ..]) = value.extents.as_deref() {
                        let found = shapes.text(extents);
                        let (place, expected) = ("the loss".to_owned(), "R".to_owned());
                        let fault = ModelError::UnexpectedShape { place, expected, found, help: None, span: at };
                        shapes.demand(Lin::num(1), fault);
                    }
                }
                Part::Group(..) => {}
            }
            Ok(())
        })
    }

    /// The parameters of a use of an architecture.
    fn of_use(&mut self, instance: &'e Instance, scope: &Names) -> Option<Vec<(&'e str, Shaped)>> {
        let Some(Declared::Architecture(id)) = self.model.resolve(&instance.name.name, instance.name.span) else {
            return None;
        };
        let decl = &self.model[id];
        let mut inner = read::bind(self, instance, &decl.params, scope, Some(0)).ok()?.scope;
        Some(self.blocks(decl, &mut inner))
    }

    /// The equations of a morphism: each gives a parameter of the target its shape.
    fn equations(&mut self, decl: &'e Morphism, scope: &mut Names) -> Result<(), Stopped> {
        let target = self.of_use(&decl.target, scope).ok_or(Stopped)?;
        match &decl.source {
            Domain::Named(instance) => {
                for (name, value) in self.of_use(instance, scope).ok_or(Stopped)? {
                    scope.bind(name, Local::Value(value));
                }
            }
            Domain::Inline(params, _) => {
                for p in params {
                    let value = self.of_type(p.ty.as_ref(), scope);
                    scope.bind(&p.name.name, Local::Value(value));
                }
            }
        }
        read::equations(self, &decl.body, scope, &mut |shapes, name, e, scope| {
            let value = read::expr(shapes, e, scope)?;
            let block = target.iter().find(|(b, _)| *b == name.name);
            if let Some((_, wanted)) = block
                && let (Some(a), Some(b)) = (value.extents.clone(), wanted.extents.clone())
            {
                let place = format!("`{}` of the target", name.name);
                let (expected, found) = (shapes.text(&b), shapes.text(&a));
                let fault = ModelError::UnexpectedShape { place, expected, found, help: None, span: e.span };
                shapes.same(&a, &b, fault);
            }
            Ok(())
        })
    }

    fn demand(&mut self, difference: Lin, fault: ModelError) {
        if self.hidden == 0 && difference != Lin::default() {
            self.demands.push(Demand { difference, fault });
        }
    }

    /// Two lists of extents are the same.
    fn same(&mut self, a: &[Lin], b: &[Lin], fault: ModelError) {
        if a.len() != b.len() {
            return self.demand(Lin::num(1), fault);
        }
        for (x, y) in a.iter().zip(b) {
            self.demand(x.sub(y), fault.clone());
        }
    }

    fn expect(&mut self, found: &Lin, wanted: &Lin, place: &str, span: Span) {
        let (expected, found_text) = (self.text(std::slice::from_ref(wanted)), self.text(std::slice::from_ref(found)));
        let place = place.to_owned();
        let fault = ModelError::UnexpectedShape { place, expected, found: found_text, help: None, span };
        self.demand(found.sub(wanted), fault);
    }

    /// A tensor type, with sizes by their names.
    fn text(&self, extents: &[Lin]) -> String {
        let name = |v: Var| self.sizes.get(v as usize).cloned().unwrap_or_else(|| format!("i{v}"));
        match extents {
            [] => "R".to_owned(),
            _ => format!("R[{}]", extents.iter().map(|l| l.text(&name)).collect::<Vec<_>>().join(", ")),
        }
    }

    fn mismatch(&self, operation: &str, a: &[Lin], b: &[Lin], left_span: Span, right_span: Span) -> ModelError {
        let (left, right, operation) = (self.text(a), self.text(b), operation.to_owned());
        ModelError::ShapeMismatch { operation, left, right, help: None, left_span, right_span }
    }

    /// Two operands of one shape; scalars broadcast.
    fn together(&mut self, word: &str, a: &Arg<Shaped>, b: &Arg<Shaped>) -> Shaped {
        let (Some(x), Some(y)) = (a.0.extents.clone(), b.0.extents.clone()) else {
            // A scalar says nothing of the shape of the other.
            return Shaped::unknown();
        };
        match (x.len(), y.len()) {
            (0, _) => Shaped { extents: Some(y), size: None },
            (_, 0) => Shaped { extents: Some(x), size: None },
            _ => {
                let fault = self.mismatch(word, &x, &y, a.1, b.1);
                self.same(&x, &y, fault);
                Shaped { extents: Some(x), size: None }
            }
        }
    }

    /// A matrix, or a vector, times a matrix or a vector.
    fn product(&mut self, a: &Arg<Shaped>, b: &Arg<Shaped>) -> Shaped {
        let (Some(x), Some(y)) = (a.0.extents.clone(), b.0.extents.clone()) else { return Shaped::unknown() };
        match (&x[..], &y[..]) {
            ([], _) => Shaped { extents: Some(y), size: None },
            (_, []) => Shaped { extents: Some(x), size: None },
            ([m, inner], [first, rest @ ..]) => {
                let fault = self.mismatch("product", &x, &y, a.1, b.1);
                self.demand(inner.sub(first), fault);
                Shaped::of(std::iter::once(m.clone()).chain(rest.iter().cloned()).collect())
            }
            _ => {
                let fault = self.mismatch("product", &x, &y, a.1, b.1);
                self.demand(Lin::num(1), fault);
                Shaped::unknown()
            }
        }
    }

    /// What the demands say together.
    fn fits(self) -> Fits {
        let own = |l: &Lin| l.vars().into_iter().all(|v| (v as usize) < self.sizes.len());
        let mut only: Option<(Var, i128, ModelError)> = None;
        for Demand { difference, fault } in self.demands {
            let (v, n) = match difference.vars()[..] {
                [] => return Fits::Never(Box::new(never(fault))),
                [v] if own(&difference) => match difference.linear_in(v) {
                    // a n + b = 0
                    Some((a, rest)) if a != 0 && rest.as_num().is_some() => {
                        let b = rest.as_num().unwrap_or(0);
                        if b % a != 0 || -b / a < 0 {
                            return Fits::Never(Box::new(never(fault)));
                        }
                        (v, -b / a)
                    }
                    _ => continue,
                },
                _ => continue,
            };
            match &only {
                // Where the two meet for the first time: what follows from a mistake comes after it.
                Some((known, m, first)) if *known == v && *m != n => {
                    return Fits::Never(Box::new(never(first.clone())));
                }
                Some(_) => {}
                None => only = Some((v, n, fault)),
            }
        }
        match only {
            Some((v, n, fault)) => {
                let (name, span) = (self.sizes[v as usize].clone(), fault.span());
                Fits::Only { name, value: u64::try_from(n).unwrap_or(u64::MAX), span }
            }
            None => Fits::Perhaps,
        }
    }
}

/// The fault of a family that fits at no size.
fn never(fault: ModelError) -> ModelError {
    let said = Some("the family fits for no size".to_owned());
    match fault {
        ModelError::ShapeMismatch { operation, left, right, left_span, right_span, .. } => {
            ModelError::ShapeMismatch { operation, left, right, help: said, left_span, right_span }
        }
        ModelError::UnexpectedShape { place, expected, found, span, .. } => {
            ModelError::UnexpectedShape { place, expected, found, help: said, span }
        }
        other => other,
    }
}

impl Shaped {
    fn of(extents: Vec<Lin>) -> Self {
        Shaped { extents: Some(extents.into()), size: None }
    }

    fn scalar() -> Self {
        Shaped::of(Vec::new())
    }

    fn size(l: Lin) -> Self {
        Shaped { size: Some(l), ..Shaped::scalar() }
    }

    fn unknown() -> Self {
        Shaped { extents: None, size: None }
    }

    /// The number of entries.
    fn entries(&self) -> Option<Lin> {
        self.extents.as_deref()?.iter().try_fold(Lin::num(1), |all, d| all.mul(d))
    }
}
