//! `check training … along` and `check transfer … along` a system: one question for each generator.
//!
//! Runs that correspond along `f` and along `g` correspond along `f ; g`: start the second run at the image of the first and
//! the third at the image of the second. So the generators are all that is asked for. The constants of a transfer multiply
//! along paths, block by block, and must agree around diamonds.

use indexmap::IndexMap;
use rayon::prelude::*;

use super::{Context, Pace, Report, Square, Stopped, assumptions, ground, rates, residual, unbounded, weakest};
use crate::check::lower::system::square;
use crate::check::posed::Posed;
use crate::check::training;
use crate::check::{Kind, Task};
use crate::diagram::Path;
use crate::domain::Rational;
use crate::domain::roots::rational_power;
use crate::model::morphism::instance_text;
use crate::model::system::Arrow;
use crate::syntax::tree::Instance;
use crate::verdict::{Equality, Extent, Factors, Finding, Ground, Limit, Rate, Verdict};

/// How one hyperparameter of one block changes along a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockLaw {
    /// The block.
    pub block: String,
    /// The hyperparameter.
    pub hyperparameter: String,
    /// The formula in the index: `2^k`.
    pub law: String,
    /// The whole, for people: `lr(U) ∝ 2^k`.
    pub text: String,
}

/// The squared constants of one generator, by block and hyperparameter; those not there are one.
type Constants = IndexMap<(String, String), Rational>;

/// Answers `check training O along S` and `check transfer O along S`.
///
/// # Errors
/// As [`super::answer`].
pub(super) fn along(c: &Context<'_>, task: &mut Task, optimizer: &Instance) -> Result<(Finding, Report), Stopped> {
    let arrows = c.system.squares();
    c.progress.begin(&task.text, arrows.len());
    let all: Vec<Result<Square, Stopped>> = arrows
        .par_iter()
        .map(|a| {
            let found = one(c, a);
            c.progress.done();
            found
        })
        .collect();
    let mut squares = Vec::with_capacity(all.len());
    for s in all {
        squares.push(s?);
    }
    let transfer = task.kind == Kind::Transfer;
    let mut finding = whole(&squares, transfer);
    let mut laws = Vec::new();
    let mut found = None;
    if transfer && finding.verdict() >= Verdict::UpToRates {
        let constants: Vec<Constants> = squares.iter().map(constants).collect();
        let known = squares.iter().zip(&constants).all(|(s, k)| {
            s.finding.factors().into_iter().flat_map(IndexMap::values).map(IndexMap::len).sum::<usize>() == k.len()
        });
        match known.then(|| conflict(c, &constants)).flatten() {
            Some(text) => {
                finding = Finding::undecided(text);
            }
            None if known => laws = block_laws(c, arrows, &constants),
            None => {}
        }
    } else if finding.verdict() >= Verdict::InLimit {
        let paces: Vec<Pace> = squares.iter().map(|s| s.pace.clone()).collect();
        found = rates::rates(c.system, arrows, &paces);
    }
    let limit = limit(c, &instance_text(optimizer), &finding, !laws.is_empty());
    if !c.system.family.unbounded.is_empty() && finding.verdict() > Verdict::Undecided {
        let reasons = [if c.system.family.direct {
            unbounded::DIRECT
        } else {
            "training is not asked for all values of an index at once"
        }
        .to_owned()];
        finding = unbounded::open(c, finding, &reasons);
    }
    let report = Report {
        objects: c.system.diagram_objects(),
        beginning: unbounded::beginning(c),
        generators: c.system.family.arrows.len(),
        paths: c.system.paths.to_string(),
        rates: found.filter(|r| *r != super::Rates::Equal),
        limit: limit.filter(|_| finding.verdict() >= Verdict::InLimit),
        laws,
        direct: c.system.family.direct,
        squares,
        ..Report::default()
    };
    Ok((finding, report))
}

/// Decides the question along one generator.
fn one(c: &Context<'_>, arrow: &Arrow) -> Result<Square, Stopped> {
    let mut task = square(c.model, c.check, c.system, arrow)?;
    let posed = Posed { check: c.check, member: Some(arrow) };
    let finding = match task.take_training() {
        Some(asked) => training::question(c.model, posed, *asked, &c.budget())?,
        None => Finding::undecided("there is nothing to follow"),
    };
    let pace = match (finding.verdict(), finding.rate_exact()) {
        (Verdict::Commutes, _) => Pace::Exact(Rational::ONE),
        (Verdict::UpToRate, Some(c)) => Pace::Exact(c.clone()),
        _ => Pace::Unknown,
    };
    Ok(Square { name: arrow.label.clone(), index: arrow.index.clone(), finding, pace })
}

