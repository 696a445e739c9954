//! The shapes of operators, of indexed expressions and of functions.

use super::fits::Holds;
use super::known::{Extents, Number, Reads};
use super::{Done, Shape, Shaped, Shapes, Stopped};
use crate::core::error::ModelError;
use crate::core::size::Lin;
use crate::domain::Rational;
use crate::model::faults;
use crate::read::{Arg, At, Indexed};
use crate::source::Span;
use crate::syntax::tree::Expr;

impl<'e> Shapes<'e> {
    /// Two operands of one shape; scalars broadcast.
    pub(super) fn together(&mut self, word: &str, a: &Arg<Shaped>, b: &Arg<Shaped>) -> Shape {
        let (Some(x), Some(y)) = (a.0.extents.clone(), b.0.extents.clone()) else {
            // A scalar says nothing of the shape of the other.
            return Ok(Shaped::unknown());
        };
        match (x.len(), y.len()) {
            (0, _) => Ok(b.0.shape_only()),
            (_, 0) => Ok(a.0.shape_only()),
            _ => {
                self.same(&x, &y, |s| s.mismatch(word, (&x, a.1), (&y, b.1)))?;
                Ok(a.0.shape_only())
            }
        }
    }

    /// A matrix, or a vector, times a matrix or a vector.
    pub(super) fn product(&mut self, a: &Arg<Shaped>, b: &Arg<Shaped>) -> Shape {
        let (Some(x), Some(y)) = (a.0.extents.clone(), b.0.extents.clone()) else { return Ok(Shaped::unknown()) };
        match (&x[..], &y[..]) {
            ([], _) => Ok(b.0.shape_only()),
            (_, []) => Ok(a.0.shape_only()),
            ([m, inner], [first, rest @ ..]) => {
                self.equal(inner, first, |s| s.mismatch("product", (&x, a.1), (&y, b.1)))?;
                Ok(Shaped::of(std::iter::once(m.clone()).chain(rest.iter().cloned()).collect()))
            }
            (left, right) => {
                let help = match (left.len(), right.len()) {
                    (1, 1) => "use `dot(u, v)` for the scalar product, `u .* v` for the entrywise one",
                    _ => "a vector stands to the right of a matrix; `v^T` is a one-row matrix",
                };
                let said = Some(help.to_owned());
                self.equal(&Lin::num(1), &Lin::num(0), |s| {
                    super::fits::with_help(s.mismatch("product", (&x, a.1), (&y, b.1)), said)
                })?;
                Ok(Shaped::unknown())
            }
        }
    }

    /// The shape of the body of an indexed expression, at a general index. An empty range leaves the body out.
    pub(super) fn body(&mut self, body: &Indexed<'e, Self>) -> Shape {
        let (rounds, hidden) = (self.rounds.len(), self.hidden);
        for r in &body.ranges {
            match r {
                Some(n) if n.as_num().is_some_and(|n| n > 0) => {}
                Some(n) => self.rounds.push(n.clone()),
                None => self.hidden += 1,
            }
        }
        let first = self.variables.len();
        let indices: Vec<Shaped> =
            body.binders.iter().map(|b| Shaped::size(self.variable(&b.name.name, false))).collect();
        let value = body.at(self, indices);
        self.rounds.truncate(rounds);
        self.hidden = hidden;
        let value = value?;
        let free = |l: &Lin| l.vars().into_iter().all(|v| (v as usize) < first);
        let fixed = value.extents.as_deref().is_some_and(|e| e.iter().all(free));
        Ok(if fixed { value.shape_only() } else { Shaped::unknown() }.reading(value.reads))
    }

    /// `x[i, lo..hi]`
    pub(super) fn picked(&mut self, x: &Shaped, base: &'e Expr, at: &[At<Shaped>], span: Span) -> Shape {
        let Some(extents) = x.extents.clone() else { return Ok(Shaped::unknown()) };
        if let Some(fault) = faults::subscripts(base, extents.len(), at.len(), span) {
            // A branch may be taken for tensors of other ranks alone.
            return if self.hidden > 0 { Ok(Shaped::unknown()) } else { Err(self.report(fault)) };
        }
        let mut kept: Option<Vec<Lin>> = Some(Vec::new());
        for (k, extent) in extents.iter().enumerate() {
            let length = match at.get(k) {
                Some(At::Index((i, place))) => {
                    if let Some(i) = &i.size {
                        self.within(i, &i.plus(1), extent, (self.size_text(i), *place))?;
                    }
                    continue;
                }
                Some(At::Slice { lo, hi, inclusive }) => {
                    let lo = lo.as_ref().map_or(Some(Lin::default()), |l| l.0.size.clone());
                    let end = match hi {
                        Some(h) => h.0.size.as_ref().map(|h| h.plus(i128::from(*inclusive))),
                        None => Some(extent.clone()),
                    };
                    match lo.zip(end) {
                        Some((lo, end)) => {
                            self.forward(&lo, &end, span)?;
                            let text = format!("{}..{}", self.size_text(&lo), self.size_text(&end));
                            self.within(&lo, &end, extent, (text, span))?;
                            Some(end.sub(&lo))
                        }
                        None => None,
                    }
                }
                Some(At::All) | None => Some(extent.clone()),
            };
            kept = kept.zip(length).map(|(all, n)| [all, vec![n]].concat());
        }
        Ok(kept.map_or_else(Shaped::unknown, Shaped::of))
    }

