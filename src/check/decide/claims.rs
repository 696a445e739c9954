//! The claims of morphisms, decided before anything else.

use super::rank::full_rank;
use super::{Disagreement, Standing, examine, hunt};
use crate::check::field::{Drawn, Trial};
use crate::check::sample::Sampler;
use crate::check::special;
use crate::check::witness::Goal;
use crate::check::{Budget, ClaimKind, Component, Problem, algebra, certify, places, sample, singular};
use crate::domain::Rational;
use crate::domain::exact::Exact;
use crate::domain::float::Float;
use crate::domain::interval::Intervals;
use crate::domain::prime::Random;
use crate::model::elaborate::{Constraint, ConstraintKind};
use crate::term::{Program, SymbolId, Term};
use crate::verdict::{Answer, Finding, Witness};

/// How a claim stands.
pub(in crate::check) enum Claimed {
    /// Proved.
    Proved,
    /// Seen at sampled points, or not even that: what is assumed.
    Sampled(String),
    /// Refuted: the finding of every question that rests on it.
    Broken(Box<Finding>),
}

/// Checks the claims of the morphisms; the finding if one is broken. What is not proved becomes an assumption.
pub(in crate::check) fn claims(problem: &mut Problem, budget: &Budget) -> Result<Option<Finding>, Disagreement> {
    let together = proved_together(problem, budget)?;
    for claim in problem.claims.clone() {
        let name = claim.morphism.clone();
        let outer = std::mem::replace(&mut problem.domain, claim.domain.clone());
        let claimed = match &claim.kind {
            ClaimKind::Equal { what, left, right } if together => {
                at_special_members(problem, what, (*left, *right), &name, budget)?
            }
            ClaimKind::Equal { what, left, right } => equal_claim(problem, what, *left, *right, &name, budget)?,
            ClaimKind::NonSingular(j) => non_singular(problem, *j, &name, budget),
            ClaimKind::FullRank(j, rank, what) => full_rank(problem, (*j, *rank, what), &name, budget),
            ClaimKind::Inside(c) => inside(problem, c, &name, budget),
            ClaimKind::Differentiable { loss, differential, point, image } => {
                differentiable(problem, (*loss, *differential), (*point, *image), &name, budget)
            }
        };
        problem.domain = outer;
        match claimed {
            Claimed::Proved => {}
            Claimed::Sampled(text) => problem.assume_sampled(text),
            Claimed::Broken(finding) => return Ok(Some(*finding)),
        }
    }
    Ok(None)
}

/// Whether all equations among the claims are proved at once: they share most of what has to be computed.
fn proved_together(problem: &mut Problem, budget: &Budget) -> Result<bool, Disagreement> {
    let mut sides = (Vec::new(), Vec::new());
    let mut domain: Option<&Vec<Constraint>> = None;
    for claim in &problem.claims {
        let ClaimKind::Equal { left, right, .. } = claim.kind else { continue };
        let conditions = |all: &[Constraint]| all.iter().map(|c| (c.term, c.kind)).collect::<Vec<_>>();
        let same = domain.is_none_or(|d| conditions(d) == conditions(&claim.domain));
        if !same {
            return Ok(false);
        }
        domain = Some(&claim.domain);
        sides.0.push(left);
        sides.1.push(right);
    }
    let Some(domain) = domain.filter(|_| sides.0.len() > 1).cloned() else { return Ok(false) };
    let outer = std::mem::replace(&mut problem.domain, domain);
    let standing = examine(problem, &sides.0, &sides.1, budget, "claims");
    problem.domain = outer;
    Ok(matches!(standing?, Standing::Proved(..)))
}

