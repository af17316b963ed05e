//! Other programs: a command line in words, what it prints.

use crate::{plain::Plain, seal::MOST_BYTES};
use std::{
    io::ErrorKind,
    process::{Command, Stdio},
};

/// The words of a command line as a POSIX shell splits them: blanks, `'…'`, `"…"` and `\`; nothing is expanded.
///
/// # Errors
/// Says what is wrong, to be put behind a name.
pub(super) fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (Some(_), '\\') => {
                let next = chars.next().unwrap_or('\\');
                let word = word.get_or_insert_default();
                if !matches!(next, '"' | '\\' | '$' | '`') {
                    word.push('\\');
                }
                word.push(next);
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match (quote, words.is_empty()) {
        (Some(quote), _) => Err(format!("has a {quote} without its end")),
        (None, true) => Err("names no program".to_owned()),
        (None, false) => Ok(words),
    }
}

/// Runs a program that may use the terminal for its own questions, and gives what it prints: at most as much as a sealed
/// file may hold, which is more than any key or token.
///
/// # Errors
/// Says what went wrong, to be put behind a name.
pub(super) fn output(words: &[String]) -> Result<Plain, String> {
    let Some((program, arguments)) = words.split_first() else { return Err("names no program".to_owned()) };
    let child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| cannot_run(program, &error))?;
    let printed = child.stdout.take().map(|stdout| Plain::read_from(stdout, MOST_BYTES));
    let ended = child.wait().map_err(|error| cannot_run(program, &error))?;
    match printed {
        Some(Ok(printed)) if ended.success() => Ok(printed),
        Some(Err(error)) if ended.success() => Err(format!("printed what cannot be read: {error}")),
        _ => Err(format!("failed: `{program}` ended with {ended}")),
    }
}

/// Why a program cannot be run, to be put behind a name.
pub(super) fn cannot_run(program: &str, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("cannot be run: there is no program `{program}`"),
        _ => format!("cannot be run: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_does() {
        let split = |line| words(line).unwrap().join("|");
        assert_eq!(split("  code  --wait "), "code|--wait");
        assert_eq!(split(r#"a 'b  "c' "d\"e\f" g\ h '' "#), r#"a|b  "c|d"e\f|g h|"#);
        assert_eq!(words("a 'b").unwrap_err(), "has a ' without its end");
        assert_eq!(words("  ").unwrap_err(), "names no program");
    }

    #[test]
    fn what_a_program_prints_is_given_whole() {
        let sh = |script: &str| output(&["sh", "-c", script].map(str::to_owned));
        assert_eq!(sh("printf 'a\\nb\\n'").unwrap(), Plain::from("a\nb\n"));
        assert!(sh("echo geheim; exit 3").unwrap_err().contains("exit status: 3"));
        assert_eq!(
            output(&["no-such-program".to_owned()]).unwrap_err(),
            "cannot be run: there is no program `no-such-program`"
        );
    }
}
