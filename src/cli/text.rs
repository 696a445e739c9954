//! The report of a run for people.

use super::check::nothing;
use super::collect::{Collected, FileShown, Listen};
use super::out::Out;
use super::show::Shown;
use crate::model::validate::MAX_FAULTS;
use crate::report::standing::Standing;
use crate::report::system::wrap;
use crate::syntax::error::MAX_ERRORS;

/// So many answers that are not as expected are listed in a line each.
const LISTED: usize = 200;

/// Prints answers as they come in, and at the end what is not as expected.
pub struct Text<'a> {
    out: &'a mut Out,
    look: Look,
    name: Option<String>,
}

/// What is printed of a run.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Nothing.
    pub silent: bool,
    /// Only what is not as expected.
    pub quiet: bool,
    /// Whether questions were chosen: files without one are left out.
    pub filtered: bool,
    /// Whether this is a part of a run.
    pub part: bool,
    /// Whether it is no error that there is nothing to check.
    pub allow_empty: bool,
    /// Whether warnings are taken for errors.
    pub denied: bool,
    /// How many full reports.
    pub reports: usize,
}

impl<'a> Text<'a> {
    /// Nothing printed yet.
    pub fn new(out: &'a mut Out, look: Look) -> Self {
        Text { out, look, name: None }
    }

    fn head(&mut self) {
        if let Some(name) = self.name.take() {
            self.out.line(&name);
        }
    }

    /// The end of the report: a line for each answer that is not as expected, the full reports, and how many there were.
    pub fn end(&mut self, collected: &Collected, asked: usize) {
        if self.look.silent {
            return;
        }
        let shown: Vec<&Shown> = collected.files.iter().flat_map(|f| &f.shown).collect();
        let unexpected: Vec<&&Shown> = shown.iter().filter(|s| !s.entry.ok).collect();
        // One that has its report has everything said there.
        if unexpected.len() > self.look.reports.min(1) {
            self.out.line("Not as expected:");
            for s in unexpected.iter().take(LISTED) {
                self.out.line(&format!("  {}", s.short.as_deref().unwrap_or(&s.entry.question)));
            }
            if unexpected.len() > LISTED {
                self.out.line(&format!("  … and {} more", unexpected.len() - LISTED));
            }
        }
        self.reports(unexpected.iter().filter_map(|s| s.report.as_deref()), "answer");
        let faults: Vec<&str> = collected.files.iter().flat_map(|f| &f.faults).map(|f| f.report.as_str()).collect();
        self.reports(faults.into_iter(), "error");
        if collected.files.iter().any(|f| f.faults.len() >= MAX_ERRORS.min(MAX_FAULTS)) {
            self.out.error("there may be more: very many errors of a file are not looked for one by one");
        }
        let warned: Vec<&str> = collected.files.iter().flat_map(|f| &f.warnings).map(|f| f.report.as_str()).collect();
        if !self.look.quiet || self.look.denied {
            self.reports(warned.iter().copied(), "warning");
        }
        let refused = self.look.denied && !warned.is_empty();
        let said = !(self.look.quiet && unexpected.is_empty() && !refused);
        if let Some(line) = summary(collected, asked, self.look).filter(|_| said) {
            self.out.line(&line);
            if let Some(line) = Standing::of(shown.iter().map(|s| &s.entry)).text() {
                self.out.line(&line);
            }
        }
    }

    fn reports<'r>(&mut self, reports: impl Iterator<Item = &'r str>, what: &str) {
        let reports: Vec<&str> = reports.collect();
        for report in reports.iter().take(self.look.reports) {
            self.out.error(report);
        }
        let all = reports.len();
        let hidden = all.saturating_sub(self.look.reports);
        if hidden > 0 {
            let more = if hidden < all { " more" } else { "" };
            let are = if hidden == 1 { format!("{what} is") } else { format!("{what}s are") };
            self.out.error(&format!("{hidden}{more} {are} not shown in full; --max-reports {all} shows all"));
        }
    }
}

