//! Reading files: those that are given, and those that they use.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use crate::source::{Source, SourceId, Sources};
use crate::uses::{Files, Loader, Location};

use crate::report::steers;

/// Larger files are refused.
const MAX_BYTES: u64 = 16 << 20;

/// Larger files of numbers are refused.
const MAX_DATA: u64 = 256 << 20;

/// What standard input is reported as.
pub const STDIN: &str = "<stdin>";

/// A file that could not be read.
#[derive(Debug, Clone, thiserror::Error, miette::Diagnostic)]
#[error("cannot read {file}: {reason}")]
#[diagnostic(code(nat::source::unreadable))]
pub struct Unreadable {
    /// The file, as it is shown.
    pub file: String,
    /// Why not, in words.
    pub reason: String,
    /// Whether it names files, and there are none.
    pub empty: bool,
}

/// Used files are found on disk: a path is relative to the file that uses it, and from standard input to the working
/// directory.
#[derive(Debug, Default)]
pub struct Disk {
    /// The paths of the files whose names are not what is shown of them.
    odd: Mutex<BTreeMap<String, PathBuf>>,
}

impl Disk {
    /// The name under which a path is reported: the path itself, but for characters that are no text or that would
    /// steer a terminal.
    pub fn name(&self, path: &Path) -> String {
        let name = shown(path.as_os_str());
        if path.to_str() != Some(name.as_str())
            && let Ok(mut odd) = self.odd.lock()
        {
            odd.insert(name.clone(), path.to_owned());
        }
        name
    }

    fn path(&self, name: &str) -> PathBuf {
        let odd = self.odd.lock().ok().and_then(|odd| odd.get(name).cloned());
        odd.unwrap_or_else(|| PathBuf::from(name))
    }
}

impl Loader for Disk {
    fn locate(&self, from: &str, path: &str) -> Result<Location, (String, String)> {
        if path.is_empty() {
            return Err(("\"\"".to_owned(), "the path is empty".to_owned()));
        }
        let from = self.path(from);
        let folder = if from == Path::new(STDIN) { None } else { from.parent() };
        let path = tidy(folder.map_or(PathBuf::from(path), |folder| folder.join(path)));
        let name = self.name(&path);
        match identity(&path) {
            Ok(identity) => Ok(Location { identity, name }),
            Err(e) => Err((name, e.to_string())),
        }
    }

    fn read(&self, location: &Location) -> Result<String, String> {
        let path = self.path(&location.name);
        // A pipe would be waited for, perhaps for ever; only one that is named on the command line is meant so.
        match path.metadata() {
            Ok(m) if !m.is_file() && !m.is_dir() => Err("it is no regular file".to_owned()),
            _ => read_file(&path),
        }
    }

    fn bytes(&self, location: &Location) -> Result<Vec<u8>, String> {
        let path = self.path(&location.name);
        let about = path.metadata().map_err(|e| e.to_string())?;
        if !about.is_file() {
            return Err("it is no regular file".to_owned());
        }
        if about.len() > MAX_DATA {
            return Err(format!("it is larger than {} MiB", MAX_DATA >> 20));
        }
        std::fs::read(&path).map_err(|e| e.to_string())
    }
}

/// What is shown of a name: bytes that are no text, control characters and marks of direction are escaped.
pub fn shown(name: &OsStr) -> String {
    let escaped = |text: &str| {
        let mut out = String::new();
        for c in text.chars() {
            if steers(c) {
                out.extend(c.escape_default());
            } else {
                out.push(c);
            }
        }
        out
    };
    match name.to_str() {
        Some(text) => escaped(text),
        None => {
            // The debug form writes other bytes as `\xNN`, and a backslash twice.
            let quoted = format!("{name:?}");
            escaped(quoted.trim_matches('"'))
        }
    }
}

/// The files that arguments name: a file as it is, a folder by the `.nat` files in it and below, a pattern by the files
/// that match it. In the order of the arguments, those of one argument in order of name, each once.
pub fn expand(arguments: &[OsString]) -> Vec<Result<PathBuf, Unreadable>> {
    let mut found: Vec<Result<PathBuf, Unreadable>> = Vec::new();
    let mut seen: std::collections::BTreeSet<PathBuf> = std::collections::BTreeSet::new();
    for argument in arguments {
        let path = Path::new(argument);
        let several = if argument == "-" {
            None
        } else if path.is_dir() {
            // The files of `.` are named without it.
            Some(folder(path).map(|all| all.iter().map(|p| p.strip_prefix(".").unwrap_or(p).to_owned()).collect()))
        } else {
            argument.to_str().filter(|a| !path.exists() && a.contains(['*', '?', '['])).map(pattern)
        };
        match several {
            None if seen.insert(path.to_owned()) => found.push(Ok(path.to_owned())),
            None => {}
            Some(Ok(paths)) => found.extend(paths.into_iter().filter(|p| seen.insert(p.clone())).map(Ok)),
            Some(Err((reason, empty))) => found.push(Err(Unreadable { file: shown(argument), reason, empty })),
        }
    }
    found
}

/// The `.nat` files below a folder, without those whose names begin with a point. Symbolic links to folders are not
/// followed, since they may close a circle.
fn folder(path: &Path) -> Result<Vec<PathBuf>, (String, bool)> {
    let failed = |e: std::io::Error| (e.to_string(), false);
    let mut files = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(_) if path.extension().is_some_and(|e| e == "nat") && path.is_file() => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    if files.is_empty() { Err(("there are no .nat files in this folder".to_owned(), true)) } else { Ok(files) }
}

fn pattern(text: &str) -> Result<Vec<PathBuf>, (String, bool)> {
    let paths = glob::glob(text).map_err(|e| (format!("it is no file, and as a pattern: {e}"), false))?;
    let mut files: Vec<PathBuf> = paths.filter_map(Result::ok).filter(|p| p.is_file()).collect();
    files.sort();
    if files.is_empty() { Err(("no file matches this pattern".to_owned(), true)) } else { Ok(files) }
}

/// Reads the files that are given on the command line; `-` is standard input.
pub fn read_all(
    paths: &[PathBuf],
    disk: &Disk,
    sources: &mut Sources,
    files: &mut Files<'_>,
) -> Vec<Result<SourceId, Unreadable>> {
    let read = paths.iter().map(|path| {
        let name = disk.name(path);
        let fail = |reason: String| Unreadable { file: name.clone(), reason, empty: false };
        if path == Path::new("-") {
            let text = read_text(std::io::stdin().lock()).map_err(fail)?;
            return Ok(sources.add(Source::new(STDIN, &text)));
        }
        let id = sources.add(Source::new(&name, &read_file(path).map_err(fail)?));
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

/// The same for every path to the same file; it tells apart names that differ in bytes that are no text.
pub fn identity(path: &Path) -> std::io::Result<String> {
    Ok(format!("{:?}", path.canonicalize()?))
}

/// The text of a file.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn read_file(path: &Path) -> Result<String, String> {
    if path.is_dir() {
        return Err("it is a folder; name the .nat files in it".into());
    }
    read_text(std::fs::File::open(path).map_err(|e| e.to_string())?)
}

/// The text that a reader gives.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn read_text(from: impl Read) -> Result<String, String> {
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
