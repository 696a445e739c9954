//! Words and signs of other languages, with how the same is said here.

mod functions;

pub use functions::{meant_function, meant_layer};

/// Signs that begin nothing here, or mean something else elsewhere. The longer ones first.
pub(super) const SIGNS: [(&str, &str); 27] = [
    ("@", "a product of matrices is written with `*`"),
    ("∇", "the gradient is written `grad(loss)`"),
    ("∂", "the differential is written `d(loss)`, a derivative in time `d/dt`"),
    ("∑", "a sum is written `sum(v)`, or with an index `sum(i in 0..n: …)`"),
    ("∏", "a product is written `prod(i in 0..n: …)`"),
    ("√", "a root is written `sqrt(x)`"),
    ("‖", "a norm is written `norm(v)`"),
    ("∥", "a norm is written `norm(v)`"),
    ("⊙", "an entrywise product is written with `.*`"),
    ("⊗", "an outer product is written `outer(u, v)`"),
    ("⊘", "an entrywise quotient is written with `./`"),
    ("‑", "write `-`"),
    ("|", "an absolute value is written `abs(x)`, a norm `norm(v)`"),
    ("&", "conditions are joined by commas"),
    ("?", "there is no `if`: what has pieces is built from `relu`, `abs`, `sign`, `max` and `min`"),
    ("%", "there is no remainder; a comment begins with `//`"),
    ("!", "conditions are written with `<`, `<=`, `>`, `>=` or `!=`"),
    ("~", "what a check speaks of is every value of the type: nothing is drawn from a distribution"),
    ("$", "formulas stand without `$`; names are letters, digits and `_`"),
    ("•", "a product is written with `*`, entry by entry with `.*`"),
    ("†", "the transpose is written `A^T`"),
    ("`", "names stand without quotation marks"),
    ("“", "only the paths of `use` and of `read` stand in quotation marks, and in straight ones: \"path.nat\""),
    ("∈", "a type stands behind a colon: `a : R`"),
    ("∀", "what a declaration takes stands behind its name: `reparam F(a : R where a > 0) : …`"),
    ("⟨", "the scalar product is written `dot(u, v)`"),
    ("∞", "there is no infinity; an index without end is written `n >= 1`"),
];

/// What LaTeX's commands are here.
pub(super) const LATEX: [(&str, &str); 40] = [
    ("cdot", "*"),
    ("times", "*"),
    ("odot", ".*"),
    ("circ", ";"),
    ("frac", "a / b"),
    ("tfrac", "a / b"),
    ("dfrac", "a / b"),
    ("sqrt", "sqrt(x)"),
    ("sum", "sum(i in 0..n: …)"),
    ("prod", "prod(i in 0..n: …)"),
    ("nabla", "grad(loss)"),
    ("partial", "d(loss)"),
    ("dot", "d/dt params = …"),
    ("to", "->"),
    ("rightarrow", "->"),
    ("longrightarrow", "->"),
    ("mapsto", "def f(x) = …"),
    ("le", "<="),
    ("leq", "<="),
    ("ge", ">="),
    ("geq", ">="),
    ("ne", "!="),
    ("neq", "!="),
    ("lt", "<"),
    ("gt", ">"),
    ("pi", "pi"),
    ("exp", "exp(x)"),
    ("ln", "log(x)"),
    ("lVert", "norm(v)"),
    ("Vert", "norm(v)"),
    ("lvert", "abs(x)"),
    ("vert", "abs(x)"),
    ("langle", "dot(u, v)"),
    ("mathbb", "R"),
    ("in", "x : R"),
    ("top", "A^T"),
    ("left", "("),
    ("right", ")"),
    ("otimes", "outer(u, v)"),
    ("infty", "n >= 1"),
];

/// LaTeX's commands of layout.
pub(super) const LAYOUT: [&str; 12] = [
    "begin",
    "end",
    "text",
    "mathrm",
    "mathbf",
    "mathcal",
    "boldsymbol",
    "operatorname",
    "quad",
    "displaystyle",
    "bigl",
    "bigr",
];

