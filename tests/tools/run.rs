//! Running the binary in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Two checks that are as expected, one that is not, of which a repair is known.
pub const TEXT: &str = "\
architecture Plane { param x, y : R  output = [x, y]  loss = x^2 + 3 * y^2 }
reparam Zoom(a : R where a > 0) : (u, v : R) -> Plane { x = a * u  y = a * v }
reparam Stretch : (u, v : R) -> Plane { x = 2 * u  y = v }
optimizer Gradient { flow { d/dt params = -grad(loss) } }
optimizer Natural { flow { d/dt params = -natgrad(loss) } }
check natural Natural along Stretch
check natural Gradient along Zoom expect up to rate a^2
check natural Gradient along Stretch
";

/// A fault on line 1.
pub const FAULTY: &str = "architecture Broken { param x : R  loss = x + undeclared }\n";

/// A folder of its own for one test, removed at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tools-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Folder(path)
    }

    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the test");
        std::fs::write(&path, text).expect("a file for the test");
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The binary, to be run in the folder.
    pub fn nat(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nat"));
        command.current_dir(&self.0).stdin(Stdio::null()).env("COLUMNS", "80");
        for variable in ["NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "NAT_CACHE_DIR"] {
            command.env_remove(variable);
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran(self.nat().args(arguments).output().expect("the binary runs"))
    }

    /// Runs `nat check --format json` with these arguments.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[&["check", "--format", "json"], arguments].concat());
        serde_json::from_str(&ran.stdout()).unwrap_or_else(|e| panic!("{e} in {}", ran.stdout()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What came of a run.
pub struct Ran(pub Output);

impl Ran {
    pub fn status(&self) -> i32 {
        self.0.status.code().unwrap_or_else(|| panic!("killed by a signal: {}", self.stderr()))
    }

    pub fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("standard output is UTF-8")
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Both, with a sentence for a failing assertion.
    pub fn all(&self) -> String {
        format!("status {:?}\n{}\n{}", self.0.status.code(), self.stdout(), self.stderr())
    }
}
