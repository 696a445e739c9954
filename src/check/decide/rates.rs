//! Rates: what is proved of a candidate, whether it is positive, and how it is told.

use super::{Disagreement, Standing, examine, residuals};
use crate::check::rate::{self, Ratio};
use crate::check::sample::{Sampler, embed};
use crate::check::{Budget, Problem, algebra, certify, numeric, singular, special};
use crate::domain::Stop;
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::model::elaborate::{Constraint, ConstraintKind};
use crate::term::{Node, Program, Term};
use crate::verdict::{Extent, Finding, Ground, Rate, Residual};

/// `c · right`, component by component.
pub(super) fn scaled(problem: &mut Problem, c: Term, right: &[Term]) -> Vec<Term> {
    right.iter().map(|&r| problem.setting.store.scalar_mul(c, r)).collect()
}

/// A rate that is proved and positive: its term, its proof, and the residual.
pub(super) fn proved_rate(
    problem: &mut Problem,
    left: &[Term],
    right: &[Term],
    budget: &Budget,
) -> Result<Option<(Term, String, Option<Residual>)>, Disagreement> {
    let domain = problem.domain.clone();
    if numeric::plainly_not_parallel(&problem.setting, (left, right), &domain, budget) {
        return Ok(None);
    }
    let Ratio::Constant(c) = rate::candidate(&mut problem.setting, (left, right), &domain, budget) else {
        return Ok(None);
    };
    let sign = positive(problem, c, budget);
    if sign == Sign::No {
        return Ok(None);
    }
    if looks_like_one(problem, c, budget) {
        return Ok(None);
    }
    if sign == Sign::Sampled {
        let of = rate_text(problem, c, budget).map_or(String::new(), |text| format!(" {text}"));
        problem.assume_sampled(format!("the rate{of} is positive: holds at all members tried, not proved"));
    }
    let right = scaled(problem, c, right);
    Ok(match problem.for_every_member(|p| examine(p, left, &right, budget, "rate"))? {
        Standing::Proved(text, residual) => Some((c, text, residual)),
        Standing::Unproved(..) => None,
    })
}

/// Whether a rate that is proved, and beside which no numbers stand, is one: where both sides are zero they agree at every rate,
/// and between functions of matrices many relations are missed that would show it. So they are certainly different at some point;
/// or the rate is 1, and says that they are equal.
pub(super) fn is_rate(problem: &mut Problem, c: Term, (left, right): (&[Term], &[Term]), budget: &Budget) -> bool {
    let functions = |n: &Node| matches!(n, Node::Polar(_) | Node::PowerSpd(..) | Node::Eigenvectors(_));
    let c = rate::simplified(&mut problem.setting, c);
    let residual = residuals(problem, left, right);
    is_one(problem, c)
        || !problem.setting.store.any_node(&residual, functions)
        || certify::some_nonzero(&problem.setting, &residual, &problem.domain, budget).is_some()
}

/// What is known of the sign of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum Sign {
    /// Positive for every member.
    Proved,
    /// Positive at every member tried.
    Sampled,
    /// Zero or negative for some member.
    No,
}

/// Whether a rate is positive: by its form, by the conditions, or else at members of every size.
pub(in crate::check) fn positive(problem: &mut Problem, c: Term, budget: &Budget) -> Sign {
    let condition = Constraint {
        term: c,
        kind: ConstraintKind::Positive,
        text: String::new(),
        assumed: false,
        span: crate::source::Span::default(),
    };
    if let Some(value) = rate::constant(&problem.setting, c) {
        return if value.negative || value.square.is_zero() { Sign::No } else { Sign::Proved };
    }
    if special::has_pole(problem, c, budget) {
        return Sign::No;
    }
    if problem.setting.store.positive(c) || singular::certainly(problem, &condition) {
        return Sign::Proved;
    }
    // A ratio of sides at a point is all rounding far out, and its differences vanish where no rate does.
    let domain = problem.domain.clone();
    let shown = rate::shown(&mut problem.setting, c, &domain, budget);
    let c = shown.unwrap_or(c);
    let scales: &[f64] =
        if shown.is_some() { &[1.0, 8.0, 64.0, 1e4, 1e9, 1e18, 1e60] } else { &[1.0, 8.0, 64.0, 1e4, 1e9] };
    let sampler = Sampler::new(&problem.setting, &[c], &problem.domain);
    let program = Program::new(&problem.setting.store, &[c]);
    let mut random = Random::new(budget.seed, "positive");
    let mut seen = 0;
    for k in 0..480 {
        let scale = scales[k % scales.len()];
        // Every fourth at a member with simple numbers, such as 0 or 1/2, which a formula may single out.
        let point = match k % 4 {
            0 => sampler.simple(&mut random, k / 120).map(|p| embed(&mut Float::default(), &p)),
            _ => sampler.float_scaled(&mut random, scale),
        };
        let Some(point) = point else { continue };
        match program.run(&mut Float::default(), |s| point.get(&s).cloned()) {
            Ok(v) if v[0][0] > 0.0 => seen += 1,
            Ok(_) => return Sign::No,
            // A root of what is negative for some member is no rate there.
            Err(f) if f.stop == Stop::OutOfDomain => return Sign::No,
            Err(_) => {}
        }
    }
    // Beside the members tried, those to which changes of sign and minima lead.
    let zero = seen == 0
        || shown.is_some() && singular::find(problem, c, budget).is_some()
        || shown.is_some() && singular::touches_zero(problem, c, budget).is_some();
    if zero { Sign::No } else { Sign::Sampled }
}

