//! A run of checks: workers that answer, and a collector that receives answers in the order of the files.
//!
//! The workers run beside the collector, not below it: when the time of a run is over, the collector goes on without
//! those that have not noticed yet, and reports what they were asked as undecided.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use rayon::ThreadPool;

use super::cache::Cache;
use super::collect::FileShown;
use super::files::{Disk, Unreadable, read_all};
use super::progress::Squares;
use super::select::{Only, Partition};
use crate::check::Task;
use crate::check::lower::{unanswered, unfilled};
use crate::check::system::Progress;
use crate::report::made::SourceEntry;
use crate::source::{SourceId, Sources, Span};
use crate::syntax::tree::{Check, Classify};
use crate::uses::Files;
use crate::{Answer, FileReport, Listener, Options, check_source_for};

/// The stack of a worker thread: expressions nest, and shapes and derivatives are walked recursively.
pub const STACK: usize = 32 << 20;

/// What to check, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The files; those that could not be found keep their place.
    pub paths: Vec<Result<PathBuf, Unreadable>>,
    /// How to check.
    pub options: Options,
    /// The questions that are asked for; all if there are none.
    pub only: Vec<Only>,
    /// The part of them that is asked.
    pub partition: Option<Partition>,
    /// Whether to answer nothing, and only to find out what there is to be asked.
    pub list: bool,
}

/// What the workers tell the collector.
pub enum Event {
    /// The files are read: their sources, and which of them could not be read.
    Read(Sources, Vec<Result<SourceId, Unreadable>>),
    /// The names of a file are resolved: the questions that will be asked, in order, as tasks without anything in them,
    /// and the texts that the answers depend on, the file itself last.
    Asked(usize, Sources, Vec<Task>, Vec<SourceEntry>),
    /// The file that was asked about has no faults; the questions with their texts.
    Begun(Vec<(Span, String)>),
    /// A question of it is answered.
    Answered(Box<Answer>),
    /// It is done.
    Done(FileReport),
    /// The file was checked before.
    Kept(usize, Box<FileShown>),
    /// Two engines contradict each other.
    Defect(usize, String),
    /// A worker stopped half-way.
    Panic(usize),
    /// All files are done; so many questions there were, those of other parts of the run included.
    End(usize),
}

