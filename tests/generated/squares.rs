//! Random squares: an architecture, a map into it, an optimizer, as a file of the language and as data for
//! [`super::truth`]. A third of the optimizers commute by construction, and some of those are spoilt a little.

use std::fmt::Write as _;

use super::expr::{X, bin, call, n};
use super::random::Random;
use super::truth::{Arch, Blocks, Draw, Kind, Map, Optimizer, Square, size};

/// A question with its file.
pub struct Question {
    /// The file; its last line is the check.
    pub text: String,
    /// The same for the evaluator.
    pub square: Square,
}

fn num(p: i64, q: i64) -> X {
    let g = (1..=q).rev().find(|g| p % g == 0 && q % g == 0).unwrap_or(1);
    X::Num(p / g, q / g)
}

fn plus(a: X, b: X) -> X {
    bin("+", a, b)
}

fn times(a: X, b: X) -> X {
    bin("*", a, b)
}

/// One expression for each scalar of the blocks.
fn entries(blocks: &Blocks) -> Vec<X> {
    let one = |(name, shape): &(String, Vec<usize>)| match shape[..] {
        [] => vec![n(name)],
        [k] => (0..k).map(|i| X::At(Box::new(n(name)), i)).collect(),
        _ => Vec::new(),
    };
    blocks.iter().flat_map(one).collect()
}

/// The expressions of all scalars, put together into one for each block.
fn grouped(blocks: &Blocks, all: Vec<X>) -> Vec<X> {
    let mut rest = all.into_iter();
    let one = |(_, shape): &(String, Vec<usize>)| match shape[..] {
        [] => rest.next().expect("an entry"),
        [k] => X::List(rest.by_ref().take(k).collect()),
        _ => unreachable!("blocks are scalars and vectors"),
    };
    blocks.iter().map(one).collect()
}

/// An expression with names replaced.
fn substituted(x: &X, by: &[(String, X)]) -> X {
    let go = |x: &X| substituted(x, by);
    match x {
        X::Name(s) => by.iter().find(|(k, _)| k == s).map_or_else(|| x.clone(), |(_, v)| v.clone()),
        X::Num(..) | X::Primed(_) => x.clone(),
        X::Bin(op, a, b) => bin(op, go(a), go(b)),
        X::Pow(a, k) => X::Pow(Box::new(go(a)), *k),
        X::Neg(a) => X::Neg(Box::new(go(a))),
        X::Call(f, args) => call(f, args.iter().map(go)),
        X::At(a, i) => match go(a) {
            X::List(xs) => xs[*i].clone(),
            a => X::At(Box::new(a), *i),
        },
        X::List(xs) => X::List(xs.iter().map(go).collect()),
    }
}

struct Maker<'r> {
    random: &'r mut Random,
    members: Vec<(String, Draw)>,
    data: Blocks,
}

const SMOOTH: [&str; 7] = ["tanh", "sin", "exp", "softplus", "sigmoid", "atan", "cos"];

