//! Diagrams as pictures: squares, path equations, systems. A [`Drawing`] knows places and labels, a [`Picture`] what was
//! asked and found as well; each format draws it in its own way.

mod build;
mod layout;
mod svg;
mod terminal;
mod written;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::json::CheckEntry;
use crate::Answer;
use crate::check::lower::system::System;

/// How an arrow, or what a picture says, stands; the weaker the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
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

    /// Its class in pictures with style rules.
    fn class(self) -> &'static str {
        match self {
            Mark::Plain => "plain",
            Mark::Commutes => "commutes",
            Mark::Partly => "partly",
            Mark::Fails => "fails",
        }
    }
}

/// An object at a place of the grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Node {
    /// Its name.
    pub label: String,
    /// Its column, from 0.
    pub column: usize,
    /// Its row, from 0.
    pub row: usize,
}

/// An arrow between two objects, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drawing {
    /// The objects.
    pub nodes: Vec<Node>,
    /// The arrows.
    pub arrows: Vec<Arrow>,
    /// What is said below the title: paths that are not equal, and what is left out.
    pub notes: Vec<String>,
}

impl Drawing {
    /// The diagram of one check; none of a table, or of an experiment.
    pub fn of(answer: &Answer) -> Option<Drawing> {
        build::of(answer)
    }

    /// A system or a cone of which nothing was asked.
    pub fn of_system(system: &System) -> Drawing {
        build::system(system, None)
    }

    /// Adds an object; returns its number.
    fn node(&mut self, label: &str, column: usize, row: usize) -> usize {
        self.nodes.push(Node { label: label.to_owned(), column, row });
        self.nodes.len() - 1
    }

    /// Whether an arrow goes far, and not along a row or a column: it is one of a fan.
    fn is_far(&self, a: &Arrow) -> bool {
        let (from, to) = (&self.nodes[a.from], &self.nodes[a.to]);
        from.row.abs_diff(to.row) > 1 && from.column != to.column
    }

    /// Adds an arrow.
    fn arrow(&mut self, from: usize, to: usize, label: &str, mark: Mark) {
        self.bent(from, to, label, mark, 0);
    }

    /// Adds an arrow that is bent.
    fn bent(&mut self, from: usize, to: usize, label: &str, mark: Mark, bend: i32) {
        self.arrows.push(Arrow { from, to, label: label.to_owned(), mark, bend });
    }
}

/// A diagram with what was asked and found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What it shows.
    pub title: String,
    /// What was found; nothing if nothing was asked.
    pub verdict: String,
    /// How it stands.
    pub mark: Mark,
    /// The diagram.
    pub drawing: Drawing,
}

impl Picture {
    /// The picture of a check, if it has one.
    pub fn of(check: &CheckEntry) -> Option<Picture> {
        let mark = Mark::of(check.verdict.as_deref()?);
        let (title, verdict) = (check.question.clone(), super::verdict(check));
        Some(Picture { title, verdict, mark, drawing: check.diagram.clone()? })
    }

    /// The picture of a system of which nothing was asked.
    pub fn of_system(system: &System) -> Picture {
        let (title, drawing) = (system.name().to_owned(), Drawing::of_system(system));
        Picture { title, verdict: String::new(), mark: Mark::Plain, drawing }
    }

    /// The title with what was found.
    fn caption(&self) -> String {
        if self.verdict.is_empty() { self.title.clone() } else { format!("{}: {}", self.title, self.verdict) }
    }

    /// As SVG, of which each picture is a whole file.
    pub fn svg(&self) -> String {
        svg::draw(self)
    }

    /// As SVG inside a page that has the style and says what it shows.
    pub fn inline(&self) -> String {
        svg::inline(self)
    }

    /// As characters of a terminal, with colours.
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
        written::mermaid(std::slice::from_ref(self))
    }

    /// Several in one flowchart for Mermaid, which knows only one in a text.
    pub fn all_in_mermaid(all: &[Picture]) -> String {
        written::mermaid(all)
    }
}
