//! Factors that make the target follow, as numbers and as formulas: a guess.

use super::detect::Led;
use super::factors::{Choice, Search, TOLERANCE};
use super::foreign::reads_other_blocks;
use super::prove::{Factors, Scaled};
use super::run::{Course, Courses, PerBlock, Runner, STEPS, Values};
use super::{Asked, Kind, Layout};
use crate::check::formula;
use crate::check::sample::Point;
use crate::core::variance::Variance;
use crate::domain::float::Float;
use crate::model::optimizer::State;
use crate::term::{Program, SymbolId, Term};

/// A guess: factors for each group of courses, and as terms.
pub(super) struct Guess {
    pub numbers: Vec<PerBlock>,
    pub terms: Factors,
    /// For `training` and `same`: the rate, where it is not one.
    pub rate: Option<Term>,
}

/// A formula for a factor in what it may depend on: members, and not the learning rate, which only belongs to a group of
/// courses.
fn fit(asked: &mut Asked, courses: &Courses, points: &[&Point<f64>], values: &[f64]) -> Option<Term> {
    let members: Vec<SymbolId> = courses.members.iter().copied().filter(|s| Some(*s) != asked.rate).collect();
    formula::fit(&mut asked.problem.setting, &members, points, values)
}

/// Factors that make the first steps agree in numbers, and the blocks for which there are none.
pub(super) fn guess(
    asked: &mut Asked,
    runner: &Runner,
    courses: &Courses,
    tolerance: f64,
) -> (Option<Guess>, Vec<usize>) {
    let target = asked.target.clone();
    let over = |allowed: Vec<usize>, entries, steps| Search {
        runner,
        courses,
        target: &target,
        allowed,
        entries,
        steps,
        tolerance,
    };
    let search = |allowed: Vec<usize>, entries| over(allowed, entries, STEPS);
    let ones = runner.ones();
    let rate: Vec<usize> = if asked.factors.is_empty() { Vec::new() } else { vec![0] };
    let global = if asked.kind == Kind::Transfer { Vec::new() } else { rate };
    if let Some(choice) = search(global, 0..target.dim).solve() {
        return (everywhere(asked, courses, &choice), Vec::new());
    }
    if asked.kind != Kind::Transfer {
        return (None, Vec::new());
    }
    let allowed = allowed(asked);
    let solve = |b: usize, steps: usize| -> Option<Choice> {
        let block = &target.blocks[b];
        over(allowed.clone(), block.offset..block.offset + block.size(), steps).solve()
    };
    // A block for which there is nothing even in the first step spares the others.
    let mut choices = Vec::with_capacity(target.blocks.len());
    let mut failing = Vec::new();
    let mut firsts: Vec<Option<Choice>> = Vec::with_capacity(target.blocks.len());
    for b in 0..target.blocks.len() {
        let choice = solve(b, STEPS);
        if choice.is_none() {
            failing.push(b);
            let first = solve(b, 1);
            if first.is_none() {
                return (None, vec![b]);
            }
            firsts.resize(b, None);
            firsts.push(first);
        }
        choices.push(choice);
    }
    // Where a gradient is taken ahead, as Nesterov does, one block's later steps depend on the factors of the others: the
    // first step may tell all of them, and they are looked at together.
    let together = || -> Option<Vec<Choice>> {
        let first = |b: usize| firsts.get(b).cloned().flatten().or_else(|| solve(b, 1));
        let first = (0..target.blocks.len()).map(first).collect::<Option<Vec<Choice>>>()?;
        let follow = |(g, group): (usize, &Vec<super::run::Course>)| {
            let own = PerBlock { blocks: first.iter().map(|c| c.values[g].clone()).collect(), rest: ones.clone() };
            target.blocks.iter().all(|b| search(Vec::new(), b.offset..b.offset + b.size()).follows(group, &own))
        };
        courses.groups.iter().enumerate().all(follow).then_some(first)
    };
    let Some(choices) = choices.into_iter().collect::<Option<Vec<Choice>>>().or_else(together) else {
        return (None, failing);
    };
    let points: Vec<Point<f64>> = courses.groups.iter().map(|g| g[0].point.clone()).collect();
    let points: Vec<&Point<f64>> = points.iter().collect();
    let mut terms = Factors::ones(asked);
    for (b, choice) in choices.iter().enumerate() {
        for &j in &choice.scaled {
            let values: Vec<f64> = choice.values.iter().map(|v| v[j]).collect();
            match fit(asked, courses, &points, &values) {
                Some(t) => terms.blocks[b][j] = t,
                None => return (None, Vec::new()),
            }
        }
    }
    let numbers = (0..courses.groups.len())
        .map(|g| PerBlock { blocks: choices.iter().map(|c| c.values[g].clone()).collect(), rest: ones.clone() })
        .collect();
    (Some(Guess { numbers, terms, rate: None }), Vec::new())
}

