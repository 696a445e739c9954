//! What came of a run: answers and errors in the order of the files, printed while they come in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::files::Unreadable;
use super::printer::Printer;
use super::progress::{Bar, Squares};
use super::run::Event;
use super::show::{Fault, Shown, group, place};
use crate::check::Task;
use crate::check::lower::{unanswered, unfilled};
use crate::report::json::ErrorEntry;
use crate::report::made::SourceEntry;
use crate::source::{SourceId, Sources, Span};
use crate::syntax::tree::{Check, Instance, Item, ItemKind, Question};
use crate::verdict::Finding;
use crate::{Answer, FileReport};

/// How often the progress bar is looked after.
const TICK: Duration = Duration::from_millis(150);

/// How long workers may take to notice that the time of a run is over.
const GRACE: Duration = Duration::from_millis(300);

/// What came of one file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FileShown {
    /// Its name.
    pub name: String,
    /// Its answers, in order.
    pub shown: Vec<Shown>,
    /// Its errors, in order, but for those that another file of the run has reported.
    pub faults: Vec<Fault>,
    /// What is allowed in it and hardly meant, in order.
    #[serde(default)]
    pub warnings: Vec<Fault>,
    /// Whether it has errors.
    pub faulty: bool,
    /// How many questions there were; more than answers if some were left out.
    pub asked: usize,
    /// The texts that its answers depend on.
    pub sources: Vec<SourceEntry>,
}

/// Errors that were reported: their places and what they say.
type Reported = FxHashSet<(Span, String)>;

/// What is done with answers as they come in.
pub trait Listen {
    /// A file is begun.
    fn file(&mut self, name: &str);
    /// An answer, in order.
    fn answer(&mut self, shown: &Shown);
    /// A file is over.
    fn end(&mut self, file: &FileShown);
    /// Whether nobody listens any more.
    fn is_over(&self) -> bool;
}

/// How a run is collected.
pub struct Collector<'a> {
    /// Makes texts of diagnostics.
    pub printer: &'a Printer,
    /// Shows how far the run has come.
    pub bar: &'a Bar,
    /// What the workers count.
    pub squares: Arc<Squares>,
    /// When the run is over, and how long that is in words.
    pub deadline: Option<(Instant, String)>,
    /// Whether to stop at the first answer that is not as expected.
    pub fail_fast: bool,
    /// Where to keep what was found.
    pub cache: Option<Arc<Cache>>,
    /// Tells the workers to begin nothing more.
    pub stop: Arc<AtomicBool>,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Collected {
    /// The files, in order.
    pub files: Vec<FileShown>,
    /// The questions that were chosen, if they were only to be listed: their places and texts.
    pub questions: Vec<String>,
    /// The contradiction that ended the run.
    pub defect: Option<String>,
    /// Whether a worker stopped half-way.
    pub panicked: bool,
    /// Whether the time was over before the end.
    pub late: bool,
    /// How many questions the run was divided from, those of other parts included.
    pub numbered: usize,
}

/// The file whose answers come in.
#[derive(Default)]
struct Open {
    file: usize,
    tasks: Vec<Task>,
    /// The questions, in order; those of a `classify` share their place.
    order: Vec<(Span, String)>,
    /// Answers that are not passed on yet, by place, and how many there are.
    waiting: FxHashMap<Span, Vec<Answer>>,
    waits: usize,
    shown: FileShown,
    sources: Sources,
    told: bool,
}

