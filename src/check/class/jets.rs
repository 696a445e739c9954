//! Architectures with free jets: an output and a loss whose derivatives to some order are free at every point, and
//! general maps of a class into them. What commutes there, of several dimensions, is believed for all; the bounds are
//! part of the answer.

use std::rc::Rc;

use super::members::{self, Names};
use super::{Case, ClassAnswer};
use crate::check::decide::{Disagreement, decide};
use crate::check::{Problem, degenerate};
use crate::core::class::Class;
use crate::domain::Rational;
use crate::model::architecture::{Architecture, Block};
use crate::model::elaborate::{Draw, Elaborator, Role};
use crate::source::Span;
use crate::structure::reach::{Reach, reach};
use crate::term::{Shape, Store, Term};
use crate::verdict::{Equality, Extent, Finding, Ground, Residual};

/// The map's name.
pub(super) const FAMILY: &str = "JetMap";

/// Dimensions that are asked in any case, and at most.
const USUAL: usize = 3;
const MOST: usize = 4;
/// Bodies that read derivatives of higher order are not asked.
const MAX_ORDER: usize = 6;

/// The square on architectures with free jets; otherwise the reasons go to what `undecided` has tried.
pub(super) fn answer(case: &Case<'_>, mut undecided: Finding) -> Result<ClassAnswer, Disagreement> {
    let dims = match asked(case) {
        Ok(x) => x,
        Err(why) => {
            undecided.tried.push(format!("generic architectures: {why}"));
            return Ok(undecided.into());
        }
    };
    let (order, most) = dims;
    let mut found: Option<(Finding, Equality)> = None;
    let mut seen: Vec<usize> = Vec::new();
    for n in 1..=most {
        let Some((mut problem, granted)) = problem(case, n, order) else { continue };
        problem.claims.clear();
        let f = decide(&mut problem, case.budget)?;
        let proved = f
            .equality()
            .filter(|e| e.ground == Ground::Algebra && matches!(e.extent, Extent::Commutes | Extent::UpToRate(_)));
        let fits = |g: &Finding| f.verdict() == g.verdict() && f.rate() == g.rate();
        let Some(equality) = proved.filter(|_| found.as_ref().is_none_or(|(g, _)| fits(g))).cloned() else {
            undecided.tried.push(format!("generic architectures of dimension {n}: {}", f.verdict().text()));
            return Ok(undecided.into());
        };
        let sides = (&problem.equation.left[..], &problem.equation.right[..]);
        if let Some(why) =
            degenerate::exception(&problem, sides, (equality.extent == Extent::Commutes, &granted), case.budget)
        {
            undecided.tried.push(format!("generic architectures of dimension {n}: {why}"));
            return Ok(undecided.into());
        }
        seen.push(n);
        let residual =
            found.as_ref().and_then(|(g, _)| g.residual).into_iter().chain(f.residual).reduce(Residual::with);
        let mut assumptions = found.map_or(Vec::new(), |(g, _)| g.assumptions);
        assumptions.extend(f.assumptions.iter().filter(|a| !assumptions.contains(a)).cloned().collect::<Vec<_>>());
        found = Some((Finding { residual, assumptions, ..f }, equality));
    }
    let enough = seen.len() > reach(&case.body).map_or(0, |r| r.degree).min(MOST);
    let Some((f, equality)) = found.filter(|_| enough) else {
        undecided.tried.push(format!("generic architectures: it fits {} of the dimensions 1 to {most}", seen.len()));
        return Ok(undecided.into());
    };
    let bounds = format!("{}, derivatives to order {order}", dimensions(&seen));
    let said = said(&equality);
    let message = format!("{said} on generic architectures: {bounds}; that all others behave alike is not proved");
    let answer = Equality { ground: Ground::Generic { bounds }, ..equality }.into();
    Ok(Finding { answer, message, ..f }.into())
}

/// What was found on the generic architectures, as the beginning of a sentence.
fn said(equality: &Equality) -> String {
    match equality.rate().and_then(|rate| rate.text.as_ref()) {
        Some(rate) => format!(
            "the sides agree once the target's learning rate is multiplied by {rate}, proved by exact evaluation"
        ),
        None => "the sides are equal, proved by exact evaluation".to_owned(),
    }
}

/// The order of the jets and the largest dimension that answer for a body, or why none do.
fn asked(case: &Case<'_>) -> Result<(usize, usize), String> {
    let Reach { order, degree, .. } = reach(&case.body)?;
    if degree >= MOST {
        return Err(format!(
            "its values may depend on the number of parameters as polynomials of degree {degree} or more do, or otherwise, and \
             {MOST} dimensions are asked"
        ));
    }
    if order > MAX_ORDER {
        return Err(format!("it reads derivatives of order {order}, and jets are asked to order {MAX_ORDER}"));
    }
    Ok((order.max(2), USUAL.max(degree + 1)))
}

