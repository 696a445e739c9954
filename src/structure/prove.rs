//! From the laws of an optimizer's components to a statement about its square along a class.

use std::collections::BTreeSet;

use super::body::{Body, Id, Op};
use super::expand::{slope, value};
use super::hypothesis::{Hypothesis, simplified};
use super::law::{Axis, Form, Law, Twist};
use super::rules::{Fault, Typer};
use crate::core::class::{Class, Jacobian};
use crate::core::variance::Variance;
use crate::domain::Rational;

/// What types prove of a square along a class, for every architecture, dimension and member.
#[derive(Debug, Clone, PartialEq)]
pub enum Proof {
    /// It commutes.
    Commutes,
    /// It commutes once the target's learning rate is multiplied by this power of the scaling's factor; not 0.
    UpToRate(Rational),
    /// A step whose defect is `O(lr²)`.
    InLimit,
    /// `S` is no functor along the class: why.
    Invalid(String),
    /// Nothing.
    Open,
}

/// A proof with the hypotheses that it used: "for every architecture with …".
#[derive(Debug, Clone, PartialEq)]
pub struct Theorem {
    /// What is proved.
    pub proof: Proof,
    /// What was used of the architecture.
    pub hypotheses: Vec<Hypothesis>,
}

/// A component that does not have the law that it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Unmet {
    /// Its number: 0 is the point, `i + 1` state `i`.
    pub component: usize,
    /// The law that it needs.
    pub needed: Law,
    /// Why it has none, if it has none.
    pub fault: Option<Fault>,
}

/// The weights that are tried for `lr` under `scaling`, simple ones first.
fn rates() -> Vec<Rational> {
    let half = |n: i32| Rational::from_parts(n.into(), 2u8.into());
    [0, 2, 4, 6, 8, -2, -4, -6, -8, 1, 3, 5, -1, -3].map(half).to_vec()
}

/// What types prove of the square of `body` along `class`.
pub fn prove(body: &Body, class: Class) -> Proof {
    theorem(body, class).proof
}

/// What types prove of the square of `body` along `class`, and what they use of the architecture.
pub fn theorem(body: &Body, class: Class) -> Theorem {
    if let Some(reason) = no_functor(body, class) {
        return Theorem { proof: Proof::Invalid(reason), hypotheses: Vec::new() };
    }
    let mut used = BTreeSet::new();
    let all: Vec<Proof> = class.generators().iter().map(|&c| along(body, c, &mut used)).collect();
    let proof = together(all);
    let hypotheses = if proof == Proof::Open { Vec::new() } else { simplified(&used) };
    Theorem { proof, hypotheses }
}

/// Whether types prove that the square commutes along maps that scale each parameter by a factor of its own.
pub fn commutes_blockwise(body: &Body) -> bool {
    unmet(&mut Typer::blockwise(body)).is_empty()
}

/// What follows for a class from proofs along classes that generate it.
fn together(all: Vec<Proof>) -> Proof {
    if let [only] = &all[..] {
        return only.clone();
    }
    // Composites of commuting squares commute, and orders of defects are kept by composition with smooth maps.
    let weakest = |p: &Proof| match p {
        Proof::Commutes => 2,
        Proof::InLimit => 1,
        _ => 0,
    };
    all.into_iter().min_by_key(weakest).filter(|p| weakest(p) > 0).unwrap_or(Proof::Open)
}

/// Why the types prove nothing: the first reason met, for messages.
pub fn first_fault(body: &Body, class: Class) -> Option<String> {
    for &c in class.generators() {
        let mut typer = Typer::new(body, c, Rational::ZERO);
        if let Some(open) = unmet(&mut typer).into_iter().next() {
            return Some(open.fault.map_or_else(
                || format!("`{}` does not change as it should", body.component_name(open.component)),
                |f| f.why,
            ));
        }
    }
    None
}

