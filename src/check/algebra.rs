//! The algebra engine: exact randomised proofs of identities.
//!
//! A residual is evaluated at random points of random prime fields, with atoms for transcendental and algebraic
//! functions ([`crate::domain::prime`]). By the lemma of Schwartz and Zippel (Schwartz, *Fast Probabilistic Algorithms
//! for Verification of Polynomial Identities*, 1980) a rational function of degree `d` that is not zero vanishes at a
//! random point of a field of size `p` with probability at most `d/p`. Degrees are bounded by running the same program
//! in the domain of degrees; the number of trials is chosen so that the product of the bounds is below 2⁻¹⁰⁰. A bound
//! that is too weak for that, or a budget that runs out, means "not proved".

mod bound;
mod confirm;
mod degrees;
mod pieces;

use bound::Bound;

use std::collections::VecDeque;
use std::ops::Range;

use rayon::prelude::*;

use super::certify::{self, Guards};
use super::field::{Drawn, Trial};
use super::sample::Sampler;
use super::{Budget, Setting};
use crate::domain::prime::{Prime, PseudoInverses, Signs};
use crate::domain::{Fun, Stop};
use crate::model::elaborate::Constraint;
use crate::term::{Node, Program, Term};

/// The error probability that a randomised proof must stay below, as a power of two.
pub const ERROR_BITS: f64 = 100.0;
/// Pieces are enumerated up to this number of independent signs.
const MAX_SIGNS: usize = 8;
/// Scalar operations that may go into the pieces of perfect squares at one trial.
const PIECE_OPERATIONS: usize = 1_000_000_000;
/// A proof takes a few trials, so that one may have this part of the operations of all.
const PART: usize = 4;
/// Trials of so many operations are made beside each other.
const LARGE: usize = 1_000_000;
/// So many of them at most, for each keeps its values.
const MOST_TOGETHER: usize = 4;
/// Scalar operations that may go into members that are looked at one by one.
const SPECIAL_OPERATIONS: usize = 10_000_000;

/// What the engine found.
#[derive(Debug, Clone, PartialEq)]
pub enum Identity {
    /// All terms are the constant zero already.
    Trivial,
    /// Zero, with error probability at most `2^-bits`.
    Proved {
        /// The error bound.
        bits: f64,
        /// Evaluations made.
        trials: usize,
    },
    /// Not zero for independent atoms. What the atoms were tells what that means.
    Open(Atoms),
    /// Zero, if a pseudo-inverted matrix has the rank that a prime field finds; no point confirms that.
    Unconfirmed,
    /// No answer: why.
    Stuck(String),
    /// A side has no value at any point tried: what stopped it.
    Undefined(Stop, Term),
}

/// Which roots are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RootsTaken {
    /// None: all are formal.
    Formal,
    /// Those that some points do not have.
    True,
    /// Those of perfect squares too.
    Perfect,
}

/// What an evaluation met besides rational operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atoms {
    /// Nothing: a residual that is not zero in a prime field is not zero.
    None,
    /// Analytic functions: relations between them may have been missed.
    Analytic,
    /// Signs: the residual is not zero for some choice of signs, which may or may not occur.
    Kinks,
}

impl Identity {
    /// Whether the identity is proved.
    pub fn holds(&self) -> bool {
        matches!(self, Identity::Trivial | Identity::Proved { .. })
    }
}

/// Tries to prove that all terms vanish at generic points.
pub fn vanishes(setting: &Setting, terms: &[Term], extra: &[Constraint], budget: &Budget, purpose: &str) -> Identity {
    vanishes_unless(setting, terms, extra, budget, purpose, || false)
}

