//! `gen pack`: what packs there are, what they take, new ones, whether their examples hold, what to mend in them.

mod choose;
mod lint;
mod new;
mod page;
mod show;
mod test;

use super::{
    Exit, Format, Global, WithMarkdown, open,
    report::{self, mapping},
};
use crate::{
    address,
    diag::{Diagnostic, Problems, did_you_mean, list},
    load::{Pack, Project},
    yaml::Node,
};
use std::sync::Arc;

/// Template packs: what there is, what they take, new ones, whether they hold
#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "Examples:\n  gen pack list           what there is\n  gen pack show web-app   what one takes\n  gen pack new my-app     one of your own"
)]
pub(super) enum Command {
    /// All packs, built-in ones and the project's own
    #[command(
        after_help = "Examples:\n  gen pack list                 names and descriptions\n  gen pack list --format json   for programs\n  gen pack list --format markdown > docs/packs.md    a page of all packs with their inputs"
    )]
    List(WithMarkdown),
    Show(show::Arguments),
    New(new::New),
    Eject(new::Eject),
    Test(test::Arguments),
    Lint(lint::Arguments),
}

pub(super) fn run(global: &Global, command: &Command) -> Exit {
    match command {
        Command::List(_) => all(global),
        Command::Show(arguments) => show::run(global, arguments),
        Command::New(arguments) => new::new(global, arguments),
        Command::Eject(arguments) => new::eject(global, arguments),
        Command::Test(arguments) => test::run(global, arguments),
        Command::Lint(arguments) => lint::run(global, arguments),
    }
}

fn all(global: &Global) -> Exit {
    let mut problems = Problems::new();
    let Some(engine) = open::engine_or_builtin(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    let packs = &engine.project.packs;
    if global.format == Format::Json {
        let one = |pack: &Arc<Pack>| {
            mapping([
                ("name", Node::new(pack.name.as_str())),
                ("builtIn", Node::new(pack.builtin)),
                ("stage", Node::new(pack.file.stage.as_str())),
                ("description", Node::new(pack.file.description.as_str())),
                (
                    "deprecated",
                    pack.file.deprecated.as_deref().map_or(Node::new(crate::yaml::Value::Null), Node::new),
                ),
            ])
        };
        report::json(&report::masked(&mapping([
            ("packs", Node::new(packs.values().map(one).collect::<Vec<_>>())),
            ("findings", report::to_node(&problems, &engine.project.sources)),
        ])));
    } else if global.format == Format::Markdown {
        report::print(&address::masked(&page::all(packs.values())));
    } else {
        let width = packs.keys().map(String::len).max().unwrap_or(0);
        let line = |pack: &Arc<Pack>| {
            let own = if pack.builtin { "" } else { " (this project's)" };
            let old = if pack.file.deprecated.is_some() { " (deprecated)" } else { "" };
            format!("{:width$}  {}{own}{old}\n", pack.name, pack.file.description)
        };
        report::print(&address::masked(&packs.values().map(line).collect::<String>()));
    }
    report::findings(global, &problems, &engine.project.sources);
    if problems.has_errors() { Exit::Unknown } else { Exit::Yes }
}

/// The pack of this name, or what is known instead.
fn find<'p>(project: &'p Project, name: &str, problems: &mut Problems) -> Option<&'p Arc<Pack>> {
    let pack = project.packs.get(name);
    if pack.is_none() && !project.broken.packs.contains(name) {
        let known = || project.packs.keys().map(String::as_str);
        let diagnostic = Diagnostic::error("usage/unknown-pack", format!("there is no pack `{name}`"));
        problems.push(match did_you_mean(name, known()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("there is {}", list(known()))),
        });
    }
    pack
}
