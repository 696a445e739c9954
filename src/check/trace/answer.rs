//! All runs of an experiment, and what is measured in them.

use rayon::prelude::*;

use super::run::{Runner, Values, words};
use super::{Asked, Below, Checked, Course, Drawn, MAX_STEPS, Pair, Report, Row, Shrink};
use crate::check::decide::Disagreement;
use crate::check::sample::{Point, Sampler};
use crate::check::{Budget, lower, training};
use crate::core::names::Model;
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::model::elaborate::Role;
use crate::syntax::tree::{Check, Question, Trace};
use crate::term::{Program, Term};
use crate::verdict::Verdict;

/// Times of a run that are reported beside its start.
const ROWS: usize = 200;
/// Times at which a flow is looked at where the first time below a level is asked for.
const LOOKS: usize = 2000;
/// Networks with more parameters are not given to the checker beside the experiment.
const MAX_CHECKED: usize = 4096;
/// Runs may take so many times the scalar operations of one exact evaluation.
const RUNS: usize = 500;
/// Numbers of the points of a flow that are held at once.
const HELD: usize = 20_000_000;
/// Times of a flow of very many parameters at least.
const FEWEST: usize = 10;
/// Relative distances below this are rounding.
pub const ROUNDING: f64 = 1e-12;
/// Entries of a drawn value that are reported.
const SHOWN: usize = 8;

/// Makes the runs of an experiment.
///
/// # Errors
/// If two engines contradict each other about the question beside it.
pub fn answer(model: &Model, asked: &Asked, budget: &Budget) -> Result<Report, Disagreement> {
    let s = &asked.settings;
    let mut report = Report {
        source: asked.places[0].name.clone(),
        target: asked.places[1].name.clone(),
        lr: s.lr,
        steps: s.steps,
        time: s.time,
        tolerance: s.tolerance,
        level: s.until,
        drawn: Vec::new(),
        courses: Vec::new(),
        refused: None,
    };
    let constants = match constants(asked, budget, &mut report) {
        Ok(constants) => constants,
        Err(reason) => {
            report.refused = Some(reason);
            return Ok(report);
        }
    };
    let bench = Bench::new(asked, constants);
    if let Some(reason) = bench.beyond(budget) {
        report.refused = Some(reason);
        return Ok(report);
    }
    report.courses = asked.pairs.par_iter().map(|pair| bench.course(pair, budget)).collect();
    for (course, pair) in report.courses.iter_mut().zip(&asked.pairs) {
        course.checked = checked(model, &asked.written, pair, budget)?;
    }
    Ok(report)
}

/// What `check training` finds.
fn checked(model: &Model, trace: &Trace, pair: &Pair, budget: &Budget) -> Result<Option<Checked>, Disagreement> {
    if pair.sides.iter().any(|s| s.dim > MAX_CHECKED) {
        return Ok(None);
    }
    let question = Question::Training { optimizer: pair.optimizer.clone(), along: trace.along.clone() };
    let check = Check { question, expect: None, span: trace.span };
    let Some(asked) = lower::lower(model, &check).ok().and_then(|mut t| t.take_training()) else { return Ok(None) };
    let found = training::question(model, (&check).into(), *asked, budget)?;
    let mut verdict = found.verdict().text().to_owned();
    if let Some(rate) = found.rate().filter(|_| found.verdict() == Verdict::UpToRate) {
        verdict = format!("{verdict} {rate}");
    }
    if let Some(order) = found.order().filter(|_| found.verdict() == Verdict::InLimit) {
        verdict = format!("{verdict} (lr^{order})");
    }
    Ok(Some(Checked { verdict, evidence: found.evidence().text().to_owned() }))
}

