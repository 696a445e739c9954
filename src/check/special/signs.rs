//! Signs of what may be zero, for some member, at all points of a piece.

use super::{Minors, Special, Specials, Value, minors, parameters};
use crate::check::sample::Point;
use crate::check::{Budget, Problem, algebra, cells};
use crate::domain::polynomial::{Polynomial, Polynomials};
use crate::domain::prime::PseudoInverses;
use crate::domain::{Domain, Fun, Rational};
use crate::term::{Node, Program, Singularity, SymbolId, Term};

impl Special {
    /// Polynomials one of which is positive at every other member.
    fn elsewhere(&self, domain: &mut Polynomials, point: &Point<Polynomial>) -> Option<Vec<Polynomial>> {
        let mut differences = Vec::new();
        for (symbol, value) in &self.set {
            let own = point.get(symbol)?;
            for (k, x) in own.iter().enumerate() {
                let there = match value {
                    Value::Number(q) => domain.rational(q).ok()?,
                    Value::Parameter(other) => point.get(other)?.get(k)?.clone(),
                    Value::Identity => {
                        let n = own.len().isqrt();
                        domain.rational(&Rational::from(u8::from(k / n == k % n))).ok()?
                    }
                };
                let difference = domain.sub(x, &there);
                differences.extend([domain.neg(&difference), difference]);
            }
        }
        Some(differences)
    }
}

/// Whether, for some member but those that are known, a sign that a proof rests on may be taken of what vanishes at all points
/// of a piece: then the sign is zero there.
pub fn signs_may_vanish(
    problem: &Problem,
    (left, right): (&[Term], &[Term]),
    known: &Specials,
    budget: &Budget,
) -> bool {
    let roots: Vec<Term> = left.iter().chain(right).copied().collect();
    let divisors = divisors(problem, &roots);
    let elsewhere = |domain: &mut Polynomials, point: &Point<Polynomial>| -> Vec<Vec<Polynomial>> {
        let special = known.members.iter().filter_map(|special| special.elsewhere(domain, point));
        let mut lists: Vec<Vec<Polynomial>> = special.filter(|l| !l.is_empty()).collect();
        for divisor in &divisors {
            let run = divisor.run(domain, |s| point.get(&s).cloned());
            if let Ok(values) = run
                && domain.signs.is_empty()
            {
                lists.extend(values.into_iter().flatten().map(|p| vec![domain.neg(&p), p]));
            }
            domain.begin();
        }
        lists
    };
    if some_rank_may_drop(problem, &roots, &elsewhere, budget.seed) {
        return true;
    }
    let mixed = mixed_signs(problem, &roots);
    if mixed.is_empty() {
        return false;
    }
    let mut own = problem.setting.clone();
    let residual: Vec<Term> = left.iter().zip(right).map(|(l, r)| own.store.sub(*l, *r)).collect();
    if algebra::vanishes_for_free_signs(
        &own,
        &residual,
        &problem.domain,
        (budget, "signs at members"),
        PseudoInverses::ByRank,
    ) {
        return false;
    }
    let may =
        |read: &Term| cells::may_vanish_at_member(&problem.setting, *read, &problem.domain, &elsewhere).unwrap_or(true);
    mixed.iter().any(may)
}