/// [`vanishes`], with a question that is asked when the first and cheapest test proves nothing: whether the terms plainly do
/// not vanish, so that finer tests are idle.
pub fn vanishes_unless(
    setting: &Setting,
    terms: &[Term],
    extra: &[Constraint],
    budget: &Budget,
    purpose: &str,
    plainly_not: impl FnOnce() -> bool,
) -> Identity {
    if terms.iter().all(|&t| setting.store.is_zero(t)) {
        return Identity::Trivial;
    }
    let test = Test::new(setting, terms, extra, budget, purpose);
    let operations = test.program.operations();
    let most = budget.operations / PART;
    if operations > most {
        return Identity::Stuck(format!(
            "the residual has {operations} scalar operations, more than the {most} of the budget"
        ));
    }
    let kinks_in_ranks = ranks_depend_on_kinks(setting, terms);
    let regular = !kinks_in_ranks || regularisation_is_sound(setting, terms);
    let mode = if kinks_in_ranks { PseudoInverses::Regularised } else { PseudoInverses::ByRank };
    let formal = test.run(&Signs::Free, mode, RootsTaken::Formal);
    if matches!(formal.0, Identity::Open(_)) && plainly_not() {
        return formal.0;
    }
    let (free, classes) = test.finer(formal, &Signs::Free, mode);
    let free = match free {
        // The rank is open: what holds for every rank holds.
        Identity::Unconfirmed if regularisation_is_sound(setting, terms) => {
            match test.run_both(&Signs::Free, PseudoInverses::Regularised).0 {
                Identity::Open(_) => Identity::Unconfirmed,
                other => other,
            }
        }
        other => other,
    };
    // Where regularised pseudo-inverses prove nothing, only the pieces one by one do.
    let free = match free {
        Identity::Proved { .. } if !regular => Identity::Open(Atoms::Kinks),
        other => other,
    };
    if free.holds() && !test.holds_at_special_members(setting, terms) {
        return Identity::Open(Atoms::None);
    }
    let found = test.by_pieces(free, classes, kinks_in_ranks);
    if matches!(found, Identity::Open(Atoms::Analytic | Atoms::Kinks)) && test.roots && !test.ranks {
        // Roots of squares, and signs beside them.
        let (pieces, _) = test.run(&Signs::Character, PseudoInverses::ByRank, RootsTaken::Perfect);
        if pieces.holds() {
            return pieces;
        }
    }
    // Pieces that free signs allow need not exist.
    match found {
        Identity::Open(Atoms::Analytic | Atoms::Kinks) | Identity::Stuck(_) => {
            test.by_cells(setting, terms).unwrap_or(found)
        }
        found => found,
    }
}

/// Whether terms vanish when every sign is a free number: they do then at kinks as well, where signs are zero; with
/// regularised pseudo-inverses also where ranks are lower than generic ones.
pub fn vanishes_for_free_signs(
    setting: &Setting,
    terms: &[Term],
    extra: &[Constraint],
    (budget, purpose): (&Budget, &str),
    mode: PseudoInverses,
) -> bool {
    let test = Test::new(setting, terms, extra, budget, purpose);
    let sound = match mode {
        PseudoInverses::ByRank => !ranks_depend_on_kinks(setting, terms),
        PseudoInverses::Regularised => !test.ranks || regularisation_is_sound(setting, terms),
    };
    sound && test.program.operations() <= budget.operations / PART && test.run_both(&Signs::Free, mode).0.holds()
}

/// Whether the first `split` roots equal the rest, one by one, at two random points of a prime field on each of the
/// given pieces.
pub fn agree_on_pieces(
    setting: &Setting,
    roots: &[Term],
    split: usize,
    extra: &[Constraint],
    pieces: &[Vec<i8>],
    budget: &Budget,
) -> bool {
    let sampler = Sampler::new(setting, roots, extra);
    let program = Program::new(&setting.store, roots);
    pieces.iter().all(|signs| {
        (0..2).all(|seed| {
            let label = format!("piece/{seed}");
            let signs = Signs::Pinned(signs.clone());
            // Members of finite classes would have to be those of the sample; their signs differ from member to member.
            let (members, _) = sampler.members();
            (0..members.min(64)).any(|member| {
                let draw = Trial::new(&sampler, &program, budget.seed, &label);
                let draw = Trial { signs: &signs, member: Some(member), ..draw };
                let Ok(Drawn { values, .. }) = draw.draw() else { return false };
                let (l, r) = values.split_at(split);
                l == r
            })
        })
    })
}

