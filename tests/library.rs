//! The standard library: it has no faults, says what it is, and holds what its documentation and the literature say.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use nat::Answer;
use nat::core::names::{CLASSES, Model};
use nat::model::validate;
use nat::report::table::largest;
use nat::source::{Source, SourceId};
use nat::syntax::{self, tree::ItemKind};
use nat::uses::library;
use nat::verdict::{Evidence, Verdict};

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
        BlockNaturalGradient SignFlow Normalized Damped Decayed HeavyBall NaiveNaturalMomentum CovariantMomentum \
        CotangentMomentum Hamiltonian Sgd HeavyBallStep Nesterov AveragedSgd ClippedSgd ClippedEntries PolyakStep SignSgd Lion \
        MirrorDescent AdaGrad AdaGradNorm RmsProp AdaDelta Adam AdamW AMSGrad Adamax NAdam LaProp AdaBelief Yogi Sophia FullMatrix Lars \
        Lamb Adafactor Shampoo Muon NewtonStep DampedNewton GaussNewton LevenbergMarquardt \
        LevenbergMarquardtDiagonal NaturalStep NaturalMidpoint NaturalRungeKutta Geodesic2 Reparametrized";
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
    assert_eq!((report.errors.len(), report.answers.len()), (0, 10 * 55));
    let open = report.answers.iter().filter(|a| matches!(a.finding.evidence, Evidence::Numeric | Evidence::None));
    let open: Vec<String> = open.map(|a| format!("{}: {}", a.task.text, a.finding.message)).collect();
    support::conclude(&open);
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

fn readme_rows() -> Vec<Vec<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = std::fs::read_to_string(path).expect("the README");
    text.lines()
        .skip_while(|l| !l.starts_with("| optimizer | natural along |"))
        .skip(2)
        .take_while(|l| l.starts_with('|'))
        .map(|l| l.trim_matches('|').split('|').map(|c| c.trim().trim_matches('`').to_owned()).collect())
        .collect()
}

/// The cells of a row that a table gives: the largest classes, and what a rate or a small learning rate mends.
fn cells(answer: &Answer) -> (String, String) {
    let or_none = |list: Vec<String>, by: &str| if list.is_empty() { "–".to_owned() } else { list.join(by) };
    let best = largest(&answer.table).into_iter().map(|c| c.word().to_owned()).collect();
    let rates = answer.table.iter().filter(|(_, f)| f.verdict == Verdict::UpToRate);
    let limits = answer.table.iter().filter(|(_, f)| f.verdict == Verdict::InLimit);
    let mut mended: Vec<String> =
        rates.map(|(c, f)| format!("{}: rate {}", c.word(), f.rate.clone().unwrap_or_default())).collect();
    mended.extend(limits.map(|(c, f)| format!("{}: lr^{}", c.word(), f.order.unwrap_or(0))));
    (or_none(best, ", "), or_none(mended, "; "))
}

/// The README's table of optimizers is the one that `classify` finds.
#[test]
fn the_table_is_what_classify_finds() {
    let rows = readme_rows();
    // A row with arguments, such as `Adam(eps = 0)`, is asked for by itself.
    let with_arguments: String =
        rows.iter().filter(|r| r[0].contains('(')).map(|r| format!("classify {}\n", r[0])).collect();
    let (sources, report) = support::check("table.nat", &format!("use std.optimizers\nclassify\n{with_arguments}"));
    assert_eq!(report.errors.len(), 0);
    assert!(rows.len() > 30, "the README shows the popular optimizers");
    for row in rows {
        let answer = report.answers.iter().find(|a| a.task.optimizer.as_deref() == Some(&row[0]));
        let answer = answer.unwrap_or_else(|| panic!("{} is in the library", row[0]));
        let (best, mended) = cells(answer);
        assert_eq!((&row[1], &row[2]), (&best, &mended), "{}", row[0]);
        // What the last cell blames is blamed by the table.
        for (class, f) in &answer.table {
            let head = format!("{}: `", class.word());
            let Some(rest) = row[3].split("; ").find_map(|part| part.strip_prefix(&head)) else { continue };
            let term = rest.split('`').next().unwrap_or_default();
            let text = |b: &nat::structure::blame::Blame| {
                sources.get(b.span.source).slice(b.span).split_whitespace().collect::<Vec<_>>().join(" ")
            };
            assert!(f.blame.iter().any(|b| text(b) == term), "{} along {}: {term}", row[0], class.word());
        }
    }
}
