//! Operations on values with symbolic shapes and indices: what terms are made of with numbers, for all numbers at once.
//! What is not read here is refused by name.

use super::context::{Context, Need, Res, moderate, stuck};
use super::evident::half;
use super::normal::Prover;
use super::poly::{Atom, Entry, Poly, Symbol};
use super::reading::{Env, Sizes};
use super::sum::MAX_NESTED;
use super::value::{At, Shape, Value};
use crate::core::names::DataId;
use crate::core::prim::choice_weights;
use crate::core::size::Lin;
use crate::domain::{Fun, Rational};
use crate::read::{Indexed, expr};
use crate::syntax::tree::{BinaryOp, Comparison};

/// An index with its range, half open.
pub type Range = (Lin, Lin);

impl<'e> Prover<'e> {
    /// A constant; small whole numbers are sizes, too.
    pub fn constant(&self, q: &Rational) -> Value<'e> {
        match number(q) {
            Some(n) => Value::size(Lin::num(n)),
            None => Value::scalar(Poly::num(q.clone())),
        }
    }

    /// A value as a size or an index.
    ///
    /// # Errors
    /// If it is no integer polynomial in sizes and indices.
    pub fn lin(&'e self, value: &Value<'e>, context: &Context) -> Res<Lin> {
        if let Some(l) = &value.lin {
            return moderate(Some(l.clone()).filter(Lin::moderate));
        }
        match value.get(context)?.as_num().as_ref().and_then(number) {
            Some(n) => Ok(Lin::num(n)),
            None => stuck("a size or an index is not a polynomial in the index of the system"),
        }
    }

    /// A size: an index form that is negative at no member.
    ///
    /// # Errors
    /// If it is none.
    pub fn size(&'e self, value: &Value<'e>, context: &Context) -> Res<Lin> {
        let l = self.lin(value, context)?;
        if context.decide(&l)? { Ok(l) } else { stuck("a size is negative at some member") }
    }

    /// An index that must lie in `0..size`.
    fn checked(&self, i: Lin, size: &Lin, context: &Context) -> Res<Lin> {
        if context.decide(&i)? && context.decide(&size.sub(&i).plus(-1))? {
            Ok(i)
        } else {
            stuck("an index is out of range at some member")
        }
    }

    /// Begins to read a definition, to a limited depth.
    ///
    /// # Errors
    /// If definitions are nested too deeply, or in a circle.
    pub fn enter(&self) -> Res<()> {
        if self.depth.get() > MAX_NESTED {
            return stuck("definitions are nested too deeply");
        }
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    /// Ends it.
    pub fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }

    /// Reads a definition, to a limited depth.
    ///
    /// # Errors
    /// If definitions are nested too deeply, or in a circle.
    pub fn nested<T>(&self, read: impl FnOnce() -> Res<T>) -> Res<T> {
        self.enter()?;
        let result = read();
        self.leave();
        result
    }

    /// A datum, or the member of a family of data.
    ///
    /// # Errors
    /// If it is of another kind than tensors, or its index is negative at some member.
    pub fn datum(&'e self, id: DataId, args: Vec<Lin>, context: &Context) -> Res<Value<'e>> {
        let decl = &self.model[id];
        let ty = match (&decl.decl.ty.arrow, decl.decl.ty.name.name.as_str()) {
            (Some(inner), "N") => inner,
            (None, "N") => return stuck("data of type `N`"),
            _ => &decl.decl.ty,
        };
        let sequence = decl.decl.ty.arrow.is_some();
        if ty.name.name != "R" || args.len() != if sequence { 1 } else { decl.params.len() } {
            return stuck(format!("the data `{}`", decl.name.name));
        }
        for a in &args {
            if !context.decide(a)? {
                return stuck("the index of a data family is negative at some member");
            }
        }
        let mut env = Env::default();
        for (p, a) in decl.params.iter().zip(&args) {
            env = env.value(&p.name.name, Value::size(a.clone()));
        }
        let mut reading = Sizes::new(self, context);
        if let Some(e) = &decl.decl.value {
            return if sequence {
                stuck("a sequence with values")
            } else {
                self.nested(|| expr(&mut reading, e, &env))
            };
        }
        let dims: Res<Vec<Lin>> = ty.dims.iter().map(|d| reading.extent(d, &env)).collect();
        let id = id.0;
        Ok(Value::new(Shape::Tensor(dims?), move |_, at| {
            let index = args.iter().chain(&at.index).cloned().collect();
            Ok(Poly::atom(Atom::Entry(Entry { symbol: Symbol::Data(id), block: 0, index })))
        }))
    }

    /// An operator between two values.
    ///
    /// # Errors
    /// If their shapes do not plainly fit at every member.
    pub fn binary(&'e self, op: BinaryOp, a: &Value<'e>, b: &Value<'e>) -> Res<Value<'e>> {
        let lin = match (op, &a.lin, &b.lin) {
            (BinaryOp::Add, Some(x), Some(y)) => Some(x.add(y)),
            (BinaryOp::Sub, Some(x), Some(y)) => Some(x.sub(y)),
            (BinaryOp::Mul, Some(x), Some(y)) => x.mul(y),
            _ => None,
        };
        let value = match op {
            BinaryOp::Add => a.zip(b, |_, x, y| Ok(x.plus(&Rational::ONE, &y)))?,
            BinaryOp::Sub => a.zip(b, |_, x, y| Ok(x.plus(&Rational::NEG_ONE, &y)))?,
            BinaryOp::EntryMul => a.zip(b, |_, x, y| self.mul(&x, &y))?,
            BinaryOp::EntryDiv => self.quotient(a, b)?,
            BinaryOp::Div if b.is_scalar() => self.quotient(a, b)?,
            BinaryOp::Div => return stuck("division by what is no scalar"),
            BinaryOp::Mul if a.is_scalar() || b.is_scalar() => a.zip(b, |_, x, y| self.mul(&x, &y))?,
            BinaryOp::Mul => self.matmul(a, b)?,
        };
        Ok(Value { lin, ..value })
    }

    fn quotient(&'e self, a: &Value<'e>, b: &Value<'e>) -> Res<Value<'e>> {
        a.zip(b, |c, x, y| {
            let inverse = self.pow(c, &y, &Rational::NEG_ONE)?;
            self.mul(&x, &inverse)
        })
    }

    fn matmul(&'e self, a: &Value<'e>, b: &Value<'e>) -> Res<Value<'e>> {
        let (Some([m, inner]), Some([first, rest @ ..])) = (a.extents(), b.extents()) else {
            return stuck("a product of vectors");
        };
        if inner != first {
            return stuck("two sizes in a product are not plainly the same at every member");
        }
        let shape = Shape::Tensor(std::iter::once(m.clone()).chain(rest.iter().cloned()).collect());
        let (a, b, inner) = (a.clone(), b.clone(), inner.clone());
        Ok(Value::new(shape, move |c, at| {
            let (row, column) = (&at.index[0], &at.index[1..]);
            self.sum(c, &Lin::default(), &inner, &|c, k| {
                let x = (a.at)(c, &At::tensor(vec![row.clone(), k.clone()]))?;
                let index = std::iter::once(k.clone()).chain(column.iter().cloned()).collect();
                self.mul(&x, &(b.at)(c, &At::tensor(index))?)
            })
        }))
    }

    /// `x ^ p`
    ///
    /// # Errors
    /// If the exponent depends on the index of the system.
    pub fn power(&'e self, x: &Value<'e>, p: &Value<'e>, context: &Context) -> Res<Value<'e>> {
        if let (Some(base), Some(exponent)) = (x.lin.as_ref().and_then(Lin::as_num), &p.lin)
            && let Ok(base) = u32::try_from(base)
            && exponent.as_num().is_none()
        {
            if !context.decide(exponent)? {
                return stuck("an exponent is negative at some member");
            }
            return Ok(Value::size(moderate(Lin::exponential(base, exponent))?));
        }
        if p.is_scalar()
            && let Some(q) = p.get(context)?.as_num()
        {
            let lin = match (&x.lin, u32::try_from(q.numerator().clone())) {
                (Some(l), Ok(k)) if q.is_int() && k <= 8 => (0..k).try_fold(Lin::num(1), |acc, _| acc.mul(l)),
                _ => None,
            };
            return Ok(Value { lin, ..x.map(move |c, v| self.pow(c, &v, &q)) });
        }
        if p.lin.is_some() {
            return stuck("a power whose exponent depends on the index");
        }
        x.zip(p, |c, x, p| {
            let log = self.fun(c, Fun::Log, &x)?;
            self.fun(c, Fun::Exp, &self.mul(&p, &log)?)
        })
    }

    /// `1` where a comparison holds and `0` elsewhere, by the sign of the difference.
    ///
    /// # Errors
    /// If the shapes do not plainly fit.
    pub fn holds(&'e self, comparison: Comparison, a: &Value<'e>, b: &Value<'e>) -> Res<Value<'e>> {
        let difference = self.binary(BinaryOp::Sub, a, b)?;
        let [constant, first, second] = choice_weights(comparison);
        let holds = difference.map(move |context, d| {
            let s = self.fun(context, Fun::Sign, &d)?;
            let square = self.mul(&s, &s)?.scale(&second.value());
            Ok(Poly::num(constant.value()).plus(&first.value(), &s).plus(&Rational::ONE, &square))
        });
        Ok(Value { lin: None, ..holds })
    }

    /// `y + holds · (x - y)`
    ///
    /// # Errors
    /// If the shapes do not plainly fit.
    pub fn chosen(&'e self, holds: &Value<'e>, x: &Value<'e>, y: &Value<'e>) -> Res<Value<'e>> {
        let gain = self.binary(BinaryOp::Sub, x, y)?;
        let gained = self.binary(BinaryOp::EntryMul, holds, &gain)?;
        Ok(Value { lin: None, ..self.binary(BinaryOp::Add, y, &gained)? })
    }

    /// A range `lo..hi` that is not reversed.
    ///
    /// # Errors
    /// If it is, at some member.
    pub fn ends(&'e self, lo: &Value<'e>, hi: &Value<'e>, inclusive: bool, context: &Context) -> Res<Range> {
        let (lo, hi) = (self.lin(lo, context)?, self.lin(hi, context)?);
        let hi = if inclusive { hi.plus(1) } else { hi };
        if context.decide(&hi.sub(&lo))? { Ok((lo, hi)) } else { stuck("a range is reversed at some member") }
    }

    /// The shape of a body at a general index.
    fn probe(&'e self, body: &Body<'e>, context: &Context) -> Res<Shape> {
        let mut context = context.clone();
        let mut own = Vec::new();
        for (lo, hi) in &body.ranges {
            let v = self.cases.fresh();
            own.push(v);
            context = context.within(&Lin::var(v), lo, hi);
        }
        let indices = own.iter().map(|&v| Value::size(Lin::var(v)));
        let shape = match body.at(self, &context, indices.collect()) {
            Ok(v) => v.shape,
            Err(Need::Split(l) | Need::Residue(l, _)) if own.iter().any(|&v| l.mentions(v)) => {
                return stuck("an index could not be shown to be in range");
            }
            Err(stop) => return Err(stop),
        };
        let free = |l: &Lin| own.iter().all(|&v| !l.mentions(v));
        match &shape {
            Shape::Tensor(dims) if dims.iter().all(free) => Ok(shape),
            _ => stuck("the shape of a body depends on its index"),
        }
    }

    /// An indexed sum.
    ///
    /// # Errors
    /// If the shape of its body depends on the index.
    pub fn summed(&'e self, body: Body<'e>, context: &Context) -> Res<Value<'e>> {
        let shape = self.probe(&body, context)?;
        Ok(Value::new(shape, move |c, at| self.sum_from(&body, Vec::new(), c, at)))
    }

    fn sum_from(&'e self, body: &Body<'e>, given: Vec<Value<'e>>, context: &Context, at: &At) -> Res<Poly> {
        match body.ranges.get(given.len()) {
            None => (body.at(self, context, given)?.at)(context, at),
            Some((lo, hi)) => self.sum(context, lo, hi, &|c, i| {
                let mut given = given.clone();
                given.push(Value::size(i.clone()));
                self.sum_from(body, given, c, at)
            }),
        }
    }

    /// A tensor by its entries.
    ///
    /// # Errors
    /// If the shape of its body depends on the index, or there are more than two axes.
    pub fn tabulated(&'e self, body: Body<'e>, context: &Context) -> Res<Value<'e>> {
        let Shape::Tensor(inner) = self.probe(&body, context)? else {
            return stuck("a comprehension of vectors over the parameters");
        };
        let dims: Vec<Lin> = body.ranges.iter().map(|(lo, hi)| hi.sub(lo)).chain(inner).collect();
        if dims.len() > 2 {
            return stuck("a comprehension of more than two axes");
        }
        Ok(Value::new(Shape::Tensor(dims), move |c, at| {
            let own = body.ranges.iter().zip(&at.index).map(|((lo, _), i)| Value::size(lo.add(i))).collect();
            (body.at(self, c, own)?.at)(c, &At::tensor(at.index[body.ranges.len()..].to_vec()))
        }))
    }

    /// `[a, b, …]`
    ///
    /// # Errors
    /// If the items are of different shapes.
    pub fn listed(&'e self, items: Vec<Value<'e>>) -> Res<Value<'e>> {
        let inner = items.first().map_or(Ok(Shape::Tensor(Vec::new())), |v| Ok(v.shape.clone()))?;
        let Shape::Tensor(inner) = inner else { return stuck("a list of vectors over the parameters") };
        if inner.len() > 1 || items.iter().any(|i| i.extents() != Some(&inner)) {
            return stuck("a list of entries of different shapes");
        }
        let dims = std::iter::once(Lin::num(items.len() as i128)).chain(inner).collect();
        Ok(Value::new(Shape::Tensor(dims), move |c, at| {
            for (k, item) in items.iter().enumerate() {
                if c.decide_zero(&at.index[0].plus(-(k as i128)))? {
                    return (item.at)(c, &At::tensor(at.index[1..].to_vec()));
                }
            }
            stuck("an index is out of range at some member")
        }))
    }

    /// `x[i, lo..hi]`
    ///
    /// # Errors
    /// If an index is out of range at some member.
    pub fn picked(
        &'e self,
        x: Value<'e>,
        subscripts: &[crate::read::At<Value<'e>>],
        context: &Context,
    ) -> Res<Value<'e>> {
        let Some(extents) = x.extents().map(<[Lin]>::to_vec) else {
            return stuck("an entry of a vector over all parameters");
        };
        if subscripts.is_empty() || subscripts.len() > extents.len() {
            return stuck("too many indices");
        }
        // For each axis where it starts, and whether it is kept.
        let mut axes = Vec::new();
        let mut kept = Vec::new();
        for (k, extent) in extents.iter().enumerate() {
            match subscripts.get(k) {
                Some(crate::read::At::Index((i, _))) => {
                    axes.push((self.checked(self.lin(i, context)?, extent, context)?, false));
                }
                Some(crate::read::At::Slice { lo, hi, inclusive }) => {
                    let lo = lo.as_ref().map_or(Ok(Lin::default()), |(e, _)| self.lin(e, context))?;
                    let end = match hi {
                        Some((e, _)) => self.lin(e, context)?.plus(i128::from(*inclusive)),
                        None => extent.clone(),
                    };
                    for form in [&lo, &end.sub(&lo), &extent.sub(&end)] {
                        if !context.decide(form)? {
                            return stuck("a slice is out of range at some member");
                        }
                    }
                    kept.push(end.sub(&lo));
                    axes.push((lo, true));
                }
                Some(crate::read::At::All) | None => {
                    kept.push(extent.clone());
                    axes.push((Lin::default(), true));
                }
            }
        }
        Ok(Value::new(Shape::Tensor(kept), move |c, at| {
            let mut given = at.index.iter();
            let index = axes.iter().map(|(start, kept)| match given.next_if_kept(*kept) {
                Some(i) => start.add(i),
                None => start.clone(),
            });
            (x.at)(c, &At::tensor(index.collect()))
        }))
    }

    /// The root of the sum of squares.
    ///
    /// # Errors
    /// None now; its entries may need to know more.
    pub fn norm(&'e self, x: &Value<'e>) -> Value<'e> {
        let x = x.clone();
        Value::new(Shape::Tensor(Vec::new()), move |c, _| {
            let squares = self.total(c, &x.shape, &|c, at| {
                let p = (x.at)(c, at)?;
                self.mul(&p, &p)
            })?;
            self.pow(c, &squares, &half())
        })
    }
}