/// A pool of workers with this many threads, or with as many as the system gives.
///
/// # Errors
/// If it gives none at all, in words.
pub fn pool(threads: usize) -> Result<ThreadPool, String> {
    // Threads beyond the cores do nothing but take memory.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = threads.min((2 * cores).max(16));
    let build = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build();
    let mut wanted = threads;
    loop {
        match build(wanted) {
            Ok(pool) => return Ok(pool),
            Err(e) if wanted == 1 => return Err(e.to_string()),
            Err(_) if wanted == 0 => wanted = 1,
            Err(_) => wanted /= 2,
        }
        // Those that were started are about to end.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Starts the workers.
///
/// # Errors
/// If the system gives no thread, in words.
pub fn start(
    plan: Arc<Plan>,
    pool: ThreadPool,
    cache: Option<Arc<Cache>>,
    squares: Arc<Squares>,
) -> Result<(Receiver<Event>, Arc<AtomicBool>), String> {
    let (send, receive) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let work = move || pool.install(|| Worker { plan: &plan, cache, send, stopped, squares }.run());
    std::thread::Builder::new()
        .name("nat-check".to_owned())
        .stack_size(STACK)
        .spawn(work)
        .map_err(|e| e.to_string())?;
    Ok((receive, stop))
}

struct Worker<'a> {
    plan: &'a Plan,
    cache: Option<Arc<Cache>>,
    send: Sender<Event>,
    stopped: Arc<AtomicBool>,
    squares: Arc<Squares>,
}

impl Worker<'_> {
    fn run(&self) {
        let disk = Disk::default();
        let mut sources = Sources::default();
        let mut files = Files::new(&disk);
        // All files that are given are read first, so that one which another uses keeps the name it was given.
        let given = self.read(&disk, &mut sources, &mut files);
        self.tell(Event::Read(sources.clone(), given.clone()));
        let counter = AtomicUsize::new(0);
        for (file, id) in given.iter().enumerate() {
            let Ok(id) = *id else { continue };
            if self.stopped.load(Ordering::Relaxed) {
                break;
            }
            let parts = files.gather(&mut sources, id).parts;
            // Data before the file that reads them: the file itself comes last.
            let texts: Vec<SourceEntry> = parts
                .iter()
                .flat_map(|p| {
                    let tables = p.tables.iter().map(|(_, t)| SourceEntry::of_table(t));
                    tables.chain([SourceEntry::new(sources.get(p.id))]).collect::<Vec<_>>()
                })
                .collect();
            if let Some(kept) = self.cache.as_ref().and_then(|c| c.find(&texts)) {
                self.tell(Event::Kept(file, Box::new(kept)));
                continue;
            }
            let chosen = Mutex::new(Vec::new());
            let listener = Teller { worker: self, file, texts, chosen, counter: &counter };
            let check = || check_source_for(&mut sources, id, &mut files, &self.plan.options, &listener);
            self.tell(match catch_unwind(AssertUnwindSafe(check)) {
                Ok(Ok(report)) => Event::Done(report),
                Ok(Err(defect)) => Event::Defect(file, defect.to_string()),
                Err(_) => Event::Panic(file),
            });
        }
        self.tell(Event::End(counter.into_inner()));
    }

    fn read(&self, disk: &Disk, sources: &mut Sources, files: &mut Files<'_>) -> Vec<Result<SourceId, Unreadable>> {
        let read = self.plan.paths.iter().map(|path| match path {
            Ok(path) => read_all(std::slice::from_ref(path), disk, sources, files).remove(0),
            Err(e) => Err(e.clone()),
        });
        read.collect()
    }

    fn tell(&self, event: Event) {
        // A collector that has gone on needs no answers.
        let _ = self.send.send(event);
    }
}

/// Tells the collector of one file.
struct Teller<'a> {
    worker: &'a Worker<'a>,
    file: usize,
    texts: Vec<SourceEntry>,
    chosen: Mutex<Vec<Span>>,
    /// Numbers the questions of the run.
    counter: &'a AtomicUsize,
}

impl Progress for Teller<'_> {
    fn begin(&self, _what: &str, squares: usize) {
        self.worker.squares.ask(squares);
    }
    fn done(&self) {
        self.worker.squares.answer();
    }
    fn end(&self) {}
}

impl Listener for Teller<'_> {
    fn asked(&self, sources: &Sources, checks: &[Check], requests: &[Classify]) {
        let mut tasks: Vec<Task> = checks.iter().map(unanswered).chain(requests.iter().map(unfilled)).collect();
        tasks.sort_by_key(|t| t.span);
        let plan = self.worker.plan;
        tasks.retain(|t| {
            plan.only.is_empty() || plan.only.iter().any(|o| o.holds(sources.get(t.span.source), t.span, &t.text))
        });
        tasks.retain(|_| {
            let number = self.counter.fetch_add(1, Ordering::Relaxed);
            plan.partition.is_none_or(|p| p.holds(number))
        });
        if let Ok(mut chosen) = self.chosen.lock() {
            *chosen = tasks.iter().filter(|_| !plan.list).map(|t| t.span).collect();
        }
        self.worker.tell(Event::Asked(self.file, sources.clone(), tasks, self.texts.clone()));
    }

    fn wanted(&self, question: Span) -> bool {
        self.chosen.lock().is_ok_and(|chosen| chosen.binary_search(&question).is_ok())
    }

    fn begun(&self, tasks: &[&Task]) {
        let mut all: Vec<(Span, String)> = tasks.iter().map(|t| (t.span, t.text.clone())).collect();
        all.sort_by_key(|(span, _)| *span);
        self.worker.tell(Event::Begun(all));
    }

    fn answered(&self, answer: &Answer) {
        self.worker.tell(Event::Answered(Box::new(answer.clone())));
    }

    fn stopped(&self) -> bool {
        self.worker.stopped.load(Ordering::Relaxed)
    }
}