/// Data, members and the start: a point of the question, with what the file says in it.
fn constants(asked: &Asked, budget: &Budget, report: &mut Report) -> Result<Point<f64>, String> {
    let Asked { setting, domain, places, .. } = asked;
    let mut terms: Vec<Term> = asked.start.iter().map(|(_, t)| *t).chain([asked.map]).collect();
    terms.extend(places.iter().flat_map(|p| p.loss.into_iter().chain(p.output)));
    for side in asked.pairs.iter().flat_map(|p| &p.sides) {
        terms.extend(side.next.iter().copied().chain(side.states.iter().map(|s| s.initial)));
    }
    let sampler = Sampler::new(setting, &terms, domain);
    let mut random = Random::new(budget.seed, "trace");
    let source = &places[0];
    let drawn = (0..64).find_map(|_| sampler.float(&mut random));
    let Some(mut point) = drawn else {
        return Err("no values were found that satisfy the conditions of the file".to_owned());
    };
    // Entries of the order of one would saturate a wide layer.
    let mut calm = point.clone();
    if let Some(values) = calm.get_mut(&source.point) {
        for b in &source.blocks {
            let columns = if b.shape.len() == 2 { b.shape[1] } else { 1 };
            let size = 1.0 / (columns.max(1) as f64).sqrt();
            values[b.offset..b.offset + b.size()].iter_mut().for_each(|v| *v *= size);
        }
    }
    if sampler.inside_float(&calm, &calm) {
        point = calm;
    }
    let program = Program::new(&setting.store, &asked.start.iter().map(|(_, t)| *t).collect::<Vec<_>>());
    let values = program.run(&mut Float::default(), |s| point.get(&s).cloned());
    let values = values.map_err(|f| format!("the start has no value: {}", words(f.stop)))?;
    for ((block, _), value) in asked.start.iter().zip(values) {
        let b = &source.blocks[*block];
        if let Some(all) = point.get_mut(&source.point) {
            let fill = value.len() == 1;
            for (i, entry) in all[b.offset..b.offset + b.size()].iter_mut().enumerate() {
                *entry = value[if fill { 0 } else { i }];
            }
        }
    }
    if !sampler.inside_float(&point, &point) {
        return Err(format!("the start lies outside the domain of {}", source.name));
    }
    let open = |name: &str| !asked.start.iter().any(|(b, _)| source.blocks[*b].name == name);
    for shown in &setting.shown {
        let wanted = match shown.role {
            Role::Member | Role::Data => true,
            Role::Point => open(&shown.name),
            Role::State | Role::Rate => false,
        };
        let program = Program::new(&setting.store, &[shown.term]);
        let free = program.inputs().iter().any(|s| point.contains_key(s));
        if wanted
            && free
            && let Ok(mut values) = program.run(&mut Float::default(), |s| point.get(&s).cloned())
        {
            let values = values.swap_remove(0);
            let first = values.iter().take(SHOWN).copied().collect();
            report.drawn.push(Drawn { name: shown.name.clone(), entries: values.len(), first });
        }
    }
    Ok(point)
}

/// The experiment compiled, with all constants.
struct Bench<'a> {
    asked: &'a Asked,
    constants: Point<f64>,
    map: Program,
    loss: [Option<Program>; 2],
    output: Option<[Program; 2]>,
}

/// Both runs so far.
#[derive(Default)]
struct Gone {
    rows: Vec<Row>,
    /// The last image and the last point of the target.
    last: Option<[Vec<f64>; 2]>,
    last_output: Option<[Vec<f64>; 2]>,
    way: [f64; 2],
    output_way: [f64; 2],
    below: [Option<f64>; 2],
}

impl<'a> Bench<'a> {
    fn new(asked: &'a Asked, constants: Point<f64>) -> Self {
        let store = &asked.setting.store;
        let program = |t: Option<Term>| t.map(|t| Program::new(store, &[t]));
        let [a, b] = &asked.places;
        let output = a.output.zip(b.output).filter(|(s, t)| store.shape(*s) == store.shape(*t));
        Bench {
            asked,
            constants,
            map: Program::new(store, &[asked.map]),
            loss: [program(a.loss), program(b.loss)],
            output: output.map(|(s, t)| [Program::new(store, &[s]), Program::new(store, &[t])]),
        }
    }

    /// Why the experiment is too long, if it is: said before it begins.
    fn beyond(&self, budget: &Budget) -> Option<String> {
        let s = &self.asked.settings;
        let longest = s.repeat.iter().map(|lr| s.time / lr).fold(s.steps as f64, f64::max);
        if longest > MAX_STEPS as f64 {
            return Some(format!("a run of {longest:.0} steps is longer than the limit of {MAX_STEPS}"));
        }
        let all: f64 = s.steps as f64 + s.repeat.iter().map(|lr| s.time / lr).sum::<f64>();
        let store = &self.asked.setting.store;
        let each: f64 = self
            .asked
            .pairs
            .iter()
            .flat_map(|p| &p.sides)
            .map(|side| Program::new(store, &side.next).operations() as f64)
            .sum();
        let most = budget.operations as f64 * RUNS as f64;
        (all * each > most).then(|| {
            format!("the runs take about {:.0e} operations, more than {most:.0e}; `--effort` allows more", all * each)
        })
    }

