//! `gen man`: manual pages.

use super::{Arguments as Program, Exit, Global, report};
use crate::{
    diag::{Problems, Sources},
    write,
};
use clap::{Command, CommandFactory};
use std::path::PathBuf;

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
        match write::put(folder, &name, text.as_bytes()) {
            Ok(_) => report::say(global, &format!("created {}", folder.join(&name).display())),
            Err(said) => {
                problems.push(*said);
                break;
            }
        }
    }
    report::findings(global, &problems, &Sources::new());
    if problems.has_errors() { Exit::Unknown } else { Exit::Yes }
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
