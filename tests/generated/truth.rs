//! What is true of a square, from its two sides at random points. Shares no code with the checker.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::expr::{Env, Model, Tensor, X, inverse};
use super::jet::{Jet, Space};
use super::random::Random;

/// The names and shapes of parameters, in order.
pub type Blocks = Vec<(String, Vec<usize>)>;

/// The number of scalars.
pub fn size(blocks: &Blocks) -> usize {
    blocks.iter().map(|(_, s)| s.iter().product::<usize>()).sum()
}

/// Values of names.
pub type Given = BTreeMap<String, Vec<f64>>;

fn bind(names: &mut BTreeMap<String, Tensor>, blocks: &Blocks, point: &[Jet]) {
    let mut at = 0;
    for (name, shape) in blocks {
        let k: usize = shape.iter().product();
        names.insert(name.clone(), Tensor { shape: shape.clone(), at: point[at..at + k].to_vec() });
        at += k;
    }
}

/// An architecture as it is written.
#[derive(Debug, Clone)]
pub struct Arch {
    /// Its parameters.
    pub blocks: Blocks,
    /// Its output.
    pub output: Option<X>,
    /// Its loss.
    pub loss: X,
}

impl Model for Arch {
    fn blocks(&self) -> &[(String, Vec<usize>)] {
        &self.blocks
    }

    fn realise(&self, point: &[Jet], given: &BTreeMap<String, Tensor>) -> (Option<Vec<Jet>>, Jet) {
        let mut names = given.clone();
        bind(&mut names, &self.blocks, point);
        let mut env = Env { space: Rc::clone(point[0].space()), names, over: None, rules: Vec::new() };
        let output = self.output.as_ref().map(|o| env.eval(o));
        if let Some(o) = &output {
            env.names.insert("output".into(), o.clone());
        }
        let loss = env.eval(&self.loss).at[0].clone();
        (output.map(|o| o.at), loss)
    }
}

/// A map into an architecture.
#[derive(Debug, Clone)]
pub struct Map {
    /// The parameters of the source.
    pub source: Blocks,
    /// The target.
    pub target: Arch,
    /// What each parameter of the target is.
    pub rules: Vec<X>,
}

impl Map {
    fn image(&self, point: &[Jet], given: &BTreeMap<String, Tensor>) -> Vec<Jet> {
        let mut names = given.clone();
        bind(&mut names, &self.source, point);
        let env = Env { space: Rc::clone(point[0].space()), names, over: None, rules: Vec::new() };
        self.rules.iter().flat_map(|r| env.eval(r).at).collect()
    }
}

impl Model for Map {
    fn blocks(&self) -> &[(String, Vec<usize>)] {
        &self.source
    }

    fn realise(&self, point: &[Jet], given: &BTreeMap<String, Tensor>) -> (Option<Vec<Jet>>, Jet) {
        self.target.realise(&self.image(point, given), given)
    }
}

/// How a state is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `z`
    Fixed,
    /// `J z`
    Tangent,
    /// `J⁻ᵀ z`
    Cotangent,
    /// Squares of the entries of the inverse, positive.
    Diagonal,
}

impl Kind {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Fixed => "R",
            Kind::Tangent => "tangent",
            Kind::Cotangent => "cotangent",
            Kind::Diagonal => "diagonal",
        }
    }
}

/// An optimizer.
#[derive(Debug, Clone)]
pub struct Optimizer {
    /// Its states.
    pub states: Vec<(String, Kind)>,
    /// Whether it is a step.
    pub step: bool,
    /// The rule of `params`, then of each state.
    pub rules: Vec<(String, X)>,
}

/// A point of the state space: the parameters, then each state.
type Point = Vec<Vec<f64>>;

/// A question: this optimizer along this map.
pub struct Square {
    /// The map.
    pub map: Map,
    /// The source, where it is not the pulled-back target.
    pub source: Option<Arch>,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// Data and members with their shapes; members first drawn, data anew for each point.
    pub members: Vec<(String, Draw)>,
    /// Data.
    pub data: Blocks,
}

/// How a member is drawn.
#[derive(Debug, Clone, Copy)]
pub enum Draw {
    /// Any number.
    Real,
    /// A positive one.
    Positive,
}

/// What is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// The sides are equal.
    Commutes,
    /// Equal up to a rate that depends on members alone.
    UpToRate,
    /// The defect of a step vanishes at second order or beyond.
    InLimit,
    /// None of these.
    Fails,
    /// Numbers do not tell.
    Unclear,
}

