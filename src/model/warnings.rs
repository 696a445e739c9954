//! What is allowed and yet is hardly meant: names that nothing reads, conditions that nothing fulfils, the same question
//! twice. A warning changes no answer.
//!
//! Uses of a name are counted as words of the text, so a name that one place declares and another hides counts as used:
//! better no warning than a false one. A name that begins with `_` is meant to be unused.

mod conditions;

use miette::Diagnostic;
use rustc_hash::{FxHashMap, FxHashSet};
use thiserror::Error;

use super::shapes;
use crate::core::names::Model;
use crate::source::{Source, Span};
use crate::syntax::tree::{
    Architecture, ArchitectureEntry, Check, Condition, Data, Def, Domain, Equation, File, Ident, ItemKind, Let,
    Morphism, Optimizer, Param, Statement, StatementKind,
};
use crate::syntax::words;

/// A thing that is allowed and hardly meant.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[diagnostic(severity(Warning))]
pub enum Warning {
    /// A name that nothing reads.
    #[error("{what} `{name}` is never used")]
    #[diagnostic(code(nat::warning::unused), help("remove it, or let its name begin with `_`"))]
    Unused {
        /// What it is, in words.
        what: &'static str,
        /// The name.
        name: String,
        /// Its declaration.
        #[label("never used")]
        span: Span,
    },
    /// `output` or `loss` as the name of a `let`.
    #[error("`let {name}` names a value, and is not the `{name}` of the architecture")]
    #[diagnostic(
        code(nat::warning::not_a_part),
        help("the part of the architecture is given without `let`: `{name} = …`")
    )]
    NotAPart {
        /// `output` or `loss`.
        name: String,
        /// The name.
        #[label("a name for a value")]
        span: Span,
    },
    /// A parameter that the learning rate of the step hides.
    #[error("the learning rate of `step({name})` hides the parameter `{name}`")]
    #[diagnostic(
        code(nat::warning::hidden),
        help(
            "every check speaks of all small learning rates: the parameter has no effect, so remove it or rename one of them"
        )
    )]
    Hidden {
        /// The name.
        name: String,
        /// The parameter.
        #[label("this parameter")]
        parameter: Span,
        /// The name of the learning rate.
        #[label("hidden here")]
        span: Span,
    },
    /// `>=` or `<=` on real numbers.
    #[error("`{written}` is read as `{read}`")]
    #[diagnostic(
        code(nat::warning::closed_condition),
        help("conditions on real numbers hold strictly: they describe an open set; write `{read}`")
    )]
    Closed {
        /// The sign written.
        written: &'static str,
        /// How it is read.
        read: &'static str,
        /// The condition.
        #[label("a condition on real numbers")]
        span: Span,
    },
    /// Conditions on real numbers that none fulfils.
    #[error("no value of `{name}` fulfils the conditions")]
    #[diagnostic(code(nat::warning::empty_where), help("a check over it has nothing to speak of"))]
    EmptyWhere {
        /// The parameter.
        name: String,
        /// The condition that leaves none.
        #[label("leaves no value")]
        span: Span,
    },
    /// Conditions on a size that no natural number fulfils.
    #[error("this family has no member: no natural number `{name}` fulfils the conditions")]
    #[diagnostic(code(nat::warning::no_member), help("sizes are 0, 1, 2, …"))]
    NoMember {
        /// The size.
        name: String,
        /// The condition that leaves none.
        #[label("leaves no size")]
        span: Span,
    },
    /// A family whose shapes fit at one size alone.
    #[error("this fits only for `{name}` = {value}")]
    #[diagnostic(
        code(nat::warning::one_size),
        help("at every other size the shapes here differ; a size that is always {value} needs no parameter")
    )]
    OneSize {
        /// The size.
        name: String,
        /// Its value.
        value: u64,
        /// The family.
        #[label("fits at one size")]
        span: Span,
        /// Where shapes meet.
        #[label("`{name}` = {value} is needed here")]
        meet: Option<Span>,
    },
    /// A family whose shapes fit where sizes have something to do with each other.
    #[error("this fits only where {equations}")]
    #[diagnostic(
        code(nat::warning::some_sizes),
        help("at all other sizes the shapes here differ; a size that others fix needs no parameter of its own")
    )]
    SomeSizes {
        /// What holds of the sizes.
        equations: String,
        /// The family.
        #[label("fits at some sizes only")]
        span: Span,
        /// Where shapes meet.
        #[label("needed here")]
        meet: Option<Span>,
    },
    /// The same question again.
    #[error("this is asked twice")]
    #[diagnostic(code(nat::warning::asked_twice), help("remove one of the two"))]
    AskedTwice {
        /// The first time.
        #[label("asked here first")]
        first: Span,
        /// The second.
        #[label("and again here")]
        span: Span,
    },
}