    fn course(&self, pair: &Pair, budget: &Budget) -> Course {
        let s = &self.asked.settings;
        let mut course = Course {
            optimizer: pair.name.clone(),
            flow: pair.flow,
            checked: None,
            rows: Vec::new(),
            ended: None,
            below: None,
            shrinking: Vec::new(),
            slope: None,
        };
        let (gone, ended) =
            if pair.flow { self.flows(pair, budget) } else { self.steps(pair, (s.lr, s.steps), true, budget) };
        let [source, target] = gone.below;
        course.below = s.until.map(|_| Below { source, target });
        course.rows = thin(gone.rows);
        course.ended = ended;
        if !pair.flow && !s.repeat.is_empty() && course.ended.is_none() {
            let end = |gone: &[Row]| gone.last().map(|r| r.distance);
            let first = end(&course.rows).map(|distance| Shrink { lr: s.lr, steps: s.steps, distance });
            course.shrinking.extend(first);
            for &lr in &s.repeat {
                let steps = (s.time / lr).round().max(1.0) as usize;
                let (gone, ended) = self.steps(pair, (lr, steps), false, budget);
                if ended.is_none()
                    && let Some(distance) = end(&gone.rows)
                {
                    course.shrinking.push(Shrink { lr, steps, distance });
                }
            }
            course.slope = slope(&course.shrinking);
        }
        course
    }

    fn image(&self, x: &[f64]) -> Result<Vec<f64>, String> {
        let at = self.asked.places[0].point;
        let input = |s| if s == at { Some(x.to_vec()) } else { self.constants.get(&s).cloned() };
        let mut found = self.map.run(&mut Float::default(), input).map_err(|f| words(f.stop))?;
        Ok(found.swap_remove(0))
    }

    fn at(&self, program: &Program, side: usize, x: &[f64]) -> Option<Vec<f64>> {
        let at = self.asked.places[side].point;
        let input = |s| if s == at { Some(x.to_vec()) } else { self.constants.get(&s).cloned() };
        program.run(&mut Float::default(), input).ok().map(|mut v| v.swap_remove(0))
    }

    fn start(&self) -> Vec<f64> {
        self.constants.get(&self.asked.places[0].point).cloned().unwrap_or_default()
    }

    /// Both runs of a step.
    fn steps(&self, pair: &Pair, (lr, steps): (f64, usize), all: bool, budget: &Budget) -> (Gone, Option<String>) {
        let store = &self.asked.setting.store;
        let runners = [0, 1].map(|k| Runner::new(store, &pair.sides[k], self.asked.rate));
        let mut gone = Gone::default();
        let begin = || -> Result<[Values; 2], String> {
            let x = self.start();
            let y = self.image(&x).map_err(|e| format!("the map has no value at the start: {e}"))?;
            let fresh = |k: usize, at| {
                let name = &self.asked.places[k].name;
                runners[k]
                    .fresh(at, &self.constants, lr)
                    .map_err(|e| format!("{name} has no fresh state: {}", words(e)))
            };
            Ok([fresh(0, x)?, fresh(1, y)?])
        };
        let mut values = match begin() {
            Ok(values) => values,
            Err(reason) => return (gone, Some(reason)),
        };
        for step in 0..=steps {
            let kept = step == steps || all && is_row(step, steps);
            let (at, when) = ([&values[0][0][..], &values[1][0][..]], (step, lr * step as f64));
            if let Err(reason) = self.note(&mut gone, at, when, (kept, step as f64)) {
                return (gone, Some(format!("after {step} steps: {reason}")));
            }
            if step == steps {
                break;
            }
            if budget.expired() {
                return (gone, Some(format!("after {step} steps: the time limit was reached")));
            }
            for k in 0..2 {
                match runners[k].next(&values[k], &self.constants, lr) {
                    Ok(next) => values[k] = next,
                    Err(stop) => {
                        let name = &self.asked.places[k].name;
                        return (gone, Some(format!("after {step} steps in {name}: {}", words(stop))));
                    }
                }
            }
        }
        (gone, None)
    }