/// Modules whose functions are named with a point elsewhere.
pub(super) const MODULES: [&str; 25] = [
    "np",
    "numpy",
    "jnp",
    "jax",
    "torch",
    "tf",
    "math",
    "Math",
    "F",
    "nn",
    "scipy",
    "linalg",
    "optax",
    "cupy",
    "mx",
    "sp",
    "keras",
    "optim",
    "pd",
    "pandas",
    "Flux",
    "Optimisers",
    "LinearAlgebra",
    "lax",
    "Zygote",
];

/// Functions that read numbers from a file elsewhere.
pub(super) const LOADERS: [&str; 9] =
    ["load", "loadtxt", "genfromtxt", "read_csv", "readdlm", "npzread", "fromfile", "read", "open"];

/// What the point of an optimizer is called elsewhere.
pub(super) const POINT: [&str; 12] =
    ["theta", "θ", "w", "weights", "weight", "param", "parameters", "x", "q", "p", "W", "self"];

/// The sign that a full-width sign or word means.
pub(super) fn full_width(token: &str) -> Option<char> {
    let c = token.chars().next()?;
    let plain = match c {
        '、' | '﹐' => Some(','),
        '。' => Some('.'),
        '【' => Some('['),
        '】' => Some(']'),
        _ => char::from_u32((c as u32).wrapping_sub(0xFEE0)),
    };
    plain.filter(|_| ('\u{FF01}'..='\u{FF5E}').contains(&c) || "、﹐。【】".contains(c))
}

const NO_IF: &str = "what has pieces is written `if a < b then x else y`, with one comparison and with both branches";
const NO_LOOPS: &str = "there are no loops: a sum is `sum(i in 0..n: …)`, a list `[i in 0..n: …]`, and in an optimizer \
                        `each W in params { … }` runs through the blocks";
const FUNCTION: &str = "a function is declared at top level: `def f(x) = …`";
const USE: &str = "declarations come from a library by `use std.optimizers`, from a file by `use \"path.nat\"`";
const COMMAS: &str = "conditions are joined by commas";

/// Words that mean nothing here wherever they stand, for what follows them is not understood.
pub(super) const WORDS: [(&str, &str); 46] = [
    ("if", NO_IF),
    ("then", NO_IF),
    ("else", NO_IF),
    ("elif", NO_IF),
    ("case", NO_IF),
    ("match", NO_IF),
    ("switch", NO_IF),
    ("for", NO_LOOPS),
    ("while", NO_LOOPS),
    ("foreach", NO_LOOPS),
    ("loop", NO_LOOPS),
    ("lambda", FUNCTION),
    ("function", FUNCTION),
    ("func", FUNCTION),
    ("fn", FUNCTION),
    ("fun", FUNCTION),
    ("λ", FUNCTION),
    ("begin", "a body stands in braces: `{ … }`"),
    ("end", "a body stands in braces: `{ … }`"),
    ("do", "a body stands in braces: `{ … }`"),
    ("by", "nothing is proved by hand: `check` finds the answer"),
    ("forall", "what a declaration takes stands behind its name: `reparam F(a : R where a > 0) : …`"),
    ("∀", "what a declaration takes stands behind its name: `reparam F(a : R where a > 0) : …`"),
    ("define", FUNCTION),
    ("import", USE),
    ("Import", USE),
    ("Require", USE),
    ("From", USE),
    ("open_locale", USE),
    ("from", USE),
    ("include", USE),
    ("require", USE),
    ("using", USE),
    ("load", USE),
    ("open", USE),
    ("return", "nothing is returned: an architecture gives `output = …` and `loss = …`"),
    ("and", COMMAS),
    ("or", "a condition holds as a whole: conditions are joined by commas, and there is no `or`"),
    ("not", "there is no `not`: a check that is to break says `expect fails`"),
    ("const", "a constant is `let n = …`"),
    ("var", "a constant is `let n = …`, a parameter `param a : R`"),
    ("val", "a constant is `let n = …`"),
    ("mut", "a `let` is one name and its value, which does not change: `let n = …`"),
    ("print", "nothing is printed by a file; what is found is reported for every `check`"),
    ("println", "nothing is printed by a file; what is found is reported for every `check`"),
    ("to", "a range is written `a..b`, half open, or `a..=b`"),
];

