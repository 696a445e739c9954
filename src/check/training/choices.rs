//! Moves that are rational in the factors for every choice of signs, or beside a number that they have in common.
//!
//! As in [`super::linear`] every entry of the block at every point of one member makes a linear equation between products of
//! factors. Here an entry makes one for each choice of the signs that depend on factors, and where a sign is zero another
//! one: its argument vanishes. Whatever the factors are, some choice holds for every entry. If each way to choose ends
//! in equations without a solution in positive products, there are no factors.
//!
//! What all entries are multiplied by, such as `1 / norm(u)`, is one unknown for each point: it is what it may be, and only its
//! products with other factors are unknown together.

use super::Asked;
use super::entries::Entries;
use super::linear::{Forms, Monomial, Polynomial, difference};
use super::powers::{Choice, at_one, choices_of_signs, signs};
use super::regular::Regular;
use crate::check::Budget;
use crate::check::decide::Difference;
use crate::check::sample::Point;
use crate::check::witness::Number;
use crate::domain::interval::Interval;
use crate::domain::prime::Random;
use crate::domain::{Fun, Rational};
use crate::term::{Node, Store, SymbolId, Term};

/// Entries of a block that are looked at.
const MAX_ENTRIES: usize = 4;
/// Signs of one entry.
const MAX_SIGNS: usize = 3;
/// Monomials that are told apart.
const MAX_MONOMIALS: usize = 12;
/// Points of one member whose equations are put together, and members that are tried.
const TOGETHER: usize = 3;
const TRIED: usize = 12;
/// Systems of equations that are looked at, and for one member.
const MAX_SYSTEMS: usize = 6000;
const OF_ONE_MEMBER: usize = 2000;
/// Programs of more operations are not looked at.
const MAX_OPERATIONS: usize = 50_000;

const WHY: &str = "for every choice of signs the moves are linear equations between products of the factors, and those of the entries here have no solution in positive numbers";

/// One equation: the places of its coefficients in the list of roots, with their columns.
type Row = Vec<(usize, usize)>;

/// The equations of a block.
struct Choices {
    roots: Vec<Term>,
    monomials: Vec<Monomial>,
    /// By entry and choice.
    entries: Vec<Vec<Vec<Row>>>,
}

impl Choices {
    fn add(&mut self, polynomial: Polynomial) -> Option<Row> {
        let mut row = Vec::new();
        for (m, k) in polynomial {
            let column = self.monomials.iter().position(|n| *n == m).unwrap_or_else(|| {
                self.monomials.push(m);
                self.monomials.len() - 1
            });
            self.roots.push(k);
            row.push((column, self.roots.len() - 1));
        }
        (self.monomials.len() <= MAX_MONOMIALS).then_some(row)
    }
}

/// Factors of a product with their exponents, and the number in front.
fn parts(store: &Store, t: Term, all: &mut Vec<(Term, Rational)>) -> Rational {
    match store.node(t) {
        Node::Product { a, b, la, lb, .. } if la.is_empty() && lb.is_empty() => {
            parts(store, *a, all) * parts(store, *b, all)
        }
        Node::Sum(list) if list.len() == 1 => &list[0].0 * parts(store, list[0].1, all),
        Node::Power(x, q) => {
            all.push((*x, q.clone()));
            Rational::ONE
        }
        _ => {
            all.push((t, Rational::ONE));
            Rational::ONE
        }
    }
}

/// The entries without what all of them are multiplied by and reads factors; whether there was any.
fn stripped(store: &mut Store, entries: &[Term], factors: &[SymbolId]) -> Option<Vec<Term>> {
    let lists: Vec<(Rational, Vec<(Term, Rational)>)> = (entries.iter())
        .map(|&t| {
            let mut all = Vec::new();
            (parts(store, t, &mut all), all)
        })
        .collect();
    let reads = |t: Term| store.free_symbols(&[t]).iter().any(|s| factors.contains(s));
    let common = |p: &&(Term, Rational)| reads(p.0) && lists.iter().all(|(_, list)| list.contains(p));
    let common: Vec<(Term, Rational)> = lists.first()?.1.iter().filter(common).cloned().collect();
    // Factors alone are no more unknown than they were.
    let plain = |t: Term| matches!(store.node(t), Node::Symbol(_));
    if common.iter().all(|(t, _)| plain(*t)) {
        return None;
    }
    let rest = lists.into_iter().map(|(q, list)| {
        let mut all = store.num(q);
        for (t, e) in list.iter().filter(|p| !common.contains(p)) {
            let power = store.power(*t, e);
            all = store.mul(all, power);
        }
        all
    });
    Some(rest.collect())
}

