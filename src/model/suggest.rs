//! Advice for a name that nothing declares: a near miss among the things of the kind that fits, what the name means in
//! other languages, the library that has it, or the list of what there is where that is short.

use crate::core::error::ModelError;
use crate::core::names::{CLASSES, Declared, Model, nearest};
use crate::core::words::{Calculus, Word};
use crate::source::Span;
use crate::syntax::tree::{ArchitectureEntry, Ident, Instance, ItemKind, Path};
use crate::syntax::{meant_function, meant_layer};
use crate::uses::library;

/// Lists of names are shown up to this length.
const SHORT: usize = 6;

/// The kinds of things that are looked up by name at top level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An optimizer.
    Optimizer,
    /// A morphism, and what stands where one does.
    Morphism,
    /// An architecture.
    Architecture,
    /// A system or a cone.
    System,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Optimizer => "optimizer",
            Kind::Morphism => "morphism",
            Kind::Architecture => "architecture",
            Kind::System => "system",
        }
    }

    fn with_article(self) -> &'static str {
        match self {
            Kind::Optimizer => "an optimizer",
            Kind::Morphism => "a morphism",
            Kind::Architecture => "an architecture",
            Kind::System => "a system",
        }
    }

    fn fits(self, declared: Declared) -> bool {
        match declared {
            Declared::Optimizer(_) => self == Kind::Optimizer,
            Declared::Morphism(_) | Declared::Composite(_) => self == Kind::Morphism,
            // Where one path stands alone, a system may stand, too.
            Declared::System(_) | Declared::Cone(_) => matches!(self, Kind::System | Kind::Morphism),
            Declared::Architecture(_) => self == Kind::Architecture,
            Declared::Data(_) | Declared::Let(_) | Declared::Def(_) => false,
        }
    }

    /// The name that an item of a library declares, if it is of this kind.
    fn name_of(self, item: &ItemKind) -> Option<&str> {
        match (self, item) {
            (Kind::Optimizer, ItemKind::Optimizer(o)) => Some(&o.name.name),
            (Kind::Morphism, ItemKind::Morphism(m)) => Some(&m.name.name),
            (Kind::Architecture, ItemKind::Architecture(a)) => Some(&a.name.name),
            _ => None,
        }
    }
}

/// The error of a name at top level that nothing of this kind declares.
pub(crate) fn unknown_item(model: &Model, kind: Kind, name: &Ident) -> ModelError {
    let help = item_help(model, kind, &name.name);
    ModelError::UnknownName { what: kind.word(), name: name.name.clone(), help, span: name.span }
}

fn item_help(model: &Model, kind: Kind, name: &str) -> Option<String> {
    let known: Vec<&str> = model.declarations().filter(|(_, d, _)| kind.fits(*d)).map(|(n, ..)| n).collect();
    let classes = CLASSES.iter().copied().filter(|_| kind == Kind::Morphism);
    let near = nearest(name, known.iter().copied().chain(classes));
    let of_library = library_name(|item| kind.name_of(item), name);
    match (near, of_library) {
        // What has this very name goes first, and what differs from it in letters before what differs in more.
        (Some(class), Some((library, exact))) if exact == name && CLASSES.contains(&class) => {
            return Some(format!("{}; the class of all such maps is `{class}`", bring(library, exact, name)));
        }
        (Some(_), Some((_, exact))) if exact == name => {}
        (Some(near), Some((_, exact))) if !near.eq_ignore_ascii_case(name) && exact.eq_ignore_ascii_case(name) => {}
        (Some(near), _) => return Some(format!("did you mean `{near}`?")),
        (None, _) => {}
    }
    let exact = of_library.is_some_and(|(_, exact)| exact == name);
    if let Some(class) = class_of(name).filter(|_| kind == Kind::Morphism && !exact) {
        return Some(class.to_owned());
    }
    if let Some((library, exact)) = of_library {
        return Some(bring(library, exact, name));
    }
    if let Some((library, exact, other)) = of_another_kind(kind, name) {
        return Some(format!("`{exact}` of `{library}` is {other}, and here stands {}", kind.with_article()));
    }
    // There may be others where the text is not understood.
    if !model.lost.is_empty() {
        return None;
    }
    let own: Vec<&str> = known.into_iter().take(SHORT + 1).collect();
    match (&own[..], kind) {
        ([], Kind::Optimizer) => Some(
            "no optimizer is declared: write `optimizer Name { flow { d/dt params = -grad(loss) } }`, or `use \
             std.optimizers`"
                .to_owned(),
        ),
        ([], Kind::Architecture) => Some("no architecture is declared: write `architecture Name { … }`".to_owned()),
        ([], Kind::System) => Some("no system is declared: write `system Name = P over n in 1..8`".to_owned()),
        ([], Kind::Morphism) => Some(format!("no morphism is declared; the classes are {}", list(&CLASSES))),
        (names, _) if names.len() > SHORT => None,
        ([one], _) => Some(format!("the only {} here is `{one}`", kind.word())),
        (names, _) => Some(format!("the {}s here are {}", kind.word(), list(names))),
    }
}

