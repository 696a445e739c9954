//! What follows for the inverse limit of a system when its squares hold.
//!
//! A *thread* of a system is a choice of one point in each object that every projection respects; the inverse limit is the
//! set of threads. If every square commutes, the fields (or the steps) of all objects together carry threads to threads:
//! the optimizer acts on the limit. A cone maps its apex to threads; if the squares of its legs commute, this map carries
//! the optimizer of the apex to that of the limit.

use super::rates::Rates;
use super::{Context, Square};
use crate::check::Shape;
use crate::verdict::{Finding, Verdict};

/// A sentence for the summary; `None` where nothing follows.
pub(super) fn sentence(
    c: &Context<'_>,
    (optimizer, shape): (&str, Option<&Shape>),
    (finding, squares): (&Finding, &[Square]),
    rates: Option<&Rates>,
) -> Option<String> {
    let flow = matches!(shape, Some(Shape::Flow));
    let induced = if flow { "a vector field" } else { "a map" };
    let system = &c.system.family.name;
    let place = match &c.system.cone {
        Some((cone, apex, ..)) if c.system.family.direct => format!(
            "along the cocone {cone} the optimizer of each object of {system} is carried to that of {}",
            c.system.family.objects[*apex].label
        ),
        None if c.system.family.direct => {
            format!(
                "{optimizer} induces {induced} on the colimit of {system}: where a point of one member goes, its images go"
            )
        }
        Some((cone, apex, ..)) => format!(
            "along the cone {cone} the optimizer of {} is carried to {induced} on the threads of {system}",
            c.system.family.objects[*apex].label
        ),
        None => format!("{optimizer} induces {induced} on the inverse limit of {system}: threads move as threads"),
    };
    match finding.verdict() {
        Verdict::Commutes => Some(place),
        Verdict::UpToRate => match rates {
            Some(Rates::Conflict(_)) => None,
            Some(_) => Some(format!("with these learning rates {place}")),
            // Rates that are formulas may contradict each other where there are parallel paths.
            None if !c.system.diamonds.is_empty() => None,
            None => Some(format!("with the learning rates of each stage as given, {place}")),
        },
        Verdict::InLimit => {
            let order = squares.iter().filter_map(|s| s.finding.order()).min();
            let power = order.map_or_else(|| "second order or smaller".to_owned(), |k| format!("order lr^{k}"));
            if c.system.family.direct {
                return Some(format!("one step respects the embeddings of {system} up to a defect of {power}"));
            }
            Some(format!(
                "one step carries threads of {system} to threads up to a defect of {power} in every object that was looked at"
            ))
        }
        _ => None,
    }
}
