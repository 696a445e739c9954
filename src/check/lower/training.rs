//! Questions about training from fresh states, as terms.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::bodies::Bodies;
use super::carry::carry;
use super::claims::claims_of;
use super::expected::{Expected, expected_rate, rate_scope};
use super::names::route;
use super::square::images;
use super::{component, components, difference, optimizer_places, problem, show_point, task};
use crate::check::generic::Size;
use crate::check::posed::Posed;
use crate::check::task::Route;
use crate::check::training::magnify::scales;
use crate::check::training::refute::SEARCHES;
use crate::check::training::{Asked, Factor, Kind, Side};
use crate::check::{Ask, Equation, Problem, Shape, Task, generic};
use crate::core::error::ModelError;
use crate::core::names::{Model, nearest};
use crate::core::variance::Variance;
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Elab, Elaborator, Reported, Scope};
use crate::model::morphism::{Along, MorphismPath, instance_text};
use crate::model::optimizer::OptimizerOn;
use crate::source::Span;
use crate::syntax::tree::{BlockRate, Check, ExpectedVerdict, Instance, Optimizer, Question, Via};
use crate::term::{SymbolId, Term};

/// `check training O along F` and `check transfer O along F`.
pub(super) fn along(model: &Model, posed: Posed<'_>, errors: &mut Vec<ModelError>) -> Elab<Task> {
    let Some((optimizer, along)) = posed.along() else { return Err(Reported) };
    let training = matches!(posed.check.question, Question::Training { .. });
    let mut t = task(posed.check);
    t.optimizers = optimizer_places(model, [optimizer]);
    let mut e = Elaborator::new(model);
    let kind = if training { Kind::Training } else { Kind::Transfer };
    let built = question(&mut e, optimizer, along, &Expected::of(posed, along), kind);
    errors.extend(e.errors.iter().cloned());
    let (mut asked, path) = built?;
    asked.problem.take(e);
    t.along(vec![path]);
    t.ask = Ask::Training(Box::new(asked));
    Ok(t)
}

type Built = (Asked, Route);

fn question(
    e: &mut Elaborator<'_>,
    optimizer: &Instance,
    along: Along<'_>,
    asked_for: &Expected<'_>,
    kind: Kind,
) -> Elab<Built> {
    let known = e.optimizer_id(&optimizer.name);
    let path = e.whole_path(along);
    let (id, path) = (known?, path?);
    let (factors, scaling) = factors(e, id);
    let source = e.optimizer(optimizer, &path.source, Some(Variance::Tangent))?;
    let target = e.optimizer_with(optimizer, &path.target, Some(Variance::Tangent), &scaling)?;
    let mut claims = Vec::new();
    for m in &path.parts {
        claims.extend(claims_of(e, m)?);
    }
    let map = path.map(&mut e.store);
    let carried = carried(e, optimizer, &path, &source, &target)?;
    let places = [(&source, path.source.point), (&target, map)];
    e.images = places.into_iter().map(|(o, image)| fresh(e, o, image)).collect();
    let expected = match asked_for.verdict {
        Some(ExpectedVerdict::UpToRates(rates)) => expected_rates(e, rates, asked_for, &factors, &path.target)?,
        _ => Vec::new(),
    };
    let mut p = shell(&source, &path.source, &target);
    p.claims = claims;
    p.expected_rate = expected_rate(e, asked_for)?;
    show_point(e, &path.source);
    let rate = source.rate;
    let (source, target) = (side(e, source, None), side(e, target, scaling.first().map(|s| s.1)));
    let symbols: Vec<SymbolId> = factors.iter().map(|f| f.symbol).collect();
    let source_with_factors = match scales(&e.store, &target, &symbols) {
        Some(_) if kind == Kind::Transfer => {
            let scaled = e.optimizer_with(optimizer, &path.source, Some(Variance::Tangent), &scaling)?;
            Some(side(e, scaled, scaling.first().map(|s| s.1)))
        }
        _ => None,
    };
    let asked = Asked {
        kind,
        problem: p,
        rate,
        source,
        source_with_factors,
        target,
        map,
        factors,
        carried,
        expected,
        via: Vec::new(),
        removed: Vec::new(),
        searches: SEARCHES,
    };
    Ok((asked, route(&path)))
}

/// Where an optimizer is read first: fresh states, at the image of the source's point.
fn fresh(e: &mut Elaborator<'_>, o: &OptimizerOn, image: Term) -> FxHashMap<SymbolId, Term> {
    let at = [(o.architecture.symbol, image)].into_iter().collect();
    let initial: Vec<Term> = o.states.iter().map(|s| s.initial).collect();
    let initial = e.store.substitute(&initial, &at);
    o.states.iter().map(|s| s.symbol).zip(initial).chain(at).collect()
}

