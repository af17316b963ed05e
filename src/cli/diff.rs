//! `gen diff`: the very changes that `gen render` would apply, as a unified diff.

use super::{
    Exit, Format, Global, open, progress,
    render::{sops_config, target},
    report::{self, mapping, print},
    select::{self, Selection},
};
use crate::{diag::Problems, pipeline::Built, write, yaml::Node};
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

/// What a render would change on disk, as a unified diff
///
/// Sealed values are folded. Files that are not gen's are no difference.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen diff prod\n  gen diff --all --exit-code   say no (exit code 1) if anything differs"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Say no (exit code 1) if anything differs
    #[arg(long)]
    exit_code: bool,
    /// Compare with another folder than `fleet-out/`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only warn of Secrets that are needed and not sealed; not in CI
    #[arg(long)]
    allow_missing_secrets: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(mut engine) = open::engine(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    open::missing_secrets(arguments.allow_missing_secrets, &mut engine, &mut problems);
    let names = select::choose(&arguments.selection, &select::Choice::of(&engine), &mut problems);
    let root = open::root(global);
    let colour = global.format == Format::Text && std::io::stdout().is_terminal();
    let sops_config = match arguments.out {
        // What was edited by hand is a difference like any other here: it is shown, not refused.
        None => sops_config(&engine, true, &mut problems).unified(colour),
        Some(_) => String::new(),
    };
    let bar = progress::bar(global, names.len());
    let outcomes = engine.each(&names, |built| {
        let outcome = difference(built, arguments, &root, colour);
        bar.step();
        outcome
    });
    bar.finish();
    let mut texts = Vec::new();
    for (name, text, found) in outcomes {
        problems.extend(found);
        texts.push((name, text));
    }
    let broken = problems.has_errors();
    let differs = !sops_config.is_empty() || texts.iter().any(|(_, text)| !text.is_empty());
    if global.format == Format::Json {
        let one = |(name, text): &(String, String)| {
            mapping([("name", Node::new(name.as_str())), ("diff", Node::new(text.as_str()))])
        };
        report::json(&mapping([
            ("environments", Node::new(texts.iter().map(one).collect::<Vec<_>>())),
            ("sopsConfig", Node::new(sops_config.as_str())),
            ("findings", report::to_node(&problems, &engine.project.sources)),
        ]));
    } else {
        report::findings(global, &problems, &engine.project.sources);
        texts.iter().for_each(|(_, text)| print(text));
        print(&sops_config);
    }
    match (broken, arguments.exit_code && differs) {
        (true, _) => Exit::Unknown,
        (false, true) => Exit::No,
        (false, false) => Exit::Yes,
    }
}

fn difference(built: Built, arguments: &Arguments, root: &Path, colour: bool) -> (String, String, Problems) {
    let Built { name, tree, mut problems, findings, .. } = built;
    problems.extend(findings);
    let Some(tree) = tree else { return (name, String::new(), problems) };
    let shown = match &arguments.out {
        Some(folder) => folder.join(&name).display().to_string(),
        None => format!("fleet-out/{name}"),
    };
    let read = target(arguments.out.as_deref(), root, &name, &shown).and_then(|target| target.read(&tree));
    match read {
        Ok(state) => {
            // What was edited by hand is a difference like any other here: it is shown, not refused.
            let changes = write::plan(state, &tree, true, &mut problems);
            (name, changes.unified(colour), problems)
        }
        Err(problem) => {
            problems.push(*problem);
            (name, String::new(), problems)
        }
    }
}
