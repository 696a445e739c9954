//! Identities entry by entry.
//!
//! An entry of a vector of roots knows of one root only; taken as a whole the vector has as many as it has entries, and the
//! degree of an identity over a prime field doubles with every one of them. Where the whole is out of reach its entries
//! may not be.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::check::algebra::{Atoms, Identity, vanishes};
use crate::check::decide::{Disagreement, Standing, examine, proof_text};
use crate::check::{Budget, Problem};
use crate::domain::Rational;
use crate::term::{NONE, Node, Store, SymbolId, Term};

/// More entries than this are not looked at one by one.
const MAX_ENTRIES: usize = 512;
/// Sums of more terms are not taken apart.
const MAX_SUMMED: usize = 64;

/// As [`examine`], and entry by entry where that gets stuck or meets too many atoms.
///
/// # Errors
/// If two engines contradict each other.
pub(in crate::check) fn examine_entries(
    problem: &mut Problem,
    (left, right): (&[Term], &[Term]),
    budget: &Budget,
    purpose: &str,
) -> Result<Standing, Disagreement> {
    let whole = examine(problem, left, right, budget, purpose)?;
    let Standing::Unproved(Identity::Stuck(_) | Identity::Open(Atoms::Analytic | Atoms::Kinks), sampled) = &whole
    else {
        return Ok(whole);
    };
    if !sampled.agrees() && !sampled.absorbed && !sampled.told_apart() {
        return Ok(whole);
    }
    let residual: Vec<Term> = left.iter().zip(right).map(|(&l, &r)| problem.setting.store.sub(l, r)).collect();
    Ok(match by_entries(problem, &residual, budget, purpose) {
        Some((bits, trials)) => Standing::Proved(proof_text(" entry by entry", bits, trials), sampled.residual),
        None => whole,
    })
}

/// Whether terms vanish, as wholes or entry by entry.
pub fn vanish(problem: &mut Problem, terms: &[Term], budget: &Budget, purpose: &str) -> bool {
    match vanishes(&problem.setting, terms, &problem.domain, budget, purpose) {
        Identity::Stuck(_) | Identity::Open(Atoms::Analytic) => by_entries(problem, terms, budget, purpose).is_some(),
        other => other.holds(),
    }
}

/// The error bound and the number of evaluations of proofs that every entry vanishes; `None` if some proof is missing.
fn by_entries(problem: &mut Problem, terms: &[Term], budget: &Budget, purpose: &str) -> Option<(f64, usize)> {
    let count: usize = terms.iter().map(|&t| problem.setting.store.size(t)).sum();
    if count > MAX_ENTRIES {
        return None;
    }
    let mut entries = Entries::default();
    let (mut bits, mut trials) = (f64::INFINITY, 0);
    for &t in terms {
        for i in 0..problem.setting.store.size(t) {
            let entry = entries.of(&mut problem.setting.store, t, i);
            match vanishes(&problem.setting, &[entry], &problem.domain, budget, purpose) {
                Identity::Trivial => {}
                Identity::Proved { bits: own, trials: more } => {
                    bits = bits.min(own);
                    trials += more;
                }
                _ => return None,
            }
        }
    }
    Some((bits - (count.max(1) as f64).log2(), trials))
}

/// The entries of a block. Of a sum those of its parts: of what is joined block by block only its own part is read then, and
/// the factors of the others are none of its own.
pub fn of_block(store: &mut Store, t: Term, entries: &Range<usize>) -> Term {
    if let Node::Sum(parts) = store.node(t).clone()
        && parts.len() > 1
    {
        let parts = parts.iter().map(|(c, p)| (c.clone(), of_block(store, *p, entries))).collect();
        return store.sum(parts, &[entries.len()]);
    }
    store.gather(t, (entries.start as u32..entries.end as u32).collect(), &[entries.len()])
}

/// Single entries of terms as terms, with the operations that act entry by entry taken apart.
#[derive(Default)]
pub struct Entries {
    known: FxHashMap<(Term, usize), Term>,
    /// Sums in products that read one of these are taken apart too.
    apart: Vec<SymbolId>,
}

