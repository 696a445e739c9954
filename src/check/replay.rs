//! A second evaluator, written apart from [`crate::term::Program`]: it replays a witness before it is printed.
//!
//! It walks the nodes of a term directly, keeps every value in a map, and carries out contractions by enumerating all
//! assignments of the labels. It is slow and short, and shares with the other evaluator only the scalars.

use rustc_hash::FxHashMap;

use super::sample::Point;
use crate::domain::{Domain, Stop};
use crate::term::{Labels, NONE, Node, Store, Term};

/// The values of the terms at a point.
///
/// # Errors
/// If a term has no value there in this domain.
pub fn evaluate<D: Domain>(
    store: &Store,
    roots: &[Term],
    domain: &mut D,
    point: &Point<D::Elem>,
) -> Result<Vec<Vec<D::Elem>>, Stop> {
    let mut known: FxHashMap<Term, Vec<D::Elem>> = FxHashMap::default();
    for t in store.reachable(roots) {
        let value = node(store, t, domain, point, &known)?;
        known.insert(t, value);
    }
    roots.iter().map(|r| known.get(r).cloned().ok_or(Stop::Unsupported)).collect()
}

fn node<D: Domain>(
    store: &Store,
    t: Term,
    domain: &mut D,
    point: &Point<D::Elem>,
    known: &FxHashMap<Term, Vec<D::Elem>>,
) -> Result<Vec<D::Elem>, Stop> {
    let size = store.size(t);
    let square = |x: &Term| store.shape(*x)[0];
    Ok(match store.node(t) {
        Node::Fill(q) => {
            let v = domain.rational(q)?;
            vec![v; size]
        }
        Node::Literal(values) => values.iter().map(|q| domain.rational(q)).collect::<Result<_, _>>()?,
        Node::Symbol(s) => point.get(s).cloned().ok_or(Stop::Unsupported)?,
        Node::Sum(parts) => {
            let mut total = vec![domain.zero(); size];
            for (c, p) in parts.iter() {
                let c = domain.rational(c)?;
                for (acc, x) in total.iter_mut().zip(&known[p]) {
                    *acc = domain.add(acc, &domain.mul(&c, x));
                }
            }
            total
        }
        Node::Product { a, b, la, lb, out } => product(store, domain, (*a, la, &known[a]), (*b, lb, &known[b]), out),
        Node::Map(f, x) => known[x].iter().map(|v| domain.apply(*f, v)).collect::<Result<_, _>>()?,
        Node::Power(x, q) => known[x].iter().map(|v| domain.power(v, q)).collect::<Result<_, _>>()?,
        Node::Gather(x, map) => {
            map.iter().map(|&m| if m == NONE { domain.zero() } else { known[x][m as usize].clone() }).collect()
        }
        Node::Join(parts) => parts.iter().flat_map(|p| known[p].iter().cloned()).collect(),
        Node::Inverse(x) => domain.inverse(&known[x], square(x))?,
        Node::PseudoInverse(x) => domain.pseudo_inverse(&known[x], store.shape(*x)[0], store.shape(*x)[1])?,
        Node::Determinant(x) => vec![domain.determinant(&known[x], square(x))?],
        Node::Polar(x) => domain.polar(&known[x], store.shape(*x)[0], store.shape(*x)[1])?,
        Node::Eigenvectors(x) => domain.eigenvectors(&known[x], square(x))?,
        Node::PowerSpd(x, q) => domain.power_spd(&known[x], square(x), q)?,
    })
}

/// Adds up `a · b` over all assignments of the labels.
fn product<D: Domain>(
    store: &Store,
    domain: &D,
    (a, la, va): (Term, &Labels, &[D::Elem]),
    (b, lb, vb): (Term, &Labels, &[D::Elem]),
    out: &Labels,
) -> Vec<D::Elem> {
    let mut extents: Vec<(u8, usize)> = Vec::new();
    for (labels, t) in [(la, a), (lb, b)] {
        for (axis, &l) in labels.iter().enumerate() {
            if !extents.iter().any(|(m, _)| *m == l) {
                extents.push((l, store.shape(t)[axis]));
            }
        }
    }
    let extent = |l: u8| extents.iter().find(|(m, _)| *m == l).map_or(1, |(_, n)| *n);
    let flat = |labels: &Labels, at: &[usize]| {
        labels.iter().fold(0, |acc, l| {
            let i = extents.iter().position(|(m, _)| m == l).map_or(0, |p| at[p]);
            acc * extent(*l) + i
        })
    };
    let total: usize = extents.iter().map(|e| e.1).product();
    let mut result = vec![domain.zero(); out.iter().map(|&l| extent(l)).product()];
    for k in 0..total {
        let mut rest = k;
        let at: Vec<usize> = extents
            .iter()
            .map(|&(_, n)| {
                let i = rest % n;
                rest /= n;
                i
            })
            .collect();
        let term = domain.mul(&va[flat(la, &at)], &vb[flat(lb, &at)]);
        let slot = flat(out, &at);
        result[slot] = domain.add(&result[slot], &term);
    }
    result
}