/// One sample: both sides as functions of the learning rate (of nothing, for a flow).
struct Sides<'a> {
    square: &'a Square,
    given: Given,
    point: Point,
}

impl Square {
    fn source(&self) -> &dyn Model {
        match &self.source {
            Some(a) => a,
            None => &self.map,
        }
    }

    /// The field or the step at a point.
    fn run(&self, model: &dyn Model, point: &Point, given: &Given, lr: f64) -> Point {
        let n = point[0].len();
        let space = Space::new(n, 4);
        let constant = |v: &[f64]| v.iter().map(|&x| Jet::constant(&space, x)).collect::<Vec<_>>();
        let mut names: BTreeMap<String, Tensor> = self.tensors(given, &space);
        for ((name, kind), z) in self.optimizer.states.iter().zip(&point[1..]) {
            let shape = if *kind == Kind::Fixed { vec![] } else { vec![n] };
            names.insert(name.clone(), Tensor { shape, at: constant(z) });
        }
        names.insert("lr".into(), Tensor::scalar(Jet::constant(&space, lr)));
        let over = Some((model, point[0].clone()));
        let env = Env { space, names, over, rules: self.optimizer.rules.clone() };
        self.optimizer.rules.iter().map(|(_, x)| env.eval(x).values()).collect()
    }

    fn tensors(&self, given: &Given, space: &Rc<Space>) -> BTreeMap<String, Tensor> {
        let shape = |name: &String| self.data.iter().find(|(n, _)| n == name).map_or(vec![], |(_, s)| s.clone());
        let jets = |v: &Vec<f64>| v.iter().map(|&x| Jet::constant(space, x)).collect();
        given.iter().map(|(k, v)| (k.clone(), Tensor { shape: shape(k), at: jets(v) })).collect()
    }

    /// `S f` at a point, and its derivative along a direction.
    fn carry(&self, point: &Point, along: &Point, given: &Given) -> (Point, Point) {
        let n = point[0].len();
        let space = Space::new(n + 1, 3);
        let t = Jet::variable(&space, 0.0, n);
        let line = |x: f64, v: f64| Jet::constant(&space, x).add(&t.scale(v));
        let x: Vec<Jet> = (0..n).map(|i| Jet::variable(&space, point[0][i], i).add(&t.scale(along[0][i]))).collect();
        let image = self.map.image(&x, &self.tensors(given, &space));
        let m = image.len();
        let j: Vec<Jet> = (0..m * n).map(|e| image[e / n].by(e % n)).collect();
        let covariant = self.optimizer.states.iter().any(|(_, k)| matches!(k, Kind::Cotangent | Kind::Diagonal));
        let k = if covariant { inverse(&j, n, &space) } else { Vec::new() };
        let mut all = vec![image];
        for (s, (_, kind)) in self.optimizer.states.iter().enumerate() {
            let z: Vec<Jet> = point[s + 1].iter().zip(&along[s + 1]).map(|(&a, &b)| line(a, b)).collect();
            let sum = |f: &dyn Fn(usize) -> Jet| (0..n).map(f).fold(Jet::constant(&space, 0.0), |a, b| a.add(&b));
            all.push(match kind {
                Kind::Fixed => z,
                Kind::Tangent => (0..m).map(|r| sum(&|i| j[r * n + i].mul(&z[i]))).collect(),
                Kind::Cotangent => (0..n).map(|r| sum(&|i| k[i * n + r].mul(&z[i]))).collect(),
                Kind::Diagonal => (0..n).map(|r| sum(&|i| k[i * n + r].power(2.0).mul(&z[i]))).collect(),
            });
        }
        let value = all.iter().map(|c| c.iter().map(Jet::value).collect()).collect();
        let derivative = all.iter().map(|c| c.iter().map(|x| x.by(n).value()).collect()).collect();
        (value, derivative)
    }

    fn draw(&self, random: &mut Random, members: &Given) -> (Given, Point) {
        let mut given = members.clone();
        for (name, shape) in &self.data {
            given.insert(name.clone(), (0..shape.iter().product()).map(|_| random.real()).collect());
        }
        let n = size(&self.source().blocks().to_vec());
        let mut point: Point = vec![(0..n).map(|_| random.real()).collect()];
        for (_, kind) in &self.optimizer.states {
            point.push(match kind {
                Kind::Fixed => vec![random.real()],
                Kind::Diagonal => (0..n).map(|_| random.positive()).collect(),
                Kind::Tangent | Kind::Cotangent => (0..n).map(|_| random.real()).collect(),
            });
        }
        (given, point)
    }

