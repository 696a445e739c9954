//! Matrices on rows or columns that occur several times each, and their powers.
//!
//! Where each row of the source's block has `r` copies in the target's, with the matrix `P` of zeros and ones that makes them,
//! a matrix that grows by `g gᵀ` from a multiple of the identity is `a P z Pᵀ` on the copies, and rests where it started
//! on what is orthogonal to them: `a P z Pᵀ + k (1 - P P⁺)`. `P / √r` is an isometry, so that for positive `a` and `k`
//!
//! `(a P S Pᵀ + k (1 - P P⁺))^q = (a r)^q / r · P S^q Pᵀ + k^q (1 - P P⁺)`
//!
//! whenever `S` is positive definite; `k > 0` where the matrix on the left is, and elsewhere it has no powers. With that,
//! powers in the target's terms are written as powers in the source's, once it is proved that their arguments are related so.

use rustc_hash::FxHashMap;

use super::Asked;
use super::entries::vanish;
use super::relation::{Builder, Form, Link, Relation, SideMap};
use crate::check::Budget;
use crate::check::decide::{Sign, positive};
use crate::domain::Rational;
use crate::term::{Node, Store, Term};

/// How often each row occurs, if all occur equally often.
fn copies(side: &SideMap) -> Option<usize> {
    let mut counts = vec![0usize; side.width];
    for row in &side.map {
        counts[(*row)?] += 1;
    }
    let first = *counts.first()?;
    (first > 0 && counts.iter().all(|c| *c == first)).then_some(first)
}

/// `1 - P P⁺`
fn complement(store: &mut Store, side: &SideMap, copies: usize) -> Term {
    let n = side.map.len();
    let share = Rational::from_parts(1.into(), (copies as u64).into());
    let mut entries = Vec::with_capacity(n * n);
    for i in 0..n {
        for k in 0..n {
            let mut entry = if i == k { Rational::ONE } else { Rational::ZERO };
            if side.map[i] == side.map[k] {
                entry -= &share;
            }
            entries.push(entry);
        }
    }
    store.literal(entries, &[n, n])
}

/// The first value of the source's matrix, which has to be a multiple of the identity.
fn first(asked: &mut Asked, side: &SideMap) -> Term {
    let initial = asked.source.states[side.state].initial;
    asked.problem.setting.store.gather(initial, vec![side.start as u32], &[])
}

/// The target's state as [`Form::Copies`] makes it.
pub fn term(builder: &Builder<'_>, asked: &mut Asked, link: &Link) -> Option<Term> {
    let blocks = asked.target.blocks.len();
    let mut parts = Vec::new();
    for b in 0..blocks {
        let side = builder.side_map(asked, link, b)?;
        let count = copies(&side)?;
        let first = first(asked, &side);
        let z = asked.source.states[side.state].term;
        let store = &mut asked.problem.setting.store;
        let copied = side.copied(store, z, false);
        let beside = complement(store, &side, count);
        let k = store.mul(link.constants[blocks + b], first);
        let (copied, beside) = (store.scalar_mul(link.constants[b], copied), store.scalar_mul(k, beside));
        parts.push(store.add(copied, beside));
    }
    Some(asked.problem.setting.store.join(&parts))
}

/// What may relate a matrix of the target to one of the source.
struct Candidate {
    side: SideMap,
    copies: usize,
    a: Term,
}

impl Candidate {
    /// What a matrix of the form `a P S Pᵀ + k (1 - P P⁺)` has for `k`: half of `eᵀ T e`, where `e` is the difference of two
    /// copies. It is positive where `T` is positive definite. Without copies there is none, and any number will do.
    fn beside(&self, store: &mut Store, t: Term) -> Term {
        let map = &self.side.map;
        let Some(other) = (1..map.len()).find(|&j| map[j] == map[0]) else { return store.num(1) };
        let diagonal = store.gather(t, vec![0], &[]);
        let across = store.gather(t, vec![other as u32], &[]);
        store.sub(diagonal, across)
    }
}

/// Left and right sides, one by one.
type Sides = (Vec<Term>, Vec<Term>);

