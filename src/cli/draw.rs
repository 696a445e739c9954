//! `nat draw`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::check::Search;
use super::files::{Disk, read_all};
use super::out::Out;
use super::printer::Printer;
use super::run::pool;
use super::select::Only;
use super::status;
use crate::check::lower::system::{System, Systems};
use crate::report::json::CheckEntry;
use crate::report::picture::{Mark, Picture};
use crate::report::verdict;
use crate::source::Sources;
use crate::syntax::tree::{Domain, File, Instance, ItemKind};
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
    /// Draw only these checks: a name in them, a part of their text, or FILE:LINE.
    #[arg(long, value_name = "WHAT", value_parser = Only::read)]
    only: Vec<Only>,
    /// In which language.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write each picture into a file of its own in this folder.
    #[arg(long, value_name = "FOLDER")]
    out_dir: Option<PathBuf>,
    #[command(flatten)]
    search: Search,
}

/// Runs `nat draw` and returns the exit status.
pub fn run(arguments: &Arguments) -> u8 {
    let mut out = Out::new(false);
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
        answers.iter().filter_map(|a| picture(a, &CheckEntry::new(&sources, a), &file, &systems)).collect();
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
        let texts: Vec<String> = pictures.iter().map(make).collect();
        let text = texts.join("\n");
        if arguments.format == Format::Text {
            out.line(text.trim_end())
        } else {
            out.raw(&text)
        }
        return status::OK;
    };
    for (i, picture) in pictures.iter().enumerate() {
        let path = folder.join(format!("{:02}-{}.{ending}", i + 1, file_name(&picture.title)));
        let done = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, make(picture)));
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

/// The picture of one check; none of a table.
fn picture(answer: &Answer, entry: &CheckEntry, file: &File, systems: &Systems) -> Option<Picture> {
    let found = entry.verdict.as_deref()?;
    let mut picture = Picture::new(&answer.task.text, &verdict(entry), Mark::of(found));
    let mark = if picture.mark == Mark::Commutes { Mark::Plain } else { picture.mark };
    if let Some(system) = entry.along.as_deref().and_then(|name| systems.get(name)) {
        let marks = |label: &str| {
            let square = answer.system.as_ref().and_then(|r| r.squares.iter().find(|s| s.name == label));
            square.map_or(Mark::Plain, |s| Mark::of(s.finding.verdict().text()))
        };
        place_system(&mut picture, system, &marks);
        return Some(picture);
    }
    match (entry.kind.as_str(), &entry.optimizer, &entry.along, &entry.left, &entry.right) {
        (_, Some(optimizer), Some(along), ..) => {
            let step = answer.task.problems.first().is_some_and(|p| !matches!(p.shape, crate::check::Shape::Flow));
            square(&mut picture, (optimizer, along), ends(file, along), step, mark);
        }
        ("preserves", None, Some(along), ..) => {
            let (a, b) = ends(file, along);
            let what = if answer.task.text.contains("output") { "output" } else { "loss" };
            let (a, b, r) = (picture.node(&a, 0, 0), picture.node(&b, 1, 0), picture.node("R", 1, 1));
            picture.arrow(a, b, along, Mark::Plain);
            picture.arrow(b, r, what, mark);
            picture.bent(a, r, what, mark, -1);
        }
        ("commutes", _, _, Some(left), Some(right)) => paths(&mut picture, left, right, file, mark),
        (_, _, _, Some(left), Some(right)) => {
            let on = entry.on.as_deref().unwrap_or("A");
            let (a, b) = (picture.node(&format!("S({on})"), 0, 0), picture.node(&format!("TS({on})"), 1, 0));
            picture.bent(a, b, left, mark, 1);
            picture.bent(a, b, right, mark, -1);
        }
        _ => return None,
    }
    Some(picture)
}

/// The naturality square: states above, below what the map makes of them.
fn square(picture: &mut Picture, (optimizer, along): (&str, &str), (a, b): (String, String), step: bool, mark: Mark) {
    let t = if step { "S" } else { "TS" };
    let s = format!("S({along})");
    let right = if step { s.clone() } else { format!("T{s}") };
    let nodes = [
        picture.node(&format!("S({a})"), 0, 0),
        picture.node(&format!("{t}({a})"), 1, 0),
        picture.node(&format!("S({b})"), 0, 1),
        picture.node(&format!("{t}({b})"), 1, 1),
    ];
    picture.arrow(nodes[0], nodes[1], optimizer, mark);
    picture.arrow(nodes[2], nodes[3], optimizer, mark);
    picture.arrow(nodes[0], nodes[2], &s, Mark::Plain);
    picture.arrow(nodes[1], nodes[3], &right, Mark::Plain);
}

