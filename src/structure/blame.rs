//! Where naturality is lost: the smallest subexpressions that do not change as they would have to.
//!
//! A component that lacks the law it needs is followed downward: through sums and multiples to the summand that is wrong,
//! through operations whose operand has no law to that operand. Where all operands have laws and the result has not the
//! one that is needed, the subexpression is to blame. Blame is confirmed by ablation: if the blamed subexpressions had the
//! laws that are needed in their places, the types would prove the square.

use super::body::{Body, Id, Kind, Node, Op};
use super::expand::{Limit, limit};
use super::law::{Axis, Form, Law, keeps_axes};
use super::prove::{Proof, Unmet, prove, unmet};
use super::rules::Typer;
use crate::core::class::Class;
use crate::core::variance::Variance;
use crate::domain::Rational;
use crate::source::Span;
use crate::verdict::Blame;

/// At most this many subexpressions are blamed.
const MAX_BLAMED: usize = 6;

/// The subexpressions to blame along a class, in order of place; empty if ablation confirms none.
pub fn blame(body: &Body, class: Class) -> Vec<Blame> {
    // A class is lost along one of its generators.
    for &c in class.generators() {
        // Along nonlinear maps a step can only be natural in the limit: blame falls on what its limit loses.
        let limit = if body.step && c.is_curved() { limit(body) } else { None };
        let body = match &limit {
            Some(Limit::Flow(flow)) => flow,
            Some(Limit::Jump(summand, tamed)) => return jump(body, *summand, tamed),
            None => body,
        };
        let mut best: Option<Vec<Blame>> = None;
        let rates = if c.facts().scales { [0, 2, 1] } else { [0, 0, 0] };
        for rate in rates {
            let mut typer = Typer::new(body, c, Rational::from(rate));
            typer.lenient = true;
            if unmet(&mut typer).is_empty() {
                best = Some(carried_tensors(&mut typer));
                break;
            }
            // The fewest places; of equal ones those at the simplest rate.
            let again = || Typer::new(body, c, Rational::from(rate)).lenient();
            if let Some(found) = at_rate(typer).or_else(|| rules(again()))
                && best.as_ref().is_none_or(|b| found.len() < b.len())
            {
                best = Some(found);
            }
        }
        match best {
            Some(found) if found.is_empty() => {}
            Some(found) => return found,
            None => return Vec::new(),
        }
    }
    Vec::new()
}

/// The subexpressions to blame along maps that scale each parameter by a factor of its own; empty if ablation confirms none,
/// or if the body reads matrices over all parameters, which these laws do not follow.
pub fn blame_blockwise(body: &Body) -> Vec<Blame> {
    let matrices = |n: &Node| n.kind == Kind::Matrix || matches!(n.op, Op::NaturalGradient | Op::Raise | Op::Covariant);
    if body.nodes.iter().any(matrices) {
        return Vec::new();
    }
    let typer = || Typer::blockwise(body).lenient();
    at_rate(typer()).or_else(|| rules(typer())).unwrap_or_default()
}

/// A step that moves the point by a fixed amount at `lr = 0` approximates no flow; with that amount multiplied by `lr` it
/// may, or other subexpressions are to blame as well.
fn jump(body: &Body, summand: Id, tamed: &Body) -> Vec<Blame> {
    let mut found = match prove(tamed, Class::Diffeo) {
        Proof::Commutes | Proof::InLimit => Vec::new(),
        _ => match limit(tamed) {
            Some(Limit::Flow(_)) => {
                let rest = blame(tamed, Class::Diffeo);
                if rest.is_empty() {
                    return rest;
                }
                rest
            }
            _ => return Vec::new(),
        },
    };
    let why = "it moves the point by a fixed amount even at lr = 0, so the step approximates no flow; a step along `lr` times \
               a momentum would"
        .into();
    found.push(Blame { span: body.node(summand).span, why });
    found.sort_by_key(|b| b.span);
    found
}

/// Blames and ablates until the types prove the square; `None` if they never do.
fn at_rate(mut typer: Typer) -> Option<Vec<Blame>> {
    let mut found: Vec<Blame> = Vec::new();
    for _ in 0..=MAX_BLAMED {
        let open = unmet(&mut typer);
        let Some(first) = open.first() else {
            found.extend(carried_tensors(&mut typer));
            found.sort_by_key(|b| b.span);
            found.dedup_by(|a, b| a.span == b.span);
            return Some(found);
        };
        let Culprit { id, needed, why, span } = culprit(&mut typer, first)?;
        // A blame that ablation does not lift is none.
        if typer.given.get(&id) == Some(&needed) {
            return None;
        }
        found.push(Blame { span, why });
        typer.ablate(id, needed);
    }
    None
}

