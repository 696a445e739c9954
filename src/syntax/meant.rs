//! What was probably meant: words of the language that are close to the one found, signs that look alike.

/// Longer words are meant by nobody.
const LONGEST: usize = 200;

/// The candidate nearest to a word, if it is near enough to be a slip of the pen, another case, or its abbreviation.
///
/// One letter in four may be wrong, none in a word of one letter: an unknown `Y` is not answered with any other letter.
pub fn nearest<'w>(word: &str, candidates: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    let limit = match length {
        0 | 1 => 0,
        2..=4 => 1,
        _ => 1 + length.min(16) / 4,
    };
    let far = |candidate: &str| {
        // Most words are too long or too short; a capital has as many letters as a small one, or a few more.
        let letters = candidate.chars().count();
        if letters.abs_diff(length) > limit + 2 && (letters < length || letters > 2 * length + 2) {
            return None;
        }
        let other = candidate.to_lowercase();
        let letters = other.chars().count();
        // A whole word is not near to a letter.
        // Words of very different or of absurd length are not near, and their distance is dear.
        if letters.max(length) > LONGEST {
            return None;
        }
        let distance = strsim::damerau_levenshtein(&lower, &other);
        let near = distance <= limit && distance < letters;
        let short = abbreviates(&lower, &other);
        (near || short).then_some(distance)
    };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| Some((far(candidate)?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Whether a word of at least three letters is another with letters left out, no more than half of them: `GradFlow` of
/// `GradientFlow`.
fn abbreviates(short: &str, long: &str) -> bool {
    let (short, long): (Vec<char>, Vec<char>) = (short.chars().take(64).collect(), long.chars().take(128).collect());
    if short.len() < 3 || short.len() * 2 < long.len() || short.first() != long.first() {
        return false;
    }
    let mut rest = long.iter();
    short.iter().all(|c| rest.any(|other| other == c))
}

/// The sign of the language for one that only looks like it.
pub(super) fn meant_sign(token: &str) -> Option<&'static str> {
    Some(match token {
        "×" | "·" | "⋅" | "∗" => "*",
        "−" | "–" | "—" => "-",
        "→" | "=>" | "⟶" => "->",
        "≤" => "<=",
        "≥" => ">=",
        "≠" => "!=",
        "÷" => "/",
        "⊤" | "ᵀ" => "^T",
        "²" => "^2",
        "³" => "^3",
        "∘" => ";",
        "′" | "’" => "'",
        _ => return None,
    })
}
