//! Where reports go: standard output, and files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::files::read_file;
use super::out::Out;
use crate::report::json::Report;
use crate::report::made::SourceEntry;
use crate::report::{github, html, junit, latex, markdown, sarif, trace};
use crate::source::Source;

/// How to print the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line for each check, and a diagnostic for each that is not as expected.
    Text,
    /// One JSON object; `nat schema` prints its schema.
    Json,
    /// Annotations for GitHub's workflows.
    Github,
    /// SARIF 2.1.0, with repairs as fixes.
    Sarif,
    /// JUnit XML.
    Junit,
    /// Markdown.
    Markdown,
    /// A table for LaTeX.
    Latex,
    /// One page of HTML.
    Html,
    /// The runs of every `trace`, a row for each time.
    Csv,
    /// The curves of every `trace`, as a picture.
    Svg,
}

impl Format {
    /// The report in this format; of text there is none.
    pub fn render(self, report: &Report) -> String {
        match self {
            Format::Text => String::new(),
            Format::Json => report.to_text(),
            Format::Github => github::render(report),
            Format::Sarif => sarif::render(report),
            Format::Junit => junit::render(report),
            Format::Markdown => markdown::render(report),
            Format::Latex => latex::render(report),
            Format::Html => html::render(report, &texts(report)),
            Format::Csv => trace::csv(report),
            Format::Svg => trace::svg(report),
        }
    }
}

/// A report in a file.
#[derive(Debug, Clone)]
pub struct Target {
    format: Format,
    path: PathBuf,
}

impl Target {
    /// Reads `FORMAT=FILE`.
    ///
    /// # Errors
    /// If it is none, in words.
    pub fn read(text: &str) -> Result<Target, String> {
        let (format, path) = text.split_once('=').ok_or("a format and a file, such as sarif=report.sarif")?;
        let format = Format::from_str(format, true).map_err(|_| format!("there is no format `{format}`"))?;
        if format == Format::Text {
            return Err("text goes to standard output only; `markdown` is much the same".to_owned());
        }
        if path.is_empty() {
            return Err("the name of the file is missing".to_owned());
        }
        Ok(Target { format, path: PathBuf::from(path) })
    }
}

/// Writes a report to where it should go.
///
/// # Errors
/// If a file cannot be written, in words.
pub fn write(report: &Report, format: Format, targets: &[Target], out: &mut Out) -> Result<(), String> {
    if format != Format::Text {
        out.raw(&format.render(report));
    }
    for target in targets {
        let text = target.format.render(report);
        std::fs::write(&target.path, text).map_err(|e| format!("cannot write {}: {e}", target.path.display()))?;
    }
    Ok(())
}

/// The texts of a report's sources, as far as they are on disk as they were.
fn texts(report: &Report) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for entry in report.sources.iter().filter(|s| !s.file.starts_with('<')) {
        if let Ok(text) = read_file(Path::new(&entry.file)) {
            let source = Source::new(&entry.file, &text);
            if SourceEntry::new(&source) == *entry {
                texts.insert(entry.file.clone(), source.text.to_string());
            }
        }
    }
    texts
}
