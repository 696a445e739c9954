//! Systems over an index without end: what the members that were looked at tell of all.
//!
//! A member that fails refutes the whole. Where all members that were looked at hold, [`crate::check::uniform`] is asked for
//! a proof for every value of the index; without one the answer is `undecided`, with the bound up to which it was seen to
//! hold. A proof is compared with the members: one that says more than they do, or another rate, is a defect of `nat`.

use indexmap::IndexMap;

use super::{Context, Square, Stopped};
use crate::check::decide::Disagreement;
use crate::check::generic::vanish_freely;
use crate::check::uniform::{self, Family, Outcome, Proof};
use crate::core::names::Declared;
use crate::domain::Rational;
use crate::model::elaborate::{Draw, Elaborator, Local, Role, Scope};
use crate::model::morphism::instance_text;
use crate::model::system::Unbounded;
use crate::syntax::tree::{Domain, ExpectedVerdict, Expr, ExprKind, Instance, Param};
use crate::term::Term;
use crate::verdict::{Answer, Extent, Finding, Ground, Limit, Rate, Verdict};

/// Why a direct system is not proved for every value of its index.
pub(super) const DIRECT: &str = "embeddings are not read for all values of an index at once";

/// A proof for every value of one generator's index, or why there is none.
type Sought = Result<Proof, String>;

/// Answers `check natural` along a system without end from what its members say.
///
/// # Errors
/// If a proof and the members contradict each other.
pub(super) fn squares(
    c: &Context<'_>,
    optimizer: &Instance,
    (squares, beyond): (&[Square], &[(u64, Square)]),
    mut finding: Finding,
) -> Result<Finding, Stopped> {
    // A member refutes the whole, if there is one: a generator that breaks its claims farther out makes no system.
    if finding.verdict() == Verdict::Fails && !c.system.family.direct {
        let open = |u: &&Unbounded| match family(c, u) {
            Some(family) => matches!(uniform::submersion(&family), Outcome::Open { .. }),
            None => true,
        };
        finding.assumptions.extend(c.system.family.unbounded.iter().filter(open).map(|u| {
            let (g, n) = (&u.instance.name.name, &u.index.name);
            format!("`{g}` is a projection for {n} > {} as well: not proved", u.to)
        }));
    }
    let prove = |u: &Unbounded| -> Result<Sought, Disagreement> {
        if c.system.family.direct {
            return Ok(Err(DIRECT.into()));
        }
        let family = family(c, u);
        let Some(family) = family else { return Ok(Err(several(u))) };
        if let Outcome::Open { reason } = uniform::submersion(&family) {
            return Ok(Err(format!("`{}` is not proved to be a submersion: {reason}", u.instance.name.name)));
        }
        Ok(match uniform::square(&family, optimizer) {
            Outcome::Open { reason } => Err(reason),
            Outcome::Proved(p) => {
                compare(c, u, &p, squares)?;
                match beyond.iter().find(|(n, s)| contradicts(&p, *n, s)) {
                    Some((_, s)) => Err(format!("a proof was found that `{}` contradicts", s.name)),
                    None => Ok(p),
                }
            }
        })
    };
    let finite = squares.iter().zip(c.system.squares()).filter(|(_, a)| !listed(c, a.generator));
    let weakest = finite.map(|(s, _)| s.finding.verdict()).min();
    conclude(c, finding, weakest, prove)
}

