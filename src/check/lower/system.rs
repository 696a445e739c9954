//! Systems and cones as diagrams, and checks of them as tasks.

use std::sync::Arc;

use dashu_int::UBig;
use indexmap::IndexMap;

use super::{claims_of, finish, problem, task};
use crate::check::generic::Size;
use crate::check::posed::Posed;
use crate::check::system::{Ask, Asked};
use crate::check::{self, Equation, Shape, Task};
use crate::core::error::ModelError;
use crate::core::names::{Declared, Model};
use crate::core::system_error::SystemError;
use crate::diagram::{Diagram, Diamond, Path};
use crate::model::elaborate::{Elab, Elaborator};
use crate::model::morphism::Along;
use crate::model::system::{Arrow, Cone, Family, at_member, cone, system};
use crate::source::Span;
use crate::syntax::tree::{Check, Instance, Question};

/// Posets with parallel paths are compared through bit sets; beyond this number of objects these are too large.
const MAX_BRANCHING: usize = 20_000;

/// A system whose arrows are known to make a connected order.
#[derive(Debug)]
pub struct System {
    /// Objects and generators. The numbers of both are those of the diagram's.
    pub family: Family,
    /// The same as a diagram.
    pub diagram: Diagram,
    /// The pairs of paths whose equality makes all parallel paths equal.
    pub diamonds: Vec<Diamond>,
    /// The number of paths of at least one arrow.
    pub paths: UBig,
    /// The objects below all that lead to them: the smallest ones.
    pub sinks: Vec<usize>,
    /// The legs, if this is a cone over the system, with the apex and the place of the legs.
    pub cone: Option<(String, usize, Vec<Arrow>, Span)>,
}

/// The systems and cones of a file by name; `None` for those with faults.
#[derive(Debug, Default)]
pub struct Systems {
    known: IndexMap<String, Option<Arc<System>>>,
    /// The faults, in order of declaration.
    pub faults: Vec<ModelError>,
}

impl Systems {
    /// Works out all systems of a file.
    pub fn resolve(model: &Model, effort: usize) -> Self {
        let mut all = Systems::default();
        for (name, declared, _) in model.declarations() {
            let built = match declared {
                Declared::System(id) => system(model, id, effort).and_then(|f| ordered(f, None)),
                Declared::Cone(id) => cone(model, id, effort).and_then(|c| {
                    let Cone { name, system, apex, legs, place, .. } = c;
                    ordered(system, Some((name, apex, legs, place)))
                }),
                _ => continue,
            };
            match built {
                Ok(s) => all.known.insert(name.to_owned(), Some(Arc::new(s))),
                Err(errors) => {
                    // A cone does not repeat what is wrong with its system.
                    let news = errors.into_iter().filter(|e| !all.faults.contains(e)).collect::<Vec<_>>();
                    all.faults.extend(news);
                    all.known.insert(name.to_owned(), None)
                }
            };
        }
        all
    }

    /// The system or cone of this name, if it has no faults.
    pub fn get(&self, name: &str) -> Option<&System> {
        self.known.get(name)?.as_deref()
    }

