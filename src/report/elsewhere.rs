//! Places in another file than the one a diagnostic is about: labels of one diagnostic cannot span files, so these
//! become a diagnostic of their own, related to the first.

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode};

use crate::source::{SourceId, Sources, Span};

/// Labelled places in one file, shown below a diagnostic about another file.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    source: NamedSource<Arc<str>>,
    name: String,
    places: Vec<(Span, String)>,
}

impl Elsewhere {
    /// No places in this source yet.
    pub fn new(sources: &Sources, id: SourceId) -> Self {
        Elsewhere { source: sources.named(id), name: sources.get(id).name.clone(), places: Vec::new() }
    }

    /// With one more place, unless it overlaps one that is there: overlapping labels are drawn in the wrong place.
    #[must_use]
    pub fn with(mut self, span: Span, label: String) -> Self {
        if span.end > span.start && !self.places.iter().any(|(s, _)| s.overlaps(span)) {
            self.places.push((span, label));
            self.places.sort_by_key(|(s, _)| *s);
        }
        self
    }

    /// Places in any files, one diagnostic for each file, in order of first mention.
    pub fn group(sources: &Sources, places: Vec<(Span, String)>) -> Vec<Elsewhere> {
        let mut ids: Vec<SourceId> = Vec::new();
        for (span, _) in &places {
            if !ids.contains(&span.source) {
                ids.push(span.source);
            }
        }
        let of = |id: SourceId| {
            let mine = places.iter().filter(|(s, _)| s.source == id);
            mine.fold(Elsewhere::new(sources, id), |e, (span, label)| e.with(*span, label.clone()))
        };
        ids.into_iter().map(of).collect()
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in {}", self.name)
    }
}

impl std::error::Error for Elsewhere {}

impl Diagnostic for Elsewhere {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.places.iter().map(|(s, t)| LabeledSpan::new_with_span(Some(t.clone()), *s))))
    }
}