/// States on rows and columns of blocks have no push-forward along maps that mix the blocks.
fn no_functor(body: &Body, class: Class) -> Option<String> {
    if let Some(numbers) = body.states.iter().find(|s| s.each) {
        let weighted = matches!(numbers.variance, Variance::Scalar(_));
        if !super::law::separates_blocks(class) || weighted && !super::law::keeps_blocks(class) {
            return Some(format!(
                "`{}` holds one number for each block, and {} of the whole parameter vector {}",
                numbers.name,
                class.maps(),
                if class == Class::Diagonal { "do not scale a block as a whole" } else { "mix the blocks" }
            ));
        }
    }
    if let Some(length) = body.states.iter().find(|s| matches!(s.variance, Variance::Scalar(_)))
        && !super::law::is_conformal(class)
    {
        return Some(format!(
            "`{}` is a `{}` state, which is carried only by maps whose Jacobian is a multiple of an isometry; {} are not",
            length.name,
            length.variance.text(),
            class.maps()
        ));
    }
    let sides = body.states.iter().find(|s| matches!(s.variance, Variance::Left | Variance::Right))?;
    (!super::law::keeps_blocks(class)).then(|| {
        format!(
            "`{}` is a `{}` state, which is carried only by maps that act on each parameter as W ↦ Q W P + C; {} of the \
             whole parameter vector mix the parameters",
            sides.name,
            sides.variance.word(),
            class.maps()
        )
    })
}

fn along(body: &Body, class: Class, used: &mut BTreeSet<Hypothesis>) -> Proof {
    let rates = if class.facts().scales { rates() } else { vec![Rational::ZERO] };
    for rate in rates {
        let mut typer = Typer::new(body, class, rate.clone());
        if unmet(&mut typer).is_empty() {
            used.extend(typer.hypotheses);
            return if rate.is_zero() { Proof::Commutes } else { Proof::UpToRate(rate) };
        }
    }
    if body.step && in_limit(body, class, used) {
        return Proof::InLimit;
    }
    Proof::Open
}

/// The components that do not have the laws that the square needs, at the typer's rate.
pub fn unmet(typer: &mut Typer) -> Vec<Unmet> {
    (0..typer.body.components.len()).filter_map(|i| unmet_component(typer, i)).collect()
}

/// What component `i` lacks, if anything.
fn unmet_component(typer: &mut Typer, i: usize) -> Option<Unmet> {
    let id = typer.body.components[i];
    let open = |needed: Law, fault: Fault| Unmet { component: i, needed, fault: Some(fault) };
    let needed = match needed_law(typer, i) {
        Ok(law) => law,
        Err(fault) => return Some(open(Law::plain(Form::Zero), fault)),
    };
    // Along a nonlinear map only the identity moves points naturally for every lr.
    if typer.body.step && needed.form == Form::Point {
        if is_point(typer, id, 0) {
            return None;
        }
        return Some(match typer.law(id) {
            Err(fault) => open(needed, fault),
            Ok(_) => Unmet { component: i, needed, fault: None },
        });
    }
    match typer.law(id) {
        // Along translations all that does not move is alike.
        Ok(law) if typer.class.facts().jacobian == Jacobian::One && !moving(&law) && !moving(&needed) => None,
        Ok(law) if law == needed || law.is_zero() && needed.twist.is_empty() && !moving(&needed) => None,
        Ok(_) => Some(Unmet { component: i, needed, fault: None }),
        Err(fault) => Some(open(needed, fault)),
    }
}

fn moving(law: &Law) -> bool {
    matches!(law.form, Form::Shift(_) | Form::Point)
}

/// Whether a node is one of the points that the optimizer has, unchanged.
fn is_point(typer: &Typer, id: Id, depth: usize) -> bool {
    match typer.body.node(id).op {
        Op::Params => true,
        Op::State(i) => typer.body.states[i].variance == Variance::Point,
        Op::Primed(i) if depth < 64 => typer.body.news.get(i).is_some_and(|&c| is_point(typer, c, depth + 1)),
        _ => false,
    }
}

/// The law of the derivative of a point: a tangent vector there. Along nonlinear maps the laws know vectors at the
/// parameters only, so at another point nothing but zero has one.
fn velocity_at(typer: &Typer, value: Id) -> Law {
    if typer.class.is_curved() && typer.body.node(value).op != Op::Params {
        return Law::plain(Form::Zero);
    }
    Law::vector(typer.class, Axis::up())
}

