//! The maps on which squares along classes are tried keep the claims that are dropped for them, and belong to their classes.

use std::path::Path;

use nat::check::Budget;
use nat::check::lower::lower;
use nat::check::numeric;
use nat::core::class::Class;
use nat::core::names::Model;
use nat::source::{Source, SourceId};
use nat::syntax::tree::{Domain, ItemKind};
use nat::verdict::Verdict;

use crate::support::{self, conclude, read};

/// The text of the examples.
fn text() -> String {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check/class/examples.nat"))
}

/// The maps of a text: name, and the architecture that they go to.
fn maps(text: &str) -> Vec<(String, String)> {
    let (file, errors) = nat::syntax::parse(SourceId(0), &Source::new("maps", text));
    assert!(errors.is_empty(), "{errors:?}");
    let mut found = Vec::new();
    for item in file.items {
        if let ItemKind::Morphism(m) = item.kind {
            assert!(matches!(m.source, Domain::Inline(..)), "{}: the source is the target pulled back", m.name.name);
            found.push((m.name.name, m.target.name.name));
        }
    }
    found
}

/// The class that the name of a map tells.
fn class_of(map: &str, architecture: &str) -> Class {
    let word = map[architecture.len()..].trim_end_matches("Family");
    let found = Class::ALL.into_iter().find(|c| c.word().replace('_', "") == word.to_lowercase());
    found.unwrap_or_else(|| panic!("{map} is of no class"))
}

/// An optimizer that commutes along exactly the maps of a class, or of one that contains it: its square says so of `J`
/// and of the point. `None` where every local diffeomorphism will do.
fn members_only(class: Class) -> Option<&'static str> {
    Some(match class {
        // A permutation that keeps a weighted sum is the identity.
        Class::Translation => {
            "state z : tangent state s : R flow {
               d/dt params = zeros(dim)  d/dt z = exp(z)  d/dt s = dot([i in 0..dim: i + 1], z) }"
        }
        // What commutes with a diagonal of distinct numbers is diagonal, with the matrix of ones besides a multiple of 1.
        Class::Scaling => {
            "state z, y, w : tangent flow {
               d/dt params = params  d/dt z = abs(z)  d/dt y = [i in 0..dim: i + 1] .* y  d/dt w = sum(w) * ones(dim) }"
        }
        Class::Diagonal => {
            "state z, y : tangent flow { d/dt params = params  d/dt z = abs(z)  d/dt y = [i in 0..dim: i + 1] .* y }"
        }
        Class::Permutation => "state z : tangent flow { d/dt params = params  d/dt z = exp(z) }",
        Class::SignedPermutation => "state z : tangent flow { d/dt params = params  d/dt z = sinh(z) }",
        Class::Orthogonal => {
            "state z : tangent state w : cotangent flow { d/dt params = params  d/dt z = w  d/dt w = z }"
        }
        Class::Biorthogonal => {
            "state z : tangent state w : cotangent state l : left state r : right flow {
               d/dt params = params  d/dt z = w  d/dt w = z
               each W in params { d/dt l[W] = hstack(z[W]) * hstack(z[W])^T  d/dt r[W] = hstack(z[W])^T * hstack(z[W]) } }"
        }
        Class::Linear => "state z : tangent flow { d/dt params = params  d/dt z = z }",
        Class::Affine => "state z : tangent flow { d/dt params = z  d/dt z = zeros(dim) }",
        Class::Diffeo => return None,
    })
}

#[test]
fn the_maps_of_the_examples_keep_their_claims() {
    for text in [text(), crate::lab::nets()] {
        let mut asked = text.clone();
        // The family of free jets stands for maps near one point, at which its Jacobian is generic; elsewhere it may fold.
        for (map, _) in maps(&text).iter().filter(|(map, _)| map != "JetDiffeoFamily") {
            asked.push_str(&format!("check preserves loss {map}\ncheck preserves output {map}\n"));
        }
        let (sources, report) = support::check("examples.nat", &asked);
        let errors: Vec<String> = report.errors.iter().map(|e| format!("{:?}: {e}", sources.place(e.span()))).collect();
        conclude(&errors);
        let failed: Vec<String> = report
            .answers
            .iter()
            .filter(|a| a.finding.verdict() != Verdict::Commutes)
            .map(|a| format!("{}: {}", a.task.text, a.finding.message))
            .collect();
        conclude(&failed);
        assert!(report.answers.len() >= 60);
    }
}

/// The squares of optimizers that only members of a class leave commuting do commute along its maps.
#[test]
fn the_maps_of_the_examples_belong_to_their_classes() {
    let mut failed = Vec::new();
    for text in [text(), crate::lab::nets()] {
        let mut asked = text.clone();
        let mut wanted = Vec::new();
        for class in Class::ALL {
            if let Some(body) = members_only(class) {
                asked.push_str(&format!("optimizer Only{} {{ {body} }}\n", class.word()));
            }
        }
        for (map, net) in maps(&text) {
            let class = class_of(&map, &net);
            if members_only(class).is_some() {
                asked.push_str(&format!("check natural Only{} along {map}\n", class.word()));
                wanted.push(map);
            }
        }
        let (file, errors) = nat::syntax::parse(SourceId(0), &Source::new("examples", &asked));
        assert!(errors.is_empty(), "{errors:?}");
        let (model, errors) = Model::collect(file);
        assert!(errors.is_empty(), "{errors:?}");
        for (check, map) in model.checks.iter().zip(&wanted) {
            let task = lower(&model, check).unwrap_or_else(|e| panic!("{map}: {e:?}"));
            let p = &task.problems[0];
            let sides = (&p.equation.left[..], &p.equation.right[..]);
            let sampled = numeric::compare(&p.setting, sides, &p.domain, &Budget::new(0, 8, 1), "membership");
            if !sampled.agrees() {
                failed.push(format!("{map} is no member of its class: {:?}", sampled.residual));
            }
        }
        assert!(wanted.len() >= 27);
    }
    conclude(&failed);
}
