//! `nat naturalize`.

use std::io::Write;

use clap::Args;

use super::files::{Disk, read_all};
use super::out::Out;
use super::printer::Printer;
use super::status;
use crate::check::Budget;
use crate::check::naturalize::{Naturalized, naturalize};
use crate::core::class::Class;
use crate::core::names::{CLASSES, Declared, nearest};
use crate::source::{Sources, Span};
use crate::syntax::tree::{Ident, Instance, Item, ItemKind};
use crate::uses::Files;
use crate::{Options, load};

/// Arguments of `nat naturalize`.
#[derive(Debug, Args)]
#[command(after_help = "\
The changed optimizer goes to standard output, what was changed to standard error.
Exit status: 0 found, or natural already; 1 no change is known; 2 the input has errors; 3 wrong command line.")]
pub struct Arguments {
    /// The file; `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// The optimizer, one that the file declares or uses.
    #[arg(long, value_name = "NAME")]
    optimizer: String,
    /// The class of maps along which it should be natural; without it the largest for which a change is known.
    #[arg(long, value_name = "CLASS", value_parser = class)]
    along: Option<Class>,
}

fn class(word: &str) -> Result<Class, String> {
    Class::of_word(word).ok_or_else(|| {
        let near = nearest(word, CLASSES).map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
        format!("no such class; {near}the classes are {}", CLASSES.join(", "))
    })
}

/// Runs `nat naturalize` and returns the exit status.
pub fn run(arguments: &Arguments) -> u8 {
    let mut sources = Sources::default();
    let disk = Disk::default();
    let mut files = Files::new(&disk);
    let printer = Printer::new();
    let mut err = anstream::stderr();
    let path = std::path::PathBuf::from(&arguments.file);
    let id = match read_all(&[path], &disk, &mut sources, &mut files).pop() {
        Some(Ok(id)) => id,
        Some(Err(error)) => {
            let _ = writeln!(err, "{}", printer.without_place(&error));
            return status::INPUT;
        }
        None => return status::USAGE,
    };
    let model = match load(&mut sources, id, &mut files) {
        Ok(model) => model,
        Err(errors) => {
            for e in &errors {
                let _ = writeln!(err, "{}", printer.error(&sources, e));
            }
            return status::INPUT;
        }
    };
    let name = &arguments.optimizer;
    let Some(Declared::Optimizer(optimizer)) = model.lookup(name) else {
        let known: Vec<&str> =
            model.declarations().filter(|(_, d, _)| matches!(d, Declared::Optimizer(_))).map(|(n, ..)| n).collect();
        let near = nearest(name, known).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
        let _ = writeln!(err, "nat: {} has no optimizer `{name}`{near}", sources.get(id).name);
        return status::INPUT;
    };
    let span = Span::new(id, 0, 0);
    let instance = Instance { name: Ident { name: name.clone(), span }, args: Vec::new(), span };
    let options = Options::default();
    let budget = Budget::new(options.seed, options.samples, options.effort);
    let (changed, notes, code) = match naturalize(&model, optimizer, &instance, arguments.along, &budget) {
        Err(defect) => {
            let _ = writeln!(err, "nat: internal error: {defect}\nThis is a defect of nat; please report the file.");
            return status::INTERNAL;
        }
        Ok(Naturalized::Already(class, found)) => {
            let note = format!("`{name}` is natural along {} already: {}", class.maps(), found.message);
            (model[optimizer].clone(), vec![note], status::OK)
        }
        Ok(Naturalized::Changed(changed, class, repair, found)) => {
            let mut notes = vec![format!("along {}: {}; {}", class.maps(), found.verdict().text(), found.message)];
            for (_, old, new) in &repair.edits {
                notes.push(if old.is_empty() {
                    format!("added `{new}`")
                } else {
                    format!("replaced `{old}` by `{new}`")
                });
            }
            notes.extend(repair.reasons.iter().map(|r| format!("because {r}")));
            (*changed, notes, status::OK)
        }
        Ok(Naturalized::None) => {
            let along = arguments.along.map_or("any larger class".to_owned(), |c| c.maps().to_owned());
            let _ = writeln!(err, "nat: no change is known that makes `{name}` natural along {along}");
            return status::UNEXPECTED;
        }
    };
    for note in notes {
        let _ = writeln!(err, "{note}");
    }
    let item = Item { doc: String::new(), span, kind: ItemKind::Optimizer(changed) };
    let mut out = Out::new(false);
    out.raw(&format!("{item}\n"));
    super::finish(out, code)
}
