//! Which factors of hyperparameters make the target follow the source: least squares on their logarithms.
//!
//! Numbers at a few points suggest factors; identities decide later. The least set of hyperparameters is sought, those
//! declared first preferred, `lr` before all.

use std::ops::Range;

use nalgebra::{DMatrix, DVector};

use super::Side;
use super::run::{Course, Courses, Factoring, PerBlock, Runner, STEPS};

/// At most this many hyperparameters of one block are scaled.
const MAX_SCALED: usize = 4;
/// Courses that a solution is fitted to; it is tested on all.
const FITTED: usize = 10;
const ITERATIONS: usize = 24;
/// Residuals that are not close to a solution.
const FAR: f64 = 1e-3;
/// Of programs with more operations fewer courses are looked at.
pub const LARGE: usize = 30_000;
/// A relative difference of the moves below this is none.
pub const TOLERANCE: f64 = 1e-7;
/// The same for a second look, which sees more and is spoilt sooner by rounding.
pub const FINE: f64 = 1e-11;

/// A part of all courses, as a fraction.
type Share = (usize, usize);
const MOST: Share = (3, 4);
const ALL: Share = (1, 1);

/// Factors that were found.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The hyperparameters that are scaled, by number.
    pub scaled: Vec<usize>,
    /// For each group of courses the factors of all hyperparameters.
    pub values: Vec<Vec<f64>>,
}

/// Where factors are sought: the entries of the target's point that they have to make right.
pub struct Search<'a> {
    /// The programs.
    pub runner: &'a Runner,
    /// The courses.
    pub courses: &'a Courses,
    /// The target.
    pub target: &'a Side,
    /// Hyperparameters that may be scaled, in order.
    pub allowed: Vec<usize>,
    /// The entries.
    pub entries: Range<usize>,
    /// The steps that are looked at.
    pub steps: usize,
    /// Relative differences below this are none.
    pub tolerance: f64,
}

