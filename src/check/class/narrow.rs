//! A class on one architecture: `check natural O along orthogonal on Plane`.
//!
//! What types prove for every architecture holds for this one, if its metric is non-singular where they assumed that. What
//! they leave open is decided by the ordinary engines on a general member of the class, written as a family of maps of
//! this architecture's parameter vector. The diffeomorphisms are no family with finitely many parameters: some of them
//! may refute, and only types prove.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Case, ClassAnswer};
use crate::check::decide::{Disagreement, decide};
use crate::check::{ClaimKind, Problem, generic, lower};
use crate::core::class::Class;
use crate::domain::interval::{Interval, Intervals};
use crate::domain::prime::{Prime, PseudoInverses, Random, Signs};
use crate::domain::{Domain, Fun, Rational, linear};
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Draw, Elaborator, Scope};
use crate::model::morphism::instance_text;
use crate::source::{Source, SourceId};
use crate::structure::hypothesis::Hypothesis;
use crate::structure::prove::Proof;
use crate::syntax::tree::{File, Instance, ItemKind};
use crate::term::{Node, Program, Term};
use crate::verdict::{Answer, Extent, Failure, Finding, Ground};

/// The name of the family, and the beginning of the names of its parameters.
const FAMILY: &str = "member_of_class";

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
        let read = problem(case, &family(class, &a, &instance_text(on)), on);
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
        && let Some(text) = member(class, &a, &instance_text(on))
        && let Some(mut problem) = problem(case, &text, on)
    {
        let mut finding = decide(&mut problem, case.budget)?;
        if let Some(failure) = finding.failure_mut() {
            explain(case, failure, on);
            finding.tried.push(format!("the map of the class that fails: {}", one_line(&text)));
            problem.setting.store = crate::term::Store::new();
            return Ok(ClassAnswer { finding, problem: Some(problem) });
        }
    }
    let Some(mut problem) = problem(case, &family(class, &a, &instance_text(on)), on) else {
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

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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

/// The problem of the square along the map, or the family, that a text declares. The text sees no names but its own, so
/// that no `def` of the file changes what its maps are; its target is the architecture of the question, as written there.
fn problem(case: &Case<'_>, text: &str, on: &Instance) -> Option<Problem> {
    let id = SourceId::library(u8::MAX - 1);
    let (file, errors) = crate::syntax::parse(id, &Source::new("<class>", text));
    debug_assert!(errors.is_empty(), "{errors:?} in {text}");
    let mut file = file;
    for item in &mut file.items {
        if let ItemKind::Morphism(m) = &mut item.kind {
            m.target = on.clone();
        }
    }
    problem_of(case, id, &Arc::new(file), FAMILY)
}

/// The problem of the square along a map of a text, with that text's source.
pub(super) fn problem_of(case: &Case<'_>, id: SourceId, file: &Arc<File>, map: &str) -> Option<Problem> {
    let model = case.examples.model().with_text(id, file, false);
    let examples = case.examples.with(model);
    let check = examples.question_of(id, case.check, &case.question.optimizer, map)?;
    let mut task = lower::lower(examples.model(), &check).ok()?;
    let k = task.problems.iter().position(|p| p.auto == case.auto)?;
    let mut problem = task.problems.swap_remove(k);
    // The source of a member is the preimage of the architecture's domain: what the claim would say is a condition.
    // The other claims hold since the maps are members of the class.
    for claim in problem.claims.drain(..) {
        if let ClaimKind::Inside(c) = claim.kind {
            problem.domain.push(c);
        }
    }
    Some(problem)
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

/// The parameters of an architecture as a list of declarations, and as one vector.
fn parameters(a: &Architecture) -> (String, String) {
    let declared: Vec<String> = a
        .blocks
        .iter()
        .map(|b| match b.shape[..] {
            [] => format!("{} : R", b.name),
            [m] => format!("{} : R[{m}]", b.name),
            _ => format!("{} : R[{}, {}]", b.name, b.shape[0], b.shape[1]),
        })
        .collect();
    let flat: Vec<String> =
        a.blocks.iter().map(|b| if b.shape.len() > 1 { format!("vec({})", b.name) } else { b.name.clone() }).collect();
    (declared.join(", "), format!("concat({})", flat.join(", ")))
}

/// The beginning of the names that maps use: no parameter of the architecture begins so.
fn own(a: &Architecture) -> String {
    let mut own = "class".to_owned();
    while a.blocks.iter().any(|b| b.name.starts_with(&own)) {
        own.push('_');
    }
    own
}

/// The declaration of a map that sends the parameter vector to `z`, after some lines of its own.
fn declaration(a: &Architecture, target: &str, params: &str, lines: &str, z: &str) -> String {
    let own = own(a);
    let mut body = format!("{lines}  let {own}_z = {z}\n");
    for b in &a.blocks {
        let (from, to) = (b.offset, b.offset + b.size());
        let _ = match b.shape[..] {
            [] => writeln!(body, "  {} = {own}_z[{from}]", b.name),
            [_] => writeln!(body, "  {} = {own}_z[{from}..{to}]", b.name),
            _ => writeln!(body, "  {} = reshape({own}_z[{from}..{to}], {}, {})", b.name, b.shape[0], b.shape[1]),
        };
    }
    let (declared, _) = parameters(a);
    let params = if params.is_empty() { String::new() } else { format!("({params})") };
    format!("reparam {FAMILY}{params} : ({declared}) -> {target} {{\n{body}}}\n")
}

/// One map of a class that changes the first and the last parameter only, with simple numbers.
fn member(class: Class, a: &Architecture, target: &str) -> Option<String> {
    let own = own(a);
    let n = a.dim;
    if n < 2 {
        return None;
    }
    let (_, whole) = parameters(a);
    let (first, last) = (format!("{own}_w[0]"), format!("{own}_w[{}]", n - 1));
    let (one, two) = match class {
        Class::Translation => (format!("{first} + 1"), last),
        Class::Diagonal => (format!("2 * {first}"), last),
        Class::Permutation => (last, first),
        Class::SignedPermutation => (format!("-{last}"), first),
        Class::Orthogonal => (format!("(3 * {first} - 4 * {last}) / 5"), format!("(4 * {first} + 3 * {last}) / 5")),
        Class::Linear => (format!("{first} + {last}"), last),
        Class::Affine => (format!("{first} + {last} + 1"), last),
        Class::Diffeo => (first.clone(), format!("{last} + {first}^2")),
        Class::Scaling | Class::Biorthogonal => return None,
    };
    let middle = if n > 2 { format!("{own}_w[1..{}], ", n - 1) } else { String::new() };
    let lines = format!("  let {own}_w = {whole}\n");
    Some(declaration(a, target, "", &lines, &format!("concat({one}, {middle}{two})")))
}

/// A general member of a class on an architecture, as a declaration.
fn family(class: Class, a: &Architecture, target: &str) -> String {
    let own = own(a);
    let n = a.dim;
    let (_, whole) = parameters(a);
    let scale = if a.blocks.iter().any(|b| b.name == "a") { format!("{own}_a") } else { "a".to_owned() };
    let (params, z) = match class {
        Class::Translation => (format!("{own}_c : R[{n}]"), format!("{whole} + {own}_c")),
        Class::Scaling => (format!("{scale} : R where {scale} > 0"), format!("{scale} * {whole}")),
        Class::Diagonal => (format!("{own}_s : R[{n}] where {own}_s > 0"), format!("{own}_s .* {whole}")),
        Class::Permutation => (format!("{own}_m : Perm[{n}]"), format!("{own}_m * {whole}")),
        Class::SignedPermutation => (format!("{own}_m : SignedPerm[{n}]"), format!("{own}_m * {whole}")),
        Class::Orthogonal => (format!("{own}_m : O[{n}]"), format!("{own}_m * {whole}")),
        Class::Linear => (format!("{own}_m : GL[{n}]"), format!("{own}_m * {whole}")),
        Class::Affine => (format!("{own}_m : GL[{n}], {own}_c : R[{n}]"), format!("{own}_m * {whole} + {own}_c")),
        // Triangular, so a diffeomorphism: z₀ + z₀³ and zᵢ + cᵢ zᵢ₋₁².
        Class::Diffeo => {
            let rest = if n > 1 {
                format!(", [i in 1..{n}: {own}_w[i] + {own}_c[i] * {own}_w[i - 1]^2]")
            } else {
                String::new()
            };
            let lines = format!("  let {own}_w = {whole}\n");
            let z = format!("concat({own}_w[0] + {own}_w[0]^3{rest})");
            return declaration(a, target, &format!("{own}_c : R[{n}]"), &lines, &z);
        }
        Class::Biorthogonal => return two_sided(a, target),
    };
    declaration(a, target, &params, "", &z)
}

/// A general two-sided orthogonal map of each parameter.
fn two_sided(a: &Architecture, target: &str) -> String {
    let own = own(a);
    let mut params = Vec::new();
    let mut body = String::new();
    for (i, b) in a.blocks.iter().enumerate() {
        let (param, value) = match b.shape[..] {
            [] => (format!("{own}_q{i} : O[1]"), format!("{own}_q{i}[0, 0] * {}", b.name)),
            [m] => (format!("{own}_q{i} : O[{m}]"), format!("{own}_q{i} * {}", b.name)),
            _ => (
                format!("{own}_q{i} : O[{}], {own}_p{i} : O[{}]", b.shape[0], b.shape[1]),
                format!("{own}_q{i} * {} * {own}_p{i}", b.name),
            ),
        };
        params.push(param);
        let _ = writeln!(body, "  {} = {value}", b.name);
    }
    let (declared, _) = parameters(a);
    format!("reparam {FAMILY}({}) : ({declared}) -> {target} {{\n{body}}}\n", params.join(", "))
}
