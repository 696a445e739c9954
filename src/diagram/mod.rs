//! Diagrams: objects, morphisms between them, paths, and pairs of paths that ought to be equal.
//!
//! The diagram is a petgraph multigraph. It knows who starts and ends where and nothing else: no algebra, no
//! architectures. What its arrows *are* is kept by the caller, by [`Mor`]. Paths cannot be ill-formed: a path is an
//! identity or a non-empty sequence in which each arrow starts where the one before it ends.

mod poset;

use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};

pub use poset::{Cycle, Diamond, Poset};

/// An object of a diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ob(NodeIndex);

impl Ob {
    /// A number for tables: objects count from zero in the order in which they were added.
    pub fn index(self) -> usize {
        self.0.index()
    }
}

/// A morphism of a diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mor(EdgeIndex);

impl Mor {
    /// A number for tables: arrows count from zero in the order in which they were added.
    pub fn index(self) -> usize {
        self.0.index()
    }
}

/// A finite diagram with labelled objects and morphisms.
#[derive(Debug, Clone, Default)]
pub struct Diagram {
    graph: DiGraph<String, String>,
}

/// A path: the identity of an object, or composable arrows in order of application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// The identity.
    Identity(Ob),
    /// A non-empty composable sequence.
    Arrows(Vec<Mor>),
}

/// Two paths with the same ends: an equation that the diagram may or may not satisfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parallel {
    /// One side.
    pub left: Path,
    /// The other.
    pub right: Path,
}

/// Paths that do not meet, or do not share their ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiagramError {
    /// An arrow that starts elsewhere than the one before it ends.
    #[error("`{next}` starts from {from}, but `{before}` ends in {to}")]
    NotComposable {
        /// The first arrow.
        before: String,
        /// Where it ends.
        to: String,
        /// The second arrow.
        next: String,
        /// Where it starts.
        from: String,
    },
    /// Two paths that start or end in different objects.
    #[error(
        "the paths are not parallel: one goes from {left_dom} to {left_cod}, the other from {right_dom} to {right_cod}"
    )]
    NotParallel {
        /// Start of the left path.
        left_dom: String,
        /// End of the left path.
        left_cod: String,
        /// Start of the right path.
        right_dom: String,
        /// End of the right path.
        right_cod: String,
    },
}

impl Diagram {
    /// Adds an object.
    pub fn object(&mut self, label: impl Into<String>) -> Ob {
        Ob(self.graph.add_node(label.into()))
    }

    /// Adds an arrow between two objects.
    pub fn arrow(&mut self, dom: Ob, cod: Ob, label: impl Into<String>) -> Mor {
        Mor(self.graph.add_edge(dom.0, cod.0, label.into()))
    }

    /// The label of an object.
    pub fn object_label(&self, ob: Ob) -> &str {
        &self.graph[ob.0]
    }

    /// The label of an arrow.
    pub fn arrow_label(&self, mor: Mor) -> &str {
        &self.graph[mor.0]
    }

    /// The ends of an arrow: where it starts and where it ends.
    pub fn ends(&self, mor: Mor) -> Option<(Ob, Ob)> {
        self.graph.edge_endpoints(mor.0).map(|(a, b)| (Ob(a), Ob(b)))
    }

    /// Where a path starts.
    pub fn dom(&self, path: &Path) -> Option<Ob> {
        match path {
            Path::Identity(ob) => Some(*ob),
            Path::Arrows(arrows) => arrows.first().and_then(|m| self.ends(*m)).map(|e| e.0),
        }
    }

    /// Where a path ends.
    pub fn cod(&self, path: &Path) -> Option<Ob> {
        match path {
            Path::Identity(ob) => Some(*ob),
            Path::Arrows(arrows) => arrows.last().and_then(|m| self.ends(*m)).map(|e| e.1),
        }
    }

    /// The path of these arrows from `start`; the identity if there are none.
    ///
    /// # Errors
    /// If two neighbours do not meet.
    pub fn path(&self, start: Ob, arrows: Vec<Mor>) -> Result<Path, DiagramError> {
        let mut at = start;
        let mut before = "the start".to_owned();
        for &m in &arrows {
            let Some((dom, cod)) = self.ends(m) else { continue };
            if dom != at {
                return Err(DiagramError::NotComposable {
                    before,
                    to: self.object_label(at).to_owned(),
                    next: self.arrow_label(m).to_owned(),
                    from: self.object_label(dom).to_owned(),
                });
            }
            before = self.arrow_label(m).to_owned();
            at = cod;
        }
        Ok(if arrows.is_empty() { Path::Identity(start) } else { Path::Arrows(arrows) })
    }

    /// A pair of parallel paths.
    ///
    /// # Errors
    /// If their ends differ.
    pub fn parallel(&self, left: Path, right: Path) -> Result<Parallel, DiagramError> {
        if self.dom(&left) == self.dom(&right) && self.cod(&left) == self.cod(&right) {
            return Ok(Parallel { left, right });
        }
        let label = |ob: Option<Ob>| ob.map_or_else(String::new, |o| self.object_label(o).to_owned());
        Err(DiagramError::NotParallel {
            left_dom: label(self.dom(&left)),
            left_cod: label(self.cod(&left)),
            right_dom: label(self.dom(&right)),
            right_cod: label(self.cod(&right)),
        })
    }

    /// A path in words: the labels of its arrows.
    pub fn path_label(&self, path: &Path) -> String {
        match path {
            Path::Identity(ob) => format!("id({})", self.object_label(*ob)),
            Path::Arrows(arrows) => arrows.iter().map(|m| self.arrow_label(*m)).collect::<Vec<_>>().join(" ; "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_meet_and_parallel_paths_share_their_ends() {
        let mut d = Diagram::default();
        let (a, b, c) = (d.object("A"), d.object("B"), d.object("C"));
        let (f, g, h) = (d.arrow(a, b, "f"), d.arrow(b, c, "g"), d.arrow(a, c, "h"));
        let fg = d.path(a, vec![f, g]).unwrap();
        assert_eq!(d.path_label(&fg), "f ; g");
        let direct = d.path(a, vec![h]).unwrap();
        assert!(d.parallel(fg.clone(), direct).is_ok());
        assert!(matches!(d.path(a, vec![g]), Err(DiagramError::NotComposable { .. })));
        assert!(d.parallel(fg, d.path(b, vec![g]).unwrap()).is_err());
        assert_eq!(d.path(c, Vec::new()).unwrap(), Path::Identity(c));
    }
}
