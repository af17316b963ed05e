//! Programs of the user's that `gen` runs for them: Git's index, `kubectl` and its like.

use super::process::{cannot_run, output};
use crate::plain::Plain;
use std::{
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
};

/// A version of a file that a merge left in Git's index: 1 is the common one, 2 ours, 3 theirs. `None` if there is none.
///
/// # Errors
/// Says why the index cannot be read.
pub fn git_stage(root: &Path, path: &str, stage: u8) -> Result<Option<Plain>, String> {
    let git = |arguments: &[&str]| {
        let root = root.display().to_string();
        let start = ["git", "-C", &root];
        output(&start.iter().chain(arguments).map(|word| (*word).to_owned()).collect::<Vec<_>>())
    };
    let literal = format!(":(literal){path}");
    let listed = git(&["ls-files", "--unmerged", "-z", "--", &literal])?;
    // Each entry is `MODE OBJECT STAGE<tab>PATH`.
    let entries = listed.as_text().unwrap_or_default().split('\0');
    let mut found = entries.filter_map(|entry| {
        let mut words = entry.split('\t').next()?.split(' ');
        let (_, object, number) = (words.next()?, words.next()?, words.next()?);
        (number == stage.to_string()).then_some(object)
    });
    found.next().map(|object| git(&["cat-file", "blob", object])).transpose()
}

/// The cluster that the user's `kubectl` means, by its name in the kubeconfig.
pub fn current_context() -> Option<String> {
    let words = ["kubectl", "config", "current-context"].map(str::to_owned);
    let mut command = silent(&words)?;
    let printed = command.stdout(Stdio::piped()).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(printed.stdout).ok().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Does a command succeed? What it prints is not shown.
pub fn succeeds(words: &[String]) -> bool {
    silent(words).and_then(|mut command| command.status().ok()).is_some_and(|ended| ended.success())
}

fn silent(words: &[String]) -> Option<Command> {
    let (program, arguments) = words.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Some(command)
}

/// Runs a command and gives it its input through a pipe. What it prints goes to standard error.
///
/// # Errors
/// Says what went wrong, to be put behind the command.
pub fn run_with_input(words: &[String], input: Option<&Plain>) -> Result<(), String> {
    let Some((program, arguments)) = words.split_first() else { return Err("names no program".to_owned()) };
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    let child = Command::new(program).args(arguments).stdin(stdin).stdout(io::stderr()).spawn();
    let mut child = child.map_err(|error| cannot_run(program, &error))?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // A program that ends before it has read everything says why itself.
        let _ = stdin.write_all(input);
    }
    match child.wait() {
        Ok(ended) if ended.success() => Ok(()),
        Ok(ended) => Err(format!("failed: {ended}")),
        Err(error) => Err(format!("cannot be waited for: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[test]
    fn input_goes_through_a_pipe() {
        let input = Plain::from("geheim");
        assert_eq!(run_with_input(&sh("test \"$(cat)\" = geheim"), Some(&input)), Ok(()));
        assert_eq!(run_with_input(&sh("test -z \"$(cat)\""), None), Ok(()));
        assert_eq!(run_with_input(&sh("exit 3"), Some(&input)), Err("failed: exit status: 3".to_owned()));
        assert!(
            run_with_input(&["no-such-program".to_owned()], None).unwrap_err().contains("no-such-program")
        );
        assert!(succeeds(&sh("echo x")) && !succeeds(&sh("exit 1")) && !succeeds(&[]));
    }
}
