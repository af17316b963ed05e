//! What may be forgotten at any time: `${XDG_CACHE_HOME:-~/.cache}/fleetgen/`, on macOS `~/Library/Caches/fleetgen/`.

use std::{env, fs, path::PathBuf, process};

/// A folder of the cache. Whatever goes wrong with it, nothing is remembered and nothing said.
#[derive(Clone, Debug)]
pub struct Cache(PathBuf);

impl Cache {
    /// The folder of this name; `None` if the machine has no place for it.
    pub fn new(name: &str) -> Option<Self> {
        let set = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let own = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
        let base = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(own)))?;
        Some(Self(base.join("fleetgen").join(name)))
    }

    /// What is remembered under a name.
    pub fn get(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.join(name)).ok()
    }

    /// Remembers something, in the place of what was known; where. Another process sees the old or the new text.
    pub fn put(&self, name: &str, text: &str) -> Option<PathBuf> {
        fs::create_dir_all(&self.0).ok()?;
        let (place, new) = (self.0.join(name), self.0.join(format!("{name}.{}", process::id())));
        let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &place));
        written.inspect_err(|_| drop(fs::remove_file(&new))).ok()?;
        Some(place)
    }
}
