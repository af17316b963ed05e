//! Temporary files: everything that is written before anything of the user's changes.

use super::{
    FINAL, Fault, Hook, Lock, PENDING, Step, Stop, TEMPORARY, clear, failed, files::changed_meanwhile, step,
};
use crate::{
    diag::Diagnostic,
    hash::sha256,
    host,
    name::folded,
    tree::TreePath,
    write::{Change, Changes, INVENTORY},
};
use rustix::fs::Access;
use std::{
    collections::BTreeSet,
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
    /// Has anything been put in place?
    pub(super) begun: bool,
}

#[derive(Debug, Default)]
pub(super) struct Work {
    /// Temporary number and path of each file to put in place.
    pub(super) renames: Vec<(usize, TreePath)>,
    /// What each file that is added, replaced or deleted held when it was read: a hash; none if it was not there.
    pub(super) before: Vec<(TreePath, Option<String>)>,
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
        let mut staged = Staged { lock: self, work: None, begun: false };
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
    let hash = |change: &Change| (change.path.clone(), change.before.as_deref().map(sha256));
    Work {
        renames,
        before: changes.list.iter().map(hash).collect(),
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

    /// Is anything in place by now, be it that the rest failed?
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// What somebody else changed, made or deleted since it was read, where something is to be put or deleted: an error
    /// `write/changed` each. Nobody can look and write in one, but between this and a [`Staged::commit`] only moments need
    /// pass.
    pub fn changed(&self) -> Vec<Box<Diagnostic>> {
        let Some(work) = &self.work else { return Vec::new() };
        let changed = work.before.iter().filter(|(path, before)| !self.stands(work, path, before.as_deref()));
        changed.map(|(path, _)| changed_meanwhile(&format!("{}/{path}", self.lock.shown))).collect()
    }

    fn stands(&self, work: &Work, path: &TreePath, before: Option<&str>) -> bool {
        let place = self.lock.root.join(path.as_str());
        match (fs::symlink_metadata(&place), before) {
            (Err(_), before) => before.is_none(),
            // What is in its way is deleted if it is empty, and else stops the write.
            (Ok(found), None) if found.is_dir() => true,
            // Where `a` and `A` are one file.
            (Ok(_), None) => work.early.iter().any(|early| folded(early.as_str()) == folded(path.as_str())),
            (Ok(found), Some(hash)) => {
                found.is_file() && fs::read(&place).is_ok_and(|bytes| sha256(&bytes) == *hash)
            }
        }
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.lock.root.join(TEMPORARY)
    }

    fn write(&self, changes: &Changes, hook: Hook) -> Result<(), Stop> {
        let folder = self.temporary();
        if changes.after.leftovers {
            step(hook, "clear", Step::Clear(folder.clone()), clear)?;
        }
        let Some(work) = &self.work else { return Ok(()) };
        self.may_write(work)?;
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
            let path = folder.join(name);
            let made = step(hook, "write", Step::CreateFile(path.clone()), |p| File::create_new(p));
            made.and_then(|mut file| step(hook, "write", Step::WriteFile(path), |_| file.write_all(bytes)))
                .map_err(|stop| stop.of(&root.join(target)))?;
        }
        Ok(())
    }

    /// Finds folders that refuse new or deleted files before anything changes.
    fn may_write(&self, work: &Work) -> Result<(), Stop> {
        let touched = work.renames.iter().map(|(_, path)| path).chain(&work.early).chain(&work.late);
        let folders: BTreeSet<&str> = touched.map(TreePath::folder).collect();
        let folders = folders.into_iter().map(|folder| self.lock.root.join(folder));
        // Of a folder that will be made, the one that it will be made in.
        let nearest = |folder: PathBuf| folder.ancestors().find(|f| f.is_dir()).map(Path::to_owned);
        let folders: BTreeSet<PathBuf> =
            folders.filter_map(nearest).chain([self.lock.root.clone()]).collect();
        for folder in folders {
            if let Err(error) = rustix::fs::access(&folder, Access::WRITE_OK | Access::EXEC_OK) {
                return Err(Stop::Failed("write into", folder, error.into()));
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