/// Answers `check system` of a system without end.
///
/// # Errors
/// As [`squares`].
pub(super) fn laws(c: &Context<'_>, finding: Finding) -> Result<Finding, Stopped> {
    let prove = |u: &Unbounded| -> Result<Sought, Disagreement> {
        if c.system.family.direct {
            return Ok(Err(DIRECT.into()));
        }
        let Some(family) = family(c, u) else { return Ok(Err(several(u))) };
        if c.system.family.chain.is_none() {
            return Ok(Err("only a chain is known to have no parallel paths beyond its members".into()));
        }
        Ok(match uniform::submersion(&family) {
            Outcome::Open { reason } => Err(reason),
            Outcome::Proved(mut p) => {
                if !meets(c, u) {
                    let (g, n) = (&u.instance.name.name, &u.index.name);
                    p.assumptions.push(format!(
                        "`{g}` at {n} and at {n} + 1 meet in one object: seen for {n} <= {}, not proved for larger {n}",
                        u.to
                    ));
                }
                Ok(p)
            }
        })
    };
    let finite = c.system.family.arrows.iter().any(|a| !listed(c, a.generator));
    conclude(c, finding, finite.then_some(Verdict::Commutes), prove)
}

/// Whether a generator goes on without end.
fn listed(c: &Context<'_>, generator: usize) -> bool {
    c.system.cone.is_none() && c.system.family.unbounded.iter().any(|u| u.generator == generator)
}

fn family<'a>(c: &Context<'a>, u: &'a Unbounded) -> Option<Family<'a>> {
    let alone = u.alone && c.system.cone.is_none();
    alone.then_some(Family { model: c.model, generator: &u.instance, index: &u.index, from: u.from })
}

fn several(u: &Unbounded) -> String {
    format!(
        "`{}` has several indices, or is below a cone, which is not read for all values at once",
        u.instance.name.name
    )
}

/// The finding for all values of the indices, if it is proved.
fn conclude(
    c: &Context<'_>,
    finding: Finding,
    finite: Option<Verdict>,
    prove: impl Fn(&Unbounded) -> Result<Sought, Disagreement>,
) -> Result<Finding, Stopped> {
    let all = &c.system.family.unbounded;
    if all.is_empty() || finding.verdict() <= Verdict::Undecided {
        return Ok(finding);
    }
    let mut proofs = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for u in all {
        match prove(u)? {
            Ok(p) => proofs.push((u, p)),
            Err(reason) if reasons.contains(&reason) => {}
            Err(reason) => reasons.push(reason),
        }
    }
    if !reasons.is_empty() {
        return Ok(open(c, finding, &reasons));
    }
    let verdict = proofs.iter().map(|(_, p)| p.verdict()).chain(finite).min().unwrap_or(finding.verdict());
    let texts: Vec<String> = proofs
        .iter()
        .map(|(u, p)| {
            let of = match proofs.len() {
                1 => String::new(),
                _ => format!("`{}` ", instance_text(&u.instance)),
            };
            format!("{of}for all {} >= {}: {}", u.index.name, u.from, p.argument)
        })
        .collect();
    let extent = match verdict {
        Verdict::Commutes => Extent::Commutes,
        Verdict::UpToRate => {
            let mut rates = proofs.iter().map(|(_, p)| p.rate.as_ref().map(|r| r.text.clone()));
            let first = rates.next().flatten();
            Extent::UpToRate(Rate::written(if rates.all(|r| r == first) { first } else { None }))
        }
        // Of the finite squares the weakest may be one in limit; were one weaker, that would be the answer already.
        Verdict::InLimit | Verdict::UpToRates | Verdict::Undecided | Verdict::Fails | Verdict::Invalid => {
            Extent::InLimit(Limit::default())
        }
    };
    let mut whole = Finding::holds(extent, Ground::Algebra, texts.join("; ")).beside(finding.residual);
    whole.rate_differs = finding.rate_differs;
    for (u, p) in &proofs {
        let (differs, open) = rate_beyond(c, u, p);
        whole.rate_differs = whole.rate_differs.or(differs);
        whole.assumptions.extend(open);
    }
    // What is proved of all members needs no assumption about some of them.
    if finite.is_some() {
        whole.assumptions.extend(finding.assumptions);
        whole.sampled_claims.extend(finding.sampled_claims);
    }
    whole.assumptions.extend(proofs.into_iter().flat_map(|(_, p)| p.assumptions));
    Ok(whole)
}

/// Members beyond those that were looked at at which an expected rate is compared with the one that is proved: more than
/// the degree of a [`rational`] formula.
const BEYOND: u64 = 256;

