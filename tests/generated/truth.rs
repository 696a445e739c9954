//! What is true of a square, from its two sides at random points. Shares no code with the checker.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::expr::{Env, Model, Tensor, X, inverse};
use super::jet::{Jet, Space};
use super::judge::{self, Truth};
use super::noise::{Trace, traced};
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
pub type Point = Vec<Vec<f64>>;

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

/// One sample: data and members, and a point.
#[derive(Clone)]
pub struct Sample<'a> {
    square: &'a Square,
    given: Given,
    point: Point,
}

/// At which learning rate a side is run.
#[derive(Clone, Copy)]
pub enum Rate {
    /// This one; of no meaning for a flow.
    At(f64),
    /// Zero, with the derivative there.
    Infinitesimal,
}

/// How widely is looked for points.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// Few points, which tell most squares.
    Quick,
    /// Many of many sizes, and pieces between the kinks that lie between those.
    Thorough,
}

impl Square {
    fn source(&self) -> &dyn Model {
        match &self.source {
            Some(a) => a,
            None => &self.map,
        }
    }

    /// The field or the step at a point, and its derivative by the learning rate.
    fn run(&self, model: &dyn Model, point: &Point, given: &Given, rate: Rate) -> (Point, Point) {
        let n = point[0].len();
        // No body asks for more than two derivatives; one that did would have no value.
        let space = Space::new(n, 2, matches!(rate, Rate::Infinitesimal));
        let constant = |v: &[f64]| v.iter().map(|&x| Jet::constant(&space, x)).collect::<Vec<_>>();
        let mut names: BTreeMap<String, Tensor> = self.tensors(given, &space);
        for ((name, kind), z) in self.optimizer.states.iter().zip(&point[1..]) {
            let shape = if *kind == Kind::Fixed { vec![] } else { vec![n] };
            names.insert(name.clone(), Tensor { shape, at: constant(z) });
        }
        let lr = match rate {
            Rate::At(lr) => Jet::constant(&space, lr),
            Rate::Infinitesimal => Jet::epsilon(&space, 0.0),
        };
        names.insert("lr".into(), Tensor::scalar(lr));
        let over = Some((model, point[0].clone()));
        let env = Env { space, names, over, rules: self.optimizer.rules.clone() };
        let new: Vec<Tensor> = self.optimizer.rules.iter().map(|(_, x)| env.eval(x)).collect();
        let slopes = new.iter().map(|t| t.at.iter().map(Jet::slope).collect()).collect();
        (new.iter().map(Tensor::values).collect(), slopes)
    }

    fn tensors(&self, given: &Given, space: &Rc<Space>) -> BTreeMap<String, Tensor> {
        let shape = |name: &String| self.data.iter().find(|(n, _)| n == name).map_or(vec![], |(_, s)| s.clone());
        let jets = |v: &Vec<f64>| v.iter().map(|&x| Jet::constant(space, x)).collect();
        given.iter().map(|(k, v)| (k.clone(), Tensor { shape: shape(k), at: jets(v) })).collect()
    }

    /// `S f` at a point, and its derivative along a direction.
    fn carry(&self, point: &Point, along: &Point, given: &Given) -> (Point, Point) {
        let n = point[0].len();
        let space = Space::new(n + 1, 2, false);
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

    /// A point where every number is of the usual size times `scale`, or of any size.
    fn draw(&self, random: &mut Random, members: &Given, scale: Option<f64>) -> Sample<'_> {
        let scales = [(); 3].map(|()| scale.unwrap_or_else(|| any_size(random)));
        let mut some = |k: usize, positive: bool, scale: f64| -> Vec<f64> {
            (0..k).map(|_| scale * if positive { random.positive() } else { random.real() }).collect()
        };
        let mut given = members.clone();
        for (name, shape) in &self.data {
            given.insert(name.clone(), some(shape.iter().product(), false, scales[0]));
        }
        let n = size(&self.source().blocks().to_vec());
        let mut point: Point = vec![some(n, false, scales[1])];
        for (_, kind) in &self.optimizer.states {
            let k = if *kind == Kind::Fixed { 1 } else { n };
            point.push(some(k, *kind == Kind::Diagonal, scales[2]));
        }
        Sample { square: self, given, point }
    }

    /// What is true of the square.
    pub fn truth(&self, random: &mut Random, search: Search) -> Truth {
        let mut worst = Truth::Commutes;
        let (rounds, points) = match (self.members.is_empty(), search) {
            (true, Search::Quick) => (1, 12),
            (false, Search::Quick) => (3, 6),
            (true, Search::Thorough) => (1, 60),
            // A rate may be positive for most members.
            (false, Search::Thorough) => (12, 24),
        };
        for _ in 0..rounds {
            let one = |(name, d): &(String, Draw)| {
                let x = match d {
                    Draw::Real => random.real(),
                    Draw::Positive => random.positive(),
                };
                let scale = if search == Search::Thorough { any_size(random) } else { 1.0 };
                (name.clone(), vec![scale * x])
            };
            let members: Given = self.members.iter().map(one).collect();
            let mut samples: Vec<Sample> = Vec::new();
            for k in 0..4 * points {
                // Where functions are great at numbers of the usual size, smaller ones are tried.
                let scale = if k < 2 * points { 1.0 } else { 0.25 };
                let scale = if search == Search::Thorough && k % 2 == 1 { None } else { Some(scale) };
                let sample = self.draw(random, &members, scale);
                if samples.len() < points && sample.trace().is_some() {
                    samples.push(sample);
                }
            }
            let mut found = judge::found(&samples, self.optimizer.step);
            if found != Truth::Fails && Square::add_pieces(&mut samples, search) {
                found = judge::found(&samples, self.optimizer.step);
            }
            if found == Truth::Fails {
                return found;
            }
            worst = worst.max(found);
        }
        worst
    }

