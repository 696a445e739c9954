//! Every word that means something of its own, said once: the scan, the editor's server, the HTML report and the grammars
//! of editors read these lists, and tests compare them with `grammar/nat.pest`.
//!
//! Functions are not here: those of the language stand in [`crate::core::prim`], those of optimizers in
//! [`crate::core::words`].

/// The reserved words that begin an item.
pub const ITEMS: [&str; 14] = [
    "use",
    "data",
    "let",
    "def",
    "architecture",
    "reparam",
    "projection",
    "embedding",
    "morphism",
    "optimizer",
    "system",
    "cone",
    "check",
    "classify",
];

/// The reserved words that begin no item.
pub const ENTRIES: [&str; 6] = ["param", "state", "flow", "step", "inverse", "each"];

/// Words that join the parts of an item or of an expression. They can be names elsewhere.
pub const JOINING: [&str; 11] = ["where", "assume", "in", "over", "on", "along", "via", "expect", "if", "then", "else"];

/// Words that begin a line of an architecture. They can be names elsewhere.
pub const LINES: [&str; 4] = ["output", "loss", "metric", "group"];

/// Words that say what is asked, behind `check`; `transfer` begins an item, too.
pub const QUESTIONS: [&str; 6] = ["natural", "commutes", "preserves", "same", "training", "transfer"];

/// Words of experiments and of data in files. They can be names elsewhere.
pub const EXPERIMENTS: [&str; 5] = ["trace", "start", "repeat", "until", "read"];

/// Words of verdicts, behind `expect`.
pub const VERDICTS: [&str; 8] = ["up", "to", "rate", "rates", "limit", "fails", "undecided", "invalid"];

/// What can be asked, as it is written behind `check`.
pub const ASKED: [&str; 9] = [
    "natural",
    "commutes",
    "preserves loss",
    "preserves output",
    "same",
    "same training",
    "system",
    "training",
    "transfer",
];

/// The verdicts, as they are written behind `expect`.
pub const EXPECTED: [&str; 7] = ["commutes", "up to rates", "up to rate", "in limit", "fails", "undecided", "invalid"];

/// Real numbers and sizes.
pub const NUMBERS: [&str; 2] = ["R", "N"];

/// The classes of matrices that a datum or a parameter of a map may belong to.
pub const MATRICES: [&str; 8] = ["GL", "O", "Sym", "SPD", "Skew", "Diag", "Perm", "SignedPerm"];

/// The ways in which a state is carried, beside the fixed spaces.
pub const STATES: [&str; 11] =
    ["tangent", "cotangent", "metric", "cometric", "diagonal", "left", "right", "point", "scalar", "entries", "auto"];

/// Whether a word is reserved: it is never a name.
pub fn is_reserved(word: &str) -> bool {
    ITEMS.contains(&word) || ENTRIES.contains(&word)
}

/// The words that an editor shows as keywords where nothing but the text is known: those that are reserved, and those
/// that are hardly ever names.
pub fn keywords() -> impl Iterator<Item = &'static str> {
    ITEMS.into_iter().chain(ENTRIES).chain(JOINING)
}

/// Whether a word is one of [`keywords`].
pub fn is_keyword(word: &str) -> bool {
    is_reserved(word) || JOINING.contains(&word)
}

/// Every word that the grammar names.
pub fn all() -> impl Iterator<Item = &'static str> {
    keywords().chain(LINES).chain(QUESTIONS).chain(EXPERIMENTS).chain(VERDICTS)
}

/// The types: of numbers, of matrices, of states.
pub fn types() -> impl Iterator<Item = &'static str> {
    NUMBERS.into_iter().chain(MATRICES).chain(STATES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const GRAMMAR: &str = include_str!("../../grammar/nat.pest");

    #[test]
    fn the_grammar_has_these_words_and_no_others() {
        let rules = GRAMMAR.lines().filter_map(|l| l.strip_prefix("kw_")?.split('"').nth(1));
        let of_grammar: BTreeSet<&str> = rules.collect();
        assert_eq!(all().collect::<BTreeSet<_>>(), of_grammar);
        let reserved = GRAMMAR.split("reserved = _{").nth(1).and_then(|r| r.split('}').next()).expect("the rule");
        let of_grammar: BTreeSet<&str> = reserved.split('"').skip(1).step_by(2).collect();
        assert_eq!(ITEMS.into_iter().chain(ENTRIES).collect::<BTreeSet<_>>(), of_grammar);
        for phrase in ASKED.iter().chain(&EXPECTED) {
            assert!(phrase.split(' ').all(|w| all().any(|k| k == w)), "{phrase}");
        }
    }

    #[test]
    fn no_word_is_listed_twice() {
        let words: Vec<&str> = all().collect();
        assert_eq!(words.len(), words.iter().collect::<BTreeSet<_>>().len());
    }
}
