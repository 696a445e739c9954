//! Expressions to values with symbolic shapes and indices: what the elaborator does with numbers, for all numbers at
//! once. What is not read here is refused by name.

use std::rc::Rc;

use super::context::{Context, Need, Res, moderate, stuck};
use super::linear::Lin;
use super::normal::{Prover, half};
use super::optimizer::Over;
use super::poly::{Atom, Entry, Poly, Symbol};
use super::sum::MAX_NESTED;
use super::value::{At, Shape, Value};
use crate::core::prim::choice_weights;
use crate::domain::{Fun, Rational};
use crate::model::names::{DataId, Declared};
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, Binder, Conditional, Expr, ExprKind, Ident, Reduction, Subscript};

/// A local name.
#[derive(Clone)]
pub enum Local<'e> {
    /// A value.
    Value(Value<'e>),
    /// The block variable of `each`.
    Block(usize),
}

/// Local names, and the optimizer whose body is read.
#[derive(Clone, Default)]
pub struct Env<'e> {
    names: Option<Rc<Names<'e>>>,
    /// Inside an optimizer: where its body is read.
    pub over: Option<Rc<Over<'e>>>,
    /// Whether names that are not local mean functions of the table, whatever the file declares.
    of_the_table: bool,
}

struct Names<'e> {
    name: String,
    local: Local<'e>,
    outer: Option<Rc<Names<'e>>>,
}

impl<'e> Env<'e> {
    /// The scope of a definition of the table of primitives.
    pub fn of_the_table() -> Self {
        Env { of_the_table: true, ..Env::default() }
    }

    /// With one more name.
    #[must_use]
    pub fn with(&self, name: &str, local: Local<'e>) -> Self {
        let names = Names { name: name.to_owned(), local, outer: self.names.clone() };
        Env { names: Some(Rc::new(names)), ..self.clone() }
    }

    /// With one more value.
    #[must_use]
    pub fn value(&self, name: &str, value: Value<'e>) -> Self {
        self.with(name, Local::Value(value))
    }

    /// The innermost local of a name.
    pub fn get(&self, name: &str) -> Option<&Local<'e>> {
        let mut at = self.names.as_ref();
        while let Some(n) = at {
            if n.name == name {
                return Some(&n.local);
            }
            at = n.outer.as_ref();
        }
        None
    }
}

impl<'e> Prover<'e> {
    /// The value of an expression.
    ///
    /// # Errors
    /// If it is outside of what this prover reads, or a range or index cannot be shown to be right.
    pub fn eval(&'e self, e: &'e Expr, env: &Env<'e>, context: &Context) -> Res<Value<'e>> {
        self.spend(1)?;
        match &e.kind {
            ExprKind::Number(q) => Ok(match number(q) {
                Some(n) => Value::size(Lin::num(n)),
                None => Value::scalar(Poly::num(q.clone())),
            }),
            ExprKind::Name(name) => self.name(name, e.span, env, context),
            ExprKind::Primed(name) => self.primed(name, env),
            ExprKind::Neg(x) => {
                let x = self.eval(x, env, context)?;
                let lin = x.lin.as_ref().map(Lin::neg);
                Ok(Value { lin, ..x.map(|_, p| Ok(p.scale(&Rational::NEG_ONE))) })
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.eval(a, env, context)?, self.eval(b, env, context)?);
                self.binary(*op, &a, &b)
            }
            ExprKind::Power(base, exponent) => {
                let (x, p) = (self.eval(base, env, context)?, self.eval(exponent, env, context)?);
                self.power(&x, &p, context)
            }
            ExprKind::Transpose(x) => {
                let x = self.eval(x, env, context)?;
                match x.extents() {
                    Some([]) => Ok(x),
                    Some([n]) => {
                        let shape = Shape::Tensor(vec![Lin::num(1), n.clone()]);
                        Ok(Value::new(shape, move |c, at| (x.at)(c, &At::tensor(at.index[1..].to_vec()))))
                    }
                    Some([m, n]) => {
                        let shape = Shape::Tensor(vec![n.clone(), m.clone()]);
                        Ok(Value::new(shape, move |c, at| {
                            (x.at)(c, &At::tensor(at.index.iter().rev().cloned().collect()))
                        }))
                    }
                    _ => stuck("a transpose of a vector over the parameters"),
                }
            }
            ExprKind::Inverse(x) => {
                let x = self.eval(x, env, context)?;
                if x.extents().is_some_and(|d| d.len() > 1) {
                    return stuck("the inverse of a matrix");
                }
                Ok(x.map(|c, p| self.pow(c, &p, &Rational::NEG_ONE)))
            }
            ExprKind::Call(f, args) => self.call(f, args, env, context),
            ExprKind::If(c) => self.conditional(c, env, context),
            ExprKind::Reduce(Reduction::Prod, ..) => stuck("an indexed product"),
            ExprKind::Reduce(Reduction::Max | Reduction::Min, ..) => stuck("an indexed maximum or minimum"),
            ExprKind::Reduce(Reduction::Sum, binders, body) => self.reduce(binders, body, env, context),
            ExprKind::Index(base, subscripts) => self.index(base, subscripts, env, context),
            ExprKind::List(items) => self.list(items, env, context),
            ExprKind::Comprehension(binders, body) => self.comprehension(binders, body, env, context),
        }
    }