/// Along nonlinear maps a moving point takes second derivatives of the map into the derivative of a tensor state, which
/// no primitive supplies: the rules of such states are to blame.
fn carried_tensors(typer: &mut Typer) -> Vec<Blame> {
    let velocity = typer.body.components[0];
    if !typer.class.is_curved() || typer.body.step || typer.law(velocity).is_ok_and(|l| l.is_zero()) {
        return Vec::new();
    }
    let tensor = |v| matches!(v, Variance::Metric | Variance::Cometric);
    let states = typer.body.states.iter().enumerate().filter(|(_, s)| tensor(s.variance));
    states
        .map(|(i, s)| Blame {
            span: typer.body.spans[i + 1],
            why: format!(
                "the point moves and `{}` is not carried along: along a nonlinear map a tensor has to be",
                s.name
            ),
        })
        .collect()
}

/// Where no smaller subexpressions are found, the whole rules that have not the laws they need.
fn rules(mut typer: Typer) -> Option<Vec<Blame>> {
    let mut found = Vec::new();
    for open in unmet(&mut typer) {
        let why = match open.fault {
            Some(fault) => fault.why,
            None => format!("`{}` does not change as it would have to", typer.body.component_name(open.component)),
        };
        found.push(Blame { span: typer.body.spans[open.component], why });
        let component = typer.body.components[open.component];
        typer.ablate(component, open.needed);
    }
    found.extend(carried_tensors(&mut typer));
    unmet(&mut typer).is_empty().then_some(found)
}

/// A node to blame, the law that it would need, and why it has not.
struct Culprit {
    id: Id,
    needed: Law,
    why: String,
    span: Span,
}

/// The node to blame for a component that has not the law it needs.
fn culprit(typer: &mut Typer, open: &Unmet) -> Option<Culprit> {
    let root = typer.body.components[open.component];
    let bare = Law { twist: Vec::new(), ..open.needed.clone() };
    // Up to second derivatives of the map all is well: the rule lacks the connection.
    if let Ok(law) = typer.law(root)
        && (law.form == bare.form && law.weight == bare.weight || law.is_zero())
        && law.twist != open.needed.twist
    {
        let name = typer.body.component_name(open.component);
        let why = if law.is_zero() {
            format!(
                "the point moves and `{name}` stays as it was: along a nonlinear map it has to be carried to the new point"
            )
        } else {
            format!(
                "the connection term is missing: along a nonlinear map the derivative of `{name}` picks up second derivatives of the map"
            )
        };
        let span = typer.body.spans[open.component];
        return Some(Culprit { id: root, needed: open.needed.clone(), why, span });
    }
    let (mut id, mut needed) = (root, bare);
    for _ in 0..256 {
        let node = typer.body.node(id).clone();
        let law = typer.law(id);
        let axes = keeps_axes(typer.class);
        let next = match (&node.op, &node.args[..]) {
            (Op::Primed(i), _) => Some((*typer.body.news.get(*i)?, needed.clone())),
            (Op::PrimedBlock(i), _) => {
                let c = *typer.body.news.get(*i)?;
                match typer.body.node(c).op {
                    Op::Assembled(_) => match typer.body.node(c).args[..] {
                        [only] => Some((only, needed.clone())),
                        _ => Some((c, whole_law(&needed))),
                    },
                    _ => None,
                }
            }
            (Op::Neg, &[a]) => Some((a, needed.clone())),
            (Op::Add | Op::Sub, &[a, b]) => scale_setter(typer, a, b).or_else(|| summand(typer, a, b, &needed)),
            (Op::Scale, &[s, t]) => factor(typer, s, t, &needed, false),
            (Op::Over, &[t, s]) => factor(typer, s, t, &needed, true),
            (Op::Assembled(_), blocks) => {
                let wanted = block_law(&needed);
                blocks.iter().copied().find(|&a| typer.law(a).as_ref() != Ok(&wanted)).map(|a| (a, wanted))
            }
            (Op::BlockOf, &[a]) if law.is_ok() => Some((a, whole_law(&needed))),
            (Op::At, &[_, e]) if law.is_ok() => Some((e, needed.clone())),
            (Op::Covariant, &[_, _, e]) => Some((e, needed.clone())),
            (Op::Spread, &[s]) if typer.law(s).is_err() => Some((s, Law::scalar())),
            // Where the coordinate axes are not kept, no operand could save an entrywise operation.
            (
                Op::EntryMul
                | Op::EntryDiv
                | Op::Power(_)
                | Op::Map(..)
                | Op::Max
                | Op::Min
                | Op::Clip
                | Op::Largest
                | Op::Least
                | Op::Sum
                | Op::Mean,
                _,
            ) if !axes && node.kind != Kind::Scalar => None,
            _ if law.is_err() => lost_operand(typer, id),
            _ => None,
        };
        // An operand that already has what it needs leaves the blame here.
        match next {
            Some((a, n)) if typer.law(a).as_ref() != Ok(&n) => (id, needed) = (a, n),
            _ => {
                let why = match law {
                    Ok(law) => sentence(typer, id, &law, &needed),
                    Err(_) if !axes && entrywise(&node.op) => format!(
                        "{} depends on the coordinate axes, which {} do not keep",
                        word(&node.op),
                        typer.class.maps()
                    ),
                    Err(fault) => fault.why,
                };
                return Some(Culprit { id, needed, why, span: node.span });
            }
        }
    }
    None
}

