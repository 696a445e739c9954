//! Identities entry by entry.
//!
//! An entry of a vector of roots knows of one root only; taken as a whole the vector has as many as it has entries, and the
//! degree of an identity over a prime field doubles with every one of them. Where the whole is out of reach its entries
//! may not be.

use rustc_hash::FxHashMap;

use crate::check::algebra::{Atoms, Identity, vanishes};
use crate::check::decide::{Disagreement, Standing, examine};
use crate::check::{Budget, Problem};
use crate::term::{NONE, Node, Store, Term};

/// More entries than this are not looked at one by one.
const MAX_ENTRIES: usize = 512;

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
    let Standing::Unproved(Identity::Stuck(_) | Identity::Open(Atoms::Analytic), sampled) = &whole else {
        return Ok(whole);
    };
    if !sampled.agrees() && !sampled.absorbed && !sampled.told_apart() {
        return Ok(whole);
    }
    let residual: Vec<Term> = left.iter().zip(right).map(|(&l, &r)| problem.setting.store.sub(l, r)).collect();
    Ok(match by_entries(problem, &residual, budget, purpose) {
        Some((bits, trials)) => {
            let bits = bits.min(9999.0).floor();
            let text = format!(
                "proved entry by entry by {trials} exact evaluations over random prime fields, error probability below 2^-{bits}"
            );
            Standing::Proved(text, sampled.residual)
        }
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

/// Single entries of terms as terms, with the operations that act entry by entry taken apart.
#[derive(Default)]
pub struct Entries {
    known: FxHashMap<(Term, usize), Term>,
}

impl Entries {
    /// Entry `i`, in row-major order, as a scalar.
    pub fn of(&mut self, store: &mut Store, t: Term, i: usize) -> Term {
        if store.shape(t).is_empty()
            && !matches!(store.node(t), Node::Gather(..) | Node::Sum(_) | Node::Map(..) | Node::Power(..))
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

    /// An entry of a product without a sum: the product of the entries that its axes name.
    fn product(
        &mut self,
        store: &mut Store,
        (t, i): (Term, usize),
        (a, la): (Term, &[u8]),
        (b, lb): (Term, &[u8]),
        out: &[u8],
    ) -> Term {
        if !la.iter().chain(lb).all(|l| out.contains(l)) {
            return store.gather(t, vec![i as u32], &[]);
        }
        let shape = store.shape(t).clone();
        let mut rest = i;
        let mut at = vec![0; out.len()];
        for (axis, n) in shape.iter().enumerate().rev() {
            at[axis] = rest % n;
            rest /= n;
        }
        let flat = |store: &Store, x: Term, labels: &[u8]| {
            labels.iter().enumerate().fold(0, |acc, (axis, l)| {
                let place = out.iter().position(|o| o == l).map_or(0, |p| at[p]);
                acc * store.shape(x)[axis] + place
            })
        };
        let (ia, ib) = (flat(store, a, la), flat(store, b, lb));
        let (x, y) = (self.of(store, a, ia), self.of(store, b, ib));
        store.mul(x, y)
    }
}
