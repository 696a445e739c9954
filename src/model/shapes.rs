//! The language read into shapes over symbolic sizes: what is wrong with a declaration whatever its sizes are, and for
//! which sizes a family fits.
//!
//! A family is read once, with its sizes as variables, and an optimizer once, over an architecture of which nothing is
//! known but that it has a point, an output and a loss. Two sizes that have to be the same are the same if their
//! difference, a polynomial in the variables, is zero. Another constant says that they never are, which is a fault on the
//! spot; anything else is a demand on the sizes of the family, and `fits` says what all demands leave. What is not known
//! to be a polynomial is not judged: a shape that is unknown meets no demand, and what may not be read at all sizes (the
//! body of an indexed sum that may be empty, the branches of an `if`) refuses none. So what is refused here fits nothing.

mod blocks;
mod families;
mod fits;
mod functions;
mod known;
mod optimizers;
mod reading;
mod rules;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::core::error::ModelError;
use crate::core::names::{DataId, Declared, LetId, Model};
use crate::core::size::{Lin, Var};
use crate::read::{self, Local, Scope};
use crate::source::Span;
use crate::syntax::tree::{Param, Type};
use blocks::Block;
use fits::{Demand, Holds};
use optimizers::Over;

pub use fits::Fits;
pub use known::Shaped;

/// Definitions that use each other are read to this depth, and this often.
const MAX_DEPTH: usize = 64;
const MAX_READ: usize = 1 << 16;

/// Why the reading of a line stopped: a fault, which is kept, or definitions that are too deep.
#[derive(Debug, Clone, Copy)]
pub struct Stopped;

type Names = Scope<Shaped, Block, Over>;
type Shape = Result<Shaped, Stopped>;
type Done = Result<(), Stopped>;

/// A size or an index without a value.
#[derive(Debug)]
struct Variable {
    name: String,
    /// Whether it is a size of the family that is read.
    own: bool,
}

/// The algebra of shapes.
struct Shapes<'e> {
    model: &'e Model,
    variables: Vec<Variable>,
    demands: Vec<Demand>,
    errors: Vec<ModelError>,
    /// Sizes that differ whatever the others are, each with the number of demands before it.
    misfits: Vec<(usize, ModelError)>,
    /// What to say of two sizes that differ whatever the others are.
    never: Option<&'static str>,
    lets: FxHashMap<LetId, Shape>,
    /// Data whose value was read.
    data: FxHashSet<DataId>,
    /// The definitions around what is read now.
    calls: Vec<String>,
    read: usize,
    /// How many constructs around what is read now may leave it out.
    hidden: usize,
    /// The numbers of rounds of the indexed expressions around it that may make none.
    rounds: Vec<Lin>,
    /// Whether the conditions that are read now are those of the family itself.
    assumes: bool,
}

/// What one reading of a declaration finds.
#[derive(Debug)]
pub struct Found {
    /// What is wrong whatever the sizes are.
    pub errors: Vec<ModelError>,
    /// The sizes that it fits for.
    pub fits: Fits,
}

/// Reads a declaration over symbolic sizes. Systems and cones have no shapes of their own.
pub fn read(model: &Model, declared: Declared) -> Found {
    let mut shapes = Shapes::new(model);
    // What stops a reading was kept as an error.
    let _ = match declared {
        Declared::Data(id) => shapes.declared_data(id),
        Declared::Let(id) => read::declared(&mut shapes, id, &model[id].name.name, model[id].name.span).map(|_| ()),
        Declared::Def(id) => shapes.definition(&model[id]),
        Declared::Architecture(id) => shapes.architecture(&model[id]),
        Declared::Morphism(id) => shapes.morphism(&model[id]),
        Declared::Composite(id) => shapes.composite(&model[id]),
        Declared::Optimizer(id) => shapes.optimizer(&model[id]),
        Declared::System(_) | Declared::Cone(_) => Ok(()),
    };
    shapes.found()
}

/// Whether a declaration has sizes, so that no reading knows them all.
pub fn is_family(model: &Model, declared: Declared) -> bool {
    let params: &[Param] = match declared {
        Declared::Data(id) => &model[id].params,
        Declared::Architecture(id) => &model[id].params,
        Declared::Morphism(id) => &model[id].params,
        Declared::Composite(id) => &model[id].params,
        Declared::Optimizer(id) => &model[id].params,
        Declared::Let(_) | Declared::Def(_) | Declared::System(_) | Declared::Cone(_) => &[],
    };
    params.iter().any(Param::is_natural)
}