impl Warning {
    /// Where it is reported.
    pub fn span(&self) -> Span {
        match self {
            Warning::Unused { span, .. }
            | Warning::NotAPart { span, .. }
            | Warning::Hidden { span, .. }
            | Warning::Closed { span, .. }
            | Warning::EmptyWhere { span, .. }
            | Warning::NoMember { span, .. }
            | Warning::OneSize { span, .. }
            | Warning::SomeSizes { span, .. }
            | Warning::AskedTwice { span, .. } => *span,
        }
    }
}

/// The families whose shapes fit at one size, or at some sizes, alone.
pub fn one_size(model: &Model) -> Vec<Warning> {
    let mut found = Vec::new();
    for (_, declared, span) in model.declarations() {
        // The library is looked at by the tests of this crate.
        if span.source.is_library() || !shapes::is_family(model, declared) {
            continue;
        }
        let shapes::Fits::Only { equations, size, span: meet } = shapes::read(model, declared).fits else { continue };
        // Labels cannot span files.
        let meet = Some(meet).filter(|m| m.source == span.source);
        found.push(match size {
            Some((name, value)) => Warning::OneSize { name, value, span, meet },
            None => Warning::SomeSizes { equations, span, meet },
        });
    }
    found
}

/// The warnings about a file whose syntax is right, in order of place.
pub fn warnings(file: &File, source: &Source) -> Vec<Warning> {
    let mut found = Finder { source, found: Vec::new() };
    let asks = file.items.iter().any(|i| matches!(i.kind, ItemKind::Check(_) | ItemKind::Classify(_)));
    let everywhere = found.count(Span { start: 0, end: source.text.len(), ..Span::default() }, &[]);
    let all = asks.then_some(&everywhere);
    for item in &file.items {
        match &item.kind {
            ItemKind::Data(data) => found.data(data, all),
            ItemKind::Let(l) => found.top(&l.name, "the constant", all),
            ItemKind::Def(def) => found.def(def, item.span, all),
            ItemKind::Architecture(a) => found.architecture(a, file, &everywhere),
            ItemKind::Morphism(m) => found.morphism(m),
            ItemKind::Composite(c) => found.params(&c.params, item.span),
            ItemKind::Optimizer(o) => found.optimizer(o),
            _ => {}
        }
    }
    found.twice(file.items.iter().filter_map(|i| if let ItemKind::Check(c) = &i.kind { Some(c) } else { None }));
    let mut found = found.found;
    found.sort_by_key(Warning::span);
    found
}

/// How often each word stands in a text.
type Counts = FxHashMap<String, usize>;

struct Finder<'s> {
    source: &'s Source,
    found: Vec<Warning>,
}

