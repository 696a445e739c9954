//! Checks to problems: the only place where paths of a diagram become terms.
//!
//! A square is built as a diagram: objects `S(A)` and `TS(A)` (for a step `S(A)` twice), arrows for the optimizer and
//! for each morphism. Every arrow is interpreted by a `Function`; a path is interpreted by composing those of its
//! arrows, and the two sides of the square become the two sides of an [`Equation`].

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{Claim, ClaimKind, Component, Equation, Problem, Setting, Shape, Task};
use crate::diagram::{Diagram, Mor, Ob, Parallel, Path};
use crate::domain::Rational;
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Constraint, Elab, Elaborator, Reported, Role, Scope};
use crate::model::error::ModelError;
use crate::model::morphism::{Morphism, MorphismPath, instance_text};
use crate::model::names::{Declared, Model};
use crate::model::optimizer::{OptimizerOn, Variance, side};
use crate::syntax::tree::{Check, ExpectedVerdict, Instance, MorphismKind, Path as TreePath, Question};
use crate::term::{Seeds, Store, SymbolId, Term};

/// A map between coordinate spaces: outputs as terms in the inputs.
#[derive(Debug, Clone)]
struct Function {
    inputs: Vec<SymbolId>,
    outputs: Vec<Term>,
}

/// Interprets a path: the coordinates of its end as functions of those of its start.
fn interpret(store: &mut Store, path: &Path, start: &[Term], functions: &[Function]) -> Vec<Term> {
    let mut at = start.to_vec();
    if let Path::Arrows(arrows) = path {
        for m in arrows {
            let f = &functions[m.index()];
            let by: FxHashMap<_, _> = f.inputs.iter().copied().zip(at).collect();
            at = store.substitute(&f.outputs, &by);
        }
    }
    at
}

/// The task of a check, or the errors in it.
///
/// # Errors
/// All faults that elaboration found.
pub fn lower(model: &Model, check: &Check) -> Result<Task, Vec<ModelError>> {
    let mut errors = Vec::new();
    let result = match &check.question {
        Question::Natural { optimizer, along, on } => natural(model, check, optimizer, along, on.as_ref(), &mut errors),
        Question::Commutes { left, right } => commutes(model, check, left, right, &mut errors),
        Question::Preserves { what, path } => preserves(model, check, &what.name, path, &mut errors),
        Question::Same { left, right, on } => same(model, check, left, right, on.as_ref(), &mut errors),
        Question::System { system } => {
            match model.lookup(&system.name) {
                Some(Declared::System(_) | Declared::Cone(_)) => errors.push(ModelError::Unsupported {
                    what: "checks of systems",
                    help: "check its projections and squares one by one",
                    span: check.span,
                }),
                Some(other) => errors.push(ModelError::WrongKind {
                    name: system.name.clone(),
                    found: other.kind(),
                    expected: "a system",
                    span: system.span,
                }),
                None => errors.push(ModelError::UnknownName {
                    what: "system",
                    name: system.name.clone(),
                    help: None,
                    span: system.span,
                }),
            }
            Err(Reported)
        }
    };
    match result {
        Ok(task) if errors.is_empty() => Ok(task),
        _ => {
            crate::model::validate::sort(&mut errors);
            Err(errors)
        }
    }
}

fn path_text(p: &TreePath) -> String {
    p.parts.iter().map(instance_text).collect::<Vec<_>>().join(" ; ")
}

fn task(check: &Check, kind: &'static str, text: String) -> Task {
    Task {
        span: check.span,
        kind,
        text,
        optimizer: None,
        along: None,
        on: None,
        sides: None,
        expected: check.expect.as_ref().map(|e| e.verdict.clone()),
        morphisms: Vec::new(),
        optimizers: Vec::new(),
        problems: Vec::new(),
    }
}

fn setting(e: Elaborator<'_>) -> Setting {
    Setting {
        store: e.store,
        quantified: e.quantified,
        constraints: e.constraints,
        shown: e.shown,
        orthogonal: e.orthogonal,
    }
}

