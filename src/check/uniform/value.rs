//! Tensors with symbolic shapes, as functions of a symbolic index.

use std::rc::Rc;

use super::context::{Context, Res, stuck};
use super::linear::Lin;
use super::normal::Prover;
use super::poly::Poly;
use crate::domain::Rational;

/// The parameters of an architecture: block by block the extents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The blocks' names and extents.
    pub blocks: Vec<(String, Vec<Lin>)>,
}

/// What shape a value has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A scalar, vector or matrix.
    Tensor(Vec<Lin>),
    /// A vector over the parameters, indexed by block and by the index in the block.
    Over(Rc<Layout>),
}

/// Where an entry of a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The block of a vector over the parameters, otherwise 0.
    pub block: usize,
    /// The index.
    pub index: Vec<Lin>,
}

impl At {
    /// The place in a tensor.
    pub fn tensor(index: Vec<Lin>) -> Self {
        At { block: 0, index }
    }
}

/// The entries of a value.
pub type Entries<'e> = Rc<dyn Fn(&Context, &At) -> Res<Poly> + 'e>;

/// A value.
#[derive(Clone)]
pub struct Value<'e> {
    /// Its shape.
    pub shape: Shape,
    /// Its entries; asked for indices in range, or for formal ones that cancel.
    pub at: Entries<'e>,
    /// For a size or an index: the form.
    pub lin: Option<Lin>,
    /// Whether it is the metric as a whole, which has no entries here: only `raise` knows what to do with it.
    pub whole_metric: bool,
}

impl<'e> Value<'e> {
    /// A value from its entries.
    pub fn new(shape: Shape, at: impl Fn(&Context, &At) -> Res<Poly> + 'e) -> Self {
        Value { shape, at: Rc::new(at), lin: None, whole_metric: false }
    }

    /// A scalar.
    pub fn scalar(p: Poly) -> Self {
        Value::new(Shape::Tensor(Vec::new()), move |_, _| Ok(p.clone()))
    }

    /// A size or an index.
    pub fn size(l: Lin) -> Self {
        Value { lin: Some(l.clone()), ..Value::scalar(Poly::lin(&l)) }
    }

    /// Its extents, if it is a tensor.
    pub fn extents(&self) -> Option<&[Lin]> {
        match &self.shape {
            Shape::Tensor(dims) => Some(dims),
            Shape::Over(_) => None,
        }
    }

    /// Whether it is a scalar.
    pub fn is_scalar(&self) -> bool {
        self.extents().is_some_and(<[Lin]>::is_empty)
    }

    /// Its value, if it is a scalar.
    ///
    /// # Errors
    /// If it is none, and what its computation needs to know.
    pub fn get(&self, context: &Context) -> Res<Poly> {
        if !self.is_scalar() {
            return stuck("a scalar is expected");
        }
        (self.at)(context, &At::tensor(Vec::new()))
    }

    /// Entry by entry; a scalar beside a tensor is the same at every place.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn zip(&self, other: &Value<'e>, f: impl Fn(&Context, Poly, Poly) -> Res<Poly> + 'e) -> Res<Value<'e>> {
        let shape = match (self.is_scalar(), other.is_scalar()) {
            (true, _) => other.shape.clone(),
            (_, true) => self.shape.clone(),
            _ if self.shape == other.shape => self.shape.clone(),
            _ => return stuck("two shapes are not plainly the same at every member"),
        };
        let scalar = At::tensor(Vec::new());
        let (a, b) = (self.clone(), other.clone());
        let (sa, sb) = (a.is_scalar(), b.is_scalar());
        Ok(Value::new(shape, move |c, at| {
            let x = (a.at)(c, if sa { &scalar } else { at })?;
            let y = (b.at)(c, if sb { &scalar } else { at })?;
            f(c, x, y)
        }))
    }

    /// Its transpose; of a vector one row, of a scalar the scalar.
    ///
    /// # Errors
    /// If it is a vector over the parameters.
    pub fn transposed(self) -> Res<Value<'e>> {
        let shape = match self.extents() {
            Some([]) => return Ok(self),
            Some([n]) => {
                let shape = Shape::Tensor(vec![Lin::num(1), n.clone()]);
                return Ok(Value::new(shape, move |c, at| (self.at)(c, &At::tensor(at.index[1..].to_vec()))));
            }
            Some([m, n]) => Shape::Tensor(vec![n.clone(), m.clone()]),
            _ => return stuck("a transpose of a vector over the parameters"),
        };
        Ok(Value::new(shape, move |c, at| (self.at)(c, &At::tensor(at.index.iter().rev().cloned().collect()))))
    }

    /// A function of each entry.
    pub fn map(&self, f: impl Fn(&Context, Poly) -> Res<Poly> + 'e) -> Value<'e> {
        let a = self.clone();
        Value::new(self.shape.clone(), move |c, at| f(c, (a.at)(c, at)?))
    }
}

impl<'m> Prover<'m> {
    /// The sum over all places of a shape.
    ///
    /// # Errors
    /// What the body needs to know of anything but the place.
    pub fn total(&self, context: &Context, shape: &Shape, body: &dyn Fn(&Context, &At) -> Res<Poly>) -> Res<Poly> {
        let blocks: Vec<&[Lin]> = match shape {
            Shape::Tensor(dims) => vec![dims],
            Shape::Over(layout) => layout.blocks.iter().map(|b| b.1.as_slice()).collect(),
        };
        let mut out = Poly::default();
        for (block, dims) in blocks.into_iter().enumerate() {
            let part = self.nest(context, dims, &|c, index| body(c, &At { block, index: index.to_vec() }))?;
            out = out.plus(&Rational::ONE, &part);
        }
        Ok(out)
    }

    fn nest(&self, context: &Context, dims: &[Lin], body: &dyn Fn(&Context, &[Lin]) -> Res<Poly>) -> Res<Poly> {
        let zero = Lin::default();
        match dims {
            [] => body(context, &[]),
            [n] => self.sum(context, &zero, n, &|c, i| body(c, std::slice::from_ref(i))),
            [m, n] => {
                self.sum(context, &zero, m, &|c, i| self.sum(c, &zero, n, &|c, j| body(c, &[i.clone(), j.clone()])))
            }
            _ => stuck("a tensor of more than two axes"),
        }
    }

    /// The number of entries of a shape.
    ///
    /// # Errors
    /// If it is too large a polynomial.
    pub fn size_of(&self, shape: &Shape) -> Res<Lin> {
        let count = |dims: &[Lin]| dims.iter().try_fold(Lin::num(1), |acc, d| acc.mul(d));
        let total = match shape {
            Shape::Tensor(dims) => count(dims),
            Shape::Over(layout) => layout.blocks.iter().try_fold(Lin::default(), |acc, b| Some(acc.add(&count(&b.1)?))),
        };
        super::context::moderate(total)
    }
}
