//! The definitions of the table as trees of the language, parsed once.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::prim::{COMPOSED, ENTRYWISE, Is};
use crate::source::{Source, Sources, Span};
use crate::syntax::tree::{Expr, ExprKind, ItemKind};

/// A definition of the table.
#[derive(Debug)]
pub struct Definition {
    /// The names of its parameters.
    pub params: Vec<String>,
    /// Its value.
    pub body: Expr,
}

impl Definition {
    /// The value, as if it were written at a place of a file: faults are reported there.
    pub fn placed(&self, at: Span) -> Expr {
        placed(&self.body, at)
    }
}

/// Every definition by name and number of arguments.
static DEFINITIONS: LazyLock<FxHashMap<(&'static str, usize), Definition>> = LazyLock::new(|| {
    let rows = ENTRYWISE.iter().filter_map(|row| match row.is {
        Is::Defined(body) => Some((row.name, vec!["x"], body)),
        Is::Kernel(_) | Is::Power(_) => None,
    });
    let composed = COMPOSED.iter().map(|c| (c.name, c.params.iter().map(|p| p.0).collect(), c.body));
    let all: Vec<(&str, Vec<&str>, &str)> = rows.chain(composed).collect();
    let texts: Vec<String> =
        all.iter().map(|(n, params, body)| format!("def {n}({}) = {body}\n", params.join(", "))).collect();
    let mut sources = Sources::default();
    let id = sources.add(Source::new("the table of primitives", &texts.concat()));
    let (file, _) = crate::syntax::parse(id, sources.get(id));
    let bodies = file.items.into_iter().filter_map(|item| match item.kind {
        ItemKind::Def(def) => Some(def.body),
        _ => None,
    });
    let named = all.into_iter().zip(bodies).map(|((name, params, _), body)| {
        let params: Vec<String> = params.into_iter().map(str::to_owned).collect();
        ((name, params.len()), Definition { params, body })
    });
    named.collect()
});

/// The definition of a function of the table that is written in the language.
pub fn definition(name: &str, arguments: usize) -> Option<&'static Definition> {
    let key = super::prim::names().find(|n| *n == name)?;
    DEFINITIONS.get(&(key, arguments))
}

/// An expression of the kinds that definitions are made of, at another place.
fn placed(e: &Expr, at: Span) -> Expr {
    let inner = |x: &Expr| Box::new(placed(x, at));
    let kind = match &e.kind {
        ExprKind::Neg(x) => ExprKind::Neg(inner(x)),
        ExprKind::Binary(op, a, b) => ExprKind::Binary(*op, inner(a), inner(b)),
        ExprKind::Power(a, b) => ExprKind::Power(inner(a), inner(b)),
        ExprKind::Call(f, args) => {
            let mut f = f.clone();
            f.span = at;
            ExprKind::Call(f, args.iter().map(|x| placed(x, at)).collect())
        }
        other => other.clone(),
    };
    Expr { kind, span: at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_is_read() {
        for row in ENTRYWISE {
            let defined = matches!(row.is, Is::Defined(_));
            assert_eq!(definition(row.name, 1).is_some(), defined, "{}", row.name);
        }
        for c in &COMPOSED {
            let found = definition(c.name, c.params.len()).unwrap_or_else(|| panic!("{}", c.name));
            let names: Vec<&str> = c.params.iter().map(|p| p.0).collect();
            assert_eq!(found.params, names);
        }
    }
}
