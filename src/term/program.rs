//! Evaluation: a term compiled to a list of operations, run in any domain by the same code.

use std::sync::Arc;

use smallvec::SmallVec;

use super::build::NONE;
use super::store::{Labels, Node, Shape, Store, SymbolId, Term};
use crate::domain::{Domain, Fun, Rational, Stop};

/// Terms compiled for evaluation. Running it visits the operations in one fixed order.
#[derive(Debug, Clone)]
pub struct Program {
    steps: Vec<Step>,
    results: Vec<(usize, usize)>,
    size: usize,
    inputs: Vec<SymbolId>,
}

/// Where an evaluation stopped, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The term that has no value.
    pub term: Term,
    /// Why.
    pub stop: Stop,
}

#[derive(Debug, Clone)]
struct Step {
    term: Term,
    at: usize,
    len: usize,
    op: Op,
}

#[derive(Debug, Clone)]
enum Op {
    Fill(Rational),
    Literal(Arc<[Rational]>),
    Symbol(SymbolId),
    Given(usize),
    Sum(Vec<(Coefficient, usize)>),
    Contract(Box<Contraction>),
    Map(Fun, usize),
    Power(usize, Rational),
    Gather(usize, Arc<[u32]>),
    Join(Vec<(usize, usize)>),
    Inverse(usize, usize),
    PseudoInverse(usize, usize, usize),
    Determinant(usize, usize),
    Polar(usize, usize, usize),
    PowerSpd(usize, usize, Rational),
    Eigenvectors(usize, usize),
}

#[derive(Debug, Clone)]
enum Coefficient {
    One,
    MinusOne,
    Other(Rational),
}

/// A contraction as two loop nests: over the result and over what is summed. Each loop has an extent and a stride in
/// either operand.
#[derive(Debug, Clone)]
struct Contraction {
    a: usize,
    b: usize,
    outer: SmallVec<[Loop; 4]>,
    inner: SmallVec<[Loop; 4]>,
}

#[derive(Debug, Clone, Copy)]
struct Loop {
    extent: usize,
    step_a: usize,
    step_b: usize,
}

impl Program {
    /// Compiles the terms; results come in the order of `roots`.
    pub fn new(store: &Store, roots: &[Term]) -> Self {
        Program::ordered(store, roots, store.reachable(roots), &[])
    }

    /// Two programs in place of one: what does not depend on some symbols, and the rest, which is given the values of that
    /// ([`Program::run_from`]). Where the symbols alone change, the second is all that there is to be run again.
    pub fn in_two(store: &Store, roots: &[Term], varying: &[SymbolId]) -> (Program, Program) {
        let order = store.reachable(roots);
        let mut varies: rustc_hash::FxHashSet<Term> = rustc_hash::FxHashSet::default();
        let mut given = Vec::new();
        for &t in &order {
            let operands = store.node(t).operands();
            let own = matches!(store.node(t), Node::Symbol(s) if varying.contains(s));
            if own || operands.iter().any(|o| varies.contains(o)) {
                varies.insert(t);
                given.extend(operands.iter().copied().filter(|o| !varies.contains(o)));
            }
        }
        given.extend(roots.iter().copied().filter(|r| !varies.contains(r)));
        given.sort_unstable();
        given.dedup();
        let rest = order.into_iter().filter(|t| varies.contains(t) || given.binary_search(t).is_ok()).collect();
        (Program::new(store, &given), Program::ordered(store, roots, rest, &given))
    }

    fn ordered(store: &Store, roots: &[Term], order: Vec<Term>, given: &[Term]) -> Self {
        let mut handed = 0;
        let mut place = rustc_hash::FxHashMap::default();
        let mut steps = Vec::with_capacity(order.len());
        let mut size = 0;
        let mut inputs = Vec::new();
        for t in order {
            let len = store.size(t);
            place.insert(t, size);
            if let Node::Symbol(s) = store.node(t) {
                inputs.push(*s);
            }
            let op = if given.binary_search(&t).is_ok() {
                handed += len;
                Op::Given(handed - len)
            } else {
                compile(store, t, |o| place.get(&o).copied().unwrap_or(usize::MAX))
            };
            steps.push(Step { term: t, at: size, len, op });
            size += len;
        }
        let results = roots.iter().map(|r| (place[r], store.size(*r))).collect();
        inputs.sort_unstable();
        Program { steps, results, size, inputs }
    }

