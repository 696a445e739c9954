//! The grammars of editors know the words of the language, all of them and no others.

use std::collections::BTreeSet;
use std::path::Path;

use nat::core::class::Class;
use nat::core::prim;
use nat::core::variance::Variance;
use nat::core::words::{Calculus, Word};
use nat::syntax::vocabulary;
use nat::verdict::Verdict;
use serde_json::Value;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// The functions that are applied: those of the language, and those of optimizers.
fn functions() -> BTreeSet<String> {
    set(prim::names().chain(Calculus::ALL.map(Calculus::name)).filter(|f| !f.ends_with('\'')))
}

/// The words between the first bracket after a part of a pattern and the one that closes it.
fn alternatives(pattern: &str, after: &str, open: &str, close: &str, between: &str) -> BTreeSet<String> {
    let rest = pattern.split_once(after).unwrap_or_else(|| panic!("`{after}` in {pattern}")).1;
    let inner = rest.split_once(open).unwrap_or_else(|| panic!("`{open}` in {rest}")).1;
    set(inner.split(close).next().unwrap_or_default().split(between))
}

#[test]
fn the_textmate_grammar_knows_the_words() {
    let grammar: Value = serde_json::from_str(&read("vscode/syntaxes/nat.tmLanguage.json")).expect("JSON");
    let all = grammar["repository"].as_object().expect("rules");
    let rules: Vec<&Value> = all.values().filter_map(|r| r["patterns"].as_array()).flatten().collect();
    let of = |name: &str| -> String {
        let rule = rules.iter().find(|r| r["name"] == name).unwrap_or_else(|| panic!("a rule `{name}`"));
        rule["match"].as_str().expect("a pattern").to_owned()
    };
    let words = |name: &str| alternatives(&of(name), "_])", "(", ")", "|");
    assert_eq!(words("keyword.declaration.nat"), set(vocabulary::ITEMS));
    assert_eq!(words("keyword.control.entry.nat"), set(vocabulary::ENTRIES));
    assert_eq!(words("keyword.other.joining.nat"), set(vocabulary::JOINING));
    assert_eq!(words("storage.type.nat"), set(vocabulary::NUMBERS.into_iter().chain(vocabulary::MATRICES)));
    assert_eq!(alternatives(&of("variable.language.line.nat"), "", "(?:", ")", "|"), set(vocabulary::LINES));
    assert_eq!(alternatives(&of("storage.modifier.state.nat"), "", "(?:", ")", "|"), set(vocabulary::STATES));
    assert_eq!(words("support.function.nat"), functions());
    assert_eq!(words("variable.language.optimizer.nat"), set(Word::ALL.map(Word::name)));
    let check: Vec<&str> = rules.iter().filter_map(|r| r["match"].as_str()).collect();
    let asked = check.iter().find(|m| m.contains("(check)")).expect("a rule for checks");
    assert_eq!(alternatives(asked, "(check)", "(", ")", "|"), set(vocabulary::QUESTIONS.into_iter().chain(["system"])));
    let expected = check.iter().find(|m| m.contains("(expect)")).expect("a rule for verdicts");
    let verdicts = vocabulary::VERDICTS.into_iter().chain(["commutes", "in"]);
    assert_eq!(alternatives(expected, "(expect)", "(?:(?:", ")", "|"), set(verdicts));
}

#[test]
fn the_vim_syntax_knows_the_words() {
    let text = read("vim/syntax/nat.vim");
    let of = |group: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|l| l.strip_prefix("syn keyword ")?.strip_prefix(group)?.strip_prefix(' '));
        let options = |w: &&str| !w.contains('=') && !["contained", "skipwhite"].contains(w);
        set(lines.flat_map(|l| l.split(' ').filter(options).collect::<Vec<_>>()))
    };
    let with = |a: &str, b: &str| -> BTreeSet<String> { of(a).union(&of(b)).cloned().collect() };
    assert_eq!(with("natItem", "natCheck"), set(vocabulary::ITEMS));
    assert_eq!(of("natEntry"), set(vocabulary::ENTRIES));
    assert_eq!(with("natJoining", "natExpect"), set(vocabulary::JOINING));
    assert_eq!(of("natQuestion"), set(vocabulary::QUESTIONS));
    assert_eq!(of("natVerdict"), set(vocabulary::VERDICTS.into_iter().chain(["commutes", "in"])));
    assert_eq!(of("natLine"), set(vocabulary::LINES));
    assert_eq!(of("natType"), set(vocabulary::NUMBERS.into_iter().chain(vocabulary::MATRICES)));
    assert_eq!(alternatives(&text, "natState", "\\%(", "\\)", "\\|"), set(vocabulary::STATES));
    assert_eq!(alternatives(&text, "natFunction", "\\%(", "\\)", "\\|"), functions());
}

/// The table of words against the parts of the program that give them their meaning.
#[test]
fn words_mean_what_the_program_makes_of_them() {
    let verdicts = [
        Verdict::Commutes,
        Verdict::UpToRates,
        Verdict::UpToRate,
        Verdict::InLimit,
        Verdict::Fails,
        Verdict::Undecided,
        Verdict::Invalid,
    ];
    assert_eq!(set(vocabulary::EXPECTED), set(verdicts.map(Verdict::text)));
    let states = Variance::ALL.map(Variance::word);
    assert!(states[1..].iter().all(|s| vocabulary::STATES.contains(s)), "{states:?}");
    assert!(Class::ALL.iter().all(|c| !vocabulary::is_reserved(c.word())));
}

#[test]
fn the_extension_names_files_that_are_there() {
    let package: Value = serde_json::from_str(&read("vscode/package.json")).expect("JSON");
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    let parts = &package["contributes"];
    for path in [&parts["languages"][0]["configuration"], &parts["grammars"][0]["path"]] {
        let path = path.as_str().expect("a path").trim_start_matches("./");
        let _: Value = serde_json::from_str(&read(&format!("vscode/{path}"))).expect("JSON");
    }
    assert_eq!(parts["languages"][0]["extensions"][0], ".nat");
}