/// A problem without an equation, for the setting and the domain of a question.
fn shell(source: &OptimizerOn, a: &Architecture, target: &OptimizerOn) -> Problem {
    let shape = source.rate.map_or(Shape::Flow, Shape::Step);
    let components = vec![component("params", &target.architecture, target.spans.first().copied())];
    let equation = Equation { components, ..Equation::empty() };
    problem(shape, equation, a.domain.clone(), Vec::new())
}

/// The hyperparameters of an optimizer, the small parameter first, with a factor for each.
fn factors(e: &mut Elaborator<'_>, id: crate::core::names::OptimizerId) -> (Vec<Factor>, Vec<(String, Term)>) {
    let decl = &e.model[id];
    let mut factors = Vec::new();
    let mut scaling = Vec::new();
    for name in std::iter::once(rate_name(decl)).chain(numbers(decl)) {
        let (symbol, t) = e.store.symbol(format!("factor of {name}"), &[]);
        e.store.assume_positive(t);
        scaling.push((name.clone(), t));
        factors.push(Factor { name, symbol });
    }
    (factors, scaling)
}

/// What the small parameter is called; of a flow there is none, and its field is what a rate multiplies.
fn rate_name(decl: &Optimizer) -> String {
    decl.dynamics.first().and_then(|d| d.step.as_ref()).map_or("lr".to_owned(), |n| n.name.clone())
}

/// The declared number parameters, in order.
fn numbers(decl: &Optimizer) -> impl Iterator<Item = String> + '_ {
    let real = |ty: &crate::syntax::tree::Type| ty.name.name == "R" && ty.dims.is_empty() && ty.arrow.is_none();
    decl.params.iter().filter(move |p| p.ty.as_ref().is_none_or(real)).map(|p| p.name.name.clone())
}

/// A side of the question. The field of a flow is multiplied by its rate.
pub(super) fn side(e: &mut Elaborator<'_>, o: OptimizerOn, rate: Option<Term>) -> Side {
    let mut next = o.components;
    if let (None, Some(rate)) = (o.rate, rate) {
        next = next.into_iter().map(|t| e.store.scalar_mul(rate, t)).collect();
    }
    Side {
        name: o.architecture.name.clone(),
        point: o.architecture.symbol,
        dim: o.architecture.dim,
        blocks: o.architecture.blocks.clone(),
        states: o.states,
        next,
        rules: o.rules,
    }
}

/// The target's states as the language's functor makes them of the source's.
fn carried(
    e: &mut Elaborator<'_>,
    optimizer: &Instance,
    path: &MorphismPath,
    source: &OptimizerOn,
    target: &OptimizerOn,
) -> Elab<Vec<Option<Term>>> {
    let none = vec![None; target.states.len()];
    let mut over: FxHashMap<SymbolId, Rc<OptimizerOn>> = FxHashMap::default();
    over.insert(path.target.symbol, Rc::new(target.clone()));
    over.insert(path.source.symbol, Rc::new(source.clone()));
    for m in &path.parts {
        if let std::collections::hash_map::Entry::Vacant(slot) = over.entry(m.target.symbol) {
            slot.insert(Rc::new(e.optimizer(optimizer, &m.target, Some(Variance::Tangent))?));
        }
    }
    let Ok(found) = carry(e, path, &over)? else { return Ok(none) };
    let end = images(e, &found.maps).pop().unwrap_or_default();
    Ok(end.into_iter().skip(1).map(Some).collect())
}

fn expected_rates(
    e: &mut Elaborator<'_>,
    rates: &[BlockRate],
    asked_for: &Expected<'_>,
    factors: &[Factor],
    target: &Architecture,
) -> Elab<Vec<(usize, usize, Term)>> {
    let scope = rate_scope(e, asked_for)?;
    let mut all = Vec::new();
    for r in rates {
        let j = factors.iter().position(|f| f.name == r.hyperparameter.name);
        let b = target.blocks.iter().position(|b| b.name == r.block.name);
        let value = e.expr(&r.value, &scope);
        let (Some(j), Some(b)) = (j, b) else {
            let (what, ident) = if j.is_none() { ("hyperparameter", &r.hyperparameter) } else { ("block", &r.block) };
            let names: Vec<&str> = match j {
                None => factors.iter().map(|f| f.name.as_str()).collect(),
                Some(_) => target.blocks.iter().map(|b| b.name.as_str()).collect(),
            };
            let near = nearest(&ident.name, names.iter().copied()).map(|n| format!("did you mean `{n}`?"));
            let help = near.or_else(|| Some(format!("there are {}", names.join(", "))));
            return e.fail(ModelError::UnknownName { what, name: ident.name.clone(), help, span: ident.span });
        };
        let value = value?;
        e.expect_shape(value, &[], "a rate", r.value.span)?;
        all.push((b, j, value));
    }
    Ok(all)
}

/// What is compared of two optimizers.
#[derive(Clone, Copy)]
pub(super) enum Compared<'a> {
    /// One step, with a map between their states if one is given.
    Step(Option<&'a Via>),
    /// Runs from fresh states.
    Training,
}

