//! The report for people: one line for each check, and a diagnosis for each that is not as expected.

use super::diagnosis::Diagnosis;
use super::excerpt::{Kind, Label, Part, width, wrap};
use crate::Answer;
use crate::check;
use crate::check::expected::{Unexpected, order_differs};
use crate::source::{Sources, Span};
use crate::verdict::{Blame, Evidence, Repair, Verdict, Witness};

/// Pads to a width counted in characters.
fn pad(s: &str, width: usize) -> String {
    let n = s.chars().count();
    format!("{s}{}", " ".repeat(width.saturating_sub(n)))
}

/// A duration with three digits.
fn time_text(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

/// The line of one check: mark, verdict, evidence, time, question.
pub fn line(answer: &Answer) -> (bool, String) {
    let f = &answer.finding;
    let mut verdict = f.verdict().text().to_owned();
    if let Some(rate) = f.rate()
        && rate.chars().count() <= 12
    {
        verdict = if f.verdict() == Verdict::UpToRate {
            format!("{verdict} {rate}")
        } else {
            format!("{verdict}, rate {rate}")
        };
    }
    if f.verdict() == Verdict::InLimit
        && let Some(k) = f.order()
    {
        verdict = format!("{verdict} (lr^{k})");
    }
    let time = time_text(answer.time.as_secs_f64());
    let assumed = if f.assumptions.is_empty() { "" } else { " *" };
    let text =
        format!("{}  {}  {:>9}  {}{assumed}", pad(&verdict, 17), pad(f.evidence().text(), 14), time, answer.task.text);
    (answer.ok, text)
}

/// The columns that are left beside the margin of what helps.
const WIDTH: usize = 72;

/// The diagnosis of an unexpected answer: what is to blame, and the check with what it speaks of.
pub fn unexpected(sources: &Sources, answer: &Answer) -> Diagnosis {
    let f = &answer.finding;
    let task = &answer.task;
    let title = match Unexpected::of(task, f) {
        Unexpected::Rate(rate) => {
            format!("expected the rate {rate}, but the rate is {}", f.rate().unwrap_or("another"))
        }
        Unexpected::Order(wanted) => {
            let found = f.order().map_or("not known".to_owned(), |k| format!("lr^{k}"));
            format!("expected a defect of order lr^{wanted}, but its order is {found}")
        }
        Unexpected::Evidence => {
            format!("{} is not proved: the evidence is {}", f.verdict().text(), f.evidence().text())
        }
        Unexpected::Verdict => {
            format!("{}: expected `{}`, found `{}`", task.text, task.expects().text(), f.verdict().text())
        }
    };
    let mut labels: Vec<Label> = Vec::new();
    let mut add = |span: Span, text: String, kind: Kind| {
        if span.end > span.start && !labels.iter().any(|l| l.span.overlaps(span)) {
            labels.push(Label { span, text, kind });
        }
    };
    add(task.span, format!("this check: {}", f.verdict().text()), Kind::Context);
    for b in f.blame() {
        add(b.span, "naturality is lost here".into(), Kind::Blame);
    }
    if let Some(r) = f.repair.as_ref().filter(|_| f.blame().is_empty()) {
        for (span, _, _) in r.edits.iter().filter(|(_, old, _)| !old.is_empty()) {
            add(*span, "naturality is lost here".into(), Kind::Blame);
        }
    }
    if let (Some(w), Some(p)) = (f.witness(), task.problems.first()) {
        let place = p.equation.components.get(w.component_index).and_then(|c| c.span);
        if let Some(span) = place.filter(|_| f.verdict() != Verdict::Invalid) {
            add(span, format!("the sides differ in {}", w.component), Kind::Blame);
        }
    }
    for (name, span) in &task.morphisms {
        let invalid = f.verdict() == Verdict::Invalid;
        let text = if invalid { format!("`{name}` is declared here") } else { format!("along `{name}`") };
        add(*span, text, Kind::Context);
    }
    for (name, span) in &task.optimizers {
        add(*span, format!("optimizer `{name}`"), Kind::Context);
    }
    Diagnosis {
        kind: Kind::Blame,
        code: Some(code(f.verdict()).to_owned()),
        title,
        place: Some(task.span),
        labels,
        help: explanation(sources, answer),
    }
}

fn code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Invalid => "nat::verdict::invalid",
        Verdict::Fails => "nat::verdict::fails",
        Verdict::Undecided => "nat::verdict::undecided",
        Verdict::InLimit => "nat::verdict::in_limit",
        Verdict::UpToRates => "nat::verdict::up_to_rates",
        Verdict::UpToRate => "nat::verdict::up_to_rate",
        Verdict::Commutes => "nat::verdict::commutes",
    }
}

