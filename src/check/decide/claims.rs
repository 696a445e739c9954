//! The claims of morphisms, decided before anything else.

use super::{Disagreement, Standing, examine, hunt};
use crate::check::field::{Drawn, Trial};
use crate::check::sample::Sampler;
use crate::check::witness::Goal;
use crate::check::{Budget, ClaimKind, Component, Problem, algebra, sample, singular};
use crate::domain::float::Float;
use crate::domain::prime::{Random, Signs};
use crate::domain::{Rational, linear};
use crate::model::elaborate::{Constraint, ConstraintKind, Role};
use crate::term::{Program, SymbolId, Term};
use crate::verdict::{Evidence, Finding, Verdict};

/// Checks the claims of the morphisms; the finding if one is broken.
pub(in crate::check) fn claims(
    problem: &mut Problem,
    budget: &Budget,
    assumptions: &mut Vec<String>,
) -> Result<Option<Finding>, Disagreement> {
    for claim in problem.claims.clone() {
        let name = claim.morphism.clone();
        let outer = std::mem::replace(&mut problem.domain, claim.domain.clone());
        let result = match &claim.kind {
            ClaimKind::Equal { what, left, right } => {
                equal_claim(problem, what, *left, *right, &name, budget, assumptions)?
            }
            ClaimKind::NonSingular(j) => non_singular(problem, *j, &name, budget, assumptions),
            ClaimKind::FullRank(j, rank, what) => full_rank(problem, *j, *rank, what, &name, budget, assumptions),
            ClaimKind::Inside(c) => inside(problem, c, &name, budget, assumptions),
        };
        problem.domain = outer;
        if result.is_some() {
            return Ok(result);
        }
    }
    Ok(None)
}

fn equal_claim(
    problem: &mut Problem,
    what: &str,
    left: Term,
    right: Term,
    name: &str,
    budget: &Budget,
    assumptions: &mut Vec<String>,
) -> Result<Option<Finding>, Disagreement> {
    let (identity, sampled) = match examine(problem, &[left], &[right], budget, "claim")? {
        Standing::Proved(..) => return Ok(None),
        Standing::Unproved(identity, sampled) => (identity, sampled),
    };
    let components = std::mem::take(&mut problem.equation.components);
    problem.equation.components = vec![Component { name: what.to_owned(), entries: Vec::new(), span: None }];
    let (found, _) =
        hunt(problem, &[left], &[right], Goal::Differ, (&identity, &sampled), budget, "the two sides of the claim");
    problem.equation.components = components;
    if let Some(f) = found {
        let message = match what {
            "inverse" => format!("the declared inverse of `{name}` is not its inverse"),
            _ => format!("`{name}` does not preserve the {what}, as its kind claims"),
        };
        let mut invalid = Finding::new(Verdict::Invalid, Evidence::Claim, message);
        invalid.witness = f.witness;
        invalid.residual = sampled.residual;
        return Ok(Some(invalid));
    }
    let seen = sampled.residual.map_or("could not be tried at any point".to_owned(), |r| {
        if sampled.agrees() {
            format!("holds at {} points tried, not proved", r.samples)
        } else {
            "could neither be proved nor refuted".into()
        }
    });
    assumptions.push(match what {
        "inverse" => format!("the `inverse` of `{name}` undoes it: {seen}"),
        _ => format!("`{name}` preserves the {what}: {seen}"),
    });
    Ok(None)
}

/// A reparametrisation's Jacobian: singular nowhere. Refuted by a point with determinant zero, or by a sign change of
/// the determinant along a segment inside the domain.
fn non_singular(
    problem: &mut Problem,
    j: Term,
    name: &str,
    budget: &Budget,
    assumptions: &mut Vec<String>,
) -> Option<Finding> {
    let det = problem.setting.store.determinant(j);
    if problem.setting.store.free_symbols(&[det]).is_empty() {
        if problem.setting.store.is_zero(det) {
            return Some(Finding::new(
                Verdict::Invalid,
                Evidence::Claim,
                format!("`{name}` is not a local diffeomorphism: its Jacobian is singular everywhere"),
            ));
        }
        if problem.setting.store.as_fill(det).is_some() {
            return None;
        }
    }
    if algebra::vanishes(&problem.setting, &[det], &problem.domain, budget, "determinant").holds() {
        let message = format!("`{name}` is not a local diffeomorphism: its Jacobian is singular everywhere");
        return Some(Finding::new(Verdict::Invalid, Evidence::Claim, message));
    }
    if singular::nowhere_zero(problem, det) {
        return None;
    }
    if let Some((point, exact)) = singular::find(problem, det, budget) {
        let seen = if exact {
            ""
        } else {
            " (found by bisection between two points where the determinant has opposite signs)"
        };
        let message = format!("`{name}` is not a local diffeomorphism: its Jacobian is singular at {point}{seen}");
        return Some(Finding::new(Verdict::Invalid, Evidence::Claim, message));
    }
    assumptions.push(format!("the Jacobian of `{name}` is non-singular: holds at all points tried, not proved"));
    None
}