fn commutes(
    model: &Model,
    check: &Check,
    left: &TreePath,
    right: &TreePath,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let mut e = Elaborator::new(model);
    let mut go = || -> Elab<Task> {
        let l = e.path(left, &mut Scope::default(), &mut FxHashMap::default());
        let r = e.path(right, &mut Scope::default(), &mut FxHashMap::default());
        let (l, r) = (l?, r?);
        let mut diagram = Diagram::default();
        let mut objects: Vec<(SymbolId, Ob)> = Vec::new();
        let mut functions = Vec::new();
        let mut sides = Vec::new();
        for p in [&l, &r] {
            let start = object(&mut diagram, &mut objects, &p.source);
            let arrows: Vec<Mor> = p
                .parts
                .iter()
                .map(|m| {
                    let (a, b) =
                        (object(&mut diagram, &mut objects, &m.source), object(&mut diagram, &mut objects, &m.target));
                    functions.push(Function { inputs: vec![m.source.symbol], outputs: vec![m.map] });
                    diagram.arrow(a, b, m.name.clone())
                })
                .collect();
            sides.push(diagram.path(start, arrows));
        }
        let pair = sides.pop().zip(sides.pop()).and_then(|(r, l)| Some((l.ok()?, r.ok()?)));
        let parallel = pair.map(|(l, r)| diagram.parallel(l, r));
        let parallel = match parallel {
            Some(Ok(p)) => p,
            other => {
                let message = match other {
                    Some(Err(error)) => error.to_string(),
                    _ => "the paths do not compose".to_owned(),
                };
                return e.fail(ModelError::PathMismatch { message, span: left.span.to(right.span) });
            }
        };
        let start = [l.source.point];
        let equation = Equation {
            left: interpret(&mut e.store, &parallel.left, &start, &functions),
            right: interpret(&mut e.store, &parallel.right, &start, &functions),
            components: vec![component("parameters of the target", &l.target, None)],
            left_path: diagram.path_label(&parallel.left),
            right_path: diagram.path_label(&parallel.right),
        };
        show_point(&mut e, &l.source);
        let mut claims = Vec::new();
        for m in l.parts.iter().chain(&r.parts) {
            claims.extend(claims_of(&mut e, m)?);
        }
        let mut t = task(check, "commutes", format!("commutes {} == {}", path_text(left), path_text(right)));
        t.sides = Some((path_text(left), path_text(right)));
        t.morphisms = l.parts.iter().chain(&r.parts).map(|m| (m.name.clone(), m.span)).collect();
        t.problems.push(problem(Shape::Plain, equation, l.source.domain.clone(), claims));
        Ok(t)
    };
    let result = go();
    finish(e, result, errors)
}

/// Puts the elaborator's terms into the task's only problem, or passes its errors on.
fn finish(e: Elaborator<'_>, result: Elab<Task>, errors: &mut Vec<ModelError>) -> Elab<Task> {
    errors.extend(e.errors.iter().cloned());
    let mut t = result?;
    let setting = setting(e);
    if let [only] = &mut t.problems[..] {
        only.setting = setting;
    }
    Ok(t)
}

fn problem(shape: Shape, equation: Equation, domain: Vec<Constraint>, claims: Vec<Claim>) -> Problem {
    Problem {
        setting: Setting {
            store: Store::new(),
            quantified: Vec::new(),
            constraints: Vec::new(),
            shown: Vec::new(),
            orthogonal: Vec::new(),
        },
        shape,
        equation,
        domain,
        claims,
        invalid: None,
        diagonal: None,
        expected_rate: None,
        auto: None,
        assumptions: Vec::new(),
    }
}

fn object(diagram: &mut Diagram, objects: &mut Vec<(SymbolId, Ob)>, a: &Architecture) -> Ob {
    match objects.iter().find(|(s, _)| *s == a.symbol) {
        Some((_, ob)) => *ob,
        None => {
            let ob = diagram.object(a.name.clone());
            objects.push((a.symbol, ob));
            ob
        }
    }
}

/// The names of the entries of a parameter vector.
fn entry_names(a: &Architecture) -> Vec<String> {
    a.blocks
        .iter()
        .flat_map(|b| match b.shape[..] {
            [] => vec![b.name.clone()],
            [n] => (0..n).map(|i| format!("{}[{i}]", b.name)).collect(),
            [m, n] => (0..m * n).map(|k| format!("{}[{}, {}]", b.name, k / n, k % n)).collect(),
            _ => Vec::new(),
        })
        .collect()
}

fn component(name: &str, a: &Architecture, span: Option<crate::source::Span>) -> Component {
    Component { name: name.to_owned(), entries: entry_names(a), span }
}

/// Lists the blocks of a point among what a witness shows.
fn show_point(e: &mut Elaborator<'_>, a: &Architecture) {
    for (i, b) in a.blocks.iter().enumerate() {
        let t = a.block(&mut e.store, a.point, i);
        e.show(&b.name, t, Role::Point);
    }
}