fn dimensions(seen: &[usize]) -> String {
    match (seen.first(), seen.last()) {
        (Some(a), Some(b)) if a == b => format!("dimension {a}"),
        (Some(a), Some(b)) if b - a + 1 == seen.len() => format!("dimensions {a} to {b}"),
        _ => format!("dimensions {}", seen.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// A product of powers of variables: which, and how often, in the order of the variables.
type Monomial = Vec<(usize, usize)>;

/// All monomials of degree `from` to `to` in `n` variables, those of low degree first.
fn monomials(n: usize, from: usize, to: usize) -> Vec<Monomial> {
    let mut found = Vec::new();
    let mut exponents = vec![0; n];
    'all: loop {
        let degree: usize = exponents.iter().sum();
        if (from..=to).contains(&degree) {
            let factors: Monomial = exponents.iter().copied().enumerate().filter(|(_, e)| *e > 0).collect();
            found.push((degree, factors));
        }
        // The next tuple of exponents, as a counter in base `to + 1`.
        for e in &mut exponents {
            *e += 1;
            if *e <= to {
                continue 'all;
            }
            *e = 0;
        }
        break;
    }
    found.sort();
    found.into_iter().map(|(_, factors)| factors).collect()
}

/// The values of monomials at a point.
fn powers(s: &mut Store, a: &Architecture, monomials: &[Monomial]) -> Term {
    let mut all = Vec::with_capacity(monomials.len());
    for m in monomials {
        let mut product: Option<Term> = None;
        for &(i, e) in m {
            let x = a.block(s, a.point, i);
            let power = if e == 1 { x } else { s.power(x, &Rational::from(e)) };
            product = Some(product.map_or(power, |p| s.scalar_mul(p, power)));
        }
        all.extend(product);
    }
    s.join(&all)
}

/// The square on an architecture of `n` parameters with free derivatives to `order`, along a general map of the class into
/// it, and what is granted to be non-singular at both ends.
fn problem(case: &Case<'_>, n: usize, order: usize) -> Option<(Problem, Vec<Term>)> {
    let class = case.question.class;
    let span = case.question.optimizer.span;
    let blocks: Vec<Block> =
        (0..n).map(|i| Block { name: format!("x{i}"), shape: Shape::new(), offset: i, span }).collect();
    // Maps on both sides act on matrices, and these parameters are numbers.
    if class == Class::Biorthogonal {
        return None;
    }
    let names = Names { own: String::new(), scale: "a".to_owned() };
    let mut granted = Vec::new();
    let problem = case.into(|e| {
        // A map that is linear at the origin, and bent by all higher monomials.
        let bent = match class.is_curved() {
            true => monomials(n, 2, order),
            false => Vec::new(),
        };
        let linear = if class.is_curved() { Class::Linear } else { class };
        let action = members::general(e, linear, &blocks, &names, span);
        let curvature = (!bent.is_empty()).then(|| members::symbol(e, "b", &[n, bent.len()]));
        let target = Rc::new(jet(e, blocks, order, span));
        let path = e.map_into(FAMILY, &target, |s, source| {
            let straight = action.image(s, source);
            let Some(b) = curvature else { return straight };
            let powers = powers(s, source, &bent);
            let (straight, curved) = (s.join(&straight), s.matmul(b, powers));
            let z = s.add(straight, curved);
            members::apart(s, source, z)
        })?;
        let (there, image) = (e.granted(&target)?, path.map(&mut e.store));
        granted = e.store.substitute(&there, &[(target.symbol, image)].into_iter().collect());
        granted.extend(e.granted(&path.source)?);
        Ok(path)
    })?;
    Some((problem, granted))
}

/// An architecture whose output and loss are polynomials with free coefficients.
fn jet(e: &mut Elaborator<'_>, blocks: Vec<Block>, order: usize, span: Span) -> Architecture {
    let n = blocks.len();
    let mut a = e.space("Jet", blocks, span);
    let all = monomials(n, 1, order);
    let values = powers(&mut e.store, &a, &all);
    let free = |e: &mut Elaborator<'_>, name: &str, shape: &[usize]| {
        let (_, t) = e.quantify(name, shape, Draw::Real, Role::Data);
        e.show(name, t, Role::Data);
        t
    };
    let coefficients = free(e, "jet_output", &[n + 1, all.len()]);
    a.output = Some(e.store.matmul(coefficients, values));
    let coefficients = free(e, "jet_loss", &[all.len()]);
    a.loss = Some(e.store.dot(coefficients, values));
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_monomials_of_some_degrees() {
        let degree_two = [vec![(0, 1), (1, 1)], vec![(0, 2)], vec![(1, 2)]];
        assert_eq!(monomials(2, 1, 2), [&[vec![(0, 1)], vec![(1, 1)]][..], &degree_two[..]].concat());
        assert_eq!(monomials(3, 1, 4).len(), 34);
        assert_eq!(monomials(1, 2, 5).len(), 4);
    }
}
