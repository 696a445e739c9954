//! Moves that are rational in one factor which stands inside of an inverse, as a damping does.
//!
//! All other factors multiply the whole block, so that the quotient `t` of two entries of its move depends on the one factor
//! `c` alone. That `t = n(c) / q(c)` with polynomials of a low degree is proved: the determinant of the matrix with the rows
//! `1, c, …, c^d, -t, -t c, …, -t c^d`, for as many numbers `c` as it takes and one free `c`, vanishes. At a point
//! where the rows of these numbers are independent, which elimination in intervals shows, the coefficients of `n` and `q` then
//! follow from the values of `t` there. The source demands the quotient `s` of its own entries, `n(c) - s q(c) = 0`, which is a
//! linear equation between the powers of `c`. If as many of them as there are powers, from entries of one block at points of
//! one member, are independent for certain, there is no `c`.

use super::Asked;
use super::entries::{Entries, vanish};
use super::linear::{difference, independent};
use super::powers::{at_one, exponents, with_free};
use super::regular::Regular;
use crate::check::Budget;
use crate::check::decide::Difference;
use crate::check::sample::Point;
use crate::check::witness::Number;
use crate::domain::Rational;
use crate::domain::interval::Interval;
use crate::domain::prime::Random;
use crate::term::{Node, Program, Store, SymbolId, Term};

/// Degrees of numerator and denominator that are tried.
const DEGREES: std::ops::RangeInclusive<usize> = 1..=3;
/// Entries of a block that are compared with its first one.
const MAX_ENTRIES: usize = 4;
/// Points of one member whose equations are put together.
const TOGETHER: usize = 3;
/// Members that are tried.
const TRIED: usize = 3;
/// The numbers lie around one of these, in powers of four: where the factor matters most nobody knows.
const CENTRES: [i32; 5] = [0, 3, -3, 6, -6];
/// Programs of more operations are not looked at.
const MAX_OPERATIONS: usize = 400_000;

/// The quotients of the entries of a move, at the numbers and with the factor free.
struct Quotients {
    /// The numbers.
    nodes: Vec<Rational>,
    degree: usize,
    /// By entry, and then by number.
    at_nodes: Vec<Vec<Term>>,
}

impl Quotients {
    fn new(store: &mut Store, all: &[Term], (symbol, degree, centre): (SymbolId, usize, i32)) -> Quotients {
        let half = degree as i32;
        let nodes: Vec<Rational> = (centre - half..=centre + half).map(power_of_four).collect();
        let mut at = |t: Term, c: &Rational| {
            let c = store.num(c.clone());
            store.substitute_one(t, &[(symbol, c)].into_iter().collect())
        };
        let at_nodes = all.iter().map(|&t| nodes.iter().map(|c| at(t, c)).collect()).collect();
        Quotients { nodes, degree, at_nodes }
    }
}

/// Refutes that factors exist, as the module says.
pub fn differ(
    asked: &mut Asked,
    (left, right): (Term, Term),
    (factors, quantity): (&[usize], &str),
    budget: &Budget,
) -> Option<Difference> {
    let size = asked.problem.setting.store.size(right);
    if size < 2 {
        return None;
    }
    let count = size.min(MAX_ENTRIES);
    let mut entries = Entries::default();
    let pairs: Vec<(Term, Term)> = (0..count)
        .map(|i| {
            let store = &mut asked.problem.setting.store;
            (entries.of(store, left, i), entries.of(store, right, i))
        })
        .collect();
    factors.iter().find_map(|&j| {
        let symbol = asked.factors[j].symbol;
        let (all, degree) = quotients(asked, &pairs, factors, j, budget)?;
        let plain = at_one(asked, right, factors);
        let wanted: Vec<Term> = pairs.iter().map(|p| p.0).collect();
        CENTRES.into_iter().find_map(|centre| {
            if centre != 0 && !is_rational(asked, &all, (symbol, degree, centre), budget) {
                return None;
            }
            let quotients = Quotients::new(&mut asked.problem.setting.store, &all, (symbol, degree, centre));
            search(asked, &quotients, &wanted, (left, plain), quantity, budget)
        })
    })
}

