//! Experiments: as text, as rows of a CSV file, as a picture.

use super::json::{CheckEntry, Report};
use super::plot::{Curve, curves};
use crate::check::trace::answer::ROUNDING;
use crate::check::trace::{Course, Drawn, Report as Trace, Row};

/// Rows of the printed table beside its head.
const ROWS: usize = 6;
/// Columns of the curve.
const CURVE: usize = 32;
/// Heights of the curve, from the lowest.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The lines below the question. Every number is one of floating point.
pub fn lines(trace: &Trace) -> Vec<String> {
    let mut all = Vec::new();
    let flows = trace.courses.iter().any(|c| c.flow);
    let steps = trace.courses.iter().any(|c| !c.flow) || trace.courses.is_empty();
    let mut settings = Vec::new();
    if steps {
        settings.push(format!("{} steps with lr = {}", trace.steps, short(trace.lr)));
    }
    if flows {
        let (time, tolerance) = (short(trace.time), short(trace.tolerance));
        settings.push(format!("flows to time {time} with tolerance {tolerance}"));
    }
    all.extend(wrapped(&format!("An experiment in floating point, and no proof: {}.", settings.join("; "))));
    if !trace.drawn.is_empty() {
        let drawn: Vec<String> = trace.drawn.iter().map(drawn).collect();
        all.extend(wrapped(&format!("Drawn from the seed: {}.", drawn.join(", "))));
    }
    if let Some(reason) = &trace.refused {
        all.extend(wrapped(&format!("No run was made: {reason}.")));
    }
    for course in &trace.courses {
        all.push(String::new());
        all.extend(course_lines(trace, course));
    }
    all
}

fn course_lines(trace: &Trace, c: &Course) -> Vec<String> {
    let checked = match &c.checked {
        Some(found) => format!("`check training` finds: {} ({})", found.verdict, found.evidence),
        None => "too large to be checked beside the experiment".to_owned(),
    };
    let mut all = wrapped(&format!("{}: {checked}", c.optimizer));
    let outputs = c.rows.iter().any(|r| r.output_distance.is_some());
    if !c.rows.is_empty() {
        let head = ["step", "time", "loss", "loss of image", "distance", "of outputs"];
        let wanted = if outputs { 6 } else { 5 };
        let rows: Vec<Vec<String>> = pick(&c.rows).into_iter().map(|r| cells(r, wanted)).collect();
        let width = |k: usize| rows.iter().map(|r| r[k].chars().count()).chain([head[k].len()]).max().unwrap_or(0);
        let line = |cells: Vec<&str>| {
            let padded: Vec<String> = cells.iter().enumerate().map(|(k, x)| format!("{x:>w$}", w = width(k))).collect();
            format!("  {}", padded.join("  "))
        };
        all.push(line(head[..wanted].to_vec()));
        all.extend(rows.iter().map(|r| line(r.iter().map(String::as_str).collect())));
        type Of = fn(&Row) -> Option<f64>;
        let kinds: [(&str, Of); 3] =
            [("loss", |r| r.source_loss), ("loss of image", |r| r.target_loss), ("distance", above_rounding)];
        for (name, of) in kinds {
            if let Some(curve) = curve(&c.rows, of) {
                all.push(format!("  {name:>13}  {curve}"));
            }
        }
    }
    if let Some(below) = &c.below {
        let level = trace.level.map(short).unwrap_or_default();
        let word = |at: &Option<f64>| match at {
            Some(at) if c.flow => format!("at t = {}", short(*at)),
            Some(at) => format!("after {at} steps"),
            None => "not in this run".to_owned(),
        };
        let (a, b) = (&trace.source, &trace.target);
        let (source, target) = (word(&below.source), word(&below.target));
        all.extend(wrapped(&format!("Loss below {level}: in {a} {source}, in {b} {target}.")));
    }
    if !c.shrinking.is_empty() {
        let list: Vec<String> =
            c.shrinking.iter().map(|s| format!("lr {}: {}", short(s.lr), short(s.distance))).collect();
        let slope = match c.slope {
            Some(slope) => format!("; slope {slope:.2}"),
            None => "; no slope, since some of them are rounding".to_owned(),
        };
        all.extend(wrapped(&format!("Distance at the same time: {}{slope}.", list.join(", "))));
    }
    all.extend(c.ended.iter().flat_map(|reason| wrapped(&format!("The run ended early: {reason}."))));
    all
}

/// The distance, where it is more than rounding.
fn above_rounding(r: &Row) -> Option<f64> {
    (r.distance > ROUNDING).then_some(r.distance)
}

fn drawn(d: &Drawn) -> String {
    match (&d.first[..], d.entries) {
        ([only], 1) => format!("{} = {}", d.name, short(*only)),
        (first, n) if first.len() == n && n <= 4 => {
            format!("{} = ({})", d.name, first.iter().map(|v| short(*v)).collect::<Vec<_>>().join(", "))
        }
        (_, n) => format!("{} ({n} entries)", d.name),
    }
}