impl<'e> Shapes<'e> {
    fn new(model: &'e Model) -> Self {
        Shapes {
            model,
            variables: Vec::new(),
            demands: Vec::new(),
            errors: Vec::new(),
            misfits: Vec::new(),
            never: None,
            lets: FxHashMap::default(),
            data: FxHashSet::default(),
            calls: Vec::new(),
            read: 0,
            hidden: 0,
            rounds: Vec::new(),
            assumes: false,
        }
    }

    /// A new variable.
    fn variable(&mut self, name: &str, own: bool) -> Lin {
        let v = self.variables.len() as Var;
        self.variables.push(Variable { name: name.to_owned(), own });
        Lin::var(v)
    }

    /// Keeps a fault, once for each kind and place.
    fn report(&mut self, fault: ModelError) -> Stopped {
        let same =
            |e: &ModelError| e.span() == fault.span() && std::mem::discriminant(e) == std::mem::discriminant(&fault);
        if !self.errors.iter().any(same) {
            self.errors.push(fault);
        }
        Stopped
    }

    /// Stops with a fault, if there is one.
    fn refuse(&mut self, fault: Option<ModelError>) -> Done {
        fault.map_or(Ok(()), |fault| Err(self.report(fault)))
    }

    /// Demands that something holds of the sizes; what never does is a fault.
    fn demand(&mut self, holds: Holds, fault: ModelError) -> Done {
        let certain = self.hidden == 0 && self.rounds.is_empty();
        match holds.always() {
            Some(true) => {}
            Some(false) if certain => {
                let fault = self.for_nothing(fault);
                self.misfits.push((self.demands.len(), fault));
                return Err(Stopped);
            }
            // The branch or the body that is not read asks for nothing.
            Some(false) | None if self.hidden > 0 => {}
            Some(false) | None => {
                self.demands.push(Demand { holds, rounds: self.rounds.clone(), fault: Some(fault) });
            }
        }
        Ok(())
    }

    /// Two sizes are the same.
    fn equal(&mut self, x: &Lin, y: &Lin, fault: impl FnOnce(&Self) -> ModelError) -> Done {
        if x == y {
            return Ok(());
        }
        let fault = fault(self);
        self.demand(Holds::Zero(x.sub(y)), fault)
    }

    /// Two shapes are the same.
    fn same(&mut self, a: &[Lin], b: &[Lin], fault: impl Fn(&Self) -> ModelError) -> Done {
        if a.len() != b.len() {
            return self.equal(&Lin::num(1), &Lin::num(0), fault);
        }
        a.iter().zip(b).try_for_each(|(x, y)| self.equal(x, y, &fault))
    }

    /// A value has a shape, if its own is known.
    fn expect(&mut self, x: &Shaped, wanted: &[Lin], place: &str, span: Span) -> Done {
        let Some(found) = x.extents.clone() else { return Ok(()) };
        self.same(&found, wanted, |s| s.unexpected(place, s.text(wanted), &found, span))
    }

    /// A value has so many axes, if its shape is known.
    fn rank(&mut self, x: &Shaped, rank: usize, word: &str, place: &str, span: Span) -> Done {
        match x.extents.clone() {
            Some(found) if found.len() != rank => {
                self.equal(&Lin::num(1), &Lin::num(0), |s| s.unexpected(place, word.to_owned(), &found, span))
            }
            _ => Ok(()),
        }
    }

    /// A value is a square matrix, if its shape is known; its size.
    fn square(&mut self, x: &Shaped, place: &str, span: Span) -> Result<Option<Lin>, Stopped> {
        self.rank(x, 2, "a square matrix", place, span)?;
        let Some(found) = x.extents.clone() else { return Ok(None) };
        let [m, n] = &found[..] else { return Ok(None) };
        self.equal(m, n, |s| s.unexpected(place, "a square matrix".to_owned(), &found, span))?;
        Ok(Some(n.clone()))
    }

