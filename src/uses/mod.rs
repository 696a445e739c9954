//! From one file to all that it uses: files by their path, and the libraries of the language.
//!
//! Texts come from a [`Loader`], so that this stage reads no files itself. [`Files`] remembers what was read and parsed:
//! a file that is used twice, by one file or by several, is one set of declarations.

pub mod data;
pub mod error;
pub mod library;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::source::{Source, SourceId, Sources, Span};
use crate::syntax::tree::{File, ItemKind, UseTarget};
use crate::syntax::{self, SyntaxError};
use data::Table;
use error::UseError;

/// The largest number of files that one file may use, directly or not.
pub const MAX_FILES: usize = 1000;

/// Where a used file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The same for every path to the same file.
    pub identity: String,
    /// The name that it is reported under.
    pub name: String,
}

/// Finds and reads the files that `use \"path.nat\"` names.
pub trait Loader {
    /// The file that `path` means in the source that is reported as `from`.
    ///
    /// # Errors
    /// The name under which it was looked for, and why there is none, in words.
    fn locate(&self, from: &str, path: &str) -> Result<Location, (String, String)>;

    /// Its text.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn read(&self, location: &Location) -> Result<String, String>;

    /// The bytes of a file of numbers.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn bytes(&self, location: &Location) -> Result<Vec<u8>, String>;
}

/// A loader without files: a text may use libraries only.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Loader for NoFiles {
    fn locate(&self, _: &str, path: &str) -> Result<Location, (String, String)> {
        Err((path.to_owned(), "no files can be read here".to_owned()))
    }

    fn read(&self, _: &Location) -> Result<String, String> {
        Err("no files can be read here".to_owned())
    }

    fn bytes(&self, _: &Location) -> Result<Vec<u8>, String> {
        Err("no files can be read here".to_owned())
    }
}

/// The files of a run: where they come from, and what was read.
pub struct Files<'l> {
    loader: &'l dyn Loader,
    known: FxHashMap<String, SourceId>,
    parsed: FxHashMap<SourceId, (Arc<File>, Vec<SyntaxError>)>,
    tables: FxHashMap<String, Result<Arc<Table>, String>>,
}

/// A file with what it uses.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its source.
    pub id: SourceId,
    /// Its tree.
    pub file: Arc<File>,
    /// What it uses itself, in order, each once.
    pub uses: Vec<SourceId>,
    /// The files of numbers that its data read, by the place of `read "…"`.
    pub tables: Vec<(Span, Arc<Table>)>,
}

/// A file and all that it uses, directly or not.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The files, those used before those that use them: the file itself comes last.
    pub parts: Vec<Part>,
    /// The errors of syntax in them.
    pub syntax: Vec<SyntaxError>,
    /// The `use`s that bring nothing.
    pub errors: Vec<UseError>,
    /// The files that are being visited, each with the `use` in it that is followed.
    open: Vec<(SourceId, Span)>,
}

impl Gathered {
    /// The error of a circle in the open files from this one on. It is the same wherever the circle is entered: it
    /// starts at the file that was read first.
    fn circle(&self, sources: &Sources, start: usize) -> UseError {
        let mut files = self.open[start..].to_vec();
        let first = (0..files.len()).min_by_key(|&i| files[i].0).unwrap_or(0);
        files.rotate_left(first);
        let (_, span) = files[0];
        let names = files.iter().chain(&files[..1]).map(|&(f, _)| sources.get(f).name.as_str());
        UseError::Cycle { circle: names.collect::<Vec<_>>().join(" → "), span }
    }
}

impl<'l> Files<'l> {
    /// No files yet.
    pub fn new(loader: &'l dyn Loader) -> Self {
        Files { loader, known: FxHashMap::default(), parsed: FxHashMap::default(), tables: FxHashMap::default() }
    }

    /// Says that the file of this identity has been read already, as this source. The first source counts.
    pub fn know(&mut self, identity: String, id: SourceId) {
        self.known.entry(identity).or_insert(id);
    }

    /// A source and all that it uses.
    pub fn gather(&mut self, sources: &mut Sources, id: SourceId) -> Gathered {
        let mut gathered = Gathered::default();
        self.visit(sources, id, &mut gathered);
        gathered
    }

