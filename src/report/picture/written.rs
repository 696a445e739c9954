//! Pictures in the languages of other programs.

use super::super::latex::escape;
use super::{Arrow, Drawing, Mark, Picture};

/// A picture of `tikz-cd`, with its title above it. It needs that package, and `amsmath` and `xcolor`.
pub(super) fn tikz(picture: &Picture) -> String {
    let drawing = &picture.drawing;
    let columns = drawing.nodes.iter().map(|n| n.column).max().unwrap_or(0);
    let rows = drawing.nodes.iter().map(|n| n.row).max().unwrap_or(0);
    // Between wide objects an arrow is as long as the space of columns: its label, in script size, has to fit.
    let label = |a: &Arrow| a.label.chars().count() as f64;
    let longest = drawing.arrows.iter().map(label).fold(0.0, f64::max);
    let lines: Vec<String> = std::iter::once(picture.caption()).chain(drawing.notes.iter().cloned()).collect();
    let title: Vec<String> = lines.iter().map(|l| escape(l)).collect();
    let mut text = format!(
        "% {}\n\\begin{{tikzcd}}[column sep={:.1}em, row sep=large,\n  execute at end picture={{\\node[above, align=center{}] \
         at ([yshift=2ex]current bounding box.north) {{{}}};}}]\n",
        lines.iter().map(|l| one_line(l)).collect::<Vec<_>>().join("\n% "),
        (0.4 * longest + 1.5).max(4.8),
        colour(picture.mark),
        title.join("\\\\")
    );
    for row in 0..=rows {
        let mut cells = Vec::new();
        for column in 0..=columns {
            let Some(i) = drawing.nodes.iter().position(|n| (n.column, n.row) == (column, row)) else {
                cells.push(String::new());
                continue;
            };
            let mut cell = format!("\\text{{{}}}", escape(&drawing.nodes[i].label));
            for a in drawing.arrows.iter().filter(|a| a.from == i) {
                cell.push_str(&format!(
                    " \\arrow[{}, \"\\text{{{}}}\"{}]",
                    direction(drawing, a),
                    escape(&a.label),
                    style(a) + if drawing.is_far(a) { ", near end" } else { "" }
                ));
            }
            cells.push(cell);
        }
        let end = if row < rows { " \\\\" } else { "" };
        text.push_str(&format!("  {}{end}\n", cells.join(" & ")));
    }
    text.push_str("\\end{tikzcd}\n");
    text
}

fn direction(drawing: &Drawing, a: &Arrow) -> String {
    let (from, to) = (&drawing.nodes[a.from], &drawing.nodes[a.to]);
    let steps = |n: usize, m: usize, more: &str, less: &str| {
        if m >= n { more.repeat(m - n) } else { less.repeat(n - m) }
    };
    steps(from.column, to.column, "r", "l") + &steps(from.row, to.row, "d", "u")
}

fn colour(mark: Mark) -> &'static str {
    match mark {
        Mark::Fails => ", red",
        Mark::Partly => ", orange",
        Mark::Plain | Mark::Commutes => "",
    }
}

fn style(a: &Arrow) -> String {
    let color = colour(a.mark);
    let bend = match a.bend {
        0 => String::new(),
        b if b > 0 => format!(", bend left={}", 20 * b),
        b => format!(", bend right={}", -20 * b),
    };
    // The label of an arrow that points down stands on its left, as in the other pictures.
    format!("{color}{bend}")
}

/// A link to quiver: the format is `[0, number of objects, objects…, arrows…]` as JSON in base 64.
pub(super) fn quiver(picture: &Picture) -> String {
    let mut cells: Vec<serde_json::Value> = vec![0.into(), picture.drawing.nodes.len().into()];
    for n in &picture.drawing.nodes {
        cells.push(serde_json::json!([n.column, n.row, format!("\\text{{{}}}", escape(&n.label))]));
    }
    for a in &picture.drawing.arrows {
        let colour: [u32; 3] = match a.mark {
            Mark::Fails => [0, 100, 40],
            Mark::Partly => [35, 100, 40],
            Mark::Plain | Mark::Commutes => [0, 0, 0],
        };
        let options = serde_json::json!({ "curve": -a.bend, "colour": colour });
        cells.push(serde_json::json!([a.from, a.to, format!("\\text{{{}}}", escape(&a.label)), 0, options, colour]));
    }
    let text = serde_json::Value::Array(cells).to_string();
    format!("https://q.uiver.app/#q={}\n", base64(text.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let get = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = get(0) << 16 | get(1) << 8 | get(2);
        for k in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * k) & 63) as usize];
            text.push(if k > chunk.len() { '=' } else { char::from(sign) });
        }
    }
    text
}

/// A graph for Graphviz.
pub(super) fn dot(picture: &Picture) -> String {
    let quote = |t: &str| format!("\"{}\"", one_line(t).replace('\\', "\\\\").replace('"', "\\\""));
    let lines = std::iter::once(picture.caption()).chain(picture.drawing.notes.iter().cloned());
    let title = quote(&lines.collect::<Vec<_>>().join("\u{1}")).replace('\u{1}', "\\n");
    let mut text = format!("digraph {{\n  label={};\n  labelloc=t;\n  rankdir=LR;\n  node [shape=plaintext];\n", title);
    for (i, n) in picture.drawing.nodes.iter().enumerate() {
        text.push_str(&format!("  n{i} [label={}];\n", quote(&n.label)));
    }
    for a in &picture.drawing.arrows {
        let colour = match a.mark {
            Mark::Fails => ", color=red, fontcolor=red",
            Mark::Partly => ", color=orange3, fontcolor=orange3",
            Mark::Plain | Mark::Commutes => "",
        };
        text.push_str(&format!("  n{} -> n{} [label={}{colour}];\n", a.from, a.to, quote(&a.label)));
    }
    text.push_str("}\n");
    text
}

/// A flowchart for Mermaid, in which each picture is a part with its title.
pub(super) fn mermaid(pictures: &[Picture]) -> String {
    let safe = |t: &str| one_line(t).replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let mut text = String::from("flowchart LR\n");
    let mut links = 0;
    for (k, picture) in pictures.iter().enumerate() {
        let lines: Vec<String> =
            std::iter::once(&picture.caption()).chain(&picture.drawing.notes).map(|l| safe(l)).collect();
        text.push_str(&format!("  subgraph p{k}[\"{}\"]\n    direction LR\n", lines.join("<br/>")));
        for (i, n) in picture.drawing.nodes.iter().enumerate() {
            text.push_str(&format!("    p{k}n{i}[\"{}\"]\n", safe(&n.label)));
        }
        for a in &picture.drawing.arrows {
            text.push_str(&format!("    p{k}n{} -->|\"{}\"| p{k}n{}\n", a.from, safe(&a.label), a.to));
        }
        text.push_str("  end\n");
        for a in &picture.drawing.arrows {
            let colour = match a.mark {
                Mark::Fails => "red",
                Mark::Partly => "orange",
                Mark::Plain | Mark::Commutes => "",
            };
            if !colour.is_empty() {
                text.push_str(&format!("  linkStyle {links} stroke:{colour}\n"));
            }
            links += 1;
        }
    }
    text
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
