//! The diagram of a check: which objects and arrows it has, and which of them are to blame.

use super::layout::{Place, arrange};
use super::{Drawing, Mark};
use crate::Answer;
use crate::check::Kind;
use crate::check::lower::system::System;
use crate::check::system::Report;
use crate::check::task::Route;

/// So many arrows of a system are drawn.
const MOST: usize = 200;

/// So many parts of a path are drawn one by one.
const PARTS: usize = 4;

/// So many pairs of paths that are not equal are told.
const TOLD: usize = 4;

pub(super) fn of(answer: &Answer) -> Option<Drawing> {
    let task = &answer.task;
    if let Some(report) = &answer.system {
        return Some(system(report.system.as_deref()?, Some(report)));
    }
    if !answer.has_verdict() {
        return None;
    }
    // Of one square there is only one thing to say, and the title says it where all is well.
    let mark = match Mark::of(answer.finding.verdict().text()) {
        Mark::Commutes => Mark::Plain,
        other => other,
    };
    match (task.kind, &task.routes[..], &task.sides) {
        (Kind::Natural | Kind::Training | Kind::Transfer, [route], _) => {
            Some(squares(task.optimizer.as_deref()?, route, task.flow, mark))
        }
        (Kind::Natural | Kind::Training | Kind::Transfer, [], _) => {
            let (a, b) = task.on.as_ref().map_or(("A", "B"), |on| (on.as_str(), on.as_str()));
            let steps = vec![(task.along.clone()?, b.to_owned())];
            let route = Route { source: a.to_owned(), steps, morphisms: Vec::new() };
            Some(squares(task.optimizer.as_deref()?, &route, task.flow, mark))
        }
        (Kind::Preserves, [route], _) => {
            let what = if task.text.starts_with("preserves output") { "output" } else { "loss" };
            Some(preserves(route, what, mark))
        }
        (Kind::Commutes, [left, right], _) => Some(paths(left, right, mark)),
        (Kind::Same, _, Some((left, right))) => {
            let on = task.on.as_deref().unwrap_or("A");
            let mut d = Drawing::default();
            let t = if task.flow { "TS" } else { "S" };
            let (a, b) = (d.node(&format!("S({on})"), 0, 0), d.node(&format!("{t}({on})"), 1, 0));
            d.bent(a, b, left, mark, 1);
            d.bent(a, b, right, mark, -1);
            Some(d)
        }
        _ => None,
    }
}

/// The parts of a route, or the whole if they are many.
fn steps(route: &Route) -> Vec<(String, String)> {
    if route.steps.len() <= PARTS {
        return route.steps.clone();
    }
    let labels: Vec<&str> = route.steps.iter().map(|(label, _)| label.as_str()).collect();
    vec![(labels.join(" ; "), route.target().to_owned())]
}

/// The naturality squares along a path: states on the left, on the right what the optimizer makes of them.
fn squares(optimizer: &str, route: &Route, flow: bool, mark: Mark) -> Drawing {
    let mut d = Drawing::default();
    let t = if flow { "TS" } else { "S" };
    let steps = steps(route);
    let objects = std::iter::once(&route.source).chain(steps.iter().map(|(_, target)| target));
    let rows: Vec<(usize, usize)> = objects
        .enumerate()
        .map(|(row, object)| (d.node(&format!("S({object})"), 0, row), d.node(&format!("{t}({object})"), 1, row)))
        .collect();
    let last = rows.len() - 1;
    for (row, (from, to)) in rows.iter().enumerate() {
        // What is compared is the first and the last.
        let own = if row == 0 || row == last { mark } else { Mark::Plain };
        d.arrow(*from, *to, optimizer, own);
    }
    for (pair, (label, _)) in rows.windows(2).zip(&steps) {
        d.arrow(pair[0].0, pair[1].0, &format!("S({label})"), Mark::Plain);
        d.arrow(pair[0].1, pair[1].1, &format!("{t}({label})"), Mark::Plain);
    }
    d
}

/// A function on the target, and on the source.
fn preserves(route: &Route, what: &str, mark: Mark) -> Drawing {
    let mut d = Drawing::default();
    let steps = steps(route);
    let start = d.node(&route.source, 0, 0);
    let mut at = start;
    for (i, (label, target)) in steps.iter().enumerate() {
        let next = d.node(target, i + 1, 0);
        d.arrow(at, next, label, Mark::Plain);
        at = next;
    }
    let values = d.node(if what == "loss" { "R" } else { "outputs" }, steps.len(), 1);
    d.arrow(at, values, what, mark);
    d.bent(start, values, what, mark, -1);
    d
}

