//! A progress bar on standard error, for runs that take a while.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Nothing is shown before a run has taken this long.
const PATIENCE: Duration = Duration::from_millis(800);

/// How many squares of systems are asked for and answered, counted by the workers.
#[derive(Debug, Default)]
pub struct Squares {
    asked: AtomicU64,
    answered: AtomicU64,
}

impl Squares {
    /// So many squares are about to be looked at.
    pub fn ask(&self, squares: usize) {
        self.asked.fetch_add(squares as u64, Ordering::Relaxed);
    }

    /// One of them is done.
    pub fn answer(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// One bar for a run.
pub struct Bar {
    /// Whether there is somebody to look at it.
    wanted: bool,
    started: Instant,
    bar: Mutex<Option<ProgressBar>>,
}

impl Bar {
    /// A bar that is hidden in pipes, and beside a report that a program reads.
    pub fn new(quiet: bool) -> Self {
        let wanted = std::io::stderr().is_terminal() && (!quiet || std::io::stdout().is_terminal());
        Bar { wanted, started: Instant::now(), bar: Mutex::new(None) }
    }

    /// Shows how far the run has come: the questions that are answered, of how many, and the one that is waited for.
    pub fn show(&self, (done, all): (usize, usize), waiting: &str, squares: &Squares) {
        if !self.wanted || self.started.elapsed() < PATIENCE {
            return;
        }
        let Ok(mut bar) = self.bar.lock() else { return };
        let bar = bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {wide_msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let (asked, answered) = (squares.asked.load(Ordering::Relaxed), squares.answered.load(Ordering::Relaxed));
        let squares = if asked > 0 { format!(", {answered} of {asked} squares") } else { String::new() };
        bar.set_message(format!("{done} of {all} answered{squares}: {waiting}"));
    }

    /// Takes the bar away before something is printed.
    pub fn hide(&self) {
        if let Ok(mut bar) = self.bar.lock()
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }
}
