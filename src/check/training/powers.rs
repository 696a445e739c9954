//! How a term depends on factors: by a power product in front of it, by a summand, or by signs and ranks.

use rustc_hash::FxHashMap;

use super::Asked;
use super::entries::vanish;
use crate::check::Budget;
use crate::domain::{Fun, Rational};
use crate::model::elaborate::{Constraint, ConstraintKind, Draw, Quantified, Role};
use crate::term::{Node, Store, SymbolId, Term};

/// The term with some factors set to one.
pub fn at_one(asked: &mut Asked, t: Term, factors: &[usize]) -> Term {
    let store = &mut asked.problem.setting.store;
    let one = store.num(1);
    let by: FxHashMap<SymbolId, Term> = factors.iter().map(|&j| (asked.factors[j].symbol, one)).collect();
    store.substitute_one(t, &by)
}

/// Whether a term depends on factors by one power product in front of it; proved.
pub fn homogeneous(asked: &mut Asked, t: Term, factors: &[usize], budget: &Budget) -> bool {
    exponents(asked, t, factors, budget).is_some()
}

/// `(r₀, r₁)` with `t = r₀ + c r₁` for a factor `c` on which neither depends, if there are any: proved.
pub fn affine(asked: &mut Asked, t: Term, j: usize, budget: &Budget) -> Option<(Term, Term)> {
    let symbol = asked.factors[j].symbol;
    let store = &mut asked.problem.setting.store;
    let (zero, c) = (store.num(0), store.symbol_term(symbol));
    let constant = store.substitute_one(t, &[(symbol, zero)].into_iter().collect());
    let plain = at_one(asked, t, &[j]);
    let store = &mut asked.problem.setting.store;
    let slope = store.sub(plain, constant);
    let scaled = store.scalar_mul(c, slope);
    let whole = store.add(constant, scaled);
    let difference = store.sub(t, whole);
    with_free(asked, &[symbol], |asked| vanish(&mut asked.problem, &[difference], budget, "affine"))
        .then_some((constant, slope))
}

/// Runs something while factors are free positive numbers.
pub fn with_free<T>(asked: &mut Asked, symbols: &[SymbolId], run: impl FnOnce(&mut Asked) -> T) -> T {
    let quantified = asked.problem.setting.quantified.len();
    let constraints = asked.problem.setting.constraints.len();
    for &symbol in symbols {
        let term = asked.problem.setting.store.symbol_term(symbol);
        asked.problem.setting.store.assume_positive(term);
        asked.problem.setting.quantified.push(Quantified { symbol, draw: Draw::Real, role: Role::Data });
        let (text, span) = ("factor > 0".to_owned(), crate::source::Span::default());
        asked.problem.setting.constraints.push(Constraint {
            term,
            kind: ConstraintKind::Positive,
            text,
            assumed: false,
            span,
        });
    }
    let result = run(asked);
    asked.problem.setting.quantified.truncate(quantified);
    asked.problem.setting.constraints.truncate(constraints);
    result
}

/// The exponents of the factors in front of a term, if that is how it depends on them: guessed at one point, proved.
pub fn exponents(asked: &mut Asked, t: Term, factors: &[usize], budget: &Budget) -> Option<Vec<Rational>> {
    let free = asked.problem.setting.store.free_symbols(&[t]);
    let plain = at_one(asked, t, factors);
    let mut all = Vec::new();
    let mut expected = plain;
    let mut symbols = Vec::new();
    for &j in factors {
        let symbol = asked.factors[j].symbol;
        if !free.contains(&symbol) {
            all.push(Rational::ZERO);
            continue;
        }
        let e = exponent(asked, t, plain, factors, j, budget)?;
        let store = &mut asked.problem.setting.store;
        let c = store.symbol_term(symbol);
        let power = store.power(c, &e);
        expected = store.scalar_mul(power, expected);
        all.push(e);
        symbols.push(symbol);
    }
    let difference = asked.problem.setting.store.sub(t, expected);
    with_free(asked, &symbols, |asked| vanish(&mut asked.problem, &[difference], budget, "factors")).then_some(all)
}

