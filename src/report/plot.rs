//! Small pictures inside the report: curves on logarithmic axes. Colours come from the page's style.

use super::markup::escape;

/// Points and the line through them, the second axis logarithmic and the first as is asked; nothing if fewer than two are
/// positive.
pub(super) fn log_log(points: &[(f64, f64)], x: &str, y: &str, linear: bool) -> String {
    let points: Vec<(f64, f64)> = points
        .iter()
        .filter(|(a, b)| *a > 0.0 && *b > 0.0 && a.is_finite() && b.is_finite())
        .map(|(a, b)| (if linear { *a } else { a.log10() }, b.log10()))
        .collect();
    let first = |v: f64| short(if linear { v } else { 10f64.powf(v) });
    let (x, y) = (if linear { x.to_owned() } else { format!("{x} (logarithmic)") }, format!("{y} (logarithmic)"));
    if points.len() < 2 {
        return String::new();
    }
    let range = |values: &mut dyn Iterator<Item = f64>| {
        let (lo, hi) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        if hi - lo < 1e-9 { (lo - 0.5, hi + 0.5) } else { (lo, hi) }
    };
    let (x0, x1) = range(&mut points.iter().map(|p| p.0));
    let (y0, y1) = range(&mut points.iter().map(|p| p.1));
    let at = |(a, b): (f64, f64)| (60.0 + (a - x0) / (x1 - x0) * 380.0, 170.0 - (b - y0) / (y1 - y0) * 150.0);
    let mut svg = format!(
        "<svg viewBox=\"0 0 460 215\" width=\"460\" role=\"img\" aria-label=\"{}\">\n\
         <path class=\"axis\" d=\"M60 15 V175 H445\" fill=\"none\"/>\n",
        escape(&format!("{y} against {x}"))
    );
    let path: Vec<String> = points.iter().map(|p| at(*p)).map(|(a, b)| format!("{a:.1} {b:.1}")).collect();
    svg.push_str(&format!("<path class=\"curve\" d=\"M{}\"/>\n", path.join(" L")));
    for p in &points {
        let (a, b) = at(*p);
        svg.push_str(&format!("<circle class=\"dot\" cx=\"{a:.1}\" cy=\"{b:.1}\" r=\"2.5\"/>\n"));
    }
    for (v, px, py, anchor) in [(x0, 60, 192, "start"), (x1, 440, 192, "end")] {
        svg.push_str(&format!("<text x=\"{px}\" y=\"{py}\" text-anchor=\"{anchor}\">{}</text>\n", first(v)));
    }
    for (v, py) in [(y0, 172), (y1, 24)] {
        svg.push_str(&format!("<text x=\"55\" y=\"{py}\" text-anchor=\"end\">{}</text>\n", short(10f64.powf(v))));
    }
    svg.push_str(&format!("<text x=\"250\" y=\"208\" text-anchor=\"middle\">{}</text>\n", escape(&x)));
    svg.push_str(&format!("<text x=\"66\" y=\"12\">{}</text>\n</svg>\n", escape(&y)));
    svg
}

/// A curve with its name.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    /// What it is of.
    pub name: String,
    /// Its points; those that are not positive are left out, since the second axis is logarithmic.
    pub points: Vec<(f64, f64)>,
}

/// Colours that stay apart on light and on dark ground.
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9"];

/// Curves over a common axis, the second axis logarithmic, with a legend below; nothing if there is nothing to draw. Every
/// second curve is dashed, so that curves that lie on each other are both seen.
pub(super) fn curves(all: &[Curve], x: &str, y: &str) -> String {
    type Drawn<'a> = (usize, &'a Curve, Vec<(f64, f64)>);
    let drawn: Vec<Drawn<'_>> = all
        .iter()
        .enumerate()
        .map(|(k, c)| {
            let good = |p: &&(f64, f64)| p.0.is_finite() && p.1.is_finite() && p.1 > 0.0;
            (k, c, c.points.iter().filter(good).map(|(a, b)| (*a, b.log10())).collect::<Vec<_>>())
        })
        .filter(|(_, _, points)| points.len() > 1)
        .collect();
    if drawn.is_empty() {
        return String::new();
    }
    let range = |of: fn(&(f64, f64)) -> f64| {
        let values = drawn.iter().flat_map(|(_, _, points)| points.iter().map(of));
        let (lo, hi) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        if hi - lo < 1e-9 { (lo - 0.5, hi + 0.5) } else { (lo, hi) }
    };
    let ((x0, x1), (y0, y1)) = (range(|p| p.0), range(|p| p.1));
    let at = |(a, b): &(f64, f64)| (70.0 + (a - x0) / (x1 - x0) * 600.0, 190.0 - (b - y0) / (y1 - y0) * 160.0);
    let height = 225 + 18 * drawn.len();
    let label = escape(&format!("{y} against {x}, {y} logarithmic"));
    let mut svg = format!(
        "<svg viewBox=\"0 0 700 {height}\" width=\"700\" height=\"{height}\" role=\"img\" aria-label=\"{label}\">\n\
         <path class=\"axis\" d=\"M70 20 V195 H680\" fill=\"none\"/>\n"
    );
    for (k, _, points) in &drawn {
        let path: Vec<String> = points.iter().map(at).map(|(a, b)| format!("{a:.1} {b:.1}")).collect();
        let (colour, dash) = look(*k);
        svg.push_str(&format!(
            "<path class=\"curve\" fill=\"none\" style=\"stroke:{colour}\"{dash} d=\"M{}\"/>\n",
            path.join(" L")
        ));
    }
    for (v, px, anchor) in [(x0, 70, "start"), (x1, 670, "end")] {
        svg.push_str(&format!("<text x=\"{px}\" y=\"211\" text-anchor=\"{anchor}\">{}</text>\n", short(v)));
    }
    for (v, py) in [(y0, 192), (y1, 32)] {
        svg.push_str(&format!("<text x=\"64\" y=\"{py}\" text-anchor=\"end\">{}</text>\n", short(10f64.powf(v))));
    }
    svg.push_str(&format!("<text x=\"370\" y=\"211\" text-anchor=\"middle\">{}</text>\n", escape(x)));
    svg.push_str(&format!("<text x=\"76\" y=\"16\">{} (logarithmic)</text>\n", escape(y)));
    for (row, (k, c, _)) in drawn.iter().enumerate() {
        let (colour, dash) = look(*k);
        let py = 232 + 18 * row;
        svg.push_str(&format!(
            "<path d=\"M70 {} H100\" class=\"curve\" style=\"stroke:{colour}\"{dash}/><text x=\"108\" y=\"{py}\">{}</text>\n",
            py - 4,
            escape(&c.name)
        ));
    }
    svg.push_str("</svg>\n");
    svg
}

/// The colour of a curve, and how it is broken.
fn look(k: usize) -> (&'static str, &'static str) {
    (COLOURS[k % COLOURS.len()], if k % 2 == 1 { " stroke-dasharray=\"6 4\"" } else { "" })
}

/// The height that a picture says it has.
pub(super) fn height(picture: &str) -> usize {
    let text = picture.split("height=\"").nth(1).and_then(|t| t.split('"').next());
    text.and_then(|t| t.parse().ok()).unwrap_or_default()
}

fn short(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if (0.01..1e4).contains(&value) {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.0e}")
    }
}
