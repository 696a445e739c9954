//! Special members: numbers for hyperparameters, and for the parameters of a family, at which a formula is another one than
//! at those beside them.
//!
//! A verdict is for all members. What is proved of a general one need not hold where a sign is that of zero for every point,
//! where a rank is lower, or, of a step, where something that it divides by vanishes at `lr = 0`: `lr^2 / (lr + w^2)` is of
//! second order, but for `w = 0`. So such members are looked for and decided one by one.

mod signs;

pub use signs::{signs_may_vanish, some_sign_may_vanish};

use rustc_hash::FxHashMap;

use super::field::{drawn_freely, ranks};
use super::places::special_values;
use super::sample::Sampler;
use super::witness::defined_somewhere;
use super::{Budget, Problem, Setting, rate, singular};
use crate::domain::float::Float;
use crate::domain::prime::{Random, Signs};
use crate::domain::{Fun, Rational};
use crate::model::elaborate::{Constraint, ConstraintKind, Draw, Role};
use crate::term::{Node, Program, Singular, Singularity, Store, SymbolId, Term};

/// So many special members are decided; with more of them the answer is open.
const MOST: usize = 6;

/// Evaluations in the search for them.
const LOOKS: usize = 4_000;

/// Scalar operations of all evaluations.
const OPERATIONS: usize = 20_000_000;

/// What a parameter is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(Rational),
    /// Another parameter.
    Parameter(SymbolId),
    /// The identity matrix, of a square matrix.
    Identity,
}

impl Value {
    /// The value for a parameter, entry by entry.
    fn term(&self, symbol: SymbolId, store: &mut Store) -> Term {
        match self {
            Value::Number(q) => {
                let shape = store.symbol_info(symbol).shape.clone();
                store.fill(q.clone(), &shape)
            }
            Value::Parameter(s) => store.symbol_term(*s),
            Value::Identity => {
                let n = store.symbol_info(symbol).shape.first().copied().unwrap_or(1);
                store.eye(n)
            }
        }
    }
}

/// A member with some parameters set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Special {
    /// The parameters with their values.
    pub set: Vec<(SymbolId, Value)>,
    /// `w = 0`
    pub text: String,
}

impl Special {
    fn new(set: Vec<(SymbolId, Value)>, store: &mut Store) -> Special {
        let text = |(s, v): &(SymbolId, Value), store: &mut Store| {
            let name = store.symbol_info(*s).name.clone();
            let value = match v {
                Value::Number(q) => q.to_string(),
                Value::Parameter(other) => store.symbol_info(*other).name.clone(),
                Value::Identity => format!("eye({})", store.symbol_info(*s).shape.first().copied().unwrap_or(1)),
            };
            format!("{name} = {value}")
        };
        let texts: Vec<String> = set.iter().map(|x| text(x, store)).collect();
        Special { set, text: texts.join(", ") }
    }

    fn terms(&self, store: &mut Store) -> FxHashMap<SymbolId, Term> {
        self.set.iter().map(|(s, v)| (*s, v.term(*s, store))).collect()
    }
}

/// What is known of special members.
#[derive(Debug, Clone, Default)]
pub struct Specials {
    /// Those that were found.
    pub members: Vec<Special>,
    /// A quantity that vanishes at some other member, in words.
    pub open: Option<String>,
}

/// Why members of which nothing but this is known keep a verdict from being one for all, in words.
pub fn another(at: &str) -> String {
    format!("at {at} a sign, a rank or a divisor is another one, and what holds there is open")
}

/// Why a verdict may not be one for all members, where none is found.
pub const ZERO_ON_A_PIECE: &str = "at some member a sign may be taken of what is zero on a whole piece, or a rank may be \
     lower, and what holds there is open";

impl Specials {
    /// Whether there are none, as far as is seen.
    pub fn are_none(&self) -> bool {
        self.members.is_empty() && self.open.is_none()
    }
}

/// What has a kink or a rank, or at `lr = 0` a value that it divides by.
struct Argument {
    read: Term,
    matrix: bool,
    /// Whether it is the length in a polar factor of one row, which has a value at zero that its quotient has not.
    length: bool,
}

