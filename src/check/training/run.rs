//! Both sides in floating point: the source from fresh states, the target led along the source's course.
//!
//! At every step the target starts from `F` of the source's point, with its own states: a hyperparameter that is wrong in
//! one block then shows in that block alone. A flow is followed by Euler's method, which keeps every linear relation
//! between the sides that the flow keeps, and compares velocities.

use std::cell::OnceCell;

use super::{Asked, Layout, Side};
use crate::check::sample::{Point, Sampler};
use crate::check::{Budget, Problem};
use crate::domain::Stop;
use crate::domain::float::Float;
use crate::domain::prime::Random;
use crate::model::elaborate::{Constraint, Role};
use crate::term::{Program, SymbolId, Term};

/// Steps that are looked at.
pub const STEPS: usize = 3;
/// The step of Euler's method for flows.
const EULER: f64 = 1.0 / 16.0;

/// The values of a side at one time: the point, then each state.
pub type Values = Vec<Vec<f64>>;

/// Programs for both sides.
pub struct Runner {
    sampler: Sampler,
    map: Program,
    /// For a flow: the velocity of the image.
    pushed: Option<Program>,
    fresh: [Program; 2],
    next: [Program; 2],
    /// A step of the target in two: what depends on its point alone, and what on its states and the factors.
    parts: (Program, Program),
    symbols: [Vec<SymbolId>; 2],
    factors: Vec<SymbolId>,
    velocity: SymbolId,
}

/// A point with the source's course from it.
#[derive(Debug, Clone)]
pub struct Course {
    /// Members, data, the starting point, `lr`.
    pub point: Point<f64>,
    /// The source at times `0..=STEPS`.
    pub source: Vec<Values>,
    /// `F` of the source's points.
    pub images: Vec<Vec<f64>>,
    /// How `F` of the source moves in each step.
    pub moves: Vec<Vec<f64>>,
    /// What depends on the target's point alone in each of its steps, once it was asked for.
    at_images: [OnceCell<Result<Vec<f64>, Stop>>; STEPS],
}

/// How the factors of the target are set.
pub trait Factoring {
    /// The factors that entries of this block are computed with; `None` asks for the entries that belong to none.
    fn of(&self, block: Option<usize>) -> &[f64];
}

impl Factoring for [f64] {
    fn of(&self, _: Option<usize>) -> &[f64] {
        self
    }
}

/// One list of factors for each block, and ones for what belongs to no block.
pub struct PerBlock {
    /// By block.
    pub blocks: Vec<Vec<f64>>,
    /// For fixed states.
    pub rest: Vec<f64>,
}

impl Factoring for PerBlock {
    fn of(&self, block: Option<usize>) -> &[f64] {
        block.and_then(|b| self.blocks.get(b)).unwrap_or(&self.rest)
    }
}

impl Runner {
    /// Compiles a question.
    ///
    /// # Errors
    /// If a flow's map has no derivative.
    pub fn new(asked: &mut Asked) -> Result<Runner, String> {
        let Asked { problem, source, target, map, .. } = asked;
        let store = &mut problem.setting.store;
        let (velocity, v) = store.symbol("velocity", &[source.dim]);
        let pushed = match asked.rate {
            Some(_) => None,
            None => {
                let seeds = crate::term::Seeds::along([(source.point, v)]);
                let t = store.tangent(*map, &seeds).map_err(|e| e.to_string())?;
                Some(Program::new(store, &[t]))
            }
        };
        let store = &problem.setting.store;
        let fresh = |s: &Side| Program::new(store, &s.states.iter().map(|s| s.initial).collect::<Vec<_>>());
        let next = |s: &Side| Program::new(store, &s.next);
        let fresh = [fresh(source), fresh(target)];
        let next = [next(source), next(target)];
        let symbols = [source.symbols().collect(), target.symbols().collect()];
        let factors: Vec<SymbolId> = asked.factors.iter().map(|f| f.symbol).collect();
        let varying: Vec<SymbolId> = target.states.iter().map(|s| s.symbol).chain(factors.iter().copied()).collect();
        Ok(Runner {
            sampler: sampler(problem, source, target, *map),
            map: Program::new(store, &[*map]),
            pushed,
            fresh,
            next,
            parts: Program::in_two(store, &target.next, &varying),
            symbols,
            factors,
            velocity,
        })
    }

