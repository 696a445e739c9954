//! The syntax stage: corpus, precedence, round trip, limits, and robustness against random edits.

use std::fs;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use nat::source::{Source, SourceId};
use nat::syntax::tree::{File, ItemKind};
use nat::syntax::{SyntaxError, expr_to_string, parse};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

fn read(text: &str) -> (File, Vec<SyntaxError>) {
    parse(SourceId(0), &Source::new("test.nat", text))
}

fn good(text: &str) -> File {
    let (file, errors) = read(text);
    assert!(errors.is_empty(), "{errors:#?}\nin\n{text}");
    file
}

fn codes(errors: &[SyntaxError]) -> Vec<String> {
    errors.iter().map(|error| error.code().expect("every error has a code").to_string()).collect()
}

/// The tree without its places.
fn shape(file: &File) -> String {
    let debug = format!("{:#?}", file.items);
    let mut shape = String::with_capacity(debug.len() / 2);
    let mut skipping = 0;
    for line in debug.lines() {
        let trimmed = line.trim();
        if skipping > 0 {
            skipping -= i32::from(trimmed.starts_with('}'));
        } else if trimmed.ends_with("Span {") {
            skipping = 1;
        } else if !trimmed.starts_with("source: SourceId(") {
            shape.push_str(trimmed);
            shape.push('\n');
        }
    }
    shape.replace("SourceId(\n0,\n),\n", "")
}

fn corpus(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/syntax").join(folder);
    let mut files: Vec<(PathBuf, String)> = fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "nat"))
        .map(|path| (path.clone(), fs::read_to_string(path).expect("a readable file")))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn good_files_parse_and_print() {
    for (path, text) in corpus("pass") {
        let file = good(&text);
        let printed = file.to_string();
        let again = good(&printed);
        assert_eq!(shape(&file), shape(&again), "{}\n{printed}", path.display());
        assert_eq!(printed, again.to_string(), "printing twice: {}", path.display());
        assert!(printed.lines().all(|line| line.chars().count() <= 104), "{printed}");
    }
}

#[test]
fn bad_files_are_faulted_line_by_line() {
    for (path, text) in corpus("fail") {
        let source = Source::new("test.nat", &text);
        let (_, errors) = parse(SourceId(0), &source);
        let found: Vec<(usize, String)> =
            errors.iter().map(|error| source.line_column(error.span().start).0).zip(codes(&errors)).collect();
        let expected: Vec<(usize, String)> = text
            .lines()
            .enumerate()
            .filter_map(|(line, text)| Some((line + 1, text.split_once("// ERROR ")?.1.trim().to_owned())))
            .collect();
        assert_eq!(found, expected, "{}", path.display());
    }
}

#[test]
fn the_good_items_of_a_bad_file_are_kept() {
    let (file, errors) = read("let a = 1\nlet b = 1 +\nlet c = 2 let d = 3 let e = * let f = 4\ndata g : R\n");
    assert_eq!(codes(&errors), ["nat::syntax::incomplete", "nat::syntax::unexpected"]);
    assert_eq!(file.items.len(), 4);
}

#[test]
fn an_error_stands_where_the_fault_is() {
    let source = Source::new("test.nat", "architecture Q {\n  param w : R\n  loss = w^2 + * 3\n}\n");
    let (_, errors) = parse(SourceId(0), &source);
    assert_eq!(errors.len(), 1);
    assert_eq!(source.line_column(errors[0].span().start), (3, 16));
    assert_eq!(errors[0].to_string(), "expected an expression, found `*`");
}

/// An expression with all its parentheses.
fn explicit(text: &str) -> String {
    use nat::syntax::tree::{BinaryOp, Expr, ExprKind};
    fn show(expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Neg(a) => format!("(-{})", show(a)),
            ExprKind::Power(a, b) => format!("({}^{})", show(a), show(b)),
            ExprKind::Transpose(a) => format!("({}^T)", show(a)),
            ExprKind::Inverse(a) => format!("({}^-1)", show(a)),
            ExprKind::Index(a, _) => format!("({}[])", show(a)),
            ExprKind::Binary(op, a, b) => {
                let op = match op {
                    BinaryOp::Add => "+",
                    BinaryOp::Sub => "-",
                    BinaryOp::Mul => "*",
                    BinaryOp::Div => "/",
                    BinaryOp::EntryMul => ".*",
                    BinaryOp::EntryDiv => "./",
                };
                format!("({}{op}{})", show(a), show(b))
            }
            _ => expr_to_string(expr),
        }
    }
    match &good(&format!("let z = {text}")).items[0].kind {
        ItemKind::Let(binding) => show(&binding.value),
        other => panic!("not a let: {other:?}"),
    }
}

