//! Reading files: those that are given, and those that they use.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::source::{Source, SourceId, Sources};
use crate::uses::{Files, Loader, Location};

/// Larger files are refused.
const MAX_BYTES: u64 = 16 << 20;

/// What standard input is reported as.
const STDIN: &str = "<stdin>";

/// A file that could not be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("cannot read {file}: {reason}")]
#[diagnostic(code(nat::source::unreadable))]
pub struct Unreadable {
    file: String,
    reason: String,
}

/// Used files are found on disk: a path is relative to the file that uses it, and from standard input to the working
/// directory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Loader for Disk {
    fn locate(&self, from: &str, path: &str) -> Result<Location, (String, String)> {
        if path.is_empty() {
            return Err(("\"\"".to_owned(), "the path is empty".to_owned()));
        }
        let folder = if from == STDIN { None } else { Path::new(from).parent() };
        let path = tidy(folder.map_or(PathBuf::from(path), |folder| folder.join(path)));
        let name = path.display().to_string();
        match identity(&path) {
            Ok(identity) => Ok(Location { identity, name }),
            Err(e) => Err((name, e.to_string())),
        }
    }

    fn read(&self, location: &Location) -> Result<String, String> {
        read_file(Path::new(&location.name))
    }
}

/// Reads the files that are given on the command line; `-` is standard input.
pub fn read_all(names: &[String], sources: &mut Sources, files: &mut Files<'_>) -> Vec<Result<SourceId, Unreadable>> {
    let read = names.iter().map(|file| {
        let path = Path::new(file);
        let fail = |reason: String| Unreadable { file: file.clone(), reason };
        if file == "-" {
            let text = read_text(std::io::stdin().lock()).map_err(fail)?;
            return Ok(sources.add(Source::new(STDIN, &text)));
        }
        let id = sources.add(Source::new(file, &read_file(path).map_err(fail)?));
        if let Ok(identity) = identity(path) {
            files.know(identity, id);
        }
        Ok(id)
    });
    read.collect()
}

/// The path without `.` and `a/..`, if that is a path to the same file; through a symbolic link it may not be.
fn tidy(path: PathBuf) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if short.file_name().is_some() => {
                short.pop();
            }
            part => short.push(part),
        }
    }
    match (short.canonicalize(), path.canonicalize()) {
        (Ok(a), Ok(b)) if a == b => short,
        _ => path,
    }
}

/// The same for every path to the same file.
fn identity(path: &Path) -> std::io::Result<String> {
    Ok(path.canonicalize()?.to_string_lossy().into_owned())
}

fn read_file(path: &Path) -> Result<String, String> {
    if path.is_dir() {
        return Err("it is a folder; name the .nat files in it".into());
    }
    read_text(std::fs::File::open(path).map_err(|e| e.to_string())?)
}

fn read_text(from: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_BYTES >> 20));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let line = e.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
        format!("it is not UTF-8: line {line} (byte {at}) holds a byte that is not text")
    })
}