/// Whether the target's loss has a derivative at image points. On both sides of them the loss and its differential are
/// compared at two distances: what is smooth differs less the nearer the points are, a kink as much as before. Where there
/// is one at every point tried, all image points lie on kinks.
fn differentiable(
    problem: &Problem,
    (loss, differential): (Term, Term),
    (point, image): (SymbolId, Term),
    name: &str,
    budget: &Budget,
) -> Claimed {
    const PLACES: usize = 32;
    const DIRECTIONS: usize = 3;
    const DISTANCES: [f64; 2] = [1e-7, 1e-9];
    const LESS: f64 = 0.5;
    const ROUNDING: f64 = 1e-12;
    let store = &problem.setting.store;
    let sampler = Sampler::new(&problem.setting, &[image, loss, differential], &problem.domain);
    let (there, values) = (Program::new(store, &[image]), Program::new(store, &[loss, differential]));
    let cost = (there.operations() + values.operations()).saturating_mul(8 * PLACES * DIRECTIONS);
    let assumed = |what: &str| Claimed::Sampled(format!("the loss has a derivative at the image of `{name}`: {what}"));
    if cost > budget.operations / 16 {
        return assumed("not looked at");
    }
    let mut random = Random::new(budget.seed, "kinks of images");
    let (mut seen, mut kinks) = (0, 0);
    for place in 0..4 * PLACES {
        if seen == PLACES {
            break;
        }
        let Some(mut at) = sampler.float_scaled(&mut random, [1.0, 4.0, 0.25, 16.0][place % 4]) else { continue };
        let Ok(found) = there.run(&mut Float::default(), |s| at.get(&s).cloned()) else { continue };
        let size = found[0].iter().fold(1.0f64, |m, x| m.max(x.abs()));
        let mut jumps = None;
        for _ in 0..DIRECTIONS {
            let direction: Vec<f64> = found[0].iter().map(|_| 2.0 * random.unit() - 1.0).collect();
            let mut side = |distance: f64| {
                let moved = found[0].iter().zip(&direction).map(|(x, v)| x + distance * size * v).collect();
                at.insert(point, moved);
                values.run(&mut Float::default(), |s| at.get(&s).cloned()).ok()
            };
            // The loss and its differential: the largest difference of the two sides, and the size of both.
            let mut across = |distance: f64| -> Option<Vec<(f64, f64)>> {
                let (above, below) = (side(distance)?, side(-distance)?);
                let largest = |a: &[f64], b: &[f64]| {
                    let size = a.iter().chain(b).fold(0.0f64, |m, x| m.max(x.abs()));
                    (a.iter().zip(b).fold(0.0f64, |m, (x, y)| m.max((x - y).abs())), size)
                };
                Some(above.iter().zip(&below).map(|(a, b)| largest(a, b)).collect())
            };
            let (Some(far), Some(near)) = (across(DISTANCES[0]), across(DISTANCES[1])) else { continue };
            let kink = far.iter().zip(&near).any(|((before, _), (now, size))| {
                *now > LESS * before && *now > ROUNDING * size && *now > f64::MIN_POSITIVE
            });
            jumps = Some(jumps.unwrap_or(false) || kink);
        }
        let Some(kink) = jumps else { continue };
        seen += 1;
        kinks += usize::from(kink);
    }
    match (seen, kinks) {
        (0, _) => assumed("it has values beside no point tried"),
        (_, 0) => Claimed::Proved,
        (seen, kinks) if seen == kinks && seen >= PLACES / 2 => broken(format!(
            "the image of `{name}` lies on a kink of the target's loss: at none of {seen} points of it has the loss a \
             derivative, as the differences of its two sides show in numbers"
        )),
        _ => assumed("not at all of the points tried"),
    }
}

fn broken(message: String) -> Claimed {
    Claimed::Broken(Box::new(Finding::invalid(message)))
}

fn equal_claim(
    problem: &mut Problem,
    what: &str,
    left: Term,
    right: Term,
    name: &str,
    budget: &Budget,
) -> Result<Claimed, Disagreement> {
    let (identity, sampled) = match examine(problem, &[left], &[right], budget, "claim")? {
        Standing::Proved(..) => return at_special_members(problem, what, (left, right), name, budget),
        Standing::Unproved(identity, sampled) => (identity, sampled),
    };
    let components = std::mem::take(&mut problem.equation.components);
    problem.equation.components = vec![Component { name: what.to_owned(), entries: Vec::new(), span: None }];
    let (found, _) =
        hunt(problem, &[left], &[right], Goal::Differ, (&identity, &sampled), budget, Witness::SIDES_OF_CLAIM);
    problem.equation.components = components;
    if let Some(difference) = found {
        let message = match what {
            "inverse" => format!("the declared inverse of `{name}` is not its inverse"),
            _ => format!("`{name}` does not preserve the {what}, as its kind claims"),
        };
        let broken = Answer::Invalid { witness: Some(Box::new(difference.witness)) };
        return Ok(Claimed::Broken(Box::new(Finding::new(broken, message).beside(difference.residual))));
    }
    let seen = sampled.residual.map_or("could not be tried at any point".to_owned(), |r| {
        if sampled.agrees() {
            format!("holds at {} tried, not proved", r.points())
        } else {
            "could neither be proved nor refuted".into()
        }
    });
    Ok(Claimed::Sampled(match what {
        "inverse" => format!("the `inverse` of `{name}` undoes it: {seen}"),
        _ => format!("`{name}` preserves the {what}: {seen}"),
    }))
}

