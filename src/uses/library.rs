//! The standard library: texts of the language that are part of the program.

use std::sync::{Arc, OnceLock};

use crate::source::{Source, SourceId};
use crate::syntax::tree::File;
use crate::syntax::{self, nearest};

/// A text of the standard library.
#[derive(Debug)]
pub struct Library {
    /// The name after `use`.
    pub name: &'static str,
    text: &'static str,
    parsed: OnceLock<(Source, Arc<File>)>,
}

/// All libraries, in order of name.
static LIBRARIES: [Library; 6] = [
    Library::new("std.kfac", include_str!("../std/kfac.nat")),
    Library::new("std.lora", include_str!("../std/lora.nat")),
    Library::new("std.maps", include_str!("../std/maps.nat")),
    Library::new("std.nets", include_str!("../std/nets.nat")),
    Library::new("std.optimizers", include_str!("../std/optimizers.nat")),
    Library::new("std.widths", include_str!("../std/widths.nat")),
];

impl Library {
    const fn new(name: &'static str, text: &'static str) -> Self {
        Library { name, text, parsed: OnceLock::new() }
    }

    /// Its text and its tree. It is parsed at the first use in a process; that it has no fault is a test of this crate.
    pub fn parsed(&self) -> &(Source, Arc<File>) {
        self.parsed.get_or_init(|| {
            let source = Source::new(format!("<{}>", self.name), self.text);
            let (file, _) = syntax::parse(self.id(), &source);
            (source, Arc::new(file))
        })
    }

    /// The id of its text.
    pub fn id(&self) -> SourceId {
        let number = LIBRARIES.iter().position(|l| l.name == self.name).unwrap_or(0);
        SourceId::library(u8::try_from(number).unwrap_or(u8::MAX))
    }
}

/// All libraries, in order of name.
pub fn all() -> impl Iterator<Item = &'static Library> {
    LIBRARIES.iter()
}

/// The library of this name.
pub fn named(name: &str) -> Option<&'static Library> {
    all().find(|l| l.name == name)
}

/// What to say of a name that is no library: a near miss, and what there is.
pub fn suggestion(name: &str) -> String {
    let names: Vec<String> = all().map(|l| format!("`{}`", l.name)).collect();
    let list = match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    };
    if let Some(path) = name.strip_suffix(".nat") {
        return format!("a file is used by its path in quotation marks: `use \"{path}.nat\"`");
    }
    match nearest(name, all().map(|l| l.name)) {
        Some(near) => format!("did you mean `{near}`? The libraries are {list}"),
        None => format!("the libraries are {list}; a file is used by its path in quotation marks: `use \"path.nat\"`"),
    }
}