/// The finding for the whole system.
fn whole(squares: &[Square], transfer: bool) -> Finding {
    let Some(k) = weakest(squares) else {
        return Finding::undecided("there is no generator to follow");
    };
    let first = &squares[k];
    let verdict = first.finding.verdict();
    let count = squares.len();
    let Some(equality) = first.finding.equality() else {
        let others = squares.iter().filter(|s| s.finding.verdict() == verdict).count() - 1;
        let more = if others == 0 { String::new() } else { format!(" (and {others} more of {count})") };
        let mut f = first.finding.clone();
        f.message = format!("along `{}`{more}: {}", first.name, f.message);
        return f;
    };
    let rate = first.finding.rate().filter(|r| squares.iter().all(|s| s.finding.rate() == Some(r)));
    let rate = rate.map(str::to_owned);
    let of_each = if transfer { "with the factors of each" } else { "with the rate of each" };
    let (extent, how) = match &equality.extent {
        Extent::Commutes => (Extent::Commutes, "with the same hyperparameters"),
        Extent::InLimit(_) => {
            let rate = rate.map(|text| Rate::written(Some(text)));
            (Extent::InLimit(Limit { rate, ..Limit::default() }), "in the limit of small steps")
        }
        Extent::UpToRate(_) => (Extent::UpToRate(Rate::written(rate)), of_each),
        Extent::UpToRates => (Extent::UpToRates, of_each),
    };
    let of = if count == 1 { "the generator".to_owned() } else { format!("all {count} generators") };
    let message = format!("training corresponds along {of} {how}, and along composites by pasting");
    let mut common = Equality::new(extent, ground(squares, Ground::Pasting));
    if squares.windows(2).all(|w| w[0].finding.factors() == w[1].finding.factors()) {
        let of_blocks = first.finding.factors().cloned().unwrap_or_default();
        common.factors = Factors { of_blocks, squares: Vec::new() };
    }
    if squares.windows(2).all(|w| w[0].finding.invariant() == w[1].finding.invariant()) {
        common.invariant.clone_from(&equality.invariant);
    }
    let mut f = Finding::new(common, message).beside(residual(squares));
    f.assumptions = assumptions(squares);
    f.rate_differs = squares.iter().find_map(|s| {
        let expected = s.finding.rate_differs.as_ref()?;
        Some(format!("{expected} along `{}`", s.name))
    });
    f
}

fn constants(s: &Square) -> Constants {
    let squares = s.finding.equality().into_iter().flat_map(|e| &e.factors.squares);
    squares.map(|(b, h, q)| ((b.clone(), h.clone()), q.clone())).collect()
}

/// A diamond around which the products of constants differ.
fn conflict(c: &Context<'_>, all: &[Constants]) -> Option<String> {
    if c.system.cone.is_some() {
        return None;
    }
    let product = |p: &Path| -> Constants {
        let mut total = Constants::new();
        if let Path::Arrows(arrows) = p {
            for (key, q) in arrows.iter().flat_map(|m| &all[m.index()]) {
                let slot = total.entry(key.clone()).or_insert(Rational::ONE);
                *slot = &*slot * q;
            }
        }
        total.retain(|_, q| !q.is_one());
        total.sort_keys();
        total
    };
    let d = c.system.diamonds.iter().find(|d| product(&d.pair.left) != product(&d.pair.right))?;
    let (l, r) = (c.system.diagram.path_label(&d.pair.left), c.system.diagram.path_label(&d.pair.right));
    Some(format!("along each generator there are factors, but those of `{l}` and of `{r}` are not the same"))
}

