//! One run: a point with its states, followed from a start.

use std::cell::{Cell, RefCell};

use nalgebra::DVector;
use ode_solvers::System;
use ode_solvers::dopri5::Dopri5;

use crate::check::Budget;
use crate::check::sample::Point;
use crate::check::training::Side;
use crate::domain::Stop;
use crate::domain::float::Float;
use crate::term::{Program, Store, SymbolId};

/// An optimizer over one architecture, compiled.
pub struct Runner {
    fresh: Program,
    next: Program,
    /// The point first, then each state.
    symbols: Vec<SymbolId>,
    rate: Option<SymbolId>,
}

/// The values of a point and of the states beside it.
pub type Values = Vec<Vec<f64>>;

impl Runner {
    /// Compiles an optimizer.
    pub fn new(store: &Store, side: &Side, rate: Option<SymbolId>) -> Self {
        Runner {
            fresh: Program::new(store, &side.states.iter().map(|s| s.initial).collect::<Vec<_>>()),
            next: Program::new(store, &side.next),
            symbols: side.symbols().collect(),
            rate,
        }
    }

    /// Scalar operations of one step, or of one look at the field.
    pub fn operations(&self) -> usize {
        self.next.operations()
    }

    /// The point with fresh states.
    ///
    /// # Errors
    /// If a fresh state has no value there.
    pub fn fresh(&self, at: Vec<f64>, constants: &Point<f64>, lr: f64) -> Result<Values, Stop> {
        let input = |s: SymbolId| match s {
            s if s == self.symbols[0] => Some(at.clone()),
            s if Some(s) == self.rate => Some(vec![lr]),
            s => constants.get(&s).cloned(),
        };
        let states = self.fresh.run(&mut Float::default(), input).map_err(|f| f.stop)?;
        Ok(std::iter::once(at.clone()).chain(states).collect())
    }

    /// The values after a step; of a flow the velocities.
    ///
    /// # Errors
    /// If there are none, or some are not finite.
    pub fn next(&self, from: &[Vec<f64>], constants: &Point<f64>, lr: f64) -> Result<Values, Stop> {
        let input = |s: SymbolId| match self.symbols.iter().position(|own| *own == s) {
            Some(k) => Some(from[k].clone()),
            None if Some(s) == self.rate => Some(vec![lr]),
            None => constants.get(&s).cloned(),
        };
        let values = self.next.run(&mut Float::default(), input).map_err(|f| f.stop)?;
        if values.iter().flatten().all(|x| x.is_finite()) { Ok(values) } else { Err(Stop::Overflow) }
    }

    /// The points of a flow at `count + 1` times from 0 to `time`, by the method of Dormand and Prince of order 5(4); fewer,
    /// with the reason, if it cannot be followed so far with so many scalar operations.
    pub fn flow(
        &self,
        start: Values,
        constants: &Point<f64>,
        (time, count, tolerance): (f64, usize, f64),
        (budget, most): (&Budget, usize),
    ) -> (Vec<Vec<f64>>, Option<String>) {
        let sizes: Vec<usize> = start.iter().map(Vec::len).collect();
        let failed = RefCell::new(None);
        let looks = Cell::new(most / self.operations().max(1));
        let field = Field { runner: self, constants, sizes: &sizes, failed: &failed, looks: &looks, budget };
        let from = DVector::from_vec(start.iter().flatten().copied().collect());
        let (step, absolute) = (time / count as f64, tolerance * 1e-3);
        let mut solver = Dopri5::new(field, 0.0, time, step, from, tolerance, absolute);
        let outcome = solver.integrate();
        let n = sizes.first().copied().unwrap_or_default();
        let mut points: Vec<Vec<f64>> = solver.y_out().iter().map(|y| y.iter().take(n).copied().collect()).collect();
        points.truncate(count + 1);
        let reason = failed.take();
        let short = points.len() <= count;
        let words = match (reason, outcome) {
            (Some(reason), _) => Some(reason),
            (None, Err(e)) => Some(format!("the integrator stopped: {e}")),
            (None, Ok(_)) => short.then(|| "the integrator stopped before the end".to_owned()),
        };
        // What comes after a field without a value is made of zeros.
        if words.is_some() {
            let good = points.iter().take_while(|p| p.iter().all(|x| x.is_finite())).count();
            points.truncate(good);
        }
        (points, words)
    }
}

/// A flow as the integrator sees it. A field without a value is zero from there on, and says so afterwards.
struct Field<'a> {
    runner: &'a Runner,
    constants: &'a Point<f64>,
    sizes: &'a [usize],
    failed: &'a RefCell<Option<String>>,
    /// How often the field may still be looked at.
    looks: &'a Cell<usize>,
    budget: &'a Budget,
}

impl System<f64, DVector<f64>> for Field<'_> {
    fn system(&self, _: f64, y: &DVector<f64>, dy: &mut DVector<f64>) {
        dy.fill(0.0);
        if self.failed.borrow().is_some() {
            return;
        }
        let Some(left) = self.looks.get().checked_sub(1) else {
            *self.failed.borrow_mut() = Some("its operations are used up; `--effort` allows more".to_owned());
            return;
        };
        self.looks.set(left);
        let mut at = 0;
        let parts: Values = self
            .sizes
            .iter()
            .map(|n| {
                at += n;
                y.as_slice()[at - n..at].to_vec()
            })
            .collect();
        match self.runner.next(&parts, self.constants, 1.0) {
            Ok(v) => v.into_iter().flatten().zip(dy.iter_mut()).for_each(|(v, d)| *d = v),
            Err(stop) => *self.failed.borrow_mut() = Some(words(stop)),
        }
        if self.budget.expired() {
            *self.failed.borrow_mut() = Some("the time limit was reached".to_owned());
        }
    }

    fn solout(&mut self, _: f64, _: &DVector<f64>, _: &DVector<f64>) -> bool {
        self.failed.borrow().is_some()
    }
}

/// Why a run has no further point, in words.
pub fn words(stop: Stop) -> String {
    match stop {
        Stop::Overflow => "its numbers became too large",
        Stop::Pole => "it divides by zero",
        Stop::Kink => "it came to a kink, where a sign is that of zero",
        Stop::OutOfDomain => "a root or a logarithm has no value",
        Stop::Unclear => "floating point cannot tell whether a number is zero",
        Stop::Unsupported => "it has no value in floating point",
        Stop::Budget => "the budget ran out",
    }
    .to_owned()
}