/// The special members of some terms.
pub fn members(problem: &Problem, lr: Option<SymbolId>, roots: &[Term], budget: &Budget) -> Specials {
    let scalars: Vec<SymbolId> = parameters(&problem.setting).collect();
    let all_members: Vec<SymbolId> =
        problem.setting.quantified.iter().filter(|q| q.role == Role::Member).map(|q| q.symbol).collect();
    let mut specials = Specials::default();
    if scalars.is_empty() || reads(&problem.setting.store, &scalars, lr, roots).is_empty() {
        return specials;
    }
    // What is built in the search has no place among the terms of the question.
    let problem = &mut problem.clone();
    let arguments = arguments(&mut problem.setting.store, lr, &scalars, roots);
    let reads: Vec<Term> = arguments.iter().map(|a| a.read).collect();
    let values = special_values(&problem.setting.store, &reads);
    let mut looks = LOOKS;
    let constants: Vec<SymbolId> =
        problem.setting.quantified.iter().filter(|q| q.draw == Draw::Pi).map(|q| q.symbol).chain(all_members).collect();
    for argument in &arguments {
        let found = degenerate(problem, argument, (&scalars, &values), &mut looks, budget);
        let covered = !found.is_empty();
        for special in found {
            let known = specials.members.contains(&special);
            if argument.length || !known && specials.members.len() >= MOST {
                specials.open.get_or_insert(special.text);
            } else if !known {
                specials.members.push(special);
            }
        }
        let own = problem.setting.store.free_symbols(&[argument.read]);
        let of_members = own.iter().all(|s| constants.contains(s));
        if of_members && specials.open.is_none() {
            specials.open = match argument.matrix {
                true => lower_rank(problem, argument, budget),
                false if covered => None,
                false => zero(problem, argument.read, budget),
            };
        }
    }
    specials
}

/// Where a matrix of members has a lower rank than in general, in words. Members that are decided one by one are no places for
/// all the others.
fn lower_rank(problem: &mut Problem, argument: &Argument, budget: &Budget) -> Option<String> {
    const LARGEST: usize = 5;
    match minors(problem, argument.read, LARGEST, budget.seed) {
        Minors::Never => None,
        Minors::Large => Some("members at which a rank is lower".into()),
        Minors::VanishWhereLower(t) => zero(problem, t, budget),
    }
}

/// Where the rank of a matrix is lower than in general.
enum Minors {
    /// Nowhere, or it is not known what it is in general.
    Never,
    /// The matrix is too large to be looked at.
    Large,
    /// Where this scalar vanishes.
    VanishWhereLower(Term),
}

/// The determinant of a square matrix of full rank, else a sum of squares of minors; up to so many rows or columns.
fn minors(problem: &mut Problem, read: Term, largest: usize, seed: u64) -> Minors {
    let [rows, cols] = problem.setting.store.shape(read)[..] else { return Minors::Never };
    let small = rows.min(cols);
    let general = ranks(problem, &[read], seed).map_or(0, |r| r[0]);
    if general == 0 {
        return Minors::Never;
    }
    if small > largest {
        return Minors::Large;
    }
    let store = &mut problem.setting.store;
    if general == small && rows == cols {
        return Minors::VanishWhereLower(store.determinant(read));
    }
    let transposed = store.transpose(read);
    let gram = if rows <= cols { store.matmul(read, transposed) } else { store.matmul(transposed, read) };
    // By Cauchy and Binet the principal minors of the Gram matrix add up to the squares of all minors of this size.
    let chosen = (0..1usize << small).filter(|s| s.count_ones() as usize == general);
    let minors: Vec<Term> = chosen
        .map(|s| {
            let kept: Vec<usize> = (0..small).filter(|i| s >> i & 1 == 1).collect();
            let map = kept.iter().flat_map(|i| kept.iter().map(move |k| (i * small + k) as u32)).collect();
            let minor = store.gather(gram, map, &[general, general]);
            store.determinant(minor)
        })
        .collect();
    minors.into_iter().reduce(|a, b| store.add(a, b)).map_or(Minors::Never, Minors::VanishWhereLower)
}

/// Where a scalar that is not zero in general vanishes, in words.
fn zero(problem: &mut Problem, t: Term, budget: &Budget) -> Option<String> {
    let store = &problem.setting.store;
    if store.size(t) != 1 || store.positive(t) || store.as_fill(t).is_some() {
        return None;
    }
    let argument = Argument { read: t, matrix: false, length: false };
    let nothing = problem.setting.store.num(0);
    // Not zero everywhere, that is.
    if loses(problem, &argument, nothing, budget) != Some(true) {
        return None;
    }
    let found = singular::find(problem, t, budget).map(|(at, _)| at);
    found.or_else(|| singular::touches_zero(problem, t, budget))
}

