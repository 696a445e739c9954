//! Diagnostics as text: colour only where it is welcome, and as wide as the terminal.

use std::io::IsTerminal;

use crate::InputError;
use crate::model::warnings::Warning;
use crate::report::diagnosis::Diagnosis;
use crate::report::excerpt::Style;
use crate::source::Sources;

/// Prints reports to a terminal or a pipe.
pub struct Printer {
    style: Style,
    narrated: bool,
    columns: Option<usize>,
    /// Whether warnings are taken for errors.
    denied: bool,
}

impl Printer {
    /// A printer for standard error as it is.
    pub fn new() -> Self {
        let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        let style = Style { width: terminal_width(), colour };
        let columns = std::io::stdout().is_terminal().then_some(style.width);
        Printer { style, narrated: std::env::var_os("NAT_NARRATE").is_some(), columns, denied: false }
    }

    /// The same, by which warnings are taken for errors or not.
    #[must_use]
    pub fn denying(self, denied: bool) -> Self {
        Printer { denied, ..self }
    }

    /// What the texts depend on beside the diagnostics.
    pub fn style(&self) -> String {
        format!("{:?} {} {:?} {}", self.style, self.narrated, self.columns, self.denied)
    }

    /// The columns of the terminal that lists are printed on; in a pipe a line may be as long as it is.
    pub fn columns(&self) -> Option<usize> {
        self.columns
    }

    /// The text of a diagnosis.
    pub fn text(&self, sources: &Sources, diagnosis: &Diagnosis) -> String {
        if self.narrated { diagnosis.narrate(sources) } else { diagnosis.draw(sources, self.style) }
    }

    /// The text of an error.
    pub fn error(&self, sources: &Sources, error: &InputError) -> String {
        self.text(sources, &Diagnosis::error(error))
    }

    /// The text of a fault that lies in no text, such as a file that cannot be read.
    pub fn without_place(&self, fault: &dyn miette::Diagnostic) -> String {
        self.text(&Sources::default(), &Diagnosis::without_place(fault))
    }

    /// The text of a warning.
    pub fn warning(&self, sources: &Sources, warning: &Warning) -> String {
        let diagnosis = Diagnosis::warning(warning);
        self.text(sources, &if self.denied { diagnosis.denied() } else { diagnosis })
    }
}

fn terminal_width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let measured =
        columns.or_else(|| terminal_size::terminal_size_of(std::io::stderr()).map(|(w, _)| usize::from(w.0)));
    measured.unwrap_or(80).clamp(40, 120)
}
