//! Learning rates for the objects of a system.
//!
//! A square of `f : A → B` that commutes up to the rate `c` commutes if `B` runs at `c` times the learning rate of `A`. So
//! the learning rates that make a whole system commute are a potential on its objects: `lr(B) = c · lr(A)` along every
//! generator. There is one exactly if the products of the rates agree along all paths between two objects, taken in either
//! direction; it is unique up to a factor, which is chosen so that the smallest object has 1. All of it is exact.

use std::collections::VecDeque;

use crate::check::lower::system::System;
use crate::diagram::{Diamond, Path};
use crate::domain::Rational;
use crate::domain::roots::rational_power;
use crate::model::system::Arrow;

/// What a square says of the learning rates at its ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Pace {
    /// The target runs at this multiple of the source's learning rate.
    Exact(Rational),
    /// Both sides are zero: any learning rate will do.
    Free,
    /// A formula, or no rate at all.
    Unknown,
}

/// Learning rates that make a system commute, or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub enum Rates {
    /// The same for all objects.
    Equal,
    /// One for each object, relative to the smallest one.
    Potential {
        /// The smallest object.
        reference: String,
        /// Each object with its learning rate, in order.
        table: Vec<(String, Rational)>,
        /// The formula, for a chain that has one: `lr(n) ∝ 2^n`.
        law: Option<String>,
        /// What becomes of the limit if all members have the same learning rate.
        fixed: Option<String>,
    },
    /// The rates around some part of the system contradict each other.
    Conflict(String),
}

/// Works out the learning rates from the paces of the squares; `None` if some rate is not a number.
pub(super) fn rates(system: &System, arrows: &[Arrow], paces: &[Pace]) -> Option<Rates> {
    if paces.contains(&Pace::Unknown) {
        return None;
    }
    let one = |p: &Pace| matches!(p, Pace::Free) || *p == Pace::Exact(Rational::ONE);
    if paces.iter().all(one) {
        return Some(Rates::Equal);
    }
    if let Some(text) = diamond_conflict(system, paces) {
        return Some(Rates::Conflict(text));
    }
    let objects = &system.family.objects;
    let targets: Vec<usize> = arrows.iter().map(|a| a.target).collect();
    let sources: Vec<usize> = if system.family.direct { arrows.iter().map(|a| a.source).collect() } else { Vec::new() };
    let smallest = system.sinks.iter().chain(&targets).chain(&sources).copied().min_by_key(|&o| (objects[o].dim, o))?;
    let mut neighbours: Vec<Vec<(usize, usize, bool)>> = vec![Vec::new(); objects.len()];
    for (k, (a, p)) in arrows.iter().zip(paces).enumerate() {
        if matches!(p, Pace::Exact(_)) {
            neighbours[a.source].push((k, a.target, true));
            neighbours[a.target].push((k, a.source, false));
        }
    }
    let mut rate: Vec<Option<Rational>> = vec![None; objects.len()];
    rate[smallest] = Some(Rational::ONE);
    let mut queue = VecDeque::from([smallest]);
    // Parts that only free squares connect have a potential each; the largest part around the smallest object is shown.
    while let Some(at) = queue.pop_front() {
        let own = rate[at].clone()?;
        for &(k, next, down) in &neighbours[at] {
            let Pace::Exact(c) = &paces[k] else { continue };
            let there = if down { c * &own } else { &own / c };
            match &rate[next] {
                None => {
                    rate[next] = Some(there);
                    queue.push_back(next);
                }
                Some(known) if *known == there => {}
                Some(known) => {
                    return Some(Rates::Conflict(format!(
                        "the rates contradict each other at {}: along `{}` its learning rate would be {there} times that of {}, along \
                         other projections {known} times",
                        objects[next].label, arrows[k].label, objects[smallest].label
                    )));
                }
            }
        }
    }
    let table: Vec<(usize, Rational)> = rate.into_iter().enumerate().filter_map(|(o, r)| r.map(|r| (o, r))).collect();
    let (law, fixed) = match law(system, &table) {
        Some((law, growth)) => {
            // A finite chain has its own limit, the largest member, and nothing beyond it.
            let endless = growth.filter(|_| !system.family.unbounded.is_empty());
            (Some(law), endless.map(|g| degenerate(&objects[smallest].label, g)))
        }
        None => (None, None),
    };
    // The smallest objects first.
    let mut table = table;
    table.sort_by_key(|(o, _)| objects[*o].dim);
    let table = table.into_iter().map(|(o, r)| (objects[o].label.clone(), r)).collect();
    Some(Rates::Potential { reference: objects[smallest].label.clone(), table, law, fixed })
}