fn full_rank(
    problem: &mut Problem,
    j: Term,
    rank: usize,
    what: &str,
    name: &str,
    budget: &Budget,
    assumptions: &mut Vec<String>,
) -> Option<Finding> {
    let sampler = Sampler::new(&problem.setting, &[j], &problem.domain);
    let program = Program::new(&problem.setting.store, &[j]);
    let (rows, cols) = (problem.setting.store.shape(j)[0], problem.setting.store.shape(j)[1]);
    // Pieces and discrete members that occur, from floating-point points; the rank of each from a prime field.
    let mut random = Random::new(budget.seed, "rank");
    let discrete: Vec<SymbolId> = sampler.symbols().filter(|x| x.2).map(|x| x.0).collect();
    let mut pieces: Vec<(Vec<i8>, Vec<Vec<f64>>)> = Vec::new();
    for _ in 0..64 {
        let Some(point) = sampler.float(&mut random) else {
            continue;
        };
        let mut float = Float::default();
        if program.run(&mut float, |s| point.get(&s).cloned()).is_ok() {
            let piece = (float.trace.signs, discrete.iter().map(|s| point[s].clone()).collect());
            if !pieces.contains(&piece) {
                pieces.push(piece);
            }
        }
    }
    if pieces.is_empty() {
        assumptions.push(format!("the Jacobian of `{name}` has full rank: could not be tried"));
        return None;
    }
    for (signs, members) in pieces {
        let mut best = 0;
        let place = if signs.is_empty() { "random points" } else { "random points of a piece" };
        let pinned = Signs::Pinned(signs);
        let rational = |v: &f64| Rational::from(*v as i64);
        let keep: sample::Point<Rational> =
            discrete.iter().zip(&members).map(|(s, v)| (*s, v.iter().map(rational).collect())).collect();
        for seed in 0..3 {
            let label = format!("rank/{seed}");
            let draw = Trial::new(&sampler, &program, budget.seed, &label);
            let Ok(Drawn { mut prime, values, .. }) = (Trial { signs: &pinned, keep: Some(&keep), ..draw }).draw()
            else {
                continue;
            };
            prime.ranks.clear();
            if linear::pseudo_inverse(&mut prime, &values[0], rows, cols).is_ok() {
                best = best.max(prime.ranks.first().copied().unwrap_or(0));
            }
        }
        if best < rank {
            let message = format!("`{name}` is not {what}: the rank of its Jacobian is {best} at {place}, not {rank}");
            return Some(Finding::new(Verdict::Invalid, Evidence::Claim, message));
        }
    }
    let (member, found) = special_member(problem, &sampler, &program, (rows, cols), rank, budget)?;
    let message = format!("`{name}` is not {what} for {member}: the rank of its Jacobian is {found} there, not {rank}");
    Some(Finding::new(Verdict::Invalid, Evidence::Claim, message))
}

/// Members and entries of them that are set to zero, one after the other, in the search for one that loses rank.
const SPECIAL_ENTRIES: usize = 16;

