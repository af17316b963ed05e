//! `gen chart add`: reads a chart, and keeps what it takes.

use super::read;
use crate::{
    chart::{self, Facts, Field, Misfit},
    cli::{
        Exit, Format, Global, open,
        report::{self, mapping, say},
    },
    diag::{Diagnostic, Problems, Sources, did_you_mean, list},
    load::{CHARTS, ChartTexts, Disk, Files, Kind, Pack, Project},
    write,
    yaml::{self, Node, Value},
};
use std::path::PathBuf;

/// Read a chart and keep what it takes
///
/// Read are `Chart.yaml`, `values.yaml` with its comments, `values.schema.json`, what its templates read of the values, and
/// the charts in it; nothing is run and nothing is unpacked to the disk. What is kept is a text of a line a value:
/// `charts/NAME-VERSION.facts`, or with `--pack` a file of a pack of this project. From then on every `values:` for the
/// chart is checked against it. Facts of the same version that say something else, because somebody mended them, are not
/// overwritten without `--force`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen chart add ./loki                          for every component that installs loki in this version\n  gen chart add podinfo-6.9.2.tgz --pack app    for a pack in templates/"
)]
pub(in crate::cli) struct Arguments {
    /// The chart: a folder, or an archive (`.tgz`)
    #[arg(value_name = "CHART")]
    chart: PathBuf,
    /// Keep it in this pack of the project, which installs the chart
    #[arg(long, value_name = "PACK")]
    pack: Option<String>,
    /// Overwrite facts of this version that differ from what is read
    #[arg(long)]
    force: bool,
}

/// A longer difference is cut.
const MOST_LINES: usize = 40;

/// What was kept.
struct Kept {
    path: String,
    facts: Facts,
    changed: bool,
    /// The version whose facts stood there.
    instead_of: Option<String>,
}

pub(in crate::cli) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(engine) = open::engine(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    // What is wrong elsewhere in the project is no business of this command.
    let mut problems = Problems::new();
    let kept = keep(global, arguments, &engine.project, &mut problems);
    if global.format == Format::Json {
        let kept = kept.iter().flat_map(|kept| {
            [
                ("file", Node::new(kept.path.as_str())),
                ("chart", Node::new(kept.facts.name.as_str())),
                ("version", Node::new(kept.facts.version.as_str())),
                ("values", report::number(count(&kept.facts.values))),
                ("changed", Node::new(kept.changed)),
                ("insteadOf", kept.instead_of.as_deref().map_or(Node::new(Value::Null), Node::new)),
            ]
        });
        let findings = ("findings", report::to_node(&problems, &Sources::new()));
        report::json(&mapping(kept.chain([findings])));
    } else {
        report::findings(global, &problems, &engine.project.sources);
        if let Some(Kept { path, facts, changed, instead_of }) = &kept {
            let word = if *changed { "wrote" } else { "kept " };
            let values = count(&facts.values);
            let instead = instead_of.iter().map(|version| format!(", instead of those of {version}"));
            let instead = instead.collect::<String>();
            say(
                global,
                &format!("{word} {path}: {values} values of {} {}{instead}", facts.name, facts.version),
            );
        }
    }
    if kept.is_none() { Exit::Unknown } else { Exit::Yes }
}

