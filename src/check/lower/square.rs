//! The naturality square of an optimizer along a path of morphisms.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::carry::carry;
use super::claims::claims_of;
use super::expected::{Expected, expected_rate};
use super::maps::{LARGEST_EXPLAINED, class_of_maps};
use super::names::route;
use super::{Function, components, interpret, jacobian, optimizer_places, problem, show_state, task, unfilled};
use crate::check::class::ClassQuestion;
use crate::check::generic;
use crate::check::posed::Posed;
use crate::check::task::{Route, Task};
use crate::check::{Ask, Equation, Problem, Shape};
use crate::core::class::Class;
use crate::core::error::ModelError;
use crate::core::names::{Declared, Model};
use crate::core::variance::Variance;
use crate::diagram::{Diagram, Ob, Parallel};
use crate::model::elaborate::{Constraint, Draw, Elab, Elaborator, Quantified, Reported, Scope};
use crate::model::morphism::{Along, Morphism, MorphismPath, instance_text};
use crate::model::optimizer::OptimizerOn;
use crate::model::shapes;
use crate::model::validate::depends_on_shapes;
use crate::syntax::tree::{Classify, ExpectedVerdict, Instance, State};
use crate::term::{Seeds, SymbolId, Term};

pub(super) fn natural(
    model: &Model,
    posed: Posed<'_>,
    on: Option<&Instance>,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let Some((optimizer, along)) = posed.along() else { return Err(Reported) };
    let mut t = task(posed.check);
    t.optimizers = optimizer_places(model, [optimizer]);
    if let Some([class, then @ ..]) = classes_of(model, along).as_deref() {
        let first = class_question(model, optimizer, *class, on, errors)?;
        t.ask = Ask::Class(ClassQuestion { then: then.to_vec(), ..first });
        return Ok(t);
    }
    problems(model, t, (optimizer, along), on, &Expected::of(posed, along), errors)
}

/// A task with the problems of the square along a path: one for each variance that fits the `auto` states.
pub(super) fn problems(
    model: &Model,
    mut t: Task,
    (optimizer, along): (&Instance, Along<'_>),
    on: Option<&Instance>,
    expected: &Expected<'_>,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let variances: Vec<Option<Variance>> = match reads_auto(model, optimizer) {
        true => Variance::ALL.iter().map(|v| Some(*v)).collect(),
        false => vec![None],
    };
    // A variance whose shape the body does not fit is none to try; what fits none is a fault of the body.
    let mut faults = None;
    for auto in variances {
        let mut e = Elaborator::new(model);
        let path = |e: &mut Elaborator<'_>| e.whole_path(along);
        let Ok((mut p, along_path, maps)) = square(&mut e, optimizer, path, on, auto, expected) else {
            if auto.is_none() || e.errors.iter().any(|x| !depends_on_shapes(x)) {
                errors.extend(e.errors);
                return Err(Reported);
            }
            faults.get_or_insert(e.errors);
            continue;
        };
        t.maps = maps;
        t.along(vec![along_path]);
        p.auto = auto;
        p.take(e);
        t.problems.push(p);
    }
    if t.problems.is_empty() {
        errors.extend(faults.unwrap_or_default());
        errors.push(ModelError::OptimizerBody {
            message: format!("no variance makes the `auto` states of `{}` fit its body", optimizer.name.name),
            help: None,
            span: optimizer.span,
        });
        return Err(Reported);
    }
    Ok(t)
}

/// The classes that a path names, if all its parts do and the file declares nothing of these names.
fn classes_of(model: &Model, along: Along<'_>) -> Option<Vec<Class>> {
    let class = |part: &Instance| {
        let undeclared = model.resolve(&part.name.name, part.name.span).is_none();
        Class::of_word(&part.name.name).filter(|_| undeclared && part.args.is_empty())
    };
    along.parts.iter().map(class).collect()
}

