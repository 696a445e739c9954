//! States that need no state of their kind on the other side: what they are is read off the rules.
//!
//! Of a state `z` that no link gives these are tried, with what stands on either side for the rest:
//!
//! | form of the rules | equation |
//! | --- | --- |
//! | counters `m' = m + d` and `n' = n + e` on the two sides | `n = n₀ + (e/d) (m - m₀)` |
//! | a counter on one side, `z' = c z` with a number `c > 0` on the other | `z = z₀ c^((n - n₀)/d)` |
//! | the first value of `z` is a function `f` of the parameters | `z = f(parameters)` at all steps |
//!
//! They are suggestions like all others: numbers sort out what does not hold along the courses, and what is left has to be
//! proved with the rest of the invariant.

use rustc_hash::FxHashMap;

use super::detect::Led;
use super::prove::Scaled;
use super::relation::{Own, Relation, Way};
use super::run::{Courses, Values};
use super::{Asked, Kind};
use crate::domain::float::Float;
use crate::domain::{Fun, Rational};
use crate::term::{Node, Program, Store, SymbolId, Term};

/// A relative difference of states below this is none.
const TOLERANCE: f64 = 1e-6;

/// One side as this module reads it.
struct Rules {
    terms: Vec<Term>,
    names: Vec<String>,
    next: Vec<Term>,
    first: Vec<Term>,
    /// In words.
    of: String,
}

impl Rules {
    fn both(asked: &mut Asked, scaled: &Scaled) -> [Rules; 2] {
        let (source, target, map) = (asked.source.clone(), asked.target.clone(), asked.map);
        let same = asked.kind == Kind::Same;
        let store = &mut asked.problem.setting.store;
        let image = [(target.point, map)].into_iter().collect();
        let there = store.substitute(&scaled.fresh, &image);
        let new = |side: &super::Side, next: &[Term], first: Vec<Term>, plain: &str| Rules {
            terms: side.states.iter().map(|s| s.term).collect(),
            names: side.states.iter().map(|s| s.name.clone()).collect(),
            next: next[1..].to_vec(),
            first,
            of: if same { side.name.clone() } else { plain.to_owned() },
        };
        let fresh = source.states.iter().map(|s| s.initial).collect();
        [new(&source, &source.next, fresh, "the source"), new(&target, &scaled.next, there, "the target")]
    }

    /// The step of a counter, a number that is not zero.
    fn step(&self, asked: &mut Asked, i: usize) -> Option<Rational> {
        let store = &mut asked.problem.setting.store;
        if !store.shape(self.terms[i]).is_empty() {
            return None;
        }
        let difference = store.sub(self.next[i], self.terms[i]);
        store.as_fill(difference).filter(|d| !d.is_zero()).cloned()
    }

    /// What a number is multiplied by in each step, if that is a positive number.
    fn ratio(&self, asked: &mut Asked, i: usize) -> Option<Rational> {
        let store = &mut asked.problem.setting.store;
        let (q, rest) = store.split_coefficient(self.next[i]);
        (rest == self.terms[i] && store.shape(rest).is_empty() && q > Rational::ZERO).then_some(q)
    }
}

/// What a relation does not say of states and the courses agree with.
pub fn beside(asked: &mut Asked, relation: &Relation, scaled: &Scaled, (courses, led): (&Courses, &Led)) -> Vec<Own> {
    if asked.rate.is_none() {
        return Vec::new();
    }
    let [source, target] = Rules::both(asked, scaled);
    let given = |way: Way, i: usize| {
        let own = |l: &super::relation::Link| if way == Way::Forward { l.target } else { l.source };
        relation.links.iter().any(|l| l.way == way && own(l) == i)
    };
    let mut found: Vec<Own> = Vec::new();
    for way in [Way::Forward, Way::Back] {
        let (made, from) = if way == Way::Forward { (&target, &source) } else { (&source, &target) };
        for i in (0..made.names.len()).filter(|&i| !given(way, i)) {
            let mut tried = Vec::new();
            for k in 0..from.names.len() {
                // What is given itself is no ground for another.
                let taken = given(Way::Forward, k) || found.iter().any(|o| o.way == Way::Forward && o.state == k);
                if way == Way::Forward || !taken {
                    tried.extend(by_counter(asked, (made, i), (from, k), way));
                }
            }
            tried.extend(by_parameters(asked, (made, i), way));
            found.extend(tried.into_iter().find(|own| holds(asked, own, courses, led)));
        }
    }
    found
}