impl Collector<'_> {
    /// Receives everything that the workers tell.
    pub fn collect(&self, events: &Receiver<Event>, listen: &mut dyn Listen) -> Collected {
        let mut all = Collected::default();
        let mut sources = Sources::default();
        let mut given: Vec<Result<SourceId, Unreadable>> = Vec::new();
        let mut reported = Reported::default();
        let mut open: Option<Open> = None;
        let mut next = 0;
        loop {
            if listen.is_over() || self.fail_fast && open.as_ref().is_some_and(|o| has_unexpected(&o.shown)) {
                self.stop.store(true, Ordering::Relaxed);
                self.close(open.take(), &mut all, listen);
                return all;
            }
            let event = match events.recv_timeout(self.patience()) {
                Ok(event) => event,
                Err(RecvTimeoutError::Disconnected) => {
                    // The thread of the workers is gone without a word.
                    all.panicked = true;
                    break;
                }
                Err(RecvTimeoutError::Timeout) if self.is_late() => {
                    self.stop.store(true, Ordering::Relaxed);
                    all.late = true;
                    break;
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(open) = &open {
                        let waiting = open.order.get(open.shown.shown.len()).map_or("", |(_, text)| text.as_str());
                        let done = open.shown.shown.len() + open.waits;
                        self.bar.show((done, open.order.len()), waiting, &self.squares);
                    }
                    continue;
                }
            };
            match event {
                Event::Read(read, ids) => (sources, given) = (read, ids),
                Event::Asked(file, read, tasks, texts) => {
                    next = self.skip_unread(&given, next, file, &mut all, listen);
                    all.questions.extend(tasks.iter().map(|t| format!("{}: {}", place(&read, t.span), t.text)));
                    let name = given[file].as_ref().map_or(String::new(), |id| read.get(*id).name.clone());
                    let shown = FileShown { name, asked: tasks.len(), sources: texts, ..FileShown::default() };
                    open = Some(Open { file, tasks, shown, sources: read, ..Open::default() });
                }
                Event::Begun(order) => {
                    if let Some(open) = &mut open {
                        open.order = order;
                    }
                }
                Event::Answered(answer) => {
                    if let Some(open) = &mut open {
                        open.waits += 1;
                        open.waiting.entry(answer.task.span).or_default().push(*answer);
                        self.release(open, listen);
                    }
                }
                Event::Done(report) => {
                    if let Some(mut open) = open.take() {
                        self.done(&mut open, report, &mut reported, listen);
                        self.keep(&open);
                        self.close(Some(open), &mut all, listen);
                        next += 1;
                    }
                    if self.fail_fast && all.files.last().is_some_and(|f| f.faulty || has_unexpected(f)) {
                        self.stop.store(true, Ordering::Relaxed);
                        return all;
                    }
                }
                Event::Kept(file, kept) => {
                    next = self.skip_unread(&given, next, file, &mut all, listen) + 1;
                    listen.file(&kept.name);
                    kept.shown.iter().for_each(|s| listen.answer(s));
                    listen.end(&kept);
                    all.files.push(*kept);
                }
                Event::Defect(file, text) => {
                    let name = given[file].as_ref().map_or("", |id| &sources.get(*id).name);
                    all.defect = Some(format!("{name}: {text}"));
                    self.close(open.take(), &mut all, listen);
                    return all;
                }
                Event::Panic(file) => {
                    let mut broken = open.take().unwrap_or_default();
                    broken.shown.name = given[file].as_ref().map_or(String::new(), |id| sources.get(*id).name.clone());
                    broken.shown.faults.push(panic_fault(&broken.shown.name));
                    broken.shown.faulty = true;
                    all.panicked = true;
                    self.close(Some(broken), &mut all, listen);
                    next += 1;
                }
                Event::End(numbered) => {
                    all.numbered = numbered;
                    break;
                }
            }
        }
        if let Some(mut unfinished) = open.take() {
            next = unfinished.file + 1;
            self.give_up(&mut unfinished, listen);
            self.close(Some(unfinished), &mut all, listen);
        }
        let end = given.len();
        for file in next..end {
            match &given[file] {
                Ok(id) if all.late => {
                    let mut unread = unread(&sources, *id);
                    self.give_up(&mut unread, listen);
                    self.close(Some(unread), &mut all, listen);
                }
                _ => {
                    self.skip_unread(&given, file, file + 1, &mut all, listen);
                }
            }
        }
        self.bar.hide();
        all
    }

    fn patience(&self) -> Duration {
        let left = self.deadline.as_ref().map(|(d, _)| (*d + GRACE).saturating_duration_since(Instant::now()));
        left.map_or(TICK, |left| left.min(TICK))
    }

    fn is_late(&self) -> bool {
        self.deadline.as_ref().is_some_and(|(d, _)| Instant::now() >= *d + GRACE)
    }

    /// Reports the files before this one that could not be read; returns its number.
    fn skip_unread(
        &self,
        given: &[Result<SourceId, Unreadable>],
        from: usize,
        to: usize,
        all: &mut Collected,
        listen: &mut dyn Listen,
    ) -> usize {
        for error in given.iter().take(to).skip(from).filter_map(|g| g.as_ref().err()) {
            let entry = ErrorEntry::without_place("nat::source::unreadable", &error.file, error.to_string());
            let report = self.printer.without_place(error);
            let name = error.file.clone();
            let file = FileShown { name, faults: vec![Fault { entry, report }], faulty: true, ..FileShown::default() };
            listen.end(&file);
            all.files.push(file);
        }
        to
    }

    /// Passes on the answers that are next in order.
    fn release(&self, open: &mut Open, listen: &mut dyn Listen) {
        while let Some((span, _)) = open.order.get(open.shown.shown.len()) {
            let span = *span;
            let rest = &open.order[open.shown.shown.len()..];
            let wanted: Vec<&String> = rest.iter().take_while(|(s, _)| *s == span).map(|(_, text)| text).collect();
            if open.waiting.get(&span).is_none_or(|found| found.len() < wanted.len()) {
                return;
            }
            let mut answers = open.waiting.remove(&span).unwrap_or_default();
            open.waits -= answers.len();
            answers.sort_by_key(|a| wanted.iter().position(|text| **text == a.task.text));
            self.pass(open, &answers, listen);
            if self.fail_fast && has_unexpected(&open.shown) {
                return;
            }
        }
    }

    fn pass(&self, open: &mut Open, answers: &[Answer], listen: &mut dyn Listen) {
        self.begin(open, listen);
        for shown in group(&open.sources, answers, self.printer) {
            listen.answer(&shown);
            open.shown.shown.push(shown);
        }
    }

    fn begin(&self, open: &mut Open, listen: &mut dyn Listen) {
        self.bar.hide();
        if !open.told {
            open.told = true;
            listen.file(&open.shown.name);
        }
    }

    /// The end of a file: its errors, which take the place of its answers.
    fn done(&self, open: &mut Open, report: FileReport, reported: &mut Reported, listen: &mut dyn Listen) {
        open.shown.faulty = !report.errors.is_empty();
        if !open.shown.faulty {
            self.release(open, listen);
        } else {
            open.shown.shown.clear();
        }
        let warned = report.warnings.iter().map(|w| Fault::warning(&open.sources, w, self.printer));
        open.shown.warnings = warned.collect();
        // A used file is part of every file that uses it; its errors are reported once.
        for error in report.errors {
            if reported.insert((error.span(), error.to_string())) {
                open.shown.faults.push(Fault::new(&open.sources, &error, self.printer));
            }
        }
    }

    /// Reports what was not answered in time.
    fn give_up(&self, open: &mut Open, listen: &mut dyn Listen) {
        let after = self.deadline.as_ref().map_or("the run", |(_, text)| text.as_str());
        let known: FxHashSet<Span> = open.order.iter().take(open.shown.shown.len()).map(|(s, _)| *s).collect();
        let tasks = std::mem::take(&mut open.tasks);
        for task in tasks.into_iter().filter(|t| !known.contains(&t.span)) {
            // The questions of a table share their place.
            let found = open.waiting.get_mut(&task.span).and_then(|found| {
                let own = found.iter().position(|a| a.task.text == task.text && !a.is_table())?;
                Some(found.swap_remove(own))
            });
            let finished = found.unwrap_or_else(|| unfinished(&open.sources, task, after));
            self.pass(open, &[finished], listen);
        }
    }

    fn close(&self, open: Option<Open>, all: &mut Collected, listen: &mut dyn Listen) {
        let Some(mut open) = open else { return };
        self.begin(&mut open, listen);
        listen.end(&open.shown);
        all.files.push(open.shown);
    }

    fn keep(&self, open: &Open) {
        if let Some(cache) = &self.cache
            && !open.shown.faulty
        {
            cache.keep(&open.shown);
        }
    }
}

