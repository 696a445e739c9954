//! Where the objects of a system stand: on the grid that its two indices make, in a row or several, or in layers.

use std::collections::BTreeSet;

/// A place of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The column, from 0.
    pub column: usize,
    /// The row, from 0.
    pub row: usize,
}

/// A chain of more objects is drawn in several rows.
const LONG: usize = 8;

/// The objects of a row of a long chain.
const ACROSS: usize = 5;

/// So many layers are drawn, from the smallest objects.
const LAYERS: usize = 10;

/// The places of objects, given their labels and the arrows between them; none for those that are left out.
pub(super) fn arrange(labels: &[String], arrows: &[(usize, usize)], cone: bool) -> Vec<Option<Place>> {
    if let Some(places) = grid(labels, arrows) {
        return places.into_iter().map(Some).collect();
    }
    if let Some(order) = chain(labels.len(), arrows).filter(|o| o.len() > LONG && !cone) {
        let mut places = vec![None; labels.len()];
        for (i, object) in order.into_iter().enumerate() {
            // Every second row runs back, so that its first object stands below the last one of the row above.
            let (row, at) = (i / ACROSS, i % ACROSS);
            let column = if row % 2 == 0 { at } else { ACROSS - 1 - at };
            places[object] = Some(Place { column, row });
        }
        return places;
    }
    // The legs of a cone lead to every object.
    layers(labels.len(), arrows, if cone { LAYERS / 2 } else { LAYERS })
}

/// The numbers behind a name: of `Net(2, 3)` they are 2 and 3.
fn numbers(label: &str) -> Option<(&str, Vec<u64>)> {
    let (name, rest) = label.split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    let all: Option<Vec<u64>> = inner.split(", ").map(|n| n.parse().ok()).collect();
    Some((name, all?))
}

/// The places on a grid, if the objects are members of one family, two of whose sizes differ between them, every arrow
/// changes one of the two, to the next that there is, and all arrows that change the same one do it in one direction.
fn grid(labels: &[String], arrows: &[(usize, usize)]) -> Option<Vec<Place>> {
    let members: Vec<(&str, Vec<u64>)> = labels.iter().map(|l| numbers(l)).collect::<Option<_>>()?;
    let (name, sizes) = members.first()?;
    if members.iter().any(|(n, s)| n != name || s.len() != sizes.len()) {
        return None;
    }
    let values = |k: usize| members.iter().filter_map(|(_, s)| s.get(k).copied()).collect::<BTreeSet<u64>>();
    let varied: Vec<usize> = (0..sizes.len()).filter(|k| values(*k).len() > 1).collect();
    let [first, second] = varied[..] else { return None };
    let axis = |k: usize| -> Option<Vec<usize>> {
        let order: Vec<u64> = values(k).into_iter().collect();
        let rank: Vec<usize> =
            members.iter().map(|(_, s)| order.iter().position(|v| s.get(k) == Some(v))).collect::<Option<_>>()?;
        let moved: BTreeSet<i64> =
            arrows.iter().map(|(a, b)| rank[*b] as i64 - rank[*a] as i64).filter(|step| *step != 0).collect();
        // Arrows point to the right and down.
        match moved.into_iter().collect::<Vec<_>>()[..] {
            [1] => Some(rank),
            [-1] => Some(rank.into_iter().map(|r| order.len() - 1 - r).collect()),
            _ => None,
        }
    };
    let (columns, rows) = (axis(first)?, axis(second)?);
    let straight = |(a, b): &(usize, usize)| (columns[*a] == columns[*b]) != (rows[*a] == rows[*b]);
    if !arrows.iter().all(straight) {
        return None;
    }
    Some(columns.into_iter().zip(rows).map(|(column, row)| Place { column, row }).collect())
}

/// The objects of a chain in the order of its arrows; none if it is no chain.
fn chain(objects: usize, arrows: &[(usize, usize)]) -> Option<Vec<usize>> {
    let mut next = vec![None; objects];
    let mut before = vec![false; objects];
    for (a, b) in arrows {
        if next[*a].replace(*b).is_some() || std::mem::replace(&mut before[*b], true) {
            return None;
        }
    }
    let mut at = before.iter().position(|b| !b)?;
    let mut order = vec![at];
    while let Some(to) = next[at].filter(|_| order.len() <= objects) {
        order.push(to);
        at = to;
    }
    (order.len() == objects).then_some(order)
}

