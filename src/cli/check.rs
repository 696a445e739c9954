//! `nat check`.

use std::io::Write;

use clap::{Args, ValueEnum};
use miette::{GraphicalReportHandler, GraphicalTheme, NarratableReportHandler, ReportHandler};

use super::files::{Disk, read_all};
use super::progress::Bar;
use super::status;
use crate::report::elsewhere::Elsewhere;
use crate::report::json::{CheckEntry, ErrorEntry, Report};
use crate::report::{system, table, text};
use crate::source::Sources;
use crate::uses::Files;
use crate::verdict::{Evidence, Verdict};
use crate::{Answer, FileReport, InputError, Options, check_source_with};

/// The stack of a worker thread: expressions nest, and shapes and derivatives are walked recursively.
const STACK: usize = 32 << 20;

/// Longer lines of a diagnostic are cut.
const MAX_LINE: usize = 320;

/// How to print the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line for each check, and a diagnostic for each that is not as expected.
    Text,
    /// One JSON object on standard output.
    Json,
}

/// Arguments of `nat check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Verdicts: commutes, up to rate, in limit, fails, undecided, invalid.
Exit status: 0 all as expected, 1 some not, 2 some input has errors, 3 wrong command line.")]
pub struct Arguments {
    /// Files to check; `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// How to print the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Seed of all sampling: the same seed gives the same output.
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Points at which each square is looked at in floating point.
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    samples: u32,
    /// Count a verdict that rests on numbers alone, or on a claim that was only sampled, as unexpected.
    #[arg(long)]
    require_proof: bool,
    /// Count a verdict that rests on an assumption which was not proved as unexpected.
    #[arg(long)]
    deny_assumptions: bool,
    /// Multiply the budget of every engine (exact trials, witness points, size of terms).
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    effort: u32,
    /// Worker threads; 0 takes one for each core. The output does not depend on it.
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1024))]
    threads: u16,
}

/// Runs `nat check` and returns the exit status.
pub fn run(arguments: &Arguments) -> u8 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads.into()).stack_size(STACK).build();
    match pool {
        Ok(pool) => pool.install(|| check_all(arguments)),
        Err(e) => {
            let _ = writeln!(anstream::stderr(), "nat: cannot start worker threads: {e}");
            status::INTERNAL
        }
    }
}

fn check_all(arguments: &Arguments) -> u8 {
    let options = Options {
        seed: arguments.seed,
        samples: arguments.samples as usize,
        effort: arguments.effort as usize,
        require_proof: arguments.require_proof,
        deny_assumptions: arguments.deny_assumptions,
    };
    let mut sources = Sources::default();
    let mut json = Report { version: 1, checks: Vec::new(), errors: Vec::new() };
    let (mut faulty, mut unexpected, mut total, mut tables) = (0usize, 0usize, 0usize, 0usize);
    let mut standing = Standing::default();
    let printer = Printer::new();
    let bar = Bar::new(arguments.format == Format::Json);
    let mut files = Files::new(&Disk);
    // All files that are given are read first, so that one which another uses keeps the name it was given.
    let given = read_all(&arguments.files, &mut sources, &mut files);
    // A used file is part of every file that uses it; its errors are reported once.
    let mut reported: Vec<InputError> = Vec::new();
    for (file, id) in arguments.files.iter().zip(given) {
        let id = match id {
            Ok(id) => id,
            Err(error) => {
                faulty += 1;
                match arguments.format {
                    Format::Json => json.errors.push(ErrorEntry {
                        code: "nat::source::unreadable".into(),
                        message: error.to_string(),
                        help: None,
                        file: file.clone(),
                        line: 0,
                        column: 0,
                        related: None,
                    }),
                    Format::Text => printer.diagnostic(&error),
                }
                continue;
            }
        };
        let mut report = match check_source_with(&mut sources, id, &mut files, &options, &bar) {
            Ok(report) => report,
            Err(defect) => {
                let _ = writeln!(
                    anstream::stderr(),
                    "nat: internal error in {file}: {defect}\n\
                     This is a defect of nat, and no verdict of this run should be used. Please report the file."
                );
                return status::INTERNAL;
            }
        };
        let is_faulty = !report.errors.is_empty();
        faulty += usize::from(is_faulty);
        report.errors.retain(|e| !reported.contains(e));
        reported.extend(report.errors.iter().cloned());
        unexpected += report.answers.iter().filter(|a| !a.ok).count();
        total += report.answers.iter().filter(|a| !a.is_table()).count();
        report.answers.iter().filter(|a| !a.is_table()).for_each(|a| standing.count(a));
        tables += report.answers.chunk_by(same_table).filter(|group| group[0].is_table()).count();
        match arguments.format {
            Format::Json => {
                json.checks.extend(report.answers.iter().map(|a| CheckEntry::new(&sources, a)));
                json.errors.extend(report.errors.iter().map(|e| ErrorEntry::new(&sources, e)));
            }
            Format::Text => printer.file(&sources, file, &report, is_faulty),
        }
    }
    match arguments.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&json)
                .unwrap_or_else(|e| format!("{{\"version\": 1, \"error\": {:?}}}", e.to_string()));
            // A reader that has gone away needs no report.
            let _ = writeln!(std::io::stdout().lock(), "{text}");
        }
        Format::Text if faulty == 0 || total + tables > 0 => {
            let _ = writeln!(anstream::stdout(), "{}", summary((total, unexpected), tables, faulty));
            if let Some(line) = standing.text() {
                let _ = writeln!(anstream::stdout(), "{line}");
            }
        }
        Format::Text => {}
    }
    if faulty > 0 {
        status::INPUT
    } else if unexpected > 0 {
        status::UNEXPECTED
    } else {
        status::OK
    }
}

