//! Repairs: changes to an optimizer that make a failing square commute, found by trying them.
//!
//! The candidates are the repairs that the literature knows, [`Edit`]. The smallest set of them that reaches a stronger
//! verdict is suggested. Nothing is suggested that was not decided by the same engines as the check itself: by types along
//! a class, and by algebra along a morphism.

mod edit;

pub use edit::Edit;

use super::expected::expected_verdict;
use super::generic::Size;
use super::posed::Posed;
use super::{Ask, Budget, Problem, Task, class, decide, lower};
use crate::core::names::{Declared, Model};
use crate::syntax::tree::{Check, Optimizer, Question};
use crate::term::Program;
use crate::verdict::{Blame, Evidence, Finding, Repair, Verdict};

/// Sets of edits that are judged by running the engines, at most; by types many more can be.
const MAX_ENGINE_RUNS: usize = 24;
const MAX_TYPE_RUNS: usize = 600;
/// The engines judge so many scalar operations in all, and one set in any case: the search costs a fixed multiple of what
/// the verdict itself costs, and of a large square no more than that.
const ENGINE_WORK: usize = 400_000;
/// A changed square that costs so many times as much as the square itself is not judged, unless it is small.
const COSTLIER: usize = 4;
const SMALL: usize = 20_000;
/// The largest set of edits that is tried.
const MAX_EDITS: usize = 3;

/// Looks for a repair of a square that fails, or is equal in the limit only, where more is expected.
pub fn mend(model: &Model, posed: Posed<'_>, finding: &mut Finding, budget: &Budget) {
    let (found, wanted) = (finding.verdict(), expected_verdict(posed.expected()));
    if found < wanted && matches!(found, Verdict::Fails | Verdict::InLimit) {
        finding.repair = suggest(model, posed, (found, wanted), (|_| true, budget));
        if !finding.repair.as_ref().is_some_and(|r| r.carrying)
            && let Some(failure) = finding.failure_mut()
            && let Some(other) = suggest(model, posed, (found, wanted), (Edit::is_of_a_type, budget))
        {
            let reasons = other.reasons.join("; ");
            failure.causes.push(format!("{reasons}: the square is then `{}`", other.verdict.text()));
        }
    }
}

/// The smallest repair of the optimizer of a `check natural` that reaches a verdict stronger than `found`; of several
/// such of one size the strongest. One that reaches `wanted` is preferred to a smaller one that does not. Only edits of a
/// kind are tried.
fn suggest(
    model: &Model,
    posed: Posed<'_>,
    (found, wanted): (Verdict, Verdict),
    (kind, budget): (fn(&Edit) -> bool, &Budget),
) -> Option<Repair> {
    let (optimizer, along) = posed.natural()?;
    let Some(Declared::Optimizer(id)) = model.resolve(&optimizer.name.name, optimizer.name.span) else {
        return None;
    };
    let task = lower::posed(model, posed, Size::Usual).ok()?;
    // What a check sets is not for the optimizer to change.
    let set: Vec<usize> = (0..model[id].params.len())
        .filter(|&i| {
            optimizer.args.iter().enumerate().any(|(k, a)| match &a.name {
                Some(n) => n.name == model[id].params[i].name.name,
                None => k == i,
            })
        })
        .collect();
    let allowed = |e: &Edit| kind(e) && !matches!(e, Edit::Without(i) if set.contains(i));
    let (found, wanted) = (Some(found), wanted);
    match &task.ask {
        Ask::Class(question) if question.on.is_none() && question.then.is_empty() => {
            let judge =
                |o: &Optimizer| class::by_types(&model.with_optimizer(id, o.clone()), optimizer, question.class);
            search(&model[id], allowed, judge, (found, wanted), MAX_TYPE_RUNS).map(|r| r.1)
        }
        Ask::Class(_) | Ask::Classes(_) | Ask::System(_) | Ask::Trace(_) => None,
        Ask::Problems | Ask::Training(_) => {
            let own = work(&task);
            let judge = |o: &Optimizer| proved(&model.with_optimizer(id, o.clone()), posed, own, budget);
            // Types cost next to nothing; what they find is decided once.
            if let Some(class) = task.maps {
                let kind = (class, class::blocks::kept(model, along));
                let by_types = |o: &Optimizer| class::along_by_types(model, (o, optimizer), kind);
                let first = search(&model[id], allowed, by_types, (found, wanted), MAX_TYPE_RUNS);
                if let Some((changed, repair)) = first
                    && let Some(verdict) = judge(&changed).filter(|v| Some(*v) > found)
                {
                    return Some(Repair { verdict, ..repair });
                }
            }
            let runs = (ENGINE_WORK / own.max(1)).clamp(1, MAX_ENGINE_RUNS);
            search(&model[id], allowed, judge, (found, wanted), runs).map(|r| r.1)
        }
    }
}