/// Whether a root occurs.
pub fn takes_roots(setting: &Setting, terms: &[Term]) -> bool {
    setting.store.any_node(terms, |n| matches!(n, Node::Power(_, q) if !q.is_int()))
}

/// Whether some pseudo-inverted matrix contains a sign: its rank may then depend on the piece.
fn ranks_depend_on_kinks(setting: &Setting, terms: &[Term]) -> bool {
    let store = &setting.store;
    store.reachable(terms).into_iter().any(|t| match store.node(t) {
        Node::PseudoInverse(x) => store.any_node(&[*x], |n| matches!(n, Node::Map(Fun::Sign, _))),
        _ => false,
    })
}

/// Whether an identity for `(AᵀA + λ)⁻¹Aᵀ` with free λ holds in the limit λ → 0: when nothing but sums and products is
/// taken of pseudo-inverses, so that both sides converge.
fn regularisation_is_sound(setting: &Setting, terms: &[Term]) -> bool {
    let store = &setting.store;
    let mut depends: rustc_hash::FxHashSet<Term> = rustc_hash::FxHashSet::default();
    store.reachable(terms).into_iter().all(|t| {
        let node = store.node(t);
        let below = node.operands().iter().any(|o| depends.contains(o));
        if below || matches!(node, Node::PseudoInverse(_)) {
            depends.insert(t);
        }
        !below || matches!(node, Node::Sum(_) | Node::Product { .. } | Node::Gather(..) | Node::Join(_))
    })
}

struct Test<'a> {
    setting: &'a Setting,
    extra: &'a [Constraint],
    /// What must not be zero, and can be told only at a real point.
    guards: Guards,
    /// Whether they hold: without and with the squares of signs.
    guarded: [std::cell::OnceCell<bool>; 2],
    sampler: Sampler,
    program: Program,
    budget: &'a Budget,
    purpose: &'a str,
    degree: f64,
    argument_degree: f64,
    /// Whether a pseudo-inverse is taken, whose rank may have to be confirmed.
    ranks: bool,
    /// Whether a root is taken.
    roots: bool,
    /// Whether something is more than rational: roots of numbers and π, which a field may have, are no atoms of it.
    atoms: bool,
    /// Whether a rank on one piece can be read off anywhere.
    single_valued: bool,
}

impl<'a> Test<'a> {
    fn new(
        setting: &'a Setting,
        terms: &[Term],
        extra: &'a [Constraint],
        budget: &'a Budget,
        purpose: &'a str,
    ) -> Self {
        let sampler = Sampler::new(setting, terms, extra);
        let program = Program::new(&setting.store, terms);
        let degrees::Bounds { degree, argument_degree } = degrees::bounds(&setting.store, terms, &program);
        let ranks = setting.store.any_node(terms, |n| matches!(n, Node::PseudoInverse(_)));
        let roots = takes_roots(setting, terms);
        let single_valued = certify::single_valued(setting, terms);
        let atoms = ranks && terms.iter().any(|t| certify::has_atoms(setting, *t));
        let guards = Guards::of(setting, terms);
        let guarded = Default::default();
        Test {
            setting,
            extra,
            guards,
            guarded,
            sampler,
            program,
            budget,
            purpose,
            degree,
            argument_degree,
            ranks,
            roots,
            atoms,
            single_valued,
        }
    }

    /// With formal roots, which cost little and prove most, and if that does not do with true ones.
    fn run_both(&self, signs: &Signs, mode: PseudoInverses) -> (Identity, usize) {
        self.finer(self.run(signs, mode, RootsTaken::Formal), signs, mode)
    }

    /// What a test with formal roots found, or one with true ones where that does not do.
    fn finer(&self, formal: (Identity, usize), signs: &Signs, mode: PseudoInverses) -> (Identity, usize) {
        match formal.0 {
            Identity::Open(_) | Identity::Unconfirmed if self.roots => self.run(signs, mode, RootsTaken::True),
            _ => formal,
        }
    }