fn entrywise(op: &Op) -> bool {
    matches!(op, Op::EntryMul | Op::EntryDiv | Op::Power(_) | Op::Map(..) | Op::Max | Op::Min | Op::Clip)
}

fn word(op: &Op) -> String {
    match op {
        Op::EntryMul => "the entrywise product".into(),
        Op::EntryDiv => "the entrywise quotient".into(),
        Op::Power(_) => "the entrywise power".into(),
        Op::Map(f) => format!("`{}`, entry by entry,", f.name),
        Op::Max => "the entrywise maximum".into(),
        Op::Min => "the entrywise minimum".into(),
        _ => "clipping entry by entry".into(),
    }
}

/// Of two summands that do not fit, the one that is a number without units or the identity: it fixes a scale, whatever
/// is needed of the sum. It would have to be like the other.
fn scale_setter(typer: &mut Typer, a: Id, b: Id) -> Option<(Id, Law)> {
    let (x, y) = (typer.law(a).ok()?, typer.law(b).ok()?);
    if x.is_zero() || y.is_zero() || x == y {
        return None;
    }
    let plain = |typer: &Typer, mut id: Id| {
        while let Node { op: Op::Spread | Op::Scale | Op::Over | Op::Neg, args, .. } = typer.body.node(id) {
            let number = |i: Id| matches!(typer.body.node(i).op, Op::Const(_) | Op::Given(_));
            let rest: Vec<Id> = args.iter().copied().filter(|&i| !number(i)).collect();
            match rest[..] {
                [] => return true,
                [only] => id = only,
                _ => return false,
            }
        }
        matches!(typer.body.node(id).op, Op::Const(_) | Op::Given(_) | Op::Eye)
    };
    match (plain(typer, a), plain(typer, b)) {
        (false, true) if typer.add(b, &x, &y, false).is_err() => Some((b, x)),
        (true, false) if typer.add(a, &x, &y, false).is_err() => Some((a, y)),
        _ => None,
    }
}

/// The operand that has no law, with the law that it would need; that is only known for a few operations, and otherwise
/// the node itself is to blame.
fn lost_operand(typer: &mut Typer, id: Id) -> Option<(Id, Law)> {
    let node = typer.body.node(id).clone();
    let lost: Vec<Id> = node.args.iter().copied().filter(|&a| typer.law(a).is_err()).collect();
    let &first = lost.first()?;
    let class = typer.class;
    let wanted = match &node.op {
        // What is differentiated, and what a length or a sum gives, is a number.
        Op::Differential | Op::Gradient | Op::NaturalGradient | Op::Hessian | Op::CovariantHessian => Law::scalar(),
        Op::Raise | Op::Solve if first == node.args[0] => Law::matrix(class, Axis::down(), Axis::down()),
        Op::Raise | Op::Solve => Law::vector(class, Axis::down()),
        _ => return list_of_numbers(typer, first),
    };
    Some((first, wanted))
}

/// An operand without a law, to be blamed with the law that other operands of its kind would suggest: that of a list of
/// numbers.
fn list_of_numbers(typer: &Typer, id: Id) -> Option<(Id, Law)> {
    let class = typer.class;
    Some((
        id,
        match typer.body.node(id).kind {
            Kind::Scalar => Law::scalar(),
            Kind::Vector => Law::vector(class, Axis::plain()),
            Kind::Matrix => Law::matrix(class, Axis::plain(), Axis::plain()),
            Kind::Block => Law::plain(Form::Block(Axis::plain())),
            _ => return None,
        },
    ))
}