/// A claim that is proved for general members, at those where a sign, a rank or a divisor is another one.
fn at_special_members(
    problem: &mut Problem,
    what: &str,
    (left, right): (Term, Term),
    name: &str,
    budget: &Budget,
) -> Result<Claimed, Disagreement> {
    let specials = special::members(problem, None, &[left, right], budget);
    let claim = match what {
        "inverse" => format!("the `inverse` of `{name}` undoes it"),
        _ => format!("`{name}` preserves the {what}"),
    };
    let open = |at: &str| Claimed::Sampled(format!("{claim}: proved, but open at {at}"));
    for member in &specials.members {
        let mut there = problem.clone();
        there.equation.left = vec![left];
        there.equation.right = vec![right];
        there.equation.components = vec![Component { name: what.to_owned(), entries: Vec::new(), span: None }];
        let mut there = there.at(member);
        let (left, right) = (there.equation.left.clone(), there.equation.right.clone());
        let Standing::Unproved(identity, sampled) = examine(&mut there, &left, &right, budget, "claim at a member")?
        else {
            continue;
        };
        let seen = (&identity, &sampled);
        let purpose = "the two sides of the claim at a member";
        let (found, _) = hunt(&there, &left, &right, Goal::Differ, seen, budget, purpose);
        let Some(difference) = found else { return Ok(open(&member.text)) };
        let message = match what {
            "inverse" => format!("the declared inverse of `{name}` is not its inverse at the member {}", member.text),
            _ => format!("`{name}` does not preserve the {what} at the member {}, as its kind claims", member.text),
        };
        let broken = Answer::Invalid { witness: Some(Box::new(difference.witness)) };
        return Ok(Claimed::Broken(Box::new(Finding::new(broken, message).beside(difference.residual))));
    }
    if special::signs_may_vanish(problem, (&[left], &[right]), &specials, budget) {
        return Ok(open("some member"));
    }
    Ok(specials.open.as_deref().map_or(Claimed::Proved, open))
}

/// A reparametrisation's Jacobian: singular nowhere. Refuted by a point with determinant zero, or by a sign change of
/// the determinant along a segment inside the domain.
fn non_singular(problem: &mut Problem, j: Term, name: &str, budget: &Budget) -> Claimed {
    let det = problem.setting.store.determinant(j);
    let everywhere = format!("`{name}` is not a local diffeomorphism: its Jacobian is singular everywhere");
    if problem.setting.store.free_symbols(&[det]).is_empty() {
        if problem.setting.store.is_zero(det) {
            return broken(everywhere);
        }
        if problem.setting.store.as_fill(det).is_some() {
            return Claimed::Proved;
        }
    }
    if algebra::vanishes(&problem.setting, &[det], &problem.domain, budget, "determinant").holds() {
        return broken(everywhere);
    }
    if singular::nowhere_singular(problem, j, det) {
        return Claimed::Proved;
    }
    if let Some((point, exact)) = singular::find(problem, det, budget) {
        let seen = if exact {
            ""
        } else {
            " (found by bisection between two points where the determinant has opposite signs)"
        };
        return broken(format!("`{name}` is not a local diffeomorphism: its Jacobian is singular at {point}{seen}"));
    }
    let constant = problem.setting.store.free_symbols(&[det]).is_empty();
    if constant && certify::somewhere_nonzero(&problem.setting, det, &problem.domain, budget.seed) {
        return Claimed::Proved;
    }
    if let Some(place) = singular::touches_zero(problem, det, budget) {
        let message = format!(
            "whether `{name}` is a local diffeomorphism is open: near {place} floating point cannot tell the determinant of its \
             Jacobian from zero"
        );
        return Claimed::Broken(Box::new(Finding::undecided(message)));
    }
    let seen = match singular::can_be_tried(problem, det, budget) {
        true => "holds at all points tried, not proved",
        false => "could not be tried at any point",
    };
    Claimed::Sampled(format!("the Jacobian of `{name}` is non-singular: {seen}"))
}