/// Whether a rate has no value at some member at which the sides have one, so that it is no rate there.
pub fn has_pole(problem: &Problem, rate: Term, budget: &Budget) -> bool {
    let members: Vec<SymbolId> =
        problem.setting.quantified.iter().filter(|q| q.role == Role::Member).map(|q| q.symbol).collect();
    let divisors = |store: &Store, roots: &[Term]| -> Vec<Term> {
        let divisor = |t: Term| {
            let pole = |s: &Singular| matches!(s.at, Singularity::Pole | Singularity::Length);
            store.singular(t).filter(pole).map(|s| s.read)
        };
        let of_members = |x: &Term| store.free_symbols(&[*x]).iter().any(|s| members.contains(s));
        store.reachable(roots).into_iter().filter_map(divisor).filter(of_members).collect()
    };
    if divisors(&problem.setting.store, &[rate]).is_empty() {
        return false;
    }
    // A ratio of sides at a point has poles that are none of the formula.
    let look = &mut problem.clone();
    let domain = problem.domain.clone();
    let shown = rate::shown(&mut look.setting, rate, &domain, budget);
    let rate = shown.unwrap_or(rate);
    let arguments = divisors(&look.setting.store, &[rate]);
    let scalars: Vec<SymbolId> = parameters(&problem.setting).collect();
    let sides: Vec<Term> = problem.equation.sides();
    let whole = divisors(&problem.setting.store, &sides).is_empty();
    let values = special_values(&look.setting.store, &arguments);
    let mut looks = LOOKS;
    arguments.iter().any(|&read| {
        let argument = Argument { read, matrix: look.setting.store.shape(read).len() == 2, length: false };
        let found = degenerate(look, &argument, (&scalars, &values), &mut looks, budget);
        let defined = |special: &Special| {
            if shown.is_none() && !grows(look, rate, special, budget) {
                return false;
            }
            let there = problem.at(special);
            let sides: Vec<Term> = there.equation.sides();
            defined_somewhere(&there.setting, &sides, &there.domain)
        };
        found.iter().any(defined) || whole && shown.is_some() && zero(look, read, budget).is_some()
    })
}

/// Whether a rate becomes large as a parameter comes close to a number.
fn grows(problem: &Problem, rate: Term, special: &Special, budget: &Budget) -> bool {
    const CLOSE: f64 = 1e-7;
    const FAR: f64 = 0.3;
    const LARGE: f64 = 1e3;
    let [(symbol, Value::Number(q))] = &special.set[..] else { return false };
    if !problem.setting.store.symbol_info(*symbol).shape.is_empty() {
        return false;
    }
    let sampler = Sampler::new(&problem.setting, &[rate], &problem.domain);
    let program = Program::new(&problem.setting.store, &[rate]);
    let mut random = Random::new(budget.seed, "poles");
    (0..8).any(|_| {
        let Some(mut point) = sampler.float(&mut random) else { return false };
        let mut at = |offset: f64| {
            point.insert(*symbol, vec![q.to_f64().value() + offset]);
            program.run(&mut Float::default(), |s| point.get(&s).cloned()).ok().map(|v| v[0][0].abs())
        };
        matches!((at(CLOSE), at(FAR)), (Some(close), Some(far)) if close > LARGE * far)
    })
}

/// The parameters that are real numbers, or made of them.
fn parameters(setting: &Setting) -> impl Iterator<Item = SymbolId> + '_ {
    setting.quantified.iter().filter(|q| q.role == Role::Member && q.draw == Draw::Real).map(|q| q.symbol)
}

/// What some terms take signs or ranks of, or divide by, as far as it reads parameters: whether it is a matrix, and whether the
/// operation jumps. What only divides counts if it reads `lr`.
fn reads(store: &Store, scalars: &[SymbolId], lr: Option<SymbolId>, roots: &[Term]) -> Vec<(Argument, bool, bool)> {
    let mut found = Vec::new();
    for t in store.reachable(roots) {
        let Some(Singular { read, at, matrix }) = store.singular(t) else { continue };
        let length = at == Singularity::Length;
        let jumps = matches!(at, Singularity::Jump | Singularity::Rank) || length;
        let free = store.free_symbols(&[read]);
        let moves = lr.is_some_and(|lr| free.contains(&lr));
        if (jumps || moves) && free.iter().any(|s| scalars.contains(s)) {
            found.push((Argument { read, matrix, length }, jumps, moves));
        }
    }
    found
}

