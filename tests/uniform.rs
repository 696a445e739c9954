//! Proofs for every size: what is proved, what stays open, and that nothing is proved which some member refutes.

use std::path::Path;

use nat::check::uniform::{Family, Outcome, square, submersion};
use nat::core::names::{Declared, Model};
use nat::source::{Source, Sources};
use nat::syntax::tree::{Check, Expr, ExprKind, Generator, Instance, Over, Question};
use nat::uses::{Files, NoFiles};
use nat::verdict::Verdict;

fn model(name: &str, text: &str) -> Model {
    let mut sources = Sources::default();
    let id = sources.add(Source::new(name, text));
    let (file, errors) = nat::syntax::parse(id, sources.get(id));
    assert!(errors.is_empty(), "{name}: {errors:?}");
    let (model, errors) = Model::collect(file);
    assert!(errors.is_empty(), "{name}: {errors:?}");
    model
}

/// The optimizer of a check along an unbounded system, with the system's generator and first index.
fn parts<'m>(model: &'m Model, check: &'m Check) -> Option<(&'m Instance, &'m Generator, Family<'m>)> {
    let Question::Natural { optimizer, along, .. } = &check.question else { return None };
    let Some(Declared::System(id)) = model.lookup(&along.parts[0].name.name) else { return None };
    let generator = &model[id].generators[0];
    let [Over::From(index, Expr { kind: ExprKind::Number(from), .. })] = &generator.over[..] else { return None };
    let from = u64::try_from(from.numerator().clone()).ok()?;
    Some((optimizer, generator, Family { model, generator: &generator.morphism, index, from }))
}

fn on_a_large_stack(run: impl FnOnce() + Send + 'static) {
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(run).expect("a thread");
    if let Err(panic) = worker.join() {
        std::panic::resume_unwind(panic);
    }
}

fn corpus(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/uniform").join(name);
    std::fs::read_to_string(path).expect("a corpus file")
}

/// The check's number of line, from 1.
fn line(text: &str, check: &Check) -> usize {
    text[..check.span.start].matches('\n').count() + 1
}