    fn visit(&mut self, sources: &mut Sources, id: SourceId, gathered: &mut Gathered) {
        let (file, syntax) = self.parse(sources, id);
        gathered.syntax.extend(syntax);
        let at = gathered.open.len();
        gathered.open.push((id, Span::new(id, 0, 0)));
        let mut uses = Vec::new();
        let mut tables = Vec::new();
        for item in &file.items {
            if let ItemKind::Data(data) = &item.kind
                && let Some((path, span)) = &data.read
            {
                match self.table(sources, id, path, *span) {
                    Ok(table) => tables.push((*span, table)),
                    Err(error) => gathered.errors.push(error),
                }
            }
            let ItemKind::Use(target) = &item.kind else { continue };
            gathered.open[at].1 = item.span;
            let used = match self.find(sources, id, target, item.span, gathered) {
                Ok(used) => used,
                Err(error) => {
                    gathered.errors.push(error);
                    continue;
                }
            };
            if !uses.contains(&used) {
                uses.push(used);
            }
            if !gathered.parts.iter().any(|p| p.id == used) {
                self.visit(sources, used, gathered);
            }
        }
        gathered.open.pop();
        gathered.parts.push(Part { id, file, uses, tables });
    }

    fn parse(&mut self, sources: &Sources, id: SourceId) -> (Arc<File>, Vec<SyntaxError>) {
        let parse = || {
            let (file, errors) = syntax::parse(id, sources.get(id));
            (Arc::new(file), errors)
        };
        match library::all().find(|l| l.id() == id) {
            Some(library) => (Arc::clone(&library.parsed().1), Vec::new()),
            None => self.parsed.entry(id).or_insert_with(parse).clone(),
        }
    }

    /// The source that a `use` names, unless that closes a circle.
    fn find(
        &mut self,
        sources: &mut Sources,
        from: SourceId,
        target: &UseTarget,
        span: Span,
        gathered: &Gathered,
    ) -> Result<SourceId, UseError> {
        let id = match target {
            UseTarget::Library(words) => {
                let name = words.iter().map(|w| w.name.as_str()).collect::<Vec<_>>().join(".");
                let Some(found) = library::named(&name) else {
                    let help = library::suggestion(&name);
                    return Err(UseError::UnknownLibrary { name, help, span });
                };
                sources.add_library(found.id(), &found.parsed().0);
                found.id()
            }
            UseTarget::Path(path, _) => self.find_file(sources, from, path, span)?,
        };
        if let Some(start) = gathered.open.iter().position(|&(open, _)| open == id) {
            return Err(gathered.circle(sources, start));
        }
        if gathered.parts.len() + gathered.open.len() > MAX_FILES && !gathered.parts.iter().any(|p| p.id == id) {
            return Err(UseError::TooMany { limit: MAX_FILES, span });
        }
        Ok(id)
    }

    /// The numbers of a file, read once.
    fn table(&mut self, sources: &Sources, from: SourceId, path: &str, span: Span) -> Result<Arc<Table>, UseError> {
        let fail = |file: String, reason: String| UseError::Data { file, reason, span };
        let found = self.loader.locate(&sources.get(from).name, path);
        let location = found.map_err(|(file, reason)| fail(file, reason))?;
        let read = || {
            let bytes = self.loader.bytes(&location)?;
            data::table(&location.name, &bytes).map(Arc::new)
        };
        let known = self.tables.entry(location.identity.clone()).or_insert_with(read).clone();
        known.map_err(|reason| fail(location.name, reason))
    }

    fn find_file(
        &mut self,
        sources: &mut Sources,
        from: SourceId,
        path: &str,
        span: Span,
    ) -> Result<SourceId, UseError> {
        let found = self.loader.locate(&sources.get(from).name, path);
        let location = found.map_err(|(file, reason)| UseError::Unreadable { file, reason, span })?;
        if let Some(&id) = self.known.get(&location.identity) {
            return Ok(id);
        }
        match self.loader.read(&location) {
            Ok(text) => {
                let id = sources.add(Source::new(location.name, &text));
                self.known.insert(location.identity, id);
                Ok(id)
            }
            Err(reason) => Err(UseError::Unreadable { file: location.name, reason, span }),
        }
    }
}
