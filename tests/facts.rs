//! The table of optimizers and classes of maps that a correct build reproduces.
//!
//! It was computed independently of this program, in floating point, and agrees with what is published: Shiebler,
//! arXiv:2109.10262 (gradient descent and Newton's method); Song et al. 2018 and Goodbrake, arXiv:2312.04739 (natural
//! gradient); arXiv:2410.19964 (Adam and rotations); Kunin et al., arXiv:2012.04728; Luk and Grosse, arXiv:1808.10340
//! (K-FAC); arXiv:2605.18106 (spectral methods). The definitions are in `corpus/facts/plane.nat`, one family of maps
//! for each column; the other files of that folder hold facts that do not fit in the table.

mod support;

use support::{conclude, corpus, files, mismatches, read, short};

/// `=` commutes, `rate c` commutes up to the rate `c`, `lim n` in the limit of small learning rate with a defect of
/// order `n`, `–` fails.
const TABLE: &str = "
| optimizer               | Translate | Zoom     | Stretch | Swap | Turn | Rotate | Mix | Affine | Shear |
| GradientFlow            | =         | rate a^2 | –       | =    | =    | =      | –   | –      | –     |
| NaturalGradient         | =         | =        | =       | =    | =    | =      | =   | =      | =     |
| Newton                  | =         | =        | =       | =    | =    | =      | =   | =      | –     |
| CovariantNewton         | =         | =        | =       | =    | =    | =      | =   | =      | =     |
| DiagonalNewton          | =         | =        | =       | =    | =    | –      | –   | –      | –     |
| DiagonalNaturalGradient | =         | =        | =       | =    | =    | –      | –   | –      | –     |
| SignFlow                | =         | rate a   | –       | =    | =    | –      | –   | –      | –     |
| Normalized              | =         | rate a   | –       | =    | =    | =      | –   | –      | –     |
| Damped                  | =         | –        | –       | =    | =    | =      | –   | –      | –     |
| Decayed                 | –         | =        | =       | =    | =    | =      | =   | –      | –     |
| HeavyBall               | =         | –        | –       | =    | =    | =      | –   | –      | –     |
| NaiveNaturalMomentum    | =         | =        | =       | =    | =    | =      | =   | =      | –     |
| CovariantMomentum       | =         | =        | =       | =    | =    | =      | =   | =      | =     |
| CotangentMomentum       | =         | =        | =       | =    | =    | =      | =   | =      | –     |
| Hamiltonian             | =         | =        | =       | =    | =    | =      | =   | =      | =     |
| Sgd                     | =         | rate a^2 | –       | =    | =    | =      | –   | –      | –     |
| NaturalStep             | =         | =        | =       | =    | =    | =      | =   | =      | lim 2 |
| NewtonStep              | =         | =        | =       | =    | =    | =      | =   | =      | –     |
| Adam                    | =         | –        | –       | =    | =    | –      | –   | –      | –     |
| Adam(eps = 0)           | =         | rate a   | –       | =    | =    | –      | –   | –      | –     |
| RmsProp                 | =         | –        | –       | =    | =    | –      | –   | –      | –     |
| RmsProp(eps = 0)        | =         | rate a   | –       | =    | =    | –      | –   | –      | –     |
| AdaGrad                 | =         | rate a   | –       | =    | =    | –      | –   | –      | –     |
| HeavyBallStep           | =         | rate a^2 | –       | =    | =    | =      | –   | –      | –     |
| Nesterov                | =         | rate a^2 | –       | =    | =    | =      | –   | –      | –     |
| Lion                    | =         | rate a   | –       | =    | =    | –      | –   | –      | –     |
| FullMatrix              | =         | =        | =       | =    | =    | =      | =   | =      | –     |
| Geodesic2               | =         | =        | =       | =    | =    | =      | =   | =      | lim 3 |
| Reparametrized          | =         | =        | =       | =    | =    | =      | =   | =      | lim 2 |
";

