//! A progress bar on standard error, for systems whose squares take a while.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::check::system::Progress;

/// Nothing is shown before a run has taken this long.
const PATIENCE: Duration = Duration::from_millis(800);
/// Checks of fewer squares never show a bar.
const FEW: usize = 24;

/// One bar for all checks of a run that are under way.
pub struct Bar {
    /// Whether there is somebody to look at it.
    wanted: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bar: Option<ProgressBar>,
    started: Option<Instant>,
    running: usize,
    total: u64,
    position: u64,
}

impl Bar {
    /// A bar that is hidden in pipes, and beside JSON that a program reads.
    pub fn new(json: bool) -> Self {
        let wanted = std::io::stderr().is_terminal() && (!json || std::io::stdout().is_terminal());
        Bar { wanted, state: Mutex::new(State::default()) }
    }

    /// Runs on the state, if the bar is wanted.
    fn with(&self, change: impl FnOnce(&mut State)) {
        if self.wanted
            && let Ok(mut state) = self.state.lock()
        {
            change(&mut state);
        }
    }
}

impl Progress for Bar {
    fn begin(&self, _what: &str, squares: usize) {
        self.with(|s| {
            s.running += 1;
            s.total += squares as u64;
            s.started.get_or_insert_with(Instant::now);
            if let Some(bar) = &s.bar {
                bar.set_length(s.total);
            }
        });
    }

    fn done(&self) {
        self.with(|s| {
            s.position += 1;
            let late = s.started.is_some_and(|t| t.elapsed() > PATIENCE);
            if s.bar.is_none() && late && s.total >= FEW as u64 {
                let bar = ProgressBar::with_draw_target(Some(s.total), ProgressDrawTarget::stderr());
                if let Ok(style) = ProgressStyle::with_template("  {bar:30.green} {pos}/{len} squares, {eta} left") {
                    bar.set_style(style.progress_chars("=> "));
                }
                s.bar = Some(bar);
            }
            if let Some(bar) = &s.bar {
                bar.set_position(s.position);
            }
        });
    }

    fn end(&self) {
        self.with(|s| {
            s.running = s.running.saturating_sub(1);
            if s.running == 0 {
                if let Some(bar) = s.bar.take() {
                    bar.finish_and_clear();
                }
                *s = State::default();
            }
        });
    }
}
