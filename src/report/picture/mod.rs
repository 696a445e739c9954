//! Diagrams as pictures: squares, path equations, systems. A [`Picture`] knows places and labels; each format draws it in
//! its own way.

mod svg;
mod terminal;
mod written;

/// How an arrow, or what a picture says, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing is said of it.
    Plain,
    /// It commutes.
    Commutes,
    /// It commutes up to a rate, in the limit, or it is not known.
    Partly,
    /// It fails, or makes no sense.
    Fails,
}

impl Mark {
    /// The mark of a verdict by its word.
    pub fn of(verdict: &str) -> Mark {
        match verdict {
            "commutes" => Mark::Commutes,
            "fails" | "invalid" => Mark::Fails,
            _ => Mark::Partly,
        }
    }
}

/// An object at a place of the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub label: String,
    /// Its column, from 0.
    pub column: usize,
    /// Its row, from 0.
    pub row: usize,
}

/// An arrow between two objects, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// Where it starts.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// Its name.
    pub label: String,
    /// How it stands.
    pub mark: Mark,
    /// How far it is bent, in steps, to the left of its direction; for parallel arrows.
    pub bend: i32,
}

/// A diagram on a grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What it shows.
    pub title: String,
    /// What was found.
    pub verdict: String,
    /// How it stands.
    pub mark: Mark,
    /// The objects.
    pub nodes: Vec<Node>,
    /// The arrows.
    pub arrows: Vec<Arrow>,
}

impl Picture {
    /// A picture of nothing yet.
    pub fn new(title: &str, verdict: &str, mark: Mark) -> Self {
        Picture { title: title.to_owned(), verdict: verdict.to_owned(), mark, nodes: Vec::new(), arrows: Vec::new() }
    }

    /// Adds an object; returns its number.
    pub fn node(&mut self, label: &str, column: usize, row: usize) -> usize {
        self.nodes.push(Node { label: label.to_owned(), column, row });
        self.nodes.len() - 1
    }

    /// Adds an arrow.
    pub fn arrow(&mut self, from: usize, to: usize, label: &str, mark: Mark) {
        self.bent(from, to, label, mark, 0);
    }

    /// Adds an arrow that is bent.
    pub fn bent(&mut self, from: usize, to: usize, label: &str, mark: Mark, bend: i32) {
        self.arrows.push(Arrow { from, to, label: label.to_owned(), mark, bend });
    }

    /// As SVG, of which each picture is a whole file.
    pub fn svg(&self) -> String {
        svg::draw(self)
    }

    /// As characters of a terminal.
    pub fn terminal(&self) -> String {
        terminal::draw(self)
    }

    /// As a picture of the LaTeX package `tikz-cd`.
    pub fn tikz(&self) -> String {
        written::tikz(self)
    }

    /// As a link that opens the diagram in the editor quiver.
    pub fn quiver(&self) -> String {
        written::quiver(self)
    }

    /// As a graph for Graphviz.
    pub fn dot(&self) -> String {
        written::dot(self)
    }

    /// As a flowchart for Mermaid.
    pub fn mermaid(&self) -> String {
        written::mermaid(self)
    }
}
