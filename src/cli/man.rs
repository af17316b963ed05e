//! `gen man`: manual pages.

use super::{Arguments as Program, Exit, Global, report};
use crate::{
    diag::{Diagnostic, Problems, Sources},
    load::{Disk, Files},
    write,
};
use clap::{Command, CommandFactory};
use std::path::{Path, PathBuf};

/// Manual pages, one a command
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen man | man -l -                 read the first page\n  gen man ~/.local/share/man/man1    write all of them: `man gen-render`"
)]
pub(super) struct Arguments {
    /// The folder for all pages, made if need be; without it the first page is printed
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut command = Program::command();
    command.build();
    let Some(folder) = &arguments.folder else {
        report::exact(&page(&command).1);
        return Exit::Yes;
    };
    let mut pages = Vec::new();
    all(&command, &mut pages);
    let mut problems = Problems::new();
    for (name, text) in pages {
        match put(folder, &name, &text) {
            Ok(()) => report::say(global, &format!("created {}", folder.join(&name).display())),
            Err(said) => {
                problems.push(*said);
                break;
            }
        }
    }
    report::findings(global, &problems, &Sources::new());
    if problems.has_errors() { Exit::Unknown } else { Exit::Yes }
}

/// Writes a page, over an earlier one too.
fn put(folder: &Path, name: &str, text: &str) -> Result<(), Box<Diagnostic>> {
    match write::create(folder, name, text.as_bytes()) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let before = Disk::new(folder).ok().and_then(|disk| disk.read(name).ok());
            write::replace(folder, name, before.as_deref(), Some(text.as_bytes()))
        }
        Err(error) => {
            let message = format!("`{}` cannot be written: {error}", folder.join(name).display());
            let said = Diagnostic::error("init/write", message);
            Err(Box::new(said.help("choose a folder that you can write to")))
        }
    }
}

/// The page of a command and of all below it.
fn all(command: &Command, pages: &mut Vec<(String, String)>) {
    pages.push(page(command));
    let commands =
        command.get_subcommands().filter(|command| command.get_name() != "help" && !command.is_hide_set());
    commands.for_each(|command| all(command, pages));
}

/// The file's name, and the page as troff.
fn page(command: &Command) -> (String, String) {
    let man = clap_mangen::Man::new(command.clone());
    let mut text = Vec::new();
    man.render(&mut text).expect("memory takes every write");
    (man.get_filename(), String::from_utf8_lossy(&text).into_owned())
}