impl Maker<'_> {
    fn small(&mut self) -> X {
        let p = self.random.pick(&[-3, -2, -1, 1, 2, 3, 5]);
        let q = self.random.pick(&[1, 1, 2, 3]);
        num(p, q)
    }

    fn blocks(&mut self, names: &[&str]) -> Blocks {
        let shapes: &[&[Option<usize>]] =
            &[&[None], &[None, None], &[Some(2)], &[None, Some(2)], &[Some(3)], &[None, None, None]];
        let shapes = self.random.pick(shapes);
        let shape = |s: &Option<usize>| s.map_or(vec![], |k| vec![k]);
        shapes.iter().zip(names).map(|(s, name)| ((*name).to_owned(), shape(s))).collect()
    }

    /// A scalar function of these scalars.
    fn function(&mut self, of: &[X]) -> X {
        let x = self.random.pick(of);
        let y = self.random.pick(of);
        match self.random.below(9) {
            0 => times(self.small(), X::Pow(Box::new(x), 2)),
            1 => times(x, y),
            2 => {
                let f = self.random.pick(&SMOOTH);
                call(f, [plus(x, times(self.small(), y))])
            }
            3 => {
                let f = self.random.pick(&SMOOTH);
                times(self.small(), call(f, [x]))
            }
            4 => X::Pow(Box::new(plus(x, self.small())), 3),
            5 if !self.data.is_empty() => {
                let d = self.random.below(2);
                times(X::At(Box::new(n("t")), d), x)
            }
            6 => {
                let f = self.random.pick(&["abs", "relu", "sqrt"]);
                if f == "sqrt" {
                    call(f, [plus(num(1, 1), X::Pow(Box::new(x), 2))])
                } else {
                    call(f, [plus(x, times(self.small(), y))])
                }
            }
            7 => bin("/", x, plus(num(2, 1), X::Pow(Box::new(y), 2))),
            _ => plus(times(self.small(), x), X::Pow(Box::new(y), 2)),
        }
    }

    fn architecture(&mut self) -> Arch {
        let blocks = self.blocks(&["x", "y", "z"]);
        let all = entries(&blocks);
        let mut terms: Vec<X> = all.iter().map(|e| times(num(1, 2), X::Pow(Box::new(e.clone()), 2))).collect();
        for _ in 0..1 + self.random.below(3) {
            terms.push(self.function(&all));
        }
        let loss = terms.into_iter().reduce(plus).expect("a term");
        let vector = blocks.iter().find(|(_, s)| !s.is_empty()).map(|(name, _)| n(name));
        let output = match self.random.below(8) {
            0 => None,
            1 if vector.is_some() => vector.map(|v| bin("/", v.clone(), call("norm", [v]))),
            2 if vector.is_some() => vector.map(|v| call("softmax", [v])),
            3 => Some(X::List(all.clone())),
            k => {
                let more = all.len() + k % 2;
                let of = |m: &mut Self, i: usize| {
                    let extra = m.function(&all);
                    if i < all.len() { plus(times(num(2, 1), all[i].clone()), extra) } else { extra }
                };
                Some(X::List((0..more).map(|i| of(self, i)).collect()))
            }
        };
        Arch { blocks, output, loss }
    }

    /// A factor: a number, or a member of the family, as it is or in a function.
    fn factor(&mut self) -> X {
        match self.random.below(5) {
            0 => self.small(),
            1 => num(self.random.pick(&[2, 3, 5]), self.random.pick(&[1, 2, 3])),
            2 => {
                self.members.push(("a".into(), Draw::Real));
                call("exp", [n("a")])
            }
            3 => call("sqrt", [num(self.random.pick(&[2, 3]), 1)]),
            _ => {
                self.members.push(("a".into(), Draw::Positive));
                n("a")
            }
        }
    }

    /// A reparametrisation of scalars, entry by entry, with a name for its class.
    fn entries_of_a_reparam(&mut self, u: &[X]) -> Vec<X> {
        let k = u.len();
        match self.random.below(9) {
            0 => {
                let f = self.factor();
                u.iter().map(|x| times(f.clone(), x.clone())).collect()
            }
            1 => u.iter().map(|x| times(self.small(), x.clone())).collect(),
            2 => {
                let shift = self.random.below(k);
                (0..k)
                    .map(|i| u[(i + shift) % k].clone())
                    .map(|x| if self.random.chance(0.3) { X::Neg(Box::new(x)) } else { x })
                    .collect()
            }
            3 => u.iter().map(|x| plus(x.clone(), self.small())).collect(),
            4 if k > 1 => {
                let mut all = u.to_vec();
                let (c, s) = self.random.pick(&[(num(3, 5), num(4, 5)), (num(5, 13), num(12, 13))]);
                all[0] = plus(times(c.clone(), u[0].clone()), times(s.clone(), u[1].clone()));
                all[1] = bin("-", times(c, u[1].clone()), times(s, u[0].clone()));
                all
            }
            5 if k > 1 => {
                let mut all = u.to_vec();
                let c = self.factor();
                all[0] = plus(u[0].clone(), times(c, u[1].clone()));
                all
            }
            6 if k > 1 => {
                let mut all = u.to_vec();
                all[1] = plus(u[1].clone(), X::Pow(Box::new(u[0].clone()), 2));
                all
            }
            7 => u.iter().map(|x| plus(x.clone(), X::Pow(Box::new(x.clone()), 3))).collect(),
            _ => u.iter().map(|x| call("sinh", [x.clone()])).collect(),
        }
    }

    fn scalar(&mut self, o: &Body, depth: usize) -> X {
        match self.random.below(if depth == 0 { 2 } else { 7 }) {
            0 => self.small(),
            1 if self.random.chance(0.4) => n("loss"),
            1 => self.small(),
            2 => call("norm", [self.vector(o, depth - 1)]),
            3 => call("dot", [self.vector(o, depth - 1), self.vector(o, depth - 1)]),
            4 => call("sum", [self.vector(o, depth - 1)]),
            5 if o.output => call("dot", [call("d", [n("loss")]), call("natgrad", [n("loss")])]),
            _ => bin("/", num(1, 1), plus(num(1, 1), X::Pow(Box::new(call("norm", [self.vector(o, depth - 1)])), 2))),
        }
    }

    /// A vector over the parameters.
    fn vector(&mut self, o: &Body, depth: usize) -> X {
        let leaf = |m: &mut Self| match m.random.below(7) {
            0 | 1 => call("grad", [n("loss")]),
            2 | 3 if o.output => call("natgrad", [n("loss")]),
            4 if !o.states.is_empty() => n(&m.random.pick(&o.states)),
            5 => n("params"),
            _ => call("d", [n("loss")]),
        };
        if depth == 0 {
            return leaf(self);
        }
        let d = depth - 1;
        match self.random.below(14) {
            0..=2 => leaf(self),
            3 | 4 => times(self.scalar(o, d), self.vector(o, d)),
            5 => plus(self.vector(o, d), self.vector(o, d)),
            6 => bin("-", self.vector(o, d), times(self.small(), self.vector(o, d))),
            7 => {
                let f = self.random.pick(&["sign", "tanh", "abs", "relu", "sign"]);
                call(f, [self.vector(o, d)])
            }
            8 => bin(".*", self.vector(o, d), self.vector(o, d)),
            9 => {
                let square = X::Pow(Box::new(self.vector(o, d)), 2);
                let root = call("sqrt", [plus(square, num(self.random.pick(&[1, 1, 2]), 100))]);
                bin("./", self.vector(o, d), root)
            }
            10 if o.output => {
                let damping = self.random.pick(&[0, 1]);
                let base = n("metric");
                let m = if damping == 0 { base } else { plus(base, times(num(1, 10), call("eye", [n("dim")]))) };
                if self.random.chance(0.5) {
                    call("solve", [m, self.vector(o, d)])
                } else {
                    times(m, self.vector(o, d))
                }
            }
            11 => {
                let h = if o.output && self.random.chance(0.4) { "covhess" } else { "hess" };
                let h = call(h, [n("loss")]);
                if self.random.chance(0.5) {
                    call("solve", [h, call("d", [n("loss")])])
                } else {
                    times(h, self.vector(o, d))
                }
            }
            12 => bin("./", self.vector(o, d), call("norm", [self.vector(o, d)])),
            _ => times(num(1, self.random.pick(&[2, 10])), self.vector(o, d)),
        }
    }

    /// A body that commutes along many maps, or nearly does.
    fn known(&mut self, o: &Body) -> X {
        let natural = call("natgrad", [n("loss")]);
        let energy = call("dot", [call("d", [n("loss")]), natural.clone()]);
        let base = match self.random.below(8) {
            0 if o.output => natural,
            1 if o.output => times(n("loss"), natural),
            2 if o.output => bin("/", natural, call("sqrt", [energy])),
            3 if o.output => call("solve", [call("covhess", [n("loss")]), call("d", [n("loss")])]),
            4 => call("solve", [call("hess", [n("loss")]), call("d", [n("loss")])]),
            5 => call("sign", [call("grad", [n("loss")])]),
            6 => bin("/", call("grad", [n("loss")]), call("norm", [call("grad", [n("loss")])])),
            _ => call("grad", [n("loss")]),
        };
        if self.random.chance(0.75) {
            return base;
        }
        // A near miss.
        match self.random.below(3) {
            0 => plus(base, times(num(1, 1000), n("params"))),
            1 => times(plus(num(1, 1), times(num(1, 1000), call("norm", [n("params")]))), base),
            _ => plus(base, times(num(1, 1000), call("grad", [n("loss")]))),
        }
    }

    fn field(&mut self, o: &Body) -> X {
        if self.random.chance(0.4) {
            self.known(o)
        } else {
            let depth = 1 + self.random.below(3);
            self.vector(o, depth)
        }
    }

    fn optimizer(&mut self, output: bool, covariant: bool, scaled: bool) -> Optimizer {
        let step = self.random.chance(0.6);
        let mut states = Vec::new();
        if self.random.chance(0.45) {
            let kinds: &[Kind] = if covariant { &[Kind::Tangent, Kind::Cotangent] } else { &[Kind::Tangent] };
            states.push(("m".to_owned(), self.random.pick(kinds)));
            if step && scaled && self.random.chance(0.4) {
                states.push(("s".to_owned(), Kind::Diagonal));
            }
        }
        let body = Body { output, states: states.iter().take(1).map(|s| s.0.clone()).collect() };
        let (decay, part) = self.random.pick(&[(num(9, 10), num(1, 10)), (num(1, 2), num(1, 1))]);
        let mut rules = Vec::new();
        let lr = || n("lr");
        let old = |x: X| if step { x } else { X::Neg(Box::new(x)) };
        let direction = if states.is_empty() { self.field(&body) } else { n("m") };
        let direction = match states.len() {
            2 => bin(
                "./",
                X::Primed("m".into()),
                plus(call("sqrt", [X::Primed("s".into())]), num(self.random.below(2) as i64, 100)),
            ),
            1 if step && self.random.chance(0.7) => X::Primed("m".into()),
            _ => direction,
        };
        if step {
            let lr = match self.random.below(12) {
                0 => plus(lr(), X::Pow(Box::new(lr()), 2)),
                1 => call("tanh", [lr()]),
                2 => call("min", [lr(), num(1, 2)]),
                _ => lr(),
            };
            let change =
                if self.random.chance(0.1) { call("tanh", [times(lr, direction)]) } else { times(lr, direction) };
            rules.push(("params".to_owned(), bin("-", n("params"), change)));
        } else {
            rules.push(("params".to_owned(), old(direction)));
        }
        for (name, kind) in &states {
            let new = match kind {
                Kind::Diagonal => plus(
                    times(decay.clone(), n(name)),
                    times(part.clone(), X::Pow(Box::new(call("d", [n("loss")])), 2)),
                ),
                _ if step => plus(times(decay.clone(), n(name)), times(part.clone(), self.field(&body))),
                _ => bin("-", X::Neg(Box::new(times(decay.clone(), n(name)))), self.field(&body)),
            };
            rules.push((name.clone(), new));
        }
        Optimizer { states, step, rules }
    }
}

