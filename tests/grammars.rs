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

#[test]
fn the_book_colours_the_words() {
    let text = read("../docs/nat.js");
    let of = |kind: &str| -> BTreeSet<String> {
        let rest = text.split_once(&format!("{kind}:")).unwrap_or_else(|| panic!("`{kind}` in {text}")).1;
        let list = rest.split_once(",\n").expect("the end of the list").0;
        set(list.split('"').skip(1).step_by(2).flat_map(str::split_whitespace))
    };
    assert_eq!(of("keyword"), set(vocabulary::keywords()));
    assert_eq!(of("type"), set(vocabulary::NUMBERS.into_iter().chain(vocabulary::MATRICES)));
    assert_eq!(of("built_in"), functions());
}

/// Whether a text is a word of letters.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase())
}

/// The texts of a grammar of tree-sitter as it is generated.
fn strings<'a>(rule: &'a Value, found: &mut BTreeSet<&'a str>) {
    if rule["type"] == "STRING" {
        found.extend(rule["value"].as_str());
    }
    match rule {
        Value::Array(parts) => parts.iter().for_each(|part| strings(part, found)),
        Value::Object(parts) => parts.values().for_each(|part| strings(part, found)),
        _ => {}
    }
}

#[test]
fn the_tree_sitter_grammar_knows_the_words() {
    let written = read("tree-sitter-nat/grammar.js");
    let reserved = alternatives(&written, "global: () =>", "[", "]", ",");
    let reserved = set(reserved.iter().map(|w| w.trim().trim_matches('"')).filter(|w| !w.is_empty()));
    assert_eq!(reserved, set(vocabulary::ITEMS.into_iter().chain(vocabulary::ENTRIES)));
    let rules = written.split_once("rules: {").expect("the rules").1;
    // Texts stand between quotes, but for patterns and comments; names of fields are no texts of the language.
    let is_code = |l: &&str| !["//", "string: "].iter().any(|start| l.trim_start().starts_with(start));
    let code: String = rules.lines().filter(is_code).collect();
    let quoted = code.split('"').skip(1).step_by(2).zip(code.split('"').step_by(2));
    let words = set(quoted.filter(|(w, before)| is_word(w) && !before.ends_with("field(")).map(|(w, _)| w));
    assert_eq!(words, set(vocabulary::all()));
    // What is generated has been generated since.
    let generated: Value = serde_json::from_str(&read("tree-sitter-nat/src/grammar.json")).expect("JSON");
    let mut texts = BTreeSet::new();
    strings(&generated["rules"], &mut texts);
    assert_eq!(set(texts.into_iter().filter(|t| is_word(t))), words);
    let parser = read("tree-sitter-nat/src/parser.c");
    assert!(words.iter().all(|w| parser.contains(&format!("sym_{w}] = \"{w}\","))), "src/parser.c is older");
    for name in ["package.json", "tree-sitter.json"] {
        let told: Value = serde_json::from_str(&read(&format!("tree-sitter-nat/{name}"))).expect("JSON");
        let version = if name == "package.json" { &told["version"] } else { &told["metadata"]["version"] };
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
    }
}

#[test]
fn the_colours_of_tree_sitter_know_the_words() {
    let text = read("tree-sitter-nat/queries/highlights.scm");
    let text: String = text.lines().filter(|l| !l.starts_with(';')).map(|l| format!("{l} ")).collect();
    let quoted = |part: &str| set(part.split('"').skip(1).step_by(2));
    // The lists of names, by what stands before each.
    let mut lists = Vec::new();
    let mut patterns = String::new();
    let mut before = "";
    for part in text.split("(#any-of?") {
        match part.split_once("))") {
            Some((list, rest)) if !before.is_empty() => {
                lists.push((before, quoted(list)));
                patterns += rest;
            }
            _ => patterns += part,
        }
        before = part;
    }
    let list = |after: &str| {
        let mut found = lists.iter().filter(|(before, _)| before.trim_end().ends_with(after));
        let list = found.next().unwrap_or_else(|| panic!("a list after `{after}`")).1.clone();
        assert!(found.next().is_none(), "two lists after `{after}`");
        list
    };
    assert_eq!(list("((identifier) @variable.builtin"), set(Word::ALL.map(Word::name)));
    assert_eq!(list("((call function: (identifier) @function.builtin)"), functions());
    let types = vocabulary::NUMBERS.into_iter().chain(vocabulary::MATRICES);
    assert_eq!(list("((type name: (identifier) @type.builtin)"), set(types));
    assert_eq!(list("((state type: (type name: (identifier) @type.builtin))"), set(vocabulary::STATES));
    let coloured: BTreeSet<String> = quoted(&patterns).into_iter().filter(|w| is_word(w)).collect();
    assert_eq!(coloured, set(vocabulary::all()));
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

/// The texts that editors are to colour: the examples and the library.
fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["examples", "src/std"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|e| e == "nat") {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    found.sort();
    found
}

/// The rules of the TextMate grammar in their order: a pattern, and the scopes of its groups, the whole being group 0.
fn textmate() -> Vec<(fancy_regex::Regex, Vec<(usize, String)>)> {
    let grammar: Value = serde_json::from_str(&read("vscode/syntaxes/nat.tmLanguage.json")).expect("JSON");
    let included = grammar["patterns"].as_array().expect("patterns").iter().map(|p| {
        let name = p["include"].as_str().and_then(|i| i.strip_prefix('#')).expect("an include");
        grammar["repository"][name]["patterns"].as_array().expect("patterns").clone()
    });
    let rule = |rule: Value| {
        let pattern = rule["match"].as_str().expect("a pattern");
        let whole = rule["name"].as_str().map(|n| (0, n.to_owned()));
        let captures = rule["captures"].as_object().into_iter().flatten().map(|(group, scope)| {
            (group.parse().expect("a number"), scope["name"].as_str().expect("a scope").to_owned())
        });
        let regex = fancy_regex::Regex::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        (regex, whole.into_iter().chain(captures).collect())
    };
    included.flatten().map(rule).collect()
}

/// The scopes of a line, as an editor finds them: from where it is, the rule that matches first, of several the first.
fn scopes(rules: &[(fancy_regex::Regex, Vec<(usize, String)>)], line: &str) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let matches = rules.iter().filter_map(|(regex, scopes)| {
            let groups = regex.captures_from_pos(line, at).expect("it is decided")?;
            Some((groups.get(0)?.start(), groups, scopes))
        });
        let Some((_, groups, named)) = matches.min_by_key(|(start, ..)| *start) else { break };
        for (group, scope) in named {
            found.extend(groups.get(*group).map(|g| (g.start(), g.end(), scope.clone())));
        }
        let end = groups.get(0).expect("a match").end();
        assert!(end > at, "a rule that matches nothing at {at} of {line}");
        at = end;
    }
    found
}

