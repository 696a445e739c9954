//! `nat completions` and `nat man`: what shells and manuals need, made from the command line itself.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::status;

/// Arguments of `nat completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

/// Arguments of `nat man`.
#[derive(Debug, Args)]
pub struct Man {
    /// A command of nat; without it the page is about nat as a whole.
    command: Option<String>,
}

/// Prints a completion script.
pub fn completions(arguments: &Completions) -> u8 {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "nat", &mut text);
    super::print(&String::from_utf8_lossy(&text))
}

/// Prints a manual page.
pub fn man(arguments: &Man) -> u8 {
    let mut command = super::Arguments::command();
    command.build();
    let chosen = match &arguments.command {
        None => command,
        Some(name) => match command.find_subcommand(name) {
            Some(found) => found.clone(),
            None => {
                let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
                super::out::Out::new(false).error(&format!("nat: no command `{name}`; there are {}", names.join(", ")));
                return status::USAGE;
            }
        },
    };
    let mut text = Vec::new();
    if let Err(e) = clap_mangen::Man::new(chosen).render(&mut text) {
        super::out::Out::new(false).error(&format!("nat: cannot make the page: {e}"));
        return status::OUTPUT;
    }
    super::print(&String::from_utf8_lossy(&text))
}