struct Body {
    output: bool,
    states: Vec<String>,
}

fn declared(blocks: &Blocks) -> Vec<String> {
    let ty = |s: &[usize]| match s {
        [] => "R".to_owned(),
        [k] => format!("R[{k}]"),
        _ => unreachable!("blocks are scalars and vectors"),
    };
    blocks.iter().map(|(name, s)| format!("{name} : {}", ty(s))).collect()
}

fn architecture_text(name: &str, a: &Arch) -> String {
    let mut text = format!("architecture {name} {{\n");
    for line in declared(&a.blocks) {
        let _ = writeln!(text, "  param {line}");
    }
    if let Some(o) = &a.output {
        let _ = writeln!(text, "  output = {o}");
    }
    let _ = writeln!(text, "  loss = {}\n}}", a.loss);
    text
}

fn optimizer_text(o: &Optimizer) -> String {
    let mut text = "optimizer O {\n".to_owned();
    for (name, kind) in &o.states {
        let _ = writeln!(text, "  state {name} : {}", kind.word());
    }
    let _ = writeln!(text, "  {} {{", if o.step { "step(lr)" } else { "flow" });
    for (name, rule) in &o.rules {
        let _ = match o.step {
            true => writeln!(text, "    {name}' = {rule}"),
            false => writeln!(text, "    d/dt {name} = {rule}"),
        };
    }
    text + "  }\n}\n"
}

