//! Pictures as SVG, readable on light and dark.

use super::super::markup::escape;
use super::{Arrow, Mark, Picture};

/// The width of a character of the font, and the distance of rows.
const CHARACTER: f64 = 8.4;
const ROW: f64 = 110.0;

const STYLE: &str = "\
:root { color-scheme: light dark; }
text { font: 14px ui-monospace, monospace; fill: #1b1f24; text-anchor: middle; }
.plain { stroke: #1b1f24; } .commutes { stroke: #116329; } .partly { stroke: #7d4e00; } .fails { stroke: #a40e26; }
path { fill: none; stroke-width: 1.3; } .head { stroke: none; }
.head.plain { fill: #1b1f24; } .head.commutes { fill: #116329; } .head.partly { fill: #7d4e00; } .head.fails { fill: #a40e26; }
text.commutes { fill: #116329; stroke: none; } text.partly { fill: #7d4e00; stroke: none; } text.fails { fill: #a40e26; stroke: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .plain { stroke: #e6edf3; } .head.plain { fill: #e6edf3; }
  .commutes { stroke: #4ac26b; } .partly { stroke: #d4a72c; } .fails { stroke: #ff8182; }
  .head.commutes, text.commutes { fill: #4ac26b; } .head.partly, text.partly { fill: #d4a72c; } .head.fails, text.fails { fill: #ff8182; }
}
";

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "plain",
        Mark::Commutes => "commutes",
        Mark::Partly => "partly",
        Mark::Fails => "fails",
    }
}

fn width(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER
}

/// The distance of columns: the longest label of an arrow and of an object fit.
fn column(picture: &Picture) -> f64 {
    let nodes = picture.nodes.iter().map(|n| width(&n.label)).fold(0.0, f64::max);
    let arrows = picture.arrows.iter().map(|a| width(&a.label)).fold(0.0, f64::max);
    (nodes + arrows + 50.0).clamp(150.0, 480.0)
}

pub(super) fn draw(picture: &Picture) -> String {
    let step = column(picture);
    let margin = picture.nodes.iter().map(|n| width(&n.label) / 2.0).fold(40.0, f64::max) + 20.0;
    let side = picture
        .arrows
        .iter()
        .filter(|a| picture.nodes[a.from].column == picture.nodes[a.to].column)
        .map(|a| width(&a.label) + 10.0)
        .fold(0.0, f64::max);
    let place = |i: usize| {
        let n = &picture.nodes[i];
        (margin + side + n.column as f64 * step, 70.0 + n.row as f64 * ROW)
    };
    let columns = picture.nodes.iter().map(|n| n.column).max().unwrap_or(0);
    let rows = picture.nodes.iter().map(|n| n.row).max().unwrap_or(0);
    let caption = if picture.verdict.is_empty() {
        picture.title.clone()
    } else {
        format!("{}: {}", picture.title, picture.verdict)
    };
    let w = (2.0 * (margin + side) + columns as f64 * step).max(width(&caption) + 40.0);
    let h = 110.0 + rows as f64 * ROW;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" height=\"{h:.0}\" role=\"img\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n<text class=\"{}\" x=\"{:.0}\" y=\"24\">{}</text>\n",
        escape(&caption),
        class(picture.mark),
        w / 2.0,
        escape(&caption)
    );
    for (i, n) in picture.nodes.iter().enumerate() {
        let (x, y) = place(i);
        svg.push_str(&format!("<text x=\"{x:.1}\" y=\"{:.1}\">{}</text>\n", y + 5.0, escape(&n.label)));
    }
    for a in &picture.arrows {
        let half = |i: usize| width(&picture.nodes[i].label) / 2.0 + 8.0;
        svg.push_str(&arrow(a, place(a.from), place(a.to), (half(a.from), half(a.to))));
    }
    svg.push_str("</svg>\n");
    svg
}

fn arrow(a: &Arrow, (x1, y1): (f64, f64), (x2, y2): (f64, f64), (w1, w2): (f64, f64)) -> String {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    // A label is a box: the line starts where it leaves it.
    let out = |w: f64| {
        if ux.abs() < 1e-9 {
            16.0
        } else {
            (w / ux.abs()).min(if uy.abs() < 1e-9 { f64::MAX } else { 16.0 / uy.abs() })
        }
    };
    let (sx, sy) = (x1 + ux * out(w1), y1 + uy * out(w1));
    let (ex, ey) = (x2 - ux * out(w2), y2 - uy * out(w2));
    let bend = f64::from(a.bend) * 34.0;
    let (cx, cy) = ((sx + ex) / 2.0 + uy * bend, (sy + ey) / 2.0 - ux * bend);
    let (tx, ty) = (ex - cx, ey - cy);
    let t = tx.hypot(ty).max(1.0);
    let (tx, ty) = (tx / t, ty / t);
    let (bx, by) = (ex - tx * 9.0, ey - ty * 9.0);
    let class = class(a.mark);
    let head =
        format!("{ex:.1},{ey:.1} {:.1},{:.1} {:.1},{:.1}", bx - ty * 4.0, by + tx * 4.0, bx + ty * 4.0, by - tx * 4.0);
    // The label stands to the left of the direction, or on the outer side of a bend, off the line.
    let side = (14.0 + uy.abs() * width(&a.label) / 2.0) * if a.bend < 0 { -1.0 } else { 1.0 };
    // Diagonals cross in their middles: their labels stand before it.
    let along = if a.bend == 0 && dx.abs() > 1.0 && dy.abs() > 1.0 { 0.3 } else { 0.5 };
    let (mx, my) = (sx + (ex - sx) * along, sy + (ey - sy) * along);
    let (lx, ly) = (mx + uy * (bend / 2.0 + side), my - ux * (bend / 2.0 + side) + 5.0);
    format!(
        "<path class=\"{class}\" d=\"M{sx:.1} {sy:.1} Q{cx:.1} {cy:.1} {bx:.1} {by:.1}\"/>\n\
         <polygon class=\"head {class}\" points=\"{head}\"/>\n<text class=\"{}\" x=\"{lx:.1}\" y=\"{ly:.1}\">{}</text>\n",
        if a.mark == Mark::Plain { "" } else { class },
        escape(&a.label)
    )
}
