//! How long the stages take: on a file of flows over a plane with 33 squares, and on one square that grows.

use std::fmt::Write as _;

use divan::Bencher;
use nat::check::{Budget, Task, decide, lower};
use nat::core::names::Model;
use nat::source::{Source, SourceId, Sources};
use nat::uses::{Files, NoFiles};
use nat::{Options, check_source, syntax};

fn main() {
    divan::main();
}

/// Eleven flows along polar coordinates, rotations and scalings of the axes.
fn flows() -> String {
    let mut text = include_str!("../tests/corpus/facts/plane.nat").to_owned();
    text.push_str("reparam Polar : (r, t : R where r > 0) -> Plane { x = r * cos(t)  y = r * sin(t) }\n");
    let optimizers = [
        ("GradientFlow", ["fails", "commutes", "fails"]),
        ("NaturalGradient", ["commutes"; 3]),
        ("Newton", ["fails", "commutes", "commutes"]),
        ("CovariantNewton", ["commutes"; 3]),
        ("DiagonalNewton", ["fails", "fails", "commutes"]),
        ("SignFlow", ["fails"; 3]),
        ("Damped", ["fails", "commutes", "fails"]),
        ("HeavyBall", ["fails", "commutes", "fails"]),
        ("NaiveNaturalMomentum", ["fails", "commutes", "commutes"]),
        ("CovariantMomentum", ["commutes"; 3]),
        ("Hamiltonian", ["commutes"; 3]),
    ];
    for (optimizer, verdicts) in optimizers {
        for (map, verdict) in ["Polar", "Rotate", "Stretch"].iter().zip(verdicts) {
            let _ = writeln!(text, "check natural {optimizer} along {map} expect {verdict}");
        }
    }
    text
}

/// The natural gradient of a sum of `units` cubes of linear forms in `inputs` variables, along every invertible matrix.
fn generic_matrix(units: usize, inputs: usize) -> String {
    let n = units * inputs;
    format!(
        "data X : R[{inputs}, {n}]
data y : R[{n}]
architecture Net {{
  param W : R[{units}, {inputs}]
  output = (ones({units})^T * (W * X)^3)[0]
  loss   = sum((output - y)^2) / 2
}}
reparam Mix(M : GL[{n}]) : (u : R[{n}]) -> Net {{ W = reshape(M * u, {units}, {inputs}) }}
optimizer NaturalGradient {{ flow {{ d/dt params = -natgrad(loss) }} }}
check natural NaturalGradient along Mix
"
    )
}

fn model(text: &str) -> Model {
    let (file, errors) = syntax::parse(SourceId(0), &Source::new("bench.nat", text));
    assert!(errors.is_empty());
    Model::collect(file).0
}

fn tasks(model: &Model) -> Vec<Task> {
    model.checks.iter().map(|c| lower::lower(model, c).unwrap_or_else(|e| panic!("{e:?}"))).collect()
}

fn check(text: &str) -> usize {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("bench.nat", text));
    let report = check_source(&mut sources, id, &mut Files::new(&NoFiles), &Options::default())
        .unwrap_or_else(|d| panic!("{d}"));
    assert!(report.errors.is_empty() && report.answers.iter().all(|a| a.ok));
    report.answers.len()
}

#[divan::bench]
fn parse(bencher: Bencher) {
    let source = Source::new("bench.nat", &flows());
    bencher.bench_local(|| syntax::parse(SourceId(0), &source));
}

#[divan::bench]
fn lower_33_squares(bencher: Bencher) {
    let model = model(&flows());
    bencher.bench_local(|| tasks(&model));
}

#[divan::bench]
fn decide_33_squares(bencher: Bencher) {
    let model = model(&flows());
    bencher.with_inputs(|| tasks(&model)).bench_local_values(|tasks| {
        let mut decided = 0;
        for mut task in tasks {
            for problem in &mut task.problems {
                let finding = decide::decide(problem, &Budget::new(0, 32, 1)).unwrap_or_else(|d| panic!("{d}"));
                decided += usize::from(!finding.message.is_empty());
            }
        }
        decided
    });
}

#[divan::bench]
fn check_33_squares(bencher: Bencher) {
    let text = flows();
    bencher.bench_local(|| check(&text));
}

/// Units and inputs; their product is the number of parameters: 8, 32, 128.
#[divan::bench(args = [(2, 4), (4, 8), (8, 16)], sample_count = 5, sample_size = 1)]
fn natural_gradient_along_generic_matrix(bencher: Bencher, (units, inputs): (usize, usize)) {
    let text = generic_matrix(units, inputs);
    bencher.bench_local(|| check(&text));
}

/// Every optimizer of the library along every class, types, examples and counterexamples.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn classify_the_library(bencher: Bencher) {
    bencher.bench_local(|| check("use std.optimizers\nclassify\n"));
}

/// A tower of a separable model, with as many members as the largest has parameters: the cost is that of all parameters.
#[divan::bench(args = [125, 250, 500, 1000], sample_count = 3, sample_size = 1)]
fn tower_of_a_separable_model(bencher: Bencher, members: usize) {
    let text = format!(
        "data b : N -> R
architecture Series(n : N) {{ param c : R[n]  output = c  loss = sum(i in 0..n: (c[i] - b(i))^2) / 2 }}
projection Forget(n : N) : Series(n + 1) -> Series(n) {{ c = c[0..n] }}
system Spectrum = Forget over n in 1..{members}
optimizer GradientFlow {{ flow {{ d/dt params = -grad(loss) }} }}
check natural GradientFlow along Spectrum
"
    );
    bencher.bench_local(|| check(&text));
}
