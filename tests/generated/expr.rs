//! Expressions: printed as the language has them, and evaluated here by their meaning in the guide.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::jet::{Jet, Space};
use super::noise;

/// An expression of the language, as far as the generator writes it.
#[derive(Debug, Clone)]
pub enum X {
    /// A fraction.
    Num(i64, i64),
    /// A parameter of the architecture, data, a member, a state, `params`, `loss`, `output`, `metric`, `dim` or `lr`.
    Name(String),
    /// A new value of a step.
    Primed(String),
    /// Sum, difference, `*`, `/`, `.*`, `./`.
    Bin(&'static str, Box<X>, Box<X>),
    /// An integer power, entry by entry.
    Pow(Box<X>, u32),
    /// The negative.
    Neg(Box<X>),
    /// A function of the language.
    Call(&'static str, Vec<X>),
    /// An entry of a vector.
    At(Box<X>, usize),
    /// A vector of scalars.
    List(Vec<X>),
}

/// A name.
pub fn n(s: &str) -> X {
    X::Name(s.to_owned())
}

/// A binary operation.
pub fn bin(op: &'static str, a: X, b: X) -> X {
    X::Bin(op, Box::new(a), Box::new(b))
}

/// A call.
pub fn call(f: &'static str, args: impl IntoIterator<Item = X>) -> X {
    X::Call(f, args.into_iter().collect())
}

impl fmt::Display for X {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |xs: &[X]| xs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self {
            X::Num(p, 1) => write!(f, "{p}"),
            X::Num(p, q) => write!(f, "({p}/{q})"),
            X::Name(s) => write!(f, "{s}"),
            X::Primed(s) => write!(f, "{s}'"),
            X::Bin(op, a, b) => write!(f, "({a} {op} {b})"),
            X::Pow(a, k) => write!(f, "({a})^{k}"),
            X::Neg(a) => write!(f, "(-{a})"),
            X::Call(name, args) => write!(f, "{name}({})", list(args)),
            X::At(a, i) => write!(f, "{a}[{i}]"),
            X::List(xs) => write!(f, "[{}]", list(xs)),
        }
    }
}

/// A scalar, vector or matrix of series.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// Its extents.
    pub shape: Vec<usize>,
    /// Its entries, row by row.
    pub at: Vec<Jet>,
}

impl Tensor {
    /// A vector.
    pub fn vector(at: Vec<Jet>) -> Tensor {
        Tensor { shape: vec![at.len()], at }
    }

    /// A scalar.
    pub fn scalar(x: Jet) -> Tensor {
        Tensor { shape: vec![], at: vec![x] }
    }

    /// The values.
    pub fn values(&self) -> Vec<f64> {
        self.at.iter().map(Jet::value).collect()
    }

    fn map(&self, f: impl Fn(&Jet) -> Jet) -> Tensor {
        Tensor { shape: self.shape.clone(), at: self.at.iter().map(f).collect() }
    }
}

/// A function of parameters in some variables: the blocks of an architecture, or of the target through a map.
pub trait Model {
    /// The names and shapes of the blocks.
    fn blocks(&self) -> &[(String, Vec<usize>)];
    /// The output, if there is one, and the loss.
    fn realise(&self, point: &[Jet], given: &BTreeMap<String, Tensor>) -> (Option<Vec<Jet>>, Jet);
}

/// Where an expression is read.
pub struct Env<'a> {
    /// The variables.
    pub space: Rc<Space>,
    /// Parameters of an architecture, data, members, states, the learning rate.
    pub names: BTreeMap<String, Tensor>,
    /// Inside an optimizer: the architecture and the point.
    pub over: Option<(&'a dyn Model, Vec<f64>)>,
    /// The new values of a step, in order.
    pub rules: Vec<(String, X)>,
}

impl<'a> Env<'a> {
    fn model(&self) -> (&'a dyn Model, &[f64]) {
        let (m, x) = self.over.as_ref().expect("an optimizer's body");
        (*m, x)
    }

    fn point(&self) -> Vec<Jet> {
        let (_, x) = self.model();
        x.iter().enumerate().map(|(i, &x)| Jet::variable(&self.space, x, i)).collect()
    }

    /// The derivatives of the output, parameter by parameter.
    fn output_by(&self) -> Vec<Vec<Jet>> {
        let out = self.model().0.realise(&self.point(), &self.names).0.expect("an output");
        (0..self.model().1.len()).map(|i| out.iter().map(|o| o.by(i)).collect()).collect()
    }

