//! `nat watch`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use clap::Args;
use notify::{RecursiveMode, Watcher as _};

use super::files::{Disk, expand, read_all};
use super::out::Out;
use super::{check, status};
use crate::report::made::sha256;
use crate::source::Sources;
use crate::syntax::tree::{Item, ItemKind, UseTarget};
use crate::uses::{Files, Loader as _};

/// Changes that come this soon after each other are one change.
const QUIET: Duration = Duration::from_millis(60);

/// Files are looked at this often even if the system tells of no change: some folders are not watched by it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Arguments of `nat watch`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Arguments {
    #[command(flatten)]
    check: check::Arguments,
}

/// Checks whenever a file changes, until the process is ended.
pub fn run(arguments: &Arguments) -> u8 {
    if arguments.check.files.iter().any(|f| f == "-") {
        Out::new(false).error("nat: standard input is read once and cannot be watched; name a file");
        return status::USAGE;
    }
    let (send, events) = channel();
    let mut watcher = match notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok() {
            let _ = send.send(());
        }
    }) {
        Ok(watcher) => watcher,
        Err(e) => {
            Out::new(false).error(&format!("nat: cannot watch files: {e}"));
            return status::OUTPUT;
        }
    };
    let mut before: Option<BTreeMap<PathBuf, String>> = None;
    loop {
        let now = contents(&arguments.check.files);
        if before.as_ref() != Some(&now) {
            for folder in now.keys().filter_map(|p| p.parent()) {
                let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                // One that cannot be watched is looked at now and then.
                let _ = watcher.watch(folder, RecursiveMode::NonRecursive);
            }
            announce(before.as_ref(), &now);
            let code = check::run(&arguments.check);
            if code == status::USAGE || code == status::OUTPUT {
                return code;
            }
            before = Some(now);
        }
        match events.recv_timeout(PATIENCE) {
            Ok(()) => while events.recv_timeout(QUIET).is_ok() {},
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(PATIENCE),
        }
    }
}

/// Says what has changed; on a terminal, on a fresh screen.
fn announce(before: Option<&BTreeMap<PathBuf, String>>, now: &BTreeMap<PathBuf, String>) {
    let Some(before) = before else { return };
    let mut out = Out::new(false);
    if std::io::stdout().is_terminal() {
        out.raw("\u{1b}[2J\u{1b}[H");
    }
    let changed = now.iter().filter(|(p, hash)| before.get(*p) != Some(hash)).map(|(p, _)| p);
    let gone = before.keys().filter(|p| !now.contains_key(*p));
    let names: Vec<String> = changed.chain(gone).map(|p| super::files::shown(p.as_os_str())).collect();
    out.line(&format!("changed: {}", names.join(", ")));
}

/// The path that a declaration reads.
fn path_of(item: &Item) -> Option<&str> {
    match &item.kind {
        ItemKind::Use(UseTarget::Path(path, _)) => Some(path),
        ItemKind::Data(data) => data.read.as_ref().map(|(path, _)| path.as_str()),
        _ => None,
    }
}

/// The files that are checked and all that they use, with what they hold.
fn contents(arguments: &[OsString]) -> BTreeMap<PathBuf, String> {
    let paths: Vec<PathBuf> = expand(arguments).into_iter().filter_map(Result::ok).collect();
    let disk = Disk::default();
    let mut sources = Sources::default();
    let mut files = Files::new(&disk);
    let ids = read_all(&paths, &disk, &mut sources, &mut files);
    let mut all = BTreeMap::new();
    for (path, id) in paths.iter().zip(ids) {
        let Ok(id) = id else {
            all.insert(path.clone(), String::new());
            continue;
        };
        for part in files.gather(&mut sources, id).parts.iter().filter(|p| !p.id.is_library()) {
            let source = sources.get(part.id);
            all.insert(PathBuf::from(&source.name), sha256(source.text.as_bytes()));
            all.extend(part.tables.iter().map(|(_, t)| (PathBuf::from(&t.name), t.sha256.clone())));
            // What is missing may come.
            all.extend(part.file.items.iter().filter_map(path_of).filter_map(|path| {
                let (name, _) = disk.locate(&source.name, path).err()?;
                Some((PathBuf::from(name), String::new()))
            }));
        }
    }
    all
}
