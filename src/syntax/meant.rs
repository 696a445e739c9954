//! What was probably meant: words of the language that are close to the one found, signs that look alike.

/// The candidate that differs from a word by no more than a slip of the pen, if there is one.
pub(super) fn nearest<'w>(word: &str, candidates: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let near = candidates.into_iter().filter(|other| *other != word).min_by_key(|other| distance(word, other))?;
    (distance(word, near) <= 1 + near.len() / 6).then_some(near)
}

/// The number of letters to change, add, remove or swap to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(32).collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
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
