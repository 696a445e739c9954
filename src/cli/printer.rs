//! Diagnostics as text: colour and line drawing only where they are welcome.

use miette::{GraphicalReportHandler, GraphicalTheme, NarratableReportHandler, ReportHandler};

use crate::InputError;
use crate::model::warnings::Warning;
use crate::report::elsewhere::Elsewhere;
use crate::source::Sources;

/// Longer lines of a diagnostic are cut.
const MAX_LINE: usize = 320;

/// Prints reports to a terminal or a pipe.
pub struct Printer {
    handler: Box<dyn ReportHandler>,
    /// What a cached text depends on beside its diagnostic.
    style: String,
}

impl Printer {
    /// A printer for standard error as it is.
    pub fn new(ascii: bool) -> Self {
        let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        let width = terminal_width();
        let mut theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        if ascii {
            theme.characters = miette::ThemeCharacters::ascii();
        }
        // Another place that belongs to a diagnostic: "in that file".
        theme.characters.advice = if ascii { ">".to_owned() } else { "→".to_owned() };
        let narrated = std::env::var_os("NAT_NARRATE").is_some();
        let handler: Box<dyn ReportHandler> = if narrated {
            Box::new(NarratableReportHandler::new())
        } else {
            Box::new(
                GraphicalReportHandler::new_themed(theme).with_links(false).with_width(width).with_context_lines(1),
            )
        };
        Printer { handler, style: format!("{colour} {width} {ascii} {narrated}") }
    }

    /// What the texts depend on beside the diagnostics.
    pub fn style(&self) -> &str {
        &self.style
    }

    /// The text of a diagnostic, in lines that are not too long.
    pub fn text(&self, diagnostic: &dyn miette::Diagnostic) -> String {
        struct Debugged<'a>(&'a dyn ReportHandler, &'a dyn miette::Diagnostic);
        impl std::fmt::Debug for Debugged<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.debug(self.1, f)
            }
        }
        let far = far_place(diagnostic).map(|place| Undrawn { diagnostic, place });
        let shown = far.as_ref().map_or(diagnostic, |undrawn| undrawn);
        let drawn = format!("{:?}", Debugged(self.handler.as_ref(), shown));
        // A source line of a megabyte helps nobody.
        let cut = |line: &str| match line.char_indices().nth(MAX_LINE) {
            Some((i, _)) => format!("{}…", &line[..i]),
            None => line.to_owned(),
        };
        let plain = |line: &str| line.strip_prefix("Advice: ").map_or_else(|| cut(line), cut);
        drawn.lines().map(plain).collect::<Vec<_>>().join("\n")
    }
}

/// Excerpts are drawn up to this column; beyond some 65,000 they cannot be, and nobody looks for them there.
const LAST_COLUMN: usize = 10_000;

/// The place of a diagnostic with a label that no excerpt can show.
fn far_place(diagnostic: &dyn miette::Diagnostic) -> Option<String> {
    let source = diagnostic.source_code()?;
    let labels: Vec<miette::LabeledSpan> = diagnostic.labels()?.collect();
    let contents = |label: &miette::LabeledSpan| source.read_span(label.inner(), 0, 0).ok();
    let is_far = |label: &&miette::LabeledSpan| {
        contents(label).is_some_and(|c| c.column().saturating_add(label.inner().len()) > LAST_COLUMN)
    };
    let far = labels.iter().find(is_far)?;
    let c = contents(far)?;
    Some(format!("{}:{}:{}", c.name().unwrap_or("<text>"), c.line() + 1, c.column() + 1))
}

/// A diagnostic without its excerpt, with the place in words.
#[derive(Debug)]
struct Undrawn<'a> {
    diagnostic: &'a dyn miette::Diagnostic,
    place: String,
}

impl std::fmt::Display for Undrawn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (at {})", self.diagnostic, self.place)
    }
}

impl std::error::Error for Undrawn<'_> {}

impl miette::Diagnostic for Undrawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.diagnostic.code()
    }

    fn severity(&self) -> Option<miette::Severity> {
        self.diagnostic.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.diagnostic.help()
    }
}

fn terminal_width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let measured =
        columns.or_else(|| terminal_size::terminal_size_of(std::io::stderr()).map(|(w, _)| usize::from(w.0)));
    measured.unwrap_or(80).clamp(40, 120)
}

/// An input error or a warning with the text that its labels point into.
#[derive(Debug)]
pub struct WithSource<'a> {
    error: &'a dyn miette::Diagnostic,
    source: miette::NamedSource<std::sync::Arc<str>>,
    elsewhere: Option<Elsewhere>,
}

impl<'a> WithSource<'a> {
    /// The error with its text.
    pub fn new(sources: &Sources, error: &'a InputError) -> Self {
        let elsewhere = error.elsewhere().map(|(span, label)| {
            let place = Elsewhere::new(sources, span.source);
            place.with(span, label.to_owned())
        });
        WithSource { error, source: sources.named(error.span().source), elsewhere }
    }

    /// The warning with its text.
    pub fn warning(sources: &Sources, warning: &'a Warning) -> Self {
        WithSource { error: warning, source: sources.named(warning.span().source), elsewhere: None }
    }
}

impl std::fmt::Display for WithSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self.error, f)
    }
}

impl std::error::Error for WithSource<'_> {}

impl miette::Diagnostic for WithSource<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.error.code()
    }

    fn severity(&self) -> Option<miette::Severity> {
        self.error.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.error.help()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        self.error.labels()
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let place = self.elsewhere.as_ref()?;
        Some(Box::new(std::iter::once(place as &dyn miette::Diagnostic)))
    }
}
