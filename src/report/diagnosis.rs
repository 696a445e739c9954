//! What is wrong, where, and what helps: the common form of errors, warnings and answers that are not as expected, before
//! it is drawn.

use indexmap::IndexSet;
use miette::Diagnostic;

use super::excerpt::{Excerpt, Kind, Label, Part, Style};
use crate::InputError;
use crate::model::warnings::Warning;
use crate::source::{SourceId, Sources, Span};

/// One matter that is reported.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// How grave it is.
    pub kind: Kind,
    /// Its stable code.
    pub code: Option<String>,
    /// What is wrong, in a line.
    pub title: String,
    /// Where; nothing if there is no text.
    pub place: Option<Span>,
    /// Places with what is said of them, in any texts.
    pub labels: Vec<Label>,
    /// What helps.
    pub help: Vec<Part>,
}

impl Diagnosis {
    /// Of an error of the input.
    pub fn error(error: &InputError) -> Self {
        let mut all = Diagnosis::placed(error, error.span(), Kind::Blame);
        all.labels.extend(error.elsewhere().map(|(span, text)| Label {
            span,
            text: text.to_owned(),
            kind: Kind::Context,
        }));
        all
    }

    /// Of a warning.
    pub fn warning(warning: &Warning) -> Self {
        Diagnosis::placed(warning, warning.span(), Kind::Doubt)
    }

    /// The same where it is taken for an error.
    #[must_use]
    pub fn denied(mut self) -> Self {
        let grave = |kind: &mut Kind| {
            if *kind == Kind::Doubt {
                *kind = Kind::Blame;
            }
        };
        grave(&mut self.kind);
        self.labels.iter_mut().for_each(|l| grave(&mut l.kind));
        self
    }

    /// Of a fault that lies in no text.
    pub fn without_place(diagnostic: &dyn Diagnostic) -> Self {
        Diagnosis {
            kind: Kind::Blame,
            code: diagnostic.code().map(|c| c.to_string()),
            title: diagnostic.to_string(),
            place: None,
            labels: Vec::new(),
            help: diagnostic.help().map(|h| Part::Words(h.to_string())).into_iter().collect(),
        }
    }

    /// Of a diagnostic whose labels lie in the text of its place: the one at the place is to blame, the others belong to it.
    fn placed(diagnostic: &dyn Diagnostic, place: Span, kind: Kind) -> Self {
        let label = |l: miette::LabeledSpan| {
            let span = Span::new(place.source, l.offset(), l.offset() + l.len());
            let kind = if span.start == place.start { kind } else { Kind::Context };
            Label { span, text: l.label().unwrap_or("").to_owned(), kind }
        };
        let mut labels: Vec<Label> = diagnostic.labels().into_iter().flatten().map(label).collect();
        if !labels.iter().any(|l| l.span.start == place.start) {
            labels.push(Label { span: place, text: String::new(), kind });
        }
        Diagnosis { place: Some(place), labels, kind, ..Diagnosis::without_place(diagnostic) }
    }

    /// Its lines on a terminal.
    pub fn draw(&self, sources: &Sources, style: Style) -> String {
        let mut lines: Vec<String> = Vec::new();
        if let Some(code) = &self.code {
            lines.extend([style.code(self.kind, code), String::new()]);
        }
        lines.extend(style.title(self.kind, &self.title));
        for (id, labels) in self.by_source() {
            let at = self.place.filter(|p| p.source == id).or(labels.first().map(|l| l.span)).map_or(0, |s| s.start);
            lines.extend(style.excerpt(&Excerpt { source: sources.get(id), at, labels: &labels }));
        }
        lines.extend(style.help(&self.help));
        lines.join("\n")
    }

    /// The same in plain sentences, for readers to whom drawings are read aloud.
    pub fn narrate(&self, sources: &Sources) -> String {
        let at = |span: Span| {
            let (file, line, column) = sources.place(span);
            format!("{file}, line {line}, column {column}")
        };
        let code = self.code.as_ref().map(|c| format!(" ({c})")).unwrap_or_default();
        let mut lines = vec![format!("{}{code}", self.title)];
        lines.extend(self.place.map(|p| format!("  at {}", at(p))));
        let said = self.labels.iter().filter(|l| !l.text.is_empty());
        lines.extend(said.map(|l| format!("  at {}: {}", at(l.span), l.text)));
        for part in &self.help {
            let (Part::Words(text) | Part::Lines(text)) = part;
            lines.extend(text.lines().map(|line| format!("  {line}")));
        }
        lines.join("\n")
    }

    /// The labels of each text, that of the place first.
    fn by_source(&self) -> Vec<(SourceId, Vec<Label>)> {
        let own = self.place.map(|p| p.source);
        let ids: IndexSet<SourceId> = own.into_iter().chain(self.labels.iter().map(|l| l.span.source)).collect();
        let mine = |id: SourceId| self.labels.iter().filter(|l| l.span.source == id).cloned().collect();
        ids.into_iter().map(|id| (id, mine(id))).collect()
    }
}
