//! Random squares, decided by the checker and by an evaluator that shares no code with it: truncated power series in
//! floating point, compared at random points. What the numbers are worth is measured, not assumed: `noise.rs`.
//!
//! `GENERATED=100000 GENERATED_FROM=1 cargo test --release --test generated -- --nocapture` makes a long run.

#[path = "generated/expr.rs"]
mod expr;
#[path = "generated/jet.rs"]
mod jet;
#[path = "generated/judge.rs"]
mod judge;
#[path = "generated/noise.rs"]
mod noise;
#[path = "generated/random.rs"]
mod random;
#[path = "generated/squares.rs"]
mod squares;
#[path = "generated/truth.rs"]
mod truth;

use std::collections::BTreeMap;

use nat::core::error::ModelError;
use nat::source::{Source, Sources};
use nat::uses::{Files, NoFiles};
use nat::verdict::{Evidence, Verdict};
use nat::{InputError, Options, check_source};
use rayon::prelude::*;

use judge::Truth;
use truth::Search;

/// What came of one square.
enum Outcome {
    /// Both agree, with the checker's evidence.
    Agree(Evidence),
    /// The checker leaves it open, and numbers say this.
    Open(Verdict),
    /// Numbers do not tell what is true, or the question makes no sense.
    Unknown,
    /// They contradict each other.
    Wrong(String),
}

fn decide(seed: u64) -> Outcome {
    let question = squares::question(seed);
    let mut sources = Sources::default();
    let id = sources.add(Source::new("generated.nat", &question.text));
    let report = check_source(&mut sources, id, &mut Files::new(&NoFiles), &Options::default());
    let wrong = |what: String| Outcome::Wrong(format!("seed {seed}: {what}\n{}", question.text));
    let report = match report {
        Ok(r) => r,
        Err(d) => return wrong(format!("engines disagree: {d}")),
    };
    // A constant matrix that is singular has no inverse in any member of the file: an error of the input, rightly so.
    if let [InputError::Model(ModelError::Undefined { .. })] = &report.errors[..] {
        return Outcome::Unknown;
    }
    let [answer] = &report.answers[..] else {
        return wrong(format!("the generator wrote a file with errors: {:?}", report.errors));
    };
    let finding = &answer.finding;
    let truth = |search: Search| match question.square.truth(&mut random::Random::new(seed ^ 0xABCD), search) {
        Truth::Commutes => Some(Verdict::Commutes),
        Truth::UpToRate => Some(Verdict::UpToRate),
        Truth::InLimit => Some(Verdict::InLimit),
        Truth::Fails => Some(Verdict::Fails),
        Truth::Unclear => None,
    };
    let Some(mut expected) = truth(Search::Quick) else { return Outcome::Unknown };
    if (Verdict::Fails..expected).contains(&finding.verdict()) {
        // A piece may have been missed.
        let Some(again) = truth(Search::Thorough) else { return Outcome::Unknown };
        expected = again;
    }
    match finding.verdict() {
        Verdict::Undecided => Outcome::Open(expected),
        Verdict::Invalid => Outcome::Unknown,
        v if v == expected => Outcome::Agree(finding.evidence()),
        v => wrong(format!(
            "the checker says {} ({}), numbers say {}\n{}",
            v.text(),
            finding.evidence().text(),
            expected.text(),
            finding.message
        )),
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |v| v.parse().expect("a number"))
}

#[test]
fn no_generated_square_is_decided_wrongly() {
    let (from, count) = (number("GENERATED_FROM", 0), number("GENERATED", 2000));
    let pool = rayon::ThreadPoolBuilder::new().stack_size(32 << 20).build().expect("worker threads");
    let outcomes: Vec<(u64, Outcome)> =
        pool.install(|| (from..from + count).into_par_iter().map(|seed| (seed, decide(seed))).collect());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (seed, o) in outcomes {
        let key = match o {
            Outcome::Agree(e) => {
                if e == Evidence::Numeric {
                    println!("seed {seed}: numeric");
                }
                format!("agree by {}", e.text())
            }
            Outcome::Open(truth) => {
                println!("seed {seed}: undecided, numbers say {}", truth.text());
                "undecided".into()
            }
            Outcome::Unknown => "not told by numbers, or invalid".into(),
            Outcome::Wrong(text) => {
                wrong.push(text);
                "wrong".into()
            }
        };
        *counts.entry(key).or_default() += 1;
    }
    println!("{counts:?}");
    let decided: usize = counts.iter().filter(|(k, _)| k.starts_with("agree")).map(|(_, n)| n).sum();
    assert!(wrong.is_empty(), "{} of {count} squares are decided wrongly:\n{}", wrong.len(), wrong.join("\n"));
    assert!(decided as u64 * 3 > count * 2, "most squares are decided: {counts:?}");
}