/// The checks of the table, one on each line, with what is expected of them.
fn checks() -> Vec<String> {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim);
    let mut lines = TABLE.trim().lines();
    let maps: Vec<&str> = cells(lines.next().expect("a head")).skip(1).collect();
    let mut found = Vec::new();
    for line in lines {
        let mut row = cells(line);
        let optimizer = row.next().expect("a name");
        let row: Vec<&str> = row.collect();
        assert_eq!(row.len(), maps.len(), "every cell of {optimizer}");
        for (map, cell) in maps.iter().zip(row) {
            let expected = match cell.split_once(' ') {
                None if cell == "=" => "commutes // evidence: algebra".to_owned(),
                None if cell == "–" => "fails // evidence: counterexample".to_owned(),
                Some(("rate", c)) => format!("up to rate {c} // evidence: algebra // rate: {c}"),
                Some(("lim", n)) => format!("in limit // evidence: algebra // order: {n}"),
                _ => panic!("no such cell: {cell}"),
            };
            found.push(format!("check natural {optimizer} along {map} expect {expected}"));
        }
    }
    found
}

#[test]
fn the_table_of_optimizers_and_classes() {
    let checks = checks();
    assert_eq!(checks.len(), 29 * 9);
    answered_as_expected(&read(&corpus("facts").join("plane.nat")), &checks);
}

fn answered_as_expected(declarations: &str, checks: &[String]) {
    let text = format!("{declarations}\n{}\n", checks.join("\n"));
    let differences: Vec<String> = mismatches("table.nat", &text).into_iter().map(|(_, d)| d).collect();
    conclude(&differences);
}

/// The library's optimizers of these names are those of the table.
#[test]
fn the_same_table_for_the_library() {
    let plane = read(&corpus("facts").join("plane.nat"));
    let maps = plane.split("// ---- flows").next().expect("the maps come first");
    answered_as_expected(&format!("use std.optimizers\n{maps}"), &checks());
}

/// The library's families of maps stand for the classes of the table, and its generic architecture for every one.
#[test]
fn the_same_table_along_the_maps_of_the_library() {
    let families = [
        ("Translate", "Translation"),
        ("Zoom", "Scaling"),
        ("Stretch", "Diagonal"),
        ("Swap", "Permutation"),
        ("Turn", "SignedPermutation"),
        ("Rotate", "Orthogonal"),
        ("Mix", "Linear"),
        ("Affine", "Affine"),
        ("Shear", "Shear"),
    ];
    let mut checks = checks();
    for check in &mut checks {
        for (map, family) in families {
            *check = check.replace(&format!("along {map} "), &format!("along {family}(2) "));
        }
    }
    answered_as_expected("use std.optimizers\nuse std.maps", &checks);
}

/// Along the classes themselves, for every architecture: each cell is proved from types or refuted by a counterexample.
#[test]
fn the_table_along_classes() {
    let words = [
        ("Translate", "translation"),
        ("Zoom", "scaling"),
        ("Stretch", "diagonal"),
        ("Swap", "permutation"),
        ("Turn", "signed_permutation"),
        ("Rotate", "orthogonal"),
        ("Mix", "linear"),
        ("Affine", "affine"),
        ("Shear", "diffeo"),
    ];
    let mut checks = checks();
    for check in &mut checks {
        *check = check.replace("evidence: algebra", "evidence: structure");
        for (map, class) in words {
            *check = check.replace(&format!("along {map} "), &format!("along {class} "));
        }
    }
    let plane = read(&corpus("facts").join("plane.nat"));
    let optimizers = plane.split_once("// ---- flows").expect("the maps come first").1;
    answered_as_expected(&format!("// {optimizers}"), &checks);
    answered_as_expected("use std.optimizers", &checks);
}

#[test]
fn facts_beside_the_table() {
    let mut differences = Vec::new();
    for path in files(&corpus("facts")).iter().filter(|p| !p.ends_with("plane.nat")) {
        let found = mismatches(&short(path), &read(path));
        differences.extend(found.into_iter().map(|(line, d)| format!("{}:{line}: {d}", short(path))));
    }
    conclude(&differences);
}