/// The exponent of one factor from two values.
fn exponent(asked: &mut Asked, t: Term, plain: Term, factors: &[usize], j: usize, budget: &Budget) -> Option<Rational> {
    let others: Vec<usize> = factors.iter().copied().filter(|k| *k != j).collect();
    let alone = at_one(asked, t, &others);
    let store = &mut asked.problem.setting.store;
    let two = store.num(2);
    let doubled = store.substitute_one(alone, &[(asked.factors[j].symbol, two)].into_iter().collect());
    let sampler = crate::check::sample::Sampler::new(&asked.problem.setting, &[doubled, plain], &asked.problem.domain);
    let program = crate::term::Program::new(&asked.problem.setting.store, &[doubled, plain]);
    let mut random = crate::domain::prime::Random::new(budget.seed, "exponent");
    for _ in 0..24 {
        let Some(point) = sampler.float(&mut random) else { continue };
        let Ok(v) = program.run(&mut crate::domain::float::Float::default(), |s| point.get(&s).cloned()) else {
            continue;
        };
        let pair =
            v[0].iter().zip(&v[1]).filter(|(_, b)| b.abs() > 1e-12).max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        let Some((a, b)) = pair else { continue };
        let e = (a / b).log2();
        let rounded = (e * 4.0).round();
        if (e * 4.0 - rounded).abs() > 1e-6 {
            return None;
        }
        return Some(Rational::from_parts((rounded as i64).into(), 4u8.into()));
    }
    None
}

/// Whether some factor may change the rank of a matrix under a pseudo-inverse or a polar factor, where what is proved of all
/// but exceptional factors need not hold.
pub fn jumps_at_ranks(asked: &mut Asked, t: Term, factors: &[usize], budget: &Budget) -> bool {
    let store = &asked.problem.setting.store;
    let symbols: Vec<SymbolId> = factors.iter().map(|&j| asked.factors[j].symbol).collect();
    let matrices: Vec<Term> = store
        .reachable(&[t])
        .into_iter()
        .filter_map(|n| match *store.node(n) {
            Node::PseudoInverse(x) | Node::Polar(x) => Some(x),
            _ => None,
        })
        .filter(|x| store.free_symbols(&[*x]).iter().any(|s| symbols.contains(s)))
        .collect();
    matrices.into_iter().any(|x| !homogeneous(asked, x, factors, budget))
}

/// Numbers in the place of signs.
pub struct Choice {
    /// The signs that are zero.
    pub zero: Vec<Term>,
    /// What stands for each of them.
    pub by: FxHashMap<Term, Term>,
}

/// Every way to put 1, -1 or 0 in the place of some signs, 1 in that of all first.
pub fn choices_of_signs(store: &mut Store, signs: &[Term]) -> Vec<Choice> {
    let values = [store.num(1), store.num(-1), store.num(0)];
    (0..3usize.pow(signs.len() as u32))
        .map(|choice| {
            let digit = |k: usize| choice / 3usize.pow(k as u32) % 3;
            let zero = (0..signs.len()).filter(|k| digit(*k) == 2).map(|k| signs[k]).collect();
            let by = signs.iter().enumerate().map(|(k, s)| (*s, values[digit(k)])).collect();
            Choice { zero, by }
        })
        .collect()
}

/// The sign nodes of a term that depend on factors.
pub fn signs(asked: &Asked, t: Term, factors: &[usize]) -> Vec<Term> {
    let store = &asked.problem.setting.store;
    let symbols: Vec<SymbolId> = factors.iter().map(|&j| asked.factors[j].symbol).collect();
    let depends = |x: Term| store.free_symbols(&[x]).iter().any(|s| symbols.contains(s));
    store
        .reachable(&[t])
        .into_iter()
        .filter(|&n| matches!(store.node(n), Node::Map(Fun::Sign, x) if depends(*x)))
        .collect()
}
