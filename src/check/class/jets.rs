//! Architectures with free jets: an output and a loss whose derivatives to some order are free at every point, and
//! general maps of a class into them. What commutes there, of several dimensions, is believed for all; the bounds are
//! part of the answer.

use std::fmt::Write as _;
use std::sync::Arc;

use super::narrow::problem_of;
use super::{Case, ClassAnswer};
use crate::check::decide::{Disagreement, decide};
use crate::core::class::Class;
use crate::source::{Source, SourceId};
use crate::structure::reach::{Reach, reach};
use crate::verdict::{Equality, Extent, Finding, Ground, Residual};

/// The map's name in the texts made here.
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
        let Some(text) = text(case.question.class, n, order) else { continue };
        let Some(mut problem) = problem_in(case, &text) else { continue };
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

fn problem_in(case: &Case<'_>, text: &str) -> Option<crate::check::Problem> {
    let id = SourceId::library(u8::MAX - 1);
    let (file, errors) = crate::syntax::parse(id, &Source::new("<jets>", text));
    debug_assert!(errors.is_empty(), "{errors:?} in {text}");
    problem_of(case, id, &Arc::new(file), FAMILY)
}

/// All monomials of degree `from` to `to` in variables `x0`, `x1`, ….
fn monomials(n: usize, from: usize, to: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut exponents = vec![0; n];
    'all: loop {
        let degree: usize = exponents.iter().sum();
        if (from..=to).contains(&degree) {
            let factors: Vec<String> = exponents
                .iter()
                .enumerate()
                .filter(|(_, e)| **e > 0)
                .map(|(i, e)| if *e == 1 { format!("x{i}") } else { format!("x{i}^{e}") })
                .collect();
            found.push((degree, factors.join(" * ")));
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
    found.into_iter().map(|(_, text)| text).collect()
}

/// An architecture of `n` parameters with free derivatives to `order`, and a general map of the class into it.
fn text(class: Class, n: usize, order: usize) -> Option<String> {
    let names = (0..n).map(|i| format!("x{i}")).collect::<Vec<_>>().join(", ");
    let powers = monomials(n, 1, order);
    let k = powers.len();
    let (params, z) = match class {
        Class::Translation => (format!("c : R[{n}]"), "w + c".to_owned()),
        Class::Scaling => ("a : R where a > 0".to_owned(), "a * w".to_owned()),
        Class::Diagonal => (format!("s : R[{n}] where s > 0"), "s .* w".to_owned()),
        Class::Permutation => (format!("m : Perm[{n}]"), "m * w".to_owned()),
        Class::SignedPermutation => (format!("m : SignedPerm[{n}]"), "m * w".to_owned()),
        Class::Orthogonal => (format!("m : O[{n}]"), "m * w".to_owned()),
        Class::Linear => (format!("m : GL[{n}]"), "m * w".to_owned()),
        Class::Affine => (format!("m : GL[{n}], c : R[{n}]"), "m * w + c".to_owned()),
        Class::Diffeo => {
            let bent = monomials(n, 2, order);
            let params = format!("m : GL[{n}], b : R[{n}, {}]", bent.len());
            (params, format!("m * w + b * [{}]", bent.join(", ")))
        }
        // Its maps act on matrices, and these parameters are numbers.
        Class::Biorthogonal => return None,
    };
    let mut text = format!(
        "data jet_output : R[{}, {k}]\ndata jet_loss : R[{k}]\narchitecture Jet {{\n  param {names} : R\n  let powers = \
         [{}]\n  output = jet_output * powers\n  loss = dot(jet_loss, powers)\n}}\n",
        n + 1,
        powers.join(", ")
    );
    let _ = writeln!(text, "reparam {FAMILY}({params}) : ({names} : R) -> Jet {{\n  let w = [{names}]\n  let z = {z}");
    for i in 0..n {
        let _ = writeln!(text, "  x{i} = z[{i}]");
    }
    text.push_str("}\n");
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_monomials_of_some_degrees() {
        assert_eq!(monomials(2, 1, 2), ["x0", "x1", "x0 * x1", "x0^2", "x1^2"]);
        assert_eq!(monomials(3, 1, 4).len(), 34);
        assert_eq!(monomials(1, 2, 5).len(), 4);
    }

    #[test]
    fn the_texts_are_of_the_language() {
        for class in Class::ALL {
            for n in 1..=MOST {
                let Some(text) = text(class, n, 3) else { continue };
                let id = SourceId::library(u8::MAX - 1);
                let (_, errors) = crate::syntax::parse(id, &Source::new("<jets>", &text));
                assert!(errors.is_empty(), "{errors:?} in {text}");
            }
        }
    }
}
