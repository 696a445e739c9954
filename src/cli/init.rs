//! `nat init`.

use std::path::PathBuf;

use clap::Args;

use super::out::Out;
use super::status;

/// The file that is written.
const FIRST: &str = include_str!("first.nat");

/// Arguments of `nat init`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder, which is made if there is none.
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
}

/// Runs `nat init` and returns the exit status.
pub fn run(arguments: &Arguments) -> u8 {
    let mut out = Out::new(false);
    let path = arguments.folder.join("first.nat");
    let made = std::fs::create_dir_all(&arguments.folder).and_then(|()| {
        use std::io::Write as _;
        std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?.write_all(FIRST.as_bytes())
    });
    let shown = super::files::shown(path.as_os_str());
    match made {
        Ok(()) => {
            out.line(&format!("{shown} is written. Try\n\n  nat check {shown}\n  nat watch {shown}"));
            super::finish(out, status::OK)
        }
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            out.error(&format!("nat: {shown} is there already, and is left as it is"));
            status::INPUT
        }
        Err(e) => {
            out.error(&format!("nat: cannot write {shown}: {e}"));
            status::OUTPUT
        }
    }
}