/// The laws of a chain: products of the constants as functions of the index.
fn block_laws(c: &Context<'_>, arrows: &[Arrow], all: &[Constants]) -> Vec<BlockLaw> {
    let Some(chain) = &c.system.family.chain else { return Vec::new() };
    let mut order: Vec<usize> = (0..arrows.len()).collect();
    let up = |a: &Arrow| chain.values[a.target] > chain.values[a.source];
    order.sort_by_key(|&k| chain.values[arrows[k].source].min(chain.values[arrows[k].target]));
    let keys: IndexMap<&(String, String), ()> = all.iter().flat_map(|k| k.keys()).map(|k| (k, ())).collect();
    let mut laws = Vec::new();
    for (key, ()) in keys {
        let mut value = Rational::ONE;
        let mut points = Vec::new();
        for (n, &k) in order.iter().enumerate() {
            let a = &arrows[k];
            let (low, high) = if up(a) { (a.source, a.target) } else { (a.target, a.source) };
            if n == 0 {
                points.push((chain.values[low], value.clone()));
            }
            let q = all[k].get(key).cloned().unwrap_or(Rational::ONE);
            value = if up(a) { value * q } else { value / q };
            points.push((chain.values[high], value.clone()));
        }
        if let Some(law) = law(&chain.index, &points) {
            let (block, hyperparameter) = key.clone();
            let text = format!("{hyperparameter}({block}) ∝ {law}");
            laws.push(BlockLaw { block, hyperparameter, law, text });
        }
    }
    laws
}

/// A formula whose squares are these, up to a factor.
fn law(n: &str, points: &[(u64, Rational)]) -> Option<String> {
    if points.len() < 3 {
        return None;
    }
    let ratio = &points[1].1 / &points[0].1;
    if points.windows(2).all(|w| w[1].0 == w[0].0 + 1 && &w[1].1 / &w[0].1 == ratio) {
        return Some(geometric(n, &ratio));
    }
    // The squared value times a power of `n + k` is constant.
    for (shift, p) in [0i64, 1, -1, 2].into_iter().flat_map(|k| [1i64, -1, 2, -2, 4, -4].map(|p| (k, p))) {
        let scaled = |(v, q): &(u64, Rational)| -> Option<Rational> {
            let base = Rational::from(i64::try_from(*v).ok()? + shift);
            (base > Rational::ZERO).then(|| rational_power(&base, &Rational::from(-p)).map(|x| x * q)).flatten()
        };
        let first = scaled(&points[0]);
        if first.is_none() || !points.iter().all(|x| scaled(x) == first) {
            continue;
        }
        let base = match shift {
            0 => n.to_owned(),
            k if k > 0 => format!("({n} + {k})"),
            k => format!("({n} - {})", -k),
        };
        return Some(match p {
            2 => base,
            p if p % 2 == 0 => format!("{base}^{}", p / 2),
            p => format!("{base}^({p}/2)"),
        });
    }
    None
}

/// `b^k` for a squared ratio `b²`.
fn geometric(n: &str, square: &Rational) -> String {
    let half = Rational::from_parts(1.into(), 2u8.into());
    let inverse = Rational::ONE / square;
    let (base, sign) = if square.is_int() { (square.clone(), "") } else { (inverse.clone(), "-") };
    match (base.is_int(), rational_power(&base, &half)) {
        (true, Some(b)) if b.is_int() => format!("{b}^{sign}{n}"),
        (true, _) => format!("{base}^({sign}{n}/2)"),
        (false, _) => match rational_power(square, &half) {
            Some(b) => format!("({b})^{n}"),
            None => format!("({square})^({n}/2)"),
        },
    }
}

/// What follows for the limit of the system, in one sentence.
fn limit(c: &Context<'_>, optimizer: &str, finding: &Finding, laws: bool) -> Option<String> {
    let name = &c.system.family.name;
    let how = match finding.verdict() {
        Verdict::Commutes => "with the same hyperparameters for all members",
        Verdict::UpToRates if laws => "with these hyperparameters",
        Verdict::UpToRates | Verdict::UpToRate => "with the hyperparameters of each member as given",
        _ => return None,
    };
    if let Some((cone, apex, ..)) = &c.system.cone {
        let apex = &c.system.family.objects[*apex].label;
        return Some(format!("along {cone} {how} the runs of {optimizer} on the members correspond to one on {apex}"));
    }
    Some(if c.system.family.direct {
        format!(
            "{how} {optimizer} trains the colimit of {name}: from a point of one member all larger members take its course"
        )
    } else {
        format!("{how} {optimizer} trains the inverse limit of {name}: runs from the points of a thread stay a thread")
    })
}
