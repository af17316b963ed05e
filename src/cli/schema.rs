//! `gen schema`: JSON Schemas, with which editors complete, explain and judge while one writes.

use super::{
    Exit, Format, Global, open,
    report::{self, mapping, say},
};
use crate::{
    diag::{Diagnostic, Problems, Sources},
    editor::{self, PACK_SCHEMA, PROJECT_SCHEMA},
    load::{Disk, Files, Kind},
    pipeline::Engine,
    write,
    yaml::{Node, to_json},
};
use std::path::Path;

/// JSON Schema for editors: of fleet.yaml, environments and layers, or of pack.yaml files
///
/// It knows the inputs of every pack, the values of their charts, the paths that references may name, the components,
/// layers and keys of the project. `--write` puts it where the files that `gen init` makes point to; do that again when
/// a name or a pack has come.
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

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    if arguments.pack {
        report::exact(&text(&editor::packs()));
        return Exit::Yes;
    }
    let mut problems = Problems::new();
    let engine = match arguments.write {
        true => open::engine(global, &mut problems),
        false => open::engine_or_builtin(global, &mut problems),
    };
    let Some(engine) = engine else { return open::failed(global, &problems) };
    // What is wrong in the project is told elsewhere: an editor is there to mend it.
    let schema = text(&editor::project(&engine.project));
    if !arguments.write {
        report::exact(&schema);
        return Exit::Yes;
    }
    let mut problems = Problems::new();
    let changed = write(&open::root(global), &schema, &mut problems);
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
    let engine = Disk::new(root).ok().and_then(|disk| Engine::open(&disk, &mut Problems::new()));
    let schema = engine.map(|engine| text(&editor::project(&engine.project)));
    schema.map_or_else(Vec::new, |schema| write(root, &schema, problems))
}

/// Writes both schemas into a project; those that changed.
fn write(root: &Path, project: &str, problems: &mut Problems) -> Vec<&'static str> {
    let mut changed = Vec::new();
    for (path, text) in [(PROJECT_SCHEMA, project), (PACK_SCHEMA, &text(&editor::packs()))] {
        match put(root, path, text) {
            Ok(true) => changed.push(path),
            Ok(false) => {}
            Err(problem) => problems.push(*problem),
        }
    }
    changed
}

fn put(root: &Path, path: &str, text: &str) -> Result<bool, Box<Diagnostic>> {
    let disk = Disk::new(root).ok();
    let before = disk.filter(|disk| disk.kind(path) == Kind::File).and_then(|disk| disk.read(path).ok());
    write::replace(root, path, before.as_deref(), Some(text.as_bytes()))?;
    Ok(before.as_deref() != Some(text.as_bytes()))
}

fn text(schema: &Node) -> String {
    to_json(schema, None) + "\n"
}
