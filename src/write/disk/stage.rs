//! Temporary files: everything that is written before anything of the user's changes.

use super::{
    FINAL, Fault, Hook, Lock, PENDING, Step, Stop, TEMPORARY, clear, failed,
    seen::{Mark, mark},
    step,
};
use crate::{
    diag::Diagnostic,
    host,
    name::folded,
    tree::TreePath,
    write::{Change, Changes, INVENTORY},
};
use rustix::fs::Access;
use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

/// The id of the problem that the run was told to stop before anything changed.
pub const INTERRUPTED: &str = "write/interrupted";

/// A tree whose temporary files are written: after a [`flush`](super::flush), [`Staged::commit`] puts them in place. Dropped
/// instead, it takes them away again.
#[derive(Debug)]
pub struct Staged {
    pub(super) lock: Lock,
    pub(super) work: Option<Work>,
}

#[derive(Debug, Default)]
pub(super) struct Work {
    /// Temporary number and path of each file to put in place.
    pub(super) renames: Vec<(usize, TreePath)>,
    /// The temporary files as they were written, by their names.
    pub(super) marks: HashMap<String, Mark>,
    /// Stale files that would be in the way of new ones, or be hit by them.
    pub(super) early: Vec<TreePath>,
    pub(super) in_the_way: Vec<TreePath>,
    pub(super) late: Vec<TreePath>,
    pub(super) gone: Vec<TreePath>,
    pub(super) pending: bool,
    pub(super) last: Last,
}

/// What becomes of the inventory at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Last {
    #[default]
    Keep,
    Rename,
    Remove,
}

impl Lock {
    /// Writes the temporary files. Nothing of the user's changes yet; on failure and on Ctrl-C they are taken away.
    ///
    /// # Errors
    /// `write/failed` with what the system said, `write/interrupted`, `write/blocked` if a problem was found when the
    /// changes were planned.
    pub fn stage(self, changes: &Changes) -> Result<Staged, Box<Diagnostic>> {
        self.stage_with(changes, &mut |_| if host::interrupted() { Err(Fault::Interrupted) } else { Ok(()) })
    }

    /// The same with a hook before every step.
    ///
    /// # Errors
    /// As [`Lock::stage`], and `write/killed` where the hook says so.
    pub fn stage_with(self, changes: &Changes, hook: Hook) -> Result<Staged, Box<Diagnostic>> {
        let mut staged = Staged { lock: self, work: None };
        if changes.after.blocked {
            let message = format!("`{}` has problems that forbid to write it", changes.shown);
            return Err(Box::new(Diagnostic::error("write/blocked", message)));
        }
        if changes.is_empty() && !changes.after.leftovers && changes.after.gone.is_empty() {
            return Ok(staged);
        }
        staged.work = Some(arrange(changes));
        match staged.write(changes, hook) {
            Ok(()) => Ok(staged),
            Err(stop) => Err(staged.give_up(stop)),
        }
    }

    /// Finds folders that refuse new or deleted files before anything changes.
    fn may_write(&self, work: &Work) -> Result<(), Stop> {
        let touched = work.renames.iter().map(|(_, path)| path).chain(&work.early).chain(&work.late);
        let folders: BTreeSet<&str> = touched.map(TreePath::folder).collect();
        let folders = folders.into_iter().map(|folder| self.root.join(folder));
        // Of a folder that will be made, the one that it will be made in.
        let nearest = |folder: PathBuf| folder.ancestors().find(|f| f.is_dir()).map(Path::to_owned);
        let folders: BTreeSet<PathBuf> = folders.filter_map(nearest).chain([self.root.clone()]).collect();
        for folder in folders {
            if let Err(error) = rustix::fs::access(&folder, Access::WRITE_OK | Access::EXEC_OK) {
                return Err(Stop::Failed("write into", folder, error.into()));
            }
        }
        Ok(())
    }
}