    /// The pseudo-inverse of the metric, as a value.
    fn inverse_metric(&self) -> Vec<Jet> {
        let columns: Vec<Vec<f64>> = self.output_by().iter().map(|c| c.iter().map(Jet::value).collect()).collect();
        inverse_gram(columns).into_iter().map(|x| Jet::constant(&self.space, x).frozen()).collect()
    }

    fn name(&self, s: &str) -> Tensor {
        if let Some(t) = self.names.get(s) {
            return t.clone();
        }
        let dim = || self.model().1.len();
        match s {
            "params" => Tensor::vector(self.point()),
            "dim" => Tensor::scalar(Jet::constant(&self.space, dim() as f64)),
            "loss" => Tensor::scalar(self.model().0.realise(&self.point(), &self.names).1),
            "metric" => {
                let (by, n) = (self.output_by(), dim());
                let entry = |i: usize, j: usize| dot(&by[i], &by[j], &self.space);
                let at = (0..n * n).map(|k| entry(k / n, k % n)).collect();
                Tensor { shape: vec![n, n], at }
            }
            other => unreachable!("no name {other}"),
        }
    }

    /// The value of an expression.
    pub fn eval(&self, x: &X) -> Tensor {
        match x {
            X::Num(p, q) => Tensor::scalar(Jet::constant(&self.space, *p as f64 / *q as f64)),
            X::Name(s) => self.name(s),
            X::Primed(s) => {
                let rule = self.rules.iter().find(|(name, _)| name == s).expect("a rule");
                self.eval(&rule.1).map(Jet::held)
            }
            X::Neg(a) => self.eval(a).map(|x| x.scale(-1.0)),
            X::Pow(a, k) => self.eval(a).map(|x| x.power(f64::from(*k))),
            X::At(a, i) => Tensor::scalar(self.eval(a).at[*i].clone()),
            X::List(xs) => Tensor::vector(xs.iter().map(|x| self.eval(x).at[0].clone()).collect()),
            X::Bin(op, a, b) => self.binary(op, &self.eval(a), &self.eval(b)),
            X::Call(f, args) => self.call(f, args),
        }
    }

    fn binary(&self, op: &str, a: &Tensor, b: &Tensor) -> Tensor {
        let entrywise = |f: &dyn Fn(&Jet, &Jet) -> Jet| match (a.shape.is_empty(), b.shape.is_empty()) {
            (true, _) => b.map(|y| f(&a.at[0], y)),
            (_, true) => a.map(|x| f(x, &b.at[0])),
            _ => {
                assert_eq!(a.shape, b.shape, "shapes of {op}");
                Tensor { shape: a.shape.clone(), at: a.at.iter().zip(&b.at).map(|(x, y)| f(x, y)).collect() }
            }
        };
        match op {
            "+" => entrywise(&Jet::add),
            "-" => entrywise(&Jet::sub),
            "/" | "./" => entrywise(&|x, y| x.mul(&y.recip())),
            "*" if a.shape.len() == 2 => {
                let (m, k) = (a.shape[0], a.shape[1]);
                let cols = b.at.len() / k;
                let entry = |i: usize, j: usize| {
                    let column: Vec<Jet> = (0..k).map(|l| b.at[l * cols + j].clone()).collect();
                    dot(&a.at[i * k..(i + 1) * k], &column, &self.space)
                };
                let at = (0..m * cols).map(|e| entry(e / cols, e % cols)).collect();
                Tensor { shape: if b.shape.len() == 1 { vec![m] } else { vec![m, cols] }, at }
            }
            _ => entrywise(&Jet::mul),
        }
    }

    fn gradient(&self, e: &X) -> Tensor {
        let value = self.eval(e).at[0].clone();
        Tensor::vector((0..self.model().1.len()).map(|i| value.by(i)).collect())
    }

    fn hessian(&self, e: &X) -> Vec<Jet> {
        let (value, n) = (self.eval(e).at[0].clone(), self.model().1.len());
        (0..n * n).map(|k| value.by(k / n).by(k % n)).collect()
    }

    /// `Γ^k_ij` as `[k][i][j]`.
    fn christoffel(&self) -> Vec<Jet> {
        let (g, n) = (self.name("metric").at, self.model().1.len());
        let inverse = self.inverse_metric();
        let by = |i: usize, j: usize, k: usize| g[i * n + j].by(k);
        let lower = |l: usize, i: usize, j: usize| by(l, i, j).add(&by(l, j, i)).sub(&by(i, j, l)).scale(0.5);
        let mut all = Vec::new();
        for k in 0..n {
            for (i, j) in (0..n * n).map(|e| (e / n, e % n)) {
                let terms: Vec<Jet> = (0..n).map(|l| inverse[k * n + l].mul(&lower(l, i, j))).collect();
                all.push(sum(&terms, &self.space));
            }
        }
        all
    }