/// Writes powers of the target's matrices as powers of the source's; see the module.
pub fn rewrite(
    asked: &mut Asked,
    builder: &Builder<'_>,
    relation: &Relation,
    families: [&mut Sides; 2],
    budget: &Budget,
) {
    let mut candidates = Vec::new();
    let blocks = asked.target.blocks.len();
    for link in relation.links.iter().filter(|l| matches!(l.form, Form::Copies | Form::Sides(0))) {
        for b in 0..blocks {
            let Some(side) = builder.side_map(asked, link, b) else { return };
            let Some(copies) = copies(&side) else { continue };
            let a = link.constants[b];
            if matches!(positive(&mut asked.problem, a, budget), Sign::Proved) {
                candidates.push(Candidate { side, copies, a });
            }
        }
    }
    for (left, right) in families {
        let powers = |store: &Store, terms: &[Term]| -> Vec<(Term, Term, Rational)> {
            let of = |t: Term| match store.node(t) {
                Node::PowerSpd(x, q) => Some((t, *x, q.clone())),
                _ => None,
            };
            store.reachable(terms).into_iter().filter_map(of).collect()
        };
        let store = &asked.problem.setting.store;
        let (sources, targets) = (powers(store, left), powers(store, right));
        let mut by: FxHashMap<Term, Term> = FxHashMap::default();
        for (power, t, q) in targets.iter().filter(|p| !sources.iter().any(|s| s.0 == p.0)) {
            let found = candidates.iter().find_map(|c| {
                // A power of a single entry is none of a matrix.
                let single = (c.side.width == 1).then(|| single(asked, (*t, q), c)).flatten();
                let same = sources.iter().filter(|s| s.2 == *q).map(|s| (s.0, s.1));
                single.into_iter().chain(same).find_map(|s| written(asked, (*t, q), s, c, budget))
            });
            if let Some(found) = found {
                by.insert(*power, found);
            }
        }
        let store = &mut asked.problem.setting.store;
        *left = store.replace(left, &by);
        *right = store.replace(right, &by);
    }
}

/// For a source's matrix of one entry what that has to be, with its power: where `T` is positive definite so is `a r S`.
fn single(asked: &mut Asked, (t, q): (Term, &Rational), candidate: &Candidate) -> Option<(Term, Term)> {
    let Candidate { side, copies, a } = candidate;
    let store = &mut asked.problem.setting.store;
    (store.shape(t).to_vec() == vec![side.map.len(); 2]).then_some(())?;
    let corner = store.gather(t, vec![0], &[1, 1]);
    let share = Rational::ONE - Rational::from_parts(1.into(), (*copies as u64).into());
    let k = candidate.beside(store, t);
    let beside = store.scale(share, k);
    let beside = store.broadcast(beside, &[1, 1]);
    let own = store.sub(corner, beside);
    let inverse = store.power(*a, &Rational::NEG_ONE);
    let s = store.scalar_mul(inverse, own);
    let power = store.power(s, q);
    Some((power, s))
}

/// `T^q` by `S^q`, if it is proved that `T = a P S Pᵀ + k (1 - P P⁺)`.
fn written(
    asked: &mut Asked,
    (t, q): (Term, &Rational),
    (power, s): (Term, Term),
    candidate: &Candidate,
    budget: &Budget,
) -> Option<Term> {
    let Candidate { side, copies, a } = candidate;
    let store = &mut asked.problem.setting.store;
    let sizes = (store.shape(t).to_vec(), store.shape(s).to_vec());
    if sizes != (vec![side.map.len(); 2], vec![side.width; 2]) {
        return None;
    }
    let k = candidate.beside(store, t);
    let alone = SideMap { start: 0, map: side.map.clone(), reference: Vec::new(), ..*side };
    let beside = complement(store, side, *copies);
    let (copied, rest) = (alone.copied(store, s, false), store.scalar_mul(k, beside));
    let copied = store.scalar_mul(*a, copied);
    let whole = store.add(copied, rest);
    let difference = store.sub(t, whole);
    if !vanish(&mut asked.problem, &[difference], budget, "matrices of copies") {
        return None;
    }
    let store = &mut asked.problem.setting.store;
    let count = store.num(Rational::from(*copies as u64));
    let scale = store.mul(*a, count);
    let scale = store.power(scale, q);
    let scale = store.div(scale, count);
    let copied = alone.copied(store, power, false);
    let copied = store.scalar_mul(scale, copied);
    if *copies == 1 {
        return Some(copied);
    }
    let scale = store.power(k, q);
    let rest = store.scalar_mul(scale, beside);
    Some(store.add(copied, rest))
}
