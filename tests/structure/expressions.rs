//! Random expressions over every primitive of an optimizer's body, of a wanted kind and depth.

/// A deterministic source of choices (SplitMix64, Steele et al. 2014).
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    /// One of a list.
    pub fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// What an expression is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A number.
    Scalar,
    /// Shaped like the parameters.
    Vector,
    /// A matrix over the parameters.
    Matrix,
    /// Inside `each W in params`: shaped like `W`.
    Block,
    /// A matrix on the rows of `W`.
    Left,
    /// A matrix on its columns.
    Right,
}

const SMOOTH: [&str; 8] = ["tanh", "sin", "exp", "sigmoid", "softplus", "cos", "cosh", "atan"];
const KINKED: [&str; 4] = ["abs", "sign", "relu", "sqrt"];

/// The states that expressions may read, with their variances.
pub const STATES: [(&str, &str); 9] = [
    ("v", "tangent"),
    ("p", "cotangent"),
    ("g", "metric"),
    ("c", "cometric"),
    ("s", "diagonal"),
    ("n", "R"),
    ("k", "R[2]"),
    ("l", "left"),
    ("r", "right"),
];

/// An expression of a sort; `blocks` says whether it stands inside `each W in params`.
pub fn expression(r: &mut Random, sort: Sort, depth: usize, blocks: bool) -> String {
    let deep = depth > 0 && r.below(8) > 0;
    let mut e = |r: &mut Random, s: Sort| expression(r, s, depth.saturating_sub(1), blocks);
    match (sort, deep) {
        (Sort::Scalar, false) => r.of(&["loss", "loss", "n", "h", "2", "1/2", "free"]).into(),
        (Sort::Scalar, true) if blocks && r.below(2) == 0 => match r.below(5) {
            0 => format!("norm({})", e(r, Sort::Block)),
            1 => format!("dot({}, {})", e(r, Sort::Block), e(r, Sort::Block)),
            2 => format!("sum({})", e(r, Sort::Block)),
            3 => format!("trace({})", e(r, Sort::Left)),
            _ => format!("norm({})", e(r, Sort::Right)),
        },
        (Sort::Scalar, true) => match r.below(17) {
            0 => format!("norm({})", e(r, Sort::Vector)),
            1 | 2 => format!("dot({}, {})", e(r, Sort::Vector), e(r, Sort::Vector)),
            3 => format!("sum({})", e(r, Sort::Vector)),
            4 => format!("mean({})", e(r, Sort::Vector)),
            5 => format!("trace({})", e(r, Sort::Matrix)),
            6 => format!("det({})", e(r, Sort::Matrix)),
            7 => format!("{}({})", r.of(&SMOOTH), e(r, Sort::Scalar)),
            8 => format!("({} * {})", e(r, Sort::Scalar), e(r, Sort::Scalar)),
            9 => format!("({} {} {})", e(r, Sort::Scalar), r.of(&["+", "-"]), e(r, Sort::Scalar)),
            10 => format!("{}({}, {})", r.of(&["max", "min"]), e(r, Sort::Scalar), e(r, Sort::Scalar)),
            11 => format!("sum({} * k)", e(r, Sort::Scalar)),
            12 => format!("norm(output - {} * output^2)", e(r, Sort::Scalar)),
            13 => format!("at({}, {})", point(r, &mut e), e(r, Sort::Scalar)),
            14 => format!("abs({})^{}", e(r, Sort::Scalar), r.of(&["2", "3", "(1/2)", "(-1)", "h"])),
            15 => format!("dot({}, {})", e(r, Sort::Matrix), e(r, Sort::Matrix)),
            _ => format!("norm({})", e(r, Sort::Matrix)),
        },
        (Sort::Vector, false) => {
            let leaves = [
                "params",
                "d(loss)",
                "d(loss)",
                "grad(loss)",
                "natgrad(loss)",
                "v",
                "p",
                "s",
                "ones(dim)",
                "zeros(dim)",
            ];
            r.of(&leaves).into()
        }
        (Sort::Vector, true) => match r.below(23) {
            0 | 1 => format!("({} {} {})", e(r, Sort::Vector), r.of(&["+", "-"]), e(r, Sort::Vector)),
            2 => format!("({} * {})", e(r, Sort::Scalar), e(r, Sort::Vector)),
            3 => format!("({} / {})", e(r, Sort::Vector), e(r, Sort::Scalar)),
            4 | 5 => format!("({} * {})", e(r, Sort::Matrix), e(r, Sort::Vector)),
            6 => format!("({} .* {})", e(r, Sort::Vector), e(r, Sort::Vector)),
            7 => format!("({} ./ {})", e(r, Sort::Vector), e(r, Sort::Vector)),
            8 => format!("abs({})^{}", e(r, Sort::Vector), r.of(&["2", "(1/2)", "(-1/2)", "(3/2)"])),
            9 => format!("({})^{}", e(r, Sort::Vector), r.of(&["2", "3", "(-1)"])),
            10 => format!("{}({})", r.of(&SMOOTH), e(r, Sort::Vector)),
            11 => format!("{}({})", r.of(&KINKED), e(r, Sort::Vector)),
            12 => format!("{}({}, {})", r.of(&["max", "min"]), e(r, Sort::Vector), e(r, Sort::Vector)),
            13 => {
                let bound = match r.below(5) {
                    0 => "h".to_owned(),
                    1 => "free".to_owned(),
                    2 => "s".to_owned(),
                    3 => e(r, Sort::Vector),
                    _ => format!("abs({})", e(r, Sort::Vector)),
                };
                format!("max(min({}, {bound}), -{bound})", e(r, Sort::Vector))
            }
            14 => format!("polar({})", e(r, Sort::Vector)),
            15 => format!("diagonal({})", e(r, Sort::Matrix)),
            16 => format!("{}({})", r.of(&["d", "grad", "natgrad"]), e(r, Sort::Scalar)),
            17 => format!("raise({}, {})", e(r, Sort::Matrix), e(r, Sort::Vector)),
            18 => format!("lower({}, {})", e(r, Sort::Matrix), e(r, Sort::Vector)),
            19 => format!("solve({}, {})", e(r, Sort::Matrix), e(r, Sort::Vector)),
            20 => {
                let g = r.of(&["metric", "covhess(loss)", "metric + outer(d(loss), d(loss))", "g", "metric"]);
                format!("christoffel({g}, {}, {})", e(r, Sort::Vector), e(r, Sort::Vector))
            }
            21 => format!("at({}, {})", point(r, &mut e), e(r, Sort::Vector)),
            _ => format!("(-{})", e(r, Sort::Vector)),
        },
        (Sort::Matrix, false) => {
            r.of(&["metric", "hess(loss)", "covhess(loss)", "g", "c", "eye(dim)", "metric"]).into()
        }
        (Sort::Matrix, true) => match r.below(16) {
            0 | 1 => format!("({} {} {})", e(r, Sort::Matrix), r.of(&["+", "-"]), e(r, Sort::Matrix)),
            2 => format!("({} * {})", e(r, Sort::Scalar), e(r, Sort::Matrix)),
            3 | 4 => format!("({} * {})", e(r, Sort::Matrix), e(r, Sort::Matrix)),
            5 => format!("{}^T", group(e(r, Sort::Matrix))),
            6 => format!("inv({})", e(r, Sort::Matrix)),
            7 => format!("pinv({})", e(r, Sort::Matrix)),
            8 => format!("diag({})", e(r, Sort::Vector)),
            9 => format!("blockdiag({})", e(r, Sort::Matrix)),
            10 => format!("outer({}, {})", e(r, Sort::Vector), e(r, Sort::Vector)),
            11 => format!("{}({})", r.of(&["hess", "covhess"]), e(r, Sort::Scalar)),
            12 => {
                let base = r.of(&["g", "metric", "c", "diag(s)", "(g + metric)", "(eye(dim) + metric)"]);
                format!("powm({base}, {})", r.of(&["1/2", "-1/2", "2", "-1"]))
            }
            13 => format!("polar({})", e(r, Sort::Matrix)),
            14 => format!("({} .* {})", e(r, Sort::Matrix), e(r, Sort::Matrix)),
            _ => format!("(diag(diagonal({0})) + {1})", e(r, Sort::Matrix), e(r, Sort::Matrix)),
        },
        (Sort::Block, false) => {
            r.of(&["W", "d(loss, W)", "grad(loss, W)", "v[W]", "p[W]", "s[W]", "d(loss, W)"]).into()
        }
        (Sort::Block, true) => match r.below(14) {
            0 => format!("({} {} {})", e(r, Sort::Block), r.of(&["+", "-"]), e(r, Sort::Block)),
            1 => format!("({} * {})", e(r, Sort::Scalar), e(r, Sort::Block)),
            2 => format!("({} / {})", e(r, Sort::Block), e(r, Sort::Scalar)),
            3 => format!("({} .* {})", e(r, Sort::Block), e(r, Sort::Block)),
            4 => format!("({} ./ {})", e(r, Sort::Block), e(r, Sort::Block)),
            5 => format!("abs({})^{}", e(r, Sort::Block), r.of(&["2", "(1/2)", "(-1/2)"])),
            6 => format!("{}({})", r.of(&SMOOTH), e(r, Sort::Block)),
            7 => format!("{}({})", r.of(&KINKED), e(r, Sort::Block)),
            8 => format!("max({}, {})", e(r, Sort::Block), e(r, Sort::Block)),
            9 => format!("polar({})", e(r, Sort::Block)),
            10 => format!("({} * {})", e(r, Sort::Left), e(r, Sort::Block)),
            11 => format!("({} * {})", e(r, Sort::Block), e(r, Sort::Right)),
            12 => format!("({}^T)^T", group(e(r, Sort::Block))),
            _ => format!("solve({}, {})", e(r, Sort::Left), e(r, Sort::Block)),
        },
        (Sort::Left | Sort::Right, false) => if sort == Sort::Left { "l[W]" } else { "r[W]" }.into(),
        (Sort::Left | Sort::Right, true) => match r.below(7) {
            0 | 1 => {
                let (a, b) = (e(r, Sort::Block), e(r, Sort::Block));
                if sort == Sort::Left {
                    format!("(hstack({a}) * hstack({b})^T)")
                } else {
                    format!("(hstack({a})^T * hstack({b}))")
                }
            }
            2 => format!("({} + {})", e(r, sort), e(r, sort)),
            3 => format!("inv({})", e(r, sort)),
            4 => format!("powm({}, {})", if sort == Sort::Left { "l[W]" } else { "r[W]" }, r.of(&["1/2", "-1/4"])),
            5 => format!("({} * {})", e(r, sort), e(r, sort)),
            _ => format!("({} * {})", e(r, Sort::Scalar), e(r, sort)),
        },
    }
}

fn group(e: String) -> String {
    if e.starts_with('(') { e } else { format!("({e})") }
}

fn point(r: &mut Random, e: &mut impl FnMut(&mut Random, Sort) -> String) -> String {
    match r.below(3) {
        0 => "params".into(),
        1 => format!("params + {}", e(r, Sort::Vector)),
        _ => format!("params - {} * v", e(r, Sort::Scalar)),
    }
}

/// The declarations of the states that texts read by name.
pub fn states(texts: &[&str], also: &[(&str, &str)]) -> (String, Vec<&'static str>) {
    let reads = |name: &str| {
        texts.iter().any(|t| t.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name))
    };
    let mut text = String::new();
    let mut used = Vec::new();
    for (name, variance) in STATES {
        if reads(name) && !also.iter().any(|(n, _)| *n == name) {
            text.push_str(&format!("state {name} : {variance} "));
            used.push(name);
        }
    }
    for (name, variance) in also {
        text.push_str(&format!("state {name} : {variance} "));
    }
    (text, used)
}