pub(in crate::check) fn is_one(problem: &Problem, c: Term) -> bool {
    problem.setting.store.as_fill(c).is_some_and(crate::domain::Rational::is_one)
}

/// A rate as it is printed: a formula, or nothing.
pub(in crate::check) fn rate_text(problem: &mut Problem, c: Term, budget: &Budget) -> Option<String> {
    let domain = problem.domain.clone();
    rate::text(&mut problem.setting, c, &domain, budget)
}

/// The finding for a rate that is proved. The rate 1 is none: the sides are equal, and other samples show that they have
/// values.
pub(in crate::check) fn up_to_rate(
    problem: &mut Problem,
    c: Term,
    proof: &str,
    residual: Option<Residual>,
    budget: &Budget,
) -> Finding {
    let c = rate::simplified(&mut problem.setting, c);
    if is_one(problem, c) {
        return Finding::commutes(Ground::Algebra, proof).beside(residual);
    }
    problem.found_rate = Some(c);
    let text = rate_text(problem, c, budget);
    let shown = text.as_deref().unwrap_or("one number for each member, for which no short formula was found");
    let message = format!(
        "the sides agree once the target's learning rate is multiplied by {shown} (the source's stays); {proof}"
    );
    let rate = Rate { text, exact: problem.setting.store.as_fill(c).cloned() };
    Finding::holds(Extent::UpToRate(rate), Ground::Algebra, message).beside(residual)
}

/// Compares a rate with the one that the check expects; a difference is said in the message.
pub(in crate::check) fn expected_rate(problem: &mut Problem, c: Term, budget: &Budget, finding: &mut Finding) {
    let Some(expected) = problem.expected_rate else { return };
    let c = rate::simplified(&mut problem.setting, c);
    let expected = rate::simplified(&mut problem.setting, expected);
    let difference = problem.setting.store.sub(c, expected);
    let same = problem
        .for_every_member(|p| algebra::vanishes(&p.setting, &[difference], &p.domain, budget, "expected rate").holds());
    if same {
        return;
    }
    let text = rate_text(problem, expected, budget).unwrap_or_else(|| "the one that is expected".into());
    if agree(problem, (c, expected), budget) {
        // A difference that no member shows is not called one.
        problem.assume_sampled(format!("the rate is {text}: holds at all members tried, not proved"));
    } else {
        finding.rate_differs = Some(text);
    }
}

/// Whether a formula that is no number is 1 at all members tried: it is no rate, whatever it looks like.
pub(in crate::check) fn looks_like_one(problem: &mut Problem, c: Term, budget: &Budget) -> bool {
    let one = problem.setting.store.num(1);
    problem.setting.store.as_fill(c).is_none() && agree(problem, (c, one), budget)
}

/// Whether two formulas have the same value at members of every size, as far as floating point tells.
pub(in crate::check) fn agree(problem: &Problem, (a, b): (Term, Term), budget: &Budget) -> bool {
    let sampler = Sampler::new(&problem.setting, &[a, b], &problem.domain);
    let program = Program::new(&problem.setting.store, &[a, b]);
    let mut random = Random::new(budget.seed, "expected rate");
    let mut seen = 0;
    for k in 0..100 {
        let Some(point) = sampler.float_scaled(&mut random, [1.0, 8.0, 64.0][k % 3]) else { continue };
        let Ok(v) = program.run(&mut Float::default(), |s| point.get(&s).cloned()) else { continue };
        if (v[0][0] - v[1][0]).abs() > 1e-9 * v[0][0].abs().max(v[1][0].abs()) {
            return false;
        }
        seen += 1;
    }
    seen >= 10
}