const ARCHITECTURE: &str = "a model is declared by `architecture Name { … }`";
const OPTIMIZER: &str = "an optimizer is declared by `optimizer Name { … }`";
const MAP: &str = "a map is a `reparam` if it can be inverted, a `projection` onto fewer parameters, or an `embedding`: \
                   `reparam F : Source -> Target { … }`";
const CHECK: &str = "a question is `check natural O along F`, `check commutes f == g`, `check preserves loss F` or \
                     `check same O1 == O2`";
const SYSTEM: &str = "a diagram of models is a `system`: `system S = P over n in 1..5`, or generators in braces";
const DATA: &str = "data are declared by `data x : R[3]`";

const DECLARED: &str = "a constant is declared by `let n = …`, a function by `def f(x) = …`, data by `data x : R[3]`, a model by \
                        `architecture Name { … }`";

/// Words that begin declarations elsewhere, in small letters if their case does not matter.
pub(super) const ITEMS: [(&str, &str); 82] = [
    ("model", ARCHITECTURE),
    ("class", ARCHITECTURE),
    ("struct", ARCHITECTURE),
    ("network", ARCHITECTURE),
    ("net", ARCHITECTURE),
    ("module", ARCHITECTURE),
    ("arch", ARCHITECTURE),
    ("object", ARCHITECTURE),
    ("manifold", ARCHITECTURE),
    ("Architecture", ARCHITECTURE),
    ("param", "parameters belong to an architecture: `architecture Name { param a : R … }`"),
    ("optimiser", OPTIMIZER),
    ("opt", OPTIMIZER),
    ("algorithm", OPTIMIZER),
    ("method", OPTIMIZER),
    ("Optimizer", OPTIMIZER),
    ("map", MAP),
    ("functor", MAP),
    ("iso", MAP),
    ("isomorphism", MAP),
    ("mapping", MAP),
    ("transformation", MAP),
    ("transform", MAP),
    ("arrow", MAP),
    ("reparametrization", MAP),
    ("reparametrisation", MAP),
    ("reparameterization", MAP),
    ("reparametrize", MAP),
    ("symmetry", MAP),
    ("submersion", "a map onto fewer parameters is a `projection`"),
    ("quotient", "a map onto fewer parameters is a `projection`"),
    ("immersion", "a map into more parameters is an `embedding`"),
    ("inclusion", "a map into more parameters is an `embedding`"),
    ("verify", CHECK),
    ("assert", CHECK),
    ("test", CHECK),
    ("prove", CHECK),
    ("theorem", CHECK),
    ("lemma", CHECK),
    ("claim", CHECK),
    ("natural", CHECK),
    ("input", DATA),
    ("inputs", DATA),
    ("dataset", DATA),
    ("given", DATA),
    ("variable", DATA),
    ("example", CHECK),
    ("eval", CHECK),
    ("run", CHECK),
    ("is_natural", CHECK),
    ("isnatural", CHECK),
    ("equivariant", CHECK),
    ("commutes", CHECK),
    ("constant", "a constant is `let n = …`"),
    ("definition", DECLARED),
    ("fixpoint", DECLARED),
    ("inductive", DECLARED),
    ("type", DECLARED),
    ("abbrev", DECLARED),
    ("abbreviation", DECLARED),
    ("instance", DECLARED),
    ("interface", ARCHITECTURE),
    ("record", ARCHITECTURE),
    ("structure", ARCHITECTURE),
    ("parameter", DATA),
    ("axiom", DATA),
    ("variables", DATA),
    ("hypothesis", DATA),
    ("corollary", CHECK),
    ("proposition", CHECK),
    ("homomorphism", MAP),
    ("diagram", SYSTEM),
    ("chain", SYSTEM),
    ("tower", SYSTEM),
    ("poset", SYSTEM),
    ("category", SYSTEM),
    ("cocone", "over a direct system a `cone` is a cocone: `cone All : S -> Apex = …`"),
    ("diffeomorphism", MAP),
    ("training", ALONG),
    ("train", ALONG),
    ("preserves", CHECK),
    ("same", CHECK),
];