    /// Adds points of each piece between kinks that lines between two samples come through, however small it is; whether
    /// there are any.
    fn add_pieces(samples: &mut Vec<Sample<'_>>, search: Search) -> bool {
        const PARTS: u32 = 8;
        let (lines, depth) = if search == Search::Thorough { (samples.len(), 24) } else { (5, 8) };
        let mut known: Vec<_> = samples.iter().filter_map(Sample::trace).map(|t| t.side()).collect();
        if known.iter().all(Vec::is_empty) {
            return false;
        }
        let mut open: Vec<([Seen; 2], u32)> = Vec::new();
        let mut new: Vec<Seen> = Vec::new();
        for ends in samples.windows(2).take(lines) {
            let seen = |k: u32| ends[0].between(&ends[1], f64::from(k) / f64::from(PARTS)).seen();
            let line: Vec<Seen> = (0..=PARTS).filter_map(seen).collect();
            open.extend(line.windows(2).map(|w| ([w[0].clone(), w[1].clone()], depth)));
            for (crossed, a, b) in line.windows(3).flat_map(dips) {
                new.push(crossed.clone());
                open.extend([([a, crossed.clone()], depth), ([crossed, b], depth)]);
            }
        }
        // Where the ends have different signs, the line is halved.
        while let Some(([a, b], depth)) = open.pop() {
            if a.1.side() == b.1.side() || depth == 0 {
                continue;
            }
            let Some(middle) = a.0.between(&b.0, 0.5).seen() else { continue };
            new.push(middle.clone());
            open.push(([a, middle.clone()], depth - 1));
            open.push(([middle, b], depth - 1));
        }
        let before = samples.len();
        for (sample, trace) in new {
            // Some of each piece, for one point alone may be lost to noise.
            let side = trace.side();
            if known.iter().filter(|k| **k == side).count() < 3 && known.len() < 400 {
                known.push(side);
                samples.push(sample);
            }
        }
        samples.len() > before
    }
}

/// A factor between a thousandth and three.
fn any_size(random: &mut Random) -> f64 {
    10f64.powf(1.75 * random.symmetric() - 1.25)
}

/// A sample with its branches.
type Seen<'a> = (Sample<'a>, Trace);

/// Where a number that is asked for its sign is closest to zero in the middle of three samples of a line, and has the
/// same sign in all, it may cross zero and come back between them: the minimum is narrowed down until it has another
/// sign. Gives such points with their neighbours on the line.
fn dips<'a>(line: &[Seen<'a>]) -> Vec<(Seen<'a>, Seen<'a>, Seen<'a>)> {
    let mut found = Vec::new();
    for k in 0..line[1].1.kinks.len() {
        let sign = line[1].1.kinks[k].signum();
        let height = |s: &Seen| sign * s.1.kinks[k];
        let mut three = [line[0].clone(), line[1].clone(), line[2].clone()];
        for _ in 0..16 {
            let [a, m, b] = &three;
            if height(a) <= 0.0 || height(b) <= 0.0 || height(m) > height(a).min(height(b)) {
                break;
            }
            let (Some(p), Some(q)) = (a.0.between(&m.0, 0.5).seen(), m.0.between(&b.0, 0.5).seen()) else { break };
            if let Some(crossed) = [&p, &q].into_iter().find(|s| height(s) < 0.0) {
                found.push((crossed.clone(), a.clone(), b.clone()));
                break;
            }
            let [a, m, b] = three;
            three = if height(&p) < height(&m) {
                [a, p, m]
            } else if height(&q) < height(&m) {
                [m, q, b]
            } else {
                [p, m, q]
            };
        }
    }
    found
}

impl<'a> Sample<'a> {
    /// Both sides one after the other, all components of each in one list; at an infinitesimal learning rate followed
    /// by their derivatives. The target is run at `factor` times the learning rate.
    pub fn sides(&self, rate: Rate, factor: f64) -> Vec<f64> {
        let s = self.square;
        let zero: Point = self.point.iter().map(|c| vec![0.0; c.len()]).collect();
        let (image, _) = s.carry(&self.point, &zero, &self.given);
        let scaled = match rate {
            Rate::At(lr) => Rate::At(factor * lr),
            Rate::Infinitesimal => rate,
        };
        let (right, right_slope) = s.run(&s.map.target, &image, &self.given, scaled);
        let (moved, slope) = s.run(s.source(), &self.point, &self.given, rate);
        let parts = match rate {
            _ if !s.optimizer.step => vec![s.carry(&self.point, &moved, &self.given).1, right],
            Rate::At(_) => vec![s.carry(&moved, &zero, &self.given).0, right],
            Rate::Infinitesimal => {
                let (left, left_slope) = s.carry(&moved, &slope, &self.given);
                vec![left, right, left_slope, right_slope]
            }
        };
        parts.into_iter().flatten().flatten().collect()
    }

    /// The branches at no learning rate, where the sides have values.
    fn trace(&self) -> Option<Trace> {
        let (values, trace) = traced(|| self.sides(Rate::At(0.0), 1.0));
        values.iter().all(|x| x.is_finite()).then_some(trace)
    }

    fn seen(self) -> Option<Seen<'a>> {
        let trace = self.trace()?;
        Some((self, trace))
    }

    /// The point of the line to another one, of the same members.
    fn between(&self, other: &Self, t: f64) -> Self {
        let mix = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x + t * (y - x)).collect::<Vec<_>>();
        let point = self.point.iter().zip(&other.point).map(|(x, y)| mix(x, y)).collect();
        let given = self.given.iter().map(|(k, x)| (k.clone(), mix(x, &other.given[k]))).collect();
        Sample { square: self.square, given, point }
    }
}