/// A counter or a product by a counter of the other side.
fn by_counter(asked: &mut Asked, (made, i): (&Rules, usize), (from, k): (&Rules, usize), way: Way) -> Option<Own> {
    let step = from.step(asked, k)?;
    let own = (made.step(asked, i), made.ratio(asked, i));
    let store = &mut asked.problem.setting.store;
    let passed = store.sub(from.terms[k], from.first[k]);
    let other = format!("`{}` of {}", from.names[k], from.of);
    let (term, text) = match (way, own) {
        (Way::Forward, (Some(d), _)) => {
            let slope = d / &step;
            let grown = store.scale(slope, passed);
            let term = store.add(made.first[i], grown);
            (term, format!("what {other} is with another start and step"))
        }
        (_, (_, Some(c))) => {
            let power = store.scale(Rational::ONE / &step, passed);
            let base = store.num(c);
            let log = store.map(Fun::Log, base);
            let exponent = store.mul(power, log);
            let power = store.map(Fun::Exp, exponent);
            (store.mul(made.first[i], power), format!("a number to a power that {other} counts"))
        }
        _ => return None,
    };
    let text = format!("`{}` of {} is {text}", made.names[i], made.of);
    Some(Own { way, state: i, term, text })
}

/// Largest whole number that powers are split at.
const MAX_SPLIT: i64 = 64;

/// Writes `exp((y + k) log c)`, with a number `c > 0` and a whole `k`, as `c^k exp(y log c)`: what a counter that has moved on
/// makes of a power is the power before times a number.
pub fn split_powers(store: &mut Store, terms: &mut [Term]) {
    let mut by: FxHashMap<Term, Term> = FxHashMap::default();
    for t in store.reachable(terms) {
        if let Node::Map(Fun::Exp, x) = *store.node(t)
            && let Some((number, rest)) = split(store, x)
        {
            let rest = store.map(Fun::Exp, rest);
            by.insert(t, store.scalar_mul(number, rest));
        }
    }
    if !by.is_empty() {
        let written = store.replace(terms, &by);
        terms.copy_from_slice(&written);
    }
}

/// `c^k` and what is left of the exponent `x`, if a whole `k > 0` or `k < 0` stands beside something else.
fn split(store: &mut Store, x: Term) -> Option<(Term, Term)> {
    let (q, inner) = store.split_coefficient(x);
    let base = |store: &Store, t: Term| match store.node(t) {
        Node::Map(Fun::Log, c) => store.as_fill(*c).filter(|c| **c > Rational::ZERO).cloned(),
        _ => None,
    };
    let (log, exponent) =
        match *store.node(inner) {
            Node::Product { a, b, ref la, ref lb, .. } if la.is_empty() && lb.is_empty() => {
                if base(store, a).is_some() { (a, b) } else { (b, a) }
            }
            _ => return None,
        };
    let c = base(store, log)?;
    let Node::Sum(parts) = store.node(exponent).clone() else { return None };
    let k = parts.iter().find_map(|(k, p)| Some(k * store.as_fill(*p)?))?;
    let power = &q * &k;
    let small = Rational::from(MAX_SPLIT);
    if power.is_zero() || !power.is_int() || power > small || power < -small {
        return None;
    }
    let shift = store.num(k);
    let rest = store.sub(exponent, shift);
    let rest = store.mul(rest, log);
    let rest = store.scale(q, rest);
    let base = store.num(c);
    Some((store.power(base, &power), rest))
}

/// A state that is at all steps the function of the parameters that it is at first.
fn by_parameters(asked: &Asked, (made, i): (&Rules, usize), way: Way) -> Option<Own> {
    let read = asked.problem.setting.store.free_symbols(&[made.first[i]]);
    let text = format!("`{}` of {} is what it is at first of the parameters", made.names[i], made.of);
    read.contains(&asked.source.point).then(|| Own { way, state: i, term: made.first[i], text })
}

/// Whether the courses agree with an equation.
fn holds(asked: &Asked, own: &Own, courses: &Courses, led: &Led) -> bool {
    let program = Program::new(&asked.problem.setting.store, &[own.term]);
    let agrees = |there: &Values, here: &Values, point: &crate::check::sample::Point<f64>| -> Option<bool> {
        let states = asked.target.states.iter().map(|s| s.symbol).zip(&there[1..]);
        let values: FxHashMap<SymbolId, &Vec<f64>> = states.chain(asked.source.symbols().zip(here)).collect();
        let input = |s: SymbolId| values.get(&s).map(|v| (*v).clone()).or_else(|| point.get(&s).cloned());
        let made = program.run(&mut Float::default(), input).ok()?.pop()?;
        let wanted = if own.way == Way::Forward { &there[own.state + 1] } else { &here[own.state + 1] };
        let size = wanted.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        Some(made.len() == wanted.len() && made.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= TOLERANCE * size))
    };
    courses.groups.iter().zip(led).all(|(group, led)| {
        group.iter().zip(led).all(|(course, led)| {
            led.iter().zip(&course.source).all(|(there, here)| agrees(there, here, &course.point).unwrap_or(false))
        })
    })
}