    /// What is true of the square.
    ///
    /// `points` are looked at for each member: few tell most squares, many are needed where a side is piecewise.
    pub fn truth(&self, random: &mut Random, points: usize) -> Truth {
        let mut worst = Truth::Commutes;
        for _ in 0..3 {
            let members: Given = self
                .members
                .iter()
                .map(|(name, d)| {
                    let x = match d {
                        Draw::Real => random.real(),
                        Draw::Positive => random.positive(),
                    };
                    (name.clone(), vec![x])
                })
                .collect();
            let samples: Vec<Sides> = (0..4 * points)
                .map(|_| self.draw(random, &members))
                .map(|(given, point)| Sides { square: self, given, point })
                .filter(Sides::usable)
                .take(points)
                .collect();
            if samples.len() < 4 {
                return Truth::Unclear;
            }
            let found = if self.optimizer.step { step(&samples) } else { flow(&samples) };
            worst = match (worst, found) {
                (_, Truth::Unclear) | (Truth::Unclear, _) => return Truth::Unclear,
                (Truth::Fails, _) | (_, Truth::Fails) => Truth::Fails,
                (Truth::InLimit, _) | (_, Truth::InLimit) => Truth::InLimit,
                (Truth::UpToRate, _) | (_, Truth::UpToRate) => Truth::UpToRate,
                _ => Truth::Commutes,
            };
        }
        worst
    }
}

impl Sides<'_> {
    /// Both sides, all components in one list.
    fn at(&self, lr: f64, rate: f64) -> (Vec<f64>, Vec<f64>) {
        let s = self.square;
        let zero: Point = self.point.iter().map(|c| vec![0.0; c.len()]).collect();
        let (image, _) = s.carry(&self.point, &zero, &self.given);
        let right = s.run(&s.map.target, &image, &self.given, rate * lr);
        let moved = s.run(s.source(), &self.point, &self.given, lr);
        let left = if s.optimizer.step {
            s.carry(&moved, &zero, &self.given).0
        } else {
            s.carry(&self.point, &moved, &self.given).1
        };
        (left.concat(), right.concat())
    }

    /// Whether everything is a moderate number here, at every learning rate that is tried.
    fn usable(&self) -> bool {
        let rates: &[f64] = if self.square.optimizer.step { &RATES } else { &[1.0] };
        rates.iter().all(|&lr| {
            let (l, r) = self.at(lr, 1.0);
            l.iter().chain(&r).all(|x| x.abs() < 1e6)
        })
    }

    /// The two sides at `lr = 0`, and their first derivatives there, with the step `h` as the largest learning rate.
    ///
    /// The derivatives are extrapolated from quotients at `h`, `h/2` and `h/4`, which leaves an error of order `h³`.
    fn first_order(&self, h: f64) -> FirstOrder {
        let (l0, r0) = self.at(0.0, 1.0);
        let quotients = [h, h / 2.0, h / 4.0].map(|lr| {
            let (l, r) = self.at(lr, 1.0);
            (scaled(&minus(&l, &l0), 1.0 / lr), scaled(&minus(&r, &r0), 1.0 / lr))
        });
        let [(la, ra), (lb, rb), (lc, rc)] = quotients;
        let limit = |a: &[f64], b: &[f64], c: &[f64]| {
            (0..a.len()).map(|i| (8.0 * c[i] - 6.0 * b[i] + a[i]) / 3.0).collect::<Vec<_>>()
        };
        ([l0, r0], [limit(&la, &lb, &lc), limit(&ra, &rb, &rc)])
    }
}

/// Both sides at `lr = 0`, and their first derivatives there.
type FirstOrder = ([Vec<f64>; 2], [Vec<f64>; 2]);

/// Learning rates at which the sides are compared as a whole, and small ones at which they must have a value.
const RATES: [f64; 7] = [4.0, 1.0, 0.25, 1e-2, 1e-3, 1e-4, 1e-5];

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(x, y)| x - y).collect()
}

