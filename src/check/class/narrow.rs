//! A class on one architecture: `check natural O along orthogonal on Plane`.
//!
//! What types prove for every architecture holds for this one, if its metric is non-singular where they assumed that. What
//! they leave open is decided by the ordinary engines on a general member of the class, written as a family of maps of
//! this architecture's parameter vector. The diffeomorphisms are no family with finitely many parameters: some of them
//! may refute, and only types prove.

use super::members::{self, Names};
use super::{Case, ClassAnswer};
use crate::check::decide::{Disagreement, decide};
use crate::check::{Problem, generic};
use crate::core::class::Class;
use crate::domain::interval::{Interval, Intervals};
use crate::domain::prime::{Prime, PseudoInverses, Random, Signs};
use crate::domain::{Domain, Fun, Rational, linear};
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Draw, Elaborator, Scope};
use crate::model::morphism::instance_text;
use crate::structure::hypothesis::Hypothesis;
use crate::structure::prove::Proof;
use crate::syntax::tree::Instance;
use crate::term::{Node, Program, Term};
use crate::verdict::{Answer, Extent, Failure, Finding, Ground};

/// The name of a map of a class, as it is printed: `linear_map`.
fn name(class: Class) -> String {
    format!("{}_map", class.word().replace(|c: char| !c.is_alphanumeric(), "_"))
}

pub(super) fn answer(case: &Case<'_>, on: &Instance) -> Result<ClassAnswer, Disagreement> {
    let class = case.question.class;
    let mut proof = &case.theorem.proof;
    let undecided = |why: &str| Finding::undecided(why).into();
    let mut e = Elaborator::new(case.examples.model());
    let Ok(a) = e.architecture(on, &Scope::default()) else {
        return Ok(undecided("the architecture could not be read"));
    };
    // What is no functor along a class may be one along its maps of this architecture: all of them are isometries of a line
    // up to a factor, and none mixes the blocks where there is one.
    if let Proof::Invalid(why) = proof {
        let read = general(case, &a, on);
        if read.is_none_or(|p| p.invalid.is_some()) {
            return Ok(Finding::invalid(why.clone()).into());
        }
        proof = &Proof::Open;
    }
    // What is only said of architectures with a regular matrix is said of this one if its matrix is.
    let is_one = case.theorem.hypotheses.iter().all(|&h| h.is_used_by_the_proof() || holds(&mut e, &a, h));
    let types_apply = case.theorem.hypotheses.iter().all(|&h| !h.is_used_by_the_proof() || holds(&mut e, &a, h));
    // One simple map refutes faster than a general one, and its witness is easier to read.
    if (*proof == Proof::Open || !types_apply)
        && let Some(text) = members::simple_text(class, &a, (&name(class), &instance_text(on), &own(&a)))
        && let Some(mut problem) = simple(case, on)
    {
        let mut finding = decide(&mut problem, case.budget)?;
        if let Some(failure) = finding.failure_mut() {
            explain(case, failure, on);
            finding.tried.push(format!("the map of the class that fails: {text}"));
            problem.setting.store = crate::term::Store::new();
            return Ok(ClassAnswer { finding, problem: Some(problem) });
        }
    }
    let Some(mut problem) = general(case, &a, on) else {
        return Ok(undecided("the optimizer could not be read over the members of the class"));
    };
    let mut seen = None;
    if *proof == Proof::Commutes && types_apply {
        let sides = (&problem.equation.left[..], &problem.equation.right[..]);
        seen = case.compare(&problem, sides)?;
    }
    // Where no point has a value on both sides, the ordinary engines say whether the question makes sense.
    if *proof == Proof::Commutes && types_apply && is_one && (seen.is_some() || a.dim == 0) {
        let message = format!("{}; {} is one", case.proved(), a.name);
        return Ok(case.proof(Extent::Commutes, message).beside(seen).into());
    }
    let mut finding = decide(&mut problem, case.budget)?;
    match &mut finding.answer {
        Answer::Fails(_) if types_apply && *proof != Proof::Open => {
            return Err(case.disagreement(finding.residual, &format!(" on {}", a.name)));
        }
        Answer::Fails(failure) => explain(case, failure, on),
        Answer::Holds(equality) => {
            let proved = matches!(
                (&equality.extent, proof),
                (Extent::UpToRate(_), Proof::UpToRate(_))
                    | (Extent::InLimit(_), Proof::InLimit)
                    | (Extent::Commutes, Proof::Commutes)
            );
            if proved && types_apply {
                equality.ground = Ground::Structure;
                equality.hypotheses = case.hypotheses();
            } else if class == Class::Diffeo {
                let why = "the diffeomorphisms tried do not refute it, and types do not prove it for all";
                let mut open = Finding::undecided(why).beside(finding.residual);
                open.tried.push(format!("quadratic maps: {}", finding.verdict().text()));
                finding = open;
            }
        }
        Answer::Invalid { .. } | Answer::Undecided { .. } => {}
    }
    problem.setting.store = crate::term::Store::new();
    Ok(ClassAnswer { finding, problem: Some(problem) })
}

/// Why it fails: the metric of the architecture, where with another one the types prove the square; else what is to blame.
fn explain(case: &Case<'_>, failure: &mut Failure, on: &Instance) {
    let class = case.question.class;
    if case.theorem.proof == Proof::Open {
        failure.blame = crate::structure::blame::blame(&case.body, class);
    }
    let Some(cause) = super::cause::singular_metric(case.examples.model(), Some(on), None) else { return };
    failure.causes.extend(cause.sentence(&case.theorem));
}

