//! Reads what stands where a render writes, following no symbolic link.

use super::{TEMPORARY, failed, link};
use crate::{
    diag::Diagnostic,
    tree::{Tree, TreePath},
    write::{Found, INVENTORY, Inventory, State},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Metadata},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// The number that names a file or folder in its file system; 0 where there is none.
pub(super) fn inode(metadata: &Metadata) -> u64 {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    return 0;
}

/// Reads the inventory and every file that it records or that the tree has.
pub(super) fn read(
    anchor: &Path,
    folder: &TreePath,
    shown: &str,
    tree: &Tree,
) -> Result<State, Box<Diagnostic>> {
    let mut state = State { shown: shown.to_owned(), ..State::default() };
    let mut root = anchor.to_owned();
    for part in folder.as_str().split('/') {
        root.push(part);
        match kind(&root).map_err(|e| failed(shown, "look at", &root, &e))? {
            None => return Ok(state),
            Some(found) if found.is_symlink() => return Err(link(&root)),
            Some(_) => {}
        }
    }
    let inventory = root.join(INVENTORY);
    state.inventory = match kind(&inventory) {
        Ok(None) => None,
        Ok(Some(found)) if found.is_symlink() => return Err(link(&inventory)),
        Ok(Some(_)) => Some(fs::read(&inventory).map_err(|e| failed(shown, "read", &inventory, &e))?),
        Err(e) => return Err(failed(shown, "look at", &inventory, &e)),
    };
    let temporary = root.join(TEMPORARY);
    state.leftovers = kind(&temporary).map_err(|e| failed(shown, "look at", &temporary, &e))?.is_some();
    let (recorded, _) = state.inventory.as_deref().map(Inventory::parse).unwrap_or_default();
    let paths: BTreeSet<&TreePath> =
        recorded.iter().map(|(path, _)| path).chain(tree.files().map(|(path, _)| path)).collect();
    let mut eye = Eye { root, folders: BTreeMap::new() };
    for path in paths {
        if let Some(found) = eye.look(path) {
            state.found.insert(path.clone(), found);
        }
    }
    Ok(state)
}

/// What is there, a link as a link; `None` if nothing is.
fn kind(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Looks at paths, at each folder on the way once.
struct Eye {
    root: PathBuf,
    folders: BTreeMap<String, Way>,
}

/// What stands at the place of a folder.
#[derive(Clone)]
enum Way {
    Open,
    Missing,
    Shut(Found),
}

impl Eye {
    fn look(&mut self, path: &TreePath) -> Option<Found> {
        match self.way(path.folder()) {
            Way::Open => {}
            Way::Missing => return None,
            Way::Shut(found) => return Some(found),
        }
        let place = self.root.join(path.as_str());
        let unreadable = |e: io::Error| Some(Found::Unreadable(e.to_string()));
        match kind(&place) {
            Ok(None) => None,
            Ok(Some(found)) if found.is_symlink() => Some(Found::Link(place.display().to_string())),
            Ok(Some(found)) if found.is_dir() => {
                let (mut files, mut folders) = (Vec::new(), Vec::new());
                match inside(&place, path.as_str(), &mut files, &mut folders) {
                    Ok(()) => Some(Found::Folder(files, folders)),
                    Err(e) => unreadable(e),
                }
            }
            Ok(Some(found)) if found.is_file() => match fs::read(&place) {
                Ok(bytes) => Some(Found::File(bytes)),
                Err(e) => unreadable(e),
            },
            Ok(Some(_)) => Some(Found::Other),
            Err(e) => unreadable(e),
        }
    }

    fn way(&mut self, folder: &str) -> Way {
        if folder.is_empty() {
            return Way::Open;
        }
        if let Some(way) = self.folders.get(folder) {
            return way.clone();
        }
        let above = self.way(folder.rsplit_once('/').map_or("", |(above, _)| above));
        let way = match above {
            Way::Open => self.door(folder),
            shut => shut,
        };
        self.folders.insert(folder.to_owned(), way.clone());
        way
    }

    fn door(&self, folder: &str) -> Way {
        let place = self.root.join(folder);
        match kind(&place) {
            Ok(None) => Way::Missing,
            Ok(Some(found)) if found.is_dir() => Way::Open,
            Ok(Some(found)) if found.is_symlink() => Way::Shut(Found::Link(place.display().to_string())),
            Ok(Some(_)) => Way::Shut(TreePath::new(folder).map_or(Found::Other, Found::Blocked)),
            Err(e) => Way::Shut(Found::Unreadable(e.to_string())),
        }
    }
}

/// Everything below a folder: files and other things, and folders with the deepest first.
fn inside(
    place: &Path,
    name: &str,
    files: &mut Vec<TreePath>,
    folders: &mut Vec<TreePath>,
) -> io::Result<()> {
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        let path = TreePath::new(name.as_str())
            .map_err(|why| io::Error::new(ErrorKind::InvalidData, format!("`{name}` {why}")))?;
        if entry.file_type()?.is_dir() {
            inside(&entry.path(), &name, files, folders)?;
            folders.push(path);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}