/// Tries sets of edits, small ones first, until one reaches `wanted`; else the best that is stronger than `found`. At most
/// `runs` sets are judged. Also the repaired optimizer.
pub fn search(
    optimizer: &Optimizer,
    allowed: impl Fn(&Edit) -> bool,
    judge: impl Fn(&Optimizer) -> Option<Verdict>,
    (found, wanted): (Option<Verdict>, Verdict),
    runs: usize,
) -> Option<(Optimizer, Repair)> {
    let edits: Vec<Edit> = Edit::all(optimizer).into_iter().filter(|e| allowed(e)).collect();
    let edits: Vec<Edit> = edits.into_iter().filter(|e| e.apply(optimizer).is_some()).collect();
    let mut tries = Tries { optimizer, edits: &edits, judge: &judge, found, wanted, best: None, left: runs };
    // What leaves the rules as they are comes first: hyperparameters at zero, together, and other types of states, one by one.
    let (zeros, rest): (Vec<usize>, Vec<usize>) = (0..edits.len()).partition(|&k| matches!(edits[k], Edit::Without(_)));
    let (carried, rest): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(|&k| edits[k].is_simple());
    tries.sets(&zeros, &[]);
    // Numbers at zero that leave a rate to be chosen leave the optimizer what it is.
    if tries.best.as_ref().is_some_and(|b| b.1.verdict >= Verdict::UpToRate) {
        return tries.best;
    }
    tries.singles(&carried);
    let all: Vec<usize> = zeros.iter().copied().chain(rest).collect();
    tries.sets(&all, &zeros);
    tries.best
}

/// A search for the best set of edits.
struct Tries<'a> {
    optimizer: &'a Optimizer,
    edits: &'a [Edit],
    judge: &'a dyn Fn(&Optimizer) -> Option<Verdict>,
    found: Option<Verdict>,
    wanted: Verdict,
    best: Option<(Optimizer, Repair)>,
    /// Sets that may still be judged.
    left: usize,
}

impl Tries<'_> {
    fn done(&self) -> bool {
        self.left == 0 || self.best.as_ref().is_some_and(|b| b.1.verdict >= self.wanted)
    }

    /// Judges one set; whether it can be applied.
    fn one(&mut self, set: &[usize], judged: bool) -> bool {
        let Some((changed, repair)) = apply_all(self.optimizer, self.edits, set) else { return false };
        if judged || self.left == 0 {
            return true;
        }
        self.left -= 1;
        let Some(verdict) = (self.judge)(&changed) else { return true };
        if Some(verdict) > self.best.as_ref().map_or(self.found, |b| Some(b.1.verdict)) {
            self.best = Some((changed, Repair { verdict, ..repair }));
        }
        true
    }

    fn singles(&mut self, of: &[usize]) {
        for &k in of {
            if self.done() {
                return;
            }
            self.one(&[k], false);
        }
    }

    /// Sets of these edits, small ones first; those of `known` alone were judged before.
    fn sets(&mut self, of: &[usize], known: &[usize]) {
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        for _ in 0..MAX_EDITS {
            if self.done() {
                return;
            }
            let mut larger = Vec::new();
            for set in &sets {
                let next = set.last().and_then(|l| of.iter().position(|k| k == l)).map_or(0, |p| p + 1);
                for &k in &of[next..] {
                    let mut set = set.clone();
                    set.push(k);
                    let judged = set.iter().all(|k| known.contains(k));
                    if self.one(&set, judged) {
                        larger.push(set);
                    }
                }
            }
            sets = larger;
        }
    }
}

fn apply_all(optimizer: &Optimizer, edits: &[Edit], set: &[usize]) -> Option<(Optimizer, Repair)> {
    let mut changed = optimizer.clone();
    let mut repair = Repair {
        edits: Vec::new(),
        verdict: Verdict::Undecided,
        reasons: Vec::new(),
        carrying: false,
        zeros: Vec::new(),
    };
    for &k in set {
        let (next, changes) = edits[k].apply(&changed)?;
        changed = next;
        repair.edits.extend(changes);
        repair.reasons.push(edits[k].reason(optimizer));
    }
    repair.zeros = set.iter().filter_map(|&k| edits[k].zeroed(optimizer)).collect();
    repair.carrying = set.iter().all(|&k| matches!(edits[k], Edit::Carried(..)));
    Some((changed, repair))
}

/// The places where hyperparameters are used that a repair sets to zero, if it does nothing else: these fix a scale.
pub fn scales(model: &Model, check: &Check, repair: &Repair) -> Vec<Blame> {
    let Question::Natural { optimizer, .. } = &check.question else { return Vec::new() };
    let Some(Declared::Optimizer(id)) = model.resolve(&optimizer.name.name, optimizer.name.span) else {
        return Vec::new();
    };
    if repair.zeros.is_empty() || repair.zeros.len() != repair.edits.len() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for name in &repair.zeros {
        let why = "a number has no units and stands beside quantities that have them: it fixes a scale";
        let places = edit::uses_of(&model[id], name);
        found.extend(places.into_iter().map(|span| Blame { span, why: why.into() }));
    }
    found.sort_by_key(|b| b.span);
    found
}

/// The scalar operations of one evaluation of a task's sides.
fn work(task: &Task) -> usize {
    let sides = |p: &Problem| -> usize {
        let roots: Vec<_> = p.equation.sides();
        Program::new(&p.setting.store, &roots).operations()
    };
    task.problems.iter().map(sides).fold(0, usize::saturating_add)
}

/// The verdict of a check on a changed model, if it is proved; squares that cost far more than the one in question, of `own`
/// operations, are left alone.
fn proved(model: &Model, posed: Posed<'_>, own: usize, budget: &Budget) -> Option<Verdict> {
    let mut task = lower::posed(model, posed, Size::Usual).ok()?;
    let cost = work(&task);
    if cost > SMALL && cost > own.saturating_mul(COSTLIER) {
        return None;
    }
    let [problem] = &mut task.problems[..] else { return None };
    let finding = decide::decide(problem, budget).ok()?;
    (finding.evidence() == Evidence::Algebra).then_some(finding.verdict())
}
