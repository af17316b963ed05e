//! Where files come from: [`Files`], and the implementation in memory. The disk is in `disk`, the packs
//! in the binary in `builtin`.

use std::collections::BTreeMap;

/// A folder of files: a project on disk, a revision, the packs in the binary. Paths are relative, with `/`;
/// the folder itself is the empty path.
pub trait Files: Sync {
    /// What is in a folder, sorted by name; nothing if there is no such folder.
    ///
    /// # Errors
    /// Says in a few words why it cannot be read, to be put behind the folder's name.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// Says in a few words why it cannot be read, to be put behind the file's name.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// What is at a path. A symbolic link to a file of the same folder is that file.
    fn kind(&self, path: &str) -> Kind;

    /// The name by which people know a file.
    fn name(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Missing,
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Something that is not read: why, to be put behind its name.
    Refused(&'static str),
}

/// A member of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// Files in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory(pub BTreeMap<String, Vec<u8>>);

impl<P: Into<String>, B: Into<Vec<u8>>> FromIterator<(P, B)> for Memory {
    fn from_iter<T: IntoIterator<Item = (P, B)>>(files: T) -> Self {
        Memory(files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect())
    }
}

impl Files for Memory {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let start = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut entries: Vec<Entry> = Vec::new();
        for path in self.0.range(start.clone()..).map(|(path, _)| path).take_while(|p| p.starts_with(&start))
        {
            let rest = &path[start.len()..];
            let (name, kind) = match rest.split_once('/') {
                Some((name, _)) => (name, Kind::Folder),
                None => (rest, Kind::File),
            };
            if entries.iter().all(|entry| entry.name != name) {
                entries.push(Entry { name: name.to_owned(), kind });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).cloned().ok_or_else(|| "is not there".to_owned())
    }

    fn kind(&self, path: &str) -> Kind {
        let below = format!("{path}/");
        if self.0.contains_key(path) {
            Kind::File
        } else if path.is_empty()
            || self.0.range(below.clone()..).next().is_some_and(|(p, _)| p.starts_with(&below))
        {
            Kind::Folder
        } else {
            Kind::Missing
        }
    }
}

/// A project of nothing but packs: those of a folder, and the built-in ones. It has no environments.
pub struct PacksOnly<'f> {
    files: &'f dyn Files,
    folder: Option<String>,
}

impl<'f> PacksOnly<'f> {
    /// The packs in a folder of `files`; without a folder just the built-in ones.
    pub fn new(files: &'f dyn Files, folder: Option<&str>) -> Self {
        Self { files, folder: folder.map(|f| f.trim_matches('/').to_owned()) }
    }

    /// The path in `files` of a path in the project.
    fn path(&self, path: &str) -> Option<String> {
        let below = path.strip_prefix("templates").filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        Some(format!("{}{below}", self.folder.as_ref()?).trim_start_matches('/').to_owned())
    }
}

/// The fleet file of a project without environments.
const NO_FLEET: &str = "environments/fleet.yaml";

impl Files for PacksOnly<'_> {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        match (folder, self.path(folder)) {
            ("environments", _) => Ok(vec![Entry { name: "fleet.yaml".to_owned(), kind: Kind::File }]),
            (_, Some(path)) => self.files.list(&path),
            (_, None) => Ok(Vec::new()),
        }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match self.path(path) {
            _ if path == NO_FLEET => Ok(Vec::new()),
            Some(path) => self.files.read(&path),
            None => Err("is not there".to_owned()),
        }
    }

    fn kind(&self, path: &str) -> Kind {
        match (path, self.path(path)) {
            ("" | "environments", _) => Kind::Folder,
            (NO_FLEET, _) => Kind::File,
            (_, Some(path)) => self.files.kind(&path),
            (_, None) => Kind::Missing,
        }
    }

    fn name(&self, path: &str) -> String {
        self.path(path).map_or_else(|| path.to_owned(), |path| self.files.name(&path))
    }
}

/// A path of a member.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_folders() {
        let files: Memory = [("a/b/c", "1"), ("a/b.x", "2"), ("a0", "3")].into_iter().collect();
        let names =
            |folder| files.list(folder).unwrap().into_iter().map(|e| (e.name, e.kind)).collect::<Vec<_>>();
        assert_eq!(names("a"), [("b".to_owned(), Kind::Folder), ("b.x".to_owned(), Kind::File)]);
        assert_eq!(names(""), [("a".to_owned(), Kind::Folder), ("a0".to_owned(), Kind::File)]);
        assert_eq!(files.kind("a/b"), Kind::Folder);
        assert_eq!(files.kind("a/"), Kind::Missing);
        assert_eq!(files.kind("x"), Kind::Missing);
        assert_eq!(files.read("a/b/c").unwrap(), b"1");
    }

    #[test]
    fn packs_of_any_folder_are_seen_as_those_of_a_project() {
        let files: Memory = [("packs/x/pack.yaml", "1")].into_iter().collect();
        let packs = PacksOnly::new(&files, Some("packs/"));
        assert_eq!(packs.list("templates").unwrap()[0].name, "x");
        assert_eq!(packs.read("templates/x/pack.yaml").unwrap(), b"1");
        assert_eq!(packs.name("templates/x/pack.yaml"), "packs/x/pack.yaml");
        assert_eq!(packs.kind("packs/x"), Kind::Missing);
        assert_eq!(packs.kind("environments/fleet.yaml"), Kind::File);
        assert_eq!(PacksOnly::new(&files, None).kind("templates"), Kind::Missing);
    }
}