/// Layers by the distance from the smallest objects; in a layer each object stands near those that lead to it.
fn layers(objects: usize, arrows: &[(usize, usize)], most: usize) -> Vec<Option<Place>> {
    let mut depth = vec![0usize; objects];
    for _ in 0..objects {
        let before = depth.clone();
        for (a, b) in arrows {
            depth[*a] = depth[*a].max(depth[*b] + 1);
        }
        if before == depth {
            break;
        }
    }
    let deepest = depth.iter().copied().max().unwrap_or(0).min(most - 1);
    let mut all: Vec<Vec<usize>> = vec![Vec::new(); deepest + 1];
    for (object, d) in depth.iter().enumerate().filter(|(_, d)| **d <= deepest) {
        all[deepest - d].push(object);
    }
    let mut row = vec![0usize; objects];
    let number = |layer: &[usize], row: &mut Vec<usize>| layer.iter().enumerate().for_each(|(r, o)| row[*o] = r);
    all.iter().for_each(|layer| number(layer, &mut row));
    // A few sweeps to the right and back; ties keep the order in which the objects are met.
    for sweep in 0..4 {
        for k in 0..all.len() {
            let k = if sweep % 2 == 0 { k } else { all.len() - 1 - k };
            let mean = |object: usize| {
                let near = arrows.iter().filter_map(|(a, b)| match sweep % 2 == 0 {
                    true => (*b == object).then_some(row[*a]),
                    false => (*a == object).then_some(row[*b]),
                });
                let near: Vec<usize> = near.collect();
                if near.is_empty() { row[object] * 1000 } else { near.iter().sum::<usize>() * 1000 / near.len() }
            };
            let mut layer = all[k].clone();
            layer.sort_by_key(|o| mean(*o));
            number(&layer, &mut row);
            all[k] = layer;
        }
    }
    let mut places = vec![None; objects];
    for (column, layer) in all.iter().enumerate() {
        for (row, object) in layer.iter().enumerate() {
            places[*object] = Some(Place { column, row });
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::{Place, arrange};

    fn places(labels: &[&str], arrows: &[(usize, usize)]) -> Vec<Option<(usize, usize)>> {
        let labels: Vec<String> = labels.iter().map(|l| (*l).to_owned()).collect();
        arrange(&labels, arrows, false).into_iter().map(|p| p.map(|Place { column, row }| (column, row))).collect()
    }

    #[test]
    fn two_indices_make_a_grid() {
        let found = places(&["Net(2, 2)", "Net(1, 2)", "Net(2, 1)", "Net(1, 1)"], &[(0, 1), (0, 2), (1, 3), (2, 3)]);
        assert_eq!(found, [Some((0, 0)), Some((1, 0)), Some((0, 1)), Some((1, 1))]);
    }

    #[test]
    fn a_long_chain_turns() {
        let labels: Vec<String> = (0..12).map(|k| format!("S({k})")).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let arrows: Vec<(usize, usize)> = (0..11).map(|k| (k + 1, k)).collect();
        let found = places(&labels, &arrows);
        assert_eq!((found[11], found[7], found[6], found[2]), (Some((0, 0)), Some((4, 0)), Some((4, 1)), Some((0, 1))));
        for (a, b) in arrows {
            let ((c, r), (d, s)) = (found[a].expect("a place"), found[b].expect("a place"));
            assert_eq!(c.abs_diff(d) + r.abs_diff(s), 1, "neighbours stand side by side");
        }
    }

    #[test]
    fn arrows_between_layers_do_not_cross_without_need() {
        // Two chains that are met in the wrong order.
        let found = places(&["a", "b", "d", "c", "e"], &[(0, 3), (1, 2), (2, 4), (3, 4)]);
        let row = |k: usize| found[k].map(|p| p.1);
        assert_eq!((row(0) < row(1), row(3) < row(2)), (true, true), "{found:?}");
    }
}
