//! The packs inside the binary. `build.rs` has them embedded anew when a file comes or goes.

use super::files::{Entry, Files, Kind};
use include_dir::{Dir, DirEntry, include_dir};

static PACKS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/packs");

/// The packs inside the binary, as a folder of packs: `loki/pack.yaml`.
#[derive(Clone, Copy, Debug)]
pub struct Builtin;

impl Files for Builtin {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let dir = if folder.is_empty() { Some(&PACKS) } else { PACKS.get_dir(folder) };
        let mut entries: Vec<Entry> = dir
            .into_iter()
            .flat_map(|dir| dir.entries())
            .map(|entry| Entry {
                name: entry.path().file_name().unwrap_or_default().to_string_lossy().into_owned(),
                kind: match entry {
                    DirEntry::Dir(_) => Kind::Folder,
                    DirEntry::File(_) => Kind::File,
                },
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        PACKS.get_file(path).map(|file| file.contents().to_vec()).ok_or_else(|| "is not there".to_owned())
    }

    fn kind(&self, path: &str) -> Kind {
        match PACKS.get_entry(path) {
            Some(DirEntry::File(_)) => Kind::File,
            Some(DirEntry::Dir(_)) => Kind::Folder,
            None if path.is_empty() => Kind::Folder,
            None => Kind::Missing,
        }
    }

    fn name(&self, path: &str) -> String {
        format!("<built-in>/{path}")
    }
}
