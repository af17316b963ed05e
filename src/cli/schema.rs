//! `gen schema`: JSON Schemas, with which editors complete, explain and judge while one writes.

use super::{
    Exit, Format, Global, open,
    report::{self, mapping, say},
};
use crate::{
    cache,
    diag::{Problems, Sources},
    editor::{self, PACK_SCHEMA, PROJECT_SCHEMA},
    load::{Disk, Files, Recorded},
    pipeline::Engine,
    write,
    yaml::{Node, to_json},
};
use std::{collections::BTreeMap, path::Path};

/// JSON Schema for editors: of fleet.yaml, environments and layers, or of pack.yaml files
///
/// It knows the inputs of every pack, the values of their charts, the paths that references may name, the components,
/// layers and keys of the project. `--write` puts it where the files that `gen init` makes point to; do that again when
/// a name has come. When packs or charts change, `gen render` does it.
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

/// Of which packs and charts the schemas were made. Without it they are somebody else's.
const MADE_OF: &str = ".gen/schema.made-of";

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
    let changed = write(&open::root(global), &engine, &notes, &mut problems);
    if global.format == Format::Json {
        report::json(&mapping([
            ("written", report::words(changed.iter().copied())),
            ("findings", report::to_node(&problems, &Sources::new())),
        ]));
    } else {
        report::findings(global, &problems, &Sources::new());
        for path in [PROJECT_SCHEMA, PACK_SCHEMA] {
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
    write(root, &engine, &recorded.notes(), problems)
}

/// Makes the schemas of a project anew if `gen` wrote them of other packs or charts than there are now.
pub(super) fn follow(global: &Global, engine: &Engine, notes: &Notes) {
    let root = open::root(global);
    let before = Disk::new(&root).ok().and_then(|disk| disk.read(MADE_OF).ok());
    if before.is_none_or(|before| before == made_of(notes).as_bytes()) {
        return;
    }
    let mut problems = Problems::new();
    let changed = write(&root, engine, notes, &mut problems);
    // An editor that knows less is no reason to stop.
    let said = problems.0.iter().map(|problem| problem.message.clone());
    said.chain(changed.iter().map(|path| format!("{path}: follows packs and charts")))
        .for_each(|said| say(global, &said));
}

fn made_of(notes: &Notes) -> String {
    cache::packs_and_charts(notes) + "\n"
}

/// Writes both schemas into a project, and of what they were made; those that changed.
fn write(root: &Path, engine: &Engine, notes: &Notes, problems: &mut Problems) -> Vec<&'static str> {
    let mut changed = Vec::new();
    let (project, packs) = (text(&editor::project(&engine.project)), text(&editor::packs()));
    for (path, text) in [(PROJECT_SCHEMA, project), (PACK_SCHEMA, packs), (MADE_OF, made_of(notes))] {
        match write::put(root, path, text.as_bytes()) {
            Ok(is_new) => changed.extend((is_new && path != MADE_OF).then_some(path)),
            Err(problem) => problems.push(*problem),
        }
    }
    changed
}

fn text(schema: &Node) -> String {
    to_json(schema, None) + "\n"
}