fn choices(asked: &mut Asked, (left, right): (Term, Term), factors: &[usize]) -> Option<Choices> {
    let mut symbols: Vec<SymbolId> = factors.iter().map(|&j| asked.factors[j].symbol).collect();
    let size = asked.problem.setting.store.size(right);
    let mut of = Entries::reading(&symbols);
    let store = &mut asked.problem.setting.store;
    let all: Vec<(Term, Term)> =
        (0..size.min(MAX_ENTRIES)).map(|i| (of.of(store, left, i), of.of(store, right, i))).collect();
    let (lefts, mut rights): (Vec<Term>, Vec<Term>) = all.into_iter().unzip();
    let alike = stripped(store, &rights, &symbols);
    let (common, unknown) = store.symbol("common factor", &[]);
    let beside = alike.is_some();
    if let Some(rest) = alike {
        rights = rest;
        symbols.push(common);
    }
    let mut found = Choices { roots: Vec::new(), monomials: Vec::new(), entries: Vec::new() };
    let mut pieces = beside;
    for (&l, &r) in lefts.iter().zip(&rights) {
        let kinks = signs(asked, r, factors);
        if kinks.len() > MAX_SIGNS || !kinks.iter().all(|t| asked.problem.setting.store.shape(*t).is_empty()) {
            continue;
        }
        pieces |= !kinks.is_empty();
        let mut own = Vec::new();
        for Choice { zero, by } in choices_of_signs(&mut asked.problem.setting.store, &kinks) {
            let store = &mut asked.problem.setting.store;
            let mut smooth = store.replace(&[r], &by)[0];
            if beside {
                smooth = store.mul(unknown, smooth);
            }
            let mut vanishing = Vec::new();
            for kink in zero {
                let Node::Map(Fun::Sign, argument) = *store.node(kink) else { return None };
                vanishing.push(store.replace(&[argument], &by)[0]);
            }
            let mut forms = Forms::new(asked, &symbols);
            let (n, d) = forms.of(smooth)?;
            let mut equations = vec![forms.equation(l, n, d)?];
            for argument in vanishing {
                equations.push(forms.of(argument)?.0);
            }
            own.push(equations);
        }
        // What another choice asks for and more is refuted with that.
        let more = |c: usize| {
            let within = |d: usize| own[d].iter().all(|p| own[c].contains(p));
            (0..own.len()).any(|d| d != c && within(d) && (d < c || own[d].len() < own[c].len()))
        };
        let kept: Vec<&Vec<Polynomial>> = (0..own.len()).filter(|&c| !more(c)).map(|c| &own[c]).collect();
        let mut rows = Vec::new();
        for equations in kept {
            rows.push(equations.iter().map(|p| found.add(p.clone())).collect::<Option<Vec<Row>>>()?);
        }
        found.entries.push(rows);
    }
    (pieces && found.entries.len() > 1).then_some(found)
}

/// Refutes that factors exist, as the module says.
pub fn differ(
    asked: &mut Asked,
    (left, right): (Term, Term),
    (factors, quantity): (&[usize], &str),
    budget: &Budget,
) -> Option<Difference> {
    let found = choices(asked, (left, right), factors)?;
    let plain = at_one(asked, right, factors);
    let mut roots = found.roots.clone();
    roots.extend([left, plain]);
    let asked = &*asked;
    let store = &asked.problem.setting.store;
    let unknown: Vec<bool> =
        (found.monomials.iter()).map(|m| m.iter().any(|(a, _)| !is_factor(asked, store, *a, factors))).collect();
    let regular = Regular::new(asked, &roots, budget);
    if regular.program.operations() > MAX_OPERATIONS {
        return None;
    }
    let mut systems = MAX_SYSTEMS;
    let mut random = Random::new(budget.seed, "choices");
    for tried in 0..TRIED {
        if systems == 0 || budget.expired() {
            return None;
        }
        let mut system = System { found: &found, unknown: &unknown, values: Vec::new() };
        let mut points: Vec<Point<Rational>> = Vec::new();
        let mut shown = None;
        for _ in 0..TOGETHER {
            let Some((point, mut values)) = regular.draw(&mut random, tried / 4, &points) else { continue };
            let sides = values.split_off(roots.len() - 2);
            system.values.push(values.iter().map(|v| v.first().map_or(Interval::ALL, Number::interval)).collect());
            points.push(point);
            shown.get_or_insert(sides);
            let given = systems.min(OF_ONE_MEMBER);
            let mut left = given;
            let none = system.has_no_solution(&mut Vec::new(), 0, &mut left);
            systems -= given - left;
            if none == Some(true) {
                return difference(asked, &points, &shown?, (quantity, WHY));
            }
        }
    }
    None
}