/// Two optimizers that are compared: on an architecture, or on a generic one of some size.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub left: &'a Instance,
    pub right: &'a Instance,
    pub on: Option<&'a Instance>,
    pub compared: Compared<'a>,
    pub size: Size,
}

/// `check same training O1 == O2 on A`, and `check same O1 == O2 on A via { … }` or with states that match; `check` has the
/// words of the task.
pub(super) fn same(
    model: &Model,
    check: &Check,
    pair: Pair<'_>,
    expected: &Expected<'_>,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let mut t = task(check);
    t.optimizers = optimizer_places(model, [pair.left, pair.right]);
    let mut e = Elaborator::new(model);
    let built = same_question(&mut e, pair, expected, check.span);
    errors.extend(e.errors.iter().cloned());
    let mut asked = built?;
    asked.problem.take(e);
    t.ask = Ask::Training(Box::new(asked));
    Ok(t)
}

fn same_question(
    e: &mut Elaborator<'_>,
    Pair { left, right, on, compared, size }: Pair<'_>,
    expected: &Expected<'_>,
    span: Span,
) -> Elab<Asked> {
    let (l, r) = (e.optimizer_id(&left.name), e.optimizer_id(&right.name));
    let (_, r) = (l?, r?);
    let bodies = Bodies::of(e.model, left, right);
    let (a, generic) = match on {
        Some(on) => (e.architecture(on, &Scope::default())?, None),
        None => {
            let free = bodies.as_ref().map_or(Err("an optimizer is unknown".to_owned()), Bodies::reach);
            let (a, bounds) = generic::architecture(e, *free.as_ref().unwrap_or(&2), size, span);
            (Rc::new(a), Some(free.map(|_| bounds)))
        }
    };
    let (mut factors, mut scaling) = factors(e, r);
    factors.truncate(1);
    scaling.truncate(1);
    let source = e.optimizer(left, &a, Some(Variance::Tangent));
    let target = e.optimizer_with(right, &a, Some(Variance::Tangent), &scaling);
    let (source, target) = (source?, target?);
    let mut p = shell(&source, &a, &target);
    if let Compared::Training = compared {
        e.images = [&source, &target].into_iter().map(|o| fresh(e, o, a.point)).collect();
    }
    let mut via = None;
    if let Compared::Step(given) = compared {
        let map = e.state_map((left, right), (&source, &target), given)?;
        p.equation.components = components(&target);
        via = map.iter().copied().collect::<Option<Vec<Term>>>();
        let general: FxHashMap<SymbolId, Term> = source.states.iter().map(|s| (s.symbol, s.general)).collect();
        let known: Vec<(SymbolId, Term)> =
            target.states.iter().zip(&map[1..]).filter_map(|(s, v)| Some((s.symbol, (*v)?))).collect();
        let there = known.into_iter().map(|(s, v)| (s, e.store.substitute_one(v, &general))).collect();
        e.images = vec![general, there];
        let missed = given.is_none() && source.states.len() != target.states.len();
        if missed {
            let difference = difference(&source, &target);
            p.invalid = Some(format!("`{}` and `{}` cannot be compared: {difference}", source.name, target.name));
        } else if via.is_none() {
            let missing: Vec<String> = (target.states.iter().zip(&map[1..]))
                .filter(|(_, v)| v.is_none())
                .map(|(s, _)| format!("`{}`", s.name))
                .collect();
            p.invalid = Some(format!(
                "`{}` and `{}` cannot be compared: {}; a map between their states, `via {{ … }}`, has to give {}",
                source.name,
                target.name,
                difference(&source, &target),
                missing.join(", ")
            ));
        }
    }
    if source.rate.is_some() != target.rate.is_some() {
        p.invalid = Some("one is a flow and the other a step".into());
    }
    p.generic = generic;
    let via_states = matches!(compared, Compared::Step(Some(_)) | Compared::Training);
    p.sums = on.is_none() && bodies.as_ref().is_some_and(Bodies::sums);
    p.same_bodies = on.is_none() && !via_states && bodies.is_some_and(|b| b.same());
    p.expected_rate = expected_rate(e, expected)?;
    match via {
        Some(_) => super::show_state(e, &source),
        None => show_point(e, &a),
    }
    let rate = source.rate;
    let states = target.states.len();
    let (mut source, mut target) = (side(e, source, None), side(e, target, scaling.first().map(|s| s.1)));
    source.name = instance_text(left);
    target.name = instance_text(right);
    let kind = match compared {
        Compared::Training => Kind::Same,
        Compared::Step(_) => Kind::Via,
    };
    Ok(Asked {
        kind,
        via: via.unwrap_or_default(),
        problem: p,
        rate,
        source,
        source_with_factors: None,
        target,
        map: a.point,
        factors,
        carried: vec![None; states],
        expected: Vec::new(),
        removed: Vec::new(),
        searches: SEARCHES,
    })
}