/// Two parallel paths, one above the other.
fn paths(left: &Route, right: &Route, mark: Mark) -> Drawing {
    let mut d = Drawing::default();
    let (above, below) = (steps(left), steps(right));
    let last = above.len().max(below.len());
    let (start, end) = (d.node(&left.source, 0, 1), d.node(left.target(), last, 1));
    for (path, row) in [(above, 0), (below, 2)] {
        let mut at = start;
        for (i, (label, target)) in path.iter().enumerate() {
            let next = if i + 1 == path.len() { end } else { d.node(target, i + 1, row) };
            let bend = match (path.len(), row) {
                (1, 0) => 1,
                (1, _) => -1,
                _ => 0,
            };
            d.bent(at, next, label, mark, bend);
            at = next;
        }
    }
    d
}

/// A system or a cone, with what was found of its squares.
pub(super) fn system(system: &System, report: Option<&Report>) -> Drawing {
    let mut d = Drawing::default();
    let all = &system.family.arrows;
    let arrows = &all[..all.len().min(MOST)];
    let pairs: Vec<(usize, usize)> = arrows.iter().map(|a| (a.source, a.target)).collect();
    let labels: Vec<String> = (0..system.diagram_objects()).map(|o| system.object_label(o)).collect();
    let places = arrange(&labels, &pairs, system.cone.is_some());
    let numbers: Vec<Option<usize>> = labels
        .iter()
        .zip(&places)
        .map(|(label, place)| place.map(|Place { column, row }| d.node(label, column, row)))
        .collect();
    let number = |object: usize| numbers.get(object).copied().flatten();
    for a in arrows {
        if let (Some(from), Some(to)) = (number(a.source), number(a.target)) {
            d.arrow(from, to, &a.label, mark_of(&a.label, report));
        }
    }
    if let Some((_, apex, legs, _)) = &system.cone {
        let below = d.nodes.iter().map(|n| n.row).max().unwrap_or(0) + 2;
        let own = number(*apex);
        let apex = own.unwrap_or_else(|| d.node(&system.object_label(*apex), 0, below));
        for leg in legs.iter().take(MOST) {
            // The other end of a leg: of a cone where it ends, of a cocone where it starts.
            let other = number(leg.target).filter(|to| *to != apex).or(number(leg.source).filter(|from| *from != apex));
            let direct = number(leg.target).is_none_or(|to| to == apex);
            if let Some(other) = other {
                let (from, to) = if direct { (other, apex) } else { (apex, other) };
                let bend = if own.is_some() { 1 } else { 0 };
                d.bent(from, to, &leg.label, mark_of(&leg.label, report), bend);
            }
        }
    }
    d.notes = notes(report);
    let drawn = d.nodes.len();
    if drawn < labels.len() {
        d.notes.push(format!("of {} objects {drawn} are drawn", labels.len()));
    }
    d
}

/// The paths that a square of a `check system` compares, as the labels of their arrows; none of another square.
fn compared(name: &str) -> Option<(Vec<&str>, Vec<&str>)> {
    let (left, right) = name.split_once(" == ")?;
    Some((left.split(" ; ").collect(), right.split(" ; ").collect()))
}

/// How an arrow stands: as its own square does, or as the weakest pair of paths that it is a part of.
fn mark_of(label: &str, report: Option<&Report>) -> Mark {
    let Some(report) = report else { return Mark::Plain };
    let part = |name: &str| match compared(name) {
        Some((left, right)) => left.contains(&label) || right.contains(&label),
        None => name == label,
    };
    let own = report.squares.iter().filter(|s| part(&s.name));
    own.map(|s| Mark::of(s.finding.verdict().text())).max().unwrap_or(Mark::Plain)
}

/// The pairs of paths that are not equal.
fn notes(report: Option<&Report>) -> Vec<String> {
    let squares = report.into_iter().flat_map(|r| &r.squares);
    let unequal: Vec<String> = squares
        .filter_map(|s| {
            let (left, right) = compared(&s.name)?;
            let (left, right) = (left.join(" ; "), right.join(" ; "));
            match Mark::of(s.finding.verdict().text()) {
                Mark::Plain | Mark::Commutes => None,
                Mark::Fails => Some(format!("{left}  ≠  {right}")),
                Mark::Partly => Some(format!("{left}  ==  {right}: {}", s.finding.verdict().text())),
            }
        })
        .collect();
    let more = unequal.len().saturating_sub(TOLD);
    let mut notes: Vec<String> = unequal.into_iter().take(TOLD).collect();
    if more > 0 {
        notes.push(format!("… and {more} more"));
    }
    notes
}