/// The quotients of the entries and their degree, if they depend on one factor alone and are rational of a low degree in it.
fn quotients(
    asked: &mut Asked,
    pairs: &[(Term, Term)],
    factors: &[usize],
    j: usize,
    budget: &Budget,
) -> Option<(Vec<Term>, usize)> {
    let symbol = asked.factors[j].symbol;
    let store = &mut asked.problem.setting.store;
    let all: Vec<Term> = pairs[1..].iter().map(|p| store.div(p.1, pairs[0].1)).collect();
    if !inverts(store, &all, symbol) {
        return None;
    }
    let others: Vec<usize> = factors.iter().copied().filter(|k| *k != j).collect();
    let joined = store.join(&all);
    let alone = with_free(asked, &[symbol], |asked| exponents(asked, joined, &others, budget));
    if alone?.iter().any(|e| !e.is_zero()) {
        return None;
    }
    let alone: Vec<Term> = all.into_iter().map(|t| at_one(asked, t, &others)).collect();
    let degree = DEGREES.into_iter().find(|degree| is_rational(asked, &alone, (symbol, *degree, 0), budget))?;
    Some((alone, degree))
}

/// Whether what depends on one factor alone is a quotient of polynomials of a degree in it, wherever its values at the numbers
/// around a centre are not those of a lower degree: the caller has to see that they are not.
fn is_rational(
    asked: &mut Asked,
    alone: &[Term],
    (symbol, degree, centre): (SymbolId, usize, i32),
    budget: &Budget,
) -> bool {
    let store = &mut asked.problem.setting.store;
    let Quotients { nodes, at_nodes, .. } = Quotients::new(store, alone, (symbol, degree, centre));
    let free = store.symbol_term(symbol);
    let constants: Vec<Term> = nodes.into_iter().map(|c| store.num(c)).chain([free]).collect();
    let mut dets = Vec::with_capacity(alone.len());
    for (&t, values) in alone.iter().zip(&at_nodes) {
        let mut parts = Vec::new();
        for (&c, &t) in constants.iter().zip(values.iter().chain([&t])) {
            let powers: Vec<Term> = (0..=degree).map(|k| store.power(c, &Rational::from(k as u64))).collect();
            let minus = store.neg(t);
            let others: Vec<Term> = powers.iter().map(|p| store.mul(minus, *p)).collect();
            parts.extend(powers.into_iter().chain(others));
        }
        let n = 2 * degree + 2;
        let matrix = store.join(&parts);
        let matrix = store.reshape(matrix, &[n, n]);
        dets.push(store.determinant(matrix));
    }
    Program::new(store, &dets).operations() <= MAX_OPERATIONS
        && with_free(asked, &[symbol], |asked| vanish(&mut asked.problem, &dets, budget, "degree in a factor"))
}

/// Whether a matrix that reads the factor is inverted below some terms: what is in scalar denominators alone is looked at by
/// [`super::linear`].
fn inverts(store: &Store, terms: &[Term], symbol: SymbolId) -> bool {
    store.reachable(terms).into_iter().any(|t| match store.node(t) {
        Node::Inverse(x) => store.free_symbols(&[*x]).contains(&symbol),
        _ => false,
    })
}

fn power_of_four(k: i32) -> Rational {
    let power = Rational::from(4u64.pow(k.unsigned_abs()));
    if k < 0 { Rational::ONE / power } else { power }
}