#[test]
fn precedence() {
    for (text, expected) in [
        ("a + b * c - d", "((a+(b*c))-d)"),
        ("a / b .* c ./ d", "(((a/b).*c)./d)"),
        ("-x^2", "(-(x^2))"),
        ("-a * b", "((-a)*b)"),
        ("a * -b", "(a*(-b))"),
        ("a - -b", "(a-(-b))"),
        ("x^y^z", "(x^(y^z))"),
        ("2^-x^2", "(2^(-(x^2)))"),
        ("2^-x * y", "((2^(-x))*y)"),
        ("x^2^T", "(x^(2^T))"),
        ("(x^2)^T", "((x^2)^T)"),
        ("x^T", "(x^T)"),
        ("x^Tau", "(x^Tau)"),
        ("x ^ T", "(x^T)"),
        ("x^-1", "(x^-1)"),
        ("x^-10", "(x^(-10))"),
        ("x^-1.5", "(x^(-1.5))"),
        ("x^-1 .* y", "((x^-1).*y)"),
        ("x^-1.*y", "((x^-1).*y)"),
        ("x^-1^2", "((x^-1)^2)"),
        ("A^T[0]^-1^T", "((((A^T)[])^-1)^T)"),
        ("5.*x", "(5.*x)"),
    ] {
        assert_eq!(explicit(text), expected, "{text}");
    }
}

#[test]
fn parentheses_are_minimal() {
    for text in [
        "-x^2",
        "(-x)^2",
        "a - (b - c)",
        "a - b - c",
        "x^y^z",
        "(x^y)^z",
        "(a + b)^T",
        "x^(T)",
        "x^(-1)",
        "x^-10",
        "x^-x^2",
        "2^-y * z",
        "a * (b / c)",
        "-(a * b)",
        "-a * b",
        "x^(T[0])",
        "1e-8",
        "0.001",
        "1e30",
        "2500",
        "sum(i in 0..n: e + 1)",
        "A[a..b, :]",
        "v[..]",
        "[[a, b], [c, d]]",
        "x'[W]^T",
    ] {
        match &good(&format!("let z = {text}")).items[0].kind {
            ItemKind::Let(binding) => assert_eq!(expr_to_string(&binding.value), text),
            other => panic!("not a let: {other:?}"),
        }
    }
}

#[test]
fn spans_hold_no_trailing_space() {
    let text = "data x : R   // a comment\n\n/// doc\ndata y : R\n";
    let file = good(text);
    let spans: Vec<&str> = file.items.iter().map(|item| &text[item.span.start..item.span.end]).collect();
    assert_eq!(spans, ["data x : R", "data y : R"]);
    assert_eq!((file.items[0].doc.as_str(), file.items[1].doc.as_str()), ("", "doc"));
}

#[test]
fn numbers_are_exact() {
    for (text, expected) in [("0.1", "1/10"), ("1e-8", "1/100000000"), ("2.5e3", "2500"), ("007.50", "15/2")] {
        match &good(&format!("let z = {text}")).items[0].kind {
            ItemKind::Let(binding) => {
                assert!(format!("{:?}", binding.value.kind).contains("Number"), "{text}");
                assert_eq!(number(&binding.value), expected);
            }
            other => panic!("not a let: {other:?}"),
        }
    }
}

fn number(expr: &nat::syntax::tree::Expr) -> String {
    match &expr.kind {
        nat::syntax::tree::ExprKind::Number(value) => value.to_string(),
        other => panic!("not a number: {other:?}"),
    }
}

