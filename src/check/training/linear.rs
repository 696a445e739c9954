//! Moves that are rational in the factors, such as those of a step with decay or with `eps` in a denominator.
//!
//! Every entry of the target's move is `n(c) / d(c)` for polynomials in the factors `c` (with rational exponents), whose
//! coefficients are terms without them. So `left · d(c) = n(c)` is a linear equation between the monomials of the factors, as
//! unknown numbers. If as many equations as there are monomials, from entries of one block at points of one member, have a
//! determinant that is certainly not zero, they have the solution zero alone; and a product of positive factors is not zero.
//! Monomials whose coefficients are multiples of each other everywhere are one unknown.

use rustc_hash::FxHashSet;

use super::Asked;
use super::entries::Entries;
use super::pieces::points_text;
use super::regular::Regular;
use crate::check::Budget;
use crate::check::decide::Difference;
use crate::check::sample::Point;
use crate::check::witness::{Number, shown_values};
use crate::domain::Rational;
use crate::domain::interval::Interval;
use crate::domain::prime::Random;
use crate::model::elaborate::Role;
use crate::term::{Node, Store, SymbolId, Term};
use crate::verdict::Witness;

/// Monomials that are told apart.
const MAX_MONOMIALS: usize = 6;
/// Entries of a block that are looked at.
const MAX_ENTRIES: usize = 48;
/// Points of one member whose equations are put together.
const TOGETHER: usize = 3;
/// Members that are tried.
const TRIED: usize = 24;

const WHY: &str = "the moves are linear equations between products of the factors, and those of the entries here have no solution but zero";

/// A power product: atoms with their exponents, sorted. An atom is a factor or a number made of factors and members alone.
pub(super) type Monomial = Vec<(Term, Rational)>;
/// A sum of monomials with coefficients free of factors.
pub(super) type Polynomial = Vec<(Monomial, Term)>;

/// The rational functions of factors.
pub(super) struct Forms<'a> {
    store: &'a mut Store,
    factors: Vec<SymbolId>,
    /// Factors and members: what an unknown number may be made of.
    constants: FxHashSet<SymbolId>,
}