/// Sorts the changes into the order of the write.
fn arrange(changes: &Changes) -> Work {
    let (before, after) = (&changes.after.inventory_before, &changes.after);
    let recorded = after.recorded.to_text().into_bytes();
    let pending = after.pending.to_text().into_bytes();
    let (rewritten, stale): (Vec<&Change>, Vec<&Change>) =
        changes.list.iter().partition(|c| c.after.is_some());
    let new: BTreeSet<&str> = after.recorded.iter().map(|(path, _)| path.as_str()).collect();
    let alike: BTreeSet<String> = new.iter().map(|path| folded(path)).collect();
    let in_the_way = |path: &TreePath| {
        let below = format!("{path}/");
        new.range(&*below..).next().is_some_and(|p| p.starts_with(&below))
            || path.as_str().match_indices('/').any(|(at, _)| new.contains(&path.as_str()[..at]))
            || alike.contains(&folded(path.as_str()))
    };
    let (early, late) = stale.into_iter().map(|c| c.path.clone()).partition(in_the_way);
    let renames = rewritten.iter().enumerate().map(|(number, c)| (number, c.path.clone())).collect();
    let pending_needed = !changes.list.is_empty() && before.as_ref() != Some(&pending);
    let on_disk = if pending_needed { Some(&pending) } else { before.as_ref() };
    let last = match on_disk {
        Some(_) if recorded.is_empty() => Last::Remove,
        None if recorded.is_empty() => Last::Keep,
        Some(text) if *text == recorded => Last::Keep,
        _ => Last::Rename,
    };
    Work {
        renames,
        marks: HashMap::new(),
        early,
        in_the_way: after.in_the_way.clone(),
        late,
        gone: after.gone.clone(),
        pending: pending_needed,
        last,
    }
}

impl Staged {
    /// Is there anything to put in place? If not, no flush is needed.
    pub fn is_empty(&self) -> bool {
        self.work.is_none()
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.lock.root.join(TEMPORARY)
    }

    fn write(&mut self, changes: &Changes, hook: Hook) -> Result<(), Stop> {
        let folder = self.temporary();
        if changes.after.leftovers {
            step(hook, "clear", Step::Clear(folder.clone()), clear)?;
        }
        let Some(work) = &mut self.work else { return Ok(()) };
        self.lock.may_write(work)?;
        let written =
            changes.list.iter().filter_map(|change| Some((change.path.as_str(), change.after.as_deref()?)));
        let mut files: Vec<(String, &str, &[u8])> =
            written.enumerate().map(|(number, (path, bytes))| (number.to_string(), path, bytes)).collect();
        let pending = changes.after.pending.to_text();
        let last = changes.after.recorded.to_text();
        if work.pending {
            files.push((PENDING.to_owned(), INVENTORY, pending.as_bytes()));
        }
        if work.last == Last::Rename {
            files.push((FINAL.to_owned(), INVENTORY, last.as_bytes()));
        }
        if files.is_empty() {
            return Ok(());
        }
        let root = &self.lock.root;
        step(hook, "write into", Step::CreateFolder(folder.clone()), |p| fs::create_dir(p))
            .map_err(|stop| stop.of(root))?;
        for (name, target, bytes) in files {
            let path = folder.join(&name);
            let made = step(hook, "write", Step::CreateFile(path.clone()), |p| File::create_new(p));
            let filled = made.and_then(|mut file| {
                step(hook, "write", Step::WriteFile(path), |_| file.write_all(bytes)).map(|()| file)
            });
            let file = filled.map_err(|stop| stop.of(&root.join(target)))?;
            if let Some(mark) = file.metadata().ok().as_ref().and_then(mark) {
                work.marks.insert(name, mark);
            }
        }
        Ok(())
    }

    /// Takes the temporary files away, unless this plays a killed process.
    pub(super) fn give_up(&mut self, stop: Stop) -> Box<Diagnostic> {
        let shown = self.lock.shown.clone();
        match stop {
            Stop::Killed => {
                self.work = None;
                self.lock.made.clear();
                Box::new(Diagnostic::error("write/killed", format!("killed while writing `{shown}`")))
            }
            Stop::Interrupted => Box::new(Diagnostic::error(INTERRUPTED, "interrupted")),
            Stop::Failed(doing, path, error) => failed(&shown, doing, &path, &error),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.work.is_some() {
            // Best effort: what stays is taken away by the next run.
            let _ = clear(&self.temporary());
        }
    }
}