/// A member of a family, with zeros in it, whose Jacobian has less than full rank at random points of the source: the
/// claim is made of every member. Also the rank.
fn special_member(
    problem: &Problem,
    sampler: &Sampler,
    program: &Program,
    (rows, cols): (usize, usize),
    rank: usize,
    budget: &Budget,
) -> Option<(String, usize)> {
    let members: Vec<SymbolId> = sampler.symbols().filter(|x| x.1 == Role::Member && !x.2).map(|x| x.0).collect();
    let size = |s: &SymbolId| problem.setting.store.symbol_info(*s).shape.iter().product::<usize>();
    // All of a member, or one entry of it.
    let ranges = members.iter().flat_map(|s| {
        let n = size(s);
        std::iter::once((*s, 0..n)).chain((0..if n > 1 { n } else { 0 }).map(move |i| (*s, i..i + 1)))
    });
    let mut random = Random::new(budget.seed, "special member");
    for (symbol, range) in ranges.take(SPECIAL_ENTRIES) {
        let Some(mut point) = (0..8).find_map(|level| sampler.simple(&mut random, level / 2)) else { continue };
        point.get_mut(&symbol)?.get_mut(range)?.fill(Rational::ZERO);
        if !sampler.satisfied(&point) {
            continue;
        }
        let fixed = |s: &SymbolId| point.get(s).map(|v| (*s, v.clone()));
        let kept: sample::Point<Rational> =
            sampler.symbols().filter(|x| x.1 == Role::Member).filter_map(|x| fixed(&x.0)).collect();
        let mut best = 0;
        let mut tried = 0;
        for seed in 0..3 {
            let label = format!("special rank/{seed}");
            let draw = Trial::new(sampler, program, budget.seed, &label);
            let Ok(Drawn { mut prime, values, .. }) = (Trial { keep: Some(&kept), ..draw }).draw() else { continue };
            // The rank may depend on the piece, which free signs do not tell.
            if prime.kinks {
                return None;
            }
            prime.ranks.clear();
            if linear::pseudo_inverse(&mut prime, &values[0], rows, cols).is_ok() {
                tried += 1;
                best = best.max(prime.ranks.first().copied().unwrap_or(0));
            }
        }
        if tried == 3 && best < rank {
            return Some((singular::point_text(problem, &kept), best));
        }
    }
    None
}

/// A condition on the target at the image of the source.
fn inside(
    problem: &mut Problem,
    c: &Constraint,
    name: &str,
    budget: &Budget,
    assumptions: &mut Vec<String>,
) -> Option<Finding> {
    let given = problem.setting.constraints.iter().chain(&problem.domain).any(|d| d.term == c.term && d.kind == c.kind);
    if given || singular::certainly(problem, c) {
        return None;
    }
    let sampler = Sampler::new(&problem.setting, &[c.term], &problem.domain);
    let program = Program::new(&problem.setting.store, &[c.term]);
    let mut random = Random::new(budget.seed, "inside");
    for tried in 0..400 {
        let Some(point) = sampler.simple(&mut random, tried / 100) else {
            continue;
        };
        let mut exact = crate::domain::exact::Exact::default();
        let broken = match program.run(&mut exact, |s| point.get(&s).cloned()) {
            Ok(v) => v[0].iter().any(|q| match c.kind {
                ConstraintKind::Positive => *q <= Rational::ZERO,
                ConstraintKind::NonZero => q.is_zero(),
            }),
            Err(_) => {
                let mut domain = crate::domain::interval::Intervals::default();
                let embedded = sample::embed(&mut domain, &point);
                match program.run(&mut domain, |s| embedded.get(&s).cloned()) {
                    Ok(v) => c.kind == ConstraintKind::Positive && v[0].iter().any(|x| x.hi() < 0.0),
                    Err(_) => false,
                }
            }
        };
        if broken {
            let at = singular::point_text(problem, &point);
            let message =
                format!("`{name}` leaves the target's domain: `{}` does not hold for the image of {at}", c.text);
            return Some(Finding::new(Verdict::Invalid, Evidence::Claim, message));
        }
    }
    assumptions
        .push(format!("`{name}` maps into the target's domain (`{}`): holds at all points tried, not proved", c.text));
    None
}

/// Whether all these Jacobians have one non-zero entry in each row and column at a generic point.
pub(super) fn scaled_permutations(problem: &Problem, jacobians: &[Term], budget: &Budget) -> Option<bool> {
    let sampler = Sampler::new(&problem.setting, jacobians, &problem.domain);
    let program = Program::new(&problem.setting.store, jacobians);
    let Drawn { values, .. } = Trial::new(&sampler, &program, budget.seed, "scaled permutation").draw().ok()?;
    Some(values.iter().zip(jacobians).all(|(m, j)| {
        let n = problem.setting.store.shape(*j)[0];
        let one = |mut line: Box<dyn Iterator<Item = usize> + '_>| {
            let mut count = 0;
            for k in line.by_ref() {
                count += usize::from(m[k] != 0);
            }
            count == 1
        };
        (0..n).all(|i| one(Box::new((0..n).map(move |k| i * n + k))) && one(Box::new((0..n).map(move |k| k * n + i))))
    }))
}