    /// The task of a check of or along a system or a cone; `None` for other checks.
    pub fn task(&self, model: &Model, check: &Check) -> Option<Result<Task, Vec<ModelError>>> {
        match &check.question {
            Question::System { system } => {
                let known = self.known.get(&system.name)?;
                Some(self.asked(task(check), known.as_ref(), Ask::Laws))
            }
            Question::Training { optimizer, along } | Question::Transfer { optimizer, along } => {
                let [part] = &along.parts[..] else { return None };
                let known = self.known.get(&part.name.name)?;
                if !part.args.is_empty() {
                    let (message, help) =
                        ("a system takes no arguments".to_owned(), "its generators carry them".to_owned());
                    return Some(Err(vec![ModelError::Argument { message, help: Some(help), span: part.span }]));
                }
                let mut t = task(check);
                t.optimizers = super::optimizer_places(model, [optimizer]);
                let asked = self.asked(t, known.as_ref(), Ask::Training(optimizer.clone()));
                Some(asked.and_then(|t| {
                    let first = known.as_ref().and_then(|s| s.squares().first().map(|a| (s, a)));
                    first.map_or(Ok(()), |(s, a)| square(model, check, s, a).map(|_| ())).map(|()| t)
                }))
            }
            Question::Natural { optimizer, along, on } => {
                let [part] = &along.parts[..] else { return None };
                let known = self.known.get(&part.name.name)?;
                let refuse = |message: &str, help: &str, span| {
                    let (message, help) = (message.to_owned(), Some(help.to_owned()));
                    Some(Err(vec![ModelError::Argument { message, help, span }]))
                };
                if !part.args.is_empty() {
                    return refuse("a system takes no arguments", "its generators carry them", part.span);
                }
                if let Some(on) = on {
                    let message = "`on` narrows a class of transformations to one architecture; a system has its own";
                    return refuse(message, "leave `on …` out", on.span);
                }
                let mut t = task(check);
                t.optimizers = super::optimizer_places(model, [optimizer]);
                let asked = self.asked(t, known.as_ref(), Ask::Along(optimizer.clone()));
                // What is wrong with the optimizer shows at the first square already.
                Some(asked.and_then(|t| {
                    let first = known.as_ref().and_then(|s| s.squares().first().map(|a| (s, a)));
                    first.map_or(Ok(()), |(s, a)| square(model, check, s, a).map(|_| ())).map(|()| t)
                }))
            }
            Question::Commutes { .. }
            | Question::Preserves { .. }
            | Question::Same { .. }
            | Question::SameTraining { .. }
            | Question::Trace(_) => None,
        }
    }

    fn asked(&self, mut t: Task, known: Option<&Arc<System>>, ask: Ask) -> Result<Task, Vec<ModelError>> {
        // The faults of a system that has some are reported where it is declared.
        let system = known.ok_or_else(Vec::new)?;
        t.ask = check::Ask::System(Asked { system: Arc::clone(system), ask });
        Ok(t)
    }
}

impl System {
    /// The generators whose squares a `check natural` asks for: those of the system, or the legs of the cone.
    pub fn squares(&self) -> &[Arrow] {
        self.cone.as_ref().map_or(&self.family.arrows, |c| &c.2)
    }

    /// The name of an object, or of the apex.
    pub fn object_label(&self, object: usize) -> String {
        let apex = self.cone.as_ref().filter(|(_, number, ..)| *number == object).map(|(name, ..)| name.clone());
        self.family.objects.get(object).map(|o| o.label.clone()).or(apex).unwrap_or_default()
    }

    /// The number of objects, without an apex that is none of them.
    pub fn diagram_objects(&self) -> usize {
        self.family.arrows.iter().map(|a| a.source.max(a.target) + 1).max().unwrap_or(0)
    }

    /// The declared name.
    pub fn name(&self) -> &str {
        self.cone.as_ref().map_or(&self.family.name, |c| &c.0)
    }

    /// Where a generator is written.
    pub fn place(&self, arrow: &Arrow) -> Span {
        match &self.cone {
            Some(c) => c.3,
            None => self.family.places.get(arrow.generator).copied().unwrap_or(self.family.span),
        }
    }

    /// The uses of morphisms along a path.
    pub fn instances(&self, path: &Path) -> Vec<Instance> {
        match path {
            Path::Identity(_) => Vec::new(),
            Path::Arrows(arrows) => arrows.iter().map(|m| self.family.arrows[m.index()].instance.clone()).collect(),
        }
    }
}