/// The law that component `i` needs for the square to commute.
fn needed_law(typer: &mut Typer, i: usize) -> Result<Law, Fault> {
    let class = typer.class;
    let mut law = match (i, typer.body.step) {
        (0, true) => typer.point(),
        (0, false) => Law::vector(class, Axis::up()),
        _ => {
            let at = state_node(typer, i - 1);
            typer.state_law(i - 1, at)?
        }
    };
    if typer.body.step {
        return Ok(law);
    }
    if i > 0 && typer.body.states[i - 1].variance == Variance::Point {
        let at = state_node(typer, i - 1);
        law = velocity_at(typer, at);
    }
    // The target's field is multiplied by a^rate: a^rate · (component) has to be carried as the component is.
    law.weight = &law.weight - &typer.rate;
    if i > 0 && class.is_curved() {
        let u = typer.body.components[0];
        let at = state_node(typer, i - 1);
        law.twist = twist_of_derivative(typer, i - 1, u, at)?;
    }
    Ok(law)
}

/// What the derivative of a state needs along a nonlinear map: the derivative of `S f` along the velocity `u`, at the
/// state's value `z`.
fn twist_of_derivative(typer: &mut Typer, state: usize, u: Id, z: Id) -> Result<Twist, Fault> {
    let velocity = typer.law(u)?;
    if velocity.is_zero() {
        return Ok(Vec::new());
    }
    match typer.body.states[state].variance {
        Variance::Fixed | Variance::Point => Ok(Vec::new()),
        Variance::Entries(..) | Variance::Diagonal | Variance::Metric | Variance::Cometric if typer.lenient => {
            Ok(Vec::new())
        }
        Variance::Tangent => Ok(typer.twist_of_pair(u, z, &Rational::ONE, true)),
        Variance::Cotangent => Ok(typer.twist_of_pair(u, z, &Rational::ONE, false)),
        _ => typer.fault(z, "the derivative of a tensor state along a nonlinear map needs a connection"),
    }
}

fn state_node(typer: &Typer, state: usize) -> Id {
    let found = (0..typer.body.nodes.len()).map(Id).find(|&n| typer.body.node(n).op == Op::State(state));
    found.unwrap_or(Id(0))
}

/// Whether the defect of a step is `O(lr²)`: at `lr = 0` the step leaves the point where it is and carries states by
/// their laws, and its derivative in `lr` at 0 is a vector field whose square commutes.
fn in_limit(body: &Body, class: Class, used: &mut BTreeSet<Hypothesis>) -> bool {
    let mut typer = Typer::new(body, class, Rational::ZERO);
    let components = typer.body.components.clone();
    let mut expanded = Vec::with_capacity(components.len());
    for &c in &components {
        let (Some(value), Some(slope)) = (value(&mut typer, c, 0), slope(&mut typer, c, 0)) else { return false };
        expanded.push((value, slope));
    }
    let (start, u) = expanded[0];
    if typer.body.node(start).op != Op::Params {
        return false;
    }
    let up = Law::vector(class, Axis::up());
    let fits = |law: &Law, needed: &Law| law == needed || law.is_zero() && needed.twist.is_empty();
    if !typer.law(u).is_ok_and(|law| fits(&law, &up)) {
        return false;
    }
    let holds = (1..expanded.len()).all(|i| {
        let (z, dz) = expanded[i];
        let at = state_node(&typer, i - 1);
        let Ok(mut needed) = typer.state_law(i - 1, at) else { return false };
        let Ok(carried) = typer.law(z) else { return false };
        let point = typer.body.states[i - 1].variance == Variance::Point;
        let starts = match needed.form {
            Form::Point => is_point(&typer, z, 0),
            Form::Shift(_) => carried == needed,
            _ => fits(&carried, &needed),
        };
        if !starts {
            return false;
        }
        if point {
            let velocity = velocity_at(&typer, z);
            return typer.law(dz).is_ok_and(|law| fits(&law, &velocity));
        }
        if class.is_curved() && !carried.is_zero() {
            let Ok(twist) = twist_of_derivative(&mut typer, i - 1, u, z) else { return false };
            needed.twist = twist;
        }
        typer.law(dz).is_ok_and(|law| fits(&law, &needed))
    });
    if holds {
        used.extend(typer.hypotheses);
    }
    holds
}
