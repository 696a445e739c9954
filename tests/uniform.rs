//! Proofs for every size: what is proved, what stays open, and that nothing is proved which some member refutes.

use std::path::Path;

use nat::check::uniform::{Family, Outcome, square, submersion};
use nat::model::names::{Declared, Model};
use nat::source::{Source, Sources};
use nat::syntax::tree::{Check, Expr, ExprKind, Generator, Instance, Over, Question};

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
                Outcome::Proved(p) if p.verdict == expected => {
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
