//! The finding: from numbers to a guess, from the guess to a proof, or to a refutation.

use indexmap::IndexMap;

use super::beside::beside;
use super::chart::Chart;
use super::detect::detect;
use super::exceptions::{Exceptions, exceptions, fresh_states_are_carried, holds_along_runs, starts_between_pieces};
use super::factors::{FINE, LARGE, TOLERANCE};
use super::fibres::loosen;
use super::foreign::reads_other_blocks;
use super::guess::{Guess, allowed, guess, led};
use super::magnify::guess_magnified;
use super::prove::{Scaled, prove};
use super::relation::{Builder, Relation};
use super::run::{Courses, Runner, STEPS};
use super::{Asked, Kind, fresh, later, limit, refute, words};
use crate::check::decide::{Disagreement, Sign, agree, claims, positive};
use crate::check::special;
use crate::check::{Budget, algebra, formula, rate};
use crate::term::Term;
use crate::verdict::{Equality, Extent, Factors, Finding, Ground, Rate, Verdict};

/// Points that each group of courses has.
const COURSES: usize = 12;
/// Groups of courses, at most.
const MAX_GROUPS: usize = 14;

/// What else the answer may use.
pub struct Context<'a> {
    /// Decides the square of one step.
    pub square: &'a mut dyn FnMut() -> Result<Option<Square>, Disagreement>,
    /// The subexpression of the optimizer that reads all blocks at once, if there is one.
    pub mixing: Option<String>,
}

/// Answers a question about training.
///
/// # Errors
/// If two engines contradict each other.
pub fn answer(asked: &mut Asked, context: &mut Context<'_>, budget: &Budget) -> Result<Finding, Disagreement> {
    if let Some(reason) = &asked.problem.invalid {
        return Ok(Finding::invalid(reason.clone()));
    }
    if let Some(broken) = claims(&mut asked.problem, budget)? {
        return Ok(broken);
    }
    let mut assumptions = std::mem::take(&mut asked.problem.assumptions);
    let mut finding = match found(asked, context, budget)? {
        Ok(f) => f,
        Err(reason) => Finding::undecided(reason),
    };
    if finding.equality().is_some() {
        let sides: Vec<Term> = asked.source.next.iter().chain(&asked.target.next).copied().collect();
        let specials = special::members(&asked.problem, asked.rate, &sides, budget);
        if let Some(at) = specials.members.first().map(|s| &s.text).or(specials.open.as_ref()) {
            let plain = finding.verdict() == Verdict::Commutes && asked.kind != Kind::Transfer;
            // A point of that member at which first steps differ at every rate answers for all.
            finding = match if plain { refute::training(asked, None, budget)? } else { None } {
                Some(fails) => fails,
                None => finding.only_in_general(&special::another(at)),
            };
        } else if special::some_sign_may_vanish(&asked.problem, &sides, budget) {
            finding = finding.only_in_general(special::ZERO_ON_A_PIECE);
        }
    }
    assumptions.append(&mut asked.problem.assumptions);
    assumptions.append(&mut finding.assumptions);
    finding.assumptions = assumptions;
    Ok(finding)
}

/// What one step says: `check natural` for `training`, `check same` for `same training`.
pub struct Square {
    /// The answer.
    pub finding: Finding,
    /// Whether fresh states fit it and runs meet no exception; `None` if that is to be asked of the question's own states.
    pub fits: Option<bool>,
}

/// The question about one step, in words.
fn square_text(asked: &Asked) -> &'static str {
    if asked.kind == Kind::Same { "`check same`" } else { "the square of `check natural`" }
}

type Undecided = String;