fn preserves(model: &Model, check: &Check, what: &str, path: &TreePath, errors: &mut Vec<ModelError>) -> Elab<Task> {
    let mut e = Elaborator::new(model);
    let mut go = || -> Elab<Task> {
        let p = e.path(path, &mut Scope::default(), &mut FxHashMap::default())?;
        if what != "loss" && what != "output" {
            let help = Some("a morphism can preserve `loss` or `output`".to_owned());
            let span = check.span;
            return e.fail(ModelError::UnknownName { what: "part of an architecture", name: what.into(), help, span });
        }
        let part = |a: &Architecture| if what == "loss" { a.loss } else { a.output };
        let needed = |e: &mut Elaborator<'_>, a: &Architecture| match part(a) {
            Some(t) => Ok(t),
            None => {
                let architecture = a.name.clone();
                let part = if what == "loss" { "loss" } else { "output" };
                let needed_by = format!("`preserves {what}`");
                e.fail(ModelError::Incomplete { architecture, part, needed_by, span: check.span })
            }
        };
        let source = needed(&mut e, &p.source)?;
        let target = needed(&mut e, &p.target)?;
        let map = p.map(&mut e.store);
        let image = e.store.substitute_one(target, &[(p.target.symbol, map)].into_iter().collect());
        if e.store.shape(image) != e.store.shape(source) {
            let message = format!(
                "the outputs are of different shapes: {} in {}, {} in {}",
                e.shape_text(source),
                p.source.name,
                e.shape_text(image),
                p.target.name
            );
            return e.fail(ModelError::PathMismatch { message, span: path.span });
        }
        show_point(&mut e, &p.source);
        let equation = Equation {
            left: vec![image],
            right: vec![source],
            components: vec![Component { name: what.to_owned(), entries: Vec::new(), span: None }],
            left_path: format!("{} ; {what} of {}", p.label, p.target.name),
            right_path: format!("{what} of {}", p.source.name),
        };
        let mut claims = Vec::new();
        for m in &p.parts {
            // What a morphism preserves is the question here, and not presupposed.
            let presupposed =
                |c: &Claim| !matches!(&c.kind, ClaimKind::Equal { what: "loss" | "output" | "output metric", .. });
            claims.extend(claims_of(&mut e, m)?.into_iter().filter(presupposed));
        }
        let mut t = task(check, "preserves", format!("preserves {what} {}", path_text(path)));
        t.along = Some(path_text(path));
        t.morphisms = p.parts.iter().map(|m| (m.name.clone(), m.span)).collect();
        t.problems.push(problem(Shape::Plain, equation, p.source.domain.clone(), claims));
        Ok(t)
    };
    let result = go();
    finish(e, result, errors)
}

fn same(
    model: &Model,
    check: &Check,
    left: &Instance,
    right: &Instance,
    on: Option<&Instance>,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let mut e = Elaborator::new(model);
    let mut go = || -> Elab<Task> {
        let mut assumptions = Vec::new();
        let a = match on {
            Some(on) => e.architecture(on, &mut Scope::default())?,
            None => {
                let (a, text) = super::generic::architecture(&mut e, check.span);
                assumptions.push(text);
                Rc::new(a)
            }
        };
        let l = e.optimizer(left, &a, Some(Variance::Tangent));
        let r = e.optimizer(right, &a, Some(Variance::Tangent));
        let (l, r) = (l?, r?);
        let fits = l.states.len() == r.states.len()
            && l.states.iter().zip(&r.states).all(|(s, t)| s.name == t.name && s.variance == t.variance)
            && l.rate.is_some() == r.rate.is_some();
        if !fits {
            let message = format!("`{}` and `{}` cannot be compared: {}", l.name, r.name, difference(&l, &r));
            return e.fail(ModelError::PathMismatch { message, span: left.span.to(right.span) });
        }
        // One point of the state space for both.
        let by: FxHashMap<_, _> = r.states.iter().zip(&l.states).map(|(s, t)| (s.symbol, t.term)).collect();
        let other = e.store.substitute(&r.components, &by);
        let general: FxHashMap<_, _> = l.states.iter().map(|s| (s.symbol, s.general)).collect();
        let left_side = e.store.substitute(&l.components, &general);
        let right_side = e.store.substitute(&other, &general);
        show_state(&mut e, &l);
        let equation = Equation {
            left: left_side,
            right: right_side,
            components: components(&l),
            left_path: l.name.clone(),
            right_path: r.name.clone(),
        };
        let domain = a.domain.iter().chain(l.states.iter().flat_map(|s| &s.domain)).cloned().collect();
        let mut t = task(check, "same", format!("same {} == {}", instance_text(left), instance_text(right)));
        t.on = on.map(instance_text);
        if let Some(on) = &t.on {
            t.text = format!("{} on {on}", t.text);
        }
        t.sides = Some((instance_text(left), instance_text(right)));
        t.optimizers = optimizer_places(model, [left, right]);
        let mut p = problem(Shape::Plain, equation, domain, Vec::new());
        p.assumptions = assumptions;
        t.problems.push(p);
        Ok(t)
    };
    let result = go();
    finish(e, result, errors)
}

fn difference(l: &OptimizerOn, r: &OptimizerOn) -> String {
    if l.rate.is_some() != r.rate.is_some() {
        return "one is a flow and the other a step".into();
    }
    let list = |o: &OptimizerOn| {
        if o.states.is_empty() {
            return "no state".to_owned();
        }
        o.states.iter().map(|s| format!("{} : {}", s.name, s.variance.word())).collect::<Vec<_>>().join(", ")
    };
    format!("their states differ ({}; {})", list(l), list(r))
}

fn optimizer_places<'a>(
    model: &Model,
    uses: impl IntoIterator<Item = &'a Instance>,
) -> Vec<(String, crate::source::Span)> {
    uses.into_iter()
        .filter_map(|i| match model.lookup(&i.name.name) {
            Some(Declared::Optimizer(id)) => Some((i.name.name.clone(), model[id].name.span)),
            _ => None,
        })
        .collect()
}

fn components(o: &OptimizerOn) -> Vec<Component> {
    let mut all = vec![component("params", &o.architecture, o.spans.first().copied())];
    for (i, s) in o.states.iter().enumerate() {
        let vector = matches!(s.variance, Variance::Tangent | Variance::Cotangent | Variance::Diagonal);
        let entries =
            if vector { entry_names(&o.architecture).iter().map(|n| format!("for {n}")).collect() } else { Vec::new() };
        all.push(Component { name: s.name.clone(), entries, span: o.spans.get(i + 1).copied() });
    }
    all
}

