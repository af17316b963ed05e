//! `gen schema`: JSON Schemas, with which editors complete, explain and judge while one writes.

use super::{
    Exit, Format, Global, open,
    report::{self, mapping, say},
};
use crate::{
    cache,
    diag::{Problems, Sources},
    editor::{self, PACK_SCHEMA, PROJECT_SCHEMA},
    hash::sha256,
    load::{Disk, Files, Kind, Recorded},
    pipeline::Engine,
    schema::parse_json,
    write,
    yaml::{Map, Node, Value, to_json},
};
use std::{collections::BTreeMap, path::Path};

/// JSON Schema for editors: of fleet.yaml, environments and layers, or of pack.yaml files
///
/// It knows the inputs of every pack, the values of their charts, the paths that references may name, the components,
/// layers and keys of the project. `--write` puts it where the files that `gen init` makes point to; do that again when
/// a name has come. When packs or charts change, or a schema was damaged, `gen render` does it, of those that `gen` wrote.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen schema --write              for this project's editors: .gen/schema.json and .gen/pack.schema.json\n  gen schema > schema.json        on stdout\n  gen schema --pack > pack.json   of pack.yaml files\n\nA file points to its schema with a line: # yaml-language-server: $schema=../.gen/schema.json"
)]
pub(super) struct Arguments {
    /// Of pack.yaml files
    #[arg(long, conflicts_with = "write")]
    pack: bool,
    /// Write both to `.gen/` of the project
    #[arg(long)]
    write: bool,
}

/// Of which packs and charts the schemas were made, and a line `HASH  PATH` for each. Without it they are somebody else's.
const MADE_OF: &str = ".gen/schema.made-of";

const BOTH: [&str; 2] = [PROJECT_SCHEMA, PACK_SCHEMA];

/// What was read of a project, by path.
type Notes = BTreeMap<String, String>;

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    if arguments.pack {
        report::exact(&text(&editor::packs()));
        return Exit::Yes;
    }
    let mut problems = Problems::new();
    // What is wrong in the project is told elsewhere: an editor is there to mend it.
    if !arguments.write {
        let Some(engine) = open::engine_or_builtin(global, &mut problems) else {
            return open::failed(global, &problems);
        };
        report::exact(&text(&editor::project(&engine.project)));
        return Exit::Yes;
    }
    let Some((engine, notes)) = open::recorded(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    let mut problems = Problems::new();
    let changed = write(&open::root(global), &engine, &notes, &BOTH, &mut problems);
    if global.format == Format::Json {
        report::json(&mapping([
            ("written", report::words(changed.iter().copied())),
            ("findings", report::to_node(&problems, &Sources::new())),
        ]));
    } else {
        report::findings(global, &problems, &Sources::new());
        for path in BOTH {
            let word = if changed.contains(&path) { "wrote" } else { "kept " };
            if problems.is_empty() {
                say(global, &format!("{word} {path}"));
            }
        }
    }
    if problems.has_errors() { Exit::Unknown } else { Exit::Yes }
}

/// Makes the schemas of a project anew; those that changed.
pub(super) fn refresh(root: &Path, problems: &mut Problems) -> Vec<&'static str> {
    let Ok(disk) = Disk::new(root) else { return Vec::new() };
    let recorded = Recorded::new(&disk);
    let Some(engine) = Engine::open(&recorded, &mut Problems::new()) else { return Vec::new() };
    write(root, &engine, &recorded.notes(), &BOTH, problems)
}

/// How a schema stands that `gen` wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// As it was written.
    Whole,
    /// Not there, or no JSON any more.
    Damaged,
    /// Another schema, or what cannot be read.
    Foreign,
}

/// Makes the schemas of a project anew if `gen` wrote them: of other packs or charts than there are now, or if they are
/// damaged. Those that changed, and why.
pub(super) fn follow(global: &Global, engine: &Engine, notes: &Notes) -> Vec<(&'static str, &'static str)> {
    let root = open::root(global);
    let Ok(disk) = Disk::new(&root) else { return Vec::new() };
    let Some(before) = record(&disk) else { return Vec::new() };
    let is_old = before.lines().next() != Some(&cache::packs_and_charts(notes));
    let states = BOTH.map(|path| (path, state(&disk, path, &before)));
    let wanted = |state| state == State::Damaged || (state == State::Whole && is_old);
    let paths: Vec<&str> = states.iter().filter(|(_, state)| wanted(*state)).map(|(path, _)| *path).collect();
    if paths.is_empty() {
        return Vec::new();
    }
    let mut problems = Problems::new();
    let changed = write(&root, engine, notes, &paths, &mut problems);
    // An editor that knows less is no reason to stop.
    problems.0.iter().for_each(|problem| say(global, &problem.message));
    let written = states.into_iter().filter(|(path, _)| changed.contains(path));
    let why = |state| match state {
        State::Damaged => "made anew, it was damaged",
        _ => "follows packs and charts",
    };
    written.map(|(path, state)| (path, why(state))).collect()
}

