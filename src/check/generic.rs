//! Generic things: an architecture with free jets, and generic values of terms.

use crate::domain::float::Float;
use crate::domain::prime::{Field, Prime, PseudoInverses, Random, Signs};
use crate::domain::{Domain, Rational};
use crate::model::architecture::{Architecture, Block};
use crate::model::elaborate::{Draw, Elaborator, Role};
use crate::source::Span;
use crate::term::{Program, Shape, Store, Term};

/// Bodies that read derivatives of higher order are not compared on the generic architecture.
pub const MAX_ORDER: usize = 4;

/// How many parameters a generic architecture has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Five.
    Usual,
    /// Three: what is true of five alone, such as `sum(v) = 5 * mean(v)`, is not true there.
    Smaller,
}

/// An architecture whose output and loss are polynomials with free coefficients of this degree, so that at a point their
/// derivatives to that order are free. What two optimizers do on it they do on every architecture with these
/// parameters, as far as they read no higher derivatives. Also its bounds in words.
pub fn architecture(e: &mut Elaborator<'_>, order: usize, size: Size, span: Span) -> (Architecture, String) {
    let w: [usize; 2] = match size {
        Size::Usual => [2, 2],
        Size::Smaller => [1, 2],
    };
    let shapes: [(&str, &[usize]); 2] = [("W", &w), ("b", &[])];
    let mut blocks = Vec::new();
    let mut dim = 0;
    for (name, shape) in shapes {
        let block = Block { name: name.into(), shape: Shape::from_slice(shape), offset: dim, span };
        dim += block.size();
        blocks.push(block);
    }
    let (symbol, point) = e.quantify("params", &[dim], Draw::Real, Role::Point);
    let rows = dim + 1;
    let degree = u32::try_from(order.clamp(2, MAX_ORDER)).unwrap_or(2);
    let output = polynomial(e, point, dim, rows, degree, "output");
    let (_, half) = e.quantify("output metric", &[rows, rows], Draw::Real, Role::Data);
    let turned = e.store.transpose(half);
    let metric = e.store.add(half, turned);
    let loss = polynomial(e, point, dim, 1, degree, "loss");
    let loss = e.store.reshape(loss, &[]);
    let a = Architecture {
        name: "a generic architecture".into(),
        given_by: "a generic architecture".into(),
        symbol,
        point,
        dim,
        blocks,
        groups: Vec::new(),
        output: Some(output),
        output_metric: Some(metric),
        loss: Some(loss),
        domain: Vec::new(),
        span,
    };
    let [m, n] = w;
    let bounds = format!("parameters W : R[{m}, {n}] and b : R, derivatives of loss and output to order {degree}");
    (a, bounds)
}

/// `Σ_k C_k x^k` with free coefficient tensors, `k` up to the degree, as a vector of `rows` entries.
fn polynomial(e: &mut Elaborator<'_>, x: Term, n: usize, rows: usize, degree: u32, name: &str) -> Term {
    let mut parts = Vec::new();
    let mut power = e.store.fill(Rational::ONE, &[1]);
    for k in 1..=degree {
        let size = n.pow(k);
        power = e.store.product(x, &[0], power, &[1], &[0, 1]);
        power = e.store.reshape(power, &[size]);
        let (_, c) = e.quantify(&format!("{name}, order {k}"), &[rows, size], Draw::Real, Role::Data);
        let term = e.store.matmul(c, power);
        parts.push((Rational::ONE, term));
    }
    e.store.sum(parts, &[rows])
}

/// A fixed prime field for structural questions: which entries of a constant Jacobian vanish, and products of them.
pub fn field() -> Field {
    Prime::new(Random::new(0, "pattern"), Signs::Free, PseudoInverses::ByRank).field
}