/// How a name of a library comes into scope.
fn bring(library: &str, exact: &str, name: &str) -> String {
    let which = if exact == name { format!("`{name}`") } else { format!("did you mean `{exact}`? It") };
    format!("{which} is in the library: begin the file with `use {library}`")
}

/// The library that has a thing under this name or a near one, and the name; `named` gives the names of what fits.
fn library_name(named: impl Fn(&ItemKind) -> Option<&str> + Copy, name: &str) -> Option<(&'static str, &'static str)> {
    let all = || {
        library::all().flat_map(move |l| {
            let items = &l.parsed().1.items;
            items.iter().filter_map(move |item| Some((l.name, named(&item.kind)?)))
        })
    };
    let near = nearest(name, all().map(|(_, n)| n).filter(|n| *n != name));
    let exact = all().find(|(_, n)| *n == name);
    exact.or_else(|| all().find(|(_, n)| Some(*n) == near))
}

/// The library that has a thing of another kind under this very name, the name, and what it is.
fn of_another_kind(kind: Kind, name: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let others = [Kind::Optimizer, Kind::Morphism, Kind::Architecture];
    others.into_iter().filter(|k| *k != kind).find_map(|k| {
        let (library, exact) = library_name(|item| k.name_of(item), name)?;
        (exact == name).then_some((library, exact, k.with_article()))
    })
}

/// The name of a function of a library.
fn function_of(item: &ItemKind) -> Option<&str> {
    match item {
        ItemKind::Def(d) => Some(&d.name.name),
        _ => None,
    }
}

/// The class that a word of geometry means.
fn class_of(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "rotation" | "rotations" | "so" | "o" | "isometry" | "isometries" => {
            "the orthogonal maps are the class `orthogonal`"
        }
        "rescaling" | "rescale" | "scale" | "dilation" | "homothety" | "scalings" => {
            "multiplication by one positive factor is the class `scaling`, by one for each entry `diagonal`"
        }
        "gl" | "general_linear" | "invertible" | "linear_map" => "the invertible linear maps are the class `linear`",
        "shift" | "translate" | "shifts" => "the class is called `translation`",
        "permute" | "relabelling" | "relabeling" => "the class is called `permutation`",
        "diffeomorphism" | "diffeomorphisms" | "smooth" | "any" | "all" | "everything" => {
            "every smooth invertible map is the class `diffeo`"
        }
        "inv" | "inverse" => "a path runs through maps as they are declared: the way back is a map of its own",
        "identity" => "the identity of an architecture is `id(A)`",
        _ => return None,
    })
}

/// The error of a question that names the morphism first and the optimizer last.
pub(crate) fn swapped(model: &Model, optimizer: &Instance, along: &Path) -> Option<ModelError> {
    let [last] = &along.parts[..] else { return None };
    let kind = |i: &Instance| model.resolve(&i.name.name, i.name.span);
    if !kind(optimizer).is_some_and(|d| Kind::Morphism.fits(d)) || !matches!(kind(last), Some(Declared::Optimizer(_))) {
        return None;
    }
    let (morphism, name) = (&optimizer.name.name, &last.name.name);
    let message = format!("`{morphism}` is a morphism and `{name}` an optimizer: they stand the other way round");
    let help = Some(format!("write `check natural {name} along {morphism}`"));
    Some(ModelError::Argument { message, help, span: optimizer.name.span })
}