/// Reads a body in a context, at values of its indices.
type ReadBody<'e> = dyn Fn(&'e Prover<'e>, &Context, Vec<Value<'e>>) -> Res<Value<'e>> + 'e;

/// The body of an indexed expression, apart from the context in which it was met.
pub struct Body<'e> {
    ranges: Vec<Range>,
    read: Box<ReadBody<'e>>,
}

impl<'e> Body<'e> {
    /// From what the reader gives.
    pub fn new(body: Indexed<'e, Sizes<'e, '_>>) -> Self {
        let Indexed { binders, ranges, body, scope } = body;
        let read = move |prover: &'e Prover<'e>, context: &Context, values: Vec<Value<'e>>| {
            let mut scope = scope.clone();
            for (b, v) in binders.iter().zip(values) {
                scope.bind(&b.name.name, crate::read::Local::Value(v));
            }
            expr(&mut Sizes::new(prover, context), body, &scope)
        };
        Body { ranges, read: Box::new(read) }
    }

    fn at(&self, prover: &'e Prover<'e>, context: &Context, values: Vec<Value<'e>>) -> Res<Value<'e>> {
        (self.read)(prover, context, values)
    }
}

/// A small integer.
fn number(q: &Rational) -> Option<i128> {
    i128::try_from(q.numerator().clone()).ok().filter(|n| q.is_int() && n.abs() < 1 << 40)
}

trait Kept<'a> {
    /// The next index, if the axis is kept.
    fn next_if_kept(&mut self, kept: bool) -> Option<&'a Lin>;
}

impl<'a> Kept<'a> for std::slice::Iter<'a, Lin> {
    fn next_if_kept(&mut self, kept: bool) -> Option<&'a Lin> {
        if kept { self.next() } else { None }
    }
}
