//! Putting in place what was staged: renames and deletions only, which need no space.

use super::{
    FINAL, Hook, PENDING, Staged, Step, Stop, clear, delete_file, delete_folder,
    stage::{Last, Work},
    step,
};
use crate::{diag::Diagnostic, tree::TreePath, write::INVENTORY};
use std::{collections::BTreeSet, fs, path::Path};

impl Staged {
    /// Puts everything in place: pending inventory, renames, deletions, final inventory. Ctrl-C does not stop it:
    /// it takes a moment only. Call it after a [`flush`](super::flush).
    ///
    /// # Errors
    /// `write/failed`. Every file is then wholly old or wholly new, and the next run completes the rest.
    pub fn commit(&mut self) -> Result<(), Box<Diagnostic>> {
        self.commit_with(&mut |_| Ok(()))
    }

    /// The same with a hook before every step.
    ///
    /// # Errors
    /// As [`Staged::commit`], and `write/killed` where the hook says so.
    pub fn commit_with(&mut self, hook: Hook) -> Result<(), Box<Diagnostic>> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let mut steps = 0;
        let result = self.put_in_place(&work, &mut |step| {
            steps += 1;
            hook(step)
        });
        self.begun = steps > usize::from(result.is_err());
        result.map_err(|stop| {
            self.work = Some(work);
            self.give_up(stop)
        })
    }

    fn put_in_place(&self, work: &Work, hook: Hook) -> Result<(), Stop> {
        let (root, temporary) = (&self.lock.root, self.temporary());
        let put = |hook: Hook, name: &str, path: &Path| {
            let from = temporary.join(name);
            step(hook, "replace", Step::Rename(path.to_owned()), |to| fs::rename(&from, to))
        };
        if work.pending {
            put(hook, PENDING, &root.join(INVENTORY))?;
        }
        self.delete(&work.early, hook)?;
        for folder in &work.in_the_way {
            delete_folder(hook, &root.join(folder.as_str()))?;
        }
        let mut there = BTreeSet::new();
        for (number, path) in &work.renames {
            self.make_folders(path.folder(), &mut there, hook)?;
            put(hook, &number.to_string(), &root.join(path.as_str()))?;
        }
        self.delete(&work.late, hook)?;
        self.prune(&work.gone, hook)?;
        let inventory = root.join(INVENTORY);
        match work.last {
            Last::Keep => {}
            Last::Rename => put(hook, FINAL, &inventory)?,
            Last::Remove => step(hook, "delete", Step::DeleteFile(inventory), delete_file)?,
        }
        if fs::symlink_metadata(&temporary).is_ok() {
            step(hook, "clear", Step::Clear(temporary), clear)?;
        }
        // A tree without files has no folder, unless somebody else's files are in it.
        if work.last == Last::Remove {
            delete_folder(hook, root)?;
        }
        Ok(())
    }

    fn make_folders(&self, folder: &str, there: &mut BTreeSet<String>, hook: Hook) -> Result<(), Stop> {
        if folder.is_empty() || there.contains(folder) {
            return Ok(());
        }
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        for part in ends.map(|end| &folder[..end]) {
            if !there.insert(part.to_owned()) {
                continue;
            }
            let path = self.lock.root.join(part);
            if fs::symlink_metadata(&path).is_ok_and(|m| m.is_dir()) {
                continue;
            }
            step(hook, "make the folder", Step::CreateFolder(path), |p| fs::create_dir(p))?;
        }
        Ok(())
    }

    fn delete(&self, paths: &[TreePath], hook: Hook) -> Result<(), Stop> {
        for path in paths {
            step(hook, "delete", Step::DeleteFile(self.lock.root.join(path.as_str())), delete_file)?;
        }
        self.prune(paths, hook)
    }

    /// Deletes the folders these files were in, upwards, as far as they are empty.
    fn prune(&self, paths: &[TreePath], hook: Hook) -> Result<(), Stop> {
        let folders = paths.iter().flat_map(|path| {
            let path = path.as_str();
            path.match_indices('/').map(|(at, _)| &path[..at])
        });
        // A folder sorts before what is in it.
        let folders: BTreeSet<&str> = folders.collect();
        for folder in folders.into_iter().rev() {
            delete_folder(hook, &self.lock.root.join(folder))?;
        }
        Ok(())
    }
}