fn scaled(v: &[f64], k: f64) -> Vec<f64> {
    v.iter().map(|x| k * x).collect()
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Differences, relative to the sizes, judged: all nothing, some plainly something, or neither. What is no number tells
/// nothing.
fn judge(differences: &[f64], nothing: f64, something: f64) -> Option<bool> {
    if differences.iter().any(|d| d.is_nan()) {
        return None;
    }
    let most = differences.iter().copied().fold(0.0, f64::max);
    if most < nothing {
        Some(true)
    } else if most > something {
        Some(false)
    } else {
        None
    }
}

fn flow(samples: &[Sides]) -> Truth {
    let sides: Vec<_> = samples.iter().map(|s| s.at(1.0, 1.0)).collect();
    let relative = |c: f64| {
        let one = |(l, r): &(Vec<f64>, Vec<f64>)| {
            let scaled: Vec<f64> = r.iter().map(|x| c * x).collect();
            norm(&minus(l, &scaled)) / (norm(l) + norm(&scaled) + 1e-9)
        };
        sides.iter().map(one).collect::<Vec<_>>()
    };
    match judge(&relative(1.0), 1e-8, 1e-5) {
        Some(true) => return Truth::Commutes,
        None => return Truth::Unclear,
        Some(false) => {}
    }
    let (l, r): (Vec<f64>, Vec<f64>) =
        (sides.iter().flat_map(|s| s.0.clone()).collect(), sides.iter().flat_map(|s| s.1.clone()).collect());
    let c = inner(&l, &r) / inner(&r, &r);
    match judge(&relative(c), 1e-8, 1e-5) {
        Some(true) if c > 0.0 => Truth::UpToRate,
        None => Truth::Unclear,
        Some(_) => Truth::Fails,
    }
}

fn step(samples: &[Sides]) -> Truth {
    let relative = |c: f64| -> Vec<f64> {
        let one = |s: &Sides, lr: f64| {
            let (l, r) = s.at(lr, c);
            let (l0, r0) = s.at(0.0, c);
            norm(&minus(&l, &r)) / (norm(&minus(&l, &l0)) + norm(&minus(&r, &r0)) + 1e-3 * norm(&l))
        };
        samples.iter().flat_map(|s| RATES[..4].iter().map(move |&lr| one(s, lr))).collect()
    };
    match judge(&relative(1.0), 1e-8, 1e-5) {
        Some(true) => return Truth::Commutes,
        None => return Truth::Unclear,
        Some(false) => {}
    }
    // A defect that is there without any step; no rate touches it.
    let orders = [1e-3, 1e-4, 1e-5, 1e-6].map(|h| samples.iter().map(|s| s.first_order(h)).collect::<Vec<_>>());
    let zeroth: Vec<f64> =
        orders[0].iter().map(|([l, r], _)| norm(&minus(l, r)) / (norm(l) + norm(r) + 1e-9)).collect();
    match judge(&zeroth, 1e-10, 1e-7) {
        Some(true) => {}
        Some(false) => return Truth::Fails,
        None => return Truth::Unclear,
    }
    // The rate from the first order, sharpened at a learning rate where rounding is small.
    let first = |order: &[FirstOrder]| {
        let parts = order.iter().map(|(_, [l, r])| (inner(l, r), inner(r, r)));
        let (a, b) = parts.fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
        a / b
    };
    let ratio = |lr: f64, c: f64| {
        let parts = samples.iter().map(|s| {
            let ((l, r), (l0, r0)) = (s.at(lr, c), s.at(0.0, c));
            let (l, r) = (minus(&l, &l0), minus(&r, &r0));
            (inner(&l, &r), inner(&r, &r))
        });
        let (a, b) = parts.fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
        a / b
    };
    let start = first(&orders[0]);
    if start > 0.0 && start.is_finite() {
        // A step that is not linear in the learning rate approaches its rate from afar.
        let mut c = start;
        for _ in 0..40 {
            c *= ratio(0.25, c);
        }
        for c in [start, c] {
            if c > 0.0 && judge(&relative(c), 1e-8, 1e-5) == Some(true) {
                return Truth::UpToRate;
            }
        }
    }
    // The derivatives at 0 with a rate, or with none: of the step sizes the one that shows least, for small ones are
    // spoilt by rounding and large ones by higher orders, which is soon so where gradients are great.
    let slopes = |c: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let one = |k: usize, s: usize| {
            let ([l0, _], [l, r]) = &orders[k][s];
            let r = scaled(r, c(k));
            norm(&minus(l, &r)) / (norm(l) + norm(&r) + 1e-3 * norm(l0))
        };
        let least = |s: usize| (0..orders.len()).map(|k| one(k, s)).fold(f64::INFINITY, f64::min);
        (0..samples.len()).map(least).collect()
    };
    let own = judge(&slopes(&|_| 1.0), 1e-6, 1e-5);
    let at_rate = if start > 0.0 { judge(&slopes(&|k| first(&orders[k])), 1e-6, 1e-5) } else { Some(false) };
    match (own, at_rate) {
        (Some(true), _) | (_, Some(true)) => Truth::InLimit,
        (Some(false), Some(false)) => Truth::Fails,
        _ => Truth::Unclear,
    }
}