/// Parses on a stack of two megabytes, the size that worker threads have.
fn on_small_stack(text: String) -> (usize, Vec<String>) {
    let run = move || {
        let (file, errors) = read(&text);
        (file.items.len(), codes(&errors))
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread").join().expect("no panic")
}

fn check_limit(text: String, expected: &[&str]) {
    let (items, errors) = on_small_stack(text);
    assert_eq!(errors, expected);
    assert_eq!(items, usize::from(expected.is_empty()));
}

#[test]
fn nesting_and_chains_are_limited() {
    let nested = |open: &str, close: &str, n: usize| format!("let a = {}x{}", open.repeat(n), close.repeat(n));
    for (open, close) in [("(", ")"), ("f(", ")"), ("x[", "]"), ("[", "]"), ("[i in 0..n: ", "]"), ("sum(", ")")] {
        check_limit(nested(open, close, 256), &[]);
        check_limit(nested(open, close, 257), &["nat::syntax::too_deep"]);
        check_limit(nested(open, close, 100_000), &["nat::syntax::too_deep"]);
    }
    check_limit("let a = ".to_owned() + &"(".repeat(100_000), &["nat::syntax::too_deep"]);
    check_limit("let a = ".to_owned() + &")".repeat(100_000), &["nat::syntax::unmatched"; 100]);
    check_limit(nested("-", "", 100_000), &["nat::syntax::too_deep"]);
    check_limit(nested("x^", "", 100_000), &["nat::syntax::too_deep"]);
    check_limit(nested("x^-", "", 100_000), &["nat::syntax::too_deep"]);
    check_limit(nested("x^", "", 500), &[]);
    check_limit(nested(&("-".repeat(200) + "("), ")", 200), &["nat::syntax::too_deep"]);
    check_limit(nested("", "^T", 100_000), &["nat::syntax::too_deep"]);
    check_limit(nested("(", &("+y".repeat(1000) + ")"), 200), &["nat::syntax::too_deep"]);
    check_limit("data a : ".to_owned() + &"N -> ".repeat(100_000) + "R", &["nat::syntax::too_deep"]);
    let each = format!("optimizer O {{ flow {{ {} {} }} }}", "each W in p {".repeat(254), "}".repeat(254));
    check_limit(each, &[]);
}

#[test]
fn a_long_sum_parses_and_prints() {
    let (items, errors) = on_small_stack("let a = ".to_owned() + &"x + ".repeat(9_999) + "x");
    assert_eq!((items, errors), (1, Vec::new()));
    let run = || {
        let file = good(&("let a = ".to_owned() + &"x + ".repeat(9_999) + "x"));
        good(&file.to_string()).items.len()
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
    assert_eq!(thread.join().expect("no panic"), 1);
}

#[test]
fn too_large_a_file_is_refused() {
    let (_, errors) = read(&" ".repeat(40 << 20));
    assert_eq!(codes(&errors), ["nat::syntax::too_large"]);
}

// ---------------------------------------------------------------------------------------------------------------------
// Properties
// ---------------------------------------------------------------------------------------------------------------------

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["x", "y", "θ₁", "T", "T1", "in", "over", "where", "metric", "W", "sum", "e1", "d"])
        .prop_map(str::to_owned)
}

fn numeral() -> impl Strategy<Value = String> {
    prop_oneof![
        (0u32..20).prop_map(|n| n.to_string()),
        (0u32..2000, 0u32..2000).prop_map(|(a, b)| format!("{a}.{b}")),
        (0u32..20, 0u32..200, -4096i32..4096).prop_map(|(a, b, e)| format!("{a}.{b}e{e}")),
    ]
}

fn binders() -> impl Strategy<Value = String> {
    prop::collection::vec((name(), numeral(), prop::sample::select(vec!["..", "..="]), numeral()), 1..3).prop_map(
        |binders| {
            let binders: Vec<String> =
                binders.into_iter().map(|(name, lo, dots, hi)| format!("{name} in {lo}{dots}{hi}")).collect();
            binders.join(", ")
        },
    )
}

