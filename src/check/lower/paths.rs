//! Questions about paths alone: whether two are equal, and whether one preserves a function.

use super::claims::claims_of;
use super::names::{component, route};
use super::square::generated;
use super::{Function, finish, interpret, problem, show_point, task};
use crate::check::{Claim, ClaimKind, Component, Equation, Shape, Task};
use crate::core::error::ModelError;
use crate::core::names::Model;
use crate::diagram::{Diagram, Mor, Ob};
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Elab, Elaborator};
use crate::model::morphism::Along;
use crate::syntax::tree::{Check, Path as TreePath};
use crate::term::SymbolId;

pub(super) fn commutes(
    model: &Model,
    check: &Check,
    (left, right): (Along<'_>, Along<'_>),
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let mut e = Elaborator::new(model);
    let mut go = || -> Elab<Task> {
        let l = e.whole_path(left);
        let r = e.whole_path(right);
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
        let mut t = task(check);
        t.along(vec![route(&l), route(&r)]);
        t.problems.push(problem(Shape::Plain, equation, l.source.domain.clone(), claims));
        Ok(t)
    };
    let result = go();
    finish(e, result, errors)
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

pub(super) fn preserves(
    model: &Model,
    check: &Check,
    what: &str,
    path: &TreePath,
    errors: &mut Vec<ModelError>,
) -> Elab<Task> {
    let mut e = Elaborator::new(model);
    let mut go = || -> Elab<Task> {
        let p = e.whole_path(path.into())?;
        if what != "loss" && what != "output" {
            let help = Some("a morphism can preserve `loss` or `output`".to_owned());
            let span = check.span;
            return e.fail(ModelError::UnknownName { what: "part of an architecture", name: what.into(), help, span });
        }
        let part = |a: &Architecture| if what == "loss" { a.loss } else { a.output };
        let needed = |e: &mut Elaborator<'_>, a: &Architecture| match part(a) {
            Some(t) => Ok(t),
            None => {
                let architecture = a.given_by.clone();
                let part = if what == "loss" { "loss" } else { "output" };
                let needed_by = format!("`preserves {what}`");
                e.fail(ModelError::Incomplete {
                    architecture,
                    part,
                    needed_by,
                    span: check.span,
                    asked: None,
                    elsewhere: None,
                })
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
            let presupposed = |c: &Claim| {
                !matches!(
                    &c.kind,
                    ClaimKind::Equal { what: "loss" | "output" | "output metric", .. }
                        | ClaimKind::Differentiable { .. }
                )
            };
            claims.extend(claims_of(&mut e, m)?.into_iter().filter(presupposed));
        }
        let family = generated(&mut e, &p);
        e.generated.extend(family);
        let mut t = task(check);
        t.along(vec![route(&p)]);
        t.problems.push(problem(Shape::Plain, equation, p.source.domain.clone(), claims));
        Ok(t)
    };
    let result = go();
    finish(e, result, errors)
}
