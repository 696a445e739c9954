//! What declarations with errors may have declared: read off their text, so that the names are not called unknown where
//! the other declarations use them.

use super::scan::words;
use super::tree::Lost;
use super::vocabulary::{self, ITEMS};

/// The words that begin an item which declares nothing.
const ASKING: [&str; 5] = ["check", "classify", "transfer", "trace", "assume"];

/// What brings declarations in, here and elsewhere.
const USING: [&str; 7] = ["use", "import", "from", "include", "require", "using", "open"];

impl Lost {
    /// Adds what a text that is not understood may have declared.
    pub(super) fn add(&mut self, text: &str) {
        let mut declares = false;
        for line in text.lines() {
            let head = line.split("//").next().unwrap_or_default();
            let indented = head.starts_with([' ', '\t']);
            let first = words(head).next().unwrap_or_default();
            if USING.contains(&first.trim_start_matches('#')) && !indented {
                self.any = true;
            }
            // Declarations that begin with a word of another language, `struct Net(h)`, `forward(x) = …`, `x, y : R`.
            if !indented && !first.is_empty() && !ASKING.contains(&first) && !vocabulary::is_reserved(first) {
                let names = head.split([':', '=', '{']).next().unwrap_or_default();
                self.names.extend(words(names).map(str::to_owned));
            }
            for word in words(head) {
                if declares {
                    self.names.push(word.to_owned());
                }
                declares = ITEMS.contains(&word) && !ASKING.contains(&word) && word != "use";
                // A declaration without a name may be that of any.
                let next = head.split_once(word).map_or("", |(_, rest)| rest.trim_start());
                if declares {
                    // `Gradient Flow`, `My-Line`: a name in pieces.
                    let name = next.split(['{', '(', ':', '=']).next().unwrap_or_default();
                    self.names.extend(words(name).map(str::to_owned));
                    self.names.push(words(name).collect());
                }
                self.any |= declares && next.starts_with(['{', '(', '[', ':', '=']);
                if word == "data" {
                    let names = head.split("data").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or_default();
                    self.names.extend(words(names).map(str::to_owned));
                }
            }
        }
    }

    /// Whether nothing is lost.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && !self.any
    }

    /// Whether a name may be declared where it is not understood.
    pub fn holds(&self, name: &str) -> bool {
        self.any || self.names.iter().any(|n| n == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Lost;

    #[test]
    fn names_are_read_off_a_text_that_is_not_understood() {
        let lost = |text: &str| {
            let mut lost = Lost::default();
            lost.add(text);
            lost
        };
        assert!(["x", "y"].iter().all(|name| lost("data x, y : R[3").holds(name)));
        assert!(lost("architecture\n  Net(h : N) {\n  param W : R[h\n").holds("Net"));
        assert!(lost("architecture My-Net {").holds("Net") && lost("optimizer My Flow {").holds("MyFlow"));
        assert!(lost("optimiser Descent {").holds("Descent"));
        assert!(lost("forward(x) = x").holds("forward"));
        assert!(!lost("check natural F along G expct fails").holds("G"));
        assert!(lost("use std.optimizers as opt").any && !lost("data x : R[").any);
    }
}