impl Listen for Text<'_> {
    fn file(&mut self, name: &str) {
        self.name = (!self.look.silent).then(|| name.to_owned());
        if !self.look.quiet && !self.look.filtered {
            self.head();
        }
    }

    fn answer(&mut self, shown: &Shown) {
        if self.look.silent || self.look.quiet && (shown.entry.ok) {
            return;
        }
        self.head();
        shown.lines.iter().for_each(|line| self.out.line(line));
        self.out.flush();
    }

    fn end(&mut self, file: &FileShown) {
        if self.look.silent || self.look.quiet || self.look.filtered && file.asked == 0 && !file.faulty {
            return;
        }
        self.head();
        if file.faulty && file.sources.is_empty() && file.asked == 0 {
            return;
        }
        if file.shown.is_empty() {
            let why = if file.faulty {
                "not checked: see the errors below"
            } else if file.asked > 0 {
                "not finished"
            } else {
                "no checks"
            };
            self.out.line(&format!("  {why}"));
        }
        // In the order of the checks: "more of this kind" says so of what stands before it.
        let all: indexmap::IndexSet<&String> = file.shown.iter().flat_map(|s| &s.assumptions).collect();
        for a in all {
            for (i, line) in wrap(a).iter().enumerate() {
                self.out.line(&format!("    {} {line}", if i == 0 { '*' } else { ' ' }));
            }
        }
    }

    fn is_over(&self) -> bool {
        self.out.is_over()
    }
}

/// How many checks there were, and how they stand; nothing to say where there are only errors.
fn summary(collected: &Collected, asked: usize, look: Look) -> Option<String> {
    let shown: Vec<&Shown> = collected.files.iter().flat_map(|f| &f.shown).collect();
    let faulty = collected.files.iter().filter(|f| f.faulty).count();
    let (checks, tables): (Vec<&Shown>, Vec<&Shown>) = shown.into_iter().partition(|s| !s.is_table);
    let total = checks.len();
    let unexpected = checks.iter().filter(|s| !s.entry.ok).count();
    let (experiments, tables): (Vec<&Shown>, Vec<&Shown>) = tables.into_iter().partition(|s| s.entry.trace.is_some());
    let experiments = experiments.len();
    let tables = tables.iter().filter(|s| !s.lines.is_empty() && s.entry.table.is_some()).count();
    if faulty > 0 && total + tables + experiments == 0 {
        return None;
    }
    if asked == 0 {
        return Some(match look.part && collected.numbered > 0 {
            true => "there are fewer questions than parts, and none for this one".to_owned(),
            false if look.allow_empty => nothing(look.filtered).to_owned(),
            false => format!("{} (--allow-empty accepts that)", nothing(look.filtered)),
        });
    }
    let checks = match (total, unexpected) {
        (0, _) => "no checks".to_owned(),
        (1, 0) => "1 check, as expected".to_owned(),
        (1, _) => "1 check, not as expected".to_owned(),
        (n, 0) => format!("{n} checks, all as expected"),
        (n, k) => format!("{n} checks, {k} not as expected"),
    };
    let mut parts = if total > 0 || tables + experiments == 0 { vec![checks] } else { Vec::new() };
    for (n, what) in [(tables, "table"), (experiments, "experiment")] {
        match n {
            0 => {}
            1 => parts.push(format!("1 {what}")),
            n => parts.push(format!("{n} {what}s")),
        }
    }
    let left = asked.saturating_sub(total + tables + experiments);
    if left > 0 && faulty == 0 {
        parts.push(format!("{left} not {}", if collected.late { "finished" } else { "looked at" }));
    }
    if collected.late {
        parts.push("the time limit was reached".to_owned());
    }
    match faulty {
        0 => {}
        1 => parts.push("1 file with errors".to_owned()),
        n => parts.push(format!("{n} files with errors")),
    }
    match collected.files.iter().map(|f| f.warnings.len()).sum::<usize>() {
        1 if look.denied => parts.push("1 warning, which counts as an error".to_owned()),
        n if look.denied && n > 0 => parts.push(format!("{n} warnings, which count as errors")),
        _ => {}
    }
    Some(parts.join("; "))
}