#[test]
fn squares_are_proved_for_every_size() {
    on_a_large_stack(|| {
        let text = corpus("proved.nat");
        let model = model("proved.nat", &text);
        let mut wrong = Vec::new();
        for check in &model.checks {
            let (optimizer, generator, family) = parts(&model, check).expect("a check along an unbounded system");
            let label = format!("{} along {}", optimizer.name.name, generator.morphism.name.name);
            let number = line(&text, check);
            let rate = text.lines().nth(number - 1).and_then(|l| l.split_once("// rate: ")).map(|x| x.1);
            let expected = nat::expected_verdict(check.expect.as_ref().map(|e| &e.verdict));
            match square(&family, optimizer) {
                Outcome::Proved(p) if p.verdict() == expected => {
                    let found = p.rate.as_ref().map(|r| r.text.as_str());
                    if found != rate {
                        wrong.push(format!("line {number}, {label}: rate {found:?}"));
                    }
                }
                other => wrong.push(format!("line {number}, {label}: {other:?}")),
            }
            if let Outcome::Open { reason } = submersion(&family) {
                wrong.push(format!("line {number}, {label}: no submersion: {reason}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn what_fails_for_some_size_stays_open() {
    on_a_large_stack(|| {
        for (file, least) in [("open.nat", 20), ("late.nat", 4)] {
            let text = corpus(file);
            let model = model(file, &text);
            assert!(model.checks.len() >= least);
            for check in &model.checks {
                let (optimizer, generator, family) = parts(&model, check).expect("a check along an unbounded system");
                let label = format!("{} along {}", optimizer.name.name, generator.morphism.name.name);
                match square(&family, optimizer) {
                    Outcome::Open { reason } => assert!(!reason.is_empty(), "{label}"),
                    Outcome::Proved(p) => panic!("{label} is proved: {p:?}"),
                }
            }
        }
    });
}

/// Edits that keep most files meaningful and change what they say.
const EDITS: [(&str, &str); 30] = [
    ("c[i]", "c[n - 1 - i]"),
    ("c[i]", "c[0]"),
    ("w[2 * i + 1]", "w[2 * i]"),
    ("w[2 * i]", "w[i]"),
    ("b(i)", "b(i + 1)"),
    ("b(i)", "b(n - i)"),
    ("b(i)", "b(n)"),
    ("b(i)", "n"),
    ("0..n:", "1..n:"),
    ("0..n:", "0..n - 1:"),
    ("0..n]", "1..n + 1]"),
    ("[..n]", "[1..n + 1]"),
    ("[1..]", "[..n]"),
    (" + ", " - "),
    (" - ", " + "),
    ("^2", "^3"),
    ("^2", ""),
    ("/ 2", "/ 3"),
    ("sum(", "norm("),
    ("mean(", "sum("),
    ("exp(", "sin("),
    ("loss = ", "loss = n * "),
    ("loss = ", "loss = -"),
    ("grad(loss)", "grad(loss^2)"),
    ("grad(loss)", "params"),
    ("sign(", "abs("),
    ("i + 1)", "n + 1)"),
    ("/ i)", "/ n)"),
    ("* params", "* params^2"),
    ("dot(u, v)", "dot(u, v)^2"),
];

/// One edit at one place of the declarations at a time.
fn mutants(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (from, to) in EDITS {
        let places: Vec<usize> = text.match_indices(from).map(|m| m.0).collect();
        for at in places {
            let start = text[..at].rfind('\n').map_or(0, |p| p + 1);
            let declares = ["architecture", "projection", "optimizer", "  loss", "  output"];
            if declares.iter().any(|d| text[start..].starts_with(d)) && text[start..at].contains(['{', '=']) {
                all.push(format!("{}{to}{}", &text[..at], &text[at + from.len()..]));
            }
        }
    }
    all
}

/// What the ordinary engines say of the members of a family that was proved.
fn members_agree(
    text: &str,
    optimizer: &Instance,
    family: &Family,
    proof: &nat::check::uniform::Proof,
) -> Result<(), String> {
    let declarations: String = text
        .lines()
        .filter(|l| !l.starts_with("check") && !l.starts_with("system"))
        .map(|l| format!("{l}\n"))
        .collect();
    let mut member = declarations;
    // The first members, and one far beyond those.
    let members = [0, 1, 2, 6].map(|k| family.from + k);
    for n in members {
        let name = &family.generator.name.name;
        member.push_str(&format!("check natural {} along {name}({n})\n", optimizer.name.name));
    }
    let mut sources = Sources::default();
    let id = sources.add(Source::new("members.nat", &member));
    let report = nat::check_source(&mut sources, id, &mut Files::new(&NoFiles), &nat::Options::default())
        .map_err(|d| d.to_string())?;
    if let Some(e) = report.errors.first() {
        return Err(format!("a member has an error: {e}"));
    }
    let mut rates = 0;
    for (answer, n) in report.answers.iter().zip(members) {
        let (found, rate) = (answer.finding.verdict(), answer.finding.rate().map(str::to_owned));
        let claimed = proof.rate.as_ref().and_then(|r| r.at(n)).map(|q| q.to_string());
        let fits = match found {
            Verdict::Undecided => true,
            // Whether the projection is one is another question.
            Verdict::Invalid => matches!(submersion(family), Outcome::Open { .. }),
            // At a member whose field is zero every rate is right.
            Verdict::Commutes => true,
            Verdict::UpToRate => {
                rates += 1;
                proof.rate.is_some() && (claimed.is_none() || claimed == rate)
            }
            _ => false,
        };
        if !fits {
            return Err(format!("at {n} the members are {found:?}, rate {rate:?}, not {claimed:?}"));
        }
    }
    if proof.rate.is_some() && rates == 0 { Err("no member needs a rate".into()) } else { Ok(()) }
}

#[test]
fn no_mutant_is_proved_against_its_members() {
    on_a_large_stack(|| {
        let (mut proved, mut tried) = (0, 0);
        for file in ["proved.nat", "open.nat"] {
            let text = corpus(file);
            let all = std::iter::once(text.clone()).chain(mutants(&text));
            for (k, mutant) in all.enumerate() {
                let mut sources = Sources::default();
                let id = sources.add(Source::new(file, mutant.as_str()));
                let (tree, errors) = nat::syntax::parse(id, sources.get(id));
                if !errors.is_empty() {
                    continue;
                }
                let model = Model::collect(tree).0;
                let changed = mutant.lines().zip(text.lines()).find(|(a, b)| a != b);
                let word = changed.and_then(|(_, b)| b.split_whitespace().nth(1)).unwrap_or("");
                let word = word.split(['(', '{']).next().unwrap_or("");
                for check in &model.checks {
                    let Some((optimizer, generator, family)) = parts(&model, check) else { continue };
                    // Only what the edit can have changed: the first mutant is the file itself.
                    let name = &generator.morphism.name.name;
                    let declared = mutant.lines().find(|l| l.starts_with(&format!("projection {name}("))).unwrap_or("");
                    let touched =
                        optimizer.name.name == word || name == word || declared.contains(&format!(" {word}("));
                    if k > 0 && !touched {
                        continue;
                    }
                    tried += 1;
                    if let Outcome::Proved(p) = square(&family, optimizer) {
                        proved += 1;
                        if let Err(why) = members_agree(&mutant, optimizer, &family, &p) {
                            panic!("{} along {name}: {why}\n{:?}\n{p:?}", optimizer.name.name, changed);
                        }
                    }
                }
            }
        }
        assert!(tried > 300 && proved > 60, "{tried} tried, {proved} proved");
    });
}
