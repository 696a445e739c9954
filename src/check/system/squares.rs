//! `check natural … along` a system or a cone: one square for each generator.

use rayon::prelude::*;

use super::rates::Rates;
use super::{
    Context, Pace, Report, Square, Stopped, assumptions, defect, ground, limit, rates, residual, unbounded, weakest,
};
use crate::check::auto::{self, Strongest};
use crate::check::decide::decide;
use crate::check::lower::system::square;
use crate::check::posed::Posed;
use crate::check::{Problem, Shape, Task, repair};
use crate::core::variance::Variance;
use crate::domain::Rational;
use crate::model::elaborate::Elaborator;
use crate::model::morphism::instance_text;
use crate::model::system::Arrow;
use crate::syntax::tree::{ExpectedVerdict, Instance};
use crate::term::Store;
use crate::verdict::{Answer, Equality, Extent, Failure, Finding, Ground, Limit, Rate, Verdict};

/// What was found of one square, read with one variance of the `auto` states; `None` if there are none.
struct Reading {
    variance: Option<Variance>,
    finding: Finding,
    /// Both sides are zero.
    zero: bool,
    /// Some state cannot be carried.
    refused: bool,
}

/// One reading for each variance that fits.
type Readings = Vec<Reading>;

/// Answers `check natural O along S`.
///
/// # Errors
/// As [`super::answer`].
pub(super) fn along(c: &Context<'_>, task: &mut Task, optimizer: &Instance) -> Result<(Finding, Report), Stopped> {
    let arrows = c.system.squares();
    let objects = &c.system.family.objects;
    // A state without a push-forward spoils the whole question; one square that shows it is enough.
    let lossy = arrows.iter().find(|a| objects[a.source].dim != objects[a.target].dim);
    let mut decided: Vec<(&Arrow, Readings)> = Vec::new();
    if let Some(a) = lossy {
        let first = readings(c, a)?;
        if first.iter().all(|r| r.refused) {
            decided.push((a, first));
        }
    }
    if decided.is_empty() {
        c.progress.begin(&task.text, arrows.len());
        let all: Vec<Result<Readings, Stopped>> = arrows
            .par_iter()
            .map(|a| {
                let r = readings(c, a);
                c.progress.done();
                r
            })
            .collect();
        for (a, r) in arrows.iter().zip(all) {
            decided.push((a, r?));
        }
    }
    let reading = strongest_reading(&decided);
    let variance = reading.variance;
    let mut squares: Vec<Square> = decided
        .into_iter()
        .filter_map(|(a, r)| {
            let r = r.into_iter().find(|r| r.variance == variance)?;
            let pace = pace(&r);
            Some(Square { name: a.label.clone(), index: a.index.clone(), finding: r.finding, pace })
        })
        .collect();
    expect_rate(c, &mut squares);
    let beyond = beyond(c, variance, &squares)?;
    // A member beyond that fails is a member that fails.
    if let Some((_, s)) = beyond.iter().find(|(_, s)| s.finding.verdict() == Verdict::Fails) {
        squares.push(s.clone());
    }
    let shown = weakest(&squares);
    if let Some(k) = shown {
        squares[k].finding = explain(c, task, &squares[k], variance)?;
    }
    let mut finding = whole(&squares);
    finding.repair = shown.and_then(|k| squares[k].finding.repair.clone());
    reading.tell(&mut finding);
    let paces: Vec<Pace> = squares.iter().map(|s| s.pace.clone()).collect();
    let rates = if squares.len() == arrows.len() { rates::rates(c.system, arrows, &paces) } else { None };
    // Of squares that commute at one rate there is nothing to say.
    let rates = rates.filter(|_| finding.verdict() >= Verdict::InLimit);
    let shape = task.problems.first().map(|p| &p.shape);
    let name = instance_text(optimizer);
    let limit = limit::sentence(c, (&name, shape), (&finding, &squares), rates.as_ref());
    let finding = unbounded::squares(c, optimizer, (&squares, &beyond), finding)?;
    let report = Report {
        system: None,
        objects: c.system.diagram_objects(),
        beginning: unbounded::beginning(c),
        generators: c.system.family.arrows.len(),
        paths: c.system.paths.to_string(),
        diamonds: None,
        rates: rates.filter(|r| *r != Rates::Equal),
        limit: limit.filter(|_| finding.verdict() >= Verdict::InLimit),
        laws: Vec::new(),
        direct: c.system.family.direct,
        defects: defect::defects(&squares),
        squares,
    };
    Ok((finding, report))
}

