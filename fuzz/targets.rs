//! What the fuzz targets do with their input. `tests/fuzz.rs` does the same with the corpus.

use std::fmt::Write as _;

use nat::source::{Source, SourceId, Sources};
use nat::syntax;
use nat::syntax::format::{Unformatted, format};
use nat::uses::{Files, NoFiles};
use nat::{FileReport, Options, check_source};

/// Longer inputs are cut: what breaks breaks on few lines.
const LONGEST: usize = 1 << 14;

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(&data[..data.len().min(LONGEST)]).into_owned()
}

/// Parses any text.
pub fn parse(data: &[u8]) {
    let text = text(data);
    let (_, errors) = syntax::parse(SourceId(0), &Source::new("fuzz.nat", &text));
    for error in errors {
        let span = error.span();
        assert!(span.start <= span.end && span.end <= text.len(), "{error:?} lies outside the text");
    }
}

/// Prints what parses, and parses that.
pub fn print(data: &[u8]) {
    let text = text(data);
    let parsed = |text: &str| {
        let (file, errors) = syntax::parse(SourceId(0), &Source::new("fuzz.nat", text));
        errors.is_empty().then(|| file.to_string())
    };
    let Some(once) = parsed(&text) else { return };
    assert_eq!(parsed(&once).as_ref(), Some(&once), "printed again, from {text:?}");
    match format(SourceId(0), &Source::new("fuzz.nat", &text)) {
        Ok(laid_out) => assert_eq!(parsed(&laid_out).as_ref(), Some(&once), "the layout of {text:?}"),
        Err(Unformatted::Faulty(_)) => {}
        Err(Unformatted::Changed) => panic!("the layout says something else than {text:?}"),
    }
}

fn checked(text: &str) -> FileReport {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("fuzz.nat", text));
    let options = Options { samples: 2, effort: 0, ..Options::default() };
    match check_source(&mut sources, id, &mut Files::new(&NoFiles), &options) {
        Ok(report) => report,
        Err(contradiction) => panic!("{contradiction}\n{text}"),
    }
}

/// Checks any text, with small budgets.
pub fn check(data: &[u8]) {
    checked(&text(data));
}

/// Checks a file whose shapes fit.
pub fn structured(data: &[u8]) {
    let text = Writer::new(data).file();
    let report = checked(&text);
    // A constant may have no value: the root of a negative one, a quotient by zero; and so no type of state may fit what
    // reads it. Everything else fits by construction.
    for error in &report.errors {
        let text_of = error.to_string();
        let expected = ["no value", "constant", "no variance makes"].iter().any(|e| text_of.contains(e));
        assert!(expected, "{error}\n{text}");
    }
}

/// Writes a file; every choice is the next byte of the input, and 0 when there is none left.
struct Writer<'d> {
    data: &'d [u8],
    /// Expressions that may still be written.
    left: usize,
    /// What may be read: vectors of length [`N`], and scalars.
    vectors: Vec<&'static str>,
    scalars: Vec<&'static str>,
}

/// The number of parameters.
const N: usize = 2;

impl<'d> Writer<'d> {
    fn new(data: &'d [u8]) -> Self {
        Writer { data, left: 48, vectors: Vec::new(), scalars: Vec::new() }
    }

