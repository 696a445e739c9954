//! Truncated power series in several variables with coefficients in floating point: the whole calculus of the
//! independent evaluator. A derivative is a shift of coefficients, so nothing here knows a rule of differentiation.
//!
//! A space may have a further variable `ε` with `ε² = 0`, for the learning rate at 0: its coefficients are known at every
//! order, so the derivative in it needs no quotient of differences.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::noise::{self, disturbed};

/// The variables, the order of truncation, and the tables of monomials.
#[derive(Debug)]
pub struct Space {
    order: usize,
    /// Whether there is `ε`. Its coefficients follow the others, in the same order.
    dual: bool,
    exponents: Vec<Vec<usize>>,
    degree: Vec<usize>,
    /// `product[a][b]` is the monomial `a · b`, if it is not cut off.
    product: Vec<Vec<Option<usize>>>,
    /// `raised[v][a]` is the monomial `a · x_v`.
    raised: Vec<Vec<Option<usize>>>,
}

impl Space {
    /// Series in `vars` variables up to this order, perhaps with `ε`. The tables are made once.
    pub fn new(vars: usize, order: usize, dual: bool) -> Rc<Space> {
        thread_local! {
            static KNOWN: RefCell<BTreeMap<(usize, usize, bool), Rc<Space>>> = const { RefCell::new(BTreeMap::new()) };
        }
        KNOWN.with_borrow_mut(|known| {
            Rc::clone(known.entry((vars, order, dual)).or_insert_with(|| Space::tables(vars, order, dual)))
        })
    }

    fn tables(vars: usize, order: usize, dual: bool) -> Rc<Space> {
        let mut exponents: Vec<Vec<usize>> = vec![vec![]];
        for _ in 0..vars {
            exponents = exponents
                .into_iter()
                .flat_map(|e| {
                    let left = order - e.iter().sum::<usize>();
                    (0..=left).map(move |k| e.iter().copied().chain([k]).collect())
                })
                .collect();
        }
        exponents.sort_by_key(|e| e.iter().sum::<usize>());
        let find = |e: &[usize]| exponents.iter().position(|x| x == e);
        let degree = exponents.iter().map(|e| e.iter().sum()).collect();
        let times = |a: &[usize], b: &[usize]| find(&a.iter().zip(b).map(|(x, y)| x + y).collect::<Vec<_>>());
        let product = exponents.iter().map(|a| exponents.iter().map(|b| times(a, b)).collect()).collect();
        let unit = |v: usize| (0..vars).map(|i| usize::from(i == v)).collect::<Vec<_>>();
        let raised = (0..vars).map(|v| exponents.iter().map(|a| times(a, &unit(v))).collect()).collect();
        Rc::new(Space { order, dual, degree, product, raised, exponents })
    }
}

/// One series. Its coefficients are right up to its own order, which falls with each derivative.
#[derive(Debug, Clone)]
pub struct Jet {
    space: Rc<Space>,
    c: Vec<f64>,
    order: usize,
}

impl Jet {
    /// A constant.
    pub fn constant(space: &Rc<Space>, x: f64) -> Jet {
        let mut c = vec![0.0; space.exponents.len() * (1 + usize::from(space.dual))];
        c[0] = x;
        Jet { space: Rc::clone(space), c, order: space.order }
    }

    /// `x + ε_v`
    pub fn variable(space: &Rc<Space>, x: f64, v: usize) -> Jet {
        let mut jet = Jet::constant(space, x);
        if let Some(i) = space.raised[v][0] {
            jet.c[i] = 1.0;
        }
        jet
    }

    /// `x + ε`
    pub fn epsilon(space: &Rc<Space>, x: f64) -> Jet {
        let mut jet = Jet::constant(space, x);
        jet.c[space.exponents.len()] = 1.0;
        jet
    }

    /// The same number, as a function that is not known beyond its value.
    pub fn frozen(&self) -> Jet {
        Jet { order: 0, ..self.held() }
    }