impl Entries {
    /// Entries in which sums over products that read one of these symbols are taken apart.
    pub fn reading(symbols: &[SymbolId]) -> Entries {
        Entries { apart: symbols.to_vec(), ..Entries::default() }
    }

    /// Entry `i`, in row-major order, as a scalar.
    pub fn of(&mut self, store: &mut Store, t: Term, i: usize) -> Term {
        if store.shape(t).is_empty()
            && !matches!(store.node(t), Node::Gather(..) | Node::Sum(_) | Node::Map(..) | Node::Power(..))
            && (self.apart.is_empty() || !matches!(store.node(t), Node::Product { .. }))
        {
            return t;
        }
        if let Some(&known) = self.known.get(&(t, i)) {
            return known;
        }
        let entry = match store.node(t).clone() {
            Node::Fill(q) => store.num(q),
            Node::Literal(values) => store.num(values[i].clone()),
            Node::Sum(parts) => {
                let parts = parts.iter().map(|(c, p)| (c.clone(), self.of(store, *p, i))).collect();
                store.sum(parts, &[])
            }
            Node::Map(f, x) => {
                let x = self.of(store, x, i);
                store.map(f, x)
            }
            Node::Power(x, q) => {
                let x = self.of(store, x, i);
                store.power(x, &q)
            }
            Node::Gather(x, map) => match map[i] {
                NONE => store.num(0),
                k => self.of(store, x, k as usize),
            },
            Node::Join(parts) => {
                let mut at = i;
                let mut found = None;
                for p in parts.iter() {
                    let n = store.size(*p);
                    if at < n {
                        found = Some((*p, at));
                        break;
                    }
                    at -= n;
                }
                match found {
                    Some((p, at)) => self.of(store, p, at),
                    None => store.gather(t, vec![i as u32], &[]),
                }
            }
            Node::Product { a, b, la, lb, out } => self.product(store, (t, i), (a, &la), (b, &lb), &out),
            _ => store.gather(t, vec![i as u32], &[]),
        };
        self.known.insert((t, i), entry);
        entry
    }

    /// An entry of a product: the product of the entries that its axes name, or a sum of such.
    fn product(
        &mut self,
        store: &mut Store,
        (t, i): (Term, usize),
        (a, la): (Term, &[u8]),
        (b, lb): (Term, &[u8]),
        out: &[u8],
    ) -> Term {
        let mut summed: Vec<(u8, usize)> = Vec::new();
        for (x, labels) in [(a, la), (b, lb)] {
            for (l, n) in labels.iter().zip(store.shape(x)) {
                if !out.contains(l) && !summed.iter().any(|s| s.0 == *l) {
                    summed.push((*l, *n));
                }
            }
        }
        let terms: usize = summed.iter().map(|s| s.1).product();
        let reads = || store.free_symbols(&[t]).iter().any(|s| self.apart.contains(s));
        if !summed.is_empty() && (terms > MAX_SUMMED || !reads()) {
            return store.gather(t, vec![i as u32], &[]);
        }
        let shape = store.shape(t).clone();
        let mut rest = i;
        let mut at = vec![0; out.len()];
        for (axis, n) in shape.iter().enumerate().rev() {
            at[axis] = rest % n;
            rest /= n;
        }
        let mut parts = Vec::with_capacity(terms);
        for k in 0..terms {
            let (mut rest, mut own) = (k, Vec::with_capacity(summed.len()));
            for (l, n) in summed.iter().rev() {
                own.push((*l, rest % n));
                rest /= n;
            }
            let flat = |store: &Store, x: Term, labels: &[u8]| {
                labels.iter().enumerate().fold(0, |acc, (axis, l)| {
                    let named = out.iter().position(|o| o == l).map(|p| at[p]);
                    let place = named.or_else(|| own.iter().find(|s| s.0 == *l).map(|s| s.1)).unwrap_or(0);
                    acc * store.shape(x)[axis] + place
                })
            };
            let (ia, ib) = (flat(store, a, la), flat(store, b, lb));
            let (x, y) = (self.of(store, a, ia), self.of(store, b, ib));
            parts.push((Rational::ONE, store.mul(x, y)));
        }
        match parts.len() {
            1 => parts[0].1,
            _ => store.sum(parts, &[]),
        }
    }
}
