//! `nat check`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::cache::Cache;
use super::collect::{Collected, Collector, Listen};
use super::files::expand;
use super::out::Out;
use super::output::{self, Format, Target};
use super::printer::Printer;
use super::progress::{Bar, Squares};
use super::run::{Plan, pool, start};
use super::select::{Only, Partition};
use super::status;
use super::text::{Look, Text};
use crate::Options;
use crate::report::json::{ErrorEntry, Report};
use crate::report::made::PartitionEntry;

/// When to print in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that shows it, unless the environment says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes it the choice of this process.
    pub fn apply(self) {
        match self {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}

/// Arguments of `nat check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Verdicts: commutes, up to rate, in limit, fails, undecided, invalid.
Exit status: 0 all as expected; 1 some not; 2 some input has errors, or there was nothing to check;
3 wrong command line; 4 the output could not be written.")]
pub struct Arguments {
    /// Files, folders (their .nat files, at any depth) and patterns such as 'models/*.nat'; `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<OsString>,
    /// Ask only these questions: a whole name in them, a part of their text
    /// that is more than a name, or FILE:LINE. May be given several times.
    #[arg(long, value_name = "WHAT", value_parser = Only::read)]
    only: Vec<Only>,
    /// List the questions and answer none.
    #[arg(long)]
    list: bool,
    /// How to print the report on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write a report into a file as well; may be given several times.
    #[arg(long, value_name = "FORMAT=FILE", value_parser = Target::read)]
    output: Vec<Target>,
    /// Print only what is not as expected.
    #[arg(short, long)]
    quiet: bool,
    /// When to print in colour.
    #[arg(long, value_enum, default_value = "auto")]
    color: Color,
    /// Draw with ASCII characters only.
    #[arg(long)]
    ascii: bool,
    /// Full reports for so many answers that are not as expected, and so many errors.
    #[arg(long, default_value_t = 20, value_name = "N")]
    max_reports: usize,
    /// Stop at the first answer that is not as expected, or file with errors.
    #[arg(long)]
    fail_fast: bool,
    /// End after so many seconds; what is not finished then is `undecided`.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// That there is nothing to check is no error.
    #[arg(long)]
    allow_empty: bool,
    /// Ask only the I-th of N parts of the questions; `nat merge` joins the reports.
    #[arg(long, value_name = "I/N", value_parser = Partition::read)]
    partition: Option<Partition>,
    /// Keep answers in this folder, and take them from there while nothing has changed that they depend on.
    #[arg(long, value_name = "FOLDER", env = "NAT_CACHE_DIR")]
    cache_dir: Option<PathBuf>,
    /// Keep no answers and take none that were kept.
    #[arg(long)]
    no_cache: bool,
    /// What to take for an error.
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Vec<Deny>,
    #[command(flatten)]
    search: Search,
}

/// What can be taken for an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Every warning.
    Warnings,
}

/// How to search for answers.
#[derive(Debug, Args)]
pub struct Search {
    /// Seed of all sampling: the same seed gives the same output.
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Points at which each square is looked at in floating point.
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    samples: u32,
    /// Count a verdict that rests on numbers or on generic instances alone as unexpected.
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
    pub threads: u16,
}

