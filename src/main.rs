//! The `nat` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    nat::cli::run()
}