/// The task of `classify` for one optimizer.
pub(super) fn table(
    model: &Model,
    request: &Classify,
    optimizer: &Instance,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let on = request.on.as_ref();
    let mut text = format!("classify {}", instance_text(optimizer));
    if let Some(on) = on {
        text = format!("{text} on {}", instance_text(on));
    }
    let mut t = unfilled(&Classify { optimizer: Some(optimizer.clone()), ..request.clone() });
    t.text = text;
    t.optimizers = optimizer_places(model, [optimizer]);
    let first = class_question(model, optimizer, Class::Translation, on, errors)?;
    t.ask = Ask::Classes(Class::ALL.into_iter().map(|class| ClassQuestion { class, ..first.clone() }).collect());
    Ok(t)
}

/// A square along a class, after a look for faults in its optimizer and its architecture.
fn class_question(
    model: &Model,
    optimizer: &Instance,
    class: Class,
    on: Option<&Instance>,
    errors: &mut Vec<ModelError>,
) -> Elab<ClassQuestion> {
    let mut e = Elaborator::new(model);
    match on {
        Some(on) => {
            let read =
                e.architecture(on, &Scope::default()).and_then(|a| e.optimizer(optimizer, &a, Some(Variance::Tangent)));
            if read.is_err() && reads_auto(model, optimizer) {
                // Shapes may not fit this reading of an `auto` state, and fit others.
                e.errors.retain(|x| !depends_on_shapes(x));
            }
        }
        None => {
            if let Ok(id) = e.optimizer_with_arguments(optimizer) {
                e.errors.extend(shapes::read(model, Declared::Optimizer(id)).errors);
            } else if optimizer.args.is_empty() {
                // An optimizer that lacks a size is asked about, and nothing is decided.
                e.errors.retain(|x| !depends_on_shapes(x));
            }
        }
    }
    let faulty = !e.errors.is_empty();
    errors.extend(e.errors);
    if faulty {
        return Err(Reported);
    }
    Ok(ClassQuestion { optimizer: optimizer.clone(), class, then: Vec::new(), on: on.cloned() })
}

/// Whether an optimizer has a state that is declared `auto`.
pub(super) fn reads_auto(model: &Model, optimizer: &Instance) -> bool {
    match model.resolve(&optimizer.name.name, optimizer.name.span) {
        Some(Declared::Optimizer(id)) => model[id].states.iter().any(State::is_auto),
        _ => false,
    }
}

type Square = (Problem, Route, Option<Class>);

/// The square of an optimizer along a path that is made for it and stands in no file. A rate that is expected may name the
/// members of the path. `None` if the optimizer cannot be read over it.
pub fn along(
    model: &Model,
    (optimizer, auto): (&Instance, Option<Variance>),
    expected: Option<&ExpectedVerdict>,
    path: impl FnOnce(&mut Elaborator<'_>) -> Elab<MorphismPath>,
) -> Option<Problem> {
    let mut e = Elaborator::new(model);
    let expected = Expected { verdict: expected, ..Expected::default() };
    let (mut p, ..) = square(&mut e, optimizer, path, None, auto, &expected).ok()?;
    if !e.errors.is_empty() {
        return None;
    }
    p.auto = auto;
    p.take(e);
    Some(p)
}

/// The naturality square of an optimizer along a path.
fn square(
    e: &mut Elaborator<'_>,
    optimizer: &Instance,
    path: impl FnOnce(&mut Elaborator<'_>) -> Elab<MorphismPath>,
    on: Option<&Instance>,
    auto: Option<Variance>,
    expected: &Expected<'_>,
) -> Elab<Square> {
    let known = e.optimizer_id(&optimizer.name);
    let path = path(e);
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
    let along_path = route(&path);
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
            match hides_relations(e, &path)? {
                true => p.open = Some(reason),
                false => p.invalid = Some(reason),
            }
            return Ok((p, along_path, None));
        }
    };
    let equation = equation(e, &path, &over, &source, &target, &carried.maps, &shape)?;
    let ends: Vec<_> = path.parts.iter().map(|m| Rc::clone(&over[&m.target.symbol])).collect();
    let images = images(e, &carried.maps);
    let general: FxHashMap<SymbolId, Term> = source.states.iter().map(|s| (s.symbol, s.general)).collect();
    let images: Vec<Vec<Term>> = images.iter().map(|at| e.store.substitute(at, &general)).collect();
    let ends = ends.iter().zip(images).map(|(o, at)| coordinates(o).into_iter().zip(at).collect());
    e.images = std::iter::once(general).chain(ends).collect();
    let mut p = problem(shape, equation, domain, claims);
    p.diagonal = (!carried.diagonal.is_empty()).then_some(carried.diagonal);
    p.expected_rate = expected_rate(e, expected)?;
    let family = generated(e, &path);
    e.generated.extend(family);
    show_state(e, &source);
    let maps = class_of_maps(e, &path);
    Ok((p, along_path, maps))
}