    /// The same number, held fixed where the parameters vary.
    pub fn held(&self) -> Jet {
        let mut jet = Jet::constant(&self.space, self.value());
        if self.space.dual {
            jet.c[self.space.exponents.len()] = self.slope();
        }
        jet
    }

    /// The derivative by `ε` at the point; zero where there is none.
    pub fn slope(&self) -> f64 {
        if self.space.dual { self.c[self.space.exponents.len()] } else { 0.0 }
    }

    /// The value at the point.
    pub fn value(&self) -> f64 {
        self.c[0]
    }

    /// The space.
    pub fn space(&self) -> &Rc<Space> {
        &self.space
    }

    /// The derivative by the variable `v`; not a number where the series is too short for it.
    pub fn by(&self, v: usize) -> Jet {
        if self.order == 0 {
            return Jet::constant(&self.space, f64::NAN);
        }
        let mut c = vec![0.0; self.c.len()];
        let monomials = self.space.exponents.len();
        for (a, to) in self.space.raised[v].iter().enumerate() {
            for half in (0..self.c.len()).step_by(monomials) {
                if let Some(to) = *to {
                    c[half + a] = self.c[half + to] * self.space.exponents[to][v] as f64;
                }
            }
        }
        Jet { space: Rc::clone(&self.space), c, order: self.order - 1 }
    }

    fn zip(&self, o: &Jet, f: impl Fn(f64, f64) -> f64) -> Jet {
        let c = self.c.iter().zip(&o.c).map(|(&x, &y)| disturbed(f(x, y))).collect();
        Jet { space: Rc::clone(&self.space), c, order: self.order.min(o.order) }
    }

    /// `self + o`
    pub fn add(&self, o: &Jet) -> Jet {
        self.zip(o, |x, y| x + y)
    }

    /// `self - o`
    pub fn sub(&self, o: &Jet) -> Jet {
        self.zip(o, |x, y| x - y)
    }

    /// `k · self`
    pub fn scale(&self, k: f64) -> Jet {
        self.zip(self, |x, _| k * x)
    }

    /// `self · o`
    pub fn mul(&self, o: &Jet) -> Jet {
        let order = self.order.min(o.order);
        let mut c = vec![0.0; self.c.len()];
        let monomials = self.space.exponents.len();
        // Half by half; `ε · ε` is cut off.
        for (from, by) in [(0, 0), (0, monomials), (monomials, 0)] {
            if from.max(by) < self.c.len() {
                self.add_products(o, order, from, by, &mut c);
            }
        }
        c.iter_mut().for_each(|x| *x = disturbed(*x));
        Jet { space: Rc::clone(&self.space), c, order }
    }

    fn add_products(&self, o: &Jet, order: usize, from: usize, by: usize, c: &mut [f64]) {
        let monomials = self.space.exponents.len();
        for (a, &x) in self.c[from..from + monomials].iter().enumerate() {
            if x == 0.0 {
                continue;
            }
            for (b, &y) in o.c[by..by + monomials].iter().enumerate() {
                if self.space.degree[a] + self.space.degree[b] > order {
                    break;
                }
                if let Some(to) = self.space.product[a][b] {
                    c[from + by + to] += x * y;
                }
            }
        }
    }

    /// `1 / self`
    pub fn recip(&self) -> Jet {
        self.power(-1.0)
    }

    /// A function whose Taylor coefficients at the value are given, put into the series.
    fn compose(&self, taylor: &[f64]) -> Jet {
        let mut h = self.clone();
        h.c[0] = 0.0;
        let mut sum = Jet::constant(&self.space, 0.0);
        for &t in taylor.iter().rev() {
            sum = sum.mul(&h);
            sum.c[0] = disturbed(sum.c[0] + t);
        }
        Jet { order: self.order, ..sum }
    }

    fn line(&self) -> Line {
        Line::variable(self.value(), self.space.order + usize::from(self.space.dual))
    }