    /// The symbols whose values the program reads.
    pub fn inputs(&self) -> &[SymbolId] {
        &self.inputs
    }

    /// Whether a function of a matrix is computed that is not rational on each rank: a polar factor, a power, eigenvectors.
    pub fn has_matrix_functions(&self) -> bool {
        self.steps.iter().any(|s| matches!(s.op, Op::Polar(..) | Op::PowerSpd(..) | Op::Eigenvectors(..)))
    }

    /// The number of scalars that one run computes.
    pub fn cells(&self) -> usize {
        self.size
    }

    /// The number of scalar operations of one run, in rough terms: what budgets are measured in.
    pub fn operations(&self) -> usize {
        let cube = |n: usize| n.saturating_mul(n).saturating_mul(n);
        self.steps.iter().fold(0usize, |total, step| {
            let own = match &step.op {
                Op::Contract(c) => step.len.saturating_mul(c.inner.iter().map(|l| l.extent).product()),
                Op::Sum(parts) => step.len.saturating_mul(parts.len()),
                Op::Inverse(_, n) | Op::Determinant(_, n) => cube(*n),
                Op::PseudoInverse(_, m, n) | Op::Polar(_, m, n) => 4 * cube(*m.max(n)),
                Op::PowerSpd(_, n, _) | Op::Eigenvectors(_, n) => 20 * cube(*n),
                _ => step.len,
            };
            total.saturating_add(own)
        })
    }

    /// Runs the program; `input` gives the entries of a symbol's value in row-major order.
    ///
    /// # Errors
    /// The first term in evaluation order that has no value, and why.
    pub fn run<D: Domain>(
        &self,
        domain: &mut D,
        input: impl FnMut(SymbolId) -> Option<Vec<D::Elem>>,
    ) -> Result<Vec<Vec<D::Elem>>, Failure> {
        self.run_from(domain, &[], input)
    }

    /// Runs the second of two programs; `given` has the values of the first, one behind the other.
    ///
    /// # Errors
    /// The first term in evaluation order that has no value, and why.
    pub fn run_from<D: Domain>(
        &self,
        domain: &mut D,
        given: &[D::Elem],
        mut input: impl FnMut(SymbolId) -> Option<Vec<D::Elem>>,
    ) -> Result<Vec<Vec<D::Elem>>, Failure> {
        let mut cells: Vec<D::Elem> = Vec::with_capacity(self.size);
        for step in &self.steps {
            debug_assert_eq!(step.at, cells.len());
            let fail = |stop| Failure { term: step.term, stop };
            match step.op {
                Op::Given(at) => {
                    cells.extend_from_slice(given.get(at..at + step.len).ok_or(fail(Stop::Unsupported))?);
                }
                _ => run_step(domain, step, &mut cells, &mut input).map_err(fail)?,
            }
            debug_assert_eq!(step.at + step.len, cells.len());
        }
        Ok(self.results.iter().map(|&(at, len)| cells[at..at + len].to_vec()).collect())
    }
}

