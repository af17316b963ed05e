//! Which packs are meant: names, or one folder of packs (`./DIR`).

use super::find;
use crate::{
    cli::{Global, open},
    diag::{Diagnostic, Problems, did_you_mean},
    load::{self, Builtin, Disk, ExampleFiles, Files, Kind, Pack, PacksOnly},
    pipeline::Engine,
};
use std::{path::Path, sync::Arc};

/// The folder among the words.
pub(super) fn folder(words: &[String]) -> Option<&str> {
    words.iter().find_map(|word| word.strip_prefix("./")).map(|folder| folder.trim_end_matches('/'))
}

/// The project, or a folder of packs and the built-in ones. `None` if packs are meant to be in a folder (no names are
/// given, or the folder is) and there are none, or if several folders are given.
pub(super) fn engine(
    global: &Global,
    words: &[String],
    folder: Option<&str>,
    problems: &mut Problems,
) -> Option<Engine> {
    let (Some(folder), Ok(disk)) = (folder, Disk::new(&open::root(global))) else {
        return open::engine_or_builtin(global, problems);
    };
    let folders: Vec<&String> = words.iter().filter(|word| word.starts_with("./")).collect();
    let wrong = match folders.as_slice() {
        [_, second, ..] => Some(
            Diagnostic::error("usage/packs-folder", format!("`{second}` is a second folder of packs"))
                .help("give one folder, and run the command again for the other"),
        ),
        [] if !words.is_empty() => None,
        _ => no_packs(&disk, folder),
    };
    match wrong {
        Some(wrong) => {
            problems.push(wrong);
            None
        }
        None => Engine::open(&PacksOnly::new(&disk, Some(folder)), problems),
    }
}

/// What is wrong with a folder that holds no pack.
fn no_packs(disk: &Disk, folder: &str) -> Option<Diagnostic> {
    let error = |what: String| Some(Diagnostic::error("usage/packs-folder", what));
    let inside = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    if disk.kind(folder) != Kind::Folder {
        let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        let beside = disk.list(parent).unwrap_or_default();
        let folders = beside.iter().filter(|entry| entry.kind == Kind::Folder).map(|entry| &*entry.name);
        let parent = if parent.is_empty() { String::new() } else { format!("{parent}/") };
        let help = match did_you_mean(name, folders) {
            Some(near) => format!("did you mean `./{parent}{near}`?"),
            None => "packs of a project are in `./templates`; `gen pack new NAME` writes one".to_owned(),
        };
        return error(format!("there is no folder `./{folder}`")).map(|said| said.help(help));
    }
    if disk.kind(&inside("pack.yaml")) == Kind::File {
        let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        let help = format!("give the folder that it is in: `./{parent}`, and `{name}` to mean it alone");
        return error(format!("`./{folder}` is a pack, and no folder of packs")).map(|said| said.help(help));
    }
    let entries = disk.list(folder).unwrap_or_default();
    if entries.iter().any(|entry| disk.kind(&inside(&format!("{}/pack.yaml", entry.name))) == Kind::File) {
        return None;
    }
    let help = "a pack is a folder with a `pack.yaml`; `gen pack new NAME` writes one to `./templates`";
    error(format!("there is no pack in `./{folder}`")).map(|said| said.help(help))
}

/// The packs that are named; without names all, or all of the folder.
pub(super) fn packs(
    engine: &Engine,
    words: &[String],
    folder: bool,
    problems: &mut Problems,
) -> Vec<Arc<Pack>> {
    let named: Vec<&String> = words.iter().filter(|p| !p.starts_with("./")).collect();
    if named.is_empty() {
        return engine.project.packs.values().filter(|p| !folder || !p.builtin).cloned().collect();
    }
    named.into_iter().filter_map(|name| find(&engine.project, name, problems).cloned()).collect()
}

/// The examples of a pack. That it has none is told, and where.
pub(super) fn examples(
    engine: &mut Engine,
    root: &Path,
    pack: &Pack,
    folder: Option<&str>,
    problems: &mut Problems,
) -> Vec<ExampleFiles> {
    let sources = &mut engine.project.sources;
    let path = format!("{}/{}", folder.unwrap_or("templates"), pack.name);
    let disk = Disk::new(root).ok().filter(|_| !pack.builtin);
    let (files, path): (&dyn Files, &str) = match &disk {
        Some(disk) => (disk, &path),
        None => (&Builtin, &pack.name),
    };
    let folders = files.list(&format!("{path}/examples")).unwrap_or_default();
    if !folders.iter().any(|entry| entry.kind == Kind::Folder) {
        problems.push(
            Diagnostic::warning("pack/no-example", format!("the pack `{}` has no example", pack.name))
                .at(pack.place)
                .because("nothing shows what comes of it, and nothing tests it")
                .help("write one: `examples/minimal/component.yaml`, a component as an environment has it")
                .help(format!(
                    "then `gen pack test {} --update` writes its `expected/`: read that",
                    pack.name
                )),
        );
    }
    load::examples(files, path, sources, problems)
}
