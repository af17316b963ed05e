//! `gen completions`: shells ask this program itself what may stand next, so that they know the project's own names.
//!
//! What a word may be goes by the name of its value in the help (`ENV`, `PACK`, …): commands say nothing of completion.

use super::{Colour, Exit, Format, Global, explain_error, open, report};
use crate::{diag::Problems, explain, host, pipeline::Engine};
use clap::{Command, ValueEnum};
use clap_complete::{
    CompletionCandidate,
    engine::{ArgValueCompleter, PathCompleter, ValueCompleter},
    env::{CompleteEnv, Shells},
};
use std::ffi::OsStr;

/// Set by the scripts below when a shell asks; its value is the shell's name.
const VARIABLE: &str = "GEN_COMPLETE";

/// Completion for a shell: of commands and options, and of this project's environments, packs, Secrets and paths
///
/// The script that is printed asks `gen` itself whenever you press Tab.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen completions bash > ~/.local/share/bash-completion/completions/gen\n  gen completions zsh > ~/.zfunc/_gen    with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc\n  gen completions fish > ~/.config/fish/completions/gen.fish\n  gen completions powershell >> $PROFILE"
)]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// A shell that can be completed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    #[value(name = "powershell")]
    Pwsh,
    Zsh,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let name = arguments.shell.to_possible_value().expect("no shell is skipped");
    let shells = Shells::builtins();
    let shell = shells.completer(name.get_name()).expect("the library knows each of these shells");
    let mut script = Vec::new();
    match shell.write_registration(VARIABLE, "gen", "gen", "gen", &mut script) {
        Ok(()) => report::exact(&String::from_utf8_lossy(&script)),
        Err(error) => report::tell(&format!("error: {error}")),
    }
    Exit::Yes
}

/// Answers a shell that asks; `false` if none does.
///
/// # Errors
/// What cannot be answered: a shell that is not known, a broken pipe.
pub(super) fn answer(command: impl Fn() -> Command) -> Result<bool, clap::Error> {
    CompleteEnv::with_factory(|| completed(command())).var(VARIABLE).try_complete(host::arguments(), None)
}

/// The commands, each value with what it may be.
fn completed(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        let names = arg.get_value_names().unwrap_or_default();
        let kind = names.first().and_then(|name| Kind::of(name));
        match kind {
            Some(kind) => arg.add(ArgValueCompleter::new(kind)),
            None => arg,
        }
    });
    command.mut_subcommands(completed)
}

/// What a word may be.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Environment,
    Pack,
    Input,
    /// Of `gen explain`: an environment, then a path of its config; or a file.
    Explained,
    /// Of `gen seal`: an environment or layer, a Secret that it needs, or a file.
    ToSeal,
    /// An environment or layer, then a Secret of it; or a file.
    Sealed,
    /// An error's id.
    Error,
}

impl Kind {
    /// By the name of the value in the help.
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "ENV" | "WHAT" if words().first().is_some_and(|word| word == "explain") => Self::Explained,
            "ENV" | "A" | "B" => Self::Environment,
            "PACK" | "PACK|./DIR" => Self::Pack,
            "INPUT" => Self::Input,
            "ID" => Self::Error,
            "WHAT" => Self::ToSeal,
            "FILE | ENV COMPONENT/NAME" => Self::Sealed,
            _ => return None,
        })
    }

    /// All that may stand here.
    fn all(self, engine: &Engine, words: &[String]) -> Vec<CompletionCandidate> {
        let names = |list: Vec<String>| list.into_iter().map(CompletionCandidate::new).collect::<Vec<_>>();
        let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let project = &engine.project;
        let last = words.last().map(String::as_str).unwrap_or_default();
        match self {
            Self::Environment => names(owned(engine.environments())),
            Self::Explained if last == "explain" => names(owned(engine.environments())),
            Self::Pack => {
                let one = |pack: &std::sync::Arc<crate::load::Pack>| {
                    CompletionCandidate::new(&pack.name).help(Some(pack.file.description.clone().into()))
                };
                project.packs.values().map(one).collect()
            }
            Self::Input => {
                let inputs = project.packs.get(last).map(|pack| pack.schema.inputs()).unwrap_or_default();
                let one = |input: crate::schema::Described| {
                    let help = input.description.as_deref().map(|text| text.to_owned().into());
                    CompletionCandidate::new(input.path).help(help)
                };
                inputs.into_iter().map(one).collect()
            }
            Self::Explained if engine.environments().contains(&last) => {
                names(explain::paths(engine, &engine.build(last)))
            }
            Self::ToSeal if engine.environments().contains(&last) => {
                let needed = engine.to_seal(last, &mut Problems::new());
                names(
                    needed
                        .into_iter()
                        .map(|secret| format!("{}/{}", secret.path.component, secret.path.name))
                        .collect(),
                )
            }
            Self::Sealed if project.environments.contains_key(last) => {
                let sealed = project.secrets.get(last).into_iter().flatten();
                let of = |(component, files): (&String, &Vec<crate::load::SealedFile>)| {
                    files.iter().map(|file| format!("{component}/{}", file.name())).collect::<Vec<_>>()
                };
                names(sealed.flat_map(of).collect())
            }
            Self::Explained => Vec::new(),
            Self::Error => explain_error::ids().map(CompletionCandidate::new).collect(),
            Self::ToSeal | Self::Sealed => names(project.environments.keys().cloned().collect()),
        }
    }

    fn takes_files(self) -> bool {
        matches!(self, Self::Explained | Self::ToSeal | Self::Sealed)
    }
}

impl ValueCompleter for Kind {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let Some(start) = current.to_str() else { return Vec::new() };
        let words = words();
        let project = option(&["-C", "--project"]).map(Into::into);
        let global =
            Global { project, format: Format::Text, color: Colour::Auto, quiet: true, verbose: false };
        let engine = open::engine_or_builtin(&global, &mut Problems::new());
        let mut found = engine.map(|engine| self.all(&engine, &words)).unwrap_or_default();
        found.retain(|one| one.get_value().to_str().is_some_and(|value| value.starts_with(start)));
        if found.is_empty() && self.takes_files() {
            found = PathCompleter::any().complete(current);
        }
        found
    }
}

/// The words before the one that is completed, without options and the program's name.
fn words() -> Vec<String> {
    let all = asked();
    let mut words = Vec::new();
    let mut rest = all.iter().take(all.len().saturating_sub(1)).skip(1);
    while let Some(word) = rest.next() {
        if matches!(word.as_str(), "-C" | "--project" | "--format" | "--color") {
            rest.next();
        } else if !word.starts_with('-') {
            words.push(word.clone());
        }
    }
    words
}

/// The value of an option among the words.
fn option(names: &[&str]) -> Option<String> {
    let all = asked();
    let after =
        all.iter().position(|word| names.contains(&word.as_str())).and_then(|at| all.get(at + 1).cloned());
    let equals = |word: &String| {
        names.iter().find_map(|name| word.strip_prefix(&format!("{name}=")).map(str::to_owned))
    };
    after.or_else(|| all.iter().find_map(equals))
}

/// The command line that a shell asks about: it stands behind `--`.
fn asked() -> Vec<String> {
    let all = host::arguments().skip_while(|word| word != "--").skip(1);
    all.map(|word| word.to_string_lossy().into_owned()).collect()
}
