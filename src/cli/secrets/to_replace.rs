//! `gen secrets replaced`, `gen secrets exposed`: the list of values that are to be replaced where they were issued.

use crate::{
    cli::{
        Exit, Format, Global, open,
        report::{self, mapping, say},
        secret::{SealedProject, find, now},
    },
    diag::{Diagnostic, Problems, list},
    load,
    secret::{ToReplace, manifest},
};

/// Takes values off the list of those to be replaced, because they were
///
/// Sealing a new value with `gen` does so by itself. This is for values that were changed with other programs, and for
/// files that are gone.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen secrets replaced prod/kuard/kuard-tls tls.key\n  gen secrets replaced prod/kuard/kuard-tls           all of it"
)]
pub(in crate::cli) struct Replaced {
    /// `ENVIRONMENT/COMPONENT/NAME` (or `ENVIRONMENT COMPONENT/NAME`), or the path of the file, which may be gone
    #[arg(value_name = "FILE")]
    file: String,
    /// The values [default: all of the file that are on the list]
    #[arg(value_name = "VALUE")]
    values: Vec<String>,
}

/// Puts values on the list of those to be replaced, because somebody knows them who should not
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen secrets exposed prod/kuard/kuard-tls --to bob\n  gen secrets exposed prod/kuard/kuard-tls tls.key --to \"the build log of May 4\""
)]
pub(in crate::cli) struct Exposed {
    /// `ENVIRONMENT/COMPONENT/NAME` (or `ENVIRONMENT COMPONENT/NAME`), or the path of the file
    #[arg(value_name = "FILE")]
    file: String,
    /// The values [default: all of the file]
    #[arg(value_name = "VALUE")]
    values: Vec<String>,
    /// Who knows them
    #[arg(long, value_name = "WHO", default_value = "somebody")]
    to: String,
}

/// The file and the values that are meant. No key has a slash: with one it is the second word of the file's name.
fn words<'a>(file: &str, values: &'a [String]) -> (String, &'a [String]) {
    match values {
        [name, values @ ..] if name.contains('/') => (format!("{file}/{name}"), values),
        _ => (file.to_owned(), values),
    }
}

pub(super) fn replaced(global: &Global, arguments: &Replaced) -> Exit {
    change(global, |project, problems| {
        let mut list = project.project.to_replace.list.clone();
        let (file, values) = words(&arguments.file, &arguments.values);
        let file = find::listed(global, &project.project, &file);
        let known: Vec<String> = list.of(&file).into_iter().map(str::to_owned).collect();
        let values = if values.is_empty() { &known[..] } else { values };
        if known.is_empty() {
            problems.push(
                Diagnostic::error("secret/not-listed", format!("no value of `{file}` is to be replaced"))
                    .help(format!("{} has the list", load::TO_REPLACE)),
            );
        }
        for value in values.iter().filter(|_| !known.is_empty()) {
            if !list.done(&file, value) {
                let message = format!("`{value}` of `{file}` is not to be replaced");
                let help = format!("on the list is {}", self::list(known.iter().map(String::as_str)));
                problems.push(Diagnostic::error("secret/not-listed", message).help(help));
            }
        }
        list
    })
}

pub(super) fn exposed(global: &Global, arguments: &Exposed) -> Exit {
    change(global, |project, problems| {
        let mut list = project.project.to_replace.list.clone();
        let (file, values) = words(&arguments.file, &arguments.values);
        let Some(path) = find::named(global, &project.project, &file, problems) else {
            return list;
        };
        let Some((_, sealed)) = project.read(&path.to_string(), problems) else { return list };
        let documents = sealed.documents();
        let keys: Vec<String> = documents.iter().flat_map(manifest::keys).map(str::to_owned).collect();
        let values = if values.is_empty() { &keys[..] } else { values };
        let today = now().day();
        let who = arguments.to.replace("  ", " ").replace(['\n', '\r'], " ");
        for value in values {
            if !keys.contains(value) {
                let said = Diagnostic::error("secret/key", format!("there is no key `{value}`"));
                problems.push(said.help(format!("there is {}", self::list(keys.iter().map(String::as_str)))));
            }
            list.add(load::to_replace_name(&path.to_string()), value, who.trim(), &today);
        }
        list
    })
}

/// Writes the list as it is to be, unless an error was pushed.
fn change(global: &Global, make: impl FnOnce(&mut SealedProject, &mut Problems) -> ToReplace) -> Exit {
    let mut problems = Problems::new();
    let Some(mut project) = SealedProject::open(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    let list = make(&mut project, &mut problems);
    if !problems.has_errors()
        && let Err(problem) = project.put_to_replace(&list)
    {
        problems.push(*problem);
    }
    if problems.has_errors() {
        return open::failed_in(global, &problems, &project.project.sources);
    }
    let left = list.iter().count();
    if global.format == Format::Json {
        report::json(&mapping([
            ("left", report::number(left)),
            ("findings", report::to_node(&problems, &project.project.sources)),
        ]));
    } else {
        report::findings(global, &problems, &project.project.sources);
        say(
            global,
            &match left {
                0 => "nothing is left to be replaced".to_owned(),
                1 => format!("1 value is to be replaced: {}", load::TO_REPLACE),
                more => format!("{more} values are to be replaced: {}", load::TO_REPLACE),
            },
        );
    }
    Exit::Yes
}
