//! The disk's door inwards: a folder of files, out of which no link leads.
#![expect(clippy::disallowed_methods, reason = "the only place where a project is read from the disk")]

use super::files::{Entry, Files, Kind};
use std::{
    fs,
    io::ErrorKind,
    path::{Component, Path, PathBuf},
};

/// Larger files are refused: nothing that a cluster takes comes near.
const LARGEST: u64 = 64 << 20;

/// A folder on the disk.
#[derive(Clone, Debug)]
pub struct Disk {
    root: PathBuf,
    /// What is wrong with a link out of it.
    leads_out: &'static str,
}

/// The nearest folder at or above `start` that has a folder `environments`.
pub fn find_project(start: &Path) -> Option<PathBuf> {
    let start = fs::canonicalize(start).ok()?;
    start.ancestors().find(|folder| folder.join("environments").is_dir()).map(Path::to_path_buf)
}

/// The path in a project, with `/`, of a file that somebody names from where he is; it need not be there. `None` if it
/// lies outside of the project.
pub fn project_path(root: &Path, named: &Path) -> Option<String> {
    let (root, path) = (fs::canonicalize(root).ok()?, real_path(named)?);
    let below = path.strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/"))
}

/// The path from the root of the file system, without links, of what somebody names from where he is; it need not be there.
pub fn real_path(named: &Path) -> Option<PathBuf> {
    let mut path = fs::canonicalize(".").ok()?;
    for part in named.components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    // What is there may be named by way of a link.
    let there = path.ancestors().find_map(|above| Some((above, fs::canonicalize(above).ok()?)));
    let (above, real) = there?;
    Some(real.join(path.strip_prefix(above).ok()?))
}

/// The project that a file is in or would be in, if any; its folder need not exist yet.
pub fn project_of(file: &Path) -> Option<PathBuf> {
    let whole = |path: &Path| if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() };
    let folder = file.ancestors().skip(1).map(whole).find(|folder| folder.is_dir())?;
    find_project(&folder)
}

/// What somebody names from where he is: the bytes of a file, or nothing for a folder.
///
/// # Errors
/// Says why it cannot be read.
pub fn named(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let found = fs::metadata(path).map_err(|e| words(&e))?;
    match found.is_file() {
        true if found.len() > LARGEST => Err(format!("is larger than {} MiB", LARGEST >> 20)),
        true => fs::read(path).map(Some).map_err(|e| words(&e)),
        false if found.is_dir() => Ok(None),
        false => Err("is neither a file nor a folder".to_owned()),
    }
}

impl Disk {
    /// The folder with this path.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn new(root: &Path) -> Result<Self, String> {
        let root = fs::canonicalize(root).map_err(|e| words(&e))?;
        match root.is_dir() {
            true => Ok(Self { root, leads_out: "is a symbolic link that leads out of the project" }),
            false => Err("is not a folder".to_owned()),
        }
    }

    /// The folder of a chart, wherever it is.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub(super) fn of_chart(root: &Path) -> Result<Self, String> {
        Ok(Self { leads_out: "is a symbolic link that leads out of the chart", ..Self::new(root)? })
    }

    /// The folder, without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    fn kind_of(&self, path: &Path, found: fs::FileType) -> Kind {
        if found.is_file() {
            Kind::File
        } else if found.is_dir() {
            Kind::Folder
        } else if found.is_symlink() {
            self.behind(path)
        } else {
            Kind::Refused("is neither a file nor a folder")
        }
    }

    /// What a link leads to.
    fn behind(&self, link: &Path) -> Kind {
        match fs::canonicalize(link) {
            Err(_) => Kind::Refused("is a symbolic link to nothing"),
            Ok(target) if !target.starts_with(&self.root) => Kind::Refused(self.leads_out),
            Ok(target) if target.is_file() => Kind::File,
            Ok(target) if target.is_dir() => Kind::Refused("is a symbolic link to a folder"),
            Ok(_) => Kind::Refused("is neither a file nor a folder"),
        }
    }
}