/// The squares of some members of a system without end beyond those that make its diagram, with their index; none where
/// the answer is settled without them.
fn beyond(c: &Context<'_>, variance: Option<Variance>, squares: &[Square]) -> Result<Vec<(u64, Square)>, Stopped> {
    if c.system.cone.is_some() || squares.iter().any(|s| s.finding.verdict() < Verdict::InLimit) {
        return Ok(Vec::new());
    }
    let arrows: Vec<&Arrow> = c.system.family.unbounded.iter().flat_map(|u| &u.beyond).collect();
    let all: Vec<Result<Readings, Stopped>> = arrows.par_iter().map(|a| readings(c, a)).collect();
    let mut found = Vec::new();
    for (a, r) in arrows.iter().zip(all) {
        // A member that has faults of its own is none of the diagram: nothing is said of it.
        let r = match r {
            Ok(r) => r,
            Err(Stopped::Faults(_)) => continue,
            Err(stopped) => return Err(stopped),
        };
        let Some(r) = r.into_iter().find(|r| r.variance == variance) else { continue };
        let pace = pace(&r);
        let square = Square { name: a.label.clone(), index: a.index.clone(), finding: r.finding, pace };
        found.push((a.index.first().map_or(0, |i| i.1), square));
    }
    Ok(found)
}

/// Compares the rate 1 of squares that commute with the rate that the check expects of each.
fn expect_rate(c: &Context<'_>, squares: &mut [Square]) {
    let Some(ExpectedVerdict::UpToRate(Some(formula))) = c.check.expect.as_ref().map(|e| &e.verdict) else { return };
    for s in squares.iter_mut().filter(|s| s.pace == Pace::Exact(Rational::ONE)) {
        let value = Elaborator::new(c.model).number_at(formula, &s.index);
        if let Some(q) = value.filter(|q| !q.is_one()) {
            s.finding.rate_differs = Some(q.to_string());
        }
    }
}

/// Lowers and decides one square, and forgets its terms. No witness is made simple: only one is going to be shown.
fn readings(c: &Context<'_>, arrow: &Arrow) -> Result<Readings, Stopped> {
    let task = square(c.model, c.check, c.system, arrow)?;
    let mut found = Vec::with_capacity(task.problems.len());
    for mut problem in task.problems {
        let finding = decide(&mut problem, &c.quick())?;
        let zero = sides_vanish(&problem);
        let refused = problem.invalid.is_some();
        found.push(Reading { variance: problem.auto, finding, zero, refused });
    }
    Ok(found)
}

/// Whether both sides of a square of flows are zero, so that it commutes at any rate.
fn sides_vanish(p: &Problem) -> bool {
    matches!(p.shape, Shape::Flow)
        && p.equation.left.iter().chain(&p.equation.right).all(|&t| p.setting.store.is_zero(t))
}

fn pace(r: &Reading) -> Pace {
    match (r.finding.verdict(), r.finding.rate(), r.finding.rate_exact()) {
        (Verdict::Commutes, ..) if r.zero => Pace::Free,
        (Verdict::Commutes, ..) | (Verdict::InLimit, None, _) => Pace::Exact(Rational::ONE),
        (Verdict::UpToRate | Verdict::InLimit, _, Some(c)) => Pace::Exact(c.clone()),
        _ => Pace::Unknown,
    }
}

/// The reading of the `auto` states whose weakest verdict is the strongest: one for the whole system.
fn strongest_reading(decided: &[(&Arrow, Readings)]) -> auto::Reading {
    let Some((_, first)) = decided.first() else { return auto::Reading::default() };
    let mut strongest = Strongest::default();
    for Reading { variance, .. } in first {
        let of = |r: &Readings| r.iter().find(|r| r.variance == *variance).map(|r| r.finding.verdict());
        let all: Option<Vec<Verdict>> = decided.iter().map(|(_, r)| of(r)).collect();
        // A variance that does not fit everywhere is none for the system.
        let Some(weakest) = all.and_then(|v| v.into_iter().min()) else { continue };
        strongest.consider(*variance, weakest, ());
    }
    strongest.best().map_or_else(auto::Reading::default, |((), reading)| reading)
}

