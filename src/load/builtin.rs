//! The packs inside the binary. `build.rs` has them embedded anew when a file comes or goes.

use super::files::{Entry, Files, Kind};
use include_dir::{Dir, DirEntry, include_dir};
use std::{collections::BTreeMap, sync::LazyLock};

static PACKS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/packs");

/// What the names of its files begin with.
const SHOWN: &str = "<built-in>/";

/// The packs inside the binary, as a folder of packs: `loki/pack.yaml`.
#[derive(Clone, Copy, Debug)]
pub struct Builtin;

impl Builtin {
    /// Is it a file in there that has this name?
    pub fn has(name: &str) -> bool {
        name.starts_with(SHOWN)
    }
}

/// Every file and folder in it by its path: `include_dir` compares paths one after another.
static BY_PATH: LazyLock<BTreeMap<&str, &DirEntry<'_>>> = LazyLock::new(|| {
    let mut found = BTreeMap::new();
    let mut folders = vec![&PACKS];
    while let Some(folder) = folders.pop() {
        for entry in folder.entries() {
            found.extend(entry.path().to_str().map(|path| (path, entry)));
            folders.extend(entry.as_dir());
        }
    }
    found
});

impl Files for Builtin {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let dir = match folder {
            "" => Some(&PACKS),
            _ => BY_PATH.get(folder).and_then(|entry| entry.as_dir()),
        };
        let mut entries: Vec<Entry> = dir
            .into_iter()
            .flat_map(|dir| dir.entries())
            .map(|entry| Entry {
                name: entry.path().file_name().unwrap_or_default().to_string_lossy().into_owned(),
                kind: kind(entry),
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let file = BY_PATH.get(path).and_then(|entry| entry.as_file());
        file.map(|file| file.contents().to_vec()).ok_or_else(|| "is not there".to_owned())
    }

    fn kind(&self, path: &str) -> Kind {
        match BY_PATH.get(path) {
            Some(entry) => kind(entry),
            None if path.is_empty() => Kind::Folder,
            None => Kind::Missing,
        }
    }

    fn name(&self, path: &str) -> String {
        format!("{SHOWN}{path}")
    }
}

fn kind(entry: &DirEntry<'_>) -> Kind {
    match entry {
        DirEntry::File(_) => Kind::File,
        DirEntry::Dir(_) => Kind::Folder,
    }
}