fn compile(store: &Store, t: Term, at: impl Fn(Term) -> usize) -> Op {
    match store.node(t) {
        Node::Fill(q) => Op::Fill(q.clone()),
        Node::Literal(v) => Op::Literal(Arc::clone(v)),
        Node::Symbol(s) => Op::Symbol(*s),
        Node::Sum(parts) => Op::Sum(parts.iter().map(|(c, p)| (coefficient(c), at(*p))).collect()),
        Node::Product { a, b, la, lb, out } => {
            Op::Contract(Box::new(Contraction::new(store, (*a, la), (*b, lb), out, &at)))
        }
        Node::Map(f, x) => Op::Map(*f, at(*x)),
        Node::Power(x, q) => Op::Power(at(*x), q.clone()),
        Node::Gather(x, map) => Op::Gather(at(*x), Arc::clone(map)),
        Node::Join(parts) => Op::Join(parts.iter().map(|p| (at(*p), store.size(*p))).collect()),
        Node::Inverse(x) => Op::Inverse(at(*x), store.shape(*x)[0]),
        Node::PseudoInverse(x) => Op::PseudoInverse(at(*x), store.shape(*x)[0], store.shape(*x)[1]),
        Node::Determinant(x) => Op::Determinant(at(*x), store.shape(*x)[0]),
        Node::Polar(x) => Op::Polar(at(*x), store.shape(*x)[0], store.shape(*x)[1]),
        Node::Eigenvectors(x) => Op::Eigenvectors(at(*x), store.shape(*x)[0]),
        Node::PowerSpd(x, q) => Op::PowerSpd(at(*x), store.shape(*x)[0], q.clone()),
    }
}

fn coefficient(c: &Rational) -> Coefficient {
    if c.is_one() {
        Coefficient::One
    } else if *c == Rational::NEG_ONE {
        Coefficient::MinusOne
    } else {
        Coefficient::Other(c.clone())
    }
}

impl Contraction {
    fn new(
        store: &Store,
        (a, la): (Term, &Labels),
        (b, lb): (Term, &Labels),
        out: &Labels,
        at: impl Fn(Term) -> usize,
    ) -> Self {
        let (sa, sb) = (store.shape(a), store.shape(b));
        let (ta, tb) = (super::build::row_major(sa), super::build::row_major(sb));
        let look = |labels: &Labels, shape: &Shape, strides: &Shape, l: u8| {
            labels.iter().position(|&m| m == l).map(|p| (shape[p], strides[p]))
        };
        let make = |l: u8| {
            let in_a = look(la, sa, &ta, l);
            let in_b = look(lb, sb, &tb, l);
            Loop {
                extent: in_a.or(in_b).map_or(1, |x| x.0),
                step_a: in_a.map_or(0, |x| x.1),
                step_b: in_b.map_or(0, |x| x.1),
            }
        };
        let outer = out.iter().map(|&l| make(l)).collect();
        let mut summed: Labels = Labels::new();
        for &l in la.iter().chain(lb) {
            if !out.contains(&l) && !summed.contains(&l) {
                summed.push(l);
            }
        }
        Contraction { a: at(a), b: at(b), outer, inner: summed.iter().map(|&l| make(l)).collect() }
    }

    fn run<D: Domain>(&self, domain: &D, cells: &mut Vec<D::Elem>, len: usize) {
        let empty = self.inner.iter().any(|l| l.extent == 0);
        let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, self.outer.len());
        let (mut a, mut b) = (self.a, self.b);
        for _ in 0..len {
            let value = if empty { domain.zero() } else { self.contract(domain, cells, a, b) };
            cells.push(value);
            advance(&self.outer, &mut index, &mut a, &mut b);
        }
    }

    fn contract<D: Domain>(&self, domain: &D, cells: &[D::Elem], a: usize, b: usize) -> D::Elem {
        match self.inner[..] {
            [] => domain.mul(&cells[a], &cells[b]),
            [Loop { extent, step_a, step_b }] => {
                domain.sum_of_products((0..extent).map(|k| (&cells[a + k * step_a], &cells[b + k * step_b])))
            }
            _ => {
                let n: usize = self.inner.iter().map(|l| l.extent).product();
                let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, self.inner.len());
                let (mut a, mut b) = (a, b);
                domain.sum_of_products((0..n).map(|_| {
                    let pair = (&cells[a], &cells[b]);
                    advance(&self.inner, &mut index, &mut a, &mut b);
                    pair
                }))
            }
        }
    }
}

