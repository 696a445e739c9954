//! The tools around the language from outside: each subcommand and each format, as a user meets them.

#[path = "tools/check.rs"]
mod check;
#[path = "tools/formats.rs"]
mod formats;
#[path = "tools/hostile.rs"]
mod hostile;
#[path = "tools/others.rs"]
mod others;
#[path = "tools/pictures.rs"]
mod pictures;
#[path = "tools/reports.rs"]
mod reports;
#[path = "tools/run.rs"]
mod run;
#[path = "tools/schema.rs"]
mod schema;
