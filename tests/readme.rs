//! The table of optimizers in the README is the one that `classify` finds.

mod support;

use nat::Answer;
use nat::report::table::largest;
use nat::verdict::Verdict;
use support::check;

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

#[test]
fn the_table_is_what_classify_finds() {
    let (sources, report) = check("table.nat", "use std.optimizers\nclassify");
    let rows = readme_rows();
    assert!(rows.len() > 30, "the README shows the popular optimizers");
    for row in rows {
        let answer = report.answers.iter().find(|a| a.task.optimizer.as_deref() == Some(&row[0]));
        let answer = answer.unwrap_or_else(|| panic!("{} is in the library", row[0]));
        let (best, mended) = cells(answer);
        assert_eq!((&row[1], &row[2]), (&best, &mended), "{}", row[0]);
        // What the last cell blames is blamed by the table.
        for (class, f) in &answer.table {
            let Some((_, rest)) = row[3].split_once(&format!("{}: `", class.word())) else { continue };
            let term = rest.split('`').next().unwrap_or_default();
            let text = |b: &nat::verdict::Blame| {
                sources.get(b.span.source).slice(b.span).split_whitespace().collect::<Vec<_>>().join(" ")
            };
            assert!(f.blame.iter().any(|b| text(b) == term), "{} along {}: {term}", row[0], class.word());
        }
    }
}