/// The finding for the whole system from its squares.
fn whole(squares: &[Square]) -> Finding {
    let Some(k) = weakest(squares) else {
        return Finding::undecided("there is no square to look at");
    };
    let first = &squares[k];
    let verdict = first.finding.verdict();
    let count = squares.len();
    let weak = || {
        let others = squares.iter().filter(|s| s.finding.verdict() == verdict).count() - 1;
        let more = if others == 0 { String::new() } else { format!(" (and {others} more of {count})") };
        format!("at `{}`{more}: {}", first.name, first.finding.message)
    };
    let strong = |how: &str| {
        let of = if count == 1 {
            "the square of the generator".to_owned()
        } else {
            format!("all {count} squares of generators")
        };
        format!("{of} {how}, and those of composites by pasting")
    };
    let (answer, message) = match &first.finding.answer {
        Answer::Invalid { witness } => (Answer::Invalid { witness: witness.clone() }, weak()),
        Answer::Fails(failure) => {
            let order = failure.order;
            (Failure { order, ..Failure::at(failure.witness.clone()) }.into(), weak())
        }
        Answer::Undecided { .. } => (Answer::OPEN, weak()),
        Answer::Holds(equality) => {
            let (extent, how) = match &equality.extent {
                Extent::Commutes => (Extent::Commutes, "commute"),
                Extent::UpToRate(_) => (Extent::UpToRate(Rate::written(one_rate(squares))), "commute up to rate"),
                Extent::UpToRates => (Extent::UpToRates, "commute up to rates"),
                Extent::InLimit(_) => {
                    let order = squares.iter().filter_map(|s| s.finding.order()).min();
                    (Extent::InLimit(Limit { order, ..Limit::default() }), "commute in the limit of small steps")
                }
            };
            (Equality::new(extent, ground(squares, Ground::Pasting)).into(), strong(how))
        }
    };
    let mut f = Finding::new(answer, message);
    if f.equality().is_some() {
        f.residual = residual(squares);
    } else {
        f.residual = first.finding.residual;
        f.tried.clone_from(&first.finding.tried);
    }
    f.assumptions = assumptions(squares);
    f.sampled_claims = super::sampled_claims(squares);
    if verdict == Verdict::UpToRate {
        f.rate_differs = squares.iter().find_map(|s| {
            let expected = s.finding.rate_differs.as_ref()?;
            Some(format!("{expected} at `{}`", s.name))
        });
    }
    f
}

/// The rate of squares that commute up to rates: the common one, or else the first that is not the expected one.
fn one_rate(squares: &[Square]) -> Option<String> {
    let mut rates = squares.iter().map(|s| s.finding.rate());
    let first = rates.next().flatten();
    if first.is_some() && rates.all(|r| r == first) {
        return first.map(str::to_owned);
    }
    let differs = squares.iter().find(|s| s.finding.rate_differs.is_some())?;
    Some(differs.finding.rate().unwrap_or("1").to_owned())
}

/// Puts the square that the answer explains into the task, as if it had been asked for alone; its finding, with a witness
/// made simple and a repair if there is one.
fn explain(c: &Context<'_>, task: &mut Task, chosen: &Square, variance: Option<Variance>) -> Result<Finding, Stopped> {
    let mut finding = chosen.finding.clone();
    let beyond = c.system.family.unbounded.iter().flat_map(|u| &u.beyond);
    let Some(arrow) = c.system.squares().iter().chain(beyond).find(|a| a.label == chosen.name) else {
        return Ok(finding);
    };
    let shown = square(c.model, c.check, c.system, arrow)?;
    task.morphisms = shown.morphisms;
    task.problems = shown.problems.into_iter().filter(|p| p.auto == variance).collect();
    if let (Some(p), Verdict::Fails | Verdict::InLimit) = (task.problems.first_mut(), finding.verdict()) {
        finding = decide(p, &c.budget())?;
    }
    task.problems.iter_mut().for_each(|p| p.setting.store = Store::new());
    repair::mend(c.model, Posed { check: c.check, member: Some(arrow) }, &mut finding, &c.budget());
    Ok(finding)
}