fn found(
    asked: &mut Asked,
    context: &mut Context<'_>,
    budget: &Budget,
) -> Result<Result<Finding, Undecided>, Disagreement> {
    let chart = match Chart::new(asked, budget) {
        Ok(c) => c,
        Err(reason) => return Ok(Err(reason)),
    };
    if asked.kind == Kind::Transfer
        && let Some(reason) = mixes_blocks(asked, &chart)
    {
        return Ok(Ok(Finding::invalid(reason)));
    }
    if let Some(at) = fresh::removed_pole(asked, budget) {
        let what = asked.problem.setting.store.describe_partial(at);
        return Ok(Err(format!("as it is written the first step from a fresh state may have no value: {what}")));
    }
    let loosened = loosen(asked);
    let runner = match Runner::new(asked) {
        Ok(r) => r,
        Err(reason) => return Ok(Err(reason)),
    };
    let members = runner.members(&asked.problem);
    let constant = members.iter().all(|s| Some(*s) == asked.rate);
    let groups = if constant && asked.kind != Kind::Same { 2 } else { (3 * members.len() + 3).min(MAX_GROUPS) };
    let each = if runner.operations() > LARGE { COURSES / 2 } else { COURSES };
    let courses = Courses::draw(&runner, &asked.problem, groups, each, budget);
    let defined = courses.as_ref().is_some_and(|c| {
        c.groups.iter().flatten().any(|c| runner.led(c, &asked.target, &runner.ones()[..], STEPS).is_ok())
    });
    if !defined && let Some(reason) = fresh::undefined(asked, budget) {
        return Ok(Ok(Finding::invalid(reason)));
    }
    let Some(mut courses) = courses.filter(|_| defined) else {
        return Ok(Err("no point was found from which both sides could be followed".into()));
    };
    let mut tried = vec![format!(
        "courses: {} from fresh states, {STEPS} steps each",
        courses.groups.iter().map(Vec::len).sum::<usize>()
    )];
    let (first, failing) = guess(asked, &runner, &courses, TOLERANCE);
    if let Some(guess) = &first
        && let Some(f) = proved_with(asked, (&chart, &runner), &mut courses, guess, (&mut tried, budget))?
    {
        return Ok(Ok(f));
    }
    // What is as small as `eps` shows in the last digits only. Where nothing is close it is of no use.
    if failing.is_empty()
        && let Some(guess) = guess(asked, &runner, &courses, FINE).0
        && first.as_ref().is_none_or(|f| f.terms != guess.terms)
        && let Some(f) = proved_with(asked, (&chart, &runner), &mut courses, &guess, (&mut tried, budget))?
    {
        return Ok(Ok(f));
    }
    if let Some(guess) = guess_magnified(asked, &courses, (each, TOLERANCE), budget)
        && first.as_ref().is_none_or(|f| f.terms != guess.terms)
        && let Some(f) = proved_with(asked, (&chart, &runner), &mut courses, &guess, (&mut tried, budget))?
    {
        return Ok(Ok(f));
    }
    let guess = first;
    // Where some factors make the first steps agree in numbers, no search through all of them finds that none do.
    if guess.is_some() {
        asked.searches = 0;
    }
    let square = (context.square)()?;
    // Runs that agree without a rate, as far as they were followed, may have no part in which the learning rate counts.
    let one_will_do = guess.as_ref().is_some_and(|g| g.rate.is_none()) && asked.kind != Kind::Transfer;
    if let Some(Square { finding: f, fits }) = &square
        && f.verdict() >= if one_will_do { Verdict::Commutes } else { Verdict::UpToRate }
        && f.evidence().is_proof()
        && fits
            .unwrap_or_else(|| !loosened && fresh_states_are_carried(asked, budget) && holds_along_runs(asked, budget))
    {
        let fresh = if asked.source.states.is_empty() { "" } else { ", and fresh states are carried to fresh states" };
        let message = format!("{} says so of every step{fresh}: {}", square_text(asked), f.message);
        return Ok(Ok(Finding { message, ..f.clone() }));
    }
    // Without states the first step is that of the square, and no rate mends it there.
    let stateless = asked.source.states.is_empty() && asked.target.states.is_empty();
    let first_fails =
        square.as_ref().map(|s| &s.finding).filter(|f| stateless && f.verdict() == Verdict::Fails).cloned();
    let in_limit = square.filter(|s| s.finding.verdict() == Verdict::InLimit);
    let seems_in_limit = in_limit.is_some();
    if asked.kind != Kind::Transfer
        && asked.rate.is_some()
        && agrees_in_first_order(asked, budget)
        && let Some(Square { finding: f, fits: _ }) = in_limit
        && fresh_states_are_carried(asked, budget)
        && limit::stable(asked, budget)
    {
        let message = format!(
            "{} is in limit, so that both runs differ by O(lr) at a fixed time k·lr, as long as states stay bounded there; {}",
            square_text(asked),
            f.message
        );
        return Ok(Ok(Finding { message, ..f }));
    }
    let between = starts_between_pieces(asked, budget);
    let refuted = match asked.kind {
        // What differs beyond the first order refutes nothing.
        _ if between || seems_in_limit => None,
        Kind::Transfer => transfer_fails(asked, &failing, context, budget)?,
        _ => {
            let one = asked.problem.setting.store.num(1);
            let rate = guess.as_ref().map(|g| g.rate.unwrap_or(one));
            // A first step that agrees leaves one rate to be refuted later, found or not.
            let rate = rate.or_else(|| first_rate(asked, budget));
            refute::training(asked, rate, budget)?
        }
    };
    if let Some(mut f) = refuted {
        f.tried.splice(0..0, tried);
        return Ok(Ok(f));
    }
    if let Some(f) = first_fails.filter(|f| asked.kind != Kind::Transfer && f.evidence().is_proof()) {
        let message = format!("{} says so of the first step: {}", square_text(asked), f.message);
        return Ok(Ok(Finding { message, ..f }));
    }
    if let Some(block) = failing.first().and_then(|&b| asked.target.blocks.get(b)) {
        tried.push(format!("no factors were found for `{}`", block.name));
    }
    let message = match (&guess, asked.kind) {
        (Some(_), _) => {
            "the parameters agree at the sampled points for the first steps, but no invariant was proved that makes them agree for ever"
        }
        (None, Kind::Transfer) => {
            "no factors were found that make the first steps agree, and no points that rule all of them out"
        }
        (None, _) => {
            "no rate was found under which the first steps agree, and no point was found that rules all rates out"
        }
    };
    let mut f = Finding::undecided(message);
    f.tried = tried;
    Ok(Ok(f))
}

