//! What `gen` costs, and others beside it:
//!
//! * `cargo run --example measure -- fleet N M DIR` writes a project of N environments with M components each;
//! * `… -- instructions [COMMIT]` compares this working tree with the last release, by instructions;
//! * `… -- figures [N M]` prints the README's table of times, of a fleet of that size;
//! * `… -- watch` prints how long `gen watch` takes from a save to its result.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

mod figures;
mod fleet;
mod instructions;
mod peers;
mod watch;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["fleet", n, m, folder] => size(n, m)
            .and_then(|(n, m)| fleet::write(n, m, Path::new(folder)).map_err(|e| format!("{folder}: {e}")))
            .map(|()| true),
        ["instructions"] => instructions::compare(None),
        ["instructions", commit] => instructions::compare(Some(commit)),
        ["figures"] => figures::print(200, 50).map(|()| true),
        ["figures", n, m] => size(n, m).and_then(|(n, m)| figures::print(n, m)).map(|()| true),
        ["watch"] => watch::print().map(|()| true),
        _ => Err("usage: measure fleet N M DIR | instructions [COMMIT] | figures [N M] | watch".to_owned()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("measure: {problem}");
            ExitCode::from(2)
        }
    }
}

fn size(n: &str, m: &str) -> Result<(usize, usize), String> {
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
    Ok((number(n)?, number(m)?))
}

/// The folder of this package.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A release build below a target folder.
fn build(source: &Path, target: &Path, more: &[&str]) -> Result<PathBuf, String> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(source).args(["build", "--quiet", "--release", "--locked", "--bin", "gen"]);
    said(cargo.args(more).arg("--target-dir").arg(target))?;
    Ok(target.join("release/gen"))
}

/// What a program prints, if it goes well.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|e| format!("`{}` does not run: {e}", command.get_program().display()))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.success() {
        true => Ok(text),
        false => Err(format!("{command:?} failed\n{text}\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}
