//! Answers that are kept from run to run, in a folder that the user names.
//!
//! What is kept of a file is found under a key made from everything that its answers depend on: the program (its version
//! and its own bytes), the options, the questions that are chosen, and the names and texts of the file and of all that
//! it uses. A wrong or damaged entry is no entry.

use std::path::{Path, PathBuf};

use super::collect::FileShown;
use crate::report::made::{SourceEntry, sha256};

/// A folder of kept answers.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    /// What all keys of this run have in common.
    common: String,
}

impl Cache {
    /// The answers that are kept in a folder, of runs with these options.
    ///
    /// # Errors
    /// If the folder cannot be made or this program cannot be read, in words.
    pub fn open(folder: &Path, options: &str) -> Result<Cache, String> {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let program = std::env::current_exe().and_then(std::fs::read).map_err(|e| e.to_string())?;
        let common = format!("{}\n{}\n{options}", env!("CARGO_PKG_VERSION"), sha256(&program));
        Ok(Cache { folder: folder.to_owned(), common })
    }

    fn key(&self, texts: &[SourceEntry]) -> String {
        let mut all = self.common.clone();
        for text in texts {
            all.push_str(&format!("\n{:?} {}", text.file, text.sha256));
        }
        sha256(all.as_bytes())
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }

    /// What is kept of a file with these texts, the file itself last.
    pub fn find(&self, texts: &[SourceEntry]) -> Option<FileShown> {
        let text = std::fs::read_to_string(self.path(&self.key(texts))).ok()?;
        let kept: FileShown = serde_json::from_str(&text).ok()?;
        (kept.sources == texts).then_some(kept)
    }

    /// Keeps what came of a file. That it cannot be kept is no error of the run.
    pub fn keep(&self, file: &FileShown) {
        let path = self.path(&self.key(&file.sources));
        let Ok(text) = serde_json::to_string(file) else { return };
        // Written beside and moved, so that nobody reads half of it.
        let beside = path.with_extension(format!("{}.part", std::process::id()));
        if std::fs::write(&beside, text).is_ok() {
            let _ = std::fs::rename(&beside, &path);
        }
    }
}