fn show_state(e: &mut Elaborator<'_>, o: &OptimizerOn) {
    show_point(e, &o.architecture);
    for s in &o.states {
        e.show(&s.name, s.general, Role::State);
    }
}

fn natural(
    model: &Model,
    check: &Check,
    optimizer: &Instance,
    along: &TreePath,
    on: Option<&Instance>,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let mut t = task(check, "natural", format!("natural {} along {}", instance_text(optimizer), path_text(along)));
    t.optimizer = Some(instance_text(optimizer));
    t.along = Some(path_text(along));
    t.optimizers = optimizer_places(model, [optimizer]);
    let mut variances = vec![None];
    let mut first = true;
    while let Some(auto) = variances.pop() {
        let mut e = Elaborator::new(model);
        let built = square(&mut e, check, optimizer, along, on, auto);
        let (has_auto, mut p, morphisms) = match built {
            Ok(x) => x,
            Err(Reported) if auto.is_some() && !first => continue,
            Err(Reported) => {
                errors.extend(e.errors);
                return Err(Reported);
            }
        };
        if first && has_auto {
            // Now that there is an `auto` state: every variance in turn, in the order of the list.
            first = false;
            variances = Variance::ALL.iter().rev().map(|v| Some(*v)).collect();
            continue;
        }
        first = false;
        t.morphisms = morphisms;
        p.auto = auto.map(Variance::word);
        p.setting = setting(e);
        t.problems.push(p);
    }
    if t.problems.is_empty() {
        errors.push(ModelError::OptimizerBody {
            message: format!("no variance makes the `auto` states of `{}` fit its body", optimizer.name.name),
            help: None,
            span: optimizer.span,
        });
        return Err(Reported);
    }
    Ok(t)
}

type Square = (bool, Problem, Vec<(String, crate::source::Span)>);

/// The naturality square of an optimizer along a path.
fn square(
    e: &mut Elaborator<'_>,
    check: &Check,
    optimizer: &Instance,
    along: &TreePath,
    on: Option<&Instance>,
    auto: Option<Variance>,
) -> Elab<Square> {
    let known = e.optimizer_id(&optimizer.name);
    let path = e.path(along, &mut Scope::default(), &mut FxHashMap::default());
    known?;
    let path = path?;
    if let Some(on) = on {
        let span = on.span;
        let message = "`on` narrows a class of transformations to one architecture; a morphism has its own".to_owned();
        return e.fail(ModelError::Argument { message, help: Some("leave `on …` out".into()), span });
    }
    // The optimizer over every architecture of the path, once each.
    let mut over: FxHashMap<SymbolId, Rc<OptimizerOn>> = FxHashMap::default();
    let places = std::iter::once(&path.source).chain(path.parts.iter().map(|m| &m.target));
    for a in places {
        if let std::collections::hash_map::Entry::Vacant(slot) = over.entry(a.symbol) {
            slot.insert(Rc::new(e.optimizer(optimizer, a, auto)?));
        }
    }
    let (source, target) = (Rc::clone(&over[&path.source.symbol]), Rc::clone(&over[&path.target.symbol]));
    let mut claims = Vec::new();
    for m in &path.parts {
        claims.extend(claims_of(e, m)?);
    }
    let morphisms: Vec<_> = path.parts.iter().map(|m| (m.name.clone(), m.span)).collect();
    let has_auto = source.auto;
    let shape = match source.rate {
        None => Shape::Flow,
        Some(lr) => Shape::Step(lr),
    };
    let domain: Vec<Constraint> =
        path.source.domain.iter().chain(source.states.iter().flat_map(|s| &s.domain)).cloned().collect();
    let carried = carry(e, &path, &over)?;
    let carried = match carried {
        Ok(c) => c,
        Err(reason) => {
            let equation = Equation {
                left: Vec::new(),
                right: Vec::new(),
                components: Vec::new(),
                left_path: String::new(),
                right_path: String::new(),
            };
            let mut p = problem(shape, equation, domain, claims);
            p.invalid = Some(reason);
            return Ok((has_auto, p, morphisms));
        }
    };
    let equation = equation(e, &path, &over, &source, &target, &carried.maps, &shape)?;
    let mut p = problem(shape, equation, domain, claims);
    p.diagonal = (!carried.diagonal.is_empty()).then_some(carried.diagonal);
    p.expected_rate = expected_rate(e, check, along)?;
    show_state(e, &source);
    Ok((has_auto, p, morphisms))
}

