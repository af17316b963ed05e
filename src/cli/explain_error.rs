//! `gen explain-error`: why something is an error, and what to do. The text is `docs/errors.md`, kept inside the binary.

use super::{
    Exit, Format, Global, open,
    report::{self, mapping},
};
use crate::{
    diag::{Diagnostic, Problems, did_you_mean},
    yaml::Node,
};

/// Why something is an error, what it looks like, and what to do; without ID the list of all
///
/// ID is what stands in brackets behind `error` or `warning`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen explain-error input/quote\n  gen explain-error                all ids, each in a sentence"
)]
pub(super) struct Arguments {
    /// The error's id, `group/name`
    #[arg(value_name = "ID")]
    id: Option<String>,
}

/// A heading for each id, then prose and an example in a fenced block.
const PAGE: &str = include_str!("../../docs/errors.md");

/// What is known of an error.
struct Entry {
    id: &'static str,
    /// Why it is one, and what to do.
    reason: &'static str,
    /// As it is printed.
    example: &'static str,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let Some(id) = &arguments.id else {
        list(global);
        return Exit::Yes;
    };
    // As it stands in a message: `error[input/quote]`.
    let id = id.rsplit('[').next().unwrap_or(id).trim_end_matches([']', ':']);
    let Some(entry) = entries().find(|entry| entry.id == id) else {
        let said = Diagnostic::error("usage/unknown-error", format!("there is no error `{id}`"));
        let mut problems = Problems::new();
        problems.push(match near(id) {
            Some(near) => said.help(format!("did you mean `{near}`?")),
            None => said.help("`gen explain-error` lists all"),
        });
        return open::failed(global, &problems);
    };
    if global.format == Format::Json {
        report::json(&to_node(&entry));
    } else {
        let example: String = entry.example.lines().map(|line| format!("  {line}\n")).collect();
        report::print(&format!("{}\n\n{}\n\n{}", entry.id, entry.reason, example.replace("  \n", "\n")));
    }
    Exit::Yes
}

/// All ids, sorted.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    entries().map(|entry| entry.id)
}

fn entries() -> impl Iterator<Item = Entry> {
    PAGE.split("\n## ").skip(1).filter_map(|section| {
        let (id, rest) = section.split_once('\n')?;
        let (reason, rest) = rest.split_once("```text\n")?;
        let (example, _) = rest.split_once("```")?;
        Some(Entry { id, reason: reason.trim(), example })
    })
}

/// The id that is meant: nearly the same, or the same behind another group's name.
fn near(id: &str) -> Option<&'static str> {
    let name = |id: &'static str| id.split_once('/').map(|(_, name)| name);
    did_you_mean(id, ids()).or_else(|| {
        let wanted = id.rsplit('/').next()?;
        ids().find(|id| name(id) == Some(wanted))
    })
}

fn list(global: &Global) {
    if global.format == Format::Json {
        report::json(&mapping([(
            "errors",
            Node::new(entries().map(|entry| to_node(&entry)).collect::<Vec<_>>()),
        )]));
        return;
    }
    let width = ids().map(str::len).max().unwrap_or(0);
    let line = |entry: Entry| {
        let first = entry.reason.split(". ").next().unwrap_or_default().trim_end_matches('.');
        format!("{:width$}  {first}\n", entry.id)
    };
    report::print(&entries().map(line).collect::<String>());
}

fn to_node(entry: &Entry) -> Node {
    mapping([
        ("id", Node::new(entry.id)),
        ("reason", Node::new(entry.reason)),
        ("example", Node::new(entry.example)),
    ])
}