impl Files for Disk {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let entries = match fs::read_dir(self.path(folder)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|e| words(&e))?,
        };
        let mut list = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| words(&e))?;
            list.push(match entry.file_name().into_string() {
                Ok(name) => {
                    let found = entry.file_type().map_err(|e| words(&e))?;
                    Entry { name, kind: self.kind_of(&entry.path(), found) }
                }
                Err(name) => Entry {
                    name: name.to_string_lossy().into_owned(),
                    kind: Kind::Refused("has a name that is not UTF-8"),
                },
            });
        }
        list.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(list)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = self.path(path);
        match fs::metadata(&path) {
            Ok(found) if found.len() > LARGEST => Err(format!("is larger than {} MiB", LARGEST >> 20)),
            _ => fs::read(path).map_err(|e| words(&e)),
        }
    }

    fn kind(&self, path: &str) -> Kind {
        let mut at = self.root.clone();
        let mut kind = Kind::Folder;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if kind != Kind::Folder {
                return Kind::Missing;
            }
            at.push(part);
            kind = match fs::symlink_metadata(&at) {
                Ok(found) => self.kind_of(&at, found.file_type()),
                Err(_) => return Kind::Missing,
            };
            if matches!(kind, Kind::Refused(_)) {
                return kind;
            }
        }
        kind
    }
}

/// An error of the system in the words of a sentence.
fn words(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "is not there".to_owned(),
        ErrorKind::PermissionDenied => "may not be read".to_owned(),
        ErrorKind::NotADirectory => "is not a folder".to_owned(),
        ErrorKind::IsADirectory => "is a folder".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn files_are_named_from_anywhere() {
        let project = tempfile::tempdir().unwrap();
        fs::create_dir(project.path().join("environments")).unwrap();
        let named = |path: PathBuf| project_path(project.path(), &path);
        let there = project.path().join("environments/./x/../secrets/a.sops.yaml");
        assert_eq!(named(there).as_deref(), Some("environments/secrets/a.sops.yaml"));
        assert_eq!(named(project.path().join("../x")), None);
        assert_eq!(named(PathBuf::from("src/lib.rs")), None);
        assert_eq!(
            project_path(Path::new("."), Path::new("src/../src/lib.rs")).as_deref(),
            Some("src/lib.rs")
        );
    }

    #[test]
    fn a_project_is_found_from_below() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("environments/edge")).unwrap();
        assert_eq!(find_project(&root.join("environments/edge")), Some(root.clone()));
        assert_eq!(find_project(&root.join("nowhere")), None);
        assert_eq!(project_of(&root.join("new/folder/file")), Some(root.clone()));
        assert_eq!(project_of(&root.join("environments/../../file")), None);
    }

    #[test]
    fn links_inside_are_followed_and_links_out_are_not() {
        let (project, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("secret"), "x").unwrap();
        fs::write(project.path().join("a"), "inside").unwrap();
        fs::create_dir(project.path().join("folder")).unwrap();
        symlink("a", project.path().join("b")).unwrap();
        symlink(elsewhere.path().join("secret"), project.path().join("c")).unwrap();
        symlink("nowhere", project.path().join("d")).unwrap();
        symlink(".", project.path().join("e")).unwrap();
        let disk = Disk::new(project.path()).unwrap();
        let kinds: Vec<(String, Kind)> =
            disk.list("").unwrap().into_iter().map(|e| (e.name, e.kind)).collect();
        let want = [
            ("a", Kind::File),
            ("b", Kind::File),
            ("c", Kind::Refused("is a symbolic link that leads out of the project")),
            ("d", Kind::Refused("is a symbolic link to nothing")),
            ("e", Kind::Refused("is a symbolic link to a folder")),
            ("folder", Kind::Folder),
        ];
        assert_eq!(kinds, want.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!(disk.read("b").unwrap(), b"inside");
        assert_eq!(disk.kind("folder"), Kind::Folder);
        assert_eq!(disk.kind("folder/x"), Kind::Missing);
        assert!(matches!(disk.kind("e/a"), Kind::Refused(_)));
        assert_eq!(disk.list("nowhere/at/all").unwrap(), []);
        assert_eq!(disk.read("x").unwrap_err(), "is not there");
    }
}