/// Texts of expressions. What is generated is text and not trees, so that only what can be written is.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![name(), numeral(), name().prop_map(|name| name + "'"), Just("[]".to_owned())];
    leaf.prop_recursive(6, 48, 4, |inner| {
        let op = prop::sample::select(vec![" + ", "-", "*", " / ", ".*", " ./ ", "^", " ^ "]);
        let list = prop::collection::vec(inner.clone(), 0..4);
        // Not `T`: `x^T(y)` is no call, since `^T` is always the transpose.
        let function = name().prop_filter("reads as a transpose", |name| name != "T");
        prop_oneof![
            4 => (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("{a}{op}{b}")),
            2 => inner.clone().prop_map(|a| format!("-{a}")),
            3 => inner.clone().prop_map(|a| format!("({a})")),
            2 => inner.clone().prop_map(|a| format!("{a}^T")),
            2 => inner.clone().prop_map(|a| format!("{a}^-1")),
            1 => inner.clone().prop_map(|a| format!("({a})[{a}, :, {a}.., ..{a}, ..]")),
            1 => (function, list.clone()).prop_map(|(f, list)| format!("{f}({})", list.join(", "))),
            1 => list.prop_map(|list| format!("[{}]", list.join(", "))),
            1 => (binders(), inner.clone()).prop_map(|(binders, a)| format!("prod({binders}: {a})")),
            1 => (binders(), inner).prop_map(|(binders, a)| format!("[{binders}: {a}]")),
        ]
    })
}

fn all_good_texts() -> Vec<String> {
    corpus("pass").into_iter().map(|(_, text)| text).collect()
}

/// A good file with a few pieces cut, doubled, moved or replaced.
fn edited() -> impl Strategy<Value = String> {
    let texts = all_good_texts();
    let scraps = vec![
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'",
        "\"",
        "//",
        "///",
        "/",
        ".",
        "..",
        "..=",
        ",",
        ";",
        ":",
        "=",
        "==",
        "->",
        "^T",
        "^-1",
        "^",
        "-",
        "+",
        "data ",
        "let ",
        "\ncheck ",
        "\nlet ",
        " in ",
        "where ",
        "1e",
        "5.",
        ".5",
        "1e9999",
        "é",
        "₁",
        "\u{2028}",
        "\u{0}",
        "step",
        "inverse {",
        "\r\n",
        "😀",
        "<",
        "\n",
    ];
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), prop::sample::select(scraps), 0u8..4);
    (prop::sample::select(texts), prop::collection::vec(edit, 1..6)).prop_map(|(text, edits)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (from, length, scrap, kind) in edits {
            if chars.is_empty() {
                break;
            }
            let from = from.index(chars.len());
            let to = (from + length.index(12)).min(chars.len());
            match kind {
                0 => drop(chars.drain(from..to)),
                1 => drop(chars.splice(from..from, scrap.chars())),
                2 => drop(chars.splice(from..to, scrap.chars())),
                _ => {
                    let piece: Vec<char> = chars[from..to].to_vec();
                    drop(chars.splice(from..from, piece));
                }
            }
        }
        chars.into_iter().collect()
    })
}

/// Everything that must hold whatever the text is.
fn always(text: &str) -> Result<(), proptest::test_runner::TestCaseError> {
    let source = Source::new("test.nat", text);
    let (file, errors) = parse(SourceId(0), &source);
    for error in &errors {
        let span = error.span();
        prop_assert!(span.start <= span.end && span.end <= source.text.len(), "{:?}", error);
        prop_assert!(source.text.is_char_boundary(span.start) && source.text.is_char_boundary(span.end), "{:?}", error);
        prop_assert!(error.code().is_some());
        let message = format!("{error}");
        prop_assert!(!message.contains('_') || text.contains('_'), "a rule's name: {}", message);
    }
    for item in &file.items {
        prop_assert!(source.text.get(item.span.start..item.span.end).is_some());
    }
    let printed = file.to_string();
    let (again, errors) = read(&printed);
    prop_assert!(errors.is_empty(), "{:?}\n{}", errors, printed);
    prop_assert_eq!(shape(&file), shape(&again), "{}", printed);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expressions_survive_printing(text in expression()) {
        let (_, errors) = read(&format!("let z = {text}"));
        prop_assert!(errors.is_empty(), "{:?}\n{}", errors, text);
        always(&format!("let z = {text}"))?;
    }

    #[test]
    fn edited_files_never_panic(text in edited()) {
        always(&text)?;
    }

    #[test]
    fn noise_never_panics(text in "[ \\n(){}\\[\\]a-c0-2.^'\"/=,;:+*-]{0,80}") {
        always(&text)?;
    }
}