    /// A range does not run backwards.
    pub(super) fn forward(&mut self, lo: &Lin, end: &Lin, span: Span) -> Done {
        let fault = ModelError::ReversedRange { lo: self.size_text(lo), hi: self.size_text(end), span };
        self.demand(Holds::NotNegative(end.sub(lo)), fault)
    }

    /// Indices lie on their axis.
    fn within(&mut self, lo: &Lin, end: &Lin, extent: &Lin, (index, span): (String, Span)) -> Done {
        let fault = ModelError::OutOfRange { index, size: self.size_text(extent), span };
        self.demand(Holds::NotNegative(lo.clone()), fault.clone())?;
        self.demand(Holds::NotNegative(extent.sub(end)), fault)
    }

    /// A function of the table that is neither entrywise nor written in the language.
    pub(super) fn shape_of(&mut self, name: &str, args: &[Arg<Shaped>], span: Span) -> Shape {
        self.refuse(faults::arguments_of_operation(name, args.len(), span))?;
        let extents: Vec<Extents> = args.iter().map(|a| a.0.extents.clone()).collect();
        let argument = || format!("the argument of `{name}`");
        Ok(match (name, args) {
            ("max" | "min", [a, b]) => self.together(name, a, b)?,
            ("dot", [a, b]) => {
                if let (Some(x), Some(y)) = (&extents[0], &extents[1]) {
                    self.same(x, y, |s| s.mismatch("dot product", (x, a.1), (y, b.1)))?;
                }
                Shaped::scalar()
            }
            ("sum" | "mean" | "max" | "min" | "prod", [_]) => Shaped::scalar(),
            ("trace" | "det", [(x, at)]) => {
                self.square(x, &argument(), *at)?;
                Shaped::scalar()
            }
            ("diagonal", [(x, at)]) => match self.square(x, &argument(), *at)? {
                Some(n) => Shaped::of(vec![n]),
                None => Shaped::unknown(),
            },
            ("inv", [(x, at)]) => self.inverted(x, *at)?,
            ("powm", [(x, at), _, ..]) => {
                self.square(x, "the first argument of `powm`", *at)?;
                x.shape_only()
            }
            ("outer", [(x, s), (y, t)]) => {
                self.rank(x, 1, "a vector", "the first argument of `outer`", *s)?;
                self.rank(y, 1, "a vector", "the second argument of `outer`", *t)?;
                match (extents[0].as_deref(), extents[1].as_deref()) {
                    (Some([m]), Some([n])) => Shaped::of(vec![m.clone(), n.clone()]),
                    _ => Shaped::unknown(),
                }
            }
            ("solve", [a, b]) => {
                let size = self.square(&a.0, "the first argument of `solve`", a.1)?;
                if let (Some(n), Some(x), Some(y)) = (size, &extents[0], &extents[1]) {
                    let first = y.first().cloned().unwrap_or_else(|| Lin::num(-1));
                    self.equal(&n, &first, |s| s.mismatch("solve", (x, a.1), (y, b.1)))?;
                }
                b.0.shape_only()
            }
            ("diag", [(x, at)]) => {
                self.rank(x, 1, "a vector", &argument(), *at)?;
                match extents[0].as_deref() {
                    Some([n]) => Shaped::of(vec![n.clone(), n.clone()]),
                    _ => Shaped::unknown(),
                }
            }
            ("pinv", [(x, at)]) => {
                self.rank(x, 2, "a matrix", &argument(), *at)?;
                match extents[0].as_deref() {
                    Some([m, n]) => Shaped::of(vec![n.clone(), m.clone()]),
                    _ => Shaped::unknown(),
                }
            }
            ("polar", [(x, _)]) => x.shape_only(),
            ("eigvecs", [(x, at)]) => {
                self.square(x, &argument(), *at)?;
                x.shape_only()
            }
            ("qr", [(x, at)]) => {
                self.rank(x, 2, "a matrix", &argument(), *at)?;
                x.shape_only()
            }
            ("triu" | "tril", [(x, at)]) => {
                self.rank(x, 2, "a matrix", &argument(), *at)?;
                x.shape_only()
            }
            ("rows" | "cols" | "size", [(x, _)]) => {
                let size = match (name, extents[0].as_deref()) {
                    ("size", Some(_)) => x.entries(),
                    ("rows", Some([n, ..])) | ("cols", Some([_, n])) => Some(n.clone()),
                    (_, Some(_)) => Some(Lin::num(1)),
                    (_, None) => None,
                };
                // A size depends on nothing.
                return Ok(size.map_or_else(Shaped::scalar, Shaped::size));
            }
            ("concat" | "vec", parts) => {
                for (x, at) in parts.iter().filter(|_| name == "concat") {
                    if x.extents.as_deref().is_some_and(|e| e.len() > 1) {
                        self.rank(x, 1, "a vector", "an argument of `concat`", *at)?;
                    }
                }
                let total = parts.iter().try_fold(Lin::default(), |all, p| Some(all.add(&p.0.entries()?)));
                total.map_or_else(Shaped::unknown, |n| Shaped::of(vec![n]))
            }
            ("vstack" | "hstack", parts) => self.stack(name, parts)?,
            ("eye", [(n, _)]) => n.size.clone().map_or_else(Shaped::unknown, |n| Shaped::of(vec![n.clone(), n])),
            ("zeros" | "ones", sizes) => Shaped::with_sizes(sizes),
            ("reshape", [(x, at), sizes @ ..]) => {
                let wanted = Shaped::with_sizes(sizes);
                if let (Some(found), Some(all)) = (x.entries(), wanted.entries()) {
                    self.equal(&found, &all, |s| {
                        let expected = format!("of {} entries", s.size_text(&all));
                        s.unexpected("the tensor to reshape", expected, extents[0].as_deref().unwrap_or(&[]), *at)
                    })?;
                }
                wanted
            }
            _ => Shaped::unknown(),
        }
        .reading(Reads::of(args.iter().map(|a| &a.0))))
    }