/// The same, those that read `lr` at `lr = 0` as well.
fn arguments(store: &mut Store, lr: Option<SymbolId>, scalars: &[SymbolId], roots: &[Term]) -> Vec<Argument> {
    let zero = store.num(0);
    let by: FxHashMap<SymbolId, Term> = lr.map(|lr| (lr, zero)).into_iter().collect();
    let mut all = Vec::new();
    for (argument, jumps, moves) in reads(store, scalars, lr, roots) {
        if moves {
            all.push(Argument { read: store.substitute_one(argument.read, &by), ..argument });
        }
        if jumps {
            all.push(argument);
        }
    }
    all
}

/// The members at which more entries vanish, or the rank is lower, than at general ones, for all points.
fn degenerate(
    problem: &mut Problem,
    argument: &Argument,
    (scalars, values): (&[SymbolId], &[Rational]),
    looks: &mut usize,
    budget: &Budget,
) -> Vec<Special> {
    let read = argument.read;
    let own: Vec<SymbolId> =
        problem.setting.store.free_symbols(&[read]).into_iter().filter(|s| scalars.contains(s)).collect();
    let program = Program::new(&problem.setting.store, &[read]);
    if program.operations().saturating_mul(own.len() * values.len()) > OPERATIONS {
        return Vec::new();
    }
    let large = program.operations() > LARGE;
    let sampler = Sampler::new(&problem.setting, &[read], &problem.domain);
    // Bounds are open.
    let excluded = |symbol: SymbolId, q: &Rational| {
        let outside = |(low, high): (Option<Rational>, Option<Rational>)| {
            low.is_some_and(|l| *q <= l) || high.is_some_and(|h| *q >= h)
        };
        sampler.bounds(symbol).into_iter().any(outside)
    };
    let mut found = Vec::new();
    let shapes: FxHashMap<SymbolId, _> =
        own.iter().map(|s| (*s, problem.setting.store.symbol_info(*s).shape.clone())).collect();
    let shape_of = |s: SymbolId| shapes.get(&s);
    let mut try_one = |set: Vec<(SymbolId, Value)>, found: &mut Vec<Special>| {
        if *looks == 0 {
            return;
        }
        *looks -= 1;
        let store = &mut problem.setting.store;
        let special = Special::new(set, store);
        let by = special.terms(store);
        let there = store.substitute_one(read, &by);
        if large && !argument.matrix && !seems_to_lose(problem, [read, there], budget.seed) {
            return;
        }
        if loses(problem, argument, there, budget).unwrap_or(false) && inside(problem, &by, budget) {
            found.push(special);
        }
    };
    for (i, &symbol) in own.iter().enumerate() {
        let numbers = values.iter().cloned().map(Value::Number);
        let others = own[i + 1..].iter().copied().filter(|s| shape_of(*s) == shape_of(symbol)).map(Value::Parameter);
        let square = shape_of(symbol).is_some_and(|s| matches!(s[..], [r, c] if r == c));
        let numbers = numbers.filter(|v| !matches!(v, Value::Number(q) if excluded(symbol, q)));
        for value in numbers.chain(others).chain(square.then_some(Value::Identity)) {
            try_one(vec![(symbol, value)], &mut found);
        }
    }
    if found.is_empty() && own.len() > 1 {
        try_one(own.iter().map(|s| (*s, Value::Number(Rational::ZERO))).collect(), &mut found);
    }
    found
}

/// Arguments of more operations are looked at in floating point first.
const LARGE: usize = 20_000;

/// Whether at some random point an entry of the second term is all but zero and that of the first is not, or that cannot be
/// told. Of many entries some meet each piece between kinks.
fn seems_to_lose(problem: &Problem, terms: [Term; 2], seed: u64) -> bool {
    const POINTS: usize = 4;
    const NOTHING: f64 = 1e-7;
    let sampler = Sampler::new(&problem.setting, &terms, &problem.domain);
    let program = Program::new(&problem.setting.store, &terms);
    let mut random = Random::new(seed, "seems to lose");
    (0..POINTS).any(|_| {
        let run = sampler.float(&mut random).map(|p| program.run(&mut Float::default(), |s| p.get(&s).cloned()));
        let Some(Ok(values)) = run else { return true };
        values[0].iter().zip(&values[1]).any(|(x, y)| x.abs() > NOTHING && y.abs() <= NOTHING)
    })
}

