//! The command line.

mod cache;
mod check;
mod collect;
mod draw;
mod explain;
mod files;
mod fix;
mod fmt;
mod init;
mod lsp;
mod merge;
mod naturalize;
mod out;
mod output;
mod printer;
mod progress;
mod run;
mod schema;
mod select;
mod shell;
mod show;
mod text;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The exit statuses of `nat`.
pub mod status {
    /// Everything as expected.
    pub const OK: u8 = 0;
    /// Some check is not as expected.
    pub const UNEXPECTED: u8 = 1;
    /// Some input has errors, or there was nothing to check.
    pub const INPUT: u8 = 2;
    /// The command line is wrong.
    pub const USAGE: u8 = 3;
    /// The output could not be written.
    pub const OUTPUT: u8 = 4;
    /// A defect of `nat` itself: two engines contradict each other.
    pub const INTERNAL: u8 = 70;
}

/// nat checks whether neural-network optimizers commute with maps between networks.
///
/// A .nat file describes architectures, maps between them (reparametrisations, projections, embeddings) and optimizers.
/// `nat check` decides for each `check` in the file whether its diagram commutes, by exact algebra and by numbers, and
/// shows the smallest point that proves it when it does not.
#[derive(Debug, Parser)]
#[command(name = "nat", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decide every check in the given files.
    Check(Box<check::Arguments>),
    /// Print an optimizer changed so that it is natural along a class of maps.
    Naturalize(naturalize::Arguments),
    /// Check again whenever a file changes.
    Watch(Box<watch::Arguments>),
    /// Set spaces and indentation.
    Fmt(fmt::Arguments),
    /// Apply repairs that were checked, or accept what was found.
    Fix(fix::Arguments),
    /// Explain an error code, with an example that has it and one that has not.
    Explain(explain::Arguments),
    /// Write a first file.
    Init(init::Arguments),
    /// Draw the diagrams of checks and systems.
    Draw(draw::Arguments),
    /// Serve an editor over standard input and output.
    Lsp,
    /// Join the reports of a run that several machines have shared.
    Merge(merge::Arguments),
    /// Print the JSON Schema of reports.
    Schema,
    /// Print a script that completes commands in a shell.
    Completions(shell::Completions),
    /// Print the manual page of nat, or of one of its commands.
    Man(shell::Man),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(a) => a,
        Err(e) => {
            // Help and version are no errors.
            use std::io::Write as _;
            let code = if e.use_stderr() { status::USAGE } else { status::OK };
            let mut out = out::Out::new(false);
            out.note(e.print().and_then(|()| std::io::stdout().flush()));
            return ExitCode::from(finish(out, code));
        }
    };
    let code = match arguments.command {
        Command::Check(a) => check::run(&a),
        Command::Naturalize(a) => naturalize::run(&a),
        Command::Watch(a) => watch::run(&a),
        Command::Fmt(a) => fmt::run(&a),
        Command::Fix(a) => fix::run(&a),
        Command::Explain(a) => explain::run(&a),
        Command::Init(a) => init::run(&a),
        Command::Draw(a) => draw::run(&a),
        Command::Lsp => lsp::run(),
        Command::Merge(a) => merge::run(&a),
        Command::Schema => schema::run(),
        Command::Completions(a) => shell::completions(&a),
        Command::Man(a) => shell::man(&a),
    };
    ExitCode::from(code)
}

/// The status of a run, unless its output could not be written.
fn finish(out: out::Out, code: u8) -> u8 {
    match out.finish() {
        None => code,
        Some(e) => {
            use std::io::Write as _;
            let _ = writeln!(anstream::stderr(), "nat: cannot write the output: {e}");
            status::OUTPUT
        }
    }
}

/// Prints a text on standard output.
fn print(text: &str) -> u8 {
    let mut out = out::Out::new(false);
    out.raw(text);
    finish(out, status::OK)
}
