//! `nat explain`.

use clap::Args;

use super::out::Out;
use super::status;
use crate::explain::{page, pages};
use crate::syntax::nearest;

/// Arguments of `nat explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A code, such as `nat::shape::mismatch` or its last word; without it all codes are listed.
    code: Option<String>,
}

/// Runs `nat explain` and returns the exit status.
pub fn run(arguments: &Arguments) -> u8 {
    let mut out = Out::new(false);
    let Some(code) = &arguments.code else {
        let width = pages().map(|p| p.code.len()).max().unwrap_or(0);
        for p in pages() {
            out.line(&format!("{:width$}  {}", p.code, p.summary()));
        }
        return super::finish(out, status::OK);
    };
    match page(code) {
        Some(page) => {
            out.line(&format!("# {}\n\n{}", page.code, page.text));
            super::finish(out, status::OK)
        }
        None => {
            let full = if code.starts_with("nat::") { code.clone() } else { format!("nat::{code}") };
            let near = nearest(&full, pages().map(|p| p.code)).map(|n| format!("; did you mean `{n}`?"));
            out.error(&format!("nat: there is no code `{code}`{}", near.unwrap_or_default()));
            out.error("`nat explain` lists all codes");
            status::USAGE
        }
    }
}
