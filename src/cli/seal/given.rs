//! Values as they are given: typed at a prompt, read from files or standard input, made up.

use crate::{
    diag::{Diagnostic, Problems},
    host::{self, NoAnswer},
    name::is_data_key,
    plain::{Plain, PlainText},
    secret,
};
use std::path::{Path, PathBuf};

/// Where values come from.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Values")]
pub(super) struct GivenArguments {
    /// A value from a file, to the byte; without KEY= the key is the file's name
    #[arg(long, value_name = "KEY=PATH")]
    from_file: Vec<String>,
    /// Values from lines KEY=VALUE, taken as they stand
    #[arg(long, value_name = "FILE")]
    from_env_file: Vec<PathBuf>,
    /// The value of this key from standard input, to the byte
    #[arg(long, value_name = "KEY")]
    stdin: Option<String>,
    /// A random value of this many characters; ALPHABET is letters and digits unless given
    #[arg(long, value_name = "KEY=LENGTH[:ALPHABET]")]
    generate: Vec<String>,
}

/// A value with its key.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) key: String,
    pub(super) plain: Plain,
}

/// A key that is to be asked for.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) key: String,
    /// What is asked, without the colon.
    pub(super) text: String,
}

impl Question {
    /// About a key, with what is known of it.
    pub(super) fn about(key: &str, description: Option<&str>) -> Self {
        let described = description.map(|text| format!(" ({})", text.trim_end_matches('.')));
        Self { key: key.to_owned(), text: format!("{key}{}", described.unwrap_or_default()) }
    }
}

impl GivenArguments {
    /// Is nothing given?
    pub(super) fn is_empty(&self) -> bool {
        self.from_file.is_empty()
            && self.from_env_file.is_empty()
            && self.stdin.is_none()
            && self.generate.is_empty()
    }

    /// The values that need nobody to be asked; all mistakes are told.
    pub(super) fn values(&self, problems: &mut Problems) -> Vec<Value> {
        let mut values = Vec::new();
        for written in &self.from_file {
            values.extend(from_file(written, problems));
        }
        values.iter().for_each(|value: &Value| line_break(value, problems));
        for file in &self.from_env_file {
            from_env_file(file, &mut values, problems);
        }
        if let Some(key) = &self.stdin {
            let read = host::read_stdin().map_err(|why| problems.push(unreadable("standard input", &why)));
            let value = read.ok().map(|plain| Value { key: key.clone(), plain });
            value.iter().for_each(|value| line_break(value, problems));
            values.extend(value);
        }
        for written in &self.generate {
            values.extend(generated(written, problems));
        }
        values
    }
}

/// Warns of a value of one line that ends with a line break, as `echo` and editors leave one: a password or an address with
/// it is another one.
fn line_break(value: &Value, problems: &mut Problems) {
    let one_line = value
        .plain
        .as_text()
        .and_then(|text| text.strip_suffix('\n'))
        .is_some_and(|line| !line.contains('\n'));
    if one_line {
        let message = format!("the value of `{}` ends with a line break, which is sealed with it", value.key);
        problems.push(
            Diagnostic::warning("seal/line-break", message)
                .because("files and standard input are taken to the byte")
                .help("if it is not meant, write the value with `printf '%s'`, or as KEY=VALUE for `--from-env-file`"),
        );
    }
}

fn unreadable(name: &str, why: &str) -> Diagnostic {
    Diagnostic::error("seal/value", format!("{name} {why}")).help("name what can be read")
}

fn from_file(written: &str, problems: &mut Problems) -> Option<Value> {
    let (key, path) = match written.split_once('=') {
        Some((key, path)) => (key.to_owned(), Path::new(path)),
        None => (Path::new(written).file_name()?.to_string_lossy().into_owned(), Path::new(written)),
    };
    match host::read_secret(path) {
        Ok(plain) => Some(Value { key, plain }),
        Err(why) => {
            problems.push(unreadable(&format!("`{}`", path.display()), &why));
            None
        }
    }
}

