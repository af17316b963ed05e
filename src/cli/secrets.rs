//! `gen secrets explain`: who can open a sealed file, and why.

mod explain;

use super::{Exit, Global};

/// Sealed files: who can open them, and why
#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "Example:\n  gen secrets explain prod kuard/kuard-tls   who should be able to open it, and who can"
)]
pub(super) enum Command {
    Explain(explain::Arguments),
}

pub(super) fn run(global: &Global, command: &Command) -> Exit {
    match command {
        Command::Explain(arguments) => explain::run(global, arguments),
    }
}
