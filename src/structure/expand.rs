//! Steps for small `lr`: values and derivatives of their components at `lr = 0`, as nodes of the body.

use super::body::{Body, Id, Kind, Node, Op, Reads};
use super::rules::Typer;
use crate::core::class::Class;
use crate::core::prim::Parity;
use crate::domain::Rational;

/// What the limit of a step for small `lr` looks like.
pub enum Limit {
    /// A vector field, as the body of a flow: the derivatives of the components in `lr` at 0. States stand for their
    /// values at `lr = 0`.
    Flow(Box<Body>),
    /// The point moves by a fixed amount even at `lr = 0`: the summand that moves it, and the body in which it is
    /// multiplied by `lr`.
    Jump(Id, Box<Body>),
}

/// The limit of a step, if its expansion is seen.
pub fn limit(body: &Body) -> Option<Limit> {
    let mut typer = Typer::new(body, Class::Diffeo, Rational::ZERO);
    let components = typer.body.components.clone();
    let mut slopes = Vec::with_capacity(components.len());
    for (i, &c) in components.iter().enumerate() {
        let start = value(&mut typer, c, 0)?;
        if i == 0 && typer.body.node(start).op != Op::Params {
            return jump(body, c);
        }
        slopes.push(slope(&mut typer, c, 0)?);
    }
    let mut flow = typer.body;
    flow.components = slopes;
    flow.step = false;
    Some(Limit::Flow(Box::new(flow)))
}

/// The summand beside `params` in the rule of the point, and the body in which it is multiplied by `lr`; `None` unless its
/// value at `lr = 0` is seen not to be zero.
fn jump(body: &Body, rule: Id) -> Option<Limit> {
    let node = body.node(rule);
    let (Op::Add | Op::Sub, &[a, b]) = (&node.op, &node.args[..]) else { return None };
    if body.node(a).op != Op::Params {
        return None;
    }
    let mut typer = Typer::new(body, Class::Diffeo, Rational::ZERO);
    let start = value(&mut typer, b, 0)?;
    if !nonzero(&typer, start, 0) {
        return None;
    }
    let rate = push(&mut typer, Op::Rate, Vec::new(), b);
    typer.body.nodes[rate.0].kind = Kind::Scalar;
    let scaled = push(&mut typer, Op::Scale, vec![rate, b], b);
    let whole = push(&mut typer, node.op.clone(), vec![a, scaled], rule);
    let mut changed = typer.body;
    changed.components[0] = whole;
    changed.news[0] = whole;
    Some(Limit::Jump(b, Box::new(changed)))
}

/// Whether a value is certainly not zero at generic points: it is a differential of the loss, a state, a number that is
/// not zero, a multiple of such, an odd function of one, or a sum in which one summand alone holds some state.
fn nonzero(typer: &Typer, id: Id, depth: usize) -> bool {
    let node = typer.body.node(id);
    let of = |k: usize| nonzero(typer, node.args[k], depth + 1);
    if depth > MAX_DEPTH {
        return false;
    }
    match &node.op {
        Op::Const(q) => !q.is_zero(),
        Op::Given(_) | Op::State(_) | Op::Params | Op::Eye | Op::Metric => true,
        Op::Primed(i) => typer.body.news.get(*i).is_some_and(|&c| nonzero(typer, c, depth + 1)),
        Op::Differential | Op::Gradient | Op::NaturalGradient => typer.body.node(node.args[0]).op == Op::Loss,
        Op::Neg | Op::Spread | Op::Polar => of(0),
        // Odd and even functions that vanish at zero do so on no open set.
        Op::Map(f) => f.range.is_positive() || f.vanishes_at_zero() && f.parity != Parity::Neither && of(0),
        Op::Scale | Op::EntryMul => of(0) && of(1),
        Op::Over | Op::EntryDiv => of(0),
        Op::Raise => typer.body.node(node.args[0]).op == Op::Metric && of(1),
        Op::Add | Op::Sub => {
            let alone = |a: Id, b: Id| {
                let states = 0..typer.body.states.len();
                states.into_iter().any(|i| holds(typer, a, i) && !holds(typer, b, i))
            };
            let (a, b) = (node.args[0], node.args[1]);
            alone(a, b) && of(0) || alone(b, a) && of(1)
        }
        _ => false,
    }
}