    fn call(&self, f: &str, args: &[X]) -> Tensor {
        let s = &self.space;
        let arg = |i: usize| self.eval(&args[i]);
        match f {
            "d" | "grad" => self.gradient(&args[0]),
            "natgrad" => {
                let (inverse, d) = (self.inverse_metric(), self.gradient(&args[0]).at);
                let n = d.len();
                Tensor::vector((0..n).map(|i| dot(&inverse[i * n..(i + 1) * n], &d, s)).collect())
            }
            "hess" => {
                let n = self.model().1.len();
                Tensor { shape: vec![n, n], at: self.hessian(&args[0]) }
            }
            "covhess" => {
                let n = self.model().1.len();
                let (h, gamma, d) = (self.hessian(&args[0]), self.christoffel(), self.gradient(&args[0]).at);
                let entry = |e: usize| {
                    let terms: Vec<Jet> = (0..n).map(|k| gamma[k * n * n + e].mul(&d[k])).collect();
                    h[e].sub(&sum(&terms, s))
                };
                Tensor { shape: vec![n, n], at: (0..n * n).map(entry).collect() }
            }
            "christoffel" => {
                let (gamma, u, v) = (self.christoffel(), arg(1).at, arg(2).at);
                let n = u.len();
                let entry = |k: usize| {
                    let pairs = (0..n * n).map(|e| gamma[k * n * n + e].mul(&u[e / n]).mul(&v[e % n]));
                    sum(&pairs.collect::<Vec<_>>(), s)
                };
                Tensor::vector((0..n).map(entry).collect())
            }
            "solve" => {
                let (a, b) = (arg(0), arg(1));
                let n = b.at.len();
                let inverse = inverse(&a.at, n, s);
                Tensor::vector((0..n).map(|i| dot(&inverse[i * n..(i + 1) * n], &b.at, s)).collect())
            }
            "eye" => {
                let n = arg(0).at[0].value() as usize;
                let at = (0..n * n).map(|e| Jet::constant(s, if e / n == e % n { 1.0 } else { 0.0 })).collect();
                Tensor { shape: vec![n, n], at }
            }
            "outer" => {
                let (a, b) = (arg(0).at, arg(1).at);
                let at = a.iter().flat_map(|x| b.iter().map(|y| x.mul(y))).collect();
                Tensor { shape: vec![a.len(), b.len()], at }
            }
            "diagonal" => {
                let a = arg(0);
                Tensor::vector((0..a.shape[0]).map(|i| a.at[i * a.shape[0] + i].clone()).collect())
            }
            "sum" => Tensor::scalar(sum(&arg(0).at, s)),
            "mean" => {
                let a = arg(0);
                Tensor::scalar(sum(&a.at, s).scale(1.0 / a.at.len() as f64))
            }
            "dot" => Tensor::scalar(dot(&arg(0).at, &arg(1).at, s)),
            "norm" => {
                let a = arg(0);
                Tensor::scalar(dot(&a.at, &a.at, s).power(0.5))
            }
            "det" => {
                let a = arg(0);
                let minor = a.at[0].mul(&a.at[3]).sub(&a.at[1].mul(&a.at[2]));
                assert_eq!(a.shape, [2, 2], "determinants are written for two rows");
                Tensor::scalar(minor)
            }
            "trace" => {
                let a = arg(0);
                let diagonal: Vec<Jet> = (0..a.shape[0]).map(|i| a.at[i * a.shape[0] + i].clone()).collect();
                Tensor::scalar(sum(&diagonal, s))
            }
            "vec" => Tensor::vector(arg(0).at),
            "softmax" => {
                let e: Vec<Jet> = arg(0).at.iter().map(|x| x.apply("exp")).collect();
                let total = sum(&e, s).recip();
                Tensor::vector(e.iter().map(|x| x.mul(&total)).collect())
            }
            "max" | "min" => {
                // max(a, b) = (a + b + |a - b|) / 2
                let (a, b) = (arg(0), arg(1));
                let sign = if f == "max" { 0.5 } else { -0.5 };
                let gap = self.binary("-", &a, &b).map(|x| x.apply("abs").scale(sign));
                self.binary("+", &self.binary("+", &a, &b).map(|x| x.scale(0.5)), &gap)
            }
            entrywise => arg(0).map(|x| x.apply(entrywise)),
        }
    }
}