fn is_factor(asked: &Asked, store: &Store, t: Term, factors: &[usize]) -> bool {
    matches!(store.node(t), Node::Symbol(s) if factors.iter().any(|&j| asked.factors[j].symbol == *s))
}

/// The equations at some points.
struct System<'a> {
    found: &'a Choices,
    /// The monomials that are made of more than factors: each is another number at every point, of which nothing is known.
    unknown: &'a [bool],
    /// The roots, by point.
    values: Vec<Vec<Interval>>,
}

impl System<'_> {
    /// Whether the rows have no solution, whatever is chosen for the entries from this one on; `None` if that takes too long.
    fn has_no_solution(&self, rows: &mut Vec<Vec<Interval>>, at: usize, left: &mut usize) -> Option<bool> {
        *left = left.checked_sub(1)?;
        if contradictory(rows.clone(), self.unknown) {
            return Some(true);
        }
        let count = self.found.entries.len();
        let (p, e) = (at / count, at % count);
        if p == self.values.len() {
            return Some(false);
        }
        let known = rows.len();
        for choice in &self.found.entries[e] {
            rows.extend(choice.iter().map(|row| self.row(row, p)));
            let none = self.has_no_solution(rows, at + 1, left);
            rows.truncate(known);
            if none != Some(true) {
                return none;
            }
        }
        Some(true)
    }

    /// An equation with a column for each monomial, and for those that are unknown at each point.
    fn row(&self, row: &Row, p: usize) -> Vec<Interval> {
        let width = self.found.monomials.len();
        let mut all = vec![Interval::ZERO; width * (1 + self.values.len())];
        for &(column, root) in row {
            let at = if self.unknown[column] { width * (1 + p) + column } else { column };
            all[at] = self.values[p][root];
        }
        all
    }
}

/// Whether equations between numbers certainly have no solution: after elimination one of them has coefficients of one sign
/// alone, and all numbers that it has to do with are positive.
fn contradictory(mut work: Vec<Vec<Interval>>, unknown: &[bool]) -> bool {
    let Some(all) = work.first().map(Vec::len) else { return false };
    let positive = |column: usize| column < unknown.len() && !unknown[column];
    let one_sign = |row: &Vec<Interval>| {
        let mut met = (0..all).filter(|&k| !row[k].is_zero()).peekable();
        met.peek().is_some()
            && met.clone().all(positive)
            && met.clone().any(|k| !row[k].has_zero())
            && (met.clone().all(|k| row[k].lo() >= 0.0) || met.all(|k| row[k].hi() <= 0.0))
    };
    if work.iter().any(one_sign) {
        return true;
    }
    let mut columns: Vec<usize> = (0..all).collect();
    for step in 0..work.len() {
        let pivots = (step..work.len()).flat_map(|i| (step..all).map(move |k| (i, k)));
        // Numbers of which nothing is known go first: what is left speaks of positive ones.
        let best = pivots.filter(|&(i, k)| !work[i][columns[k]].has_zero()).max_by(|&(i, k), &(j, l)| {
            let size = |i: usize, k: usize| work[i][columns[k]].mignitude();
            (!positive(columns[k]), size(i, k))
                .partial_cmp(&(!positive(columns[l]), size(j, l)))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let Some((i, k)) = best else { return false };
        work.swap(step, i);
        columns.swap(step, k);
        let pivot = columns[step];
        let top = work[step].clone();
        for (_, row) in work.iter_mut().enumerate().filter(|(other, _)| *other != step) {
            let Some(factor) = row[pivot].over(&top[pivot]) else { return false };
            if factor.is_zero() {
                continue;
            }
            for &column in columns.iter().filter(|c| **c != pivot) {
                row[column] = row[column].minus(&factor.times(&top[column]));
            }
            row[pivot] = Interval::ZERO;
        }
        if work.iter().any(one_sign) {
            return true;
        }
    }
    false
}
