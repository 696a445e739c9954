//! Checks of and along systems: what their answers say beyond a verdict.

use crate::support::{check, conclude, corpus, files, read, short};
use nat::check::system::{Law, Progress, Rates, Report};
use nat::report::json::CheckEntry;
use nat::report::system::summary;
use nat::source::{Source, Sources};
use nat::uses::{Files, NoFiles};
use nat::verdict::{Evidence, Verdict};
use nat::{Answer, FileReport, Options, check_source, check_source_with};

/// The only answer to a text, and its report.
fn only(text: &str) -> (Answer, Report) {
    let (_, report) = check("text", text);
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let [answer] = &report.answers[..] else { panic!("one check") };
    (answer.clone(), answer.system.clone().expect("a system"))
}

/// An answer in the form in which programs read it, without its time.
fn entries(sources: &Sources, report: &FileReport) -> Vec<serde_json::Value> {
    let entry = |a: &Answer| serde_json::to_value(CheckEntry::new(sources, a)).expect("an entry");
    report.answers.iter().map(entry).collect()
}

const SERIES: &str = "\
data b : N -> R
architecture Series(n : N) { param c : R[n]  loss = sum(i in 0..n: (c[i] - b(i))^2) / 2 }
projection Forget(n : N) : Series(n + 1) -> Series(n) { c = c[0..n] }
optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
optimizer Normalized { flow { d/dt params = -grad(loss) / norm(grad(loss)) } }
optimizer Newton { step(lr) { params' = params - lr * solve(hess(loss), d(loss)) } }
";

const POOLING: &str = "\
data x, y : R
architecture Net(n : N) { param w : R[n]  loss = (mean(w) * x - y)^2 / 2 }
projection Pool(k : N) : Net(2^(k + 1)) -> Net(2^k) { w = [i in 0..2^k: (w[2 * i] + w[2 * i + 1]) / 2] }
optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
system Widths = Pool over k in 0..5
";

#[test]
fn the_same_answers_whatever_the_threads() {
    for path in files(&corpus("system")) {
        let text = read(&path);
        let run = |threads: usize| {
            let mut sources = Sources::default();
            let id = sources.add(Source::new(short(&path), &text));
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(32 << 20).build();
            let pool = pool.expect("worker threads");
            let report =
                pool.install(|| check_source(&mut sources, id, &mut Files::new(&NoFiles), &Options::default()));
            let report = report.expect("no disagreement");
            let summaries: Vec<Vec<String>> = report.answers.iter().map(summary).collect();
            (entries(&sources, &report), summaries)
        };
        assert_eq!(run(1), run(4), "{}", short(&path));
    }
}

#[test]
fn summaries_fit_eighty_columns() {
    let mut wide = Vec::new();
    for path in files(&corpus("system")) {
        let (_, report) = check(&short(&path), &read(&path));
        for line in report.answers.iter().flat_map(summary) {
            if line.chars().count() > 74 {
                wide.push(format!("{}: {line}", short(&path)));
            }
        }
    }
    conclude(&wide);
}

#[test]
fn squares_are_listed_for_programs() {
    let (sources, report) =
        check("series", &format!("{SERIES}system S = Forget over n in 1..4\ncheck natural GradientFlow along S\n"));
    let all = entries(&sources, &report);
    let squares = all[0]["squares"].as_array().expect("squares");
    assert_eq!(squares.len(), 3);
    assert_eq!(squares[0]["name"], "Forget(1)");
    assert_eq!(squares[2]["index"]["n"], 3);
    for s in squares {
        assert_eq!(s["verdict"], "commutes");
        assert_eq!(s["evidence"], "algebra");
        assert!(s["residual"]["max"].is_number() && s["message"].is_string());
    }
    assert_eq!(all[0]["evidence"], "pasting");
    assert_eq!(all[0]["system"]["objects"], 4);
    assert_eq!(all[0]["system"]["paths"], "6");
    assert!(all[0]["system"]["limit"].as_str().is_some_and(|l| l.contains("inverse limit")));
}

#[test]
fn learning_rates_have_a_law() {
    let (answer, report) = only(&format!("{POOLING}check natural GradientFlow along Widths expect up to rate 1/2\n"));
    assert!(answer.ok);
    let Some(Rates::Potential { reference, table, law, fixed }) = &report.rates else { panic!("{:?}", report.rates) };
    assert_eq!(reference, "Net(1)");
    assert_eq!(law.as_deref(), Some("lr(k) ∝ 2^k"));
    assert_eq!(table.iter().find(|(o, _)| o == "Net(32)").map(|(_, r)| r.to_string()).as_deref(), Some("32"));
    // Six members have a largest one; of an endless chain something can be said.
    assert_eq!(*fixed, None);
    let endless = POOLING.replace("over k in 0..5", "over k >= 0");
    let (_, report) = only(&format!("{endless}check natural GradientFlow along Widths expect up to rate 1/2\n"));
    let Some(Rates::Potential { fixed, .. }) = &report.rates else { panic!("{:?}", report.rates) };
    assert!(fixed.as_ref().is_some_and(|f| f.contains("if the law goes on") && f.contains("degenerate")));
    // The wrong rate is said to be wrong.
    let (answer, _) = only(&format!("{POOLING}check natural GradientFlow along Widths expect up to rate 1/4\n"));
    assert!(!answer.ok && answer.finding.verdict() == Verdict::UpToRate);
    assert!(answer.finding.rate_differs.as_ref().is_some_and(|r| r.contains("Pool(0)")));
}

#[test]
fn learning_rates_may_fall_or_grow_by_fractions() {
    let text = "\
data x, y : R
architecture Sums(n : N) { param w : R[n]  loss = (sum(w) * x - y)^2 / 2 }
projection AddUp(k : N) : Sums(2^(k + 1)) -> Sums(2^k) { w = [i in 0..2^k: w[2 * i] + w[2 * i + 1]] }
architecture One(n : N) { param w : R  loss = (w * (2/3)^n * x - y)^2 / 2 }
projection Grow(k : N) : One(k + 1) -> One(k) { w = w * 2 / 3 }
optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
";
    for (generator, rate, expected) in [("AddUp", "2", "lr(k) ∝ 1/2^k"), ("Grow", "4/9", "lr(k) ∝ (9/4)^k")] {
        let asked = format!("{text}system S = {generator} over k in 0..4\n");
        let (answer, report) = only(&format!("{asked}check natural GradientFlow along S expect up to rate {rate}\n"));
        assert!(answer.ok, "{}", answer.finding.message);
        let Some(Rates::Potential { law, .. }) = &report.rates else { panic!("{:?}", report.rates) };
        assert_eq!(law.as_deref(), Some(expected));
    }
}

#[test]
fn powers_of_the_index_are_a_law() {
    let text = "\
data y : R
architecture Scaled(n : N) { param w : R  loss = (w / n - y)^2 / 2 }
projection Stretch(n : N) : Scaled(n + 1) -> Scaled(n) { w = w * n / (n + 1) }
optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
system Ladder = Stretch over n in 1..6
check natural GradientFlow along Ladder expect up to rate (n / (n + 1))^2
";
    let (answer, report) = only(text);
    assert!(answer.ok, "{}", answer.finding.message);
    let Some(Rates::Potential { law, .. }) = &report.rates else { panic!("{:?}", report.rates) };
    assert_eq!(law.as_deref(), Some("lr(n) ∝ n^2"));
    let wrong = text.replace("(n / (n + 1))^2", "n / (n + 1)");
    assert!(!only(&wrong).0.ok);
}

#[test]
fn rates_that_disagree_around_a_diamond_are_a_conflict() {
    // Both squares commute up to a rate, 1 and 1/4; but the two maps are not equal, so that nothing makes the rates agree.
    let text = "\
architecture Top { param w : R  loss = w^4 / 4 }
architecture Down { param w : R  loss = w^4 / 4 }
projection Same : Top -> Down { w = w }
projection Twice : Top -> Down { w = 2 * w }
optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
system Double { Same Twice }
";
    let (answer, report) = only(&format!("{text}check natural GradientFlow along Double expect up to rate\n"));
    assert!(answer.ok, "{}", answer.finding.message);
    let Some(Rates::Conflict(why)) = &report.rates else { panic!("{:?}", report.rates) };
    assert!(why.contains("`Same` has the rate 1, but `Twice` has the rate 1/4"), "{why}");
    assert!(report.limit.is_none());
    let (answer, _) = only(&format!("{text}check system Double expect fails\n"));
    assert!(answer.ok);
}

#[test]
fn rates_agree_around_equal_paths() {
    let text = "\
data y : R
architecture Top { param w : R  loss = (w - y)^2 / 2 }
architecture Left { param w : R  loss = (w - y)^2 }
architecture Right { param w : R  loss = (2 * w - y)^2 / 2 }
architecture Down { param w : R  loss = (w - y)^2 / 2 }
projection A : Top -> Left { w = w }
projection B : Top -> Right { w = w / 2 }
projection C : Left -> Down { w = w }
projection D : Right -> Down { w = 2 * w }
optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
system Diamond { A B C D }
check natural GradientFlow along Diamond expect up to rate
";
    let (answer, report) = only(text);
    assert!(answer.ok, "{}", answer.finding.message);
    let Some(Rates::Potential { table, .. }) = &report.rates else { panic!("{:?}", report.rates) };
    let of = |o: &str| table.iter().find(|(n, _)| n == o).map(|(_, r)| r.to_string());
    assert_eq!(of("Top"), of("Down"));
    assert_ne!(of("Left"), of("Down"));
}

#[test]
fn defects_have_a_law() {
    let (answer, report) =
        only(&format!("{SERIES}system S = Forget over n in 1..=48\ncheck natural Normalized along S expect fails\n"));
    assert!(answer.ok && answer.finding.evidence() == Evidence::Counterexample && answer.finding.witness().is_some());
    let defects = report.defects.expect("defects");
    assert_eq!(defects.rows.len(), 48);
    let fit = defects.fit.expect("a law");
    assert_eq!(fit.law, Law::Power, "{fit:?}");
    // The norm of a gradient of n entries grows by 1/(2n) of itself with each.
    assert!((fit.exponent + 1.0).abs() < 4.0 * fit.error, "{fit:?}");
    assert!(defects.trend.starts_with("tends to zero"), "{}", defects.trend);
}

#[test]
fn unbounded_systems_are_never_proved_by_members() {
    let (answer, report) =
        only(&format!("{SERIES}system T = Forget over n >= 1\ncheck natural Newton along T expect undecided\n"));
    if answer.finding.verdict() == Verdict::Undecided {
        assert!(answer.finding.message.contains("n <= 12"), "{}", answer.finding.message);
        assert!(report.limit.is_none());
    } else {
        assert_eq!(answer.finding.evidence(), Evidence::Algebra, "proved for all n, or not at all");
    }
}

#[test]
fn a_listener_hears_of_every_square_and_changes_nothing() {
    #[derive(Default)]
    struct Heard(std::sync::Mutex<(usize, usize, usize)>);
    impl Progress for Heard {
        fn begin(&self, _what: &str, squares: usize) {
            self.0.lock().expect("a lock").0 += squares;
        }
        fn done(&self) {
            self.0.lock().expect("a lock").1 += 1;
        }
        fn end(&self) {
            self.0.lock().expect("a lock").2 += 1;
        }
    }
    let text =
        format!("{SERIES}system S = Forget over n in 1..9\ncheck natural GradientFlow along S\ncheck system S\n");
    let mut sources = Sources::default();
    let id = sources.add(Source::new("series", &text));
    let heard = Heard::default();
    let report = check_source_with(&mut sources, id, &mut Files::new(&NoFiles), &Options::default(), &heard);
    let report = report.expect("no disagreement");
    let (wanted, done, ends) = *heard.0.lock().expect("a lock");
    assert_eq!((wanted, done, ends), (16, 16, 2));
    let (others, plain) = check("series", &text);
    assert_eq!(entries(&sources, &report), entries(&others, &plain));
}

#[test]
fn ten_thousand_squares_with_one_that_fails() {
    let text = "\
architecture Site(n : N, m : N) { param c : R[2]  loss = (c[0] - n)^2 / 2 + c[1]^2 * m }
projection Move(n : N) : Site(n + 1, 1) -> Site(n, 1) { c = [c[0] - 1, c[1]] }
projection Bend : Site(5001, 1) -> Site(5000, 2) { c = [c[0] - 1, c[1]] }
projection Mend : Site(5000, 2) -> Site(5000, 1) { c = c }
optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
system Long { Move(n) over n in 0..5000   Move(n) over n in 5001..9999   Bend   Mend }
check natural GradientFlow along Long expect fails
";
    let (answer, report) = only(text);
    assert!(answer.ok);
    let failing: Vec<&str> =
        report.squares.iter().filter(|s| s.finding.verdict() == Verdict::Fails).map(|s| s.name.as_str()).collect();
    assert_eq!(report.squares.len(), 10_000);
    assert_eq!(failing, ["Bend", "Mend"]);
    let table = summary(&answer);
    assert!(table.iter().any(|l| l.contains("Bend") && l.contains('#')), "the failing row is shown: {table:?}");
}

#[test]
fn an_expected_rate_is_compared_beyond_the_members() {
    let by_width = "optimizer ByWidth { step(lr) { params' = params - lr / dim * grad(loss) } }";
    let answer = |rate: &str| {
        let text = format!(
            "{SERIES}{by_width}\nsystem T = Forget over n >= 1\ncheck natural ByWidth along T expect up to rate {rate}\n"
        );
        only(&text).0
    };
    assert!(answer("n / (n + 1)").ok);
    assert!(answer("1 - 1 / (n + 1)").finding.assumptions.is_empty());
    let late = answer("n / (n + 1) + max(0, n - 100)");
    assert!(!late.ok);
    assert!(late.finding.rate_differs.is_some_and(|t| t.ends_with("at n = 101")));
    assert!(!answer("n / (n + 1 + 0 * max(0, n))").finding.assumptions.is_empty(), "no rational formula");
}