/// A diamond along whose sides the products of the rates differ.
fn diamond_conflict(system: &System, paces: &[Pace]) -> Option<String> {
    if system.cone.is_some() {
        return None;
    }
    let product = |p: &Path| -> Option<Rational> {
        let Path::Arrows(arrows) = p else { return Some(Rational::ONE) };
        arrows.iter().try_fold(Rational::ONE, |acc, m| match &paces[m.index()] {
            Pace::Exact(c) => Some(acc * c),
            _ => None,
        })
    };
    let differs = |d: &&Diamond| {
        let (l, r) = (product(&d.pair.left), product(&d.pair.right));
        l.is_some() && r.is_some() && l != r
    };
    let d = system.diamonds.iter().find(differs)?;
    let side = |p: &Path| {
        let text = product(p).map_or_else(String::new, |c| c.to_string());
        format!("`{}` has the rate {text}", system.diagram.path_label(p))
    };
    Some(format!(
        "the rates disagree around a diamond: {}, but {}; no learning rates make the whole system commute",
        side(&d.pair.left),
        side(&d.pair.right)
    ))
}

/// How a sequence of learning rates behaves along the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    /// To infinity.
    Up,
    /// To zero.
    Down,
}

/// A formula in the index of a chain for the learning rates of its objects.
fn law(system: &System, table: &[(usize, Rational)]) -> Option<(String, Option<Growth>)> {
    let chain = system.family.chain.as_ref()?;
    let mut points: Vec<(u64, &Rational)> = table.iter().map(|(o, r)| (chain.values[*o], r)).collect();
    points.sort_unstable_by_key(|p| p.0);
    if points.len() < 3 {
        return None;
    }
    let n = &chain.index;
    let ratio = points[1].1 / points[0].1;
    let consecutive = points.windows(2).all(|w| w[1].0 == w[0].0 + 1);
    if consecutive && points.windows(2).all(|w| w[1].1 / w[0].1 == ratio) {
        let text = if ratio.is_one() {
            return Some((format!("lr({n}) the same for all {n}"), None));
        } else if ratio < Rational::ONE && ratio.numerator() == &dashu_int::IBig::ONE {
            format!("lr({n}) ∝ 1/{}^{n}", ratio.denominator())
        } else if ratio.is_int() {
            format!("lr({n}) ∝ {ratio}^{n}")
        } else {
            format!("lr({n}) ∝ ({ratio})^{n}")
        };
        return Some((text, Some(if ratio > Rational::ONE { Growth::Up } else { Growth::Down })));
    }
    // `lr · (n + k)^(-p)` is constant for some small p and k.
    for (shift, p) in [0i64, 1, -1, 2].into_iter().flat_map(|k| [1i64, -1, 2, -2, 3, -3].map(|p| (k, p))) {
        let scaled = |&(v, r): &(u64, &Rational)| -> Option<Rational> {
            let base = Rational::from(i64::try_from(v).ok()? + shift);
            if base <= Rational::ZERO {
                return None;
            }
            Some(r * rational_power(&base, &Rational::from(-p))?)
        };
        let first = scaled(&points[0]);
        if first.is_none() || !points.iter().all(|x| scaled(x) == first) {
            continue;
        }
        let base = match shift {
            0 => n.clone(),
            k if k > 0 => format!("({n} + {k})"),
            k => format!("({n} - {})", -k),
        };
        let power = if p.abs() == 1 { base } else { format!("{base}^{}", p.abs()) };
        let text = if p > 0 { format!("lr({n}) ∝ {power}") } else { format!("lr({n}) ∝ 1/{power}") };
        return Some((text, Some(if p > 0 { Growth::Up } else { Growth::Down })));
    }
    None
}

/// What one learning rate for all members of an endless chain does in the limit, if the law goes on: the motion of a member, seen in the smallest object, is faster
/// than that object's own by the inverse of its learning rate in the table.
fn degenerate(reference: &str, growth: Growth) -> String {
    match growth {
        Growth::Up => format!(
            "if the law goes on, with one fixed learning rate the motion of large members, seen in {reference}, slows down to 0: the limit is degenerate"
        ),
        Growth::Down => format!(
            "if the law goes on, with one fixed learning rate the motion of large members, seen in {reference}, grows without bound: the limit is degenerate"
        ),
    }
}
