//! What is found out about a text in the background: its errors, and the answers to its checks. Where some items have
//! errors, the others are checked without them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lsp_types::{Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range, Url};
use miette::Diagnostic as _;

use super::document::{Document, position, without};
use super::open::Open;
use crate::check::system::Progress;
use crate::model::warnings::Warning;
use crate::report::json::CheckEntry;
use crate::report::title;
use crate::source::{Source, SourceId, Sources, Span};
use crate::syntax::tree::{Check, Classify};
use crate::uses::Files;
use crate::{Answer, InputError, Listener, Options, check_source_for};

/// An editor waits no longer for the answers of a text.
const PATIENCE: Duration = Duration::from_secs(30);

/// Items with errors are left out in so many rounds: those that need them have errors then.
const ROUNDS: usize = 12;

/// What is known of a text.
#[derive(Debug)]
pub struct Analysis {
    /// Which state of the text.
    pub version: i32,
    /// Its errors, and the answers that are not as expected.
    pub diagnostics: Vec<Diagnostic>,
    /// The answers, each with where its check stands.
    pub answers: Vec<(Span, CheckEntry)>,
    /// The edits of the repairs in this text, for the answer of that number.
    pub repairs: Vec<(usize, Vec<(Span, String)>)>,
}

/// Stops when the text has changed.
struct Quiet<'a>(&'a (dyn Fn() -> bool + Sync));

impl Progress for Quiet<'_> {
    fn begin(&self, _: &str, _: usize) {}
    fn done(&self) {}
    fn end(&self) {}
}

impl Listener for Quiet<'_> {
    fn asked(&self, _: &Sources, _: &[Check], _: &[Classify]) {}
    fn stopped(&self) -> bool {
        (self.0)()
    }
}

/// Finds out about a text; nothing if it has changed meanwhile.
pub fn analyse(
    document: &Document,
    texts: &BTreeMap<String, String>,
    stale: &(dyn Fn() -> bool + Sync),
) -> Option<Analysis> {
    let loader = Open::new(texts);
    let options = Options { deadline: Instant::now().checked_add(PATIENCE), ..Options::default() };
    let mut text = document.source.text.to_string();
    let mut analysis =
        Analysis { version: document.version, diagnostics: Vec::new(), answers: Vec::new(), repairs: Vec::new() };
    let mut faulty: Vec<Span> = Vec::new();
    for round in 0..ROUNDS {
        if stale() {
            return None;
        }
        let mut sources = Sources::default();
        let mut files = Files::new(&loader);
        let id = sources.add(Source::new(&document.name, &text));
        if let Ok(identity) = super::super::files::identity(std::path::Path::new(&document.name)) {
            files.know(identity, id);
        }
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            check_source_for(&mut sources, id, &mut files, &options, &Quiet(stale))
        }));
        let Ok(Ok(report)) = checked else { return Some(analysis) };
        if stale() {
            return None;
        }
        if round == 0 {
            analysis.diagnostics.extend(report.errors.iter().map(|e| fault(document, &sources, id, e)));
            analysis.diagnostics.extend(report.warnings.iter().map(|w| warning(document, w)));
        }
        if report.errors.is_empty() {
            add(&mut analysis, document, &sources, id, &report.answers);
            return Some(analysis);
        }
        let before = faulty.len();
        faulty.extend(
            report
                .errors
                .iter()
                .map(InputError::span)
                .filter(|s| s.source == id && !faulty.contains(s))
                .collect::<Vec<_>>(),
        );
        if round > 0 && faulty.len() == before {
            break;
        }
        text = without(&document.source.text, &document.tree, &faulty);
    }
    Some(analysis)
}

fn add(analysis: &mut Analysis, document: &Document, sources: &Sources, id: SourceId, answers: &[Answer]) {
    for answer in answers {
        let entry = CheckEntry::new(sources, answer);
        if !answer.ok {
            analysis.diagnostics.push(unexpected(document, sources, answer, &entry));
        }
        if let Some(repair) = answer.finding.repair.as_ref().filter(|r| r.edits.iter().all(|(s, ..)| s.source == id)) {
            let edits = repair.edits.iter().map(|(span, old, new)| match old.is_empty() {
                true => (Span::new(id, span.start, span.start), format!("{new} ")),
                false => (*span, new.clone()),
            });
            analysis.repairs.push((analysis.answers.len(), edits.collect()));
        }
        analysis.answers.push((answer.task.span, entry));
    }
}

fn fault(document: &Document, sources: &Sources, id: SourceId, error: &InputError) -> Diagnostic {
    let span = error.span();
    // An error in another file is shown where this one uses it.
    let here = span.source == id;
    let range = if here { document.range(span) } else { Range::default() };
    let help = error.help().map(|h| format!("\n{h}")).unwrap_or_default();
    let place = if here { String::new() } else { format!("{}: ", super::super::show::place(sources, span)) };
    Diagnostic {
        range,
        severity: Some(DiagnosticSeverity::ERROR),
        code: error.code().map(|c| NumberOrString::String(c.to_string())),
        source: Some("nat".to_owned()),
        message: format!("{place}{error}{help}"),
        ..Diagnostic::default()
    }
}

fn warning(document: &Document, warning: &Warning) -> Diagnostic {
    let help = warning.help().map(|h| format!("\n{h}")).unwrap_or_default();
    Diagnostic {
        range: document.range(warning.span()),
        severity: Some(DiagnosticSeverity::WARNING),
        code: warning.code().map(|c| NumberOrString::String(c.to_string())),
        source: Some("nat".to_owned()),
        message: format!("{warning}{help}"),
        ..Diagnostic::default()
    }
}

fn unexpected(document: &Document, sources: &Sources, answer: &Answer, entry: &CheckEntry) -> Diagnostic {
    let mut message = format!("{}\n{}", title(entry), entry.message);
    if let Some(w) = &entry.witness {
        let point: Vec<String> = w.point.iter().map(|g| format!("{} = {}", g.name, g.value)).collect();
        message.push_str(&format!("\nat {}: {} is {} and {}", point.join(", "), w.component, w.left, w.right));
    }
    let related: Vec<DiagnosticRelatedInformation> = answer
        .finding
        .blame()
        .iter()
        .filter_map(|b| {
            let source = sources.get(b.span.source);
            let uri = if b.span.source == answer.task.span.source {
                document.uri.clone()
            } else {
                Url::from_file_path(std::path::absolute(&source.name).ok()?).ok()?
            };
            let range = Range { start: position(source, b.span.start), end: position(source, b.span.end) };
            Some(DiagnosticRelatedInformation { location: Location { uri, range }, message: b.why.clone() })
        })
        .collect();
    Diagnostic {
        range: document.range(answer.task.span),
        severity: Some(DiagnosticSeverity::ERROR),
        code: Some(NumberOrString::String(format!(
            "nat::verdict::{}",
            answer.finding.verdict().text().replace(' ', "_")
        ))),
        source: Some("nat".to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        ..Diagnostic::default()
    }
}
