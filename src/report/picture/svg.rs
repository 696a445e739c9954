//! Pictures as SVG, readable on light and dark.

use super::super::markup::escape;
use super::{Arrow, Drawing, Mark, Picture};

/// The width of a character of the font, and the distance of rows.
const CHARACTER: f64 = 8.4;
const ROW: f64 = 110.0;

/// What is wider is not made smaller inside a page.
const FITS: f64 = 1250.0;

const STYLE: &str = "\
:root { color-scheme: light dark; }
text { font: 14px ui-monospace, monospace; fill: #1b1f24; text-anchor: middle; } .note { fill: #57606a; }
.plain { stroke: #1b1f24; } .commutes { stroke: #116329; } .partly { stroke: #7d4e00; } .fails { stroke: #a40e26; }
path { fill: none; stroke-width: 1.3; } .head { stroke: none; }
.head.plain { fill: #1b1f24; } .head.commutes { fill: #116329; } .head.partly { fill: #7d4e00; } .head.fails { fill: #a40e26; }
text.commutes { fill: #116329; stroke: none; } text.partly { fill: #7d4e00; stroke: none; } text.fails { fill: #a40e26; stroke: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .note { fill: #9198a1; } .plain { stroke: #e6edf3; } .head.plain { fill: #e6edf3; }
  .commutes { stroke: #4ac26b; } .partly { stroke: #d4a72c; } .fails { stroke: #ff8182; }
  .head.commutes, text.commutes { fill: #4ac26b; } .head.partly, text.partly { fill: #d4a72c; } .head.fails, text.fails { fill: #ff8182; }
}
";

fn width(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER
}

/// The distance of columns: the longest label of an arrow and of an object fit.
fn column(drawing: &Drawing) -> f64 {
    let nodes = drawing.nodes.iter().map(|n| width(&n.label)).fold(0.0, f64::max);
    let arrows = drawing.arrows.iter().map(|a| width(&a.label)).fold(0.0, f64::max);
    (nodes + arrows + 50.0).clamp(150.0, 480.0)
}

/// A file of its own, with its title.
pub(super) fn draw(picture: &Picture) -> String {
    let caption = picture.caption();
    let lines: Vec<(&str, &str)> = std::iter::once((caption.as_str(), picture.mark.class()))
        .chain(picture.drawing.notes.iter().map(|n| (n.as_str(), "note")))
        .collect();
    let head = format!("<title>{}</title>\n<style>\n{STYLE}</style>\n", escape(&caption));
    body(&picture.drawing, &lines, "xmlns=\"http://www.w3.org/2000/svg\"", &head)
}

/// A part of a page, which has the title and the style.
pub(super) fn inline(picture: &Picture) -> String {
    let lines: Vec<(&str, &str)> = picture.drawing.notes.iter().map(|n| (n.as_str(), "note")).collect();
    let label = format!("class=\"diagram\" aria-label=\"{}\"", escape(&picture.caption()));
    body(&picture.drawing, &lines, &label, "")
}

fn body(drawing: &Drawing, lines: &[(&str, &str)], attributes: &str, head: &str) -> String {
    let step = column(drawing);
    let margin = drawing.nodes.iter().map(|n| width(&n.label) / 2.0).fold(40.0, f64::max) + 20.0;
    let side = drawing
        .arrows
        .iter()
        .filter(|a| drawing.nodes[a.from].column == 0 && drawing.nodes[a.to].column == 0)
        .map(|a| width(&a.label) + 14.0 - margin + 20.0)
        .fold(0.0, f64::max);
    let top = 46.0 + 22.0 * lines.len() as f64;
    let place = |i: usize| {
        let n = &drawing.nodes[i];
        (margin + side + n.column as f64 * step, top + n.row as f64 * ROW)
    };
    let columns = drawing.nodes.iter().map(|n| n.column).max().unwrap_or(0);
    let rows = drawing.nodes.iter().map(|n| n.row).max().unwrap_or(0);
    let widest = lines.iter().map(|(text, _)| width(text) + 40.0).fold(0.0, f64::max);
    let w = (2.0 * margin + side + columns as f64 * step).max(widest);
    let h = top + 40.0 + rows as f64 * ROW;
    // What is hardly wider than a page is made as wide as it; what is much wider is scrolled.
    let fits = if w <= FITS { attributes.replace("\"diagram\"", "\"diagram fits\"") } else { attributes.to_owned() };
    let mut svg =
        format!("<svg {fits} viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" height=\"{h:.0}\" role=\"img\">\n{head}");
    for (i, (text, class)) in lines.iter().enumerate() {
        let y = 24 + 22 * i;
        svg.push_str(&format!("<text class=\"{class}\" x=\"{:.0}\" y=\"{y}\">{}</text>\n", w / 2.0, escape(text)));
    }
    for (i, n) in drawing.nodes.iter().enumerate() {
        let (x, y) = place(i);
        svg.push_str(&format!("<text x=\"{x:.1}\" y=\"{:.1}\">{}</text>\n", y + 5.0, escape(&n.label)));
    }
    for a in &drawing.arrows {
        let half = |i: usize| width(&drawing.nodes[i].label) / 2.0 + 8.0;
        svg.push_str(&arrow(a, place(a.from), place(a.to), (half(a.from), half(a.to)), drawing.is_far(a)));
    }
    svg.push_str("</svg>\n");
    svg
}

fn arrow(a: &Arrow, (x1, y1): (f64, f64), (x2, y2): (f64, f64), (w1, w2): (f64, f64), fan: bool) -> String {
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
    let class = a.mark.class();
    let head =
        format!("{ex:.1},{ey:.1} {:.1},{:.1} {:.1},{:.1}", bx - ty * 4.0, by + tx * 4.0, bx + ty * 4.0, by - tx * 4.0);
    // The label stands above a line to the right or the left, on the left of one that points down, and on the outer side
    // of a bend, off the line.
    let outer = if a.bend < 0 || a.bend == 0 && (ux < -1e-9 || ux.abs() < 1e-9 && uy > 0.0) { -1.0 } else { 1.0 };
    let side = (14.0 + uy.abs() * width(&a.label) / 2.0) * outer;
    // Diagonals cross in their middles, and their labels stand before it; those of a fan stand where it has opened.
    let along = match (a.bend == 0 && dx.abs() > 1.0 && dy.abs() > 1.0, fan) {
        (false, _) => 0.5,
        (true, false) => 0.3,
        (true, true) => 0.75,
    };
    let (mx, my) = (sx + (ex - sx) * along, sy + (ey - sy) * along);
    let (lx, ly) = (mx + uy * (bend / 2.0 + side), my - ux * (bend / 2.0 + side) + 5.0);
    format!(
        "<path class=\"{class}\" d=\"M{sx:.1} {sy:.1} Q{cx:.1} {cy:.1} {bx:.1} {by:.1}\"/>\n\
         <polygon class=\"head {class}\" points=\"{head}\"/>\n<text class=\"{}\" x=\"{lx:.1}\" y=\"{ly:.1}\">{}</text>\n",
        if a.mark == Mark::Plain { "" } else { class },
        escape(&a.label)
    )
}
