//! Experiments, as terms.

use rustc_hash::FxHashMap;

use super::names::route;
use super::training::side;
use super::{optimizer_places, setting, show_point, task};
use crate::check::task::Route;
use crate::check::trace::{self, Asked, Pair, Place, Settings};
use crate::check::{Ask, Task};
use crate::core::error::ModelError;
use crate::core::names::{Model, nearest};
use crate::core::variance::Variance;
use crate::domain::float::Float;
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Elab, Elaborator, Local, Scope};
use crate::source::Span;
use crate::syntax::tree::{Check, Equation, Expr, Question, Trace};
use crate::term::Term;

/// What a setting may be called.
const SETTINGS: [&str; 4] = ["lr", "steps", "time", "tolerance"];

/// The `trace`s of a file as questions, which expect nothing.
pub fn traces(model: &Model) -> impl Iterator<Item = Check> + '_ {
    let ask = |t: &Trace| Check { question: Question::Trace(Box::new(t.clone())), expect: None, span: t.span };
    model.traces.iter().map(ask)
}

/// `trace O, … along F`.
pub(super) fn trace(model: &Model, check: &Check, trace: &Trace, errors: &mut Vec<ModelError>) -> Elab<Task> {
    let mut t = task(check);
    t.optimizers = optimizer_places(model, &trace.optimizers);
    let mut e = Elaborator::new(model);
    let built = asked(&mut e, trace);
    errors.extend(e.errors.iter().cloned());
    let (mut asked, path) = built?;
    asked.setting = setting(e);
    t.along(vec![path]);
    t.ask = Ask::Trace(Box::new(asked));
    Ok(t)
}

type Built = (Asked, Route);

fn asked(e: &mut Elaborator<'_>, trace: &Trace) -> Elab<Built> {
    let settings = settings(e, trace);
    let path = e.whole_path((&trace.along).into())?;
    let mut pairs = Vec::new();
    let mut rate = None;
    for optimizer in &trace.optimizers {
        let source = e.optimizer(optimizer, &path.source, Some(Variance::Tangent))?;
        let target = e.optimizer(optimizer, &path.target, Some(Variance::Tangent))?;
        rate = rate.or(source.rate);
        let flow = source.rate.is_none();
        let name = source.name.clone();
        let sides = [side(e, source, None), side(e, target, None)];
        pairs.push(Pair { optimizer: optimizer.clone(), name, flow, sides });
    }
    show_point(e, &path.source);
    let start = start(e, trace, &path.source)?;
    let map = path.map(&mut e.store);
    let asked = Asked {
        written: trace.clone(),
        setting: super::problem(crate::check::Shape::Plain, crate::check::Equation::empty(), Vec::new(), Vec::new())
            .setting,
        domain: path.source.domain.clone(),
        places: [place(&path.source), place(&path.target)],
        map,
        pairs,
        rate,
        start,
        settings: settings?,
    };
    Ok((asked, route(&path)))
}

fn place(a: &Architecture) -> Place {
    Place { name: a.name.clone(), point: a.symbol, blocks: a.blocks.clone(), loss: a.loss, output: a.output }
}

/// The blocks of the source that the trace gives values.
fn start(e: &mut Elaborator<'_>, trace: &Trace, source: &Architecture) -> Elab<Vec<(usize, Term)>> {
    let mut scope = Scope::default();
    let mut found: Vec<(usize, Term)> = Vec::new();
    let mut places: Vec<(usize, Span)> = Vec::new();
    for equation in trace.start.iter().flat_map(|(_, body)| body) {
        match equation {
            Equation::Let(l) => {
                let value = e.expr(&l.value, &scope)?;
                scope.bind(&l.name.name, Local::Value(value));
            }
            Equation::Assign(name, value) => {
                let Some(b) = source.blocks.iter().position(|b| b.name == name.name) else {
                    let names: Vec<&str> = source.blocks.iter().map(|b| b.name.as_str()).collect();
                    let near = nearest(&name.name, names.iter().copied());
                    let all = names.join(", ");
                    let help = near.map_or_else(
                        || format!("the parameters of {} are: {all}", source.name),
                        |near| format!("did you mean `{near}`? The parameters of {} are: {all}", source.name),
                    );
                    let what = "parameter of the source";
                    let name_text = name.name.clone();
                    return e.fail(ModelError::UnknownName {
                        what,
                        name: name_text,
                        help: Some(help),
                        span: name.span,
                    });
                };
                if let Some((_, first)) = places.iter().find(|(k, _)| *k == b) {
                    let (first, name_text) = (*first, name.name.clone());
                    return e.fail(ModelError::DuplicateName { name: name_text, first, span: name.span });
                }
                let t = e.expr(value, &scope)?;
                let shape = source.blocks[b].shape.clone();
                if !e.store.shape(t).is_empty() {
                    e.expect_shape(t, &shape, &format!("the start of `{}`", name.name), value.span)?;
                }
                places.push((b, name.span));
                found.push((b, t));
            }
        }
    }
    Ok(found)
}