/// The rate after `expect up to rate`, read in the scope of the morphism's and the optimizer's parameters.
fn expected_rate(e: &mut Elaborator<'_>, check: &Check, along: &TreePath) -> Elab<Option<Term>> {
    let Some(ExpectedVerdict::UpToRate(Some(formula))) = check.expect.as_ref().map(|x| &x.verdict) else {
        return Ok(None);
    };
    let mut scope = Scope::default();
    for s in e.shown.clone().into_iter().filter(|s| s.role == Role::Member) {
        scope.bind(&s.name, crate::model::elaborate::Local::Value(s.term));
    }
    // Parameters that the use gives have their values.
    if let [part] = &along.parts[..]
        && let Some(Declared::Morphism(id)) = e.model.lookup(&part.name.name)
    {
        for (i, p) in e.model[id].params.iter().enumerate() {
            let given =
                part.args.iter().enumerate().find(|(k, a)| a.name.as_ref().map_or(*k == i, |n| n.name == p.name.name));
            if let Some((_, a)) = given {
                let value = e.expr(&a.value, &mut Scope::default())?;
                scope.bind(&p.name.name, crate::model::elaborate::Local::Value(value));
            }
        }
    }
    let t = e.expr(formula, &mut scope)?;
    e.expect_shape(t, &[], "a rate", formula.span)?;
    Ok(Some(t))
}

/// `S(f)` for each part of the path, in coordinates.
struct Carried {
    maps: Vec<Function>,
    /// Jacobians of the parts, if a `diagonal` state is carried along them.
    diagonal: Vec<Term>,
}

fn carry(
    e: &mut Elaborator<'_>,
    path: &MorphismPath,
    over: &FxHashMap<SymbolId, Rc<OptimizerOn>>,
) -> Elab<Result<Carried, String>> {
    let mut carried = Carried { maps: Vec::new(), diagonal: Vec::new() };
    for m in &path.parts {
        let o = Rc::clone(&over[&m.source.symbol]);
        let mut inputs = vec![m.source.symbol];
        let mut outputs = vec![m.map];
        let needs = o.states.iter().any(|s| s.variance != Variance::Fixed);
        let j = if needs { jacobian(e, m)? } else { m.map };
        for s in &o.states {
            inputs.push(s.symbol);
            match carry_state(e, m, j, s.variance, s.term) {
                Ok(t) => outputs.push(t),
                Err(reason) => return Ok(Err(format!("`{}` is {}: {reason}", s.name, with_article(s.variance)))),
            }
            if s.variance == Variance::Diagonal && !carried.diagonal.contains(&j) {
                carried.diagonal.push(j);
            }
        }
        carried.maps.push(Function { inputs, outputs });
    }
    Ok(Ok(carried))
}

fn with_article(v: Variance) -> String {
    match v {
        Variance::Fixed => "a fixed state".into(),
        other => format!("a `{}` state", other.word()),
    }
}

fn jacobian(e: &mut Elaborator<'_>, m: &Morphism) -> Elab<Term> {
    match e.store.jacobian(m.map, m.source.symbol) {
        Ok(j) => Ok(j),
        Err(error) => {
            let message = format!("the Jacobian of `{}` is not available: {error}", m.name);
            e.fail(ModelError::OptimizerBody { message, help: None, span: m.span })
        }
    }
}

/// The table of section "state" of the language: how `f` with Jacobian `j` carries a state.
fn carry_state(e: &mut Elaborator<'_>, m: &Morphism, j: Term, v: Variance, z: Term) -> Result<Term, String> {
    let (rows, cols) = (m.target.dim, m.source.dim);
    let invertible = rows == cols;
    let refuse = |what: &str| {
        format!(
            "{what} has no push-forward along `{}`, which is not invertible ({cols} → {rows} parameters), so that `S` is no functor there; \
             `tangent`, `cometric` and fixed states are carried by every morphism",
            m.name
        )
    };
    let s = &mut e.store;
    match v {
        Variance::Fixed => Ok(z),
        Variance::Tangent => Ok(s.matmul(j, z)),
        Variance::Cometric => {
            let half = s.matmul(j, z);
            Ok(s.product(half, &[0, 1], j, &[2, 1], &[0, 2]))
        }
        Variance::Cotangent if invertible => {
            let inverse = s.inverse(j);
            Ok(s.product(inverse, &[0, 1], z, &[0], &[1]))
        }
        Variance::Metric if invertible => {
            let inverse = s.inverse(j);
            let half = s.product(inverse, &[0, 1], z, &[0, 2], &[1, 2]);
            Ok(s.matmul(half, inverse))
        }
        Variance::Diagonal if invertible => {
            let inverse = s.inverse(j);
            let square = s.mul(inverse, inverse);
            Ok(s.product(square, &[0, 1], z, &[0], &[1]))
        }
        Variance::Cotangent => Err(refuse("a covector")),
        Variance::Metric => Err(refuse("a covariant tensor")),
        Variance::Diagonal => Err(refuse("the diagonal of a covariant tensor")),
        Variance::Left | Variance::Right => two_sided(e, m, j, v, z),
    }
}

/// How the scalar that `W ↦ Q W P` leaves open is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gauge {
    /// `P` is the identity, `Q` is the whole map.
    Left,
    /// `Q` is the identity.
    Right,
    /// `P` is orthogonal, and `Q` takes the rest.
    RotationRight,
    /// `Q` is orthogonal, and `P` takes the rest.
    RotationLeft,
}

