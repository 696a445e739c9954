//! Pictures in the languages of other programs.

use super::super::latex::escape;
use super::{Arrow, Mark, Picture};

/// A picture of `tikz-cd`. It needs that package, and `xcolor` for failing arrows.
pub(super) fn tikz(picture: &Picture) -> String {
    let columns = picture.nodes.iter().map(|n| n.column).max().unwrap_or(0);
    let rows = picture.nodes.iter().map(|n| n.row).max().unwrap_or(0);
    // Between wide objects an arrow is as long as the space of columns: its label, in script size, has to fit.
    let label = |a: &Arrow| a.label.chars().count() as f64;
    let longest = picture.arrows.iter().map(label).fold(0.0, f64::max);
    let mut text = format!(
        "% {}\n\\begin{{tikzcd}}[column sep={:.1}em, row sep=large]\n",
        one_line(&caption(picture)),
        (0.4 * longest + 1.5).max(4.8)
    );
    for row in 0..=rows {
        let mut cells = Vec::new();
        for column in 0..=columns {
            let Some(i) = picture.nodes.iter().position(|n| (n.column, n.row) == (column, row)) else {
                cells.push(String::new());
                continue;
            };
            let mut cell = format!("\\text{{{}}}", tex(&picture.nodes[i].label));
            for a in picture.arrows.iter().filter(|a| a.from == i) {
                cell.push_str(&format!(
                    " \\arrow[{}, \"\\text{{{}}}\"{}]",
                    direction(picture, a),
                    tex(&a.label),
                    style(a)
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

fn tex(text: &str) -> String {
    let escaped = escape(text).replace('α', "$\\alpha$").replace('θ', "$\\theta$");
    escaped.replace('→', "$\\to$").replace('∘', "$\\circ$")
}

fn direction(picture: &Picture, a: &Arrow) -> String {
    let (from, to) = (&picture.nodes[a.from], &picture.nodes[a.to]);
    let steps = |n: usize, m: usize, more: &str, less: &str| {
        if m >= n { more.repeat(m - n) } else { less.repeat(n - m) }
    };
    steps(from.column, to.column, "r", "l") + &steps(from.row, to.row, "d", "u")
}

fn style(a: &Arrow) -> String {
    let color = match a.mark {
        Mark::Fails => ", red",
        Mark::Partly => ", orange",
        Mark::Plain | Mark::Commutes => "",
    };
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
    let mut cells: Vec<serde_json::Value> = vec![0.into(), picture.nodes.len().into()];
    for n in &picture.nodes {
        cells.push(serde_json::json!([n.column, n.row, format!("\\text{{{}}}", tex(&n.label))]));
    }
    for a in &picture.arrows {
        let colour: [u32; 3] = match a.mark {
            Mark::Fails => [0, 100, 40],
            Mark::Partly => [35, 100, 40],
            Mark::Plain | Mark::Commutes => [0, 0, 0],
        };
        let options = serde_json::json!({ "curve": -a.bend, "colour": colour });
        cells.push(serde_json::json!([a.from, a.to, format!("\\text{{{}}}", tex(&a.label)), 0, options, colour]));
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
    let mut text = format!(
        "digraph {{\n  label={};\n  labelloc=t;\n  rankdir=LR;\n  node [shape=plaintext];\n",
        quote(&caption(picture))
    );
    for (i, n) in picture.nodes.iter().enumerate() {
        text.push_str(&format!("  n{i} [label={}];\n", quote(&n.label)));
    }
    for a in &picture.arrows {
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

/// A flowchart for Mermaid.
pub(super) fn mermaid(picture: &Picture) -> String {
    let quote =
        |t: &str| format!("\"{}\"", one_line(t).replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;"));
    let mut text = format!("%% {}\nflowchart LR\n", one_line(&caption(picture)));
    for (i, n) in picture.nodes.iter().enumerate() {
        text.push_str(&format!("  n{i}[{}]\n", quote(&n.label)));
    }
    for (i, a) in picture.arrows.iter().enumerate() {
        text.push_str(&format!("  n{} -->|{}| n{}\n", a.from, quote(&a.label), a.to));
        let colour = match a.mark {
            Mark::Fails => "red",
            Mark::Partly => "orange",
            Mark::Plain | Mark::Commutes => continue,
        };
        text.push_str(&format!("  linkStyle {i} stroke:{colour}\n"));
    }
    text
}

fn caption(picture: &Picture) -> String {
    if picture.verdict.is_empty() { picture.title.clone() } else { format!("{}: {}", picture.title, picture.verdict) }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
