//! `gen init`: a small working project. Nothing that is there is overwritten.

mod git;

use super::{
    Exit, Format, Global,
    report::{self, mapping, say},
    schema,
};
use crate::{
    diag::{Diagnostic, Problems, Sources},
    load::{Disk, Files},
    write,
    yaml::Node,
};
use std::path::{Path, PathBuf};

/// A small working project
///
/// Files that are there already are left as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  gen init my-fleet && cd my-fleet && gen render --all")]
pub(super) struct Arguments {
    /// The folder, made if need be
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

/// The files of a new project: path and text.
const FILES: [(&str, &str); 9] = [
    ("environments/fleet.yaml", include_str!("init/fleet.yaml")),
    ("environments/base.yaml", include_str!("init/base.yaml")),
    ("environments/dev.yaml", include_str!("init/dev.yaml")),
    ("environments/prod.yaml", include_str!("init/prod.yaml")),
    (".gitattributes", include_str!("init/gitattributes")),
    (".gitconfig", include_str!("init/gitconfig")),
    (".gitignore", include_str!("init/gitignore")),
    (".vscode/settings.json", include_str!("init/vscode.json")),
    ("renovate.json", include_str!("init/renovate.json")),
];

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let (mut made, mut kept) = (Vec::new(), Vec::new());
    for (path, text) in FILES {
        match write::create(&arguments.folder, path, text.as_bytes()) {
            Ok(true) => made.push(path),
            Ok(false) => kept.push(path),
            Err(error) => problems.push(
                Diagnostic::error(
                    "init/write",
                    format!("`{}` cannot be written: {error}", shown(&arguments.folder, path)),
                )
                .help("choose a folder that you can write to"),
            ),
        }
    }
    if problems.is_empty() {
        made.extend(schema::refresh(&arguments.folder, &mut problems));
    }
    let missing: Vec<(&str, Vec<&str>)> =
        kept.iter().filter_map(|path| missing(&arguments.folder, path)).collect();
    if global.format == Format::Json {
        report::json(&mapping([
            ("created", report::words(made.iter().copied())),
            ("kept", report::words(kept.iter().copied())),
            (
                "missing",
                mapping(missing.iter().map(|(path, lines)| (*path, report::words(lines.iter().copied())))),
            ),
            ("findings", Node::new(report::to_node(&problems, &Sources::new()).value)),
        ]));
    } else {
        made.iter().for_each(|path| say(global, &format!("created {}", shown(&arguments.folder, path))));
        kept.iter().for_each(|path| say(global, &format!("kept    {}", shown(&arguments.folder, path))));
        for (path, lines) in &missing {
            say(global, &format!("add to {}:", shown(&arguments.folder, path)));
            lines.iter().for_each(|line| say(global, &format!("    {line}")));
        }
        report::findings(global, &problems, &Sources::new());
        if problems.is_empty() {
            let inside = if arguments.folder == Path::new(".") {
                String::new()
            } else {
                format!("cd {} && ", arguments.folder.display())
            };
            say(global, &format!("\nnext: {inside}gen render --all, then read fleet-out/prod/"));
            say(
                global,
                "in each clone, so that Git compares and merges sealed files by key: git config --local include.path ../.gitconfig",
            );
        }
    }
    if problems.has_errors() { Exit::Unknown } else { Exit::Yes }
}

/// The lines of ours that a file for Git which stands there lacks, if any.
fn missing(folder: &Path, kept: &str) -> Option<(&'static str, Vec<&'static str>)> {
    let (path, ours) = FILES.into_iter().find(|(path, _)| *path == kept && path.starts_with(".git"))?;
    let there = Disk::new(folder).ok()?.read(path).ok()?;
    let there = String::from_utf8_lossy(&there);
    let lines = git::missing(path, ours, &there);
    (!lines.is_empty()).then_some((path, lines))
}

fn shown(folder: &Path, path: &str) -> String {
    if folder == Path::new(".") { path.to_owned() } else { folder.join(path).display().to_string() }
}
