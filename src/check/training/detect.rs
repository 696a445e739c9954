//! Which equations between states the numbers satisfy, and with which constants.

use nalgebra::{DMatrix, DVector};
use rustc_hash::FxHashMap;

use super::relation::{Builder, Form, Link, Relation, Way, constants, forms};
use super::run::{Course, Courses, Values};
use super::{Asked, Kind, Layout};
use crate::check::formula;
use crate::check::sample::Point;
use crate::core::variance::Variance;
use crate::domain::float::Float;
use crate::term::{Program, SymbolId};

/// A relative difference of states below this is none.
const TOLERANCE: f64 = 1e-6;

/// What was seen of the target along each course, by group.
pub type Led = Vec<Vec<Vec<Values>>>;

/// The relation between the states that the courses satisfy. States for which none is found are free in it.
pub fn detect(asked: &mut Asked, builder: &Builder<'_>, courses: &Courses, led: &Led) -> Relation {
    let mut relation = Relation::default();
    let mut given = vec![false; asked.source.states.len()];
    for t in 0..asked.target.states.len() {
        for s in candidates(asked, t) {
            let carried = s == t && builder.carried.get(t).is_some_and(Option::is_some);
            let tried = forms(&asked.source.states[s], &asked.target.states[t], carried, builder.chart);
            let usable = |w: Way| w == Way::Forward || !given[s];
            let found = tried
                .into_iter()
                .filter(|(w, _)| usable(*w))
                .find_map(|(way, form)| link(asked, builder, courses, led, (s, t), (way, form)));
            if let Some(found) = found {
                given[s] |= found.way == Way::Back;
                relation.links.push(found);
                break;
            }
        }
    }
    // A forward link from a state that is itself given back would run in a circle only if it were the same pair; then
    // there are two links of one pair, which the search above never makes.
    relation.equal_traces = equal_traces(asked, courses);
    relation
}

/// The source's states that may be related to one of the target, the one of its name first.
fn candidates(asked: &Asked, t: usize) -> Vec<usize> {
    let name = &asked.target.states[t].name;
    let states = &asked.source.states;
    let mut all: Vec<usize> = (0..states.len()).filter(|&s| states[s].name == *name).collect();
    if asked.kind == Kind::Same {
        all.extend((0..states.len()).filter(|&s| states[s].name != *name));
    }
    all
}

fn link(
    asked: &mut Asked,
    builder: &Builder<'_>,
    courses: &Courses,
    led: &Led,
    (source, target): (usize, usize),
    (way, form): (Way, Form),
) -> Option<Link> {
    let each = constants(&asked.target, target);
    let (zero, one) = (asked.problem.setting.store.num(0), asked.problem.setting.store.num(1));
    let kinds = if form == Form::Copies { 2 } else { 1 };
    let mut programs = Vec::new();
    for kind in 0..kinds {
        let constants = (0..kinds * each).map(|c| if c / each == kind { one } else { zero }).collect();
        let plain = builder.term(asked, &Link { way, form, source, target, constants })?;
        programs.push(Program::new(&asked.problem.setting.store, &[plain]));
    }
    let count = kinds * each;
    let mut link = Link { way, form, source, target, constants: vec![one; count] };
    let fit = Fit { asked, programs, way, source, target, count };
    let groups: Vec<Vec<Option<f64>>> =
        courses.groups.iter().zip(led).map(|(g, l)| fit.group(g, l)).collect::<Option<_>>()?;
    let points: Vec<&Point<f64>> = courses.groups.iter().map(|g| &g[0].point).collect();
    for b in 0..count {
        let known: Option<Vec<f64>> = groups.iter().map(|g| g[b]).collect();
        link.constants[b] = match known {
            Some(values) => formula::fit(&mut asked.problem.setting, &courses.members, &points, &values)?,
            // Both sides are zero all the time, and any constant will do.
            None if groups.iter().all(|g| g[b].is_none()) => one,
            None => return None,
        };
    }
    Some(link)
}

struct Fit<'a> {
    asked: &'a Asked,
    /// One for each kind of constants.
    programs: Vec<Program>,
    way: Way,
    source: usize,
    target: usize,
    count: usize,
}

