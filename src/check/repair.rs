//! Repairs: changes to an optimizer that make a failing square commute, found by trying them.
//!
//! The candidates are the repairs that the literature knows: the natural gradient for the gradient, the covariant
//! Hessian for the matrix of second derivatives, the covariant derivative for the plain one, damping by the diagonal of
//! the metric for damping by the identity. The smallest set of them that reaches a stronger verdict is what was missing,
//! and the places it changes are where naturality was lost: blame by ablation. Nothing is suggested that was not decided
//! by the same engines as the check itself.

use super::{Budget, decide, lower};
use crate::domain::Rational;
use crate::model::names::{Declared, Model};
use crate::source::Span;
use crate::syntax::tree::{Argument, Check, Expr, ExprKind, Ident, Optimizer, Question, Statement, StatementKind};
use crate::verdict::{Evidence, Verdict};

/// A repair that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The places to change: each with what stands there and what should.
    pub edits: Vec<(Span, String, String)>,
    /// The verdict after the change.
    pub verdict: Verdict,
    /// Why the old expression loses naturality.
    pub reasons: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    NaturalGradient,
    CovariantHessian,
    CovariantDerivative,
    MetricDamping,
}

impl Edit {
    fn reason(self) -> &'static str {
        match self {
            Edit::NaturalGradient => {
                "`grad` reads the differential, a covector, as a vector; only orthogonal maps allow that. `natgrad` raises it with the metric"
            }
            Edit::CovariantHessian => {
                "the second partial derivatives are a tensor only along affine maps; `covhess` subtracts the connection"
            }
            Edit::CovariantDerivative => {
                "along a nonlinear map the plain derivative of a state picks up second derivatives of the map; `D/dt` adds the connection that cancels them"
            }
            Edit::MetricDamping => {
                "`eye(dim)` is no tensor: adding it to the metric fixes a scale for every coordinate"
            }
        }
    }
}

/// Sets of edits, small ones first.
const CANDIDATES: [&[Edit]; 9] = [
    &[Edit::NaturalGradient],
    &[Edit::CovariantHessian],
    &[Edit::CovariantDerivative],
    &[Edit::MetricDamping],
    &[Edit::NaturalGradient, Edit::CovariantDerivative],
    &[Edit::NaturalGradient, Edit::CovariantHessian],
    &[Edit::NaturalGradient, Edit::MetricDamping],
    &[Edit::CovariantHessian, Edit::CovariantDerivative],
    &[Edit::NaturalGradient, Edit::CovariantHessian, Edit::CovariantDerivative],
];

/// The smallest repair of the optimizer of a `check natural` that reaches a verdict stronger than `found`; the strongest
/// among the smallest.
pub fn suggest(model: &Model, check: &Check, found: Verdict, budget: &Budget) -> Option<Repair> {
    let Question::Natural { optimizer, .. } = &check.question else {
        return None;
    };
    let Some(Declared::Optimizer(id)) = model.lookup(&optimizer.name.name) else {
        return None;
    };
    let mut best: Option<Repair> = None;
    for edits in CANDIDATES {
        if best.as_ref().is_some_and(|b| b.reasons.len() < edits.len()) {
            break;
        }
        let mut changed: Optimizer = model[id].clone();
        let mut places = Vec::new();
        let mut used = Vec::new();
        for edit in edits {
            let before = places.len();
            apply(&mut changed, *edit, &mut places);
            if places.len() > before {
                used.push(edit.reason().to_owned());
            }
        }
        if used.len() < edits.len() {
            continue;
        }
        let verdict = proved(&model.with_optimizer(id, changed), check, budget);
        if verdict > Some(best.as_ref().map_or(found, |b| b.verdict)) {
            best = verdict.map(|verdict| Repair { edits: places, verdict, reasons: used });
        }
    }
    if best.is_some() {
        return best;
    }
    // A hyperparameter that the question would be better without, such as the `eps` of Adam.
    for (i, p) in model[id].params.iter().enumerate() {
        let Some(default) = &p.default else { continue };
        let given = |a: &Argument| a.name.as_ref().is_none_or(|n| n.name == p.name.name);
        if optimizer.args.iter().any(given) {
            continue;
        }
        let mut changed: Optimizer = model[id].clone();
        let name = &p.name.name;
        let old = format!("{name} = {}", crate::syntax::expr_to_string(default));
        changed.params[i].default = Some(Expr { kind: ExprKind::Number(Rational::ZERO), span: default.span });
        let verdict = proved(&model.with_optimizer(id, changed), check, budget);
        if verdict > Some(found) {
            let reason = format!(
                "`{name}` is a constant beside quantities that change with the map, and fixes a scale for them"
            );
            let edits = vec![(p.name.span.to(default.span), old, format!("{name} = 0"))];
            return verdict.map(|verdict| Repair { edits, verdict, reasons: vec![reason] });
        }
    }
    None
}