fn everywhere(asked: &mut Asked, courses: &Courses, choice: &Choice) -> Option<Guess> {
    let points: Vec<&Point<f64>> = courses.groups.iter().map(|g| &g[0].point).collect();
    let mut list = Factors::ones(asked).rest;
    let mut rate = None;
    if !choice.scaled.is_empty() {
        let values: Vec<f64> = choice.values.iter().map(|v| v[0]).collect();
        let c = fit(asked, courses, &points, &values)?;
        list[0] = c;
        rate = Some(c);
    }
    let blocks = asked.target.blocks.len();
    let numbers = choice.values.iter().map(|v| PerBlock { blocks: vec![v.clone(); blocks], rest: v.clone() }).collect();
    Some(Guess { numbers, terms: Factors::everywhere(asked, list), rate })
}

/// The hyperparameters on which neither a fixed state depends nor a matrix on the parameters of several blocks. A number with
/// a weight belongs to no block: it is computed with the plain hyperparameters, and reads of blocks what theirs made.
pub(super) fn allowed(asked: &Asked) -> Vec<usize> {
    let store = &asked.problem.setting.store;
    let several = asked.target.blocks.len() > 1;
    let plain = |s: &State| match asked.target.layout(s) {
        Layout::Whole => s.variance == Variance::Fixed,
        Layout::Square => several,
        Layout::Blocks(_) => false,
    };
    let states = asked.target.states.iter().enumerate().filter(|(_, s)| plain(s));
    let fixed: Vec<Term> = states.flat_map(|(i, s)| [asked.target.next[i + 1], s.initial]).collect();
    let read = store.free_symbols(&fixed);
    (0..asked.factors.len()).filter(|&j| !read.contains(&asked.factors[j].symbol)).collect()
}

/// The target along each course, with the factors guessed. Courses on which rounding spoils it are left out, if others are
/// left.
pub(super) fn led(asked: &mut Asked, runner: &Runner, courses: &mut Courses, guess: &Guess) -> Option<Led> {
    // What belongs to no block and reads blocks has another value there than with the factors of any one block.
    let exact = (asked.rate.is_some() && reads_other_blocks(asked)).then(|| Exact::new(asked, &guess.terms));
    let mut all = Vec::new();
    for (group, factors) in courses.groups.iter_mut().zip(&guess.numbers) {
        let of = |c: &Course| match &exact {
            Some(exact) => exact.led(c),
            None => runner.led(c, &asked.target, factors, STEPS).ok(),
        };
        let found: Vec<_> = group.iter().map(of).collect();
        let good = |c: &Course, led: &Vec<Values>| {
            c.moves.iter().zip(Runner::moves(c, led)).all(|(wanted, got)| {
                let size = wanted.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                wanted.iter().zip(got).all(|(w, g)| (w - g).abs() <= TOLERANCE * size.max(1e-150))
            })
        };
        let pairs: Vec<(Course, Vec<Values>)> =
            std::mem::take(group).into_iter().zip(found).filter_map(|(c, l)| l.map(|l| (c, l))).collect();
        let some = pairs.iter().any(|(c, l)| good(c, l));
        let (kept, led) = pairs.into_iter().filter(|(c, l)| !some || good(c, l)).unzip();
        *group = kept;
        all.push(led);
    }
    courses.groups.iter().all(|g| !g.is_empty()).then_some(all)
}

/// The target's steps with given factors, every rule with those of the block that it belongs to.
struct Exact {
    fresh: Program,
    next: Program,
    symbols: Vec<SymbolId>,
}

impl Exact {
    fn new(asked: &mut Asked, factors: &Factors) -> Exact {
        let scaled = Scaled::new(asked, factors);
        let store = &asked.problem.setting.store;
        let symbols = asked.target.symbols().collect();
        Exact { fresh: Program::new(store, &scaled.fresh), next: Program::new(store, &scaled.next), symbols }
    }

    /// The target led along a course, as [`Runner::led`] does it.
    fn led(&self, course: &Course) -> Option<Vec<Values>> {
        let run = |program: &Program, at: &[Vec<f64>]| {
            let input = |s: SymbolId| match self.symbols.iter().position(|own| *own == s) {
                Some(k) => at.get(k).cloned(),
                None => course.point.get(&s).cloned(),
            };
            program.run(&mut Float::default(), input).ok()
        };
        let start = vec![course.images[0].clone()];
        let mut at: Values = [start.clone(), run(&self.fresh, &start)?].concat();
        let mut all = vec![at.clone()];
        for image in course.images.iter().take(STEPS) {
            at[0].clone_from(image);
            at = run(&self.next, &at)?;
            all.push(at.clone());
        }
        Some(all)
    }
}