impl Fit<'_> {
    /// The constants that fit all courses of a group; `None` for one that plays no part.
    fn group(&self, courses: &[Course], led: &[Vec<Values>]) -> Option<Vec<Option<f64>>> {
        let mut gram = DMatrix::<f64>::zeros(self.count, self.count);
        let mut right = DVector::<f64>::zeros(self.count);
        let mut seen = Vec::new();
        for (course, led) in courses.iter().zip(led) {
            for (k, values) in led.iter().enumerate() {
                let parts = self.parts(course, k, values)?;
                let wanted = match self.way {
                    Way::Forward => &values[self.target + 1],
                    Way::Back => &course.source[k][self.source + 1],
                };
                let size = wanted.iter().fold(0.0f64, |a, x| a.max(x.abs()));
                // Every course counts alike, whatever its scale.
                let weight = if size > 0.0 { 1.0 / (size * size) } else { 1.0 };
                for a in 0..self.count {
                    right[a] += weight * dot(&parts[a], wanted);
                    for b in 0..self.count {
                        gram[(a, b)] += weight * dot(&parts[a], &parts[b]);
                    }
                }
                seen.push((parts, wanted.clone()));
            }
        }
        let idle: Vec<bool> = (0..self.count).map(|b| gram[(b, b)] == 0.0).collect();
        (0..self.count).filter(|b| idle[*b]).for_each(|b| gram[(b, b)] = 1.0);
        let solution = gram.lu().solve(&right)?;
        let fits = seen.iter().all(|(parts, wanted)| self.fits(parts, wanted, &solution));
        fits.then(|| (0..self.count).map(|b| (!idle[b]).then(|| solution[b])).collect())
    }

    fn fits(&self, parts: &[Vec<f64>], wanted: &[f64], solution: &DVector<f64>) -> bool {
        let size = wanted.iter().chain(parts.iter().flatten()).fold(0.0f64, |a, x| a.max(x.abs()));
        let got = |i: usize| (0..self.count).map(|b| solution[b] * parts[b][i]).sum::<f64>();
        (0..wanted.len()).all(|i| (got(i) - wanted[i]).abs() <= TOLERANCE * size.min(wanted[i].abs().max(1e-3 * size)))
    }

    /// What each constant multiplies.
    fn parts(&self, course: &Course, k: usize, values: &Values) -> Option<Vec<Vec<f64>>> {
        let layout = self.asked.target.layout(&self.asked.target.states[self.target]);
        let whole = &values[self.target + 1];
        let ranges = match &layout {
            Layout::Blocks(ranges) => ranges.clone(),
            Layout::Whole | Layout::Square => std::iter::once(0..whole.len()).collect(),
        };
        let masked = |v: &[f64], r: &std::ops::Range<usize>| {
            v.iter().enumerate().map(|(i, x)| if r.contains(&i) { *x } else { 0.0 }).collect::<Vec<f64>>()
        };
        if self.way == Way::Forward {
            let images = self.programs.iter().map(|p| self.run(p, course, k, None)).collect::<Option<Vec<_>>>()?;
            return Some(images.iter().flat_map(|image| ranges.iter().map(|r| masked(image, r))).collect());
        }
        let program = self.programs.first()?;
        ranges.iter().map(|r| self.run(program, course, k, Some(masked(whole, r)))).collect()
    }

    fn run(&self, program: &Program, course: &Course, k: usize, target: Option<Vec<f64>>) -> Option<Vec<f64>> {
        let source: FxHashMap<SymbolId, &Vec<f64>> = self.asked.source.symbols().zip(&course.source[k]).collect();
        let own = self.asked.target.states[self.target].symbol;
        let values = program.run(&mut Float::default(), |s| match &target {
            Some(w) if s == own => Some(w.clone()),
            _ => source.get(&s).map(|v| (*v).clone()).or_else(|| course.point.get(&s).cloned()),
        });
        values.ok()?.pop()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The first `left` and the first `right` state of the source, if their traces agree on every block all the time.
fn equal_traces(asked: &Asked, courses: &Courses) -> Option<(usize, usize)> {
    let of = |v: Variance| asked.source.states.iter().position(|s| s.variance == v);
    let (l, r) = (of(Variance::Left)?, of(Variance::Right)?);
    let traces = |values: &Values, i: usize| -> Vec<f64> {
        let Layout::Blocks(ranges) = asked.source.layout(&asked.source.states[i]) else { return Vec::new() };
        let trace = |r: &std::ops::Range<usize>| {
            let n = (r.len() as f64).sqrt().round() as usize;
            (0..n).map(|k| values[i + 1][r.start + k * n + k]).sum()
        };
        ranges.iter().map(trace).collect()
    };
    let agree = |values: &Values| {
        let (a, b) = (traces(values, l), traces(values, r));
        a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()))
    };
    courses.groups.iter().flatten().all(|c| c.source.iter().all(agree)).then_some((l, r))
}