impl Search<'_> {
    /// The least set of factors, if one is found.
    pub fn solve(&self) -> Option<Choice> {
        let first = self.courses.groups.first()?;
        let allowed: Vec<usize> = self.allowed.iter().copied().filter(|&j| self.matters(first, j)).collect();
        for size in 0..=allowed.len().min(MAX_SCALED) {
            for scaled in subsets(&allowed, size) {
                if let Some(choice) = self.with(&scaled, MOST) {
                    return Some(self.unanimous(&allowed, choice));
                }
            }
        }
        None
    }

    /// A choice under which all courses agree, with one factor more, where one does not: what few of them reach, such as
    /// a bound, is not rounding. Otherwise the choice as it is.
    fn unanimous(&self, allowed: &[usize], choice: Choice) -> Choice {
        let all = |(group, factors): (&Vec<Course>, &Vec<f64>)| {
            self.agrees(&group.iter().collect::<Vec<_>>(), &factors[..], ALL)
        };
        if choice.scaled.len() >= MAX_SCALED || self.courses.groups.iter().zip(&choice.values).all(all) {
            return choice;
        }
        let more = allowed.iter().filter(|j| !choice.scaled.contains(j)).find_map(|&j| {
            let mut scaled = choice.scaled.clone();
            scaled.push(j);
            scaled.sort_unstable();
            self.with(&scaled, ALL)
        });
        more.unwrap_or(choice)
    }

    /// Whether a hyperparameter has an influence on the entries: some, such as bounds, are met on few courses only.
    fn matters(&self, courses: &[Course], j: usize) -> bool {
        let few = if self.runner.operations() > LARGE { 1 } else { courses.len() };
        let ones = self.runner.ones();
        courses.iter().take(few).any(|course| {
            let plain = self.moves(course, &ones, self.steps);
            [1.25, 0.5].into_iter().any(|c| {
                let mut changed = ones.clone();
                changed[j] = c;
                let moved = self.moves(course, &changed, self.steps);
                plain.is_none() || moved.is_none() || plain != moved
            })
        })
    }

    fn moves(&self, course: &Course, factors: &[f64], steps: usize) -> Option<Vec<f64>> {
        let led = self.runner.led(course, self.target, factors, steps).ok()?;
        let moves = Runner::moves(course, &led);
        Some(moves.iter().flat_map(|m| m[self.entries.clone()].iter().copied()).collect())
    }

    fn with(&self, scaled: &[usize], share: Share) -> Option<Choice> {
        let mut start = vec![0.0; scaled.len()];
        let mut values = Vec::new();
        for group in &self.courses.groups {
            let few = if self.runner.operations() > LARGE { FITTED / 3 } else { FITTED };
            let fitted: Vec<&Course> = group.iter().take(few).collect();
            let mut logs = self.fit(&fitted, scaled, &start)?;
            let mut factors = self.factors(scaled, &logs);
            let courses: Vec<&Course> = group.iter().collect();
            if !self.agrees(&courses, &factors[..], share) {
                // Rounding may spoil a few courses, those of polar factors of ill-conditioned matrices above all: without the
                // worst of them.
                if scaled.is_empty() {
                    return None;
                }
                let mut by_error: Vec<(f64, &Course)> =
                    courses.iter().map(|c| (self.worst(c, &factors[..]).unwrap_or(f64::INFINITY), *c)).collect();
                by_error.sort_by(|a, b| a.0.total_cmp(&b.0));
                let better: Vec<&Course> = by_error.iter().take(group.len().div_ceil(2)).map(|c| c.1).collect();
                logs = self.fit(&better, scaled, &logs)?;
                factors = self.factors(scaled, &logs);
                if !self.agrees(&courses, &factors[..], share) {
                    return None;
                }
            }
            values.push(factors);
            start = logs;
        }
        // What came out as one needs no scaling, and a smaller set was tried before.
        Some(Choice { scaled: scaled.to_vec(), values })
    }

    /// Whether the entries follow, at all steps, if each block has its own factors.
    pub fn follows(&self, courses: &[Course], factors: &PerBlock) -> bool {
        let whole = Search { allowed: Vec::new(), entries: self.entries.clone(), steps: STEPS, ..*self };
        whole.agrees(&courses.iter().collect::<Vec<_>>(), factors, MOST)
    }

    /// The largest relative difference on a course; `None` if it cannot be followed.
    fn worst(&self, course: &Course, factors: &(impl Factoring + ?Sized)) -> Option<f64> {
        self.differences(course, factors).map(|all| all.iter().fold(0.0f64, |m, r| m.max(r.abs())))
    }

    /// Whether the moves agree on so many courses: a guess may pass over what rounding has spoilt.
    fn agrees(&self, courses: &[&Course], factors: &(impl Factoring + ?Sized), share: Share) -> bool {
        let good = courses.iter().filter(|c| self.worst(c, factors).is_some_and(|w| w <= self.tolerance)).count();
        good * share.1 >= courses.len() * share.0
    }

    fn factors(&self, scaled: &[usize], logs: &[f64]) -> Vec<f64> {
        let mut factors = self.runner.ones();
        for (&j, l) in scaled.iter().zip(logs) {
            factors[j] = l.exp();
        }
        factors
    }

    /// The differences of the moves, relative to their size, at all steps of those courses that can be followed; `None` if most
    /// cannot.
    fn residual(&self, courses: &[&Course], factors: &(impl Factoring + ?Sized)) -> Option<Vec<f64>> {
        let followed: Vec<Vec<f64>> = courses.iter().filter_map(|c| self.differences(c, factors)).collect();
        (2 * followed.len() >= courses.len()).then(|| followed.concat())
    }

    /// The differences of the moves of a course, relative to their size, at all steps; `None` if it cannot be followed.
    fn differences(&self, course: &Course, factors: &(impl Factoring + ?Sized)) -> Option<Vec<f64>> {
        let mut all = Vec::new();
        let led = self.runner.led(course, self.target, factors, self.steps).ok()?;
        for (wanted, got) in course.moves.iter().zip(Runner::moves(course, &led)) {
            let (wanted, got) = (&wanted[self.entries.clone()], &got[self.entries.clone()]);
            // Fixed weights keep the problem close to a linear one; a source that stands still has none of its own.
            let size = wanted.iter().fold(0.0f64, |a, x| a.max(x.abs()));
            let size = if size > 0.0 { size } else { got.iter().fold(0.0f64, |a, x| a.max(x.abs())) };
            // Moves that are lost in rounding beside the point tell nothing.
            let point = course.images[0][self.entries.clone()].iter().fold(0.0f64, |a, x| a.max(x.abs()));
            if size <= 1e-7 * point || size < 1e-150 {
                continue;
            }
            all.extend(wanted.iter().zip(got).map(|(w, g)| (w - g) / size));
        }
        all.iter().all(|r| r.is_finite()).then_some(all)
    }

    /// Levenberg and Marquardt's method from a start; the logarithms.
    fn fit(&self, courses: &[&Course], scaled: &[usize], start: &[f64]) -> Option<Vec<f64>> {
        let n = scaled.len();
        let at = |u: &[f64]| self.residual(courses, &self.factors(scaled, u)[..]).map(DVector::from_vec);
        let mut u = start.to_vec();
        let mut r = at(&u)?;
        let mut damping = 1e-3;
        for iteration in 0..ITERATIONS {
            if n == 0 || r.amax() < 1e-13 {
                break;
            }
            let mut jacobian = DMatrix::zeros(r.len(), n);
            for j in 0..n {
                let mut moved = u.clone();
                moved[j] += 1e-6;
                let s = at(&moved).filter(|s| s.len() == r.len())?;
                jacobian.set_column(j, &((s - &r) / 1e-6));
            }
            let gradient = jacobian.transpose() * &r;
            let gram = jacobian.transpose() * &jacobian;
            let mut improved = false;
            for _ in 0..8 {
                let mut damped = gram.clone();
                (0..n).for_each(|j| damped[(j, j)] += damping * gram[(j, j)].max(1e-30));
                let Some(step) = damped.lu().solve(&gradient) else { break };
                let next: Vec<f64> = u.iter().zip(step.iter()).map(|(u, s)| u - s.clamp(-3.0, 3.0)).collect();
                match at(&next).filter(|s| s.len() == r.len()) {
                    Some(s) if s.norm() < r.norm() => {
                        // What stays far away where nothing gets better any more has no solution.
                        improved = r.amax() < FAR || s.norm() < 0.999 * r.norm();
                        (u, r) = (next, s);
                        damping = (damping * 0.1).max(1e-15);
                        break;
                    }
                    _ => damping *= 10.0,
                }
            }
            if !improved || iteration == 8 && r.norm() > 0.3 * (r.len() as f64).sqrt() {
                break;
            }
        }
        Some(u)
    }
}

/// The subsets of a size, in the order of their least elements.
fn subsets(of: &[usize], size: usize) -> Vec<Vec<usize>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (i, &first) in of.iter().enumerate() {
        for mut rest in subsets(&of[i + 1..], size - 1) {
            rest.insert(0, first);
            all.push(rest);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::subsets;

    #[test]
    fn subsets_prefer_what_is_declared_first() {
        assert_eq!(subsets(&[0, 1, 2], 2), [vec![0, 1], vec![0, 2], vec![1, 2]]);
        assert_eq!(subsets(&[3], 0), [Vec::<usize>::new()]);
        assert!(subsets(&[3], 2).is_empty());
    }
}