/// The finding for guessed factors, if an invariant proves them.
fn proved_with(
    asked: &mut Asked,
    (chart, runner): (&Chart, &Runner),
    courses: &mut Courses,
    guess: &Guess,
    (tried, budget): (&mut Vec<String>, &Budget),
) -> Result<Option<Finding>, Disagreement> {
    let Some(led) = led(asked, runner, courses, guess) else { return Ok(None) };
    let carried = asked.carried.clone();
    let builder = Builder { chart, carried: &carried };
    let mut relation = detect(asked, &builder, courses, &led);
    let traces = relation.equal_traces.take();
    for attempt in 0..3 {
        let relation = match attempt {
            0 => relation.clone(),
            1 if traces.is_some() => Relation { equal_traces: traces, ..relation.clone() },
            2 => {
                let scaled = Scaled::new(asked, &guess.terms);
                let beside = beside(asked, &relation, &scaled, (courses, &led));
                if beside.is_empty() {
                    continue;
                }
                Relation { beside, ..relation.clone() }
            }
            _ => continue,
        };
        let open = match prove(asked, &builder, &relation, &guess.terms, budget)? {
            Ok(proof) => match exceptions(asked, &guess.terms, (&proof.general, proof.free_signs, true), budget) {
                Exceptions::Met(why) => why,
                seen => {
                    let mut f = proved(asked, guess, &relation, proof, budget);
                    if let Exceptions::NotSeen(assumption) = seen {
                        f.assumptions.push(assumption);
                    }
                    return Ok(Some(f));
                }
            },
            Err(open) => open,
        };
        let equations = words::invariant(asked, &relation);
        let what = if equations.is_empty() { "the parameters alone".to_owned() } else { equations.join("; ") };
        tried.push(format!("invariant ({open}){}: {what}", with_factors(asked, guess)));
    }
    Ok(None)
}

/// The factors of a guess that are not one, in words.
fn with_factors(asked: &Asked, guess: &Guess) -> String {
    let mut list = Vec::new();
    for (block, own) in asked.target.blocks.iter().zip(&guess.terms.blocks) {
        for (factor, &c) in asked.factors.iter().zip(own).filter(|f| !formula::is_one(&asked.problem.setting, *f.1)) {
            list.push(format!("{}({}) = {}", factor.name, block.name, asked.problem.setting.store.text(c)));
        }
    }
    if list.is_empty() { String::new() } else { format!(" with {}", list.join(", ")) }
}

/// Why a map does not take blocks to blocks, if it does not.
fn mixes_blocks(asked: &Asked, chart: &Chart) -> Option<String> {
    let (b, sources) = chart.blocks.iter().enumerate().find(|(_, s)| s.len() > 1)?;
    let names: Vec<String> = sources.iter().map(|&a| format!("`{}`", asked.source.blocks[a].name)).collect();
    Some(format!(
        "a transfer needs a map that takes blocks to blocks, and `{}` of the target depends on {} of the source",
        asked.target.blocks[b].name,
        names.join(" and ")
    ))
}