/// Two parallel paths, one above the other.
fn paths(picture: &mut Picture, left: &str, right: &str, file: &File, mark: Mark) {
    let (a, b) = ends(file, left);
    let parts = |path: &str| path.split(" ; ").map(str::to_owned).collect::<Vec<_>>();
    let (above, below) = (parts(left), parts(right));
    let last = above.len().max(below.len());
    let (start, end) = (picture.node(&a, 0, 1), picture.node(&b, last, 1));
    for (path, row) in [(above, 0), (below, 2)] {
        let mut at = start;
        for (i, part) in path.iter().enumerate() {
            let next = if i + 1 == path.len() { end } else { picture.node(&ends(file, part).1, i + 1, row) };
            let bend = if path.len() == 1 { if row == 0 { 1 } else { -1 } } else { 0 };
            picture.bent(at, next, part, mark, bend);
            at = next;
        }
    }
}

/// Where a path starts and ends, as its first and last maps say.
fn ends(file: &File, path: &str) -> (String, String) {
    let first = path.split(" ; ").next().unwrap_or(path);
    let last = path.rsplit(" ; ").next().unwrap_or(first);
    let name = |part: &str| part.split('(').next().unwrap_or(part).to_owned();
    if let Some(inner) = first.strip_prefix("id(").and_then(|r| r.strip_suffix(')')) {
        return (inner.to_owned(), if last == first { inner.to_owned() } else { ends(file, last).1 });
    }
    let declared = |part: &str| {
        file.items.iter().find_map(|item| match &item.kind {
            ItemKind::Morphism(m) if m.name.name == name(part) => {
                let source = match &m.source {
                    Domain::Named(i) => instance(i),
                    Domain::Inline(..) => format!("source of {}", m.name.name),
                };
                Some((source, instance(&m.target)))
            }
            ItemKind::Composite(c) if c.name.name == name(part) => {
                let all: Vec<String> = c.path.parts.iter().map(instance).collect();
                // A map that is made of itself is a fault of the file, and not drawn.
                (!all.iter().any(|p| name(p) == name(part))).then(|| ends(file, &all.join(" ; ")))
            }
            _ => None,
        })
    };
    let a = declared(first).map_or("A".to_owned(), |(a, _)| a);
    let b = declared(last).map_or("B".to_owned(), |(_, b)| b);
    (a, b)
}

fn instance(i: &Instance) -> String {
    i.to_string()
}

/// So many arrows of a system are drawn.
const MOST: usize = 200;

/// A system: the objects in rows by their distance from the smallest ones.
fn place_system(picture: &mut Picture, system: &System, mark: &dyn Fn(&str) -> Mark) {
    let arrows = &system.family.arrows;
    let objects = system.diagram_objects();
    let mut depth = vec![0usize; objects];
    for _ in 0..objects {
        let mut changed = false;
        for a in arrows {
            let deeper = depth[a.target] + 1;
            if depth[a.source] < deeper {
                depth[a.source] = deeper;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let largest = depth.iter().copied().max().unwrap_or(0);
    let mut rows = vec![0usize; largest + 1];
    let mut numbers = Vec::with_capacity(objects);
    for (object, d) in depth.iter().enumerate() {
        let label = system.object_label(object);
        let row = rows[*d];
        rows[*d] += 1;
        numbers.push(picture.node(&label, largest - d, row));
    }
    for a in arrows.iter().take(MOST) {
        picture.arrow(numbers[a.source], numbers[a.target], &a.label, mark(&a.label));
    }
    if let Some((_, apex, legs, _)) = &system.cone {
        let apex = match numbers.get(*apex) {
            Some(known) => *known,
            None => picture.node(&system.object_label(*apex), 0, rows.iter().copied().max().unwrap_or(0) + 1),
        };
        for a in legs.iter().take(MOST) {
            if let Some(to) = numbers.get(a.target).filter(|to| **to != apex) {
                picture.bent(apex, *to, &a.label, mark(&a.label), 1);
            }
        }
    }
}

/// The systems of the file that no check is about.
fn unasked(file: &File, answers: &[Answer], systems: &Systems) -> Vec<Picture> {
    let asked = |name: &str| answers.iter().any(|a| a.task.along.as_deref() == Some(name));
    let names = file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::System(s) => Some(&s.name.name),
        ItemKind::Cone(c) => Some(&c.name.name),
        _ => None,
    });
    names
        .filter(|name| !asked(name))
        .filter_map(|name| {
            let mut picture = Picture::new(name, "", Mark::Plain);
            place_system(&mut picture, systems.get(name)?, &|_| Mark::Plain);
            Some(picture)
        })
        .collect()
}
