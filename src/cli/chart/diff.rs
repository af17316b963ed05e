//! `gen chart diff`: what two versions of a chart take differently, and where this project uses that.

use super::facts;
use crate::{
    address,
    chart::{self, Differs, Facts, Given},
    check,
    cli::{
        Exit, Format, Global, open,
        report::{self, mapping},
    },
    diag::{Place, Problems, Sources},
    pipeline::Engine,
    yaml::{Node, Value, to_json},
};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

/// What a new version of a chart takes differently, and where this project uses it
///
/// Keys that are gone (`-`), new (`+`), of another type or default (`~`). Below each stand the lines of this project that
/// set it, in environments, layers and packs, for releases of the chart.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen chart diff loki-17.0.0.tgz loki-18.0.0.tgz\n  gen chart diff charts/loki-17.0.0.facts ./loki --used   only what this project uses"
)]
pub(in crate::cli) struct Arguments {
    /// The old version: a folder, an archive (`.tgz`), or a file of facts
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new version
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Only what this project uses
    #[arg(long)]
    used: bool,
    /// Say no (exit code 1) if something in use is gone or of another type
    #[arg(long)]
    exit_code: bool,
}

/// A difference, and the places that set it.
struct Row {
    difference: chart::Difference,
    used: Vec<String>,
}

/// What two versions of a chart take differently, seen from a release.
pub(in crate::cli) struct Difference(Vec<Row>);

impl Difference {
    /// Of the values that a release sets, and the defaults of all others.
    pub(in crate::cli) fn of(old: &Facts, new: &Facts, values: Option<&Node>, sources: &Sources) -> Self {
        let mut set = BTreeSet::new();
        values.into_iter().for_each(|values| down(values, &mut Vec::new(), &mut set));
        let all = chart::difference(old, new).into_iter().map(|difference| {
            let used = uses(&difference, &set, Some(sources));
            Row { difference, used }
        });
        Self(all.filter(Row::concerns).collect())
    }

    /// Its lines, those of values in use first; of defaults no more than `most`, and how many are left out.
    pub(in crate::cli) fn of_concern(&self, most: usize) -> (String, usize) {
        let (used, defaults): (Vec<&Row>, Vec<&Row>) = self.0.iter().partition(|row| !row.used.is_empty());
        let told = used.iter().chain(defaults.iter().take(most));
        (told.map(|row| line(row)).collect(), defaults.len().saturating_sub(most))
    }

    /// For programs.
    pub(in crate::cli) fn to_node(&self) -> Node {
        Node::new(self.0.iter().map(to_node).collect::<Vec<_>>())
    }
}

impl Row {
    /// Does it concern who sets what is used, and takes the defaults otherwise?
    fn concerns(&self) -> bool {
        !self.used.is_empty() || matches!(self.difference.what, Differs::Default { .. })
    }
}

pub(in crate::cli) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let mut sources = Sources::new();
    let [old, new] = [&arguments.old, &arguments.new].map(|path| facts(path, &mut sources, &mut problems));
    let (Some(old), Some(new)) = (old, new) else { return open::failed_in(global, &problems, &sources) };
    let engine = open::engine_or_builtin(global, &mut problems);
    let set = engine.as_ref().map(|engine| places(engine, &old.name, &mut problems)).unwrap_or_default();
    let sources = engine.as_ref().map(|engine| &engine.project.sources);
    let all = chart::difference(&old, &new).into_iter().map(|difference| {
        let used = uses(&difference, &set, sources);
        Row { difference, used }
    });
    let told = |row: &Row| !row.used.is_empty() || !arguments.used && !row.difference.hint;
    let rows: Vec<Row> = all.filter(told).collect();
    match global.format {
        Format::Json => report::json(&mapping([
            ("old", named(&old)),
            ("new", named(&new)),
            ("values", Node::new(rows.iter().map(to_node).collect::<Vec<_>>())),
            ("findings", report::to_node(&problems, sources.unwrap_or(&Sources::new()))),
        ])),
        _ => {
            report::print(&text(&old, &new, &rows));
            report::findings(global, &problems, sources.unwrap_or(&Sources::new()));
        }
    }
    let breaks = |row: &Row| {
        !row.used.is_empty() && matches!(row.difference.what, Differs::Gone { .. } | Differs::Type { .. })
    };
    match (arguments.exit_code && rows.iter().any(breaks), problems.has_errors()) {
        (true, _) => Exit::No,
        // What cannot be read may use it.
        (false, true) if arguments.exit_code || arguments.used => Exit::Unknown,
        _ => Exit::Yes,
    }
}

/// A value that is set for a release.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Set {
    path: Vec<Arc<str>>,
    place: Place,
    /// Is it no mapping?
    leaf: bool,
}

