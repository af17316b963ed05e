//! `gen pack lint`: what one would mend in packs that render.

use super::choose;
use crate::{
    cli::{
        Exit, Format, Global, open,
        report::{self, mapping, number, print},
    },
    diag::Problems,
    lint,
    yaml::Node,
};

/// What to mend in packs: inputs without a description or a reader, templates that no example reaches
///
/// Says no (exit code 1) if it finds anything. What cannot be rendered, such as a comparison of captured text, is an error
/// already when packs are read.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen pack lint                every pack of this project and every built-in one\n  gen pack lint web-app        one\n  gen pack lint ./templates    those in a folder"
)]
pub(in crate::cli) struct Arguments {
    /// Packs, or one folder of packs (written `./DIR`)
    #[arg(value_name = "PACK|./DIR")]
    packs: Vec<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let folder = choose::folder(&arguments.packs);
    let Some(mut engine) = choose::engine(global, &arguments.packs, folder, &mut problems) else {
        return open::failed(global, &problems);
    };
    let packs = choose::packs(&engine, &arguments.packs, folder.is_some(), &mut problems);
    let root = open::root(global);
    let mut results = Vec::new();
    for pack in packs {
        let mut found = Problems::new();
        let examples = choose::examples(&mut engine, &root, &pack, folder, &mut found);
        found.extend(lint::lint(&engine, &pack, &examples));
        results.push((pack.name.clone(), found.0.len()));
        problems.extend(found);
    }
    let sources = &engine.project.sources;
    if global.format == Format::Json {
        let one = |(pack, found): &(String, usize)| {
            mapping([("pack", Node::new(pack.as_str())), ("findings", number(*found))])
        };
        report::json(&mapping([
            ("packs", Node::new(results.iter().map(one).collect::<Vec<_>>())),
            ("findings", report::to_node(&problems, sources)),
        ]));
    } else {
        report::findings(global, &problems, sources);
        // An error of what was read may be about any of them.
        let broken = problems.has_errors();
        for (pack, found) in results.iter().filter(|(_, found)| *found > 0 || !broken) {
            let word = if *found == 0 { "ok".to_owned() } else { format!("{found} to mend") };
            print(&format!("{pack}: {word}\n"));
        }
    }
    match (problems.has_errors(), results.iter().any(|(_, found)| *found > 0)) {
        (true, _) => Exit::Unknown,
        (false, true) => Exit::No,
        (false, false) => Exit::Yes,
    }
}