/// Whether a value may depend on a state.
fn holds(typer: &Typer, id: Id, state: usize) -> bool {
    let node = typer.body.node(id);
    match node.op.reads() {
        Reads::State(i) => i == state,
        // New values may hold anything.
        Reads::New(_) | Reads::Unknown => true,
        Reads::Nothing | Reads::Rate => node.args.iter().any(|&a| holds(typer, a, state)),
    }
}

/// Expansions are followed to this depth.
const MAX_DEPTH: usize = 256;

pub(super) fn moves(typer: &Typer, id: Id, depth: usize) -> bool {
    let node = typer.body.node(id);
    if depth > MAX_DEPTH {
        return true;
    }
    match node.op.reads() {
        // An opaque operation without operands may depend on anything.
        Reads::Unknown if node.args.is_empty() => true,
        Reads::Rate => true,
        Reads::New(i) => typer.body.news.get(i).is_none_or(|&c| moves(typer, c, depth + 1)),
        Reads::Nothing | Reads::State(_) | Reads::Unknown => node.args.iter().any(|&a| moves(typer, a, depth + 1)),
    }
}

fn is_zero(typer: &Typer, id: Id) -> bool {
    match &typer.body.node(id).op {
        Op::Zero => true,
        Op::Const(q) => q.is_zero(),
        _ => false,
    }
}

/// Operations that are zero at zero.
fn keeps_zero(op: &Op) -> bool {
    if let Op::Map(f) = op {
        return f.vanishes_at_zero();
    }
    matches!(
        op,
        Op::Spread
            | Op::Largest
            | Op::Least
            | Op::Sum
            | Op::Mean
            | Op::Norm
            | Op::Trace
            | Op::Transpose
            | Op::Diag
            | Op::DiagonalOf
            | Op::BlockDiag
            | Op::BlockOf
            | Op::Assembled(_)
    )
}

fn push(typer: &mut Typer, op: Op, args: Vec<Id>, like: Id) -> Id {
    let Node { kind, span, .. } = *typer.body.node(like);
    typer.body.nodes.push(Node { op, args, kind, span });
    Id(typer.body.nodes.len() - 1)
}

fn zero(typer: &mut Typer, like: Id) -> Id {
    let op = if typer.body.node(like).kind == Kind::Scalar { Op::Const(Rational::ZERO) } else { Op::Zero };
    push(typer, op, Vec::new(), like)
}

fn sum(typer: &mut Typer, op: &Op, a: Id, b: Id, like: Id) -> Id {
    if is_zero(typer, b) {
        return a;
    }
    if is_zero(typer, a) {
        return if *op == Op::Sub { push(typer, Op::Neg, vec![b], like) } else { b };
    }
    push(typer, op.clone(), vec![a, b], like)
}

fn product(typer: &mut Typer, op: &Op, a: Id, b: Id, like: Id) -> Id {
    let one = |t: &Typer, id: Id| matches!(&t.body.node(id).op, Op::Const(q) if q.is_one());
    if is_zero(typer, a) || is_zero(typer, b) {
        return zero(typer, like);
    }
    if *op == Op::Scale && one(typer, a) {
        return b;
    }
    push(typer, op.clone(), vec![a, b], like)
}

