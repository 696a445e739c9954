//! What a projection claims, for every size: full row rank, and that the source's domain is mapped into the target's.

use super::context::{Context, Res, stuck};
use super::evident::reason;
use super::normal::Prover;
use super::poly::{Atom, Entry, Poly, Symbol};
use super::square::{Projection, assumptions, declaration, index};
use super::value::At;
use super::{Family, Outcome, Proof};
use crate::core::size::Lin;
use crate::domain::Rational;

/// The claims of a family: see [`super::submersion`].
pub fn prove(family: &Family) -> Outcome {
    let prover = Prover::new(family.model);
    match attempt(&prover, family) {
        Ok(proof) => Outcome::Proved(proof),
        Err(need) => Outcome::Open { reason: reason(&need) },
    }
}

fn attempt<'e>(prover: &'e Prover<'e>, family: &Family<'e>) -> Res<Proof> {
    let decl = declaration(family)?;
    let (v, context) = index(prover, family.from)?;
    let name = family.index.name.as_str();
    let inside = prover.cases.all(&context, vec![Lin::var(v)], &|c, values| {
        let p = prover.projection(family, &values[0], c)?;
        prover.disjoint_rows(&p, c)?;
        prover.maps_inside(&p, c)
    })?;
    let mut assumptions = assumptions(prover, &|w| (w == v).then(|| name.to_owned()));
    if inside.contains(&false) {
        assumptions.push(format!("`{}` maps the conditions on its source into those on its target", decl.name.name));
    }
    let argument = "no two entries of the target read the same entry of the source, and each reads one".to_owned();
    Ok(Proof { rate: None, argument, assumptions })
}

impl<'e> Prover<'e> {
    /// Proves that different rows of the Jacobian have disjoint supports and that no row is zero, so that they are
    /// independent at generic points.
    fn disjoint_rows(&'e self, p: &Projection<'e>, context: &Context) -> Res<()> {
        let targets = &p.target.layout.blocks;
        let sources = &p.source.layout.blocks;
        let entry = |c: &Context, b: usize, r: &[Lin]| (p.map[b].at)(c, &At::tensor(r.to_vec()));
        for (b, (_, rows)) in targets.iter().enumerate() {
            for (d, (_, others)) in targets.iter().enumerate().skip(b) {
                self.for_pairs(context, (rows, others, b == d), &|c, r, q| {
                    let (x, y) = (entry(c, b, r)?, entry(c, d, q)?);
                    let (mut left, mut right) = (Vec::new(), Vec::new());
                    if reads(&x, &mut left) && reads(&y, &mut right) {
                        for (e, f) in left.iter().flat_map(|e| right.iter().map(move |f| (e, f))) {
                            if self.same_place(c, e, f)? {
                                return stuck("two entries of the target read the same entry of the source");
                            }
                        }
                        return Ok(());
                    }
                    for (s, (_, columns)) in sources.iter().enumerate() {
                        let place: Vec<Lin> = columns.iter().map(|_| Lin::var(self.cases.fresh())).collect();
                        let mut inner = c.clone();
                        for (i, n) in place.iter().zip(columns) {
                            inner = inner.within(i, &Lin::default(), n);
                        }
                        self.cases.all(&inner, place, &|c, place| {
                            let at = At { block: s, index: place.to_vec() };
                            let left = self.partial(c, &x, 0, &at)?;
                            if left.is_zero() || self.partial(c, &y, 0, &at)?.is_zero() {
                                return Ok(());
                            }
                            stuck("two entries of the target read the same entry of the source")
                        })?;
                    }
                    Ok(())
                })?;
            }
            self.no_zero_row(context, rows, &|c, r| {
                let value = entry(c, b, r)?;
                let shape = p.source.shape();
                self.total(c, &shape, &|c, at| {
                    let d = self.partial(c, &value, 0, at)?;
                    self.mul(&d, &d)
                })
            })?;
        }
        Ok(())
    }

