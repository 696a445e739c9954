//! Which questions of a run are asked: `--only` and `--partition`.

use crate::source::{Source, Span};

/// A question that is asked for: by a name in it, by a part of its text, or by its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Only {
    /// A word of the question.
    Word(String),
    /// A part of its text.
    Text(String),
    /// A line of a file; the file is given by the end of its path, and empty for every file.
    Line(String, usize),
}

impl Only {
    /// Reads what stands behind `--only`: `FILE:LINE`, `:LINE`, a name, or any text.
    ///
    /// # Errors
    /// If there is no text.
    pub fn read(text: &str) -> Result<Only, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("a name, a part of a question, or FILE:LINE".to_owned());
        }
        if let Some((file, line)) = text.rsplit_once(':')
            && let Ok(line) = line.parse()
        {
            return Ok(Only::Line(file.to_owned(), line));
        }
        let is_word = text.chars().all(is_word);
        Ok(if is_word { Only::Word(text.to_owned()) } else { Only::Text(squeezed(text)) })
    }

    /// Whether a question is meant: its source, its place and its text.
    pub fn holds(&self, source: &Source, span: Span, text: &str) -> bool {
        match self {
            Only::Word(word) => text.split(|c| !is_word(c)).any(|w| w == word),
            Only::Text(part) => squeezed(text).contains(part.as_str()),
            Only::Line(file, line) => {
                let here = source.name == *file || file.is_empty() || ends_with(&source.name, file);
                let (first, _) = source.line_column(span.start);
                let (last, _) = source.line_column(span.end.saturating_sub(1).max(span.start));
                here && (first..=last).contains(line)
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || ('\u{2080}'..='\u{209c}').contains(&c)
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a path ends with these parts.
fn ends_with(path: &str, end: &str) -> bool {
    let end = end.strip_prefix("./").unwrap_or(end);
    path.strip_suffix(end).is_some_and(|front| front.is_empty() || front.ends_with(['/', '\\']))
}

/// One part of a run that several machines share: the questions whose number leaves this rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// Which part, from 1.
    pub index: usize,
    /// How many parts.
    pub of: usize,
}

impl Partition {
    /// Reads `i/n` with `1 ≤ i ≤ n`.
    ///
    /// # Errors
    /// In words, if it is none.
    pub fn read(text: &str) -> Result<Partition, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        match parts {
            Some((index, of)) if 1 <= index && index <= of => Ok(Partition { index, of }),
            _ => Err("a part and the number of parts, such as 2/8".to_owned()),
        }
    }

    /// Whether the question of this number, from 0, belongs to the part.
    pub fn holds(self, number: usize) -> bool {
        number % self.of == self.index - 1
    }
}

#[cfg(test)]
mod tests {
    use super::{Only, Partition};
    use crate::source::{Source, SourceId, Span};

    #[test]
    fn a_question_is_chosen_by_word_text_or_line() {
        let text = "check natural Adam\n  along Zoom(2)\n";
        let source = Source::new("a/b.nat", text);
        let span = Span::new(SourceId(0), 0, text.len() - 1);
        let holds = |only: &str| Only::read(only).expect("a choice").holds(&source, span, "natural Adam along Zoom(2)");
        for yes in ["Adam", "Zoom(2)", "natural  Adam along", "b.nat:1", "a/b.nat:2", "./a/b.nat:1", ":2"] {
            assert!(holds(yes), "{yes}");
        }
        for no in ["Ada", "Zoom(3)", "b.nat:3", "xb.nat:1", ":0"] {
            assert!(!holds(no), "{no}");
        }
        assert!(Only::read(" ").is_err());
    }

    #[test]
    fn parts_share_all_questions() {
        let parts: Vec<Partition> = ["1/3", "2/3", "3/3"].iter().map(|p| Partition::read(p).expect("a part")).collect();
        for number in 0..20 {
            assert_eq!(parts.iter().filter(|p| p.holds(number)).count(), 1);
        }
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0", "-1/3"] {
            assert!(Partition::read(wrong).is_err(), "{wrong}");
        }
    }
}