impl Search {
    /// The options that the engines read.
    pub fn options(&self, deadline: Option<Instant>) -> Options {
        Options {
            seed: self.seed,
            samples: self.samples as usize,
            effort: self.effort as usize,
            require_proof: self.require_proof,
            deny_assumptions: self.deny_assumptions,
            deadline,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("a number of seconds above zero".to_owned()),
    }
}

/// Runs `nat check` and returns the exit status.
pub fn run(arguments: &Arguments) -> u8 {
    arguments.color.apply();
    let mut out = Out::new(arguments.ascii);
    let code = match check(arguments, &mut out) {
        Ok(code) => code,
        Err((code, message)) => {
            out.error(&format!("nat: {message}"));
            code
        }
    };
    super::finish(out, code)
}

fn check(arguments: &Arguments, out: &mut Out) -> Result<u8, (u8, String)> {
    let deadline = arguments.timeout.and_then(|t| Instant::now().checked_add(t));
    let options = arguments.search.options(deadline);
    let pool = pool(arguments.search.threads.into())
        .map_err(|e| (status::INTERNAL, format!("cannot start worker threads: {e}")))?;
    let denied = arguments.deny.contains(&Deny::Warnings);
    let printer = Printer::new().denying(denied);
    let cache = cache(arguments, &printer).map_err(|e| (status::OUTPUT, format!("cannot keep answers: {e}")))?;
    // A folder without files is one of nothing to check.
    let mut paths = expand(&arguments.files);
    paths.retain(|p| !(arguments.allow_empty && p.as_ref().is_err_and(|e| e.empty)));
    output::try_targets(&arguments.output).map_err(|e| (status::OUTPUT, e))?;
    let plan =
        Plan { paths, options, only: arguments.only.clone(), partition: arguments.partition, list: arguments.list };
    let squares = Arc::new(Squares::default());
    let (events, stop) = start(Arc::new(plan), pool, cache.clone(), Arc::clone(&squares))
        .map_err(|e| (status::INTERNAL, format!("cannot start a thread: {e}")))?;
    let bar = Bar::new(arguments.format != Format::Text);
    let collector = Collector {
        printer: &printer,
        bar: &bar,
        squares,
        deadline: deadline.map(|d| (d, format!("{} s", arguments.timeout.unwrap_or_default().as_secs_f64()))),
        fail_fast: arguments.fail_fast,
        cache,
        stop,
    };
    let look = Look {
        silent: false,
        quiet: arguments.quiet,
        filtered: !arguments.only.is_empty(),
        part: arguments.partition.is_some(),
        allow_empty: arguments.allow_empty,
        denied,
        reports: arguments.max_reports,
    };
    let silent = arguments.format != Format::Text || arguments.list;
    let mut text = Text::new(out, Look { silent, ..look });
    let collected = collector.collect(&events, &mut text);
    if let Some(defect) = &collected.defect {
        let message = "This is a defect of nat, and no verdict of this run should be used. Please report the file.";
        return Err((status::INTERNAL, format!("internal error in {defect}\n{message}")));
    }
    // Of few questions, many machines have none.
    let may_be_empty = arguments.allow_empty || arguments.partition.is_some() && collected.numbered > 0;
    if arguments.list {
        collected.questions.iter().for_each(|q| out.line(q));
        let faults = collected.files.iter().flat_map(|f| &f.faults);
        faults.take(arguments.max_reports).for_each(|f| out.error(&f.report));
        return Ok(code(&collected, collected.questions.len(), may_be_empty));
    }
    let asked = collected.files.iter().map(|f| f.asked).sum();
    let warned = collected.files.iter().any(|f| !f.warnings.is_empty());
    let code = match code(&collected, asked, may_be_empty) {
        status::OK | status::UNEXPECTED if denied && warned => status::INPUT,
        code => code,
    };
    text.end(&collected, asked);
    let mut report = report(&collected, &options, arguments.partition);
    if asked == 0 && report.errors.is_empty() && !may_be_empty {
        let file = collected.files.first().map_or("", |f| f.name.as_str());
        let message = nothing(!arguments.only.is_empty()).to_owned();
        report.errors.push(ErrorEntry::without_place("nat::source::nothing", file, message));
    }
    let written = |file: &mut Out| replay(&mut Text::new(file, look), &collected, asked);
    output::write(&report, (arguments.format, &arguments.output), out, &written).map_err(|e| (status::OUTPUT, e))?;
    Ok(code)
}

/// The text of a run that is over, once more.
fn replay(text: &mut Text<'_>, collected: &Collected, asked: usize) {
    for file in &collected.files {
        // A file that could not be read has no heading, as while the run went on.
        if !(file.faulty && file.sources.is_empty() && file.asked == 0) {
            text.file(&file.name);
        }
        file.shown.iter().for_each(|s| text.answer(s));
        Listen::end(text, file);
    }
    text.end(collected, asked);
}

fn cache(arguments: &Arguments, printer: &Printer) -> Result<Option<Arc<Cache>>, String> {
    match &arguments.cache_dir {
        // Answers under a time limit depend on the machine, and a list of questions is no answer.
        Some(folder) if !arguments.no_cache && arguments.timeout.is_none() && !arguments.list => {
            let Search { seed, samples, require_proof, deny_assumptions, effort, threads: _ } = &arguments.search;
            let chosen = (&arguments.only, arguments.partition, arguments.fail_fast);
            let options =
                format!("{seed} {samples} {require_proof} {deny_assumptions} {effort} {chosen:?} {}", printer.style());
            // The number of a question in a run depends on the other files, which no key knows.
            if arguments.partition.is_some() {
                return Ok(None);
            }
            Cache::open(folder, &options).map(|c| Some(Arc::new(c)))
        }
        _ => Ok(None),
    }
}

/// The report for machines.
fn report(collected: &Collected, options: &Options, partition: Option<Partition>) -> Report {
    let mut report = Report::new(options);
    report.partition = partition.map(|p| PartitionEntry { index: p.index, of: p.of });
    // The files that are given first, in their order: that is the order of the checks.
    let given = collected.files.iter().filter_map(|f| f.sources.last());
    for source in given.chain(collected.files.iter().flat_map(|f| &f.sources)) {
        if !report.sources.contains(source) {
            report.sources.push(source.clone());
        }
    }
    for file in &collected.files {
        report.checks.extend(file.shown.iter().map(|s| s.entry.clone()));
        report.errors.extend(file.faults.iter().map(|f| f.entry.clone()));
        report.warnings.extend(file.warnings.iter().map(|f| f.entry.clone()));
    }
    report
}

/// Why there was no question.
pub fn nothing(filtered: bool) -> &'static str {
    if filtered { "no check matches what --only asks for" } else { "there is nothing to check" }
}

/// The exit status of a run that has come to its end.
fn code(collected: &Collected, asked: usize, allow_empty: bool) -> u8 {
    let unexpected = collected.files.iter().flat_map(|f| &f.shown).any(|s| !s.entry.ok);
    if collected.panicked {
        status::INTERNAL
    } else if collected.files.iter().any(|f| f.faulty) {
        status::INPUT
    } else if unexpected {
        status::UNEXPECTED
    } else if asked == 0 && !allow_empty {
        status::INPUT
    } else {
        status::OK
    }
}
