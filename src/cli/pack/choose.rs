//! Which packs are meant: names, or one folder of packs (`./DIR`).

use super::find;
use crate::{
    cli::{Global, open},
    diag::Problems,
    load::{self, Builtin, Disk, ExampleFiles, Pack, PacksOnly},
    pipeline::Engine,
};
use std::{path::Path, sync::Arc};

/// The folder among the words.
pub(super) fn folder(words: &[String]) -> Option<&str> {
    words.iter().find_map(|word| word.strip_prefix("./")).map(|folder| folder.trim_end_matches('/'))
}

/// The project, or a folder of packs and the built-in ones.
pub(super) fn engine(global: &Global, folder: Option<&str>, problems: &mut Problems) -> Option<Engine> {
    match (folder, Disk::new(&open::root(global))) {
        (Some(folder), Ok(disk)) => Engine::open(&PacksOnly::new(&disk, Some(folder)), problems),
        _ => open::engine_or_builtin(global, problems),
    }
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

/// The examples of a pack.
pub(super) fn examples(
    engine: &mut Engine,
    root: &Path,
    pack: &Pack,
    folder: Option<&str>,
    problems: &mut Problems,
) -> Vec<ExampleFiles> {
    let sources = &mut engine.project.sources;
    if pack.builtin {
        return load::examples(&Builtin, &pack.name, sources, problems);
    }
    let path = format!("{}/{}", folder.unwrap_or("templates"), pack.name);
    match Disk::new(root) {
        Ok(disk) => load::examples(&disk, &path, sources, problems),
        Err(_) => Vec::new(),
    }
}
