//! `check same`: two optimizers, or two bodies.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::bodies::Bodies;
use super::names::components;
use super::{finish, optimizer_places, problem, show_state, task};
use crate::check::{Equation, Problem, Shape, Task, generic};
use crate::core::error::ModelError;
use crate::core::names::Model;
use crate::core::variance::Variance;
use crate::model::elaborate::{Elab, Elaborator, Scope};
use crate::model::morphism::instance_text;
use crate::model::optimizer::OptimizerOn;
use crate::syntax::tree::{Check, Instance};

pub(super) fn same(
    model: &Model,
    check: &Check,
    left: &Instance,
    right: &Instance,
    on: Option<&Instance>,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let mut e = Elaborator::new(model);
    let mut t = task(check, "same", format!("same {} == {}", instance_text(left), instance_text(right)));
    t.on = on.map(instance_text);
    if let Some(on) = &t.on {
        t.text = format!("{} on {on}", t.text);
    }
    t.sides = Some((instance_text(left), instance_text(right)));
    t.optimizers = optimizer_places(model, [left, right]);
    let mut go = || -> Elab<Problem> {
        let bodies = Bodies::of(model, left, right);
        let mut generic = None;
        let a = match on {
            Some(on) => e.architecture(on, &Scope::default())?,
            None => {
                let free = bodies.as_ref().map_or(Err("an optimizer is unknown".to_owned()), Bodies::reach);
                let (a, bounds) = generic::architecture(&mut e, *free.as_ref().unwrap_or(&2), check.span);
                generic = Some(free.map(|_| bounds));
                Rc::new(a)
            }
        };
        let l = e.optimizer(left, &a, Some(Variance::Tangent));
        let r = e.optimizer(right, &a, Some(Variance::Tangent));
        let (l, r) = (l?, r?);
        let fits = l.states.len() == r.states.len()
            && l.states
                .iter()
                .zip(&r.states)
                .all(|(s, t)| s.name == t.name && s.variance == t.variance && s.each == t.each)
            && l.rate.is_some() == r.rate.is_some();
        if !fits {
            let reason = format!("`{}` and `{}` cannot be compared: {}", l.name, r.name, difference(&l, &r));
            let mut p = problem(Shape::Plain, Equation::empty(), Vec::new(), Vec::new());
            p.invalid = Some(reason);
            return Ok(p);
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
        let mut p = problem(Shape::Plain, equation, domain, Vec::new());
        p.generic = generic;
        p.same_bodies = on.is_none() && bodies.is_some_and(|b| b.same());
        Ok(p)
    };
    let result = go().map(|p| {
        t.problems.push(p);
        t
    });
    finish(e, result, errors)
}

pub(super) fn difference(l: &OptimizerOn, r: &OptimizerOn) -> String {
    if l.rate.is_some() != r.rate.is_some() {
        return "one is a flow and the other a step".into();
    }
    let list = |o: &OptimizerOn| {
        if o.states.is_empty() {
            return "no state".to_owned();
        }
        o.states
            .iter()
            .map(|s| format!("{} : {}{}", s.name, s.variance.text(), if s.each { " each" } else { "" }))
            .collect::<Vec<_>>()
            .join(", ")
    };
    format!("their states differ ({}; {})", list(l), list(r))
}