/// The gauge of a two-sided map from generic values of multiples of its factors.
fn gauge(f: &crate::domain::prime::Field, (fq, p): (&[u64], usize), (fp, q): (&[u64], usize)) -> Option<Gauge> {
    let scalar = |m: &[u64], n: usize| m.iter().enumerate().all(|(k, &v)| v == if k / n == k % n { m[0] } else { 0 });
    let conformal = |m: &[u64], n: usize| {
        let gram: Vec<u64> = (0..n * n)
            .map(|k| (0..n).fold(0, |acc, i| f.add(acc, f.mul(m[i * n + k / n], m[i * n + k % n]))))
            .collect();
        scalar(&gram, n)
    };
    if scalar(fp, q) {
        Some(Gauge::Left)
    } else if scalar(fq, p) {
        Some(Gauge::Right)
    } else if conformal(fp, q) {
        Some(Gauge::RotationRight)
    } else {
        conformal(fq, p).then_some(Gauge::RotationLeft)
    }
}

/// `Q⁻ᵀ z Q⁻¹` or `P⁻¹ z P⁻ᵀ` from the four-index array `J[r, c, r', c'] = Q[r, r'] P[c', c]`.
fn carry_side(s: &mut Store, j: Term, z: Term, v: Variance, gauge: Gauge, (p, q): (usize, usize)) -> Term {
    // A factor up to a scalar: the other one contracted with fixed weights, which no permutation annihilates.
    let left = v == Variance::Left;
    let own = if left { p } else { q };
    let n = if left { q } else { p };
    let plain = gauge == Gauge::Left || gauge == Gauge::Right;
    let values = (0..n * n)
        .map(|k| Rational::from(if plain { u64::from(k == 0) } else { (k * k + 3 * k + 1) as u64 }))
        .collect();
    let w = s.literal(values, &[n, n]);
    let raw = if left {
        s.product(j, &[0, 1, 2, 3], w, &[1, 3], &[0, 2])
    } else {
        s.product(j, &[0, 1, 2, 3], w, &[0, 2], &[3, 1])
    };
    match (gauge, left) {
        // The other factor is the identity, and its corner entry is 1.
        (Gauge::Left, true) | (Gauge::Right, false) => {}
        (Gauge::Left, false) | (Gauge::Right, true) => return z,
        _ => {}
    }
    let inverse = s.inverse(raw);
    let carried = if left {
        let half = s.product(inverse, &[0, 1], z, &[0, 2], &[1, 2]);
        s.matmul(half, inverse)
    } else {
        let half = s.matmul(inverse, z);
        s.product(half, &[0, 1], inverse, &[2, 1], &[0, 2])
    };
    if plain {
        return carried;
    }
    // raw = κ F for the factor F, so the result has to be multiplied by κ² = ‖raw‖² / ‖F‖².
    let raw_norm = s.dot(raw, raw);
    let rotation = (gauge == Gauge::RotationLeft) == left;
    let square = if rotation {
        s.scale(Rational::ONE / Rational::from(own as u64), raw_norm)
    } else {
        // ‖J‖² = ‖Q‖² ‖P‖², and the norm of the rotation is its size.
        let all = s.dot(j, j);
        let ratio = s.div(raw_norm, all);
        s.scale(Rational::from(n as u64), ratio)
    };
    s.scalar_mul(square, carried)
}

