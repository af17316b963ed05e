//! `gen secrets`: sealed files as a whole, and what Git needs of them.

mod copy;
mod explain;
mod listing;
mod merge;
mod textconv;
mod to_replace;

use super::{Exit, Global};

/// Sealed files: what they hold, who can open them, and why; without a command the list of all
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen secrets                                all sealed files, and how they stand\n  gen secrets list prod                      those of one environment and its layers\n  gen secrets explain prod kuard/kuard-tls   who should be able to open it, and who can"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(listing::Arguments),
    Explain(explain::Arguments),
    Copy(copy::Arguments),
    Replaced(to_replace::Replaced),
    Exposed(to_replace::Exposed),
    Merge(merge::Arguments),
    Resolve(merge::Resolve),
    Textconv(textconv::Arguments),
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    match &arguments.command {
        None => listing::run(global, &listing::Arguments::default()),
        Some(Command::List(arguments)) => listing::run(global, arguments),
        Some(Command::Explain(arguments)) => explain::run(global, arguments),
        Some(Command::Copy(arguments)) => copy::run(global, arguments),
        Some(Command::Replaced(arguments)) => to_replace::replaced(global, arguments),
        Some(Command::Exposed(arguments)) => to_replace::exposed(global, arguments),
        Some(Command::Merge(arguments)) => merge::run(global, arguments),
        Some(Command::Resolve(arguments)) => merge::resolve(global, arguments),
        Some(Command::Textconv(arguments)) => textconv::run(global, arguments),
    }
}