const ALONG: &str = "a question begins with `check`: `check natural O along F`, `check training O along F`";

const STEP: &str = "new values are given in `step(lr) { params' = … }`, derivatives in `flow { d/dt params = … }`";

/// Words that begin a part of an optimizer elsewhere.
pub(super) const ENTRIES: [(&str, &str); 15] = [
    ("def", "rules stand without `def`: `step(lr) { params' = … }`, `flow { d/dt params = … }`"),
    ("update", STEP),
    ("rule", STEP),
    ("iterate", STEP),
    ("dynamics", STEP),
    ("ode", STEP),
    ("body", STEP),
    ("Step", STEP),
    ("Flow", STEP),
    ("init", "where a state starts stands behind its type: `state m : cotangent = 0`"),
    ("var", "a state is declared by `state m : cotangent`"),
    ("states", "a state is declared by `state m : cotangent`"),
    ("buffer", "a state is declared by `state m : cotangent`"),
    ("momentum", "a state is declared by `state m : cotangent`"),
    ("param", "parameters of an optimizer stand behind its name: `optimizer O(mu = 0.9) { … }`"),
];

/// Functions that are written before their argument without parentheses elsewhere.
pub(super) const APPLIED: [&str; 35] = [
    "grad", "d", "natgrad", "hess", "sum", "mean", "prod", "exp", "log", "sqrt", "sin", "cos", "tan", "atan", "sinh",
    "cosh", "tanh", "sigmoid", "softplus", "relu", "abs", "sign", "max", "min", "norm", "det", "trace", "inv", "pinv",
    "polar", "diag", "diagonal", "vec", "softmax", "dot",
];

/// The declaration of a parameter or of a name in an architecture, for a word that begins one elsewhere.
pub(super) fn entry_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "parameter" | "parameters" | "params" | "Param" | "weight" | "weights" | "variable" | "learnable" | "var"
        | "self" => "parameters are declared by `param a : R`",
        "data" | "input" => "data belong to the file: `data x : R[3]` stands before the architecture",
        "const" | "val" => "a name for a value is given by `let n = …`",
        "requires_grad" | "trainable" => "every `param` is trained: nothing is said behind its type",
        "layer" => "layers are written out: `let hidden = relu(U * x)`",
        _ => return None,
    })
}

/// The part of an architecture that a word means.
pub(super) fn value_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "out" | "outputs" | "Output" | "forward" | "realisation" | "realization" | "function" => "output",
        "cost" | "objective" | "energy" | "criterion" | "Loss" | "losses" | "risk" => "loss",
        _ => return None,
    })
}

/// The verdict that a word means.
pub(super) fn meant_verdict(word: &str) -> Option<&'static str> {
    let first = word.split_whitespace().next().unwrap_or_default().to_lowercase();
    Some(match first.as_str() {
        "fail" | "fails" | "failure" | "failed" | "failing" | "false" | "no" | "not" | "breaks" | "broken"
        | "unequal" | "different" | "differs" | "unnatural" => "fails",
        "commute" | "commutes" | "commuting" | "commutative" | "true" | "yes" | "ok" | "pass" | "passes" | "holds"
        | "natural" | "equal" | "equals" | "success" | "succeeds" | "exact" | "equivariant" | "same" => "commutes",
        "rates" | "up_to_rates" => "up to rates",
        "limit" | "in_limit" | "inlimit" | "in" | "approx" | "approximately" | "asymptotically" | "within" => {
            "in limit"
        }
        "up" | "rate" | "up_to_rate" | "uptorate" | "upto" | "scaled" | "rescaled" | "proportional" => "up to rate",
        "unknown" | "undecidable" | "undecided" | "unsure" | "maybe" | "timeout" => "undecided",
        "invalid" | "error" | "ill" | "undefined" | "meaningless" => "invalid",
        _ => return None,
    })
}