    /// The names that a constant may depend on: symbols that are drawn once for a group of points.
    pub fn members(&self, problem: &Problem) -> Vec<SymbolId> {
        let rate = |s: &SymbolId| problem.setting.quantified.iter().any(|q| q.symbol == *s && q.role == Role::Rate);
        self.sampler.symbols().filter(|(s, r, _)| *r == Role::Member || rate(s)).map(|(s, ..)| s).collect()
    }

    /// A course from a random point; with `keep`, at the members and the `lr` of another point.
    pub fn course(&self, random: &mut Random, scale: f64, keep: Option<(&[SymbolId], &Point<f64>)>) -> Option<Course> {
        /// Tries at learning rates as they are drawn; later ones are smaller and smaller, for losses of high degree.
        const PLAIN: i32 = 6;
        let mut restless = None;
        for tried in 0..16 {
            let Some(mut point) = self.sampler.float_scaled(random, scale) else { continue };
            for (rate, ..) in self.sampler.symbols().filter(|x| x.1 == Role::Rate && tried >= PLAIN) {
                point.entry(rate).or_default().iter_mut().for_each(|x| *x *= 0.25f64.powi(tried - PLAIN + 1));
            }
            if let Some((members, from)) = keep {
                for s in members {
                    if let Some(v) = from.get(s) {
                        point.insert(*s, v.clone());
                    }
                }
                if !self.sampler.inside_float(&point, &point) {
                    continue;
                }
            }
            if let Ok(course) = self.follow(point) {
                if self.steady(&course) {
                    return Some(course);
                }
                restless.get_or_insert(course);
            }
        }
        restless
    }

    /// Whether a course from a point that differs in its last digits stays close: rounding then explains no difference.
    fn steady(&self, course: &Course) -> bool {
        const SHAKE: f64 = 1e-13;
        const FAR: f64 = 1e-9;
        let start = self.symbols[0][0];
        let mut shaken = course.point.clone();
        if let Some(values) = shaken.get_mut(&start) {
            values.iter_mut().enumerate().for_each(|(i, v)| *v *= 1.0 + SHAKE * (1.0 - 2.0 * (i % 2) as f64));
        }
        let close = |a: &[f64], b: &[f64]| {
            let size = a.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            a.iter().zip(b).all(|(x, y)| (x - y).abs() <= FAR * size)
        };
        let Ok(other) = self.follow(shaken) else { return false };
        course.moves.iter().zip(&other.moves).all(|(a, b)| close(a, b))
            && course.source.iter().zip(&other.source).all(|(a, b)| a.iter().zip(b).all(|(a, b)| close(a, b)))
    }

    fn follow(&self, point: Point<f64>) -> Result<Course, Stop> {
        let start = point.get(&self.symbols[0][0]).cloned().ok_or(Stop::Unsupported)?;
        let mut source = vec![self.fresh_values(0, start, &point, &self.ones())?];
        let mut course =
            Course { point, source: Vec::new(), images: Vec::new(), moves: Vec::new(), at_images: Default::default() };
        for k in 0..STEPS {
            let here = source[k].clone();
            let after = self.step(&here, &course.point)?;
            source.push(after);
        }
        for values in &source {
            course.images.push(self.image(&values[0], &course.point)?);
        }
        for k in 0..STEPS {
            let moved = match &self.pushed {
                None => difference(&course.images[k + 1], &course.images[k]),
                Some(program) => {
                    let velocity = difference(&source[k + 1][0], &source[k][0]);
                    let from = &source[k][0];
                    let run = program.run(&mut Float::default(), |s| match s {
                        s if s == self.velocity => Some(velocity.clone()),
                        s if s == self.symbols[0][0] => Some(from.clone()),
                        s => course.point.get(&s).cloned(),
                    });
                    run.map_err(|f| f.stop)?.swap_remove(0)
                }
            };
            course.moves.push(moved);
        }
        course.source = source;
        Ok(course)
    }