/// What `gen` wrote there.
fn record(disk: &Disk) -> Option<String> {
    String::from_utf8(disk.read(MADE_OF).ok()?).ok()
}

/// The line of a schema, and its hash.
fn line<'r>(record: &'r str, path: &str) -> Option<(&'r str, &'r str)> {
    record.lines().find_map(|line| Some((line, line.split_once("  ").filter(|(_, of)| *of == path)?.0)))
}

fn state(disk: &Disk, path: &str, record: &str) -> State {
    if disk.kind(path) == Kind::Missing {
        return State::Damaged;
    }
    let Ok(bytes) = disk.read(path) else { return State::Foreign };
    match line(record, path) {
        Some((_, hash)) if hash == sha256(&bytes) => State::Whole,
        _ if std::str::from_utf8(&bytes).is_ok_and(|text| parse_json(text).is_ok()) => State::Foreign,
        _ => State::Damaged,
    }
}

/// Writes schemas into a project, and of what they were made; those that changed.
fn write<'p>(
    root: &Path,
    engine: &Engine,
    notes: &Notes,
    paths: &[&'p str],
    problems: &mut Problems,
) -> Vec<&'p str> {
    let mut changed = Vec::new();
    let before = Disk::new(root).ok().and_then(|disk| record(&disk)).unwrap_or_default();
    let mut made_of = cache::packs_and_charts(notes) + "\n";
    let mut put = |path: &str, text: &str| {
        let put = write::put(root, path, text.as_bytes());
        put.map_err(|problem| problems.push(*problem)).unwrap_or_default()
    };
    for path in BOTH {
        let Some(wanted) = paths.iter().find(|wanted| **wanted == path) else {
            made_of.extend(line(&before, path).map(|(line, _)| format!("{line}\n")));
            continue;
        };
        let schema = if path == PROJECT_SCHEMA { editor::project(&engine.project) } else { editor::packs() };
        let text = text(&schema);
        made_of.push_str(&format!("{}  {path}\n", sha256(text.as_bytes())));
        changed.extend(put(path, &text).then_some(*wanted));
    }
    put(MADE_OF, &made_of);
    changed
}

fn text(schema: &Node) -> String {
    to_json(&shown(schema), None) + "\n"
}

/// A schema without what is secret in addresses, where that changes nothing of what it takes.
fn shown(schema: &Node) -> Node {
    let members = |map: &Map, of: &dyn Fn(&str, &Node) -> Node| {
        Value::Map(map.iter().map(|(key, node)| (key.clone(), of(&key.text, node))).collect())
    };
    let value = match &schema.value {
        Value::Map(map) => members(map, &|key, node| match (key, &node.value) {
            ("default" | "description" | "markdownDescription" | "examples", _) => report::masked(node),
            ("enum" | "const", _) => node.clone(),
            ("properties" | "patternProperties" | "$defs", Value::Map(named)) => {
                Node::new(members(named, &|_, schema| shown(schema)))
            }
            _ => shown(node),
        }),
        Value::Seq(items) => Value::Seq(items.iter().map(shown).collect()),
        scalar => scalar.clone(),
    };
    Node::new(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown_that_it_does_not_take() {
        let url = "https://app:hunter2@h";
        let schema = read(&format!(
            r#"{{"properties": {{"default": {{"default": "{url}", "description": "as {url}", "examples": ["{url}"], "enum": ["{url}"]}}}}, "items": {{"const": "{url}", "default": ["{url}"]}}}}"#
        ));
        let hidden = "https://app:***@h";
        let wanted = format!(
            r#"{{"properties": {{"default": {{"default": "{hidden}", "description": "as {hidden}", "examples": ["{hidden}"], "enum": ["{url}"]}}}}, "items": {{"const": "{url}", "default": ["{hidden}"]}}}}"#
        );
        assert_eq!(text(&schema), text(&read(&wanted)));
        assert_eq!(text(&schema).matches("hunter2").count(), 2);
    }

    fn read(json: &str) -> Node {
        parse_json(json).unwrap()
    }
}