    /// `x^-1`: of a matrix, or entry by entry.
    pub(super) fn inverted(&mut self, x: &Shaped, at: Span) -> Shape {
        if x.extents.as_deref().is_some_and(|e| e.len() == 2) {
            self.square(x, "the matrix to invert", at)?;
        }
        Ok(x.shape_only().reading(x.reads))
    }

    /// Matrices on top of each other, or side by side; a vector is one row, or one column.
    fn stack(&mut self, word: &str, parts: &[Arg<Shaped>]) -> Shape {
        let axis = usize::from(word == "hstack");
        let one = Lin::num(1);
        let block = |x: &Shaped| match x.extents.as_deref() {
            Some([]) => Some([one.clone(), one.clone()]),
            Some([n]) if axis == 1 => Some([n.clone(), one.clone()]),
            Some([n]) => Some([one.clone(), n.clone()]),
            Some([m, n]) => Some([m.clone(), n.clone()]),
            _ => None,
        };
        let blocks: Vec<Option<[Lin; 2]>> = parts.iter().map(|p| block(&p.0)).collect();
        let Some(Some(first)) = blocks.first() else { return Ok(Shaped::unknown()) };
        let mut total = Some(Lin::default());
        for (b, part) in blocks.iter().zip(parts) {
            let Some(b) = b else {
                total = None;
                continue;
            };
            self.equal(&b[1 - axis], &first[1 - axis], |s| {
                let of = |p: &Arg<Shaped>| p.0.extents.clone().unwrap_or_default();
                s.mismatch(word, (&of(&parts[0]), parts[0].1), (&of(part), part.1))
            })?;
            total = total.map(|n| n.add(&b[axis]));
        }
        Ok(total.map_or_else(Shaped::unknown, |n| {
            let mut extents = first.to_vec();
            extents[axis] = n;
            Shaped::of(extents)
        }))
    }

    /// What a list of entries, or the body of a comprehension, may have as entries: scalars, and along one axis vectors.
    pub(super) fn entries_of(&mut self, x: &Shaped, axes: usize, span: Span) -> Result<(), Stopped> {
        let Some(inner) = x.extents.clone().filter(|e| axes + e.len() > 2) else { return Ok(()) };
        let expected = "a scalar (or a vector, with one index)".to_owned();
        self.equal(&Lin::num(1), &Lin::num(0), |s| {
            let fault = s.unexpected("the body of the comprehension", expected, &inner, span);
            match fault {
                ModelError::UnexpectedShape { place, expected, found, help, span } => {
                    let found = format!("entries of shape {found}");
                    ModelError::UnexpectedShape { place, expected, found, help, span }
                }
                other => other,
            }
        })
    }
}

impl Shaped {
    /// A tensor whose extents are given as values.
    fn with_sizes(sizes: &[Arg<Shaped>]) -> Self {
        let sizes: Option<Vec<Lin>> = sizes.iter().map(|a| a.0.size.clone()).collect();
        sizes.map_or_else(Shaped::unknown, Shaped::of)
    }

    /// The number that it is known to be, if it is a scalar.
    pub(super) fn constant(&self) -> Option<&Rational> {
        match &self.number {
            Number::Is(q) if self.is_scalar() => Some(q),
            _ => None,
        }
    }
}
