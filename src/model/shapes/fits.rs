//! For which sizes a family fits: what all demands on its sizes leave.

use super::{Found, Shapes};
use crate::core::error::ModelError;
use crate::core::size::{Lin, Var};
use crate::source::Span;

/// What has to hold of sizes.
#[derive(Debug, Clone)]
pub(super) enum Holds {
    /// This is zero.
    Zero(Lin),
    /// This is not negative.
    NotNegative(Lin),
}

impl Holds {
    /// Whether it holds at all sizes, or at none, if that can be seen.
    pub(super) fn always(&self) -> Option<bool> {
        match self {
            Holds::Zero(l) => l.as_num().map(|n| n == 0),
            Holds::NotNegative(l) => l.as_num().map(|n| n >= 0),
        }
    }
}

/// A demand on sizes.
#[derive(Debug)]
pub(super) struct Demand {
    /// What has to hold.
    pub(super) holds: Holds,
    /// The numbers of rounds of the indexed expressions around it: if one is zero, nothing is asked.
    pub(super) rounds: Vec<Lin>,
    /// The fault if it does not hold; `None` for a condition of the family itself.
    pub(super) fault: Option<ModelError>,
}

/// For which sizes a family fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fits {
    /// For all that is known, or for none, which is an error.
    Unrestricted,
    /// Where these equations hold alone.
    Only {
        /// The equations in words, such as "`m` = `n`".
        equations: String,
        /// The only equation, if it says what one size is.
        size: Option<(String, u64)>,
        /// Where the first of them comes from.
        span: Span,
    },
}

/// A size that demands fix: by other sizes, or as a number.
struct Fixed {
    /// The number of the demand.
    at: usize,
    size: Var,
    value: Lin,
    /// The demand, as it was made, and its fault.
    difference: Lin,
    fault: ModelError,
}

/// The demands that were looked at.
#[derive(Default)]
struct Solution {
    fixed: Vec<Fixed>,
    /// Other equations: what is zero, and where it comes from.
    other: Vec<(Lin, Span)>,
    /// Equations that hold, or an indexed expression has no rounds: in words.
    unless: Vec<(String, Span)>,
    /// The least and the largest value of sizes.
    bounds: Vec<(Var, i128, Option<i128>)>,
    /// Whether the conditions of the family leave no size by themselves.
    empty: bool,
}

impl Solution {
    /// With the sizes put in that are fixed.
    fn put_into(&self, l: &Lin) -> Option<Lin> {
        self.fixed.iter().try_fold(l.clone(), |l, f| l.substitute(f.size, &f.value))
    }

    fn fix(&mut self, new: Fixed) {
        for f in &mut self.fixed {
            if let Some(value) = f.value.substitute(new.size, &new.value) {
                f.value = value;
            }
        }
        self.fixed.push(new);
        let other = std::mem::take(&mut self.other);
        self.other = other.into_iter().filter_map(|(l, span)| Some((self.put_into(&l)?, span))).collect();
    }

    /// Notes `a v + b >= 0`; whether some value is left.
    fn bound(&mut self, v: Var, a: i128, b: i128) -> bool {
        let at = match self.bounds.iter().position(|x| x.0 == v) {
            Some(at) => at,
            None => {
                self.bounds.push((v, 0, None));
                self.bounds.len() - 1
            }
        };
        let (_, low, high) = &mut self.bounds[at];
        if a > 0 {
            // The least integer that is not below -b / a.
            *low = (*low).max((-b).div_euclid(a) + i128::from((-b).rem_euclid(a) != 0));
        } else {
            let limit = b.div_euclid(-a);
            *high = Some(high.map_or(limit, |h| h.min(limit)));
        }
        high.is_none_or(|h| h >= *low)
    }
}

/// Whether an equation between natural numbers can be seen to have no solution.
fn unsolvable(l: &Lin) -> bool {
    let content = l.content();
    let (constant, mut coefficients) = (l.constant(), l.terms().map(|t| t.1));
    let one_sided = constant != 0 && coefficients.all(|c| c.signum() == constant.signum());
    one_sided || content != 0 && constant % content != 0
}

