//! Diagnostics as text: colour and line drawing only where they are welcome.

use miette::{GraphicalReportHandler, GraphicalTheme, NarratableReportHandler, ReportHandler};

use crate::InputError;
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
        let drawn = format!("{:?}", Debugged(self.handler.as_ref(), diagnostic));
        // A source line of a megabyte helps nobody.
        let cut = |line: &str| match line.char_indices().nth(MAX_LINE) {
            Some((i, _)) => format!("{}…", &line[..i]),
            None => line.to_owned(),
        };
        drawn.lines().map(cut).collect::<Vec<_>>().join("\n")
    }
}

fn terminal_width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let measured =
        columns.or_else(|| terminal_size::terminal_size_of(std::io::stderr()).map(|(w, _)| usize::from(w.0)));
    measured.unwrap_or(80).clamp(40, 120)
}

/// An input error with the text that its labels point into.
#[derive(Debug)]
pub struct WithSource<'a> {
    error: &'a InputError,
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
}

impl std::fmt::Display for WithSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for WithSource<'_> {}

impl miette::Diagnostic for WithSource<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.error.code()
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