/// The values that are set for releases of a chart. Why an environment cannot be looked at is told.
fn places(engine: &Engine, chart: &str, problems: &mut Problems) -> BTreeSet<Set> {
    let found = engine.each(&engine.environments(), |built| {
        let mut all = BTreeSet::new();
        if let Some(tree) = &built.tree {
            let policy = check::Policy::default();
            let facts = check::Facts::new(tree, None, &policy);
            for release in facts.installed().filter(|release| release.name == chart) {
                release.values.into_iter().for_each(|values| down(values, &mut Vec::new(), &mut all));
            }
        }
        (all, if built.tree.is_none() { built.problems } else { Problems::new() })
    });
    let (sets, told): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    told.into_iter().for_each(|told| problems.extend(told));
    sets.into_iter().flatten().collect()
}

fn down(node: &Node, path: &mut Vec<Arc<str>>, all: &mut BTreeSet<Set>) {
    let mut part = |key: Arc<str>, key_place: Option<Place>, node: &Node| {
        path.push(key);
        let leaf = !matches!(node.value, Value::Map(_));
        // The key of a value that a layer overrides may stand in the layer: the value is what counts.
        let place = if leaf { node.place().or(key_place) } else { key_place.or(node.place()) };
        all.extend(place.map(|place| Set { path: path.clone(), place, leaf }));
        down(node, path, all);
        path.pop();
    };
    match &node.value {
        Value::Map(map) => map.iter().for_each(|(key, node)| part(Arc::clone(&key.text), key.place, node)),
        Value::Seq(items) => {
            items.iter().enumerate().for_each(|(index, node)| part(index.to_string().into(), None, node));
        }
        _ => {}
    }
}

/// Where what differs is set; of what is gone, all that was in it.
fn uses(difference: &chart::Difference, all: &BTreeSet<Set>, sources: Option<&Sources>) -> Vec<String> {
    let Some(sources) = sources else { return Vec::new() };
    let gone = matches!(difference.what, Differs::Gone { .. });
    let same = |(wanted, key): (&Arc<str>, &Arc<str>)| {
        wanted == key || **wanted == *"*" || **wanted == *"-" && key.bytes().all(|b| b.is_ascii_digit())
    };
    let is_meant = |set: &&Set| {
        let (long, wanted) = (set.path.len(), difference.path.len());
        let fits = if gone { long >= wanted && set.leaf } else { long == wanted };
        fits && difference.path.iter().zip(&set.path).all(same)
    };
    let places: BTreeSet<Place> = all.iter().filter(is_meant).map(|set| set.place).collect();
    places.into_iter().map(|place| sources.locate(place)).collect()
}

fn named(facts: &Facts) -> Node {
    mapping([("chart", Node::new(facts.name.as_str())), ("version", Node::new(facts.version.as_str()))])
}

fn to_node(row: &Row) -> Node {
    let default = |given: &Given| match given {
        Given::Short(value) => Node::new(value.clone()),
        Given::Nothing | Given::Long => Node::new(Value::Null),
    };
    let (what, was, is) = match &row.difference.what {
        Differs::Gone { was, .. } => ("gone", Node::new(was.as_str()), Node::new(Value::Null)),
        Differs::Added { is, .. } => ("added", Node::new(Value::Null), Node::new(is.as_str())),
        Differs::Type { was, is } => ("type", Node::new(was.as_str()), Node::new(is.as_str())),
        Differs::Default { was, is } => ("default", default(was), default(is)),
    };
    report::masked(&mapping([
        ("path", Node::new(row.difference.path.join("."))),
        ("what", Node::new(what)),
        ("old", was),
        ("new", is),
        ("used", report::words(row.used.iter().map(String::as_str))),
    ]))
}

fn text(old: &Facts, new: &Facts, rows: &[Row]) -> String {
    let mut out = match (old.name == new.name, rows.is_empty()) {
        (true, _) => format!("{} {} → {}\n", old.name, old.version, new.version),
        (false, _) => format!("{} {} → {} {}\n", old.name, old.version, new.name, new.version),
    };
    if rows.is_empty() {
        out.push_str("nothing differs\n");
    }
    rows.iter().for_each(|row| out += &line(row));
    out
}

/// A difference in a line, and a line for each place that sets it.
fn line(row: &Row) -> String {
    let many = |within: &usize| match within {
        0 => String::new(),
        1 => " with 1 value".to_owned(),
        many => format!(" with {many} values"),
    };
    let path = row.difference.path.join(".");
    let mut out = match &row.difference.what {
        Differs::Gone { was, within } => format!("- {path}: {was}{}\n", many(within)),
        Differs::Added { is, within } => format!("+ {path}: {is}{}\n", many(within)),
        Differs::Type { was, is } => format!("~ {path}: {was} → {is}\n"),
        Differs::Default { was: Given::Long, is: Given::Long } => {
            format!("~ {path}: another default, a list or a longer text\n")
        }
        Differs::Default { was, is } => {
            format!("~ {path}: default {} → {}\n", default(was), default(is))
        }
    };
    row.used.iter().for_each(|place| out += &format!("    {place}\n"));
    address::masked(&out).into_owned()
}

fn default(given: &Given) -> String {
    match given {
        Given::Nothing => "none".to_owned(),
        Given::Short(value) => to_json(&Node::new(value.clone()), None),
        Given::Long => "a list or a longer text".to_owned(),
    }
}