/// The symbols of the point and of the states.
fn coordinates(o: &OptimizerOn) -> Vec<SymbolId> {
    std::iter::once(o.architecture.symbol).chain(o.states.iter().map(|s| s.symbol)).collect()
}

/// The point and the states at the end of each part of a path as functions of the source's.
pub(super) fn images(e: &mut Elaborator<'_>, carried: &[Function]) -> Vec<Vec<Term>> {
    let Some(first) = carried.first() else { return Vec::new() };
    let mut at: Vec<Term> = first.inputs.iter().map(|&s| e.store.symbol_term(s)).collect();
    let mut next = |f: &Function| {
        // Parts of one endomorphism share the symbols of their states; each function names its own inputs.
        let by: FxHashMap<SymbolId, Term> = f.inputs.iter().copied().zip(at.iter().copied()).collect();
        at = e.store.substitute(&f.outputs, &by);
        at.clone()
    };
    carried.iter().map(&mut next).collect()
}

/// Whether the Jacobian of a part of a path seems to be of a simpler form than is seen of it.
fn hides_relations(e: &mut Elaborator<'_>, path: &MorphismPath) -> Elab<bool> {
    for m in &path.parts {
        if m.source.dim.max(m.target.dim) <= LARGEST_EXPLAINED {
            let j = jacobian(e, m)?;
            if generic::hides_relations(e, j) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The finite matrix parameter `P` of an endomorphism `f` with `f_P ; f_Q = f_PQ` or `f_QP`, if there is one. What
/// commutes with the maps of generators of the group then commutes with all, by pasting: composites of commuting squares
/// commute, and every member is a composite of generators.
pub(super) fn generated(e: &mut Elaborator<'_>, path: &MorphismPath) -> Option<SymbolId> {
    let [m] = &path.parts[..] else { return None };
    if m.source.symbol != m.target.symbol {
        return None;
    }
    let free = e.store.free_symbols(&[m.map]);
    let finite = |q: &&Quantified| free.contains(&q.symbol) && q.draw != Draw::Real;
    let family: Vec<Quantified> = e.quantified.iter().filter(finite).cloned().collect();
    let [Quantified { symbol, draw: Draw::Permutation | Draw::SignedPermutation, .. }] = family[..] else {
        return None;
    };
    let shape = e.store.symbol_info(symbol).shape.clone();
    let (_, p) = e.store.symbol("P", &shape);
    let (_, q) = e.store.symbol("Q", &shape);
    let at = |e: &mut Elaborator<'_>, matrix: Term, point: Term| {
        e.store.substitute_one(m.map, &[(symbol, matrix), (m.source.symbol, point)].into_iter().collect())
    };
    let first = at(e, p, m.source.point);
    let both = at(e, q, first);
    let (pq, qp) = (e.store.matmul(p, q), e.store.matmul(q, p));
    [pq, qp]
        .into_iter()
        .any(|product| {
            let whole = at(e, product, m.source.point);
            let difference = e.store.sub(both, whole);
            crate::check::generic::vanish_freely(e, &[difference])
        })
        .then_some(symbol)
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