/// Whether the value of an operation at `lr = 0` is that of its operands there, and the operation Lipschitz nearby, as the
/// expansion of products needs: `lr · (lr · g) / lr` and `lr · sign(lr · g)` are of first order, though a factor vanishes. So
/// what is divided by or inverted must stay away from zero at `lr = 0`, and jumps, roots, poles and what types know nothing
/// of may not take what moves. A primed name is held fixed by derivatives and by `at`, so no value can stand for it there.
fn continuous(typer: &mut Typer, node: &Node, depth: usize) -> bool {
    let moving: Vec<bool> = node.args.iter().map(|&a| moves(typer, a, depth)).collect();
    let first = moving.first() == Some(&true);
    match &node.op {
        Op::Opaque(_) | Op::PowerBy | Op::Polar => false,
        Op::Map(f) => !first || f.is_tame(),
        Op::Over | Op::EntryDiv => !moving[1] || away_from_zero(typer, node.args[1], depth),
        Op::Power(q) if !q.is_int() || *q < Rational::ZERO => !first || away_from_zero(typer, node.args[0], depth),
        Op::Inverse | Op::PseudoInverse | Op::Solve | Op::Raise if first => {
            value(typer, node.args[0], depth + 1).is_some_and(|a| typer.invertible(a))
        }
        Op::MatrixPower(_) if first => value(typer, node.args[0], depth + 1).is_some_and(|a| typer.definite(a)),
        Op::Differential | Op::Gradient | Op::NaturalGradient | Op::Hessian | Op::CovariantHessian => {
            !typer.depends_on_primed(node.args[0])
        }
        Op::Christoffel => !first && !typer.depends_on_primed(node.args[0]),
        Op::At => !typer.depends_on_primed(node.args[1]),
        Op::Const(_)
        | Op::Given(_)
        | Op::Zero
        | Op::Rate
        | Op::Params
        | Op::Loss
        | Op::Fixed(_)
        | Op::Metric
        | Op::State(_)
        | Op::Primed(_)
        | Op::PrimedBlock(_)
        | Op::Eye
        | Op::Spread
        | Op::Add
        | Op::Sub
        | Op::Neg
        | Op::Scale
        | Op::Product
        | Op::EntryMul
        | Op::Power(_)
        | Op::Max
        | Op::Min
        | Op::Largest
        | Op::Least
        | Op::Clip
        | Op::Sum
        | Op::Mean
        | Op::Dot
        | Op::Norm
        | Op::Trace
        | Op::Det
        | Op::Transpose
        | Op::Inverse
        | Op::PseudoInverse
        | Op::Solve
        | Op::MatrixPower(_)
        | Op::Diag
        | Op::DiagonalOf
        | Op::BlockDiag
        | Op::Outer
        | Op::Raise
        | Op::Lower
        | Op::Covariant
        | Op::BlockOf
        | Op::Size(_)
        | Op::Assembled(_) => true,
    }
}

/// Whether the value at `lr = 0` is seen to be a positive number, in every entry.
fn away_from_zero(typer: &mut Typer, id: Id, depth: usize) -> bool {
    let Some(mut at) = value(typer, id, depth + 1) else { return false };
    while typer.body.node(at).op == Op::Spread {
        at = typer.body.node(at).args[0];
    }
    matches!(&typer.body.node(at).op, Op::Const(q) if *q > Rational::ZERO)
}

/// The value of a node at `lr = 0`, as a node; `None` where it is not seen.
pub(super) fn value(typer: &mut Typer, id: Id, depth: usize) -> Option<Id> {
    if depth > MAX_DEPTH {
        return None;
    }
    if !moves(typer, id, 0) {
        return Some(id);
    }
    let node = typer.body.node(id).clone();
    match &node.op {
        Op::Rate => Some(zero(typer, id)),
        Op::Primed(i) => {
            let c = *typer.body.news.get(*i)?;
            value(typer, c, depth + 1)
        }
        Op::PrimedBlock(i) => {
            let c = *typer.body.news.get(*i)?;
            match typer.body.node(c).op {
                Op::Assembled(_) if typer.body.node(c).args.len() == 1 => {
                    let block = typer.body.node(c).args[0];
                    value(typer, block, depth + 1)
                }
                _ => {
                    let whole = value(typer, c, depth + 1)?;
                    Some(push(typer, Op::BlockOf, vec![whole], id))
                }
            }
        }
        op => {
            if !continuous(typer, &node, depth) {
                return None;
            }
            let mut args = Vec::with_capacity(node.args.len());
            for &a in &node.args {
                args.push(value(typer, a, depth + 1)?);
            }
            Some(match (op, &args[..]) {
                (Op::Add | Op::Sub, &[a, b]) => sum(typer, op, a, b, id),
                (Op::Scale | Op::Product | Op::EntryMul, &[a, b]) => product(typer, op, a, b, id),
                (Op::Over, &[a, _]) if is_zero(typer, a) => zero(typer, id),
                (Op::Neg, &[a]) if is_zero(typer, a) => a,
                (Op::Assembled(_), &[a]) if typer.body.node(a).op == Op::BlockOf => typer.body.node(a).args[0],
                (Op::Power(q), &[a]) if is_zero(typer, a) && *q > Rational::ZERO => zero(typer, id),
                (Op::At, &[q, e]) if typer.body.node(q).op == Op::Params => e,
                (op, &[a]) if keeps_zero(op) && is_zero(typer, a) => zero(typer, id),
                (Op::Max | Op::Min | Op::Clip, &[a, b]) if is_zero(typer, a) && is_zero(typer, b) => zero(typer, id),
                _ => push(typer, op.clone(), args, id),
            })
        }
    }
}