    /// The operations of a step of the target.
    pub fn operations(&self) -> usize {
        self.next[1].operations()
    }

    /// Ones for all factors.
    pub fn ones(&self) -> Vec<f64> {
        vec![1.0; self.factors.len()]
    }

    fn image(&self, x: &[f64], point: &Point<f64>) -> Result<Vec<f64>, Stop> {
        let input = |s: SymbolId| if s == self.symbols[0][0] { Some(x.to_vec()) } else { point.get(&s).cloned() };
        Ok(self.map.run(&mut Float::default(), input).map_err(|f| f.stop)?.swap_remove(0))
    }

    fn fresh_values(&self, side: usize, at: Vec<f64>, point: &Point<f64>, factors: &[f64]) -> Result<Values, Stop> {
        let own = self.symbols[side][0];
        let input = |s: SymbolId| match self.factors.iter().position(|f| *f == s) {
            Some(k) => Some(vec![factors[k]]),
            None if s == own => Some(at.clone()),
            None => point.get(&s).cloned(),
        };
        let states = self.fresh[side].run(&mut Float::default(), input).map_err(|f| f.stop)?;
        Ok(std::iter::once(at.clone()).chain(states).collect())
    }

    /// A step of the source.
    fn step(&self, from: &Values, point: &Point<f64>) -> Result<Values, Stop> {
        let ones = self.ones();
        let input = |s: SymbolId| self.input(0, s, (from, point, &ones));
        let values = self.next[0].run(&mut Float::default(), input).map_err(|f| f.stop)?;
        Ok(self.moved(from, values))
    }

    /// A step of the target from an image of the source's point.
    fn step_at_image(&self, k: usize, from: &Values, course: &Course, factors: &[f64]) -> Result<Values, Stop> {
        let input = |s: SymbolId| self.input(1, s, (from, &course.point, factors));
        let given = course.at_images[k].get_or_init(|| {
            let values = self.parts.0.run(&mut Float::default(), input).map_err(|f| f.stop)?;
            Ok(values.concat())
        });
        let given = given.as_ref().map_err(|stop| *stop)?;
        let values = self.parts.1.run_from(&mut Float::default(), given, input).map_err(|f| f.stop)?;
        Ok(self.moved(from, values))
    }

    fn input(
        &self,
        side: usize,
        s: SymbolId,
        (from, point, factors): (&Values, &Point<f64>, &[f64]),
    ) -> Option<Vec<f64>> {
        if let Some(k) = self.factors.iter().position(|f| *f == s) {
            return Some(vec![factors[k]]);
        }
        match self.symbols[side].iter().position(|own| *own == s) {
            Some(k) => Some(from[k].clone()),
            None => point.get(&s).cloned(),
        }
    }

    /// The values after a step: the new ones, or for a flow those that Euler's method comes to.
    fn moved(&self, from: &Values, values: Values) -> Values {
        if self.pushed.is_none() {
            return values;
        }
        let euler = |(z, v): (&Vec<f64>, Vec<f64>)| z.iter().zip(v).map(|(z, v)| z + EULER * v).collect();
        from.iter().zip(values).map(euler).collect()
    }

