//! The output side of the disk: the only place that writes into a project.
//!
//! All temporary files stand in one folder at the top of the tree, so that a killed run leaves one name behind. The
//! lock is an advisory lock (flock) on the tree's folder itself: it leaves no file and ends with the process.
#![expect(clippy::disallowed_methods, reason = "this is the door to the disk")]

mod commit;
mod files;
mod look;
mod seen;
mod stage;
mod target;

pub use files::{Beside, CHANGED, create, put, replace, replace_files};
pub use stage::{INTERRUPTED, Staged};
pub use target::{LOCKED, Lock, Target};

use crate::diag::Diagnostic;
use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// The folder of temporary files in a tree. `.gitignore` knows `.gen-tmp-*`.
const TEMPORARY: &str = ".gen-tmp-write";
/// Temporary names of the two inventories; files have numbers.
const PENDING: &str = "pending";
const FINAL: &str = "final";

/// One operation on the disk, about to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The temporary files of a killed run are deleted, or the empty folder of this run.
    Clear(PathBuf),
    /// A folder is made.
    CreateFolder(PathBuf),
    /// An empty temporary file is made.
    CreateFile(PathBuf),
    /// It is filled.
    WriteFile(PathBuf),
    /// A temporary file takes its place.
    Rename(PathBuf),
    /// A stale file is deleted.
    DeleteFile(PathBuf),
    /// A folder is deleted if it is empty.
    DeleteFolder(PathBuf),
}

/// What a hook makes of a step.
#[derive(Debug)]
pub enum Fault {
    /// As if the process were killed here: nothing more is done.
    Killed,
    /// As if Ctrl-C had been pressed.
    Interrupted,
    /// As if the operation had failed.
    Failed(io::Error),
}

/// Called before every step; tests let it fail there.
type Hook<'a> = &'a mut dyn FnMut(&Step) -> Result<(), Fault>;

/// Makes everything that was staged below a folder durable: one flush of its file system.
///
/// # Errors
/// `write/failed`.
pub fn flush(anchor: &Path) -> Result<(), Box<Diagnostic>> {
    let name = anchor.display().to_string();
    let anchor = if anchor.as_os_str().is_empty() { Path::new(".") } else { anchor };
    let folder = File::open(anchor).map_err(|e| failed(&name, "open", anchor, &e))?;
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(&folder).map_err(|e| failed(&name, "flush", anchor, &e.into()))?;
    #[cfg(not(target_os = "linux"))]
    {
        drop(folder);
        rustix::fs::sync();
    }
    Ok(())
}

/// Why a write stopped.
enum Stop {
    Killed,
    Interrupted,
    Failed(&'static str, PathBuf, io::Error),
}

impl Stop {
    /// The same, told of the file that is meant: users know nothing of what stands for it until all are there.
    fn of(self, meant: &Path) -> Self {
        match self {
            Stop::Failed(doing, _, error) => Stop::Failed(doing, meant.to_owned(), error),
            other => other,
        }
    }
}

/// Asks the hook, then does it.
fn step<T>(
    hook: Hook,
    doing: &'static str,
    step: Step,
    act: impl FnOnce(&Path) -> io::Result<T>,
) -> Result<T, Stop> {
    let answer = hook(&step);
    let (Step::Clear(path)
    | Step::CreateFolder(path)
    | Step::CreateFile(path)
    | Step::WriteFile(path)
    | Step::Rename(path)
    | Step::DeleteFile(path)
    | Step::DeleteFolder(path)) = step;
    match answer {
        Ok(()) => act(&path).map_err(|error| Stop::Failed(doing, path, error)),
        Err(Fault::Killed) => Err(Stop::Killed),
        Err(Fault::Interrupted) => Err(Stop::Interrupted),
        Err(Fault::Failed(error)) => Err(Stop::Failed(doing, path, error)),
    }
}

/// Deletes our temporary folder, or whatever has its name.
fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

fn delete_file(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|e| if e.kind() == ErrorKind::NotFound { Ok(()) } else { Err(e) })
}

/// Deletes a folder if it is one and empty.
fn delete_folder(hook: Hook, path: &Path) -> Result<(), Stop> {
    let stays = [ErrorKind::NotFound, ErrorKind::DirectoryNotEmpty, ErrorKind::NotADirectory];
    step(hook, "delete the folder", Step::DeleteFolder(path.to_owned()), |path| {
        fs::remove_dir(path).or_else(|e| if stays.contains(&e.kind()) { Ok(()) } else { Err(e) })
    })
}

/// A symbolic link stands where a tree is to be written.
fn link(path: &Path) -> Box<Diagnostic> {
    said_link(path, "remove the link, or write elsewhere with `--out DIR`")
}

fn said_link(path: &Path, help: &str) -> Box<Diagnostic> {
    let message = format!("`{}` is a symbolic link; `gen` writes through none", path.display());
    Box::new(Diagnostic::error("write/link", message).help(help))
}

/// What the system said of a tree, with what to do about it.
fn failed(shown: &str, doing: &str, path: &Path, error: &io::Error) -> Box<Diagnostic> {
    let help = match error.kind() {
        ErrorKind::PermissionDenied => {
            "make the folder writable for you, or write elsewhere with `--out DIR`"
        }
        ErrorKind::ReadOnlyFilesystem => "write elsewhere with `--out DIR`",
        _ if rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::MFILE) => {
            "raise the limit of open files (`ulimit -n`), or render fewer at once with `--shard I/N`"
        }
        _ => see_to_it(error),
    };
    let because = "no file is half written, and the next run completes what is missing";
    said_failed(shown, (doing, path), error, because, help)
}

/// What helps wherever the file is.
fn see_to_it(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space, and run again",
        ErrorKind::PermissionDenied => "make it readable and its folder writable for you, and run again",
        _ => "see to it, and run again",
    }
}

fn said_failed(
    shown: &str,
    (doing, path): (&str, &Path),
    error: &io::Error,
    because: &str,
    help: &str,
) -> Box<Diagnostic> {
    let message = format!("cannot {doing} `{}`: {error}", path.display());
    Box::new(Diagnostic::error("write/failed", message).output(shown).because(because).help(help))
}
