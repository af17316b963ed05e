//! What was rendered, folder by folder: every environment, and what every example of a pack should give.

use crate::context::Context;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Names and folders: `prod`, `packs/web-app/full`.
pub(crate) fn all(context: &Context) -> Vec<(String, PathBuf)> {
    let mut all = context.environments();
    for shelf in ["packs", "templates"] {
        for pack in folders(&context.root().join(shelf)) {
            for example in folders(&pack.join("examples")) {
                let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
                all.push((format!("{shelf}/{}/{}", name(&pack), name(&example)), example.join("expected")));
            }
        }
    }
    all
}

/// The YAML files of a folder, sorted.
pub(crate) fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "yaml")).collect()
}

/// All files of a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(folder) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}