    /// The target led along a course: its values after each step, with its point as it came out of the step.
    ///
    /// # Errors
    /// If it has no value.
    pub fn led(
        &self,
        course: &Course,
        target: &Side,
        factors: &(impl Factoring + ?Sized),
        steps: usize,
    ) -> Result<Vec<Values>, Stop> {
        let layouts: Vec<Layout> = std::iter::once(Layout::consecutive(target.blocks.iter().map(|b| b.size())))
            .chain(target.states.iter().map(|s| target.layout(s)))
            .collect();
        let groups = groups(target.blocks.len(), factors);
        let assemble = |of: &dyn Fn(&[f64]) -> Result<Values, Stop>| -> Result<Values, Stop> {
            let mut whole = of(factors.of(None))?;
            for (own, blocks) in &groups {
                if *own == factors.of(None) {
                    continue;
                }
                let values = of(own)?;
                for (i, layout) in layouts.iter().enumerate() {
                    match layout {
                        Layout::Whole => {}
                        Layout::Square => whole[i].clone_from(&values[i]),
                        Layout::Blocks(ranges) => {
                            for r in blocks.iter().map(|b| ranges[*b].clone()) {
                                whole[i][r.clone()].clone_from_slice(&values[i][r]);
                            }
                        }
                    }
                }
            }
            Ok(whole)
        };
        let start = course.images[0].clone();
        let mut at = assemble(&|f| self.fresh_values(1, start.clone(), &course.point, f))?;
        let mut all = vec![at.clone()];
        for k in 0..steps {
            at[0].clone_from(&course.images[k]);
            at = assemble(&|f| self.step_at_image(k, &at, course, f))?;
            all.push(at.clone());
        }
        Ok(all)
    }

    /// How the led target's point moves in each step, given its values.
    pub fn moves(course: &Course, led: &[Values]) -> Vec<Vec<f64>> {
        led.iter().skip(1).zip(&course.images).map(|(after, before)| difference(&after[0], before)).collect()
    }
}

/// The blocks by the factors that they have.
fn groups(blocks: usize, factors: &(impl Factoring + ?Sized)) -> Vec<(Vec<f64>, Vec<usize>)> {
    let mut groups: Vec<(Vec<f64>, Vec<usize>)> = Vec::new();
    for b in 0..blocks {
        let own = factors.of(Some(b));
        match groups.iter_mut().find(|g| g.0 == own) {
            Some(g) => g.1.push(b),
            None => groups.push((own.to_vec(), vec![b])),
        }
    }
    groups
}

/// A sampler for the points, the data and the members of both sides.
fn sampler(problem: &Problem, source: &Side, target: &Side, map: Term) -> Sampler {
    let fresh = |s: &Side| s.states.iter().map(|s| s.initial).collect::<Vec<_>>();
    let roots: Vec<Term> = [source.next.clone(), target.next.clone(), fresh(source), fresh(target), vec![map]].concat();
    // States that are free play no part in a run.
    let own = |c: &&Constraint| {
        !source
            .states
            .iter()
            .chain(&target.states)
            .any(|s| s.domain.iter().any(|d| d.text == c.text && d.term == c.term))
    };
    let domain: Vec<Constraint> = problem.domain.iter().filter(own).cloned().collect();
    Sampler::new(&problem.setting, &roots, &domain)
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// Courses at several members: a group shares its members and `lr`.
pub struct Courses {
    /// By group.
    pub groups: Vec<Vec<Course>>,
    /// What a constant may depend on.
    pub members: Vec<SymbolId>,
}

impl Courses {
    /// Draws courses; none if no point could be followed.
    pub fn draw(runner: &Runner, problem: &Problem, groups: usize, each: usize, budget: &Budget) -> Option<Courses> {
        let members = runner.members(problem);
        let mut random = Random::new(budget.seed, "training");
        let mut all = Vec::new();
        for _ in 0..groups {
            let first = runner.course(&mut random, 1.0, None)?;
            let mut own = Vec::with_capacity(each);
            for k in 1..each {
                // Small and large points: clipping, thresholds and small denominators lie at different scales.
                let scale = [1.0, 0.3, 0.1, 1.0, 2.0, 0.03, 0.5, 0.2][k % 8];
                own.extend(runner.course(&mut random, scale, Some((&members, &first.point))));
            }
            own.insert(0, first);
            all.push(own);
        }
        Some(Courses { groups: all, members })
    }
}
