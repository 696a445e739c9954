//! `nat fix`.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;
use indexmap::IndexMap;

use super::check::Search;
use super::files::{Disk, expand, identity, read_file};
use super::fmt::ends_as_in;
use super::out::Out;
use super::printer::Printer;
use super::run::pool;
use super::show::place;
use super::status;
use crate::source::{Source, SourceId, Sources, Span};
use crate::syntax::format::format;
use crate::syntax::tree::ItemKind;
use crate::uses::Files;
use crate::verdict::{Finding, Verdict};
use crate::{Answer, InputError, Options, check_source};

/// So many changes are made to one file at most.
const MOST: usize = 200;

/// Arguments of `nat fix`.
#[derive(Debug, Args)]
#[command(after_help = "\
A repair is applied if the answer that it mends was seen to be mended and no other answer gets worse; it is a change
of the optimizer, so look at it. --accept changes what the checks expect and no optimizer.
Exit status: 0 all answers are as expected now; 1 some are not; 2 some input has errors; 3 wrong command line;
4 a file could not be written.")]
pub struct Arguments {
    /// Files, folders and patterns.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<OsString>,
    /// Write the verdicts that were found as the expectations of the checks, instead of repairing.
    #[arg(long)]
    accept: bool,
    /// Say what would be changed, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    search: Search,
}

/// Runs `nat fix` and returns the exit status.
pub fn run(arguments: &Arguments) -> u8 {
    match pool(arguments.search.threads.into()) {
        Ok(pool) => pool.install(|| all(arguments)),
        Err(e) => {
            Out::new(false).error(&format!("nat: cannot start worker threads: {e}"));
            status::INTERNAL
        }
    }
}

fn all(arguments: &Arguments) -> u8 {
    let mut out = Out::new(false);
    let printer = Printer::new();
    let mut code = status::OK;
    for path in expand(&arguments.files) {
        let one = match path {
            Ok(path) if path == Path::new("-") => {
                out.error("nat: standard input cannot be changed; name a file");
                status::USAGE
            }
            Ok(path) => file(&path, arguments, &printer, &mut out),
            Err(error) => {
                out.error(&printer.without_place(&error));
                status::INPUT
            }
        };
        code = code.max(one);
    }
    super::finish(out, code)
}

/// A state of the file while it is changed.
struct State {
    sources: Sources,
    id: SourceId,
    answers: Vec<Answer>,
}

impl State {
    fn unexpected(&self) -> usize {
        self.answers.iter().filter(|a| !a.ok).count()
    }

    /// Whether some answer that was as expected no longer is; answers keep their order.
    fn spoils(&self, before: &State) -> bool {
        self.answers.len() != before.answers.len()
            || before.answers.iter().zip(&self.answers).any(|(old, new)| old.ok && !new.ok)
    }

    fn text(&self) -> &str {
        &self.sources.get(self.id).text
    }
}

/// Checks a text as if it stood in a file.
fn look(path: &Path, text: &str, options: &Options) -> Result<State, (Sources, Vec<InputError>)> {
    let disk = Disk::default();
    let mut sources = Sources::default();
    let mut files = Files::new(&disk);
    let id = sources.add(Source::new(disk.name(path), text));
    if let Ok(identity) = identity(path) {
        files.know(identity, id);
    }
    match check_source(&mut sources, id, &mut files, options) {
        Ok(report) if report.errors.is_empty() => Ok(State { sources, id, answers: report.answers }),
        Ok(report) => Err((sources, report.errors)),
        Err(_) => Err((sources, Vec::new())),
    }
}

fn file(path: &Path, arguments: &Arguments, printer: &Printer, out: &mut Out) -> u8 {
    let name = super::files::shown(path.as_os_str());
    let text = match read_file(path) {
        Ok(text) => text,
        Err(reason) => {
            out.error(&printer.without_place(&super::files::Unreadable { file: name, reason, empty: false }));
            return status::INPUT;
        }
    };
    let options = arguments.search.options(None);
    let mut state = match look(path, &text, &options) {
        Ok(state) => state,
        Err((sources, errors)) => {
            for error in &errors {
                out.error(&printer.error(&sources, error));
            }
            return status::INPUT;
        }
    };
    let tidy = format(state.id, state.sources.get(state.id)).is_ok_and(|f| ends_as_in(&text, f) == state.text());
    let mut changed = false;
    let mut refused: Vec<String> = Vec::new();
    for _ in 0..MOST {
        let Some((edits, note, key)) = next(&state, arguments.accept, &refused) else { break };
        let text = apply(state.text(), &edits);
        let better = text
            .and_then(|text| look(path, &text, &options).ok())
            .map(|new| if tidy { formatted(path, new, &options) } else { new });
        match better {
            Some(new) if new.unexpected() < state.unexpected() && !new.spoils(&state) => {
                out.line(&note);
                state = new;
                changed = true;
            }
            _ => refused.push(key),
        }
    }
    if changed
        && !arguments.dry_run
        && let Err(e) = std::fs::write(path, state.text())
    {
        out.error(&format!("nat: cannot write {name}: {e}"));
        return status::OUTPUT;
    }
    let left = state.unexpected();
    for answer in state.answers.iter().filter(|a| !a.ok) {
        let place = place(&state.sources, answer.task.span);
        out.line(&format!("{place}: {}: {} is left as it is", answer.task.text, answer.finding.verdict().text()));
    }
    if left > 0 { status::UNEXPECTED } else { status::OK }
}

