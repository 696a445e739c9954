//! Names across files: where what a file declares is named in the files that use it, and another name for it there.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use lsp_types::{Location, Position, Range, TextEdit, Url, WorkspaceEdit};

use super::super::files::{expand, read_file};
use super::document::Document;
use super::names::{Elsewhere, elsewhere, same};
use super::open::Open;
use crate::source::{Sources, Span};
use crate::syntax::words::Role;
use crate::uses::Files;

/// So many files of the folders that the editor has opened are looked at.
const MOST: usize = 1000;

/// The texts that an editor has open, and the folders that it works in.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Open texts.
    pub open: Vec<Document>,
    /// Folders.
    pub folders: Vec<PathBuf>,
}

impl Workspace {
    /// The text of a file, as it is open or on disk.
    fn document(&self, path: &std::path::Path) -> Option<Document> {
        let uri = Url::from_file_path(path).ok()?;
        let open = self.open.iter().find(|d| d.uri.to_file_path().is_ok_and(|p| p == path)).cloned();
        let mut found = match open {
            Some(open) => open,
            None => Document::new(&uri, &read_file(path).ok()?, 0),
        };
        found.open = self.texts();
        Some(found)
    }

    fn texts(&self) -> Arc<BTreeMap<String, String>> {
        Arc::new(self.open.iter().map(|d| (d.name.clone(), d.source.text.to_string())).collect())
    }

    /// The texts but one that have a word: those that are open, and the files of the folders; an error if there are more
    /// files than are looked at.
    fn others(&self, than: &Document, word: &str) -> Result<Vec<Document>, String> {
        let texts = self.texts();
        let mut found: Vec<Document> = self.open.iter().filter(|d| d.uri != than.uri).cloned().collect();
        let folders: Vec<OsString> = self.folders.iter().map(|f| f.clone().into_os_string()).collect();
        let files: Vec<PathBuf> = expand(&folders).into_iter().filter_map(Result::ok).collect();
        if files.len() > MOST {
            return Err(format!("the folder has more than {MOST} files that may use it: rename with a tool for texts"));
        }
        for path in files {
            let Some(uri) = std::path::absolute(&path).ok().and_then(|p| Url::from_file_path(p).ok()) else { continue };
            if uri == than.uri || found.iter().any(|d| d.uri == uri) {
                continue;
            }
            if let Some(text) = read_file(&path).ok().filter(|text| text.contains(word)) {
                found.push(Document::new(&uri, &text, 0));
            }
        }
        found.retain(|d| d.source.text.contains(word));
        for document in &mut found {
            document.open = Arc::clone(&texts);
        }
        Ok(found)
    }
}

/// What a name stands for, and where it is named.
struct Named {
    /// The text that declares or binds it.
    home: Document,
    /// The number of the name there.
    origin: usize,
    /// The places in the home, and in each text that uses it.
    places: Vec<(Document, Vec<Span>)>,
}

/// The file that a declaration of another file stands in; none if it is a library's.
fn file_of(found: &Elsewhere) -> Option<PathBuf> {
    if found.word.span.source.is_library() {
        return None;
    }
    std::path::absolute(&found.source.name).ok().filter(|p| p.exists())
}

/// Whether a text uses another, directly or not.
fn uses(document: &Document, home: &Document) -> bool {
    let loader = Open::new(&document.open);
    let mut sources = Sources::default();
    let mut files = Files::new(&loader);
    let id = sources.add(document.source.clone());
    let parts = files.gather(&mut sources, id).parts;
    let there = home.uri.to_file_path().ok();
    parts.iter().filter(|p| p.id != id && !p.id.is_library()).any(|p| {
        let path = std::path::absolute(&sources.get(p.id).name).ok();
        path.is_some() && path == there
    })
}

/// The names of a text that nothing in it declares or binds.
fn unresolved<'d>(document: &'d Document, name: &'d str) -> impl Iterator<Item = (Role, Span)> + 'd {
    let all = document.words.iter().zip(document.origins.iter());
    all.filter(move |(w, origin)| origin.is_none() && w.name == name).map(|(w, _)| (w.role, w.span))
}