/// What a type of another language is called here, or a near miss among the types that can stand there.
pub(super) fn meant_type(name: &str, known: &[&str]) -> Option<String> {
    let numbered = name.strip_prefix('R').filter(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    if let Some(size) = numbered {
        return Some(format!("a vector is written `R[{size}]`"));
    }
    let help = match name.to_lowercase().as_str() {
        "vec" | "vector" | "array" | "list" => "a vector is of type `R[n]`, such as `R[3]`",
        "matrix" | "mat" | "tensor" => "a matrix is written `R[m, n]`",
        "ℝ" | "r" | "real" | "reals" | "float" | "double" | "float32" | "float64" | "f32" | "f64" | "number"
        | "scalar" => "a real number is of type `R`, a vector of `R[n]`, a matrix of `R[m, n]`",
        "ℕ" | "int" | "integer" | "nat" | "natural" | "z" | "ℤ" | "uint" | "usize" => {
            "a size or an index is of type `N`, and belongs to the parameters of a family: `Mlp(h : N)`"
        }
        "so" | "orthogonal" => "an orthogonal matrix is of type `O[n]`",
        _ => {
            let near = crate::core::names::nearest(name, known.iter().copied().filter(|k| k.len() > 1));
            return near.map(|n| format!("did you mean `{n}`?"));
        }
    };
    Some(help.to_owned())
}

/// Names as a list in words.
fn list(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// What stands around a name that means nothing.
pub(super) struct Around<'n> {
    /// The local names, outer ones first.
    pub locals: Vec<&'n str>,
    /// Inside an optimizer: whether it is a flow.
    pub flow: Option<bool>,
}

impl Model {
    /// The error of a value or a function that nothing declares.
    pub(super) fn means_nothing(&self, what: &'static str, name: &str, span: Span, scope: &Around<'_>) -> ModelError {
        let help = match what {
            "function" => self.function_help(name, scope),
            _ => self.value_help(name, scope),
        };
        if what == "name" && functions(scope).any(|f| f == name) {
            let message = format!("`{name}` is a function, and stands here without its argument");
            let help = Some(format!("the argument stands in parentheses: `{name}(…)`"));
            return ModelError::Argument { message, help, span };
        }
        if what == "function" && self.is_value(name, scope) {
            let message = format!("`{name}` is a value, and not a function");
            let help = Some(format!("its entries are `{name}[0]`, `{name}[i]`; a product is written with `*`"));
            return ModelError::Argument { message, help, span };
        }
        ModelError::UnknownName { what, name: name.into(), help, span }
    }

    fn is_value(&self, name: &str, scope: &Around<'_>) -> bool {
        let word = scope.flow.is_some() && Word::of(name).is_some();
        word || scope.locals.contains(&name) || matches!(self.lookup(name), Some(Declared::Let(_) | Declared::Data(_)))
    }

    fn function_help(&self, name: &str, scope: &Around<'_>) -> Option<String> {
        if let Some(meant) = meant_function(name) {
            let meant = meant.strip_prefix("write ").map_or(meant.clone(), |f| format!("did you mean {f}?"));
            return Some(meant.replace("(…)`?", "`?"));
        }
        let defs = self.declarations().filter(|(_, d, _)| matches!(d, Declared::Def(_) | Declared::Data(_)));
        let mut known: Vec<&str> = functions(scope).map(|f| -> &str { f }).collect();
        known.extend(defs.map(|(n, ..)| n));
        // What has this very name in the library, or is called so elsewhere, goes first.
        let layer = meant_layer(name);
        let of_library = library_name(function_of, layer.unwrap_or(name));
        if let Some((library, exact)) = of_library.filter(|(_, exact)| *exact == name || Some(*exact) == layer) {
            return Some(match known.contains(&exact) {
                true => format!("did you mean `{exact}`?"),
                false => bring(library, exact, name),
            });
        }
        if let Some(near) = nearest(name, known) {
            return Some(format!("did you mean `{near}`?"));
        }
        if let Some((library, exact)) = of_library {
            return Some(bring(library, exact, name));
        }
        let other = Calculus::of(name).is_some();
        (!other).then(|| format!("a function of your own is declared by `def {name}(x) = …`"))
    }

    fn value_help(&self, name: &str, scope: &Around<'_>) -> Option<String> {
        let words: Vec<&str> = match scope.flow {
            Some(_) => Word::ALL.iter().map(|w| w.name()).collect(),
            None => vec![Word::Output.name()],
        };
        let values = self.declarations().filter(|(_, d, _)| matches!(d, Declared::Let(_) | Declared::Data(_)));
        let known: Vec<&str> =
            scope.locals.iter().copied().chain(values.map(|(n, ..)| n)).chain(words).chain(["pi"]).collect();
        if let Some(base) = name.strip_suffix(['ᵀ', 'ᵗ']).filter(|base| known.contains(base)) {
            return Some(format!("the transpose is written `{base}^T`"));
        }
        if let Some(flow) = scope.flow {
            let lower = name.to_lowercase();
            match lower.as_str() {
                "lr" | "eta" | "η" | "learning_rate" | "lrate" | "stepsize" | "step_size" | "gamma" if flow => {
                    return Some(
                        "a flow has no learning rate: it is the limit of small steps; a step names its own: `step(lr) { \
                         params' = params - lr * … }`"
                            .to_owned(),
                    );
                }
                "lr" | "eta" | "η" | "learning_rate" | "lrate" | "stepsize" | "step_size" => {
                    return Some("the learning rate has the name that the step gives it: `step(lr)`".to_owned());
                }
                "theta" | "θ" | "w" | "weights" | "weight" | "param" | "parameters" | "x" | "q" => {
                    return Some("the point is called `params`".to_owned());
                }
                "cost" | "objective" | "l" | "energy" | "f" => {
                    return Some("what is minimised is called `loss`".to_owned());
                }
                "dloss" | "dl" | "gradloss" | "grad_loss" | "loss_grad" | "g" | "gradient" | "grads" => {
                    return Some("the gradient is written `grad(loss)`, the differential `d(loss)`".to_owned());
                }
                "t" | "time" => {
                    return Some(
                        "rules do not depend on time; a step may count with a state: `state k : R`".to_owned(),
                    );
                }
                _ => {}
            }
        }
        if scope.flow.is_none()
            && let Some(help) = word_of_rules(name)
        {
            return Some(help.to_owned());
        }
        // Rules are of no architecture, so that no parameter has a name in them.
        if scope.flow.is_some() && self.declarations().any(|(_, d, _)| self.has_param(d, name)) {
            return Some(format!(
                "all parameters together are `params`; that of one name is a block, `params[{name}]`, of architectures that \
                 have it"
            ));
        }
        if let Some((base, index)) =
            name.rsplit_once('_').filter(|(base, index)| known.contains(base) && index.len() < 3)
        {
            return Some(format!("an entry is written in brackets: `{base}[{index}]`"));
        }
        let greek = match name {
            "π" | "Pi" | "PI" => Some("write `pi`".to_owned()),
            "e" | "E" => Some("a power of e is written `exp(x)`".to_owned()),
            "i" | "j" | "k" if scope.flow.is_none() && nearest(name, known.iter().copied()).is_none() => {
                Some(format!("an index has a range: `[{name} in 0..n: …]`, `sum({name} in 0..n: …)`"))
            }
            "end" => Some("the last entry of `R[n]` is that of the index `n - 1`".to_owned()),
            "inf" | "Inf" | "infinity" | "nan" | "NaN" | "None" | "nothing" | "null" => {
                Some("there is no such number".to_owned())
            }
            "True" | "true" | "False" | "false" => {
                Some("there are no truth values: a choice is `if a < b then x else y`".to_owned())
            }
            _ => None,
        };
        let spelled = spelled_out(name).filter(|latin| known.contains(&latin.as_str()));
        let spelled = spelled.map(|latin| format!("did you mean `{latin}`?"));
        // A parameter of another architecture: a map computes with those of its source.
        let of_another = || {
            let mut owners = self.declarations().filter(|(_, d, _)| scope.flow.is_none() && self.has_param(*d, name));
            let (owner, ..) = owners.next()?;
            let here = match &scope.locals[..] {
                locals if locals.is_empty() || locals.len() > SHORT => String::new(),
                locals => format!("; here there are {}", list(locals)),
            };
            Some(format!("`{name}` is a parameter of `{owner}`{here}"))
        };
        let size = || {
            let letter = scope.flow.is_none() && matches!(name, "n" | "m" | "d" | "h" | "N" | "p");
            letter.then(|| "a size is a number, or belongs to a family: `architecture A(n : N) { … }`".to_owned())
        };
        // A lone `t` that nothing declares is an exponent that was meant for `^T`.
        let transposed = (name == "t").then(|| "the transpose is written `^T`".to_owned());
        let near = nearest(name, known).map(|n| format!("did you mean `{n}`?"));
        // The name of a function of another library, handed on as a value.
        let of_library = || {
            let (library, exact) = library_name(function_of, name).filter(|(_, exact)| *exact == name)?;
            Some(bring(library, exact, name))
        };
        let known_word = greek.or(spelled).or(transposed).or(near).or_else(|| meant_function(name));
        known_word.or_else(of_library).or_else(of_another).or_else(size)
    }

    fn has_param(&self, declared: Declared, name: &str) -> bool {
        let Declared::Architecture(id) = declared else { return false };
        self[id].body.iter().any(|entry| match entry {
            ArchitectureEntry::Param(params) => params.iter().any(|p| p.name.name == name),
            _ => false,
        })
    }
}

/// A name with its Greek letters spelled out: `β1` is `beta1`.
fn spelled_out(name: &str) -> Option<String> {
    let letter = |c: char| {
        Some(match c {
            'α' => "alpha",
            'β' => "beta",
            'γ' => "gamma",
            'δ' => "delta",
            'ε' | 'ϵ' => "eps",
            'η' => "eta",
            'θ' => "theta",
            'λ' => "lambda",
            'μ' | 'µ' => "mu",
            'ν' => "nu",
            'ρ' => "rho",
            'σ' => "sigma",
            'τ' => "tau",
            'φ' => "phi",
            'ω' => "omega",
            _ => return None,
        })
    };
    let digit = |c: char| match c {
        '₀'..='₉' => char::from_digit(u32::from(c) - u32::from('₀'), 10),
        _ => Some(c),
    };
    let mut greek = false;
    let mut out = String::new();
    for c in name.chars() {
        match letter(c) {
            Some(latin) => {
                greek = true;
                out.push_str(latin);
            }
            None => out.extend(digit(c)),
        }
    }
    greek.then_some(out)
}

/// What is said of a word that means something in the rules of an optimizer alone.
fn word_of_rules(name: &str) -> Option<&'static str> {
    Some(match name {
        "dim" => {
            "only an optimizer's rules know `dim`; a state with an entry for each parameter is `tangent` or `cotangent`"
        }
        "params" => {
            "only an optimizer's rules know `params`; elsewhere each parameter has the name that its `param` gives it"
        }
        "metric" => {
            "only an optimizer's rules know `metric`; an architecture may give one to its outputs: `output metric = …`"
        }
        "loss" => {
            "only an optimizer's rules know `loss`; what an architecture and a map compute with are parameters and data"
        }
        "lr" => "only the `step` of an optimizer knows its learning rate",
        _ => return None,
    })
}

/// The functions that can be called here.
fn functions(scope: &Around<'_>) -> impl Iterator<Item = &'static str> + use<> {
    let inner: &[Calculus] = if scope.flow.is_some() { &Calculus::ALL } else { &[] };
    crate::core::prim::names().chain(inner.iter().map(|f| f.name()))
}