    /// Whether two entries are the same.
    fn same_place(&self, context: &Context, e: &Entry, f: &Entry) -> Res<bool> {
        if e.block != f.block {
            return Ok(false);
        }
        for (a, b) in e.index.iter().zip(&f.index) {
            if !context.decide_zero(&a.sub(b))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Proves that a sum of squares is not zero at any place: it has a positive number in its normal form or its
    /// vanishing would be an assumption.
    fn no_zero_row(&self, context: &Context, dims: &[Lin], squares: &dyn Fn(&Context, &[Lin]) -> Res<Poly>) -> Res<()> {
        let place: Vec<Lin> = dims.iter().map(|_| Lin::var(self.cases.fresh())).collect();
        let mut inside = context.clone();
        for (i, n) in place.iter().zip(dims) {
            inside = inside.within(i, &Lin::default(), n);
        }
        self.cases.all(&inside, place, &|c, place| {
            let total = squares(c, place)?;
            if self.vanishes(&total)? {
                return stuck("an entry of the target reads nothing of the source");
            }
            // Its reciprocal needs it not to be zero: that settles sizes and notes what is not evident.
            self.pow(c, &total, &Rational::NEG_ONE).map(|_| ())
        })?;
        Ok(())
    }

    /// Whether the target's conditions follow from the source's, entry by entry; `false` if that is left open.
    fn maps_inside(&'e self, p: &Projection<'e>, context: &Context) -> Res<bool> {
        for (condition, strict) in &p.target.domain {
            let Some(dims) = condition.extents().map(<[Lin]>::to_vec) else { return Ok(false) };
            let place: Vec<Lin> = dims.iter().map(|_| Lin::var(self.cases.fresh())).collect();
            let mut inside = context.clone();
            for (i, n) in place.iter().zip(&dims) {
                inside = inside.within(i, &Lin::default(), n);
            }
            let holds = self.cases.all(&inside, place, &|c, place| {
                let here = (condition.at)(c, &At::tensor(place.to_vec()))?;
                let image = self.substitute(c, &here, &|c, x| match x.symbol {
                    Symbol::Point(1) => (p.map[x.block].at)(c, &At::tensor(x.index.clone())).map(Some),
                    _ => Ok(None),
                })?;
                self.follows(p, &image, *strict, c)
            })?;
            if holds.contains(&false) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a quantity is one that the source's conditions speak of, or a positive combination of positive ones.
    fn follows(&'e self, p: &Projection<'e>, image: &Poly, strict: bool, context: &Context) -> Res<bool> {
        if !strict {
            return self.given(p, image, false, context);
        }
        if self.given(p, image, true, context)? {
            return Ok(true);
        }
        for (m, q) in &image.0 {
            let (sizes, rest): (Vec<_>, Vec<_>) = m.0.iter().cloned().partition(|(a, _)| matches!(a, Atom::Unit(_)));
            let positive =
                sizes.iter().all(|(a, _)| matches!(a, Atom::Unit(u) if context.implies(&Lin::unit(*u).plus(-1))));
            let [(a, e)] = &rest[..] else { return Ok(false) };
            if *q <= Rational::ZERO
                || !positive
                || !e.is_one()
                || !self.given(p, &Poly::atom(a.clone()), true, context)?
            {
                return Ok(false);
            }
        }
        Ok(!image.is_zero())
    }

    fn given(&'e self, p: &Projection<'e>, quantity: &Poly, strict: bool, context: &Context) -> Res<bool> {
        let entries: Vec<_> = quantity
            .0
            .keys()
            .flat_map(|m| &m.0)
            .filter_map(|(a, _)| if let Atom::Entry(e) = a { Some(e) } else { None })
            .filter(|e| e.symbol == Symbol::Point(0))
            .collect();
        for (condition, positive) in &p.source.domain {
            if *positive != strict {
                continue;
            }
            let rank = condition.extents().map_or(usize::MAX, <[Lin]>::len);
            for e in entries.iter().filter(|e| e.index.len() == rank) {
                if (condition.at)(context, &At::tensor(e.index.clone()))? == *quantity {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Collects the entries of the source's point that a polynomial reads; `false` if a sum reads any.
fn reads(p: &Poly, out: &mut Vec<Entry>) -> bool {
    p.0.keys().flat_map(|m| &m.0).all(|(a, _)| match a {
        Atom::Unit(_) => true,
        Atom::Entry(e) => {
            if e.symbol == Symbol::Point(0) {
                out.push(e.clone());
            }
            true
        }
        Atom::Fun(_, q) | Atom::Base(q) => reads(q, out),
        Atom::Sum(_, m, _) => {
            let mut inside = Vec::new();
            reads(&Poly::single((**m).clone(), Rational::ONE), &mut inside) && inside.is_empty()
        }
    })
}