/// Makes the diagram of a system, and sees that it is a connected order.
fn ordered(family: Family, cone: Option<(String, usize, Vec<Arrow>, Span)>) -> Result<System, Vec<ModelError>> {
    let mut diagram = Diagram::default();
    // The apex of a cone, if it is not an object of the system, is the last object, and no arrow touches it.
    let below = family.arrows.iter().map(|a| a.source.max(a.target) + 1).max().unwrap_or(0);
    let obs: Vec<_> = family.objects.iter().take(below).map(|o| diagram.object(o.label.clone())).collect();
    for a in &family.arrows {
        diagram.arrow(obs[a.source], obs[a.target], a.label.clone());
    }
    let fault = |e: SystemError| Err(vec![ModelError::from(e)]);
    let name = family.name.clone();
    let poset = match diagram.poset() {
        Ok(p) => p,
        Err(cycle) => {
            let label = |i: usize| family.objects[i].label.as_str();
            let arrows: Vec<&Arrow> = cycle.0.iter().map(|m| &family.arrows[m.index()]).collect();
            let mut path = arrows.first().map_or(String::new(), |a| label(a.source).to_owned());
            for (k, a) in arrows.iter().enumerate() {
                // A long cycle is told by its beginning and its end.
                if arrows.len() > 8 && (3..arrows.len() - 2).contains(&k) {
                    if k == 3 {
                        path.push_str(" → …");
                    }
                    continue;
                }
                path.push_str(&format!(" → {}", label(a.target)));
            }
            let first = arrows.first().and_then(|a| family.places.get(a.generator).copied());
            return fault(SystemError::Cycle { system: name, path, span: first.unwrap_or(family.span) });
        }
    };
    let parts = poset.parts();
    if let [first, second, ..] = &parts[..] {
        let text = |i: usize| family.objects[i].text.clone();
        let (first, second) = (text(first[0].index()), text(second[0].index()));
        let parts = parts.len();
        return fault(SystemError::Unconnected { system: name, first, second, span: family.span, parts });
    }
    if poset.branches() && below > MAX_BRANCHING {
        let found = format!("{below} objects with parallel paths between them");
        return fault(SystemError::TooLarge { system: name, found, limit: MAX_BRANCHING, span: family.span });
    }
    let (diamonds, paths) = (poset.diamonds(), poset.paths());
    let sinks = poset.sinks().into_iter().map(|o| o.index()).collect();
    Ok(System { family, diagram, diamonds, paths, sinks, cone })
}

/// The task of one square.
///
/// # Errors
/// All faults that elaboration found at this member.
pub fn square(model: &Model, check: &Check, system: &System, arrow: &Arrow) -> Result<Task, Vec<ModelError>> {
    let posed = Posed { check, member: Some(arrow) };
    super::posed(model, posed, Size::Usual).map_err(|errors| at(errors, system, arrow))
}

/// Names the member at which faults show.
fn at(errors: Vec<ModelError>, system: &System, arrow: &Arrow) -> Vec<ModelError> {
    let generator = system.place(arrow);
    errors.into_iter().map(|e| at_member(e, system.name(), &arrow.label, generator)).collect()
}

/// The claims of one generator, as a task with an empty equation.
///
/// # Errors
/// As [`square`].
pub fn claims(model: &Model, check: &Check, system: &System, arrow: &Arrow) -> Result<Task, Vec<ModelError>> {
    let mut errors = Vec::new();
    let mut e = Elaborator::new(model);
    let mut go = || -> Elab<Task> {
        let parts = std::slice::from_ref(&arrow.instance);
        let path = e.whole_path(Along { parts, span: arrow.instance.span })?;
        let mut claims = Vec::new();
        for m in &path.parts {
            claims.extend(claims_of(&mut e, m)?);
        }
        let equation = Equation {
            left: Vec::new(),
            right: Vec::new(),
            components: Vec::new(),
            left_path: String::new(),
            right_path: String::new(),
        };
        let mut t = task(check);
        t.text = format!("system: {} keeps its claims", arrow.label);
        t.morphisms = path.parts.iter().map(|m| (m.name.clone(), m.span)).collect();
        t.problems.push(problem(Shape::Plain, equation, path.source.domain.clone(), claims));
        Ok(t)
    };
    let result = go();
    finish(e, result, &mut errors).map_err(|_| at(errors, system, arrow))
}

/// The equality of two paths of generators, whose own claims are looked at elsewhere.
///
/// # Errors
/// As [`square`].
pub fn equality(
    model: &Model,
    check: &Check,
    (left, right): (&[Instance], &[Instance]),
) -> Result<Task, Vec<ModelError>> {
    let path = |parts| Along { parts, span: parts.first().map_or(check.span, |p: &Instance| p.span) };
    let mut errors = Vec::new();
    let result = super::commutes(model, check, (path(left), path(right)), &mut errors);
    let mut t = super::told(check, result, errors)?;
    t.problems.iter_mut().for_each(|p| p.claims.clear());
    Ok(t)
}