/// Lines `KEY=VALUE`; empty ones and comments (`#`) are passed over. Quotes are part of the value, as `kubectl` has it.
fn from_env_file(file: &Path, values: &mut Vec<Value>, problems: &mut Problems) {
    let name = file.display().to_string();
    let text = host::read_secret(file).and_then(|plain| {
        plain
            .into_text()
            .map_err(|_| "is no UTF-8 text: give values one by one with `--from-file`".to_owned())
    });
    let text = match text {
        Ok(text) => text,
        Err(why) => return problems.push(unreadable(&format!("`{name}`"), &why)),
    };
    for (at, line) in text.strip_prefix('\u{feff}').unwrap_or(&text).lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            problems.push(
                Diagnostic::error("seal/env-file", format!("line {} of `{name}` is not KEY=VALUE", at + 1))
                    .help("write one value a line; for one of several lines use `--from-file`"),
            );
            continue;
        };
        let key = key.trim().trim_start_matches("export ").to_owned();
        let quoted =
            ['"', '\''].iter().any(|q| value.len() > 1 && value.starts_with(*q) && value.ends_with(*q));
        if quoted {
            let message = format!("the value of `{key}` in `{name}` is sealed with its quotes");
            problems.push(
                Diagnostic::warning("seal/env-file", message)
                    .because(
                        "values are taken as they stand, as `kubectl create secret --from-env-file` does",
                    )
                    .help("take the quotes away if they are not meant"),
            );
        }
        values.push(Value { key, plain: Plain::from(value) });
    }
}

fn generated(written: &str, problems: &mut Problems) -> Option<Value> {
    let (key, how) = written.split_once('=').unwrap_or((written, ""));
    let (length, alphabet) = how.split_once(':').unwrap_or((how, secret::ALPHABET));
    let made = match length.parse() {
        Ok(length) => secret::generate(length, alphabet),
        Err(_) => Err("the length is no number".to_owned()),
    };
    match made {
        Ok(text) => Some(Value { key: key.to_owned(), plain: text.into() }),
        Err(why) => {
            problems.push(
                Diagnostic::error("seal/generate", format!("no value can be made for `{key}`: {why}"))
                    .help("write `--generate KEY=LENGTH` or `--generate KEY=LENGTH:ALPHABET`"),
            );
            None
        }
    }
}

/// Reports keys that cannot be: with characters that no key has, several times. What stands behind a `=` is not shown.
pub(super) fn check_keys(keys: &[&str], problems: &mut Problems) {
    for (at, key) in keys.iter().enumerate() {
        if let Some((key, _)) = key.split_once('=') {
            problems.push(
                Diagnostic::error(
                    "seal/key",
                    format!("the value of `{key}` is not taken from the command line"),
                )
                .because("every process can read it there, and your shell keeps it in its history")
                .help("replace that value where it was issued, and give the new one when you are asked")
                .help(format!("or with `--from-file {key}=PATH`, or `--stdin {key}`")),
            );
        } else if !is_data_key(key) {
            problems.push(
                Diagnostic::error("seal/key", format!("`{key}` cannot be a key of a Secret"))
                    .help("use letters, digits, `-`, `_` and `.`, at most 253 characters"),
            );
        } else if keys[..at].contains(key) {
            problems.push(
                Diagnostic::error("seal/key", format!("the key `{key}` is given twice"))
                    .help("take one of them away"),
            );
        }
    }
}

/// Asks for values, one after the other; stops at the first that is not given.
pub(super) fn ask(questions: &[Question], problems: &mut Problems) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    for Question { key, text } in questions {
        let plain = answer(&format!("{text}: "), key, problems)?;
        values.push(Value { key: key.clone(), plain: plain.into() });
    }
    Some(values)
}

/// Asks one question. `None` if an error was pushed.
pub(super) fn answer(question: &str, key: &str, problems: &mut Problems) -> Option<PlainText> {
    let (message, help) = match host::ask_secret(question) {
        Ok(text) if text.starts_with("-----BEGIN ") => (
            format!("the value of `{key}` has several lines, and a prompt takes one"),
            format!("give it with `--from-file {key}=PATH` or `--stdin {key}`"),
        ),
        Ok(text) if !text.is_empty() => return Some(text),
        Ok(_) => (format!("nothing was typed for `{key}`"), "nothing was written; try again".to_owned()),
        Err(NoAnswer::Nobody) => (
            format!("`{key}` is to be asked for, and there is no terminal"),
            format!("run this in one, or give it with `--stdin {key}` or `--from-file {key}=PATH`"),
        ),
        Err(NoAnswer::Refused) => (format!("`{key}` was not given"), "nothing was written".to_owned()),
        Err(NoAnswer::NoText) => {
            (format!("what was typed for `{key}` is no UTF-8 text"), format!("use `--from-file {key}=PATH`"))
        }
    };
    problems.push(Diagnostic::error("seal/answer", message).help(help));
    None
}
