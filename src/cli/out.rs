//! Standard output and standard error: written without losing an error, and in plain ASCII where that is asked for.

use std::io::{self, Write};

use crate::report::steers;

/// What a run prints, and whether it could be printed.
pub struct Out {
    ascii: bool,
    failure: Option<io::Error>,
    gone: bool,
    /// What would be printed, if it is to be kept.
    kept: Option<String>,
}

impl Out {
    /// Nothing printed yet.
    pub fn new(ascii: bool) -> Self {
        Out { ascii, failure: None, gone: false, kept: None }
    }

    /// A page that keeps what is printed on it, in the same characters, without colours.
    pub fn page(&self) -> Self {
        Out { kept: Some(String::new()), ..Out::new(self.ascii) }
    }

    /// What a page has kept.
    pub fn text(self) -> String {
        self.kept.unwrap_or_default()
    }

    /// A text as it is kept: in the same characters, without colours.
    pub fn plain(&self, text: &str) -> String {
        anstream::adapter::strip_str(&self.encoded(text)).to_string()
    }

    /// Whether a line is kept.
    fn keeps(&mut self, text: &str) -> bool {
        let Some(kept) = &mut self.kept else { return false };
        kept.push_str(&anstream::adapter::strip_str(text).to_string());
        kept.push('\n');
        true
    }

    /// A line on standard output.
    pub fn line(&mut self, text: &str) {
        let text = self.encoded(text);
        if self.keeps(&text) {
            return;
        }
        let mut out = anstream::stdout();
        let done = writeln!(out, "{text}");
        self.note(done);
    }

    /// A text on standard output as it is: no colour is taken out of it, and nothing is added.
    pub fn raw(&mut self, text: &str) {
        let mut out = io::stdout().lock();
        let done = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        self.note(done);
    }

    /// What was written so far is with the reader.
    pub fn flush(&mut self) {
        if self.kept.is_some() {
            return;
        }
        let done = io::stdout().flush();
        self.note(done);
    }

    /// A line on standard error, behind all that was written on standard output.
    pub fn error(&mut self, text: &str) {
        self.flush();
        let text = self.encoded(text);
        if self.keeps(&text) {
            return;
        }
        let done = writeln!(anstream::stderr(), "{text}");
        // Who reads answers may well not read these.
        if done.as_ref().is_err_and(|e| e.kind() != io::ErrorKind::BrokenPipe) {
            self.note(done);
        }
    }

    /// Whether nobody reads any more, or nothing more can be written.
    pub fn is_over(&self) -> bool {
        self.gone || self.failure.is_some()
    }

    /// The error that kept output from being written, if there was one. A reader that has gone away is none.
    pub fn finish(mut self) -> Option<io::Error> {
        self.flush();
        self.failure
    }

    /// Notes whether something was printed.
    pub fn note(&mut self, done: io::Result<()>) {
        match done {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => self.gone = true,
            Err(e) => {
                self.failure.get_or_insert(e);
            }
        }
    }

    fn encoded(&self, text: &str) -> String {
        let safe = harmless(text);
        if self.ascii { ascii(&safe) } else { safe }
    }
}

/// A text that cannot steer a terminal: of control characters only line ends, tabs and colours are left, and marks that
/// change the direction of writing are shown as the replacement character.
pub fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => safe.push(c),
            '\u{1b}' => {
                let colour: Option<String> = colour(rest.as_str());
                match colour {
                    Some(code) => {
                        safe.push('\u{1b}');
                        safe.push_str(&code);
                        rest = rest.as_str()[code.len()..].chars();
                    }
                    None => safe.push(char::REPLACEMENT_CHARACTER),
                }
            }
            c if steers(c) => safe.push(char::REPLACEMENT_CHARACTER),
            c => safe.push(c),
        }
    }
    safe
}

/// The code of a colour behind an escape character: `[`, digits and semicolons, `m`.
fn colour(rest: &str) -> Option<String> {
    let inner = rest.strip_prefix('[')?;
    let end = inner.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    inner[end..].starts_with('m').then(|| format!("[{}m", &inner[..end]))
}

/// The signs that reports draw with, each by one of ASCII; what a file holds is left as it is.
pub fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '✓' => plain.push('+'),
            '✗' | '×' => plain.push('x'),
            '─' | '━' | '╌' | '┄' | '–' | '—' | '−' => plain.push('-'),
            '│' | '┃' | '┆' | '·' | '╎' => plain.push('|'),
            '╭' | '╮' | '╯' | '╰' | '┬' | '┴' | '├' | '┤' | '┼' | '┌' | '┐' | '└' | '┘' => {
                plain.push('+')
            }
            '▶' | '→' => plain.push('>'),
            '▼' | '↓' => plain.push('v'),
            '▲' | '↑' => plain.push('^'),
            '☞' | '⚠' | '■' | '█' | '▌' => plain.push('#'),
            // The heights of a curve.
            '▇' => plain.push('%'),
            '▆' => plain.push('*'),
            '▅' => plain.push('+'),
            '▄' => plain.push('='),
            '▃' => plain.push('-'),
            '▂' => plain.push('.'),
            '▁' => plain.push('_'),
            '…' => plain.push_str("..."),
            'α' => plain.push('a'),
            '≤' => plain.push_str("<="),
            '≥' => plain.push_str(">="),
            '≠' => plain.push_str("!="),
            '‖' => plain.push_str("||"),
            'ᵀ' => plain.push_str("^T"),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{ascii, harmless};

    #[test]
    fn only_colours_are_left_of_what_steers_a_terminal() {
        assert_eq!(harmless("a\u{1b}[31mb\u{1b}[0m\tc\n"), "a\u{1b}[31mb\u{1b}[0m\tc\n");
        assert_eq!(harmless("\u{1b}]0;title\u{7}"), "\u{fffd}]0;title\u{fffd}");
        assert_eq!(harmless("\u{1b}[2J x\u{9b}1m \u{202e}abc\r"), "\u{fffd}[2J x\u{fffd}1m \u{fffd}abc\u{fffd}");
    }

    #[test]
    fn drawings_become_ascii_and_names_stay() {
        assert_eq!(ascii("✓ ──▶ θ₁ ╭ α"), "+ --> θ₁ + a");
    }
}
