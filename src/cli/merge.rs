//! `nat merge`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::files::read_file;
use super::out::Out;
use super::output::{self, Format, Target};
use super::status;
use crate::report::json::{CheckEntry, Report};
use crate::report::standing::Standing;
use crate::report::{table, trace};

/// Arguments of `nat merge`.
#[derive(Debug, Args)]
#[command(after_help = "\
The reports must come from one version of nat, with the same options, over the same texts.
Exit status: as that of `nat check` over everything; 2 if the reports do not fit together.")]
pub struct Arguments {
    /// Reports in JSON, one for each part of the run.
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<PathBuf>,
    /// How to print the report on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write a report into a file as well; may be given several times.
    #[arg(long, value_name = "FORMAT=FILE", value_parser = Target::read)]
    output: Vec<Target>,
    /// Accept that parts are missing.
    #[arg(long)]
    allow_missing: bool,
}

/// Runs `nat merge` and returns the exit status.
pub fn run(arguments: &Arguments) -> u8 {
    let mut out = Out::new(false);
    let report = match read(&arguments.reports).and_then(|all| merge(all, arguments.allow_missing)) {
        Ok(report) => report,
        Err(message) => {
            out.error(&format!("nat: {message}"));
            return status::INPUT;
        }
    };
    if arguments.format == Format::Text {
        text(&report, &mut out);
    }
    let written = |page: &mut Out| text(&report, page);
    if let Err(message) = output::write(&report, (arguments.format, &arguments.output), &mut out, &written) {
        out.error(&format!("nat: {message}"));
        return status::OUTPUT;
    }
    let code = if !report.errors.is_empty() {
        status::INPUT
    } else if report.checks.iter().any(|c| !c.ok) {
        status::UNEXPECTED
    } else {
        status::OK
    };
    super::finish(out, code)
}

fn read(paths: &[PathBuf]) -> Result<Vec<(String, Report)>, String> {
    let one = |path: &PathBuf| {
        let name = super::files::shown(path.as_os_str());
        let text = read_file(Path::new(path)).map_err(|e| format!("cannot read {name}: {e}"))?;
        let report = serde_json::from_str(&text).map_err(|e| format!("{name} is no report of nat: {e}"))?;
        Ok((name, report))
    };
    paths.iter().map(one).collect()
}

/// The report of the whole run.
fn merge(all: Vec<(String, Report)>, allow_missing: bool) -> Result<Report, String> {
    let mut all = all.into_iter();
    let Some((first_name, mut whole)) = all.next() else { return Err("there are no reports".to_owned()) };
    let mut parts = vec![whole.partition];
    for (name, report) in all {
        let same = report.version == whole.version
            && report.tool == whole.tool
            && report.language == whole.language
            && (report.seed, report.samples, report.effort) == (whole.seed, whole.samples, whole.effort);
        if !same {
            return Err(format!("{first_name} and {name} come from different versions of nat, or other options"));
        }
        for source in report.sources {
            match whole.sources.iter().find(|s| s.file == source.file) {
                Some(known) if *known == source => {}
                Some(_) => return Err(format!("{first_name} and {name} speak of different texts of {}", source.file)),
                None => whole.sources.push(source),
            }
        }
        parts.push(report.partition);
        for warning in report.warnings {
            let known = whole.warnings.iter().any(|w| {
                (&w.file, w.line, w.column, &w.code) == (&warning.file, warning.line, warning.column, &warning.code)
            });
            if !known {
                whole.warnings.push(warning);
            }
        }
        whole.checks.extend(report.checks);
        for error in report.errors.into_iter().filter(|e| e.code != "nat::source::nothing") {
            let known = whole.errors.iter().any(|e| {
                (&e.file, e.line, e.column, &e.code, &e.message)
                    == (&error.file, error.line, error.column, &error.code, &error.message)
            });
            if !known {
                whole.errors.push(error);
            }
        }
    }
    whole.errors.retain(|e| e.code != "nat::source::nothing" || whole.checks.is_empty());
    complete(&parts, allow_missing)?;
    whole.partition = None;
    let files: Vec<String> = whole.sources.iter().map(|s| s.file.clone()).collect();
    let rank = |c: &CheckEntry| files.iter().position(|f| *f == c.file).unwrap_or(files.len());
    whole.checks.sort_by_key(|c| (rank(c), c.line, c.column));
    Ok(whole)
}

/// Whether every part is there, once.
fn complete(parts: &[Option<crate::report::made::PartitionEntry>], allow_missing: bool) -> Result<(), String> {
    let known: Vec<_> = parts.iter().flatten().collect();
    let Some(first) = known.first() else { return Ok(()) };
    if known.iter().any(|p| p.of != first.of) {
        return Err("the reports are parts of runs that were divided differently".to_owned());
    }
    let mut seen: Vec<usize> = known.iter().map(|p| p.index).collect();
    seen.sort_unstable();
    if let Some(twice) = seen.windows(2).find(|w| w[0] == w[1]) {
        return Err(format!("the part {}/{} is there twice", twice[0], first.of));
    }
    let missing: Vec<String> =
        (1..=first.of).filter(|i| !seen.contains(i)).map(|i| format!("{i}/{}", first.of)).collect();
    if missing.is_empty() || allow_missing {
        return Ok(());
    }
    Err(format!("parts are missing: {} (--allow-missing accepts that)", missing.join(", ")))
}

/// The report for people: what can be said of answers that were given elsewhere, and how long they took cannot.
fn text(report: &Report, out: &mut Out) {
    let mut file = "";
    for c in &report.checks {
        if c.file != file {
            file = &c.file;
            out.line(file);
        }
        if c.verdict.is_none() {
            out.line(&format!("  {}", c.question));
            let lines = match (&c.table, &c.trace) {
                (Some(table), _) => table::cells(table),
                (_, Some(found)) => trace::lines(found),
                _ => vec![c.message.clone()],
            };
            lines.iter().for_each(|line| out.line(format!("    {line}").trim_end()));
            continue;
        }
        let mark = if c.ok { "\u{1b}[32m✓\u{1b}[0m" } else { "\u{1b}[31m✗\u{1b}[0m" };
        let (verdict, evidence) = (crate::report::verdict(c), c.evidence.as_deref().unwrap_or(""));
        let assumed = if c.assumptions.is_empty() { "" } else { " *" };
        out.line(&format!("  {mark} {verdict:<17}  {evidence:<14}  {}{assumed}", c.question));
    }
    let unexpected: Vec<&CheckEntry> = report.checks.iter().filter(|c| !c.ok).collect();
    if unexpected.len() > 1 {
        out.line("Not as expected:");
    }
    for c in unexpected.iter().filter(|c| unexpected.len() > 1 || c.report.is_none()) {
        out.line(&format!("  {}:{}:{}: {}", c.file, c.line, c.column, crate::report::title(c)));
    }
    for c in unexpected {
        // A report of an older version does not hold it.
        out.error(c.report.as_deref().unwrap_or(&c.message));
    }
    for e in &report.errors {
        let help = e.help.as_ref().map(|h| format!("\n  help: {h}")).unwrap_or_default();
        out.error(&format!("{}:{}:{}: {} ({}){help}", e.file, e.line, e.column, e.message, e.code));
    }
    out.line(&crate::report::summary(report));
    if let Some(line) = Standing::of(report.checks.iter()).text() {
        out.line(&line);
    }
}