fn settings(e: &mut Elaborator<'_>, trace: &Trace) -> Elab<Settings> {
    let mut scope = Scope::default();
    let mut known: FxHashMap<&str, (f64, Span)> = FxHashMap::default();
    for (name, value) in &trace.settings {
        let word = name.name.as_str();
        if !SETTINGS.contains(&word) {
            let help = match nearest(word, SETTINGS) {
                Some(near) => format!("did you mean `{near}`? A trace has `lr`, `steps`, `time` and `tolerance`"),
                None => {
                    "a trace has `lr`, `steps`, `time` and `tolerance`, and the lines `start { … }`, `repeat …` and \
                         `until loss < …`"
                        .to_owned()
                }
            };
            let span = name.span;
            return e.fail(ModelError::UnknownName { what: "setting", name: word.into(), help: Some(help), span });
        }
        let t = e.expr(value, &scope)?;
        scope.bind(word, Local::Value(t));
        let number = number(e, t, value)?;
        if let Some((_, first)) = known.insert(word, (number, name.span)) {
            return e.fail(ModelError::DuplicateName { name: word.into(), first, span: name.span });
        }
    }
    let mut positive = |e: &mut Elaborator<'_>, word: &str| match known.remove(word) {
        Some((value, _)) if value > 0.0 && value.is_finite() => Ok(Some(value)),
        Some((value, span)) => {
            let message = format!("`{word}` is {value}, and has to be positive");
            e.fail(ModelError::Argument { message, help: None, span })
        }
        None => Ok(None),
    };
    let lr = positive(e, "lr")?;
    let span = trace.settings.iter().find(|(n, _)| n.name == "steps").map_or(trace.span, |(_, v)| v.span);
    let steps = match positive(e, "steps")? {
        Some(n) if n.fract() != 0.0 || n > trace::MAX_STEPS as f64 => {
            let message = format!("a run has a whole number of steps, at most {}", trace::MAX_STEPS);
            return e.fail(ModelError::Argument { message, help: None, span });
        }
        other => other.map(|n| n as usize),
    };
    let (time, tolerance) = (positive(e, "time")?, positive(e, "tolerance")?);
    let lr = lr.unwrap_or(trace::LR);
    let steps = match (steps, time) {
        (Some(steps), _) => steps,
        (None, Some(time)) if time / lr > trace::MAX_STEPS as f64 => {
            let message = format!("a run has at most {} steps; these are {:.0}", trace::MAX_STEPS, time / lr);
            return e.fail(ModelError::Argument { message, help: None, span: trace.span });
        }
        (None, Some(time)) => (time / lr).ceil().max(1.0) as usize,
        (None, None) => trace::STEPS,
    };
    if scope.get("lr").is_none() {
        let q = crate::domain::Rational::from_parts(1.into(), 10u64.into());
        let t = e.store.fill(q, &[]);
        scope.bind("lr", Local::Value(t));
    }
    let mut repeat = Vec::new();
    for value in &trace.repeat {
        let t = e.expr(value, &scope)?;
        let n = number(e, t, value)?;
        if n.is_nan() || n <= 0.0 || n.is_infinite() {
            let message = format!("a learning rate of {n}; it has to be positive");
            return e.fail(ModelError::Argument { message, help: None, span: value.span });
        }
        repeat.push(n);
    }
    let until = trace.until.as_ref().map(|value| {
        let t = e.expr(value, &scope)?;
        number(e, t, value)
    });
    Ok(Settings {
        lr,
        steps,
        time: time.unwrap_or(lr * steps as f64),
        tolerance: tolerance.unwrap_or(trace::TOLERANCE),
        repeat,
        until: until.transpose()?,
    })
}

/// The value of a constant.
fn number(e: &mut Elaborator<'_>, t: Term, written: &Expr) -> Elab<f64> {
    let program = crate::term::Program::new(&e.store, &[t]);
    if e.store.shape(t).is_empty()
        && let Ok(values) = program.run(&mut Float::default(), |_| None)
        && let Some(value) = values.first().and_then(|v| v.first()).filter(|v| v.is_finite())
    {
        return Ok(*value);
    }
    let message = "a number that is known is needed here".to_owned();
    let help = Some("constants and arithmetic on them, such as `1/10`".to_owned());
    e.fail(ModelError::Argument { message, help, span: written.span })
}