/// The rate that a check expects against the one that is proved, beyond the members that were looked at: where they
/// differ, and what is not compared.
fn rate_beyond(c: &Context<'_>, u: &Unbounded, proof: &Proof) -> (Option<String>, Option<String>) {
    let expected = c.check.expect.as_ref().map(|e| &e.verdict);
    let (Some(ExpectedVerdict::UpToRate(Some(formula))), Some(rate)) = (expected, &proof.rate) else {
        return (None, None);
    };
    let index = &u.index.name;
    let open = || format!("the rate is the expected one for larger {index} than those at which it was compared");
    for n in u.to.saturating_add(1)..=u.to.saturating_add(BEYOND) {
        let value = Elaborator::new(c.model).number_at(formula, &[(index.clone(), n)]);
        match (value, rate.at(n)) {
            (Some(q), Some(r)) if q != r => return (Some(format!("{q} at {index} = {n}")), None),
            (Some(_), Some(_)) => {}
            _ => return (None, Some(open())),
        }
    }
    (None, (!rational(formula, index)).then(open))
}

/// Whether a formula is a rational function of an index, of a degree below [`BEYOND`], or does not read it.
fn rational(e: &Expr, index: &str) -> bool {
    fn degree(e: &Expr, index: &str) -> Option<u64> {
        match &e.kind {
            ExprKind::Number(_) => Some(0),
            ExprKind::Name(n) => Some(u64::from(n == index)),
            ExprKind::Neg(x) => degree(x, index),
            ExprKind::Binary(_, a, b) => Some(degree(a, index)? + degree(b, index)?),
            ExprKind::Power(x, p) => match &p.kind {
                ExprKind::Number(q) if q.is_int() => {
                    degree(x, index)?.checked_mul(u64::try_from(q.numerator().clone()).ok()?)
                }
                _ => None,
            },
            _ => None,
        }
    }
    // The proved rate has a degree of its own.
    degree(e, index).is_some_and(|d| d < BEYOND / 2)
}

/// What is left without a proof: the bound up to which it holds.
pub(super) fn open(c: &Context<'_>, finding: Finding, reasons: &[String]) -> Finding {
    let bounds = beginning(c).unwrap_or_default();
    let held = match (finding.verdict(), finding.rate()) {
        (Verdict::UpToRate, Some(rate)) => format!("`up to rate {rate}`"),
        (v, _) => format!("`{}`", v.text()),
    };
    let message = format!("{held} holds for {bounds}, and is not proved beyond: {}", reasons.join("; "));
    let seen = match finding.answer {
        Answer::Holds(equality) => Some(equality),
        Answer::Undecided { seen } => seen,
        Answer::Invalid { .. } | Answer::Fails(_) => None,
    };
    let mut open = Finding::new(Answer::Undecided { seen }, message).beside(finding.residual);
    open.assumptions = finding.assumptions;
    open.sampled_claims = finding.sampled_claims;
    open.tried = finding.tried;
    open.tried.push(format!("the members with {bounds}, one by one, and a proof for all"));
    open
}

/// The members of a system without end that are looked at one by one.
pub(super) fn beginning(c: &Context<'_>) -> Option<String> {
    let mut bounds: indexmap::IndexMap<&str, u64> = indexmap::IndexMap::new();
    for u in &c.system.family.unbounded {
        let bound = bounds.entry(&u.index.name).or_insert(u.to);
        *bound = u.to.min(*bound);
    }
    let texts: Vec<String> = bounds.into_iter().map(|(n, to)| format!("{n} <= {to}")).collect();
    (!texts.is_empty()).then(|| texts.join(" and "))
}

