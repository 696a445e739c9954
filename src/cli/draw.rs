//! `nat draw`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::check::{Color, Search};
use super::files::{Disk, read_all};
use super::out::Out;
use super::printer::Printer;
use super::run::pool;
use super::select::Only;
use super::status;
use crate::check::lower::system::Systems;
use crate::report::json::CheckEntry;
use crate::report::picture::Picture;
use crate::source::Sources;
use crate::syntax::tree::{File, ItemKind};
use crate::uses::Files;
use crate::{Answer, check_source, load};

/// In which language to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Characters of a terminal.
    Text,
    /// SVG.
    Svg,
    /// LaTeX, for the package tikz-cd.
    Tikz,
    /// A link that opens the diagram in quiver.
    Quiver,
    /// Graphviz.
    Dot,
    /// Mermaid.
    Mermaid,
}

/// Arguments of `nat draw`.
#[derive(Debug, Args)]
#[command(after_help = "\
Draws the diagram of each check, and each system that no check is about. Of several SVG pictures each is a file of its
own: with --out-dir they are written there.
Exit status: 0 drawn; 2 the input has errors, or there is nothing to draw; 3 wrong command line; 4 it could not be written.")]
pub struct Arguments {
    /// The file; `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Draw only these checks: a whole name in them, a part of their text that is more than
    /// a name, or FILE:LINE.
    #[arg(long, value_name = "WHAT", value_parser = Only::read)]
    only: Vec<Only>,
    /// In which language.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write each picture into a file of its own in this folder.
    #[arg(long, value_name = "FOLDER")]
    out_dir: Option<PathBuf>,
    /// When to print in colour.
    #[arg(long, value_enum, default_value = "auto")]
    color: Color,
    /// Draw with ASCII characters only.
    #[arg(long)]
    ascii: bool,
    #[command(flatten)]
    search: Search,
}

/// Runs `nat draw` and returns the exit status.
pub fn run(arguments: &Arguments) -> u8 {
    arguments.color.apply();
    let mut out = Out::new(arguments.ascii);
    let code = match pool(arguments.search.threads.into()) {
        Ok(pool) => pool.install(|| draw(arguments, &mut out)),
        Err(e) => {
            out.error(&format!("nat: cannot start worker threads: {e}"));
            status::INTERNAL
        }
    };
    super::finish(out, code)
}

fn draw(arguments: &Arguments, out: &mut Out) -> u8 {
    let printer = Printer::new();
    let disk = Disk::default();
    let mut sources = Sources::default();
    let mut files = Files::new(&disk);
    let id = match read_all(std::slice::from_ref(&arguments.file), &disk, &mut sources, &mut files).pop() {
        Some(Ok(id)) => id,
        Some(Err(error)) => {
            out.error(&printer.without_place(&error));
            return status::INPUT;
        }
        None => return status::USAGE,
    };
    let (model, report) = match (
        load(&mut sources, id, &mut files),
        check_source(&mut sources, id, &mut files, &arguments.search.options(None)),
    ) {
        (Ok(model), Ok(report)) if report.errors.is_empty() => (model, report),
        (Err(errors), _) => return faults(&sources, &errors, &printer, out),
        (_, Ok(report)) => return faults(&sources, &report.errors, &printer, out),
        (_, Err(defect)) => {
            out.error(&format!("nat: internal error: {defect}"));
            return status::INTERNAL;
        }
    };
    let systems = Systems::resolve(&model, 1);
    let (file, _) = crate::syntax::parse(id, sources.get(id));
    let chosen = |a: &&Answer| {
        let only = &arguments.only;
        only.is_empty() || only.iter().any(|o| o.holds(sources.get(id), a.task.span, &a.task.text))
    };
    let answers: Vec<&Answer> = report.answers.iter().filter(chosen).collect();
    let mut pictures: Vec<Picture> =
        answers.iter().filter_map(|a| Picture::of(&CheckEntry::new(&sources, a))).collect();
    if arguments.only.is_empty() {
        pictures.extend(unasked(&file, &report.answers, &systems));
    }
    if pictures.is_empty() {
        out.error("nat: there is nothing to draw");
        return status::INPUT;
    }
    write(&pictures, arguments, out)
}

fn faults(sources: &Sources, errors: &[crate::InputError], printer: &Printer, out: &mut Out) -> u8 {
    for error in errors {
        out.error(&printer.error(sources, error));
    }
    status::INPUT
}

fn write(pictures: &[Picture], arguments: &Arguments, out: &mut Out) -> u8 {
    let (make, ending): (fn(&Picture) -> String, &str) = match arguments.format {
        Format::Text => (Picture::terminal, "txt"),
        Format::Svg => (Picture::svg, "svg"),
        Format::Tikz => (Picture::tikz, "tex"),
        Format::Quiver => (Picture::quiver, "url"),
        Format::Dot => (Picture::dot, "dot"),
        Format::Mermaid => (Picture::mermaid, "mmd"),
    };
    let Some(folder) = &arguments.out_dir else {
        if arguments.format == Format::Svg && pictures.len() > 1 {
            out.error("nat: there are several pictures; choose one with --only, or a folder with --out-dir");
            return status::USAGE;
        }
        let text = match arguments.format {
            Format::Mermaid => Picture::all_in_mermaid(pictures),
            _ => pictures.iter().map(make).collect::<Vec<_>>().join("\n"),
        };
        if arguments.format == Format::Text {
            out.line(text.trim_end())
        } else {
            out.raw(&text)
        }
        return status::OK;
    };
    for (i, picture) in pictures.iter().enumerate() {
        let path = folder.join(format!("{:02}-{}.{ending}", i + 1, file_name(&picture.title)));
        let text = make(picture);
        let text = if arguments.format == Format::Text { out.plain(&text) } else { text };
        let done = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
        if let Err(e) = done {
            out.error(&format!("nat: cannot write {}: {e}", path.display()));
            return status::OUTPUT;
        }
        out.line(&path.display().to_string());
    }
    status::OK
}

/// A title as part of a file's name.
fn file_name(title: &str) -> String {
    let name: String = title.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).take(60).collect();
    name.split('-').filter(|p| !p.is_empty()).collect::<Vec<_>>().join("-")
}

/// The systems of the file that no check is about.
fn unasked(file: &File, answers: &[Answer], systems: &Systems) -> Vec<Picture> {
    let asked = |name: &str| answers.iter().any(|a| a.task.along.as_deref() == Some(name));
    let names = file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::System(s) => Some(&s.name.name),
        ItemKind::Cone(c) => Some(&c.name.name),
        _ => None,
    });
    names.filter(|name| !asked(name)).filter_map(|name| systems.get(name).map(Picture::of_system)).collect()
}
