//! `check system`: the claims of the generators, and the equality of parallel paths.

use rayon::prelude::*;

use super::{Context, Pace, Report, Square, Stopped, assumptions, ground, residual, unbounded, weakest};
use crate::check::Task;
use crate::check::decide::decide;
use crate::check::lower::system::{claims, equality};
use crate::core::error::ModelError;
use crate::diagram::Diamond;
use crate::model::system::Arrow;
use crate::syntax::tree::Instance;
use crate::term::Store;
use crate::verdict::{Answer, Equality, Extent, Failure, Finding, Ground, Verdict};

/// One thing to look at.
enum Law<'a> {
    /// A generator keeps its claims.
    Claims(&'a Arrow),
    /// Two paths from one object to another are equal.
    Diamond(&'a Diamond),
    /// A leg of the cone is another leg followed by a generator.
    Leg(&'a Arrow, &'a Arrow, &'a Arrow),
    /// A leg of the cocone is a generator followed by another leg.
    Coleg(&'a Arrow, &'a Arrow, &'a Arrow),
}

/// Answers `check system S`.
///
/// # Errors
/// As [`super::answer`].
pub(super) fn laws(c: &Context<'_>, task: &mut Task) -> Result<(Finding, Report), Stopped> {
    let s = c.system;
    let mut all: Vec<Law<'_>> = s.family.arrows.iter().map(Law::Claims).collect();
    all.extend(s.diamonds.iter().map(Law::Diamond));
    let mut legs = 0;
    if let Some((_, _, cone, _)) = &s.cone {
        all.extend(cone.iter().map(Law::Claims));
        let to = |ob: usize| cone.iter().find(|l| l.target == ob);
        for a in &s.family.arrows {
            // A leg from an apex that is an object of the system to itself is the identity, whether it is given or not.
            if s.family.direct {
                let from = |ob: usize| cone.iter().find(|l| l.source == ob);
                if let (Some(leg), Some(on)) = (from(a.source), from(a.target)) {
                    all.push(Law::Coleg(a, on, leg));
                    legs += 1;
                }
            } else if let (Some(from), Some(leg)) = (to(a.source), to(a.target)) {
                all.push(Law::Leg(from, a, leg));
                legs += 1;
            }
        }
    }
    c.progress.begin(&task.text, all.len());
    let answers: Vec<Result<Square, Stopped>> = all
        .par_iter()
        .map(|law| {
            let square = look(c, law);
            c.progress.done();
            square
        })
        .collect();
    let mut squares = Vec::with_capacity(answers.len());
    for a in answers {
        squares.push(a?);
    }
    let finding = unbounded::laws(c, whole(c, &squares, legs))?;
    if let Some(k) = weakest(&squares).filter(|_| finding.verdict() < Verdict::Commutes) {
        let shown = lowered(c, &all[k])?;
        task.morphisms = shown.morphisms;
        task.problems = shown.problems;
        task.problems.iter_mut().for_each(|p| p.setting.store = Store::new());
    }
    let report = Report {
        objects: s.diagram_objects(),
        beginning: unbounded::beginning(c),
        generators: s.family.arrows.len(),
        squares,
        diamonds: Some(s.diamonds.len()),
        paths: s.paths.to_string(),
        direct: s.family.direct,
        ..Report::default()
    };
    Ok((finding, report))
}

fn lowered(c: &Context<'_>, law: &Law<'_>) -> Result<Task, Vec<ModelError>> {
    match law {
        Law::Claims(a) => claims(c.model, c.check, c.system, a),
        Law::Diamond(d) => {
            let (left, right) = (c.system.instances(&d.pair.left), c.system.instances(&d.pair.right));
            equality(c.model, c.check, (&left, &right))
        }
        Law::Leg(from, a, leg) | Law::Coleg(from, a, leg) => {
            let through: [Instance; 2] = [from.instance.clone(), a.instance.clone()];
            equality(c.model, c.check, (&through, std::slice::from_ref(&leg.instance)))
        }
    }
}

fn look(c: &Context<'_>, law: &Law<'_>) -> Result<Square, Stopped> {
    let name = match law {
        Law::Claims(a) => a.label.clone(),
        Law::Diamond(d) => {
            let d = &d.pair;
            format!("{} == {}", c.system.diagram.path_label(&d.left), c.system.diagram.path_label(&d.right))
        }
        Law::Leg(from, a, leg) | Law::Coleg(from, a, leg) => format!("{} ; {} == {}", from.label, a.label, leg.label),
    };
    let index = if let Law::Claims(a) = law { a.index.clone() } else { Vec::new() };
    let mut task = lowered(c, law)?;
    let Some(problem) = task.problems.first_mut() else {
        let finding = Finding::undecided("there is nothing to compare");
        return Ok(Square { name, index, finding, pace: Pace::Unknown });
    };
    let claims = problem.claims.is_empty();
    let mut finding = decide(problem, &c.budget())?;
    if matches!(law, Law::Claims(_)) && finding.verdict() == Verdict::Commutes {
        finding.residual = None;
        let ground = if claims { Ground::Structure } else { Ground::Algebra };
        finding.answer = Equality::new(Extent::Commutes, ground).into();
        finding.message = if c.system.family.direct { "an immersion".into() } else { "a submersion".into() };
    }
    Ok(Square { name, index, finding, pace: Pace::Unknown })
}

fn whole(c: &Context<'_>, squares: &[Square], legs: usize) -> Finding {
    let Some(k) = weakest(squares) else {
        return Finding::undecided("there is no generator to look at");
    };
    let (first, verdict) = (&squares[k], squares[k].finding.verdict());
    let diamonds = c.system.diamonds.len();
    let message = match verdict {
        Verdict::Commutes => {
            let paths = &c.system.paths;
            let count = c.system.family.arrows.len();
            let (one, are) = if c.system.family.direct {
                ("embedding", "immersions that preserve the loss")
            } else {
                ("projection", "submersions")
            };
            let projections = if count == 1 { format!("the {one} is") } else { format!("all {count} {one}s are") };
            let equal = match diamonds {
                0 => format!("no two of the {paths} paths are parallel"),
                1 => format!(
                    "1 diamond commutes, from which the equality of all parallel ones among {paths} paths follows"
                ),
                d => format!(
                    "{d} diamonds commute, from which the equality of all parallel ones among {paths} paths follows"
                ),
            };
            let cone = match legs {
                0 if c.system.cone.is_some() => format!("; the legs of the cone are {are}"),
                0 => String::new(),
                _ => format!("; the legs of the cone agree with the {one}s"),
            };
            format!("{projections} {are}; {equal}{cone}")
        }
        Verdict::Fails => {
            format!("the paths {} differ: {}", first.name.replace(" == ", " and "), first.finding.message)
        }
        _ => format!("at `{}`: {}", first.name, first.finding.message),
    };
    let answer = match &first.finding.answer {
        Answer::Invalid { witness } => Answer::Invalid { witness: witness.clone() },
        Answer::Fails(failure) => Failure::at(failure.witness.clone()).into(),
        Answer::Undecided { .. } => Answer::OPEN,
        Answer::Holds(equality) => {
            let by_form = |s: &Square| s.finding.equality().is_some_and(|e| e.ground == Ground::Structure);
            let strongest = if diamonds + legs > 0 {
                Ground::Pasting
            } else if squares.iter().all(by_form) {
                Ground::Structure
            } else {
                Ground::Algebra
            };
            Equality::new(equality.extent.clone(), ground(squares, strongest)).into()
        }
    };
    let mut f = Finding::new(answer, message);
    if verdict == Verdict::Commutes {
        f.residual = residual(squares);
    } else {
        f.residual = first.finding.residual;
        f.tried.clone_from(&first.finding.tried);
    }
    f.assumptions = assumptions(squares);
    f.sampled_claims = super::sampled_claims(squares);
    f
}