fn proved(
    asked: &mut Asked,
    guess: &Guess,
    relation: &Relation,
    proof: super::prove::Proof,
    budget: &Budget,
) -> Finding {
    let invariant = words::invariant(asked, relation);
    let mut rates: IndexMap<String, IndexMap<String, String>> = IndexMap::new();
    let mut scaled = Vec::new();
    for b in 0..asked.target.blocks.len() {
        let mut own = IndexMap::new();
        for j in 0..asked.factors.len() {
            let c = rate::simplified(&mut asked.problem.setting, guess.terms.blocks[b][j]);
            if formula::is_one(&asked.problem.setting, c) {
                continue;
            }
            let text = asked.problem.setting.store.text(c);
            scaled.push((b, j, c));
            own.insert(asked.factors[j].name.clone(), text);
        }
        if asked.kind == Kind::Transfer {
            rates.insert(asked.target.blocks[b].name.clone(), own);
        }
    }
    let known =
        if invariant.is_empty() { String::new() } else { format!(" with the invariant: {};", invariant.join("; ")) };
    let when = if asked.rate.is_some() { "for every number of steps" } else { "at all times" };
    let proof_text = format!("{when},{known} {}", proof.text);
    let (extent, message) = match asked.kind {
        _ if scaled.is_empty() => (Extent::Commutes, format!("the parameters of both runs correspond {proof_text}")),
        Kind::Transfer => {
            let list: Vec<String> =
                rates.iter().flat_map(|(b, own)| own.iter().map(move |(h, c)| format!("{h}({b}) = {c}"))).collect();
            (
                Extent::UpToRates,
                format!("the parameters of both runs correspond with {} in the target, {proof_text}", list.join(", ")),
            )
        }
        _ => {
            let c = scaled[0].2;
            let text = asked.problem.setting.store.text(c);
            let exact = asked.problem.setting.store.as_fill(c).cloned();
            (
                Extent::UpToRate(Rate { text: Some(text.clone()), exact }),
                format!(
                    "the parameters of both runs correspond once the target's learning rate is multiplied by {text}, {proof_text}"
                ),
            )
        }
    };
    let mut assumptions = Vec::new();
    for &(b, j, c) in &scaled {
        match positive(&mut asked.problem, c, budget) {
            Sign::Proved => {}
            Sign::Sampled => {
                let text = asked.problem.setting.store.text(c);
                assumptions.push(format!(
                    "{}({}) = {text} is positive: holds at all members tried, not proved",
                    asked.factors[j].name, asked.target.blocks[b].name
                ));
            }
            Sign::No => {
                return Finding::undecided("the factors that were found are not positive");
            }
        }
    }
    assumptions.dedup();
    let transfer = asked.kind == Kind::Transfer;
    let square = |&(b, j, c): &(usize, usize, Term)| {
        let (block, name) = (asked.target.blocks[b].name.clone(), asked.factors[j].name.clone());
        let known = rate::constant(&asked.problem.setting, c).filter(|v| !v.negative);
        known.map(|v| (block, name, v.square))
    };
    let squares = scaled.iter().filter(|_| transfer).filter_map(square).collect();
    let factors = Factors { of_blocks: rates, squares };
    let answer = Equality { invariant, factors, ..Equality::new(extent, Ground::Algebra) };
    let mut f = Finding { assumptions, ..Finding::new(answer, message) }.beside(proof.residual);
    if transfer {
        expected(asked, guess, budget, &mut f);
    } else if let Some(&(_, _, c)) = scaled.first() {
        crate::check::decide::expected_rate(&mut asked.problem, c, budget, &mut f);
    }
    f
}

/// Compares the factors that the check names with those found.
fn expected(asked: &mut Asked, guess: &Guess, budget: &Budget, f: &mut Finding) {
    for (b, j, wanted) in asked.expected.clone() {
        let c = guess.terms.blocks[b][j];
        let difference = asked.problem.setting.store.sub(c, wanted);
        let same = asked.problem.for_every_member(|p| {
            algebra::vanishes(&p.setting, &[difference], &p.domain, budget, "expected rates").holds()
        });
        if same {
            continue;
        }
        let name = format!("{}({})", asked.factors[j].name, asked.target.blocks[b].name);
        let wanted_short = rate::simplified(&mut asked.problem.setting, wanted);
        let text = asked.problem.setting.store.text(wanted_short);
        let constants = rate::constant(&asked.problem.setting, c).zip(rate::constant(&asked.problem.setting, wanted));
        let equal = match constants {
            Some((a, b)) => a.negative == b.negative && a.square == b.square,
            None => agree(&asked.problem, (c, wanted), budget),
        };
        if equal && constants_known(asked, c, wanted) {
            continue;
        }
        if equal {
            f.assumptions.push(format!("{name} is {text}: holds at all members tried, not proved"));
        } else {
            f.rate_differs = Some(format!("{name} = {text}"));
            return;
        }
    }
}

