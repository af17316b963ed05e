//! Where a tree goes, and the right to write it.

use super::{failed, link, look};
use crate::{
    diag::Diagnostic,
    host,
    tree::{Tree, TreePath},
    write::State,
};
use rustix::io::Errno;
use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// The id of the problem that another process writes the tree.
pub const LOCKED: &str = "write/locked";

/// Where the tree of one environment goes.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) anchor: PathBuf,
    pub(super) folder: TreePath,
    shown: String,
}

/// The right to write one tree; ends when dropped.
#[derive(Debug)]
pub struct Lock {
    pub(super) root: PathBuf,
    pub(super) shown: String,
    /// Folders made for the lock, outermost first: taken away again if nothing is written into them.
    pub(super) made: Vec<PathBuf>,
    folder: File,
}

impl Target {
    /// The tree in `anchor`/`folder`. Below the anchor no symbolic link is followed. `shown` is what people know
    /// the tree's folder by: `fleet-out/prod`.
    ///
    /// # Errors
    /// `write/name` if the folder is absolute or has an empty part, `.` or `..`.
    pub fn new(anchor: &Path, folder: &str, shown: &str) -> Result<Self, Box<Diagnostic>> {
        let folder = TreePath::new(folder)
            .map_err(|why| Diagnostic::error("write/name", format!("the folder `{folder}` {why}")))?;
        let anchor = if anchor.as_os_str().is_empty() { Path::new(".") } else { anchor };
        Ok(Self { anchor: anchor.to_owned(), folder, shown: shown.to_owned() })
    }

    /// Takes the right to write the tree, and makes its folder if need be. Does not wait.
    ///
    /// # Errors
    /// `write/locked` if another process writes it, `write/link` for a symbolic link on the way, `write/failed`.
    pub fn lock(&self) -> Result<Lock, Box<Diagnostic>> {
        let fail = |path: &Path, error: &io::Error| failed(&self.shown, "make the folder", path, error);
        fs::create_dir_all(&self.anchor).map_err(|e| fail(&self.anchor, &e))?;
        // Another run that ends may take an empty folder away between two of the steps: then once more.
        for _ in 0..8 {
            if let Some(lock) = self.try_lock()? {
                return Ok(lock);
            }
        }
        Err(fail(&self.root(), &ErrorKind::NotFound.into()))
    }

    pub(super) fn root(&self) -> PathBuf {
        self.anchor.join(self.folder.as_str())
    }

    /// `None` if a folder on the way vanished.
    fn try_lock(&self) -> Result<Option<Lock>, Box<Diagnostic>> {
        let root = self.root();
        let fail = |doing: &str, error: &io::Error| failed(&self.shown, doing, &root, error);
        let made = match self.make_folders() {
            Err(Bad::Vanished) => return Ok(None),
            Err(Bad::Said(diagnostic)) => return Err(diagnostic),
            Ok(made) => made,
        };
        let folder = match File::open(&root) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|e| fail("open", &e))?,
        };
        match folder.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.locked(&folder)),
            // Network file systems without locks: two runs at once are then the user's to avoid.
            Err(TryLockError::Error(e)) if cannot_lock(&e) => {}
            Err(TryLockError::Error(e)) => return Err(fail("lock", &e)),
        }
        let locked = folder.metadata().map_err(|e| fail("look at", &e))?;
        let there = fs::symlink_metadata(&root).is_ok_and(|now| look::inode(&now) == look::inode(&locked));
        Ok(there.then(|| Lock { root, shown: self.shown.clone(), made, folder }))
    }

    /// Makes the folders below the anchor; gives those that were not there, outermost first.
    fn make_folders(&self) -> Result<Vec<PathBuf>, Bad> {
        let mut path = self.anchor.clone();
        let mut made = Vec::new();
        for part in self.folder.as_str().split('/') {
            path.push(part);
            let fail = |doing: &str, error: io::Error| match error.kind() {
                ErrorKind::NotFound => Bad::Vanished,
                _ => Bad::Said(failed(&self.shown, doing, &path, &error)),
            };
            match fs::create_dir(&path) {
                Ok(()) => made.push(path.clone()),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(fail("make the folder", e)),
            }
            let kind = fs::symlink_metadata(&path).map_err(|e| fail("look at", e))?;
            if kind.is_symlink() {
                return Err(Bad::Said(link(&path)));
            }
            if !kind.is_dir() {
                return Err(fail("write into", ErrorKind::NotADirectory.into()));
            }
        }
        Ok(made)
    }

    fn locked(&self, folder: &File) -> Box<Diagnostic> {
        let inode = folder.metadata().ok().map(|m| look::inode(&m));
        let holder = inode.and_then(host::lock_holder);
        let by = holder.map(|process| format!(" (process {process})")).unwrap_or_default();
        Box::new(
            Diagnostic::error(LOCKED, format!("another run{by} is writing `{}`", self.shown))
                .help("wait until it has ended, and run again"),
        )
    }

    /// Reads what matters on disk to a render of this tree: every file that is recorded or rendered, once.
    ///
    /// # Errors
    /// `write/link` if the tree's folder or the inventory is a symbolic link, `write/failed`.
    pub fn read(&self, tree: &Tree) -> Result<State, Box<Diagnostic>> {
        look::read(&self.anchor, &self.folder, &self.shown, tree)
    }
}

/// Why the folders could not be made.
enum Bad {
    Vanished,
    Said(Box<Diagnostic>),
}

fn cannot_lock(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NOTSUP | Errno::NOLCK | Errno::BADF | Errno::NOSYS | Errno::INVAL)
    )
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only empty folders go.
        for folder in self.made.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
        // Closing is not enough while a child process, forked for another thread and not yet replaced, has a copy.
        let _ = self.folder.unlock();
    }
}
