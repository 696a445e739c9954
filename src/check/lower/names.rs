//! Names of the components of an equation and of their entries, as a witness shows them.

use crate::check::{Component, task::Route};
use crate::core::variance::Variance;
use crate::model::architecture::Architecture;
use crate::model::morphism::MorphismPath;
use crate::model::optimizer::{Layout, OptimizerOn, State, side};

/// A path as it is drawn.
pub(super) fn route(path: &MorphismPath) -> Route {
    Route {
        source: path.source.name.clone(),
        steps: path.written.clone(),
        morphisms: path.parts.iter().map(|m| (m.name.clone(), m.span)).collect(),
    }
}

/// The names of the entries of a parameter vector.
fn entry_names(a: &Architecture) -> Vec<String> {
    a.blocks
        .iter()
        .flat_map(|b| match b.shape[..] {
            [] => vec![b.name.clone()],
            [n] => (0..n).map(|i| format!("{}[{i}]", b.name)).collect(),
            [m, n] => matrix(&b.name, m, n),
            _ => Vec::new(),
        })
        .collect()
}

fn matrix(name: &str, rows: usize, columns: usize) -> Vec<String> {
    (0..rows * columns).map(|k| format!("{name}[{}, {}]", k / columns, k % columns)).collect()
}

/// The parameters of an architecture as a component.
pub(super) fn component(name: &str, a: &Architecture, span: Option<crate::source::Span>) -> Component {
    Component { name: name.to_owned(), entries: entry_names(a), span }
}

/// The names of the entries of a state that is called so.
fn state_entries(s: &State, name: &str, a: &Architecture) -> Vec<String> {
    match s.layout() {
        Layout::Parameters => entry_names(a).iter().map(|n| format!("{name} (for {n})")).collect(),
        Layout::Numbers => a.blocks.iter().map(|b| format!("{name}[{}]", b.name)).collect(),
        Layout::Sides(v) => {
            let of = |shape: &[usize]| side(shape, v);
            a.blocks.iter().flat_map(|b| matrix(&format!("{name}[{}]", b.name), of(&b.shape), of(&b.shape))).collect()
        }
        Layout::Apart if matches!(s.variance, Variance::Metric | Variance::Cometric) => matrix(name, a.dim, a.dim),
        Layout::Apart => Vec::new(),
    }
}

/// The components of an optimizer: the point, then each state.
pub(super) fn components(o: &OptimizerOn) -> Vec<Component> {
    let a = &o.architecture;
    let mut all = vec![component("params", a, o.spans.first().copied())];
    for (i, s) in o.states.iter().enumerate() {
        let clash = a.blocks.iter().any(|b| b.name == s.name);
        let name = if clash { format!("the state {}", s.name) } else { s.name.clone() };
        let entries = state_entries(s, &name, a);
        all.push(Component { name, entries, span: o.spans.get(i + 1).copied() });
    }
    all
}