/// Points that refute every value of the factor.
fn search(
    asked: &Asked,
    quotients: &Quotients,
    wanted: &[Term],
    sides: (Term, Term),
    quantity: &str,
    budget: &Budget,
) -> Option<Difference> {
    let mut roots: Vec<Term> = quotients.at_nodes.iter().flatten().chain(wanted).copied().collect();
    roots.extend([sides.0, sides.1]);
    let regular = Regular::new(asked, &roots, budget);
    if regular.program.operations() > MAX_OPERATIONS {
        return None;
    }
    let width = quotients.degree + 1;
    let mut random = Random::new(budget.seed, "rational");
    for tried in 0..TRIED {
        let mut points: Vec<Point<Rational>> = Vec::new();
        let mut rows: Vec<Vec<Number>> = Vec::new();
        let mut shown = None;
        for _ in 0..TOGETHER {
            let Some((point, mut found)) = regular.draw(&mut random, tried / 2, &points) else { continue };
            let sides = found.split_off(roots.len() - 2);
            let values: Vec<Interval> = found.iter().flatten().map(Number::interval).collect();
            let own = demands(quotients, &values);
            // Where the factor hardly matters at these numbers its coefficients are lost in the width of the intervals.
            if own.is_empty() {
                continue;
            }
            rows.extend(own);
            points.push(point);
            shown.get_or_insert(sides);
            if independent(&rows, width) {
                let why = format!(
                    "the quotients of the entries are rational of degree {} in one factor, and demand different values of it",
                    quotients.degree
                );
                return difference(asked, &points, &shown?, (quantity, &why));
            }
        }
    }
    None
}

/// The linear equations that a point makes between the powers of the factor.
fn demands(quotients: &Quotients, values: &[Interval]) -> Vec<Vec<Number>> {
    let (count, width) = (quotients.nodes.len(), quotients.degree + 1);
    let (at_nodes, wanted) = values.split_at(count * quotients.at_nodes.len());
    // The target's entry is what the first of the source's is, and not zero.
    if wanted[0].has_zero() {
        return Vec::new();
    }
    let row = |(t, wanted_here): (&[Interval], &Interval)| -> Option<Vec<Number>> {
        let demanded = wanted_here.over(&wanted[0])?;
        let kernel = kernel(&quotients.nodes, t, quotients.degree)?;
        let of = |k: usize| Number::Enclosed(kernel[k].minus(&demanded.times(&kernel[width + k])));
        Some((0..width).map(of).collect())
    };
    at_nodes.chunks(count).zip(&wanted[1..]).filter_map(row).collect()
}

/// The coefficients of numerator and denominator, up to a common factor: what the matrix with the rows
/// `1, c, …, c^d, -t, …, -t c^d` takes to zero.
fn kernel(nodes: &[Rational], t: &[Interval], degree: usize) -> Option<Vec<Interval>> {
    let n = 2 * degree + 2;
    let mut work: Vec<Vec<Interval>> = Vec::with_capacity(nodes.len());
    for (c, t) in nodes.iter().zip(t) {
        let c = Interval::enclose(c);
        let mut powers = vec![Interval::point(1.0)];
        for k in 0..degree {
            powers.push(powers[k].times(&c));
        }
        let minus = t.negated();
        let rest: Vec<Interval> = powers.iter().map(|p| p.times(&minus)).collect();
        work.push(powers.into_iter().chain(rest).collect());
    }
    let mut columns: Vec<usize> = (0..n).collect();
    for step in 0..work.len() {
        let pivots = (step..work.len()).flat_map(|i| (step..n).map(move |k| (i, k)));
        let (i, k) = pivots
            .filter(|&(i, k)| !work[i][columns[k]].has_zero())
            .max_by(|a, b| size(&work, &columns, *a).total_cmp(&size(&work, &columns, *b)))?;
        work.swap(step, i);
        columns.swap(step, k);
        let pivot = columns[step];
        let top = work[step].clone();
        for (other, row) in work.iter_mut().enumerate().filter(|(other, _)| *other != step) {
            let factor = row[pivot].over(&top[pivot])?;
            for &column in columns.iter().filter(|c| other > step || **c != pivot) {
                row[column] = row[column].minus(&factor.times(&top[column]));
            }
            row[pivot] = Interval::point(0.0);
        }
    }
    // The column that is left is free.
    let free = columns[n - 1];
    let mut all = vec![Interval::point(1.0); n];
    for (row, &column) in work.iter().zip(&columns) {
        all[column] = row[free].negated().over(&row[column])?;
    }
    Some(all)
}

fn size(work: &[Vec<Interval>], columns: &[usize], (i, k): (usize, usize)) -> f64 {
    work[i][columns[k]].mignitude()
}
