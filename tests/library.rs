//! The standard library: it has no faults, says what it is, and holds what its documentation and the literature say.

#[path = "library/docs.rs"]
mod docs;
#[path = "library/nets.rs"]
mod nets;
mod support;
#[path = "library/tables.rs"]
mod tables;
#[path = "library/trajectories.rs"]
mod trajectories;

use std::collections::BTreeSet;
use std::path::Path;

use nat::Answer;
use nat::core::names::{CLASSES, Model};
use nat::model::validate;
use nat::source::{Source, SourceId};
use nat::syntax::{self, tree::ItemKind};
use nat::uses::library;
use nat::verdict::Evidence;

/// The library's tree, with the spans of an ordinary file.
fn library_file(name: &str) -> (Source, syntax::tree::File) {
    let source = library::named(name).unwrap_or_else(|| panic!("a library {name}")).parsed().0.clone();
    let (file, errors) = syntax::parse(SourceId(0), &source);
    assert_eq!(errors, [], "{name}");
    (source, file)
}

#[test]
fn the_library_has_no_faults() {
    for l in library::all() {
        let (_, file) = library_file(l.name);
        assert_eq!(file.items.len(), l.parsed().1.items.len());
        let (model, errors) = Model::collect(file);
        assert_eq!(errors, [], "{}", l.name);
        assert_eq!(validate::validate(&model), [], "{}", l.name);
        assert!(model.checks.is_empty() && model.classifications.is_empty(), "a library declares, and asks nothing");
    }
}

#[test]
fn the_names_of_the_libraries_are_distinct() {
    let mut known = BTreeSet::new();
    for l in library::all() {
        let (model, _) = Model::collect(library_file(l.name).1);
        for (name, ..) in model.declarations() {
            assert!(known.insert(name.to_owned()), "{name} of {}", l.name);
        }
    }
}

#[test]
fn the_library_holds_these_optimizers() {
    let (_, file) = library_file("std.optimizers");
    let found: BTreeSet<String> = file
        .items
        .iter()
        .filter_map(|i| if let ItemKind::Optimizer(o) = &i.kind { Some(o.name.name.clone()) } else { None })
        .collect();
    let wanted = "GradientFlow NaturalGradient Newton CovariantNewton DiagonalNewton DiagonalNaturalGradient \
        BlockNaturalGradient SignFlow Normalized Damped Decayed HeavyBall NaiveNaturalMomentum \
        CovariantMomentum CotangentMomentum Hamiltonian Sgd HeavyBallStep MomentumSgd Nesterov NesterovSgd \
        AveragedSgd Asgd ScheduleFreeSgd Lookahead ClippedSgd ClippedEntries PolyakStep Sam Asam Grokfast \
        SignSgd Signum Tiger Rprop Lion MirrorDescent AdaGrad AdaGradNorm Kate RmsProp CentredRmsProp RmsPropMomentum \
        AdaDelta Adam AdamW AdamWIndependent ScheduleFreeAdamW AMSGrad Adamax NAdam NAdamDecay RAdam LaProp Adopt \
        AdEMAMix Adan GrokfastAdam CautiousAdam AdaBelief Yogi AdaHessian Sophia FullMatrix Prodigy \
        DAdaptAdam Dog Lars Lamb NovoGrad AdamMini Mars Adafactor Came Sm3 Shampoo Tnt Muon MuonAdam Scion \
        NewtonStep DampedNewton Bfgs Lbfgs GaussNewton LevenbergMarquardt LevenbergMarquardtDiagonal NaturalStep \
        NaturalMidpoint NaturalRungeKutta Geodesic2 Reparametrized";
    let wanted: BTreeSet<String> = wanted.split_whitespace().map(ToOwned::to_owned).collect();
    assert_eq!(found, wanted);
}

