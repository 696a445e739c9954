//! What `nat explain` says of each code: a page with what it is, why it is so, an example that is reported with the code
//! and one that is not.
//!
//! The pages stand in Markdown files beside this one, one section for each code. Examples are blocks marked `nat fails` and
//! `nat passes`; a block marked `nat file=NAME` is a file that the examples behind it may use. What takes files that no page
//! has room for is `console fails` and `console passes`: lines for a shell in an empty folder.

/// The page of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The code, such as `nat::syntax::unclosed`.
    pub code: &'static str,
    /// Its text in Markdown, without the heading.
    pub text: &'static str,
}

/// A block of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// What stands behind the fence: `nat fails`, `nat passes`, `nat file=NAME`, `console fails`, `console passes`.
    pub kind: &'static str,
    /// The text.
    pub text: &'static str,
}

const FILES: [&str; 6] = [
    include_str!("syntax.md"),
    include_str!("names.md"),
    include_str!("models.md"),
    include_str!("systems.md"),
    include_str!("verdicts.md"),
    include_str!("warnings.md"),
];

/// All pages, in the order in which a file passes through the stages.
pub fn pages() -> impl Iterator<Item = Page> {
    FILES.iter().flat_map(|file| {
        file.split("\n# ").map(|section| {
            let section = section.trim_start_matches("# ");
            let (code, text) = section.split_once('\n').unwrap_or((section, ""));
            Page { code: code.trim(), text: text.trim() }
        })
    })
}

/// The page of a code; the first part `nat::` may be left out, and so may all but the last.
pub fn page(code: &str) -> Option<Page> {
    let code = code.trim().trim_start_matches("nat::");
    let ends = |p: &Page| p.code.strip_prefix("nat::").is_some_and(|c| c == code);
    let mut last = pages().filter(|p| p.code.rsplit("::").next() == Some(code));
    pages().find(ends).or_else(|| last.next().filter(|_| last.next().is_none()))
}

impl Page {
    /// The first sentence: what the code means.
    pub fn summary(&self) -> &'static str {
        self.text.lines().next().unwrap_or("")
    }

    /// The blocks of the page, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut parts = self.text.split("```");
        parts.next();
        while let (Some(block), _) = (parts.next(), parts.next()) {
            let (kind, text) = block.split_once('\n').unwrap_or((block, ""));
            blocks.push(Block { kind: kind.trim(), text });
        }
        blocks
    }
}