    /// `self^p` for a real `p`; an integer `p` is asked of any base, another of positive ones.
    pub fn power(&self, p: f64) -> Jet {
        if p.fract() == 0.0 && p >= 0.0 {
            return (0..p as usize).fold(Jet::constant(&self.space, 1.0), |a, _| a.mul(self));
        }
        if p > 0.0 && self.c.iter().all(|&x| x == 0.0) {
            return self.clone();
        }
        noise::pole(self.value());
        self.compose(&self.line().power(p).0)
    }

    /// The sign. What is zero in all coefficients (the other side of a `relu`) is so all around, with sign 0; a zero
    /// else is a point of a kink, where there is no value.
    fn sign(&self) -> f64 {
        let sign = noise::sign(self.value());
        if sign == 0.0 && self.c.iter().any(|&x| x != 0.0) { f64::NAN } else { sign }
    }

    /// A named function.
    pub fn apply(&self, f: &str) -> Jet {
        let x = self.line();
        let x0 = self.value();
        match f {
            "exp" => self.compose(&x.exp().0),
            "log" => self.compose(&x.quotient_integral(x0.ln(), |l| l.clone()).0),
            "sin" => self.compose(&x.circular().0.0),
            "cos" => self.compose(&x.circular().1.0),
            "sinh" => self.apply("exp").sub(&self.scale(-1.0).apply("exp")).scale(0.5),
            "cosh" => self.apply("exp").add(&self.scale(-1.0).apply("exp")).scale(0.5),
            "atan" => self.compose(&x.quotient_integral(x0.atan(), |l| l.mul(l).plus(1.0)).0),
            "tanh" => self.compose(&x.grown(x0.tanh(), |t| t.mul(t).scale(-1.0).plus(1.0)).0),
            "sigmoid" => self.compose(&x.logistic().0),
            "softplus" => {
                let s = x.logistic();
                let log1p = if x0 > 0.0 { x0 + (-x0).exp().ln_1p() } else { x0.exp().ln_1p() };
                self.compose(&s.integral(log1p).0)
            }
            "sqrt" => self.power(0.5),
            "sign" => Jet::constant(&self.space, self.sign()),
            "abs" => self.scale(self.sign()),
            "relu" => self.scale((self.sign() + 1.0) / 2.0),
            other => unreachable!("no function {other}"),
        }
    }
}

/// A series in one variable.
#[derive(Clone)]
struct Line(Vec<f64>);

impl Line {
    fn variable(x: f64, order: usize) -> Line {
        let mut c = vec![0.0; order + 1];
        c[0] = x;
        if order > 0 {
            c[1] = 1.0;
        }
        Line(c)
    }

    fn plus(&self, k: f64) -> Line {
        let mut c = self.0.clone();
        c[0] = disturbed(c[0] + k);
        Line(c)
    }

    fn scale(&self, k: f64) -> Line {
        Line(self.0.iter().map(|x| k * x).collect())
    }

    fn mul(&self, o: &Line) -> Line {
        let coefficient = |n: usize| disturbed((0..=n).map(|k| self.0[k] * o.0[n - k]).sum());
        Line((0..self.0.len()).map(coefficient).collect())
    }

    /// The solution of `y' = f(y)` along the variable, from its value: coefficient by coefficient.
    fn grown(&self, y0: f64, f: impl Fn(&Line) -> Line) -> Line {
        let mut y = Line(vec![0.0; self.0.len()]);
        y.0[0] = disturbed(y0);
        for n in 1..self.0.len() {
            y.0[n] = f(&y).0[n - 1] / n as f64;
        }
        y
    }

    fn exp(&self) -> Line {
        self.grown(self.0[0].exp(), Line::clone)
    }

    fn logistic(&self) -> Line {
        let s0 = 1.0 / (1.0 + (-self.0[0]).exp());
        self.grown(s0, |s| s.mul(&s.scale(-1.0).plus(1.0)))
    }