fn keep(global: &Global, arguments: &Arguments, project: &Project, problems: &mut Problems) -> Option<Kept> {
    let (texts, facts) = read(&arguments.chart, problems)?;
    let path = path(arguments, &facts, project, problems)?;
    own_values(&texts, &facts, problems);
    let text = chart::write(&facts);
    let root = open::root(global);
    let disk = Disk::new(&root).ok()?;
    let before = (disk.kind(&path) == Kind::File).then(|| disk.read(&path).ok()).flatten();
    let changed = before.as_deref() != Some(text.as_bytes());
    let mut instead_of = None;
    if let Some(before) = before.as_deref().filter(|_| changed) {
        let read = std::str::from_utf8(before).ok().and_then(|text| chart::parse(text).ok());
        let other = read.filter(|read| (&read.name, &read.version) != (&facts.name, &facts.version));
        if other.is_none() && !arguments.force {
            problems.push(differs(&path, before, text.as_bytes(), &facts));
            return None;
        }
        instead_of = other.map(|read| read.version);
    }
    match write::replace(&root, &path, before.as_deref(), Some(text.as_bytes())) {
        Ok(()) => Some(Kept { path, facts, changed, instead_of }),
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

/// The error for facts that say something else than the chart.
fn differs(path: &str, before: &[u8], after: &[u8], facts: &Facts) -> Diagnostic {
    let (name, version) = (&facts.name, &facts.version);
    let message = format!("`{path}` says something else of {name} {version} than the chart");
    let edit = write::between(after, before, false);
    let lines: Vec<&str> = edit.lines().take(MOST_LINES).collect();
    let more = if edit.lines().count() > MOST_LINES { "\n…" } else { "" };
    Diagnostic::error("chart/differs", message)
        .because(format!("what is other there:\n{}{more}", lines.join("\n")))
        .help("`--force` overwrites it with what the chart says")
}

/// Where the facts belong. `None` if an error was pushed.
fn path(arguments: &Arguments, facts: &Facts, project: &Project, problems: &mut Problems) -> Option<String> {
    let (name, version) = (&facts.name, &facts.version);
    let plain = |text: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
        text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(good) && text.len() <= 100
    };
    if !plain(name) || !plain(version) {
        let message = format!("a chart cannot have the name `{name}` and the version `{version}`");
        let said = Diagnostic::error("chart/name", message);
        problems.push(said.help("mend its `Chart.yaml`: letters, digits, `-`, `_`, `.` and `+`"));
        return None;
    }
    let Some(wanted) = &arguments.pack else {
        return Some(format!("{CHARTS}/{name}-{version}.facts"));
    };
    let said = match project.packs.get(wanted) {
        Some(pack) if pack.builtin => {
            Diagnostic::error("chart/pack", format!("`{wanted}` is a built-in pack"))
                .help("leave `--pack` out: facts in `charts/` come before those of packs")
        }
        Some(pack) => match charts(pack) {
            charts if charts.contains(&name.as_str()) => {
                return Some(format!("templates/{wanted}/{CHARTS}/{name}.facts"));
            }
            charts if charts.is_empty() => {
                Diagnostic::error("chart/pack", format!("the pack `{wanted}` installs no chart"))
                    .help("leave `--pack` out")
            }
            charts => {
                Diagnostic::error("chart/pack", format!("the pack `{wanted}` does not install `{name}`"))
                    .because(format!("it installs {}", list(charts)))
                    .help("leave `--pack` out")
            }
        },
        None => {
            let own = || project.packs.values().filter(|pack| !pack.builtin).map(|pack| pack.name.as_str());
            let said = Diagnostic::error("usage/unknown-pack", format!("there is no pack `{wanted}`"));
            match did_you_mean(wanted, own()) {
                Some(near) => said.help(format!("did you mean `{near}`?")),
                None => said.help("`gen pack list` names them"),
            }
        }
    };
    problems.push(said);
    None
}

/// The charts that a pack installs.
fn charts(pack: &Pack) -> Vec<&str> {
    pack.releases.iter().map(|release| release.chart_ref().name).collect()
}

/// Tells where a chart's own values do not fit what was read of it: its schema refuses them.
fn own_values(texts: &ChartTexts, facts: &Facts, problems: &mut Problems) {
    let source = Sources::new().add("values.yaml", texts.values());
    let values = yaml::read_manifests(texts.values(), source, &mut Problems::new());
    let misfits = values.iter().flatten().flat_map(|values| chart::judge(facts, values));
    let paths: Vec<String> = misfits.map(|Misfit { path, .. }| path.join(".")).collect();
    if !paths.is_empty() {
        problems.push(
            Diagnostic::warning("chart/own-values", "the chart's schema refuses some of its own values")
                .because(list(paths.iter().map(String::as_str)))
                .help("Helm refuses them as well; tell those who make the chart"),
        );
    }
}

fn count(field: &Field) -> usize {
    field.members.values().map(|member| 1 + count(member)).sum()
}
