//! Warnings: each kind where it is meant, and none where nothing is wrong.

use std::path::{Path, PathBuf};

use miette::Diagnostic;
use nat::core::names::Model;
use nat::model::warnings::{Warning, one_size, warnings};
use nat::source::{Source, SourceId};
use nat::syntax;

/// The warnings about a text, which must parse: line, last part of the code, message.
fn warned(text: &str) -> Vec<(usize, String, String)> {
    let source = Source::new("test.nat", text);
    let (file, errors) = syntax::parse(SourceId::default(), &source);
    assert!(errors.is_empty(), "{errors:?} in:\n{text}");
    let say = |w: &Warning| {
        let code = w.code().map(|c| c.to_string()).unwrap_or_default();
        let kind = code.rsplit("::").next().unwrap_or_default().to_owned();
        (source.line_column(w.span().start).0, kind, w.to_string())
    };
    let mut found = warnings(&file, &source);
    found.extend(one_size(&Model::collect(file).0));
    found.sort_by_key(Warning::span);
    found.iter().map(say).collect()
}

const GOOD: &str = "\
data x, y : R[3]
let half = 1 / 2
def square(a) = a^2
architecture Line {
  param slope, offset : R where slope > 0
  let fit = slope * x + offset
  output = fit
  loss = half * sum(square(output - y))
}
architecture Series(n : N where n >= 1) { param c : R[n]  loss = sum(c^2) }
reparam Scale(a : R where a > 0) : Line -> Line { let b = a * slope  slope = b  offset = offset }
projection Forget(n : N) : Series(n + 1) -> Series(n) { c = c[0..n] }
optimizer Descent(mu : R where 0 < mu < 1) {
  state v : tangent
  let g = grad(loss)
  step(lr) { let w = mu * v - lr * g  v' = w  params' = params + v' }
}
check natural Descent along Scale expect fails
check natural Descent along Forget(2) expect fails
";

#[test]
fn nothing_is_said_of_a_good_file() {
    assert_eq!(warned(GOOD), []);
}

#[test]
fn each_kind_is_found_where_it_stands() {
    let cases: [(&str, &str, usize, &str, &str); 20] = [
        ("def square", "data z : R\ndef square", 3, "unused", "`z`"),
        ("def square", "let third = 1 / 3\ndef square", 3, "unused", "`third`"),
        ("def square", "def cube(a) = a^3\ndef square", 3, "unused", "`cube`"),
        ("square(a) =", "square(a, b) =", 3, "unused", "`b`"),
        ("  output = fit", "  let rest = 3\n  output = fit", 7, "unused", "`rest`"),
        ("Series(n : N where n >= 1)", "Series(n, m : N where n >= 1)", 10, "unused", "`m`"),
        ("Scale(a : R", "Scale(a, b2 : R", 11, "unused", "`b2`"),
        ("Descent(mu :", "Descent(nu, mu :", 13, "unused", "`nu`"),
        ("{ let w =", "{ let u = 3  let w =", 16, "unused", "`u`"),
        ("Descent(mu :", "Descent(lr = 0.1, mu :", 16, "hidden", "`lr`"),
        ("where slope > 0", "where slope >= 0", 5, "closed_condition", "`>=` is read as `>`"),
        ("0 < mu < 1", "0 <= mu < 1", 13, "closed_condition", "`<=` is read as `<`"),
        ("where n >= 1", "where n >= 4, n < 4", 10, "no_member", "`n`"),
        (
            "Series(n : N where n >= 1) {",
            "Series(n : N where n >= 1) { param q : R[n]  let _fits = dot(q, [1, 2])",
            10,
            "one_size",
            "`n` = 2",
        ),
        ("where a > 0", "where a > 0, a < -1", 11, "empty_where", "`a`"),
        ("(a : R where a > 0", "(a : R where a > 0, _b : R where _b > a, _b < a", 11, "empty_where", "`_b`"),
        (
            "(a : R where a > 0",
            "(a : R where a > 0, _b : R where a < _b < _c, _c : R where _c < a",
            11,
            "empty_where",
            "`_c`",
        ),
        ("(a : R where a > 0", "(a : R where a > 2, _b : R where a < _b < 1", 11, "empty_where", "`_b`"),
        (
            "along Scale expect",
            "along Scale expect fails\ncheck natural  Descent along Scale expect",
            19,
            "asked_twice",
            "twice",
        ),
        ("let fit", "let loss = slope\n  let fit", 0, "", ""),
    ];
    for (from, to, line, kind, words) in cases {
        let found = warned(&GOOD.replacen(from, to, 1));
        if kind.is_empty() {
            assert_eq!(found, [], "{to}: the architecture has a `loss` of its own");
            continue;
        }
        let [(at, what, message)] = &found[..] else { panic!("{to}: {found:?}") };
        assert_eq!((*at, what.as_str()), (line, kind), "{to}: {message}");
        assert!(message.contains(words), "{to}: {message}");
    }
}

#[test]
fn a_family_says_which_sizes_it_fits_for() {
    let cases = [
        ("architecture A(m, n : N) { param v : R[m]  param w : R[n]  loss = dot(v, w) }", "where `m` = `n`"),
        ("architecture A(m, n : N) { param W : R[m, n]  loss = trace(W) }", "where `m` = `n`"),
        ("architecture A(k, m : N) { param w : R[k]  loss = dot(w, ones(2 * m + 1)) }", "where `k` = `2*m + 1`"),
        ("architecture A(k, m, n : N) { param w : R[k]  loss = sum(reshape(w, m, n)) }", "where `k` = `m*n`"),
        (
            "architecture A(k, m, n : N) { param w : R[k]  loss = dot(w, ones(m)) + dot(w, ones(n)) }",
            "where `k` = `m` and `k` = `n`",
        ),
        (
            "architecture A(m, n : N) { param w : R[n]  loss = dot(w, ones(m)) + dot(w, [1, 2]) }",
            "where `m` = 2 and `n` = 2",
        ),
        ("architecture A(m, n : N) { param w : R[2 * n]  loss = dot(w, ones(4 * m)) }", "where `n` = `2*m`"),
        ("architecture A(m, n : N) { param w : R[2 * n]  loss = dot(w, ones(3 * m)) }", "where `2*n` = `3*m`"),
        ("architecture A(n : N) { param w : R[n^2]  loss = dot(w, [1, 2, 3, 4]) }", "where `n^2` = 4"),
        ("architecture A(n : N) { param w : R[2 * n]  loss = dot(w, [1, 2, 3, 4]) }", "for `n` = 2"),
        (
            "architecture A(m, n : N) { param W : R[m, n]  param v : R[m]  loss = sum(i in 0..m: dot(W[i], v)) }",
            "where `m` = `n` or `m` = 0",
        ),
        (
            "architecture A(n : N) { param w : R[n]  loss = sum(w)^2 + sum(i in 0..n: dot(w, w[0..n - 1])) }",
            "where `n` = 0",
        ),
        ("reparam A(m, n : N) : (u : R[m]) -> Sums(n) { w = zeros(n) * sum(u) }", "where `m` = `n`"),
        ("data c(m, n : N) : R[n] = zeros(m)", "where `m` = `n`"),
    ];
    for (family, said) in cases {
        let text = format!("architecture Sums(n : N) {{ param w : R[n]  loss = sum(w^2) }}\n{family}\n");
        let found = warned(&text);
        let [(2, kind, message)] = &found[..] else { panic!("{family}: {found:?}") };
        assert!(kind == "one_size" || kind == "some_sizes", "{family}: {kind}");
        assert_eq!(message, &format!("this fits only {said}"), "{family}");
    }
    let fits = [
        "architecture A(m, n : N) { param v : R[m]  param w : R[n]  loss = sum(v) * sum(w) }",
        "architecture A(n : N) { param w : R[n]  loss = w[0] + w[n - 1] + sum(w[1..]) }",
        "architecture A(n : N) { param w : R[n]  loss = if n > 2 then dot(w, [1, 2, 3]) else 0 * sum(w) }",
        "architecture A(m, n : N) { param w : R[n]  loss = sum(i in 0..m - n: w[0]) + sum(w[0..m]) }",
        "projection A(n : N) : Sums(n + 2) -> Sums(n) { w = w[0..n] }",
    ];
    for family in fits {
        let text = format!("architecture Sums(n : N) {{ param w : R[n]  loss = sum(w^2) }}\n{family}\n");
        assert_eq!(warned(&text), [], "{family}");
    }
}

#[test]
fn a_parameter_that_nothing_reads() {
    let found = warned("architecture A { param x, spare : R  loss = x^2 }");
    assert!(matches!(&found[..], [(1, kind, message)] if kind == "unused" && message.contains("`spare`")), "{found:?}");
    // A map may forget it, and that is what it is there for.
    assert_eq!(warned("architecture A { param x, spare : R  loss = x^2 }\nprojection P : A -> B { y = x }"), []);
}

#[test]
fn a_let_that_is_taken_for_a_part() {
    let text = "architecture A { param x : R  let loss = x^2 }";
    let found = warned(text);
    assert!(matches!(&found[..], [(1, kind, _)] if kind == "not_a_part"), "{found:?}");
}

/// The `.nat` files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "fail") {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "nat") {
            found.push(path);
        }
    }
}

#[test]
fn nothing_is_said_of_the_library_the_examples_and_the_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["examples", "src/std", "tests/corpus/check", "tests/corpus/model", "tests/mistakes"] {
        files(&root.join(folder), &mut found);
    }
    // It defines functions to show that nothing reads them.
    found.retain(|path| !path.ends_with("redefined_words.nat"));
    assert!(found.len() > 40, "only {} files", found.len());
    for path in found {
        let text = std::fs::read_to_string(&path).expect("a file");
        let source = Source::new("test.nat", &text);
        let (file, errors) = syntax::parse(SourceId::default(), &source);
        if errors.is_empty() {
            let said: Vec<String> = warnings(&file, &source).iter().map(|w| format!("{w} {:?}", w.span())).collect();
            assert!(said.is_empty(), "{}: {said:?}", path.display());
        }
    }
}
