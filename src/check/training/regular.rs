//! Values of terms at regular points: those near which they are continuous.

use crate::check::field::Trial;
use crate::check::sample::{Point, Sampler, embed};
use crate::check::witness::Number;
use crate::check::{Budget, Setting, replay, written};
use crate::domain::exact::Exact;
use crate::domain::interval::Intervals;
use crate::domain::prime::{Random, Signs};
use crate::domain::{Rational, Trace};
use crate::model::elaborate::Role;
use crate::term::{Node, Program, SymbolId, Term};

use super::Asked;

/// Bits of exact numbers, at most.
const BITS: usize = 1 << 13;

/// Terms with what draws points for them and evaluates them.
pub(super) struct Regular<'a> {
    asked: &'a Asked,
    roots: Vec<Term>,
    budget: &'a Budget,
    /// Whether they have matrices whose rank matters.
    ranks: bool,
    /// The ranks of pseudo-inverted matrices at generic points, for the intervals.
    generic: Vec<usize>,
    /// The roots as a program.
    pub program: Program,
    /// Draws points for the roots.
    pub sampler: Sampler,
}

impl<'a> Regular<'a> {
    pub fn new(asked: &'a Asked, roots: &[Term], budget: &'a Budget) -> Self {
        let setting = &asked.problem.setting;
        let ranks = setting.store.any_node(roots, |n| matches!(n, Node::PseudoInverse(_) | Node::Polar(_)));
        let program = Program::new(&setting.store, roots);
        let sampler = Sampler::new(setting, roots, &asked.problem.domain);
        let drawn = ranks.then(|| Trial::new(&sampler, &program, budget.seed, "regular").draw().ok()).flatten();
        let generic = drawn.map_or_else(Vec::new, |d| d.prime.ranks);
        Regular { asked, roots: roots.to_vec(), budget, ranks, generic, program, sampler }
    }

    /// Takes a point to the member of another one, with its rate; whether it satisfies the conditions then.
    pub fn beside(&self, first: &Point<Rational>, point: &mut Point<Rational>) -> bool {
        for (symbol, role, discrete) in self.sampler.symbols() {
            if (matches!(role, Role::Member | Role::Rate) || discrete)
                && let Some(value) = first.get(&symbol)
            {
                point.insert(symbol, value.clone());
            }
        }
        self.sampler.satisfied(point)
    }

    /// A simple point of the member of others, if there are any, with the values of the roots there.
    pub fn draw(
        &self,
        random: &mut Random,
        size: usize,
        others: &[Point<Rational>],
    ) -> Option<(Point<Rational>, Vec<Vec<Number>>)> {
        let mut point = self.sampler.simple(random, size)?;
        if others.first().is_some_and(|first| !self.beside(first, &mut point)) {
            return None;
        }
        let values = self.values(&point)?;
        Some((point, values))
    }

    /// The values of the roots at a point, exactly or in intervals, by one evaluator and then by the other; nothing on a kink,
    /// where a rank is another than nearby, or where something that is written has no value.
    pub fn values(&self, point: &Point<Rational>) -> Option<Vec<Vec<Number>>> {
        let Setting { store, written, .. } = &self.asked.problem.setting;
        if written::is_undefined(store, written, point) {
            return None;
        }
        let mut exact = Exact::with_limit(BITS);
        if let Ok(run) = self.program.run(&mut exact, |s| point.get(&s).cloned())
            && !exact.oversized()
        {
            let again = replay::evaluate(store, &self.roots, &mut Exact::with_limit(BITS), point).ok()?;
            let number = |v: Vec<Rational>| v.into_iter().map(Number::Exact).collect();
            return (again == run && self.has_generic_ranks(&exact.trace, point))
                .then(|| run.into_iter().map(number).collect());
        }
        let mut domain = Intervals::with_hints(self.generic.iter().copied());
        let embedded = embed(&mut domain, point);
        self.program.run(&mut domain, |s| embedded.get(&s).cloned()).ok()?;
        if !self.has_generic_ranks(&domain.trace, point) {
            return None;
        }
        let mut domain = Intervals::with_hints(self.generic.iter().copied());
        let embedded = embed(&mut domain, point);
        let run = replay::evaluate(store, &self.roots, &mut domain, &embedded).ok()?;
        Some(run.into_iter().map(|v| v.into_iter().map(Number::Enclosed).collect()).collect())
    }

    /// Whether the ranks that were met at a point are those of points nearby.
    fn has_generic_ranks(&self, trace: &Trace, point: &Point<Rational>) -> bool {
        if !self.ranks {
            return true;
        }
        let kept = self.sampler.symbols().filter(|x| x.2 || x.1 == Role::Member).map(|x| x.0);
        let keep: Point<Rational> = kept.filter_map(|s: SymbolId| point.get(&s).map(|v| (s, v.clone()))).collect();
        let signs = Signs::Pinned(trace.signs.clone());
        let trial = Trial::new(&self.sampler, &self.program, self.budget.seed, "regular");
        let drawn = Trial { signs: &signs, keep: Some(&keep), roots: true, ..trial }.draw();
        drawn.is_ok_and(|d| d.prime.ranks == trace.ranks && d.prime.polar_ranks == trace.polar_ranks)
    }
}