    /// A size or an index.
    ///
    /// # Errors
    /// If it is no integer polynomial in sizes and indices.
    pub fn lin(&'e self, e: &'e Expr, env: &Env<'e>, context: &Context) -> Res<Lin> {
        let value = self.eval(e, env, context)?;
        if let Some(l) = value.lin {
            return moderate(Some(l).filter(Lin::moderate));
        }
        match value.get(context)?.as_num().as_ref().and_then(number) {
            Some(n) => Ok(Lin::num(n)),
            None => stuck("a size or an index is not a polynomial in the index of the system"),
        }
    }

    /// An index that must lie in `0..size`.
    fn checked(&self, i: Lin, size: &Lin, context: &Context) -> Res<Lin> {
        if context.decide(&i)? && context.decide(&size.sub(&i).plus(-1))? {
            Ok(i)
        } else {
            stuck("an index is out of range at some member")
        }
    }

    fn name(&'e self, name: &str, span: Span, env: &Env<'e>, context: &Context) -> Res<Value<'e>> {
        match env.get(name) {
            Some(Local::Value(v)) => return Ok(v.clone()),
            Some(Local::Block(b)) => {
                let Some(over) = &env.over else { return stuck("a block outside of an optimizer") };
                return self.block(over.point(), *b);
            }
            None => {}
        }
        if let Some(over) = &env.over
            && let Some(v) = self.word(name, over)?
        {
            return Ok(v);
        }
        match self.model.resolve(name, span) {
            Some(Declared::Let(id)) => self.nested(|| self.eval(&self.model[id].value, &Env::default(), context)),
            Some(Declared::Data(id)) => self.data(id, Vec::new(), context),
            None if name == "pi" => {
                let pi = Entry { symbol: Symbol::Data(usize::MAX), block: 0, index: Vec::new() };
                Ok(Value::scalar(Poly::atom(Atom::Entry(pi))))
            }
            _ => stuck(format!("`{name}` is no value here")),
        }
    }

    /// Reads a definition, to a limited depth.
    ///
    /// # Errors
    /// If definitions are nested too deeply, or in a circle.
    pub fn nested<T>(&self, read: impl FnOnce() -> Res<T>) -> Res<T> {
        if self.depth.get() > MAX_NESTED {
            return stuck("definitions are nested too deeply");
        }
        self.depth.set(self.depth.get() + 1);
        let result = read();
        self.depth.set(self.depth.get() - 1);
        result
    }

    fn data(&'e self, id: DataId, args: Vec<Lin>, context: &Context) -> Res<Value<'e>> {
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
        if let Some(e) = &decl.decl.value {
            return if sequence {
                stuck("a sequence with values")
            } else {
                self.nested(|| self.eval(e, &env, context))
            };
        }
        let dims: Res<Vec<Lin>> = ty.dims.iter().map(|d| self.lin(d, &env, context)).collect();
        let id = id.0;
        Ok(Value::new(Shape::Tensor(dims?), move |_, at| {
            let index = args.iter().chain(&at.index).cloned().collect();
            Ok(Poly::atom(Atom::Entry(Entry { symbol: Symbol::Data(id), block: 0, index })))
        }))
    }

    fn binary(&'e self, op: BinaryOp, a: &Value<'e>, b: &Value<'e>) -> Res<Value<'e>> {
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

    fn power(&'e self, x: &Value<'e>, p: &Value<'e>, context: &Context) -> Res<Value<'e>> {
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

    /// `if a < b then x else y`: as the elaborator reads it, by the sign of the difference.
    fn conditional(&'e self, c: &'e Conditional, env: &Env<'e>, context: &Context) -> Res<Value<'e>> {
        let (a, b) = (self.eval(&c.left, env, context)?, self.eval(&c.right, env, context)?);
        let (x, y) = (self.eval(&c.then, env, context)?, self.eval(&c.otherwise, env, context)?);
        let difference = self.binary(BinaryOp::Sub, &a, &b)?;
        let [constant, first, second] = choice_weights(c.comparison);
        let holds = difference.map(move |context, d| {
            let s = self.fun(context, Fun::Sign, &d)?;
            let square = self.mul(&s, &s)?.scale(&second.value());
            Ok(Poly::num(constant.value()).plus(&first.value(), &s).plus(&Rational::ONE, &square))
        });
        let holds = Value { lin: None, ..holds };
        let gain = self.binary(BinaryOp::Sub, &x, &y)?;
        let gained = self.binary(BinaryOp::EntryMul, &holds, &gain)?;
        Ok(Value { lin: None, ..self.binary(BinaryOp::Add, &y, &gained)? })
    }

    /// A range `lo..hi` that is not reversed.
    fn range(&'e self, b: &'e Binder, env: &Env<'e>, context: &Context) -> Res<(Lin, Lin)> {
        let (lo, hi) = (self.lin(&b.lo, env, context)?, self.lin(&b.hi, env, context)?);
        let hi = if b.inclusive { hi.plus(1) } else { hi };
        if context.decide(&hi.sub(&lo))? { Ok((lo, hi)) } else { stuck("a range is reversed at some member") }
    }

    /// The shape of a body at a general index.
    fn probe(&'e self, body: &'e Expr, env: &Env<'e>, context: &Context, ranges: &[(&str, Lin, Lin)]) -> Res<Shape> {
        let (mut env, mut context) = (env.clone(), context.clone());
        let mut own = Vec::new();
        for (name, lo, hi) in ranges {
            let v = self.cases.fresh();
            own.push(v);
            context = context.within(&Lin::var(v), lo, hi);
            env = env.value(name, Value::size(Lin::var(v)));
        }
        let shape = match self.eval(body, &env, &context) {
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

    fn reduce(&'e self, binders: &'e [Binder], body: &'e Expr, env: &Env<'e>, context: &Context) -> Res<Value<'e>> {
        let mut ranges = Vec::new();
        for b in binders {
            let (lo, hi) = self.range(b, env, context)?;
            ranges.push((b.name.name.as_str(), lo, hi));
        }
        let shape = self.probe(body, env, context, &ranges)?;
        let env = env.clone();
        Ok(Value::new(shape, move |c, at| self.summed(&ranges, body, &env, c, at)))
    }

    fn summed(
        &'e self,
        ranges: &[(&str, Lin, Lin)],
        body: &'e Expr,
        env: &Env<'e>,
        context: &Context,
        at: &At,
    ) -> Res<Poly> {
        match ranges {
            [] => (self.eval(body, env, context)?.at)(context, at),
            [(name, lo, hi), rest @ ..] => self
                .sum(context, lo, hi, &|c, i| self.summed(rest, body, &env.value(name, Value::size(i.clone())), c, at)),
        }
    }

    fn comprehension(
        &'e self,
        binders: &'e [Binder],
        body: &'e Expr,
        env: &Env<'e>,
        context: &Context,
    ) -> Res<Value<'e>> {
        let mut ranges = Vec::new();
        for b in binders {
            let (lo, hi) = self.range(b, env, context)?;
            ranges.push((b.name.name.as_str(), lo, hi));
        }
        let Shape::Tensor(inner) = self.probe(body, env, context, &ranges)? else {
            return stuck("a comprehension of vectors over the parameters");
        };
        let dims: Vec<Lin> = ranges.iter().map(|(_, lo, hi)| hi.sub(lo)).chain(inner).collect();
        if dims.len() > 2 {
            return stuck("a comprehension of more than two axes");
        }
        let env = env.clone();
        Ok(Value::new(Shape::Tensor(dims), move |c, at| {
            let mut env = env.clone();
            for ((name, lo, _), i) in ranges.iter().zip(&at.index) {
                env = env.value(name, Value::size(lo.add(i)));
            }
            (self.eval(body, &env, c)?.at)(c, &At::tensor(at.index[ranges.len()..].to_vec()))
        }))
    }

    fn list(&'e self, items: &'e [Expr], env: &Env<'e>, context: &Context) -> Res<Value<'e>> {
        let items: Res<Vec<Value>> = items.iter().map(|i| self.eval(i, env, context)).collect();
        let items = items?;
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

    fn index(
        &'e self,
        base: &'e Expr,
        subscripts: &'e [Subscript],
        env: &Env<'e>,
        context: &Context,
    ) -> Res<Value<'e>> {
        let x = self.eval(base, env, context)?;
        if let [Subscript::At(Expr { kind: ExprKind::Name(var), .. })] = subscripts
            && let Some(Local::Block(b)) = env.get(var)
        {
            return self.block(x, *b);
        }
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
                Some(Subscript::At(e)) => {
                    axes.push((self.checked(self.lin(e, env, context)?, extent, context)?, false));
                }
                Some(Subscript::Slice { lo, hi, inclusive }) => {
                    let lo = lo.as_ref().map_or(Ok(Lin::default()), |e| self.lin(e, env, context))?;
                    let end = match hi {
                        Some(e) => self.lin(e, env, context)?.plus(i128::from(*inclusive)),
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
                Some(Subscript::All) | None => {
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

    fn call(&'e self, f: &'e Ident, args: &'e [Expr], env: &Env<'e>, context: &Context) -> Res<Value<'e>> {
        let declared = self.model.resolve(&f.name, f.span).filter(|_| !env.of_the_table);
        match declared {
            Some(Declared::Def(id)) => {
                let def = &self.model[id];
                if def.params.len() != args.len() {
                    return stuck("a function with other arguments");
                }
                let mut inner = Env::default();
                for (p, a) in def.params.iter().zip(args) {
                    inner = inner.value(&p.name, self.eval(a, env, context)?);
                }
                self.nested(|| self.eval(&def.body, &inner, context))
            }
            Some(Declared::Data(id)) => {
                let args: Res<Vec<Lin>> = args.iter().map(|a| self.lin(a, env, context)).collect();
                self.data(id, args?, context)
            }
            Some(_) => stuck(format!("`{}` is no function", f.name)),
            None => {
                if let Some(over) = &env.over
                    && let Some(v) = self.function_of_optimizer(f, args, env, over, context)?
                {
                    return Ok(v);
                }
                self.builtin(f, args, env, context)
            }
        }
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