/// The verdict of a check on a changed model, if it is proved.
fn proved(model: &Model, check: &Check, budget: &Budget) -> Option<Verdict> {
    let mut task = lower::lower(model, check).ok()?;
    let [problem] = &mut task.problems[..] else { return None };
    let finding = decide::decide(problem, budget).ok()?;
    (finding.evidence == Evidence::Algebra).then_some(finding.verdict)
}

fn apply(optimizer: &mut Optimizer, edit: Edit, places: &mut Vec<(Span, String, String)>) {
    for l in &mut optimizer.lets {
        rewrite(&mut l.value, edit, places);
    }
    let states = optimizer.states.clone();
    for d in &mut optimizer.dynamics {
        for s in &mut d.body {
            statement(s, edit, &states, places);
        }
    }
}

fn statement(
    s: &mut Statement,
    edit: Edit,
    states: &[(Ident, crate::syntax::tree::Type)],
    places: &mut Vec<(Span, String, String)>,
) {
    let span = s.span;
    match &mut s.kind {
        StatementKind::Let(l) => rewrite(&mut l.value, edit, places),
        StatementKind::Derivative(p, e) => {
            rewrite(e, edit, places);
            let curved = states
                .iter()
                .any(|(n, t)| n.name == p.name.name && matches!(t.name.name.as_str(), "tangent" | "cotangent"));
            if edit == Edit::CovariantDerivative && curved && p.block.is_none() {
                let name = p.name.name.clone();
                let place = Span::new(span.source, span.start, p.name.span.end);
                places.push((place, format!("d/dt {name}"), format!("D/dt {name}")));
                s.kind = StatementKind::Covariant(p.clone(), e.clone());
            }
        }
        StatementKind::Covariant(_, e) | StatementKind::Update(_, e) => rewrite(e, edit, places),
        StatementKind::Each { body, .. } => body.iter_mut().for_each(|s| statement(s, edit, states, places)),
    }
}

fn rewrite(e: &mut Expr, edit: Edit, places: &mut Vec<(Span, String, String)>) {
    let before = crate::syntax::expr_to_string(e);
    let changed = match (&mut e.kind, edit) {
        (ExprKind::Call(f, args), Edit::NaturalGradient) if f.name == "grad" && args.len() == 1 => {
            "natgrad".clone_into(&mut f.name);
            true
        }
        (ExprKind::Call(f, _), Edit::CovariantHessian) if f.name == "hess" => {
            "covhess".clone_into(&mut f.name);
            true
        }
        (ExprKind::Call(f, args), Edit::MetricDamping)
            if f.name == "eye" && matches!(&args[..], [Expr { kind: ExprKind::Name(n), .. }] if n == "dim") =>
        {
            let span = e.span;
            let name = |n: &str| Ident { name: n.to_owned(), span };
            let metric = Expr { kind: ExprKind::Name("metric".into()), span };
            let diagonal = Expr { kind: ExprKind::Call(name("diagonal"), vec![metric]), span };
            e.kind = ExprKind::Call(name("diag"), vec![diagonal]);
            true
        }
        _ => false,
    };
    if changed {
        places.push((e.span, before, crate::syntax::expr_to_string(e)));
        return;
    }
    match &mut e.kind {
        ExprKind::Number(_) | ExprKind::Name(_) | ExprKind::Primed(_) => {}
        ExprKind::Neg(x) | ExprKind::Transpose(x) | ExprKind::Inverse(x) => rewrite(x, edit, places),
        ExprKind::Binary(_, a, b) | ExprKind::Power(a, b) => {
            rewrite(a, edit, places);
            rewrite(b, edit, places);
        }
        ExprKind::Call(_, args) | ExprKind::List(args) => args.iter_mut().for_each(|a| rewrite(a, edit, places)),
        ExprKind::Reduce(_, _, body) | ExprKind::Comprehension(_, body) => rewrite(body, edit, places),
        ExprKind::Index(base, _) => rewrite(base, edit, places),
    }
}
