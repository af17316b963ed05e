//! Prints what our reader reads as JSON, one document a line, for comparison with other readers:
//! `cargo run --example yaml -- FILE...`. Problems go to standard error; a file with errors prints `null`.

#![allow(clippy::disallowed_methods, reason = "a tool for developers reads the files it is given")]

use fleetgen::{
    diag::{self, Problems, Sources},
    yaml,
};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

fn main() -> io::Result<ExitCode> {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let mut out = String::new();
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let documents = match yaml::decode(&bytes) {
            Ok(text) => {
                let source = sources.add(path.as_str(), text.as_str());
                yaml::read_manifests(&text, source, &mut problems)
            }
            Err(why) => {
                let message = format!("`{path}`: {}", why.message);
                problems.push(diag::Diagnostic::error("yaml/encoding", message).help(why.help));
                None
            }
        };
        match documents {
            None => out.push_str("null\n"),
            Some(documents) => documents.iter().for_each(|node| {
                out.push_str(&yaml::to_json(node, None));
                out.push('\n');
            }),
        }
    }
    io::stdout().write_all(out.as_bytes())?;
    for problem in &problems.0 {
        writeln!(io::stderr(), "{}", diag::render(problem, &sources, false))?;
    }
    Ok(if problems.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
