//! What may be forgotten at any time: `${XDG_CACHE_HOME:-~/.cache}/fleetgen/`, on macOS `~/Library/Caches/fleetgen/`.

use std::{
    env, fs,
    path::PathBuf,
    process,
    time::{Duration, SystemTime},
};

/// What nobody asked for so long is forgotten: its project may be gone. It is looked for once a day.
const LONG: Duration = Duration::from_secs(90 * DAY);
const DAY: u64 = 24 * 60 * 60;
/// The file whose time says when that was looked for.
const SWEPT: &str = ".swept";

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

    /// Forgets what was written long ago. What is still in use is rendered once more, and written again.
    pub fn sweep(&self) {
        let is_older = |path: &PathBuf, age: Duration| {
            let written = fs::metadata(path).and_then(|found| found.modified()).ok();
            written
                .and_then(|written| SystemTime::now().duration_since(written).ok())
                .is_none_or(|since| since > age)
        };
        let swept = self.0.join(SWEPT);
        if !is_older(&swept, Duration::from_secs(DAY)) || fs::write(&swept, "").is_err() {
            return;
        }
        for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            if is_older(&entry.path(), LONG) {
                let _ = fs::remove_file(entry.path());
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_long_ago_is_forgotten_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache(folder.path().join("renders"));
        let age = |name: &str, days: u64| {
            let file = fs::File::options().append(true).open(cache.0.join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(days * DAY)).unwrap();
        };
        for (name, days) in [("old", 91), ("new", 80)] {
            cache.put(name, name).unwrap();
            age(name, days);
        }
        cache.sweep();
        assert_eq!((cache.get("old"), cache.get("new").as_deref()), (None, Some("new")));
        age("new", 91);
        cache.sweep();
        assert!(cache.get("new").is_some(), "it was looked for today");
        age(SWEPT, 2);
        cache.sweep();
        assert!(cache.get("new").is_none());
    }
}