/// A condition on the target at the image of the source.
fn inside(problem: &mut Problem, c: &Constraint, name: &str, budget: &Budget) -> Claimed {
    let given = problem.setting.constraints.iter().chain(&problem.domain).any(|d| d.term == c.term && d.kind == c.kind);
    if given || singular::certainly(problem, c) {
        return Claimed::Proved;
    }
    let sampler = Sampler::new(&problem.setting, &[c.term], &problem.domain);
    let program = Program::new(&problem.setting.store, &[c.term]);
    let special = places::special_values(&problem.setting.store, &[c.term]);
    let mut random = Random::new(budget.seed, "inside");
    let mut seen = 0;
    for tried in 0..640 {
        // Simple points, those that the text singles out, and points far out or close to a bound.
        let point = match tried % 4 {
            2 => places::special(&sampler, &mut random, &special),
            3 => places::far(&sampler, &mut random, if tried % 8 == 3 { 4 } else { 16 }),
            _ => sampler.simple(&mut random, tried / 160),
        };
        let Some(point) = point else { continue };
        match holds_at(&program, &point, c.kind) {
            Some(false) => {
                let at = singular::point_text(problem, &point);
                return broken(format!(
                    "`{name}` leaves the target's domain: `{}` does not hold for the image of {at}",
                    c.text
                ));
            }
            Some(true) => seen += 1,
            None => {}
        }
    }
    let seen = match seen {
        0 => "could not be tried at any point".to_owned(),
        n => format!("holds at all {n} points tried, not proved"),
    };
    Claimed::Sampled(format!("`{name}` maps into the target's domain (`{}`): {seen}", c.text))
}

/// Whether a condition holds at a point for certain, or certainly not; `None` if neither can be said.
fn holds_at(program: &Program, point: &sample::Point<Rational>, kind: ConstraintKind) -> Option<bool> {
    if let Ok(v) = program.run(&mut Exact::default(), |s| point.get(&s).cloned()) {
        return Some(v[0].iter().all(|q| match kind {
            ConstraintKind::Positive => *q > Rational::ZERO,
            ConstraintKind::NonZero => !q.is_zero(),
        }));
    }
    let mut domain = Intervals::default();
    let embedded = sample::embed(&mut domain, point);
    let v = program.run(&mut domain, |s| embedded.get(&s).cloned()).ok()?;
    let positive = kind == ConstraintKind::Positive;
    if positive && v[0].iter().any(|x| x.hi() <= 0.0) {
        return Some(false);
    }
    v[0].iter().all(|x| if positive { x.lo() > 0.0 } else { !x.has_zero() }).then_some(true)
}

/// Whether matrices are scaled permutations in floating point, at a few places: atoms may have relations that a prime field does
/// not know.
pub(super) fn seem_scaled_permutations(problem: &Problem, jacobians: &[Term], budget: &Budget) -> bool {
    const NOTHING: f64 = 1e-9;
    let sampler = Sampler::new(&problem.setting, jacobians, &problem.domain);
    let program = Program::new(&problem.setting.store, jacobians);
    let mut random = Random::new(budget.seed, "seemingly scaled permutations");
    let mut seen = 0;
    for _ in 0..8 {
        let Some(point) = sampler.float(&mut random) else { continue };
        let Ok(values) = program.run(&mut Float::default(), |s| point.get(&s).cloned()) else { continue };
        for (m, j) in values.iter().zip(jacobians) {
            let n = problem.setting.store.shape(*j)[0];
            let single = |at: &dyn Fn(usize) -> usize| (0..n).filter(|k| m[at(*k)].abs() > NOTHING).count() == 1;
            if !(0..n).all(|i| single(&|k| i * n + k) && single(&|k| k * n + i)) {
                return false;
            }
        }
        seen += 1;
    }
    seen > 1
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
