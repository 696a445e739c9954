//! Squares along a class of transformations: for every architecture, or `on` one.
//!
//! Types prove ([`crate::structure`]). Beside a proof the same square is looked at in numbers, along a family of maps of
//! the class on a small architecture ([`Examples`]), and what the numbers contradict stops the run. What types leave open
//! is refuted by a counterexample: the square along one map of the class between small architectures, decided by the
//! ordinary engines, with a witness. What is neither proved nor refuted is asked of architectures with free jets in several
//! dimensions (`jets`), and said with these bounds; or it is undecided.

pub mod blocks;
mod cause;
mod examples;
mod jets;
mod members;
mod narrow;
mod proofs;

pub use cause::{Singular, singular_metric};
pub use examples::Examples;
pub use proofs::{along_by_types, blame_of, by_types, explain, natural_along, theorem_of};

use super::auto::Strongest;
use super::decide::{Disagreement, decide, unscaled};
use super::sample::Sampler;
use super::{Budget, ClaimKind, Problem, lower, numeric, witness, written};
use crate::core::class::Class;
use crate::core::names::Declared;
use crate::core::variance::Variance;
use crate::domain::Rational;
use crate::model::elaborate::{Elab, Elaborator};
use crate::model::morphism::MorphismPath;
use crate::structure::body::{Body, Kind, Op, build};
use crate::structure::hypothesis::every_architecture;
use crate::structure::prove::{Proof, Theorem, theorem};
use crate::structure::{blame, prove as types};
use crate::syntax::tree::{ExpectedVerdict, Instance};
use crate::verdict::{Equality, Extent, Finding, Ground, Rate, Residual, Verdict};

/// A square along a class.
#[derive(Debug, Clone)]
pub struct ClassQuestion {
    /// The optimizer as used.
    pub optimizer: Instance,
    /// The class.
    pub class: Class,
    /// Further classes of a path `translation ; linear`. Every class has the identities, so the composites of such a path
    /// include the maps of each, and what commutes along each commutes along all, by pasting.
    pub then: Vec<Class>,
    /// The architecture after `on`.
    pub on: Option<Instance>,
}

/// The answer, and the problem that its witness belongs to.
#[derive(Debug, Clone)]
pub struct ClassAnswer {
    /// What was found.
    pub finding: Finding,
    /// The example that was decided, with its terms dropped.
    pub problem: Option<Problem>,
}

impl From<Finding> for ClassAnswer {
    fn from(finding: Finding) -> Self {
        ClassAnswer { finding, problem: None }
    }
}

/// Decides a square along a class.
///
/// # Errors
/// If two engines contradict each other.
pub fn answer(
    examples: &Examples,
    question: &ClassQuestion,
    expected: Option<&ExpectedVerdict>,
    budget: &Budget,
) -> Result<ClassAnswer, Disagreement> {
    let mut weakest = one(examples, question, expected, budget)?;
    for &class in &question.then {
        let part = ClassQuestion { class, then: Vec::new(), ..question.clone() };
        let mut found = one(examples, &part, expected, budget)?;
        if found.finding.verdict() < weakest.finding.verdict() {
            found.finding.message = format!("along {}: {}", class.maps(), found.finding.message);
            weakest = found;
        }
    }
    Ok(weakest)
}

fn one(
    examples: &Examples,
    question: &ClassQuestion,
    expected: Option<&ExpectedVerdict>,
    budget: &Budget,
) -> Result<ClassAnswer, Disagreement> {
    let Some(Declared::Optimizer(id)) = examples.model().lookup(&question.optimizer.name.name) else {
        return Ok(Finding::undecided("no such optimizer").into());
    };
    let optimizer = &examples.model()[id];
    let body = build(examples.model(), optimizer, &question.optimizer, None);
    if !body.auto {
        let theorem = theorem(&body, question.class);
        return Case { examples, question, expected, body, theorem, auto: None, budget }.answer();
    }
    let mut strongest = Strongest::default();
    for variance in Variance::ALL {
        let body = build(examples.model(), optimizer, &question.optimizer, Some(variance));
        let theorem = theorem(&body, question.class);
        let found = Case { examples, question, expected, body, theorem, auto: Some(variance), budget }.answer()?;
        strongest.consider(Some(variance), found.finding.verdict(), found);
    }
    let Some((mut best, reading)) = strongest.best() else {
        return Ok(Finding::undecided("nothing to decide").into());
    };
    reading.tell(&mut best.finding);
    Ok(best)
}