/// `left` and `right` states, where `f` acts on each block as `W ↦ Q W P + C` with constant `Q` and `P`. The two factors
/// are only determined up to a scalar, which [`Gauge`] fixes.
fn two_sided(e: &mut Elaborator<'_>, m: &Morphism, j: Term, v: Variance, z: Term) -> Result<Term, String> {
    let word = format!("`{}` acts on each matrix as W ↦ Q W P + C with constant invertible Q and P", m.name);
    let refuse = || format!("it is carried only where {word}, which is not the case");
    if e.store.free_symbols(&[j]).contains(&m.source.symbol) || m.source.dim != m.target.dim {
        return Err(refuse());
    }
    let pattern = super::generic::pattern(e, j).ok_or_else(refuse)?;
    let n = m.source.dim;
    let mut parts = vec![None; m.target.blocks.len()];
    let mut starts = Vec::new();
    let mut start = 0;
    for b in &m.source.blocks {
        starts.push(start);
        start += side(&b.shape, v).pow(2);
    }
    for (bi, b) in m.target.blocks.iter().enumerate() {
        let touches = |a: &crate::model::architecture::Block| {
            (0..b.size()).any(|r| (0..a.size()).any(|c| pattern[(b.offset + r) * n + a.offset + c] != 0))
        };
        let sources: Vec<usize> = (0..m.source.blocks.len()).filter(|&i| touches(&m.source.blocks[i])).collect();
        let [ai] = sources[..] else { return Err(refuse()) };
        let a = &m.source.blocks[ai];
        let (p, q) = (side(&b.shape, Variance::Left), side(&b.shape, Variance::Right));
        if (p, q) != (side(&a.shape, Variance::Left), side(&a.shape, Variance::Right)) {
            return Err(refuse());
        }
        let at = |r: usize, c: usize, rr: usize, cc: usize| (b.offset + r * q + c) * n + a.offset + rr * q + cc;
        let reference = (0..p * q * p * q).map(|k| (k / (q * p * q), k / (p * q) % q, k / q % p, k % q));
        let Some((r0, c0, rr0, cc0)) = reference.into_iter().find(|&(r, c, rr, cc)| pattern[at(r, c, rr, cc)] != 0)
        else {
            return Err(refuse());
        };
        // J[(r,c),(r',c')] = Q[r,r'] P[c',c]: the matrix must have rank one in this arrangement.
        for k in 0..p * p * q * q {
            let (r, rr, c, cc) = (k / (p * q * q), k / (q * q) % p, k / q % q, k % q);
            let f = super::generic::field();
            let left = f.mul(pattern[at(r, c, rr, cc)], pattern[at(r0, c0, rr0, cc0)]);
            let right = f.mul(pattern[at(r, c0, rr, cc0)], pattern[at(r0, c, rr0, cc)]);
            if left != right {
                return Err(refuse());
            }
        }
        let f = super::generic::field();
        let factor_q: Vec<u64> = (0..p * p).map(|k| pattern[at(k / p, c0, k % p, cc0)]).collect();
        let factor_p: Vec<u64> = (0..q * q).map(|k| pattern[at(r0, k % q, rr0, k / q)]).collect();
        let Some(gauge) = gauge(&f, (&factor_q, p), (&factor_p, q)) else {
            return Err(format!(
                "`{}` acts as W ↦ Q W P, where Q and P are only determined up to a factor c, 1/c; nat knows which is meant if one of \
                 them is the identity or a rotation, and here neither is",
                m.name
            ));
        };
        let s = &mut e.store;
        let map = (0..p * q * p * q).map(|k| at(k / (q * p * q), k / (p * q) % q, k / q % p, k % q) as u32).collect();
        let whole_j = s.gather(j, map, &[p, q, p, q]);
        let block = super::generic::square_block(s, z, starts[ai], if v == Variance::Left { p } else { q });
        let carried = carry_side(s, whole_j, block, v, gauge, (p, q));
        parts[bi] = Some(carried);
    }
    let parts: Vec<Term> = parts.into_iter().flatten().collect();
    Ok(e.store.join(&parts))
}

/// Builds the square as a diagram and interprets its two sides.
fn equation(
    e: &mut Elaborator<'_>,
    path: &MorphismPath,
    over: &FxHashMap<SymbolId, Rc<OptimizerOn>>,
    source: &OptimizerOn,
    target: &OptimizerOn,
    carried: &[Function],
    shape: &Shape,
) -> Elab<Equation> {
    let flow = matches!(shape, Shape::Flow);
    let mut diagram = Diagram::default();
    let mut functions: Vec<Function> = Vec::new();
    let coordinates = |o: &OptimizerOn| -> Vec<SymbolId> {
        std::iter::once(o.architecture.symbol).chain(o.states.iter().map(|s| s.symbol)).collect()
    };
    let top: Vec<Ob> = chain_objects(&mut diagram, path, "S");
    let bottom: Vec<Ob> = chain_objects(&mut diagram, path, if flow { "TS" } else { "S" });
    // The optimizer at both ends. A vector field keeps the point and adds the velocity.
    let field = |o: &OptimizerOn, e: &mut Elaborator<'_>| -> Function {
        let inputs = coordinates(o);
        let mut outputs = Vec::new();
        if flow {
            outputs.extend(inputs.iter().map(|&s| e.store.symbol_term(s)));
        }
        outputs.extend(o.components.iter().copied());
        Function { inputs, outputs }
    };
    let last = path.parts.len();
    let name = if flow { "α" } else { "U" };
    let alpha_source = diagram.arrow(top[0], bottom[0], format!("{name}({})", path.source.name));
    functions.push(field(source, e));
    let alpha_target = diagram.arrow(top[last], bottom[last], format!("{name}({})", path.target.name));
    functions.push(field(target, e));
    let mut along_top = Vec::new();
    let mut along_bottom = Vec::new();
    for (i, (m, f)) in path.parts.iter().zip(carried).enumerate() {
        along_top.push(diagram.arrow(top[i], top[i + 1], format!("S {}", m.name)));
        functions.push(f.clone());
        if flow {
            along_bottom.push(diagram.arrow(bottom[i], bottom[i + 1], format!("T(S {})", m.name)));
            let o = Rc::clone(&over[&m.source.symbol]);
            functions.push(tangent_map(e, f, &coordinates(&o), m)?);
        } else {
            along_bottom.push(diagram.arrow(bottom[i], bottom[i + 1], format!("S {}", m.name)));
            functions.push(f.clone());
        }
    }
    let left = std::iter::once(alpha_source).chain(along_bottom).collect();
    let right = along_top.into_iter().chain([alpha_target]).collect();
    let sides = diagram.path(top[0], left).and_then(|l| diagram.path(top[0], right).map(|r| (l, r)));
    let parallel: Parallel = match sides.and_then(|(l, r)| diagram.parallel(l, r)) {
        Ok(p) => p,
        Err(error) => {
            return e.fail(ModelError::PathMismatch { message: error.to_string(), span: path.span });
        }
    };
    let start: Vec<Term> = coordinates(source).into_iter().map(|s| e.store.symbol_term(s)).collect();
    let mut left = interpret(&mut e.store, &parallel.left, &start, &functions);
    let mut right = interpret(&mut e.store, &parallel.right, &start, &functions);
    if flow {
        // Both sides lie over the same point of S(B); the velocities are what is compared.
        let n = left.len() / 2;
        left.drain(..n);
        right.drain(..n);
    }
    let general: FxHashMap<_, _> = source.states.iter().map(|s| (s.symbol, s.general)).collect();
    Ok(Equation {
        left: e.store.substitute(&left, &general),
        right: e.store.substitute(&right, &general),
        components: components(target),
        left_path: diagram.path_label(&parallel.left),
        right_path: diagram.path_label(&parallel.right),
    })
}

