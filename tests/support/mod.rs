//! Reading of the expectations that corpus files carry in their comments, shared by the test binaries.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use nat::source::{Source, Sources};
use nat::uses::{Files, NoFiles};
use nat::verdict::Verdict;
use nat::{Answer, FileReport, Options, check_source, expected_verdict};

/// The folder `tests/corpus/<name>`.
pub fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

/// The `.nat` files of a folder in order of name. An empty folder is a mistake of the suite.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut found: Vec<PathBuf> = entries
        .map(|e| e.expect("a readable entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "nat"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no .nat files in {}", folder.display());
    found
}

/// The text of a corpus file.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The name under which a file is reported: its folder and its own name.
pub fn short(path: &Path) -> String {
    path.strip_prefix(corpus("")).unwrap_or(path).display().to_string()
}

/// Checks a text in a thread with the stack of a worker of the binary.
pub fn check(name: &str, text: &str) -> (Sources, FileReport) {
    let mut sources = Sources::default();
    let id = sources.add(Source::new(name, text));
    let pool = rayon::ThreadPoolBuilder::new().stack_size(32 << 20).build().expect("worker threads");
    let report = pool.install(|| check_source(&mut sources, id, &mut Files::new(&NoFiles), &Options::default()));
    (sources, report.unwrap_or_else(|d| panic!("{name}: engines disagree: {d}")))
}

/// What the comments behind a check ask for beyond its verdict: `// evidence: algebra // order: 2 // rate: a^2 // says: text`.
#[derive(Debug, Default, Clone)]
pub struct Wanted {
    /// The evidence in one word.
    pub evidence: Option<String>,
    /// The order of the defect.
    pub order: Option<usize>,
    /// The formula of the rate, literally.
    pub rate: Option<String>,
    /// A part of the message.
    pub says: Option<String>,
}

impl Wanted {
    /// Reads the comments of one line.
    ///
    /// # Panics
    /// On a comment that is none of these: a misspelt expectation must not go unnoticed.
    pub fn of_line(line: &str) -> Self {
        let mut wanted = Wanted::default();
        for comment in line.split("//").skip(1).map(str::trim) {
            let Some((key, value)) = comment.split_once(": ") else { panic!("no expectation: `{comment}`") };
            match key {
                "evidence" => wanted.evidence = Some(value.into()),
                "order" => wanted.order = Some(value.parse().expect("an order is a number")),
                "rate" => wanted.rate = Some(value.into()),
                "says" => wanted.says = Some(value.into()),
                _ => panic!("unknown expectation `{key}` in: {line}"),
            }
        }
        wanted
    }

    /// How an answer differs from what is wanted, in words; empty if it does not.
    pub fn differences(&self, answer: &Answer) -> Vec<String> {
        let f = &answer.finding;
        let mut found = Vec::new();
        let mut differ = |what: &str, got: &str, want: &str| found.push(format!("{what} is {got}, expected {want}"));
        let verdict = expected_verdict(answer.task.expected.as_ref());
        if f.verdict() != verdict {
            differ("verdict", f.verdict().text(), verdict.text());
        } else if let Some(rate) = &f.rate_differs {
            differ("rate", f.rate().unwrap_or("none"), rate);
        } else if !answer.ok {
            differ("answer", "not ok", "ok");
        }
        let evidence = self.evidence.clone().or_else(|| match verdict {
            Verdict::Fails => Some("counterexample".into()),
            Verdict::Invalid => Some("claim".into()),
            Verdict::Undecided => Some("none".into()),
            _ => None,
        });
        if let Some(e) = evidence.filter(|e| e != f.evidence().text()) {
            differ("evidence", f.evidence().text(), &e);
        }
        if self.order.is_some() && f.order() != self.order {
            differ("order", &format!("{:?}", f.order()), &format!("{:?}", self.order));
        }
        if self.rate.is_some() && f.rate() != self.rate.as_deref() {
            differ("rate formula", &format!("{:?}", f.rate()), &format!("{:?}", self.rate));
        }
        if let Some(text) = self.says.as_ref().filter(|t| !f.message.contains(t.as_str())) {
            differ("message", &format!("`{}`", f.message), &format!("one that says `{text}`"));
        }
        found
    }
}

/// Compares all answers to a text with what its lines expect; one entry, with its line, for each difference.
pub fn mismatches(name: &str, text: &str) -> Vec<(usize, String)> {
    let (sources, report) = check(name, text);
    let mut found: Vec<(usize, String)> =
        report.errors.iter().map(|e| (sources.place(e.span()).1, format!("unexpected error: {e}"))).collect();
    let lines: Vec<&str> = text.lines().collect();
    let mut asked: Vec<usize> = (1..=lines.len()).filter(|&i| lines[i - 1].starts_with("check ")).collect();
    if asked.is_empty() {
        found.push((0, "the file checks nothing".into()));
    }
    for answer in &report.answers {
        let line = sources.place(answer.task.span).1;
        asked.retain(|&a| a != line);
        let text = lines[line - 1];
        for d in Wanted::of_line(text).differences(answer) {
            let asked = text.split("//").next().unwrap_or(text).trim();
            found.push((line, format!("{asked}: {d}\n      {}", answer.finding.message)));
        }
    }
    if report.errors.is_empty() {
        found.extend(asked.into_iter().map(|line| (line, "no answer to this check".into())));
    }
    found
}

/// Panics with all differences of a run, if there are any.
pub fn conclude(differences: &[String]) {
    if differences.is_empty() {
        return;
    }
    let mut text = String::new();
    for d in differences {
        let _ = writeln!(text, "  {d}");
    }
    panic!("{} not as expected:\n{text}", differences.len());
}