/// Whether, for some member, a matrix that is pseudo-inverted or has a polar factor has a lower rank than in general at all
/// points: where all minors of this size vanish as polynomials in the points. Those that are too large are not looked at,
/// nor those with functions of members in them.
fn some_rank_may_drop(problem: &Problem, roots: &[Term], elsewhere: cells::Elsewhere<'_>, seed: u64) -> bool {
    const LARGEST: usize = 3;
    let store = &problem.setting.store;
    // Matrices that are members are invertible or orthogonal by themselves.
    let number = |s: &SymbolId| store.symbol_info(*s).shape.is_empty();
    let members: Vec<SymbolId> = parameters(&problem.setting).filter(number).collect();
    let ranked = |t: Term| {
        let ranked = store.singular(t).filter(|s| s.at == Singularity::Rank)?;
        let free = store.free_symbols(&[ranked.read]);
        let both = free.iter().any(|s| members.contains(s)) && free.iter().any(|s| !members.contains(s));
        // `cos(a)` and `sin(a)` would be taken for two numbers that vanish together.
        let tied = store
            .reachable(&[ranked.read])
            .into_iter()
            .any(|u| store.node(u).is_atomic() && store.free_symbols(&[u]).iter().any(|s| members.contains(s)));
        (both && !tied).then_some(ranked.read)
    };
    let mixed: Vec<Term> = store.reachable(roots).into_iter().filter_map(ranked).collect();
    if mixed.is_empty() {
        return false;
    }
    let mut look = problem.clone();
    mixed.into_iter().any(|read| match minors(&mut look, read, LARGEST, seed) {
        Minors::Never | Minors::Large => false,
        Minors::VanishWhereLower(t) => {
            cells::may_vanish_at_member(&look.setting, t, &look.domain, elsewhere) == Some(true)
        }
    })
}

/// The same of sides that are compared elsewhere: whether any sign that they take may.
pub fn some_sign_may_vanish(problem: &Problem, sides: &[Term], budget: &Budget) -> bool {
    let nowhere = |_: &mut Polynomials, _: &Point<Polynomial>| Vec::new();
    if some_rank_may_drop(problem, sides, &nowhere, budget.seed) {
        return true;
    }
    let may =
        |read: &Term| cells::may_vanish_at_member(&problem.setting, *read, &problem.domain, &nowhere).unwrap_or(true);
    mixed_signs(problem, sides).iter().any(may)
}

/// What is divided by and depends on parameters alone: where it is zero there is no member. The sign of something is zero with
/// it.
fn divisors(problem: &Problem, roots: &[Term]) -> Vec<Program> {
    const DIVISORS: usize = 4;
    let store = &problem.setting.store;
    let scalars: Vec<SymbolId> = parameters(&problem.setting).collect();
    let divisor = |t: Term| match store.node(t) {
        Node::Power(x, q) if *q < Rational::ZERO => match store.node(*x) {
            Node::Map(Fun::Sign, y) => Some(*y),
            _ => Some(*x),
        },
        _ => None,
    };
    let kinks = |x: &Term| store.any_node(&[*x], |n| matches!(n, Node::Map(Fun::Sign, _)));
    let alone = |x: &Term| {
        let members = store.free_symbols(&[*x]).iter().all(|s| scalars.contains(s));
        store.size(*x) == 1 && members && !kinks(x)
    };
    let found = store.reachable(roots).into_iter().filter_map(divisor).filter(alone).take(DIVISORS);
    found.map(|x| Program::new(store, &[x])).collect()
}

/// What signs are taken of that depends on parameters and on points. A sign that is only divided by is nowhere zero.
fn mixed_signs(problem: &Problem, roots: &[Term]) -> Vec<Term> {
    let store = &problem.setting.store;
    let members: Vec<SymbolId> = parameters(&problem.setting).collect();
    if members.is_empty() {
        return Vec::new();
    }
    let reachable = store.reachable(roots);
    let divided = |t: Term| {
        let inverse = |n: &Node| matches!(n, Node::Power(_, q) if *q < Rational::ZERO);
        !roots.contains(&t)
            && reachable.iter().map(|u| store.node(*u)).filter(|n| n.operands().contains(&t)).all(inverse)
    };
    let mixed = |t: Term| {
        let jump = store.singular(t).filter(|s| matches!(s.at, Singularity::Jump | Singularity::Length))?;
        let free = store.free_symbols(&[jump.read]);
        let both = free.iter().any(|s| members.contains(s)) && free.iter().any(|s| !members.contains(s));
        (both && !divided(t)).then_some(jump.read)
    };
    reachable.iter().copied().filter_map(mixed).collect()
}
