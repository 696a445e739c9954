//! Inputs that nobody means: they are answered with an error, never with a panic.

use super::*;

/// Inputs that break careless programs: each is answered, in time, without a panic.
#[test]
fn nasty_inputs() {
    let plane = "architecture Plane { param x, y : R  output = [x, y]  loss = x^2 + y^2 }\n\
                 optimizer Sgd { flow { d/dt params = -grad(loss) } }\n";
    let long_sum = vec!["x"; 10_000].join(" + ");
    let inputs: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("white space", b" \n\t\r\n\n".to_vec()),
        ("a comment without an end of line", b"// the end".to_vec()),
        ("a byte-order mark", b"\xef\xbb\xbflet a = 1\n".to_vec()),
        ("zero bytes", vec![0; 1000]),
        ("control characters", (1u8..32).collect()),
        ("not UTF-8", vec![0xff; 1000]),
        ("one quote", b"use \"".to_vec()),
        ("unclosed", b"architecture A { param x : R loss = (x".to_vec()),
        ("nested parentheses", format!("let a = {}1{}", "(".repeat(100_000), ")".repeat(100_000)).into_bytes()),
        ("open parentheses", format!("let a = {}", "(".repeat(100_000)).into_bytes()),
        ("nested lists", format!("let a = {}1{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes()),
        ("minus signs", format!("let a = {}1", "-".repeat(100_000)).into_bytes()),
        ("powers", format!("let a = {}1", "2^".repeat(10_000)).into_bytes()),
        ("transposes", format!("let a = 1{}", "^T".repeat(100_000)).into_bytes()),
        ("calls", format!("let a = {}1{}", "exp(".repeat(50_000), ")".repeat(50_000)).into_bytes()),
        ("a long sum", format!("architecture A {{ param x : R  loss = {long_sum} }}\n").into_bytes()),
        ("a long name", format!("let {} = 1", "a".repeat(1_000_000)).into_bytes()),
        ("a long number", format!("let a = {}", "9".repeat(100_000)).into_bytes()),
        ("a huge exponent", b"let a = 1e999999999\nlet b = 1e-999999999\n".to_vec()),
        ("a huge power", b"let a = 10^10^10^10\nlet b = 2^(10^12)\n".to_vec()),
        ("a huge tensor", b"data X : R[1000000, 1000000]\nlet a = zeros(10^9, 10^9)\n".to_vec()),
        ("a huge comprehension", b"let a = sum(i in 0..10^18, j in 0..10^18: i * j)\n".to_vec()),
        ("size below zero", b"architecture A(n : N) { param w : R[n - 1]  loss = sum(w) }\noptimizer S { flow { d/dt params = -grad(loss) } }\ncheck natural S along id(A(0))\n".to_vec()),
        ("many faults", "let a = b\n".repeat(2_000).into_bytes()),
        ("doubling definitions", (0..60).fold("def f0(a) = a + a\n".to_owned(), |s, i| s + &format!("def f{}(a) = f{i}(f{i}(a))\n", i + 1)).into_bytes()),
        ("nowhere", format!("{plane}reparam F(a : R where a > 0, a < 0) : (u, v : R) -> Plane {{ x = u  y = v + a }}\ncheck natural Sgd along F\n").into_bytes()),
        ("undefined", format!("{plane}architecture L {{ param x : R  loss = sqrt(-1 - x^2) }}\ncheck natural Sgd along id(L)\n").into_bytes()),
        ("overflow", format!("{plane}architecture E {{ param x : R  loss = exp(exp(exp(exp(x^2 + 9)))) }}\nreparam F : (u : R) -> E {{ x = 2 * u }}\ncheck natural Sgd along F\n").into_bytes()),
        ("no parameters", b"architecture A { loss = 1  output = 2 }\noptimizer S { flow { d/dt params = -natgrad(loss) } }\ncheck natural S along id(A)\n".to_vec()),
        ("empty vectors", b"architecture A { param w : R[0]  loss = sum(w)  output = w }\noptimizer S { flow { d/dt params = -natgrad(loss) } }\ncheck natural S along id(A)\n".to_vec()),
        ("only kinks", format!("{plane}architecture K {{ param x : R  loss = abs(sin(10^9 * x)) + abs(x) }}\nreparam F : (u : R) -> K {{ x = 3 * u }}\ncheck natural Sgd along F\n").into_bytes()),
        ("ten megabytes", "// a line of a comment that says nothing at all\n".repeat(220_000).into_bytes()),
    ];
    for (name, input) in inputs {
        let output = run_on(&["check", "--format", "json", "-"], &input);
        let code = status(&output);
        assert!((0..=2).contains(&code), "{name}: status {code}: {}", stderr(&output));
        assert!(!stderr(&output).contains("panicked"), "{name}: {}", stderr(&output));
        let report = json(&output);
        let errors = array(&report, "errors").len();
        assert_eq!(code == 2, errors > 0, "{name}: status {code} with {errors} errors");
        // The text report goes other ways.
        let output = run_on(&["check", "-"], &input);
        assert_eq!(status(&output), code, "{name}: {}", stderr(&output));
        assert!(!stderr(&output).contains("panicked"), "{name}: {}", stderr(&output));
    }
}

/// Constants are exact, and may grow beyond all memory.
#[test]
fn constants_of_any_size() {
    let squares: String = (0..200).map(|i| format!("let c{} = c{i} * c{i}\n", i + 1)).collect();
    let output = run_on(&["check", "--format", "json", "-"], format!("let c0 = 2\n{squares}").as_bytes());
    assert_eq!(status(&output), 2, "{}", stderr(&output));
    assert!(!array(&json(&output), "errors").is_empty());
}