/// Moves a multi-index and the two positions it stands for one step on, the last loop fastest.
fn advance(loops: &[Loop], index: &mut [usize], a: &mut usize, b: &mut usize) {
    for (i, l) in index.iter_mut().zip(loops).rev() {
        *i += 1;
        *a += l.step_a;
        *b += l.step_b;
        if *i < l.extent {
            return;
        }
        *a -= l.extent * l.step_a;
        *b -= l.extent * l.step_b;
        *i = 0;
    }
}

fn run_step<D: Domain>(
    domain: &mut D,
    step: &Step,
    cells: &mut Vec<D::Elem>,
    input: &mut impl FnMut(SymbolId) -> Option<Vec<D::Elem>>,
) -> Result<(), Stop> {
    let len = step.len;
    match &step.op {
        Op::Fill(q) => {
            let value = domain.rational(q)?;
            cells.extend(std::iter::repeat_n(value, len));
        }
        Op::Literal(values) => {
            for q in values.iter() {
                cells.push(domain.rational(q)?);
            }
        }
        Op::Symbol(s) => cells.extend(input(*s).ok_or(Stop::Unsupported)?),
        // What is given is copied where the steps are run one by one.
        Op::Given(_) => return Err(Stop::Unsupported),
        Op::Sum(parts) => {
            let factors = parts
                .iter()
                .map(|(c, at)| match c {
                    Coefficient::Other(q) => domain.rational(q).map(|q| (c, Some(q), *at)),
                    _ => Ok((c, None, *at)),
                })
                .collect::<Result<Vec<_>, _>>()?;
            for i in 0..len {
                let mut acc: Option<D::Elem> = None;
                for (c, factor, at) in &factors {
                    let x = &cells[at + i];
                    acc = Some(match (acc, c, factor) {
                        (None, Coefficient::MinusOne, _) => domain.neg(x),
                        (None, _, Some(q)) => domain.mul(q, x),
                        (None, ..) => x.clone(),
                        (Some(acc), Coefficient::MinusOne, _) => domain.sub(&acc, x),
                        (Some(mut acc), _, Some(q)) => {
                            domain.mul_add(&mut acc, q, x);
                            acc
                        }
                        (Some(acc), ..) => domain.add(&acc, x),
                    });
                }
                cells.push(acc.unwrap_or_else(|| domain.zero()));
            }
        }
        Op::Contract(c) => c.run(domain, cells, len),
        Op::Map(f, x) => {
            for i in 0..len {
                let value = domain.apply(*f, &cells[x + i])?;
                cells.push(value);
            }
        }
        Op::Power(x, q) => {
            for i in 0..len {
                let value = domain.power(&cells[x + i], q)?;
                cells.push(value);
            }
        }
        Op::Gather(x, map) => {
            for &m in map.iter() {
                let value = if m == NONE { domain.zero() } else { cells[x + m as usize].clone() };
                cells.push(value);
            }
        }
        Op::Join(parts) => {
            for &(at, n) in parts {
                cells.extend_from_within(at..at + n);
            }
        }
        Op::Inverse(x, n) => cells.extend(domain.inverse(&cells[*x..x + n * n], *n)?),
        Op::PseudoInverse(x, m, n) => cells.extend(domain.pseudo_inverse(&cells[*x..x + m * n], *m, *n)?),
        Op::Determinant(x, n) => {
            let value = domain.determinant(&cells[*x..x + n * n], *n)?;
            cells.push(value);
        }
        Op::Polar(x, m, n) => cells.extend(domain.polar(&cells[*x..x + m * n], *m, *n)?),
        Op::Eigenvectors(x, n) => cells.extend(domain.eigenvectors(&cells[*x..x + n * n], *n)?),
        Op::PowerSpd(x, n, q) => cells.extend(domain.power_spd(&cells[*x..x + n * n], *n, q)?),
    }
    Ok(())
}