/// The file in its layout, if that can be had.
fn formatted(path: &Path, state: State, options: &Options) -> State {
    match format(state.id, state.sources.get(state.id)) {
        Ok(text) => match ends_as_in(state.text(), text) {
            text if text != state.text() => look(path, &text, options).unwrap_or(state),
            _ => state,
        },
        Err(_) => state,
    }
}

type Edit = (Span, String);

/// The next change that has not been refused: its edits, what to say of it, and a key that stays the same.
fn next(state: &State, accept: bool, refused: &[String]) -> Option<(Vec<Edit>, String, String)> {
    for (number, answer) in state.answers.iter().enumerate().filter(|(_, a)| !a.ok && !a.is_table()) {
        let key = format!("{number} {}", answer.task.text);
        let place = place(&state.sources, answer.task.span);
        if accept {
            // With all that was found; where the file cannot say that, with the verdict alone.
            for words in expectations(&answer.finding) {
                let key = format!("{key} {words}");
                if let Some(edit) = expecting(state, answer, &words).filter(|_| !refused.contains(&key)) {
                    return Some((vec![edit], format!("{place}: {}: now {words}", answer.task.text), key));
                }
            }
            continue;
        }
        if refused.contains(&key) {
            continue;
        }
        let Some(repair) = &answer.finding.repair else { continue };
        if repair.edits.iter().any(|(span, ..)| span.source != state.id) {
            continue;
        }
        let edits = repair.edits.iter().map(|(span, old, new)| {
            let span = if old.is_empty() { Span::new(span.source, span.start, span.start) } else { *span };
            (span, new.clone())
        });
        let says: Vec<String> = repair
            .edits
            .iter()
            .map(
                |(_, old, new)| {
                    if old.is_empty() { format!("`{new}` added") } else { format!("`{old}` becomes `{new}`") }
                },
            )
            .collect();
        let note = format!("{place}: {}: {}; then {}", answer.task.text, says.join(", "), repair.verdict.text());
        return Some((edits.collect(), note, key));
    }
    None
}

/// What a check has to say to expect what was found, the most particular first.
fn expectations(f: &Finding) -> Vec<String> {
    let plain = format!("expect {}", f.verdict().text());
    let particular = match f.verdict() {
        Verdict::UpToRate => f.rate().map(str::to_owned),
        Verdict::UpToRates => {
            let own = |(block, all): (&String, &IndexMap<String, String>)| {
                all.iter().map(|(name, factor)| format!("{name}({block}) = {factor}")).collect::<Vec<_>>()
            };
            let all: Vec<String> = f.factors().into_iter().flatten().flat_map(own).collect();
            (!all.is_empty()).then(|| all.join(", "))
        }
        Verdict::InLimit => f.order().map(|k| format!("(lr^{k})")),
        Verdict::Commutes | Verdict::Fails | Verdict::Undecided | Verdict::Invalid => None,
    };
    particular.map(|p| format!("{plain} {p}")).into_iter().chain([plain]).collect()
}

/// The edit that makes a check say these words.
fn expecting(state: &State, answer: &Answer, words: &str) -> Option<Edit> {
    let (file, _) = crate::syntax::parse(state.id, state.sources.get(state.id));
    let check = file.items.into_iter().find_map(|item| match item.kind {
        ItemKind::Check(check) if check.span == answer.task.span => Some(check),
        _ => None,
    })?;
    Some(match &check.expect {
        Some(e) => (e.span, words.to_owned()),
        None => (Span::new(state.id, check.span.end, check.span.end), format!(" {words}")),
    })
}

/// The text with the edits made; none if they overlap.
fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    edits.dedup();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (span, new) in edits {
        let before = text.get(at..span.start)?;
        out.push_str(before);
        if span.start == span.end && !new.starts_with(' ') {
            out.push_str(&insertion(text, span.start, new));
        } else {
            out.push_str(new);
        }
        at = span.end;
    }
    out.push_str(text.get(at..)?);
    Some(ends_as_in(text, out))
}

/// An addition with what separates it from its neighbours: a line of its own before what begins a line.
fn insertion(text: &str, at: usize, new: &str) -> String {
    let line = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let indent = &text[line..at];
    if !indent.trim().is_empty() {
        return format!("{new}  ");
    }
    let deeper = if text[at..].starts_with('}') { "  " } else { "" };
    format!("{deeper}{new}\n{indent}")
}