/// No proof may say what a member contradicts.
fn compare(c: &Context<'_>, u: &Unbounded, proof: &Proof, squares: &[Square]) -> Result<(), Disagreement> {
    for (s, arrow) in squares.iter().zip(c.system.squares()).filter(|(_, a)| a.generator == u.generator) {
        if contradicts(proof, arrow.index.first().map_or(u.from, |i| i.1), s) {
            let residual = s.finding.residual.map_or(0.0, |r| r.max);
            let noise = s.finding.residual.map_or(0.0, |r| r.noise);
            let place = format!("the square of `{}`, which a proof for all {} contradicts", s.name, u.index.name);
            let engine = "the prover for all sizes";
            return Err(Disagreement { engine, residual, noise, place });
        }
    }
    Ok(())
}

/// Whether a proof for all members says of one what was not found of it.
fn contradicts(proof: &Proof, n: u64, s: &Square) -> bool {
    let claimed = proof.rate.as_ref().map_or(Some(Rational::ONE), |rate| rate.at(n));
    let seen = match (s.finding.verdict(), s.finding.rate_exact()) {
        (Verdict::Commutes, _) => Some(Rational::ONE),
        (Verdict::UpToRate, Some(c)) => Some(c.clone()),
        (Verdict::UpToRate, None) => None,
        _ => Some(Rational::ZERO),
    };
    let free = s.pace == super::Pace::Free;
    matches!((claimed, seen), (Some(a), Some(b)) if a != b && !free)
}

/// Whether the source of `P(n)` is the target of `P(n + 1)`, or the other way round, for every `n`: the arguments of both
/// are the same function of `n`.
fn meets(c: &Context<'_>, u: &Unbounded) -> bool {
    let Some(Declared::Morphism(id)) = c.model.resolve(&u.instance.name.name, u.instance.name.span) else {
        return false;
    };
    let decl = &c.model[id];
    let Domain::Named(source) = &decl.source else { return false };
    if source.name.name != decl.target.name.name {
        return false;
    }
    let mut e = Elaborator::new(c.model);
    let (_, n) = e.quantify(&u.index.name, &[], Draw::Real, Role::Member);
    let one = e.store.num(1);
    let next = e.store.add(n, one);
    let mut ends = |at: Term, end: &Instance| -> Option<Vec<Term>> {
        let outer: IndexMap<String, Term> = [(u.index.name.clone(), at)].into_iter().collect();
        let params = if u.instance.args.is_empty() {
            let size = |p: &&Param| p.ty.as_ref().is_some_and(|t| t.name.name == "N");
            decl.params.iter().filter(size).map(|p| (p.name.name.clone(), at)).take(1).collect()
        } else {
            arguments(&mut e, &u.instance, &decl.params, &outer)?
        };
        let Some(Declared::Architecture(a)) = c.model.resolve(&end.name.name, end.name.span) else { return None };
        let values = arguments(&mut e, end, &c.model[a].params, &params)?;
        c.model[a].params.iter().map(|p| values.get(&p.name.name).copied()).collect()
    };
    let sides = [(ends(n, source), ends(next, &decl.target)), (ends(n, &decl.target), ends(next, source))];
    sides.into_iter().any(|(a, b)| {
        let (Some(a), Some(b)) = (a, b) else { return false };
        let differences: Vec<Term> = a.iter().zip(&b).map(|(&x, &y)| e.store.sub(x, y)).collect();
        differences.iter().all(|&d| e.store.is_zero(d)) || vanish_freely(&e, &differences)
    })
}

/// The arguments of a use by the names of the parameters, with other names bound; `None` if one is no scalar expression.
fn arguments(
    e: &mut Elaborator<'_>,
    instance: &Instance,
    params: &[Param],
    names: &IndexMap<String, Term>,
) -> Option<IndexMap<String, Term>> {
    let mut scope = Scope::default();
    for (name, t) in names {
        scope.bind(name, Local::Value(*t));
    }
    let mut values = IndexMap::new();
    for (i, a) in instance.args.iter().enumerate() {
        let name = match &a.name {
            Some(n) => n.name.clone(),
            None => params.get(i)?.name.name.clone(),
        };
        values.insert(name, e.expr(&a.value, &scope).ok()?);
    }
    Some(values)
}
