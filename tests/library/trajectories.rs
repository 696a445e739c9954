//! The optimizers of the library take the steps of the implementations that people run.
//!
//! `courses/reference.txt` holds courses of PyTorch, optax, pytorch_optimizer and curvlinops on one small network in double
//! precision, and of the papers' formulas where there is no implementation, written by `courses/reference.py`; here the
//! optimizers of the library are run on the same network. What differs is said at the optimizer, and is left out of the
//! comparison by hyperparameters (`eps = 0`) or not at all.

use std::collections::BTreeSet;
use std::path::Path;

use nat::core::names::Model;
use nat::domain::float::Float;
use nat::model::elaborate::Elaborator;
use nat::source::{Source, Sources};
use nat::syntax::tree::Question;
use nat::term::{Program, SymbolId};
use nat::uses::{Files, NoFiles};

use crate::support;

/// The network of the courses, with the data and the start that `reference.py` has.
const NET: &str = "
data X : R[2, 4] = [[1, -1/2, 2, 0], [1/2, 1, -1, 3/2]]
data Y : R[4] = [1, -1, 1/2, 2]
architecture Net {
  param U : R[3, 2]
  param b : R[3]
  param a : R[3]
  output = tanh(U * X + outer(b, ones(4)))^T * a
  loss   = sum((output - Y)^2) / 2
}
";
const START: [f64; 12] = [0.5, -0.25, 0.75, 0.5, -0.5, 1.0, 0.25, -0.5, 0.125, 1.0, -0.75, 0.5];
/// The same with layers whose biases are their last columns, one more bias, and a loss that is a mean.
const LAYERS: &str = "
use std.kfac
data X : R[2, 4] = [[1, -1/2, 2, 0], [1/2, 1, -1, 3/2]]
data Y : R[1, 4] = [[1, -1, 1/2, 2]]
architecture Net {
  param U : R[3, 3]
  param V : R[1, 4]
  output = V * with_one(tanh(U * with_one(X)))
  loss   = sum((output - Y)^2) / 8
}
";
const START_OF_LAYERS: [f64; 13] = [0.5, -0.25, 0.25, 0.75, 0.5, -0.5, -0.5, 1.0, 0.125, 1.0, -0.75, 0.5, 0.25];
/// The largest difference to a reference that rounding explains: a few steps in double precision, of numbers near 1.
const ROUNDING: f64 = 1e-9;

/// A network of the courses, and where it starts.
#[derive(Clone, Copy)]
struct Network {
    text: &'static str,
    start: &'static [f64],
}

const ONE: Network = Network { text: NET, start: &START };

/// One course: which optimizer, at which learning rate, and what is compared after each step.
struct Reference {
    optimizer: String,
    source: String,
    lr: f64,
    network: Network,
    /// `params`, or a state.
    read: String,
    values: Vec<Vec<f64>>,
}

fn references() -> Vec<Reference> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/library/courses/reference.txt");
    let text = support::read(&path);
    let mut all = Vec::new();
    for entry in text.split("\n\n").filter(|e| !e.trim().is_empty()) {
        let mut r = Reference {
            optimizer: String::new(),
            source: String::new(),
            lr: 0.0,
            network: ONE,
            read: "params".into(),
            values: vec![],
        };
        for line in entry.trim().lines() {
            match line.split_once(' ') {
                Some(("optimizer", rest)) => r.optimizer = rest.into(),
                Some(("source", rest)) => r.source = rest.into(),
                Some(("lr", rest)) => r.lr = rest.parse().expect("a learning rate"),
                Some(("read", rest)) => r.read = rest.into(),
                Some(("network", "Layers")) => r.network = Network { text: LAYERS, start: &START_OF_LAYERS },
                _ => r.values.push(line.split(' ').map(|v| v.parse().expect("a number")).collect()),
            }
        }
        assert!(r.values.len() >= 5 && r.values.iter().all(|v| v.len() == r.network.start.len()), "{}", r.optimizer);
        all.push(r);
    }
    all
}