/// The derivative of a node in `lr` at 0, as a node; `None` where it is not seen.
pub(super) fn slope(typer: &mut Typer, id: Id, depth: usize) -> Option<Id> {
    if depth > MAX_DEPTH {
        return None;
    }
    if !moves(typer, id, 0) {
        return Some(zero(typer, id));
    }
    let node = typer.body.node(id).clone();
    match (&node.op, &node.args[..]) {
        (Op::Rate, _) => Some(push(typer, Op::Const(Rational::ONE), Vec::new(), id)),
        (Op::Primed(i), _) => {
            let c = *typer.body.news.get(*i)?;
            slope(typer, c, depth + 1)
        }
        (Op::Neg, &[a]) => {
            let s = slope(typer, a, depth + 1)?;
            Some(if is_zero(typer, s) { s } else { push(typer, Op::Neg, vec![s], id) })
        }
        (op @ (Op::Assembled(_) | Op::BlockOf), args) => {
            let mut slopes = Vec::with_capacity(args.len());
            for &a in args {
                slopes.push(slope(typer, a, depth + 1)?);
            }
            let zeros = slopes.iter().all(|&s| is_zero(typer, s));
            Some(if zeros { zero(typer, id) } else { push(typer, op.clone(), slopes, id) })
        }
        (op @ (Op::Add | Op::Sub), &[a, b]) => {
            let (x, y) = (slope(typer, a, depth + 1)?, slope(typer, b, depth + 1)?);
            Some(sum(typer, op, x, y, id))
        }
        (op @ (Op::Scale | Op::Product | Op::EntryMul), &[a, b]) => {
            // Of a product with a factor that vanishes, only the other factor's value counts.
            let (a0, b0) = (value(typer, a, depth + 1)?, value(typer, b, depth + 1)?);
            let mut parts = [None, None];
            for (k, (moving, still)) in [(a, b0), (b, a0)].into_iter().enumerate() {
                if is_zero(typer, still) {
                    continue;
                }
                let s = slope(typer, moving, depth + 1)?;
                let (x, y) = if k == 0 { (s, still) } else { (still, s) };
                parts[k] = Some(product(typer, op, x, y, id));
            }
            Some(match parts {
                [None, None] => zero(typer, id),
                [Some(x), None] | [None, Some(x)] => x,
                [Some(x), Some(y)] => sum(typer, &Op::Add, x, y, id),
            })
        }
        (Op::Over, &[a, b]) => {
            let (a0, b0) = (value(typer, a, depth + 1)?, value(typer, b, depth + 1)?);
            if moves(typer, b, 0) && !is_zero(typer, a0) {
                return None;
            }
            let s = slope(typer, a, depth + 1)?;
            Some(if is_zero(typer, s) { s } else { push(typer, Op::Over, vec![s, b0], id) })
        }
        (Op::Power(q), &[a]) if q.is_int() && *q > Rational::ONE => {
            let a0 = value(typer, a, depth + 1)?;
            is_zero(typer, a0).then(|| zero(typer, id))
        }
        _ => None,
    }
}