/// One object `F(A)` for each architecture along the path. The same architecture twice gives two objects: a square is
/// a diagram of its own shape.
fn chain_objects(diagram: &mut Diagram, path: &MorphismPath, functor: &str) -> Vec<Ob> {
    std::iter::once(&path.source)
        .chain(path.parts.iter().map(|m| &m.target))
        .map(|a| diagram.object(format!("{functor}({})", a.name)))
        .collect()
}

/// `T(S f)`: the point and the velocity, carried.
fn tangent_map(e: &mut Elaborator<'_>, f: &Function, coordinates: &[SymbolId], m: &Morphism) -> Elab<Function> {
    let mut velocities = Vec::new();
    let mut directions = Vec::new();
    for &s in coordinates {
        let info = e.store.symbol_info(s).clone();
        let (v, t) = e.store.symbol(format!("velocity of {}", info.name), &info.shape);
        velocities.push(v);
        directions.push((s, t));
    }
    let seeds = Seeds::along(directions);
    let mut outputs = f.outputs.clone();
    for &t in &f.outputs {
        match e.store.tangent(t, &seeds) {
            Ok(d) => outputs.push(d),
            Err(error) => {
                let message = format!("the tangent of `{}` is not available: {error}", m.name);
                return e.fail(ModelError::OptimizerBody { message, help: None, span: m.span });
            }
        }
    }
    let inputs = coordinates.iter().copied().chain(velocities).collect();
    Ok(Function { inputs, outputs })
}

/// What a morphism's kind claims.
fn claims_of(e: &mut Elaborator<'_>, m: &Morphism) -> Elab<Vec<Claim>> {
    let mut claims = Vec::new();
    let mut push = |kind: ClaimKind| {
        claims.push(Claim { kind, morphism: m.name.clone(), span: m.span, domain: m.source.domain.clone() });
    };
    let image =
        |e: &mut Elaborator<'_>, t: Term| e.store.substitute_one(t, &[(m.target.symbol, m.map)].into_iter().collect());
    for c in e.domain_at(&m.target, m.map) {
        push(ClaimKind::Inside(c));
    }
    let preserving = matches!(m.kind, MorphismKind::Reparam | MorphismKind::Embedding);
    if preserving
        && !m.pulled_back
        && let (Some(b), Some(a)) = (m.target.loss, m.source.loss)
    {
        push(ClaimKind::Equal { what: "loss", left: image(e, b), right: a });
    }
    if m.kind == MorphismKind::Reparam
        && !m.pulled_back
        && let (Some(b), Some(a)) = (m.target.output, m.source.output)
    {
        let b = image(e, b);
        if e.store.shape(a) != e.store.shape(b) {
            let message = format!("`{}` is a reparam, but the outputs have different sizes", m.name);
            return e.fail(ModelError::PathMismatch { message, span: m.span });
        }
        push(ClaimKind::Equal { what: "output", left: b, right: a });
        if m.target.output_metric.is_some() || m.source.output_metric.is_some() {
            let n = e.store.size(a);
            let eye = e.store.eye(n);
            let target = m.target.output_metric.unwrap_or(eye);
            let source = m.source.output_metric.unwrap_or(eye);
            push(ClaimKind::Equal { what: "output metric", left: image(e, target), right: source });
        }
    }
    let j = jacobian(e, m)?;
    push(match m.kind {
        MorphismKind::Reparam => ClaimKind::NonSingular(j),
        MorphismKind::Projection => ClaimKind::FullRank(j, m.target.dim, "a submersion"),
        MorphismKind::Embedding => ClaimKind::FullRank(j, m.source.dim, "an immersion"),
    });
    if let Some((inverse, _)) = m.inverse {
        let back = e.store.substitute_one(inverse, &[(m.target.symbol, m.map)].into_iter().collect());
        push(ClaimKind::Equal { what: "inverse", left: back, right: m.source.point });
        if m.source.symbol != m.target.symbol {
            let forth = e.store.substitute_one(m.map, &[(m.source.symbol, inverse)].into_iter().collect());
            claims.push(Claim {
                kind: ClaimKind::Equal { what: "inverse", left: forth, right: m.target.point },
                morphism: m.name.clone(),
                span: m.span,
                domain: m.target.domain.clone(),
            });
        }
    }
    Ok(claims)
}