#[test]
fn every_declaration_of_the_library_is_documented() {
    for l in library::all() {
        for item in library_file(l.name).1.items {
            let name = match &item.kind {
                ItemKind::Optimizer(o) => {
                    let states = !o.states.is_empty();
                    assert_eq!(item.doc.contains("No state."), !states, "the state of {}", o.name.name);
                    assert_eq!(item.doc.contains("State: "), states, "the state of {}", o.name.name);
                    &o.name.name
                }
                ItemKind::Architecture(a) => &a.name.name,
                ItemKind::Morphism(m) => &m.name.name,
                _ => continue,
            };
            assert!(!item.doc.is_empty(), "{name} of {}", l.name);
        }
    }
}

#[test]
fn the_guide_lists_every_optimizer_of_the_library() {
    let guide = support::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("GUIDE.md"));
    for item in library_file("std.optimizers").1.items {
        if let ItemKind::Optimizer(o) = item.kind {
            assert!(guide.contains(&format!("| `{}` |", o.name.name)), "{} in the guide", o.name.name);
        }
    }
}

/// Every optimizer reads over an architecture with a matrix, a vector and a scalar, and a map that changes nothing
/// commutes with it.
#[test]
fn every_optimizer_reads_over_every_shape() {
    let mut text = "\
use std.optimizers
architecture Small {
  param W : R[2, 2]
  param b : R[2]
  param c : R
  let h = W * [1, c] + b
  output = [h[0] + W[0, 1]^2, h[1] * c + W[1, 0], c + b[1]^2, W[0, 0] + b[0] * c, 2 * W[1, 1] + c, b[0] - b[1], W[0, 1]]
  loss   = sum(output^2) / 2 + W[0, 0]^3
}
"
    .to_owned();
    let mut count = 0;
    for item in library_file("std.optimizers").1.items {
        if let ItemKind::Optimizer(o) = item.kind {
            text.push_str(&format!("check natural {} along id(Small)\n", o.name.name));
            count += 1;
        }
    }
    let (sources, report) = support::check("shapes.nat", &text);
    let errors: Vec<String> = report.errors.iter().map(|e| format!("{:?}: {e}", sources.place(e.span()))).collect();
    support::conclude(&errors);
    let failed: Vec<String> =
        report.answers.iter().filter(|a| !a.ok).map(|a| format!("{}: {}", a.task.text, a.finding.message)).collect();
    support::conclude(&failed);
    assert_eq!(report.answers.len(), count);
}

/// What is not settled: the types have no law for the maxima of rows and columns.
const OPEN: [&str; 2] = ["natural Sm3 along translation", "natural Sm3 along scaling"];

/// Along every class each optimizer is settled, by a proof from types or a counterexample.
#[test]
fn every_optimizer_is_settled_along_every_class() {
    let mut text = "use std.optimizers\n".to_owned();
    for item in library_file("std.optimizers").1.items {
        if let ItemKind::Optimizer(o) = item.kind {
            for class in CLASSES {
                text.push_str(&format!("check natural {} along {class}\n", o.name.name));
            }
        }
    }
    let (_, report) = support::check("classes.nat", &text);
    assert_eq!((report.errors.len(), report.answers.len()), (0, 10 * 92));
    let open = report.answers.iter().filter(|a| matches!(a.finding.evidence(), Evidence::Numeric | Evidence::None));
    let (known, new): (Vec<&Answer>, Vec<&Answer>) = open.partition(|a| OPEN.contains(&a.task.text.as_str()));
    support::conclude(&new.iter().map(|a| format!("{}: {}", a.task.text, a.finding.message)).collect::<Vec<_>>());
    assert_eq!(known.len(), OPEN.len(), "what is decided now leaves the list of what is open");
}

#[test]
fn facts_about_the_library() {
    let mut differences = Vec::new();
    for path in support::files(&support::corpus("library")) {
        let name = support::short(&path);
        let found = support::mismatches(&name, &support::read(&path));
        differences.extend(found.into_iter().map(|(line, d)| format!("{name}:{line}: {d}")));
    }
    support::conclude(&differences);
}