/// The problem of the square along a general member of the class on an architecture.
fn general(case: &Case<'_>, a: &Architecture, on: &Instance) -> Option<Problem> {
    let own = own(a);
    let scale = if a.blocks.iter().any(|b| b.name == "a") { format!("{own}_a") } else { "a".to_owned() };
    let names = Names { own: format!("{own}_"), scale };
    case.into(|e| {
        let action = members::general(e, case.question.class, &a.blocks, &names, on.span);
        let target = e.architecture(on, &Scope::default())?;
        e.map_into(&name(case.question.class), &target, |s, source| action.image(s, source))
    })
}

/// The problem of the square along a simple member of the class, if it has one.
fn simple(case: &Case<'_>, on: &Instance) -> Option<Problem> {
    case.into(|e| {
        let target = e.architecture(on, &Scope::default())?;
        e.map_into(&name(case.question.class), &target, |s, source| {
            members::simple_image(case.question.class, s, source).unwrap_or_default()
        })
    })
}

/// Whether a hypothesis of a proof by types holds for an architecture: proved, or else the answer is no.
pub(super) fn holds(e: &mut Elaborator<'_>, a: &Architecture, hypothesis: Hypothesis) -> bool {
    let matrix = match hypothesis {
        Hypothesis::MetricNonSingular | Hypothesis::MetricInverted => metric(e, a),
        // `JᵀJ` is positive definite where it is non-singular; of another metric of outputs this is not known.
        Hypothesis::MetricPositive if a.output_metric.is_none() => metric(e, a),
        Hypothesis::HessianNonSingular | Hypothesis::HessianInverted => a.loss.and_then(|l| {
            let gradient = e.store.jacobian(l, a.symbol).ok()?;
            e.store.jacobian(gradient, a.symbol).ok()
        }),
        _ => None,
    };
    matrix.is_some_and(|g| regular(e, a, g))
}

/// The pulled-back metric of an architecture.
pub(super) fn metric(e: &mut Elaborator<'_>, a: &Architecture) -> Option<Term> {
    let output = a.output?;
    let j = e.store.jacobian(output, a.symbol).ok()?;
    let right = match a.output_metric {
        None => j,
        Some(m) => e.store.matmul(m, j),
    };
    Some(e.store.product(j, &[0, 1], right, &[0, 2], &[1, 2]))
}

/// Whether a matrix over the parameters is certainly non-singular at generic points. A determinant that is not zero at a
/// random point of a prime field is not the zero function, as long as nothing but sums, products and quotients is taken;
/// with roots and transcendental functions there are relations that the field does not know, and points are asked in
/// intervals. Where there are kinks the rank may change from piece to piece, and the answer is no.
fn regular(e: &mut Elaborator<'_>, a: &Architecture, g: Term) -> bool {
    if e.store.any_node(&[g], |n| matches!(n, Node::Map(Fun::Sign, _))) {
        return false;
    }
    let Some(values) = generic::pattern(e, g) else { return false };
    let mut prime = Prime::new(Random::new(0, "pattern"), Signs::Free, PseudoInverses::ByRank);
    let pi = |s: &crate::term::SymbolId| e.quantified.iter().any(|q| q.symbol == *s && q.draw == Draw::Pi);
    let in_field = linear::determinant(&mut prime, &values, a.dim).is_ok_and(|d| prime.is_zero(&d) == Some(false));
    let ranked = |n: &Node| matches!(n, Node::PseudoInverse(_)) || matches!(n, Node::Symbol(s) if pi(s));
    let rational = |n: &Node| n.plane().is_none() && !ranked(n);
    in_field && (!e.store.any_node(&[g], |n| !rational(n)) || regular_in_intervals(e, a, g))
}

/// Whether the determinant is certainly not zero at all of some points with coordinates of either sign at which it has a
/// value, and there are such points.
fn regular_in_intervals(e: &Elaborator<'_>, a: &Architecture, g: Term) -> bool {
    const POINTS: i64 = 8;
    let program = Program::new(&e.store, &[g]);
    let mut seen = 0;
    for k in 0..POINTS {
        let mut domain = Intervals::default();
        let mut next = 0;
        let mut values = rustc_hash::FxHashMap::default();
        for s in program.inputs() {
            let n: usize = e.store.symbol_info(*s).shape.iter().product();
            let mut entries = Vec::with_capacity(n);
            for _ in 0..n {
                next += 1;
                // Positive at first, then of changing sign.
                let sign = if k == 0 || (next * (k + 2) / 3 + k) % 2 == 0 { 1 } else { -1 };
                let q = Rational::from(sign * (3 + (next * 7 + k * 5) % 11)) / Rational::from(8);
                let Ok(x) = domain.rational(&q) else { return false };
                entries.push(x);
            }
            values.insert(*s, entries);
        }
        for q in e.quantified.iter().filter(|q| q.draw == Draw::Pi) {
            values.insert(q.symbol, vec![Interval::pi()]);
        }
        let Ok(found) = program.run(&mut domain, |s| values.get(&s).cloned()) else { continue };
        let Some(d) = found.first().and_then(|m| linear::determinant(&mut domain, m, a.dim).ok()) else { return false };
        if d.has_zero() {
            return false;
        }
        seen += 1;
    }
    seen > 0
}

/// The beginning of the names that maps use: no parameter of the architecture begins so.
fn own(a: &Architecture) -> String {
    let mut own = "class".to_owned();
    while a.blocks.iter().any(|b| b.name.starts_with(&own)) {
        own.push('_');
    }
    own
}