/// What the answer means, the point that shows it, and what to do.
fn explanation(sources: &Sources, answer: &Answer) -> Vec<Part> {
    let f = &answer.finding;
    let mut all = vec![Part::Words(format!("{}.", capitalised(&f.message)))];
    all.extend(square(answer).map(Part::Lines));
    if let Some(w) = f.witness() {
        all.extend(witness_parts(w, answer));
    }
    let mut parts: Vec<String> = Vec::new();
    if let Some(r) = &f.residual {
        parts.push(format!(
            "Numbers: largest relative difference {:.1e} at {}, rounding noise {:.0e}.",
            r.max,
            r.points(),
            r.noise
        ));
    }
    for cause in f.causes() {
        parts.push(format!("Cause: {cause}."));
    }
    for a in &f.assumptions {
        let sampled = f.sampled_claims.contains(a) && !a.ends_with("could not be tried at any point");
        parts.push(if sampled { format!("Seen at sampled points only: {a}.") } else { format!("Assumed: {a}.") });
    }
    if !f.tried.is_empty() {
        parts.push(format!("Tried: {}.", f.tried.join("; ")));
    }
    if !f.blame().is_empty() {
        parts.push(blame_text(sources, f.blame()));
    }
    if !f.natural_along().is_empty() {
        let classes: Vec<&str> = f.natural_along().iter().map(|c| c.maps()).collect();
        let list = match &classes[..] {
            [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            all => all.join(", "),
        };
        parts.push(format!("Types prove it natural along {list}."));
    }
    if let Some(r) = &f.repair {
        parts.push(repair_text(r, !f.blame().is_empty()));
    }
    all.extend(parts.into_iter().map(Part::Words));
    if let Some(example) = &f.example {
        all.push(Part::Words("This file shows it when it is checked:".to_owned()));
        all.push(Part::Lines(indented(example)));
    }
    all.extend(advice(answer).map(Part::Words));
    all
}

fn indented(text: &str) -> String {
    text.trim_end().lines().map(|l| format!("  {l}")).collect::<Vec<_>>().join("\n")
}

fn capitalised(s: &str) -> String {
    let mut chars = s.chars();
    match chars.next() {
        Some(c) => c.to_uppercase().collect::<String>() + chars.as_str(),
        None => String::new(),
    }
}

/// The problem whose paths a report names: of an `auto` state the first variance under which the question makes sense.
fn with_paths(answer: &Answer) -> Option<&crate::check::Problem> {
    answer.task.problems.iter().find(|p| !p.equation.left_path.is_empty())
}

/// A value of very many entries by its first ones; the reports for machines have all of them.
fn elided(value: &str) -> String {
    const LONG: usize = 480;
    const KEPT: usize = 160;
    let entries = value.matches(", ").count() + 1;
    if value.len() <= LONG {
        return value.to_owned();
    }
    let cut = value.char_indices().map(|(i, _)| i).take_while(|i| *i <= KEPT).last().unwrap_or(0);
    let cut = value[..cut].rfind(", ").unwrap_or(cut);
    let open = value[..cut].matches('[').count().saturating_sub(value[..cut].matches(']').count());
    format!("{}, … ({entries} entries){}", &value[..cut], "]".repeat(open))
}

/// The point and the two values: a row for each path where there is room for it.
fn witness_parts(w: &Witness, answer: &Answer) -> Vec<Part> {
    let point = if w.point.is_empty() {
        "everywhere".to_owned()
    } else {
        format!(
            "at {}",
            w.point.iter().map(|g| format!("{} = {}", g.name, elided(&g.value))).collect::<Vec<_>>().join(", ")
        )
    };
    let asked = with_paths(answer);
    let paths = asked.map(|p| (p.equation.left_path.clone(), p.equation.right_path.clone()));
    let limit = answer.finding.verdict() == Verdict::InLimit;
    let (left, right) = paths
        .filter(|_| answer.finding.evidence() == Evidence::Counterexample || limit)
        .unwrap_or(("after the map".into(), "before it".into()));
    let shape = asked.map(|p| &p.shape);
    let flow =
        matches!(shape, Some(crate::check::Shape::Flow)) && answer.finding.evidence() == Evidence::Counterexample;
    let component = format!(
        "  {}{}",
        if flow { format!("d/dt {}", w.component) } else { w.component.clone() },
        match w.quantity.as_str() {
            Witness::SIDES => " along the two paths:".to_owned(),
            Witness::SIDES_OF_CLAIM => ":".to_owned(),
            other => format!(", {other}:"),
        }
    );
    let mut lines = wrap(&component, WIDTH, 2);
    let column = width(&left).max(width(&right));
    if 6 + column + width(&w.left).max(width(&w.right)) <= WIDTH {
        lines.push(format!("    {}  {}", pad(&left, column), w.left));
        lines.push(format!("    {}  {}", pad(&right, column), w.right));
    } else {
        for (path, value) in [(&left, &w.left), (&right, &w.right)] {
            lines.extend(wrap(&format!("    {path}"), WIDTH, 2));
            lines.extend(wrap(&format!("      {value}"), WIDTH, 2));
        }
    }
    let kind = if w.exact { "exact" } else { "verified in intervals" };
    let mut parts = vec![Part::Words(format!("Witness ({kind}): {point}")), Part::Lines(lines.join("\n"))];
    parts.extend(w.no_rate.as_ref().map(|reason| Part::Words(format!("{}.", capitalised(reason)))));
    parts
}

/// The naturality square, drawn; objects with long names are letters in it.
fn square(answer: &Answer) -> Option<String> {
    let p = with_paths(answer)?;
    if answer.task.kind != check::Kind::Natural
        || answer.finding.verdict() == Verdict::Invalid
        || answer.task.morphisms.len() != 1
    {
        return None;
    }
    let (left, right) = (&p.equation.left_path, &p.equation.right_path);
    let mut first = left.split(" ; ");
    let mut second = right.split(" ; ");
    let (alpha_a, tf) = (first.next()?, first.next()?);
    let (sf, alpha_b) = (second.next()?, second.next()?);
    let name = |alpha: &str| {
        let inner = alpha.split_once('(').map_or("", |(_, n)| n);
        inner.strip_suffix(')').unwrap_or(inner).to_owned()
    };
    let (a, b) = (name(alpha_a), name(alpha_b));
    let (t, symbol) = if tf.starts_with("T(") { ("TS", "α") } else { ("S", "U") };
    let drawn = draw_square(&a, &b, sf, tf, t, symbol);
    if drawn.lines().all(|line| width(line) <= WIDTH) {
        return Some(drawn);
    }
    let map = sf.split_once(' ').map_or(sf, |(_, map)| map);
    let short = draw_square("A", "B", "S f", if t == "TS" { "T(S f)" } else { "S f" }, t, symbol);
    let named = [format!("A is {a}"), format!("B is {b}"), format!("f is {map}")];
    let lines: Vec<String> = named.iter().flat_map(|n| wrap(&format!("  {n}"), WIDTH, 2)).collect();
    Some(format!("{short}\n{}", lines.join("\n")))
}

fn draw_square(a: &str, b: &str, sf: &str, tf: &str, t: &str, symbol: &str) -> String {
    let w = (width(a).max(width(b)) + 3).max(width(sf) + 4);
    format!(
        "  {} ──{symbol}──▶ {t}({a})\n  {}         │\n  {}         │ {tf}\n  {}         ▼\n  {} ──{symbol}──▶ {t}({b})",
        pad(&format!("S({a})"), w),
        pad("  │", w),
        pad(&format!("  │ {sf}"), w),
        pad("  ▼", w),
        pad(&format!("S({b})"), w),
    )
}

/// What is to blame, each place with its text.
fn blame_text(sources: &Sources, blame: &[Blame]) -> String {
    let causes: Vec<String> = blame
        .iter()
        .map(|b| {
            let text = sources.get(b.span.source).slice(b.span).split_whitespace().collect::<Vec<_>>().join(" ");
            format!("Cause: `{text}`: {}.", b.why)
        })
        .collect();
    let what = if blame.len() == 1 { "this" } else { "these" };
    format!(
        "{}\nChecked by ablation: if {what} changed as needed, the types would prove the square.",
        causes.join("\n")
    )
}

/// The change that was seen to work, and, where nothing else says it, the cause.
fn repair_text(r: &Repair, blamed: bool) -> String {
    let mut changes: Vec<String> = r
        .edits
        .iter()
        .map(
            |(_, old, new)| if old.is_empty() { format!("add `{new}`") } else { format!("replace `{old}` by `{new}`") },
        )
        .collect();
    changes.dedup();
    let mut text = String::new();
    if !blamed {
        for x in &r.reasons {
            text.push_str(&format!("Cause: {x}.\n"));
        }
    }
    text.push_str(&format!("Repair (checked): {}; the square is then `{}`.", changes.join(", "), r.verdict.text()));
    text
}

/// What to do about it.
fn advice(answer: &Answer) -> Option<String> {
    let f = &answer.finding;
    let text = match f.verdict() {
        Verdict::UpToRate => format!(
            "If this is what you want, write `expect up to rate{}`.",
            f.rate().map_or(String::new(), |r| format!(" {r}"))
        ),
        Verdict::UpToRates => {
            "If this is what you want, write `expect up to rates`, with these factors behind it or without.".into()
        }
        Verdict::InLimit if other_order(answer).is_some() => {
            format!("If this is what you want, write `expect in limit (lr^{})`.", other_order(answer).unwrap_or_default())
        }
        Verdict::InLimit => "The step approximates a natural transformation; if that is enough, write `expect in limit`.".into(),
        Verdict::Fails => "If the check is there to show this failure, write `expect fails`.".into(),
        Verdict::Commutes if f.evidence() == Evidence::Numeric && answer.task.expects() == f.verdict() => {
            "The verdict rests on numbers alone, and `--require-proof` asks for more; a smaller size may be within reach of a proof.".into()
        }
        Verdict::Commutes if f.evidence() == Evidence::Generic && answer.task.expects() == f.verdict() => {
            "The verdict rests on the instances named, and `--require-proof` asks for more; `on` an architecture it may be within reach of a proof.".into()
        }
        Verdict::Commutes if answer.ok => return None,
        Verdict::Commutes => "The diagram does better than expected; write `expect commutes`.".into(),
        Verdict::Undecided if f.is_late() => "More time can be given with `--timeout`; without it there is no limit.".into(),
        Verdict::Undecided => "More work can be allowed with `--effort 10`; smaller sizes are easier to decide.".into(),
        Verdict::Invalid => return None,
    };
    Some(text)
}

/// The order found, if the check expects another one.
fn other_order(answer: &Answer) -> Option<usize> {
    order_differs(answer.task.expected.as_ref(), &answer.finding).and(answer.finding.order())
}