/// The square of a seed.
pub fn question(seed: u64) -> Question {
    let mut random = Random::new(seed);
    let data: Blocks = if random.chance(0.4) { vec![("t".into(), vec![2])] } else { Vec::new() };
    let mut maker = Maker { random: &mut random, members: Vec::new(), data };
    let target = maker.architecture();
    let kind = maker.random.below(10);
    let total = size(&target.blocks);
    let (word, source_blocks, rules, source) = match kind {
        // Into fewer parameters: the first entry is spread over two, or one more is dropped.
        0 => {
            let mut blocks: Blocks = vec![("p".into(), vec![])];
            blocks.extend(target.blocks.iter().enumerate().map(|(i, (_, s))| (format!("q{i}"), s.clone())));
            let mut all = entries(&blocks);
            let extra = all.remove(0);
            match maker.random.below(3) {
                0 => {}
                1 => all[0] = bin("/", plus(all[0].clone(), extra), num(2, 1)),
                _ => all[0] = plus(all[0].clone(), times(maker.small(), extra)),
            }
            let rules = grouped(&target.blocks, all);
            ("projection", blocks, rules, true)
        }
        1 if total > 1 => {
            let blocks: Blocks = vec![("q".into(), vec![total - 1])];
            let mut all = entries(&blocks);
            let last = all[total - 2].clone();
            all.push(if maker.random.chance(0.5) { last } else { times(maker.small(), last) });
            let rules = grouped(&target.blocks, all);
            ("embedding", blocks, rules, true)
        }
        _ => {
            let blocks: Blocks =
                target.blocks.iter().enumerate().map(|(i, (_, s))| (format!("u{i}"), s.clone())).collect();
            let all = maker.entries_of_a_reparam(&entries(&blocks));
            ("reparam", blocks, grouped(&target.blocks, all), false)
        }
    };
    maker.members.dedup_by(|a, b| a.0 == b.0);
    let by: Vec<(String, X)> =
        target.blocks.iter().zip(&rules).map(|((name, _), r)| (name.clone(), r.clone())).collect();
    let source = source.then(|| Arch {
        blocks: source_blocks.clone(),
        output: target.output.as_ref().map(|o| substituted(o, &by)),
        loss: substituted(&target.loss, &by),
    });
    let optimizer = maker.optimizer(target.output.is_some(), word == "reparam", word == "reparam" && total == 1);
    let mut text = String::new();
    for line in declared(&maker.data) {
        let _ = writeln!(text, "data {line}");
    }
    text += &architecture_text("B", &target);
    let members: Vec<String> = maker
        .members
        .iter()
        .map(|(name, d)| match d {
            Draw::Real => format!("{name} : R"),
            Draw::Positive => format!("{name} : R where {name} > 0"),
        })
        .collect();
    let members = if members.is_empty() { String::new() } else { format!("({})", members.join(", ")) };
    let from = match &source {
        Some(a) => {
            text += &architecture_text("A", a);
            "A".to_owned()
        }
        None => format!("({})", declared(&source_blocks).join(", ")),
    };
    let _ = writeln!(text, "{word} F{members} : {from} -> B {{");
    for ((name, _), rule) in target.blocks.iter().zip(&rules) {
        let _ = writeln!(text, "  {name} = {rule}");
    }
    text += "}\n";
    text += &optimizer_text(&optimizer);
    text += "check natural O along F\n";
    let (members, data) = (maker.members, maker.data);
    let map = Map { source: source_blocks, target, rules };
    Question { text, square: Square { map, source, optimizer, members, data } }
}