/// The sum of scalars.
pub fn sum(xs: &[Jet], space: &Rc<Space>) -> Jet {
    xs.iter().fold(Jet::constant(space, 0.0), |a, x| a.add(x))
}

/// The inner product.
pub fn dot(a: &[Jet], b: &[Jet], space: &Rc<Space>) -> Jet {
    a.iter().zip(b).fold(Jet::constant(space, 0.0), |s, (x, y)| s.add(&x.mul(y)))
}

/// The inverse by elimination. Where the matrix is singular or nearly so, it has no value or a great noise.
pub fn inverse(m: &[Jet], n: usize, space: &Rc<Space>) -> Vec<Jet> {
    let mut a = m.to_vec();
    let mut b: Vec<Jet> = (0..n * n).map(|e| Jet::constant(space, if e / n == e % n { 1.0 } else { 0.0 })).collect();
    for k in 0..n {
        let best = (k..n).max_by(|&i, &j| a[i * n + k].value().abs().total_cmp(&a[j * n + k].value().abs()));
        let p = best.unwrap_or(k);
        for j in 0..n {
            a.swap(k * n + j, p * n + j);
            b.swap(k * n + j, p * n + j);
        }
        let pivot = a[k * n + k].recip();
        for j in 0..n {
            a[k * n + j] = a[k * n + j].mul(&pivot);
            b[k * n + j] = b[k * n + j].mul(&pivot);
        }
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[i * n + k].clone();
            for j in 0..n {
                a[i * n + j] = a[i * n + j].sub(&factor.mul(&a[k * n + j]));
                b[i * n + j] = b[i * n + j].sub(&factor.mul(&b[k * n + j]));
            }
        }
    }
    b
}

/// The pseudo-inverse of `JᵀJ`, from the columns of `J`. Not a number where the rank of `J` is not plain.
///
/// The rank is read from `J`, for squares would halve the digits that tell a small singular value from none.
fn inverse_gram(mut columns: Vec<Vec<f64>>) -> Vec<f64> {
    let n = columns.len();
    let unknown = vec![f64::NAN; n * n];
    let largest = columns.iter().flatten().fold(0.0, |m: f64, x| if x.is_finite() { m.max(x.abs()) } else { f64::NAN });
    if !largest.is_finite() || columns.iter().flatten().any(|x| !x.is_finite()) {
        return unknown;
    }
    let vectors = orthogonalized(&mut columns);
    let sizes: Vec<f64> = columns.iter().map(|c| c.iter().map(|x| x * x).sum::<f64>().sqrt()).collect();
    let top = sizes.iter().copied().fold(0.0, f64::max);
    // Entries that are zero but for rounding are disturbed like all others; all of them may be such.
    let nothing = if noise::is_on() { 1e-9 } else { 1e-13 };
    let (small, large): (Vec<usize>, Vec<usize>) = (0..n).partition(|&i| sizes[i] <= nothing * top.max(1.0));
    // Where entries are great, what they are added to may have been rounded away.
    if large.iter().any(|&i| sizes[i] < 1e-6 * top) || (!small.is_empty() && largest > 1e5) {
        return unknown;
    }
    noise::rank(large.len(), n);
    let entry = |i: usize, j: usize| -> f64 {
        large.iter().map(|&k| vectors[k][i] * vectors[k][j] / (sizes[k] * sizes[k])).sum()
    };
    (0..n * n).map(|e| noise::disturbed(entry(e / n, e % n))).collect()
}

/// Rotates columns until they are orthogonal (Hestenes); the rotations, column by column.
fn orthogonalized(columns: &mut [Vec<f64>]) -> Vec<Vec<f64>> {
    let n = columns.len();
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
    let rotate = |m: &mut [Vec<f64>], p: usize, q: usize, c: f64, s: f64| {
        for k in 0..m[p].len() {
            let (x, y) = (m[p][k], m[q][k]);
            (m[p][k], m[q][k]) = (c * x - s * y, s * x + c * y);
        }
    };
    for _ in 0..40 {
        for (p, q) in (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q))) {
            let [pp, pq, qq] = [(p, p), (p, q), (q, q)].map(|(a, b)| dot(&columns[a], &columns[b]));
            if pq.abs() > 1e-17 * (pp * qq).sqrt() {
                let theta = 0.5 * (2.0 * pq).atan2(qq - pp);
                rotate(columns, p, q, theta.cos(), theta.sin());
                rotate(&mut vectors, p, q, theta.cos(), theta.sin());
            }
        }
    }
    vectors
}