/// The values of `read` after each step from fresh states.
fn course(optimizer: &str, network: Network, lr: f64, read: &str, steps: usize) -> Result<Vec<Vec<f64>>, String> {
    let text = format!("use std.optimizers\n{}\ncheck natural {optimizer} along id(Net)\n", network.text);
    let mut sources = Sources::default();
    let id = sources.add(Source::new("course", &text));
    let gathered = Files::new(&NoFiles).gather(&mut sources, id);
    let (model, errors) = Model::join(&gathered.parts);
    if !errors.is_empty() || !gathered.errors.is_empty() {
        return Err(format!("{errors:?} {:?}", gathered.errors));
    }
    let Question::Natural { optimizer, along, .. } = &model.checks[0].question else {
        return Err("no question".into());
    };
    let mut e = Elaborator::new(&model);
    let path = e.whole_path(along.into());
    let on = path.and_then(|p| e.optimizer(optimizer, &p.source, None));
    let Ok(on) = on else { return Err(format!("{:?}", e.errors)) };
    let symbols: Vec<SymbolId> =
        std::iter::once(on.architecture.symbol).chain(on.states.iter().map(|s| s.symbol)).collect();
    let place = match on.states.iter().position(|s| s.name == read) {
        Some(p) => p + 1,
        None if read == "params" => 0,
        None => return Err(format!("no state {read}")),
    };
    let fresh = Program::new(&e.store, &on.states.iter().map(|s| s.initial).collect::<Vec<_>>());
    let next = Program::new(&e.store, &on.components);
    let run = |program: &Program, values: &[Vec<f64>]| {
        let input = |s: SymbolId| match symbols.iter().position(|k| *k == s) {
            Some(k) => values.get(k).cloned(),
            None => (Some(s) == on.rate).then(|| vec![lr]),
        };
        program.run(&mut Float::default(), input).map_err(|f| format!("{}: {:?}", e.store.text(f.term), f.stop))
    };
    let mut values = vec![network.start.to_vec()];
    values.extend(run(&fresh, &values)?);
    let mut all = Vec::new();
    for _ in 0..steps {
        values = run(&next, &values)?;
        all.push(values[place].clone());
    }
    Ok(all)
}

#[test]
fn the_library_takes_the_steps_of_the_implementations() {
    let references = references();
    let mut differences = Vec::new();
    for r in &references {
        let found = match course(&r.optimizer, r.network, r.lr, &r.read, r.values.len()) {
            Ok(found) => found,
            Err(e) => {
                differences.push(format!("{} has no course: {e}", r.optimizer));
                continue;
            }
        };
        for (k, (ours, theirs)) in found.iter().zip(&r.values).enumerate() {
            let far = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            if far.is_nan() || far > ROUNDING {
                differences.push(format!("{} and {}: {far:.1e} after step {}", r.optimizer, r.source, k + 1));
                break;
            }
        }
    }
    support::conclude(&differences);
    assert!(references.len() >= 40, "{} courses", references.len());
}

/// The comparison would see a wrong constant.
#[test]
fn the_comparison_sees_a_wrong_constant() {
    let right = course("Adam(eps = 0.01)", ONE, 0.1, "params", 6).expect("a course");
    let wrong = course("Adam(eps = 0.01, beta2 = 0.998)", ONE, 0.1, "params", 6).expect("a course");
    let far = |k: usize| right[k].iter().zip(&wrong[k]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    // The bias correction hides it in the first step.
    assert!(far(0) < ROUNDING && far(5) > 1000.0 * ROUNDING);
}

/// Every reference that is named at an optimizer of the list below is there: these are what people run under that name.
#[test]
fn these_are_compared() {
    let compared: BTreeSet<String> =
        references().iter().map(|r| r.optimizer.split('(').next().unwrap_or_default().to_owned()).collect();
    for name in COMPARED.split_whitespace() {
        assert!(compared.contains(name), "{name} is compared with an implementation");
    }
}

const COMPARED: &str = "Sgd HeavyBallStep MomentumSgd NesterovSgd Adam AdamW AMSGrad Adamax NAdam NAdamDecay RAdam \
                        AdaGrad AdaDelta RmsProp RmsPropMomentum CentredRmsProp Rprop Asgd MuonAdam Lbfgs Bfgs Kfac \
                        Tnt Dog";