/// `(v, e)` with `v = e` for what is zero, if it fixes a size; the last one that is declared.
fn fixes(l: &Lin) -> Option<(Var, Lin)> {
    let linear = |v: Var| l.linear_in(v).filter(|(a, _)| *a != 0).map(|(a, rest)| (v, a, rest));
    let found: Vec<(Var, i128, Lin)> = l.vars().into_iter().filter_map(linear).collect();
    let unit = found.iter().rev().find(|(_, a, _)| a.abs() == 1);
    if let Some((v, a, rest)) = unit {
        return Some((*v, if *a == 1 { rest.neg() } else { rest.clone() }));
    }
    match (&l.vars()[..], &found[..]) {
        ([_], [(v, a, rest)]) => {
            let b = rest.as_num()?;
            (b % a == 0).then(|| (*v, Lin::num(-b / a)))
        }
        _ => None,
    }
}

impl Shapes<'_> {
    /// What the reading has found.
    pub(super) fn found(mut self) -> Found {
        let demands = std::mem::take(&mut self.demands);
        let mut misfits = std::mem::take(&mut self.misfits);
        let mut solution = Solution::default();
        let own: Vec<(usize, Demand)> = demands.into_iter().enumerate().filter(|(_, d)| self.is_own(d)).collect();
        let outright = || own.iter().filter(|(_, d)| d.rounds.is_empty());
        for (i, demand) in outright() {
            if let Some((at, fault)) = self.equation(&mut solution, *i, demand) {
                // What follows from a mistake comes after it.
                misfits.retain(|m| m.0 <= at);
                misfits.push((at, fault));
                break;
            }
        }
        for (_, demand) in own.iter().filter(|(_, d)| !d.rounds.is_empty()) {
            self.equation_inside(&mut solution, demand);
        }
        if misfits.is_empty() {
            let faults: Vec<ModelError> =
                outright().filter_map(|(_, demand)| self.inequality(&mut solution, demand)).collect();
            misfits.extend(faults.into_iter().map(|fault| (0, fault)));
        }
        let fits = if misfits.is_empty() { self.only(&solution) } else { Fits::Unrestricted };
        for (_, fault) in misfits {
            self.report(fault);
        }
        Found { errors: self.errors, fits }
    }

    /// Whether a demand speaks of the sizes of the family alone.
    fn is_own(&self, demand: &Demand) -> bool {
        let own = |l: &Lin| l.vars().into_iter().all(|v| self.variables.get(v as usize).is_some_and(|v| v.own));
        let (Holds::Zero(l) | Holds::NotNegative(l)) = &demand.holds;
        own(l) && demand.rounds.iter().all(own)
    }

    /// Takes the `at`th demand in, an equation; if it leaves no size, the fault, and the demand that it is a fault of.
    fn equation(&self, solution: &mut Solution, at: usize, demand: &Demand) -> Option<(usize, ModelError)> {
        let (Holds::Zero(asked), Some(fault)) = (&demand.holds, &demand.fault) else { return None };
        let left = solution.put_into(asked)?;
        if left.as_num() == Some(0) {
            return None;
        }
        if left.as_num().is_some() {
            // Where the sizes meet for the first time.
            let first = solution.fixed.iter().find(|f| asked.mentions(f.size))?;
            let said = self.never.map(|never| {
                format!("{never}: it needs {} here, and {} elsewhere", self.zero(&first.difference), self.zero(asked))
            });
            return Some((first.at, with_help(first.fault.clone(), said)));
        }
        if unsolvable(&left) {
            return Some((at, self.for_nothing(fault.clone())));
        }
        match fixes(&left) {
            Some((size, value)) => {
                solution.fix(Fixed { at, size, value, difference: asked.clone(), fault: fault.clone() });
                let negative = solution.fixed.iter().any(|f| f.value.as_num().is_some_and(|n| n < 0));
                return negative.then(|| (at, self.for_nothing(fault.clone())));
            }
            None => solution.other.push((left, fault.span())),
        }
        None
    }

    /// Takes in an equation that is asked if an indexed expression has rounds.
    fn equation_inside(&self, solution: &mut Solution, demand: &Demand) {
        let (Holds::Zero(asked), Some(fault)) = (&demand.holds, &demand.fault) else { return };
        let Some(left) = solution.put_into(asked) else { return };
        let rounds: Option<Vec<Lin>> = demand.rounds.iter().map(|r| solution.put_into(r)).collect();
        let Some(mut rounds) = rounds.filter(|r| r.iter().all(|l| l.as_num() != Some(0))) else { return };
        rounds.retain(|l| l.as_num().is_none());
        if left.as_num() == Some(0) || rounds.is_empty() {
            return;
        }
        let holds = (!unsolvable(&left) && left.as_num().is_none()).then(|| self.zero(&left));
        let none = rounds.iter().map(|l| self.zero(l));
        let words: Vec<String> = holds.into_iter().chain(none).collect();
        solution.unless.push((words.join(" or "), fault.span()));
    }

    /// Takes an inequality in; the fault if it leaves no size.
    fn inequality(&self, solution: &mut Solution, demand: &Demand) -> Option<ModelError> {
        let Holds::NotNegative(asked) = &demand.holds else { return None };
        let left = solution.put_into(asked)?;
        let possible = match (left.as_num(), &left.vars()[..]) {
            (Some(n), _) => n >= 0,
            (None, [v]) => match left.linear_in(*v) {
                Some((a, rest)) => rest.as_num().is_none_or(|b| solution.bound(*v, a, b)),
                None => true,
            },
            _ => left.constant() >= 0 || left.terms().any(|(_, c)| c > 0),
        };
        if possible {
            return None;
        }
        match &demand.fault {
            Some(_) if solution.empty => None,
            Some(fault) => Some(self.for_nothing(fault.clone())),
            // A condition of the family: that it leaves no size by itself is another matter.
            None => match solution.fixed.iter().find(|f| asked.mentions(f.size)) {
                Some(f) => Some(self.for_nothing(f.fault.clone())),
                None => {
                    solution.empty = true;
                    None
                }
            },
        }
    }

    /// The equations that are left.
    fn only(&self, solution: &Solution) -> Fits {
        let mut fixed: Vec<(Var, String, Span)> = Vec::new();
        for f in &solution.fixed {
            let (words, first) = (self.zero(&Lin::var(f.size).sub(&f.value)), f.value.vars());
            fixed.push((first.into_iter().chain([f.size]).min().unwrap_or(f.size), words, f.fault.span()));
        }
        fixed.sort_by_key(|f| f.0);
        let fixed = fixed.into_iter().map(|(_, words, span)| (words, span));
        let other = solution.other.iter().filter(|o| o.0 != Lin::default()).map(|(l, span)| (self.zero(l), *span));
        let mut all: Vec<(String, Span)> = Vec::new();
        for equation in fixed.chain(other).chain(solution.unless.iter().cloned()) {
            if !all.iter().any(|(words, _)| *words == equation.0) {
                all.push(equation);
            }
        }
        let Some(span) = all.iter().map(|e| e.1).min() else { return Fits::Unrestricted };
        let size = match (&solution.fixed[..], &all[..]) {
            ([one], [_]) => one.value.as_num().and_then(|n| u64::try_from(n).ok()).map(|n| (self.name(one.size), n)),
            _ => None,
        };
        let words: Vec<&str> = all.iter().map(|e| e.0.as_str()).collect();
        let equations = match &words[..] {
            [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            _ => words.concat(),
        };
        Fits::Only { equations, size, span }
    }

    fn name(&self, v: Var) -> String {
        self.variables.get(v as usize).map_or_else(String::new, |v| v.name.clone())
    }

    /// What it says that something is zero: what is added stands on the left, what is subtracted on the right.
    fn zero(&self, l: &Lin) -> String {
        let content = l.terms().map(|t| t.1).chain([l.constant()]).fold(0, crate::core::size::gcd);
        let mut sides = [Lin::default(), Lin::default()];
        let parts = l.terms().map(|(p, c)| (Lin::product(p), c)).chain([(Lin::num(1), l.constant())]);
        for (part, c) in parts.filter(|p| p.1 != 0) {
            let scaled = part.mul(&Lin::num(c.abs() / content.max(1))).unwrap_or_default();
            let side = usize::from(c < 0);
            sides[side] = sides[side].add(&scaled);
        }
        // A number, and what is more, stands on the right; of two sizes the first one on the left.
        let [a, b] = &sides;
        let weight = |l: &Lin| {
            let parts = l.terms().map(|t| t.1.abs()).chain([l.constant().abs()]);
            (l.as_num().is_some(), parts.sum::<i128>(), l.vars())
        };
        let (left, right) = if weight(b) < weight(a) { (b, a) } else { (a, b) };
        let words = |l: &Lin| match l.as_num() {
            Some(n) => n.to_string(),
            None => format!("`{}`", self.size_text(l)),
        };
        format!("{} = {}", words(left), words(right))
    }
}

/// The fault with advice, unless it has some.
pub(super) fn with_help(mut fault: ModelError, said: Option<String>) -> ModelError {
    if let ModelError::ShapeMismatch { help, .. }
    | ModelError::UnexpectedShape { help, .. }
    | ModelError::NotNatural { help, .. } = &mut fault
        && help.is_none()
    {
        *help = said;
    }
    fault
}