    /// Both runs of a flow.
    fn flows(&self, pair: &Pair, budget: &Budget) -> (Gone, Option<String>) {
        let store = &self.asked.setting.store;
        let s = &self.asked.settings;
        // All points of a run are held at once.
        let dim = pair.sides.iter().map(|side| side.dim).max().unwrap_or(1).max(1);
        let count = (if s.until.is_some() { LOOKS } else { ROWS }).min((HELD / dim).max(FEWEST));
        let mut gone = Gone::default();
        let x = self.start();
        let y = match self.image(&x) {
            Ok(y) => y,
            Err(e) => return (gone, Some(format!("the map has no value at the start: {e}"))),
        };
        let most = budget.operations.saturating_mul(RUNS) / (2 * self.asked.pairs.len().max(1));
        let mut ended = None;
        let mut points = Vec::new();
        for (k, at) in [x, y].into_iter().enumerate() {
            let runner = Runner::new(store, &pair.sides[k], None);
            let name = &self.asked.places[k].name;
            let fresh = match runner.fresh(at, &self.constants, 1.0) {
                Ok(fresh) => fresh,
                Err(stop) => return (gone, Some(format!("{name} has no fresh state: {}", words(stop)))),
            };
            let (found, reason) = runner.flow(fresh, &self.constants, (s.time, count, s.tolerance), (budget, most));
            ended = ended.or(reason.map(|r| format!("in {name}: {r}")));
            points.push(found);
        }
        for (step, (x, y)) in points[0].iter().zip(&points[1]).enumerate() {
            let time = s.time * step as f64 / count as f64;
            if let Err(reason) = self.note(&mut gone, [x, y], (step, time), (true, time)) {
                return (gone, ended.or(Some(reason)));
            }
        }
        (gone, ended)
    }

    /// Measures both points at one time; `kept` says whether a row is made of it, and at which place a loss below the level
    /// would be found.
    fn note(
        &self,
        gone: &mut Gone,
        at: [&[f64]; 2],
        (step, time): (usize, f64),
        (kept, place): (bool, f64),
    ) -> Result<(), String> {
        let now = [self.image(at[0])?, at[1].to_vec()];
        if let Some(last) = &gone.last {
            (0..2).for_each(|k| gone.way[k] += apart(&now[k], &last[k]));
        }
        let until = self.asked.settings.until;
        let looked = until.is_some() && gone.below.iter().any(Option::is_none);
        let loss = |k: usize| {
            let program = self.loss[k].as_ref().filter(|_| kept || looked)?;
            self.at(program, k, at[k])?.first().copied().filter(|l| l.is_finite())
        };
        let losses = [loss(0), loss(1)];
        if let Some(level) = until {
            for (below, loss) in gone.below.iter_mut().zip(losses) {
                if below.is_none() && loss.is_some_and(|l| l < level) {
                    *below = Some(place);
                }
            }
        }
        if kept {
            let outputs = self.output.as_ref().and_then(|[a, b]| Some([self.at(a, 0, at[0])?, self.at(b, 1, at[1])?]));
            if let (Some(now), Some(last)) = (&outputs, &gone.last_output) {
                (0..2).for_each(|k| gone.output_way[k] += apart(&now[k], &last[k]));
            }
            gone.rows.push(Row {
                step,
                time,
                source_loss: losses[0],
                target_loss: losses[1],
                distance: relative(apart(&now[0], &now[1]), gone.way),
                output_distance: outputs.as_ref().map(|[a, b]| relative(apart(a, b), gone.output_way)),
            });
            gone.last_output = outputs;
        }
        gone.last = Some(now);
        Ok(())
    }
}

/// Whether a step is one of those that are reported: [`ROWS`] of them, as evenly as whole numbers allow.
fn is_row(step: usize, steps: usize) -> bool {
    let rows = ROWS.min(steps);
    (step * rows).div_ceil(steps) * steps / rows == step
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

fn relative(distance: f64, way: [f64; 2]) -> f64 {
    let way = way[0].max(way[1]);
    if way > 0.0 { distance / way } else { distance }
}

/// At most [`ROWS`] rows beside the first, as evenly as whole numbers allow; the last is among them.
fn thin(rows: Vec<Row>) -> Vec<Row> {
    let last = rows.len().saturating_sub(1);
    if last <= ROWS {
        return rows;
    }
    let wanted: std::collections::BTreeSet<usize> = (0..=ROWS).map(|i| i * last / ROWS).collect();
    rows.into_iter().enumerate().filter(|(i, _)| wanted.contains(i)).map(|(_, r)| r).collect()
}

/// The slope of a line through the distances on logarithmic axes; none if they are rounding.
fn slope(all: &[Shrink]) -> Option<f64> {
    if all.len() < 2 || all.iter().any(|s| s.distance.is_nan() || s.distance < ROUNDING) {
        return None;
    }
    let points: Vec<(f64, f64)> = all.iter().map(|s| (s.lr.ln(), s.distance.ln())).collect();
    let n = points.len() as f64;
    let (mx, my) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let (top, bottom) =
        points.iter().fold((0.0, 0.0), |(t, b), p| (t + (p.0 - mx) * (p.1 - my), b + (p.0 - mx) * (p.0 - mx)));
    (bottom > 0.0).then_some(top / bottom)
}