impl<'a> Forms<'a> {
    /// Those of these symbols, over the members of a question.
    pub fn new(asked: &'a mut Asked, symbols: &[SymbolId]) -> Forms<'a> {
        let members = asked.problem.setting.quantified.iter().filter(|q| matches!(q.role, Role::Member | Role::Rate));
        let constants = members.map(|q| q.symbol).chain(symbols.iter().copied()).collect();
        Forms { store: &mut asked.problem.setting.store, factors: symbols.to_vec(), constants }
    }

    /// `left d - n`, which is zero.
    pub fn equation(&mut self, left: Term, n: Polynomial, d: Polynomial) -> Option<Polynomial> {
        let left = vec![(Vec::new(), left)];
        let (demanded, minus) = (self.product(&left, &d)?, self.store.num(-1));
        let n = n.into_iter().map(|(m, k)| (m, self.store.mul(minus, k))).collect();
        Some(self.sum(demanded, n))
    }

    fn depends(&self, t: Term) -> bool {
        self.store.free_symbols(&[t]).iter().any(|s| self.factors.contains(s))
    }

    /// A scalar as numerator and denominator.
    pub fn of(&mut self, t: Term) -> Option<(Polynomial, Polynomial)> {
        let one: (Monomial, Term) = (Vec::new(), self.store.num(1));
        if !self.depends(t) {
            return Some((vec![(Vec::new(), t)], vec![one]));
        }
        match self.store.node(t).clone() {
            Node::Symbol(_) => Some((vec![(vec![(t, Rational::ONE)], one.1)], vec![one])),
            // `1 - c/2` is one number, and cancels as such.
            Node::Sum(parts) if parts.len() > 1 && self.is_number(t) => self.unknown(t, one),
            Node::Sum(parts) => {
                let (mut top, mut bottom) = (Vec::new(), vec![one]);
                for (c, x) in parts.iter() {
                    let (n, d) = self.of(*x)?;
                    let n: Polynomial = n.into_iter().map(|(m, k)| (m, self.store.scale(c.clone(), k))).collect();
                    if d == bottom {
                        top = self.sum(top, n);
                        continue;
                    }
                    let (left, right) = (self.product(&top, &d)?, self.product(&n, &bottom)?);
                    top = self.sum(left, right);
                    bottom = self.product(&bottom, &d)?;
                }
                Some((top, bottom))
            }
            Node::Product { a, b, la, lb, .. } if la.is_empty() && lb.is_empty() => {
                let ((n, d), (n2, d2)) = (self.of(a)?, self.of(b)?);
                let (n, d) = (self.product(&n, &n2)?, self.product(&d, &d2)?);
                self.reduced(n, d)
            }
            Node::Power(x, q) => {
                let (n, d) = self.of(x)?;
                if q == Rational::NEG_ONE {
                    return Some((d, n));
                }
                match (self.power(&n, &q), self.power(&d, &q)) {
                    (Some(n), Some(d)) => Some((n, d)),
                    _ => self.unknown(t, one),
                }
            }
            _ => self.unknown(t, one),
        }
    }

    /// A fraction whose denominator has one product of atoms, without that product there.
    fn reduced(&mut self, n: Polynomial, d: Polynomial) -> Option<(Polynomial, Polynomial)> {
        let [(m, k)] = &d[..] else { return Some((n, d)) };
        let inverse: Monomial = m.iter().map(|(a, e)| (*a, -e.clone())).collect();
        let one = self.store.num(1);
        Some((self.product(&n, &vec![(inverse, one)])?, vec![(Vec::new(), *k)]))
    }

    /// A number that is the same at all points of a member, whatever it is.
    fn unknown(&self, t: Term, one: (Monomial, Term)) -> Option<(Polynomial, Polynomial)> {
        self.is_number(t).then(|| (vec![(vec![(t, Rational::ONE)], one.1)], vec![one]))
    }

    fn is_number(&self, t: Term) -> bool {
        self.store.free_symbols(&[t]).iter().all(|s| self.constants.contains(s))
    }

    /// A power of a polynomial of one term.
    fn power(&mut self, p: &Polynomial, q: &Rational) -> Option<Polynomial> {
        let [(m, k)] = &p[..] else { return None };
        // √a² is |a|, and a number may be negative.
        let even = |e: &Rational| e.is_int() && (e / Rational::from(2)).is_int();
        if !q.is_int() && m.iter().any(|(a, e)| even(e) && !matches!(self.store.node(*a), Node::Symbol(_))) {
            return None;
        }
        let raised = m.iter().map(|(a, e)| (*a, e * q)).collect();
        Some(vec![(raised, self.store.power(*k, q))])
    }

    fn sum(&mut self, a: Polynomial, b: Polynomial) -> Polynomial {
        let mut all = a;
        for (m, k) in b {
            match all.iter_mut().find(|(n, _)| *n == m) {
                Some((_, own)) => *own = self.store.add(*own, k),
                None => all.push((m, k)),
            }
        }
        all.retain(|(_, k)| !self.store.is_zero(*k));
        all.sort();
        all
    }

    fn product(&mut self, a: &Polynomial, b: &Polynomial) -> Option<Polynomial> {
        if a.len() * b.len() > 4 * MAX_MONOMIALS {
            return None;
        }
        let mut all = Vec::new();
        for (m, k) in a {
            for (n, l) in b {
                let mut both = m.clone();
                for (atom, e) in n {
                    match both.iter_mut().find(|(x, _)| x == atom) {
                        Some((_, own)) => *own = &*own + e,
                        None => both.push((*atom, e.clone())),
                    }
                }
                both.retain(|(_, e)| !e.is_zero());
                both.sort();
                let coefficient = self.store.mul(*k, *l);
                all = self.sum(all, vec![(both, coefficient)]);
            }
        }
        Some(all)
    }
}

/// The coefficients of the equations, by entry and monomial.
struct Equations {
    rows: Vec<Vec<Term>>,
    width: usize,
}

fn equations(asked: &mut Asked, left: Term, right: Term, factors: &[usize]) -> Option<Equations> {
    let size = asked.problem.setting.store.size(right).min(MAX_ENTRIES);
    let symbols: Vec<SymbolId> = factors.iter().map(|&j| asked.factors[j].symbol).collect();
    let mut entries = Entries::reading(&symbols);
    let mut forms = Forms::new(asked, &symbols);
    let mut all: Vec<Polynomial> = Vec::new();
    for i in 0..size {
        let (l, r) = (entries.of(forms.store, left, i), entries.of(forms.store, right, i));
        let (n, d) = forms.of(r)?;
        all.push(forms.equation(l, n, d)?);
    }
    let mut monomials: Vec<Monomial> = all.iter().flatten().map(|(m, _)| m.clone()).collect();
    monomials.sort();
    monomials.dedup();
    // Some unknown has to be other than zero for certain: a product of factors.
    if monomials.len() < 2 || monomials.len() > MAX_MONOMIALS {
        return None;
    }
    let zero = forms.store.num(0);
    let row = |p: &Polynomial| {
        let of = |m: &Monomial| p.iter().find(|(n, _)| n == m).map_or(zero, |(_, k)| *k);
        monomials.iter().map(of).collect()
    };
    let rows: Vec<Vec<Term>> = all.iter().map(row).collect();
    // Columns that are multiples of each other are one unknown, of which nothing is known.
    let (mut kept, mut certain): (Vec<usize>, Vec<bool>) = (Vec::new(), Vec::new());
    for (c, monomial) in monomials.iter().enumerate() {
        match kept.iter().position(|&k| proportional(forms.store, &rows, (k, c))) {
            Some(at) => certain[at] = false,
            None => {
                kept.push(c);
                certain.push(monomial.iter().all(|(a, _)| is_factor_of(forms.store, *a)));
            }
        }
    }
    if !certain.contains(&true) || kept.len() < 2 {
        return None;
    }
    let rows = rows.into_iter().map(|r| kept.iter().map(|&c| r[c]).collect()).collect();
    Some(Equations { rows, width: kept.len() })
}

fn is_factor_of(store: &Store, t: Term) -> bool {
    matches!(store.node(t), Node::Symbol(_))
}

/// Whether two columns are multiples of each other by a number, as their terms are written.
fn proportional(store: &mut Store, rows: &[Vec<Term>], (a, b): (usize, usize)) -> bool {
    let mut ratio: Option<Rational> = None;
    rows.iter().all(|r| {
        let ((p, x), (q, y)) = (store.split_coefficient(r[a]), store.split_coefficient(r[b]));
        if store.is_zero(r[a]) || store.is_zero(r[b]) {
            return store.is_zero(r[a]) && store.is_zero(r[b]);
        }
        let own = &q / &p;
        x == y && *ratio.get_or_insert_with(|| own.clone()) == own
    })
}

/// Refutes that factors exist, as the module says.
pub fn differ(
    asked: &mut Asked,
    (left, right): (Term, Term),
    (factors, quantity): (&[usize], &str),
    budget: &Budget,
) -> Option<Difference> {
    let equations = equations(asked, left, right, factors)?;
    let plain = super::powers::at_one(asked, right, factors);
    let mut roots: Vec<Term> = equations.rows.iter().flatten().copied().collect();
    roots.extend([left, plain]);
    let asked = &*asked;
    let regular = Regular::new(asked, &roots, budget);
    let tried = budget.operations / (regular.program.operations().max(1) * TOGETHER * 100);
    if tried == 0 {
        return None;
    }
    let mut random = Random::new(budget.seed, "linear");
    for tried in 0..TRIED.min(tried) {
        let mut points: Vec<Point<Rational>> = Vec::new();
        let mut rows: Vec<Vec<Number>> = Vec::new();
        let mut shown = None;
        for _ in 0..TOGETHER {
            let Some((point, mut found)) = regular.draw(&mut random, tried / 8, &points) else { continue };
            let sides = found.split_off(roots.len() - 2);
            let flat: Vec<Number> = found.into_iter().flatten().collect();
            rows.extend(flat.chunks(equations.width).map(<[Number]>::to_vec));
            points.push(point);
            shown.get_or_insert(sides);
            if independent(&rows, equations.width) {
                return difference(asked, &points, &shown?, (quantity, WHY));
            }
        }
    }
    None
}

/// Whether so many of the rows have a determinant that is certainly not zero: elimination in intervals with the largest
/// pivot.
pub(super) fn independent(rows: &[Vec<Number>], width: usize) -> bool {
    let mut work: Vec<Vec<Interval>> = rows.iter().map(|r| r.iter().map(Number::interval).collect()).collect();
    for column in 0..width {
        let pivot = (column..work.len())
            .filter(|&i| !work[i][column].has_zero())
            .max_by(|&a, &b| work[a][column].mignitude().total_cmp(&work[b][column].mignitude()));
        let Some(pivot) = pivot else { return false };
        work.swap(column, pivot);
        let (done, rest) = work.split_at_mut(column + 1);
        let top = &done[column];
        for row in rest {
            let Some(factor) = row[column].over(&top[column]) else { return false };
            for k in column..width {
                row[k] = row[k].minus(&factor.times(&top[k]));
            }
        }
    }
    true
}

/// Points whose equations have no solution, as a difference, with the reason in words.
pub(super) fn difference(
    asked: &Asked,
    points: &[Point<Rational>],
    sides: &[Vec<Number>],
    (quantity, why): (&str, &str),
) -> Option<Difference> {
    let (first, rest) = points.split_first()?;
    let (left, right) = (&sides[0], &sides[1]);
    let index = (0..left.len()).find(|&i| left[i].differs(&right[i])).unwrap_or(0);
    // Of several steps together the entries come one after the other.
    let labels = asked.problem.equation.components.first().map(|c| &c.entries);
    let label = labels.and_then(|l| l.get(index.checked_rem(l.len())?).cloned());
    let component = label.unwrap_or_default();
    let others =
        if rest.is_empty() { String::new() } else { format!("; the other points: {}", points_text(asked, rest)) };
    let no_rate = format!("{why}{others}");
    let exact = left.iter().chain(right).all(|n| matches!(n, Number::Exact(_)));
    let message = format!("no factors make {quantity} equal: the entries of the block demand different ones");
    let witness = Witness {
        point: shown_values(&asked.problem.setting, first),
        component,
        component_index: 0,
        quantity: format!("{}, with all factors 1", quantity.trim_end_matches(',')),
        left: left.get(index).map(Number::text).unwrap_or_default(),
        right: right.get(index).map(Number::text).unwrap_or_default(),
        no_rate: Some(no_rate),
        exact,
    };
    Some(Difference { witness, message, residual: None })
}