/// Points at which the signs in an argument are drawn.
const PIECES: u64 = 8;

/// Whether more entries of a term vanish than of an argument, or its rank is lower, at a random point of a prime field.
fn loses(problem: &Problem, argument: &Argument, there: Term, budget: &Budget) -> Option<bool> {
    let both = [argument.read, there];
    if argument.matrix {
        let ranks = ranks(problem, &both, budget.seed)?;
        return Some(ranks[1] < ranks[0]);
    }
    let program = Program::new(&problem.setting.store, &both);
    let kinks = problem.setting.store.any_node(&both, |n| matches!(n, Node::Map(Fun::Sign, _)));
    let mut lost = None;
    // On some pieces only, maybe.
    for look in 0..if kinks { PIECES } else { 1 } {
        let Some((mut prime, at)) = drawn_freely(problem, &program, &both, budget.seed.wrapping_add(look)) else {
            break;
        };
        if look > 0 {
            prime.signs = Signs::Pattern(Random::new(budget.seed, &format!("pieces of members/{look}")).next());
        }
        let Ok(values) = program.run(&mut prime, |s| at.get(&s).cloned()) else { break };
        *lost.get_or_insert(false) |= values[0].iter().zip(&values[1]).any(|(x, y)| *x != 0 && *y == 0);
    }
    lost
}

/// Whether some point of the domain has a parameter at this value.
fn inside(problem: &mut Problem, by: &FxHashMap<SymbolId, Term>, budget: &Budget) -> bool {
    let mut at = problem.clone();
    at.substitute(by);
    let store = &at.setting.store;
    let fails = |c: &Constraint| {
        let Ok(v) = Program::new(store, &[c.term]).run(&mut Float::default(), |_| None) else { return false };
        v[0].iter().any(|x| if c.kind == ConstraintKind::Positive { *x <= 0.0 } else { *x == 0.0 })
    };
    // A condition without symbols is no matter of samples.
    if at.setting.constraints.iter().chain(&at.domain).any(|c| store.free_symbols(&[c.term]).is_empty() && fails(c)) {
        return false;
    }
    // Also conditions on what the sides do not read: a member needs values for all parameters.
    let conditions = at.setting.constraints.iter().chain(&at.domain).map(|c| c.term);
    let all: Vec<Term> = at.equation.left.iter().chain(&at.equation.right).copied().chain(conditions).collect();
    let sampler = Sampler::new(&at.setting, &all, &at.domain);
    !sampler.contradictory() && sampler.is_met(budget.seed)
}

impl Problem {
    /// The same question at a member: its claims are those of general members, and hold there as well.
    pub fn at(&self, special: &Special) -> Problem {
        let mut at = self.clone();
        at.claims.clear();
        at.assumptions.clear();
        at.sampled_claims.clear();
        at.expected_rate = None;
        at.found_rate = None;
        let by = special.terms(&mut at.setting.store);
        at.substitute(&by);
        at.setting.quantified.retain(|q| !by.contains_key(&q.symbol));
        at.setting.generated.retain(|s| !by.contains_key(s));
        at
    }

    fn substitute(&mut self, by: &FxHashMap<SymbolId, Term>) {
        let Setting { store, constraints, shown, orthogonal, written, .. } = &mut self.setting;
        let mut there = |t: &mut Term| *t = store.substitute_one(*t, by);
        let conditions = |c: &mut Vec<Constraint>, there: &mut dyn FnMut(&mut Term)| {
            c.iter_mut().for_each(|c| there(&mut c.term));
        };
        conditions(constraints, &mut there);
        conditions(&mut self.domain, &mut there);
        shown.iter_mut().for_each(|s| there(&mut s.term));
        orthogonal.iter_mut().chain(written).for_each(&mut there);
        self.equation.left.iter_mut().chain(&mut self.equation.right).for_each(&mut there);
        self.diagonal.iter_mut().flatten().for_each(&mut there);
    }
}