fn has_unexpected(file: &FileShown) -> bool {
    file.shown.iter().any(|s| !s.entry.ok)
}

/// The answer to a question for which there was no time. What is written without `check` expects nothing.
fn unfinished(sources: &Sources, mut task: Task, after: &str) -> Answer {
    task.bare = !sources.get(task.span.source).slice(task.span).starts_with("check");
    let finding = Finding::unfinished(after);
    let ok = task.bare || finding.verdict() == task.expects();
    Answer::new(task, finding, ok, Duration::ZERO)
}

/// A file that was not begun, with the questions that its text holds.
fn unread(sources: &Sources, id: SourceId) -> Open {
    let (file, _) = crate::syntax::parse(id, sources.get(id));
    let asked = |question, span| unanswered(&Check { question, expect: None, span });
    let tasks: Vec<Task> = file
        .items
        .iter()
        .flat_map(|item| match &item.kind {
            ItemKind::Check(check) => vec![unanswered(check)],
            ItemKind::Classify(request) => vec![unfilled(request)],
            ItemKind::Trace(trace) => vec![asked(Question::Trace(trace.clone()), trace.span)],
            ItemKind::Transfer(table) => {
                let own = |item: &Item| match &item.kind {
                    ItemKind::Optimizer(o) => {
                        Some(Instance { name: o.name.clone(), args: Vec::new(), span: table.span })
                    }
                    _ => None,
                };
                let named = table.optimizer.clone().map(|o| vec![o]);
                let optimizers = named.unwrap_or_else(|| file.items.iter().filter_map(own).collect());
                let question = |optimizer| Question::Transfer { optimizer, along: table.along.clone() };
                optimizers.into_iter().map(|o| asked(question(o), table.span)).collect()
            }
            _ => Vec::new(),
        })
        .collect();
    let shown = FileShown { name: sources.get(id).name.clone(), asked: tasks.len(), ..FileShown::default() };
    Open { tasks, shown, sources: sources.clone(), ..Open::default() }
}

fn panic_fault(name: &str) -> Fault {
    let message = format!(
        "nat stopped half-way in {name}; this is a defect of nat, and the file is reported without answers. \
         Please report the file."
    );
    let entry = ErrorEntry::without_place("nat::internal::stopped", name, message.clone());
    Fault { entry, report: message }
}
