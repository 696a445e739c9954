//! Indexed expressions, lists and entries of tensors as terms.

use super::elaborate::{Elab, Elaborator, MAX_UNROLLED, shape_text};
use super::faults;
use crate::core::error::ModelError;
use crate::domain::Rational;
use crate::read::{Arg, At, Indexed};
use crate::source::Span;
use crate::syntax::tree::{Expr, Reduction};
use crate::term::{Shape, Term};

/// The values of the indices of an indexed expression.
struct IndexValues {
    /// How many each index takes.
    extents: Vec<usize>,
    /// How many they take together.
    count: usize,
    /// For each index, its value at each place.
    values: Vec<Vec<i64>>,
}

impl<'m> Elaborator<'m> {
    /// The values that the indices of an indexed expression take together, in order.
    fn index_values(&mut self, ranges: &[(i64, i64)], span: Span) -> Elab<IndexValues> {
        let extents: Vec<usize> = ranges.iter().map(|r| (r.1 - r.0).max(0) as usize).collect();
        let count = extents.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).unwrap_or(usize::MAX);
        self.unrolled = self.unrolled.saturating_add(count);
        if self.unrolled > MAX_UNROLLED {
            let what = "this indexed expression, with what it is nested in,".to_owned();
            let size = count.to_string();
            return self.fail(ModelError::TooLarge { what, size, limit: MAX_UNROLLED, span });
        }
        let mut values: Vec<Vec<i64>> = vec![Vec::with_capacity(count); ranges.len()];
        for k in 0..count {
            let mut rest = k;
            for (i, &extent) in extents.iter().enumerate().rev() {
                values[i].push(ranges[i].0 + (rest % extent) as i64);
                rest /= extent;
            }
        }
        Ok(IndexValues { extents, count, values })
    }

    /// The body at each value of its indices, in order.
    fn unroll<'e>(&mut self, values: &IndexValues, body: &Indexed<'e, Self>) -> Elab<Vec<Term>>
    where
        'm: 'e,
    {
        let mut terms = Vec::with_capacity(values.count);
        for k in 0..values.count {
            let at: Vec<Term> = values.values.iter().map(|v| self.store.num(v[k])).collect();
            terms.push(body.at(self, at)?);
        }
        Ok(terms)
    }

    /// A half-open range `lo..hi`.
    pub(super) fn ends(&mut self, lo: Arg<Term>, hi: Arg<Term>, inclusive: bool, span: Span) -> Elab<(i64, i64)> {
        let lo = self.integer_term(lo.0, lo.1, "the start of a range")?;
        let hi = self.integer_term(hi.0, hi.1, "the end of a range")?;
        let end = if inclusive { hi + 1 } else { hi };
        if end < lo {
            return self.fail(ModelError::ReversedRange { lo: lo.to_string(), hi: hi.to_string(), span });
        }
        Ok((lo, end))
    }

    /// `sum(i in lo..hi: e)` and its like.
    pub(super) fn reduced<'e>(&mut self, kind: Reduction, body: &Indexed<'e, Self>) -> Elab<Term>
    where
        'm: 'e,
    {
        let span = body.span();
        let values = self.index_values(&body.ranges, span)?;
        if kind == Reduction::Sum
            && let Some(vector) = self.lifted(&values.values, body)
        {
            return Ok(self.store.total(vector));
        }
        let terms = self.unroll(&values, body)?;
        let Some(&first) = terms.first() else {
            return match kind {
                Reduction::Sum => Ok(self.store.num(0)),
                Reduction::Prod => Ok(self.store.num(1)),
                Reduction::Max | Reduction::Min => self.extremum(kind == Reduction::Max, &terms, span),
            };
        };
        let shape = self.store.shape(first).clone();
        for &t in &terms {
            self.expect_shape(t, &shape, "every term of the reduction", span)?;
        }
        Ok(match kind {
            Reduction::Sum => self.store.sum(terms.iter().map(|&t| (Rational::ONE, t)).collect(), &shape),
            Reduction::Prod => terms[1..].iter().fold(first, |acc, &t| self.store.mul(acc, t)),
            Reduction::Max | Reduction::Min => self.extremum(kind == Reduction::Max, &terms, span)?,
        })
    }

    /// `[i in lo..hi: e]`
    pub(super) fn tabulated<'e>(&mut self, body: &Indexed<'e, Self>, span: Span) -> Elab<Term>
    where
        'm: 'e,
    {
        if let Some(fault) = faults::indices(body.binders.len(), span) {
            return self.fail(fault);
        }
        let at = body.span();
        let values = self.index_values(&body.ranges, at)?;
        let mut shape = Shape::from_slice(&values.extents);
        if let Some(vector) = self.lifted(&values.values, body) {
            self.check_entries(&shape, "this tensor", span)?;
            return Ok(self.store.reshape(vector, &shape));
        }
        let terms = self.unroll(&values, body)?;
        if let Some(&first) = terms.first() {
            let inner = self.store.shape(first).clone();
            for &t in &terms {
                self.expect_shape(t, &inner, "every entry of the comprehension", at)?;
            }
            shape.extend_from_slice(&inner);
        }
        if shape.len() > 2 {
            let found = format!("entries of shape {}", shape_text(&shape[values.extents.len()..]));
            let place = "the body of the comprehension".to_owned();
            let expected = "a scalar (or a vector, with one index)".to_owned();
            return self.fail(ModelError::UnexpectedShape { place, expected, found, help: None, span: at });
        }
        self.check_entries(&shape, "this tensor", span)?;
        let joined = self.store.join(&terms);
        Ok(self.store.reshape(joined, &shape))
    }

    /// `[a, b, …]`
    pub(super) fn listed(&mut self, items: &[Arg<Term>]) -> Elab<Term> {
        let inner = items.first().map(|&(t, _)| self.store.shape(t).clone()).unwrap_or_default();
        for &(t, span) in items {
            self.expect_shape(t, &inner, "every entry of the list", span)?;
        }
        if inner.len() > 1 {
            let found = shape_text(&inner);
            let (place, expected) = ("an entry of a list".to_owned(), "a scalar or a vector".to_owned());
            return self.fail(ModelError::UnexpectedShape { place, expected, found, help: None, span: items[0].1 });
        }
        let shape: Shape = std::iter::once(items.len()).chain(inner).collect();
        let terms: Vec<Term> = items.iter().map(|i| i.0).collect();
        let joined = self.store.join(&terms);
        Ok(self.store.reshape(joined, &shape))
    }

    /// `t[i, lo..hi]`
    pub(super) fn picked(&mut self, t: Term, base: &Expr, subscripts: &[At<Term>], span: Span) -> Elab<Term> {
        let shape = self.store.shape(t).clone();
        if let Some(fault) = faults::subscripts(base, shape.len(), subscripts.len(), span) {
            return self.fail(fault);
        }
        let mut kept = Shape::new();
        let mut picks: Vec<Vec<usize>> = Vec::new();
        for (axis, &extent) in shape.iter().enumerate() {
            match subscripts.get(axis) {
                Some(&At::Index((i, at))) => {
                    let i = self.integer_term(i, at, "an index")?;
                    if i < 0 || i >= extent as i64 {
                        return self.fail(ModelError::OutOfRange {
                            index: i.to_string(),
                            size: extent.to_string(),
                            span: at,
                        });
                    }
                    picks.push(vec![i as usize]);
                }
                Some(&At::Slice { lo, hi, inclusive }) => {
                    let lo = lo.map_or(Ok(0), |(t, s)| self.integer_term(t, s, "the start of a slice"))?;
                    let given = hi.map_or(Ok(extent as i64), |(t, s)| self.integer_term(t, s, "the end of a slice"))?;
                    let end = if inclusive && hi.is_some() { given + 1 } else { given };
                    if end < lo {
                        let (lo, hi) = (lo.to_string(), given.to_string());
                        return self.fail(ModelError::ReversedRange { lo, hi, span });
                    }
                    if lo < 0 || end > extent as i64 {
                        let (index, size) = (format!("{lo}..{end}"), extent.to_string());
                        return self.fail(ModelError::OutOfRange { index, size, span });
                    }
                    picks.push((lo as usize..end as usize).collect());
                    kept.push((end - lo) as usize);
                }
                Some(At::All) | None => {
                    picks.push((0..extent).collect());
                    kept.push(extent);
                }
            }
        }
        let map = match &picks[..] {
            [rows] => rows.iter().map(|&i| i as u32).collect(),
            [rows, columns] => {
                let width = shape[1];
                rows.iter().flat_map(|&i| columns.iter().map(move |&j| (i * width + j) as u32)).collect()
            }
            _ => Vec::new(),
        };
        Ok(self.store.gather(t, map, &kept))
    }
}
