//! The functions of the language that do not need an architecture.

use super::elaborate::{Elab, Elaborator, Reported};
use super::faults;
use super::optimizer::Over;
use crate::core::error::ModelError;
use crate::core::prim::{Composed, Takes};
use crate::domain::{Fun, Rational};
use crate::read::Arg;
use crate::source::Span;
use crate::term::{NONE, Shape, Term};

impl Elaborator<'_> {
    /// A function of the table that is neither entrywise nor written in the language.
    pub(super) fn table_operation(&mut self, name: &str, args: &[Arg<Term>], span: Span) -> Elab<Term> {
        if let Some(fault) = faults::arguments_of_operation(name, args.len(), span) {
            return self.fail(fault);
        }
        match (name, args) {
            ("eye" | "zeros" | "ones", sizes) => self.constant_tensor(name, sizes, span),
            ("reshape" | "powm", args) => self.with_constants(name, args, span),
            ("max" | "min", &[a, b]) => {
                let (x, y) = self.same_shape(name, a, b)?;
                Ok(if name == "max" { self.store.max(x, y) } else { self.store.min(x, y) })
            }
            ("dot", &[a, b]) => {
                if self.store.shape(a.0) != self.store.shape(b.0) {
                    return self.shape_mismatch("dot product", a, b, None);
                }
                Ok(self.store.dot(a.0, b.0))
            }
            ("outer", &[a, b]) => {
                self.vector(a.0, "the first argument of `outer`", a.1)?;
                self.vector(b.0, "the second argument of `outer`", b.1)?;
                Ok(self.store.product(a.0, &[0], b.0, &[1], &[0, 1]))
            }
            ("solve", &[a, b]) => {
                let n = self.square(a.0, "the first argument of `solve`", a.1)?;
                if self.store.shape(b.0).first() != Some(&n) {
                    return self.shape_mismatch("solve", a, b, None);
                }
                let inverse = self.invert(a.0, a.1)?;
                Ok(self.store.matmul(inverse, b.0))
            }
            ("concat", parts) => {
                for &(t, s) in parts {
                    if self.store.shape(t).len() > 1 {
                        self.vector(t, "an argument of `concat`", s)?;
                    }
                }
                Ok(self.store.join(&parts.iter().map(|p| p.0).collect::<Vec<_>>()))
            }
            ("vstack", parts) => self.stack(parts, false),
            ("hstack", parts) => self.stack(parts, true),
            (name, &[(x, s)]) => self.unary(name, x, s, span),
            // Other numbers of arguments were refused.
            _ => Err(Reported),
        }
    }

    /// Requires of the arguments of a composed function what it takes.
    pub(super) fn fitting(&mut self, c: &'static Composed, values: &[Arg<Term>]) -> Elab<()> {
        for (&(t, at), (name, takes)) in values.iter().zip(c.params) {
            let place = match values {
                [_] => format!("the argument of `{}`", c.name),
                _ => format!("the argument `{name}` of `{}`", c.name),
            };
            match takes {
                Takes::Any => {}
                Takes::Vector => self.vector(t, &place, at)?,
                Takes::Scalar => self.rank(t, 0, "a scalar", &place, at)?,
            }
        }
        Ok(())
    }

    /// A function of one argument.
    fn unary(&mut self, name: &str, x: Term, at: Span, span: Span) -> Elab<Term> {
        let shape = self.store.shape(x).clone();
        Ok(match name {
            // A vector is one column, a scalar one entry.
            "rows" => self.store.num(shape.first().map_or(1, |&n| n as u64)),
            "cols" => self.store.num(shape.get(1).map_or(1, |&n| n as u64)),
            "size" => self.store.num(shape.iter().product::<usize>() as u64),
            "sum" => self.store.total(x),
            "mean" => {
                let n = self.store.size(x);
                if n == 0 {
                    return self.fail(ModelError::Undefined { message: "the mean of no entries".into(), span });
                }
                let total = self.store.total(x);
                self.store.scale(Rational::ONE / Rational::from(n as u64), total)
            }
            "trace" => {
                let n = self.square(x, "the argument of `trace`", at)?;
                let map = (0..n).map(|i| (i * n + i) as u32).collect();
                let diagonal = self.store.gather(x, map, &[n]);
                self.store.total(diagonal)
            }
            "det" => {
                self.square(x, "the argument of `det`", at)?;
                self.store.determinant(x)
            }
            "max" | "min" => {
                let n = self.store.size(x);
                let entries: Vec<Term> = (0..n as u32).map(|i| self.store.gather(x, vec![i], &[])).collect();
                self.extremum(name == "max", &entries, span)?
            }
            "triu" | "tril" => {
                self.matrix(x, &format!("the argument of `{name}`"), at)?;
                let (rows, columns) = (shape[0], shape[1]);
                let kept = |i: usize, j: usize| if name == "triu" { i <= j } else { i >= j };
                let entry = |k: usize| if kept(k / columns, k % columns) { k as u32 } else { NONE };
                self.store.gather(x, (0..rows * columns).map(entry).collect(), &shape)
            }
            "eigvecs" => {
                self.square(x, "the argument of `eigvecs`", at)?;
                self.store.eigenvectors(x)
            }
            "qr" => {
                self.matrix(x, "the argument of `qr`", at)?;
                if shape[0] < shape[1] {
                    let (place, found) = ("the argument of `qr`".to_owned(), self.shape_text(x));
                    let expected = "a matrix with no more columns than rows".to_owned();
                    return self.fail(ModelError::UnexpectedShape { place, expected, found, help: None, span: at });
                }
                self.check_entries(&[shape[0], shape[1], shape[1]], "the work of `qr`", span)?;
                if shape[1] == 0 { x } else { self.store.orthonormal_columns(x) }
            }
            "vec" => {
                let n = self.store.size(x);
                self.store.reshape(x, &[n])
            }
            "diag" => {
                self.vector(x, "the argument of `diag`", at)?;
                let n = self.store.size(x);
                self.check_entries(&[n, n], "this matrix", span)?;
                self.diagonal_matrix(x)
            }
            "diagonal" => {
                let n = self.square(x, "the argument of `diagonal`", at)?;
                let map = (0..n).map(|i| (i * n + i) as u32).collect();
                self.store.gather(x, map, &[n])
            }
            "inv" => self.invert(x, at)?,
            "pinv" => match shape.len() {
                2 => self.store.pseudo_inverse(x),
                _ => return self.matrix(x, "the argument of `pinv`", at).map(|()| x),
            },
            "polar" => match shape.len() {
                0 => self.store.map(Fun::Sign, x),
                // The compact decomposition of zero has no terms.
                1 | 2 if self.store.is_zero(x) => x,
                2 if shape[0] > 1 && shape[1] > 1 => self.store.polar(x),
                _ => {
                    let length = self.norm(x);
                    self.store.polar_of_row(x, length)
                }
            },
            _ => {
                let expected = match name {
                    "max" | "min" | "dot" | "outer" | "solve" => "two arguments".to_owned(),
                    _ => "other arguments".to_owned(),
                };
                return self.fail(ModelError::Arity { name: name.into(), expected, found: 1, span });
            }
        })
    }

    /// The root of the sum of squares.
    pub(super) fn norm(&mut self, x: Term) -> Term {
        let square = self.store.dot(x, x);
        self.store.power(square, &crate::term::half())
    }

    /// The largest or least of scalars; of tensors, entry by entry. Halves are compared first, so that the result is no
    /// deeper than it has to be.
    pub(super) fn extremum(&mut self, largest: bool, terms: &[Term], span: Span) -> Elab<Term> {
        match terms {
            [] => {
                let word = if largest { "maximum" } else { "minimum" };
                self.fail(ModelError::Undefined { message: format!("the {word} of no entries"), span })
            }
            [only] => Ok(*only),
            _ => {
                let (a, b) = terms.split_at(terms.len() / 2);
                let (a, b) = (self.extremum(largest, a, span)?, self.extremum(largest, b, span)?);
                Ok(if largest { self.store.max(a, b) } else { self.store.min(a, b) })
            }
        }
    }

    fn vector(&mut self, t: Term, place: &str, span: Span) -> Elab<()> {
        self.rank(t, 1, "a vector", place, span)
    }

    fn matrix(&mut self, t: Term, place: &str, span: Span) -> Elab<()> {
        self.rank(t, 2, "a matrix", place, span)
    }

    fn rank(&mut self, t: Term, rank: usize, word: &str, place: &str, span: Span) -> Elab<()> {
        if self.store.shape(t).len() == rank {
            return Ok(());
        }
        let found = self.shape_text(t);
        let expected = word.to_owned();
        self.fail(ModelError::UnexpectedShape { place: place.into(), expected, found, help: None, span })
    }

    fn constant_tensor(&mut self, name: &str, args: &[Arg<Term>], span: Span) -> Elab<Term> {
        let mut shape = Shape::new();
        for a in args {
            shape.push(self.natural_term(a.0, a.1, "a size")?);
        }
        if name == "eye" {
            self.check_entries(&[shape[0], shape[0]], "this matrix", span)?;
            return Ok(self.store.eye(shape[0]));
        }
        self.check_entries(&shape, "this tensor", span)?;
        Ok(self.store.fill(Rational::from(u8::from(name == "ones")), &shape))
    }

    /// `reshape(A, m, n)` and `powm(A, p)`, whose last arguments are constants.
    fn with_constants(&mut self, name: &str, args: &[Arg<Term>], span: Span) -> Elab<Term> {
        let Some((&(x, at), rest)) = args.split_first() else { return Err(Reported) };
        if name == "reshape" {
            let mut shape = Shape::new();
            for a in rest {
                shape.push(self.natural_term(a.0, a.1, "a size")?);
            }
            self.check_entries(&shape, "this tensor", span)?;
            if shape.iter().product::<usize>() != self.store.size(x) {
                let expected = format!("of {} entries", shape.iter().product::<usize>());
                let (place, found) = ("the tensor to reshape".to_owned(), self.shape_text(x));
                return self.fail(ModelError::UnexpectedShape { place, expected, found, help: None, span: at });
            }
            return Ok(self.store.reshape(x, &shape));
        }
        self.square(x, "the first argument of `powm`", at)?;
        let (p, place) = rest[0];
        match self.constant(p).filter(|v| v.len() == 1).and_then(|mut v| v.pop()) {
            Some(q) => Ok(self.store.power_spd(x, &q)),
            None => {
                let found = "not a constant".to_owned();
                let help = Some("`powm(A, p)` takes a rational number p, such as -1/4".to_owned());
                let what = "the power of a matrix".to_owned();
                self.fail(ModelError::NotNatural { what, found, help, span: place })
            }
        }
    }

    /// `reshape(A, W)` in `each W in params`: into the shape of the block.
    pub(super) fn reshape_to_block(&mut self, x: Term, block: usize, over: &Over, span: Span) -> Elab<Term> {
        let block = &over.architecture.blocks[block];
        if self.store.size(x) == block.size() {
            return Ok(self.store.reshape(x, &block.shape));
        }
        let (place, found) = (format!("what takes the shape of `{}`", block.name), self.shape_text(x));
        let expected = format!("of {} entries", block.size());
        self.fail(ModelError::UnexpectedShape { place, expected, found, help: None, span })
    }

    fn stack(&mut self, parts: &[(Term, Span)], side_by_side: bool) -> Elab<Term> {
        let axis = usize::from(side_by_side);
        let mut blocks = Vec::with_capacity(parts.len());
        for &(t, span) in parts {
            let shape = self.store.shape(t).clone();
            blocks.push(match shape[..] {
                [n] if side_by_side => self.store.reshape(t, &[n, 1]),
                [n] => self.store.reshape(t, &[1, n]),
                [] => self.store.reshape(t, &[1, 1]),
                [_, _] => t,
                _ => {
                    self.matrix(t, "an argument of a stack", span)?;
                    t
                }
            });
        }
        let across = self.store.shape(blocks[0])[1 - axis];
        for (&b, part) in blocks.iter().zip(parts) {
            if self.store.shape(b)[1 - axis] != across {
                let word = if side_by_side { "hstack" } else { "vstack" };
                return self.shape_mismatch(word, parts[0], *part, None);
            }
        }
        let total: usize = blocks.iter().map(|&b| self.store.shape(b)[axis]).sum();
        if !side_by_side {
            let joined = self.store.join(&blocks);
            return Ok(self.store.reshape(joined, &[total, across]));
        }
        let turned: Vec<Term> = blocks.iter().map(|&b| self.store.transpose(b)).collect();
        let joined = self.store.join(&turned);
        let tall = self.store.reshape(joined, &[total, across]);
        Ok(self.store.transpose(tall))
    }

    /// The matrix with everything outside the diagonal blocks of the given sizes set to zero.
    pub(super) fn block_diagonal(&mut self, g: Term, sizes: &[usize]) -> Term {
        let n: usize = sizes.iter().sum();
        let mut owner = Vec::with_capacity(n);
        for (i, &s) in sizes.iter().enumerate() {
            owner.extend(std::iter::repeat_n(i, s));
        }
        let map = (0..n * n).map(|k| if owner[k / n] == owner[k % n] { k as u32 } else { NONE }).collect();
        self.store.gather(g, map, &[n, n])
    }
}
