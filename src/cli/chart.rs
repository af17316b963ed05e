//! `gen chart add`, `diff`: what is known of charts.

mod add;
mod diff;

pub(super) use diff::Difference;

use super::{Exit, Global};
use crate::{
    chart::{self, Facts, NoFacts},
    diag::{Diagnostic, Place, Problems, Sources},
    load::{self, ChartTexts},
    yaml,
};
use std::path::Path;

/// Charts: what they take, kept as facts, and what changes from one version to another
#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "Examples:\n  gen chart add loki-18.11.0.tgz         what is set under `values` is checked from now on\n  gen chart diff ./loki-17 ./loki-18     what changes, and where this project uses it"
)]
pub(super) enum Command {
    Add(add::Arguments),
    Diff(diff::Arguments),
}

pub(super) fn run(global: &Global, command: &Command) -> Exit {
    match command {
        Command::Add(arguments) => add::run(global, arguments),
        Command::Diff(arguments) => diff::run(global, arguments),
    }
}

/// Reads a chart that somebody names.
fn read(path: &Path, problems: &mut Problems) -> Option<(ChartTexts, Facts)> {
    let read = ChartTexts::read(path).map_err(|why| format!("`{}` {why}", path.display()));
    let said = match read.and_then(|texts| Ok((texts.facts()?, texts))) {
        Ok((facts, texts)) => return Some((texts, facts)),
        Err(why) => why,
    };
    problems.push(
        Diagnostic::error("chart/read", said)
            .help("name a chart's folder, or its archive as `helm pull` or `helm package` makes it"),
    );
    None
}

/// Reads a chart, or a file of facts, which is added to the sources.
fn facts(path: &Path, sources: &mut Sources, problems: &mut Problems) -> Option<Facts> {
    if path.extension().is_none_or(|ending| ending != "facts") {
        return read(path, problems).map(|(_, facts)| facts);
    }
    let shown = path.display().to_string();
    let text = load::named(path).and_then(|bytes| {
        let bytes = bytes.ok_or_else(|| "is a folder".to_owned())?;
        yaml::decode(&bytes).map_err(|why| format!("cannot be read as text: {}", why.message))
    });
    let said = match text {
        Err(why) => Diagnostic::error("chart/read", format!("`{shown}` {why}")),
        Ok(text) => match chart::parse(&text) {
            Ok(facts) => return Some(facts),
            Err(NoFacts { at, why }) => {
                let source = sources.add(shown.as_str(), text.as_str());
                Diagnostic::error("chart/read", format!("`{shown}` holds no facts of a chart: {why}"))
                    .at(Place::new(source, at))
            }
        },
    };
    problems.push(said.help("make it anew with `gen chart add`"));
    None
}