fn cells(r: &Row, wanted: usize) -> Vec<String> {
    let number = |x: Option<f64>| x.map_or("-".to_owned(), |x| format!("{x:.3e}"));
    let all = [
        r.step.to_string(),
        short(r.time),
        number(r.source_loss),
        number(r.target_loss),
        format!("{:.1e}", r.distance),
        r.output_distance.map_or("-".to_owned(), |x| format!("{x:.1e}")),
    ];
    all.into_iter().take(wanted).collect()
}

/// Some of the rows, the first and the last among them.
fn pick(rows: &[Row]) -> Vec<&Row> {
    let last = rows.len().saturating_sub(1);
    let wanted: std::collections::BTreeSet<usize> = (0..=ROWS).map(|i| i * last / ROWS).collect();
    wanted.into_iter().filter_map(|i| rows.get(i)).collect()
}

/// A curve of bars on a logarithmic axis, with its first and last value; none if fewer than two values are positive.
fn curve(rows: &[Row], of: impl Fn(&Row) -> Option<f64>) -> Option<String> {
    let values: Vec<f64> = rows.iter().filter_map(&of).filter(|v| *v > 0.0 && v.is_finite()).collect();
    let (first, last) = (values.first()?, values.last()?);
    if values.len() < 2 {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|v| v.log10()).collect();
    let (low, high) = logs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let columns = CURVE.min(logs.len());
    let bar = |i: usize| {
        let v = logs[i * (logs.len() - 1) / (columns - 1).max(1)];
        let part = if high > low { (v - low) / (high - low) } else { 0.0 };
        BARS[((part * 7.0).round() as usize).min(7)]
    };
    let bars: String = (0..columns).map(bar).collect();
    Some(format!("{bars}  {first:.1e} to {last:.1e}"))
}

/// A number with few digits.
fn short(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e5).contains(&size) {
        let text = format!("{x:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{x:.2e}")
    }
}

fn wrapped(text: &str) -> Vec<String> {
    super::excerpt::wrap(text, 72, 2)
}

/// The experiments of a report, a row for each time.
pub fn csv(report: &Report) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head =
        ["file", "line", "optimizer", "step", "time", "source_loss", "target_loss", "distance", "output_distance"];
    // Writing to memory does not fail.
    let _ = writer.write_record(head);
    let number = |x: Option<f64>| x.map_or(String::new(), |x| format!("{x:e}"));
    for (check, trace) in traces(report) {
        for course in &trace.courses {
            for r in &course.rows {
                let _ = writer.write_record([
                    check.file.clone(),
                    check.line.to_string(),
                    course.optimizer.clone(),
                    r.step.to_string(),
                    format!("{}", r.time),
                    number(r.source_loss),
                    number(r.target_loss),
                    number(Some(r.distance)),
                    number(r.output_distance),
                ]);
            }
        }
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn traces(report: &Report) -> impl Iterator<Item = (&CheckEntry, &Trace)> {
    report.checks.iter().filter_map(|c| c.trace.as_ref().map(|t| (c, t)))
}

/// The losses and the distances of an experiment, against time.
pub(super) fn pictures(trace: &Trace) -> [String; 2] {
    type Of = fn(&Row) -> Option<f64>;
    let points = |c: &Course, of: Of| c.rows.iter().filter_map(|r| Some((r.time, of(r)?))).collect::<Vec<_>>();
    let mut losses = Vec::new();
    let mut distances = Vec::new();
    for c in &trace.courses {
        losses.push(Curve { name: format!("{}, {}", c.optimizer, trace.source), points: points(c, |r| r.source_loss) });
        losses.push(Curve { name: format!("{}, {}", c.optimizer, trace.target), points: points(c, |r| r.target_loss) });
        distances.push(Curve { name: c.optimizer.clone(), points: points(c, |r| Some(r.distance)) });
    }
    [curves(&losses, "time", "loss"), curves(&distances, "time", "relative distance")]
}

/// The pictures of all experiments of a report, one below the other, as one SVG file.
pub fn svg(report: &Report) -> String {
    let style = "text{font:12px sans-serif;fill:#222}.title{font-weight:bold}.axis{stroke:#666;fill:none}\
                 .curve{fill:none;stroke-width:1.6}";
    let mut y = 10;
    let mut body = String::new();
    for (check, trace) in traces(report) {
        let title = super::markup::escape(&format!("{} ({}:{})", check.question, check.file, check.line));
        body.push_str(&format!("<text class=\"title\" x=\"10\" y=\"{}\">{title}</text>\n", y + 14));
        y += 24;
        for picture in pictures(trace).iter().filter(|p| !p.is_empty()) {
            let height = super::plot::height(picture);
            body.push_str(&format!("<g transform=\"translate(0 {y})\">\n{picture}</g>\n"));
            y += height + 10;
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 700 {y}\" width=\"700\" height=\"{y}\">\n\
         <rect width=\"700\" height=\"{y}\" fill=\"#fff\"/>\n<style>{style}</style>\n{body}</svg>\n"
    )
}
