//! Factors that make the target follow, as numbers and as formulas: a guess.

use super::detect::Led;
use super::factors::{Choice, Search, TOLERANCE};
use super::prove::Factors;
use super::run::{Course, Courses, PerBlock, Runner, STEPS, Values};
use super::{Asked, Kind};
use crate::check::formula;
use crate::check::sample::Point;
use crate::term::{SymbolId, Term};

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

/// The hyperparameters that no fixed state depends on.
pub(super) fn allowed(asked: &Asked) -> Vec<usize> {
    let store = &asked.problem.setting.store;
    let fixed: Vec<Term> = asked
        .target
        .states
        .iter()
        .enumerate()
        .filter(|(_, s)| match asked.target.layout(s) {
            super::Layout::Whole => true,
            super::Layout::Square => asked.target.blocks.len() > 1,
            super::Layout::Blocks(_) => false,
        })
        .flat_map(|(i, s)| [asked.target.next[i + 1], s.initial])
        .collect();
    let read = store.free_symbols(&fixed);
    (0..asked.factors.len()).filter(|&j| !read.contains(&asked.factors[j].symbol)).collect()
}

/// The target along each course, with the factors guessed. Courses on which rounding spoils it are left out, if others are
/// left.
pub(super) fn led(asked: &Asked, runner: &Runner, courses: &mut Courses, guess: &Guess) -> Option<Led> {
    let mut all = Vec::new();
    for (group, factors) in courses.groups.iter_mut().zip(&guess.numbers) {
        let found: Vec<_> = group.iter().map(|c| runner.led(c, &asked.target, factors, STEPS).ok()).collect();
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
