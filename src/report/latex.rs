//! The report as a LaTeX table, to be input by a paper: it needs the package `longtable`.

use super::json::{CheckEntry, Report};
use super::markup::{files, summary, verdict};

/// The report, ending in a line end.
pub fn render(report: &Report) -> String {
    let mut text = format!(
        "% nat {}, seed {}, effort {}\n\\begin{{longtable}}{{@{{}}lp{{0.48\\linewidth}}lll@{{}}}}\n\
         \\hline\n & check & verdict & evidence & expected \\\\\n\\hline\n\\endhead\n",
        report.tool.version, report.seed, report.effort
    );
    for file in files(report) {
        text.push_str(&format!("\\multicolumn{{5}}{{@{{}}l}}{{\\texttt{{{}}}}} \\\\\n", escape(file)));
        for check in report.checks.iter().filter(|c| c.file == file) {
            match &check.table {
                None => text.push_str(&row(check)),
                Some(table) => {
                    for (class, cell) in table {
                        let rate = cell.rate.as_ref().map(|r| format!(" {r}")).unwrap_or_default();
                        text.push_str(&format!(
                            " & {} & {} & {} & \\\\\n",
                            escape(&format!("{} along {class}", check.question)),
                            escape(&format!("{}{rate}", cell.verdict)),
                            escape(&cell.evidence)
                        ));
                    }
                }
            }
        }
        for e in report.errors.iter().filter(|e| e.file == file) {
            text.push_str(&format!(
                "{} & \\multicolumn{{4}}{{p{{0.8\\linewidth}}@{{}}}}{{error: {}}} \\\\\n",
                e.line,
                escape(&e.message)
            ));
        }
    }
    text.push_str(&format!("\\hline\n\\end{{longtable}}\n% {}\n", summary(report)));
    text
}

fn row(check: &CheckEntry) -> String {
    let mark = if check.ok { "" } else { "\\textbf{!} " };
    format!(
        "{mark}{} & {} & {} & {} & {} \\\\\n",
        check.line,
        escape(&check.question),
        escape(&verdict(check)),
        escape(check.evidence.as_deref().unwrap_or("")),
        escape(check.expected.as_deref().unwrap_or(""))
    )
}

/// Text in which nothing is a command, and nothing is a character that LaTeX has no letter for: signs and letters of
/// formulas are set as such, and what is left is named by its number.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '<' | '>' | '|' => out.push_str(&format!("${c}$")),
            '`' => out.push('\''),
            '"' => out.push_str("''"),
            c if c.is_control() => out.push(' '),
            c if c.is_ascii() => out.push(c),
            c => out.push_str(&foreign(c)),
        }
    }
    out
}

/// The names of Greek letters from α, in the order of their numbers; some are letters of the Latin alphabet.
const GREEK: [&str; 25] = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "o", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
];

/// The capitals that differ from Latin ones.
const CAPITALS: [(char, &str); 11] = [
    ('Γ', "Gamma"),
    ('Δ', "Delta"),
    ('Θ', "Theta"),
    ('Λ', "Lambda"),
    ('Ξ', "Xi"),
    ('Π', "Pi"),
    ('Σ', "Sigma"),
    ('Υ', "Upsilon"),
    ('Φ', "Phi"),
    ('Ψ', "Psi"),
    ('Ω', "Omega"),
];

/// Signs by what stands for them inside a formula.
const SIGNS: [(char, &str); 34] = [
    ('≤', "\\le"),
    ('≥', "\\ge"),
    ('≠', "\\ne"),
    ('→', "\\to"),
    ('↦', "\\mapsto"),
    ('∘', "\\circ"),
    ('·', "\\cdot"),
    ('×', "\\times"),
    ('⊗', "\\otimes"),
    ('∈', "\\in"),
    ('∂', "\\partial"),
    ('∇', "\\nabla"),
    ('∞', "\\infty"),
    ('√', "\\surd"),
    ('−', "-"),
    ('±', "\\pm"),
    ('≈', "\\approx"),
    ('‖', "\\|"),
    ('ℝ', "R"),
    ('ℕ', "N"),
    ('ᵀ', "^{T}"),
    ('′', "'"),
    ('…', "\\ldots"),
    ('ϵ', "\\epsilon"),
    ('ϑ', "\\vartheta"),
    ('ϕ', "\\varphi"),
    ('ℓ', "\\ell"),
    ('½', "1/2"),
    ('¹', "^{1}"),
    ('²', "^{2}"),
    ('³', "^{3}"),
    ('⁻', "^{-}"),
    ('₊', "_{+}"),
    ('₋', "_{-}"),
];

/// A character that is not of ASCII.
fn foreign(c: char) -> String {
    let number = u32::from(c);
    let formula = match c {
        'α'..='ω' => {
            let name = GREEK.get((number - u32::from('α')) as usize).copied().unwrap_or_default();
            Some(if name == "o" { "o".to_owned() } else { format!("\\{name}") })
        }
        '₀'..='₉' => Some(format!("_{{{}}}", number - u32::from('₀'))),
        '⁰' | '⁴'..='⁹' => Some(format!("^{{{}}}", number - u32::from('⁰'))),
        _ => {
            let capital = CAPITALS.iter().find(|(known, _)| *known == c).map(|(_, name)| format!("\\{name}"));
            capital.or_else(|| SIGNS.iter().find(|(known, _)| *known == c).map(|(_, sign)| (*sign).to_owned()))
        }
    };
    match (formula, c) {
        (Some(formula), _) => format!("${formula}$"),
        (None, '–') => "--".to_owned(),
        (None, '—') => "---".to_owned(),
        // Letters of western Europe, which every LaTeX can set.
        (None, 'À'..='ÿ') => c.to_string(),
        (None, _) => format!("U+{number:04X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_is_left_that_latex_does_not_set() {
        assert_eq!(escape("signed_permutation & a^2"), "signed\\_permutation \\& a\\textasciicircum{}2");
        assert_eq!(escape("θ₁ ≤ ω, Δ"), "$\\theta$$_{1}$ $\\le$ $\\omega$, $\\Delta$");
        assert_eq!(escape("a < b | ο é"), "a $<$ b $|$ $o$ é");
        assert_eq!(escape("ẋ"), "U+1E8B");
        // Every letter and sign of a page of characters is written in ASCII, or is a letter of western Europe.
        for c in ('\u{a0}'..'\u{2fff}').filter(|c| !('À'..='ÿ').contains(c)) {
            assert!(escape(&c.to_string()).is_ascii(), "{c}");
        }
    }
}