/// Of two summands, the one that has not the law that is needed; if both have not, the one without any.
fn summand(typer: &mut Typer, a: Id, b: Id, needed: &Law) -> Option<(Id, Law)> {
    let (x, y) = (typer.law(a), typer.law(b));
    // Under a translation the point has the shift and everything else has none.
    if let Form::Shift(k) = &needed.form {
        let rest = Law::vector(typer.class, Axis::plain());
        return match (&x, &y) {
            (Ok(Law { form: Form::Shift(l), .. }), _) if l == k && y.as_ref() != Ok(&rest) => Some((b, rest)),
            (_, Ok(Law { form: Form::Shift(l), .. })) if l == k && x.as_ref() != Ok(&rest) => Some((a, rest)),
            (Err(_), _) => Some((a, needed.clone())),
            (_, Err(_)) => Some((b, rest)),
            _ => None,
        };
    }
    // Along a nonlinear map nothing can be added to the point: what is added is to blame.
    if needed.form == Form::Point {
        return match (&x, &y) {
            (Ok(l), Err(_)) if l.form == Form::Point => Some((b, Law::vector(typer.class, Axis::up()))),
            _ => None,
        };
    }
    let fits = |l: &Result<Law, _>| l.as_ref().is_ok_and(|l| l == needed || l.is_zero());
    match (fits(&x), fits(&y)) {
        (true, true) => None,
        (false, true) => Some((a, needed.clone())),
        (true, false) => Some((b, needed.clone())),
        (false, false) => Some((if x.is_err() || y.is_ok() { a } else { b }, needed.clone())),
    }
}

/// Of a number and what it multiplies, the one to blame.
fn factor(typer: &mut Typer, s: Id, t: Id, needed: &Law, over: bool) -> Option<(Id, Law)> {
    let number = typer.law(s);
    match number {
        Err(_) => Some((s, Law::scalar())),
        Ok(law) if law.is_zero() => None,
        Ok(law) => {
            // The translate of a multiple: the point is scaled with its shift.
            if matches!(needed.form, Form::Shift(_)) {
                return None;
            }
            let weight = if over { &needed.weight + &law.weight } else { &needed.weight - &law.weight };
            Some((t, Law { weight, ..needed.clone() }))
        }
    }
}

fn block_law(law: &Law) -> Law {
    match &law.form {
        Form::Vector(x) => law.with(Form::Block(x.clone())),
        Form::Sides(left) => law.with(Form::Side(*left)),
        Form::Numbers => law.with(Form::Scalar),
        _ => law.clone(),
    }
}

fn whole_law(law: &Law) -> Law {
    match &law.form {
        Form::Block(x) => law.with(Form::Vector(x.clone())),
        Form::Side(left) => law.with(Form::Sides(*left)),
        _ => law.clone(),
    }
}

/// Why a law is not the one that is needed.
fn sentence(typer: &Typer, id: Id, law: &Law, needed: &Law) -> String {
    let class = typer.class;
    let node = typer.body.node(id);
    let covector = Law::vector(class, Axis::down());
    let vector = Law::vector(class, Axis::up());
    match &node.op {
        Op::Gradient => {
            return "`grad` reads the differential, a covector, as a vector; only orthogonal maps allow that".into();
        }
        Op::Differential if needed.form == vector.form => {
            return "`d` is a covector and stands where a vector is needed; only orthogonal maps allow that".into();
        }
        Op::Params if matches!(law.form, Form::Shift(_) | Form::Point) => {
            return "`params` depends on the origin of the coordinates".into();
        }
        Op::Const(_) | Op::Given(_) | Op::Spread => {
            return "a number has no units and stands beside quantities that have them: it fixes a scale".into();
        }
        Op::Eye => return "the identity matrix fixes a scale for every coordinate; it is no metric".into(),
        _ => {}
    }
    if matches!(law.form, Form::Shift(_)) {
        return "it moves with the origin of the coordinates".into();
    }
    if !law.twist.is_empty() || !needed.twist.is_empty() {
        return "the connection term is missing: along a nonlinear map the derivative of the state picks up second \
                derivatives of the map"
            .into();
    }
    if *law == covector && needed.form == vector.form {
        return "it is a covector and stands where a vector is needed".into();
    }
    let axis = |l: &Law| match &l.form {
        Form::Vector(x) | Form::Block(x) => Some(x.clone()),
        _ => None,
    };
    match (class, axis(law), axis(needed)) {
        (Class::Scaling, ..) => {
            format!("it is multiplied by {} where {} is needed", power(&law.weight), power(&needed.weight))
        }
        (Class::Diagonal, Some(x), Some(y)) => format!(
            "each coordinate's entry is multiplied by {} of that coordinate's factor where {} is needed",
            power(&x.weight),
            power(&y.weight)
        ),
        (Class::SignedPermutation, Some(x), Some(y)) if x.odd != y.odd => {
            "it does not change sign as the coordinate does".into()
        }
        _ => format!("{} do not change it as they would have to", class.maps()),
    }
}

fn power(w: &Rational) -> String {
    if w.is_zero() {
        "1".into()
    } else if w.is_one() {
        "a".into()
    } else {
        format!("a^{w}")
    }
}
