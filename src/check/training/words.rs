//! An invariant, and what stands in its way, in words.

use super::relation::{Form, Link, Relation, Way};
use super::{Asked, Kind};
use crate::check::formula;
use crate::check::rate;
use crate::core::variance::Variance;
use crate::syntax::tree::{Expr, ExprKind, Optimizer, Statement, StatementKind};

/// One sentence for each equation of a relation, without a full stop.
pub fn invariant(asked: &mut Asked, relation: &Relation) -> Vec<String> {
    let mut lines = Vec::new();
    for link in &relation.links {
        lines.push(sentence(asked, link));
    }
    lines.extend(relation.beside.iter().map(|own| own.text.clone()));
    if let Some((l, r)) = relation.equal_traces {
        let name = |i: usize| asked.source.states[i].name.clone();
        lines.push(format!("the traces of `{}` and `{}` of the source agree on every block", name(l), name(r)));
    }
    lines
}

fn sentence(asked: &mut Asked, link: &Link) -> String {
    let (source, target) = (asked.source.states[link.source].clone(), asked.target.states[link.target].clone());
    let (left, right) = match asked.kind {
        Kind::Same => (asked.source.name.clone(), asked.target.name.clone()),
        _ => ("the source".to_owned(), "the target".to_owned()),
    };
    let (made, from) = match link.way {
        Way::Forward => (format!("`{}` of {right}", target.name), format!("`{}` of {left}", source.name)),
        Way::Back => (format!("`{}` of {left}", source.name), format!("`{}` of {right}", target.name)),
    };
    let identity = asked.kind == Kind::Same;
    let rest = match (link.way, link.form) {
        _ if identity => from,
        (_, Form::Same) => from,
        (_, Form::Blocks) => format!("the number of each block of {from}"),
        (_, Form::Carried) => format!("the carried {from} ({})", kind(target.variance)),
        (_, Form::Image) => format!("the image of {from}"),
        (Way::Forward, Form::Linear) => format!("the copied {from} (J z)"),
        (Way::Back, Form::Linear) => format!("the pulled back {from} (Jᵀ z)"),
        (_, Form::Entries(0)) => format!("the copied {from}"),
        (Way::Forward, Form::Entries(p)) => format!("the copied {from} (entries of J to the power {p})"),
        (Way::Back, Form::Entries(p)) => format!("the pulled back {from} (entries of J to the power {p})"),
        (Way::Forward, Form::Both) => format!("the copied {from} (J z Jᵀ)"),
        (Way::Back, Form::Both) => format!("the pulled back {from} (Jᵀ z J)"),
        (_, Form::Sides(0)) => format!("the copied {from}, rows and columns in their places"),
        (_, Form::Sides(p)) => {
            format!("the copied {from}, rows and columns in their places (factors to the power {p})")
        }
        (_, Form::Copies) => {
            format!(
                "the copied {from}, rows and columns in their places, and a multiple of its first value beside the copies"
            )
        }
        (_, Form::Diagonals(0)) => format!("the copied diagonal of {from}, and zero beside it"),
        (_, Form::Diagonals(p)) => {
            format!("the copied diagonal of {from}, and zero beside it (factors to the power {p})")
        }
    };
    // Blocks with the same constant are told together.
    let mut groups: Vec<(String, bool, Vec<String>)> = Vec::new();
    let told = if link.form == Form::Copies { asked.target.blocks.len() } else { link.constants.len() };
    for (b, &c) in link.constants.iter().take(told).enumerate() {
        let c = rate::simplified(&mut asked.problem.setting, c);
        let one = formula::is_one(&asked.problem.setting, c);
        let text = asked.problem.setting.store.text(c);
        let block = asked.target.blocks.get(b).map(|b| format!("`{}`", b.name)).unwrap_or_default();
        match groups.iter_mut().find(|g| g.0 == text) {
            Some(g) => g.2.push(block),
            None => groups.push((text, one, vec![block])),
        }
    }
    let all = groups.len() == 1;
    let parts: Vec<String> = groups
        .into_iter()
        .map(|(text, one, blocks)| {
            let times = if one { rest.clone() } else { format!("{text} times {rest}") };
            if all { times } else { format!("{times} on {}", blocks.join(", ")) }
        })
        .collect();
    format!("{made} is {}", parts.join(" and "))
}

fn kind(v: Variance) -> &'static str {
    match v {
        Variance::Fixed => "a fixed state",
        other => other.word(),
    }
}

/// The first subexpression of an optimizer's rules that reads all blocks at once, outside `each`.
pub fn mixing(optimizer: &Optimizer) -> Option<String> {
    let mut rules: Vec<&Expr> = optimizer.lets.iter().map(|l| &l.value).collect();
    let statements = |body: &'_ [Statement]| -> Vec<Expr> {
        body.iter()
            .filter_map(|s| match &s.kind {
                StatementKind::Let(l) => Some(l.value.clone()),
                StatementKind::Derivative(_, e) | StatementKind::Covariant(_, e) | StatementKind::Update(_, e) => {
                    Some(e.clone())
                }
                StatementKind::Each { .. } => None,
            })
            .collect()
    };
    let own: Vec<Expr> = optimizer.dynamics.iter().flat_map(|d| statements(&d.body)).collect();
    rules.extend(own.iter());
    rules.into_iter().find_map(reduction)
}

/// A reduction of a vector over all parameters in an expression.
fn reduction(e: &Expr) -> Option<String> {
    let inside: Vec<&Expr> = match &e.kind {
        ExprKind::Call(f, args) => {
            if matches!(
                f.name.as_str(),
                "norm" | "dot" | "sum" | "mean" | "trace" | "det" | "logsumexp" | "solve" | "inv"
            ) {
                return Some(e.to_string());
            }
            args.iter().collect()
        }
        ExprKind::Neg(x) | ExprKind::Transpose(x) | ExprKind::Inverse(x) => vec![x],
        ExprKind::Binary(_, a, b) | ExprKind::Power(a, b) => vec![a, b],
        ExprKind::List(items) => items.iter().collect(),
        ExprKind::Index(x, _) | ExprKind::Comprehension(_, x) | ExprKind::Reduce(_, _, x) => vec![x],
        ExprKind::If(c) => c.parts().into_iter().collect(),
        ExprKind::Number(_) | ExprKind::Name(_) | ExprKind::Primed(_) => Vec::new(),
    };
    inside.into_iter().find_map(reduction)
}