/// Whether both formulas are numbers whose squares are known exactly.
fn constants_known(asked: &Asked, a: Term, b: Term) -> bool {
    rate::constant(&asked.problem.setting, a).is_some() && rate::constant(&asked.problem.setting, b).is_some()
}

/// Whether the first moves agree to first order in the small parameter, perhaps up to a rate, as far as numbers tell.
fn agrees_in_first_order(asked: &mut Asked, budget: &Budget) -> bool {
    let Some(lr) = asked.rate else { return false };
    let Some((left, right)) = refute::first_moves(asked) else { return false };
    let all: Vec<usize> = (0..asked.factors.len()).collect();
    let right = super::powers::at_one(asked, right, &all);
    let store = &mut asked.problem.setting.store;
    let (one, zero) = (store.num(1), store.num(0));
    let seeds = crate::term::Seeds::along([(lr, one)]);
    let (Ok(l), Ok(r)) = (store.tangent(left, &seeds), store.tangent(right, &seeds)) else { return false };
    let at = store.substitute(&[l, r], &[(lr, zero)].into_iter().collect());
    let domain = asked.problem.domain.clone();
    crate::check::numeric::compare(&asked.problem.setting, (&at[..1], &at[1..]), &domain, budget, "first order")
        .agrees()
        || matches!(
            rate::candidate(&mut asked.problem.setting, (&at[..1], &at[1..]), &domain, budget),
            rate::Ratio::Constant(_)
        )
}

/// The rate that makes the first moves agree, as a formula, where the numbers of later steps refuse it.
fn first_rate(asked: &mut Asked, budget: &Budget) -> Option<Term> {
    let (left, right) = refute::first_moves(asked)?;
    let all: Vec<usize> = (0..asked.factors.len()).collect();
    let right = super::powers::at_one(asked, right, &all);
    let domain = asked.problem.domain.clone();
    match rate::candidate(&mut asked.problem.setting, (&[left], &[right]), &domain, budget) {
        rate::Ratio::Constant(c) => Some(rate::simplified(&mut asked.problem.setting, c)),
        _ => None,
    }
}

/// Refutes a transfer on the first block for which no factors exist.
fn transfer_fails(
    asked: &mut Asked,
    failing: &[usize],
    context: &Context<'_>,
    budget: &Budget,
) -> Result<Option<Finding>, Disagreement> {
    // The moves of one block are looked at with its own factors alone.
    let apart = !reads_other_blocks(asked);
    let Some(moves) = refute::first_moves(asked) else { return Ok(None) };
    let allowed = allowed(asked);
    let quantity = refute::first_quantity(asked);
    for &b in failing.iter().filter(|_| apart) {
        let block = asked.target.blocks[b].clone();
        let entries = block.offset..block.offset + block.size();
        let Some(mut difference) = refute::moves_differ(asked, moves, entries, (&allowed, quantity), budget)? else {
            continue;
        };
        let names: Vec<&str> = allowed.iter().map(|&j| asked.factors[j].name.as_str()).collect();
        let mixing = context.mixing.as_ref().filter(|_| asked.target.blocks.len() > 1);
        let why = mixing.map_or(String::new(), |m| format!("; `{m}` reads all blocks at once"));
        let (block, seen) = (&block.name, &difference.message);
        difference.message = match names.is_empty() {
            true => format!("nothing may be multiplied here, and the first steps differ in `{block}`: {seen}{why}"),
            false => format!("no factors of {} work in `{block}`: {seen}{why}", names.join(", ")),
        };
        return Ok(Some(difference.into()));
    }
    let mixing = context.mixing.as_ref().filter(|_| asked.target.blocks.len() > 1);
    let why = mixing.map_or(String::new(), |m| format!("; `{m}` reads all blocks at once"));
    later::fails(asked, &why, budget)
}