impl Finder<'_> {
    /// The words of a place, without those of the conditions left out.
    fn count(&self, span: Span, conditions: &[Span]) -> Counts {
        let mut counts = Counts::default();
        let mut at = span.start;
        let mut add = |from: usize, to: usize| {
            let text = self.source.text.get(from..to.max(from)).unwrap_or_default();
            words(text).for_each(|word| *counts.entry(word.to_owned()).or_default() += 1);
        };
        for condition in conditions {
            add(at, condition.start);
            at = condition.end;
        }
        add(at, span.end);
        counts
    }

    /// Warns of a name that stands in its scope no oftener than it is declared.
    fn unused(&mut self, name: &Ident, what: &'static str, counts: &Counts) {
        let uses = counts.get(&name.name).copied().unwrap_or_default();
        if uses <= 1 && !name.name.starts_with('_') {
            self.found.push(Warning::Unused { what, name: name.name.clone(), span: name.span });
        }
    }

    fn top(&mut self, name: &Ident, what: &'static str, all: Option<&Counts>) {
        if let Some(all) = all {
            self.unused(name, what, all);
        }
    }

    fn data(&mut self, data: &Data, all: Option<&Counts>) {
        for (name, params) in &data.names {
            self.top(name, "the data", all);
            self.conditions_of(params);
        }
        let real = |_: &str| data.ty.name.name != "N" || data.ty.arrow.is_some();
        self.found.extend(conditions::closed(&data.conditions, real));
    }

    fn def(&mut self, def: &Def, span: Span, all: Option<&Counts>) {
        self.top(&def.name, "the function", all);
        let counts = self.count(span, &[]);
        def.params.iter().for_each(|p| self.unused(p, "the argument", &counts));
    }

    /// The parameters of a family, and their conditions.
    fn params(&mut self, params: &[Param], item: Span) {
        let counts = self.count(item, &spans(params));
        for p in params {
            let size = p.ty.as_ref().is_some_and(|t| t.name.name == "N");
            self.unused(&p.name, if size { "the size" } else { "the parameter" }, &counts);
        }
        self.conditions_of(params);
    }

    fn conditions_of(&mut self, params: &[Param]) {
        self.found.extend(conditions::of_params(params));
    }

    fn architecture(&mut self, a: &Architecture, file: &File, everywhere: &Counts) {
        self.params(&a.params, a.span);
        let entries: Vec<&Param> = a.body.iter().filter_map(params_of).flatten().collect();
        let own: Vec<Param> = entries.into_iter().cloned().collect();
        self.conditions_of(&own);
        let counts = self.count(a.span, &spans(&own));
        let has = |word: &str| {
            a.body.iter().any(|e| match e {
                ArchitectureEntry::Output(..) => word == "output",
                ArchitectureEntry::Loss(..) => word == "loss",
                _ => false,
            })
        };
        // A manifold without output and loss is there for its maps, and a direction that maps speak of or forget is meant.
        if (has("output") || has("loss")) && !is_source(file, &a.name.name) {
            let here = self.count(a.span, &[]);
            let alone = |p: &&Param| here.get(&p.name.name) == everywhere.get(&p.name.name);
            own.iter().filter(alone).for_each(|p| self.unused(&p.name, "the parameter", &counts));
        }
        for entry in &a.body {
            let ArchitectureEntry::Let(l) = entry else { continue };
            if matches!(l.name.name.as_str(), "output" | "loss") && !has(&l.name.name) {
                self.found.push(Warning::NotAPart { name: l.name.name.clone(), span: l.name.span });
            } else {
                self.unused(&l.name, "the value", &counts);
            }
        }
    }

    fn morphism(&mut self, m: &Morphism) {
        self.params(&m.params, m.span);
        let mut lets: Vec<&Let> = m.body.iter().filter_map(let_of).collect();
        if let Some((_, inverse)) = &m.inverse {
            lets.extend(inverse.iter().filter_map(let_of));
        }
        if let Domain::Inline(params, _) = &m.source {
            self.conditions_of(params);
        }
        let counts = self.count(m.span, &[]);
        lets.iter().for_each(|l| self.unused(&l.name, "the value", &counts));
    }

    fn optimizer(&mut self, o: &Optimizer) {
        let hidden: FxHashSet<&str> = o.dynamics.iter().filter_map(|d| Some(d.step.as_ref()?.name.as_str())).collect();
        let (hides, rest): (Vec<Param>, Vec<Param>) =
            o.params.iter().cloned().partition(|p| hidden.contains(p.name.name.as_str()));
        for p in hides {
            let rate = o.dynamics.iter().filter_map(|d| d.step.as_ref()).find(|s| s.name == p.name.name);
            if let Some(rate) = rate {
                let (name, parameter) = (p.name.name.clone(), p.name.span);
                self.found.push(Warning::Hidden { name, parameter, span: rate.span });
            }
        }
        self.params(&rest, o.span);
        let counts = self.count(o.span, &spans(&o.params));
        o.lets.iter().for_each(|l| self.unused(&l.name, "the value", &counts));
        for l in o.dynamics.iter().flat_map(|d| &d.body).flat_map(lets_of) {
            self.unused(&l.name, "the value", &counts);
        }
    }

    /// Questions that are asked again in the same words.
    fn twice<'f>(&mut self, checks: impl Iterator<Item = &'f Check>) {
        let mut asked: FxHashMap<String, Span> = FxHashMap::default();
        for check in checks {
            let end = check.expect.as_ref().map_or(check.span.end, |e| e.span.start);
            let text = self.source.slice(Span { end, ..check.span });
            let code: Vec<&str> =
                text.lines().filter_map(|l| l.split("//").next()).flat_map(str::split_whitespace).collect();
            let question = code.join(" ");
            match asked.get(&question) {
                Some(&first) => self.found.push(Warning::AskedTwice { first, span: check.span }),
                None => {
                    asked.insert(question, check.span);
                }
            }
        }
    }
}

/// The places of the conditions of parameters, in order.
fn spans(params: &[Param]) -> Vec<Span> {
    let mut spans: Vec<Span> = params.iter().flat_map(|p| &p.conditions).map(|c: &Condition| c.span).collect();
    spans.sort();
    spans
}

/// Whether a morphism starts from the architecture of this name.
fn is_source(file: &File, name: &str) -> bool {
    file.items.iter().any(|item| match &item.kind {
        ItemKind::Morphism(m) => matches!(&m.source, Domain::Named(source) if source.name.name == name),
        _ => false,
    })
}

fn params_of(entry: &ArchitectureEntry) -> Option<&Vec<Param>> {
    if let ArchitectureEntry::Param(params) = entry { Some(params) } else { None }
}

fn let_of(equation: &Equation) -> Option<&Let> {
    if let Equation::Let(l) = equation { Some(l) } else { None }
}

/// The `let`s of a line of the dynamics.
fn lets_of(statement: &Statement) -> Vec<&Let> {
    match &statement.kind {
        StatementKind::Let(l) => vec![l],
        StatementKind::Each { body, .. } => body.iter().flat_map(lets_of).collect(),
        StatementKind::Derivative(..) | StatementKind::Covariant(..) | StatementKind::Update(..) => Vec::new(),
    }
}
