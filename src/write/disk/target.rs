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

/// Where the tree of one environment goes.
#[derive(Clone, Debug)]
pub struct Target {
    anchor: PathBuf,
    folder: TreePath,
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
        let fail = |doing: &str, path: &Path, error: &io::Error| failed(&self.shown, doing, path, error);
        fs::create_dir_all(&self.anchor).map_err(|e| fail("make the folder", &self.anchor, &e))?;
        let mut root = self.anchor.clone();
        let mut made = Vec::new();
        for part in self.folder.as_str().split('/') {
            root.push(part);
            match fs::create_dir(&root) {
                Ok(()) => made.push(root.clone()),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(fail("make the folder", &root, &e)),
            }
            let kind = fs::symlink_metadata(&root).map_err(|e| fail("look at", &root, &e))?;
            if kind.is_symlink() {
                return Err(link(&root));
            }
            if !kind.is_dir() {
                return Err(fail("write into", &root, &ErrorKind::NotADirectory.into()));
            }
        }
        let folder = File::open(&root).map_err(|e| fail("open", &root, &e))?;
        match folder.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.locked(&folder)),
            // Network file systems without locks: two runs at once are then the user's to avoid.
            Err(TryLockError::Error(e)) if cannot_lock(&e) => {}
            Err(TryLockError::Error(e)) => return Err(fail("lock", &root, &e)),
        }
        Ok(Lock { root, shown: self.shown.clone(), made, folder })
    }

    fn locked(&self, folder: &File) -> Box<Diagnostic> {
        let inode = folder.metadata().ok().map(|m| look::inode(&m));
        let holder = inode.and_then(host::lock_holder);
        let by = holder.map(|process| format!(" (process {process})")).unwrap_or_default();
        Box::new(
            Diagnostic::error("write/locked", format!("another run{by} is writing `{}`", self.shown))
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