    /// What free signs leave open, one piece after the other. So many independent signs were met.
    fn by_pieces(&self, free: Identity, classes: usize, kinks_in_ranks: bool) -> Identity {
        if !matches!(free, Identity::Open(_)) {
            return free;
        }
        // A regularised pseudo-inverse may make two signs of one.
        let classes = match kinks_in_ranks {
            true => self.run(&Signs::Free, PseudoInverses::ByRank, RootsTaken::Formal).1,
            false => classes,
        };
        if classes == 0 || classes > MAX_SIGNS {
            return free;
        }
        // Independent signs do not suffice: one piece after the other, with s² = 1.
        let mut total = 0;
        let mut weakest = f64::INFINITY;
        for pattern in 0..1u64 << classes {
            let (identity, met) = self.run_both(&Signs::Pattern(pattern), PseudoInverses::ByRank);
            if met > classes {
                // On this piece signs became independent that are one class elsewhere; the patterns do not cover them.
                return Identity::Stuck("the signs at kinks split differently from piece to piece".into());
            }
            match identity {
                Identity::Proved { bits, trials } => {
                    total += trials;
                    weakest = weakest.min(bits);
                }
                Identity::Trivial => {}
                other => return other,
            }
        }
        Identity::Proved { bits: weakest - classes as f64, trials: total }
    }

    /// The error that is left after points on all pieces that the signs and the roots of perfect squares define, if the
    /// residual vanishes there; `None` if it does not, or if they are too many.
    ///
    /// A piece is given by the signs of `k` functions. At a random point of a random field their characters are those signs
    /// with probability at least `2^-k`, up to Weil's bound: functions that are independent up to squares and numbers have
    /// independent characters, and each relation among them, which their real signs fulfil too, is one of their characters
    /// as soon as a number is a square in the field, which happens with probability 1/2. That is why each point is drawn in a
    /// field of its own.
    fn on_all_pieces(&self, draw: &Trial<'_>, first: &Drawn) -> Option<f64> {
        let k = first.prime.roots.perfect.len() + first.prime.sign_classes;
        let hit = 0.6 * 0.5f64.powi(i32::try_from(k).ok()?);
        let bits = ERROR_BITS + 12.0;
        let points = (-bits * std::f64::consts::LN_2 / (-hit).ln_1p()).ceil() as usize;
        // Four times as many as are needed on average until all roots exist.
        let chosen = first.prime.cover().1.saturating_sub(first.prime.roots.perfect.len()).min(16);
        let evaluations = points.checked_mul(4usize << chosen)?;
        let affordable = evaluations.saturating_mul(self.program.operations()) <= PIECE_OPERATIONS;
        (affordable && draw.vanishes_at(first, points, evaluations) == Some(true)).then(|| (-bits).exp2())
    }

    /// Runs trials until the error bound is reached; also the number of independent signs met.
    fn run(&self, signs: &Signs, mode: PseudoInverses, roots: RootsTaken) -> (Identity, usize) {
        self.run_members(signs, mode, roots, 0..self.sampler.members().0)
    }