/// The value of a term at random members in the field of [`field`]; `None` if it has none.
pub fn pattern(e: &Elaborator<'_>, t: Term) -> Option<Vec<u64>> {
    let mut prime = Prime::new(Random::new(0, "pattern"), Signs::Free, PseudoInverses::ByRank);
    let mut random = Random::new(0, "pattern members");
    let program = Program::new(&e.store, &[t]);
    let mut values = rustc_hash::FxHashMap::default();
    for s in program.inputs() {
        let info = e.store.symbol_info(*s);
        let n: usize = info.shape.iter().product();
        let draw = e.quantified.iter().find(|q| q.symbol == *s).map_or(Draw::Real, |q| q.draw);
        let side = (n as f64).sqrt().round() as usize;
        let entries: Vec<u64> = match draw {
            Draw::Permutation | Draw::SignedPermutation => {
                // Some permutation that is not the identity serves the pattern.
                let shift = 1 + random.below(side.max(2) as u64 - 1) as usize;
                (0..n).map(|k| if (k / side + shift) % side == k % side { prime.one() } else { 0 }).collect()
            }
            Draw::Sign => vec![prime.one()],
            Draw::Real | Draw::Pi => (0..n).map(|_| prime.draw()).collect(),
        };
        values.insert(*s, entries);
    }
    program.run(&mut prime, |s| values.get(&s).cloned()).ok().and_then(|mut r| r.pop())
}

/// Whether a matrix seems to have more zeros, or to be nearer to a multiple of an isometry, than a prime field sees, where
/// atoms have no relations that no rule knows: what is refused because of its form may then not be refused.
pub fn hides_relations(e: &mut Elaborator<'_>, j: Term) -> bool {
    const NOTHING: f64 = 1e-9;
    const PLACES: usize = 3;
    let gram = e.store.product(j, &[0, 1], j, &[0, 2], &[1, 2]);
    let n = e.store.shape(gram)[0];
    // Differences of the diagonal as well: all are equal in a multiple of an isometry.
    let diagonal = e.store.gather(gram, (0..n).map(|k| (k * n + k) as u32).collect(), &[n]);
    let first = e.store.gather(gram, vec![0; n], &[n]);
    let spread = e.store.sub(diagonal, first);
    let terms = [j, gram, spread];
    let Some(exact) = terms.iter().map(|t| pattern(e, *t)).collect::<Option<Vec<_>>>() else { return false };
    let program = Program::new(&e.store, &terms);
    let mut random = Random::new(0, "hidden relations");
    let mut vanishing: Vec<Vec<bool>> = exact.iter().map(|v| vec![true; v.len()]).collect();
    for _ in 0..PLACES {
        let mut values = rustc_hash::FxHashMap::default();
        for s in program.inputs() {
            let n: usize = e.store.symbol_info(*s).shape.iter().product();
            let side = (n as f64).sqrt().round() as usize;
            let draw = e.quantified.iter().find(|q| q.symbol == *s).map_or(Draw::Real, |q| q.draw);
            let entries: Vec<f64> = match draw {
                Draw::Permutation | Draw::SignedPermutation => {
                    (0..n).map(|k| f64::from(u8::from((k / side + 1) % side == k % side))).collect()
                }
                Draw::Sign => vec![1.0],
                Draw::Pi => vec![std::f64::consts::PI],
                Draw::Real => (0..n).map(|_| 0.25 + random.unit()).collect(),
            };
            values.insert(*s, entries);
        }
        let Ok(found) = program.run(&mut Float::default(), |s| values.get(&s).cloned()) else { return false };
        for (zero, v) in vanishing.iter_mut().zip(&found) {
            zero.iter_mut().zip(v).for_each(|(z, x)| *z &= x.abs() < NOTHING);
        }
    }
    vanishing.iter().zip(&exact).any(|(zero, v)| zero.iter().zip(v).any(|(z, x)| *z && *x != 0))
}

/// Whether terms vanish for free values of all their symbols, whatever these are drawn from: at random points of three
/// prime fields of 61 bits, for residuals of low degree.
pub fn vanish_freely(e: &Elaborator<'_>, terms: &[Term]) -> bool {
    let program = Program::new(&e.store, terms);
    (0..3u32).all(|seed| {
        let field = Random::new(0, &format!("free/{seed}"));
        let mut prime = Prime::new(field, Signs::Free, PseudoInverses::ByRank);
        let mut values = rustc_hash::FxHashMap::default();
        for s in program.inputs() {
            let n: usize = e.store.symbol_info(*s).shape.iter().product();
            values.insert(*s, (0..n).map(|_| prime.draw()).collect::<Vec<u64>>());
        }
        program.run(&mut prime, |s| values.get(&s).cloned()).is_ok_and(|r| r.iter().flatten().all(|v| *v == 0))
    })
}

/// A square block of a concatenation of square matrices.
pub fn square_block(store: &mut Store, z: Term, start: usize, n: usize) -> Term {
    store.gather(z, (start as u32..(start + n * n) as u32).collect(), &[n, n])
}
