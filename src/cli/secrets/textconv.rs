//! `gen secrets textconv`: a sealed file for Git to compare line by line.

use crate::{
    cli::{Exit, Global, report, secret::IdentityArguments},
    diag::{Problems, Sources},
    hash::sha256,
    host,
    plain::{Plain, PlainText},
    secret::sops::{self, Sealed, Version},
};
use std::path::PathBuf;

/// A sealed file as text for `git diff`: keys, and a word that changes with each value
///
/// No value is shown, and no key is needed. In place of an encrypted value stands a short hash of its encrypted text,
/// which says nothing of the value; in place of the `sops` block, who can open the file.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  gen secrets textconv environments/secrets/prod/kuard/kuard-tls.sops.yaml\n\nFor Git, once in each clone:\n  git config diff.gen-sealed.textconv \"gen secrets textconv\"\nand in .gitattributes:\n  *.sops.yaml diff=gen-sealed"
)]
pub(in crate::cli) struct Arguments {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Show the values too, if there is a key
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    identities: IdentityArguments,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let name = arguments.file.display().to_string();
    let content = match host::read_secret(&arguments.file) {
        Ok(content) => content,
        Err(why) => {
            report::tell(&format!("error: `{name}` {why}"));
            return Exit::Unknown;
        }
    };
    let text = shown(arguments, &name, &content, &mut sources, &mut problems);
    report::findings(global, &problems, &sources);
    report::raw(text.as_bytes());
    Exit::Yes
}

/// Git gives up on a whole `git log` where this fails: so every file gives a text.
fn shown(
    arguments: &Arguments,
    name: &str,
    content: &Plain,
    sources: &mut Sources,
    problems: &mut Problems,
) -> PlainText {
    let (mut hidden, mut found) = (Sources::new(), Problems::new());
    let text = content.as_text().unwrap_or_default();
    let source = hidden.add_hidden(name, text);
    let Some(sealed) = Sealed::read(text, source, &mut found) else {
        let why = found.0.first().map_or("it is no text", |problem| problem.message.as_str());
        return format!("# not shown: {why}\n# sha256 {}\n", sha256(content)).into();
    };
    if arguments.reveal {
        let source = sources.add_hidden(name, text);
        let opened = Sealed::read(text, source, problems)
            .and_then(|sealed| sealed.open(&arguments.identities.find(problems), problems));
        if let Some(opened) = opened {
            return sops::textconv(Version::Opened(&opened), true);
        }
    }
    sops::textconv(Version::Sealed(&sealed), false)
}