    fn choose(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.data.split_first() else { return 0 };
        self.data = rest;
        usize::from(*first) % n.max(1)
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.choose(all.len())]
    }

    /// Whether there is room for more than a name.
    fn deeper(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0 && !self.data.is_empty()
    }

    fn scalar(&mut self) -> String {
        if !self.deeper() || self.choose(3) == 0 {
            let names = self.scalars.clone();
            return match self.choose(3) {
                0 if !names.is_empty() => self.one_of(&names).to_owned(),
                1 => format!("({} / {})", self.choose(7), 1 + self.choose(5)),
                _ => self.choose(4).to_string(),
            };
        }
        match self.choose(8) {
            0 => format!("dot({}, {})", self.vector(), self.vector()),
            1 => format!("sum({})", self.vector()),
            2 => format!("norm({})", self.vector()),
            3 => format!("{}({})", self.function(), self.scalar()),
            4 => format!("({} {} {})", self.scalar(), self.one_of(&["+", "-", "*", "/"]), self.scalar()),
            5 => format!("({})[{}]", self.vector(), self.choose(N)),
            6 => format!("{}({}, {})", self.one_of(&["max", "min"]), self.scalar(), self.scalar()),
            _ => format!("(-{})^{}", self.scalar(), 1 + self.choose(3)),
        }
    }

    fn vector(&mut self) -> String {
        if !self.deeper() || self.choose(3) == 0 {
            let names = self.vectors.clone();
            return match self.choose(3) {
                0 | 1 if !names.is_empty() => self.one_of(&names).to_owned(),
                _ => format!("[{}, {}]", self.choose(4), self.choose(3)),
            };
        }
        match self.choose(7) {
            0 => format!("({} {} {})", self.vector(), self.one_of(&["+", "-", ".*", "./"]), self.vector()),
            1 => format!("({} * {})", self.scalar(), self.vector()),
            2 => format!("{}({})", self.function(), self.vector()),
            3 => format!("({} * {})", self.matrix(), self.vector()),
            4 => format!("[{}, {}]", self.scalar(), self.scalar()),
            5 => format!("({})^{}", self.vector(), 2 + self.choose(2)),
            _ => format!("({} / {})", self.vector(), self.scalar()),
        }
    }

    fn matrix(&mut self) -> String {
        match self.choose(6) {
            0 => "A".to_owned(),
            1 => format!("diag({})", self.vector()),
            2 => format!("outer({}, {})", self.vector(), self.vector()),
            3 => format!("eye({N})"),
            4 => "A^T".to_owned(),
            _ => format!("[[{}, {}], [{}, {}]]", self.scalar(), self.scalar(), self.scalar(), self.scalar()),
        }
    }

    fn function(&mut self) -> &'static str {
        self.one_of(&[
            "tanh", "exp", "sin", "cos", "relu", "abs", "sign", "sqrt", "log", "sigmoid", "softplus", "atan", "cosh",
        ])
    }

    fn file(&mut self) -> String {
        let mut text = format!("data A : R[{N}, {N}]\ndata y : R[{N}]\n");
        (self.vectors, self.scalars) = (vec!["x", "y", "(A * x)", "(A * y)"], vec!["x[0]", "x[1]"]);
        let (output, loss) = (self.vector(), self.scalar());
        let _ = writeln!(text, "architecture Net {{\n  param x : R[{N}]\n  output = {output}\n  loss = {loss}\n}}");
        (self.vectors, self.scalars) = (vec!["u"], vec!["c", "u[0]", "u[1]"]);
        let (member, map) = match self.choose(6) {
            0 => ("P : Perm[2], c : R", "P * u".to_owned()),
            1 => ("Q : O[2], c : R", "Q * u".to_owned()),
            2 => ("M : GL[2], c : R", "M * u".to_owned()),
            3 => ("c : R where c > 0", "c * u".to_owned()),
            4 => ("c : R", "[u[0], u[1] + c * u[0]^2]".to_owned()),
            _ => ("c : R", self.vector()),
        };
        let _ = writeln!(text, "reparam Map({member}) : (u : R[{N}]) -> Net {{ x = {map} }}");
        self.vectors = vec!["grad(loss)", "params", "d(loss)", "natgrad(loss)"];
        self.scalars = vec!["norm(grad(loss))", "(1 / 2)"];
        let state = self.one_of(&["", "tangent", "cotangent", "diagonal", "auto"]);
        let flow = self.choose(2) == 0;
        if !state.is_empty() {
            self.vectors.push("v");
        }
        text.push_str("optimizer Rule {\n");
        if !state.is_empty() {
            let _ = writeln!(text, "  state v : {state}");
        }
        // The matrix `A` is data of the file, and may be read here too.
        let (first, second) = (self.vector(), self.vector());
        let rules = match (flow, state.is_empty()) {
            (true, true) => format!("  flow {{ d/dt params = {first} }}"),
            (true, false) => format!("  flow {{ d/dt params = {first}  d/dt v = {second} }}"),
            (false, true) => format!("  step(lr) {{ params' = params - lr * ({first}) }}"),
            (false, false) => format!("  step(lr) {{ v' = {second}  params' = params - lr * ({first}) }}"),
        };
        let along = self.one_of(&["Map", "Map", "Map", "scaling", "diagonal", "orthogonal"]);
        let on = if along == "Map" { "" } else { " on Net" };
        let _ = writeln!(text, "{rules}\n}}\ncheck natural Rule along {along}{on}");
        text
    }
}
