//! How the files of a tree stand on the disk, without reading them: what Git's index asks too. A change of a file by whoever
//! it be changes its `ctime`, which nobody can set.

use super::Target;
use crate::{
    hash::sha256,
    host,
    tree::TreePath,
    write::{INVENTORY, Inventory},
};
use std::{
    collections::BTreeSet,
    fmt::Write,
    fs::{self, Metadata},
    path::Path,
};

impl Target {
    /// A name for the folder, the same whichever way it is named; `None` if what is above it is not there.
    pub fn identity(&self) -> Option<String> {
        let anchor = fs::canonicalize(&self.anchor).ok()?;
        Some(sha256(anchor.join(self.folder.as_str()).as_os_str().as_encoded_bytes()))
    }

    /// A seal of these files and the inventory as they stand: size, time of the last change, place in the file system. It is
    /// the same later if nobody changed, replaced or moved any of them, so what is read of them after this is what they hold
    /// as long as it is. `None` if one is not there, is no plain file behind plain folders, changed so short ago that another
    /// change could have the same time, or if the file system cannot tell changes apart; or if a killed run left something.
    pub fn seen(&self, paths: &[TreePath]) -> Option<String> {
        let root = self.root();
        let mut above = self.anchor.clone();
        for part in self.folder.as_str().split('/') {
            above.push(part);
            is_folder(&above)?;
        }
        if fs::symlink_metadata(root.join(super::TEMPORARY)).is_ok() {
            return None;
        }
        let mut text = String::new();
        let (mut folders, mut fine, mut newest) = (BTreeSet::from([""]), false, (0, 0));
        for path in paths.iter().map(TreePath::as_str).chain([INVENTORY]) {
            let mut folder = path.rsplit_once('/').map_or("", |(above, _)| above);
            while folders.insert(folder) {
                is_folder(&root.join(folder))?;
                folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
            }
            let found = fs::symlink_metadata(root.join(path)).ok().filter(Metadata::is_file)?;
            let (size, changed, nanoseconds, inode) = stamp(&found)?;
            fine |= nanoseconds != 0;
            newest = newest.max((changed, nanoseconds));
            let _ = writeln!(text, "{path} {size} {changed}.{nanoseconds} {inode}");
        }
        // Of a file system that counts whole seconds two changes in one look alike.
        (fine && host::is_a_tick_ago(newest)).then(|| sha256(text.as_bytes()))
    }

    /// Do the files hold what is recorded of them, and the inventory just that?
    pub fn holds(&self, recorded: &Inventory) -> bool {
        let root = self.root();
        let has =
            |path: &str, is: &dyn Fn(&[u8]) -> bool| fs::read(root.join(path)).is_ok_and(|bytes| is(&bytes));
        has(INVENTORY, &|bytes| bytes == recorded.to_text().as_bytes())
            && recorded.iter().all(|(path, entry)| has(path.as_str(), &|bytes| entry.knows(&sha256(bytes))))
    }
}

fn is_folder(path: &Path) -> Option<()> {
    fs::symlink_metadata(path).ok().filter(Metadata::is_dir).map(|_| ())
}

#[cfg(unix)]
fn stamp(found: &Metadata) -> Option<(u64, i64, i64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((found.size(), found.ctime(), found.ctime_nsec(), found.ino()))
}

/// Elsewhere nobody tells of changes that set the time back.
#[cfg(not(unix))]
fn stamp(_: &Metadata) -> Option<(u64, i64, i64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{thread::sleep, time::Duration};

    #[test]
    fn every_change_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join("out/one").join(path);
        fs::create_dir_all(at("b")).unwrap();
        for path in ["a", "b/c", INVENTORY] {
            fs::write(at(path), path).unwrap();
        }
        fs::write(at("of-somebody"), "x").unwrap();
        let target = Target::new(folder.path(), "out/one", "out/one").unwrap();
        let paths = ["a", "b/c"].map(|path| TreePath::new(path).unwrap());
        let seen = || {
            sleep(Duration::from_millis(40));
            target.seen(&paths)
        };
        assert_eq!(target.seen(&paths), None, "too fresh");
        let mut last = seen();
        assert!(last.is_some());
        let mut recorded = Inventory::new();
        for path in &paths {
            recorded.record(path, "a", &sha256(path.as_str().as_bytes()));
        }
        assert!(!target.holds(&recorded));
        fs::write(at(INVENTORY), recorded.to_text()).unwrap();
        assert!(target.holds(&recorded));
        fs::write(at("a"), "x").unwrap();
        assert!(!target.holds(&recorded));
        last = seen();
        fs::write(at("of-somebody"), "y").unwrap();
        assert_eq!(seen(), last);
        let mut differs = |what: &str, there: bool| {
            let now = seen();
            assert!(now != last && now.is_some() == there, "{what}");
            last = now;
        };
        // The same size, and the old time set again.
        let before = fs::metadata(at("a")).unwrap().modified().unwrap();
        fs::write(at("a"), "z").unwrap();
        fs::File::options().write(true).open(at("a")).unwrap().set_modified(before).unwrap();
        differs("edited", true);
        fs::write(at("new"), "b/c").unwrap();
        fs::rename(at("new"), at("b/c")).unwrap();
        differs("replaced", true);
        fs::write(at(INVENTORY), "").unwrap();
        differs("the inventory", true);
        fs::remove_file(at("b/c")).unwrap();
        differs("deleted", false);
        fs::write(at("b/c"), "b/c").unwrap();
        differs("made again", true);
        fs::rename(at("b"), at("elsewhere")).unwrap();
        std::os::unix::fs::symlink(at("elsewhere"), at("b")).unwrap();
        differs("behind a link", false);
        fs::remove_file(at("b")).unwrap();
        fs::rename(at("elsewhere"), at("b")).unwrap();
        differs("moved back", true);
        fs::create_dir(at(super::super::TEMPORARY)).unwrap();
        differs("left by a killed run", false);
    }
}