/// All places of what the name at a place stands for, in this text and in the others.
fn named(document: &Document, at: Position, workspace: &Workspace) -> Result<Named, String> {
    let word = document.word_at(at).ok_or("there is no name here")?;
    let name = document.words[word].name.clone();
    let (home, origin) = match document.origins[word] {
        Some(origin) => (document.clone(), origin),
        None => {
            let found = elsewhere(document, &name)
                .ok_or_else(|| format!("`{name}` is a word of the language, or nothing declares it"))?;
            let path = file_of(&found).ok_or_else(|| {
                format!("`{name}` is declared in the library `{}`", found.source.name.trim_matches(['<', '>']))
            })?;
            let home = workspace.document(&path).ok_or_else(|| format!("{} cannot be read", path.display()))?;
            let origin = home.words.iter().position(|w| w.span.start == found.word.span.start && w.name == name);
            let origin = origin.ok_or_else(|| format!("{} has changed", home.name))?;
            (home, origin)
        }
    };
    let here: Vec<Span> = (0..home.words.len())
        .filter(|&i| i == origin || home.origins[i] == Some(origin))
        .map(|i| home.words[i].span)
        .collect();
    let declared = home.words[origin].role == Role::Declares;
    let mut places = vec![(home.clone(), here)];
    for other in workspace.others(&home, &name)? {
        // What is bound inside an item is named elsewhere left of `=`, as an argument, or as a block.
        let there: Vec<Span> = unresolved(&other, &name)
            .filter(|(role, _)| !declared || matches!(role, Role::Uses | Role::Size))
            .map(|(_, span)| span)
            .collect();
        if (!there.is_empty() || other.broken) && uses(&other, &home) {
            places.push((other, there));
        }
    }
    Ok(Named { home, origin, places })
}

/// Where the name at a place is named, with or without the place that declares or binds it.
pub fn references(document: &Document, at: Position, declaration: bool, workspace: &Workspace) -> Vec<Location> {
    let location = |d: &Document, span: Span| Location { uri: d.uri.clone(), range: d.range(span) };
    let Ok(found) = named(document, at, workspace) else {
        // A word of the language, or of a library: the places in this text.
        return same(document, at).into_iter().map(|span| location(document, span)).collect();
    };
    let origin = found.home.words[found.origin].span;
    let declares = found.home.words[found.origin].role == Role::Declares;
    // A parameter of one item may have the name of another's: where it stands in other files is not told apart.
    let texts = if declares { found.places.len() } else { 1 };
    let mut all = Vec::new();
    for (text, spans) in &found.places[..texts] {
        let named = |span: &&Span| declaration || text.uri != found.home.uri || **span != origin;
        all.extend(spans.iter().filter(named).map(|span| location(text, *span)));
    }
    all
}

/// The place of the name that can be renamed; none if what is there is no name, or is declared in the library.
pub fn renamed(document: &Document, at: Position) -> Option<Range> {
    let word = document.word_at(at)?;
    if document.origins[word].is_none() {
        file_of(&elsewhere(document, &document.words[word].name)?)?;
    }
    Some(document.range(document.words[word].span))
}

/// The edits that give another name to what the name at a place stands for, in all texts that name it; why not, if it is
/// declared in the library, if the new name is none or would be taken for something else, or if a text cannot be followed.
pub fn rename(document: &Document, at: Position, new: &str, workspace: &Workspace) -> Result<WorkspaceEdit, String> {
    let found = named(document, at, workspace)?;
    let name = &found.home.words[found.origin].name;
    let declared = found.home.words[found.origin].role == Role::Declares;
    let mut changes: HashMap<Url, Vec<TextEdit>> = HashMap::new();
    for (text, spans) in &found.places {
        let home = text.uri == found.home.uri;
        if !home && text.broken {
            return Err(format!("{} uses the file and has errors of syntax: mend them first", text.name));
        }
        if !home && !declared {
            return Err(format!("{} may mean this `{name}`, too: which one it is cannot be told there", text.name));
        }
        kept(text, spans, new, declared).map_err(|fault| match text.uri == document.uri {
            true => format!("{fault} here"),
            false => format!("{fault} in {}", text.name),
        })?;
        let edits = spans.iter().map(|s| TextEdit { range: text.range(*s), new_text: new.to_owned() }).collect();
        changes.insert(text.uri.clone(), edits);
    }
    Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

/// Whether all names of a text stand for what they stood for, once another name is written at these places.
fn kept(document: &Document, spans: &[Span], new: &str, declared: bool) -> Result<(), String> {
    let mut text = document.source.text.to_string();
    for span in spans.iter().rev() {
        text.replace_range(span.start..span.end, new);
    }
    let after = Document::new(&document.uri, &text, 0);
    let same = after.words.len() == document.words.len() && after.origins == document.origins;
    let taken = declared && (unresolved(document, new).next().is_some() || elsewhere(document, new).is_some());
    if same && !taken {
        return Ok(());
    }
    Err(format!("`{new}` is no name, or stands for something else"))
}