/// Whether two answers belong into one table.
fn same_table(a: &Answer, b: &Answer) -> bool {
    a.is_table() && b.is_table() && a.task.span == b.task.span
}

/// What the verdicts of a run rest on.
#[derive(Debug, Default)]
struct Standing {
    proved: usize,
    assumed: usize,
    numeric: usize,
    undecided: usize,
}

impl Standing {
    fn count(&mut self, answer: &Answer) {
        let f = &answer.finding;
        *match f.evidence {
            _ if f.verdict == Verdict::Undecided => &mut self.undecided,
            Evidence::Numeric => &mut self.numeric,
            _ if !f.assumptions.is_empty() => &mut self.assumed,
            _ => &mut self.proved,
        } += 1;
    }

    /// `7 proved, 2 under assumptions, 1 numeric`; a refutation is a proof.
    fn text(&self) -> Option<String> {
        let kinds = [
            (self.proved, "proved"),
            (self.assumed, "under assumptions"),
            (self.numeric, "numeric"),
            (self.undecided, "undecided"),
        ];
        let parts: Vec<String> = kinds.iter().filter(|k| k.0 > 0).map(|(n, what)| format!("{n} {what}")).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

fn summary((total, unexpected): (usize, usize), tables: usize, faulty: usize) -> String {
    let checks = match (total, unexpected) {
        (1, 0) => "1 check, as expected".to_owned(),
        (1, _) => "1 check, not as expected".to_owned(),
        (n, 0) => format!("{n} checks, all as expected"),
        (n, k) => format!("{n} checks, {k} not as expected"),
    };
    let checks = match (total, tables) {
        (_, 0) => checks,
        (0, 1) => "1 table".to_owned(),
        (0, n) => format!("{n} tables"),
        (_, 1) => format!("{checks}; 1 table"),
        (_, n) => format!("{checks}; {n} tables"),
    };
    match faulty {
        0 => checks,
        1 => format!("{checks}; 1 file with errors"),
        n => format!("{checks}; {n} files with errors"),
    }
}

/// Prints reports to a terminal or a pipe: colour and line drawing only where they are welcome.
pub(super) struct Printer {
    handler: Box<dyn ReportHandler>,
}

impl Printer {
    pub(super) fn new() -> Self {
        let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        let width = terminal_width();
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler: Box<dyn ReportHandler> = if std::env::var_os("NAT_NARRATE").is_some() {
            Box::new(NarratableReportHandler::new())
        } else {
            Box::new(
                GraphicalReportHandler::new_themed(theme).with_links(false).with_width(width).with_context_lines(1),
            )
        };
        Printer { handler }
    }

    pub(super) fn diagnostic(&self, diagnostic: &dyn miette::Diagnostic) {
        struct Shown<'a>(&'a dyn ReportHandler, &'a dyn miette::Diagnostic);
        impl std::fmt::Display for Shown<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:?}", Debugged(self.0, self.1))
            }
        }
        struct Debugged<'a>(&'a dyn ReportHandler, &'a dyn miette::Diagnostic);
        impl std::fmt::Debug for Debugged<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.debug(self.1, f)
            }
        }
        // A source line of a megabyte helps nobody.
        let text = Shown(self.handler.as_ref(), diagnostic).to_string();
        let mut err = anstream::stderr();
        for line in text.lines() {
            let cut = line.char_indices().nth(MAX_LINE).map(|(i, _)| i);
            let _ = match cut {
                Some(i) => writeln!(err, "{}…", &line[..i]),
                None => writeln!(err, "{line}"),
            };
        }
    }

    fn file(&self, sources: &Sources, name: &str, report: &FileReport, faulty: bool) {
        let mut out = anstream::stdout();
        let _ = writeln!(out, "{}", if name == "-" { "<stdin>" } else { name });
        for group in report.answers.chunk_by(same_table) {
            let answer = &group[0];
            if answer.is_table() {
                let text = match group {
                    [only] => format!("{}\n{}", only.task.text, table::list(sources, only)),
                    all => format!("classify\n{}", table::matrix(&all.iter().collect::<Vec<_>>())),
                };
                for (i, line) in text.lines().enumerate() {
                    let _ = writeln!(out, "{}{line}", if i == 0 { "  " } else { "    " });
                }
                continue;
            }
            let (ok, line) = text::line(answer);
            let mark = if ok { "\u{1b}[32m✓\u{1b}[0m" } else { "\u{1b}[31m✗\u{1b}[0m" };
            let _ = writeln!(out, "  {mark} {line}");
            for line in system::summary(answer) {
                let _ = writeln!(out, "      {line}");
            }
        }
        if report.answers.is_empty() && report.errors.is_empty() {
            let why = if faulty { "not checked: see the errors above" } else { "no checks" };
            let _ = writeln!(out, "  {why}");
        }
        // In the order of the checks: "more of this kind" says so of what stands before it.
        let all: indexmap::IndexSet<&String> = report.answers.iter().flat_map(Answer::assumptions).collect();
        for a in all {
            for (i, line) in system::wrap(a).iter().enumerate() {
                let _ = writeln!(out, "    {} {line}", if i == 0 { '*' } else { ' ' });
            }
        }
        let _ = out.flush();
        for answer in report.answers.iter().filter(|a| !a.ok) {
            self.diagnostic(&text::unexpected(sources, answer));
        }
        for error in &report.errors {
            self.diagnostic(&WithSource::new(sources, error));
        }
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
pub(super) struct WithSource<'a> {
    error: &'a InputError,
    source: miette::NamedSource<std::sync::Arc<str>>,
    elsewhere: Option<Elsewhere>,
}

impl<'a> WithSource<'a> {
    pub(super) fn new(sources: &Sources, error: &'a InputError) -> Self {
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
