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
    /// The report in this format; text is not made from it.
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
        if path.is_empty() {
            return Err("the name of the file is missing".to_owned());
        }
        Ok(Target { format, path: PathBuf::from(path) })
    }

    fn failed(&self, error: &std::io::Error) -> String {
        format!("cannot write {}: {error}", super::files::shown(self.path.as_os_str()))
    }
}

/// Whether the files of reports can be written, before there is anything to write: a run may be long.
///
/// # Errors
/// The first that cannot, in words.
pub fn try_targets(targets: &[Target]) -> Result<(), String> {
    for target in targets {
        let there = target.path.exists();
        let opened = std::fs::File::options().write(true).create(true).truncate(false).open(&target.path);
        opened.map_err(|e| target.failed(&e))?;
        if !there {
            // What ends before its end leaves no file behind.
            let _ = std::fs::remove_file(&target.path);
        }
    }
    Ok(())
}

/// Writes a report to where it should go, in text as `text` prints it. One file that cannot be written keeps no other from
/// being written.
///
/// # Errors
/// If a file cannot be written, in words.
pub fn write(
    report: &Report,
    (format, targets): (Format, &[Target]),
    out: &mut Out,
    text: &dyn Fn(&mut Out),
) -> Result<(), String> {
    if format != Format::Text {
        out.raw(&format.render(report));
    }
    let mut failed = Vec::new();
    for target in targets {
        let content = match target.format {
            Format::Text => {
                let mut page = out.page();
                text(&mut page);
                page.text()
            }
            format => format.render(report),
        };
        failed.extend(std::fs::write(&target.path, content).err().map(|e| target.failed(&e)));
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\nnat: ")) }
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