    /// As [`Test::run`], for some of the members.
    fn run_members(
        &self,
        signs: &Signs,
        mode: PseudoInverses,
        roots: RootsTaken,
        range: Range<u64>,
    ) -> (Identity, usize) {
        let (members, exhaustive) = self.sampler.members();
        let mut classes = 0;
        let mut trials = 0usize;
        let mut weakest = f64::INFINITY;
        for member in range {
            let member = if exhaustive { Some(member) } else { None };
            let mut bound = Bound::default();
            let mut misses = 0;
            let mut seed = 0u64;
            let mut last: Option<Prime> = None;
            let mut ahead = VecDeque::new();
            while bound.bits() < ERROR_BITS + (members as f64).log2() {
                let spent = trials.saturating_mul(self.program.operations());
                if trials >= self.budget.trials || spent > self.budget.operations {
                    return (Identity::Stuck("the budget of exact trials ran out".into()), classes);
                }
                if self.budget.expired() {
                    return (Identity::Stuck("the time limit was reached".into()), classes);
                }
                let purpose = self.purpose;
                let label = |seed: u64| format!("{purpose}/{member:?}/{seed}");
                let (true_ones, perfect) = (roots != RootsTaken::Formal, roots == RootsTaken::Perfect);
                let plan = Trial::new(&self.sampler, &self.program, self.budget.seed, "");
                let plan = Trial { signs, pseudo_inverses: mode, member, roots: true_ones, perfect, ..plan };
                if ahead.is_empty() {
                    // Large trials are made beside each other once the first one promises that there will be more of them;
                    // they are looked at in their order, so that the answer is that of one thread.
                    let together = match self.program.operations() {
                        LARGE.. if last.is_some() => rayon::current_num_threads().min(MOST_TOGETHER) as u64,
                        _ => 1,
                    };
                    let drawn: Vec<_> = (seed + 1..=seed + together)
                        .into_par_iter()
                        .map(|seed| Trial { label: &label(seed), ..plan }.draw())
                        .collect();
                    ahead.extend(drawn);
                }
                seed += 1;
                let Some(drawn) = ahead.pop_front() else {
                    return (Identity::Stuck("no exact trial could be made".into()), classes);
                };
                let label = label(seed);
                let draw = Trial { label: &label, ..plan };
                trials += 1;
                match drawn {
                    Ok(drawn) if perfect && drawn.prime.roots.perfect.is_empty() => {
                        return (Identity::Open(Atoms::Analytic), drawn.prime.sign_classes);
                    }
                    Ok(drawn) => {
                        let zero = drawn.values.iter().flatten().all(|v| *v == 0);
                        let left = if !zero {
                            None
                        } else if perfect {
                            self.on_all_pieces(&draw, &drawn)
                        } else {
                            Some(0.0)
                        };
                        let mut prime = drawn.prime;
                        classes = classes.max(prime.sign_classes);
                        let Some(left) = left else {
                            let atoms = match (prime.kinks, prime.atoms) {
                                (true, _) => Atoms::Kinks,
                                (false, true) => Atoms::Analytic,
                                (false, false) if prime.roots.perfect.is_empty() => Atoms::None,
                                // The residual may vanish on the piece that is meant.
                                (false, false) => Atoms::Analytic,
                            };
                            return (Identity::Open(atoms), classes);
                        };
                        let left = perfect.then_some(left);
                        if !bound.note(&mut prime, self.degree, self.argument_degree, left) {
                            return (
                                Identity::Stuck("the degree of the residual is too high for the fields used".into()),
                                classes,
                            );
                        }
                        last = Some(prime);
                    }
                    Err((stop @ (Stop::Unsupported | Stop::Unclear), _)) => {
                        return (Identity::Stuck(stop_text(stop).into()), classes);
                    }
                    Err((stop, at)) => {
                        misses += 1;
                        if misses >= 4 {
                            return (
                                at.map_or(Identity::Stuck(stop_text(stop).into()), |t| Identity::Undefined(stop, t)),
                                classes,
                            );
                        }
                    }
                }
            }
            weakest = weakest.min(bound.bits() - (members as f64).log2());
            if last.is_some_and(|prime| !self.confirmed(&prime, member)) {
                return (Identity::Unconfirmed, classes);
            }
        }
        // That the square of a sign is one was used where signs are not free.
        if !self.guarded(!matches!(signs, Signs::Free)) {
            return (Identity::Unconfirmed, classes);
        }
        if !exhaustive {
            let text = format!("more than {} discrete members, of which a few passed", super::sample::MAX_MEMBERS);
            return (Identity::Stuck(text), classes);
        }
        (Identity::Proved { bits: weakest, trials }, classes)
    }
}

/// A reason in words.
pub fn stop_text(stop: Stop) -> &'static str {
    match stop {
        Stop::Pole => "division by zero, or the inverse of a singular matrix",
        Stop::Kink => "the point lies on a kink",
        Stop::OutOfDomain => "a logarithm or a root of a number that is not positive",
        Stop::Unclear => "a number could not be told from zero",
        Stop::Unsupported => "a function that this computation cannot represent exactly",
        Stop::Overflow => "the value is not a finite number",
        Stop::Budget => "the budget ran out",
    }
}