/// What a line holds: comments, texts in quotation marks, words and numbers, with their places.
fn tokens(line: &str) -> Vec<(usize, usize, &'static str)> {
    let mut found = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || ('\u{2080}'..='\u{209c}').contains(&c);
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        let rest = &line[at..];
        let (length, kind) = if rest.starts_with("//") {
            (rest.len(), "comment")
        } else if c == '"' {
            (rest[1..].find('"').map_or(rest.len(), |i| i + 2), "string")
        } else if is_word(c) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            (end, if c.is_ascii_digit() { "number" } else { "word" })
        } else {
            (c.len_utf8(), "sign")
        };
        found.push((at, at + length, kind));
        at += length;
    }
    found
}

#[test]
fn the_textmate_grammar_colours_every_text() {
    let rules = textmate();
    let mut wrong = Vec::new();
    let (mut words, mut comments, mut names) = (0, 0, 0);
    for (name, text) in texts() {
        for (number, line) in text.lines().enumerate() {
            let scopes = scopes(&rules, line);
            let tokens = tokens(line);
            let mut say = |what: &str, from: usize, to: usize| {
                wrong.push(format!("{name}:{}: `{}` {what}", number + 1, &line[from..to]));
            };
            let of = |from: usize, to: usize| {
                scopes.iter().filter(move |(a, b, _)| *a <= from && to <= *b).map(|(.., s)| s.as_str()).next_back()
            };
            let has = |from: usize, to: usize, beginning: &str| of(from, to).is_some_and(|s| s.starts_with(beginning));
            for &(from, to, kind) in &tokens {
                let token = &line[from..to];
                match kind {
                    "comment" => {
                        comments += 1;
                        if !scopes.iter().any(|(a, b, s)| (*a, *b) == (from, to) && s.starts_with("comment.")) {
                            say("is a comment", from, to);
                        }
                    }
                    "string" if !has(from, to, "string.") => say("stands in quotation marks", from, to),
                    // The sign of an inverse, `^-1`, holds a number.
                    "number" if !has(from, to, "constant.numeric") && !has(from, to, "keyword.operator") => {
                        say("is a number", from, to)
                    }
                    // Other words can be names; what is reserved is none.
                    "word" if vocabulary::is_reserved(token) => {
                        words += 1;
                        if !has(from, to, "keyword.") {
                            say("is reserved", from, to);
                        }
                    }
                    _ => {}
                }
            }
            // A coloured part is made of whole words.
            for (from, to, scope) in
                scopes.iter().filter(|(.., s)| !s.starts_with("comment.") && !s.starts_with("string."))
            {
                names += usize::from(scope == "entity.name.type.nat");
                let cut =
                    tokens.iter().any(|&(a, b, kind)| kind == "word" && (a < *from && *from < b || a < *to && *to < b));
                let inside = tokens.iter().any(|&(a, b, kind)| kind == "comment" && a < *to && *from < b);
                if cut || inside {
                    say(&format!("is coloured as {scope}"), *from, *to);
                }
            }
        }
    }
    assert!(words > 500 && comments > 100 && names > 100, "{words} words, {comments} comments, {names} names");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
