//! Notes what is read of a project, so that it can be said whether a later run would read the same.

use super::files::{Entry, Files, Kind};
use crate::hash::sha256;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Files that are noted as they are read.
pub struct Recorded<'f> {
    files: &'f dyn Files,
    notes: Mutex<BTreeMap<String, String>>,
}

impl<'f> Recorded<'f> {
    /// Nothing is noted yet.
    pub fn new(files: &'f dyn Files) -> Self {
        Self { files, notes: Mutex::default() }
    }

    /// For each path that was looked at what was there: the hash of a file, the members of a folder.
    pub fn notes(self) -> BTreeMap<String, String> {
        self.notes.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, path: &str, what: &str) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = notes.entry(path.to_owned()).or_default();
        if !known.contains(what) {
            known.push_str(what);
            known.push('\n');
        }
    }
}

impl Files for Recorded<'_> {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let found = self.files.list(folder);
        self.note(folder, &format!("{found:?}"));
        found
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.files.read(path);
        match &found {
            Ok(bytes) => self.note(path, &sha256(bytes)),
            Err(why) => self.note(path, why),
        }
        found
    }

    fn kind(&self, path: &str) -> Kind {
        let found = self.files.kind(path);
        self.note(path, &format!("{found:?}"));
        found
    }

    fn name(&self, path: &str) -> String {
        self.files.name(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;

    #[test]
    fn whatever_is_asked_for_is_noted() {
        let notes = |text: &str| {
            let files: Memory = [("a/b", text), ("c", "")].into_iter().collect();
            let recorded = Recorded::new(&files);
            let _ = (recorded.list("a"), recorded.read("a/b"), recorded.kind("d"), recorded.read("none"));
            recorded.notes()
        };
        let first = notes("1");
        assert_eq!(first.keys().collect::<Vec<_>>(), ["a", "a/b", "d", "none"]);
        assert_eq!(first, notes("1"));
        let second = notes("2");
        let changed: Vec<_> = first.iter().filter(|(path, what)| second[*path] != **what).collect();
        assert_eq!(changed.len(), 1, "{changed:?}");
    }
}