/// A power of `a` as the engine of rates writes it.
fn monomial(exponent: &Rational) -> String {
    let power = |q: &Rational| match (q.is_one(), q.is_int()) {
        (true, _) => "a".to_owned(),
        (false, true) => format!("a^{q}"),
        (false, false) => format!("a^({q})"),
    };
    if *exponent < Rational::ZERO { format!("1 / {}", power(&-exponent.clone())) } else { power(exponent) }
}

/// What numbers say of a square that types prove.
enum Seen {
    /// They agree with the proof.
    Numbers(Residual),
    /// An example shows that the sides are defined nowhere.
    Nowhere(Box<ClassAnswer>),
    /// No example has a value on both sides.
    Nothing,
}

/// One question with everything that its answer needs.
struct Case<'a> {
    examples: &'a Examples,
    question: &'a ClassQuestion,
    /// What is expected of it.
    expected: Option<&'a ExpectedVerdict>,
    body: Body,
    /// What types prove.
    theorem: Theorem,
    auto: Option<Variance>,
    budget: &'a Budget,
}

impl Case<'_> {
    fn answer(&self) -> Result<ClassAnswer, Disagreement> {
        if let Some(on) = &self.question.on {
            return narrow::answer(self, on);
        }
        if let Some(vacuous) = self.vacuous() {
            return Ok(vacuous.into());
        }
        match self.theorem.proof.clone() {
            Proof::Commutes => self.commutes(),
            Proof::UpToRate(rate) => self.up_to_rate(&rate),
            Proof::InLimit => self.in_limit(),
            Proof::Invalid(why) => Ok(Finding::invalid(why).into()),
            Proof::Open => self.open(),
        }
    }

    /// Whether the body treats blocks apart, so that an architecture with a matrix is the better example.
    fn reads_blocks(&self) -> bool {
        self.body.nodes.iter().any(|n| {
            matches!(n.op, Op::BlockOf | Op::Assembled(_) | Op::BlockDiag | Op::PrimedBlock(_) | Op::Size(_))
                || matches!(n.kind, Kind::Sides(_) | Kind::Numbers)
        })
    }

    /// The problem of the square along a map of the examples, if the optimizer can be read over its architecture.
    fn problem(&self, map: &str, expect: bool) -> Option<Problem> {
        let map = self.examples.map(map)?;
        let mut problem = self.along(self.expected.filter(|_| expect), |e| e.declared(map))?;
        // The maps of the examples keep their claims, as a test of this crate checks once.
        problem.claims.clear();
        Some(problem)
    }

    /// The problem of the square along a path.
    fn along(
        &self,
        expected: Option<&ExpectedVerdict>,
        path: impl FnOnce(&mut Elaborator<'_>) -> Elab<MorphismPath>,
    ) -> Option<Problem> {
        lower::along(self.examples.model(), (&self.question.optimizer, self.auto), expected, path)
    }

    /// The problem of the square along a map of the class into an architecture, which no file declares.
    fn into(&self, path: impl FnOnce(&mut Elaborator<'_>) -> Elab<MorphismPath>) -> Option<Problem> {
        let mut problem = self.along(self.expected, path)?;
        // The source of a member is the preimage of the architecture's domain: what the claim would say is a condition.
        // The other claims hold since the maps are members of the class.
        for claim in problem.claims.drain(..) {
            if let ClaimKind::Inside(c) = claim.kind {
                problem.domain.push(c);
            }
        }
        Some(problem)
    }

    /// What is said of a question whose conditions no point satisfies: it is about nothing, and no theorem.
    fn vacuous(&self) -> Option<Finding> {
        let mut met = false;
        for map in self.examples.families(self.question.class, self.reads_blocks()) {
            let Some(problem) = self.problem(&map, false) else { continue };
            let (left, right) = (&problem.equation.left, &problem.equation.right);
            let roots: Vec<crate::term::Term> = left.iter().chain(right).copied().collect();
            // Also conditions on what the sides do not read.
            let conditions = problem.setting.constraints.iter().chain(&problem.domain).map(|c| c.term);
            let all: Vec<crate::term::Term> = roots.into_iter().chain(conditions).collect();
            let sampler = Sampler::new(&problem.setting, &all, &problem.domain);
            if !sampler.contradictory() && sampler.is_met(self.budget.seed) {
                return None;
            }
            met = true;
        }
        let message = "no point was found that satisfies the conditions, so that the question may be about nothing";
        met.then(|| Finding::undecided(message))
    }

    fn commutes(&self) -> Result<ClassAnswer, Disagreement> {
        Ok(match self.numbers()? {
            Seen::Numbers(residual) => self.proof(Extent::Commutes, self.proved()).beside(Some(residual)).into(),
            Seen::Nowhere(invalid) => *invalid,
            // A proof by types says that the sides agree where both are defined.
            Seen::Nothing => Finding::undecided(
                "the types of its expressions would prove it, but no architecture and no point was found at which both sides have \
                 a value: it may be said of nothing",
            )
            .into(),
        })
    }

    /// What types prove, with the hypotheses that they used.
    fn proof(&self, extent: Extent, message: String) -> Finding {
        Finding::new(Equality { hypotheses: self.hypotheses(), ..Equality::new(extent, Ground::Structure) }, message)
    }

    fn proved(&self) -> String {
        let what = if self.question.class == Class::Affine {
            "proved from the types of its expressions, along translations and along linear maps,"
        } else {
            "proved from the types of its expressions,"
        };
        let every = every_architecture(&self.theorem.hypotheses);
        format!("{what} for {every}, every dimension and every one of the {}", self.question.class.maps())
    }

    /// The hypotheses of the types' proof by name.
    fn hypotheses(&self) -> Vec<String> {
        self.theorem.hypotheses.iter().map(|h| h.text().to_owned()).collect()
    }

    /// Looks at the square in floating point along a family of the class. A proof says that the sides agree where both
    /// are defined; if the example shows that they are defined nowhere, the answer is that.
    fn numbers(&self) -> Result<Seen, Disagreement> {
        for map in self.examples.families(self.question.class, self.reads_blocks()) {
            let Some(mut problem) = self.problem(&map, false) else { continue };
            let built = problem.setting.store.len();
            let sides = (&problem.equation.left[..], &problem.equation.right[..]);
            if let Some(residual) = self.compare(&problem, sides)? {
                // What is written may have a value nowhere though its normal form has.
                let removed = written::removed(&mut problem.setting, &problem.equation.sides(), built);
                if removed.is_empty() || written::nowhere(&problem, &[], &removed, self.budget).is_none() {
                    return Ok(Seen::Numbers(residual));
                }
                continue;
            }
            let found = decide(&mut problem, self.budget)?;
            if found.verdict() == Verdict::Invalid {
                problem.setting.store = crate::term::Store::new();
                return Ok(Seen::Nowhere(Box::new(ClassAnswer { finding: found, problem: Some(problem) })));
            }
        }
        Ok(Seen::Nothing)
    }

    /// The residual of an equation that was proved; a point that refutes it is a defect of `nat`.
    fn compare(
        &self,
        problem: &Problem,
        sides: (&[crate::term::Term], &[crate::term::Term]),
    ) -> Result<Option<Residual>, Disagreement> {
        let sampled = numeric::compare(&problem.setting, sides, &problem.domain, self.budget, "class");
        if sampled.disagrees() {
            let goal = (witness::Goal::Differ, &sampled.suspects[..]);
            let (found, _) = witness::search(&problem.setting, sides, &problem.domain, goal, self.budget, "class");
            if found.is_some() {
                return Err(self.disagreement(sampled.residual, ""));
            }
        }
        Ok(sampled.residual)
    }

    /// Types proved what an example refutes: a defect of `nat`.
    fn disagreement(&self, residual: Option<Residual>, detail: &str) -> Disagreement {
        Disagreement {
            engine: "the engine of types",
            residual: residual.map_or(0.0, |r| r.max),
            noise: residual.map_or(0.0, |r| r.noise),
            place: format!(
                "the types of `{}` along {}{detail}",
                self.question.optimizer.name.name, self.question.class
            ),
        }
    }

    fn up_to_rate(&self, exponent: &Rational) -> Result<ClassAnswer, Disagreement> {
        let rate = monomial(exponent);
        let message = format!(
            "the sides agree once the target's learning rate is multiplied by {rate}, for x_target = a · x_source; {}",
            self.proved()
        );
        let mut finding = self.proof(Extent::UpToRate(Rate::written(Some(rate.clone()))), message);
        // An example shows that they do not agree without it.
        for map in self.examples.families(self.question.class, self.reads_blocks()) {
            let Some(mut problem) = self.problem(&map, true) else { continue };
            let found = decide(&mut problem, self.budget)?;
            match found.verdict() {
                // Roots are not found as monomials, and some formulas not at all: what is not there cannot be compared.
                Verdict::UpToRate if !exponent.is_int() || found.rate().is_none_or(|r| r == rate) => {
                    finding.residual = found.residual;
                    finding.rate_differs = found.rate_differs;
                    return Ok(finding.into());
                }
                // On an example a rate that is a root may not be found, and the sides then differ at a high order.
                Verdict::Undecided | Verdict::Invalid | Verdict::InLimit => {}
                // What vanishes commutes at every rate.
                Verdict::Commutes => return self.open(),
                verdict => {
                    let seen = found.rate().unwrap_or_default();
                    let detail = format!(": rate {rate}, but `{}` {seen} on an example", verdict.text());
                    return Err(self.disagreement(found.residual, &detail));
                }
            }
        }
        finding.assumptions.push("that the sides differ without the rate was not seen on an example".into());
        Ok(finding.into())
    }

    /// A step whose defect is proved to be of second order; an example tells the order, and that it is not zero.
    fn in_limit(&self) -> Result<ClassAnswer, Disagreement> {
        let mut least: Option<ClassAnswer> = None;
        for map in self.examples.maps(self.question.class, self.reads_blocks()) {
            let Some(mut problem) = self.problem(&map, false) else { continue };
            let mut found = decide(&mut problem, self.budget)?;
            if found.verdict() == Verdict::Fails {
                return Err(self.disagreement(found.residual, ""));
            }
            let order = found.order();
            let Some(equality) = found.equality_mut() else { continue };
            let Extent::InLimit(limit) = &mut equality.extent else { continue };
            let least_order = |l: &ClassAnswer| l.finding.order().unwrap_or(usize::MAX);
            if least.as_ref().is_some_and(|l| least_order(l) <= order.unwrap_or(usize::MAX)) {
                continue;
            }
            // The rate of the example is no rate of the class.
            limit.rate = None;
            equality.ground = Ground::Structure;
            equality.hypotheses = self.hypotheses();
            let power = order.map_or("lr^2 or smaller".to_owned(), |k| format!("lr^{k}"));
            found.message = format!(
                "the defect of one step vanishes to first order, {}; on an example it is of order {power}",
                self.proved()
            );
            found.example = self.examples.source(&self.question.optimizer, &map, &found);
            problem.setting.store = crate::term::Store::new();
            least = Some(ClassAnswer { finding: found, problem: Some(problem) });
        }
        Ok(least.unwrap_or_else(|| {
            let message = "the defect of one step is of second order, and no example was found on which it is not zero";
            Finding::undecided(message).into()
        }))
    }

    /// Types do not prove the square: a counterexample, or free jets, or nothing.
    fn open(&self) -> Result<ClassAnswer, Disagreement> {
        let class = self.question.class;
        let mut weakest: Option<(ClassAnswer, String)> = None;
        let mut vacuous: Option<Finding> = None;
        let mut seen = 0;
        let maps = self.examples.maps(class, self.reads_blocks());
        for map in maps.into_iter().chain(Examples::further(class)) {
            let Some(mut problem) = self.problem(&map, false) else { continue };
            let found = decide(&mut problem, self.budget)?;
            // A side that has no value on one architecture, of one parameter it may be, says nothing of the others.
            if found.verdict() == Verdict::Invalid && !unscaled(&problem, self.budget) {
                vacuous.get_or_insert(found);
                continue;
            }
            seen += 1;
            problem.setting.store = crate::term::Store::new();
            let done = found.verdict() == Verdict::Fails;
            if weakest.as_ref().is_none_or(|(w, _)| found.verdict() < w.finding.verdict() || done) {
                weakest = Some((ClassAnswer { finding: found, problem: Some(problem) }, map));
            }
            if done {
                break;
            }
        }
        match weakest {
            Some((mut w, map)) if w.finding.verdict() == Verdict::Fails => {
                w.finding.example = self.examples.source(&self.question.optimizer, &map, &w.finding);
                if let Some(failure) = w.finding.failure_mut() {
                    failure.blame = blame::blame(&self.body, class);
                }
                Ok(w)
            }
            // The only claim that the examples' maps do not keep: that of a `diagonal` state.
            Some((w, _)) if w.finding.verdict() == Verdict::Invalid => Ok(w),
            Some(_) => jets::answer(self, self.unproved(seen)),
            None if vacuous.is_some() => Ok(vacuous.map_or_else(|| self.unproved(seen).into(), ClassAnswer::from)),
            None => {
                let message = "the optimizer could be read over none of the example architectures; ask `on` an architecture of yours";
                Ok(Finding::undecided(message).into())
            }
        }
    }

    /// The answer where types prove nothing and no example refutes.
    fn unproved(&self, seen: usize) -> Finding {
        let mut undecided =
            Finding::undecided("types do not prove it, and no example refutes it; ask `on` an architecture");
        let first = types::first_fault(&self.body, self.question.class);
        undecided.tried.push(format!("types: {}", first.unwrap_or_else(|| "no law fits".into())));
        undecided.tried.push(format!("examples: {seen}"));
        undecided
    }
}