    fn unexpected(&self, place: &str, expected: String, found: &[Lin], span: Span) -> ModelError {
        let (place, found) = (place.to_owned(), self.text(found));
        ModelError::UnexpectedShape { place, expected, found, help: None, span }
    }

    fn mismatch(&self, operation: &str, (a, left_span): (&[Lin], Span), (b, right_span): (&[Lin], Span)) -> ModelError {
        let (left, right, operation) = (self.text(a), self.text(b), operation.to_owned());
        ModelError::ShapeMismatch { operation, left, right, help: None, left_span, right_span }
    }

    /// A tensor type, with sizes by their names.
    fn text(&self, extents: &[Lin]) -> String {
        match extents {
            [] => "R".to_owned(),
            _ => format!("R[{}]", extents.iter().map(|l| self.size_text(l)).collect::<Vec<_>>().join(", ")),
        }
    }

    fn size_text(&self, l: &Lin) -> String {
        l.text(&|v| self.variables.get(v as usize).map_or_else(String::new, |v| v.name.clone()))
    }

    /// The parameters of a family: sizes as variables, anything else as a value of its type.
    fn family(&mut self, params: &'e [Param], scope: &mut Names) {
        for p in params {
            let value = self.own_parameter(p, scope);
            scope.bind_result(&p.name.name, &value);
            // Conditions hold for every member; a default that breaks one may be left alone.
            self.assumes = true;
            let _ = read::conditions(self, &p.conditions, scope, p.name.span);
            self.assumes = false;
        }
    }

    fn own_parameter(&mut self, p: &'e Param, scope: &Names) -> Shape {
        if p.is_natural() {
            return Ok(Shaped::size(self.variable(&p.name.name, true)));
        }
        match (&p.default, &p.ty) {
            (Some(e), ty) => {
                self.refuse(ty.as_ref().and_then(super::faults::type_of_value))?;
                read::expr(self, e, scope)
            }
            (None, Some(ty)) => self.value_of_type(ty, scope).map(Shaped::varying),
            (None, None) => Ok(Shaped::scalar().varying()),
        }
    }

    /// A value of a type that data and parameters of families can have.
    fn value_of_type(&mut self, ty: &'e Type, scope: &Names) -> Shape {
        let fault = super::faults::type_of_value(ty);
        self.refuse(fault)?;
        self.of_type(ty, scope)
    }

    /// A value of a type: a tensor, or a member of a class of matrices, which takes one size.
    fn of_type(&mut self, ty: &'e Type, scope: &Names) -> Shape {
        let mut dims = Vec::with_capacity(2);
        for d in &ty.dims {
            let size = read::expr(self, d, scope)?.size;
            if let Some(n) = &size {
                let found = self.size_text(n);
                let fault = ModelError::NotNatural { what: "a size".to_owned(), found, help: None, span: d.span };
                self.demand(Holds::NotNegative(n.clone()), fault)?;
            }
            dims.push(size);
        }
        let dims: Option<Vec<Lin>> = dims.into_iter().collect();
        Ok(match (ty.name.name.as_str(), dims.as_deref()) {
            ("R", Some(dims)) => Shaped::of(dims.to_vec()),
            (_, Some([n])) => Shaped::of(vec![n.clone(), n.clone()]),
            _ => Shaped::unknown(),
        })
    }

    /// An error with the reason why nothing fits, unless it says better, or speaks of no size that varies.
    fn for_nothing(&self, fault: ModelError) -> ModelError {
        let open = |shape: &str| shape.split_once('[').is_some_and(|(_, sizes)| sizes.contains(char::is_alphabetic));
        let said = match &fault {
            ModelError::ShapeMismatch { left, right, .. } if !open(left) && !open(right) => None,
            ModelError::UnexpectedShape { expected, found, .. } if !open(expected) && !open(found) => None,
            _ => self.never.map(str::to_owned),
        };
        fits::with_help(fault, said)
    }

    /// Reads a definition of the file in its own right.
    fn inside(&mut self, name: &str, f: impl FnOnce(&mut Self) -> Done) -> Done {
        self.calls.push(name.to_owned());
        let done = f(self);
        self.calls.pop();
        done
    }

    /// A value with what it reads.
    fn bind_value(scope: &mut Names, name: &str, value: Shaped) {
        scope.bind(name, Local::Value(value));
    }
}
