//! Experiments: what is measured, and that it agrees with what is proved of the same question.

use nat::check::trace::{Course, Report};
use nat::source::{Source, Sources};
use nat::uses::{Files, NoFiles, library};
use nat::{Answer, Options, check_source};

fn answers(text: &str) -> Vec<Answer> {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("trace.nat", text));
    let report =
        check_source(&mut sources, id, &mut Files::new(&NoFiles), &Options::default()).expect("no contradiction");
    let shown: Vec<String> = report.errors.iter().map(|e| format!("{:?}: {e}", sources.place(e.span()))).collect();
    assert!(shown.is_empty(), "{shown:?}");
    report.answers
}

fn trace(text: &str) -> Report {
    let mut all: Vec<Report> = answers(text).into_iter().filter_map(|a| a.trace).collect();
    assert_eq!(all.len(), 1);
    all.swap_remove(0)
}

fn farthest(course: &Course) -> f64 {
    course.rows.iter().map(|r| r.distance).fold(0.0, f64::max)
}

const LINE: &str = "data x : R[3] = [-1, 0, 2]
data y : R[3] = [-2, 1, 2]
architecture Line {
  param slope, offset : R
  output = slope * x + offset * ones(3)
  loss = dot(output - y, output - y)
}
reparam Stretch : (u, v : R) -> Line { slope = 3 * u   offset = v }
reparam Bend : (u, v : R) -> Line { slope = u + v^2 / 8   offset = v }
optimizer Descent { step(lr) { params' = params - lr * grad(loss) } }
optimizer Flow { flow { d/dt params = -grad(loss) } }
optimizer NaturalDescent { step(lr) { params' = params - lr * solve(metric, d(loss)) } }
optimizer NaturalFlow { flow { d/dt params = -solve(metric, d(loss)) } }
";

#[test]
fn runs_that_correspond_stay_together_and_others_do_not() {
    let found = trace(&format!(
        "{LINE}trace Descent, Flow, NaturalDescent, NaturalFlow along Stretch {{ lr = 1/50 steps = 100 start {{ u = 1 v = -1 }} }}"
    ));
    let far: Vec<f64> = found.courses.iter().map(farthest).collect();
    assert!(far[0] > 1e-2 && far[1] > 1e-2, "{far:?}");
    assert!(far[2] < 1e-13 && far[3] < 1e-8, "{far:?}");
    // The natural gradient of a linear model comes to its least loss as exp(-4t): three losses at equal times say so.
    let rows = &found.courses[3].rows;
    let loss = |k: usize| rows[k].source_loss.expect("a loss");
    assert_eq!((rows.len(), rows[100].time, rows[200].time), (201, 1.0, 2.0));
    let ratio = (loss(100) - loss(200)) / (loss(0) - loss(100));
    assert!((ratio - (-4.0f64).exp()).abs() < 1e-7, "{ratio}");
}

#[test]
fn a_step_that_commutes_in_limit_has_a_slope() {
    let found = trace(&format!(
        "{LINE}trace NaturalDescent along Bend {{ lr = 1/20 steps = 40 start {{ u = 1 v = 2 }} repeat lr / 2, lr / 4, lr / 8 }}"
    ));
    let course = &found.courses[0];
    assert_eq!(course.checked.as_ref().map(|c| c.verdict.as_str()), Some("in limit (lr^2)"));
    assert_eq!(course.shrinking.iter().map(|s| s.steps).collect::<Vec<_>>(), [40, 80, 160, 320]);
    let slope = course.slope.expect("a slope");
    assert!((slope - 1.0).abs() < 0.1, "{slope}");
}

/// The loss of descent on x² / 2 from 1 is (1 - lr)^(2k) / 2.
#[test]
fn losses_are_those_of_the_steps() {
    let text = "architecture Bowl { param x : R  loss = x^2 / 2 }
        reparam Half : (u : R) -> Bowl { x = u / 2 }
        optimizer Descent { step(lr) { params' = params - lr * grad(loss) } }
        trace Descent along Half { lr = 1/4 steps = 10 start { u = 2 } until loss < 1/100 }";
    let found = trace(text);
    let course = &found.courses[0];
    for r in &course.rows {
        let target = 0.75f64.powi(2 * r.step as i32) / 2.0;
        let source = (1.0f64 - 1.0 / 16.0).powi(2 * r.step as i32) / 2.0;
        assert!((r.target_loss.expect("a loss") - target).abs() < 1e-15);
        assert!((r.source_loss.expect("a loss") - source).abs() < 1e-15);
    }
    let below = course.below.clone().expect("a level");
    assert_eq!((below.source, below.target), (None, Some(7.0)));
    assert_eq!(found.drawn, []);
}

#[test]
fn what_cannot_be_run_says_so() {
    let text = "architecture Bowl { param x : R where x > 0  loss = x^2 / 2 }
        reparam Half : (u : R where u > 0) -> Bowl { x = u / 2 }
        optimizer Descent { step(lr) { params' = params - lr * grad(loss) } }";
    let outside = answers(&format!("{text} trace Descent along Half {{ start {{ u = -1 }} }}"));
    assert!(!outside[0].ok);
    let reason = outside[0].trace.as_ref().and_then(|t| t.refused.clone()).expect("a reason");
    assert!(reason.contains("outside the domain"), "{reason}");
    let wild = "architecture Quartic { param x : R  loss = x^4 }
        reparam Half : (u : R) -> Quartic { x = u / 2 }
        optimizer Descent { step(lr) { params' = params - lr * grad(loss) } }
        trace Descent along Half { lr = 10 steps = 100 start { u = 30 } }";
    let ended = trace(wild).courses[0].ended.clone().expect("an end");
    assert!(ended.contains("too large"), "{ended}");
    let long = format!("{text} trace Descent along Half {{ lr = 1/10 steps = 1000000 repeat lr / 1000000 }}");
    let reason = trace(&long).refused.expect("a reason");
    assert!(reason.contains("longer than the limit"), "{reason}");
}

/// Every optimizer of the library, along maps that some of them respect and others not.
#[test]
fn the_library_runs_as_it_is_proved_to() {
    let net = "use std.optimizers
        data x : R[2] = [1, -1/2]
        data y : R = 1/3
        architecture Net {
          param W : R[2, 2]
          param a : R[2]
          output = dot(a, tanh(W * x))
          loss = (output - y)^2
        }
        reparam Swap : (V : R[2, 2], b : R[2]) -> Net { W = vstack(V[1], V[0])  a = [b[1], b[0]] }
        reparam Stretch : (V : R[2, 2], b : R[2]) -> Net { W = 2 * V  a = 3 * b }\n";
    let source = library::named("std.optimizers").expect("the library").parsed();
    let names = source.1.items.iter().filter_map(|i| match &i.kind {
        nat::syntax::tree::ItemKind::Optimizer(o) => Some(o.name.name.as_str()),
        _ => None,
    });
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for name in names {
        for map in ["Swap", "Stretch"] {
            let text = format!(
                "{net}trace {name} along {map} {{ lr = 1/50 steps = 20 repeat lr / 2, lr / 4
                   start {{ V = [[1/2, -1], [3/4, 1/3]] b = [2/3, -5/4] }} }}"
            );
            let found = trace(&text);
            let course = &found.courses[0];
            let Some(checked) = &course.checked else { continue };
            let verdict = checked.verdict.split(" (").next().unwrap_or_default();
            *counts.entry(verdict.to_owned()).or_default() += 1;
            let far = farthest(course);
            match verdict {
                // Flows are as exact as the integrator, and less so where they have no derivative.
                "commutes" => assert!(
                    far < if course.flow { 1e-5 } else { 1e-7 },
                    "{name} along {map}: {far:e}, {:?}",
                    course.ended
                ),
                "fails" => assert!(far > 1e-12, "{name} along {map}: {far:e}"),
                "in limit" => {
                    let slope = course.slope.unwrap_or(1.0);
                    assert!(far < 1e-7 || slope > 0.7, "{name} along {map}: {far:e}, {slope}");
                }
                _ => {}
            }
        }
    }
    assert!(counts["commutes"] > 80 && counts["fails"] > 30, "{counts:?}");
}
