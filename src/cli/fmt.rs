//! `nat fmt`.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;

use super::files::{expand, read_file, read_text, shown};
use super::out::Out;
use super::printer::Printer;
use super::status;
use crate::InputError;
use crate::source::{Source, Sources};
use crate::syntax::format::{Unformatted, format};

/// Arguments of `nat fmt`.
#[derive(Debug, Args)]
#[command(after_help = "\
Comments, empty lines and line breaks stay where they are; spaces and indentation are set. Lines end as the first
line does.
Exit status: 0 done, or nothing to do; 1 with --check, some file is not in its layout; 2 some input has errors;
3 wrong command line; 4 a file could not be written.")]
pub struct Arguments {
    /// Files, folders and patterns; `-` reads standard input and writes to standard output.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<OsString>,
    /// Change nothing, and list the files that would change.
    #[arg(long)]
    check: bool,
}

/// What came of one file.
enum Outcome {
    AsItWas,
    Changed,
    Faulty,
    Unwritten,
}

/// Runs `nat fmt` and returns the exit status.
pub fn run(arguments: &Arguments) -> u8 {
    let mut out = Out::new(false);
    let printer = Printer::new();
    let mut code = status::OK;
    for path in expand(&arguments.files) {
        let outcome = match path {
            Ok(path) => one(&path, arguments.check, &printer, &mut out),
            Err(error) => {
                out.error(&printer.without_place(&error));
                Outcome::Faulty
            }
        };
        code = code.max(match outcome {
            Outcome::Changed if arguments.check => status::UNEXPECTED,
            Outcome::AsItWas | Outcome::Changed => status::OK,
            Outcome::Faulty => status::INPUT,
            Outcome::Unwritten => status::OUTPUT,
        });
    }
    super::finish(out, code)
}

/// A text with the line ends of another one: what a system writes stays what it writes.
pub fn ends_as_in(like: &str, text: String) -> String {
    let first = like.find('\n').is_some_and(|at| like[..at].ends_with('\r'));
    if first { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text.replace("\r\n", "\n") }
}

fn one(path: &Path, check: bool, printer: &Printer, out: &mut Out) -> Outcome {
    let piped = path == Path::new("-");
    let name = if piped { "<stdin>".to_owned() } else { shown(path.as_os_str()) };
    let text = match if piped { read_text(std::io::stdin().lock()) } else { read_file(path) } {
        Ok(text) => text,
        Err(reason) => {
            out.error(&printer.without_place(&super::files::Unreadable { file: name, reason, empty: false }));
            return Outcome::Faulty;
        }
    };
    let mut sources = Sources::default();
    let id = sources.add(Source::new(&name, &text));
    let formatted = match format(id, sources.get(id)) {
        Ok(formatted) => ends_as_in(&text, formatted),
        Err(Unformatted::Faulty(errors)) => {
            for error in errors {
                out.error(&printer.error(&sources, &InputError::from(error)));
            }
            return Outcome::Faulty;
        }
        Err(Unformatted::Changed) => {
            out.error(&format!("nat: {name} is left as it is: its layout would not read the same, a defect of nat"));
            return Outcome::Faulty;
        }
    };
    let same = formatted == text;
    if piped && !check {
        out.raw(&formatted);
    } else if same {
        return Outcome::AsItWas;
    } else if check {
        out.line(&name);
    } else if let Err(e) = std::fs::write(path, &formatted) {
        out.error(&format!("nat: cannot write {name}: {e}"));
        return Outcome::Unwritten;
    }
    if same { Outcome::AsItWas } else { Outcome::Changed }
}
