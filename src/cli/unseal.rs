//! `gen unseal`: what a sealed file holds, to standard output or to a file.

use super::{
    Exit, Format, Global, open, report,
    secret::{IdentityArguments, SealedProject, WhichArguments},
};
use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list, visible},
    host, load,
    plain::Plain,
    secret::{manifest, sops::Opened},
    yaml::commented,
};
use std::{io::IsTerminal, path::PathBuf};

/// Prints what a sealed file holds
///
/// All of it is decrypted in this process and compared with the code over it; nothing is printed of a file that was
/// tampered with.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen unseal prod kuard/kuard-tls\n  gen unseal environments/secrets/prod/kuard/kuard-tls.sops.yaml --out ../kuard-tls.yaml\n  gen unseal prod kuard/kuard-tls --key tls.crt | openssl x509 -noout -dates"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: WhichArguments,
    /// Only the value of this key, to the byte
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Write it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    identities: IdentityArguments,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    if global.format == Format::Json {
        problems.push(
            Diagnostic::error("usage/values", "values are not printed as JSON")
                .because("what reads JSON tends to log it")
                .help("leave `--format` out; `--key KEY` gives one value to the byte"),
        );
    }
    let Some(mut project) = SealedProject::open(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    let plain = plain(global, &mut project, arguments, &mut problems);
    let given = plain.is_some_and(|plain| !problems.has_errors() && give(arguments, &plain, &mut problems));
    if !given {
        return open::failed_in(global, &problems, &project.project.sources);
    }
    report::findings(global, &problems, &project.project.sources);
    Exit::Yes
}

fn plain(
    global: &Global,
    project: &mut SealedProject,
    arguments: &Arguments,
    problems: &mut Problems,
) -> Option<Plain> {
    let path = arguments.which.path(global, project, problems)?;
    let (_, sealed) = project.read(&path, problems)?;
    let opened = sealed.open(&arguments.identities.find(problems), problems)?;
    match &arguments.key {
        Some(key) => value(&opened, key, problems),
        None => Some(commented::emit(opened.documents()).into()),
    }
}

fn value(opened: &Opened, key: &str, problems: &mut Problems) -> Option<Plain> {
    let documents = || opened.documents().iter();
    let mut found = documents().filter_map(|document| manifest::value(document, key));
    let (first, second) = (found.next(), found.next());
    let said = match (&first, &second) {
        (Some(_), None) => return first,
        (Some(_), Some(_)) => {
            Diagnostic::error("secret/key", format!("several documents have a key `{key}`"))
                .help("leave `--key` out")
        }
        (None, _) => {
            let keys: Vec<&str> = documents().flat_map(manifest::keys).collect();
            let said = Diagnostic::error("secret/key", format!("there is no key `{key}`"));
            match did_you_mean(key, keys.iter().copied()) {
                Some(near) => said.help(format!("did you mean `{near}`?")),
                None => said.help(format!("there is {}", list(keys))),
            }
        }
    };
    problems.push(said);
    None
}

fn give(arguments: &Arguments, plain: &Plain, problems: &mut Problems) -> bool {
    let said = match &arguments.out {
        Some(file) if load::project_of(file).is_some() => {
            Diagnostic::error("secret/in-project", format!("`{}` would be in the project", file.display()))
                .because("what is in a repository is committed some day")
                .help("name a file elsewhere; `gen edit` changes values without one")
        }
        Some(file) => match host::create_private(file, plain) {
            Ok(true) => return true,
            Ok(false) => {
                Diagnostic::error("secret/exists", format!("there is a file `{}` already", file.display()))
                    .help("name another one")
            }
            Err(error) => {
                Diagnostic::error("secret/write", format!("`{}` cannot be written: {error}", file.display()))
                    .help("name a file in a folder that you can write to")
            }
        },
        None if print(plain) => return true,
        None => Diagnostic::error("secret/binary", "the value is no text, and this is a terminal")
            .help("pipe it to where it belongs, or write it with `--out`"),
    };
    problems.push(said);
    false
}

/// To the byte; but a terminal gets nothing that it would obey, since anyone can seal.
fn print(plain: &Plain) -> bool {
    match plain.as_text() {
        _ if !std::io::stdout().is_terminal() => report::raw(plain),
        Some(text) => report::raw(visible(text).as_bytes()),
        None => return false,
    }
    true
}