    fn circular(&self) -> (Line, Line) {
        let (s0, c0) = (self.0[0].sin(), self.0[0].cos());
        let (mut s, mut c) = (self.0.clone(), self.0.clone());
        (s[0], c[0]) = (disturbed(s0), disturbed(c0));
        for n in 1..self.0.len() {
            (s[n], c[n]) = (c[n - 1] / n as f64, -s[n - 1] / n as f64);
        }
        (Line(s), Line(c))
    }

    fn integral(&self, y0: f64) -> Line {
        let tail = self.0.iter().take(self.0.len() - 1).enumerate().map(|(n, x)| x / (n + 1) as f64);
        Line([disturbed(y0)].into_iter().chain(tail).collect())
    }

    /// The integral of `1 / g(x)` from a given value.
    fn quotient_integral(&self, y0: f64, g: impl Fn(&Line) -> Line) -> Line {
        g(self).power(-1.0).integral(y0)
    }

    /// `x^p` by the recurrence of Euler: `x · y' = p · y · x'`.
    fn power(&self, p: f64) -> Line {
        let x = &self.0;
        let mut y = vec![0.0; x.len()];
        y[0] = disturbed(if p == -1.0 { 1.0 / x[0] } else { x[0].powf(p) });
        for n in 1..x.len() {
            let sum: f64 = (1..=n).map(|k| (p * k as f64 - (n - k) as f64) * x[k] * y[n - k]).sum();
            y[n] = disturbed(sum / (n as f64 * x[0]));
        }
        Line(y)
    }
}

#[test]
fn series_are_right() {
    let space = Space::new(2, 4, false);
    let (x, y) = (Jet::variable(&space, 0.3, 0), Jet::variable(&space, -0.7, 1));
    let functions = ["exp", "sin", "cos", "sinh", "cosh", "atan", "tanh", "sigmoid", "softplus"];
    for f in functions {
        let at = |a: f64, b: f64| {
            let s = Space::new(0, 0, false);
            Jet::constant(&s, a * a * b + a).apply(f).value()
        };
        let jet = x.mul(&x).mul(&y).add(&x).apply(f);
        let h = 1e-4;
        let mixed = (at(0.3 + h, -0.7 + h) - at(0.3 + h, -0.7 - h) - at(0.3 - h, -0.7 + h) + at(0.3 - h, -0.7 - h))
            / (4.0 * h * h);
        assert!((jet.value() - at(0.3, -0.7)).abs() < 1e-12, "{f}");
        assert!((jet.by(0).by(1).value() - mixed).abs() < 1e-6, "{f}: {} {mixed}", jet.by(0).by(1).value());
        assert!(jet.by(0).by(1).by(0).by(1).by(0).value().is_nan(), "a fifth derivative is not known");
    }
    let p = x.power(1.5).by(0).by(0).value();
    assert!((p - 0.75 / 0.3f64.sqrt()).abs() < 1e-12);
    assert!((x.apply("log").by(0).by(0).value() + 1.0 / 0.09).abs() < 1e-9);
}

#[test]
fn the_infinitesimal_is_right() {
    let space = Space::new(1, 2, true);
    let (x, e) = (Jet::variable(&space, 0.3, 0), Jet::epsilon(&space, 0.2));
    // The derivative by ε of ∂²/∂x² sin(x² e) and of its quotient.
    let f = |e: f64| 2.0 * e * (0.09 * e).cos() - 0.36 * e * e * (0.09 * e).sin();
    let by = |jet: Jet| jet.by(0).by(0).slope();
    let h = 1e-5;
    let expected = (f(0.2 + h) - f(0.2 - h)) / (2.0 * h);
    let sine = x.mul(&x).mul(&e).apply("sin");
    assert!((by(sine.clone()) - expected).abs() < 1e-8);
    assert!(by(sine.mul(&e).mul(&e.recip()).sub(&sine)).abs() < 1e-12);
    assert!((e.mul(&e).slope() - 0.4).abs() < 1e-12);
    assert!((e.held().mul(&e.frozen()).slope() - 0.4).abs() < 1e-12);
}
