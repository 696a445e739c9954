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
use crate::check::{ClaimKind, Problem, Setting, certify, lower};
use crate::domain::Fun;
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Elaborator, Scope};
use crate::model::morphism::instance_text;
use crate::source::{Source, SourceId};
use crate::structure::body::{Body, Id, Op};
use crate::structure::class::Class;
use crate::structure::prove::Proof;
use crate::syntax::tree::Instance;
use crate::term::Node;
use crate::verdict::{Evidence, Finding, Verdict};

/// The name of the family, and the beginning of the names of its parameters.
const FAMILY: &str = "member_of_class";

pub(super) fn answer(case: &Case<'_>, on: &Instance, proof: &Proof) -> Result<ClassAnswer, Disagreement> {
    let class = case.question.class;
    if let Proof::Invalid(why) = proof {
        return Ok(Finding::new(Verdict::Invalid, Evidence::Claim, why.clone()).into());
    }
    let undecided = |why: &str| Finding::new(Verdict::Undecided, Evidence::None, why).into();
    let mut e = Elaborator::new(case.examples.model());
    let Ok(a) = e.architecture(on, &mut Scope::default()) else {
        return Ok(undecided("the architecture could not be read"));
    };
    // The file's own `vec` would be another map.
    if let Some(name) = ["concat", "vec", "reshape"].into_iter().find(|n| case.examples.model().lookup(n).is_some()) {
        return Ok(undecided(&format!("the members of the class are written with `{name}`, which the file redefines")));
    }
    let types_apply = !rests_on_regularity(case) || !inverts_hessian(&case.body) && regular(&mut e, &a);
    // One simple map refutes faster than a general one, and its witness is easier to read.
    if (*proof == Proof::Open || !types_apply)
        && let Some(text) = member(class, &a, &instance_text(on))
        && let Some(mut problem) = problem(case, &text)
    {
        let mut finding = decide(&mut problem, case.budget)?;
        if finding.verdict == Verdict::Fails {
            finding.blame = crate::structure::blame::blame(&case.body, class);
            finding.tried.push(format!("the map of the class that fails: {}", one_line(&text)));
            problem.setting.store = crate::term::Store::new();
            return Ok(ClassAnswer { finding, problem: Some(problem) });
        }
    }
    let Some(mut problem) = problem(case, &family(class, &a, &instance_text(on))) else {
        return Ok(undecided("the optimizer could not be read over the members of the class"));
    };
    let mut seen = Finding::new(Verdict::Undecided, Evidence::None, "");
    if *proof == Proof::Commutes && types_apply {
        let sides = (&problem.equation.left[..], &problem.equation.right[..]);
        case.compare(&problem, sides, &mut seen)?;
    }
    // Where no point has a value on both sides, the ordinary engines say whether the question makes sense.
    if *proof == Proof::Commutes && types_apply && (seen.residual.is_some() || a.dim == 0) {
        let message = format!("{}; so on {}", case.proved(), a.name);
        let mut finding = Finding::new(Verdict::Commutes, Evidence::Structure, message);
        finding.residual = seen.residual;
        return Ok(finding.into());
    }
    let mut finding = decide(&mut problem, case.budget)?;
    match (&finding.verdict, proof) {
        (Verdict::UpToRate, Proof::UpToRate(_)) | (Verdict::InLimit, Proof::InLimit) if types_apply => {
            finding.evidence = Evidence::Structure;
        }
        (Verdict::Fails, Proof::Open) => {
            finding.blame = crate::structure::blame::blame(&case.body, class);
        }
        (Verdict::Fails, _) if types_apply => {
            return Err(case.disagreement(&finding, &format!(" on {}", a.name)));
        }
        (Verdict::Commutes | Verdict::UpToRate | Verdict::InLimit, _) if class == Class::Diffeo => {
            let why = "the diffeomorphisms tried do not refute it, and types do not prove it for all";
            let mut open = Finding::new(Verdict::Undecided, Evidence::None, why);
            open.residual = finding.residual;
            open.tried.push(format!("quadratic maps: {}", finding.verdict.text()));
            finding = open;
        }
        _ => {}
    }
    problem.setting.store = crate::term::Store::new();
    Ok(ClassAnswer { finding, problem: Some(problem) })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The problem of the square along the map, or the family, that a text declares.
fn problem(case: &Case<'_>, text: &str) -> Option<Problem> {
    let id = SourceId::library(u8::MAX - 1);
    let (file, errors) = crate::syntax::parse(id, &Source::new("<class>", text));
    debug_assert!(errors.is_empty(), "{errors:?} in {text}");
    let model = case.examples.model().with_text(id, &Arc::new(file), true);
    let examples = case.examples.with(model);
    let check = examples.question_of(id, case.check, &case.question.optimizer, FAMILY)?;
    let mut task = lower::lower(examples.model(), &check).ok()?;
    let wanted = case.auto.map(crate::model::optimizer::Variance::word);
    let k = task.problems.iter().position(|p| p.auto == wanted)?;
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

/// Whether the types' proof uses that the metric, or a Hessian, is non-singular.
fn rests_on_regularity(case: &Case<'_>) -> bool {
    let inverted = |op: &Op| matches!(op, Op::Raise | Op::PseudoInverse | Op::NaturalGradient | Op::Christoffel);
    matches!(case.question.class, Class::Diagonal | Class::Linear | Class::Affine | Class::Diffeo)
        && (case.body.needs_metric || case.body.nodes.iter().any(|n| inverted(&n.op)))
}

/// Whether a Hessian is pseudo-inverted: that of an architecture's loss may be singular where its metric is not.
fn inverts_hessian(body: &Body) -> bool {
    fn contains(body: &Body, id: Id) -> bool {
        let node = body.node(id);
        matches!(node.op, Op::Hessian | Op::CovariantHessian) || node.args.iter().any(|&a| contains(body, a))
    }
    body.nodes.iter().any(|n| {
        matches!(n.op, Op::Raise | Op::PseudoInverse | Op::Christoffel)
            && n.args.first().is_some_and(|&a| contains(body, a))
    })
}

/// Whether the metric is non-singular at generic points. Where it has kinks its rank may change from piece to piece, and
/// the answer is no.
fn regular(e: &mut Elaborator<'_>, a: &Architecture) -> bool {
    let Some(output) = a.output else { return false };
    let Ok(j) = e.store.jacobian(output, a.symbol) else { return false };
    let right = match a.output_metric {
        None => j,
        Some(m) => e.store.matmul(m, j),
    };
    let g = e.store.product(j, &[0, 1], right, &[0, 2], &[1, 2]);
    if e.store.any_node(&[g], |n| matches!(n, Node::Map(Fun::Sign, _))) {
        return false;
    }
    // That it does not vanish in a prime field would prove nothing of roots and exponentials: a real point has to show it.
    let det = e.store.determinant(g);
    let setting = Setting {
        store: e.store.clone(),
        quantified: e.quantified.clone(),
        constraints: e.constraints.clone(),
        shown: Vec::new(),
        orthogonal: Vec::new(),
        generated: Vec::new(),
    };
    certify::somewhere_nonzero(&setting, det, &a.domain, 0)
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
