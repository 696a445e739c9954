//! `nat naturalize`, and tables of classes as JSON.

use super::*;

/// What `nat naturalize` prints is text of the language, and natural along the class that was asked for.
#[test]
fn naturalize_prints_what_is_natural() {
    let cases = [
        ("Newton", "diffeo", "commutes"),
        ("HeavyBall", "diffeo", "commutes"),
        ("CotangentMomentum", "diffeo", "commutes"),
        ("Sgd", "affine", "commutes"),
        ("Adam", "diagonal", "commutes"),
        ("AdaGrad", "diagonal", "commutes"),
        ("AdamW", "translation", "commutes"),
        ("Decayed", "affine", "commutes"),
        ("Damped", "diagonal", "commutes"),
        ("Sgd", "diffeo", "in limit"),
        ("NaturalGradient", "diffeo", "commutes"),
    ];
    for (optimizer, class, verdict) in cases {
        let arguments = ["naturalize", "-", "--optimizer", optimizer, "--along", class];
        let output = run_on(&arguments, b"use std.optimizers\n");
        assert_eq!(status(&output), 0, "{optimizer} along {class}: {}", stderr(&output));
        assert!(!stderr(&output).is_empty(), "it says what was changed");
        let text = format!("{}check natural {optimizer} along {class} expect {verdict}\n", stdout(&output));
        let checked = run_on(&["check", "-"], text.as_bytes());
        assert_eq!(status(&checked), 0, "{text}{}", stdout(&checked));
    }
    // Nothing is printed where no change is known, and bad input has its statuses.
    let none = run_on(&["naturalize", "-", "--optimizer", "SignSgd", "--along", "orthogonal"], b"use std.optimizers\n");
    assert_eq!((status(&none), stdout(&none)), (1, String::new()));
    let unknown = run_on(&["naturalize", "-", "--optimizer", "Adm"], b"use std.optimizers\n");
    assert_eq!(status(&unknown), 2);
    assert!(stderr(&unknown).contains("did you mean `Adam`?"), "{}", stderr(&unknown));
    assert_eq!(status(&run_on(&["naturalize", "-", "--optimizer", "Adam"], b"use std.optimisers\n")), 2);
    assert_eq!(status(&run(&["naturalize", "-", "--optimizer", "Adam", "--along", "diagnal"])), 3);
}

/// A table expects nothing: it has no verdict, and the exit status is 0 whatever it says.
#[test]
fn tables_in_json() {
    let text = "optimizer Sgd { step(lr) { params' = params - lr * grad(loss) } }\nclassify Sgd\nclassify\n";
    let output = run_on(&["check", "-", "--format", "json"], text.as_bytes());
    assert_eq!(status(&output), 0);
    let report = json(&output);
    let entries = array(&report, "checks");
    assert_eq!(entries.len(), 2);
    for entry in entries {
        assert_eq!((&entry["kind"], &entry["optimizer"]), (&"classify".into(), &"Sgd".into()));
        assert!(entry["verdict"].is_null() && entry["expected"].is_null());
        let table = entry["table"].as_object().expect("a table");
        assert_eq!(table.len(), 10);
        assert_eq!(table["scaling"]["rate"], "a^2");
        assert_eq!(
            (&table["orthogonal"]["verdict"], &table["orthogonal"]["largest"]),
            (&"commutes".into(), &true.into())
        );
        assert_eq!(table["linear"]["verdict"], "fails");
        assert_eq!(table["linear"]["blame"][0]["text"], "grad(loss)");
        assert!(table["linear"]["example"].as_str().is_some_and(|e| e.contains("check natural Sgd along")));
    }
    let lines = run_on(&["check", "-"], text.as_bytes());
    assert!(stdout(&lines).lines().all(|l| l.chars().count() <= 80), "{}", stdout(&lines));
}
